//! `assess` and `why`: the seventeen measures for both sides, and what one answer stands on.

#[cfg(test)]
mod tests;

use super::{customer_id, evidence::customers, evidence::side, look, open, time};
use crate::assess::{Asked, answer, keep};
use crate::config::Config;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out, clean};
use crate::profile::{self, DEFAULT};
use crate::progress::Progress;
use crate::{checks, clock, feeds};
use ::assess::assessment::{Assessment, MeasureAnswer, answer_json};
use ::assess::judge::{Answer, Subject};
use ::assess::{Check, Counts, Verdict};
use clap::Args;
use custody::Home;
use evidence::Side;
use model::{CustomerId, Time};
use serde_json::{Value, json};

/// Answers that are told one by one below the table.
const TOLD: usize = 40;

pub(crate) const HELP: &str = "Examples:
  bailiwick assess --customer acme
  bailiwick assess --customer clinic --profile hipaa --now 2026-11-21 --json
  bailiwick assess --all

Words: met, met-with-exception, not-met; and what is no answer: unknown, stale, error; not-applicable only where an inventory
proves it. Missing evidence is never met. `bailiwick why CHECK --customer ID` says what one answer stands on.

The same evidence and the same --now give the same bytes. Without --now the answer is sealed in the customer's log when it
differs from the last one, or a day has passed, and no other process writes; with --now nothing is written.

Exit 1 when something is not met, else 3 when something nobody can say, else 0.";

/// Arguments of `assess`.
#[derive(Args)]
pub(crate) struct AssessArgs {
    /// Whom
    #[arg(long, value_name = "ID", required_unless_present = "all")]
    customer: Option<String>,
    /// Everybody: customers by measures
    #[arg(long, conflicts_with = "customer")]
    all: bool,
    /// Whose numbers apply
    #[arg(long, value_name = "PROFILE", default_value = DEFAULT)]
    profile: String,
    /// The day; default: now
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<Time>,
    /// Seal nothing
    #[arg(long)]
    no_record: bool,
}

/// Arguments of `why`.
#[derive(Args)]
pub(crate) struct WhyArgs {
    /// The check
    #[arg(value_name = "CHECK")]
    check: String,
    /// Whom
    #[arg(long, value_name = "ID")]
    customer: String,
    /// For which side; default: each that the check asks
    #[arg(long, value_name = "SIDE", value_parser = ["provider", "customer"])]
    side: Option<String>,
    /// Whose numbers apply
    #[arg(long, value_name = "PROFILE", default_value = DEFAULT)]
    profile: String,
    /// The day; default: now
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<Time>,
}

/// One customer's answer.
struct Told {
    customer: CustomerId,
    assessment: Assessment,
    /// Where the log keeps it, when it was sealed now.
    record: Option<u64>,
}

/// Runs `assess`.
pub(crate) fn run(config: &Config, args: &AssessArgs, out: Out) -> Result<Exit, Fault> {
    let now = args.now.unwrap_or_else(clock::second);
    let profile = profile::named(&args.profile, now)?;
    args.customer.as_deref().map(customer_id).transpose()?;
    let (home, writes) = home(config, args.now.is_none() && !args.no_record, out)?;
    let customers = customers(&home, args.customer.as_deref())?;
    let set = checks::armed(&config.checks.value)?;
    let feeds = feeds::of_checks(&home, &set)?;
    let asked = Asked { set: &set, profile: &profile, feeds: &feeds, now };
    let progress = Progress::new(out, customers.len() as u64, false);
    let mut all = vec![];
    for customer in customers {
        all.push(one(&home, customer, &asked, writes)?);
        progress.at(all.len() as u64);
    }
    drop(progress);
    match (all.as_slice(), args.all) {
        ([told], false) => tell(told, &asked, out),
        (all, _) => tell_all(all, &asked, out),
    }
    Ok(all.iter().map(|t| exit(&t.assessment)).max().unwrap_or(Exit::Ok))
}

/// Opens the home for writing where an answer is to be kept. While another process writes, it is answered all the same and
/// not kept.
fn home(config: &Config, writes: bool, out: Out) -> Result<(Home, bool), Fault> {
    let path = &config.home.value;
    if !writes {
        return Ok((look(path)?, false));
    }
    match open(path, "assess") {
        Ok(home) => Ok((home, true)),
        Err(fault) if fault.code == "BW-5001" => {
            out.say(&format!("not kept in the log: {}", fault.what));
            Ok((look(path)?, false))
        }
        Err(fault) => Err(fault),
    }
}

fn one(home: &Home, customer: CustomerId, asked: &Asked<'_>, writes: bool) -> Result<Told, Fault> {
    let view = if writes { home.view_of_writer(&customer)? } else { home.view(&customer)? };
    let assessment = answer(&view, asked)?;
    let record = if writes { keep(home, &view, &customer, &assessment, asked)? } else { None };
    Ok(Told { customer, assessment, record })
}

/// 1 over 3 over 0.
pub(super) fn exit(assessment: &Assessment) -> Exit {
    let each = |verdict: Verdict| match verdict {
        Verdict::NotMet => Exit::Findings,
        open if open.is_open() => Exit::Incomplete,
        _ => Exit::Ok,
    };
    let sides = assessment.measures.iter().flat_map(|m| m.sides.values().map(|(v, _)| *v));
    sides.chain(assessment.answers().map(|a| a.verdict)).map(each).max().unwrap_or(Exit::Ok)
}

/// `not-met, 3 of 12 met, 2 unknown`.
fn in_words((verdict, counts): (Verdict, Counts)) -> String {
    let unknown = if counts.unknown > 0 { format!(", {} unknown", counts.unknown) } else { String::new() };
    if counts.total == 0 {
        verdict.to_string()
    } else {
        format!("{verdict}, {} of {} met{unknown}", counts.met, counts.total)
    }
}

fn cell(measure: &MeasureAnswer, side: Side) -> String {
    measure.sides.get(&side).map_or_else(|| "-".to_owned(), |s| in_words(*s))
}

fn tell(told: &Told, asked: &Asked<'_>, out: Out) {
    let head = json!({"customer": told.customer.as_str(), "profile": asked.profile.name, "now": asked.now.to_string(), "record": told.record});
    match out.form {
        Form::Text => {
            let row =
                |m: &MeasureAnswer| vec![m.id.clone(), cell(m, Side::Provider), cell(m, Side::Customer)];
            out.table(
                &["measure", "provider", "customer"],
                told.assessment.measures.iter().map(row).collect(),
            );
            out.say(&format!("{} under {} on {}", told.customer, asked.profile.name, asked.now));
            failing(told, out);
        }
        Form::Json => {
            let mut document = head;
            document["measures"] = told.assessment.to_json();
            out.document("assess", document);
        }
        Form::Jsonl => told.assessment.answers().for_each(|a| out.json_line(&answer_json(a))),
    }
    if let Some(seq) = told.record {
        out.detail(&format!("record {seq} of the log of {} keeps this answer", told.customer));
    }
}

/// What is not met, one by one, and how much nobody can say.
fn failing(told: &Told, out: Out) {
    let bad: Vec<&Answer> = told.assessment.answers().filter(|a| a.verdict == Verdict::NotMet).collect();
    for answer in bad.iter().take(TOLD) {
        out.say(&clean(&format!("not met: {} ({}): {}", answer.check, answer.side, answer.why)));
    }
    if bad.len() > TOLD {
        out.say(&format!("and {} more", bad.len() - TOLD));
    }
    let open = told.assessment.answers().filter(|a| a.verdict.is_open()).count();
    if !bad.is_empty() || open > 0 {
        out.say(&format!(
            "{} questions not met, {open} that nobody can answer yet; `bailiwick why CHECK --customer {}` says why",
            bad.len(),
            told.customer
        ));
    }
}

fn measure_json(measure: &MeasureAnswer) -> Value {
    let side = |(side, (verdict, c)): (&Side, &(Verdict, Counts))| {
        (
            side.as_str().to_owned(),
            json!({"verdict": verdict.as_str(), "met": c.met, "total": c.total, "unknown": c.unknown}),
        )
    };
    json!({"id": measure.id, "sides": measure.sides.iter().map(side).collect::<serde_json::Map<_, _>>()})
}

fn tell_all(all: &[Told], asked: &Asked<'_>, out: Out) {
    let line = |t: &Told| json!({"id": t.customer.as_str(), "record": t.record, "measures": t.assessment.measures.iter().map(measure_json).collect::<Vec<_>>()});
    match out.form {
        Form::Text => {
            let mut rows = vec![];
            for told in all {
                rows.extend(Side::BOTH.map(|side| grid_row(told, side)));
            }
            out.table(&["customer", "side", "met", "not met", "nobody can say", "measures not met"], rows);
        }
        Form::Json => {
            let list: Vec<Value> = all.iter().map(line).collect();
            out.document(
                "assess-all",
                json!({"profile": asked.profile.name, "now": asked.now.to_string(), "customers": list}),
            );
        }
        Form::Jsonl => all.iter().for_each(|t| out.json_line(&line(t))),
    }
}

fn grid_row(told: &Told, side: Side) -> Vec<String> {
    let words: Vec<(&str, Verdict)> = told
        .assessment
        .measures
        .iter()
        .filter_map(|m| m.sides.get(&side).map(|(verdict, _)| (m.id.as_str(), *verdict)))
        .collect();
    let many = |of: fn(Verdict) -> bool| words.iter().filter(|(_, v)| of(*v)).count().to_string();
    let not_met: Vec<&str> = words.iter().filter(|(_, v)| *v == Verdict::NotMet).map(|(id, _)| *id).collect();
    vec![
        told.customer.to_string(),
        side.to_string(),
        many(Verdict::is_good),
        not_met.len().to_string(),
        many(Verdict::is_open),
        not_met.join(" "),
    ]
}

/// Runs `why`.
pub(crate) fn why(config: &Config, args: &WhyArgs, out: Out) -> Result<Exit, Fault> {
    let now = args.now.unwrap_or_else(clock::second);
    let profile = profile::named(&args.profile, now)?;
    let customer = customer_id(&args.customer)?;
    let home = look(&config.home.value)?;
    home.customer(&customer)?;
    let set = checks::armed(&config.checks.value)?;
    let check = checks::named(&set, &args.check)?;
    let only = args.side.as_deref().map(side).transpose()?;
    if let Some(side) = only.filter(|side| !check.asked_of.contains(side)) {
        let what = format!("`{}` is not asked of the {side}", check.id);
        return Err(Fault::usage(
            "BW-1010",
            what,
            format!("`bailiwick check show {}` says of whom", check.id),
        ));
    }
    let feeds = feeds::of_checks(&home, &set)?;
    let now = args.now.unwrap_or_else(clock::second);
    let assessment =
        answer(&home.view(&customer)?, &Asked { set: &set, profile: &profile, feeds: &feeds, now })?;
    let answers: Vec<&Answer> =
        assessment.answers().filter(|a| a.check == check.id && only.is_none_or(|s| s == a.side)).collect();
    match out.form {
        Form::Text => answers.iter().for_each(|a| explain(&customer, check, a, out)),
        _ => {
            let list: Vec<Value> = answers.iter().map(|a| answer_json(a)).collect();
            let head = json!({
                "customer": customer.as_str(), "profile": profile.name, "now": now.to_string(),
                "check": super::check::as_json(check), "answers": list,
            });
            out.document("why", head);
        }
    }
    let each = |a: &&Answer| match a.verdict {
        Verdict::NotMet => Exit::Findings,
        open if open.is_open() => Exit::Incomplete,
        _ => Exit::Ok,
    };
    Ok(answers.iter().map(each).max().unwrap_or(Exit::Ok))
}

fn explain(customer: &CustomerId, check: &Check, answer: &Answer, out: Out) {
    let word = format!("{} ({})", in_words((answer.verdict, answer.counts)), answer.side);
    out.prose(&format!("{}: {}\n{}", check.id, check.title, check.asks));
    out.verdict(&word, answer.verdict.is_good(), &format!(": {}", answer.why));
    for lacking in &answer.lacking {
        out.line(&format!("  lacking: {lacking}"));
    }
    subjects("fails", &answer.failing, answer.failing_count, out);
    subjects("nobody can say", &answer.open, answer.open.len() as u64, out);
    subjects("excepted", &answer.excepted, answer.excepted.len() as u64, out);
    for word in &answer.words {
        let until = word.expires.map_or_else(String::new, |t| format!(", until {t}"));
        out.line(&format!("  word of: {}, {}{until}", word.signer, word.role));
    }
    for g in &answer.because {
        let place = g.seq.map_or_else(|| "a public feed".to_owned(), |seq| format!("record {seq}"));
        out.line(&format!(
            "  stands on: {} ({} of the {}, {}, of {}), {place}",
            g.evidence, g.kind, g.side, g.file, g.effective
        ));
    }
    // The rule of the evidence's day, which need not be today's.
    let rule = check.rules.iter().find(|r| r.from == answer.rule_from);
    for (name, value) in &answer.parameters {
        let source = rule.and_then(|r| r.parameters.get(name)).map_or("", |p| p.source.as_str());
        // Both sides chose an agreed number; the source of the check's own would not be its source.
        let source = if value.contains(", agreed in row ") { "the contract" } else { source };
        out.line(&format!("  parameter: {name} = {value} ({source})"));
    }
    if let Some(from) = answer.rule_from {
        out.line(&format!("  rule since {from}: {}", rule.map_or("", |r| r.why.as_str())));
    }
    if let Some(waits) = &check.waits_for {
        out.line(&format!("  waits for: {waits}"));
    }
    out.line(&format!("  asked by: {}", check.from.join("; ")));
    let maps: Vec<String> =
        check.maps.iter().map(|(name, ids)| format!("{name} {}", ids.join(" "))).collect();
    out.line(&format!("  also in: {}", maps.join("; ")));
    next(customer, check, answer, out);
}

/// What to do next. While documents are lacking nobody knows whether anything fails: then that comes first.
fn next(customer: &CustomerId, check: &Check, answer: &Answer, out: Out) {
    if answer.verdict.is_good() {
        return;
    }
    let lacks = answer.lacks(check);
    for (side, kind) in &lacks {
        out.text(&format!(
            "  hand in: bailiwick evidence add --customer {customer} --side {side} --kind {kind} FILE"
        ));
    }
    if answer.verdict == Verdict::NotMet || lacks.is_empty() {
        out.line(&format!("  to do: {}", check.fix));
    }
}

fn subjects(word: &str, list: &[Subject], many: u64, out: Out) {
    for s in list.iter().take(TOLD) {
        let shown = s.evidence.as_ref().map_or_else(String::new, |id| format!(" [{id}]"));
        out.line(&format!("  {word}: {}: {}{shown}", s.name, s.why));
    }
    if many > TOLD as u64 {
        out.line(&format!("  {word}: {} in all; `--json` names 200", many));
    }
}
