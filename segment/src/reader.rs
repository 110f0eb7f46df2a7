//! Reads a segment: its table first, then only the blocks that are asked for.

use crate::block;
use crate::bytes::Cursor;
use crate::index::{self, Shape};
use crate::{END, MAGIC, Row, SegmentError, rows};
use std::io;

/// Most bytes of a table, unpacked.
const TABLE_LIMIT_BYTES: usize = 64 << 20;
const TAIL_BYTES: u64 = 40;

/// Bytes that can be read anywhere: memory, a file, or something decrypted on the way.
pub trait ReadAt {
    /// All bytes there are.
    ///
    /// # Errors
    /// When the medium cannot say.
    fn size(&self) -> io::Result<u64>;

    /// Exactly `length` bytes from `offset` on.
    ///
    /// # Errors
    /// When they are not there, or the medium fails.
    fn read_at(&self, offset: u64, length: u64) -> io::Result<Vec<u8>>;
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let from = usize::try_from(offset).ok();
        let end = from.zip(usize::try_from(length).ok()).and_then(|(f, l)| f.checked_add(l));
        from.zip(end)
            .and_then(|(from, end)| self.get(from..end))
            .map(<[u8]>::to_vec)
            .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
    }
}

/// Where a block lies and what it spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockInfo {
    pub(crate) offset: u64,
    pub(crate) length: u64,
    /// Seq of its first row.
    pub first: u64,
    /// How many rows it spans, those of other kinds included.
    pub count: u64,
    /// Least and greatest `happened` of its events; none when it holds no event.
    pub happened: Option<((i64, u32), (i64, u32))>,
}

/// A segment that is open for reading.
pub struct Reader<R> {
    bytes: R,
    first: u64,
    count: u64,
    blocks: Vec<BlockInfo>,
    others: Vec<(u64, Row)>,
    /// Where the index lies, and how it is written.
    index: (u64, u64),
    shape: Shape,
}

impl<R: ReadAt> Reader<R> {
    /// Opens a segment: reads its table and the rows that are no events.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`] when the bytes are no segment; [`SegmentError::Io`] when they cannot be read.
    pub fn open(bytes: R) -> Result<Self, SegmentError> {
        let damaged = |what| SegmentError::Damaged { what };
        let size = bytes.size()?;
        if size < TAIL_BYTES + MAGIC.len() as u64 || bytes.read_at(0, 8)? != MAGIC {
            return Err(damaged("it does not begin as a segment"));
        }
        let tail = bytes.read_at(size - TAIL_BYTES, TAIL_BYTES)?;
        let number = |at: usize| tail[at..at + 8].iter().fold(0u64, |v, &b| v << 8 | u64::from(b));
        let (others_at, index_at, table_at, length) = (number(0), number(8), number(16), number(24));
        let placed = others_at < index_at && index_at <= table_at && table_at.checked_add(length) == Some(size - TAIL_BYTES);
        if &tail[32..] != END || !placed {
            return Err(damaged("it does not end as a segment"));
        }
        let packed = bytes.read_at(table_at, length)?;
        let table = zstd::bulk::decompress(&packed, TABLE_LIMIT_BYTES)
            .map_err(|_| damaged("its table does not unpack"))?;
        let Table { first, count, others: many_others, blocks, shape } = read_table(&table, others_at)?;
        let others = read_others(&bytes.read_at(others_at, index_at - others_at)?, first, many_others)?;
        if others.iter().any(|&(seq, _)| seq - first >= count) {
            return Err(damaged("a row lies outside it"));
        }
        let index = (index_at, table_at - index_at);
        let fits = if index.1 == 0 { shape == Shape::default() } else { shape.is_sound() && shape.blocks as usize == blocks.len() };
        if !fits {
            return Err(damaged("its index does not fit"));
        }
        Ok(Self { bytes, first, count, blocks, others, index, shape })
    }

    /// Seq of the first row.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// How many rows there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Its blocks, in the order of their rows.
    #[must_use]
    pub fn blocks(&self) -> &[BlockInfo] {
        &self.blocks
    }

    /// The rows that are no events, with their seq.
    #[must_use]
    pub fn others(&self) -> &[(u64, Row)] {
        &self.others
    }

    /// Which blocks can hold every one of these terms among their events (see [`crate::query_terms`]). A block that holds them is
    /// always among them; one that does not, seldom. A segment whose index is absent names every block.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`] when the index is not what was written.
    pub fn candidates(&self, terms: &[u64]) -> Result<Vec<bool>, SegmentError> {
        let mut all = vec![true; self.blocks.len()];
        if self.index.1 == 0 {
            return Ok(all);
        }
        for term in terms {
            let blocks = index::look(&self.bytes, self.index, self.shape, (*term).max(1))?;
            all.iter_mut().zip(blocks).for_each(|(all, here)| *all &= here);
            if !all.contains(&true) {
                break;
            }
        }
        Ok(all)
    }

    /// All rows that a block spans, of every kind, with their seq.
    ///
    /// # Errors
    /// [`SegmentError::NoBlock`], or [`SegmentError::Damaged`] when the block does not hold what the table says.
    pub fn read_block(&self, block: usize) -> Result<Vec<(u64, Row)>, SegmentError> {
        let info = *self.blocks.get(block).ok_or(SegmentError::NoBlock { block })?;
        let mut events = rows::unpack(&self.bytes.read_at(info.offset, info.length)?)?.into_iter();
        let from = self.others.partition_point(|&(seq, _)| seq < info.first);
        let mut others = self.others[from..].iter().peekable();
        let mut rows = Vec::with_capacity(
            usize::try_from(info.count).unwrap_or(0).min(events.len() + self.others.len()),
        );
        for seq in info.first..info.first + info.count {
            let row = match others.next_if(|&&(other, _)| other == seq) {
                Some((_, row)) => Some(row.clone()),
                None => events.next(),
            };
            rows.push((seq, row.ok_or(SegmentError::Damaged { what: "a block lacks a row" })?));
        }
        if events.next().is_some() {
            return Err(SegmentError::Damaged { what: "a block has a row too many" });
        }
        Ok(rows)
    }
}

struct Table {
    first: u64,
    count: u64,
    others: usize,
    blocks: Vec<BlockInfo>,
    shape: Shape,
}

fn read_table(table: &[u8], end: u64) -> Result<Table, SegmentError> {
    let damaged = SegmentError::Damaged { what: "its table does not fit" };
    let mut c = Cursor::new(table);
    let (first, count) = (c.unsigned()?, c.unsigned()?);
    let others = c.count(1 << 32)?;
    let many = c.count(table.len())?;
    let mut blocks: Vec<BlockInfo> = Vec::with_capacity(many);
    let mut next = first;
    for _ in 0..many {
        let (offset, length, from, rows) = (c.unsigned()?, c.unsigned()?, c.unsigned()?, c.unsigned()?);
        let time = |c: &mut Cursor<'_>| -> Result<(i64, u32), SegmentError> {
            Ok((
                c.signed()?,
                u32::try_from(c.unsigned()?).map_err(|_| SegmentError::Damaged { what: "a time" })?,
            ))
        };
        let happened = match c.take(1)?[0] {
            0 => None,
            _ => Some((time(&mut c)?, time(&mut c)?)),
        };
        let inside = offset.checked_add(length).is_some_and(|e| e <= end);
        let followed = from.checked_add(rows).filter(|_| from == next && rows > 0);
        match followed.filter(|_| inside) {
            Some(then) => next = then,
            None => return Err(damaged),
        }
        blocks.push(BlockInfo { offset, length, first: from, count: rows, happened });
    }
    let mut part = || u32::try_from(c.unsigned()?).map_err(|_| SegmentError::Damaged { what: "the shape of its index" });
    let shape = Shape { bits: part()?, top: part()?, blocks: part()? };
    if first.checked_add(count) != Some(next) || c.left() != 0 {
        return Err(damaged);
    }
    Ok(Table { first, count, others, blocks, shape })
}

fn read_others(part: &[u8], first: u64, many: usize) -> Result<Vec<(u64, Row)>, SegmentError> {
    let damaged = SegmentError::Damaged { what: "its other rows do not fit" };
    let Some((length, rest)) = part.split_first_chunk::<8>() else { return Err(damaged) };
    let length = usize::try_from(u64::from_be_bytes(*length)).unwrap_or(usize::MAX);
    let Some((seqs, packed)) = rest.split_at_checked(length) else { return Err(damaged) };
    let mut c = Cursor::new(seqs);
    let rows = block::unpack(packed)?;
    if rows.len() != many {
        return Err(damaged);
    }
    let mut seq = first;
    let mut others = Vec::with_capacity(many);
    for (at, row) in rows.into_iter().enumerate() {
        let step = c.unsigned()?;
        let next = seq.checked_add(step).filter(|_| step > 0 || at == 0);
        seq = next.ok_or(SegmentError::Damaged { what: "other rows are out of order" })?;
        others.push((seq, row));
    }
    if c.left() != 0 { Err(damaged) } else { Ok(others) }
}

#[cfg(test)]
mod tests;
