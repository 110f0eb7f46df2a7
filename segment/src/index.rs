//! Which blocks can hold a term: a compact table of hashes, read one bucket at a time.
//!
//! Hashes of the terms of a segment are cut to their highest `bits` bits, so many that a term that is not there meets
//! an entry once in some 64 times, or in some 16 where there is but one block to be read in vain. They stand in
//! buckets by their highest `bucket_bits` bits. A bucket:
//!
//! ```text
//! count · entries, bit after bit, lowest bit of a byte first, filled with zeros · sum of count and entries, 4 bytes
//! entry: distance from the one before (the first from the least hash of the bucket) as a Rice code with `low_bits` low
//!        bits: quotient in ones, a zero, low bits; then its blocks, when there is more than one block:
//!        0 and a number · 10 all blocks · 11 and a bit for each block
//! ```
//!
//! In front of the buckets: where each begins and, last, where the last one ends, be32 each, from the first bucket on.

use crate::SegmentError;
use crate::bytes::{Cursor, put, sum};
use crate::column::damaged;

/// Bits of a hash beyond those that number the terms. In vain a reader reads one block, and then nothing in it is found:
/// that costs more where a search asks many segments of many blocks.
const SPARE_BITS: u32 = 6;
/// The same where there is one block: a quarter of the index for a few milliseconds once in 16 times.
const SPARE_BITS_OF_ONE: u32 = 4;
/// Entries of a bucket, about.
const BUCKET: usize = 256;
/// Most bytes of a bucket that is read.
const BUCKET_LIMIT_BYTES: u64 = 16 << 20;
/// Seed of the sums of buckets, to which their number is added.
const SEED: u64 = 0x42_5741_494c;

/// What must be known to look a term up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Bits that a hash is cut to.
    pub(crate) bits: u32,
    /// Of them, those that number the bucket.
    pub(crate) bucket_bits: u32,
    /// Bits of a distance that are written as they are.
    pub(crate) low_bits: u32,
    /// Bytes of the index.
    pub(crate) length: u64,
    /// Blocks of the segment.
    pub(crate) blocks: usize,
}

/// Gathers the terms of blocks.
#[derive(Default)]
pub(crate) struct Gathered {
    /// Each term with its block, sorted within a block.
    terms: Vec<(u64, u32)>,
}

impl Gathered {
    /// Adds the terms of the next block.
    pub(crate) fn add(&mut self, block: u32, terms: impl IntoIterator<Item = u64>) {
        let from = self.terms.len();
        self.terms.extend(terms.into_iter().map(|t| (t, block)));
        self.terms[from..].sort_unstable();
        let mut last = None;
        let mut kept = from;
        for at in from..self.terms.len() {
            let term = self.terms[at];
            if last != Some(term) {
                self.terms[kept] = term;
                kept += 1;
            }
            last = Some(term);
        }
        self.terms.truncate(kept);
    }

    /// The index of all that was added.
    pub(crate) fn finish(mut self, blocks: usize) -> Result<(Shape, Vec<u8>), SegmentError> {
        // Runs that are sorted already are merged.
        self.terms.sort();
        let distinct = self.terms.chunk_by(|a, b| a.0 == b.0).count();
        let many = distinct.max(1);
        let spare = if blocks < 2 { SPARE_BITS_OF_ONE } else { SPARE_BITS };
        let bits = (nearest_power(many) + spare).min(63);
        let buckets = many.div_ceil(BUCKET);
        let bucket_bits = usize::BITS - (buckets - 1).leading_zeros();
        let mut shape = Shape { bits, bucket_bits, low_bits: spare, length: 0, blocks };
        shape.low_bits = shape.best_low_bits(&self.terms);
        let (mut starts, mut body) = (vec![], vec![]);
        let mut rest = &self.terms[..];
        for bucket in 0..1u64 << bucket_bits {
            starts.push(body.len());
            let end = rest.partition_point(|&(t, _)| shape.cut(t) >> (bits - bucket_bits) <= bucket);
            let (own, others) = rest.split_at(end);
            rest = others;
            write_bucket(&shape, bucket, own, &mut body);
        }
        starts.push(body.len());
        let mut out = Vec::with_capacity(starts.len() * 4 + body.len());
        for start in starts {
            let start =
                u32::try_from(start).map_err(|_| SegmentError::Full { what: "terms of a segment" })?;
            out.extend(start.to_be_bytes());
        }
        out.extend(body);
        shape.length = out.len() as u64;
        Ok((shape, out))
    }
}

/// The power of two that a number is nearest to.
fn nearest_power(many: usize) -> u32 {
    let power = many.ilog2();
    // Beyond the root of two times the lower one, the higher one is nearer.
    let square = (many as u128).pow(2) >> (2 * power + 1);
    power + u32::from(square > 0)
}

fn write_bucket(shape: &Shape, bucket: u64, terms: &[(u64, u32)], body: &mut Vec<u8>) {
    let from = body.len();
    let entries = || terms.chunk_by(|a, b| shape.cut(a.0) == shape.cut(b.0));
    put(body, entries().count() as u64);
    let mut bits = Bits { out: body, held: 0, many: 0 };
    let mut next = bucket << (shape.bits - shape.bucket_bits);
    for entry in entries() {
        let cut = shape.cut(entry[0].0);
        bits.rice(cut - next, shape.low_bits);
        next = cut + 1;
        shape.write_blocks(entry, &mut bits);
    }
    bits.end();
    let check = sum(SEED.wrapping_add(bucket), &body[from..]).to_be_bytes();
    body.extend(&check[..4]);
}

impl Shape {
    fn cut(&self, term: u64) -> u64 {
        term >> (64 - self.bits)
    }

    /// The low bits with which distances take least.
    fn best_low_bits(&self, terms: &[(u64, u32)]) -> u32 {
        let cost = |low: &u32| -> u64 {
            let distance = |w: &[(u64, u32)]| self.cut(w[1].0) - self.cut(w[0].0);
            terms
                .windows(2)
                .map(distance)
                .filter(|&d| d > 0)
                .map(|d| ((d - 1) >> low) + u64::from(*low))
                .sum()
        };
        (self.low_bits - 1..self.low_bits + 2).min_by_key(cost).unwrap_or(self.low_bits)
    }

    /// Bits of the number of a block.
    fn number_bits(&self) -> u32 {
        usize::BITS - self.blocks.saturating_sub(1).leading_zeros()
    }

    fn write_blocks(&self, entry: &[(u64, u32)], bits: &mut Bits<'_>) {
        if self.blocks < 2 {
            return;
        }
        let mut set: Vec<u32> = entry.iter().map(|e| e.1).collect();
        set.sort_unstable();
        set.dedup();
        if let [block] = set[..] {
            bits.put(0, 1);
            bits.put(u64::from(block), self.number_bits());
        } else if set.len() == self.blocks {
            bits.put(0b01, 2);
        } else {
            bits.put(0b11, 2);
            let mut held = set.iter().peekable();
            for block in 0.. {
                if block as usize == self.blocks {
                    break;
                }
                bits.put(u64::from(held.next_if(|&&b| b == block).is_some()), 1);
            }
        }
    }

    /// Whether numbers that were read can be those of an index.
    pub(crate) fn is_sound(&self) -> bool {
        let starts = (1u64 << self.bucket_bits.min(40)).saturating_add(1).saturating_mul(4);
        (1..64).contains(&self.bits)
            && self.bucket_bits <= self.bits
            && self.bucket_bits <= 40
            && self.low_bits < 40
            && starts <= self.length
    }

    /// The blocks that can hold a term; `read` gives bytes of the index.
    pub(crate) fn look_up(
        &self,
        term: u64,
        read: impl Fn(u64, u64) -> Result<Vec<u8>, SegmentError>,
    ) -> Result<Vec<bool>, SegmentError> {
        let cut = self.cut(term);
        let bucket = cut >> (self.bits - self.bucket_bits);
        let body = ((1u64 << self.bucket_bits) + 1) * 4;
        let starts = read(bucket * 4, 8)?;
        let (starts, _) = starts.as_chunks::<4>();
        let &[from, to] = starts else { return Err(damaged("its index ends too early")) };
        let (from, to) = (u64::from(u32::from_be_bytes(from)), u64::from(u32::from_be_bytes(to)));
        let length = to.checked_sub(from).filter(|l| (4..=BUCKET_LIMIT_BYTES).contains(l));
        let length = length.filter(|_| body + to <= self.length).ok_or(damaged("its index does not fit"))?;
        let bytes = read(body + from, length)?;
        let Some((bytes, check)) = bytes.split_last_chunk::<4>() else {
            return Err(damaged("its index ends too early"));
        };
        if sum(SEED.wrapping_add(bucket), bytes).to_be_bytes()[..4] != *check {
            return Err(damaged("its index has another sum"));
        }
        self.find(cut, bucket, bytes)
    }

    /// Goes through a whole bucket, so that damage shows whichever term is asked for.
    fn find(&self, wanted: u64, bucket: u64, bytes: &[u8]) -> Result<Vec<bool>, SegmentError> {
        let mut c = Cursor::new(bytes);
        let count = c.count(bytes.len() * 8)?;
        let left = c.left();
        let mut bits = Taken { bytes: c.take(left)?, at: 0 };
        let mut found = vec![false; self.blocks];
        let mut next = bucket << (self.bits - self.bucket_bits);
        for _ in 0..count {
            let cut = bits.rice(self.low_bits)?.checked_add(next).ok_or(damaged("its index does not fit"))?;
            next = cut.saturating_add(1);
            self.read_blocks(&mut bits, &mut found, cut == wanted)?;
        }
        bits.end()?;
        Ok(found)
    }

    fn read_blocks(
        &self,
        bits: &mut Taken<'_>,
        found: &mut [bool],
        wanted: bool,
    ) -> Result<(), SegmentError> {
        if self.blocks < 2 {
            found.iter_mut().for_each(|f| *f |= wanted);
        } else if bits.take(1)? == 0 {
            let block = usize::try_from(bits.take(self.number_bits())?).unwrap_or(usize::MAX);
            *found.get_mut(block).ok_or(damaged("its index names no block"))? |= wanted;
        } else if bits.take(1)? == 0 {
            found.iter_mut().for_each(|f| *f |= wanted);
        } else {
            for block in found {
                *block |= bits.take(1)? == 1 && wanted;
            }
        }
        Ok(())
    }
}

/// Bits that are being written, lowest first.
struct Bits<'a> {
    out: &'a mut Vec<u8>,
    held: u128,
    many: u32,
}

impl Bits<'_> {
    /// Writes at most 64 bits.
    fn put(&mut self, value: u64, bits: u32) {
        self.held |= u128::from(value) << self.many;
        self.many += bits;
        while self.many >= 8 {
            self.out.push(self.held.to_le_bytes()[0]);
            self.held >>= 8;
            self.many -= 8;
        }
    }

    fn rice(&mut self, value: u64, low_bits: u32) {
        for _ in 0..value >> low_bits {
            self.put(1, 1);
        }
        self.put(0, 1);
        self.put(value & ((1 << low_bits) - 1), low_bits);
    }

    fn end(&mut self) {
        if self.many > 0 {
            self.out.push(self.held.to_le_bytes()[0]);
        }
    }
}

/// Bits that are being read.
struct Taken<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Taken<'_> {
    fn take(&mut self, bits: u32) -> Result<u64, SegmentError> {
        let (from, end) = (self.at, self.at + bits as usize);
        if end > self.bytes.len() * 8 {
            return Err(damaged("its index ends too early"));
        }
        let mut word = [0; 16];
        let bytes = &self.bytes[from / 8..self.bytes.len().min(from / 8 + 16)];
        word[..bytes.len()].copy_from_slice(bytes);
        self.at = end;
        let mask = if bits == 0 { 0 } else { u64::MAX >> (64 - bits) };
        let value = u128::from_le_bytes(word) >> (from % 8) & u128::from(mask);
        Ok(u64::try_from(value).unwrap_or(0))
    }

    fn rice(&mut self, low_bits: u32) -> Result<u64, SegmentError> {
        let mut high = 0u64;
        while self.take(1)? == 1 {
            high += 1;
        }
        let low = self.take(low_bits)?;
        high.checked_mul(1 << low_bits).map(|high| high | low).ok_or(damaged("its index does not fit"))
    }

    /// Nothing is left but zeros that fill a byte.
    fn end(&mut self) -> Result<(), SegmentError> {
        let left = self.bytes.len() * 8 - self.at;
        let filled = left < 8 && self.take(u32::try_from(left).unwrap_or(0))? == 0;
        if filled { Ok(()) } else { Err(damaged("its index has bits too many")) }
    }
}

#[cfg(test)]
mod tests;
