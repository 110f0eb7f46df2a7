//! Verifies sealed logs for their owners: offline, reading only, trusting nobody and knowing nothing of servers.
//!
//! [`bundle`] checks a folder that `export` wrote (docs/formats.md §4): the signed list of its files, the files, the
//! signed state of the log, and each record up to the root of all. [`Checker`] is the part that looks at records; a
//! vault is checked with it too. Whatever is wrong becomes a [`Finding`] with the threat, the records, the file, and
//! sentences for people. There is nothing here that writes, connects, or reads a clock.
//!
//! TRUST: one key, and that only if the caller brings it ([`KeyTrust`]). Whoever can change every byte of a bundle
//! can make us say that something is wrong; without the key they cannot make us say that all is well.
//!
//! ```
//! use ledger::{Checkpoint, SigningKey, commitment, leaf_hash, root_of};
//! use model::{Draft, Format, Kind, Source, form};
//!
//! let at: model::Time = "2026-11-01T10:00:00Z".parse()?;
//! let source = Source::new(Format::Text, "fw-2")?;
//! let record = Draft { kind: Kind::Event, source, happened: at, received: at, raw: b"up".to_vec(), defects: vec![] };
//! let (bytes, salt) = (form::encode(&record.at(0)), [7; 16]);
//!
//! let origin = "northwind-it/acme/records";
//! let key = SigningKey::from_seed(origin, &[1; 32])?;
//! let root = root_of(&[leaf_hash(&commitment(&salt, &bytes))]);
//! let note = key.sign(&Checkpoint { origin: origin.into(), size: 1, root }.text())?;
//!
//! let mut checker = verify::Checker::new(&note.to_bytes(), &key.vkey(), origin);
//! checker.record(&bytes, &salt, "records");
//! assert!(checker.finish().ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod abreast;
mod answers;
mod bundle;
mod checker;
mod days;
mod folder;
mod heads;
mod layout;
mod manifest;
mod orders;
mod pages;
mod proof;
mod records;
mod report;
mod signed;
mod sound;
mod words;

pub use answers::Assessed;
pub use bundle::{audited, bundle, bundle_on, bundle_with};
pub use checker::Checker;
pub use folder::OpenError;
pub use heads::Head;
pub use orders::{Ended, Silence};
pub use proof::{Sample, audit, is_proof, proof};
pub use report::{FINDINGS_LIMIT, Finding, KeyTrust, Report, clean};
