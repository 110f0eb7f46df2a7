//! Notices what was given before, record by record, by comparing with what was sealed. It forgets nothing and never
//! takes a record for another one that only looks like it.
//!
//! Two ways, for two kinds of records:
//! - A record with an identity of its own (Windows: computer, channel, record id; CloudTrail: event id …) is known
//!   when an earlier run sealed one of the same identity.
//! - A record without one is known by its file: a file that begins with the same records as one given before, raw
//!   byte for raw byte, is that file, grown, renamed or packed; it is new from the first record that differs.
//!
//! Files of one run are never compared with each other, so that every record of every file is accounted for.

use collect::Arrival;
use custody::{ReadError, Unit, View};
use model::{Event, Fields, Kind, Record, Source, Time};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Identities of this many units are kept at most: 4,096 of 16 bytes each.
const KEPT_UNITS: usize = 1024;
/// Earlier files that one file is compared with at most.
const CANDIDATES: usize = 8;

type Identity = [u8; 16];

/// Records of one source in the log: from a seq on, so many that have no identity of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    first: u64,
    count: u64,
}

/// What was sealed of one file, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Lineage {
    head: String,
    spans: Vec<Span>,
}

impl Lineage {
    fn from_json(value: &Value) -> Option<Self> {
        let span = |v: &Value| Some(Span { first: v.get(0)?.as_u64()?, count: v.get(1)?.as_u64()? });
        Some(Self {
            head: value.get("head")?.as_str()?.to_owned(),
            spans: value.get("spans")?.as_array()?.iter().map(span).collect::<Option<_>>()?,
        })
    }

    fn count(&self) -> u64 {
        self.spans.iter().map(|s| s.count).sum()
    }
}

/// What earlier runs sealed for a customer.
pub(crate) struct Known {
    view: View,
    units: Vec<Unit>,
    lineages: BTreeMap<String, Vec<Lineage>>,
    identities: BTreeMap<u64, Vec<Identity>>,
}

impl Known {
    /// Looks at what stands in the log now; what is sealed from now on is not compared with.
    pub(crate) fn new(view: View) -> Result<Self, ReadError> {
        let units = view.units()?;
        let mut lineages: BTreeMap<String, Vec<Lineage>> = BTreeMap::new();
        for record in view.others_of(Kind::Control)? {
            let body: Option<Value> = serde_json::from_slice(&record.raw).ok();
            let body = body.filter(|b| b.get("control").and_then(Value::as_str) == Some("ingested"));
            if let Some(lineage) = body.as_ref().and_then(Lineage::from_json) {
                lineages.entry(lineage.head.clone()).or_default().push(lineage);
            }
        }
        // The longest first: it is the one that a grown file begins with.
        for list in lineages.values_mut() {
            list.sort_by_key(|l| std::cmp::Reverse(l.count()));
            list.truncate(CANDIDATES);
        }
        Ok(Self { view, units, lineages, identities: BTreeMap::new() })
    }

    /// Begins with a file.
    pub(crate) fn file(&self) -> File {
        File { head: None, candidates: vec![], prefix: vec![], own: None }
    }

    fn has_identity(&mut self, identity: &Identity, happened: Time) -> Result<bool, ReadError> {
        let covers =
            |u: &&Unit| u.happened.is_some_and(|(least, greatest)| least <= happened && happened <= greatest);
        let units: Vec<Unit> = self.units.iter().filter(covers).copied().collect();
        for unit in units {
            if !self.identities.contains_key(&unit.first) {
                let sealed = self.view.read(&unit, &|_| Fields::new())?;
                let mut list: Vec<Identity> =
                    sealed.value().iter().filter_map(|e| collect::identity(&e.record)).collect();
                list.sort_unstable();
                if self.identities.len() >= KEPT_UNITS {
                    self.identities.pop_first();
                }
                self.identities.insert(unit.first, list);
            }
            if self.identities[&unit.first].binary_search(identity).is_ok() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// One file on its way in.
pub(crate) struct File {
    /// Hash of its first record without identity.
    head: Option<String>,
    /// Earlier files that it equals so far.
    candidates: Vec<Candidate>,
    /// Spans of the earlier file that it begins with.
    prefix: Vec<Span>,
    /// What was sealed of it in this run.
    own: Option<Span>,
}

struct Candidate {
    spans: Vec<Span>,
    /// Which span, and how many of it were met.
    at: (usize, u64),
    next_seq: u64,
    unit: Option<(Unit, Vec<Event>)>,
}

impl File {
    /// Whether an earlier run sealed this record already.
    pub(crate) fn knows(&mut self, known: &mut Known, arrival: &Arrival) -> Result<bool, ReadError> {
        if let Some(identity) = &arrival.identity {
            return known.has_identity(identity, arrival.draft.happened);
        }
        if self.head.is_none() {
            let head = hex(&Sha256::digest(&arrival.draft.raw)[..16]);
            for lineage in known.lineages.get(&head).into_iter().flatten() {
                self.candidates.push(Candidate {
                    next_seq: lineage.spans.first().map_or(0, |s| s.first),
                    spans: lineage.spans.clone(),
                    at: (0, 0),
                    unit: None,
                });
            }
            self.head = Some(head);
        }
        let mut still = vec![];
        for mut candidate in std::mem::take(&mut self.candidates) {
            let met = candidate.next(known)?.is_some_and(|record| record.raw == arrival.draft.raw);
            if met {
                candidate.at.1 += 1;
                still.push(candidate);
            }
        }
        self.candidates = still;
        if let Some(best) = self.candidates.first() {
            self.prefix = best.met();
        }
        Ok(!self.candidates.is_empty())
    }

    /// Takes note that a record of this file is about to be sealed at this place.
    pub(crate) fn seal_at(&mut self, seq: u64, has_identity: bool) {
        if !has_identity {
            self.own.get_or_insert(Span { first: seq, count: 0 }).count += 1;
        }
    }

    /// The control record that lets a later run know this file; `None` when nothing of it stands by its order.
    pub(crate) fn body(&self, source: &Source, complete: bool) -> Option<Value> {
        let head = self.head.as_ref()?;
        let own = self.own?;
        let spans: Vec<_> = self.prefix.iter().chain([&own]).map(|s| json!([s.first, s.count])).collect();
        Some(json!({
            "control": "ingested",
            "source": source.to_string(),
            "head": head,
            "spans": spans,
            "complete": complete,
        }))
    }
}

impl Candidate {
    /// The next record of the earlier file, if there is one.
    fn next(&mut self, known: &Known) -> Result<Option<Record>, ReadError> {
        loop {
            let Some(span) = self.spans.get(self.at.0) else { return Ok(None) };
            if self.at.1 >= span.count {
                self.at = (self.at.0 + 1, 0);
                self.next_seq = self.spans.get(self.at.0).map_or(0, |s| s.first);
                continue;
            }
            let inside = |unit: &Unit| unit.first <= self.next_seq && self.next_seq < unit.first + unit.count;
            if !self.unit.as_ref().is_some_and(|(unit, _)| inside(unit)) {
                let Some(unit) = known.units.iter().find(|u| inside(u)) else { return Ok(None) };
                let events = known.view.read(unit, &|_| Fields::new())?.into_inner();
                self.unit = Some((*unit, events));
            }
            let Some((unit, events)) = &self.unit else { return Ok(None) };
            let at = usize::try_from(self.next_seq - unit.first).unwrap_or(usize::MAX);
            let Some(event) = events.get(at) else { return Ok(None) };
            self.next_seq += 1;
            if event.record.kind == Kind::Event && collect::identity(&event.record).is_none() {
                return Ok(Some(event.record.clone()));
            }
        }
    }

    /// The spans that were met so far.
    fn met(&self) -> Vec<Span> {
        let mut met = self.spans[..self.at.0.min(self.spans.len())].to_vec();
        if let Some(span) = self.spans.get(self.at.0).filter(|_| self.at.1 > 0) {
            met.push(Span { first: span.first, count: self.at.1 });
        }
        met
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A run that was cut off left its place in a file behind: makes the record of it that the run could not.
pub(crate) fn close_interrupted(vault: &mut custody::Vault, now: Time) -> Result<(), crate::fault::Fault> {
    let body: Option<Value> = vault.cursor().and_then(|bytes| serde_json::from_slice(bytes).ok());
    if let Some(body) = body.filter(|b| Lineage::from_json(b).is_some()) {
        vault.append(vec![(custody::Home::control(&body, now), Fields::new())], None, now)?;
    }
    Ok(())
}
