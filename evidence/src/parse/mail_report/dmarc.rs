//! DMARC aggregate reports: XML of RFC 7489 appendix C and RFC 9990, as receivers really write it.

use crate::document::Document;
use crate::row::Row;
use crate::text;
use model::Time;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

/// How deep elements may stand in one another.
const DEPTH_LIMIT: usize = 64;
/// Bytes of text that one element may hold; more is no report.
const TEXT_LIMIT: usize = 64 << 10;

pub(super) fn looks_like(head: &[u8]) -> bool {
    let head = &head[..head.len().min(4096)];
    let has = |word: &[u8]| head.windows(word.len()).any(|w| w == word);
    // The second is UTF-16.
    has(b"<feedback>")
        || has(b"<feedback ")
        || (has(b"<feedback") && has(b"report_metadata"))
        || has(b"<\0f\0e\0e\0d\0b\0")
}

/// One `record` while it is read.
#[derive(Default)]
struct Record {
    source: Option<String>,
    count: Option<String>,
    disposition: Option<String>,
    dkim: Option<String>,
    spf: Option<String>,
}

/// What the report says of itself.
#[derive(Default)]
struct Report {
    reporter: Option<String>,
    generator: Option<String>,
    version: Option<String>,
    domain: Option<String>,
    begin: Option<String>,
    end: Option<String>,
    record: Record,
    records: Vec<Record>,
    /// Whether `feedback` was closed.
    closed: bool,
}

pub(super) fn read(raw: &[u8]) -> Document {
    let mut document = Document::new("mail-report", "mail-reports");
    let text = match text::decode(raw) {
        Ok(text) => text,
        // What names an older encoding is Latin-1 or nearly so; only comments of people are concerned.
        Err(_) if names_latin(raw) => raw.iter().map(|b| char::from(*b)).collect(),
        Err(why) => return Document::failed("mail-report", "mail-reports", why),
    };
    let mut report = Report::default();
    if let Err(why) = walk(&text, &mut report, &mut document) {
        return Document::failed("mail-report", "mail-reports", why);
    }
    if !report.closed {
        document.partial("the report ends before `</feedback>`");
    }
    rows(report, &mut document);
    document
}

fn names_latin(raw: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&raw[..raw.len().min(200)]).to_ascii_lowercase();
    head.contains("iso-8859-") || head.contains("windows-125")
}

/// Follows the elements. What stands crooked is a defect; only what could hurt us ends the reading.
fn walk(xml: &str, report: &mut Report, document: &mut Document) -> Result<(), String> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let (mut path, mut held) = (Vec::<String>::new(), String::new());
    while !report.closed {
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(Event::DocType(text)) if text.contains("<!") || text.contains('[') => {
                return Err("its DOCTYPE declares entities: such a file is not read".into());
            }
            Ok(Event::Start(tag)) => {
                if path.len() == DEPTH_LIMIT {
                    return Err(format!("elements stand more than {DEPTH_LIMIT} deep"));
                }
                held.clear();
                path.push(tag.local_name().as_ref().to_owned());
            }
            Ok(Event::End(tag)) => end(tag.local_name().as_ref(), &mut path, &held, report, document),
            Ok(Event::Text(text)) => held.push_str(&text),
            Ok(Event::CData(text)) => held.push_str(&text),
            Ok(Event::GeneralRef(name)) => held.push_str(&reference(&name)),
            Ok(_) => {}
            Err(error) => {
                document.defect(format!("byte {}: {error}", reader.error_position()));
                break;
            }
        }
        if held.len() > TEXT_LIMIT {
            return Err(format!("an element holds more than {TEXT_LIMIT} bytes of text"));
        }
    }
    Ok(())
}

fn reference(name: &BytesRef<'_>) -> String {
    if let Ok(Some(letter)) = name.resolve_char_ref() {
        return letter.to_string();
    }
    match &**name {
        "amp" => "&".into(),
        "lt" => "<".into(),
        "gt" => ">".into(),
        "quot" => "\"".into(),
        "apos" => "'".into(),
        other => format!("&{other};"),
    }
}

/// Closes an element, and those that were left open in it.
fn end(name: &str, path: &mut Vec<String>, held: &str, report: &mut Report, document: &mut Document) {
    let Some(place) = path.iter().rposition(|open| open == name) else {
        return document.defect(format!("`</{}>` closes nothing", short(name)));
    };
    if place + 1 < path.len() {
        document.defect(format!("`{}` is not closed", short(path.last().map_or("", String::as_str))));
        path.truncate(place + 1);
    } else {
        let from = path.iter().rposition(|open| open == "feedback").map_or(0, |at| at + 1);
        let inner: Vec<&str> = path[from..].iter().map(String::as_str).collect();
        keep(&inner, held.trim(), report);
    }
    path.pop();
    if name == "feedback" {
        report.closed = true;
        if let Some(outer) = path.last() {
            document.remark(format!("the report stands in `{}`, which does not end", short(outer)));
        }
    }
}

fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}

fn keep(path: &[&str], held: &str, report: &mut Report) {
    let text = || (!held.is_empty()).then(|| held.to_owned());
    match path {
        ["version"] => report.version = text(),
        ["report_metadata", "org_name"] => report.reporter = text(),
        ["report_metadata", "generator"] => report.generator = text(),
        ["report_metadata", "date_range", "begin"] => report.begin = text(),
        ["report_metadata", "date_range", "end"] => report.end = text(),
        ["policy_published", "domain"] => report.domain = text().map(|d| name(&d)),
        ["record", "row", "source_ip"] => report.record.source = text(),
        ["record", "row", "count"] => report.record.count = text(),
        ["record", "row", "policy_evaluated", "disposition"] => {
            report.record.disposition = text().map(|d| name(&d))
        }
        ["record", "row", "policy_evaluated", "dkim"] => report.record.dkim = text().map(|d| name(&d)),
        ["record", "row", "policy_evaluated", "spf"] => report.record.spf = text().map(|d| name(&d)),
        ["record"] => report.records.push(std::mem::take(&mut report.record)),
        _ => {}
    }
}

fn name(text: &str) -> String {
    text::name(text).trim_end_matches('.').to_owned()
}

fn rows(report: Report, document: &mut Document) {
    document.tool = report.generator.or_else(|| report.reporter.clone());
    document.tool_version = report.version;
    let (from, to) = (instant(report.begin.as_deref()), instant(report.end.as_deref()));
    for (at, which) in [(from, "begin"), (to, "end")] {
        match at {
            Some(at) => document.saw(at),
            None => document.defect(format!("`date_range/{which}` is no instant")),
        }
    }
    if from > to {
        document.remark("its date range ends before it begins");
    }
    document.made = to;
    let Some(domain) = report.domain else {
        return document.defect("names no domain in `policy_published`: its records cannot be used");
    };
    let reporter = report.reporter;
    document.scope = Some(format!("dmarc {domain} by {}", reporter.as_deref().unwrap_or("nobody")));
    if reporter.is_none() {
        document.remark("does not say who reports");
    }
    for (number, record) in report.records.into_iter().enumerate() {
        match row(&record) {
            Ok(row) => document.push(
                row.with("domain", domain.as_str())
                    .with("kind", "dmarc")
                    .with("reporter", reporter.clone())
                    .with("from_at", from)
                    .with("to_at", to),
            ),
            Err(why) => document.defect(format!("record {}: {why}", number + 1)),
        }
    }
}

fn instant(text: Option<&str>) -> Option<Time> {
    text.and_then(text::instant)
}

fn row(record: &Record) -> Result<Row, String> {
    let source = record.source.as_deref().ok_or("has no `source_ip`")?;
    let address: std::net::IpAddr =
        source.parse().map_err(|_| format!("`{}` is no address", short(source)))?;
    let count = record.count.as_deref().ok_or("has no `count`")?;
    let messages: u64 = count.parse().map_err(|_| format!("`{}` is no count", short(count)))?;
    let passed = |result: &Option<String>| result.as_deref().map(|r| r == "pass");
    let failed = match (passed(&record.dkim), passed(&record.spf)) {
        (Some(true), _) | (_, Some(true)) => Some(0),
        (Some(false), Some(false)) => Some(messages),
        _ => None,
    };
    Ok(Row::of("mail_report")
        .with("source_ip", address.to_string())
        .with("messages", messages)
        .with("failed", failed)
        .with("spf", record.spf.clone())
        .with("dkim", record.dkim.clone())
        .with("disposition", record.disposition.clone()))
}
