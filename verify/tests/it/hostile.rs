//! Bundles made to hurt the reader: numbers beyond reason, names that lead outside, bombs, floods.

use crate::forge::{Bundle, Recipe, framed, gzip};
use std::io::Write;
use verify::{FINDINGS_LIMIT, Report};

const RECORDS: &str = "records/000000000000.gz";

fn check(bundle: &Bundle) -> Report {
    let report = verify::bundle(bundle.lay().path(), Some(&bundle.pinned())).expect("the folder is there");
    assert!(!report.ok());
    assert!(report.findings.len() <= FINDINGS_LIMIT);
    for finding in &report.findings {
        let shown = format!("{}{}", finding.message, finding.path.as_deref().unwrap_or(""));
        assert!(!shown.contains(|c: char| c.is_control()), "{shown:?}");
    }
    report
}

/// The same bundle with another records file, listed and signed.
fn with_records(file: Vec<u8>) -> Report {
    let mut bundle = Recipe::doors("acme", 700).bake();
    bundle.files.insert(RECORDS.into(), file);
    bundle.manifest();
    check(&bundle)
}

#[test]
fn numbers_beyond_reason_are_answered_at_once() {
    for size in [701, 1 << 20, 1 << 40, 1_000_000_000_001, u64::MAX - 1, u64::MAX] {
        let mut bundle = Recipe::doors("acme", 700).bake();
        bundle.checkpoint(size, ledger::root_of(&[]));
        bundle.manifest();
        let report = check(&bundle);
        assert_eq!(report.records, 700);
        assert!(
            report.findings.iter().any(|f| f.threat == "A3" && f.to == Some(size - 1)),
            "{size}: {:?}",
            report.findings
        );
    }
    let good = Recipe::doors("acme", 700).bake().manifest_text();
    for number in ["18446744073709551616", "99999999999999999999999999999", "-1", "0x2bc", "1e9", "", " "] {
        for (from, to) in [
            ("checkpoint 700", "checkpoint "),
            ("records 0 700", "records 0 "),
            ("file vkey 80", "file vkey "),
        ] {
            let mut bundle = Recipe::doors("acme", 700).bake();
            assert!(good.contains(from), "{good}");
            bundle.sign_manifest(&good.replace(from, &format!("{to}{number}")));
            check(&bundle);
        }
    }
}

#[test]
fn a_name_that_leads_out_of_the_folder_is_never_opened() {
    let hash = "0".repeat(64);
    for name in [
        "../../etc/passwd",
        "/etc/passwd",
        "records/../../x",
        "..",
        ".",
        "records//x",
        "C:\\x",
        "a\u{9b}b",
        "\u{202e}yekv",
    ] {
        let mut bundle = Recipe::doors("acme", 3).bake();
        let text = bundle.manifest_text();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.push(format!("file {name} 5 {hash}"));
        let (head, files) = lines.split_at_mut(4);
        files.sort();
        bundle.sign_manifest(&format!("{}\n{}\n", head.join("\n"), files.join("\n")));
        let report = check(&bundle);
        assert!(
            report.findings.iter().any(|f| f.message.contains("not opened")),
            "{name}: {:?}",
            report.findings
        );
    }
}

#[test]
fn a_bomb_of_zeros_ends_early() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..256 {
        packer.write_all(&vec![0; 1 << 20]).expect("memory");
    }
    let bomb = packer.finish().expect("memory");
    assert!(bomb.len() < 1 << 19);
    let report = with_records(bomb);
    assert_eq!(report.records, 0);
    assert_eq!(report.findings[0].from.zip(report.findings[0].to), Some((0, 699)));
}

#[test]
fn a_bomb_inside_of_records_ends_with_the_second_one() {
    let length = 32u32 << 20;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..8 {
        packer.write_all(&length.to_be_bytes()).expect("memory");
        packer.write_all(&vec![0; length as usize]).expect("memory");
    }
    let report = with_records(packer.finish().expect("memory"));
    assert!(report.records <= 1, "{}", report.records);
}

#[test]
fn a_length_that_no_record_has_is_not_believed() {
    let recipe = Recipe::doors("acme", 700);
    for length in [u32::MAX, 1 << 31, (64 << 20) + 1, 64 << 20, 49, 1, 0] {
        let mut bytes = framed(&recipe.forms[..256]);
        let at = framed(&recipe.forms[..100]).len();
        bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
        let file = [gzip(&bytes), recipe.packed(&recipe.forms[256..])].concat();
        let report = with_records(file);
        let ranges: Vec<_> = report.findings.iter().filter_map(|f| f.from.zip(f.to)).collect();
        assert_eq!(ranges, [(100, 255), (0, 99)], "{length}: {:?}", report.findings);
    }
}

#[test]
fn a_file_full_of_beginnings_does_not_hold_us_up() {
    let noise: Vec<u8> = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0].repeat(100_000);
    let report = with_records(noise);
    assert_eq!(report.findings[0].from.zip(report.findings[0].to), Some((0, 699)));
}

#[test]
fn noise_between_two_members_costs_what_it_covers() {
    let recipe = Recipe::doors("acme", 700);
    let mut file = recipe.packed(&recipe.forms[..256]);
    file.extend(b"\x1f\x8b\x08 this is no member");
    file.extend(recipe.packed(&recipe.forms[256..]));
    let report = with_records(file);
    assert_eq!(report.records, 700, "{:?}", report.findings);
    assert_eq!(report.findings.len(), 1);
}

#[test]
fn a_flood_of_files_is_bounded_and_counted() {
    let bundle = Recipe::doors("acme", 3).bake();
    let laid = bundle.lay();
    for at in 0..1_500 {
        laid.write(&format!("extra-{at}"), b"");
    }
    laid.remove("checkpoint");
    let report = verify::bundle(laid.path(), None).expect("there");
    assert!(report.findings.len() <= FINDINGS_LIMIT);
    assert!(report.left_out >= 600, "{}", report.left_out);
    assert!(
        report.findings.iter().any(|f| f.path.as_deref() == Some("checkpoint")),
        "what matters most is not crowded out"
    );
    assert_eq!(report.to_json()["findings_left_out"], report.left_out);
}

#[test]
fn thousands_of_broken_records_are_bounded_too() {
    let mut recipe = Recipe::doors("acme", 3_000);
    for form in &mut recipe.forms {
        let last = form.len() - 2;
        form[last] ^= 1;
    }
    let report = check(&recipe.bake());
    assert!(report.left_out > 1_000);
    assert_eq!(report.records, 3_000);
}

#[test]
fn folders_without_end_are_left() {
    let bundle = Recipe::doors("acme", 3).bake();
    let laid = bundle.lay();
    laid.write(&format!("{}x", "a/".repeat(40)), b"");
    let report = verify::bundle(laid.path(), Some(&bundle.pinned())).expect("there");
    assert_eq!(report.findings.len(), 1);
    assert!(report.findings[0].message.contains("deeper"));
}

#[test]
fn a_key_file_holds_one_key_in_one_spelling() {
    let bundle = Recipe::doors("acme", 3).bake();
    let line = bundle.pinned().to_string();
    let laid = bundle.lay();
    for text in [
        String::new(),
        "\n".to_owned(),
        line.clone(),
        format!("{line}\n\n"),
        format!(" {line}\n"),
        format!("{line}\r\n"),
        format!("{line}\n{line}\n"),
        line.replace("acme", "acmf") + "\n",
        "\u{1b}[2J+00000000+AAAA\n".to_owned(),
        "x".repeat(2 << 20),
    ] {
        laid.write("vkey", text.as_bytes());
        for key in [Some(bundle.pinned()), None] {
            let report = verify::bundle(laid.path(), key.as_ref()).expect("there");
            assert!(report.findings.iter().any(|f| f.path.as_deref() == Some("vkey")), "{text:?}");
        }
    }
}

#[test]
fn a_list_longer_than_any_list_is_refused_unread() {
    let bundle = Recipe::doors("acme", 3).bake();
    let laid = bundle.lay();
    laid.write("manifest", &vec![b'\n'; 3 << 20]);
    let report = verify::bundle(laid.path(), None).expect("there");
    assert!(report.findings.iter().any(|f| f.message.contains("far longer")), "{:?}", report.findings);
}
