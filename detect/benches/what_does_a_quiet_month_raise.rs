//! What does a quiet month raise? Three customers, thirty days, more than two million records of each seed, with the
//! noise of real customers and no attack: alerts of each detection, and the rate that stands in docs/detections.md.
#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]

mod month;

/// Seeds that are played; others may be given behind `--`.
const SEEDS: [u64; 3] = [11, 12, 13];
const PEOPLE: i64 = 180;
const DAYS: i64 = 30;

fn main() {
    let given: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let seeds = if given.is_empty() { SEEDS.to_vec() } else { given.clone() };
    let rules = month::our_rules();
    let mut played = vec![];
    let mut bad = false;
    for seed in seeds {
        let one = month::play(seed, PEOPLE, DAYS, &rules, "");
        println!("seed {seed}: {} records, {} alerts", one.records, one.alerts.len());
        assert!(one.records >= 2_000_000, "a month has two million records");
        for (customer, alert) in &one.alerts {
            println!(
                "  {customer} {} {} {}: {}",
                alert.rule.level.as_str(),
                alert.first,
                alert.rule.id,
                alert.summary
            );
        }
        let worst = one.worst_week();
        bad |= worst.len() > 1;
        println!("  worst customer and week: {} of level high or above\n{}", worst.len(), worst.join("\n"));
        played.push(one);
    }
    let table = month::table(&played);
    println!("{table}");
    assert!(!bad, "more than one alert of level high or above for a customer and week");
    let page = include_str!("../../docs/detections.md");
    assert!(!given.is_empty() || page.contains(&table), "docs/detections.md must hold this table");
}
