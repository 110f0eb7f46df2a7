//! Stories about rules and events: cases of our own, the cases and public rules of the corpora, and faulty rules.

mod cases;
mod corpora;
mod counting;
mod exchange;
mod faulty;
mod hostile;
mod same;
mod sources;

use serde_json::Value;
use sigma::{Engine, EngineOptions, Loaded, Observed, classify, load};

/// Loads one file of rules.
fn loaded(yaml: &str) -> Loaded {
    load([("r.yml".to_owned(), yaml.as_bytes().to_vec())])
}

/// Ids of the rules that fire on events, each with its `time`, in their order.
fn fired(rules: Loaded, events: &[Value]) -> Vec<String> {
    assert!(rules.refused.is_empty(), "{:?}", rules.refused);
    let mut engine = Engine::new(rules.rules, EngineOptions { ignore_logsource: true });
    let mut ids = vec![];
    for (seq, event) in (0..).zip(events) {
        let fields = event.as_object().expect("an object");
        let happened =
            fields.get("time").and_then(Value::as_str).and_then(|t| t.parse().ok()).unwrap_or_default();
        let class = classify("ndjson", fields);
        for hit in engine.observe(&Observed { fields, happened, class: &class, seq }) {
            ids.push(engine.rules().get(hit.rule).expect("a rule").id.clone());
        }
    }
    ids
}

/// A rule around a detection.
fn rule(detection: &str) -> String {
    let lines: String = detection.lines().map(|l| format!("    {l}\n")).collect();
    format!("title: t\nid: r\nlogsource:\n    category: test\ndetection:\n{lines}")
}
