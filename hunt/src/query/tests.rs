//! Queries and what they find; faulty ones and where the fault is.

use super::*;
use model::{Defect, Draft, Format, Source};
use proptest::prelude::*;
use serde_json::{Value, json};

fn event(fields: Value, raw: &str) -> Event {
    let at = "2026-11-01T10:00:00Z".parse().expect("good");
    let draft = Draft {
        kind: Kind::Event,
        source: Source::new(Format::Syslog, "fw-2").expect("good"),
        happened: at,
        received: at,
        raw: raw.as_bytes().to_vec(),
        defects: vec![Defect::YearGuessed],
    };
    Event { record: draft.at(7), fields: fields.as_object().cloned().expect("an object") }
}

fn check(query: &str, want: bool) {
    let fields = json!({
        "user": "Eve", "src_ip": "203.0.113.9", "n": 12, "path": "C:\\Windows\\cmd.exe", "a": {"b": ["x", "y z"]},
        "id.orig_h": "::ffff:10.1.2.3", "seq": "mine", "when": "2026-11-01T10:00:00Z", "empty": null,
        "list": [{"q": "one"}, {"r": 1}, {"q": "two"}], "lines": "first\nsecond", "v6": "2001:db8::1",
        "note": "has \"quotes\" and \\ in it, 5\"x"
    });
    let event = event(fields, "Nov  1 10:00:00 fw-2 sshd[1]: Failed password for Eve");
    let parsed = Query::parse(query).expect(query);
    assert_eq!(parsed.matches(&event), want, "{query}");
    let not = Query::parse(&format!("not ({query})")).expect(query);
    assert_eq!(not.matches(&event), !want, "not ({query})");
}

#[test]
fn queries_find_what_they_say() {
    for (query, want) in [
        ("*", true),
        ("failed", true),
        ("FAILED password", true),
        ("\"failed password\"", true),
        ("\"password failed\"", false),
        ("f?iled", true),
        ("fail*eve", true),
        ("user:eve", true),
        ("user:ev", false),
        ("user:e*", true),
        ("user:\"eve\"", true),
        ("User:eve", false),
        ("user:/^E.e$/", true),
        ("user:/^e.e$/", false),
        ("/pass.ord/", true),
        ("src_ip:203.0.113.0/24", true),
        ("src_ip:10.0.0.0/8", false),
        ("src_ip:cb00:7109::/32", false),
        ("id.orig_h:10.0.0.0/8", true),
        ("n:>11", true),
        ("n:>=12", true),
        ("n:<12", false),
        ("when:>2026-10-01T00:00:00Z", true),
        ("a.b:x", true),
        ("a.b:\"y z\"", true),
        ("a.c:*", false),
        ("a:*", true),
        ("empty:*", true),
        ("path:\"c:\\windows\\cmd.exe\"", true),
        ("path:*\\cmd.exe", true),
        ("_seq:7", true),
        ("seq:7", false),
        ("seq:mine", true),
        ("_kind:event", true),
        ("kind:event", true),
        ("_source:fw-2", true),
        ("_source:syslog:fw-2", true),
        ("defect:year-guessed", true),
        ("_happened:>=2026-11-01T10:00:00Z", true),
        ("user:adam or user:eve", true),
        ("user:adam or user:eve n:1", false),
        ("(user:adam or user:eve) n:12", true),
        ("user:eve -n:12", false),
        ("user:eve AND NOT n:13", true),
        ("\"or\"", false),
        // What stands in a value is found without its field, however deep.
        ("mine", true),
        ("/^mine$/", true),
        ("\"y z\"", true),
        ("a:x", true),
        ("list.q:one", true),
        ("list.q:two", true),
        ("list.q:*", true),
        ("list.q:1", false),
        ("empty:\"\"", true),
        ("a.b:\"y\"", false),
        // Wildcards stand for anything in the whole value.
        ("user:v*", false),
        ("user:*v", false),
        ("first*second", true),
        ("lines:first*d", true),
        ("n:<=12", true),
        ("n:<=11", false),
        ("n:>12", false),
        ("src_ip:0.0.0.0/0", true),
        ("v6:0.0.0.0/0", false),
        ("v6:::/0", true),
        ("src_ip:203.0.113.9/99", false),
        ("src_ip:10.0.0.0/200", false),
        // Quotes end where they are not escaped, and begin where a value does.
        ("\"has \\\"quotes\\\"\"", true),
        ("note:\"has \\\"quotes\\\" and \\\\ in it, 5\\\"x\"", true),
        ("\"and \\\\\" it", true),
        ("5\"x", true),
        // Only what can be a name is the name of a field.
        ("10:00:00", true),
        ("sshd[1]:", true),
    ] {
        check(query, want);
    }
}

#[test]
fn a_record_without_defects_has_none() {
    let mut event = event(json!({}), "x");
    event.record.defects.clear();
    for query in ["defect:*", "_defect:*", "defect:year-guessed"] {
        assert!(!Query::parse(query).expect(query).matches(&event), "{query}");
    }
}

#[test]
fn a_name_is_looked_for_only_so_often_in_one_event() {
    let list: Vec<Value> = (0..5000).map(|n| json!({"b": {"c": n}})).collect();
    let event = event(json!({"a": list}), "x");
    for (query, want) in [("a.b.c:0", true), ("a.b.c:4000", true), ("a.b.c:4999", false)] {
        assert_eq!(Query::parse(query).expect(query).matches(&event), want, "{query}");
    }
}

#[test]
fn only_events_are_hits_unless_the_kind_is_named() {
    let mut act = event(json!({}), "exported");
    act.record.kind = Kind::Act;
    for (query, want) in [("exported", false), ("*", false), ("_kind:act", true), ("exported _kind:*", true)]
    {
        assert_eq!(Query::parse(query).expect(query).matches(&act), want, "{query}");
    }
}

#[test]
fn faulty_queries_are_refused_where_the_fault_is() {
    for (query, column, word) in [
        ("", 1, "empty"),
        ("a (b", 3, "not closed"),
        ("a )", 3, "not opened"),
        ("or a", 1, "nothing before"),
        ("a and", 6, "missing"),
        ("user:", 1, "value is missing"),
        ("user:\"x", 6, "not closed"),
        ("user:/(/", 6, "regular expression"),
        ("n:>ten", 3, "neither a number"),
        ("n:>inf", 3, "neither a number"),
        ("()", 2, "missing"),
    ] {
        let error = Query::parse(query).expect_err(query);
        assert_eq!(error.column, column, "{query}: {}", error.message);
        assert!(error.message.contains(word), "{query}: {}", error.message);
        assert!(error.caret.ends_with('^'));
    }
    for long in ["(".repeat(500), "a ".repeat(300), "x".repeat(9000)] {
        assert!(Query::parse(&long).is_err());
    }
}

#[test]
fn what_every_hit_must_have_is_known_and_nothing_else() {
    let hashes = |q: &str| Query::parse(q).expect(q).hashes(&["failure"]);
    let words = |w: &str| segment::query_terms(w);
    assert_eq!(hashes("Failed user:root"), words("failed root"));
    assert_eq!(hashes("a:\"C:\\\\x\" not b"), words("c x"));
    for none in [
        "a or b",
        "-a",
        "fail*",
        "/x/",
        "*",
        "n:4711",
        "n:1.5",
        "n:>3",
        "_source:x",
        "source:x",
        "outcome:failure",
        "a:*",
        "a:10.0.0.0/8",
    ] {
        assert_eq!(hashes(none), Vec::<u64>::new(), "{none}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,60}", near in "(a|user:|\"|/|\\(|\\)|or |and |not |-|\\*|:|>=|10.0.0.0/8| ){0,24}") {
        let _ = (Query::parse(&text), Query::parse(&near));
    }

    #[test]
    fn what_is_printed_is_read_as_the_same(text in "(a|b:c|\"x y\"|/r/|not |or |and |-q|\\(|\\)| ){1,20}") {
        if let Ok(query) = Query::parse(&text) {
            let printed = query.to_string();
            let again = Query::parse(&printed).expect("what was printed is a query");
            prop_assert_eq!(again.to_string(), printed.clone());
            for (raw, fields) in [("a", json!({"b": "c"})), ("x y q", json!({})), ("r", json!({"b": "d"}))] {
                let event = event(fields, raw);
                prop_assert_eq!(query.matches(&event), again.matches(&event), "{} and {}", text, printed);
            }
        }
    }
}
