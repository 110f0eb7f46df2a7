//! What the detections over time find in real logs, read in place: counts only; skipped with a word where there are none.

use super::{Batch, Sealing};
use collect::{Arrival, Input, Options};
use detect::{Patterns, Settings, Vocabulary};
use ledger::Sealed;
use model::{Alert, Event, Record};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Records that are sealed together.
const BATCH: usize = 512;

/// A folder or file of the real logs, if they are there.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn corpus(name: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora"));
    let path = option_env!("BAILIWICK_CORPORA").map_or(beside, PathBuf::from).join(name);
    if !path.exists() {
        println!("skipped: no corpora at hand");
        return None;
    }
    Some(path)
}

/// Every record of a file, or of the files of a folder in the order of their names.
fn records(path: &Path) -> Vec<Arrival> {
    let now = "2026-11-01T00:00:00Z".parse().expect("a time");
    let files =
        if path.is_dir() { collect::walk(path).files } else { vec![("log".to_owned(), path.to_owned())] };
    let mut all = vec![];
    for (name, path) in files.into_iter().filter(|(name, _)| !name.ends_with("LICENSE")) {
        let bytes = std::fs::read(path).expect("it is there");
        let input = Input { name, modified: None, bytes: Box::new(std::io::Cursor::new(bytes)) };
        collect::read(input, &Options::at(now), &mut |arrival| {
            all.push(arrival);
            ControlFlow::Continue(())
        });
    }
    all
}

/// Seals what came in.
fn seal(sealing: &mut Sealing, arrivals: Vec<Arrival>) -> Sealed<Vec<Event>> {
    let first = sealing.log.tree().size();
    let event = |(seq, Arrival { draft, fields, .. }): (u64, Arrival)| {
        let (kind, source, raw, defects) = (draft.kind, draft.source, draft.raw, draft.defects);
        let (happened, received) = (draft.happened, draft.received);
        Event { record: Record { seq, kind, source, happened, received, raw, defects }, fields }
    };
    let events = (first..).zip(arrivals).map(event).collect();
    sealing.log.seal(Batch(first, events)).expect("seals").0
}

/// Alerts over a corpus, with thresholds.
fn alerts(path: &Path, thresholds: &[(&str, i64)]) -> Vec<Alert> {
    let mut settings = Settings::default();
    thresholds.iter().for_each(|(name, have)| settings.set(name, *have).expect("within bounds"));
    let mut sealing = Sealing::of("acme");
    let mut patterns = Patterns::new(sealing.customer.clone(), Arc::new(Vocabulary::built_in()), settings);
    let (mut rest, mut all) = (records(path), BTreeMap::new());
    while !rest.is_empty() {
        let later = rest.split_off(rest.len().min(BATCH));
        patterns.observe(&seal(&mut sealing, std::mem::replace(&mut rest, later)), 0);
        all.extend(patterns.take_alerts().into_iter().chain(patterns.finish()).map(|a| (a.id.clone(), a)));
    }
    let mut all: Vec<Alert> = all.into_values().collect();
    all.sort_by_key(|a| (a.rule.id.clone(), a.first));
    all
}

/// One line for each alert: nothing in it but the detection, its level, and counts.
fn told(alerts: &[Alert]) -> String {
    let mut text = String::new();
    for alert in alerts {
        let details = alert.details.as_ref().expect("details");
        // Past twenty names the last says how many more.
        let many = |names: &[String]| {
            let more = names.last().and_then(|n| n.strip_prefix("and ")?.strip_suffix(" more")?.parse().ok());
            more.map_or(names.len(), |more: usize| names.len() - 1 + more)
        };
        let (who, from) = (many(&details.who), many(&details.from));
        let (rule, level) = (&alert.rule.id, alert.rule.level.as_str());
        let _ = writeln!(text, "{rule} {level} who {who} from {from} records {}", alert.count);
    }
    text
}

/// What a corpus yields, if it is there.
fn check(name: &str, thresholds: &[(&str, i64)], want: &str) {
    let Some(path) = corpus(name) else { return };
    let have = told(&alerts(&path, thresholds));
    let want: String = want.trim().lines().map(|l| format!("{}\n", l.trim())).collect();
    assert_eq!(have, want, "{name} with {thresholds:?}, have:\n{have}");
}

#[test]
fn a_real_ssh_server_under_attack() {
    check(
        "logs/loghub/OpenSSH_2k.log",
        &[],
        "
        bw.brute-force high who 1 from 10 records 370
        bw.spray-fast medium who 19 from 1 records 46
        bw.spray-fast medium who 28 from 1 records 80
        bw.spray-fast medium who 10 from 1 records 286
        ",
    );
    let Some(path) = corpus("logs/loghub/OpenSSH_2k.log") else { return };
    // Counted without any of ours: lines about that account, of which two stand for five each.
    let lines = String::from_utf8(std::fs::read(&path).expect("there")).expect("text");
    let times =
        |line: &str| line.split("message repeated ").nth(1).and_then(|r| r.split(' ').next()?.parse().ok());
    let about = lines.lines().filter(|l| l.contains("Failed password for root "));
    let failures: u64 = about.map(|l| times(l).unwrap_or(1)).sum();
    let brute = &alerts(&path, &[])[0];
    assert!(
        brute.summary.starts_with(&format!("{failures} sign-ins ")) && failures > brute.count,
        "{}",
        brute.summary
    );
}

#[test]
fn a_real_linux_host_over_six_weeks() {
    check(
        "logs/loghub/Linux_2k.log",
        &[],
        "
        bw.brute-force high who 1 from 1 records 23
        bw.brute-force high who 1 from 4 records 110
        bw.brute-force high who 1 from 1 records 23
        ",
    );
}

#[test]
fn a_real_exercise_in_a_cloud() {
    check(
        "logs/cloudtrail",
        &[],
        "
        bw.log-tampering high who 1 from 1 records 4
        bw.new-administrator high who 2 from 1 records 1
        bw.new-administrator high who 2 from 1 records 1
        bw.new-federation critical who 1 from 1 records 2
        ",
    );
}

#[test]
fn real_recordings_of_credential_access() {
    check(
        "evtx/attack-samples/credential-access",
        &[],
        "
        bw.log-tampering high who 1 from 0 records 1
        bw.log-tampering high who 1 from 0 records 1
        bw.log-tampering high who 1 from 0 records 1
        bw.log-tampering high who 1 from 0 records 2
        bw.log-tampering high who 1 from 0 records 1
        bw.log-tampering high who 1 from 0 records 1
        bw.spray-fast high who 10 from 1 records 10
        ",
    );
}

#[test]
fn a_real_spray_over_kerberos_of_nine_names_is_one_below_the_number() {
    check(
        "evtx/attack-samples/credential-access/kerberos_pwd_spray_4771.evtx",
        &[],
        "
        bw.log-tampering high who 1 from 0 records 1
        ",
    );
    check(
        "evtx/attack-samples/credential-access/kerberos_pwd_spray_4771.evtx",
        &[("bw.spray-fast.accounts", 9)],
        "
        bw.log-tampering high who 1 from 0 records 1
        bw.spray-fast medium who 9 from 1 records 9
        bw.success-after-failures critical who 1 from 1 records 11
        ",
    );
}

#[test]
fn real_recordings_of_lateral_movement() {
    check(
        "evtx/attack-samples/lateral-movement",
        &[],
        "
        bw.log-tampering high who 1 from 0 records 1
        bw.log-tampering high who 1 from 0 records 2
        bw.log-tampering high who 1 from 0 records 1
        bw.log-tampering high who 1 from 0 records 1
        ",
    );
}
