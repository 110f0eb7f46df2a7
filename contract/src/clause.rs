//! The catalogue of clauses C1 to C20: what a contract must state, where that comes from, which checks prove it.

use crate::embedded::{CLAUSES, PROOF};
use crate::profile::Profile;
use crate::side::Owner;
use serde::Deserialize;
use std::sync::LazyLock;

/// Whether a clause is asked for by what is in force, or only by a proposal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClauseStatus {
    /// Something in force asks for it.
    #[default]
    Settled,
    /// Only a proposal asks for it.
    Proposed,
}

/// One clause of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Its id, `C1` to `C20`.
    pub id: String,
    /// A few words for a heading.
    pub title: String,
    /// What it must state, in our words.
    pub states: String,
    /// Where that comes from: document and section.
    pub source: String,
    /// Whether the source was not read in the text itself.
    #[serde(default)]
    pub unconfirmed: bool,
    /// Whether a proposal only asks for it.
    #[serde(default)]
    pub status: ClauseStatus,
    /// The profiles under which it applies; empty: under every one.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// The measures that it serves.
    pub measures: Vec<String>,
    /// The checks that prove it.
    pub checks: Vec<String>,
    /// Whether no check can prove it before the day on which it is needed.
    #[serde(default)]
    pub declarative: bool,
    /// Who owes it in a draft.
    pub owed_by: Owner,
    /// What the provider owes in a draft.
    pub provider: String,
    /// What the customer owes in a draft.
    pub customer: String,
    /// The parameter that its threshold sets in a draft, if it has one.
    #[serde(default)]
    pub parameter: Option<String>,
    /// How often it is looked at, in words.
    pub cadence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    clause: Vec<Clause>,
}

static ALL: LazyLock<Vec<Clause>> =
    LazyLock::new(|| toml::from_str::<Catalogue>(CLAUSES).expect(PROOF).clause);

impl Clause {
    /// All twenty, in order.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// The clause of an id.
    #[must_use]
    pub fn named(id: &str) -> Option<&'static Self> {
        ALL.iter().find(|clause| clause.id == id)
    }

    /// Whether a contract under that profile needs it.
    #[must_use]
    pub fn applies(&self, profile: &Profile) -> bool {
        self.profiles.is_empty() || self.profiles.iter().any(|id| profile.is_built_on(id))
    }
}
