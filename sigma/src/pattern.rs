//! Texts with wildcards: `*` any run of characters, `?` exactly one, `\` before them the characters themselves.

use crate::item::Place;
use memchr::memmem;

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// This character.
    Is(char),
    /// Any one character.
    One,
    /// Any run of characters, also none and across lines.
    Any,
    /// Any of the characters that begin an option (`windash`).
    Dash,
}

/// Hyphen, slash, en dash, em dash, horizontal bar.
const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// A pattern, ready to be matched: pieces that follow each other with anything between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    pieces: Vec<Piece>,
    open_start: bool,
    open_end: bool,
    cased: bool,
}

/// What stands between two runs of any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// These characters.
    Text(String),
    /// One character for each step.
    Steps(Vec<Step>),
}

/// How texts are compared without case: lower case of each character, and the variants that only look different.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded
}

/// The same, appended to a text.
pub(crate) fn fold_into(text: &str, into: &mut String) {
    let mut rest = text;
    while !rest.is_empty() {
        // Runs of ASCII are folded at once.
        let beyond = || rest.bytes().position(|b| !b.is_ascii());
        let ascii = if rest.is_ascii() { None } else { beyond() }.unwrap_or(rest.len());
        let (run, behind) = rest.split_at(ascii);
        let start = into.len();
        into.push_str(run);
        into[start..].make_ascii_lowercase();
        let mut chars = behind.chars();
        into.extend(chars.by_ref().next().into_iter().flat_map(fold_char));
        rest = chars.as_str();
    }
}

fn fold_char(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().map(|c| match c {
        'ς' => 'σ',
        'ſ' => 's',
        other => other,
    })
}

/// Reads a rule's text: wildcards and escapes.
pub(crate) fn steps(text: &str) -> Vec<Step> {
    let mut steps = vec![];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        steps.push(match c {
            '\\' => match chars.next_if(|n| matches!(n, '\\' | '*' | '?')) {
                Some(escaped) => Step::Is(escaped),
                None => Step::Is('\\'),
            },
            '*' => Step::Any,
            '?' => Step::One,
            other => Step::Is(other),
        });
    }
    steps
}

/// The text itself, where wildcards have no meaning.
pub(crate) fn literal(text: &str) -> Vec<Step> {
    text.chars().map(Step::Is).collect()
}

/// The characters of steps, wildcards as they were written.
pub(crate) fn text_of(steps: &[Step]) -> String {
    let char_of = |s: &Step| match s {
        Step::Is(c) => *c,
        Step::One => '?',
        Step::Any => '*',
        Step::Dash => '-',
    };
    steps.iter().map(char_of).collect()
}

/// Lets each dash that begins an option be any of the five: one before a word and not behind one.
pub(crate) fn windash(steps: &mut [Step]) {
    let is_word = |s: Option<&Step>| matches!(s, Some(Step::Is(c)) if c.is_alphanumeric() || *c == '_');
    for at in 0..steps.len() {
        let dash = matches!(steps[at], Step::Is(c) if DASHES.contains(&c));
        let behind_word = at > 0 && is_word(steps.get(at - 1));
        if dash && !behind_word && is_word(steps.get(at + 1)) {
            steps[at] = Step::Dash;
        }
    }
}

impl Pattern {
    /// Makes a pattern; `cased` compares characters as they are.
    pub(crate) fn new(mut steps: Vec<Step>, cased: bool) -> Self {
        if !cased {
            let fold_step = |s: Step| -> Vec<Step> {
                match s {
                    Step::Is(c) => fold_char(c).map(Step::Is).collect(),
                    other => vec![other],
                }
            };
            steps = steps.into_iter().flat_map(fold_step).collect();
        }
        steps.dedup_by(|a, b| *a == Step::Any && *b == Step::Any);
        let open_start = steps.first() == Some(&Step::Any);
        let open_end = steps.len() > 1 && steps.last() == Some(&Step::Any);
        let inner = &steps[usize::from(open_start)..steps.len() - usize::from(open_end)];
        let pieces = inner.split(|s| *s == Step::Any).map(Piece::new).collect();
        Self { pieces, open_start, open_end, cased }
    }

    /// Its steps one after the other.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let mut steps = vec![];
        steps.extend(self.open_start.then_some(Step::Any));
        for (number, piece) in self.pieces.iter().enumerate() {
            steps.extend((number > 0).then_some(Step::Any));
            match piece {
                Piece::Text(text) => steps.extend(text.chars().map(Step::Is)),
                Piece::Steps(own) => steps.extend(own.iter().cloned()),
            }
        }
        steps.extend(self.open_end.then_some(Step::Any));
        steps
    }

    /// The text as a rule would write it, and where it stands in what matches; none where wildcards stand inside.
    pub(crate) fn shown(&self) -> (String, Option<Place>) {
        match &self.pieces[..] {
            [Piece::Text(_)] => {
                let (text, place) = self.literal();
                (text, Some(place))
            }
            _ => (self.written(), None),
        }
    }

    pub(crate) fn cased(&self) -> bool {
        self.cased
    }

    /// Whether only literal characters stand between wildcards at the ends.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.pieces[..], [Piece::Text(_)])
    }

    /// Steps of the longest piece that is not only text: what each character of a value may cost.
    pub(crate) fn longest_steps(&self) -> usize {
        let steps = |p: &Piece| if let Piece::Steps(steps) = p { steps.len() } else { 0 };
        self.pieces.iter().map(steps).max().unwrap_or(0)
    }

    /// The pattern as a text; patterns that differ differ in it.
    pub(crate) fn written(&self) -> String {
        let mut text = String::new();
        text.push_str(if self.open_start { "*" } else { "" });
        for (number, piece) in self.pieces.iter().enumerate() {
            text.push_str(if number > 0 { "*" } else { "" });
            piece.write(&mut text);
        }
        text.push_str(if self.open_end { "*" } else { "" });
        text
    }

    /// The longest run of characters without a wildcard, and how it stands in what matches.
    pub(crate) fn literal(&self) -> (String, Place) {
        if let [Piece::Text(text)] = &self.pieces[..] {
            let place = match (self.open_start, self.open_end) {
                (false, false) => Place::Whole,
                (true, false) => Place::End,
                (false, true) => Place::Start,
                (true, true) => Place::Contains,
            };
            return (text.clone(), place);
        }
        let longest = self.pieces.iter().map(Piece::literal).max_by_key(String::len);
        (longest.unwrap_or_default(), Place::Contains)
    }

    /// Whether the whole text matches. The text must be folded unless the pattern is cased. Each piece is sought as far
    /// to the left as it can stand; so nothing is ever tried again.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some((last, before)) = self.pieces.split_last() else { return false };
        let mut rest = text;
        for (number, piece) in before.iter().enumerate() {
            let end = if number == 0 && !self.open_start { piece.start(rest) } else { piece.find(rest) };
            let Some(end) = end else { return false };
            rest = &rest[end..];
        }
        match (before.is_empty() && !self.open_start, self.open_end) {
            (true, true) => last.start(rest).is_some(),
            (true, false) => last.start(rest) == Some(rest.len()),
            (false, true) => last.find(rest).is_some(),
            (false, false) => last.ends(rest),
        }
    }
}

impl Piece {
    fn new(steps: &[Step]) -> Self {
        let chars = |s: &Step| if let Step::Is(c) = s { Some(*c) } else { None };
        steps
            .iter()
            .map(chars)
            .collect::<Option<String>>()
            .map_or_else(|| Self::Steps(steps.to_vec()), Self::Text)
    }

    /// Where it ends if the text begins with it.
    fn start(&self, text: &str) -> Option<usize> {
        match self {
            Self::Text(piece) => text.starts_with(piece.as_str()).then_some(piece.len()),
            Self::Steps(steps) => {
                let mut chars = text.char_indices();
                for step in steps {
                    let (_, c) = chars.next()?;
                    step.fits(c).then_some(())?;
                }
                Some(chars.offset())
            }
        }
    }

    /// Where it ends for the first time.
    fn find(&self, text: &str) -> Option<usize> {
        match self {
            Self::Text(piece) => Some(memmem::find(text.as_bytes(), piece.as_bytes())? + piece.len()),
            Self::Steps(_) => {
                text.char_indices().find_map(|(at, _)| self.start(&text[at..]).map(|end| at + end))
            }
        }
    }

    /// Whether the text ends in it.
    fn ends(&self, text: &str) -> bool {
        match self {
            Self::Text(piece) => text.ends_with(piece.as_str()),
            Self::Steps(steps) => {
                let from = text.char_indices().rev().nth(steps.len() - 1);
                from.is_some_and(|(at, _)| self.start(&text[at..]).is_some())
            }
        }
    }

    fn literal(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Steps(steps) => {
                let runs = steps.split(|s| !matches!(s, Step::Is(_))).map(text_of);
                runs.max_by_key(String::len).unwrap_or_default()
            }
        }
    }

    fn write(&self, text: &mut String) {
        let character = |text: &mut String, c: char| match c {
            '*' | '?' | '\\' => text.extend(['\\', c]),
            c => text.push(c),
        };
        let steps = match self {
            Self::Text(piece) => return piece.chars().for_each(|c| character(text, c)),
            Self::Steps(steps) => steps,
        };
        for step in steps {
            match step {
                Step::Is(c) => character(text, *c),
                // An escaped dash stands for no character otherwise.
                Step::Dash => text.push_str("\\-"),
                Step::One | Step::Any => text.push('?'),
            }
        }
    }
}

impl Step {
    fn fits(self, c: char) -> bool {
        match self {
            Self::Is(wanted) => wanted == c,
            Self::One | Self::Any => true,
            Self::Dash => DASHES.contains(&c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(pattern: &str, text: &str, want: bool) {
        assert_eq!(Pattern::new(steps(pattern), false).matches(&fold(text)), want, "{pattern} on {text}");
    }

    #[test]
    fn wildcards_and_escapes_mean_what_the_specification_says() {
        for (pattern, text, want) in [
            ("a*c", "a\nb\nc", true),
            ("a*c", "ac", true),
            ("a?c", "ac", false),
            ("a?c", "abc", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("a\\?b", "axb", false),
            ("c:\\temp\\\\*", "C:\\Temp\\x", true),
            ("c:\\temp\\\\*", "C:\\Tempx", false),
            ("a\\b", "a\\b", true),
            ("a\\\\b", "a\\b", true),
            ("*", "", true),
            ("**", "x", true),
            ("", "", true),
            ("", "x", false),
            ("ÄÖ*", "äöü", true),
            ("ΣΑΣ", "σας", true),
            ("a_b%", "axbx", false),
        ] {
            check(pattern, text, want);
        }
    }

    #[test]
    fn a_dash_of_an_option_is_any_dash() {
        let mut made = steps("* -enc /x a-b --y *");
        windash(&mut made);
        let pattern = Pattern::new(made, false);
        for (text, want) in [
            ("p /enc \u{2013}x a-b -\u{2015}y q", true),
            (" \u{2014}enc -x a-b --y ", true),
            (" -enc /x a/b --y ", false),
        ] {
            assert_eq!(pattern.matches(text), want, "{text}");
        }
    }

    /// The plainest definition.
    fn oracle(steps: &[Step], text: &[char]) -> bool {
        match steps.split_first() {
            None => text.is_empty(),
            Some((Step::Any, rest)) => (0..=text.len()).any(|n| oracle(rest, &text[n..])),
            Some((step, rest)) => text.split_first().is_some_and(|(c, more)| {
                let fits = match step {
                    Step::Is(want) => want == c,
                    Step::Dash => DASHES.contains(c),
                    _ => true,
                };
                fits && oracle(rest, more)
            }),
        }
    }

    proptest! {
        #[test]
        fn matching_equals_its_plainest_definition(pattern in "[ab*?\\\\-]{0,10}", text in "[ab*\\\\-]{0,14}") {
            let mut made = steps(&pattern);
            windash(&mut made);
            let chars: Vec<char> = text.chars().collect();
            let want = oracle(&made, &chars);
            prop_assert_eq!(Pattern::new(made, true).matches(&text), want);
        }
    }
}
