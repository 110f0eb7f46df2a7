//! What changed between two versions of a contract, and whether it asks more or less than before.

use crate::contract::{Contract, Row, Threshold};
use crate::profile::Profile;
use crate::side::Owner;
use model::Side;
use std::collections::{BTreeMap, BTreeSet};

/// Whether a change asks more or less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// It asks more than before.
    Stricter,
    /// It asks less than before: look twice.
    Looser,
    /// No machine can say.
    Neither,
}

impl Direction {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stricter => "stricter",
            Self::Looser => "looser",
            Self::Neither => "neither",
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key of the row; `None` for the head of the contract.
    pub row: Option<String>,
    /// The field that changed; `row` where a whole row came or went.
    pub field: &'static str,
    /// What stood there; `None` where nothing did.
    pub old: Option<String>,
    /// What stands there now; `None` where nothing does.
    pub new: Option<String>,
    /// Whether it asks more or less.
    pub direction: Direction,
}

/// What changed from one version to another: the head first, then the rows by their keys. Signatures and the order of
/// rows are no change.
#[must_use]
pub fn diff(old: &Contract, new: &Contract) -> Vec<Change> {
    let mut changes = head(old, new);
    let by_key = |contract: &Contract| -> BTreeMap<String, Row> {
        contract.rows.iter().map(|row| (row.key(), row.clone())).collect()
    };
    let (before, after) = (by_key(old), by_key(new));
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in keys {
        match (before.get(key), after.get(key)) {
            (Some(old), Some(new)) => changes.extend(row(key, old, new)),
            (Some(gone), None) => changes.push(whole(key, gone, false)),
            (None, Some(come)) => changes.push(whole(key, come, true)),
            (None, None) => {}
        }
    }
    changes
}

/// A row that came or went. One that nobody owes asks nothing either way.
fn whole(key: &str, row: &Row, came: bool) -> Change {
    let direction = match (row.owed_by, came) {
        (Owner::Nobody, _) => Direction::Neither,
        (_, true) => Direction::Stricter,
        (_, false) => Direction::Looser,
    };
    let said = Some(format!("owed by {}", row.owed_by));
    let (old, new) = if came { (None, said) } else { (said, None) };
    Change { row: Some(key.to_owned()), field: "row", old, new, direction }
}

/// Collects the fields of one thing that differ.
struct Fields<'a> {
    row: Option<&'a str>,
    changes: Vec<Change>,
}

impl Fields<'_> {
    fn compare(
        &mut self,
        field: &'static str,
        old: Option<String>,
        new: Option<String>,
        direction: impl FnOnce() -> Direction,
    ) {
        if old != new {
            let row = self.row.map(str::to_owned);
            self.changes.push(Change { row, field, old, new, direction: direction() });
        }
    }

    fn words(&mut self, field: &'static str, old: Option<&str>, new: Option<&str>) {
        self.compare(field, old.map(str::to_owned), new.map(str::to_owned), || Direction::Neither);
    }
}

fn head(old: &Contract, new: &Contract) -> Vec<Change> {
    let mut fields = Fields { row: None, changes: vec![] };
    let day = |day: jiff::civil::Date| day.to_string();
    fields.words("id", Some(&old.id), Some(&new.id));
    fields.words("customer", Some(old.customer.as_str()), Some(new.customer.as_str()));
    fields.words("version", Some(&old.version.to_string()), Some(&new.version.to_string()));
    fields.words("valid_from", Some(&day(old.valid_from)), Some(&day(new.valid_from)));
    fields.words("valid_to", old.valid_to.map(day).as_deref(), new.valid_to.map(day).as_deref());
    let profiles = || profiles(&old.profile, &new.profile);
    fields.compare("profile", Some(old.profile.clone()), Some(new.profile.clone()), profiles);
    let parties = [
        ("provider's name", "provider's contact", &old.provider, &new.provider),
        ("customer's name", "customer's contact", &old.customer_party, &new.customer_party),
    ];
    for (name, contact, old, new) in parties {
        fields.words(name, Some(&old.name), Some(&new.name));
        fields.words(contact, old.contact.as_deref(), new.contact.as_deref());
    }
    fields.changes
}

/// A profile built on the one before asks at least as much.
fn profiles(old: &str, new: &str) -> Direction {
    let on = |this: &str, that: &str| Profile::named(this).is_some_and(|profile| profile.is_built_on(that));
    match (on(new, old), on(old, new)) {
        (true, _) => Direction::Stricter,
        (_, true) => Direction::Looser,
        _ => Direction::Neither,
    }
}

fn row(key: &str, old: &Row, new: &Row) -> Vec<Change> {
    let mut fields = Fields { row: Some(key), changes: vec![] };
    let owner = |row: &Row| Some(row.owed_by.to_string());
    fields.compare("owed_by", owner(old), owner(new), || owners(old.owed_by, new.owed_by));
    fields.words("provider", old.provider.as_deref(), new.provider.as_deref());
    fields.words("customer", old.customer.as_deref(), new.customer.as_deref());
    let number = |row: &Row| row.threshold.map(|threshold| threshold.value.to_string());
    fields.compare("threshold", number(old), number(new), || thresholds(old.threshold, new.threshold));
    let parameter = |row: &Row| Some(row.threshold?.parameter?.name.clone());
    fields.compare("parameter", parameter(old), parameter(new), || Direction::Neither);
    fields.words("cadence", Some(&old.cadence), Some(&new.cadence));
    let checks = |row: &Row| (!row.checks.is_empty()).then(|| row.checks.join(", "));
    fields.compare("checks", checks(old), checks(new), || subsets(&old.checks, &new.checks));
    let remedies = || come_or_gone(old.remedy.is_some(), new.remedy.is_some());
    fields.compare("remedy", old.remedy.clone(), new.remedy.clone(), remedies);
    let review = |row: &Row| Some(row.review.to_string());
    let later = || if new.review > old.review { Direction::Looser } else { Direction::Stricter };
    fields.compare("review", review(old), review(new), later);
    let bought = |row: &Row| Some(if row.not_bought { "not bought" } else { "bought" }.to_owned());
    fields.compare("not_bought", bought(old), bought(new), || {
        come_or_gone(old.not_bought, new.not_bought).back()
    });
    fields.changes
}

impl Direction {
    fn back(self) -> Self {
        match self {
            Self::Stricter => Self::Looser,
            Self::Looser => Self::Stricter,
            Self::Neither => Self::Neither,
        }
    }
}

fn come_or_gone(old: bool, new: bool) -> Direction {
    match (old, new) {
        (false, true) => Direction::Stricter,
        (true, false) => Direction::Looser,
        _ => Direction::Neither,
    }
}

/// More sides that owe ask more; another side that owes asks of somebody else.
fn owners(old: Owner, new: Owner) -> Direction {
    let sides = |owner: Owner| Side::BOTH.map(|side| owner.includes(side));
    let (old, new) = (sides(old), sides(new));
    let at_least = |a: [bool; 2], b: [bool; 2]| a.iter().zip(b).all(|(a, b)| *a || !b);
    match (at_least(new, old), at_least(old, new)) {
        (true, false) => Direction::Stricter,
        (false, true) => Direction::Looser,
        _ => Direction::Neither,
    }
}

fn thresholds(old: Option<Threshold>, new: Option<Threshold>) -> Direction {
    let (Some(old), Some(new)) = (old, new) else { return come_or_gone(old.is_some(), new.is_some()) };
    let same = old.parameter.filter(|parameter| new.parameter == Some(parameter));
    let Some(parameter) = same else { return Direction::Neither };
    match (
        parameter.stricter.is_weaker(old.value, new.value),
        parameter.stricter.is_weaker(new.value, old.value),
    ) {
        (true, _) => Direction::Stricter,
        (_, true) => Direction::Looser,
        _ => Direction::Neither,
    }
}

fn subsets(old: &[String], new: &[String]) -> Direction {
    let holds = |all: &[String], part: &[String]| part.iter().all(|id| all.contains(id));
    match (holds(new, old), holds(old, new)) {
        (true, false) => Direction::Stricter,
        (false, true) => Direction::Looser,
        _ => Direction::Neither,
    }
}
