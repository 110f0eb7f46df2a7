//! Texts with wildcards: `*` any run of characters, `?` exactly one, `\` before them the characters themselves.

use crate::item::Place;

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

/// A pattern, ready to be matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    steps: Vec<Step>,
    cased: bool,
    /// Where only literal characters stand between the wildcards at both ends, a search for them is enough.
    plain: Option<Plain>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Plain {
    text: String,
    open_start: bool,
    open_end: bool,
}

/// How texts are compared without case: lower case of each character, and the variants that only look different.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded
}

/// The same, appended to a text.
pub(crate) fn fold_into(text: &str, into: &mut String) {
    let start = into.len();
    if text.is_ascii() {
        into.push_str(text);
        into[start..].make_ascii_lowercase();
    } else {
        text.chars().for_each(|c| {
            if c.is_ascii() { into.push(c.to_ascii_lowercase()) } else { into.extend(fold_char(c)) }
        });
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
        let chars = |s: &Step| if let Step::Is(c) = s { Some(*c) } else { None };
        let text: Option<String> = inner.iter().map(chars).collect();
        let plain = text.map(|text| Plain { text, open_start, open_end });
        Self { steps, cased, plain }
    }

    /// Whether only literal characters stand between wildcards at the ends.
    pub(crate) fn is_plain(&self) -> bool {
        self.plain.is_some()
    }

    /// The pattern as a text; patterns that differ differ in it.
    pub(crate) fn written(&self) -> String {
        let mut text = String::new();
        for step in &self.steps {
            match step {
                Step::Is(c @ ('*' | '?' | '\\')) => text.extend(['\\', *c]),
                Step::Is(c) => text.push(*c),
                Step::One => text.push('?'),
                Step::Any => text.push('*'),
                Step::Dash => text.push_str("\\-"),
            }
        }
        text
    }

    pub(crate) fn cased(&self) -> bool {
        self.cased
    }

    /// The longest run of characters without a wildcard, and how it stands in what matches.
    pub(crate) fn literal(&self) -> (String, Place) {
        if let Some(Plain { text, open_start, open_end }) = &self.plain {
            let place = match (open_start, open_end) {
                (false, false) => Place::Whole,
                (true, false) => Place::End,
                (false, true) => Place::Start,
                (true, true) => Place::Contains,
            };
            return (text.clone(), place);
        }
        let runs = self.steps.split(|s| !matches!(s, Step::Is(_)));
        let longest = runs.max_by_key(|r| r.len()).unwrap_or(&[]);
        (text_of(longest), Place::Contains)
    }

    /// Whether the whole text matches. The text must be folded unless the pattern is cased.
    pub(crate) fn matches(&self, text: &str) -> bool {
        match &self.plain {
            Some(Plain { text: part, open_start, open_end }) => match (open_start, open_end) {
                (false, false) => text == part,
                (true, false) => text.ends_with(part.as_str()),
                (false, true) => text.starts_with(part.as_str()),
                (true, true) => text.contains(part.as_str()),
            },
            None => walk(&self.steps, text),
        }
    }
}

/// Wildcard matching without recursion: on a mismatch go back to the last `*` and let it take one more.
fn walk(steps: &[Step], text: &str) -> bool {
    let (mut at, mut step) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while let Some(c) = text[at..].chars().next() {
        let fits = match steps.get(step) {
            Some(Step::Is(wanted)) => *wanted == c,
            Some(Step::One) => true,
            Some(Step::Dash) => DASHES.contains(&c),
            Some(Step::Any) if step + 1 == steps.len() => return true,
            Some(Step::Any) => {
                back = Some((step, at));
                step += 1;
                continue;
            }
            None => false,
        };
        if fits {
            at += c.len_utf8();
            step += 1;
        } else if let Some((star, from)) = back {
            let skipped = text[from..].chars().next().map_or(1, char::len_utf8);
            back = Some((star, from + skipped));
            at = from + skipped;
            step = star + 1;
        } else {
            return false;
        }
    }
    steps[step..].iter().all(|s| *s == Step::Any)
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
