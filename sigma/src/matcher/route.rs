//! The rules for one class of events, with machines for the fields that they ask.

use super::Matcher;
use super::machine::Machine;
use super::predicate::{Ask, Predicate};
use crate::fields::{Extent, FieldId};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The place of the machine of a field that no rule asks.
const NO_MACHINE: usize = usize::MAX;

/// The rules for one class of events.
#[derive(Debug)]
pub struct Route {
    pub(super) extent: Extent,
    /// Fields that this class of events calls otherwise: what rules ask, what the event has.
    pub(super) renames: Vec<(FieldId, FieldId)>,
    /// What opens rules.
    pub(super) opening: Machines,
    /// What else they ask, made when an event wants it for the first time.
    rest: OnceLock<Machines>,
    rules: Box<[u32]>,
    /// Rules that no predicate opens: they are looked at always.
    pub(super) ungated: Vec<u32>,
}

/// A machine for each field, and what they tell.
#[derive(Debug)]
pub(super) struct Machines {
    /// For each field by its number where the fields begin, in `asked_of`, that may be asked for by it; one more ends them.
    asked_from: Vec<u32>,
    /// Fields with a machine that events of this class may have under another name.
    asked_of: Vec<FieldId>,
    machines: Vec<Machine>,
    /// For each field by its number the place of its machine; beyond all where there is none.
    machine_of: Vec<usize>,
    /// Keywords.
    pub(super) everywhere: Option<Machine>,
    /// Predicates by the numbers that the machines tell, each with the beginning of its list of rules; one more ends it.
    pub(super) told: Vec<(u32, u32)>,
    /// Rules that a predicate opens.
    pub(super) opened: Vec<u32>,
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
        self.ungated.is_empty() && self.opening.opened.is_empty()
    }

    /// How many rules are looked at for every event of the class, whatever it holds.
    #[must_use]
    pub fn ungated(&self) -> usize {
        self.ungated.len()
    }

    /// Makes the machines that open these rules.
    pub(super) fn new(
        matcher: &Matcher,
        rules: &[u32],
        filters: &BTreeMap<usize, Vec<usize>>,
        renames: Vec<(FieldId, FieldId)>,
    ) -> Self {
        let asked = matcher.asked(rules, filters);
        let mut opens: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut ungated = vec![];
        for rule in rules {
            match &matcher.gates[*rule as usize] {
                Some(gates) => gates.iter().for_each(|g| opens.entry(*g).or_default().push(*rule)),
                None => ungated.push(*rule),
            }
        }
        let keywords = asked.iter().any(|p| matcher.predicates[*p as usize].field.is_none());
        let extent = if keywords { Extent::Everything } else { Extent::Named };
        let of_gates = asked.into_iter().filter(|p| matcher.opens[*p as usize]);
        let opening = Machines::new(matcher, of_gates, &opens, &renames);
        Self { extent, renames, opening, rest: OnceLock::new(), rules: rules.into(), ungated }
    }

    /// Machines for what these rules ask and the gates do not tell.
    pub(super) fn rest(&self, matcher: &Matcher, filters: &BTreeMap<usize, Vec<usize>>) -> &Machines {
        self.rest.get_or_init(|| {
            let asked = matcher.asked(&self.rules, filters).into_iter();
            let rest = asked.filter(|p| !matcher.opens[*p as usize]);
            Machines::new(matcher, rest, &BTreeMap::new(), &self.renames)
        })
    }
}

impl Machines {
    /// Makes machines for predicates that a machine can tell; `opens` has the rules that each of them opens.
    fn new(
        matcher: &Matcher,
        asked: impl Iterator<Item = u32>,
        opens: &BTreeMap<u32, Vec<u32>>,
        renames: &[(FieldId, FieldId)],
    ) -> Self {
        let is_late = |p: u32| matches!(matcher.predicates[p as usize].ask, Ask::Later(..));
        let (mut told, mut opened) = (vec![], vec![]);
        let mut by_field: BTreeMap<Option<FieldId>, Vec<(&Predicate, u32)>> = BTreeMap::new();
        for number in asked.filter(|p| !is_late(*p)) {
            let predicate = &matcher.predicates[number as usize];
            by_field.entry(predicate.field).or_default().push((predicate, short(told.len())));
            told.push((number, short(opened.len())));
            opened.extend(opens.get(&number).into_iter().flatten());
        }
        told.push((0, short(opened.len())));
        let everywhere = by_field.remove(&None).map(|list| Machine::everywhere(list.into_iter()));
        let (mut machines, mut machine_of) = (vec![], vec![]);
        for (field, list) in by_field {
            let Some(field) = field else { continue };
            machine_of.resize(field.index() + 1, NO_MACHINE);
            machine_of[field.index()] = machines.len();
            machines.push(Machine::new(list.into_iter()));
        }
        let has_machine = |f: &FieldId| machine_of.get(f.index()).is_some_and(|m| *m != NO_MACHINE);
        let mut stands_for: Vec<(FieldId, FieldId)> = vec![];
        stands_for
            .extend(renames.iter().filter(|(f, _)| has_machine(f)).map(|(asked, other)| (*other, *asked)));
        stands_for.sort_unstable();
        stands_for.dedup();
        let fields = stands_for.last().map_or(0, |(other, _)| other.index() + 1);
        let from = |field: usize| short(stands_for.partition_point(|(other, _)| other.index() < field));
        let asked_from = (0..=fields).map(from).collect();
        let asked_of = stands_for.iter().map(|(_, asked)| *asked).collect();
        Self { asked_from, asked_of, machines, machine_of, everywhere, told, opened }
    }

    /// The machine for what rules ask of a field.
    pub(super) fn of(&self, field: usize) -> Option<&Machine> {
        self.machines.get(*self.machine_of.get(field)?)
    }

    /// The fields that rules may ask of what this class of events calls so.
    pub(super) fn asked_for(&self, field: usize) -> &[FieldId] {
        let bounds = self.asked_from.get(field).zip(self.asked_from.get(field.saturating_add(1)));
        bounds.and_then(|(from, to)| self.asked_of.get(*from as usize..*to as usize)).unwrap_or(&[])
    }
}

fn short(length: usize) -> u32 {
    u32::try_from(length).expect("rules are bounded far below four thousand million values")
}
