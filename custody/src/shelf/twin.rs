//! The shelf in memory, and everything that a bad shelf can do.

use super::Shelf;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a shelf does to one of the next objects that it is given, and says that all is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misdeed {
    /// It is not kept.
    Lose,
    /// Only this many of its bytes are kept.
    Tear(usize),
    /// It is kept back, and written only when the next one was.
    Late,
    /// Other bytes are kept in its place.
    Forge(Vec<u8>),
    /// It refuses, and nothing is kept.
    Refuse,
    /// It refuses, and keeps the object all the same.
    RefuseAndKeep,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    misdeeds: BTreeMap<u64, Misdeed>,
    late: Vec<(String, Vec<u8>)>,
    puts: u64,
}

/// A shelf in memory. Clones share their objects.
#[derive(Clone, Default)]
pub struct Twin(Arc<Mutex<State>>);

impl Twin {
    /// An empty shelf that does nothing wrong.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What becomes of the object that is put as number `put`, counted from now.
    pub fn plan(&self, put: u64, misdeed: Misdeed) {
        let mut state = self.state();
        let at = state.puts + put;
        state.misdeeds.insert(at, misdeed);
    }

    /// How many objects were put so far.
    #[must_use]
    pub fn puts(&self) -> u64 {
        self.state().puts
    }

    /// Loses an object that lies there.
    pub fn lose(&self, name: &str) {
        self.state().objects.remove(name);
    }

    /// Keeps only the first bytes of an object that lies there.
    pub fn tear(&self, name: &str, bytes: usize) {
        if let Some(object) = self.state().objects.get_mut(name) {
            object.truncate(bytes);
        }
    }

    /// Lays other bytes in the place of an object.
    pub fn forge(&self, name: &str, bytes: &[u8]) {
        self.state().objects.insert(name.to_owned(), bytes.to_vec());
    }

    /// Exchanges two objects.
    pub fn swap(&self, one: &str, other: &str) {
        let mut state = self.state();
        if let (Some(a), Some(b)) = (state.objects.remove(one), state.objects.remove(other)) {
            state.objects.insert(one.to_owned(), b);
            state.objects.insert(other.to_owned(), a);
        }
    }

    /// A shelf with the same objects, which is another one.
    #[must_use]
    pub fn copied(&self) -> Self {
        let objects = self.state().objects.clone();
        Self(Arc::new(Mutex::new(State { objects, ..State::default() })))
    }
}

impl Shelf for Twin {
    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let number = state.puts;
        state.puts += 1;
        let late = std::mem::take(&mut state.late);
        let refused = || Err(io::Error::other("the shelf refused, as it was told to"));
        let (kept, answer) = match state.misdeeds.remove(&number) {
            None => (Some(bytes.to_vec()), Ok(())),
            Some(Misdeed::Lose) => (None, Ok(())),
            Some(Misdeed::Tear(length)) => (Some(bytes[..length.min(bytes.len())].to_vec()), Ok(())),
            Some(Misdeed::Forge(other)) => (Some(other), Ok(())),
            Some(Misdeed::Refuse) => (None, refused()),
            Some(Misdeed::RefuseAndKeep) => (Some(bytes.to_vec()), refused()),
            Some(Misdeed::Late) => {
                state.late.push((name.to_owned(), bytes.to_vec()));
                (None, Ok(()))
            }
        };
        if let Some(kept) = kept {
            state.objects.insert(name.to_owned(), kept);
        }
        state.objects.extend(late);
        answer
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.state().objects.get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn read_range(&self, name: &str, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        segment::ReadAt::read_at(&self.read(name)?, offset, length)
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        self.read(name).map(|b| b.len() as u64)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let prefix = format!("{folder}/");
        Ok(self.state().objects.keys().filter(|n| n.starts_with(&prefix)).cloned().collect())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.state().objects.remove(name);
        Ok(())
    }
}
