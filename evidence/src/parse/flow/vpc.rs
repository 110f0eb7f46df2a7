//! AWS VPC flow logs: version 2 and custom fields, with or without a heading line.

use super::{address, texts};
use crate::document::Document;
use crate::parse::unpack::{is_packed, peek};
use crate::parse::{Format, Hint, cut};
use crate::row::Row;
use crate::text;
use std::collections::{BTreeMap, BTreeSet};

pub(in crate::parse) const FORMAT: Format = Format {
    name: "vpc-flow",
    kind: "flows",
    about: "connections that a cloud network saw: AWS VPC flow logs as text, also gzip",
    looks_like: |head, _| {
        let head = if is_packed(head) { peek(head) } else { head[..head.len().min(4096)].to_vec() };
        let text = String::from_utf8_lossy(&head);
        let first: Vec<&str> = text.lines().next().unwrap_or("").split_whitespace().collect();
        is_heading(&first) || is_default(&first)
    },
    read,
};

/// The fields of version 2, in their order.
const DEFAULT: [&str; 14] = [
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
];

fn is_heading(words: &[&str]) -> bool {
    words.iter().any(|w| matches!(*w, "srcaddr" | "pkt-srcaddr"))
        && words.iter().any(|w| matches!(*w, "dstaddr" | "pkt-dstaddr"))
}

fn is_default(words: &[&str]) -> bool {
    words.len() == 14
        && words[0] == "2"
        && words[2].starts_with("eni-")
        && matches!(words[13], "OK" | "NODATA" | "SKIPDATA")
}

fn read(raw: &[u8], name: &str, _hint: &Hint<'_>) -> Document {
    let mut document = Document::new("vpc-flow", "flows");
    document.tool = Some("aws-vpc-flow-logs".into());
    let texts = match texts(raw, name, &mut document) {
        Ok(texts) => texts,
        Err(why) => return Document::failed("vpc-flow", "flows", why),
    };
    let mut scopes = BTreeSet::new();
    for text in &texts {
        log(cut::lines(text, &mut document), &mut scopes, &mut document);
    }
    document.scope = Some(scopes.into_iter().collect::<Vec<_>>().join(" ")).filter(|s| !s.is_empty());
    document
}

fn log(lines: &str, scopes: &mut BTreeSet<String>, document: &mut Document) {
    let mut names: Vec<&str> = DEFAULT.to_vec();
    for (number, line) in lines.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if number == 0 && is_heading(&words) {
            names = words;
            continue;
        }
        if words.is_empty() {
            continue;
        }
        if words.len() != names.len() {
            document.defect(format!(
                "line {}: {} values under {} headings",
                number + 1,
                words.len(),
                names.len()
            ));
            continue;
        }
        let fields: BTreeMap<&str, &str> = names.iter().copied().zip(words).collect();
        let field = |name: &str| fields.get(name).copied().filter(|v| *v != "-");
        scopes.extend(field("vpc-id").or_else(|| field("account-id")).map(str::to_owned));
        match field("log-status") {
            Some("NODATA") => continue,
            Some("SKIPDATA") => {
                document.defect(format!(
                    "line {}: some records were skipped when they were captured",
                    number + 1
                ));
                continue;
            }
            _ => {}
        }
        match row(&field, document) {
            Ok(row) => document.push(row),
            Err(why) => document.defect(format!("line {}: {why}", number + 1)),
        }
    }
}

fn row<'a>(field: &dyn Fn(&str) -> Option<&'a str>, document: &mut Document) -> Result<Row, String> {
    // The packet's own addresses, where they are said, are those behind a gateway.
    let either = |name: &str| {
        field(&format!("pkt-{name}")).or_else(|| field(name)).ok_or_else(|| format!("has no `{name}`"))
    };
    let (source, destination) = (address(either("srcaddr")?)?, address(either("dstaddr")?)?);
    let number = |name: &str| -> Result<Option<i64>, String> {
        let Some(value) = field(name) else { return Ok(None) };
        value.parse().ok().filter(|n| *n >= 0).map(Some).ok_or_else(|| format!("`{name}` is no number"))
    };
    let protocol = number("protocol")?.map(|n| match n {
        1 => "icmp".to_owned(),
        6 => "tcp".into(),
        17 => "udp".into(),
        58 => "icmp6".into(),
        other => other.to_string(),
    });
    let carries_ports = protocol.as_deref().is_none_or(|p| !p.starts_with("icmp"));
    let at = field("start").map(|s| text::instant(s).ok_or("`start` is no instant")).transpose()?;
    let end = field("end").and_then(text::instant);
    at.into_iter().chain(end).for_each(|at| document.saw(at));
    Ok(Row::of("flow")
        .with("id", field("flow-id").or_else(|| field("interface-id")))
        .with("source", source)
        .with("destination", destination)
        .with("port", number("dstport")?.filter(|_| carries_ports))
        .with("protocol", protocol)
        .with("bytes", number("bytes")?)
        .with(
            "accepted",
            field("action").and_then(|a| match a {
                "ACCEPT" => Some(true),
                "REJECT" => Some(false),
                _ => None,
            }),
        )
        .with("at_at", at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Status;
    use crate::parse::unpack::gzip;
    use proptest::prelude::*;

    const LOG: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n\
        2 111122223333 eni-0a 10.0.1.5 10.0.2.9 50000 443 6 10 840 1795168800 1795168860 ACCEPT OK\n\
        2 111122223333 eni-0a 203.0.113.4 10.0.2.9 0 0 1 1 84 1795168800 1795168860 REJECT OK\n\
        2 111122223333 eni-0b - - - - - - - 1795168800 1795168860 - NODATA\n";

    fn take(raw: &[u8]) -> Document {
        read(raw, "flow.log", &Hint::default())
    }

    fn seen(document: &Document) -> Vec<String> {
        document.rows.iter().map(Row::line).collect()
    }

    #[test]
    fn flows_are_read_with_and_without_headings_and_packed() {
        let rows = [
            "[\"flow\",\"eni-0a\",\"10.0.1.5\",\"10.0.2.9\",443,\"tcp\",840,null,1,1795168800]",
            "[\"flow\",\"eni-0a\",\"203.0.113.4\",\"10.0.2.9\",null,\"icmp\",84,null,0,1795168800]",
        ];
        let bare = LOG.split_once('\n').expect("lines").1;
        for form in [LOG.as_bytes().to_vec(), bare.as_bytes().to_vec(), gzip(LOG.as_bytes())] {
            assert!((FORMAT.looks_like)(&form, "x"));
            let document = take(&form);
            assert_eq!(
                (document.status.clone(), document.scope.as_deref()),
                (Status::Complete, Some("111122223333"))
            );
            assert_eq!(seen(&document), rows);
        }
        let own = take(b"vpc-id pkt-srcaddr pkt-dstaddr dstport action\nvpc-9 10.0.0.1 10.0.0.2 53 ACCEPT\n");
        assert_eq!(own.scope.as_deref(), Some("vpc-9"));
        assert_eq!(seen(&own), ["[\"flow\",null,\"10.0.0.1\",\"10.0.0.2\",53,null,null,null,1,null]"]);
    }

    #[test]
    fn cut_skipped_and_crooked_logs_are_partial() {
        let whole = seen(&take(LOG.as_bytes()));
        for at in (1..LOG.len()).filter(|at| LOG.as_bytes()[at - 1] != b'\n') {
            let document = take(&LOG.as_bytes()[..at]);
            assert_ne!(document.status, Status::Complete, "cut at {at}");
            assert!(whole.starts_with(&seen(&document)), "cut at {at}");
        }
        for (from, to) in
            [("NODATA", "SKIPDATA"), ("443", "x"), ("10.0.1.5", "host"), (" 840", ""), ("443", "-1")]
        {
            assert_eq!(take(LOG.replace(from, to).as_bytes()).status.as_str(), "partial", "{to}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(?s).{0,200}", place in 0usize..400) {
            let mut bent = LOG.to_owned();
            bent.insert_str(place.min(bent.len()), &text);
            let _ = (take(text.as_bytes()), take(bent.as_bytes()));
        }
    }
}
