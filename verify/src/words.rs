//! What findings say next, once for all of them: plain words for somebody who writes no programs.

/// After something changed.
pub(crate) const CHANGED_NEXT: &str = "Fetch a fresh copy from the source and check again. If the fresh copy says the same, keep this one as it is and ask whoever runs the log for an explanation in writing.";
/// After something is missing.
pub(crate) const MISSING_NEXT: &str = "Copy or fetch it again, completely, and check again. If it stays missing, ask whoever runs the log for it in writing.";
/// After an answer turned out not to be the one that the evidence gives.
pub(crate) const ANSWERS_NEXT: &str = "Believe neither the one nor the other yet: keep this bundle as it is and ask whoever runs the log for an explanation in writing.";
/// After another log or key turned up.
pub(crate) const OTHER_NEXT: &str = "Make sure that you have the right files and the right key (ask for the key by telephone or on paper, not by the way the files came). If both are right, somebody else signed this: keep it as it is and ask for an explanation in writing.";

/// `Record 5` or `Records 5 to 9`.
pub(crate) fn spoken(from: u64, to: u64) -> String {
    if from == to { format!("Record {from}") } else { format!("Records {from} to {to}") }
}

/// The verb that fits.
pub(crate) fn is(from: u64, to: u64) -> &'static str {
    if from == to { "is" } else { "are" }
}
