//! The numbers that a profile or a contract may set, each under the check that reads it.

use crate::embedded::{PARAMETERS, PROOF};
use crate::unit::{Stricter, Unit};
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    unit: Unit,
    stricter: Stricter,
    asks: String,
}

static ALL: LazyLock<BTreeMap<String, Parameter>> = LazyLock::new(|| {
    let entries: BTreeMap<String, Entry> = toml::from_str(PARAMETERS).expect(PROOF);
    let parameter = |(name, entry): (String, Entry)| {
        let Entry { unit, stricter, asks } = entry;
        (name.clone(), Parameter { name, unit, stricter, asks })
    };
    entries.into_iter().map(parameter).collect()
});

impl Parameter {
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
