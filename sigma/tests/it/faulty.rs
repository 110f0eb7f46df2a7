//! Rules that are wrong are refused with line, code and a word of help; rules that lack something are listed.

use super::{loaded, rule};
use sigma::{Placeholders, load, load_with};

/// The only refusal of a file: line, column, code and message.
fn refused(yaml: &str) -> (u64, u64, &'static str, String) {
    let loaded = loaded(yaml);
    assert_eq!((loaded.documents, loaded.refused.len(), loaded.loaded), (1, 1, 0), "{yaml}: {loaded:?}");
    let refused = &loaded.refused[0];
    assert!(refused.caret.contains('^'));
    (refused.line, refused.column, refused.code, refused.message.clone())
}

#[test]
fn every_fault_is_refused_where_it_stands() {
    let long = format!("title: x\na: {}\n", "[".repeat(300_000));
    for (yaml, line, code, word) in [
        (rule("a: {A: 1}\ncondition: a and (a"), 7, "SG-021", "not closed"),
        (rule("a: {A: 1}\ncondition: b"), 7, "SG-023", "no search identifier `b`"),
        (rule("a: {A: 1}\ncondition: a | count() by B > 5"), 7, "SG-022", "event_count"),
        (rule("a:\n    A|re: '(('\ncondition: a"), 7, "SG-035", "unclosed group"),
        (rule("a:\n    A|re: '(?=x)'\ncondition: a"), 7, "SG-035", "look-around"),
        (rule("a:\n    A|re: '(x)\\1'\ncondition: a"), 7, "SG-035", "backreferences"),
        (rule("a: {A|contians: q}\ncondition: a"), 6, "SG-032", "`contains`"),
        (rule("a: {A|contains|startswith: q}\ncondition: a"), 6, "SG-033", "contradicts"),
        (rule("a: {A|i: q}\ncondition: a"), 6, "SG-033", "flag of `re`"),
        (rule("a: {A|re|contains: q}\ncondition: a"), 6, "SG-033", "compare texts only"),
        (rule("a: {A|startswith|cidr: 10.0.0.0/8}\ncondition: a"), 6, "SG-033", "compare texts only"),
        (rule("a: {A|exists|endswith: true}\ncondition: a"), 6, "SG-033", "compare texts only"),
        (rule("a: {A|gt|contains: 1}\ncondition: a"), 6, "SG-033", "compare texts only"),
        (rule("a: {A|hour|contains: 1}\ncondition: a"), 6, "SG-033", "compare texts only"),
        (rule("a: {A|re|cidr: 10.0.0.0/8}\ncondition: a"), 6, "SG-033", "contradict each other"),
        (rule("a: {A|fieldref|gte: 5}\ncondition: a"), 6, "SG-033", "contradict each other"),
        (rule("a: {A|exists|hour: 5}\ncondition: a"), 6, "SG-033", "contradict each other"),
        (rule("a: {A|cidr: 10.0.0.0/99}\ncondition: a"), 6, "SG-031", "network"),
        (rule("a: {A|gt: ten}\ncondition: a"), 6, "SG-031", "number"),
        (rule("a: {A|exists: maybe}\ncondition: a"), 6, "SG-031", "true or false"),
        (rule("a: {A: {B: 1}}\ncondition: a"), 6, "SG-031", "a map"),
        (rule("a:\ncondition: a"), 6, "SG-031", "empty"),
        (rule("a: {A: 1}"), 6, "SG-011", "condition"),
        (rule("condition: a"), 6, "SG-010", "no search identifier"),
        ("title: x\n  logsource: [\n".into(), 2, "SG-001", "YAML"),
        (String::new(), 1, "SG-003", "no document"),
        ("just words\n".into(), 1, "SG-004", "a map"),
        ("title: x\nlogsource: {category: t}\ndetections: {a: 1}\n".into(), 1, "SG-010", "`detection`"),
        ("logsource: {category: t}\ndetection: {a: {b: 1}, condition: a}\n".into(), 1, "SG-013", "title"),
        ("title: x\ndetection: {a: {b: 1}, condition: a}\n".into(), 1, "SG-014", "logsource"),
        (rule("a: {A: 1}\ncondition: a") + "level: hgih\n", 8, "SG-012", "`high`"),
        ("action: global\ntitle: x\n".into(), 1, "SG-005", "Sigma 1"),
        (
            "title: x\ncorrelation: {type: event_cuont, rules: [a], timespan: 5m}\n".into(),
            2,
            "SG-041",
            "`event_count`",
        ),
        (
            "title: x\ncorrelation: {type: event_count, rules: [a], timespan: 5x}\n".into(),
            2,
            "SG-042",
            "timespan",
        ),
        (
            "title: x\ncorrelation: {type: event_count, rules: [a], timespan: 5m}\n".into(),
            2,
            "SG-040",
            "condition",
        ),
        (
            "title: x\ncorrelation: {type: value_count, rules: [a], timespan: 5m, condition: {gte: 1}}\n"
                .into(),
            2,
            "SG-043",
            "field",
        ),
        (long, 2, "SG-002", "deep"),
    ] {
        let (at, _, got, message) = refused(&yaml);
        let start: String = yaml.chars().take(200).collect();
        assert_eq!((at, got), (line, code), "{start}: {message}");
        assert!(message.contains(word), "{start}: {message}");
    }
}

#[test]
fn loaded_unarmed_and_refused_add_up() {
    let good = rule("a: {A: 1}\ncondition: a");
    let lacks = rule("a: {A|expand: '%admins%'}\ncondition: a");
    let orphan =
        "title: c\ncorrelation: {type: event_count, rules: [nobody], timespan: 5m, condition: {gte: 3}}\n";
    let all = load([
        ("1.yml".into(), format!("{good}---\n{lacks}---\n{orphan}").into_bytes()),
        ("2.yml".into(), b"title: [\n".to_vec()),
        ("3.yml".into(), vec![0xff, 0xfe]),
    ]);
    assert_eq!((all.files, all.documents, all.loaded, all.unarmed.len(), all.refused.len()), (3, 5, 1, 2, 2));
    assert_eq!(all.unarmed[0].missing, ["admins"]);
    assert_eq!(all.unarmed[1].missing, ["nobody"]);
    let values = Placeholders::from([("admins".to_owned(), vec!["eve".to_owned(), "adam".to_owned()])]);
    let armed = load_with([("1.yml".into(), lacks.into_bytes())], &values);
    assert_eq!((armed.loaded, armed.unarmed.len()), (1, 0));
    assert_eq!(super::fired(armed, &[serde_json::json!({"A": "Adam"})]).len(), 1);
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_rule() {
    let yaml = format!("\u{feff}{}", rule("a: {A: 1}\ncondition: a"));
    assert_eq!(loaded(&yaml).loaded, 1, "{:?}", loaded(&yaml).refused);
    for faulty in ["title: x: y\n", "{title: x, logsource: [}\n", "title: x\nlogsource: {}\n", "- x\n"] {
        let places =
            |text: &str| loaded(text).refused.iter().map(|r| (r.code, r.line, r.column)).collect::<Vec<_>>();
        assert_eq!(places(faulty).len(), 1, "{faulty}");
        assert_eq!(places(faulty), places(&format!("\u{feff}{faulty}")), "{faulty}");
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let loaded = load([("x".into(), bytes)]);
        proptest::prop_assert_eq!(loaded.loaded + (loaded.unarmed.len() + loaded.refused.len()) as u64, loaded.documents);
    }

    #[test]
    fn no_damaged_rule_panics(at in 0usize..400, byte in proptest::prelude::any::<u8>()) {
        let mut bytes = rule("a:\n    - A|re: 'x.*'\n      B|contains|all: [1, 'b*']\n    - 'word'\nb: {C|cidr: 10.0.0.0/8}\ncondition: (1 of a* or b) and not all of them").into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        let loaded = load([("x".into(), bytes)]);
        proptest::prop_assert_eq!(loaded.loaded + (loaded.unarmed.len() + loaded.refused.len()) as u64, loaded.documents);
    }
}
