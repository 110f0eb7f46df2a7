//! What does an attack's own record cost, against an ordinary one in the same run? One thread, the detections over time
//! of a customer and across customers; records of quiet days and of attacks, read and sealed before the clock starts.
#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench looks at the clock")]

#[expect(dead_code, reason = "the other benches count alerts with it")]
mod month;

use collect::Arrival;
use detect::{Across, Patterns, Settings, Vocabulary};
use ledger::Sealed;
use model::Event;
use month::Sealing;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

/// People of the customer, and ordinary days before the attack.
const PEOPLE: i64 = 140;
const DAYS: i64 = 4;
/// Records of each attack, within a quarter of an hour.
const MANY: usize = 20_000;
const SPAN_MS: usize = 900_000;

/// One attack: what it is, and the message of its n-th record.
type Attack = (&'static str, fn(usize) -> String);

const ATTACKS: [Attack; 5] = [
    ("one account, one source", |_| failed("kaya.ac", 66)),
    ("one account, 200 sources", |n| failed("kaya.ac", n % 200)),
    ("3,000 names that nobody has, one source", |n| {
        format!("Failed password for invalid user x{} from 203.0.113.66 port 4022 ssh2", n % 3_000)
    }),
    ("3,000 names of which nothing is known, one source", |n| failed(&format!("x{}", n % 3_000), 66)),
    ("3,000 names from 200 sources", |n| failed(&format!("x{}", n % 3_000), n % 200)),
];

fn failed(name: &str, from: usize) -> String {
    format!("Failed password for {name} from 203.0.113.{from} port 4022 ssh2")
}

fn main() {
    let mut sealing = Sealing::of("acme");
    let ordinary = ordinary(&mut sealing);
    let many: usize = ordinary.iter().map(|b| b.value().len()).sum();
    let vocabulary = Arc::new(Vocabulary::built_in());
    let new = || Patterns::new(Sealing::of("acme").customer, Arc::clone(&vocabulary), Settings::default());
    let mut patterns = new();
    let each = seconds(&mut patterns, &ordinary) / count(many);
    println!("{:<52} {:>9.0} records/s", format!("{many} ordinary records"), 1.0 / each);
    let known = patterns.to_bytes();
    for (what, message) in ATTACKS {
        let attack = attack(&mut Sealing::of("acme"), many, message);
        let mut patterns = new();
        patterns.restore(&known).expect("its own state");
        let own = seconds(&mut patterns, &attack) / count(MANY);
        let alerts = patterns.finish().len();
        println!(
            "{what:<52} {:>9.0} records/s, {:>6.1} ordinary ones, {alerts} alerts",
            1.0 / own,
            own / each
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of records")]
fn count(many: usize) -> f64 {
    many as f64
}

/// Seconds that looking at these records takes.
fn seconds(patterns: &mut Patterns, log: &[Sealed<Vec<Event>>]) -> f64 {
    let customer = Sealing::of("acme").customer;
    let mut across = Across::new([9; 32], Settings::default());
    let began = Instant::now();
    for batch in log {
        patterns.observe(batch, 0);
        across.observe(&customer, &patterns.take_crossings());
        black_box(patterns.take_alerts());
    }
    black_box(across.take_alerts());
    began.elapsed().as_secs_f64()
}

/// Ordinary days of a customer.
fn ordinary(sealing: &mut Sealing) -> Vec<Sealed<Vec<Event>>> {
    let (mut month, mut all, mut day) = (scenario::Month::new(21, PEOPLE, DAYS), vec![], 0);
    while let Some(files) = month.next_day() {
        day += 1;
        let own = files.iter().filter(|f| f.customer == "acme");
        let mut arrivals: Vec<Arrival> = own.flat_map(|f| month::read(&f.name, &f.text, day)).collect();
        arrivals.sort_by_key(|a| a.draft.happened);
        all.extend(batches(sealing, arrivals));
    }
    all
}

/// An attack on the day behind them, its records behind so many others.
fn attack(sealing: &mut Sealing, behind: usize, message: fn(usize) -> String) -> Vec<Sealed<Vec<Event>>> {
    let mut text = String::new();
    for n in 0..MANY {
        let ms = n * SPAN_MS / MANY;
        let (minute, second) = (ms / 60_000, ms % 60_000);
        let _ = writeln!(
            text,
            "2026-11-06T10:{minute:02}:{:02}.{:03}+00:00 gate-1 sshd[77]: {}",
            second / 1000,
            second % 1000,
            message(n)
        );
    }
    let attack = month::read("gate.log", &text, DAYS + 1);
    assert_eq!(attack.len(), MANY, "every line is a record");
    // The log goes on: the numbers of the attack's records stand behind those of the days before.
    let empty = attack[0].clone();
    drop(sealing.seal(vec![empty; behind]));
    batches(sealing, attack)
}

fn batches(sealing: &mut Sealing, mut arrivals: Vec<Arrival>) -> Vec<Sealed<Vec<Event>>> {
    let mut all = vec![];
    while !arrivals.is_empty() {
        let rest = arrivals.split_off(arrivals.len().min(512));
        all.push(sealing.seal(std::mem::replace(&mut arrivals, rest)));
    }
    all
}
