//! One Windows event as XML, from its bytes into a sink, under the names that [`crate::parse::xml`] gives.

use super::{DEPTH, Declined, Scalar, Scratch, Sink};
use crate::Limits;

pub(super) fn read<S: Sink>(
    raw: &[u8],
    limits: &Limits,
    scratch: &mut Scratch,
    sink: &mut S,
) -> Result<(), Declined> {
    let text = std::str::from_utf8(raw).map_err(|_| Declined)?;
    let top = sink.top();
    let Scratch { text: value, name } = scratch;
    let left = limits.fields;
    let depth = DEPTH.min(limits.depth);
    let mut walk = Walk {
        rest: text,
        path: [Open::default(); DEPTH],
        len: 0,
        depth,
        left,
        value,
        name,
        top,
        data: None,
    };
    walk.event(sink)
}

/// One element that is open.
#[derive(Clone, Copy, Default)]
struct Open<'a> {
    name: &'a str,
    /// The `Name` attribute of a `Data` element.
    label: Option<&'a str>,
    has_children: bool,
}

struct Walk<'a, P> {
    rest: &'a str,
    path: [Open<'a>; DEPTH],
    len: usize,
    depth: usize,
    /// Elements and fields that may still come.
    left: usize,
    value: &'a mut String,
    name: &'a mut String,
    top: P,
    /// The place of `Data` elements without a name, which make a list.
    data: Option<Option<P>>,
}

impl<'a, P: Copy> Walk<'a, P> {
    fn event<S: Sink<Place = P>>(&mut self, sink: &mut S) -> Result<(), Declined> {
        self.rest = self.rest.trim_ascii_start();
        if let Some(behind) = self.rest.strip_prefix("<?xml ") {
            self.rest = &behind[behind.find("?>").ok_or(Declined)? + 2..];
            self.rest = self.rest.trim_ascii_start();
        }
        let mut text = "";
        loop {
            let behind = self.rest.strip_prefix('<').ok_or(Declined)?;
            self.rest = behind;
            if let Some(behind) = behind.strip_prefix('/') {
                let end = memchr::memchr(b'>', behind.as_bytes()).ok_or(Declined)?;
                let open = self.open_element().ok_or(Declined)?;
                if behind[..end] != *open.name {
                    return Err(Declined);
                }
                self.rest = &behind[end + 1..];
                self.close(sink, text)?;
            } else if self.start(sink)? {
                self.close(sink, "")?;
            }
            let next = memchr::memchr(b'<', self.rest.as_bytes());
            if self.len == 0 {
                return if self.rest.trim_ascii().is_empty() { Ok(()) } else { Err(Declined) };
            }
            let next = next.ok_or(Declined)?;
            text = &self.rest[..next];
            self.rest = &self.rest[next..];
        }
    }

    fn open_element(&self) -> Option<Open<'a>> {
        self.path.get(self.len.checked_sub(1)?).copied()
    }

    fn count(&mut self) -> Result<(), Declined> {
        self.left = self.left.checked_sub(1).ok_or(Declined)?;
        Ok(())
    }

    /// An element's start, behind `<`; whether it ends there as well.
    fn start<S: Sink<Place = P>>(&mut self, sink: &mut S) -> Result<bool, Declined> {
        if self.len >= self.depth {
            return Err(Declined);
        }
        self.count()?;
        let length = word(self.rest.as_bytes())?;
        let (name, behind) = self.rest.split_at(length);
        self.rest = behind;
        if let Some(parent) = self.len.checked_sub(1) {
            self.path[parent].has_children = true;
        }
        let depth = self.len;
        let section = if depth >= 2 { self.path[1].name } else { "" };
        let mut label = None;
        let ends = loop {
            let bytes = self.rest.as_bytes();
            match bytes {
                [b'>', ..] => {
                    self.rest = &self.rest[1..];
                    break false;
                }
                [b'/', b'>', ..] => {
                    self.rest = &self.rest[2..];
                    break true;
                }
                [b' ', ..] => self.rest = &self.rest[1..],
                _ => {
                    let (key, value) = self.attribute()?;
                    match (section, key) {
                        _ if key.starts_with("xmlns") || depth == 0 => {}
                        ("System", "SystemTime") => self.add(sink, ["TimeCreated", ""], value)?,
                        ("System", "ProcessID" | "ThreadID") => self.add(sink, ["Execution_", key], value)?,
                        ("System", _) => self.add_attribute(sink, name, key, value)?,
                        // An odd name is for the full reading.
                        (_, "Name") if value.contains('&') => return Err(Declined),
                        (_, "Name") => label = Some(value),
                        (_, _) if depth >= 2 => self.add_attribute(sink, name, key, value)?,
                        _ => {}
                    }
                }
            }
        };
        self.path[depth] = Open { name, label, has_children: false };
        self.len += 1;
        Ok(ends)
    }

    /// `key="value"`, the value as it is written.
    fn attribute(&mut self) -> Result<(&'a str, &'a str), Declined> {
        let length = word(self.rest.as_bytes())?;
        let (key, behind) = self.rest.split_at(length);
        let quote = match behind.as_bytes() {
            [b'=', quote @ (b'"' | b'\''), ..] => *quote,
            _ => return Err(Declined),
        };
        let behind = &behind[2..];
        let end = memchr::memchr(quote, behind.as_bytes()).ok_or(Declined)?;
        let value = &behind[..end];
        // White space in an attribute becomes blanks.
        if value.bytes().any(|b| b < 0x20 || b == b'<') {
            return Err(Declined);
        }
        self.rest = &behind[end + 1..];
        if !matches!(self.rest.as_bytes().first(), Some(b' ' | b'>' | b'/')) {
            return Err(Declined);
        }
        Ok((key, value))
    }

    fn close<S: Sink<Place = P>>(&mut self, sink: &mut S, text: &'a str) -> Result<(), Declined> {
        let open = self.open_element().ok_or(Declined)?;
        self.len -= 1;
        if open.has_children || self.len < 2 {
            return Ok(());
        }
        let section = self.path[1].name;
        if section == "System" {
            let text = text.trim();
            // An element of `System` without text has told all in its attributes.
            return if text.is_empty() {
                Ok(())
            } else if text.contains('&') {
                Err(Declined)
            } else {
                self.add(sink, [open.label.unwrap_or(open.name), ""], text)
            };
        }
        let name = open.label.unwrap_or(open.name);
        if section == "RenderingInfo" {
            return self.add(sink, ["RenderingInfo_", name], text);
        }
        self.add(sink, [name, ""], text)
    }

    fn add_attribute<S: Sink<Place = P>>(
        &mut self,
        sink: &mut S,
        element: &str,
        key: &str,
        value: &str,
    ) -> Result<(), Declined> {
        self.count()?;
        self.name.clear();
        self.name.push_str(element);
        self.name.push('_');
        self.name.push_str(key);
        let place = sink.enter(self.top, self.name);
        self.put(sink, place, value)
    }

    fn add<S: Sink<Place = P>>(
        &mut self,
        sink: &mut S,
        name: [&str; 2],
        value: &str,
    ) -> Result<(), Declined> {
        self.count()?;
        let place = match name {
            ["Data", ""] => *self.data.get_or_insert_with(|| sink.enter(self.top, "Data")),
            [name, ""] => sink.enter(self.top, name),
            [before, name] => {
                self.name.clear();
                self.name.push_str(before);
                self.name.push_str(name);
                sink.enter(self.top, self.name)
            }
        };
        self.put(sink, place, value)
    }

    fn put<S: Sink<Place = P>>(
        &mut self,
        sink: &mut S,
        place: Option<P>,
        value: &str,
    ) -> Result<(), Declined> {
        let is_plain = memchr::memchr(b'&', value.as_bytes()).is_none();
        match place {
            Some(place) if is_plain => sink.put(place, Scalar::Text(value)),
            None if is_plain => {}
            _ => {
                self.value.clear();
                unescape(value, self.value)?;
                if let Some(place) = place {
                    sink.put(place, Scalar::Text(self.value));
                }
            }
        }
        Ok(())
    }
}

/// The length of a name. Prefixes and letters beyond ASCII are for the full reading.
fn word(bytes: &[u8]) -> Result<usize, Declined> {
    let length = bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || b"_-.".contains(b)).count();
    if bytes.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_') {
        Ok(length)
    } else {
        Err(Declined)
    }
}

/// Appends a text with the five names of XML and numbers resolved.
fn unescape(text: &str, into: &mut String) -> Result<(), Declined> {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        into.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let end = behind.bytes().take(10).position(|b| b == b';').ok_or(Declined)?;
        into.push(match &behind[..end] {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            // Numbers are rare, and not all of them are characters of XML.
            _ => return Err(Declined),
        });
        rest = &behind[end + 1..];
    }
    into.push_str(rest);
    Ok(())
}
