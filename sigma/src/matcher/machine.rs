//! What is asked of one field, all at once: each value goes through once, and says which predicates hold.

use super::nets::Nets;
use super::predicate::{Ask, Predicate};
use super::substrings::Substrings;
use super::trie::{Fit, Trie};
use crate::event::{Kind, number};
use crate::item::{Order, Place};
use aho_corasick::packed::{Config, Searcher};

/// All eager questions about a field.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    /// Whole values and beginnings.
    forwards: Trie,
    /// Ends.
    backwards: Trie,
    inside: Option<Substrings>,
    /// Sorted by number.
    numbers: Vec<(f64, u32)>,
    nets: Nets,
    /// Lower bounds, sorted; whether the bound itself counts.
    above: Vec<(f64, bool, u32)>,
    /// Upper bounds, the greatest first.
    below: Vec<(f64, bool, u32)>,
    /// Tells of all texts of an event at once whether some value can meet something.
    all: Option<Searcher>,
}

/// One value as a machine sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) folded: &'a str,
}

impl Machine {
    /// Builds a machine out of predicates, each with the number by which it is told.
    pub(crate) fn new<'a>(asked: impl Iterator<Item = (&'a Predicate, u32)>) -> Self {
        let mut made = Self::default();
        let (mut forwards, mut inside) = (vec![], vec![]);
        let mut backwards: Vec<(Vec<u8>, u32)> = vec![];
        for (predicate, out) in asked {
            match &predicate.ask {
                Ask::Text(Place::Whole, text) => forwards.push((text.as_bytes(), Fit::Whole, out)),
                Ask::Text(Place::Start, text) => forwards.push((text.as_bytes(), Fit::Begins, out)),
                Ask::Text(Place::End, text) => backwards.push((text.bytes().rev().collect(), out)),
                Ask::Text(Place::Contains, text) => inside.push((text.as_bytes(), out)),
                Ask::Number(number, text) => {
                    forwards.push((text.as_bytes(), Fit::Whole, out));
                    made.numbers.push((*number, out));
                }
                Ask::Cidr(net) => made.nets.add(net, out),
                Ask::Compare(order, bound) => made.compare(*order, *bound, out),
                Ask::Later(..) => {}
            }
        }
        made.numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
        made.above.sort_by(|a, b| a.0.total_cmp(&b.0));
        made.below.sort_by(|a, b| b.0.total_cmp(&a.0));
        made.nets.close();
        made.forwards = Trie::new(forwards);
        made.backwards =
            Trie::new_backwards(backwards.iter().map(|(key, out)| (&key[..], Fit::Begins, *out)).collect());
        made.inside = Substrings::new(&inside);
        made
    }

    fn compare(&mut self, order: Order, bound: f64, out: u32) {
        // What is no number compares with nothing.
        match order {
            _ if bound.is_nan() => {}
            Order::Greater => self.above.push((bound, false, out)),
            Order::GreaterOrEqual => self.above.push((bound, true, out)),
            Order::Less => self.below.push((bound, false, out)),
            Order::LessOrEqual => self.below.push((bound, true, out)),
            Order::Equal | Order::NotEqual => unreachable!("a comparison without an order is no predicate"),
        }
    }

    /// A machine for every value of an event, whose texts are few as a rule: keywords.
    pub(crate) fn everywhere<'a>(asked: impl Iterator<Item = (&'a Predicate, u32)>) -> Self {
        let asked: Vec<_> = asked.collect();
        let only_texts = |(p, _): &(&Predicate, u32)| matches!(p.ask, Ask::Text(Place::Contains, _));
        let all = asked.iter().all(only_texts).then(|| searcher(&asked)).flatten();
        Self { all, ..Self::new(asked.into_iter()) }
    }

    /// Whether some value may meet something, given all texts of the event, folded, one behind the other.
    pub(crate) fn may_meet(&self, all: &str) -> bool {
        self.all.as_ref().is_none_or(|searcher| searcher.find(all.as_bytes()).is_some())
    }

    /// Every predicate that a value meets; one may be told several times.
    pub(crate) fn look(&self, value: Seen<'_>, met: &mut impl FnMut(u32)) {
        let bytes = value.folded.as_bytes();
        self.forwards.forwards(bytes, met);
        self.backwards.backwards(bytes, met);
        if let Some(inside) = &self.inside {
            inside.search(bytes, met);
        }
        if let Kind::Number(found) = value.kind
            && !self.numbers.is_empty()
        {
            let from = self.numbers.partition_point(|(number, _)| *number < found);
            let same = self.numbers[from..].iter().take_while(|(number, _)| *number <= found);
            same.for_each(|(_, out)| met(*out));
        }
        if !self.nets.is_empty() {
            self.nets.look(value.text, met);
        }
        if !(self.above.is_empty() && self.below.is_empty())
            && let Some(found) = number(value.kind, value.text)
        {
            let above = self.above.iter().take_while(|(bound, ..)| *bound <= found);
            above.filter(|(bound, equal, _)| *equal || *bound < found).for_each(|(.., out)| met(*out));
            let below = self.below.iter().take_while(|(bound, ..)| *bound >= found);
            below.filter(|(bound, equal, _)| *equal || *bound > found).for_each(|(.., out)| met(*out));
        }
    }
}

/// Looks for a few texts at once, many bytes a step; none where they are too many for that.
fn searcher(asked: &[(&Predicate, u32)]) -> Option<Searcher> {
    let texts = asked.iter().filter_map(|(predicate, _)| match &predicate.ask {
        Ask::Text(_, text) => Some(text.as_bytes()),
        _ => None,
    });
    Config::new().builder().extend(texts).build()
}
