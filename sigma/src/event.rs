//! An event as rules see it: fields by name, values as text, each looked up and folded once.

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
        Some(Self { kind, text, folded: OnceCell::new() })
    }

    /// The text as it is compared without case.
    pub(crate) fn folded(&self) -> &str {
        self.folded.get_or_init(|| fold(&self.text))
    }

    /// The value as a number, if it is one or looks like one.
    pub(crate) fn number(&self) -> Option<f64> {
        match self.kind {
            Kind::Number(number) => Some(number),
            Kind::Text => self.text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            Kind::Null | Kind::Bool(_) => None,
        }
    }
}

/// An event with what was looked up in it so far.
pub(crate) struct View<'a> {
    fields: &'a Map<String, Value>,
    /// Knows other names that such events have for a field.
    class: &'a Class,
    found: RefCell<BTreeMap<String, Rc<Found>>>,
    everything: OnceCell<Vec<Leaf>>,
}

impl<'a> View<'a> {
    pub(crate) fn new(fields: &'a Map<String, Value>, class: &'a Class) -> Self {
        Self { fields, class, found: RefCell::default(), everything: OnceCell::new() }
    }

    /// A field by its name: first a key that holds the dots, then a path; through arrays any member.
    pub(crate) fn field(&self, name: &str) -> Rc<Found> {
        if let Some(found) = self.found.borrow().get(name) {
            return Rc::clone(found);
        }
        let mut found = Found::default();
        let mut left = LOOKUP_LIMIT;
        look(self.fields, name, &mut found, &mut left);
        if !found.present {
            for other in self.class.other_names(name) {
                look(self.fields, &other, &mut found, &mut left);
                if found.present {
                    break;
                }
            }
        }
        let found = Rc::new(found);
        self.found.borrow_mut().insert(name.to_owned(), Rc::clone(&found));
        found
    }

    /// Every value at any depth.
    pub(crate) fn everything(&self) -> &[Leaf] {
        self.everything.get_or_init(|| {
            let mut leaves = vec![];
            self.fields.values().for_each(|v| gather(v, &mut leaves));
            leaves
        })
    }
}

fn gather(value: &Value, into: &mut Vec<Leaf>) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| gather(v, into)),
        Value::Object(map) => map.values().for_each(|v| gather(v, into)),
        scalar => into.extend(Leaf::of(scalar)),
    }
}

fn look(fields: &Map<String, Value>, name: &str, found: &mut Found, left: &mut usize) {
    if let Some(value) = fields.get(name) {
        found.present = true;
        return leaves(value, &mut found.values);
    }
    for (dot, _) in name.match_indices('.') {
        let Some(less) = left.checked_sub(1) else { return };
        *left = less;
        if let Some(value) = fields.get(&name[..dot]) {
            through(value, &name[dot + 1..], found, left);
            if found.present {
                return;
            }
        }
    }
}

fn through(value: &Value, rest: &str, found: &mut Found, left: &mut usize) {
    match value {
        Value::Object(map) => look(map, rest, found, left),
        Value::Array(list) => list.iter().for_each(|v| through(v, rest, found, left)),
        _ => {}
    }
}

/// A value's leaves: members of arrays each for itself. An object is there, and equals nothing.
fn leaves(value: &Value, into: &mut Vec<Leaf>) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| leaves(v, into)),
        scalar => into.extend(Leaf::of(scalar)),
    }
}
