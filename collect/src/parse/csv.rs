//! Tables with a heading: each row becomes a JSON object of heading and value, which is what is sealed.

use super::Parsed;
use super::json;
use super::lines::next_line;
use crate::feed::Feed;
use crate::out::Out;
use model::{Defect, Fields};
use serde_json::Value;
use std::ops::ControlFlow;

/// Reads a table until the end.
pub(crate) fn read(feed: &mut Feed<'_>, out: &mut Out<'_>) -> ControlFlow<()> {
    if feed.peek().starts_with(b"\xef\xbb\xbf") {
        feed.pass(3);
    }
    let limit = out.options.limits.record_bytes;
    let delimiter = delimiter(feed.peek());
    let Some((heading, whole)) = row(feed, limit) else { return ControlFlow::Continue(()) };
    let names: Vec<String> = cells(&heading, delimiter).unwrap_or_default();
    if !whole || names.is_empty() || names.len() > out.options.limits.fields {
        let why = "the first row is no heading".to_owned();
        let parsed = Parsed { defects: vec![Defect::Malformed { why }], ..Parsed::default() };
        out.record(heading, parsed, feed.offset())?;
    }
    while let Some((bytes, whole)) = row(feed, limit) {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let values = if whole { cells(&bytes, delimiter) } else { None };
        let Some(values) = values else {
            let why =
                if whole { "no row of a table" } else { "longer than the limit, or a quote does not end" };
            let parsed = Parsed { defects: vec![Defect::Malformed { why: why.into() }], ..Parsed::default() };
            out.record(bytes, parsed, feed.offset())?;
            continue;
        };
        let (raw, odd) = object(&names, values);
        let mut parsed = json::parse(&raw, &out.options.limits);
        if odd {
            parsed.defects.push(Defect::Malformed {
                why: format!("another number of cells than the {} of the heading", names.len()),
            });
        }
        out.record(raw, parsed, feed.offset())?;
    }
    ControlFlow::Continue(())
}

/// The delimiter that the heading has most of.
fn delimiter(head: &[u8]) -> u8 {
    let line = head.split(|&b| b == b'\n').next().unwrap_or_default();
    let count = |d: &u8| line.iter().filter(|b| *b == d).count();
    // The comma wins a tie: it is looked at last.
    [b'|', b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

/// The next row: lines until quotes are even; whether it ended within the limit.
fn row(feed: &mut Feed<'_>, limit: usize) -> Option<(Vec<u8>, bool)> {
    let first = next_line(feed, limit)?;
    let (mut bytes, mut whole) = (first.bytes, first.whole);
    while whole && bytes.iter().filter(|b| **b == b'"').count() % 2 == 1 {
        let Some(next) = next_line(feed, limit.saturating_sub(bytes.len() + 1).max(1)) else {
            return Some((bytes, false));
        };
        bytes.push(b'\n');
        bytes.extend(next.bytes);
        whole = next.whole && bytes.len() < limit;
    }
    Some((bytes, whole))
}

fn cells(row: &[u8], delimiter: u8) -> Option<Vec<String>> {
    let mut reader =
        ::csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(row);
    let mut record = ::csv::ByteRecord::new();
    let read = reader.read_byte_record(&mut record).ok()?;
    read.then(|| record.iter().map(|c| String::from_utf8_lossy(c).into_owned()).collect())
}

/// The row as JSON, and whether it has another number of cells than the heading.
fn object(names: &[String], values: Vec<String>) -> (Vec<u8>, bool) {
    let odd = names.len() != values.len();
    let mut fields = Fields::new();
    for (number, value) in values.into_iter().enumerate() {
        let name = names.get(number).filter(|n| !n.is_empty()).cloned();
        let mut name = name.unwrap_or_else(|| format!("column_{}", number + 1));
        while fields.contains_key(&name) {
            name.push('_');
        }
        fields.insert(name, Value::String(value));
    }
    (Value::Object(fields).to_string().into_bytes(), odd)
}
