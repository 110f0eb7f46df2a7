//! The compiled rules say what the plain evaluator says: for made rules and events, and for all public ones.
//!
//! `PROPTEST_CASES=25000` makes a million pairs of a rule and an event.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sigma::{Class, Compiled, EngineOptions, FieldValue, Fields, Filling, Scratch, classify, load, plain};

/// Texts that share pieces, so that matches are common: cases beyond ASCII, wildcards, escapes, dashes.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[abAB]",
        2 => prop::sample::select(vec!["ä", "Ä", "ß", "ſ", "K", "İ", "Σ", "ς"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["\\", "\\*", "\\?", "*", "?", "\\\\"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec![" -a", " /b", "–a", "-", "\n", ".", "%"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["1", "10", "abba", "true"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|p| p.concat())
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(vec![
            json!(0),
            json!(1),
            json!(-1),
            json!(10),
            json!(1.0),
            json!(-0.0),
            json!(1.5)
        ]),
        prop::sample::select(vec![
            json!(u64::MAX),
            json!(i64::MIN),
            json!(9_007_199_254_740_993_u64),
            json!(1e300)
        ]),
        (0..20i64).prop_map(Value::from),
    ]
}

const ADDRESSES: [&str; 8] = [
    "10.1.2.3",
    "::ffff:10.1.2.3",
    "[fe80::1%eth0]",
    "10.1.2.300",
    "fe80::1",
    "192.168.0.1",
    "::1",
    "0.0.0.0",
];
const NETWORKS: [&str; 8] = [
    "10.0.0.0/8",
    "10.1.2.3",
    "fe80::/10",
    "::/0",
    "0.0.0.0/0",
    "::ffff:10.0.0.0/104",
    "::1/128",
    "10.1.2.3/31",
];
const TIMES: [&str; 4] = ["2026-11-25T10:30:00Z", "1764066600", "2026-01-01 00:00:00", "1764066600123"];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => text().prop_map(Value::from),
        3 => number(),
        1 => number().prop_map(|n| Value::from(n.to_string())),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => prop::sample::select(ADDRESSES.to_vec()).prop_map(Value::from),
        1 => prop::sample::select(TIMES.to_vec()).prop_map(Value::from),
    ]
}

const FIELDS: [&str; 9] = ["A", "B", "C", "A.b", "A.b.C", "N.x", "Image", "User", "Missing"];
const KEYS: [&str; 12] =
    ["A", "B", "C", "A.b", "b", "b.C", "N", "x", "Image", "NewProcessName", "SubjectUserName", "seen"];

fn tree() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            2 => prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            2 => map_of(inner).prop_map(Value::Object),
        ]
    })
}

fn map_of(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let pair = (prop::sample::select(KEYS.to_vec()).prop_map(str::to_owned), value);
    prop::collection::vec(pair, 0..7).prop_map(|pairs| pairs.into_iter().collect())
}

/// An event of one of three classes; one of them calls `Image` otherwise.
fn event() -> impl Strategy<Value = Map<String, Value>> {
    let source = prop::sample::select(vec![
        ("", ""),
        ("Security", "4688"),
        ("Microsoft-Windows-Sysmon/Operational", "1"),
    ]);
    (map_of(tree()), source).prop_map(|(mut map, (channel, id))| {
        if !channel.is_empty() {
            map.insert("Channel".into(), channel.into());
            map.insert("EventID".into(), id.into());
        }
        map
    })
}

/// A line of a detection: a field with modifiers, and its values.
fn line() -> impl Strategy<Value = (String, Value)> {
    let texts = || prop::collection::vec(text().prop_map(Value::from), 1..4);
    let scalars = prop::collection::vec(
        prop_oneof![4 => text().prop_map(Value::from), 2 => number(), 1 => any::<bool>().prop_map(Value::from), 1 => Just(Value::Null)],
        1..4,
    );
    let place = prop::sample::select(vec!["contains", "startswith", "endswith"]);
    let tail = prop::sample::select(vec![
        "",
        "|all",
        "|cased",
        "|windash",
        "|cased|all",
        "|neq",
        "|base64offset",
        "|wide|base64",
        "|utf16",
    ]);
    let regexes = ["a+b", "(?i)ÄB", "a|b1", "^a.*b$", "[ab]{2}ä", "\\\\a", "(abba|bab)x?", "k", ".", "^$"];
    let regex = prop::collection::vec(prop::sample::select(regexes.to_vec()).prop_map(Value::from), 1..3);
    let of = |names: &'static [&'static str]| {
        prop::collection::vec(prop::sample::select(names.to_vec()).prop_map(Value::from), 1..3)
    };
    let order = prop::sample::select(vec!["gt", "gte", "lt", "lte"]);
    let part =
        prop::sample::select(vec!["minute", "hour", "day", "week", "month", "year", "hour|gte", "year|lt"]);
    let reference = prop::sample::select(vec![
        "fieldref",
        "fieldref|contains",
        "fieldref|startswith",
        "fieldref|endswith|cased",
        "fieldref|neq",
    ]);
    let asked = prop_oneof![
        4 => scalars.prop_map(|v| (String::new(), Value::from(v))),
        1 => texts().prop_map(|v| ("|cased".into(), v.into())),
        6 => (place, tail, texts()).prop_map(|(p, t, v)| (format!("|{p}{t}"), v.into())),
        2 => (prop::sample::select(vec!["|re", "|re|i", "|re|m|s"]), regex).prop_map(|(m, v)| (m.to_owned(), v.into())),
        1 => of(&NETWORKS).prop_map(|v| ("|cidr".into(), v.into())),
        1 => any::<bool>().prop_map(|v| ("|exists".into(), v.into())),
        2 => (order, number()).prop_map(|(o, v)| (format!("|{o}"), v)),
        1 => (part, prop::sample::select(vec![0, 10, 11, 25, 30, 48, 2026])).prop_map(|(p, v)| (format!("|{p}"), v.into())),
        1 => (reference, of(&FIELDS)).prop_map(|(r, v)| (format!("|{r}"), v.into())),
    ];
    (prop::sample::select(FIELDS.to_vec()), asked)
        .prop_map(|(field, (modifiers, value))| (format!("{field}{modifiers}"), value))
}

fn search() -> impl Strategy<Value = Value> {
    let lines = || prop::collection::vec(line(), 1..4).prop_map(|l| Value::Object(l.into_iter().collect()));
    let keyword = prop_oneof![3 => text().prop_map(Value::from), 1 => number()];
    prop_oneof![
        8 => lines(),
        2 => prop::collection::vec(lines(), 1..3).prop_map(Value::from),
        1 => prop::collection::vec(keyword, 1..3).prop_map(Value::from),
        1 => prop::collection::vec(text().prop_map(Value::from), 1..3).prop_map(|v| json!({"|all": v})),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "s1",
        "s2",
        "f1",
        "1 of s*",
        "all of s*",
        "1 of them",
        "all of them",
        "2 of them",
    ]);
    name.prop_map(str::to_owned).prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|e| format!("not ({e})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and not ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and ({b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a}) or ({b})")),
        ]
    })
}

fn source() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({"category": "process_creation", "product": "windows"}),
        json!({"product": "windows", "service": "security"}),
        json!({"product": "windows"}),
        json!({"category": "test"}),
    ])
}

/// A set of rules as YAML, which JSON is: detections, and sometimes a filter.
fn rules() -> impl Strategy<Value = String> {
    let detection = || {
        (search(), search(), search(), condition())
            .prop_map(|(s1, s2, f1, condition)| json!({"s1": s1, "s2": s2, "f1": f1, "condition": condition}))
    };
    let rule =
        (detection(), source()).prop_map(|(d, s)| json!({"title": "t", "logsource": s, "detection": d}));
    let filter = (detection(), source(), any::<bool>()).prop_map(|(mut d, s, every)| {
        d["rules"] = if every { json!("any") } else { json!(["r0", "r1"]) };
        json!({"title": "f", "logsource": s, "filter": d})
    });
    (prop::collection::vec(rule, 1..6), prop::option::weighted(0.3, filter)).prop_map(|(rules, filter)| {
        let mut documents: Vec<String> = vec![];
        for (number, mut rule) in rules.into_iter().enumerate() {
            rule["id"] = format!("r{number}").into();
            documents.push(rule.to_string());
        }
        documents.extend(filter.map(|f| f.to_string()));
        documents.join("\n---\n")
    })
}

/// Fills an event as a reader of text does.
fn stream(filling: &mut Filling<'_>, at: sigma::At, value: &Value) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| stream(filling, at, v)),
        Value::Object(map) => {
            let object = filling.object(at);
            stream_map(filling, object, map);
        }
        Value::Null => filling.put(at, FieldValue::Null),
        Value::Bool(truth) => filling.put(at, FieldValue::Bool(*truth)),
        Value::Number(number) => filling.put(at, FieldValue::Number(&number.to_string())),
        Value::String(text) => filling.put(at, FieldValue::Text(text)),
    }
}

fn stream_map(filling: &mut Filling<'_>, object: sigma::At, map: &Map<String, Value>) {
    for (key, value) in map {
        if let Some(at) = filling.enter(object, key) {
            stream(filling, at, value);
        }
    }
}

/// Rules compiled, and as they are; with what one worker needs.
struct Both {
    compiled: Compiled,
    plain: plain::Evaluator,
    fields: Fields,
    scratch: Scratch,
}

impl Both {
    fn new(rules: sigma::RuleSet, options: EngineOptions) -> Self {
        let plain = plain::Evaluator::new(rules.clone(), options);
        Self {
            compiled: Compiled::new(rules, options),
            plain,
            fields: Fields::new(),
            scratch: Scratch::default(),
        }
    }

    /// What each of them says, and what the compiled rules say when the event comes from a reader of text.
    fn say(
        &mut self,
        event: &Map<String, Value>,
        class: &Class,
    ) -> (Vec<usize>, Vec<usize>, Option<Vec<usize>>) {
        let Self { compiled, plain, fields, scratch } = self;
        let route = compiled.route(class);
        fields.take_map(compiled.names(), route.extent(), event);
        let quick = compiled.matches(&route, fields, scratch).to_vec();
        let mut filling = fields.begin(compiled.names(), route.extent());
        let top = filling.top();
        stream_map(&mut filling, top, event);
        let streamed = (!fields.is_irregular()).then(|| compiled.matches(&route, fields, scratch).to_vec());
        (plain.matches(event, class), quick, streamed)
    }
}

proptest! {
    #[test]
    fn compiled_rules_say_what_the_plain_evaluator_says(
        yaml in rules(),
        events in prop::collection::vec(event(), 8),
        ignore_logsource in prop::bool::weighted(0.3),
    ) {
        let loaded = load([("r.yml".to_owned(), yaml.clone().into_bytes())]);
        let refused: Vec<_> = loaded.refused.iter().map(|r| (&r.message, &r.caret)).collect();
        prop_assert!(refused.is_empty(), "{refused:?}");
        let mut both = Both::new(loaded.rules, EngineOptions { ignore_logsource });
        for event in &events {
            let class = classify("ndjson", event);
            let (plain, quick, streamed) = both.say(event, &class);
            let shown = || format!("{yaml}\n{}", Value::Object(event.clone()));
            prop_assert_eq!(&plain, &quick, "{}", shown());
            if let Some(streamed) = streamed {
                prop_assert_eq!(&plain, &streamed, "streamed: {}", shown());
            }
        }
    }
}

/// Lines of a detection, each a rule of its own: what differs in one part only stands side by side, so that two questions
/// that are taken for one are found out.
fn lines() -> Vec<String> {
    let mut all = vec![];
    let mut of = |modifiers: &[&str], values: &[&str]| {
        for modifier in modifiers {
            all.extend(values.iter().map(|value| format!("{modifier}: {value}")));
        }
    };
    let places = ["A", "A|cased", "A|contains", "A|contains|cased", "A|startswith", "A|endswith", "A|neq"];
    of(&places, &["''", "a", "Ab", "'a*b'", "'A*B'", "'a?b'", "'*a'", "[a, Ab]", "'\\*'", "Ä", "1"]);
    of(&["A", "A|neq"], &["null", "1", "1.0", "-0.0", "1e300", "10", "[1, 10, null]", "true", "'1'", "0x10"]);
    of(&["A|contains|all", "A|startswith|all"], &["[a, b]", "[A, Ab]", "['', a]"]);
    of(&["A|gt", "A|gte", "A|lt", "A|lte"], &["0", "1", "1.5", "10", "1e300"]);
    of(&["A|re", "A|re|i", "A|re|m", "A|re|s"], &["'^a.b$'", "'^b$'", "'AB'", "''", "'(a|b)+1'", "'[aA]b?'"]);
    of(
        &["A|cidr"],
        &["10.0.0.0/8", "'::ffff:10.0.0.0/104'", "10.1.2.3", "'::/0'", "0.0.0.0/0", "'fe80::/10'"],
    );
    of(&["A|exists", "B|exists"], &["true", "false"]);
    of(&["A|fieldref", "A|fieldref|neq", "A|fieldref|cased", "A|fieldref|contains"], &["B", "A.b", "[B, C]"]);
    of(
        &["A|fieldref|startswith", "A|fieldref|endswith", "A|fieldref|endswith|cased"],
        &["B", "A.b", "[B, C]"],
    );
    of(
        &["A|minute", "A|hour", "A|day", "A|week", "A|month", "A|year"],
        &["1", "10", "11", "30", "48", "2026"],
    );
    of(&["A|hour|gte", "A|hour|lt", "A|year|gt", "A|year|lte"], &["10", "2025", "2026"]);
    of(&["A|windash|contains"], &["' -a'", "'a-b'", "' /b'"]);
    of(&["A.b", "A.b|contains", "A.b.C", "N.x|startswith"], &["a", "'1'", "null"]);
    all
}

/// The same for keywords, which look into every value.
fn keywords() -> Vec<String> {
    let mut all: Vec<String> =
        ["[a]", "[Ab, '1']", "['a*b']", "[10]", "['*']", "['a?b']"].map(str::to_owned).into();
    for (modifier, values) in [
        ("|all", "[a, b]"),
        ("|startswith", "[ab, Ä]"),
        ("|endswith", "b"),
        ("|cased|contains", "[Ab]"),
        ("|re", "'^a.b$'"),
        ("|re|i", "'AB'"),
        ("|gt", "9"),
        ("|lte", "1"),
        ("|cidr", "10.0.0.0/8"),
        ("|hour", "10"),
        ("|exists", "true"),
        ("|exists", "false"),
        ("|fieldref", "B"),
        ("|base64offset|contains", "foo"),
    ] {
        all.push(format!("{{'{modifier}': {values}}}"));
    }
    all
}

/// Events in which one field has each kind of value, alone, in lists and below other keys.
fn values() -> Vec<Value> {
    let mut all: Vec<Value> =
        ["", "a", "A", "ab", "AB", "Ab", "aB", "a\nb", "a b", "axb", "aAb", "ba", "*", "\\*", "ä"]
            .map(Value::from)
            .into();
    all.extend(
        ["xÄx", "1", "1.0", "10", "-0", "true", "x -a", "x /a", "x –b", "a-b", "b\nb", "Zm9v"]
            .map(Value::from),
    );
    all.extend(ADDRESSES.map(Value::from));
    all.extend(TIMES.map(Value::from));
    all.extend([json!(0), json!(1), json!(1.0), json!(-0.0), json!(1.5), json!(9), json!(10), json!(16)]);
    all.extend([json!(1e300), json!(u64::MAX), json!(1_764_066_600), json!(true), json!(false), json!(null)]);
    all.extend([json!([]), json!({}), json!(["x", "ab"]), json!([null, 1]), json!([["b"], {"b": "a"}])]);
    all.extend([
        json!({"b": "a"}),
        json!({"b": {"C": 1}}),
        json!([{"b": "a1"}, {"b": "1"}]),
        json!({"b.C": "a"}),
    ]);
    all
}

/// Puts rules of one search each to events that have each kind of value; says how often they matched.
fn check(searches: &[String], condition: &str) -> usize {
    let rule = |s: &String| {
        format!("title: t\nlogsource: {{category: test}}\ndetection:\n  s: {s}\n  condition: {condition}\n")
    };
    let yaml = searches.iter().map(rule).collect::<Vec<_>>().join("---\n");
    let loaded = load([("r.yml".to_owned(), yaml.into_bytes())]);
    assert!(loaded.refused.is_empty(), "{:?}", loaded.refused);
    let mut both = Both::new(loaded.rules, EngineOptions::default());
    let mut hits = 0;
    for event in value_events() {
        let event = event.as_object().expect("an object");
        let (plain, quick, streamed) = both.say(event, &Class::default());
        let shown = |numbers: &[usize]| numbers.iter().map(|n| searches[*n].clone()).collect::<Vec<_>>();
        assert_eq!(shown(&plain), shown(&quick), "{condition}: {event:?}");
        streamed.iter().for_each(|s| assert_eq!(shown(&plain), shown(s), "{condition}, streamed: {event:?}"));
        hits += plain.len();
    }
    hits
}

fn value_events() -> Vec<Value> {
    values()
        .into_iter()
        .flat_map(|v| {
            [
                json!({"A": v}),
                json!({"B": v, "C": "a"}),
                json!({"A": "Ab", "B": v}),
                json!({"A": v, "B": "ab"}),
            ]
        })
        .chain([json!({}), json!({"A.b": "a"}), json!({"N": {"x": "a"}}), json!({"N.x": 1})])
        .collect()
}

fn line_searches() -> Vec<String> {
    lines().iter().map(|line| format!("{{{}}}", quoted_key(line))).collect()
}

/// No chance: every line on every value, with all other lines beside it, and alone. What a line can be confused with, or
/// can share with another, is met each time.
#[test]
fn every_line_says_the_same_of_every_value() {
    let (lines, keywords) = (line_searches(), keywords());
    assert!(check(&lines, "s") > 5000 && check(&keywords, "s") > 500);
    // The other way round, what came second comes first.
    check(&lines.iter().rev().cloned().collect::<Vec<_>>(), "s");
    for keyword in &keywords {
        check(std::slice::from_ref(keyword), "s");
        check(&["[zzzz]".to_owned(), keyword.clone()], "s");
    }
    for line in lines.iter().step_by(7) {
        check(std::slice::from_ref(line), "s");
    }
}

/// What opens no rule is asked one by one; and where so much is asked that this would take long, all the rest is told by
/// machines. Both say the same.
#[test]
fn what_opens_no_rule_says_the_same_asked_one_by_one_and_all_at_once() {
    let all = [line_searches(), keywords()].concat();
    for few in all.chunks(40) {
        check(few, "not s");
    }
    // These come first and use up what may be spent on single questions.
    let crowd: Vec<String> = (0..400).map(|n| format!("{{Z|contains: crowd{n}}}")).collect();
    check(&[crowd, all].concat(), "not s");
}

/// A line whose key stands in quotes, as it must on one line with others.
fn quoted_key(line: &str) -> String {
    let (key, value) = line.split_once(": ").expect("a line has a key and a value");
    format!("'{key}': {value}")
}

/// An event that calls `Image` otherwise is looked at under that name only where it has no `Image`: in every way in which
/// a rule can ask, also as that with which another field is compared.
#[test]
fn another_name_of_a_field_counts_only_where_its_own_is_not_there() {
    let mut lines: Vec<String> = vec![];
    for field in ["Image", "NewProcessName", "User", "A"] {
        for asked in
            ["|endswith: ok", "|contains: k?", ": null", "|exists: true", "|re: '^ok$'", ": ok", "|neq: ok"]
        {
            lines.push(format!("{field}{asked}"));
        }
        for other in ["Image", "NewProcessName", "A"] {
            lines.extend(["", "|contains", "|cased"].map(|m| format!("{field}|fieldref{m}: {other}")));
        }
    }
    let rule = |line: &String| {
        let source = "{category: process_creation, product: windows}";
        format!("title: t\nlogsource: {source}\ndetection:\n  s: {{{}}}\n  condition: s\n", quoted_key(line))
    };
    let yaml = lines.iter().map(rule).collect::<Vec<_>>().join("---\n");
    let loaded = load([("r.yml".to_owned(), yaml.into_bytes())]);
    assert!(loaded.refused.is_empty(), "{:?}", loaded.refused);
    let mut both = Both::new(loaded.rules, EngineOptions::default());
    let keys = ["Image", "NewProcessName", "User", "SubjectUserName", "A"];
    // Each key is missing, null, or one of three texts.
    for number in 0..5usize.pow(5) {
        let mut event = json!({"Channel": "Security", "EventID": "4688"});
        for (place, key) in (0u32..).zip(keys) {
            match number / 5usize.pow(place) % 5 {
                0 => {}
                1 => event[key] = Value::Null,
                kind => event[key] = ["ok", "Ok", "other"][kind - 2].into(),
            }
        }
        let event = event.as_object().expect("an object");
        let (plain, quick, streamed) = both.say(event, &classify("ndjson", event));
        let shown = |numbers: &[usize]| numbers.iter().map(|n| lines[*n].clone()).collect::<Vec<_>>();
        assert_eq!(shown(&plain), shown(&quick), "{event:?}");
        assert_eq!(Some(shown(&plain)), streamed.as_deref().map(shown), "{event:?}");
    }
}

/// One record of the samples in so many is looked at, for the plain evaluator takes its time: all where the build is quick.
const EVERY: usize = if cfg!(debug_assertions) { 40 } else { 1 };

#[test]
fn all_public_rules_say_the_same_of_real_records() {
    let Some(sigma) = super::corpora::corpora() else { return };
    let mut rules = super::corpora::public_rules(&sigma);
    rules.push(("filter.yml".into(), FILTER.as_bytes().to_vec()));
    let mut both = Both::new(load(rules).rules, EngineOptions::default());
    let (mut events, mut hits) = (0, 0);
    for (number, event) in super::corpora::records(&sigma).iter().enumerate() {
        if number % EVERY != 0 {
            continue;
        }
        let class = classify("evtx", event);
        let (plain, quick, streamed) = both.say(event, &class);
        assert_eq!(plain, quick, "{event:?}");
        assert_eq!(Some(&plain), streamed.as_ref(), "{event:?}");
        events += 1;
        hits += plain.len();
    }
    assert!(events > 100 && hits > 20, "{hits} hits in {events} records");
}

/// Takes away from every rule about Windows what one account did.
const FILTER: &str = "title: f\nlogsource: {product: windows}\nfilter:\n  rules: any\n  a: {SubjectUserName: ANONYMOUS LOGON}\n  condition: a\n";

/// A filter whose own log source says less than that of the rule it is for looks at fields under the names that the
/// rule's events have.
#[test]
fn a_filter_knows_the_names_of_the_events_of_its_rules() {
    let yaml = "title: t\nid: r0\nlogsource: {product: windows, service: security}\ndetection:\n  s: {A: x}\n  condition: not s\n---\ntitle: f\nlogsource: {category: test}\nfilter:\n  rules: [r0]\n  s: {Image|endswith: ok.exe}\n  condition: s\n";
    let loaded = load([("r.yml".to_owned(), yaml.as_bytes().to_vec())]);
    assert_eq!((loaded.refused.len(), loaded.loaded), (0, 2));
    let mut engine = sigma::Engine::new(loaded.rules, EngineOptions::default());
    for (program, hits) in [("C:\\ok.exe", 0), ("C:\\other.exe", 1)] {
        let event = json!({"Channel": "Security", "EventID": "4688", "NewProcessName": program});
        let fields = event.as_object().expect("an object");
        let class = classify("ndjson", fields);
        let seen = sigma::Observed { fields, happened: jiff::Timestamp::UNIX_EPOCH, class: &class, seq: 0 };
        assert_eq!(engine.observe(&seen).len(), hits, "{program}");
    }
}
