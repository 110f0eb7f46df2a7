//! Zeek `conn` logs, as JSON lines or with tabs.

use super::{address, texts};
use crate::document::Document;
use crate::parse::unpack::{is_packed, peek};
use crate::parse::{Format, Hint, cut};
use crate::row::Row;
use serde_json::Value;
use std::collections::BTreeMap;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "zeek-conn",
    kind: "flows",
    about: "connections that Zeek saw: `conn.log` as JSON lines or with tabs, also gzip",
    looks_like: |head, _| {
        let head = if is_packed(head) { peek(head) } else { head[..head.len().min(8192)].to_vec() };
        let text = String::from_utf8_lossy(&head);
        let tabs = text.starts_with("#separator") && text.contains("#path\tconn");
        let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
        let line =
            first.starts_with('{') && first.contains("\"id.orig_h\"") && first.contains("\"id.resp_p\"");
        let other = first.contains("\"_path\"") && !first.contains("\"_path\":\"conn\"");
        tabs || (line && !other && (first.contains("\"conn_state\"") || first.contains("\"_path\":\"conn\"")))
    },
    read,
};

fn read(raw: &[u8], name: &str, _hint: &Hint<'_>) -> Document {
    let mut document = Document::new("zeek-conn", "flows");
    document.tool = Some("zeek".into());
    let texts = match texts(raw, name, &mut document) {
        Ok(texts) => texts,
        Err(why) => return Document::failed("zeek-conn", "flows", why),
    };
    for text in &texts {
        let lines = cut::lines(text, &mut document);
        if lines.starts_with('#') { tabs(lines, &mut document) } else { json(lines, &mut document) }
    }
    document
}

fn json(lines: &str, document: &mut Document) {
    for (number, line) in lines.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let made = serde_json::from_str::<Value>(line).map_err(|_| "not JSON".to_owned()).and_then(|entry| {
            let field = |name: &str| match entry.get(name)? {
                Value::String(text) => Some(text.clone()),
                Value::Null => None,
                other => Some(other.to_string()),
            };
            row(&field, document)
        });
        match made {
            Ok(row) => document.push(row),
            Err(why) => document.defect(format!("line {}: {why}", number + 1)),
        }
    }
}

fn tabs(lines: &str, document: &mut Document) {
    let (mut names, mut closed): (Vec<&str>, bool) = (vec![], false);
    for (number, line) in lines.lines().enumerate() {
        if let Some(heading) = line.strip_prefix('#') {
            if let Some(fields) = heading.strip_prefix("fields\t") {
                names = fields.split('\t').collect();
            }
            closed = heading.starts_with("close");
            continue;
        }
        let values: Vec<&str> = line.split('\t').collect();
        let made = if values.len() == names.len() {
            let fields: BTreeMap<&str, &str> = names.iter().copied().zip(values).collect();
            let field = |name: &str| {
                fields.get(name).filter(|v| !matches!(**v, "-" | "(empty)")).map(|v| (*v).to_owned())
            };
            row(&field, document)
        } else {
            Err(format!("{} values under {} headings", values.len(), names.len()))
        };
        match made {
            Ok(row) => document.push(row),
            Err(why) => document.defect(format!("line {}: {why}", number + 1)),
        }
    }
    if !closed {
        document.partial("the log has no `#close`");
    }
}

fn row(field: &dyn Fn(&str) -> Option<String>, document: &mut Document) -> Result<Row, String> {
    let needed = |name: &str| field(name).ok_or_else(|| format!("has no `{name}`"));
    let stamp = needed("ts")?;
    let at = crate::text::instant(&stamp).or_else(|| cut::seconds(stamp.parse().ok()?));
    let at = at.ok_or("`ts` is no instant")?;
    let protocol = field("proto").map(|p| p.to_lowercase());
    let port: i64 = needed("id.resp_p")?
        .parse()
        .ok()
        .filter(|p| (0..=65_535).contains(p))
        .ok_or("`id.resp_p` is no port")?;
    let bytes = |name: &str| field(name).and_then(|b| b.parse::<i64>().ok()).filter(|b| *b >= 0);
    let bytes = match (bytes("orig_bytes"), bytes("resp_bytes")) {
        (None, None) => None,
        (out, back) => Some(out.unwrap_or(0).saturating_add(back.unwrap_or(0))),
    };
    // Zeek's states: with these both sides spoke, REJ is a refusal, and S0 and halves say neither.
    let accepted = match field("conn_state").as_deref() {
        Some("S1" | "SF" | "S2" | "S3" | "RSTO" | "RSTR") => Some(true),
        Some("REJ") => Some(false),
        _ => None,
    };
    let (source, destination) = (address(&needed("id.orig_h")?)?, address(&needed("id.resp_h")?)?);
    document.saw(at);
    Ok(Row::of("flow")
        .with("id", field("uid"))
        .with("source", source)
        .with("destination", destination)
        // Zeek writes the code of an ICMP message where others have a port.
        .with("port", (protocol.as_deref() != Some("icmp")).then_some(port))
        .with("protocol", protocol)
        .with("bytes", bytes)
        .with("service", field("service"))
        .with("accepted", accepted)
        .with("at_at", at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Status;
    use crate::parse::unpack::gzip;
    use proptest::prelude::*;

    const JSON: &str = "{\"ts\":1795168800.5,\"uid\":\"C1\",\"id.orig_h\":\"10.1.0.5\",\"id.orig_p\":50000,\"id.resp_h\":\"10.2.0.9\",\"id.resp_p\":443,\"proto\":\"tcp\",\"service\":\"ssl\",\"orig_bytes\":100,\"resp_bytes\":900,\"conn_state\":\"SF\"}\n\
        {\"_path\":\"conn\",\"ts\":\"2026-11-20T10:00:00.000000Z\",\"uid\":\"C2\",\"id.orig_h\":\"fe80::1\",\"id.orig_p\":8,\"id.resp_h\":\"FE80::2\",\"id.resp_p\":0,\"proto\":\"icmp\",\"conn_state\":\"OTH\"}\n";
    const TABS: &str = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2026-11-20-10-00-00\n\
        #fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\torig_bytes\tresp_bytes\tconn_state\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tcount\tcount\tstring\n\
        1795168800.500000\tC1\t10.1.0.5\t50000\t10.2.0.9\t443\ttcp\tssl\t100\t900\tSF\n1795168801.0\tC3\t10.1.0.5\t50001\t10.2.0.9\t22\ttcp\t-\t-\t-\tREJ\n#close\t2026-11-20-11-00-00\n";

    fn take(raw: &[u8]) -> Document {
        assert!(
            raw.len() < 100
                || !raw.ends_with(b"\n")
                || is_packed(raw)
                || (FORMAT.looks_like)(raw, "conn.log")
        );
        read(raw, "conn.log", &Hint::default())
    }

    fn seen(document: &Document) -> Vec<String> {
        document.rows.iter().map(Row::line).collect()
    }

    #[test]
    fn both_forms_give_the_same_connections() {
        let (json, tabs, packed) =
            (take(JSON.as_bytes()), take(TABS.as_bytes()), take(&gzip(TABS.as_bytes())));
        let first = "[\"flow\",\"C1\",\"10.1.0.5\",\"10.2.0.9\",443,\"tcp\",1000,\"ssl\",1,1795168800]";
        assert_eq!(
            seen(&json),
            [first, "[\"flow\",\"C2\",\"fe80::1\",\"fe80::2\",null,\"icmp\",null,null,null,1795168800]"]
        );
        assert_eq!(
            seen(&tabs),
            [first, "[\"flow\",\"C3\",\"10.1.0.5\",\"10.2.0.9\",22,\"tcp\",null,null,0,1795168801]"]
        );
        assert_eq!((seen(&packed), &packed.status), (seen(&tabs), &Status::Complete));
        assert_eq!(json.status, Status::Complete);
    }

    #[test]
    fn a_cut_log_is_partial_and_adds_nothing() {
        for (text, lines_end) in [(TABS, false), (JSON, true)] {
            let whole = seen(&take(text.as_bytes()));
            for at in 1..text.len() {
                let document = read(&text.as_bytes()[..at], "conn.log", &Hint::default());
                let on_a_line = lines_end && text.as_bytes()[at - 1] == b'\n';
                assert!(on_a_line || document.status != Status::Complete, "cut at {at}");
                assert!(whole.starts_with(&seen(&document)), "cut at {at}");
            }
        }
    }

    #[test]
    fn crooked_lines_are_told() {
        for (from, to, why) in [
            ("443", "70000", "no port"),
            ("10.1.0.5", "router", "no address"),
            ("1795168800.5", "\"noon\"", "no instant"),
            ("\"uid\":\"C1\",", "\"uid\"", "not JSON"),
        ] {
            let document = read(JSON.replacen(from, to, 1).as_bytes(), "c", &Hint::default());
            assert!(document.rows.len() == 1 && document.defects[0].contains(why), "{:?}", document.defects);
        }
        let short = read(TABS.replace("\tREJ", "").as_bytes(), "c", &Hint::default());
        assert_eq!((short.rows.len(), short.status.as_str()), (1, "partial"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(?s).{0,200}", place in 0usize..900) {
            for sample in [JSON, TABS, ""] {
                let mut bent = sample.to_owned();
                bent.insert_str(place.min(bent.len()), &text);
                let _ = read(bent.as_bytes(), "c", &Hint::default());
            }
        }
    }
}
