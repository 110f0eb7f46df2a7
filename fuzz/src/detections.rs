//! Properties of the detections over time: policies, vocabulary, events of any fields, and the kept state.

use super::audits::seal;
use detect::{Patterns, Policy, Settings, Vocabulary};
use model::{CustomerId, Event, Format, Kind, Record, Source, Time};
use serde_json::Value;
use std::sync::{Arc, OnceLock};

fn vocabulary() -> Arc<Vocabulary> {
    static READ: OnceLock<Arc<Vocabulary>> = OnceLock::new();
    Arc::clone(READ.get_or_init(|| Arc::new(Vocabulary::built_in())))
}

fn patterns() -> Patterns {
    Patterns::new(CustomerId::parse("acme").expect("a plain id"), vocabulary(), Settings::default())
}

/// A policy that is taken is read back as it was written.
pub(crate) fn policy(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(policy) = Policy::read(text) else { return false };
    let written = serde_json::to_string(&policy).expect("a policy is JSON");
    assert_eq!(serde_json::from_str::<Policy>(&written).expect("just written"), policy);
    assert!(policy.check().is_ok() && policy.settings().is_ok());
    true
}

/// A file of maps is taken, or refused by its name.
pub(crate) fn vocabulary_file(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    match Vocabulary::with(&[("mine".to_owned(), text.to_owned())]) {
        Ok(read) => read.families().count() > 0,
        Err(error) => {
            assert_eq!(error.file, "mine");
            false
        }
    }
}

/// Events of any fields are understood or passed over, by every map and every detection; what is kept is read back.
pub(crate) fn events(bytes: &[u8]) -> bool {
    let Ok(Value::Array(list)) = serde_json::from_slice(bytes) else { return false };
    let source = Source::new(Format::Ndjson, "any").expect("a short name");
    let event = |(seq, value): (u64, Value)| {
        let fields = value.as_object().cloned().unwrap_or_default();
        // What a record says of its time lies in its fields here, so that the fuzzer can move it.
        let second =
            fields.get("t").and_then(Value::as_i64).unwrap_or(0).clamp(-9_000_000_000, 9_000_000_000);
        let happened = Time::from_second(second).expect("within the range of times");
        let (kind, raw) = (Kind::Event, value.to_string().into_bytes());
        let record =
            Record { seq, kind, source: source.clone(), happened, received: happened, raw, defects: vec![] };
        Event { record, fields }
    };
    let events: Vec<Event> = (0..).zip(list.into_iter().take(64)).map(event).collect();
    let many = events.len();
    let mut patterns = patterns();
    patterns.observe(&seal(events), 0);
    patterns.take_alerts();
    let kept = patterns.to_bytes();
    patterns.restore(&kept).expect("just written");
    assert_eq!(patterns.to_bytes(), kept);
    many > 0
}

/// A kept state is refused, or read and then written as it was.
pub(crate) fn state(bytes: &[u8]) -> bool {
    let mut patterns = patterns();
    if patterns.restore(bytes).is_err() {
        return false;
    }
    let kept = patterns.to_bytes();
    patterns.restore(&kept).expect("just written");
    assert_eq!(patterns.to_bytes(), kept);
    patterns.finish();
    true
}
