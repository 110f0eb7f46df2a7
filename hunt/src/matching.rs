//! Whether an event is a hit.

use crate::query::{Operand, Order, Term, Test, Tree};
use model::{Event, Fields};
use serde_json::Value;
use std::cell::OnceCell;
use std::net::IpAddr;

/// Look-ups that one dotted name may cost.
const LOOKUP_LIMIT: usize = 4096;

pub(crate) fn matches(tree: &Tree, event: &Event) -> bool {
    decide(tree, &Subject { event, raw: OnceCell::new(), values: OnceCell::new() })
}

/// An event with what is needed often, made once.
struct Subject<'a> {
    event: &'a Event,
    raw: OnceCell<String>,
    values: OnceCell<Vec<String>>,
}

impl Subject<'_> {
    fn raw(&self) -> &str {
        self.raw.get_or_init(|| String::from_utf8_lossy(&self.event.record.raw).to_lowercase())
    }

    fn values(&self) -> &[String] {
        self.values.get_or_init(|| {
            let mut all = vec![];
            self.event.fields.values().for_each(|v| texts(v, &mut all));
            all
        })
    }
}

fn decide(tree: &Tree, subject: &Subject<'_>) -> bool {
    match tree {
        Tree::All(parts) => parts.iter().all(|p| decide(p, subject)),
        Tree::Any(parts) => parts.iter().any(|p| decide(p, subject)),
        Tree::Not(inner) => !decide(inner, subject),
        Tree::Term(term) => term_fits(term, subject),
    }
}

fn term_fits(term: &Term, subject: &Subject<'_>) -> bool {
    let Some(field) = &term.field else {
        return match &term.test {
            Test::Anything => true,
            Test::Word(word) => {
                has_words(subject.raw(), word)
                    || subject.values().iter().any(|v| has_words(&v.to_lowercase(), word))
            }
            Test::Pattern(regex) => {
                let raw = String::from_utf8_lossy(&subject.event.record.raw);
                regex.is_match(&raw) || subject.values().iter().any(|v| regex.is_match(v))
            }
            Test::Equals(_) | Test::Compare(..) | Test::Network(..) => false,
        };
    };
    let mut values = vec![];
    let mut left = LOOKUP_LIMIT;
    let own = field.strip_prefix('_');
    let mut present = match own.and_then(|name| of_record(name, subject.event)) {
        Some(of_record) => {
            values = of_record;
            true
        }
        None => look(&subject.event.fields, field, &mut values, &mut left),
    };
    if !present && let Some(of_record) = of_record(field, subject.event) {
        values = of_record;
        present = true;
    }
    match &term.test {
        Test::Anything => present,
        test => values.iter().any(|v| value_fits(test, v)),
    }
}

/// Whether a text holds these words whole: no letter, digit or `_` goes on at either end. The same boundaries as those of terms.
fn has_words(text: &str, words: &str) -> bool {
    let is_word =
        |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80);
    let (bytes, first, last) = (text.as_bytes(), words.as_bytes().first(), words.as_bytes().last());
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(words)).map(|at| from + at) {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        if !((is_word(first) && is_word(before)) || (is_word(last) && is_word(bytes.get(at + words.len())))) {
            return true;
        }
        // One that overlaps it may still stand whole: `1.1` in `11.1.1`.
        from = text.ceil_char_boundary(at + 1);
    }
    false
}

fn value_fits(test: &Test, value: &str) -> bool {
    match test {
        Test::Anything => true,
        Test::Word(word) => has_words(&value.to_lowercase(), word),
        Test::Equals(word) => value.to_lowercase() == *word,
        Test::Pattern(regex) => regex.is_match(value),
        Test::Compare(order, Operand::Number(number)) => {
            value.trim().parse::<f64>().is_ok_and(|v| order.holds(v.partial_cmp(number)))
        }
        Test::Compare(order, Operand::Time(time)) => {
            value.trim().parse::<model::Time>().is_ok_and(|v| order.holds(Some(v.cmp(time))))
        }
        Test::Network(network, bits) => {
            value.trim().parse::<IpAddr>().is_ok_and(|a| inside(*network, *bits, a))
        }
    }
}

impl Order {
    fn holds(self, found: Option<std::cmp::Ordering>) -> bool {
        match self {
            Self::Less => found.is_some_and(std::cmp::Ordering::is_lt),
            Self::LessOrEqual => found.is_some_and(std::cmp::Ordering::is_le),
            Self::Greater => found.is_some_and(std::cmp::Ordering::is_gt),
            Self::GreaterOrEqual => found.is_some_and(std::cmp::Ordering::is_ge),
        }
    }
}

/// Version 4 addresses written as version 6 are of version 4.
fn inside(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    let wide = |a: IpAddr| match a.to_canonical() {
        IpAddr::V4(a) => (u128::from(u32::from(a)) << 96, true),
        IpAddr::V6(a) => (u128::from(a), false),
    };
    let ((network, v4), (address, address_v4)) = (wide(network), wide(address));
    let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
    v4 == address_v4 && network & mask == address & mask
}

/// What the record itself says, by name.
fn of_record(name: &str, event: &Event) -> Option<Vec<String>> {
    let record = &event.record;
    Some(match name {
        "seq" => vec![record.seq.to_string()],
        "kind" => vec![record.kind.to_string()],
        "source" => vec![record.source.to_string(), record.source.name().to_owned()],
        "happened" => vec![record.happened.to_string()],
        "received" => vec![record.received.to_string()],
        "defect" if record.defects.is_empty() => return None,
        "defect" => record.defects.iter().map(|d| d.code().to_owned()).collect(),
        _ => return None,
    })
}

fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Null => into.push(String::new()),
        Value::Bool(truth) => into.push(truth.to_string()),
        Value::Number(number) => into.push(number.to_string()),
        Value::String(text) => into.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|v| texts(v, into)),
        Value::Object(map) => map.values().for_each(|v| texts(v, into)),
    }
}

/// Looks a field up: a key that holds the dots first, then a path; through arrays any member.
fn look(fields: &Fields, name: &str, into: &mut Vec<String>, left: &mut usize) -> bool {
    if let Some(value) = fields.get(name) {
        texts(value, into);
        return true;
    }
    for (dot, _) in name.match_indices('.') {
        let Some(less) = left.checked_sub(1) else { return false };
        *left = less;
        if fields.get(&name[..dot]).is_some_and(|v| through(v, &name[dot + 1..], into, left)) {
            return true;
        }
    }
    false
}

fn through(value: &Value, rest: &str, into: &mut Vec<String>, left: &mut usize) -> bool {
    match value {
        Value::Object(map) => look(map, rest, into, left),
        Value::Array(list) => {
            // Every member, not only the first that has it.
            let with = list.iter().filter(|v| through(v, rest, into, left)).count();
            with > 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The plainest definition: at some place, and no letter, digit or `_` goes on from a letter, digit or `_` at either end.
    fn stands_whole(text: &str, words: &str) -> bool {
        let is_word =
            |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii());
        text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| {
            let Some(behind) = text[at..].strip_prefix(words) else { return false };
            let goes_on = |inside: Option<char>, outside: Option<char>| is_word(inside) && is_word(outside);
            !goes_on(words.chars().next(), text[..at].chars().next_back())
                && !goes_on(words.chars().next_back(), behind.chars().next())
        })
    }

    proptest! {
        #[test]
        fn words_are_found_wherever_they_stand_whole(text in "[ab1_é. ]{0,14}", words in "[ab1_é. ]{0,4}") {
            prop_assert_eq!(has_words(&text, &words), stands_whole(&text, &words), "`{}` in `{}`", words, text);
        }
    }

    #[test]
    fn words_are_found_behind_a_place_where_they_are_parts_of_others() {
        for (text, words, is) in [
            ("from 11.1.1 on", "1.1", true),
            ("10 0 0", "0 0", true),
            ("xa xa a", "a", true),
            ("11.1.11", "1.1", false),
            ("é1 1", "1", true),
            ("é1", "1", false),
        ] {
            assert_eq!(has_words(text, words), is, "`{words}` in `{text}`");
        }
    }
}
