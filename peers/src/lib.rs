//! What the tests and benches against other engines share: the public rules, real events, both engines.

use collect::{Input, Options};
use rsigma_eval::Engine;
use rsigma_parser::{LogSource, SigmaCollection, parse_sigma_yaml};
use serde_json::{Map, Value};
use sigma::{Class, classify};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Real rules and logs, if they are at hand; said where not.
pub fn corpora() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora"));
    let path = std::env::var_os("BAILIWICK_CORPORA").map_or(beside, PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no corpora at hand");
    None
}

/// Files of rules below a folder, in order, each with its path.
pub fn files_below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let found =
        collect::walk(folder).files.into_iter().filter(|(_, p)| p.extension().is_some_and(|e| e == "yml"));
    found.map(|(_, path)| (path.display().to_string(), std::fs::read(&path).expect("readable"))).collect()
}

/// The folders of public rules.
pub fn rule_folders(corpora: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(corpora.join("sigma")).expect("readable");
    let mut folders: Vec<PathBuf> = entries.map(|e| e.expect("readable").path()).collect();
    folders.retain(|p| p.is_dir() && p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("rules")));
    folders.sort();
    folders
}

/// The other engine over these files; with the rules that it refuses.
pub fn theirs(files: &[(String, Vec<u8>)]) -> (Engine, Vec<String>) {
    let mut all = SigmaCollection::new();
    let mut refused = vec![];
    for (path, bytes) in files {
        match parse_sigma_yaml(&String::from_utf8_lossy(bytes)) {
            Ok(some) => {
                refused.extend(some.errors.iter().map(|e| format!("{path}: {e}")));
                all.rules.extend(some.rules);
                all.correlations.extend(some.correlations);
                all.filters.extend(some.filters);
            }
            Err(error) => refused.push(format!("{path}: {error}")),
        }
    }
    let mut engine = Engine::new();
    let wrong = engine.add_rules(&all.rules);
    refused.extend(wrong.iter().map(|(number, error)| format!("{}: {error}", all.rules[*number].title)));
    (engine, refused)
}

/// A record as rules see it.
pub struct Event {
    /// File and number, from 1.
    pub place: (String, u64),
    pub fields: Map<String, Value>,
    pub class: Class,
}

/// Every record of the logs below a folder that can be read.
pub fn events(folder: &Path) -> Vec<Event> {
    let mut all = vec![];
    let options = Options::at("2026-11-24T00:00:00Z".parse().expect("good"));
    for (name, path) in collect::walk(folder).files {
        if !name.ends_with(".evtx") {
            continue;
        }
        let bytes = std::fs::read(path).expect("readable");
        let mut number = 0;
        let input = Input { name: name.clone(), modified: None, bytes: Box::new(&bytes[..]) };
        collect::read(input, &options, &mut |arrival| {
            if arrival.unreadable == 0 {
                number += 1;
                let class = classify(arrival.draft.source.format().as_str(), &arrival.fields);
                all.push(Event { place: (name.clone(), number), fields: arrival.fields, class });
            }
            ControlFlow::Continue(())
        });
    }
    all
}

/// So many of these events, one a line, from the beginning again when they end.
pub fn lines(events: &[Event], many: usize) -> String {
    let mut text = String::new();
    for event in events.iter().cycle().take(many) {
        text.push_str(&Value::Object(event.fields.clone()).to_string());
        text.push('\n');
    }
    text
}

/// An event's log source as the other engine takes it: one category at most.
pub fn their_source(class: &Class, rules: &[sigma::LogSource]) -> LogSource {
    let only = |part: fn(&sigma::LogSource) -> Option<String>| {
        let mut fit: Vec<String> = rules
            .iter()
            .filter_map(|source| {
                let alone = part(source)?;
                Some(alone).filter(|_| class.admits(source))
            })
            .collect();
        fit.sort();
        fit.dedup();
        if fit.len() == 1 { fit.pop() } else { None }
    };
    LogSource {
        category: only(|s| s.category.clone()),
        product: only(|s| s.product.clone()),
        service: only(|s| s.service.clone()),
        ..LogSource::default()
    }
}
