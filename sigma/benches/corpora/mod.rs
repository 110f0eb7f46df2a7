//! Public rules and the records of the EVTX samples, read in place.

use model::Fields;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// The folder of real logs and rules: `BAILIWICK_CORPORA`, or beside the checkout.
pub(crate) fn corpora() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora"));
    let path = option_env!("BAILIWICK_CORPORA").map_or(beside, PathBuf::from);
    path.is_dir().then_some(path)
}

/// Every file of public rules.
pub(crate) fn rules(corpora: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![];
    for entry in sorted(&corpora.join("sigma")) {
        if entry.file_name().is_some_and(|n| n.to_string_lossy().starts_with("rules")) {
            below(&entry, "yml", &mut files);
        }
    }
    files
}

/// Every record of the EVTX samples: its fields.
pub(crate) fn events(corpora: &Path) -> Vec<Fields> {
    let mut files = vec![];
    below(&corpora.join("evtx/attack-samples"), "evtx", &mut files);
    let mut events = vec![];
    for (path, bytes) in files {
        let options = collect::Options::at(jiff::Timestamp::UNIX_EPOCH);
        let opened = collect::Input { name: path, modified: None, bytes: Box::new(&bytes[..]) };
        collect::read(opened, &options, &mut |arrival| {
            if arrival.unreadable == 0 {
                events.push(arrival.fields);
            }
            ControlFlow::Continue(())
        });
    }
    events
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut entries: Vec<_> = entries.map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    entries
}

fn below(folder: &Path, ending: &str, into: &mut Vec<(String, Vec<u8>)>) {
    for path in sorted(folder) {
        if path.is_dir() {
            below(&path, ending, into);
        } else if path.extension().is_some_and(|e| e == ending) {
            into.push((path.display().to_string(), std::fs::read(&path).expect("reads")));
        }
    }
}
