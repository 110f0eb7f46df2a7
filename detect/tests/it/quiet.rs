//! A quiet week raises next to nothing, an attack in it is found, and the page on detections tells the rates.

#[path = "../../benches/month/mod.rs"]
mod month;

use super::order::said;
use collect::Arrival;
use detect::{Patterns, Settings, Vocabulary};
use month::{Played, our_rules, play, table};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A week of so many people at each of three customers.
const PEOPLE: i64 = 24;
const SEEDS: [u64; 2] = [3, 4];

fn week(seed: u64, more: &str) -> Played {
    play(seed, PEOPLE, 7, &our_rules(), more)
}

#[test]
fn a_quiet_week_raises_at_most_one_alert_of_level_high_for_a_customer_and_the_page_says_what_it_raises() {
    let played: Vec<Played> = SEEDS.iter().map(|seed| week(*seed, "")).collect();
    for one in &played {
        assert!(one.records > 50_000, "{} records", one.records);
        let worst = one.worst_week();
        assert!(worst.len() <= 1, "{worst:#?}");
    }
    let table = table(&played);
    let page = include_str!("../../../docs/detections.md");
    assert!(page.contains(&table), "docs/detections.md must hold, of the week:\n{table}");
}

#[test]
fn the_page_names_each_detection_with_its_rate_on_the_quiet_month() {
    let page = include_str!("../../../docs/detections.md");
    let (_, month) = page.split_once("On the quiet month").expect("a part about the month");
    let (month, _) = month.split_once("\n## ").expect("it ends");
    for about in detect::DETECTIONS {
        assert!(month.contains(&format!("| `{}` |", about.id)), "{} has no rate", about.id);
    }
}

#[test]
fn an_attack_among_the_noise_of_a_quiet_week_is_found() {
    // Fifteen accounts that exist, within five minutes, on the last day but two.
    let names = [
        "amara", "bjorn", "chidi", "dana", "emre", "farah", "goran", "hana", "ines", "jonas", "kaya", "lena",
    ];
    let line = |(n, name): (usize, &&str)| {
        format!(
            "2026-11-06T02:{:02}:{:02}+00:00 gate-1 sshd[77]: Failed password for {name}.ac from 203.0.113.66 port 4022 ssh2\n",
            n / 3,
            n % 3 * 20
        )
    };
    let attack: String = names.iter().enumerate().map(line).collect();
    let played = week(SEEDS[0], &attack);
    let found: Vec<&str> = played
        .alerts
        .iter()
        .filter(|(_, a)| a.summary.contains("203.0.113.66"))
        .map(|(_, a)| a.rule.id.as_str())
        .collect();
    assert_eq!(found, ["bw.spray-fast"]);
}

#[test]
fn the_vocabulary_reads_the_same_whether_it_asks_for_every_key_or_only_for_those_that_can_stand_there() {
    let vocabulary = Vocabulary::built_in();
    let mut month = scenario::Month::new(8, 20, 9);
    let (mut day, mut acts) = (0, std::collections::BTreeSet::new());
    while let Some(files) = month.next_day() {
        day += 1;
        // The days on which most happens: of new passwords, of patching, and the one behind them.
        if ![4, 8, 9].contains(&day) {
            continue;
        }
        let mut sealing = month::Sealing::of("acme");
        let arrivals = files.iter().flat_map(|f| month::read(&f.name, &f.text, day)).collect();
        for event in sealing.seal(arrivals).value() {
            let seen = vocabulary.read(event);
            acts.insert(seen.act);
            assert_eq!(seen, vocabulary.read_plainly(event), "{:?}", event.fields);
        }
    }
    assert!(acts.len() >= 9, "{acts:?}");
}

/// What one customer's days of the month raise, with records that come late by less than two minutes where a seed is
/// given and a restart behind every batch of so many; and what is remembered at the end.
fn days(arrivals: &[Arrival], seed: Option<u64>, batch: usize) -> (Vec<String>, Vec<u8>) {
    let mut state = seed.unwrap_or(0);
    let mut come: Vec<(i64, Arrival)> = vec![];
    for arrival in arrivals {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let late = if seed.is_some() { i64::try_from((state >> 33) % 118_000).expect("small") } else { 0 };
        come.push((arrival.draft.happened.as_millisecond() + late, arrival.clone()));
    }
    come.sort_by_key(|(at, _)| *at);
    let (mut sealing, vocabulary) = (month::Sealing::of("acme"), Arc::new(Vocabulary::built_in()));
    let new =
        || Patterns::new(month::Sealing::of("acme").customer, Arc::clone(&vocabulary), Settings::default());
    let (mut patterns, mut told) = (new(), BTreeMap::new());
    for part in come.chunks(batch) {
        let part = part.iter().map(|(_, a)| a.clone()).collect();
        patterns.observe(&sealing.seal(part), 0);
        told.extend(patterns.take_alerts().into_iter().chain(patterns.finish()).map(|a| (a.id.clone(), a)));
        let kept = patterns.to_bytes();
        patterns = new();
        patterns.restore(&kept).expect("its own state");
    }
    (said(told.into_values().collect()), patterns.to_bytes())
}

#[test]
fn replays_restarts_and_late_records_change_nothing_about_days_of_the_month() {
    // Over the days on which most happens: new passwords, and the weekend with the scanner behind them.
    let mut made = scenario::Month::new(6, 20, 7);
    let mut arrivals: Vec<Arrival> = vec![];
    let mut day = 0;
    while let Some(files) = made.next_day() {
        day += 1;
        let own = files.iter().filter(|f| f.customer == "acme");
        own.for_each(|f| arrivals.extend(month::read(&f.name, &f.text, day)));
    }
    arrivals.sort_by_key(|a| a.draft.happened);
    let whole = days(&arrivals, None, usize::MAX);
    assert!(arrivals.len() > 15_000 && whole.0.len() > 5, "{} records, {:?}", arrivals.len(), whole.0);
    assert!(whole == days(&arrivals, None, usize::MAX), "a replay gives other bytes");
    for batch in [997, 4_001] {
        assert!(
            whole == days(&arrivals, None, batch),
            "a restart behind every {batch} records gives other bytes"
        );
    }
    for seed in 1..4 {
        assert_eq!(days(&arrivals, Some(seed), usize::MAX).0, whole.0, "late by seed {seed}");
    }
}

#[test]
fn the_same_seed_makes_the_same_month_and_another_another() {
    let days = |seed| {
        let mut month = scenario::Month::new(seed, 20, 2);
        std::iter::from_fn(move || month.next_day()).flatten().collect::<Vec<_>>()
    };
    assert_eq!(days(5), days(5));
    assert_ne!(days(5), days(6));
    assert!(days(5).iter().all(|f| f.text.lines().count() > 0));
}
