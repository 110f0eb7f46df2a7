//! What is read of answers of osquery: whole, cut and crooked.

use super::super::cuts::{cut_everywhere, never, taken};
use super::FORMAT;
use crate::document::{Document, Status};
use crate::parse::Hint;
use crate::row::Cell;

const SYSTEM: &str =
    r#"[{"hostname":"PC-9","computer_name":"PC-9","hardware_vendor":"Acme","hardware_model":"L1"}]"#;
const OTHERS: &str = r#"
[{"name":"Windows Server 2022","version":"10.0.20348","platform":"windows","major":"10"}]
[{"name":"Reader","version":"1.2","publisher":"Acme","install_date":"20261103"},{"name":"Old","version":"","publisher":"","install_date":""}]
[{"hotfix_id":"KB500","description":"Update","installed_on":"11/3/2026"}]
[{"pid":"1","port":"445","protocol":"6","address":"0.0.0.0"},{"pid":"1","port":"0","protocol":"0","address":""}]
[{"uid":"0","username":"Root","directory":"/root","shell":"/bin/bash","description":"root"},{"uid":"1","username":"daemon","directory":"/","shell":"/usr/sbin/nologin","description":""}]
[{"name":"/dev/sda1","uuid":"u","encrypted":"0"}]
[{"name":"openssl","version":"3.0.2","source":"openssl","arch":"amd64","maintainer":"M"}]
[{"name":"bash","version":"5","release":"2.el9","arch":"x86_64","vendor":"R","install_time":"1793527200"}]
"#;

const LOG: &str = r#"{"name":"pack_programs","hostIdentifier":"pc-9","unixTime":1793527200,"snapshot":[{"name":"Reader","version":"1","publisher":"A"}],"action":"snapshot"}
{"name":"os","hostIdentifier":"pc-9","unixTime":"1793527300","columns":{"name":"Ubuntu","version":"24.04","platform":"ubuntu","major":"24"},"action":"snapshot"}
"#;

fn check(document: &Document, table: &str, column: &str, want: &[&str]) {
    let rows = document.rows.iter().filter(|row| row.table().name == table);
    let cells: Vec<String> = rows
        .map(|row| match row.cell(column).expect("a column") {
            Cell::Null => "-".into(),
            Cell::Number(n) => n.to_string(),
            Cell::Fraction(f) => f.to_string(),
            Cell::Text(t) => t.clone(),
        })
        .collect();
    assert_eq!(cells, want, "{table}.{column}");
}

#[test]
fn answers_tell_a_host_and_what_is_on_it() {
    let text = format!("{SYSTEM}{OTHERS}");
    assert!((FORMAT.looks_like)(text.as_bytes(), "x"));
    let host = taken(&FORMAT, text.as_bytes());
    assert_eq!(host.status, Status::Complete, "{:?}", host.defects);
    check(&host, "device", "name", &["pc-9", "pc-9"]);
    check(&host, "device", "os", &["-", "Windows Server 2022"]);
    check(&host, "software", "name", &["Reader", "Old", "openssl", "bash"]);
    check(&host, "software", "version", &["1.2", "-", "3.0.2", "5-2.el9"]);
    check(&host, "software", "installed_at", &["1793664000", "-", "-", "1793527200"]);
    check(&host, "update", "installed_at", &["1793664000"]);
    check(&host, "service", "port", &["445"]);
    check(&host, "account", "enabled", &["-", "0"]);
    check(&host, "account", "admin", &["1", "-"]);
    check(&host, "setting", "name", &["disk_encryption./dev/sda1"]);
    check(&host, "setting", "value", &["false"]);
}

#[test]
fn a_log_of_snapshots_is_whole_and_a_log_of_changes_is_not() {
    assert!((FORMAT.looks_like)(LOG.as_bytes(), "x"));
    let log = taken(&FORMAT, LOG.as_bytes());
    assert_eq!(log.status, Status::Complete, "{:?}", log.defects);
    assert_eq!(log.scope.as_deref(), Some("osquery pc-9 os_version programs"));
    check(&log, "software", "device", &["pc-9"]);
    assert!(log.covers.is_some_and(|c| c.0 < c.1));
    let added =
        taken(&FORMAT, LOG.replace("24\"},\"action\":\"snapshot\"", "24\"},\"action\":\"added\"").as_bytes());
    assert_eq!((added.status.as_str(), added.rows.len()), ("partial", 2));
    let removed = taken(
        &FORMAT,
        LOG.replace("24\"},\"action\":\"snapshot\"", "24\"},\"action\":\"removed\"").as_bytes(),
    );
    assert_eq!(removed.rows.len(), 1);
    let diff = r#"{"hostIdentifier":"a","diffResults":{"added":[{"hotfix_id":"KB1"}],"removed":[{"hotfix_id":"KB0"}]}}"#;
    check(&taken(&FORMAT, format!("{diff}\n").as_bytes()), "update", "id", &["KB1"]);
}

#[test]
fn what_is_no_answer_is_never_complete() {
    for text in [
        "[]",
        "{}",
        "[7]",
        "[{\"a\":\"b\"}]",
        "7",
        "[{\"port\":\"99999\",\"protocol\":\"6\",\"address\":\"\"}]",
        "{\"x\":1}\n",
    ] {
        assert_ne!(taken(&FORMAT, text.as_bytes()).status, Status::Complete, "{text}");
    }
    let bad = SYSTEM.replace("\"PC-9\"", "7");
    assert_ne!(taken(&FORMAT, bad.as_bytes()).status, Status::Complete);
}

#[test]
fn cuts_never_pass_for_whole_documents() {
    cut_everywhere(&FORMAT, &Hint::default(), SYSTEM.as_bytes(), never);
    cut_everywhere(&FORMAT, &Hint::default(), LOG.as_bytes(), |before, _| before.ends_with(b"\n"));
    // Of answers behind each other nobody can tell how many there were.
    let text = format!("{SYSTEM}{OTHERS}");
    cut_everywhere(&FORMAT, &Hint::default(), text.as_bytes(), |before, _| {
        before.trim_ascii_end().ends_with(b"]")
    });
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(raw: Vec<u8>, at in 0usize..LOG.len(), byte: u8) {
        let _ = taken(&FORMAT, &raw);
        let _ = (FORMAT.looks_like)(&raw, "x");
        let mut bent = LOG.as_bytes().to_vec();
        bent[at] = byte;
        let _ = taken(&FORMAT, &bent);
    }
}
