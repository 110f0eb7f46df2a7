//! Rules made ready to be matched together: immutable, shared by all workers, exchanged as a whole.

use crate::correlation::Correlation;
use crate::engine::EngineOptions;
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
}

/// Routes by the log sources that are admitted and the fields that are called otherwise.
type Routes = BTreeMap<(Vec<bool>, Vec<(FieldId, FieldId)>), Arc<Route>>;

/// Routes that are kept; there are far more log sources than combinations of them that events have.
const ROUTES_LIMIT: usize = 256;

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
        logsource::renamed().for_each(|name| take(&mut names, name));
        let links = Links::new(&rules);
        let sources = Sources::new(&rules);
        Self { rules, options, names, matcher, links, sources, routes: Mutex::default() }
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

    /// The rules for a class of events. Classes to which the same rules are offered share them; a reader keeps what it
    /// is given for the next event of the class.
    #[must_use]
    pub fn route(&self, class: &Class) -> Arc<Route> {
        let admitted = self.sources.admitted(class, self.options.ignore_logsource);
        let renames: Vec<(FieldId, FieldId)> = class
            .renames()
            .iter()
            .filter_map(|(asked, other)| self.names.wants(asked).zip(self.names.wants(other)))
            .collect();
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
