//! Which of many texts stand somewhere in a text: one pass, all of them, also those that overlap.
//!
//! Most texts are found by four bytes of theirs ([`Grams`]). Short ones, long ones, and crowds of texts that have no bytes
//! of their own go through an automaton, whose time depends on the length of the text alone.

use super::grams::{GRAM, Grams};
use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

/// States that are laid out as tables: those near the start, where most of a text is read.
const DENSE_DEPTH: usize = 3;
/// Texts with the same four bytes; more of them go through the automaton.
const CROWD: usize = 16;
/// Bytes of a text that is compared as a whole; longer ones go through the automaton.
const LONG: usize = 256;

/// Texts that are not empty, each standing for a number.
#[derive(Debug)]
pub(crate) struct Substrings {
    grams: Grams,
    pairs: Pairs,
    rest: Option<Rest>,
}

/// Texts of one to three bytes, by their first two.
#[derive(Debug, Default)]
struct Pairs {
    /// One bit for each pair of bytes with which such a text begins.
    filter: Vec<u64>,
    /// Sorted.
    texts: Vec<(Box<[u8]>, u32)>,
}

#[derive(Debug)]
struct Rest {
    automaton: NFA,
    start: StateID,
    numbers: Vec<u32>,
}

impl Substrings {
    /// Builds the tables; none where there is nothing to find.
    pub(crate) fn new(texts: &[(&[u8], u32)]) -> Option<Self> {
        if texts.is_empty() {
            return None;
        }
        let of = |fits: &dyn Fn(usize) -> bool| -> Vec<(&[u8], u32)> {
            texts.iter().filter(|(text, _)| fits(text.len())).copied().collect()
        };
        let (grams, mut rest) = Grams::new(&of(&|long| (GRAM..=LONG).contains(&long)), CROWD);
        rest.extend(of(&|long| long == 1 || long > LONG));
        let pairs = Pairs::new(&of(&|long| (2..GRAM).contains(&long)));
        Some(Self { grams, pairs, rest: Rest::new(&rest) })
    }

    /// Every text that stands in this one; the same may be told several times.
    pub(crate) fn search(&self, text: &[u8], met: &mut impl FnMut(u32)) {
        self.grams.search(text, met);
        self.pairs.search(text, met);
        if let Some(rest) = &self.rest {
            rest.search(text, met);
        }
    }
}

impl Pairs {
    fn new(texts: &[(&[u8], u32)]) -> Self {
        let mut filter = vec![0; if texts.is_empty() { 0 } else { 1 << 10 }];
        for (text, _) in texts {
            let pair = usize::from(text[0]) << 8 | usize::from(text[1]);
            filter[pair >> 6] |= 1 << (pair & 63);
        }
        let mut texts: Vec<(Box<[u8]>, u32)> =
            texts.iter().map(|(text, told)| ((*text).into(), *told)).collect();
        texts.sort_unstable();
        Self { filter, texts }
    }

    fn search(&self, text: &[u8], met: &mut impl FnMut(u32)) {
        if self.texts.is_empty() {
            return;
        }
        for (at, two) in text.windows(2).enumerate() {
            let pair = usize::from(two[0]) << 8 | usize::from(two[1]);
            if self.filter[pair >> 6] >> (pair & 63) & 1 == 1 {
                let from = self.texts.partition_point(|(t, _)| **t < *two);
                let begun = self.texts[from..].iter().take_while(|(t, _)| t.starts_with(two));
                begun.filter(|(t, _)| text[at..].starts_with(t)).for_each(|(_, number)| met(*number));
            }
        }
    }
}

impl Rest {
    fn new(texts: &[(&[u8], u32)]) -> Option<Self> {
        if texts.is_empty() {
            return None;
        }
        let made = NFA::builder()
            .match_kind(MatchKind::Standard)
            .dense_depth(DENSE_DEPTH)
            .prefilter(false)
            .build(texts.iter().map(|(text, _)| text));
        let automaton = made.expect("rules are bounded far below what numbers of states can count");
        let start = automaton.start_state(Anchored::No).expect("every automaton starts anywhere");
        Some(Self { automaton, start, numbers: texts.iter().map(|(_, number)| *number).collect() })
    }

    fn search(&self, text: &[u8], met: &mut impl FnMut(u32)) {
        let mut state = self.start;
        for byte in text {
            state = self.automaton.next_state(Anchored::No, state, *byte);
            if self.automaton.is_special(state) && self.automaton.is_match(state) {
                for place in 0..self.automaton.match_len(state) {
                    met(self.numbers[self.automaton.match_pattern(state, place).as_usize()]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(texts: &[String], text: &str) {
        let numbered: Vec<(&[u8], u32)> = texts.iter().map(String::as_bytes).zip(0..).collect();
        let mut got = vec![];
        if let Some(all) = Substrings::new(&numbered) {
            all.search(text.as_bytes(), &mut |number| got.push(number));
        }
        got.sort_unstable();
        got.dedup();
        let want: Vec<u32> =
            (0..).zip(texts).filter(|(_, t)| text.contains(t.as_str())).map(|(n, _)| n).collect();
        assert_eq!(got, want, "{texts:?} in {text}");
    }

    proptest! {
        #[test]
        fn a_pass_finds_what_asking_each_text_finds(
            texts in prop::collection::vec("[abé]{1,7}", 0..60),
            text in "[abé]{0,40}",
        ) {
            check(&texts, &text);
        }
    }

    #[test]
    fn crowds_and_long_texts_are_found_too() {
        let texts: Vec<String> = (1..400).map(|n| "a".repeat(n)).collect();
        check(&texts, &"a".repeat(300));
        check(&texts, "aaabaaaa");
    }
}
