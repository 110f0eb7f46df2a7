//! Output of scanners, directories, clouds and backups → typed rows. Pure functions over bytes: no sockets, no disk,
//! no clock.
//!
//! [`read`] takes the bytes of one document and answers with a [`Document`]: rows of the normalised tables
//! ([`schema::TABLES`]), and how whole it was. A file that ends early is [`Status::Partial`], with whatever could be
//! read; an answer that says "denied" or holds nothing is [`Status::Failed`]. Neither is ever good news.
//!
//! ```
//! use evidence::{Hint, Status, read};
//!
//! let raw = b"name,directory,enabled\nana@clinic.example,vpn,yes\nbo@clinic.example,vpn,no\n";
//! let hint = Hint { kind: Some("accounts"), ..Hint::default() };
//! let document = read(raw, "vpn.csv", &hint);
//! assert_eq!(document.counts()["account"], 2);
//! assert_eq!(document.status, Status::Complete);
//! let cut = read(&raw[..raw.len() - 1], "vpn.csv", &hint);
//! assert!(matches!(cut.status, Status::Partial { .. }));
//! ```

pub mod dns;
mod document;
mod envelope;
pub mod feeds;
mod kinds;
mod line;
mod parse;
mod read;
pub mod records;
mod row;
mod rows;
pub mod schema;
pub mod text;

pub use document::{BYTES_LIMIT, Document, ROWS_LIMIT, Status};
pub use envelope::{Envelope, Handed};
pub use kinds::{KINDS, Kind};
pub use line::Seen;
pub use model::Side;
pub use parse::{FORMATS, Format, Hint, MAPPINGS};
pub use read::read;
pub use row::{Cell, Row};
pub use rows::Rows;

/// Version of all parsers together; sealed beside the rows. It grows whenever a parser reads something otherwise.
pub const PARSERS_VERSION: u32 = 1;
