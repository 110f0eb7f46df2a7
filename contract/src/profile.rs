//! Profiles: which checks a law or scheme asks for, and its numbers. All are built on the floor of the alert, which
//! they may tighten but not loosen.

use crate::embedded::{PROFILES, PROOF};
use crate::measure::Measure;
use crate::parameter::Parameter;
use crate::place::{ContractError, Text};
use crate::unit::{Quantity, Unit};
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

mod read;

/// Whether a profile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileStatus {
    /// It holds.
    InForce,
    /// It is a proposal: off unless asked for by name, and a screen says so.
    Proposed,
    /// It holds, and its end is announced.
    Retiring,
}

impl ProfileStatus {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in-force",
            Self::Proposed => "proposed",
            Self::Retiring => "retiring",
        }
    }
}

/// How sure we are of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Read in the text itself or in a faithful copy.
    Confirmed,
    /// From a note, the press, or somebody's transcription.
    SecondHand,
    /// Recalled: never to be shown as settled.
    Unconfirmed,
    /// Our own choice: the source names no number.
    Own,
}

impl Confidence {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::SecondHand => "second-hand",
            Self::Unconfirmed => "unconfirmed",
            Self::Own => "own",
        }
    }
}

/// A number that a profile sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The number, in the parameter's own unit.
    pub value: Quantity,
    /// Document and section.
    pub source: String,
    /// How sure we are.
    pub confidence: Confidence,
    /// The first day on which it holds; `None`: as long as the profile.
    pub valid_from: Option<Date>,
    /// The last day on which it holds.
    pub valid_to: Option<Date>,
}

/// Which checks a profile asks for by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Requires {
    AllBut(Vec<String>),
    These(Vec<String>),
}

/// One profile, with everything that it is built on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its id, such as `hipaa`.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// The document it comes from.
    pub source: String,
    /// The day of that document.
    pub date: Date,
    /// The first day on which it holds, where that is known.
    pub valid_from: Option<Date>,
    /// The last day on which it holds, where that is known.
    pub valid_to: Option<Date>,
    /// Whether it holds.
    pub status: ProfileStatus,
    /// Its column in the crosswalk, if it has one.
    pub framework: String,
    /// What it is built on; only the floor is built on nothing.
    pub parent: Option<Box<Self>>,
    /// Its own numbers, by name of the parameter.
    set: BTreeMap<String, Setting>,
    /// Numbers that its source names and that are looser than what it is built on: shown, never applied.
    pub looser: BTreeMap<String, Setting>,
    requires: Requires,
}

static ALL: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    let mut all: Vec<Profile> = vec![];
    for (_, text) in PROFILES {
        let profile = read::profile(&Text::new(text), &all).expect(PROOF);
        all.push(profile);
    }
    all
});

/// A number in force, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce<'a> {
    /// The number with its source.
    pub setting: &'a Setting,
    /// The profile that sets it: the one asked, or one that it is built on.
    pub profile: &'a Profile,
}

/// What a profile says about a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applies<'a> {
    /// The profile's own source asks for it.
    Required,
    /// Its source is silent; a profile that it is built on asks for it.
    Inherited(&'a Profile),
    /// Nobody asks for it here.
    Silent,
}

impl Profile {
    /// The profiles that ship with the program, parents first.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// The profile of an id.
    #[must_use]
    pub fn named(id: &str) -> Option<&'static Self> {
        ALL.iter().find(|profile| profile.id == id)
    }

    /// The floor: AA22-131A and nothing else.
    #[must_use]
    pub fn floor() -> &'static Self {
        &ALL[0]
    }

    /// Reads a profile of the user's own, built on one that ships with the program.
    ///
    /// # Errors
    /// What is wrong in it, with places: an unknown check or parameter, a number looser than what it is built on.
    pub fn parse(text: &str) -> Result<Self, Vec<ContractError>> {
        read::profile(&Text::new(text), &ALL)
    }

    /// Whether it is that profile, or built on it.
    #[must_use]
    pub fn is_built_on(&self, id: &str) -> bool {
        self.lineage().any(|profile| profile.id == id)
    }

    /// Itself, then what it is built on, to the floor.
    pub fn lineage(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |profile| profile.parent.as_deref())
    }

    /// Whether it holds on that day. A proposal never does.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.status != ProfileStatus::Proposed && within(day, self.valid_from, self.valid_to)
    }

    /// The number in force for a parameter on that day: its own, or that of the nearest profile it is built on.
    /// `None` where nobody states one.
    #[must_use]
    pub fn value(&self, parameter: &str, day: Date) -> Option<InForce<'_>> {
        let own = |profile: &Self| -> Option<_> {
            let setting = profile.set.get(parameter)?;
            within(day, setting.valid_from, setting.valid_to).then_some(())
        };
        let profile = self.lineage().find(|profile| own(profile).is_some())?;
        profile.set.get(parameter).map(|setting| InForce { setting, profile })
    }

    /// The numbers of a check that are in force on that day, by the word behind the check's id: what a check binds
    /// as its parameters.
    #[must_use]
    pub fn parameters(&self, check: &str, day: Date) -> BTreeMap<&'static str, InForce<'_>> {
        let bound = |parameter: &'static Parameter| {
            let word = parameter.name.rsplit('.').next()?;
            Some((word, self.value(&parameter.name, day)?))
        };
        Parameter::of_check(check).filter_map(bound).collect()
    }

    /// The numbers that this profile sets itself.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.set.iter().map(|(name, setting)| (name.as_str(), setting))
    }

    /// What it says about a check.
    #[must_use]
    pub fn applies(&self, check: &str) -> Applies<'_> {
        if self.names(check) {
            return Applies::Required;
        }
        let asks = self.lineage().skip(1).find(|profile| profile.names(check));
        asks.map_or(Applies::Silent, Applies::Inherited)
    }

    /// Whether its own source asks for a check.
    fn names(&self, check: &str) -> bool {
        match &self.requires {
            // A check that a provider wrote itself is asked for by the floor as well.
            Requires::AllBut(not) => !not.iter().any(|id| id == check),
            Requires::These(ids) => ids.iter().any(|id| id == check),
        }
    }
}

/// Whether a day lies in a span whose ends both belong to it.
pub(crate) fn within(day: Date, from: Option<Date>, to: Option<Date>) -> bool {
    from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
}

/// Whether a check of that id is one of ours.
pub(crate) fn is_check(id: &str) -> bool {
    Measure::of_check(id).is_some()
}

/// The unit of a parameter, for messages.
pub(crate) fn unit_of(parameter: &str) -> Option<Unit> {
    Parameter::named(parameter).map(|parameter| parameter.unit)
}
