//! What happens in each scenario, and what looks like it in its quiet twin.

use crate::world::{BEGIN, Customer, DAY, HOUR, MINUTE, World, mail_of, time};
use serde_json::json;

/// Where intruders come from (RFC 5737): nobody signs in from there.
const BAD: &str = "203.0.113.77";
/// A working day in the second week, on which the attack happens.
const LATE: i64 = 10;

/// One scenario.
pub(crate) struct Played {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) customers: &'static [&'static str],
    /// Detections that must fire, each with the customers that its alert must name.
    pub(crate) must: &'static [(&'static str, &'static [&'static str])],
    /// Writes the attack, or in a quiet twin what looks like it.
    pub(crate) play: fn(&mut World, bool),
}

const ACME: &[&str] = &["acme"];
const ALL: &[&str] = &["acme", "borealis", "clinic"];
const TWO: &[&str] = &["acme", "clinic"];

/// Every scenario, by name.
pub(crate) const PLAYED: &[Played] = &[
    Played {
        name: "one-password-three-customers-fast",
        about: "One source tries one password on accounts of three customers within an hour",
        customers: ALL,
        must: &[("bw.spray-across-customers", ALL)],
        play: |world, attack| across(world, attack, 4, 7 * MINUTE),
    },
    Played {
        name: "one-password-three-customers-slow",
        about: "One source tries one password on accounts of three customers, one about every half an hour",
        customers: ALL,
        must: &[("bw.spray-across-customers", ALL)],
        play: |world, attack| across(world, attack, 5, 35 * MINUTE),
    },
    Played {
        name: "spray-from-one-source",
        about: "One source tries one password on a dozen accounts within minutes",
        customers: ACME,
        must: &[("bw.spray-fast", ACME)],
        play: spray,
    },
    Played {
        name: "spray-from-forty-sources",
        about: "Forty sources try one password on two dozen accounts over a day, each once or twice",
        customers: ACME,
        must: &[("bw.spray-slow", ACME)],
        play: distributed,
    },
    Played {
        name: "brute-force",
        about: "One source tries many passwords on one account within minutes",
        customers: ACME,
        must: &[("bw.brute-force", ACME)],
        play: |world, attack| brute(world, attack, 40, 8, 20),
    },
    Played {
        name: "slow-brute-force",
        about: "Several sources try passwords on one account all day, one every few minutes",
        customers: ACME,
        must: &[("bw.brute-force", ACME)],
        play: |world, attack| brute(world, attack, 150, 420, 560),
    },
    Played {
        name: "success-after-failures",
        about: "After a dozen failures from one source the account gives way",
        customers: ACME,
        must: &[("bw.success-after-failures", ACME)],
        play: gives_way,
    },
    Played {
        name: "old-password-after-change",
        about: "Somebody still has the old password and tries it after the change, from an unknown place",
        customers: ACME,
        must: &[("bw.failed-after-change", ACME)],
        play: old_password,
    },
    Played {
        name: "prompts-until-accepted",
        about: "The password is known; prompts for the second factor are sent until one is accepted",
        customers: ACME,
        must: &[("bw.mfa-fatigue", ACME)],
        play: prompts,
    },
    Played {
        name: "log-cleared",
        about: "An intruder empties the security log of a server",
        customers: ACME,
        must: &[("bw.log-tampering", ACME)],
        play: cleared,
    },
    Played {
        name: "logging-stopped",
        about: "An intruder stops the service that writes the logs of a host, and it stays down",
        customers: ACME,
        must: &[("bw.log-tampering", ACME)],
        play: stopped,
    },
    Played {
        name: "clock-jumps",
        about: "An intruder sets a server's clock back by an hour",
        customers: ACME,
        must: &[("bw.log-tampering", ACME)],
        play: clock,
    },
    Played {
        name: "source-falls-silent",
        about: "A host that wrote a record every few minutes is not heard of any more",
        customers: ACME,
        must: &[("bw.silent-source", ACME)],
        play: silent,
    },
    Played {
        name: "dormant-account-awakes",
        about: "An account that nobody has used for two months signs in",
        customers: ACME,
        must: &[("bw.dormant-account", ACME)],
        play: dormant,
    },
    Played {
        name: "unapproved-remote-tool",
        about: "A remote-management tool that nobody approved is started on a workstation",
        customers: ACME,
        must: &[("bw.unapproved-remote-tool", ACME)],
        play: |world, attack| tool(world, attack, ACME),
    },
    Played {
        name: "one-tool-at-two-customers",
        about: "The same remote-management tool appears at two customers within hours",
        customers: TWO,
        must: &[("bw.unapproved-remote-tool", ACME), ("bw.seen-across-customers", TWO)],
        play: |world, attack| tool(world, attack, TWO),
    },
    Played {
        name: "provider-at-night",
        about: "The provider's account signs in at night, from outside its path",
        customers: ACME,
        must: &[("bw.provider-out-of-bounds", ACME)],
        play: provider,
    },
    Played {
        name: "new-administrator",
        about: "An account is put among the administrators of a domain, and one is given a role in the cloud",
        customers: ACME,
        must: &[("bw.new-administrator", ACME)],
        play: administrator,
    },
    Played {
        name: "consent-to-an-application",
        about: "A user is made to grant an application rights to their mail",
        customers: ACME,
        must: &[("bw.new-consent", ACME)],
        play: consent,
    },
    Played {
        name: "mail-passed-on",
        about: "A rule passes an owner's mail on to an address outside",
        customers: ACME,
        must: &[("bw.new-forwarding-rule", ACME)],
        play: forwarding,
    },
    Played {
        name: "foreign-federation",
        about: "A domain is made to trust another identity provider",
        customers: ACME,
        must: &[("bw.new-federation", ACME)],
        play: federation,
    },
    Played {
        name: "impossible-travel",
        about: "An account signs in from two continents within the hour",
        customers: ACME,
        must: &[("bw.impossible-travel", ACME)],
        play: travel,
    },
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
