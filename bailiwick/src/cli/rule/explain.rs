//! `rule explain`: why a rule does or does not match one event, as a tree.

use super::{Given, all, find};
use crate::cli::{customer_id, look, zone};
use crate::clock;
use crate::config::Config;
use crate::fault::{Exit, Fault};
use crate::ingest::{Input, limits};
use crate::out::{Form, Out};
use clap::Args;
use collect::{Arrival, Options};
use model::{Defect, Fields, Format, Kind};
use sigma::{Branch, Class, Explanation, Outcome, classify, explain};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

pub(crate) const HELP: &str = "Examples:
  bailiwick rule explain 'Login as root' event.json
  bailiwick rule explain --rules my-rules 5a1c2f3e Security.evtx --record 17
  journalctl -o json -n 1 | bailiwick rule explain login_root -
  bailiwick rule explain login_root --customer acme --record 4711 --json

EVENT is a file that `scan` could read, or `-`; `--record N` is its Nth record, from 1, as `scan` counts them. With
`--customer`, `--record SEQ` is a record of the customer's sealed log. Every branch of the condition is told: `+` holds,
`-` does not, with what was found; then the log source, and filters. Exit 1 when the rule matches, as `scan`, else 0.";

/// Arguments of `rule explain`.
#[derive(Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    given: Given,
    /// Take the event from this customer's sealed log
    #[arg(long, value_name = "ID", requires = "record", conflicts_with_all = ["event", "format", "zone"])]
    customer: Option<String>,
    /// Which record: of a file from 1, of a customer's log its number there
    #[arg(long, value_name = "N")]
    record: Option<u64>,
    /// What the file holds
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = ["auto", "evtx", "ndjson", "json", "syslog", "csv", "cloudtrail", "zeek", "text"])]
    format: String,
    /// Zone of times that name none, as an offset from UTC
    #[arg(long, value_name = "OFFSET", default_value = "Z", value_parser = zone, allow_hyphen_values = true)]
    zone: jiff::tz::Offset,
    /// Id, name, title or file of the rule
    #[arg(value_name = "RULE")]
    rule: String,
    /// The event: a file, or `-` for standard input
    #[arg(value_name = "EVENT", required_unless_present = "customer")]
    event: Option<PathBuf>,
}

/// An event, and where it is from.
struct Chosen {
    fields: Fields,
    format: Format,
    place: String,
}

/// Runs the verb.
pub(crate) fn run(config: &Config, args: &ExplainArgs, out: Out) -> Result<Exit, Fault> {
    let loaded = all(config, &args.given.rules, out)?;
    let number = find(&loaded, &args.rule)?;
    let chosen = match (&args.customer, &args.event) {
        (Some(customer), _) => sealed(&config.home.value, customer, args.record.unwrap_or(0))?,
        (None, Some(path)) => of_file(path, args, out)?,
        (None, None) => return Err(Fault::usage("BW-1001", "no event is given", "name a file, or `-`")),
    };
    let class = classify(chosen.format.as_str(), &chosen.fields);
    let Some(told) = explain(&loaded.rules, number, &chosen.fields, &class) else { return Ok(Exit::Ok) };
    match out.form {
        Form::Text => out.text(&lines(&told, &chosen.place, &class).join("\n")),
        _ => {
            let mut made = told.to_json();
            made["event"] = serde_json::json!({"place": chosen.place, "format": chosen.format.as_str()});
            out.document("rule-explain", made);
        }
    }
    Ok(if told.outcome == Outcome::Match { Exit::Findings } else { Exit::Ok })
}

/// A record of a customer's log.
fn sealed(home: &Path, customer: &str, seq: u64) -> Result<Chosen, Fault> {
    let home = look(home)?;
    let id = customer_id(customer)?;
    home.customer(&id)?;
    let view = home.view(&id)?;
    let next = "`bailiwick hunt` shows the numbers of events";
    for unit in view.units()?.iter().filter(|u| u.first <= seq && seq < u.first + u.count) {
        let pages = view.read(unit, &crate::watch::fields)?;
        if let Some(event) = pages.value().iter().find(|e| e.record.seq == seq) {
            if event.record.kind != Kind::Event {
                let what = format!(
                    "record {seq} of {customer} is no event but of kind `{}`",
                    event.record.kind.as_str()
                );
                return Err(Fault::usage("BW-1010", what, next));
            }
            let format = event.record.source.format();
            let place = format!("record {seq} of {customer}, {}", event.record.source);
            return Ok(Chosen { fields: event.fields.clone(), format, place });
        }
    }
    let (begin, end) = (view.begin(), view.checkpoint().size);
    let what =
        format!("{customer} has no record {seq}; there are those from {begin} to {}", end.saturating_sub(1));
    Err(Fault::usage("BW-1010", what, next))
}

/// A record of a file.
fn of_file(path: &Path, args: &ExplainArgs, out: Out) -> Result<Chosen, Fault> {
    let shown = crate::out::path(path);
    let is_stdin = path == Path::new("-");
    if !is_stdin && !path.is_file() {
        let what = if path.exists() { "is a folder; one event stands in a file" } else { "is not there" };
        return Err(Fault::new(
            Exit::Environment,
            "BW-1008",
            format!("`{shown}` {what}"),
            "look for a typing mistake",
        ));
    }
    let wanted = args.record.unwrap_or(1);
    let input =
        Input { shown: shown.clone(), name: shown.clone(), path: (!is_stdin).then(|| path.to_owned()) };
    let options = Options {
        format: Format::from_word(&args.format),
        source: None,
        arrived: clock::now(),
        zone: args.zone,
        limits: limits(),
    };
    let (mut seen, mut found): (u64, Option<Arrival>) = (0, None);
    let summary = collect::read(crate::ingest::open(&input)?, &options, &mut |arrival| {
        seen += 1;
        if seen == wanted {
            found = Some(arrival);
        }
        // One more tells whether there are several.
        if seen > wanted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let Some(arrival) = found else {
        let why = summary.stopped.unwrap_or_else(|| format!("it has {seen} records"));
        return Err(Fault::usage(
            "BW-1010",
            format!("`{shown}` has no record {wanted}: {why}"),
            "records are counted from 1",
        ));
    };
    if args.record.is_none() && seen > 1 {
        out.say("the file has several records; this is the first, `--record N` takes another");
    }
    readable(&arrival, &shown, wanted)?;
    let format = arrival.draft.source.format();
    Ok(Chosen { fields: arrival.fields, format, place: format!("record {wanted} of {shown}") })
}

/// Refuses what could not be read: a rule that does not match it says nothing.
fn readable(arrival: &Arrival, shown: &str, wanted: u64) -> Result<(), Fault> {
    let broken = |d: &&Defect| {
        matches!(d, Defect::Malformed { .. } | Defect::CutShort | Defect::TooDeep | Defect::TooManyFields)
    };
    let why = arrival.draft.defects.iter().find(broken).map(ToString::to_string);
    let why =
        why.or_else(|| (arrival.unreadable > 0).then(|| "its bytes are of no form that is known".to_owned()));
    let why = why.or_else(|| {
        let binary = arrival.draft.raw.iter().filter(|b| **b == 0).count() * 50 > arrival.draft.raw.len();
        (binary && !arrival.draft.raw.is_empty())
            .then(|| "it is binary, and no form that is known".to_owned())
    });
    match why {
        None => Ok(()),
        Some(why) => {
            let what = format!("record {wanted} of `{shown}` cannot be read: {why}");
            Err(Fault::new(
                Exit::Incomplete,
                "BW-3003",
                what,
                "say what it is with `--format`, or mend the file",
            ))
        }
    }
}

fn lines(told: &Explanation, place: &str, class: &Class) -> Vec<String> {
    let verdict = match told.outcome {
        Outcome::Match => "matches".to_owned(),
        Outcome::NoMatch => "does not match".to_owned(),
        Outcome::Filtered => "would match, and is filtered".to_owned(),
        Outcome::OtherSource => {
            format!("is not looked at for it: the {} differs", told.refusal.unwrap_or("log source"))
        }
    };
    let mut made = vec![format!("{}: {verdict}", told.title), format!("event: {place}")];
    body(told, class, 0, &mut made);
    made
}

fn body(told: &Explanation, class: &Class, depth: usize, made: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let form = if class.form().is_empty() { "unknown form, any log source" } else { class.form() };
    let event = if told.sources.is_empty() {
        form.to_owned()
    } else {
        format!("{form}: {}", told.sources.join(", "))
    };
    let mark = if told.refusal.is_none() { '+' } else { '-' };
    made.push(format!("{indent}{mark} log source {} (the event: {event})", told.wants));
    if let Some(condition) = &told.condition {
        tree(condition, depth, made);
    }
    for (id, title, branch) in &told.filters {
        let says = if branch.holds { "takes the event away" } else { "leaves the event" };
        made.push(format!("{indent}filter {title} ({id}) {says}"));
        tree(branch, depth + 1, made);
    }
    for counted in &told.counts {
        made.push(format!(
            "{indent}counts {} ({}): {}",
            counted.title,
            counted.rule,
            counted.outcome.as_str()
        ));
        body(counted, class, depth + 1, made);
    }
    if told.condition.is_none() {
        made.push(format!(
            "{indent}a correlation fires on several events; this says whether the event is one of them"
        ));
    }
}

fn tree(branch: &Branch, depth: usize, made: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let mark = if branch.holds { '+' } else { '-' };
    made.push(format!("{indent}{mark} {}{}", branch.says, found(branch)));
    branch.parts.iter().for_each(|p| tree(p, depth + 1, made));
    if branch.untold > 0 {
        made.push(format!("{indent}    and {} more", branch.untold));
    }
}

/// What the event holds, behind what is asked of it.
fn found(branch: &Branch) -> String {
    let Some(look) = &branch.found else { return String::new() };
    let name = look.found_as.as_ref().map(|n| format!(" as `{n}`")).unwrap_or_default();
    match (&look.field, look.present, &look.values[..]) {
        (None, ..) => format!("    ({} values looked at)", look.more),
        (Some(_), false, _) => "    (no such field)".to_owned(),
        (Some(_), true, []) => format!("    (there{name}, and holds no value to compare)"),
        (Some(_), true, values) => {
            let more = if look.more > 0 { format!(" and {} more", look.more) } else { String::new() };
            let shown: Vec<String> = values.iter().map(|v| format!("`{v}`")).collect();
            format!("    (found{name}: {}{more})", shown.join(", "))
        }
    }
}
