//! Ways around the detections that are known, each tried: the numbers just below, sources that rotate, names in other forms,
//! addresses in other forms, floods, forged times.

use super::patterns::{DAY, HOUR, Line, MINUTE, entra, fired_with, ssh, windows};
use detect::Settings;
use serde_json::json;

const BAD: &str = "203.0.113.77";

fn check(what: &str, mut lines: Vec<Line>, want: &[&str]) {
    lines.sort_by_key(|l| l.0);
    assert_eq!(fired_with(&lines, &Settings::default()), want, "{what}");
}

/// Days on which sixty people sign in from their own places, so that something is known of the customer.
fn known() -> Vec<Line> {
    let person = |n: i64| ssh(n * MINUTE, &format!("user{n}"), &format!("198.51.100.{n}"), true);
    // A last record, so that what waits for an answer is decided.
    (0..60).map(person).chain([ssh(6 * DAY, "user1", "198.51.100.1", true)]).collect()
}

fn with(more: impl IntoIterator<Item = Line>) -> Vec<Line> {
    known().into_iter().chain(more).collect()
}

#[test]
fn staying_just_below_a_number_of_minutes_runs_into_that_of_the_day() {
    // Nine accounts in each quarter of an hour from one source: never ten in ten minutes.
    let spray =
        (0..45).map(|n| ssh(3 * DAY + n / 9 * 15 * MINUTE + n % 9 * 5, &format!("user{n}"), BAD, false));
    check("nine accounts, again and again", with(spray), &["bw.spray-slow"]);
    let brute = (0..114).map(|n| ssh(3 * DAY + n / 19 * 15 * MINUTE + n % 19 * 5, "user7", BAD, false));
    check("nineteen tries, again and again", with(brute), &["bw.brute-force"]);
    let guessed = (0..11).map(|n| ssh(3 * DAY + n * 5 * MINUTE, "user7", BAD, n == 10));
    check("ten tries in an hour, then it gives way", with(guessed), &["bw.success-after-failures"]);
}

#[test]
fn a_source_for_each_try_hides_neither_the_account_nor_the_many_accounts() {
    let other = |n: i64| format!("203.0.{}.{}", n / 200, 1 + n % 200);
    let brute = (0..20).map(|n| ssh(3 * DAY + n * 20, "user7", &other(n), false));
    check("one account, twenty sources", with(brute), &["bw.brute-force"]);
    let spray = (0..24).map(|n| {
        let mut line = entra(3 * DAY + n * 30 * MINUTE, &format!("user{n}@corp.example"), &other(n), 50_126);
        line.3["userAgent"] = json!(format!("Mozilla/5.0 ({n})"));
        line
    });
    check("twenty-four accounts, sources and user agents", with(spray), &["bw.spray-slow"]);
    let within = |n: i64| format!("2001:db8:1:2:{:x}::{:x}", 7 * n, 99 - n);
    let net = (0..10).map(|n| ssh(3 * DAY + n * 30, &format!("user{n}"), &within(n), false));
    check("another address of one IPv6 network for each", with(net), &["bw.spray-fast"]);
}

#[test]
fn an_account_is_one_in_whatever_form_its_name_is_written() {
    const SID: &str = "S-1-5-21-1-2-3-1107";
    let seen = windows(
        HOUR,
        4624,
        json!({"TargetUserName": "user7", "TargetUserSid": SID, "LogonType": "2", "IpAddress": "10.0.0.9"}),
    );
    let forms = ["user7", "USER7", "CORP\\User7", "user7@corp.example", "corp.example\\USER7", SID];
    let brute = (0..20).map(|n| {
        let who = forms[usize::try_from(n % 6).expect("small")];
        windows(3 * DAY + n * 20, 4625, json!({"TargetUserName": who, "IpAddress": BAD}))
    });
    check("twenty tries in six forms", with(brute.chain([seen.clone()])), &["bw.brute-force"]);
    let few = |n: i64| ssh(3 * DAY + n * 90, forms[usize::try_from(n % 5).expect("small")], BAD, false);
    let way = entra(3 * DAY + 1200, "User7@Corp.Example", BAD, 0);
    check(
        "failures in five forms, a success in another",
        with((0..12).map(few).chain([way])),
        &["bw.success-after-failures"],
    );
    let one =
        (0..15).map(|n| ssh(3 * DAY + n * 30, forms[usize::try_from(n % 5).expect("small")], BAD, false));
    check("fifteen tries of one account are no spray", with(one), &[]);
    let prompt = |n: i64| {
        entra(
            3 * DAY + n * 50,
            ["user7@corp.example", "USER7@corp.example"][usize::try_from(n % 2).expect("small")],
            BAD,
            if n == 6 { 0 } else { 500_121 },
        )
    };
    check("prompts in two forms", with((0..7).map(prompt)), &["bw.mfa-fatigue"]);
}

#[test]
fn an_address_is_one_in_whatever_form_it_is_written() {
    let forms =
        [BAD, "::ffff:203.0.113.77", "::FFFF:cb00:714d", "[::ffff:203.0.113.77]", "203.0.113.77:51022"];
    let form = |n: i64| forms[usize::try_from(n % 5).expect("small")];
    let spray = (0..10).map(|n| ssh(3 * DAY + n * 30, &format!("user{n}"), form(n), false));
    check("ten accounts from one address in five forms", with(spray), &["bw.spray-fast"]);
    let long = ["2001:db8::7", "2001:0DB8:0:0:0:0:0:7", "2001:db8:0:0::0:7"];
    let spray = (0..10).map(|n| {
        ssh(3 * DAY + n * 30, &format!("user{n}"), long[usize::try_from(n % 3).expect("small")], false)
    });
    check("ten accounts from one IPv6 address in three forms", with(spray), &["bw.spray-fast"]);
    let home = (0..12).map(|n| ssh(3 * DAY + n * 90, "user7", "::ffff:198.51.100.7", n == 11));
    check("somebody at home, whose server writes addresses in the long form", with(home), &[]);
}

#[test]
fn a_flood_of_sources_and_names_hides_neither_a_slow_spray_nor_brute_force() {
    let mut lines: Vec<Line> = (0..24)
        .map(|n| ssh(3 * DAY + n * 40 * MINUTE, &format!("user{n}"), &format!("192.0.2.{n}"), false))
        .collect();
    lines.extend((0..20).map(|n| ssh(3 * DAY + n * 20, "user50", BAD, false)));
    // Names that nobody has, from as many sources, all the while.
    lines.extend((0..6_000).map(|n| {
        let mut line =
            ssh(3 * DAY + n * 10, &format!("made-up-{n}"), &format!("203.{}.{}.9", n / 250, n % 250), false);
        line.3["invalid_user"] = json!("true");
        line
    }));
    check("both, in a flood", with(lines), &["bw.brute-force", "bw.spray-slow"]);
}

#[test]
fn times_of_years_ago_between_an_attack_change_nothing_about_it() {
    let old = |n: i64| ssh(-(400 + n) * DAY, "user7", BAD, false);
    let lines = (0..20).flat_map(|n| [ssh(3 * DAY + n * 20, "user7", BAD, false), old(n)]);
    let lines: Vec<Line> = with(lines);
    // In the order of their arrival, not of the times that they claim.
    assert_eq!(fired_with(&lines, &Settings::default()), ["bw.brute-force"]);
    // A sign-in that claims to be of six weeks ago makes nobody at home today.
    let forged = [ssh(-40 * DAY, "user7", BAD, true)];
    let brute = (0..20).map(|n| ssh(3 * DAY + n * 20, "user7", BAD, false));
    let lines: Vec<Line> = forged.into_iter().chain(with(brute)).collect();
    assert_eq!(fired_with(&lines, &Settings::default()), ["bw.brute-force"]);
}

#[test]
fn more_forged_failures_of_years_ago_than_are_remembered_push_out_none_of_today() {
    let forged = (0..600).map(|n| ssh(-(400 + n) * DAY, "user7", BAD, false));
    let today = (0..20).map(|n| ssh(3 * DAY + n * 20, "user7", BAD, false));
    let lines: Vec<Line> = forged.chain(with(today)).collect();
    assert_eq!(fired_with(&lines, &Settings::default()), ["bw.brute-force"]);
}
