//! Each rule with events that fire it and neighbours that do not.

use super::{alerts, at};
use detect::built_in;
use model::Format;
use serde_json::{Value, json};

type Events = Vec<(String, Format, Value)>;

fn ssh(second: u32, outcome: &str, user: &str, ip: &str) -> (String, Format, Value) {
    let fields =
        json!({"program": "sshd", "action": "sign-in", "outcome": outcome, "user": user, "src_ip": ip});
    (at(second), Format::Syslog, fields)
}

fn windows(second: u32, event: &str, channel: &str, more: Value) -> (String, Format, Value) {
    let mut fields = json!({"EventID": event, "Channel": channel, "Computer": "srv"});
    fields.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    (at(second), Format::Evtx, fields)
}

fn logon(second: u32, event: &str, user: &str, ip: &str) -> (String, Format, Value) {
    windows(second, event, "Security", json!({"TargetUserName": user, "IpAddress": ip, "LogonType": "3"}))
}

fn sudo(message: &str) -> Events {
    vec![(at(0), Format::Syslog, json!({"program": "sudo", "message": message}))]
}

fn many(count: u32, step: u32, of: impl Fn(u32, u32) -> (String, Format, Value)) -> Events {
    (0..count).map(|n| of(n, n * step)).collect()
}

/// Names of the rules that fire on events.
fn fired(events: &Events) -> Vec<String> {
    let rules = built_in().rules;
    let name =
        |id: &str| rules.iter().find(|r| r.id == id).and_then(|r| r.name.clone()).expect("one of ours");
    let mut names: Vec<String> = alerts(events, 7).iter().map(|a| name(&a.rule.id)).collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn every_rule_fires_on_what_it_is_for_and_not_on_its_neighbour() {
    let then = |mut events: Events, last| {
        events.push(last);
        events
    };
    let cases: Vec<(&str, Events, Events)> = vec![
        (
            "bw_ssh_brute_source",
            many(20, 29, |n, s| ssh(s, "failure", &format!("u{}", n % 4), "203.0.113.9")),
            many(19, 29, |n, s| ssh(s, "failure", &format!("u{}", n % 4), "203.0.113.9")),
        ),
        (
            "bw_ssh_brute_account",
            many(20, 29, |n, s| ssh(s, "failure", "root", &format!("203.0.113.{n}"))),
            many(20, 60, |n, s| ssh(s, "failure", "root", &format!("203.0.113.{n}"))),
        ),
        (
            "bw_ssh_spray",
            many(10, 50, |n, s| ssh(s, "failure", &format!("u{n}"), "203.0.113.9")),
            many(10, 50, |n, s| ssh(s, "failure", &format!("u{}", n % 9), "203.0.113.9")),
        ),
        (
            "bw_ssh_success_after",
            then(
                many(10, 300, |_, s| ssh(s, "failure", "ops", "203.0.113.9")),
                ssh(3300, "success", "ops", "203.0.113.9"),
            ),
            then(
                many(10, 300, |_, s| ssh(s, "failure", "ops", "203.0.113.9")),
                ssh(3300, "success", "ops", "203.0.113.8"),
            ),
        ),
        (
            "bw_win_brute_account",
            many(20, 20, |_, s| logon(s, "4625", "eve", "10.0.0.9")),
            many(20, 20, |_, s| logon(s, "4625", "SRV$", "10.0.0.9")),
        ),
        (
            "bw_win_spray",
            many(10, 20, |n, s| logon(s, "4625", &format!("u{n}"), "10.0.0.9")),
            many(10, 20, |n, s| logon(s, "4625", &format!("u{n}"), &format!("10.0.0.{n}"))),
        ),
        (
            "bw_win_success_after",
            then(
                many(10, 300, |_, s| logon(s, "4625", "eve", "10.0.0.9")),
                logon(3300, "4624", "eve", "10.0.0.9"),
            ),
            then(
                many(9, 300, |_, s| logon(s, "4625", "eve", "10.0.0.9")),
                logon(3300, "4624", "eve", "10.0.0.9"),
            ),
        ),
        (
            "bw_win_security_log_cleared",
            vec![windows(0, "1102", "Security", json!({}))],
            vec![windows(0, "1102", "Application", json!({}))],
        ),
        (
            "bw_win_log_cleared",
            vec![windows(0, "104", "System", json!({"Provider_Name": "Microsoft-Windows-Eventlog"}))],
            vec![windows(0, "104", "System", json!({"Provider_Name": "Other"}))],
        ),
        (
            "bw_win_audit_policy_changed",
            vec![windows(0, "4719", "Security", json!({"SubjectUserSid": "S-1-5-21-1-2-3-1001"}))],
            vec![windows(0, "4719", "Security", json!({"SubjectUserSid": "S-1-5-18"}))],
        ),
        (
            "bw_win_new_administrator",
            vec![windows(0, "4732", "Security", json!({"TargetSid": "S-1-5-32-544"}))],
            vec![windows(0, "4732", "Security", json!({"TargetSid": "S-1-5-32-545"}))],
        ),
        (
            "bw_win_defender_off",
            vec![windows(0, "5001", "Microsoft-Windows-Windows Defender/Operational", json!({}))],
            vec![windows(0, "5001", "Security", json!({}))],
        ),
        (
            "bw_linux_log_removed",
            sudo("eve : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/rm -rf /var/log/auth.log"),
            sudo("eve : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls /var/log"),
        ),
    ];
    for (name, fires, silent) in &cases {
        assert_eq!(fired(fires), [*name], "{name} shall fire, and nothing else");
        assert!(!fired(silent).contains(&(*name).to_owned()), "{name} shall be silent");
    }
    let tested: Vec<&str> = cases.iter().map(|(name, ..)| *name).collect();
    for rule in built_in().rules.iter().filter(|r| !r.silent) {
        let name = rule.name.as_deref().unwrap_or("");
        assert!(tested.contains(&name), "{name} has no case here");
    }
}

#[test]
fn a_long_attack_is_one_alert_that_grows_and_a_later_one_is_another() {
    let mut events = many(200, 10, |_, s| ssh(s, "failure", "root", "203.0.113.9"));
    events.extend(many(30, 10, |_, s| ssh(20_000 + s, "failure", "root", "203.0.113.9")));
    let found = alerts(&events, 50);
    let brute: Vec<_> = found.iter().filter(|a| a.rule.title.contains("one source")).collect();
    assert_eq!(brute.iter().map(|a| a.count).collect::<Vec<_>>().iter().sum::<u64>(), 230, "{brute:#?}");
    assert_eq!(brute.len(), 2);
    assert!(
        brute.iter().all(|a| a.records.len() <= 100 && a.first < a.last && a.summary.contains("203.0.113.9"))
    );
}

#[test]
fn the_size_of_batches_changes_nothing() {
    let mut events = many(60, 10, |n, s| ssh(s, "failure", &format!("u{}", n % 13), "203.0.113.9"));
    events.push(ssh(700, "success", "u1", "203.0.113.9"));
    let whole = alerts(&events, 1000);
    assert!(whole.len() >= 3);
    for size in [1, 2, 7, 59] {
        assert_eq!(alerts(&events, size), whole, "batches of {size}");
    }
}

#[test]
fn what_an_earlier_run_looked_at_is_not_told_again() {
    use super::Sealing;
    use detect::Detector;
    let events = many(40, 10, |_, s| ssh(s, "failure", "root", "203.0.113.9"));
    let mut sealing = Sealing::of("acme");
    let (one, two) = (sealing.seal(&events[..30]), sealing.seal(&events[30..]));
    let mut first = Detector::new(sealing.customer.clone(), built_in().rules);
    first.observe(&one, 0);
    let told: Vec<String> = first.finish().into_iter().map(|a| a.id).collect();
    assert_eq!(told.len(), 2);
    let mut only_replayed = Detector::new(sealing.customer.clone(), built_in().rules);
    only_replayed.observe(&one, 30);
    assert_eq!(only_replayed.finish(), vec![], "nothing is new");
    let mut again = Detector::new(sealing.customer.clone(), built_in().rules);
    again.observe(&one, 30);
    assert_eq!(again.take_alerts(), vec![]);
    again.observe(&two, 30);
    let grown = again.finish();
    let mut ids: Vec<String> = grown.iter().map(|a| a.id.clone()).collect();
    let mut want = told;
    ids.sort();
    want.sort();
    assert_eq!(ids, want, "the same alerts, grown");
    assert!(grown.iter().all(|a| a.count == 40), "{grown:#?}");
}
