//! Wrong clocks: one record far in the future makes no other late.

use super::{Batch, Sealing};
use detect::{Detector, Patterns, Settings, Vocabulary};
use model::{Defect, Event, Format, Kind, Record, Source, Time};
use std::sync::Arc;

const RULES: &str = "title: One\nname: one\nlogsource: {category: test}\ndetection: {s: {K: f}, condition: s}\n---\ntitle: Three\nid: three\ncorrelation:\n  type: event_count\n  rules: [one]\n  timespan: 5m\n  condition: {gte: 3}\n";

/// How many records the alert stands on when a record of this time, with these defects, comes between.
fn counted(happened: &str, defects: &[Defect]) -> Vec<u64> {
    let mut sealing = Sealing::of("acme");
    let rules = sigma::load([("r.yml".to_owned(), RULES.as_bytes().to_vec())]).rules;
    let mut detector = Detector::new(sealing.customer.clone(), rules);
    let fields = serde_json::json!({"K": "f"}).as_object().cloned().expect("an object");
    let time = |text: &str| -> Time { text.parse().expect("a time") };
    let of = |(seq, (at, defects)): (u64, (&str, &[Defect]))| {
        let record = Record {
            seq,
            kind: Kind::Event,
            source: Source::new(Format::Ndjson, "test").expect("good"),
            happened: time(at),
            received: time("2026-11-01T10:00:30Z"),
            raw: b"{}".to_vec(),
            defects: defects.to_vec(),
        };
        Event { record, fields: fields.clone() }
    };
    let times = [("2026-11-01T10:00:00Z", &[][..]), (happened, defects), ("2026-11-01T10:00:20Z", &[][..])];
    let events = (0..).zip(times).map(of).collect();
    let sealed = sealing.log.seal(Batch(0, events)).expect("seals").0;
    detector.observe(&sealed, 0);
    detector.finish().iter().map(|a| a.count).collect()
}

#[test]
fn a_record_far_in_the_future_counts_when_it_came() {
    assert_eq!(counted("2026-11-01T10:00:10Z", &[]), [3]);
    assert_eq!(counted("2099-01-01T00:00:00Z", &[Defect::FarFuture]), [3]);
    assert!(counted("2026-11-01T10:30:00Z", &[]).is_empty());
}

#[test]
fn times_forged_into_the_future_do_not_spread_an_attack_out() {
    let mut sealing = Sealing::of("acme");
    let time = |second: i64| Time::from_second(second).expect("a time");
    let event = |seq: u64| {
        let second = i64::try_from(seq).expect("small");
        let received = time(1_793_577_600 + second * 10);
        let record = Record {
            seq,
            kind: Kind::Event,
            source: Source::new(Format::Syslog, "sshd").expect("good"),
            // Each a day after the one before it, from the year after next on.
            happened: time(1_893_577_600 + second * 86_400),
            received,
            raw: b"x".to_vec(),
            defects: vec![Defect::FarFuture],
        };
        let fields = serde_json::json!({"program": "sshd", "action": "sign-in", "outcome": "failure", "user": "admin", "src_ip": "203.0.113.9"});
        Event { record, fields: fields.as_object().cloned().expect("an object") }
    };
    let sealed = sealing.log.seal(Batch(0, (0..20).map(event).collect())).expect("seals").0;
    let vocabulary = Arc::new(Vocabulary::built_in());
    let mut patterns = Patterns::new(sealing.customer.clone(), vocabulary, Settings::default());
    patterns.observe(&sealed, 0);
    let fired: Vec<String> = patterns.finish().into_iter().map(|a| a.rule.id).collect();
    assert_eq!(fired, ["bw.brute-force"]);
}
