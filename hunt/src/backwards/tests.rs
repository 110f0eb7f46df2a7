//! A record that a rule matches is always among those that are looked at.

use super::*;
use proptest::prelude::*;
use sigma::{Engine, EngineOptions, Observed, classify};

/// What is looked at for a rule; none where every record is.
fn wanted(rules: &RuleSet, added: &BTreeSet<u64>, weigh: fn(&[usize]) -> f64) -> Option<Wanted> {
    let asked = Asked::of(rules, added);
    let words = words_of(rules.get(0)?, &asked, &mut |places| weigh(places))?;
    let of = |words: &Vec<String>| asked.places(words).iter().map(|p| asked.terms[*p]).collect::<Vec<u64>>();
    Some(Wanted::new(&words.iter().map(of).collect()))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[aAbK7 .\\\\/\"&<é-]{0,8}",
        prop::collection::vec(
            prop::sample::select(vec!["cmd", "Exe", "a", "7045", "1.5", "-", "\\", " ", "/", "."]),
            0..6
        )
        .prop_map(|parts| parts.concat()),
    ]
}

fn line() -> impl Strategy<Value = String> {
    let field = prop::sample::select(vec!["X", "Y"]);
    let modifier = prop::sample::select(vec![
        "",
        "",
        "|contains",
        "|startswith",
        "|endswith",
        "|cased",
        "|contains|all",
        "|contains|windash",
        "|re",
        "|neq",
        "|wide|base64offset|contains",
    ]);
    let wild = prop::sample::select(vec!["", "", "*", "?"]);
    let value = (text(), wild, text()).prop_map(|(a, wild, b)| {
        if a.is_empty() && !b.is_empty() && b.bytes().all(|c| c.is_ascii_digit()) {
            return b;
        }
        format!("'{}'", format!("{a}{wild}{b}").replace('\'', "''"))
    });
    (field, modifier, prop::collection::vec(value, 1..4))
        .prop_map(|(field, modifier, values)| format!("'{field}{modifier}': [{}]", values.join(", ")))
}

fn rule() -> impl Strategy<Value = String> {
    let condition = prop::sample::select(vec![
        "a",
        "a and b",
        "a or b",
        "a and not b",
        "1 of them",
        "all of them",
        "not (not a or b)",
        "2 of them",
    ]);
    (prop::collection::vec(line(), 2), line(), prop::option::of(text()), condition).prop_map(
        |(a, b, keyword, condition)| {
            let keyword = keyword.map_or(String::new(), |k| format!("  c: ['{}']\n", k.replace('\'', "''")));
            // A map holds each key once.
            let first = &a[0];
            format!("title: t\nlogsource: {{category: t}}\ndetection:\n  a: {{{first}}}\n  b: [{{{}}}, {{{b}}}]\n{keyword}  condition: {condition}\n", a[1])
        },
    )
}

/// A text as JSON, some characters escaped though they need not be.
fn spelled(text: &str, every: usize) -> String {
    let mut out = String::from("\"");
    for (at, c) in text.chars().enumerate() {
        if every > 0 && at % every == 0 {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|u| out.push_str(&format!("\\u{u:04x}")));
        } else {
            let quoted = serde_json::Value::from(c.to_string()).to_string();
            out.push_str(&quoted[1..quoted.len() - 1]);
        }
    }
    out + "\""
}

fn event() -> impl Strategy<Value = String> {
    let number = prop::sample::select(vec!["7045", "7045.0", "7", "1.5", "1.50", "true", "null"]);
    let value = prop_oneof![
        4 => (text(), 0..4usize).prop_map(|(text, every)| spelled(&text, every)),
        1 => number.prop_map(str::to_owned),
    ];
    (value.clone(), value).prop_map(|(x, y)| format!("{{\"X\":{x},\"Y\":[{y}]}}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_record_that_a_rule_matches_is_left_out(yaml in rule(), events in prop::collection::vec(event(), 1..12)) {
        let loaded = sigma::load([("r.yml".to_owned(), yaml.clone().into_bytes())]);
        prop_assume!(loaded.loaded == 1);
        let ways: [fn(&[usize]) -> f64; 2] = [|places| places.len() as f64, |places| 1.0 / places.len() as f64];
        let added = segment::query_terms("exe").into_iter().collect();
        let none = BTreeSet::new();
        let all: Vec<_> = ways
            .into_iter()
            .flat_map(|way| [wanted(&loaded.rules, &none, way), wanted(&loaded.rules, &added, way)])
            .flatten()
            .collect();
        let mut engine = Engine::new(loaded.rules, EngineOptions { ignore_logsource: true });
        for raw in events {
            let value: serde_json::Value = serde_json::from_str(&raw).expect("JSON");
            let fields = value.as_object().expect("an object");
            let class = classify("ndjson", fields);
            let seen = Observed { fields, happened: model::Time::UNIX_EPOCH, class: &class, seq: 0 };
            if !engine.observe(&seen).is_empty() {
                for wanted in &all {
                    prop_assert!(wanted.takes(raw.as_bytes()), "{}\n{}", yaml, raw);
                }
            }
        }
    }
}

#[test]
fn a_record_needs_all_words_of_one_alternative() {
    let terms = |words: &str| segment::query_terms(words);
    let wanted = Wanted::new(&[terms("cmd exe"), terms("7045")].into());
    for (raw, takes) in [
        ("cmd.exe", true),
        ("cmd", false),
        ("exe", false),
        ("id 7045", true),
        ("70450 cmd", false),
        ("", false),
    ] {
        assert_eq!(wanted.takes(raw.as_bytes()), takes, "{raw}");
    }
}
