//! What time, disks and clumsy hands do: flipped bits, lost files, cut files. Each is found, named, and kept narrow.

use crate::forge::{Bundle, Laid, Recipe};
use proptest::prelude::*;
use verify::{KeyTrust, Report};

/// Two full pages and an unfinished one, a page in each gzip member.
fn small() -> Bundle {
    Recipe::doors("acme", 700).bake()
}

fn check(laid: &Laid, bundle: &Bundle) -> Report {
    verify::bundle(laid.path(), Some(&bundle.pinned())).expect("the folder is there")
}

#[track_caller]
fn bad(report: &Report, what: &str) {
    assert!(!report.ok(), "{what}: nothing was found");
    for finding in &report.findings {
        assert!(finding.message.len() > 40 && finding.message.ends_with('.'), "{what}: {finding:?}");
        assert!(
            finding.from.is_some() == finding.to.is_some() && finding.from <= finding.to,
            "{what}: {finding:?}"
        );
        assert_eq!(finding.customer.as_deref(), Some("acme"), "{what}: {finding:?}");
    }
}

#[test]
fn what_was_not_touched_is_content_at_every_size() {
    for many in [0, 1, 2, 255, 256, 257, 512, 700, 1_500] {
        for pages_in_member in [1, 3] {
            let recipe = Recipe { pages_in_member, ..Recipe::doors("acme", many) };
            let bundle = recipe.bake();
            let report = check(&bundle.lay(), &bundle);
            assert_eq!(report.findings, [], "{many}");
            assert!(report.ok());
            assert_eq!(report.records, many);
            assert_eq!(report.origin.as_deref(), Some("northwind-it/acme/records"));
            assert_eq!(report.checkpoint.as_ref().map(|c| c.size), Some(many));
            assert_eq!(report.key, KeyTrust::Pinned);
            assert_eq!(report.received.is_some(), many > 0);
        }
    }
}

#[test]
fn several_files_of_records_are_one_log() {
    let bundle = Recipe { pages_in_member: 16, ..Recipe::doors("acme", 65_536 + 300) }.bake();
    let laid = bundle.lay();
    let report = check(&laid, &bundle);
    assert_eq!(report.findings, []);
    assert_eq!(report.records, 65_836);

    laid.remove("records/000000000000.gz");
    let report = check(&laid, &bundle);
    bad(&report, "no first file");
    assert_eq!(report.records, 300);
    assert_eq!((report.findings[0].from, report.findings[0].to), (Some(0), Some(65_535)));
}

#[test]
fn without_a_key_of_ours_the_answer_says_whom_it_believed() {
    let bundle = small();
    let report = verify::bundle(bundle.lay().path(), None).expect("there");
    assert!(report.ok());
    assert_eq!(report.key, KeyTrust::Believed { fingerprint: bundle.pinned().fingerprint() });
}

#[test]
fn a_flipped_bit_in_any_file_is_found_and_its_file_is_named() {
    let bundle = small();
    let laid = bundle.lay();
    for (name, bytes) in &bundle.files {
        let step = if bytes.len() < 2_000 { 1 } else { bytes.len() / 150 };
        for at in (0..bytes.len()).step_by(step) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            laid.write(name, &flipped);
            let report = check(&laid, &bundle);
            bad(&report, &format!("{name} at {at}"));
            let named = report.findings.iter().any(|f| f.path.as_ref() == Some(name));
            assert!(named, "{name} at {at}: {:?}", report.findings);
        }
        laid.write(name, bytes);
    }
    assert!(check(&laid, &bundle).ok(), "all flips were taken back");
}

#[test]
fn a_flipped_bit_in_a_records_file_costs_its_page_and_no_other() {
    let bundle = small();
    let laid = bundle.lay();
    let name = "records/000000000000.gz";
    let bytes = &bundle.files[name];
    let starts: Vec<usize> =
        (0..bytes.len() - 3).filter(|at| bytes[*at..].starts_with(&[0x1f, 0x8b, 8])).collect();
    assert_eq!(starts.len(), 3, "a member for each page");
    for at in (0..bytes.len()).step_by(61) {
        let page = starts.iter().filter(|start| **start <= at).count() as u64 - 1;
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        laid.write(name, &flipped);
        let report = check(&laid, &bundle);
        for finding in report.findings.iter().filter(|f| f.from.is_some()) {
            let range = (finding.from.expect("some"), finding.to.expect("some"));
            assert!(page * 256 <= range.0 && range.1 < (page * 256 + 256).min(700), "at {at}: {finding:?}");
        }
    }
}

#[test]
fn a_flipped_bit_in_the_salts_costs_its_page() {
    let bundle = small();
    let laid = bundle.lay();
    let name = "salts/000000000000";
    for (record, page) in [(0, (0, 255)), (256, (256, 511)), (300, (256, 511)), (699, (512, 699))] {
        let mut flipped = bundle.files[name].clone();
        flipped[record * 16 + 5] ^= 4;
        laid.write(name, &flipped);
        let report = check(&laid, &bundle);
        bad(&report, name);
        for finding in &report.findings {
            assert_eq!((finding.from.zip(finding.to), finding.path.as_deref()), (Some(page), Some(name)));
        }
    }
}

#[test]
fn a_flipped_bit_in_the_stored_page_roots_accuses_no_record() {
    let bundle = small();
    let laid = bundle.lay();
    let name = "tile/1/000.p/2";
    let mut flipped = bundle.files[name].clone();
    flipped[40] ^= 1;
    laid.write(name, &flipped);
    let report = check(&laid, &bundle);
    bad(&report, name);
    assert!(report.findings.iter().all(|f| f.path.as_deref() == Some(name)), "{:?}", report.findings);
    assert!(report.findings.iter().any(|f| f.message.contains("records themselves are unchanged")));
}

#[test]
fn a_missing_file_is_missed() {
    let bundle = small();
    let laid = bundle.lay();
    for (name, bytes) in &bundle.files {
        laid.remove(name);
        let report = check(&laid, &bundle);
        bad(&report, name);
        let found = report.findings.iter().find(|f| f.path.as_ref() == Some(name)).expect("is named");
        assert_eq!(found.threat, "A3", "{name}: {found:?}");
        laid.write(name, bytes);
    }
    let two = Recipe::doors("acme", 66_000).bake();
    let laid = two.lay();
    laid.remove("salts/000000065536");
    let report = check(&laid, &two);
    bad(&report, "salts");
    assert_eq!(report.findings[0].from.zip(report.findings[0].to), Some((65_536, 65_999)));
}

#[test]
fn an_empty_folder_is_no_bundle() {
    let bundle = small();
    let laid = Laid::empty();
    for key in [Some(bundle.pinned()), None] {
        let report = verify::bundle(laid.path(), key.as_ref()).expect("there");
        assert!(!report.ok());
        assert_eq!(report.key == KeyTrust::Missing, key.is_none());
    }
}

#[test]
fn a_file_cut_in_half_is_found_and_the_good_half_is_not_accused() {
    let bundle = small();
    let laid = bundle.lay();
    for (name, bytes) in &bundle.files {
        for keep in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            laid.write(name, &bytes[..keep]);
            let report = check(&laid, &bundle);
            bad(&report, &format!("{name} cut to {keep}"));
            assert!(
                report.findings.iter().any(|f| f.path.as_ref() == Some(name)),
                "{name}: {:?}",
                report.findings
            );
            if keep == bytes.len() / 2 && (name.starts_with("records") || name.starts_with("salts")) {
                let least = report.findings.iter().filter_map(|f| f.from).min();
                assert!(least >= Some(256), "{name}: the first page is whole, {:?}", report.findings);
            }
        }
        laid.write(name, bytes);
    }
}

#[test]
fn a_file_with_something_behind_its_end_is_found() {
    let bundle = small();
    let laid = bundle.lay();
    for (name, bytes) in &bundle.files {
        for tail in [&b"\0"[..], b"\n", b"extra"] {
            laid.write(name, &[bytes, tail].concat());
            bad(&check(&laid, &bundle), name);
        }
        laid.write(name, bytes);
    }
}

#[test]
fn what_does_not_belong_there_is_found() {
    let bundle = small();
    let laid = bundle.lay();
    for name in
        ["notes.txt", "records/000000065536.gz", "tile/1/000", "tile/0/000", "salts/x", ".hidden", "a/b/c/d"]
    {
        laid.write(name, b"hello");
        let report = check(&laid, &bundle);
        bad(&report, name);
        assert_eq!(report.findings.len(), 1, "{name}: {:?}", report.findings);
        assert_eq!(report.findings[0].path.as_deref(), Some(name));
        laid.remove(name);
    }
    assert!(check(&laid, &bundle).ok());
}

#[cfg(unix)]
#[test]
fn a_link_is_no_file_even_if_it_leads_to_the_right_bytes() {
    let bundle = small();
    let laid = bundle.lay();
    let elsewhere = bundle.lay();
    for name in ["vkey", "records/000000000000.gz", "manifest"] {
        laid.remove(name);
        std::os::unix::fs::symlink(elsewhere.place(name), laid.place(name)).expect("a link");
        let report = check(&laid, &bundle);
        bad(&report, name);
        assert!(report.findings.iter().any(|f| f.message.contains("a link")), "{:?}", report.findings);
        laid.remove(name);
        laid.write(name, &bundle.files[name]);
    }
    laid.remove("checkpoint");
    std::os::unix::fs::symlink(laid.path(), laid.place("checkpoint")).expect("a loop");
    bad(&check(&laid, &bundle), "a loop");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_damage_is_ever_called_good(
        file in any::<prop::sample::Index>(),
        hits in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..6),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
        pages_in_member in 1usize..3,
        pinned in any::<bool>(),
    ) {
        let bundle = Recipe { pages_in_member, ..Recipe::doors("acme", 600) }.bake();
        let (name, bytes) = bundle.files.iter().nth(file.index(bundle.files.len())).expect("in range");
        let mut damaged = bytes.clone();
        for (at, bits) in hits {
            damaged[at.index(bytes.len())] ^= bits;
        }
        if let Some(at) = cut {
            damaged.truncate(at.index(bytes.len()));
        }
        let laid = bundle.lay();
        laid.write(name, &damaged);
        let key = bundle.pinned();
        let report = verify::bundle(laid.path(), pinned.then_some(&key)).expect("there");
        prop_assert_eq!(report.ok(), damaged == *bytes, "{}: {:?}", name, report.findings);
    }

    #[test]
    fn any_bytes_as_any_file_are_answered(
        file in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..3_000),
        zipped in any::<bool>(),
    ) {
        let bundle = Recipe::doors("acme", 300).bake();
        let name = bundle.files.keys().nth(file.index(bundle.files.len())).expect("in range");
        let laid = bundle.lay();
        laid.write(name, &if zipped { crate::forge::gzip(&bytes) } else { bytes });
        prop_assert!(!verify::bundle(laid.path(), None).expect("there").ok());
    }
}
