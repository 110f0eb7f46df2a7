//! A quiet week raises next to nothing, an attack in it is found, and the page on detections tells the rates.

#[path = "../../benches/month/mod.rs"]
mod month;

use month::{Played, our_rules, play, table};

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
    let vocabulary = detect::Vocabulary::built_in();
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
