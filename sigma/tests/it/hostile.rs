//! Rules and events that want too much are refused, or take bounded time; each test would run for hours otherwise.

use super::{fired, loaded, rule};
use serde_json::{Value, json};

fn hits(yaml: &str, event: Value) -> usize {
    fired(loaded(yaml), &[event]).len()
}

#[test]
fn ten_thousand_values_are_matched_like_one() {
    let list =
        |from: u32| (from..from + 10_000).map(|n| format!("        - 'value-{n}-x'\n")).collect::<String>();
    for modifier in ["", "|contains", "|startswith", "|endswith"] {
        let yaml = rule(&format!("a:\n    A{modifier}:\n{}condition: a", list(0)));
        assert_eq!(hits(&yaml, json!({"A": "VALUE-9999-X"})), 1, "{modifier}");
        assert_eq!(hits(&yaml, json!({"A": "value-10000-x"})), 0, "{modifier}");
    }
}

#[test]
fn a_value_of_a_megabyte_meets_patterns_that_would_try_again_and_again() {
    let text = "a".repeat(1 << 20);
    let stars = "a*".repeat(200);
    let long = "a".repeat(2000);
    let crowd: String = (1..300).map(|n| format!("        - '{}b'\n", "a".repeat(n))).collect();
    for (detection, want) in [
        (format!("a: {{A: '{stars}b'}}\ncondition: a"), 0),
        (format!("a: {{A: '{stars}'}}\ncondition: a"), 1),
        (format!("a: {{A: '*{long}b*c'}}\ncondition: a"), 0),
        (format!("a: {{A: '*{}b*'}}\ncondition: a", "a?".repeat(20)), 0),
        (format!("a:\n    A|contains:\n{crowd}condition: a"), 0),
        ("a: {A|re: '(a+)+b'}\ncondition: a".into(), 0),
        ("a: {A|re: '(a|a)*$'}\ncondition: a".into(), 1),
        ("a: {A|re: '^(.*a){30}$'}\ncondition: a".into(), 1),
    ] {
        assert_eq!(
            hits(&rule(&detection), json!({"A": text})),
            want,
            "{}",
            &detection[..60.min(detection.len())]
        );
    }
}

#[test]
fn what_would_be_too_large_is_refused_by_name() {
    for (detection, word) in [
        (format!("a: {{A: '{}'}}\ncondition: a", "?".repeat(3000)), "around a `?`"),
        ("a:\n    A|re: '(\\w{1000}){1000}'\ncondition: a".into(), "size limit"),
        (format!("a:\n    A|re: '{}a{}'\ncondition: a", "(".repeat(1000), ")".repeat(1000)), "nest"),
        (format!("a:\n    A:\n{}condition: a", "        - x\n".repeat(20_001)), "20000 values"),
    ] {
        let loaded = loaded(&rule(&detection));
        let said: Vec<_> = loaded.refused.iter().map(|r| r.message.as_str()).collect();
        assert!(said.len() == 1 && said[0].contains(word), "{word}: {said:?}");
    }
}

#[test]
fn nesting_a_hundred_deep_is_walked() {
    let deep = |leaf: Value| {
        (0..100).fold(leaf, |inner, n| if n % 2 == 0 { json!({"b": inner}) } else { json!([inner, 1]) })
    };
    let path = ["b"; 50].join(".");
    let yaml = rule(&format!("a: {{'x.{path}': found}}\ncondition: a"));
    assert_eq!(hits(&yaml, json!({"x": deep(json!("found"))})), 1);
    assert_eq!(hits(&yaml, json!({"x": deep(json!("lost"))})), 0);
    assert_eq!(hits(&rule("a: [found]\ncondition: a"), json!({"x": deep(json!("found"))})), 1);
    let far = ["b"; 500].join(".");
    assert_eq!(hits(&rule(&format!("a: {{'{far}': 1}}\ncondition: a")), json!({far.as_str(): 1})), 1);
}
