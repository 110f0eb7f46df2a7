//! The rules for one class of events, with a machine for each field that they ask.

use super::Matcher;
use super::machine::Machine;
use super::predicate::{Ask, Predicate};
use crate::fields::{Extent, FieldId};
use std::collections::BTreeMap;

/// The place of the machine of a field that no rule asks.
const NO_MACHINE: usize = usize::MAX;

/// The rules for one class of events.
#[derive(Debug)]
pub struct Route {
    pub(super) extent: Extent,
    /// Fields that this class of events calls otherwise: what rules ask, what the event has.
    pub(super) renames: Vec<(FieldId, FieldId)>,
    /// For each field by its number where the fields begin, in `asked_of`, that may be asked for by it; one more ends them.
    pub(super) asked_from: Vec<u32>,
    /// Fields with a machine that events of this class may have under another name.
    pub(super) asked_of: Vec<FieldId>,
    pub(super) machines: Vec<Machine>,
    /// For each field by its number the place of its machine; beyond all where there is none.
    pub(super) machine_of: Vec<usize>,
    /// Keywords.
    pub(super) everywhere: Option<Machine>,
    /// Predicates by the numbers that the machines tell, each with the beginning of its list of rules; one more ends it.
    pub(super) told: Vec<(u32, u32)>,
    /// Rules that a predicate opens.
    pub(super) opened: Vec<u32>,
    /// Rules that no predicate opens: they are looked at always.
    pub(super) ungated: Vec<u32>,
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
        self.ungated.is_empty() && self.opened.is_empty()
    }

    /// How many rules are looked at for every event of the class, whatever it holds.
    #[must_use]
    pub fn ungated(&self) -> usize {
        self.ungated.len()
    }

    /// Makes the machines for these rules.
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
        let is_eager = |p: &&u32| !matches!(matcher.predicates[**p as usize].ask, Ask::Later(..));
        let (mut told, mut opened) = (vec![], vec![]);
        let mut by_field: BTreeMap<Option<FieldId>, Vec<(&Predicate, u32)>> = BTreeMap::new();
        for number in asked.iter().filter(is_eager) {
            let predicate = &matcher.predicates[*number as usize];
            by_field.entry(predicate.field).or_default().push((predicate, short(told.len())));
            told.push((*number, short(opened.len())));
            opened.extend(opens.get(number).into_iter().flatten());
        }
        told.push((0, short(opened.len())));
        let keywords = asked.iter().any(|p| matcher.predicates[*p as usize].field.is_none());
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
        Self {
            extent: if keywords { Extent::Everything } else { Extent::Named },
            renames,
            asked_from,
            asked_of,
            machines,
            machine_of,
            everywhere,
            told,
            opened,
            ungated,
        }
    }
}

fn short(length: usize) -> u32 {
    u32::try_from(length).expect("rules are bounded far below four thousand million values")
}
