//! The rules for one class of events, with a machine for each field that they ask.

use super::Matcher;
use super::machine::Machine;
use super::predicate::{Ask, Predicate};
use crate::fields::{Extent, FieldId};
use std::collections::BTreeMap;

/// The rules for one class of events.
#[derive(Debug)]
pub struct Route {
    pub(super) extent: Extent,
    /// Fields that this class of events calls otherwise: what rules ask, what the event has.
    pub(super) renames: Vec<(FieldId, FieldId)>,
    pub(super) machines: Vec<(FieldId, Machine)>,
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
        let machines = by_field
            .into_iter()
            .filter_map(|(field, list)| field.map(|field| (field, Machine::new(list.into_iter()))));
        Self {
            extent: if keywords { Extent::Everything } else { Extent::Named },
            renames,
            machines: machines.collect(),
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
