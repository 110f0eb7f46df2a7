//! The real catalogues, read in place where they are at hand: our ids stand in them.

use contract::{Framework, Measure, crosswalk};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The folder of real data, if it is there.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn corpora() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora"));
    let path = option_env!("BAILIWICK_CORPORA").map_or(beside, PathBuf::from);
    if !path.is_dir() {
        println!("skipped: no corpora at hand");
        return None;
    }
    Some(path)
}

fn json(path: PathBuf) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The ids of all controls anywhere in an OSCAL catalogue.
fn controls(value: &serde_json::Value, ids: &mut BTreeSet<String>) {
    if let Some(list) = value.get("controls").and_then(|list| list.as_array()) {
        ids.extend(list.iter().filter_map(|control| control["id"].as_str()).map(str::to_uppercase));
    }
    match value {
        serde_json::Value::Array(list) => list.iter().for_each(|inner| controls(inner, ids)),
        serde_json::Value::Object(map) => map.values().for_each(|inner| controls(inner, ids)),
        _ => {}
    }
}

#[test]
fn the_essential_eight_column_holds_controls_of_the_essential_eight_and_the_other_none() {
    let Some(corpora) = corpora() else { return };
    let mut of_e8 = BTreeSet::new();
    for level in 1..=3 {
        controls(&json(corpora.join(format!("reference/ism-e8-ml{level}.json"))), &mut of_e8);
    }
    assert!(of_e8.len() > 120, "only {} controls", of_e8.len());
    for measure in Measure::all() {
        for id in crosswalk(Framework::E8, &measure.id) {
            assert!(of_e8.contains(id), "{}: {id} is in no maturity level", measure.id);
        }
        for id in crosswalk(Framework::Ism, &measure.id) {
            assert!(!of_e8.contains(id), "{}: {id} belongs into the other column", measure.id);
        }
    }
}

#[test]
fn the_policies_of_scuba_exist() {
    let Some(corpora) = corpora() else { return };
    let text = std::fs::read_to_string(corpora.join("reference/scuba-baselines.json")).unwrap();
    let mut seen = 0;
    for measure in Measure::all() {
        for id in crosswalk(Framework::Scuba, &measure.id) {
            // A baseline that this copy does not have yet cannot speak for its policies.
            let baseline = id.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
            if text.contains(&format!("\"{baseline}.")) {
                assert!(text.contains(&format!("\"{id}v")), "{}: {id}", measure.id);
                seen += 1;
            }
        }
    }
    assert!(seen > 20, "only {seen} policies were looked at");
}
