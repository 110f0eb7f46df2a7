//! What there is most of: machines that talk to machines.

use super::Scene;
use crate::world::{HOUR, MINUTE, World, is_off, mail_of, time};
use serde_json::json;

/// Records of tickets, sessions, programs, files and connections, in proportion to the people.
pub(crate) fn bulk(world: &mut World, scene: Scene) {
    let customer = world.customers[scene.number].clone();
    let many = if is_off(scene.day) { 40 } else { 120 };
    for person in &customer.people {
        for _ in 0..many {
            let at = scene.at(6) + world.chance.between(0, 13 * HOUR);
            let machine = person.machine.as_str();
            match world.chance.between(0, 12) {
                0 => world.windows(
                    scene.id,
                    at,
                    4769,
                    "dc-1",
                    json!({"TargetUserName": person.name, "ServiceName": "SRV-FILES$", "IpAddress": format!("::ffff:{}", person.desk), "Status": "0x0"}),
                ),
                1 => world.windows(scene.id, at, 4634, "dc-1", json!({"TargetUserName": person.name, "LogonType": "3"})),
                2 => world.windows(scene.id, at, 4672, "dc-1", json!({"SubjectUserName": "SYSTEM"})),
                3 => world.windows(scene.id, at, 4672, machine, json!({"SubjectUserName": "SYSTEM"})),
                4 => world.windows(
                    scene.id,
                    at,
                    5140,
                    "srv-files",
                    json!({"SubjectUserName": person.name, "IpAddress": person.desk, "ShareName": "\\\\*\\team"}),
                ),
                5 | 6 => {
                    let image = *world.chance.of(&[
                        "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE",
                        "C:\\Windows\\System32\\conhost.exe",
                        "C:\\Windows\\System32\\taskhostw.exe",
                        "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
                    ]);
                    let fields = json!({"NewProcessName": image, "SubjectUserName": person.name});
                    world.windows(scene.id, at, 4688, machine, fields);
                }
                7 => lookup(world, scene, at, &person.desk),
                8 => world.logon(scene.id, at, (&person.name, &person.sid), &person.desk, true),
                9 => {
                    let fields = json!({
                        "createdDateTime": time(at, "Z"), "userPrincipalName": mail_of(person, &customer), "ipAddress": customer.office,
                        "userAgent": "Microsoft Office/16.0", "appDisplayName": "Microsoft Teams", "isInteractive": false, "status": {"errorCode": 0},
                    });
                    world.put(scene.id, "entra", at, fields.to_string());
                }
                _ => connection(world, scene, at, &person.desk),
            }
        }
    }
}

fn lookup(world: &mut World, scene: Scene, at: i64, from: &str) {
    let name = *world.chance.of(&[
        "outlook.office365.example",
        "www.example.com",
        "time.example.net",
        "updates.example.org",
        "cdn.example.net",
        "teamsite.example.com",
    ]);
    let fields = json!({"ts": time(at, "Z"), "_path": "dns", "id.orig_h": from, "id.resp_h": "10.0.0.53", "query": name});
    world.put(scene.id, "dns", at, fields.to_string());
}

fn connection(world: &mut World, scene: Scene, at: i64, from: &str) {
    let to = format!("198.51.100.{}", world.chance.between(100, 250));
    let port = *world.chance.of(&[443, 443, 443, 80, 53, 993]);
    let text = format!(
        "{} fw-1 fortigate: devname=\"fw-1\" type=\"traffic\" subtype=\"forward\" action=\"accept\" srcip={from} dstip={to} dstport={port}",
        time(at, "+00:00")
    );
    world.put(scene.id, "firewall", at, text);
}

/// A monitor that signs in every minute, one that knocks and goes, and a job in a loop.
pub(crate) fn monitoring(world: &mut World, scene: Scene) {
    let monitor = scene.inside(40);
    for minute in 0..24 * 60 {
        let at = scene.at(0) + minute * MINUTE + world.chance.between(0, 4);
        let port = world.chance.between(30_000, 60_000);
        let message =
            format!("Accepted publickey for monitor from {monitor} port {port} ssh2: ED25519 SHA256:abc");
        world.gate(scene.id, at, "gate-1", "sshd", &message);
        if minute % 5 == 0 {
            let message = format!("Connection closed by {monitor} port {port} [preauth]");
            world.gate(scene.id, at + 2, "gate-1", "sshd", &message);
            let who = ("svc-monitor", "S-1-5-21-1-7-9-1060");
            world.logon(scene.id, at + 3, who, &monitor, true);
        }
        if minute % 2 == 0 {
            world.gate(scene.id, at + 1, "app-1", "worker", "took 14 jobs, none failed");
        }
    }
}
