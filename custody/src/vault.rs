//! Writing a vault: journal, wait for the disk, seal under a signed checkpoint, then hand out.

pub(crate) mod orders;
mod roll;

pub use orders::{Ended, RetentionError};
use roll::Small;

use crate::days::{self, Days, Handover};
use crate::disk::Disk;
use crate::epoch::day_of;
use crate::home::{Access, Home, READERS};
use crate::journal::{self, Frame, Head};
use crate::keys::KeyError;
use crate::object::ObjectRef;
use crate::rows::{self, Batch};
use crate::tail::{Link, TailKey};
use crate::view::{self, Loaded, OpenError, checkpoint_name};
use ledger::{Checkpoint, Hash, Log, Sealed, SigningKey, Tree, Unsealed, VerifierKey};
use model::{CustomerId, Draft, Event, Fields, Kind, Time};
use segment::Row;
use std::io;

/// Rows in the journal after which they become a segment: one full tile of pages.
const ROLL_ROWS: usize = 65_536;
/// Raw bytes in the journal after which its full pages become a segment.
const ROLL_BYTES: usize = 128 << 20;
/// Most bytes that acts may bring into the reserve at once.
const ACT_BYTES: usize = 64 << 10;

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

impl SealError {
    fn is_full(&self) -> bool {
        matches!(self, Self::Disk { source, .. } if source.kind() == io::ErrorKind::StorageFull)
    }
}

/// Where the journal stands that is being written.
struct Writing {
    head: Head,
    frames: u64,
    link: Option<Link>,
}

/// What the last record says about the time since then.
#[derive(Debug, Clone, Copy)]
struct Before {
    /// Greatest time of arrival that is known.
    received: Time,
    /// Whether it said that silence is no alarm.
    closed: bool,
    /// Whether it was sealed by this handle.
    ours: bool,
}

/// A customer's vault, open for writing. One at a time: the home's lock sees to it.
pub struct Vault {
    access: Access,
    log: Log,
    days: Days,
    tail_key: TailKey,
    segments: Vec<ObjectRef>,
    /// Roots of the pages that lie in segments, and of those that were ended.
    segment_roots: Vec<Hash>,
    writing: Option<Writing>,
    /// Rows behind the segments: what the journal holds.
    tail: Vec<Row>,
    tail_bytes: usize,
    cursor: Option<Vec<u8>>,
    before: Option<Before>,
    retention_days: u32,
    failed: bool,
    /// Whether an act took the last room on the disk.
    is_full: bool,
    /// [`ROLL_ROWS`]; less in tests, so that many segments cost little.
    roll_rows: usize,
}

impl Vault {
    /// Makes an empty vault with its first checkpoint; opens it when there is one already.
    pub(crate) fn create(mut access: Access, now: Time) -> Result<Self, SealError> {
        let customer = access.customer.clone();
        if access.disk.length(&checkpoint_name(customer.as_str())).is_ok() {
            return Self::open(access).map_err(|error| SealError::Log { customer, why: error.to_string() });
        }
        let failed = |name: &str| {
            let (customer, name) = (customer.clone(), name.to_owned());
            move |source| SealError::Disk { customer: customer.clone(), name: name.clone(), source }
        };
        let disk = std::sync::Arc::clone(&access.disk);
        let name = days::name(customer.as_str());
        // An earlier attempt was cut short.
        disk.remove(&name).map_err(failed(&name))?;
        let mut log = Self::log(&access, Tree::new())?;
        let (handover, signer) = Self::hand_over(&mut access, &log, None, now)?;
        log.sign_with(signer);
        let mut days = Days::default();
        days.push(&*disk, customer.as_str(), handover).map_err(failed(&name))?;
        let tail_key = Self::fresh_tail_key(&access, None).map_err(failed("keys"))?;
        let mut vault = Self {
            access,
            log,
            days,
            tail_key,
            segments: vec![],
            segment_roots: vec![],
            writing: None,
            tail: vec![],
            tail_bytes: 0,
            cursor: None,
            before: None,
            retention_days: crate::RETENTION_DEFAULT_DAYS,
            failed: false,
            is_full: false,
            roll_rows: ROLL_ROWS,
        };
        let empty = Batch::bare(0, vec![], &vault.access.epochs).ok_or(SealError::Empty)?;
        vault.seal(empty)?;
        vault.access.disk.refill();
        Ok(vault)
    }

    fn log(access: &Access, tree: Tree) -> Result<Log, SealError> {
        Log::open(&access.origin, tree, access.signer.clone())
            .map_err(|error| SealError::Log { customer: access.customer.clone(), why: error.to_string() })
    }

    fn fresh_tail_key(access: &Access, last: Option<&Link>) -> io::Result<TailKey> {
        let mut chance = access.chance.get();
        let key = TailKey::random(last, &mut **chance)?;
        let (customer, by) = (access.customer.as_str(), (access.origin.as_str(), &access.key));
        key.write(&*access.disk, customer, by, &mut **chance)?;
        access.disk.sync(&format!("keys/{customer}/tail.key"))?;
        Ok(key)
    }

    /// Opens a vault after whatever happened: checks that everything hangs together, adopts sound rows that no
    /// checkpoint covers yet, cuts off what a crash tore, removes what a crash left over.
    pub(crate) fn open(access: Access) -> Result<Self, OpenError> {
        access.disk.allow(true);
        let loaded = view::load(&access)?;
        let tree = view::tree(&access, &loaded)?;
        let name = format!("vaults/{}", access.customer);
        let damaged = |why: String| OpenError::Damaged { name: name.clone(), from: None, why };
        if tree.root() != loaded.checkpoint.root || tree.size() != loaded.checkpoint.size {
            return Err(damaged("its records are not those of its checkpoint".into()));
        }
        let tail_key = Self::check_tail(&access, &loaded)?;
        Self::clear(&access, &loaded)?;
        let mut log = Self::log(&access, tree).map_err(|e| damaged(e.to_string()))?;
        let end = loaded.tail_first() + loaded.tail.len() as u64;
        if let Some(day) = Self::signing_day(&loaded.days, end) {
            let by = (access.customer.as_str(), access.origin.as_str(), &access.wrap);
            log.sign_with(days::read_key(&*access.disk, by, day)?);
        }
        let (size, first) = (loaded.checkpoint.size, loaded.tail_first());
        let missing_tiles = loaded.stored_pages < loaded.page_roots.len();
        let Loaded { days, segments, page_roots, journals, tail, cursor, .. } = loaded;
        let writing = journals.into_iter().next_back().map(|j| Writing {
            frames: j.frames.len() as u64,
            link: j.frames.last().map(|s| s.link),
            head: j.head,
        });
        let mut vault = Self {
            access,
            log,
            days,
            tail_key,
            segments,
            segment_roots: page_roots,
            writing,
            tail_bytes: tail.iter().map(|r| r.raw.len()).sum(),
            tail,
            cursor,
            before: None,
            retention_days: crate::RETENTION_DEFAULT_DAYS,
            failed: false,
            is_full: false,
            roll_rows: ROLL_ROWS,
        };
        let from = usize::try_from(size - first).unwrap_or(usize::MAX);
        let behind = vault.tail.get(from..).and_then(|rows| view::tail_records(size, rows, u64::MAX));
        let behind = behind.and_then(|records| Batch::bare(size, records, &vault.access.epochs));
        let behind = behind.ok_or_else(|| OpenError::Damaged {
            name: journal::folder(vault.access.customer.as_str()),
            from: Some(size),
            why: "a row is no record, or its epoch key is missing".into(),
        })?;
        vault.adopt(behind, missing_tiles).map_err(|error| OpenError::Io {
            name: name.clone(),
            source: io::Error::other(error.to_string()),
        })?;
        vault.read_orders()?;
        vault.finish_ending().map_err(|error| OpenError::Io {
            name: name.clone(),
            source: io::Error::other(error.to_string()),
        })?;
        vault.access.disk.allow(false);
        vault.access.disk.refill();
        Ok(vault)
    }

    /// Whoever wrote behind the checkpoint must have held the tail's key.
    fn check_tail(access: &Access, loaded: &Loaded) -> Result<TailKey, OpenError> {
        let state = TailKey::read(&*access.disk, access.customer.as_str(), &access.origin, &access.key)?;
        let forged = |why: &str| OpenError::Damaged {
            name: journal::folder(access.customer.as_str()),
            from: Some(loaded.checkpoint.size),
            why: why.into(),
        };
        let mut key = match state {
            Some(key) => key,
            None if !loaded.has_unsealed
                && loaded.links.last().is_none_or(|l| l.link.position < u64::MAX / 2) =>
            {
                return Self::fresh_tail_key(access, loaded.links.last().map(|last| &last.link))
                    .map_err(|source| OpenError::Io { name: "keys".into(), source });
            }
            None => {
                return Err(forged(
                    "the tail's key is missing, so nobody can say who wrote behind the checkpoint",
                ));
            }
        };
        let last = loaded.links.last().map(|last| &last.link);
        if key.position() > last.map_or(0, |last| last.position.saturating_add(1)) {
            return Err(forged(
                "the vault is older than its keys: frames are missing that were acknowledged; bring back the newer copy",
            ));
        }
        // Of the link of the last frame no frame behind it tells; what goes on behind a changed one could not be read again.
        if let Some(last) = last.filter(|last| last.position < key.position()) {
            return if key.follows(last) {
                Ok(key)
            } else {
                Err(forged("the link of its last frame is not the one that was written"))
            };
        }
        let from = key.position();
        let mut ahead = loaded.links.iter().filter(|frame| frame.link.position >= from);
        if !ahead.all(|frame| key.admits(&frame.link, &frame.digest)) {
            return Err(forged("somebody wrote behind the checkpoint who did not hold the tail's key"));
        }
        Ok(key)
    }

    /// Removes and cuts off what a crash left.
    fn clear(access: &Access, loaded: &Loaded) -> Result<(), OpenError> {
        let failed = |name: &str| {
            let name = name.to_owned();
            move |source| OpenError::Io { name: name.clone(), source }
        };
        if let Some(_nobody_reads) = access.disk.unread(READERS).map_err(failed(READERS))? {
            for name in &loaded.stale {
                access.disk.remove(name).map_err(failed(name))?;
            }
            for object in &loaded.replaced {
                access.shelf.remove(&object.name).map_err(failed(&object.name))?;
            }
        }
        if let Some(last) = loaded.journals.last().filter(|j| j.torn) {
            access.disk.truncate(&last.head.name, last.sound_bytes).map_err(failed(&last.head.name))?;
        }
        let name = days::name(access.customer.as_str());
        if access.disk.length(&name).is_ok_and(|length| length > loaded.days.length()) {
            access.disk.truncate(&name, loaded.days.length()).map_err(failed(&name))?;
        }
        Ok(())
    }

    /// The hand-over whose key signs what comes up to `end`: the last one, unless nothing announced it yet.
    fn signing_day(days: &Days, end: u64) -> Option<&Handover> {
        let last = days.last.as_ref()?;
        if last.size < end || days.before.is_none() { Some(last) } else { days.before.as_ref() }
    }

    fn adopt(&mut self, behind: Batch, missing_tiles: bool) -> Result<(), SealError> {
        if !behind.leaf_hashes().is_empty() {
            self.seal(behind)?;
        }
        self.forget_old_days()?;
        if missing_tiles { self.write_tiles() } else { Ok(()) }
    }

    /// Records that are sealed.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.log.tree().size()
    }

    /// The seq that the first record of the next [`Vault::append`] gets when it is called with this `now`.
    #[must_use]
    pub fn next_seq(&self, now: Time) -> u64 {
        self.size() + self.own_records(now)
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

    /// Seals what arrived, in its order, and hands it out, all of it received `now`: that is said here, by nobody else. When this
    /// returns, it is on the disk, under a signed checkpoint. `cursor` replaces what [`Vault::cursor`] gives after a crash. Records of the log itself (a new day, a
    /// silence) come before it.
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
        let size: usize = arrived.iter().map(|(d, _)| d.raw.len()).sum();
        let is_act = size <= ACT_BYTES && arrived.iter().all(|(d, _)| d.kind != Kind::Event);
        self.access.disk.allow(is_act);
        let (mut all, day_key) = self.own_drafts(now, is_act)?;
        all.extend(arrived.into_iter().map(|(draft, fields)| (Draft { received: now, ..draft }, fields)));
        let first = self.size();
        let event = |(seq, (draft, fields)): (u64, (Draft, Fields))| Event { record: draft.at(seq), fields };
        let events: Vec<Event> = (first..).zip(all).map(event).collect();
        self.cursor = cursor;
        self.journal(first, events.iter().map(|e| rows::row(&e.record)).collect())?;
        let batch = Batch::new(first, events, &self.access.epochs).ok_or_else(|| self.no_epoch())?;
        if let Some(signer) = day_key {
            self.log.sign_with(signer);
            self.seal_and_forget(batch, now, is_act)
        } else {
            let sealed = self.seal(batch)?;
            self.finish(sealed, now, is_act)
        }
    }

    fn seal_and_forget(
        &mut self,
        batch: Batch,
        now: Time,
        is_act: bool,
    ) -> Result<Sealed<Vec<Event>>, SealError> {
        let sealed = self.seal(batch)?;
        // The key of the day before dies only now that the new one has signed.
        self.forget_old_days()?;
        self.finish(sealed, now, is_act)
    }

    fn finish(
        &mut self,
        sealed: Sealed<Vec<Event>>,
        now: Time,
        is_act: bool,
    ) -> Result<Sealed<Vec<Event>>, SealError> {
        self.note_last(sealed.value(), now);
        if self.is_due() {
            match self.roll_without_reserve(Small::Stay) {
                // The act is sealed all the same; the handle must be opened again, and rolls when there is room.
                Err(error) if is_act && error.is_full() => {
                    self.is_full = true;
                    return Ok(sealed);
                }
                other => other?,
            }
        }
        self.failed = false;
        Ok(sealed)
    }

    /// What is sealed can wait in the journal for room: the reserve is for acts, and another journal could take all of it.
    fn roll_without_reserve(&mut self, small: Small) -> Result<(), SealError> {
        self.access.disk.allow(false);
        self.roll(small)
    }

    fn is_due(&self) -> bool {
        self.tail.len() >= self.roll_rows || self.tail_bytes >= ROLL_BYTES
    }

    fn needs_epoch(&self, now: Time) -> bool {
        self.access.epochs.last().is_none_or(|epoch| orders::is_new_day(epoch.day, day_of(now)))
    }

    fn no_epoch(&self) -> SealError {
        SealError::Log { customer: self.access.customer.clone(), why: "an epoch key is missing".into() }
    }

    fn disk_failed(&self, name: &str) -> impl Fn(io::Error) -> SealError + use<> {
        let (customer, name) = (self.access.customer.clone(), name.to_owned());
        move |source| SealError::Disk { customer: customer.clone(), name: name.clone(), source }
    }

    /// Adds rows to the journal and waits for the disk.
    fn journal(&mut self, first: u64, rows: Vec<Row>) -> Result<(), SealError> {
        let mut bytes = vec![];
        let epoch = self.access.epochs.last().ok_or_else(|| self.no_epoch())?;
        let writing = self.writing.get_or_insert_with(|| {
            let head = Head::new(self.access.customer.as_str(), epoch.number, first);
            bytes.extend(head.bytes());
            Writing { head, frames: 0, link: None }
        });
        let frame = Frame { first, cursor: self.cursor.clone(), rows };
        let key = journal_key(&self.access, &writing.head);
        let key = key.ok_or_else(|| KeyError::Missing { name: format!("epoch {}", writing.head.epoch) })?;
        let name = writing.head.name.clone();
        let sealed = writing.head.seal(
            (writing.frames, writing.link.as_ref()),
            &frame,
            (&key, &self.access.origin, &mut self.tail_key),
            &mut **self.access.chance.get(),
        );
        let (customer, file) = (self.access.customer.clone(), name.clone());
        let (sealed, link) = sealed.map_err(|source| SealError::Disk { customer, name: file, source })?;
        writing.frames += 1;
        writing.link = Some(link);
        bytes.extend(sealed);
        let failed = self.disk_failed(&name);
        self.access.disk.append(&name, &bytes).map_err(&failed)?;
        self.access.disk.sync(&name).map_err(&failed)?;
        self.tail_bytes += frame.rows.iter().map(|r| r.raw.len()).sum::<usize>();
        self.tail.extend(frame.rows);
        Ok(())
    }

    /// Puts a batch under a new checkpoint and waits for the disk; then the key of its frame is erased.
    fn seal(&mut self, batch: Batch) -> Result<Sealed<Vec<Event>>, SealError> {
        let customer = &self.access.customer;
        let sealed = self.log.seal(batch);
        let (sealed, note) =
            sealed.map_err(|error| SealError::Log { customer: customer.clone(), why: error.to_string() })?;
        let name = checkpoint_name(customer.as_str());
        self.access.disk.put(&name, &note.to_bytes()).map_err(self.disk_failed(&name))?;
        self.erase_tail_keys()?;
        Ok(sealed)
    }

    /// Everything journaled stands under a checkpoint: the keys of its frames go.
    fn erase_tail_keys(&self) -> Result<(), SealError> {
        let by = (self.access.origin.as_str(), &self.access.key);
        let customer = self.access.customer.as_str();
        let written = self.tail_key.write(&*self.access.disk, customer, by, &mut **self.access.chance.get());
        written.map_err(self.disk_failed("keys"))
    }

    /// Ends a run: puts what is worth a segment into one, and adds the record that says that silence from now on is no alarm.
    ///
    /// # Errors
    /// As [`Vault::append`].
    pub fn close(mut self, now: Time) -> Result<Checkpoint, SealError> {
        // An act took the last room: all of it is sealed, and the next opening says what there is to say.
        if self.is_full {
            return Ok(self.checkpoint());
        }
        self.append_control(&serde_json::json!({"control": "closed"}), now)?;
        if self.tail.len() >= roll::WORTH_A_SEGMENT && !self.failed {
            match self.roll_without_reserve(Small::Join) {
                Err(error) if error.is_full() => {}
                rolled => rolled?,
            }
        }
        Ok(self.checkpoint())
    }

    /// Seals one record of the log itself.
    pub(crate) fn append_control(&mut self, body: &serde_json::Value, now: Time) -> Result<u64, SealError> {
        let cursor = self.cursor.clone();
        let sealed = self.append(vec![(Home::control(body, now), Fields::new())], cursor, now)?;
        Ok(sealed.place().first + sealed.place().count - 1)
    }
}

fn journal_key(access: &Access, head: &Head) -> Option<crate::keys::Secret> {
    access.epochs.numbered(head.epoch).map(|epoch| epoch.journal_key(&access.origin))
}

/// The day's signer, when a new day begins.
type NewDay = Option<SigningKey>;

#[cfg(test)]
pub(crate) mod tests;
