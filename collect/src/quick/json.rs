//! One JSON object, from its bytes into a sink. All of it is checked, also what nobody looks at.

use super::{DEPTH, Declined, Scalar, Scratch, Sink};
use crate::Limits;
use model::Format;

/// Longest number that is read quickly; no number so short is out of range.
const NUMBER_BYTES: usize = 40;

pub(super) fn read<S: Sink>(
    format: Format,
    raw: &[u8],
    limits: &Limits,
    scratch: &mut Scratch,
    sink: &mut S,
) -> Result<(), Declined> {
    let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
    // Behind this, the only white space is the blank, and no text holds a bare control character.
    if raw.iter().fold(false, |found, byte| found | (*byte < 0x20)) {
        return Err(Declined);
    }
    let text = std::str::from_utf8(raw).map_err(|_| Declined)?;
    let mut reader = Reader {
        text,
        at: 0,
        left: limits.fields,
        // One level less than is allowed in full, so that the bound itself is decided there.
        depth: DEPTH.min(limits.depth.saturating_sub(1)),
        // A record of journald gets more names than it holds.
        may_be_journald: format == Format::Ndjson,
        scratch: &mut scratch.text,
        keys: vec![],
    };
    reader.blanks();
    reader.expect(b'{')?;
    let top = sink.top();
    reader.object(sink, Some(top), 0)?;
    reader.blanks();
    if reader.at == text.len() { Ok(()) } else { Err(Declined) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Fields that may still come.
    left: usize,
    depth: usize,
    may_be_journald: bool,
    scratch: &'a mut String,
    /// Keys of the objects that are open, as numbers made of them, for sinks that take everything.
    keys: Vec<u64>,
}

/// A text between its quotes.
struct Quoted<'a> {
    text: &'a str,
    is_escaped: bool,
}

impl<'a> Reader<'a> {
    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Declined> {
        if self.peek() != Some(byte) {
            return Err(Declined);
        }
        self.at += 1;
        Ok(())
    }

    fn count(&mut self) -> Result<(), Declined> {
        self.left = self.left.checked_sub(1).ok_or(Declined)?;
        Ok(())
    }

    /// What stands behind `{`. Without a place it is checked only.
    fn object<S: Sink>(
        &mut self,
        sink: &mut S,
        place: Option<S::Place>,
        depth: usize,
    ) -> Result<(), Declined> {
        if depth >= self.depth {
            return Err(Declined);
        }
        let keys_from = self.keys.len();
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.blanks();
            self.expect(b'"')?;
            let key = self.quoted()?;
            self.count()?;
            let inner = match place {
                Some(place) => self.enter(sink, place, &key, depth, keys_from)?,
                None => {
                    self.check(&key)?;
                    None
                }
            };
            self.blanks();
            self.expect(b':')?;
            self.value(sink, inner, depth)?;
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    self.keys.truncate(keys_from);
                    return Ok(());
                }
                _ => return Err(Declined),
            }
        }
    }

    fn enter<S: Sink>(
        &mut self,
        sink: &mut S,
        place: S::Place,
        key: &Quoted<'a>,
        depth: usize,
        keys_from: usize,
    ) -> Result<Option<S::Place>, Declined> {
        let name = if key.is_escaped {
            self.scratch.clear();
            unescape(key.text, self.scratch)?;
            self.scratch.as_str()
        } else {
            key.text
        };
        if self.may_be_journald && depth == 0 && name == "__REALTIME_TIMESTAMP" {
            return Err(Declined);
        }
        if sink.takes_all() {
            // The last of two keys holds, and the first was handed over. Two keys of one number are declined as well.
            let number = number_of(name);
            if self.keys[keys_from..].contains(&number) {
                return Err(Declined);
            }
            self.keys.push(number);
        }
        Ok(sink.enter(place, name))
    }

    fn value<S: Sink>(
        &mut self,
        sink: &mut S,
        place: Option<S::Place>,
        depth: usize,
    ) -> Result<(), Declined> {
        self.blanks();
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                let quoted = self.quoted()?;
                let Some(place) = place else { return self.check(&quoted) };
                if !quoted.is_escaped {
                    sink.put(place, Scalar::Text(quoted.text));
                    return Ok(());
                }
                self.scratch.clear();
                unescape(quoted.text, self.scratch)?;
                sink.put(place, Scalar::Text(self.scratch));
                Ok(())
            }
            Some(b'{') => {
                self.at += 1;
                let inner = place.filter(|p| sink.goes_on(*p)).map(|p| sink.object(p));
                self.object(sink, inner, depth + 1)
            }
            Some(b'[') => {
                self.at += 1;
                if let Some(place) = place {
                    sink.list(place);
                }
                self.list(sink, place, depth + 1)
            }
            Some(b't') => self.word("true", sink, place, Scalar::Bool(true)),
            Some(b'f') => self.word("false", sink, place, Scalar::Bool(false)),
            Some(b'n') => self.word("null", sink, place, Scalar::Null),
            _ => {
                let number = self.number()?;
                if let Some(place) = place {
                    sink.put(place, Scalar::Number(number));
                }
                Ok(())
            }
        }
    }

    /// What stands behind `[`.
    fn list<S: Sink>(&mut self, sink: &mut S, place: Option<S::Place>, depth: usize) -> Result<(), Declined> {
        if depth >= self.depth {
            return Err(Declined);
        }
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.count()?;
            self.value(sink, place, depth)?;
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(Declined),
            }
        }
    }

    fn word<S: Sink>(
        &mut self,
        word: &str,
        sink: &mut S,
        place: Option<S::Place>,
        value: Scalar<'_>,
    ) -> Result<(), Declined> {
        if !self.bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(Declined);
        }
        self.at += word.len();
        if let Some(place) = place {
            sink.put(place, value);
        }
        Ok(())
    }

    /// A number without exponent. What follows it is for the caller to judge.
    fn number(&mut self) -> Result<&'a str, Declined> {
        let from = self.at;
        let bytes = &self.bytes()[from..];
        let sign = usize::from(bytes.first() == Some(&b'-'));
        let digits =
            |at: usize| bytes[at..].iter().take(NUMBER_BYTES).take_while(|b| b.is_ascii_digit()).count();
        let whole = digits(sign);
        if whole == 0 || (whole > 1 && bytes[sign] == b'0') {
            return Err(Declined);
        }
        let mut length = sign + whole;
        if bytes.get(length) == Some(&b'.') {
            let behind = digits(length + 1);
            if behind == 0 {
                return Err(Declined);
            }
            length += 1 + behind;
        }
        if length > NUMBER_BYTES || matches!(bytes.get(length), Some(b'e' | b'E')) {
            return Err(Declined);
        }
        self.at += length;
        Ok(&self.text[from..self.at])
    }

    /// What stands behind a quote, up to the quote that ends it.
    fn quoted(&mut self) -> Result<Quoted<'a>, Declined> {
        let from = self.at;
        let mut is_escaped = false;
        loop {
            let found = quote_or_backslash(&self.bytes()[self.at..]).ok_or(Declined)?;
            self.at += found;
            if self.peek() == Some(b'"') {
                let text = &self.text[from..self.at];
                self.at += 1;
                return Ok(Quoted { text, is_escaped });
            }
            is_escaped = true;
            self.at += 2;
            if self.at > self.text.len() {
                return Err(Declined);
            }
            if !self.text.is_char_boundary(self.at) {
                return Err(Declined);
            }
        }
    }

    /// Checks the escapes of a text that nobody looks at.
    fn check(&mut self, quoted: &Quoted<'_>) -> Result<(), Declined> {
        if quoted.is_escaped {
            self.scratch.clear();
            unescape(quoted.text, self.scratch)?;
        }
        Ok(())
    }
}

/// A number made of a name, eight bytes a step. Names with the same number cost a reading in full, nothing else.
fn number_of(name: &str) -> u64 {
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let step = |made: u64, word: u64| (made.rotate_left(29) ^ word).wrapping_mul(SPREAD);
    let (words, rest) = name.as_bytes().as_chunks::<8>();
    let made = words.iter().fold(name.len() as u64, |made, word| step(made, u64::from_le_bytes(*word)));
    let last = rest.iter().fold(0, |last, byte| last << 8 | u64::from(*byte));
    step(made, last)
}

/// The first quote or backslash: short texts by words of eight bytes, long ones by the library.
fn quote_or_backslash(bytes: &[u8]) -> Option<usize> {
    const SHORT: usize = 4;
    for (number, word) in bytes.as_chunks::<8>().0.iter().take(SHORT).enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = zero_bytes(word ^ 0x2222_2222_2222_2222) | zero_bytes(word ^ 0x5c5c_5c5c_5c5c_5c5c);
        if found != 0 {
            return Some(number * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let looked = (bytes.len() / 8).min(SHORT) * 8;
    memchr::memchr2(b'"', b'\\', &bytes[looked..]).map(|at| looked + at)
}

/// The highest bit of the lowest byte that is zero, and of none below it.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(0x0101_0101_0101_0101) & !word & 0x8080_8080_8080_8080
}

/// Appends a text without its escapes.
fn unescape(text: &str, into: &mut String) -> Result<(), Declined> {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        into.push_str(&rest[..at]);
        let (letter, mut used) = (rest.as_bytes().get(at + 1).copied(), at + 2);
        into.push(match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let (c, more) = unicode(&rest.as_bytes()[used..])?;
                used += more;
                c
            }
            _ => return Err(Declined),
        });
        rest = &rest[used..];
    }
    into.push_str(rest);
    Ok(())
}

/// What stands behind `\u`, with the length of it: four digits, or two halves of a pair.
fn unicode(bytes: &[u8]) -> Result<(char, usize), Declined> {
    let unit = |at: usize| -> Result<u32, Declined> {
        let digits = bytes.get(at..at + 4).ok_or(Declined)?;
        digits.iter().try_fold(0, |sum, b| Ok(sum * 16 + char::from(*b).to_digit(16).ok_or(Declined)?))
    };
    let first = unit(0)?;
    if !(0xd800..0xe000).contains(&first) {
        return Ok((char::from_u32(first).ok_or(Declined)?, 4));
    }
    if first >= 0xdc00 || bytes.get(4..6) != Some(b"\\u") {
        return Err(Declined);
    }
    let second = unit(6)?;
    if !(0xdc00..0xe000).contains(&second) {
        return Err(Declined);
    }
    let joined = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    Ok((char::from_u32(joined).ok_or(Declined)?, 10))
}
