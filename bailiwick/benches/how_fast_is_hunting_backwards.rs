//! How much faster is a hunt backwards with a rule that tells a rare word than looking at every record? Whole processes
//! over the same vault, the same rule, the same finding.

mod whole;

use std::io::Write;
use whole::{events, home, median, run, size, tell, timed};

/// Events in the vault.
const EVENTS: u64 = 1_000_000;

const RULE: &str = "title: Backdoor\nid: 00000000-0000-4000-8000-0000000000aa\nlevel: high\nlogsource: {product: windows, service: security}\ndetection:\n  s: {EventID: 4688, NewProcessName|endswith: '\\backdoor.exe'}\n  condition: s\n";

#[expect(clippy::cast_precision_loss, reason = "a count of records")]
#[expect(clippy::disallowed_methods, reason = "a bench writes and reads its input")]
fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.ndjson");
    events(&path, EVENTS);
    {
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("opens");
        writeln!(file, "{{\"time\":\"2026-10-02T00:00:00Z\",\"Channel\":\"Security\",\"EventID\":\"4688\",\"NewProcessName\":\"C:\\\\x\\\\backdoor.exe\"}}").expect("writes");
        std::fs::write(folder.path().join("rule.yml"), RULE).expect("writes");
    }
    let home = home(folder.path(), "vault");
    run(&home, &["ingest", "--customer", "acme", "--quiet", "--json", &path.display().to_string()]);
    // One more run makes a segment of what the first left in the journal.
    let more = folder.path().join("more.ndjson");
    events(&more, 20_000);
    run(
        &home,
        &[
            "ingest",
            "--customer",
            "acme",
            "--quiet",
            "--source",
            "more",
            "--json",
            &more.display().to_string(),
        ],
    );
    tell(&format!("{EVENTS} events, {} MB of vault", size(&home.join("vaults")) / 1_000_000));
    let rule = folder.path().join("rule.yml").display().to_string();
    let hunt = ["hunt", "--customer", "acme", "--rules", &rule, "--no-seal", "--quiet", "--jsonl"];
    let indexed = median(|| run(&home, &hunt));
    let every = median(|| run(&home, &[&hunt[..], &["--every-record"]].concat()));
    for (what, taken) in [("with the index", indexed), ("every record", every)] {
        tell(&format!(
            "hunt backwards, {what:<16} {:>8.3} s {:>11.0} records/s   peak {:>4.0} MiB",
            taken.seconds,
            (EVENTS + 20_001) as f64 / taken.seconds,
            taken.peak_mib
        ));
    }
    let text = std::fs::read(&path).expect("reads");
    let limit = timed(|| {
        assert!(text.split(|b| *b == b'\n').filter(|l| l.ends_with(b"backdoor.exe\"}")).count() == 1)
    });
    tell(&format!("looking through the lines of the file in memory, one thread: {limit:.3} s"));
    tell(&format!("{:.1} times as fast", every.seconds / indexed.seconds));
}
