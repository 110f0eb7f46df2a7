//! What a log says of itself, and what others know of it: keys of days, heads, incremental bundles, retention, silence. Both verifiers
//! must say the same.

use crate::forge::{Bundle, Laid, Recipe, control, day_key, door, handover, origin, salt};
use crate::program::start;
use ledger::{Checkpoint, Hash, Note, ProofFile, SigningKey, Tree, commitment, leaf_hash, root_of};
use model::{Record, Time, form};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use verify::{Head, Report, Sample};

const SECOND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/verify.py");

fn heads_of(paths: &[PathBuf]) -> Vec<Head> {
    let read = |path: &PathBuf| {
        let place = if path.is_dir() { path.join("checkpoint") } else { path.clone() };
        Head { name: path.display().to_string(), note: std::fs::read(place).expect("a head") }
    };
    paths.iter().map(read).collect()
}

/// Threats that are found, each once, in order; the second verifier must find the same.
#[track_caller]
fn check(bundle: &Bundle, heads: &[PathBuf], expected: &[&str]) -> Report {
    let laid = bundle.lay();
    let report = verify::bundle_with(laid.path(), Some(&bundle.pinned()), &heads_of(heads)).expect("there");
    let mut found: Vec<&str> = report.findings.iter().map(|f| f.threat).collect();
    found.sort_unstable();
    found.dedup();
    let messages: Vec<_> = report.findings.iter().map(|f| (f.threat, f.from, f.to, &f.message)).collect();
    assert_eq!(found, expected, "{messages:#?}");
    if let Some(second) = python(laid.path(), &bundle.pinned().to_string(), heads) {
        assert_eq!(second, expected, "the second verifier; the first: {messages:#?}");
    }
    report
}

fn python(path: &Path, vkey: &str, heads: &[PathBuf]) -> Option<Vec<String>> {
    let mut args: Vec<OsString> = ["-I", SECOND].iter().map(OsString::from).collect();
    args.extend([path.into(), "--json".into(), "--vkey".into(), vkey.into()]);
    for head in heads {
        args.extend(["--head".into(), head.into()]);
    }
    let ran = start("python3", &args.iter().map(AsRef::as_ref).collect::<Vec<_>>()).ok()?;
    assert_eq!(ran.err, "");
    let mut found: Vec<String> = ran.json()["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|f| f["threat"].as_str().expect("text").to_owned())
        .collect();
    found.sort_unstable();
    found.dedup();
    Some(found)
}

fn three_days() -> Recipe {
    let mut recipe = Recipe::doors("acme", 700);
    recipe.new_day(256);
    recipe.new_day(300);
    recipe
}

#[test]
fn a_chain_of_days_holds() {
    let report = check(&three_days().bake(), &[], &[]);
    assert_eq!(report.day_keys, 3);
}

#[test]
fn the_past_cannot_be_rewritten_with_the_keys_of_today() {
    // Everything is made anew over a changed record, with the stable key and today's; the hand-overs of before stay as they were.
    let honest = three_days();
    for at in [1usize, 255, 299] {
        let mut changed = three_days();
        changed.forms[at] = form::encode(&Record { raw: b"nobody was here".to_vec(), ..door(at as u64) });
        let report = check(&changed.bake(), &[], &["A2"]);
        assert!(report.findings.iter().any(|f| f.path.as_deref() == Some("days")));
    }
    // Whoever makes the hand-overs anew lacks the key of the day before.
    let mut changed = three_days();
    changed.forms[100] = form::encode(&Record { raw: b"nobody was here".to_vec(), ..door(100) });
    let root = root_of(&changed.leaves()[..256]);
    let stable = SigningKey::from_seed(&origin("acme"), &[7; 32]).expect("good");
    let forged = Note::parse(&handover("acme", 7, 1, (256, root))).expect("a note");
    let mut note = stable.sign(forged.text()).expect("signs");
    let thief =
        SigningKey::from_seed(&format!("{}/day/2026-11-01", origin("acme")), &[99; 32]).expect("good");
    note.merge(&thief.sign(forged.text()).expect("signs")).expect("room");
    changed.days[0] = note.to_bytes();
    check(&changed.bake(), &[], &["A2"]);
    // And what comes after the last hand-over is today's to write.
    let mut changed = honest;
    changed.forms[400] = form::encode(&Record { raw: b"today".to_vec(), ..door(400) });
    check(&changed.bake(), &[], &[]);
}

#[test]
fn an_announcement_stands_where_its_note_says() {
    let mut lacks = three_days();
    lacks.forms[300] = form::encode(&door(300));
    check(&lacks.bake(), &[], &["A2"]);
    let mut other = three_days();
    other.forms[310] = other.forms[300].clone();
    other.forms[310] = form::encode(&Record { seq: 310, ..form::decode(&other.forms[300]).expect("ours") });
    check(&other.bake(), &[], &["A2"]);
    let mut cut = three_days();
    cut.days.pop();
    check(&cut.bake(), &[], &["A2"]);
    let mut swapped = three_days();
    swapped.days.swap(0, 1);
    check(&swapped.bake(), &[], &["A2"]);
}

#[test]
fn a_checkpoint_needs_the_key_of_its_day() {
    let mut bundle = three_days().bake();
    let text = Note::parse(&bundle.files["checkpoint"]).expect("ours").text().to_owned();
    for other in [None, Some(day_key("acme", 7, 1))] {
        let mut note = bundle.key.sign(&text).expect("signs");
        if let Some(key) = other {
            note.merge(&key.sign(&text).expect("signs")).expect("room");
        }
        bundle.files.insert("checkpoint".into(), note.to_bytes());
        bundle.manifest();
        check(&bundle, &[], &["A2"]);
    }
}

fn head(laid: &Laid, name: &str, bundle: &Bundle) -> PathBuf {
    laid.write(name, &bundle.files["checkpoint"]);
    laid.place(name)
}

#[test]
fn heads_show_forks_and_shrinking() {
    let heads = Laid::empty();
    let forms = Recipe::doors("acme", 700).forms;
    let part = |many: usize| Recipe { forms: forms[..many].to_vec(), ..Recipe::doors("acme", 0) };
    let whole = part(700).bake();
    let mut fitting = vec![];
    for many in [1, 255, 256, 300, 512, 699, 700] {
        fitting.push(head(&heads, &format!("h{many}"), &part(many).bake()));
    }
    let report = check(&whole, &fitting, &[]);
    assert_eq!(report.heads, 7);
    check(&part(512).bake(), &fitting, &["A3"]);
    for many in [300usize, 700] {
        let mut forked = part(many);
        forked.forms[5] = form::encode(&Record { raw: b"other".to_vec(), ..door(5) });
        check(&whole, &[head(&heads, "fork", &forked.bake())], &["A4"]);
    }
    let stranger = Recipe { seed: 9, ..part(300) }.bake();
    check(&whole, &[head(&heads, "stranger", &stranger)], &["A4"]);
    let borealis = Recipe::doors("borealis", 300).bake();
    check(&whole, &[head(&heads, "borealis", &borealis)], &["A4"]);
}

#[test]
fn a_continuation_needs_what_came_before() {
    let heads = Laid::empty();
    let forms = Recipe::doors("acme", 66_000).forms;
    let part = |many: usize, begin: u64| Recipe {
        forms: forms[..many].to_vec(),
        begin,
        pages_in_member: 16,
        ..Recipe::doors("acme", 0)
    };
    for (many, begin, before) in [
        (700, 256, 256),
        (700, 512, 600),
        (66_000, 65_536, 65_700),
        (66_000, 60_160, 60_200),
        (512, 512, 512),
    ] {
        let bundle = part(many, begin).bake();
        check(&bundle, &[], &["A5"]);
        let held = head(&heads, "held", &part(before, 0).bake());
        let report = check(&bundle, &[held], &[]);
        assert_eq!((report.first, report.records), (begin, many as u64 - begin));
    }
    // A head inside of a page that is not here says nothing; one in front of the gap excuses nothing.
    check(&part(700, 512).bake(), &[head(&heads, "inside", &part(300, 0).bake())], &["A4", "A5"]);
    check(&part(700, 512).bake(), &[head(&heads, "before", &part(256, 0).bake())], &["A5"]);
    let mut forked = part(600, 0);
    forked.forms[520] = form::encode(&Record { raw: b"other".to_vec(), ..door(520) });
    check(&part(700, 512).bake(), &[head(&heads, "forked", &forked.bake())], &["A4", "A5"]);
}

fn at(days: i64) -> Time {
    Time::from_second(1_793_520_001 + days * 86_400).expect("in range")
}

/// The log with some records replaced, all received as of `days` behind the first.
fn with(many: u64, records: &[(u64, i64, &str)]) -> Recipe {
    let mut recipe = Recipe::doors("acme", many);
    let last = records.iter().map(|r| r.0).min().unwrap_or(many);
    for (seq, days, raw) in records {
        recipe.forms[usize::try_from(*seq).expect("small")] =
            form::encode(&Record { received: at(*days), ..control(*seq, raw) });
    }
    let days = records.iter().map(|r| r.1).max().unwrap_or(0);
    for seq in last..many {
        if !records.iter().any(|r| r.0 == seq) {
            recipe.forms[usize::try_from(seq).expect("small")] =
                form::encode(&Record { received: at(days), ..door(seq) });
        }
    }
    recipe
}

const CLOSED: &str = r#"{"control":"closed"}"#;
const REOPENED: &str = r#"{"control":"reopened","since":"2026-11-01T00:00:00Z"}"#;

#[test]
fn silence_is_explained_or_found() {
    let closed = check(&with(300, &[(200, 0, CLOSED), (201, 3, REOPENED)]).bake(), &[], &[]);
    assert_eq!(closed.silences, 1);
    assert!(closed.longest_silence.expect("one").seconds() > 2 * 86_400);
    check(&with(300, &[(200, 3, REOPENED)]).bake(), &[], &[]);
    check(
        &with(300, &[(200, 3, r#"{"control":"epoch","epoch":1}"#), (201, 3, r#"{"control":"silence"}"#)])
            .bake(),
        &[],
        &[],
    );
    check(&with(300, &[(200, 3, r#"{"control":"heartbeat"}"#)]).bake(), &[], &["A10"]);
    check(
        &with(
            300,
            &[
                (199, 0, CLOSED),
                (200, 0, r#"{"control":"heartbeat"}"#),
                (201, 3, r#"{"control":"heartbeat"}"#),
            ],
        )
        .bake(),
        &[],
        &["A10"],
    );
    check(&with(300, &[(299, 3, r#"{"control":"heartbeat"}"#)]).bake(), &[], &["A10"]);
    // Only the log itself can explain, not a record that says the same.
    let mut recipe = with(300, &[(200, 3, REOPENED)]);
    let mut liar = Record { received: at(3), ..control(200, REOPENED) };
    liar.source = door(0).source;
    recipe.forms[200] = form::encode(&liar);
    check(&recipe.bake(), &[], &["A10"]);
}

#[test]
fn retention_never_falls() {
    let kept = |days: u32| format!(r#"{{"control":"retention","days":{days},"note":""}}"#);
    let epoch = |days: u32| format!(r#"{{"control":"epoch","retention_days":{days}}}"#);
    let report = check(
        &with(300, &[(100, 0, &epoch(366)), (101, 0, &kept(400)), (102, 0, &epoch(400))]).bake(),
        &[],
        &[],
    );
    assert_eq!(report.retention_days, Some(400));
    check(&with(300, &[(100, 0, &kept(183))]).bake(), &[], &["A5"]);
    check(&with(300, &[(100, 0, &kept(400)), (101, 0, &kept(399))]).bake(), &[], &["A5"]);
    check(&with(300, &[(100, 0, &kept(400)), (101, 0, &epoch(200))]).bake(), &[], &["A5"]);
}

fn tombstone(count: u64, root: Hash, until: i64, days: u32) -> String {
    format!(
        r#"{{"control":"tombstone","epoch":0,"first":0,"count":{count},"root":"{root}","until":"{}","retention_days":{days}}}"#,
        at(until)
    )
}

#[test]
fn what_was_ended_was_kept_long_enough() {
    let roots = root_of(&Recipe::doors("acme", 700).leaves()[..256]);
    let stone = |root: Hash, until: i64, when: i64| {
        let recipe = with(
            700,
            &[(600, 0, CLOSED), (601, when, REOPENED), (602, when, &tombstone(256, root, until, 184))],
        );
        Recipe { begin: 256, ..recipe }.bake()
    };
    let report = check(&stone(roots, 0, 184), &[], &[]);
    assert_eq!(report.ended.iter().map(|e| (e.first, e.count)).collect::<Vec<_>>(), [(0, 256)]);
    check(&stone(roots, 1, 184), &[], &["A5"]);
    check(&stone(root_of(&[]), 0, 184), &[], &["A1"]);
    let more = Recipe {
        begin: 512,
        ..with(700, &[(600, 0, CLOSED), (601, 184, REOPENED), (602, 184, &tombstone(256, roots, 0, 184))])
    };
    check(&more.bake(), &[], &["A5"]);
}

/// A proof file of one record of a recipe.
fn proof(recipe: &Recipe, bundle: &Bundle, seq: usize) -> ProofFile {
    let leaves = recipe.leaves();
    let mut tree = Tree::new();
    leaves.iter().for_each(|l| tree.append(*l));
    let page = &leaves[seq / 256 * 256..leaves.len().min(seq / 256 * 256 + 256)];
    ProofFile {
        extra: Some([salt("acme", seq as u64).as_slice(), &recipe.forms[seq]].concat()),
        index: seq as u64,
        path: tree.inclusion_proof(seq as u64, page).expect("inside"),
        checkpoint: Note::parse(&bundle.files["checkpoint"]).expect("ours"),
    }
}

fn threats(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|f| f.threat).collect()
}

#[test]
fn one_record_is_proven_alone() {
    let (recipe, laid) = (three_days(), Laid::empty());
    let bundle = recipe.bake();
    laid.write("days", &bundle.files["days"]);
    let key = bundle.pinned();
    for seq in [0, 299, 699] {
        let file = proof(&recipe, &bundle, seq);
        laid.write("one.tlog-proof", &file.to_bytes());
        let report = verify::proof(&laid.place("one.tlog-proof"), Some(&key), None, &[]).expect("there");
        assert_eq!(threats(&report), [] as [&str; 0]);
        assert_eq!(report.shown.as_ref().map(|r| r.seq), Some(seq as u64));
        assert!(report.day_checked);
        // Another record, another place, another key, another day's signature.
        let mut other = file.clone();
        other.extra = Some([salt("acme", seq as u64).as_slice(), &recipe.forms[(seq + 1) % 700]].concat());
        let mut moved = file.clone();
        moved.index ^= 1;
        let mut unsigned = file.clone();
        unsigned.checkpoint = bundle.key.sign(file.checkpoint.text()).expect("signs");
        for (bad, threat) in [(other, "A1"), (moved, "A1"), (unsigned, "A2")] {
            laid.write("bad.tlog-proof", &bad.to_bytes());
            let report = verify::proof(&laid.place("bad.tlog-proof"), Some(&key), None, &[]).expect("there");
            assert_eq!(threats(&report), [threat]);
            assert!(report.shown.is_none() || threat == "A2");
        }
        let stranger = Recipe { seed: 3, ..Recipe::doors("acme", 3) }.bake().pinned();
        let report = verify::proof(&laid.place("one.tlog-proof"), Some(&stranger), None, &[]).expect("there");
        assert!(threats(&report).contains(&"A4"));
    }
}

#[test]
fn a_sample_must_be_answered_whole() {
    let (recipe, laid) = (three_days(), Laid::empty());
    let bundle = recipe.bake();
    laid.write("days", &bundle.files["days"]);
    let sample = Sample { draws: 40, first: 0, seed: "drawn on 2 November".into() };
    let text = Note::parse(&bundle.files["checkpoint"]).expect("ours").text().to_owned();
    let drawn: Vec<u64> = sample.drawn(&text, 700).into_iter().collect();
    assert!(drawn.len() > 30 && drawn.iter().all(|s| *s < 700));
    let later = Sample { first: 650, ..sample.clone() }.drawn(&text, 700);
    assert!(later.len() > 10 && later.iter().all(|s| (650..700).contains(s)));
    assert!(Sample { first: 700, ..sample.clone() }.drawn(&text, 700).is_empty());
    assert_ne!(
        Sample { seed: "other".into(), ..sample.clone() }.drawn(&text, 700).into_iter().collect::<Vec<_>>(),
        drawn
    );
    for seq in &drawn {
        let file = proof(&recipe, &bundle, usize::try_from(*seq).expect("small"));
        laid.write(&format!("{seq:012}.tlog-proof"), &file.to_bytes());
    }
    let audit =
        |heads: &[Head]| verify::audit(laid.path(), &sample, Some(&bundle.pinned()), heads).expect("there");
    let report = audit(&[]);
    assert_eq!((threats(&report), report.records), (vec![], drawn.len() as u64));
    assert!((report.certainty.expect("some") - (1.0 - 0.99f64.powi(40))).abs() < 1e-9);
    let own = Head { name: "mine".into(), note: bundle.files["checkpoint"].clone() };
    assert_eq!(threats(&audit(&[own])), [] as [&str; 0]);
    let other = Checkpoint {
        origin: origin("acme"),
        size: 700,
        root: root_of(&[leaf_hash(&commitment(&[0; 16], b""))]),
    };
    let other = Head { name: "fork".into(), note: bundle.key.sign(&other.text()).expect("signs").to_bytes() };
    assert!(threats(&audit(&[other])).contains(&"A4"));
    laid.remove(&format!("{:012}.tlog-proof", drawn[7]));
    let report = audit(&[]);
    assert_eq!((threats(&report), report.findings[0].from), (vec!["A3"], Some(drawn[7])));
}
