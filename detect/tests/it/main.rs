//! Every rule of ours fires on what it is for and is silent beside it; alerts grow; customers stay apart.

mod across;
mod clocks;
mod evasion;
mod forms;
mod marks;
mod order;
mod page;
mod patterns;
mod plays;
mod quiet;
mod real;
mod rules;
mod twins;

use detect::{Detector, built_in};
use ledger::{Hash, Log, Sealed, SigningKey, Tree, Unsealed, leaf_hash};
use model::{Alert, CustomerId, Event, Format, Kind, Record, Source, Time};
use serde_json::Value;

/// What these tests hand in to be sealed.
pub(crate) struct Batch(pub(crate) u64, pub(crate) Vec<Event>);

impl Unsealed for Batch {
    type Value = Vec<Event>;

    fn first(&self) -> u64 {
        self.0
    }

    fn leaf_hashes(&self) -> Vec<Hash> {
        self.1.iter().map(|e| leaf_hash(&e.record.seq.to_be_bytes())).collect()
    }

    fn release(self) -> Vec<Event> {
        self.1
    }
}

/// One customer's log.
struct Sealing {
    customer: CustomerId,
    log: Log,
}

impl Sealing {
    fn of(customer: &str) -> Self {
        let origin = format!("provider/{customer}/records");
        let key = SigningKey::from_seed(&origin, &[7; 32]).expect("a good name");
        let log = Log::open(&origin, Tree::new(), key).expect("a good origin");
        Self { customer: CustomerId::parse(customer).expect("good"), log }
    }

    /// Seals events, each with its time of day on 1 November 2026 (`HH:MM:SS`), format and fields.
    fn seal(&mut self, events: &[(String, Format, Value)]) -> Sealed<Vec<Event>> {
        let first = self.log.tree().size();
        let event = |(seq, (at, format, fields)): (u64, &(String, Format, Value))| {
            let happened: Time = format!("2026-11-01T{at}Z").parse().expect("a time");
            let source = Source::new(*format, "test").expect("good");
            let raw = fields.to_string().into_bytes();
            let record =
                Record { seq, kind: Kind::Event, source, happened, received: happened, raw, defects: vec![] };
            Event { record, fields: fields.as_object().cloned().expect("an object") }
        };
        let events = (first..).zip(events).map(event).collect();
        self.log.seal(Batch(first, events)).expect("seals").0
    }
}

/// Alerts of events of one customer, sealed in batches of `size`; a later one of an id replaces the earlier.
fn alerts(events: &[(String, Format, Value)], size: usize) -> Vec<Alert> {
    let mut sealing = Sealing::of("acme");
    let mut detector = Detector::new(sealing.customer.clone(), built_in().rules);
    let mut all = std::collections::BTreeMap::new();
    for part in events.chunks(size.max(1)) {
        detector.observe(&sealing.seal(part), 0);
        all.extend(detector.take_alerts().into_iter().map(|a| (a.id.clone(), a)));
    }
    all.extend(detector.finish().into_iter().map(|a| (a.id.clone(), a)));
    all.into_values().collect()
}

/// A time of day, so many seconds behind 08:00:00.
fn at(second: u32) -> String {
    let all = 8 * 3600 + second;
    format!("{:02}:{:02}:{:02}", all / 3600, all / 60 % 60, all % 60)
}
