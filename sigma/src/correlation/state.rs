//! All groups of one correlation, for one customer, within its bound.

use super::amount::amount;
use super::series::{Carried, Entry, Held, Series, Thing, apart};
use super::tally::Weight;
use super::{Correlation, HITS_LIMIT, Type};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Series of one group: hits that come too late for the others are counted among themselves.
const SERIES_LIMIT: usize = 4;
/// Longest value that is kept whole, in bytes.
const VALUE_LIMIT_BYTES: usize = 1024;

/// Looks up the first value of a field, as text.
type Look<'a> = &'a dyn Fn(&str) -> Option<String>;

pub(super) type Key = Vec<Option<String>>;

/// What a correlation looks up in the hits of one rule: names of fields, aliases undone.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    /// The correlation that is fed.
    pub(super) number: usize,
    pub(super) group_by: Vec<String>,
    pub(super) fields: Vec<String>,
    /// What correlations that it feeds look up.
    pub(super) carries: Vec<String>,
}

/// A hit of a rule on its way into a correlation.
#[derive(Debug, Clone)]
pub(super) struct Arriving {
    pub(super) rule: usize,
    pub(super) happened: Timestamp,
    pub(super) seq: u64,
    /// Of a correlation: the group there, and what belongs together there.
    pub(super) episode: Option<(Key, u64)>,
}

/// All groups of one correlation.
#[derive(Debug)]
pub(super) struct State {
    groups: BTreeMap<Arc<Key>, Vec<u32>>,
    series: Vec<Option<(Arc<Key>, Series)>>,
    free: Vec<u32>,
    /// Series by their newest hit.
    quiet: BTreeSet<(Timestamp, u32)>,
    hits: usize,
    limit: usize,
    newest: Option<Timestamp>,
    /// Groups that the bound closed while they could still grow, and hits that it let go.
    pub(super) closed: u64,
    /// Hits that came too late too often for one group, and are not counted.
    pub(super) late: u64,
}

impl Default for State {
    fn default() -> Self {
        Self::with_limit(HITS_LIMIT)
    }
}

impl State {
    pub(super) fn with_limit(limit: usize) -> Self {
        Self {
            groups: BTreeMap::new(),
            series: vec![],
            free: vec![],
            quiet: BTreeSet::new(),
            hits: 0,
            limit,
            newest: None,
            closed: 0,
            late: 0,
        }
    }

    /// Takes one hit; says in which windows with it the condition holds.
    pub(super) fn take(
        &mut self,
        (of, feed): (&Correlation, &Feed),
        hit: &Arriving,
        look: Look<'_>,
    ) -> Option<(Key, Held)> {
        let looked = |names: &[String]| -> Key { names.iter().map(|n| look(n).map(short)).collect() };
        let key = Arc::new(looked(&feed.group_by));
        self.newest = self.newest.max(Some(hit.happened));
        self.make_room(of);
        let Some(number) = self.series_for(of, &key, hit.happened) else {
            self.late += 1;
            return None;
        };
        let (_, series) = self.series.get_mut(number as usize)?.as_mut()?;
        let (before, newest) = (series.len(), series.newest());
        let weight = weight(of, &feed.fields, hit, (look, series));
        let carried: Carried = (!feed.carries.is_empty()).then(|| looked(&feed.carries).into());
        let Arriving { happened, seq, rule, .. } = *hit;
        let held = series.take(of, Entry { happened, seq, rule, weight, carried, is_fed: false });
        let (after, now) = (series.len(), series.newest());
        self.hits = self.hits + after - before;
        if now != newest {
            self.quiet.extend(now.map(|at| (at, number)));
            newest.map(|at| self.quiet.remove(&(at, number)));
        }
        held.map(|held| (Arc::unwrap_or_clone(key), held))
    }

    /// The series of a group that a hit is not too late for; a new one where there may be one more.
    fn series_for(&mut self, of: &Correlation, key: &Arc<Key>, happened: Timestamp) -> Option<u32> {
        let own = self.groups.entry(Arc::clone(key)).or_default();
        let newest = |n: &u32| -> Option<Timestamp> { self.series.get(*n as usize)?.as_ref()?.1.newest() };
        let in_time = own.iter().filter(|n| newest(n).is_none_or(|at| apart(happened, at) <= of.late_nanos));
        if let Some(number) = in_time.max_by_key(|n| newest(n)) {
            return Some(*number);
        }
        if own.len() >= SERIES_LIMIT {
            return None;
        }
        let made = Some((Arc::clone(key), Series::new(of)));
        let number = match self.free.pop() {
            Some(number) => {
                self.series[number as usize] = made;
                number
            }
            None => {
                self.series.push(made);
                u32::try_from(self.series.len() - 1).expect("fewer than the hits that are kept")
            }
        };
        own.push(number);
        Some(number)
    }

    /// Keeps the bound: closes what is longest quiet; of a single series, lets a sixteenth of the hits go.
    fn make_room(&mut self, of: &Correlation) {
        while self.hits >= self.limit {
            if self.quiet.len() > 1 {
                self.close_oldest(of);
                continue;
            }
            let many = (self.limit / 16).max(1);
            let only = self.quiet.first().and_then(|(_, n)| self.series.get_mut(*n as usize)?.as_mut());
            let Some((_, only)) = only else { return };
            only.forget(of, many);
            self.hits = only.len();
            self.closed += many as u64;
        }
    }

    /// Calls rules by the numbers that they have in another set, which has them all.
    pub(super) fn renumber(&mut self, new_numbers: &BTreeMap<usize, usize>) {
        self.series.iter_mut().flatten().for_each(|(_, series)| series.renumber(new_numbers));
    }

    fn close_oldest(&mut self, of: &Correlation) {
        let Some((last, number)) = self.quiet.pop_first() else { return };
        let Some((key, series)) = self.series.get_mut(number as usize).and_then(Option::take) else { return };
        self.free.push(number);
        self.hits -= series.len();
        if let Some(own) = self.groups.get_mut(&key) {
            own.retain(|n| *n != number);
            if own.is_empty() {
                self.groups.remove(&key);
            }
        }
        // What nothing in time can reach any more is no loss.
        let reach = of.late_nanos + of.span_nanos;
        self.closed += u64::from(self.newest.is_some_and(|newest| apart(last, newest) <= reach));
    }
}

fn weight(
    of: &Correlation,
    fields: &[String],
    hit: &Arriving,
    (look, series): (Look<'_>, &mut Series),
) -> Weight {
    match of.kind {
        Type::EventCount if !of.counts_different => Weight::One,
        Type::EventCount => series.weigh(match &hit.episode {
            None => Thing::Record(hit.seq),
            Some((group, episode)) => Thing::Episode(hit.rule, group.clone(), *episode),
        }),
        Type::Temporal | Type::TemporalOrdered => {
            let place = of.rules.iter().position(|r| *r == hit.rule);
            place.and_then(|p| u32::try_from(p).ok()).map_or(Weight::Nothing, Weight::Value)
        }
        Type::ValueCount => {
            let values: Option<Vec<String>> = fields.iter().map(|f| look(f).map(short)).collect();
            values.map_or(Weight::Nothing, |values| series.weigh(Thing::Values(values)))
        }
        Type::Sum | Type::Average | Type::Percentile => {
            let text = fields.first().and_then(|f| look(f));
            text.and_then(|t| amount(&t)).map_or(Weight::Nothing, Weight::Amount)
        }
    }
}

/// A long value by its beginning, its length and its hash (FNV-1a of 64 bits).
fn short(text: String) -> String {
    if text.len() <= VALUE_LIMIT_BYTES {
        return text;
    }
    let hash =
        text.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let beginning = &text[..text.floor_char_boundary(VALUE_LIMIT_BYTES)];
    format!("{beginning}… ({} bytes, {hash:016x})", text.len())
}
