//! The same bytes come out whatever the number of threads, and a disk that fails is said.

use super::*;
use crate::Home;
use crate::disk::{Failing, Memory};
use crate::vault::tests::{acme, chance, draft, fresh, home, time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A view of so many records.
fn filled(many: u64) -> View {
    let disk = fresh();
    {
        let home = home(&disk).expect("opens");
        let mut vault = home.vault(&acme()).expect("opens");
        for first in (0..many).step_by(8192) {
            let batch = (first..many.min(first + 8192)).map(|n| draft(n, 0)).collect();
            vault.append(batch, None, time(1)).expect("seals");
        }
    }
    Home::look(Arc::new(disk), chance()).expect("a home").view(&acme()).expect("opens")
}

fn files(disk: &Memory) -> BTreeMap<String, Vec<u8>> {
    let folders = ["records", "salts", "tile"].iter().flat_map(|f| disk.list(f).expect("lists"));
    let names = folders.chain(["manifest", "checkpoint", "days", "vkey"].map(str::to_owned));
    names.map(|name| (name.clone(), disk.read(&name).expect("reads"))).collect()
}

#[test]
fn a_bundle_has_the_same_bytes_however_many_threads_pack_it() {
    let view = filled(FILE_RECORDS + 10_000);
    for since in [0, 300] {
        let exported = |threads| {
            let (disk, mut steps) = (Memory::new(), vec![]);
            let told =
                export_on(threads, &view, since, &disk, &mut |done| steps.push(done)).expect("exports");
            (files(&disk), told, steps)
        };
        let (alone, told, steps) = exported(1);
        assert_eq!(alone.keys().filter(|name| name.starts_with("records/")).count(), 2);
        assert_eq!(steps.last(), Some(&view.checkpoint().size));
        assert_eq!(told.bytes, alone.values().map(|bytes| bytes.len() as u64).sum::<u64>());
        for threads in [0, 2, 3, 9] {
            assert!((alone.clone(), told.clone(), steps.clone()) == exported(threads), "{threads} threads");
        }
    }
}

#[test]
fn a_bundle_whose_disk_fails_ends_without_a_manifest_on_any_number_of_threads() {
    let view = filled(20_000);
    for threads in [1, 3] {
        for call in 0u64.. {
            let disk = Memory::new();
            disk.fail_from(call, Failing::NotDone);
            match export_on(threads, &view, 0, &disk, &mut |_| {}) {
                Err(ExportError::Disk { .. }) => assert!(disk.read("manifest").is_err(), "call {call}"),
                Err(other) => panic!("{other}"),
                Ok(_) => {
                    assert!(call > 8, "it writes more often than that");
                    break;
                }
            }
        }
    }
}
