//! Which of many texts stand somewhere in a text: one pass, all of them, also those that overlap.
//!
//! Most texts are found by four bytes of theirs, short ones by two ([`Grams`]). Long ones, and crowds of texts that have no
//! bytes of their own, go through an automaton, whose time depends on the length of the text alone.

use super::grams::Grams;
use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

/// States that are laid out as tables: those near the start, where most of a text is read.
const DENSE_DEPTH: usize = 3;
/// Texts with the same bytes; more of them go through the automaton.
const CROWD: usize = 64;
/// Bytes of a text that is compared as a whole; longer ones go through the automaton.
const LONG: usize = 256;
/// Single bytes that are looked for one after the other; where there are more, they go through the automaton.
const SINGLES: usize = 4;

/// Texts that are known by four bytes at every second position.
type Grams4 = Grams<4, 2>;
/// Shorter ones, by two.
type Grams2 = Grams<2, 1>;

/// Texts that are not empty, each standing for a number.
#[derive(Debug)]
pub(crate) struct Substrings {
    grams: Grams4,
    pairs: Grams2,
    singles: Vec<(u8, u32)>,
    rest: Option<Rest>,
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
        let (grams, mut rest) = Grams4::new(&of(&|long| (Grams4::SHORTEST..=LONG).contains(&long)), CROWD);
        let (pairs, crowd) =
            Grams2::new(&of(&|long| (Grams2::SHORTEST..Grams4::SHORTEST).contains(&long)), CROWD);
        rest.extend(crowd);
        rest.extend(of(&|long| long > LONG));
        let mut singles = vec![];
        let single = of(&|long| long == 1);
        if single.len() > SINGLES {
            rest.extend(single);
        } else {
            singles.extend(single.iter().map(|(text, number)| (text[0], *number)));
        }
        Some(Self { grams, pairs, singles, rest: Rest::new(&rest) })
    }

    /// Every text that stands in this one; the same may be told several times.
    pub(crate) fn search(&self, text: &[u8], met: &mut impl FnMut(u32)) {
        self.grams.search(text, met);
        self.pairs.search(text, met);
        let stands = self.singles.iter().filter(|(byte, _)| memchr::memchr(*byte, text).is_some());
        stands.for_each(|(_, number)| met(*number));
        if let Some(rest) = &self.rest {
            rest.search(text, met);
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
