//! The program as somebody who received a bundle runs it: words, exit codes, one JSON document.

use crate::forge::{Laid, Recipe};
use serde_json::Value;
use std::ffi::OsStr;
use std::process::Command;

pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).expect("one JSON document")
    }
}

/// Runs a program with arguments and waits for its end.
#[expect(clippy::disallowed_methods, reason = "the test runs the built program as a stranger would")]
pub(crate) fn start(program: &str, args: &[&OsStr]) -> std::io::Result<Ran> {
    let done = Command::new(program).args(args).env_remove("NO_COLOR").output()?;
    Ok(Ran {
        code: done.status.code().expect("ended by itself"),
        out: String::from_utf8(done.stdout).expect("UTF-8"),
        err: String::from_utf8(done.stderr).expect("UTF-8"),
    })
}

pub(crate) fn run<S: AsRef<OsStr>>(args: &[S]) -> Ran {
    let args: Vec<&OsStr> = args.iter().map(AsRef::as_ref).collect();
    start(env!("CARGO_BIN_EXE_bailiwick-verify"), &args).expect("the built program")
}

fn place(laid: &Laid) -> &str {
    laid.path().to_str().expect("a plain path")
}

#[test]
fn a_good_bundle_gives_a_plain_yes_and_exit_0() {
    let bundle = Recipe::doors("acme", 700).bake();
    let laid = bundle.lay();
    let ran = run(&[place(&laid)]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let first = ran.out.lines().next().expect("a line");
    assert_eq!(
        first,
        "VERIFIED, if the key below is the right one: all 700 records of acme are there and are exactly what was sealed."
    );
    assert!(ran.out.contains(&bundle.pinned().fingerprint()) && ran.out.contains("believed"));
    assert!(ran.out.contains("received      2026-11-01T"), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}'), "no colour where no terminal is");

    let key = bundle.pinned().to_string();
    let ran = run(&[place(&laid), "--vkey", &key]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.starts_with("VERIFIED: all 700 records"), "{}", ran.out);
    assert!(ran.out.contains("the one you gave") && !ran.out.contains("believed"));
}

#[test]
fn a_damaged_bundle_gives_a_plain_no_and_exit_4() {
    let bundle = Recipe::doors("acme", 700).bake();
    let laid = bundle.lay();
    laid.write("salts/000000000000", &[0; 11_200]);
    let ran = run(&[place(&laid)]);
    assert_eq!(ran.code, 4);
    assert!(ran.out.starts_with("NOT VERIFIED: "), "{}", ran.out);
    assert!(ran.out.contains("\n1. changed (A1), salts/000000000000, records 0 to 699\n   "), "{}", ran.out);
}

#[test]
fn the_document_has_the_promised_fields() {
    let bundle = Recipe::doors("acme", 700).bake();
    let laid = bundle.lay();
    let document = run(&[place(&laid), "--json"]).json();
    assert_eq!(document["schema"], "bailiwick-verify/1");
    assert_eq!((&document["ok"], &document["records"]), (&true.into(), &700.into()));
    assert_eq!(document["origin"], "northwind-it/acme/records");
    assert_eq!(document["checkpoint"]["origin"], "northwind-it/acme/records");
    assert_eq!(document["checkpoint"]["size"], 700);
    assert_eq!(document["checkpoint"]["root"].as_str().map(str::len), Some(44));
    assert_eq!(document["key"]["trust"], "believed");
    assert_eq!(document["key"]["vkey"], bundle.pinned().to_string());
    assert_eq!(document["key"]["fingerprint"], bundle.pinned().fingerprint());
    assert_eq!(document["findings"], Value::Array(vec![]));

    laid.remove("records/000000000000.gz");
    let ran = run(&[place(&laid), "--json", "--vkey", &bundle.pinned().to_string()]);
    assert_eq!(ran.code, 4);
    let document = ran.json();
    assert_eq!((&document["ok"], &document["key"]["trust"]), (&false.into(), &"pinned".into()));
    let finding = &document["findings"][0];
    assert_eq!(finding["threat"], "A3");
    assert_eq!(finding["customer"], "acme");
    assert_eq!((finding["from"].as_u64(), finding["to"].as_u64()), (Some(0), Some(699)));
    assert_eq!(finding["path"], "records/000000000000.gz");
    assert!(finding["message"].as_str().is_some_and(|m| m.contains("missing")));
}

#[test]
fn a_path_that_is_no_bundle_folder_gives_exit_5_and_says_why() {
    let laid = Recipe::doors("acme", 3).bake().lay();
    for (path, says) in [(laid.place("nowhere"), "cannot be read"), (laid.place("vkey"), "unpack it first")] {
        let ran = run(&[&path]);
        assert_eq!((ran.code, ran.out.as_str()), (5, ""), "{path:?}");
        assert!(ran.err.starts_with("error: `") && ran.err.contains(says), "{}", ran.err);
    }
    let ran = run(&["no such folder", "--json"]);
    assert_eq!(ran.code, 5);
    assert_eq!(ran.json()["ok"], false);
    assert!(ran.json()["error"].as_str().is_some_and(|e| e.contains("no such folder")));
}

#[test]
fn of_several_bundles_the_worst_counts() {
    let good = Recipe::doors("acme", 300).bake().lay();
    let bad = Recipe::doors("borealis", 300).bake().lay();
    bad.remove("vkey");
    let nowhere = "no such folder";
    for (paths, code) in [
        (vec![place(&good), place(&good)], 0),
        (vec![place(&good), place(&bad)], 4),
        (vec![place(&good), nowhere], 5),
        (vec![nowhere, place(&bad), place(&good)], 4),
    ] {
        assert_eq!(run(&paths).code, code, "{paths:?}");
        let ran = run(&[paths, vec!["--json"]].concat());
        let document = ran.json();
        assert_eq!((ran.code, document["ok"].as_bool()), (code, Some(code == 0)));
        assert!(document["bundles"].as_array().is_some_and(|b| b.len() >= 2));
    }
    let document = run(&[place(&good), place(&bad), "--json"]).json();
    assert_eq!(document["records"], 600);
    assert_eq!(document["findings"][0]["customer"], "borealis");
}

#[test]
fn a_key_from_a_file_is_as_good_as_one_from_the_line() {
    let bundle = Recipe::doors("acme", 3).bake();
    let laid = bundle.lay();
    let key = laid.place("vkey");
    let ran = run(&[laid.path().as_os_str(), OsStr::new("--vkey-file"), key.as_os_str()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("the one you gave"));
    let ran = run(&[place(&laid), "--vkey-file", "no such file"]);
    assert_eq!((ran.code, ran.out.as_str()), (5, ""));
    for wrong in ["", "nonsense", "a+b+c", "northwind-it/acme/records+00000000+AAAA"] {
        let ran = run(&[place(&laid), "--vkey", wrong]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{wrong}: {}", ran.err);
        assert!(ran.err.contains("--vkey"), "{}", ran.err);
    }
}

#[test]
fn what_cannot_be_meant_gives_exit_2_and_a_hint() {
    for (words, says) in
        [(vec![], "Usage:"), (vec!["x", "--vky", "y"], "did you mean `--vkey`"), (vec!["--json"], "no path")]
    {
        let ran = run::<&str>(&words);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{words:?}");
        assert!(ran.err.contains(says), "{}", ran.err);
    }
    for words in [["-h"], ["--help"], ["--version"]] {
        let ran = run(&words);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        assert!(ran.out.contains("bailiwick-verify"));
    }
}

#[test]
fn quiet_says_it_with_the_exit_code_alone() {
    let laid = Recipe::doors("acme", 3).bake().lay();
    let ran = run(&[place(&laid), "--quiet"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    laid.write("vkey", b"");
    let ran = run(&[place(&laid), "-q"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (4, "", ""));
}

#[cfg(unix)]
#[test]
fn no_escape_sequence_of_a_bundle_reaches_the_terminal() {
    let bundle = Recipe::doors("acme", 3).bake();
    let laid = bundle.lay();
    laid.write("\u{1b}]0;owned\u{7}.txt", b"");
    laid.write("\u{9b}2J\u{202e}", b"");
    laid.write("manifest", "\u{1b}[2J\n\n\u{2014} \u{1b}[31m AAAAAAAA\n".as_bytes());
    let odd = laid.place("no\u{1b}[2Jwhere");
    for args in [
        vec![laid.path().as_os_str()],
        vec![laid.path().as_os_str(), OsStr::new("--json")],
        vec![odd.as_os_str()],
    ] {
        let ran = run(&args);
        assert_ne!(ran.code, 0);
        let raw = |c: char| c.is_control() && c != '\n';
        assert!(!ran.out.contains(raw) && !ran.err.contains(raw), "{:?} {:?}", ran.out, ran.err);
        assert!(!ran.out.contains('\u{202e}'));
    }
}

#[test]
fn the_program_writes_nothing() {
    let bundle = Recipe::doors("acme", 700).bake();
    let laid = bundle.lay();
    run(&[place(&laid)]);
    for (name, bytes) in &bundle.files {
        assert_eq!(&std::fs::read(laid.place(name)).expect("still there"), bytes);
    }
    assert_eq!(std::fs::read_dir(laid.path()).expect("there").count(), 7);
}
