//! What people write down and sign: plans, exercises, reviews, tests, approvals (`docs/evidence/statement.md`).

#[cfg(test)]
mod tests;

use super::{Format, Hint, cut};
use crate::document::Document;
use crate::row::{Cell, Row};
use crate::schema::{Column, Table, Type};
use crate::text;
use model::Time;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

pub(super) const FORMAT: Format = Format {
    name: "statement",
    kind: "attestation",
    about: "a signed statement of a person, JSON of our own (`statement/1`): rows of the tables that people answer for",
    looks_like: |head, _| {
        let text = String::from_utf8_lossy(&head[..head.len().min(4096)]);
        text.trim_start().starts_with('{') && text.contains("\"bailiwick\"") && text.contains("\"statement/")
    },
    read,
};

/// The tables that a statement may fill, each with the kind of evidence that it then is. What a machine sees, such as
/// sign-ins, nobody may state.
const TABLES: &[(&str, &str)] = &[
    ("access_grant", "access-grants"),
    ("action", "actions"),
    ("approval", "approvals"),
    ("asset", "assets"),
    ("attestation", "attestation"),
    ("case_record", "cases"),
    ("connection", "connections"),
    ("control_test", "control-tests"),
    ("document", "documents"),
    ("exercise", "exercises"),
    ("image", "images"),
    ("mail_domain", "mail-dns"),
    ("person", "people"),
    ("review", "reviews"),
    ("vendor", "vendors"),
    ("zone", "connections"),
];

/// Of a mail domain a person may state only what DNS cannot say.
const MAIL_COLUMNS: &[&str] = &["domain", "sends", "starttls", "by_provider"];

/// Members that are no tables.
const HEAD: &[&str] = &["bailiwick", "signer", "signed", "expires", "scope", "about"];

/// Who states it, and for how long it holds.
struct Signed {
    name: String,
    role: Option<String>,
    side: &'static str,
    at: Time,
    until: Time,
}

fn read(raw: &[u8], _name: &str, _hint: &Hint<'_>) -> Document {
    let failed = |why: String| Document::failed("statement", "attestation", why);
    let json = match text::decode(raw).and_then(|text| cut::json(&text)) {
        Ok(json) => json,
        Err(why) => return failed(why),
    };
    let Some(members) = json.value.as_object() else { return failed("is no object".into()) };
    match members.get("bailiwick").and_then(Value::as_str) {
        Some("statement/1") => {}
        other => return failed(format!("is of the form {other:?}, known is `statement/1`")),
    }
    let signed = match signed(&json.value) {
        Ok(signed) => signed,
        Err(why) => return failed(why),
    };
    let mut document = Document::new("statement", "attestation");
    json.cut.into_iter().for_each(|why| document.partial(why));
    document.made = Some(signed.at);
    document.tool = Some(format!("{} ({})", signed.name, signed.side));
    let mut tables = vec![];
    for (name, entries) in members.iter().filter(|(name, _)| !HEAD.contains(&name.as_str())) {
        match TABLES.iter().find(|(table, _)| table == name) {
            Some((table, kind)) => {
                tables.push((*table, *kind));
                rows(table, entries, &signed, &mut document);
            }
            None => document.defect(unknown(
                name,
                TABLES.iter().map(|t| t.0),
                "a table that a statement may fill",
            )),
        }
    }
    let Some((_, kind)) = tables.first() else { return failed("states nothing: it has no table".into()) };
    document.kind = (*kind).to_owned();
    let named: Vec<&str> = tables.iter().map(|t| t.0).collect();
    let scope = cut::text(&json.value, "scope").map(str::to_owned);
    document.scope =
        Some(scope.unwrap_or_else(|| format!("{} {} by {}", signed.side, named.join(" "), signed.name)));
    document.push(whole(raw, &json.value, &named, &signed));
    document
}

/// Signer, date and expiry: without them it is no statement.
fn signed(value: &Value) -> Result<Signed, String> {
    let signer = value.get("signer").ok_or("has no `signer`: nobody stands for it")?;
    let name = cut::text(signer, "name")
        .map(str::trim)
        .filter(|n| !n.is_empty())
        .ok_or("its `signer` has no `name`")?;
    let side = match cut::text(signer, "side") {
        Some("provider") => "provider",
        Some("customer") => "customer",
        _ => return Err("its `signer` has no `side`: provider or customer".into()),
    };
    let at = cut::instant(value, "signed").ok_or("has no date `signed` that can be read")?;
    let until = cut::instant(value, "expires")
        .ok_or("has no date `expires` that can be read: nothing holds for ever")?;
    if until <= at {
        return Err("it expires before it was signed".into());
    }
    Ok(Signed { name: name.to_owned(), role: cut::text(signer, "role").map(str::to_owned), side, at, until })
}

fn rows(table: &'static str, entries: &Value, signed: &Signed, document: &mut Document) {
    let Some(entries) = entries.as_array() else {
        return document.defect(format!("`{table}` is no list of entries"));
    };
    for (number, entry) in entries.iter().enumerate() {
        let made =
            entry.as_object().ok_or_else(|| "is no object".to_owned()).and_then(|e| row(table, e, signed));
        match made {
            Ok(row) => document.push(row),
            Err(why) => document.defect(format!("`{table}` {}: {why}", number + 1)),
        }
    }
}

fn row(name: &'static str, entry: &Map<String, Value>, signed: &Signed) -> Result<Row, String> {
    let table = Table::named(name).ok_or("no table of the schema")?;
    let allowed = |c: &&Column| name != "mail_domain" || MAIL_COLUMNS.contains(&c.name);
    let mut row = Row::of(table.name);
    for (column, value) in entry {
        let Some(known) = table.columns.iter().filter(allowed).find(|c| c.name == column) else {
            let names = table.columns.iter().filter(allowed).map(|c| c.name);
            return Err(unknown(column, names, "a column that it may fill"));
        };
        let cell = cell(value, known.holds).ok_or_else(|| {
            format!(
                "`{}` holds {}",
                known.name,
                match known.holds {
                    Type::Text => "a text",
                    Type::Number => "a whole number",
                    Type::Fraction => "a number",
                    Type::Truth => "true or false",
                    Type::Instant => "a time such as 2026-11-20T10:00:00Z",
                }
            )
        })?;
        row = row.with(known.name, cell);
    }
    let subject = table.columns[0].name;
    if matches!(row.cell(subject), Some(Cell::Null)) {
        return Err(format!("has no `{subject}`"));
    }
    by_signer(row, signed)
}

fn cell(value: &Value, holds: Type) -> Option<Cell> {
    match (value, holds) {
        (Value::Null, _) => Some(Cell::Null),
        (Value::String(text), Type::Text) => Some(Cell::Text(text.clone())),
        (Value::Number(n), Type::Number) => n.as_i64().map(Cell::Number),
        (Value::Number(n), Type::Fraction) => n.as_f64().map(Cell::from),
        (Value::Bool(yes), Type::Truth) => Some(Cell::from(*yes)),
        (Value::String(text), Type::Instant) => text::instant(text).map(Cell::from),
        _ => None,
    }
}

/// Columns that say who signed are the signer's; a row cannot name another one.
fn by_signer(mut row: Row, signed: &Signed) -> Result<Row, String> {
    let side_column = if signed.side == "provider" { "signed_by_provider" } else { "signed_by_customer" };
    let own: [(&'static str, Cell); 5] = [
        ("signer", signed.name.as_str().into()),
        ("signer_role", signed.role.clone().into()),
        ("signer_side", signed.side.into()),
        ("signed_at", signed.at.into()),
        (side_column, signed.name.as_str().into()),
    ];
    for (column, cell) in own {
        match row.cell(column) {
            None => {}
            Some(Cell::Null) => row = row.with(column, cell),
            Some(said) if *said == cell || cell == Cell::Null => {}
            Some(_) => return Err(format!("its `{column}` is not that of the statement's signer")),
        }
    }
    if row.table().name == "attestation" {
        let until = match row.cell("expires_at") {
            Some(Cell::Number(at)) => (*at).min(signed.until.as_second()),
            _ => signed.until.as_second(),
        };
        row = row.with("expires_at", until);
    }
    Ok(row)
}

/// The attestation for the whole: who stood for what was stated, and until when.
fn whole(raw: &[u8], value: &Value, tables: &[&str], signed: &Signed) -> Row {
    let hash = Sha256::digest(raw);
    let id: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Row::of("attestation")
        .with("id", format!("statement-{id}"))
        .with("kind", "statement")
        .with("statement", format!("stands for the rows of {}", tables.join(", ")))
        .with("signer", signed.name.as_str())
        .with("signer_role", signed.role.clone())
        .with("signer_side", signed.side)
        .with("subject", cut::text(value, "about"))
        .with("signed_at", signed.at)
        .with("expires_at", signed.until)
}

/// An unknown word, and the known one that it is nearest to.
fn unknown<'a>(word: &str, known: impl Iterator<Item = &'a str>, what: &str) -> String {
    let shown: String = word.chars().filter(|c| !c.is_control()).take(40).collect();
    let near = known.map(|k| (strsim::damerau_levenshtein(&shown, k), k)).min();
    match near {
        Some((steps, name)) if steps <= 3 => format!("`{shown}` is not {what}; did you mean `{name}`?"),
        _ => format!("`{shown}` is not {what}"),
    }
}
