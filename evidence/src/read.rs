//! From bytes to a document: unpack nothing, recognise the format, read it, and keep the reader honest.

use crate::document::{BYTES_LIMIT, Document, Status};
use crate::kinds::Kind;
use crate::parse::{FORMATS, Format, Hint};
use crate::row::Cell;
use model::Time;

/// Bytes that are shown to [`Format::looks_like`].
const HEAD_BYTES: usize = 64 * 1024;

/// Reads one document. It never fails: what cannot be read is a document that says so.
#[must_use]
pub fn read(raw: &[u8], name: &str, hint: &Hint<'_>) -> Document {
    let kind = hint.kind.unwrap_or("unknown");
    if raw.iter().all(u8::is_ascii_whitespace) {
        return Document::failed("none", kind, "the document is empty");
    }
    if raw.len() > BYTES_LIMIT {
        return Document::failed(
            "none",
            kind,
            format!("the document has {} bytes, the limit is {BYTES_LIMIT}", raw.len()),
        );
    }
    let format = match hint.format {
        Some(word) => FORMATS.iter().find(|f| f.name == word),
        None => recognise(raw, name, hint),
    };
    let Some(format) = format else {
        return Document::failed("none", kind, "no format that is known here looks like this");
    };
    let mut document = (format.read)(raw, name, hint);
    if let Some(kind) = hint.kind {
        document.kind = kind.to_owned();
    }
    within_its_kind(&mut document);
    if document.covers.is_none() {
        covers_of_rows(&mut document);
    }
    document
}

fn recognise(raw: &[u8], name: &str, hint: &Hint<'_>) -> Option<&'static Format> {
    if hint.mapping.is_some() {
        return FORMATS.iter().find(|f| f.name == "csv");
    }
    let head = &raw[..raw.len().min(HEAD_BYTES)];
    FORMATS.iter().find(|f| (f.looks_like)(head, name))
}

/// A document that is called what it is not has nothing to say: rows of tables that its kind does not fill are no
/// evidence of that kind.
fn within_its_kind(document: &mut Document) {
    if matches!(document.status, Status::Failed { .. }) {
        return;
    }
    let Some(kind) = Kind::named(&document.kind) else {
        document.status = Status::Failed { why: format!("`{}` is no kind of evidence", document.kind) };
        document.rows.clear();
        return;
    };
    let fits =
        document.rows.is_empty() || document.rows.iter().any(|row| kind.tables.contains(&row.table().name));
    if !fits {
        let has: Vec<&str> = document.counts().into_keys().collect();
        document.status = Status::Failed {
            why: format!("holds {}, which is no evidence of the kind `{}`", has.join(" and "), kind.name),
        };
        document.rows.clear();
    }
}

/// Columns that say when a row happened.
const HAPPENED: &[&str] = &["at_at", "detected_at", "from_at", "to_at"];

/// What a document of dated rows covers: from its first to its last.
fn covers_of_rows(document: &mut Document) {
    let instant = |cell: Option<&Cell>| match cell {
        Some(Cell::Number(seconds)) => Time::from_second(*seconds).ok(),
        _ => None,
    };
    let times: Vec<Time> =
        document.rows.iter().flat_map(|row| HAPPENED.iter().filter_map(|c| instant(row.cell(c)))).collect();
    times.into_iter().for_each(|at| document.saw(at));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_cases_covers_the_time_from_its_first_to_its_last_case() {
        let raw =
            b"id,state,detected_at\nN-1,closed,2026-01-05T08:00:00Z\nN-2,suspected,2026-11-16T08:30:00Z\n";
        let document = read(raw, "cases.csv", &Hint { kind: Some("cases"), ..Hint::default() });
        let days = document.covers.map(|(from, to)| (to.as_second() - from.as_second()) / 86_400);
        assert_eq!(days, Some(315));
    }
}
