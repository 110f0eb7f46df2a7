//! What does it cost to verify a vault and a bundle of a million records? Against the limit of hashing the same bytes
//! once with SHA-256 on one thread.

mod whole;

use sha2::{Digest, Sha256};
use whole::{events, home, median, run, size, tell, timed};

/// Events in the generated file.
const EVENTS: u64 = 1_000_000;

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
    let checked = timed(|| assert!(verify::bundle(&bundle, None).expect("reads").ok()));
    tell(&format!("verify, bundle {checked:>6.2} s   {:.1} times the limit", checked / limit));
    let needle = median(|| {
        run(&home, &["hunt", "--customer", "acme", "--quiet", "--jsonl", "TargetUserName:user77 n:<1000"])
    });
    tell(&format!(
        "hunt, a needle {:>6.2} s   peak {:>4.0} MiB   (no index yet: every record is read and proved)",
        needle.seconds, needle.peak_mib
    ));
}
