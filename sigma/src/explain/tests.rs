//! Every branch is told, agrees with the plain evaluator, and long ones are cut.

use super::*;
use crate::{classify, load};

fn explained(yaml: &str, format: &str, event: &Value) -> Explanation {
    let loaded = load([("r.yml".to_owned(), yaml.as_bytes().to_vec())]);
    assert!(loaded.refused.is_empty(), "{:?}", loaded.refused);
    let fields = event.as_object().expect("an object");
    let last = loaded.rules.iter().position(|r| r.id == "r").expect("a rule r");
    explain(&loaded.rules, last, fields, &classify(format, fields)).expect("there")
}

fn rule(detection: &str) -> String {
    format!("title: t\nid: r\nlogsource: {{category: test}}\ndetection:\n{detection}")
}

fn lines(branch: &Branch, depth: usize, into: &mut Vec<String>) {
    into.push(format!("{}{}{}", " ".repeat(depth), if branch.holds { "+" } else { "-" }, branch.says));
    branch.parts.iter().for_each(|p| lines(p, depth + 1, into));
}

fn check(detection: &str, event: &Value, outcome: Outcome, want: &[&str]) {
    let got = explained(&rule(detection), "ndjson", event);
    let mut said = vec![];
    lines(got.condition.as_ref().expect("a condition"), 0, &mut said);
    assert_eq!((got.outcome, said), (outcome, want.iter().map(|l| (*l).to_owned()).collect()), "{detection}");
}

#[test]
fn every_branch_says_what_it_asks_and_whether_it_holds() {
    let event = json!({"Image": "C:\\Windows\\cmd.exe", "n": 7});
    check(
        "  s: {Image|endswith: ['\\Cmd.exe', '\\pwsh.exe'], n: 7}\n  f: {n|gt: 9}\n  condition: s and not f\n",
        &event,
        Outcome::Match,
        &[
            "+s and not f",
            " +s",
            "  +Image one of 2",
            "   +ends with `\\cmd.exe`",
            "   -ends with `\\pwsh.exe`",
            "  +n is 7",
            " +not",
            "  -f",
            "   -n is greater than 9",
        ],
    );
    check(
        "  a: [{n: 1}, {x: null}]\n  b: [word]\n  condition: all of them\n",
        &event,
        Outcome::NoMatch,
        &[
            "-all of (a, b)",
            " +a",
            "  +one of",
            "   -all of",
            "    -n is 1",
            "   +all of",
            "    +x is null or absent",
            " -b",
            "  -any value has `word`",
        ],
    );
}

#[test]
fn what_was_found_is_told_under_the_name_it_was_found_by() {
    let event = json!({"Channel": "Security", "EventID": 4688, "NewProcessName": "C:\\a.exe"});
    let yaml = "title: t\nid: r\nlogsource: {category: process_creation, product: windows}\ndetection:\n  s: {Image|contains: b, Hashes: x}\n  condition: s\n";
    let got = explained(yaml, "ndjson", &event);
    let parts = &got.condition.as_ref().expect("a condition").parts;
    let look = parts[0].found.as_ref().expect("looked");
    assert_eq!(
        (look.found_as.as_deref(), &look.values[..]),
        (Some("NewProcessName"), &["C:\\a.exe".to_owned()][..])
    );
    assert!(!parts[1].found.as_ref().expect("looked").present);
    assert_eq!(got.sources, ["windows/process_creation", "windows/*/security"]);
}

#[test]
fn another_log_source_is_told_with_the_part_that_contradicts() {
    let event = json!({"Channel": "Security", "EventID": 4624, "a": 1});
    for (source, want) in [
        ("product: linux", "product"),
        ("product: windows, service: sysmon", "service"),
        ("category: process_creation", "category"),
    ] {
        let yaml =
            format!("title: t\nid: r\nlogsource: {{{source}}}\ndetection:\n  s: {{a: 1}}\n  condition: s\n");
        let got = explained(&yaml, "ndjson", &event);
        assert_eq!((got.outcome, got.refusal), (Outcome::OtherSource, Some(want)));
        assert!(got.condition.expect("a condition").holds);
    }
}

#[test]
fn filters_and_correlations_are_told() {
    let base = rule("  s: {a: 1}\n  condition: s\n");
    let filter = "---\ntitle: f\nid: f\nlogsource: {category: test}\nfilter:\n  rules: [r]\n  s: {b: 2}\n  condition: s\n";
    let got = explained(&format!("{base}{filter}"), "ndjson", &json!({"a": 1, "b": 2}));
    assert_eq!((got.outcome, got.filters[0].2.holds), (Outcome::Filtered, true));
    assert_eq!(explained(&format!("{base}{filter}"), "ndjson", &json!({"a": 1})).outcome, Outcome::Match);
    let loaded = load([("r.yml".to_owned(), format!("{base}{filter}").into_bytes())]);
    assert_eq!(relations(&loaded.rules, 0).filtered_by, [1]);
    assert_eq!(relations(&loaded.rules, 1).filters, [0]);
    let counted = base.replace("id: r", "id: q\nname: q");
    let yaml = format!(
        "{counted}---\ntitle: c\nid: r\ncorrelation:\n  type: event_count\n  rules: [q]\n  timespan: 1m\n  condition: {{gte: 2}}\n"
    );
    let got = explained(&yaml, "ndjson", &json!({"a": 1}));
    assert_eq!((got.outcome, got.counts.len(), got.condition), (Outcome::Match, 1, None));
    assert_eq!(explained(&yaml, "ndjson", &json!({"a": 2})).outcome, Outcome::NoMatch);
}

#[test]
fn long_lists_and_long_values_are_cut_and_what_holds_is_kept() {
    let list: Vec<String> = (0..5000).map(|n| format!("v{n}")).collect();
    let event = json!({"a": "v4711", "b": "x".repeat(100_000)});
    let got = explained(
        &rule(&format!("  s: {{a: [{}], b: y}}\n  condition: s\n", list.join(", "))),
        "ndjson",
        &event,
    );
    let parts = got.condition.expect("a condition").parts;
    assert_eq!((parts[0].parts.len(), parts[0].untold), (20, 4980));
    assert!(parts[0].parts.iter().any(|p| p.holds && p.says == "is `v4711`"));
    assert!(parts[1].found.as_ref().expect("looked").values[0].ends_with("… (100000 characters)"));
}

#[test]
fn an_explanation_agrees_with_the_plain_evaluator() {
    let yaml = rule(
        "  a: {x|contains|all: [p, q]}\n  b: {y|neq: 1}\n  c: [k, l]\n  condition: 2 of them or (a and not c)\n",
    );
    let loaded = load([("r.yml".to_owned(), yaml.into_bytes())]);
    let evaluator = crate::plain::Evaluator::new(loaded.rules.clone(), crate::EngineOptions::default());
    for x in ["", "p", "pq"] {
        for y in [0, 1] {
            for z in ["k", "z"] {
                let event = json!({"x": x, "y": y, "z": z});
                let fields = event.as_object().expect("an object");
                let class = classify("ndjson", fields);
                let got = explain(&loaded.rules, 0, fields, &class).expect("there");
                let fires = !evaluator.matches(fields, &class).is_empty();
                assert_eq!(got.outcome == Outcome::Match, fires, "{event}");
                assert_eq!(got.to_json()["condition"]["holds"], fires, "{event}");
            }
        }
    }
}
