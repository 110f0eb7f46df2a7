//! YAML as a plain tree that knows where each node stands. Depth, size and aliases are bounded.

use crate::refuse::Fault;
use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

/// Largest file, in bytes.
const FILE_LIMIT_BYTES: usize = 1 << 20;
/// Deepest nesting.
const DEPTH_LIMIT: usize = 64;
/// Nodes in a file.
const NODES_LIMIT: usize = 200_000;

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Any scalar as text: ids and names may look like numbers.
    pub(crate) fn scalar(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) => Some(text.clone()),
            Value::Int(number) => Some(number.to_string()),
            Value::Float(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    pub(crate) fn map(&self) -> Option<&[(Self, Self)]> {
        match &self.value {
            Value::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.map()?.iter().find(|(k, _)| k.text() == Some(key)).map(|(_, v)| v)
    }

    /// The node as a list: a scalar is a list of one.
    pub(crate) fn list(&self) -> &[Self] {
        match &self.value {
            Value::List(list) => list,
            _ => std::slice::from_ref(self),
        }
    }

    /// What it is, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Int(_) | Value::Float(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

fn fault(line: usize, column: usize, code: &'static str, message: impl Into<String>) -> Fault {
    Fault { line: line as u64, column: column as u64, code, message: message.into() }
}

/// Reads all documents of a file.
pub(crate) fn documents(bytes: &[u8]) -> Result<Vec<Node>, Fault> {
    if bytes.len() > FILE_LIMIT_BYTES {
        return Err(fault(1, 1, "SG-002", "the file is larger than 1 MiB; no rule needs that"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        fault(line, 1, "SG-001", "the file is not UTF-8 here")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_depth(text)?;
    let loaded = MarkedYaml::load_from_str(text);
    let loaded = loaded.map_err(|error| {
        let (line, column) = place(&error).unwrap_or((1, 1));
        fault(line, column, "SG-001", format!("the file is not YAML: {error}"))
    })?;
    let mut left = NODES_LIMIT;
    loaded.into_iter().map(|node| convert(node, 0, &mut left)).collect()
}

/// Line and column out of a loader's error, whose text ends in `at … line L column C`.
fn place(error: &impl std::fmt::Display) -> Option<(usize, usize)> {
    let text = error.to_string();
    let number = |word: &str| -> Option<usize> {
        let rest = &text[text.rfind(word)? + word.len()..];
        let digits: String =
            rest.chars().skip_while(|c| *c == ' ').take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    Some((number("line ")?.max(1), number("column ")?.max(1)))
}

/// Refuses nesting that no rule needs before a reader has to follow it.
fn check_depth(text: &str) -> Result<(), Fault> {
    let mut open = 0usize;
    for (number, line) in text.lines().enumerate() {
        let indicators = line.bytes().take_while(|b| b" -?".contains(b)).filter(|b| *b != b' ').count();
        let opened = line.bytes().filter(|b| b"[{".contains(b)).count();
        let closed = line.bytes().filter(|b| b"]}".contains(b)).count();
        open = (open + opened).saturating_sub(closed);
        // Three dashes begin a document, and texts may hold some brackets that never close.
        if indicators > DEPTH_LIMIT || open > 64 * DEPTH_LIMIT {
            return Err(fault(number + 1, 1, "SG-002", format!("nested deeper than {DEPTH_LIMIT}")));
        }
    }
    Ok(())
}

fn convert(node: MarkedYaml<'_>, depth: usize, left: &mut usize) -> Result<Node, Fault> {
    let (line, column) = (node.span.start.line(), node.span.start.col() + 1);
    *left = left.checked_sub(1).ok_or_else(|| fault(line, column, "SG-002", "more than 200,000 values"))?;
    if depth > DEPTH_LIMIT {
        return Err(fault(line, column, "SG-002", format!("nested deeper than {DEPTH_LIMIT}")));
    }
    let value = match node.data {
        YamlData::Value(scalar) => match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(truth) => Value::Bool(truth),
            Scalar::Integer(number) => Value::Int(number),
            Scalar::FloatingPoint(number) => Value::Float(number.into_inner()),
            Scalar::String(text) => Value::Text(text.into_owned()),
        },
        YamlData::Representation(text, ..) => Value::Text(text.into_owned()),
        YamlData::Sequence(list) => {
            Value::List(list.into_iter().map(|n| convert(n, depth + 1, left)).collect::<Result<_, _>>()?)
        }
        YamlData::Mapping(map) => {
            let mut pairs = Vec::with_capacity(map.len());
            for (key, value) in map {
                pairs.push((convert(key, depth + 1, left)?, convert(value, depth + 1, left)?));
            }
            Value::Map(pairs)
        }
        YamlData::Tagged(_, inner) => return convert(*inner, depth + 1, left),
        YamlData::Alias(_) | YamlData::BadValue => {
            return Err(fault(line, column, "SG-001", "a value that cannot be read"));
        }
    };
    Ok(Node { line: line as u64, column: column as u64, value })
}
