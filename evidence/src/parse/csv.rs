//! Tables as CSV (RFC 4180): the plain form with our own column names, or anybody's export with a mapping.

use super::{Format, Hint};
use crate::document::Document;
use crate::kinds::Kind;
use crate::row::{Cell, Row};
use crate::schema::{Column, Table, Type};
use crate::text;

pub(super) const FORMAT: Format = Format {
    name: "csv",
    kind: "",
    about: "a table with one heading line: the plain form of our own tables, or any export with a mapping file",
    looks_like: |head, name| {
        name.to_ascii_lowercase().ends_with(".csv")
            && head.iter().take_while(|b| **b != b'\n').any(|b| matches!(b, b',' | b';' | b'\t'))
    },
    read,
};

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

/// Which columns are filled, each from the place of a heading.
struct Plan {
    table: &'static Table,
    places: Vec<(&'static Column, usize)>,
}

fn read(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    let kind = hint.kind.unwrap_or("");
    let text = match text::decode(raw) {
        Ok(text) => text,
        Err(why) => return Document::failed("csv", kind, why),
    };
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headings = match reader.headers() {
        Ok(headings) => headings.clone(),
        Err(error) => return Document::failed("csv", kind, format!("no heading line: {error}")),
    };
    let plan = match plan(kind, &headings) {
        Ok(plan) => plan,
        Err(why) => return Document::failed("csv", kind, why),
    };
    let mut document = Document::new("csv", kind);
    for (number, record) in reader.records().enumerate() {
        match record {
            Ok(record) if record.len() == headings.len() => row(&plan, &record, number + 2, &mut document),
            Ok(record) => document.defect(format!(
                "row {}: {} cells under {} headings",
                number + 2,
                record.len(),
                headings.len()
            )),
            Err(error) => document.defect(format!("row {}: {error}", number + 2)),
        }
    }
    if !text.ends_with('\n') {
        document.partial("the last line has no end: the file may have been cut");
    }
    document
}

/// Finds the table: the first of the kind whose first column stands among the headings.
fn plan(kind: &str, headings: &::csv::StringRecord) -> Result<Plan, String> {
    let known = Kind::named(kind).ok_or("a CSV file does not say what it is: name its kind")?;
    let tables = known.tables.iter().filter_map(|name| Table::named(name));
    let place = |column: &Column| headings.iter().position(|h| h.trim().eq_ignore_ascii_case(column.name));
    let best = tables
        .map(|table| Plan {
            table,
            places: table.columns.iter().filter_map(|c| Some((c, place(c)?))).collect(),
        })
        .max_by_key(|plan| plan.places.len());
    best.filter(|plan| !plan.places.is_empty()).ok_or_else(|| {
        format!("no heading is a column of {}; a mapping file names them", known.tables.join(" or "))
    })
}

fn row(plan: &Plan, record: &::csv::StringRecord, number: usize, document: &mut Document) {
    let mut row = Row::of(plan.table.name);
    for (column, place) in &plan.places {
        let value = record.get(*place).unwrap_or("").trim();
        if value.is_empty() {
            continue;
        }
        match cell(value, column) {
            Some(cell) => row = row.with(column.name, cell),
            None => {
                return document.defect(format!("row {number}: `{value}` is no value of `{}`", column.name));
            }
        }
    }
    document.push(row);
}

fn cell(value: &str, column: &Column) -> Option<Cell> {
    match column.holds {
        Type::Text => Some(Cell::Text(value.to_owned())),
        Type::Number => value.parse::<i64>().ok().map(Cell::Number),
        Type::Fraction => value.parse::<f64>().ok().map(Cell::from),
        Type::Truth => text::truth(value).map(Cell::from),
        Type::Instant => text::instant(value).map(Cell::from),
    }
}
