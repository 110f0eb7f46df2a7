//! Real logs, read in place; skipped with a word where they are not at hand.

use super::{arrived, taken};
use collect::walk;
use model::{Defect, Format};
use std::path::PathBuf;

/// The folder of real logs, if it is there.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
pub(crate) fn corpora() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora"));
    let path = option_env!("BAILIWICK_CORPORA").map_or(beside, PathBuf::from);
    if !path.is_dir() {
        println!("skipped: no corpora at hand");
        return None;
    }
    Some(path)
}

#[test]
fn every_record_of_every_windows_event_log_is_accounted_for() {
    let Some(corpora) = corpora() else { return };
    let counts = std::fs::read(corpora.join("../accept/evtx-records.json")).expect("the counts lie beside");
    let counts: std::collections::BTreeMap<String, u64> = serde_json::from_slice(&counts).expect("an object");
    let root = corpora.join("evtx/attack-samples");
    let mut wrong = vec![];
    for (name, want) in &counts {
        let bytes = std::fs::read(root.join(name)).expect("the file is there");
        let (all, summary) = taken(name, &bytes);
        if summary.records + summary.unreadable != *want {
            wrong.push((name.clone(), *want, summary));
        }
        let unsound = |d: &Defect| !matches!(d, Defect::Unreadable { .. } | Defect::NoTime);
        for arrival in all.iter().filter(|a| a.unreadable == 0) {
            assert_eq!(
                arrival.draft.defects.iter().filter(|d| unsound(d)).count(),
                0,
                "{name}: {:?}",
                arrival.draft
            );
            assert!(arrival.fields.contains_key("EventID") && arrival.identity.is_some(), "{name}");
            assert!(arrival.draft.happened < arrived(), "{name}");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_cut_windows_event_log_says_so_wherever_it_is_cut() {
    let Some(corpora) = corpora() else { return };
    let files = walk(&corpora.join("evtx/attack-samples")).files;
    // One of a single chunk: its head says how many records there are, wherever the file is cut behind it.
    let single = |p: &PathBuf| p.metadata().is_ok_and(|m| m.len() == 4096 + 65_536);
    let (name, path) = files.iter().find(|(n, p)| n.ends_with(".evtx") && single(p)).expect("one at least");
    let whole = std::fs::read(path).expect("there");
    let records = taken(name, &whole).1.records;
    for at in (0..whole.len()).step_by(1 + whole.len() / 60) {
        let summary = taken(name, &whole[..at]).1;
        let on_a_chunk = at > 4096 && (at - 4096) % 65_536 == 0;
        assert!(summary.stopped.is_some() || on_a_chunk, "cut at {at}: {summary:?}");
        let headed = at > 4096 + 512;
        assert!(!headed || summary.records + summary.unreadable == records, "cut at {at}: {summary:?}");
    }
}

#[test]
fn lines_of_real_logs_are_records_with_times() {
    let Some(corpora) = corpora() else { return };
    let root = corpora.join("logs/loghub");
    for (name, format) in [
        ("OpenSSH_2k.log", Format::Syslog),
        ("Linux_2k.log", Format::Syslog),
        ("Apache_2k.log", Format::Text),
        ("Windows_2k.log", Format::Text),
        ("Mac_2k.log", Format::Syslog),
    ] {
        let (all, summary) = taken(name, &std::fs::read(root.join(name)).expect("there"));
        assert_eq!((summary.records, summary.format), (2000, Some(format)), "{name}");
        let timeless = all.iter().filter(|a| a.draft.defects.contains(&Defect::NoTime)).count();
        let wrong: Vec<_> =
            all.iter().filter(|a| a.draft.defects.iter().any(|d| !d.is_remark())).take(3).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
        // Lines that go on from the one before have no time of their own.
        assert!(timeless <= if name == "Mac_2k.log" { 40 } else { 0 }, "{name}: {timeless}");
    }
}

#[test]
fn zeek_and_cloudtrail_files_are_read_whole() {
    let Some(corpora) = corpora() else { return };
    for (name, path) in walk(&corpora.join("logs/zeek")).files {
        if name.ends_with(".gz") {
            let (all, summary) = taken(&name, &std::fs::read(path).expect("there"));
            assert_eq!(summary.format, Some(Format::Zeek), "{name}");
            assert!(
                !all.is_empty() && summary.stopped.is_none() && summary.defects.is_empty(),
                "{name}: {summary:?}"
            );
            assert!(all.iter().all(|a| a.fields.contains_key("_path")), "{name}");
        }
    }
    for (name, path) in walk(&corpora.join("logs/cloudtrail")).files {
        if name.ends_with(".json") {
            let bytes = std::fs::read(path).expect("there");
            let want: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
            let (all, summary) = taken(&name, &bytes);
            assert_eq!(summary.format, Some(Format::Cloudtrail), "{name}");
            assert_eq!(all.len(), want["Records"].as_array().map_or(0, Vec::len), "{name}");
            assert!(
                summary.defects.is_empty() && all.iter().all(|a| a.identity.is_some()),
                "{name}: {summary:?}"
            );
        }
    }
}
