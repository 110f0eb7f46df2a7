//! A disk with a reserve: a file of no use that gives its room to acts, so that a full disk locks nobody out of the log
//! in the incident. Records of other kinds are refused when the disk is full; nothing of them is acknowledged.

use crate::disk::{Disk, Guard, LockError};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes that are held back: some hundred acts, each with its checkpoint.
const RESERVE_BYTES: usize = 256 << 10;
/// How much of them is given up at once: a block of most file systems.
const SLICE_BYTES: u64 = 4 << 10;
/// Where they lie: one reserve for the home, whose disk its vaults share.
pub(crate) const RESERVE: &str = "reserve";

/// A disk that, while it is allowed, gives up its reserve rather than refuse a write.
pub(crate) struct Reserved {
    disk: Arc<dyn Disk>,
    open: AtomicBool,
}

impl Reserved {
    pub(crate) fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk, open: AtomicBool::new(false) }
    }

    /// Whether the next writes may use the reserve.
    pub(crate) fn allow(&self, allowed: bool) {
        self.open.store(allowed, Ordering::Relaxed);
    }

    /// Puts the reserve back, if there is room again.
    pub(crate) fn refill(&self) {
        if self.disk.length(RESERVE).ok() != Some(RESERVE_BYTES as u64) {
            // Bytes that do not compress, so that no file system saves the room that is to be held.
            let mut state = 0x9e37_79b9_7f4a_7c15_u64;
            let mut noise = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_be_bytes()
            };
            let bytes: Vec<u8> = (0..RESERVE_BYTES / 8).flat_map(|_| noise()).collect();
            // Without room there is no reserve; the next opening tries again.
            let _ = self.disk.put(RESERVE, &bytes);
        }
    }

    /// Writes; while the disk is full and acts may use the reserve, gives up as much of it as is needed and tries again.
    fn with(
        &self,
        bytes: usize,
        write: impl Fn() -> io::Result<()>,
        undo: impl Fn() -> io::Result<()>,
    ) -> io::Result<()> {
        loop {
            let full = match write() {
                Err(error) if error.kind() == io::ErrorKind::StorageFull => error,
                other => return other,
            };
            let left = self.disk.length(RESERVE).unwrap_or(0);
            if !self.open.load(Ordering::Relaxed) || left == 0 {
                return Err(full);
            }
            // No more than that, or the next batch of events would take what was held back for acts.
            let part = (bytes as u64 + SLICE_BYTES) / SLICE_BYTES * SLICE_BYTES;
            match left.checked_sub(part) {
                Some(rest) if rest > 0 => self.disk.truncate(RESERVE, rest)?,
                Some(_) => self.disk.remove(RESERVE)?,
                // It would not help this one, and the next one would find nothing.
                None => return Err(full),
            }
            undo()?;
        }
    }
}

impl Disk for Reserved {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.disk.read(name)
    }

    fn read_range(&self, name: &str, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        self.disk.read_range(name, offset, length)
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        self.disk.length(name)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.disk.list(folder)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.with(bytes.len(), || self.disk.put(name, bytes), || Ok(()))
    }

    fn put_soon(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.with(bytes.len(), || self.disk.put_soon(name, bytes), || Ok(()))
    }

    fn append(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let length = self.disk.length(name).unwrap_or(0);
        // What a full disk took of it goes first.
        let undo = || if self.disk.length(name).is_ok() { self.disk.truncate(name, length) } else { Ok(()) };
        self.with(bytes.len(), || self.disk.append(name, bytes), undo)
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        // Not tried again: after a failed sync nothing may be believed about the file.
        self.disk.sync(name)
    }

    fn truncate(&self, name: &str, length: u64) -> io::Result<()> {
        self.disk.truncate(name, length)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.disk.path(name)
    }

    fn reading(&self, name: &str) -> io::Result<Option<Guard>> {
        self.disk.reading(name)
    }

    fn unread(&self, name: &str) -> io::Result<Option<Guard>> {
        self.disk.unread(name)
    }

    fn lock(&self, who: &str) -> Result<Guard, LockError> {
        self.disk.lock(who)
    }
}
