//! The query language, parsed into a tree. It prints as it is read.
//!
//! ```text
//! word  "a phrase"                       whole words, anywhere in the raw bytes or in any value
//! part*  *part*  /regex/  *              parts of words, anywhere
//! field:value  field:"a value"           the whole value, without case; `*` and `?` stand for anything
//! field:*  field:/regex/                 is there; matches
//! field:>10  field:<=2026-11-01T10:00:00Z    numbers and times
//! field:10.0.0.0/8                       an address in a network
//! a b   a and b   a or b   not a   -a   ( … )
//! _kind _seq _source _happened _received _defect    of the record itself
//! ```

use model::{Event, Kind};
use regex::{Regex, RegexBuilder};
use std::fmt;

/// Longest query, in bytes.
const LENGTH_LIMIT: usize = 8 << 10;
/// Deepest nesting.
const DEPTH_LIMIT: usize = 64;
/// Terms in a query.
const TERMS_LIMIT: usize = 256;
/// Compiled size of one regular expression, in bytes.
const REGEX_LIMIT_BYTES: usize = 4 << 20;

/// A parsed query.
#[derive(Debug, Clone)]
pub struct Query {
    pub(crate) tree: Tree,
    names_kind: bool,
}

/// Why a text is no query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// Where the fault is, in characters from 1.
    pub column: usize,
    /// What is wrong, and what to write instead.
    pub message: String,
    /// The query with a caret below the fault.
    pub caret: String,
}

#[derive(Debug, Clone)]
pub(crate) enum Tree {
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Not(Box<Tree>),
    Term(Term),
}

/// One term with the text that it was read from.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    text: String,
    pub(crate) field: Option<String>,
    pub(crate) test: Test,
}

#[derive(Debug, Clone)]
pub(crate) enum Test {
    /// Anything; of a field: that it is there.
    Anything,
    /// Whole words anywhere in a text, folded.
    Word(String),
    /// The whole value, folded.
    Equals(String),
    Pattern(Regex),
    Compare(Order, Operand),
    Network(std::net::IpAddr, u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Operand {
    Number(f64),
    Time(model::Time),
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// [`QueryError`] says where and what.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.len() > LENGTH_LIMIT {
            return Err(fault(text, 0, "the query is longer than 8 KiB".into()));
        }
        let tokens = tokens(text)?;
        if tokens.is_empty() {
            return Err(fault(text, 0, "the query is empty; `*` finds everything".into()));
        }
        let mut parser = Parser { text, tokens, at: 0, terms: 0, names_kind: false };
        let tree = parser.or(0)?;
        match parser.tokens.get(parser.at) {
            None => Ok(Self { tree, names_kind: parser.names_kind }),
            Some((at, _)) => Err(fault(text, *at, "this parenthesis was not opened".into())),
        }
    }

    /// Whether an event is a hit. Other kinds of records than events are hits only of queries that name `_kind`.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        let wanted = self.names_kind || event.record.kind == Kind::Event;
        wanted && crate::matching::matches(&self.tree, event)
    }

    /// Whether it asks for records of other kinds than events too.
    pub(crate) fn names_kind(&self) -> bool {
        self.names_kind
    }

    /// Hashes of terms that every hit has among those of its raw; `added` are words that parsers put into fields, which no raw
    /// need have.
    pub(crate) fn hashes(&self, added: &[&str]) -> Vec<u64> {
        let mut all = vec![];
        texts(&self.tree, &mut |text| all.extend(segment::query_terms(text)));
        let added: Vec<u64> = added.iter().flat_map(|word| segment::query_terms(word)).collect();
        all.retain(|hash| !added.contains(hash));
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The longest term of ASCII among those whose hashes [`Query::hashes`] gives.
    pub(crate) fn longest_term(&self, added: &[&str]) -> Option<String> {
        let wanted = self.hashes(added);
        let mut longest: Option<String> = None;
        texts(&self.tree, &mut |text| {
            for term in text.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && c != '_') {
                let usable = term.is_ascii() && term.len() <= segment::TERM_BYTES;
                let is_wanted = || segment::query_terms(term).iter().any(|hash| wanted.contains(hash));
                if usable && longest.as_ref().is_none_or(|l| l.len() < term.len()) && is_wanted() {
                    longest = Some(term.to_owned());
                }
            }
        });
        longest
    }
}

/// Texts whose terms every hit has among those of its raw (see `segment::terms`).
fn texts(tree: &Tree, each: &mut dyn FnMut(&str)) {
    match tree {
        Tree::All(parts) => parts.iter().for_each(|p| texts(p, each)),
        Tree::Term(Term { test: Test::Word(word), .. }) => each(word),
        // A number may be spelt otherwise than it prints; what is of the record itself does not stand in its raw.
        Tree::Term(Term { test: Test::Equals(word), field: Some(field), .. })
            if word.parse::<f64>().is_err() && !of_the_record(field) =>
        {
            each(word);
        }
        _ => {}
    }
}

fn of_the_record(field: &str) -> bool {
    field.starts_with('_') || ["kind", "seq", "source", "happened", "received", "defect"].contains(&field)
}

fn fault(text: &str, at: usize, message: String) -> QueryError {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    let caret = format!("{shown}\n{}^", " ".repeat(at.min(200)));
    QueryError { column: at + 1, message, caret }
}

/// A token: a parenthesis, or a term as it was written.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    Term(String),
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, QueryError> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = vec![];
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            c if c.is_whitespace() => at += 1,
            '(' => {
                tokens.push((at, Token::Open));
                at += 1;
            }
            ')' => {
                tokens.push((at, Token::Close));
                at += 1;
            }
            _ => {
                let end = term_end(&chars, at).map_err(|(at, m)| fault(text, at, m))?;
                tokens.push((at, Token::Term(chars[at..end].iter().collect())));
                at = end;
            }
        }
    }
    Ok(tokens)
}

/// Where a term ends: at white space or a parenthesis outside quotes and regular expressions.
fn term_end(chars: &[char], from: usize) -> Result<usize, (usize, String)> {
    let mut at = from;
    let begins = |at: usize| at == from || chars[at - 1] == ':' || (at == from + 1 && chars[from] == '-');
    while at < chars.len() && !chars[at].is_whitespace() && !matches!(chars[at], '(' | ')') {
        let open = chars[at];
        if begins(at)
            && (open == '"' || (open == '/' && chars[at + 1..].contains(&'/') && closes(chars, at).is_some()))
        {
            at = closes(chars, at).ok_or((at, "this quote is not closed".to_owned()))? + 1;
        } else {
            at += 1;
        }
    }
    Ok(at)
}

/// The place of the character that closes what opens at `from`.
fn closes(chars: &[char], from: usize) -> Option<usize> {
    let mut escaped = false;
    (from + 1..chars.len()).find(|at| {
        let closes = chars[*at] == chars[from] && !escaped;
        escaped = chars[*at] == '\\' && !escaped;
        closes
    })
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(usize, Token)>,
    at: usize,
    terms: usize,
    names_kind: bool,
}

impl Parser<'_> {
    fn place(&self) -> usize {
        self.tokens.get(self.at).map_or_else(|| self.text.chars().count(), |(at, _)| *at)
    }

    fn fail<T>(&self, at: usize, message: impl Into<String>) -> Result<T, QueryError> {
        Err(fault(self.text, at, message.into()))
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at), Some((_, Token::Term(t))) if t.eq_ignore_ascii_case(word))
    }

    fn or(&mut self, depth: usize) -> Result<Tree, QueryError> {
        let mut parts = vec![self.and(depth)?];
        while self.is_word("or") {
            self.at += 1;
            parts.push(self.and(depth)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Tree::Any(parts) })
    }

    fn and(&mut self, depth: usize) -> Result<Tree, QueryError> {
        let mut parts = vec![self.not(depth)?];
        loop {
            if self.is_word("and") {
                self.at += 1;
            } else if self.is_word("or")
                || !matches!(self.tokens.get(self.at), Some((_, Token::Open | Token::Term(_))))
            {
                break;
            }
            parts.push(self.not(depth)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Tree::All(parts) })
    }

    fn not(&mut self, depth: usize) -> Result<Tree, QueryError> {
        if depth > DEPTH_LIMIT {
            return self.fail(self.place(), format!("nested deeper than {DEPTH_LIMIT}"));
        }
        if self.is_word("not") {
            self.at += 1;
            return Ok(Tree::Not(Box::new(self.not(depth + 1)?)));
        }
        let Some((at, token)) = self.tokens.get(self.at).cloned() else {
            return self.fail(self.place(), "something to look for is missing here");
        };
        self.at += 1;
        match token {
            Token::Open => {
                let inner = self.or(depth + 1)?;
                if !matches!(self.tokens.get(self.at), Some((_, Token::Close))) {
                    return self.fail(at, "this parenthesis is not closed");
                }
                self.at += 1;
                Ok(inner)
            }
            Token::Close => self.fail(at, "something to look for is missing before this"),
            Token::Term(text) => match text.strip_prefix('-').filter(|rest| !rest.is_empty()) {
                Some(rest) => Ok(Tree::Not(Box::new(Tree::Term(self.term(rest, at + 1)?)))),
                None if ["and", "or"].iter().any(|w| text.eq_ignore_ascii_case(w)) => self.fail(
                    at,
                    format!("`{text}` has nothing before it; to look for the word, write it in quotes"),
                ),
                None => Ok(Tree::Term(self.term(&text, at)?)),
            },
        }
    }

    fn term(&mut self, text: &str, at: usize) -> Result<Term, QueryError> {
        self.terms += 1;
        if self.terms > TERMS_LIMIT {
            return self.fail(at, format!("more than {TERMS_LIMIT} terms"));
        }
        let name = |n: &str| {
            n.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '@')
                && n.chars().all(|c| c.is_alphanumeric() || "_-.@".contains(c))
        };
        let (field, value) = match text.split_once(':') {
            Some((field, value)) if name(field) => (Some(field.to_owned()), value),
            _ => (None, text),
        };
        if field.is_some() && value.is_empty() {
            return self.fail(
                at,
                "a value is missing behind the colon; `field:*` finds records that have the field",
            );
        }
        self.names_kind |= field.as_deref() == Some("_kind");
        let value_at = at + text.chars().count() - value.chars().count();
        let test = self.test(value, field.is_some(), value_at)?;
        Ok(Term { text: text.to_owned(), field, test })
    }

    fn test(&self, value: &str, of_field: bool, at: usize) -> Result<Test, QueryError> {
        if value == "*" {
            return Ok(Test::Anything);
        }
        if let Some(inner) =
            value.strip_prefix('/').and_then(|v| v.strip_suffix('/')).filter(|v| !v.is_empty())
        {
            return self.regex(inner, false, at).map(Test::Pattern);
        }
        if let Some(inner) = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) {
            let plain = inner.replace("\\\"", "\"").replace("\\\\", "\\").to_lowercase();
            return Ok(if of_field { Test::Equals(plain) } else { Test::Word(plain) });
        }
        if of_field {
            if let Some(compare) = self.comparison(value, at)? {
                return Ok(compare);
            }
            if let Some((address, bits)) = network(value) {
                return Ok(Test::Network(address, bits));
            }
        }
        if value.contains(['*', '?']) {
            let escaped: String = value
                .chars()
                .map(|c| match c {
                    '*' => ".*".to_owned(),
                    '?' => ".".to_owned(),
                    other => regex::escape(&other.to_string()),
                })
                .collect();
            let whole = if of_field { format!("(?s)^{escaped}$") } else { format!("(?s){escaped}") };
            return self.regex(&whole, true, at).map(Test::Pattern);
        }
        let plain = value.to_lowercase();
        Ok(if of_field { Test::Equals(plain) } else { Test::Word(plain) })
    }

    fn regex(&self, text: &str, fold: bool, at: usize) -> Result<Regex, QueryError> {
        let made = RegexBuilder::new(text).case_insensitive(fold).size_limit(REGEX_LIMIT_BYTES).build();
        made.or_else(|error| {
            let said = error.to_string();
            self.fail(
                at,
                format!(
                    "no regular expression: {}",
                    said.lines().last().unwrap_or("").trim_start_matches("error: ")
                ),
            )
        })
    }

    fn comparison(&self, value: &str, at: usize) -> Result<Option<Test>, QueryError> {
        let orders = [
            (">=", Order::GreaterOrEqual),
            ("<=", Order::LessOrEqual),
            (">", Order::Greater),
            ("<", Order::Less),
        ];
        let Some((rest, order)) =
            orders.iter().find_map(|(sign, order)| Some((value.strip_prefix(sign)?, *order)))
        else {
            return Ok(None);
        };
        let operand = match (rest.parse::<f64>(), rest.parse::<model::Time>()) {
            (Ok(number), _) if number.is_finite() => Operand::Number(number),
            (_, Ok(time)) => Operand::Time(time),
            _ => {
                return self.fail(
                    at,
                    format!("`{rest}` is neither a number nor a time such as 2026-11-01T10:00:00Z"),
                );
            }
        };
        Ok(Some(Test::Compare(order, operand)))
    }
}

fn network(value: &str) -> Option<(std::net::IpAddr, u8)> {
    let (address, bits) = value.split_once('/')?;
    let address: std::net::IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.parse().ok().filter(|b| *b <= most)?;
    Some((address, bits))
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tree.print(f, 0)
    }
}

impl Tree {
    /// `binds`: 0 anything may stand here, 1 no `or`, 2 a single term.
    fn print(&self, f: &mut fmt::Formatter<'_>, binds: u8) -> fmt::Result {
        let (parts, between, own) = match self {
            Self::Term(term) => return f.write_str(&term.text),
            Self::Not(inner) => {
                f.write_str("not ")?;
                return inner.print(f, 2);
            }
            Self::All(parts) => (parts, " ", 1),
            Self::Any(parts) => (parts, " or ", 0),
        };
        let inside = binds > own;
        if inside {
            f.write_str("(")?;
        }
        for (number, part) in parts.iter().enumerate() {
            if number > 0 {
                f.write_str(between)?;
            }
            part.print(f, own + 1)?;
        }
        if inside { f.write_str(")") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
