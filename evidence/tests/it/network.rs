//! Mail reports and catalogues of the public corpora, read in place; skipped with a word where they are not at hand.

use evidence::{Cell, Document, Hint, Status, feeds, read};
use std::path::PathBuf;

/// The folder of corpora, if it is there.
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

fn take(path: &PathBuf) -> Document {
    let raw = std::fs::read(path).expect("the file is there");
    read(&raw, &path.file_name().expect("a name").to_string_lossy(), &Hint::default())
}

/// Files below a folder, in order.
fn files(root: &PathBuf) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in std::fs::read_dir(root).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn every_mail_report_of_the_corpora_is_read_or_says_why_not() {
    let Some(corpora) = corpora() else { return };
    let mut seen = vec![];
    for path in files(&corpora.join("evidence/dmarc")) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name == "LICENSE" {
            continue;
        }
        let document = take(&path);
        let name: String = name.chars().take(24).collect();
        seen.push(format!("{name} {} {}", document.status.as_str(), document.rows.len()));
        let reports = document.rows.iter().all(|row| row.table().name == "mail_report");
        let counted = document.rows.iter().all(|row| !matches!(row.cell("messages"), Some(Cell::Null)));
        assert!(reports && counted, "{name}");
        if name.ends_with("xml") && document.status == Status::Complete {
            let text = std::fs::read_to_string(&path).expect("text");
            assert_eq!(document.rows.len(), text.matches("<record>").count(), "{name}");
        }
    }
    assert_eq!(
        seen,
        [
            "Report domain- borschow. complete 1",
            "addisonfoods.com!example complete 1",
            "estadocuenta1.infonacot. complete 1",
            "ikea.com!example.de!1538 complete 1",
            "invalid_xml.xml partial 1",
            "mimecast-weird-gzip.eml complete 1",
            "protection.outlook.com!e complete 1",
            "rfc9990-sample.xml complete 1",
            "usssa.com!example.com!15 complete 2",
            "report_with_upper_cased_ complete 1",
            "empty.xml failed 0",
            "nice-input.xml.zip complete 20",
            "exim_plain_text_only_no_ failed 0",
            "google.com_smtp_tls_repo complete 1",
            "mail.ru.json complete 1",
        ]
    );
}

#[test]
fn a_mail_report_that_is_cut_is_never_complete() {
    let Some(corpora) = corpora() else { return };
    for path in files(&corpora.join("evidence/dmarc")) {
        let raw = std::fs::read(&path).expect("there");
        let end = raw.trim_ascii_end().len();
        let whole = read(&raw, "r", &Hint::default());
        if whole.status != Status::Complete {
            continue;
        }
        for at in (0..end.saturating_sub(40)).step_by(1 + end / 150) {
            let cut = read(&raw[..at], "r", &Hint::default());
            assert_ne!(cut.status, Status::Complete, "{} cut at {at}", path.display());
            assert!(cut.rows.len() <= whole.rows.len());
        }
    }
}

#[test]
fn what_is_built_in_agrees_with_its_sources() {
    let Some(corpora) = corpora() else { return };
    let sources = [
        ("kev", "kev-2025-08-25.json"),
        ("bod-26-04", "cisa-bod-26-04.csv"),
        ("lolrmm", "lolrmm-tools.json"),
    ];
    for (feed, (name, file)) in feeds::embedded().iter().zip(sources) {
        let source = take(&corpora.join("reference").join(file));
        assert_eq!((feed.name, &source.status), (name, &Status::Complete), "{:?}", source.defects);
        assert_eq!(source.rows, feed.document.rows, "{name}");
        assert_eq!((&source.scope, &source.kind), (&feed.document.scope, &feed.document.kind));
    }
}

#[test]
fn the_catalogue_of_exploited_vulnerabilities_is_counted_as_it_counts_itself() {
    let Some(corpora) = corpora() else { return };
    let path = corpora.join("reference/kev-2025-08-25.json");
    let value: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).expect("there")).expect("JSON");
    assert_eq!(take(&path).counts()["feed_kev"], value["count"].as_u64().expect("a count"));
    let tools: serde_json::Value =
        serde_json::from_slice(&std::fs::read(corpora.join("reference/lolrmm-tools.json")).expect("there"))
            .expect("JSON");
    let named: std::collections::BTreeSet<String> = take(&corpora.join("reference/lolrmm-tools.json"))
        .rows
        .iter()
        .filter_map(
            |row| if let Some(Cell::Text(tool)) = row.cell("tool") { Some(tool.clone()) } else { None },
        )
        .collect();
    let listed = tools.as_array().into_iter().flatten().filter_map(|tool| tool["Name"].as_str());
    assert_eq!(named, listed.map(|name| name.trim().to_owned()).collect());
}

#[test]
fn the_levels_of_the_essential_eight_are_those_of_its_profiles() {
    let Some(corpora) = corpora() else { return };
    fn controls(group: &serde_json::Value, found: &mut Vec<String>) {
        for control in group["controls"].as_array().into_iter().flatten() {
            found.push(control["id"].as_str().expect("an id").to_owned());
        }
        group["groups"].as_array().into_iter().flatten().for_each(|inner| controls(inner, found));
    }
    let known = feeds::essential_eight();
    for level in 1..=3_u8 {
        let path = corpora.join(format!("reference/ism-e8-ml{level}.json"));
        let value: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path).expect("there")).expect("JSON");
        let mut ids = vec![];
        controls(&value["catalog"], &mut ids);
        ids.sort();
        let ours: Vec<String> =
            known.iter().filter(|(_, l)| l.contains(&level)).map(|(id, _)| id.clone()).collect();
        assert_eq!(ids, ours, "level {level}");
    }
}

#[test]
fn only_connections_of_zeek_are_flows() {
    let Some(corpora) = corpora() else { return };
    for path in files(&corpora.join("logs/zeek")) {
        let document = take(&path);
        assert!(
            document.format != "zeek-conn" && document.rows.is_empty(),
            "{}: {}",
            path.display(),
            document.format
        );
    }
}

/// Every other file of evidence is no business of these formats.
#[test]
fn no_other_evidence_is_taken_for_ours() {
    let Some(corpora) = corpora() else { return };
    let ours = [
        "mail-report",
        "mail-dns",
        "nftables",
        "iptables",
        "zeek-conn",
        "vpc-flow",
        "restic",
        "borg",
        "kev",
        "ssvc",
        "epss",
        "decision-table",
        "lolrmm",
        "statement",
        "bailiwick-verified",
    ];
    for path in files(&corpora.join("evidence")) {
        if !path.components().any(|c| c.as_os_str() == "dmarc") {
            let format = take(&path).format;
            assert!(!ours.contains(&format), "{}: {format}", path.display());
        }
    }
}
