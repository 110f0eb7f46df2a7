//! Every fixture of every check gives the answer that it names.

use std::collections::BTreeMap;

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
fn a_number_that_profiles_set_is_the_same_number_in_its_check() {
    let floor = contract::Profile::floor();
    let day = jiff::civil::date(2026, 11, 20);
    let set = assess::embedded();
    let mut known = 0;
    for check in set.checks() {
        for (name, here) in check.rules.iter().flat_map(|r| &r.parameters) {
            let name = format!("{}.{}", check.id, name.replace('_', "-"));
            let Some(there) = contract::Parameter::named(&name) else { continue };
            known += 1;
            assert_eq!(here.unit, there.unit.as_str(), "{name}");
            assert_eq!(
                here.stricter,
                if matches!(there.stricter, contract::Stricter::Less) { "less" } else { "more" },
                "{name}"
            );
            if let Some(floor) = floor.value(&name, day) {
                assert_eq!(here.value.as_integer(), i64::try_from(floor.setting.value.number).ok(), "{name}");
            }
        }
    }
    assert!(known > 50, "only {known} numbers were compared");
}
