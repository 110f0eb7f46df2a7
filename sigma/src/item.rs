//! One line of a detection: a field, its modifiers, its values.

use crate::expression::{Expression, Flags};
use crate::pattern::{self, Pattern, Step};
use crate::refuse::{Fault, did_you_mean};
use crate::yaml::{Node, Value};
use ipnet::IpNet;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Values in one list.
const VALUES_LIMIT: usize = 20_000;
/// Characters of a piece of a pattern with `?` or dashes: what each character of a value may cost.
const STEPS_LIMIT: usize = 1024;
/// Texts that placeholders may expand one value to.
const EXPANSION_LIMIT: usize = 10_000;

const MODIFIERS: [&str; 31] = [
    "contains",
    "startswith",
    "endswith",
    "all",
    "cased",
    "re",
    "i",
    "m",
    "s",
    "cidr",
    "exists",
    "fieldref",
    "base64",
    "base64offset",
    "wide",
    "utf16",
    "utf16le",
    "utf16be",
    "windash",
    "expand",
    "gt",
    "gte",
    "lt",
    "lte",
    "neq",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "year",
];

/// What one value asks.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Null,
    Text(Pattern),
    Number(f64, String),
    Regex(Expression),
    Cidr(IpNet),
    Exists(bool),
    FieldRef { other: String, place: Place, cased: bool },
    Compare(Order, f64),
    Time(Part, Order, f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Whole,
    Contains,
    Start,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Order {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Order {
    pub(crate) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "eq" => Self::Equal,
            "neq" => Self::NotEqual,
            "gt" => Self::Greater,
            "gte" => Self::GreaterOrEqual,
            "lt" => Self::Less,
            "lte" => Self::LessOrEqual,
            _ => return None,
        })
    }

    /// Whether two numbers stand so; what is no number differs from everything.
    pub(crate) fn holds(self, left: f64, right: f64) -> bool {
        left.partial_cmp(&right).map_or(self == Self::NotEqual, |found| self.fits(found))
    }

    /// Whether this is the order that was found.
    pub(crate) fn fits(self, found: Ordering) -> bool {
        match self {
            Self::Equal => found.is_eq(),
            Self::NotEqual => found.is_ne(),
            Self::Greater => found.is_gt(),
            Self::GreaterOrEqual => found.is_ge(),
            Self::Less => found.is_lt(),
            Self::LessOrEqual => found.is_le(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// One line of a detection.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// The field; none looks into every value (keywords).
    pub(crate) field: Option<String>,
    pub(crate) tests: Vec<Test>,
    pub(crate) all: bool,
    pub(crate) negated: bool,
}

/// Values for `expand`, by placeholder.
pub(crate) type Values = BTreeMap<String, Vec<String>>;

/// What a line's modifiers say, taken together.
#[derive(Default)]
struct Wish {
    place: Option<Place>,
    all: bool,
    cased: bool,
    regex: bool,
    flags: Vec<char>,
    cidr: bool,
    exists: bool,
    fieldref: bool,
    windash: bool,
    expand: bool,
    negated: bool,
    order: Option<Order>,
    part: Option<Part>,
    encodings: Vec<Encoding>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf16Le,
    Utf16Be,
    Utf16Bom,
    Base64,
    Base64Offset,
}

fn wish(key: &Node, words: &[&str]) -> Result<Wish, Fault> {
    let mut wish = Wish::default();
    let refuse = |code, message: String| Err(Fault::at(key, code, message));
    for word in words {
        match *word {
            "contains" | "startswith" | "endswith" => {
                let place = match *word {
                    "contains" => Place::Contains,
                    "startswith" => Place::Start,
                    _ => Place::End,
                };
                if wish.place.is_some_and(|p| p != place) {
                    return refuse("SG-033", format!("`{word}` contradicts the modifier before it"));
                }
                wish.place = Some(place);
            }
            "all" => wish.all = true,
            "cased" => wish.cased = true,
            "re" => wish.regex = true,
            "i" | "m" | "s" if wish.regex => wish.flags.extend(word.chars()),
            "i" | "m" | "s" => {
                return refuse("SG-033", format!("`{word}` is a flag of `re`; write `|re|{word}`"));
            }
            "cidr" => wish.cidr = true,
            "exists" => wish.exists = true,
            "fieldref" => wish.fieldref = true,
            "windash" => wish.windash = true,
            "expand" => wish.expand = true,
            "neq" => wish.negated = true,
            "gt" | "gte" | "lt" | "lte" => wish.order = Order::of(word),
            "wide" | "utf16le" => wish.encodings.push(Encoding::Utf16Le),
            "utf16be" => wish.encodings.push(Encoding::Utf16Be),
            "utf16" => wish.encodings.push(Encoding::Utf16Bom),
            "base64" => wish.encodings.push(Encoding::Base64),
            "base64offset" => wish.encodings.push(Encoding::Base64Offset),
            "minute" => wish.part = Some(Part::Minute),
            "hour" => wish.part = Some(Part::Hour),
            "day" => wish.part = Some(Part::Day),
            "week" => wish.part = Some(Part::Week),
            "month" => wish.part = Some(Part::Month),
            "year" => wish.part = Some(Part::Year),
            other => {
                return refuse(
                    "SG-032",
                    format!("there is no modifier `{other}`{}", did_you_mean(other, MODIFIERS)),
                );
            }
        }
    }
    let kinds = [
        wish.regex,
        wish.cidr,
        wish.exists,
        wish.fieldref,
        wish.order.is_some() && wish.part.is_none(),
        wish.part.is_some(),
    ];
    if kinds.iter().filter(|k| **k).count() > 1 {
        return refuse("SG-033", format!("these modifiers contradict each other: {}", words.join(", ")));
    }
    if (wish.regex || wish.cidr || wish.exists || wish.part.is_some() || wish.order.is_some())
        && wish.place.is_some()
    {
        return refuse("SG-033", "`contains`, `startswith` and `endswith` compare texts only".into());
    }
    Ok(wish)
}

impl Item {
    /// Reads a line of a detection. Names of placeholders without value go into `missing`.
    pub(crate) fn read(
        key: &Node,
        value: &Node,
        values: &Values,
        missing: &mut Vec<String>,
    ) -> Result<Self, Fault> {
        let Some(name) = key.scalar() else {
            return Err(Fault::at(key, "SG-031", format!("a field name is a text, not {}", key.kind())));
        };
        let mut words = name.split('|');
        let field = words.next().unwrap_or("").to_owned();
        let words: Vec<&str> = words.collect();
        let wish = wish(key, &words)?;
        Self::build((!field.is_empty()).then_some(field), &wish, value, values, missing)
    }

    /// A keyword, or several of which one is enough.
    pub(crate) fn keywords(value: &Node, values: &Values, missing: &mut Vec<String>) -> Result<Self, Fault> {
        Self::build(None, &Wish::default(), value, values, missing)
    }

    fn build(
        field: Option<String>,
        wish: &Wish,
        value: &Node,
        values: &Values,
        missing: &mut Vec<String>,
    ) -> Result<Self, Fault> {
        let list = value.list();
        if list.len() > VALUES_LIMIT {
            return Err(Fault::at(value, "SG-034", format!("more than {VALUES_LIMIT} values")));
        }
        let mut tests = Vec::with_capacity(list.len());
        for one in list {
            if matches!(one.value, Value::Map(_) | Value::List(_)) {
                return Err(Fault::at(
                    one,
                    "SG-031",
                    format!("a field's value is a scalar or a list of them, not {}", one.kind()),
                ));
            }
            tests.extend(read_tests(one, wish, field.is_none(), values, missing)?);
        }
        Ok(Self { field, tests, all: wish.all, negated: wish.negated })
    }
}

fn read_tests(
    value: &Node,
    wish: &Wish,
    is_keyword: bool,
    values: &Values,
    missing: &mut Vec<String>,
) -> Result<Vec<Test>, Fault> {
    let text = |what: &str| {
        value
            .scalar()
            .ok_or_else(|| Fault::at(value, "SG-031", format!("{what} wants a text, not {}", value.kind())))
    };
    if wish.exists {
        let truth = match (&value.value, value.scalar().as_deref().map(str::to_ascii_lowercase).as_deref()) {
            (Value::Bool(truth), _) => *truth,
            (_, Some("true" | "yes")) => true,
            (_, Some("false" | "no")) => false,
            _ => return Err(Fault::at(value, "SG-031", "`exists` wants true or false")),
        };
        return Ok(vec![Test::Exists(truth)]);
    }
    if wish.order.is_some() || wish.part.is_some() {
        let number = text("a comparison")?.trim().parse::<f64>();
        let number = number.map_err(|_| Fault::at(value, "SG-031", "a comparison wants a number"))?;
        let order = wish.order.unwrap_or(Order::Equal);
        return Ok(vec![match wish.part {
            Some(part) => Test::Time(part, order, number),
            None => Test::Compare(order, number),
        }]);
    }
    if wish.fieldref {
        let place = wish.place.unwrap_or(Place::Whole);
        return Ok(vec![Test::FieldRef { other: text("`fieldref`")?, place, cased: wish.cased }]);
    }
    if wish.cidr {
        return Ok(vec![Test::Cidr(network(value, &text("`cidr`")?)?)]);
    }
    if wish.regex {
        return texts(value, &text("`re`")?, wish, values, missing)?
            .iter()
            .map(|t| regex(value, t, wish))
            .collect();
    }
    match &value.value {
        Value::Null if is_keyword => Err(Fault::at(value, "SG-031", "a keyword wants a text")),
        Value::Null => Ok(vec![Test::Null]),
        Value::Int(_) | Value::Float(_)
            if !is_keyword && wish.place.is_none() && wish.encodings.is_empty() =>
        {
            let text = value.scalar().unwrap_or_default();
            let number = text.parse().unwrap_or(f64::NAN);
            Ok(vec![Test::Number(number, text)])
        }
        _ => {
            let place = wish.place.unwrap_or(if is_keyword { Place::Contains } else { Place::Whole });
            let mut tests = vec![];
            for text in texts(value, &text("this")?, wish, values, missing)? {
                let patterns = patterns(&text, wish, place);
                if patterns.iter().any(|p| p.longest_steps() > STEPS_LIMIT) {
                    let message =
                        format!("more than {STEPS_LIMIT} characters around a `?` without a `*` between");
                    return Err(Fault::at(value, "SG-034", message));
                }
                tests.extend(patterns.into_iter().map(Test::Text));
            }
            Ok(tests)
        }
    }
}

/// The texts that a value stands for once its placeholders are expanded.
fn texts(
    node: &Node,
    text: &str,
    wish: &Wish,
    values: &Values,
    missing: &mut Vec<String>,
) -> Result<Vec<String>, Fault> {
    if !wish.expand {
        return Ok(vec![text.to_owned()]);
    }
    let mut done: Vec<String> = vec![String::new()];
    let mut rest = text;
    while let Some((before, name, behind)) = placeholder(rest) {
        let Some(known) = values.get(name) else {
            if !missing.iter().any(|m| m == name) {
                missing.push(name.to_owned());
            }
            return Ok(vec![]);
        };
        if done.len().saturating_mul(known.len()) > EXPANSION_LIMIT {
            return Err(Fault::at(
                node,
                "SG-034",
                format!("placeholders make more than {EXPANSION_LIMIT} values of this"),
            ));
        }
        done = done.iter().flat_map(|d| known.iter().map(move |k| format!("{d}{before}{k}"))).collect();
        rest = behind;
    }
    done.iter_mut().for_each(|d| d.push_str(rest));
    Ok(done)
}

/// `before %name% behind`.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text[from..].find('%')?;
        let close = open + 1 + text[open + 1..].find('%')?;
        let name = &text[open + 1..close];
        if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c)) {
            return Some((&text[..open], name, &text[close + 1..]));
        }
        from = open + 1;
    }
}

fn network(value: &Node, text: &str) -> Result<IpNet, Fault> {
    let whole = text.trim();
    let net = whole.parse::<IpNet>().or_else(|_| whole.parse::<IpAddr>().map(IpNet::from));
    net.map(|n| n.trunc()).map_err(|_| {
        Fault::at(value, "SG-031", format!("`{}` is no network such as 10.0.0.0/8", whole.escape_debug()))
    })
}

fn regex(value: &Node, text: &str, wish: &Wish) -> Result<Test, Fault> {
    let has = |flag: char| wish.flags.contains(&flag);
    let flags = Flags { ignore_case: has('i'), multi_line: has('m'), dot_all: has('s') };
    Expression::read(text, flags).map(Test::Regex).map_err(|said| {
        Fault::at(value, "SG-035", format!("the regular expression is not one of Sigma's: {said}"))
    })
}

/// The patterns that one text stands for after encodings: one, or three for `base64offset`.
fn patterns(text: &str, wish: &Wish, place: Place) -> Vec<Pattern> {
    let mut steps = pattern::steps(text);
    if wish.encodings.is_empty() {
        if wish.windash {
            pattern::windash(&mut steps);
        }
        return vec![Pattern::new(placed(steps, place), wish.cased)];
    }
    let mut variants: Vec<Vec<u8>> = vec![pattern::text_of(&steps).into_bytes()];
    let mut is_base64 = false;
    for encoding in &wish.encodings {
        variants = variants.iter().flat_map(|v| encode(v, *encoding)).collect();
        is_base64 |= matches!(encoding, Encoding::Base64 | Encoding::Base64Offset);
    }
    let as_text = |bytes: &Vec<u8>| -> String {
        if is_base64 {
            String::from_utf8_lossy(bytes).into_owned()
        } else {
            bytes.iter().map(|b| char::from(*b)).collect()
        }
    };
    // Encoded text compares with case: another case is another text.
    let cased = wish.cased || is_base64;
    variants.iter().map(|v| Pattern::new(placed(pattern::literal(&as_text(v)), place), cased)).collect()
}

fn placed(mut steps: Vec<Step>, place: Place) -> Vec<Step> {
    if matches!(place, Place::Contains | Place::End) {
        steps.insert(0, Step::Any);
    }
    if matches!(place, Place::Contains | Place::Start) {
        steps.push(Step::Any);
    }
    steps
}

fn encode(bytes: &[u8], encoding: Encoding) -> Vec<Vec<u8>> {
    let units = || String::from_utf8_lossy(bytes).encode_utf16().collect::<Vec<u16>>();
    match encoding {
        Encoding::Utf16Le => vec![units().iter().flat_map(|u| u.to_le_bytes()).collect()],
        Encoding::Utf16Be => vec![units().iter().flat_map(|u| u.to_be_bytes()).collect()],
        Encoding::Utf16Bom => {
            let le = units();
            vec![[0xff, 0xfe].into_iter().chain(le.iter().flat_map(|u| u.to_le_bytes())).collect()]
        }
        Encoding::Base64 => vec![base64(bytes)],
        // The text at each of three places in the groups of three bytes; what depends on neighbours is cut off.
        Encoding::Base64Offset => (0..3usize)
            .map(|offset| {
                let shifted = [vec![b' '; offset], bytes.to_vec()].concat();
                let full = base64(&shifted);
                let start = [0, 2, 3][offset];
                let cut = [0, 3, 2][shifted.len() % 3];
                full[start.min(full.len())..full.len().saturating_sub(cut).max(start.min(full.len()))]
                    .to_vec()
            })
            .collect(),
    }
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let all = group.iter().fold(0u32, |v, b| v << 8 | u32::from(*b)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let six = (all >> (18 - 6 * place)) & 63;
            out.push(if place <= group.len() { LETTERS[usize::try_from(six).unwrap_or(0)] } else { b'=' });
        }
    }
    out
}
