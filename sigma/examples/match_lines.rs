//! Matches the lines of a file, a JSON object each, against the rules of a file, and tells the hits.
//!
//!     cargo run -p bailiwick-sigma --example match_lines -- RULES.yml EVENTS.ndjson
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example tells what it found")]

use serde_json::{Map, Value};
use sigma::{Engine, EngineOptions, Observed, classify, load};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut paths = std::env::args().skip(1);
    let (Some(rules), Some(events)) = (paths.next(), paths.next()) else {
        return Err("two files are needed: one with rules, one with events".into());
    };
    let loaded = load([(rules.clone(), std::fs::read(&rules)?)]);
    for refused in &loaded.refused {
        eprintln!(
            "{}:{}:{} {}\n{}",
            refused.path, refused.line, refused.column, refused.message, refused.caret
        );
    }
    let mut engine = Engine::new(loaded.rules, EngineOptions::default());
    for (seq, line) in (0..).zip(std::fs::read_to_string(&events)?.lines()) {
        let fields: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| format!("{events}, line {}: {error}", seq + 1))?;
        let class = classify("ndjson", &fields);
        // Correlations count in the time at which things happened; who has no time puts events at one instant.
        let time = fields.get("time").and_then(Value::as_str).and_then(|t| t.parse().ok());
        let happened = time.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        for hit in engine.observe(&Observed { fields: &fields, happened, class: &class, seq }) {
            let title = engine.rules().get(hit.rule).map_or("", |r| &r.title);
            println!("line {}: {title}, {} events, the first at {}", seq + 1, hit.count, hit.first);
        }
    }
    Ok(())
}
