//! How many records of 400 bytes does one core seal a second: canonical form, entry, tree, compression, encryption, checkpoint?
//!
//! Parsing and segments are left out: batches of 4,096 go into the journal of a vault in memory, fewer than become a segment. Against
//! the limit of hashing the same raws once with SHA-256, and the 200,000 records that were asked for.
#![expect(clippy::disallowed_methods, reason = "a bench looks at the clock")]
#![expect(clippy::print_stdout, reason = "a bench says what it found")]

use custody::disk::Memory;
use custody::{Chance, Home};
use model::{CustomerId, Draft, Fields, Format, Kind, Source, Time};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Instant;

const BATCH: u64 = 4_096;
const BATCHES: u64 = 15;
const RUNS: usize = 7;

struct Numbers(u64);

impl Chance for Numbers {
    fn fill(&mut self, bytes: &mut [u8]) -> std::io::Result<()> {
        for part in bytes.chunks_mut(8) {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            part.copy_from_slice(&self.0.to_be_bytes()[..part.len()]);
        }
        Ok(())
    }
}

/// An event of 400 bytes with a hash of its own.
fn raw(n: u64) -> Vec<u8> {
    let hash: String = Sha256::digest(n.to_be_bytes())[..16].iter().map(|b| format!("{b:02x}")).collect();
    let mut text = format!(
        "{{\"time\": \"2026-11-01T10:{:02}:{:02}Z\", \"host\": \"ws-{:03}\", \"event_id\": {}, \"user\": \"user{}\", \"hash\": \"{hash}\", \"message\": \"",
        n / 60 % 60,
        n % 60,
        n % 200,
        4600 + n % 90,
        n % 900
    );
    while text.len() < 398 {
        text.push_str("the quick process started another process and waited for it ");
    }
    text.truncate(398);
    text.push_str("\"}");
    text.into_bytes()
}

fn main() {
    let now: Time = "2026-11-01T10:00:00Z".parse().expect("a time");
    let source = Source::new(Format::Ndjson, "bench").expect("good");
    let draft = |n: u64| {
        let draft = Draft {
            kind: Kind::Event,
            source: source.clone(),
            happened: now,
            received: now,
            raw: raw(n),
            defects: vec![],
        };
        (draft, Fields::new())
    };
    let many = BATCH * BATCHES;
    let raws: Vec<Vec<u8>> = (0..many).map(raw).collect();
    let (mut sealed, mut hashed) = (vec![], vec![]);
    for run in 0..RUNS {
        let begun = Instant::now();
        raws.iter().for_each(|raw| {
            std::hint::black_box(Sha256::digest(raw));
        });
        hashed.push(begun.elapsed().as_secs_f64());
        let chance = Box::new(Numbers(run as u64));
        let home = Home::init(Arc::new(Memory::new()), "Bench", now, chance).expect("a home");
        let id = CustomerId::parse("acme").expect("good");
        home.add_customer(&id, "Acme", now).expect("a customer");
        let mut vault = home.vault(&id).expect("opens");
        let batches: Vec<Vec<_>> =
            (0..BATCHES).map(|b| (b * BATCH..(b + 1) * BATCH).map(draft).collect()).collect();
        let begun = Instant::now();
        for batch in batches {
            std::hint::black_box(vault.append(batch, None, now).expect("seals"));
        }
        sealed.push(begun.elapsed().as_secs_f64());
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let (sealed, hashed) = (median(sealed), median(hashed));
    let rate = |seconds: f64| many as f64 / seconds;
    println!("{many} records of 400 bytes, batches of {BATCH}, one core, median of {RUNS}");
    println!(
        "sealed         {:>9.0} records/s   {:.1} times the 200,000 asked for",
        rate(sealed),
        rate(sealed) / 200_000.0
    );
    println!(
        "SHA-256 once   {:>9.0} records/s   sealing costs {:.1} times that",
        rate(hashed),
        sealed / hashed
    );
}
