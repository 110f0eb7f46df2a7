//! One file a format. A parser takes any bytes and gives what it could read; the raw bytes always stay.

pub(crate) mod apache;
pub(crate) mod csv;
pub(crate) mod evtx;
pub(crate) mod json;
pub(crate) mod lines;
pub(crate) mod messages;
pub(crate) mod syslog;
pub(crate) mod text;
pub(crate) mod xml;

use crate::Limits;
use crate::time::When;
use model::{Defect, Fields, Format};

/// What was read out of raw bytes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Parsed {
    pub(crate) fields: Fields,
    pub(crate) when: When,
    pub(crate) defects: Vec<Defect>,
}

/// Reads a single record of a format.
pub(crate) fn parse(format: Format, raw: &[u8], limits: &Limits) -> Parsed {
    let mut parsed = match format {
        Format::Evtx => xml::parse(raw, limits),
        Format::Ndjson | Format::Json | Format::Cloudtrail | Format::Zeek | Format::Csv | Format::Own => {
            json::parse(raw, limits)
        }
        // A line's end on other systems is no part of what it says.
        Format::Syslog => syslog::parse(raw.strip_suffix(b"\r").unwrap_or(raw)),
        Format::Text => text::parse(raw.strip_suffix(b"\r").unwrap_or(raw)),
    };
    if let Err(error) = std::str::from_utf8(raw) {
        let offset = error.valid_up_to() as u64;
        parsed.defects.insert(0, Defect::NotText { offset });
    }
    parsed
}
