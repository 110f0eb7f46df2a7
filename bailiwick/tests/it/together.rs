//! One process writes, others verify and hunt meanwhile: nobody is told that something was changed.

use crate::program::Place;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn who_verifies_or_hunts_while_another_ingests_sees_a_sound_log() {
    let place = Place::with(&["acme"]);
    // Runs that become segments, each joined to those before it, and journals that begin anew.
    let runs: Vec<String> = (0..12)
        .map(|run| {
            let lines: String =
                (0..2_600).map(|n| format!("2026-11-01T10:00:00Z run {run} line {n}\n")).collect();
            place.file(&format!("{run}.log"), lines.as_bytes())
        })
        .collect();
    let done = AtomicBool::new(false);
    let looks = std::thread::scope(|scope| {
        scope.spawn(|| {
            for log in &runs {
                assert_eq!(place.run(&["ingest", "--customer", "acme", "--quiet", log]).code, 0);
            }
            done.store(true, Ordering::Relaxed);
        });
        let mut looks = 0;
        while !done.load(Ordering::Relaxed) {
            let ran = place.run(&["verify", "--json"]);
            assert_eq!(ran.code, 0, "look {looks}: {} {}", ran.out, ran.err);
            let ran = place.run(&["hunt", "--customer", "acme", "run", "--last", "1", "--jsonl"]);
            assert_eq!(ran.code, 0, "look {looks}: {}", ran.err);
            looks += 1;
        }
        looks
    });
    assert!(looks >= 3, "only {looks} looks");
    let hits = place.run(&["hunt", "--customer", "acme", "run", "--jsonl"]).lines().len();
    assert_eq!(hits, 12 * 2_600);
}
