//! The public rules over real events: both engines have the same hits, but for what `disagreements.toml` explains.

use rsigma_eval::JsonEvent;
use sigma::{Class, Compiled, EngineOptions, Scratch};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A rule, and who alone has hits of it.
type Key = (String, &'static str);

/// Records on which only one of the engines has a hit.
fn disagreements(files: &[(String, Vec<u8>)], events: &[peers::Event]) -> (BTreeMap<Key, u64>, u64) {
    let loaded = sigma::load(files.to_vec());
    let ids: Vec<String> = loaded.rules.iter().map(|r| r.id.clone()).collect();
    let known: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    let (theirs, _) = peers::theirs(files);
    // Which rules an event is offered to is no question here: all of them.
    let compiled = Compiled::new(loaded.rules, EngineOptions { ignore_logsource: true });
    let route = compiled.route(&Class::default());
    let (mut fields, mut scratch) = (sigma::Fields::new(), Scratch::default());
    let (mut found, mut agreed): (BTreeMap<Key, u64>, u64) = (BTreeMap::new(), 0);
    for event in events {
        fields.take_map(compiled.names(), route.extent(), &event.fields);
        let ours = compiled.matches(&route, &fields, &mut scratch);
        let ours: BTreeSet<String> = ours.iter().map(|n| ids[*n].clone()).collect();
        let value = serde_json::Value::Object(event.fields.clone());
        let theirs = theirs.evaluate(&JsonEvent::borrow(&value));
        let theirs: BTreeSet<String> = theirs.into_iter().filter_map(|hit| hit.header.rule_id).collect();
        // A rule that we cannot arm for want of a placeholder's value has no hits with us.
        let theirs: BTreeSet<String> = theirs.into_iter().filter(|id| known.contains(id.as_str())).collect();
        agreed += ours.intersection(&theirs).count() as u64;
        for (side, ids) in [("ours", ours.difference(&theirs)), ("theirs", theirs.difference(&ours))] {
            for id in ids {
                *found.entry((id.clone(), side)).or_default() += 1;
            }
        }
    }
    (found, agreed)
}

/// What the list explains: of a rule and a side, how many records.
fn listed() -> BTreeMap<Key, u64> {
    let list: toml::Table = include_str!("disagreements.toml").parse().expect("TOML");
    let entries = list["disagreement"].as_array().expect("a list");
    let text = |entry: &toml::Value, key: &str| entry[key].as_str().expect("a text").to_owned();
    entries
        .iter()
        .map(|entry| {
            let because = text(entry, "because");
            let reason = list["reason"].get(&because).unwrap_or_else(|| panic!("no reason `{because}`"));
            assert!(text(reason, "why").len() > 40 && text(reason, "paragraph").len() > 10, "{because}");
            let side = if text(entry, "only") == "ours" { "ours" } else { "theirs" };
            ((text(entry, "rule"), side), entry["records"].as_integer().expect("a number") as u64)
        })
        .collect()
}

#[test]
fn both_engines_have_the_same_hits_but_for_what_is_explained() {
    let Some(corpora) = peers::corpora() else { return };
    let files: Vec<_> = peers::rule_folders(&corpora).iter().flat_map(|f| peers::files_below(f)).collect();
    let mut events = peers::events(&corpora.join("evtx/attack-samples"));
    events.extend(peers::events(&corpora.join("sigma/regression")));
    let (found, agreed) = disagreements(&files, &events);
    let listed = listed();
    let mut wrong = String::new();
    for (key, many) in &found {
        if listed.get(key) != Some(many) {
            writeln!(
                wrong,
                "not explained: {} only {}, {many} records, listed {:?}",
                key.0,
                key.1,
                listed.get(key)
            )
            .expect("a text takes what is written");
        }
    }
    for key in listed.keys().filter(|k| !found.contains_key(k)) {
        writeln!(wrong, "stale: {} only {}", key.0, key.1).expect("a text takes what is written");
    }
    println!("{} events, {agreed} hits alike, {} explained", events.len(), listed.values().sum::<u64>());
    assert!(agreed > 5000, "{agreed}");
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// One case as the corpora have it, in a rule of its own.
fn rule_of(number: usize, case: &serde_json::Value) -> (String, Vec<u8>) {
    let lines = case["detection"].as_str().expect("a text").lines();
    let detection: String = lines.map(|l| format!("    {l}\n")).collect();
    let id = format!("00000000-0000-4000-8000-{number:012}");
    let text =
        format!("title: case\nid: {id}\nlogsource:\n    category: test\ndetection:\n{detection}level: low\n");
    (format!("{number}.yml"), text.into_bytes())
}

#[test]
fn the_other_engine_differs_from_the_cases_only_where_that_is_explained() {
    let Some(corpora) = peers::corpora() else { return };
    let text = std::fs::read(corpora.join("sigma/conformance.json")).expect("readable");
    let file: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let cases = file["cases"].as_array().or(file.as_array()).expect("a list");
    let list: toml::Table = include_str!("disagreements.toml").parse().expect("TOML");
    let listed: BTreeMap<&str, &str> = list["case"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|c| (c["name"].as_str().expect("a text"), c["because"].as_str().expect("a text")))
        .collect();
    let mut differ = BTreeSet::new();
    for (number, case) in cases.iter().enumerate() {
        let rule = [rule_of(number, case)];
        let want = case["matches"].as_bool().expect("true or false");
        let event = case["event"].as_object().expect("an object");
        let compiled =
            Compiled::new(sigma::load(rule.to_vec()).rules, EngineOptions { ignore_logsource: true });
        let route = compiled.route(&Class::default());
        let mut fields = sigma::Fields::new();
        fields.take_map(compiled.names(), route.extent(), event);
        let ours = !compiled.matches(&route, &fields, &mut Scratch::default()).is_empty();
        let (theirs, _) = peers::theirs(&rule);
        let theirs = !theirs.evaluate(&JsonEvent::owned(case["event"].clone())).is_empty();
        let name = case["name"].as_str().expect("a text");
        assert_eq!(ours, want, "{name}");
        if theirs != ours {
            differ.insert(name);
        }
    }
    println!("{} cases, the other engine differs on {}", cases.len(), differ.len());
    assert_eq!(
        differ,
        listed.keys().copied().collect(),
        "left: those that differ; right: those that are listed"
    );
    for because in listed.values() {
        let reason = list["reason"].get(because).unwrap_or_else(|| panic!("no reason `{because}`"));
        let long = |key: &str, least: usize| reason[key].as_str().is_some_and(|text| text.len() > least);
        assert!(long("why", 40) && long("paragraph", 10), "{because}");
    }
}
