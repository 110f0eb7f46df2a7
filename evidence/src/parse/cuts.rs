//! What every parser is held to: a cut or hostile document never panics and never passes for a whole one.

use super::{Format, Hint};
use crate::document::{Document, Status};
use std::collections::BTreeSet;

/// Reads with a format and no hint.
pub(super) fn taken(format: &Format, raw: &[u8]) -> Document {
    (format.read)(raw, "x", &Hint::default())
}

/// Cuts a whole document at every byte: no cut is complete, unless `ends` says that what was cut off is nothing, and
/// no cut tells rows that the whole one does not.
pub(super) fn cut_everywhere(format: &Format, hint: &Hint<'_>, raw: &[u8], ends: fn(&[u8], &[u8]) -> bool) {
    let read = |raw: &[u8]| (format.read)(raw, "x", hint);
    let whole = read(raw);
    assert_eq!(whole.status, Status::Complete, "the whole one: {:?}", whole.defects);
    let lines: BTreeSet<String> = whole.rows.iter().map(|row| row.line()).collect();
    for at in 0..raw.len() {
        let cut = read(&raw[..at]);
        let nothing = raw[at..].iter().all(u8::is_ascii_whitespace) || ends(&raw[..at], &raw[at..]);
        assert!(nothing || cut.status != Status::Complete, "cut at {at} passes for whole");
        for row in &cut.rows {
            assert!(lines.contains(&row.line()), "cut at {at} tells {}", row.line());
        }
    }
}

/// For documents whose end is written in them.
pub(super) fn never(_before: &[u8], _behind: &[u8]) -> bool {
    false
}
