//! Hex digits, two a byte, apart from all other texts: mostly noise, which nothing compresses and which spoils what it
//! stands among.

use super::texts::{Form, part, plain_bounds};
use super::{Pool, Sink, Source, UNPACKED_LIMIT_BYTES, damaged};
use crate::SegmentError;
use crate::bytes::put;
use std::io;

/// Longest text that is written as places with hex digits.
const PATTERN_BYTES: usize = 512;
/// In texts up to this length, runs that never differ are written too: so identifiers lie alike in every column.
const IDENTIFIER_BYTES: usize = 64;
/// Digits in a row that are written whole when one of them differs.
const RUN_DIGITS: usize = 4;
/// Digits in a row that are taken out of any text.
const TAKEN_DIGITS: usize = 16;
/// Most digits that are taken out at once.
const TAKEN_LIMIT: usize = 2 * 255;
/// Stands where digits were taken out; a byte with half their number follows.
const TAKEN: u8 = 1;

/// Texts of one length that differ in hex digits only.
pub(super) struct Hex<'a> {
    pattern: &'a [u8],
    /// Where digits are written.
    places: Vec<usize>,
    upper: bool,
}

pub(super) fn nibble(byte: u8, upper: bool) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' if !upper => Some(byte - b'a' + 10),
        b'A'..=b'F' if upper => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The digits of one case.
pub(super) const fn digits(upper: bool) -> &'static [u8; 16] {
    if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" }
}

/// A byte as two digits.
pub(super) fn digit_pair(byte: u8, upper: bool) -> [u8; 2] {
    [digits(upper)[usize::from(byte >> 4)], digits(upper)[usize::from(byte & 15)]]
}

/// Two digits of either case as a byte.
fn pair_of(high: u8, low: u8) -> u8 {
    VALUES[usize::from(high)] << 4 | VALUES[usize::from(low)]
}

/// The value of each digit of either case; 0 of what is none.
const VALUES: [u8; 256] = {
    let mut table = [0; 256];
    let mut value = 0;
    while value < 16 {
        table[digits(false)[value] as usize] = value as u8;
        table[digits(true)[value] as usize] = value as u8;
        value += 1;
    }
    table
};

pub(super) fn as_hex<'a>(texts: &[&'a [u8]]) -> Option<Hex<'a>> {
    let pattern = *texts.first().filter(|t| t.len() <= PATTERN_BYTES && t.len() > 1)?;
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
    Some(Hex { pattern, places: whole(pattern, &differ, upper), upper })
}

/// The places that differ, and those in a run with them.
fn whole(pattern: &[u8], differ: &[u8], upper: bool) -> Vec<usize> {
    let mut places = vec![];
    let mut at = 0;
    while at < pattern.len() {
        let is_digit = |p: usize| pattern.get(p).is_some_and(|&b| nibble(b, upper).is_some());
        let run = (at..).take_while(|&p| is_digit(p)).count().max(1);
        let written = pattern.len() <= IDENTIFIER_BYTES || differ[at..at + run].iter().any(|&d| d != 0);
        let all = run >= RUN_DIGITS && written;
        places.extend((at..at + run).filter(|&p| all || differ[p] != 0));
        at += run;
    }
    places
}

impl Hex<'_> {
    pub(super) fn write(&self, sink: &mut Sink, texts: &[&[u8]]) -> io::Result<()> {
        sink.head.push(self.upper.into());
        put(&mut sink.head, self.pattern.len() as u64);
        sink.head.extend(self.pattern);
        put(&mut sink.head, self.places.len() as u64);
        self.places.iter().for_each(|&p| put(&mut sink.head, p as u64));
        let mut packed = Vec::with_capacity(texts.len() * self.places.len().div_ceil(2));
        for text in texts {
            for pair in self.places.chunks(2) {
                packed.push(pair_of(text[pair[0]], pair.get(1).map_or(b'0', |&p| text[p])));
            }
        }
        sink.payload(Pool::Digits, &packed)
    }
}

pub(super) fn read_hex(source: &mut Source<'_>, many: usize) -> Result<Form, SegmentError> {
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

/// Texts with their long runs of hex digits taken out.
pub(super) struct Runs {
    pub(super) upper: bool,
    pub(super) rests: Vec<Vec<u8>>,
    pub(super) digits: Vec<u8>,
}

/// None when there are too few such runs to be worth it.
pub(super) fn as_runs(texts: &[&[u8]]) -> Option<Runs> {
    let lower = |texts: &[&[u8]]| texts.iter().take(64).any(|t| longest(t, false) > longest(t, true));
    let mut out = Runs { upper: !lower(texts), rests: vec![], digits: vec![] };
    let mut all = 0;
    for text in texts {
        all += text.len();
        let rest = out.take(text)?;
        out.rests.push(rest);
    }
    (out.digits.len() * 8 >= all && out.digits.len() >= TAKEN_DIGITS).then_some(out)
}

fn longest(text: &[u8], upper: bool) -> usize {
    text.split(|&b| nibble(b, upper).is_none()).map(<[u8]>::len).max().unwrap_or(0)
}

impl Runs {
    fn take(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        let (mut rest, mut at) = (Vec::with_capacity(text.len()), 0);
        while at < text.len() {
            let ahead = text[at..].iter().take(TAKEN_LIMIT);
            let run = ahead.take_while(|&&b| nibble(b, self.upper).is_some()).count();
            if run >= TAKEN_DIGITS {
                let (pairs, _) = text[at..at + run].as_chunks::<2>();
                self.digits.extend(pairs.iter().map(|pair| pair_of(pair[0], pair[1])));
                rest.extend([TAKEN, u8::try_from(pairs.len()).unwrap_or(0)]);
                at += pairs.len() * 2;
                continue;
            }
            let end = text.len().min(at + run + 1);
            if text[at..end].ends_with(&[TAKEN]) {
                return None;
            }
            rest.extend(&text[at..end]);
            at = end;
        }
        Some(rest)
    }
}

/// Puts digits back into the texts that they were taken from.
pub(super) fn put_back(rests: &[Vec<u8>], digits: &[u8], upper: bool) -> Result<Form, SegmentError> {
    let (mut bytes, mut sizes, mut left) = (vec![], vec![], digits);
    let missing = || damaged("hex digits are too few or too many");
    for rest in rests {
        let from = bytes.len();
        let mut at = rest.iter();
        while let Some(&byte) = at.next() {
            if byte != TAKEN {
                bytes.push(byte);
                continue;
            }
            let many = usize::from(*at.next().ok_or_else(missing)?);
            let (taken, rest) = left.split_at_checked(many).ok_or_else(missing)?;
            left = rest;
            if bytes.len() > UNPACKED_LIMIT_BYTES {
                return Err(damaged("texts are over their limit"));
            }
            bytes.extend(taken.iter().flat_map(|b| digit_pair(*b, upper)));
        }
        sizes.push(i64::try_from(bytes.len() - from).unwrap_or(i64::MAX));
    }
    if left.is_empty() { plain_bounds(bytes, &sizes) } else { Err(missing()) }
}
