//! `retention`: how long a customer's records are kept, said in its own log.

use super::{customer_id, look, open};
use crate::clock;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use clap::{Args, Subcommand};
use custody::{RETENTION_FLOOR_DAYS, RetentionError};
use model::Kind;
use serde_json::{Value, json};
use std::path::Path;

/// Arguments of `retention`.
#[derive(Args)]
pub(crate) struct RetentionArgs {
    #[command(subcommand)]
    pub(crate) verb: RetentionVerb,
}

/// What to do with retention.
#[derive(Subcommand)]
pub(crate) enum RetentionVerb {
    /// Show how long records are kept, and what was ended
    #[command(
        after_help = "Examples:\n  bailiwick retention show --customer acme\n  bailiwick retention show --customer acme --json"
    )]
    Show {
        /// Whose
        #[arg(long, value_name = "ID")]
        customer: String,
    },
    /// Keep records longer
    #[command(
        after_help = "Examples:\n  bailiwick retention set --customer acme --days 366\n  bailiwick retention set --customer clinic --days 2192\n\nNever below 184 days, and never shorter than before: that takes both sides' signatures and 30 days' notice in the log.\nThe change is a record in the customer's log, signed with the log's key."
    )]
    Set {
        /// Whose
        #[arg(long, value_name = "ID")]
        customer: String,
        /// Days, at least 184
        #[arg(long, value_name = "N")]
        days: u32,
    },
    /// End what was kept long enough: destroy its keys and leave a tombstone
    #[command(
        after_help = "Examples:\n  bailiwick retention apply --customer acme\n  bailiwick retention apply --customer acme --json\n\nEvery `ingest` does this too. What is ended cannot be read again by anybody; what stays is proven as before."
    )]
    Apply {
        /// Whose
        #[arg(long, value_name = "ID")]
        customer: String,
    },
}

/// Runs a verb.
pub(crate) fn run(home: &Path, verb: RetentionVerb, out: Out) -> Result<Exit, Fault> {
    match verb {
        RetentionVerb::Show { customer } => show(home, &customer, out),
        RetentionVerb::Set { customer, days } => set(home, &customer, days, out),
        RetentionVerb::Apply { customer } => apply(home, &customer, out),
    }
}

fn show(home: &Path, customer: &str, out: Out) -> Result<Exit, Fault> {
    let home = look(home)?;
    let id = customer_id(customer)?;
    home.customer(&id)?;
    let view = home.view(&id)?;
    let others = view.others_of(Kind::Control)?;
    let days = view.retention_days()?;
    let bodies = others
        .iter()
        .filter(|r| r.kind == Kind::Control)
        .filter_map(|r| serde_json::from_slice::<Value>(&r.raw).ok());
    let ended: Vec<Value> = bodies
        .filter(|b| b.get("control").and_then(Value::as_str) == Some("tombstone"))
        .map(|b| json!({"first": b["first"], "count": b["count"], "until": b["until"]}))
        .collect();
    match out.form {
        Form::Text => out.text(&format!(
            "records of {id} are kept for {days} days at least (floor {RETENTION_FLOOR_DAYS}); the first that is kept is record {}; {} parts were ended",
            view.begin(), ended.len()
        )),
        _ => out.document("retention", json!({"customer": id.as_str(), "days": days, "floor_days": RETENTION_FLOOR_DAYS, "begin": view.begin(), "ended": ended})),
    }
    Ok(Exit::Ok)
}

fn set(home: &Path, customer: &str, days: u32, out: Out) -> Result<Exit, Fault> {
    let id = customer_id(customer)?;
    if days < RETENTION_FLOOR_DAYS {
        // Said before anything is opened: nothing can be changed by asking.
        return Err(refused(&RetentionError::Floor { days, floor: RETENTION_FLOOR_DAYS }));
    }
    let home = open(home, "retention set")?;
    home.customer(&id)?;
    let mut vault = home.vault(&id)?;
    let before = vault.retention_days();
    let now = clock::now();
    let seq = match vault.set_retention(days, now) {
        Ok(seq) => seq,
        Err(RetentionError::Seal(error)) => return Err(error.into()),
        Err(error) => return Err(refused(&error)),
    };
    vault.close(now)?;
    match out.form {
        Form::Text => out.text(&format!("records of {id} are kept for {days} days at least (before: {before}); record {seq} of its log says so")),
        _ => out.document("retention", json!({"customer": id.as_str(), "days": days, "before": before, "seq": seq})),
    }
    Ok(Exit::Ok)
}

fn refused(error: &RetentionError) -> Fault {
    Fault::usage(
        "BW-1013",
        format!("{error}; nothing was changed"),
        format!("name {RETENTION_FLOOR_DAYS} days or more, and not fewer than are in force"),
    )
}

fn apply(home: &Path, customer: &str, out: Out) -> Result<Exit, Fault> {
    let id = customer_id(customer)?;
    let home = open(home, "retention apply")?;
    home.customer(&id)?;
    let mut vault = home.vault(&id)?;
    let now = clock::now();
    let ended = vault.end_epochs(now)?;
    if !ended.is_empty() {
        vault.close(now)?;
    }
    let list: Vec<Value> =
        ended.iter().map(|e| json!({"first": e.first, "count": e.count, "tombstone": e.tombstone})).collect();
    match out.form {
        Form::Text if ended.is_empty() => out.text(&format!("nothing of {id} was kept long enough to end")),
        Form::Text => {
            for e in &ended {
                out.text(&format!(
                    "ended: records {} to {}; record {} is their tombstone",
                    e.first,
                    e.first + e.count - 1,
                    e.tombstone
                ));
            }
        }
        _ => out.document("retention", json!({"customer": id.as_str(), "ended": list})),
    }
    Ok(Exit::Ok)
}
