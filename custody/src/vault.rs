//! Writing a vault: journal, wait for the disk, seal under a signed checkpoint, then hand out.

use crate::epoch::day_of;
use crate::home::{Access, Home};
use crate::journal::{self, Frame, Head};
use crate::keys::KeyError;
use crate::object::ObjectRef;
use crate::rows::{self, Batch};
use crate::view::{self, Loaded, OpenError, checkpoint_name};
use ledger::{Checkpoint, Hash, Log, PAGE, Sealed, Tree, Unsealed, VerifierKey};
use model::{CustomerId, Draft, Event, Fields, Time};
use segment::{Row, Writer};
use serde_json::json;
use std::io;

/// Rows in the journal after which they become a segment: one full tile of pages.
const ROLL_ROWS: usize = 65_536;
/// Raw bytes in the journal after which its full pages become a segment.
const ROLL_BYTES: usize = 128 << 20;

/// Why records were not sealed. Sorted by whose move is next.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The caller's move: there was nothing to seal.
    #[error("there is nothing to seal")]
    Empty,
    /// The caller's move: an earlier write failed, so nothing may be believed of this handle. Open the vault again.
    #[error("vault `{customer}` failed before and must be opened again")]
    Closed {
        /// Whose vault.
        customer: CustomerId,
    },
    /// The machine's move: the disk did not confirm. What was being sealed was not acknowledged.
    #[error("disk did not confirm `{name}` of customer `{customer}`")]
    Disk {
        /// Whose vault.
        customer: CustomerId,
        /// Which file.
        name: String,
        /// What the machine said.
        source: io::Error,
    },
    /// The operator's move: a key is missing or damaged.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Our move: the log and its tree disagree.
    #[error("vault `{customer}` and its log disagree: {why}")]
    Log {
        /// Whose vault.
        customer: CustomerId,
        /// What was met.
        why: String,
    },
}

/// Where the journal stands that is being written.
struct Writing {
    head: Head,
    frames: u64,
}

/// A customer's vault, open for writing. One at a time: the home's lock sees to it.
pub struct Vault {
    access: Access,
    log: Log,
    segments: Vec<ObjectRef>,
    /// Roots of the pages that lie in segments.
    segment_roots: Vec<Hash>,
    writing: Option<Writing>,
    /// Rows behind the segments: what the journal holds.
    tail: Vec<Row>,
    tail_bytes: usize,
    cursor: Option<Vec<u8>>,
    failed: bool,
    /// [`ROLL_ROWS`]; less in tests, so that many segments cost little.
    roll_rows: usize,
}

impl Vault {
    /// Makes an empty vault with its first checkpoint; opens it when there is one already.
    pub(crate) fn create(access: Access, now: Time) -> Result<Self, SealError> {
        if access.disk.length(&checkpoint_name(access.customer.as_str())).is_ok() {
            let customer = access.customer.clone();
            return Self::open(access, now)
                .map_err(|error| SealError::Log { customer, why: error.to_string() });
        }
        let log = Self::log(&access, Tree::new())?;
        let mut vault = Self {
            access,
            log,
            segments: vec![],
            segment_roots: vec![],
            writing: None,
            tail: vec![],
            tail_bytes: 0,
            cursor: None,
            failed: false,
            roll_rows: ROLL_ROWS,
        };
        let empty = Batch::bare(0, vec![], &vault.access.epochs).ok_or(SealError::Empty)?;
        vault.seal(empty)?;
        Ok(vault)
    }

    fn log(access: &Access, tree: Tree) -> Result<Log, SealError> {
        Log::open(&access.origin, tree, access.signer.clone())
            .map_err(|error| SealError::Log { customer: access.customer.clone(), why: error.to_string() })
    }

    /// Opens a vault after whatever happened: checks that everything hangs together, adopts sound rows that no
    /// checkpoint covers yet, cuts off what a crash tore, removes what a crash left over.
    pub(crate) fn open(access: Access, _now: Time) -> Result<Self, OpenError> {
        let loaded = view::load(&access)?;
        let tree = view::tree(&access, &loaded)?;
        if tree.root() != loaded.checkpoint.root || tree.size() != loaded.checkpoint.size {
            return Err(OpenError::Damaged {
                name: format!("vaults/{}", access.customer),
                from: None,
                why: "its records are not those of its checkpoint".into(),
            });
        }
        let disk_failed = |name: &str| {
            let name = name.to_owned();
            move |source| OpenError::Io { name: name.clone(), source }
        };
        for name in &loaded.stale {
            access.disk.remove(name).map_err(disk_failed(name))?;
        }
        if let Some(last) = loaded.journals.last().filter(|j| j.torn) {
            access.disk.truncate(&last.head.name, last.sound_bytes).map_err(disk_failed(&last.head.name))?;
        }
        let damaged =
            |why: String| OpenError::Damaged { name: format!("vaults/{}", access.customer), from: None, why };
        let log = Self::log(&access, tree).map_err(|e| damaged(e.to_string()))?;
        let size = loaded.checkpoint.size;
        let first = loaded.tail_first();
        let missing_tiles = loaded.stored_pages < loaded.page_roots.len();
        let Loaded { segments, page_roots, journals, tail, cursor, .. } = loaded;
        let writing =
            journals.into_iter().next_back().map(|j| Writing { frames: j.frames.len() as u64, head: j.head });
        let mut vault = Self {
            access,
            log,
            segments,
            segment_roots: page_roots,
            writing,
            tail_bytes: tail.iter().map(|r| r.raw.len()).sum(),
            tail,
            cursor,
            failed: false,
            roll_rows: ROLL_ROWS,
        };
        let behind = view::tail_records(first, &vault.tail, u64::MAX).and_then(|mut records| {
            let from = usize::try_from(size - first).ok()?;
            Batch::bare(size, records.split_off(from), &vault.access.epochs)
        });
        let behind = behind.ok_or_else(|| OpenError::Damaged {
            name: journal::folder(vault.access.customer.as_str()),
            from: Some(size),
            why: "a row is no record, or its epoch key is missing".into(),
        })?;
        let adopt = |vault: &mut Self| -> Result<(), SealError> {
            if !behind.leaf_hashes().is_empty() {
                vault.seal(behind)?;
            }
            if missing_tiles { vault.write_tiles() } else { Ok(()) }
        };
        adopt(&mut vault).map_err(|error| OpenError::Io {
            name: format!("vaults/{}", vault.access.customer),
            source: io::Error::other(error.to_string()),
        })?;
        Ok(vault)
    }

    /// Records that are sealed.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.log.tree().size()
    }

    /// The seq that the first record of the next [`Vault::append`] gets when it is called with this `now`.
    #[must_use]
    pub fn next_seq(&self, now: Time) -> u64 {
        // A new day begins with a record of its own.
        self.size() + u64::from(self.is_new_day(now))
    }

    /// The checkpoint as it stands.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        self.log.checkpoint()
    }

    /// The log's public key.
    #[must_use]
    pub fn vkey(&self) -> VerifierKey {
        self.access.signer.vkey()
    }

    /// What the last writer left behind of a source that it had not read to its end.
    #[must_use]
    pub fn cursor(&self) -> Option<&[u8]> {
        self.cursor.as_deref()
    }

    /// Seals what arrived, in its order, and hands it out. When this returns, it is on the disk, under a signed
    /// checkpoint. `cursor` replaces what [`Vault::cursor`] gives after a crash.
    ///
    /// # Errors
    /// [`SealError`]. After any but `Empty` the vault must be opened again; what was being sealed was not acknowledged.
    pub fn append(
        &mut self,
        arrived: Vec<(Draft, Fields)>,
        cursor: Option<Vec<u8>>,
        now: Time,
    ) -> Result<Sealed<Vec<Event>>, SealError> {
        if self.failed {
            return Err(SealError::Closed { customer: self.access.customer.clone() });
        }
        if arrived.is_empty() {
            return Err(SealError::Empty);
        }
        // Until the end of this is reached, nothing may be believed about the files.
        self.failed = true;
        let mut arrived = arrived;
        if self.is_new_day(now) {
            let opened = self.begin_epoch(now)?;
            arrived.insert(0, (opened, Fields::new()));
        }
        let first = self.size();
        let event = |(seq, (draft, fields)): (u64, (Draft, Fields))| Event { record: draft.at(seq), fields };
        let events: Vec<Event> = (first..).zip(arrived).map(event).collect();
        self.cursor = cursor;
        self.journal(first, events.iter().map(|e| rows::row(&e.record)).collect())?;
        let batch = Batch::new(first, events, &self.access.epochs).ok_or_else(|| self.no_epoch())?;
        let sealed = self.seal(batch)?;
        if self.tail.len() >= self.roll_rows || self.tail_bytes >= ROLL_BYTES {
            self.roll()?;
        }
        self.failed = false;
        Ok(sealed)
    }

    fn is_new_day(&self, now: Time) -> bool {
        self.access.epochs.last().is_none_or(|epoch| day_of(now) > epoch.day)
    }

    fn no_epoch(&self) -> SealError {
        SealError::Log { customer: self.access.customer.clone(), why: "an epoch key is missing".into() }
    }

    fn disk_failed(&self, name: &str) -> impl Fn(io::Error) -> SealError + use<> {
        let (customer, name) = (self.access.customer.clone(), name.to_owned());
        move |source| SealError::Disk { customer: customer.clone(), name: name.clone(), source }
    }

    /// Begins the day's epoch at the next page and a journal under its key; gives the record that says so.
    fn begin_epoch(&mut self, now: Time) -> Result<Draft, SealError> {
        let first_page = self.size().div_ceil(PAGE);
        let access = &mut self.access;
        let begun = access.epochs.begin(
            &*access.disk,
            access.customer.as_str(),
            &access.key,
            (first_page, day_of(now)),
            &mut **access.chance.get(),
        )?;
        let body =
            json!({"control": "epoch", "epoch": begun.number, "first_page": first_page, "day": begun.day});
        if self.writing.is_some() {
            self.roll()?;
        }
        Ok(Home::control(&body, now))
    }

    /// Adds rows to the journal and waits for the disk.
    fn journal(&mut self, first: u64, rows: Vec<Row>) -> Result<(), SealError> {
        let mut bytes = vec![];
        let epoch = self.access.epochs.last().ok_or_else(|| self.no_epoch())?;
        let writing = self.writing.get_or_insert_with(|| {
            let head = Head::new(self.access.customer.as_str(), epoch.number, first);
            bytes.extend(head.bytes());
            Writing { head, frames: 0 }
        });
        let frame = Frame { first, cursor: self.cursor.clone(), rows };
        let key = journal_key(&self.access, &writing.head);
        let key = key.ok_or_else(|| KeyError::Missing { name: format!("epoch {}", writing.head.epoch) })?;
        let name = writing.head.name.clone();
        let sealed = writing.head.seal(
            writing.frames,
            &frame,
            (&key, &self.access.origin),
            &mut **self.access.chance.get(),
        );
        writing.frames += 1;
        let failed = self.disk_failed(&name);
        bytes.extend(sealed.map_err(&failed)?);
        self.access.disk.append(&name, &bytes).map_err(&failed)?;
        self.access.disk.sync(&name).map_err(&failed)?;
        self.tail_bytes += frame.rows.iter().map(|r| r.raw.len()).sum::<usize>();
        self.tail.extend(frame.rows);
        Ok(())
    }

    /// Puts a batch under a new checkpoint and waits for the disk.
    fn seal(&mut self, batch: Batch) -> Result<Sealed<Vec<Event>>, SealError> {
        let customer = &self.access.customer;
        let sealed = self.log.seal(batch);
        let (sealed, note) =
            sealed.map_err(|error| SealError::Log { customer: customer.clone(), why: error.to_string() })?;
        let name = checkpoint_name(customer.as_str());
        self.access.disk.put(&name, &note.to_bytes()).map_err(self.disk_failed(&name))?;
        Ok(sealed)
    }

    /// Moves the full pages of the journal into segments, one an epoch, and begins a new journal with the rest.
    ///
    /// Order, so that a crash anywhere loses nothing: segments, tiles, new journal, old journal away.
    fn roll(&mut self) -> Result<(), SealError> {
        let full = self.tail.len() / 256 * 256;
        let mut first = self.segments.last().map_or(0, ObjectRef::end);
        let rest = self.tail.split_off(full);
        let mut pages = std::mem::take(&mut self.tail).into_iter().peekable();
        while pages.peek().is_some() {
            first = self.write_segment(first, &mut pages)?;
        }
        self.tail = rest;
        self.tail_bytes = self.tail.iter().map(|r| r.raw.len()).sum();
        let in_segments = usize::try_from(first / PAGE).unwrap_or(usize::MAX);
        self.segment_roots = self.log.tree().page_roots()[..in_segments].to_vec();
        if full > 0 {
            self.write_tiles()?;
        }
        self.next_journal(first)
    }

    /// Writes the segment of the next rows that share an epoch; gives the seq behind them.
    fn write_segment(
        &mut self,
        first: u64,
        rows: &mut std::iter::Peekable<std::vec::IntoIter<Row>>,
    ) -> Result<u64, SealError> {
        let number = |page: u64| self.access.epochs.of_page(page).map(|e| e.number);
        let epoch = number(first / PAGE).ok_or_else(|| self.no_epoch())?;
        let mut writer = Writer::new(first);
        let damaged = |e: segment::SegmentError| SealError::Log {
            customer: self.access.customer.clone(),
            why: e.to_string(),
        };
        while rows.peek().is_some() && number((first + writer.count()) / PAGE) == Some(epoch) {
            for row in rows.by_ref().take(256) {
                writer.push(row).map_err(damaged)?;
            }
        }
        let object = ObjectRef::new(self.access.customer.as_str(), epoch, first, writer.count());
        let plain = writer.finish().map_err(damaged)?;
        let key = self.access.epochs.numbered(epoch).map(|e| e.object_key(&self.access.origin));
        let key = key.ok_or_else(|| self.no_epoch())?;
        let failed = self.disk_failed(&object.name);
        let bytes = object.seal(&plain, (&key, &self.access.origin), &mut **self.access.chance.get());
        self.access.disk.put(&object.name, &bytes.map_err(&failed)?).map_err(&failed)?;
        let end = object.end();
        self.segments.push(object);
        Ok(end)
    }

    /// Writes the level-1 tiles that are not there yet, and removes the narrower ones that they replace.
    fn write_tiles(&self) -> Result<(), SealError> {
        let customer = self.access.customer.as_str();
        let folder = view::tile_folder(customer);
        let there = self.access.disk.list(&folder).map_err(self.disk_failed(&folder))?;
        for (index, roots) in (0u64..).zip(self.segment_roots.chunks(256)) {
            let width = u16::try_from(roots.len()).unwrap_or(256);
            let name = format!("vaults/{customer}/{}", ledger::tile::path(1, index, width));
            if !there.contains(&name) {
                let bytes: Vec<u8> = roots.iter().flat_map(|r| r.0).collect();
                self.access.disk.put(&name, &bytes).map_err(self.disk_failed(&name))?;
            }
            let of_index = |n: &&String| {
                let path = n.strip_prefix(&format!("vaults/{customer}/")).and_then(ledger::tile::parse_path);
                path.is_some_and(|(level, i, w)| (level, i) == (1, index) && w < width)
            };
            for narrower in there.iter().filter(of_index) {
                self.access.disk.remove(narrower).map_err(self.disk_failed(narrower))?;
            }
        }
        Ok(())
    }

    /// Begins the journal of the rows behind the segments, with the cursor, and removes its predecessor.
    fn next_journal(&mut self, first: u64) -> Result<(), SealError> {
        let before = self.writing.take();
        let epoch = self.access.epochs.last().ok_or_else(|| self.no_epoch())?;
        let head = Head::new(self.access.customer.as_str(), epoch.number, first);
        let frame = Frame { first, cursor: self.cursor.clone(), rows: self.tail.clone() };
        let key = epoch.journal_key(&self.access.origin);
        let failed = self.disk_failed(&head.name);
        let mut bytes = head.bytes().to_vec();
        let sealed = head.seal(0, &frame, (&key, &self.access.origin), &mut **self.access.chance.get());
        bytes.extend(sealed.map_err(&failed)?);
        self.access.disk.put(&head.name, &bytes).map_err(&failed)?;
        if let Some(before) = before.filter(|b| b.head.name != head.name) {
            self.access.disk.remove(&before.head.name).map_err(self.disk_failed(&before.head.name))?;
        }
        self.writing = Some(Writing { head, frames: 1 });
        Ok(())
    }

    /// Ends a run: moves nothing, adds the record that says that silence from now on is no alarm.
    ///
    /// # Errors
    /// As [`Vault::append`].
    pub fn close(mut self, now: Time) -> Result<Checkpoint, SealError> {
        let closed = Home::control(&json!({"control": "closed"}), now);
        let cursor = self.cursor.take();
        self.append(vec![(closed, Fields::new())], cursor, now)?;
        Ok(self.checkpoint())
    }
}

fn journal_key(access: &Access, head: &Head) -> Option<crate::keys::Secret> {
    access.epochs.numbered(head.epoch).map(|epoch| epoch.journal_key(&access.origin))
}

#[cfg(test)]
mod tests;
