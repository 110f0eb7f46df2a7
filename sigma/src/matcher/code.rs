//! Conditions of all rules in one list of numbers, so that deciding a rule walks through memory that lies together.
//!
//! A node is a head (its kind, and how many numbers behind the head belong to it) and what it joins: predicates, or nodes.

use super::predicate::Formula;

/// How far the kind stands to the left of the length in a head.
const KIND: u32 = 28;
/// All predicates of a list hold.
const ALL_OF: u32 = 0;
/// One predicate of a list holds.
const ANY_OF: u32 = 1;
/// All nodes hold.
const ALL: u32 = 2;
/// One node holds.
const ANY: u32 = 3;
/// At least so many nodes hold as the number behind the head says.
const AT_LEAST: u32 = 4;
/// The node does not hold.
const NOT: u32 = 5;
/// Set in the number of a predicate that opens rules: machines told it before any rule is decided, or it does not hold.
const TOLD: u32 = 1 << 31;
/// The beginning of what is no condition.
const NONE: u32 = u32::MAX;

/// Conditions of rules over predicates.
#[derive(Debug, Default)]
pub(super) struct Code {
    words: Vec<u32>,
    /// Where each rule's condition begins.
    starts: Vec<u32>,
}

/// A predicate in a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked(u32);

impl Asked {
    /// The number of the predicate.
    pub(super) fn number(self) -> u32 {
        self.0 & !TOLD
    }

    /// Where it stands among all predicates.
    pub(super) fn place(self) -> usize {
        self.number() as usize
    }

    /// Whether it opens rules, so that machines told it if it holds.
    pub(super) fn is_told(self) -> bool {
        self.0 & TOLD != 0
    }
}

impl Code {
    /// Lays out a condition for each rule; `is_told` says which predicates open rules.
    pub(super) fn new(formulas: &[Option<Formula>], is_told: &impl Fn(u32) -> bool) -> Self {
        let mut code = Self::default();
        for formula in formulas {
            let start = formula.as_ref().map_or(NONE, |_| short(code.words.len()));
            code.starts.push(start);
            formula.iter().for_each(|formula| code.put(formula, is_told));
        }
        code
    }

    /// How many rules there are.
    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    fn put(&mut self, formula: &Formula, is_told: &impl Fn(u32) -> bool) {
        let head = self.words.len();
        self.words.push(0);
        let mark = |n: &u32| if is_told(*n) { n | TOLD } else { *n };
        let kind = match formula {
            Formula::Is(number) => {
                self.words.push(mark(number));
                ALL_OF
            }
            Formula::AllOf(numbers) => {
                self.words.extend(numbers.iter().map(mark));
                ALL_OF
            }
            Formula::AnyOf(numbers) => {
                self.words.extend(numbers.iter().map(mark));
                ANY_OF
            }
            Formula::Not(inner) => {
                self.put(inner, is_told);
                NOT
            }
            Formula::All(parts) => {
                parts.iter().for_each(|p| self.put(p, is_told));
                ALL
            }
            Formula::Any(parts) => {
                parts.iter().for_each(|p| self.put(p, is_told));
                ANY
            }
            Formula::AtLeast(many, parts) => {
                self.words.push(short(*many));
                parts.iter().for_each(|p| self.put(p, is_told));
                AT_LEAST
            }
        };
        self.words[head] = kind << KIND | short(self.words.len() - head - 1);
    }

    /// Decides a rule, with what each predicate says; one is asked only where it matters. What has no condition never fits.
    pub(super) fn decide(&self, rule: usize, holds: &mut impl FnMut(Asked) -> bool) -> bool {
        let start = self.starts.get(rule).filter(|s| **s != NONE);
        start.is_some_and(|start| self.node(*start as usize, holds))
    }

    fn node(&self, at: usize, holds: &mut impl FnMut(Asked) -> bool) -> bool {
        let (kind, end) = self.head(at);
        let mut nodes = self.nodes(at + 1, end);
        match kind {
            ALL_OF => self.words[at + 1..end].iter().all(|n| holds(Asked(*n))),
            ANY_OF => self.words[at + 1..end].iter().any(|n| holds(Asked(*n))),
            ALL => nodes.all(|n| self.node(n, holds)),
            ANY => nodes.any(|n| self.node(n, holds)),
            NOT => !self.node(at + 1, holds),
            _ => {
                let mut left = self.words[at + 1];
                self.nodes(at + 2, end).any(|n| {
                    left = left.saturating_sub(u32::from(self.node(n, holds)));
                    left == 0
                })
            }
        }
    }

    /// What a node is, and where it ends.
    fn head(&self, at: usize) -> (u32, usize) {
        let head = self.words[at];
        (head >> KIND, at + 1 + (head & ((1 << KIND) - 1)) as usize)
    }

    /// Where the nodes begin that stand one behind the other up to an end.
    fn nodes(&self, mut at: usize, end: usize) -> impl Iterator<Item = usize> {
        std::iter::from_fn(move || {
            let here = at;
            (here < end).then(|| {
                at = self.head(here).1;
                here
            })
        })
    }

    /// Every predicate in a rule's condition.
    pub(super) fn each(&self, rule: usize, of: &mut impl FnMut(Asked)) {
        let Some(start) = self.starts.get(rule).filter(|s| **s != NONE) else { return };
        let mut at = *start as usize;
        let end = self.head(at).1;
        while at < end {
            let (kind, behind) = self.head(at);
            match kind {
                ALL_OF | ANY_OF => {
                    self.words[at + 1..behind].iter().for_each(|n| of(Asked(*n)));
                    at = behind;
                }
                AT_LEAST => at += 2,
                _ => at += 1,
            }
        }
    }
}

/// A length or a number, far below what a head can hold.
fn short(length: usize) -> u32 {
    u32::try_from(length).ok().filter(|l| *l < 1 << KIND).expect("rules are bounded far below it")
}
