//! How many hits a second does a correlation count, in order and late, with few groups and with many? Whole engine: the
//! rule is matched, its group looked up, the window moved on.
#![expect(clippy::disallowed_methods, reason = "a bench looks at the clock")]
#![expect(clippy::print_stdout, reason = "a bench says what it found")]

use serde_json::{Map, Value, json};
use sigma::{Engine, EngineOptions, Observed, classify};
use std::time::Instant;

const EVENTS: u64 = 200_000;
const RUNS: usize = 3;
const BASE: &str =
    "title: f\nname: f\nlogsource: {category: test}\ndetection: {s: {EventID: 4625}, condition: s}\n---\n";

/// Events of `groups` groups, a second apart; each sixteenth comes an hour later than it happened.
fn events(groups: u64, late: bool) -> Vec<(i64, Map<String, Value>)> {
    let mut state = 88_172_645_463_325_252u64;
    let event = |n: u64| {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let second = 1_793_527_200 + n.cast_signed() - if late && n.is_multiple_of(16) { 3600 } else { 0 };
        let made = json!({"EventID": 4625, "User": format!("user{}", state % groups), "Ip": format!("10.0.0.{}", state >> 32 & 63), "Bytes": state >> 40 & 4095});
        (second, made.as_object().expect("an object").clone())
    };
    (0..EVENTS).map(event).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a count of events")]
fn measure(what: &str, correlation: &str, events: &[(i64, Map<String, Value>)]) {
    let mut taken: Vec<f64> = (0..RUNS)
        .map(|_| {
            let yaml = format!("{BASE}{correlation}");
            let loaded = sigma::load([("r.yml".to_owned(), yaml.into_bytes())]);
            assert_eq!((loaded.refused.len(), loaded.unarmed.len()), (0, 0), "{:?}", loaded.refused);
            let mut engine = Engine::new(loaded.rules, EngineOptions { ignore_logsource: true });
            let class = classify("ndjson", &events[0].1);
            let begun = Instant::now();
            for (seq, (second, fields)) in (0..).zip(events) {
                let happened = jiff::Timestamp::from_second(*second).expect("a time");
                engine.observe(&Observed { fields, happened, class: &class, seq });
            }
            begun.elapsed().as_secs_f64()
        })
        .collect();
    taken.sort_by(f64::total_cmp);
    println!("{what:<44} {:>9.0} hits/s", EVENTS as f64 / taken[RUNS / 2]);
}

fn correlation(kind: &str, condition: &str) -> String {
    format!(
        "title: c\nname: c\ncorrelation:\n  type: {kind}\n  rules: [f]\n  group-by: [User]\n  timespan: 10m\n  condition: {{{condition}}}\n"
    )
}

fn main() {
    println!("{EVENTS} hits, one core; what is matched and not counted:");
    let (few, many, late) = (events(100, false), events(100_000, false), events(100, true));
    measure(
        "no correlation",
        "title: g\nlogsource: {category: other}\ndetection: {s: {x: 1}, condition: s}\n",
        &few,
    );
    for (kind, condition) in [
        ("event_count", "gte: 10000"),
        ("value_count", "field: Ip, gte: 10000"),
        ("value_sum", "field: Bytes, gte: 1e9"),
        ("value_percentile", "field: Bytes, percentile: 95, gte: 1e9"),
    ] {
        let rule = correlation(kind, condition);
        measure(&format!("{kind}, 100 groups"), &rule, &few);
        measure(&format!("{kind}, 100 groups, 1 in 16 late"), &rule, &late);
        measure(&format!("{kind}, 100,000 groups"), &rule, &many);
    }
    measure("event_count that holds all the time", &correlation("event_count", "gte: 2"), &few);
    let chain = format!(
        "{}---\ntitle: d\ncorrelation:\n  type: temporal_ordered\n  rules: [c, f]\n  group-by: [User]\n  timespan: 1h\n",
        correlation("event_count", "gte: 5")
    );
    measure("event_count and temporal_ordered, chained", &chain, &few);
}
