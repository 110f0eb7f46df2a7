//! Correlations: counts and orders of hits in a sliding window over the time at which they happened.
//!
//! What is promised, for hits that come at most [`LATE_SECONDS`] (or one window, if that is longer) later than a hit of
//! the same group that happened after them, and while no bound is reached: a hit is told of exactly when the condition
//! holds in a window that it lies in, as far as the hits are known then. A window is as long as the timespan, both ends
//! belong to it, and it ends with a hit; what happened at the same instant belongs to the same window. The same record
//! given twice counts once. Whoever lost the state gets it back by looking again at all records of
//! [`RuleSet::look_back_seconds`](crate::RuleSet::look_back_seconds). Hits that come later than that are counted among
//! themselves. Windows without a hit are not looked at: `lt: 1` never holds.

mod amount;
mod chain;
pub(crate) mod replaced;
mod series;
mod state;
mod tally;
#[cfg(test)]
mod tests;

use crate::item::Order;
use crate::refuse::{Fault, did_you_mean};
use crate::rule::{Body, RuleSet};
use crate::yaml::{Node, Value};
use amount::{amount, whole};
pub(crate) use chain::{Correlations, Subject};
use std::collections::BTreeMap;
use tally::ALL_PERCENT;

/// Hits that one correlation keeps for one customer, in all its groups; at the bound the group that is longest quiet is
/// closed, or the oldest hit of the only one left.
pub(crate) const HITS_LIMIT: usize = 65_536;
/// How much later than another hit of its group one may come and still be counted with it, in seconds: a day. Clocks
/// that are ahead by up to a day (what is beyond is a defect of the record) make no other hit late.
pub(crate) const LATE_SECONDS: i64 = 86_400;
/// Longest timespan, in seconds: a year and a day.
const SPAN_LIMIT_SECONDS: i64 = 366 * 86_400;
/// Most rules that one correlation calls.
const RULES_LIMIT: usize = 256;
/// Most correlations that feed each other in a chain, beyond the first.
const LINKS_LIMIT: usize = 16;
/// Most fields of a group, or of a value.
const FIELDS_LIMIT: usize = 32;
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

impl Type {
    fn is_temporal(self) -> bool {
        matches!(self, Self::Temporal | Self::TemporalOrdered)
    }
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
    span_nanos: i128,
    /// How late a hit may come, in nanoseconds.
    late_nanos: i128,
    /// Bounds in billionths.
    conditions: Vec<(Order, i128)>,
    fields: Vec<String>,
    /// In thousandths of a percent.
    percentile: u32,
    pub(crate) generate: bool,
    /// How many correlations stand in a chain before it.
    links: usize,
    /// Whether hits may stand for the same: of several rules, a record counts once; of another correlation, an episode.
    counts_different: bool,
}

fn timespan(node: &Node) -> Result<i128, Fault> {
    let text = node.scalar().unwrap_or_default();
    let wrong = |why: &str| {
        let text = text.escape_debug();
        Fault::at(node, "SG-042", format!("`{text}` is no timespan such as 30s, 5m, 1h or 7d{why}"))
    };
    let unit = text.chars().last().ok_or_else(|| wrong(""))?;
    let seconds: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        'M' => 30 * 86_400,
        'y' => 365 * 86_400,
        _ => return Err(wrong("")),
    };
    let number: u32 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong(""))?;
    match i64::from(number) * seconds {
        0 => Err(wrong("; nothing lies in a window of no length")),
        1..=SPAN_LIMIT_SECONDS => Ok(i128::from(number) * i128::from(seconds) * 1_000_000_000),
        _ => Err(wrong("; a year is the longest")),
    }
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
        let rules = need("rules")?;
        let calls = names(rules, RULES_LIMIT)?;
        if calls.is_empty() {
            return Err(Fault::at(rules, "SG-040", "the list of `rules` is empty"));
        }
        let group_by = section.get("group-by").filter(|n| n.value != Value::Null);
        let group_by = group_by.map_or(Ok(vec![]), |n| names(n, FIELDS_LIMIT))?;
        let span_nanos = timespan(need("timespan")?)?;
        let mut made = Self {
            kind,
            rules: vec![],
            group_by,
            aliases: aliases(section)?,
            span_nanos,
            late_nanos: span_nanos.max(i128::from(LATE_SECONDS) * 1_000_000_000),
            conditions: vec![],
            fields: vec![],
            percentile: ALL_PERCENT / 2,
            generate: [section.get("generate"), document.get("generate")]
                .iter()
                .flatten()
                .any(|n| n.value == Value::Bool(true)),
            links: 0,
            counts_different: false,
        };
        made.read_condition(section, &word)?;
        Ok((made, calls))
    }

    fn read_condition(&mut self, section: &Node, word: &str) -> Result<(), Fault> {
        let is_temporal = self.kind.is_temporal();
        let Some(condition) = section.get("condition").filter(|n| n.value != Value::Null) else {
            if is_temporal {
                return Ok(());
            }
            return Err(Fault::at(
                section,
                "SG-040",
                format!("a correlation of type `{word}` has no `condition`"),
            ));
        };
        let Some(pairs) = condition.map() else {
            let kind = condition.kind();
            return Err(Fault::at(
                condition,
                "SG-043",
                format!("the condition of a correlation is a map such as `gte: 10`, not {kind}"),
            ));
        };
        for (key, value) in pairs {
            self.read_part(key, value)?;
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
        if self.fields.len() > 1 && self.kind != Type::ValueCount {
            return Err(Fault::at(
                condition,
                "SG-043",
                format!("a correlation of type `{word}` adds up one `field`, not several"),
            ));
        }
        Ok(())
    }

    fn read_part(&mut self, key: &Node, value: &Node) -> Result<(), Fault> {
        let name = key.scalar().unwrap_or_default();
        let number = || {
            let number = value.scalar().and_then(|t| amount(&t));
            number.ok_or_else(|| Fault::at(value, "SG-043", format!("`{name}` wants a number")))
        };
        match (name.as_str(), Order::of(&name)) {
            ("field", _) => self.fields = names(value, FIELDS_LIMIT)?,
            ("percentile", _) => {
                let thousandths = number()? / (whole(1) / 1000);
                self.percentile = u32::try_from(thousandths)
                    .ok()
                    .filter(|t| *t <= ALL_PERCENT)
                    .ok_or_else(|| Fault::at(value, "SG-043", "`percentile` wants a number from 0 to 100"))?;
            }
            (_, Some(order)) => {
                let bound = number()?;
                let counts = matches!(self.kind, Type::EventCount | Type::ValueCount);
                let must_reach = !matches!(order, Order::Less | Order::LessOrEqual | Order::NotEqual);
                if counts && must_reach && bound >= whole(HITS_LIMIT) {
                    return Err(Fault::at(
                        value,
                        "SG-044",
                        format!("a window holds less than {HITS_LIMIT} hits; this is never reached"),
                    ));
                }
                self.conditions.push((order, bound));
            }
            _ => {
                let known = ["gt", "gte", "lt", "lte", "eq", "neq", "field", "percentile"];
                let mean = did_you_mean(&name, known);
                return Err(Fault::at(key, "SG-043", format!("a condition has no `{name}`{mean}")));
            }
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
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub(crate) fn bind(&mut self, numbers: &[usize], rules: &RuleSet) -> Result<(), String> {
        let called = |n: &usize| rules.rules.get(*n).map(|r| &r.body);
        if numbers.iter().any(|n| matches!(called(n), Some(Body::Filter { .. }))) {
            return Err("a correlation cannot call a filter: it never matches anything".to_owned());
        }
        let correlations = numbers.iter().filter_map(called).filter_map(|body| match body {
            Body::Correlation(correlation) => Some(correlation.links),
            _ => None,
        });
        let before = correlations.max();
        self.links = before.map_or(0, |links| links + 1);
        if self.links > LINKS_LIMIT {
            return Err(format!("more than {LINKS_LIMIT} correlations feed each other in a chain"));
        }
        self.counts_different = before.is_some() || numbers.iter().any(|n| *n != numbers[0]);
        self.rules = numbers.to_vec();
        Ok(())
    }

    /// How far back its state reaches, in nanoseconds, without that of the correlations that feed it.
    pub(crate) fn look_back_nanos(&self) -> i128 {
        self.late_nanos + 2 * self.span_nanos
    }

    /// The names and values of a group, for people.
    pub(crate) fn named(&self, group: &[Option<String>]) -> Vec<(String, String)> {
        let pairs = self.group_by.iter().zip(group);
        pairs
            .map(|(name, value)| (name.clone(), value.clone().unwrap_or_else(|| "(missing)".to_owned())))
            .collect()
    }

    /// Whether the condition holds of a number that is to be divided by another.
    fn holds(&self, number: i128, by: i128) -> bool {
        self.conditions.iter().all(|(order, bound)| order.fits(number.cmp(&(bound * by))))
    }

    /// Whether so many different rules, or steps of an ordered correlation, are enough.
    fn enough(&self, many: usize) -> bool {
        let all = || match self.kind {
            Type::TemporalOrdered => self.rules.len(),
            _ => self.rules.iter().collect::<std::collections::BTreeSet<_>>().len(),
        };
        if self.conditions.is_empty() { many >= all() } else { self.holds(whole(many), 1) }
    }
}

fn names(node: &Node, limit: usize) -> Result<Vec<String>, Fault> {
    let list = node.list();
    if list.len() > limit {
        return Err(Fault::at(node, "SG-044", format!("more than {limit} names")));
    }
    let text = |n: &Node| {
        let named = n.scalar().filter(|t| !t.is_empty());
        named.ok_or_else(|| Fault::at(n, "SG-040", format!("a name is a text, not {}", n.kind())))
    };
    list.iter().map(text).collect()
}

fn aliases(section: &Node) -> Result<BTreeMap<String, BTreeMap<String, String>>, Fault> {
    let Some(node) = section.get("aliases").filter(|n| n.value != Value::Null) else {
        return Ok(BTreeMap::new());
    };
    let wrong = |n: &Node| {
        Fault::at(n, "SG-045", "`aliases` is a map: of each alias, the field of each rule by its name")
    };
    let mut made = BTreeMap::new();
    for (alias, of) in node.map().ok_or_else(|| wrong(node))? {
        let pairs = of.map().ok_or_else(|| wrong(of))?.iter();
        let pairs = pairs.map(|(rule, field)| rule.scalar().zip(field.scalar()).ok_or_else(|| wrong(rule)));
        let name = alias.scalar().ok_or_else(|| wrong(alias))?;
        made.insert(name, pairs.collect::<Result<_, _>>()?);
    }
    if made.len() > FIELDS_LIMIT {
        return Err(Fault::at(node, "SG-044", format!("more than {FIELDS_LIMIT} names")));
    }
    Ok(made)
}
