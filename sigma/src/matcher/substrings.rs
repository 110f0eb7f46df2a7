//! Which of many texts stand somewhere in a text: one pass, all of them, also those that overlap.

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

/// States that are laid out as tables: those near the start, where most of a text is read.
const DENSE_DEPTH: usize = 3;

/// An automaton over texts that are not empty, each standing for a number.
#[derive(Debug)]
pub(crate) struct Substrings {
    automaton: NFA,
    start: StateID,
    numbers: Vec<u32>,
}

impl Substrings {
    /// Builds the automaton; none where there is nothing to find.
    pub(crate) fn new(texts: &[(&[u8], u32)]) -> Option<Self> {
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

    /// Bytes that it holds.
    pub(crate) fn memory(&self) -> usize {
        self.automaton.memory_usage() + 4 * self.numbers.len()
    }

    /// Every text that stands in this one; the same may be told several times.
    pub(crate) fn search(&self, text: &[u8], met: &mut impl FnMut(u32)) {
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
