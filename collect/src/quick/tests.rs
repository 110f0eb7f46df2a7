//! What is read quickly is what is read in full, for regular, odd and hostile records.

use super::*;
use crate::parse;
use crate::time::When;
use model::Fields;
use proptest::prelude::*;
use serde_json::{Number, Value};

/// Writes down what it is given, with the way to it.
#[derive(Default)]
struct Notes {
    places: Vec<String>,
    values: Vec<String>,
    objects: usize,
}

impl Notes {
    fn place(&mut self, way: String) -> usize {
        self.places.push(way);
        self.places.len() - 1
    }
}

impl Sink for Notes {
    type Place = usize;

    fn top(&mut self) -> usize {
        self.place(String::new())
    }

    fn enter(&mut self, object: usize, key: &str) -> Option<usize> {
        let way = format!("{}/{key}", self.places[object]);
        Some(self.place(way))
    }

    fn goes_on(&self, _: usize) -> bool {
        true
    }

    fn object(&mut self, place: usize) -> usize {
        self.objects += 1;
        let way = format!("{}#{}", self.places[place], self.objects);
        self.place(way)
    }

    fn list(&mut self, _: usize) {}

    fn put(&mut self, place: usize, value: Scalar<'_>) {
        let value = match value {
            Scalar::Null => Value::Null,
            Scalar::Bool(truth) => truth.into(),
            Scalar::Number(number) => serde_json::from_str::<Number>(number).expect("a number").into(),
            Scalar::Text(text) => text.into(),
        };
        self.values.push(format!("{} {value}", self.places[place]));
    }

    fn takes_all(&self) -> bool {
        true
    }
}

/// The same out of a tree.
fn notes_of(fields: &Fields) -> Vec<String> {
    fn walk(value: &Value, way: &str, objects: &mut usize, into: &mut Vec<String>) {
        match value {
            Value::Array(list) => list.iter().for_each(|v| walk(v, way, objects, into)),
            Value::Object(map) => {
                *objects += 1;
                let way = format!("{way}#{objects}");
                map.iter().for_each(|(key, v)| walk(v, &format!("{way}/{key}"), objects, into));
            }
            scalar => into.push(format!("{way} {scalar}")),
        }
    }
    let (mut into, mut objects) = (vec![], 0);
    fields.iter().for_each(|(key, v)| walk(v, &format!("/{key}"), &mut objects, &mut into));
    into.sort();
    into
}

/// What the quick reading gives, unless it declines, is what the full one gives; whether it declined.
fn check(format: Format, raw: &[u8]) -> bool {
    let limits = Limits { fields: 30, depth: 6, ..Limits::default() };
    let mut notes = Notes::default();
    if read(format, raw, &limits, &mut Scratch::default(), &mut notes).is_err() {
        return true;
    }
    let full = parse::parse(format, raw, &limits);
    let shown = String::from_utf8_lossy(raw).into_owned();
    assert_eq!(full.defects, vec![], "{shown}");
    notes.values.sort();
    assert_eq!(notes.values, notes_of(&full.fields), "{shown}");
    if let Ok(when) = when(format, raw, &limits, &mut Scratch::default()) {
        assert_eq!(when, full.when, "{shown}");
    }
    false
}

#[test]
fn regular_records_are_read_quickly() {
    for raw in [
        r#"{"a":1,"b":"x\\y\n\u00e4\ud83d\ude00","c":[1,[true,null]],"d":{"e":-0.50}}"#,
        r#" { "a" : "" , "b" : {} , "c" : [ ] } "#,
        "{}\r",
        r#"{"a":[[[[1]]]],"d":{"e":1},"e":{"a":{"d":2},"b":[{"a":1},{"a":2}]}}"#,
        r#"{"Image":"C:\\Windows\\System32\\a rather long name that goes on beyond any word\\x.exe","n":12345678901234567890}"#,
    ] {
        assert!(!check(Format::Ndjson, raw.as_bytes()), "{raw}");
    }
    let event = r#"<?xml version="1.0" encoding="utf-8"?>
<Event xmlns="http://x"><System><Provider Name="P" Guid="{1}"/><EventID Qualifiers="0">4625</EventID>
<TimeCreated SystemTime="2026-11-01T10:00:00Z"/><Execution ProcessID="4"/><Correlation/> <Channel> Security </Channel></System>
<EventData><Data Name="A">eve &amp; adam
x</Data><Data>1</Data><Data></Data><Binary>00</Binary></EventData><RenderingInfo Culture="en"><Level>I</Level></RenderingInfo></Event>"#;
    assert!(!check(Format::Evtx, event.as_bytes()));
}

#[test]
fn what_is_odd_is_declined() {
    for raw in [
        "",
        "[]",
        "{",
        "{}x",
        "{\"a\":1}{}",
        "{\"a\":1,}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":1e999}",
        "{\"a\":-}",
        "{\"a\":tru}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\u{1f}\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\":\"\\ud800\\ud800\"}",
        "{\"a\":1e5}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\",
        "{\"a\":\"\\\u{e4}\"}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"__REALTIME_TIMESTAMP\":\"1\"}",
        "{\"a\":[[[[[1]]]]]}",
        "{\"a\" 1}",
    ] {
        assert!(check(Format::Ndjson, raw.as_bytes()), "{raw}");
    }
    assert!(check(Format::Ndjson, b"{\"a\":\"\xff\"}"));
    for raw in [
        "<Event/>x",
        "<Event><System></Event>",
        "<Event><System><Level>4</Data></System></Event>",
        "<Event><System><Provider Name='a<b'/></System></Event>",
        "<Event><System><Provider Name='a\nb'/></System></Event>",
        "<Event><![CDATA[x]]></Event>",
        "<Event><!-- x --></Event>",
        "<Event><a:b/></Event>",
        "<Event><System><EventID>&#65;</EventID></System></Event>",
        "<Event><EventData><Data Name='a&amp;b'>x</Data></EventData></Event>",
        "<Event><EventData><Data>&nothing;</Data></EventData></Event>",
        "<Event",
        "",
    ] {
        assert!(check(Format::Evtx, raw.as_bytes()), "{raw}");
    }
}

#[test]
fn wide_records_are_read_quickly_up_to_the_bound_on_fields() {
    let object = |n: usize| (0..n).map(|at| format!("\"k{at}\":1")).collect::<Vec<_>>().join(",");
    let json = |inner: &str| check(Format::Ndjson, format!("{{{inner}}}").as_bytes());
    assert!(!json(&object(30)) && json(&object(31)));
    assert!(!json(&format!("\"a\":{{{}}}", object(29))) && json(&format!("\"a\":{{{}}}", object(30))));
    let list = |n: usize| format!("\"a\":[{}]", vec!["1"; n].join(","));
    assert!(!json(&list(29)) && json(&list(30)));
    let event = |n: usize| {
        let data: String = (0..n).map(|at| format!("<Data Name='k{at}'>1</Data>")).collect();
        check(Format::Evtx, format!("<Event><EventData>{data}</EventData></Event>").as_bytes())
    };
    // Elements count beside the fields that they give.
    assert!(!event(14) && event(15));
}

#[test]
fn elements_hold_what_stands_in_them_and_nothing_of_what_stands_in_their_children() {
    for raw in [
        "<Event><UserData><A>x<B>1</B>y</A><C> <D/> </C></UserData></Event>",
        "<Event><EventData><Data Name='a'>x<Data>1</Data>y</Data></EventData></Event>",
        "<Event><System> x <Security UserID='S-1'> y </Security></System> z </Event>",
    ] {
        assert!(!check(Format::Evtx, raw.as_bytes()), "{raw}");
    }
    // What has no name is one list, which begins once.
    let raw = b"<Event><EventData><Data>1</Data><Data>2</Data><Data Name='a'>3</Data></EventData></Event>";
    let mut notes = Notes::default();
    read(Format::Evtx, raw, &Limits::default(), &mut Scratch::default(), &mut notes).expect("regular");
    assert_eq!(notes.places, ["", "/Data", "/a"]);
    assert_eq!(notes.values, ["/Data \"1\"", "/Data \"2\"", "/a \"3\""]);
}

/// The time as it is found quickly, which is that of the full reading; none where only that can tell.
fn time_of(raw: &str) -> Option<When> {
    let format = if raw.starts_with('<') { Format::Evtx } else { Format::Ndjson };
    let limits = Limits::default();
    let found = when(format, raw.as_bytes(), &limits, &mut Scratch::default()).ok()?;
    assert_eq!(found, parse::parse(format, raw.as_bytes(), &limits).when, "{raw}");
    Some(found)
}

#[test]
fn the_time_is_found_by_the_names_that_tell_it() {
    let known = |raw: &str| assert_ne!(time_of(raw).expect("told quickly"), When::Unknown, "{raw}");
    known(r#"{"a":1,"@timestamp":"2026-11-01T10:00:00Z","time":"2025-01-01T00:00:00Z"}"#);
    known(r#"{"time":"2025-01-01T00:00:00Z","@timestamp":"2026-11-01T10:00:00Z"}"#);
    known(r#"{"@timestamp":"never","ts":1793527200.25}"#);
    known(r#"{"ts":1793527200}"#);
    known(r##"{"Event":{"System":{"TimeCreated":{"#attributes":{"SystemTime":"2026-11-01T10:00:00Z"}}}}}"##);
    known(r#"{"TimeCreated":{"SystemTime":"2026-11-01T10:00:00Z"}}"#);
    known(r#"{"TimeCreated":"2026-11-01T10:00:00Z","Event":{"System":{"x":{"TimeCreated":1}}}}"#);
    known("<Event><System><TimeCreated SystemTime='2026-11-01T10:00:00Z'/></System></Event>");
    for raw in [
        r#"{"a":"2026-11-01T10:00:00Z"}"#,
        r#"{"deep":{"@timestamp":"2026-11-01T10:00:00Z"}}"#,
        r#"{"ts":{"SystemTime":"2026-11-01T10:00:00Z"}}"#,
        r#"{"Event":{"TimeCreated":{"SystemTime":"2026-11-01T10:00:00Z"}},"time":null,"date":true}"#,
        r#"{"Event":{"a":{"b":{"c":{"d":"2026-11-01T10:00:00Z"}}}}}"#,
        r#"{"Event":{"System":{"TimeCreated":{"SystemTime":"2026-11-01T10:00:00Z"}}}}"#,
        r#"{"Event":{"System":{"TimeCreated":"2026-11-01T10:00:00Z"}}}"#,
        "<Event><System><TimeCreated SystemTime='2026-11-01T10:00:00Z and what follows'/></System></Event>",
        "<Event><System><Level>4</Level></System><EventData><Data Name='time'>2026-11-01</Data></EventData></Event>",
    ] {
        assert_eq!(time_of(raw), Some(When::Unknown), "{raw}");
    }
    for raw in [
        r#"{"ts":[1793527200]}"#,
        r#"{"ts":1793527200,"ts":"x"}"#,
        r##"{"Event":[{"System":{"TimeCreated":{"#attributes":{"SystemTime":"2026-11-01T10:00:00Z"}}}}]}"##,
    ] {
        assert_eq!(time_of(raw), None, "{raw}");
    }
}

fn json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[\\x00-\\x1f\"\\\\/a-zé]{0,40}".prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abc\"\\\\.]{0,3}", inner, 0..4)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_object_is_read_quickly_as_it_is_read_in_full(
        map in prop::collection::btree_map("[ab\"\\\\\\x07é]{0,3}", json(), 0..6),
        damage in prop::option::of((any::<prop::sample::Index>(), "[\\x00-\\x7f]")),
    ) {
        let mut raw = Value::Object(map.into_iter().collect()).to_string().into_bytes();
        if let Some((at, byte)) = damage {
            let at = at.index(raw.len());
            raw[at] = byte.as_bytes()[0];
        }
        check(Format::Ndjson, &raw);
    }

    #[test]
    fn the_time_that_is_found_quickly_is_that_of_the_full_reading(
        pairs in prop::collection::vec((
            prop::sample::select(vec![
                "ts", "time", "@timestamp", "TimeCreated", "SystemTime", "Event", "eventTime", "a", "_time",
            ]),
            prop::sample::select(vec![
                "\"2026-11-01T10:00:00Z\"", "\"Nov  3 10:00:00 host x\"", "1793527200", "1793527200.5", "-1", "null", "\"\"", "true",
                "[1793527200]", "{\"SystemTime\":\"2025-11-01T10:00:00Z\"}", "{\"System\":{\"TimeCreated\":{\"#attributes\":{\"SystemTime\":\"2024-11-01T10:00:00Z\"}}}}",
                "{\"System\":{\"TimeCreated\":1793527200}}", "1e400", "123456789012345678901234567890",
            ]),
        ), 0..6),
    ) {
        let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        time_of(&format!("{{{}}}", pairs.join(",")));
    }

    #[test]
    fn no_near_json_is_read_otherwise_than_in_full(
        raw in "\\{(\"(a|b|\\\\u00e4|\\\\ud83d\\\\ude00|\\\\)\"|[:,\\[\\]{} 0-9.eE+-]|true|null|\t){0,20}\\}?",
    ) {
        check(Format::Zeek, raw.as_bytes());
    }

    #[test]
    fn no_near_event_is_read_otherwise_than_in_full(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<System>", "</System>", "<EventData>", "</EventData>", "<Data Name=\"a\">", "<Data>", "</Data>", "<Level>",
            "</Level>", "<Provider Name='x y' Guid=\"&lt;\"/>", "<Execution ProcessID='4'  ThreadID=\"8\" />", "text",
            " \n ", "&amp;", "&#10;", "&x;", "<!-- c -->", "<UserData>", "</UserData>", "<x:y a='b'/>", "<Data/>", "é",
            "<RenderingInfo>", "</RenderingInfo>", "\r\n", "]]>", "<TimeCreated SystemTime='2026-11-01T10:00:00Z'/>",
        ]), 0..14),
    ) {
        check(Format::Evtx, format!("<Event xmlns='e'>{}</Event>", parts.concat()).as_bytes());
    }
}
