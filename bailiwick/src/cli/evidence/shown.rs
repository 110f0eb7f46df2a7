//! `evidence show` and `evidence diff`: what is in a document, and what changed from one to another.

use super::{Exit, Fault, Form, Out, customers, look, missing};
use crate::dossier::Index;
use clap::Args;
use custody::disk::{Disk, Folder};
use evidence::records::Exhibit;
use evidence::schema::Type;
use evidence::{Cell, Row};
use model::Time;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Rows of each table that are shown to people unless they ask for more.
const SHOWN: usize = 20;

/// Arguments of `evidence show`.
#[derive(Args)]
pub(crate) struct ShowArgs {
    /// Its id
    #[arg(value_name = "ID")]
    id: String,
    /// Whose; default: whosever it is
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Rows of each table that are shown as text
    #[arg(long, value_name = "N", default_value_t = SHOWN)]
    rows: usize,
    /// Write its bytes as they came
    #[arg(long, requires = "to")]
    raw: bool,
    /// Where to write them
    #[arg(long, value_name = "FILE", requires = "raw")]
    to: Option<PathBuf>,
}

/// The documents of these ids, from sealed records.
fn found(path: &Path, ids: &[&str], customer: Option<&str>, with_raw: bool) -> Result<Vec<Exhibit>, Fault> {
    let home = look(path)?;
    let (mut met, mut known) = (BTreeMap::new(), vec![]);
    for id in customers(&home, customer)? {
        let view = home.view(&id)?;
        let index = Index::of(&view)?;
        let there: BTreeSet<String> = index.envelopes.iter().map(|(_, e)| e.id.clone()).collect();
        let wanted: BTreeSet<String> =
            ids.iter().filter(|i| there.contains(**i)).map(|i| (*i).to_owned()).collect();
        let dossier = index.read(&view, wanted, with_raw)?;
        met.extend(dossier.exhibits().iter().map(|e| (e.envelope.id.clone(), e.clone())));
        known.extend(there);
    }
    ids.iter().map(|id| met.get(*id).cloned().ok_or_else(|| missing(id, &known))).collect()
}

/// A cell as JSON: times as times, truths as truths.
fn value(cell: &Cell, holds: Type) -> Value {
    match (cell, holds) {
        (Cell::Null, _) => Value::Null,
        (Cell::Number(n), Type::Truth) => Value::Bool(*n != 0),
        (Cell::Number(n), Type::Instant) => {
            Time::from_second(*n).map_or_else(|_| Value::from(*n), |t| t.to_string().into())
        }
        (Cell::Number(n), _) => Value::from(*n),
        (Cell::Fraction(f), _) => Value::from(*f),
        (Cell::Text(t), _) => Value::from(t.as_str()),
    }
}

/// A row as JSON: its table, and the columns of which something was said.
pub(crate) fn row_json(row: &Row) -> Value {
    let mut map = Map::new();
    map.insert("table".into(), row.table().name.into());
    for (column, cell) in row.table().columns.iter().zip(row.cells()) {
        if *cell != Cell::Null {
            map.insert(column.name.into(), value(cell, column.holds));
        }
    }
    Value::Object(map)
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned)
}

/// Shows a document.
pub(crate) fn show(home: &Path, args: &ShowArgs, out: Out) -> Result<Exit, Fault> {
    let exhibit = found(home, &[&args.id], args.customer.as_deref(), args.raw)?.remove(0);
    if let (Some(to), Some(raw)) = (&args.to, &exhibit.raw) {
        return write_raw(to, raw, out);
    }
    let mut envelope = exhibit.envelope.to_json();
    envelope["seq"] = exhibit.seq.into();
    match out.form {
        Form::Text => {
            let told = |(name, value): (&String, &Value)| vec![name.clone(), text(value)];
            out.table(&["what", "value"], envelope.as_object().into_iter().flatten().map(told).collect());
            tables(&exhibit, args.rows, out);
        }
        Form::Json => {
            let mut listing = out.listing("evidence-document", "rows");
            exhibit.rows.iter().for_each(|row| listing.push(&row_json(&row)));
            listing.end(&json!({"envelope": envelope}));
        }
        Form::Jsonl => exhibit.rows.iter().for_each(|row| out.json_line(&row_json(&row))),
    }
    Ok(Exit::Ok)
}

fn write_raw(to: &Path, raw: &[u8], out: Out) -> Result<Exit, Fault> {
    let name = to.file_name().and_then(|n| n.to_str());
    let name = name.ok_or_else(|| {
        Fault::usage("BW-1008", format!("`{}` is no name of a file", crate::out::path(to)), "name a file")
    })?;
    let folder = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Folder::new(folder).put(name, raw)?;
    out.say(&format!("{} bytes written to {}", raw.len(), crate::out::path(to)));
    Ok(Exit::Ok)
}

/// The rows of each table, with the columns of which anything was said.
fn tables(exhibit: &Exhibit, limit: usize, out: Out) {
    let mut by_table: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    exhibit.rows.iter().for_each(|row| by_table.entry(row.table().name).or_default().push(row));
    for (name, rows) in by_table {
        let shown = &rows[..rows.len().min(limit)];
        let columns = shown.first().map_or(&[][..], |r| r.table().columns);
        let said: Vec<usize> =
            (0..columns.len()).filter(|&n| shown.iter().any(|r| r.cells()[n] != Cell::Null)).collect();
        out.text(&format!(
            "\n{name}: {} rows{}",
            rows.len(),
            if rows.len() > limit { format!(", the first {limit}") } else { String::new() }
        ));
        let head: Vec<&str> = said.iter().map(|&n| columns[n].name).collect();
        let row = |r: &Row| said.iter().map(|&n| text(&value(&r.cells()[n], columns[n].holds))).collect();
        out.table(&head, shown.iter().map(row).collect());
    }
}

/// Rows by table and subject.
type Subjects = BTreeMap<(&'static str, String), Vec<Row>>;

fn subjects(exhibit: &Exhibit) -> Subjects {
    let mut all: Subjects = BTreeMap::new();
    for row in exhibit.rows.iter() {
        // The first column names the subject; a tool that does not fill it names it in the next one that it fills.
        let mut cells = row.table().columns.iter().zip(row.cells());
        let first = cells.find(|(_, cell)| **cell != Cell::Null);
        let subject = first.map_or_else(String::new, |(column, cell)| text(&value(cell, column.holds)));
        all.entry((row.table().name, subject)).or_default().push(row);
    }
    all.values_mut().for_each(|rows| rows.sort_by_key(|r| r.line()));
    all
}

/// What changed in a subject: by column where it has one row on both sides, else its rows.
fn changes(before: &[Row], after: &[Row]) -> Value {
    if let ([one], [other]) = (before, after) {
        let columns = one.table().columns.iter().zip(one.cells().iter().zip(other.cells()));
        let changed = columns.filter(|(_, (a, b))| a != b);
        let told =
            changed.map(|(c, (a, b))| (c.name.to_owned(), json!([value(a, c.holds), value(b, c.holds)])));
        return Value::Object(told.collect());
    }
    let rows = |rows: &[Row]| rows.iter().map(row_json).collect::<Vec<_>>();
    json!({"before": rows(before), "after": rows(after)})
}

/// Compares two documents.
pub(crate) fn diff(home: &Path, ids: (&str, &str), customer: Option<&str>, out: Out) -> Result<Exit, Fault> {
    let both = found(home, &[ids.0, ids.1], customer, false)?;
    let (before, after) = (subjects(&both[0]), subjects(&both[1]));
    let mut told: Vec<(&str, &str, &str, Value)> = vec![];
    for (key, rows) in &after {
        match before.get(key) {
            None => told.push(("added", key.0, &key.1, Value::Null)),
            Some(old) if old != rows => told.push(("changed", key.0, &key.1, changes(old, rows))),
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    told.extend(gone.map(|key| ("removed", key.0, key.1.as_str(), Value::Null)));
    told.sort_by_key(|(what, table, subject, _)| (*table, *subject, *what));
    let line = |(what, table, subject, change): &(&str, &str, &str, Value)| json!({"what": what, "table": table, "subject": subject, "change": change});
    match out.form {
        Form::Text => {
            let row = |(what, table, subject, change): &(&str, &str, &str, Value)| {
                vec![(*what).to_owned(), (*table).to_owned(), (*subject).to_owned(), text(change)]
            };
            out.table(&["what", "table", "subject", "change"], told.iter().map(row).collect());
        }
        Form::Json => {
            let of = |wanted: &str| told.iter().filter(|t| t.0 == wanted).map(line).collect::<Vec<_>>();
            out.document("evidence-diff", json!({
                "before": ids.0, "after": ids.1, "added": of("added"), "removed": of("removed"), "changed": of("changed"),
            }));
        }
        Form::Jsonl => told.iter().for_each(|t| out.json_line(&line(t))),
    }
    Ok(Exit::Ok)
}
