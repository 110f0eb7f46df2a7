//! OSV-Scanner's JSON (`--format json`): vulnerabilities of the packages in lock files, images and bills of materials.

use super::json::{list, says, take};
use super::{broke_off, cves, holds, opens_with, put, scope, score, severity, title};
use crate::document::Document;
use crate::parse::{Format, Hint};
use crate::row::Row;
use crate::text;
use serde_json::Value;
use std::collections::BTreeSet;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "osv-scanner",
    kind: "package-vulnerabilities",
    about: "JSON of OSV-Scanner (`--format json`)",
    looks_like: |head, _| {
        let start: String =
            head.iter().take(200).map(|b| char::from(*b)).filter(|c| !c.is_whitespace()).collect();
        opens_with(head) == Some(b'{')
            && start.contains("{\"results\":[")
            && (start.contains("[]") || (holds(head, "\"source\"") && holds(head, "\"packages\"")))
    },
    read,
};

fn read(raw: &[u8], name: &str, hint: &Hint<'_>) -> Document {
    let mut document = Document::new(FORMAT.name, hint.kind.unwrap_or(FORMAT.kind));
    document.tool = Some("osv-scanner".to_owned());
    let taken = match take(raw, 6) {
        Ok(taken) => taken,
        Err(why) => return Document::failed(FORMAT.name, &document.kind, why),
    };
    let Some(results) = taken.value.get("results").filter(|r| r.is_array() || r.is_null()) else {
        return Document::failed(
            FORMAT.name,
            &document.kind,
            taken.cut.unwrap_or("holds no results".to_owned()),
        );
    };
    let mut sources = BTreeSet::new();
    for (number, result) in results.as_array().into_iter().flatten().enumerate() {
        let Some(path) = result.get("source").and_then(|s| says(s, "path")) else {
            document.defect(format!("result {} names no source", number + 1));
            continue;
        };
        sources.insert(path.to_owned());
        for (place, package) in list(result, "packages").iter().enumerate() {
            let at = format!("`{}`, package {}", title(path), place + 1);
            put_package(package, path, &at, &mut document);
        }
    }
    let sources = sources.into_iter().collect::<Vec<_>>().join(" ");
    document.scope = scope(if sources.is_empty() { name } else { &sources });
    if let Some(why) = taken.cut {
        broke_off(&mut document, why);
    }
    document
}

fn put_package(entry: &Value, path: &str, at: &str, document: &mut Document) {
    // A package that is known by a commit only has no name.
    let package = entry.get("package");
    let name = package.and_then(|p| says(p, "name").or_else(|| says(p, "commit")));
    let Some((package, name)) = package.zip(name) else {
        return document.defect(format!("{at} has no name"));
    };
    let licences: Vec<&str> = list(entry, "licenses").iter().filter_map(Value::as_str).collect();
    let row = Row::of("component")
        .with("name", name)
        .with("version", says(package, "version"))
        .with("licence", (!licences.is_empty()).then(|| licences.join(", ")))
        .with("product", path);
    put(document, row, format_args!("{at}"));
    for (number, flaw) in list(entry, "vulnerabilities").iter().enumerate() {
        let at = format_args!("{at}, vulnerability {}", number + 1);
        match vulnerability(flaw, package, name, list(entry, "groups")) {
            Some(row) => put(document, row.with("device", text::name(path)), at),
            None => document.defect(format!("{at} has no id")),
        }
    }
}

fn vulnerability(flaw: &Value, package: &Value, name: &str, groups: &[Value]) -> Option<Row> {
    let id = says(flaw, "id")?;
    let aliases = list(flaw, "aliases").iter().filter_map(Value::as_str);
    let group = groups.iter().find(|g| list(g, "ids").iter().any(|i| i.as_str() == Some(id)));
    let own = flaw.get("database_specific").and_then(|d| says(d, "severity"));
    let fixed = fixed(flaw, package);
    Some(
        Row::of("vulnerability")
            .with("id", id)
            .with("cve", cves([id].into_iter().chain(aliases)))
            .with("title", says(flaw, "summary").or_else(|| says(flaw, "details")).map(title))
            .with("severity", own.and_then(severity))
            .with("score", group.and_then(|g| says(g, "max_severity")).and_then(score))
            .with("package", name)
            .with("version", says(package, "version"))
            .with("fixed_in", (!fixed.is_empty()).then(|| fixed.join(", ")))
            .with("published_at", says(flaw, "published").and_then(text::instant)),
    )
}

/// The versions that mend it, of the entries about this very package.
fn fixed<'a>(flaw: &'a Value, package: &Value) -> Vec<&'a str> {
    let same = |a: &Value| {
        a.get("package").is_some_and(|p| {
            says(p, "name") == says(package, "name") && says(p, "ecosystem") == says(package, "ecosystem")
        })
    };
    let ranges = list(flaw, "affected").iter().filter(|a| same(a)).flat_map(|a| list(a, "ranges"));
    let ranges = ranges.filter(|r| says(r, "type") != Some("GIT"));
    ranges.flat_map(|r| list(r, "events")).filter_map(|e| says(e, "fixed")).collect()
}
