//! What does it cost to verify a vault and a bundle of a million records, and to find one among them? Against the limits of
//! hashing the same bytes once with SHA-256, and of unpacking and hashing the bundle's, on one thread.

mod whole;

use sha2::{Digest, Sha256};
use whole::{events, home, median, median_of, run, size, tell, timed};

/// Events in the generated file.
const EVENTS: u64 = 1_000_000;

#[expect(clippy::disallowed_methods, reason = "writes its input")]
fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.ndjson");
    let bytes = events(&path, EVENTS);
    let shown = path.display().to_string();
    let text = std::fs::read(&path).expect("reads");
    let limit = timed(|| {
        std::hint::black_box(Sha256::digest(&text));
    });
    tell(&format!(
        "{EVENTS} events of {} bytes; limit: SHA-256 once over them, {limit:.2} s",
        bytes / EVENTS
    ));
    let home = home(folder.path(), "home");
    // One name and one hash that stand in no other record.
    let needle = folder.path().join("needle.ndjson");
    std::fs::write(&needle, "{\"time\": \"2026-10-01T00:00:00Z\", \"TargetUserName\": \"zq.needle\", \"hash\": \"5d41402abc4b2a76b9719d911017c592\"}\n").expect("writes");
    run(&home, &["ingest", "--customer", "acme", "--quiet", &needle.display().to_string()]);
    let sealed = run(&home, &["ingest", "--customer", "acme", "--quiet", "--json", &shown]);
    tell(&format!("ingest         {:>6.2} s   peak {:>4.0} MiB", sealed.seconds, sealed.peak_mib));
    let vault = median(|| run(&home, &["verify", "--quiet", "--json"]));
    tell(&format!(
        "verify, vault  {:>6.2} s   peak {:>4.0} MiB   {:.1} times the limit",
        vault.seconds,
        vault.peak_mib,
        vault.seconds / limit
    ));
    let bundle = folder.path().join("bundle");
    let to = bundle.display().to_string();
    let exported = run(&home, &["export", "--customer", "acme", "--quiet", "--to", &to]);
    tell(&format!(
        "export         {:>6.2} s   peak {:>4.0} MiB   {} bytes",
        exported.seconds,
        exported.peak_mib,
        size(&bundle)
    ));
    let floor = timed(|| unpack_and_hash(&bundle));
    tell(&format!("unpack and hash its records once, one thread {floor:.2} s"));
    // On one thread, and as the program does it: this one waits for as many as the machine has, four at most.
    let many = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(4);
    for threads in [1, many] {
        let checked = timed(|| assert!(verify::bundle_on(threads, &bundle, None, &[]).expect("reads").ok()));
        tell(&format!(
            "verify, bundle {checked:>6.2} s   on {threads} thread{}: {:.0} % of the speed of unpacking and hashing the same records on one thread, asked 60 %",
            if threads == 1 { "" } else { "s" },
            100.0 * floor / checked
        ));
    }
    for query in ["TargetUserName:zq.needle", "5d41402abc4b2a76b9719d911017c592"] {
        let found =
            median_of(21, || run(&home, &["hunt", "--customer", "acme", "--quiet", "--jsonl", query]));
        tell(&format!(
            "hunt, a needle {:>6.1} ms  peak {:>4.0} MiB   {query}, limit 20 ms",
            found.seconds * 1000.0,
            found.peak_mib
        ));
    }
    let common = median(|| {
        run(&home, &["hunt", "--customer", "acme", "--quiet", "--jsonl", "TargetUserName:user77 n:<1000"])
    });
    tell(&format!("hunt, in every block {:>6.2} s   peak {:>4.0} MiB", common.seconds, common.peak_mib));
}

/// What nobody can do without who checks a bundle: unpack its records and hash them once.
fn unpack_and_hash(bundle: &std::path::Path) {
    use std::io::Read;
    for file in std::fs::read_dir(bundle.join("records")).expect("reads").flatten() {
        let mut unpacked =
            flate2::read::MultiGzDecoder::new(std::fs::File::open(file.path()).expect("opens"));
        let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
        loop {
            match unpacked.read(&mut buffer).expect("unpacks") {
                0 => break,
                many => hash.update(&buffer[..many]),
            }
        }
        std::hint::black_box(hash.finalize());
    }
}
