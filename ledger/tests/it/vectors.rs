//! The published RFC 6962 vectors, good and bad, and the worked examples of the C2SP specifications.

use super::corpora;
use ledger::{Checkpoint, Hash, Note, VerifierKey, proof, tile};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() { files(&entry.path(), into) } else { into.push(entry.path()) }
    }
}

/// A hash of a vector; one of another length than 32 bytes can only be wrong.
fn hash(value: &Value) -> Option<Hash> {
    Hash::from_base64(value.as_str()?)
}

/// A root that is only compared: some vectors have other bytes in its place, for which their own hash stands.
fn compared(value: &Value) -> Option<Hash> {
    let text = value.as_str()?;
    Some(Hash::from_base64(text).unwrap_or_else(|| ledger::leaf_hash(text.as_bytes())))
}

fn hashes(value: &Value) -> Option<Vec<Hash>> {
    value.as_array().map_or(Some(vec![]), |list| list.iter().map(hash).collect())
}

fn each(kind: &str, holds: impl Fn(&Value) -> Option<bool>) {
    let Some(vectors) = corpora() else { return };
    let mut all = vec![];
    files(&vectors.join("merkle").join(kind), &mut all);
    let (mut good, mut bad) = (0, 0);
    for path in all.iter().filter(|p| p.extension().is_some_and(|e| e == "json")) {
        let vector: Value = serde_json::from_slice(&std::fs::read(path).expect("reads")).expect("JSON");
        let wants_error = vector["wantErr"].as_bool().expect("a truth");
        assert_eq!(holds(&vector).unwrap_or(false), !wants_error, "{}: {}", path.display(), vector["desc"]);
        if wants_error { bad += 1 } else { good += 1 }
    }
    assert!(good > 0 && bad > 0, "{kind}: {good} good, {bad} bad");
}

#[test]
fn every_inclusion_vector_holds() {
    each("inclusion", |v| {
        let (index, size) = (v["leafIdx"].as_u64()?, v["treeSize"].as_u64()?);
        let (leaf, path, root) = (hash(&v["leafHash"])?, hashes(&v["proof"])?, hash(&v["root"])?);
        Some(proof::verify_inclusion(index, size, &leaf, &path, &root).is_ok())
    });
}

#[test]
fn every_consistency_vector_holds() {
    each("consistency", |v| {
        let (old, new) = (v["size1"].as_u64()?, v["size2"].as_u64()?);
        let path = hashes(&v["proof"])?;
        let (old_root, new_root) = (compared(&v["root1"])?, compared(&v["root2"])?);
        Some(proof::verify_consistency(old, new, &old_root, &new_root, &path).is_ok())
    });
}

#[test]
fn the_worked_examples_of_the_specifications_hold() {
    let Some(vectors) = corpora() else { return };
    let text = |name: &str| std::fs::read_to_string(vectors.join("c2sp").join(name)).expect("reads");
    let blocks = |text: &str| {
        text.split("```")
            .skip(1)
            .step_by(2)
            .map(|b| b.trim_start_matches('\n').to_owned())
            .collect::<Vec<_>>()
    };
    let notes = text("signed-note.md");
    let all = blocks(&notes);
    let key = notes
        .lines()
        .map(str::trim)
        .find(|l| l.starts_with("example.com/foo+"))
        .expect("the key of the example");
    let vkey = VerifierKey::parse(key).expect("a key");
    assert_eq!(vkey.to_string(), key);
    let signed =
        all.iter().find(|b| b.starts_with("This is an example message.")).expect("the note of the example");
    let note = Note::parse(signed.as_bytes()).expect("a note");
    assert_eq!(note.verify(&[vkey]), Ok("This is an example message.\n"));
    let checkpoints = text("tlog-checkpoint.md");
    let block =
        blocks(&checkpoints).into_iter().find(|b| b.starts_with("example.com/behind")).expect("the example");
    let note = Note::parse(block.as_bytes()).expect("a note");
    let head = Checkpoint::parse(note.text()).expect("a checkpoint");
    assert_eq!((head.origin.as_str(), head.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(tile::path(0, 1_234_067, 256), "tile/0/x001/x234/067");
}
