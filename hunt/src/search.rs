//! Runs a query over a vault, unit by unit, each proved before it is looked at.

use crate::query::Query;
use custody::{Parse, ReadError, View};
use model::{Event, Record, Time};
use regex::bytes::Regex;
use std::collections::VecDeque;
use std::ops::ControlFlow;

/// Which records are looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// Happened at or after this.
    pub from: Option<Time>,
    /// Happened before this.
    pub to: Option<Time>,
    /// Only the newest hits, by their place in the log.
    pub last: Option<usize>,
}

impl Range {
    pub(crate) fn holds(&self, at: Time) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    pub(crate) fn may_hold(&self, span: Option<(Time, Time)>) -> bool {
        // Of a unit without events its table does not tell a time.
        span.is_none_or(|(least, greatest)| {
            self.from.is_none_or(|from| from <= greatest) && self.to.is_none_or(|to| least < to)
        })
    }
}

/// Tells quickly that a raw lacks a term, without taking the raw apart: most raws of a block that the index names lack it.
struct Glance(Option<Regex>);

impl Glance {
    /// For a term of ASCII. What undoing an escape can put together anew is passed too: `\u` of JSON and `&#` of XML; all others
    /// stand for what ends a term.
    fn for_term(term: Option<String>) -> Self {
        let pattern = term.map(|term| format!(r"(?i-u:{})|\\u|&#", regex::escape(&term)));
        Self(pattern.and_then(|pattern| Regex::new(&pattern).ok()))
    }

    /// `false` is sure: the raw lacks the term. Letters beyond ASCII can be ASCII in lower case (the sign of kelvin), so that a raw
    /// with such letters is not told.
    fn may_have(&self, raw: &[u8]) -> bool {
        self.0.as_ref().is_none_or(|term| term.is_match(raw) || !raw.is_ascii())
    }
}

/// Whether a raw has all these terms.
fn has_all(raw: &[u8], terms: &[u64]) -> bool {
    // A query of more terms than bits asks for the first ones here, and for all of them when it is matched.
    let terms = &terms[..terms.len().min(64)];
    let all = u64::MAX.checked_shr(64 - u32::try_from(terms.len()).unwrap_or(64)).unwrap_or(0);
    let mut seen = 0;
    if all != 0 {
        segment::terms(raw, &mut |term| {
            if let Some(at) = terms.iter().position(|t| *t == term) {
                seen |= 1 << at;
            }
        });
    }
    seen == all
}

/// Hands out every hit in the order of the log, until `each` breaks off; `step` is told how many of how many records
/// were looked at. `added` are words that `parse` puts into fields and that stand in no raw. Gives the number of records looked at.
///
/// # Errors
/// [`ReadError`] when records cannot be read, or are not those that were sealed; what was found before was handed out.
pub fn search(
    view: &View,
    query: &Query,
    range: &Range,
    (parse, added): (Parse<'_>, &[&str]),
    step: &mut dyn FnMut(u64, u64),
    each: &mut dyn FnMut(Event) -> ControlFlow<()>,
) -> Result<u64, ReadError> {
    let end = view.checkpoint().size;
    let mut looked = 0;
    let mut newest: VecDeque<Event> = VecDeque::new();
    let terms = query.hashes(added);
    let glance = Glance::for_term(query.longest_term(added));
    let wanted = |record: &Record| {
        range.holds(record.happened) && glance.may_have(&record.raw) && has_all(&record.raw, &terms)
    };
    for unit in view.units_with(&terms)? {
        step(unit.first, end);
        // Its table tells when its events happened; acts and alerts among them have their own times.
        if !query.names_kind() && !range.may_hold(unit.happened) {
            continue;
        }
        let pages = view.read_where(&unit, &wanted, parse)?;
        looked += unit.count;
        for event in pages.into_iter().flat_map(|page| page.into_inner()) {
            if !wanted(&event.record) || !query.matches(&event) {
                continue;
            }
            match range.last {
                None => {
                    if each(event).is_break() {
                        return Ok(looked);
                    }
                }
                Some(0) => {}
                Some(last) => {
                    if newest.len() == last {
                        newest.pop_front();
                    }
                    newest.push_back(event);
                }
            }
        }
    }
    for event in newest {
        if each(event).is_break() {
            break;
        }
    }
    Ok(looked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a glance and the terms of a raw say of a word.
    fn looks(word: &str, raw: &[u8]) -> (bool, bool) {
        let query = Query::parse(&format!("\"{word}\"")).expect("a word");
        (Glance::for_term(query.longest_term(&[])).may_have(raw), has_all(raw, &query.hashes(&[])))
    }

    #[test]
    fn a_glance_passes_what_is_spelt_otherwise_and_stops_the_rest() {
        for raw in
            ["a Kelvin", "\u{212a}elvin", r"\u006belvin", r"C:\nkelvin", "&#107;elvin", "&amp;kelvin&lt;"]
        {
            assert_eq!(looks("kelvin", raw.as_bytes()), (true, true), "{raw}");
        }
        for raw in ["celsius", r"C:\\kelv\nin", "kel&amp;vin"] {
            assert_eq!(looks("kelvin", raw.as_bytes()), (false, false), "{raw}");
        }
        assert!(looks("kelvin", b"kelvins").0, "it is a glance, not a look");
    }

    proptest! {
        #[test]
        fn a_glance_never_hides_a_hit(
            word in "[a-cKs_]{1,3}([ .][a-c]{1,2})?",
            raw in r"([a-cAkS\u{212a}\u{17f}\u{e9} .\\\\&;#u0-9x]|\\u00[46][1-3]|&#9[7-9];|&amp;){0,40}",
        ) {
            let (glance, terms) = looks(&word, raw.as_bytes());
            prop_assert!(glance || !terms);
        }
    }
}
