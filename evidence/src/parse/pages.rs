//! JSON as tools leave it: several values behind each other, cut in the middle, with a byte-order mark; and its
//! fields, typed.

use crate::text;
use model::Time;
use serde_json::{Map, Value};

/// Bytes that one cell may hold.
pub(super) const CELL_BYTES: usize = 64 * 1024;

/// What could be read of a text of JSON values.
pub(super) struct Values {
    /// The values, in order; the last one may be [`Values::mended`].
    pub(super) values: Vec<Value>,
    /// What is wrong with the text, if it is not whole.
    pub(super) broken: Option<String>,
    /// Whether the last value was cut and closed here behind its last complete entry.
    pub(super) mended: bool,
}

/// Reads values that stand behind each other. What is cut is closed behind the last object that ended in an array at
/// the depth that `depth` names for the value's text (1: the array itself is the value).
pub(super) fn values(text: &str, depth: fn(&str) -> usize) -> Values {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let mut values = vec![];
    let error = loop {
        match stream.next() {
            None => return Values { values, broken: None, mended: false },
            Some(Ok(value)) => values.push(value),
            Some(Err(error)) => break error,
        }
    };
    let begin = stream.byte_offset();
    let end = if error.is_eof() { text.len() } else { place(text, error.line(), error.column()) };
    let tail = text.get(begin..end.max(begin)).unwrap_or("");
    let rest = mend(tail, depth(tail.trim_start())).and_then(|mended| serde_json::from_str(&mended).ok());
    let mended = rest.is_some();
    values.extend(rest);
    let broken = if error.is_eof() {
        format!("ends in the middle, behind {} bytes", text.len())
    } else {
        format!("no JSON from line {} column {} on", error.line(), error.column())
    };
    Values { values, broken: Some(broken), mended }
}

/// The byte of a line and column, both from 1, on a character's edge.
fn place(text: &str, line: usize, column: usize) -> usize {
    let start = text
        .bytes()
        .enumerate()
        .filter(|(_, b)| *b == b'\n')
        .nth(line.saturating_sub(2))
        .map_or(0, |(at, _)| at + 1);
    let start = if line <= 1 { 0 } else { start };
    let mut at = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Closes a cut value behind the last object that ended as a member of an array `depth` brackets deep.
fn mend(text: &str, depth: usize) -> Option<String> {
    let (mut open, mut quoted, mut escaped) = (vec![], false, false);
    let mut last: Option<(usize, Vec<u8>)> = None;
    for (at, byte) in text.bytes().enumerate() {
        if quoted {
            (quoted, escaped) = (byte != b'"' || escaped, byte == b'\\' && !escaped);
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'}' | b']' => {
                if open.pop() != Some(byte) {
                    break;
                }
                if byte == b'}' && open.len() == depth && open.last() == Some(&b']') {
                    last = Some((at + 1, open.clone()));
                }
            }
            _ => {}
        }
    }
    let (at, open) = last?;
    let mut mended = text[..at].to_owned();
    mended.extend(open.iter().rev().map(|b| char::from(*b)));
    Some(mended)
}

/// Bytes as text as far as they are text, and what is wrong behind it.
pub(super) fn decode(raw: &[u8]) -> (String, Option<String>) {
    let why = match text::decode(raw) {
        Ok(text) => return (text, None),
        Err(why) => why,
    };
    let prefix = match raw {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            text::decode(&raw[..raw.len() - raw.len() % 2]).unwrap_or_default()
        }
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => {
            let end = std::str::from_utf8(rest).map_or_else(|e| e.valid_up_to(), str::len);
            String::from_utf8_lossy(&rest[..end]).into_owned()
        }
    };
    (prefix, Some(why))
}

/// The beginning of a document, for a look only.
pub(super) fn glance(head: &[u8]) -> String {
    match head {
        [0xff, 0xfe, rest @ ..] => {
            let units: Vec<u16> = rest.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        [0xfe, 0xff, rest @ ..] => {
            let units: Vec<u16> = rest.chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => String::from_utf8_lossy(rest).into_owned(),
    }
}

/// The fields of one object. A field of another type is an error; null, empty text and absence are "not said".
/// PowerShell writes the same names with a capital first letter: both are found.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a>(&'a Map<String, Value>);

impl<'a> Entry<'a> {
    /// The fields of a value that is an object.
    pub(super) fn of(value: &'a Value) -> Result<Self, String> {
        value.as_object().map(Self).ok_or_else(|| "is no object".to_owned())
    }

    /// Whether the field is there at all, null or not.
    pub(super) fn names(self, key: &str) -> bool {
        self.find(key).is_some()
    }

    fn find(self, key: &str) -> Option<&'a Value> {
        self.0.get(key).or_else(|| {
            let mut capital = key.to_owned();
            capital.get_mut(..1)?.make_ascii_uppercase();
            self.0.get(&capital)
        })
    }

    /// The field, unless it is null.
    pub(super) fn value(self, key: &str) -> Option<&'a Value> {
        self.find(key).filter(|v| !v.is_null())
    }

    fn typed<T>(
        self,
        key: &str,
        what: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, String> {
        match self.value(key) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| format!("`{key}` is no {what}")),
        }
    }

    /// Text.
    pub(super) fn text(self, key: &str) -> Result<Option<&'a str>, String> {
        let text = self.typed(key, "text", Value::as_str)?.map(str::trim).filter(|t| !t.is_empty());
        match text {
            Some(text) if text.len() > CELL_BYTES => {
                Err(format!("`{key}` is longer than {CELL_BYTES} bytes"))
            }
            text => Ok(text),
        }
    }

    /// Text that must be there.
    pub(super) fn needed(self, key: &str) -> Result<&'a str, String> {
        self.text(key)?.ok_or_else(|| format!("has no `{key}`"))
    }

    /// A name in lower case.
    pub(super) fn name(self, key: &str) -> Result<Option<String>, String> {
        Ok(self.text(key)?.map(text::name))
    }

    /// A truth: `true` or `false`, also as text.
    pub(super) fn truth(self, key: &str) -> Result<Option<bool>, String> {
        self.typed(key, "truth", |v| v.as_bool().or_else(|| v.as_str().and_then(text::truth)))
    }

    /// A whole number, also as text.
    pub(super) fn number(self, key: &str) -> Result<Option<i64>, String> {
        self.typed(key, "whole number", |v| {
            v.as_i64().or_else(|| v.as_str().and_then(|t| t.trim().parse().ok()))
        })
    }

    /// An instant; the year 1 is how these tools write "never".
    pub(super) fn instant(self, key: &str) -> Result<Option<Time>, String> {
        let at = self.typed(key, "instant", |v| match v {
            Value::String(t) if t.trim().is_empty() || t.starts_with("0001-01-01") => Some(None),
            Value::String(t) => dotnet(t).or_else(|| text::instant(t)).map(Some),
            _ => None,
        })?;
        Ok(at.flatten())
    }

    /// An object inside.
    pub(super) fn entry(self, key: &str) -> Result<Option<Self>, String> {
        self.typed(key, "object", |v| v.as_object().map(Self))
    }

    /// A list inside; a single thing stands for a list of one, as PowerShell writes it.
    pub(super) fn list(self, key: &str) -> &'a [Value] {
        match self.value(key) {
            None => &[],
            Some(Value::Array(values)) => values,
            Some(single) => std::slice::from_ref(single),
        }
    }

    /// Its fields in order.
    pub(super) fn fields(self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.0.iter()
    }
}

/// `/Date(1777406310050)/`: milliseconds since 1970, as Windows PowerShell writes instants.
fn dotnet(text: &str) -> Option<Time> {
    let number = text.trim().strip_prefix("/Date(")?.strip_suffix(")/")?;
    Time::from_millisecond(number.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(text: &str, depth: usize) -> Option<String> {
        mend(text, depth)
    }

    #[test]
    fn a_cut_value_is_closed_behind_its_last_complete_entry() {
        assert_eq!(
            mended(r#"{"value":[{"a":"]}\""},{"a":[{"#, 2).as_deref(),
            Some(r#"{"value":[{"a":"]}\""}]}"#)
        );
        assert_eq!(mended(r#"[{"a":1},{"b":[{"c":2}"#, 1).as_deref(), Some(r#"[{"a":1}]"#));
        assert_eq!(mended(r#"{"value":[{"a""#, 2), None);
        assert_eq!(mended(r#"[{"a":1}}]"#, 1).as_deref(), Some(r#"[{"a":1}]"#));
    }

    #[test]
    fn rubbish_behind_a_value_is_named_with_its_place() {
        let read = values("{\"value\":[{\"a\":1}]}\n{\"value\":[{\"a\":2},\n{\"a\":xyz}]}", |_| 2);
        assert_eq!(read.values.len(), 2);
        assert!(read.broken.is_some_and(|why| why.contains("line 3 column 6")));
        assert_eq!(read.values[1]["value"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn powershell_dates_and_names_are_found() {
        let value: Value = serde_json::from_str(r#"{"EndDateTime":"/Date(1778702258453)/","x":7}"#).unwrap();
        let entry = Entry::of(&value).unwrap();
        assert_eq!(entry.instant("endDateTime").unwrap().map(Time::as_second), Some(1_778_702_258));
        assert!(entry.text("x").is_err_and(|e| e == "`x` is no text"));
        assert!(entry.instant("x").is_err());
    }
}
