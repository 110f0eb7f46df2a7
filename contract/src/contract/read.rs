//! Reads a contract from its file; every fault is said with its place.

use super::{About, Contract, Known, Party, Row, Signature, Threshold};
use crate::clause::Clause;
use crate::measure::{CheckInfo, Measure};
use crate::parameter::Parameter;
use crate::place::{Code, ContractError, Text, did_you_mean, shown};
use crate::read::{At, Faults, Fields, Need, top};
use crate::side::Owner;
use crate::unit::{Quantity, Unit};
use jiff::civil::Date;
use model::CustomerId;
use model::Side;
use std::collections::BTreeMap;
use std::ops::Range;

const HEADER_KEYS: &[&str] = &["id", "customer", "version", "valid_from", "valid_to", "profile"];
const ROW_KEYS: &[&str] = &[
    "measure",
    "clause",
    "name",
    "owed_by",
    "provider",
    "customer",
    "threshold",
    "unit",
    "parameter",
    "cadence",
    "checks",
    "remedy",
    "review",
    "not_bought",
];

pub(super) fn contract(text: &Text<'_>, known: &Known<'_>) -> Result<Contract, Vec<ContractError>> {
    let faults = Faults::new(*text);
    let read = top(&faults).and_then(|table| {
        let fields = Fields { faults: &faults, table: &table, span: 0..0, name: "the file" };
        whole(&fields, known)
    });
    faults.done(read)
}

fn whole(fields: &Fields<'_, '_>, known: &Known<'_>) -> Option<Contract> {
    fields.only(&["contract", "parties", "signature", "row"]);
    let header = fields.inner("contract", "`[contract]`", Need::Must);
    let parties = fields.inner("parties", "`[parties]`", Need::Must);
    let signatures = signatures(fields);
    let rows = rows(fields, known);
    let header = header?;
    header.only(HEADER_KEYS);
    let id = header.text("id", Need::Must).filter(|id| is_name(&header, id, "id"));
    let customer = customer(&header);
    let version = version(&header);
    let valid_from = header.day("valid_from", Need::Must);
    let valid_to = header.day("valid_to", Need::May);
    in_order(&header, valid_from.as_ref(), valid_to.as_ref());
    let profile = profile(&header, known);
    let parties = parties?;
    parties.only(&["provider", "customer"]);
    let provider = party(&parties, "provider");
    let customer_party = party(&parties, "customer");
    Some(Contract {
        id: id?.value,
        customer: customer?,
        version: version?,
        valid_from: valid_from?.value,
        valid_to: valid_to.map(|at| at.value),
        profile: profile?,
        provider: provider?,
        customer_party: customer_party?,
        signatures,
        rows,
    })
}

/// Whether a text is a plain name: 1 to 63 of `a-z 0-9 -`, as ids of customers are.
pub(crate) fn is_name(fields: &Fields<'_, '_>, text: &At<String>, key: &str) -> bool {
    let fault = CustomerId::parse(&text.value).err();
    if let Some(fault) = &fault {
        let what = format!("`{}` is no {key}: {fault}", shown(&text.value));
        fields.faults.say(&text.span, Code::BadName, what, "", String::new());
    }
    fault.is_none()
}

fn customer(header: &Fields<'_, '_>) -> Option<CustomerId> {
    let text = header.text("customer", Need::Must)?;
    if is_name(header, &text, "customer") { CustomerId::parse(&text.value).ok() } else { None }
}

fn version(header: &Fields<'_, '_>) -> Option<u32> {
    let number = header.number("version", Need::Must)?;
    let version = u32::try_from(number.value).ok().filter(|version| *version > 0);
    if version.is_none() {
        let what = format!("`{}` is no version", number.value);
        let instead = format!("count from 1 to {}", u32::MAX);
        header.faults.say(&number.span, Code::WrongKind, what, "", instead);
    }
    version
}

/// Complains when the last day comes before the first.
fn in_order(fields: &Fields<'_, '_>, from: Option<&At<Date>>, to: Option<&At<Date>>) {
    if let (Some(from), Some(to)) = (from, to)
        && to.value < from.value
    {
        let what = format!("the last day {} comes before the first, {}", to.value, from.value);
        fields.faults.say(&to.span, Code::WrongDate, what, "", "exchange them, or correct one".to_owned());
    }
}

fn profile(header: &Fields<'_, '_>, known: &Known<'_>) -> Option<String> {
    let id = header.text("profile", Need::Must)?;
    let ids = known.profile_ids();
    if !ids.contains(&id.value.as_str()) {
        let what = format!("there is no profile `{}`", shown(&id.value));
        let guess = did_you_mean(&id.value, ids.iter().copied());
        let instead = if guess.is_empty() { format!("known: {}", ids.join(", ")) } else { guess };
        header.faults.say(&id.span, Code::UnknownProfile, what, "", instead);
        return None;
    }
    Some(id.value)
}

fn party(parties: &Fields<'_, '_>, side: &str) -> Option<Party> {
    let fields = parties.inner(side, "the party", Need::Must)?;
    fields.only(&["name", "contact"]);
    let contact = fields.text("contact", Need::May).map(|at| at.value);
    Some(Party { name: fields.text("name", Need::Must)?.value, contact })
}

fn signatures(fields: &Fields<'_, '_>) -> Vec<Signature> {
    let mut all: Vec<Signature> = vec![];
    for entry in fields.each("signature", "the signature", Need::May) {
        entry.only(&["side", "name", "role", "signed", "over"]);
        let Some(signature) = signature(&entry) else { continue };
        if let Some(first) = all.iter().find(|s| s.side == signature.side) {
            let what = format!("the {} signed already, on line {}", signature.side, first.line);
            let why = "one signature of each side over one text";
            entry.faults.say(
                &entry.span,
                Code::DoubleSignature,
                what,
                why,
                "keep the one that holds".to_owned(),
            );
        } else {
            all.push(signature);
        }
    }
    all
}

fn signature(entry: &Fields<'_, '_>) -> Option<Signature> {
    let side = entry.word("side", Need::Must, &["provider", "customer"], Side::from_word);
    let name = entry.text("name", Need::Must);
    let role = entry.text("role", Need::Must);
    let signed = entry.day("signed", Need::Must);
    let over = entry.text("over", Need::Must);
    let over = over?;
    let digits = over.value.strip_prefix("sha256:").unwrap_or_default();
    if digits.len() != 64 || !digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        let what = format!("`{}` is no hash of a contract", shown(&over.value));
        let instead = "write `sha256:` and 64 digits of 0-9 a-f, as `contract show` prints them".to_owned();
        entry.faults.say(&over.span, Code::WrongKind, what, "both sides sign one hash", instead);
        return None;
    }
    let line = entry.faults.text.line(entry.span.start);
    Some(Signature {
        side: side?.value,
        name: name?.value,
        role: role?.value,
        signed: signed?.value,
        over: over.value,
        line,
    })
}

fn rows(fields: &Fields<'_, '_>, known: &Known<'_>) -> Vec<Row> {
    let known_checks = known.all_checks();
    let by_id: BTreeMap<&str, &CheckInfo> =
        known_checks.iter().map(|check| (check.id.as_str(), check)).collect();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = vec![];
    for entry in fields.each("row", "the row", Need::Must) {
        if entry.faults.is_full() {
            break;
        }
        entry.only(ROW_KEYS);
        let Some(row) = row(&entry, &by_id) else { continue };
        if let Some(first) = seen.get(&row.key()) {
            let what = format!("there is a row `{}` already, on line {first}", row.key());
            let instead = "give this row a `name` of its own, or join the two".to_owned();
            let why = "two rows of one name would leave open which one holds";
            entry.faults.say(&entry.span, Code::DuplicateRow, what, why, instead);
        } else {
            seen.insert(row.key(), row.line);
            all.push(row);
        }
    }
    all
}

fn row(entry: &Fields<'_, '_>, known: &BTreeMap<&str, &CheckInfo>) -> Option<Row> {
    let about = about(entry);
    let name = entry.text("name", Need::May).filter(|name| is_name(entry, name, "name of a row"));
    let words: Vec<&str> = Owner::ALL.iter().map(|owner| owner.as_str()).collect();
    let owed_by = entry.word("owed_by", Need::Must, &words, Owner::named);
    let duty = |side: Side| {
        let owes = owed_by.as_ref().is_some_and(|owner| owner.value.includes(side));
        let need = if owes { Need::Must } else { Need::May };
        entry.text(side.as_str(), need).map(|at| at.value)
    };
    let (provider, customer) = (duty(Side::Provider), duty(Side::Customer));
    let cadence = entry.text("cadence", Need::Must);
    let remedy = entry.text("remedy", Need::May).map(|at| at.value);
    let review = entry.day("review", Need::Must);
    let not_bought = not_bought(entry, owed_by.as_ref());
    let checks = row_checks(entry, about, known);
    let threshold = threshold(entry, about, &checks);
    let mut checks: Vec<String> = checks.into_iter().map(|at| at.value).collect();
    checks.sort_unstable();
    Some(Row {
        about: about?,
        name: name.map(|at| at.value),
        owed_by: owed_by?.value,
        provider,
        customer,
        threshold: threshold?,
        cadence: cadence?.value,
        checks,
        remedy,
        review: review?.value,
        not_bought,
        line: entry.faults.text.line(entry.span.start),
    })
}

fn about(entry: &Fields<'_, '_>) -> Option<About> {
    match (entry.table.contains_key("measure"), entry.table.contains_key("clause")) {
        (true, false) => {
            let id = entry.text("measure", Need::Must)?;
            let found = Measure::named(&id.value).map(About::Measure);
            let ids = Measure::all().iter().map(|measure| measure.id.as_str());
            found.or_else(|| unknown(entry, &id, Code::UnknownMeasure, "measure", ids))
        }
        (false, true) => {
            let id = entry.text("clause", Need::Must)?;
            let found = Clause::named(&id.value).map(About::Clause);
            let ids = Clause::all().iter().map(|clause| clause.id.as_str());
            found.or_else(|| unknown(entry, &id, Code::UnknownClause, "clause", ids))
        }
        (both, _) => {
            let code = if both { Code::Contradiction } else { Code::MissingKey };
            let says = if both { "both a measure and a clause" } else { "neither a measure nor a clause" };
            let instead = "write `measure = \"…\"` or `clause = \"…\"`, one of them".to_owned();
            entry.faults.say(&entry.span, code, format!("the row names {says}"), "", instead);
            None
        }
    }
}

fn unknown<'k>(
    entry: &Fields<'_, '_>,
    id: &At<String>,
    code: Code,
    noun: &str,
    known: impl Iterator<Item = &'k str> + Clone,
) -> Option<About> {
    let guess = did_you_mean(&id.value, known.clone());
    let all = || format!("known: {}", known.collect::<Vec<_>>().join(", "));
    let instead = if guess.is_empty() { all() } else { guess };
    entry.faults.say(&id.span, code, format!("there is no {noun} `{}`", shown(&id.value)), "", instead);
    None
}

fn not_bought(entry: &Fields<'_, '_>, owed_by: Option<&At<Owner>>) -> bool {
    let Some(said) = entry.truth("not_bought") else { return false };
    if said.value && owed_by.is_some_and(|owner| owner.value.includes(Side::Provider)) {
        let what = "the row was not bought, and the provider owes it".to_owned();
        let instead = "write `owed_by = \"customer\"` or `\"nobody\"`, or take `not_bought` out".to_owned();
        let why = "what was not bought, the provider does not owe";
        entry.faults.say(&said.span, Code::Contradiction, what, why, instead);
    }
    said.value
}

/// The measures whose checks may prove a row.
fn measures_of(about: About) -> Vec<&'static str> {
    match about {
        About::Measure(measure) => vec![measure.id.as_str()],
        About::Clause(clause) => clause.measures.iter().map(String::as_str).collect(),
    }
}

fn row_checks(
    entry: &Fields<'_, '_>,
    about: Option<About>,
    known: &BTreeMap<&str, &CheckInfo>,
) -> Vec<At<String>> {
    let mut good: Vec<At<String>> = vec![];
    for id in entry.words("checks", Need::May).unwrap_or_default() {
        if entry.faults.is_full() {
            break;
        }
        let Some(check) = known.get(id.value.as_str()) else {
            let what = format!("there is no check `{}`", shown(&id.value));
            let instead = did_you_mean(&id.value, known.keys().copied());
            let why = "a row bound to a check that is not there would never be proved";
            entry.faults.say(&id.span, Code::UnknownCheck, what, why, instead);
            continue;
        };
        let fits = about.is_none_or(|about| measures_of(about).contains(&check.measure.as_str()));
        if !fits {
            let about = about.map_or("this row", About::id);
            let what = format!("`{}` asks for `{}`, the row is about `{about}`", id.value, check.measure);
            let instead = format!("move it to the row of `{}`", check.measure);
            entry.faults.say(&id.span, Code::ForeignCheck, what, "", instead);
        } else if good.iter().any(|other| other.value == id.value) {
            let what = format!("`{}` stands here twice", id.value);
            entry.faults.say(&id.span, Code::Contradiction, what, "", "take one out".to_owned());
        } else {
            good.push(id);
        }
    }
    good
}

/// The threshold of a row: `Some(None)` where it has none, `None` after a fault.
#[expect(
    clippy::option_option,
    reason = "a row without a threshold and a row with a faulty one are two things"
)]
fn threshold(
    entry: &Fields<'_, '_>,
    about: Option<About>,
    checks: &[At<String>],
) -> Option<Option<Threshold>> {
    let has = |key: &str| entry.table.contains_key(key);
    let number = entry.number("threshold", Need::May);
    let unit = unit(entry);
    match (has("threshold"), has("unit")) {
        (false, false) if has("parameter") => {
            half(entry, "parameter", "no number", "add `threshold` and `unit`")
        }
        (false, false) => Some(None),
        (true, false) => {
            half(entry, "threshold", "no unit", "add `unit = \"days\"`, or the one that is meant")
        }
        (false, true) => half(entry, "unit", "no number", "add `threshold = …`"),
        (true, true) => {
            let value = Quantity { number: number?.value, unit: unit.as_ref()?.value };
            let span = unit?.span;
            let parameter = parameter(entry, about, checks, value, &span)?;
            if !is_possible(entry, parameter, value, &span) {
                return None;
            }
            Some(Some(Threshold { value, parameter, is_named: has("parameter") }))
        }
    }
}

/// Whether a number can be kept at all: a share is no more than all, and the number of a check lies within its bounds.
fn is_possible(
    entry: &Fields<'_, '_>,
    parameter: Option<&Parameter>,
    value: Quantity,
    span: &Range<usize>,
) -> bool {
    let whole = Quantity { number: 100, unit: Unit::Percent };
    if let Some(parameter) = parameter {
        let Some(bound) = parameter.bound_broken_by(value) else { return true };
        let what = format!("`{}` cannot be {value}", parameter.name);
        let why = "beyond its bounds a number asks nothing, or what nobody can keep";
        entry.faults.say(span, Code::OutOfBounds, what, why, format!("write {bound}"));
    } else if value.unit.compares_with(whole.unit) && value.base() > whole.base() {
        let what = format!("{value} is more than all");
        entry.faults.say(span, Code::Contradiction, what, "", String::new());
    } else {
        return true;
    }
    false
}

#[expect(clippy::option_option, reason = "fits the answer of `threshold`")]
fn half(entry: &Fields<'_, '_>, key: &str, lacks: &str, instead: &str) -> Option<Option<Threshold>> {
    let span = entry.table.get_key_value(key).map_or(entry.span.clone(), |(key, _)| key.span());
    let what = format!("the row has a `{key}` and {lacks}");
    let why = "a number without its unit means nothing, nor does a unit without its number";
    entry.faults.say(&span, Code::HalfThreshold, what, why, instead.to_owned());
    None
}

fn unit(entry: &Fields<'_, '_>) -> Option<At<Unit>> {
    let text = entry.text("unit", Need::May)?;
    let found = Unit::named(&text.value);
    if found.is_none() {
        let known: Vec<&str> = Unit::ALL.iter().map(|unit| unit.as_str()).collect();
        let what = format!("there is no unit `{}`", shown(&text.value));
        let guess = did_you_mean(&text.value, known.iter().copied());
        let instead = if guess.is_empty() { format!("known: {}", known.join(", ")) } else { guess };
        entry.faults.say(&text.span, Code::UnknownUnit, what, "", instead);
    }
    found.map(|value| At { value, span: text.span })
}

/// The parameter that a threshold sets: the one named, or the only one of the row's checks that its unit can measure.
#[expect(clippy::option_option, reason = "no such parameter and a faulty one are two things")]
fn parameter(
    entry: &Fields<'_, '_>,
    about: Option<About>,
    checks: &[At<String>],
    value: Quantity,
    span: &Range<usize>,
) -> Option<Option<&'static Parameter>> {
    let of_row: Vec<&'static Parameter> =
        checks.iter().flat_map(|check| Parameter::of_check(&check.value)).collect();
    if entry.table.contains_key("parameter") {
        return named_parameter(entry, about, &of_row, value, span).map(Some);
    }
    let fit: Vec<&'static Parameter> =
        of_row.into_iter().filter(|parameter| parameter.unit.compares_with(value.unit)).collect();
    match fit.as_slice() {
        [] => Some(None),
        [one] => Some(Some(*one)),
        many => {
            let names: Vec<&str> = many.iter().map(|parameter| parameter.name.as_str()).collect();
            let what = format!("`{value}` could be any of {} numbers", many.len());
            let instead = format!("add `parameter = \"…\"`, one of: {}", names.join(", "));
            let why = "the checks of this row read several numbers that this unit can measure";
            entry.faults.say(span, Code::UnclearParameter, what, why, instead);
            None
        }
    }
}

fn named_parameter(
    entry: &Fields<'_, '_>,
    about: Option<About>,
    of_row: &[&'static Parameter],
    value: Quantity,
    span: &Range<usize>,
) -> Option<&'static Parameter> {
    let name = entry.text("parameter", Need::Must)?;
    let found = of_row.iter().find(|parameter| parameter.name == name.value);
    let Some(parameter) = found else {
        let what = if Parameter::named(&name.value).is_some() {
            format!("no check of the row reads `{}`", name.value)
        } else {
            format!("no check reads a parameter `{}`", shown(&name.value))
        };
        let guess = did_you_mean(&name.value, of_row.iter().map(|parameter| parameter.name.as_str()));
        let about = about.map_or("the row", About::id);
        let names: Vec<&str> = of_row.iter().map(|parameter| parameter.name.as_str()).collect();
        let all = || match names.as_slice() {
            [] => format!("the checks of `{about}` read no number; name the check that does"),
            names => format!("known here: {}", names.join(", ")),
        };
        let instead = if guess.is_empty() { all() } else { guess };
        entry.faults.say(&name.span, Code::UnknownParameter, what, "", instead);
        return None;
    };
    if !parameter.unit.compares_with(value.unit) {
        let what = format!("`{}` is counted in {}, not in {}", parameter.name, parameter.unit, value.unit);
        let instead = format!("write `unit = \"{}\"` and the number that belongs to it", parameter.unit);
        entry.faults.say(span, Code::UnfitUnit, what, "", instead);
        return None;
    }
    Some(parameter)
}
