//! The quick way sees what the full one sees.

use super::look::{Look, Way};
use collect::{Options, split};
use proptest::prelude::*;
use sigma::{Compiled, EngineOptions};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

/// Rules that look at names, paths, lists, numbers, nothing and everything.
const RULES: &str = r#"
title: name
name: named
logsource: {category: any}
detection:
  s: {a: x}
  n: {b: null}
  condition: s or not n
---
title: path
logsource: {category: any}
detection:
  s: {a.b: 1, c|exists: true}
  condition: s
---
title: log
logsource: {product: windows, service: security}
detection:
  s: {EventID: 4625, a|contains: 'é'}
  condition: s
---
title: program
logsource: {product: zeek}
detection:
  s: {a|re: '^\d+$'}
  condition: not s
---
title: everything
logsource: {service: sysmon}
detection:
  k: [needle, 7]
  condition: k
---
title: many
correlation:
  type: event_count
  rules: [named]
  group-by: [a]
  timespan: 1m
  condition: {gte: 2}
"#;

fn options() -> Options {
    Options::at("2026-11-24T00:00:00Z".parse().expect("good"))
}

fn compiled(files: Vec<(String, Vec<u8>)>) -> Arc<Compiled> {
    let loaded = sigma::load(files);
    assert!(!loaded.rules.is_empty() && loaded.refused.is_empty(), "{:?}", loaded.refused);
    Arc::new(Compiled::with_fields(loaded.rules, EngineOptions::default(), &sigma::Sources::known().asked()))
}

fn ours() -> Arc<Compiled> {
    compiled(vec![("rules.yml".into(), RULES.into())])
}

/// The same, which read of what tells log sources apart only what they ask themselves.
fn unaware() -> Arc<Compiled> {
    let loaded = sigma::load([("rules.yml".to_owned(), RULES.into())]);
    Arc::new(Compiled::new(loaded.rules, EngineOptions::default()))
}

/// What each part of an input held, both ways the same; the matches.
fn check(compiled: &Arc<Compiled>, name: &str, bytes: &[u8]) -> usize {
    check_as(&options(), compiled, name, bytes)
}

fn check_as(options: &Options, compiled: &Arc<Compiled>, name: &str, bytes: &[u8]) -> usize {
    let (mut quick, mut full) = (Look::new(compiled, Way::Quick), Look::new(compiled, Way::Full));
    let mut matches = 0;
    let input = collect::Input { name: name.into(), modified: None, bytes: Box::new(bytes) };
    split(input, options, &mut |part| {
        let (one, two) = (quick.part(&part), full.part(&part));
        assert_eq!(one, two, "{name}");
        matches += one.found.iter().map(|f| f.matched.len()).sum::<usize>();
        ControlFlow::Continue(())
    });
    matches
}

const ODD: [&str; 20] = [
    r#"{"a":"x"}"#,
    r#"{"a":"y","a":"x"}"#,
    r#"{"a":"x","a":"y"}"#,
    r#"{"a":"x""#,
    r#"{"a":{"b":1},"c":null}"#,
    r#"{"a.b":2,"a":{"b":1},"c":null}"#,
    r#"{"a":{"b":1},"a.b":2,"c":null}"#,
    r#"{"a":[{"b":2},{"b":[3,1]}],"c":[]}"#,
    r#"{"b":null}"#,
    r#"{"b":[null,3]}"#,
    r#"{"Channel":"Security","EventID":4625,"a":"caf\u00c9"}"#,
    r#"{"Channel":"Security","EventID":"4625","a":"café"}"#,
    r#"{"Channel":"System","Channel":"Security","EventID":"4625","a":"É"}"#,
    r#"{"Channel":"Security","Channel":null,"EventID":4625,"a":"é"}"#,
    r#"{"Channel":"Security","EventID":4625.0,"a":"é"}"#,
    r#"{"Channel":["Security"],"EventID":4625,"a":"é"}"#,
    r#"{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"deep":[{"er":"a NEEDLE"}]}"#,
    r#"{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"n":7,"n":8}"#,
    r#"{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"n":8,"n":7}"#,
    r#"{"__REALTIME_TIMESTAMP":"1","SYSLOG_IDENTIFIER":"sshd","MESSAGE":"a=x"}"#,
];

#[test]
fn odd_records_are_seen_both_ways_alike() {
    let rules = ours();
    let matches: Vec<usize> = ODD.iter().map(|line| check(&rules, "some.ndjson", line.as_bytes())).collect();
    assert_eq!(matches, [2, 2, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 2, 1, 0, 1, 2]);
    assert!(check(&rules, "dns.log", br#"{"_path":"dns","uid":"C1","ts":1.5,"a":"7b"}"#) > 0);
    let again: Vec<usize> =
        ODD.iter().map(|line| check(&unaware(), "some.ndjson", line.as_bytes())).collect();
    assert_eq!(again, matches);
}

#[test]
fn a_record_is_of_its_own_class_whatever_stands_before_it() {
    let alone: usize = ODD.iter().map(|line| check(&ours(), "some.ndjson", line.as_bytes())).sum();
    let classes = [
        r#"{"Channel":"System","EventID":4625,"a":"é"}"#,
        r#"{"Channel":"Security","EventID":4625,"a":"é"}"#,
        r#"{"a":"é"}"#,
        r#"{"Channel":"Security\u001f++q","CreationTime":"r","EventID":4625,"a":"é"}"#,
        r#"{"Channel":"Security","CreationTime":"q\u001f++r","EventID":4625,"a":"é"}"#,
        r#"{"EventID":4625,"c":1,"a":{"Channel":"Security","b":1}}"#,
    ];
    for rules in [ours(), unaware()] {
        let found: Vec<usize> =
            classes.iter().map(|line| check(&rules, "some.ndjson", line.as_bytes())).collect();
        assert_eq!(found, [0, 1, 1, 0, 1, 2]);
        for order in [ODD.to_vec(), ODD.into_iter().rev().collect()] {
            assert_eq!(check(&rules, "some.ndjson", order.join("\n").as_bytes()), alone);
        }
        let mut order = classes;
        for _ in classes {
            order.rotate_left(1);
            assert_eq!(check(&rules, "some.ndjson", order.join("\n").as_bytes()), 5);
        }
    }
}

#[test]
fn a_number_that_names_a_service_is_spelt_as_in_full() {
    let zeek = Options { format: Some(model::Format::Zeek), ..options() };
    for number in ["7", "1.50", "-0", "1e2", "100000000000000000000", "123456789012345678"] {
        let line = format!(r#"{{"_path":{number},"a":"x"}}"#);
        assert_eq!(check_as(&zeek, &ours(), "some.log", line.as_bytes()), 2, "{number}");
    }
}

fn value() -> impl Strategy<Value = String> {
    let scalar = prop::sample::select(vec![
        "null",
        "true",
        "7",
        "-7",
        "1.50",
        "4625",
        "1e2",
        "\"x\"",
        "\"\"",
        "\"\\u00c9\"",
        "\"Security\"",
        "\"4625\"",
        "\"needle\"",
        "\"Microsoft-Windows-Sysmon/Operational\"",
        "\"\\x\"",
        "12345678901234567890",
    ]);
    scalar.prop_map(str::to_owned).prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec(("[abc]|a\\.b|n", inner), 0..3).prop_map(|members| object(&members)),
        ]
    })
}

fn object(members: &[(String, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
    format!("{{{}}}", members.join(","))
}

fn line() -> impl Strategy<Value = String> {
    let key = "[abc]|a\\.b|Channel|EventID|_path|program|\\\\u0061";
    prop::collection::vec((key, value()), 0..6).prop_map(|members| object(&members))
}

proptest! {
    #[test]
    fn any_lines_are_seen_both_ways_alike(
        lines in prop::collection::vec(line(), 1..20),
        name in prop::sample::select(vec!["some.ndjson", "some.log"]),
    ) {
        check(&ours(), name, lines.join("\n").as_bytes());
        check(&unaware(), name, lines.join("\n").as_bytes());
    }
}

#[test]
fn real_logs_are_seen_both_ways_alike() {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora"));
    let corpora = option_env!("BAILIWICK_CORPORA").map_or(beside, PathBuf::from);
    if !corpora.is_dir() {
        println!("skipped: no corpora at hand");
        return;
    }
    let of = |folders: &[&str]| {
        let paths: Vec<PathBuf> = folders.iter().map(|f| corpora.join("sigma").join(f)).collect();
        crate::cli::rule::read(&paths).expect("readable")
    };
    let mut files =
        of(&["rules/windows/builtin", "rules/windows/powershell", "rules/windows/network_connection"]);
    files.extend(detect::built_in_files());
    let rules = compiled(files);
    let mut matches = 0;
    for folder in ["evtx/attack-samples", "logs"] {
        for (name, path) in collect::walk(&corpora.join(folder)).files {
            matches += check(&rules, &name, &std::fs::read(path).expect("there"));
        }
    }
    assert!(matches > 500, "{matches}");
}
