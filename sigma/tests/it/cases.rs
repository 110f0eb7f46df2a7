//! What each part of a rule means, case by case; and beside each meaning, what it does not mean.

use super::{fired, loaded, rule};
use serde_json::{Value, json};
use sigma::{Placeholders, load_with};

fn check(detection: &str, event: Value, want: bool) {
    let got = fired(loaded(&rule(detection)), std::slice::from_ref(&event));
    assert_eq!(!got.is_empty(), want, "{detection}\non {event}");
}

/// One line of a selection.
fn line(selection: &str, event: Value, want: bool) {
    check(&format!("s:\n    {selection}\ncondition: s"), event, want);
}

#[test]
fn values_compare_as_the_specification_says() {
    for (selection, event, want) in [
        ("A: foo", json!({"A": "FOO"}), true),
        ("A: foo", json!({"a": "foo"}), false),
        ("A: foo", json!({"A": ["x", "Foo"]}), true),
        ("A: foo", json!({"A": {"foo": 1}}), false),
        ("A|cased: Foo", json!({"A": "foo"}), false),
        (r"A: 'a\?b*'", json!({"A": "A?bc"}), true),
        (r"A: 'a\?b*'", json!({"A": "axbc"}), false),
        ("A: 'a*b'", json!({"A": "a and b"}), true),
        ("A: 'a*b'", json!({"A": "xab"}), false),
        ("A: 'a?c*'", json!({"A": "xabc"}), false),
        ("A: '*a*b'", json!({"A": "xab"}), true),
        // Letters that are longer in small move nothing that stands behind them.
        ("A: foo", json!({"A": ["\u{130}\u{130}", "FOO", "x"]}), true),
        ("A: 'i\u{307}x'", json!({"A": ["FOO", "\u{130}X"]}), true),
        (r"A: 'a\*b'", json!({"A": "a*b"}), true),
        (r"A: 'a\*b'", json!({"A": "axb"}), false),
        (r"A: 'a\\*'", json!({"A": r"a\b"}), true),
        (r"A: 'a\\*'", json!({"A": "ab"}), false),
        ("A|contains|cased: Foo", json!({"A": "xFoox"}), true),
        ("A: null", json!({}), true),
        ("A: null", json!({"A": null}), true),
        ("A: null", json!({"A": ""}), false),
        ("A: ''", json!({"A": ""}), true),
        ("A: ''", json!({"A": null}), false),
        ("A: ''", json!({}), false),
        ("A|exists: true", json!({"A": null}), true),
        ("A|exists: false", json!({"A": null}), false),
        ("A|exists: false", json!({}), true),
        ("A: 4688", json!({"A": "4688"}), true),
        ("A: 4688", json!({"A": "04688"}), false),
        ("A: '4688'", json!({"A": 4688}), true),
        ("A: 1.5", json!({"A": 1.5}), true),
        ("A: 0x10", json!({"A": 16}), true),
        ("A: true", json!({"A": "TRUE"}), true),
        ("A: 'false'", json!({"A": false}), true),
        ("A: false", json!({}), false),
        ("A|neq: foo", json!({"A": "Foo"}), false),
        ("A|neq: foo", json!({"A": "bar"}), true),
        ("A|neq: foo", json!({}), true),
        ("A|neq: [foo, bar]", json!({"A": "bar"}), false),
        ("A|contains|neq: oo", json!({"A": "foo"}), false),
        ("A|gt: 10", json!({"A": "9"}), false),
        ("A|gt: 10", json!({"A": "11"}), true),
        ("A|gt: 10", json!({"A": "z"}), false),
        ("A|gt: 10", json!({"A": "inf"}), false),
        ("A|lt: 10", json!({"A": "-infinity"}), false),
        ("A|lt: 10", json!({"A": "NaN"}), false),
        ("A|lte: 1.5", json!({"A": 1.5}), true),
        ("A|lt: 5", json!({}), false),
        ("A|contains|all: [x, y]", json!({"A": "y x"}), true),
        ("A|contains|all: [x, y]", json!({"A": "x"}), false),
        ("A.B: x", json!({"A.B": "x"}), true),
        ("A.B: x", json!({"A": {"B": "x"}}), true),
        ("A.B.C: x", json!({"A.B": {"C": "x"}}), true),
        ("A.B: x", json!({"A": [{"B": "q"}, {"B": "x"}]}), true),
        ("A.B: x", json!({"A": "x"}), false),
        ("A: []", json!({"A": "x"}), false),
    ] {
        line(selection, event, want);
    }
}

#[test]
fn any_value_is_a_value_but_null() {
    for any in
        ["A: '*'", "A: '**'", "A|contains: ''", "A|startswith: ''", "A|endswith: ''", "A|contains: '*'"]
    {
        for (event, want) in [
            (json!({"A": "x"}), true),
            (json!({"A": ""}), true),
            (json!({"A": 0}), true),
            (json!({"A": false}), true),
            (json!({"A": [null, "x"]}), true),
            (json!({"A": null}), false),
            (json!({"A": []}), false),
            (json!({"A": {"B": 1}}), false),
            (json!({"B": "x"}), false),
        ] {
            line(any, event, want);
        }
        check(&format!("s:\n    {any}\ncondition: not s"), json!({"A": null}), true);
    }
    check("k: ['*']\ncondition: k", json!({"A": {"B": 1}}), true);
    check("k: ['*']\ncondition: k", json!({"A": null}), false);
}

#[test]
fn modifiers_mean_what_the_specification_says() {
    for (selection, event, want) in [
        ("A|re: 'f.o'", json!({"A": "xfooy"}), true),
        ("A|re: 'F.O'", json!({"A": "xfooy"}), false),
        ("A|re|i: 'F.O'", json!({"A": "xfooy"}), true),
        ("A|re|i|s: 'F.O'", json!({"A": "f\no"}), true),
        ("A|re: ['^b$', q]", json!({"A": "a\nb"}), false),
        ("A|re|m: '^b$'", json!({"A": "a\nb"}), true),
        ("A|re: '46'", json!({"A": 4688}), true),
        ("A|cidr: 10.0.0.0/8", json!({"A": "::ffff:10.1.2.3"}), true),
        ("A|cidr: 10.0.0.0/8", json!({"A": "11.1.2.3"}), false),
        ("A|cidr: 10.0.0.0/8", json!({"A": "10.1.2"}), false),
        ("A|cidr: 10.1.2.3", json!({"A": "10.1.2.3"}), true),
        ("A|cidr: 10.1.2.3/8", json!({"A": "10.200.2.3"}), true),
        ("A|cidr: 'fe80::/10'", json!({"A": "FE80::1%eth0"}), true),
        ("A|cidr: '::ffff:10.0.0.0/104'", json!({"A": "10.1.2.3"}), true),
        ("A|fieldref: B", json!({"A": "x", "B": "X"}), true),
        ("A|fieldref|cased: B", json!({"A": "x", "B": "X"}), false),
        ("A|fieldref|startswith: B", json!({"A": "bobby", "B": "bob"}), true),
        ("A|fieldref|endswith: B", json!({"A": "bobby", "B": "bob"}), false),
        ("A|fieldref|neq: B", json!({"A": "x", "B": "y"}), true),
        ("A|fieldref: B", json!({"A": "x"}), false),
        ("A|base64|contains: foo", json!({"A": "xZm9vx"}), true),
        ("A|base64|contains: foo", json!({"A": "xzM9Vx"}), false),
        ("A|base64: foob", json!({"A": "Zm9vYg=="}), true),
        ("A|base64offset|contains: 'http://'", json!({"A": "eHhodHRwOi8vZQ=="}), true),
        ("A|utf16le|base64offset|contains: 'IEX'", json!({"A": "cQAgAEkARQBYACgAMQApAA=="}), true),
        ("A|utf16be|base64offset|contains: 'IEX'", json!({"A": "SQBFAFgA"}), false),
        ("A|utf16le|base64offset|contains: 'IEX'", json!({"A": "SQBFAFgA"}), true),
        ("A|utf16|base64|contains: 'I'", json!({"A": "//5JAA=="}), true),
        ("A|windash|contains: ' -enc '", json!({"A": "x \u{2015}enc y"}), true),
        ("A|windash|contains: ' -enc '", json!({"A": "x +enc y"}), false),
        ("A|windash|contains: ' –enc '", json!({"A": "x -enc y"}), true),
        ("A|windash|contains: ' /enc '", json!({"A": "x —enc y"}), true),
        ("A|windash|contains: 'a - b'", json!({"A": "a - b"}), true),
        ("A|windash|contains: 'a - b'", json!({"A": "a / b"}), false),
        ("A|windash|contains: 'to-day'", json!({"A": "to/day"}), false),
        ("A|re: '[af]oo'", json!({"A": "aoo"}), true),
        ("A|re: '[af]oo'", json!({"A": "foo"}), true),
        ("A|re: '[Ff]oo'", json!({"A": "Foo"}), true),
        ("A|contains: ' -enc '", json!({"A": "x /enc y"}), false),
        ("A|hour: 13", json!({"A": "2026-01-02T14:04:05+01:00"}), true),
        ("A|minute: 4", json!({"A": "2026-01-02T13:04:05Z"}), true),
        ("A|day|gte: 2", json!({"A": "2026-01-02T13:04:05Z"}), true),
        ("A|week: 53", json!({"A": "2027-01-01T13:04:05Z"}), true),
        ("A|month: [1, 2]", json!({"A": 1767358800}), true),
        ("A|year: 2026", json!({"A": "yesterday"}), false),
        ("A|minute: 0", json!({"A": "2026-01-02 13:00:05"}), true),
        ("A|hour: 13", json!({"A": "2026-01-02 13:04:05"}), true),
        ("A|hour: 14", json!({"A": "2026-01-02 13:04:05"}), false),
        // Milliseconds as well as seconds since 1970, as a number and as a text.
        ("A|hour: 10", json!({"A": 1_764_066_600_123_i64}), true),
        ("A|minute: 30", json!({"A": "1764066600"}), true),
        ("A|year: 2025", json!({"A": "1764066600123"}), true),
        ("A|year: 2025", json!({"A": true}), false),
    ] {
        line(selection, event, want);
    }
}

/// Each text at each of the three places in the groups, with nothing, one and two bytes behind it.
#[test]
fn a_text_is_found_in_base64_wherever_it_stands_and_another_one_is_not() {
    for (text, encoded) in [
        ("foo", "Zm9v"),
        ("foo", "Zm9vcQ=="),
        ("foo", "Zm9vcXI="),
        ("foo", "eGZvbw=="),
        ("foo", "eGZvb3E="),
        ("foo", "eGZvb3Fy"),
        ("foo", "eHlmb28="),
        ("foo", "eHlmb29x"),
        ("foo", "eHlmb29xcg=="),
        ("fool", "Zm9vbA=="),
        ("fool", "Zm9vbHE="),
        ("fool", "Zm9vbHFy"),
        ("fool", "eGZvb2w="),
        ("fool", "eGZvb2xx"),
        ("fool", "eGZvb2xxcg=="),
        ("fool", "eHlmb29s"),
        ("fool", "eHlmb29scQ=="),
        ("fool", "eHlmb29scXI="),
        ("fools", "Zm9vbHM="),
        ("fools", "Zm9vbHNx"),
        ("fools", "Zm9vbHNxcg=="),
        ("fools", "eGZvb2xz"),
        ("fools", "eGZvb2xzcQ=="),
        ("fools", "eGZvb2xzcXI="),
        ("fools", "eHlmb29scw=="),
        ("fools", "eHlmb29sc3E="),
        ("fools", "eHlmb29sc3Fy"),
    ] {
        line(&format!("A|base64offset|contains: {text}"), json!({"A": format!("<{encoded}>")}), true);
    }
    for (text, encoded) in [
        ("foo", "ZnhvcQ=="),
        ("foo", "eGZ4b3E="),
        ("foo", "eHlmeG9x"),
        ("foo", "Zm9wcQ=="),
        ("foo", "eGZvcHE="),
        ("foo", "eHlmb3Bx"),
        ("foo", "Z29vcQ=="),
        ("foo", "eGdvb3E="),
        ("foo", "eHlnb29x"),
        ("fool", "Zm94bHE="),
        ("fool", "eGZveGxx"),
        ("fool", "eHlmb3hscQ=="),
        ("fool", "Zm9vTHE="),
        ("fool", "eGZvb0xx"),
        ("fool", "eHlmb29McQ=="),
        ("fool", "Z29vbHE="),
        ("fool", "eGdvb2xx"),
        ("fool", "eHlnb29scQ=="),
        ("fools", "Zm94bHNx"),
        ("fools", "eGZveGxzcQ=="),
        ("fools", "eHlmb3hsc3E="),
        ("fools", "Zm9vTHNx"),
        ("fools", "eGZvb0xzcQ=="),
        ("fools", "eHlmb29Mc3E="),
        ("fools", "Z29vbHNx"),
        ("fools", "eGdvb2xzcQ=="),
        ("fools", "eHlnb29sc3E="),
    ] {
        line(&format!("A|base64offset|contains: {text}"), json!({"A": encoded}), false);
    }
}

#[test]
fn placeholders_stand_for_each_of_their_values_among_what_stands_around_them() {
    let values = Placeholders::from([
        ("who".to_owned(), vec!["eve".to_owned(), "adam".to_owned()]),
        ("where".to_owned(), vec!["a1".to_owned(), "b2".to_owned()]),
    ]);
    for (selection, value, want) in [
        ("A|expand: 'x%who%y'", "xEVEy", true),
        ("A|expand: 'x%who%y'", "xadamy", true),
        ("A|expand: 'x%who%y'", "xeve", false),
        ("A|expand: 'x%who%y'", "evey", false),
        ("A|expand: '%who%@%where%.x'", "adam@a1.x", true),
        ("A|expand: '%who%@%where%.x'", "eve@b2.x", true),
        ("A|expand: '%who%@%where%.x'", "eve@b2", false),
        // A percent sign that begins no name is itself, also right before one that does.
        ("A|expand: '5% of %who%'", "5% of eve", true),
        ("A|expand: '%%who%'", "%eve", true),
        ("A|expand: '100%'", "100%", true),
        ("A|expand|contains: '%who%'", "so eve said", true),
        ("A|re|expand: '^%who%.$'", "eve1", true),
        ("A|re|expand: '^%who%.$'", "eve12", false),
        ("A: '%who%'", "eve", false),
        ("A: '%who%'", "%who%", true),
    ] {
        let yaml = rule(&format!("s:\n    {selection}\ncondition: s"));
        let rules = load_with([("r.yml".to_owned(), yaml.into_bytes())], &values);
        assert_eq!(rules.loaded, 1, "{selection}: {:?}", rules.refused);
        assert_eq!(!fired(rules, &[json!({"A": value})]).is_empty(), want, "{selection} on {value}");
    }
}

#[test]
fn searches_join_as_the_specification_says() {
    for (detection, event, want) in [
        ("s:\n  - A: 1\n    B: 2\n  - C: 3\ncondition: s", json!({"C": 3}), true),
        ("s:\n  - A: 1\n    B: 2\n  - C: 3\ncondition: s", json!({"A": 1}), false),
        ("s:\n  A|startswith: a\n  A|endswith: z\ncondition: s", json!({"A": "abz"}), true),
        ("k:\n  - mimi\ncondition: k", json!({"A": {"B": ["q", "xMimix"]}}), true),
        ("k:\n  - mimi\ncondition: k", json!({"mimi": "x"}), false),
        ("k:\n  - 'a*b'\ncondition: k", json!({"A": "x a\nb x"}), true),
        ("k:\n  - 4624\ncondition: k", json!({"A": 4624}), true),
        ("k:\n  - 4624\ncondition: k", json!({"A": "event 4624 came"}), true),
        ("k:\n  - 4624\ncondition: k", json!({"A": "event 4625 came"}), false),
        ("k:\n  '|all':\n    - foo\n    - bar\ncondition: k", json!({"A": "foo", "B": "bar"}), true),
        ("k:\n  '|all':\n    - foo\n    - bar\ncondition: k", json!({"A": "foo"}), false),
        ("k:\n  - foo\n  - A: 1\ncondition: k", json!({"A": 1}), true),
        ("k: word\ncondition: k", json!({"x": "a Word here"}), true),
        ("k:\n  '|re': 'f.o'\ncondition: k", json!({"x": "foo"}), true),
        ("a:\n  A: 1\nb:\n  B: 1\ncondition:\n  - a\n  - b", json!({"B": 1}), true),
        ("_a:\n  A: 1\nb:\n  B: 1\ncondition: 1 of them", json!({"A": 1}), false),
        ("s:\n  B: x\nf:\n  A|contains: foo\ncondition: s and not f", json!({"B": "x"}), true),
    ] {
        check(detection, event, want);
    }
    // Where not two of three differ, two are the same: any two.
    let two = "a:\n  A|neq: xx\nb:\n  B|neq: yyyy\nc:\n  C|neq: zzzzzz\ncondition: not 2 of them";
    for (event, want) in [
        (json!({"A": "xx", "B": "yyyy"}), true),
        (json!({"A": "xx", "C": "zzzzzz"}), true),
        (json!({"B": "yyyy", "C": "zzzzzz"}), true),
        (json!({"A": "xx", "B": "yyyy", "C": "zzzzzz"}), true),
        (json!({"A": "xx"}), false),
        (json!({"B": "yyyy", "C": "z"}), false),
        (json!({"C": "zzzzzz"}), false),
        (json!({}), false),
    ] {
        check(two, event, want);
    }
}

/// A base rule named `f` over `K: f`, one named `s` over `K: s`, and a correlation.
fn correlated(correlation: &str, events: &[(&str, &str, Value)]) -> Vec<String> {
    let base = |name: &str| {
        format!(
            "title: {name}\nid: {name}\nname: {name}\nlogsource: {{category: test}}\ndetection:\n  x: {{K: {name}}}\n  condition: x\n---\n"
        )
    };
    let yaml = format!("{}{}{correlation}", base("f"), base("s"));
    let made: Vec<Value> = events
        .iter()
        .map(|(at, kind, more)| {
            let mut event = more.clone();
            event["time"] = json!(format!("2026-11-01T{at}Z"));
            event["K"] = json!(kind);
            event
        })
        .collect();
    fired(loaded(&yaml), &made)
}

const COUNT: &str = "title: c\nid: c\ncorrelation:\n  type: event_count\n  rules: [f]\n  group-by: [U]\n  timespan: 5m\n  condition:\n    gte: 3\n";

#[test]
fn a_count_fires_once_for_what_belongs_together() {
    let at = |minutes: &[u32]| -> Vec<(String, &str, Value)> {
        minutes
            .iter()
            .map(|m| (format!("{:02}:{:02}:00", 10 + m / 60, m % 60), "f", json!({"U": "x"})))
            .collect()
    };
    for (minutes, want) in [
        (&[0, 2, 4][..], 1),
        (&[0, 2], 0),
        (&[0, 4, 8, 12], 0),
        (&[0, 0, 5], 1),
        (&[4, 0, 2], 1),
        (&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 1),
        (&[0, 1, 2, 60, 61, 62], 2),
    ] {
        let events = at(minutes);
        let events: Vec<_> = events.iter().map(|(a, k, e)| (a.as_str(), *k, e.clone())).collect();
        let told = first_firings(COUNT, &events);
        assert_eq!(told, want, "{minutes:?}");
    }
}

/// How often a correlation is told anew, not counting that it goes on.
fn first_firings(correlation: &str, events: &[(&str, &str, Value)]) -> usize {
    let base = "title: f\nid: f\nname: f\nlogsource: {category: test}\ndetection:\n  x: {K: f}\n  condition: x\n---\n";
    let rules = loaded(&format!("{base}{correlation}")).rules;
    let mut engine = sigma::Engine::new(rules, sigma::EngineOptions { ignore_logsource: true });
    let mut told = 0;
    for (seq, (at, kind, more)) in (0..).zip(events) {
        let mut event = more.clone();
        event["K"] = json!(kind);
        let fields = event.as_object().expect("an object");
        let happened = format!("2026-11-01T{at}Z").parse().expect("a time");
        let class = sigma::classify("ndjson", fields);
        let hits = engine.observe(&sigma::Observed { fields, happened, class: &class, seq });
        told += hits.iter().filter(|h| !h.goes_on).count();
    }
    told
}

#[test]
fn correlations_mean_what_the_specification_says() {
    let u = |user: &str| json!({"U": user});
    let temporal = |kind: &str| {
        format!(
            "title: c\nid: c\ncorrelation:\n  type: {kind}\n  rules: [f, s]\n  group-by: [U]\n  timespan: 10m\n"
        )
    };
    let value = |kind: &str, condition: &str| {
        format!(
            "title: c\nid: c\ncorrelation:\n  type: {kind}\n  rules: [f]\n  timespan: 10m\n  condition:\n    field: N\n    {condition}\n"
        )
    };
    let n = |number: Value| json!({"N": number});
    for (correlation, events, want) in [
        (temporal("temporal"), vec![("10:00:00", "s", u("a")), ("10:05:00", "f", u("a"))], true),
        (temporal("temporal"), vec![("10:00:00", "s", u("a")), ("10:05:00", "f", u("b"))], false),
        (temporal("temporal"), vec![("10:00:00", "s", u("a")), ("10:11:00", "f", u("a"))], false),
        (temporal("temporal_ordered"), vec![("10:00:00", "f", u("a")), ("10:05:00", "s", u("a"))], true),
        (temporal("temporal_ordered"), vec![("10:00:00", "s", u("a")), ("10:05:00", "f", u("a"))], false),
        (temporal("temporal_ordered"), vec![("10:05:00", "s", u("a")), ("10:00:00", "f", u("a"))], true),
        (
            value("value_count", "gte: 2"),
            vec![("10:00:00", "f", n(json!("a"))), ("10:01:00", "f", n(json!("b")))],
            true,
        ),
        (
            value("value_count", "gte: 2"),
            vec![("10:00:00", "f", n(json!("a"))), ("10:01:00", "f", n(json!("a")))],
            false,
        ),
        (
            value("value_count", "gte: 2"),
            vec![("10:00:00", "f", n(json!("a"))), ("10:01:00", "f", json!({}))],
            false,
        ),
        (
            value("value_sum", "gt: 10"),
            vec![("10:00:00", "f", n(json!(6))), ("10:01:00", "f", n(json!("5")))],
            true,
        ),
        (
            value("value_sum", "gt: 11"),
            vec![("10:00:00", "f", n(json!(6))), ("10:01:00", "f", n(json!("5")))],
            false,
        ),
        (
            value("value_avg", "gte: 8"),
            vec![("10:00:00", "f", n(json!(6))), ("10:01:00", "f", n(json!(10)))],
            true,
        ),
        (
            value("value_median", "gte: 8"),
            vec![
                ("10:00:00", "f", n(json!(1))),
                ("10:01:00", "f", n(json!(9))),
                ("10:02:00", "f", n(json!(7))),
            ],
            false,
        ),
    ] {
        assert_eq!(
            correlated(&correlation, &events).contains(&"c".to_owned()),
            want,
            "{correlation} on {events:?}"
        );
    }
}

#[test]
fn what_only_feeds_a_correlation_is_silent_unless_it_shall_speak() {
    let events: Vec<_> =
        ["10:00:00", "10:01:00", "10:02:00"].iter().map(|at| (*at, "f", json!({"U": "x"}))).collect();
    assert_eq!(correlated(COUNT, &events), ["c"]);
    assert_eq!(correlated(&format!("{COUNT}generate: true\n"), &events), ["f", "f", "f", "c"]);
}

#[test]
fn a_long_attack_that_succeeds_late_is_still_followed_by_its_success() {
    let chain = format!(
        "{COUNT}name: c\n---\ntitle: d\nid: d\ncorrelation:\n  type: temporal_ordered\n  rules: [c, s]\n  group-by: [U]\n  timespan: 10m\n"
    );
    let mut events: Vec<(String, &str)> =
        (0..120).map(|m| (format!("{:02}:{:02}:00", 10 + m / 60, m % 60), "f")).collect();
    events.push(("12:01:00".into(), "s"));
    let events: Vec<_> = events.iter().map(|(at, kind)| (at.as_str(), *kind, json!({"U": "x"}))).collect();
    assert_eq!(correlated(&chain, &events), ["d"]);
}
