//! Properties of what the room `ledger` reads: notes, checkpoints, keys, cosignatures, policies, proof files, tile paths.

use ledger::{Checkpoint, CosignerVkey, Note, Policy, ProofFile, VerifierKey};

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// A signed note has one spelling.
pub(super) fn note(bytes: &[u8]) -> bool {
    let Ok(note) = Note::parse(bytes) else { return false };
    assert_eq!(note.to_bytes(), bytes);
    assert!(note.verify(&[]).is_err(), "no key, no trust");
    true
}

/// Notes that lie behind each other are cut without losing a byte; a sound note alone is not cut, unless its text looks
/// like signatures.
pub(super) fn notes(bytes: &[u8]) -> bool {
    let cut = Note::split(bytes);
    assert_eq!(cut.concat(), bytes);
    assert!(cut.iter().all(|part| !part.is_empty()));
    if let Ok(note) = Note::parse(bytes)
        && !note.text().contains('\u{2014}')
    {
        assert_eq!(cut, [bytes]);
    }
    cut.len() > 1 && cut.iter().all(|part| Note::parse(part).is_ok())
}

/// A checkpoint's text has one spelling.
pub(super) fn checkpoint(bytes: &[u8]) -> bool {
    let Some(checkpoint) = text(bytes).and_then(|text| Checkpoint::parse(text).ok()) else { return false };
    assert_eq!(checkpoint.text().as_bytes(), bytes);
    true
}

/// A verifier key line has one spelling.
pub(super) fn vkey(bytes: &[u8]) -> bool {
    let Some(key) = text(bytes).and_then(|line| VerifierKey::parse(line).ok()) else { return false };
    assert_eq!(key.to_string().as_bytes(), bytes);
    true
}

/// The first line is a witness's key, the rest a note: a key has one spelling, and what it cosigned is a checkpoint that
/// a policy of this witness alone takes for cosigned, and a policy of another one does not.
pub(super) fn cosignature(bytes: &[u8]) -> bool {
    let Some((line, rest)) = text(bytes).and_then(|text| text.split_once('\n')) else { return false };
    let Ok(key) = CosignerVkey::parse(line) else { return false };
    assert_eq!(key.to_string(), line);
    let Ok(note) = Note::parse(rest.as_bytes()) else { return false };
    let Ok(Some(_)) = key.cosigned(&note) else { return false };
    let other = ledger::CosignerKey::from_seed(key.name(), &[9; 32]).expect("the name was one before").vkey();
    assert!(other == key || !matches!(other.cosigned(&note), Ok(Some(_))), "another key did not cosign");
    true
}

/// The first part is a policy, the rest behind a line of `--` a note: a checkpoint that nobody signed satisfies none.
pub(super) fn policy(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    let (policy, note) = text.split_once("--\n").unwrap_or((text, ""));
    let policy = match Policy::parse(policy) {
        Ok(policy) => policy,
        Err(error) => {
            assert!(error.line >= 1 && error.line <= 1 + policy.matches('\n').count(), "{error}");
            return false;
        }
    };
    let Ok(note) = Note::parse(note.as_bytes()) else { return true };
    if let Ok((checkpoint, by)) = policy.satisfied(&note, None) {
        let named = |key: &&VerifierKey| key.name() == checkpoint.origin;
        assert!(policy.logs().iter().filter(named).any(|key| note.verify(std::slice::from_ref(key)).is_ok()));
        assert!(by.len() <= note.signatures().len(), "each witness signed");
    }
    true
}

/// A proof file has one spelling, and proves nothing to whoever knows no log.
pub(super) fn proof_file(bytes: &[u8]) -> bool {
    let Ok(file) = ProofFile::parse(bytes) else { return false };
    assert_eq!(file.to_bytes(), bytes);
    let leaf = ledger::leaf_hash(file.extra.as_deref().unwrap_or_default());
    assert!(file.verify(&leaf, &[]).is_err());
    assert!(file.path.len() <= 64);
    true
}

/// A tile's path has one spelling.
pub(super) fn tile_path(bytes: &[u8]) -> bool {
    let Some((level, index, width)) = text(bytes).and_then(ledger::tile::parse_path) else { return false };
    assert_eq!(ledger::tile::path(level, index, width).as_bytes(), bytes);
    true
}
