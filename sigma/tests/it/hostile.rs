//! Rules and events that want too much are refused, or take bounded time; each test would run for hours otherwise.

use super::{fired, loaded, rule};
use serde_json::{Value, json};
use sigma::{Placeholders, load_with};

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
        (format!("a: {{A: 1}}\ncondition: {}a", "a or ".repeat(4000)), "16 KiB"),
        (format!("a: {{A: 1}}\ncondition: {}a", "not ".repeat(65)), "deeper than 64"),
        (format!("a: {{A: {}1{}}}\ncondition: a", "[".repeat(70), "]".repeat(70)), "deeper than 64"),
        (format!("a: {{A: [{}]}}\ncondition: a", "1,".repeat(200_000)), "200,000 values"),
        (format!("a: {{A: 1}}\ncondition: a\n# {}", "x".repeat(1 << 20)), "1 MiB"),
        (format!("a: {{A: 1}}\ncondition: a\n{}", "---\ntitle: x\n".repeat(1000)), "1000 documents"),
    ] {
        let loaded = loaded(&rule(&detection).replace("    ---", "---").replace("    title", "title"));
        let said: Vec<_> = loaded.refused.iter().map(|r| r.message.as_str()).collect();
        assert!(said.len() == 1 && said[0].contains(word), "{word}: {said:?}");
    }
}

#[test]
fn a_correlation_that_names_too_much_is_refused_by_name() {
    let list = |many: usize| (0..many).map(|n| format!("n{n}")).collect::<Vec<_>>().join(", ");
    let aliases = |many: usize| (0..many).map(|n| format!("n{n}: {{r: X}}")).collect::<Vec<_>>().join(", ");
    let base = rule("a: {A: 1}\ncondition: a") + "name: r\n---\ntitle: c\n";
    let refused = |section: String| {
        let loaded = loaded(&format!("{base}correlation: {{type: temporal, timespan: 1m, {section}}}\n"));
        (loaded.loaded, loaded.refused.iter().map(|r| (r.code, r.message.clone())).collect::<Vec<_>>())
    };
    for (fits, breaks, word) in [
        (format!("rules: [{}r]", "r, ".repeat(255)), format!("rules: [{}r]", "r, ".repeat(256)), "256 names"),
        (
            format!("rules: [r], group-by: [{}]", list(32)),
            format!("rules: [r], group-by: [{}]", list(33)),
            "32 names",
        ),
        (
            format!("rules: [r], aliases: {{{}}}", aliases(32)),
            format!("rules: [r], aliases: {{{}}}", aliases(33)),
            "32 names",
        ),
    ] {
        assert_eq!(refused(fits), (2, vec![]), "{word}");
        let (loaded, said) = refused(breaks);
        assert_eq!((loaded, said.len(), said[0].0), (1, 1, "SG-044"), "{word}: {said:?}");
        assert!(said[0].1.contains(word), "{said:?}");
    }
}

#[test]
fn placeholders_that_multiply_are_refused_by_name() {
    let rules = |many: usize| {
        let values = Placeholders::from([("n".to_owned(), (0..many).map(|n| n.to_string()).collect())]);
        let yaml = rule("a: {A|expand: '%n%-%n%'}\ncondition: a");
        load_with([("r.yml".to_owned(), yaml.into_bytes())], &values)
    };
    assert_eq!(rules(100).loaded, 1);
    let said = rules(101).refused;
    assert!(said.len() == 1 && said[0].code == "SG-034", "{said:?}");
    assert!(said[0].message.contains("10000 values"), "{said:?}");
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
    // More segments than a name that is walked quickly has.
    let leaf = |leaf: &str| (0..70).fold(json!(leaf), |inner, _| json!({"b": inner}));
    let yaml = rule(&format!("a: {{{}: found}}\ncondition: a", ["b"; 70].join(".")));
    assert_eq!((hits(&yaml, leaf("found")), hits(&yaml, leaf("lost"))), (1, 0));
    let far = ["b"; 500].join(".");
    assert_eq!(hits(&rule(&format!("a: {{'{far}': 1}}\ncondition: a")), json!({far.as_str(): 1})), 1);
}
