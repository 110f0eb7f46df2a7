//! Rows as one compressed block: a column after the other, so that like stands beside like.
//!
//! ```text
//! rows; sources: count, then length and text each;
//! columns: kind · source number · happened (difference of seconds, nanoseconds) · received (the same)
//!          · length of raw · defects (count, then length and text each); at the end all raw bytes
//! ```

use crate::bytes::{Cursor, put, put_signed};
use crate::{LEVEL, Row, SegmentError};
use std::collections::BTreeMap;
use zstd::bulk::Decompressor;

/// Most bytes that a block may unpack to: a page of 256 records at the limit of 1 MiB, and as much beside it.
const UNPACKED_LIMIT_BYTES: usize = 1 << 30;
/// Most rows in a block.
const ROWS_LIMIT: usize = 1 << 20;

/// Packs rows.
///
/// # Errors
/// [`SegmentError::Full`] when the rows are too many or too large; [`SegmentError::Io`] when the compressor fails.
pub fn pack(rows: &[Row]) -> Result<Vec<u8>, SegmentError> {
    if rows.len() > ROWS_LIMIT {
        return Err(SegmentError::Full { what: "rows in a block" });
    }
    let plain = columns(rows);
    if plain.len() > UNPACKED_LIMIT_BYTES {
        return Err(SegmentError::Full { what: "bytes in a block" });
    }
    let mut out = (plain.len() as u64).to_be_bytes().to_vec();
    out.extend(zstd::bulk::compress(&plain, LEVEL)?);
    Ok(out)
}

fn columns(rows: &[Row]) -> Vec<u8> {
    let mut numbers: BTreeMap<&str, u64> = BTreeMap::new();
    let mut sources: Vec<&str> = vec![];
    for row in rows {
        numbers.entry(&row.source).or_insert_with(|| {
            sources.push(&row.source);
            sources.len() as u64 - 1
        });
    }
    let mut out = vec![];
    put(&mut out, rows.len() as u64);
    put(&mut out, sources.len() as u64);
    for source in sources {
        put(&mut out, source.len() as u64);
        out.extend(source.as_bytes());
    }
    out.extend(rows.iter().map(|r| r.kind));
    for row in rows {
        put(&mut out, numbers[row.source.as_str()]);
    }
    times(&mut out, rows.iter().map(|r| r.happened));
    times(&mut out, rows.iter().map(|r| r.received));
    for row in rows {
        put(&mut out, row.raw.len() as u64);
    }
    for row in rows {
        put(&mut out, row.defects.len() as u64);
        for defect in &row.defects {
            put(&mut out, defect.len() as u64);
            out.extend(defect.as_bytes());
        }
    }
    for row in rows {
        out.extend(&row.raw);
    }
    out
}

fn times(out: &mut Vec<u8>, times: impl Iterator<Item = (i64, u32)> + Clone) {
    let mut before = 0i64;
    for (seconds, _) in times.clone() {
        put_signed(out, seconds.wrapping_sub(before));
        before = seconds;
    }
    for (_, nanos) in times {
        put(out, u64::from(nanos));
    }
}

/// Unpacks what [`pack`] made.
///
/// # Errors
/// [`SegmentError::Damaged`] when the bytes are no such block.
pub fn unpack(bytes: &[u8]) -> Result<Vec<Row>, SegmentError> {
    Unpacker::new()?.unpack(bytes)
}

/// Unpacks one block after the other with one decompressor: to make one takes longer than to unpack a small block.
pub struct Unpacker(Decompressor<'static>);

impl Unpacker {
    /// Makes the decompressor.
    ///
    /// # Errors
    /// [`SegmentError::Io`] when there is no room for it.
    pub fn new() -> Result<Self, SegmentError> {
        Ok(Self(Decompressor::new()?))
    }

    /// As [`unpack`].
    ///
    /// # Errors
    /// [`SegmentError::Damaged`] when the bytes are no such block.
    pub fn unpack(&mut self, bytes: &[u8]) -> Result<Vec<Row>, SegmentError> {
        let damaged = || SegmentError::Damaged { what: "a block does not unpack" };
        let (length, packed) = bytes.split_first_chunk::<8>().ok_or_else(damaged)?;
        let length = usize::try_from(u64::from_be_bytes(*length)).map_err(|_| damaged())?;
        if length > UNPACKED_LIMIT_BYTES {
            return Err(SegmentError::Damaged { what: "a block is over its limit" });
        }
        let plain = self.0.decompress(packed, length).map_err(|_| damaged())?;
        if plain.len() != length {
            return Err(damaged());
        }
        rows(&plain)
    }
}

fn text(c: &mut Cursor<'_>) -> Result<String, SegmentError> {
    let many = c.count(c.left())?;
    String::from_utf8(c.take(many)?.to_vec())
        .map_err(|_| SegmentError::Damaged { what: "a text is not UTF-8" })
}

fn rows(plain: &[u8]) -> Result<Vec<Row>, SegmentError> {
    let mut c = Cursor::new(plain);
    let many = c.count(ROWS_LIMIT.min(plain.len()))?;
    let sources = c.count(many)?;
    let sources = (0..sources).map(|_| text(&mut c)).collect::<Result<Vec<_>, _>>()?;
    let kinds = c.take(many)?.to_vec();
    let mut of = Vec::with_capacity(many);
    for _ in 0..many {
        let number = c.count(sources.len().saturating_sub(1))?;
        of.push(number);
    }
    let happened = read_times(&mut c, many)?;
    let received = read_times(&mut c, many)?;
    let lengths = (0..many).map(|_| c.count(plain.len())).collect::<Result<Vec<_>, _>>()?;
    let mut defects = Vec::with_capacity(many);
    for _ in 0..many {
        let count = c.count(c.left())?;
        defects.push((0..count).map(|_| text(&mut c)).collect::<Result<Vec<_>, _>>()?);
    }
    let mut rows = Vec::with_capacity(many);
    for (at, defects) in defects.into_iter().enumerate() {
        let source = sources.get(of[at]).ok_or(SegmentError::Damaged { what: "a row has no source" })?;
        rows.push(Row {
            kind: kinds[at],
            source: source.clone(),
            happened: happened[at],
            received: received[at],
            raw: c.take(lengths[at])?.to_vec(),
            defects,
        });
    }
    if c.left() != 0 {
        return Err(SegmentError::Damaged { what: "a block has bytes behind its rows" });
    }
    Ok(rows)
}

fn read_times(c: &mut Cursor<'_>, many: usize) -> Result<Vec<(i64, u32)>, SegmentError> {
    let mut before = 0i64;
    let mut seconds = Vec::with_capacity(many);
    for _ in 0..many {
        before = before.wrapping_add(c.signed()?);
        seconds.push(before);
    }
    let nanos = |c: &mut Cursor<'_>| {
        u32::try_from(c.unsigned()?)
            .map_err(|_| SegmentError::Damaged { what: "a time has too many nanoseconds" })
    };
    seconds.into_iter().map(|s| Ok((s, nanos(c)?))).collect()
}
