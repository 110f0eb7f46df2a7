//! What was agreed: the versions of the contract in a customer's log, the numbers of a profile, and who owes what.

use crate::check::Check;
use contract::{Agreed, Contract, History, Parameter, Profile, Quantity};
use evidence::Side;
use jiff::civil::Date;
use ledger::Sealed;
use model::{Event, Kind, Time};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The day of an instant, in UTC.
#[must_use]
pub fn date(at: Time) -> Date {
    jiff::tz::TimeZone::UTC.to_datetime(at).date()
}

/// The form of a version of the contract in a log.
#[must_use]
pub fn contract_json(contract: &Contract, text: &str) -> Value {
    json!({"contract": 1, "id": contract.id, "version": contract.version, "hash": contract.hash(), "text": text})
}

/// The text of a version of the contract, where the body of a record of kind `contract` holds one.
#[must_use]
pub fn text_of(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    (body.get("contract") == Some(&json!(1))).then_some(())?;
    body.get("text")?.as_str().map(str::to_owned)
}

/// The versions of the contract with these texts; a text that this version cannot read is passed over.
pub(crate) fn history<'a>(texts: impl Iterator<Item = &'a str>) -> History {
    History::new(texts.filter_map(|text| Contract::parse(text).ok()).collect())
}

/// The text of each version of the contract in sealed records, in the order of the log, with its place.
#[must_use]
pub fn texts(sealed: &[Sealed<Vec<Event>>]) -> Vec<(u64, String)> {
    let records =
        sealed.iter().flat_map(|s| s.value()).map(|e| &e.record).filter(|r| r.kind == Kind::Contract);
    records.filter_map(|r| Some((r.seq, text_of(&r.raw)?))).collect()
}

/// The versions of the contract in sealed records; a text that this version cannot read is passed over.
#[must_use]
pub fn contracts(sealed: &[Sealed<Vec<Event>>]) -> History {
    history(texts(sealed).iter().map(|(_, text)| text.as_str()))
}

/// The numbers of a profile on a day, by `<check>.<parameter>`, each in the unit in which its check reads it.
#[must_use]
pub fn parameters(profile: &Profile, day: Date) -> BTreeMap<String, toml::Value> {
    let value = |parameter: &'static Parameter| {
        let number = profile.value(&parameter.name, day)?.setting.value.in_unit(parameter.unit)?;
        Some((parameter.name.clone(), toml::Value::Integer(i64::try_from(number).ok()?)))
    };
    Parameter::all().filter_map(value).collect()
}

/// Who owes a check under the contract of a day, in one sentence.
#[must_use]
pub fn owed(contracts: &History, check: &Check, side: Side, day: Date) -> String {
    let owed = contracts
        .on(day)
        .map_or(contract::Owed::NoContract, |c| c.owner_in(&check.id, &check.measure, side, day));
    owed.sentence()
}

/// The number that both sides signed for a parameter of a check, where it holds on that day beside the one that the
/// profile `asks`: only where it is stricter, or where neither the profile nor the floor states one.
pub(crate) fn agreed<'c>(
    contracts: &'c History,
    name: &str,
    asks: Asks<'_>,
    day: Date,
) -> Option<Agreed<'c>> {
    let parameter = Parameter::named(name)?;
    let agreed = contracts.on(day)?.agreed(parameter, day)?;
    let (Asks::Profile(least) | Asks::Check(least)) = asks;
    let is_free = matches!(asks, Asks::Check(_)) && parameter.default.is_some();
    // A number that cannot be compared is no number of ours: then the agreed one tightens nothing that we know of.
    let least = u64::try_from(least.as_integer()?).ok()?;
    let least = Quantity { number: least, unit: parameter.unit };
    (is_free || parameter.stricter.is_weaker(least, agreed.value)).then_some(agreed)
}

/// Whose number holds where nobody agreed on another one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asks<'a> {
    /// The profile states it.
    Profile(&'a toml::Value),
    /// The check has it as its default.
    Check(&'a toml::Value),
}
