//! The hits of one group in the order of time, and which windows of them hold.

use super::tally::{Steps, Tally, Weight};
use super::{Correlation, SEQS_LIMIT, Type};
use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Values of fields that the hits of a correlation carry on to those that it feeds.
pub(super) type Carried = Option<Arc<[Option<String>]>>;

/// What is told apart where different things are counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Thing {
    /// Values of the fields.
    Values(Vec<String>),
    /// A record.
    Record(u64),
    /// What belongs together of another correlation: its number, the group there, the episode.
    Episode(usize, Vec<Option<String>>, u64),
}

/// One hit of a rule that feeds a correlation.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) happened: Timestamp,
    pub(super) seq: u64,
    pub(super) rule: usize,
    pub(super) weight: Weight,
    pub(super) carried: Carried,
    /// Whether the window that ends with it was carried on.
    pub(super) is_fed: bool,
}

impl Entry {
    fn key(&self) -> (Timestamp, u64, usize) {
        (self.happened, self.seq, self.rule)
    }
}

/// Windows in which the condition holds and a hit lies, taken together.
pub(super) struct Held {
    pub(super) seqs: Vec<u64>,
    pub(super) count: u64,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    pub(super) goes_on: bool,
    pub(super) episode: u64,
    /// The hits that end the windows which were not carried on before.
    pub(super) ends: Vec<(Timestamp, u64, Carried)>,
}

/// What was told, from when to when.
#[derive(Debug, Clone, Copy)]
struct Told {
    first: Timestamp,
    last: Timestamp,
    episode: u64,
}

/// Hits of one group, none of which came too late for the others.
#[derive(Debug)]
pub(super) struct Series {
    entries: VecDeque<Entry>,
    /// Where the window begins that ends with the newest.
    start: usize,
    /// What that window amounts to.
    tally: Tally,
    steps: Steps,
    told: Vec<Told>,
    things: Things,
}

/// Things by number, while a hit has them.
#[derive(Debug, Default)]
struct Things {
    numbers: BTreeMap<Thing, u32>,
    /// The thing of a number, and how many hits have it.
    uses: Vec<Option<(Thing, u32)>>,
    free: Vec<u32>,
}

impl Things {
    fn take(&mut self, thing: Thing) -> Weight {
        if let Some(number) = self.numbers.get(&thing) {
            if let Some(Some((_, uses))) = self.uses.get_mut(*number as usize) {
                *uses += 1;
            }
            return Weight::Value(*number);
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.uses.push(None);
            u32::try_from(self.uses.len() - 1).expect("fewer than the hits that are kept")
        });
        self.numbers.insert(thing.clone(), number);
        self.uses[number as usize] = Some((thing, 1));
        Weight::Value(number)
    }

    fn release(&mut self, weight: Weight) {
        let Weight::Value(number) = weight else { return };
        let Some(slot) = self.uses.get_mut(number as usize) else { return };
        if let Some((_, uses)) = slot
            && *uses > 1
        {
            *uses -= 1;
        } else if let Some((thing, _)) = slot.take() {
            self.numbers.remove(&thing);
            self.free.push(number);
        }
    }
}

impl Series {
    pub(super) fn new(of: &Correlation) -> Self {
        Self {
            entries: VecDeque::new(),
            start: 0,
            tally: Tally::of(of),
            steps: Steps::default(),
            told: vec![],
            things: Things::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.entries.back().map(|e| e.happened)
    }

    /// The number of a thing; to be put into the entry that is taken next.
    pub(super) fn weigh(&mut self, thing: Thing) -> Weight {
        self.things.take(thing)
    }

    /// Takes a hit; tells of the windows with it in which the condition holds. One that is there already says nothing.
    pub(super) fn take(&mut self, of: &Correlation, entry: Entry) -> Option<Held> {
        let (key, at, weight) = (entry.key(), entry.happened, entry.weight);
        let place = self.entries.partition_point(|e| e.key() < key);
        if self.entries.get(place).is_some_and(|e| e.key() == key) {
            self.release(of, weight);
            return None;
        }
        self.entries.insert(place, entry);
        let held = if place + 1 == self.entries.len() {
            self.append(of, place)
        } else {
            let newest = self.newest().unwrap_or(at);
            if apart(at, newest) > of.span_nanos {
                self.start += 1;
            } else {
                self.tally.add(weight);
            }
            self.sweep(of, place)
        };
        let held = held.map(|(start, ends)| self.tell(start, &ends));
        self.expire(of);
        held
    }

    /// The window that ends with the newest hit, which was put there just now.
    fn append(&mut self, of: &Correlation, place: usize) -> Option<(usize, Vec<usize>)> {
        let entry = &self.entries[place];
        let (at, seq, rule) = (entry.happened, entry.seq, entry.rule);
        self.tally.add(entry.weight);
        while apart(self.entries[self.start].happened, at) > of.span_nanos {
            self.tally.take(self.entries[self.start].weight);
            self.start += 1;
        }
        let holds = if of.kind == Type::TemporalOrdered {
            self.steps.take(&of.rules, rule, (at, seq));
            of.enough(self.steps.since(self.entries[self.start].happened))
        } else {
            self.tally.meets(of)
        };
        holds.then(|| (self.start, vec![place]))
    }

    /// Every window that a hit lies in which came later than others that happened after it: where the first begins that
    /// holds, and where those that hold end.
    fn sweep(&mut self, of: &Correlation, place: usize) -> Option<(usize, Vec<usize>)> {
        let at = self.entries[place].happened;
        let from = self.entries.partition_point(|e| apart(e.happened, at) > of.span_nanos);
        let ordered = of.kind == Type::TemporalOrdered;
        let (mut tally, mut steps, mut start) = (Tally::of(of), Steps::default(), from);
        let (mut first, mut ends) = (None, vec![]);
        for end in from..self.entries.len() {
            let entry = &self.entries[end];
            let last = entry.happened;
            let is_behind = apart(at, last) > of.span_nanos;
            if ordered {
                // To the end: what comes next goes on from there.
                steps.take(&of.rules, entry.rule, (last, entry.seq));
            } else if is_behind {
                break;
            }
            tally.add(entry.weight);
            while apart(self.entries[start].happened, last) > of.span_nanos {
                tally.take(self.entries[start].weight);
                start += 1;
            }
            // What happened at the same instant belongs to the same window.
            let goes_on = self.entries.get(end + 1).is_some_and(|next| next.happened == last);
            if end < place || is_behind || goes_on {
                continue;
            }
            let holds =
                if ordered { of.enough(steps.since(self.entries[start].happened)) } else { tally.meets(of) };
            if holds {
                first = first.or(Some(start));
                ends.push(end);
            }
        }
        if ordered {
            self.steps = steps;
        }
        first.map(|start| (start, ends))
    }

    fn tell(&mut self, start: usize, ends: &[usize]) -> Held {
        let end = ends.last().copied().unwrap_or(start);
        let (first, last) = (self.entries[start].happened, self.entries[end].happened);
        let mut told = Told { first, last, episode: self.entries[end].seq };
        let touches = |t: &Told| t.first <= last && first <= t.last;
        let goes_on = self.told.iter().any(touches);
        if let Some(before) = self.told.iter().find(|t| touches(t)) {
            told.episode = before.episode;
        }
        for joined in self.told.extract_if(.., |t| touches(t)) {
            told.first = told.first.min(joined.first);
            told.last = told.last.max(joined.last);
        }
        let place = self.told.partition_point(|t| t.first < told.first);
        self.told.insert(place, told);
        let newest = self.entries.range(start..=end).rev();
        let mut seqs: Vec<u64> = newest.take(SEQS_LIMIT).map(|e| e.seq).collect();
        seqs.sort_unstable();
        seqs.dedup();
        let mut fed = vec![];
        for end in ends {
            let entry = &mut self.entries[*end];
            if !std::mem::replace(&mut entry.is_fed, true) {
                fed.push((entry.happened, entry.seq, entry.carried.clone()));
            }
        }
        let count = (end - start + 1) as u64;
        Held { seqs, count, first, last, goes_on, episode: told.episode, ends: fed }
    }

    /// Lets go what no hit in time can reach any more.
    fn expire(&mut self, of: &Correlation) {
        let Some(newest) = self.newest() else { return };
        let reach = of.late_nanos + of.span_nanos;
        while self.entries.front().is_some_and(|e| apart(e.happened, newest) > reach) {
            if let Some(gone) = self.entries.pop_front() {
                self.release(of, gone.weight);
                self.start -= 1;
            }
        }
        if self.told.first().is_some_and(|t| apart(t.last, newest) > reach) {
            self.told.retain(|t| apart(t.last, newest) <= reach);
        }
    }

    /// Lets the oldest hits go, whatever they still stand for.
    pub(super) fn forget(&mut self, of: &Correlation, many: usize) {
        for gone in self.entries.drain(..many.min(self.entries.len())).collect::<Vec<_>>() {
            if self.start == 0 {
                self.tally.take(gone.weight);
            } else {
                self.start -= 1;
            }
            self.release(of, gone.weight);
        }
        if of.kind == Type::TemporalOrdered {
            self.steps = Steps::default();
            for entry in &self.entries {
                self.steps.take(&of.rules, entry.rule, (entry.happened, entry.seq));
            }
        }
    }

    /// Calls rules by the numbers that they have in another set.
    pub(super) fn renumber(&mut self, new_numbers: &BTreeMap<usize, usize>) {
        let new = |rule: &mut usize| *rule = new_numbers.get(rule).copied().unwrap_or(*rule);
        self.entries.iter_mut().for_each(|e| new(&mut e.rule));
        // What one record is of several rules stands in the order of their numbers.
        self.entries.make_contiguous().sort_by_key(Entry::key);
        let renamed = |mut thing: Thing| {
            if let Thing::Episode(rule, ..) = &mut thing {
                new(rule);
            }
            thing
        };
        let things = &mut self.things;
        things.numbers =
            std::mem::take(&mut things.numbers).into_iter().map(|(t, n)| (renamed(t), n)).collect();
        for slot in things.uses.iter_mut().flatten() {
            slot.0 = renamed(slot.0.clone());
        }
    }

    fn release(&mut self, of: &Correlation, weight: Weight) {
        // Rules are numbered by their place, which no hit takes along.
        if !of.kind.is_temporal() {
            self.things.release(weight);
        }
    }
}

/// How long `later` is behind `earlier`, in nanoseconds; negative when it is before.
pub(super) fn apart(earlier: Timestamp, later: Timestamp) -> i128 {
    later.as_nanosecond() - earlier.as_nanosecond()
}
