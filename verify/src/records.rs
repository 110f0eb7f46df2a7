//! Reads one records file: gzip members, each a row of length-prefixed records. What is damaged costs as little as
//! can be: a member that cannot be read is left, and the next one is looked for.

use crate::checker::Checker;
use crate::report::{CHANGED, MISSING, Stage};
use crate::words::{self, spoken};
use flate2::bufread::GzDecoder;
use ledger::{PAGE, Salt};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Longest record that is read, in bytes: far above what any writer seals, far below what a length can claim.
pub(crate) const RECORD_LIMIT: u32 = 64 << 20;
/// Shortest record: an array of nine with two times and two byte strings, one of them 32 bytes long.
pub(crate) const RECORD_LEAST: u32 = 50;
/// Most places of one file at which a new member is looked for, so that a file full of them does not hold us up.
const TRIES_LIMIT: u32 = 10_000;
/// Magic and method of every gzip member (RFC 1952 §2.3.1).
const MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];

/// One records file, with what is known of it beforehand.
pub(crate) struct Chunk<'a> {
    /// Where it lies.
    pub(crate) file: &'a Path,
    /// Its name in the bundle.
    pub(crate) name: &'a str,
    /// Its first record.
    pub(crate) first: u64,
    /// Its last record.
    pub(crate) last: u64,
    /// The salts of its records, as many as there are.
    pub(crate) salts: &'a [u8],
    /// The file that is named when a page is not what it was.
    pub(crate) blame: &'a str,
}

/// Why reading left a member.
enum Left {
    /// Its end, all well.
    Done,
    /// All records of the file were read, and there was more.
    More,
    /// What follows cannot be read.
    Broken(String),
}

impl Chunk<'_> {
    /// Reads all of it into the checker, which stands behind its last record afterwards.
    pub(crate) fn read(&self, checker: &mut Checker) -> io::Result<()> {
        checker.begin_file(self.last + 1);
        let mut source = Counted { inner: BufReader::with_capacity(1 << 16, File::open(self.file)?), at: 0 };
        let before = checker.findings.count();
        let mut ragged = false;
        while !source.fill_buf()?.is_empty() {
            if ragged && checker.findings.count() == before {
                self.tell(
                    checker,
                    None,
                    "Its compressed parts do not hold whole pages, as they must".to_owned(),
                );
            }
            let (offset, since) = (source.at, checker.next());
            match self.member(&mut source, checker) {
                Left::Done => ragged = !checker.next().is_multiple_of(PAGE),
                Left::More => {
                    let what = format!("It holds more than its records, which end with record {}", self.last);
                    self.tell(checker, None, what);
                    return Ok(());
                }
                Left::Broken(why) => {
                    checker.settle(None);
                    let Some(goes_on) = self.leave(offset, since, &why, checker)? else { return Ok(()) };
                    source = Counted::open(self.file, goes_on)?;
                }
            }
        }
        checker.settle(None);
        let next = checker.next();
        if next <= self.last {
            let message = format!(
                "The file ends before record {next}: {} {} missing. {}",
                spoken(next, self.last).to_lowercase(),
                words::is(next, self.last),
                words::MISSING_NEXT,
            );
            checker.damaged(next, self.last, self.name, MISSING, &message);
        }
        Ok(())
    }

    fn tell(&self, checker: &mut Checker, range: Option<(u64, u64)>, what: String) {
        let message =
            format!("This file of records is not built as it must be. {what}. {}", words::CHANGED_NEXT);
        checker.findings.add(Stage::Records, CHANGED, range, Some(self.name), message);
    }

    /// Reads the member that begins here.
    fn member(&self, source: &mut Counted, checker: &mut Checker) -> Left {
        let mut unpacked = GzDecoder::new(source);
        let mut bytes = Vec::new();
        let mut was_odd = false;
        loop {
            let mut length = [0; 4];
            match fill(&mut unpacked, &mut length) {
                Ok(0) => return Left::Done,
                Ok(4) => {}
                Ok(_) => return Left::Broken("a length is cut short".to_owned()),
                Err(error) => return Left::Broken(error.to_string()),
            }
            if checker.next() > self.last {
                return Left::More;
            }
            let length = u32::from_be_bytes(length);
            if !(RECORD_LEAST..=RECORD_LIMIT).contains(&length) {
                return Left::Broken(format!("a record of {length} bytes cannot be"));
            }
            bytes.clear();
            // The buffer grows with what is there, not with what the length claims.
            match unpacked.by_ref().take(u64::from(length)).read_to_end(&mut bytes) {
                Ok(many) if many as u64 == u64::from(length) => {}
                Ok(_) => return Left::Broken("a record is cut short".to_owned()),
                Err(error) => return Left::Broken(error.to_string()),
            }
            let odd = named(&bytes).is_none();
            if odd && was_odd {
                return Left::Broken("two records in a row do not begin as records do".to_owned());
            }
            was_odd = odd;
            checker.record_with(&bytes, |number| self.salt(number), self.blame);
        }
    }

    /// The salt of a record of this file.
    fn salt(&self, number: u64) -> Option<Salt> {
        let (salts, _) = self.salts.as_chunks::<16>();
        salts.get(usize::try_from(number.checked_sub(self.first)?).ok()?).copied()
    }

    /// Leaves a broken member that began at `offset` with record `since`; answers where the next one begins.
    fn leave(&self, offset: u64, since: u64, why: &str, checker: &mut Checker) -> io::Result<Option<u64>> {
        let broken_at = checker.next();
        let found = self.next_member(offset + 1, broken_at)?;
        let end = found.map_or(self.last + 1, |(_, seq)| seq);
        let why = crate::clean(why);
        if broken_at < end {
            let message = format!(
                "{} cannot be read: the compressed bytes are damaged ({why}). {}",
                spoken(broken_at, end - 1),
                words::CHANGED_NEXT,
            );
            checker.damaged(broken_at, end - 1, self.name, CHANGED, &message);
        } else {
            let range = (since < end).then(|| (since, end - 1));
            self.tell(checker, range, format!("A compressed part of it is damaged at its end ({why})"));
        }
        Ok(found.map(|(offset, _)| offset))
    }

    /// Looks for a member at or behind `offset` that begins with a page of this file, not before record `least`.
    fn next_member(&self, offset: u64, least: u64) -> io::Result<Option<(u64, u64)>> {
        let mut bytes = Counted::open(self.file, offset)?;
        let (mut seen, mut tries) = (0, 0);
        loop {
            let buffer = bytes.fill_buf()?;
            if buffer.is_empty() || tries == TRIES_LIMIT {
                return Ok(None);
            }
            // No byte of the magic stands in it twice, so a mismatch can only be its first byte anew.
            let mut hit = None;
            for (at, byte) in buffer.iter().enumerate() {
                seen = if *byte == MAGIC[seen] { seen + 1 } else { usize::from(*byte == MAGIC[0]) };
                if seen == MAGIC.len() {
                    seen = 0;
                    hit = Some(at);
                    break;
                }
            }
            let used = hit.map_or(buffer.len(), |at| at + 1);
            bytes.consume(used);
            if hit.is_some() {
                tries += 1;
                let start = bytes.at - MAGIC.len() as u64;
                let fits = |seq: &u64| (least..=self.last).contains(seq) && seq.is_multiple_of(PAGE);
                if let Some(seq) = first_of_member(self.file, start)?.filter(fits) {
                    return Ok(Some((start, seq)));
                }
            }
        }
    }
}

/// The number that the first record of the member at `offset` names, if there is a member and a record.
fn first_of_member(file: &Path, offset: u64) -> io::Result<Option<u64>> {
    let mut start = [0; 4 + 16];
    let mut unpacked = GzDecoder::new(Counted::open(file, offset)?);
    Ok(match fill(&mut unpacked, &mut start) {
        Ok(many) if many == start.len() => named(&start[4..]),
        _ => None,
    })
}

/// The number in the head of a record's form, without reading the rest: an array of nine, version 1, an unsigned.
fn named(form: &[u8]) -> Option<u64> {
    let rest = form.strip_prefix(&[0x89, 0x01])?;
    let (&first, rest) = rest.split_first()?;
    let wide = match first {
        0..=23 => return Some(u64::from(first)),
        24..=27 => 1 << (first - 24),
        _ => return None,
    };
    Some(rest.get(..wide)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// Fills the buffer as far as the source goes.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match source.read(&mut buffer[done..]) {
            Ok(0) => break,
            Ok(many) => done += many,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// A file that knows how far it was read.
struct Counted {
    inner: BufReader<File>,
    at: u64,
}

impl Counted {
    fn open(file: &Path, offset: u64) -> io::Result<Self> {
        let mut file = File::open(file)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self { inner: BufReader::with_capacity(1 << 16, file), at: offset })
    }
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let many = self.inner.read(buffer)?;
        self.at += many as u64;
        Ok(many)
    }
}

impl BufRead for Counted {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, many: usize) {
        self.at += many as u64;
        self.inner.consume(many);
    }
}
