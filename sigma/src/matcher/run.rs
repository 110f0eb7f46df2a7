//! One event against the rules of its class, without new memory.

use super::code::Asked;
use super::predicate::{Ask, Later};
use super::route::Machines;
use super::{Matcher, Route};
use crate::event::{Kind, number};
use crate::fields::{FieldId, Fields};
use crate::item::Place;
use crate::matcher::machine::{Machine, Seen};
use crate::pattern::fold_into;
use crate::plain;
use std::collections::BTreeMap;

/// What questions one by one may cost before a pass of machines tells all the rest, in bytes that are looked through: so
/// much for any event, and so many times its text.
const QUESTIONS_COST: usize = 8_192;
const PASSES: usize = 16;
/// What a question costs however short its values are.
const QUESTION: usize = 32;

/// What one worker needs to match; used again for each event.
#[derive(Debug, Default)]
pub struct Scratch {
    truth: Truth,
    folded: Folded,
    hits: Vec<usize>,
}

/// What is known of an event. A mark holds for the event whose number it bears, so that nothing is wiped between two.
#[derive(Debug, Default)]
struct Truth {
    event: u32,
    predicates: Vec<Known>,
    /// Rules that were opened.
    opened: Vec<u32>,
    candidates: Vec<u32>,
}

/// What is known of a predicate.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// It holds.
    holds: u32,
    /// It was decided because somebody asked.
    decided: u32,
}

/// Texts as they are compared without case.
#[derive(Debug, Default)]
struct Folded {
    text: String,
    /// Where each value stands, if that is elsewhere than among the texts as they came.
    spans: Vec<(usize, usize)>,
}

impl Truth {
    fn begin(&mut self, predicates: usize, rules: usize) {
        if self.event == u32::MAX {
            *self = Self::default();
        }
        self.event += 1;
        self.candidates.clear();
        if self.predicates.len() < predicates {
            self.predicates.resize(predicates, Known::default());
        }
        if self.opened.len() < rules {
            self.opened.resize(rules, 0);
        }
    }

    /// A machine tells that a predicate holds.
    fn take(&mut self, machines: &Machines, told: u32) {
        let [(number, from), (_, to)] = [machines.told[told as usize], machines.told[told as usize + 1]];
        let mark = &mut self.predicates[number as usize].holds;
        if *mark == self.event {
            return;
        }
        *mark = self.event;
        for rule in &machines.opened[from as usize..to as usize] {
            let mark = &mut self.opened[*rule as usize];
            if *mark != self.event {
                *mark = self.event;
                self.candidates.push(*rule);
            }
        }
    }
}

impl Folded {
    /// Folds all texts: at once, where that moves none.
    fn begin(&mut self, fields: &Fields) {
        self.text.clear();
        self.spans.clear();
        if fields.all_text().is_ascii() {
            fold_into(fields.all_text(), &mut self.text);
            return;
        }
        for value in 0..fields.len() {
            let start = self.text.len();
            fold_into(fields.text_at(value), &mut self.text);
            self.spans.push((start, self.text.len()));
        }
    }

    fn of(&self, fields: &Fields, value: usize) -> &str {
        let (start, end) = self.spans.get(value).copied().unwrap_or_else(|| fields.span_at(value));
        self.text.get(start..end).unwrap_or("")
    }
}

impl Matcher {
    /// Numbers of the detection rules that match, sorted; filters are taken into account.
    pub(crate) fn matches<'s>(
        &self,
        route: &Route,
        filters: &BTreeMap<usize, Vec<usize>>,
        fields: &Fields,
        scratch: &'s mut Scratch,
    ) -> &'s [usize] {
        let Scratch { truth, folded, hits } = scratch;
        truth.begin(self.predicates.len(), self.conditions.len());
        folded.begin(fields);
        hits.clear();
        route.feed(&route.opening, fields, truth, folded);
        let candidates = std::mem::take(&mut truth.candidates);
        let most = QUESTIONS_COST + folded.text.len().saturating_mul(PASSES);
        let mut asking =
            Asking { matcher: self, route, filters, fields, truth, folded, left: most, is_told: false };
        for rule in candidates.iter().chain(&route.ungated) {
            let rule = *rule as usize;
            if asking.fits(rule) && !filters.get(&rule).is_some_and(|f| f.iter().any(|f| asking.fits(*f))) {
                hits.push(rule);
            }
        }
        truth.candidates = candidates;
        hits.sort_unstable();
        hits
    }
}

fn look(
    machine: &Machine,
    machines: &Machines,
    fields: &Fields,
    value: usize,
    truth: &mut Truth,
    folded: &Folded,
) {
    let kind = fields.kind_at(value);
    if kind != Kind::Null {
        let seen = Seen { kind, text: fields.text_at(value), folded: folded.of(fields, value) };
        machine.look(seen, &mut |told| truth.take(machines, told));
    }
}

impl Route {
    /// Every value goes through the machine of its field.
    fn feed(&self, machines: &Machines, fields: &Fields, truth: &mut Truth, folded: &Folded) {
        for (value, field) in fields.placed() {
            if let Some(machine) = machines.of(field) {
                look(machine, machines, fields, value, truth, folded);
            }
            for asked in machines.asked_for(field) {
                // Its own name goes before this one, and so may another.
                let is_taken = asked.index() != field && self.renamed(fields, *asked).index() == field;
                if let Some(machine) = machines.of(asked.index()).filter(|_| is_taken) {
                    look(machine, machines, fields, value, truth, folded);
                }
            }
        }
        if let Some(machine) = &machines.everywhere
            && machine.may_meet(&folded.text)
        {
            for value in fields.places_of_everything() {
                look(machine, machines, fields, value, truth, folded);
            }
        }
    }

    /// The field under which this event has what rules ask.
    fn renamed(&self, fields: &Fields, field: FieldId) -> FieldId {
        if self.renames.is_empty() || fields.is_present(field) {
            return field;
        }
        // They are sorted by the field that is asked.
        let from = self.renames.partition_point(|(asked, _)| *asked < field);
        let others =
            self.renames[from..].iter().take_while(|(asked, _)| *asked == field).map(|(_, other)| *other);
        others.into_iter().find(|other| fields.is_present(*other)).unwrap_or(field)
    }
}

/// Decides rules over what is known, and finds out what is not.
struct Asking<'a> {
    matcher: &'a Matcher,
    route: &'a Route,
    filters: &'a BTreeMap<usize, Vec<usize>>,
    fields: &'a Fields,
    truth: &'a mut Truth,
    folded: &'a Folded,
    /// What may still be spent on questions one by one, in bytes that are looked through.
    left: usize,
    /// Whether machines told all that they can tell.
    is_told: bool,
}

impl Asking<'_> {
    fn fits(&mut self, rule: usize) -> bool {
        self.matcher.conditions.decide(rule, &mut |asked| self.holds(asked))
    }

    fn holds(&mut self, asked: Asked) -> bool {
        let known = self.truth.predicates[asked.place()];
        if known.holds == self.truth.event {
            return true;
        }
        !asked.is_told() && known.decided != self.truth.event && self.find_out(asked.number())
    }

    /// Finds out whether a predicate holds that nobody asked before.
    fn find_out(&mut self, number: u32) -> bool {
        let (matcher, event) = (self.matcher, self.truth.event);
        let predicate = &matcher.predicates[number as usize];
        let holds = match &predicate.ask {
            Ask::Later(later, triggers) => {
                (triggers.is_empty() || triggers.iter().any(|t| self.triggers(*t)))
                    && self.decide(predicate.field, later)
            }
            ask => self.is_met(number, predicate.field, ask),
        };
        let known = &mut self.truth.predicates[number as usize];
        known.decided = event;
        if holds {
            known.holds = event;
        }
        holds
    }

    /// Whether a text stands there that a predicate cannot do without.
    fn triggers(&mut self, number: u32) -> bool {
        let known = self.truth.predicates[number as usize];
        known.holds == self.truth.event
            || (!self.matcher.opens[number as usize]
                && known.decided != self.truth.event
                && self.find_out(number))
    }

    /// Whether a predicate holds that a machine could tell, and none has.
    fn is_met(&mut self, number: u32, field: Option<FieldId>, ask: &Ask) -> bool {
        if self.left == 0 && !self.is_told {
            // So much is asked that one pass for all of it costs less.
            self.is_told = true;
            let rest = self.route.rest(self.matcher, self.filters);
            self.route.feed(rest, self.fields, self.truth, self.folded);
        }
        if self.is_told {
            return self.truth.predicates[number as usize].holds == self.truth.event;
        }
        let (fields, mut spent) = (self.fields, QUESTION);
        let mut meets = |value: usize| {
            spent += fields.text_at(value).len();
            self.stands(value, ask)
        };
        let holds = match field {
            None => fields.places_of_everything().any(&mut meets),
            Some(field) => fields.places_of(self.route.renamed(fields, field)).any(&mut meets),
        };
        self.left = self.left.saturating_sub(spent);
        holds
    }

    /// Whether a value is as asked.
    fn stands(&self, value: usize, ask: &Ask) -> bool {
        let (kind, text) = (self.fields.kind_at(value), self.fields.text_at(value));
        kind != Kind::Null
            && match ask {
                Ask::Text(place, wanted) => place.holds(self.folded.of(self.fields, value), wanted),
                Ask::Number(wanted, written) => plain::is_number(kind, text, *wanted, written),
                Ask::Cidr(net) => plain::address(text).is_some_and(|a| plain::inside(net, a)),
                Ask::Compare(order, bound) => number(kind, text).is_some_and(|n| order.holds(n, *bound)),
                Ask::Later(..) => false,
            }
    }

    fn decide(&self, field: Option<FieldId>, later: &Later) -> bool {
        let fields = self.fields;
        let Some(field) = field else {
            return match later {
                Later::Null => fields.places_of_everything().any(|v| fields.kind_at(v) == Kind::Null),
                Later::Exists(wanted) => *wanted,
                _ => fields.places_of_everything().any(|v| self.meets(v, later)),
            };
        };
        let field = self.route.renamed(fields, field);
        let present = fields.is_present(field);
        match later {
            Later::Null => !present || fields.places_of(field).any(|v| fields.kind_at(v) == Kind::Null),
            Later::Exists(wanted) => present == *wanted,
            _ => fields.places_of(field).any(|v| self.meets(v, later)),
        }
    }

    fn meets(&self, value: usize, later: &Later) -> bool {
        let fields = self.fields;
        if let Later::FieldRef { other, place, cased } = later {
            let other = self.route.renamed(fields, *other);
            return fields.places_of(other).any(|o| self.same(value, o, *place, *cased));
        }
        let (kind, text) = (fields.kind_at(value), fields.text_at(value));
        if kind == Kind::Null {
            return false;
        }
        match later {
            Later::Valued => true,
            Later::Pattern(pattern) if pattern.cased() => pattern.matches(text),
            Later::Pattern(pattern) => pattern.matches(self.folded.of(fields, value)),
            Later::Regex(expression) => expression.is_match(text),
            Later::Number(number, wanted) => plain::is_number(kind, text, *number, wanted),
            Later::Time(part, order, number) => part.of(kind, text).is_some_and(|n| order.holds(n, *number)),
            Later::Null | Later::Exists(_) | Later::FieldRef { .. } => false,
        }
    }

    fn same(&self, value: usize, other: usize, place: Place, cased: bool) -> bool {
        let fields = self.fields;
        let kinds = (fields.kind_at(value), fields.kind_at(other));
        if kinds.0 == Kind::Null || kinds.1 == Kind::Null {
            return kinds.0 == kinds.1 && place == Place::Whole;
        }
        if cased {
            return place.holds(fields.text_at(value), fields.text_at(other));
        }
        place.holds(self.folded.of(fields, value), self.folded.of(fields, other))
    }
}
