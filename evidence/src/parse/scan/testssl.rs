//! testssl.sh, as CSV, flat JSON or structured JSON: places that speak TLS, their certificates and what is weak.

use super::json::{list, says, take};
use super::{broke_off, decode, holds, opens_with, put, scope, title};
use crate::document::{Document, Status};
use crate::parse::{Format, Hint};
use crate::row::Row;
use crate::text;
use model::Time;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(in crate::parse) const FORMAT: Format = Format {
    name: "testssl",
    kind: "tls-scan",
    about: "testssl.sh as CSV, flat JSON or structured JSON",
    looks_like: |head, _| match opens_with(head) {
        Some(b'[') => ["\"id\"", "\"ip\"", "\"severity\"", "\"finding\""].iter().all(|w| holds(head, w)),
        Some(b'{') => {
            holds(head, "\"scanResult\"") || (holds(head, "\"Invocation\"") && holds(head, "testssl"))
        }
        _ => {
            let line: Vec<u8> = head.iter().copied().take_while(|b| *b != b'\n').collect();
            ["id", "fqdn/ip", "port", "severity", "finding"].iter().all(|w| holds(&line, w))
        }
    },
    read,
};

/// Findings about what is offered, beside the lists of ciphers (`cipherlist_…`).
const OFFERED: &[&str] = &[
    "SSLv2",
    "SSLv3",
    "TLS1",
    "TLS1_1",
    "heartbleed",
    "CCS",
    "ticketbleed",
    "ROBOT",
    "secure_renego",
    "secure_client_renego",
    "CRIME_TLS",
    "POODLE_SSL",
    "SWEET32",
    "FREAK",
    "DROWN",
    "LOGJAM",
    "BEAST",
    "LUCKY13",
    "winshock",
    "RC4",
    "opossum",
    "fallback_SCSV",
    "BREACH",
];

/// What was found out about one place.
#[derive(Default)]
struct Place {
    subject: Option<String>,
    issuer: Option<String>,
    chain: Option<bool>,
    named: Option<bool>,
    starts: Option<Time>,
    ends: Option<Time>,
    weak: BTreeSet<String>,
    /// Whether protocols and ciphers were looked at.
    looked: bool,
    ended: bool,
    failed: Option<String>,
    odd: Vec<String>,
}

/// One line of findings.
struct Finding<'a> {
    id: &'a str,
    severity: &'a str,
    finding: &'a str,
}

type Places = BTreeMap<(String, String), Place>;

fn read(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    let mut document = Document::new(FORMAT.name, hint.kind.unwrap_or(FORMAT.kind));
    document.tool = Some("testssl.sh".to_owned());
    let mut places = Places::new();
    let cut = match opens_with(raw) {
        Some(b'[' | b'{') => json(raw, &mut places, &mut document),
        _ => csv(raw, &mut places, &mut document),
    };
    let cut = match cut {
        Ok(cut) => cut,
        Err(why) => return Document::failed(FORMAT.name, &document.kind, why),
    };
    let names: Vec<String> = places.keys().map(|(host, port)| format!("{host}:{port}")).collect();
    // The addresses behind a name may change from run to run; the name is what was asked for.
    let asked: BTreeSet<String> = places
        .keys()
        .map(|(host, port)| format!("{}:{port}", host.split('/').next().unwrap_or(host)))
        .collect();
    document.scope = scope(&asked.into_iter().collect::<Vec<_>>().join(" "));
    let mut failures = vec![];
    for (((host, port), place), name) in places.into_iter().zip(&names) {
        match &place.failed {
            Some(why) => failures.push(format!("`{name}`: {why}")),
            None => put_place(&mut document, &host, &port, place, name),
        }
    }
    for failure in failures {
        document.defect(failure);
    }
    match cut {
        Some(why) => broke_off(&mut document, why),
        None if document.rows.is_empty() => {
            let why = document.status.why().unwrap_or("names no target that was looked at").to_owned();
            document.status = Status::Failed { why };
        }
        None => {}
    }
    document
}

fn put_place(document: &mut Document, host: &str, port: &str, place: Place, name: &str) {
    for odd in &place.odd {
        document.defect(format!("`{name}`: {odd}"));
    }
    if !place.ended {
        document.partial(format!("`{name}` was not looked at to the end (no `scanTime`)"));
    }
    let trusted = match (place.chain, place.named) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), _) => Some(true),
        _ => None,
    };
    let whole = place.looked && place.ended;
    let weak = place.weak.into_iter().collect::<Vec<_>>().join(" ");
    let row = Row::of("tls_endpoint")
        .with("id", format!("{host}:{port}"))
        .with("host", host.split('/').next().unwrap_or(host))
        .with("port", port.parse::<u16>().ok().map(i64::from))
        .with("subject", place.subject)
        .with("issuer", place.issuer)
        .with("trusted", trusted)
        .with("weak", (whole || !weak.is_empty()).then_some(weak))
        .with("starts_at", place.starts)
        .with("ends_at", place.ends);
    put(document, row, format_args!("`{name}`"));
}

fn csv(raw: &[u8], places: &mut Places, document: &mut Document) -> Result<Option<String>, String> {
    let (text, mut cut) = decode(raw);
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headings = reader.headers().map_err(|error| error.to_string())?.clone();
    let place = |name: &str| headings.iter().position(|h| h.trim() == name);
    let need = ["id", "fqdn/ip", "port", "severity", "finding"].map(place);
    let [Some(id), Some(host), Some(port), Some(severity), Some(finding)] = need else {
        return Err("its headings are not those of testssl.sh".to_owned());
    };
    for (number, record) in reader.records().enumerate() {
        match record {
            Ok(line) if line.len() == headings.len() => {
                let words = Finding { id: &line[id], severity: &line[severity], finding: &line[finding] };
                note(&words, &line[host], &line[port], places);
            }
            Ok(_) => document.defect(format!("row {}: other cells than headings", number + 2)),
            Err(error) => document.defect(format!("row {}: {error}", number + 2)),
        }
    }
    if !text.ends_with('\n') && cut.is_none() {
        cut = Some("the last line has no end: the file may have been cut".to_owned());
    }
    Ok(cut)
}

fn json(raw: &[u8], places: &mut Places, document: &mut Document) -> Result<Option<String>, String> {
    let taken = take(raw, 2)?;
    if let Value::Array(entries) = &taken.value {
        for (number, entry) in entries.iter().enumerate() {
            let (Some(words), Some(host)) = (finding(entry), says(entry, "ip")) else {
                document.defect(format!("entry {} lacks id, ip or finding", number + 1));
                continue;
            };
            note(&words, host, says(entry, "port").unwrap_or(""), places);
        }
        return Ok(taken.cut);
    }
    document.tool_version = says(&taken.value, "version").map(title);
    document.made = taken.value.get("startTime").and_then(|t| match t {
        Value::String(words) => text::instant(words),
        number => text::instant(&number.to_string()),
    });
    let time = taken.value.get("scanTime");
    let ended = time.is_some_and(|t| super::json::number(t).is_some());
    for (number, target) in list(&taken.value, "scanResult").iter().enumerate() {
        structured(target, number + 1, ended, places, document);
    }
    Ok(taken.cut)
}

/// One target of structured JSON: its findings lie in lists by theme.
fn structured(target: &Value, number: usize, ended: bool, places: &mut Places, document: &mut Document) {
    let Value::Object(parts) = target else {
        return document.defect(format!("target {number} is no object"));
    };
    let host = says(target, "targetHost").or_else(|| says(target, "hostname"));
    // A failure is written as a finding in the list of targets, and names them itself.
    let Some(host) = host else {
        let why = says(target, "finding").unwrap_or("a target without a name");
        return document.defect(format!("target {number}: {why}"));
    };
    let full = match says(target, "ip") {
        Some(ip) if ip != host => format!("{host}/{ip}"),
        _ => host.to_owned(),
    };
    let port = says(target, "port").unwrap_or("");
    for entry in parts.values().filter_map(Value::as_array).flatten() {
        if let Some(words) = finding(entry) {
            note(&words, &full, port, places);
        }
    }
    let place = places.entry((text::name(&full), port.trim().to_owned())).or_default();
    place.ended |= ended;
}

fn finding(entry: &Value) -> Option<Finding<'_>> {
    Some(Finding {
        id: says(entry, "id")?,
        severity: says(entry, "severity").unwrap_or(""),
        finding: entry.get("finding")?.as_str()?,
    })
}

fn note(words: &Finding<'_>, host: &str, port: &str, places: &mut Places) {
    let place = places.entry((text::name(host), port.trim().to_owned())).or_default();
    let said = words.finding.trim();
    let bad = matches!(words.severity, "LOW" | "MEDIUM" | "HIGH" | "CRITICAL");
    // With several certificates the ids carry their number: `cert_notAfter <cert#2>`.
    let id = words.id.split_whitespace().next().unwrap_or("");
    match id {
        "scanTime" => place.ended = said.bytes().next().is_some_and(|b| b.is_ascii_digit()),
        _ if words.severity == "FATAL" || matches!(id, "scanProblem") => place.failed = Some(title(said)),
        "cert_commonName" => place.subject = place.subject.take().or_else(|| Some(title(said))),
        "cert_caIssuers" => place.issuer = place.issuer.take().or_else(|| Some(title(said))),
        "cert_chain_of_trust" => {
            let good = said.to_ascii_lowercase().starts_with("passed");
            place.chain = Some(good && place.chain != Some(false));
        }
        "cert_trust" => {
            let good = said.to_ascii_lowercase().starts_with("ok");
            place.named = Some(good && place.named != Some(false));
        }
        "cert_notAfter" | "cert_notBefore" => match moment(said) {
            Some(at) if id == "cert_notAfter" => {
                place.ends = Some(place.ends.map_or(at, |old| old.min(at)));
            }
            Some(at) => place.starts = Some(place.starts.map_or(at, |old| old.max(at))),
            None => place.odd.push(format!("`{}` is no instant of `{id}`", title(said))),
        },
        _ if id.starts_with("cipherlist_") || OFFERED.contains(&id) => {
            place.looked |= id.starts_with("cipherlist_") || id.starts_with("TLS1");
            if bad && !said.to_ascii_lowercase().contains("not offered") {
                place.weak.insert(id.strip_prefix("cipherlist_").unwrap_or(id).to_owned());
            }
        }
        _ => {}
    }
}

/// Instants as testssl.sh writes them: `2026-11-25 06:15` in UTC, or as OpenSSL does.
fn moment(words: &str) -> Option<Time> {
    let words = words.split(" (").next().unwrap_or(words).trim();
    if let Some(at) = text::instant(words) {
        return Some(at);
    }
    let plain = words.trim_end_matches("GMT").trim();
    let at = jiff::civil::DateTime::strptime("%b %e %H:%M:%S %Y", plain).ok()?;
    jiff::tz::TimeZone::UTC.to_timestamp(at).ok()
}
