//! How fast are events matched, and how does it grow with the rules? One core, both engines side by side over the same
//! events and the Windows rules of the public set: ours from a tree, and without the time that taking values out of the
//! tree takes; theirs offered every rule and only those of the event's log source.

use peers::Event;
use rsigma_eval::JsonEvent;
use sigma::{Compiled, EngineOptions, LogSource, Route, Scratch};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

/// Rounds over the events; the fastest counts.
const ROUNDS: usize = 5;

fn main() {
    let Some(corpora) = peers::corpora() else { return };
    let all = peers::files_below(&corpora.join("sigma/rules/windows"));
    let events = peers::events(&corpora.join("evtx/attack-samples"));
    println!("{} events; µs an event, and events a second", events.len());
    for many in [300, 1000, all.len()] {
        // Evenly out of the set, so that each size has rules of every kind.
        let files: Vec<_> = (0..many).map(|n| all[n * all.len() / many].clone()).collect();
        measure(&files, &events);
    }
}

fn measure(files: &[(String, Vec<u8>)], events: &[Event]) {
    let since = Instant::now();
    let loaded = sigma::load(files.to_vec());
    let sources: Vec<LogSource> = loaded.rules.iter().map(|r| r.logsource.clone()).collect();
    let parsed = since.elapsed();
    let compiled = Compiled::new(loaded.rules, EngineOptions::default());
    println!(
        "{} rules: parsed in {parsed:.1?}, compiled in {:.1?}",
        compiled.rules().len(),
        since.elapsed() - parsed
    );
    let mut routes: BTreeMap<_, Arc<Route>> = BTreeMap::new();
    let mut their_sources = BTreeMap::new();
    for event in events {
        routes.entry(event.class.clone()).or_insert_with(|| compiled.route(&event.class));
        their_sources
            .entry(event.class.clone())
            .or_insert_with(|| peers::their_source(&event.class, &sources));
    }
    let (mut fields, mut scratch) = (sigma::Fields::new(), Scratch::default());
    let tree = fastest(|| {
        let of = |event: &Event| {
            let route = &routes[&event.class];
            fields.take_map(compiled.names(), route.extent(), &event.fields);
            compiled.matches(route, &fields, &mut scratch).len()
        };
        events.iter().map(of).sum()
    });
    // What is left without taking values out of the tree, which a reader of bytes does on its way.
    let filled = fastest(|| {
        let of = |event: &Event| {
            fields.take_map(compiled.names(), routes[&event.class].extent(), &event.fields);
            usize::from(fields.is_irregular())
        };
        events.iter().map(of).sum()
    });
    let alone = ((tree.0 - filled.0).max(f64::MIN_POSITIVE), tree.1);
    let (engine, _) = peers::theirs(files);
    let values: Vec<(serde_json::Value, _)> = events
        .iter()
        .map(|e| (serde_json::Value::Object(e.fields.clone()), &their_sources[&e.class]))
        .collect();
    let whole =
        fastest(|| values.iter().map(|(value, _)| engine.evaluate(&JsonEvent::borrow(value)).len()).sum());
    let pruned = fastest(|| {
        let hits = values.iter().map(|(value, s)| engine.evaluate_pruned(&JsonEvent::borrow(value), s).len());
        hits.sum()
    });
    for (what, (seconds, hits)) in [
        ("ours, from a tree", tree),
        ("ours, matching alone", alone),
        ("evaluate", whole),
        ("evaluate_pruned", pruned),
    ] {
        let each = seconds / events.len() as f64;
        println!(
            "  {what:<24}{:>8.2} µs {:>10.0}/s {hits:>7} hits   ours is {:.1} and {:.1} times as fast",
            each * 1e6,
            1.0 / each,
            seconds / tree.0,
            seconds / alone.0
        );
    }
}

fn fastest(mut round: impl FnMut() -> usize) -> (f64, usize) {
    let mut best = (f64::INFINITY, 0);
    for _ in 0..ROUNDS {
        let since = Instant::now();
        let hits = black_box(round());
        best = (best.0.min(since.elapsed().as_secs_f64()), hits);
    }
    best
}
