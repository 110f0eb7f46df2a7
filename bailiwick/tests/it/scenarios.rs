//! Every scenario is played through the program and raises what it must, for the customers it must, and nothing that
//! it must not.

use super::program::Place;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn every_scenario_raises_what_it_must_and_not_what_it_must_not() {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios"));
    let recorded = |name: &String| root.join(name).join("records").is_dir();
    let all: Vec<String> = names(&root).into_iter().filter(recorded).collect();
    assert!(all.len() >= 3);
    for scenario in all {
        let folder = root.join(&scenario);
        let wanted: toml::Table =
            std::fs::read_to_string(folder.join("alerts.toml")).expect("alerts.toml").parse().expect("TOML");
        let files = names(&folder.join("records"));
        let customer = |file: &String| file.split('.').next().expect("customer.source.ext").to_owned();
        let customers: BTreeSet<String> = files.iter().map(customer).collect();
        let place = Place::with(&customers.iter().map(String::as_str).collect::<Vec<_>>());
        for file in &files {
            let path = folder.join("records").join(file).display().to_string();
            let ran = place.run(&["ingest", "--customer", &customer(file), "--json", &path]);
            assert!(ran.code == 0 && ran.json()["defects"] == 0, "{scenario}/{file}: {}", ran.err);
        }
        let told = place.run(&["alert", "ls", "--json"]).json();
        let told = told["alerts"].as_array().expect("a list");
        let fired: BTreeSet<&str> = told.iter().filter_map(|a| a["rule"]["id"].as_str()).collect();
        let mut must = BTreeSet::new();
        for one in wanted["must"].as_array().expect("[[must]]") {
            let rule = one["rule"].as_str().expect("an id");
            must.insert(rule);
            let whom: BTreeSet<&str> =
                one["customers"].as_array().expect("a list").iter().filter_map(|c| c.as_str()).collect();
            let touches = |a: &serde_json::Value| {
                let of: BTreeSet<&str> =
                    a["customers"].as_array().expect("a list").iter().filter_map(|c| c.as_str()).collect();
                a["rule"]["id"] == rule
                    && whom.is_subset(&of)
                    && !a["records"].as_array().expect("a list").is_empty()
            };
            assert!(told.iter().any(touches), "{scenario}: {rule} for {whom:?}");
        }
        for never in
            wanted["must_not"]["rules"].as_array().expect("[must_not]").iter().filter_map(|r| r.as_str())
        {
            assert!(!fired.contains(never), "{scenario}: {never}");
        }
        // In the noise around it nothing else is found either.
        assert_eq!(fired, must, "{scenario}");
        assert_eq!(place.run(&["verify"]).code, 0, "{scenario}");
    }
}

/// What is found in a made scenario: the detections, each once.
fn found_in(name: &str, twin: bool) -> (serde_json::Value, BTreeSet<String>) {
    let place = Place::new();
    let out = place.path("made").display().to_string();
    let mut words = vec!["scenario", "make", name, "--seed", "41", "--out", &out];
    if twin {
        words.push("--quiet-twin");
    }
    let ran = place.run(&words);
    assert_eq!(ran.code, 0, "{name}: {}", ran.err);
    let expect = std::fs::read(PathBuf::from(&out).join("expect.json")).expect("expect.json");
    let customers: Vec<String> = names(Path::new(&out)).into_iter().filter(|n| n != "expect.json").collect();
    let home = Place::with(&customers.iter().map(String::as_str).collect::<Vec<_>>());
    for customer in &customers {
        let ran = home.run(&["ingest", "--customer", customer, "--json", &format!("{out}/{customer}")]);
        assert!(ran.code == 0 && ran.json()["defects"] == 0, "{name}/{customer}: {}", ran.err);
    }
    let told = home.run(&["alert", "ls", "--json"]).json();
    let alerts = told["alerts"].as_array().expect("a list");
    let ids = alerts.iter().filter_map(|a| a["rule"]["id"].as_str()).map(str::to_owned).collect();
    (serde_json::from_slice(&expect).expect("JSON"), ids)
}

/// What the folder of a scenario says: `alerts.toml`.
fn said(name: &str) -> toml::Table {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios")).join(name);
    std::fs::read_to_string(folder.join("alerts.toml")).expect("alerts.toml").parse().expect("TOML")
}

/// The texts of a list.
fn texts(list: &toml::Value) -> BTreeSet<String> {
    list.as_array().expect("a list").iter().map(|t| t.as_str().expect("a text").to_owned()).collect()
}

#[test]
fn made_attacks_are_found_and_nothing_else_and_their_quiet_twins_raise_nothing() {
    let listed = Place::new().run(&["scenario", "ls", "--json"]).json();
    let listed = listed["scenarios"].as_array().expect("a list").clone();
    assert!(listed.len() >= 20);
    for one in &listed {
        let name = one["name"].as_str().expect("a name");
        let said = said(name);
        assert_eq!(one["about"].as_str(), said["about"].as_str(), "{name}");
        let want: BTreeSet<String> = said["must"]
            .as_array()
            .expect("[[must]]")
            .iter()
            .map(|m| m["rule"].as_str().expect("an id").to_owned())
            .collect();
        let (expect, found) = found_in(name, false);
        let must = expect["must"].as_array().expect("a list");
        let must: BTreeSet<String> =
            must.iter().filter_map(|m| m["rule"].as_str()).map(str::to_owned).collect();
        assert_eq!((&must, &found), (&want, &want), "{name}");
        let never = expect["must_not"].as_array().expect("a list");
        let never: BTreeSet<String> = never.iter().filter_map(|n| n.as_str()).map(str::to_owned).collect();
        assert!(never.is_disjoint(&found), "{name}: {found:?}");
        assert!(never.is_superset(&texts(&said["must_not"]["rules"])), "{name}: {never:?}");
        let (expect, found) = found_in(name, true);
        assert!(
            expect["must"].as_array().is_some_and(Vec::is_empty) && found.is_empty(),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn a_scenario_is_told_with_what_must_and_must_not_be_found() {
    let place = Place::new();
    let told = place.run(&["scenario", "show", "one-tool-at-two-customers"]);
    assert_eq!(told.code, 0, "{}", told.err);
    for part in [
        "# One tool at two customers",
        "**The quiet twin.**",
        "bw.seen-across-customers: One tool or account touches several customers (acme, clinic)",
        "bw.log-tampering: A log was emptied",
        "bailiwick scenario make one-tool-at-two-customers --seed 1",
    ] {
        assert!(told.out.contains(part), "{part} is not in\n{}", told.out);
    }
    let told = place.run(&["scenario", "show", "event-log-cleared", "--json"]).json();
    assert_eq!(
        (told["made"].as_bool(), told["must"][0]["rule"].as_str()),
        (Some(false), Some("bw.log-tampering"))
    );
    let wrong = place.run(&["scenario", "show", "log-cleard"]);
    assert!(wrong.code == 2 && wrong.err.contains("log-cleared"), "{}", wrong.err);
}
