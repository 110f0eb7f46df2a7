//! One compressed file of records: write it, read it, find a block in it. No encryption, no disk, no servers.
//!
//! A segment holds consecutive rows from `first` on. Rows of events lie in **blocks** of whole pages (a page is
//! [`PAGE`] rows), each taken apart into templates and columns on its own; rows of other kinds (acts, alerts, control…)
//! lie together behind them, so that they are found without reading any block. Everything that a row held comes back
//! bit for bit. An index says which blocks can hold a term. `docs/formats.md` §6 has the bytes.
//!
//! ```text
//! "BWSEG\0\0\x03"                                    magic and version, 8 bytes
//! block, block, …                                    see `unit`
//! others                                             distances of their seq, and the rows as `block` packs them
//! index                                              see `index`
//! table                                              first, count, and where everything lies, with its sum
//! offset, length and sum of the table                be64 each
//! "BWSEGEND"                                         8 bytes
//! ```
//!
//! ```
//! use segment::{Reader, Row, Writer};
//!
//! let row = Row {
//!     kind: 0,
//!     source: "text:fw-2".into(),
//!     happened: (1_793_527_200, 0),
//!     received: (1_793_527_201, 0),
//!     raw: b"link down".to_vec(),
//!     defects: vec![],
//! };
//! let mut writer = Writer::new(512);
//! writer.push(row.clone())?;
//! let bytes = writer.finish()?;
//! let reader = Reader::open(bytes)?;
//! assert_eq!(reader.read_block(0)?, vec![(512, row)]);
//! # Ok::<(), segment::SegmentError>(())
//! ```

pub mod block;
mod bytes;
mod column;
#[cfg(test)]
mod golden;
mod index;
mod reader;
mod slots;
mod split;
mod table;
mod templates;
mod terms;
mod unit;
mod writer;

pub use reader::{BlockInfo, Index, ReadAt, Reader};
pub use terms::{TERM_BYTES, query_terms, terms};
pub use writer::Writer;

/// Rows in a page; blocks hold whole pages.
pub const PAGE: u64 = 256;
/// Most rows in a block: 32 pages.
pub const BLOCK_ROWS: usize = 8192;
/// A block is closed at the next page once its raw bytes reach this.
pub const BLOCK_BYTES: usize = 16 << 20;

const MAGIC: &[u8; 8] = b"BWSEG\0\0\x03";
const END: &[u8; 8] = b"BWSEGEND";
/// Of all compressed parts: fast, and near what slower levels reach on logs.
const LEVEL: i32 = 3;
/// Rows of this kind lie in blocks, all others apart.
const EVENT: u8 = 0;

/// One record, without its seq.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The number of its kind; 0 is an event.
    pub kind: u8,
    /// Where it came from.
    pub source: String,
    /// When it happened: seconds since 1970 and nanoseconds.
    pub happened: (i64, u32),
    /// When it reached us: seconds since 1970 and nanoseconds.
    pub received: (i64, u32),
    /// Its bytes as they came.
    pub raw: Vec<u8>,
    /// What is wrong with it, as text.
    pub defects: Vec<String>,
}

/// Why a segment cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// These bytes are no segment, or no longer one.
    #[error("segment is damaged: {what}")]
    Damaged {
        /// What was met.
        what: &'static str,
    },
    /// More rows or bytes than a segment may hold.
    #[error("segment is full: {what}")]
    Full {
        /// Which limit.
        what: &'static str,
    },
    /// There is no such block.
    #[error("segment has no block {block}")]
    NoBlock {
        /// The number asked for.
        block: usize,
    },
    /// The bytes below could not be read, or the compressor failed.
    #[error("segment cannot be read or written")]
    Io(#[from] std::io::Error),
}
