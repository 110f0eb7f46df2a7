//! The second verifier (docs/verify.py) shares no line with this one and must give the same answers.

use crate::forge::{Bundle, Laid, Recipe, door};
use crate::program::{Ran, run, start};
use ledger::{SigningKey, VerifierKey};
use serde_json::Value;
use std::ffi::OsStr;

const SECOND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/verify.py");

fn python(args: &[&str]) -> Option<Ran> {
    let args: Vec<&OsStr> = ["-I", SECOND].iter().chain(args).map(OsStr::new).collect();
    start("python3", &args).ok()
}

/// Whether there is a Python to run it with; says so where there is none.
#[expect(clippy::print_stderr, reason = "a test that could not run says so")]
fn there_is_python() -> bool {
    let there = start("python3", &[OsStr::new("--version")]).is_ok();
    if !there {
        eprintln!("skipped: no python3 on this machine");
    }
    there
}

fn named(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().expect("a list");
    findings.iter().filter_map(|f| f["path"].as_str()).collect()
}

/// Runs both and compares; answers the exit code.
#[track_caller]
fn both(laid: &Laid, vkey: Option<&VerifierKey>, what: &str) -> i32 {
    let path = laid.path().to_str().expect("plain");
    let key = vkey.map(ToString::to_string);
    let mut args = vec![path, "--json"];
    if let Some(key) = &key {
        args.extend(["--vkey", key]);
    }
    let (first, second) = (run(&args), python(&args).expect("python3"));
    assert_eq!(second.err, "", "{what}");
    let (a, b) = (first.json(), second.json());
    assert_eq!(first.code, second.code, "{what}:\n{}\n{}", a["findings"], b["findings"]);
    for field in ["schema", "ok", "origin", "checkpoint", "key"] {
        assert_eq!(a[field], b[field], "{what}: {field}");
    }
    if first.code == 0 {
        assert_eq!(a["records"], b["records"], "{what}");
    } else {
        let (a, b) = (named(&a), named(&b));
        assert!(a.iter().any(|path| b.contains(path)), "{what}: no file is named by both, {a:?} {b:?}");
    }
    first.code
}

#[test]
fn both_verifiers_agree_on_good_bundles() {
    if !there_is_python() {
        return;
    }
    for (many, pages_in_member) in [(0, 1), (1, 1), (256, 1), (700, 1), (1_300, 2), (66_500, 8)] {
        let bundle = Recipe { pages_in_member, ..Recipe::doors("acme", many) }.bake();
        let laid = bundle.lay();
        for key in [None, Some(bundle.pinned())] {
            assert_eq!(both(&laid, key.as_ref(), &format!("{many} records")), 0);
        }
    }
}

#[test]
fn both_verifiers_agree_on_damaged_bundles() {
    if !there_is_python() {
        return;
    }
    let bundle = Recipe::doors("acme", 700).bake();
    let key = bundle.pinned();
    let laid = bundle.lay();
    for (name, bytes) in &bundle.files {
        for part in 0..4 {
            let mut flipped = bytes.clone();
            let at = bytes.len() * part / 4 + part * 3;
            flipped[at] ^= 1 << (part * 2);
            laid.write(name, &flipped);
            assert_eq!(both(&laid, Some(&key), &format!("{name} flipped at {at}")), 4);
        }
        laid.write(name, &bytes[..bytes.len() / 2]);
        assert_eq!(both(&laid, None, &format!("{name} cut in half")), 4);
        laid.remove(name);
        assert_eq!(both(&laid, None, &format!("{name} missing")), 4);
        laid.write(name, bytes);
    }
    laid.write("extra", b"");
    assert_eq!(both(&laid, None, "an extra file"), 4);
    assert_eq!(both(&Laid::empty(), Some(&key), "nothing there"), 4);
}

/// Each forged bundle with what was done to it.
fn forged() -> Vec<(&'static str, Bundle)> {
    let recipe = || Recipe::doors("acme", 700);
    let mut all: Vec<(&'static str, Bundle)> = Vec::new();
    let mut resealed = |what, change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut forms = recipe();
        change(&mut forms.forms);
        all.push((what, forms.bake()));
    };
    resealed("a byte behind a record", &|forms| forms[9].push(0));
    resealed("a wrong number", &|forms| forms[9] = model::form::encode(&door(10)));
    resealed("a wrong hash in a record", &|forms| forms[300][60] ^= 1);
    resealed("a record of zeros", &|forms| forms[300] = vec![0; 90]);
    resealed("a longer spelling", &|forms| {
        let mut longer = forms[3][..1].to_vec();
        longer.extend([0x18, 0x01]);
        longer.extend(&forms[3][2..]);
        forms[3] = longer;
    });
    let mut rewritten = recipe();
    rewritten.forms[4] = model::form::encode(&model::Record { raw: b"nothing".to_vec(), ..door(4) });
    let mut bundle = rewritten.bake();
    bundle.files.insert("checkpoint".into(), recipe().bake().files["checkpoint"].clone());
    bundle.manifest();
    all.push(("an old checkpoint over a changed record", bundle));
    let mut bundle = recipe().bake();
    let text = bundle.manifest_text().replace("records 0 700", "records 0 701");
    bundle.sign_manifest(&text);
    all.push(("another count", bundle));
    let mut bundle = recipe().bake();
    let mut note = ledger::Note::parse(&bundle.files["manifest"]).expect("ours");
    let other = SigningKey::from_seed("someone", &[3; 32]).expect("good").sign(note.text()).expect("good");
    note.merge(&other).expect("room");
    bundle.files.insert("manifest".into(), note.to_bytes());
    all.push(("a second signature", bundle));
    for size in [0, 699, 701, 1 << 40, u64::MAX] {
        let mut bundle = recipe().bake();
        bundle.checkpoint(size, ledger::root_of(&[]));
        bundle.manifest();
        all.push(("another size", bundle));
    }
    all
}

#[test]
fn both_verifiers_agree_on_forgeries() {
    if !there_is_python() {
        return;
    }
    for (what, bundle) in forged() {
        let laid = bundle.lay();
        assert_eq!(both(&laid, Some(&bundle.pinned()), what), 4, "{what}");
    }
    let honest = Recipe::doors("acme", 300).bake();
    let other = Recipe { seed: 66, ..Recipe::doors("acme", 300) }.bake();
    let laid = other.lay();
    assert_eq!(both(&laid, None, "another key, believed"), 0);
    assert_eq!(both(&laid, Some(&honest.pinned()), "another key, pinned"), 4);
}

#[test]
fn both_verifiers_say_the_same_of_paths_and_commands() {
    if !there_is_python() {
        return;
    }
    let laid = Recipe::doors("acme", 3).bake().lay();
    let (path, file) = (laid.path().to_str().expect("plain").to_owned(), laid.place("vkey"));
    for args in [
        vec!["no such folder"],
        vec![file.to_str().expect("plain")],
        vec![&path, "--vkey", "nonsense"],
        vec![&path, "--wrong"],
        vec![],
    ] {
        assert_eq!(run(&args).code, python(&args).expect("python3").code, "{args:?}");
    }
}
