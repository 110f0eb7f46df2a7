//! `detect`: the detections over time, their thresholds, and what other thresholds would have found.

use super::{customer_id, look, open};
use crate::config::Config;
use crate::fault::{Exit, Fault, near};
use crate::out::{Form, Out};
use crate::progress::Progress;
use crate::{clock, policies, watch};
use clap::{Args, Subcommand};
use custody::Home;
use detect::{About, DETECTIONS, Patterns, Settings, Vocabulary, detection};
use model::{Alert, CustomerId, Time};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Arguments of `detect`.
#[derive(Args)]
pub(crate) struct DetectArgs {
    #[command(subcommand)]
    verb: DetectVerb,
}

/// What to do with detections.
#[derive(Subcommand)]
enum DetectVerb {
    /// List the detections and their thresholds
    #[command(after_help = "Examples:\n  bailiwick detect ls\n  bailiwick detect ls --customer acme --json")]
    Ls {
        /// With the thresholds of this customer
        #[arg(long, value_name = "ID")]
        customer: Option<String>,
    },
    /// Show a detection: when it fires, why so, what it does not see
    #[command(
        after_help = "Examples:\n  bailiwick detect show bw.spray-fast\n  bailiwick detect show bw.brute-force --json"
    )]
    Show {
        /// Its id
        id: String,
    },
    /// Set thresholds for a customer; those for all stand in `[thresholds]` of the home's config.toml
    #[command(
        after_help = "Examples:\n  bailiwick detect tune --customer acme --reason 'call centre behind one address' bw.spray-fast.accounts=25\n\nThe thresholds are sealed in the customer's log and hold from there on. `bailiwick detect replay` tries them on the past first."
    )]
    Tune {
        /// For whom
        #[arg(long, value_name = "ID")]
        customer: String,
        /// Why, in a sentence
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Check, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Thresholds, each as `DETECTION.NAME=NUMBER`
        #[arg(required = true, value_name = "SETTING")]
        settings: Vec<String>,
    },
    /// Say what other thresholds would have found in the sealed past
    #[command(
        after_help = "Examples:\n  bailiwick detect replay --customer acme --from 2026-11-01 --to 2026-11-08 bw.spray-fast.accounts=5\n\nNothing is sealed. Exit 1 when there are alerts that were not told, 0 otherwise."
    )]
    Replay {
        /// Whose log
        #[arg(long, value_name = "ID")]
        customer: String,
        /// Alerts from this time on
        #[arg(long, value_name = "TIME", value_parser = super::time)]
        from: Option<Time>,
        /// Alerts before this time
        #[arg(long, value_name = "TIME", value_parser = super::time)]
        to: Option<Time>,
        /// Thresholds, each as `DETECTION.NAME=NUMBER`
        #[arg(value_name = "SETTING")]
        settings: Vec<String>,
    },
}

/// Runs a verb.
pub(crate) fn run(config: &Config, args: DetectArgs, out: Out) -> Result<Exit, Fault> {
    match args.verb {
        DetectVerb::Ls { customer } => list(config, customer.as_deref(), out),
        DetectVerb::Show { id } => show(&id, out),
        DetectVerb::Tune { customer, reason, dry_run, settings } => {
            tune(config, &customer, (&reason, dry_run), &settings, out)
        }
        DetectVerb::Replay { customer, from, to, settings } => {
            replay(config, &customer, (from, to), &settings, out)
        }
    }
}

/// Reads `name=number`.
fn settings(texts: &[String]) -> Result<BTreeMap<String, i64>, Fault> {
    let mut read = BTreeMap::new();
    for text in texts {
        let wrong = |what: String| {
            Fault::usage(
                "BW-1022",
                what,
                "write `bw.spray-fast.accounts=15`; `bailiwick detect ls` lists them",
            )
        };
        let (name, number) = text.split_once('=').ok_or_else(|| wrong(format!("`{text}` has no `=`")))?;
        let number = number.trim().parse();
        let number: i64 =
            number.map_err(|_| wrong(format!("`{text}` has no whole number behind the `=`")))?;
        Settings::default().set(name.trim(), number).map_err(|e| wrong(e.to_string()))?;
        read.insert(name.trim().to_owned(), number);
    }
    Ok(read)
}

fn list(config: &Config, customer: Option<&str>, out: Out) -> Result<Exit, Fault> {
    let mut set: BTreeMap<String, (i64, &str)> =
        config.thresholds.value.all().iter().map(|(n, v)| (n.clone(), (*v, "provider"))).collect();
    if let Some(customer) = customer {
        let home = look(&config.home.value)?;
        let customer = customer_id(customer)?;
        home.customer(&customer)?;
        let (policy, _) = policies::current(&home, &customer)?;
        set.extend(policy.thresholds.into_iter().map(|(n, v)| (n, (v, "customer"))));
    }
    let of = |about: &About, name: &str| set.get(&format!("{}.{name}", about.id)).copied();
    match out.form {
        Form::Text => {
            let mut rows = vec![];
            for about in &DETECTIONS {
                let mut numbers = vec![];
                for p in about.parameters {
                    let (value, whose) = of(about, p.name).unwrap_or((p.default, ""));
                    let whose = if whose.is_empty() { String::new() } else { format!(" ({whose})") };
                    numbers.push(format!("{} {value}{whose}", p.name));
                }
                rows.push(vec![
                    about.id.into(),
                    about.level.as_str().into(),
                    about.title.into(),
                    numbers.join(", "),
                ]);
            }
            out.table(&["id", "level", "what", "thresholds"], rows);
        }
        Form::Json => {
            let all: Vec<Value> = DETECTIONS.iter().map(|a| as_json(a, &|name| of(a, name))).collect();
            out.document("detections", json!({"detections": all}));
        }
        Form::Jsonl => DETECTIONS.iter().for_each(|a| out.json_line(&as_json(a, &|name| of(a, name)))),
    }
    Ok(Exit::Ok)
}

fn as_json(about: &About, of: &dyn Fn(&str) -> Option<(i64, &'static str)>) -> Value {
    let parameter = |p: &detect::Parameter| {
        let (value, set_by) = of(p.name).unwrap_or((p.default, "default"));
        json!({
            "name": format!("{}.{}", about.id, p.name), "value": value, "set_by": set_by, "default": p.default,
            "unit": p.unit, "least": p.bounds.0, "most": p.bounds.1, "reason": p.reason,
        })
    };
    json!({
        "id": about.id, "title": about.title, "level": about.level.as_str(), "tags": about.tags, "fires": about.fires,
        "blind": about.blind, "paragraph": about.paragraph, "next": about.next,
        "parameters": about.parameters.iter().map(parameter).collect::<Vec<_>>(),
    })
}

fn show(id: &str, out: Out) -> Result<Exit, Fault> {
    let Some(about) = detection(id) else {
        let what = format!("there is no detection `{id}`{}", near(id, DETECTIONS.iter().map(|d| d.id)));
        return Err(Fault::usage("BW-1010", what, "`bailiwick detect ls` lists them"));
    };
    if out.form != Form::Text {
        out.document("detection", as_json(about, &|_| None));
        return Ok(Exit::Ok);
    }
    let mut text = format!(
        "{}\n\n  what       {}\n  level      {}\n  fires      {}\n  not seen   {}\n  alert      AA22-131A, {}\n  ATT&CK     {}\n",
        about.id,
        about.title,
        about.level.as_str(),
        about.fires,
        about.blind,
        about.paragraph,
        about
            .tags
            .iter()
            .filter_map(|t| t.strip_prefix("attack.t"))
            .map(|t| format!("T{t}"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    for p in about.parameters {
        text.push_str(&format!(
            "\n  {}.{}\n    {} {}, from {} to {}: {}\n",
            about.id, p.name, p.default, p.unit, p.bounds.0, p.bounds.1, p.reason
        ));
    }
    text.push_str("\nwhat to do when it fires:\n");
    for (number, step) in (1..).zip(about.next) {
        text.push_str(&format!("  {number}. {step}\n"));
    }
    out.text(text.trim_end());
    Ok(Exit::Ok)
}

fn tune(
    config: &Config,
    customer: &str,
    (reason, dry_run): (&str, bool),
    texts: &[String],
    out: Out,
) -> Result<Exit, Fault> {
    let customer = customer_id(customer)?;
    let wanted = settings(texts)?;
    if reason.trim().is_empty() {
        return Err(Fault::usage("BW-1001", "the reason is empty".to_owned(), "say why in a sentence"));
    }
    let home = if dry_run { look(&config.home.value)? } else { open(&config.home.value, "detect tune")? };
    home.customer(&customer)?;
    let (mut policy, _) = policies::current(&home, &customer)?;
    policy.thresholds.extend(wanted.clone());
    policy.check().map_err(|e| super::policy::refused(&e))?;
    if dry_run {
        out.say("nothing was changed");
        return Ok(Exit::Ok);
    }
    let seq = policies::seal(&home, &customer, &policy, reason, clock::second())?;
    match out.form {
        Form::Text => out.text(&format!("holds for {customer} from now on; record {seq} of its log says so")),
        _ => out.document(
            "tuned",
            json!({"customer": customer.as_str(), "seq": seq, "thresholds": policy.thresholds}),
        ),
    }
    Ok(Exit::Ok)
}

/// Alerts of the detections over time in a customer's sealed past, with these thresholds.
fn found(home: &Home, customer: &CustomerId, settings: Settings, out: Out) -> Result<Vec<Alert>, Fault> {
    let view = home.view(customer)?;
    let mut patterns = Patterns::new(customer.clone(), Arc::new(Vocabulary::built_in()), settings);
    let progress = Progress::new(out, view.checkpoint().size, false);
    let mut all: BTreeMap<String, Alert> = BTreeMap::new();
    for unit in view.units()? {
        let sealed = view.read(&unit, &watch::fields)?;
        patterns.observe(&sealed, 0);
        all.extend(patterns.take_alerts().into_iter().map(|a| (a.id.clone(), a)));
        progress.at(unit.first + unit.count);
    }
    all.extend(patterns.finish().into_iter().map(|a| (a.id.clone(), a)));
    drop(progress);
    Ok(all.into_values().collect())
}

fn replay(
    config: &Config,
    customer: &str,
    (from, to): (Option<Time>, Option<Time>),
    texts: &[String],
    out: Out,
) -> Result<Exit, Fault> {
    let home = look(&config.home.value)?;
    let customer = customer_id(customer)?;
    home.customer(&customer)?;
    let mut thresholds = config.thresholds.value.clone();
    for (name, number) in settings(texts)? {
        thresholds.set(&name, number).map_err(|e| super::policy::refused(&e.into()))?;
    }
    let told: BTreeMap<String, Alert> = crate::alerts::all(&home, std::slice::from_ref(&customer))?
        .into_iter()
        .map(|a| (a.id.clone(), a))
        .collect();
    let mut list = found(&home, &customer, thresholds, out)?;
    let within = |a: &Alert| from.is_none_or(|f| f <= a.last) && to.is_none_or(|t| a.first < t);
    list.retain(within);
    list.sort_by(|a, b| (a.first, &a.id).cmp(&(b.first, &b.id)));
    let over_time = |a: &&Alert| detection(&a.rule.id).is_some() && !a.rule.id.ends_with("-customers");
    let gone: Vec<&Alert> = told
        .values()
        .filter(|a| within(a))
        .filter(over_time)
        .filter(|a| !list.iter().any(|l| same(l, a)))
        .collect();
    let is_new = |a: &Alert| !told.values().any(|t| same(t, a));
    let new = list.iter().filter(|a| is_new(a)).count();
    match out.form {
        Form::Text => {
            let row = |state: &str, a: &Alert| {
                vec![
                    state.into(),
                    a.rule.level.as_str().into(),
                    a.first.to_string(),
                    a.rule.id.clone(),
                    a.summary.clone(),
                ]
            };
            let mut rows: Vec<Vec<String>> =
                list.iter().map(|a| row(if is_new(a) { "new" } else { "told" }, a)).collect();
            rows.extend(gone.iter().map(|a| row("gone", a)));
            out.table(&["state", "level", "since", "detection", "what"], rows);
            out.say(&format!("{new} more than was told, {} fewer; nothing was sealed", gone.len()));
        }
        _ => {
            let json = |state: &str, a: &Alert| {
                let mut value = a.to_json();
                value["state"] = state.into();
                value
            };
            let mut all: Vec<Value> =
                list.iter().map(|a| json(if is_new(a) { "new" } else { "told" }, a)).collect();
            all.extend(gone.iter().map(|a| json("gone", a)));
            out.document(
                "replay",
                json!({"customer": customer.as_str(), "alerts": all, "new": new, "gone": gone.len()}),
            );
        }
    }
    Ok(if new > 0 { Exit::Findings } else { Exit::Ok })
}

/// Whether two alerts are about the same thing: the same detection over records that both have.
fn same(one: &Alert, other: &Alert) -> bool {
    one.rule.id == other.rule.id && one.records.iter().any(|r| other.records.contains(r))
}
