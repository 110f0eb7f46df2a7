//! The twin in memory: the same behaviour, and failures on demand.

use super::{Disk, Guard, LockError, check_name};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a failing write leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// Nothing was done.
    NotDone,
    /// Half of the bytes are there.
    Half,
    /// It was done all the same.
    Done,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    /// How much of each file would survive a power cut.
    durable: BTreeMap<String, usize>,
    /// What a power cut brings back of files that were written without waiting; `None` when there was none.
    before: BTreeMap<String, Option<Vec<u8>>>,
    /// Bytes that fit on the disk.
    room: Option<usize>,
    held_by: Option<String>,
    /// How many read under each name, or that somebody made sure that nobody does.
    readers: BTreeMap<String, usize>,
    unread: BTreeSet<String>,
    writes: u64,
    fail_at: Option<(u64, Failing)>,
}

impl State {
    fn used(&self) -> usize {
        self.files.values().map(Vec::len).sum()
    }
}

/// A disk in memory. Clones share their files.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<State>>);

impl Memory {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many writing calls there were.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.state().writes
    }

    /// From the writing call of this number on (counted from now, 0 is the next), every one fails.
    pub fn fail_from(&self, call: u64, how: Failing) {
        let mut state = self.state();
        state.fail_at = Some((state.writes + call, how));
    }

    /// From now on all files together take at most this many bytes; what does not fit is written up to there.
    pub fn limit(&self, bytes: Option<usize>) {
        self.state().room = bytes;
    }

    /// Bytes of all files.
    #[must_use]
    pub fn used(&self) -> usize {
        self.state().used()
    }

    /// A disk with the same files and nothing failing, as after a restart.
    #[must_use]
    pub fn restarted(&self) -> Self {
        let files = self.state().files.clone();
        let durable = files.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect();
        Self(Arc::new(Mutex::new(State { files, durable, ..State::default() })))
    }

    /// A disk as after a power cut: what was appended and not synced is gone.
    #[must_use]
    pub fn power_cut(&self) -> Self {
        let state = self.state();
        let kept = |(name, bytes): (&String, &Vec<u8>)| {
            let length = state.durable.get(name).copied()?.min(bytes.len());
            Some((name.clone(), bytes[..length].to_vec()))
        };
        let mut files: BTreeMap<String, Vec<u8>> = state.files.iter().filter_map(kept).collect();
        for (name, bytes) in &state.before {
            match bytes {
                Some(bytes) => files.insert(name.clone(), bytes.clone()),
                None => files.remove(name),
            };
        }
        let durable = files.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect();
        Self(Arc::new(Mutex::new(State { files, durable, ..State::default() })))
    }

    /// How many of these bytes still fit when `freed` are given up for them.
    fn fits(&self, wanted: usize, freed: usize) -> usize {
        let state = self.state();
        let left = state.room.map(|room| (room + freed).saturating_sub(state.used()));
        left.map_or(wanted, |left| wanted.min(left))
    }

    /// Does a writing call: `change` gets how much of it is to be done.
    fn write(&self, name: &str, change: impl Fn(&mut State, Option<Failing>)) -> io::Result<()> {
        check_name(name)?;
        let mut state = self.state();
        let number = state.writes;
        state.writes += 1;
        let failing = state.fail_at.filter(|&(from, _)| number >= from).map(|(_, how)| how);
        match failing {
            Some(Failing::NotDone) => {}
            how => change(&mut state, how),
        }
        match failing {
            None => Ok(()),
            Some(_) => Err(io::Error::other("the disk failed, as it was told to")),
        }
    }
}

fn part(bytes: &[u8], failing: Option<Failing>) -> &[u8] {
    if failing == Some(Failing::Half) { &bytes[..bytes.len() / 2] } else { bytes }
}

impl Disk for Memory {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        check_name(name)?;
        self.state().files.get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn read_range(&self, name: &str, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let bytes = self.read(name)?;
        segment::ReadAt::read_at(&bytes, offset, length)
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        self.read(name).map(|b| b.len() as u64)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        check_name(folder)?;
        let prefix = format!("{folder}/");
        Ok(self.state().files.keys().filter(|n| n.starts_with(&prefix)).cloned().collect())
    }

    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        // The new file lies beside the old one until it is whole.
        if self.fits(bytes.len(), 0) < bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        // A rename is there or not there, never half.
        self.write(name, |state, failing| {
            if failing != Some(Failing::Half) {
                state.files.insert(name.to_owned(), bytes.to_vec());
                state.durable.insert(name.to_owned(), bytes.len());
                state.before.remove(name);
            }
        })
    }

    fn put_soon(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let there = self.read(name).ok();
        if self.fits(bytes.len(), there.as_ref().map_or(0, Vec::len)) < bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.write(name, |state, failing| {
            if failing != Some(Failing::Half) {
                let old = state.files.insert(name.to_owned(), bytes.to_vec());
                state.before.entry(name.to_owned()).or_insert(old);
                state.durable.insert(name.to_owned(), bytes.len());
            }
        })
    }

    fn append(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let fitting = self.fits(bytes.len(), 0);
        if fitting < bytes.len() {
            self.write(name, |state, _| {
                state.files.entry(name.to_owned()).or_default().extend(&bytes[..fitting]);
            })?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.write(name, |state, failing| {
            state.files.entry(name.to_owned()).or_default().extend(part(bytes, failing));
        })
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        self.write(name, |state, _| {
            let length = state.files.get(name).map_or(0, Vec::len);
            state.before.remove(name);
            state.durable.insert(name.to_owned(), length);
        })
    }

    fn truncate(&self, name: &str, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.write(name, |state, _| {
            if let Some(bytes) = state.files.get_mut(name) {
                bytes.truncate(length);
                state.durable.insert(name.to_owned(), bytes.len());
            }
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.write(name, |state, _| {
            state.files.remove(name);
            state.before.remove(name);
        })
    }

    fn path(&self, _: &str) -> Option<PathBuf> {
        None
    }

    fn reading(&self, name: &str) -> io::Result<Option<Guard>> {
        check_name(name)?;
        let mut state = self.state();
        if !state.files.contains_key(name) {
            return Ok(None);
        }
        if state.unread.contains(name) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        *state.readers.entry(name.to_owned()).or_default() += 1;
        let (shared, name) = (self.clone(), name.to_owned());
        Ok(Some(Guard::with(Box::new(move || {
            *shared.state().readers.entry(name).or_insert(1) -= 1;
        }))))
    }

    fn unread(&self, name: &str) -> io::Result<Option<Guard>> {
        check_name(name)?;
        let mut state = self.state();
        if state.readers.get(name).is_some_and(|many| *many > 0) {
            return Ok(None);
        }
        state.files.entry(name.to_owned()).or_default();
        state.unread.insert(name.to_owned());
        let (shared, name) = (self.clone(), name.to_owned());
        Ok(Some(Guard::with(Box::new(move || {
            shared.state().unread.remove(&name);
        }))))
    }

    fn lock(&self, who: &str) -> Result<Guard, LockError> {
        let mut state = self.state();
        if let Some(by) = &state.held_by {
            return Err(LockError::Held { by: by.clone() });
        }
        state.held_by = Some(who.to_owned());
        let shared = self.clone();
        Ok(Guard::with(Box::new(move || shared.state().held_by = None)))
    }
}
