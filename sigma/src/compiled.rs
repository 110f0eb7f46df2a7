//! Rules made ready to be matched together: immutable, shared by all workers, exchanged as a whole.

use crate::correlation::Correlation;
use crate::detection::{Detection, Search};
use crate::engine::EngineOptions;
use crate::event::View;
use crate::fields::{Extent, Fields, Names};
use crate::item::{Item, Test};
use crate::logsource::{self, Class};
use crate::rule::{Body, Rule, RuleSet, Targets};
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
    renames: Vec<(&'static str, &'static str)>,
    detections: Vec<usize>,
}

/// What one worker needs to match; used again for each event.
#[derive(Debug, Default)]
pub struct Scratch {
    hits: Vec<usize>,
}

/// Which rules stand in each other's way, and which feed others.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// Filters for each rule.
    pub(crate) filters: BTreeMap<usize, Vec<usize>>,
    /// Correlations that each rule feeds.
    pub(crate) feeds: BTreeMap<usize, Vec<usize>>,
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
        rules.iter().for_each(|rule| intern(rule, &mut names));
        for name in also {
            names.intern(name);
        }
        logsource::renamed().for_each(|name| {
            names.intern(name);
        });
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

    pub(crate) fn links(&self) -> &Links {
        &self.links
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
        Arc::new(Route { extent, renames: class.renames().to_vec(), detections })
    }

    /// Numbers of the detection rules that match, filters taken into account. The event must be filled to the extent
    /// that the route asks, and must not be irregular.
    pub fn matches<'s>(&self, route: &Route, fields: &Fields, scratch: &'s mut Scratch) -> &'s [usize] {
        let view = View::of_fields(&self.names, fields, &route.renames);
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

fn intern(rule: &Rule, names: &mut Names) {
    let mut item = |item: &Item| {
        item.field.iter().for_each(|f| {
            names.intern(f);
        });
        for test in &item.tests {
            if let Test::FieldRef { other, .. } = test {
                names.intern(other);
            }
        }
    };
    if let Some(detection) = rule.any_detection() {
        detection.searches.iter().for_each(|s| s.each_item(&mut item));
    }
    if let Body::Correlation(correlation) = &rule.body {
        correlation.asked().for_each(|name| {
            names.intern(name);
        });
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
            match &rule.body {
                Body::Detection(_) => {}
                Body::Correlation(correlation) => links.take_correlation(number, correlation),
                Body::Filter { targets, .. } => {
                    for (target, other) in rules.rules.iter().enumerate() {
                        if is_target(rule, targets, other) {
                            links.filters.entry(target).or_default().push(number);
                        }
                    }
                }
            }
        }
        links
    }

    fn take_correlation(&mut self, number: usize, correlation: &Correlation) {
        for fed_by in &correlation.rules {
            let list = self.feeds.entry(*fed_by).or_default();
            if !list.contains(&number) {
                list.push(number);
            }
        }
    }
}

fn is_target(filter: &Rule, targets: &Targets, rule: &Rule) -> bool {
    if !matches!(rule.body, Body::Detection(_)) {
        return false;
    }
    match targets {
        Targets::Named(names) => names.iter().any(|n| *n == rule.id || rule.name.as_ref() == Some(n)),
        Targets::Every => {
            let agree = |a: &Option<String>, b: &Option<String>| a.is_none() || b.is_none() || a == b;
            let (a, b) = (&filter.logsource, &rule.logsource);
            agree(&a.category, &b.category) && agree(&a.product, &b.product) && agree(&a.service, &b.service)
        }
    }
}
