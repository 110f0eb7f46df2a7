//! grype's JSON (`-o json`): vulnerabilities that match the parts of an image, folder or bill of materials.

use super::json::{list, number, says, take};
use super::{broke_off, cves, holds, opens_with, put, scope, severity, title};
use crate::document::Document;
use crate::parse::{Format, Hint};
use crate::row::Row;
use crate::text;
use serde_json::Value;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "grype",
    kind: "package-vulnerabilities",
    about: "JSON of grype (`-o json`)",
    looks_like: |head, _| {
        opens_with(head) == Some(b'{')
            && holds(head, "\"matches\"")
            && ["\"artifact\"", "\"descriptor\"", "\"ignoredMatches\""].iter().any(|w| holds(head, w))
    },
    read,
};

fn read(raw: &[u8], name: &str, hint: &Hint<'_>) -> Document {
    let mut document = Document::new(FORMAT.name, hint.kind.unwrap_or(FORMAT.kind));
    let taken = match take(raw, 2) {
        Ok(taken) => taken,
        Err(why) => return Document::failed(FORMAT.name, &document.kind, why),
    };
    let value = &taken.value;
    let Some(matches) = value.get("matches").filter(|m| m.is_array() || m.is_null()) else {
        let why = taken.cut.unwrap_or_else(|| "holds no list of matches".to_owned());
        return Document::failed(FORMAT.name, &document.kind, why);
    };
    let tool = value.get("descriptor");
    document.tool = Some("grype".to_owned());
    document.tool_version = tool.and_then(|t| says(t, "version")).map(str::to_owned);
    document.made = tool.and_then(|t| says(t, "timestamp")).and_then(text::instant);
    document.made.into_iter().for_each(|at| document.saw(at));
    let target = value.get("source").and_then(|s| s.get("target"));
    let target = target.and_then(|t| t.as_str().or_else(|| says(t, "userInput")));
    // The source stands behind the matches: of a cut file the target is not known.
    document.scope = scope(target.unwrap_or(if taken.cut.is_some() { "" } else { name }));
    for (place, found) in matches.as_array().into_iter().flatten().enumerate() {
        match row(found, target) {
            Ok(row) => put(&mut document, row, format_args!("match {}", place + 1)),
            Err(why) => document.defect(format!("match {}: {why}", place + 1)),
        }
    }
    let ignored = list(value, "ignoredMatches").len();
    if ignored > 0 {
        document.remark(format!("{ignored} matches were ignored by rules of the one who scanned"));
    }
    if let Some(why) = taken.cut {
        broke_off(&mut document, why);
    }
    document
}

fn row(found: &Value, target: Option<&str>) -> Result<Row, &'static str> {
    let flaw = found.get("vulnerability").ok_or("names no vulnerability")?;
    let id = says(flaw, "id").ok_or("its vulnerability has no id")?;
    let part = found.get("artifact").ok_or("names no artifact")?;
    let package = says(part, "name").ok_or("its artifact has no name")?;
    let related = list(found, "relatedVulnerabilities");
    let ids = [id].into_iter().chain(related.iter().filter_map(|r| says(r, "id")));
    let fixes = flaw.get("fix").map(|f| list(f, "versions")).unwrap_or_default();
    let fixes: Vec<&str> = fixes.iter().filter_map(Value::as_str).collect();
    let fixed = if fixes.is_empty() {
        says(flaw, "fixedInVersion").map(str::to_owned)
    } else {
        Some(fixes.join(", "))
    };
    let points = points(flaw).or_else(|| related.iter().find_map(points));
    Ok(Row::of("vulnerability")
        .with("id", id)
        .with("cve", cves(ids))
        .with("device", target.map(text::name))
        .with("title", says(flaw, "description").map(title))
        .with("severity", says(flaw, "severity").and_then(severity))
        .with("score", points)
        .with("package", package)
        .with("version", says(part, "version"))
        .with("fixed_in", fixed)
        .with("exploited", (!list(flaw, "knownExploited").is_empty()).then_some(true)))
}

/// The base score: of CVSS 3 or 4 where there is one, else of CVSS 2; older versions write it otherwise.
fn points(flaw: &Value) -> Option<f64> {
    let base = |c: &Value| c.get("metrics")?.get("baseScore").and_then(number);
    let of = |new: bool| {
        let scores = list(flaw, "cvss").iter().filter(move |c| {
            says(c, "version").is_some_and(|v| v.starts_with('3') || v.starts_with('4')) == new
        });
        scores.filter_map(base).reduce(f64::max)
    };
    let old = |name: &str| flaw.get(name)?.get("baseScore").and_then(number);
    let found = of(true).or_else(|| old("cvssV3")).or_else(|| of(false)).or_else(|| old("cvssV2"));
    found.filter(|s| (0.0..=10.0).contains(s))
}
