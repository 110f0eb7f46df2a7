//! How long does a vault take to open again after a crash, for a million records of tail?
//!
//! A tail is what lies in the journal and in no segment yet: at most 65,536 rows, so nearly as many are written here (events of 400
//! bytes) and the vault is dropped without being closed, once fed in batches of 4,096 and once, as by a source that trickles, in
//! batches of 64. Measured is everything from the home to a vault that can be written to: keys, checkpoint and its day's signature,
//! decryption, rows, tree, tail keys. Against the second that was asked for a million, and hashing the same raws once with SHA-256.
#![expect(clippy::disallowed_methods, reason = "a bench looks at the clock")]
#![expect(clippy::print_stdout, reason = "a bench says what it found")]

use custody::disk::{Disk, Folder, Memory};
use custody::{Chance, Home};
use model::{CustomerId, Draft, Fields, Format, Kind, Source, Time};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Instant;

const ROWS: u64 = 61_440;
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
    let (minute, host, id, user) = (n / 60 % 60, n % 200, 4600 + n % 90, n % 900);
    let mut text = format!(
        "{{\"time\": \"2026-11-01T10:{minute:02}:00Z\", \"host\": \"ws-{host:03}\", \"event_id\": {id}, \"user\": \"user{user}\", \"hash\": \"{hash}\", \"message\": \""
    );
    while text.len() < 398 {
        text.push_str("the quick process started another process and waited for it ");
    }
    text.truncate(398);
    text.push_str("\"}");
    text.into_bytes()
}

fn acme() -> CustomerId {
    CustomerId::parse("acme").expect("good")
}

/// A vault that was fed in batches of this many rows and not closed; gives its size.
fn crashed(disk: &Arc<dyn Disk>, batch: u64, now: Time) -> u64 {
    let home = Home::init(Arc::clone(disk), "Bench", now, Box::new(Numbers(1))).expect("a home");
    home.add_customer(&acme(), "Acme", now).expect("a customer");
    let mut vault = home.vault(&acme()).expect("opens");
    let source = Source::new(Format::Ndjson, "bench").expect("good");
    for from in (0..ROWS).step_by(usize::try_from(batch).expect("small")) {
        let draft = |n: u64| {
            let (source, raw) = (source.clone(), raw(n));
            let draft =
                Draft { kind: Kind::Event, source, happened: now, received: now, raw, defects: vec![] };
            (draft, Fields::new())
        };
        vault.append((from..from + batch).map(draft).collect(), None, now).expect("seals");
    }
    vault.size()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let now: Time = "2026-11-01T10:00:00Z".parse().expect("a time");
    let raws: Vec<Vec<u8>> = (0..ROWS).map(raw).collect();
    let hash = |_| {
        let begun = Instant::now();
        raws.iter().for_each(|raw| {
            std::hint::black_box(Sha256::digest(raw));
        });
        begun.elapsed().as_secs_f64()
    };
    let hashed = median((0..RUNS).map(hash).collect());
    println!(
        "a tail of {ROWS} records of 400 bytes, opened again after a crash, two threads where it helps, median of {RUNS}"
    );
    for batch in [4_096, 64] {
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().join("home");
        let places: [(&str, Arc<dyn Disk>); 2] =
            [("memory", Arc::new(Memory::new())), ("a folder", Arc::new(Folder::new(&home)))];
        for (place, disk) in places {
            let size = crashed(&disk, batch, now);
            let open = |run| {
                let begun = Instant::now();
                let home = Home::open(Arc::clone(&disk), "a bench", Box::new(Numbers(run))).expect("opens");
                let vault = home.vault(&acme()).expect("opens");
                assert_eq!(vault.size(), size, "nothing was lost");
                begun.elapsed().as_secs_f64()
            };
            let opened = median((2..).take(RUNS).map(open).collect());
            println!(
                "batches of {batch:>5}, {place:<8}  {:>6.1} ms   {:.2} s a million (1 s asked for)   {:.1} times SHA-256 once",
                opened * 1e3,
                opened * 1e6 / ROWS as f64,
                opened / hashed
            );
        }
    }
}
