//! Rules made ready to be matched together: immutable, shared by all workers, exchanged as a whole.

use crate::detection::{Detection, Search};
use crate::engine::EngineOptions;
use crate::event::View;
use crate::fields::{Extent, Fields, Names};
use crate::item::{Item, Test};
use crate::logsource::{self, Class, OtherNames};
use crate::rule::{Body, LogSource, Rule, RuleSet, Targets};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A compiled set of rules.
#[derive(Debug)]
pub struct Compiled {
    rules: RuleSet,
    options: EngineOptions,
    names: Names,
    links: Links,
}

/// The rules for one class of events.
#[derive(Debug)]
pub struct Route {
    extent: Extent,
    class: Class,
    detections: Vec<usize>,
}

/// What one worker needs to match; used again for each event.
#[derive(Debug, Default)]
pub struct Scratch {
    hits: Vec<usize>,
}

/// Which rules stand in each other's way.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// Filters for each rule.
    pub(crate) filters: BTreeMap<usize, Vec<usize>>,
}

impl Compiled {
    /// Compiles rules.
    #[must_use]
    pub fn new(rules: RuleSet, options: EngineOptions) -> Self {
        Self::with_fields(rules, options, &[])
    }

    /// Compiles rules; readers of events ask these fields too.
    #[must_use]
    pub fn with_fields(rules: RuleSet, options: EngineOptions, also: &[&str]) -> Self {
        let mut names = Names::default();
        let mut others = BTreeMap::new();
        for rule in rules.iter() {
            // Where log sources are ignored, a rule meets events of every class.
            let source = if options.ignore_logsource { LogSource::default() } else { rule.logsource.clone() };
            let others = others.entry(source).or_insert_with_key(logsource::other_names);
            intern(rule, others, &mut names);
        }
        for name in also {
            names.intern(name);
        }
        let links = Links::new(&rules);
        Self { rules, options, names, links }
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// The fields that some rule asks.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Whether a filter takes an event away from a rule.
    pub(crate) fn is_filtered(&self, number: usize, view: &View<'_>) -> bool {
        let fits = |n: &usize| self.rules.rules[*n].any_detection().is_some_and(|d| d.fits(view));
        self.links.filters.get(&number).is_some_and(|filters| filters.iter().any(fits))
    }

    /// The rules for a class of events.
    #[must_use]
    pub fn route(&self, class: &Class) -> Arc<Route> {
        let fits = |rule: &Rule| self.options.ignore_logsource || class.admits(&rule.logsource);
        let numbers = self.rules.rules.iter().enumerate();
        let detections: Vec<usize> =
            numbers.filter(|(_, r)| r.detection().is_some() && fits(r)).map(|(n, _)| n).collect();
        let filters = |n: &usize| self.links.filters.get(n).into_iter().flatten().copied();
        let mut all = detections.iter().copied().chain(detections.iter().flat_map(filters));
        let keywords = all.any(|n| self.rules.rules[n].any_detection().is_some_and(Detection::has_keywords));
        let extent = if keywords { Extent::Everything } else { Extent::Named };
        Arc::new(Route { extent, class: class.clone(), detections })
    }

    /// Numbers of the detection rules that match, filters taken into account. The event must be filled to the extent
    /// that the route asks, and must not be irregular.
    pub fn matches<'s>(&self, route: &Route, fields: &Fields, scratch: &'s mut Scratch) -> &'s [usize] {
        let view = View::of_fields(&self.names, fields, &route.class);
        let fits = |n: &usize| self.rules.rules[*n].any_detection().is_some_and(|d| d.fits(&view));
        let filtered = |n: &usize| self.links.filters.get(n).is_some_and(|f| f.iter().any(fits));
        scratch.hits.clear();
        scratch.hits.extend(route.detections.iter().copied().filter(|n| fits(n) && !filtered(n)));
        &scratch.hits
    }
}

impl Route {
    /// What an event must be filled with.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// Whether no rule looks at events of this class.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.detections.is_empty()
    }
}

/// Takes up the fields of a rule under its own names, and under those that events of its log source may have for them.
fn intern(rule: &Rule, others: &OtherNames, names: &mut Names) {
    let mut take = |name: &str| {
        names.intern(name);
        others.of(name).for_each(|other| {
            names.intern(&other);
        });
    };
    let mut item = |item: &Item| {
        item.field.iter().for_each(|f| take(f));
        for test in &item.tests {
            if let Test::FieldRef { other, .. } = test {
                take(other);
            }
        }
    };
    if let Some(detection) = rule.any_detection() {
        detection.searches.iter().for_each(|s| s.each_item(&mut item));
    }
    if let Body::Correlation(correlation) = &rule.body {
        correlation.asked().for_each(take);
    }
}

impl Search {
    pub(crate) fn each_item<'a>(&'a self, of: &mut dyn FnMut(&'a Item)) {
        match self {
            Self::All(items) => items.iter().for_each(of),
            Self::Any(parts) => parts.iter().for_each(|p| p.each_item(of)),
        }
    }
}

impl Detection {
    fn has_keywords(&self) -> bool {
        let mut has = false;
        self.searches.iter().for_each(|s| s.each_item(&mut |item| has |= item.field.is_none()));
        has
    }
}

impl Links {
    pub(crate) fn new(rules: &RuleSet) -> Self {
        let mut links = Self::default();
        for (number, rule) in rules.rules.iter().enumerate() {
            let Body::Filter { targets, .. } = &rule.body else { continue };
            for (target, other) in rules.rules.iter().enumerate() {
                if is_target(rule, targets, other) {
                    links.filters.entry(target).or_default().push(number);
                }
            }
        }
        links
    }
}

/// A filter is for the rules that it names, correlations among them, or for all detections; of both only those whose
/// log source does not contradict its own.
fn is_target(filter: &Rule, targets: &Targets, rule: &Rule) -> bool {
    let agree = |a: &Option<String>, b: &Option<String>| a.is_none() || b.is_none() || a == b;
    let (a, b) = (&filter.logsource, &rule.logsource);
    let is_meant = match targets {
        Targets::Named(names) => names.iter().any(|n| *n == rule.id || rule.name.as_ref() == Some(n)),
        Targets::Every => rule.detection().is_some(),
    };
    let agrees = agree(&a.category, &b.category) && agree(&a.product, &b.product);
    is_meant && agrees && agree(&a.service, &b.service) && !matches!(rule.body, Body::Filter { .. })
}
