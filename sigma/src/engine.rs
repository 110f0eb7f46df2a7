//! The engine: one event after the other, hits out.

use crate::correlation::{Correlations, Subject};
use crate::event::{Kind, View};
use crate::logsource::Class;
use crate::rule::{Body, Rule, RuleSet, Targets};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::rc::Rc;

/// How the engine looks at events.
#[derive(Debug, Clone, Copy, Default)]
pub struct EngineOptions {
    /// Offer every event to every rule, whatever its log source says.
    pub ignore_logsource: bool,
}

/// One event.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    /// Its fields.
    pub fields: &'a Map<String, Value>,
    /// When it happened.
    pub happened: Timestamp,
    /// Which log sources it belongs to.
    pub class: &'a Class,
    /// Its number, by which hits name it.
    pub seq: u64,
}

/// A rule that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Number of the rule in the set.
    pub rule: usize,
    /// Events it stands on, sorted, the newest 100 at most.
    pub seqs: Vec<u64>,
    /// How many events it stands on.
    pub count: u64,
    /// When the first of them happened.
    pub first: Timestamp,
    /// When the last of them happened.
    pub last: Timestamp,
    /// What a correlation grouped by: names and values.
    pub group: Vec<(String, String)>,
    /// Whether a correlation goes on that was told before: the same group, windows that touch.
    pub goes_on: bool,
}

/// Rules with the state of their correlations. One for each stream that must not be mixed with another.
pub struct Engine {
    rules: RuleSet,
    options: EngineOptions,
    /// Detection rules for each class of events met so far.
    by_class: BTreeMap<Class, Rc<Vec<usize>>>,
    /// Filters for each rule.
    filters: BTreeMap<usize, Vec<usize>>,
    correlations: Correlations,
}

/// Classes that are remembered; more than any set of sources has.
const CLASSES_LIMIT: usize = 4096;

impl Engine {
    /// An engine over these rules.
    #[must_use]
    pub fn new(rules: RuleSet, options: EngineOptions) -> Self {
        let mut filters: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, rule) in rules.rules.iter().enumerate() {
            let Body::Filter { targets, .. } = &rule.body else { continue };
            for (target, other) in rules.rules.iter().enumerate() {
                if is_target(rule, targets, other) {
                    filters.entry(target).or_default().push(number);
                }
            }
        }
        let correlations = Correlations::new(&rules);
        Self { rules, options, by_class: BTreeMap::new(), filters, correlations }
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Hits and groups of correlations that a bound closed early.
    #[must_use]
    pub fn closed(&self) -> u64 {
        self.correlations.closed()
    }

    fn candidates(&mut self, class: &Class) -> Rc<Vec<usize>> {
        if let Some(list) = self.by_class.get(class) {
            return Rc::clone(list);
        }
        let fits = |rule: &Rule| self.options.ignore_logsource || class.admits(&rule.logsource);
        let numbers = self.rules.rules.iter().enumerate();
        let detections = numbers.filter(|(_, r)| matches!(r.body, Body::Detection(_)) && fits(r));
        let list = Rc::new(detections.map(|(n, _)| n).collect::<Vec<_>>());
        if self.by_class.len() >= CLASSES_LIMIT {
            self.by_class.clear();
        }
        self.by_class.insert(class.clone(), Rc::clone(&list));
        list
    }

    /// Looks at one event.
    pub fn observe(&mut self, event: &Observed<'_>) -> Vec<Hit> {
        let view = View::new(event.fields, event.class.renames());
        let mut hits = vec![];
        for number in self.candidates(event.class).iter().copied() {
            let Body::Detection(detection) = &self.rules.rules[number].body else { continue };
            if !detection.fits(&view) || is_filtered((&self.rules, &self.filters), number, &view) {
                continue;
            }
            if !self.rules.rules[number].silent {
                let (first, last) = (event.happened, event.happened);
                let seqs = vec![event.seq];
                hits.push(Hit { rule: number, seqs, count: 1, first, last, group: vec![], goes_on: false });
            }
            if self.correlations.is_fed_by(number) {
                let look = |field: &str| value_of(&view, field);
                let is_filtered = |number| is_filtered((&self.rules, &self.filters), number, &view);
                let (happened, seq) = (event.happened, event.seq);
                let subject = Subject { happened, seq, look: &look, is_filtered: &is_filtered };
                self.correlations.take(&self.rules, number, &subject, &mut hits);
            }
        }
        hits
    }
}

fn is_filtered(
    (rules, filters): (&RuleSet, &BTreeMap<usize, Vec<usize>>),
    number: usize,
    view: &View<'_>,
) -> bool {
    let filters = filters.get(&number).map_or(&[][..], Vec::as_slice);
    filters.iter().any(|f| match &rules.rules[*f].body {
        Body::Filter { detection, .. } => detection.fits(view),
        _ => false,
    })
}

/// The first value of a field, as text.
fn value_of(view: &View<'_>, field: &str) -> Option<String> {
    let found = view.field(field);
    found.values.first().filter(|l| l.kind != Kind::Null).map(|l| l.text.clone())
}

/// A filter is for the rules that it names, correlations among them, or for all detections; of both only those whose
/// log source does not contradict its own.
fn is_target(filter: &Rule, targets: &Targets, rule: &Rule) -> bool {
    let agree = |a: &Option<String>, b: &Option<String>| a.is_none() || b.is_none() || a == b;
    let (a, b) = (&filter.logsource, &rule.logsource);
    let agrees =
        agree(&a.category, &b.category) && agree(&a.product, &b.product) && agree(&a.service, &b.service);
    let is_meant = match targets {
        Targets::Named(names) => names.iter().any(|n| *n == rule.id || rule.name.as_ref() == Some(n)),
        Targets::Every => matches!(rule.body, Body::Detection(_)),
    };
    agrees && is_meant && !matches!(rule.body, Body::Filter { .. })
}
