//! Stories about whole inputs, made by us and real.

mod corpora;
mod hostile;
mod parts;
mod trickle;

use collect::{Arrival, Input, Limits, Options, Summary, fields, read};
use model::Time;
use std::ops::ControlFlow;

/// When everything arrives in these tests.
fn arrived() -> Time {
    "2026-11-24T00:00:00Z".parse().expect("good")
}

/// Reads an input to its end.
fn taken(name: &str, bytes: &[u8]) -> (Vec<Arrival>, Summary) {
    let mut all = vec![];
    let summary = read(
        Input { name: name.into(), modified: None, bytes: Box::new(bytes) },
        &Options::at(arrived()),
        &mut |arrival| {
            all.push(arrival);
            ControlFlow::Continue(())
        },
    );
    assert_eq!(summary.records, all.iter().filter(|a| a.unreadable == 0).count() as u64);
    assert_eq!(summary.unreadable, all.iter().map(|a| a.unreadable).sum::<u64>());
    for arrival in &all {
        let again = fields(&arrival.draft.clone().at(0), &Limits::default());
        if arrival.draft.defects.iter().all(|d| d.code() != "too-long" && d.code() != "unreadable") {
            assert_eq!(again, arrival.fields, "fields read again from the raw bytes are the same");
        }
    }
    (all, summary)
}
