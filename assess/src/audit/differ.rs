//! Where two writings of the answers differ, in words.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Characters of a text that are repeated of either side, at most.
const SHOWN: usize = 160;
/// Differences that are named one by one, at most.
const NAMED: usize = 200;

/// One answer that is not the one that the evidence gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its measure.
    pub measure: String,
    /// Its check; none for the measure's sum or for the form of all.
    pub check: Option<String>,
    /// For which side.
    pub side: String,
    /// Which member differs, such as `verdict`.
    pub member: String,
    /// What was sealed; `nothing` where there is none.
    pub was: String,
    /// What the evidence gives.
    pub is: String,
}

type Key = (String, Option<String>, String);

/// The differences between sealed answers and recomputed ones; none when the bytes are the same. The second value is how many
/// more there are than are named.
pub(crate) fn differences(was: &[u8], is: &[u8]) -> (Vec<Difference>, u64) {
    if was == is {
        return (vec![], 0);
    }
    let parsed = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let (was_all, is_all) = (by_key(&parsed(was)), by_key(&parsed(is)));
    let keys: BTreeSet<&Key> = was_all.keys().chain(is_all.keys()).collect();
    let mut found = vec![];
    let mut more = 0;
    for key in keys {
        let (one, other) = (was_all.get(key), is_all.get(key));
        if one == other {
            continue;
        }
        if found.len() >= NAMED {
            more += 1;
            continue;
        }
        let member = member(one, other);
        let shown = |value: Option<&Value>| match (value, member.as_str()) {
            (None, _) => "nothing".to_owned(),
            (Some(value), "verdict") => in_words(value),
            (Some(value), member) => shown(value.get(member)),
        };
        let (measure, check, side) = key.clone();
        let (was, is) = (shown(one), shown(other));
        found.push(Difference { measure, check, side, member, was, is });
    }
    if found.is_empty() {
        found.push(Difference {
            measure: "all".to_owned(),
            check: None,
            side: "both".to_owned(),
            member: "bytes".to_owned(),
            was: format!("{} bytes", was.len()),
            is: format!("{} bytes, written otherwise", is.len()),
        });
    }
    (found, more)
}

/// Every answer by measure, check and side; the sums of measures without a check.
fn by_key(all: &Value) -> BTreeMap<Key, Value> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
    let mut found = BTreeMap::new();
    for measure in all.as_array().into_iter().flatten() {
        let id = text(measure, "id");
        for (side, sum) in measure.get("sides").and_then(Value::as_object).into_iter().flatten() {
            found.insert((id.clone(), None, side.clone()), sum.clone());
        }
        for answer in measure.get("checks").and_then(Value::as_array).into_iter().flatten() {
            found.insert((id.clone(), Some(text(answer, "id")), text(answer, "side")), answer.clone());
        }
    }
    found
}

/// The member that is told: the word and its counts before everything else.
fn member(one: Option<&Value>, other: Option<&Value>) -> String {
    let (Some(one), Some(other)) = (one.and_then(Value::as_object), other.and_then(Value::as_object)) else {
        return "verdict".to_owned();
    };
    let differs = |name: &&str| one.get(*name) != other.get(*name);
    if ["verdict", "met", "total", "unknown"].iter().any(differs) {
        return "verdict".to_owned();
    }
    let names: BTreeSet<&str> = one.keys().chain(other.keys()).map(String::as_str).collect();
    names.into_iter().find(|name| differs(name)).unwrap_or("verdict").to_owned()
}

fn in_words(answer: &Value) -> String {
    let count = |name: &str| answer.get(name).map_or_else(|| "?".to_owned(), Value::to_string);
    let word = answer.get("verdict").and_then(Value::as_str).unwrap_or("no word");
    cut(&format!("{word}, {} of {} met, {} unknown", count("met"), count("total"), count("unknown")))
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => cut(text),
        Some(value) => cut(&value.to_string()),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
