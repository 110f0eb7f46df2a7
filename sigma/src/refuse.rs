//! Why a document is refused: where, what, why, and what to do about it.

use crate::yaml::Node;

/// A document that was not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its file, as given.
    pub path: String,
    /// Line of the fault, from 1.
    pub line: u64,
    /// Column of the fault, from 1.
    pub column: u64,
    /// A stable code, `SG-nnn`.
    pub code: &'static str,
    /// What is wrong, and what would be right where that can be said.
    pub message: String,
    /// The line of the file with a caret below the fault.
    pub caret: String,
}

/// A fault inside a document; the file is added by whoever reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn at(node: &Node, code: &'static str, message: impl Into<String>) -> Self {
        Self { line: node.line, column: node.column, code, message: message.into() }
    }

    /// Moves the fault into a text that begins at its node, when that text stands on one line.
    pub(crate) fn shifted(mut self, by: u64) -> Self {
        self.column += by;
        self
    }

    pub(crate) fn refuse(self, path: &str, text: &str) -> Refused {
        // A parser may know no place; then it is the beginning.
        let (line, column) = (self.line.max(1), self.column.max(1));
        let Self { code, message, .. } = self;
        let index = usize::try_from(line).unwrap_or(1).saturating_sub(1);
        let shown: String = text.lines().nth(index).unwrap_or("").chars().take(160).map(plain).collect();
        let blank = " ".repeat(usize::try_from(column).unwrap_or(1).saturating_sub(1).min(160));
        let caret = format!("{line:>5} | {shown}\n      | {blank}^");
        Refused { path: path.to_owned(), line, column, code, message, caret }
    }
}

fn plain(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// The known word that is nearest to a wrong one, if any is near.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().map(|k| (strsim::damerau_levenshtein(word, k), k)).min_by_key(|(d, _)| *d);
    near.filter(|(distance, known)| *distance <= 2.max(known.len() / 3)).map(|(_, known)| known)
}

/// ` — did you mean …?`, or nothing.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |k| format!("; did you mean `{k}`?"))
}
