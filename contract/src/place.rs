//! What is wrong in a file of ours, and where: line, column, a caret, why, and what to write instead.

use model::is_hidden;
use std::fmt;
use std::ops::Range;

/// Most characters of a line that are shown around a fault.
const SHOWN_CHARS: usize = 120;
/// Most errors that one file is answered with; a file with more is broken in one way.
pub(crate) const ERRORS_LIMIT: usize = 50;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $about:literal;)+) => {
        /// What kind of fault it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $about] $name,)+
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its stable text, `CT-nnn`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$name => $about,)+ }
            }
        }
    };
}

codes! {
    NotToml = "CT-001", "The file is not TOML.";
    TooLarge = "CT-002", "The file, a list or a text is larger than its limit.";
    UnknownKey = "CT-003", "A key that nobody reads: a typing mistake would otherwise change the contract in silence.";
    MissingKey = "CT-004", "A key that must be there is not.";
    WrongKind = "CT-005", "A value of another kind than the key takes.";
    UnknownMeasure = "CT-006", "There is no such measure.";
    UnknownClause = "CT-007", "There is no such clause.";
    UnknownCheck = "CT-008", "There is no such check.";
    ForeignCheck = "CT-009", "The check asks for another measure than the row is about.";
    UnknownUnit = "CT-010", "There is no such unit.";
    HalfThreshold = "CT-011", "A number without a unit, or a unit without a number.";
    UnfitUnit = "CT-012", "The unit cannot measure that parameter.";
    UnknownParameter = "CT-013", "There is no such parameter, or no check of the row reads it.";
    UnclearParameter = "CT-014", "Several parameters of the row's checks could be meant.";
    DuplicateRow = "CT-015", "Two rows have the same name.";
    WrongDate = "CT-016", "Not a day of the calendar, or days in the wrong order.";
    UnknownWord = "CT-017", "A word that is not one of the few that the key takes.";
    UnknownProfile = "CT-018", "There is no such profile.";
    Contradiction = "CT-019", "The row says two things that cannot both be.";
    BadText = "CT-020", "An empty text, or one with characters that cannot be seen.";
    BadName = "CT-021", "An id that cannot be one.";
    DoubleSignature = "CT-022", "One side signed twice.";
    LooserThanFloor = "CT-023", "A profile that is looser than what it is built on.";
    TooLong = "CT-024", "An exception that lives longer than twelve months.";
    OutOfBounds = "CT-025", "A number that its check cannot work with.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One fault of a file, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractError {
    /// What kind it is.
    pub code: Code,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// Why it matters, or what the rule is; may be empty.
    pub why: String,
    /// What to write instead; may be empty.
    pub instead: String,
    /// The line of the file, shortened around the fault, control characters blanked.
    pub excerpt: String,
    /// Where in the excerpt the caret begins, in characters from 0, and how many there are.
    pub caret: (usize, usize),
}

impl ContractError {
    /// The fault as people read it: what, where with a caret, why, and what to write instead. `path` is the file's
    /// name as the user gave it.
    #[must_use]
    pub fn render(&self, path: &str) -> String {
        let Self { code, line, column, what, why, instead, excerpt, caret } = self;
        let gutter = " ".repeat(line.to_string().len());
        let carets = format!("{}{}", " ".repeat(caret.0), "^".repeat(caret.1.max(1)));
        let path: String = path.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
        let mut text = format!(
            "error[{code}]: {what}\n{gutter} --> {path}:{line}:{column}\n{gutter} |\n{line} | {excerpt}\n{gutter} | {carets}"
        );
        for (word, said) in [("why", why), ("instead", instead)] {
            if !said.is_empty() {
                text.push_str(&format!("\n{gutter} = {word}: {said}"));
            }
        }
        text
    }
}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}, column {}: {}", self.code, self.line, self.column, self.what)?;
        if self.instead.is_empty() { Ok(()) } else { write!(f, "; {}", self.instead) }
    }
}

impl std::error::Error for ContractError {}

/// A text in which faults have places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) raw: &'a str,
}

/// What a fault says, without its place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) instead: String,
}

impl<'a> Text<'a> {
    pub(crate) fn new(raw: &'a str) -> Self {
        Self { raw }
    }

    /// Line from 1 of a byte.
    pub(crate) fn line(&self, at: usize) -> usize {
        let before = self.raw.as_bytes().get(..at.min(self.raw.len())).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// A fault at a span of bytes.
    pub(crate) fn error(&self, span: Range<usize>, code: Code, said: Said) -> ContractError {
        let start = floor_char(self.raw, span.start);
        let begin = self.raw[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let end = self.raw[start..].find('\n').map_or(self.raw.len(), |newline| start + newline);
        let before = self.raw[begin..start].chars().count();
        let until = floor_char(self.raw, span.end.min(end).max(start));
        let marked = self.raw[start..until].chars().count();
        let (excerpt, shift) = excerpt(&self.raw[begin..end], before);
        let at = (before + shift.1).saturating_sub(shift.0);
        let room = excerpt.chars().count().saturating_sub(at).max(1);
        let Said { what, why, instead } = said;
        let line = self.line(start);
        let caret = (at, marked.clamp(1, room));
        ContractError { code, line, column: before + 1, what, why, instead, excerpt, caret }
    }
}

/// The greatest boundary of a character that is not behind a byte.
fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A line shortened around a character; characters left out in front and characters put there instead.
fn excerpt(line: &str, around: usize) -> (String, (usize, usize)) {
    let plain = |c: char| if is_hidden(c) { ' ' } else { c };
    let line = line.trim_end_matches('\r');
    let left_out = if around < SHOWN_CHARS - 20 { 0 } else { around - SHOWN_CHARS / 2 };
    let mut shown: String = line.chars().skip(left_out).take(SHOWN_CHARS).map(plain).collect();
    if line.chars().nth(left_out + SHOWN_CHARS).is_some() {
        shown.push('…');
    }
    if left_out > 0 { (format!("…{shown}"), (left_out, 1)) } else { (shown, (0, 0)) }
}

/// A word of the user's for a message: bounded, and with nothing hidden in it.
pub(crate) fn shown(word: &str) -> String {
    let mut shown: String =
        word.chars().take(60).map(|c| if is_hidden(c) { '\u{fffd}' } else { c }).collect();
    if word.chars().nth(60).is_some() {
        shown.push('…');
    }
    shown
}

/// ``did you mean `x`?`` for the known word that is nearest, or nothing if none is near.
pub(crate) fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    // Distances cost the product of the lengths; no known word is longer than this.
    if word.len() > 100 {
        return String::new();
    }
    let lower = word.to_lowercase();
    let distance = |k: &'k str| (strsim::damerau_levenshtein(&lower, &k.to_lowercase()), k);
    let nearest = known.into_iter().map(distance).min_by_key(|(distance, _)| *distance);
    let near = nearest.filter(|(distance, known)| *distance <= (known.chars().count() / 3).max(1));
    near.map_or_else(String::new, |(_, known)| format!("did you mean `{known}`?"))
}
