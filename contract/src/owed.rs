//! Who owes a check under the contract in force on a day: what every verdict names.

use crate::contract::{About, Contract, Row, Signed};
use crate::measure::Measure;
use crate::parameter::Parameter;
use crate::side::Owner;
use crate::unit::Quantity;
use jiff::civil::Date;
use model::Side;

/// What a side owes for a check on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owed<'c> {
    /// That side owes it, alone or with the other.
    Here(&'c Row),
    /// The other side owes it, alone.
    There(&'c Row),
    /// The contract says that nobody owes it.
    ByNobody(&'c Row),
    /// No row of the contract is about it.
    NoRow,
    /// No contract holds on that day.
    NoContract,
}

impl<'c> Owed<'c> {
    /// The row that says so, if one does.
    #[must_use]
    pub fn row(self) -> Option<&'c Row> {
        match self {
            Self::Here(row) | Self::There(row) | Self::ByNobody(row) => Some(row),
            Self::NoRow | Self::NoContract => None,
        }
    }

    /// Its word for machines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Here(_) => "here",
            Self::There(_) => "there",
            Self::ByNobody(_) => "nobody",
            Self::NoRow => "no-row",
            Self::NoContract => "no-contract",
        }
    }

    /// A sentence for a report.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::Here(row) | Self::There(row) => {
                let who = match row.owed_by {
                    Owner::Both => "both sides".to_owned(),
                    owner => format!("the {owner}"),
                };
                format!("owed by {who} (row `{}`, line {})", row.key(), row.line)
            }
            Self::ByNobody(row) if row.not_bought => {
                format!("not bought, owed by nobody (row `{}`, line {})", row.key(), row.line)
            }
            Self::ByNobody(row) => format!("owed by nobody (row `{}`, line {})", row.key(), row.line),
            Self::NoRow => "the contract does not say who owes it".to_owned(),
            Self::NoContract => "no contract holds on that day".to_owned(),
        }
    }
}

impl Contract {
    /// What a side owes for a check of ours on a day.
    #[must_use]
    pub fn owner_of(&self, check: &str, side: Side, day: Date) -> Owed<'_> {
        let measure = Measure::of_check(check).map_or("", |measure| measure.id.as_str());
        self.owner_in(check, measure, side, day)
    }

    /// The same for a check of the provider's own, which asks for that measure.
    ///
    /// A row that has a name of its own is about the checks that it lists; a row without one is about its whole
    /// measure. A clause speaks only where no row of the measure does.
    #[must_use]
    pub fn owner_in(&self, check: &str, measure: &str, side: Side, day: Date) -> Owed<'_> {
        if !self.holds_on(day) {
            return Owed::NoContract;
        }
        let lists = |row: &&Row| row.checks.iter().any(|id| id == check);
        let of_measure = |row: &&Row| matches!(row.about, About::Measure(about) if about.id == measure);
        let named = self.rows.iter().find(|row| of_measure(row) && row.name.is_some() && lists(row));
        let main = || self.rows.iter().find(|row| of_measure(row) && row.name.is_none());
        let clause = || self.rows.iter().find(|row| matches!(row.about, About::Clause(_)) && lists(row));
        let Some(row) = named.or_else(main).or_else(clause) else { return Owed::NoRow };
        match row.owed_by {
            Owner::Nobody => Owed::ByNobody(row),
            owner if owner.includes(side) => Owed::Here(row),
            _ => Owed::There(row),
        }
    }
}

/// A number that both sides signed, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed<'c> {
    /// The number in the unit of its check, rounded to the side that asks more.
    pub value: Quantity,
    /// The row that promises it.
    pub row: &'c Row,
}

impl Contract {
    /// The number that holds for a parameter on a day because both sides signed it. It is one number for both sides'
    /// answers: who owes the row says whose move it is, not what is asked. Of several rows the strictest counts; a row
    /// that nobody owes promises nothing.
    #[must_use]
    pub fn agreed(&self, parameter: &Parameter, day: Date) -> Option<Agreed<'_>> {
        if !self.holds_on(day) {
            return None;
        }
        let mut strictest: Option<Agreed<'_>> = None;
        for row in self.rows.iter().filter(|row| row.owed_by != Owner::Nobody) {
            let Some(promised) = row.threshold.filter(|t| t.parameter == Some(parameter)) else { continue };
            let Some(number) = promised.value.asked_in(parameter.unit, parameter.stricter) else { continue };
            let value = Quantity { number, unit: parameter.unit };
            if strictest.is_none_or(|other| parameter.stricter.is_weaker(other.value, value)) {
                strictest = Some(Agreed { value, row });
            }
        }
        // Last, because a signature is over a hash of the whole.
        strictest.filter(|_| self.signed() == Signed::Both)
    }
}

/// All versions of one customer's contract.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    versions: Vec<Contract>,
}

impl History {
    /// Keeps versions in the order of their numbers; of two with one number the one that came later.
    #[must_use]
    pub fn new(versions: Vec<Contract>) -> Self {
        let mut kept: Vec<Contract> = vec![];
        for version in versions {
            kept.retain(|other| (&other.id, other.version) != (&version.id, version.version));
            kept.push(version);
        }
        kept.sort_by(|a, b| (a.version, &a.id).cmp(&(b.version, &b.id)));
        Self { versions: kept }
    }

    /// All versions, the oldest first.
    #[must_use]
    pub fn versions(&self) -> &[Contract] {
        &self.versions
    }

    /// The version in force on a day: the newest that holds and that both sides signed. Where none is signed by
    /// both, the newest that holds; [`Contract::signed`] says that it is a draft.
    #[must_use]
    pub fn on(&self, day: Date) -> Option<&Contract> {
        let holds = || self.versions.iter().rev().filter(|version| version.holds_on(day));
        holds().find(|version| version.signed() == Signed::Both).or_else(|| holds().next())
    }

    /// What a side owes for a check of ours on a day, under the version in force then.
    #[must_use]
    pub fn owner_of(&self, check: &str, side: Side, day: Date) -> Owed<'_> {
        self.on(day).map_or(Owed::NoContract, |contract| contract.owner_of(check, side, day))
    }
}
