//! Terms of a raw: the words that a search asks for, as hashes of 64 bits.
//!
//! A **term** is a run of ASCII letters, digits, `_` and bytes from 0x80 on, as long as it goes. Its hash: FNV-1a of 64
//! bits over its bytes in lower case, then xor with itself shifted right by 32, times 0xd6e8feb86659fd93, and xor with
//! itself shifted right by 32 again. A term with bytes from 0x80 on is first read as UTF-8 (what is none becomes
//! U+FFFD) and put into lower case as Unicode says. All terms longer than [`TERM_BYTES`] have one hash, of no bytes.
//!
//! A raw that holds a backslash is read a second time with the escapes of JSON undone, one that holds `&` with the
//! references of XML undone; a raw with both is read three times.

/// Longer terms are not told apart.
pub const TERM_BYTES: usize = 256;

const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

/// What each byte is in a term: itself in lower case, or 0 when it ends one.
const IN_TERM: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0u8;
    loop {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 {
            table[byte as usize] = byte.to_ascii_lowercase();
        }
        if byte == 255 {
            break table;
        }
        byte += 1;
    }
};

const fn mixed(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(BASIS, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

/// Gives the hash of each term of a raw, some more than once.
pub fn terms(raw: &[u8], each: &mut dyn FnMut(u64)) {
    plain(raw, each);
    if raw.contains(&b'\\') {
        plain(&without_escapes(raw), each);
    }
    if raw.contains(&b'&') {
        plain(&without_references(raw), each);
    }
}

/// The hashes of the terms of a text that is looked for as whole words: a raw that holds the text has them all.
/// The text is taken as it is: nothing is undone in it.
#[must_use]
pub fn query_terms(text: &str) -> Vec<u64> {
    let mut found = vec![];
    plain(text.as_bytes(), &mut |hash| found.push(hash));
    found.sort_unstable();
    found.dedup();
    found
}

fn plain<F: FnMut(u64) + ?Sized>(text: &[u8], each: &mut F) {
    let mut at = 0;
    while at < text.len() {
        let (from, mut hash, mut all) = (at, BASIS, 0u8);
        while let Some(&byte) = text.get(at) {
            let lower = IN_TERM[usize::from(byte)];
            if lower == 0 {
                break;
            }
            hash = (hash ^ u64::from(lower)).wrapping_mul(PRIME);
            all |= byte;
            at += 1;
        }
        match at - from {
            0 => {}
            length if length > TERM_BYTES => each(mixed(BASIS)),
            _ if all >= 0x80 => each(unicode(&text[from..at])),
            _ => each(mixed(hash)),
        }
        at += 1;
    }
}

fn unicode(term: &[u8]) -> u64 {
    mixed(fnv(String::from_utf8_lossy(term).to_lowercase().as_bytes()))
}

/// A text with the escapes of JSON undone; what is none stays.
fn without_escapes(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'\\' {
            out.push(text[at]);
            at += 1;
            continue;
        }
        match text.get(at + 1) {
            Some(b'n' | b't' | b'r' | b'b' | b'f') => out.push(b'\n'),
            Some(&byte @ (b'"' | b'\\' | b'/')) => out.push(byte),
            Some(b'u') => {
                if let Some((character, used)) = unit_pair(&text[at..]) {
                    put_char(&mut out, character);
                    at += used;
                    continue;
                }
                out.extend(b"\\u");
            }
            _ => {
                out.push(b'\\');
                at += 1;
                continue;
            }
        }
        at += 2;
    }
    out
}

fn put_char(out: &mut Vec<u8>, character: char) {
    out.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
}

fn unit(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |n, &b| Some(n << 4 | char::from(b).to_digit(16)?))
}

/// The character that `\uXXXX` or a pair of them stands for, and the bytes it takes.
fn unit_pair(text: &[u8]) -> Option<(char, usize)> {
    let first = unit(text)?;
    if (0xd800..0xdc00).contains(&first)
        && let Some(second) = text.get(6..).and_then(unit).filter(|s| (0xdc00..0xe000).contains(s))
    {
        let code = 0x10000 + ((first - 0xd800) << 10 | (second - 0xdc00));
        return char::from_u32(code).map(|c| (c, 12));
    }
    Some((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6))
}

/// A text with the references of XML undone; what is none stays.
fn without_references(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match (text[at] == b'&').then(|| reference(&text[at + 1..])).flatten() {
            Some((character, used)) => {
                put_char(&mut out, character);
                at += 1 + used;
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out
}

/// The character that the name behind `&` stands for, and the bytes up to its `;`.
fn reference(text: &[u8]) -> Option<(char, usize)> {
    let end = text.iter().take(12).position(|&b| b == b';')?;
    let number = |digits: &[u8], base| {
        let code = digits
            .iter()
            .try_fold(0u32, |n, &b| n.checked_mul(base)?.checked_add(char::from(b).to_digit(base)?))?;
        char::from_u32(code).filter(|_| !digits.is_empty())
    };
    let character = match &text[..end] {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    Some((character, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holds(raw: &str, text: &str) -> bool {
        let mut found = vec![];
        terms(raw.as_bytes(), &mut |hash| found.push(hash));
        let asked = query_terms(text);
        !asked.is_empty() && asked.iter().all(|term| found.contains(term))
    }

    #[test]
    fn a_word_is_found_however_it_is_written() {
        for (raw, text) in [
            ("Link DOWN on fw-2", "link down fw 2"),
            (r#"{"p":"C:\\Windows\\notepad.exe"}"#, r"C:\Windows\notepad.exe"),
            (r#"{"m":"one\ntwo\tthree"}"#, "two three"),
            (r#"{"m":"stra\u00dfe \ud83d\ude00x"}"#, "Straße 😀x"),
            ("<a>M&#252;ller &amp; S&#xF6;hne&lt;b</a>", "MÜLLER söhne b"),
            (r#"{"m":"a&amp;b\nc"}"#, "b c"),
            (r"a\qb \u12", "qb u12"),
        ] {
            assert!(holds(raw, text), "{raw} {text}");
        }
        assert!(!holds("linked", "link"));
        assert!(!holds("&#0x41; &#; &nothing;", "A"));
    }

    #[test]
    fn long_terms_are_told_apart_from_short_ones_only() {
        let (long, other) = ("a".repeat(TERM_BYTES + 1), "b".repeat(TERM_BYTES + 1));
        assert!(holds(&long, &other) && !holds("a", &other));
        assert!(!holds(&"a".repeat(TERM_BYTES), &"b".repeat(TERM_BYTES)));
    }

    #[test]
    fn hashes_never_change() {
        assert_eq!(query_terms("CMD"), [0xdc8869f0c5878ba6]);
        assert_eq!(query_terms("\u{c4}rger"), [0xcb3cc43770d0c51c]);
    }

    proptest! {
        #[test]
        fn any_text_is_found_in_its_json_and_its_xml(text in "[a-zA-Z0-9ÄßΣσ\\\\\"&<>/\n\t ]{0,40}") {
            let quoted = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
            let xml = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
            for raw in [format!("{{\"m\":\"{quoted}\"}}"), format!("<m>{xml}</m>")] {
                prop_assert!(query_terms(&text).is_empty() || holds(&raw, &text), "{}", raw);
            }
        }

        #[test]
        fn noise_is_read(raw in prop::collection::vec(any::<u8>(), 0..200)) {
            terms(&raw, &mut |_| {});
        }
    }
}
