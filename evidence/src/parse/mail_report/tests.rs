//! Reports as receivers write them, and as others break them.

use super::super::unpack::{gzip, zipped};
use super::*;
use crate::row::Cell;
use base64::Engine;
use proptest::prelude::*;

const DMARC: &str = r#"<?xml version="1.0"?>
<feedback>
  <report_metadata><org_name>Mail House &amp; Co</org_name><email>d@house.example</email><report_id>7</report_id>
    <date_range><begin>1795132800</begin><end>1795219199</end></date_range></report_metadata>
  <policy_published><domain>Clinic.example</domain><p>reject</p><pct>100</pct></policy_published>
  <record><row><source_ip>192.0.2.7</source_ip><count>12</count>
    <policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>
    <identifiers><header_from>clinic.example</header_from></identifiers></record>
  <record><row><source_ip>2001:DB8::9</source_ip><count>3</count>
    <policy_evaluated><disposition>Reject</disposition><dkim>Fail</dkim><spf>fail</spf></policy_evaluated></row></record>
</feedback>
"#;

const TLS: &str = r#"{"organization-name":"Post Ltd","date-range":{"start-datetime":"2026-11-20T00:00:00Z","end-datetime":"2026-11-20T23:59:59Z"},
 "report-id":"x","policies":[{"policy":{"policy-type":"sts","policy-domain":"clinic.example"},"summary":{"total-successful-session-count":48,"total-failure-session-count":2}},
 {"policy":{"policy-type":"no-policy-found","policy-domain":"old.example"},"summary":{"total-successful-session-count":1,"total-failure-session-count":0}}]}
"#;

fn take(raw: &[u8]) -> Document {
    read(raw, "report", &Hint::default())
}

fn seen(document: &Document) -> Vec<String> {
    let show = |row: &crate::row::Row, column: &str| match row.cell(column) {
        Some(Cell::Text(text)) => text.clone(),
        Some(Cell::Number(n)) => n.to_string(),
        _ => "-".into(),
    };
    let columns = ["domain", "kind", "source_ip", "messages", "failed", "spf", "dkim", "disposition"];
    document.rows.iter().map(|row| columns.map(|c| show(row, c)).join(" ")).collect()
}

fn mailed(media: &str, bytes: &[u8]) -> String {
    let body = base64::engine::general_purpose::STANDARD.encode(bytes);
    let lines: Vec<&str> =
        body.as_bytes().chunks(60).map(|c| std::str::from_utf8(c).expect("ASCII")).collect();
    format!(
        "Received: by mx.example\r\nFrom: r@house.example\r\nSubject: Report domain: clinic.example\r\n\
         Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\nContent-Type: text/plain\r\n\r\nhello\r\n--q\r\n\
         Content-Type: {media}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--q--\r\n",
        lines.join("\r\n")
    )
}

const DMARC_ROWS: [&str; 2] = [
    "clinic.example dmarc 192.0.2.7 12 0 fail pass none",
    "clinic.example dmarc 2001:db8::9 3 3 fail fail reject",
];

#[test]
fn an_aggregate_report_is_read_plain_packed_and_mailed() {
    let raw = DMARC.as_bytes();
    let new = DMARC.replace("<feedback>", "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">");
    for form in [
        raw.to_vec(),
        new.into_bytes(),
        gzip(raw),
        zipped(&[("r.xml", raw)]),
        mailed("application/gzip", &gzip(raw)).into_bytes(),
        mailed("application/zip", &zipped(&[("r.xml", raw)])).into_bytes(),
        mailed("text/xml", raw).into_bytes(),
    ] {
        assert!((FORMAT.looks_like)(&form, "r"));
        let document = take(&form);
        assert_eq!(document.status, Status::Complete, "{:?}", document.defects);
        assert_eq!(seen(&document), DMARC_ROWS);
        assert_eq!(document.tool.as_deref(), Some("Mail House & Co"));
        assert_eq!(document.scope.as_deref(), Some("dmarc clinic.example by Mail House & Co"));
        assert_eq!(document.covers.map(|c| c.0.as_second()), Some(1_795_132_800));
    }
}

#[test]
fn a_tls_report_is_read_plain_packed_and_mailed() {
    for form in [
        TLS.as_bytes().to_vec(),
        gzip(TLS.as_bytes()),
        mailed("application/tlsrpt+gzip", &gzip(TLS.as_bytes())).into_bytes(),
    ] {
        let document = take(&form);
        assert_eq!(document.status, Status::Complete);
        assert_eq!(seen(&document), ["clinic.example tls - 50 2 - - -", "old.example tls - 1 0 - - -"]);
    }
}

#[test]
fn several_reports_become_one_document_and_a_bad_one_makes_it_partial() {
    let two = zipped(&[("a.xml", DMARC.as_bytes()), ("b.json", TLS.as_bytes())]);
    let document = take(&two);
    assert_eq!((document.rows.len(), &document.status), (4, &Status::Complete));
    let bad = take(&zipped(&[("a.xml", DMARC.as_bytes()), ("b.txt", b"hello")]));
    assert_eq!((bad.rows.len(), bad.status.as_str()), (2, "partial"));
    let mbox = format!(
        "From a\r\n{}\r\n\r\nFrom b\r\n{}",
        mailed("text/xml", DMARC.as_bytes()),
        mailed("x/y", TLS.as_bytes())
    );
    assert_eq!((take(mbox.as_bytes()).rows.len(), take(mbox.as_bytes()).status.as_str()), (4, "complete"));
}

#[test]
fn a_record_that_cannot_be_counted_is_left_out_and_told() {
    for (from, to, why) in [
        ("<count>12</count>", "<count>-1</count>", "record 1: `-1` is no count"),
        ("<count>12</count>", "", "record 1: has no `count`"),
        ("192.0.2.7", "mx.example", "record 1: `mx.example` is no address"),
        ("1795132800", "soon", "`date_range/begin` is no instant"),
        ("<header_from>clinic.example", "<header_from>bad<x.example", "is not closed"),
    ] {
        let document = take(DMARC.replacen(from, to, 1).as_bytes());
        assert_eq!(document.status.as_str(), "partial", "{why}");
        assert!(document.defects.iter().any(|d| d.contains(why)), "{:?}", document.defects);
    }
    let none = take(DMARC.replace("<domain>Clinic.example</domain>", "").as_bytes());
    assert!(none.rows.is_empty() && none.status.as_str() == "partial");
}

#[test]
fn a_report_that_is_cut_is_never_complete_and_adds_nothing() {
    for (whole, rows) in [(DMARC, seen(&take(DMARC.as_bytes()))), (TLS, seen(&take(TLS.as_bytes())))] {
        for at in 0..whole.trim_end().len() {
            let document = take(&whole.as_bytes()[..at]);
            assert_ne!(document.status, Status::Complete, "cut at {at}");
            assert!(rows.starts_with(&seen(&document)), "cut at {at}: {:?}", seen(&document));
        }
    }
    let whole = mailed("application/gzip", &gzip(DMARC.as_bytes()));
    for at in 0..whole.trim_end().len() {
        assert_ne!(take(&whole.as_bytes()[..at]).status, Status::Complete, "cut at {at}");
    }
    let whole = zipped(&[("r.xml", DMARC.as_bytes())]);
    for at in 0..whole.len() {
        assert_ne!(take(&whole[..at]).status, Status::Complete, "cut at {at}");
    }
}

#[test]
fn entities_depth_and_length_are_refused() {
    let bomb =
        DMARC.replace("<feedback>", "<!DOCTYPE f [<!ENTITY a \"b\"><!ENTITY c \"&a;&a;\">]><feedback>");
    assert!(take(bomb.as_bytes()).status.why().is_some_and(|w| w.contains("entities")));
    let deep = DMARC.replace("<identifiers>", &"<x>".repeat(100));
    assert!(take(deep.as_bytes()).status.why().is_some_and(|w| w.contains("deep")));
    let long = DMARC.replace("Mail House", &"x".repeat(200_000));
    assert_eq!(take(long.as_bytes()).status.as_str(), "failed");
    let wide = format!(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{}",
        DMARC.split_once('\n').expect("lines").1
    );
    let mut latin = wide.into_bytes();
    let place = latin.windows(5).position(|w| w == b"House").expect("there");
    latin[place] = 0xc4;
    assert_eq!(take(&latin).rows.len(), 2);
}

#[test]
fn a_failure_report_says_what_it_is() {
    let report = "Received: by mx\nFrom: a@b.example\nSubject: FW: x\nContent-Type: multipart/report; report-type=feedback-report; boundary=q\n\n\
        --q\nContent-Type: text/plain\n\nx\n--q\nContent-Type: message/feedback-report\n\nFeedback-Type: auth-failure\n--q--\n";
    assert!(take(report.as_bytes()).status.why().is_some_and(|w| w.contains("failure report")));
    let plain = "From: a@b.example\nSubject: lunch\nContent-Type: text/plain\n\nat one\n";
    assert!(take(plain.as_bytes()).status.why().is_some_and(|w| w.contains("without a report")));
}

proptest! {
    #[test]
    fn any_bytes_are_read(raw in proptest::collection::vec(any::<u8>(), 0..400), place in 0usize..900) {
        let _ = take(&raw);
        for sample in [DMARC.as_bytes(), TLS.as_bytes(), mailed("application/zip", &zipped(&[("a", DMARC.as_bytes())])).as_bytes()] {
            let mut bent = sample.to_vec();
            let place = place.min(bent.len());
            bent.splice(place..place, raw.iter().copied());
            let _ = take(&bent);
        }
    }
}
