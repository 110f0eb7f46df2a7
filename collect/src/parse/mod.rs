//! One file a format. A parser takes any bytes and gives what it could read; the raw bytes always stay.

pub(crate) mod apache;
pub(crate) mod csv;
pub(crate) mod evtx;
pub(crate) mod json;
pub(crate) mod lines;
pub(crate) mod messages;
pub(crate) mod syslog;
pub(crate) mod text;
pub(crate) mod xml;

use crate::Limits;
use crate::time::When;
use model::{Defect, Fields, Format};

/// What was read out of raw bytes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Parsed {
    pub(crate) fields: Fields,
    pub(crate) when: When,
    pub(crate) defects: Vec<Defect>,
}

/// Reads a single record of a format.
pub(crate) fn parse(format: Format, raw: &[u8], limits: &Limits) -> Parsed {
    let mut parsed = match format {
        Format::Evtx => xml::parse(raw, limits),
        Format::Ndjson => {
            let mut parsed = json::parse(raw, limits);
            journald(&mut parsed.fields);
            parsed
        }
        Format::Json | Format::Cloudtrail | Format::Zeek | Format::Csv | Format::Own => {
            json::parse(raw, limits)
        }
        // A line's end on other systems is no part of what it says.
        Format::Syslog => syslog::parse(raw.strip_suffix(b"\r").unwrap_or(raw)),
        Format::Text => text::parse(raw.strip_suffix(b"\r").unwrap_or(raw)),
    };
    if let Err(error) = std::str::from_utf8(raw) {
        let offset = error.valid_up_to() as u64;
        parsed.defects.insert(0, Defect::NotText { offset });
    }
    parsed
}

/// A record of journald says the same as a line of syslog under names of its own; it gets syslog's names beside them,
/// so that the same rules see it.
fn journald(fields: &mut Fields) {
    if !fields.contains_key("__REALTIME_TIMESTAMP") {
        return;
    }
    let text = |fields: &Fields, names: &[&str]| {
        names.iter().find_map(|n| fields.get(*n)?.as_str().filter(|t| !t.is_empty()).map(str::to_owned))
    };
    let program = text(fields, &["SYSLOG_IDENTIFIER", "_COMM"]);
    let message = text(fields, &["MESSAGE"]).unwrap_or_default();
    let mut more = Fields::new();
    messages::pairs(&message, &mut more);
    messages::sign_in(program.as_deref().unwrap_or(""), &message, &mut more);
    let named = [
        ("program", program),
        ("host", text(fields, &["_HOSTNAME"])),
        ("pid", text(fields, &["_PID", "SYSLOG_PID"])),
    ];
    for (name, value) in named {
        more.extend(value.map(|v| (name.to_owned(), v.into())));
    }
    more.insert("message".into(), message.into());
    // What the journal itself says is not for a message to say otherwise.
    for (name, value) in more {
        fields.entry(name).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_journald_is_seen_as_the_line_of_syslog_that_it_is() {
        let raw = br#"{"__REALTIME_TIMESTAMP":"1793527200000000","__CURSOR":"c1","_HOSTNAME":"gate","_PID":"411","SYSLOG_IDENTIFIER":"sshd","MESSAGE":"Failed password for root from 203.0.113.9 port 7 ssh2"}"#;
        let parsed = parse(Format::Ndjson, raw, &Limits::default());
        for (name, want) in [
            ("program", "sshd"),
            ("host", "gate"),
            ("pid", "411"),
            ("action", "sign-in"),
            ("outcome", "failure"),
            ("user", "root"),
            ("src_ip", "203.0.113.9"),
        ] {
            assert_eq!(parsed.fields.get(name).and_then(serde_json::Value::as_str), Some(want), "{name}");
        }
        assert!(
            !parse(Format::Ndjson, br#"{"MESSAGE":"x"}"#, &Limits::default()).fields.contains_key("message")
        );
    }
}
