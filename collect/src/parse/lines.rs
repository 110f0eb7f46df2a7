//! Inputs of one record a line: NDJSON, Zeek, syslog, text, Windows events as XML lines.

use super::{Parsed, parse};
use crate::feed::Feed;
use crate::out::Out;
use model::Defect;
use std::ops::ControlFlow;

/// Reads lines until the end. Empty lines are no records; one over the limit is kept in pieces.
pub(crate) fn read(feed: &mut Feed<'_>, out: &mut Out<'_>) -> ControlFlow<()> {
    pass_mark(feed);
    rest(feed, out)
}

/// Reads lines where they are no longer the first.
pub(crate) fn rest(feed: &mut Feed<'_>, out: &mut Out<'_>) -> ControlFlow<()> {
    let limit = out.options.limits.record_bytes;
    while let Some(line) = next_line(feed, limit) {
        if line.whole {
            if !line.bytes.iter().all(u8::is_ascii_whitespace) {
                let parsed = parse(out.format(), &line.bytes, &out.options.limits);
                out.record(line.bytes, parsed, feed.offset())?;
            }
            continue;
        }
        let when = parse(out.format(), &line.bytes[..line.bytes.len().min(4096)], &out.options.limits).when;
        let mut piece = 1;
        let mut part = line.bytes;
        loop {
            let mut defects = vec![Defect::TooLong { piece }];
            if let Err(error) = std::str::from_utf8(&part) {
                defects.push(Defect::NotText { offset: error.valid_up_to() as u64 });
            }
            out.record(part, Parsed { when, defects, ..Parsed::default() }, feed.offset())?;
            match next_line(feed, limit) {
                Some(next) => {
                    (part, piece) = (next.bytes, piece + 1);
                    if next.whole {
                        let parsed =
                            Parsed { when, defects: vec![Defect::TooLong { piece }], ..Parsed::default() };
                        out.record(part, parsed, feed.offset())?;
                        break;
                    }
                }
                None => break,
            }
        }
    }
    ControlFlow::Continue(())
}

/// Passes over the mark that some programs write before UTF-8.
pub(crate) fn pass_mark(feed: &mut Feed<'_>) {
    if feed.peek().starts_with(b"\xef\xbb\xbf") {
        feed.pass(3);
    }
}

pub(crate) struct Line {
    pub(crate) bytes: Vec<u8>,
    /// Whether it ended; otherwise it goes on behind the limit.
    pub(crate) whole: bool,
}

/// The next line without its newline, at most `limit` bytes of it; `None` at the end.
pub(crate) fn next_line(feed: &mut Feed<'_>, limit: usize) -> Option<Line> {
    let mut bytes = vec![];
    loop {
        let ahead = feed.ahead();
        if ahead.is_empty() {
            return (!bytes.is_empty()).then_some(Line { bytes, whole: true });
        }
        let room = limit - bytes.len();
        let newline = memchr::memchr(b'\n', &ahead[..ahead.len().min(room + 1)]);
        let part = newline.unwrap_or(ahead.len().min(room));
        bytes.extend_from_slice(&ahead[..part]);
        feed.pass(part + usize::from(newline.is_some()));
        if newline.is_some() {
            return Some(Line { bytes, whole: true });
        }
        if bytes.len() == limit {
            // Only the end of the input can make this the whole line.
            let whole = feed.ahead().is_empty();
            return Some(Line { bytes, whole });
        }
    }
}
