//! What a parser reads out of a raw has no other words than the raw: on that a hunt skips blocks.

use crate::tidy::root;
use collect::{Input, Options};
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Array(list) => list.iter().for_each(|v| texts(v, into)),
        Value::Object(map) => map.values().for_each(|v| texts(v, into)),
        Value::String(text) => into.push(text.clone()),
        // A hunt asks for a number by its words only where it is whole.
        Value::Number(number) => into.extend(number.as_i64().map(|n| n.to_string())),
        Value::Bool(truth) => into.push(truth.to_string()),
    }
}

/// Words of fields that their raw lacks: the first few.
fn lacking(name: &str, bytes: Vec<u8>) -> (usize, Vec<String>) {
    let (mut records, mut lacking) = (0, vec![]);
    let input = Input { name: name.to_owned(), modified: None, bytes: Box::new(std::io::Cursor::new(bytes)) };
    let now = "2026-11-01T00:00:00Z".parse().expect("a time");
    collect::read(input, &Options::at(now), &mut |arrival| {
        records += 1;
        let mut have: BTreeSet<u64> = collect::added_words().flat_map(segment::query_terms).collect();
        segment::terms(&arrival.draft.raw, &mut |term| {
            have.insert(term);
        });
        let mut values = vec![];
        arrival.fields.values().for_each(|v| texts(v, &mut values));
        for value in values {
            if value.parse::<f64>().is_err()
                && segment::query_terms(&value).iter().any(|t| !have.contains(t))
                && lacking.len() < 5
            {
                let raw = String::from_utf8_lossy(&arrival.draft.raw);
                lacking.push(format!("{name}: {value:?} in {}", raw.chars().take(200).collect::<String>()));
            }
        }
        ControlFlow::Continue(())
    });
    (records, lacking)
}

fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() { walk(&entry.path(), into) } else { into.push(entry.path()) }
    }
}

fn check(folders: &[PathBuf], least: usize) {
    let (mut files, mut records, mut all) = (vec![], 0, vec![]);
    folders.iter().for_each(|f| walk(f, &mut files));
    for file in files {
        let bytes = std::fs::read(&file).expect("reads");
        let (many, found) = lacking(&file.file_name().expect("a name").to_string_lossy(), bytes);
        records += many;
        all.extend(found);
    }
    assert!(records >= least, "only {records} records");
    assert!(
        all.is_empty(),
        "{} values\n{}",
        all.len(),
        all.iter().take(20).cloned().collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn what_is_read_out_of_a_raw_has_no_other_words_than_it() {
    check(&[root().join("scenarios")], 200);
}

#[test]
fn what_is_read_out_of_real_logs_has_no_other_words_than_they() {
    let corpora = root().join("../shared/corpora");
    if !corpora.exists() {
        eprintln!("skipped: no real logs here");
        return;
    }
    check(&[corpora.join("logs"), corpora.join("evtx")], 10_000);
}
