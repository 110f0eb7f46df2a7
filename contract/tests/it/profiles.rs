//! Profiles tighten the floor and never loosen it, and say how sure they are.

use super::first_day;
use contract::{Applies, Code, Confidence, Parameter, Profile, ProfileStatus, Quantity, Unit, checks};
use jiff::civil::date;

const OWN: &str = r#"id = "strict"
title = "Ours"
parent = "hipaa"
source = "house rules"
date = 2026-01-01
status = "in-force"

[set]
"ob.dormant.days" = { value = 30, unit = "days", source = "house rules 4", confidence = "confirmed" }

[requires]
checks = ["ob.dormant"]
"#;

fn refused(old: &str, new: &str, code: Code, says: &str) {
    let errors = Profile::parse(&super::with(OWN, old, new)).expect_err(new);
    let all: Vec<String> = errors.iter().map(|error| error.render("p.toml")).collect();
    let found = errors.iter().any(|error| error.code == code && error.render("p.toml").contains(says));
    assert!(found, "{new:?} wants {code} with {says:?}:\n{}", all.join("\n"));
}

#[test]
fn no_profile_loosens_what_it_is_built_on() {
    let mut compared = 0;
    for profile in Profile::all() {
        assert!(profile.is_built_on("alert-floor"), "{}", profile.id);
        for parameter in Parameter::all() {
            let Some(floor) = Profile::floor().value(&parameter.name, date(2026, 11, 1)) else { continue };
            let asked = profile.value(&parameter.name, date(2026, 11, 1)).unwrap();
            let (this, least) = (asked.setting.value, floor.setting.value);
            assert!(!parameter.stricter.is_weaker(this, least), "{} {}", profile.id, parameter.name);
            compared += 1;
        }
    }
    assert!(compared > 500, "only {compared} numbers were compared");
}

#[test]
fn what_is_shown_as_looser_is_looser() {
    let mut seen = 0;
    for profile in Profile::all() {
        for (name, setting) in &profile.looser {
            let parameter = Parameter::named(name).unwrap();
            let applied = profile.value(name, first_day()).unwrap().setting.value;
            assert!(parameter.stricter.is_weaker(setting.value, applied), "{} {name}", profile.id);
            seen += 1;
        }
    }
    assert!(seen >= 3);
}

#[test]
fn the_numbers_are_those_of_their_sources() {
    let value = |profile: &str, name: &str| {
        let asked = Profile::named(profile).unwrap().value(name, date(2026, 11, 1));
        asked.map(|asked| {
            (asked.setting.value.to_string(), asked.setting.confidence, asked.profile.id.as_str())
        })
    };
    for (profile, name, number, confidence, whose) in [
        ("alert-floor", "lg.retention-search.days", "184 days", Confidence::Confirmed, "alert-floor"),
        ("hipaa", "lg.retention-search.days", "184 days", Confidence::Confirmed, "alert-floor"),
        ("alert-floor", "lg.retention-retrieve.days", "366 days", Confidence::SecondHand, "alert-floor"),
        ("us-cpg2", "bf.password-floor.length", "16 characters", Confidence::Confirmed, "us-cpg2"),
        ("us-cpg2", "ob.dormant.days", "30 days", Confidence::Confirmed, "us-cpg2"),
        ("us-cpg2", "bk.restore-tested.days", "90 days", Confidence::Own, "alert-floor"),
        ("hipaa-nprm", "ob.leaver.hours", "1 hours", Confidence::SecondHand, "hipaa-nprm"),
        ("hipaa-nprm", "bk.restore-tested.days", "31 days", Confidence::Unconfirmed, "hipaa-nprm"),
        ("hipaa", "tr.notice-clock.hours", "24 hours", Confidence::Own, "alert-floor"),
        ("uk-ce-3.3", "pa.ce14.days", "14 days", Confidence::SecondHand, "uk-ce-3.3"),
        ("au-e8-ml1", "pa.e8.office-critical-hours", "336 hours", Confidence::Confirmed, "alert-floor"),
        ("au-e8-ml3", "pa.e8.office-critical-hours", "48 hours", Confidence::Confirmed, "au-e8-ml3"),
        ("au-e8-ml3", "pa.e8.application-days", "31 days", Confidence::Confirmed, "au-e8-ml3"),
        ("au-e8-ml2", "if.scan-outside.days", "1 days", Confidence::Confirmed, "au-e8-ml2"),
    ] {
        assert_eq!(value(profile, name), Some((number.to_owned(), confidence, whose)), "{profile} {name}");
    }
    assert_eq!(value("alert-floor", "ir.notify-test.hours"), None);
}

#[test]
fn a_proposal_never_holds_and_the_retiring_one_does() {
    let status = |id: &str| Profile::named(id).unwrap().status;
    assert_eq!(status("hipaa-nprm"), ProfileStatus::Proposed);
    assert_eq!(status("au-e8-ml2"), ProfileStatus::Retiring);
    let holds = |id: &str, day| Profile::named(id).unwrap().holds_on(day);
    assert!(!holds("hipaa-nprm", date(2026, 11, 1)));
    assert!(holds("au-e8-ml2", date(2026, 11, 1)) && holds("hipaa", date(2026, 11, 1)));
    assert!(!holds("uk-ce-3.3", date(2026, 4, 26)) && holds("uk-ce-3.3", date(2026, 4, 27)));
}

#[test]
fn a_check_is_required_inherited_or_silent() {
    let applies = |profile: &str, check: &str| match Profile::named(profile).unwrap().applies(check) {
        Applies::Required => "required".to_owned(),
        Applies::Inherited(from) => from.id.clone(),
        Applies::Silent => "silent".to_owned(),
    };
    for (profile, check, wanted) in [
        ("alert-floor", "lg.sealed", "required"),
        ("alert-floor", "pa.ce14", "silent"),
        ("uk-ce-3.3", "pa.ce14", "required"),
        ("uk-ce-3.3", "lg.retention-search", "alert-floor"),
        ("hipaa-nprm", "ta.hipaa-addressable", "hipaa"),
        ("us-cpg2", "pa.e8", "silent"),
        ("au-e8-ml3", "pa.e8", "required"),
    ] {
        assert_eq!(applies(profile, check), wanted, "{profile} {check}");
    }
    // Whatever a profile asks for beyond the floor, the floor's checks stay.
    for profile in Profile::all() {
        let silent = checks().into_iter().filter(|check| profile.applies(&check.id) == Applies::Silent);
        assert!(silent.count() <= 3, "{}", profile.id);
    }
}

#[test]
fn the_numbers_of_a_check_are_bound_under_their_words() {
    let bound = Profile::named("au-e8-ml3").unwrap().parameters("pa.e8", first_day());
    assert_eq!(bound["office-critical-hours"].setting.value, Quantity { number: 48, unit: Unit::Hours });
    assert_eq!(bound.len(), 9);
    assert!(Profile::floor().parameters("lg.sealed", first_day()).is_empty());
}

#[test]
fn a_profile_of_the_users_own_is_held_to_the_same() {
    let own = Profile::parse(OWN).unwrap();
    assert!(own.is_built_on("hipaa") && own.is_built_on("alert-floor"));
    assert_eq!(own.value("ob.dormant.days", first_day()).unwrap().setting.value.number, 30);
    refused("value = 30", "value = 46", Code::LooserThanFloor, "looser than the 45 days of `alert-floor`");
    refused("ob.dormant.days", "ob.dormant.day", Code::UnknownParameter, "did you mean `ob.dormant.days`?");
    refused("unit = \"days\"", "unit = \"hours\"", Code::UnfitUnit, "is counted in days");
    refused("\"hipaa\"", "\"hippa\"", Code::UnknownProfile, "did you mean `hipaa`?");
    refused("parent = \"hipaa\"\n", "", Code::MissingKey, "has no `parent`");
    refused("[\"ob.dormant\"]", "[\"ob.dormnat\"]", Code::UnknownCheck, "did you mean `ob.dormant`?");
    refused("\"confirmed\"", "\"certain\"", Code::UnknownWord, "known: confirmed, second-hand");
    refused("\"in-force\"", "\"active\"", Code::UnknownWord, "known: in-force, proposed, retiring");
    refused(", source = \"house rules 4\"", "", Code::MissingKey, "the number has no `source`");
}

#[test]
fn a_number_holds_within_its_own_days() {
    let text =
        super::with(OWN, "confidence = ", "valid_from = 2026-06-10, valid_to = 2026-08-31, confidence = ");
    let own = Profile::parse(&text).unwrap();
    for (day, number) in
        [(date(2026, 6, 9), 45), (date(2026, 6, 10), 30), (date(2026, 8, 31), 30), (date(2026, 9, 1), 45)]
    {
        assert_eq!(own.value("ob.dormant.days", day).unwrap().setting.value.number, number, "{day}");
    }
}
