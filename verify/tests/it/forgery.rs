//! What somebody does on purpose, with and without the log's key.

use crate::forge::{Bundle, Recipe, door, framed, gzip, salt, short};
use ledger::{SigningKey, leaf_hash, root_of};
use model::form;
use verify::Report;

const RECORDS: &str = "records/000000000000.gz";

fn check(bundle: &Bundle) -> Report {
    verify::bundle(bundle.lay().path(), Some(&bundle.pinned())).expect("the folder is there")
}

/// A log of 700 in which the record `at` was changed, all of it made to fit but the checkpoint.
fn rewritten(at: usize) -> Bundle {
    let honest = Recipe::doors("acme", 700).bake();
    let mut recipe = Recipe::doors("acme", 700);
    let mut record = door(at as u64);
    record.raw = b"nobody was here".to_vec();
    recipe.forms[at] = form::encode(&record);
    let mut bundle = recipe.bake();
    bundle.files.insert("checkpoint".into(), honest.files["checkpoint"].clone());
    bundle.manifest();
    bundle
}

#[test]
fn a_rewritten_record_does_not_lead_to_the_old_checkpoint() {
    for at in [1, 300, 511, 512, 699] {
        let report = check(&rewritten(at));
        assert_eq!(short(&report), [("A1", Some((0, 699)), "checkpoint")], "record {at}");
    }
}

#[test]
fn a_rewritten_record_is_narrowed_to_its_page_while_the_page_roots_are_the_old_ones() {
    let honest = Recipe::doors("acme", 700).bake();
    let mut bundle = rewritten(300);
    bundle.files.insert("tile/1/000.p/2".into(), honest.files["tile/1/000.p/2"].clone());
    bundle.manifest();
    let report = check(&bundle);
    assert_eq!(short(&report), [("A1", Some((256, 511)), RECORDS)]);
    assert!(report.findings[0].message.contains("Records outside of damaged ranges are proven unchanged"));
}

/// Replaces the records file, keeps the checkpoint, and signs the list anew.
fn with_records(change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Report {
    let recipe = Recipe::doors("acme", 700);
    let mut bundle = recipe.bake();
    let mut forms = recipe.forms.clone();
    change(&mut forms);
    bundle.files.insert(RECORDS.into(), recipe.packed(&forms));
    bundle.manifest();
    check(&bundle)
}

#[test]
fn a_removed_record_is_missed_by_its_number() {
    let report = with_records(|forms| {
        forms.remove(300);
    });
    assert_eq!(short(&report)[0], ("A3", Some((300, 300)), RECORDS), "{:?}", report.findings);
    assert!(
        report.findings.iter().all(|f| f.from >= Some(256) && f.to <= Some(511)),
        "{:?}",
        report.findings
    );

    let report = with_records(|forms| {
        forms.drain(255..258);
    });
    assert_eq!(short(&report)[0], ("A3", Some((255, 257)), RECORDS));
    let report = with_records(|forms| {
        forms.truncate(698);
    });
    assert_eq!(short(&report)[0], ("A3", Some((698, 699)), RECORDS));
    let report = with_records(|forms| {
        forms.remove(698);
    });
    assert_eq!(short(&report)[0], ("A3", Some((698, 698)), RECORDS));
    let report = with_records(Vec::clear);
    assert_eq!(short(&report)[0], ("A3", Some((0, 699)), RECORDS));
}

#[test]
fn a_record_that_was_put_in_moved_or_doubled_is_found() {
    let report = with_records(|forms| forms.swap(10, 11));
    assert!(short(&report).contains(&("A1", Some((10, 10)), RECORDS)), "{:?}", report.findings);
    let report = with_records(|forms| forms.insert(300, forms[299].clone()));
    assert!(report.findings.len() < 10, "one cause is not told hundreds of times: {:?}", report.findings);
    assert!(report.findings.iter().all(|f| f.from >= Some(256) || f.from.is_none()), "{:?}", report.findings);
    let report = with_records(|forms| forms.push(form::encode(&door(700))));
    assert!(!report.ok() && report.findings.iter().any(|f| f.message.contains("more than its records")));
}

#[test]
fn a_record_whose_form_is_broken_is_named_alone() {
    let report = with_records(|forms| {
        let last = forms[300].len() - 9;
        forms[300][last] ^= 1;
    });
    assert_eq!(short(&report), [("A1", Some((300, 300)), RECORDS), ("A1", Some((256, 511)), RECORDS)]);
    let report = with_records(|forms| forms[5] = vec![0; 80]);
    assert_eq!(short(&report), [("A1", Some((5, 5)), RECORDS), ("A1", Some((0, 255)), RECORDS)]);
}

#[test]
fn even_the_log_itself_cannot_sign_what_is_no_record() {
    let mut recipe = Recipe::doors("acme", 300);
    recipe.forms[7].push(0);
    assert_eq!(short(&check(&recipe.bake())), [("A1", Some((7, 7)), RECORDS)]);
    let mut recipe = Recipe::doors("acme", 300);
    recipe.forms[7] = form::encode(&door(8));
    assert_eq!(short(&check(&recipe.bake())), [("A1", Some((7, 7)), RECORDS)]);
    let mut recipe = Recipe::doors("acme", 300);
    recipe.forms[290] = form::encode(&model::Record { seq: u64::MAX, ..door(290) });
    assert_eq!(short(&check(&recipe.bake())), [("A1", Some((290, 290)), RECORDS)]);
}

#[test]
fn parts_that_hold_no_whole_pages_are_not_the_form() {
    let recipe = Recipe::doors("acme", 700);
    let mut bundle = recipe.bake();
    let (a, b) = recipe.forms.split_at(100);
    bundle.files.insert(RECORDS.into(), [gzip(&framed(a)), gzip(&framed(b))].concat());
    bundle.manifest();
    let report = check(&bundle);
    assert_eq!(short(&report), [("A1", None, RECORDS)]);
}

#[test]
fn files_of_two_customers_cannot_be_exchanged() {
    let acme = Recipe::doors("acme", 700).bake();
    let borealis = Recipe { seed: 9, ..Recipe::doors("borealis", 700) }.bake();
    for name in acme.files.keys() {
        let mut mixed = Recipe::doors("acme", 700).bake();
        mixed.files.insert(name.clone(), borealis.files[name].clone());
        // Both customers saw the same doors: the records alone are the same bytes.
        let same = acme.files[name] == borealis.files[name];
        for key in [Some(acme.pinned()), None] {
            let report = verify::bundle(mixed.lay().path(), key.as_ref()).expect("there");
            assert_eq!(report.ok(), same, "{name}: {:?}", report.findings);
        }
    }
    let report = verify::bundle(borealis.lay().path(), Some(&acme.pinned())).expect("there");
    assert!(report.findings.iter().any(|f| f.threat == "A4" && f.path.as_deref() == Some("vkey")));
    assert!(report.findings.iter().any(|f| f.threat == "A4" && f.path.as_deref() == Some("manifest")));
    assert!(report.findings.iter().any(|f| f.threat == "A4" && f.path.as_deref() == Some("checkpoint")));
    assert!(report.checkpoint.is_none(), "nothing is believed that the key did not sign");
}

#[test]
fn a_forgery_under_another_key_passes_only_where_nobody_brought_the_right_one() {
    let honest = Recipe::doors("acme", 300).bake();
    let forged = Recipe { seed: 66, ..Recipe::doors("acme", 299) }.bake();
    let laid = forged.lay();
    let believed = verify::bundle(laid.path(), None).expect("there");
    assert!(believed.ok(), "the bundle agrees with itself");
    assert_ne!(believed.vkey.expect("some").fingerprint(), honest.pinned().fingerprint());
    let pinned = verify::bundle(laid.path(), Some(&honest.pinned())).expect("there");
    let files: Vec<_> = short(&pinned).into_iter().map(|(threat, _, path)| (threat, path)).collect();
    assert_eq!(files, [("A4", "vkey"), ("A4", "manifest"), ("A4", "days"), ("A4", "checkpoint")]);

    // With the true key file beside the forged signatures.
    laid.write("vkey", &honest.files["vkey"]);
    for key in [Some(honest.pinned()), None] {
        assert!(!verify::bundle(laid.path(), key.as_ref()).expect("there").ok());
    }
}

#[test]
fn an_older_checkpoint_beside_a_newer_list_is_two_histories() {
    let mut bundle = Recipe::doors("acme", 700).bake();
    let text = bundle.manifest_text();
    let older = Recipe::doors("acme", 600).bake();
    bundle.files.insert("checkpoint".into(), older.files["checkpoint"].clone());
    bundle.sign_manifest(&text);
    let report = check(&bundle);
    assert!(short(&report).contains(&("A4", None, "checkpoint")), "{:?}", report.findings);
}

#[test]
fn a_list_in_another_order_or_with_other_numbers_is_refused_even_if_signed() {
    let good = Recipe::doors("acme", 700).bake().manifest_text();
    let lines: Vec<&str> = good.lines().collect();
    let swapped = [&lines[..5], &[lines[6], lines[5]], &lines[7..], &[""]].concat().join("\n");
    let doubled = [&lines[..], &[lines[lines.len() - 1], ""]].concat().join("\n");
    let shorter = [&lines[..lines.len() - 1], &[""]].concat().join("\n");
    for text in [
        swapped,
        doubled,
        shorter,
        good.replace("records 0 700", "records 0 699"),
        good.replace("records 0 700", "records 1 700"),
        good.replace("checkpoint 700", "checkpoint 701"),
        good.replace("checkpoint 700", "checkpoint 0700"),
        good.replace("bundle v1", "bundle v2"),
        good.replace("origin northwind-it/acme", "origin northwind-it/borealis"),
        good.replace("file vkey", "file Vkey"),
        format!("{good}file z 1 {}\n", "0".repeat(64)),
        good.to_uppercase(),
        "\n".to_owned(),
    ] {
        let mut bundle = Recipe::doors("acme", 700).bake();
        bundle.sign_manifest(&text);
        let report = check(&bundle);
        assert!(!report.ok(), "{text}");
        assert!(report.findings.iter().all(|f| f.message.len() > 40));
    }
}

#[test]
fn a_list_with_a_second_signature_has_free_bits_and_is_refused() {
    let mut bundle = Recipe::doors("acme", 3).bake();
    let other = SigningKey::from_seed("someone", &[3; 32]).expect("good");
    let mut note = ledger::Note::parse(&bundle.files["manifest"]).expect("ours");
    note.merge(&other.sign(note.text()).expect("good")).expect("room");
    bundle.files.insert("manifest".into(), note.to_bytes());
    assert_eq!(short(&check(&bundle)), [("A1", None, "manifest")]);
}

#[test]
fn a_cosignature_on_the_checkpoint_is_welcome() {
    let mut bundle = Recipe::doors("acme", 3).bake();
    let witness = SigningKey::from_seed("witness.example", &[3; 32]).expect("good");
    let mut note = ledger::Note::parse(&bundle.files["checkpoint"]).expect("ours");
    note.merge(&witness.sign(note.text()).expect("good")).expect("room");
    bundle.files.insert("checkpoint".into(), note.to_bytes());
    bundle.manifest();
    assert!(check(&bundle).ok());
}

#[test]
fn a_checkpoint_of_another_form_or_log_is_refused() {
    let good = Recipe::doors("acme", 3);
    let leaves: Vec<_> =
        (0..).zip(&good.forms).map(|(n, f)| leaf_hash(&ledger::commitment(&salt("acme", n), f))).collect();
    let root = root_of(&leaves);
    for text in [
        format!("northwind-it/acme/records\n3\n{root}\nextension\n"),
        format!("northwind-it/borealis/records\n3\n{root}\n"),
        format!("northwind-it/acme/records\n03\n{root}\n"),
        format!("northwind-it/acme/records\n4\n{root}\n"),
        "northwind-it/acme/records\n3\n".to_owned(),
    ] {
        let mut bundle = good.bake();
        let manifest = bundle.manifest_text();
        let note = bundle.key.sign(&text).expect("a good text");
        let old = ledger::Hash(sha(&bundle.files["checkpoint"])).to_hex();
        let new = ledger::Hash(sha(&note.to_bytes())).to_hex();
        let (old_len, new_len) = (bundle.files["checkpoint"].len(), note.to_bytes().len());
        let manifest = manifest.replace(&format!("{old_len} {old}"), &format!("{new_len} {new}"));
        bundle.files.insert("checkpoint".into(), note.to_bytes());
        bundle.sign_manifest(&manifest);
        let report = check(&bundle);
        assert!(
            short(&report).iter().any(|(_, _, path)| *path == "checkpoint"),
            "{text}: {:?}",
            report.findings
        );
    }
}

#[test]
fn a_key_whose_name_is_no_log_is_refused() {
    let mut recipe = Recipe::doors("acme", 3);
    recipe.seed = 1;
    let mut bundle = recipe.bake();
    bundle.key = SigningKey::from_seed("example.org/log", &[1; 32]).expect("good");
    bundle.origin = "example.org/log".to_owned();
    bundle.checkpoint(3, root_of(&recipe.leaves()));
    bundle.vkey();
    bundle.manifest();
    assert_eq!(short(&check(&bundle)), [("A4", None, "vkey"), ("A1", None, "days")]);
}

fn sha(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).into()
}
