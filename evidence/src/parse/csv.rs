//! Tables as CSV (RFC 4180): the plain form with our own column names, or anybody's export with a mapping.

mod mapping;
#[cfg(test)]
mod tests;
mod values;

pub use mapping::MAPPINGS;

use super::pages::CELL_BYTES;
use super::{Format, Hint};
use crate::document::Document;
use crate::kinds::Kind;
use crate::row::{Cell, Row};
use crate::schema::{Column, Table};
use crate::text;
use ::csv::StringRecord;
use mapping::Mapping;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const FORMAT: Format = Format {
    name: "csv",
    kind: "",
    about: "a table with one heading line: the plain form of our own tables, or any export with a mapping file",
    looks_like: |head, name| {
        [".csv", ".tsv"].iter().any(|end| name.to_ascii_lowercase().ends_with(end))
            && head.iter().take_while(|b| **b != b'\n').any(|b| matches!(b, b',' | b';' | b'\t'))
    },
    read,
};

/// Columns whose values tell one document of a table from another one of the same table.
const APART: &[&str] = &["directory", "tool", "list"];
/// Tables in which the kind of a row does so too.
const APART_BY_KIND: &[&str] = &["attestation", "control_test", "document", "exercise", "review"];

/// Which columns are filled, each from the place of a heading.
struct Plan<'a> {
    table: &'static Table,
    places: Vec<(&'static Column, usize)>,
    mapping: &'a Mapping,
}

fn read(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    let kind = hint.kind.unwrap_or("");
    match table(raw, kind, hint) {
        Ok(document) => document,
        Err(why) => Document::failed("csv", kind, why),
    }
}

fn table(raw: &[u8], kind: &str, hint: &Hint<'_>) -> Result<Document, String> {
    let mapping = match hint.mapping {
        None => Mapping::default(),
        Some(word) => Mapping::read(mapping::shipped(word).unwrap_or(word))?,
    };
    let kind = if kind.is_empty() { mapping.kind.unwrap_or("") } else { kind };
    let (text, odd) = mapping.decode(raw);
    // What Excel writes and reads to name the delimiter is no row.
    let first = text.lines().next().unwrap_or("");
    let named = first.strip_prefix("sep=").and_then(|d| d.bytes().next());
    let text = if named.is_some() { text.split_once('\n').map_or("", |t| t.1) } else { text.as_str() };
    let delimiter = mapping.delimiter.or(named).unwrap_or_else(|| detect(text));
    let end = whole_records(text, delimiter);
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.get(..end).unwrap_or("").as_bytes());
    let headings = reader.headers().map_err(|error| format!("no heading line: {error}"))?.clone();
    if headings.iter().all(|h| h.trim().is_empty()) {
        return Err("no heading line with a line end".into());
    }
    let mut document = Document::new("csv", kind);
    let plan = plan(kind, &headings, &mapping, &mut document)?;
    for (number, record) in reader.records().enumerate() {
        match record {
            Ok(record) => one(&plan, &record, &headings, number + 2, &mut document),
            Err(error) => document.defect(format!("row {}: {error}", number + 2)),
        }
    }
    if end < text.len() {
        document.partial("the last line has no end: the file may have been cut, and it was left out");
    }
    if let Some(why) = odd {
        document.partial(why);
    }
    document.tool.clone_from(&mapping.tool);
    document.scope = Some(mapping.scope.clone().unwrap_or_else(|| scope(plan.table, &document.rows)));
    Ok(document)
}

/// The delimiter that stands most often in the heading line, outside quotation marks.
fn detect(text: &str) -> u8 {
    let (mut quoted, mut counts) = (false, [0_usize; 3]);
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            byte if !quoted => {
                if let Some(at) = b",;\t".iter().position(|d| *d == byte) {
                    counts[at] += 1;
                }
            }
            _ => {}
        }
    }
    let most = counts.into_iter().max().unwrap_or(0);
    b",;\t"[counts.iter().position(|c| *c == most).unwrap_or(0)]
}

/// Where the last record ends that has its line end; a line end inside quotation marks ends nothing.
pub(super) fn whole_records(text: &str, delimiter: u8) -> usize {
    let (mut end, mut quoted, mut fresh) = (0, false, true);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            // A doubled mark closes and opens again, which comes to the same.
            b'"' if quoted || fresh => (quoted, fresh) = (!quoted, true),
            _ if quoted => {}
            b'\n' => (end, fresh) = (at + 1, true),
            byte => fresh = byte == delimiter || byte == b'\r',
        }
    }
    end
}

/// Finds the table: the mapping's, else the one of the kind of which most columns stand among the headings.
fn plan<'a>(
    kind: &str,
    headings: &StringRecord,
    mapping: &'a Mapping,
    document: &mut Document,
) -> Result<Plan<'a>, String> {
    let mut seen = BTreeSet::new();
    for heading in headings.iter().map(text::name).filter(|h| !h.is_empty()) {
        if !seen.insert(heading.clone()) {
            return Err(format!("the heading `{}` stands there twice", short(&heading)));
        }
    }
    let known = Kind::named(kind).ok_or("a CSV file does not say what it is: name its kind")?;
    let tables: Vec<&Table> = match mapping.table {
        Some(table) => vec![table],
        None => known.tables.iter().filter_map(|name| Table::named(name)).collect(),
    };
    let plans = tables.iter().map(|table| places(table, headings, mapping));
    // The first of those that fit best.
    let best = plans.into_iter().enumerate().max_by_key(|(at, p)| (p.len(), usize::MAX - at));
    let Some((at, places)) = best.filter(|(_, places)| !places.is_empty()) else {
        let wanted = tables.iter().map(|t| t.name).collect::<Vec<_>>().join(" or ");
        return Err(format!("no heading is a column of {wanted}; a mapping file names them"));
    };
    let plan = Plan { table: tables[at], places, mapping };
    unused(&plan, headings, document)?;
    Ok(plan)
}

/// The place of each column that a heading fills.
fn places(
    table: &'static Table,
    headings: &StringRecord,
    mapping: &Mapping,
) -> Vec<(&'static Column, usize)> {
    let place = |wanted: &str| headings.iter().position(|h| text::name(h) == text::name(wanted));
    let find = |column: &'static Column| match &mapping.columns {
        Some(columns) => columns.get(column.name)?.iter().find_map(|heading| place(heading)),
        None => place(column.name),
    };
    table.columns.iter().filter_map(|c| Some((c, find(c)?))).collect()
}

/// Headings that fill nothing are told; headings that the mapping names must be there.
fn unused(plan: &Plan<'_>, headings: &StringRecord, document: &mut Document) -> Result<(), String> {
    if let Some(columns) = &plan.mapping.columns {
        for (column, wanted) in columns {
            let found = plan.places.iter().any(|(c, _)| c.name == column);
            if !found && !plan.mapping.optional.contains(column) {
                return Err(format!(
                    "the heading `{}` of the mapping is not there",
                    short(&wanted.join("` or `"))
                ));
            }
        }
        return Ok(());
    }
    for (at, heading) in headings.iter().enumerate() {
        if plan.places.iter().all(|(_, place)| *place != at) {
            let heading = text::name(heading);
            let near = plan.table.columns.iter().map(|c| c.name).find(|c| values::distance(c, &heading) <= 2);
            let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            document.remark(format!(
                "the heading `{}` is no column of `{}`{hint}",
                short(&heading),
                plan.table.name
            ));
        }
    }
    Ok(())
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

fn one(
    plan: &Plan<'_>,
    record: &StringRecord,
    headings: &StringRecord,
    number: usize,
    document: &mut Document,
) {
    if record == headings {
        return document.remark(format!("row {number}: is the heading again"));
    }
    if record.iter().all(|cell| cell.trim().is_empty()) {
        return document.remark(format!("row {number}: is empty"));
    }
    if record.len() != headings.len() {
        return document.defect(format!(
            "row {number}: {} cells under {} headings",
            record.len(),
            headings.len()
        ));
    }
    match row(plan, record) {
        Ok(row) => document.push(row),
        Err(why) => document.defect(format!("row {number}: {why}")),
    }
}

fn row(plan: &Plan<'_>, record: &StringRecord) -> Result<Row, String> {
    let mut row = Row::of(plan.table.name);
    for (column, cell) in &plan.mapping.constants {
        row = row.with(column.name, cell.clone());
    }
    for (column, place) in &plan.places {
        let value = record.get(*place).unwrap_or("").trim();
        if value.is_empty() {
            continue;
        }
        if value.len() > CELL_BYTES {
            return Err(format!("`{}` is longer than {CELL_BYTES} bytes", column.name));
        }
        let cell = plan
            .mapping
            .cell(value, column)
            .ok_or_else(|| format!("`{}` is no value of `{}`", short(value), column.name))?;
        row = row.with(column.name, cell);
    }
    Ok(row)
}

/// The table, and the words that tell this document from others of the same table.
fn scope(table: &Table, rows: &[Row]) -> String {
    let by_kind: &[&str] = if APART_BY_KIND.contains(&table.name) { &["kind"] } else { &[] };
    let mut words: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in rows {
        for column in APART.iter().chain(by_kind) {
            if let Some(Cell::Text(word)) = row.cell(column) {
                let words = words.entry(column).or_default();
                if words.len() < 8 && word.len() <= 100 {
                    words.insert(word);
                }
            }
        }
    }
    let words = words.values().flatten().copied().collect::<Vec<_>>().join(" ");
    format!("csv {} {words}", table.name).trim_end().to_owned()
}
