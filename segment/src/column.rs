//! Columns of one block: each is written by what it holds, then compressed.
//!
//! A block's columns stand in parts: the **head** says how each column is written; three **pools** hold payloads that
//! are compressed together: numbers, texts and hex digits, which often return in several columns; large payloads
//! follow, compressed alone.

pub(crate) mod beside;
mod hex;
pub(crate) mod numbers;
pub(crate) mod texts;
mod times;

use crate::SegmentError;
use crate::bytes::{Cursor, put};
use std::io;
use zstd::bulk::{Compressor, Decompressor};

/// Of head and pools: they are small, and many readers pay for what one writer saves.
const DENSE: i32 = 6;
/// Head and pools above this size are compressed like everything else.
const DENSE_LIMIT_BYTES: usize = 4 << 20;
/// Most bytes that the payloads of a block may unpack to.
pub(crate) const UNPACKED_LIMIT_BYTES: usize = 1 << 30;

pub(crate) fn damaged(what: &'static str) -> SegmentError {
    SegmentError::Damaged { what }
}

/// Payloads that are compressed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pool {
    /// Planes of bytes and packed bits.
    Numbers,
    /// Texts.
    Texts,
    /// Digits of hex: mostly noise.
    Digits,
}

impl Pool {
    /// A payload of this size is compressed alone.
    const fn alone_bytes(self) -> usize {
        match self {
            Self::Numbers => 2048,
            Self::Texts => 1 << 20,
            Self::Digits => 64 << 10,
        }
    }

    const fn place(self) -> usize {
        match self {
            Self::Numbers => 0,
            Self::Texts => 1,
            Self::Digits => 2,
        }
    }
}

/// Takes the columns of a block.
pub(crate) struct Sink {
    pub(crate) head: Vec<u8>,
    pools: [Vec<u8>; 3],
    alone: Vec<u8>,
    fast: Compressor<'static>,
    /// Bytes of all payloads, unpacked.
    plain: usize,
}

impl Sink {
    pub(crate) fn new() -> io::Result<Self> {
        let fast = Compressor::new(crate::LEVEL)?;
        Ok(Self { head: vec![], pools: [vec![], vec![], vec![]], alone: vec![], fast, plain: 0 })
    }

    /// Writes a payload; its length goes into the head.
    pub(crate) fn payload(&mut self, pool: Pool, bytes: &[u8]) -> io::Result<()> {
        self.plain += bytes.len();
        let alone = bytes.len() >= pool.alone_bytes();
        put(&mut self.head, (bytes.len() as u64) << 1 | u64::from(alone));
        if alone {
            let packed = self.fast.compress(bytes)?;
            self.packed(bytes, packed);
        } else {
            self.pools[pool.place()].extend(bytes);
        }
        Ok(())
    }

    /// Writes the smaller of two forms of a column whose first form is `plain` and whose second has the length
    /// `other`: gives `false` and writes nothing when the second is smaller.
    pub(crate) fn payload_below(&mut self, plain: &[u8], other: usize) -> io::Result<bool> {
        if plain.len() < Pool::Numbers.alone_bytes() {
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
        for part in [&self.head].into_iter().chain(&self.pools) {
            let level = if part.len() > DENSE_LIMIT_BYTES { crate::LEVEL } else { DENSE };
            let packed = zstd::bulk::compress(part, level)?;
            let stored = if packed.len() < part.len() { &packed } else { part };
            put(&mut out, part.len() as u64);
            put(&mut out, stored.len() as u64);
            out.extend(stored);
        }
        out.extend(self.alone);
        Ok(Some(out))
    }
}

/// Head and pools of a block, unpacked.
pub(crate) struct Parts {
    head: Vec<u8>,
    pools: [Vec<u8>; 3],
}

impl Parts {
    /// Unpacks head and pools; gives them and what lies behind them.
    pub(crate) fn open(bytes: &[u8]) -> Result<(Self, &[u8]), SegmentError> {
        let mut c = Cursor::new(bytes);
        let mut left = UNPACKED_LIMIT_BYTES;
        let mut part = || {
            let plain = c.count(left)?;
            left -= plain;
            let packed = c.count(c.left())?;
            unpacked(&mut Decompressor::new()?, c.take(packed)?, plain)
        };
        let parts = Self { head: part()?, pools: [part()?, part()?, part()?] };
        let left = c.left();
        Ok((parts, c.take(left)?))
    }

    /// Reads the columns; `alone` is what lay behind head and pools.
    pub(crate) fn source<'a>(&'a self, alone: &'a [u8]) -> Result<Source<'a>, SegmentError> {
        let pools = self.pools.iter().map(Vec::len).sum::<usize>();
        let left = UNPACKED_LIMIT_BYTES.checked_sub(self.head.len() + pools);
        Ok(Source {
            head: Cursor::new(&self.head),
            pools: self.pools.each_ref().map(|pool| Cursor::new(pool)),
            alone: Cursor::new(alone),
            left: left.ok_or(damaged("a block is over its limit"))?,
            zstd: Decompressor::new()?,
        })
    }
}

/// What was stored, unpacked: itself where it has the length already.
fn unpacked(zstd: &mut Decompressor<'_>, packed: &[u8], plain: usize) -> Result<Vec<u8>, SegmentError> {
    if packed.len() == plain {
        return Ok(packed.to_vec());
    }
    let bytes = zstd.decompress(packed, plain).ok().filter(|b| b.len() == plain);
    bytes.ok_or(damaged("a column does not unpack"))
}

/// Gives the columns of a block back, in the order in which they were written.
pub(crate) struct Source<'a> {
    pub(crate) head: Cursor<'a>,
    pools: [Cursor<'a>; 3],
    alone: Cursor<'a>,
    /// Bytes that may still be unpacked.
    left: usize,
    zstd: Decompressor<'static>,
}

impl Source<'_> {
    /// The next payload.
    pub(crate) fn payload(&mut self, pool: Pool) -> Result<Vec<u8>, SegmentError> {
        let length = self.head.unsigned()?;
        let plain = usize::try_from(length >> 1).unwrap_or(usize::MAX);
        self.left = self.left.checked_sub(plain).ok_or(damaged("a block is over its limit"))?;
        if length & 1 == 0 {
            return Ok(self.pools[pool.place()].take(plain)?.to_vec());
        }
        let packed = self.head.count(plain)?;
        let bytes = self.alone.take(packed)?;
        unpacked(&mut self.zstd, bytes, plain)
    }

    /// Whether everything was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.pools.iter().map(Cursor::left).sum::<usize>() + self.head.left() + self.alone.left() == 0
    }
}

#[cfg(test)]
impl Parts {
    /// Changes a byte of head or pools.
    pub(crate) fn change(&mut self, at: proptest::sample::Index, byte: u8) {
        let [numbers, texts, digits] = &mut self.pools;
        let mut all: Vec<&mut u8> = self.head.iter_mut().chain(numbers).chain(texts).chain(digits).collect();
        let at = at.index(all.len());
        *all[at] = byte;
    }
}
