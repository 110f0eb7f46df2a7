//! Terms: the words of a raw, as hashes. A search for a word needs only the blocks that hold its hash.
//!
//! A term is a run of ASCII letters, digits, `_` and bytes from 0x80 on, without regard to case. Raws are often escaped, so one that
//! holds a backslash is also read with JSON's escapes undone, and one that holds `&` with XML's references undone: what a parser
//! reads out of a raw has no other words than these.

/// Longer terms are not indexed, and nobody may ask for them.
pub const TERM_BYTES: usize = 256;

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of a term in lower case. Part of the form: FNV-like over bytes, `h = (h ^ byte) * FACTOR`, `h ^= h >> 29`, from the
/// FACTOR itself, and one more step of both at the end.
fn finish(hash: u64) -> u64 {
    let mixed = hash.wrapping_mul(FACTOR);
    mixed ^ (mixed >> 32)
}

fn step(hash: u64, byte: u8) -> u64 {
    let mixed = (hash ^ u64::from(byte)).wrapping_mul(FACTOR);
    mixed ^ (mixed >> 29)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Calls `each` with the hash of every term of a raw, some of them more than once.
pub fn terms(raw: &[u8], each: &mut dyn FnMut(u64)) {
    let (mut slash, mut reference) = (false, false);
    plain(raw, &mut |byte| {
        slash |= byte == b'\\';
        reference |= byte == b'&';
    }, each);
    if slash {
        plain(&json(raw), &mut |_| {}, each);
    }
    if reference {
        plain(&xml(raw), &mut |_| {}, each);
    }
}

fn plain(raw: &[u8], between: &mut dyn FnMut(u8), each: &mut dyn FnMut(u64)) {
    let mut at = 0;
    while at < raw.len() {
        let (from, mut hash, mut wide) = (at, FACTOR, false);
        while let Some(&byte) = raw.get(at).filter(|b| is_word(**b)) {
            wide |= byte >= 0x80;
            hash = step(hash, byte.to_ascii_lowercase());
            at += 1;
        }
        if at > from && at - from <= TERM_BYTES {
            if wide {
                foreign(&raw[from..at], each);
            } else {
                each(finish(hash));
            }
        }
        if let Some(&byte) = raw.get(at) {
            between(byte);
        }
        at += 1;
    }
}

/// A term beyond ASCII: lowered as Unicode, which may make other words of it.
fn foreign(term: &[u8], each: &mut dyn FnMut(u64)) {
    let lower = String::from_utf8_lossy(term).to_lowercase();
    for part in lower.as_bytes().split(|b| !is_word(*b)).filter(|p| !p.is_empty()) {
        each(finish(part.iter().fold(FACTOR, |hash, byte| step(hash, *byte))));
    }
}

/// The terms that a raw must have in which this text stands between word boundaries. Terms that are not indexed are left out.
#[must_use]
pub fn query_terms(text: &str) -> Vec<u64> {
    let mut found = vec![];
    plain(text.as_bytes(), &mut |_| {}, &mut |term| found.push(term));
    found.sort_unstable();
    found.dedup();
    found
}

/// Undoes the escapes of JSON (RFC 8259 §7); what is none stays.
fn json(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        at += 1;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let escape = raw.get(at).copied();
        at += 1;
        match escape {
            Some(b'n' | b't' | b'r' | b'b' | b'f') => out.push(b' '),
            Some(b'u') => at = unicode(raw, at, &mut out),
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

/// Undoes `\u`, behind which `at` stands; two of them where they are a pair of surrogates. Gives the place behind.
fn unicode(raw: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
    let unit = |at: usize| {
        let digits = std::str::from_utf8(raw.get(at..at + 4)?).ok()?;
        u16::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(at) else { return at };
    let second = (raw.get(at + 4..at + 6) == Some(b"\\u")).then(|| unit(at + 6)).flatten();
    let pair = second.and_then(|second| char::decode_utf16([first, second]).next()?.ok().filter(|c| c.len_utf16() == 2));
    let (c, behind) = match pair {
        Some(c) => (c, at + 10),
        None => (char::from_u32(first.into()).unwrap_or(char::REPLACEMENT_CHARACTER), at + 4),
    };
    out.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
    behind
}

/// Undoes the references of XML (XML 1.0 §4.1, §4.6); what is none stays.
fn xml(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        at += 1;
        let end = (byte == b'&').then(|| raw[at..].iter().take(12).position(|b| *b == b';')).flatten();
        match end.and_then(|end| reference(&raw[at..at + end]).map(|c| (c, end))) {
            Some((c, end)) => {
                out.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
                at += end + 1;
            }
            None => out.push(byte),
        }
    }
    out
}

fn reference(name: &[u8]) -> Option<char> {
    match name {
        b"amp" => Some('&'),
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?),
        [b'#', digits @ ..] => char::from_u32(std::str::from_utf8(digits).ok()?.parse().ok()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, has: &[&str], lacks: &[&str]) {
        let mut all = vec![];
        terms(raw.as_bytes(), &mut |t| all.push(t));
        for word in has {
            let wanted = query_terms(word);
            assert!(!wanted.is_empty() && wanted.iter().all(|t| all.contains(t)), "{raw} has {word}");
        }
        for word in lacks {
            assert!(query_terms(word).iter().any(|t| !all.contains(t)), "{raw} lacks {word}");
        }
    }

    #[test]
    fn words_are_found_without_regard_to_case_and_escapes() {
        check("Failed password for Root from 10.0.0.1", &["failed", "ROOT", "10.0.0.1", "from 10"], &["fail", "roots"]);
        check(r#"{"a":"one\ntwo\u0041x","p":"C:\\Windows\\x"}"#, &["one", "twoAx", "windows", r"c:\windows"], &["onetwo"]);
        check(r#"{"a":"x\u00e4y \ud83d\ude00z"}"#, &["xäy", "😀z"], &[]);
        check("<x a='b&amp;c'>d&#65;e &#x42;</x>", &["b&c", "dAe", "b"], &["dae2"]);
        check("Straße ÄRGER İx", &["STRAßE", "ärger", "i̇x"], &["strasse"]);
        check("kelvin \u{212a}", &["k"], &[]);
        check(&"x".repeat(300), &[], &["xx"]);
        assert!(query_terms(&"x".repeat(300)).is_empty() && query_terms("--").is_empty());
        check("bad \\u12 \\ud800 & &; &#x110000; \\", &["bad"], &[]);
    }
}
