//! What a witness believes, and what it does not: bundles made by hand from docs/formats.md.

use ledger::{Checkpoint, Hash, Note, SigningKey, commitment, leaf_hash, root_of};
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;
use witness::{CheckError, State, StateError, check};

const ORIGIN: &str = "northwind-it/acme/records";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[seed; 32]).expect("good")
}

fn sha(bytes: &[u8]) -> String {
    // The manifest's hashes, without another crate: a commitment with no salt would be another hash, so the verifier's is asked.
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// A log of as many records, each saying its number and `word`; the first announces the key of the day.
#[expect(clippy::disallowed_methods, reason = "a test lays its bundle")]
fn lay(folder: &Path, seed: u8, many: u64, word: &str) {
    use model::{Draft, Format, Kind, Source, form};
    let stable = key(seed);
    let day = SigningKey::from_seed(&format!("{ORIGIN}/day/2026-11-01"), &[seed + 100; 32]).expect("good");
    let text = format!(
        "bailiwick-day-key v1\norigin {ORIGIN}\nday 2026-11-01\nlog 0 {}\nvkey {}\n",
        root_of(&[]),
        day.vkey()
    );
    let days = stable.sign(&text).expect("signs").to_bytes();
    let at = "2026-11-01T10:00:00Z".parse().expect("a time");
    let raw = |n: u64| match n {
        0 => format!(
            "{{\"control\":\"day-key\",\"note\":\"{}\"}}",
            String::from_utf8_lossy(&days).replace('\n', "\\n")
        ),
        _ => format!("record {n} {word}"),
    };
    let form = |n: u64| {
        let (kind, source) = if n == 0 {
            (Kind::Control, Source::new(Format::Own, "self"))
        } else {
            (Kind::Event, Source::new(Format::Text, "fw"))
        };
        let draft = Draft {
            kind,
            source: source.expect("good"),
            happened: at,
            received: at,
            raw: raw(n).into_bytes(),
            defects: vec![],
        };
        form::encode(&draft.at(n))
    };
    let forms: Vec<Vec<u8>> = (0..many).map(form).collect();
    let leaves: Vec<Hash> = forms.iter().map(|f| leaf_hash(&commitment(&[7; 16], f))).collect();
    let head = Checkpoint { origin: ORIGIN.into(), size: many, root: root_of(&leaves) };
    let mut note = stable.sign(&head.text()).expect("signs");
    note.merge(&day.sign(&head.text()).expect("signs")).expect("room");
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    for form in &forms {
        std::io::Write::write_all(
            &mut packed,
            &[u32::try_from(form.len()).expect("short").to_be_bytes().as_slice(), form].concat(),
        )
        .expect("packs");
    }
    let mut files: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    files.insert("vkey", format!("{}\n", stable.vkey()).into_bytes());
    files.insert("days", days);
    files.insert("checkpoint", note.to_bytes());
    files.insert("records/000000000000.gz", packed.finish().expect("packs"));
    files.insert("salts/000000000000", vec![7; 16 * forms.len()]);
    let mut text =
        format!("bailiwick-bundle v1\norigin {ORIGIN}\ncheckpoint {many} {}\nrecords 0 {many}\n", head.root);
    for (name, bytes) in &files {
        text.push_str(&format!("file {name} {} {}\n", bytes.len(), sha(bytes)));
    }
    files.insert("manifest", stable.sign(&text).expect("signs").to_bytes());
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("inside")).expect("a folder");
        std::fs::write(path, bytes).expect("writes");
    }
}

fn bundle(seed: u8, many: u64, word: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    lay(folder.path(), seed, many, word);
    folder
}

fn open(folder: &Path) -> State {
    State::open(folder, "witness-of-acme", || Ok([9; 32])).expect("opens")
}

#[test]
fn a_log_that_grew_is_believed_and_cosigned() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut state = open(folder.path());
    for (many, before) in [(3, None), (3, Some(3)), (100, Some(3)), (255, Some(100))] {
        let checked =
            check(&mut state, bundle(1, many, "a").path(), Some(&key(1).vkey()), 1_793_527_200 + many)
                .expect("checks");
        assert!(checked.ok(), "{:?}", checked.report.findings);
        assert_eq!(checked.before, before);
        let note = checked.cosigned.expect("cosigned");
        assert_eq!(state.vkey().cosigned(&note), Ok(Some(1_793_527_200 + many)));
        assert!(note.verify(&[key(1).vkey()]).is_ok());
    }
    drop(state);
    // It remembers over a restart, and keeps its key.
    let mut state = open(folder.path());
    let checked = check(&mut state, bundle(1, 200, "a").path(), None, 1).expect("checks");
    assert!(!checked.ok() && checked.before == Some(255));
}

#[test]
fn a_log_that_shrank_forked_or_is_damaged_is_not_believed_and_nothing_is_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut state = open(folder.path());
    let believed =
        |state: &mut State, bundle: &TempDir| check(state, bundle.path(), None, 1).expect("checks");
    assert!(believed(&mut state, &bundle(1, 100, "a")).first_sight);
    for (bad, threat) in
        [(bundle(1, 99, "a"), "A3"), (bundle(1, 100, "b"), "A4"), (bundle(1, 200, "b"), "A4")]
    {
        let checked = believed(&mut state, &bad);
        assert!(!checked.ok());
        assert!(
            checked.report.findings.iter().any(|f| f.threat == threat),
            "{threat}: {:?}",
            checked.report.findings
        );
    }
    let damaged = bundle(1, 150, "a");
    flip(&damaged.path().join("salts/000000000000"));
    assert!(!believed(&mut state, &damaged).ok());
    // Another key, also one that signs everything anew: the first one is pinned.
    assert!(!believed(&mut state, &bundle(2, 150, "a")).ok());
    let other = check(&mut state, bundle(2, 150, "a").path(), Some(&key(2).vkey()), 1);
    assert!(matches!(other, Err(CheckError::OtherKey { .. })));
    let good = believed(&mut state, &bundle(1, 150, "a"));
    assert!(good.ok() && good.before == Some(100), "what was kept stayed");
}

#[expect(clippy::disallowed_methods, reason = "a test damages a file")]
fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).expect("reads");
    bytes[5] ^= 1;
    std::fs::write(path, bytes).expect("writes");
}

#[test]
fn its_own_state_is_not_taken_from_strangers() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut state = open(folder.path());
    assert!(check(&mut state, bundle(1, 100, "a").path(), None, 1).expect("checks").ok());
    assert!(
        matches!(State::open(folder.path(), "w", || Ok([9; 32])), Err(StateError::Busy { .. })),
        "one at a time"
    );
    let kept = folder.path().join("logs/log-northwind-it+acme+records/checkpoint");
    let note = std::fs::read(&kept).expect("kept");
    assert_eq!(Note::parse(&note).expect("a note").signatures().len(), 3);
    // An older state of the same log, signed by the log but not by this witness.
    put(&kept, &std::fs::read(bundle(1, 10, "a").path().join("checkpoint")).expect("reads"));
    let checked = check(&mut state, bundle(1, 50, "a").path(), None, 1);
    assert!(matches!(checked, Err(CheckError::State(StateError::Damaged { .. }))));
    drop(state);
    put(&folder.path().join("witness.key"), b"nonsense\n");
    assert!(matches!(State::open(folder.path(), "w", || Ok([9; 32])), Err(StateError::Damaged { .. })));
}

#[expect(clippy::disallowed_methods, reason = "a test changes what was kept")]
fn put(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("writes");
}
