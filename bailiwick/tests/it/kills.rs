//! Killed two hundred times while it seals: what was acknowledged is there, nothing stands there twice, everything verifies.

use crate::program::Place;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

const KILLS: u64 = 200;

/// Feeds lines to an ingest from its standard input and kills it after `lines` of them were written.
#[expect(clippy::disallowed_methods, reason = "a test of the program starts it, to kill it")]
fn killed(place: &Place, kill: u64, lines: u64) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bailiwick"))
        .args(["ingest", "--customer", "acme", "--source", &format!("feed-{kill}"), "-"])
        .env("BAILIWICK_HOME", place.path("home"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let mut input = child.stdin.take().expect("piped");
    for n in 0..lines {
        // It may be gone already: that is the point.
        if writeln!(input, "2026-11-01T10:00:00Z kill {kill} line {n}").is_err() {
            break;
        }
    }
    child.kill().expect("is there");
    child.wait().expect("ends");
}

/// How many records are acknowledged: under the checkpoint, as anybody can read it.
fn sealed(place: &Place) -> u64 {
    let note = std::fs::File::open(place.path("home/vaults/acme/checkpoint")).expect("there");
    let line = BufReader::new(note).lines().nth(1).expect("a size").expect("text");
    line.parse().expect("a number")
}

#[test]
fn two_hundred_kills_lose_nothing() {
    let place = Place::with(&["acme"]);
    let mut before = sealed(&place);
    for kill in 0..KILLS {
        // Most right after the start or while it reads, every eighth while it seals batches of 4,096.
        killed(&place, kill, if kill % 8 == 0 { 4_200 + kill * 20 } else { kill * 7 % 1_300 });
        let now = sealed(&place);
        assert!(now >= before, "kill {kill}: {now} records after {before}");
        before = now;
        if kill % 20 == 19 {
            let ran = place.run(&["verify", "--json"]);
            assert_eq!(ran.code, 0, "kill {kill}: {} {}", ran.out, ran.err);
        }
    }
    // A whole run goes on where they ended, and every line of every feed stands there at most once, in order from the first.
    let last = place.file("last.log", b"2026-11-01T10:00:00Z the last line\n");
    assert_eq!(place.run(&["ingest", "--customer", "acme", &last]).code, 0);
    assert_eq!(place.run(&["verify", "--json"]).code, 0);
    let mut seen = vec![0u64; usize::try_from(KILLS).expect("small")];
    let mut records = 0;
    for hit in place.run(&["hunt", "--customer", "acme", "kill", "--jsonl"]).lines() {
        let raw = hit["raw"].as_str().expect("text").to_owned();
        let words: Vec<&str> = raw.split(' ').collect();
        let number = |at: usize| words[at].parse::<u64>().expect("a number");
        let next = &mut seen[usize::try_from(number(2)).expect("small")];
        assert_eq!(number(4), *next, "{raw}");
        *next += 1;
        records += 1;
    }
    assert!(records > 20_000, "{records} records between {KILLS} kills");
}
