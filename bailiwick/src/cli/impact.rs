//! `impact`: which customers, devices and accounts a tool, vulnerability, supplier or account reaches.

use super::evidence::{customers, days};
use super::{look, time};
use crate::cli::evidence::row_json;
use crate::dossier::{self, Index};
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use crate::progress::Progress;
use crate::{clock, feeds};
use clap::Args;
use evidence::records::Exhibit;
use evidence::{Cell, Envelope, KINDS, Row, Status};
use model::{CustomerId, Time};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

pub(crate) const HELP: &str = "Examples:
  bailiwick impact CVE-2024-1709
  bailiwick impact screenconnect --json

Looked for as whole words, without case, in what evidence of all customers says of remote tools, software, parts, vulnerabilities,
suppliers, accounts, rights and roles, and in the list of exploited vulnerabilities. Of whom no such evidence is there, it is
said: nothing found there is no good news. Exit 0 with and without hits.";

/// Bytes of what is looked for.
const WORD_BYTES: std::ops::RangeInclusive<usize> = 2..=256;

/// Tables that are looked through, and the column that says on what: a device, a product, an account.
const TABLES: &[(&str, &str)] = &[
    ("access_grant", "account"),
    ("account", "name"),
    ("component", "product"),
    ("feed_kev", "product"),
    ("remote_tool", "device"),
    ("role_grant", "account"),
    ("software", "device"),
    ("vendor", "name"),
    ("vulnerability", "device"),
];

/// Arguments of `impact`.
#[derive(Args)]
pub(crate) struct ImpactArgs {
    /// A tool, CVE, supplier or account
    #[arg(value_name = "TOOL|CVE|VENDOR|ACCOUNT")]
    word: String,
    /// Only this customer; default: all
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// The day; default: now
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<Time>,
}

/// Whether a text holds the words, with nothing that goes on before or behind them. Both in lower case.
fn holds(text: &str, word: &str) -> bool {
    let goes_on = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(word).any(|(at, _)| {
        let (before, behind) = (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        // The ends of the word itself may be no letters: `@clinic.example`.
        let open = |edge: Option<char>, next| goes_on(edge) && goes_on(next);
        !open(word.chars().next(), before) && !open(word.chars().next_back(), behind)
    })
}

/// The column in which a row speaks of it.
fn column_of(row: &Row, word: &str) -> Option<&'static str> {
    let cells = row.table().columns.iter().zip(row.cells());
    let mut texts = cells.filter_map(|(c, cell)| match cell {
        Cell::Text(text) => Some((c.name, text)),
        _ => None,
    });
    texts.find(|(_, text)| holds(&text.to_lowercase(), word)).map(|(name, _)| name)
}

/// One row that speaks of it.
struct Hit {
    customer: Option<CustomerId>,
    side: Option<&'static str>,
    table: &'static str,
    column: &'static str,
    on: String,
    row: Value,
    document: String,
    seq: Option<u64>,
    age_days: i64,
}

fn hits(exhibit: &Exhibit, customer: Option<&CustomerId>, word: &str, now: Time) -> Vec<Hit> {
    let mut found = vec![];
    for row in exhibit.rows.iter() {
        let Some((table, on)) = TABLES.iter().find(|(table, _)| *table == row.table().name) else { continue };
        let Some(column) = column_of(&row, word) else { continue };
        let on = match row.cell(on) {
            Some(Cell::Text(text)) => text.clone(),
            _ => String::new(),
        };
        found.push(Hit {
            customer: customer.cloned(),
            side: customer.map(|_| exhibit.envelope.side.as_str()),
            table,
            column,
            on,
            row: row_json(&row),
            document: exhibit.envelope.id.clone(),
            seq: customer.map(|_| exhibit.seq),
            age_days: days(exhibit.envelope.effective(), now),
        });
    }
    found
}

/// Tables of which a customer has no whole evidence that is still in time: an empty list says that there is none of it, a
/// failed one says nothing.
fn silent(envelopes: &[(u64, Envelope)], now: Time) -> Vec<&'static str> {
    let newest = dossier::newest(envelopes.iter().map(|(seq, e)| (*seq, e)), now);
    let newest: BTreeSet<u64> = newest.into_values().collect();
    let says = |(seq, e): &&(u64, Envelope)| {
        let in_time = dossier::due(e).is_some_and(|due| due > now);
        newest.contains(seq) && in_time && e.status == Status::Complete
    };
    let kinds: BTreeSet<&str> = envelopes.iter().filter(says).map(|(_, e)| e.kind.as_str()).collect();
    let filled: BTreeSet<&str> =
        KINDS.iter().filter(|k| kinds.contains(k.name)).flat_map(|k| k.tables).copied().collect();
    let own = TABLES.iter().map(|(table, _)| *table).filter(|t| !t.starts_with("feed_"));
    own.filter(|table| !filled.contains(table)).collect()
}

/// Runs the command.
pub(crate) fn run(home: &Path, args: &ImpactArgs, out: Out) -> Result<Exit, Fault> {
    let word = args.word.trim().to_lowercase();
    if !WORD_BYTES.contains(&word.len()) {
        let what = "what is looked for has 2 to 256 bytes";
        return Err(Fault::usage("BW-1001", what, "`bailiwick impact --help` shows examples"));
    }
    let home = look(home)?;
    let now = args.now.unwrap_or_else(clock::second);
    let customers = customers(&home, args.customer.as_deref())?;
    let progress = Progress::new(out, customers.len() as u64, false);
    let tables: Vec<&str> = TABLES.iter().map(|(table, _)| *table).collect();
    let (mut found, mut not_said) = (vec![], vec![]);
    for (done, customer) in customers.iter().enumerate() {
        let view = home.view(customer)?;
        let index = Index::of(&view)?;
        not_said.push((customer.clone(), silent(&index.envelopes, now)));
        for exhibit in index.with_rows(&view, &tables, now)?.exhibits() {
            found.extend(hits(exhibit, Some(customer), &word, now));
        }
        progress.at(done as u64 + 1);
    }
    for feed in feeds::load(&home, &|kind| kind == "feed-kev")? {
        found.extend(hits(&feed, None, &word, now));
    }
    drop(progress);
    tell(&args.word, &found, &not_said, customers.len(), out);
    Ok(Exit::Ok)
}

fn tell(word: &str, found: &[Hit], not_said: &[(CustomerId, Vec<&'static str>)], asked: usize, out: Out) {
    let line = |h: &Hit| {
        json!({
            "customer": h.customer.as_ref().map(CustomerId::as_str), "side": h.side, "table": h.table, "column": h.column,
            "on": h.on, "row": h.row, "evidence": h.document, "seq": h.seq, "age_days": h.age_days,
        })
    };
    let touched: BTreeSet<&CustomerId> = found.iter().filter_map(|h| h.customer.as_ref()).collect();
    match out.form {
        Form::Text => {
            let row = |h: &Hit| {
                let customer =
                    h.customer.as_ref().map_or_else(|| "everybody".to_owned(), ToString::to_string);
                let said = h.row.get(h.column).and_then(Value::as_str).unwrap_or_default().to_owned();
                vec![
                    customer,
                    h.side.unwrap_or("-").into(),
                    h.table.into(),
                    h.on.clone(),
                    said,
                    format!("{} d", h.age_days),
                    h.document.clone(),
                ]
            };
            let head = ["customer", "side", "table", "on", "says", "age", "document"];
            out.table(&head, found.iter().map(row).collect());
            out.say(&format!("{} rows at {} of {asked} customers", found.len(), touched.len()));
            for (customer, tables) in not_said.iter().filter(|(_, tables)| !tables.is_empty()) {
                out.say(&format!(
                    "nobody can say of {customer}: no evidence in time of {}",
                    tables.join(", ")
                ));
            }
        }
        Form::Json => {
            let silent =
                |(c, tables): &(CustomerId, Vec<&str>)| json!({"customer": c.as_str(), "tables": tables});
            out.document("impact", json!({
                "word": word, "customers": touched.iter().map(|c| c.as_str()).collect::<Vec<_>>(),
                "rows": found.iter().map(line).collect::<Vec<_>>(),
                "nobody_can_say": not_said.iter().filter(|(_, t)| !t.is_empty()).map(silent).collect::<Vec<_>>(),
            }));
        }
        Form::Jsonl => found.iter().for_each(|h| out.json_line(&line(h))),
    }
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn whole_words_are_found_and_parts_of_them_are_not() {
        for (text, word, want) in [
            ("cve-2024-1709 cve-2024-1708", "cve-2024-1709", true),
            ("cve-2024-17090", "cve-2024-1709", false),
            ("screenconnect client (0a1b)", "screenconnect", true),
            ("screenconnect.clientservice.exe", "screenconnect", true),
            ("myscreenconnect", "screenconnect", false),
            ("ana@clinic.example", "@clinic.example", true),
            ("ana@clinic.example", "na@clinic.example", false),
            ("log4j-core", "log4j", true),
            ("größe", "öß", false),
        ] {
            assert_eq!(holds(text, word), want, "{text} {word}");
        }
    }
}
