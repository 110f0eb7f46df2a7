//! The table of a segment: what lies where, each with the sum that tells damage. Small, so that opening is cheap.

use crate::SegmentError;
use crate::bytes::{Cursor, put, put_signed};
use crate::column::damaged;
use crate::index::Shape;
use crate::reader::BlockInfo;

/// Bytes of a segment that lie together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) offset: u64,
    pub(crate) length: u64,
    pub(crate) sum: u64,
}

/// What a segment says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) first: u64,
    pub(crate) count: u64,
    /// How many rows are no events, and where they lie.
    pub(crate) others: (usize, Part),
    /// The index and where it begins; none when it was left out.
    pub(crate) index: Option<(Shape, u64)>,
    /// Blocks in the order of their rows, with the number of their events.
    pub(crate) blocks: Vec<(BlockInfo, Part, u64)>,
}

impl Part {
    fn write(&self, out: &mut Vec<u8>) {
        put(out, self.offset);
        put(out, self.length);
        out.extend(self.sum.to_be_bytes());
    }

    fn read(c: &mut Cursor<'_>, end: u64) -> Result<Self, SegmentError> {
        let (offset, length) = (c.unsigned()?, c.unsigned()?);
        let sum = c.take(8)?.iter().fold(0, |v, &b| v << 8 | u64::from(b));
        let inside = offset.checked_add(length).is_some_and(|e| e <= end);
        if inside { Ok(Self { offset, length, sum }) } else { Err(damaged("a part lies outside of it")) }
    }
}

impl Table {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = vec![];
        put(&mut out, self.first);
        put(&mut out, self.count);
        put(&mut out, self.others.0 as u64);
        self.others.1.write(&mut out);
        out.push(u8::from(self.index.is_some()));
        if let Some((shape, offset)) = &self.index {
            put(&mut out, shape.bits.into());
            put(&mut out, shape.bucket_bits.into());
            put(&mut out, shape.low_bits.into());
            put(&mut out, *offset);
            put(&mut out, shape.length);
        }
        put(&mut out, self.blocks.len() as u64);
        for (block, part, events) in &self.blocks {
            part.write(&mut out);
            put(&mut out, block.count);
            put(&mut out, *events);
            out.push(u8::from(block.happened.is_some()));
            for (seconds, nanos) in block.happened.iter().flat_map(|&(a, b)| [a, b]) {
                put_signed(&mut out, seconds);
                put(&mut out, u64::from(nanos));
            }
        }
        out
    }

    /// Reads a table; `end` is where it begins, behind everything that it speaks of.
    pub(crate) fn read(bytes: &[u8], end: u64) -> Result<Self, SegmentError> {
        let mut c = Cursor::new(bytes);
        let (first, count) = (c.unsigned()?, c.unsigned()?);
        let others = (c.count(1 << 32)?, Part::read(&mut c, end)?);
        let index = match c.take(1)?[0] {
            0 => None,
            _ => Some(([c.count(64)?, c.count(64)?, c.count(64)?], c.unsigned()?, c.unsigned()?)),
        };
        let many = c.count(c.left())?;
        let mut blocks = Vec::with_capacity(many);
        let mut next = first;
        for _ in 0..many {
            let (block, part, events) = read_block(&mut c, next, end)?;
            next = next.checked_add(block.count).ok_or(damaged("its table does not fit"))?;
            blocks.push((block, part, events));
        }
        if first.checked_add(count) != Some(next) || c.left() != 0 {
            return Err(damaged("its table does not fit"));
        }
        let shape = |(widths, offset, length): ([usize; 3], u64, u64)| {
            let [bits, bucket_bits, low_bits] = widths.map(|n| u32::try_from(n).unwrap_or(64));
            let shape = Shape { bits, bucket_bits, low_bits, length, blocks: many };
            let inside = offset.checked_add(length).is_some_and(|e| e <= end) && shape.is_sound();
            inside.then_some((shape, offset)).ok_or(damaged("its index does not fit"))
        };
        Ok(Self { first, count, others, index: index.map(shape).transpose()?, blocks })
    }
}

fn read_block(c: &mut Cursor<'_>, first: u64, end: u64) -> Result<(BlockInfo, Part, u64), SegmentError> {
    let part = Part::read(c, end)?;
    let (count, events) = (c.unsigned()?, c.unsigned()?);
    let time = |c: &mut Cursor<'_>| -> Result<(i64, u32), SegmentError> {
        Ok((c.signed()?, u32::try_from(c.unsigned()?).map_err(|_| damaged("a time"))?))
    };
    let happened = match c.take(1)?[0] {
        0 => None,
        _ => Some((time(c)?, time(c)?)),
    };
    if count == 0 || events > count {
        return Err(damaged("its table does not fit"));
    }
    Ok((BlockInfo { first, count, happened }, part, events))
}
