//! Finds out what an input is, by its content first; the name only decides where the content leaves it open.

use crate::parse::{evtx::FILE_MAGIC, json, syslog};
use model::{Fields, Format};
use serde_json::Value;

/// Lines that are looked at.
const LINES: usize = 20;

/// The format of an input that begins with `head`.
pub(crate) fn sniff(head: &[u8], name: &str) -> Format {
    let name = name.to_ascii_lowercase();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    let ends = |ending: &str| name.ends_with(ending);
    if head.starts_with(FILE_MAGIC) || (ends(".evtx") && !looks_like_text(head)) {
        return Format::Evtx;
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = &text[text.iter().take_while(|b| b.is_ascii_whitespace()).count()..];
    match text.first() {
        Some(b'{') => return object(text, ends(".json")),
        Some(b'[') if ends(".json") || bracketed_json(text) => return Format::Json,
        Some(b'<') if text.starts_with(b"<Event ") || text.starts_with(b"<Event>") => return Format::Evtx,
        _ => {}
    }
    if ends(".csv") || ends(".tsv") {
        return Format::Csv;
    }
    if ends(".json") {
        return Format::Json;
    }
    if ends(".ndjson") || ends(".jsonl") {
        return Format::Ndjson;
    }
    let lines = text.split(|&b| b == b'\n').filter(|l| !l.is_empty()).take(LINES);
    let (all, fitting) =
        lines.fold((0, 0), |(all, fitting), line| (all + 1, fitting + usize::from(syslog::is_header(line))));
    if fitting * 2 > all { Format::Syslog } else { Format::Text }
}

fn looks_like_text(head: &[u8]) -> bool {
    let head = &head[..head.len().min(512)];
    let valid = match std::str::from_utf8(head) {
        Ok(_) => head.len(),
        Err(error) => error.valid_up_to(),
    };
    // A character may be cut at the end of what is looked at.
    valid > 0 && valid + 4 > head.len() && !head.iter().any(|b| *b < b' ' && !b.is_ascii_whitespace())
}

/// `[` begins a JSON document when what follows can stand in one; `[Sun Dec …` cannot.
fn bracketed_json(text: &[u8]) -> bool {
    let next = text[1..].iter().find(|b| !b.is_ascii_whitespace());
    matches!(next, Some(b'{' | b'[' | b']' | b'"'))
}

/// An object at the beginning: a line of its own, or a document.
fn object(text: &[u8], is_named_json: bool) -> Format {
    let line = text.split(|&b| b == b'\n').next().unwrap_or_default();
    let fields = json::parse(line, &crate::Limits::default()).fields;
    if fields.is_empty() {
        // The first line is no object: a document over several lines, or one too long to look at.
        let records = memchr::memmem::find(&text[..text.len().min(256)], b"\"Records\"").is_some();
        return match () {
            () if records && memchr::memmem::find(text, b"\"eventSource\"").is_some() => Format::Cloudtrail,
            () if is_named_json || line.len() < text.len() => Format::Json,
            () => Format::Ndjson,
        };
    }
    let more = text.len() > line.len() + 1;
    match () {
        () if is_cloudtrail(&fields) => Format::Cloudtrail,
        () if is_zeek(&fields) => Format::Zeek,
        () if is_named_json && !more => Format::Json,
        () => Format::Ndjson,
    }
}

fn is_cloudtrail(fields: &Fields) -> bool {
    let has = |value: &Value| value.get("eventSource").is_some() && value.get("eventName").is_some();
    match fields.get("Records") {
        Some(Value::Array(list)) => list.first().is_some_and(has),
        _ => {
            fields.contains_key("eventVersion")
                && fields.contains_key("eventSource")
                && fields.contains_key("eventID")
        }
    }
}

fn is_zeek(fields: &Fields) -> bool {
    fields.contains_key("ts") && (fields.contains_key("_path") || fields.contains_key("uid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, name: &str, want: Format) {
        assert_eq!(sniff(head.as_bytes(), name), want, "{name}: {head}");
    }

    #[test]
    fn content_decides_before_the_name() {
        for (head, name, want) in [
            ("ElfFile\0rest", "x.log", Format::Evtx),
            ("\0\0\0noise", "x.evtx", Format::Evtx),
            ("", "x.evtx", Format::Evtx),
            ("Nov 23 00:20:11 h p: x\n", "x.evtx", Format::Syslog),
            ("{\"a\":1}\n{\"a\":2}\n", "x.json", Format::Ndjson),
            ("{\"a\":1}\n", "x.json", Format::Json),
            ("{\n \"a\": 1\n}", "x.log", Format::Json),
            ("[{\"a\":1}]", "x", Format::Json),
            ("[[[[", "deep.json", Format::Json),
            ("[Sun Nov 01 04:47:44 2026] [notice] x", "error.log", Format::Text),
            ("{\"ts\":1,\"uid\":\"C1\",\"_path\":\"dns\"}\n", "dns.json", Format::Zeek),
            ("{\"Records\":[{\"eventSource\":\"s3\",\"eventName\":\"x\"}]}", "x.json", Format::Cloudtrail),
            ("{\"eventVersion\":\"1\",\"eventSource\":\"s3\",\"eventID\":\"x\"}\n", "x", Format::Cloudtrail),
            ("<34>1 2026-11-01T10:00:00Z h p - - - x\n", "x.json.log", Format::Syslog),
            ("time,user\n1,2\n", "x.csv.gz", Format::Csv),
            ("just words\nand more\n", "x.log", Format::Text),
            ("<Event xmlns='x'><System/></Event>\n", "x.xml", Format::Evtx),
            ("\u{feff}{\"a\":1}\n", "x", Format::Ndjson),
        ] {
            check(head, name, want);
        }
    }
}
