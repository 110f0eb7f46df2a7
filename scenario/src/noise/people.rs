//! Noise of people: resets, telephones with old passwords, prompts in the tunnel, trains, kiosks, first days.

use super::Scene;
use crate::world::{BEGIN, Customer, DAY, HOUR, MINUTE, NEW_PASSWORDS, Person, World, is_off, mail_of, time};
use serde_json::json;

fn customer(world: &World, scene: Scene) -> Customer {
    world.customers[scene.number].clone()
}

/// Somebody by number, whatever their number is.
fn person(customer: &Customer, number: i64) -> &Person {
    let many = i64::try_from(customer.people.len()).unwrap_or(1).max(1);
    &customer.people[usize::try_from(number.rem_euclid(many)).unwrap_or(0)]
}

/// Somebody was away for two months before the month begins.
pub(crate) fn long_away(world: &mut World, scene: Scene) {
    world.vpn(scene.id, BEGIN - 62 * DAY, "pat.seasonal", "198.18.240.7", true);
    world.vpn(scene.id, BEGIN + 17 * DAY + 9 * HOUR, "pat.seasonal", "198.18.240.7", true);
}

/// Two resets a day: the first tries with the new password fail at the desk.
pub(crate) fn helpdesk(world: &mut World, scene: Scene) {
    if is_off(scene.day) {
        return;
    }
    let customer = customer(world, scene);
    for turn in 0..2 {
        let somebody = person(&customer, scene.day * 3 + turn).clone();
        reset(world, scene, &somebody, scene.at(10 + 3 * turn));
        let at = scene.at(10 + 3 * turn) + 5 * MINUTE;
        let who = (somebody.name.as_str(), somebody.sid.as_str());
        for attempt in 0..world.chance.between(1, 4) {
            world.logon(scene.id, at + attempt * 20, who, &somebody.desk, false);
        }
        world.logon(scene.id, at + 100, who, &somebody.desk, true);
    }
}

fn reset(world: &mut World, scene: Scene, somebody: &Person, at: i64) {
    let fields =
        json!({"TargetUserName": somebody.name, "TargetSid": somebody.sid, "SubjectUserName": "helpdesk"});
    world.windows(scene.id, at, 4724, "dc-1", fields);
}

/// The telephone of whoever has a new password tries the old one every few minutes until its owner sees it, from the
/// carrier's addresses and from home; its owner works on meanwhile.
pub(crate) fn telephones(world: &mut World, scene: Scene) {
    if is_off(scene.day) {
        return;
    }
    let customer = customer(world, scene);
    let policy_day = scene.day == NEW_PASSWORDS;
    let many = if policy_day { i64::try_from(customer.people.len()).unwrap_or(0) / 2 } else { 2 };
    for turn in 0..many {
        let somebody = person(&customer, scene.day * 3 + turn).clone();
        let mail = mail_of(&somebody, &customer);
        let begin = scene.at(13) + 30 * MINUTE;
        let hours = if turn == 0 { 11 } else { 2 };
        for attempt in 0..hours * 10 {
            let at = begin + attempt * 6 * MINUTE + world.chance.between(0, 60);
            let from = if attempt > 60 { somebody.home.clone() } else { Scene::carrier(world) };
            world.entra_as(scene.id, at, &mail, &from, 50_126, "Apple-iPhone14C2/2107.11");
            if attempt % 20 == 5 {
                world.entra(scene.id, at + 40, &mail, &customer.office, 0);
            }
        }
    }
}

/// The telephone of somebody who left keeps trying an account that is disabled.
pub(crate) fn leaver(world: &mut World, scene: Scene) {
    if scene.day < 5 {
        return;
    }
    for turn in 0..24 * 5 {
        let at = scene.at(0) + turn * 12 * MINUTE;
        let mail = format!("gone.person@{}.example", scene.id);
        let from = Scene::carrier(world);
        world.entra_as(scene.id, at, &mail, &from, 50_057, "Apple-iPhone14C2/2107.11");
    }
}

/// Prompts that nobody answers in time, at home and in the office, and one that is.
pub(crate) fn prompts(world: &mut World, scene: Scene) {
    if is_off(scene.day) {
        return;
    }
    let customer = customer(world, scene);
    for turn in 0..3 {
        let somebody = person(&customer, scene.day * 5 + turn * 11).clone();
        let mail = mail_of(&somebody, &customer);
        let from = if turn == 0 { &somebody.home } else { &customer.office };
        let mut at = scene.at(8 + turn * 4) + world.chance.between(0, HOUR);
        // One has no network in the cellar and asks for seven.
        for _ in 0..if turn == 1 { 7 } else { 2 } {
            world.entra(scene.id, at, &mail, from, 500_121);
            at += world.chance.between(40, 90);
        }
        world.entra(scene.id, at, &mail, from, 0);
        // A second factor of another maker: every sign-in passes through a code that decides nothing.
        for app in 0..6 {
            world.entra(scene.id, at + 300 + app * 60, &mail, from, 50_158);
            world.entra(scene.id, at + 312 + app * 60, &mail, from, 0);
        }
    }
}

/// Signing in from the office, from the train, and through the telephone whose carrier comes out in another city.
pub(crate) fn on_the_way(world: &mut World, scene: Scene) {
    if is_off(scene.day) {
        return;
    }
    let customer = customer(world, scene);
    for turn in 0..4 {
        let somebody = person(&customer, turn * 7).clone();
        let mail = mail_of(&somebody, &customer);
        let at = scene.at(9) + turn * 900;
        place(world, scene, at, &mail, &customer.office, (52.52, 13.40));
        match turn {
            // The telephone beside the desk comes out 780 km away, always at the same place.
            0 => place(world, scene, at + 20 * MINUTE, &mail, "198.19.200.9", (45.46, 9.19)),
            // A flight of two hours, and a new address there.
            1 if scene.day % 7 == 2 => {
                let from = format!("198.19.201.{}", scene.day + 1);
                place(world, scene, at + 5 * HOUR, &mail, &from, (41.90, 12.50));
            }
            // A VPN of the customer's own comes out in another country.
            2 => place(world, scene, at + 10 * MINUTE, &mail, "198.19.202.1", (51.51, -0.13)),
            _ => {
                let from = format!("198.19.203.{}", world.chance.between(1, 250));
                place(world, scene, at + 2 * HOUR, &mail, &from, (53.55, 9.99));
            }
        }
    }
}

fn place(world: &mut World, scene: Scene, at: i64, mail: &str, from: &str, (north, east): (f64, f64)) {
    let fields = json!({
        "createdDateTime": time(at, "Z"), "userPrincipalName": mail, "ipAddress": from, "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Edge",
        "appDisplayName": "Office 365 Exchange Online", "status": {"errorCode": 0},
        "location": {"geoCoordinates": {"latitude": north, "longitude": east}},
    });
    world.put(scene.id, "entra", at, fields.to_string());
}

/// A kiosk: one account on three machines all day, and many people one after another on one machine.
pub(crate) fn kiosk(world: &mut World, scene: Scene) {
    let customer = customer(world, scene);
    for hour in 7..20 {
        for machine in 0..3 {
            let at = scene.at(hour) + machine * 7 * MINUTE;
            let from = scene.inside(60 + machine);
            world.logon(scene.id, at, ("kiosk", "S-1-5-21-1-7-9-1080"), &from, true);
        }
        for turn in 0..8 {
            let somebody = person(&customer, hour * 8 + turn).clone();
            let who = (somebody.name.as_str(), somebody.sid.as_str());
            let at = scene.at(hour) + turn * 6 * MINUTE + 90;
            let from = scene.inside(70);
            if world.chance.one_in(3) {
                world.logon(scene.id, at, who, &from, false);
            }
            world.logon(scene.id, at + 15, who, &from, true);
        }
    }
}

/// Eight people begin on one morning: accounts, groups, computers, and first passwords that they mistype together.
pub(crate) fn new_people(world: &mut World, scene: Scene) {
    if scene.day != 14 {
        return;
    }
    let customer = customer(world, scene);
    for number in 0..8 {
        let at = scene.at(8) + number * 70;
        let (name, sid) = (format!("new.{number}"), format!("S-1-5-21-1-7-9-{}", 1900 + number));
        let who = (name.as_str(), sid.as_str());
        let made = json!({"TargetUserName": name, "TargetSid": sid, "SubjectUserName": "helpdesk"});
        world.windows(scene.id, at - DAY / 2, 4720, "dc-1", made.clone());
        world.windows(scene.id, at - DAY / 2 + 5, 4724, "dc-1", made);
        let group = json!({"TargetSid": "S-1-5-21-1-7-9-1520", "TargetUserName": "Staff", "MemberName": format!("CN={name}"), "SubjectUserName": "helpdesk"});
        world.windows(scene.id, at - DAY / 2 + 9, 4728, "dc-1", group);
        // Their computers join the domain: its administrators become administrators of the computer.
        let machine = format!("ws-9{number:02}");
        let joined = json!({"TargetSid": "S-1-5-32-544", "TargetUserName": "Administrators", "MemberSid": "S-1-5-21-1-7-9-512", "MemberName": "-", "SubjectUserName": format!("{}$", machine.to_uppercase()), "SubjectUserSid": "S-1-5-18"});
        world.windows(scene.id, at - HOUR, 4732, &machine, joined);
        let from = format!("10.{}.8.{}", 20 + scene.number, number + 1);
        for attempt in 0..world.chance.between(1, 4) {
            world.logon(scene.id, at + attempt * 15, who, &from, false);
        }
        world.logon(scene.id, at + 90, who, &from, true);
        let mail = format!("{name}@{}", customer.domain);
        world.entra(scene.id, at + 100, &mail, &customer.office, 50_126);
        world.entra(scene.id, at + 110, &mail, &customer.office, 50_055);
        world.entra(scene.id, at + 140, &mail, &customer.office, 500_121);
        world.entra(scene.id, at + 200, &mail, &customer.office, 0);
    }
}

/// Fourteen people in a hotel for a training: one address that nobody knows, one mistake each, and they are in.
pub(crate) fn training(world: &mut World, scene: Scene) {
    if scene.day != 10 {
        return;
    }
    let customer = customer(world, scene);
    for number in 0..14 {
        let somebody = person(&customer, number).clone();
        let mail = mail_of(&somebody, &customer);
        let at = scene.at(14) + number * 45;
        world.entra(scene.id, at, &mail, "192.0.2.44", 50_126);
        world.entra(scene.id, at + 25, &mail, "192.0.2.44", 0);
    }
}

/// The morning after a holiday: many mistype, a few lock themselves out, all from their desks.
pub(crate) fn back_from_holiday(world: &mut World, scene: Scene) {
    if scene.day == 0 || is_off(scene.day) || !is_off(scene.day - 1) {
        return;
    }
    let customer = customer(world, scene);
    for (number, somebody) in (0i64..).zip(&customer.people) {
        if number % 4 > 0 {
            continue;
        }
        let at = scene.at(7) + 50 * MINUTE + world.chance.between(0, 20 * MINUTE);
        let who = (somebody.name.as_str(), somebody.sid.as_str());
        let tries = if number % 16 == 0 { 9 } else { 2 };
        for attempt in 0..tries {
            world.logon(scene.id, at + attempt * 12, who, &somebody.desk, false);
            let fields = json!({"TargetUserName": somebody.name, "Status": "0xC000006A", "Workstation": somebody.machine.to_uppercase()});
            world.windows(scene.id, at + attempt * 12, 4776, "dc-1", fields);
            let fields = json!({"TargetUserName": somebody.name, "Status": "0x18", "IpAddress": format!("::ffff:{}", somebody.desk)});
            world.windows(scene.id, at + attempt * 12, 4771, "dc-1", fields);
        }
        world.logon(scene.id, at + tries * 12 + 30, who, &somebody.desk, true);
        let fields = json!({"TargetUserName": somebody.name, "Status": "0x0", "Workstation": somebody.machine.to_uppercase()});
        world.windows(scene.id, at + tries * 12 + 30, 4776, "dc-1", fields);
        let office = customer.office.clone();
        world.entra(scene.id, at + 20, &mail_of(somebody, &customer), &office, 50_126);
    }
}
