//! How much memory do the detections over time take for 100 customers with 5,000 accounts each over 30 days? Fed as
//! sealed records; peak of the process, in all and for a customer, and the least that the form on disk takes.
#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench looks at the clock")]

use detect::{Patterns, Settings, Vocabulary};
use ledger::{Hash, Log, SigningKey, Tree, Unsealed, leaf_hash};
use model::{CustomerId, Event, Fields, Format, Kind, Record, Source, Time};
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;

/// 2 November 2026, in seconds.
const BEGIN: i64 = 1_793_577_600;
const CUSTOMERS: usize = 100;
const ACCOUNTS: u64 = 5_000;
const DAYS: u64 = 30;
/// What docs/detections.md promises for such a customer, in MiB.
const BOUND_MIB: f64 = 64.0;

struct Batch(u64, Vec<Event>);

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

fn main() {
    let mut given = std::env::args().skip(1).filter_map(|a| a.parse().ok());
    let many = given.next().unwrap_or(CUSTOMERS);
    let vocabulary = Arc::new(Vocabulary::built_in());
    let before = peak_mib();
    let began = Instant::now();
    let made = |numbers: std::ops::Range<usize>| {
        let one = |number| {
            let mut customer = Customer::new(number, &vocabulary);
            let records: u64 = (0..DAYS).map(|day| customer.day(day)).sum();
            // The seals of a bench are no part of what the detections remember.
            (records, customer.patterns)
        };
        numbers.map(one).collect::<Vec<_>>()
    };
    let all: Vec<(u64, Patterns)> = std::thread::scope(|scope| {
        let other = scope.spawn(|| made(many / 2..many));
        let mut all = made(0..many / 2);
        all.extend(other.join().expect("it does not panic"));
        all
    });
    let all_mib = peak_mib() - before;
    let records: u64 = all.iter().map(|a| a.0).sum();
    let bytes = all.first().map_or(0, |a| a.1.to_bytes().len());
    let all: Vec<Patterns> = all.into_iter().map(|a| a.1).collect();
    #[expect(clippy::cast_precision_loss, reason = "counts of records and customers")]
    let (of_one, a_second) = (all_mib / many as f64, records as f64 / began.elapsed().as_secs_f64());
    println!(
        "{many} customers of {ACCOUNTS} accounts, {DAYS} days, {records} records, {a_second:.0} records/s on two threads"
    );
    println!(
        "peak {all_mib:.0} MiB, {of_one:.1} MiB a customer; kept between runs {:.1} MiB a customer",
        bytes as f64 / 1_048_576.0
    );
    let bound = BOUND_MIB;
    assert!(of_one <= bound, "the pages promise at most {bound} MiB for a customer");
    println!("left out at a bound: {}", all.iter().map(Patterns::left_out).sum::<u64>());
}

struct Customer {
    log: Log,
    patterns: Patterns,
    chance: u64,
    batch: Vec<Event>,
    next: u64,
}

impl Customer {
    fn new(number: usize, vocabulary: &Arc<Vocabulary>) -> Self {
        let name = format!("c{number:03}");
        let origin = format!("provider/{name}/records");
        let key = SigningKey::from_seed(&origin, &[7; 32]).expect("a good name");
        let log = Log::open(&origin, Tree::new(), key).expect("a good origin");
        let id = CustomerId::parse(&name).expect("good");
        let patterns = Patterns::new(id, Arc::clone(vocabulary), Settings::default());
        Self { log, patterns, chance: number as u64 + 1, batch: vec![], next: 0 }
    }

    fn below(&mut self, many: u64) -> u64 {
        // xorshift64
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance % many
    }

    /// A day of sign-ins: each account twice, mostly from its desk, one in ten elsewhere; one in twelve fails first.
    fn day(&mut self, day: u64) -> u64 {
        let first = self.next;
        let begin = BEGIN + i64::try_from(day).expect("few") * 86_400;
        for turn in 0..2_i64 {
            for account in 0..ACCOUNTS {
                let at =
                    begin + 7 * 3600 + turn * 9_000 + i64::try_from(account).expect("few") * 9_000 / 5_000;
                let desk = format!("10.{}.{}.{}", account / 60_000, account / 250, account % 250 + 1);
                let from = match self.below(10) {
                    0 => format!("198.18.{}.{}", self.below(200), self.below(250)),
                    _ => desk,
                };
                if self.below(12) == 0 {
                    self.put(at, account, &from, "50126");
                }
                self.put(at, account, &from, "0");
            }
        }
        self.seal();
        self.next - first
    }

    fn put(&mut self, at: i64, account: u64, from: &str, code: &str) {
        let fields = json!({
            "userPrincipalName": format!("person.number{account}@customer.example"), "ipAddress": from, "status": {"errorCode": code},
            "location": {"geoCoordinates": {"latitude": 52.5, "longitude": 13.4}}, "userAgent": "Mozilla/5.0",
        });
        let happened = Time::from_second(at).expect("a time");
        let source = Source::new(Format::Ndjson, "entra").expect("good");
        let (kind, raw, defects) = (Kind::Event, vec![], vec![]);
        let record = Record { seq: self.next, kind, source, happened, received: happened, raw, defects };
        let fields: Fields = fields.as_object().cloned().expect("an object");
        self.batch.push(Event { record, fields });
        self.next += 1;
        if self.batch.len() >= 512 {
            self.seal();
        }
    }

    fn seal(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        let Some(first) = batch.first().map(|e| e.record.seq) else { return };
        let sealed = self.log.seal(Batch(first, batch)).expect("seals").0;
        self.patterns.observe(&sealed, 0);
        let _ = (self.patterns.take_alerts(), self.patterns.take_crossings());
    }
}

/// The peak of this process so far, in MiB; 0 where the system does not say.
fn peak_mib() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
}
