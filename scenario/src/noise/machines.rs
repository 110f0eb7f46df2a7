//! Noise of machines: jobs, scanners, services with old passwords, restarts, clocks, and what the internet sends.

use super::Scene;
use crate::world::{DAY, HOUR, MINUTE, World, is_off, time};
use serde_json::{Value, json};

/// Names that a scanner and the internet try: nobody has them.
const NAMES: [&str; 16] = [
    "admin1",
    "oracle",
    "test",
    "pi",
    "ubuntu",
    "ftpuser",
    "cisco",
    "ubnt",
    "operator",
    "demo",
    "tomcat",
    "nagios1",
    "hadoop",
    "minecraft",
    "steam",
    "postgres1",
];

/// The backup signs in to every server at night, logs are rotated, full ones are put aside.
pub(crate) fn nightly(world: &mut World, scene: Scene) {
    let id = scene.id;
    let night = scene.at(1);
    let from = scene.inside(20);
    for server in 0..20 {
        let host = format!("srv-{server:02}");
        let fields = json!({"TargetUserName": "svc-backup", "TargetUserSid": "S-1-5-21-1-7-9-1050", "LogonType": "3", "IpAddress": from});
        world.windows(id, night + server * 90, 4624, &host, fields);
        let image = "C:\\Program Files\\Backup\\agent.exe";
        let fields = json!({"NewProcessName": image, "SubjectUserName": "svc-backup"});
        world.windows(id, night + server * 90 + 5, 4688, &host, fields);
    }
    world.windows(id, night + HOUR, 1105, "dc-1", json!({}));
    world.gate(id, night + HOUR, "gate-1", "systemd", "Starting Rotate log files...");
    world.gate(
        id,
        night + HOUR + 1,
        "gate-1",
        "rsyslogd",
        "[origin software=\"rsyslogd\"] rsyslogd was HUPed",
    );
    for old in ["/var/log/app/app.log.9.gz", "/var/log/app/app.log.8", "/var/log/mail.log-20261001"] {
        let text = format!("adm.office : PWD=/root ; USER=root ; COMMAND=/usr/bin/rm -f {old}");
        world.gate(id, night + HOUR + 30, "gate-1", "sudo", &text);
    }
}

/// A scanner for vulnerabilities tries names that devices are sold with, on every machine, once a week.
pub(crate) fn scanner(world: &mut World, scene: Scene) {
    if scene.day % 7 != 5 {
        return;
    }
    let from = scene.inside(250);
    let mut at = scene.at(22);
    for host in 0..12 {
        for name in NAMES {
            let fields = json!({"TargetUserName": name, "LogonType": "3", "IpAddress": from, "SubStatus": "0xC0000064", "Status": "0xC000006D", "TargetUserSid": "S-1-0-0"});
            world.windows(scene.id, at, 4625, &format!("srv-{host:02}"), fields);
            at += world.chance.between(1, 6);
        }
        for name in ["root", "administrator"] {
            let port = world.chance.between(30_000, 60_000);
            let message = format!("Failed password for {name} from {from} port {port} ssh2");
            world.gate(scene.id, at, "gate-1", "sshd", &message);
            at += 2;
        }
    }
}

/// One service runs into the end of its password on a Friday night, another keeps an old one for a night.
pub(crate) fn services(world: &mut World, scene: Scene) {
    let id = scene.id;
    let host = "srv-app";
    for hour in 0..24 {
        let fields = json!({"TargetUserName": "svc-sync", "TargetUserSid": "S-1-5-21-1-7-9-1051", "LogonType": "3", "IpAddress": scene.inside(30)});
        world.windows(id, scene.at(hour) + 11 * MINUTE, 4624, "srv-files", fields);
        let is_expired = (11..14).contains(&scene.day);
        let fields = json!({"TargetUserName": "svc-reports", "TargetUserSid": "S-1-5-21-1-7-9-1052", "LogonType": "5", "IpAddress": "-", "WorkstationName": "-"});
        for part in 0..if is_expired { 20 } else { 1 } {
            let mut fields = fields.clone();
            let event = if is_expired { 4625 } else { 4624 };
            if is_expired {
                fields["SubStatus"] = "0xC0000071".into();
            }
            world.windows(id, scene.at(hour) + part * 3 * MINUTE + 5, event, host, fields);
        }
    }
    // The password was changed in the evening of the eighth day; the job learns it the next morning.
    let turns = i64::try_from(scene.number).unwrap_or(0) + 16;
    if scene.day == turns {
        let fields = json!({"TargetUserName": "svc-sync", "TargetSid": "S-1-5-21-1-7-9-1051", "SubjectUserName": "adm.office"});
        world.windows(id, scene.at(18), 4724, "dc-1", fields);
        for minute in 0..14 * 60 {
            let fields = json!({"TargetUserName": "svc-sync", "TargetUserSid": "S-1-0-0", "LogonType": "3", "IpAddress": scene.inside(30), "SubStatus": "0xC000006A"});
            world.windows(id, scene.at(18) + minute * MINUTE + 30, 4625, "srv-files", fields);
        }
    }
}

/// The key of a robot that deploys is changed, and for two hours it still shows the old one.
pub(crate) fn keys(world: &mut World, scene: Scene) {
    let from = scene.inside(31);
    for hour in 0..24 {
        for minute in (0..60).step_by(10) {
            let at = scene.at(hour) + minute * MINUTE + 7;
            let is_old = scene.day == 15 && (9..11).contains(&hour);
            let port = world.chance.between(30_000, 60_000);
            let word = if is_old { "Failed" } else { "Accepted" };
            for turn in 0..if is_old { 8 } else { 1 } {
                let message =
                    format!("{word} publickey for deploy from {from} port {port} ssh2: ED25519 SHA256:xyz");
                world.gate(scene.id, at + turn * 70, "gate-1", "sshd", &message);
            }
        }
    }
}

/// Servers are patched in the second week: some tell why they go down, one only that its log stops.
pub(crate) fn patching(world: &mut World, scene: Scene) {
    let id = scene.id;
    // A server of which only the security log is collected restarts once a week.
    if scene.day % 7 == 6 {
        let at = scene.at(4);
        world.windows(id, at, 1100, "srv-old", json!({}));
        world.windows(id, at + 7 * MINUTE, 4608, "srv-old", json!({}));
    }
    if scene.day != 8 {
        return;
    }
    for server in 0..6 {
        let host = format!("srv-{server:02}");
        let at = scene.at(23) + server * 11 * MINUTE;
        let asked =
            json!({"param1": "TrustedInstaller.exe", "param5": "restart", "param7": "NT AUTHORITY\\SYSTEM"});
        world.windows(id, at, 1074, &host, asked);
        // Updates are put in on the way down.
        world.windows(id, at + 8 * MINUTE, 1100, &host, json!({}));
        world.windows(id, at + 8 * MINUTE + 1, 6006, &host, json!({}));
        world.windows(id, at + 19 * MINUTE, 4608, &host, json!({}));
        world.windows(id, at + 19 * MINUTE + 8, 6005, &host, json!({}));
    }
    let at = scene.at(23);
    for (after, program, text) in [
        (0, "systemd-logind", "System is rebooting."),
        (20, "systemd", "Stopping System Logging Service..."),
        (21, "systemd", "Stopped System Logging Service."),
        (25, "systemd", "Reached target System Reboot."),
        (400, "kernel", "Linux version 6.8.0-90-generic (buildd@host)"),
        (410, "systemd", "Started System Logging Service."),
    ] {
        world.gate(id, at + after, "gate-1", program, text);
    }
}

/// Desks are switched off in the evening and on in the morning, also where only the security log is collected.
pub(crate) fn desks_at_night(world: &mut World, scene: Scene) {
    if is_off(scene.day) {
        return;
    }
    let customer = world.customers[scene.number].clone();
    for (number, person) in (0i64..).zip(&customer.people) {
        let up = scene.at(6) + world.chance.between(0, HOUR);
        let down = scene.at(19) + world.chance.between(0, 2 * HOUR);
        world.windows(scene.id, up, 4608, &person.machine, json!({}));
        if number % 3 > 0 {
            world.windows(scene.id, up + 4, 6005, &person.machine, json!({}));
            let asked = json!({"param5": "power off", "param7": format!("CORP\\{}", person.name)});
            world.windows(scene.id, down - 9, 1074, &person.machine, asked);
            world.windows(scene.id, down + 1, 6006, &person.machine, json!({}));
        }
        world.windows(scene.id, down, 1100, &person.machine, json!({}));
    }
}

/// Clocks: small steps, a desk that slept for a fortnight, and a device that knows only the local time, on the night on
/// which that goes back.
pub(crate) fn clocks(world: &mut World, scene: Scene) {
    let id = scene.id;
    let step = world.chance.between(1, 900);
    world.gate(
        id,
        scene.at(5),
        "app-1",
        "chronyd",
        &format!("System clock was stepped by 0.{step:03} seconds"),
    );
    if scene.day % 14 == 7 {
        let at = scene.at(8) + 20 * MINUTE;
        let fields = clock(at - 25 * MINUTE, at, "LOCAL SERVICE", "C:\\Windows\\System32\\svchost.exe");
        world.windows(id, at, 4616, "ws-004", fields);
    }
    // Until the sixth night it is an hour ahead of UTC.
    for minute in (0..24 * 60).step_by(10) {
        let at = scene.at(0) + minute * MINUTE;
        let ahead = if scene.day < 6 { HOUR } else { 0 };
        let text = local(at + ahead);
        world.put(id, "nas", at, format!("{text} nas-1 smbd[411]: share team opened by 10.1.1.9"));
    }
}

fn clock(before: i64, after: i64, by: &str, program: &str) -> Value {
    json!({"PreviousTime": time(before, "Z"), "NewTime": time(after, "Z"), "SubjectUserName": by, "SubjectUserSid": "S-1-5-19", "ProcessName": program})
}

/// A time as old syslog writes it: no year, no zone.
fn local(at: i64) -> String {
    let text = jiff::Timestamp::from_second(at).map(|t| t.strftime("%b %e %H:%M:%S").to_string());
    text.unwrap_or_default()
}

/// A door to the internet: names that nobody has by the dozen, `root` now and then, never as often as it takes.
pub(crate) fn internet(world: &mut World, scene: Scene) {
    for _ in 0..6 {
        let from = format!("203.0.113.{}", world.chance.between(100, 250));
        let mut at = scene.at(0) + world.chance.between(0, DAY - HOUR);
        for turn in 0..world.chance.between(3, 14) {
            let port = world.chance.between(30_000, 60_000);
            let name = *world.chance.of(&NAMES);
            let whom = if turn == 5 { "root".to_owned() } else { format!("invalid user {name}") };
            world.gate(
                scene.id,
                at,
                "gate-1",
                "sshd",
                &format!("Failed password for {whom} from {from} port {port} ssh2"),
            );
            at += world.chance.between(3, 40);
        }
    }
}

/// A night of changes with a ticket: an administrator for some hours, another audit policy, a log that is down a while.
pub(crate) fn change_night(world: &mut World, scene: Scene) {
    if scene.day != 16 {
        return;
    }
    let (id, at) = (scene.id, scene.at(21));
    let who = ("adm.change", "S-1-5-21-1-7-9-1071");
    world.logon(id, at, who, &scene.inside(11), true);
    let group = json!({"TargetSid": "S-1-5-21-1-7-9-512", "TargetUserName": "Domain Admins", "MemberName": "CN=adm.change,DC=corp", "SubjectUserName": "adm.change"});
    world.windows(id, at + MINUTE, 4728, "dc-1", group);
    let policy = json!({"SubjectUserName": "adm.change", "SubjectUserSid": who.1, "SubcategoryGuid": "{0CCE9226-69AE-11D9-BED3-505054503030}"});
    world.windows(id, at + 20 * MINUTE, 4719, "dc-1", policy);
    world.gate(id, at + 40 * MINUTE, "srv-linux", "systemd", "Stopped System Logging Service.");
    world.gate(id, at + 47 * MINUTE, "srv-linux", "systemd", "Started System Logging Service.");
    world.ssh(id, at + HOUR, "msp-kim", "192.0.2.253", true);
}
