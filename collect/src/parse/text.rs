//! Lines of text: the time in front, the web server's own forms, and the words themselves.

use super::{Parsed, apache, messages};
use crate::time::{self, When};

/// Reads one line.
pub(crate) fn parse(raw: &[u8]) -> Parsed {
    let text = String::from_utf8_lossy(raw);
    if let Some(parsed) = apache::access(&text).or_else(|| apache::error(&text)) {
        return parsed;
    }
    let (when, rest) = match time::leading(&text) {
        Some((when, length)) => (when, &text[length..]),
        None => (When::Unknown, &*text),
    };
    let mut parsed = Parsed { when, ..Parsed::default() };
    let message = rest.trim_start_matches([' ', ',', ':', '\t']);
    messages::pairs(message, &mut parsed.fields);
    parsed.fields.insert("message".into(), message.into());
    parsed
}
