//! The number that both sides signed is the one that an answer is measured by, and it loosens nothing.

use assess::assessment::assess;
use assess::judge::{Answer, Circumstances};
use assess::{Dossier, Verdict, embedded, terms};
use contract::{Contract, History, Parameter, Profile, Quantity, Stricter};
use jiff::civil::date;
use std::collections::BTreeMap;

const CHECK: &str = "aa.disabled-when-idle";

fn measure_of(check: &str) -> String {
    embedded().checks().find(|c| c.id == check).map(|c| c.measure.clone()).expect("one of ours")
}

/// A contract with a row for a number of a check; `signed` by both sides, or by nobody.
fn contract(parameter: &Parameter, value: Quantity, signed: bool) -> Result<Contract, String> {
    let Quantity { number, unit } = value;
    let (name, check, measure) = (&parameter.name, parameter.check(), measure_of(parameter.check()));
    let text = format!(
        r#"[contract]
id = "acme-security"
customer = "acme"
version = 1
valid_from = 2026-01-01
profile = "alert-floor"
[parties.provider]
name = "Northwind IT"
[parties.customer]
name = "Acme Clinic"
[[row]]
measure = "{measure}"
name = "number"
owed_by = "both"
provider = "Keeps it."
customer = "Keeps it."
threshold = {number}
unit = "{unit}"
parameter = "{name}"
cadence = "daily"
checks = ["{check}"]
review = 2026-12-31
"#
    );
    let read = |text: &str| {
        let all = |errors: Vec<contract::ContractError>| errors.iter().map(|e| e.render("c.toml")).collect();
        Contract::parse(text).map_err(all)
    };
    let hash = read(&text)?.hash();
    let sign = |side: &str| {
        format!(
            "[[signature]]\nside = \"{side}\"\nname = \"Ana\"\nrole = \"owner\"\nsigned = 2026-01-02\nover = \"{hash}\"\n"
        )
    };
    if signed { read(&(text + &sign("provider") + &sign("customer"))) } else { read(&text) }
}

/// The number that holds where nobody agreed on another one.
fn stated(parameter: &Parameter) -> Quantity {
    let floor = Profile::floor().settings().find(|(name, _)| *name == parameter.name);
    floor.map(|(_, setting)| setting.value).or(parameter.default).expect("one of them")
}

/// A number of the same parameter that asks more, or less, where its bounds leave room for one.
fn other(parameter: &Parameter, asks_more: bool) -> Option<Quantity> {
    let (least, most) = parameter.bounds;
    let now = stated(parameter);
    let up = (parameter.stricter == Stricter::More) == asks_more;
    let number = if up { now.number.checked_add(1)? } else { now.number.checked_sub(1)? };
    (least..=most).contains(&number).then_some(Quantity { number, unit: now.unit })
}

/// What every answer was measured by, without any evidence.
fn used(contracts: &History, profile: &Profile) -> BTreeMap<String, String> {
    let set = embedded();
    let parameters = terms::parameters(profile, date(2026, 11, 20));
    let now = "2026-11-20T12:00:00Z".parse().expect("a time");
    let about = Circumstances { now, parameters: &parameters, exceptions: &[], contracts };
    let assessment = assess(&Dossier::default(), &set, &about).expect("nothing to load");
    let of = |answer: &Answer| -> Vec<(String, String)> {
        let name = |word: &String| format!("{}.{}", answer.check, word.replace('_', "-"));
        answer.parameters.iter().map(|(word, value)| (name(word), value.clone())).collect()
    };
    assessment.answers().flat_map(of).collect()
}

#[test]
fn a_row_can_set_every_number_of_every_check() {
    let set = embedded();
    let mut seen = 0;
    // One contract for each number would be 119 assessments; the rule of a day has all but those of a rule that ended.
    for parameter in Parameter::all() {
        let Some(stricter) = other(parameter, true) else { continue };
        let contract = contract(parameter, stricter, true).expect("a row can set it");
        let check = set.checks().find(|c| c.id == parameter.check()).expect("one of ours");
        let agreed = contract.agreed(parameter, date(2026, 11, 20)).expect("both signed it");
        assert_eq!(agreed.value, stricter, "{}", parameter.name);
        let word = parameter.name.rsplit('.').next().expect("a word").replace('-', "_");
        assert!(check.rules.iter().any(|rule| rule.parameters.contains_key(&word)), "{}", parameter.name);
        seen += 1;
    }
    // Shares of all, a lone tool and one day leave no room for a stricter number.
    assert!(seen + 6 >= Parameter::all().count(), "{seen} of {}", Parameter::all().count());
}

#[test]
fn a_profile_can_set_every_number_of_every_check() {
    let strict = Parameter::all().filter_map(|p| Some((p, other(p, true)?)));
    let lines: Vec<String> = strict
        .map(|(p, q)| {
            format!(
                r#""{}" = {{ value = {}, unit = "{}", source = "house rules", confidence = "own" }}"#,
                p.name, q.number, q.unit
            )
        })
        .collect();
    let text = format!(
        "id = \"ours\"\ntitle = \"Ours\"\nparent = \"alert-floor\"\nsource = \"house rules\"\ndate = 2026-01-01\nstatus = \"in-force\"\n[set]\n{}\n[requires]\nchecks = [\"lg.sealed\"]\n",
        lines.join("\n")
    );
    let profile = Profile::parse(&text).expect("it tightens only");
    let used = used(&History::default(), &profile);
    assert!(used.len() > 110, "{}", used.len());
    for (name, value) in &used {
        let parameter = Parameter::named(name).expect("known");
        let wanted = other(parameter, true).unwrap_or(stated(parameter));
        assert_eq!(*value, wanted.to_string(), "{name}");
    }
}

#[test]
fn an_answer_is_measured_by_the_stricter_number_and_names_the_row() {
    let floor = Profile::floor();
    let name = "aa.disabled-when-idle.window-days";
    let parameter = Parameter::named(name).expect("known");
    let with = |number, unit, signed| {
        let contract = contract(parameter, Quantity { number, unit }, signed).expect("a contract");
        used(&History::new(vec![contract]), floor)[name].clone()
    };
    let (days, hours) = (contract::Unit::Days, contract::Unit::Hours);
    let row = "agreed in row `authn-authz/number`";
    assert_eq!(with(7, days, true), format!("7 days, {row}"));
    assert_eq!(with(180, hours, true), format!("7 days, {row}"), "rounded to what asks more");
    assert_eq!(with(7, days, false), "31 days", "a draft binds nobody");
    assert_eq!(with(31, days, true), "31 days");
    assert_eq!(with(90, days, true), "31 days", "what is looser than the floor is a finding, and not used");
}

#[test]
fn a_number_that_no_law_states_is_the_agreed_one_in_both_directions() {
    let name = "ir.notify-test.hours";
    let parameter = Parameter::named(name).expect("known");
    for number in [4, 72] {
        let value = Quantity { number, unit: contract::Unit::Hours };
        let contract = contract(parameter, value, true).expect("a contract");
        let used = used(&History::new(vec![contract]), Profile::floor());
        assert_eq!(used[name], format!("{number} hours, agreed in row `incident-response/number`"));
    }
}

#[test]
fn no_agreed_number_ever_loosens_what_the_floor_states() {
    let mut tried = 0;
    for parameter in Parameter::all().filter(|p| p.default.is_none()).step_by(9) {
        let Some(looser) = other(parameter, false) else { continue };
        let contract = contract(parameter, looser, true).expect("it can be written");
        let used = used(&History::new(vec![contract]), Profile::floor());
        let Some(value) = used.get(&parameter.name) else { continue };
        assert_eq!(*value, stated(parameter).to_string(), "{}", parameter.name);
        tried += 1;
    }
    assert!(tried > 8, "{tried}");
}

#[test]
fn what_met_the_floor_does_not_meet_a_stricter_contract() {
    let set = embedded();
    let check = set.checks().find(|c| c.id == CHECK).expect("one of ours");
    let fixture = set.fixtures(CHECK).iter().find(|f| f.name == "met").expect("there is one");
    let parameter = Parameter::named("aa.disabled-when-idle.window-days").expect("known");
    let with = |number| {
        let value = Quantity { number, unit: contract::Unit::Days };
        let contracts = History::new(vec![contract(parameter, value, true).expect("a contract")]);
        fixture.answer_under(check, &BTreeMap::new(), &contracts).expect("evidence loads")
    };
    assert_eq!(with(31).verdict, Verdict::Met);
    let strict = with(1);
    assert_eq!(strict.verdict, Verdict::NotMet, "{strict:?}");
    assert!(strict.failing.iter().any(|s| s.why.contains("at most 1 are allowed")), "{:?}", strict.failing);
}
