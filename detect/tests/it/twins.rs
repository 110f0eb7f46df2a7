//! What looks like an attack and is none, each beside the attack that looks most like it: the one stays below level
//! high, the other is found. None of it stands in the noise of the quiet month.

use super::patterns::{BAD, DAY, HOUR, Line, MINUTE, alerts_with, entra, policy, ssh, windows};
use detect::Settings;
use model::{Alert, Format, Level};
use serde_json::json;

/// People of the customer.
const PEOPLE: i64 = 40;
/// Behind which the office signs in to clouds.
const OFFICE: &str = "198.51.100.250";

fn mail(n: i64) -> String {
    format!("p{n}@corp.example")
}

fn desk(n: i64) -> String {
    format!("10.1.0.{}", n + 1)
}

/// A sign-in that a domain controller saw.
fn logon(at: i64, user: &str, from: &str, success: bool) -> Line {
    let more = if success {
        json!({"TargetUserName": user, "IpAddress": from, "LogonType": "3"})
    } else {
        json!({"TargetUserName": user, "IpAddress": from, "LogonType": "3", "SubStatus": "0xc000006a"})
    };
    windows(at, if success { 4624 } else { 4625 }, more)
}

fn is_off(day: i64) -> bool {
    day.rem_euclid(7) > 4
}

/// Ordinary days, from one to below another: everybody signs in at the desk, through the office and from home, and gates
/// tick.
fn life(from: i64, until: i64) -> Vec<Line> {
    let mut lines = vec![];
    for day in from..until {
        let midnight = day * DAY;
        for hour in 0..24 {
            let tick = json!({"host": "gate", "program": "cron", "message": "tick"});
            lines.push((midnight + hour * HOUR, "messages", Format::Syslog, tick));
        }
        for n in (0..PEOPLE).filter(|_| !is_off(day)) {
            let at = midnight + 7 * HOUR + (n * 397 + day * 53).rem_euclid(2 * HOUR);
            lines.push(logon(at, &format!("p{n}"), &desk(n), true));
            lines.push(entra(at + 90, &mail(n), OFFICE, 0));
            if (n + day) % 5 == 0 {
                lines.push(entra(at + 11 * HOUR, &mail(n), &format!("198.51.100.{}", n + 1), 0));
            }
        }
    }
    lines
}

/// Three weeks of ordinary days, these lines among them, and ordinary days behind them.
fn among(lines: Vec<Line>) -> Vec<Line> {
    let last = lines.iter().map(|l| l.0).max().unwrap_or(0) / DAY;
    let mut all = life(-21, last.max(0) + 2);
    all.extend(lines);
    all.sort_by_key(|l| l.0);
    all
}

fn raised(lines: &[Line]) -> Vec<Alert> {
    alerts_with(lines, &[], &Settings::default())
}

fn severe(lines: &[Line]) -> Vec<String> {
    let high = raised(lines).into_iter().filter(|a| a.rule.level >= Level::High);
    high.map(|a| format!("{} {}: {}", a.rule.id, a.first, a.summary)).collect()
}

/// Nothing of level high is raised among ordinary days.
fn quiet(what: &str, lines: Vec<Line>) {
    assert_eq!(severe(&among(lines)), Vec::<String>::new(), "{what}");
}

/// This detection fires among ordinary days.
fn found(what: &str, lines: Vec<Line>, id: &str) {
    let alerts = raised(&among(lines));
    let said: Vec<_> = alerts.iter().map(|a| (&a.rule.id, a.rule.level, &a.summary)).collect();
    assert!(alerts.iter().any(|a| a.rule.id == id), "{what}: {said:#?}");
}

/// The same, and on its full level.
fn found_whole(what: &str, lines: Vec<Line>, id: &str) {
    let level = detect::detection(id).expect(id).level;
    let alerts = raised(&among(lines));
    let said: Vec<_> = alerts.iter().map(|a| (&a.rule.id, a.rule.level, &a.summary)).collect();
    assert!(alerts.iter().any(|a| a.rule.id == id && a.rule.level == level), "{what}: {said:#?}");
}

#[test]
fn a_school_on_its_first_day_behind_one_address() {
    // Of three hundred pupils a third mistypes and is in within a minute, one in twelve does not get in at all.
    let pupils = (0..300).flat_map(|n| {
        let (at, who) = (8 * HOUR + n * 9, format!("pupil{n}@corp.example"));
        let mut lines = vec![];
        if n % 3 == 0 {
            lines.push(entra(at, &who, "192.0.2.10", 50_126));
        }
        if n % 12 == 5 {
            lines.extend((0..3).map(|k| entra(at + k * 30, &who, "192.0.2.10", 50_126)));
        } else {
            lines.push(entra(at + 45, &who, "192.0.2.10", 0));
        }
        lines
    });
    quiet("three hundred pupils", pupils.collect());
    let tried = (0..300).map(|n| {
        let code = if n % 50 == 20 { 0 } else { 50_126 };
        entra(8 * HOUR + n * 9, &format!("pupil{n}@corp.example"), "192.0.2.10", code)
    });
    let tried: Vec<Line> = tried.collect();
    found("somebody tries three hundred accounts", tried.clone(), "bw.spray-fast");
    found_whole("and six of them give way", tried, "bw.success-after-failures");
    let mut beside: Vec<Line> =
        (0..12).map(|n| logon(-4 * DAY + n, &format!("admin{n}"), "10.1.5.9", true)).collect();
    beside
        .extend((0..12).map(|n| entra(8 * HOUR + n * 20, &format!("admin{n}@corp.example"), OFFICE, 50_126)));
    found_whole("accounts that nobody uses there, from inside of the office", beside, "bw.spray-fast");
}

#[test]
fn a_service_whose_password_has_ended() {
    let before = |from: &str| (-9..0).map(|d| logon(d * DAY, "svc-erp", from, true)).collect::<Vec<_>>();
    let every = |from: &str, seconds: i64, status: &str| {
        let mut lines = before("10.1.7.20");
        for turn in 0..3 * DAY / seconds {
            let fields = json!({"TargetUserName": "svc-erp", "IpAddress": from, "LogonType": "3", "SubStatus": status});
            lines.push(windows(turn * seconds, 4625, fields));
        }
        lines
    };
    quiet("it has ended, every five minutes", every("10.1.7.20", 300, "0xc0000071"));
    quiet("it was changed, every five minutes", every("10.1.7.20", 300, "0xc000006a"));
    quiet("it was changed, every ten seconds", every("10.1.7.20", 10, "0xc000006a"));
    quiet("the account is locked, every minute", every("10.1.7.20", 60, "0xc0000234"));
    found_whole("the same from elsewhere", every("10.4.7.9", 300, "0xc000006a"), "bw.brute-force");
}

/// What appliances are sold with.
const SOLD: [&str; 14] = [
    "admin",
    "administrator",
    "root",
    "guest",
    "cisco",
    "ubnt",
    "pi",
    "oracle",
    "tomcat",
    "operator",
    "support",
    "test",
    "user",
    "nagios",
];

fn vpn(at: i64, user: &str, from: &str, success: bool) -> Line {
    let (action, reason) = if success {
        ("tunnel-up", "login successfully")
    } else {
        ("ssl-login-fail", "sslvpn_login_permission_denied")
    };
    let fields = json!({"devname": "fw-1", "type": "event", "subtype": "vpn", "action": action, "user": user, "remip": from, "reason": reason});
    (at, "vpn", Format::Syslog, fields)
}

#[test]
fn a_scanner_that_nobody_declared() {
    let scan = |names: &dyn Fn(i64) -> String, nobody: &str| {
        let mut lines = vec![];
        for week in -2..2 {
            for host in 0..6 {
                for n in 0..14 {
                    let at = week * 7 * DAY + 22 * HOUR + host * 120 + n * 5;
                    let fields = json!({"TargetUserName": names(n), "IpAddress": "10.1.9.250", "LogonType": "3", "SubStatus": nobody});
                    lines.push(windows(at, 4625, fields));
                }
            }
        }
        lines
    };
    let sold = |n: i64| SOLD[usize::try_from(n).expect("small")].to_owned();
    quiet("every week, names that nobody has", scan(&sold, "0xc0000064"));
    let people = |n: i64| format!("p{n}");
    found_whole("every week, everybody who works here", scan(&people, "0xc000006a"), "bw.spray-fast");
    // A gateway does not say whether there is such an account.
    let bots = |people: bool| {
        let mut lines: Vec<Line> = (0..PEOPLE)
            .map(|n| vpn(n * 60, &format!("p{n}"), &format!("198.51.100.{}", n + 1), true))
            .collect();
        for day in 1..7 {
            for n in 0..14 {
                let who = if people { format!("p{n}") } else { sold(n) };
                lines.push(vpn(day * DAY + n * 25, &who, &format!("203.0.113.{day}"), false));
            }
        }
        lines
    };
    quiet(
        "the internet knocks at a gateway every day with names that nobody was ever seen to use",
        bots(false),
    );
    found_whole("the same with names of people", bots(true), "bw.spray-fast");
}

/// Somebody's password is reset by the help desk.
fn reset(at: i64, n: i64) -> Line {
    windows(at, 4724, json!({"TargetUserName": format!("p{n}"), "SubjectUserName": "helpdesk"}))
}

#[test]
fn a_telephone_that_keeps_an_old_password_for_a_week() {
    let tried = |who: i64, from: i64, until: i64| {
        let times = (from..until).step_by(360);
        times.map(move |at| entra(at, &mail(who), &format!("192.0.2.{}", 1 + (at / (2 * HOUR)) % 90), 50_126))
    };
    let telephones = |many: i64| {
        let mut lines: Vec<Line> = (0..many).map(|n| reset(9 * HOUR, n)).collect();
        (0..many).for_each(|n| lines.extend(tried(n, 9 * HOUR + 600 + n, 7 * DAY)));
        lines
    };
    quiet("one", telephones(1));
    quiet("those of twenty-four people after a day of new passwords", telephones(24));
    let mut later = vec![reset(9 * HOUR, 3)];
    later.extend(tried(3, 4 * DAY, 6 * DAY));
    found_whole("somebody begins to try days after the change", later, "bw.brute-force");
    let mut slow: Vec<Line> = (0..30).map(|n| reset(9 * HOUR, n)).collect();
    slow.extend((0..30).map(|n| entra(5 * DAY + n * 1500, &mail(n), &format!("203.0.113.{n}"), 50_126)));
    found_whole("slow spraying days after a day of new passwords", slow, "bw.spray-slow");
}

fn host(at: i64, program: &str, message: &str) -> Line {
    (at, "messages", Format::Syslog, json!({"program": program, "message": message, "host": "backup-1"}))
}

#[test]
fn an_appliance_that_restarts_every_week_and_whose_clock_is_wrong_then() {
    let restart = |seconds: &str, told: bool| {
        let mut lines = vec![];
        for week in -2..2 {
            let at = week * 7 * DAY + 4 * HOUR;
            let step = format!("System clock was stepped by {seconds} seconds");
            if told {
                lines.push(host(at, "systemd-logind", "System is rebooting."));
            }
            lines.push(host(at + 20, "systemd", "Stopped System Logging Service."));
            lines.push(host(at + 420, "kernel", "Linux version 6.8.0-90-generic (buildd@host)"));
            lines.push(host(at + 430, "systemd", "Started System Logging Service."));
            lines.push(host(at + 460, "chronyd", &step));
        }
        lines
    };
    quiet("it restarts, and the time service corrects its clock", restart("5400.120000", true));
    let mut stopped = restart("0.1", true);
    stopped.push(host(9 * DAY, "systemd", "Stopped System Logging Service."));
    stopped.push(host(9 * DAY + 3 * HOUR, "CRON", "(root) CMD (true)"));
    found_whole("its log is stopped and it does not restart", stopped, "bw.log-tampering");
    let stepped = vec![host(9 * DAY, "chronyd", "System clock was stepped by 5400.1 seconds")];
    found_whole("its clock is stepped without a restart", stepped, "bw.log-tampering");
    let mut by_hand = restart("0.1", true);
    by_hand.push(host(
        8 * HOUR + 7 * DAY,
        "systemd-timedated",
        "Changed local time to Mon 2026-11-02 03:00:00 UTC",
    ));
    found_whole("its clock is set by hand", by_hand, "bw.log-tampering");
    let clock = |by: &str, program: &str| {
        let times = ("2026-11-02T00:00:00Z", "2026-11-02T05:00:00Z");
        vec![windows(
            HOUR,
            4616,
            json!({"PreviousTime": times.0, "NewTime": times.1, "SubjectUserName": by, "SubjectUserSid": "S-1-5-18", "ProcessName": program}),
        )]
    };
    let tools = "C:\\Program Files\\VMware\\VMware Tools\\vmtoolsd.exe";
    quiet("a virtual machine goes on after a pause", clock("DC-1$", tools));
    found_whole(
        "a shell sets the clock",
        clock("DC-1$", "C:\\Windows\\System32\\cmd.exe"),
        "bw.log-tampering",
    );
}

#[test]
fn everybody_comes_from_a_new_address_on_one_morning() {
    // A new gateway of the VPN: all within an hour, every second one mistypes, because it asks for the name in another form.
    let morning = |gets_in: i64| {
        let people = (0..PEOPLE).flat_map(move |n| {
            let at = 7 * HOUR + 30 * MINUTE + n * 85;
            let tried = logon(at, &format!("p{n}"), "10.8.50.1", false);
            let then = logon(at + 60, &format!("p{n}"), "10.8.50.1", true);
            let is_in = n % 20 < gets_in;
            [(n % 2 == 0 || !is_in).then_some(tried), is_in.then_some(then)]
        });
        people.flatten().collect::<Vec<_>>()
    };
    quiet("a new gateway", morning(20));
    found_whole("one in twenty gets in", morning(1), "bw.spray-slow");
    // A new branch office: new desks, a new way out, a new town, telephones that are not heard at once.
    let branch = |code: i64| {
        let people = (0..15).flat_map(move |n| {
            let at = 8 * HOUR + n * 37;
            let place = json!({"geoCoordinates": {"latitude": 48.1, "longitude": 11.6}});
            let mut last = entra(at + 300, &mail(n), "192.0.2.130", code);
            last.3["location"] = place;
            let prompts = (0..3).map(move |k| entra(at + 90 + k * 50, &mail(n), "192.0.2.130", 500_121));
            let prompts = prompts.filter(move |_| code == 0);
            prompts.chain([entra(at, &mail(n), "192.0.2.130", 50_126), last])
        });
        people.collect::<Vec<_>>()
    };
    found_whole("nobody gets in from a new town", branch(50_126), "bw.spray-fast");
    let spread = |lines: Vec<Line>| {
        lines
            .into_iter()
            .map(|mut l| {
                l.0 += (l.0 - 8 * HOUR) * 3;
                l
            })
            .collect()
    };
    quiet("a new branch office", spread(branch(0)));
}

#[test]
fn two_hundred_accounts_of_a_company_that_was_bought() {
    let merged = |admin: bool| {
        let mut lines = vec![];
        for n in 0..200 {
            let (at, who) = (20 * HOUR + n * 3, format!("new{n}"));
            lines.push(windows(at, 4720, json!({"TargetUserName": who, "SubjectUserName": "adm.import"})));
            lines.push(windows(
                at + 1,
                4724,
                json!({"TargetUserName": who, "SubjectUserName": "adm.import"}),
            ));
            let group = if admin && n == 77 { "S-1-5-21-1-7-9-512" } else { "S-1-5-21-1-7-9-1520" };
            let member = json!({"TargetSid": group, "TargetUserName": "Staff", "MemberName": format!("CN={who}"), "SubjectUserName": "adm.import"});
            lines.push(windows(at + 2, 4728, member));
            // The next day all through one server of desks: the password must be changed first, one in six mistypes.
            let at = DAY + 7 * HOUR + n * 30;
            let must = json!({"TargetUserName": who, "IpAddress": "10.1.60.5", "LogonType": "10", "SubStatus": "0xc0000224"});
            lines.push(windows(at, 4625, must));
            lines.push(windows(at + 40, 4723, json!({"TargetUserName": who, "SubjectUserName": who})));
            if n % 6 == 0 {
                lines.push(logon(at + 50, &who, "10.1.60.5", false));
            }
            lines.push(logon(at + 70, &who, "10.1.60.5", true));
        }
        lines
    };
    quiet("imported, and signed in for the first time", merged(false));
    found_whole("one of them becomes an administrator", merged(true), "bw.new-administrator");
}

#[test]
fn a_help_desk_that_resets_forty_passwords() {
    // Telephones of a dozen of them come out behind one address of their carrier.
    let resets = |tried: std::ops::Range<i64>, at: i64, from: &str| {
        let mut lines: Vec<Line> =
            (0..PEOPLE).filter(|n| n % 2 == 0).map(|n| reset(9 * HOUR + n * 60, n)).collect();
        for n in tried.filter(|n| n % 2 == at % 2) {
            lines.extend((0..3).map(|k| entra(11 * HOUR + n * 20 + k * 90, &mail(n), from, 50_126)));
        }
        lines
    };
    quiet("their telephones behind one address", resets(0..28, 0, "198.19.7.7"));
    found_whole("somebody tries those that were not reset", resets(0..28, 1, BAD), "bw.spray-fast");
    found("somebody tries those that were", resets(0..28, 0, BAD), "bw.spray-fast");
}

#[test]
fn everybody_is_back_after_six_weeks_and_mistypes() {
    let back = |from: &str, gets_in: bool| {
        let mut lines = life(-63, -42);
        for n in 0..PEOPLE {
            let at = 7 * HOUR + n * 18;
            lines.push(entra(at, &mail(n), from, 50_126));
            lines.push(entra(at + 40, &mail(n), from, 50_126));
            if gets_in && n % 10 > 0 {
                lines.push(entra(at + 60 + n * 5, &mail(n), from, 0));
            }
        }
        lines.extend(life(1, 4));
        lines.sort_by_key(|l| l.0);
        lines
    };
    assert_eq!(severe(&back(OFFICE, true)), Vec::<String>::new(), "in the office");
    let alerts = raised(&back(BAD, false));
    assert!(alerts.iter().any(|a| a.rule.id == "bw.spray-fast" && a.rule.level == Level::High));
}

#[test]
fn six_hours_that_come_in_late_and_out_of_order() {
    // A Windows log with numbers and the cloud's log; the parts of the outage come last first.
    let day = |attack: bool, gone: std::ops::Range<i64>| {
        let mut lines: Vec<Line> = vec![];
        for n in (0..5_000).filter(|n| !gone.contains(n)) {
            let at = 6 * HOUR + n * 12;
            let mut one = logon(at, &format!("p{}", n % PEOPLE), &desk(n % PEOPLE), n % 31 > 0);
            one.3["EventRecordID"] = json!(50_000 + n);
            lines.push(one);
        }
        for n in 0..PEOPLE {
            lines.push(entra(8 * HOUR + n * 400, &mail(n), OFFICE, 50_126));
            lines.push(entra(8 * HOUR + n * 400 + 30, &mail(n), OFFICE, 0));
        }
        if attack {
            lines.extend((0..25).map(|n| entra(11 * HOUR + n * 20, &mail(5), BAD, 50_126)));
        }
        lines.sort_by_key(|l| l.0);
        let within = |from: i64, to: i64| {
            lines.iter().filter(move |l| (from * HOUR..to * HOUR).contains(&l.0)).cloned()
        };
        let arrived: Vec<Line> = [(0, 8), (14, 16), (12, 14), (10, 12), (8, 10), (16, 48)]
            .into_iter()
            .flat_map(|(a, b)| within(a, b))
            .collect();
        let mut all = life(-21, 0);
        all.sort_by_key(|l| l.0);
        all.extend(arrived);
        let mut after = life(1, 3);
        after.sort_by_key(|l| l.0);
        all.extend(after);
        all
    };
    assert_eq!(severe(&day(false, 0..0)), Vec::<String>::new());
    let ids = |lines: &[Line]| raised(lines).into_iter().map(|a| a.rule.id).collect::<Vec<_>>();
    assert!(ids(&day(true, 0..0)).contains(&"bw.brute-force".to_owned()));
    assert!(
        ids(&day(false, 4_000..4_003)).contains(&"bw.log-tampering".to_owned()),
        "taken out behind the outage"
    );
}

#[test]
fn a_file_that_is_delivered_twice() {
    let day = |many: i64| {
        let mut lines: Vec<Line> =
            (0..many).map(|n| entra(20 * HOUR + n * 22, &mail(3), "192.0.2.31", 50_126)).collect();
        lines.push(entra(20 * HOUR + many * 22 + 5, &mail(3), "192.0.2.31", 0));
        lines.extend((0..3).map(|n| entra(22 * HOUR + n * 50, &mail(4), "192.0.2.32", 500_121)));
        lines.push(entra(22 * HOUR + 170, &mail(4), "192.0.2.32", 0));
        lines
    };
    let twice = |many: i64| {
        let mut all = among(day(many));
        let again = day(many);
        let place = all.partition_point(|l| l.0 < DAY);
        all.splice(place..place, again);
        all
    };
    assert_eq!(severe(&twice(9)), Vec::<String>::new());
    let ids: Vec<String> = raised(&twice(21)).into_iter().map(|a| a.rule.id).collect();
    assert!(ids.contains(&"bw.success-after-failures".to_owned()), "{ids:?}");
}

#[test]
fn a_test_of_intrusion_that_was_agreed() {
    let scanner = json!({"allow": "scanner", "what": "203.0.113.77", "from": "2026-11-03T08:00:00Z", "until": "2026-11-03T18:00:00Z", "reason": "agreed"});
    let tested = |from: &str, at: i64, owner: bool| {
        let mut lines = vec![policy(-1, json!([scanner]))];
        for n in 0..20 {
            lines.extend((0..8).map(|k| entra(at + n * 15 + k * 310, &mail(n), from, 50_126)));
        }
        lines.extend((0..60).map(|n| entra(at + 3 * HOUR + n * 9, &mail(3), from, 50_126)));
        if owner {
            // Meanwhile the owner is on the way with a new address and mistypes once.
            lines.push(entra(at + 3 * HOUR + 400, &mail(3), "192.0.2.61", 50_126));
            lines.push(entra(at + 3 * HOUR + 560, &mail(3), "192.0.2.61", 0));
        }
        lines
    };
    quiet("within the hours and from where it was agreed", tested(BAD, DAY + 9 * HOUR, true));
    found_whole("a day later", tested(BAD, 2 * DAY + 9 * HOUR, false), "bw.spray-fast");
    found_whole("a day later, one account", tested(BAD, 2 * DAY + 9 * HOUR, false), "bw.brute-force");
    found_whole("meanwhile from elsewhere", tested("203.0.113.8", DAY + 9 * HOUR, false), "bw.spray-fast");
}

#[test]
fn a_printer_and_a_kiosk_with_wrong_passwords() {
    let tries = |user: &'static str,
                 home: &'static str,
                 from: &'static str,
                 many: i64,
                 apart: i64,
                 status: &'static str| {
        let mut lines: Vec<Line> = (-9..0).map(|d| logon(d * DAY + 9 * HOUR, user, home, true)).collect();
        lines.extend((0..many).map(|n| {
            let fields =
                json!({"TargetUserName": user, "IpAddress": from, "LogonType": "3", "SubStatus": status});
            windows(8 * HOUR + n * apart, 4625, fields)
        }));
        lines
    };
    let scan = |from, many, apart| tries("scan2mail", "10.1.20.9", from, many, apart, "0xc0000234");
    quiet("a printer whose account is locked", scan("10.1.20.9", 400, 10));
    quiet("a printer that was replaced, in the same network", scan("10.1.20.44", 90, 300));
    found_whole("the printer's account from outside", scan(BAD, 60, 10), "bw.brute-force");
    let kiosk = |from, many, apart| tries("kiosk", "10.1.30.2", from, many, apart, "0xc000006a");
    quiet("a kiosk at which many press keys", kiosk("10.1.30.2", 90, 400));
    quiet("the kiosk beside it", kiosk("10.1.30.3", 50, 11));
    found_whole("the kiosk's account from another network", kiosk("10.7.30.3", 50, 11), "bw.brute-force");
}

#[test]
fn an_administrator_with_a_ticket() {
    let ticket = json!({"allow": "ticket", "what": "adm.office", "from": "2026-11-03T08:00:00Z", "until": "2026-11-03T18:00:00Z", "reason": "agreed"});
    let change = |at: i64, by: &str| {
        let fields = json!({"TargetSid": "S-1-5-21-1-7-9-512", "TargetUserName": "Domain Admins", "MemberName": "CN=p7", "SubjectUserName": by});
        vec![policy(-1, json!([ticket])), windows(at, 4728, fields)]
    };
    quiet("the change that was announced", change(DAY + 9 * HOUR, "adm.office"));
    found_whole("by somebody else", change(DAY + 9 * HOUR, "adm.other"), "bw.new-administrator");
    found_whole("the day after", change(2 * DAY + 9 * HOUR, "adm.office"), "bw.new-administrator");
}

fn internet(at: i64, user: &str, from: &str, exists: bool) -> Line {
    let mut one = ssh(at, user, from, false);
    if !exists {
        one.3["invalid_user"] = json!("true");
    }
    one
}

#[test]
fn what_the_internet_tries_at_an_open_door() {
    let bots = || {
        let mut lines = vec![];
        for day in 0..7 {
            for bot in 0..40 {
                let from = format!("203.0.113.{}", 1 + (day * 40 + bot) % 200);
                let at = day * DAY + bot * 2000;
                for turn in 0..12 {
                    let name = ["root", "admin", "test", "root", "oracle", "ubuntu"]
                        [usize::try_from((turn + bot) % 6).expect("small")];
                    lines.push(internet(at + turn * 8, name, &from, name == "root"));
                }
            }
        }
        lines
    };
    let high = severe(&among(bots()));
    assert!(high.len() <= 1, "not more than once in a week: {high:#?}");
    let mut deploy = bots();
    deploy.push(ssh(-3 * DAY, "deploy", "10.1.0.9", true));
    deploy.extend((0..30).map(|n| internet(3 * DAY + n * 15, "deploy", "203.0.113.240", true)));
    let alerts = raised(&among(deploy));
    let named = |a: &Alert| {
        a.rule.id == "bw.brute-force" && a.rule.level == Level::High && a.summary.contains("deploy")
    };
    assert!(alerts.iter().any(named), "somebody who knows a name");
    let mut gives_way = bots();
    gives_way.push(ssh(3 * DAY + 2000 + 100, "root", "203.0.113.122", true));
    found_whole("root gives way to one of them", gives_way, "bw.success-after-failures");
}

#[test]
fn somebody_who_travels_and_a_provider_whose_clock_is_local() {
    let there = |at: i64, country: &str, from: &str| {
        let mut one = entra(at, &mail(6), from, 0);
        one.3["location"] = json!({"countryOrRegion": country});
        one
    };
    let trip = vec![
        there(9 * HOUR, "DE", OFFICE),
        there(15 * HOUR, "CH", "192.0.2.71"),
        there(DAY + 9 * HOUR, "CH", "192.0.2.72"),
        there(DAY + 17 * HOUR, "IT", "192.0.2.81"),
        there(2 * DAY + 20 * HOUR, "DE", OFFICE),
    ];
    assert!(raised(&among(trip)).iter().all(|a| a.rule.id != "bw.impossible-travel"));
    let two = vec![there(9 * HOUR, "DE", OFFICE), there(9 * HOUR + 1500, "BR", BAD)];
    found_whole("two continents within the hour", two, "bw.impossible-travel");
    // Until the clocks go back the technician's evening is within the hours, afterwards not.
    let evenings = |from: &str| {
        let mut lines: Vec<Line> =
            (-8..0).map(|d| ssh(d * DAY + 19 * HOUR + 1800, "msp-kim", "192.0.2.253", true)).collect();
        lines.extend((0..4).map(|d| ssh(d * DAY + 20 * HOUR + 1800, "msp-kim", from, true)));
        lines
    };
    quiet("an hour later, from the provider's path", evenings("192.0.2.253"));
    found_whole("an hour later, from elsewhere", evenings(BAD), "bw.provider-out-of-bounds");
}
