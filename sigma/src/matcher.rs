//! All rules at once: what they ask is asked once, and only rules whose gate opened are decided.
//!
//! A predicate is one question about one field, whatever number of rules asks it. A gate is a predicate that a rule
//! cannot do without. An event's values go through one machine for each field; what they meet opens rules; those, and
//! the few without a gate, are decided over predicates that are known by then, but for those that wait to be asked.

mod grams;
mod machine;
mod nets;
mod predicate;
mod route;
mod run;
mod substrings;
mod trie;

pub use route::Route;
pub use run::Scratch;

use crate::fields::{FieldId, Names};
use crate::gate::{Clause, chance};
use crate::item::Place;
use crate::rule::RuleSet;
use predicate::{Ask, Formula, Predicate, Predicates};
use std::collections::{BTreeMap, BTreeSet};

/// Rules as conditions over shared predicates.
#[derive(Debug)]
pub(crate) struct Matcher {
    predicates: Vec<Predicate>,
    /// For each rule of the set; a correlation has none.
    formulas: Vec<Option<Formula>>,
    /// For each detection rule the predicates of which one must hold; none: it is looked at always.
    gates: Vec<Option<Box<[u32]>>>,
}

impl Matcher {
    /// Makes conditions of rules and takes up the names of the fields that they ask.
    pub(crate) fn new(rules: &RuleSet, names: &mut Names) -> Self {
        let mut predicates = Predicates::default();
        let formulas: Vec<Option<Formula>> =
            rules.iter().map(|rule| rule.any_detection().map(|d| predicates.formula(names, d))).collect();
        // How questions were written is forgotten here.
        let predicates = predicates.all;
        let gates = rules.iter().zip(&formulas).map(|(rule, formula)| {
            rule.detection()?;
            let clause = formula.as_ref()?.needs(true, &|number| gate(&predicates, number))?;
            let gates: BTreeSet<u32> = clause.of.into_iter().collect();
            Some(gates.into_iter().collect())
        });
        let gates = gates.collect();
        Self { predicates, formulas, gates }
    }

    /// The rules for a class of events: those of these numbers, with the filters that take away from them.
    pub(crate) fn route(
        &self,
        rules: &[u32],
        filters: &BTreeMap<usize, Vec<usize>>,
        renames: Vec<(FieldId, FieldId)>,
    ) -> Route {
        Route::new(self, rules, filters, renames)
    }

    /// Every predicate that these rules and their filters ask, sorted.
    fn asked(&self, rules: &[u32], filters: &BTreeMap<usize, Vec<usize>>) -> Vec<u32> {
        let mut asked = vec![];
        let mut is_known = vec![false; self.predicates.len()];
        let mut take = |rule: usize| {
            let Some(Some(formula)) = self.formulas.get(rule) else { return };
            formula.each(&mut |number| {
                if !std::mem::replace(&mut is_known[number as usize], true) {
                    asked.push(number);
                    if let Ask::Later(_, triggers) = &self.predicates[number as usize].ask {
                        let new = |t: &&u32| !std::mem::replace(&mut is_known[**t as usize], true);
                        asked.extend(triggers.iter().filter(new));
                    }
                }
            });
        };
        for rule in rules {
            take(*rule as usize);
            filters.get(&(*rule as usize)).into_iter().flatten().for_each(|filter| take(*filter));
        }
        asked.sort_unstable();
        asked
    }
}

/// What a predicate needs: itself where a machine tells it, else its triggers.
fn gate(all: &[Predicate], number: u32) -> Option<Clause<u32>> {
    let of = match &all[number as usize].ask {
        Ask::Later(_, triggers) if triggers.is_empty() => return None,
        Ask::Later(_, triggers) => triggers.to_vec(),
        _ => vec![number],
    };
    let cost = of.iter().map(|n| cost(&all[*n as usize])).sum();
    Some(Clause { of, cost })
}

/// About how often a predicate holds: short texts often, and what many rules ask about more often than what few do.
fn cost(predicate: &Predicate) -> f64 {
    let alone = match &predicate.ask {
        Ask::Text(Place::Whole, text) => chance(text.len()) / 2.0,
        Ask::Text(_, text) => chance(text.len()),
        Ask::Number(..) => 0.05,
        Ask::Cidr(net) => 1.0 / f64::from(2 + net.prefix_len()),
        Ask::Compare(..) | Ask::Later(..) => 0.5,
    };
    alone * f64::from(predicate.popular.max(1))
}
