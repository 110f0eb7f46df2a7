//! Queries over a vault: the hits in the order of the log, within the time that was asked for, and no others.

use super::{ADDED, count, parse, text, time, vault};
use custody::View;
use hunt::{Query, Range, search};
use model::Kind::{self, Act, Event};
use std::ops::ControlFlow;

/// The index of one unit in 16 says of a word that it may be there although it is not; of these words none does.
const UNITS: [&[(Kind, i64, &str)]; 5] = [
    &[(Event, 0, r#"{"a":"needle","n":1}"#), (Event, 20, r#"{"a":"needle","n":2}"#)],
    &[(Event, 50, r#"{"a":"straw"}"#)],
    &[
        (Event, 100, r#"{"a":"straw"}"#),
        (Act, 105, r#"{"a":"needle","n":3}"#),
        (Event, 130, r#"{"a":"straw"}"#),
    ],
    &[(Event, 200, r#"{"b":"needle","a":"straw"}"#), (Event, 220, r#"{"a":"needle","n":4}"#)],
    &[(Event, 300, r#"{"a":"needle","n":5}"#), (Event, 310, r#"{"a":"needle thread","n":6}"#)],
];

/// What a search gave.
struct Found {
    /// The number in each hit.
    hits: Vec<u64>,
    looked: u64,
    /// Where it was, each time that it was told.
    steps: Vec<(u64, u64)>,
}

/// Searches and breaks off behind so many hits.
fn found(view: &View, query: &str, range: Range, most: usize) -> Found {
    let query = Query::parse(query).expect("a query");
    let (mut hits, mut steps) = (vec![], vec![]);
    let looked = search(
        view,
        &query,
        &range,
        (&parse, &[ADDED.1]),
        &mut |at, end| steps.push((at, end)),
        &mut |event| {
            hits.push(event.fields["n"].as_u64().unwrap_or_else(|| panic!("{}", text(&event.record.raw))));
            if hits.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
    );
    Found { hits, looked: looked.expect("reads"), steps }
}

fn hits(query: &str, range: Range) -> Vec<u64> {
    found(&vault(&UNITS), query, range, usize::MAX).hits
}

#[test]
fn hits_come_in_the_order_of_the_log_out_of_the_units_that_can_hold_them() {
    let view = vault(&UNITS);
    let found = found(&view, "a:needle", Range::default(), usize::MAX);
    assert_eq!(found.hits, [1, 2, 4, 5], "what stands in another field or is an act is no hit");
    assert_eq!(found.looked, count(&view, &[0, 2, 3, 4]), "records of the units that were looked through");
    let (firsts, end): (Vec<u64>, u64) =
        (view.units().expect("reads").iter().map(|u| u.first).collect(), view.checkpoint().size);
    assert_eq!(found.steps, [0, 2, 3, 4].map(|n: usize| (firsts[n], end)));
}

#[test]
fn from_belongs_to_the_range_and_to_does_not() {
    let at =
        |from: Option<i64>, to: Option<i64>| Range { from: from.map(time), to: to.map(time), last: None };
    for (from, to, want) in [
        (None, Some(20), &[1][..]),
        (None, Some(21), &[1, 2]),
        (Some(20), Some(221), &[2, 4]),
        (Some(21), Some(220), &[]),
        (Some(220), None, &[4, 5]),
        (Some(221), Some(301), &[5]),
        (Some(0), Some(1), &[1]),
        (Some(301), None, &[]),
    ] {
        assert_eq!(hits("a:needle", at(from, to)), want, "{from:?} to {to:?}");
    }
    let view = vault(&UNITS);
    let read = found(&view, "a:needle", at(Some(21), Some(300)), usize::MAX).looked;
    assert_eq!(read, count(&view, &[2, 3]), "what ended before and what begins at the end is not read");
}

#[test]
fn the_last_hits_are_the_newest_ones_in_the_order_of_the_log() {
    let last = |last| Range { last: Some(last), ..Range::default() };
    assert_eq!(hits("a:needle", last(2)), [4, 5]);
    assert_eq!(hits("a:needle", last(100)), [1, 2, 4, 5]);
    assert_eq!(hits("a:needle", last(0)), [] as [u64; 0]);
    assert_eq!(found(&vault(&UNITS), "a:needle", last(3), 1).hits, [2]);
}

#[test]
fn other_kinds_are_found_where_they_are_asked_for_through_the_index_too() {
    let view = vault(&UNITS);
    for (query, want) in [("_kind:act a:needle", &[3][..]), ("_kind:* a:needle", &[1, 2, 3, 4, 5])] {
        let found = found(&view, query, Range::default(), usize::MAX);
        assert_eq!((&found.hits[..], found.looked), (want, count(&view, &[0, 2, 3, 4])), "{query}");
    }
}

#[test]
fn an_act_among_events_of_other_days_is_found_by_its_own_time() {
    let act = (Act, 70_000, r#"{"a":"needle","n":7}"#);
    let view = vault(&[&[(Event, 0, r#"{"a":"straw"}"#), act], &[(Event, 5, r#"{"a":"straw"}"#), act]]);
    let range = Range { from: Some(time(70_000)), to: Some(time(70_001)), last: None };
    assert_eq!(found(&view, "_kind:act", range, usize::MAX).hits, [7, 7]);
    assert_eq!(found(&view, "a:needle", range, usize::MAX).looked, 0, "events are told by their times");
}

#[test]
fn every_word_of_a_query_has_to_be_there() {
    assert_eq!(hits("needle thread", Range::default()), [6]);
    assert_eq!(hits("\"needle thread\"", Range::default()), [6]);
    assert_eq!(hits("parser:extra n:>4", Range::default()), [5, 6], "words of parsers are asked of no index");
}

#[test]
fn a_search_that_is_broken_off_reads_no_further() {
    let view = vault(&UNITS);
    let found = found(&view, "a:needle", Range::default(), 2);
    assert_eq!((found.hits, found.looked), (vec![1, 2], count(&view, &[0])));
}
