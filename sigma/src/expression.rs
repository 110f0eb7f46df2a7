//! Regular expressions of rules: read and bounded when a rule is loaded, built when the first event asks.

use crate::gate::{Clause, chance};
use crate::pattern::fold;
use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};
use std::sync::{Arc, OnceLock};

/// Compiled size of one regular expression, in bytes.
const SIZE_LIMIT_BYTES: usize = 4 << 20;
/// What one may cache while it searches, in bytes, for each thread that does.
const CACHE_LIMIT_BYTES: usize = 2 << 20;
/// Bytes that a step of an estimate stands for, at most.
const STEP_BYTES: usize = 64;
/// Alternatives that are told apart when literals are looked for.
const ALTERNATIVES_LIMIT: usize = 250;

/// The flags that a rule may set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Flags {
    pub(crate) ignore_case: bool,
    pub(crate) multi_line: bool,
    pub(crate) dot_all: bool,
}

/// A regular expression; a clone shares what was built.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    pattern: Arc<str>,
    flags: Flags,
    built: Arc<OnceLock<Option<Regex>>>,
    /// Texts, folded, of which one stands in whatever matches; empty: none is known.
    literals: Arc<[String]>,
}

impl Expression {
    /// Reads an expression; the error is the last line of the library's words, which names the construct.
    pub(crate) fn read(pattern: &str, flags: Flags) -> Result<Self, String> {
        let parsed = ParserBuilder::new()
            .case_insensitive(flags.ignore_case)
            .multi_line(flags.multi_line)
            .dot_matches_new_line(flags.dot_all)
            .build()
            .parse(pattern);
        let hir = parsed.map_err(|error| last_line(&error.to_string()))?;
        let built = Arc::new(OnceLock::new());
        if steps(&hir).saturating_mul(STEP_BYTES) > SIZE_LIMIT_BYTES {
            // Only building tells how large it is.
            let regex = build(pattern, flags).map_err(|error| last_line(&error.to_string()))?;
            built.get_or_init(|| Some(regex));
        }
        let literals = needs(&hir).map_or_else(Vec::new, |clause| clause.of);
        Ok(Self { pattern: pattern.into(), flags, built, literals: literals.into() })
    }

    /// Whether the text holds a match.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        // What was read can be built: it parsed, and the estimate keeps it below the limit.
        let regex = self.built.get_or_init(|| build(&self.pattern, self.flags).ok());
        regex.as_ref().is_some_and(|r| r.is_match(text))
    }

    /// Texts, folded, of which one stands in whatever matches, if such are known.
    pub(crate) fn literals(&self) -> Option<&[String]> {
        (!self.literals.is_empty()).then_some(&*self.literals)
    }

    /// What it is known by: equal ones match the same.
    pub(crate) fn key(&self) -> (&str, Flags) {
        (&self.pattern, self.flags)
    }
}

fn last_line(said: &str) -> String {
    said.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned()
}

fn build(pattern: &str, flags: Flags) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern)
        .case_insensitive(flags.ignore_case)
        .multi_line(flags.multi_line)
        .dot_matches_new_line(flags.dot_all)
        .size_limit(SIZE_LIMIT_BYTES)
        .dfa_size_limit(CACHE_LIMIT_BYTES)
        .build()
}

/// An estimate, rather too large, of the steps of the machine that is built.
fn steps(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        // A range of characters becomes a few ranges of bytes in up to four places.
        HirKind::Class(Class::Unicode(class)) => 8 * class.ranges().len().max(1),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len().max(1),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            steps(&repetition.sub).saturating_add(1).saturating_mul(times as usize)
        }
        HirKind::Capture(capture) => steps(&capture.sub).saturating_add(2),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(parts.len(), |sum, part| sum.saturating_add(steps(part)))
        }
    }
}

/// The texts of which one stands in whatever matches.
fn needs(hir: &Hir) -> Option<Clause<String>> {
    match hir.kind() {
        HirKind::Literal(_) | HirKind::Class(_) => run(&fixed(hir)?),
        HirKind::Repetition(repetition) if repetition.min > 0 => needs(&repetition.sub),
        HirKind::Capture(capture) => needs(&capture.sub),
        HirKind::Concat(parts) => of_sequence(parts),
        HirKind::Alternation(parts) if parts.len() <= ALTERNATIVES_LIMIT => {
            let mut all = Clause { of: vec![], cost: 0.0 };
            for part in parts {
                let clause = needs(part)?;
                all.of.extend(clause.of);
                all.cost += clause.cost;
            }
            (all.of.len() <= ALTERNATIVES_LIMIT).then_some(all)
        }
        _ => None,
    }
}

/// The rarest of what stands side by side: runs of fixed texts, and what other parts need.
fn of_sequence(parts: &[Hir]) -> Option<Clause<String>> {
    let mut best: Option<Clause<String>> = None;
    let mut offer = |clause: Option<Clause<String>>| {
        if let Some(clause) = clause
            && best.as_ref().is_none_or(|b| clause.cost < b.cost)
        {
            best = Some(clause);
        }
    };
    let mut text = String::new();
    for part in parts {
        match fixed(part) {
            Some(more) => text.push_str(&more),
            None => {
                offer(run(&std::mem::take(&mut text)));
                offer(needs(part));
            }
        }
    }
    offer(run(&text));
    best
}

fn run(text: &str) -> Option<Clause<String>> {
    (!text.is_empty()).then(|| Clause { of: vec![text.to_owned()], cost: chance(text.chars().count()) })
}

/// The one text, folded, that a part always matches: a literal, or a letter in any case.
fn fixed(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok().map(fold),
        HirKind::Class(Class::Unicode(class)) => {
            let few = class.iter().map(|r| u32::from(r.end()) - u32::from(r.start()) + 1).sum::<u32>() <= 8;
            let mut all =
                class.iter().flat_map(|r| r.start()..=r.end()).map(|c| fold(c.encode_utf8(&mut [0; 4])));
            let first = few.then(|| all.next())??;
            all.all(|other| other == first).then_some(first)
        }
        HirKind::Capture(capture) => fixed(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(fixed).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, want: &[&str]) {
        let expression = Expression::read(pattern, Flags::default()).expect(pattern);
        assert_eq!(expression.literals().unwrap_or(&[]), want, "{pattern}");
    }

    #[test]
    fn an_expression_knows_the_texts_that_it_cannot_do_without() {
        check(r"\\cmd\.exe$", &[r"\cmd.exe"]);
        check("(?i)Set-(Content|Ädd)", &["set-"]);
        check("(?i:KEY)x?long enough", &["long enough"]);
        check("(abc|de+f)[0-9]{2}", &["abc", "d"]);
        check("(abc|[0-9]+)", &[]);
        check("a*b?", &[]);
        check("(?:foo){2,}", &["foo"]);
        check("[a-z]", &[]);
    }

    #[test]
    fn what_would_be_too_large_is_refused_and_what_is_not_is_built_once() {
        let error = Expression::read(r"\w{1000}\w{1000}", Flags::default()).expect_err("too large");
        assert!(error.contains("size limit"), "{error}");
        let flags = Flags { ignore_case: true, ..Flags::default() };
        let expression = Expression::read(r"(\pL{20}){2}k", flags).expect("small enough");
        assert!(!expression.clone().is_match("k") && expression.built.get().is_some());
    }
}
