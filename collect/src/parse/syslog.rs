//! Syslog: RFC 5424, RFC 3164, and what programs write to files in their likeness.

use super::{Parsed, messages};
use crate::time::{self, When};
use model::Fields;
use serde_json::Value;

/// Structured data elements that one line may hold.
const ELEMENTS_LIMIT: usize = 64;
pub(crate) const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];
pub(crate) const SEVERITIES: [&str; 8] =
    ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// Whether a line begins as one of syslog does.
pub(crate) fn is_header(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&line[..line.len().min(256)]);
    if priority(&text).is_some() {
        return true;
    }
    let Some((_, length)) = time::bsd(&text).or_else(|| iso_header(&text)) else { return false };
    let rest = text[length..].trim_start();
    // Behind the time: a host, and a program that ends in a colon or bracket.
    let words: Vec<&str> = rest.splitn(3, ' ').collect();
    words.len() >= 2 && (words[1].contains(':') || words[1].contains('[') || words[1].contains('('))
}

/// A time with `T` in it, as rsyslog writes by default today.
fn iso_header(text: &str) -> Option<(When, usize)> {
    let word = text.split(' ').next().filter(|w| w.len() >= 19 && w.as_bytes()[10] == b'T')?;
    let when = time::iso(word);
    (when != When::Unknown).then_some((when, word.len()))
}

/// The number in `<…>` and what follows it. Numbers over 191 (RFC 5424 §6.2.1) are taken too, and tell nothing.
fn priority(text: &str) -> Option<(u16, &str)> {
    let (number, rest) = text.strip_prefix('<')?.split_once('>')?;
    let fits = (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    Some((number.parse().ok().filter(|_| fits)?, rest))
}

/// Reads one line.
pub(crate) fn parse(raw: &[u8]) -> Parsed {
    let text = String::from_utf8_lossy(raw);
    let mut parsed = Parsed::default();
    let mut rest: &str = text.trim_end_matches('\r');
    if let Some((number, behind)) = priority(rest) {
        let (facility, severity) = (usize::from(number / 8), usize::from(number % 8));
        if let (Some(facility), Some(severity)) = (FACILITIES.get(facility), SEVERITIES.get(severity)) {
            parsed.fields.insert("facility".into(), Value::from(*facility));
            parsed.fields.insert("severity".into(), Value::from(*severity));
        }
        rest = behind;
        if let Some(behind) = rest.strip_prefix("1 ") {
            version_1(behind, &mut parsed);
            return parsed;
        }
    }
    let header = time::bsd(rest).or_else(|| iso_header(rest)).or_else(|| time::leading(rest));
    if let Some((when, length)) = header {
        parsed.when = when;
        parsed.fields.insert("timestamp".into(), rest[..length].into());
        rest = rest[length..].trim_start_matches([' ', ':']);
        if let Some((host, behind)) =
            rest.split_once(' ').filter(|(host, _)| !host.ends_with(':') && !host.contains('['))
        {
            parsed.fields.insert("host".into(), host.into());
            rest = behind.trim_start();
        }
    }
    let message = tag(rest, &mut parsed.fields);
    finish(message, &mut parsed.fields);
    parsed
}

/// `program[pid]: message`; gives the message.
fn tag<'a>(rest: &'a str, fields: &mut Fields) -> &'a str {
    let Some(colon) = rest.find(": ").or_else(|| rest.ends_with(':').then(|| rest.len() - 1)) else {
        return rest;
    };
    let head = &rest[..colon];
    if head.is_empty() || head.len() > 128 || (head.contains(' ') && !head.contains('[')) {
        return rest;
    }
    let (program, pid) = match head.split_once('[') {
        Some((program, pid)) => (program, pid.split(']').next()),
        None => (head, None),
    };
    fields.insert("program".into(), program.into());
    if let Some(pid) = pid.filter(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit())) {
        fields.insert("pid".into(), pid.into());
    }
    rest[colon + 1..].trim_start()
}

fn finish(message: &str, fields: &mut Fields) {
    let mut more = Fields::new();
    messages::pairs(message, &mut more);
    let program = fields.get("program").and_then(Value::as_str).unwrap_or("").to_owned();
    messages::sign_in(&program, message, &mut more);
    // What the header says is not for a message to say otherwise.
    for (name, value) in more {
        fields.entry(name).or_insert(value);
    }
    fields.insert("message".into(), message.into());
}

/// RFC 5424 §6 behind the version: time, host, program, process, message id, structured data, message.
fn version_1(rest: &str, parsed: &mut Parsed) {
    let mut words = rest.splitn(6, ' ');
    let mut next = |name: &str| {
        let word = words.next().filter(|w| *w != "-" && !w.is_empty());
        if let Some(word) = word {
            parsed.fields.insert(name.to_owned(), word.into());
        }
        word
    };
    if let Some(stamp) = next("timestamp") {
        parsed.when = time::iso(stamp);
    }
    for name in ["host", "program", "pid", "message_id"] {
        next(name);
    }
    let rest = words.next().unwrap_or("");
    let rest = match rest.strip_prefix('-') {
        Some(message) => message,
        None => structured(rest, &mut parsed.fields),
    };
    let message = rest.trim_start_matches(' ').trim_start_matches('\u{feff}');
    finish(message, &mut parsed.fields);
}

/// `[id name="value" …][…]`; gives what follows.
fn structured<'a>(mut rest: &'a str, fields: &mut Fields) -> &'a str {
    for _ in 0..ELEMENTS_LIMIT {
        let Some(element) = rest.strip_prefix('[') else { return rest };
        let Some(length) = element_length(element) else { return rest };
        let (inside, behind) = (&element[..length], &element[length + 1..]);
        let (id, params) = inside.split_once(' ').unwrap_or((inside, ""));
        let mut pairs = Fields::new();
        let mut left = params;
        while let Some((name, after)) = left.split_once("=\"") {
            let Some(end) = quoted_end(after) else { break };
            let value = after[..end].replace("\\\"", "\"").replace("\\]", "]").replace("\\\\", "\\");
            pairs.insert(name.trim().to_owned(), Value::from(value));
            left = &after[end + 1..];
        }
        fields.insert(id.to_owned(), Value::Object(pairs));
        rest = behind;
    }
    rest
}

fn quoted_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|b| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    })
}

fn element_length(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.bytes().position(|b| {
        let ends = b == b']' && !quoted;
        if b == b'"' && !escaped {
            quoted = !quoted;
        }
        escaped = b == b'\\' && !escaped;
        ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, want: &str) {
        let parsed = parse(line.as_bytes());
        assert_eq!(
            Value::Object(parsed.fields),
            serde_json::from_str::<Value>(want).expect("JSON"),
            "{line}"
        );
        assert!(is_header(line.as_bytes()), "{line}");
    }

    #[test]
    fn lines_of_syslog_are_read() {
        for (line, want) in [
            (
                "Nov 23 00:20:11 fw-2 kernel: link down",
                r#"{"host":"fw-2","message":"link down","program":"kernel","timestamp":"Nov 23 00:20:11"}"#,
            ),
            (
                "<34>Nov  3 00:20:11 fw-2 app[71]: a=b",
                r#"{"a":"b","facility":"auth","host":"fw-2","message":"a=b","pid":"71","program":"app","severity":"crit","timestamp":"Nov  3 00:20:11"}"#,
            ),
            (
                "2026-11-01T10:00:00.5+00:00 web app: hello",
                r#"{"host":"web","message":"hello","program":"app","timestamp":"2026-11-01T10:00:00.5+00:00"}"#,
            ),
            (
                r#"<165>1 2026-11-01T10:00:00Z h prog 8 ID7 [ex@1 iut="3" q="a\"]b"][more@2] the text"#,
                r#"{"ex@1":{"iut":"3","q":"a\"]b"},"facility":"local4","host":"h","message":"the text","message_id":"ID7","more@2":{},"pid":"8","program":"prog","severity":"notice","timestamp":"2026-11-01T10:00:00Z"}"#,
            ),
            ("<13>1 - - - - - - bare", r#"{"facility":"user","message":"bare","severity":"notice"}"#),
        ] {
            check(line, want);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_line_panics(line in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80)) {
            let _ = (parse(&line), is_header(&line));
        }

        #[test]
        fn no_near_miss_panics(line in "(<34>|1 |Nov 23 00:20:11|2026-11-01T10:00:00Z|\\[|\\]|\"|=|a|é|\\\\| |: ){0,24}") {
            let _ = (parse(line.as_bytes()), is_header(line.as_bytes()));
        }
    }
}
