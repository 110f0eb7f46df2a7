//! The seventeen measures of AA22-131A, and the checks that ask for each: facts in our own words, paragraphs cited.

use crate::embedded::{MEASURES, PROOF};
use crate::side::Owner;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One measure of the alert.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Its id, such as `logging`.
    pub id: String,
    /// A few words for a heading.
    pub title: String,
    /// What it asks, in words for the owner of a business.
    pub question: String,
    /// The paragraphs it rests on: cited, never quoted.
    pub cites: Vec<String>,
    /// What the alert asks of the provider, in our words.
    pub provider: String,
    /// What it asks of the customer.
    pub customer: String,
    /// What it asks the contract to say.
    pub contract: String,
    /// Which of `provider`, `customer`, `contract` rest in part on lines that were not read in the text itself.
    pub unconfirmed: Vec<String>,
    /// The clauses of the catalogue that serve it.
    pub clauses: Vec<String>,
    /// The checks that ask for it, in the order of the catalogue.
    pub checks: Vec<String>,
    /// How a draft of a contract begins.
    pub draft: MeasureDraft,
}

/// What a draft of a contract says about a measure.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureDraft {
    /// Who owes it.
    pub owed_by: Owner,
    /// The parameter that its threshold sets.
    pub parameter: String,
    /// How often it is looked at, in words.
    pub cadence: String,
    /// What happens when it is not met.
    pub remedy: String,
}

/// A check as the contract knows it: by its id, its measure, and whether anything can answer it today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckInfo {
    /// Its id, such as `lg.retention-search`.
    pub id: String,
    /// The id of its measure.
    pub measure: String,
    /// Whether evidence that can be read today answers it. A check that waits for evidence proves nothing.
    pub answers: bool,
}

static ALL: LazyLock<Vec<Measure>> =
    LazyLock::new(|| MEASURES.iter().map(|(_, text)| toml::from_str(text).expect(PROOF)).collect());

static MEASURE_OF: LazyLock<BTreeMap<&'static str, &'static Measure>> = LazyLock::new(|| {
    ALL.iter().flat_map(|measure| measure.checks.iter().map(move |check| (check.as_str(), measure))).collect()
});

impl Measure {
    /// All seventeen, in the order of the alert.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// The measure of an id.
    #[must_use]
    pub fn named(id: &str) -> Option<&'static Self> {
        ALL.iter().find(|measure| measure.id == id)
    }

    /// The measure that a check of ours asks for.
    #[must_use]
    pub fn of_check(check: &str) -> Option<&'static Self> {
        MEASURE_OF.get(check).copied()
    }
}

/// The checks of the catalogue, each counted as answered; a caller that knows better says so in its own list.
#[must_use]
pub fn checks() -> Vec<CheckInfo> {
    let of = |measure: &'static Measure| {
        let info = |id: &String| CheckInfo { id: id.clone(), measure: measure.id.clone(), answers: true };
        measure.checks.iter().map(info)
    };
    ALL.iter().flat_map(of).collect()
}
