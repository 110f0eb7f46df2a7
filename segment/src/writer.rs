//! Makes a segment out of rows, one block in memory at a time.

use crate::block;
use crate::bytes::{put, put_signed};
use crate::index::{self, Collected, Shape};
use crate::reader::BlockInfo;
use crate::{BLOCK_BYTES, BLOCK_ROWS, END, EVENT, LEVEL, MAGIC, PAGE, Row, SegmentError, rows, terms};

/// Takes rows in the order of their seq and gives the bytes of a segment.
pub struct Writer {
    out: Vec<u8>,
    first: u64,
    next: u64,
    /// Of the block that is being filled.
    block_first: u64,
    events: Vec<Row>,
    event_bytes: usize,
    others: Vec<Row>,
    other_seqs: Vec<u64>,
    blocks: Vec<BlockInfo>,
    /// Terms of the block that is being filled, then of each that is full.
    collected: Collected,
    found: Vec<(u64, u32)>,
}

impl Writer {
    /// Begins a segment whose first row has this seq.
    #[must_use]
    pub fn new(first: u64) -> Self {
        Self {
            out: MAGIC.to_vec(),
            first,
            next: first,
            block_first: first,
            events: vec![],
            event_bytes: 0,
            others: vec![],
            other_seqs: vec![],
            blocks: vec![],
            collected: Collected::new(),
            found: vec![],
        }
    }

    /// Rows taken so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.next - self.first
    }

    /// Takes the next row.
    ///
    /// # Errors
    /// [`SegmentError`] when a full block cannot be packed.
    pub fn push(&mut self, row: Row) -> Result<(), SegmentError> {
        if row.kind == EVENT {
            self.event_bytes += row.raw.len();
            terms(&row.raw, &mut |term| self.collected.add(term));
            self.events.push(row);
        } else {
            self.other_seqs.push(self.next);
            self.others.push(row);
        }
        self.next += 1;
        let rows = self.next - self.block_first;
        let full = rows >= BLOCK_ROWS as u64 || self.event_bytes >= BLOCK_BYTES;
        if full && self.next.is_multiple_of(PAGE) { self.close_block() } else { Ok(()) }
    }

    fn close_block(&mut self) -> Result<(), SegmentError> {
        let packed = rows::pack(&self.events)?;
        let block = u32::try_from(self.blocks.len()).map_err(|_| SegmentError::Full { what: "blocks" })?;
        self.found.extend(self.collected.drain().map(|term| (term, block)));
        let happened = || self.events.iter().map(|r| r.happened);
        self.blocks.push(BlockInfo {
            offset: self.out.len() as u64,
            length: packed.len() as u64,
            first: self.block_first,
            count: self.next - self.block_first,
            happened: happened().min().zip(happened().max()),
        });
        self.out.extend(packed);
        self.block_first = self.next;
        self.events.clear();
        self.event_bytes = 0;
        Ok(())
    }

    /// Ends the segment and gives its bytes.
    ///
    /// # Errors
    /// [`SegmentError`] when the last block cannot be packed.
    pub fn finish(mut self) -> Result<Vec<u8>, SegmentError> {
        if self.next > self.block_first {
            self.close_block()?;
        }
        let others_at = self.out.len() as u64;
        let mut seqs = vec![];
        let mut before = self.first;
        for &seq in &self.other_seqs {
            put(&mut seqs, seq - before);
            before = seq;
        }
        self.out.extend((seqs.len() as u64).to_be_bytes());
        self.out.extend(seqs);
        self.out.extend(block::pack(&self.others)?);
        let index_at = self.out.len() as u64;
        let (shape, bytes) = index::write(std::mem::take(&mut self.found), self.blocks.len());
        self.out.extend(bytes);
        let table_at = self.out.len() as u64;
        let table = zstd::bulk::compress(&self.table(shape), LEVEL)?;
        self.out.extend(&table);
        self.out.extend(others_at.to_be_bytes());
        self.out.extend(index_at.to_be_bytes());
        self.out.extend(table_at.to_be_bytes());
        self.out.extend((table.len() as u64).to_be_bytes());
        self.out.extend(END);
        Ok(self.out)
    }

    fn table(&self, shape: Shape) -> Vec<u8> {
        let mut table = vec![];
        put(&mut table, self.first);
        put(&mut table, self.next - self.first);
        put(&mut table, self.other_seqs.len() as u64);
        put(&mut table, self.blocks.len() as u64);
        for block in &self.blocks {
            put(&mut table, block.offset);
            put(&mut table, block.length);
            put(&mut table, block.first);
            put(&mut table, block.count);
            table.push(u8::from(block.happened.is_some()));
            for (seconds, nanos) in block.happened.iter().flat_map(|&(a, b)| [a, b]) {
                put_signed(&mut table, seconds);
                put(&mut table, u64::from(nanos));
            }
        }
        for part in [shape.bits, shape.top, shape.blocks] {
            put(&mut table, part.into());
        }
        table
    }
}
