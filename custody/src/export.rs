//! Writes the bundle: what the customer and the auditor hold and check without us. Its form: `docs/formats.md` §4.

use crate::disk::Disk;
use crate::view::{ReadError, View};
use ledger::{Hash, PAGE, Salt};
use model::{Record, form};
use packing::{Packed, Packer};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::io;
use std::num::NonZeroUsize;
use std::thread::{self, Scope};

mod packing;

/// Most threads that pack: each of them holds a few members, and memory stays the same on the largest machine.
const THREADS_LIMIT: usize = 4;
/// Records in a file of the bundle.
const FILE_RECORDS: u64 = 65_536;
/// A gzip member is closed at the next page once it holds this many bytes, unpacked.
const MEMBER_BYTES: usize = 4 << 20;
/// Pages in a gzip member at most.
const MEMBER_PAGES: u64 = 16;

/// Why a bundle could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is something at the place already.
    #[error("there are files at the place already, `{name}` for one; a bundle goes into an empty folder")]
    NotEmpty {
        /// One of them.
        name: String,
    },
    /// It is to begin behind the log's end.
    #[error("the log has {size} records, so a bundle cannot begin at {since}")]
    Since {
        /// Asked for.
        since: u64,
        /// What there is.
        size: u64,
    },
    /// A record cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The manifest cannot be signed.
    #[error("manifest cannot be signed: {why}")]
    Sign {
        /// What was met.
        why: String,
    },
    /// The disk failed.
    #[error("`{name}` cannot be written")]
    Disk {
        /// Which file.
        name: String,
        /// What the machine said.
        source: io::Error,
    },
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Records in the bundle.
    pub records: u64,
    /// Files in the bundle.
    pub files: u64,
    /// Bytes of all its files.
    pub bytes: u64,
}

/// A file that is being written, with its running hash.
struct Out<'a> {
    disk: &'a dyn Disk,
    name: String,
    hash: Sha256,
    bytes: u64,
}

impl<'a> Out<'a> {
    fn new(disk: &'a dyn Disk, name: String) -> Self {
        Self { disk, name, hash: Sha256::new(), bytes: 0 }
    }

    fn failed(&self) -> impl FnOnce(io::Error) -> ExportError + use<> {
        let name = self.name.clone();
        move |source| ExportError::Disk { name, source }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        self.disk.append(&self.name, bytes).map_err(self.failed())?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Waits for the disk; gives the file's line in the manifest.
    fn finish(self) -> Result<Listed, ExportError> {
        self.disk.sync(&self.name).map_err(self.failed())?;
        Ok(Listed { name: self.name, bytes: self.bytes, hash: Hash(self.hash.finalize().into()) })
    }
}

struct Listed {
    name: String,
    bytes: u64,
    hash: Hash,
}

/// Two files for the records from one number on.
struct Pair<'a> {
    records: Out<'a>,
    salts: Out<'a>,
}

/// What is still to be written, in order.
enum Step {
    /// A member of the first open file of records.
    Member(Packed),
    /// The first open pair of files ends.
    End,
}

/// Writes records with their salts; members are packed side by side and written in their order, so that how many threads there are
/// changes no byte.
struct Records<'a> {
    place: &'a dyn Disk,
    packer: Packer,
    member: Vec<u8>,
    member_salts: Vec<u8>,
    member_pages: u64,
    /// Pairs that still wait for members; records go to the last one.
    open: VecDeque<Pair<'a>>,
    steps: VecDeque<Step>,
    listed: Vec<Listed>,
}

/// Writes what was sealed so far as a bundle into an empty `place`, from the page on that holds `since` (0: everything that is kept);
/// `step` is told how many records are done.
///
/// # Errors
/// [`ExportError`]. A bundle that was not finished has no manifest, so it does not verify.
pub fn export(
    view: &View,
    since: u64,
    place: &dyn Disk,
    step: &mut dyn FnMut(u64),
) -> Result<Exported, ExportError> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS_LIMIT);
    export_on(threads, view, since, place, step)
}

fn export_on(
    threads: usize,
    view: &View,
    since: u64,
    place: &dyn Disk,
    step: &mut dyn FnMut(u64),
) -> Result<Exported, ExportError> {
    let size = view.checkpoint().size;
    if since > size {
        return Err(ExportError::Since { since, size });
    }
    let first = (since / PAGE * PAGE).max(view.begin());
    for folder in ["records", "salts", "tile"] {
        let there = place.list(folder).map_err(|source| ExportError::Disk { name: folder.into(), source })?;
        if let Some(name) = there.into_iter().next() {
            return Err(ExportError::NotEmpty { name });
        }
    }
    for name in ["manifest", "checkpoint", "days", "vkey"] {
        if place.length(name).is_ok() {
            return Err(ExportError::NotEmpty { name: name.into() });
        }
    }
    let mut listed = vec![];
    let mut plain = |name: String, bytes: &[u8]| -> Result<(), ExportError> {
        let mut out = Out::new(place, name);
        out.write(bytes)?;
        listed.push(out.finish()?);
        Ok(())
    };
    plain("vkey".into(), format!("{}\n", view.vkey()).as_bytes())?;
    plain("checkpoint".into(), view.note())?;
    plain("days".into(), view.days())?;
    for (index, roots) in (0..).zip(view.page_roots().chunks(256)) {
        let bytes: Vec<u8> = roots.iter().flat_map(|r| r.0).collect();
        plain(ledger::tile::path(1, index, u16::try_from(roots.len()).unwrap_or(256)), &bytes)?;
    }
    let mut records = thread::scope(|scope| write_records(scope, threads, (view, first), place, step))?;
    listed.append(&mut records);
    write_manifest(view, first, place, listed)
}

fn write_records<'scope>(
    scope: &'scope Scope<'scope, '_>,
    threads: usize,
    (view, first): (&View, u64),
    place: &dyn Disk,
    step: &mut dyn FnMut(u64),
) -> Result<Vec<Listed>, ExportError> {
    let mut records = Records {
        place,
        packer: Packer::new(scope, threads),
        member: vec![],
        member_salts: vec![],
        member_pages: 0,
        open: VecDeque::new(),
        steps: VecDeque::new(),
        listed: vec![],
    };
    for unit in view.units()?.iter().filter(|unit| unit.first + unit.count > first) {
        for (record, salt) in view.read_salted(unit)?.into_iter().filter(|(record, _)| record.seq >= first) {
            records.add(&record, &salt)?;
        }
        step(unit.first + unit.count);
    }
    records.finish()
}

impl Records<'_> {
    fn add(&mut self, record: &Record, salt: &Salt) -> Result<(), ExportError> {
        if self.open.is_empty() || record.seq.is_multiple_of(FILE_RECORDS) {
            self.end_files()?;
            self.open.push_back(Pair {
                records: Out::new(self.place, format!("records/{:012}.gz", record.seq)),
                salts: Out::new(self.place, format!("salts/{:012}", record.seq)),
            });
        }
        let at = self.member.len();
        self.member.extend([0; 4]);
        form::encode_into(record, &mut self.member);
        let length = u32::try_from(self.member.len() - at - 4).expect("a record is far below 4 GiB");
        self.member[at..at + 4].copy_from_slice(&length.to_be_bytes());
        self.member_salts.extend(salt);
        if (record.seq + 1).is_multiple_of(PAGE) {
            self.member_pages += 1;
            if self.member_pages >= MEMBER_PAGES || self.member.len() >= MEMBER_BYTES {
                self.close_member()?;
            }
        }
        Ok(())
    }

    fn close_member(&mut self) -> Result<(), ExportError> {
        if let Some(pair) = self.open.back_mut() {
            pair.salts.write(&self.member_salts)?;
        }
        self.member_salts.clear();
        let packed = self.packer.pack(std::mem::take(&mut self.member));
        self.member_pages = 0;
        self.steps.push_back(Step::Member(packed));
        self.write_until(self.packer.ahead())
    }

    /// Nothing more goes to the last pair.
    fn end_files(&mut self) -> Result<(), ExportError> {
        if !self.member.is_empty() {
            self.close_member()?;
        }
        if !self.open.is_empty() {
            self.steps.push_back(Step::End);
        }
        Ok(())
    }

    /// Writes until no more than so many steps are left.
    fn write_until(&mut self, left: usize) -> Result<(), ExportError> {
        while self.steps.len() > left {
            match self.steps.pop_front() {
                Some(Step::Member(packed)) => {
                    if let Some(pair) = self.open.front_mut() {
                        let packed = packed.take().map_err(pair.records.failed())?;
                        pair.records.write(&packed)?;
                    }
                }
                Some(Step::End) => {
                    if let Some(pair) = self.open.pop_front() {
                        self.listed.push(pair.records.finish()?);
                        self.listed.push(pair.salts.finish()?);
                    }
                }
                None => {}
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Listed>, ExportError> {
        self.end_files()?;
        self.write_until(0)?;
        Ok(self.listed)
    }
}

fn write_manifest(
    view: &View,
    first: u64,
    place: &dyn Disk,
    mut listed: Vec<Listed>,
) -> Result<Exported, ExportError> {
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    let checkpoint = view.checkpoint();
    let mut text = format!(
        "bailiwick-bundle v1\norigin {}\ncheckpoint {} {}\nrecords {first} {}\n",
        checkpoint.origin,
        checkpoint.size,
        checkpoint.root,
        checkpoint.size - first,
    );
    for file in &listed {
        text.push_str(&format!("file {} {} {}\n", file.name, file.bytes, file.hash.to_hex()));
    }
    let note =
        view.access().signer.sign(&text).map_err(|e| ExportError::Sign { why: e.to_string() })?.to_bytes();
    // Last, so that a bundle without it is one that was never finished.
    place.put("manifest", &note).map_err(|source| ExportError::Disk { name: "manifest".into(), source })?;
    Ok(Exported {
        records: checkpoint.size - first,
        files: listed.len() as u64 + 1,
        bytes: listed.iter().map(|f| f.bytes).sum::<u64>() + note.len() as u64,
    })
}

#[cfg(test)]
mod tests;
