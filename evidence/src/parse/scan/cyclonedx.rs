//! CycloneDX bills of materials, JSON and XML, versions 1.2 to 1.7: parts at any depth, and vulnerabilities.

use super::json::{list, number, says, take};
use super::xml::{End, Met, Node, walk};
use super::{broke_off, cves, holds, opens_with, put, scope, severity, title};
use crate::document::Document;
use crate::parse::{Format, Hint};
use crate::row::Row;
use crate::text;
use serde_json::Value;
use std::collections::BTreeMap;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "cyclonedx",
    kind: "sbom",
    about: "a CycloneDX bill of materials as JSON or XML",
    looks_like: |head, _| match opens_with(head) {
        Some(b'{') => holds(head, "\"bomFormat\"") && holds(head, "CycloneDX"),
        _ => holds(head, "cyclonedx.org/schema/bom"),
    },
    read,
};

/// One part, out of either form.
#[derive(Default)]
struct Part {
    reference: Option<String>,
    name: String,
    version: Option<String>,
    purl: Option<String>,
    kind: Option<String>,
    supplier: Option<String>,
    licence: Option<String>,
}

/// One vulnerability, out of either form.
#[derive(Default)]
struct Flaw {
    id: Option<String>,
    others: Vec<String>,
    ratings: Vec<(Option<String>, Option<f64>, String)>,
    affects: Vec<String>,
    mended: Option<String>,
    about: Option<String>,
    published: Option<String>,
    dismissed: Option<String>,
}

#[derive(Default)]
struct Bill {
    product: Option<Part>,
    group: Option<String>,
    tool: Option<(String, Option<String>)>,
    made: Option<String>,
    parts: Vec<Result<Part, String>>,
    flaws: Vec<Flaw>,
}

fn read(raw: &[u8], name: &str, hint: &Hint<'_>) -> Document {
    let kind = hint.kind.unwrap_or(FORMAT.kind);
    let taken = if opens_with(raw) == Some(b'<') { from_xml(raw) } else { from_json(raw) };
    let (bill, cut) = match taken {
        Ok(taken) => taken,
        Err(why) => return Document::failed(FORMAT.name, kind, why),
    };
    let mut document = Document::new(FORMAT.name, kind);
    if let Some((tool, version)) = bill.tool {
        document.tool = Some(tool);
        document.tool_version = version;
    }
    document.made = bill.made.as_deref().and_then(text::instant);
    document.made.into_iter().for_each(|at| document.saw(at));
    let product = bill.product.map(|p| p.name);
    let named = product.as_ref().map(|p| bill.group.iter().chain([p]).cloned().collect::<Vec<_>>().join("/"));
    document.scope = scope(named.as_deref().unwrap_or(name));
    let mut by_reference = BTreeMap::new();
    for (number, part) in bill.parts.into_iter().enumerate() {
        match part {
            Ok(part) => {
                put(
                    &mut document,
                    component(&part, product.as_deref()),
                    format_args!("component {}", number + 1),
                );
                if let Some(reference) = part.reference {
                    by_reference.insert(reference, (part.name, part.version));
                }
            }
            Err(why) => document.defect(format!("component {}: {why}", number + 1)),
        }
    }
    for (number, flaw) in bill.flaws.iter().enumerate() {
        let place = format_args!("vulnerability {}", number + 1);
        match vulnerability(flaw, &by_reference, product.as_deref()) {
            Some(row) => put(&mut document, row, place),
            None => document.defect(format!("{place} has no id")),
        }
        if let Some(state) = &flaw.dismissed {
            document.remark(format!("{place}: its maker states `{state}`"));
        }
    }
    if let Some(why) = cut {
        broke_off(&mut document, why);
    }
    document
}

fn component(part: &Part, product: Option<&str>) -> Row {
    Row::of("component")
        .with("name", part.name.as_str())
        .with("version", part.version.as_deref())
        .with("purl", part.purl.as_deref())
        .with("kind", part.kind.as_deref())
        .with("supplier", part.supplier.as_deref())
        .with("licence", part.licence.as_deref())
        .with("product", product)
}

fn vulnerability(
    flaw: &Flaw,
    parts: &BTreeMap<String, (String, Option<String>)>,
    product: Option<&str>,
) -> Option<Row> {
    let id = flaw.id.as_deref()?;
    let order = ["none", "low", "medium", "high", "critical"];
    let worst = flaw.ratings.iter().filter_map(|r| r.0.clone());
    let worst = worst.max_by_key(|s| order.iter().position(|o| o == s).map_or(-1, |p| p as i64));
    // Third and fourth generation of CVSS first; the older one counts otherwise.
    let newer = |method: &str| method.starts_with("cvssv3") || method.starts_with("cvssv4");
    let points = |new: bool| {
        let scores = flaw.ratings.iter().filter(move |r| newer(&r.2) == new).filter_map(|r| r.1);
        scores.filter(|s| (0.0..=10.0).contains(s)).reduce(f64::max)
    };
    // A reference to another bill ends in the part's own reference.
    let find = |r: &String| parts.get(r).or_else(|| parts.get(r.rsplit_once('#')?.1));
    let hit: Vec<_> = flaw.affects.iter().filter_map(find).collect();
    let names: Vec<&str> = hit.iter().map(|p| p.0.as_str()).collect();
    let versions: Vec<&str> = hit.iter().filter_map(|p| p.1.as_deref()).collect();
    let join = |words: Vec<&str>| (!words.is_empty()).then(|| words.join(", "));
    Some(
        Row::of("vulnerability")
            .with("id", id)
            .with("cve", cves([id].into_iter().chain(flaw.others.iter().map(String::as_str))))
            .with("device", product.map(text::name))
            .with("title", flaw.about.as_deref().map(title))
            .with("severity", worst)
            .with("score", points(true).or_else(|| points(false)))
            .with("package", join(names))
            .with("version", join(versions))
            .with("fixed_in", flaw.mended.as_deref())
            .with("published_at", flaw.published.as_deref().and_then(text::instant)),
    )
}

type Taken = Result<(Bill, Option<String>), String>;

fn from_json(raw: &[u8]) -> Taken {
    let taken = take(raw, 2)?;
    let value = &taken.value;
    if says(value, "bomFormat").is_none_or(|f| !f.eq_ignore_ascii_case("cyclonedx")) && taken.cut.is_none() {
        return Err("`bomFormat` is not CycloneDX".to_owned());
    }
    let mut bill = Bill::default();
    if let Some(meta) = value.get("metadata") {
        bill.made = owned(meta, "timestamp");
        let tools = meta.get("tools");
        let first = tools.and_then(|t| t.get(0).or_else(|| t.get("components")?.get(0)));
        bill.tool = first.and_then(|t| Some((owned(t, "name")?, owned(t, "version"))));
        if let Some(product) = meta.get("component") {
            bill.group = owned(product, "group");
            bill.product = json_part(product).ok();
        }
    }
    for (name, parts) in
        [("components", value.get("components")), ("vulnerabilities", value.get("vulnerabilities"))]
    {
        if parts.is_some_and(|p| !p.is_array() && !p.is_null()) {
            return Err(format!("`{name}` is no list"));
        }
    }
    json_parts(list(value, "components"), &mut bill.parts);
    bill.flaws = list(value, "vulnerabilities").iter().map(json_flaw).collect();
    Ok((bill, taken.cut))
}

/// Every part, each before the ones within it. The depth is that of the JSON, which is bounded.
fn json_parts(parts: &[Value], into: &mut Vec<Result<Part, String>>) {
    for part in parts {
        into.push(json_part(part));
        json_parts(list(part, "components"), into);
    }
}

fn owned(value: &Value, name: &str) -> Option<String> {
    says(value, name).map(str::to_owned)
}

fn json_part(part: &Value) -> Result<Part, String> {
    let supplier =
        ["supplier", "manufacturer"].iter().find_map(|n| part.get(n).and_then(|s| owned(s, "name")));
    let licences = list(part, "licenses").iter().filter_map(|l| {
        let named = l.get("license");
        named.and_then(|n| says(n, "id").or_else(|| says(n, "name"))).or_else(|| says(l, "expression"))
    });
    let licences: Vec<&str> = licences.collect();
    Ok(Part {
        reference: owned(part, "bom-ref"),
        name: owned(part, "name").ok_or("it has no name")?,
        version: owned(part, "version"),
        purl: owned(part, "purl"),
        kind: owned(part, "type"),
        supplier: supplier.or_else(|| owned(part, "publisher")),
        licence: (!licences.is_empty()).then(|| licences.join(", ")),
    })
}

fn json_flaw(flaw: &Value) -> Flaw {
    let ratings = list(flaw, "ratings").iter().map(|r| {
        let method = says(r, "method").unwrap_or("").to_ascii_lowercase();
        (says(r, "severity").and_then(severity), r.get("score").and_then(number), method)
    });
    let mended = list(flaw, "affects").iter().flat_map(|a| list(a, "versions"));
    let mended = mended.filter(|v| says(v, "status") == Some("unaffected")).find_map(|v| owned(v, "version"));
    Flaw {
        id: owned(flaw, "id"),
        others: list(flaw, "references").iter().filter_map(|r| owned(r, "id")).collect(),
        ratings: ratings.collect(),
        affects: list(flaw, "affects").iter().filter_map(|a| owned(a, "ref")).collect(),
        mended,
        about: owned(flaw, "description"),
        published: owned(flaw, "published"),
        dismissed: flaw.get("analysis").and_then(|a| owned(a, "state")).filter(|s| is_dismissed(s)),
    }
}

fn is_dismissed(state: &str) -> bool {
    matches!(state, "not_affected" | "false_positive" | "resolved" | "resolved_with_pedigree")
}

fn from_xml(raw: &[u8]) -> Taken {
    let mut bill = Bill::default();
    let mut root_is_bill = false;
    let end = walk(raw, &["metadata", "component", "vulnerability"], |path, met| match met {
        Met::Open(root) if path.len() == 1 => root_is_bill = root.name == "bom",
        Met::Whole(node) => {
            let parent = path.last().map_or("", String::as_str);
            match (parent, node.name.as_str()) {
                ("bom", "metadata") => xml_meta(&node, &mut bill),
                ("components", "component") if path.len() == 2 => xml_parts(&node, &mut bill),
                ("vulnerabilities", "vulnerability") => bill.flaws.push(xml_flaw(&node)),
                _ => {}
            }
        }
        _ => {}
    });
    match end {
        End::Refused(why) => Err(why),
        End::Cut(why) => Ok((bill, Some(why))),
        End::Whole if root_is_bill => Ok((bill, None)),
        End::Whole => Err("its root element is not `bom`".to_owned()),
    }
}

fn xml_meta(meta: &Node, bill: &mut Bill) {
    bill.made = xml_owned(meta, "timestamp");
    let tools = meta.child("tools");
    let first = tools.and_then(|t| t.child("tool").or_else(|| t.child("components")?.child("component")));
    bill.tool = first.and_then(|t| Some((xml_owned(t, "name")?, xml_owned(t, "version"))));
    if let Some(product) = meta.child("component") {
        bill.group = xml_owned(product, "group");
        bill.product = xml_part(product).ok();
    }
}

fn xml_owned(node: &Node, name: &str) -> Option<String> {
    node.says(name).map(str::to_owned)
}

fn xml_parts(part: &Node, bill: &mut Bill) {
    bill.parts.push(xml_part(part));
    // Versions 1.2 and 1.3 had vulnerabilities as an extension within the part.
    for flaw in part.all("vulnerabilities").flat_map(|v| v.all("vulnerability")) {
        let mut flaw = xml_flaw(flaw);
        flaw.affects.extend(part.attr("bom-ref").map(str::to_owned));
        bill.flaws.push(flaw);
    }
    for inner in part.all("components").flat_map(|c| c.all("component")) {
        xml_parts(inner, bill);
    }
}

fn xml_part(part: &Node) -> Result<Part, String> {
    let supplier =
        ["supplier", "manufacturer"].iter().find_map(|n| part.child(n).and_then(|s| xml_owned(s, "name")));
    let licences: Vec<&str> = part
        .all("licenses")
        .flat_map(Node::children)
        .filter_map(
            |l| if l.name == "expression" { l.text() } else { l.says("id").or_else(|| l.says("name")) },
        )
        .collect();
    Ok(Part {
        reference: part.attr("bom-ref").map(str::to_owned),
        name: xml_owned(part, "name").ok_or("it has no name")?,
        version: xml_owned(part, "version"),
        purl: xml_owned(part, "purl"),
        kind: part.attr("type").map(str::to_owned),
        supplier: supplier.or_else(|| xml_owned(part, "publisher")),
        licence: (!licences.is_empty()).then(|| licences.join(", ")),
    })
}

fn xml_flaw(flaw: &Node) -> Flaw {
    let ratings = flaw.all("ratings").flat_map(|r| r.all("rating")).map(|r| {
        // The old extension has `score/base` where newer versions have `score`.
        let points = r.child("score").and_then(|s| s.says("base").or_else(|| s.text()));
        let method = r.says("method").unwrap_or("").to_ascii_lowercase();
        (r.says("severity").and_then(severity), points.and_then(super::score), method)
    });
    let targets: Vec<&Node> = flaw.all("affects").flat_map(|a| a.all("target")).collect();
    let versions = targets.iter().flat_map(|t| t.all("versions")).flat_map(|v| v.all("version"));
    let mended = versions.filter(|v| v.says("status") == Some("unaffected"));
    let mut mended = mended.filter_map(|v| xml_owned(v, "version"));
    let other = flaw.all("references").flat_map(|r| r.all("reference"));
    Flaw {
        id: xml_owned(flaw, "id"),
        others: other.filter_map(|r| xml_owned(r, "id")).collect(),
        ratings: ratings.collect(),
        affects: targets.iter().filter_map(|t| xml_owned(t, "ref")).collect(),
        mended: mended.next(),
        about: xml_owned(flaw, "description"),
        published: xml_owned(flaw, "published"),
        dismissed: flaw.child("analysis").and_then(|a| xml_owned(a, "state")).filter(|s| is_dismissed(s)),
    }
}
