//! What arrived: formats, sources, defects, and the record itself.

use crate::{NameError, Time};
use std::fmt;

/// Longest name of a source, in bytes.
const SOURCE_LIMIT_BYTES: usize = 255;

/// What a record is. The number is part of the form on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A line or record of a log.
    Event = 0,
    /// A collected document with its envelope.
    Evidence = 1,
    /// What somebody did, the provider above all.
    Act = 2,
    /// What we noticed.
    Alert = 3,
    /// What we concluded about a measure.
    Verdict = 4,
    /// A version of the contract.
    Contract = 5,
    /// An exercise and its outcome.
    Exercise = 6,
    /// Of the log itself: opening, key epoch, source read to its end, detection watermark, closing.
    Control = 7,
}

impl Kind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 8] = [
        Self::Event,
        Self::Evidence,
        Self::Act,
        Self::Alert,
        Self::Verdict,
        Self::Contract,
        Self::Exercise,
        Self::Control,
    ];

    /// The kind of a number, if there is one.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        usize::try_from(code).ok().and_then(|at| Self::ALL.get(at).copied())
    }

    /// Its number on disk.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Evidence => "evidence",
            Self::Act => "act",
            Self::Alert => "alert",
            Self::Verdict => "verdict",
            Self::Contract => "contract",
            Self::Exercise => "exercise",
            Self::Control => "control",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How the raw bytes of a record are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// A Windows event; its raw bytes are the event as XML.
    Evtx,
    /// One JSON object a line.
    Ndjson,
    /// A member of a JSON document, or the document itself.
    Json,
    /// RFC 5424, RFC 3164, or a program's line behind such a header.
    Syslog,
    /// A row of a table; its raw bytes are a JSON object of heading and value.
    Csv,
    /// One entry of an AWS CloudTrail file.
    Cloudtrail,
    /// One entry of a Zeek log in JSON.
    Zeek,
    /// A line of text.
    Text,
    /// Written by Bailiwick itself, as JSON.
    Own,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 9] = [
        Self::Evtx,
        Self::Ndjson,
        Self::Json,
        Self::Syslog,
        Self::Csv,
        Self::Cloudtrail,
        Self::Zeek,
        Self::Text,
        Self::Own,
    ];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Evtx => "evtx",
            Self::Ndjson => "ndjson",
            Self::Json => "json",
            Self::Syslog => "syslog",
            Self::Csv => "csv",
            Self::Cloudtrail => "cloudtrail",
            Self::Zeek => "zeek",
            Self::Text => "text",
            Self::Own => "bailiwick",
        }
    }

    /// The format of a word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.as_str() == word)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a record came from: its format and a name, written `syslog:fw-2`. The name is what the operator or the
/// path said, never what the record says of itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    format: Format,
    name: String,
}

impl Source {
    /// Makes a source.
    ///
    /// # Errors
    /// [`NameError`] when the name is empty, over 255 bytes, or holds a control character.
    pub fn new(format: Format, name: &str) -> Result<Self, NameError> {
        Self::check(name)?;
        Ok(Self { format, name: name.to_owned() })
    }

    fn check(name: &str) -> Result<(), NameError> {
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.len() > SOURCE_LIMIT_BYTES {
            return Err(NameError::Long { have: name.len(), limit: SOURCE_LIMIT_BYTES });
        }
        if let Some(found) = name.chars().find(|c| c.is_control()) {
            return Err(NameError::Character { found: found.escape_debug().to_string() });
        }
        Ok(())
    }

    /// Makes a source of any text: control characters become `_`, what is too long loses its beginning.
    #[must_use]
    pub fn lossy(format: Format, name: &str) -> Self {
        let clean: String = name.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
        let mut from = clean.len().saturating_sub(SOURCE_LIMIT_BYTES);
        while !clean.is_char_boundary(from) {
            from += 1;
        }
        let name = if clean.is_empty() { "unnamed".to_owned() } else { clean[from..].to_owned() };
        Self { format, name }
    }

    /// Reads `format:name`.
    ///
    /// # Errors
    /// [`NameError`] as [`Source::new`]; [`NameError::Character`] when the format is unknown.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (format, name) = Self::split(text)?;
        Ok(Self { format, name: name.to_owned() })
    }

    /// Reads `format:name` where it stands.
    pub(crate) fn split(text: &str) -> Result<(Format, &str), NameError> {
        let (format, name) = text.split_once(':').unwrap_or((text, ""));
        let format = Format::from_word(format)
            .ok_or_else(|| NameError::Character { found: format.escape_debug().to_string() })?;
        Self::check(name)?;
        Ok((format, name))
    }

    /// How its raw bytes are to be read.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.format, self.name)
    }
}

/// What is wrong with a record. Its text form, `code` or `code: detail`, is part of the form on disk, so a code is
/// never renamed; an unknown one is kept as it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Defect {
    /// No time of its own could be read: `happened` is the time of arrival.
    NoTime,
    /// Its time has no year (RFC 3164): the latest year that is not after the file's last change was taken.
    YearGuessed,
    /// Its time is after its arrival by more than a day.
    FarFuture,
    /// Its time is before 1990.
    Ancient,
    /// Not UTF-8 from this byte on.
    NotText {
        /// Offset of the first bad byte.
        offset: u64,
    },
    /// Longer than the limit; this is one piece of it, counted from 1.
    TooLong {
        /// Which piece this is.
        piece: u64,
    },
    /// More fields than the limit; no fields were read.
    TooManyFields,
    /// Nested deeper than the limit; no fields were read.
    TooDeep,
    /// A name stands twice in one object; the last value counts.
    DuplicateKey {
        /// The name.
        key: String,
    },
    /// Not what its format says, with the parser's reason.
    Malformed {
        /// What the parser met and where.
        why: String,
    },
    /// The file ended inside this record.
    CutShort,
    /// The bytes of records that are known to exist and could not be read.
    Unreadable {
        /// How many records, what was met and where.
        why: String,
    },
    /// A code of another version.
    Other(String),
}

impl Defect {
    /// Its code: one word, stable.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::NoTime => "no-time",
            Self::YearGuessed => "year-guessed",
            Self::FarFuture => "far-future",
            Self::Ancient => "ancient",
            Self::NotText { .. } => "not-text",
            Self::TooLong { .. } => "too-long",
            Self::TooManyFields => "too-many-fields",
            Self::TooDeep => "too-deep",
            Self::DuplicateKey { .. } => "duplicate-key",
            Self::Malformed { .. } => "malformed",
            Self::CutShort => "cut-short",
            Self::Unreadable { .. } => "unreadable",
            Self::Other(text) => text.split(':').next().unwrap_or(text),
        }
    }

    /// Whether it is only a remark on how a time was read, and the record is sound.
    #[must_use]
    pub fn is_remark(&self) -> bool {
        matches!(self, Self::NoTime | Self::YearGuessed)
    }

    /// Reads the text form; what is unknown becomes [`Defect::Other`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (code, detail) = text.split_once(": ").unwrap_or((text, ""));
        let made = match code {
            "no-time" => Self::NoTime,
            "year-guessed" => Self::YearGuessed,
            "far-future" => Self::FarFuture,
            "ancient" => Self::Ancient,
            "not-text" => Self::NotText { offset: detail.parse().unwrap_or(u64::MAX) },
            "too-long" => Self::TooLong { piece: detail.parse().unwrap_or(u64::MAX) },
            "too-many-fields" => Self::TooManyFields,
            "too-deep" => Self::TooDeep,
            "duplicate-key" => Self::DuplicateKey { key: detail.to_owned() },
            "malformed" => Self::Malformed { why: detail.to_owned() },
            "cut-short" => Self::CutShort,
            "unreadable" => Self::Unreadable { why: detail.to_owned() },
            _ => Self::Other(text.to_owned()),
        };
        // A known code in an unknown dress stays as it stands, so that reading and writing are inverse.
        if made.to_string() == text { made } else { Self::Other(text.to_owned()) }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText { offset } => write!(f, "not-text: {offset}"),
            Self::TooLong { piece } => write!(f, "too-long: {piece}"),
            Self::DuplicateKey { key } => write!(f, "duplicate-key: {key}"),
            Self::Malformed { why } => write!(f, "malformed: {why}"),
            Self::Unreadable { why } => write!(f, "unreadable: {why}"),
            Self::Other(text) => f.write_str(text),
            plain => f.write_str(plain.code()),
        }
    }
}

/// What arrived, before it has a place in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What it is.
    pub kind: Kind,
    /// Where it came from.
    pub source: Source,
    /// When it happened, by its own word; the time of arrival where it says none.
    pub happened: Time,
    /// When it reached us.
    pub received: Time,
    /// Its bytes as they came (for Windows events: the event as XML).
    pub raw: Vec<u8>,
    /// What is wrong with it.
    pub defects: Vec<Defect>,
}

impl Draft {
    /// Gives it its place in the customer's log.
    #[must_use]
    pub fn at(self, seq: u64) -> Record {
        let Self { kind, source, happened, received, raw, defects } = self;
        Record { seq, kind, source, happened, received, raw, defects }
    }
}

/// One record of a customer's log; `seq` is dense from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place in the log.
    pub seq: u64,
    /// What it is.
    pub kind: Kind,
    /// Where it came from.
    pub source: Source,
    /// When it happened, by its own word; the time of arrival where it says none.
    pub happened: Time,
    /// When it reached us.
    pub received: Time,
    /// Its bytes as they came (for Windows events: the event as XML).
    pub raw: Vec<u8>,
    /// What is wrong with it.
    pub defects: Vec<Defect>,
}

/// Fields that a parser read out of a record: a tree of JSON values, names as the source spells them. They are
/// derived from the raw bytes and are no part of the sealed form.
pub type Fields = serde_json::Map<String, serde_json::Value>;

/// A record together with the fields that a parser read out of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The record.
    pub record: Record,
    /// Its fields; empty where nothing could be read.
    pub fields: Fields,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_defect_survives_its_text_form() {
        for defect in [
            Defect::NoTime,
            Defect::YearGuessed,
            Defect::FarFuture,
            Defect::Ancient,
            Defect::NotText { offset: 12 },
            Defect::TooLong { piece: 3 },
            Defect::TooManyFields,
            Defect::TooDeep,
            Defect::DuplicateKey { key: "a: b".into() },
            Defect::Malformed { why: "line 1: what".into() },
            Defect::CutShort,
            Defect::Unreadable { why: "3 records".into() },
            Defect::Other("of-tomorrow: x".into()),
            Defect::Other("not-text: many".into()),
            Defect::Other("no-time: but why".into()),
        ] {
            assert_eq!(Defect::parse(&defect.to_string()), defect, "{defect}");
        }
    }

    #[test]
    fn kinds_keep_their_numbers() {
        let words: Vec<_> = Kind::ALL.iter().map(|k| (k.code(), k.as_str())).collect();
        let kept = ["event", "evidence", "act", "alert", "verdict", "contract", "exercise", "control"];
        assert_eq!(words, (0u8..).zip(kept).collect::<Vec<_>>());
        assert_eq!(Kind::from_code(8), None);
    }

    #[test]
    fn a_source_survives_its_text_form() {
        for text in ["evtx:Security.evtx", "syslog:a:b", "bailiwick:self"] {
            assert_eq!(Source::parse(text).expect("good").to_string(), text);
        }
        for bad in ["", "syslog", "syslog:", "nothing:x", "text:a\nb"] {
            assert!(Source::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Source::lossy(Format::Text, "").name(), "unnamed");
        assert_eq!(Source::lossy(Format::Text, &"ä".repeat(200)).name().len(), 254);
    }
}
