//! `export --audit`: an auditor with the bundle alone gets every answer again, to the byte, and every changed byte is noticed.

use crate::program::Place;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const ACCOUNTS: &[u8] =
    b"name,directory,kind,enabled,owner\nana@acme.example,ad,person,yes,\nsvc-scan,ad,service,yes,ana\n";
const CHECK: &str = "ra.msp-mfa-100";

/// A customer with evidence of both sides and an exception.
fn assessed() -> Place {
    let place = Place::with(&["acme"]);
    let accounts = place.file("accounts.csv", ACCOUNTS);
    for side in ["customer", "provider"] {
        let words = ["evidence", "add", "--customer", "acme", "--side", side, "--kind", "accounts"];
        let ran = place.run(&[&words[..], &["--collected", "2026-11-20T08:00:00Z", &accounts]].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    let words = [
        "exception",
        "add",
        "--customer",
        "acme",
        "--check",
        CHECK,
        "--side",
        "provider",
        "--reason",
        "moving",
    ];
    let more = [
        "--compensating",
        "watched",
        "--provider-approval",
        "N",
        "--customer-approval",
        "B",
        "--expires",
        "2027-03-01",
    ];
    let ran = place.run(&[&words[..], &more].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    place
}

fn export(place: &Place, to: &str, more: &[&str]) -> Value {
    let to = place.path(to).display().to_string();
    let words = ["export", "--customer", "acme", "--audit", "--profile", "hipaa", "--to", &to, "--json"];
    let ran = place.run(&[&words[..], more].concat());
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
    ran.json()
}

fn files(folder: &Path, below: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder.join(below)).expect("a folder").map(|e| e.expect("reads")) {
        let name = format!("{below}{}", entry.file_name().display());
        if entry.path().is_dir() {
            files(folder, &format!("{name}/"), found);
        } else {
            found.insert(name, std::fs::read(entry.path()).expect("reads"));
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test takes the home away and damages files")]
fn an_auditor_without_the_home_gets_every_answer_again_and_notices_every_damaged_file() {
    let place = assessed();
    let told = export(&place, "bundle", &["--now", "2026-11-21"]);
    let answers = told["audit"]["answers"].as_u64().expect("a number");
    assert!(answers >= 1);
    let asked = ["assess", "--customer", "acme", "--profile", "hipaa", "--now", "2026-11-21", "--json"];
    let said = place.run(&asked).json()["measures"].to_string();
    std::fs::remove_dir_all(place.path("home")).expect("the home goes");
    let bundle = place.path("bundle");
    let report = verify::audited(&bundle, None, &[]).expect("reads");
    assert!(report.ok(), "{:?}", report.findings);
    let assessed = report.assessment.expect("one");
    let replayed = assessed.replayed.as_ref().expect("computed");
    assert_eq!((replayed.computed.clone(), replayed.documents.len()), (Ok(answers), 2));
    let kept = assessed.kept().expect("whole");
    assert_eq!(
        serde_json::from_slice::<Value>(&kept.audit.answers).expect("JSON"),
        serde_json::from_str::<Value>(&said).expect("JSON"),
        "what `assess` says is what was sealed"
    );
    let mut whole = BTreeMap::new();
    files(&bundle, "", &mut whole);
    assert!(whole.len() >= 5);
    for (name, bytes) in &whole {
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 4;
            std::fs::write(bundle.join(name), damaged).expect("writes");
            let report = verify::audited(&bundle, None, &[]).expect("reads");
            assert!(!report.ok(), "byte {at} of {name}");
            let named = report.findings.iter().any(|f| f.path.as_deref() == Some(name));
            assert!(named, "byte {at} of {name}: {:?}", report.findings);
        }
        std::fs::write(bundle.join(name), bytes).expect("writes");
    }
}

#[test]
fn the_same_assessment_is_sealed_once_and_gives_the_same_bundle() {
    let place = assessed();
    let first = export(&place, "one", &["--now", "2026-11-21"]);
    let second = export(&place, "two", &["--now", "2026-11-21"]);
    assert_eq!(
        (&first["audit"]["known"], &second["audit"]["known"], &first["audit"]["record"]),
        (&false.into(), &true.into(), &second["audit"]["record"])
    );
    let (mut one, mut two) = (BTreeMap::new(), BTreeMap::new());
    files(&place.path("one"), "", &mut one);
    files(&place.path("two"), "", &mut two);
    assert!(one == two, "the same bytes");
    // Another day is another assessment; the older one is counted.
    export(&place, "three", &["--now", "2026-11-22"]);
    let report = verify::audited(&place.path("three"), None, &[]).expect("reads");
    assert!(report.ok(), "{:?}", report.findings);
    let replayed = report.assessment.and_then(|a| a.replayed).expect("computed");
    assert_eq!(replayed.older, 1);
}

#[test]
fn what_cannot_be_written_seals_nothing() {
    let place = assessed();
    let size = || place.run(&["customer", "show", "acme", "--json"]).json()["records"].clone();
    let before = size();
    place.file("full/a.txt", b"here");
    let full = place.path("full").display().to_string();
    let to = place.path("new").display().to_string();
    for (more, said) in [
        (vec!["--audit", "--to", &full], "BW-1012"),
        (vec!["--audit", "--to", &to, "--profile", "hippa"], "did you mean `hipaa`"),
        (vec!["--audit", "--to", &to, "--since", "256"], "--since"),
        (vec!["--profile", "hipaa", "--to", &to], "--audit"),
    ] {
        let ran = place.run(&[&["export", "--customer", "acme"][..], &more].concat());
        assert_eq!(ran.code, 2, "{more:?}: {}", ran.err);
        assert!(ran.err.contains(said), "{more:?}: {}", ran.err);
    }
    assert_eq!(size(), before);
}
