//! All rules at once: what they ask is asked once, and only rules whose gate opened are decided.
//!
//! A predicate is one question about one field, whatever number of rules asks it. A gate is a predicate that a rule
//! cannot do without. An event's values go through one machine for each field, which tells the gates that it meets; what
//! they open, and the few rules without a gate, are decided. What else these ask is looked at only then, once; and where
//! that would be much, machines of all the rest tell it.

mod code;
mod grams;
mod machine;
mod nets;
mod predicate;
mod rarity;
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
use code::Code;
use predicate::{Ask, Formula, Later, Predicate, Predicates};
use rarity::Rarity;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes beyond which a text is not taken to be rarer.
const LONG: usize = 9;

/// Rules as conditions over shared predicates.
#[derive(Debug)]
pub(crate) struct Matcher {
    predicates: Vec<Predicate>,
    /// For each rule of the set; a correlation has none.
    conditions: Code,
    /// For each detection rule the predicates of which one must hold; none: it is looked at always.
    gates: Vec<Option<Box<[u32]>>>,
    /// For each predicate whether it opens rules.
    opens: Vec<bool>,
}

impl Matcher {
    /// Makes conditions of rules and takes up the names of the fields that they ask.
    pub(crate) fn new(rules: &RuleSet, names: &mut Names) -> Self {
        let mut predicates = Predicates::default();
        let mut formulas: Vec<Option<Formula>> =
            rules.iter().map(|rule| rule.any_detection().map(|d| predicates.formula(names, d))).collect();
        // How questions were written is forgotten here.
        let predicates = predicates.all;
        let rarity = Rarity::of(&predicates);
        let gates = rules.iter().zip(&formulas).map(|(rule, formula)| {
            rule.detection()?;
            let clause = formula.as_ref()?.needs(true, &|number| gate(&predicates, &rarity, number))?;
            let gates: BTreeSet<u32> = clause.of.into_iter().collect();
            Some(gates.into_iter().collect())
        });
        let gates: Vec<Option<Box<[u32]>>> = gates.collect();
        let mut opens = vec![false; predicates.len()];
        gates.iter().flatten().flatten().for_each(|g| opens[*g as usize] = true);
        for formula in formulas.iter_mut().flatten() {
            formula.arrange(&|number| effort(&predicates[number as usize].ask, opens[number as usize]));
        }
        let is_late = |n: u32| matches!(predicates[n as usize].ask, Ask::Later(..));
        let conditions = Code::new(&formulas, &|n| opens[n as usize] && !is_late(n));
        Self { predicates, conditions, gates, opens }
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
            self.conditions.each(rule, &mut |number| {
                let place = number.place();
                if !std::mem::replace(&mut is_known[place], true) {
                    asked.push(number.number());
                    if let Ask::Later(_, triggers) = &self.predicates[place].ask {
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
fn gate(all: &[Predicate], rarity: &Rarity, number: u32) -> Option<Clause<u32>> {
    let of = match &all[number as usize].ask {
        Ask::Later(_, triggers) if triggers.is_empty() => return None,
        Ask::Later(_, triggers) => triggers.to_vec(),
        _ => vec![number],
    };
    let cost = of.iter().map(|n| cost(&all[*n as usize], rarity)).sum();
    Some(Clause { of, cost })
}

/// About what it takes to say whether a predicate holds, in looks at one mark.
fn effort(ask: &Ask, opens: bool) -> u32 {
    match ask {
        Ask::Text(..) | Ask::Number(..) | Ask::Cidr(_) | Ask::Compare(..) if opens => 1,
        Ask::Text(Place::Contains, _) => 12,
        Ask::Text(..) | Ask::Number(..) => 4,
        Ask::Cidr(_) | Ask::Compare(..) => 8,
        Ask::Later(later, _) => match **later {
            Later::Null | Later::Exists(_) | Later::Valued => 3,
            Later::FieldRef { .. } | Later::Number(..) => 8,
            Later::Pattern(_) | Later::Time(..) => 20,
            Later::Regex(_) => 60,
        },
    }
}

/// About how often a predicate holds: short texts often, what stands in many texts of rules more often than what stands in
/// few, and what many rules ask about more often than what few do.
fn cost(predicate: &Predicate, rarity: &Rarity) -> f64 {
    let text = |text: &str| chance(text.len().min(LONG)) * f64::from(rarity.texts_with(text)).sqrt();
    let alone = match &predicate.ask {
        Ask::Text(Place::Whole, whole) => text(whole) / 2.0,
        Ask::Text(_, part) => text(part),
        Ask::Number(..) => 0.5,
        Ask::Cidr(net) => 10.0 / f64::from(2 + net.prefix_len()),
        Ask::Compare(..) | Ask::Later(..) => 5.0,
    };
    alone * f64::from(predicate.popular.max(1))
}
