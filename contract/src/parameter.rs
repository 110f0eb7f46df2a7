//! The numbers that a profile or a contract may set, each under the check that reads it.

use crate::embedded::{PARAMETERS, PROOF};
use crate::unit::{Quantity, Stricter, Unit};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One such number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name: the check's id, a dot, a word; such as `lg.retention-search.days`.
    pub name: String,
    /// The unit in which the check reads it.
    pub unit: Unit,
    /// In which direction it asks more.
    pub stricter: Stricter,
    /// What it is, in words that follow "at most" or "at least".
    pub asks: String,
    /// Smallest and largest number that it can have, in its unit: beyond them the check would ask nothing, or what
    /// nobody can keep.
    pub bounds: (u64, u64),
    /// The number of its check, where the floor states none: it holds where nobody agreed on another one.
    pub default: Option<Quantity>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    unit: Unit,
    stricter: Stricter,
    asks: String,
    least: Option<u64>,
    most: Option<u64>,
    default: Option<Unstated>,
}

/// A number that the floor does not state, and why not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unstated {
    value: u64,
    #[serde(rename = "source")]
    _source: String,
}

static ALL: LazyLock<BTreeMap<String, Parameter>> = LazyLock::new(|| {
    let entries: BTreeMap<String, Entry> = toml::from_str(PARAMETERS).expect(PROOF);
    let parameter = |(name, entry): (String, Entry)| {
        let Entry { unit, stricter, asks, least, most, default } = entry;
        let bounds = (least.unwrap_or(1), most.unwrap_or_else(|| most_of(unit)));
        let default = default.map(|unstated| Quantity { number: unstated.value, unit });
        (name.clone(), Parameter { name, unit, stricter, asks, bounds, default })
    };
    entries.into_iter().map(parameter).collect()
});

/// The largest number of a unit, where a parameter names none of its own.
fn most_of(unit: Unit) -> u64 {
    match unit {
        // Ten years: what is kept or looked at for longer is kept by no rule that we know.
        Unit::Seconds => 3_653 * 86_400,
        Unit::Minutes => 3_653 * 1_440,
        Unit::Hours => 3_653 * 24,
        Unit::Days | Unit::WorkingDays => 3_653,
        Unit::Weeks => 521,
        Unit::Months => 120,
        Unit::Years => 10,
        Unit::Percent => 100,
        Unit::Permille => 1_000,
        Unit::Tenths => 100,
        // The longest key in use has 16,384 bits, the longest password that directories take 256 characters.
        Unit::Bits => 16_384,
        Unit::Characters => 256,
        Unit::Attempts
        | Unit::Lookups
        | Unit::Sources
        | Unit::Changes
        | Unit::Accounts
        | Unit::Failures
        | Unit::Tools => 1_000,
    }
}

impl Parameter {
    /// The bound that a number breaks, such as `at least 1 days`; `None` where it lies within both, or cannot be
    /// compared with them.
    #[must_use]
    pub fn bound_broken_by(&self, value: Quantity) -> Option<String> {
        if !value.unit.compares_with(self.unit) {
            return None;
        }
        let [least, most] = [self.bounds.0, self.bounds.1].map(|number| Quantity { number, unit: self.unit });
        if value.base() < least.base() {
            Some(format!("at least {least}"))
        } else if value.base() > most.base() {
            Some(format!("at most {most}"))
        } else {
            None
        }
    }

    /// All of them, by name.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        ALL.values()
    }

    /// The parameter of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.get(name)
    }

    /// The id of the check that reads it.
    #[must_use]
    pub fn check(&self) -> &str {
        self.name.rsplit_once('.').map_or(self.name.as_str(), |(check, _)| check)
    }

    /// The parameters of a check, by name.
    pub fn of_check(check: &str) -> impl Iterator<Item = &'static Self> {
        ALL.values().filter(move |parameter| parameter.check() == check)
    }
}
