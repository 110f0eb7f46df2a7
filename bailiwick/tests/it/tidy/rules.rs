//! Holds that every rule of ours is seen firing and seen silent, in a scenario or in a test of `detect`.

use super::{File, content, notices, tree};

/// What a rule may be called by in a scenario or a test: its id, its name, its title.
struct Rule {
    names: Vec<String>,
}

/// The rules that raise alerts themselves; those that only feed others are seen through them.
fn ours() -> Vec<Rule> {
    let loaded = detect::built_in();
    let speaking = loaded.rules.iter().filter(|rule| !rule.silent);
    let names = |rule: &sigma::Rule| {
        [Some(rule.id.clone()), rule.name.clone(), Some(rule.title.clone())].into_iter().flatten().collect()
    };
    speaking.map(|rule| Rule { names: names(rule) }).collect()
}

/// Every text under a key of a scenario's alerts.toml, however deep.
fn listed(scenario: &File, key: &str) -> Vec<String> {
    let alerts = scenario.text().unwrap_or_default().parse::<toml::Table>();
    let alerts = alerts.unwrap_or_else(|error| panic!("{}: {error}", scenario.path));
    alerts.get(key).map(texts).unwrap_or_default()
}

fn texts(value: &toml::Value) -> Vec<String> {
    match value {
        toml::Value::String(text) => vec![text.clone()],
        toml::Value::Array(values) => values.iter().flat_map(texts).collect(),
        toml::Value::Table(table) => table.values().flat_map(texts).collect(),
        _ => vec![],
    }
}

fn unseen(rules: &[Rule], tree: &[File]) -> Vec<String> {
    let under = |folder: &str, end: &str| {
        tree.iter()
            .filter(|file| file.path.starts_with(folder) && file.path.ends_with(end))
            .collect::<Vec<_>>()
    };
    let (scenarios, tests) = (under("scenarios/", "/alerts.toml"), under("detect/tests/", ".rs"));
    let in_a_test = |name: &String| {
        tests.iter().any(|test| test.text().is_some_and(|text| text.contains(&format!("\"{name}\""))))
    };
    let mut complaints = vec![];
    for key in ["must", "must_not"] {
        let listed: Vec<String> = scenarios.iter().flat_map(|scenario| listed(scenario, key)).collect();
        let unseen = rules
            .iter()
            .filter(|rule| !rule.names.iter().any(|name| listed.contains(name) || in_a_test(name)));
        complaints.extend(unseen.map(|rule| {
            format!(
                "the rule {:?} stands under `{key}` of no scenarios/*/alerts.toml and in no test of detect",
                rule.names
            )
        }));
    }
    complaints
}

#[test]
fn every_rule_is_seen_firing_and_seen_silent() {
    let rules = ours();
    assert!(rules.len() >= 5, "only {} rules were looked at", rules.len());
    content(unseen(&rules, &tree()));
}

#[test]
fn a_rule_that_nobody_saw_firing_is_noticed() {
    let check = |alerts: &str, test: &str| {
        let rules = [Rule { names: vec!["1-2".into(), "spray".into()] }];
        unseen(
            &rules,
            &[File::new("scenarios/one/alerts.toml", alerts), File::new("detect/tests/it/a.rs", test)],
        )
    };
    let good = "[[must]]\nrule = \"1-2\"\n[must_not]\nrules = [\"spray\"]\n";
    notices(
        check("[[must]]\nrule = \"other\"\n[must_not]\nrules = [\"spray\"]\n", ""),
        "under `must` of no",
        check(good, ""),
    );
    notices(
        check("[[must]]\nrule = \"spray\"\n", ""),
        "under `must_not` of no",
        check("", "fires(\"spray\", 1)"),
    );
    notices(check("", "// spray"), "under `must` of no", check(good, ""));
}
