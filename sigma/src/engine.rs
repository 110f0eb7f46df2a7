//! The engine: one event after the other, hits out.

use crate::compiled::Compiled;
use crate::correlation::{Correlations, Subject};
use crate::event::{Kind, View};
use crate::fields::Fields;
use crate::logsource::Class;
use crate::matcher::{Route, Scratch};
use crate::rule::RuleSet;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

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
    compiled: Arc<Compiled>,
    scratch: Scratch,
    fields: Fields,
    routes: BTreeMap<Class, Arc<Route>>,
    correlations: Correlations,
}

/// Classes that are remembered; more than any set of sources has.
const CLASSES_LIMIT: usize = 4096;

impl Engine {
    /// An engine over these rules.
    #[must_use]
    pub fn new(rules: RuleSet, options: EngineOptions) -> Self {
        Self::over(Arc::new(Compiled::new(rules, options)))
    }

    /// An engine over rules that are compiled already; any number may share them.
    #[must_use]
    pub fn over(compiled: Arc<Compiled>) -> Self {
        let correlations = Correlations::new(compiled.rules());
        Self {
            compiled,
            scratch: Scratch::default(),
            fields: Fields::new(),
            routes: BTreeMap::new(),
            correlations,
        }
    }

    /// What the rules were compiled to.
    #[must_use]
    pub fn compiled(&self) -> &Arc<Compiled> {
        &self.compiled
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &RuleSet {
        self.compiled.rules()
    }

    /// Groups of correlations that a bound closed early, hits that it let go, and hits that came too late to be counted.
    #[must_use]
    pub fn closed(&self) -> u64 {
        self.correlations.closed()
    }

    fn route(&mut self, class: &Class) -> Arc<Route> {
        if let Some(route) = self.routes.get(class) {
            return Arc::clone(route);
        }
        let route = self.compiled.route(class);
        if self.routes.len() >= CLASSES_LIMIT {
            self.routes.clear();
        }
        self.routes.insert(class.clone(), Arc::clone(&route));
        route
    }

    /// Looks at one event.
    pub fn observe(&mut self, event: &Observed<'_>) -> Vec<Hit> {
        let route = self.route(event.class);
        let mut fields = std::mem::take(&mut self.fields);
        fields.take_map(self.compiled.names(), route.extent(), event.fields);
        let view = || View::new(event.fields, event.class);
        let hits = self.look(&route, &fields, view, (event.happened, event.seq));
        self.fields = fields;
        hits
    }

    /// Looks at one event that a reader took apart with [`Compiled::names`]. It must be filled to the extent that the
    /// class's route asks, and must not be irregular.
    pub fn observe_fields(
        &mut self,
        fields: &Fields,
        class: &Class,
        happened: Timestamp,
        seq: u64,
    ) -> Vec<Hit> {
        let route = self.route(class);
        let compiled = Arc::clone(&self.compiled);
        let view = || View::of_fields(compiled.names(), fields, class);
        self.look(&route, fields, view, (happened, seq))
    }

    fn look<'a>(
        &mut self,
        route: &Route,
        fields: &Fields,
        view: impl FnOnce() -> View<'a>,
        at: (Timestamp, u64),
    ) -> Vec<Hit> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let hits = match self.compiled.matches(route, fields, &mut scratch) {
            [] => vec![],
            matched => self.tell(matched, &view(), at),
        };
        self.scratch = scratch;
        hits
    }

    /// Takes what a worker was told by [`Compiled::matches`] of an event: feeds correlations, and says what is to be told.
    pub fn settle(&mut self, matched: &[usize], event: &Observed<'_>) -> Vec<Hit> {
        let view = View::new(event.fields, event.class);
        self.tell(matched, &view, (event.happened, event.seq))
    }

    /// Whether a correlation looks at what this rule matches: of other rules [`Engine::settle`] never asks the fields.
    #[must_use]
    pub fn feeds_correlation(&self, rule: usize) -> bool {
        self.correlations.is_fed_by(rule)
    }

    /// Goes on with other rules. Correlations keep what they know where the rule of the same id asks the same of rules
    /// with the same ids; others begin anew.
    pub fn replace(&mut self, compiled: Arc<Compiled>) {
        let before = std::mem::replace(&mut self.compiled, compiled);
        self.routes.clear();
        let numbered = self.compiled.rules().iter().enumerate();
        let by_id: BTreeMap<&str, usize> =
            numbered.map(|(number, rule)| (rule.id.as_str(), number)).collect();
        let old = before.rules().iter().enumerate();
        let new_numbers: BTreeMap<usize, usize> =
            old.filter_map(|(number, rule)| Some((number, *by_id.get(rule.id.as_str())?))).collect();
        let correlations = std::mem::take(&mut self.correlations);
        self.correlations = correlations.carried_over(before.rules(), self.compiled.rules(), &new_numbers);
    }

    fn tell(&mut self, matched: &[usize], view: &View<'_>, (happened, seq): (Timestamp, u64)) -> Vec<Hit> {
        let compiled = Arc::clone(&self.compiled);
        let mut hits = vec![];
        for number in matched.iter().copied() {
            let Some(rule) = compiled.rules().get(number) else { continue };
            if !rule.silent {
                let (first, last) = (happened, happened);
                let seqs = vec![seq];
                hits.push(Hit { rule: number, seqs, count: 1, first, last, group: vec![], goes_on: false });
            }
            if self.correlations.is_fed_by(number) {
                let look = |field: &str| value_of(view, field);
                let is_filtered = |number| compiled.is_filtered(number, view);
                let subject = Subject { happened, seq, look: &look, is_filtered: &is_filtered };
                self.correlations.take(compiled.rules(), number, &subject, &mut hits);
            }
        }
        hits
    }
}

/// The first value of a field, as text.
fn value_of(view: &View<'_>, field: &str) -> Option<String> {
    let found = view.field(field);
    found.values.first().filter(|l| l.kind != Kind::Null).map(|l| l.text.clone())
}
