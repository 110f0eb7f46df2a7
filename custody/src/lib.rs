//! Each customer's vault: journal, seal, keys, disk. The only room that touches the disk.
//!
//! A [`Home`] belongs to one provider and holds a vault for each customer. [`Vault::append`] takes what arrived,
//! writes it to the encrypted journal, waits for the disk, puts it under a signed checkpoint, and only then hands it
//! out as [`ledger::Sealed`]. A [`View`] reads what was sealed and proves each page against the checkpoint on the
//! way. Keys lie apart from vaults: whoever holds a copy of `vaults/` holds nothing that can be read.
//!
//! ```
//! use custody::{Chance, Home, disk::Memory};
//! use model::{CustomerId, Draft, Fields, Format, Kind, Source, Time};
//! use std::sync::Arc;
//!
//! struct Counter(u8); // a test's randomness; the program asks the machine
//! impl Chance for Counter {
//!     fn fill(&mut self, bytes: &mut [u8]) -> std::io::Result<()> {
//!         bytes.fill_with(|| { self.0 = self.0.wrapping_add(1); self.0 });
//!         Ok(())
//!     }
//! }
//!
//! let now: Time = "2026-11-01T10:00:00Z".parse()?;
//! let acme = CustomerId::parse("acme")?;
//! let chance = || Box::new(Counter(0)) as Box<dyn Chance>;
//! let home = Home::init(Arc::new(Memory::new()), "Northwind IT", now, chance())?;
//! home.add_customer(&acme, "Acme Ltd", now)?;
//! let mut vault = home.vault(&acme)?;
//! let source = Source::new(Format::Text, "fw-2")?;
//! let draft = Draft { kind: Kind::Event, source, happened: now, received: now, raw: b"link down".to_vec(), defects: vec![] };
//! let sealed = vault.append(vec![(draft, Fields::new())], None, now)?;
//! assert_eq!(sealed.value()[0].record.raw, b"link down");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod audit;
mod chunked;
mod days;
pub mod disk;
mod epoch;
mod escrow;
mod export;
mod home;
mod journal;
mod keys;
mod object;
mod prove;
mod reserve;
mod rows;
pub mod shelf;
mod tail;
mod vault;
mod view;

pub use audit::{Audited, audit};
pub use escrow::{EscrowError, escrow, escrow_keys, restore, rotate};
pub use export::{ExportError, Exported, export};
pub use home::{Home, HomeError};
pub use prove::prove;
pub use vault::{Ended, RetentionError, SealError, Vault};
pub use view::{OpenError, Page, ReadError, Unit, View};

/// Randomness: asked of the machine by the program, counted out by tests.
pub trait Chance: Send {
    /// Fills `bytes` with what nobody can guess.
    ///
    /// # Errors
    /// When the machine has none to give; nothing is sealed then.
    fn fill(&mut self, bytes: &mut [u8]) -> std::io::Result<()>;
}

/// How fields are read out of a record (`collect::fields`); custody itself knows no log format.
pub type Parse<'a> = &'a (dyn Fn(&model::Record) -> model::Fields + Sync);

/// Days that every record is kept at least: six calendar months can be that long (AA22-131A, logging).
pub const RETENTION_FLOOR_DAYS: u32 = 184;
/// Days that every record is kept unless the contract says longer.
pub const RETENTION_DEFAULT_DAYS: u32 = 366;
