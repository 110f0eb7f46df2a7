//! R_i, the one byte form of a record that can never change: deterministic CBOR (RFC 8949 §4.2).
//!
//! ```text
//! [ 1,                       version
//!   seq, kind,               unsigned
//!   source,                  text, "format:name"
//!   [seconds, nanoseconds],  happened, since 1970-01-01T00:00:00Z; nanoseconds 0 to 999,999,999
//!   [seconds, nanoseconds],  received
//!   sha256,                  byte string of 32: SHA-256 of raw
//!   raw,                     byte string
//!   [defect, ...] ]          texts, in their order
//! ```
//! Fields that a parser derives are not in it, so that a mended parser changes no seal.

use crate::{Defect, Format, Kind, Record, Source, Time};
use sha2::{Digest, Sha256};

/// The version that this module writes.
pub const VERSION: u64 = 1;

/// Why bytes are no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The bytes end too early.
    #[error("record form ends at byte {at}")]
    Short {
        /// Where more was expected.
        at: usize,
    },
    /// Something else stands there.
    #[error("record form has no {what} at byte {at}")]
    Shape {
        /// What was expected.
        what: &'static str,
        /// Where.
        at: usize,
    },
    /// The same content has another, canonical form.
    #[error("record form is not deterministic CBOR (RFC 8949 section 4.2)")]
    NotCanonical,
    /// The hash in it is not the hash of the raw bytes in it.
    #[error("record form names another SHA-256 than its raw bytes have")]
    Hash,
}

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;

fn head(out: &mut Vec<u8>, major: u8, value: u64) {
    let major = major << 5;
    let wide = value.to_be_bytes();
    match value {
        0..=23 => out.push(major | wide[7]),
        24..=0xff => out.extend([major | 24, wide[7]]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend(&wide[6..]);
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend(&wide[4..]);
        }
        _ => {
            out.push(major | 27);
            out.extend(wide);
        }
    }
}

fn time(out: &mut Vec<u8>, at: Time) {
    let nanos = at.as_nanosecond();
    let seconds = nanos.div_euclid(1_000_000_000);
    let rest = nanos.rem_euclid(1_000_000_000);
    head(out, ARRAY, 2);
    let magnitude = |v: i128| u64::try_from(v).expect("years -9999 to 9999 in seconds fit 64 bits");
    if seconds < 0 {
        head(out, NEGATIVE, magnitude(-1 - seconds));
    } else {
        head(out, UNSIGNED, magnitude(seconds));
    }
    head(out, UNSIGNED, magnitude(rest));
}

/// The canonical bytes of a record.
#[must_use]
pub fn encode(record: &Record) -> Vec<u8> {
    let mut out = Vec::with_capacity(record.raw.len() + 128);
    encode_into(record, &mut out);
    out
}

/// Appends the canonical bytes of a record to `out`.
pub fn encode_into(record: &Record, out: &mut Vec<u8>) {
    let hash = Sha256::digest(&record.raw);
    head(out, ARRAY, 9);
    head(out, UNSIGNED, VERSION);
    head(out, UNSIGNED, record.seq);
    head(out, UNSIGNED, u64::from(record.kind.code()));
    let format = record.source.format().as_str();
    let name = record.source.name();
    head(out, TEXT, (format.len() + 1 + name.len()) as u64);
    out.extend(format.as_bytes());
    out.push(b':');
    out.extend(name.as_bytes());
    time(out, record.happened);
    time(out, record.received);
    head(out, BYTES, hash.len() as u64);
    out.extend(hash);
    head(out, BYTES, record.raw.len() as u64);
    out.extend(&record.raw);
    head(out, ARRAY, record.defects.len() as u64);
    for defect in &record.defects {
        let text = defect.to_string();
        head(out, TEXT, text.len() as u64);
        out.extend(text.as_bytes());
    }
}

/// A place in bytes that are being read.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether a head was wider than its value needs (RFC 8949 §4.2.1 allows the shortest only).
    wider: bool,
}

impl<'a> Cursor<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, wider: false }
    }

    fn take(&mut self, many: usize) -> Result<&'a [u8], FormError> {
        let end = self.at.checked_add(many).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or(FormError::Short { at: self.bytes.len() })?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn any(&mut self) -> Result<(u8, u64), FormError> {
        let first = self.take(1)?[0];
        // How many bytes follow, and the least value that needs them.
        let (wide, least) = match first & 0x1f {
            short @ 0..=23 => return Ok((first >> 5, u64::from(short))),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return Err(FormError::Shape { what: "definite length", at: self.at - 1 }),
        };
        let value = self.take(wide)?.iter().fold(0u64, |v, &b| v << 8 | u64::from(b));
        self.wider |= value < least;
        Ok((first >> 5, value))
    }

    fn head(&mut self, major: u8, what: &'static str) -> Result<u64, FormError> {
        let at = self.at;
        match self.any()? {
            (found, value) if found == major => Ok(value),
            _ => Err(FormError::Shape { what, at }),
        }
    }

    fn bytes(&mut self, major: u8, what: &'static str) -> Result<&'a [u8], FormError> {
        let many = self.head(major, what)?;
        self.take(usize::try_from(many).unwrap_or(usize::MAX))
    }

    fn text(&mut self, what: &'static str) -> Result<&'a str, FormError> {
        let at = self.at;
        std::str::from_utf8(self.bytes(TEXT, what)?).map_err(|_| FormError::Shape { what, at })
    }

    fn time(&mut self, what: &'static str) -> Result<Time, FormError> {
        let at = self.at;
        let wrong = FormError::Shape { what, at };
        if self.head(ARRAY, what)? != 2 {
            return Err(wrong);
        }
        let seconds = match self.any()? {
            (UNSIGNED, v) => i64::try_from(v).map_err(|_| wrong.clone())?,
            (NEGATIVE, v) => -1 - i64::try_from(v).map_err(|_| wrong.clone())?,
            _ => return Err(wrong),
        };
        let nanos = i32::try_from(self.head(UNSIGNED, what)?).ok().filter(|n| *n <= 999_999_999);
        let nanos = nanos.ok_or_else(|| wrong.clone())?;
        Time::new(seconds, nanos).map_err(|_| wrong)
    }
}

/// A record in its canonical bytes, read where they stand: nothing is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form<'a> {
    /// Its place in the log.
    pub seq: u64,
    /// What it is.
    pub kind: Kind,
    /// How its raw bytes are to be read.
    pub format: Format,
    /// The name of its source.
    pub name: &'a str,
    /// When it happened, by its own word.
    pub happened: Time,
    /// When it reached us.
    pub received: Time,
    /// Its bytes as they came.
    pub raw: &'a [u8],
    /// The texts of its defects, all of them looked at, and how many there are.
    defects: (u64, &'a [u8]),
}

impl Form<'_> {
    /// Whether the log itself wrote it, about itself.
    #[must_use]
    pub fn is_own_control(&self) -> bool {
        self.kind == Kind::Control && self.format == Format::Own && self.name == "self"
    }

    /// The record, apart from the bytes that it was read from.
    fn into_record(self) -> Result<Record, FormError> {
        let (many, bytes) = self.defects;
        let mut texts = Cursor::new(bytes);
        let mut defects = Vec::new();
        for _ in 0..many {
            defects.push(Defect::parse(texts.text("defect")?));
        }
        let Self { seq, kind, format, name, happened, received, raw, .. } = self;
        let source = Source::new(format, name).map_err(|_| FormError::Shape { what: "source", at: 0 })?;
        Ok(Record { seq, kind, source, happened, received, raw: raw.to_vec(), defects })
    }
}

/// Reads canonical bytes, and only those: every other byte string is refused. It copies nothing and allocates nothing.
///
/// # Errors
/// [`FormError`] says where the bytes end, what else stands there, or that they are not canonical.
pub fn read(bytes: &[u8]) -> Result<Form<'_>, FormError> {
    let mut c = Cursor::new(bytes);
    if c.head(ARRAY, "array of nine")? != 9 {
        return Err(FormError::Shape { what: "array of nine", at: 0 });
    }
    if c.head(UNSIGNED, "version")? != VERSION {
        return Err(FormError::Shape { what: "version 1", at: 1 });
    }
    let seq = c.head(UNSIGNED, "seq")?;
    let at = c.at;
    let kind = Kind::from_code(c.head(UNSIGNED, "kind")?).ok_or(FormError::Shape { what: "kind", at })?;
    let at = c.at;
    let (format, name) =
        Source::split(c.text("source")?).map_err(|_| FormError::Shape { what: "source", at })?;
    let happened = c.time("happened")?;
    let received = c.time("received")?;
    let hash = c.bytes(BYTES, "SHA-256 of raw")?;
    let raw = c.bytes(BYTES, "raw")?;
    if hash != Sha256::digest(raw).as_slice() {
        return Err(FormError::Hash);
    }
    let many = c.head(ARRAY, "defects")?;
    let from = c.at;
    for _ in 0..many {
        c.text("defect")?;
    }
    // All that is free in this shape: the width of a head, and what follows the end. Texts, byte strings and times have
    // one spelling for one value, and a defect's text is kept as it stands.
    if c.wider || c.at != bytes.len() {
        return Err(FormError::NotCanonical);
    }
    Ok(Form { seq, kind, format, name, happened, received, raw, defects: (many, &bytes[from..]) })
}

/// Reads canonical bytes, and only those, into a record of its own.
///
/// # Errors
/// As [`read`].
pub fn decode(bytes: &[u8]) -> Result<Record, FormError> {
    read(bytes)?.into_record()
}

#[cfg(test)]
mod tests;
