//! What a customer's log holds that answers stand on: the sealed pages with evidence and contract, and what is read out
//! of them. No answer stands on anything else.

use crate::fault::Fault;
use assess::Dossier;
use custody::View;
use evidence::records::Exhibit;
use evidence::{Envelope, Kind as EvidenceKind, Side};
use ledger::Sealed;
use model::{Event, Fields, Kind, Record, Time};
use serde_json::Value;
use std::collections::BTreeMap;

/// The sealed pages of a customer's log that hold records of these kinds, each proved against the checkpoint.
pub(crate) fn pages(view: &View, kinds: &[Kind]) -> Result<Vec<Sealed<Vec<Event>>>, Fault> {
    let places: Vec<u64> = view.others()?.iter().filter(|r| kinds.contains(&r.kind)).map(|r| r.seq).collect();
    let mut found = vec![];
    if places.is_empty() {
        return Ok(found);
    }
    for unit in view.units()? {
        let next = places.partition_point(|seq| *seq < unit.first);
        if places.get(next).is_some_and(|seq| *seq < unit.first + unit.count) {
            found.extend(view.read_where(&unit, &|r| kinds.contains(&r.kind), &|_| Fields::new())?);
        }
    }
    Ok(found)
}

/// The pages that an answer stands on.
pub(crate) fn grounds(view: &View) -> Result<Vec<Sealed<Vec<Event>>>, Fault> {
    pages(view, &[Kind::Evidence, Kind::Contract])
}

/// The documents of a customer, with their raw bytes when they are asked for.
pub(crate) fn open(view: &View, with_raw: bool) -> Result<Dossier, Fault> {
    let sealed = pages(view, &[Kind::Evidence])?;
    Ok(if with_raw { Dossier::open_with_raw(&sealed) } else { Dossier::open(&sealed) })
}

/// The documents that hold rows of any of these tables.
pub(crate) fn with_rows(sealed: &[Sealed<Vec<Event>>], tables: Vec<&'static str>) -> Dossier {
    Dossier::only(sealed, Box::new(move |e| tables.iter().any(|t| e.rows.contains_key(*t))))
}

/// The bodies of sealed records of one kind that are JSON, with their place and the time at which they were sealed.
pub(crate) fn bodies(sealed: &[Sealed<Vec<Event>>], kind: Kind) -> impl Iterator<Item = (u64, Time, Value)> {
    let records = sealed.iter().flat_map(|s| s.value()).map(|e| &e.record).filter(move |r| r.kind == kind);
    records.filter_map(|r| Some((r.seq, r.received, serde_json::from_slice(&r.raw).ok()?)))
}

/// The envelopes among the records of a log, with their places; the pieces before them are passed over unread. Of a
/// document that was read anew the last reading counts.
pub(crate) fn envelopes(others: &[Record]) -> Vec<(u64, Envelope)> {
    let envelope = |record: &Record| {
        let head = record.raw.split(|b| *b == b'\n').next()?;
        Some((record.seq, Envelope::from_json(&serde_json::from_slice(head).ok()?).ok()?))
    };
    let all: Vec<(u64, Envelope)> =
        others.iter().filter(|r| r.kind == Kind::Evidence).filter_map(envelope).collect();
    let last: BTreeMap<String, u64> = all.iter().map(|(seq, e)| (e.id.clone(), *seq)).collect();
    all.into_iter().filter(|(seq, e)| last.get(&e.id) == Some(seq)).collect()
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

/// The documents that count on a day: the newest of each scope, and all of those that add up.
pub(crate) fn current(exhibits: &[Exhibit], now: Time) -> Vec<&Exhibit> {
    let newest = newest(exhibits.iter().map(|e| (e.seq, &e.envelope)), now);
    let counts = |e: &&Exhibit| {
        let envelope = &e.envelope;
        let slot: Slot<'_> = (&envelope.kind, envelope.side, &envelope.scope);
        let adds_up = accumulates(&envelope.kind) && envelope.effective() <= now;
        adds_up || newest.get(&slot) == Some(&e.seq)
    };
    exhibits.iter().filter(counts).collect()
}

/// When a new document of its kind is due.
pub(crate) fn due(envelope: &Envelope) -> Option<Time> {
    let days = EvidenceKind::named(&envelope.kind)?.due_days;
    Time::from_second(envelope.effective().as_second() + i64::from(days) * 86_400).ok()
}
