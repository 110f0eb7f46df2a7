//! Wrong clocks: one record far in the future makes no other late.

use super::{Batch, Sealing};
use detect::Detector;
use model::{Defect, Event, Format, Kind, Record, Source, Time};

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
