//! Conditions: `1 of selection_* and not filter`, read by descent with a bound, decided on named truths.

/// Deepest nesting of parentheses and negations.
const DEPTH_LIMIT: usize = 64;
/// Longest condition, in bytes.
const LENGTH_LIMIT: usize = 16 << 10;

/// A condition over the numbers of a rule's search identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expr {
    /// The identifier of this number.
    Is(usize),
    Not(Box<Expr>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
    /// At least so many of these.
    AtLeast(usize, Vec<usize>),
}

/// A fault at an offset in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConditionFault {
    pub(crate) offset: u64,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Pipe,
    Word(String),
}

impl Expr {
    /// Decides with what each identifier says; `truth` is asked only where it matters.
    pub(crate) fn decide(&self, truth: &mut dyn FnMut(usize) -> bool) -> bool {
        match self {
            Self::Is(number) => truth(*number),
            Self::Not(inner) => !inner.decide(truth),
            Self::All(parts) => parts.iter().all(|p| p.decide(truth)),
            Self::Any(parts) => parts.iter().any(|p| p.decide(truth)),
            Self::AtLeast(many, of) => {
                let mut met = 0;
                of.iter().any(|n| {
                    met += usize::from(truth(*n));
                    met >= *many
                })
            }
        }
    }
}

/// Reads a condition over these identifiers.
pub(crate) fn parse(text: &str, names: &[String]) -> Result<Expr, ConditionFault> {
    if text.len() > LENGTH_LIMIT {
        return Err(fault(0, "SG-020", "the condition is longer than 16 KiB"));
    }
    let tokens = tokens(text)?;
    if let Some((_, at)) = tokens.iter().find(|(t, _)| *t == Token::Pipe) {
        return Err(aggregation(text, *at));
    }
    let mut parser = Parser { tokens, at: 0, names, end: text.chars().count() as u64 };
    let expr = parser.or(0)?;
    match parser.tokens.get(parser.at) {
        None => Ok(expr),
        Some((Token::Close, at)) => Err(fault(*at, "SG-021", "a closing parenthesis has no opening one")),
        Some((_, at)) => Err(fault(*at, "SG-020", "`and` or `or` is missing before this")),
    }
}

fn fault(offset: u64, code: &'static str, message: impl Into<String>) -> ConditionFault {
    ConditionFault { offset, code, message: message.into() }
}

fn tokens(text: &str) -> Result<Vec<(Token, u64)>, ConditionFault> {
    let mut tokens: Vec<(Token, u64)> = vec![];
    let mut word = String::new();
    let end = |word: &mut String, at: u64, tokens: &mut Vec<(Token, u64)>| {
        if !word.is_empty() {
            let length = word.chars().count() as u64;
            tokens.push((Token::Word(std::mem::take(word)), at - length));
        }
    };
    for (at, c) in (0u64..).zip(text.chars()) {
        let single = match c {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            '|' => Some(Token::Pipe),
            c if c.is_whitespace() => None,
            c if c.is_alphanumeric() || "_-.*?".contains(c) => {
                word.push(c);
                continue;
            }
            _ if tokens.iter().any(|(t, _)| *t == Token::Pipe) => None,
            other => {
                return Err(fault(
                    at,
                    "SG-020",
                    format!("`{}` cannot stand in a condition", other.escape_debug()),
                ));
            }
        };
        end(&mut word, at, &mut tokens);
        tokens.extend(single.map(|t| (t, at)));
    }
    end(&mut word, text.chars().count() as u64, &mut tokens);
    Ok(tokens)
}

/// The deprecated `| count() by X > 5`: says which correlation replaces it.
fn aggregation(text: &str, at: u64) -> ConditionFault {
    let behind: String = text.chars().skip(usize::try_from(at).unwrap_or(0) + 1).collect();
    let behind = behind.trim();
    let field = behind.split_once('(').and_then(|(_, r)| r.split_once(')')).map_or("", |(f, _)| f.trim());
    let words: Vec<&str> = behind.split_whitespace().collect();
    let by = words.iter().position(|w| w.eq_ignore_ascii_case("by")).and_then(|p| words.get(p + 1)).copied();
    let (operator, number) = match behind.find(['<', '>', '=']) {
        Some(from) => {
            let digits = behind[from..].trim_start_matches(['<', '>', '=', ' ']);
            let operator = behind[from..].split(|c: char| !"<>=".contains(c)).next().unwrap_or(">");
            (operator, digits.split_whitespace().next().unwrap_or("1"))
        }
        None => (">", "1"),
    };
    let operator = match operator {
        ">=" => "gte",
        "<" => "lt",
        "<=" => "lte",
        "=" | "==" => "eq",
        _ => "gt",
    };
    let (kind, field_line) = match field {
        "" => ("event_count", String::new()),
        field => ("value_count", format!("\n        field: {field}")),
    };
    let group = by.map_or_else(String::new, |b| format!("\n    group-by:\n        - {b}"));
    fault(
        at,
        "SG-022",
        format!(
            "aggregation in a condition is no part of Sigma any more; end the condition before `|`, give the rule a `name`, \
             and add this document behind `---`:\ntitle: (its own title)\ncorrelation:\n    type: {kind}\n    rules:\n        \
             - (the name){group}\n    timespan: (the rule's timeframe, or 1h)\n    condition:{field_line}\n        {operator}: {number}"
        ),
    )
}

struct Parser<'a> {
    tokens: Vec<(Token, u64)>,
    at: usize,
    names: &'a [String],
    end: u64,
}

impl Parser<'_> {
    fn offset(&self) -> u64 {
        self.tokens.get(self.at).map_or(self.end, |(_, at)| *at)
    }

    fn word(&self) -> Option<&str> {
        match self.tokens.get(self.at) {
            Some((Token::Word(word), _)) => Some(word),
            _ => None,
        }
    }

    fn takes(&mut self, keyword: &str) -> bool {
        let is = self.word().is_some_and(|w| w.eq_ignore_ascii_case(keyword));
        self.at += usize::from(is);
        is
    }

    fn or(&mut self, depth: usize) -> Result<Expr, ConditionFault> {
        let mut parts = vec![self.and(depth)?];
        while self.takes("or") {
            parts.push(self.and(depth)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Expr::Any(parts) })
    }

    fn and(&mut self, depth: usize) -> Result<Expr, ConditionFault> {
        let mut parts = vec![self.not(depth)?];
        while self.takes("and") {
            parts.push(self.not(depth)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Expr::All(parts) })
    }

    fn not(&mut self, depth: usize) -> Result<Expr, ConditionFault> {
        if depth > DEPTH_LIMIT {
            return Err(fault(self.offset(), "SG-020", format!("nested deeper than {DEPTH_LIMIT}")));
        }
        if self.takes("not") {
            return Ok(Expr::Not(Box::new(self.not(depth + 1)?)));
        }
        self.atom(depth)
    }

    fn atom(&mut self, depth: usize) -> Result<Expr, ConditionFault> {
        let offset = self.offset();
        if self.tokens.get(self.at).is_some_and(|(t, _)| *t == Token::Open) {
            self.at += 1;
            let inner = self.or(depth + 1)?;
            if self.tokens.get(self.at).is_none_or(|(t, _)| *t != Token::Close) {
                return Err(fault(offset, "SG-021", "this parenthesis is not closed"));
            }
            self.at += 1;
            return Ok(inner);
        }
        let Some(word) = self.word().map(str::to_owned) else {
            return Err(fault(offset, "SG-020", "the name of a search identifier is missing here"));
        };
        self.at += 1;
        let of = self.word().is_some_and(|w| w.eq_ignore_ascii_case("of"));
        if of && let Some(quantity) = quantity(&word) {
            self.at += 1;
            return self.quantified(quantity, offset);
        }
        if ["and", "or", "of"].iter().any(|k| word.eq_ignore_ascii_case(k)) && !self.names.contains(&word) {
            return Err(fault(offset, "SG-020", format!("`{word}` has nothing before it")));
        }
        match self.names.iter().position(|n| *n == word) {
            Some(number) => Ok(Expr::Is(number)),
            None => Err(self.unknown(&word, offset)),
        }
    }

    fn unknown(&self, word: &str, offset: u64) -> ConditionFault {
        let mean = crate::refuse::did_you_mean(word, self.names.iter().map(String::as_str));
        fault(offset, "SG-023", format!("the detection has no search identifier `{word}`{mean}"))
    }

    fn quantified(&mut self, quantity: Quantity, offset: u64) -> Result<Expr, ConditionFault> {
        let Some(word) = self.word().map(str::to_owned) else {
            return Err(fault(self.offset(), "SG-020", "`of` wants `them` or a pattern of names behind it"));
        };
        let at = self.offset();
        self.at += 1;
        let them = word.eq_ignore_ascii_case("them");
        let pattern = crate::pattern::Pattern::new(crate::pattern::steps(&word), true);
        let names = (0..).zip(self.names);
        let fits = |n: &str| if them { !n.starts_with('_') } else { pattern.matches(n) };
        let of: Vec<usize> = names.filter(|(_, n)| fits(n)).map(|(number, _)| number).collect();
        if of.is_empty() {
            return Err(self.unknown(&word, at));
        }
        Ok(match quantity {
            Quantity::All => Expr::AtLeast(of.len(), of),
            Quantity::Number(0) => return Err(fault(offset, "SG-020", "`0 of` is true of everything")),
            Quantity::Number(many) => Expr::AtLeast(many, of),
        })
    }
}

enum Quantity {
    All,
    Number(usize),
}

fn quantity(word: &str) -> Option<Quantity> {
    match word.to_ascii_lowercase().as_str() {
        "all" => Some(Quantity::All),
        "any" => Some(Quantity::Number(1)),
        number => number.parse().ok().map(Quantity::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAMES: [&str; 6] = ["a", "b", "sel_one", "sel_two", "_hidden", "not_this"];

    fn names() -> Vec<String> {
        NAMES.iter().map(|n| (*n).to_owned()).collect()
    }

    /// Which identifiers are true, by their first letters: `a`, `b`, `1`, `2`, `_`, `n`.
    fn check(text: &str, truths: &str, want: bool) {
        let expr = parse(text, &names()).expect(text);
        let got = expr.decide(&mut |n| truths.contains(["a", "b", "1", "2", "_", "n"][n]));
        assert_eq!(got, want, "{text} with {truths:?}");
    }

    #[test]
    fn conditions_mean_what_the_specification_says() {
        for (text, truths, want) in [
            ("a or b and sel_one", "a", true),
            ("(a or b) and sel_one", "a", false),
            ("a AND NOT b", "a", true),
            ("not a or b", "", true),
            ("not (a or b)", "b", false),
            ("not not a", "a", true),
            ("1 of sel_*", "2", true),
            ("1 of them", "_", false),
            ("1 of _*", "_", true),
            ("all of them", "ab12n", true),
            ("all of sel_*", "1", false),
            ("2 of them", "b2", true),
            ("2 of them", "b_", false),
            ("any of them", "n", true),
            ("ANY OF s*_two", "1", false),
            ("not_this and a", "an", true),
            ("a and 1 of sel_* and not 1 of b*", "a1", true),
        ] {
            check(text, truths, want);
        }
    }

    #[test]
    fn faulty_conditions_are_refused_where_the_fault_is() {
        for (text, offset, code) in [
            ("", 0, "SG-020"),
            ("a and", 5, "SG-020"),
            ("a and (b", 6, "SG-021"),
            ("a)", 1, "SG-021"),
            ("a b", 2, "SG-020"),
            ("sel_onne", 0, "SG-023"),
            ("1 of x*", 5, "SG-023"),
            ("a | count() by u > 5", 2, "SG-022"),
            ("a & b", 2, "SG-020"),
            ("or a", 0, "SG-020"),
            ("0 of them", 0, "SG-020"),
        ] {
            let fault = parse(text, &names()).expect_err(text);
            assert_eq!((fault.offset, fault.code), (offset, code), "{text}: {}", fault.message);
        }
        let deep = format!("{}a{}", "(".repeat(500), ")".repeat(500));
        assert_eq!(parse(&deep, &names()).expect_err("too deep").code, "SG-020");
        let message = parse("a | count(user) by ip >= 5", &names()).expect_err("old").message;
        for part in ["value_count", "field: user", "- ip", "gte: 5"] {
            assert!(message.contains(part), "{message}");
        }
        assert!(parse("sel_onne", &names()).expect_err("typo").message.contains("`sel_one`"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}", near in "(a|b|not |and |or |1 of |them|\\(|\\)|\\||sel_\\*| ){0,30}") {
            let _ = (parse(&text, &names()), parse(&near, &names()));
        }
    }
}
