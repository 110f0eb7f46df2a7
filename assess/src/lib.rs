//! Sealed evidence and the contract → verdicts: a function of both and the day.
