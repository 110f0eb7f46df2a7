//! How many records a second does a whole process seal and look at, or only look at? Against the limit of parsing
//! alone: `serde_json` to a tree, and the `evtx` crate to XML, each on one thread of this process.

mod whole;

use std::path::{Path, PathBuf};
use whole::{Run, events, home, median, run, size, tell, timed};

/// Events in the generated file.
const EVENTS: u64 = 300_000;

fn line(what: &str, records: u64, taken: Run, limit: f64) {
    #[expect(clippy::cast_precision_loss, reason = "a count of records")]
    let many = records as f64;
    tell(&format!(
        "{what:<28} {:>9.0} records/s   peak {:>4.0} MiB   {:>5.2} of the limit",
        many / taken.seconds,
        taken.peak_mib,
        limit / taken.seconds
    ));
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.ndjson");
    let bytes = events(&path, EVENTS);
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(&path).expect("reads");
    let limit = timed(|| {
        let parsed = text.lines().filter(|l| serde_json::from_str::<serde_json::Value>(l).is_ok()).count();
        assert_eq!(parsed as u64, EVENTS);
    });
    tell(&format!(
        "NDJSON: {EVENTS} events of {} bytes; limit: serde_json to a tree, one thread, {limit:.2} s",
        bytes / EVENTS
    ));
    let sealed = median(|| {
        let home = home(folder.path(), "ndjson");
        run(&home, &["ingest", "--customer", "acme", "--quiet", "--json", &shown])
    });
    line("ingest, sealed and detected", EVENTS, sealed, limit);
    let vault = size(&folder.path().join("ndjson/vaults"));
    let zstd = zstd::bulk::compress(text.as_bytes(), 3).expect("memory").len() as u64;
    tell(&format!(
        "{:<28} {:>9.1} bytes a record on disk; the file under zstd -3 as a whole: {:.1}",
        "",
        per(vault, EVENTS),
        per(zstd, EVENTS)
    ));
    line(
        "scan, our rules",
        EVENTS,
        median(|| run(folder.path(), &["scan", "--quiet", "--jsonl", &shown])),
        limit,
    );
    let Some(evtx) = evtx() else { return tell("EVTX: skipped, no corpora at hand") };
    let files: Vec<Vec<u8>> = collect::walk(&evtx)
        .files
        .into_iter()
        .filter(|(n, _)| n.ends_with(".evtx"))
        .map(|(_, p)| std::fs::read(p).expect("reads"))
        .collect();
    let mut records = 0u64;
    let limit = timed(|| {
        records = 0;
        for file in &files {
            let Ok(mut parser) = evtx::EvtxParser::from_buffer(file.clone()) else { continue };
            records += parser.records().filter(Result::is_ok).count() as u64;
        }
    });
    tell(&format!(
        "EVTX: {} files, {records} records; limit: the evtx crate to XML, one thread, {limit:.2} s",
        files.len()
    ));
    let shown = evtx.display().to_string();
    let sealed = median(|| {
        let home = home(folder.path(), "evtx");
        run(&home, &["ingest", "--customer", "acme", "--quiet", "--json", &shown])
    });
    line("ingest, sealed and detected", records, sealed, limit);
    tell(&format!(
        "{:<28} {:>9.1} bytes a record on disk",
        "",
        per(size(&folder.path().join("evtx/vaults")), records)
    ));
    line(
        "scan, our rules",
        records,
        median(|| run(folder.path(), &["scan", "--quiet", "--jsonl", &shown])),
        limit,
    );
}

#[expect(clippy::cast_precision_loss, reason = "sizes of files")]
fn per(bytes: u64, records: u64) -> f64 {
    bytes as f64 / records.max(1) as f64
}

/// The real Windows event logs, if they are at hand.
fn evtx() -> Option<PathBuf> {
    let beside =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora/evtx/attack-samples"));
    let path = option_env!("BAILIWICK_CORPORA").map_or(beside, |c| Path::new(c).join("evtx/attack-samples"));
    path.is_dir().then_some(path)
}
