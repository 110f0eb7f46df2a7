//! Reads a profile from its file: every number with unit, source and confidence, none looser than what it is built on.

use super::{Confidence, Profile, ProfileStatus, Requires, Setting, is_check, unit_of};
use crate::measure::Measure;
use crate::parameter::Parameter;
use crate::place::{Code, ContractError, Text, did_you_mean, shown};
use crate::read::{At, Faults, Fields, Need, top};
use crate::unit::{Quantity, Unit};
use std::collections::BTreeMap;

const KEYS: &[&str] = &[
    "id",
    "title",
    "source",
    "date",
    "valid_from",
    "valid_to",
    "status",
    "framework",
    "parent",
    "set",
    "looser",
    "requires",
];
const STATUSES: &[(&str, ProfileStatus)] = &[
    ("in-force", ProfileStatus::InForce),
    ("proposed", ProfileStatus::Proposed),
    ("retiring", ProfileStatus::Retiring),
];
const CONFIDENCES: &[(&str, Confidence)] = &[
    ("confirmed", Confidence::Confirmed),
    ("second-hand", Confidence::SecondHand),
    ("unconfirmed", Confidence::Unconfirmed),
    ("own", Confidence::Own),
];

/// Reads a profile that is built on one of `known`.
pub(super) fn profile(text: &Text<'_>, known: &[Profile]) -> Result<Profile, Vec<ContractError>> {
    let faults = Faults::new(*text);
    let read = top(&faults).and_then(|table| {
        let fields = Fields { faults: &faults, table: &table, span: 0..0, name: "the profile" };
        whole(&fields, known)
    });
    faults.done(read)
}

fn whole(fields: &Fields<'_, '_>, known: &[Profile]) -> Option<Profile> {
    fields.only(KEYS);
    let id = fields.text("id", Need::Must);
    let title = fields.text("title", Need::Must);
    let source = fields.text("source", Need::Must);
    let date = fields.day("date", Need::Must);
    let valid_from = fields.day("valid_from", Need::May);
    let valid_to = fields.day("valid_to", Need::May);
    let status = choice(fields, "status", STATUSES);
    let framework = fields.table.get("framework").and_then(|value| value.get_ref().as_str());
    // Only the floor, which comes first, is built on nothing.
    let parent = if known.is_empty() { None } else { Some(parent(fields, known)?) };
    let set = settings(fields, "set");
    let looser = settings(fields, "looser");
    for (name, at) in set.iter().filter(|_| parent.is_some()) {
        not_looser(fields, name, at, parent.as_ref());
    }
    let plain = |all: BTreeMap<String, At<Setting>>| all.into_iter().map(|(n, at)| (n, at.value)).collect();
    Some(Profile {
        requires: requires(fields)?,
        id: id?.value,
        title: title?.value,
        source: source?.value,
        date: date?.value,
        valid_from: valid_from.map(|at| at.value),
        valid_to: valid_to.map(|at| at.value),
        status: status?,
        framework: framework.unwrap_or_default().to_owned(),
        parent: parent.map(Box::new),
        set: plain(set),
        looser: plain(looser),
    })
}

fn choice<T: Copy>(fields: &Fields<'_, '_>, key: &str, words: &[(&str, T)]) -> Option<T> {
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let named = |said: &str| words.iter().find(|(word, _)| *word == said).map(|(_, value)| *value);
    fields.word(key, Need::Must, &known, named).map(|at| at.value)
}

fn parent(fields: &Fields<'_, '_>, known: &[Profile]) -> Option<Profile> {
    let id = fields.text("parent", Need::Must)?;
    let found = known.iter().find(|profile| profile.id == id.value).cloned();
    if found.is_none() {
        let what = format!("there is no profile `{}` to build on", shown(&id.value));
        let instead = did_you_mean(&id.value, known.iter().map(|profile| profile.id.as_str()));
        fields.faults.say(&id.span, Code::UnknownProfile, what, "all are built on the floor", instead);
    }
    found
}

fn settings(fields: &Fields<'_, '_>, key: &str) -> BTreeMap<String, At<Setting>> {
    let mut all = BTreeMap::new();
    let Some(table) = fields.inner(key, "the list of numbers", Need::May) else { return all };
    for (name, value) in table.table {
        if fields.faults.is_full() {
            break;
        }
        let word: &str = name.get_ref();
        if Parameter::named(word).is_none() {
            let what = format!("no check reads a parameter `{}`", shown(word));
            let instead = did_you_mean(word, Parameter::all().map(|parameter| parameter.name.as_str()));
            let why = "a number that nobody reads tightens nothing";
            fields.faults.say(&name.span(), Code::UnknownParameter, what, why, instead);
            continue;
        }
        let Some(inner) = value.get_ref().as_table() else {
            let what = format!("`{word}` is written {{ value = …, unit = …, source = …, confidence = … }}");
            fields.faults.say(&value.span(), Code::WrongKind, what, "", String::new());
            continue;
        };
        let entry = Fields { faults: fields.faults, table: inner, span: name.span(), name: "the number" };
        if let Some(setting) = setting(&entry, word) {
            all.insert(word.to_owned(), At { value: setting, span: name.span() });
        }
    }
    all
}

fn setting(entry: &Fields<'_, '_>, name: &str) -> Option<Setting> {
    entry.only(&["value", "unit", "source", "confidence", "valid_from", "valid_to"]);
    let number = entry.number("value", Need::Must);
    let known: Vec<&str> = Unit::ALL.iter().map(|unit| unit.as_str()).collect();
    let unit = entry.word("unit", Need::Must, &known, Unit::named);
    let source = entry.text("source", Need::Must);
    let confidence = choice(entry, "confidence", CONFIDENCES);
    let valid_from = entry.day("valid_from", Need::May).map(|at| at.value);
    let valid_to = entry.day("valid_to", Need::May).map(|at| at.value);
    let unit = unit?;
    if unit_of(name) != Some(unit.value) {
        let wants = unit_of(name).map_or("another", Unit::as_str);
        let what = format!("`{name}` is counted in {wants}, not in {}", unit.value);
        let why = "a profile writes the number as the check reads it";
        entry.faults.say(&unit.span, Code::UnfitUnit, what, why, format!("write `unit = \"{wants}\"`"));
        return None;
    }
    let number = number?;
    let value = Quantity { number: number.value, unit: unit.value };
    if let Some(bound) = Parameter::named(name).and_then(|parameter| parameter.bound_broken_by(value)) {
        let what = format!("`{name}` cannot be {value}");
        let why = "beyond its bounds a number asks nothing, or what nobody can keep";
        entry.faults.say(&number.span, Code::OutOfBounds, what, why, format!("write {bound}"));
        return None;
    }
    Some(Setting { value, source: source?.value, confidence: confidence?, valid_from, valid_to })
}

/// Complains about a number that is looser than any that the parent has for it, on whatever day.
fn not_looser(fields: &Fields<'_, '_>, name: &str, at: &At<Setting>, parent: Option<&Profile>) {
    let Some(parameter) = Parameter::named(name) else { return };
    let above = parent.into_iter().flat_map(Profile::lineage).filter_map(|p| Some((p, p.set.get(name)?)));
    for (profile, theirs) in above {
        if parameter.stricter.is_weaker(at.value.value, theirs.value) {
            let bound = parameter.stricter.bound();
            let what = format!("{} is looser than the {} of `{}`", at.value.value, theirs.value, profile.id);
            let why = "a profile may tighten what it is built on, but not loosen it";
            let instead = format!(
                "write {bound} {}, or move the number to `[looser]`, where it is shown only",
                theirs.value
            );
            fields.faults.say(&at.span, Code::LooserThanFloor, what, why, instead);
            return;
        }
    }
}

fn requires(fields: &Fields<'_, '_>) -> Option<Requires> {
    let table = fields.inner("requires", "the list of checks", Need::Must)?;
    table.only(&["all", "except", "checks"]);
    let all = table.truth("all").is_some_and(|at| at.value);
    let ids = if all { table.words("except", Need::May) } else { table.words("checks", Need::Must) };
    let mut good = vec![];
    for id in ids.unwrap_or_default() {
        if is_check(&id.value) {
            good.push(id.value);
        } else if !table.faults.is_full() {
            let what = format!("there is no check `{}`", shown(&id.value));
            let ours = Measure::all().iter().flat_map(|measure| &measure.checks);
            let instead = did_you_mean(&id.value, ours.map(String::as_str));
            table.faults.say(&id.span, Code::UnknownCheck, what, "", instead);
        }
    }
    Some(if all { Requires::AllBut(good) } else { Requires::These(good) })
}
