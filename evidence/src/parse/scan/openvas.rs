//! Greenbone (OpenVAS) reports as GMP XML: results, the hosts that were looked at, and whether the scan came to its end.

use super::xml::{End, Met, Node, walk};
use super::{broke_off, cves, holds, put, scope, score, severity, title};
use crate::document::{Document, Status};
use crate::parse::{Format, Hint};
use crate::row::Row;
use crate::text;
use std::collections::BTreeMap;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "openvas",
    kind: "vulnerability-scan",
    about: "a report of Greenbone or OpenVAS as GMP XML",
    looks_like: |head, _| {
        holds(head, "<get_reports_response")
            || (holds(head, "<report")
                && ["<gmp>", "<omp>", "format_id=", "<scan_run_status>", "<scan_start>"]
                    .iter()
                    .any(|word| holds(head, word)))
    },
    read,
};

#[derive(Default)]
struct Scan {
    results: Vec<Node>,
    hosts: Vec<Node>,
    status: Option<String>,
    refused: Option<String>,
    task: Option<String>,
    target: Option<String>,
    filter: Option<String>,
    filtered: Option<u64>,
    ended: bool,
    times: Vec<String>,
    errors: Vec<Node>,
}

fn read(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    let kind = hint.kind.unwrap_or(FORMAT.kind);
    let mut scan = Scan::default();
    let wanted = [
        "result",
        "host",
        "scan_run_status",
        "task",
        "term",
        "filters",
        "result_count",
        "scan_start",
        "scan_end",
        "error",
        "ports",
        "report_format",
        "severity_class",
        "owner",
    ];
    let end = walk(raw, &wanted, |path, met| scan.met(path, met));
    if let End::Refused(why) = end {
        return Document::failed(FORMAT.name, kind, why);
    }
    if let Some(why) = &scan.refused {
        return Document::failed(FORMAT.name, kind, format!("the manager answered: {why}"));
    }
    let mut document = Document::new(FORMAT.name, kind);
    document.tool = Some("OpenVAS".to_owned());
    let parts = [scan.task.as_deref(), scan.target.as_deref()];
    document.scope = scope(&parts.iter().flatten().copied().collect::<Vec<_>>().join(" / "));
    for at in scan.times.iter().filter_map(|t| text::instant(t)) {
        document.saw(at);
        document.made = document.made.max(Some(at));
    }
    rows(&scan, &mut document);
    match end {
        End::Cut(why) => broke_off(&mut document, why),
        _ => verdict(&scan, &mut document),
    }
    document
}

impl Scan {
    fn met(&mut self, path: &[String], met: Met) {
        let parent = path.last().map_or("", String::as_str);
        match met {
            Met::Open(node) if path.len() == 1 => {
                let bad = node.attr("status").filter(|s| !s.starts_with('2'));
                self.refused = bad.map(|s| format!("{s} {}", node.attr("status_text").unwrap_or("")));
            }
            Met::Whole(node) => match (parent, node.name.as_str()) {
                ("results", "result") => self.results.push(node),
                ("report", "host") => self.hosts.push(node),
                ("report", "scan_run_status") => self.status = node.text().map(str::to_owned),
                ("report", "scan_start") => self.times.extend(node.text().map(str::to_owned)),
                ("report", "scan_end") => {
                    self.ended = node.text().is_some();
                    self.times.extend(node.text().map(str::to_owned));
                }
                ("report", "task") => {
                    self.task = node.says("name").map(str::to_owned).or_else(|| self.task.take());
                    let target = node.child("target").and_then(|t| t.says("name"));
                    self.target = target.map(str::to_owned).or_else(|| self.target.take());
                }
                ("report", "filters") => self.filter = node.says("term").map(str::to_owned),
                ("report", "result_count") => {
                    self.filtered = node.says("filtered").and_then(|n| n.parse().ok());
                }
                ("errors", "error") => self.errors.push(node),
                _ => {}
            },
            _ => {}
        }
    }
}

fn rows(scan: &Scan, document: &mut Document) {
    let mut signed_in: BTreeMap<String, bool> = BTreeMap::new();
    for (number, host) in scan.hosts.iter().enumerate() {
        let Some(address) = host.says("ip").map(text::name) else {
            document.defect(format!("host {} has no address", number + 1));
            continue;
        };
        let authenticated = authenticated(host);
        if let Some(yes) = authenticated {
            signed_in.insert(address.clone(), yes);
        }
        if host.says("start").is_some()
            && host.says("end").is_none()
            && scan.status.as_deref() != Some("Done")
        {
            document.defect(format!("`{address}` was not looked at to the end"));
        }
        let row = Row::of("device")
            .with("id", address.as_str())
            .with("name", detail(host, &["hostname"]).map(text::name))
            .with("address", address.as_str())
            .with("os", detail(host, &["best_os_txt", "OS"]).map(title))
            .with("last_seen_at", host.says("end").and_then(text::instant))
            .with("up", true)
            .with("scan_authenticated", authenticated);
        put(document, row, format_args!("host {}", number + 1));
    }
    for (number, result) in scan.results.iter().enumerate() {
        match vulnerability(result, &signed_in) {
            Ok(Some(row)) => put(document, row, format_args!("result {}", number + 1)),
            Ok(None) => {}
            Err(why) => document.defect(format!("result {}: {why}", number + 1)),
        }
    }
}

fn vulnerability(result: &Node, signed_in: &BTreeMap<String, bool>) -> Result<Option<Row>, String> {
    let Some(test) = result.child("nvt") else { return Ok(None) };
    let points = match result.says("severity") {
        Some(words) => words.parse::<f64>().map_err(|_| format!("`{}` is no severity", title(words)))?,
        None => return Ok(None),
    };
    // Zero is a log entry, below zero a false positive, an error or a debug message.
    if points.is_nan() || points <= 0.0 {
        return Ok(None);
    }
    let device = result.says("host").map(text::name).ok_or("names no host")?;
    let name = test.says("name").or_else(|| result.says("name")).unwrap_or("");
    let family = test.says("family").unwrap_or("");
    let refs = test.all("refs").flat_map(|r| r.all("ref"));
    let refs = refs.filter(|r| r.attr("type").is_some_and(|t| t.eq_ignore_ascii_case("cve")));
    let ids = refs.filter_map(|r| r.attr("id")).chain(test.says("cve"));
    let port = result.says("port").filter(|p| !p.starts_with("general/"));
    let lower = name.to_ascii_lowercase();
    let ended = ["end of life", "(eol)", "end-of-life"].iter().any(|w| lower.contains(w));
    let default = family == "Default Accounts"
        || ["default credential", "default password", "default login", "default account"]
            .iter()
            .any(|words| lower.contains(words));
    let row = Row::of("vulnerability")
        .with("id", test.attr("oid").unwrap_or(name))
        .with("cve", cves(ids))
        .with("title", title(name))
        .with("severity", result.says("threat").and_then(severity))
        .with("score", score(&points.to_string()))
        .with("port", port)
        .with("authenticated", signed_in.get(&device).copied())
        .with("default_credential", default)
        .with("unsupported", ended)
        .with("device", device);
    Ok(Some(row))
}

fn detail<'a>(host: &'a Node, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        let found = host.all("detail").find(|d| d.says("name") == Some(name));
        found.and_then(|d| d.says("value"))
    })
}

/// Whether signing in worked: any success counts, else any failure.
fn authenticated(host: &Node) -> Option<bool> {
    let names: Vec<&str> = host.all("detail").filter_map(|d| d.says("name")).collect();
    let any = |end: &str| names.iter().any(|n| n.starts_with("Auth-") && n.ends_with(end));
    if any("-Success") { Some(true) } else { any("-Failure").then_some(false) }
}

fn verdict(scan: &Scan, document: &mut Document) {
    match scan.status.as_deref() {
        Some("Done" | "Container") => {}
        Some(word) => broke_off(document, format!("the scan did not come to its end: {word}")),
        None if scan.ended => {}
        None => broke_off(document, "does not say that the scan came to its end".to_owned()),
    }
    for error in &scan.errors {
        let test = error.child("nvt").and_then(|n| n.says("name")).unwrap_or("a test");
        let host = error.says("host").unwrap_or("a host");
        let why = error.says("description").unwrap_or("no reason given");
        document.defect(format!("`{}` did not run on {}: {}", title(test), title(host), title(why)));
    }
    let listed = scan.results.len() as u64;
    if let Some(all) = scan.filtered.filter(|all| *all > listed) {
        document.defect(format!("the report counts {all} results and lists {listed}: ask for all rows"));
    }
    if let Some(why) = scan.filter.as_deref().and_then(hides) {
        document.defect(why);
    }
    if matches!(document.status, Status::Failed { .. }) {
        document.rows.clear();
    }
}

/// What a report's filter leaves out that would be a vulnerability.
fn hides(filter: &str) -> Option<String> {
    for word in filter.split_whitespace() {
        if let Some(levels) = word.strip_prefix("levels=")
            && let Some(missing) = "hml".chars().find(|c| !levels.contains(*c))
        {
            return Some(format!("the report's filter (levels={levels}) leaves out level `{missing}`"));
        }
        if let Some(bound) = word.strip_prefix("severity>")
            && bound.parse::<f64>().is_ok_and(|b| b > 0.0)
        {
            return Some(format!("the report's filter leaves out severities up to {bound}"));
        }
    }
    None
}
