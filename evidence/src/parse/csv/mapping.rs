//! Mapping files: which heading of somebody's export fills which of our columns (`docs/evidence/csv.md`).

use super::super::pages;
use super::values::{Manner, windows_1252};
use crate::kinds::Kind;
use crate::row::Cell;
use crate::schema::{Column, Table};
use crate::text;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table as Toml, Value};

/// Mappings that come with the program, by name.
pub const MAPPINGS: &[(&str, &str)] = &[
    ("backup-jobs", include_str!("../../../mappings/backup-jobs.toml")),
    ("psa-people", include_str!("../../../mappings/psa-people.toml")),
    ("rmm-devices", include_str!("../../../mappings/rmm-devices.toml")),
    ("vendor-register", include_str!("../../../mappings/vendor-register.toml")),
    ("vpn-sessions", include_str!("../../../mappings/vpn-sessions.toml")),
];

/// The text of a mapping that comes with the program.
pub(super) fn shipped(name: &str) -> Option<&'static str> {
    MAPPINGS.iter().find(|m| m.0 == name.trim()).map(|m| m.1)
}

/// A mapping; the default one is the plain form, in which headings are our own columns.
#[derive(Default)]
pub(super) struct Mapping {
    pub(super) table: Option<&'static Table>,
    pub(super) kind: Option<&'static str>,
    pub(super) tool: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) delimiter: Option<u8>,
    /// Column → headings, the first one that is there fills it.
    pub(super) columns: Option<BTreeMap<String, Vec<String>>>,
    /// Columns whose headings may be missing.
    pub(super) optional: BTreeSet<String>,
    pub(super) constants: Vec<(&'static Column, Cell)>,
    /// Column → value in the file, lower case → ours.
    values: BTreeMap<String, BTreeMap<String, Cell>>,
    windows: bool,
    manner: Manner,
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn read(toml: &str) -> Result<Self, String> {
        let file: Toml =
            toml.parse().map_err(|error: toml::de::Error| format!("mapping: {}", error.message()))?;
        let known = [
            "table",
            "kind",
            "tool",
            "scope",
            "delimiter",
            "encoding",
            "decimal_comma",
            "dates",
            "zone",
            "columns",
            "optional",
            "constants",
            "values",
        ];
        if let Some(word) = file.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(format!("mapping: `{word}` is no key; keys are {}", known.join(", ")));
        }
        let name = word(&file, "table")?.ok_or("mapping: names no `table`")?;
        let table = Table::named(&name).ok_or_else(|| format!("mapping: `{name}` is no table"))?;
        let mut mapping = Self { table: Some(table), ..Self::default() };
        mapping.head(&file)?;
        let columns = file.get("columns").and_then(Value::as_table).ok_or("mapping: has no `[columns]`")?;
        let mut filled = BTreeMap::new();
        for (ours, theirs) in columns {
            column(table, ours)?;
            let headings = words(theirs).ok_or_else(|| format!("mapping: `columns.{ours}` is no heading"))?;
            filled.insert(ours.clone(), headings);
        }
        mapping.columns = Some(filled);
        mapping.optional = file
            .get("optional")
            .map(|o| words(o).ok_or("mapping: `optional` is no list of columns"))
            .transpose()?
            .unwrap_or_default()
            .into_iter()
            .collect();
        for (ours, value) in part(&file, "constants")? {
            let column = column(table, ours)?;
            let cell = mapping
                .constant(value, column)
                .ok_or_else(|| format!("mapping: `constants.{ours}` is no value of it"))?;
            mapping.constants.push((column, cell));
        }
        for (ours, pairs) in part(&file, "values")? {
            let column = column(table, ours)?;
            let pairs = pairs.as_table().ok_or_else(|| format!("mapping: `values.{ours}` is no table"))?;
            let mut map = BTreeMap::new();
            for (theirs, value) in pairs {
                // An empty text says "not said".
                let cell = if value.as_str() == Some("") {
                    Some(Cell::Null)
                } else {
                    mapping.constant(value, column)
                };
                let cell =
                    cell.ok_or_else(|| format!("mapping: `values.{ours}.{theirs}` is no value of it"))?;
                map.insert(text::name(theirs), cell);
            }
            mapping.values.insert(ours.clone(), map);
        }
        Ok(mapping)
    }

    fn head(&mut self, file: &Toml) -> Result<(), String> {
        if let Some(kind) = word(file, "kind")? {
            let known =
                Kind::named(&kind).ok_or_else(|| format!("mapping: `{kind}` is no kind of evidence"))?;
            self.kind = Some(known.name);
        }
        (self.tool, self.scope) = (word(file, "tool")?, word(file, "scope")?);
        self.delimiter = match word(file, "delimiter")?.as_deref() {
            None => None,
            Some("tab") => Some(b'\t'),
            Some(one) if one.len() == 1 && one != "\"" => one.bytes().next(),
            Some(_) => return Err("mapping: `delimiter` is one ASCII character or `tab`".into()),
        };
        self.windows = match word(file, "encoding")?.map(|e| e.to_ascii_lowercase()).as_deref() {
            None | Some("utf-8" | "utf-16") => false,
            Some("windows-1252" | "cp1252" | "latin1" | "iso-8859-1") => true,
            Some(_) => return Err("mapping: `encoding` is utf-8, utf-16 or windows-1252".into()),
        };
        self.manner.dates = file
            .get("dates")
            .map(|d| words(d).ok_or("mapping: `dates` is no list of forms"))
            .transpose()?
            .unwrap_or_default();
        self.manner.decimal_comma = match file.get("decimal_comma") {
            None => false,
            Some(value) => value.as_bool().ok_or("mapping: `decimal_comma` is true or false")?,
        };
        if let Some(zone) = word(file, "zone")? {
            self.manner.ahead = ahead(&zone).ok_or("mapping: `zone` is UTC or an offset such as +02:00")?;
        }
        Ok(())
    }

    fn constant(&self, value: &Value, column: &'static Column) -> Option<Cell> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Boolean(yes) => yes.to_string(),
            Value::Datetime(_) | Value::Array(_) | Value::Table(_) => return None,
        };
        // What stands in the mapping is written plainly, whatever the file's manner.
        Manner::default().cell(&text, column)
    }

    /// The bytes as text, in the file's encoding, as far as they are text, and what is wrong behind it.
    pub(super) fn decode(&self, raw: &[u8]) -> (String, Option<String>) {
        if self.windows { (windows_1252(raw), None) } else { pages::decode(raw) }
    }

    /// The cell of a column: by the mapping's values where it lists them, else as it is written.
    pub(super) fn cell(&self, value: &str, column: &'static Column) -> Option<Cell> {
        let mapped =
            self.values.get(column.name).and_then(|map| map.get(&text::name(value)).or(map.get("*")));
        mapped.cloned().or_else(|| self.manner.cell(value, column))
    }
}

fn word(file: &Toml, key: &str) -> Result<Option<String>, String> {
    match file.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("mapping: `{key}` is no text")),
    }
}

fn words(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) => list.iter().map(|v| v.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

fn part<'a>(file: &'a Toml, key: &str) -> Result<impl Iterator<Item = (&'a String, &'a Value)>, String> {
    let part = match file.get(key) {
        None => None,
        Some(value) => Some(value.as_table().ok_or_else(|| format!("mapping: `{key}` is no table"))?),
    };
    Ok(part.into_iter().flatten())
}

fn column(table: &'static Table, name: &str) -> Result<&'static Column, String> {
    let place =
        table.place(name).ok_or_else(|| format!("mapping: `{name}` is no column of `{}`", table.name))?;
    Ok(&table.columns[place])
}

/// Seconds ahead of UTC.
fn ahead(zone: &str) -> Option<i64> {
    if matches!(zone, "UTC" | "Z") {
        return Some(0);
    }
    let sign = match zone.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 14 && minutes < 60).then(|| sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
}
