//! What is counted, and what is not: filters, names and ids, chains, times.

use super::{fired, loaded};
use serde_json::{Value, json};

const FAILED: &str = "title: failed\nid: 00000000-0000-4000-8000-000000000001\nname: failed\nlogsource: {category: auth, product: x}\ndetection: {s: {K: f}, condition: s}\n---\n";
const SUCCESS: &str = "title: success\nid: s\nname: success\nlogsource: {category: auth}\ndetection: {s: {K: s}, condition: s}\n---\n";

fn event(minute: u32, kind: &str, user: &str, host: &str) -> Value {
    json!({"time": format!("2026-11-01T10:{minute:02}:00Z"), "K": kind, "U": user, "H": host})
}

fn check(rules: &str, events: &[Value], want: &[&str]) {
    assert_eq!(fired(loaded(rules), events), want, "{rules}");
}

fn count(id: &str, calls: &str, by: &str, gte: u32) -> String {
    format!(
        "title: {id}\nid: {id}\nname: {id}\ncorrelation:\n  type: event_count\n  rules: [{calls}]\n  group-by: [{by}]\n  timespan: 5m\n  condition: {{gte: {gte}}}\n"
    )
}

#[test]
fn a_filter_takes_away_from_every_target_that_it_names_before_anything_is_counted() {
    let events: Vec<Value> = (0..3).map(|m| event(m, "f", "scanner", "h")).collect();
    for (logsource, rules, taken) in [
        ("{category: auth}", "rules: [00000000-0000-4000-8000-000000000001]", true),
        ("{category: auth}", "rules: [failed]", true),
        ("{category: auth}", "rules: failed", true),
        ("{category: auth}", "rules: any", true),
        ("{category: auth}", "rules: [any]", true),
        ("{product: x}", "rules: [other, failed]", true),
        // The correlation is not fed, and speaks for the rule no less.
        ("{category: auth}", "rules: [many]", true),
        ("{category: other}", "rules: [failed]", false),
        ("{product: y}", "rules: any", false),
        ("{category: auth}", "rules: [success]", false),
    ] {
        let filter = format!(
            "title: no scanners\nid: 00000000-0000-4000-8000-000000000009\nlogsource: {logsource}\nfilter:\n  {rules}\n  selection: {{U: Scanner}}\n  condition: selection\n"
        );
        let rules = format!("{FAILED}{SUCCESS}{}---\n{filter}", count("many", "failed", "U", 3));
        check(&rules, &events, if taken { &[] } else { &["many"] });
    }
}

#[test]
fn a_filter_is_for_rules_whose_log_source_does_not_contradict_its_own() {
    let parts = ["category", "product", "service"];
    let said = |part: &str, value: Option<&str>| value.map(|v| format!("{part}: {v}")).unwrap_or_default();
    for part in parts {
        for (of_filter, of_rule, taken) in [
            (None, None, true),
            (None, Some("x"), true),
            (Some("x"), None, true),
            (Some("x"), Some("x"), true),
            (Some("X"), Some("x"), true),
            (Some("y"), Some("x"), false),
        ] {
            let (filter, rule) = (said(part, of_filter), said(part, of_rule));
            for targets in ["any", "[r]"] {
                let rules = format!(
                    "title: r\nid: r\nlogsource: {{{rule}}}\ndetection: {{s: {{K: f}}, condition: s}}\n---\ntitle: q\nid: q\nlogsource: {{{filter}}}\nfilter: {{rules: {targets}, s: {{U: a}}, condition: s}}\n"
                );
                check(&rules, &[event(0, "f", "a", "h")], if taken { &[] } else { &["r"] });
            }
        }
    }
}

#[test]
fn of_several_filters_one_is_enough() {
    let filter = |id: &str, user: &str| {
        format!("title: {id}\nid: {id}\nfilter: {{rules: [failed], s: {{U: {user}}}, condition: s}}\n")
    };
    let rules = format!("{FAILED}{}---\n{}", filter("one", "a"), filter("two", "b"));
    for (user, fires) in [("a", false), ("b", false), ("c", true)] {
        let want: &[&str] = if fires { &["00000000-0000-4000-8000-000000000001"] } else { &[] };
        check(&rules, &[event(0, "f", user, "h")], want);
    }
}

#[test]
fn an_alias_names_a_rule_by_its_name_however_the_correlation_calls_it() {
    let rule = |call: &str| {
        format!(
            "{FAILED}{SUCCESS}title: pair\nid: pair\ncorrelation:\n  type: temporal\n  rules: [{call}, success]\n  group-by: [who]\n  aliases: {{who: {{failed: U, success: H}}}}\n  timespan: 5m\n"
        )
    };
    let events = [event(0, "f", "a", "x"), event(1, "s", "b", "a")];
    check(&rule("failed"), &events, &["pair"]);
    check(&rule("00000000-0000-4000-8000-000000000001"), &events, &["pair"]);
    check(&rule("failed"), &[event(0, "f", "a", "x"), event(1, "s", "a", "b")], &[]);
}

#[test]
fn a_chain_goes_on_with_the_fields_of_the_record_that_ends_a_window() {
    let hosts = "title: hosts\nid: hosts\ncorrelation:\n  type: value_count\n  rules: [many]\n  group-by: [U]\n  timespan: 1h\n  condition: {field: H, gte: 2}\n";
    let rules = format!("{FAILED}{}---\n{hosts}", count("many", "failed", "U", 2));
    check(&rules, &[event(0, "f", "a", "x"), event(1, "f", "a", "y"), event(2, "f", "a", "z")], &["hosts"]);
    check(&rules, &[event(0, "f", "a", "x"), event(1, "f", "a", "y"), event(2, "f", "a", "y")], &[]);
}

#[test]
fn a_count_over_a_count_counts_episodes() {
    let rules = format!(
        "{FAILED}{}---\n{}",
        count("many", "failed", "U", 3),
        count("twice", "many", "U", 2).replace("5m", "1h")
    );
    let burst = |from: u32| (from..from + 5).map(|m| event(m, "f", "a", "x")).collect::<Vec<_>>();
    check(&rules, &burst(0), &[]);
    check(&rules, &[burst(0), burst(30)].concat(), &["twice", "twice", "twice"]);
}

#[test]
fn hits_that_come_hours_late_count_where_they_happened() {
    let rules = format!("{FAILED}{}", count("many", "failed", "U", 3));
    let at = |time: &str| json!({"time": format!("2026-11-{time}Z"), "K": "f", "U": "a"});
    check(&rules, &[at("01T10:00:00"), at("01T20:00:00"), at("01T10:01:00"), at("01T10:05:00")], &["many"]);
    // Later than a day: counted among themselves.
    check(&rules, &[at("05T10:00:00"), at("01T10:00:00"), at("01T10:01:00"), at("01T10:05:00")], &["many"]);
    check(&rules, &[at("01T10:00:00"), at("05T10:00:00"), at("01T10:01:00"), at("01T10:05:01")], &[]);
    // A day to the second is in time for what came before; a second more is not.
    let border = |late: &str| [at("01T10:03:00"), at("02T10:00:00"), at(late), at("01T10:01:00")];
    check(&rules, &border("01T10:00:00"), &["many"]);
    check(&rules, &border("01T09:59:59"), &[]);
}

#[test]
fn a_null_and_a_missing_field_are_the_same_group_and_an_empty_text_is_another() {
    let rules = format!("{FAILED}{}", count("many", "failed", "U", 3));
    let of = |user: Value| json!({"K": "f", "U": user});
    check(&rules, &[of(Value::Null), json!({"K": "f"}), of(Value::Null)], &["many"]);
    check(&rules, &[of(Value::Null), json!({"K": "f"}), of(json!(""))], &[]);
    check(&rules, &[of(json!("")), of(json!("")), of(json!([]))], &[]);
}

#[test]
fn a_record_that_two_of_the_counted_rules_match_counts_once() {
    let other = "title: any\nid: any\nname: any\nlogsource: {category: auth}\ndetection: {s: {U: '*'}, condition: s}\n---\n";
    let rules = format!("{FAILED}{other}{}", count("many", "failed, any", "U", 2));
    check(&rules, &[event(0, "f", "a", "h")], &[]);
    check(&rules, &[event(0, "f", "a", "h"), event(1, "x", "a", "h")], &["many"]);
}

#[test]
fn long_values_differ_by_their_ends_too() {
    let hosts = "title: hosts\nid: hosts\ncorrelation:\n  type: value_count\n  rules: [failed]\n  timespan: 1h\n  condition: {field: H, gte: 2}\n";
    let long = |end: &str| "é".repeat(2000) + end;
    let rules = format!("{FAILED}{hosts}");
    check(&rules, &[event(0, "f", "a", &long("x")), event(1, "f", "a", &long("y"))], &["hosts"]);
    check(&rules, &[event(0, "f", "a", &long("x")), event(1, "f", "a", &long("x"))], &[]);
}

/// A day, or one window if that is longer, for what comes late, and the window twice; of chains, all of them.
#[test]
fn timespans_have_units_and_say_how_far_to_look_back() {
    const DAY: i64 = 86_400;
    let look_back = |rules: String| loaded(&rules).rules.look_back_seconds();
    let of = |span: &str| look_back(format!("{FAILED}{}", count("c", "failed", "U", 3).replace("5m", span)));
    assert_eq!(look_back(FAILED.trim_end_matches("---\n").to_owned()), None);
    for (span, seconds) in [("30s", 30), ("5m", 300), ("2h", 7200), ("1d", DAY)] {
        assert_eq!(of(span), Some(DAY + 2 * seconds + 1), "{span}");
    }
    for (span, seconds) in
        [("2d", 2 * DAY), ("1w", 7 * DAY), ("2M", 60 * DAY), ("1y", 365 * DAY), ("366d", 366 * DAY)]
    {
        assert_eq!(of(span), Some(3 * seconds + 1), "{span}");
    }
    let chain = format!(
        "{FAILED}{}---\n{}",
        count("one", "failed", "U", 3),
        count("two", "one", "U", 2).replace("5m", "1h")
    );
    assert_eq!(look_back(chain), Some(2 * DAY + 2 * 300 + 2 * 3600 + 1));
}

#[test]
fn what_can_never_be_or_is_no_section_is_refused() {
    for (section, code) in [
        ("type: event_count\n  rules: [failed]\n  timespan: 0m\n  condition: {gte: 3}", "SG-042"),
        ("type: event_count\n  rules: [failed]\n  timespan: 400d\n  condition: {gte: 3}", "SG-042"),
        ("type: event_count\n  rules: [failed]\n  timespan: 5é\n  condition: {gte: 3}", "SG-042"),
        ("type: event_count\n  rules: [failed]\n  timespan: 5m\n  condition: {gte: 65536}", "SG-044"),
        ("type: event_count\n  rules: []\n  timespan: 5m\n  condition: {gte: 3}", "SG-040"),
        ("type: event_count\n  rules: [failed]\n  timespan: 5m\n  condition: gte", "SG-043"),
        (
            "type: value_sum\n  rules: [failed]\n  timespan: 5m\n  condition: {field: [a, b], gte: 3}",
            "SG-043",
        ),
        (
            "type: value_percentile\n  rules: [failed]\n  timespan: 5m\n  condition: {field: a, percentile: 101, gte: 3}",
            "SG-043",
        ),
        ("type: temporal\n  rules: [failed]\n  timespan: 5m\n  aliases: {who: U}", "SG-045"),
        ("type: temporal\n  rules: [quiet]\n  timespan: 5m", "SG-046"),
    ] {
        let filter = "title: quiet\nid: quiet\nfilter: {rules: any, s: {U: a}, condition: s}\n---\n";
        let rules = loaded(&format!("{FAILED}{filter}title: c\nid: c\ncorrelation:\n  {section}\n"));
        let codes: Vec<&str> = rules.refused.iter().map(|r| r.code).collect();
        assert_eq!(codes, [code], "{section}: {:?}", rules.refused);
    }
    let link = |n: u32| format!("---\n{}", count(&format!("c{}", n + 1), &format!("c{n}"), "U", 1));
    let chain: String = (0..20).map(link).collect();
    let rules = loaded(&format!("{FAILED}{}{chain}", count("c0", "failed", "U", 1)));
    assert_eq!(rules.refused.iter().map(|r| r.code).collect::<Vec<_>>(), ["SG-046"]);
    assert_eq!(rules.unarmed.len(), 3);
}

/// What a correlation asks is no field of any detection; a reader that hands over only what is asked must know it.
#[test]
fn events_that_a_reader_takes_apart_count_as_those_that_come_whole() {
    for (section, want) in [
        (
            "type: event_count\n  rules: [failed]\n  group-by: [U]\n  timespan: 5m\n  condition: {gte: 2}",
            vec![2],
        ),
        (
            "type: value_count\n  rules: [failed]\n  timespan: 5m\n  condition: {field: deep.H, gte: 3}",
            vec![3],
        ),
        ("type: value_sum\n  rules: [failed]\n  timespan: 5m\n  condition: {field: N, gt: 5}", vec![2, 3]),
        (
            "type: temporal\n  rules: [failed, success]\n  group-by: [who]\n  aliases: {who: {failed: U, success: V}}\n  timespan: 5m",
            vec![4],
        ),
    ] {
        let rules = loaded(&format!("{FAILED}{SUCCESS}title: c\nid: c\ncorrelation:\n  {section}\n"));
        assert!(rules.refused.is_empty(), "{:?}", rules.refused);
        let engine = || sigma::Engine::new(rules.rules.clone(), sigma::EngineOptions::default());
        let (mut whole, mut apart) = (engine(), engine());
        let events = [
            json!({"K": "f", "U": "a", "deep": {"H": "x"}, "N": 1}),
            json!({"K": "f", "U": "b", "deep": {"H": "y"}, "N": "2.5"}),
            json!({"K": "f", "U": "a", "deep": {"H": "x"}, "N": 2}),
            json!({"K": "f", "U": "c", "deep": {"H": "z"}, "N": 1}),
            json!({"K": "s", "U": "d", "V": "b"}),
        ];
        let (mut told, mut told_apart) = (vec![], vec![]);
        for (seq, event) in (0..).zip(&events) {
            let (fields, class) = (event.as_object().expect("an object"), sigma::Class::default());
            let happened = jiff::Timestamp::UNIX_EPOCH;
            let seen = sigma::Observed { fields, happened, class: &class, seq };
            told.extend(whole.observe(&seen).into_iter().map(|hit| (seq, hit)));
            let compiled = apart.compiled().clone();
            let mut taken = sigma::Fields::new();
            taken.take_map(compiled.names(), compiled.route(&class).extent(), fields);
            told_apart
                .extend(apart.observe_fields(&taken, &class, happened, seq).into_iter().map(|h| (seq, h)));
        }
        assert_eq!(told, told_apart, "{section}");
        let number = rules.rules.find("c").expect("the correlation");
        let counted = told.iter().filter(|(_, hit)| hit.rule == number).map(|(seq, _)| *seq);
        assert_eq!(counted.collect::<Vec<u64>>(), want, "{section}");
    }
}
