//! Replays the seeds of the fuzz targets: every property holds for every file in `fuzz/corpus`, and for each with a bit
//! flipped, cut or doubled.

#[path = "../../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "the same file is the library of the fuzz targets")]
mod properties;

use crate::tidy::root;
use std::collections::BTreeSet;

fn names(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    entries
        .map(|entry| entry.expect("a readable entry").file_name().into_string().expect("a plain name"))
        .collect()
}

fn seeds(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = format!("fuzz/corpus/{name}");
    let read = |file: String| {
        let bytes = std::fs::read(root().join(&folder).join(&file)).expect("a readable seed");
        (format!("{folder}/{file}"), bytes)
    };
    names(&folder).into_iter().map(read).collect()
}

/// Whether the property understood the bytes. Says which seed it was; the property's own panic says what.
fn holds(name: &str, seed: &str, bytes: &[u8]) -> bool {
    std::panic::catch_unwind(|| properties::run(name, bytes))
        .unwrap_or_else(|_| panic!("`{name}` does not hold for {seed}"))
}

#[test]
fn every_property_holds_for_every_seed_and_understands_one_of_them() {
    for (name, _) in properties::PROPERTIES {
        let understood = seeds(name).iter().filter(|(seed, bytes)| holds(name, seed, bytes)).count();
        assert!(understood > 0, "`{name}` understands none of its seeds: it was not tried at all");
    }
}

#[test]
fn every_property_holds_for_seeds_that_were_changed_cut_or_doubled() {
    for (name, _) in properties::PROPERTIES {
        for (seed, bytes) in seeds(name) {
            let steps = bytes.len().min(24);
            for at in (0..steps).map(|step| step * bytes.len() / steps) {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << (at % 8);
                holds(name, &format!("{seed}, byte {at} changed"), &flipped);
                holds(name, &format!("{seed}, cut at {at}"), &bytes[..at]);
                let doubled = [&bytes[..at], &bytes[at / 2..]].concat();
                holds(name, &format!("{seed}, doubled from {}", at / 2), &doubled);
            }
        }
    }
}

#[test]
fn properties_targets_and_seeds_are_the_same_list() {
    let properties: BTreeSet<String> =
        properties::PROPERTIES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("fuzz/corpus"), properties);
    let targets: BTreeSet<String> = properties.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names("fuzz/fuzz_targets"), targets);
    let manifest =
        std::fs::read_to_string(root().join("fuzz/Cargo.toml")).expect("the manifest of the fuzz targets");
    for name in &properties {
        assert!(
            manifest.contains(&format!("[[bin]]\nname = \"{name}\"\n")),
            "fuzz/Cargo.toml builds no `{name}`"
        );
    }
}

#[test]
fn a_property_that_does_not_hold_is_noticed() {
    let unsigned = [b'x'; 3];
    assert!(std::panic::catch_unwind(|| properties::run("no such property", &unsigned)).is_err());
}

#[test]
fn every_format_of_evidence_has_a_property() {
    let names: BTreeSet<&str> = properties::PROPERTIES.iter().map(|(name, _)| *name).collect();
    for format in evidence::FORMATS {
        let name = format!("evidence_{}", format.name.replace('-', "_"));
        assert!(names.contains(name.as_str()), "`{}` has no property `{name}`", format.name);
    }
}
