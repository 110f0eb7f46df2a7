//! trivy's JSON: one artefact (schema 2), a cluster, or the list of targets that versions before 0.20 wrote.

use super::json::{list, number, says, take};
use super::{broke_off, cves, holds, opens_with, put, scope, severity, title};
use crate::document::Document;
use crate::parse::{Format, Hint};
use crate::row::Row;
use crate::text;
use serde_json::Value;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "trivy",
    kind: "package-vulnerabilities",
    about: "JSON of trivy (`--format json`)",
    looks_like: |head, _| match opens_with(head) {
        Some(b'{') => {
            (holds(head, "\"SchemaVersion\"")
                && (holds(head, "\"ArtifactName\"") || holds(head, "\"Results\"")))
                || (holds(head, "\"ClusterName\"")
                    && (holds(head, "\"Resources\"") || holds(head, "\"Findings\"")))
        }
        Some(b'[') => {
            holds(head, "\"Target\"") && (holds(head, "\"Vulnerabilities\"") || holds(head, "\"Type\""))
        }
        _ => false,
    },
    read,
};

fn read(raw: &[u8], name: &str, hint: &Hint<'_>) -> Document {
    let mut document = Document::new(FORMAT.name, hint.kind.unwrap_or(FORMAT.kind));
    document.tool = Some("trivy".to_owned());
    let taken = match take(raw, if opens_with(raw) == Some(b'[') { 3 } else { 4 }) {
        Ok(taken) => taken,
        Err(why) => return Document::failed(FORMAT.name, &document.kind, why),
    };
    let value = &taken.value;
    let known = ["SchemaVersion", "ArtifactName", "Results", "ClusterName", "Resources", "Findings"];
    let empty = match value {
        Value::Array(targets) => targets.is_empty(),
        Value::Object(members) => !known.iter().any(|k| members.contains_key(*k)),
        _ => true,
    };
    if empty {
        let why = taken.cut.unwrap_or_else(|| "names no target that was looked at".to_owned());
        return Document::failed(FORMAT.name, &document.kind, why);
    }
    if let Value::Array(targets) = value {
        let first = targets.first().and_then(|t| says(t, "Target"));
        document.scope = scope(first.unwrap_or(name));
        results(targets, None, None, &mut document);
    } else {
        head(value, name, &mut document);
        let artefact = says(value, "ArtifactName");
        let ended = value.get("Metadata").and_then(|m| m.get("OS")?.get("EOSL")?.as_bool());
        if value.get("Results").is_some_and(|r| !r.is_array() && !r.is_null()) {
            return Document::failed(FORMAT.name, &document.kind, "`Results` is no list");
        }
        results(list(value, "Results"), artefact, ended, &mut document);
        for resource in list(value, "Resources").iter().chain(list(value, "Findings")) {
            cluster(resource, &mut document);
        }
    }
    if let Some(why) = taken.cut {
        broke_off(&mut document, why);
    }
    document
}

fn head(value: &Value, name: &str, document: &mut Document) {
    let artefact = says(value, "ArtifactName").or_else(|| says(value, "ClusterName"));
    document.scope = scope(artefact.unwrap_or(name));
    document.tool_version = value.get("Trivy").and_then(|t| says(t, "Version")).map(str::to_owned);
    document.made = says(value, "CreatedAt").and_then(text::instant);
    document.made.into_iter().for_each(|at| document.saw(at));
}

/// One workload of a cluster; it may say that it could not be scanned.
fn cluster(resource: &Value, document: &mut Document) {
    let parts = ["Namespace", "Kind", "Name"].iter().filter_map(|n| says(resource, n));
    let name = parts.collect::<Vec<_>>().join("/");
    if let Some(error) = says(resource, "Error") {
        document.defect(format!("`{name}`: {}", title(error)));
    }
    let ended = list(resource, "Metadata").iter().find_map(|m| m.get("OS")?.get("EOSL")?.as_bool());
    results(list(resource, "Results"), Some(&name), ended, document);
}

fn results(targets: &[Value], artefact: Option<&str>, ended: Option<bool>, document: &mut Document) {
    for (number, target) in targets.iter().enumerate() {
        let Some(called) = says(target, "Target") else {
            document.defect(format!("result {} names no target", number + 1));
            continue;
        };
        let device = artefact.unwrap_or(called);
        let system = says(target, "Class") == Some("os-pkgs");
        for (place, package) in list(target, "Packages").iter().enumerate() {
            let at = format_args!("`{called}`, package {}", place + 1);
            match component(package, called, system) {
                Some(row) => put(document, row, at),
                None => document.defect(format!("{at} has no name")),
            }
        }
        for (place, flaw) in list(target, "Vulnerabilities").iter().enumerate() {
            let at = format_args!("`{called}`, vulnerability {}", place + 1);
            match vulnerability(flaw, device, ended.filter(|e| *e && system)) {
                Some(row) => put(document, row, at),
                None => document.defect(format!("{at} lacks its id or package")),
            }
        }
    }
}

fn component(package: &Value, product: &str, system: bool) -> Option<Row> {
    let licences: Vec<&str> = list(package, "Licenses").iter().filter_map(Value::as_str).collect();
    let purl = package.get("Identifier").and_then(|i| says(i, "PURL"));
    Some(
        Row::of("component")
            .with("name", says(package, "Name")?)
            .with("version", says(package, "Version"))
            .with("purl", purl)
            .with("kind", (!system).then_some("library"))
            .with("supplier", says(package, "Maintainer"))
            .with("licence", (!licences.is_empty()).then(|| licences.join(", ")))
            .with("product", product),
    )
}

fn vulnerability(flaw: &Value, device: &str, unsupported: Option<bool>) -> Option<Row> {
    let id = says(flaw, "VulnerabilityID")?;
    Some(
        Row::of("vulnerability")
            .with("id", id)
            .with("cve", cves([id]))
            .with("device", text::name(device))
            .with("title", says(flaw, "Title").or_else(|| says(flaw, "Description")).map(title))
            .with("severity", says(flaw, "Severity").and_then(severity))
            .with("score", points(flaw))
            .with("package", says(flaw, "PkgName")?)
            .with("version", says(flaw, "InstalledVersion"))
            .with("fixed_in", says(flaw, "FixedVersion"))
            .with(
                "unsupported",
                unsupported.or_else(|| (says(flaw, "Status") == Some("end_of_life")).then_some(true)),
            )
            .with("published_at", says(flaw, "PublishedDate").and_then(text::instant)),
    )
}

/// The base score of the source that the severity is from, else the highest; CVSS 4 or 3 before 2.
fn points(flaw: &Value) -> Option<f64> {
    let all = flaw.get("CVSS")?.as_object()?;
    let of = |source: &Value, names: &[&str]| {
        names.iter().find_map(|n| source.get(n).and_then(number)).filter(|s| *s > 0.0 && *s <= 10.0)
    };
    let new = ["V3Score", "V40Score"];
    let own = says(flaw, "SeveritySource").and_then(|s| all.get(s)).and_then(|s| of(s, &new));
    let highest = |names: &[&str]| all.values().filter_map(|s| of(s, names)).reduce(f64::max);
    own.or_else(|| highest(&new)).or_else(|| highest(&["V2Score"]))
}
