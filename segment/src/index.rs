//! The index of a segment: which blocks can hold a term. It errs only to one side: a block that holds a term is always named.
//!
//! ```text
//! entries: the first `bits` bits of each term's hash, in order, those that are the same once, each with its blocks
//! buckets: entries whose first `top` bits are the same; in a bucket, written bit by bit from the lowest on:
//!          difference to the entry before (Rice, parameter `rest`), then 1 and the number of its one block, or 0 and a bit
//!          for each block
//! directory: for each bucket be32 where it begins in what follows, and one more for the end
//! bucket: 4 bytes of its sum (see `bytes`), be16 entries, its bits
//! ```

use crate::bytes::sum;
use crate::column::damaged;
use crate::reader::ReadAt;
use crate::SegmentError;

/// About so many entries are decoded for one look.
const BUCKET: usize = 256;
/// A hash is cut to as many bits as number the entries, and so many more: one absent term in 256 is taken for present.
const SPARE_BITS: u32 = 8;

/// How an index is written; it stands in the segment's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Shape {
    /// Bits of a hash that are kept.
    pub(crate) bits: u32,
    /// Bits that choose the bucket.
    pub(crate) top: u32,
    /// How many blocks.
    pub(crate) blocks: u32,
}

impl Shape {
    fn of(entries: usize, blocks: usize) -> Self {
        let bits = (usize::BITS - entries.leading_zeros() + SPARE_BITS).min(63);
        let top = entries.div_ceil(BUCKET).next_power_of_two().trailing_zeros();
        Self { bits, top, blocks: u32::try_from(blocks).unwrap_or(u32::MAX) }
    }

    pub(crate) fn is_sound(self) -> bool {
        (1..=63).contains(&self.bits) && self.top <= 26 && self.top < self.bits && self.blocks <= 1 << 20
    }

    fn rest(self) -> u32 {
        (self.bits - self.top).saturating_sub(BUCKET.trailing_zeros())
    }

    fn block_bits(self) -> u32 {
        32 - self.blocks.saturating_sub(1).leading_zeros()
    }

    fn directory_bytes(self) -> u64 {
        ((1u64 << self.top) + 1) * 4
    }
}

#[derive(Default)]
struct Bits {
    out: Vec<u8>,
    held: u64,
    many: u32,
}

impl Bits {
    fn put(&mut self, value: u64, bits: u32) {
        for from in (0..bits).step_by(32) {
            let width = (bits - from).min(32);
            self.held |= (value >> from & ((1u64 << width) - 1)) << self.many;
            self.many += width;
            while self.many >= 8 {
                self.out.push(self.held.to_le_bytes()[0]);
                self.held >>= 8;
                self.many -= 8;
            }
        }
    }

    fn rice(&mut self, value: u64, rest: u32) {
        for _ in 0..value >> rest {
            self.put(1, 1);
        }
        self.put(0, 1);
        self.put(value, rest);
    }

    fn finish(mut self) -> Vec<u8> {
        if self.many > 0 {
            self.out.push(self.held.to_le_bytes()[0]);
        }
        self.out
    }
}

/// Writes the index of the terms of each block: `found` are pairs of hash and block.
pub(crate) fn write(mut found: Vec<(u64, u32)>, blocks: usize) -> (Shape, Vec<u8>) {
    if found.is_empty() {
        return (Shape::default(), vec![]);
    }
    found.sort_unstable();
    found.dedup();
    let shape = Shape::of(found.len(), blocks);
    let mut buckets: Vec<Vec<u8>> = vec![];
    let mut at = 0;
    let cut = |hash: u64| hash >> (64 - shape.bits);
    for bucket in 0..1u64 << shape.top {
        let low = shape.bits - shape.top;
        let end = at + found[at..].partition_point(|(hash, _)| cut(*hash) >> low <= bucket);
        buckets.push(write_bucket(&found[at..end], bucket << low, shape));
        at = end;
    }
    let mut out = vec![];
    let mut offset = 0u32;
    for bucket in &buckets {
        out.extend(offset.to_be_bytes());
        offset += u32::try_from(bucket.len()).unwrap_or(u32::MAX / 2);
    }
    out.extend(offset.to_be_bytes());
    out.extend(buckets.concat());
    (shape, out)
}

fn write_bucket(found: &[(u64, u32)], begin: u64, shape: Shape) -> Vec<u8> {
    let mut bits = Bits::default();
    let (mut before, mut entries) = (begin, 0u16);
    for same in found.chunk_by(|a, b| a.0 >> (64 - shape.bits) == b.0 >> (64 - shape.bits)) {
        let cut = same[0].0 >> (64 - shape.bits);
        bits.rice(cut - before, shape.rest());
        before = cut;
        entries = entries.saturating_add(1);
        let mut blocks: Vec<u32> = same.iter().map(|(_, block)| *block).collect();
        blocks.sort_unstable();
        blocks.dedup();
        if let [one] = blocks[..] {
            bits.put(1, 1);
            bits.put(one.into(), shape.block_bits());
        } else {
            bits.put(0, 1);
            let mut set = blocks.into_iter().peekable();
            (0..shape.blocks).for_each(|block| bits.put(set.next_if_eq(&block).is_some().into(), 1));
        }
    }
    let mut plain = entries.to_be_bytes().to_vec();
    plain.extend(bits.finish());
    let mut out = sum(0, &plain).to_be_bytes()[..4].to_vec();
    out.extend(plain);
    out
}

struct Reading<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reading<'_> {
    fn bit(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    fn take(&mut self, bits: u32) -> Option<u64> {
        (0..bits).try_fold(0, |value, n| Some(value | u64::from(self.bit()?) << n))
    }

    fn rice(&mut self, rest: u32) -> Option<u64> {
        let mut high = 0u64;
        while self.bit()? {
            high += 1;
        }
        Some(high << rest | self.take(rest)?)
    }
}

/// The blocks that can hold a term; none outside of `shape.blocks`.
pub(crate) fn look<R: ReadAt>(
    bytes: &R,
    (offset, length): (u64, u64),
    shape: Shape,
    term: u64,
) -> Result<Vec<bool>, SegmentError> {
    let none = || vec![false; shape.blocks as usize];
    if length == 0 {
        return Ok(none());
    }
    let cut = term >> (64 - shape.bits);
    let bucket = cut >> (shape.bits - shape.top);
    let word = |bytes: &[u8]| bytes.iter().fold(0u64, |v, b| v << 8 | u64::from(*b));
    let ends = bytes.read_at(offset + bucket * 4, 8)?;
    let (from, to) = (word(&ends[..4]), word(&ends[4..]));
    let body = shape.directory_bytes();
    if from + 6 > to || body + to > length {
        return Err(damaged("a bucket of the index lies outside it"));
    }
    let stored = bytes.read_at(offset + body + from, to - from)?;
    let (check, plain) = stored.split_at(4);
    if sum(0, plain).to_be_bytes()[..4] != *check {
        return Err(damaged("a bucket of the index was changed"));
    }
    let entries = u16::from_be_bytes([plain[0], plain[1]]);
    let mut reading = Reading { bytes: &plain[2..], at: 0 };
    let mut at = bucket << (shape.bits - shape.top);
    for _ in 0..entries {
        let wrong = damaged("a bucket of the index ends too early");
        let Some(step) = reading.rice(shape.rest()) else { return Err(wrong) };
        at = at.saturating_add(step);
        let blocks = blocks_of(&mut reading, shape).ok_or(wrong)?;
        if at == cut {
            return Ok(blocks);
        }
        if at > cut {
            break;
        }
    }
    Ok(none())
}

fn blocks_of(reading: &mut Reading<'_>, shape: Shape) -> Option<Vec<bool>> {
    let mut blocks = vec![false; shape.blocks as usize];
    if reading.bit()? {
        *blocks.get_mut(usize::try_from(reading.take(shape.block_bits())?).ok()?)? = true;
    } else {
        for block in &mut blocks {
            *block = reading.bit()?;
        }
    }
    Some(blocks)
}

/// Collects the terms of one block, each once.
pub(crate) struct Collected {
    slots: Vec<u64>,
    many: usize,
}

impl Collected {
    pub(crate) fn new() -> Self {
        Self { slots: vec![0; 1 << 12], many: 0 }
    }

    pub(crate) fn add(&mut self, term: u64) {
        // 0 marks a free slot; a term of this hash shares that of another, which costs a look at a block.
        let term = term.max(1);
        let mask = self.slots.len() - 1;
        let mut at = usize::try_from(term & mask as u64).unwrap_or(0);
        loop {
            match self.slots[at] {
                0 => break,
                there if there == term => return,
                _ => at = (at + 1) & mask,
            }
        }
        self.slots[at] = term;
        self.many += 1;
        if self.many * 2 > self.slots.len() {
            let old = std::mem::replace(&mut self.slots, vec![0; 2 * (mask + 1)]);
            self.many = 0;
            old.into_iter().filter(|t| *t != 0).for_each(|t| self.add(t));
        }
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = u64> {
        self.many = 0;
        std::mem::replace(&mut self.slots, vec![0; 1 << 12]).into_iter().filter(|t| *t != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hash(n: u64) -> u64 {
        let mut all = vec![];
        crate::terms(format!("term{n}").as_bytes(), &mut |t| all.push(t));
        all[0]
    }

    #[test]
    fn few_absent_terms_are_taken_for_present() {
        let found: Vec<_> = (0..50_000u64).map(|n| (hash(n), u32::try_from(n % 13).expect("small"))).collect();
        let (shape, bytes) = write(found.clone(), 13);
        assert!(bytes.len() < 50_000 * 2 + 4_000, "{} bytes", bytes.len());
        let place = (0, bytes.len() as u64);
        for (term, block) in found.iter().step_by(7) {
            assert!(look(&bytes, place, shape, *term).expect("reads")[*block as usize]);
        }
        let wrong = (100_000..120_000).filter(|n| look(&bytes, place, shape, hash(*n)).expect("reads").contains(&true)).count();
        assert!(wrong < 200, "{wrong} of 20000");
    }

    #[test]
    fn a_changed_index_is_noticed_or_not_needed() {
        let found: Vec<_> = (0..900u64).map(|n| (hash(n), u32::try_from(n % 3).expect("small"))).collect();
        let (shape, bytes) = write(found.clone(), 3);
        let place = (0, bytes.len() as u64);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 4;
            for (term, block) in found.iter().step_by(31) {
                if let Ok(blocks) = look(&changed, place, shape, *term) {
                    assert!(blocks[*block as usize], "byte {at}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_block_that_holds_a_term_is_always_named(pairs in prop::collection::vec((any::<u64>(), 0u32..9), 1..600)) {
            let (shape, bytes) = write(pairs.clone(), 9);
            prop_assert!(shape.is_sound());
            for (term, block) in pairs {
                let blocks = look(&bytes, (0, bytes.len() as u64), shape, term).expect("reads");
                prop_assert!(blocks[block as usize]);
            }
        }
    }
}
