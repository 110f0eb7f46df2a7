//! In whatever order records come within the tolerance, and however the run is cut: the alerts say the same.

use super::Sealing;
use super::patterns::{
    BAD, DAY, HOUR, Line, MINUTE, alerts_of, alerts_with, entra, name, seal, ssh, windows,
};
use super::plays;
use detect::{Patterns, Settings, Vocabulary};
use model::Alert;
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;

/// What an alert says, without the id by which it is called.
pub(crate) fn said(alerts: Vec<Alert>) -> Vec<String> {
    let mut said: Vec<String> = alerts
        .into_iter()
        .map(|a| {
            let details = a.details.map(|d| (d.who, d.from, d.why));
            let (id, level) = (a.rule.id, a.rule.level.as_str());
            format!("{id} {level} {} {} {} {} {details:?}", a.first, a.last, a.count, a.summary)
        })
        .collect();
    said.sort();
    said
}

/// Attack and noise, drawn at will: account, source, what happens.
fn drawn() -> impl Strategy<Value = Vec<Line>> {
    let one = (0i64..3 * HOUR, 0i64..14, 0usize..4, 0u8..12);
    proptest::collection::vec(one, 0..160).prop_map(|drawn| {
        let mut lines: Vec<Line> = drawn
            .into_iter()
            .map(|(at, who, from, what)| {
                let source = SOURCES[from];
                match what {
                    0..7 => ssh(at, &name(who % 12), source, false),
                    7..9 => ssh(at, &name(who), source, true),
                    9 => entra(at, &format!("{}@corp.example", name(who % 3)), source, 500_121),
                    10 => windows(at, 4723, json!({"TargetUserName": name(who % 3)})),
                    _ => ssh(at - 50 * DAY, &name(who), source, true),
                }
            })
            .collect();
        lines.sort_by_key(|l| l.0);
        lines
    })
}

/// Sources that `drawn` draws from.
const SOURCES: [&str; 4] = [BAD, "198.51.100.7", "192.0.2.66", "10.0.0.9"];

/// The same, and in it for certain a source that tries many accounts, one of them again and again within minutes until it
/// may give way; and other accounts that are tried as often. Names that nobody has may be among them.
fn hammered() -> impl Strategy<Value = Vec<Line>> {
    let hammer = (0i64..HOUR, 0i64..14, 0usize..4, 12i64..70, 1i64..14, any::<bool>());
    let spray = (0i64..4 * MINUTE, 10i64..28, 1i64..20, any::<bool>());
    (drawn(), proptest::collection::vec(hammer, 1..4), spray).prop_map(|(mut lines, hammers, spray)| {
        for (start, who, from, many, gap, gives_way) in &hammers {
            let tried =
                |n: i64| ssh(start + n * gap, &name(*who), SOURCES[*from], *gives_way && n == many - 1);
            lines.extend((0..*many).map(tried));
        }
        let (behind, many, gap, is_made_up) = spray;
        let (start, source) = (hammers[0].0 + behind, SOURCES[hammers[0].2]);
        lines.extend((0..many).map(|n| {
            let line = ssh(start + n * gap, &format!("listed{n}"), source, false);
            if is_made_up && n % 2 == 0 { nobodys(line) } else { line }
        }));
        lines.extend(people());
        lines.sort_by_key(|l| l.0);
        lines
    })
}

/// The same line, of a name that nobody has.
fn nobodys(mut line: Line) -> Line {
    line.3["invalid_user"] = json!("true");
    line
}

fn made_up(n: i64) -> Line {
    nobodys(ssh(n * 4, &format!("made-up-{n}"), BAD, false))
}

/// People who have signed in for long, so that it is known who they are.
fn people() -> impl Iterator<Item = Line> {
    (0..12).map(|n| ssh(-9 * DAY + n, &format!("person{n}"), "198.51.100.9", true))
}

/// The same lines, each late by so many seconds.
fn shifted(lines: &[Line], shifts: &[i64]) -> Vec<Line> {
    let late = lines.iter().zip(shifts.iter().cycle());
    let mut arrived: Vec<(i64, Line)> = late.map(|(l, s)| (l.0 + s, l.clone())).collect();
    arrived.sort_by_key(|(at, _)| *at);
    arrived.into_iter().map(|(_, l)| l).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn cutting_a_mix_of_all_plays_changes_nothing(mix in plays::mixes(), ends in proptest::collection::vec(any::<proptest::sample::Index>(), 1..6)) {
        let mut cuts: Vec<usize> = ends.iter().map(|i| *i.get(&mix.ends)).collect();
        cuts.sort_unstable();
        let told = |cuts: &[usize]| said(alerts_with(&mix.lines, cuts, &plays::settings()));
        prop_assert_eq!(told(&cuts), told(&[]));
    }

    #[test]
    fn the_order_of_arrival_changes_nothing_about_a_mix_of_all_plays(mix in plays::mixes(), seed in any::<u64>()) {
        let told = |lines: &[Line]| said(alerts_with(lines, &[], &plays::settings()));
        prop_assert_eq!(told(&late(&mix.lines, seed)), told(&mix.lines));
    }

    #[test]
    fn the_same_mix_gives_the_same_bytes(mix in plays::mixes()) {
        let bytes = || alerts_with(&mix.lines, &mix.ends[..1], &plays::settings()).iter().map(|a| a.to_json().to_string()).collect::<Vec<_>>();
        prop_assert_eq!(bytes(), bytes());
    }
}

#[test]
fn a_restart_behind_every_record_of_a_play_changes_nothing() {
    for number in 0..plays::PLAYS.len() {
        let mix = plays::mixed(&[(number, 5_000, 1)]);
        let told = |cuts: &[usize]| said(alerts_with(&mix.lines, cuts, &plays::settings()));
        assert_eq!(told(&mix.ends), told(&[]), "{}", plays::PLAYS[number].id);
    }
}

#[test]
fn records_of_a_play_that_come_late_in_any_order_change_nothing() {
    for number in 0..plays::PLAYS.len() {
        let mix = plays::mixed(&[(number, 5_000, 1)]);
        let told = |lines: &[Line]| said(alerts_with(lines, &[], &plays::settings()));
        for seed in 0..12 {
            assert_eq!(told(&late(&mix.lines, seed)), told(&mix.lines), "{}", plays::PLAYS[number].id);
        }
    }
}

/// The same lines, each late by less than two minutes.
pub(crate) fn late(lines: &[Line], seed: u64) -> Vec<Line> {
    let mut state = seed;
    let mut arrived: Vec<(i64, Line)> = vec![];
    for line in lines {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        arrived.push((line.0 + i64::try_from((state >> 33) % 118).expect("small"), line.clone()));
    }
    arrived.sort_by_key(|(at, _)| *at);
    arrived.into_iter().map(|(_, l)| l).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn cutting_the_input_with_a_restart_in_between_changes_nothing(lines in drawn(), mut cuts in proptest::collection::vec(0usize..160, 0..4)) {
        cuts.sort_unstable();
        prop_assert_eq!(said(alerts_of(&lines, &cuts)), said(alerts_of(&lines, &[])));
    }

    #[test]
    fn the_order_of_arrival_within_the_tolerance_changes_nothing(lines in drawn(), shifts in proptest::collection::vec(0i64..118, 160)) {
        prop_assert_eq!(said(alerts_of(&shifted(&lines, &shifts), &[])), said(alerts_of(&lines, &[])));
    }

    #[test]
    fn nor_does_it_where_one_source_tries_one_account_again_and_again(lines in hammered(), shifts in proptest::collection::vec(0i64..118, 397)) {
        let there = said(alerts_of(&lines, &[]));
        prop_assert!(there.iter().any(|a| a.starts_with("bw.spray-fast")), "{:?}", there);
        prop_assert_eq!(said(alerts_of(&shifted(&lines, &shifts), &[])), there);
    }

    #[test]
    fn the_same_records_give_the_same_bytes(lines in drawn()) {
        let bytes = || {
            let mut sealing = Sealing::of("acme");
            let mut patterns = Patterns::new(Sealing::of("acme").customer, Arc::new(Vocabulary::built_in()), Settings::default());
            patterns.observe(&seal(&mut sealing, &lines), 0);
            let alerts: Vec<String> = patterns.finish().iter().map(|a| a.to_json().to_string()).collect();
            (alerts, patterns.to_bytes())
        };
        prop_assert_eq!(bytes(), bytes());
    }
}

/// What alerts of a detection say, when lines come in their order and when the n-th comes in behind those that follow it.
fn both(id: &str, lines: &[Line], late: usize) -> Vec<String> {
    let only = |lines: &[Line]| {
        let alerts = alerts_of(lines, &[]).into_iter().filter(|a| a.rule.id == id).collect();
        said(alerts)
    };
    let mut other = lines.to_vec();
    let held = other.remove(late);
    let behind = other.iter().position(|l| l.0 > held.0 + 100).unwrap_or(other.len());
    other.insert(behind, held);
    assert_ne!(other, lines, "another order");
    assert_eq!(only(&other), only(lines));
    only(lines)
}

#[test]
fn failures_of_the_day_belong_to_brute_force_whichever_of_two_makes_the_hundred_full() {
    let singles = (0..75).map(|n| ssh(n * 700, "admin", BAD, false));
    let burst = (0..24).map(|n| ssh(80 * 700 + n * 10, "admin", BAD, false));
    // The first hangs together with the burst, the second only through it.
    let last = [590, 620].map(|s| ssh(80 * 700 + 230 + s, "admin", BAD, false));
    let lines: Vec<Line> = singles.chain(burst).chain(last).collect();
    let told = both("bw.brute-force", &lines, 99);
    assert!(told.len() == 1 && told[0].contains("101 sign-ins to admin failed"), "{told:?}");
}

#[test]
fn what_excuses_a_spray_less_and_less_is_told_by_its_last_reason_only() {
    let named = (10..20).map(|n| ssh(n * 4, &format!("unknown{n}"), BAD, false));
    let lines: Vec<Line> = people().chain((0..10).map(made_up)).chain(named).collect();
    let told = both("bw.spray-fast", &lines, 12);
    assert!(told.len() == 1 && told[0].contains("bw.spray-fast medium"), "{told:?}");
    assert!(told[0].contains("none of the names was ever seen to sign in"), "{told:?}");
    assert!(!told[0].contains("nobody's"), "that held only for the first of them: {told:?}");
}

#[test]
fn a_single_try_behind_a_spray_on_names_that_nobody_has_makes_it_no_worse() {
    let lines: Vec<Line> = (0..12).map(made_up).chain([ssh(640, "eve", BAD, false)]).collect();
    let told = both("bw.spray-fast", &lines, 5);
    assert!(told.len() == 1 && told[0].contains("bw.spray-fast medium"), "{told:?}");
    assert!(told[0].contains("13 accounts") && told[0].contains("nobody's"), "{told:?}");
}
