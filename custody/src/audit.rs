//! Hands every byte of a vault to whoever checks it. It never stops at damage: it names it and goes on.

use crate::days::{self, Days};
use crate::disk::Disk;
use crate::epoch::Epochs;
use crate::home::{Access, Home, HomeError, READERS};
use crate::journal::{self, Head, Journal, Sound};
use crate::keys::KeyError;
use crate::object::{self, ObjectRef};
use crate::rows;
use crate::tail::{self, TailKey};
use crate::view::{checkpoint_name, tile_folder};
use ledger::{Hash, PAGE, Salt, VerifierKey};
use model::{CustomerId, form};
use segment::{Reader, Row};
use std::io;

/// What an audit meets, in the order of the records.
pub enum Audited<'a> {
    /// The checkpoint as it lies there; empty when it is missing.
    Checkpoint {
        /// Its bytes.
        note: &'a [u8],
        /// The log's public key, from `keys/`.
        vkey: &'a VerifierKey,
        /// The origin that it must name.
        origin: &'a str,
        /// Its name in the home.
        path: &'a str,
    },
    /// The notes of the keys of days, as far as they are announced, and the first record that is kept.
    Days {
        /// All notes, one behind the other.
        notes: &'a [u8],
        /// Seq of the first record whose epoch still has its key; page roots begin at 0 all the same.
        first: u64,
        /// Where the notes lie.
        path: &'a str,
    },
    /// One record, in its place.
    Record {
        /// R_i.
        form: &'a [u8],
        /// Its salt.
        salt: &'a Salt,
        /// Where it lies.
        path: &'a str,
    },
    /// Records that cannot be read.
    Damaged {
        /// First of them.
        from: u64,
        /// Last of them.
        to: u64,
        /// Whether they are not there at all.
        missing: bool,
        /// Where they lie.
        path: &'a str,
        /// What was met.
        why: &'a str,
    },
    /// A file that does not belong here, or is not what it should be, whatever records it touches.
    File {
        /// Its name in the home.
        path: &'a str,
        /// Whether something of it is gone, not changed.
        missing: bool,
        /// What was met.
        why: &'a str,
    },
    /// Stored roots of full pages from this page on.
    Pages {
        /// Number of the first page.
        first: u64,
        /// The roots.
        roots: &'a [Hash],
        /// Where they lie.
        path: &'a str,
    },
}

/// Reads a whole vault and hands every part to `each`.
///
/// # Errors
/// [`HomeError`] only when the home itself or the customer's keys cannot be read; everything in the vault is told
/// through `each`.
pub fn audit(home: &Home, id: &CustomerId, each: &mut dyn FnMut(Audited<'_>)) -> Result<(), HomeError> {
    home.customer(id)?;
    let customer = id.as_str();
    let checkpoint = checkpoint_name(customer);
    // A writer may be at work. From here on nothing goes that is there; first the state of the tail's key, which the checkpoint has
    // to cover, then the checkpoint, then the keys, then the files: so all that the checkpoint covers is in what is read after it,
    // and what came later is told apart by its numbers.
    let reading = home.disk().reading(READERS);
    let _reading = reading.map_err(|source| HomeError::Io { name: READERS.into(), source })?;
    let access = home.access(id)?;
    let state = TailKey::read(&*access.disk, customer, &access.origin, &access.key);
    let note = home.disk().read(&checkpoint).unwrap_or_default();
    let access = home.access(id)?;
    let folder = format!("vaults/{customer}");
    let failed = |source| HomeError::Io { name: folder.clone(), source };
    let mut names = access.disk.list(&folder).map_err(failed)?;
    names.extend(access.shelf.list(&folder).map_err(failed)?);
    names.sort();
    names.dedup();
    let (vkey, origin) = (access.signer.vkey(), access.origin.as_str());
    each(Audited::Checkpoint { note: &note, vkey: &vkey, origin, path: &checkpoint });
    // What no checkpoint covers was never acknowledged; a torn end there is what a crash leaves.
    let size = covered(&note);
    let covered = size.unwrap_or(0);
    // Without a size that can be read, everything is looked at.
    let upto = size.unwrap_or(u64::MAX);
    let begin = access.epochs.begin_seq();
    let days_name = days::name(customer);
    days_of(&access, covered, begin, &days_name, each);
    day_keys(&access, each);
    let (segments, tiles, journals) =
        (object::folder(customer), tile_folder(customer), journal::folder(customer));
    let below =
        |folder: &str| names.iter().filter(|n| n.starts_with(&format!("{folder}/"))).collect::<Vec<_>>();
    for name in &names {
        let known = *name == checkpoint
            || *name == days_name
            || [&segments, &tiles, &journals].iter().any(|f| name.starts_with(&format!("{f}/")));
        if !known {
            each(Audited::File { path: name, missing: false, why: "a file that does not belong in a vault" });
        }
    }
    // Before the records: of what was ended they are all there is.
    for name in below(&tiles) {
        tile(&access, name, upto / PAGE, each);
    }
    let mut next = self::segments(&access, &below(&segments), (begin, upto), each);
    next = self::journals((&access, state, upto), &below(&journals), next, covered, each);
    if next < covered {
        let why = "the checkpoint covers these records, and they are not there";
        each(Audited::Damaged { from: next, to: covered - 1, missing: true, path: &journals, why });
    }
    Ok(())
}

/// The size that a checkpoint claims, verified or not: how much must be there.
fn covered(note: &[u8]) -> Option<u64> {
    let line = note.split(|&b| b == b'\n').nth(1)?;
    std::str::from_utf8(line).ok()?.parse().ok()
}

fn days_of(access: &Access, covered: u64, first: u64, path: &str, each: &mut dyn FnMut(Audited<'_>)) {
    match Days::read(&*access.disk, access.customer.as_str()) {
        // What stands behind the last whole note is what a crash leaves; nothing announced it.
        Ok(Ok(days)) => each(Audited::Days { notes: &days.announced(covered), first, path }),
        Ok(Err(why)) => {
            let all = access.disk.read(path).unwrap_or_default();
            each(Audited::Days { notes: &all, first, path });
            each(Audited::File { path, missing: false, why: &why });
        }
        Err(error) => each(Audited::File { path, missing: false, why: &error.to_string() }),
    }
}

/// Checks the files with the keys of days.
fn day_keys(access: &Access, each: &mut dyn FnMut(Audited<'_>)) {
    let customer = access.customer.as_str();
    let look = || {
        let note = access.disk.read(&checkpoint_name(customer)).unwrap_or_default();
        let by = (customer, access.origin.as_str(), &access.wrap);
        // What is wrong with the notes is told by who reads them.
        days::unsound_keys(&*access.disk, by, covered(&note).unwrap_or(u64::MAX)).unwrap_or_default()
    };
    let mut unsound = look();
    if !unsound.is_empty() {
        // A writer hands over once a day, and we may have looked in between; it does not do so twice.
        let again = look();
        unsound.retain(|key| again.contains(key));
    }
    for key in unsound {
        each(Audited::File { path: &key.name, missing: key.missing, why: key.why });
    }
}

/// Checks all segments; gives the seq that must follow.
fn segments(
    access: &Access,
    names: &[&String],
    (begin, upto): (u64, u64),
    each: &mut dyn FnMut(Audited<'_>),
) -> u64 {
    let mut objects = vec![];
    for name in names {
        match ObjectRef::read(&*access.shelf, name) {
            Ok(Some(object)) => objects.push(object),
            Ok(None) | Err(_) => {
                each(Audited::File { path: name, missing: false, why: "its head is not that of a segment" })
            }
        }
    }
    // What was ended may still lie there, and what a longer one took the place of; neither is needed.
    objects.retain(|o| o.end() > begin && o.first < upto);
    let (kept, _, odd) = object::arrange(objects, begin);
    let mut all: Vec<(ObjectRef, bool)> = kept.into_iter().map(|o| (o, true)).collect();
    all.extend(odd.into_iter().map(|o| (o, false)));
    all.sort_by_key(|(o, _)| o.first);
    let mut next = begin;
    for (object, follows) in all {
        next = segment(access, &object, follows, (next, upto), each);
    }
    next
}

/// Checks one segment; gives the seq that must follow.
fn segment(
    access: &Access,
    object: &ObjectRef,
    follows: bool,
    (next, upto): (u64, u64),
    each: &mut dyn FnMut(Audited<'_>),
) -> u64 {
    let name = object.name.as_str();
    if !follows || object.first != next {
        each(Audited::File { path: name, missing: false, why: "it does not follow the segment before it" });
        if object.first < next || object.count == 0 || !object.first.is_multiple_of(PAGE) {
            return next;
        }
        if object.first > next {
            each(Audited::Damaged {
                from: next,
                to: object.first - 1,
                missing: true,
                path: name,
                why: "no segment holds these records",
            });
        }
    }
    let end = object.end();
    match open(access, object) {
        Ok(reader) => {
            for (block, info) in reader.blocks().iter().enumerate() {
                match reader.read_block(block) {
                    Ok(rows) => {
                        let sealed = rows.into_iter().filter(|(seq, _)| *seq < upto).map(|(_, row)| row);
                        records(&access.epochs, info.first, sealed.collect(), name, each)
                    }
                    Err(error) => {
                        let to = (info.first + info.count).min(upto) - 1;
                        each(Audited::Damaged {
                            missing: false,
                            from: info.first,
                            to,
                            path: name,
                            why: &error.to_string(),
                        });
                    }
                }
            }
        }
        Err(why) => each(Audited::Damaged {
            missing: false,
            from: object.first,
            to: end.min(upto).max(1) - 1,
            path: name,
            why: &why,
        }),
    }
    end.min(upto)
}

fn open(access: &Access, object: &ObjectRef) -> Result<Reader<Vec<u8>>, String> {
    let bytes = access.shelf.read(&object.name).map_err(|e| e.to_string())?;
    // Every chunk is opened here, also those that no record lies in.
    let plain = object.open_whole(&bytes, &access.epochs, &access.origin).map_err(|e| e.to_string())?;
    let reader = Reader::open(plain).map_err(|e| e.to_string())?;
    if (reader.first(), reader.count()) == (object.first, object.count) {
        return Ok(reader);
    }
    Err("it holds other records than its head says".into())
}

fn records(epochs: &Epochs, first: u64, rows: Vec<Row>, path: &str, each: &mut dyn FnMut(Audited<'_>)) {
    let count = rows.len() as u64;
    let Some(salts) = epochs.salts(first, count) else {
        let to = first + count.max(1) - 1;
        return each(Audited::Damaged {
            missing: false,
            from: first,
            to,
            path,
            why: "the key of their epoch is missing",
        });
    };
    let mut bytes = vec![];
    for ((seq, row), salt) in (first..).zip(rows).zip(salts) {
        let Some(record) = rows::record(seq, row) else {
            each(Audited::Damaged { missing: false, from: seq, to: seq, path, why: "it is no record" });
            continue;
        };
        bytes.clear();
        form::encode_into(&record, &mut bytes);
        each(Audited::Record { form: &bytes, salt: &salt, path });
    }
}

/// The state of the tail's key, as it was before the journals were read.
type State = Result<Option<TailKey>, KeyError>;

/// Whether a journal is of an epoch whose key came after ours were read.
fn is_later(access: &Access, name: &str) -> bool {
    let last = access.epochs.last().map(|e| e.number);
    Head::of_name(name).is_some_and(|head| Some(head.epoch) > last)
}

/// Checks the journals; gives the seq that must follow.
fn journals(
    (access, state, size): (&Access, State, u64),
    names: &[&String],
    first: u64,
    covered: u64,
    each: &mut dyn FnMut(Audited<'_>),
) -> u64 {
    let mut journals = vec![];
    for name in names {
        let bytes: io::Result<Vec<u8>> = access.disk.read(name);
        let head = Head::of_name(name);
        let read = bytes.ok().zip(head).and_then(|(b, head)| head.read(&b, &access.epochs, &access.origin));
        match read {
            Some(journal) => journals.push(journal),
            // One that was just being made holds nothing, and one of an epoch that began since belongs to what came later; what
            // is missing then is told by the caller.
            None if first >= covered || is_later(access, name) => {}
            None => each(Audited::File {
                path: name,
                missing: false,
                why: "its head is not that of a journal of this vault",
            }),
        }
    }
    journals.sort_by_key(|j| j.head.first);
    links((state, size), &journals, each);
    let mut next = first;
    for journal in journals {
        let path = journal.head.name.as_str();
        for frame in journal.frames.iter().map(|s| &s.frame) {
            let skip = usize::try_from(next.saturating_sub(frame.first)).unwrap_or(usize::MAX);
            let left = usize::try_from(covered.saturating_sub(next)).unwrap_or(usize::MAX);
            if frame.first > next || skip >= frame.rows.len() {
                continue;
            }
            let rows: Vec<Row> = frame.rows[skip..].iter().take(left).cloned().collect();
            let many = rows.len() as u64;
            records(&access.epochs, next, rows, path, each);
            next += many;
        }
        if journal.torn && journal.end() < covered {
            each(Audited::File { path, missing: false, why: "it does not open behind its last sound frame" });
        }
    }
    next
}

/// Checks what the tail's key says of the frames. (All links but the last are bound into the frames behind them.)
fn links((state, size): (State, u64), journals: &[Journal], each: &mut dyn FnMut(Audited<'_>)) {
    // By their place in the chain: a journal that another took the place of may still lie there, or be the one that goes on.
    let linked = |journal: &'_ Journal| journal.frames.iter().map(Sound::linked).collect::<Vec<_>>();
    let mut frames: Vec<_> = journals
        .iter()
        .flat_map(|j| linked(j).into_iter().map(|frame| (j.head.name.as_str(), frame)))
        .collect();
    frames.sort_by_key(|(_, frame)| frame.link.position);
    let Some((path, _)) = frames.last() else { return };
    let links: Vec<_> = frames.iter().map(|(_, frame)| *frame).collect();
    if let Some(doubt) = tail::doubt(state, &links, size) {
        each(Audited::File { path, missing: doubt.missing, why: doubt.why });
    }
}

fn tile(access: &Access, name: &str, pages: u64, each: &mut dyn FnMut(Audited<'_>)) {
    let prefix = format!("vaults/{}/", access.customer);
    let parsed = name.strip_prefix(&prefix).and_then(ledger::tile::parse_path);
    let bytes = access.shelf.read(name).unwrap_or_default();
    match parsed {
        Some((1, index, width)) if bytes.len() == usize::from(width) * 32 => {
            let roots: Vec<Hash> =
                bytes.chunks_exact(32).map(|c| Hash(c.try_into().expect("32 bytes"))).collect();
            let first = index.saturating_mul(256);
            let covered = usize::try_from(pages.saturating_sub(first)).unwrap_or(usize::MAX).min(roots.len());
            each(Audited::Pages { first, roots: &roots[..covered], path: name });
        }
        Some((1, ..)) => each(Audited::File {
            path: name,
            missing: false,
            why: "it has another length than its name says",
        }),
        _ => {
            each(Audited::File { path: name, missing: false, why: "a file that does not belong in a vault" })
        }
    }
}
