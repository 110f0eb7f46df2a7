//! The least program with the other engine: reads lines of JSON, one thread, counts hits. What `scan` is measured against.
//!
//! `minimal RULES EVENTS`

use rsigma_eval::JsonEvent;
use std::io::{BufRead, BufReader};
use std::path::Path;

fn main() {
    let mut words = std::env::args().skip(1);
    let (rules, events) = (words.next().expect("RULES"), words.next().expect("EVENTS"));
    let files = peers::files_below(Path::new(&rules));
    let (engine, refused) = peers::theirs(&files);
    let mut reader = BufReader::with_capacity(1 << 20, std::fs::File::open(events).expect("readable"));
    let (mut line, mut records, mut hits) = (String::new(), 0u64, 0usize);
    let since = std::time::Instant::now();
    while reader.read_line(&mut line).expect("readable") > 0 {
        let event: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        hits += engine.evaluate(&JsonEvent::borrow(&event)).len();
        records += 1;
        line.clear();
    }
    println!("{records} {hits} {} {}", refused.len(), since.elapsed().as_secs_f64());
}
