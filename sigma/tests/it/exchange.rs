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

/// Rules have other numbers behind an exchange; what came before it is known by the new ones.
#[test]
fn what_comes_late_meets_what_came_before_the_exchange() {
    let second =
        "title: s\nid: s\nname: s\nlogsource: {category: test}\ndetection: {x: {K: s}, condition: x}\n---\n";
    let order = "title: c\nid: c\ncorrelation: {type: temporal_ordered, rules: [f, s], group-by: [U], timespan: 1h}\n";
    for (kinds, want) in [(["s", "f"], vec!["c"]), (["s", "s"], vec![]), (["f", "f"], vec![])] {
        let mut engine = Engine::over(compiled(&format!("{BASE}{second}{order}")));
        let mut ids = vec![];
        // The second one happened a minute before the first.
        for (seq, (kind, at)) in (0..).zip(kinds.into_iter().zip([600, 540])) {
            if seq == 1 {
                engine.replace(compiled(&format!("{OTHER}{BASE}{second}{order}")));
            }
            let event = json!({"K": kind, "U": "x"});
            let fields = event.as_object().expect("an object");
            let happened = jiff::Timestamp::from_second(at).expect("a time");
            let class = classify("ndjson", fields);
            let hits = engine.observe(&Observed { fields, happened, class: &class, seq });
            ids.extend(hits.iter().map(|h| engine.rules().get(h.rule).expect("a rule").id.clone()));
        }
        assert_eq!(ids, want, "{kinds:?}");
    }
}

/// What came before kept no value of the field that the new one asks.
#[test]
fn a_correlation_begins_anew_where_it_has_to_carry_other_fields_on() {
    let before = format!("{BASE}{}", count(3));
    let outer = |generate: bool| {
        format!(
            "---\ntitle: d\nid: d\ncorrelation: {{type: value_count, rules: [c], timespan: 1h, condition: {{field: H, gte: 5}}, generate: {generate}}}\n"
        )
    };
    assert_eq!(raised(&before, &format!("{before}{}", outer(true)), false), Vec::<String>::new());
    let with_outer = format!("{before}{}", outer(true));
    assert_eq!(raised(&with_outer, &with_outer, false), ["c"]);
}
