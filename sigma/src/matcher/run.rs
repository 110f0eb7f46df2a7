//! One event against the rules of its class, without new memory.

use super::predicate::{Ask, Later};
use super::{Matcher, Route};
use crate::event::Kind;
use crate::fields::{FieldId, Fields};
use crate::item::Place;
use crate::matcher::machine::{Machine, Seen};
use crate::pattern::fold_into;
use std::collections::BTreeMap;

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
    /// Predicates that hold.
    holds: Vec<u32>,
    /// Predicates that were decided because somebody asked.
    decided: Vec<u32>,
    /// Rules that were opened.
    opened: Vec<u32>,
    candidates: Vec<u32>,
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
        for (marks, many) in
            [(&mut self.holds, predicates), (&mut self.decided, predicates), (&mut self.opened, rules)]
        {
            if marks.len() < many {
                marks.resize(many, 0);
            }
        }
    }

    /// A machine tells that a predicate holds.
    fn take(&mut self, route: &Route, told: u32) {
        let [(number, from), (_, to)] = [route.told[told as usize], route.told[told as usize + 1]];
        let mark = &mut self.holds[number as usize];
        if *mark == self.event {
            return;
        }
        *mark = self.event;
        for rule in &route.opened[from as usize..to as usize] {
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
        truth.begin(self.predicates.len(), self.formulas.len());
        folded.begin(fields);
        hits.clear();
        for (value, field) in fields.placed() {
            if let Some(machine) = route.machine_of(field) {
                look(machine, route, fields, value, truth, folded);
            }
            for asked in route.asked_for(field) {
                // Its own name goes before this one, and so may another.
                let is_taken = asked.index() != field && route.renamed(fields, *asked).index() == field;
                if let Some(machine) = route.machine_of(asked.index()).filter(|_| is_taken) {
                    look(machine, route, fields, value, truth, folded);
                }
            }
        }
        if let Some(machine) = &route.everywhere
            && machine.may_meet(&folded.text)
        {
            for value in fields.places_of_everything() {
                look(machine, route, fields, value, truth, folded);
            }
        }
        let candidates = std::mem::take(&mut truth.candidates);
        let mut asking = Asking { matcher: self, route, fields, truth, folded };
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

fn look(machine: &Machine, route: &Route, fields: &Fields, value: usize, truth: &mut Truth, folded: &Folded) {
    let kind = fields.kind_at(value);
    if kind != Kind::Null {
        let seen = Seen { kind, text: fields.text_at(value), folded: folded.of(fields, value) };
        machine.look(seen, &mut |told| truth.take(route, told));
    }
}

impl Route {
    /// The machine for what rules ask of a field.
    fn machine_of(&self, field: usize) -> Option<&Machine> {
        self.machines.get(*self.machine_of.get(field)?)
    }

    /// The fields that rules may ask of what this class of events calls so.
    fn asked_for(&self, field: usize) -> &[FieldId] {
        let bounds = self.asked_from.get(field).zip(self.asked_from.get(field.saturating_add(1)));
        bounds.and_then(|(from, to)| self.asked_of.get(*from as usize..*to as usize)).unwrap_or(&[])
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
    fields: &'a Fields,
    truth: &'a mut Truth,
    folded: &'a Folded,
}

impl Asking<'_> {
    fn fits(&mut self, rule: usize) -> bool {
        let matcher = self.matcher;
        let Some(Some(formula)) = matcher.formulas.get(rule) else { return false };
        formula.decide(&mut |number| self.holds(number))
    }

    fn holds(&mut self, number: u32) -> bool {
        let at = number as usize;
        if self.truth.holds[at] == self.truth.event {
            return true;
        }
        let predicate = &self.matcher.predicates[at];
        let Ask::Later(later, triggers) = &predicate.ask else { return false };
        if std::mem::replace(&mut self.truth.decided[at], self.truth.event) == self.truth.event {
            return false;
        }
        if !triggers.is_empty() && !triggers.iter().any(|t| self.truth.holds[*t as usize] == self.truth.event)
        {
            return false;
        }
        let holds = self.decide(predicate.field, later);
        if holds {
            self.truth.holds[at] = self.truth.event;
        }
        holds
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
            Later::Number(number, wanted) => crate::plain::is_number(kind, text, *number, wanted),
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
