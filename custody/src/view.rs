//! Reading a vault: every page is proved against the signed checkpoint before anybody sees it.

use crate::days::Days;
use crate::disk::Disk;
use crate::home::Access;
use crate::journal::{self, Head, Journal, Sound};
use crate::keys::KeyError;
use crate::object::{self, ObjectRef, Opened};
use crate::rows::{self, Batch};
use crate::shelf::Shelf;
use crate::tail::{self, Linked, TailKey};
use crate::vault::orders;
use crate::{Parse, RETENTION_DEFAULT_DAYS};
use ledger::{Checkpoint, Hash, Note, PAGE, Sealed, Standing, Tree, VerifierKey};
use model::{Event, Fields, Kind, Record, Time};
use segment::{Index, Reader, Row};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

mod candidates;

/// Rows of the tail that are handed out together: 16 pages.
const TAIL_UNIT: u64 = 16 * PAGE;

/// Why a vault does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file is missing that must be there.
    #[error("`{name}` is missing")]
    Missing {
        /// Its name in the home.
        name: String,
    },
    /// A file is not what was written.
    #[error("`{name}` is damaged: {why}")]
    Damaged {
        /// Its name in the home.
        name: String,
        /// First record that it touches, if it can be said.
        from: Option<u64>,
        /// What was met.
        why: String,
    },
    /// A key is missing or damaged.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The disk failed.
    #[error("`{name}` cannot be read")]
    Io {
        /// Its name in the home.
        name: String,
        /// What the machine said.
        source: io::Error,
    },
}

/// Why records cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("records {from} to {to} in `{name}` cannot be read: {why}")]
pub struct ReadError {
    /// First record asked for.
    pub from: u64,
    /// Last record asked for.
    pub to: u64,
    /// Where they lie.
    pub name: String,
    /// What was met.
    pub why: String,
}

/// Records that were proved together against the checkpoint.
pub type Page = Sealed<Vec<Event>>;

/// Consecutive records that are read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// Seq of the first.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// Least and greatest time of its events; none when it holds no event.
    pub happened: Option<(Time, Time)>,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Segment { number: usize, block: usize },
    Tail,
}

/// What lies on the disk of a vault, read and held together.
pub(crate) struct Loaded {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) note: Vec<u8>,
    /// The hand-overs between the keys of days.
    pub(crate) days: Days,
    /// Seq of the first record that is kept; what was before it was ended.
    pub(crate) begin: u64,
    pub(crate) segments: Vec<ObjectRef>,
    /// Objects that longer ones took the place of.
    pub(crate) replaced: Vec<ObjectRef>,
    pub(crate) page_roots: Vec<Hash>,
    pub(crate) stored_pages: usize,
    /// Journals that hold anything behind the segments, in order.
    pub(crate) journals: Vec<Journal>,
    /// Journals that hold nothing any more.
    pub(crate) stale: Vec<String>,
    /// Every sound row behind the segments, also what no checkpoint covers yet.
    pub(crate) tail: Vec<Row>,
    pub(crate) cursor: Option<Vec<u8>>,
    /// All frames, by their place in the chain of tail keys.
    pub(crate) links: Vec<Linked>,
    /// Whether a frame reaches beyond the checkpoint.
    pub(crate) has_unsealed: bool,
}

impl Loaded {
    /// Seq of the first row behind the segments.
    pub(crate) fn tail_first(&self) -> u64 {
        self.segments.last().map_or(self.begin, ObjectRef::end)
    }
}

fn at(name: &str) -> impl Fn(io::Error) -> OpenError {
    let name = name.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::NotFound => OpenError::Missing { name: name.clone() },
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            OpenError::Damaged { name: name.clone(), from: None, why: source.to_string() }
        }
        _ => OpenError::Io { name: name.clone(), source },
    }
}

pub(crate) fn checkpoint_name(customer: &str) -> String {
    format!("vaults/{customer}/checkpoint")
}

pub(crate) fn tile_folder(customer: &str) -> String {
    format!("vaults/{customer}/tile")
}

/// Reads and verifies the checkpoint of a vault.
pub(crate) fn read_checkpoint(
    disk: &dyn Disk,
    customer: &str,
    origin: &str,
    vkey: &VerifierKey,
) -> Result<(Vec<u8>, Note, Checkpoint), OpenError> {
    let name = checkpoint_name(customer);
    let bytes = disk.read(&name).map_err(at(&name))?;
    let damaged = |why: String| OpenError::Damaged { name: name.clone(), from: None, why };
    let note = Note::parse(&bytes).map_err(|e| damaged(e.to_string()))?;
    let text = note.verify(std::slice::from_ref(vkey)).map_err(|e| damaged(e.to_string()))?;
    let checkpoint = Checkpoint::parse(text).map_err(|e| damaged(e.to_string()))?;
    if checkpoint.origin != origin {
        return Err(damaged(format!("it is of `{}`", checkpoint.origin)));
    }
    Ok((bytes, note, checkpoint))
}

/// The stored roots of full pages, from the widest sound run of level-1 tiles; at most `limit`.
pub(crate) fn read_tiles(shelf: &dyn Shelf, customer: &str, limit: u64) -> Result<Vec<Hash>, OpenError> {
    let folder = tile_folder(customer);
    let mut widest: BTreeMap<u64, (u16, String)> = BTreeMap::new();
    for name in shelf.list(&folder).map_err(at(&folder))? {
        let path = name.strip_prefix(&format!("vaults/{customer}/")).unwrap_or(&name);
        if let Some((1, index, width)) = ledger::tile::parse_path(path) {
            let entry = widest.entry(index).or_insert((width, name.clone()));
            if entry.0 < width {
                *entry = (width, name);
            }
        }
    }
    let mut roots = vec![];
    for (expected, (index, (width, name))) in (0..).zip(widest) {
        if index != expected || roots.len() % 256 != 0 {
            break;
        }
        let bytes = shelf.read(&name).map_err(at(&name))?;
        if bytes.len() != usize::from(width) * 32 {
            return Err(OpenError::Damaged {
                name,
                from: None,
                why: "it has another length than its name says".into(),
            });
        }
        roots.extend(bytes.chunks_exact(32).map(|c| Hash(c.try_into().expect("32 bytes"))));
    }
    roots.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(roots)
}

fn read_segments(access: &Access, begin: u64) -> Result<(Vec<ObjectRef>, Vec<ObjectRef>), OpenError> {
    let folder = object::folder(access.customer.as_str());
    let mut objects = vec![];
    for name in access.shelf.list(&folder).map_err(at(&folder))? {
        let object = ObjectRef::read(&*access.shelf, &name).map_err(at(&name))?;
        let why = || "its head is not the one that belongs here".to_owned();
        objects.push(object.ok_or_else(|| OpenError::Damaged { name, from: None, why: why() })?);
    }
    // What was ended may still lie there when a crash came between.
    let (ended, objects) = objects.into_iter().partition(|o: &ObjectRef| o.end() <= begin);
    let (kept, mut replaced, odd) = object::arrange(objects, begin);
    if let Some(odd) = odd.into_iter().next() {
        let why = "it does not follow the segment before it, which is missing or of another length".into();
        let from = kept.last().map_or(begin, ObjectRef::end);
        return Err(OpenError::Damaged { name: odd.name, from: Some(from), why });
    }
    replaced.extend::<Vec<ObjectRef>>(ended);
    Ok((kept, replaced))
}

/// Reads the rows of a segment's block and the records they are.
fn block_records(reader: &Reader<Opened<'_>>, block: usize) -> Result<Vec<Record>, String> {
    let rows = reader.read_block(block).map_err(|e| format!("{e}{}", cause(&e)))?;
    let records = rows.into_iter().map(|(seq, row)| rows::record(seq, row)).collect::<Option<Vec<_>>>();
    records.ok_or_else(|| "a row is no record".to_owned())
}

fn cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(String::new, |s| format!(": {s}"))
}

/// Opens a segment for reading.
pub(crate) fn reader<'a>(access: &'a Access, object: &ObjectRef) -> Result<Reader<Opened<'a>>, OpenError> {
    let damaged = |why| OpenError::Damaged { name: object.name.clone(), from: Some(object.first), why };
    let opened =
        Opened::open(&*access.shelf, object, &access.epochs, &access.origin).map_err(at(&object.name))?;
    let reader = Reader::open(opened).map_err(|e| damaged(format!("{e}{}", cause(&e))))?;
    if (reader.first(), reader.count()) != (object.first, object.count) {
        return Err(damaged("it holds other records than its head says".into()));
    }
    Ok(reader)
}

/// The rows of a segment that are no events.
pub(crate) fn others_of(access: &Access, object: &ObjectRef) -> Result<Vec<(u64, Row)>, OpenError> {
    let reader = reader(access, object)?;
    let others = reader.others().map_err(|e| OpenError::Damaged {
        name: object.name.clone(),
        from: Some(object.first),
        why: format!("{e}{}", cause(&e)),
    })?;
    Ok(others.to_vec())
}

/// Roots of the pages of a segment, computed from its records.
pub(crate) fn segment_roots(access: &Access, object: &ObjectRef) -> Result<Vec<Hash>, OpenError> {
    let damaged = |why| OpenError::Damaged { name: object.name.clone(), from: Some(object.first), why };
    let reader = reader(access, object)?;
    let mut roots = vec![];
    for (block, info) in reader.blocks().iter().enumerate() {
        let records = block_records(&reader, block).map_err(damaged)?;
        let batch =
            Batch::bare(info.first, records, &access.epochs).ok_or_else(|| damaged("no epoch key".into()))?;
        roots.extend(batch.leaves().chunks(256).map(ledger::root_of));
    }
    Ok(roots)
}

fn read_journals(access: &Access, tail_first: u64) -> Result<(Vec<Journal>, Vec<String>), OpenError> {
    let folder = journal::folder(access.customer.as_str());
    let (mut journals, mut stale): (Vec<Journal>, Vec<String>) = (vec![], vec![]);
    for name in access.disk.list(&folder).map_err(at(&folder))? {
        let bytes = access.disk.read(&name).map_err(at(&name))?;
        let head = Head::of_name(&name);
        let journal = head.and_then(|h| h.read(&bytes, &access.epochs, &access.origin));
        // A journal without a sound head was being made when the machine stopped: it holds nothing, and what a
        // checkpoint covers will be missed below.
        match journal {
            Some(journal) if journal.end() > tail_first || !journal.frames.is_empty() => {
                journals.push(journal)
            }
            _ => stale.push(name),
        }
    }
    journals.sort_by_key(|j| j.head.first);
    Ok((journals, stale))
}

/// Roots of the full pages below the end of the segments. Tiles are a convenience where the records are there: what is absent is
/// computed again. Of what was ended they are all there is.
fn page_roots(access: &Access, begin: u64, segments: &[ObjectRef]) -> Result<(Vec<Hash>, usize), OpenError> {
    let end = segments.last().map_or(begin, ObjectRef::end);
    let mut roots = read_tiles(&*access.shelf, access.customer.as_str(), end / PAGE)?;
    let stored = roots.len();
    if (stored as u64) < begin / PAGE {
        let name = tile_folder(access.customer.as_str());
        let why = "page roots of records that were ended are missing".into();
        return Err(OpenError::Damaged { name, from: Some(stored as u64 * PAGE), why });
    }
    for object in segments {
        if object.end() / PAGE > roots.len() as u64 {
            roots.truncate(usize::try_from(object.first / PAGE).unwrap_or(usize::MAX));
            roots.extend(segment_roots(access, object)?);
        }
    }
    Ok((roots, stored))
}

/// Reads everything that lies on a vault's disk and checks that it hangs together.
pub(crate) fn load(access: &Access) -> Result<Loaded, OpenError> {
    let customer = access.customer.as_str();
    let vkey = access.signer.vkey();
    let (note, _, checkpoint) = read_checkpoint(&*access.disk, customer, &access.origin, &vkey)?;
    let days_name = crate::days::name(customer);
    let days = Days::read(&*access.disk, customer).map_err(at(&days_name))?;
    let days = days.map_err(|why| OpenError::Damaged { name: days_name.clone(), from: None, why })?;
    check_day(&days, &note, &checkpoint).map_err(|why| OpenError::Damaged {
        name: days_name,
        from: None,
        why,
    })?;
    let begin = access.epochs.begin_seq();
    let (segments, replaced) = read_segments(access, begin)?;
    let (page_roots, stored_pages) = page_roots(access, begin, &segments)?;
    let tail_first = segments.last().map_or(begin, ObjectRef::end);
    let (journals, stale) = read_journals(access, tail_first)?;
    let frames = journals.iter().flat_map(|journal| &journal.frames);
    let mut links: Vec<_> = frames.map(Sound::linked).collect();
    links.sort_by_key(|frame| frame.link.position);
    let mut loaded = Loaded {
        checkpoint,
        note,
        days,
        begin,
        segments,
        replaced,
        page_roots,
        stored_pages,
        journals: vec![],
        stale,
        tail: vec![],
        cursor: None,
        links,
        has_unsealed: false,
    };
    // One that another took the place of, row for row, is over. The newer one has to stay: the chain of the tail's key ends in it.
    let mut current: Vec<Journal> = vec![];
    for journal in journals {
        let replaced = |old: &Journal| journal.head.first <= tail_first && journal.end() >= old.end();
        loaded.stale.extend(current.extract_if(.., |old| replaced(old)).map(|old| old.head.name));
        current.push(journal);
    }
    current.into_iter().for_each(|journal| loaded.take_journal(journal, tail_first));
    if !orders::is_ended_up_to(begin, access, &loaded.segments, &loaded.tail)? {
        return Err(OpenError::Damaged {
            name: format!("keys/{customer}/epochs"),
            from: Some(0),
            why: format!(
                "the key of the records before {begin} is missing, and no tombstone ends them; bring the key back"
            ),
        });
    }
    Ok(loaded)
}

/// The checkpoint must carry the signature of the key that was handed over to last. (Between a hand-over and the first checkpoint
/// over its record that is still the key before.)
fn check_day(days: &Days, note: &[u8], checkpoint: &Checkpoint) -> Result<(), String> {
    let last = days.last.as_ref().ok_or("it holds no key of a day")?;
    let signs = match &days.before {
        Some(before) if last.size >= checkpoint.size => before,
        _ => last,
    };
    let note = Note::parse(note).map_err(|e| e.to_string())?;
    note.verify(std::slice::from_ref(&signs.vkey)).map(drop).map_err(|e| e.to_string())
}

impl Loaded {
    fn take_journal(&mut self, mut journal: Journal, tail_first: u64) {
        let next = next_of(tail_first, &self.tail);
        let (first, end) = (journal.head.first, journal.end());
        if end < next || first > next || (end == next && first < next) {
            self.stale.push(journal.head.name);
            return;
        }
        for Sound { frame, .. } in &mut journal.frames {
            self.has_unsealed |= frame.first + frame.rows.len() as u64 > self.checkpoint.size;
            let skip = next_of(tail_first, &self.tail).saturating_sub(frame.first);
            let rows = std::mem::take(&mut frame.rows);
            self.tail.extend(rows.into_iter().skip(usize::try_from(skip).unwrap_or(usize::MAX)));
            self.cursor = frame.cursor.take();
        }
        self.journals.push(journal);
    }
}

fn next_of(first: u64, tail: &[Row]) -> u64 {
    first + tail.len() as u64
}

/// The records of the tail from its beginning, at most `count`.
pub(crate) fn tail_records(first: u64, tail: &[Row], count: u64) -> Option<Vec<Record>> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    (first..).zip(tail.iter().take(count)).map(|(seq, row)| rows::record(seq, row.clone())).collect()
}

/// The tree of what a checkpoint covers, from what was loaded.
pub(crate) fn tree(access: &Access, loaded: &Loaded) -> Result<Tree, OpenError> {
    let (size, first) = (loaded.checkpoint.size, loaded.tail_first());
    let damaged = |from, why: &str| OpenError::Damaged {
        name: format!("vaults/{}", access.customer),
        from: Some(from),
        why: why.into(),
    };
    let covered = size.checked_sub(first);
    let covered = covered.ok_or_else(|| damaged(size, "its checkpoint is older than its segments"))?;
    if (loaded.tail.len() as u64) < covered {
        let from = first + loaded.tail.len() as u64;
        return Err(damaged(from, "records that its checkpoint covers are missing"));
    }
    let rows = loaded.tail.get(..usize::try_from(covered).unwrap_or(usize::MAX));
    let leaves = rows.and_then(|rows| rows::leaves(first, rows, &access.epochs));
    let leaves = leaves
        .ok_or_else(|| damaged(first, "a row in its journal is no record, or its epoch key is missing"))?;
    let mut roots = loaded.page_roots.clone();
    let whole = leaves.chunks_exact(256);
    let open = whole.remainder().to_vec();
    roots.extend(whole.map(ledger::root_of));
    Tree::from_parts(roots, open).ok_or_else(|| damaged(first, "its pages do not fit together"))
}

/// A customer's sealed records, up to the checkpoint at the time of opening.
pub struct View {
    access: Access,
    standing: Standing,
    note: Vec<u8>,
    /// Notes of the keys of days, as far as they are announced.
    days: Vec<u8>,
    begin: u64,
    segments: Vec<ObjectRef>,
    tail_first: u64,
    tail: Vec<Row>,
    cursor: Option<Vec<u8>>,
    doubt: Option<&'static str>,
    /// Tables of segments that were opened already.
    tables: Mutex<BTreeMap<usize, Arc<Table>>>,
}

/// What a segment's table says.
struct Table {
    units: Vec<Unit>,
    /// Made again when it is asked for and absent.
    index: OnceLock<Arc<Index>>,
}

/// The tree of what was loaded, proved against the checkpoint.
fn stand(access: &Access, loaded: &Loaded) -> Result<Standing, OpenError> {
    let vkey = access.signer.vkey();
    let name = checkpoint_name(access.customer.as_str());
    let damaged = |why: String| OpenError::Damaged { name: name.clone(), from: None, why };
    let note = Note::parse(&loaded.note).map_err(|e| damaged(e.to_string()))?;
    Standing::verify(&note, &vkey, &access.origin, tree(access, loaded)?).map_err(|e| damaged(e.to_string()))
}

impl View {
    pub(crate) fn open(access: Access) -> Result<Self, OpenError> {
        // Before checkpoint and frames: a writer may be at work.
        let state = TailKey::read(&*access.disk, access.customer.as_str(), &access.origin, &access.key);
        let loaded = load(&access)?;
        let standing = stand(&access, &loaded)?;
        let doubt = tail::doubt(state, &loaded.links, loaded.checkpoint.size).map(|doubt| doubt.why);
        Ok(Self { doubt, ..Self::of(access, standing, loaded) })
    }

    fn of(access: Access, standing: Standing, loaded: Loaded) -> Self {
        let tail_first = loaded.tail_first();
        let days = loaded.days.announced(loaded.checkpoint.size);
        let Loaded { checkpoint, note, begin, segments, mut tail, cursor, .. } = loaded;
        tail.truncate(usize::try_from(checkpoint.size.saturating_sub(tail_first)).unwrap_or(usize::MAX));
        Self {
            access,
            standing,
            note,
            days,
            begin,
            segments,
            tail_first,
            tail,
            cursor,
            doubt: None,
            tables: Mutex::default(),
        }
    }

    /// The checkpoint that everything read here stands under.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        self.standing.checkpoint()
    }

    /// The checkpoint as the signed note that lies in the vault.
    #[must_use]
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// All notes of the keys of days, one behind the other (docs/formats.md §3).
    #[must_use]
    pub fn days(&self) -> &[u8] {
        &self.days
    }

    /// Why the vault is not the one that was written last, although each record that is read is proved against its checkpoint: it
    /// was put back to an older state, or its last frame is not the one that was written. `None` when nothing says so.
    #[must_use]
    pub fn doubt(&self) -> Option<&str> {
        self.doubt
    }

    /// Seq of the first record that is kept: what was before it was kept long enough and was ended.
    #[must_use]
    pub fn begin(&self) -> u64 {
        self.begin
    }

    /// How many days records are kept at least, as the log itself says.
    ///
    /// # Errors
    /// [`ReadError`] when a segment cannot be read.
    pub fn retention_days(&self) -> Result<u32, ReadError> {
        let stated =
            self.others_of(Kind::Control)?.iter().rev().find_map(|r| orders::days_stated(&rows::row(r)));
        Ok(stated.unwrap_or(RETENTION_DEFAULT_DAYS))
    }

    /// The log's public key.
    #[must_use]
    pub fn vkey(&self) -> VerifierKey {
        self.access.signer.vkey()
    }

    /// The roots of all full pages.
    #[must_use]
    pub fn page_roots(&self) -> &[Hash] {
        self.standing.tree().page_roots()
    }

    /// What the last writer left behind of a source that it had not read to its end.
    #[must_use]
    pub fn cursor(&self) -> Option<&[u8]> {
        self.cursor.as_deref()
    }

    fn reader(&self, number: usize) -> Result<Reader<Opened<'_>>, ReadError> {
        let object = &self.segments[number];
        let failed = |why: String| ReadError {
            from: object.first,
            to: object.end() - 1,
            name: object.name.clone(),
            why,
        };
        let opened = Opened::open(&*self.access.shelf, object, &self.access.epochs, &self.access.origin);
        let opened = opened.map_err(|e| failed(e.to_string()))?;
        let reader = Reader::open(opened).map_err(|e| failed(format!("{e}{}", cause(&e))))?;
        if (reader.first(), reader.count()) != (object.first, object.count) {
            return Err(failed("it holds other records than its head says".into()));
        }
        Ok(reader)
    }

    fn table(&self, number: usize) -> Result<Arc<Table>, ReadError> {
        let kept = || self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = kept().get(&number) {
            return Ok(Arc::clone(table));
        }
        let reader = self.reader(number)?;
        let time =
            |(seconds, nanos): (i64, u32)| i32::try_from(nanos).ok().and_then(|n| Time::new(seconds, n).ok());
        let units = reader.blocks().iter().enumerate().map(|(block, info)| Unit {
            first: info.first,
            count: info.count,
            happened: info.happened.and_then(|(a, b)| time(a).zip(time(b))),
            place: Place::Segment { number, block },
        });
        let table = Arc::new(Table { units: units.collect(), index: OnceLock::new() });
        kept().insert(number, Arc::clone(&table));
        Ok(table)
    }

    /// Every unit, in the order of the records.
    ///
    /// # Errors
    /// [`ReadError`] when a segment's table cannot be read.
    pub fn units(&self) -> Result<Vec<Unit>, ReadError> {
        let mut units = vec![];
        for number in 0..self.segments.len() {
            units.extend(&self.table(number)?.units);
        }
        let end = self.checkpoint().size;
        let mut first = self.tail_first;
        while first < end {
            let count = TAIL_UNIT.min(end - first);
            let times = self.tail_rows(first, count).iter().filter(|r| r.kind == Kind::Event.code());
            let times = times.filter_map(|r| Time::new(r.happened.0, i32::try_from(r.happened.1).ok()?).ok());
            let happened = times.clone().min().zip(times.max());
            units.push(Unit { first, count, happened, place: Place::Tail });
            first += count;
        }
        Ok(units)
    }

    /// The pages of a unit that hold a record that `wanted` takes, each proved against the checkpoint; fields are read out of those
    /// records only.
    ///
    /// # Errors
    /// [`ReadError`] when they cannot be read, or are not those that were sealed.
    pub fn read_where(
        &self,
        unit: &Unit,
        wanted: &dyn Fn(&Record) -> bool,
        parse: Parse<'_>,
    ) -> Result<Vec<Page>, ReadError> {
        let (name, records) = self.unit_records(unit)?;
        let mut pages = vec![];
        let mut records = records.into_iter().peekable();
        while let Some(first) = records.peek().map(|r| r.seq) {
            let end = (first / PAGE + 1) * PAGE;
            let page: Vec<Record> = std::iter::from_fn(|| records.next_if(|r| r.seq < end)).collect();
            let takes: Vec<bool> = page.iter().map(wanted).collect();
            if !takes.contains(&true) {
                continue;
            }
            let failed = |why: String| ReadError { from: first, to: end - 1, name: name.clone(), why };
            let event = |(record, takes): (Record, bool)| {
                let fields = if takes { parse(&record) } else { Fields::new() };
                Event { record, fields }
            };
            let events = page.into_iter().zip(takes).map(event).collect();
            let batch = Batch::new(first, events, &self.access.epochs);
            let batch = batch.ok_or_else(|| failed("their epoch key is missing".into()))?;
            pages.push(self.standing.admit(batch).map_err(|e| failed(e.to_string()))?);
        }
        Ok(pages)
    }

    fn tail_rows(&self, first: u64, count: u64) -> &[Row] {
        let from = usize::try_from(first - self.tail_first).unwrap_or(usize::MAX).min(self.tail.len());
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        &self.tail[from..self.tail.len().min(from.saturating_add(count))]
    }

    /// The records of a unit, proved against the checkpoint, with the fields that `parse` reads out of them.
    ///
    /// # Errors
    /// [`ReadError`] when they cannot be read, or are not those that were sealed.
    pub fn read(&self, unit: &Unit, parse: Parse<'_>) -> Result<Sealed<Vec<Event>>, ReadError> {
        let (name, records) = self.unit_records(unit)?;
        let failed = |why: String| ReadError {
            from: unit.first,
            to: unit.first + unit.count - 1,
            name: name.clone(),
            why,
        };
        let event = |record: Record| {
            let fields = parse(&record);
            Event { record, fields }
        };
        let events = records.into_iter().map(event).collect();
        let batch = Batch::new(unit.first, events, &self.access.epochs);
        let batch = batch.ok_or_else(|| failed("their epoch key is missing".into()))?;
        self.standing.admit(batch).map_err(|e| failed(e.to_string()))
    }

    fn unit_records(&self, unit: &Unit) -> Result<(String, Vec<Record>), ReadError> {
        let failed = |name: &str, why: String| ReadError {
            from: unit.first,
            to: unit.first + unit.count - 1,
            name: name.to_owned(),
            why,
        };
        match unit.place {
            Place::Segment { number, block } => {
                let name = self.segments[number].name.clone();
                let records =
                    block_records(&self.reader(number)?, block).map_err(|why| failed(&name, why))?;
                Ok((name, records))
            }
            Place::Tail => {
                let name = journal::folder(self.access.customer.as_str());
                let records = tail_records(unit.first, self.tail_rows(unit.first, unit.count), unit.count);
                let records = records.ok_or_else(|| failed(&name, "a row is no record".into()))?;
                Ok((name, records))
            }
        }
    }

    /// The records of a unit with their salts, for a bundle.
    pub(crate) fn read_salted(&self, unit: &Unit) -> Result<Vec<(Record, ledger::Salt)>, ReadError> {
        let sealed = self.read(unit, &|_| Fields::new())?;
        let salts = self.access.epochs.salts(unit.first, unit.count);
        let salts = salts.ok_or_else(|| ReadError {
            from: unit.first,
            to: unit.first + unit.count - 1,
            name: String::new(),
            why: "their epoch key is missing".into(),
        })?;
        Ok(sealed.into_inner().into_iter().map(|e| e.record).zip(salts).collect())
    }

    pub(crate) fn tree(&self) -> &Tree {
        self.standing.tree()
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// All records that are no events, in their order, found without reading the events.
    ///
    /// # Errors
    /// [`ReadError`] when a segment cannot be read.
    pub fn others(&self) -> Result<Vec<Record>, ReadError> {
        let mut found = vec![];
        self.each_other(&mut |record| found.push(record))?;
        Ok(found)
    }

    /// All records of one kind that is not `event`, in their order.
    ///
    /// # Errors
    /// [`ReadError`] when a segment cannot be read.
    pub fn others_of(&self, kind: Kind) -> Result<Vec<Record>, ReadError> {
        let mut found = vec![];
        self.each_other(&mut |record| {
            if record.kind == kind {
                found.push(record);
            }
        })?;
        Ok(found)
    }

    /// Tells all records that are no events one by one, in their order: documents of evidence may be large, and nobody need hold
    /// them all. Those of one segment are held at a time.
    ///
    /// # Errors
    /// [`ReadError`] when a segment cannot be read.
    pub fn each_other(&self, told: &mut dyn FnMut(Record)) -> Result<(), ReadError> {
        for (number, object) in self.segments.iter().enumerate() {
            let failed = |why: String| ReadError {
                from: object.first,
                to: object.end() - 1,
                name: object.name.clone(),
                why,
            };
            let reader = self.reader(number)?;
            let others = reader.others().map_err(|e| failed(format!("{e}{}", cause(&e))))?;
            for (seq, row) in others {
                told(rows::record(*seq, row.clone()).ok_or_else(|| failed("a row is no record".into()))?);
            }
        }
        let tail = (self.tail_first..).zip(&self.tail).filter(|(_, row)| row.kind != Kind::Event.code());
        for (seq, row) in tail {
            told(rows::record(seq, row.clone()).ok_or_else(|| ReadError {
                from: seq,
                to: seq,
                name: journal::folder(self.access.customer.as_str()),
                why: "a row is no record".into(),
            })?);
        }
        Ok(())
    }
}
