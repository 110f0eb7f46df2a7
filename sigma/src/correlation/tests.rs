//! The real correlations beside the plainest ones, which keep everything and look at each window anew.

mod plain;

use super::amount::amount;
use super::state::{Arriving, Feed, State};
use crate::engine::{Engine, EngineOptions, Hit, Observed};
use jiff::{SignedDuration, Timestamp};
use plain::{Kind, Model, Plain, Seen, Spec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A third of an hour: times of hits are multiples, so that some happen at the same instant.
const STEP_SECONDS: i64 = 1200;

fn at(step: i64) -> Timestamp {
    Timestamp::from_second(1_793_527_200 + step * STEP_SECONDS).expect("a time")
}

/// One event: when, what, whose, a value.
#[derive(Debug, Clone)]
struct Event {
    seq: u64,
    happened: Timestamp,
    fields: Map<String, Value>,
}

impl Event {
    fn seen(&self) -> Seen {
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        let fields = self.fields.iter().map(|(k, v)| (k.clone(), text(v))).collect();
        Seen { seq: self.seq, happened: self.happened, fields }
    }
}

fn observe(engine: &mut Engine, event: &Event) -> Vec<Hit> {
    let class = crate::classify("ndjson", &event.fields);
    let (fields, happened, seq) = (&event.fields, event.happened, event.seq);
    engine.observe(&Observed { fields, happened, class: &class, seq })
}

fn engine(specs: &[Spec]) -> Engine {
    let mut yaml = String::new();
    for name in ["f", "s", "t"] {
        yaml.push_str(&format!(
            "title: {name}\nid: {name}\nname: {name}\nlogsource: {{category: test}}\ndetection:\n  x: {{K: {name}}}\n  condition: x\n---\n"
        ));
    }
    yaml.push_str(&specs.iter().map(Spec::yaml).collect::<Vec<_>>().join("---\n"));
    let loaded = crate::load([("r.yml".to_owned(), yaml.into_bytes())]);
    assert!(loaded.refused.is_empty() && loaded.unarmed.is_empty(), "{:?}", loaded);
    Engine::new(loaded.rules, EngineOptions { ignore_logsource: true })
}

fn bounds() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let number = prop::sample::select(vec!["0", "1", "2", "3", "5", "1.5", "0.3"]);
    let more = prop::sample::select(vec!["gt", "gte", "gte", "gte", "eq", "neq", "lt", "lte"]);
    prop_oneof![
        4 => (more, number.clone()).prop_map(|b| vec![b]),
        1 => (number.clone(), number).prop_map(|(a, b)| vec![("gte", a), ("lte", b)]),
    ]
}

fn spec(name: &'static str, calls: Vec<Vec<&'static str>>) -> impl Strategy<Value = Spec> {
    let kinds = prop::sample::select(Kind::ALL.to_vec());
    let field = prop::sample::select(vec!["N", "U"]);
    let group = prop::sample::select(vec![vec![], vec!["U"], vec!["U"], vec!["who"], vec!["U", "N"]]);
    (kinds, prop::sample::select(calls), group, 1..20i64, bounds(), any::<bool>(), field, 0..=100u8).prop_map(
        move |(kind, calls, group_by, steps, bounds, bare, field, percent)| Spec {
            name,
            kind,
            calls,
            group_by,
            span: SignedDuration::from_secs(steps * STEP_SECONDS),
            // Temporal ones have none, often.
            bounds: if bare && kind.is_temporal() { vec![] } else { bounds },
            field,
            percent,
        },
    )
}

fn inner() -> impl Strategy<Value = Spec> {
    spec("c", vec![vec!["f"], vec!["f", "s"], vec!["s", "f"], vec!["f", "s", "t"], vec!["f", "s", "f"]])
}

fn chain() -> impl Strategy<Value = Vec<Spec>> {
    let outer = || spec("d", vec![vec!["c"], vec!["c", "s"], vec!["s", "c"], vec!["c", "f"]]);
    let last = || spec("e", vec![vec!["d"], vec!["d", "c"], vec!["t", "d"]]);
    prop_oneof![
        2 => inner().prop_map(|c| vec![c]),
        2 => (inner(), outer()).prop_map(|(c, d)| vec![c, d]),
        1 => (inner(), outer(), last()).prop_map(|(c, d, e)| vec![c, d, e]),
    ]
}

/// Events in the order of arrival: each up to `late` steps later than it happened, some given twice.
fn events(late: i64) -> impl Strategy<Value = Vec<Event>> {
    let kind = prop::sample::select(vec!["f", "f", "f", "s", "s", "t", "other"]);
    let user = prop::sample::select(vec![Some("a"), Some("a"), Some("b"), None]);
    let number = prop::sample::select(vec![
        json!(1),
        json!(2),
        json!("0.1"),
        json!("0.2"),
        json!(-1.5),
        json!("x"),
        json!(null),
        json!(7),
    ]);
    let one = (0..600i64, 0..=late, kind, user, number, 0..8u8);
    prop::collection::vec(one, 0..80).prop_map(|list| {
        let mut made = vec![];
        for (seq, (step, behind, kind, user, number, again)) in (0..).zip(list) {
            let mut fields = json!({"K": kind, "N": number});
            if let Some(user) = user {
                fields["U"] = json!(user);
                fields["S"] = json!(user);
            }
            let fields = fields.as_object().expect("an object").clone();
            // Half of them lie close together.
            let step = if again % 2 == 0 { step / 10 } else { step };
            let event = Event { seq, happened: at(step), fields };
            if again == 7 {
                made.push((step + behind + 1, event.clone()));
            }
            made.push((step + behind, event));
        }
        made.sort_by_key(|(arrival, event)| (*arrival, event.seq));
        // What arrives gets its number then; what is given twice keeps it.
        let mut numbers = BTreeMap::new();
        for (_, event) in &mut made {
            let next = numbers.len() as u64;
            event.seq = *numbers.entry(event.seq).or_insert(next);
        }
        made.into_iter().map(|(_, event)| event).collect()
    })
}

/// Steps that make up the lateness that is promised.
const PROMISED: i64 = super::LATE_SECONDS / STEP_SECONDS;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn correlations_equal_their_plainest_definition(specs in chain(), events in events(3 * PROMISED)) {
        let (mut real, mut model) = (engine(&specs), Model::new(&specs));
        for event in &events {
            prop_assert_eq!(observe(&mut real, event), model.observe(&event.seen()), "{:?}", event);
        }
    }

    #[test]
    fn a_restart_changes_nothing(specs in chain(), events in events(PROMISED), cut in 0..80usize) {
        let mut whole = engine(&specs);
        let (before, behind) = events.split_at(cut.min(events.len()));
        before.iter().for_each(|e| drop(observe(&mut whole, e)));
        let mut again = engine(&specs);
        let back = SignedDuration::from_secs(again.rules().look_back_seconds().expect("correlations"));
        let newest = before.iter().map(|e| e.happened).max().unwrap_or_default();
        let near = before.iter().filter(|e| newest.duration_since(e.happened) <= back);
        near.for_each(|e| drop(observe(&mut again, e)));
        for event in behind {
            prop_assert_eq!(observe(&mut again, event), observe(&mut whole, event), "{:?}", event);
        }
    }

    /// Counts that only grow say the same whatever the order in which the hits came: the same records in all.
    #[test]
    fn the_order_of_arrival_does_not_matter_to_what_only_grows(
        (mut spec, events) in (inner(), events(PROMISED)),
        many in prop::sample::select(vec!["1", "2", "3"]),
    ) {
        spec.kind = [Kind::Count, Kind::Values][usize::from(spec.percent) % 2];
        spec.bounds = vec![("gte", many)];
        let told = |events: &[Event]| {
            let mut engine = engine(std::slice::from_ref(&spec));
            let mut told: BTreeMap<_, std::collections::BTreeSet<u64>> = BTreeMap::new();
            for hit in events.iter().flat_map(|e| observe(&mut engine, e)) {
                told.entry(hit.group).or_default().extend(hit.seqs);
            }
            told
        };
        let mut sorted = events.clone();
        sorted.sort_by_key(|e| (e.happened, e.seq));
        prop_assert_eq!(told(&sorted), told(&events));
    }

    /// Many groups at a small bound: what is closed, what is let go, and what still counts.
    #[test]
    fn at_its_bound_a_correlation_closes_what_is_longest_quiet(
        spec in inner(), limit in 2..40usize,
        hits in prop::collection::vec((0..600i64, 0..12u8, 0..3usize, 0..5u8), 0..150),
    ) {
        let engine = engine(std::slice::from_ref(&spec));
        let crate::rule::Body::Correlation(of) = &engine.rules().get(3).expect("the fourth").body else {
            panic!("a correlation")
        };
        let (mut real, mut model) = (State::with_limit(limit), Plain::new(&spec, limit));
        let feed = Feed { number: 3, group_by: vec!["U".into()], fields: vec!["N".into()], carries: vec![] };
        for (seq, (step, user, rule, number)) in (0..).zip(hits) {
            // No two at the same instant: among equals either may be the oldest.
            let happened = at(step) + SignedDuration::from_millis(seq);
            let seq = seq.unsigned_abs();
            let fields = [("U", user.to_string()), ("N", number.to_string())];
            let look = |name: &str| fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
            let rule = *of.rules.get(rule).unwrap_or(&of.rules[0]);
            let arriving = Arriving { rule, happened, seq, episode: None };
            let held = real.take((of, &feed), &arriving, &look);
            let key = vec![Some(user.to_string())];
            let want = model.take(key.clone(), plain::Arriving {
                rule, happened, seq, episode: None, values: Some(vec![number.to_string()]), carried: vec![],
            });
            prop_assert_eq!(held.as_ref().map(|(_, h)| (&h.seqs, h.count, h.first, h.last, h.goes_on)),
                want.as_ref().map(|h| (&h.seqs, h.count, h.first, h.last, h.goes_on)));
            prop_assert_eq!((real.closed, real.late), (model.closed, model.late_hits));
        }
    }
}

#[test]
fn sums_of_decimals_are_exact() {
    let values = ["0.1", "0.2", "0.3", "-0.6"];
    let sum: i128 = values.iter().filter_map(|v| amount(v)).sum();
    assert_eq!(sum, 0);
}

#[test]
fn what_was_let_go_at_the_bound_orders_nothing_any_more() {
    let spec = Spec {
        name: "c",
        kind: Kind::Ordered,
        calls: vec!["f", "s"],
        group_by: vec![],
        span: SignedDuration::from_hours(24),
        bounds: vec![],
        field: "N",
        percent: 50,
    };
    let engine = engine(std::slice::from_ref(&spec));
    let crate::rule::Body::Correlation(of) = &engine.rules().get(3).expect("the fourth").body else {
        panic!("a correlation")
    };
    let feed = Feed { number: 3, group_by: vec![], fields: vec![], carries: vec![] };
    let mut state = State::with_limit(4);
    let mut held = |seq: u64, rule: usize| {
        let happened = at(0) + SignedDuration::from_secs(seq.cast_signed());
        let arriving = Arriving { rule: of.rules[rule], happened, seq, episode: None };
        state.take((of, &feed), &arriving, &|_| None).map(|(_, held)| held.seqs)
    };
    // Second steps that came before every first one; from the fifth hit on, the oldest goes each time.
    for (seq, rule) in (0..).zip([1, 1, 1, 0, 0, 0]) {
        assert_eq!(held(seq, rule), None, "{seq}");
    }
    assert_eq!(held(6, 1), Some(vec![3, 4, 5, 6]));
}

#[test]
fn one_group_of_many_hits_lets_the_oldest_go_and_counts_them() {
    let spec = Spec {
        name: "c",
        kind: Kind::Count,
        calls: vec!["f"],
        group_by: vec![],
        span: SignedDuration::from_hours(24),
        bounds: vec![("gte", "65000")],
        field: "N",
        percent: 50,
    };
    let mut engine = engine(&[spec]);
    let fields = json!({"K": "f"}).as_object().expect("an object").clone();
    let mut told = 0;
    for seq in 0..70_000u64 {
        let happened = at(0) + SignedDuration::from_millis(seq.cast_signed());
        told += observe(&mut engine, &Event { seq, happened, fields: fields.clone() }).len();
    }
    assert!(told >= 537, "{told}");
    assert_eq!(engine.closed(), 8192);
}
