//! The workbench for rules: show, explain, test, coverage, and what can never fire; right and wrong input.

use super::program::Place;
use serde_json::json;

const ROOT: &str = "title: Root by ssh
id: 0a1b2c3d-0000-4000-8000-000000000001
name: root_ssh
logsource: {product: linux, service: sshd}
detection:
    line: ['Accepted password']
    who: {user: root}
    condition: line and who
level: high
tags: [attack.t1562.002, attack.stealth, attack.t9999]
";
const LINE: &str =
    "<38>Nov 23 00:20:11 fw-2 sshd[1]: Accepted password for root from 203.0.113.5 port 22 ssh2\n";
const OTHER: &str =
    "<38>Nov 23 00:20:12 fw-2 sshd[1]: Accepted password for bob from 203.0.113.5 port 22 ssh2\n";

fn started(place: &Place, command_line: bool) -> String {
    let rule = "title: Shell\nid: shell\nlogsource: {category: process_creation, product: windows}\ndetection:\n    s: {Image|endswith: '\\sh.exe', NoSuchField: 1}\n    f: {CommandLine|contains: safe}\n    condition: s and not f\n";
    let rule = if command_line { rule.replace("NoSuchField", "CommandLine") } else { rule.to_owned() };
    place.file("rules/shell.yml", rule.as_bytes())
}

#[test]
fn a_rule_is_shown_with_its_events_its_gate_and_its_techniques() {
    let place = Place::new();
    let rules = place.file("rules/root.yml", ROOT.as_bytes());
    for called in ["root_ssh", "0a1b2c3d", "ROOT by ssh", "root.yml"] {
        let ran = place.run(&["rule", "show", called, "--rules", &rules]);
        assert_eq!(ran.code, 0, "{called}: {}", ran.err);
        for part in [
            "linux/*/sshd",
            "condition: line and who",
            "user is `root`",
            "gate: one text",
            "T1685.001",
            "T9999: no technique",
        ] {
            assert!(ran.out.contains(part), "{part}: {}", ran.out);
        }
    }
    let shown = place.run(&["rule", "show", "root_ssh", "--rules", &rules, "--json"]).json();
    assert_eq!(shown["schema"], "bailiwick-rule/1");
    assert_eq!(shown["attack"][0]["id"], "T1685.001");
    assert_eq!(shown["gate"], json!(["any value contains `accepted password`"]));
    let unknown = place.run(&["rule", "show", "root_sh", "--rules", &rules]);
    assert!(unknown.code == 2 && unknown.err.contains("did you mean `root_ssh`"), "{}", unknown.err);
}

#[test]
fn rules_are_listed_by_level_tag_product_and_words() {
    let place = Place::new();
    let rules = place.file("rules/root.yml", ROOT.as_bytes());
    let lacking = ROOT.replace("user: root", "user|expand: '%admins%'").replace("0a1b", "ffff");
    place.file("rules/lacking.yml", lacking.as_bytes());
    let folder = place.path("rules").display().to_string();
    let ids = |words: &[&str]| -> Vec<String> {
        let ran = place.run(&[&["rule", "ls", "--rules", &folder, "--json"], words].concat());
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.err);
        let all = ran.json();
        let of = |key: &str| all[key].as_array().expect("a list").clone();
        of("rules").iter().chain(&of("unarmed")).map(|r| r["id"].as_str().expect("text").to_owned()).collect()
    };
    let own = "0a1b2c3d-0000-4000-8000-000000000001".to_owned();
    for words in [
        &["--level", "high", "--product", "linux"][..],
        &["--tag", "t1562.002", "--service", "sshd"],
        &["--tag", "attack.stealth"],
        &["--text", "root SSH", "--armed"],
    ] {
        assert!(ids(words).contains(&own), "{words:?}");
    }
    assert!(!ids(&["--level", "critical"]).contains(&own));
    assert_eq!(ids(&["--unarmed"]), ["ffff2c3d-0000-4000-8000-000000000001"]);
    assert!(rules.ends_with("root.yml"));
    assert_eq!(place.run(&["rule", "ls", "--level", "worst"]).code, 2);
}

#[test]
fn an_event_is_explained_branch_by_branch() {
    let place = Place::new();
    let rules = place.file("rules/root.yml", ROOT.as_bytes());
    let log = place.file("auth.log", format!("{OTHER}{LINE}").as_bytes());
    let explain =
        |words: &[&str]| place.run(&[&["rule", "explain", "root_ssh", "--rules", &rules], words].concat());
    let silent = explain(&[&log]);
    assert_eq!(silent.code, 0, "{}", silent.err);
    for part in
        ["does not match", "+ any value has `accepted password`", "- user is `root`    (found: `bob`)"]
    {
        assert!(silent.out.contains(part), "{part}: {}", silent.out);
    }
    assert!(silent.err.contains("several records"), "{}", silent.err);
    let hit = explain(&[&log, "--record", "2", "--json"]);
    assert_eq!((hit.code, &hit.json()["outcome"]), (1, &json!("match")), "{}", hit.err);
    let other = place.file("e.json", br#"{"Channel": "Security", "EventID": 4624}"#);
    let refused = explain(&[&other]);
    assert!(refused.code == 0 && refused.out.contains("the product differs"), "{}", refused.out);
    for (bytes, code, word) in [
        (&b"{\"a\": "[..], 3, "BW-3003"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0", 3, "BW-3003"),
        (b"", 2, "BW-1010"),
    ] {
        let file = place.file("wrong", bytes);
        let ran = explain(&[&file]);
        assert!(ran.code == code && ran.err.contains(word), "{bytes:?}: {} {}", ran.code, ran.err);
    }
    let gone = explain(&["gone.json"]);
    assert!(gone.code == 5 && gone.err.contains("BW-1008"), "{}", gone.err);
    let beyond = explain(&[&log, "--record", "9"]);
    assert!(beyond.code == 2 && beyond.err.contains("has no record 9"), "{}", beyond.err);
    assert_eq!(explain(&[]).code, 2);
}

#[test]
fn a_sealed_record_is_explained() {
    let place = Place::with(&["acme"]);
    let rules = place.file("rules/root.yml", ROOT.as_bytes());
    let log = place.file("auth.log", format!("{OTHER}{LINE}").as_bytes());
    assert_eq!(place.run(&["ingest", "--customer", "acme", &log]).code, 0);
    let found = place.run(&["hunt", "--customer", "acme", "user:root", "--jsonl"]).lines();
    let seq = found[0]["seq"].to_string();
    let explain = |seq: &str| {
        place.run(&["rule", "explain", "root_ssh", "--rules", &rules, "--customer", "acme", "--record", seq])
    };
    let hit = explain(&seq);
    assert!(hit.code == 1 && hit.out.contains("matches"), "{} {}", hit.out, hit.err);
    let own = explain("0");
    assert!(own.code == 2 && own.err.contains("is no event"), "{}", own.err);
    let beyond = explain("999999");
    assert!(beyond.code == 2 && beyond.err.contains("has no record 999999"), "{}", beyond.err);
}

#[test]
fn examples_beside_a_rule_are_tried() {
    let place = Place::new();
    place.file("rules/root.yml", ROOT.as_bytes());
    started(&place, false);
    let tests = |body: &str| place.file("rules/root.tests.yml", format!("tests:\n{body}").as_bytes());
    let folder = place.path("rules").display().to_string();
    let line = LINE.trim_end();
    tests(&format!(
        "  - {{name: in, match: 1, format: syslog, events: [\"{line}\"]}}\n  - {{match: false, format: syslog, events: [\"{}\"]}}\n",
        OTHER.trim_end()
    ));
    let good = place.run(&["rule", "test", &folder, "--json"]);
    let json = good.json();
    assert_eq!((good.code, &json["passed"], &json["failed"]), (0, &json!(2), &json!(0)), "{}", good.out);
    assert_eq!(json["untested"][0]["id"], "shell");
    assert_eq!(place.run(&["rule", "test", &folder, "--all-tested"]).code, 1);
    let checked = place.run(&["rule", "check", &folder, "--json"]).json();
    assert_eq!((&checked["files"], &checked["refused"]), (&json!(2), &json!([])));

    tests(&format!(
        "  - {{name: in, match: false, format: syslog, events: [\"{line}\"]}}\n  - {{match: true, format: syslog, events: [\"{}\"]}}\n",
        OTHER.trim_end()
    ));
    let bad = place.run(&["rule", "test", &folder]);
    assert_eq!(bad.code, 1);
    assert!(bad.out.contains("must not match and fires once"), "{}", bad.out);
    assert!(bad.out.contains("`user is `root`` does not hold (found `bob`)"), "{}", bad.out);

    for (body, word) in [
        ("  - {match: maybe, events: [{a: 1}]}\n", "true, false, or how often"),
        ("  - {match: true, event: [{a: 1}]}\n", "did you mean `events`"),
        ("  - {match: true}\n", "one of the two"),
        ("  - {match: true, file: gone.evtx}\n", "cannot be opened"),
        ("  - {match: true, rule: root_sh, events: [{a: 1}]}\n", "did you mean `root_ssh`"),
        ("  - {match: true, events: [7]}\n", "objects, or lines of text"),
        ("  - [\n", "line "),
    ] {
        tests(body);
        let ran = place.run(&["rule", "test", &folder]);
        assert!(ran.code == 1 && ran.out.contains(word), "{body}: {} {}", ran.code, ran.out);
    }
}

#[test]
fn a_folder_of_events_beside_a_rule_is_tried() {
    let place = Place::new();
    let rule = place.file("rules/root.yml", ROOT.as_bytes());
    place.file("rules/root.tests/match-root.log", LINE.as_bytes());
    place.file("rules/root.tests/silent-bob.log", OTHER.as_bytes());
    let good = place.run(&["rule", "test", &rule]);
    assert!(good.code == 0 && good.out.contains("2 of 2 examples"), "{} {}", good.out, good.err);
    place.file("rules/root.tests/silent-too.log", LINE.as_bytes());
    place.file("rules/root.tests/what.log", LINE.as_bytes());
    let bad = place.run(&["rule", "test", &rule]);
    assert!(bad.code == 1 && bad.out.contains("neither `match` nor `silent`"), "{}", bad.out);
}

#[test]
fn what_can_never_fire_is_told_with_its_reason() {
    let place = Place::with(&["acme"]);
    place.file("rules/root.yml", ROOT.as_bytes());
    started(&place, false);
    let folder = place.path("rules").display().to_string();
    let never = |words: &[&str]| {
        let ran = place.run(&[&["rule", "check", &folder, "--json"], words].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        let of = |n: &serde_json::Value| {
            format!("{} {}", n["title"].as_str().expect("text"), n["code"].as_str().expect("text"))
        };
        let mut all: Vec<String> = ran.json()["never"].as_array().expect("a list").iter().map(of).collect();
        all.sort();
        all
    };
    assert_eq!(never(&["--sources", "windows/*/sysmon"]), ["Root by ssh logsource", "Shell field"]);
    assert_eq!(never(&["--sources", "linux/*/sshd"]), ["Shell logsource"]);
    assert_eq!(never(&["--sources", "sysmon,sshd"]), ["Shell field"]);
    started(&place, true);
    assert_eq!(never(&["--sources", "sysmon,sshd"]), [""; 0]);
    let log = place.file("auth.log", format!("{OTHER}{LINE}").as_bytes());
    assert_eq!(place.run(&["ingest", "--customer", "acme", &log]).code, 0);
    // A message by syslog may be of any product, and so is offered to the rule; its fields are not there.
    assert_eq!(never(&["--customer", "acme"]), ["Shell field"]);
    let zeek = place
        .file("dns.log", b"{\"_path\":\"dns\",\"ts\":1730000000.5,\"uid\":\"C1\",\"query\":\"a.example\"}\n");
    let place = Place::with(&["bare"]);
    place.file("rules/root.yml", ROOT.as_bytes());
    assert_eq!(place.run(&["ingest", "--customer", "bare", "--format", "zeek", &zeek]).code, 0);
    let ran = place
        .run(&["rule", "check", &place.path("rules").display().to_string(), "--customer", "bare", "--json"])
        .json();
    assert_eq!(
        (&ran["never"][0]["code"], &ran["sources"]["zeek/*/dns"]),
        (&json!("logsource"), &json!(1)),
        "{ran}"
    );
    let wrong = place.run(&["rule", "check", &folder, "--sources", "windoze"]);
    assert!(wrong.code == 2 && wrong.err.contains("did you mean `windows`"), "{}", wrong.err);
    assert_eq!(place.run(&["rule", "check", &folder, "--customer", "nobody"]).code, 2);
}

#[test]
fn coverage_counts_techniques_on_log_sources_and_fields_that_nobody_delivers() {
    let place = Place::new();
    place.file("rules/root.yml", ROOT.as_bytes());
    started(&place, false);
    let folder = place.path("rules").display().to_string();
    let ran = place.run(&["rule", "coverage", "--rules", &folder, "--sources", "sysmon", "--json"]).json();
    let technique =
        ran["techniques"].as_array().expect("a list").iter().find(|t| t["id"] == "T1685.001").expect("there");
    assert!(technique["rules"].as_u64() >= Some(1), "{technique}");
    let source =
        technique["sources"].as_array().expect("a list").iter().find(|s| s["logsource"] == "linux/*/sshd");
    assert_eq!(source.expect("there")["live"], 0);
    let field = &ran["undelivered"][0];
    assert_eq!((&field["field"], &field["rules"]), (&json!("NoSuchField"), &json!(["shell"])));
    assert!(ran["unknown_techniques"].as_array().expect("a list").contains(&json!("T9999")));
    let layer = place.run(&["rule", "coverage", "--rules", &folder, "--format", "navigator"]).json();
    assert_eq!((&layer["domain"], &layer["versions"]["layer"]), (&json!("enterprise-attack"), &json!("4.5")));
    assert!(layer["techniques"].as_array().expect("a list").iter().all(|t| t["score"].as_u64() >= Some(1)));
    let text = place.run(&["rule", "coverage", "--rules", &folder]);
    assert!(text.code == 0 && text.out.contains("Defense Impairment"), "{}", text.out);
}
