//! Columns of one block: each is written by what it holds, then compressed.
//!
//! A block's columns stand in three parts: the **head** says how each column is written, the **pool** holds small
//! payloads, compressed together, and large payloads follow, compressed alone.

pub(crate) mod numbers;
pub(crate) mod texts;
mod times;

use crate::SegmentError;
use crate::bytes::{Cursor, put};
use std::io;
use zstd::bulk::{Compressor, Decompressor};

/// A payload of this size is compressed alone; smaller ones lie together.
const ALONE_BYTES: usize = 2048;
/// Of head and pool: they are small, and many readers pay for what one writer saves.
const DENSE: i32 = 9;
/// Head and pool above this size are compressed like everything else.
const DENSE_LIMIT_BYTES: usize = 256 << 10;
/// Most bytes that the payloads of a block may unpack to.
pub(crate) const UNPACKED_LIMIT_BYTES: usize = 1 << 30;

pub(crate) fn damaged(what: &'static str) -> SegmentError {
    SegmentError::Damaged { what }
}

/// Takes the columns of a block.
pub(crate) struct Sink {
    pub(crate) head: Vec<u8>,
    pool: Vec<u8>,
    alone: Vec<u8>,
    fast: Compressor<'static>,
    /// Bytes of all payloads, unpacked.
    plain: usize,
}

impl Sink {
    pub(crate) fn new() -> io::Result<Self> {
        let fast = Compressor::new(crate::LEVEL)?;
        Ok(Self { head: vec![], pool: vec![], alone: vec![], fast, plain: 0 })
    }

    /// Writes a payload; its length goes into the head.
    pub(crate) fn payload(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.plain += bytes.len();
        let alone = bytes.len() >= ALONE_BYTES;
        put(&mut self.head, (bytes.len() as u64) << 1 | u64::from(alone));
        if alone {
            let packed = self.fast.compress(bytes)?;
            self.packed(bytes, packed);
        } else {
            self.pool.extend(bytes);
        }
        Ok(())
    }

    /// Writes the smaller of two forms of a column whose first form is `plain` and whose second has the length
    /// `other`: gives `false` and writes nothing when the second is smaller.
    pub(crate) fn payload_below(&mut self, plain: &[u8], other: usize) -> io::Result<bool> {
        if plain.len() < ALONE_BYTES {
            return Ok(false);
        }
        let packed = self.fast.compress(plain)?;
        if packed.len() >= other {
            return Ok(false);
        }
        self.plain += plain.len();
        put(&mut self.head, (plain.len() as u64) << 1 | 1);
        self.packed(plain, packed);
        Ok(true)
    }

    fn packed(&mut self, plain: &[u8], packed: Vec<u8>) {
        let stored = if packed.len() < plain.len() { &packed[..] } else { plain };
        put(&mut self.head, stored.len() as u64);
        self.alone.extend(stored);
    }

    /// The bytes of the block; none when it holds more than may be unpacked again.
    pub(crate) fn finish(self) -> io::Result<Option<Vec<u8>>> {
        if self.plain + self.head.len() > UNPACKED_LIMIT_BYTES {
            return Ok(None);
        }
        let mut out = vec![];
        for part in [&self.head, &self.pool] {
            let level = if part.len() > DENSE_LIMIT_BYTES { crate::LEVEL } else { DENSE };
            let packed = zstd::bulk::compress(part, level)?;
            put(&mut out, part.len() as u64);
            put(&mut out, packed.len() as u64);
            out.extend(packed);
        }
        out.extend(self.alone);
        Ok(Some(out))
    }
}

/// Head and pool of a block, unpacked.
pub(crate) struct Parts {
    head: Vec<u8>,
    pool: Vec<u8>,
}

impl Parts {
    /// Unpacks head and pool; gives them and what lies behind them.
    pub(crate) fn open(bytes: &[u8]) -> Result<(Self, &[u8]), SegmentError> {
        let mut c = Cursor::new(bytes);
        let mut part = || {
            let plain = c.count(UNPACKED_LIMIT_BYTES)?;
            let packed = c.count(c.left())?;
            unpacked(&mut Decompressor::new()?, c.take(packed)?, plain)
        };
        let parts = Self { head: part()?, pool: part()? };
        let left = c.left();
        Ok((parts, c.take(left)?))
    }

    /// Reads the columns; `alone` is what lay behind head and pool.
    pub(crate) fn source<'a>(&'a self, alone: &'a [u8]) -> Result<Source<'a>, SegmentError> {
        let left = UNPACKED_LIMIT_BYTES.checked_sub(self.head.len() + self.pool.len());
        Ok(Source {
            head: Cursor::new(&self.head),
            pool: Cursor::new(&self.pool),
            alone: Cursor::new(alone),
            left: left.ok_or(damaged("a block is over its limit"))?,
            zstd: Decompressor::new()?,
        })
    }
}

fn unpacked(zstd: &mut Decompressor<'_>, packed: &[u8], plain: usize) -> Result<Vec<u8>, SegmentError> {
    let bytes = zstd.decompress(packed, plain).ok().filter(|b| b.len() == plain);
    bytes.ok_or(damaged("a column does not unpack"))
}

/// Gives the columns of a block back, in the order in which they were written.
pub(crate) struct Source<'a> {
    pub(crate) head: Cursor<'a>,
    pool: Cursor<'a>,
    alone: Cursor<'a>,
    /// Bytes that may still be unpacked.
    left: usize,
    zstd: Decompressor<'static>,
}

impl Source<'_> {
    /// The next payload.
    pub(crate) fn payload(&mut self) -> Result<Vec<u8>, SegmentError> {
        let length = self.head.unsigned()?;
        let plain = usize::try_from(length >> 1).unwrap_or(usize::MAX);
        self.left = self.left.checked_sub(plain).ok_or(damaged("a block is over its limit"))?;
        if length & 1 == 0 {
            return Ok(self.pool.take(plain)?.to_vec());
        }
        let packed = self.head.count(plain)?;
        let bytes = self.alone.take(packed)?;
        if packed == plain { Ok(bytes.to_vec()) } else { unpacked(&mut self.zstd, bytes, plain) }
    }

    /// Whether everything was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.head.left() + self.pool.left() + self.alone.left() == 0
    }
}

#[cfg(test)]
impl Parts {
    /// Changes a byte of head or pool.
    pub(crate) fn change(&mut self, at: proptest::sample::Index, byte: u8) {
        let at = at.index(self.head.len() + self.pool.len());
        match at.checked_sub(self.head.len()) {
            None => self.head[at] = byte,
            Some(at) => self.pool[at] = byte,
        }
    }
}
