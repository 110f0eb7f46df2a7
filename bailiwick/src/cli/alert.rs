//! `alert`: what was noticed, and the records it stands on.

use super::{customer_id, look, open};
use crate::alerts::{self, Closed};
use crate::fault::{Exit, Fault, near};
use crate::out::{Form, Out};
use crate::watch;
use clap::{Args, Subcommand};
use custody::Home;
use detect::Vocabulary;
use model::{Alert, CustomerId, Event, Level};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Records that `show` prints.
const SHOWN: usize = 20;
/// Longest reason of a closing, in characters.
const REASON_LIMIT: usize = 1_000;

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
    #[command(
        after_help = "Examples:\n  bailiwick alert ls\n  bailiwick alert ls --open --level high\n  bailiwick alert ls --customer acme --json"
    )]
    Ls {
        /// Only of this customer
        #[arg(long, value_name = "ID")]
        customer: Option<String>,
        /// Only those that nobody has closed
        #[arg(long)]
        open: bool,
        /// Only of this level and above
        #[arg(long, value_name = "LEVEL", value_parser = ["informational", "low", "medium", "high", "critical"])]
        level: Option<String>,
    },
    /// Show an alert: what, since when, why, and its records
    #[command(
        after_help = "Examples:\n  bailiwick alert show al-0123456789ab\n  bailiwick alert show al-0123456789ab --json"
    )]
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Explain an alert: why it fired, when it would not have, and what it does not see
    #[command(
        after_help = "Examples:\n  bailiwick alert explain al-0123456789ab\n  bailiwick alert explain al-0123456789ab --json"
    )]
    Explain {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Close an alert, with the reason; the closing is sealed in the log of each customer that it touches
    #[command(
        after_help = "Examples:\n  bailiwick alert close al-0123456789ab --reason 'penetration test, ticket 4711'\n\nNothing is deleted. Should more records come to it, it is open again."
    )]
    Close {
        /// Its id, or the beginning of it
        id: String,
        /// Why: what was found, and who said so
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Runs a verb.
pub(crate) fn run(home: &Path, verb: AlertVerb, out: Out) -> Result<Exit, Fault> {
    match verb {
        AlertVerb::Ls { customer, open, level } => {
            list(&look(home)?, customer.as_deref(), open, level.as_deref().and_then(Level::from_word), out)
        }
        AlertVerb::Show { id } => show(&look(home)?, &id, out),
        AlertVerb::Explain { id } => explain(&look(home)?, &id, out),
        AlertVerb::Close { id, reason } => close(home, &id, &reason, out),
    }
}

/// The one alert whose id begins so.
fn find(home: &Home, id: &str) -> Result<Alert, Fault> {
    let all = alerts::all(home, &customers(home, None)?)?;
    let found: Vec<&Alert> = all.iter().filter(|a| a.id.starts_with(id)).collect();
    if let [alert] = found[..] {
        return Ok(alert.clone());
    }
    let what = if found.is_empty() {
        format!("there is no alert `{id}`{}", near(id, all.iter().map(|a| a.id.as_str())))
    } else {
        format!("{} alerts begin with `{id}`", found.len())
    };
    Err(Fault::usage("BW-1010", what, "`bailiwick alert ls` lists the alerts"))
}

fn is_open(alert: &Alert, closed: &BTreeMap<String, Closed>) -> bool {
    closed.get(&alert.id).is_none_or(|c| c.count < alert.count)
}

fn close(home: &Path, id: &str, reason: &str, out: Out) -> Result<Exit, Fault> {
    if reason.trim().is_empty() || reason.chars().count() > REASON_LIMIT {
        let what = format!("a reason is a sentence of at most {REASON_LIMIT} characters");
        return Err(Fault::usage("BW-1001", what, "say what was found, and who said so"));
    }
    let home = open(home, "alert close")?;
    let alert = find(&home, id)?;
    let closed = alerts::closed(&home, &alert.customers)?;
    if !is_open(&alert, &closed) {
        let before = closed.get(&alert.id).map(|c| c.reason.clone()).unwrap_or_default();
        out.say(&format!("{} was closed before ({before}); nothing was changed", alert.id));
        return Ok(Exit::Ok);
    }
    let now = crate::clock::second();
    for customer in &alert.customers {
        let mut vault = home.vault(customer)?;
        let cursor = vault.cursor().map(<[u8]>::to_vec);
        let act = Home::own(model::Kind::Act, &alerts::closing(&alert, reason), now);
        vault.append(vec![(act, model::Fields::new())], cursor, now)?;
        vault.close(now)?;
    }
    match out.form {
        Form::Text => {
            let whose = if alert.customers.len() == 1 { "log" } else { "logs" };
            out.text(&format!("{} is closed; the {whose} of {} say so", alert.id, names(&alert.customers)));
        }
        _ => out.document(
            "alert",
            json!({"id": alert.id, "state": "closed", "reason": reason, "at": now.to_string()}),
        ),
    }
    Ok(Exit::Ok)
}

fn explain(home: &Home, id: &str, out: Out) -> Result<Exit, Fault> {
    let alert = find(home, id)?;
    let about = detect::detection(&alert.rule.id);
    let why = alert.details.as_ref().map(|d| d.why.clone()).unwrap_or_default();
    if out.form != Form::Text {
        let parameter = |p: &detect::Parameter| json!({"name": p.name, "default": p.default, "unit": p.unit, "reason": p.reason});
        out.document(
            "explanation",
            json!({
                "id": alert.id, "rule": alert.rule.id, "summary": alert.summary, "why": why,
                "fires": about.map(|a| a.fires), "blind": about.map(|a| a.blind), "paragraph": about.map(|a| a.paragraph),
                "parameters": about.map(|a| a.parameters.iter().map(parameter).collect::<Vec<_>>()),
            }),
        );
        return Ok(Exit::Ok);
    }
    let mut text = format!("{}\n\n  {}\n", alert.id, crate::out::clean(&alert.summary));
    for line in &why {
        text.push_str(&format!("  because    {}\n", crate::out::clean(line)));
    }
    match about {
        Some(about) => {
            text.push_str(&format!(
                "\n  it fires   {}\n  not seen   {}\n  alert      AA22-131A, {}\n",
                about.fires, about.blind, about.paragraph
            ));
            for p in about.parameters {
                let line = format!("  {}.{} = {} {} ({})\n", about.id, p.name, p.default, p.unit, p.reason);
                text.push_str(&line);
            }
            text.push_str("\nnext: other numbers for this customer: `bailiwick detect tune`; what they would have found: `bailiwick detect replay`");
        }
        None => text.push_str(&format!(
            "\n  it is a rule: `bailiwick rule show {}` shows its condition, `bailiwick rule explain` every branch of it on one record",
            alert.rule.id
        )),
    }
    out.text(&text);
    Ok(Exit::Ok)
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

fn list(home: &Home, only: Option<&str>, open: bool, least: Option<Level>, out: Out) -> Result<Exit, Fault> {
    let customers = customers(home, only)?;
    let closed = alerts::closed(home, &customers)?;
    let mut list = alerts::all(home, &customers)?;
    list.retain(|a| (!open || is_open(a, &closed)) && least.is_none_or(|l| a.rule.level >= l));
    let state = |a: &Alert| if is_open(a, &closed) { "open" } else { "closed" };
    let as_json = |a: &Alert| {
        let mut value = a.to_json();
        value["state"] = state(a).into();
        value
    };
    match out.form {
        Form::Text if list.is_empty() => out.say("no alerts"),
        Form::Text => {
            let row = |a: &Alert| {
                vec![
                    a.id.clone(),
                    a.rule.level.as_str().to_owned(),
                    state(a).to_owned(),
                    names(&a.customers),
                    attack(a),
                    a.last.to_string(),
                    a.summary.clone(),
                ]
            };
            out.table(
                &["id", "level", "state", "customers", "ATT&CK", "last", "what"],
                list.iter().map(row).collect(),
            );
        }
        Form::Json => {
            let all: Vec<_> = list.iter().map(as_json).collect();
            out.document("alerts", serde_json::json!({"alerts": all}));
        }
        Form::Jsonl => list.iter().for_each(|a| out.json_line(&as_json(a))),
    }
    Ok(Exit::Ok)
}

fn names(customers: &[CustomerId]) -> String {
    customers.iter().map(CustomerId::as_str).collect::<Vec<_>>().join(", ")
}

/// ATT&CK techniques among the tags, by the ids that they have today.
fn attack(alert: &Alert) -> String {
    let techniques = detect::attack::techniques_of(&alert.rule.tags);
    techniques.iter().map(|t| t.id).collect::<Vec<_>>().join(", ")
}

fn show(home: &Home, id: &str, out: Out) -> Result<Exit, Fault> {
    let alert = &find(home, id)?;
    let closed = alerts::closed(home, &alert.customers)?;
    let records = records(home, alert)?;
    if out.form != Form::Text {
        let mut value = alert.to_json();
        value["state"] = if is_open(alert, &closed) { "open" } else { "closed" }.into();
        value["events"] = records.iter().map(|(c, e)| super::hunt::as_json(e, Some(c))).collect();
        out.document("alert", value);
        return Ok(Exit::Ok);
    }
    let vocabulary = Vocabulary::built_in();
    let read = Read::of(&vocabulary, &records);
    let mut text =
        told(alert, closed.get(&alert.id).filter(|_| !is_open(alert, &closed)), records.len(), &read);
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
    text.push_str(&further(alert, &read));
    out.text(&text);
    Ok(Exit::Ok)
}

/// What the records of an alert say of themselves, through the vocabulary of the detections.
#[derive(Default)]
struct Read {
    who: BTreeSet<String>,
    from: BTreeSet<String>,
    hosts: BTreeSet<String>,
    about: BTreeSet<String>,
    /// The maps that read them: which products they are of.
    maps: BTreeSet<String>,
}

impl Read {
    fn of(vocabulary: &Vocabulary, records: &[(CustomerId, Event)]) -> Self {
        let mut read = Self::default();
        for (_, event) in records {
            let seen = vocabulary.read(event);
            if seen.act.is_none() {
                read.take_named(event);
                continue;
            }
            read.who.extend(seen.account.into_iter().chain(seen.by));
            read.from.extend(seen.from);
            read.hosts.extend(seen.host);
            read.about.extend(seen.object);
            read.maps.extend(vocabulary.decides(&event.fields).map(str::to_owned));
        }
        read
    }

    /// Of a record that tells none of the acts, what stands under the usual names.
    fn take_named(&mut self, event: &Event) {
        let value = |name: &&str| event.fields.get(*name).and_then(Value::as_str).map(str::to_owned);
        let of = |names: &[&str]| names.iter().find_map(value).filter(|value| !value.is_empty());
        self.who.extend(of(&["user", "TargetUserName", "userPrincipalName", "SubjectUserName", "User"]));
        self.from.extend(of(&["src_ip", "IpAddress", "ipAddress", "sourceIPAddress"]));
        self.hosts.extend(of(&["Computer", "host"]));
    }
}

/// What to look at next, in commands: everything of the same source, account and machine, and how to close the alert.
fn further(alert: &Alert, read: &Read) -> String {
    let Some(customer) = alert.customers.first() else { return String::new() };
    // Only names that a shell takes as they stand: what records hold was written by strangers.
    let is_plain = |name: &&String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-:@".contains(c);
        name.len() <= 100 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain)
    };
    let one = |names: &BTreeSet<String>| names.iter().find(is_plain).cloned();
    let mut names: Vec<String> = [&read.from, &read.who, &read.hosts].into_iter().filter_map(one).collect();
    names.dedup();
    let mut text = String::from("\nlook further:\n");
    for name in &names {
        for customer in alert.customers.iter().take(if name == &names[0] { 3 } else { 1 }) {
            text.push_str(&format!("  bailiwick hunt --customer {customer} --last 50 '\"{name}\"'\n"));
        }
    }
    if names.is_empty() {
        text.push_str(&format!("  bailiwick hunt --customer {customer} --last 50 '*'\n"));
    }
    let id = &alert.id;
    text.push_str(&format!(
        "  bailiwick alert explain {id}   (when it would not have fired, and what it does not see)\n"
    ));
    text.push_str(&format!("  bailiwick alert close {id} --reason 'WHAT WAS FOUND, AND WHO SAID SO'"));
    text
}

/// What is said of an alert above its records.
fn told(alert: &Alert, closed: Option<&Closed>, listed: usize, read: &Read) -> String {
    let rule = &alert.rule;
    let mut text = format!("{}\n\n  what       {}\n", alert.id, crate::out::clean(&alert.summary));
    let mut line =
        |name: &str, value: &str| text.push_str(&format!("  {name:<10} {}\n", crate::out::clean(value)));
    line("level", rule.level.as_str());
    if let Some(closed) = closed {
        line("closed", &format!("{}: {}", closed.at, closed.reason));
    }
    line("customers", &names(&alert.customers));
    line("since", &alert.first.to_string());
    line("until", &alert.last.to_string());
    if let Some(details) = &alert.details {
        // An alert over several customers names nobody in their logs: here the records themselves are read.
        let or = |told: &[String], read: &BTreeSet<String>| {
            if told.is_empty() && alert.customers.len() > 1 {
                read.iter().cloned().collect()
            } else {
                told.to_vec()
            }
        };
        let lists = [
            ("who", or(&details.who, &read.who)),
            ("from", or(&details.from, &read.from)),
            ("about", or(&details.what, &read.about)),
        ];
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            line(name, &list.join(", "));
        }
        details.why.iter().for_each(|why| line("why", why));
        line("AA22-131A", &details.paragraph);
    }
    line("rule", &format!("{} ({})", rule.title, rule.id));
    for technique in detect::attack::techniques_of(&alert.rule.tags) {
        line("ATT&CK", &format!("{} {}", technique.id, detect::attack::whole_name(technique)));
    }
    if alert.is_backwards {
        let version = rule.version.as_deref().unwrap_or("unknown");
        line("note", &format!("found backwards, by version {version} of the rule"));
    }
    let count = usize::try_from(alert.count).unwrap_or(usize::MAX);
    let shown = if count <= listed { "all below" } else { &format!("the first {listed} below") };
    line("records", &format!("{count}, {shown}"));
    if let Some(details) = &alert.details {
        text.push_str("\nwhat to do first:\n");
        for (number, step) in (1..).zip(&details.next) {
            text.push_str(&format!("  {number}. {step}\n"));
        }
        let mut products = BTreeMap::new();
        products.extend(read.maps.iter().filter_map(|map| detect::first_steps(&rule.id, map)));
        for (product, steps) in products {
            text.push_str(&format!("on {product}:\n"));
            steps.iter().for_each(|step| text.push_str(&format!("  {step}\n")));
        }
    }
    text
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
