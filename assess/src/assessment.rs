//! The whole answer: every check of a set, for both sides, together by measure.

use crate::check::Check;
use crate::checks::CheckSet;
use crate::dossier::Dossier;
use crate::judge::{Answer, Circumstances, Ground, Subject, judge};
use crate::store::{Store, asked};
use crate::verdict::{Counts, Verdict};
use evidence::records::Exhibit;
use evidence::{Envelope, Row, Side, records};
use ledger::{Hash, Log, Sealed, SigningKey, Tree, Unsealed, leaf_hash};
use model::{Draft, Event, Fields, Format, Kind, Source, Time};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The ids of the seventeen measures, in the order of the reference.
pub const MEASURES: [&str; 17] = [
    "vulnerable-devices",
    "internet-facing",
    "brute-force",
    "phishing",
    "logging",
    "remote-access-mfa",
    "architecture-segregation",
    "least-privilege",
    "obsolete",
    "patching",
    "backups",
    "incident-response",
    "supply-chain",
    "transparency",
    "authn-authz",
    "contracts",
    "tailoring",
];

/// The answer for one measure.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureAnswer {
    /// Its id.
    pub id: String,
    /// What its checks make together, for each side.
    pub sides: BTreeMap<Side, (Verdict, Counts)>,
    /// The answers, in the order of ids and sides.
    pub checks: Vec<Answer>,
}

/// Every answer about one customer on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// The measures, in the order of the reference; others after them.
    pub measures: Vec<MeasureAnswer>,
}

/// Answers every check of a set for the sides that it asks.
///
/// # Errors
/// When the evidence cannot be loaded into memory.
pub fn assess(dossier: &Dossier, set: &CheckSet, about: &Circumstances<'_>) -> Result<Assessment, String> {
    let (one, other) = dealt(dossier.exhibits(), set.checks().collect());
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| answers(dossier.exhibits(), &other, about));
        (answers(dossier.exhibits(), &one, about), other.join())
    });
    let mut by_check = one?;
    by_check.extend(other.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
    let mut by_measure: BTreeMap<&str, Vec<Answer>> = MEASURES.iter().map(|m| (*m, vec![])).collect();
    for check in set.checks() {
        let answers = by_check.remove(check.id.as_str()).unwrap_or_default();
        by_measure.entry(&check.measure).or_default().extend(answers);
    }
    let place = |id: &str| MEASURES.iter().position(|m| *m == id).unwrap_or(MEASURES.len());
    let mut measures: Vec<MeasureAnswer> =
        by_measure.into_iter().map(|(id, checks)| together(id, checks)).collect();
    measures.sort_by_key(|m| (place(&m.id), m.id.clone()));
    Ok(Assessment { measures })
}

/// The answers of these checks, by their ids.
fn answers<'c>(
    exhibits: &[Exhibit],
    checks: &[&'c Check],
    about: &Circumstances<'_>,
) -> Result<BTreeMap<&'c str, Vec<Answer>>, String> {
    let store =
        Store::load(exhibits, &asked(checks.iter().copied()), about.now).map_err(|e| e.to_string())?;
    let answer = |check: &Check| {
        check.asked_of.iter().map(|side| judge(&store, exhibits, check, *side, about)).collect()
    };
    Ok(checks.iter().map(|check| (check.id.as_str(), answer(check))).collect())
}

/// Deals the checks out to two threads: those that ask the largest table to one, all others to the other one, so that
/// no large table is loaded twice but where a check joins it. Who computes an answer cannot change it.
fn dealt<'c>(exhibits: &[Exhibit], checks: Vec<&'c Check>) -> (Vec<&'c Check>, Vec<&'c Check>) {
    let mut rows: BTreeMap<&str, u64> = BTreeMap::new();
    for (table, count) in exhibits.iter().flat_map(|e| &e.envelope.rows) {
        *rows.entry(table).or_insert(0) += count;
    }
    let largest = rows.into_iter().max_by_key(|(_, count)| *count).map(|(table, _)| table);
    checks.into_iter().partition(|check| largest.is_some_and(|table| asked([*check]).contains_key(table)))
}

fn together(id: &str, checks: Vec<Answer>) -> MeasureAnswer {
    let side = |side: Side| {
        let mine = checks.iter().filter(|a| a.side == side);
        let mut counts = Counts::default();
        mine.clone().for_each(|a| counts += a.counts);
        (side, (Verdict::together(mine.map(|a| a.verdict)), counts))
    };
    MeasureAnswer { id: id.to_owned(), sides: Side::BOTH.into_iter().map(side).collect(), checks }
}

impl Assessment {
    /// Every answer.
    pub fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.measures.iter().flat_map(|m| &m.checks)
    }

    /// The answers as JSON: the same assessment gives the same bytes.
    #[must_use]
    pub fn to_json(&self) -> Value {
        Value::Array(self.measures.iter().map(measure_json).collect())
    }
}

fn counts_json(verdict: Verdict, counts: Counts) -> Value {
    json!({"verdict": verdict.as_str(), "met": counts.met, "total": counts.total, "unknown": counts.unknown})
}

fn measure_json(measure: &MeasureAnswer) -> Value {
    let sides: serde_json::Map<String, Value> =
        measure.sides.iter().map(|(side, (v, c))| (side.as_str().to_owned(), counts_json(*v, *c))).collect();
    json!({"id": measure.id, "sides": sides, "checks": measure.checks.iter().map(answer_json).collect::<Vec<_>>()})
}

fn ground_json(ground: &Ground) -> Value {
    json!({
        "evidence": ground.evidence, "seq": ground.seq, "kind": ground.kind, "side": ground.side.as_str(), "file": ground.file,
        "effective": ground.effective.to_string(), "received": ground.received.to_string(), "sha256": ground.sha256,
    })
}

fn subjects_json(subjects: &[Subject]) -> Value {
    subjects.iter().map(|s| json!({"subject": s.name, "why": s.why, "evidence": s.evidence})).collect()
}

/// One answer as JSON.
#[must_use]
pub fn answer_json(answer: &Answer) -> Value {
    let words = |w: &crate::judge::Word| json!({"signer": w.signer, "role": w.role, "expires": w.expires.map(|t| t.to_string())});
    json!({
        "id": answer.check,
        "side": answer.side.as_str(),
        "verdict": answer.verdict.as_str(),
        "met": answer.counts.met,
        "total": answer.counts.total,
        "unknown": answer.counts.unknown,
        "why": answer.why,
        "because": answer.because.iter().map(ground_json).collect::<Vec<_>>(),
        "failing": subjects_json(&answer.failing),
        "failing_count": answer.failing_count,
        "open": subjects_json(&answer.open),
        "excepted": subjects_json(&answer.excepted),
        "lacking": answer.lacking,
        "owed": answer.owed,
        "attested_by": answer.words.iter().map(words).collect::<Vec<_>>(),
        "parameters": answer.parameters,
        "rule_from": answer.rule_from.map(|t| t.to_string()),
    })
}

/// Whether a check is asked of a side.
#[must_use]
pub fn is_asked(check: &Check, side: Side) -> bool {
    check.asked_of.contains(&side)
}

/// A log in memory: where fixtures are sealed, so that even a rehearsal answers from sealed records only.
pub(crate) struct Memory {
    events: Vec<Event>,
}

struct Rehearsed(Vec<Event>);

impl Unsealed for Rehearsed {
    type Value = Vec<Event>;

    fn first(&self) -> u64 {
        0
    }

    fn leaf_hashes(&self) -> Vec<Hash> {
        self.0.iter().map(|e| leaf_hash(&model::form::encode(&e.record))).collect()
    }

    fn release(self) -> Vec<Event> {
        self.0
    }
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self { events: vec![] }
    }

    pub(crate) fn add(&mut self, envelope: &Envelope, raw: &[u8], rows: &[Row]) {
        let at = envelope.received;
        for body in records::pack(envelope, raw, rows) {
            let source = Source::lossy(Format::Own, "evidence");
            let draft = Draft {
                kind: Kind::Evidence,
                source,
                happened: at,
                received: at,
                raw: body,
                defects: vec![],
            };
            self.events.push(Event { record: draft.at(self.events.len() as u64), fields: Fields::new() });
        }
    }

    pub(crate) fn seal(self) -> Result<Sealed<Vec<Event>>, String> {
        let key = SigningKey::from_seed("rehearsal", &[0; 32]).map_err(|e| e.to_string())?;
        let mut log = Log::open("rehearsal", Tree::new(), key).map_err(|e| e.to_string())?;
        log.seal(Rehearsed(self.events)).map(|(sealed, _)| sealed).map_err(|e| e.to_string())
    }
}

/// The instant of a report, for whoever needs only the day.
#[must_use]
pub fn day(at: Time) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
