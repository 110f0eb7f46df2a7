//! Holds the checks from outside: every fixture gives its answer, and the laws hold over all of them.

mod agreed;
mod audit;
mod fixtures;
mod hostile;
mod laws;
mod report;
mod scuba;
