//! The quick way through a record: values are handed over as they are met, without a tree.
//!
//! It reads what is regular and declines everything else, which is then read in full: a quick reader never decides what
//! a broken, deep, wide or odd record means. Where it does not decline, a [`Sink`] was given what the full reading's
//! fields hold, in their order.

mod clock;
mod json;
mod xml;

use crate::Limits;
use model::Format;

pub(crate) use clock::when;

/// Deepest nesting that is read quickly; real records have four levels at most.
const DEPTH: usize = 24;

/// A value as it stands in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// Null.
    Null,
    /// True or false.
    Bool(bool),
    /// A number as it is written.
    Number(&'a str),
    /// A text, without escapes.
    Text(&'a str),
}

/// Takes values as they are met.
pub trait Sink {
    /// A place in the record: the value of a key, or an object.
    type Place: Copy;

    /// The record itself.
    fn top(&mut self) -> Self::Place;
    /// Steps to the value of a key in an object. None: nobody looks there or below.
    fn enter(&mut self, object: Self::Place, key: &str) -> Option<Self::Place>;
    /// Whether anybody looks into an object that stands here.
    fn goes_on(&self, place: Self::Place) -> bool;
    /// Begins an object that stands at a key or in its list.
    fn object(&mut self, place: Self::Place) -> Self::Place;
    /// A list begins where this is.
    fn list(&mut self, place: Self::Place);
    /// Hands over a value; the members of a list one after the other.
    fn put(&mut self, place: Self::Place, value: Scalar<'_>);
    /// Whether it takes every value, also of keys that it does not know.
    fn takes_all(&self) -> bool;
}

/// Why a record must be read in full. The sink may hold a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Declined;

/// Text that is built again and again in the same memory.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    text: String,
    name: String,
}

/// Reads a record of a format quickly, or declines.
pub(crate) fn read<S: Sink>(
    format: Format,
    raw: &[u8],
    limits: &Limits,
    scratch: &mut Scratch,
    sink: &mut S,
) -> Result<(), Declined> {
    match format {
        Format::Evtx => xml::read(raw, limits, scratch, sink),
        Format::Ndjson | Format::Zeek | Format::Json | Format::Cloudtrail => {
            json::read(format, raw, limits, scratch, sink)
        }
        Format::Syslog | Format::Csv | Format::Text | Format::Own => Err(Declined),
    }
}

#[cfg(test)]
mod tests;
