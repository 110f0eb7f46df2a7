//! `alert`: what was noticed, and the records it stands on.

use super::{customer_id, look};
use crate::alerts;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use crate::watch;
use clap::{Args, Subcommand};
use custody::Home;
use model::{Alert, CustomerId, Event};
use std::collections::BTreeMap;
use std::path::Path;

/// Records that `show` prints.
const SHOWN: usize = 20;

/// Arguments of `alert`.
#[derive(Args)]
pub(crate) struct AlertArgs {
    #[command(subcommand)]
    pub(crate) verb: AlertVerb,
}

/// What to do with alerts.
#[derive(Subcommand)]
pub(crate) enum AlertVerb {
    /// List alerts, the newest last
    #[command(after_help = "Examples:\n  bailiwick alert ls\n  bailiwick alert ls --customer acme --json")]
    Ls {
        /// Only of this customer
        #[arg(long, value_name = "ID")]
        customer: Option<String>,
    },
    /// Show an alert: what, since when, why, and its records
    #[command(
        after_help = "Examples:\n  bailiwick alert show al-0123456789ab\n  bailiwick alert show al-0123456789ab --json"
    )]
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
}

/// Runs a verb.
pub(crate) fn run(home: &Path, verb: AlertVerb, out: Out) -> Result<Exit, Fault> {
    let home = look(home)?;
    match verb {
        AlertVerb::Ls { customer } => list(&home, customer.as_deref(), out),
        AlertVerb::Show { id } => show(&home, &id, out),
    }
}

fn customers(home: &Home, only: Option<&str>) -> Result<Vec<CustomerId>, Fault> {
    match only {
        Some(text) => {
            let id = customer_id(text)?;
            home.customer(&id)?;
            Ok(vec![id])
        }
        None => Ok(home.customers()?.into_iter().map(|c| c.id).collect()),
    }
}

fn list(home: &Home, only: Option<&str>, out: Out) -> Result<Exit, Fault> {
    let list = alerts::all(home, &customers(home, only)?)?;
    match out.form {
        Form::Text if list.is_empty() => out.say("no alerts"),
        Form::Text => {
            let row = |a: &Alert| {
                vec![
                    a.id.clone(),
                    a.rule.level.as_str().to_owned(),
                    names(&a.customers),
                    attack(a),
                    a.last.to_string(),
                    a.summary.clone(),
                ]
            };
            out.table(
                &["id", "level", "customers", "ATT&CK", "last", "what"],
                list.iter().map(row).collect(),
            );
        }
        Form::Json => {
            let all: Vec<_> = list.iter().map(Alert::to_json).collect();
            out.document("alerts", serde_json::json!({"alerts": all}));
        }
        Form::Jsonl => list.iter().for_each(|a| out.json_line(&a.to_json())),
    }
    Ok(Exit::Ok)
}

fn names(customers: &[CustomerId]) -> String {
    customers.iter().map(CustomerId::as_str).collect::<Vec<_>>().join(", ")
}

/// ATT&CK techniques among the tags, as they are usually written.
fn attack(alert: &Alert) -> String {
    let techniques = alert.rule.tags.iter().filter_map(|t| t.strip_prefix("attack.t"));
    techniques.map(|t| format!("T{t}")).collect::<Vec<_>>().join(", ")
}

fn show(home: &Home, id: &str, out: Out) -> Result<Exit, Fault> {
    let all = alerts::all(home, &customers(home, None)?)?;
    let found: Vec<&Alert> = all.iter().filter(|a| a.id.starts_with(id)).collect();
    let [alert] = found[..] else {
        let what = if found.is_empty() {
            format!("there is no alert `{id}`")
        } else {
            format!("{} alerts begin with `{id}`", found.len())
        };
        return Err(Fault::usage("BW-1010", what, "`bailiwick alert ls` lists the alerts"));
    };
    let records = records(home, alert)?;
    if out.form != Form::Text {
        let mut value = alert.to_json();
        value["events"] = records.iter().map(|(c, e)| super::hunt::as_json(e, Some(c))).collect();
        out.document("alert", value);
        return Ok(Exit::Ok);
    }
    let rule = &alert.rule;
    let mut text = format!(
        "{}\n\n  what       {}\n  level      {}\n  customers  {}\n  since      {}\n  until      {}\n  rule       {} ({})\n  ATT&CK     {}\n  records    {}, of which {} are listed here\n",
        alert.id,
        alert.summary,
        rule.level.as_str(),
        names(&alert.customers),
        alert.first,
        alert.last,
        rule.title,
        rule.id,
        attack(alert),
        alert.count,
        records.len()
    );
    if alert.is_backwards {
        let version = rule.version.as_deref().unwrap_or("unknown");
        text.push_str(&format!("  note       found backwards, by version {version} of the rule\n"));
    }
    for (customer, event) in &records {
        let record = &event.record;
        let raw: String = String::from_utf8_lossy(&record.raw).trim_end().chars().take(300).collect();
        text.push_str(&format!(
            "\n  {customer} {} {} {}\n    {}\n",
            record.seq,
            record.happened,
            record.source,
            crate::out::clean(&raw)
        ));
    }
    text.push_str("\nnext: look at what the same source or account did around it:\n");
    if let Some((customer, event)) = records.first() {
        let value =
            |name: &str| event.fields.get(name).and_then(serde_json::Value::as_str).filter(|v| !v.is_empty());
        let field = ["src_ip", "IpAddress", "user", "TargetUserName", "Computer"]
            .into_iter()
            .find(|f| value(f).is_some());
        let query = field.map_or("*".to_owned(), |f| format!("{f}:\"{}\"", value(f).unwrap_or("")));
        text.push_str(&format!("  bailiwick hunt --customer {customer} --last 50 '{query}'"));
    }
    out.text(&text);
    Ok(Exit::Ok)
}

/// The first records that an alert stands on, each read out of its own customer's vault.
fn records(home: &Home, alert: &Alert) -> Result<Vec<(CustomerId, Event)>, Fault> {
    let mut wanted: BTreeMap<&CustomerId, Vec<u64>> = BTreeMap::new();
    for record in alert.records.iter().take(SHOWN) {
        wanted.entry(&record.customer).or_default().push(record.seq);
    }
    let mut found = vec![];
    for (customer, seqs) in wanted {
        let view = home.view(customer)?;
        for unit in view.units()? {
            if seqs.iter().any(|s| (unit.first..unit.first + unit.count).contains(s)) {
                let events = view.read(&unit, &watch::fields)?.into_inner();
                found.extend(
                    events
                        .into_iter()
                        .filter(|e| seqs.contains(&e.record.seq))
                        .map(|e| (customer.clone(), e)),
                );
            }
        }
    }
    Ok(found)
}
