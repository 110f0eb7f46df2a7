//! `due`: what goes stale or ends soon, by date.

use super::evidence::{customers, days};
use super::{look, time};
use crate::dossier::{self, Index};
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use crate::{clock, feeds};
use assess::exceptions;
use assess::report::Ending;
use clap::Args;
use custody::Home;
use evidence::records::Exhibit;
use evidence::{Cell, Envelope, Row, Side};
use model::{CustomerId, Kind, Time};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) const HELP: &str = "Examples:
  bailiwick due --customer acme
  bailiwick due --all --days 90 --json

Evidence that goes stale, and what ends or is to be looked at again: statements, approvals, certificates, secrets, accounts,
rights, support, documents, suppliers, actions, exceptions. What is past is listed too, first. Exit 0 with and without any.";

/// Days that are looked ahead, at most.
const DAYS_LIMIT: i64 = 3_660;

/// Arguments of `due`.
#[derive(Args)]
pub(crate) struct DueArgs {
    /// Whose
    #[arg(long, value_name = "ID", required_unless_present = "all")]
    customer: Option<String>,
    /// Everybody's, and the feeds
    #[arg(long, conflicts_with = "customer")]
    all: bool,
    /// How many days ahead
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(i64).range(0..=DAYS_LIMIT))]
    days: i64,
    /// The day; default: now
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<Time>,
}

/// Rows that end: the table, the column that says when, what that means, the columns that say what of; and a column that,
/// once filled, means that it is done.
struct Ends {
    table: &'static str,
    at: &'static str,
    means: &'static str,
    of: &'static [&'static str],
    done: Option<&'static str>,
}

const fn ends(
    table: &'static str,
    at: &'static str,
    means: &'static str,
    of: &'static [&'static str],
    done: Option<&'static str>,
) -> Ends {
    Ends { table, at, means, of, done }
}

const ENDS: &[Ends] = &[
    ends("access_grant", "to_at", "right ends", &["account", "system"], None),
    ends("account", "expires_at", "account ends", &["directory", "name"], None),
    ends("account", "secret_ends_at", "secret ends", &["directory", "name"], None),
    ends("action", "due_at", "action due", &["id", "title"], Some("done_at")),
    ends("approval", "expires_at", "approval ends", &["list", "name"], None),
    ends("attestation", "expires_at", "statement ends", &["kind", "subject", "signer_side"], None),
    ends("device", "supported_until_at", "support ends", &["name"], None),
    ends("document", "review_at", "review due", &["kind", "id"], None),
    ends("software", "supported_until_at", "support ends", &["device", "name"], None),
    ends("tls_endpoint", "ends_at", "certificate ends", &["id"], None),
    ends("trust", "ends_at", "trust ends", &["partner", "kind"], None),
    ends("vendor", "next_assessment_at", "supplier to be assessed", &["name"], None),
];

/// One date.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Date {
    at: Time,
    customer: Option<CustomerId>,
    means: &'static str,
    of: String,
    side: Option<&'static str>,
    /// The document or exception that says so.
    from: String,
}

fn shown(cell: Option<&Cell>) -> String {
    match cell {
        Some(Cell::Text(text)) => text.clone(),
        Some(Cell::Number(n)) => n.to_string(),
        _ => String::new(),
    }
}

fn instant(row: &Row, column: &str) -> Option<Time> {
    match row.cell(column) {
        Some(Cell::Number(seconds)) => Time::from_second(*seconds).ok(),
        _ => None,
    }
}

/// The dates in rows. Where several rows speak of the same thing the latest counts: a statement that was given anew ends anew.
fn of_rows(exhibits: &[Exhibit], customer: &CustomerId) -> Vec<Date> {
    let mut latest: BTreeMap<(&str, &str, String), Option<Date>> = BTreeMap::new();
    for exhibit in exhibits {
        for row in exhibit.rows.iter() {
            for e in ENDS.iter().filter(|e| e.table == row.table().name) {
                let Some(at) = instant(&row, e.at) else { continue };
                let of: Vec<String> =
                    e.of.iter().map(|c| shown(row.cell(c))).filter(|t| !t.is_empty()).collect();
                let (of, side) = (of.join(", "), exhibit.envelope.side.as_str());
                let place = latest.entry((e.means, side, of.clone())).or_insert(None);
                let done = e.done.is_some_and(|c| row.cell(c).is_some_and(|c| *c != Cell::Null));
                let from = exhibit.envelope.id.clone();
                let date =
                    Date { at, customer: Some(customer.clone()), means: e.means, of, side: Some(side), from };
                if !done && place.as_ref().is_none_or(|there| there.at < at) {
                    *place = Some(date);
                }
            }
        }
    }
    latest.into_values().flatten().collect()
}

/// When evidence goes stale: the newest of each kind, side and scope.
fn of_evidence(envelopes: &[(u64, Envelope)], customer: &CustomerId, now: Time) -> Vec<Date> {
    let newest = dossier::newest(envelopes.iter().map(|(seq, e)| (*seq, e)), now);
    let by_place: BTreeMap<u64, &Envelope> = envelopes.iter().map(|(seq, e)| (*seq, e)).collect();
    let date = |((kind, side, scope), seq): (dossier::Slot<'_>, u64)| {
        let envelope = by_place.get(&seq)?;
        Some(Date {
            at: dossier::due(envelope)?,
            customer: Some(customer.clone()),
            means: "evidence goes stale",
            of: if scope.is_empty() { kind.to_owned() } else { format!("{kind}, {scope}") },
            side: Some(side.as_str()),
            from: envelope.id.clone(),
        })
    };
    newest.into_iter().filter_map(date).collect()
}

fn of_customer(home: &Home, customer: &CustomerId, now: Time) -> Result<Vec<Date>, Fault> {
    let view = home.view(customer)?;
    let index = Index::of(&view)?;
    let mut dates = of_evidence(&index.envelopes, customer, now);
    let tables: Vec<&str> = ENDS.iter().map(|e| e.table).collect();
    let dossier = index.with_rows(&view, &tables, now)?;
    dates.extend(of_rows(dossier.exhibits(), customer));
    let in_force = exceptions::of(&dossier::pages(&view, Kind::Contract)?)
        .into_iter()
        .filter(|k| k.state(now) == "in-force");
    dates.extend(in_force.map(|k| Date {
        at: k.exception.expires,
        customer: Some(customer.clone()),
        means: "exception ends",
        of: k.exception.subject.map_or(k.exception.check.clone(), |s| format!("{}, {s}", k.exception.check)),
        side: Some(k.exception.side.as_str()),
        from: k.id,
    }));
    Ok(dates)
}

fn of_feeds(home: &Home) -> Result<Vec<Date>, Fault> {
    let date = |(envelope, _): (Envelope, bool)| {
        let at = dossier::due(&envelope)?;
        Some(Date {
            at,
            customer: None,
            means: "feed goes stale",
            of: envelope.kind,
            side: None,
            from: envelope.sha256,
        })
    };
    Ok(feeds::list(home)?.into_iter().filter_map(date).collect())
}

/// What ends or goes stale for a customer within these days, by date, for a report.
pub(super) fn soon(home: &Home, customer: &CustomerId, now: Time, ahead: i64) -> Result<Vec<Ending>, Fault> {
    let until = now.as_second() + ahead * 86_400;
    let mut dates = of_customer(home, customer, now)?;
    dates.retain(|d| d.at.as_second() <= until);
    dates.sort();
    let ending = |d: Date| Ending {
        at: d.at,
        side: d.side.and_then(Side::from_word),
        means: d.means.to_owned(),
        of: d.of,
    };
    Ok(dates.into_iter().map(ending).collect())
}

/// Runs the command.
pub(crate) fn run(home: &Path, args: &DueArgs, out: Out) -> Result<Exit, Fault> {
    let home = look(home)?;
    let now = args.now.unwrap_or_else(clock::second);
    let until = now.as_second() + args.days * 86_400;
    let mut dates = vec![];
    for customer in customers(&home, args.customer.as_deref())? {
        dates.extend(of_customer(&home, &customer, now)?);
    }
    if args.all {
        dates.extend(of_feeds(&home)?);
    }
    dates.retain(|d| d.at.as_second() <= until);
    dates.sort();
    tell(&dates, now, args.days, out);
    Ok(Exit::Ok)
}

fn tell(dates: &[Date], now: Time, ahead: i64, out: Out) {
    let line = |d: &Date| {
        json!({
            "at": d.at.to_string(), "in_days": days(now, d.at), "past": d.at <= now,
            "customer": d.customer.as_ref().map(CustomerId::as_str), "side": d.side, "what": d.means, "of": d.of, "from": d.from,
        })
    };
    match out.form {
        Form::Text => {
            let many = |days: i64| format!("{days} day{}", if days == 1 { "" } else { "s" });
            let when = |d: &Date| match d.at <= now {
                true => format!("{} ago", many(days(d.at, now))),
                false => format!("in {}", many(days(now, d.at))),
            };
            let side = |d: &Date| d.side.unwrap_or("-").to_owned();
            let customer = |d: &Date| d.customer.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            if out.is_drawn() {
                // What fits into 80 columns; the instant and the document stand in the other forms.
                let row = |d: &Date| {
                    let whose = format!("{}, {}", customer(d), side(d));
                    vec![assess::assessment::day(d.at), when(d), whose, format!("{}: {}", d.means, d.of)]
                };
                out.table(&["date", "when", "whose", "what"], dates.iter().map(row).collect());
            } else {
                let row = |d: &Date| {
                    vec![
                        d.at.to_string(),
                        when(d),
                        customer(d),
                        side(d),
                        d.means.to_owned(),
                        d.of.clone(),
                        d.from.clone(),
                    ]
                };
                out.table(
                    &["date", "when", "customer", "side", "what", "of", "from"],
                    dates.iter().map(row).collect(),
                );
            }
            out.say(&format!("{} dates in the next {ahead} days or past", dates.len()));
        }
        Form::Json => {
            let list: Vec<Value> = dates.iter().map(line).collect();
            out.document("due", json!({"now": now.to_string(), "days": ahead, "due": list}));
        }
        Form::Jsonl => dates.iter().for_each(|d| out.json_line(&line(d))),
    }
}
