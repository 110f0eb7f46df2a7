//! The data files: whole, known, and pointing at one another.

use contract::{Clause, Framework, Measure, Parameter, Profile, checks, crosswalk};
use std::collections::BTreeSet;
use std::path::Path;

fn here(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn names_in(folder: &str) -> BTreeSet<String> {
    let names = std::fs::read_dir(here(folder)).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.to_str().unwrap().strip_suffix(".toml").unwrap().to_owned()).collect()
}

#[test]
fn every_file_of_the_folders_is_embedded_under_its_id() {
    let measures: BTreeSet<String> = Measure::all().iter().map(|measure| measure.id.clone()).collect();
    assert_eq!(measures, names_in("measures"));
    let profiles: BTreeSet<String> = Profile::all().iter().map(|profile| profile.id.clone()).collect();
    assert_eq!(profiles, names_in("profiles"));
}

#[test]
fn there_are_seventeen_measures_and_a_hundred_and_twenty_three_checks() {
    assert_eq!(Measure::all().len(), 17);
    let ids: BTreeSet<String> = checks().into_iter().map(|check| check.id).collect();
    assert_eq!((checks().len(), ids.len()), (123, 123));
}

#[test]
fn a_measure_names_clauses_and_a_parameter_that_exist() {
    for measure in Measure::all() {
        let Measure { id, clauses, draft, unconfirmed, .. } = measure;
        assert!(measure.question.ends_with('?'), "{id}");
        assert!(measure.cites.iter().all(|cite| cite.starts_with("AA22-131A, ")), "{id}");
        assert!(!clauses.is_empty() && clauses.iter().all(|clause| Clause::named(clause).is_some()), "{id}");
        let parameter = Parameter::named(&draft.parameter).unwrap_or_else(|| panic!("{id}"));
        assert!(measure.checks.iter().any(|check| check == parameter.check()), "{id}");
        assert!(
            unconfirmed.iter().all(|of| ["provider", "customer", "contract"].contains(&of.as_str())),
            "{id}"
        );
        for clause in clauses {
            let serves = &Clause::named(clause).unwrap().measures;
            assert!(serves.contains(id), "{id} names {clause}, which does not serve it");
        }
    }
}

#[test]
fn the_clauses_are_c1_to_c20_and_are_proved_by_checks_of_their_measures() {
    let ids: Vec<&str> = Clause::all().iter().map(|clause| clause.id.as_str()).collect();
    assert_eq!(ids, (1..=20).map(|n| format!("C{n}")).collect::<Vec<_>>());
    for clause in Clause::all() {
        let id = &clause.id;
        assert_eq!(clause.checks.is_empty(), clause.declarative, "{id}");
        assert!(clause.measures.iter().all(|measure| Measure::named(measure).is_some()), "{id}");
        assert!(clause.profiles.iter().all(|profile| Profile::named(profile).is_some()), "{id}");
        for check in &clause.checks {
            let measure = &Measure::of_check(check).unwrap_or_else(|| panic!("{id}: {check}")).id;
            assert!(clause.measures.contains(measure), "{id}: {check}");
        }
        if let Some(parameter) = &clause.parameter {
            let check = Parameter::named(parameter).unwrap_or_else(|| panic!("{id}")).check();
            assert!(clause.checks.iter().any(|id| id == check), "{id}");
        }
    }
    let applies = |clause: &str, profile: &str| {
        Clause::named(clause).unwrap().applies(Profile::named(profile).unwrap())
    };
    assert!(applies("C19", "hipaa") && applies("C19", "hipaa-nprm") && !applies("C19", "alert-floor"));
    assert!(applies("C20", "hipaa-nprm") && !applies("C20", "hipaa") && applies("C18", "uk-ce-3.3"));
}

#[test]
fn every_parameter_belongs_to_a_check() {
    for parameter in Parameter::all() {
        assert!(Measure::of_check(parameter.check()).is_some(), "{}", parameter.name);
        assert!(Parameter::of_check(parameter.check()).any(|other| other == parameter));
    }
    assert!(Parameter::all().count() > 70);
}

#[test]
fn the_crosswalk_has_every_measure_and_leaves_silent_cells_empty() {
    let text = std::fs::read_to_string(here("crosswalk.toml")).unwrap();
    let cells: std::collections::BTreeMap<String, std::collections::BTreeMap<String, Vec<String>>> =
        toml::from_str(&text).unwrap();
    assert_eq!(cells.keys().cloned().collect::<BTreeSet<_>>(), names_in("measures"));
    for (measure, row) in &cells {
        let columns: BTreeSet<&str> = row.keys().map(String::as_str).collect();
        assert_eq!(columns, Framework::ALL.iter().map(|f| f.as_str()).collect(), "{measure}");
        for framework in Framework::ALL {
            let ids = crosswalk(framework, measure);
            assert_eq!(ids, row[framework.as_str()]);
            assert_eq!(
                ids.iter().collect::<BTreeSet<_>>().len(),
                ids.len(),
                "{measure} {}",
                framework.as_str()
            );
            assert_eq!(Framework::named(framework.as_str()), Some(framework));
        }
    }
    // Where a framework is silent, nothing is stretched to fill the cell.
    for (framework, measure) in [
        (Framework::Ce, "logging"),
        (Framework::Ce, "backups"),
        (Framework::E8, "contracts"),
        (Framework::Cpg2, "tailoring"),
        (Framework::Scuba, "backups"),
    ] {
        assert!(crosswalk(framework, measure).is_empty(), "{measure}");
    }
    assert!(crosswalk(Framework::Ism, "logging").contains(&"ISM-1988".to_owned()));
    assert!(crosswalk(Framework::Csf2, "no-such-measure").is_empty());
}

#[test]
fn ids_of_frameworks_have_the_form_of_their_framework() {
    let good = |framework: Framework, id: &str| match framework {
        Framework::E8 | Framework::Ism => id.strip_prefix("ISM-").is_some_and(|n| n.len() == 4),
        Framework::Attack => id.starts_with('T') && id.len() >= 5,
        Framework::Hipaa => id.starts_with("164."),
        Framework::Scuba => id.starts_with("MS."),
        Framework::Cis8 | Framework::Cpg2 => id.contains('.') && id.starts_with(|c: char| c.is_ascii_digit()),
        Framework::Csf2 => id.len() == 8 && id.as_bytes()[2] == b'.' && id.as_bytes()[5] == b'-',
        Framework::Ce => id.chars().all(|c| c.is_ascii_lowercase() || c == ' '),
    };
    for measure in Measure::all() {
        for framework in Framework::ALL {
            for id in crosswalk(framework, &measure.id) {
                assert!(good(framework, id), "{} {} {id}", measure.id, framework.as_str());
            }
        }
    }
}

#[test]
fn no_technique_of_the_crosswalk_was_renumbered_away() {
    for measure in Measure::all() {
        for id in crosswalk(Framework::Attack, &measure.id) {
            assert!(!id.starts_with("T1562") && id != "T1070.001", "{}: {id} is gone since v19", measure.id);
        }
    }
}
