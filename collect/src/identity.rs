//! Identities that records carry themselves: by them a record is known again in whatever file it comes.

use crate::Limits;
use crate::parse;
use model::{Fields, Format, Kind, Record};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The identity of a sealed record, if its format gives it one.
#[must_use]
pub fn identity(record: &Record) -> Option<[u8; 16]> {
    let format = record.source.format();
    let carries = matches!(format, Format::Evtx | Format::Cloudtrail | Format::Zeek | Format::Ndjson);
    if record.kind != Kind::Event || !carries {
        return None;
    }
    let fields = match format {
        Format::Evtx => Fields::new(),
        _ => parse::parse(format, &record.raw, &Limits::default()).fields,
    };
    of(format, &record.raw, &fields)
}

/// The identity of a record of a format, from its raw bytes or fields.
pub(crate) fn of(format: Format, raw: &[u8], fields: &Fields) -> Option<[u8; 16]> {
    let text = |key: &str| match fields.get(key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match format {
        Format::Evtx => {
            let part = |open: &str, close: &str| between(raw, open.as_bytes(), close.as_bytes());
            let id = part("<EventRecordID>", "<")?;
            let parts =
                [part("<Computer>", "<")?, part("<Channel>", "<").unwrap_or_default(), id, system_time(raw)?];
            Some(label("windows", &parts))
        }
        Format::Cloudtrail => Some(label("cloudtrail", &[text("eventID")?.as_bytes()])),
        Format::Zeek => {
            let path = text("_path").unwrap_or_default();
            Some(label("zeek", &[path.as_bytes(), text("uid")?.as_bytes(), text("ts")?.as_bytes(), raw]))
        }
        Format::Ndjson => Some(label("journald", &[text("__CURSOR")?.as_bytes()])),
        _ => None,
    }
}

fn system_time(raw: &[u8]) -> Option<&[u8]> {
    between(raw, b"SystemTime=\"", b"\"").or_else(|| between(raw, b"SystemTime='", b"'"))
}

fn between<'a>(raw: &'a [u8], open: &[u8], close: &[u8]) -> Option<&'a [u8]> {
    let from = memchr::memmem::find(raw, open)? + open.len();
    let length = memchr::memmem::find(&raw[from..], close)?;
    Some(&raw[from..from + length])
}

/// SHA-256 over the kind of identity and its parts with their lengths, first 16 bytes.
fn label(kind: &str, parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new().chain_update(kind).chain_update([0]);
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let full: [u8; 32] = hash.finalize().into();
    full[..16].try_into().expect("16 of 32 bytes")
}
