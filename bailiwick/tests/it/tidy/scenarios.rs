//! Holds that a scenario is a folder: a story that cites the alert, and what must and must not be found, in the same form
//! whether its records are made or lie there.

use super::{File, content, notices, tree};
use std::collections::{BTreeMap, BTreeSet};

/// What a story of a made scenario tells beside what happens.
const PARTS: [&str; 3] = ["**Around it.**", "**The quiet twin.**", "The records are not kept here"];

/// The files of each folder, by the folder's name.
fn folders(tree: &[File]) -> BTreeMap<&str, Vec<&File>> {
    let mut folders: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
    for file in tree {
        let inside = file.path.strip_prefix("scenarios/").and_then(|rest| rest.split_once('/'));
        if let Some((name, _)) = inside {
            folders.entry(name).or_default().push(file);
        }
    }
    folders
}

/// Complaints about one folder; `is_made` tells whether its records are made.
fn folder(name: &str, files: &[&File], is_made: bool) -> Vec<String> {
    let text = |end: &str| {
        let path = format!("scenarios/{name}/{end}");
        files.iter().find(|f| f.path == path).and_then(|f| f.text())
    };
    let mut wrong = vec![];
    let has_records = files.iter().any(|f| f.path.starts_with(&format!("scenarios/{name}/records/")));
    match (is_made, has_records) {
        (true, true) => wrong.push("its records are made and lie there as well".to_owned()),
        (false, false) => wrong.push("its records are neither made nor lie there".to_owned()),
        _ => {}
    }
    let (Some(story), Some(alerts)) = (text("story.md"), text("alerts.toml")) else {
        wrong.push("it lacks story.md or alerts.toml".to_owned());
        return wrong;
    };
    let story = story.split_whitespace().collect::<Vec<_>>().join(" ");
    if is_made {
        let parts = PARTS.iter().filter(|part| !story.contains(**part));
        wrong.extend(parts.map(|part| format!("its story has no part `{part}`")));
        if !story.contains(&format!("`bailiwick scenario make {name} --seed N")) {
            wrong.push("its story does not say how its records are made".to_owned());
        }
    }
    match alerts.parse::<toml::Table>() {
        Ok(table) => wrong.extend(expected(&table, &story)),
        Err(error) => wrong.push(format!("its alerts.toml is no TOML: {error}")),
    }
    wrong
}

/// Complaints about what must and must not be found, beside the story in one line.
fn expected(table: &toml::Table, story: &str) -> Vec<String> {
    let rules = |list: Option<&toml::Value>| -> BTreeSet<String> {
        let list = list.and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
        let rule = |one: &toml::Value| one.get("rule").unwrap_or(one).as_str().map(str::to_owned);
        list.iter().filter_map(rule).collect()
    };
    let must = rules(table.get("must"));
    let never = rules(table.get("must_not").and_then(|m| m.get("rules")));
    let mut wrong = vec![];
    if table.get("about").and_then(toml::Value::as_str).is_none_or(str::is_empty) {
        wrong.push("it does not say what it is about".to_owned());
    }
    for (what, list) in [("must", &must), ("must not", &never)] {
        if list.is_empty() {
            wrong.push(format!("it does not say what {what} be found"));
        }
    }
    wrong.extend(must.intersection(&never).map(|rule| format!("`{rule}` must and must not be found")));
    let unknown = must.union(&never).filter(|rule| detect::detection(rule).is_none());
    wrong.extend(unknown.map(|rule| format!("`{rule}` is no detection")));
    for about in must.iter().filter_map(|rule| detect::detection(rule)) {
        if !story.contains(&format!("Plays: AA22-131A, {}.", about.paragraph)) {
            wrong.push(format!("its story does not cite `{}`, which {} plays", about.paragraph, about.id));
        }
    }
    wrong
}

fn complaints(tree: &[File], made: &BTreeSet<&str>) -> Vec<String> {
    let folders = folders(tree);
    let lacking = made.iter().filter(|name| !folders.contains_key(**name));
    let lacking = lacking.map(|name| format!("the scenario `{name}` has no folder"));
    let wrong = folders.iter().flat_map(|(name, files)| {
        let wrong = folder(name, files, made.contains(name));
        wrong.into_iter().map(move |complaint| format!("scenarios/{name}: {complaint}"))
    });
    lacking.chain(wrong).collect()
}

#[test]
fn every_scenario_is_a_folder_with_its_story_and_what_must_and_must_not_be_found() {
    let made: BTreeSet<&str> = scenario::list().map(|(name, _)| name).collect();
    assert!(made.len() >= 20, "only {} scenarios were looked at", made.len());
    content(complaints(&tree(), &made));
}

#[test]
fn a_folder_that_lacks_something_is_noticed() {
    const ALERTS: &str =
        "about = 'x'\n[[must]]\nrule = 'bw.mfa-fatigue'\n[must_not]\nrules = ['bw.brute-force']\n";
    const STORY: &str =
        "Plays: AA22-131A, Secure remote access applications and enforce\nmultifactor authentication.";
    let check = |alerts: &str, story: &str, more: &[&str], made: &[&str]| {
        let mut tree =
            vec![File::new("scenarios/one/alerts.toml", alerts), File::new("scenarios/one/story.md", story)];
        tree.extend(more.iter().map(|path| File::new(path, "x")));
        complaints(&tree, &made.iter().copied().collect())
    };
    let recorded = ["scenarios/one/records/acme.sshd.log"];
    let good = || check(ALERTS, STORY, &recorded, &[]);
    notices(check(ALERTS, STORY, &[], &[]), "neither made nor lie there", good());
    notices(check(ALERTS, STORY, &recorded, &["one"]), "made and lie there as well", good());
    notices(check(ALERTS, STORY, &recorded, &["two"]), "`two` has no folder", good());
    notices(check(ALERTS, "", &recorded, &[]), "does not cite", good());
    let other = |from: &str, to: &str| check(&ALERTS.replace(from, to), STORY, &recorded, &[]);
    notices(other("about = 'x'", ""), "what it is about", good());
    notices(other("bw.mfa-fatigue", "bw.mfa"), "`bw.mfa` is no detection", good());
    notices(other("['bw.brute-force']", "[]"), "what must not be found", good());
    notices(other("bw.brute-force", "bw.mfa-fatigue"), "must and must not be found", good());
    let made = format!("{STORY} {} `bailiwick scenario make one --seed N`", PARTS.join(" "));
    let without = made.replace("**The quiet twin.**", "");
    notices(
        check(ALERTS, &without, &[], &["one"]),
        "no part `**The quiet twin.**`",
        check(ALERTS, &made, &[], &["one"]),
    );
    let lacking = complaints(&[File::new("scenarios/one/story.md", STORY)], &BTreeSet::new());
    notices(lacking, "it lacks story.md or alerts.toml", good());
}
