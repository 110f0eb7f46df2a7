//! A provider's customers on ordinary days: people who sign in and mistype, jobs at night, scanners, restarts, travel,
//! a holiday, a day of new passwords. Nothing in it is of interest to anybody.

use crate::chance::Chance;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 86_400;
/// 2 November 2026, a Monday, at midnight UTC.
pub(crate) const BEGIN: i64 = 1_793_577_600;

/// A holiday, and the day of new passwords: counted from the beginning.
const HOLIDAY: i64 = 9;
pub(crate) const NEW_PASSWORDS: i64 = 3;

/// Given names; a name is one of these and a letter, so that there are enough of them.
const NAMES: [&str; 26] = [
    "amara", "bjorn", "chidi", "dana", "emre", "farah", "goran", "hana", "ines", "jonas", "kaya", "lena",
    "mateo", "nadia", "oskar", "priya", "quinn", "rosa", "samir", "tove", "uma", "viktor", "wanda", "xenia",
    "yusuf", "zora",
];

/// Logs that are lines of text and no JSON.
const TEXTS: [&str; 4] = ["gate", "vpn", "nas", "firewall"];

/// Somebody who works at a customer.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: String,
    /// Where they live, as the internet sees it.
    pub(crate) home: String,
    pub(crate) machine: String,
    /// Their address in the office.
    pub(crate) desk: String,
    pub(crate) sid: String,
}

/// One customer.
#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) id: &'static str,
    pub(crate) people: Vec<Person>,
    /// The address behind which the office signs in to clouds.
    pub(crate) office: String,
    pub(crate) domain: String,
}

/// When, in which order it was written, and the text.
type Line = (i64, u64, String);

/// What is being made.
pub(crate) struct World {
    pub(crate) chance: Chance,
    pub(crate) customers: Vec<Customer>,
    pub(crate) days: i64,
    lines: BTreeMap<(&'static str, &'static str), Vec<Line>>,
    written: u64,
}

impl World {
    /// Customers with so many people, and so many ordinary days.
    pub(crate) fn new(seed: u64, ids: &[&'static str], people: i64, days: i64) -> Self {
        let mut world = Self::empty(seed, ids, people, days);
        for number in 0..ids.len() {
            for day in 0..days {
                world.ordinary(number, day);
            }
        }
        world
    }

    /// The same before anything has happened.
    pub(crate) fn empty(seed: u64, ids: &[&'static str], people: i64, days: i64) -> Self {
        let mut world =
            Self { chance: Chance::new(seed), customers: vec![], days, lines: BTreeMap::new(), written: 0 };
        for (number, id) in (0i64..).zip(ids) {
            let customer = world.customer(number, id, people);
            world.customers.push(customer);
        }
        world
    }

    fn customer(&mut self, number: i64, id: &'static str, people: i64) -> Customer {
        // Addresses of the documentation and of benchmarks (RFC 5737, RFC 2544): nobody's.
        let home = |n: i64| format!("198.18.{}.{}", 10 * number + n / 250, n % 250 + 1);
        let made = (0..people).map(|n| {
            let given = NAMES[usize::try_from(n % 26).unwrap_or(0)];
            let turn = n / 26;
            let suffix = if turn == 0 { String::new() } else { turn.to_string() };
            Person {
                name: format!("{given}.{}{suffix}", &id[..2]),
                home: home(n),
                machine: format!("ws-{:03}", n + 1),
                desk: format!("10.{}.{}.{}", 20 + number, n / 250, n % 250 + 1),
                sid: format!("S-1-5-21-{}-7-9-{}", 1000 + number, 1100 + n),
            }
        });
        let people: Vec<Person> = made.collect();
        let office = format!("198.51.100.{}", 10 + number * 20 + self.chance.between(0, 9));
        Customer { id, people, office, domain: format!("{id}.example") }
    }

    /// Writes a line of a log.
    pub(crate) fn put(&mut self, customer: &'static str, source: &'static str, at: i64, text: String) {
        self.written += 1;
        self.lines.entry((customer, source)).or_default().push((at, self.written, text));
    }

    /// The files: customer, name, text; in the order of their times.
    pub(crate) fn files(mut self) -> Vec<(&'static str, String, String)> {
        self.files_until(i64::MAX)
    }

    /// The same of what was written up to this time; the rest stays.
    pub(crate) fn files_until(&mut self, until: i64) -> Vec<(&'static str, String, String)> {
        let mut files = vec![];
        for ((customer, source), lines) in &mut self.lines {
            lines.sort();
            let rest = lines.split_off(lines.partition_point(|(at, _, _)| *at < until));
            let text: String = lines.drain(..).map(|(_, _, text)| text + "\n").collect();
            *lines = rest;
            if !text.is_empty() {
                let end = if TEXTS.contains(source) { "log" } else { "ndjson" };
                files.push((*customer, format!("{source}.{end}"), text));
            }
        }
        files
    }

    pub(crate) fn gate(&mut self, customer: &'static str, at: i64, host: &str, program: &str, message: &str) {
        let pid = self.chance.between(900, 32_000);
        let text = format!("{} {host} {program}[{pid}]: {message}", time(at, "+00:00"));
        self.put(customer, "gate", at, text);
    }

    pub(crate) fn ssh(&mut self, customer: &'static str, at: i64, user: &str, from: &str, success: bool) {
        let port = self.chance.between(30_000, 60_000);
        let word = if success { "Accepted" } else { "Failed" };
        let message = format!("{word} password for {user} from {from} port {port} ssh2");
        self.gate(customer, at, "gate-1", "sshd", &message);
    }

    pub(crate) fn windows(&mut self, customer: &'static str, at: i64, event: u32, host: &str, more: Value) {
        let channel = match event {
            104 | 1074 | 6005 | 6006 | 7036 | 7040 | 7045 => "System",
            _ => "Security",
        };
        let mut fields =
            json!({"TimeCreated": time(at, "Z"), "Channel": channel, "EventID": event, "Computer": host});
        if let (Some(all), Some(more)) = (fields.as_object_mut(), more.as_object()) {
            all.extend(more.clone());
        }
        self.put(customer, "security", at, fields.to_string());
    }

    pub(crate) fn logon(
        &mut self,
        customer: &'static str,
        at: i64,
        who: (&str, &str),
        from: &str,
        success: bool,
    ) {
        let (name, sid) = who;
        let event = if success { 4624 } else { 4625 };
        let mut fields = json!({"TargetUserName": name, "TargetDomainName": "CORP", "TargetUserSid": sid, "LogonType": "3", "IpAddress": from});
        if !success {
            fields["SubStatus"] = "0xc000006a".into();
            fields["TargetUserSid"] = "S-1-0-0".into();
        }
        self.windows(customer, at, event, "dc-1", fields);
    }

    pub(crate) fn entra(&mut self, customer: &'static str, at: i64, user: &str, from: &str, code: i64) {
        let agent = *self.chance.of(&[
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Edge",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X)",
            "Microsoft Office/16.0",
        ]);
        self.entra_as(customer, at, user, from, code, agent);
    }

    pub(crate) fn entra_as(
        &mut self,
        customer: &'static str,
        at: i64,
        user: &str,
        from: &str,
        code: i64,
        agent: &str,
    ) {
        let fields = json!({
            "createdDateTime": time(at, "Z"), "userPrincipalName": user, "ipAddress": from, "userAgent": agent,
            "appDisplayName": "Office 365 Exchange Online", "status": {"errorCode": code},
        });
        self.put(customer, "entra", at, fields.to_string());
    }

    pub(crate) fn audit(
        &mut self,
        customer: &'static str,
        at: i64,
        activity: &str,
        by: &str,
        target: &Value,
    ) {
        let fields = json!({
            "activityDateTime": time(at, "Z"), "activityDisplayName": activity, "result": "success",
            "initiatedBy": {"user": {"userPrincipalName": by, "ipAddress": "198.51.100.9"}}, "targetResources": [target],
        });
        self.put(customer, "audit", at, fields.to_string());
    }

    pub(crate) fn mail(
        &mut self,
        customer: &'static str,
        at: i64,
        operation: &str,
        user: &str,
        parameters: &Value,
    ) {
        let fields = json!({
            "CreationTime": time(at, ""), "Operation": operation, "Workload": "Exchange", "UserId": user,
            "ClientIP": "198.51.100.9", "ResultStatus": "Succeeded", "Parameters": parameters,
        });
        self.put(customer, "m365", at, fields.to_string());
    }

    pub(crate) fn vpn(&mut self, customer: &'static str, at: i64, user: &str, from: &str, success: bool) {
        let action = if success { "tunnel-up" } else { "ssl-login-fail" };
        let reason = if success { "login successfully" } else { "sslvpn_login_permission_denied" };
        let text = format!(
            "{} fw-1 fortigate: devname=\"fw-1\" type=\"event\" subtype=\"vpn\" action=\"{action}\" user=\"{user}\" remip={from} reason=\"{reason}\"",
            time(at, "+00:00")
        );
        self.put(customer, "vpn", at, text);
    }

    /// A time of day of somebody who works in an office, on a day counted from the beginning.
    pub(crate) fn morning(&mut self, day: i64) -> i64 {
        BEGIN + day * DAY + 7 * HOUR + self.chance.between(0, 2 * HOUR)
    }

    /// An ordinary day of one customer.
    pub(crate) fn ordinary(&mut self, number: usize, day: i64) {
        let customer = self.customers[number].clone();
        self.machines(&customer, day);
        for person in &customer.people {
            if is_off(day) {
                if self.chance.one_in(12) {
                    let at = BEGIN + day * DAY + self.chance.between(8 * HOUR, 22 * HOUR);
                    self.entra(customer.id, at, &mail_of(person, &customer), &person.home, 0);
                }
                continue;
            }
            if !self.chance.one_in(15) {
                self.working_day(&customer, person, day);
            }
            if day == NEW_PASSWORDS {
                self.new_password(&customer, person, day);
            }
        }
    }

    fn working_day(&mut self, customer: &Customer, person: &Person, day: i64) {
        let mut at = self.morning(day);
        let id = customer.id;
        let who = (person.name.as_str(), person.sid.as_str());
        // One in nine mistypes, once or twice, and is in then.
        let tries = if self.chance.one_in(9) { self.chance.between(1, 3) } else { 0 };
        for _ in 0..tries {
            self.logon(id, at, who, &person.desk, false);
            at += self.chance.between(6, 40);
        }
        self.logon(id, at, who, &person.desk, true);
        let mailed = at + self.chance.between(20, 900);
        self.entra(id, mailed, &mail_of(person, customer), &customer.office, 0);
        for _ in 0..self.chance.between(1, 4) {
            let later = at + self.chance.between(HOUR, 9 * HOUR);
            self.logon(id, later, who, &person.desk, true);
        }
        let image = *self.chance.of(&[
            "C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE",
            "C:\\Windows\\System32\\mstsc.exe",
            "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
            "C:\\Windows\\explorer.exe",
        ]);
        let process = json!({"NewProcessName": image, "SubjectUserName": person.name});
        self.windows(id, at + 120, 4688, &person.machine, process);
        // One in eight works from home in the evening, one in twenty of those from a telephone on the way.
        if self.chance.one_in(8) {
            let evening = at + self.chance.between(9 * HOUR, 12 * HOUR);
            let from = if self.chance.one_in(20) {
                format!("192.0.2.{}", self.chance.between(1, 250))
            } else {
                person.home.clone()
            };
            if self.chance.one_in(10) {
                self.vpn(id, evening - 25, &person.name, &from, false);
            }
            self.vpn(id, evening, &person.name, &from, true);
            self.entra(id, evening + 60, &mail_of(person, customer), &from, 0);
        }
    }

    fn new_password(&mut self, customer: &Customer, person: &Person, day: i64) {
        let at = BEGIN + day * DAY + 9 * HOUR + self.chance.between(0, 4 * HOUR);
        let fields =
            json!({"TargetUserName": person.name, "TargetSid": person.sid, "SubjectUserName": person.name});
        self.windows(customer.id, at, 4723, "dc-1", fields);
        // The telephone in the pocket tries the old one a few times.
        for _ in 0..self.chance.between(0, 4) {
            let later = at + self.chance.between(MINUTE, 3 * HOUR);
            self.entra(customer.id, later, &mail_of(person, customer), &customer.office, 50_126);
        }
    }

    /// Machines that write whether anybody is there or not.
    fn machines(&mut self, customer: &Customer, day: i64) {
        let id = customer.id;
        for hour in 0..24 {
            let at = BEGIN + day * DAY + hour * HOUR;
            for part in 0..6 {
                let tick = at + part * 10 * MINUTE + self.chance.between(0, 30);
                self.gate(id, tick, "gate-1", "CRON", "(root) CMD (/usr/lib/atsar/sa1)");
            }
            // Somebody on the internet looks whether there is a door, and tries names that nobody has.
            if self.chance.one_in(3) {
                let from = format!("203.0.113.{}", self.chance.between(100, 250));
                let port = self.chance.between(30_000, 60_000);
                let later = at + self.chance.between(0, HOUR);
                self.gate(
                    id,
                    later,
                    "gate-1",
                    "sshd",
                    &format!("Connection closed by {from} port {port} [preauth]"),
                );
                if self.chance.one_in(4) {
                    let name = *self.chance.of(&["oracle", "test", "pi", "ubuntu", "ftpuser"]);
                    let text =
                        format!("Failed password for invalid user {name} from {from} port {port} ssh2");
                    self.gate(id, later + 1, "gate-1", "sshd", &text);
                }
            }
            let service = json!({"TargetUserName": "svc-backup", "TargetUserSid": "S-1-5-21-1-7-9-1050", "LogonType": "5", "IpAddress": "-"});
            self.windows(id, at + 300, 4624, "srv-files", service);
            let machine = json!({"TargetUserName": "SRV-FILES$", "LogonType": "3", "IpAddress": "::1"});
            self.windows(id, at + 900, 4624, "dc-1", machine);
            let work =
                json!({"NewProcessName": "C:\\Windows\\System32\\svchost.exe", "SubjectUserName": "SYSTEM"});
            self.windows(id, at + 1500, 4688, "srv-files", work.clone());
            self.windows(id, at + 2700, 4688, "srv-app", work);
        }
        let night = BEGIN + day * DAY + 3 * HOUR;
        // The provider looks after the machines by day, and now and then at night, always from the same place.
        let path = "192.0.2.253";
        let by_day = BEGIN + day * DAY + 10 * HOUR + self.chance.between(0, HOUR);
        self.ssh(id, by_day, "msp-kim", path, true);
        if self.chance.one_in(6) {
            let on_call = night + self.chance.between(0, HOUR);
            self.ssh(id, on_call, "msp-kim", path, true);
        }
        if day % 7 == 2 {
            // Updates: the service of logs goes down and up, and a server restarts in an orderly way.
            self.gate(id, night, "gate-1", "systemd", "Stopping System Logging Service...");
            self.gate(id, night + 1, "gate-1", "systemd", "Stopped System Logging Service.");
            self.gate(id, night + 3, "gate-1", "systemd", "Started System Logging Service.");
            self.windows(id, night + 60, 1074, "srv-app", json!({"param5": "restart"}));
            self.windows(id, night + 70, 1100, "srv-app", json!({}));
            self.windows(id, night + 150, 6005, "srv-app", json!({}));
        }
        let clock = json!({"PreviousTime": time(night + 600, "Z"), "NewTime": time(night + 601, "Z"), "ProcessName": "svchost.exe"});
        self.windows(id, night + 601, 4616, "dc-1", clock);
        if day % 3 == 1 {
            let group = json!({"TargetSid": "S-1-5-21-1-7-9-1512", "TargetUserName": "Printers", "MemberName": "CN=new", "SubjectUserName": "adm.office"});
            self.windows(id, BEGIN + day * DAY + 11 * HOUR, 4728, "dc-1", group);
            let user = format!("{}@{}", customer.people[0].name, customer.domain);
            let rule = json!([{"Name": "SubjectContainsWords", "Value": "news"}, {"Name": "MoveToFolder", "Value": "News"}]);
            self.mail(id, BEGIN + day * DAY + 12 * HOUR, "New-InboxRule", &user, &rule);
            let target = json!({"displayName": "Sales", "type": "Group"});
            self.audit(id, BEGIN + day * DAY + 13 * HOUR, "Add member to group", &user, &target);
        }
    }
}

/// Whether nobody works on that day.
pub(crate) fn is_off(day: i64) -> bool {
    day % 7 > 4 || day == HOLIDAY
}

/// The address of somebody's mail, which is also how the cloud calls them.
pub(crate) fn mail_of(person: &Person, customer: &Customer) -> String {
    format!("{}@{}", person.name, customer.domain)
}

/// A time as logs write it.
pub(crate) fn time(at: i64, zone: &str) -> String {
    let text = jiff::Timestamp::from_second(at).map(|t| t.to_string()).unwrap_or_default();
    text.trim_end_matches('Z').to_owned() + zone
}
