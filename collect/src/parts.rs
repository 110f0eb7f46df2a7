//! An input in parts, so that several workers read it: whole lines, chunks of a Windows event log, or records that were
//! read on the way because their format has no places to cut at.
//!
//! The parts of an input, read one after the other, give the records that [`crate::read`] gives. A worker may look at a
//! record quickly first ([`Unread::quick`]) and read it in full only where that is declined or where it was found worth it.

use crate::feed::Feed;
use crate::out::{Out, arrival, happened};
use crate::parse::{self, Parsed, evtx};
use crate::quick::{self, Scratch, Sink};
use crate::{Arrival, Input, Options, Summary, sniff};
use model::{Fields, Format, Source, Time};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Bytes of lines in a part: what is found in one is kept until its turn comes.
const LINES_BYTES: usize = 256 << 10;
/// Records in a part, where they were read on the way.
const ARRIVALS: usize = 256;
/// Raw bytes of such records.
const ARRIVALS_BYTES: usize = 1 << 20;

/// A part of an input.
pub struct Part {
    about: Arc<About>,
    content: Content,
}

/// What the parts of one input share.
struct About {
    options: Options,
    modified: Option<Time>,
    format: Format,
    source: Source,
}

enum Content {
    Lines(Vec<u8>),
    Chunk(evtx::Chunk),
    Arrivals(Vec<Arrival>),
}

/// A record of a part that was not read yet.
pub struct Unread<'a> {
    about: &'a About,
    raw: Raw<'a>,
    scratch: &'a mut Scratch,
}

enum Raw<'a> {
    Bytes(&'a [u8]),
    Read(&'a Arrival),
}

/// Cuts an input into parts, until its end or until `each` breaks off. Records that stand in parts are not counted here.
pub fn split(input: Input<'_>, options: &Options, each: &mut dyn FnMut(Part) -> ControlFlow<()>) -> Summary {
    let mut feed = Feed::new(input.bytes, &options.limits);
    let format = options.format.unwrap_or_else(|| sniff::sniff(feed.peek(), &input.name));
    let name = options.source.as_deref().unwrap_or(&input.name);
    let source = Source::lossy(format, name);
    let about = Arc::new(About { options: options.clone(), modified: input.modified, format, source });
    let mut cut = Cut { about: &about, waiting: vec![], waiting_bytes: 0, each };
    let looks_like_log = feed.peek().starts_with(evtx::FILE_MAGIC) || feed.peek().first() != Some(&b'<');
    let mut stopped = None;
    // Breaking off is the caller's wish and no fault.
    let _ = match format {
        Format::Evtx if looks_like_log => cut.chunks(&mut feed, &input.name, &mut stopped),
        Format::Json | Format::Cloudtrail | Format::Csv => cut.slowly(&mut feed, &input.name, &mut stopped),
        _ => cut.lines(&mut feed, &input.name, &mut stopped),
    };
    Summary {
        format: Some(format),
        bytes: feed.bytes_in(),
        unpacked: feed.bytes_out(),
        stopped: stopped.or(feed.stopped()),
        ..Summary::default()
    }
}

struct Cut<'a> {
    about: &'a Arc<About>,
    waiting: Vec<Arrival>,
    waiting_bytes: usize,
    each: &'a mut dyn FnMut(Part) -> ControlFlow<()>,
}

impl Cut<'_> {
    fn give(&mut self, content: Content) -> ControlFlow<()> {
        (self.each)(Part { about: Arc::clone(self.about), content })
    }

    fn arrived(&mut self, arrival: Arrival) -> ControlFlow<()> {
        self.waiting_bytes += arrival.draft.raw.len();
        self.waiting.push(arrival);
        if self.waiting.len() >= ARRIVALS || self.waiting_bytes >= ARRIVALS_BYTES {
            return self.flush();
        }
        ControlFlow::Continue(())
    }

    fn flush(&mut self) -> ControlFlow<()> {
        self.waiting_bytes = 0;
        match std::mem::take(&mut self.waiting) {
            none if none.is_empty() => ControlFlow::Continue(()),
            some => self.give(Content::Arrivals(some)),
        }
    }

    /// Reads what is left record by record, here.
    fn slowly(&mut self, feed: &mut Feed<'_>, name: &str, stopped: &mut Option<String>) -> ControlFlow<()> {
        let about = Arc::clone(self.about);
        let mut each = |arrival: Arrival| self.arrived(arrival);
        let mut out = Out::new(&about.options, about.modified, name, about.format, &mut each);
        let ended = match about.format {
            Format::Json | Format::Cloudtrail => parse::json::read(feed, &mut out),
            Format::Csv => parse::csv::read(feed, &mut out),
            _ => parse::lines::rest(feed, &mut out),
        };
        *stopped = out.summary.stopped.take();
        ended?;
        self.flush()
    }

    fn lines(&mut self, feed: &mut Feed<'_>, name: &str, stopped: &mut Option<String>) -> ControlFlow<()> {
        parse::lines::pass_mark(feed);
        let limit = self.about.options.limits.record_bytes;
        while let Some(lines) = feed.lines(LINES_BYTES, limit) {
            self.give(Content::Lines(lines))?;
        }
        // Nothing is left, or a line that is kept in pieces.
        if feed.ahead().is_empty() { ControlFlow::Continue(()) } else { self.slowly(feed, name, stopped) }
    }

    fn chunks(&mut self, feed: &mut Feed<'_>, name: &str, stopped: &mut Option<String>) -> ControlFlow<()> {
        let about = Arc::clone(self.about);
        let found = std::cell::RefCell::new(vec![]);
        let mut each = |arrival: Arrival| {
            found.borrow_mut().push(arrival);
            ControlFlow::Continue(())
        };
        let mut out = Out::new(&about.options, about.modified, name, about.format, &mut each);
        let ended = evtx::chunks(feed, &mut out, &mut |chunk, _| {
            self.waiting.append(&mut found.borrow_mut());
            self.flush()?;
            self.give(Content::Chunk(chunk))
        });
        *stopped = out.summary.stopped.take();
        ended?;
        self.waiting.append(&mut found.borrow_mut());
        self.flush()
    }
}

/// What a part held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// Records handed out.
    pub records: u64,
    /// Records known to exist that could not be read.
    pub unreadable: u64,
}

/// Memory that one worker uses again for each record.
#[derive(Debug, Default)]
pub struct Worktop(Scratch);

impl Part {
    /// What its records are read as.
    #[must_use]
    pub fn format(&self) -> Format {
        self.about.format
    }

    /// Hands out the records, until the end or until `each` breaks off.
    pub fn records(
        &self,
        worktop: &mut Worktop,
        each: &mut dyn FnMut(Unread<'_>) -> ControlFlow<()>,
    ) -> Held {
        let mut held = Held::default();
        let about = &*self.about;
        let mut give = |raw: Raw<'_>| {
            held.records += 1;
            each(Unread { about, raw, scratch: &mut worktop.0 })
        };
        // Breaking off is the caller's wish and no fault.
        let _ = match &self.content {
            Content::Lines(lines) => {
                let ends = memchr::memchr_iter(b'\n', lines).chain([lines.len()]);
                let mut from = 0;
                let mut some = ends.map(|end| &lines[std::mem::replace(&mut from, end + 1)..end]);
                some.try_for_each(|line| match line.iter().all(u8::is_ascii_whitespace) {
                    true => ControlFlow::Continue(()),
                    false => give(Raw::Bytes(line)),
                })
            }
            Content::Chunk(chunk) => {
                let mut unreadable = 0;
                let ended = evtx::records(chunk, &mut |item| match item {
                    evtx::Rendered::Record(raw) => give(Raw::Bytes(&raw)),
                    evtx::Rendered::Lost { many, .. } => {
                        unreadable += many;
                        ControlFlow::Continue(())
                    }
                });
                held.unreadable = unreadable;
                ended
            }
            Content::Arrivals(arrivals) => {
                let mut unreadable = 0;
                let ended = arrivals.iter().try_for_each(|arrival| match arrival.unreadable {
                    0 => give(Raw::Read(arrival)),
                    many => {
                        unreadable += many;
                        ControlFlow::Continue(())
                    }
                });
                held.unreadable = unreadable;
                ended
            }
        };
        held
    }
}

impl Unread<'_> {
    /// Its format.
    #[must_use]
    pub fn format(&self) -> Format {
        match &self.raw {
            Raw::Bytes(_) => self.about.format,
            Raw::Read(arrival) => arrival.draft.source.format(),
        }
    }

    /// Hands its values over without reading it in full. False: it declined, and the sink may hold a part of it.
    pub fn quick<S: Sink>(&mut self, sink: &mut S) -> bool {
        let about = self.about;
        match &self.raw {
            Raw::Bytes(raw) => {
                quick::read(about.format, raw, &about.options.limits, self.scratch, sink).is_ok()
            }
            Raw::Read(_) => false,
        }
    }

    /// Its fields and when it happened, as [`Unread::full`] says them.
    #[must_use]
    pub fn fields(&self) -> (Fields, Time) {
        match &self.raw {
            Raw::Read(arrival) => (arrival.fields.clone(), arrival.draft.happened),
            Raw::Bytes(raw) => {
                let About { options, modified, format, .. } = self.about;
                let Parsed { fields, when, .. } = parse::parse(*format, raw, &options.limits);
                (fields, happened(&when, options, *modified).0)
            }
        }
    }

    /// When it happened, as [`Unread::full`] says it.
    #[must_use]
    pub fn happened(&mut self) -> Time {
        let About { options, modified, format, .. } = self.about;
        if let Raw::Bytes(raw) = &self.raw
            && let Ok(when) = quick::when(*format, raw, &options.limits, self.scratch)
        {
            return happened(&when, options, *modified).0;
        }
        self.fields().1
    }

    /// Reads it in full. Where it ends in its input is not known: `end` is 0.
    #[must_use]
    pub fn full(&self) -> Arrival {
        match &self.raw {
            Raw::Read(arrival) => (*arrival).clone(),
            Raw::Bytes(raw) => {
                let About { options, modified, format, source } = self.about;
                let parsed = parse::parse(*format, raw, &options.limits);
                arrival(raw.to_vec(), parsed, (options, *modified), source.clone())
            }
        }
    }
}
