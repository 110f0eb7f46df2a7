//! What does an event cost? The records of the EVTX samples, parsed and flat, against 300 rules and all Windows rules of
//! the public set, on one core; the plain evaluator beside it.

mod corpora;

use sigma::{Class, Compiled, EngineOptions, Extent, Fields, Route, Rule, RuleSet, Scratch, classify, plain};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

fn main() {
    let Some(corpora) = corpora::corpora() else { return tell("skipped: no corpora at hand") };
    let events = corpora::events(&corpora);
    let classes: Vec<Class> = events.iter().map(|e| classify("evtx", e)).collect();
    let all = sigma::load(corpora::rules(&corpora)).rules;
    let windows = |rule: &&Rule| is_windows(rule);
    let many = all.iter().filter(windows).count();
    tell(&format!("{} events, {many} Windows rules", events.len()));
    let mut first = None;
    for take in [100, 300, 1000, many] {
        let rules = every(&all, many, take);
        let (micros, hits) = cost(&rules, &events, &classes);
        let first = *first.get_or_insert(micros);
        tell(&format!(
            "{take:>5} rules  {micros:>7.3} µs an event  {hits} hits  {:.2} of the first",
            micros / first
        ));
    }
    let rules = every(&all, many, many);
    let plain = plain::Evaluator::new(rules, EngineOptions::default());
    let few = events.len() / 20;
    let began = now();
    let hits: usize = (0..few).map(|n| plain.matches(&events[n * 20], &classes[n * 20]).len()).sum();
    let micros = began.elapsed().as_secs_f64() * 1e6 / few as f64;
    tell(&format!(
        "{many:>5} rules  {micros:>7.1} µs an event with the plain evaluator ({hits} hits in every 20th)"
    ));
}

/// A rule of the folder for Windows in the main part of the public set.
fn is_windows(rule: &Rule) -> bool {
    rule.path.contains("/rules/windows/")
}

/// So many Windows rules, taken evenly.
fn every(all: &RuleSet, many: usize, take: usize) -> RuleSet {
    let windows = all.iter().filter(|r| is_windows(r));
    let rules =
        windows.enumerate().filter(|(n, _)| (n * take) / many != ((n + 1) * take) / many || take == many);
    rules.map(|(_, r)| r.clone()).collect()
}

/// Microseconds an event, the best of several rounds, and the hits of one.
fn cost(rules: &RuleSet, events: &[model::Fields], classes: &[Class]) -> (f64, usize) {
    let compiled = Compiled::new(rules.clone(), EngineOptions::default());
    let mut routes = BTreeMap::new();
    let of: Vec<_> =
        classes.iter().map(|c| Arc::clone(routes.entry(c).or_insert_with(|| compiled.route(c)))).collect();
    let (mut fields, mut scratch) = (Fields::new(), Scratch::default());
    let mut hits = 0;
    let whole = best(events, &of, |event, route| {
        fields.take_map(compiled.names(), route.extent(), event);
        hits += black_box(compiled.matches(route, &fields, &mut scratch)).len();
    });
    let filling = best(events, &of, |event, route| {
        fields.take_map(compiled.names(), route.extent(), black_box(event));
    });
    tell(&format!(
        "       of which filling {filling:.3}; filled with everything: {}; rules looked at always: {}",
        of.iter().filter(|r| r.extent() == Extent::Everything).count(),
        of.iter().map(|r| r.ungated()).sum::<usize>() / of.len(),
    ));
    (whole, hits / ROUNDS)
}

/// Rounds over all events.
const ROUNDS: usize = 15;
/// Events that are timed together: short enough that other work of the machine misses some rounds of each.
const TOGETHER: usize = 256;

/// Microseconds an event: for each piece of the events the best of all rounds.
fn best(
    events: &[model::Fields],
    routes: &[Arc<Route>],
    mut look: impl FnMut(&model::Fields, &Route),
) -> f64 {
    let pieces: Vec<_> = events.chunks(TOGETHER).zip(routes.chunks(TOGETHER)).collect();
    let mut best = vec![f64::MAX; pieces.len()];
    for _ in 0..ROUNDS {
        for ((events, routes), best) in pieces.iter().zip(&mut best) {
            let began = now();
            events.iter().zip(*routes).for_each(|(event, route)| look(event, route));
            *best = best.min(began.elapsed().as_secs_f64());
        }
    }
    best.iter().sum::<f64>() * 1e6 / events.len() as f64
}

#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "a measurement tells what it found")]
fn tell(line: &str) {
    println!("{line}");
}
