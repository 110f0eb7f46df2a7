//! Properties of what the verifiers read: bundles, proofs, what a log says of itself, the state of a witness.

use super::changed::Change;
use super::homes;
use custody::Home;
use custody::disk::{Disk, Folder};
use ledger::{Checkpoint, SigningKey, VerifierKey, commitment, leaf_hash, root_of};
use model::{Draft, Format, Kind, Source, Time, form};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tempfile::TempDir;

const ORIGIN: &str = "northwind-it/acme/records";

fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[7; 32]).expect("the origin is a key name")
}

/// Bytes that nobody signed are never content, whether they stand for a checkpoint, a record or a page root.
pub(super) fn checker(bytes: &[u8]) -> bool {
    let mut checker = verify::Checker::new(bytes, &key().vkey(), ORIGIN);
    checker.record(bytes, &[0; 16], "records");
    assert!(!checker.finish().ok());
    ledger::Note::parse(bytes).is_ok()
}

fn folder_with(name: &str, bytes: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    Folder::new(folder.path()).put(name, bytes).expect("it is ours to write");
    folder
}

/// A folder whose manifest nobody signed is never content.
pub(super) fn manifest(bytes: &[u8]) -> bool {
    let folder = folder_with("manifest", bytes);
    let report = verify::bundle(folder.path(), Some(&key().vkey())).expect("the folder can be read");
    assert!(!report.ok());
    ledger::Note::parse(bytes).is_ok()
}

/// A manifest with the right signature over any text, and nothing else: something is missing, whatever it says.
pub(super) fn signed_manifest(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(note) = key().sign(text) else { return false };
    let folder = folder_with("manifest", &note.to_bytes());
    let report = verify::bundle(folder.path(), Some(&key().vkey())).expect("the folder can be read");
    assert!(!report.ok() && !report.to_json().is_null());
    report
        .findings
        .iter()
        .any(|finding| finding.path.as_deref().is_some_and(|path| path.starts_with("records/")))
}

/// A proof that this log did not sign shows nothing.
pub(super) fn unsigned_proof(bytes: &[u8]) -> bool {
    let folder = folder_with("1.tlog-proof", bytes);
    let path = folder.path().join("1.tlog-proof");
    let report = verify::proof(&path, Some(&key().vkey()), None, &[]).expect("the file can be read");
    assert!(!report.ok() && report.shown.is_none());
    ledger::ProofFile::parse(bytes).is_ok()
}

/// The bytes are what a log says of itself, a line each, all of it sealed and signed: there is an answer, in which
/// records are never kept shorter than the floor, and saying so is never sound.
pub(super) fn log_content(bytes: &[u8]) -> bool {
    let source = Source::new(Format::Own, "self").expect("good");
    let forms: Vec<Vec<u8>> = (0..)
        .zip(bytes.split(|&b| b == b'\n').take(300))
        .map(|(seq, raw)| {
            let at =
                Time::from_second(1_793_527_200 + 60 * i64::try_from(seq).unwrap_or(0)).expect("in range");
            let (source, raw) = (source.clone(), raw.to_vec());
            let draft =
                Draft { kind: Kind::Control, source, happened: at, received: at, raw, defects: vec![] };
            form::encode(&draft.at(seq))
        })
        .collect();
    let leaves: Vec<_> = forms.iter().map(|form| leaf_hash(&commitment(&[3; 16], form))).collect();
    let checkpoint = Checkpoint { origin: ORIGIN.into(), size: forms.len() as u64, root: root_of(&leaves) };
    let note = key().sign(&checkpoint.text()).expect("a checkpoint can be signed");
    let mut checker = verify::Checker::new(&note.to_bytes(), &key().vkey(), ORIGIN);
    forms.iter().for_each(|form| checker.record(form, &[3; 16], "records"));
    let report = checker.finish();
    let said = |line: &[u8]| -> Option<u64> {
        let value: serde_json::Value = serde_json::from_slice(line).ok()?;
        let field = match value.get("control")?.as_str()? {
            "opened" | "epoch" => "retention_days",
            "retention" => "days",
            _ => return None,
        };
        value.get(field)?.as_u64()
    };
    let days: Vec<u64> = bytes.split(|&b| b == b'\n').take(300).filter_map(said).collect();
    assert!(report.retention_days.is_none_or(|days| days >= 184));
    assert!(!report.ok() || days.iter().all(|days| *days >= 184) && days.is_sorted(), "shortened quietly");
    assert!(!report.to_json().is_null());
    !days.is_empty()
}

/// A bundle on disk, and one of the same log from before, both as they should be.
struct Bundles {
    _folder: TempDir,
    new: PathBuf,
    old: PathBuf,
    names: Vec<String>,
    vkey: VerifierKey,
}

fn bundles() -> MutexGuard<'static, Bundles> {
    static MADE: OnceLock<Mutex<Bundles>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (new, old) = (folder.path().join("new"), folder.path().join("old"));
        let names = export(&homes::sound().disk, &new);
        export(&homes::sound().earlier, &old);
        let home = Home::look(Arc::new(homes::sound().disk.clone()), homes::chance(1 << 50)).expect("sound");
        let vkey = home.vkey(&homes::acme()).expect("there is one");
        Mutex::new(Bundles { _folder: folder, new, old, names, vkey })
    });
    made.lock().unwrap_or_else(PoisonError::into_inner)
}

fn export(disk: &custody::disk::Memory, to: &std::path::Path) -> Vec<String> {
    let home = Home::look(Arc::new(disk.clone()), homes::chance(1 << 50)).expect("it is sound");
    let place = Folder::new(to);
    custody::export(&home.view(&homes::acme()).expect("opens"), 0, &place, &mut |_| {}).expect("exports");
    let mut names =
        vec!["vkey", "manifest", "checkpoint", "days"].into_iter().map(str::to_owned).collect::<Vec<_>>();
    for folder in ["records", "salts", "tile"] {
        names.extend(place.list(folder).expect("lists"));
    }
    names
}

/// One file of a bundle is another one: it is noticed, whichever it is.
pub(super) fn bundle_file(bytes: &[u8]) -> bool {
    let Some(change) = Change::read(bytes) else { return false };
    let bundles = bundles();
    let name = change.chosen(&bundles.names);
    let place = Folder::new(&bundles.new);
    let before = place.read(name).expect("it is listed");
    let after = change.apply(&before);
    place.put(name, &after).expect("it is ours to write");
    let report = verify::bundle(&bundles.new, Some(&bundles.vkey));
    place.put(name, &before).expect("it is ours to write");
    let report = report.expect("the folder can be read");
    assert_eq!(report.ok(), after == before, "{name}");
    assert!(!report.to_json().is_null());
    after != before
}

/// One file of what a witness keeps is another one: a log that shrank is still not cosigned.
pub(super) fn witness_state(bytes: &[u8]) -> bool {
    let Some(change) = Change::read(bytes) else { return false };
    let bundles = bundles();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let open = || witness::State::open(folder.path(), "customer", || Ok([5; 32]));
    let mut state = open().expect("a new one");
    let first = witness::check(&mut state, &bundles.new, Some(&bundles.vkey), 1_793_800_000).expect("looks");
    assert!(first.ok());
    drop(state);
    let place = Folder::new(folder.path());
    let names = [vec!["witness.key".to_owned()], place.list("logs").expect("lists")].concat();
    let name = change.chosen(&names);
    let before = place.read(name).expect("it is listed");
    let after = change.apply(&before);
    place.put(name, &after).expect("it is ours to write");
    let Ok(mut state) = open() else { return false };
    for vkey in [None, Some(&bundles.vkey)] {
        let checked = witness::check(&mut state, &bundles.old, vkey, 1_793_800_001);
        assert!(!checked.is_ok_and(|checked| checked.ok()), "{name}: a log that shrank was cosigned");
    }
    after == before
}
