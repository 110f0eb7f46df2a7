//! Bytes on their way in: unpacked, counted, bounded, with a look ahead.

use crate::Limits;
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that are looked at to find out what an input is.
const LOOK_BYTES: usize = 64 << 10;
/// Lines that are enough to find it out where no more has come yet: who writes slowly waits for no 64 KiB.
const LOOK_LINES: usize = 8;
/// Bytes that are read at once.
const STEP_BYTES: usize = 32 << 10;
/// The ratio is measured from here on: short texts pack better than any bomb.
const RATIO_FROM_BYTES: u64 = 16 << 20;
/// Largest window of a zstd frame: 128 MiB, as the zstd program allows by default.
const ZSTD_WINDOW_LOG: u32 = 27;

struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let many = self.inner.read(into)?;
        self.count.fetch_add(many as u64, Ordering::Relaxed);
        Ok(many)
    }
}

/// An unpacked input.
pub(crate) struct Feed<'a> {
    inner: Box<dyn Read + Send + 'a>,
    packed: Option<&'static str>,
    count_in: Arc<AtomicU64>,
    buffer: Vec<u8>,
    from: usize,
    out: u64,
    ratio: u64,
    limit: u64,
    ended: bool,
    /// The last reading gave less than it was asked for: the source is slow.
    is_slow: bool,
    stopped: Option<String>,
}

fn fill(reader: &mut dyn Read, buffer: &mut Vec<u8>, up_to: usize) -> io::Result<()> {
    let had = buffer.len();
    let missing = up_to.saturating_sub(had) as u64;
    reader.take(missing).read_to_end(buffer).map(drop)
}

impl<'a> Feed<'a> {
    /// Finds out whether the input is packed, and looks at its beginning.
    pub(crate) fn new(bytes: Box<dyn Read + Send + 'a>, limits: &Limits) -> Self {
        let count_in = Arc::new(AtomicU64::new(0));
        let mut counted = Counted { inner: bytes, count: Arc::clone(&count_in) };
        let mut head = vec![];
        let first = fill(&mut counted, &mut head, 4);
        let gzip = head.starts_with(&[0x1f, 0x8b]);
        let zstd = head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
        let whole = io::Cursor::new(head).chain(counted);
        let buffered = |whole| BufReader::with_capacity(64 << 10, whole);
        let (inner, packed): (Box<dyn Read + Send + 'a>, _) = match () {
            () if gzip => (Box::new(MultiGzDecoder::new(buffered(whole))), Some("gzip")),
            () if zstd => match zstd::stream::read::Decoder::with_buffer(buffered(whole)) {
                Ok(mut decoder) => {
                    // Refused only by a library without the parameter; the bound on bytes holds all the same.
                    let _ = decoder.window_log_max(ZSTD_WINDOW_LOG);
                    (Box::new(decoder), Some("zstd"))
                }
                Err(_) => (Box::new(io::empty()), Some("zstd")),
            },
            () => (Box::new(whole), None),
        };
        let mut feed = Self {
            inner,
            packed,
            count_in,
            buffer: vec![],
            from: 0,
            out: 0,
            ratio: limits.ratio,
            limit: limits.file_bytes,
            ended: false,
            is_slow: false,
            stopped: None,
        };
        if let Err(error) = first {
            feed.stop(format!("cannot be read: {error}"));
        }
        while feed.buffer.len() < LOOK_BYTES && !feed.ended && !feed.shows_enough() {
            feed.more();
        }
        feed
    }

    /// Whether no more has come yet, and what did shows what it is. What is packed comes in small pieces and is not slow.
    fn shows_enough(&self) -> bool {
        let lines = || memchr::memchr_iter(b'\n', &self.buffer).count();
        self.is_slow && self.packed.is_none() && lines() >= LOOK_LINES
    }

    fn stop(&mut self, why: String) {
        self.ended = true;
        self.stopped.get_or_insert(why);
    }

    /// Reads some more bytes into the buffer.
    fn more(&mut self) {
        if self.ended {
            return;
        }
        if self.from > 0 {
            self.buffer.drain(..self.from);
            self.from = 0;
        }
        let had = self.buffer.len();
        self.buffer.resize(had + STEP_BYTES, 0);
        let read = loop {
            match self.inner.read(&mut self.buffer[had..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let many = *read.as_ref().unwrap_or(&0);
        self.buffer.truncate(had + many);
        self.is_slow = many < STEP_BYTES;
        self.out += many as u64;
        match read {
            Ok(0) => self.ended = true,
            Ok(_) => self.check_bounds(),
            Err(error) => {
                let kind = self.packed.map_or_else(String::new, |p| format!("{p} is broken: "));
                self.stop(format!("{kind}{error}, behind unpacked byte {}", self.out));
            }
        }
    }

    fn check_bounds(&mut self) {
        let Some(packed) = self.packed else { return };
        if self.out > self.limit {
            self.stop(format!("{packed} unpacks to more than {} bytes; the rest was not read", self.limit));
        } else if self.out > RATIO_FROM_BYTES && self.out / self.bytes_in().max(1) > self.ratio {
            let ratio = self.ratio;
            self.stop(format!(
                "{packed} unpacks to more than {ratio} times its size; what is behind byte {} was not read",
                self.out
            ));
        }
    }

    /// What lies ahead; empty at the end.
    pub(crate) fn peek(&self) -> &[u8] {
        &self.buffer[self.from..]
    }

    /// What lies ahead, after reading more if there is nothing.
    pub(crate) fn ahead(&mut self) -> &[u8] {
        while self.from == self.buffer.len() && !self.ended {
            self.more();
        }
        self.peek()
    }

    /// The next whole lines, `about` bytes of them or what a slow source has given; the last also without its end. `None` at the end, and where one line
    /// is longer than `limit`.
    pub(crate) fn lines(&mut self, about: usize, limit: usize) -> Option<Vec<u8>> {
        let whole = loop {
            let ahead = self.peek();
            if self.ended {
                break ahead.len();
            }
            let from = ahead.len().min(about);
            if (ahead.len() >= about || self.is_slow)
                && let Some(at) = memchr::memrchr(b'\n', &ahead[..from]).or_else(|| {
                    let more = memchr::memchr(b'\n', &ahead[from..]);
                    more.map(|at| from + at)
                })
            {
                break at + 1;
            }
            if ahead.len() > about.max(limit) {
                return None;
            }
            self.more();
        };
        let ahead = &self.peek()[..whole];
        let is_long = |line: &[u8]| line.len() > limit;
        if ahead.is_empty() || (whole > limit && ahead.split(|b| *b == b'\n').any(is_long)) {
            return None;
        }
        let lines = ahead.to_vec();
        self.pass(whole);
        Some(lines)
    }

    /// Passes over bytes that were looked at.
    pub(crate) fn pass(&mut self, many: usize) {
        self.from = (self.from + many).min(self.buffer.len());
    }

    /// Takes up to `many` bytes; fewer only at the end.
    pub(crate) fn take(&mut self, many: usize) -> Vec<u8> {
        let mut taken = vec![];
        while taken.len() < many {
            let ahead = self.ahead();
            if ahead.is_empty() {
                break;
            }
            let part = ahead.len().min(many - taken.len());
            taken.extend_from_slice(&ahead[..part]);
            self.pass(part);
        }
        taken
    }

    /// Offset of what lies ahead, in the unpacked input.
    pub(crate) fn offset(&self) -> u64 {
        self.out - self.peek().len() as u64
    }

    pub(crate) fn bytes_in(&self) -> u64 {
        self.count_in.load(Ordering::Relaxed)
    }

    pub(crate) fn bytes_out(&self) -> u64 {
        self.out
    }

    pub(crate) fn stopped(&self) -> Option<String> {
        self.stopped.clone()
    }
}
