//! The envelope of a document: who it speaks of, whose side, which tool, when, how whole. And its form in a log.

use crate::document::{Document, Status};
use model::{CustomerId, Side, Time};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What stands on a sealed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// `ev-` and 24 hex digits, made of everything that tells two documents apart.
    pub id: String,
    /// Whose log it lies in.
    pub customer: CustomerId,
    /// Whose systems it speaks of.
    pub side: Side,
    /// Its kind, as in [`crate::KINDS`].
    pub kind: String,
    /// Its format, as in [`crate::FORMATS`].
    pub format: String,
    /// The name of the file it came in.
    pub file: String,
    /// The tool, as the document says.
    pub tool: Option<String>,
    /// The tool's version, as the document says.
    pub tool_version: Option<String>,
    /// What was looked at.
    pub scope: String,
    /// Where the population that it is measured against comes from, as told by the one who handed it in.
    pub population: Option<String>,
    /// When it was collected, as told by the one who handed it in.
    pub collected: Time,
    /// When the tool made it, as the document says.
    pub made: Option<Time>,
    /// When it was sealed.
    pub received: Time,
    /// The first and last instant that it speaks of.
    pub covers: Option<(Time, Time)>,
    /// SHA-256 of its raw bytes, hex.
    pub sha256: String,
    /// How many raw bytes.
    pub bytes: u64,
    /// How whole it is.
    pub status: Status,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// What was odd, with its place.
    pub defects: Vec<String>,
    /// Version of the parsers that read it.
    pub parsers: u32,
    /// The mapping that gave its columns their names, when there was one.
    pub mapping: Option<String>,
}

/// What the one who hands a document in says of it.
#[derive(Debug, Clone)]
pub struct Handed<'a> {
    /// Whose log.
    pub customer: &'a CustomerId,
    /// Whose systems.
    pub side: Side,
    /// Name of the file.
    pub file: &'a str,
    /// When it was collected.
    pub collected: Time,
    /// When it arrived.
    pub received: Time,
    /// What was looked at; else the document's own word, else the file's name.
    pub scope: Option<&'a str>,
    /// Where its population comes from.
    pub population: Option<&'a str>,
    /// What time it covers; else what the document says.
    pub covers: Option<(Time, Time)>,
    /// The mapping used.
    pub mapping: Option<&'a str>,
}

impl Envelope {
    /// Puts a document that was read into its envelope.
    #[must_use]
    pub fn new(handed: &Handed<'_>, raw: &[u8], document: &Document) -> Self {
        let sha256 = crate::records::hex(raw);
        let scope = handed.scope.map(str::to_owned).or_else(|| document.scope.clone());
        let scope = scope.unwrap_or_else(|| handed.file.to_owned());
        // What a reading finds in it is no part of the id: read anew with another mapping it is the same document.
        let said = handed.scope.unwrap_or_default();
        let told = [handed.customer.as_str(), handed.side.as_str(), &document.kind, said, &sha256];
        let id = crate::records::hex(format!("{}\n{}", told.join("\n"), handed.collected).as_bytes());
        Self {
            id: format!("ev-{}", &id[..24]),
            customer: handed.customer.clone(),
            side: handed.side,
            kind: document.kind.clone(),
            format: document.format.to_owned(),
            file: handed.file.to_owned(),
            tool: document.tool.clone(),
            tool_version: document.tool_version.clone(),
            scope,
            population: handed.population.map(str::to_owned),
            collected: handed.collected,
            made: document.made,
            received: handed.received,
            covers: handed.covers.or(document.covers),
            sha256,
            bytes: raw.len() as u64,
            status: document.status.clone(),
            rows: document.counts().into_iter().map(|(table, n)| (table.to_owned(), n)).collect(),
            defects: document.defects.clone(),
            parsers: crate::PARSERS_VERSION,
            mapping: handed.mapping.map(str::to_owned),
        }
    }

    /// The day it speaks for: when it was collected, or made, if that was earlier. A new date on an old file changes nothing.
    #[must_use]
    pub fn effective(&self) -> Time {
        self.made.map_or(self.collected, |made| made.min(self.collected))
    }

    /// Its form in a log.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "evidence": 1,
            "id": self.id,
            "customer": self.customer.as_str(),
            "side": self.side.as_str(),
            "kind": self.kind,
            "format": self.format,
            "file": self.file,
            "tool": self.tool,
            "tool_version": self.tool_version,
            "scope": self.scope,
            "population": self.population,
            "collected": self.collected.to_string(),
            "made": self.made.map(|t| t.to_string()),
            "received": self.received.to_string(),
            "covers": self.covers.map(|(from, to)| [from.to_string(), to.to_string()]),
            "sha256": self.sha256,
            "bytes": self.bytes,
            "status": self.status.as_str(),
            "why": self.status.why(),
            "rows": self.rows,
            "defects": self.defects,
            "parsers": self.parsers,
            "mapping": self.mapping,
        })
    }

    /// Reads [`Envelope::to_json`] back.
    ///
    /// # Errors
    /// Which member is missing or wrong.
    pub fn from_json(value: &Value) -> Result<Self, String> {
        let map = value.as_object().filter(|m| m.get("evidence") == Some(&json!(1)));
        let map = map.ok_or("is no envelope of evidence that this version knows")?;
        let covers = match map.get("covers") {
            None | Some(Value::Null) => None,
            Some(pair) => Some((time(pair.get(0), "covers")?, time(pair.get(1), "covers")?)),
        };
        Ok(Self {
            id: text(map, "id")?,
            customer: CustomerId::parse(&text(map, "customer")?).map_err(|e| format!("`customer`: {e}"))?,
            side: Side::from_word(&text(map, "side")?).ok_or("`side` is neither provider nor customer")?,
            kind: text(map, "kind")?,
            format: text(map, "format")?,
            file: text(map, "file")?,
            tool: maybe(map, "tool"),
            tool_version: maybe(map, "tool_version"),
            scope: text(map, "scope")?,
            population: maybe(map, "population"),
            collected: time(map.get("collected"), "collected")?,
            made: map.get("made").filter(|v| !v.is_null()).map(|v| time(Some(v), "made")).transpose()?,
            received: time(map.get("received"), "received")?,
            covers,
            sha256: text(map, "sha256")?,
            bytes: map.get("bytes").and_then(Value::as_u64).ok_or("`bytes` is missing")?,
            status: status(map)?,
            rows: counts(map)?,
            defects: list(map, "defects"),
            parsers: map
                .get("parsers")
                .and_then(Value::as_u64)
                .and_then(|n| n.try_into().ok())
                .ok_or("`parsers` is missing")?,
            mapping: maybe(map, "mapping"),
        })
    }
}

fn text(map: &Map<String, Value>, name: &str) -> Result<String, String> {
    map.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| format!("`{name}` is missing"))
}

fn maybe(map: &Map<String, Value>, name: &str) -> Option<String> {
    map.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn time(value: Option<&Value>, name: &str) -> Result<Time, String> {
    value
        .and_then(Value::as_str)
        .and_then(|t| t.parse().ok())
        .ok_or_else(|| format!("`{name}` is no RFC 3339 time"))
}

fn list(map: &Map<String, Value>, name: &str) -> Vec<String> {
    let all = map.get(name).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

fn counts(map: &Map<String, Value>) -> Result<BTreeMap<String, u64>, String> {
    let rows = map.get("rows").and_then(Value::as_object).ok_or("`rows` is missing")?;
    let count = |(table, n): (&String, &Value)| Some((table.clone(), n.as_u64()?));
    rows.iter().map(count).collect::<Option<_>>().ok_or_else(|| "`rows` holds no counts".to_owned())
}

fn status(map: &Map<String, Value>) -> Result<Status, String> {
    let why = || maybe(map, "why").unwrap_or_default();
    match map.get("status").and_then(Value::as_str) {
        Some("complete") => Ok(Status::Complete),
        Some("partial") => Ok(Status::Partial { why: why() }),
        Some("failed") => Ok(Status::Failed { why: why() }),
        _ => Err("`status` is missing".to_owned()),
    }
}
