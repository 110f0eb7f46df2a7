//! Cosignatures, proof files and policies: one spelling each, every changed bit is noticed, and small enough to be mailed.

use ledger::{
    Checkpoint, CosignerKey, CosignerVkey, Hash, Note, Policy, ProofFile, SigningKey, Tree, Unsatisfied,
    VerifierKey, leaf_hash, node_hash, root_of,
};

const ORIGIN: &str = "example.org/log";

fn log() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[1; 32]).expect("good")
}

fn witness(n: u8) -> CosignerKey {
    CosignerKey::from_seed(&format!("witness{n}.example"), &[100 + n; 32]).expect("good")
}

fn head(size: u64, root: Hash) -> Note {
    log().sign(&Checkpoint { origin: ORIGIN.into(), size, root }.text()).expect("signs")
}

#[test]
fn a_cosignature_says_when_and_holds_under_its_key_only() {
    let mut note = head(0, root_of(&[]));
    let signature = witness(1).cosign(&note, 1_679_315_147).expect("a checkpoint");
    assert_eq!(signature.signature.len(), 72);
    note.push(signature.clone()).expect("room");
    note.push(signature).expect("the same once more is nothing new");
    assert_eq!(note.signatures().len(), 2);
    assert_eq!(witness(1).vkey().cosigned(&note), Ok(Some(1_679_315_147)));
    assert_eq!(witness(2).vkey().cosigned(&note), Ok(None));
    assert!(note.verify(&[log().vkey()]).is_ok(), "the log's own signature is another matter");
    let bytes = note.to_bytes();
    let begin = bytes.len() - 1 - 4 * 26;
    for at in begin..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let held =
            Note::parse(&changed).is_ok_and(|n| witness(1).vkey().cosigned(&n) == Ok(Some(1_679_315_147)));
        assert!(!held, "byte {at}");
    }
    let other = log().sign("no checkpoint\n").expect("signs");
    assert!(witness(1).cosign(&other, 1).is_err());
    assert!(witness(1).cosign(&note, u64::MAX).is_err());
    let line = witness(1).vkey().to_string();
    assert_eq!(CosignerVkey::parse(&line).expect("parses").to_string(), line);
    assert!(CosignerVkey::parse(&log().vkey().to_string()).is_err(), "another type of key");
    assert!(VerifierKey::parse(&line).is_err(), "another type of key");
}

/// What is signed, as tlog-cosignature spells it: two lines, then the checkpoint.
#[test]
fn the_signed_message_is_the_specified_one() {
    let note = head(20_852_163, root_of(&[]));
    let signature = witness(1).cosign(&note, 1_679_315_147).expect("a checkpoint");
    let message = format!("cosignature/v1\ntime 1679315147\n{}", note.text());
    let plain =
        SigningKey::from_seed("witness1.example", &[101; 32]).expect("good").sign(&message).expect("signs");
    assert_eq!(signature.signature[..8], 1_679_315_147u64.to_be_bytes());
    assert_eq!(signature.signature[8..], plain.signatures()[0].signature);
}

fn proof(size: u64, index: u64, extra: Option<Vec<u8>>) -> (ProofFile, Hash) {
    let leaf = |n: u64| leaf_hash(&n.to_be_bytes());
    let mut tree = Tree::new();
    (0..size).for_each(|n| tree.append(leaf(n)));
    let page: Vec<Hash> = (index / 256 * 256..size.min(index / 256 * 256 + 256)).map(leaf).collect();
    let path = tree.inclusion_proof(index, &page).expect("inside");
    let mut checkpoint = head(size, tree.root());
    let signature = witness(1).cosign(&checkpoint, 7).expect("a checkpoint");
    checkpoint.push(signature).expect("room");
    (ProofFile { extra, index, path, checkpoint }, leaf(index))
}

#[test]
fn a_proof_file_proves_its_entry_and_every_changed_bit_is_noticed() {
    for (size, index, extra) in
        [(1, 0, None), (2, 1, Some(vec![])), (300, 7, Some(b"salt and record".to_vec())), (1_000, 999, None)]
    {
        let (file, leaf) = proof(size, index, extra);
        let bytes = file.to_bytes();
        let read = ProofFile::parse(&bytes).expect("parses");
        assert_eq!(read, file);
        assert_eq!(read.verify(&leaf, &[log().vkey()]).expect("holds").size, size);
        assert!(read.verify(&leaf_hash(b"other"), &[log().vkey()]).is_err());
        let other = SigningKey::from_seed("example.org/other", &[1; 32]).expect("good").vkey();
        assert!(read.verify(&leaf, &[other]).is_err());
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let same = ProofFile::parse(&changed).is_ok_and(|f| {
                let held = f.verify(&leaf, &[log().vkey()]).is_ok();
                held && f.extra == file.extra && witness(1).vkey().cosigned(&f.checkpoint) == Ok(Some(7))
            });
            assert!(!same, "byte {at} of a proof in {size}");
        }
        for cut in 0..bytes.len() {
            // A cut behind the log's line leaves a proof without its witness.
            let same = ProofFile::parse(&bytes[..cut])
                .is_ok_and(|f| witness(1).vkey().cosigned(&f.checkpoint) == Ok(Some(7)));
            assert!(!same, "cut at {cut}");
        }
    }
}

#[test]
fn a_key_proves_nothing_for_another_log() {
    let (mut file, leaf) = proof(2, 1, None);
    let text = file.checkpoint.text().replace(ORIGIN, "example.org/other");
    file.checkpoint = log().sign(&text).expect("signs");
    assert!(file.verify(&leaf, &[log().vkey()]).is_err());
}

/// 2^30 records, the log's and the day's signature, three cosignatures: at most 4 KiB (custody, numbers).
#[test]
fn a_proof_in_a_billion_records_is_small() {
    let leaf = leaf_hash(b"one of a billion");
    let path: Vec<Hash> = (0..30u8).map(|n| leaf_hash(&[n])).collect();
    let root = path.iter().fold(leaf, |node, sibling| node_hash(&node, sibling));
    let mut checkpoint = head(1 << 30, root);
    let day = SigningKey::from_seed("example.org/log/day/2026-11-01", &[9; 32]).expect("good");
    checkpoint.merge(&day.sign(checkpoint.text()).expect("signs")).expect("room");
    for n in 0..3 {
        let signature = witness(n).cosign(&checkpoint, 1).expect("a checkpoint");
        checkpoint.push(signature).expect("room");
    }
    let file = ProofFile { extra: Some(vec![7; 16 + 480]), index: 0, path, checkpoint };
    assert!(file.to_bytes().len() <= 4096, "{} bytes", file.to_bytes().len());
    assert_eq!(
        ProofFile::parse(&file.to_bytes())
            .expect("parses")
            .verify(&leaf, &[log().vkey()])
            .expect("holds")
            .size,
        1 << 30
    );
}

fn policy(lines: &str) -> Result<Policy, String> {
    let mut text = format!("# a policy\nlog {}\n\n", log().vkey());
    for n in 0..6 {
        text.push_str(&format!("  witness W{n}\t{} https://w{n}.example/ \n", witness(n).vkey()));
    }
    Policy::parse(&(text + lines)).map_err(|e| e.to_string())
}

fn reached(policy: &Policy, by: &[u8]) -> Result<Vec<String>, Unsatisfied> {
    let mut note = head(0, root_of(&[]));
    for n in by {
        let signature = witness(*n).cosign(&note, 5).expect("a checkpoint");
        note.push(signature).expect("room");
    }
    policy.satisfied(&note, None).map(|(_, by)| by)
}

#[test]
fn a_quorum_counts_as_its_groups_say() {
    let two =
        policy("group X 2 W0 W1 W2\ngroup Y any W3 W4\ngroup both all X Y\nquorum both\n").expect("parses");
    for (by, held) in [
        (&[] as &[u8], false),
        (&[0, 1], false),
        (&[0, 3], false),
        (&[0, 2, 4], true),
        (&[0, 1, 2, 3, 4, 5], true),
        (&[5, 5, 5], false),
    ] {
        assert_eq!(reached(&two, by).is_ok(), held, "{by:?}");
    }
    assert_eq!(reached(&policy("quorum W1\n").expect("parses"), &[1, 2]).expect("reached"), ["W1", "W2"]);
    assert_eq!(
        reached(&policy("quorum none\n").expect("parses"), &[]).expect("reached"),
        Vec::<String>::new()
    );
    // Not this log's checkpoint, or a broken cosignature.
    let none = Policy::parse("quorum none\n").expect("parses");
    assert!(none.satisfied(&head(0, root_of(&[])), None).is_err());
    assert!(none.satisfied(&head(0, root_of(&[])), Some(&log().vkey())).is_ok());
    let mut note = head(0, root_of(&[]));
    let mut signature = witness(1).cosign(&note, 5).expect("a checkpoint");
    signature.signature[20] ^= 1;
    note.push(signature).expect("room");
    assert!(policy("quorum none\n").expect("parses").satisfied(&note, None).is_err());
}

#[test]
fn a_faulty_policy_names_its_line() {
    for (lines, line, says) in [
        ("", 10, "no `quorum`"),
        ("quorum X\n", 10, "not defined"),
        ("quorum W0\nquorum W1\n", 11, "already"),
        ("group X 0 W0\nquorum X\n", 10, "from 1 to 1"),
        ("group X 3 W0 W1\nquorum X\n", 10, "from 1 to 2"),
        ("group X +1 W0 W1\nquorum X\n", 10, "from 1 to 2"),
        ("group X any\nquorum X\n", 10, "no members"),
        ("group X any W0\ngroup Y any W0\nquorum X\n", 11, "a member already"),
        ("group X any Y\ngroup Y any W0\nquorum X\n", 10, "not defined"),
        ("group W0 any W1\nquorum W0\n", 10, "is taken"),
        ("group none any W1\nquorum none\n", 10, "is taken"),
        ("witness\nquorum none\n", 10, "too few"),
        ("whatever\nquorum none\n", 10, "none of"),
        ("quorum none\r\n", 10, "control character"),
    ] {
        let error = policy(lines).expect_err(lines);
        assert!(
            error.starts_with(&format!("policy, line {line}:")) && error.contains(says),
            "{lines:?}: {error}"
        );
    }
    let twice = format!("log {}\nlog {}\nquorum none\n", log().vkey(), log().vkey());
    assert!(Policy::parse(&twice).is_err());
    let witness_twice = policy(&format!("witness again {}\nquorum none\n", witness(2).vkey()));
    assert!(witness_twice.is_err_and(|e| e.contains("twice")));
}
