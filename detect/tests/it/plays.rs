//! A play for every detection, and mixes of all of them with noise: what holds of one must hold of all together.

use super::patterns::{DAY, HOUR, Line, MINUTE, entra, ssh, windows};
use detect::{DETECTIONS, Settings};
use model::Format;
use proptest::prelude::*;
use serde_json::json;

/// An attack that begins at a time; the number tells several of the same kind apart.
pub(crate) struct Play {
    /// The detection that must find it.
    pub(crate) id: &'static str,
    lines: fn(i64, i64) -> Vec<Line>,
}

/// A source that nobody uses.
fn bad(n: i64) -> String {
    format!("203.0.113.{}", 1 + n % 70)
}

fn cloud(at: i64, log: &'static str, fields: serde_json::Value) -> Line {
    (at, log, Format::Ndjson, fields)
}

fn audit(at: i64, activity: &str, n: i64) -> Line {
    let by = json!({"user": {"userPrincipalName": format!("chief{n}@corp.example"), "ipAddress": bad(n)}});
    let target = json!([{"displayName": format!("thing{n}"), "userPrincipalName": format!("helper{n}@corp.example"), "type": "Application"}]);
    let fields = json!({"activityDisplayName": activity, "result": "success", "initiatedBy": by, "targetResources": target});
    cloud(at, "audit", fields)
}

fn place(at: i64, n: i64, north: f64, east: f64) -> Line {
    let mut line = entra(at, &format!("pilot{n}@corp.example"), &bad(n), 0);
    line.3["location"] = json!({"geoCoordinates": {"latitude": north, "longitude": east}});
    line
}

fn systemd(at: i64, n: i64, message: &str) -> Line {
    let fields = json!({"program": "systemd", "message": message, "host": format!("srv{n}")});
    (at, "messages", Format::Syslog, fields)
}

/// Every detection of one customer, some in several forms.
pub(crate) const PLAYS: &[Play] = &[
    Play {
        id: "bw.spray-fast",
        lines: |at, n| (0..12).map(|k| ssh(at + k * 40, &format!("s{n}x{k}"), &bad(n), false)).collect(),
    },
    Play {
        id: "bw.spray-fast",
        lines: |at, n| {
            let failed = |k: i64| entra(at + k * 30, &format!("c{n}x{k}@corp.example"), &bad(n), 50_126);
            let later = entra(at + HOUR, "keeper1@corp.example", "198.51.100.7", 0);
            (0..11).map(failed).chain([later]).collect()
        },
    },
    Play {
        // Each account signs in from there half a minute before it fails: too near to excuse it, whichever came first.
        id: "bw.spray-fast",
        lines: |at, n| {
            let tried = |k: i64| {
                let who = format!("near{n}x{k}");
                [ssh(at + k * 40, &who, &bad(n), true), ssh(at + k * 40 + 30, &who, &bad(n), false)]
            };
            (0..12).flat_map(tried).collect()
        },
    },
    Play {
        id: "bw.spray-slow",
        lines: |at, n| {
            let from = |k: i64| format!("192.0.2.{}", 1 + (n * 25 + k) % 75);
            (0..24).map(|k| ssh(at + DAY + k * 1500, &format!("keeper{k}"), &from(k), false)).collect()
        },
    },
    Play {
        id: "bw.brute-force",
        lines: |at, n| (0..24).map(|k| ssh(at + k * 20, &format!("root{n}"), &bad(n), false)).collect(),
    },
    Play {
        id: "bw.brute-force",
        lines: |at, n| {
            let from = |k: i64| format!("192.0.2.{}", 1 + (n + k) % 75);
            (0..110).map(|k| ssh(at + k * 700, &format!("slow{n}"), &from(k), false)).collect()
        },
    },
    Play {
        id: "bw.brute-force",
        lines: |at, n| {
            let (name, sid) = (format!("nadia{n}"), format!("S-1-5-21-1-2-3-{}", 1100 + n));
            let known = json!({"TargetUserName": name, "TargetUserSid": sid, "LogonType": "2", "IpAddress": "10.0.0.9"});
            let tried = |k: i64| {
                let who = if k % 2 == 0 { &name } else { &sid };
                windows(at + HOUR + k * 20, 4625, json!({"TargetUserName": who, "IpAddress": bad(n)}))
            };
            [windows(at, 4624, known)].into_iter().chain((0..22).map(tried)).collect()
        },
    },
    Play {
        id: "bw.success-after-failures",
        lines: |at, n| (0..13).map(|k| ssh(at + k * 90, &format!("ops{n}"), &bad(n), k == 12)).collect(),
    },
    Play {
        id: "bw.failed-after-change",
        lines: |at, n| {
            let who = format!("eve{n}");
            let change = json!({"TargetUserName": who, "SubjectUserName": "desk"});
            vec![
                ssh(at, &who, "198.51.100.7", true),
                windows(at + DAY, 4724, change),
                ssh(at + DAY + 2 * HOUR, &who, &bad(n), false),
            ]
        },
    },
    Play {
        id: "bw.mfa-fatigue",
        lines: |at, n| {
            let code = |k: i64| if k == 7 { 0 } else { 500_121 };
            (0..8).map(|k| entra(at + k * 50, &format!("tired{n}@corp.example"), &bad(n), code(k))).collect()
        },
    },
    Play {
        id: "bw.mfa-fatigue",
        lines: |at, n| {
            let okta = |k: i64| {
                let result = if k == 6 { "SUCCESS" } else { "FAILURE" };
                let fields = json!({
                    "eventType": "user.authentication.auth_via_mfa", "outcome": {"result": result},
                    "actor": {"alternateId": format!("worn{n}@corp.example")}, "client": {"ipAddress": bad(n)},
                });
                cloud(at + k * 70, "okta", fields)
            };
            (0..7).map(okta).collect()
        },
    },
    Play {
        id: "bw.impossible-travel",
        lines: |at, n| vec![place(at, n, 52.5, 13.4), place(at + HOUR, n, -33.9, 151.2)],
    },
    Play {
        id: "bw.impossible-travel",
        lines: |at, n| {
            let country = |at: i64, code: &str| {
                let mut line = entra(at, &format!("stew{n}@corp.example"), &bad(n), 0);
                line.3["location"] = json!({"countryOrRegion": code});
                line
            };
            [(0, "DE"), (1900, "AU"), (1990, "DE"), (2700, "US")]
                .map(|(t, code)| country(at + t, code))
                .to_vec()
        },
    },
    Play {
        id: "bw.dormant-account",
        lines: |at, n| {
            let who = format!("old{n}");
            let wins = [at - 60 * DAY, at, at + 30, at + 70];
            wins.map(|t| ssh(t, &who, "198.51.100.7", true)).to_vec()
        },
    },
    Play {
        id: "bw.log-tampering",
        lines: |at, n| {
            vec![windows(
                at,
                1102,
                json!({"SubjectUserName": format!("adm{n}"), "Computer": format!("pc{n}")}),
            )]
        },
    },
    Play {
        id: "bw.log-tampering",
        lines: |at, n| {
            vec![
                systemd(at, n, "Stopped System Logging Service."),
                systemd(at + HOUR, n, "Started Daily apt download activities."),
            ]
        },
    },
    Play {
        id: "bw.log-tampering",
        lines: |at, n| {
            let fields = json!({"PreviousTime": "2026-11-02T00:00:00Z", "NewTime": "2026-11-02T03:00:00Z", "SubjectUserName": format!("adm{n}")});
            vec![windows(at, 4616, fields)]
        },
    },
    Play {
        id: "bw.log-tampering",
        lines: |at, n| {
            let numbered = |k: i64| json!({"EventRecordID": 9000 + k, "Computer": format!("vault{n}"), "Channel": "Application", "EventID": "77"});
            let kept = (0..160).filter(|k| *k != 130 && *k != 131);
            kept.map(|k| (at + k * 60, "app", Format::Evtx, numbered(k))).collect()
        },
    },
    Play {
        id: "bw.silent-source",
        lines: |at, n| {
            let fields = json!({"host": format!("pump{n}"), "message": "pressure"});
            // It comes back a day later.
            let times = (0..160).chain(232..240);
            times.map(|k| (at + k * 1200, "plant", Format::Syslog, fields.clone())).collect()
        },
    },
    Play {
        id: "bw.unapproved-remote-tool",
        lines: |at, n| {
            let image = "C:\\Users\\Public\\AnyDesk.exe";
            let fields = json!({"NewProcessName": image, "SubjectUserName": format!("mia{n}"), "Computer": format!("ws{n}")});
            vec![windows(at, 4688, fields)]
        },
    },
    Play {
        id: "bw.provider-out-of-bounds",
        lines: |at, _| {
            let day = at.div_euclid(DAY) * DAY;
            let mut lines: Vec<Line> =
                (-3..0).map(|d| ssh(day + d * DAY + 10 * HOUR, "msp-kim", "192.0.2.77", true)).collect();
            lines.push(ssh(day + 2 * HOUR, "msp-kim", &bad(at), true));
            lines
        },
    },
    Play {
        id: "bw.new-administrator",
        lines: |at, n| {
            let fields = json!({"TargetSid": "S-1-5-21-1-2-3-512", "TargetUserName": "Domain Admins", "MemberName": format!("CN=new{n}"), "SubjectUserName": format!("adm{n}")});
            vec![windows(at, 4728, fields)]
        },
    },
    Play { id: "bw.new-consent", lines: |at, n| vec![audit(at, "Consent to application", n)] },
    Play { id: "bw.new-federation", lines: |at, n| vec![audit(at, "Set domain authentication", n)] },
    Play {
        id: "bw.new-forwarding-rule",
        lines: |at, n| {
            let parameters = json!([{"Name": "Name", "Value": "."}, {"Name": "ForwardTo", "Value": format!("x{n}@elsewhere.example")}]);
            let fields = json!({"Operation": "New-InboxRule", "UserId": format!("boss{n}@corp.example"), "ClientIP": bad(n), "Parameters": parameters});
            vec![cloud(at, "m365", fields)]
        },
    },
];

/// Thresholds that let a log be missed after a hundred records, so that mixes stay small.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.set("bw.silent-source.learn", 100).expect("within bounds");
    settings.set("bw.log-tampering.gap-learn", 100).expect("within bounds");
    settings
}

/// Days on which others sign in and mistype, and machines write; everything that waits for what follows it is decided.
fn noise() -> Vec<Line> {
    let mut lines = vec![];
    for hour in -6..6 * 24 {
        let at = hour * HOUR;
        let who = format!("keeper{}", hour.rem_euclid(40));
        lines.push(ssh(at, &who, &format!("198.51.100.{}", 20 + hour.rem_euclid(40)), true));
        let text = json!({"host": "gate", "message": "tick"});
        lines.extend((0..3).map(|k| (at + k * 1200, "cron", Format::Syslog, text.clone())));
        lines.push(systemd(at + 9 * MINUTE, 0, "Started Session 7 of User root."));
        if hour % 5 == 0 {
            lines.push(ssh(at - 40, &who, &format!("198.51.100.{}", 20 + hour.rem_euclid(40)), false));
        }
    }
    lines
}

/// Lines of some plays and noise around them, in the order of their times.
#[derive(Debug, Clone)]
pub(crate) struct Mix {
    pub(crate) lines: Vec<Line>,
    /// Behind which lines of the plays themselves a run may end.
    pub(crate) ends: Vec<usize>,
}

/// Some plays, each with the time at which it begins and its number.
pub(crate) fn mixed(played: &[(usize, i64, i64)]) -> Mix {
    let mut lines: Vec<(Line, bool)> = noise().into_iter().map(|l| (l, false)).collect();
    for (which, at, number) in played {
        lines.extend((PLAYS[*which].lines)(*at, *number).into_iter().map(|l| (l, true)));
    }
    lines.sort_by_key(|(line, _)| line.0);
    let ends = (1..).zip(&lines).filter(|(_, (_, is_play))| *is_play).map(|(end, _)| end).collect();
    Mix { lines: lines.into_iter().map(|(line, _)| line).collect(), ends }
}

/// Some plays at any times of the first two days, also several on the same accounts, sources and machines.
pub(crate) fn mixes() -> impl Strategy<Value = Mix> {
    let one = (0..PLAYS.len(), 0..2 * DAY, 0i64..3);
    proptest::collection::vec(one, 1..9).prop_map(|played| mixed(&played))
}

/// Every play once, each at a time of its own.
pub(crate) fn all() -> Mix {
    let played: Vec<(usize, i64, i64)> = (0..).zip(0..PLAYS.len()).map(|(n, p)| (p, n * 1700, n)).collect();
    mixed(&played)
}

#[test]
fn each_play_is_found_and_the_noise_around_it_is_quiet() {
    use super::patterns::fired_with;
    assert_eq!(fired_with(&mixed(&[]).lines, &settings()), Vec::<String>::new(), "the noise");
    for (number, play) in PLAYS.iter().enumerate() {
        let found = fired_with(&mixed(&[(number, 5000, 1)]).lines, &settings());
        assert!(found.contains(&play.id.to_owned()), "play {number}, {}: {found:?}", play.id);
        let beside = ["bw.brute-force", "bw.spray-fast", "bw.success-after-failures"];
        let other = found.iter().find(|f| *f != play.id && !beside.contains(&f.as_str()));
        assert_eq!(other, None, "play {number}, {}", play.id);
    }
}

#[test]
fn there_is_a_play_for_every_detection_and_all_are_found_together() {
    use super::patterns::fired_with;
    let single = DETECTIONS.iter().map(|d| d.id).filter(|id| !id.ends_with("-across-customers"));
    let mut want: Vec<&str> = single.collect();
    want.sort_unstable();
    assert_eq!(fired_with(&all().lines, &settings()), want);
}
