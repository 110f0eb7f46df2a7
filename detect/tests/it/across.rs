//! One source at several customers: seen by the provider, and nothing of one customer with another.

use super::{Sealing, at, order, patterns, plays};
use detect::{Across, Patterns, SPRAY_ACROSS, Settings, Vocabulary};
use model::{Alert, CustomerId, Format};
use serde_json::json;
use std::sync::Arc;

/// What the records of one customer show that may touch others.
fn crossings(sealing: &Sealing, batch: &ledger::Sealed<Vec<model::Event>>) -> Vec<detect::Crossing> {
    let vocabulary = Arc::new(Vocabulary::built_in());
    let mut patterns = Patterns::new(sealing.customer.clone(), vocabulary, Settings::default());
    patterns.observe(batch, 0);
    patterns.take_crossings()
}

/// Failures of one source: customer, account, second.
fn seen(tries: &[(&str, &str, u32)]) -> (Across, Vec<Alert>) {
    let mut across = Across::new([5; 32], Settings::default());
    let mut customers: Vec<&str> = tries.iter().map(|t| t.0).collect();
    customers.sort_unstable();
    customers.dedup();
    for customer in customers {
        let own = tries.iter().filter(|t| t.0 == customer);
        let event = |t: &(&str, &str, u32)| {
            let fields = json!({"program": "sshd", "action": "sign-in", "outcome": "failure", "user": t.1, "src_ip": "203.0.113.9"});
            (at(t.2), Format::Syslog, fields)
        };
        let events: Vec<_> = own.map(event).collect();
        let mut sealing = Sealing::of(customer);
        let batch = sealing.seal(&events);
        across.observe(&sealing.customer, &crossings(&sealing, &batch));
    }
    let alerts = across.take_alerts();
    (across, alerts)
}

#[test]
fn five_accounts_at_two_customers_are_an_alert_and_less_is_none() {
    for (tries, want) in [
        (
            &[
                ("acme", "a", 0),
                ("acme", "b", 9),
                ("acme", "c", 20),
                ("clinic", "d", 30),
                ("clinic", "e", 40),
            ][..],
            1,
        ),
        (&[("acme", "a", 0), ("acme", "b", 9), ("acme", "c", 20), ("clinic", "d", 30)], 0),
        (&[("acme", "a", 0), ("acme", "b", 1), ("acme", "c", 2), ("acme", "d", 3), ("acme", "e", 4)], 0),
        (
            &[
                ("acme", "a", 0),
                ("acme", "A", 9),
                ("acme", "c", 20),
                ("clinic", "d", 30),
                ("clinic", "e", 40),
            ],
            0,
        ),
        (
            &[
                ("acme", "a", 0),
                ("acme", "b", 9),
                ("acme", "c", 20),
                ("clinic", "a", 30),
                ("clinic", "b", 40),
            ],
            1,
        ),
    ] {
        let (_, alerts) = seen(tries);
        assert_eq!(alerts.len(), want, "{tries:?}");
        for alert in alerts {
            assert_eq!((alert.rule.id.as_str(), alert.count), (SPRAY_ACROSS, 5));
            assert!(alert.rule.tags.contains(&"attack.t1110.003".to_owned()));
        }
    }
}

#[test]
fn one_customers_part_holds_nothing_of_another() {
    let tries = [
        ("acme", "marked-alpha", 0),
        ("acme", "b", 9),
        ("clinic", "marked-beta", 20),
        ("clinic", "d", 30),
        ("clinic", "e", 40),
    ];
    let (across, alerts) = seen(&tries);
    let acme = CustomerId::parse("acme").expect("good");
    let part = Across::part_of(&alerts[0], &acme);
    assert_eq!(part.customers, vec![acme.clone()]);
    assert!(part.records.iter().all(|r| r.customer == acme) && part.records.len() == 2);
    let text = part.to_json().to_string();
    for foreign in ["clinic", "marked-beta", "marked-alpha", "203.0.113.9"] {
        assert!(!text.contains(foreign), "{foreign} in {text}");
    }
    assert!(part.summary.contains("1 other customer"));
    let kept = String::from_utf8(across.to_bytes()).expect("text");
    for text in ["marked-alpha", "marked-beta", "203.0.113.9"] {
        assert!(!kept.contains(text), "{text} is kept in the clear");
    }
}

#[test]
fn the_state_survives_and_damage_is_noticed() {
    let tries =
        [("acme", "a", 0), ("acme", "b", 9), ("clinic", "c", 20), ("clinic", "d", 30), ("clinic", "e", 40)];
    let (across, alerts) = seen(&tries);
    let bytes = across.to_bytes();
    let mut again = Across::from_bytes([5; 32], Settings::default(), &bytes).expect("its own state");
    assert_eq!(again.to_bytes(), bytes);
    assert_eq!(again.take_alerts(), vec![], "what was told is not told again");
    let mut sealing = Sealing::of("borealis");
    let fields = json!({"action": "sign-in", "outcome": "failure", "user": "f", "src_ip": "203.0.113.9"});
    let batch = sealing.seal(&[(at(50), Format::Syslog, fields)]);
    again.observe(&sealing.customer, &crossings(&sealing, &batch));
    let grown = again.take_alerts();
    assert_eq!((grown[0].customers.len(), &grown[0].id), (3, &alerts[0].id));
    for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        assert!(Across::from_bytes([5; 32], Settings::default(), &bytes[..cut]).is_err());
    }
}

/// Sign-ins at two customers from two addresses of one network: account, second, last byte of the address, success.
fn network(tries: &[(&str, &str, u32, u8, bool)]) -> Vec<Alert> {
    let mut across = Across::new([5; 32], Settings::default());
    for customer in ["acme", "clinic"] {
        let event = |t: &(&str, &str, u32, u8, bool)| {
            let outcome = if t.4 { "success" } else { "failure" };
            let from = format!("192.0.2.{}", t.3);
            let fields = json!({"program": "sshd", "action": "sign-in", "outcome": outcome, "user": t.1, "src_ip": from});
            (at(t.2), Format::Syslog, fields)
        };
        let events: Vec<_> = tries.iter().filter(|t| t.0 == customer).map(event).collect();
        let mut sealing = Sealing::of(customer);
        let batch = sealing.seal(&events);
        across.observe(&sealing.customer, &crossings(&sealing, &batch));
    }
    across.take_alerts()
}

#[test]
fn people_who_mistype_in_one_network_and_are_in_then_are_no_attack() {
    let mut tries = vec![];
    for (number, customer) in ["acme", "acme", "acme", "clinic", "clinic", "clinic"].into_iter().enumerate() {
        let number = u32::try_from(number).expect("few");
        let account = ["a", "b", "c", "d", "e", "f"][number as usize];
        let host = u8::try_from(number % 3).expect("few");
        tries.push((customer, account, number * 60, host, false));
    }
    // What comes an hour later shows that nobody was in in between.
    let later = [("acme", "z", 4_000, 200, false), ("clinic", "z", 4_000, 200, false)];
    let attack: Vec<_> = tries.iter().chain(&later).copied().collect();
    assert_eq!(network(&attack).len(), 1);
    let mut people: Vec<_> = attack.clone();
    people.extend(tries.iter().map(|t| (t.0, t.1, t.2 + 20, t.3, true)));
    people.sort_by_key(|t| t.2);
    assert_eq!(network(&people), vec![]);
}

/// What is seen across three customers whose records come in side by side, each customer's in its own order.
fn side_by_side(mix: &plays::Mix, seeds: [Option<u64>; 3]) -> Vec<String> {
    let mut across = Across::new([5; 32], plays::settings());
    let mut customers: Vec<_> = ["acme", "borealis", "clinic"]
        .into_iter()
        .zip(seeds)
        .map(|(customer, seed)| {
            let lines = seed.map_or_else(|| mix.lines.clone(), |s| order::late(&mix.lines, s));
            let sealing = Sealing::of(customer);
            let (id, vocabulary) = (sealing.customer.clone(), Arc::new(Vocabulary::built_in()));
            (sealing, Patterns::new(id, vocabulary, plays::settings()), lines)
        })
        .collect();
    let mut told = std::collections::BTreeMap::new();
    for begin in 0..mix.lines.len() {
        for (sealing, patterns, lines) in &mut customers {
            let batch = patterns::seal(sealing, &lines[begin..=begin]);
            patterns.observe(&batch, 0);
            across.observe(&sealing.customer, &patterns.take_crossings());
        }
        // A restart now and then.
        if begin % 90 == 0 {
            told.extend(across.take_alerts().into_iter().map(|a| (a.id.clone(), a)));
            across = Across::from_bytes([5; 32], plays::settings(), &across.to_bytes()).expect("its own");
        }
    }
    told.extend(across.take_alerts().into_iter().map(|a| (a.id.clone(), a)));
    order::said(told.into_values().collect())
}

#[test]
fn what_is_seen_across_customers_does_not_depend_on_the_order_of_arrival() {
    let mix = plays::all();
    let want = side_by_side(&mix, [None; 3]);
    assert!(want.len() >= 3, "{want:?}");
    for seed in 0..4 {
        assert_eq!(side_by_side(&mix, [Some(seed), Some(seed + 10), None]), want);
    }
}
