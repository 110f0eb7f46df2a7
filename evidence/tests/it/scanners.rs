//! Real output of scanners, read in place and recounted; skipped with a word where it is not at hand.

use evidence::{Cell, Document, Hint, Row, Status, read};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The bytes of a file of the corpora, if they are there.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn corpus(path: &str) -> Option<Vec<u8>> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora"));
    let root = option_env!("BAILIWICK_CORPORA").map_or(beside, PathBuf::from);
    if !root.is_dir() {
        println!("skipped: no corpora at hand");
        return None;
    }
    Some(std::fs::read(root.join("evidence").join(path)).expect("the file is part of the corpora"))
}

fn taken(path: &str, raw: &[u8], format: &str) -> Document {
    let document = read(raw, path, &Hint::default());
    assert_eq!(document.format, format, "{path}: {:?}", document.status);
    document
}

fn check(path: &str, format: &str, status: &str, want: &[(&str, u64)]) -> Option<Document> {
    let raw = corpus(path)?;
    let document = taken(path, &raw, format);
    assert_eq!(document.status.as_str(), status, "{path}: {:?} {:?}", document.status, document.defects);
    let counts = document.counts();
    for (table, count) in want {
        assert_eq!(counts.get(table).copied().unwrap_or(0), *count, "{path}: {table} of {counts:?}");
    }
    assert!(document.scope.is_some() || document.rows.is_empty(), "{path} has no scope");
    Some(document)
}

fn occurrences(raw: &[u8], word: &str) -> u64 {
    String::from_utf8_lossy(raw).matches(word).count() as u64
}

fn tally(document: &Document, table: &str, column: &str) -> BTreeMap<String, u64> {
    let mut tally = BTreeMap::new();
    for row in document.rows.iter().filter(|r| r.table().name == table) {
        let word = match row.cell(column) {
            Some(Cell::Text(text)) => text.clone(),
            Some(Cell::Null) => "null".to_owned(),
            other => format!("{other:?}"),
        };
        *tally.entry(word).or_insert(0) += 1;
    }
    tally
}

fn rows<'a>(document: &'a Document, table: &'a str) -> impl Iterator<Item = &'a Row> {
    document.rows.iter().filter(move |r| r.table().name == table)
}

#[test]
fn nmap_counts_open_ports_and_hosts_that_are_up() {
    for name in ["nmap_0port.xml", "nmap_1port.xml", "nmap_multiple_port.xml"] {
        let path = format!("nmap/{name}");
        let Some(raw) = corpus(&path) else { return };
        let open = occurrences(&raw, "state=\"open\"");
        let document = check(&path, "nmap", "complete", &[("service", open), ("device", 1)]).unwrap();
        assert!(document.made.is_some() && document.covers.is_some());
        assert!(rows(&document, "service").all(|r| r.cell("outside") == Some(&Cell::Number(0))));
        let hint = Hint { kind: Some("outside-scan"), ..Hint::default() };
        let outside = read(&raw, name, &hint);
        assert!(rows(&outside, "service").all(|r| r.cell("outside") == Some(&Cell::Number(1))));
    }
}

#[test]
fn nessus_counts_items_of_severity_one_and_more() {
    let all = [("nessus_v_unknown.xml", 7), ("nessus_many_vuln.xml", 1), ("issue_6992.nessus", 1)];
    for (name, hosts) in all {
        let path = format!("tenable/nessus/{name}");
        let Some(raw) = corpus(&path) else { return };
        let want: BTreeMap<&str, u64> = [("low", "1"), ("medium", "2"), ("high", "3"), ("critical", "4")]
            .map(|(word, level)| (word, occurrences(&raw, &format!("severity=\"{level}\""))))
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .collect();
        let sum = want.values().sum();
        let document =
            check(&path, "nessus", "complete", &[("vulnerability", sum), ("device", hosts)]).unwrap();
        let tally = tally(&document, "vulnerability", "severity");
        assert_eq!(tally, want.into_iter().map(|(w, n)| (w.to_owned(), n)).collect(), "{name}");
        let signed_in = rows(&document, "device").map(|r| r.cell("scan_authenticated").cloned());
        assert!(
            signed_in.into_iter().all(|c| c == Some(Cell::Number(0))),
            "{name}: no credentials were used"
        );
        if name != "issue_6992.nessus" {
            assert!(rows(&document, "device").all(|r| r.cell("scan_feed_at") != Some(&Cell::Null)));
        }
    }
}

#[test]
fn openvas_counts_results_above_zero() {
    let Some(raw) = corpus("openvas/many_vuln.xml") else { return };
    let results = occurrences(&raw, "<result id=");
    let many = check("openvas/many_vuln.xml", "openvas", "complete", &[("device", 1)]).unwrap();
    let tally = tally(&many, "vulnerability", "severity");
    assert_eq!(tally.values().sum::<u64>(), results);
    let text = String::from_utf8_lossy(&raw);
    for threat in ["High", "Medium", "Low"] {
        // A result states it right before its severity; the list of ports states it right after.
        let stated =
            text.matches(&format!("<threat>{threat}</threat>\n                <severity>")).count() as u64;
        assert_eq!(tally.get(&threat.to_lowercase()).copied().unwrap_or(0), stated, "{threat}");
    }
    check("openvas/no_vuln.xml", "openvas", "complete", &[("vulnerability", 0), ("device", 0)]);
}

#[test]
fn testssl_names_places_and_what_failed() {
    check("testssl/demo.csv", "testssl", "partial", &[("tls_endpoint", 1)]);
    check("testssl/failed_target.csv", "testssl", "failed", &[("tls_endpoint", 0)]);
    check("testssl/defectdojo_no_vuln.csv", "testssl", "failed", &[]);
}

fn json(path: &str) -> Option<Value> {
    Some(serde_json::from_slice(&corpus(path)?).expect("the corpora's JSON is JSON"))
}

fn parts(list: &Value) -> u64 {
    list.as_array().into_iter().flatten().map(|c| 1 + parts(&c["components"])).sum()
}

fn len(list: &Value) -> u64 {
    list.as_array().map_or(0, |l| l.len() as u64)
}

#[test]
fn bills_of_materials_count_parts_at_any_depth() {
    for name in ["log4j.json", "nested-component-log4j.json", "valid-vulnerability-1.4.json"] {
        let path = format!("cyclonedx/{name}");
        let Some(bill) = json(&path) else { return };
        let want =
            [("component", parts(&bill["components"])), ("vulnerability", len(&bill["vulnerabilities"]))];
        let document = check(&path, "cyclonedx", "complete", &want).unwrap();
        let first = rows(&document, "vulnerability").next().expect("each has one");
        assert_eq!(first.cell("severity"), Some(&Cell::from("critical")), "{name}");
    }
    let Some(raw) = corpus("cyclonedx/log4j.xml") else { return };
    let want = [
        ("component", occurrences(&raw, "<component bom-ref")),
        ("vulnerability", occurrences(&raw, "<vulnerability>")),
    ];
    let document = check("cyclonedx/log4j.xml", "cyclonedx", "complete", &want).unwrap();
    assert_eq!(document.tool.as_deref(), Some("grype"));
    let spdx = json("spdx/spdx_one_vuln.json").unwrap();
    check("spdx/spdx_one_vuln.json", "spdx", "complete", &[("component", len(&spdx["packages"]))]);
    let raw = corpus("spdx/spdx_one_vuln.spdx").unwrap();
    let packages = occurrences(&raw, "PackageName:");
    let document = check("spdx/spdx_one_vuln.spdx", "spdx", "complete", &[("component", packages)]).unwrap();
    assert_eq!(document.tool.as_deref(), Some("syft"));
    assert!(rows(&document, "component").all(|r| r.cell("purl") != Some(&Cell::Null)));
}

#[test]
fn package_scanners_count_what_they_list() {
    let Some(grype) = json("anchore_grype/many_vulns.json") else { return };
    let want = [("vulnerability", len(&grype["matches"]))];
    let document = check("anchore_grype/many_vulns.json", "grype", "complete", &want).unwrap();
    let mut severities: BTreeMap<String, u64> = BTreeMap::new();
    for found in grype["matches"].as_array().unwrap() {
        let word = found["vulnerability"]["severity"].as_str().unwrap().to_lowercase();
        *severities.entry(if word == "unknown" { "null".into() } else { word }).or_insert(0) += 1;
    }
    assert_eq!(tally(&document, "vulnerability", "severity"), severities);
    assert_eq!(document.scope.as_deref(), Some("python:3.6"));

    let trivy = json("trivy/scheme_2_many_vulns.json").unwrap();
    let all: u64 = trivy["Results"].as_array().unwrap().iter().map(|r| len(&r["Vulnerabilities"])).sum();
    check("trivy/scheme_2_many_vulns.json", "trivy", "complete", &[("vulnerability", all)]);
    check(
        "osv_scanner/some_findings.json",
        "osv-scanner",
        "complete",
        &[("vulnerability", 1), ("component", 1)],
    );
    let nothing =
        read(&corpus("osv_scanner/no_findings.json").unwrap(), "no_findings.json", &Hint::default());
    assert!(matches!(nothing.status, Status::Failed { .. }), "an empty file is no answer");
}

#[test]
fn audits_of_hosts_give_a_control_for_each_rule() {
    let Some(raw) = corpus("lynis/lynis_one_vuln.dat") else { return };
    let found = occurrences(&raw, "warning[]=") + occurrences(&raw, "suggestion[]=");
    check("lynis/lynis_one_vuln.dat", "lynis", "complete", &[("control", found)]);
    let raw = corpus("openscap/one_vuln_rhsa.xml").unwrap();
    let want = [("control", occurrences(&raw, "<rule-result "))];
    let document = check("openscap/one_vuln_rhsa.xml", "xccdf", "complete", &want).unwrap();
    let tally = tally(&document, "control", "result");
    assert_eq!(tally.get("fail").copied().unwrap_or(0), occurrences(&raw, "<result>fail</result>"));
    check("pingcastle/one.xml", "pingcastle", "complete", &[("control", 1), ("setting", 2)]);
    let raw = corpus("pingcastle/one.xml").unwrap();
    let hint = Hint { kind: Some("directory"), ..Hint::default() };
    let directory = read(&raw, "one.xml", &hint);
    assert_eq!(directory.counts().get("device"), Some(&1));
}

#[test]
fn half_of_a_real_file_is_never_complete() {
    let all = [
        "nmap/nmap_multiple_port.xml",
        "tenable/nessus/nessus_v_unknown.xml",
        "openvas/many_vuln.xml",
        "cyclonedx/log4j.xml",
        "cyclonedx/log4j.json",
        "spdx/spdx_one_vuln.json",
        "anchore_grype/many_vulns.json",
        "trivy/scheme_2_many_vulns.json",
        "osv_scanner/some_findings.json",
        "lynis/lynis_one_vuln.dat",
        "openscap/one_vuln_rhsa.xml",
        "pingcastle/one.xml",
    ];
    for path in all {
        let Some(raw) = corpus(path) else { return };
        let name = path.rsplit('/').next().unwrap();
        let whole = read(&raw, name, &Hint::default()).rows.len();
        for parts in [2, 3, 5, 10] {
            let cut = read(&raw[..raw.len() - raw.len() / parts], name, &Hint::default());
            assert_ne!(cut.status, Status::Complete, "{path} without its last part of {parts}");
            assert!(cut.rows.len() <= whole, "{path}");
        }
    }
}
