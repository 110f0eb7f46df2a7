//! Signed notes, keys and checkpoints: one spelling each, and every changed bit is noticed.

use ledger::{Checkpoint, Hash, Note, NoteError, SigningKey, VerifierKey, root_of, tile};
use proptest::prelude::*;

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, &[seed; 32]).expect("a good name")
}

#[test]
fn a_note_holds_under_its_key_and_no_other() {
    let (ours, same_name, other) =
        (key("example.org/a", 1), key("example.org/a", 2), key("example.org/b", 1));
    let note = ours.sign("one\n\ntwo\n").expect("signs");
    assert_eq!(note.verify(&[ours.vkey()]), Ok("one\n\ntwo\n"));
    assert_eq!(note.verify(&[other.vkey(), ours.vkey()]), Ok("one\n\ntwo\n"), "unknown keys are ignored");
    for vkey in [same_name.vkey(), other.vkey()] {
        assert!(matches!(note.verify(&[vkey]), Err(NoteError::Unsigned { .. })));
    }
    let mut both = note.clone();
    both.merge(&other.sign("one\n\ntwo\n").expect("signs")).expect("the same text");
    assert_eq!(both.signatures().len(), 2);
    assert!(both.verify(&[other.vkey()]).is_ok() && both.verify(&[ours.vkey()]).is_ok());
    assert!(both.merge(&other.sign("three\n").expect("signs")).is_err());
    assert!(ours.sign("no newline").is_err() && ours.sign("tab\there\n").is_err());
}

#[test]
fn every_changed_bit_of_a_note_is_noticed() {
    let ours = key("example.org/a", 1);
    let bytes = ours.sign("one\ntwo\n").expect("signs").to_bytes();
    assert_eq!(Note::parse(&bytes).expect("parses").to_bytes(), bytes);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let held = Note::parse(&changed).is_ok_and(|n| n.verify(&[ours.vkey()]).is_ok());
            assert!(!held, "bit {bit} of byte {at}");
        }
        assert!(Note::parse(&bytes[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn keys_and_checkpoints_have_one_spelling() {
    let line = key("example.org/a", 1).vkey().to_string();
    assert_eq!(VerifierKey::parse(&line).expect("parses").to_string(), line);
    for bad in [
        "",
        "a",
        "a+b+c",
        &line.to_uppercase(),
        &format!("{line}="),
        &line.replace("example", "other"),
        &line.replace('+', " "),
        &format!(" {line}"),
        &format!("{line}\n"),
    ] {
        assert!(VerifierKey::parse(bad).is_err(), "{bad:?}");
    }
    for name in ["", "a b", "a+b", "a\nb"] {
        assert!(SigningKey::from_seed(name, &[1; 32]).is_err(), "{name:?}");
    }
    let head = Checkpoint { origin: "o".into(), size: 7, root: root_of(&[Hash([3; 32])]) };
    assert_eq!(Checkpoint::parse(&head.text()), Ok(head.clone()));
    let text = head.text();
    for bad in [
        "".to_owned(),
        text.replace('7', "07"),
        text.replace('7', "+7"),
        format!("{text}more\n"),
        text.replace("o\n", "\n"),
        text.trim_end().to_owned(),
    ] {
        assert!(Checkpoint::parse(&bad).is_err(), "{bad:?}");
    }
}

#[test]
fn tile_paths_have_one_spelling() {
    for (level, index, width, path) in [
        (0, 0, 256, "tile/0/000"),
        (1, 999, 3, "tile/1/999.p/3"),
        (2, 1_000, 256, "tile/2/x001/000"),
        (0, 1_234_067, 255, "tile/0/x001/x234/067.p/255"),
    ] {
        assert_eq!(tile::path(level, index, width), path);
        assert_eq!(tile::parse_path(path), Some((level, index, width)));
    }
    for bad in [
        "tile/0/0",
        "tile/00/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/x000/001",
        "tile/64/000",
        "tile/0/000/",
        "tile/0/x001/x002",
        "tile/1/../000",
    ] {
        assert_eq!(tile::parse_path(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic_and_what_parses_is_written_the_same(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "(a|\\n|— |b ZG9uZQ==|é| ){0,30}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(note) = Note::parse(bytes) {
                prop_assert_eq!(note.to_bytes(), bytes);
            }
        }
        let _ = (VerifierKey::parse(&text), Checkpoint::parse(&text), tile::parse_path(&text));
    }
}
