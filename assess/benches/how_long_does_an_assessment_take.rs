//! How long does it take to answer every check about a large customer, and how much memory?
//!
//! The customer has 10,000 accounts, 5,000 devices, 200,000 vulnerabilities and 1,000,000 sign-ins of a year, handed in as
//! documents in the plain form of our tables, read, and sealed in memory with their raw bytes. Measured is what `bailiwick
//! assess` does behind the disk: from sealed records to all answers as JSON. Asked: 5 s on two cores, 1 GiB.
#![expect(
    clippy::disallowed_methods,
    reason = "a bench looks at the clock and resets the kernel's count of memory"
)]
#![expect(clippy::print_stdout, reason = "a bench says what it found")]

use assess::Dossier;
use assess::assessment::assess;
use assess::judge::Circumstances;
use evidence::{Document, Envelope, Handed, Hint, Side, Status, read, records};
use ledger::{Hash, Log, Sealed, SigningKey, Tree, Unsealed, leaf_hash};
use model::{CustomerId, Draft, Event, Fields, Format, Kind, Source, Time};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Instant;

const ACCOUNTS: u64 = 10_000;
const DEVICES: u64 = 5_000;
const VULNERABILITIES: u64 = 200_000;
const SIGN_INS: u64 = 1_000_000;
/// Documents that the sign-ins come in: one a month.
const MONTHS: u64 = 12;
const DAY: i64 = 86_400;
const RUNS: usize = 3;

struct Page(Vec<Event>);

impl Unsealed for Page {
    type Value = Vec<Event>;

    fn first(&self) -> u64 {
        self.0.first().map_or(0, |e| e.record.seq)
    }

    fn leaf_hashes(&self) -> Vec<Hash> {
        self.0.iter().map(|e| leaf_hash(&model::form::encode(&e.record))).collect()
    }

    fn release(self) -> Vec<Event> {
        self.0
    }
}

/// A log in memory, and what was sealed in it.
struct Memory {
    log: Log,
    sealed: Vec<Sealed<Vec<Event>>>,
    next: u64,
    raw_bytes: usize,
    rows: usize,
    now: Time,
}

impl Memory {
    fn new(now: Time) -> Self {
        let key = SigningKey::from_seed("bench", &[0; 32]).expect("a key");
        let log = Log::open("bench", Tree::new(), key).expect("an empty log");
        Self { log, sealed: vec![], next: 0, raw_bytes: 0, rows: 0, now }
    }

    /// Reads a document as the program does and seals it.
    fn add(&mut self, kind: &str, side: Side, text: &str) {
        let name = format!("{kind}.csv");
        let document: Document = read(text.as_bytes(), &name, &Hint { kind: Some(kind), ..Hint::default() });
        assert_eq!(document.status, Status::Complete, "{kind}: {:?}", document.defects);
        let customer = CustomerId::parse("acme").expect("an id");
        let handed = Handed {
            customer: &customer,
            side,
            file: &name,
            collected: self.now,
            received: self.now,
            scope: None,
            population: None,
            covers: None,
            mapping: None,
        };
        let envelope = Envelope::new(&handed, text.as_bytes(), &document);
        let mut events = vec![];
        for raw in records::pack(&envelope, text.as_bytes(), &document.rows) {
            let source = Source::lossy(Format::Own, "evidence");
            let (kind, at) = (Kind::Evidence, self.now);
            let draft = Draft { kind, source, happened: at, received: at, raw, defects: vec![] };
            events.push(Event { record: draft.at(self.next), fields: Fields::new() });
            self.next += 1;
        }
        self.raw_bytes += text.len();
        self.rows += document.rows.len();
        self.sealed.push(self.log.seal(Page(events)).expect("seals").0);
    }
}

/// A table in the plain form: headings, and a line for each number.
fn table(headings: &str, many: u64, line: impl Fn(u64, &mut String)) -> String {
    let mut text = format!("{headings}\n");
    for n in 0..many {
        line(n, &mut text);
        text.push('\n');
    }
    text
}

fn day(now: Time, back: i64) -> String {
    Time::from_second(now.as_second() - back * DAY)
        .expect("a day of these years")
        .strftime("%Y-%m-%d")
        .to_string()
}

/// The customer's devices, what they lack, and what a scanner found on them.
fn machines<'d>(memory: &mut Memory, on: &dyn Fn(u64, u64) -> &'d str) {
    let devices = "id,name,address,kind,os,os_version,vendor,exposed,critical,managed_by,supported_until_at,last_seen_at,sensor,sensor_seen_at,app_control,inventoried,logs_at";
    memory.add("devices", Side::Customer, &table(devices, DEVICES, |n, out| {
        let kind = ["workstation", "workstation", "server", "firewall"][usize::try_from(n % 4).expect("small")];
        let _ = write!(out, "ws-{n},ws-{n},10.{}.{}.{},{kind},Windows,11,Acme,{},{},provider,2028-01-01,{},edr,{},enforce,true,{}", n / 65536, n / 256 % 256, n % 256, n % 97 == 0, n % 10 == 0, on(n, 14), on(n, 14), on(n, 3));
    }));
    let updates = "id,device,product,class,severity,installed,exploited,released_at,installed_at";
    memory.add(
        "updates",
        Side::Customer,
        &table(updates, DEVICES * 5, |n, out| {
            let _ = write!(
                out,
                "KB{},ws-{},Windows,os,{},{},false,{},{}",
                5_000_000 + n % 60,
                n / 5,
                if n % 4 == 0 { "critical" } else { "medium" },
                n % 11 != 0,
                on(n % 60, 90),
                on(n, 60)
            );
        }),
    );
    let found = "id,cve,device,title,severity,score,package,version,fixed_in,port,authenticated,exposed,exploited,found_at,published_at";
    memory.add("vulnerability-scan", Side::Customer, &table(found, VULNERABILITIES, |n, out| {
        let severity = ["critical", "high", "medium", "low"][usize::try_from(n % 4).expect("small")];
        let cve = 1000 + n % 4_000;
        let _ = write!(out, "CVE-2026-{cve},CVE-2026-{cve},ws-{},Overflow in part {cve},{severity},{}.{},part{},1.{},1.{},443/tcp,true,{},{},{},{}", n % DEVICES, 3 + n % 7, n % 10, cve % 300, n % 20, n % 20 + 1, n % 97 == 0, n % 500 == 0, on(n, 60), on(n, 400));
    }));
}

/// Everything that is known about the customer.
fn customer(now: Time) -> Memory {
    let mut memory = Memory::new(now);
    let days: Vec<String> = (0..800).map(|back| day(now, back)).collect();
    let on = |n: u64, within: u64| days[usize::try_from(n * 7919 % within).expect("small")].as_str();
    let accounts = "name,directory,kind,person,owner,by_provider,enabled,admin,mailbox,created_at,last_sign_in_at,password_set_at,never_expires,inventoried";
    memory.add(
        "accounts",
        Side::Customer,
        &table(accounts, ACCOUNTS, |n, out| {
            let kind = if n % 50 == 0 { "service" } else { "person" };
            let (admin, made, seen, set) = (n % 100 == 1, on(n, 800), on(n, 40), on(n, 300));
            let _ = write!(
                out,
                "user{n}@clinic.example,entra,{kind},p{n},o{},{},{},{admin},true,{made},{seen},{set},{},true",
                n % 90,
                n % 200 == 1,
                n % 33 != 0,
                n % 50 == 0
            );
        }),
    );
    let methods =
        "account,method,phishing_resistant,weak,admin,by_provider,registered_at,from_managed,reviewed";
    memory.add(
        "authentication-methods",
        Side::Customer,
        &table(methods, ACCOUNTS * 2, |n, out| {
            let word = ["fido2", "app", "sms", "password"][usize::try_from(n % 4).expect("small")];
            let _ = write!(
                out,
                "user{}@clinic.example,{word},{},{},{},{},{},true,true",
                n / 2,
                word == "fido2",
                word == "sms",
                n / 2 % 100 == 1,
                n / 2 % 200 == 1,
                on(n, 700)
            );
        }),
    );
    let people = "id,name,account,side,role,joined_at,trained_at";
    memory.add(
        "people",
        Side::Customer,
        &table(people, ACCOUNTS, |n, out| {
            let _ = write!(
                out,
                "p{n},Person {n},user{n}@clinic.example,customer,role {},{},{}",
                n % 40,
                on(n, 800),
                on(n, 300)
            );
        }),
    );
    let grants = "account,role,directory,privileged,permanent,active,by_provider,status,from_at,to_at";
    memory.add(
        "role-assignments",
        Side::Customer,
        &table(grants, 2_000, |n, out| {
            let _ = write!(
                out,
                "user{}@clinic.example,role {},entra,{},{},true,{},active,{},",
                n * 5 + 1,
                n % 30,
                n % 9 == 0,
                n % 3 == 0,
                n % 40 == 0,
                on(n, 200)
            );
        }),
    );
    machines(&mut memory, &on);
    let sign_ins = "id,account,directory,succeeded,by_provider,requirement,method,client,legacy,resource,device,source_ip,interactive,managed_device,at_at";
    let span = 365 * DAY / i64::try_from(MONTHS).expect("small");
    for month in 0..MONTHS {
        let begins = now.as_second() - 365 * DAY + span * i64::try_from(month).expect("small");
        memory.add("sign-ins", Side::Customer, &table(sign_ins, SIGN_INS / MONTHS + 1, |n, out| {
            let user = n * 7919 % ACCOUNTS;
            let at = begins + span * i64::try_from(n).expect("small") / i64::try_from(SIGN_INS / MONTHS + 1).expect("small");
            let _ = write!(out, "s{month}-{n},user{user}@clinic.example,entra,{},{},multi-factor,app,browser,false,mail,ws-{},198.51.100.{},true,true,{at}", n % 40 != 0, user % 200 == 1, user % DEVICES, n % 250);
        }));
    }
    memory
}

/// A number of `/proc/self/status`, in MiB.
fn memory(member: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(member)).unwrap_or("0");
    line.split_whitespace().find_map(|word| word.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn main() {
    let now: Time = "2026-11-20T12:00:00Z".parse().expect("RFC 3339");
    let memory_of = customer(now);
    let set = assess::embedded();
    println!(
        "{} rows in {} documents, {} MB raw; {} checks, {} of them real",
        memory_of.rows,
        memory_of.sealed.len(),
        memory_of.raw_bytes / 1_000_000,
        set.checks().count(),
        set.checks().filter(|c| c.is_real()).count()
    );
    let (parameters, exceptions, contracts) = (BTreeMap::new(), vec![], contract::History::default());
    let about =
        Circumstances { now, parameters: &parameters, exceptions: &exceptions, contracts: &contracts };
    let mut last: Option<String> = None;
    for _ in 0..RUNS {
        let held = memory("VmRSS:");
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let begin = Instant::now();
        let dossier = Dossier::open(&memory_of.sealed);
        let gathered = begin.elapsed();
        assert!(dossier.odd().is_empty(), "{:?}", dossier.odd().first());
        let assessment = assess(&dossier, &set, &about).expect("answers");
        let json = assessment.to_json().to_string();
        let whole = begin.elapsed();
        let peak = memory("VmHWM:");
        let open = assessment.answers().filter(|a| a.verdict.is_open()).count();
        println!(
            "gathered in {:.2} s, answered {} in {:.2} s ({open} open), together {:.2} s of 5 s; peak {peak} MiB of 1024, sealed records among it {held} MiB",
            gathered.as_secs_f64(),
            assessment.answers().count(),
            (whole - gathered).as_secs_f64(),
            whole.as_secs_f64()
        );
        assert!(last.as_ref().is_none_or(|before| *before == json), "the same evidence gives the same bytes");
        last = Some(json);
    }
}
