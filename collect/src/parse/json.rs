//! JSON: one object a record, and documents that hold many. Fields are counted, depth is bounded, a name that stands
//! twice is said.

use super::Parsed;
use crate::Limits;
use crate::feed::Feed;
use crate::out::Out;
use crate::time::{self, When};
use model::{Defect, Fields, Format};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::fmt;
use std::ops::ControlFlow;

/// Names under which records keep their time, the most telling first.
pub(crate) const TIME_NAMES: [&str; 24] = [
    "@timestamp",
    "timestamp",
    "time",
    "ts",
    "_ts",
    "eventTime",
    "TimeCreated",
    "SystemTime",
    "EventTime",
    "UtcTime",
    "event_time",
    "datetime",
    "date",
    "createdDateTime",
    "published",
    "CreationTime",
    "TimeGenerated",
    "event.created",
    "activityDateTime",
    "Timestamp",
    "Time",
    "Datetime",
    "_time",
    "eventtime",
];

/// Reads one record.
pub(crate) fn parse(raw: &[u8], limits: &Limits) -> Parsed {
    let state = State { left: Cell::new(limits.fields), fault: Cell::new(None), twice: Cell::new(None) };
    let mut reader = serde_json::Deserializer::from_slice(raw);
    let read =
        serde::de::DeserializeSeed::deserialize(Seed { state: &state, depth: limits.depth }, &mut reader);
    let read = read.and_then(|value| reader.end().map(|()| value));
    let mut defects: Vec<Defect> =
        state.twice.take().map(|key| Defect::DuplicateKey { key }).into_iter().collect();
    match (read, state.fault.take()) {
        (Ok(Value::Object(fields)), _) => {
            let when = when(&fields);
            Parsed { fields, when, defects }
        }
        (Ok(_), _) => {
            defects.push(Defect::Malformed { why: "JSON, but no object".into() });
            Parsed { defects, ..Parsed::default() }
        }
        (Err(_), Some(fault)) => Parsed { defects: vec![fault], ..Parsed::default() },
        (Err(error), None) => {
            let defect =
                if error.is_eof() { Defect::CutShort } else { Defect::Malformed { why: error.to_string() } };
            Parsed { defects: vec![defect], ..Parsed::default() }
        }
    }
}

/// The time of a record, by the first telling name that it has.
fn when(fields: &Fields) -> When {
    if let Some(micros) =
        fields.get("__REALTIME_TIMESTAMP").and_then(Value::as_str).and_then(|t| t.parse().ok())
    {
        return time::epoch(micros);
    }
    let named = TIME_NAMES.iter().filter_map(|name| fields.get(*name));
    let system = fields.get("Event").and_then(|e| e.pointer("/System/TimeCreated/#attributes/SystemTime"));
    let winlog = fields.get("TimeCreated").and_then(|t| t.get("SystemTime"));
    named.chain(system).chain(winlog).map(value_when).find(|w| *w != When::Unknown).unwrap_or_default()
}

/// The time that a value says.
pub(crate) fn value_when(value: &Value) -> When {
    match value {
        Value::String(text) => text_when(text),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => time::epoch(whole),
            (None, Some(real)) => time::seconds(real),
            _ => When::Unknown,
        },
        _ => When::Unknown,
    }
}

/// The time that a text says, or begins with.
pub(crate) fn text_when(text: &str) -> When {
    match time::read(text) {
        When::Unknown => time::leading(text).map_or(When::Unknown, |(when, _)| when),
        when => when,
    }
}

/// What is kept while one record is read.
struct State {
    left: Cell<usize>,
    fault: Cell<Option<Defect>>,
    twice: Cell<Option<String>>,
}

/// Reads a value that may still be so deep.
struct Seed<'a> {
    state: &'a State,
    depth: usize,
}

impl Seed<'_> {
    fn fail<E: serde::de::Error>(&self, fault: Defect) -> E {
        let text = fault.code().to_owned();
        self.state.fault.set(Some(fault));
        E::custom(text)
    }

    fn count<E: serde::de::Error>(&self) -> Result<(), E> {
        match self.state.left.get().checked_sub(1) {
            Some(left) => {
                self.state.left.set(left);
                Ok(())
            }
            None => Err(self.fail(Defect::TooManyFields)),
        }
    }

    fn inner<E: serde::de::Error>(&self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { state: self.state, depth }),
            None => Err(self.fail(Defect::TooDeep)),
        }
    }
}

impl<'de> serde::de::DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> serde::de::Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = vec![];
        loop {
            let inner = self.inner()?;
            match seq.next_element_seed(inner)? {
                Some(value) => {
                    self.count()?;
                    list.push(value);
                }
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            self.count()?;
            let value = map.next_value_seed(self.inner()?)?;
            if fields.insert(name.clone(), value).is_some() {
                self.state.twice.set(Some(name));
            }
        }
        Ok(Value::Object(fields))
    }
}

/// Reads a document: an array's members, the `Records` of a CloudTrail file, or values one behind the other.
pub(crate) fn read(feed: &mut Feed<'_>, out: &mut Out<'_>) -> ControlFlow<()> {
    if feed.peek().starts_with(b"\xef\xbb\xbf") {
        feed.pass(3);
    }
    loop {
        skip_space(feed);
        match feed.ahead().first().copied() {
            None => return ControlFlow::Continue(()),
            Some(b'[') => {
                feed.pass(1);
                members(feed, out, false)?;
            }
            Some(b'{') if begins_records(feed.peek()) => records(feed, out)?,
            Some(b',') => feed.pass(1),
            Some(b'{' | b'"') => value(feed, out)?,
            // Outside a list nothing else can begin a document: the line stays as it is.
            Some(_) => stray_line(feed, out)?,
        }
    }
}

fn stray_line(feed: &mut Feed<'_>, out: &mut Out<'_>) -> ControlFlow<()> {
    let limit = out.options.limits.record_bytes;
    let Some(line) = super::lines::next_line(feed, limit) else { return ControlFlow::Continue(()) };
    let mut parsed = super::parse(out.format(), &line.bytes, &out.options.limits);
    if !line.whole {
        parsed = Parsed { defects: vec![Defect::TooLong { piece: 1 }], ..Parsed::default() };
    }
    out.record(line.bytes, parsed, feed.offset())
}

fn skip_space(feed: &mut Feed<'_>) {
    loop {
        let ahead = feed.ahead();
        let many = ahead.iter().take_while(|b| b.is_ascii_whitespace()).count();
        if many == 0 {
            return;
        }
        feed.pass(many);
    }
}

/// Whether what lies ahead is `{"Records":[`, with any white space.
fn begins_records(ahead: &[u8]) -> bool {
    records_length(ahead).is_some()
}

fn records_length(ahead: &[u8]) -> Option<usize> {
    let mut at = 0;
    for token in [b"{".as_slice(), b"\"Records\"", b":", b"["] {
        at += ahead[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        at += ahead[at..].starts_with(token).then_some(token.len())?;
    }
    Some(at)
}

/// The members of a CloudTrail file's list; what stands beside the list is kept as a record of its own.
fn records(feed: &mut Feed<'_>, out: &mut Out<'_>) -> ControlFlow<()> {
    let length = records_length(feed.peek()).unwrap_or(1);
    feed.pass(length);
    members(feed, out, true)?;
    skip_space(feed);
    if feed.ahead().first() == Some(&b'}') {
        feed.pass(1);
        return ControlFlow::Continue(());
    }
    // Rare: other members behind the list. They stay, raw, up to the closing brace.
    let rest =
        scan(feed, out.options.limits.record_bytes, Nesting { depth: 1, in_text: false, escaped: false });
    if rest.bytes.iter().all(|b| b.is_ascii_whitespace() || *b == b'}') {
        return ControlFlow::Continue(());
    }
    let why = "members beside `Records`".to_owned();
    let parsed = Parsed { defects: vec![Defect::Malformed { why }], ..Parsed::default() };
    out.record(rest.bytes, parsed, feed.offset())
}

fn members(feed: &mut Feed<'_>, out: &mut Out<'_>, may_be_cloudtrail: bool) -> ControlFlow<()> {
    if may_be_cloudtrail && out.format() == Format::Json && out.options.format.is_none() {
        out.switch(Format::Cloudtrail);
    }
    loop {
        skip_space(feed);
        match feed.ahead().first() {
            None => {
                out.stopped(format!("the list does not end; the file ends at byte {}", feed.offset()));
                return ControlFlow::Continue(());
            }
            Some(b']') => {
                feed.pass(1);
                return ControlFlow::Continue(());
            }
            Some(b',') => feed.pass(1),
            Some(_) => value(feed, out)?,
        }
    }
}

/// One value as a record, its raw bytes as they stand.
fn value(feed: &mut Feed<'_>, out: &mut Out<'_>) -> ControlFlow<()> {
    let limit = out.options.limits.record_bytes;
    let mut nesting = Nesting { depth: 0, in_text: false, escaped: false };
    let mut piece = 1;
    loop {
        let scanned = scan(feed, limit, nesting);
        nesting = scanned.nesting;
        if scanned.bytes.is_empty() && scanned.ended {
            return ControlFlow::Continue(());
        }
        let parsed = if scanned.ended && piece == 1 {
            super::parse(out.format(), &scanned.bytes, &out.options.limits)
        } else {
            Parsed { defects: vec![Defect::TooLong { piece }], ..Parsed::default() }
        };
        out.record(scanned.bytes, parsed, feed.offset())?;
        piece += 1;
        if scanned.ended {
            return ControlFlow::Continue(());
        }
    }
}

/// Where a scan stands.
#[derive(Clone, Copy)]
struct Nesting {
    depth: u64,
    in_text: bool,
    escaped: bool,
}

struct Scanned {
    bytes: Vec<u8>,
    /// Whether the value ended, or the input did.
    ended: bool,
    nesting: Nesting,
}

/// Takes bytes up to the end of the value, at most `limit`. It counts brackets and knows texts; it does not recurse.
fn scan(feed: &mut Feed<'_>, limit: usize, mut nesting: Nesting) -> Scanned {
    let mut bytes = vec![];
    let mut begun = nesting.depth > 0 || nesting.in_text;
    loop {
        let ahead = feed.ahead();
        if ahead.is_empty() {
            return Scanned { bytes, ended: true, nesting };
        }
        let room = limit - bytes.len();
        if room == 0 {
            return Scanned { bytes, ended: false, nesting };
        }
        let mut used = 0;
        let mut ended = false;
        for &byte in &ahead[..ahead.len().min(room)] {
            let at_top = nesting.depth == 0 && !nesting.in_text;
            // A bare value ends before what separates it.
            if at_top && begun && (matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace()) {
                ended = true;
                break;
            }
            used += 1;
            match byte {
                _ if nesting.escaped => nesting.escaped = false,
                b'\\' if nesting.in_text => nesting.escaped = true,
                b'"' => nesting.in_text = !nesting.in_text,
                _ if nesting.in_text => {}
                b'{' | b'[' => nesting.depth += 1,
                b'}' | b']' => nesting.depth = nesting.depth.saturating_sub(1),
                _ => {}
            }
            begun = true;
            let closed = nesting.depth == 0 && !nesting.in_text && matches!(byte, b'}' | b']' | b'"');
            if closed {
                ended = true;
                break;
            }
        }
        bytes.extend_from_slice(&ahead[..used]);
        feed.pass(used);
        if ended {
            return Scanned { bytes, ended, nesting };
        }
    }
}
