//! Lets the outside in: bytes of log files become records. Pure functions over readers; no writes, no clock.
//!
//! [`read`] takes one input of any format, unpacks it, finds out what it is, and hands out an [`Arrival`] for each
//! record, in one pass and bounded memory. It takes any bytes: what cannot be parsed is kept raw with its defects.
//! [`fields`] reads the same fields again out of sealed raw bytes. [`split`] cuts an input into parts that several workers
//! read, and lets them look at a record quickly before they read it in full.
//!
//! ```
//! use collect::{Input, Options, read};
//! use std::ops::ControlFlow;
//!
//! let bytes = Box::new(&b"{\"time\":\"2026-11-01T10:00:00Z\",\"user\":\"eve\"}\n"[..]);
//! let input = Input { name: "app.ndjson".into(), modified: None, bytes };
//! let options = Options::at("2026-11-02T00:00:00Z".parse()?);
//! let mut users = vec![];
//! let summary = read(input, &options, &mut |arrival| {
//!     users.push(arrival.fields["user"].clone());
//!     ControlFlow::Continue(())
//! });
//! assert_eq!((summary.records, users[0].as_str()), (1, Some("eve")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod feed;
mod files;
mod identity;
mod out;
mod parse;
mod parts;
mod quick;
mod sniff;
mod time;

/// Words that parsers add to what they read, so that they stand in fields and in no raw: of actions and outcomes (`sign-in`,
/// `success`), and of facilities and severities (RFC 5424 §6.2.1), which a raw holds as a number.
pub fn added_words() -> impl Iterator<Item = &'static str> {
    let severities = parse::syslog::FACILITIES.into_iter().chain(parse::syslog::SEVERITIES);
    parse::messages::ADDED_WORDS.into_iter().chain(severities)
}

pub use files::{Found, walk};
pub use identity::identity;
pub use parts::{Held, Part, Unread, Worktop, split};
pub use quick::{Scalar, Sink};

use feed::Feed;
use jiff::tz::Offset;
use model::{Draft, Fields, Format, Kind, Record, Time};
use out::Out;
use std::collections::BTreeMap;
use std::io::Read;
use std::ops::ControlFlow;

/// How large an input may be. Reaching a bound is said in the record's defects or in [`Summary::stopped`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Raw bytes of a record; longer ones are kept in pieces.
    pub record_bytes: usize,
    /// Fields of a record, at all depths together; with more, none are read.
    pub fields: usize,
    /// Depth of nesting; deeper, no fields are read.
    pub depth: usize,
    /// Bytes that one packed byte may become, measured once more than 16 MiB were unpacked.
    pub ratio: u64,
    /// Bytes that a packed file may unpack to.
    pub file_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { record_bytes: 1 << 20, fields: 4096, depth: 64, ratio: 100, file_bytes: 1 << 30 }
    }
}

/// How an input is to be read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its format; `None` finds out.
    pub format: Option<Format>,
    /// What its source is called; `None` takes the input's name.
    pub source: Option<String>,
    /// When it arrived.
    pub arrived: Time,
    /// The zone of times that name none.
    pub zone: Offset,
    /// How large it may be.
    pub limits: Limits,
}

impl Options {
    /// Everything as it is unless somebody says otherwise.
    #[must_use]
    pub fn at(arrived: Time) -> Self {
        Self { format: None, source: None, arrived, zone: Offset::UTC, limits: Limits::default() }
    }
}

/// One file or stream.
pub struct Input<'a> {
    /// What its source is called when the options do not say.
    pub name: String,
    /// When it was last changed; the year of times that have none is found from it.
    pub modified: Option<Time>,
    /// Its bytes, packed or not.
    pub bytes: Box<dyn Read + Send + 'a>,
}

/// One record that came in, or the bytes that stand for some that could not be read.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// What is to be sealed.
    pub draft: Draft,
    /// What a parser read out of it.
    pub fields: Fields,
    /// Offset in the unpacked input just behind it.
    pub end: u64,
    /// An identity of its own, if its format gives it one.
    pub identity: Option<[u8; 16]>,
    /// 0 for a record; n when it is bytes that stand for n records known to exist that could not be read.
    pub unreadable: u64,
}

/// What an input held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// What it was read as.
    pub format: Option<Format>,
    /// Bytes as given.
    pub bytes: u64,
    /// Bytes after unpacking.
    pub unpacked: u64,
    /// Records handed out.
    pub records: u64,
    /// Records known to exist that could not be read.
    pub unreadable: u64,
    /// Defects by code.
    pub defects: BTreeMap<String, u64>,
    /// What ended the reading early, and where.
    pub stopped: Option<String>,
}

/// Reads one input to its end, or until `each` breaks off.
pub fn read(
    input: Input<'_>,
    options: &Options,
    each: &mut dyn FnMut(Arrival) -> ControlFlow<()>,
) -> Summary {
    let mut feed = Feed::new(input.bytes, &options.limits);
    let format = options.format.unwrap_or_else(|| sniff::sniff(feed.peek(), &input.name));
    let mut out = Out::new(options, input.modified, &input.name, format, each);
    // Breaking off is the caller's wish and no fault.
    let _ = match format {
        Format::Evtx if feed.peek().starts_with(parse::evtx::FILE_MAGIC) => {
            parse::evtx::read(&mut feed, &mut out)
        }
        Format::Evtx if feed.peek().first() != Some(&b'<') => parse::evtx::read(&mut feed, &mut out),
        Format::Json | Format::Cloudtrail => parse::json::read(&mut feed, &mut out),
        Format::Csv => parse::csv::read(&mut feed, &mut out),
        _ => parse::lines::read(&mut feed, &mut out),
    };
    let mut summary = out.summary;
    summary.format = Some(format);
    summary.bytes = feed.bytes_in();
    summary.unpacked = feed.bytes_out();
    summary.stopped = summary.stopped.or(feed.stopped());
    summary
}

/// The fields of a record, read again out of its raw bytes; the same as when it came in.
#[must_use]
pub fn fields(record: &Record, limits: &Limits) -> Fields {
    if record.kind != Kind::Event {
        return parse::json::parse(&record.raw, limits).fields;
    }
    parse::parse(record.source.format(), &record.raw, limits).fields
}
