//! Holds the checks from outside: every fixture gives its answer, and the laws hold over all of them.

mod agreed;
mod audit;
mod fixtures;
mod laws;
mod more;
mod report;
mod scuba;
