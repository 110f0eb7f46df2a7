//! Rules made ready to be matched together: immutable, shared by all workers, exchanged as a whole.

use crate::engine::EngineOptions;
use crate::event::View;
use crate::fields::{FieldId, Fields, Names};
use crate::logsource::{self, Class};
use crate::matcher::{Matcher, Route, Scratch};
use crate::rule::{Body, LogSource, Rule, RuleSet, Targets};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A compiled set of rules.
#[derive(Debug)]
pub struct Compiled {
    rules: RuleSet,
    options: EngineOptions,
    names: Names,
    matcher: Matcher,
    links: Links,
    sources: Sources,
    routes: Mutex<Routes>,
    classes: Mutex<BTreeMap<Class, Arc<Route>>>,
}

/// Classes that are remembered, whatever services events name; more than any set of sources has.
const CLASSES_LIMIT: usize = 4096;

/// Routes by the log sources that are admitted and the fields that are called otherwise.
type Routes = BTreeMap<(Vec<bool>, Vec<(FieldId, FieldId)>), Arc<Route>>;

/// Routes that are kept; there are far more log sources than combinations of them that events have.
const ROUTES_LIMIT: usize = 256;

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
        let matcher = Matcher::new(&rules, &mut names);
        let take = |names: &mut Names, name: &str| {
            names.intern(name);
        };
        for rule in rules.iter() {
            if let Body::Correlation(correlation) = &rule.body {
                correlation.asked().for_each(|name| take(&mut names, name));
            }
        }
        also.iter().for_each(|name| take(&mut names, name));
        let mut others = BTreeMap::new();
        for rule in rules.iter() {
            // Where log sources are ignored, a rule meets events of every class; a filter meets those of the rules that it is
            // for, whose log sources say more than its own.
            let meets_any = options.ignore_logsource || matches!(rule.body, Body::Filter { .. });
            let source = if meets_any { LogSource::default() } else { rule.logsource.clone() };
            let others = others.entry(source).or_insert_with_key(logsource::other_names);
            crate::reach::asked(rule)
                .into_iter()
                .for_each(|name| others.of(name).for_each(|other| take(&mut names, &other)));
        }
        let links = Links::new(&rules);
        let sources = Sources::new(&rules);
        Self {
            rules,
            options,
            names,
            matcher,
            links,
            sources,
            routes: Mutex::default(),
            classes: Mutex::default(),
        }
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

    /// The fields that events of a class have under other names, each with those names in the order in which they are
    /// tried; sorted by the field.
    fn renames(&self, class: &Class) -> Vec<(FieldId, FieldId)> {
        if class.renames().is_empty() && class.around().is_empty() {
            return vec![];
        }
        let of_field = |(field, name): (FieldId, &str)| {
            let others: Vec<FieldId> = class.other_names(name).filter_map(|o| self.names.wants(&o)).collect();
            others.into_iter().map(move |other| (field, other))
        };
        self.names.each_field().flat_map(of_field).collect()
    }

    /// The rules for a class of events. Classes to which the same rules are offered share them; a reader keeps what it
    /// is given for the next event of the class.
    #[must_use]
    pub fn route(&self, class: &Class) -> Arc<Route> {
        let known = || self.classes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = known().get(class) {
            return Arc::clone(route);
        }
        let route = self.shared_route(class);
        let mut known = known();
        if known.len() >= CLASSES_LIMIT {
            known.clear();
        }
        known.insert(class.clone(), Arc::clone(&route));
        route
    }

    /// The route of every class that is offered the same rules and has the same other names.
    fn shared_route(&self, class: &Class) -> Arc<Route> {
        let admitted = self.sources.admitted(class, self.options.ignore_logsource);
        let renames = self.renames(class);
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (admitted, renames);
        if let Some(route) = routes.get(&key) {
            return Arc::clone(route);
        }
        let rules = self.sources.rules(&key.0);
        let route = Arc::new(self.matcher.route(&rules, &self.links.filters, key.1.clone()));
        if routes.len() >= ROUTES_LIMIT {
            routes.clear();
        }
        routes.insert(key, Arc::clone(&route));
        route
    }

    /// Numbers of the detection rules that match, sorted, filters taken into account. The event must be filled to the
    /// extent that the route asks, and must not be irregular.
    pub fn matches<'s>(&self, route: &Route, fields: &Fields, scratch: &'s mut Scratch) -> &'s [usize] {
        self.matcher.matches(route, &self.links.filters, fields, scratch)
    }
}

/// The log sources of detection rules, each once.
#[derive(Debug)]
struct Sources {
    all: Vec<LogSource>,
    /// For each detection rule its log source, and its own number.
    rules: Vec<(u32, u32)>,
}

impl Sources {
    fn new(rules: &RuleSet) -> Self {
        let mut known: BTreeMap<&LogSource, u32> = BTreeMap::new();
        let mut made = Self { all: vec![], rules: vec![] };
        for (number, rule) in (0u32..).zip(rules.iter()).filter(|(_, r)| r.detection().is_some()) {
            let source = *known.entry(&rule.logsource).or_insert_with(|| {
                made.all.push(rule.logsource.clone());
                u32::try_from(made.all.len() - 1).unwrap_or(u32::MAX)
            });
            made.rules.push((source, number));
        }
        made
    }

    /// Which of them a class does not contradict.
    fn admitted(&self, class: &Class, every: bool) -> Vec<bool> {
        self.all.iter().map(|source| every || class.admits(source)).collect()
    }

    /// The rules of these.
    fn rules(&self, admitted: &[bool]) -> Vec<u32> {
        let rules = self.rules.iter().filter(|(source, _)| admitted[*source as usize]);
        rules.map(|(_, number)| *number).collect()
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
