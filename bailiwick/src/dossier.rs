//! What a customer's log holds that answers stand on: the sealed pages with evidence and contract, and what is read out
//! of them. No answer stands on anything else.

use crate::fault::Fault;
use assess::{CheckSet, Dossier, Reading};
use custody::View;
use evidence::records::Head;
use evidence::{Envelope, Kind as EvidenceKind, Side};
use ledger::Sealed;
use model::{Event, Fields, Kind, Record, Time};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Seconds by which the clock of a tool may be ahead, as answers take it.
const AHEAD_SECONDS: i64 = 600;

/// Tells the sealed pages that hold any of these records, in their order, each proved against the checkpoint.
fn each_page(
    view: &View,
    places: &BTreeSet<u64>,
    told: &mut dyn FnMut(Sealed<Vec<Event>>),
) -> Result<(), Fault> {
    if places.is_empty() {
        return Ok(());
    }
    for unit in view.units()? {
        if places.range(unit.first..unit.first + unit.count).next().is_some() {
            let pages = view.read_where(&unit, &|r| places.contains(&r.seq), &|_| Fields::new())?;
            pages.into_iter().for_each(&mut *told);
        }
    }
    Ok(())
}

/// The sealed pages of a customer's log that hold records of a kind.
pub(crate) fn pages(view: &View, kind: Kind) -> Result<Vec<Sealed<Vec<Event>>>, Fault> {
    let (mut places, mut found) = (BTreeSet::new(), vec![]);
    view.each_other(&mut |r| {
        if r.kind == kind {
            places.insert(r.seq);
        }
    })?;
    each_page(view, &places, &mut |page| found.push(page))?;
    Ok(found)
}

/// What a log holds of evidence: the envelopes, and where the pieces of each document lie.
#[derive(Default)]
pub(crate) struct Index {
    /// The envelopes with their places. Of a document that was read anew the last reading counts.
    pub(crate) envelopes: Vec<(u64, Envelope)>,
    /// Records of each document that hold rows, its envelopes among them.
    rows: BTreeMap<String, Vec<u64>>,
    raw: BTreeMap<String, Vec<u64>>,
}

impl Index {
    /// Looks through a log, without keeping what it holds.
    pub(crate) fn of(view: &View) -> Result<Self, Fault> {
        let mut index = Self::default();
        view.each_other(&mut |record| {
            if record.kind == Kind::Evidence {
                index.note(&record);
            }
        })?;
        let last: BTreeMap<String, u64> =
            index.envelopes.iter().map(|(seq, e)| (e.id.clone(), *seq)).collect();
        index.envelopes.retain(|(seq, e)| last.get(&e.id) == Some(seq));
        Ok(index)
    }

    fn note(&mut self, record: &Record) {
        match Head::of(&record.raw) {
            Some(Head::Piece { id, rows: true }) => self.rows.entry(id).or_default().push(record.seq),
            Some(Head::Piece { id, rows: false }) => self.raw.entry(id).or_default().push(record.seq),
            Some(Head::Envelope(envelope)) => {
                self.rows.entry(envelope.id.clone()).or_default().push(record.seq);
                self.envelopes.push((record.seq, *envelope));
            }
            None => {}
        }
    }

    /// Reads these documents out of sealed pages, with their raw bytes when they are asked for.
    pub(crate) fn read(&self, view: &View, ids: BTreeSet<String>, with_raw: bool) -> Result<Dossier, Fault> {
        let mut places = BTreeSet::new();
        for id in &ids {
            places.extend(self.rows.get(id).into_iter().flatten());
            places.extend(self.raw.get(id).into_iter().flatten().filter(|_| with_raw));
        }
        let mut reading = if with_raw { Reading::only_with_raw(ids) } else { Reading::only(ids) };
        each_page(view, &places, &mut |page| reading.take(&page))?;
        Ok(reading.end())
    }

    /// Reads the documents that hold rows of any of these tables and count on a day.
    pub(crate) fn with_rows(&self, view: &View, tables: &[&str], now: Time) -> Result<Dossier, Fault> {
        let holds = |e: &Envelope| tables.iter().any(|t| e.rows.contains_key(*t));
        let all: Vec<(u64, &Envelope)> =
            self.envelopes.iter().filter(|(_, e)| holds(e)).map(|(seq, e)| (*seq, e)).collect();
        let newest: BTreeSet<u64> = newest(all.iter().copied(), now).into_values().collect();
        let counts = |(seq, e): &&(u64, &Envelope)| {
            newest.contains(seq) || (accumulates(&e.kind) && e.effective() <= now)
        };
        self.read(view, all.iter().filter(counts).map(|(_, e)| e.id.clone()).collect(), false)
    }

    /// The ids of the documents that any need of these checks can look at on a day. Those that are left out change no answer: a
    /// newer one took their place, or they are of a time that no need reaches back to.
    pub(crate) fn needed(&self, set: &CheckSet, now: Time) -> BTreeSet<String> {
        // As far as a tool's clock may be ahead of ours; what is later still is kept, so that an answer can say so.
        let soon = Time::from_second(now.as_second() + AHEAD_SECONDS).unwrap_or(now);
        let mut reach: BTreeMap<&str, i64> = BTreeMap::new();
        for need in set.checks().flat_map(|c| &c.needs) {
            let far = reach.entry(&need.kind).or_insert(0);
            *far = need.at_most_old.max(need.covers).max(*far);
        }
        let newest: BTreeSet<u64> =
            newest(self.envelopes.iter().map(|(seq, e)| (*seq, e)), soon).into_values().collect();
        let needed = |(seq, e): &&(u64, Envelope)| {
            let Some(reach) = reach.get(e.kind.as_str()) else { return false };
            let end = e.covers.map_or(e.effective(), |(_, to)| to).max(e.effective());
            let reaches = accumulates(&e.kind) && now.as_second() - end.as_second() <= *reach;
            newest.contains(seq) || e.effective() > soon || reaches
        };
        self.envelopes.iter().filter(needed).map(|(_, e)| e.id.clone()).collect()
    }
}

/// The bodies of sealed records of one kind that are JSON, with their place and the time at which they were sealed.
pub(crate) fn bodies(sealed: &[Sealed<Vec<Event>>], kind: Kind) -> impl Iterator<Item = (u64, Time, Value)> {
    let records = sealed.iter().flat_map(|s| s.value()).map(|e| &e.record).filter(move |r| r.kind == kind);
    records.filter_map(|r| Some((r.seq, r.received, serde_json::from_slice(&r.raw).ok()?)))
}

/// Whether documents of a kind add up, so that a new one does not take the place of those before it.
pub(crate) fn accumulates(kind: &str) -> bool {
    EvidenceKind::named(kind).is_some_and(EvidenceKind::accumulates)
}

/// What one document competes about with others: its kind and side, and its scope where the newest of each scope counts.
pub(crate) type Slot<'a> = (&'a str, Side, &'a str);

/// The newest document of each slot on a day: its place in the list.
pub(crate) fn newest<'a>(
    envelopes: impl Iterator<Item = (u64, &'a Envelope)>,
    now: Time,
) -> BTreeMap<Slot<'a>, u64> {
    let mut best: BTreeMap<Slot<'a>, (Time, u64)> = BTreeMap::new();
    for (seq, envelope) in envelopes.filter(|(_, e)| e.effective() <= now) {
        let scope = if accumulates(&envelope.kind) { "" } else { envelope.scope.as_str() };
        let age = (envelope.effective(), seq);
        let place = best.entry((&envelope.kind, envelope.side, scope)).or_insert(age);
        *place = age.max(*place);
    }
    best.into_iter().map(|(slot, (_, seq))| (slot, seq)).collect()
}

/// When a new document of its kind is due.
pub(crate) fn due(envelope: &Envelope) -> Option<Time> {
    let days = EvidenceKind::named(&envelope.kind)?.due_days;
    Time::from_second(envelope.effective().as_second() + i64::from(days) * 86_400).ok()
}
