//! How an event comes in without a tree: values under the small numbers of the fields that some rule asks.
//!
//! A reader walks an event once. It asks [`Filling::enter`] for each key and hands over what stands there; where no rule
//! looks it is told so and may skip. What comes out equals a look into the tree: a key that holds the dots goes before
//! a path, and through arrays every member counts. Where an event writes one name in two ways, or a key twice, the
//! reader is told by [`Fields::is_irregular`] and gives the tree instead, with [`Fields::take_map`].

use crate::event::{self, Found, Kind, Leaf, Placed};
use crate::quick::Seed;
use memo::Memo;
use serde_json::{Map, Number, Value};
#[expect(clippy::disallowed_types, reason = "looked up by key only; their order is never read")]
use std::collections::HashMap;
use std::fmt::Write;

mod memo;

/// Names with more segments go the way through the tree: a spelling has a bit for each.
const SEGMENTS_LIMIT: usize = 64;
/// No value, no slot; as a node: the event itself.
const NONE: u32 = u32::MAX;
/// A node below which no name goes on.
const NOWHERE: u32 = u32::MAX - 1;

/// A field that some rule asks, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(u32);

impl FieldId {
    /// Where it stands among all.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One value of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldValue<'a> {
    /// Null.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Int(i64),
    /// A number that may be larger.
    Unsigned(u64),
    /// A number as it is written in JSON.
    Number(&'a str),
    /// A text, without escapes.
    Text(&'a str),
}

/// The names that rules ask, each with its number, and the ways to them through an event.
#[derive(Debug)]
#[expect(clippy::disallowed_types, reason = "looked up by key only; their order is never read")]
pub struct Names {
    nodes: Vec<Node>,
    /// Whole names and whole beginnings of names.
    whole: HashMap<Box<str>, u32, Seed>,
    /// One segment behind a node.
    behind: HashMap<u32, HashMap<Box<str>, u32, Seed>, Seed>,
    /// A name has too many segments for the quick way.
    too_deep: bool,
    /// No other names have it.
    mark: u64,
}

#[derive(Debug)]
struct Node {
    path: Box<str>,
    segments: u32,
    /// Whether some rule asks this very name.
    is_field: bool,
    /// Whether a longer name begins with this one.
    is_prefix: bool,
}

impl Default for Names {
    fn default() -> Self {
        let mark = Seed::default().number();
        Self { nodes: vec![], whole: Default::default(), behind: Default::default(), too_deep: false, mark }
    }
}

impl Names {
    /// Takes up a name; the same name has the same number.
    pub(crate) fn intern(&mut self, name: &str) -> FieldId {
        if let Some(node) = self.whole.get(name) {
            self.nodes[*node as usize].is_field = true;
            return FieldId(*node);
        }
        if name.split('.').count() > SEGMENTS_LIMIT {
            self.too_deep = true;
            let node = self.push(name);
            self.nodes[node as usize].is_field = true;
            return FieldId(node);
        }
        let mut parent = NONE;
        let mut end = 0;
        for segment in name.split('.') {
            end += segment.len();
            let path = &name[..end];
            end += 1;
            let node = match self.whole.get(path) {
                Some(node) => *node,
                None => self.push(path),
            };
            if parent != NONE {
                self.nodes[parent as usize].is_prefix = true;
                self.behind.entry(parent).or_default().insert(segment.into(), node);
            }
            parent = node;
        }
        self.nodes[parent as usize].is_field = true;
        FieldId(parent)
    }

    fn push(&mut self, path: &str) -> u32 {
        let node =
            u32::try_from(self.nodes.len()).expect("rules are bounded far below four thousand million names");
        let segments = segments_of(path);
        self.nodes.push(Node { path: path.into(), segments, is_field: false, is_prefix: false });
        self.whole.insert(path.into(), node);
        node
    }

    /// The number of a name, if some rule asks it.
    #[must_use]
    pub fn wants(&self, name: &str) -> Option<FieldId> {
        let node = *self.whole.get(name)?;
        self.nodes[node as usize].is_field.then_some(FieldId(node))
    }

    /// The number of a name, or of a beginning of one up to a dot: what [`At::field`] says at its value.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<FieldId> {
        self.whole.get(name).copied().map(FieldId)
    }

    /// The name of a number.
    #[must_use]
    pub fn name(&self, field: FieldId) -> Option<&str> {
        self.nodes.get(field.index()).map(|n| &*n.path)
    }

    /// How many numbers there are; all are below it.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// All fields, in the order of their numbers.
    pub(crate) fn each_field(&self) -> impl Iterator<Item = (FieldId, &str)> {
        self.fields().map(|(id, name)| (FieldId(id), name))
    }

    /// All fields.
    fn fields(&self) -> impl Iterator<Item = (u32, &str)> {
        (0..).zip(&self.nodes).filter(|(_, n)| n.is_field).map(|(id, n)| (id, &*n.path))
    }

    /// The node that a key leads to, and the segments that it has.
    fn step(&self, from: u32, key: &str) -> Option<(u32, u32)> {
        if from == NONE {
            let node = *self.whole.get(key)?;
            return Some((node, self.nodes[node as usize].segments));
        }
        let (mut node, mut segments) = (from, 0);
        for segment in key.split('.') {
            node = *self.behind.get(&node)?.get(segment)?;
            segments += 1;
        }
        Some((node, segments))
    }
}

/// Which values an event is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// Those that some rule asks by name.
    #[default]
    Named,
    /// All, at any depth: for rules with keywords.
    Everything,
}

/// One value as it is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) kind: Kind,
    start: usize,
    end: usize,
    /// The number of the field, if some rule asks it.
    node: u32,
    /// The next value of the same field.
    next: u32,
    /// It stands for a field only; keywords meet the same value elsewhere.
    echo: bool,
}

/// What is known of one field in this event.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// The event for which this holds.
    event: u32,
    /// Where keys begin in the name, a bit each.
    spelled: u64,
    /// The object in which its key was met last.
    object: u32,
    first: u32,
    last: u32,
}

/// The values of one event. Belongs to one worker and is filled anew for each event, without new memory.
#[derive(Debug, Default)]
pub struct Fields {
    slots: Vec<Slot>,
    event: u32,
    objects: u32,
    values: Vec<Kept>,
    text: String,
    extent: Extent,
    irregular: bool,
    memo: Memo,
}

/// Where a reader stands in an event: at a key's value, or in an object.
#[derive(Debug, Clone, Copy)]
pub struct At {
    node: u32,
    spelled: u64,
    depth: u32,
    object: u32,
}

impl At {
    /// The number of what stands here: of a field, or of the beginning of one's name; none where no rule looks.
    #[must_use]
    pub fn field(self) -> Option<FieldId> {
        (self.node < NOWHERE).then_some(FieldId(self.node))
    }
}

/// An event that is being filled.
#[derive(Debug)]
pub struct Filling<'a> {
    names: &'a Names,
    fields: &'a mut Fields,
}

impl Fields {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a new event and forgets the last.
    pub fn begin<'a>(&'a mut self, names: &'a Names, extent: Extent) -> Filling<'a> {
        if self.slots.len() != names.len() || self.event == u32::MAX {
            self.slots.clear();
            self.slots.resize(names.len(), Slot::default());
            self.event = 0;
        }
        self.event += 1;
        self.objects = 0;
        self.values.clear();
        self.text.clear();
        self.extent = extent;
        self.irregular = names.too_deep;
        self.memo.begin(names);
        Filling { names, fields: self }
    }

    /// Takes a whole event out of its tree; exact for every event.
    pub fn take_map(&mut self, names: &Names, extent: Extent, map: &Map<String, Value>) {
        let mut filling = self.begin(names, extent);
        let top = filling.top();
        filling.object_of(top, map);
        if self.irregular {
            self.take_slowly(names, extent, map);
        }
    }

    /// Looks up each name for itself.
    fn take_slowly(&mut self, names: &Names, extent: Extent, map: &Map<String, Value>) {
        self.begin(names, extent);
        self.irregular = false;
        for (node, name) in names.fields() {
            let mut found = Placed::default();
            event::look(map, name, &mut found);
            if found.present {
                self.slots[node as usize] =
                    Slot { event: self.event, first: NONE, last: NONE, ..Slot::default() };
                found.values.iter().for_each(|v| self.keep(node, true, |text| scalar_of(v, text)));
            }
        }
        if extent == Extent::Everything {
            let mut all = vec![];
            map.values().for_each(|v| event::gather(v, &mut all));
            all.iter().for_each(|v| self.keep(NONE, false, |text| scalar_of(v, text)));
        }
    }

    /// Whether the event writes a name in two ways, or a key twice: then only its tree tells what holds.
    #[must_use]
    pub fn is_irregular(&self) -> bool {
        self.irregular
    }

    /// What the event was filled with.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// The first value of a field as text, if it has one that is not null.
    #[must_use]
    pub fn text(&self, field: FieldId) -> Option<&str> {
        let first = self.values_of(field).next()?;
        (first.kind != Kind::Null).then(|| self.text_of(first))
    }

    /// Whether the field is there at all, also with a null value.
    #[must_use]
    pub fn is_present(&self, field: FieldId) -> bool {
        self.slots.get(field.index()).is_some_and(|s| s.event == self.event)
    }

    pub(crate) fn values_of(&self, field: FieldId) -> impl Iterator<Item = &Kept> {
        let slot = self.slots.get(field.index()).filter(|s| s.event == self.event);
        let mut at = slot.map_or(NONE, |s| s.first);
        std::iter::from_fn(move || {
            let value = self.values.get(at as usize)?;
            at = value.next;
            Some(value)
        })
    }

    /// Places of a field's values.
    pub(crate) fn places_of(&self, field: FieldId) -> impl Iterator<Item = usize> {
        let slot = self.slots.get(field.index()).filter(|s| s.event == self.event);
        let mut at = slot.map_or(NONE, |s| s.first);
        std::iter::from_fn(move || {
            let place = at as usize;
            at = self.values.get(place)?.next;
            Some(place)
        })
    }

    /// Places of every value at any depth, if the event was filled with everything.
    pub(crate) fn places_of_everything(&self) -> impl Iterator<Item = usize> {
        (0..self.values.len()).filter(|place| !self.values[*place].echo)
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// All texts, one behind the other.
    pub(crate) fn all_text(&self) -> &str {
        &self.text
    }

    /// Where a value's text stands among all.
    pub(crate) fn span_at(&self, place: usize) -> (usize, usize) {
        (self.values[place].start, self.values[place].end)
    }

    /// Every value in the order in which they came, with the index of its field, which is beyond all where no rule asks it.
    pub(crate) fn placed(&self) -> impl Iterator<Item = (usize, usize)> {
        self.values.iter().map(|v| v.node as usize).enumerate()
    }

    pub(crate) fn kind_at(&self, place: usize) -> Kind {
        self.values[place].kind
    }

    pub(crate) fn text_at(&self, place: usize) -> &str {
        self.text_of(&self.values[place])
    }

    /// Every value at any depth, if the event was filled with everything.
    pub(crate) fn everything(&self) -> impl Iterator<Item = &Kept> {
        self.values.iter().filter(|v| !v.echo)
    }

    pub(crate) fn text_of(&self, value: &Kept) -> &str {
        self.text.get(value.start..value.end).unwrap_or("")
    }

    /// A field as the plain evaluator sees it.
    pub(crate) fn found(&self, field: FieldId) -> Found {
        Found {
            present: self.is_present(field),
            values: self.values_of(field).map(|v| self.leaf(v)).collect(),
        }
    }

    pub(crate) fn leaf(&self, value: &Kept) -> Leaf {
        Leaf::new(value.kind, self.text_of(value).to_owned())
    }

    /// Keeps a value, which `write` appends to the text.
    fn keep(&mut self, node: u32, echo: bool, write: impl FnOnce(&mut String) -> Kind) {
        let start = self.text.len();
        let kind = write(&mut self.text);
        let at = u32::try_from(self.values.len()).unwrap_or(NONE);
        self.values.push(Kept { kind, start, end: self.text.len(), node, next: NONE, echo });
        if let Some(slot) = self.slots.get_mut(node as usize) {
            let last = std::mem::replace(&mut slot.last, at);
            match self.values.get_mut(last as usize) {
                Some(before) => before.next = at,
                None => slot.first = at,
            }
        }
    }
}

impl Filling<'_> {
    /// The event itself.
    #[must_use]
    pub fn top(&self) -> At {
        At { node: NONE, spelled: 0, depth: 0, object: 0 }
    }

    /// Steps to the value of a key. None: no rule looks there or below, and the reader may skip it.
    pub fn enter(&mut self, object: At, key: &str) -> Option<At> {
        let everything = self.fields.extent == Extent::Everything;
        let nowhere = At { node: NOWHERE, ..object };
        let step = match object.node {
            NOWHERE => None,
            from => self.fields.memo.step(self.names, from, key),
        };
        let Some((node, segments)) = step else { return everything.then_some(nowhere) };
        let depth = object.depth + segments;
        // The end of a name has no bit: every spelling ends there.
        let spelled = object.spelled | 1u64.checked_shl(depth).unwrap_or(0);
        let Some(slot) = self.fields.slots.get_mut(node as usize) else {
            return everything.then_some(nowhere);
        };
        if slot.event != self.fields.event {
            *slot =
                Slot { event: self.fields.event, spelled, object: object.object, first: NONE, last: NONE };
        } else if slot.spelled != spelled || slot.object == object.object {
            self.fields.irregular = true;
        } else {
            slot.object = object.object;
        }
        Some(At { node, spelled, depth, object: object.object })
    }

    /// Whether some name goes on below a value; if not, an object there need not be read.
    #[must_use]
    pub fn goes_on(&self, at: At) -> bool {
        let everything = self.fields.extent == Extent::Everything;
        everything || self.names.nodes.get(at.node as usize).is_some_and(|n| n.is_prefix)
    }

    /// Begins an object that stands at a value: behind a key, or as a member of its list.
    pub fn object(&mut self, at: At) -> At {
        self.fields.objects += 1;
        At { object: self.fields.objects, ..at }
    }

    /// Hands over a value; the members of a list one after the other, also those of lists in it.
    pub fn put(&mut self, at: At, value: FieldValue<'_>) {
        self.keep(at, |text| written(value, text));
    }

    /// Hands over the value of a field that is a key of the event itself.
    pub fn put_field(&mut self, field: FieldId, value: FieldValue<'_>) {
        let spelled = match self.names.nodes.get(field.index()) {
            // Every key of the event that has this number has this name.
            Some(node) => 1u64.checked_shl(node.segments).unwrap_or(0),
            None => return,
        };
        let event = self.fields.event;
        let Some(slot) = self.fields.slots.get_mut(field.index()) else { return };
        self.fields.irregular |= slot.event == event;
        if slot.event != event {
            *slot = Slot { event, spelled, object: 0, first: NONE, last: NONE };
        }
        self.fields.keep(field.0, false, |text| written(value, text));
    }

    /// Hands over a tree that stands at a value.
    pub fn put_tree(&mut self, at: At, value: &Value) {
        match value {
            Value::Array(list) => list.iter().for_each(|v| self.put_tree(at, v)),
            Value::Object(map) => {
                let object = self.object(at);
                self.object_of(object, map);
            }
            scalar => self.keep(at, |text| scalar_of(scalar, text)),
        }
    }

    fn object_of(&mut self, object: At, map: &Map<String, Value>) {
        for (key, value) in map {
            if let Some(at) = self.enter(object, key) {
                self.put_tree(at, value);
            }
        }
    }

    fn keep(&mut self, at: At, write: impl FnOnce(&mut String) -> Kind) {
        let is_field = self.names.nodes.get(at.node as usize).is_some_and(|n| n.is_field);
        if is_field || self.fields.extent == Extent::Everything {
            let node = if is_field { at.node } else { NONE };
            self.fields.keep(node, false, write);
        }
    }
}

fn segments_of(path: &str) -> u32 {
    u32::try_from(path.split('.').count()).unwrap_or(u32::MAX)
}

fn written(value: FieldValue<'_>, text: &mut String) -> Kind {
    match value {
        FieldValue::Null => Kind::Null,
        FieldValue::Bool(truth) => {
            text.push_str(if truth { "true" } else { "false" });
            Kind::Bool(truth)
        }
        FieldValue::Int(number) => number_of(&number.into(), text),
        FieldValue::Unsigned(number) => number_of(&number.into(), text),
        FieldValue::Text(value) => {
            text.push_str(value);
            Kind::Text
        }
        FieldValue::Number(written) => match plain_integer(written) {
            Some(number) => {
                text.push_str(written);
                Kind::Number(number)
            }
            None => match serde_json::from_str::<Number>(written) {
                Ok(number) => number_of(&number, text),
                Err(_) => {
                    text.push_str(written);
                    Kind::Text
                }
            },
        },
    }
}

fn scalar_of(value: &Value, text: &mut String) -> Kind {
    match value {
        Value::Bool(truth) => written(FieldValue::Bool(*truth), text),
        Value::Number(number) => number_of(number, text),
        Value::String(value) => written(FieldValue::Text(value), text),
        Value::Null | Value::Array(_) | Value::Object(_) => Kind::Null,
    }
}

fn number_of(number: &Number, text: &mut String) -> Kind {
    write!(text, "{number}").expect("a text takes what is written to it");
    Kind::Number(number.as_f64().unwrap_or(f64::NAN))
}

/// A number in the one form that integers below 2^53 have; others are read by the library.
#[expect(clippy::cast_precision_loss, reason = "fifteen digits fit")]
fn plain_integer(written: &str) -> Option<f64> {
    let bytes = written.as_bytes();
    let is_plain = matches!(bytes, [b'0'] | [b'1'..=b'9', ..]) && bytes.len() <= 15;
    let mut number = 0u64;
    for byte in bytes {
        number = number * 10 + u64::from(byte.wrapping_sub(b'0'));
        if !is_plain || !byte.is_ascii_digit() {
            return None;
        }
    }
    is_plain.then_some(number as f64)
}

#[cfg(test)]
mod tests;
