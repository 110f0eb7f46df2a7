//! Correlations as plainly as they can be written: every hit is kept, every window is looked at anew.

use crate::correlation::amount::amount;
use crate::correlation::{LATE_SECONDS, SEQS_LIMIT};
use crate::engine::Hit;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Count,
    Values,
    Temporal,
    Ordered,
    Sum,
    Average,
    Percentile,
}

impl Kind {
    pub(super) const ALL: [Self; 7] = [
        Self::Count,
        Self::Values,
        Self::Temporal,
        Self::Ordered,
        Self::Sum,
        Self::Average,
        Self::Percentile,
    ];

    pub(super) fn is_temporal(self) -> bool {
        matches!(self, Self::Temporal | Self::Ordered)
    }
}

/// A correlation rule.
#[derive(Debug, Clone)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) calls: Vec<&'static str>,
    pub(super) group_by: Vec<&'static str>,
    pub(super) span: SignedDuration,
    pub(super) bounds: Vec<(&'static str, &'static str)>,
    pub(super) field: &'static str,
    pub(super) percent: u8,
}

impl Spec {
    pub(super) fn yaml(&self) -> String {
        let kind = match self.kind {
            Kind::Count => "event_count",
            Kind::Values => "value_count",
            Kind::Temporal => "temporal",
            Kind::Ordered => "temporal_ordered",
            Kind::Sum => "value_sum",
            Kind::Average => "value_avg",
            Kind::Percentile => "value_percentile",
        };
        let (name, calls, group) = (self.name, self.calls.join(", "), self.group_by.join(", "));
        let span = self.span.as_secs();
        let mut condition: Vec<String> = self.bounds.iter().map(|(o, n)| format!("{o}: {n}")).collect();
        if !self.kind.is_temporal() && self.kind != Kind::Count {
            condition.push(format!("field: {}", self.field));
        }
        if self.kind == Kind::Percentile {
            condition.push(format!("percentile: {}", self.percent));
        }
        let condition = if condition.is_empty() {
            String::new()
        } else {
            format!("  condition: {{{}}}\n", condition.join(", "))
        };
        format!(
            "title: {name}\nid: {name}\nname: {name}\ncorrelation:\n  type: {kind}\n  rules: [{calls}]\n  group-by: [{group}]\n  timespan: {span}s\n  generate: true\n  aliases: {{who: {{f: S}}}}\n{condition}"
        )
    }

    fn holds(&self, number: f64) -> bool {
        self.bounds.iter().all(|(order, bound)| {
            let bound: f64 = bound.parse().expect("a number");
            let (near, above) = ((number - bound).abs() < 1e-7, number > bound);
            match *order {
                "gt" => above && !near,
                "gte" => above || near,
                "lt" => !above && !near,
                "lte" => !above || near,
                "eq" => near,
                _ => !near,
            }
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn met(&self, rules: &[usize], window: &[&Arriving]) -> bool {
        let mut numbers: Vec<f64> = window
            .iter()
            .filter_map(|h| h.values.as_ref()?.first())
            .filter(|t| amount(t).is_some())
            .map(|t| t.parse().expect("a number"))
            .collect();
        numbers.sort_by(f64::total_cmp);
        let different: BTreeSet<usize> = window.iter().map(|h| h.rule).collect();
        let all: BTreeSet<&usize> = rules.iter().collect();
        let (many, sum) = (numbers.len() as f64, numbers.iter().sum::<f64>());
        match self.kind {
            Kind::Count => {
                // A record counts once, whatever rules fit it, and so does an episode of another correlation.
                let records = window.iter().filter(|h| h.episode.is_none()).map(|h| h.seq);
                let episodes = window.iter().filter_map(|h| h.episode.as_ref().map(|e| (h.rule, e)));
                let many = records.collect::<BTreeSet<_>>().len() + episodes.collect::<BTreeSet<_>>().len();
                self.holds(many as f64)
            }
            Kind::Values => {
                let values: BTreeSet<_> = window.iter().filter_map(|h| h.values.as_ref()).collect();
                self.holds(values.len() as f64)
            }
            Kind::Temporal if self.bounds.is_empty() => different.len() == all.len(),
            Kind::Temporal => self.holds(different.len() as f64),
            Kind::Ordered => {
                let mut steps = 0;
                let mut by_record: BTreeMap<(Timestamp, u64), BTreeSet<usize>> = BTreeMap::new();
                for hit in window {
                    by_record.entry((hit.happened, hit.seq)).or_default().insert(hit.rule);
                }
                for fit in by_record.values() {
                    steps += usize::from(rules.get(steps).is_some_and(|r| fit.contains(r)));
                }
                if self.bounds.is_empty() { steps == rules.len() } else { self.holds(steps as f64) }
            }
            Kind::Sum => many > 0.0 && self.holds(sum),
            Kind::Average => many > 0.0 && self.holds(sum / many),
            Kind::Percentile => {
                let Some(last) = numbers.len().checked_sub(1) else { return false };
                let place = f64::from(self.percent) / 100.0 * last as f64;
                // From both sides of the place to it, by whole steps.
                let low = (0..=last).rfind(|n| *n as f64 <= place + 1e-9).unwrap_or(0);
                let high = last.min(low + 1);
                self.holds(numbers[low] + (numbers[high] - numbers[low]) * (place - low as f64))
            }
        }
    }
}

type Key = Vec<Option<String>>;

/// A hit on its way into a correlation.
#[derive(Debug, Clone)]
pub(super) struct Arriving {
    pub(super) rule: usize,
    pub(super) happened: Timestamp,
    pub(super) seq: u64,
    pub(super) episode: Option<(Key, u64)>,
    pub(super) values: Option<Vec<String>>,
    /// Names and values of the groups that it passed, the last first, and the fields of the event it goes back to.
    pub(super) carried: Vec<(String, Option<String>)>,
}

/// Windows that hold.
pub(super) struct Held {
    pub(super) seqs: Vec<u64>,
    pub(super) count: u64,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    pub(super) goes_on: bool,
    episode: u64,
    ends: Vec<Arriving>,
}

#[derive(Default)]
struct Series {
    all: Vec<Arriving>,
    told: Vec<(Timestamp, Timestamp, u64)>,
    fed: BTreeSet<(Timestamp, u64, usize)>,
}

impl Series {
    fn newest(&self) -> Option<Timestamp> {
        self.all.iter().map(|h| h.happened).max()
    }
}

/// One correlation.
pub(super) struct Plain {
    spec: Spec,
    rules: Vec<usize>,
    late: SignedDuration,
    limit: usize,
    series: Vec<(Key, Series)>,
    newest: Option<Timestamp>,
    pub(super) closed: u64,
    pub(super) late_hits: u64,
}

/// Numbers of rules: detections first, then correlations in their order.
fn number(name: &str) -> usize {
    ["f", "s", "t", "c", "d", "e"].iter().position(|n| *n == name).expect("a rule")
}

impl Plain {
    pub(super) fn new(spec: &Spec, limit: usize) -> Self {
        let rules = spec.calls.iter().map(|c| number(c)).collect();
        let late = spec.span.max(SignedDuration::from_secs(LATE_SECONDS));
        Self { spec: spec.clone(), rules, late, limit, series: vec![], newest: None, closed: 0, late_hits: 0 }
    }

    /// Hits of a series that a hit in time can still reach.
    fn kept(&self, series: &Series) -> usize {
        let newest = series.newest().unwrap_or_default();
        let near = |h: &&Arriving| newest.duration_since(h.happened) <= self.late + self.spec.span;
        series.all.iter().filter(near).count()
    }

    fn make_room(&mut self) {
        while self.series.iter().map(|(_, s)| self.kept(s)).sum::<usize>() >= self.limit {
            let (place, _) =
                self.series.iter().enumerate().min_by_key(|(_, (_, s))| s.newest()).expect("some are there");
            if self.series.len() > 1 {
                let (_, gone) = self.series.remove(place);
                let quiet = self.newest.expect("some").duration_since(gone.newest().expect("some"));
                self.closed += u64::from(quiet <= self.late + self.spec.span);
                continue;
            }
            let many = (self.limit / 16).max(1);
            let (kept, only) = (self.kept(&self.series[0].1), &mut self.series[0].1);
            only.all.sort_by_key(|h| (h.happened, h.seq, h.rule));
            let expired = only.all.len() - kept;
            only.all.drain(..expired + many);
            self.closed += many as u64;
        }
    }

    pub(super) fn take(&mut self, key: Key, hit: Arriving) -> Option<Held> {
        self.newest = self.newest.max(Some(hit.happened));
        self.make_room();
        let late = self.late;
        let own = || self.series.iter().enumerate().filter(|(_, (k, _))| *k == key);
        let in_time =
            own().filter(|(_, (_, s))| s.newest().is_none_or(|n| n.duration_since(hit.happened) <= late));
        let place = match in_time.max_by_key(|(_, (_, s))| s.newest()) {
            Some((place, _)) => place,
            None if own().count() < 4 => {
                self.series.push((key, Series::default()));
                self.series.len() - 1
            }
            None => {
                self.late_hits += 1;
                return None;
            }
        };
        let (spec, rules) = (&self.spec, &self.rules);
        let series = &mut self.series[place].1;
        let id = |h: &Arriving| (h.happened, h.seq, h.rule);
        if series.all.iter().any(|h| id(h) == id(&hit)) {
            return None;
        }
        series.all.push(hit.clone());
        let mut sorted: Vec<&Arriving> = series.all.iter().collect();
        sorted.sort_by_key(|h| id(h));
        let mut held: Vec<Vec<&Arriving>> = vec![];
        let mut instants: Vec<Timestamp> = sorted.iter().map(|h| h.happened).collect();
        instants.dedup();
        for last in instants {
            let after = last.duration_since(hit.happened);
            if after < SignedDuration::ZERO || after > spec.span {
                continue;
            }
            let inside = |h: &&&Arriving| h.happened <= last && last.duration_since(h.happened) <= spec.span;
            let window: Vec<&Arriving> = sorted.iter().filter(inside).copied().collect();
            if spec.met(rules, &window) {
                held.push(window);
            }
        }
        let first = held.first()?.first()?.happened;
        let end = *held.last()?.last()?;
        let last = end.happened;
        let together: Vec<&&Arriving> =
            sorted.iter().filter(|h| (first..=last).contains(&h.happened)).collect();
        let mut seqs: Vec<u64> = together.iter().rev().take(SEQS_LIMIT).map(|h| h.seq).collect();
        seqs.sort_unstable();
        seqs.dedup();
        let touching: Vec<_> = series.told.iter().filter(|t| t.0 <= last && first <= t.1).copied().collect();
        let episode = touching.first().map_or(end.seq, |t| t.2);
        let ends = held.iter().filter_map(|w| w.last()).filter(|e| series.fed.insert(id(e)));
        let ends: Vec<Arriving> = ends.map(|e| (*e).clone()).collect();
        let count = together.len() as u64;
        series.told.retain(|t| !touching.contains(t));
        let from = touching.iter().map(|t| t.0).min().map_or(first, |t| t.min(first));
        let to = touching.iter().map(|t| t.1).max().map_or(last, |t| t.max(last));
        series.told.push((from, to, episode));
        series.told.sort_unstable();
        Some(Held { seqs, count, first, last, goes_on: !touching.is_empty(), episode, ends })
    }
}

/// An event as a correlation sees it.
pub(super) struct Seen {
    pub(super) seq: u64,
    pub(super) happened: Timestamp,
    pub(super) fields: BTreeMap<String, String>,
}

/// A chain of correlations over three rules.
pub(super) struct Model {
    all: Vec<Plain>,
}

impl Model {
    pub(super) fn new(specs: &[Spec]) -> Self {
        Self { all: specs.iter().map(|s| Plain::new(s, usize::MAX)).collect() }
    }

    pub(super) fn observe(&mut self, event: &Seen) -> Vec<Hit> {
        let mut hits = vec![];
        let Some(rule) = ["f", "s", "t"].iter().position(|r| event.fields.get("K").is_some_and(|k| k == r))
        else {
            return hits;
        };
        let single = Hit {
            rule,
            seqs: vec![event.seq],
            count: 1,
            first: event.happened,
            last: event.happened,
            group: vec![],
            goes_on: false,
        };
        hits.push(single);
        let carried = event
            .fields
            .iter()
            .filter(|(_, v)| *v != "null")
            .map(|(k, v)| (k.clone(), Some(v.clone())))
            .collect();
        let hit =
            Arriving { rule, happened: event.happened, seq: event.seq, episode: None, values: None, carried };
        self.feed(&hit, &mut hits);
        hits
    }

    fn feed(&mut self, hit: &Arriving, hits: &mut Vec<Hit>) {
        for place in 0..self.all.len() {
            let spec = self.all[place].spec.clone();
            if !self.all[place].rules.contains(&hit.rule) {
                continue;
            }
            let look = |name: &str| -> Option<String> {
                let name = if name == "who" && hit.rule == 0 { "S" } else { name };
                hit.carried.iter().find(|(n, _)| n == name)?.1.clone()
            };
            let key: Key = spec.group_by.iter().map(|n| look(n)).collect();
            let values = look(spec.field).map(|v| vec![v]);
            let Some(held) = self.all[place].take(key.clone(), Arriving { values, ..hit.clone() }) else {
                continue;
            };
            let rule = 3 + place;
            let named = spec.group_by.iter().zip(&key);
            let named: Vec<(String, Option<String>)> =
                named.map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
            let shown = |v: &Option<String>| v.clone().unwrap_or_else(|| "(missing)".into());
            let group = named.iter().map(|(n, v)| (n.clone(), shown(v))).collect();
            let Held { seqs, count, first, last, goes_on, episode, ends } = held;
            hits.push(Hit { rule, seqs, count, first, last, group, goes_on });
            for end in ends {
                let carried = named.iter().cloned().chain(end.carried.clone()).collect();
                let episode = Some((key.clone(), episode));
                let next = Arriving { rule, episode, values: None, carried, ..end };
                self.feed(&next, hits);
            }
        }
    }
}
