//! Plays a quiet month through everything that a customer's records go through after they were read: sealed, looked at
//! by rules, over time and across customers. Used by the benches and by the test of the page on detections.

use collect::{Arrival, Input, Options};
use detect::{Across, Detector, Patterns, Policy, Settings, Vocabulary};
use ledger::{Hash, Log, Sealed, SigningKey, Tree, Unsealed, leaf_hash};
use model::{Alert, CustomerId, Event, Fields, Format, Kind, Level, Record, Source, Time};
use scenario::{MONTH, Month, policy_of_month};
use sigma::Compiled;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Records that are sealed together, as when a source trickles.
const BATCH: usize = 512;
/// Seconds in a week, and the month's beginning: a Monday.
const WEEK: i64 = 7 * 86_400;
const BEGIN: &str = "2026-11-02T00:00:00Z";

/// Events that may be sealed.
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

/// A log of one customer, in memory.
pub(crate) struct Sealing {
    pub(crate) customer: CustomerId,
    log: Log,
}

impl Sealing {
    pub(crate) fn of(customer: &str) -> Self {
        let origin = format!("provider/{customer}/records");
        let key = SigningKey::from_seed(&origin, &[7; 32]).expect("a good name");
        let log = Log::open(&origin, Tree::new(), key).expect("a good origin");
        Self { customer: CustomerId::parse(customer).expect("good"), log }
    }

    /// Seals what came in.
    pub(crate) fn seal(&mut self, arrivals: Vec<Arrival>) -> Sealed<Vec<Event>> {
        let first = self.log.tree().size();
        let event = |(seq, Arrival { draft, fields, .. }): (u64, Arrival)| {
            let record = Record {
                seq,
                kind: draft.kind,
                source: draft.source,
                happened: draft.happened,
                received: draft.received,
                raw: draft.raw,
                defects: draft.defects,
            };
            Event { record, fields }
        };
        let events = (first..).zip(arrivals).map(event).collect();
        self.log.seal(Batch(first, events)).expect("seals").0
    }
}

/// One customer of the month.
struct Customer {
    sealing: Sealing,
    detector: Detector,
    patterns: Patterns,
}

/// What a month raised.
pub(crate) struct Played {
    pub(crate) records: u64,
    /// Each alert once, as it was told last, with the customer in whose log it stands.
    pub(crate) alerts: Vec<(String, Alert)>,
    pub(crate) weeks: i64,
}

/// Plays days of a month, with more lines of a log of the first customer where somebody wants to see them found.
pub(crate) fn play(seed: u64, people: i64, days: i64, rules: &Arc<Compiled>, more: &str) -> Played {
    let mut across = Across::new([9; 32], Settings::default());
    let vocabulary = Arc::new(Vocabulary::built_in());
    let mut customers: BTreeMap<&str, Customer> =
        MONTH.iter().map(|name| (*name, customer(name, rules, &vocabulary))).collect();
    let mut month = Month::new(seed, people, days);
    let mut played = Played { records: 0, alerts: vec![], weeks: (days + 6) / 7 };
    let mut told: BTreeMap<(String, String), Alert> = BTreeMap::new();
    let mut tell = |customer: &str, alerts: Vec<Alert>| {
        told.extend(alerts.into_iter().map(|a| ((customer.to_owned(), a.id.clone()), a)));
    };
    let mut day = 0;
    while let Some(files) = month.next_day() {
        day += 1;
        for (name, customer) in &mut customers {
            let mut arrivals: Vec<Arrival> = vec![];
            let own = files.iter().filter(|f| f.customer == *name);
            own.for_each(|f| arrivals.extend(read(&f.name, &f.text, day)));
            if *name == MONTH[0] && day == days.min(5) {
                arrivals.extend(read("gate.log", more, day));
            }
            arrivals.sort_by_key(|a| a.draft.happened);
            played.records += arrivals.len() as u64;
            while !arrivals.is_empty() {
                let rest = arrivals.split_off(arrivals.len().min(BATCH));
                let sealed = customer.sealing.seal(std::mem::replace(&mut arrivals, rest));
                customer.detector.observe(&sealed, 0);
                customer.patterns.observe(&sealed, 0);
                across.observe(&customer.sealing.customer, &customer.patterns.take_crossings());
                tell(name, customer.detector.take_alerts());
                tell(name, customer.patterns.take_alerts());
            }
        }
        for alert in across.take_alerts() {
            for customer in &alert.customers {
                tell(customer.as_str(), vec![Across::part_of(&alert, customer)]);
            }
        }
    }
    for (name, customer) in &mut customers {
        tell(name, customer.detector.finish());
        tell(name, customer.patterns.finish());
    }
    played.alerts = told.into_iter().map(|((customer, _), alert)| (customer, alert)).collect();
    played
}

fn customer(name: &str, rules: &Arc<Compiled>, vocabulary: &Arc<Vocabulary>) -> Customer {
    let mut sealing = Sealing::of(name);
    let detector = Detector::over(sealing.customer.clone(), Arc::clone(rules));
    let mut patterns = Patterns::new(sealing.customer.clone(), Arc::clone(vocabulary), Settings::default());
    let policy = Policy::read(&policy_of_month(name)).expect("a good policy");
    let body = serde_json::json!({"act": "customer policy set", "reason": "the month", "policy": policy});
    let at: Time = BEGIN.parse().expect("a time");
    let draft = model::Draft {
        kind: Kind::Act,
        source: Source::new(Format::Own, "self").expect("good"),
        happened: at,
        received: at,
        raw: body.to_string().into_bytes(),
        defects: vec![],
    };
    let act = Arrival { draft, fields: Fields::new(), end: 0, identity: None, unreadable: 0 };
    patterns.observe(&sealing.seal(vec![act]), 0);
    Customer { sealing, detector, patterns }
}

/// The records of a file of that day.
pub(crate) fn read(name: &str, text: &str, day: i64) -> Vec<Arrival> {
    let begin: Time = BEGIN.parse().expect("a time");
    let arrived = Time::from_second(begin.as_second() + day * 86_400).expect("a time");
    let bytes = Box::new(text.as_bytes());
    let input = Input { name: name.to_owned(), modified: Some(arrived), bytes };
    let mut arrivals = vec![];
    collect::read(input, &Options::at(arrived), &mut |arrival| {
        arrivals.push(arrival);
        ControlFlow::Continue(())
    });
    arrivals
}

impl Played {
    fn week_of(alert: &Alert) -> i64 {
        let begin: Time = BEGIN.parse().expect("a time");
        (alert.first.as_second() - begin.as_second()).div_euclid(WEEK)
    }

    /// Alerts of level high and above in the customer and week that have most of them, with what they say.
    pub(crate) fn worst_week(&self) -> Vec<String> {
        let mut weeks: BTreeMap<(&str, i64), Vec<String>> = BTreeMap::new();
        for (customer, alert) in self.alerts.iter().filter(|(_, a)| a.rule.level >= Level::High) {
            let said = format!("{customer}: {}: {}", alert.rule.id, alert.summary);
            weeks.entry((customer, Self::week_of(alert))).or_default().push(said);
        }
        weeks.into_values().max_by_key(Vec::len).unwrap_or_default()
    }
}

/// The table of rates: each detection, each level on which it was told, alerts, and those per customer and week.
pub(crate) fn table(played: &[Played]) -> String {
    let mut counts: BTreeMap<(&str, Level), u64> = BTreeMap::new();
    for (_, alert) in played.iter().flat_map(|p| &p.alerts) {
        *counts.entry((alert.rule.id.as_str(), alert.rule.level)).or_default() += 1;
    }
    let told: BTreeSet<&str> = counts.keys().map(|(id, _)| *id).collect();
    let silent = detect::DETECTIONS.iter().filter(|d| !told.contains(d.id)).map(|d| ((d.id, d.level), 0));
    let silent: Vec<_> = silent.collect();
    counts.extend(silent);
    let weeks: i64 = played.iter().map(|p| p.weeks * i64::try_from(MONTH.len()).expect("few")).sum();
    let mut page =
        String::from("| detection | level | alerts | per customer and week |\n| --- | --- | ---: | ---: |\n");
    for ((id, level), many) in counts {
        #[expect(clippy::cast_precision_loss, reason = "counts of alerts and weeks")]
        let rate = many as f64 / weeks as f64;
        page += &format!("| `{id}` | {} | {many} | {rate:.2} |\n", level.as_str());
    }
    page
}

/// The rules of ours that stand beside the detections over time.
pub(crate) fn our_rules() -> Arc<Compiled> {
    let rules = sigma::load(detect::beside_patterns()).rules;
    Arc::new(Compiled::new(rules, sigma::EngineOptions::default()))
}
