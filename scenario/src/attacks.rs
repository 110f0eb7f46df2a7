//! What happens in each scenario, and what looks like it in its quiet twin.

use crate::folders::{Folder, folder};
use crate::world::{BEGIN, Customer, DAY, HOUR, MINUTE, World, mail_of, time};
use serde_json::json;

/// Where intruders come from (RFC 5737): nobody signs in from there.
const BAD: &str = "203.0.113.77";
/// A working day in the second week, on which the attack happens.
const LATE: i64 = 10;

/// One scenario that is made.
pub(crate) struct Played {
    /// Its story, and what must and must not be found in it.
    pub(crate) folder: Folder,
    /// Whose logs are made.
    pub(crate) customers: &'static [&'static str],
    /// Writes the attack, or in a quiet twin what looks like it.
    pub(crate) play: fn(&mut World, bool),
}

const ACME: &[&str] = &["acme"];
const ALL: &[&str] = &["acme", "borealis", "clinic"];
const TWO: &[&str] = &["acme", "clinic"];

/// Every scenario, by name.
pub(crate) const PLAYED: &[Played] = &[
    Played {
        folder: folder!("one-password-three-customers-fast"),
        customers: ALL,
        play: |world, attack| across(world, attack, 4, 7 * MINUTE),
    },
    Played {
        folder: folder!("one-password-three-customers-slow"),
        customers: ALL,
        play: |world, attack| across(world, attack, 5, 35 * MINUTE),
    },
    Played { folder: folder!("spray-from-one-source"), customers: ACME, play: spray },
    Played { folder: folder!("spray-from-forty-sources"), customers: ACME, play: distributed },
    Played {
        folder: folder!("brute-force"),
        customers: ACME,
        play: |world, attack| brute(world, attack, 40, 8, 20),
    },
    Played {
        folder: folder!("slow-brute-force"),
        customers: ACME,
        play: |world, attack| brute(world, attack, 150, 420, 560),
    },
    Played { folder: folder!("success-after-failures"), customers: ACME, play: gives_way },
    Played { folder: folder!("old-password-after-change"), customers: ACME, play: old_password },
    Played { folder: folder!("prompts-until-accepted"), customers: ACME, play: prompts },
    Played { folder: folder!("log-cleared"), customers: ACME, play: cleared },
    Played { folder: folder!("logging-stopped"), customers: ACME, play: stopped },
    Played { folder: folder!("clock-jumps"), customers: ACME, play: clock },
    Played { folder: folder!("source-falls-silent"), customers: ACME, play: silent },
    Played { folder: folder!("dormant-account-awakes"), customers: ACME, play: dormant },
    Played {
        folder: folder!("unapproved-remote-tool"),
        customers: ACME,
        play: |world, attack| tool(world, attack, ACME),
    },
    Played {
        folder: folder!("one-tool-at-two-customers"),
        customers: TWO,
        play: |world, attack| tool(world, attack, TWO),
    },
    Played { folder: folder!("provider-at-night"), customers: ACME, play: provider },
    Played { folder: folder!("new-administrator"), customers: ACME, play: administrator },
    Played { folder: folder!("consent-to-an-application"), customers: ACME, play: consent },
    Played { folder: folder!("mail-passed-on"), customers: ACME, play: forwarding },
    Played { folder: folder!("foreign-federation"), customers: ACME, play: federation },
    Played { folder: folder!("impossible-travel"), customers: ACME, play: travel },
];

fn at(world: &mut World, day: i64, hour: i64) -> i64 {
    BEGIN + day * DAY + hour * HOUR + world.chance.between(0, 20 * MINUTE)
}

fn first(world: &World) -> Customer {
    world.customers[0].clone()
}

fn across(world: &mut World, attack: bool, each: usize, apart: i64) {
    let mut now = at(world, LATE, 1);
    let customers = world.customers.clone();
    for turn in 0..each {
        for (number, customer) in customers.iter().enumerate() {
            // In the twin a technician mistypes once at two customers, and is in at the second try.
            if !attack {
                if turn == 0 && number < 2 {
                    world.ssh(customer.id, now, "msp-kim", "192.0.2.253", false);
                    world.ssh(customer.id, now + 12, "msp-kim", "192.0.2.253", true);
                }
                continue;
            }
            let person = &customer.people[(turn * 3 + number) % customer.people.len()];
            world.ssh(customer.id, now, &person.name, BAD, false);
            now += world.chance.between(apart * 2 / 3, apart);
        }
    }
}

fn spray(world: &mut World, attack: bool) {
    let customer = first(world);
    let mut now = at(world, LATE, 13);
    // In the twin the same many people mistype behind the office's address, to which they are used.
    for person in customer.people.iter().take(14) {
        let mail = mail_of(person, &customer);
        if attack {
            world.entra_as(customer.id, now, &mail, BAD, 50_126, "python-requests/2.32");
        } else {
            world.entra(customer.id, now, &mail, &customer.office, 50_126);
            world.entra(customer.id, now + 15, &mail, &customer.office, 0);
        }
        now += world.chance.between(15, 40);
    }
}

fn distributed(world: &mut World, attack: bool) {
    let customer = first(world);
    let mut now = at(world, LATE, 0);
    let many = customer.people.len().min(28);
    for (number, person) in customer.people.iter().take(many).enumerate() {
        let mail = mail_of(person, &customer);
        let from = format!("203.0.113.{}", 20 + number % 40);
        // In the twin they are on the way with new addresses, mistype once, and are in.
        world.entra(customer.id, now, &mail, &from, 50_126);
        if !attack {
            let then = now + world.chance.between(10, 60);
            world.entra(customer.id, then, &mail, &from, 0);
        }
        now += world.chance.between(20 * MINUTE, 40 * MINUTE);
    }
}

fn brute(world: &mut World, attack: bool, many: i64, least: i64, most: i64) {
    let customer = first(world);
    let person = customer.people[2].clone();
    let mut now = at(world, LATE, 2);
    // In the twin a mail program with an old password tries a few times before somebody sees it.
    let many = if attack { many } else { 7 };
    for turn in 0..many {
        let from = if attack { format!("203.0.113.{}", 70 + turn % 3) } else { person.desk.clone() };
        world.logon(customer.id, now, (&person.name, &person.sid), &from, false);
        now += world.chance.between(least, most);
    }
}

fn gives_way(world: &mut World, attack: bool) {
    let customer = first(world);
    let person = customer.people[1].clone();
    let mut now = at(world, LATE, 22);
    let (from, many) = if attack { (BAD.to_owned(), 14) } else { (person.home.clone(), 4) };
    for _ in 0..many {
        world.vpn(customer.id, now, &person.name, &from, false);
        now += world.chance.between(60, 170);
    }
    world.vpn(customer.id, now, &person.name, &from, true);
}

fn old_password(world: &mut World, attack: bool) {
    let customer = first(world);
    let person = customer.people[4].clone();
    let now = at(world, LATE, 10);
    let fields =
        json!({"TargetUserName": person.name, "TargetSid": person.sid, "SubjectUserName": "helpdesk"});
    world.windows(customer.id, now, 4724, "dc-1", fields);
    let later = now + world.chance.between(HOUR, 6 * HOUR);
    let from = if attack { BAD } else { &customer.office };
    world.entra(customer.id, later, &mail_of(&person, &customer), from, 50_126);
}

fn prompts(world: &mut World, attack: bool) {
    let customer = first(world);
    let person = customer.people[3].clone();
    let mail = mail_of(&person, &customer);
    let mut now = at(world, LATE, 23);
    // In the twin somebody does not hear the telephone twice.
    let (from, many) = if attack { (BAD, world.chance.between(6, 11)) } else { (person.home.as_str(), 2) };
    for _ in 0..many {
        world.entra(customer.id, now, &mail, from, 500_121);
        now += world.chance.between(25, 70);
    }
    world.entra(customer.id, now, &mail, from, 0);
}

fn cleared(world: &mut World, attack: bool) {
    let now = at(world, LATE, 3);
    // In the twin the log is saved to a file in an orderly way: it is full, and nothing is lost (1105).
    let event = if attack { 1102 } else { 1105 };
    world.windows("acme", now, event, "srv-files", json!({"SubjectUserName": "adm.office"}));
}

fn stopped(world: &mut World, attack: bool) {
    let now = at(world, LATE, 4);
    world.gate("acme", now, "gate-1", "systemd", "Stopping System Logging Service...");
    world.gate("acme", now + 1, "gate-1", "systemd", "Stopped System Logging Service.");
    if !attack {
        world.gate("acme", now + 4, "gate-1", "systemd", "Started System Logging Service.");
    }
}

fn clock(world: &mut World, attack: bool) {
    let now = at(world, LATE, 2);
    let by = if attack { world.chance.between(2_000, 7_000) } else { world.chance.between(1, 40) };
    let fields = json!({
        "PreviousTime": time(now, "Z"), "NewTime": time(now - by, "Z"), "SubjectUserName": "adm.office",
        "ProcessName": "C:\\Windows\\System32\\cmd.exe",
    });
    world.windows("acme", now, 4616, "srv-app", fields);
}

fn silent(world: &mut World, attack: bool) {
    // A second host on the same relay. In the twin it is only away for as long as it was before.
    let end = if attack { BEGIN + LATE * DAY + 5 * HOUR } else { BEGIN + world.days * DAY };
    let mut now = BEGIN;
    while now < end {
        world.gate("acme", now, "db-1", "postgres", "LOG: checkpoint complete: wrote 31 buffers");
        now += world.chance.between(4 * MINUTE, 9 * MINUTE);
    }
}

fn dormant(world: &mut World, attack: bool) {
    let before = if attack { 61 } else { 20 };
    let now = at(world, LATE, 14);
    world.vpn("acme", now - before * DAY, "old.contractor", "198.18.9.9", true);
    world.vpn("acme", now, "old.contractor", "198.18.9.9", true);
}

fn tool(world: &mut World, attack: bool, customers: &[&'static str]) {
    let mut now = at(world, LATE, 12);
    for customer in customers {
        let host = format!("ws-{:03}", world.chance.between(1, 20));
        // In the twin it is a program whose name only resembles one.
        let image = if attack {
            "C:\\Users\\Public\\Downloads\\AnyDesk.exe"
        } else {
            "C:\\Program Files\\AnyDeskew\\scan-deskew.exe"
        };
        let fields = json!({"NewProcessName": image, "SubjectUserName": "nadia"});
        world.windows(customer, now, 4688, &host, fields);
        now += world.chance.between(HOUR, 5 * HOUR);
    }
}

fn provider(world: &mut World, attack: bool) {
    let now = at(world, LATE, 2);
    let from = if attack { BAD } else { "192.0.2.253" };
    world.ssh("acme", now, "msp-kim", from, true);
}

fn administrator(world: &mut World, attack: bool) {
    let now = at(world, LATE, 1);
    let (sid, role) = if attack {
        ("S-1-5-21-1-7-9-512", "Add member to role")
    } else {
        ("S-1-5-21-1-7-9-1620", "Add member to group")
    };
    let fields = json!({"TargetSid": sid, "TargetUserName": "group", "MemberName": "CN=helper,DC=corp", "SubjectUserName": "adm.office"});
    world.windows("acme", now, 4728, "dc-1", fields);
    let target = json!({"userPrincipalName": "helper@acme.example", "type": "User"});
    world.audit("acme", now + 2 * HOUR, role, "adm.office@acme.example", &target);
}

fn consent(world: &mut World, attack: bool) {
    let now = at(world, LATE, 9);
    let activity = if attack { "Consent to application" } else { "Update application" };
    let target = json!({"displayName": "Mail Reader Pro", "type": "ServicePrincipal"});
    world.audit("acme", now, activity, "nadia.ac@acme.example", &target);
}

fn forwarding(world: &mut World, attack: bool) {
    let now = at(world, LATE, 3);
    let action = if attack {
        json!({"Name": "ForwardTo", "Value": "smtp:box@elsewhere.example"})
    } else {
        json!({"Name": "MoveToFolder", "Value": "Invoices"})
    };
    let parameters = json!([{"Name": "SubjectContainsWords", "Value": "invoice"}, action]);
    world.mail("acme", now, "New-InboxRule", "hana.ac@acme.example", &parameters);
}

fn federation(world: &mut World, attack: bool) {
    let now = at(world, LATE, 4);
    let activity = if attack { "Set domain authentication" } else { "Verify domain" };
    let target = json!({"displayName": "acme.example", "type": "Other"});
    world.audit("acme", now, activity, "adm.office@acme.example", &target);
}

fn travel(world: &mut World, attack: bool) {
    let customer = first(world);
    let person = customer.people[5].clone();
    let mail = mail_of(&person, &customer);
    let now = at(world, LATE, 15);
    let later = if attack { now + 40 * MINUTE } else { now + 30 * HOUR };
    let places = [(now, "198.18.77.1", 52.52, 13.4), (later, "203.0.113.180", -33.87, 151.2)];
    for (when, from, north, east) in places {
        let fields = json!({
            "createdDateTime": time(when, "Z"), "userPrincipalName": mail, "ipAddress": from, "appDisplayName": "Office 365 Exchange Online",
            "status": {"errorCode": 0}, "location": {"geoCoordinates": {"latitude": north, "longitude": east}},
        });
        world.put(customer.id, "entra", when, fields.to_string());
    }
}
