//! A column of texts: each a few bytes. The form is chosen by what they hold; every form gives the same bytes back.

use super::numbers;
use super::times::Look;
use super::{Pool, Sink, Source, damaged};
use crate::SegmentError;
use crate::bytes::{put, sum};
use crate::slots::{Found, Slots};
use std::io;

const SAME: u8 = 0;
const ENDED: u8 = 1;
const SIZED: u8 = 2;
const WORDS: u8 = 3;
const WHOLE: u8 = 4;
const HEX: u8 = 5;
const TIMES: u8 = 6;
const HEX_NUMBERS: u8 = 7;

/// Longest text that is written as hex.
const HEX_BYTES: usize = 512;
/// Most words in a dictionary.
const WORDS_LIMIT: usize = 1 << 16;

/// Writes a column in the form that fits what it holds.
pub(crate) fn write(sink: &mut Sink, texts: &[&[u8]]) -> io::Result<()> {
    let Some(&first) = texts.first() else { return Ok(()) };
    if texts.iter().all(|t| *t == first) {
        sink.head.push(SAME);
        put(&mut sink.head, first.len() as u64);
        sink.head.extend(first);
        return Ok(());
    }
    if let Some((look, ticks)) = as_times(texts) {
        return write_times(sink, &look, &ticks);
    }
    let words = Words::of(texts);
    match words {
        Some(words) if words.few(texts.len()) => words.write(sink),
        words => match as_numbers(texts) {
            Some(form) => form.write(sink),
            None => match (as_hex(texts), words) {
                (Some(hex), _) => hex.write(sink, texts),
                (None, Some(words)) => words.write(sink),
                (None, None) => write_plain(sink, texts),
            },
        },
    }
}

fn write_plain(sink: &mut Sink, texts: &[&[u8]]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(texts.iter().map(|t| t.len() + 1).sum());
    if texts.iter().any(|t| t.contains(&0)) {
        sink.head.push(SIZED);
        texts.iter().for_each(|t| bytes.extend(*t));
        let sizes: Vec<i64> = texts.iter().map(|t| i64::try_from(t.len()).unwrap_or(0)).collect();
        numbers::write(sink, &sizes)?;
    } else {
        sink.head.push(ENDED);
        for text in texts {
            bytes.extend(*text);
            bytes.push(0);
        }
    }
    sink.payload(Pool::Texts, &bytes)
}

/// A column as numbers of its distinct texts.
struct Words<'a> {
    words: Vec<&'a [u8]>,
    numbers: Vec<i64>,
}

impl<'a> Words<'a> {
    /// None when there are too many distinct texts for a dictionary to pay.
    fn of(texts: &[&'a [u8]]) -> Option<Self> {
        if texts.len() < 8 {
            return None;
        }
        let limit = (texts.len() / 2).min(WORDS_LIMIT);
        let (mut slots, mut words, mut numbers): (_, Vec<&[u8]>, _) =
            (Slots::new(), vec![], Vec::with_capacity(texts.len()));
        for (at, text) in texts.iter().enumerate() {
            match slots.find(sum(0, text), |n| words[n as usize] == *text) {
                Found::Known(number) => numbers.push(i64::from(number)),
                Found::New(number) => {
                    words.push(text);
                    numbers.push(i64::from(number));
                    // Columns of noise are known by their beginning.
                    let noise = at >= 1024 && words.len() * 10 > at * 9;
                    if words.len() > limit || noise {
                        return None;
                    }
                }
                Found::Crowded => return None,
            }
        }
        Some(Self { words, numbers })
    }

    fn few(&self, many: usize) -> bool {
        self.words.len() <= (many / 8).max(16)
    }

    fn write(&self, sink: &mut Sink) -> io::Result<()> {
        sink.head.push(WORDS);
        put(&mut sink.head, self.words.len() as u64);
        write_simple(sink, &self.words)?;
        numbers::write(sink, &self.numbers)
    }
}

/// Writes the texts of a dictionary: no dictionary again.
fn write_simple(sink: &mut Sink, texts: &[&[u8]]) -> io::Result<()> {
    match as_numbers(texts) {
        Some(form) if texts.len() > 8 => form.write(sink),
        _ => write_plain(sink, texts),
    }
}

/// Numbers with the same text before and behind each.
struct Numbers<'a> {
    form: u8,
    before: &'a [u8],
    behind: &'a [u8],
    values: Vec<i64>,
}

impl Numbers<'_> {
    fn write(&self, sink: &mut Sink) -> io::Result<()> {
        sink.head.push(self.form);
        for part in [self.before, self.behind] {
            put(&mut sink.head, part.len() as u64);
            sink.head.extend(part);
        }
        numbers::write(sink, &self.values)
    }
}

fn as_numbers<'a>(texts: &[&'a [u8]]) -> Option<Numbers<'a>> {
    let first = *texts.first()?;
    let hex = first.starts_with(b"0x");
    let is_digit = |b: &u8| if hex { b.is_ascii_hexdigit() } else { b.is_ascii_digit() };
    let (before, rest) = match first {
        _ if hex => first.split_at(2),
        [b'-', ..] => first.split_at(0),
        _ => first.split_at(first.iter().position(|b| b.is_ascii_digit())?),
    };
    let sign = usize::from(!hex && rest.first() == Some(&b'-'));
    let digits = rest[sign..].iter().take_while(|b| is_digit(b)).count();
    let behind = &rest[sign + digits..];
    let value = if hex { hex_number } else { number };
    let each = |t: &&[u8]| value(t.strip_prefix(before)?.strip_suffix(behind)?);
    let values = texts.iter().map(each).collect::<Option<Vec<i64>>>()?;
    Some(Numbers { form: if hex { HEX_NUMBERS } else { WHOLE }, before, behind, values })
}

/// A decimal number that prints as the same text.
fn number(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        digits => (1, digits),
    };
    let plain = match digits {
        [b'0'] => sign == 1,
        [b'1'..=b'9', ..] => digits.len() <= 18,
        _ => false,
    };
    if !plain {
        return None;
    }
    let value = digits.iter().try_fold(0i64, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')));
    value.map(|v| sign * v)
}

/// A number of lower-case hex digits that prints as the same text.
fn hex_number(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 15 || (text[0] == b'0' && text.len() > 1) {
        return None;
    }
    text.iter().try_fold(0i64, |n, &b| nibble(b, false).map(|d| n << 4 | i64::from(d)))
}

fn nibble(byte: u8, upper: bool) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' if !upper => Some(byte - b'a' + 10),
        b'A'..=b'F' if upper => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn digit(nibble: u8, upper: bool) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ if upper => b'A' + (nibble - 10),
        _ => b'a' + (nibble - 10),
    }
}

/// Texts of one length that differ in hex digits only.
struct Hex<'a> {
    pattern: &'a [u8],
    /// Where they differ.
    places: Vec<usize>,
    upper: bool,
}

fn as_hex<'a>(texts: &[&'a [u8]]) -> Option<Hex<'a>> {
    let pattern = *texts.first().filter(|t| t.len() <= HEX_BYTES && t.len() > 1)?;
    let mut differ = vec![0u8; pattern.len()];
    for text in texts {
        if text.len() != pattern.len() {
            return None;
        }
        differ.iter_mut().zip(*text).zip(pattern).for_each(|((d, a), b)| *d |= a ^ b);
    }
    let places: Vec<usize> = (0..pattern.len()).filter(|&p| differ[p] != 0).collect();
    let fits = |upper| texts.iter().all(|t| places.iter().all(|&p| nibble(t[p], upper).is_some()));
    let upper = if fits(false) {
        false
    } else if fits(true) {
        true
    } else {
        return None;
    };
    Some(Hex { pattern, places, upper })
}

impl Hex<'_> {
    fn write(&self, sink: &mut Sink, texts: &[&[u8]]) -> io::Result<()> {
        sink.head.push(HEX);
        sink.head.push(self.upper.into());
        put(&mut sink.head, self.pattern.len() as u64);
        sink.head.extend(self.pattern);
        put(&mut sink.head, self.places.len() as u64);
        self.places.iter().for_each(|&p| put(&mut sink.head, p as u64));
        let mut packed = Vec::with_capacity(texts.len() * self.places.len().div_ceil(2));
        for text in texts {
            for pair in self.places.chunks(2) {
                let high = nibble(text[pair[0]], self.upper).unwrap_or(0);
                let low = pair.get(1).and_then(|&p| nibble(text[p], self.upper)).unwrap_or(0);
                packed.push(high << 4 | low);
            }
        }
        sink.payload(Pool::Digits, &packed)
    }
}

fn as_times(texts: &[&[u8]]) -> Option<(Look, Vec<i64>)> {
    let look = Look::of(texts.first()?)?;
    let ticks = texts.iter().map(|t| look.ticks(t)).collect::<Option<Vec<i64>>>()?;
    Some((look, ticks))
}

fn write_times(sink: &mut Sink, look: &Look, ticks: &[i64]) -> io::Result<()> {
    sink.head.extend([TIMES, look.between, look.point, look.digits]);
    put(&mut sink.head, look.rest.len() as u64);
    sink.head.extend(&look.rest);
    numbers::write(sink, ticks)
}

/// A column that is being read: it gives one text after the other.
pub(crate) struct Texts {
    form: Form,
    next: usize,
}

enum Form {
    Same(Vec<u8>),
    /// Bytes, and where each text ends and the next begins.
    Plain {
        bytes: Vec<u8>,
        bounds: Vec<(u32, u32)>,
    },
    Words {
        words: Vec<Vec<u8>>,
        numbers: Vec<i64>,
    },
    Numbers {
        hex: bool,
        before: Vec<u8>,
        behind: Vec<u8>,
        values: Vec<i64>,
    },
    Hex {
        pattern: Vec<u8>,
        places: Vec<usize>,
        upper: bool,
        packed: Vec<u8>,
    },
    Times {
        look: Look,
        ticks: Vec<i64>,
    },
}

fn part(source: &mut Source<'_>) -> Result<Vec<u8>, SegmentError> {
    let many = source.head.count(source.head.left())?;
    Ok(source.head.take(many)?.to_vec())
}

/// Reads a column of `many` texts.
pub(crate) fn read(source: &mut Source<'_>, many: usize) -> Result<Texts, SegmentError> {
    if many == 0 {
        return Ok(Texts { form: Form::Same(vec![]), next: 0 });
    }
    let form = match source.head.take(1)?[0] {
        WORDS => read_words(source, many)?,
        form => read_simple(source, form, many)?,
    };
    Ok(Texts { form, next: 0 })
}

fn read_words(source: &mut Source<'_>, many: usize) -> Result<Form, SegmentError> {
    let count = source.head.count(many.min(WORDS_LIMIT))?;
    let form = source.head.take(1)?[0];
    let mut texts = Texts { form: read_simple(source, form, count)?, next: 0 };
    let mut words = Vec::with_capacity(count);
    for _ in 0..count {
        let mut word = vec![];
        texts.give(&mut word)?;
        words.push(word);
    }
    Ok(Form::Words { words, numbers: numbers::read(source, many)? })
}

fn read_simple(source: &mut Source<'_>, form: u8, many: usize) -> Result<Form, SegmentError> {
    Ok(match form {
        SAME => Form::Same(part(source)?),
        ENDED => ended(source.payload(Pool::Texts)?, many)?,
        SIZED => {
            let sizes = numbers::read(source, many)?;
            sized(source.payload(Pool::Texts)?, &sizes)?
        }
        WHOLE | HEX_NUMBERS => Form::Numbers {
            hex: form == HEX_NUMBERS,
            before: part(source)?,
            behind: part(source)?,
            values: numbers::read(source, many)?,
        },
        HEX => read_hex(source, many)?,
        TIMES => {
            let fixed = source.head.take(3)?;
            let (between, point, digits) = (fixed[0], fixed[1], fixed[2]);
            if digits > 9 {
                return Err(damaged("times of too many digits"));
            }
            let look = Look { between, point, digits, rest: part(source)? };
            Form::Times { look, ticks: numbers::read(source, many)? }
        }
        _ => return Err(damaged("texts in an unknown form")),
    })
}

fn ended(bytes: Vec<u8>, many: usize) -> Result<Form, SegmentError> {
    let mut bounds = Vec::with_capacity(many.min(bytes.len()));
    let mut from = 0;
    for (at, _) in (0u32..).zip(&bytes).filter(|&(_, &b)| b == 0) {
        bounds.push((from, at));
        from = at + 1;
    }
    if bounds.len() != many || from as usize != bytes.len() {
        return Err(damaged("texts are too few or too many"));
    }
    Ok(Form::Plain { bytes, bounds })
}

fn sized(bytes: Vec<u8>, sizes: &[i64]) -> Result<Form, SegmentError> {
    let wrong = || damaged("texts have another length");
    let mut bounds = Vec::with_capacity(sizes.len());
    let mut from = 0u32;
    for &size in sizes {
        let to = u32::try_from(size).ok().and_then(|s| from.checked_add(s)).ok_or_else(wrong)?;
        bounds.push((from, to));
        from = to;
    }
    if from as usize != bytes.len() { Err(wrong()) } else { Ok(Form::Plain { bytes, bounds }) }
}

fn read_hex(source: &mut Source<'_>, many: usize) -> Result<Form, SegmentError> {
    let upper = source.head.take(1)?[0] != 0;
    let pattern = part(source)?;
    let count = source.head.count(pattern.len())?;
    let place = |source: &mut Source<'_>| source.head.count(pattern.len().saturating_sub(1));
    let places = (0..count).map(|_| place(source)).collect::<Result<Vec<usize>, _>>()?;
    let packed = source.payload(Pool::Digits)?;
    if many.checked_mul(count.div_ceil(2)) != Some(packed.len()) {
        return Err(damaged("hex digits have another length"));
    }
    Ok(Form::Hex { pattern, places, upper, packed })
}

impl Texts {
    /// Appends the next text.
    pub(crate) fn give(&mut self, out: &mut Vec<u8>) -> Result<(), SegmentError> {
        let missing = || damaged("a column has too few texts");
        let at = self.next;
        self.next += 1;
        match &self.form {
            Form::Same(text) => out.extend_from_slice(text),
            Form::Plain { bytes, bounds } => {
                let &(from, to) = bounds.get(at).ok_or_else(missing)?;
                out.extend_from_slice(&bytes[from as usize..to as usize]);
            }
            Form::Words { words, numbers } => {
                let number = *numbers.get(at).ok_or_else(missing)?;
                let word = usize::try_from(number).ok().and_then(|n| words.get(n)).ok_or_else(missing)?;
                out.extend_from_slice(word);
            }
            Form::Numbers { hex, before, behind, values } => {
                let value = *values.get(at).ok_or_else(missing)?;
                out.extend_from_slice(before);
                if *hex {
                    print_hex(out, value)
                } else {
                    print(out, value)
                }
                out.extend_from_slice(behind);
            }
            Form::Hex { pattern, places, upper, packed } => {
                let width = places.len().div_ceil(2);
                let nibbles = packed.get(at * width..(at + 1) * width).ok_or_else(missing)?;
                let from = out.len();
                out.extend_from_slice(pattern);
                let text = &mut out[from..];
                for (pair, &byte) in places.chunks(2).zip(nibbles) {
                    text[pair[0]] = digit(byte >> 4, *upper);
                    if let Some(&low) = pair.get(1) {
                        text[low] = digit(byte & 15, *upper);
                    }
                }
            }
            Form::Times { look, ticks } => look.write(*ticks.get(at).ok_or_else(missing)?, out),
        }
        Ok(())
    }
}

fn print(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    let (mut digits, mut at, mut left) = ([0u8; 20], 20, value.unsigned_abs());
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(left % 10).unwrap_or(0);
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn print_hex(out: &mut Vec<u8>, value: i64) {
    let value = value.cast_unsigned();
    let many = (64 - value.leading_zeros()).div_ceil(4).max(1);
    let nibbles = (0..many).rev().map(|n| digit(u8::try_from(value >> (4 * n) & 15).unwrap_or(0), false));
    out.extend(nibbles);
}

#[cfg(test)]
mod tests;
