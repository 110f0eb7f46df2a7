//! Samples of every format, cut at every byte and spoiled in every way.
