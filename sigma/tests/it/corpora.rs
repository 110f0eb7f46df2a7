//! The cases and the public rules, read in place; skipped with a word where they are not at hand.

use super::{fired, loaded, rule};
use serde_json::Value;
use sigma::load;
use std::path::{Path, PathBuf};

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
pub(super) fn corpora() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora"));
    let path = option_env!("BAILIWICK_CORPORA").map_or(beside, PathBuf::from);
    if !path.is_dir() {
        println!("skipped: no corpora at hand");
        return None;
    }
    Some(path.join("sigma"))
}

fn cases(path: &Path) -> Vec<Value> {
    let all: Value = serde_json::from_slice(&std::fs::read(path).expect("there")).expect("JSON");
    let list = all.get("cases").unwrap_or(&all).as_array().expect("a list").clone();
    assert!(list.len() > 10);
    list
}

#[test]
fn every_semantic_case_holds() {
    let Some(sigma) = corpora() else { return };
    let mut wrong = vec![];
    for case in cases(&sigma.join("conformance.json")) {
        let detection = case["detection"].as_str().expect("text");
        let got = !fired(loaded(&rule(detection)), std::slice::from_ref(&case["event"])).is_empty();
        if got != case["matches"].as_bool().expect("a truth") {
            wrong.push(case["name"].clone());
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn every_correlation_case_holds() {
    let Some(sigma) = corpora() else { return };
    let mut wrong = vec![];
    for case in cases(&sigma.join("correlation-cases.json")) {
        let events = case["events"].as_array().expect("a list");
        let mut got = fired(loaded(case["rules"].as_str().expect("text")), events);
        got.sort();
        got.dedup();
        let want: Vec<String> = serde_json::from_value(case["fires"].clone()).expect("texts");
        if got != want {
            wrong.push((case["name"].clone(), got, want));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every file of rules below a folder.
pub(super) fn rules_below(folder: &Path, into: &mut Vec<(String, Vec<u8>)>) {
    below(folder, "yml", into);
}

/// Every file of public rules.
pub(super) fn public_rules(sigma: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![];
    for entry in std::fs::read_dir(sigma).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("rules")) {
            below(&path, "yml", &mut files);
        }
    }
    files
}

/// The fields of every record of the Windows event logs that lie beside the rules.
pub(super) fn records(sigma: &Path) -> Vec<model::Fields> {
    let mut files = vec![];
    below(&sigma.join("../evtx/attack-samples"), "evtx", &mut files);
    let mut records = vec![];
    for (name, bytes) in files {
        let input = collect::Input { name, modified: None, bytes: Box::new(&bytes[..]) };
        let options = collect::Options::at(jiff::Timestamp::UNIX_EPOCH);
        collect::read(input, &options, &mut |arrival| {
            if arrival.unreadable == 0 {
                records.push(arrival.fields);
            }
            std::ops::ControlFlow::Continue(())
        });
    }
    records
}

fn below(folder: &Path, ending: &str, into: &mut Vec<(String, Vec<u8>)>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            below(&path, ending, into);
        } else if path.extension().is_some_and(|e| e == ending) {
            into.push((path.display().to_string(), std::fs::read(&path).expect("reads")));
        }
    }
}

#[test]
fn every_public_rule_loads_and_only_placeholders_are_unarmed() {
    let Some(sigma) = corpora() else { return };
    let files = public_rules(&sigma);
    let many = files.len() as u64;
    let all = load(files);
    let wrong: Vec<_> =
        all.refused.iter().take(5).map(|r| format!("{}:{} {}", r.path, r.line, r.message)).collect();
    assert!(wrong.is_empty(), "{} refused: {wrong:#?}", all.refused.len());
    assert_eq!(all.files, many);
    assert_eq!(all.loaded + all.unarmed.len() as u64, all.documents);
    assert!(all.unarmed.iter().all(|u| !u.missing.is_empty()) && all.unarmed.len() < 40, "{:?}", all.unarmed);
    let mut examples = vec![];
    below(&sigma.join("specification-examples"), "yml", &mut examples);
    let examples = load(examples);
    assert!(examples.refused.is_empty() && examples.documents > 0, "{:?}", examples.refused);
}
