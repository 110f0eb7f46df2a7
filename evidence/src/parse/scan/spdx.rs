//! SPDX bills of materials: 2.x as JSON or tag-value, 3.x as JSON-LD.

use super::json::{list, says, take};
use super::{broke_off, decode, holds, opens_with, put, scope};
use crate::document::Document;
use crate::parse::{Format, Hint};
use crate::row::Row;
use crate::text;
use serde_json::Value;
use std::collections::BTreeMap;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "spdx",
    kind: "sbom",
    about: "an SPDX bill of materials: 2.x as JSON or tag-value, 3.x as JSON-LD",
    looks_like: |head, _| match opens_with(head) {
        Some(b'{') => ["\"spdxVersion\"", "\"SPDXRef-", "spdx.org/rdf/3"].iter().any(|w| holds(head, w)),
        _ => holds(head, "SPDXVersion:"),
    },
    read,
};

#[derive(Default)]
struct Package {
    name: String,
    version: Option<String>,
    purl: Option<String>,
    kind: Option<String>,
    supplier: Option<String>,
    licence: Option<String>,
}

fn read(raw: &[u8], name: &str, hint: &Hint<'_>) -> Document {
    let mut document = Document::new(FORMAT.name, hint.kind.unwrap_or(FORMAT.kind));
    let cut = match opens_with(raw) {
        Some(b'{') => json(raw, name, &mut document),
        _ => tags(raw, name, &mut document),
    };
    match cut {
        Ok(None) => {}
        Ok(Some(why)) => broke_off(&mut document, why),
        Err(why) => return Document::failed(FORMAT.name, &document.kind, why),
    }
    document
}

fn put_package(document: &mut Document, package: &Package, product: Option<&str>, number: usize) {
    let row = Row::of("component")
        .with("name", package.name.as_str())
        .with("version", package.version.as_deref())
        .with("purl", package.purl.as_deref())
        .with("kind", package.kind.as_deref())
        .with("supplier", package.supplier.as_deref())
        .with("licence", package.licence.as_deref())
        .with("product", product);
    put(document, row, format_args!("package {number}"));
}

/// A value, unless it says that nothing is said.
fn stated(value: &str) -> Option<&str> {
    Some(value.trim()).filter(|v| !matches!(*v, "" | "NOASSERTION" | "NONE"))
}

/// The name behind `Organization: ` or `Person: `.
fn party(value: &str) -> Option<String> {
    let value = stated(value)?;
    let plain =
        value.strip_prefix("Organization:").or_else(|| value.strip_prefix("Person:")).unwrap_or(value);
    stated(plain).map(str::to_owned)
}

/// `Tool: syft-1.50.0` → its name and version.
fn creator(words: &str, document: &mut Document) {
    let Some(tool) = words.trim().strip_prefix("Tool:").map(str::trim) else { return };
    if document.tool.is_some() {
        return;
    }
    let version = tool
        .rsplit_once('-')
        .filter(|(_, v)| v.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()));
    document.tool = Some(version.map_or(tool, |(name, _)| name).to_owned());
    document.tool_version = version.map(|(_, v)| v.to_owned());
}

fn json(raw: &[u8], name: &str, document: &mut Document) -> Result<Option<String>, String> {
    let taken = take(raw, 3)?;
    // A forge wraps the bill into an object of its own.
    let value = taken.value.get("sbom").filter(|s| s.is_object()).unwrap_or(&taken.value);
    if value.get("@graph").is_some() {
        graph(value, name, document)?;
        return Ok(taken.cut);
    }
    if says(value, "spdxVersion").is_none() && taken.cut.is_none() {
        return Err("names no version of SPDX".to_owned());
    }
    if value.get("packages").is_some_and(|p| !p.is_array()) {
        return Err("`packages` is no list".to_owned());
    }
    let product = says(value, "name");
    document.scope = scope(product.unwrap_or(name));
    if let Some(creation) = value.get("creationInfo") {
        document.made = says(creation, "created").and_then(text::instant);
        list(creation, "creators").iter().filter_map(Value::as_str).for_each(|c| creator(c, document));
    }
    document.made.into_iter().for_each(|at| document.saw(at));
    for (number, package) in list(value, "packages").iter().enumerate() {
        let Some(called) = says(package, "name") else {
            document.defect(format!("package {} has no name", number + 1));
            continue;
        };
        let said = |member: &str| says(package, member).and_then(stated).map(str::to_owned);
        let purl = list(package, "externalRefs").iter().find(|r| says(r, "referenceType") == Some("purl"));
        let package = Package {
            name: called.to_owned(),
            version: said("versionInfo"),
            purl: purl.and_then(|r| says(r, "referenceLocator")).map(str::to_owned),
            kind: said("primaryPackagePurpose").map(|k| k.to_ascii_lowercase()),
            supplier: says(package, "supplier").and_then(party),
            licence: said("licenseConcluded").or_else(|| said("licenseDeclared")),
        };
        put_package(document, &package, product, number + 1);
    }
    Ok(taken.cut)
}

/// SPDX 3: one list of elements that name each other.
fn graph(value: &Value, name: &str, document: &mut Document) -> Result<(), String> {
    let elements = value.get("@graph").and_then(Value::as_array).ok_or("`@graph` is no list")?;
    let kind = |e: &Value| says(e, "type").or_else(|| says(e, "@type")).unwrap_or("").to_owned();
    let names: BTreeMap<&str, &str> = elements
        .iter()
        .filter_map(|e| Some((says(e, "spdxId").or_else(|| says(e, "@id"))?, says(e, "name")?)))
        .collect();
    let bill = elements.iter().find(|e| kind(e) == "SpdxDocument");
    let product = bill.and_then(|b| says(b, "name"));
    document.scope = scope(product.unwrap_or(name));
    let creation = elements.iter().find(|e| kind(e) == "CreationInfo");
    document.made = creation.and_then(|c| says(c, "created")).and_then(text::instant);
    document.made.into_iter().for_each(|at| document.saw(at));
    document.tool =
        elements.iter().find(|e| kind(e) == "Tool").and_then(|t| says(t, "name")).map(str::to_owned);
    for (number, element) in elements.iter().enumerate().filter(|(_, e)| kind(e) == "software_Package") {
        let Some(called) = says(element, "name") else {
            document.defect(format!("element {} of `@graph` has no name", number + 1));
            continue;
        };
        let supplier = says(element, "suppliedBy").or_else(|| list(element, "suppliedBy").first()?.as_str());
        let package = Package {
            name: called.to_owned(),
            version: says(element, "software_packageVersion").map(str::to_owned),
            purl: says(element, "software_packageUrl").map(str::to_owned),
            kind: says(element, "software_primaryPurpose").map(str::to_ascii_lowercase),
            supplier: supplier.and_then(|id| names.get(id)).map(|n| (*n).to_owned()),
            licence: None,
        };
        put_package(document, &package, product, number + 1);
    }
    Ok(())
}

/// Tag-value: a package begins with its name and ends where another element begins.
fn tags(raw: &[u8], name: &str, document: &mut Document) -> Result<Option<String>, String> {
    let (text, broken) = decode(raw);
    let mut tags = Tags { document, product: None, package: None, number: 0 };
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let Some((tag, value)) = line.split_once(':') else { continue };
        let mut value = value.to_owned();
        if value.contains("<text>") {
            while !value.contains("</text>") {
                match lines.next() {
                    Some(more) => value.push_str(more),
                    None => return Ok(Some("a text is not closed".to_owned())),
                }
            }
            value = value.replace("<text>", "").replace("</text>", "");
        }
        // A line without its end may say less than was written: nothing that it touches is handed on.
        if !line.ends_with('\n') {
            tags.package = tags.package.take().filter(|_| !line.contains(':'));
            break;
        }
        tags.line(tag.trim(), value.trim());
    }
    tags.hand_on();
    let product = tags.product.take();
    document.scope = scope(product.as_deref().unwrap_or(name));
    document.made.into_iter().for_each(|at| document.saw(at));
    let cut =
        (!text.ends_with('\n')).then(|| "the last line has no end: the file may have been cut".to_owned());
    Ok(broken.or(cut))
}

struct Tags<'a> {
    document: &'a mut Document,
    product: Option<String>,
    package: Option<Package>,
    number: usize,
}

impl Tags<'_> {
    fn line(&mut self, tag: &str, value: &str) {
        match tag {
            "DocumentName" => self.product = stated(value).map(str::to_owned),
            "Creator" => creator(value, self.document),
            "Created" => self.document.made = text::instant(value),
            "PackageName" => {
                self.hand_on();
                self.package = Some(Package { name: value.to_owned(), ..Package::default() });
            }
            "FileName" | "SnippetSPDXID" | "LicenseID" | "Relationship" | "Annotator" => self.hand_on(),
            _ => self.of_package(tag, value),
        }
    }

    fn of_package(&mut self, tag: &str, value: &str) {
        let Some(package) = &mut self.package else { return };
        let said = stated(value).map(str::to_owned);
        match tag {
            "PackageVersion" => package.version = said,
            "PackageSupplier" => package.supplier = party(value),
            "PackageLicenseConcluded" => package.licence = said.or_else(|| package.licence.take()),
            "PackageLicenseDeclared" => package.licence = package.licence.take().or(said),
            "PrimaryPackagePurpose" => package.kind = said.map(|k| k.to_ascii_lowercase()),
            "ExternalRef" => {
                let mut words = value.split_whitespace();
                if let (Some(_), Some("purl"), Some(purl)) = (words.next(), words.next(), words.next()) {
                    package.purl = Some(purl.to_owned());
                }
            }
            _ => {}
        }
    }

    fn hand_on(&mut self) {
        let Some(package) = self.package.take() else { return };
        self.number += 1;
        if package.name.is_empty() {
            self.document.defect(format!("package {} has no name", self.number));
        } else {
            put_package(self.document, &package, self.product.as_deref(), self.number);
        }
    }
}
