//! Reads a segment: its table first, then only what is asked for.

use crate::bytes::{Cursor, sum};
use crate::column::damaged;
use crate::index::{Gathered, Shape};
use crate::table::{Part, Table};
use crate::writer::terms_of;
use crate::{END, MAGIC, Row, SegmentError, block, unit};
use std::io;
use std::sync::{Arc, OnceLock};

/// Most bytes of a table.
const TABLE_LIMIT_BYTES: u64 = 64 << 20;
const TAIL_BYTES: usize = 32;
/// Bytes at the end that are read at once: most tables lie in them.
const LAST_BYTES: u64 = 4096;

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

/// What a block spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockInfo {
    /// Seq of its first row.
    pub first: u64,
    /// How many rows it spans, those of other kinds included.
    pub count: u64,
    /// Least and greatest `happened` of its events; none when it holds no event.
    pub happened: Option<((i64, u32), (i64, u32))>,
}

/// An index that was made again, for a segment that has none.
pub struct Index(Shape, Vec<u8>);

/// A segment that is open for reading.
pub struct Reader<R> {
    bytes: R,
    table: Table,
    blocks: Vec<BlockInfo>,
    others: OnceLock<Vec<(u64, Row)>>,
    /// An index that was made again from the rows.
    rebuilt: Option<Arc<Index>>,
}

impl<R: ReadAt> Reader<R> {
    /// Opens a segment: reads its table.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`] when the bytes are no segment; [`SegmentError::Io`] when they cannot be read.
    pub fn open(bytes: R) -> Result<Self, SegmentError> {
        let size = bytes.size()?;
        if size < (TAIL_BYTES + MAGIC.len()) as u64 || bytes.read_at(0, 8)? != MAGIC {
            return Err(damaged("it does not begin as a segment"));
        }
        let near = size.min(LAST_BYTES);
        let last = bytes.read_at(size - near, near)?;
        let (before, tail) = last.split_at_checked(last.len().wrapping_sub(TAIL_BYTES)).unwrap_or_default();
        let number = |at: usize| tail[at..at + 8].iter().fold(0u64, |v, &b| v << 8 | u64::from(b));
        if tail.len() != TAIL_BYTES || &tail[24..] != END {
            return Err(damaged("it does not end as a segment"));
        }
        let (offset, length, check) = (number(0), number(8), number(16));
        if length > TABLE_LIMIT_BYTES || offset.checked_add(length) != Some(size - TAIL_BYTES as u64) {
            return Err(damaged("it does not end as a segment"));
        }
        let far;
        let within = usize::try_from(length).ok().and_then(|l| before.len().checked_sub(l));
        let table = match within {
            Some(from) => &before[from..],
            None => {
                far = bytes.read_at(offset, length)?;
                &far[..]
            }
        };
        if sum(offset, table) != check {
            return Err(damaged("its table has another sum"));
        }
        let table = Table::read(table, offset)?;
        let blocks = table.blocks.iter().map(|b| b.0).collect();
        Ok(Self { bytes, table, blocks, others: OnceLock::new(), rebuilt: None })
    }

    /// Seq of the first row.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.table.first
    }

    /// How many rows there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.table.count
    }

    /// Its blocks, in the order of their rows.
    #[must_use]
    pub fn blocks(&self) -> &[BlockInfo] {
        &self.blocks
    }

    fn part(&self, part: &Part) -> Result<Vec<u8>, SegmentError> {
        let bytes = self.bytes.read_at(part.offset, part.length)?;
        if sum(part.offset, &bytes) == part.sum { Ok(bytes) } else { Err(damaged("a part has another sum")) }
    }

    /// The rows that are no events, with their seq; read when first asked for.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`] when they are not what the table says.
    pub fn others(&self) -> Result<&[(u64, Row)], SegmentError> {
        if let Some(others) = self.others.get() {
            return Ok(others);
        }
        let (many, part) = &self.table.others;
        let read = read_others(&self.part(part)?, self.table.first, *many)?;
        if read.iter().any(|&(seq, _)| seq - self.table.first >= self.table.count) {
            return Err(damaged("a row lies outside of it"));
        }
        Ok(self.others.get_or_init(|| read))
    }

    /// All rows that a block spans, of every kind, with their seq.
    ///
    /// # Errors
    /// [`SegmentError::NoBlock`], or [`SegmentError::Damaged`] when the block does not hold what the table says.
    pub fn read_block(&self, block: usize) -> Result<Vec<(u64, Row)>, SegmentError> {
        let (info, part, events) = self.table.blocks.get(block).ok_or(SegmentError::NoBlock { block })?;
        let rows = unit::unpack(&self.part(part)?)?;
        if rows.len() as u64 != *events {
            return Err(damaged("a block has too few rows or too many"));
        }
        if *events == info.count {
            return Ok((info.first..).zip(rows).collect());
        }
        let all = self.others()?;
        let from = all.partition_point(|&(seq, _)| seq < info.first);
        let to = all.partition_point(|&(seq, _)| seq < info.first + info.count);
        if (to - from) as u64 != info.count - events {
            return Err(damaged("a block lacks a row"));
        }
        let (mut rows, mut others) = (rows.into_iter(), all[from..to].iter().peekable());
        let row = |seq| match others.next_if(|&&(other, _)| other == seq) {
            Some((_, row)) => Ok((seq, row.clone())),
            None => Ok((seq, rows.next().ok_or(damaged("a block lacks a row"))?)),
        };
        (info.first..info.first + info.count).map(row).collect()
    }

    /// For each block, whether it can hold a raw with this term (see [`terms`](crate::terms)): a `false` is sure, a
    /// `true` is wrong about once in 64 terms, once in 16 where there is one block only. All are `true` when the
    /// segment has no index.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`] when the index is damaged.
    pub fn candidates(&self, term: u64) -> Result<Vec<bool>, SegmentError> {
        if let Some(index) = &self.rebuilt {
            return index.0.look_up(term, |offset, length| Ok(index.1.read_at(offset, length)?));
        }
        match &self.table.index {
            Some((shape, from)) => {
                shape.look_up(term, |offset, length| Ok(self.bytes.read_at(from + offset, length)?))
            }
            None => Ok(vec![true; self.blocks.len()]),
        }
    }

    /// Whether an index stands in it.
    pub fn has_index(&self) -> bool {
        self.table.index.is_some()
    }

    /// Makes the index again from all rows: for a segment that has none.
    ///
    /// # Errors
    /// [`SegmentError`] when a block cannot be read.
    pub fn rebuilt_index(&self) -> Result<Index, SegmentError> {
        let mut gathered = Gathered::default();
        for block in 0..self.blocks.len() {
            let rows = self.read_block(block)?;
            let number = u32::try_from(block).map_err(|_| damaged("it has too many blocks"))?;
            gathered.add(number, terms_of(rows.iter().map(|(_, row)| row.raw.as_slice())));
        }
        let (shape, bytes) = gathered.finish(self.blocks.len())?;
        Ok(Index(shape, bytes))
    }

    /// Asks this index from now on, which must have been made from this segment.
    #[must_use]
    pub fn with_index(self, index: Arc<Index>) -> Self {
        Self { rebuilt: Some(index), ..self }
    }
}

fn read_others(part: &[u8], first: u64, many: usize) -> Result<Vec<(u64, Row)>, SegmentError> {
    let mut c = Cursor::new(part);
    if many > part.len() {
        return Err(damaged("its other rows do not fit"));
    }
    let mut seq = first;
    let mut seqs = Vec::with_capacity(many);
    for at in 0..many {
        let step = c.unsigned()?;
        let next = seq.checked_add(step).filter(|_| step > 0 || at == 0);
        seq = next.ok_or(damaged("other rows are out of order"))?;
        seqs.push(seq);
    }
    let left = c.left();
    let rows = block::unpack(c.take(left)?)?;
    if rows.len() != many {
        return Err(damaged("its other rows do not fit"));
    }
    Ok(seqs.into_iter().zip(rows).collect())
}

#[cfg(test)]
mod tests;
