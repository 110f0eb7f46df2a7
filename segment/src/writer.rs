//! Makes a segment out of rows, one block in memory at a time.

use crate::bytes::{put, sum};
use crate::index::Gathered;
use crate::reader::BlockInfo;
use crate::slots::{Found, Slots};
use crate::table::{Part, Table};
use crate::{BLOCK_BYTES, BLOCK_ROWS, END, EVENT, MAGIC, PAGE, Row, SegmentError, block, terms, unit};

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
    /// How many of the others lie in blocks that are closed.
    others_closed: usize,
    blocks: Vec<(BlockInfo, Part, u64)>,
    index: Option<Gathered>,
}

/// Distinct terms of rows.
pub(crate) fn terms_of<'a>(raws: impl Iterator<Item = &'a [u8]>) -> Vec<u64> {
    let mut slots = Slots::new();
    let mut crowded: Vec<u64> = vec![];
    for raw in raws {
        terms(raw, &mut |term| {
            if let Found::Crowded = slots.find(term, |_| true) {
                crowded.push(term);
            }
        });
        if crowded.len() > 1 << 20 {
            crowded.sort_unstable();
            crowded.dedup();
        }
    }
    let mut all = slots.into_hashes();
    all.extend(crowded);
    all
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
            others_closed: 0,
            blocks: vec![],
            index: Some(Gathered::default()),
        }
    }

    /// Begins a segment that gets no index: every block can hold every term then.
    #[must_use]
    pub fn without_index(first: u64) -> Self {
        Self { index: None, ..Self::new(first) }
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

    fn part(&mut self, bytes: &[u8]) -> Part {
        let offset = self.out.len() as u64;
        self.out.extend(bytes);
        Part { offset, length: bytes.len() as u64, sum: sum(offset, bytes) }
    }

    fn close_block(&mut self) -> Result<(), SegmentError> {
        let packed = unit::pack(&self.events)?;
        let part = self.part(&packed);
        let happened = || self.events.iter().map(|r| r.happened);
        let block = BlockInfo {
            first: self.block_first,
            count: self.next - self.block_first,
            happened: happened().min().zip(happened().max()),
        };
        if let Some(index) = &mut self.index {
            let raws = self.events.iter().chain(&self.others[self.others_closed..]);
            let number = u32::try_from(self.blocks.len());
            let number = number.map_err(|_| SegmentError::Full { what: "blocks of a segment" })?;
            index.add(number, terms_of(raws.map(|r| r.raw.as_slice())));
        }
        self.blocks.push((block, part, self.events.len() as u64));
        self.block_first = self.next;
        self.others_closed = self.others.len();
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
        let mut others = vec![];
        let mut before = self.first;
        for &seq in &self.other_seqs {
            put(&mut others, seq - before);
            before = seq;
        }
        others.extend(block::pack(&self.others)?);
        let others = (self.others.len(), self.part(&others));
        let mut index = None;
        if let Some(gathered) = self.index.take() {
            let (shape, bytes) = gathered.finish(self.blocks.len())?;
            index = Some((shape, self.part(&bytes).offset));
        }
        let blocks = std::mem::take(&mut self.blocks);
        let table = Table { first: self.first, count: self.next - self.first, others, index, blocks };
        let part = self.part(&table.bytes());
        for number in [part.offset, part.length, part.sum] {
            self.out.extend(number.to_be_bytes());
        }
        self.out.extend(END);
        Ok(self.out)
    }
}
