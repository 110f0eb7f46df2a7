//! JSON that may have been cut: everything that was complete before the cut is read, and the cut is told.

use crate::document::Document;
use model::Time;
use serde_json::Value;

/// How deep brackets may be nested before we stop to look; `serde_json` stops there too.
const DEPTH_LIMIT: usize = 127;

/// A JSON text, and what is wrong with its end.
#[derive(Debug)]
pub(super) struct Json {
    /// What could be read.
    pub(super) value: Value,
    /// Why it is not the whole text.
    pub(super) cut: Option<String>,
}

/// Reads a JSON text. One that ends early is closed behind the last complete member of its outermost object, or of the
/// array that is (or stands right in) it.
///
/// # Errors
/// What is wrong, when nothing of it can be read.
pub(super) fn json(text: &str) -> Result<Json, String> {
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok(Json { value, cut: None }),
        Err(error) => error,
    };
    let why = if error.is_eof() {
        format!("the JSON text ends early (line {})", error.line())
    } else {
        format!("not JSON from line {} column {} on", error.line(), error.column())
    };
    let value = closed(text).and_then(|shorter| serde_json::from_str(&shorter).ok());
    value.map(|value| Json { value, cut: Some(why.clone()) }).ok_or(why)
}

/// The text up to the last place where it could have ended well, with the brackets that were open there closed.
fn closed(text: &str) -> Option<String> {
    let (mut stack, mut quoted, mut escaped) = (Vec::<u8>::new(), false, false);
    let mut safe: Option<(usize, Vec<u8>)> = None;
    for (place, byte) in text.bytes().enumerate() {
        if quoted {
            (quoted, escaped) = (escaped || byte != b'"', !escaped && byte == b'\\');
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' if stack.len() < DEPTH_LIMIT => stack.push(byte),
            b'{' | b'[' => break,
            b'}' | b']' => {
                // `{` and `[` stand two places before `}` and `]` in ASCII.
                if stack.pop() != Some(byte - 2) {
                    break;
                }
                if stack.is_empty() || is_outer(&stack) {
                    safe = Some((place + 1, stack.clone()));
                }
                if stack.is_empty() {
                    break;
                }
            }
            b',' if is_outer(&stack) => safe = Some((place, stack.clone())),
            _ => {}
        }
    }
    let (place, open) = safe?;
    let closing = open.iter().rev().map(|bracket| char::from(bracket + 2));
    Some(text[..place].chars().chain(closing).collect())
}

fn is_outer(stack: &[u8]) -> bool {
    stack.len() == 1 || stack == b"{["
}

/// The whole lines of a text. A last line without an end may have been cut: it is left out, and the document is partial.
pub(super) fn lines<'a>(text: &'a str, document: &mut Document) -> &'a str {
    if text.is_empty() || text.ends_with('\n') {
        return text;
    }
    document.partial("the last line has no end: the file may have been cut");
    text.rfind('\n').map_or("", |end| &text[..=end])
}

/// A text member.
pub(super) fn text<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member).and_then(Value::as_str)
}

/// A whole number, also when it is written as text.
pub(super) fn number(value: &Value, member: &str) -> Option<i64> {
    let value = value.get(member)?;
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// An instant, as text or as a number of seconds with a fraction.
pub(super) fn instant(value: &Value, member: &str) -> Option<Time> {
    match value.get(member)? {
        Value::String(text) => crate::text::instant(text),
        Value::Number(number) => seconds(number.as_f64()?),
        _ => None,
    }
}

/// Seconds since 1970, with a fraction that is dropped.
pub(super) fn seconds(number: f64) -> Option<Time> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of a float saturates; the range is asked next"
    )]
    let whole = number.floor() as i64;
    number.is_finite().then(|| Time::from_second(whole).ok()).flatten()
}

/// The members of an array, none where it is missing or something else.
pub(super) fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cut: &str, want: Option<&str>) {
        let read = json(cut).ok();
        assert!(read.as_ref().is_none_or(|r| r.cut.is_some()), "{cut}");
        assert_eq!(read.map(|r| r.value.to_string()).as_deref(), want, "{cut}");
    }

    #[test]
    fn what_was_complete_before_the_cut_is_kept() {
        check(r#"[{"a":1},{"a":2},{"a""#, Some(r#"[{"a":1},{"a":2}]"#));
        check(r#"{"n":"x","l":[{"a":1},{"b":[1,2"#, Some(r#"{"n":"x","l":[{"a":1}]}"#));
        check(r#"{"n":"x","o":{"a":1,"b":2"#, Some(r#"{"n":"x"}"#));
        check(r#"[1,2,3"#, Some("[1,2]"));
        check(r#"[{"a":"]}"},{"#, Some(r#"[{"a":"]}"}]"#));
        check(r#"[{"a":1}] and more"#, Some(r#"[{"a":1}]"#));
        check(r#"{"a":"\""#, None);
        check("", None);
        check("nothing", None);
    }

    #[test]
    fn brackets_without_end_are_not_followed() {
        assert!(json(&"[".repeat(1_000_000)).is_err());
        assert!(json(&"{\"a\":".repeat(1_000_000)).is_err());
    }
}
