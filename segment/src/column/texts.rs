//! A column of texts: each a few bytes. The form is chosen by what they hold; every form gives the same bytes back.

use super::beside::{Beside, Learned};
use super::hex::{as_hex, as_runs, digit_pair, digits, nibble, put_back, read_hex};
use super::numbers;
use super::times::Look;
use super::{Pool, Sink, Source, UNPACKED_LIMIT_BYTES, damaged};
use crate::SegmentError;
use crate::bytes::{put, sum};
use crate::slots::{Found, Slots};
use std::io;
use std::rc::Rc;

const SAME: u8 = 0;
const ENDED: u8 = 1;
const SIZED: u8 = 2;
const WORDS: u8 = 3;
const WHOLE: u8 = 4;
const HEX: u8 = 5;
const TIMES: u8 = 6;
const HEX_NUMBERS: u8 = 7;
const RUNS: u8 = 8;

/// Most words in a dictionary.
const WORDS_LIMIT: usize = 1 << 16;
/// Columns of times that a writer tries another against.
const CLOCKS_TRIED: usize = 4;

/// Writes a column that stands beside nothing.
pub(crate) fn write(sink: &mut Sink, texts: &[&[u8]]) -> io::Result<()> {
    write_beside(sink, texts, &[], &Beside::nothing()).map(drop)
}

/// Writes a column of texts in these rows in the form that fits what it holds; gives what others can learn from it.
pub(crate) fn write_beside(
    sink: &mut Sink,
    texts: &[&[u8]],
    rows: &[u32],
    beside: &Beside,
) -> io::Result<Learned> {
    let Some(&first) = texts.first() else { return Ok(Learned::Nothing) };
    if texts.iter().all(|t| *t == first) {
        sink.head.push(SAME);
        put(&mut sink.head, first.len() as u64);
        sink.head.extend(first);
        return Ok(Learned::Nothing);
    }
    if let Some((look, ticks)) = as_times(texts) {
        write_times(sink, &look, &ticks, rows, beside)?;
        return Ok(Learned::Times(ticks, look.digits));
    }
    let words = Words::of(texts);
    let number = match &words {
        Some(words) if words.few(texts.len()) => None,
        _ => as_numbers(texts),
    };
    match (number, words) {
        (Some(form), _) => form.write(sink)?,
        (None, Some(words)) => return words.write(sink, rows, beside),
        (None, None) => write_other(sink, texts)?,
    }
    Ok(Learned::Nothing)
}

/// Writes texts that are neither numbers nor words.
fn write_other(sink: &mut Sink, texts: &[&[u8]]) -> io::Result<()> {
    if let Some(hex) = as_hex(texts) {
        sink.head.push(HEX);
        return hex.write(sink, texts);
    }
    let Some(runs) = as_runs(texts) else { return write_plain(sink, texts) };
    sink.head.extend([RUNS, runs.upper.into()]);
    write_plain(sink, &runs.rests.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
    sink.payload(Pool::Digits, &runs.digits)
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
    numbers: Vec<u32>,
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
                Found::Known(number) => numbers.push(number),
                Found::New(number) => {
                    words.push(text);
                    numbers.push(number);
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

    /// Writes the words, and for each text whether it is the word that was to be guessed.
    fn write(self, sink: &mut Sink, rows: &[u32], beside: &Beside) -> io::Result<Learned> {
        sink.head.push(WORDS);
        put(&mut sink.head, self.words.len() as u64);
        write_simple(sink, &self.words)?;
        let guide = beside.best_guide(rows, &self.numbers);
        let keys = beside.keys(guide, rows).map_err(|_| io::ErrorKind::InvalidInput)?;
        put(&mut sink.head, guide as u64);
        numbers::write(sink, &keys.codes(&self.numbers))?;
        Ok(Learned::Words(self.numbers.into(), self.words.len()))
    }
}

/// Writes the texts of a dictionary: no dictionary again.
fn write_simple(sink: &mut Sink, texts: &[&[u8]]) -> io::Result<()> {
    match as_numbers(texts) {
        Some(form) if texts.len() > 8 => form.write(sink),
        _ if texts.len() > 1 => write_other(sink, texts),
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

fn as_times(texts: &[&[u8]]) -> Option<(Look, Vec<i64>)> {
    let look = Look::of(texts.first()?)?;
    let ticks = texts.iter().map(|t| look.ticks(t)).collect::<Option<Vec<i64>>>()?;
    Some((look, ticks))
}

/// Writes times: by themselves, or by their distance from those of another column, where these are near.
fn write_times(sink: &mut Sink, look: &Look, ticks: &[i64], rows: &[u32], beside: &Beside) -> io::Result<()> {
    sink.head.extend([TIMES, look.between, look.point, look.digits]);
    put(&mut sink.head, look.rest.len() as u64);
    sink.head.extend(&look.rest);
    let cost = |ticks: &[i64]| -> u64 { ticks.iter().map(|&t| u64::from(numbers::signed_width(t))).sum() };
    let steps: Vec<i64> = ticks.windows(2).map(|w| w[1].wrapping_sub(w[0])).collect();
    let far = |clock: usize| Some((clock, distances(look, ticks, &beside.times(clock, rows).ok()?)));
    let clocks = beside.clocks.iter().rev().take(CLOCKS_TRIED).filter_map(|&clock| far(clock));
    let best = clocks.map(|(clock, far)| (cost(&far), clock, far)).min_by_key(|b| b.0);
    match best {
        Some((bits, clock, far)) if bits * 4 < cost(&steps) * 3 => {
            put(&mut sink.head, clock as u64 + 1);
            numbers::write(sink, &far)
        }
        _ => {
            put(&mut sink.head, 0);
            numbers::write(sink, ticks)
        }
    }
}

/// How far ticks are from the times that they stand beside.
fn distances(look: &Look, ticks: &[i64], times: &[(i64, u32)]) -> Vec<i64> {
    ticks.iter().zip(times).map(|(t, &time)| t.wrapping_sub(look.tick_of(time))).collect()
}

/// A column that is being read: it gives one text after the other.
pub(crate) struct Texts {
    form: Form,
    next: usize,
}

pub(super) enum Form {
    Same(Vec<u8>),
    /// Bytes, and where each text ends and the next begins.
    Plain {
        bytes: Vec<u8>,
        bounds: Vec<(u32, u32)>,
    },
    Words {
        words: Vec<Vec<u8>>,
        numbers: Rc<[u32]>,
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

pub(super) fn part(source: &mut Source<'_>) -> Result<Vec<u8>, SegmentError> {
    let many = source.head.count(source.head.left())?;
    Ok(source.head.take(many)?.to_vec())
}

/// Reads a column of `many` texts that stands beside nothing.
pub(crate) fn read(source: &mut Source<'_>, many: usize) -> Result<Texts, SegmentError> {
    Ok(Texts { form: read_form(source, many, &[], &Beside::nothing())?, next: 0 })
}

/// Reads a column of texts in these rows, and adds it to what is known.
pub(crate) fn read_beside(
    source: &mut Source<'_>,
    rows: Vec<u32>,
    beside: &mut Beside,
) -> Result<Texts, SegmentError> {
    let form = read_form(source, rows.len(), &rows, beside)?;
    let learned = match &form {
        Form::Words { words, numbers } => Learned::Words(Rc::clone(numbers), words.len()),
        Form::Times { look, ticks } => Learned::Times(ticks.clone(), look.digits),
        _ => Learned::Nothing,
    };
    beside.learn(rows, learned);
    Ok(Texts { form, next: 0 })
}

fn read_form(
    source: &mut Source<'_>,
    many: usize,
    rows: &[u32],
    beside: &Beside,
) -> Result<Form, SegmentError> {
    if many == 0 {
        return Ok(Form::Same(vec![]));
    }
    match source.head.take(1)?[0] {
        WORDS => read_words(source, many, rows, beside),
        TIMES => read_times(source, many, rows, beside),
        form => read_simple(source, form, many),
    }
}

fn read_words(
    source: &mut Source<'_>,
    many: usize,
    rows: &[u32],
    beside: &Beside,
) -> Result<Form, SegmentError> {
    let count = source.head.count(many.min(WORDS_LIMIT))?;
    let form = source.head.take(1)?[0];
    let words = all(read_simple(source, form, count)?, count)?;
    let guide = source.head.count(usize::MAX)?;
    let keys = beside.keys(guide, rows)?;
    let numbers = keys.numbers(&numbers::read(source, many)?, words.len())?;
    Ok(Form::Words { words, numbers: numbers.into() })
}

/// All texts of a form, within the limit: a few bytes can speak of many.
fn all(form: Form, many: usize) -> Result<Vec<Vec<u8>>, SegmentError> {
    let mut texts = Texts { form, next: 0 };
    let mut left = UNPACKED_LIMIT_BYTES;
    let text = |_| {
        let mut text = vec![];
        texts.give(&mut text)?;
        left = left.checked_sub(text.len()).ok_or(damaged("texts are over their limit"))?;
        Ok(text)
    };
    (0..many).map(text).collect()
}

fn read_times(
    source: &mut Source<'_>,
    many: usize,
    rows: &[u32],
    beside: &Beside,
) -> Result<Form, SegmentError> {
    let fixed = source.head.take(3)?;
    let (between, point, digits) = (fixed[0], fixed[1], fixed[2]);
    if digits > 9 {
        return Err(damaged("times of too many digits"));
    }
    let look = Look { between, point, digits, rest: part(source)? };
    let clock = source.head.count(usize::MAX)?;
    let mut ticks = numbers::read(source, many)?;
    if clock > 0 {
        let times = beside.times(clock - 1, rows)?;
        ticks.iter_mut().zip(times).for_each(|(t, time)| *t = t.wrapping_add(look.tick_of(time)));
    }
    Ok(Form::Times { look, ticks })
}

fn read_simple(source: &mut Source<'_>, form: u8, many: usize) -> Result<Form, SegmentError> {
    Ok(match form {
        SAME => Form::Same(part(source)?),
        ENDED => ended(source.payload(Pool::Texts)?, many)?,
        SIZED => {
            let sizes = numbers::read(source, many)?;
            plain_bounds(source.payload(Pool::Texts)?, &sizes)?
        }
        WHOLE | HEX_NUMBERS => Form::Numbers {
            hex: form == HEX_NUMBERS,
            before: part(source)?,
            behind: part(source)?,
            values: numbers::read(source, many)?,
        },
        HEX => read_hex(source, many)?,
        RUNS => {
            let upper = source.head.take(1)?[0] != 0;
            let form = source.head.take(1)?[0];
            if form == RUNS {
                return Err(damaged("texts in an unknown form"));
            }
            let rests = all(read_simple(source, form, many)?, many)?;
            put_back(&rests, &source.payload(Pool::Digits)?, upper)?
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

pub(super) fn plain_bounds(bytes: Vec<u8>, sizes: &[i64]) -> Result<Form, SegmentError> {
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
                let word = numbers.get(at).and_then(|&n| words.get(n as usize)).ok_or_else(missing)?;
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
                    let [high, low] = digit_pair(byte, *upper);
                    text[pair[0]] = high;
                    if let Some(&place) = pair.get(1) {
                        text[place] = low;
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
    let nibbles = (0..many).rev().map(|n| digits(false)[usize::try_from(value >> (4 * n) & 15).unwrap_or(0)]);
    out.extend(nibbles);
}

#[cfg(test)]
mod tests;
