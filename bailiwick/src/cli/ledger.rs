//! `ledger`: what a customer's log says of itself, its last records, and single records with their proof.

use super::{customer_id, look};
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use clap::{Args, Subcommand};
use custody::disk::{Disk, Folder};
use custody::{Home, View, prove};
use evidence::records::Head;
use model::{CustomerId, Kind, Record};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use verify::Sample;

/// Arguments of `ledger`.
#[derive(Args)]
pub(crate) struct LedgerArgs {
    #[command(subcommand)]
    pub(crate) verb: LedgerVerb,
}

/// What to do with a log.
#[derive(Subcommand)]
pub(crate) enum LedgerVerb {
    /// Show a log: size, root, keys, retention, what it holds
    #[command(
        after_help = "Examples:\n  bailiwick ledger show --customer acme\n  bailiwick ledger show --customer acme --json"
    )]
    Show {
        /// Whose log
        #[arg(long, value_name = "ID")]
        customer: String,
    },
    /// Show the last records that are no events: acts, alerts, control
    #[command(
        after_help = "Examples:\n  bailiwick ledger tail --customer acme\n  bailiwick ledger tail --customer acme --kind control --count 50"
    )]
    Tail {
        /// Whose log
        #[arg(long, value_name = "ID")]
        customer: String,
        /// How many
        #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
        count: usize,
        /// Only of this kind: evidence, act, alert, verdict, contract, exercise, control
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
    },
    /// Write single records with their proof
    #[command(
        after_help = "Examples:\n  bailiwick ledger prove --customer acme --seq 4711 --to proof/\n  bailiwick ledger prove --customer acme --sample 459 --seed 'drawn on 2 November' --to audit/\n\nThe folder holds the key and the keys of days beside the proofs; `bailiwick-verify` checks them:\n  bailiwick-verify proof/000000004711.tlog-proof --vkey LINE\n  bailiwick-verify audit/ --sample 459 --seed 'drawn on 2 November' --vkey LINE"
    )]
    Prove {
        /// Whose log
        #[arg(long, value_name = "ID")]
        customer: String,
        /// The record
        #[arg(long, value_name = "SEQ", required_unless_present = "sample", conflicts_with = "sample")]
        seq: Vec<u64>,
        /// How many records an auditor drew
        #[arg(long, value_name = "N", requires = "seed", value_parser = clap::value_parser!(u64).range(1..=100_000))]
        sample: Option<u64>,
        /// The auditor's words, from which the records are drawn
        #[arg(long, value_name = "TEXT", requires = "sample")]
        seed: Option<String>,
        /// The first record that the auditor drew from, where the beginning of the log was ended
        #[arg(long, value_name = "SEQ", requires = "sample", default_value_t = 0)]
        from: u64,
        /// An empty or new folder
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
}

/// Runs a verb.
pub(crate) fn run(home: &Path, verb: LedgerVerb, out: Out) -> Result<Exit, Fault> {
    let home = look(home)?;
    match verb {
        LedgerVerb::Show { customer } => show(&home, &known(&home, &customer)?, out),
        LedgerVerb::Tail { customer, count, kind } => {
            tail(&home, &known(&home, &customer)?, count, kind.as_deref(), out)
        }
        LedgerVerb::Prove { customer, seq, sample, seed, from, to } => {
            let customer = known(&home, &customer)?;
            let view = home.view(&customer)?;
            let wanted = match sample.zip(seed) {
                Some((draws, seed)) => {
                    let checkpoint = view.checkpoint();
                    Sample { draws, first: from, seed }
                        .drawn(&checkpoint.text(), checkpoint.size)
                        .into_iter()
                        .collect()
                }
                None => seq,
            };
            write_proofs(&view, &wanted, &to, out)
        }
    }
}

fn known(home: &Home, text: &str) -> Result<CustomerId, Fault> {
    let id = customer_id(text)?;
    home.customer(&id)?;
    Ok(id)
}

/// The body of a record of the log itself.
fn body(record: &Record) -> Option<Value> {
    (record.kind == Kind::Control).then(|| serde_json::from_slice(&record.raw).ok()).flatten()
}

fn show(home: &Home, id: &CustomerId, out: Out) -> Result<Exit, Fault> {
    let view = home.view(id)?;
    let others = view.others()?;
    let bodies: Vec<Value> = others.iter().filter_map(body).collect();
    let word = |b: &Value| b.get("control").and_then(Value::as_str).unwrap_or_default().to_owned();
    let many = |wanted: &str| bodies.iter().filter(|b| word(b) == wanted).count();
    let days = view.retention_days()?;
    let checkpoint = view.checkpoint();
    let vkey = view.vkey();
    let kinds = Kind::ALL.iter().filter(|k| **k != Kind::Event);
    let kinds: serde_json::Map<String, Value> = kinds
        .map(|k| (k.as_str().to_owned(), others.iter().filter(|r| r.kind == *k).count().into()))
        .collect();
    let shown = json!({
        "customer": id.as_str(), "origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.to_string(),
        "vkey": vkey.to_string(), "fingerprint": vkey.fingerprint(), "begin": view.begin(),
        "retention_days": days, "floor_days": custody::RETENTION_FLOOR_DAYS, "day_keys": many("day-key"), "epochs": many("epoch"),
        "tombstones": many("tombstone"), "reopened": many("reopened"), "silences": many("silence"), "records": kinds,
        "checkpoint": String::from_utf8_lossy(view.note()),
    });
    if out.form != Form::Text {
        out.document("ledger", shown);
        return Ok(Exit::Ok);
    }
    let text = |key: &str| shown[key].as_str().map_or_else(|| shown[key].to_string(), str::to_owned);
    let rows = [
        "origin",
        "size",
        "root",
        "vkey",
        "fingerprint",
        "begin",
        "retention_days",
        "day_keys",
        "epochs",
        "tombstones",
        "reopened",
        "silences",
    ];
    out.table(&["what", "value"], rows.iter().map(|k| vec![k.replace('_', " "), text(k)]).collect());
    out.text(&format!("\nthe signed state:\n{}", text("checkpoint")));
    Ok(Exit::Ok)
}

fn tail(home: &Home, id: &CustomerId, count: usize, kind: Option<&str>, out: Out) -> Result<Exit, Fault> {
    let wanted = match kind {
        None => None,
        Some(word) => Some(*Kind::ALL.iter().find(|k| k.as_str() == word && **k != Kind::Event).ok_or_else(|| {
            Fault::usage("BW-1010", format!("there is no kind `{word}` to list here"), "known: evidence, act, alert, verdict, contract, exercise, control; events are found with `bailiwick hunt`")
        })?),
    };
    let others = home.view(id)?.others()?;
    let of_kind: Vec<&Record> = others.iter().filter(|r| wanted.is_none_or(|k| k == r.kind)).collect();
    let last = &of_kind[of_kind.len().saturating_sub(count)..];
    let line = |r: &&Record| {
        json!({"seq": r.seq, "kind": r.kind.as_str(), "source": r.source.to_string(), "received": r.received.to_string(),
               "raw": serde_json::from_slice::<Value>(&r.raw).unwrap_or_else(|_| String::from_utf8_lossy(&r.raw).into())})
    };
    match out.form {
        Form::Text => {
            let rows = last
                .iter()
                .map(|r| vec![r.seq.to_string(), r.kind.to_string(), r.received.to_string(), named(r)]);
            out.table(&["seq", "kind", "received", "what"], rows.collect());
        }
        Form::Json => out.document("ledger", json!({"records": last.iter().map(line).collect::<Vec<_>>()})),
        Form::Jsonl => last.iter().for_each(|r| out.json_line(&line(r))),
    }
    Ok(Exit::Ok)
}

/// A record in one line. Evidence is named, not shown: a piece of somebody's list says nothing here, and is not for every eye.
fn named(record: &Record) -> String {
    let head = (record.kind == Kind::Evidence).then(|| Head::of(&record.raw)).flatten();
    match head {
        Some(Head::Piece { id, rows }) => {
            format!("{id}: {} of a document", if rows { "rows" } else { "bytes" })
        }
        Some(Head::Envelope(e)) => {
            format!("{}: {} of the {}, {}, {}", e.id, e.kind, e.side, e.file, e.status.as_str())
        }
        None => String::from_utf8_lossy(&record.raw).chars().take(120).collect(),
    }
}

fn write_proofs(view: &View, wanted: &[u64], to: &Path, out: Out) -> Result<Exit, Fault> {
    let place = Folder::new(to);
    if let Some(name) = std::fs::read_dir(to).ok().and_then(|mut d| d.next()) {
        let name = name.map_or_else(|_| String::new(), |n| n.file_name().to_string_lossy().into_owned());
        return Err(Fault::usage(
            "BW-1012",
            format!("`{}` is not empty: `{name}` is there", to.display()),
            "name an empty or new folder",
        ));
    }
    let mut written = 0;
    for seq in wanted {
        let proof = prove(view, *seq).map_err(|error| {
            match *seq < view.checkpoint().size && *seq >= view.begin() {
                true => Fault::from(error),
                false => Fault::usage(
                    "BW-1010",
                    format!("there is no record {seq} to prove: {}", error.why),
                    "`bailiwick ledger show` says which records there are",
                ),
            }
        })?;
        place.put(&format!("{seq:012}.tlog-proof"), &proof.to_bytes())?;
        written += 1;
    }
    place.put("vkey", format!("{}\n", view.vkey()).as_bytes())?;
    place.put("days", view.days())?;
    match out.form {
        Form::Text => out.text(&format!(
            "{written} records with their proof in {}\nchecked without us with\n  bailiwick-verify {}/… --vkey '{}'",
            to.display(), to.display(), view.vkey()
        )),
        _ => out.document("ledger", json!({"proofs": written, "to": to.display().to_string(), "vkey": view.vkey().to_string()})),
    }
    Ok(Exit::Ok)
}
