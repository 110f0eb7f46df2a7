//! What the specifications promise, held from outside.

mod notes;
mod sealed;
mod vectors;
mod witnessed;

use std::path::PathBuf;

/// The published vectors and specifications, if they are at hand.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn corpora() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora"));
    let path = option_env!("BAILIWICK_CORPORA").map_or(beside, PathBuf::from);
    if !path.is_dir() {
        println!("skipped: no corpora at hand");
        return None;
    }
    Some(path.join("vectors"))
}
