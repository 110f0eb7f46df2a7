//! All correlations of a set of rules: which rule feeds which, and the state of each.

use super::Correlation;
use super::series::Held;
use super::state::{Arriving, Feed, State};
use crate::engine::Hit;
use crate::rule::{Body, RuleSet};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The state of all correlations.
#[derive(Debug, Default)]
pub(crate) struct Correlations {
    /// By the rule that feeds.
    feeds: BTreeMap<usize, Arc<[Feed]>>,
    states: BTreeMap<usize, State>,
}

/// An event that a rule fits, as correlations see it.
pub(crate) struct Subject<'a> {
    pub(crate) happened: Timestamp,
    pub(crate) seq: u64,
    /// The first value of a field, as text.
    pub(crate) look: &'a dyn Fn(&str) -> Option<String>,
    /// Whether a filter takes the event away from a rule of this number.
    pub(crate) is_filtered: &'a dyn Fn(usize) -> bool,
}

impl Correlations {
    /// Nothing counted yet.
    pub(crate) fn new(rules: &RuleSet) -> Self {
        let (mut feeds, mut carries): (BTreeMap<usize, Vec<Feed>>, BTreeMap<usize, Vec<String>>) =
            Default::default();
        // A correlation stands behind what feeds it: so those that it feeds were looked at already.
        for (number, rule) in rules.rules.iter().enumerate().rev() {
            let Body::Correlation(correlation) = &rule.body else { continue };
            let carried = carries.get(&number).cloned().unwrap_or_default();
            let mut fed_by = correlation.rules.clone();
            fed_by.sort_unstable();
            fed_by.dedup();
            for other in fed_by {
                let named = |names: &[String]| -> Vec<String> {
                    names.iter().map(|n| correlation.field_of(n, other, rules)).collect()
                };
                let feed = Feed {
                    number,
                    group_by: named(&correlation.group_by),
                    fields: named(&correlation.fields),
                    carries: carried.clone(),
                };
                let wanted = carries.entry(other).or_default();
                for name in feed.group_by.iter().chain(&feed.fields).chain(&feed.carries) {
                    if !wanted.contains(name) {
                        wanted.push(name.clone());
                    }
                }
                feeds.entry(other).or_default().insert(0, feed);
            }
        }
        let feeds = feeds.into_iter().map(|(rule, feeds)| (rule, feeds.into())).collect();
        Self { feeds, states: BTreeMap::new() }
    }

    /// What goes on with other rules: the state of each correlation whose successor, by id, asks the same of the same
    /// rules and carries the same fields on. `new_numbers` are those of rules of before.
    pub(crate) fn carried_over(
        self,
        before: &RuleSet,
        now: &RuleSet,
        new_numbers: &BTreeMap<usize, usize>,
    ) -> Self {
        let mut made = Self::new(now);
        for (number, mut state) in self.states {
            let Some(new) = new_numbers.get(&number).copied() else { continue };
            let of = |rules: &RuleSet, number: usize| match &rules.rules.get(number)?.body {
                Body::Correlation(correlation) => Some(correlation.clone()),
                Body::Detection(_) | Body::Filter { .. } => None,
            };
            let Some((old, successor)) = of(before, number).zip(of(now, new)) else { continue };
            let looks_up = |feeds: &BTreeMap<usize, Arc<[Feed]>>, rule: &usize, number: usize| {
                let feed = feeds.get(rule)?.iter().find(|f| f.number == number)?;
                Some((feed.group_by.clone(), feed.fields.clone(), feed.carries.clone()))
            };
            let same = |rule: &usize| {
                let new_rule = new_numbers.get(rule).copied().unwrap_or(usize::MAX);
                looks_up(&self.feeds, rule, number) == looks_up(&made.feeds, &new_rule, new)
            };
            if old.asks_as(&successor, new_numbers) && old.rules.iter().all(same) {
                state.renumber(new_numbers);
                made.states.insert(new, state);
            }
        }
        made
    }

    /// Whether hits of a rule are counted.
    pub(crate) fn is_fed_by(&self, rule: usize) -> bool {
        self.feeds.contains_key(&rule)
    }

    /// Groups that a bound closed early, and hits that it let go or that came too late.
    pub(crate) fn closed(&self) -> u64 {
        self.states.values().map(|s| s.closed + s.late).sum()
    }

    /// Takes a hit of a rule; what holds then becomes hits.
    pub(crate) fn take(&mut self, rules: &RuleSet, rule: usize, subject: &Subject<'_>, hits: &mut Vec<Hit>) {
        let (happened, seq) = (subject.happened, subject.seq);
        let arriving = Arriving { rule, happened, seq, episode: None };
        self.feed(rules, &arriving, subject.look, (subject, hits));
    }

    /// They form no circle, and the chain is bounded: each was bound to rules before it.
    fn feed(
        &mut self,
        rules: &RuleSet,
        hit: &Arriving,
        look: &dyn Fn(&str) -> Option<String>,
        (subject, hits): (&Subject<'_>, &mut Vec<Hit>),
    ) {
        let Some(feeds) = self.feeds.get(&hit.rule).cloned() else { return };
        for feed in feeds.iter() {
            let Some(rule) = rules.rules.get(feed.number) else { continue };
            let Body::Correlation(correlation) = &rule.body else { continue };
            if (subject.is_filtered)(feed.number) {
                continue;
            }
            let state = self.states.entry(feed.number).or_default();
            let Some((key, held)) = state.take((correlation, feed), hit, look) else { continue };
            let Held { seqs, count, first, last, goes_on, episode, ends } = held;
            if !rule.silent {
                let group = correlation.named(&key);
                hits.push(Hit { rule: feed.number, seqs, count, first, last, group, goes_on });
            }
            // Whoever waits for this one is told of each window that holds, once: at its end, with its last record's fields.
            for (happened, seq, carried) in ends {
                let look = |name: &str| -> Option<String> {
                    if let Some(at) = correlation.group_by.iter().position(|n| n == name) {
                        return key.get(at).cloned().flatten();
                    }
                    let at = feed.carries.iter().position(|n| n == name)?;
                    carried.as_ref()?.get(at).cloned().flatten()
                };
                let episode = Some((key.clone(), episode));
                let next = Arriving { rule: feed.number, happened, seq, episode };
                self.feed(rules, &next, &look, (subject, hits));
            }
        }
    }
}

impl Correlation {
    /// What the events of a rule call a field of this name: an alias is undone, by the name or id of the rule.
    fn field_of(&self, name: &str, rule: usize, rules: &RuleSet) -> String {
        let of = self.aliases.get(name).into_iter().flatten();
        let mut own = of.filter(|(call, _)| rules.find(call) == Some(rule));
        own.next().map_or(name, |(_, field)| field).to_owned()
    }
}

impl RuleSet {
    /// How far back in the time at which they happened sealed records are looked at again so that correlations know
    /// what they knew, in seconds: the longest windows, chained, and how late a hit may come. None without correlations.
    #[must_use]
    pub fn look_back_seconds(&self) -> Option<i64> {
        let mut reach: BTreeMap<usize, i128> = BTreeMap::new();
        for (number, rule) in self.rules.iter().enumerate() {
            let Body::Correlation(correlation) = &rule.body else { continue };
            let before = correlation.rules.iter().filter_map(|r| reach.get(r)).max().copied().unwrap_or(0);
            reach.insert(number, correlation.look_back_nanos().saturating_add(before));
        }
        let longest = reach.into_values().max()?;
        Some(i64::try_from(longest / 1_000_000_000 + 1).unwrap_or(i64::MAX))
    }
}
