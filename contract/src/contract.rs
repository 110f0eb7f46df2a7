//! A contract: who owes which measure and clause, to what threshold, proved by which checks, signed by whom.

use crate::clause::Clause;
use crate::measure::{CheckInfo, Measure, checks};
use crate::parameter::Parameter;
use crate::place::{ContractError, Text};
use crate::profile::{Profile, within};
use crate::side::Owner;
use crate::unit::Quantity;
use jiff::civil::Date;
use model::CustomerId;
use model::Side;
use std::fmt;

mod read;

pub(crate) use read::is_name as row_name;

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// One of the seventeen measures.
    Measure(&'static Measure),
    /// A clause of the catalogue.
    Clause(&'static Clause),
}

impl About {
    /// The id of the measure or clause.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Measure(measure) => &measure.id,
            Self::Clause(clause) => &clause.id,
        }
    }

    /// Its title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Measure(measure) => &measure.title,
            Self::Clause(clause) => &clause.title,
        }
    }
}

/// A number that a row promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// The number with the unit of the contract.
    pub value: Quantity,
    /// The parameter that it sets; `None` where no check reads such a number.
    pub parameter: Option<&'static Parameter>,
    /// Whether the contract names the parameter itself; else it is the only one of the row's checks that fits.
    pub is_named: bool,
}

/// One row of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The measure or clause.
    pub about: About,
    /// The row's own name, where a measure or clause has several rows.
    pub name: Option<String>,
    /// Who owes it.
    pub owed_by: Owner,
    /// What the provider owes, in words.
    pub provider: Option<String>,
    /// What the customer owes, in words.
    pub customer: Option<String>,
    /// The number promised, if the row promises one.
    pub threshold: Option<Threshold>,
    /// How often it is looked at, in words.
    pub cadence: String,
    /// The checks that prove it, in alphabetical order.
    pub checks: Vec<String>,
    /// What follows when it is not kept.
    pub remedy: Option<String>,
    /// The day on which the row is to be reviewed.
    pub review: Date,
    /// Whether the service was offered and not bought.
    pub not_bought: bool,
    /// Its line in the file, from 1.
    pub line: usize,
}

impl Row {
    /// What the row is called: `logging`, or `logging/retention` where it has a name of its own.
    #[must_use]
    pub fn key(&self) -> String {
        self.name
            .as_ref()
            .map_or_else(|| self.about.id().to_owned(), |name| format!("{}/{name}", self.about.id()))
    }

    /// What that side owes, in words.
    #[must_use]
    pub fn duty(&self, side: Side) -> Option<&str> {
        match side {
            Side::Provider => self.provider.as_deref(),
            Side::Customer => self.customer.as_deref(),
        }
    }

    /// Whether no check proves it: what it says can only be believed.
    #[must_use]
    pub fn is_declarative(&self) -> bool {
        self.checks.is_empty()
    }
}

/// One of the parties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Its name.
    pub name: String,
    /// Who is told what, and how; if the contract says it.
    pub contact: Option<String>,
}

/// One signature, as the file claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The side that signed.
    pub side: Side,
    /// Who signed.
    pub name: String,
    /// As what.
    pub role: String,
    /// The day of signing.
    pub signed: Date,
    /// What was signed: `sha256:` and the hash of the canonical form in hexadecimal.
    pub over: String,
    /// Its line in the file, from 1.
    pub line: usize,
}

/// Whether the sides signed what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signed {
    /// Neither side signed this text.
    Not,
    /// Only that side signed this text.
    OneSide(Side),
    /// Both sides signed this text.
    Both,
}

/// A contract, in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Its id; the same in all versions.
    pub id: String,
    /// The customer whose log it belongs to.
    pub customer: CustomerId,
    /// Its version, from 1.
    pub version: u32,
    /// The first day on which it holds.
    pub valid_from: Date,
    /// The last day on which it holds; `None`: until another version takes its place.
    pub valid_to: Option<Date>,
    /// The id of its profile.
    pub profile: String,
    /// The provider.
    pub provider: Party,
    /// The customer.
    pub customer_party: Party,
    /// The signatures, at most one of each side.
    pub signatures: Vec<Signature>,
    /// The rows, in the order of the file.
    pub rows: Vec<Row>,
}

/// What a contract may name beyond what ships with the program: checks and profiles of the provider's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// Checks beside ours.
    pub checks: &'a [CheckInfo],
    /// Profiles beside ours.
    pub profiles: &'a [Profile],
}

impl Known<'_> {
    /// All checks that may be named.
    pub(crate) fn all_checks(&self) -> Vec<CheckInfo> {
        let mut all = checks();
        // A check of the provider's own does not take the place of one of ours.
        all.extend(self.checks.iter().filter(|check| Measure::of_check(&check.id).is_none()).cloned());
        all
    }

    /// The ids of all profiles that may be named.
    pub(crate) fn profile_ids(&self) -> Vec<&str> {
        Profile::all().iter().chain(self.profiles).map(|profile| profile.id.as_str()).collect()
    }
}

impl Contract {
    /// Reads a contract that names only what ships with the program.
    ///
    /// # Errors
    /// Every fault with its place, at most fifty.
    pub fn parse(text: &str) -> Result<Self, Vec<ContractError>> {
        Self::parse_knowing(text, &Known::default())
    }

    /// Reads a contract that may name checks and profiles of the provider's own.
    ///
    /// # Errors
    /// Every fault with its place, at most fifty.
    pub fn parse_knowing(text: &str, known: &Known<'_>) -> Result<Self, Vec<ContractError>> {
        read::contract(&Text::new(text), known)
    }

    /// The row of that key, such as `logging` or `logging/retention`.
    #[must_use]
    pub fn row(&self, key: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.key() == key)
    }

    /// Whether it holds on that day, signed or not.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        within(day, Some(self.valid_from), self.valid_to)
    }

    /// Who signed the text that stands there; a signature over another text does not count.
    #[must_use]
    pub fn signed(&self) -> Signed {
        let hash = self.hash();
        let signed = |side| self.signatures.iter().any(|s| s.side == side && s.over == hash);
        match (signed(Side::Provider), signed(Side::Customer)) {
            (true, true) => Signed::Both,
            (true, false) => Signed::OneSide(Side::Provider),
            (false, true) => Signed::OneSide(Side::Customer),
            (false, false) => Signed::Not,
        }
    }

    /// How many rows a check proves, of how many.
    #[must_use]
    pub fn bound(&self) -> Bound {
        let bound = self.rows.iter().filter(|row| !row.is_declarative()).count();
        Bound { bound, rows: self.rows.len() }
    }
}

/// The share of rows that a check proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Rows that name at least one check.
    pub bound: usize,
    /// All rows.
    pub rows: usize,
}

impl Bound {
    /// The share in percent, rounded down; none of none is none.
    #[must_use]
    pub fn percent(self) -> u64 {
        let (bound, rows) = (self.bound as u64, self.rows as u64);
        (bound * 100).checked_div(rows).unwrap_or(0)
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} rows ({} %)", self.bound, self.rows, self.percent())
    }
}
