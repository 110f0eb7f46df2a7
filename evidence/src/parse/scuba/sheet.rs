//! `ScubaResults.csv`: the same controls without the tenant's name.

use super::SHEET;
use super::control::{Said, push};
use crate::document::Document;
use crate::parse::csv::whole_records;
use crate::parse::{Hint, pages};
use std::collections::BTreeSet;

/// Reads the sheet. The product is the second part of a control's id.
pub(super) fn read(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    let kind = hint.kind.unwrap_or(SHEET.kind);
    let (text, odd) = pages::decode(raw);
    let end = whole_records(&text, b',');
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(&text.as_bytes()[..end]);
    let headings = match reader.headers() {
        Ok(headings) => headings.clone(),
        Err(error) => return Document::failed(SHEET.name, kind, format!("no heading line: {error}")),
    };
    let place = |heading: &str| headings.iter().position(|h| h.trim().eq_ignore_ascii_case(heading));
    let (Some(id), Some(result)) = (place("Control ID"), place("Result")) else {
        return Document::failed(SHEET.name, kind, "has no headings `Control ID` and `Result`");
    };
    let mut document = Document::new(SHEET.name, kind);
    document.scope = Some("scuba sheet".into());
    document.tool = Some("SCuBA".into());
    let others = [
        "Requirement",
        "Criticality",
        "Details",
        "OmittedEvaluationResult",
        "OriginalResult",
        "IncorrectResult",
    ]
    .map(place);
    let mut seen = BTreeSet::new();
    for (number, record) in reader.records().enumerate() {
        let place = format!("row {}", number + 2);
        let record = match record {
            Ok(record) if record.len() == headings.len() => record,
            Ok(record) => {
                document.defect(format!("{place}: {} cells under {} headings", record.len(), headings.len()));
                continue;
            }
            Err(error) => {
                document.defect(format!("{place}: {error}"));
                continue;
            }
        };
        let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or("").trim();
        let [requirement, criticality, details, omitted, original, incorrect] = others.map(cell);
        let (id, result) = (cell(Some(id)), cell(Some(result)));
        if id.is_empty() || id.len() > 200 {
            document.defect(format!("{place}: names no control"));
            continue;
        }
        let said = Said { id, requirement, result, criticality, details, omitted, original, incorrect };
        match said.row(id.split('.').nth(1).unwrap_or("")) {
            Ok(row) => push(row, &place, &mut seen, &mut document),
            Err(why) => document.defect(format!("{place}: {why}")),
        }
    }
    if let Some(why) = odd {
        document.partial(why);
    }
    if end < text.len() {
        document.partial("the last line has no end: the file may have been cut");
    }
    if document.rows.is_empty() {
        document.partial("holds no control");
    }
    document
}
