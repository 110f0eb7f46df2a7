//! Every fixture of every check gives the answer that it names.

use std::collections::{BTreeMap, BTreeSet};

#[test]
fn every_fixture_gives_its_answer() {
    let set = assess::embedded();
    let mut complaints = vec![];
    let mut seen = 0;
    for check in set.checks() {
        for fixture in set.fixtures(&check.id) {
            seen += 1;
            let answer = fixture.answer(check, &BTreeMap::new()).expect("evidence loads");
            let said = fixture.complaint(&answer);
            complaints.extend(said.map(|said| format!("{} {}: {said}", check.id, fixture.name)));
            // In SQL `||` binds tighter than `/`: a reason that is a sum in the middle of a text was once `0`.
            let reasons = answer.failing.iter().chain(&answer.open);
            let bare = reasons.filter(|s| s.why.parse::<f64>().is_ok());
            complaints
                .extend(bare.map(|s| format!("{} {}: `{}` for a reason", check.id, fixture.name, s.why)));
        }
    }
    assert!(seen > 0, "no fixture was looked at");
    assert!(complaints.is_empty(), "{} of {seen}:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn every_real_check_has_the_fixtures_that_show_it() {
    let set = assess::embedded();
    for check in set.checks().filter(|c| c.is_real()) {
        let names: Vec<&str> = set.fixtures(&check.id).iter().map(|f| f.name.as_str()).collect();
        for wanted in ["met", "not-met", "empty", "truncated"] {
            assert!(names.contains(&wanted), "{} has no fixture `{wanted}`, only {names:?}", check.id);
        }
    }
}

#[test]
fn a_number_of_a_check_is_the_same_number_in_the_contract_and_the_other_way_round() {
    let set = assess::embedded();
    let mut of_checks = BTreeSet::new();
    for check in set.checks() {
        for (name, here) in check.rules.iter().flat_map(|r| &r.parameters) {
            let name = format!("{}.{}", check.id, name.replace('_', "-"));
            let there = contract::Parameter::named(&name);
            let there = there.unwrap_or_else(|| panic!("no row and no profile can set `{name}`"));
            assert_eq!(here.unit, there.unit.as_str(), "{name}");
            let stricter = if there.stricter == contract::Stricter::Less { "less" } else { "more" };
            assert_eq!(here.stricter, stricter, "{name}");
            let stated = stated(there);
            assert_eq!(here.value.as_integer(), i64::try_from(stated.number).ok(), "{name}");
            assert_eq!(there.bound_broken_by(stated), None, "{name}");
            of_checks.insert(name);
        }
    }
    let known = contract::Parameter::all().map(|parameter| parameter.name.clone());
    let unread: Vec<String> = known.filter(|name| !of_checks.contains(name)).collect();
    assert!(unread.is_empty(), "no check reads {unread:?}");
}

/// The number of the floor, or the one that stands where the floor states none; never both, never neither.
fn stated(parameter: &contract::Parameter) -> contract::Quantity {
    let floor = contract::Profile::floor().settings().find(|(name, _)| *name == parameter.name);
    match (floor, parameter.default) {
        (Some((_, setting)), None) => setting.value,
        (None, Some(number)) => number,
        (floor, _) => {
            panic!("`{}` has {} number", parameter.name, if floor.is_some() { "a second" } else { "no" })
        }
    }
}

#[test]
fn an_aged_public_list_says_how_to_give_a_newer_one() {
    let set = assess::embedded();
    let check = set.checks().find(|c| c.id == "pa.bod2604").expect("one of ours");
    let fixture = set.fixtures(&check.id).iter().find(|f| f.name == "old-catalogue").expect("there is one");
    let answer = fixture.answer(check, &BTreeMap::new()).expect("evidence loads");
    assert_eq!(answer.verdict, assess::Verdict::Stale);
    assert!(answer.why.contains("`feed-kev`"), "{}", answer.why);
    assert!(answer.why.ends_with("give it with `bailiwick feed update PATH`"), "{}", answer.why);
}
