//! Each detection over time fires on what it is for and is silent beside it, whatever product tells it; and the ways
//! around it that are known.

use super::Sealing;
use detect::{Patterns, Settings, Vocabulary};
use ledger::Sealed;
use model::{Alert, Event, Format, Kind, Record, Source, Time};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 86_400;

/// A record: seconds behind the beginning, name of its log, format, fields.
pub(crate) type Line = (i64, &'static str, Format, Value);

fn begin() -> i64 {
    "2026-11-02T00:00:00Z".parse::<Time>().expect("a time").as_second()
}

pub(crate) fn seal(sealing: &mut Sealing, lines: &[Line]) -> Sealed<Vec<Event>> {
    let first = sealing.log.tree().size();
    // A record came when the newest before it did.
    let mut newest = i64::MIN;
    let event = |(seq, (at, log, format, fields)): (u64, &Line)| {
        newest = newest.max(*at);
        let happened = Time::from_second(begin() + at).expect("a time");
        let received = Time::from_second(begin() + newest).expect("a time");
        let source = Source::new(*format, log).expect("good");
        let kind = if *format == Format::Own { Kind::Act } else { Kind::Event };
        let raw = fields.to_string().into_bytes();
        let record = Record { seq, kind, source, happened, received, raw, defects: vec![] };
        Event { record, fields: fields.as_object().cloned().expect("an object") }
    };
    let events = (first..).zip(lines).map(event).collect();
    sealing.log.seal(super::Batch(first, events)).expect("seals").0
}

/// Alerts of one customer's records, sealed in parts that end at these places, with a restart behind each.
pub(crate) fn alerts_of(lines: &[Line], cuts: &[usize]) -> Vec<Alert> {
    alerts_with(lines, cuts, &Settings::default())
}

/// The same with thresholds.
pub(crate) fn alerts_with(lines: &[Line], cuts: &[usize], settings: &Settings) -> Vec<Alert> {
    let mut sealing = Sealing::of("acme");
    let vocabulary = Arc::new(Vocabulary::built_in());
    let new = || Patterns::new(Sealing::of("acme").customer, Arc::clone(&vocabulary), settings.clone());
    let (mut patterns, mut all) = (new(), BTreeMap::new());
    let mut from = 0;
    for end in cuts.iter().copied().chain([lines.len()]) {
        let end = end.clamp(from, lines.len());
        patterns.observe(&seal(&mut sealing, &lines[from..end]), 0);
        all.extend(patterns.take_alerts().into_iter().chain(patterns.finish()).map(|a| (a.id.clone(), a)));
        let kept = patterns.to_bytes();
        patterns = new();
        patterns.restore(&kept).expect("its own state");
        assert_eq!(patterns.to_bytes(), kept);
        from = end;
    }
    all.into_values().collect()
}

/// What fired, each once.
fn fired(lines: &[Line]) -> Vec<String> {
    fired_with(lines, &Settings::default())
}

/// The same with thresholds.
pub(crate) fn fired_with(lines: &[Line], settings: &Settings) -> Vec<String> {
    let mut ids: Vec<String> = alerts_with(lines, &[], settings).into_iter().map(|a| a.rule.id).collect();
    ids.sort();
    ids.dedup();
    ids
}

fn check(what: &str, lines: &[Line], want: &[&str]) {
    assert_eq!(fired(lines), want, "{what}");
}

pub(crate) fn ssh(at: i64, user: &str, from: &str, success: bool) -> Line {
    let outcome = if success { "success" } else { "failure" };
    let fields = json!({"program": "sshd", "action": "sign-in", "outcome": outcome, "user": user, "src_ip": from, "host": "gate"});
    (at, "sshd", Format::Syslog, fields)
}

pub(crate) fn windows(at: i64, event: u32, fields: Value) -> Line {
    let mut all = json!({"Channel": "Security", "EventID": event.to_string(), "Computer": "dc-1"});
    all.as_object_mut().expect("an object").extend(fields.as_object().cloned().expect("an object"));
    (at, "security", Format::Evtx, all)
}

pub(crate) fn entra(at: i64, user: &str, from: &str, code: i64) -> Line {
    let fields = json!({"userPrincipalName": user, "ipAddress": from, "status": {"errorCode": code}, "userAgent": "tool/1", "appDisplayName": "Mail"});
    (at, "entra", Format::Ndjson, fields)
}

pub(crate) fn policy(at: i64, lines: Value) -> Line {
    (
        at,
        "self",
        Format::Own,
        json!({"act": "customer policy set", "reason": "test", "policy": {"line": lines}}),
    )
}

pub(crate) fn line(allow: &str, what: &str) -> Value {
    json!({"allow": allow, "what": what, "until": "2027-01-01T00:00:00Z", "reason": "test"})
}

pub(crate) fn name(n: i64) -> String {
    format!("user{n}")
}

pub(crate) const BAD: &str = "203.0.113.77";

/// So many failures, each of another account, one source, so many seconds apart.
fn spray(many: i64, apart: i64) -> Vec<Line> {
    (0..many).map(|n| ssh(n * apart, &name(n), BAD, false)).collect()
}

#[test]
fn spraying_from_one_source() {
    check("ten accounts in ten minutes", &spray(10, 60), &["bw.spray-fast"]);
    check("nine accounts", &spray(9, 60), &[]);
    check("ten accounts in an hour", &spray(10, 400), &[]);
    let entra: Vec<Line> =
        (0..10).map(|n| entra(n * 30, &format!("u{n}@corp.example"), BAD, 50126)).collect();
    check("the same in a cloud", &entra, &["bw.spray-fast"]);
    let windows: Vec<Line> = (0..10)
        .map(|n| {
            windows(
                n * 30,
                4625,
                json!({"TargetUserName": name(n), "IpAddress": BAD, "SubStatus": "0xc000006a"}),
            )
        })
        .collect();
    check("the same on Windows", &windows, &["bw.spray-fast"]);
    let rotating: Vec<Line> =
        (0..10).map(|n| ssh(n * 30, &name(n), &format!("2001:db8:1:2::{n:x}"), false)).collect();
    check("an IPv6 host that takes another address each time", &rotating, &["bw.spray-fast"]);
    let mapped: Vec<Line> = (0..10)
        .map(|n| ssh(n * 30, &name(n), if n % 2 == 0 { BAD } else { "::ffff:203.0.113.77" }, false))
        .collect();
    check("the same address inside IPv6", &mapped, &["bw.spray-fast"]);
    let mut four = vec![];
    (0..10).for_each(|n| (0..4).for_each(|t| four.push(ssh(n * 50 + t, &name(n), BAD, false))));
    check(
        "four tries each, which are more than a spray's and less than brute force",
        &four,
        &["bw.spray-fast"],
    );
    let mut gateway = vec![policy(0, json!([line("gateway", "203.0.113.0/24")]))];
    gateway.extend(spray(12, 30));
    check("a gateway that the policy declares", &gateway, &[]);
    let forms = ["eve", "EVE", "CORP\\eve", "eve@corp.example", "Eve"];
    let one: Vec<Line> = (0..15).map(|n| ssh(n * 30, forms[n as usize % 5], BAD, false)).collect();
    check("one account in many forms is one account", &one, &[]);
}

#[test]
fn people_at_home_do_not_spray() {
    let mut lines: Vec<Line> = (0..12).map(|n| ssh(n * 60, &name(n), "198.51.100.7", true)).collect();
    lines.extend((0..12).map(|n| ssh(DAY + n * 30, &name(n), "198.51.100.7", false)));
    check("twelve people mistype behind the address that they always come from", &lines, &[]);
}

/// A day of ordinary sign-ins, so that something is known of the customer.
fn ordinary() -> Vec<Line> {
    (0..40).map(|n| ssh(n * 60, &name(n), &format!("198.51.100.{n}"), true)).collect()
}

#[test]
fn slow_spraying_from_many_sources() {
    let attack = |many: i64| {
        let mut lines = ordinary();
        lines.extend((0..many).map(|n| ssh(2 * DAY + n * 1800, &name(n), &format!("192.0.2.{n}"), false)));
        lines.push(ssh(4 * DAY, "last", "198.51.100.1", false));
        lines
    };
    check("twenty accounts from forty places", &attack(22), &["bw.spray-slow"]);
    check("fifteen accounts", &attack(15), &[]);
    let mut mistyped = ordinary();
    for n in 0..30 {
        let from = format!("192.0.2.{n}");
        mistyped.push(ssh(2 * DAY + n * 1800, &name(n), &from, false));
        mistyped.push(ssh(2 * DAY + n * 1800 + 30, &name(n), &from, true));
    }
    check("thirty people on the way who mistype once and are in then", &mistyped, &[]);
    let mut home = ordinary();
    home.extend((0..30).map(|n| ssh(2 * DAY + n * 1800, &name(n), &format!("198.51.100.{n}"), false)));
    home.push(ssh(4 * DAY, "last", "198.51.100.1", false));
    check("a day of new passwords: everybody fails at home", &home, &[]);
}

#[test]
fn brute_force_and_what_comes_after_it() {
    let tries =
        |many: i64, apart: i64| (0..many).map(|n| ssh(n * apart, "admin", BAD, false)).collect::<Vec<_>>();
    check("twenty in ten minutes", &tries(20, 20), &["bw.brute-force"]);
    check("nineteen", &tries(19, 20), &[]);
    check("a hundred in a day", &tries(100, 800), &["bw.brute-force"]);
    check("ninety-nine in a day", &tries(99, 800), &[]);
    let spread: Vec<Line> = (0..20).map(|n| ssh(n * 20, "admin", &format!("192.0.2.{n}"), false)).collect();
    check("twenty sources", &spread, &["bw.brute-force"]);
    let forms = ["admin", "ADMIN", "CORP\\Admin", "admin@corp.example"];
    let named: Vec<Line> = (0..20).map(|n| ssh(n * 20, forms[n as usize % 4], BAD, false)).collect();
    check("one account in four forms", &named, &["bw.brute-force"]);
    let mut sid = vec![windows(
        0,
        4624,
        json!({"TargetUserName": "eve", "TargetUserSid": "S-1-5-21-1-2-3-1106", "LogonType": "2", "IpAddress": "10.0.0.9"}),
    )];
    for n in 0..20 {
        let who = if n % 2 == 0 { "eve" } else { "S-1-5-21-1-2-3-1106" };
        sid.push(windows(600 + n * 20, 4625, json!({"TargetUserName": who, "IpAddress": BAD})));
    }
    check("one account by name and by identifier", &sid, &["bw.brute-force"]);
    let mut then = tries(20, 20);
    then.push(ssh(900, "admin", BAD, true));
    check("and then it gives way", &then, &["bw.brute-force", "bw.success-after-failures"]);
    let mut few = tries(12, 60);
    few.push(ssh(900, "admin", "192.0.2.200", true));
    check("twelve failures and a success from elsewhere", &few, &["bw.success-after-failures"]);
    let mut late = tries(12, 60);
    late.push(ssh(900 + 2 * HOUR, "admin", BAD, true));
    check("a success hours later", &late, &[]);
    let mut own = vec![ssh(-DAY, "admin", BAD, true)];
    own.extend(then.clone().into_iter().filter(|l| l.3["outcome"] == "success"));
    own.extend(tries(12, 60));
    own.sort_by_key(|l| l.0);
    check("somebody who forgot a password, at home", &own, &[]);
    let mut sprayed = spray(10, 30);
    sprayed.push(ssh(600, &name(3), BAD, true));
    check("one account of a spray gives way", &sprayed, &["bw.spray-fast", "bw.success-after-failures"]);
}

#[test]
fn old_passwords_prompts_and_travel() {
    let changed = |from: &str| {
        vec![
            ssh(-3 * DAY, "eve", "198.51.100.7", true),
            windows(0, 4723, json!({"TargetUserName": "eve", "SubjectUserName": "eve"})),
            ssh(2 * HOUR, "eve", from, false),
            ssh(3 * HOUR, "somebody", "198.51.100.7", true),
        ]
    };
    check("the old password from an unknown place", &changed(BAD), &["bw.failed-after-change"]);
    check("the old password on the own telephone", &changed("198.51.100.7"), &[]);
    let mut mistyped = changed(BAD);
    mistyped.insert(3, ssh(2 * HOUR + 40, "eve", BAD, true));
    check("on the way, mistyped once and in then", &mistyped, &[]);
    let prompts = |refused: i64, apart: i64| {
        let mut lines: Vec<Line> =
            (0..refused).map(|n| entra(n * apart, "eve@corp.example", BAD, 500_121)).collect();
        lines.push(entra(refused * apart, "eve@corp.example", BAD, 0));
        lines
    };
    check("five refused, one accepted", &prompts(5, 60), &["bw.mfa-fatigue"]);
    check("four refused", &prompts(4, 60), &[]);
    check("five refused over an hour", &prompts(5, 900), &[]);
    let okta = |n: i64, kind: &str, result: &str| {
        let fields = json!({"eventType": kind, "outcome": {"result": result}, "actor": {"alternateId": "eve@corp.example"}, "client": {"ipAddress": BAD}});
        (n * 60, "okta", Format::Ndjson, fields)
    };
    let mut lines: Vec<Line> =
        (0..5).map(|n| okta(n, "user.authentication.auth_via_mfa", "FAILURE")).collect();
    lines.push(okta(6, "user.authentication.auth_via_mfa", "SUCCESS"));
    check("the same at another maker's", &lines, &["bw.mfa-fatigue"]);
    let place = |at: i64, north: f64, east: f64| {
        let mut line = entra(at, "eve@corp.example", BAD, 0);
        line.3["location"] = json!({"geoCoordinates": {"latitude": north, "longitude": east}});
        line
    };
    check(
        "Berlin and New York within an hour",
        &[place(0, 52.5, 13.4), place(HOUR, 40.7, -74.0)],
        &["bw.impossible-travel"],
    );
    check("Berlin and New York within a day", &[place(0, 52.5, 13.4), place(DAY, 40.7, -74.0)], &[]);
    check("Berlin and Hamburg within a minute", &[place(0, 52.5, 13.4), place(60, 53.5, 10.0)], &[]);
    let country = |at: i64, code: &str| {
        let mut line = entra(at, "eve@corp.example", BAD, 0);
        line.3["location"] = json!({"countryOrRegion": code});
        line
    };
    check(
        "two countries in forty minutes",
        &[country(0, "DE"), country(2400, "AU")],
        &["bw.impossible-travel"],
    );
    check("two countries in two hours", &[country(0, "DE"), country(7200, "AU")], &[]);
    check("one country in two spellings", &[country(0, "DE"), country(60, "de")], &[]);
    let exit = policy(-1, json!([line("vpn-exit", "203.0.113.0/24")]));
    check("an exit that the policy declares", &[exit, country(0, "DE"), country(2400, "AU")], &[]);
    let border: Vec<Line> =
        (0..9).flat_map(|d| [country(d * DAY, "DE"), country(d * DAY + 2400, "FR")]).collect();
    let alerts = alerts_of(&border, &[]);
    assert_eq!(
        alerts.iter().map(|a| a.count).collect::<Vec<_>>(),
        [2],
        "only the first day of who lives at a border"
    );
    let okta = |at: i64, code: &str| {
        let fields = json!({"eventType": "user.session.start", "outcome": {"result": "SUCCESS"}, "actor": {"alternateId": "eve@corp.example"}, "client": {"ipAddress": BAD, "geographicalContext": {"country": code}}});
        (at, "okta", Format::Ndjson, fields)
    };
    check(
        "two countries at another maker's",
        &[okta(0, "Germany"), okta(1800, "Brazil")],
        &["bw.impossible-travel"],
    );
    let google = |at: i64, code: &str| {
        let fields = json!({"id": {"applicationName": "login"}, "actor": {"email": "eve@corp.example"}, "ipAddress": BAD, "events": [{"name": "login_success"}], "networkInfo": {"regionCode": code}});
        (at, "google", Format::Ndjson, fields)
    };
    check("two countries at a third", &[google(0, "DE"), google(1800, "BR")], &["bw.impossible-travel"]);
    check("nowhere twice", &[place(0, 0.0, 0.0), place(60, 40.7, -74.0)], &[]);
}

#[test]
fn dormant_accounts_and_changes_of_rights() {
    let wakes =
        |days: i64| vec![ssh(-days * DAY, "old", "198.51.100.7", true), ssh(0, "old", "198.51.100.7", true)];
    check("after fifty days", &wakes(50), &["bw.dormant-account"]);
    check("after forty days", &wakes(40), &[]);
    let member = |sid: &str| {
        windows(
            0,
            4732,
            json!({"TargetSid": sid, "TargetUserName": "x", "MemberName": "CN=eve", "SubjectUserName": "adm"}),
        )
    };
    check("a new administrator", &[member("S-1-5-32-544")], &["bw.new-administrator"]);
    check("a new domain administrator", &[member("S-1-5-21-1-2-3-512")], &["bw.new-administrator"]);
    check("a new user of a printer", &[member("S-1-5-21-1-2-3-1512")], &[]);
    let ticket = policy(-1, json!([line("ticket", "adm")]));
    check("a new administrator with a ticket", &[ticket, member("S-1-5-32-544")], &[]);
    let audit = |activity: &str| {
        let fields = json!({"activityDisplayName": activity, "result": "success", "initiatedBy": {"user": {"userPrincipalName": "adm@corp.example"}}, "targetResources": [{"displayName": "Reader", "type": "Application"}]});
        (0, "audit", Format::Ndjson, fields)
    };
    check("a consent", &[audit("Consent to application")], &["bw.new-consent"]);
    check("a federation", &[audit("Set domain authentication")], &["bw.new-federation"]);
    check("something else", &[audit("Update user")], &[]);
    let rule = |name: &str, value: &str| {
        let fields = json!({"Operation": "New-InboxRule", "UserId": "eve@corp.example", "ClientIP": BAD, "Parameters": [{"Name": "Name", "Value": "."}, {"Name": name, "Value": value}]});
        (0, "m365", Format::Ndjson, fields)
    };
    check("mail is passed on", &[rule("ForwardTo", "x@elsewhere.example")], &["bw.new-forwarding-rule"]);
    check("mail is put into a folder", &[rule("MoveToFolder", "News")], &[]);
}

#[test]
fn logs_that_are_emptied_stopped_or_silent() {
    check("emptied", &[windows(0, 1102, json!({"SubjectUserName": "adm"}))], &["bw.log-tampering"]);
    let clock =
        |after: &str| windows(0, 4616, json!({"PreviousTime": "2026-11-02T00:00:00Z", "NewTime": after}));
    check("a clock set by an hour", &[clock("2026-11-02T01:00:00Z")], &["bw.log-tampering"]);
    check("a clock set by a second", &[clock("2026-11-02T00:00:01Z")], &[]);
    let systemd = |at: i64, message: &str| {
        (at, "messages", Format::Syslog, json!({"program": "systemd", "message": message, "host": "srv"}))
    };
    let stop = systemd(0, "Stopped System Logging Service.");
    let later = systemd(HOUR, "Started Daily apt download activities.");
    check("stopped", &[stop.clone(), later.clone()], &["bw.log-tampering"]);
    let start = systemd(20, "Started System Logging Service.");
    check("restarted", &[stop, start, later], &[]);
    let stream = |until: i64, step: i64, log: &'static str| {
        (0..until / step).map(move |n| (n * step, log, Format::Text, json!({"message": "x"})))
    };
    let both = |first: i64, second: i64| {
        let mut lines: Vec<Line> = stream(first, 120, "a").chain(stream(second, 120, "b")).collect();
        lines.sort_by_key(|l| l.0);
        lines
    };
    check("one of two logs falls silent", &both(4 * DAY, 4 * DAY + 3 * HOUR), &["bw.silent-source"]);
    let relay = |until: i64, host: &'static str| {
        (0..until / 120)
            .map(move |n| (n * 120, "relay", Format::Syslog, json!({"host": host, "message": "x"})))
    };
    let mut hosts: Vec<Line> = relay(4 * DAY, "a").chain(relay(4 * DAY + 3 * HOUR, "b")).collect();
    hosts.sort_by_key(|l| l.0);
    check("one of two hosts on a relay falls silent", &hosts, &["bw.silent-source"]);
    check("both go on", &both(4 * DAY, 4 * DAY), &[]);
    check("both fall silent together", &both(4 * DAY, 4 * DAY + 10 * MINUTE), &[]);
}

#[test]
fn remote_tools_and_the_providers_accounts() {
    let process = |image: &str| windows(0, 4688, json!({"NewProcessName": image, "SubjectUserName": "eve"}));
    check("a tool", &[process("C:\\Users\\eve\\AnyDesk.exe")], &["bw.unapproved-remote-tool"]);
    check("no tool", &[process("C:\\Windows\\System32\\mstsc.exe")], &[]);
    let allowed = policy(-1, json!([line("remote-tool", "AnyDesk")]));
    check("a tool that is allowed", &[allowed, process("C:\\Users\\eve\\AnyDesk.exe")], &[]);
    // 2 November 2026 is a Monday.
    let days = |n: i64| ssh(n * DAY + 10 * HOUR, "msp-kim", "192.0.2.10", true);
    let mut ordinary: Vec<Line> = (0..4).map(days).collect();
    ordinary.push(ssh(4 * DAY + 2 * HOUR, "msp-kim", "192.0.2.11", true));
    check("on call at night, from the provider's path", &ordinary, &[]);
    ordinary.push(ssh(4 * DAY + 3 * HOUR, "msp-kim", BAD, true));
    check("at night from elsewhere", &ordinary, &["bw.provider-out-of-bounds"]);
    let bound = policy(
        -1,
        json!([
            line("provider-account", "kim"),
            line("provider-path", "192.0.2.0/24"),
            line("provider-window", "mon-fri 07:00-19:00")
        ]),
    );
    for (at, from, want) in [
        (10 * HOUR, "192.0.2.9", &[][..]),
        (10 * HOUR, BAD, &["bw.provider-out-of-bounds"]),
        (22 * HOUR, "192.0.2.9", &["bw.provider-out-of-bounds"]),
    ] {
        check("bounds that the policy declares", &[bound.clone(), ssh(at, "kim", from, true)], want);
    }
}

#[test]
fn a_flood_pushes_out_nobody_elses_counters() {
    let mut lines: Vec<Line> = (0..10).map(|n| ssh(n * 20, "admin", BAD, false)).collect();
    lines.extend((0..3_000).map(|n| ssh(200 + n / 100, &format!("x{n}"), "192.0.2.66", false)));
    lines.extend((0..10).map(|n| ssh(300 + n * 20, "admin", BAD, false)));
    let found = fired(&lines);
    assert!(found.contains(&"bw.brute-force".to_owned()), "{found:?}");
}

#[test]
fn a_forged_time_moves_nobody_elses_window() {
    let mut lines: Vec<Line> = (0..20).map(|n| ssh(n * 20, "admin", BAD, false)).collect();
    lines.insert(10, ssh(70_000 * DAY / 1000, "admin", BAD, false));
    lines.insert(12, ssh(-900 * DAY, "admin", BAD, false));
    check("a record of the far future and one of the past between them", &lines, &["bw.brute-force"]);
}

#[test]
fn a_file_of_last_month_read_after_one_of_today_is_counted_where_it_happened() {
    let mut lines: Vec<Line> =
        (0..30).map(|n| ssh(30 * DAY + n * HOUR, &name(n), "198.51.100.7", true)).collect();
    lines.extend((0..20).map(|n| entra(n * 20, "eve@corp.example", BAD, 50126)));
    check("brute force in the second file", &lines, &["bw.brute-force"]);
}

#[test]
fn an_alert_tells_every_number_that_decided_it() {
    let mut sprayed: Vec<Line> = (0..12).map(|n| ssh(n * 60, "admin", BAD, false)).collect();
    sprayed.push(ssh(900, "admin", BAD, true));
    for (lines, id, numbers) in [
        (spray(10, 60), "bw.spray-fast", &["10 accounts failed", "fires at 10 within 10 minutes"][..]),
        (
            sprayed,
            "bw.success-after-failures",
            &["12 failures before it", "fires at 10", "within 60 minutes"],
        ),
        (
            (0..20).map(|n| ssh(n * 20, "admin", BAD, false)).collect(),
            "bw.brute-force",
            &["20 failures", "20 within 10 minutes", "100 within 24 hours"],
        ),
    ] {
        let alerts = alerts_of(&lines, &[]);
        let alert = alerts.iter().find(|a| a.rule.id == id).expect(id);
        let why = alert.details.as_ref().expect("details").why.join(" ");
        for number in numbers {
            assert!(why.contains(number), "{id}: {why} lacks {number}");
        }
    }
}

/// Records of a Windows log that numbers them, one every ten seconds; those that `gone` names are not there.
fn numbered(many: i64, gone: impl Fn(i64) -> bool) -> Vec<Line> {
    let line = |n: i64| windows(n * 10, 4634, json!({"EventRecordID": 70_000 + n, "LogonType": "3"}));
    (0..many).filter(|n| !gone(*n)).map(line).collect()
}

#[test]
fn records_that_were_taken_out_of_a_log_are_missed_by_their_numbers() {
    let found = &["bw.log-tampering"][..];
    let taken_out = |n: i64| (700..703).contains(&n);
    check("three records of a log that never lacked one", &numbered(900, taken_out), found);
    check("a single one", &numbered(900, |n| n == 700), found);
    check("a whole log", &numbered(900, |_| false), &[]);
    check("a log that is filtered on its way", &numbered(3000, |n| n % 9 < 3), &[]);
    check("a gap in the first hour of a log", &numbered(900, |n| n == 300), &[]);
    let mut restarted = numbered(900, taken_out);
    restarted.push(windows(7_000, 1074, json!({"Channel": "System"})));
    restarted.sort_by_key(|l| l.0);
    check("a gap around a restart of the machine", &restarted, &[]);
    let mut planned = vec![policy(-1, json!([line("maintenance", "dc-1")]))];
    planned.extend(numbered(900, taken_out));
    check("a gap while the machine is worked on", &planned, &[]);
    let mut anew = numbered(900, |_| false);
    anew.extend((0..900).map(|n| windows(9_000 + n * 10, 4634, json!({"EventRecordID": 1 + n}))));
    check("numbers that begin anew", &anew, &[]);
    let outage: Vec<Line> = numbered(900, taken_out)
        .into_iter()
        .map(|mut l| {
            l.0 += if l.0 > 7_000 { 2 * HOUR } else { 0 };
            l
        })
        .collect();
    check("a collection that was away for two hours", &outage, &[]);
    let others = numbered(900, |_| false).into_iter().zip(numbered(900, |_| false));
    let two: Vec<Line> = others
        .flat_map(|(one, mut other)| {
            other.3["Computer"] = "ws-2".into();
            other.3["EventRecordID"] = json!(other.0 / 10 + 9);
            [one, other]
        })
        .collect();
    check("two machines on one relay, each with numbers of its own", &two, &[]);
    let audit = |n: i64, part: &str| {
        let message = format!("type={part} msg=audit(1793577600.{:03}:{}): pid=1", n % 1000, 40 + n);
        (n * 10, "audit", Format::Text, json!({"message": message, "host": "srv"}))
    };
    let events = |gone: i64| {
        let kept = (0..900).filter(move |n| *n != gone);
        kept.flat_map(|n| [audit(n, "SYSCALL"), audit(n, "PATH")]).collect::<Vec<_>>()
    };
    check("auditd, with two records for each event", &events(-1), &[]);
    check("auditd, one event taken out", &events(640), found);
    let journal = |gone: i64| -> Vec<Line> {
        let cursor = |n: i64| json!({"__CURSOR": format!("s=ab;i={:x};b=cd", 4096 + n), "_HOSTNAME": "srv", "MESSAGE": "x"});
        (0..900).filter(|n| *n != gone).map(|n| (n * 10, "journal", Format::Ndjson, cursor(n))).collect()
    };
    check("a journal", &journal(-1), &[]);
    check("a journal that lacks one", &journal(640), found);
    let alerts = alerts_of(&numbered(900, taken_out), &[]);
    let why = alerts[0].details.as_ref().expect("details").why.join(" ");
    assert!(why.contains("3 records are missing of Security, numbers 70700 to 70702"), "{why}");
    assert_eq!(alerts[0].count, 2, "the records on both sides");
}

/// Names and texts that maps ask for, at the top, nested, and as one text with dots.
fn odd_fields() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "EventID",
        "Channel",
        "winlog",
        "winlog.event_id",
        "winlog.computer_name",
        "event_id",
        "EventData",
        "Event",
        "TargetUserName",
        "LogonType",
        "properties",
        "status",
        "status.errorCode",
        "errorCode",
        "action",
        "outcome",
        "program",
        "message",
        "host",
        "Computer",
        "_HOSTNAME",
        "events",
        "name",
        "eventName",
        "eventType",
        "Operation",
        "_path",
        "protoPayload",
        "methodName",
        "protoPayload.methodName",
        "subtype",
        "event_type",
        "user",
    ]);
    let leaf = prop::sample::select(vec![
        json!("4624"),
        json!(4625),
        json!("4688"),
        json!("2"),
        json!("eve"),
        json!("0"),
        json!(50126),
        json!("sign-in"),
        json!("failure"),
        json!("systemd"),
        json!("Stopped System Logging Service."),
        json!("login_success"),
        json!("ConsoleLogin"),
        json!("UserLoggedIn"),
        json!("ssh"),
        json!("Security"),
        json!(null),
        json!(["4624"]),
        json!("google.logging.v2.ConfigServiceV2.DeleteSink"),
        json!("vpn-login"),
        json!("ws-1"),
    ]);
    let inner = prop::collection::vec((name.clone(), leaf.clone()), 0..5);
    let object = inner.prop_map(|all| all.into_iter().map(|(n, v)| (n.to_owned(), v)).collect::<Value>());
    let deeper = prop::collection::vec((name.clone(), object.clone()), 0..3);
    let deeper = deeper.prop_map(|all| all.into_iter().map(|(n, v)| (n.to_owned(), v)).collect::<Value>());
    let list = prop::collection::vec(object.clone(), 0..3).prop_map(Value::from);
    let any = prop_oneof![leaf, object, deeper, list];
    prop::collection::vec((name, any), 0..7)
        .prop_map(|all| all.into_iter().map(|(n, v)| (n.to_owned(), v)).collect::<Value>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_the_names_of_its_fields_a_record_is_read_the_same_in_one_pass(fields in odd_fields()) {
        static READ: std::sync::OnceLock<Vocabulary> = std::sync::OnceLock::new();
        let vocabulary = READ.get_or_init(Vocabulary::built_in);
        let sealed = seal(&mut Sealing::of("acme"), &[(0, "odd", Format::Json, fields)]);
        let event = &sealed.value()[0];
        prop_assert_eq!(vocabulary.read(event), vocabulary.read_plainly(event));
    }
}
