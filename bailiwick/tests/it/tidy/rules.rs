//! Holds that every rule of ours is seen firing and seen silent.

use super::{File, content, notices, tree};

/// Rules that fire in a test instead of a scenario: the file, the test's name, why.
const SHOWN_BY_A_TEST: &[(&str, &str, &str)] = &[];

/// What a rule may be called by: its title, name, id and the stem of its file.
fn names(file: &File) -> Vec<String> {
    let text = file.text().unwrap_or_default();
    let keys = ["title:", "name:", "id:"];
    let values = text.lines().filter_map(|line| keys.iter().find_map(|key| line.strip_prefix(key)));
    let stem = file.path.rsplit('/').next().and_then(|name| name.strip_suffix(".yml"));
    values.chain(stem).map(|value| value.trim().trim_matches(['\'', '"']).to_owned()).collect()
}

/// The rules that a scenario lists under a key: plain strings, or tables with `rule`.
fn listed(scenario: &File, key: &str) -> Vec<String> {
    let Ok(alerts) = scenario.text().unwrap_or_default().parse::<toml::Table>() else { return vec![] };
    let entries = alerts.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let rule =
        |entry: &toml::Value| entry.as_str().or_else(|| entry.get("rule")?.as_str()).map(str::to_owned);
    entries.iter().filter_map(rule).collect()
}

fn unseen(tree: &[File]) -> Vec<String> {
    let scenarios: Vec<&File> = tree
        .iter()
        .filter(|file| file.path.starts_with("scenarios/") && file.path.ends_with("/alerts.toml"))
        .collect();
    let lists = |key: &str| scenarios.iter().flat_map(|file| listed(file, key)).collect::<Vec<_>>();
    let (fires, silent) = (lists("must"), lists("must_not"));
    let rules =
        tree.iter().filter(|file| file.path.starts_with("detect/rules/") && file.path.ends_with(".yml"));
    let mut complaints = vec![];
    for rule in rules {
        let names = names(rule);
        let shown = SHOWN_BY_A_TEST.iter().find(|(path, _, _)| *path == rule.path);
        if let Some((path, test, _)) = shown {
            let written = format!("fn {test}(");
            if !tree
                .iter()
                .any(|file| file.is_rust() && file.text().is_some_and(|text| text.contains(&written)))
            {
                complaints.push(format!("{path} is said to fire in the test `{test}`, which is not there"));
            }
            continue;
        }
        for (list, key) in [(&fires, "must"), (&silent, "must_not")] {
            if !names.iter().any(|name| list.contains(name)) {
                complaints.push(format!("{} stands under `{key}` of no scenarios/*/alerts.toml", rule.path));
            }
        }
    }
    complaints
}

#[test]
fn every_rule_has_a_scenario_in_which_it_fires_and_one_in_which_it_is_silent() {
    content(unseen(&tree()));
}

#[test]
fn a_rule_that_nobody_saw_firing_is_noticed() {
    let rule =
        File::new("detect/rules/spray.yml", "title: 'Password spray'\nid: 1-2\nname: spray\ndetection:\n");
    let with = |alerts: &str| {
        let rule = File::new(&rule.path, rule.text().expect("it is text"));
        unseen(&[rule, File::new("scenarios/one/alerts.toml", alerts)])
    };
    for good in [
        "must = [\"spray\"]\nmust_not = [\"Password spray\"]",
        "must = [{ rule = \"1-2\" }]\nmust_not = [\"spray\"]",
    ] {
        notices(with("must = [\"other\"]\nmust_not = [\"spray\"]"), "under `must` of no", with(good));
        notices(with("must = [\"spray\"]"), "under `must_not` of no", with(good));
    }
}
