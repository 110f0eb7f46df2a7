//! Rules over what was sealed before: the index chooses the units, the words choose the records.

use super::{ADDED, count, parse, text, time, vault};
use custody::View;
use hunt::{Plan, Range, plan};
use model::Kind::{self, Act, Event};
use sigma::RuleSet;
use std::ops::ControlFlow;

const NEEDLE: &str = r#"{"a":"needle one"}"#;
const THREAD: &str = r#"{"a":"thread two"}"#;

/// A needle in the first unit, a thread in the third, both in the last; words that go on beyond ASCII and beyond `_` in the second.
const UNITS: [&[(Kind, i64, &str)]; 4] = [
    &[
        (Event, 0, r#"{"a":"hay"}"#),
        (Event, 10, NEEDLE),
        (Act, 10, r#"{"a":"needle act"}"#),
        (Event, 20, NEEDLE),
    ],
    &[(Event, 100, r#"{"a":"ab_cd"}"#), (Event, 110, r#"{"a":"abéd"}"#), (Event, 120, r#"{"a":"ab cd"}"#)],
    &[(Event, 200, THREAD), (Event, 230, r#"{"a":"word70"}"#)],
    &[(Event, 300, NEEDLE), (Event, 310, THREAD)],
];

/// One rule for each of these detections.
fn rules(detections: &[&str]) -> RuleSet {
    let one = |s: &&str| {
        format!("title: {s:?}\nlogsource: {{category: t}}\ndetection:\n  s: {{{s}}}\n  condition: s\n")
    };
    let all: Vec<String> = detections.iter().map(one).collect();
    let loaded = sigma::load([("r.yml".to_owned(), all.join("---\n").into_bytes())]);
    assert_eq!((loaded.rules.len(), loaded.refused.len()), (detections.len(), 0), "{:?}", loaded.refused);
    loaded.rules
}

fn planned(view: &View, detections: &[&str], range: Range) -> Plan {
    plan(view, &rules(detections), &range, (&[ADDED.1], false), &mut |_, _| {}).expect("reads")
}

/// The same of all times, with other words that parsers add, or over every record.
fn planned_so(view: &View, detections: &[&str], (added, every): (&[&str], bool)) -> Plan {
    plan(view, &rules(detections), &Range::default(), (added, every), &mut |_, _| {}).expect("reads")
}

/// What a hunt gave.
#[derive(Debug, PartialEq)]
struct Ran {
    /// Raws of the records that are said to be wanted.
    wanted: Vec<String>,
    looked: u64,
    /// How many records were read, each time that it was told.
    steps: Vec<u64>,
    /// How many pages were handed out.
    pages: usize,
}

/// Runs a plan and breaks off behind so many pages.
fn ran(view: &View, plan: &Plan, most: usize) -> Ran {
    let (mut wanted, mut steps, mut pages) = (vec![], vec![], 0);
    let looked = plan.run(view, &parse, &mut |read| steps.push(read), &mut |page, is_wanted| {
        let here = page.value().iter().filter(|event| is_wanted(&event.record));
        wanted.extend(here.map(|event| text(&event.record.raw)));
        pages += 1;
        if pages == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    Ran { wanted, looked: looked.expect("reads"), steps, pages }
}

/// What is wanted of all that a plan reads.
fn wanted(view: &View, detections: &[&str], range: Range) -> Vec<String> {
    ran(view, &planned(view, detections, range), usize::MAX).wanted
}

#[test]
fn only_units_with_the_words_are_read_and_only_records_with_them_are_wanted() {
    let view = vault(&UNITS);
    let plan = planned(&view, &["a: needle one"], Range::default());
    let read = count(&view, &[0, 3]);
    assert_eq!((plan.to_read, plan.records), (read, count(&view, &[0, 1, 2, 3])));
    assert_eq!((plan.costs[0].records, plan.costs[0].is_selective), (read, true));
    let ran = ran(&view, &plan, usize::MAX);
    assert_eq!(ran.wanted, [NEEDLE, NEEDLE, NEEDLE]);
    assert_eq!((ran.looked, ran.pages), (3, 2), "acts are no events, and other pages hold no needle");
}

#[test]
fn of_several_alternatives_one_is_enough_for_a_unit_and_for_a_record() {
    let view = vault(&UNITS);
    let plan = planned(&view, &["a: [needle one, thread two]"], Range::default());
    assert_eq!(plan.to_read, count(&view, &[0, 2, 3]));
    assert_eq!(ran(&view, &plan, usize::MAX).wanted, [NEEDLE, NEEDLE, THREAD, NEEDLE, THREAD]);
}

#[test]
fn each_rule_has_its_units_read_whatever_its_place() {
    let view = vault(&UNITS);
    for detections in [["a: needle one", "a: thread two"], ["a: thread two", "a: needle one"]] {
        let plan = planned(&view, &detections, Range::default());
        assert_eq!(plan.to_read, count(&view, &[0, 2, 3]), "{detections:?}");
        assert_eq!(ran(&view, &plan, usize::MAX).wanted, [NEEDLE, NEEDLE, THREAD, NEEDLE, THREAD]);
    }
}

#[test]
fn a_rule_that_no_word_tells_has_every_record_looked_at_beside_others_too() {
    let view = vault(&UNITS);
    for detections in [&["a|startswith: need"][..], &["a: thread two", "a|startswith: need"]] {
        let plan = planned(&view, detections, Range::default());
        assert_eq!(plan.to_read, plan.records, "{detections:?}");
        let cost = plan.costs.last().expect("one for each rule");
        assert_eq!((&cost.words, cost.records, cost.is_selective), (&None, plan.records, false));
        let ran = ran(&view, &plan, usize::MAX);
        let needles = ran.wanted.iter().filter(|raw| *raw == NEEDLE).count();
        assert_eq!(needles, 3, "{detections:?}");
        assert!(ran.wanted.iter().any(|raw| raw == super::FILLER), "{detections:?}");
    }
}

#[test]
fn every_record_is_looked_at_where_that_is_asked_for() {
    let view = vault(&UNITS);
    let plan = planned_so(&view, &["a: needle one"], (&[], true));
    assert_eq!((plan.to_read, &plan.costs[0].words), (plan.records, &None));
    let events = UNITS.iter().flat_map(|unit| unit.iter()).filter(|(kind, ..)| *kind == Event).count();
    let wanted = ran(&view, &plan, usize::MAX).wanted;
    assert_eq!(wanted.iter().filter(|raw| *raw != super::FILLER).count(), events);
}

#[test]
fn a_word_that_parsers_add_is_asked_of_no_index_and_of_no_raw() {
    let view = vault(&UNITS);
    let plan = planned(&view, &["parser: extra"], Range::default());
    assert_eq!((plan.to_read, &plan.costs[0].words), (plan.records, &None));
    assert_eq!(wanted(&view, &["parser: extra, a: needle one"], Range::default()).len(), 3);
    let unknown = planned_so(&view, &["parser: extra"], (&[], false));
    assert_eq!(
        unknown.to_read,
        count(&view, &[3]),
        "no raw has it, and what lies in the journal is always read"
    );
}

#[test]
fn a_word_goes_on_with_an_underscore_and_with_letters_beyond_ascii() {
    let view = vault(&UNITS);
    for value in ["ab_cd", "abéd", "ab cd"] {
        let found = wanted(&view, &[&format!("a: {value}")], Range::default());
        assert!(found.contains(&format!(r#"{{"a":"{value}"}}"#)), "{value}: {found:?}");
    }
    assert_eq!(wanted(&view, &["a: ab_cd"], Range::default()).len(), 1);
}

#[test]
fn many_words_are_told_apart_each_by_its_own_bit() {
    let named: Vec<String> = (0..100).map(|n| format!(r#"{{"a":"word{n}"}}"#)).collect();
    let named: Vec<(Kind, i64, &str)> = named.iter().map(|raw| (Event, 0, raw.as_str())).collect();
    let view = vault(&[&named, &[(Event, 0, NEEDLE)]]);
    let detections: Vec<String> = (0..200).map(|n| format!("a: word{n}")).collect();
    let detections: Vec<&str> = detections.iter().map(String::as_str).collect();
    let plan = planned(&view, &detections, Range::default());
    let (with, all): (Vec<_>, _) =
        (plan.costs.iter().map(|c| c.records == plan.records).collect(), plan.records);
    assert_eq!((all, &with[..100]), (count(&view, &[0, 1]), &[true; 100][..]));
    // An index says of one word in 16 that it may be there although it is not.
    assert!(with[100..].iter().filter(|is| **is).count() < 30, "{with:?}");
    assert_eq!(ran(&view, &plan, usize::MAX).wanted.len(), 100);
}

#[test]
fn from_belongs_to_a_range_and_to_does_not() {
    let view = vault(&UNITS);
    let range = |from, to| Range { from: Some(time(from)), to: Some(time(to)), last: None };
    for (from, to, many) in [(10, 20, 1), (10, 21, 2), (11, 21, 1), (11, 20, 0), (20, 301, 2), (21, 300, 0)] {
        assert_eq!(wanted(&view, &["a: needle one"], range(from, to)).len(), many, "{from} to {to}");
    }
    let plan = planned(&view, &["a: needle one"], range(20, 100));
    assert_eq!(plan.records, count(&view, &[0]), "a unit that begins at the end is not read");
}

#[test]
fn progress_counts_the_records_that_were_read_up_to_all_of_them() {
    let view = vault(&UNITS);
    let plan = planned(&view, &["a: needle one"], Range::default());
    let ran = ran(&view, &plan, usize::MAX);
    assert_eq!(ran.steps, [0, count(&view, &[0]), count(&view, &[0, 3])]);
    assert_eq!(ran.steps.last(), Some(&plan.to_read));
}

#[test]
fn a_hunt_that_is_broken_off_hands_out_no_further_page() {
    let view = vault(&UNITS);
    let ran = ran(&view, &planned(&view, &["a: needle one"], Range::default()), 1);
    assert_eq!(ran, Ran { wanted: vec![NEEDLE.into(), NEEDLE.into()], looked: 2, steps: vec![0], pages: 1 });
}
