//! Hunting backwards: what the index leaves out holds no hit, and what is found stands in the log.

use crate::program::Place;
use collect::Options;
use model::Record;
use serde_json::Value;
use sigma::{Engine, EngineOptions, Observed, RuleSet, classify, necessary_words};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

const RULE: &str = "title: A service was installed\nid: 00000000-0000-4000-8000-0000000000aa\nname: installed\nlevel: high\nlogsource: {product: windows, service: system}\ndetection:\n  s: {EventID: 7045, ServiceName|endswith: '\\backdoor.exe'}\n  condition: s\n";
const COUNT: &str = "title: Many failures\nid: 00000000-0000-4000-8000-0000000000bb\nlevel: medium\ncorrelation:\n  type: event_count\n  rules: [failed]\n  group-by: [TargetUserName]\n  timespan: 5m\n  condition: {gte: 3}\n---\ntitle: One failure\nname: failed\nlogsource: {product: windows, service: security}\ndetection:\n  s: {EventID: 4625}\n  condition: s\n";

fn event(second: usize, channel: &str, id: u32, more: &str) -> String {
    format!(
        "{{\"time\":\"2026-11-01T{:02}:{:02}:{:02}Z\",\"Channel\":\"{channel}\",\"EventID\":{id},{more}}}\n",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// A log of several segments with a service and three failures in it.
fn filled() -> Place {
    let place = Place::with(&["acme"]);
    for run in 0..10 {
        let mut lines = String::new();
        for n in 0..4_600 {
            let second = run * 4_600 + n;
            lines.push_str(&event(second, "Security", 4624, &format!("\"TargetUserName\":\"user{n}\"")));
        }
        if run == 2 {
            lines.push_str(&event(9000, "System", 7045, "\"ServiceName\":\"C:\\\\x\\\\BACKDOOR.exe\""));
        }
        if [1, 2, 3].contains(&run) {
            // Each in a segment of its own.
            lines.push_str(&event(9000 + run * 60, "Security", 4625, "\"TargetUserName\":\"bob\""));
        }
        let log = place.file(&format!("{run}.ndjson"), lines.as_bytes());
        assert_eq!(place.run(&["ingest", "--customer", "acme", "--quiet", &log]).code, 0);
    }
    place
}

#[test]
fn a_new_rule_finds_what_was_sealed_before_it_was_written_and_seals_it_once() {
    let place = filled();
    let rule = place.file("rule.yml", RULE.as_bytes());
    let hunt = ["hunt", "--customer", "acme", "--rules", &rule, "--json"];
    let listed = place.run(&[&hunt[..], &["--no-seal"]].concat());
    assert_eq!(listed.code, 1, "{}", listed.err);
    let listed = listed.json();
    assert_eq!(listed["alerts"].as_array().expect("a list").len(), 1);
    assert_eq!((&listed["sealed"], &listed["rules"][0]["is_selective"]), (&0.into(), &true.into()));
    let (read, all) =
        (listed["to_read"].as_u64().expect("a count"), listed["records"].as_u64().expect("a count"));
    assert!(read * 2 < all, "{read} of {all}");
    assert_eq!(place.run(&["alert", "ls", "--json"]).json()["alerts"], Value::Array(vec![]));

    let found = place.run(&hunt);
    assert_eq!((found.code, &found.json()["sealed"]), (1, &1.into()), "{}", found.err);
    let alert = &place.run(&["alert", "ls", "--json"]).json()["alerts"][0];
    assert_eq!((&alert["found"], &alert["rule"]["level"]), (&"backwards".into(), &"high".into()));
    assert!(alert["rule"]["version"].as_str().expect("a version").starts_with("sha256:"));
    let shown = place.run(&["alert", "show", alert["id"].as_str().expect("an id")]);
    assert!(shown.out.contains("found backwards") && shown.out.contains("BACKDOOR"), "{}", shown.out);

    let again = place.run(&hunt);
    assert_eq!((again.code, &again.json()["sealed"]), (1, &0.into()));
    let every = place.run(&[&hunt[..], &["--every-record"]].concat()).json();
    assert_eq!(every["alerts"], found.json()["alerts"]);
    assert_eq!(every["to_read"], every["records"]);
    assert_eq!(place.run(&["verify"]).code, 0);
}

#[test]
fn a_correlation_counts_backwards_over_the_blocks_of_its_rules() {
    let place = filled();
    let rules = place.file("count.yml", COUNT.as_bytes());
    let found = place.run(&["hunt", "--customer", "acme", "--rules", &rules, "--json"]);
    let json = found.json();
    assert_eq!(
        (found.code, json["alerts"][0]["count"].as_u64()),
        (1, Some(3)),
        "{} {}",
        found.out,
        found.err
    );
    assert!(json["looked_at"].as_u64().expect("a count") < 100, "{}", json["looked_at"]);
    let none = place.run(&[
        "hunt",
        "--customer",
        "acme",
        "--rules",
        &rules,
        "--to",
        "2026-11-01T02:33:00Z",
        "--jsonl",
    ]);
    assert_eq!((none.code, none.out.as_str()), (0, ""), "{}", none.err);
}

#[test]
fn a_hunt_that_cannot_be_says_why() {
    let place = Place::with(&["acme"]);
    let good = place.file("good.yml", RULE.as_bytes());
    let broad = place
        .file("broad.yml", RULE.replace("EventID: 7045, ", "").replace("endswith", "contains").as_bytes());
    let bad = place.file("bad.yml", b"title: x\n");
    let log =
        place.file("a.ndjson", event(0, "System", 7045, "\"ServiceName\":\"\\\\backdoor.exe\"").as_bytes());
    assert_eq!(place.run(&["ingest", "--customer", "acme", "--quiet", &log]).code, 0);
    for (words, code, says) in [
        (&["hunt", "--customer", "nobody", "--rules", &good][..], 2, "nobody"),
        (&["hunt", "--customer", "acme", "--rules", &bad], 2, "1 refused"),
        (&["hunt", "--customer", "acme", "--rules", "nowhere.yml"], 5, "nowhere.yml"),
        (&["hunt", "--customer", "acme", "--every-record", "x"], 2, "cannot be used with"),
        (&["hunt", "--customer", "acme", "--rules", &broad, "--no-seal"], 1, "not selective"),
        (&["hunt", "--customer", "acme", "--rules", &good, "--no-seal"], 1, "hunting backwards with 1 rule"),
    ] {
        let ran = place.run(words);
        assert_eq!(ran.code, code, "{words:?}: {}", ran.err);
        assert!(ran.err.contains(says), "{words:?}: {}", ran.err);
    }
}

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn corpora() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora"));
    let path = option_env!("BAILIWICK_CORPORA").map_or(beside, PathBuf::from);
    if !path.is_dir() {
        println!("skipped: no corpora at hand");
        return None;
    }
    Some(path)
}

/// Every record of every file below a folder.
fn each_record(folder: &std::path::Path, each: &mut dyn FnMut(&Record, &model::Fields)) {
    let arrived = "2026-11-25T00:00:00Z".parse().expect("a time");
    for (name, path) in collect::walk(folder).files {
        let bytes = std::fs::read(&path).expect("the file is there");
        let input = collect::Input { name, modified: Some(arrived), bytes: Box::new(&bytes[..]) };
        collect::read(input, &Options::at(arrived), &mut |arrival| {
            let record = arrival.draft.at(0);
            let fields = collect::fields(&record, &collect::Limits::default());
            each(&record, &fields);
            ControlFlow::Continue(())
        });
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

fn terms(raw: &[u8]) -> BTreeSet<u64> {
    let mut terms = BTreeSet::new();
    segment::terms(raw, &mut |term| {
        terms.insert(term);
    });
    terms
}

/// Alternatives of each rule, chosen in different ways: every choice must hold.
fn alternatives(rules: &RuleSet, number: usize, added: &BTreeSet<u64>) -> Vec<Vec<Vec<u64>>> {
    let rule = rules.get(number).expect("a rule");
    let hashes = |words: &[String]| -> Vec<u64> {
        words.iter().flat_map(|w| segment::query_terms(w)).filter(|t| !added.contains(t)).collect()
    };
    let ways: [fn(&[String]) -> f64; 3] = [
        |_| 1.0,
        |words| words.len() as f64,
        |words| 1.0 / words.iter().map(String::len).sum::<usize>() as f64,
    ];
    let found = ways.iter().filter_map(|way| {
        necessary_words(rule, is_word, &mut |words| (!hashes(words).is_empty()).then(|| way(words)))
    });
    found.map(|all| all.iter().map(|words| hashes(words)).collect()).collect()
}

#[test]
fn every_hit_of_every_public_rule_has_the_words_that_it_is_looked_for_by() {
    let Some(corpora) = corpora() else { return };
    let files = ["rules", "rules-emerging-threats", "rules-threat-hunting", "rules-dfir", "rules-compliance"];
    let mut read = vec![];
    for folder in files {
        for (name, path) in collect::walk(&corpora.join("sigma").join(folder)).files {
            if name.ends_with(".yml") {
                read.push((name, std::fs::read(path).expect("the rule is there")));
            }
        }
    }
    let rules = sigma::load(read).rules;
    let added: BTreeSet<u64> = collect::added_words().flat_map(segment::query_terms).collect();
    let choices: Vec<_> = (0..rules.len()).map(|n| alternatives(&rules, n, &added)).collect();
    let gated = choices.iter().filter(|c| !c.is_empty()).count();
    assert!(gated * 2 > rules.len(), "only {gated} of {} rules can be looked for", rules.len());
    let mut engine = Engine::new(rules, EngineOptions::default());
    let (mut hits, mut checked) = (0, 0);
    for folder in ["evtx/attack-samples", "logs"] {
        each_record(&corpora.join(folder), &mut |record, fields| {
            let class = classify(record.source.format().as_str(), fields);
            let found =
                engine.observe(&Observed { fields, happened: record.happened, class: &class, seq: 0 });
            if found.is_empty() {
                return;
            }
            let there = terms(&record.raw);
            for hit in found {
                hits += 1;
                for choice in &choices[hit.rule] {
                    checked += 1;
                    let holds = choice.iter().any(|all| all.iter().all(|t| there.contains(t)));
                    assert!(
                        holds,
                        "{}: {}",
                        engine.rules().get(hit.rule).expect("a rule").path,
                        String::from_utf8_lossy(&record.raw)
                    );
                }
            }
        });
    }
    assert!(hits > 1000 && checked > 1000, "{hits} hits, {checked} choices");
}

#[test]
fn every_value_of_a_real_record_stands_in_it_in_whole_words() {
    let Some(corpora) = corpora() else { return };
    let added: BTreeSet<u64> = collect::added_words().flat_map(segment::query_terms).collect();
    let (mut values, mut wrong) = (0u64, vec![]);
    for folder in ["evtx/attack-samples", "logs"] {
        each_record(&corpora.join(folder), &mut |record, fields| {
            let there = terms(&record.raw);
            let mut waiting: Vec<&Value> = fields.values().collect();
            while let Some(value) = waiting.pop() {
                match value {
                    Value::Array(list) => waiting.extend(list),
                    Value::Object(map) => waiting.extend(map.values()),
                    Value::String(text) => {
                        values += 1;
                        let missing = |t: &u64| !there.contains(t) && !added.contains(t);
                        if text.is_ascii()
                            && segment::query_terms(text).iter().any(missing)
                            && wrong.len() < 20
                        {
                            wrong.push((text.clone(), String::from_utf8_lossy(&record.raw).into_owned()));
                        }
                    }
                    _ => {}
                }
            }
        });
    }
    assert!(values > 10_000 && wrong.is_empty(), "{values} values; {wrong:#?}");
}
