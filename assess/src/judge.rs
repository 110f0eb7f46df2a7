//! One engine answers every check: needs, population, who fails, of whom nobody can say.

use crate::admit::{Admitted, State, admit};
use crate::check::{Check, Of, Rule};
use crate::store::{Line, Store, Values};
use crate::terms::{self, Asks};
use crate::verdict::{Counts, Verdict};
use contract::History;
use evidence::records::Exhibit;
use evidence::{Cell, Side};
use model::Time;
use rusqlite::types::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Subjects that are named one by one; the others are counted.
const NAMED: usize = 200;

/// A document that an answer stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// Its id.
    pub evidence: String,
    /// Place of its envelope in the log; none for a public feed.
    pub seq: Option<u64>,
    /// Its kind.
    pub kind: String,
    /// Whose.
    pub side: Side,
    /// The day it speaks for.
    pub effective: Time,
    /// When it was sealed.
    pub received: Time,
    /// Its name.
    pub file: String,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
}

/// A subject, and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// Why it stands here.
    pub why: String,
    /// The document that shows it.
    pub evidence: Option<String>,
}

/// A person's word that an answer stands on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word {
    /// Who signed.
    pub signer: String,
    /// As what, for whom.
    pub role: String,
    /// When it ends.
    pub expires: Option<Time>,
}

/// The answer to one check for one side.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Which check.
    pub check: String,
    /// For which side.
    pub side: Side,
    /// The word.
    pub verdict: Verdict,
    /// Subjects.
    pub counts: Counts,
    /// One sentence: why.
    pub why: String,
    /// What it stands on.
    pub because: Vec<Ground>,
    /// Who fails, at most 200.
    pub failing: Vec<Subject>,
    /// How many fail.
    pub failing_count: u64,
    /// Of whom nobody can say, at most 200.
    pub open: Vec<Subject>,
    /// Who is excepted, at most 200, with the exception's reason.
    pub excepted: Vec<Subject>,
    /// What the needs lack, a sentence each.
    pub lacking: Vec<String>,
    /// The persons whose word it is.
    pub words: Vec<Word>,
    /// The parameters that were used, with their values, and the row of the contract where both sides agreed on one.
    pub parameters: BTreeMap<String, String>,
    /// Who owes it under the contract of the day.
    pub owed: String,
    /// Since when the rule that was used is the rule.
    pub rule_from: Option<Time>,
}

impl Answer {
    /// The kinds of evidence that it lacks, each with the side whose it is: what to hand in next.
    #[must_use]
    pub fn lacks<'c>(&self, check: &'c Check) -> BTreeSet<(Side, &'c str)> {
        let mut lacks = BTreeSet::new();
        for need in &check.needs {
            let sides = match need.of {
                Of::Asked | Of::Any => vec![self.side],
                Of::Only(side) => vec![side],
                Of::Both => Side::BOTH.to_vec(),
            };
            let kind = format!("`{}`", need.kind);
            for side in sides {
                let whose = format!("of the {side}");
                let told = |t: &String| t.contains(&kind) && (need.of == Of::Any || t.contains(&whose));
                if self.lacking.iter().any(told) {
                    lacks.insert((side, need.kind.as_str()));
                }
            }
        }
        lacks
    }
}

/// Subjects of one check that both sides excepted for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Which check.
    pub check: String,
    /// Which side.
    pub side: Side,
    /// Which subject; none for all.
    pub subject: Option<String>,
    /// Why, and until when.
    pub reason: String,
    /// From when.
    pub from: Time,
    /// Until when; then it ends by itself.
    pub expires: Time,
}

impl Exception {
    fn excuses(&self, subject: &str) -> bool {
        self.subject.as_ref().is_none_or(|s| s.eq_ignore_ascii_case(subject))
    }
}

/// What an answer depends on beside the evidence.
pub struct Circumstances<'a> {
    /// The day.
    pub now: Time,
    /// Values that a profile gives to parameters of checks: `<check>.<parameter>`, written with `-` where a query has `_`.
    pub parameters: &'a BTreeMap<String, toml::Value>,
    /// Exceptions, in force or not.
    pub exceptions: &'a [Exception],
    /// The versions of the contract.
    pub contracts: &'a History,
}

/// Answers a check for one side.
pub(crate) fn judge(
    store: &Store,
    exhibits: &[Exhibit],
    check: &Check,
    side: Side,
    about: &Circumstances<'_>,
) -> Answer {
    let admitted = admit(exhibits, &check.needs, side, about.now);
    let mut answer = blank(check, side);
    answer.owed = terms::owed(about.contracts, check, side, terms::date(about.now));
    answer.because = admitted.documents.iter().map(|&n| ground(&exhibits[n])).collect();
    if let Some(waits) = &check.waits_for {
        answer.because.clear();
        answer.why = format!("waits for {waits}");
        return answer;
    }
    let newest = answer.because.iter().map(|g| g.effective).max().unwrap_or(about.now);
    let Some(rule) = check.rule(newest) else {
        answer.why = format!("no rule of this check was in force on {newest}");
        return answer;
    };
    answer.rule_from = rule.from;
    let values = values(check, rule, side, about, &mut answer);
    match ask(store, rule, &admitted, &values) {
        Ok(found) => conclude(check, &admitted, found, exhibits, about, &mut answer),
        Err(why) => {
            answer.verdict = Verdict::Error;
            answer.why = format!("the check could not be computed: {why}");
        }
    }
    answer
}

fn blank(check: &Check, side: Side) -> Answer {
    Answer {
        check: check.id.clone(),
        side,
        verdict: Verdict::Unknown,
        counts: Counts::default(),
        why: String::new(),
        because: vec![],
        failing: vec![],
        failing_count: 0,
        open: vec![],
        excepted: vec![],
        lacking: vec![],
        words: vec![],
        parameters: BTreeMap::new(),
        owed: String::new(),
        rule_from: None,
    }
}

fn ground(exhibit: &Exhibit) -> Ground {
    let envelope = &exhibit.envelope;
    Ground {
        evidence: envelope.id.clone(),
        seq: (exhibit.seq != u64::MAX).then_some(exhibit.seq),
        kind: envelope.kind.clone(),
        side: envelope.side,
        effective: envelope.effective(),
        received: envelope.received,
        file: envelope.file.clone(),
        sha256: envelope.sha256.clone(),
    }
}

fn values(check: &Check, rule: &Rule, side: Side, about: &Circumstances<'_>, answer: &mut Answer) -> Values {
    let mut values = Values::new();
    values.insert("now".into(), Value::Integer(about.now.as_second()));
    values.insert("side".into(), Value::Text(side.as_str().into()));
    for (name, parameter) in &rule.parameters {
        let full = format!("{}.{}", check.id, name.replace('_', "-"));
        let of_profile = about.parameters.get(&full);
        let given = of_profile.unwrap_or(&parameter.value);
        let asks = of_profile.map_or(Asks::Check(given), Asks::Profile);
        if let Some(agreed) = terms::agreed(about.contracts, &full, asks, terms::date(about.now)) {
            let number = i64::try_from(agreed.value.number).unwrap_or(i64::MAX);
            let row = agreed.row.key();
            answer.parameters.insert(name.clone(), format!("{}, agreed in row `{row}`", agreed.value));
            values.insert(name.clone(), Value::Integer(number));
            continue;
        }
        let value = match given {
            toml::Value::Integer(n) => Value::Integer(*n),
            toml::Value::Float(f) => Value::Real(*f),
            toml::Value::Boolean(b) => Value::Integer(i64::from(*b)),
            other => Value::Text(other.as_str().unwrap_or_default().to_owned()),
        };
        let shown = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
        answer.parameters.insert(name.clone(), format!("{shown} {}", parameter.unit));
        values.insert(name.clone(), value);
    }
    values
}

struct Found {
    population: Vec<Line>,
    failing: Vec<Line>,
    unknown: Vec<Line>,
    contradicted: Vec<Line>,
}

fn ask(store: &Store, rule: &Rule, admitted: &Admitted, values: &Values) -> Result<Found, String> {
    store.show(&admitted.documents, &rule.asked).map_err(|e| e.to_string())?;
    let in_words = |what: &'static str| move |why: String| format!("its query for the {what}: {why}");
    let maybe = |query: &Option<String>, what| {
        query.as_ref().map_or(Ok(vec![]), |q| store.ask(q, values).map_err(in_words(what)))
    };
    Ok(Found {
        population: store.ask(&rule.population, values).map_err(in_words("population"))?,
        failing: store.ask(&rule.failing, values).map_err(in_words("failing"))?,
        unknown: maybe(&rule.unknown, "unknown")?,
        contradicted: maybe(&rule.contradicted, "contradictions")?,
    })
}

fn subject(line: &Line, exhibits: &[Exhibit]) -> Subject {
    let evidence = line.document.and_then(|n| exhibits.get(n)).map(|e| e.envelope.id.clone());
    Subject { name: line.subject.clone(), why: line.why.clone(), evidence }
}

/// Each subject once, with its first reason, of lines in the order of subjects.
fn once(lines: &[Line], exhibits: &[Exhibit]) -> Vec<Subject> {
    let firsts = lines.chunk_by(|one, other| one.subject == other.subject).filter_map(<[Line]>::first);
    firsts.map(|line| subject(line, exhibits)).collect()
}

fn conclude(
    check: &Check,
    admitted: &Admitted,
    found: Found,
    exhibits: &[Exhibit],
    about: &Circumstances<'_>,
    answer: &mut Answer,
) {
    let failing_all = once(&found.failing, exhibits);
    let failing_names: BTreeSet<&str> = found.failing.iter().map(|l| l.subject.as_str()).collect();
    let not_failing = found.unknown.into_iter().filter(|l| !failing_names.contains(l.subject.as_str()));
    let not_failing: Vec<Line> = not_failing.collect();
    let unknown = once(&not_failing, exhibits);
    // All three are in the order of subjects, so that sorting them together is but one pass.
    let everybody = found.population.iter().chain(&found.failing).chain(&not_failing);
    let mut everybody: Vec<&str> = everybody.map(|l| l.subject.as_str()).collect();
    everybody.sort();
    everybody.dedup();
    let total = everybody.len() as u64;
    let (excepted, failing) = divide(check, failing_all, about, answer.side);
    answer.counts = Counts {
        total,
        unknown: unknown.len() as u64,
        met: total - (failing.len() + excepted.len() + unknown.len()) as u64,
    };
    if check.attested {
        answer.words = words(admitted, exhibits);
    }
    let lacking = lacking(check, admitted, answer);
    answer.failing_count = failing.len() as u64;
    let tally = Tally { failing: failing.len(), unknown: unknown.len(), total, excepted: excepted.len() };
    (answer.verdict, answer.why) = decide(check, &lacking, &tally, &found.contradicted);
    if answer.verdict.is_open() && lacking.worst.is_some() {
        // Nobody can say: then no number speaks of anybody either.
        answer.counts.unknown = answer.counts.unknown.max(answer.counts.total - tally.failing as u64);
        answer.counts.met = 0;
    }
    answer.failing = failing.into_iter().take(NAMED).collect();
    answer.open = unknown.into_iter().take(NAMED).collect();
    answer.excepted = excepted.into_iter().take(NAMED).collect();
}

/// Those who are excepted today, and those who are not.
fn divide(
    check: &Check,
    failing: Vec<Subject>,
    about: &Circumstances<'_>,
    side: Side,
) -> (Vec<Subject>, Vec<Subject>) {
    let mut excepted = vec![];
    let mut left = vec![];
    for subject in failing {
        let excuse = about.exceptions.iter().find(|e| {
            e.check == check.id
                && e.side == side
                && e.from <= about.now
                && about.now < e.expires
                && e.excuses(&subject.name)
        });
        match excuse {
            Some(e) => {
                excepted.push(Subject { why: format!("{} (excepted: {})", subject.why, e.reason), ..subject })
            }
            None => left.push(subject),
        }
    }
    (excepted, left)
}

struct Lacking {
    /// The verdict of what is missing, when something is.
    worst: Option<(Verdict, String)>,
    /// Whether what is missing is a list that could have excused somebody.
    excuses: bool,
}

fn lacking(check: &Check, admitted: &Admitted, answer: &mut Answer) -> Lacking {
    let mut made = Lacking { worst: None, excuses: false };
    for (need, state) in check.needs.iter().zip(&admitted.states) {
        let (verdict, why, nothing) = match state {
            State::Whole => continue,
            State::Part(why) => (Verdict::Unknown, why, false),
            State::Lacking(verdict, why) => (*verdict, why, true),
        };
        answer.lacking.push(why.clone());
        // A list that nobody had to bring excuses nobody while it is absent; one that is there and broken could have.
        if need.optional && nothing && verdict == Verdict::Unknown {
            answer.lacking.pop();
            continue;
        }
        made.excuses |= need.reference || nothing;
        if made.worst.as_ref().is_none_or(|(worst, _)| verdict > *worst) {
            made.worst = Some((verdict, why.clone()));
        }
    }
    made
}

struct Tally {
    failing: usize,
    unknown: usize,
    total: u64,
    excepted: usize,
}

fn decide(check: &Check, lacking: &Lacking, tally: &Tally, contradicted: &[Line]) -> (Verdict, String) {
    if let Some(line) = contradicted.first().filter(|_| !lacking.excuses) {
        return (
            Verdict::NotMet,
            format!("the statement is contradicted: {} {}", line.subject, line.why).trim_end().to_owned(),
        );
    }
    if tally.failing > 0 && !lacking.excuses {
        return (Verdict::NotMet, format!("{} of {} fail", tally.failing, tally.total));
    }
    if let Some((verdict, why)) = &lacking.worst {
        return (*verdict, why.clone());
    }
    if tally.unknown > 0 {
        return (Verdict::Unknown, format!("of {} of {} nobody can say", tally.unknown, tally.total));
    }
    if tally.total == 0 && check.may_not_apply {
        return (
            Verdict::NotApplicable,
            "the evidence is whole and names nobody whom this could concern".to_owned(),
        );
    }
    if tally.total == 0 {
        return (Verdict::Unknown, "the evidence names nobody who could be looked at".to_owned());
    }
    if tally.excepted > 0 {
        return (
            Verdict::MetWithException,
            format!("{} of {} are excepted, the others are as they should be", tally.excepted, tally.total),
        );
    }
    (Verdict::Met, format!("all {} are as they should be", tally.total))
}

/// Whose word the admitted statements are.
fn words(admitted: &Admitted, exhibits: &[Exhibit]) -> Vec<Word> {
    let text = |cell: Option<&Cell>| match cell {
        Some(Cell::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let rows = admitted.documents.iter().flat_map(|&n| exhibits[n].rows.of("attestation"));
    let mut found: Vec<Word> = rows
        .map(|row| Word {
            signer: text(row.cell("signer")),
            role: format!("{} ({})", text(row.cell("signer_role")), text(row.cell("signer_side"))),
            expires: match row.cell("expires_at") {
                Some(Cell::Number(n)) => Time::from_second(*n).ok(),
                _ => None,
            },
        })
        .collect();
    found.sort();
    found.dedup();
    found
}
