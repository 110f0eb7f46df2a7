//! Rules in readable lines: what each line of a detection asks, as it was compiled.

use crate::condition::Expr;
use crate::detection::{Detection, Search};
use crate::expression::Flags;
use crate::item::{Item, Order, Part, Place, Test};

/// Characters of one value that are shown.
const SHOWN_LIMIT: usize = 200;

/// A rule's detection in lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The condition over the searches, by their names.
    pub condition: String,
    /// Each search with its name and its lines; further lines of one search are alternatives or joined, as they say.
    pub searches: Vec<(String, Vec<String>)>,
    /// The fields that are asked, sorted; keywords ask none.
    pub fields: Vec<String>,
    /// Whether some line looks into every value.
    pub has_keywords: bool,
    /// How many values are asked for in all.
    pub values: usize,
}

impl Outline {
    pub(super) fn of(detection: &Detection) -> Self {
        let mut made = Self {
            condition: String::new(),
            searches: vec![],
            fields: vec![],
            has_keywords: false,
            values: 0,
        };
        for (name, search) in detection.names.iter().zip(&detection.searches) {
            let mut lines = vec![];
            made.take(search, 0, &mut lines);
            made.searches.push((name.to_string(), lines));
        }
        made.fields.sort();
        made.fields.dedup();
        made.condition = condition(&detection.condition, detection, false);
        made
    }

    fn take(&mut self, search: &Search, depth: usize, lines: &mut Vec<String>) {
        let indent = "  ".repeat(depth);
        match search {
            Search::All(items) => {
                for item in items {
                    self.fields.extend(asked(item));
                    self.has_keywords |= item.field.is_none();
                    self.values += item.tests.len();
                    lines.push(format!("{indent}{}", item_in_words(item)));
                }
            }
            Search::Any(parts) => {
                lines.push(format!("{indent}one of these {}:", parts.len()));
                for (number, part) in (1..).zip(parts) {
                    lines.push(format!("{indent}  {number}. all of:"));
                    self.take(part, depth + 2, lines);
                }
            }
        }
    }
}

fn asked(item: &Item) -> Vec<String> {
    let other = |test: &Test| match test {
        Test::FieldRef { other, .. } => Some(other.clone()),
        _ => None,
    };
    item.field.iter().cloned().chain(item.tests.iter().filter_map(other)).collect()
}

/// A condition with the names of its searches.
pub(super) fn condition(expr: &Expr, detection: &Detection, inner: bool) -> String {
    let name = |n: &usize| detection.names.get(*n).map_or("?", |n| n).to_owned();
    let joined = |parts: &[Expr], word: &str| {
        let all: Vec<String> = parts.iter().map(|p| condition(p, detection, true)).collect();
        let text = all.join(word);
        if inner { format!("({text})") } else { text }
    };
    match expr {
        Expr::Is(number) => name(number),
        Expr::Not(of) => format!("not {}", condition(of, detection, true)),
        Expr::All(parts) => joined(parts, " and "),
        Expr::Any(parts) => joined(parts, " or "),
        Expr::AtLeast(_, of) if of.len() == 1 => name(&of[0]),
        Expr::AtLeast(many, of) => {
            let names: Vec<String> = of.iter().map(name).collect();
            let many = if *many == of.len() { "all".to_owned() } else { many.to_string() };
            format!("{many} of ({})", names.join(", "))
        }
    }
}

/// What a line asks, whole.
fn item_in_words(item: &Item) -> String {
    let said: Vec<String> = item.tests.iter().map(|t| test_in_words(t, item.field.is_none())).collect();
    let joined = said.join(if item.all { " and " } else { " or " });
    format!("{}{joined}", subject(item))
}

/// The beginning of a line: its field.
pub(super) fn subject(item: &Item) -> String {
    let field = item.field.as_deref().unwrap_or("any value");
    if item.negated { format!("not: {field} ") } else { format!("{field} ") }
}

/// What one value of a line asks.
pub(super) fn test_in_words(test: &Test, keyword: bool) -> String {
    match test {
        Test::Null => "is null or absent".to_owned(),
        Test::Exists(true) => "is there".to_owned(),
        Test::Exists(false) => "is not there".to_owned(),
        Test::Text(pattern) => {
            let (text, place) = pattern.shown();
            let verb = match place {
                Some(Place::Whole) if text.is_empty() => return "is empty".to_owned(),
                Some(Place::Whole) => "is",
                Some(_) if text.is_empty() => return "is any text".to_owned(),
                Some(Place::Start) => "begins with",
                Some(Place::End) => "ends with",
                Some(Place::Contains) if keyword => "has",
                Some(Place::Contains) => "contains",
                None => "is like",
            };
            let case = if pattern.cased() { ", with case" } else { "" };
            format!("{verb} `{}`{case}", short(&text))
        }
        Test::Number(_, text) => format!("is {text}"),
        Test::Regex(expression) => {
            let (pattern, flags) = expression.key();
            format!("matches /{}/{}", short(pattern), flags_in_words(flags))
        }
        Test::Cidr(net) => format!("lies in {net}"),
        Test::FieldRef { other, place, cased } => {
            let verb = match place {
                Place::Whole => "is what",
                Place::Contains => "contains what",
                Place::Start => "begins with what",
                Place::End => "ends with what",
            };
            format!("{verb} the field `{other}` is{}", if *cased { ", with case" } else { "" })
        }
        Test::Compare(order, number) => format!("is {} {number}", order_in_words(*order)),
        Test::Time(part, order, number) => {
            format!("is a time whose {} is {} {number}", part_in_words(*part), order_in_words(*order))
        }
    }
}

fn flags_in_words(flags: Flags) -> String {
    let all = [(flags.ignore_case, 'i'), (flags.multi_line, 'm'), (flags.dot_all, 's')];
    all.into_iter().filter(|(on, _)| *on).map(|(_, flag)| flag).collect()
}

fn order_in_words(order: Order) -> &'static str {
    match order {
        Order::Equal => "equal to",
        Order::NotEqual => "not equal to",
        Order::Greater => "greater than",
        Order::GreaterOrEqual => "at least",
        Order::Less => "less than",
        Order::LessOrEqual => "at most",
    }
}

fn part_in_words(part: Part) -> &'static str {
    match part {
        Part::Minute => "minute",
        Part::Hour => "hour",
        Part::Day => "day",
        Part::Week => "week",
        Part::Month => "month",
        Part::Year => "year",
    }
}

/// A text with its end cut off where it is long; how long it is is said.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN_LIMIT) {
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.chars().count()),
        None => text.to_owned(),
    }
}
