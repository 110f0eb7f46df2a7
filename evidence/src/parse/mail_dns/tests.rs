//! Zone files and answers of `dig`, whole, cut and crooked.

use super::*;
use crate::document::Status;
use crate::row::Cell;
use proptest::prelude::*;

const ZONE: &str = r#"$ORIGIN clinic.example.
$TTL 3600
@   IN SOA ns1 hostmaster ( 2026112001 ; serial
        7200 3600 1209600 3600 )
    IN NS ns1
    IN MX 10 mail
    IN TXT "v=spf1 mx include:_spf.mail.example " "-all"
_dmarc 300 IN TXT "v=DMARC1; p=reject\; rua=mailto:d@clinic.example"
_mta-sts IN TXT v=STSv1\;\ id=1
; mta-sts-policy clinic.example version: STSv1
; mode: enforce
old IN TXT "v=spf1 -all"
lab IN NS ns.lab.example.
_spf.mail.example. IN TXT "v=spf1 ip4:192.0.2.0/24 -all"
"#;

const DIG: &str = "; <<>> DiG 9.18.28 <<>> +noall +answer +comments +question TXT clinic.example\n\
;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1\n;; flags: qr rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1\n\
;; QUESTION SECTION:\n;clinic.example.\t\t\tIN\tTXT\n;; ANSWER SECTION:\nclinic.example.\t300\tIN\tTXT\t\"v=spf1 -all\"\n\
;; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 2\n;; flags: qr rd ra; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 1\n\
;; QUESTION SECTION:\n;_dmarc.clinic.example.\t\tIN\tTXT\n;; WHEN: Fri Nov 20 10:00:00 UTC 2026\n";

fn take(text: &str) -> Document {
    read(text.as_bytes(), "clinic.zone", &Hint::default())
}

fn cells(document: &Document, domain: &str, columns: &[&str]) -> String {
    let row = document.rows.iter().find(|r| r.cell("domain") == Some(&Cell::from(domain)));
    let show = |column: &&str| match row.and_then(|r| r.cell(column)) {
        Some(Cell::Text(text)) => text.clone(),
        Some(Cell::Number(n)) => n.to_string(),
        Some(_) => "null".into(),
        None => "no row".into(),
    };
    columns.iter().map(show).collect::<Vec<_>>().join(" | ")
}

const COLUMNS: [&str; 7] =
    ["spf_all", "spf_lookups", "dmarc_policy", "dkim_selectors", "mta_sts", "tls_rpt", "starttls"];

#[test]
fn a_zone_is_judged_and_its_silence_is_proof() {
    assert!(looks_like(ZONE.as_bytes()));
    let document = take(ZONE);
    assert_eq!(document.status, Status::Complete, "{:?}", document.defects);
    assert_eq!(document.scope.as_deref(), Some("clinic.example old.clinic.example"));
    assert_eq!(cells(&document, "clinic.example", &COLUMNS), "-all | 2 | reject | 0 | enforce | 0 | null");
    assert_eq!(cells(&document, "old.clinic.example", &COLUMNS), "-all | 0 | reject | 0 | absent | 0 | null");
}

#[test]
fn without_a_soa_silence_is_no_proof() {
    let lines = "clinic.example. 300 IN TXT \"v=spf1 -all\"\nclinic.example. 300 IN MX 0 .\n";
    let document = take(lines);
    assert_eq!(document.status, Status::Complete);
    assert_eq!(cells(&document, "clinic.example", &COLUMNS), "-all | 0 | null | null | null | null | null");
}

#[test]
fn what_dig_was_told_to_be_absent_is_absent() {
    let document = take(DIG);
    assert_eq!(document.status, Status::Complete, "{:?}", document.defects);
    assert_eq!((document.tool.as_deref(), document.tool_version.as_deref()), (Some("dig"), Some("9.18.28")));
    assert!(document.made.is_some());
    assert_eq!(
        cells(&document, "clinic.example", &["spf_all", "dmarc_policy", "mta_sts"]),
        "-all | absent | null"
    );
    for (from, to) in [("NXDOMAIN", "SERVFAIL"), ("NXDOMAIN", "REFUSED"), ("ANSWER: 1", "ANSWER: 2")] {
        let document = take(&DIG.replace(from, to));
        assert_eq!(document.status.as_str(), "partial", "{to}");
    }
    let late = format!("{DIG};; communications error to 192.0.2.1#53: timed out\n");
    assert_eq!(take(&late).status.as_str(), "partial");
}

#[test]
fn a_cut_zone_is_not_complete_and_proves_no_absence() {
    for at in (0..ZONE.len() - 1).filter(|at| *at == 0 || ZONE.as_bytes()[at - 1] != b'\n') {
        let document = take(&ZONE[..at]);
        assert_ne!(document.status, Status::Complete, "cut at {at}");
        for column in ["mta_sts", "tls_rpt", "dmarc_policy"] {
            let cell = cells(&document, "clinic.example", &[column]);
            assert!(!matches!(cell.as_str(), "absent" | "0"), "cut at {at}: {column} {cell}");
        }
    }
}

#[test]
fn crooked_lines_are_told() {
    for (line, why) in [
        ("x IN MX ten mail\n", "without a preference"),
        ("$INCLUDE other.zone\n", "is not followed"),
        ("x IN TXT \"open\n", "without its end"),
        ("x IN TXT ( \"open\"\n", "without its end"),
        ("x IN\n", "no type"),
        ("x IN TXT\n", "without its value"),
    ] {
        let document = take(&format!("{ZONE}{line}"));
        assert_eq!(document.status.as_str(), "partial", "{line}");
        assert!(document.defects.iter().any(|d| d.contains(why)), "{line}: {:?}", document.defects);
    }
    let alone = take("www IN A 192.0.2.1\n");
    assert_eq!(alone.status.as_str(), "failed");
    let aliases =
        take("a.example. IN SOA a b 1 2 3 4 5\nx._domainkey.a.example. IN CNAME x._domainkey.a.example.\n");
    assert_eq!(cells(&aliases, "a.example", &["dkim_selectors"]), "null");
}

proptest! {
    #[test]
    fn any_text_is_read(text in "(?s).{0,300}", place in 0usize..700) {
        let _ = take(&text);
        for sample in [ZONE, DIG] {
            let mut bent = sample.to_owned();
            bent.insert_str(place.min(bent.len()), &text);
            let _ = take(&bent);
        }
    }
}
