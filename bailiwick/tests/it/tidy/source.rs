//! Reads Rust source just well enough to judge its shape: what is code, what is a comment or a string.

/// The same text, byte for byte as long, with comments and the insides of strings and characters blanked.
///
/// Counting braces is enough here: rustfmt and the compiler have read the file before.
pub(super) fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => line_end(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => block_end(bytes, at),
            b'"' => string_end(bytes, at + 1),
            b'r' if !in_word(bytes, at) || (at > 0 && matches!(bytes[at - 1], b'b' | b'c')) => {
                raw_end(bytes, at).unwrap_or(at + 1)
            }
            b'\'' => char_end(text, at).unwrap_or(at + 1),
            _ => at + 1,
        };
        if end > at + 1 {
            for byte in &mut out[at..end] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
        at = end;
    }
    String::from_utf8(out).expect("only whole comments and literals are blanked")
}

fn in_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |more| at + more)
}

fn block_end(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut at) = (0_usize, at);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    bytes.len().min(at + 1)
}

/// Behind `r"…"` or `r#"…"#`; `None` where the `r` begins something else.
fn raw_end(bytes: &[u8], at: usize) -> Option<usize> {
    let hashes = bytes[at + 1..].iter().take_while(|byte| **byte == b'#').count();
    let open = at + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let close = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let inside = bytes[open + 1..].windows(close.len()).position(|window| window == close);
    Some(inside.map_or(bytes.len(), |length| open + 1 + length + close.len()))
}

/// Behind a character literal; `None` where the tick begins a lifetime.
fn char_end(text: &str, at: usize) -> Option<usize> {
    let mut rest = text[at + 1..].char_indices();
    match rest.next()?.1 {
        '\\' => {
            rest.next();
            rest.find(|(_, character)| *character == '\'').map(|(more, _)| at + 1 + more + 1)
        }
        _ => rest.next().filter(|(_, character)| *character == '\'').map(|(more, _)| at + 1 + more + 1),
    }
}

/// Every function with a body: its name, the line of its `fn` (from 1) and how many lines it has.
pub(super) fn functions(code: &str) -> Vec<(String, usize, usize)> {
    let mut found = vec![];
    for (at, _) in code.match_indices("fn ").filter(|(at, _)| !in_word(code.as_bytes(), *at)) {
        let name: String = code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if let Some(end) = body_end(code, at).filter(|_| !name.is_empty()) {
            let line = code[..at].matches('\n').count() + 1;
            found.push((name, line, code[at..end].matches('\n').count() + 1));
        }
    }
    found
}

/// Behind the closing brace of the body that begins after `at`; `None` for a declaration without one.
fn body_end(code: &str, at: usize) -> Option<usize> {
    let (mut round, mut braces) = (0_i64, 0_i64);
    for (more, byte) in code.as_bytes()[at..].iter().enumerate() {
        match byte {
            b'(' | b'[' => round += 1,
            b')' | b']' => round -= 1,
            b';' if round == 0 && braces == 0 => return None,
            b'{' => braces += 1,
            b'}' => {
                braces -= 1;
                if braces == 0 {
                    return Some(at + more + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The attributes `allow(…)` and `expect(…)`, as they stand in the text, each with its line (from 1).
pub(super) fn exceptions<'a>(text: &'a str, code: &str) -> Vec<(usize, &'a str)> {
    let mut found = vec![];
    for word in ["allow(", "expect("] {
        for (at, _) in code.match_indices(word).filter(|(at, _)| !in_word(code.as_bytes(), *at)) {
            if in_attribute(&code[..at]) {
                found.push((code[..at].matches('\n').count() + 1, &text[at..at + nested(&code[at..])]));
            }
        }
    }
    found
}

/// Whether an attribute is open at the end of this text: its last `#[` or `#![` is not closed yet.
fn in_attribute(before: &str) -> bool {
    let Some(open) = before.rfind("#[").max(before.rfind("#![")) else { return false };
    let mut depth = 0_usize;
    for byte in before[open..].bytes() {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return false;
        }
    }
    true
}

/// How long the text is up to the round bracket that closes its first one.
fn nested(code: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

/// The product's code alone: without the `mod tests` at the foot and without files of tests.
pub(super) fn without_tests<'a>(path: &str, code: &'a str) -> &'a str {
    let of_tests = path.contains("/tests/") || path.ends_with("/tests.rs") || path.starts_with("fuzz/");
    match code.find("#[cfg(test)]") {
        _ if of_tests => "",
        Some(at) if code[at + 12..].trim_start().starts_with("mod ") => &code[..at],
        _ => code,
    }
}

#[test]
fn strings_comments_and_characters_are_no_code() {
    for (text, blanked) in [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        (r#"a "b \" c" d"#, "a          d"),
        ("a r#\"b \" c\"# d", "a            d"),
        ("a br\"b\\\" d", "a b      d"),
        ("fn f<'a>(x: &'a str) {'{'}", "fn f<'a>(x: &'a str) {   }"),
        (r"a '\'' b '\u{7d}' c 'ü' d", "a      b          c      d"),
        ("\"ä\" x", "     x"),
        ("for x in y { r }", "for x in y { r }"),
    ] {
        assert_eq!(code(text), blanked, "{text}");
    }
}

#[test]
fn functions_are_found_with_their_lines() {
    let text = "trait T { fn declared(&self, x: [u8; 2]); }\nfn one() -> fn(u8) { \"}\" }\n\nconst fn two(\n  x: u8,\n) {\n  if x { fn inner() {} }\n}\n";
    let found = functions(&code(text));
    let found: Vec<_> = found.iter().map(|(name, line, lines)| (name.as_str(), *line, *lines)).collect();
    assert_eq!(found, [("one", 2, 1), ("two", 4, 5), ("inner", 7, 1)]);
}

#[test]
fn exceptions_are_found_in_attributes_only() {
    let text = "#[expect(clippy::x(y), reason = \"a) b\")]\nfn f() { x[..y.expect(\"y\")]; allow(1) }\n#![allow(\n  unused\n)]\n#[cfg_attr(test, allow(dead_code))]\n";
    let found = exceptions(text, &code(text));
    let lines: Vec<_> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 6, 1]);
    assert!(found[2].1.ends_with("reason = \"a) b\")"), "{}", found[2].1);
}

#[test]
fn what_stands_in_tests_is_no_code_of_the_product() {
    assert_eq!(without_tests("x/src/lib.rs", "fn a() {}\n#[cfg(test)]\nmod tests { }"), "fn a() {}\n");
    assert_eq!(without_tests("x/src/lib.rs", "#[cfg(test)]\nfn a() {}"), "#[cfg(test)]\nfn a() {}");
    assert_eq!(without_tests("x/src/y/tests.rs", "fn a() {}"), "");
}
