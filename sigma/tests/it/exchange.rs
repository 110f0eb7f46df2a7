//! Rules are exchanged while events flow: correlations keep what they know of rules that ask the same.

use super::loaded;
use serde_json::json;
use sigma::{Compiled, Engine, EngineOptions, Fields, Observed, classify};
use std::sync::Arc;

const OTHER: &str =
    "title: o\nid: o\nname: o\nlogsource: {category: test}\ndetection: {x: {K: other}, condition: x}\n---\n";
const BASE: &str =
    "title: f\nid: f\nname: f\nlogsource: {category: test}\ndetection: {x: {K: f}, condition: x}\n---\n";

fn count(many: u32) -> String {
    format!(
        "title: c\nid: c\ncorrelation: {{type: event_count, rules: [f], group-by: [U], timespan: 1h, condition: {{gte: {many}}}}}\n"
    )
}

fn compiled(yaml: &str) -> Arc<Compiled> {
    Arc::new(Compiled::new(loaded(yaml).rules, EngineOptions::default()))
}

/// Ids of what two events before an exchange and one behind it raise.
fn raised(before: &str, behind: &str, streamed: bool) -> Vec<String> {
    let mut engine = Engine::over(compiled(before));
    let event = json!({"K": "f", "U": "x"});
    let fields = event.as_object().expect("an object");
    let class = classify("ndjson", fields);
    let mut ids = vec![];
    for seq in 0..3 {
        if seq == 2 {
            engine.replace(compiled(behind));
        }
        let hits = if streamed {
            let mut taken = Fields::new();
            taken.take_map(engine.compiled().names(), sigma::Extent::Named, fields);
            engine.observe_fields(&taken, &class, jiff::Timestamp::UNIX_EPOCH, seq)
        } else {
            engine.observe(&Observed { fields, happened: jiff::Timestamp::UNIX_EPOCH, class: &class, seq })
        };
        ids.extend(hits.iter().map(|h| engine.rules().get(h.rule).expect("a rule").id.clone()));
    }
    ids
}

#[test]
fn a_correlation_goes_on_where_it_asks_the_same_and_begins_anew_where_it_does_not() {
    let before = format!("{BASE}{}", count(3));
    for streamed in [false, true] {
        assert_eq!(raised(&before, &format!("{OTHER}{BASE}{}", count(3)), streamed), ["c"]);
        assert_eq!(raised(&before, &format!("{BASE}{}", count(2)), streamed), Vec::<String>::new());
        assert_eq!(raised(&before, BASE, streamed), ["f"]);
    }
}
