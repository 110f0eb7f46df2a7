//! Every public recording fires its rule as often as its maker counted, or as often as both engines count where the maker's
//! number is lower than what the recording holds.

use rsigma_eval::JsonEvent;
use sigma::{Engine, EngineOptions, Observed};
use std::collections::BTreeMap;

/// Recordings in which more records fit the rule than `match_count` says; the number of them. All are plain: the JSON that
/// lies beside each recording has so many records whose values are those that the rule lists.
const COUNTED_TOO_LOW: [(&str, u64); 3] = [
    // procdump64.exe, procdump64a.exe and procdump.exe, each once.
    ("8fbf3271-1ef6-4e94-8210-03c2317947f6", 3),
    // https, http and * below one domain, each with DWORD (0x00000002).
    ("45e112d0-7759-4c2a-aa36-9f8fb79d3393", 3),
    // AutoShareServer and AutoShareWks.
    ("c7dcacd0-cc59-4004-b0a4-1d6cdebe6f3e", 2),
];

fn ours(rule: &[(String, Vec<u8>)], events: &[peers::Event]) -> u64 {
    let mut engine = Engine::new(sigma::load(rule.to_vec()).rules, EngineOptions::default());
    let happened = jiff::Timestamp::UNIX_EPOCH;
    let hits = events.iter().map(|e| {
        engine.observe(&Observed { fields: &e.fields, happened, class: &e.class, seq: e.place.1 }).len()
            as u64
    });
    hits.sum()
}

fn theirs(rule: &[(String, Vec<u8>)], events: &[peers::Event]) -> u64 {
    let (engine, _) = peers::theirs(rule);
    let mut sources: Vec<_> = sigma::load(rule.to_vec()).rules.iter().map(|r| r.logsource.clone()).collect();
    let source = sources.pop().expect("one rule");
    let of_source = events.iter().filter(|e| e.class.admits(&source));
    let hits = of_source.map(|e| {
        engine.evaluate(&JsonEvent::owned(serde_json::Value::Object(e.fields.clone()))).len() as u64
    });
    hits.sum()
}

#[test]
fn every_recording_fires_its_rule_as_often_as_was_counted() {
    let Some(corpora) = peers::corpora() else { return };
    let mut rules: BTreeMap<String, (String, Vec<u8>)> = BTreeMap::new();
    for file in peers::rule_folders(&corpora).iter().flat_map(|f| peers::files_below(f)) {
        for rule in sigma::load([file.clone()]).rules.iter() {
            rules.insert(rule.id.clone(), file.clone());
        }
    }
    let (mut many, mut low) = (0, 0);
    for (_, path) in collect::walk(&corpora.join("sigma/regression")).files {
        if path.file_name().is_none_or(|n| n != "info.yml") {
            continue;
        }
        let folder = path.parent().expect("a folder");
        let text = std::fs::read_to_string(&path).expect("readable");
        let behind = |word: &str| {
            let at = text.rfind(word)? + word.len();
            text[at..].split_whitespace().next().map(str::to_owned)
        };
        let events = peers::events(folder);
        let id = text.split("rule_metadata").nth(1).and_then(|t| t.split("id: ").nth(1)).expect("an id");
        let id = id.split_whitespace().next().expect("a word");
        let Some(rule) = rules.get(id).filter(|_| !events.is_empty()) else { continue };
        let rule = [rule.clone()];
        let counted = behind("match_count:").and_then(|t| t.parse::<u64>().ok());
        let (ours, theirs) = (ours(&rule, &events), theirs(&rule, &events));
        let fits = COUNTED_TOO_LOW.iter().find(|(low, _)| *low == id).map(|(_, fits)| *fits);
        many += 1;
        low += u64::from(fits.is_some());
        assert!(ours > 0 && ours == theirs, "{id}: {ours} and {theirs}");
        assert!(fits.is_none_or(|fits| counted.is_some_and(|c| c < fits)), "{id}: no longer counted too low");
        assert_eq!(fits.or(counted).unwrap_or(ours), ours, "{id}");
    }
    println!("{many} recordings, {low} of them counted too low");
    assert_eq!((many, low), (105, 3));
}
