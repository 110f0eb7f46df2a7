//! Finds in a raw what varies from row to row: values of JSON, texts of XML, tokens with a digit elsewhere.
//!
//! It knows no field names and checks no grammar: whatever it gives are places in the raw, and the raw is what lies in
//! them and between them. So a bad guess costs size, never bytes.

/// From and to of a variable, in bytes of the raw.
pub(crate) type Span = (u32, u32);

/// Longer raws are not split.
pub(crate) const RAW_LIMIT_BYTES: usize = 64 << 10;
/// Raws with more variables are not split.
pub(crate) const VARIABLES_LIMIT: usize = 1024;
/// Longer values of attributes vary, whatever they hold.
const ATTRIBUTE_BYTES: usize = 48;

/// Appends the variables of a raw in their order; `false` when it is not split.
pub(crate) fn split(raw: &[u8], spans: &mut Vec<Span>) -> bool {
    if raw.len() > RAW_LIMIT_BYTES {
        return false;
    }
    let before = spans.len();
    match raw.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'{' | b'[') => json(raw, spans),
        Some(b'<') if raw.get(1).is_some_and(|b| !b.is_ascii_digit()) => xml(raw, spans),
        _ => text(raw, spans),
    }
    let kept = spans.len() - before <= VARIABLES_LIMIT;
    if !kept {
        spans.truncate(before);
    }
    kept
}

fn span(from: usize, to: usize) -> Span {
    // No raw that is split is longer than 64 KiB.
    (u32::try_from(from).unwrap_or(0), u32::try_from(to).unwrap_or(0))
}

/// Strings that are no keys, and words and numbers outside of strings.
fn json(raw: &[u8], spans: &mut Vec<Span>) {
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        let from = at + 1;
        match byte {
            b'"' => {
                let end = string_end(raw, from);
                let mut next = end + 1;
                while raw.get(next) == Some(&b' ') {
                    next += 1;
                }
                if raw.get(next) != Some(&b':') {
                    spans.push(span(from, end));
                }
                at = end + 1;
            }
            b'0'..=b'9' | b'-' | b'a'..=b'z' | b'A'..=b'Z' => {
                at = from;
                let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
                while raw.get(at).is_some_and(word) {
                    at += 1;
                }
                spans.push(span(from - 1, at));
            }
            _ => at = from,
        }
    }
}

/// Where the string that began before `at` ends: at its quote, or at the end of the raw.
fn string_end(raw: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = raw.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    raw.len()
}

/// Text between tags unless it is only space, and those values of attributes that hold a digit or are long.
fn xml(raw: &[u8], spans: &mut Vec<Span>) {
    let mut at = 0;
    while at < raw.len() {
        let from = at;
        while raw.get(at).is_some_and(|&b| b != b'<') {
            at += 1;
        }
        if raw[from..at].iter().any(|b| !b.is_ascii_whitespace()) {
            spans.push(span(from, at));
        }
        at = tag(raw, at, spans);
    }
}

/// Goes through a tag; gives the place behind it.
fn tag(raw: &[u8], mut at: usize, spans: &mut Vec<Span>) -> usize {
    while let Some(&byte) = raw.get(at) {
        at += 1;
        match byte {
            b'>' => return at,
            b'"' | b'\'' => {
                let from = at;
                let mut digit = false;
                while raw.get(at).is_some_and(|&b| b != byte) {
                    digit |= raw[at].is_ascii_digit();
                    at += 1;
                }
                if digit || at - from > ATTRIBUTE_BYTES {
                    spans.push(span(from, at));
                }
                at += 1;
            }
            _ => {}
        }
    }
    at
}

/// Tokens that hold a digit or stand behind `=`.
fn text(raw: &[u8], spans: &mut Vec<Span>) {
    let mut at = 0;
    while at < raw.len() {
        let from = at;
        let mut digit = from > 0 && raw[from - 1] == b'=';
        while raw.get(at).is_some_and(|&b| !ends_token(b)) {
            digit |= raw[at].is_ascii_digit();
            at += 1;
        }
        if digit && at > from {
            spans.push(span(from, at));
        }
        at += 1;
    }
}

fn ends_token(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b'=' | b',' | b';' | b'"' | b'\'' | b'|' | b'<' | b'>')
        || matches!(byte, b'(' | b')' | b'[' | b']' | b'{' | b'}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(raw: &str, expected: &[&str]) {
        let mut spans = vec![];
        assert!(split(raw.as_bytes(), &mut spans), "{raw}");
        let found: Vec<&str> = spans.iter().map(|&(a, b)| &raw[a as usize..b as usize]).collect();
        assert_eq!(found, expected, "{raw}");
    }

    #[test]
    fn values_vary_and_keys_do_not() {
        check(
            r#"{"a": "x y", "b" : -1.5e3, "c":[true,"\"q",null]}"#,
            &["x y", "-1.5e3", "true", "\\\"q", "null"],
        );
        check(r#"{"open": "never clo"#, &["never clo"]);
        check(r#"{"open": "\"#, &["\\"]);
    }

    #[test]
    fn texts_between_tags_vary_and_names_do_not() {
        check("<e a='7' name=\"sys\"> <x>5</x>\n<y/>t</e>", &["7", "5", "t"]);
        check("<34>1 fw-2 link", &["34", "1", "fw-2"]);
        check("<unclosed a='8", &["8"]);
    }

    #[test]
    fn tokens_with_digits_vary() {
        check("Nov 23 sshd[17]: from 10.0.0.1:22 user=bob;", &["23", "17", "10.0.0.1:22", "bob"]);
        check("", &[]);
    }

    proptest! {
        #[test]
        fn spans_are_in_order_and_inside(raw in "[{<]?[a-c0-9\"'\\\\<>=:, {}\\[\\]\n]{0,80}") {
            let mut spans = vec![];
            split(raw.as_bytes(), &mut spans);
            let mut at = 0;
            for (from, to) in spans {
                prop_assert!(at <= from && from <= to && to as usize <= raw.len());
                at = to;
            }
        }
    }
}
