//! What does it cost to check one record's proof in a log of 2^30 records, with the log's and the day's signature and three
//! cosignatures? Asked: at most 0.3 ms and 4 KiB.
//!
//! All of it is checked anew each time: the file is read and parsed, with the key and the keys of days beside it; the record's form, its
//! path to the root, the two signatures, the day's chain; then the three cosignatures under their keys.
#![expect(clippy::disallowed_methods, reason = "a bench looks at the clock and writes its input")]
#![expect(clippy::print_stdout, reason = "a bench says what it found")]

use ledger::{
    Checkpoint, CosignerKey, CosignerVkey, Hash, ProofFile, SigningKey, commitment, leaf_hash, node_hash,
    root_of,
};
use model::{Draft, Format, Kind, Source, form};
use std::path::Path;
use std::time::Instant;

const ORIGIN: &str = "northwind-it/acme/records";
const SIZE: u64 = 1 << 30;
/// A record in the middle, whose path turns to both sides.
const INDEX: u64 = 0x2a5a_5a5a;
/// Bytes of the record, as of the sealing bench.
const RAW: usize = 400;
const ROUNDS: usize = 2_000;
const LIMIT_MS: f64 = 0.3;
const LIMIT_BYTES: usize = 4_096;

/// A proof in a log that nobody had to write: its path is made up, and the root is what follows.
fn proof(log: &SigningKey, day: &SigningKey, witnesses: &[CosignerKey]) -> Vec<u8> {
    let at = "2026-11-02T10:00:00Z".parse().expect("a time");
    let source = Source::new(Format::Ndjson, "events").expect("a name");
    let draft = Draft {
        kind: Kind::Event,
        source,
        happened: at,
        received: at,
        raw: vec![b'x'; RAW],
        defects: vec![],
    };
    let (bytes, salt) = (form::encode(&draft.at(INDEX)), [7; 16]);
    let path: Vec<Hash> = (0..30u8).map(|n| leaf_hash(&[n])).collect();
    let leaf = leaf_hash(&commitment(&salt, &bytes));
    let root = path.iter().zip(0..).fold(leaf, |node, (sibling, level)| match INDEX >> level & 1 {
        0 => node_hash(&node, sibling),
        _ => node_hash(sibling, &node),
    });
    let text = Checkpoint { origin: ORIGIN.into(), size: SIZE, root }.text();
    let mut checkpoint = log.sign(&text).expect("signs");
    checkpoint.merge(&day.sign(&text).expect("signs")).expect("room");
    for witness in witnesses {
        checkpoint.push(witness.cosign(&checkpoint, 1_793_613_600).expect("a checkpoint")).expect("room");
    }
    let extra = [&salt[..], &bytes].concat();
    ProofFile { extra: Some(extra), index: INDEX, path, checkpoint }.to_bytes()
}

/// The whole check; false unless all of it holds.
fn holds(place: &Path, log: &ledger::VerifierKey, witnesses: &[CosignerVkey]) -> bool {
    let report = verify::proof(place, Some(log), None, &[]).expect("there");
    let file = ProofFile::parse(&std::fs::read(place).expect("there")).expect("parses");
    let cosigned = |witness: &CosignerVkey| matches!(witness.cosigned(&file.checkpoint), Ok(Some(_)));
    report.ok() && report.day_checked && report.shown.is_some() && witnesses.iter().all(cosigned)
}

fn main() {
    let log = SigningKey::from_seed(ORIGIN, &[1; 32]).expect("a name");
    let day = SigningKey::from_seed(&format!("{ORIGIN}/day/2026-11-01"), &[2; 32]).expect("a name");
    let witness = |n: u8| CosignerKey::from_seed(&format!("witness{n}.example"), &[3 + n; 32]);
    let witnesses: Vec<CosignerKey> = (0..3).map(|n| witness(n).expect("a name")).collect();
    let vkeys: Vec<CosignerVkey> = witnesses.iter().map(CosignerKey::vkey).collect();

    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("record.tlog-proof");
    let bytes = proof(&log, &day, &witnesses);
    std::fs::write(&place, &bytes).expect("writes");
    let announced = format!(
        "bailiwick-day-key v1\norigin {ORIGIN}\nday 2026-11-01\nlog 0 {}\nvkey {}\n",
        root_of(&[]),
        day.vkey()
    );
    std::fs::write(folder.path().join("days"), log.sign(&announced).expect("signs").to_bytes())
        .expect("writes");

    assert!(holds(&place, &log.vkey(), &vkeys), "the proof holds");
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            assert!(holds(&place, &log.vkey(), &vkeys));
            begun.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "one proof at 2^30 records, a record of {RAW} bytes, two signatures, three cosignatures: {:.3} ms (median of {ROUNDS}; 99th of 100: {:.3} ms), limit {LIMIT_MS} ms; {} bytes, limit {LIMIT_BYTES}",
        times[ROUNDS / 2],
        times[ROUNDS * 99 / 100],
        bytes.len(),
    );
    // Whoever gives another record, key or witness gets no answer that holds, so what was timed was a check.
    let other = CosignerKey::from_seed("witness9.example", &[99; 32]).expect("a name").vkey();
    assert!(!holds(&place, &day.vkey(), &vkeys) && !holds(&place, &log.vkey(), &[other]));
}
