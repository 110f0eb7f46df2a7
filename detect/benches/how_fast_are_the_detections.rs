//! How many records a second do all detections look at on two threads, without and with the public rules, and what does
//! the vocabulary cost of it? Records of a quiet month, read and sealed before the clock starts.
#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench looks at the clock")]

#[expect(dead_code, reason = "the other bench counts alerts with it")]
mod month;

use detect::{Detector, Patterns, Settings, Vocabulary};
use ledger::Sealed;
use model::Event;
use month::Sealing;
use sigma::Compiled;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

const DAYS: i64 = 4;
const PEOPLE: i64 = 140;

fn main() {
    // Two customers, so that each thread has the whole of one: records of a customer are looked at in their order.
    let logs: Vec<Vec<Sealed<Vec<Event>>>> = ["acme", "borealis"].into_iter().map(sealed).collect();
    let many: usize = logs.iter().flatten().map(|b| b.value().len()).sum();
    println!("{many} records of {DAYS} days of two customers");
    let vocabulary = Arc::new(Vocabulary::built_in());
    let events: Vec<&Event> = logs[0].iter().flat_map(|b| b.value()).collect();
    for (what, plain) in [("one look at a class", false), ("plain", true)] {
        let seconds = best(|| {
            for event in &events {
                black_box(if plain { vocabulary.read_plainly(event) } else { vocabulary.read(event) });
            }
        });
        tell(&format!("vocabulary, {what}, one thread"), events.len(), seconds);
    }
    tell("detections over time, two threads", many, best(|| two(&logs, &vocabulary, None)));
    let ours = month::our_rules();
    tell("and our rules, two threads", many, best(|| two(&logs, &vocabulary, Some(&ours))));
    let Some(corpora) = corpora() else { return println!("public rules: skipped, no corpora at hand") };
    let mut files = detect::beside_patterns();
    files.extend(rules(&corpora));
    let all = sigma::load(files).rules;
    println!("{} rules, the public ones and ours", all.len());
    let compiled = Arc::new(Compiled::new(all, sigma::EngineOptions::default()));
    tell("and the public rules, two threads", many, best(|| two(&logs, &vocabulary, Some(&compiled))));
}

/// Everything of one customer, sealed.
fn sealed(customer: &str) -> Vec<Sealed<Vec<Event>>> {
    let (mut month, mut sealing, mut all) =
        (scenario::Month::new(21, PEOPLE, DAYS), Sealing::of(customer), vec![]);
    let mut day = 0;
    while let Some(files) = month.next_day() {
        day += 1;
        let own = files.iter().filter(|f| f.customer == customer);
        let mut arrivals: Vec<_> = own.flat_map(|f| month::read(&f.name, &f.text, day)).collect();
        arrivals.sort_by_key(|a| a.draft.happened);
        while !arrivals.is_empty() {
            let rest = arrivals.split_off(arrivals.len().min(512));
            all.push(sealing.seal(std::mem::replace(&mut arrivals, rest)));
        }
    }
    all
}

fn two(logs: &[Vec<Sealed<Vec<Event>>>], vocabulary: &Arc<Vocabulary>, rules: Option<&Arc<Compiled>>) {
    std::thread::scope(|scope| {
        for (name, log) in ["acme", "borealis"].into_iter().zip(logs) {
            scope.spawn(move || {
                let customer = Sealing::of(name).customer;
                let mut detector = rules.map(|r| Detector::over(customer.clone(), Arc::clone(r)));
                let mut patterns = Patterns::new(customer, Arc::clone(vocabulary), Settings::default());
                for batch in log {
                    if let Some(detector) = &mut detector {
                        detector.observe(batch, 0);
                        black_box(detector.take_alerts());
                    }
                    patterns.observe(batch, 0);
                    black_box((patterns.take_crossings(), patterns.take_alerts()));
                }
            });
        }
    });
}

/// Seconds of the best of three.
fn best(mut once: impl FnMut()) -> f64 {
    let mut time = || {
        let began = Instant::now();
        once();
        began.elapsed().as_secs_f64()
    };
    (0..3).map(|_| time()).fold(f64::INFINITY, f64::min)
}

fn tell(what: &str, many: usize, seconds: f64) {
    #[expect(clippy::cast_precision_loss, reason = "a count of records")]
    let many = many as f64;
    println!("{what:<44} {:>10.0} records/s  {:>7.2} µs a record", many / seconds, seconds * 1e6 / many);
}

/// Public rules and real logs, if they are at hand.
fn corpora() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora"));
    let path = option_env!("BAILIWICK_CORPORA").map_or(beside, PathBuf::from);
    path.is_dir().then_some(path)
}

/// Every file of rules below the public set.
fn rules(corpora: &Path) -> Vec<(String, Vec<u8>)> {
    let (mut folders, mut files) = (vec![corpora.join("sigma/rules")], vec![]);
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "yml") {
                files.push((path.display().to_string(), std::fs::read(&path).expect("reads")));
            }
        }
    }
    files.sort();
    files
}
