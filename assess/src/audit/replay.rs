//! Computes an assessment again from sealed records, and says what differs.

use super::differ::differences;
use super::set::Sets;
use super::{Difference, KeptAudit};
use crate::assessment::assess;
use crate::checks::{CheckSet, embedded_texts};
use crate::dossier::Dossier;
use crate::exceptions::{Register, approved};
use crate::judge::Circumstances;
use crate::terms;
use contract::History;
use evidence::records::{Exhibit, Gatherer};
use evidence::{Envelope, Handed, Hint, PARSERS_VERSION, Row, read};
use ledger::Sealed;
use model::{Event, Kind};
use serde_json::Value;
use std::collections::BTreeSet;

/// Bytes of records that are held at a time, at most: rows of all documents, pieces of open ones, and the last assessment.
pub const HELD_LIMIT: u64 = 2 << 30;

/// What came of reading a document's bytes once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// They give exactly the rows and the envelope that were sealed.
    Same,
    /// Parsers of this version read them; ours are others, so the sealed rows were taken as they are.
    OtherParsers(u32),
    /// They give something else; what.
    Differs(String),
}

/// A document before the assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub file: String,
    /// Place of its envelope.
    pub seq: u64,
    /// What came of it.
    pub reading: Reading,
}

/// Everything that can be said of the last assessment of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// Place of its closing record.
    pub seq: u64,
    /// The assessment as it was sealed, or why it is none.
    pub kept: Result<KeptAudit, String>,
    /// How many assessments for auditors were sealed before it.
    pub older: u64,
    /// The documents before it.
    pub documents: Vec<Examined>,
    /// How many were sealed since.
    pub later: u64,
    /// Records of kind `evidence` that are no documents of this version.
    pub odd: u64,
    /// How many answers were computed; none when they could not be, and why not.
    pub computed: Result<u64, String>,
    /// Answers that are not those that were sealed.
    pub differences: Vec<Difference>,
    /// How many more there are.
    pub more: u64,
    /// Checks whose text is not the one that comes with this program, or that do not come with it.
    pub other_checks: Vec<String>,
    /// Checks that come with this program and were not asked.
    pub absent_checks: Vec<String>,
}

/// Takes the sealed records of a log, from the first to the last, and computes its last assessment again.
#[derive(Default)]
pub struct Auditor {
    sets: Sets,
    register: Register,
    /// The text of each version of the contract, with its place.
    contracts: Vec<(u64, String)>,
    gatherer: Gatherer,
    examined: Vec<Examined>,
    held: u64,
}

impl Auditor {
    /// Begins.
    #[must_use]
    pub fn new() -> Self {
        Self { gatherer: Gatherer::new(true), ..Self::default() }
    }

    /// Takes the next records; `false` when more would have to be held than [`HELD_LIMIT`], and then nothing is taken any more.
    pub fn take(&mut self, sealed: &Sealed<Vec<Event>>) -> bool {
        sealed.value().iter().all(|event| self.record(event))
    }

    fn record(&mut self, Event { record, .. }: &Event) -> bool {
        let bytes = record.raw.len() as u64;
        if self.held + self.sets.held + bytes > HELD_LIMIT {
            return false;
        }
        match record.kind {
            Kind::Contract => {
                self.register.take(record.seq, &record.raw);
                self.contracts.extend(terms::text_of(&record.raw).map(|text| (record.seq, text)));
                self.held += bytes;
            }
            Kind::Verdict => self.sets.take(record.seq, &record.raw),
            Kind::Evidence => {
                self.gatherer.take(record.seq, &record.raw);
                self.held += bytes;
                self.examine();
            }
            _ => {}
        }
        true
    }

    /// Reads the document that was closed last once more, and lets its bytes go.
    fn examine(&mut self) {
        let Some(exhibit) = self.gatherer.exhibits.last_mut() else { return };
        let Some(raw) = exhibit.raw.take() else { return };
        self.held = self.held.saturating_sub(raw.len() as u64);
        let (id, kind, file) =
            (exhibit.envelope.id.clone(), exhibit.envelope.kind.clone(), exhibit.envelope.file.clone());
        self.examined.push(Examined { id, kind, file, seq: exhibit.seq, reading: reading(exhibit, &raw) });
    }

    /// Computes the last assessment again; none when the log has none for auditors.
    #[must_use]
    pub fn finish(self) -> Option<Replayed> {
        let (seq, kept) = self.sets.last?;
        let later = self.examined.iter().filter(|e| e.seq > seq).count() as u64;
        let mut told = Replayed {
            seq,
            older: self.sets.count - 1,
            documents: self.examined.into_iter().filter(|e| e.seq < seq).collect(),
            later,
            odd: self.gatherer.odd.len() as u64,
            computed: Err("the assessment itself cannot be read".to_owned()),
            differences: vec![],
            more: 0,
            other_checks: vec![],
            absent_checks: vec![],
            kept,
        };
        if let Ok(kept) = &told.kept {
            let mut exhibits = self.gatherer.exhibits;
            exhibits.retain(|e| e.seq < seq);
            (told.other_checks, told.absent_checks) = against_ours(kept);
            let texts = self.contracts.iter().filter(|(at, _)| *at < seq).map(|(_, text)| text.as_str());
            let contracts = terms::history(texts);
            told.computed = replay(kept, exhibits, &self.register, &contracts).map(|(answers, count)| {
                (told.differences, told.more) = differences(&kept.audit.answers, &answers);
                count
            });
        }
        Some(told)
    }
}

/// The answers written out, and how many there are.
fn replay(
    kept: &KeptAudit,
    mut exhibits: Vec<Exhibit>,
    register: &Register,
    contracts: &History,
) -> Result<(Vec<u8>, u64), String> {
    let audit = &kept.audit;
    let mut set = CheckSet::default();
    for (id, text) in &audit.checks {
        set.add_text(text).map_err(|error| format!("the check `{id}` cannot be used: {error}"))?;
    }
    let exceptions = approved(&register.before(kept.seq));
    let kinds: BTreeSet<&str> = set.checks().flat_map(|c| &c.needs).map(|n| n.kind.as_str()).collect();
    exhibits.retain(|e| kinds.contains(e.envelope.kind.as_str()));
    let mut dossier = Dossier::of(exhibits);
    dossier.add_feeds(audit.feeds.iter().cloned());
    let about =
        Circumstances { now: audit.now, parameters: &audit.parameters, exceptions: &exceptions, contracts };
    let assessment = assess(&dossier, &set, &about)?;
    let count = assessment.answers().count() as u64;
    Ok((assessment.to_json().to_string().into_bytes(), count))
}

/// Which checks are not ours as they stand, and which of ours were not asked.
fn against_ours(kept: &KeptAudit) -> (Vec<String>, Vec<String>) {
    let mut absent = vec![];
    let mut same = BTreeSet::new();
    for (id, text) in embedded_texts() {
        match kept.audit.checks.get(id) {
            None => absent.push(id.to_owned()),
            Some(used) if used.as_bytes() == text => drop(same.insert(id)),
            Some(_) => {}
        }
    }
    let other = kept.audit.checks.keys().filter(|id| !same.contains(id.as_str())).cloned().collect();
    (other, absent)
}

/// Reads a document's bytes once more. What was said of it when it was handed in is not sealed in full: whether its kind or its
/// format was named, and whether its scope was. So each way is tried, and one that gives what was sealed is enough.
fn reading(exhibit: &Exhibit, raw: &[u8]) -> Reading {
    let sealed = &exhibit.envelope;
    if sealed.parsers != PARSERS_VERSION {
        return Reading::OtherParsers(sealed.parsers);
    }
    let (kind, format) = (Some(sealed.kind.as_str()), Some(sealed.format.as_str()));
    let mut first = None;
    let said = [None, Some(sealed.scope.as_str())];
    let hints = [(None, None), (kind, None), (None, format), (kind, format)];
    for ((kind, format), scope) in hints.into_iter().flat_map(|hint| said.map(|scope| (hint, scope))) {
        let document = read(raw, &sealed.file, &Hint { kind, format, mapping: sealed.mapping.as_deref() });
        let handed = Handed {
            customer: &sealed.customer,
            side: sealed.side,
            file: &sealed.file,
            collected: sealed.collected,
            received: sealed.received,
            scope,
            population: sealed.population.as_deref(),
            covers: sealed.covers,
            mapping: sealed.mapping.as_deref(),
        };
        let envelope = Envelope::new(&handed, raw, &document);
        let Some(what) = unlike(sealed, &envelope).or_else(|| other_row(exhibit, &document.rows)) else {
            return Reading::Same;
        };
        first = if kind.is_some() { first.or(Some(what)) } else { first };
    }
    Reading::Differs(first.unwrap_or_default())
}

/// The first member of the envelope that is another one.
fn unlike(sealed: &Envelope, again: &Envelope) -> Option<String> {
    let (sealed, again) = (sealed.to_json(), again.to_json());
    let members = sealed.as_object()?;
    let (name, was) = members.iter().find(|(name, was)| again.get(*name) != Some(*was))?;
    let is = again.get(name).cloned().unwrap_or(Value::Null);
    Some(format!("`{name}` was sealed as {was}, its bytes give {is}"))
}

/// The first row that is another one.
fn other_row(exhibit: &Exhibit, again: &[Row]) -> Option<String> {
    let differing = exhibit.rows.iter().zip(again).enumerate().find(|(_, (was, is))| was != *is);
    if let Some((number, (was, is))) = differing {
        return Some(format!(
            "row {} was sealed as {}, its bytes give {}",
            number + 1,
            was.line(),
            is.line()
        ));
    }
    let (was, is) = (exhibit.rows.len(), again.len());
    (was != is).then(|| format!("{was} rows were sealed, its bytes give {is}"))
}
