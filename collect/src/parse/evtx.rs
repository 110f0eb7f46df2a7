//! Windows event log files: a head of 4,096 bytes, then chunks of 64 KiB that stand each for themselves.
//!
//! The head's own counts are not believed: a log that was not closed has old ones. Each chunk's head says which
//! records it holds; every one of them is handed out, or its bytes with the number of those that could not be read.

use super::xml;
use crate::feed::Feed;
use crate::out::Out;
use ::evtx::{EvtxChunkData, ParserSettings};
use std::ops::ControlFlow;
use std::panic::catch_unwind;
use std::sync::Arc;

/// First bytes of a file.
pub(crate) const FILE_MAGIC: &[u8] = b"ElfFile\0";
const CHUNK_MAGIC: &[u8] = b"ElfChnk\0";
const HEAD_BYTES: usize = 4096;
const CHUNK_BYTES: usize = 64 << 10;
/// Records are at least this long, so a chunk cannot hold more.
const RECORDS_LIMIT: u64 = (CHUNK_BYTES / 24) as u64;

/// A chunk as it lies in a file.
pub(crate) struct Chunk {
    pub(crate) bytes: Vec<u8>,
    /// Where it begins.
    pub(crate) offset: u64,
    /// Where it ends.
    pub(crate) end: u64,
}

/// Reads a file until its end.
pub(crate) fn read(feed: &mut Feed<'_>, out: &mut Out<'_>) -> ControlFlow<()> {
    chunks(feed, out, &mut |chunk, out| {
        records(&chunk, &mut |item| match item {
            Rendered::Record(raw) => {
                let parsed = xml::parse(&raw, &out.options.limits);
                out.record(raw, parsed, chunk.end)
            }
            Rendered::Lost { why, many } => out.unreadable(chunk.bytes.clone(), why, many, chunk.end),
        })
    })
}

/// Hands out the chunks of a file; what is no chunk goes out as it is.
pub(crate) fn chunks(
    feed: &mut Feed<'_>,
    out: &mut Out<'_>,
    each: &mut dyn FnMut(Chunk, &mut Out<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let head = feed.take(HEAD_BYTES);
    if head.is_empty() {
        out.stopped("the file is empty; a Windows event log has a head of 4,096 bytes".into());
        return ControlFlow::Continue(());
    }
    if !head.starts_with(FILE_MAGIC) || head.len() < HEAD_BYTES {
        let why = "not the head of a Windows event log at byte 0";
        out.stopped(why.into());
        out.unreadable(head, why.into(), 1, feed.offset())?;
    }
    let mut chunks = 0u64;
    loop {
        let offset = feed.offset();
        let bytes = feed.take(CHUNK_BYTES);
        if bytes.is_empty() {
            break;
        }
        chunks += 1;
        // Space that was never written to.
        if bytes.chunks(64).all(|piece| piece.iter().fold(0, |any, b| any | b) == 0) {
            continue;
        }
        if !bytes.starts_with(CHUNK_MAGIC) {
            let why = format!("no chunk of records at byte {offset}");
            out.unreadable(bytes, why, 1, feed.offset())?;
            continue;
        }
        if bytes.len() < CHUNK_BYTES {
            // Whether records were lost or only empty space, the file is not whole.
            let have = bytes.len();
            out.stopped(format!(
                "the file ends inside the chunk at byte {offset}, {have} of {CHUNK_BYTES} bytes"
            ));
        }
        each(Chunk { bytes, offset, end: feed.offset() }, out)?;
    }
    if chunks == 0 {
        out.stopped("the file ends behind its head; it holds no chunk of records".into());
    }
    ControlFlow::Continue(())
}

/// How many records a chunk's head says it holds.
fn claimed(bytes: &[u8]) -> u64 {
    let number =
        |at: usize| bytes.get(at..at + 8).map(|b| b.iter().rev().fold(0u64, |v, &x| v << 8 | u64::from(x)));
    let (first, last) = (number(8).unwrap_or(0), number(16).unwrap_or(0));
    match last.checked_sub(first) {
        // An empty chunk says first 1 and last 0, or both as the greatest number.
        Some(more) if last != u64::MAX && more < RECORDS_LIMIT => more + 1,
        _ => 0,
    }
}

/// What is met in a chunk.
pub(crate) enum Rendered {
    /// A record as XML.
    Record(Vec<u8>),
    /// Records that are known to exist and could not be read; the chunk stands for them.
    Lost { why: String, many: u64 },
}

/// The records of a chunk, in their order, and behind them what was lost.
pub(crate) fn records(chunk: &Chunk, each: &mut dyn FnMut(Rendered) -> ControlFlow<()>) -> ControlFlow<()> {
    let claimed = claimed(&chunk.bytes);
    let mut whole = chunk.bytes.clone();
    whole.resize(CHUNK_BYTES, 0);
    // The renderer works on bytes from outside; should it ever panic, this chunk is unreadable and nothing more.
    let rendered = catch_unwind(|| render(whole));
    let (records, faults) = rendered.unwrap_or_else(|_| (vec![], vec!["the renderer gave up".into()]));
    let found = records.len() as u64;
    for raw in records {
        each(Rendered::Record(raw))?;
    }
    let missing = claimed.saturating_sub(found).max(faults.len() as u64);
    if missing == 0 {
        return ControlFlow::Continue(());
    }
    let first = faults.first().map_or("they are not where the chunk's head says", String::as_str);
    let cut = if chunk.bytes.len() < CHUNK_BYTES { "; the file ends inside it" } else { "" };
    let offset = chunk.offset;
    let why = format!("{missing} of {claimed} records in the chunk at byte {offset}: {first}{cut}");
    each(Rendered::Lost { why, many: missing })
}

/// The records of a chunk as XML, and what was met instead of the others.
fn render(bytes: Vec<u8>) -> (Vec<Vec<u8>>, Vec<String>) {
    let (mut records, mut faults) = (vec![], vec![]);
    let settings = Arc::new(ParserSettings::default().validate_checksums(false));
    let mut data = match EvtxChunkData::new(bytes, false) {
        Ok(data) => data,
        Err(error) => return (records, vec![error.to_string()]),
    };
    match data.parse(settings) {
        Ok(mut chunk) => {
            for record in chunk.iter() {
                match record.and_then(::evtx::EvtxRecord::into_xml_bytes) {
                    Ok(record) => records.push(record.data),
                    Err(error) => faults.push(error.to_string()),
                }
            }
        }
        Err(error) => faults.push(error.to_string()),
    }
    (records, faults)
}
