//! Sealed evidence and the contract → verdicts → reports: a function of the records and the day. No clock, no disk, no
//! network, so that whoever holds the records can compute every verdict again.
//!
//! A [`Check`] is data: a question, the evidence that it needs and how old that may be, a query for the population, one
//! for the subjects that fail, one for those that nobody can judge. [`assessment::assess`] answers it from a [`Dossier`], which is
//! made of sealed records only. What was not looked at is never [`Verdict::Met`].

mod admit;
mod agreed;
pub mod assessment;
pub mod audit;
pub mod check;
mod checks;
mod dossier;
pub mod exceptions;
pub mod fixture;
pub mod judge;
mod networks;
pub mod report;
mod store;
pub mod terms;
mod verdict;

pub use check::{Check, CheckError, Holder, Need, Of};
pub use checks::{AddError, CheckSet, embedded};
pub use dossier::{Dossier, Reading};
pub use verdict::{Counts, Verdict};
