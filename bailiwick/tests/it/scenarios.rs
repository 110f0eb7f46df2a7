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
    let (expect, home) = played(name, twin);
    let told = home.run(&["alert", "ls", "--json"]).json();
    let alerts = told["alerts"].as_array().expect("a list");
    let ids = alerts.iter().filter_map(|a| a["rule"]["id"].as_str()).map(str::to_owned).collect();
    (expect, ids)
}

/// A home into which the records of a made scenario came, and what must be found in it.
fn played(name: &str, twin: bool) -> (serde_json::Value, Place) {
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
    (serde_json::from_slice(&expect).expect("JSON"), home)
}

/// What `alert show` says of the first alert of this detection, and what the commands find that it ends with.
fn shown(name: &str, rule: &str) -> String {
    let (_, home) = played(name, false);
    let told = home.run(&["alert", "ls", "--json"]).json();
    let alerts = told["alerts"].as_array().expect("a list");
    let alert = alerts.iter().find(|a| a["rule"]["id"] == rule).expect(rule);
    let text = home.run(&["alert", "show", alert["id"].as_str().expect("an id")]).out;
    let hunts: Vec<&str> =
        text.lines().filter_map(|l| l.trim().strip_prefix("bailiwick hunt --customer ")).collect();
    assert!(!hunts.is_empty(), "{text}");
    for hunt in hunts {
        let mut words = hunt.split(' ');
        let customer = words.next().expect("a customer");
        let query = words.next_back().expect("a query").trim_matches('\'');
        let found = home.run(&["hunt", "--customer", customer, "--last", "50", query, "--jsonl"]);
        assert!(!found.lines().is_empty(), "{name}: {hunt}");
    }
    text
}

#[test]
fn an_alert_tells_a_responder_who_did_what_where_and_the_first_steps_on_that_product() {
    for (name, rule, parts) in [
        (
            "new-administrator",
            "bw.new-administrator",
            &[
                "  what       cn=helper,dc=corp was made an administrator: group, by adm.office\n",
                "on Windows:\n",
                "Remove-ADGroupMember",
            ][..],
        ),
        (
            "consent-to-an-application",
            "bw.new-consent",
            &[
                "  what       An application was granted rights: Mail Reader Pro, by nadia.ac\n",
                "on Entra ID:\n",
                "Remove-MgOauth2PermissionGrant",
            ],
        ),
        (
            "log-cleared",
            "bw.log-tampering",
            &[
                "  what       Logging was tampered with on srv-files, by adm.office: a log was emptied (Security)\n",
                "wevtutil gl Security",
                "  records    1, all below\n",
            ],
        ),
        (
            "clock-jumps",
            "bw.log-tampering",
            &[
                "  what       Logging was tampered with on srv-app, by adm.office: the clock was set back by ",
                " minutes\n",
            ],
        ),
        (
            "one-tool-at-two-customers",
            "bw.seen-across-customers",
            &[
                "  what       The same tool was found at 2 customers within a day\n",
                "1 of its records stands in the log of acme",
                "1 of its records stands in the log of clinic",
                "it fires at 2 within 24 hours",
                "  who        nadia\n",
                "AnyDesk.exe",
            ],
        ),
        (
            "one-password-three-customers-fast",
            "bw.spray-across-customers",
            &[
                "  what       One source failed to sign in 12 times at 3 customers within a day\n",
                "  from       203.0.113.77\n",
                "4 of its records stand in the log of borealis",
                "it fires at 5 accounts of 2 customers within 24 hours",
                "on Linux:\n",
            ],
        ),
        (
            "impossible-travel",
            "bw.impossible-travel",
            &["  from       198.18.77.1, 203.0.113.180\n", "km in 40 minutes"],
        ),
    ] {
        let text = shown(name, rule);
        for part in parts {
            assert!(text.contains(part), "{name}: {part:?} is not in\n{text}");
        }
        assert!(text.contains("bailiwick alert close al-"), "{text}");
    }
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
