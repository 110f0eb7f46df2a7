//! Where sealed objects lie: segments and tiles, written once, read often. A local folder, or a twin in memory that loses,
//! tears, reorders and forges on demand.
//!
//! TRUST: none. Whoever controls a shelf can lose our bytes or withhold them, and we notice. They cannot read a record, and
//! they cannot make us believe another one: every object opens only under its key, name and place, and every page is proved
//! against the checkpoint, which does not lie here.

mod twin;

pub use twin::{Misdeed, Twin};

use crate::disk::Disk;
use std::io;
use std::sync::Arc;

/// A place for whole objects. Names are those of the home, such as `vaults/acme/segments/…`.
pub trait Shelf: Send + Sync {
    /// Writes a whole object; after it returns, the object is there also after a power cut.
    ///
    /// # Errors
    /// What the medium says; the object may be there either way then.
    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// All bytes of an object.
    ///
    /// # Errors
    /// `NotFound` when there is none; otherwise what the medium says.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;

    /// Exactly `length` bytes of an object from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` when the object is shorter; otherwise what the medium says.
    fn read_range(&self, name: &str, offset: u64, length: u64) -> io::Result<Vec<u8>>;

    /// Length of an object in bytes.
    ///
    /// # Errors
    /// `NotFound` when there is none; otherwise what the medium says.
    fn length(&self, name: &str) -> io::Result<u64>;

    /// Names of all objects below a folder at any depth, sorted.
    ///
    /// # Errors
    /// What the medium says.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Removes an object. No error when there is none.
    ///
    /// # Errors
    /// What the medium says.
    fn remove(&self, name: &str) -> io::Result<()>;
}

/// The shelf that is a folder of the home itself.
#[derive(Clone)]
pub struct Local(Arc<dyn Disk>);

impl Local {
    /// A shelf on this disk.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>) -> Self {
        Self(disk)
    }
}

impl Shelf for Local {
    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.put(name, bytes)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.0.read(name)
    }

    fn read_range(&self, name: &str, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        self.0.read_range(name, offset, length)
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        self.0.length(name)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.0.list(folder)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }
}

#[cfg(test)]
mod tests;
