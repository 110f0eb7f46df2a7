//! Assessments in a bundle: computed again once every record holds, and what was written otherwise is found and named.

use crate::forge::{Bundle, Recipe, control, door, short};
use crate::program::run;
use assess::assessment::assess;
use assess::audit::Audit;
use assess::judge::Circumstances;
use assess::{CheckSet, Dossier};
use evidence::{Envelope, Handed, Hint, Row, Side, read, records};
use model::{CustomerId, Kind, Record, form};
use serde_json::Value;
use std::collections::BTreeMap;
use verify::Report;

/// Needs sign-ins, so that without any its answer is `unknown`.
const CHECK: &str = "ra.msp-mfa-100";
const RECORDS: &str = "records/000000000000.gz";

/// One check, asked without any evidence.
fn audit() -> Audit {
    let now = "2026-11-20T12:00:00Z".parse().expect("a time");
    let mut set = CheckSet::default();
    let text = assess::embedded().texts()[CHECK].clone();
    set.add("ours", &BTreeMap::from([("check.toml".to_owned(), text.into_bytes())])).expect("a check");
    let parameters = BTreeMap::new();
    let about = Circumstances {
        now,
        parameters: &parameters,
        exceptions: &[],
        contracts: &contract::History::default(),
    };
    let assessment = assess(&Dossier::open(&[]), &set, &about).expect("loads");
    Audit {
        profile: "hipaa".to_owned(),
        now,
        checks: set.texts().clone(),
        feeds: vec![],
        parsers: evidence::PARSERS_VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        answers: assessment.to_json().to_string().into_bytes(),
        parameters,
    }
}

/// The bodies of a document of accounts, with what `change` makes of its rows.
fn accounts(change: impl FnOnce(&mut Vec<Row>)) -> Vec<Vec<u8>> {
    let raw = b"name,directory,enabled\nana@acme.example,vpn,yes\nbo@acme.example,vpn,no\n";
    let mut document = read(raw, "vpn.csv", &Hint { kind: Some("accounts"), ..Hint::default() });
    let customer = CustomerId::parse("acme").expect("an id");
    let at = "2026-11-20T08:00:00Z".parse().expect("a time");
    let handed = Handed {
        customer: &customer,
        side: Side::Customer,
        file: "vpn.csv",
        collected: at,
        received: at,
        scope: None,
        population: None,
        covers: None,
        mapping: None,
    };
    let envelope = Envelope::new(&handed, raw, &document);
    change(&mut document.rows);
    records::pack(&envelope, raw, &document.rows)
}

/// A log of 700 records: doors, and from record 300 on a document and an assessment.
fn recipe(document: Vec<Vec<u8>>, audit: &Audit) -> Recipe {
    let mut recipe = Recipe::doors("acme", 700);
    let kinds = document.into_iter().map(|raw| (Kind::Evidence, raw));
    let bodies = kinds.chain(audit.pack().into_iter().map(|raw| (Kind::Verdict, raw)));
    for (seq, (kind, raw)) in (300..).zip(bodies) {
        let record = Record { kind, raw, ..door(seq) };
        recipe.forms[usize::try_from(seq).expect("small")] = form::encode(&record);
    }
    recipe
}

fn check(bundle: &Bundle) -> Report {
    verify::audited(bundle.lay().path(), Some(&bundle.pinned()), &[]).expect("the folder is there")
}

/// The assessment with a word of its answers changed.
fn better() -> Audit {
    let mut audit = audit();
    let text = String::from_utf8(audit.answers).expect("text");
    let answer = text.find("\"checks\":[{").expect("one answer");
    let word = answer + text[answer..].find("\"verdict\":\"unknown\"").expect("its word");
    audit.answers = format!("{}\"verdict\":\"met\"{}", &text[..word], &text[word + 19..]).into_bytes();
    audit
}

#[test]
fn an_honest_assessment_is_computed_again_to_the_byte() {
    let laid = recipe(accounts(|_| {}), &audit()).bake().lay();
    let ran = run(&[laid.path().to_str().expect("plain"), "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    let told = &ran.json()["assessment"];
    assert_eq!(
        (&told["recomputed"], &told["answers"], &told["profile"], &told["words"]["unknown"]),
        (&true.into(), &1.into(), &"hipaa".into(), &1.into())
    );
    assert_eq!(told["documents"]["read_again"], 1);
    let ran = run(&[laid.path()]);
    let said = "1 computed again from the sealed evidence: every one of them byte for byte as it was sealed";
    assert!(ran.code == 0 && ran.out.contains(said), "{}", ran.out);
}

#[test]
fn an_answer_that_a_provider_wrote_better_and_sealed_is_named_and_exits_4() {
    let laid = recipe(accounts(|_| {}), &better()).bake().lay();
    let ran = run(&[laid.path().to_str().expect("plain"), "--json"]);
    assert_eq!(ran.code, 4);
    let document = ran.json();
    let findings = document["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((&findings[0]["threat"], &findings[0]["path"]), (&"A1".into(), &RECORDS.into()));
    let message = findings[0]["message"].as_str().expect("a text");
    for part in ["`remote-access-mfa`", CHECK, "provider side", "sealed as `met, ", "gives `unknown, "] {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
    let told = &document["assessment"]["differences"][0];
    assert_eq!(
        (&told["check"], &told["side"], &told["member"]),
        (&CHECK.into(), &"provider".into(), &"verdict".into())
    );
}

#[test]
fn rows_that_the_bytes_beside_them_do_not_give_are_found() {
    let report = check(&recipe(accounts(|rows| drop(rows.pop())), &audit()).bake());
    // Raw, rows, envelope: record 302 is the envelope.
    assert_eq!(short(&report), [("A1", Some((302, 302)), RECORDS)]);
    assert!(report.findings[0].message.contains("`vpn.csv`"), "{}", report.findings[0].message);
}

#[test]
fn an_assessment_that_lacks_a_piece_is_a_finding_and_none_at_all_is_none() {
    let mut lacking = recipe(accounts(|_| {}), &audit());
    lacking.forms[303] = form::encode(&door(303));
    let report = check(&lacking.bake());
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    assert!(report.findings[0].message.contains("is not what an assessment must be"));
    assert!(report.assessment.is_some_and(|a| a.why_not.is_some()));

    let report = check(&Recipe::doors("acme", 700).bake());
    assert!(report.ok() && report.assessment.is_none());
}

#[test]
fn where_records_do_not_hold_nothing_is_computed_from_them() {
    let mut bundle = recipe(accounts(|_| {}), &audit()).bake();
    let salts = bundle.files.get_mut("salts/000000000000").expect("there");
    salts[5_000] ^= 1;
    let report = check(&bundle);
    assert!(!report.ok());
    assert!(report.assessment.is_none_or(|a| a.replayed.is_none()));
}

#[test]
fn a_continuation_says_that_it_cannot_be_computed_and_is_no_false_alarm() {
    let mut whole = recipe(accounts(|_| {}), &audit());
    let first = whole.bake();
    whole.begin = 256;
    let later = whole.bake();
    let head = verify::Head { name: "first".into(), note: first.files["checkpoint"].clone() };
    let report = verify::audited(later.lay().path(), Some(&later.pinned()), &[head]).expect("there");
    assert!(report.ok(), "{:?}", report.findings);
    let why = report.assessment.and_then(|a| a.why_not).expect("it was not computed");
    assert!(why.contains("records 0 to 255 are not in this bundle"), "{why}");
}

#[test]
fn hostile_text_in_an_assessment_never_moves_the_cursor() {
    let hostile = "\u{1b}[2J\u{202e}x";
    let mut audit = audit();
    audit.profile = hostile.to_owned();
    audit.program = hostile.to_owned();
    let mut answers: Value = serde_json::from_slice(&audit.answers).expect("JSON");
    answers[0]["id"] = hostile.into();
    audit.answers = answers.to_string().into_bytes();
    let laid = recipe(accounts(|_| {}), &audit).bake().lay();
    let ran = run(&[laid.path()]);
    assert_eq!(ran.code, 4);
    assert!(!ran.out.contains('\u{1b}') && !ran.out.contains('\u{202e}'), "{}", ran.out);
}

#[test]
fn records_of_the_log_itself_change_nothing_about_the_answers() {
    let mut with = recipe(accounts(|_| {}), &audit());
    with.forms[500] = form::encode(&control(500, "{\"control\":\"closed\"}"));
    let report = check(&with.bake());
    assert!(report.ok() && report.assessment.is_some_and(|a| a.why_not.is_none()));
}
