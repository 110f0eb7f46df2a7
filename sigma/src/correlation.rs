//! Correlations: counts and orders of hits in a sliding window over the time at which they happened.

use crate::event::View;
use crate::item::Order;
use crate::refuse::{Fault, did_you_mean};
use crate::yaml::{Node, Value};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Groups that one correlation keeps; at the bound the one that is longest quiet goes.
const GROUPS_LIMIT: usize = 100_000;
/// Hits that one group keeps; at the bound the oldest goes.
const ENTRIES_LIMIT: usize = 10_000;
/// Events that a hit lists.
pub(crate) const SEQS_LIMIT: usize = 100;

const TYPES: [&str; 8] = [
    "event_count",
    "value_count",
    "temporal",
    "temporal_ordered",
    "value_sum",
    "value_avg",
    "value_percentile",
    "value_median",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    EventCount,
    ValueCount,
    Temporal,
    TemporalOrdered,
    Sum,
    Average,
    Percentile,
}

/// A correlation, bound to the rules that feed it.
#[derive(Debug, Clone)]
pub(crate) struct Correlation {
    kind: Type,
    /// Numbers of the rules that feed it, in their order.
    pub(crate) rules: Vec<usize>,
    group_by: Vec<String>,
    /// Alias, then rule as it was called, then field.
    aliases: BTreeMap<String, BTreeMap<String, String>>,
    /// How each rule was called.
    calls: Vec<String>,
    span_nanos: i128,
    conditions: Vec<(Order, f64)>,
    fields: Vec<String>,
    percentile: f64,
    pub(crate) generate: bool,
}

fn timespan(node: &Node) -> Result<i128, Fault> {
    let text = node.scalar().unwrap_or_default();
    let wrong = || {
        Fault::at(
            node,
            "SG-042",
            format!("`{}` is no timespan such as 30s, 5m, 1h or 7d", text.escape_debug()),
        )
    };
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds: i128 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        'M' => 30 * 86_400,
        'y' => 365 * 86_400,
        _ => return Err(wrong()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    Ok(i128::from(number) * seconds * 1_000_000_000)
}

impl Correlation {
    /// Reads the section; gives the names of the rules that it calls beside it.
    pub(crate) fn read(section: &Node, document: &Node) -> Result<(Self, Vec<String>), Fault> {
        let need = |key: &str| {
            section
                .get(key)
                .ok_or_else(|| Fault::at(section, "SG-040", format!("the correlation has no `{key}`")))
        };
        let kind_node = need("type")?;
        let word = kind_node.scalar().unwrap_or_default();
        let kind = match word.as_str() {
            "event_count" => Type::EventCount,
            "value_count" => Type::ValueCount,
            "temporal" => Type::Temporal,
            "temporal_ordered" | "ordered_temporal" => Type::TemporalOrdered,
            "value_sum" => Type::Sum,
            "value_avg" => Type::Average,
            "value_percentile" | "value_median" => Type::Percentile,
            other => {
                let mean = did_you_mean(other, TYPES);
                return Err(Fault::at(
                    kind_node,
                    "SG-041",
                    format!("there is no correlation of type `{other}`{mean}"),
                ));
            }
        };
        let names = |node: &Node| -> Result<Vec<String>, Fault> {
            let texts = node
                .list()
                .iter()
                .map(|n| n.scalar().ok_or_else(|| Fault::at(n, "SG-040", "this is a text")));
            texts.collect()
        };
        let calls = names(need("rules")?)?;
        let group_by =
            section.get("group-by").filter(|n| n.value != Value::Null).map_or(Ok(vec![]), names)?;
        let span_nanos = timespan(need("timespan")?)?;
        let mut aliases = BTreeMap::new();
        for (alias, of) in section.get("aliases").and_then(Node::map).unwrap_or(&[]) {
            let pairs =
                of.map().unwrap_or(&[]).iter().filter_map(|(rule, field)| rule.scalar().zip(field.scalar()));
            aliases.insert(alias.scalar().unwrap_or_default(), pairs.collect());
        }
        let mut made = Self {
            kind,
            rules: vec![],
            group_by,
            aliases,
            calls: calls.clone(),
            span_nanos,
            conditions: vec![],
            fields: vec![],
            percentile: 50.0,
            generate: [section.get("generate"), document.get("generate")]
                .iter()
                .flatten()
                .any(|n| n.value == Value::Bool(true)),
        };
        made.read_condition(section, &word)?;
        Ok((made, calls))
    }

    fn read_condition(&mut self, section: &Node, word: &str) -> Result<(), Fault> {
        let is_temporal = matches!(self.kind, Type::Temporal | Type::TemporalOrdered);
        let Some(condition) = section.get("condition") else {
            if is_temporal {
                return Ok(());
            }
            return Err(Fault::at(
                section,
                "SG-040",
                format!("a correlation of type `{word}` has no `condition`"),
            ));
        };
        for (key, value) in condition.map().unwrap_or(&[]) {
            let name = key.scalar().unwrap_or_default();
            let number = || {
                let number = value.scalar().and_then(|t| t.parse::<f64>().ok());
                number.ok_or_else(|| Fault::at(value, "SG-043", format!("`{name}` wants a number")))
            };
            match (name.as_str(), Order::of(&name)) {
                ("field", _) => self.fields = value.list().iter().filter_map(Node::scalar).collect(),
                ("percentile", _) => self.percentile = number()?.clamp(0.0, 100.0),
                (_, Some(order)) => self.conditions.push((order, number()?)),
                _ => {
                    let mean = did_you_mean(&name, ["gt", "gte", "lt", "lte", "eq", "neq", "field"]);
                    return Err(Fault::at(key, "SG-043", format!("a condition has no `{name}`{mean}")));
                }
            }
        }
        if self.conditions.is_empty() && !is_temporal {
            return Err(Fault::at(
                condition,
                "SG-043",
                "the condition compares with nothing; write `gte: 10`, say",
            ));
        }
        let wants_field = !is_temporal && self.kind != Type::EventCount;
        if wants_field && self.fields.is_empty() {
            return Err(Fault::at(
                condition,
                "SG-043",
                format!("a correlation of type `{word}` wants a `field` in its condition"),
            ));
        }
        Ok(())
    }

    /// The fields that it asks.
    pub(crate) fn asked(&self) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.values().flat_map(BTreeMap::values);
        self.group_by.iter().chain(&self.fields).chain(aliases).map(String::as_str)
    }

    /// Whether another asks the same, of the same rules under other numbers.
    pub(crate) fn asks_as(&self, other: &Self, new_numbers: &BTreeMap<usize, usize>) -> bool {
        let rules = self.rules.iter().map(|r| new_numbers.get(r).copied());
        let moved = Self { rules: rules.flatten().collect(), generate: other.generate, ..self.clone() };
        format!("{moved:?}") == format!("{other:?}")
    }

    /// Takes the numbers of the rules that it calls.
    pub(crate) fn bind(&mut self, numbers: &[usize]) {
        self.rules = numbers.to_vec();
    }

    /// The values that an event of this rule is grouped by; a missing field is a value of its own.
    fn group(&self, rule: usize, view: &View<'_>) -> Vec<Option<String>> {
        let field_of = |name: &String| {
            let called = self.rules.iter().position(|r| *r == rule).and_then(|at| self.calls.get(at));
            let alias = self.aliases.get(name).zip(called).and_then(|(of, call)| of.get(call));
            alias.unwrap_or(name).clone()
        };
        self.group_by.iter().map(|name| value_of(view, &field_of(name))).collect()
    }

    /// The names and values of a group, for people.
    pub(crate) fn named(&self, group: &[Option<String>]) -> Vec<(String, String)> {
        let pairs = self.group_by.iter().zip(group);
        pairs
            .map(|(name, value)| (name.clone(), value.clone().unwrap_or_else(|| "(missing)".to_owned())))
            .collect()
    }

    fn values(&self, view: &View<'_>) -> Option<Vec<String>> {
        self.fields.iter().map(|f| value_of(view, f)).collect()
    }

    fn holds(&self, number: f64) -> bool {
        self.conditions.iter().all(|(order, bound)| order.holds(number, *bound))
    }

    /// Whether the condition holds over these entries, which lie in one window.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn met(&self, window: &[Entry]) -> bool {
        let numbers = || window.iter().filter_map(|e| e.value.as_ref()?.first()?.trim().parse::<f64>().ok());
        match self.kind {
            Type::EventCount => self.holds(window.len() as f64),
            Type::ValueCount => {
                let different: BTreeSet<_> = window.iter().filter_map(|e| e.value.as_ref()).collect();
                self.holds(different.len() as f64)
            }
            Type::Temporal => {
                let different: BTreeSet<usize> = window.iter().map(|e| e.rule).collect();
                self.enough(different.len())
            }
            Type::TemporalOrdered => self.ordered(window),
            Type::Sum => numbers().next().is_some() && self.holds(numbers().sum()),
            Type::Average => {
                let many = numbers().count();
                many > 0 && self.holds(numbers().sum::<f64>() / many as f64)
            }
            Type::Percentile => {
                let mut sorted: Vec<f64> = numbers().collect();
                sorted.sort_by(f64::total_cmp);
                percentile(&sorted, self.percentile).is_some_and(|p| self.holds(p))
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn enough(&self, different: usize) -> bool {
        let all: BTreeSet<usize> = self.rules.iter().copied().collect();
        if self.conditions.is_empty() { different >= all.len() } else { self.holds(different as f64) }
    }

    /// Whether the rules' hits stand in the window in the rules' order.
    fn ordered(&self, window: &[Entry]) -> bool {
        let mut wanted = self.rules.iter().peekable();
        let mut steps = 0;
        for entry in window {
            if wanted.peek() == Some(&&entry.rule) {
                wanted.next();
                steps += 1;
            }
        }
        if self.conditions.is_empty() { wanted.peek().is_none() } else { self.enough(steps) }
    }
}

/// Linear interpolation between the two nearest of a sorted list.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "indices of a bounded list"
)]
fn percentile(sorted: &[f64], percent: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = percent / 100.0 * last as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    Some(sorted[low] + (sorted[high.min(last)] - sorted[low]) * (place - place.floor()))
}

fn value_of(view: &View<'_>, field: &str) -> Option<String> {
    let found = view.field(field);
    found.values.first().filter(|l| l.kind != crate::event::Kind::Null).map(|l| l.text.clone())
}

/// One hit of a rule that feeds a correlation.
#[derive(Debug, Clone)]
struct Entry {
    happened: Timestamp,
    seq: u64,
    rule: usize,
    value: Option<Vec<String>>,
}

/// The hits of one group.
#[derive(Debug, Default)]
struct Group {
    /// Sorted by time, then seq.
    entries: Vec<Entry>,
    /// Until when the last firing reaches.
    fired_until: Option<Timestamp>,
}

/// All groups of one correlation.
#[derive(Debug, Default)]
pub(crate) struct State {
    groups: BTreeMap<Vec<Option<String>>, Group>,
    /// Entries and groups that a bound closed.
    pub(crate) closed: u64,
}

/// A window in which the condition holds.
pub(crate) struct Fired {
    pub(crate) group: Vec<Option<String>>,
    pub(crate) seqs: Vec<u64>,
    pub(crate) count: u64,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    /// Whether it goes on from a firing before.
    pub(crate) goes_on: bool,
}

impl State {
    /// Takes one hit; says whether the condition holds in a window with it.
    pub(crate) fn take(
        &mut self,
        of: &Correlation,
        rule: usize,
        (happened, seq): (Timestamp, u64),
        view: &View<'_>,
    ) -> Option<Fired> {
        let key = of.group(rule, view);
        if !self.groups.contains_key(&key) && self.groups.len() >= GROUPS_LIMIT {
            self.close_oldest();
        }
        let group = self.groups.entry(key.clone()).or_default();
        let entry = Entry { happened, seq, rule, value: of.values(view) };
        let at = group.entries.partition_point(|e| (e.happened, e.seq) <= (happened, seq));
        // The same event again says nothing new.
        if at > 0 && group.entries[at - 1].seq == seq && group.entries[at - 1].rule == rule {
            return None;
        }
        group.entries.insert(at, entry);
        let newest = group.entries.last().map_or(happened, |e| e.happened);
        let span = of.span_nanos;
        // Late hits count where they happened: as far back as one more window.
        let expired = group.entries.partition_point(|e| apart(e.happened, newest) > 2 * span);
        let over = group.entries.len().saturating_sub(ENTRIES_LIMIT);
        self.closed += over.saturating_sub(expired) as u64;
        let gone = expired.max(over);
        group.entries.drain(..gone);
        let at = at.checked_sub(gone)?;
        // Each window ends with an event: this one, or a later one that still has it in its span.
        for end in at..group.entries.len() {
            let last = group.entries[end].happened;
            if apart(happened, last) > span {
                break;
            }
            // What happened at the same instant belongs to the same window.
            let behind = group.entries.partition_point(|e| e.happened <= last);
            if behind != end + 1 {
                continue;
            }
            let start = group.entries.partition_point(|e| apart(e.happened, last) > span);
            let window = &group.entries[start..behind];
            if of.met(window) {
                let first = window.first().map_or(happened, |e| e.happened);
                let goes_on = group.fired_until.is_some_and(|until| first <= until);
                let seqs = window.iter().rev().take(SEQS_LIMIT).rev().map(|e| e.seq).collect();
                let fired = Fired { group: key, seqs, count: window.len() as u64, first, last, goes_on };
                group.fired_until = Some(group.fired_until.map_or(last, |until| until.max(last)));
                return Some(fired);
            }
        }
        None
    }

    /// Calls rules by the numbers that they have in another set; what came from rules that are gone goes with them.
    pub(crate) fn renumber(&mut self, new_numbers: &BTreeMap<usize, usize>) {
        for group in self.groups.values_mut() {
            group.entries.retain_mut(|entry| {
                new_numbers.get(&entry.rule).is_some_and(|new| {
                    entry.rule = *new;
                    true
                })
            });
        }
    }

    /// Closes the group that is longest quiet.
    fn close_oldest(&mut self) {
        let last = |g: &Group| g.entries.last().map(|e| e.happened);
        let oldest = self.groups.iter().min_by_key(|(_, g)| last(g)).map(|(k, _)| k.clone());
        if let Some(key) = oldest {
            self.groups.remove(&key);
            self.closed += 1;
        }
    }
}

/// How long `later` is behind `earlier`, in nanoseconds; negative when it is before.
fn apart(earlier: Timestamp, later: Timestamp) -> i128 {
    later.as_nanosecond() - earlier.as_nanosecond()
}
