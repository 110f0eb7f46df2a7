//! Which sections of other frameworks ask for the same as a measure. An empty cell stays empty.

use crate::embedded::{CROSSWALK, PROOF};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A framework of the crosswalk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Framework {
    /// NIST Cybersecurity Framework 2.0.
    Csf2,
    /// CIS Controls v8.1: ids only, their text must not be shipped.
    Cis8,
    /// Essential Eight, at any maturity level, by ids of the ISM.
    E8,
    /// Information Security Manual of December 2025, beyond the Essential Eight.
    Ism,
    /// Cyber Essentials 3.x, by the name of the control.
    Ce,
    /// CISA Cross-Sector Cybersecurity Performance Goals 2.0.
    Cpg2,
    /// HIPAA, sections of 45 CFR.
    Hipaa,
    /// CISA SCuBA baselines, without the version suffix.
    Scuba,
    /// MITRE ATT&CK v19.1.
    Attack,
}

impl Framework {
    /// Every framework.
    pub const ALL: [Self; 9] = [
        Self::Csf2,
        Self::Cis8,
        Self::E8,
        Self::Ism,
        Self::Ce,
        Self::Cpg2,
        Self::Hipaa,
        Self::Scuba,
        Self::Attack,
    ];

    /// Its word in data and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csf2 => "csf2",
            Self::Cis8 => "cis8",
            Self::E8 => "e8",
            Self::Ism => "ism",
            Self::Ce => "ce",
            Self::Cpg2 => "cpg2",
            Self::Hipaa => "hipaa",
            Self::Scuba => "scuba",
            Self::Attack => "attack",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Csf2 => "NIST CSF 2.0",
            Self::Cis8 => "CIS Controls v8.1",
            Self::E8 => "Essential Eight",
            Self::Ism => "ISM (December 2025)",
            Self::Ce => "Cyber Essentials 3.x",
            Self::Cpg2 => "CISA CPG 2.0",
            Self::Hipaa => "HIPAA, 45 CFR",
            Self::Scuba => "CISA SCuBA",
            Self::Attack => "MITRE ATT&CK v19.1",
        }
    }

    /// The framework of a word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|framework| framework.as_str() == word)
    }
}

type Cells = BTreeMap<String, BTreeMap<String, Vec<String>>>;

static CELLS: LazyLock<Cells> = LazyLock::new(|| toml::from_str(CROSSWALK).expect(PROOF));

/// The ids of a framework that ask for the same as a measure; empty where the framework is silent.
#[must_use]
pub fn crosswalk(framework: Framework, measure: &str) -> &'static [String] {
    CELLS.get(measure).and_then(|cells| cells.get(framework.as_str())).map_or(&[], Vec::as_slice)
}
