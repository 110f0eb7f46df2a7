//! An event taken apart says what its tree says.

use super::*;
use crate::event::View;
use crate::logsource::Class;
use proptest::prelude::*;
use serde_json::json;

const NAMES: [&str; 8] = ["a", "a.b", "a.b.c", "b.c", "x", "a..b", "b", "c"];

fn names() -> Names {
    let mut names = Names::default();
    NAMES.iter().for_each(|n| {
        names.intern(n);
    });
    names
}

/// Presence and values of each name, and all values.
type Seen = (Vec<(bool, Vec<String>)>, Vec<String>);

fn seen(view: &View<'_>) -> Seen {
    let shown = |l: &Leaf| format!("{:?} {}", l.kind, l.text);
    let of = |name: &&str| {
        let found = view.field(name);
        (found.present, found.values.iter().map(shown).collect())
    };
    let mut all: Vec<String> = view.everything().iter().map(shown).collect();
    all.sort();
    (NAMES.iter().map(of).collect(), all)
}

/// What a look into the tree says, and what taking the event apart says.
fn check(event: &Value) {
    let (names, map) = (names(), event.as_object().expect("an object"));
    let mut fields = Fields::new();
    fields.take_map(&names, Extent::Everything, map);
    assert_eq!(
        seen(&View::of_fields(&names, &fields, &Class::default())),
        seen(&View::new(map, &Class::default())),
        "{event}"
    );
}

#[test]
fn an_event_taken_apart_says_what_its_tree_says() {
    for event in [
        json!({"a.b": 1, "a": {"b": 2, "b.c": 3}}),
        json!({"a": {"b": 2}, "a.b": 1}),
        json!({"a": [{"b": 1}, {"b": [2, [null, {}]]}, 3], "x": null, "unseen": {"deep": [true]}}),
        json!({"a": [{"b.c": 1}, {"b": {"c": 2}}]}),
        json!({"a.": {"b": 1}, "a": {".b": 2}, "b": {}}),
        json!({"a": 1.0, "b": -0.0, "c": 18446744073709551615u64, "x": -7}),
    ] {
        check(&event);
    }
}

#[test]
fn a_key_is_told_by_where_it_stands_whatever_stood_there_in_the_event_before() {
    let events = [
        json!({"a": {"b": 1}}),
        json!({"a": 1, "b": 2}),
        json!({"a": {"c": 1}, "b": {"c": 2}}),
        json!({"a": {"b": {"c": 3}}, "c": 4}),
        json!({"b": 1, "c": 2, "x": 3}),
    ];
    let (names, mut fields) = (names(), Fields::new());
    for event in events.iter().chain(&events).chain(events.iter().rev()) {
        let map = event.as_object().expect("an object");
        fields.take_map(&names, Extent::Everything, map);
        let taken = seen(&View::of_fields(&names, &fields, &Class::default()));
        assert_eq!(taken, seen(&View::new(map, &Class::default())), "{event}");
    }
}

#[test]
fn a_key_met_twice_or_spelled_twice_is_irregular_and_a_list_is_not() {
    let names = names();
    let mut fields = Fields::new();
    let mut filling = fields.begin(&names, Extent::Named);
    let top = filling.top();
    let at = filling.enter(top, "a").expect("a name");
    for number in ["1", "1.50", "1e2", "nonsense"] {
        filling.put(at, FieldValue::Number(number));
    }
    assert!(filling.enter(top, "unseen").is_none() && filling.goes_on(at));
    let a = names.wants("a").expect("a name");
    let texts: Vec<&str> = fields.values_of(a).map(|v| fields.text_of(v)).collect();
    assert_eq!((texts, fields.is_irregular()), (vec!["1", "1.5", "100.0", "nonsense"], false));
    let mut filling = fields.begin(&names, Extent::Named);
    filling.put_field(a, FieldValue::Int(-4));
    assert!(filling.enter(top, "a").is_some());
    assert!(fields.is_irregular() && fields.text(a) == Some("-4"));
    let mut filling = fields.begin(&names, Extent::Named);
    filling.put_field(a, FieldValue::Int(1));
    filling.put_field(names.wants("x").expect("a name"), FieldValue::Int(2));
    assert!(!fields.is_irregular());
    let mut filling = fields.begin(&names, Extent::Named);
    filling.put_field(a, FieldValue::Int(1));
    filling.put_field(a, FieldValue::Int(2));
    assert!(fields.is_irregular());
    let mut filling = fields.begin(&names, Extent::Named);
    filling.enter(top, "a.b");
    let at = filling.enter(top, "a").expect("a name");
    let inner = filling.object(at);
    filling.enter(inner, "b");
    assert!(fields.is_irregular() && fields.text(a).is_none());
}

/// What keys are remembered is bounded; what comes beyond is looked up each time.
#[test]
fn keys_beyond_those_that_are_remembered_are_found_no_less() {
    let long = "k".repeat(200);
    let mut names = names();
    let (a, far) = (names.intern("a"), names.intern(&long));
    let mut fields = Fields::new();
    let wide: Map<String, Value> = (0..5000).map(|n| (format!("unseen-{n}"), Value::from(n))).collect();
    fields.take_map(&names, Extent::Named, &wide);
    for _ in 0..2 {
        let event = json!({"unseen": 1, "a": "x", long.as_str(): "y"});
        fields.take_map(&names, Extent::Named, event.as_object().expect("an object"));
        assert_eq!((fields.text(a), fields.text(far), fields.is_irregular()), (Some("x"), Some("y"), false));
    }
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[aé]{0,3}".prop_map(Value::from),
    ];
    scalar.prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abcx.]{1,4}", inner, 0..4)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// The same event as a reader of text hands it over.
fn stream(filling: &mut Filling<'_>, at: At, value: &Value) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| stream(filling, at, v)),
        Value::Object(map) => {
            let object = filling.object(at);
            for (key, value) in map {
                if let Some(at) = filling.enter(object, key) {
                    stream(filling, at, value);
                }
            }
        }
        Value::Null => filling.put(at, FieldValue::Null),
        Value::Bool(truth) => filling.put(at, FieldValue::Bool(*truth)),
        Value::Number(number) => filling.put(at, FieldValue::Number(&number.to_string())),
        Value::String(text) => filling.put(at, FieldValue::Text(text)),
    }
}

proptest! {
    #[test]
    fn every_event_taken_apart_says_what_its_tree_says(
        map in prop::collection::btree_map("[abcx.]{1,4}", value(), 0..6),
    ) {
        let event = Value::Object(map.into_iter().collect());
        check(&event);
        let (names, mut fields) = (names(), Fields::new());
        let mut filling = fields.begin(&names, Extent::Everything);
        let top = filling.top();
        let map = event.as_object().expect("an object");
        map.iter().for_each(|(key, value)| {
            if let Some(at) = filling.enter(top, key) {
                stream(&mut filling, at, value);
            }
        });
        if !fields.is_irregular() {
            prop_assert_eq!(seen(&View::of_fields(&names, &fields, &Class::default())), seen(&View::new(map, &Class::default())));
        }
    }

    /// Keys are guessed by the events before; other names of the same number come between.
    #[test]
    fn what_came_before_an_event_changes_nothing(
        events in prop::collection::vec(prop::collection::btree_map("[abcx.]{1,4}", value(), 0..6), 1..12),
    ) {
        let (ours, mut others) = (names(), Names::default());
        NAMES.iter().rev().for_each(|n| { others.intern(n); });
        let mut fields = Fields::new();
        for map in events {
            let map: Map<String, Value> = map.into_iter().collect();
            for names in [&ours, &others, &ours] {
                fields.take_map(names, Extent::Everything, &map);
                let of_fields = seen(&View::of_fields(names, &fields, &Class::default()));
                prop_assert_eq!(of_fields, seen(&View::new(&map, &Class::default())));
            }
        }
    }
}
