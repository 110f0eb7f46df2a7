//! JSON of reports: whole, or the complete members of it that stood before it broke off.

use super::decode;
use serde_json::Value;

/// Containers within one another, as the parser of JSON bounds them too.
const DEPTH_LIMIT: usize = 127;

/// A value, and why it is not all that was written.
pub(super) struct Taken {
    /// The value.
    pub(super) value: Value,
    /// Where it broke off.
    pub(super) cut: Option<String>,
}

/// Reads a value. Of one that breaks off, the members of the outermost object and of lists that lie in at most `depth`
/// containers are kept when they were whole.
///
/// # Errors
/// What is wrong, when nothing can be kept.
pub(super) fn take(raw: &[u8], depth: usize) -> Result<Taken, String> {
    let (text, broken) = decode(raw);
    let error = match serde_json::from_str(&text) {
        Ok(value) => return Ok(Taken { value, cut: broken }),
        Err(error) => error,
    };
    let end = if error.is_eof() { text.len() } else { offset(&text, error.line(), error.column()) };
    let why = broken.unwrap_or_else(|| format!("the JSON breaks off: {error}"));
    let kept = kept(&text.as_bytes()[..end], depth).ok_or_else(|| why.clone())?;
    let kept = String::from_utf8(kept).map_err(|_| why.clone())?;
    let value = serde_json::from_str(&kept).map_err(|_| why.clone())?;
    Ok(Taken { value, cut: Some(why) })
}

/// The place of a line and column, both from 1, among the bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (before + column).min(text.len())
}

/// The text up to the last member that was whole, with what is open closed again.
fn kept(text: &[u8], depth: usize) -> Option<Vec<u8>> {
    let mut open: Vec<u8> = vec![];
    let mut last: Option<(usize, Vec<u8>)> = None;
    let (mut quoted, mut escaped) = (false, false);
    for (place, byte) in text.iter().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        let whole = match byte {
            b'"' => {
                quoted = true;
                None
            }
            b'{' | b'[' => {
                if open.len() >= DEPTH_LIMIT {
                    break;
                }
                open.push(*byte);
                None
            }
            b'}' | b']' => {
                let fits = open.pop() == Some(if *byte == b'}' { b'{' } else { b'[' });
                if !fits {
                    break;
                }
                Some(place + 1)
            }
            b',' => Some(place),
            _ => None,
        };
        if let Some(end) = whole.filter(|_| safe(&open, depth)) {
            last = Some((end, open.clone()));
        }
        if whole.is_some() && open.is_empty() {
            break;
        }
    }
    let (end, open) = last?;
    let mut kept = text[..end].to_vec();
    kept.extend(open.iter().rev().map(|b| if *b == b'{' { b'}' } else { b']' }));
    Some(kept)
}

fn safe(open: &[u8], depth: usize) -> bool {
    match open.last() {
        Some(b'[') => open.len() <= depth,
        Some(_) => open.len() == 1,
        None => true,
    }
}

/// A text member that is there and not empty.
pub(super) fn says<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str().map(str::trim).filter(|t| !t.is_empty())
}

/// The members of a list, or none.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A number, or a text that is one.
pub(super) fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|n| n.is_finite())
}
