//! Assessments for auditors: from the log alone the same bytes come out, and whatever was written otherwise is named.

use assess::assessment::assess;
use assess::audit::{Audit, Auditor, Reading, Replayed};
use assess::fixture::Fixture;
use assess::judge::Circumstances;
use assess::{CheckSet, Dossier, embedded, exceptions, terms};
use evidence::{Envelope, Handed, Hint, Row, read, records};
use ledger::{Hash, Log, Sealed, SigningKey, Tree, Unsealed, leaf_hash};
use model::{CustomerId, Draft, Event, Fields, Format, Kind, Source, Time, form};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const CHECK: &str = "ra.msp-mfa-100";

struct Batch(Vec<Event>);

impl Unsealed for Batch {
    type Value = Vec<Event>;

    fn first(&self) -> u64 {
        0
    }

    fn leaf_hashes(&self) -> Vec<Hash> {
        self.0.iter().map(|e| leaf_hash(&form::encode(&e.record))).collect()
    }

    fn release(self) -> Vec<Event> {
        self.0
    }
}

/// A log that is being written: kinds and bodies.
#[derive(Clone, Default)]
struct Written(Vec<(Kind, Vec<u8>)>);

impl Written {
    fn sealed(&self) -> Sealed<Vec<Event>> {
        let at: Time = "2026-11-20T10:00:00Z".parse().expect("a time");
        let event = |(seq, (kind, raw)): (u64, &(Kind, Vec<u8>))| {
            let source = Source::lossy(Format::Own, "self");
            let draft =
                Draft { kind: *kind, source, happened: at, received: at, raw: raw.clone(), defects: vec![] };
            Event { record: draft.at(seq), fields: Fields::new() }
        };
        let events = (0..).zip(&self.0).map(event).collect();
        let key = SigningKey::from_seed("northwind-it/acme/records", &[3; 32]).expect("a name");
        let mut log = Log::open("northwind-it/acme/records", Tree::new(), key).expect("a log");
        log.seal(Batch(events)).expect("at the end").0
    }

    fn add(&mut self, kind: Kind, bodies: Vec<Vec<u8>>) {
        self.0.extend(bodies.into_iter().map(|body| (kind, body)));
    }

    /// Seals the files of a fixture, with what `change` makes of envelope and rows.
    fn evidence(&mut self, fixture: &Fixture, change: &dyn Fn(&mut Envelope, &mut Vec<Row>)) {
        for added in &fixture.add {
            let hint = Hint { kind: Some(&added.kind), ..Hint::default() };
            let mut document = read(&added.raw, &added.file, &hint);
            let customer = CustomerId::parse("acme").expect("an id");
            let handed = Handed {
                customer: &customer,
                side: added.side,
                file: &added.file,
                collected: added.collected,
                received: added.collected,
                scope: None,
                population: None,
                covers: None,
                mapping: None,
            };
            let mut envelope = Envelope::new(&handed, &added.raw, &document);
            change(&mut envelope, &mut document.rows);
            self.add(Kind::Evidence, records::pack(&envelope, &added.raw, &document.rows));
        }
    }

    /// Answers every check of a set and gives what is sealed of it.
    fn audit(&self, set: &CheckSet, now: Time) -> Audit {
        let sealed = [self.sealed()];
        let parameters = BTreeMap::from([
            ("bk.age.hours".to_owned(), toml::Value::Integer(24)),
            ("lg.time.name".to_owned(), toml::Value::String("a \"b\"\n[c]".to_owned())),
        ]);
        let (kept, contracts) = (exceptions::of(&sealed), terms::contracts(&sealed));
        let approved = exceptions::approved(&kept);
        let about =
            Circumstances { now, parameters: &parameters, exceptions: &approved, contracts: &contracts };
        let assessment = assess(&Dossier::open(&sealed), set, &about).expect("evidence loads");
        Audit {
            profile: "hipaa".to_owned(),
            now,
            checks: set.texts().clone(),
            feeds: vec![],
            parsers: evidence::PARSERS_VERSION,
            program: "1".to_owned(),
            answers: assessment.to_json().to_string().into_bytes(),
            parameters,
        }
    }

    fn replayed(&self) -> Option<Replayed> {
        let mut auditor = Auditor::new();
        assert!(auditor.take(&self.sealed()));
        auditor.finish()
    }
}

fn fixture(name: &str) -> Fixture {
    let set = embedded();
    set.fixtures(CHECK).iter().find(|f| f.name == name).cloned().expect("there is one")
}

fn as_it_is(_: &mut Envelope, _: &mut Vec<Row>) {}

/// A log with the evidence of a fixture, and its assessment.
fn honest(name: &str) -> (Written, Audit) {
    let fixture = fixture(name);
    let mut log = Written::default();
    log.evidence(&fixture, &as_it_is);
    let audit = log.audit(&embedded(), fixture.now);
    (log, audit)
}

#[test]
fn from_the_log_alone_the_same_bytes_come_out_for_every_fixture() {
    let set = embedded();
    let mut tried = 0;
    for check in set.checks() {
        // One check at a time: what all of them say together about one document is the same engine.
        for fixture in set.fixtures(&check.id) {
            let mut log = Written::default();
            log.evidence(fixture, &as_it_is);
            let mut alone = CheckSet::default();
            let text = set.texts()[&check.id].clone().into_bytes();
            alone.add("alone", &BTreeMap::from([("check.toml".to_owned(), text)])).expect("a check");
            let audit = log.audit(&alone, fixture.now);
            log.add(Kind::Verdict, audit.pack());
            let told = log.replayed().expect("there is one");
            let kept = told.kept.as_ref().expect("whole");
            assert_eq!((&kept.audit, &kept.id), (&audit, &audit.id()));
            assert_eq!((told.differences.as_slice(), told.more), ([].as_slice(), 0), "{}", check.id);
            assert_eq!(told.computed, Ok(check.asked_of.len() as u64));
            let same = told.documents.iter().all(|d| d.reading == Reading::Same);
            assert!(same && told.documents.len() == fixture.add.len(), "{} {:?}", check.id, told.documents);
            tried += 1;
        }
    }
    assert!(tried >= 5, "{tried}");
}

#[test]
fn a_word_that_was_written_better_than_it_is_is_named() {
    let (mut log, mut audit) = honest("not-met");
    let mut answers: Value = serde_json::from_slice(&audit.answers).expect("JSON");
    let all = answers.as_array_mut().expect("measures").iter_mut();
    let answer = all
        .flat_map(|m| m["checks"].as_array_mut().expect("answers"))
        .find(|a| a["id"] == CHECK)
        .expect("asked");
    assert_eq!(answer["verdict"], "not-met");
    answer["verdict"] = "met".into();
    audit.answers = answers.to_string().into_bytes();
    log.add(Kind::Verdict, audit.pack());
    let told = log.replayed().expect("there is one");
    let [one] = told.differences.as_slice() else { panic!("{:?}", told.differences) };
    assert_eq!(
        (one.measure.as_str(), one.check.as_deref(), one.side.as_str(), one.member.as_str()),
        ("remote-access-mfa", Some(CHECK), "provider", "verdict")
    );
    assert!(one.was.starts_with("met, ") && one.is.starts_with("not-met, "), "{one:?}");
}

#[test]
fn one_other_byte_in_the_answers_is_a_difference() {
    let (mut log, mut audit) = honest("met");
    audit.answers.push(b' ');
    log.add(Kind::Verdict, audit.pack());
    let told = log.replayed().expect("there is one");
    assert_eq!(told.differences.len(), 1);
    assert_eq!(told.differences[0].member, "bytes");
}

#[test]
fn rows_that_the_bytes_do_not_give_are_named() {
    let fixture = fixture("not-met");
    let mut log = Written::default();
    // A hostile provider leaves out what fails, and seals the rest beside the bytes that say more.
    log.evidence(&fixture, &|envelope, rows| {
        rows.truncate(1);
        envelope.rows = BTreeMap::from([("sign_in".to_owned(), 1)]);
    });
    let audit = log.audit(&embedded(), fixture.now);
    log.add(Kind::Verdict, audit.pack());
    let told = log.replayed().expect("there is one");
    assert!(told.differences.is_empty(), "the answers are those that the sealed rows give");
    let readings: Vec<&Reading> = told.documents.iter().map(|d| &d.reading).collect();
    assert!(matches!(readings.as_slice(), [Reading::Differs(what)] if what.contains("rows")), "{readings:?}");
}

#[test]
fn rows_of_other_parsers_are_taken_as_they_were_sealed_and_counted() {
    let fixture = fixture("not-met");
    let mut log = Written::default();
    log.evidence(&fixture, &|envelope, rows| {
        envelope.parsers = 0;
        rows.truncate(1);
    });
    let audit = log.audit(&embedded(), fixture.now);
    log.add(Kind::Verdict, audit.pack());
    let told = log.replayed().expect("there is one");
    assert_eq!(told.documents[0].reading, Reading::OtherParsers(0));
    assert_eq!(told.computed.is_ok(), told.differences.is_empty());
}

#[test]
fn evidence_that_was_left_out_of_the_answers_is_noticed_and_later_evidence_is_only_counted() {
    let (log, audit) = honest("met");
    let bad = fixture("not-met");
    let mut before = log.clone();
    before.evidence(&bad, &as_it_is);
    before.add(Kind::Verdict, audit.pack());
    let told = before.replayed().expect("there is one");
    assert!(told.differences.iter().any(|d| d.check.as_deref() == Some(CHECK)), "{:?}", told.differences);

    let mut after = log;
    after.add(Kind::Verdict, audit.pack());
    after.evidence(&bad, &as_it_is);
    let told = after.replayed().expect("there is one");
    assert_eq!((told.differences.len(), told.later), (0, 1));
}

#[test]
fn an_assessment_without_one_of_its_records_is_none() {
    let (log, audit) = honest("met");
    let bodies = audit.pack();
    for left_out in 0..bodies.len() {
        let mut less = bodies.clone();
        less.remove(left_out);
        let mut log = log.clone();
        log.add(Kind::Verdict, less);
        let told = log.replayed();
        if left_out == bodies.len() - 1 {
            assert!(told.is_none(), "what nothing closes is no assessment");
        } else {
            assert!(told.is_some_and(|t| t.kept.is_err() && t.computed.is_err()), "without {left_out}");
        }
    }
}

#[test]
fn checks_that_are_not_ours_or_were_left_out_are_said() {
    let (mut log, _) = honest("met");
    let text = embedded().texts()[CHECK].replace("'multi-factor'", "'anything'");
    let mut set = CheckSet::default();
    set.add("other", &BTreeMap::from([("check.toml".to_owned(), text.into_bytes())])).expect("a check");
    let audit = log.audit(&set, fixture("met").now);
    log.add(Kind::Verdict, audit.pack());
    let told = log.replayed().expect("there is one");
    assert_eq!(told.other_checks, [CHECK]);
    let ours = embedded().checks().count();
    assert_eq!(told.absent_checks.len(), ours - 1);
    assert!(told.differences.is_empty());
}

#[test]
fn the_last_of_several_assessments_counts() {
    let (mut log, audit) = honest("met");
    log.add(Kind::Verdict, Audit { answers: b"[]".to_vec(), ..audit.clone() }.pack());
    log.add(Kind::Verdict, audit.pack());
    let told = log.replayed().expect("there is one");
    assert_eq!((told.older, told.differences.len()), (1, 0));
}

#[test]
fn public_lists_come_back_with_their_rows() {
    let (mut log, mut audit) = honest("met");
    // A list that no check of ours asks for: the answers stay as they were sealed.
    let raw = b"cve,score,percentile\nCVE-2026-0001,0.1,0.25\n";
    let document = read(raw, "list.csv", &Hint { kind: Some("feed-epss"), ..Hint::default() });
    let customer = CustomerId::parse("public").expect("an id");
    let handed = Handed {
        customer: &customer,
        side: evidence::Side::Provider,
        file: "list.csv",
        collected: audit.now,
        received: audit.now,
        scope: None,
        population: None,
        covers: None,
        mapping: None,
    };
    let envelope = Envelope::new(&handed, raw, &document);
    let rows: Vec<Row> = document.rows.clone();
    assert_eq!(rows.len(), 1);
    audit.feeds = vec![records::Exhibit { envelope, seq: u64::MAX, rows: rows.into(), raw: None }];
    log.add(Kind::Verdict, audit.pack());
    let told = log.replayed().expect("there is one");
    assert_eq!(told.kept.as_ref().map(|k| &k.audit.feeds), Ok(&audit.feeds));
    assert!(told.differences.is_empty(), "{:?}", told.differences);
}

/// An assessment that a list and two checks stand behind, made of literals only.
fn small() -> Audit {
    let envelope: Value = serde_json::from_str(include_str!("golden/audit-list.json")).expect("JSON");
    let envelope = Envelope::from_json(&envelope).expect("an envelope");
    let row = Row::from_line(r#"["feed_epss","CVE-2026-0001",0.1,0.25]"#).expect("a row");
    let check = |id: &str, text: &str| (id.to_owned(), text.to_owned());
    Audit {
        profile: "alert-floor".to_owned(),
        now: "2026-11-20T12:00:00Z".parse().expect("a time"),
        parameters: BTreeMap::from([
            ("x.one.days".to_owned(), toml::Value::Integer(30)),
            ("x.two.name".to_owned(), toml::Value::String("a b".to_owned())),
            ("x.two.share".to_owned(), toml::Value::Float(0.5)),
        ]),
        checks: BTreeMap::from([
            check("x.one", "id = \"x.one\"\n"),
            check("x.two", "id = \"x.two\"\nasks = \"é?\"\n"),
        ]),
        feeds: vec![records::Exhibit { envelope, seq: u64::MAX, rows: vec![row].into(), raw: None }],
        parsers: 1,
        program: "0.1.0".to_owned(),
        answers: br#"[{"id":"logging","sides":{},"checks":[]}]"#.to_vec(),
    }
}

#[test]
fn the_form_never_changes() {
    // Written by a program that knows docs/formats.md only; the bodies of the records, with a line of `====` between them.
    let golden = include_str!("golden/audit-form-1.txt");
    let bodies: Vec<String> =
        small().pack().into_iter().map(|body| String::from_utf8(body).expect("text")).collect();
    assert_eq!(bodies.join("\n====\n") + "\n", golden);
    let mut log = Written::default();
    log.add(Kind::Verdict, golden.trim_end().split("\n====\n").map(|b| b.as_bytes().to_vec()).collect());
    let kept = log.replayed().expect("there is one").kept.expect("whole");
    assert_eq!(kept.audit, small());
}

#[test]
fn a_value_is_written_in_one_way_or_refused() {
    let with = |literal: &str| {
        let bodies: Vec<String> =
            small().pack().into_iter().map(|body| String::from_utf8(body).expect("text")).collect();
        let mut head: Value = serde_json::from_str(bodies.last().expect("one")).expect("JSON");
        head["parameters"]["x.one.days"] = literal.into();
        head["id"] = Value::Null;
        let hash = Sha256::digest(head.to_string());
        let id: String = hash.iter().take(12).map(|b| format!("{b:02x}")).collect();
        head["id"] = format!("au-{id}").into();
        let pieces = bodies[..bodies.len() - 1].iter();
        let mut new: Vec<Vec<u8>> =
            pieces.map(|b| b.replace(&small().id(), &format!("au-{id}")).into_bytes()).collect();
        new.push(head.to_string().into_bytes());
        let mut log = Written::default();
        log.add(Kind::Verdict, new);
        log.replayed().expect("there is one").kept
    };
    assert!(with("31").is_ok(), "{:?}", with("31"));
    for literal in ["31\nw = 2", "31 # days", "", "0x1f", "+31"] {
        let why = with(literal).expect_err(literal);
        assert!(why.contains("holds no values"), "{literal:?}: {why}");
    }
}
