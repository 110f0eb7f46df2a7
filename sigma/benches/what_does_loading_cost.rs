//! What does loading cost? Every public rule, from bytes to a compiled set with the routes of all classes that the EVTX
//! samples have: time on one core and on two, and memory held.

mod corpora;

use sigma::{Compiled, EngineOptions, classify};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::collections::BTreeMap;
use std::time::Instant;

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let Some(corpora) = corpora::corpora() else { return tell("skipped: no corpora at hand") };
    let files = corpora::rules(&corpora);
    let events = corpora::events(&corpora);
    let classes: BTreeMap<_, ()> = events.iter().map(|e| (classify("evtx", e), ())).collect();
    drop(events);
    for _ in 0..3 {
        let given = files.clone();
        let before = Region::new(COUNTED);
        let held = |before: &Region<'_, System>| {
            let stats = before.change();
            (stats.bytes_allocated as f64 - stats.bytes_deallocated as f64) / f64::from(1 << 20)
        };
        let began = now();
        let loaded = sigma::load(given);
        let (read, read_held) = (began.elapsed().as_secs_f64(), held(&before));
        let began = now();
        let compiled = Compiled::new(loaded.rules, EngineOptions::default());
        let (made, made_held) = (began.elapsed().as_secs_f64(), held(&before));
        let began = now();
        let routes: Vec<_> = classes.keys().map(|c| compiled.route(c)).collect();
        let (routed, routed_held) = (began.elapsed().as_secs_f64(), held(&before));
        tell(&format!(
            "{} documents: read {read:.3} s {read_held:.1} MiB, compiled {made:.3} s {made_held:.1} MiB, {} classes {routed:.3} s {routed_held:.1} MiB",
            loaded.documents,
            routes.len()
        ));
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "a measurement tells what it found")]
fn tell(line: &str) {
    println!("{line}");
}
