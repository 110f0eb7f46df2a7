//! The detection section: named searches and the condition over them.

use crate::condition::{self, Expr};
use crate::item::{Item, Values};
use crate::refuse::Fault;
use crate::yaml::{Node, Value};

/// Keys of the section that are no search identifiers.
const OTHER_KEYS: [&str; 3] = ["condition", "timeframe", "rules"];

/// What a search identifier asks.
#[derive(Debug, Clone)]
pub(crate) enum Search {
    /// All of these lines.
    All(Vec<Item>),
    /// One of these.
    Any(Vec<Search>),
}

impl Search {
    fn read(node: &Node, values: &Values, missing: &mut Vec<String>) -> Result<Self, Fault> {
        match &node.value {
            Value::Map(pairs) => {
                let items = pairs.iter().map(|(k, v)| Item::read(k, v, values, missing));
                Ok(Self::All(items.collect::<Result<_, _>>()?))
            }
            Value::List(list) if list.iter().any(|n| matches!(n.value, Value::Map(_) | Value::List(_))) => {
                let parts = list.iter().map(|n| Self::read(n, values, missing));
                Ok(Self::Any(parts.collect::<Result<_, _>>()?))
            }
            Value::Null => Err(Fault::at(node, "SG-031", "a search identifier is empty")),
            _ => Ok(Self::All(vec![Item::keywords(node, values, missing)?])),
        }
    }
}

/// A detection, ready to be matched.
#[derive(Debug, Clone)]
pub(crate) struct Detection {
    pub(crate) searches: Vec<Search>,
    pub(crate) condition: Expr,
}

impl Detection {
    /// Reads the section: of a rule, or of a filter, where the searches stand beside `rules`.
    pub(crate) fn read(node: &Node, values: &Values, missing: &mut Vec<String>) -> Result<Self, Fault> {
        let Some(pairs) = node.map() else {
            return Err(Fault::at(
                node,
                "SG-010",
                format!("`detection` is a map of searches, not {}", node.kind()),
            ));
        };
        let (mut names, mut searches) = (vec![], vec![]);
        for (key, value) in pairs {
            let Some(name) = key.scalar() else {
                return Err(Fault::at(key, "SG-031", "the name of a search identifier is a text"));
            };
            if OTHER_KEYS.contains(&name.as_str()) {
                continue;
            }
            names.push(name);
            searches.push(Search::read(value, values, missing)?);
        }
        let Some(condition) = node.get("condition") else {
            return Err(Fault::at(
                node,
                "SG-011",
                "the detection has no `condition`; write `condition: selection`, say",
            ));
        };
        if searches.is_empty() {
            return Err(Fault::at(node, "SG-010", "the detection has no search identifier"));
        }
        let mut parts = vec![];
        for one in condition.list() {
            let text = one.scalar();
            let text = text.ok_or_else(|| {
                Fault::at(one, "SG-020", format!("a condition is a text, not {}", one.kind()))
            })?;
            let read = condition::parse(&text, &names);
            parts.push(read.map_err(|f| Fault::at(one, f.code, f.message).shifted(f.offset))?);
        }
        match parts.len() {
            0 => Err(Fault::at(condition, "SG-011", "the list of conditions is empty")),
            1 => Ok(Self { searches, condition: parts.swap_remove(0) }),
            _ => Ok(Self { searches, condition: Expr::Any(parts) }),
        }
    }
}
