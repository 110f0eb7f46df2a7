//! The nouns that two rooms share. No rules, no input or output, no clock.
//!
//! A [`Draft`] is what arrived; once it has its place in a customer's log it is a [`Record`]. An [`Event`] is a
//! record with the fields that a parser read out of it. An [`Alert`] is what we noticed. [`form`] holds the one
//! byte form of a record that can never change.
//!
//! ```
//! use model::{CustomerId, Draft, Format, Kind, Source, Time};
//!
//! let customer = CustomerId::parse("acme").expect("a plain id");
//! let at: Time = "2026-11-01T10:00:00Z".parse().expect("RFC 3339");
//! let draft = Draft {
//!     kind: Kind::Event,
//!     source: Source::new(Format::Text, "fw-2").expect("a short name"),
//!     happened: at,
//!     received: at,
//!     raw: b"link down".to_vec(),
//!     defects: vec![],
//! };
//! let record = draft.at(0);
//! assert_eq!(model::form::decode(&model::form::encode(&record)).expect("canonical"), record);
//! assert_eq!(customer.as_str(), "acme");
//! ```

mod alert;
pub mod form;
mod hidden;
mod names;
mod record;
mod side;

pub use alert::{Alert, AlertDetails, AlertRule, Level, RecordRef};
pub use hidden::is_hidden;
pub use names::{Customer, CustomerId, NameError, Provider, ProviderId};
pub use record::{Defect, Draft, Event, Fields, Format, Kind, Record, Source};
pub use side::Side;

/// An instant in UTC with nanoseconds, year -9999 to 9999.
pub type Time = jiff::Timestamp;
