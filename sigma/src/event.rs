//! An event as rules see it: fields by name, values as text, each looked up and folded once.

use crate::fields::{Fields, Names};
use crate::logsource::Class;
use crate::pattern::fold;
use serde_json::{Map, Value};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Look-ups that one dotted name may cost.
const LOOKUP_LIMIT: usize = 4096;

/// What a field holds: one entry for each value; several where it runs through arrays.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Whether the field is there at all, also with a null value.
    pub(crate) present: bool,
    pub(crate) values: Vec<Leaf>,
}

/// One value.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) kind: Kind,
    /// The value as text; empty for null.
    pub(crate) text: String,
    folded: OnceCell<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(f64),
    Text,
}

impl Leaf {
    fn of(value: &Value) -> Option<Self> {
        let (kind, text) = match value {
            Value::Null => (Kind::Null, String::new()),
            Value::Bool(truth) => (Kind::Bool(*truth), truth.to_string()),
            Value::Number(number) => (Kind::Number(number.as_f64().unwrap_or(f64::NAN)), number.to_string()),
            Value::String(text) => (Kind::Text, text.clone()),
            Value::Array(_) | Value::Object(_) => return None,
        };
        Some(Self::new(kind, text))
    }

    pub(crate) fn new(kind: Kind, text: String) -> Self {
        Self { kind, text, folded: OnceCell::new() }
    }

    /// The text as it is compared without case.
    pub(crate) fn folded(&self) -> &str {
        self.folded.get_or_init(|| fold(&self.text))
    }

    /// The value as a number, if it is one or looks like one.
    pub(crate) fn number(&self) -> Option<f64> {
        number(self.kind, &self.text)
    }
}

/// A value as a number, if it is one or looks like one.
pub(crate) fn number(kind: Kind, text: &str) -> Option<f64> {
    match kind {
        Kind::Number(number) => Some(number),
        Kind::Text => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        Kind::Null | Kind::Bool(_) => None,
    }
}

/// An event with what was looked up in it so far.
pub(crate) struct View<'a> {
    source: Source<'a>,
    /// Knows other names that such events have for a field.
    class: &'a Class,
    found: RefCell<BTreeMap<String, Rc<Found>>>,
    everything: OnceCell<Vec<Leaf>>,
}

/// Where an event's values are.
enum Source<'a> {
    Tree(&'a Map<String, Value>),
    Fields(&'a Names, &'a Fields),
}

impl<'a> View<'a> {
    pub(crate) fn new(fields: &'a Map<String, Value>, class: &'a Class) -> Self {
        let source = Source::Tree(fields);
        Self { source, class, found: RefCell::default(), everything: OnceCell::new() }
    }

    /// An event that was taken apart: it knows the fields that some rule asks.
    pub(crate) fn of_fields(names: &'a Names, fields: &'a Fields, class: &'a Class) -> Self {
        let source = Source::Fields(names, fields);
        Self { source, class, found: RefCell::default(), everything: OnceCell::new() }
    }

    /// A field by its name: first a key that holds the dots, then a path; through arrays any member.
    pub(crate) fn field(&self, name: &str) -> Rc<Found> {
        if let Some(found) = self.found.borrow().get(name) {
            return Rc::clone(found);
        }
        let mut found = self.source.find(name);
        if !found.present
            && let Some(other) =
                self.class.other_names(name).map(|o| self.source.find(&o)).find(|f| f.present)
        {
            found = other;
        }
        let found = Rc::new(found);
        self.found.borrow_mut().insert(name.to_owned(), Rc::clone(&found));
        found
    }

    /// The other name under which a field is there, where its own name is not.
    pub(crate) fn found_as(&self, name: &str) -> Option<String> {
        if self.source.find(name).present {
            return None;
        }
        self.class.other_names(name).find(|other| self.source.find(other).present).map(Into::into)
    }

    /// Every value at any depth.
    pub(crate) fn everything(&self) -> &[Leaf] {
        self.everything.get_or_init(|| match self.source {
            Source::Tree(fields) => {
                let mut values = vec![];
                fields.values().for_each(|v| gather(v, &mut values));
                values.into_iter().filter_map(Leaf::of).collect()
            }
            Source::Fields(_, fields) => fields.everything().map(|v| fields.leaf(v)).collect(),
        })
    }
}

impl Source<'_> {
    fn find(&self, name: &str) -> Found {
        match self {
            Self::Tree(fields) => {
                let mut placed = Placed::default();
                look(fields, name, &mut placed);
                Found {
                    present: placed.present,
                    values: placed.values.into_iter().filter_map(Leaf::of).collect(),
                }
            }
            Self::Fields(names, fields) => {
                names.wants(name).map_or_else(Found::default, |field| fields.found(field))
            }
        }
    }
}

/// What a look-up finds in a tree.
#[derive(Debug)]
pub(crate) struct Placed<'a> {
    pub(crate) present: bool,
    pub(crate) values: Vec<&'a Value>,
    left: usize,
}

impl Default for Placed<'_> {
    fn default() -> Self {
        Self { present: false, values: vec![], left: LOOKUP_LIMIT }
    }
}

/// Every scalar below a value.
pub(crate) fn gather<'a>(value: &'a Value, into: &mut Vec<&'a Value>) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| gather(v, into)),
        Value::Object(map) => map.values().for_each(|v| gather(v, into)),
        scalar => into.push(scalar),
    }
}

/// Looks for a name in an object; says whether it is there.
pub(crate) fn look<'a>(fields: &'a Map<String, Value>, name: &str, found: &mut Placed<'a>) -> bool {
    if let Some(value) = fields.get(name) {
        found.present = true;
        leaves(value, &mut found.values);
        return true;
    }
    for (dot, _) in name.match_indices('.') {
        let Some(less) = found.left.checked_sub(1) else { return false };
        found.left = less;
        if let Some(value) = fields.get(&name[..dot])
            && through(value, &name[dot + 1..], found)
        {
            return true;
        }
    }
    false
}

fn through<'a>(value: &'a Value, rest: &str, found: &mut Placed<'a>) -> bool {
    match value {
        Value::Object(map) => look(map, rest, found),
        // Every member is looked into, also behind one that has it.
        Value::Array(list) => list.iter().filter(|v| through(v, rest, found)).count() > 0,
        _ => false,
    }
}

/// A value's leaves: members of arrays each for itself. An object is there, and equals nothing.
fn leaves<'a>(value: &'a Value, into: &mut Vec<&'a Value>) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| leaves(v, into)),
        Value::Object(_) => {}
        scalar => into.push(scalar),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A list of objects costs a look-up each; what lies behind the bound is not found, and costs nothing.
    #[test]
    fn a_name_is_looked_for_only_so_often() {
        let list = |long: usize| json!({"a": vec![json!({"b": {"c": 1}}); long]});
        for (long, found) in [(10, 10), (LOOKUP_LIMIT - 1, LOOKUP_LIMIT - 1), (20_000, LOOKUP_LIMIT - 1)] {
            let (list, mut placed) = (list(long), Placed::default());
            look(list.as_object().expect("an object"), "a.b.c", &mut placed);
            assert_eq!((placed.present, placed.values.len()), (true, found));
        }
    }
}
