//! Writes the bundle: what the customer and the auditor hold and check without us. Its form: `docs/formats.md` §4.

use crate::disk::Disk;
use crate::view::{ReadError, View};
use flate2::{Compression, write::GzEncoder};
use ledger::{Hash, PAGE, Salt};
use model::{Record, form};
use sha2::{Digest, Sha256};
use std::io::{self, Write};

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

/// The files that are open for the records of one number.
struct Pair<'a> {
    records: Out<'a>,
    salts: Out<'a>,
    member: Vec<u8>,
    member_pages: u64,
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
    let mut open: Option<Pair<'_>> = None;
    for unit in view.units()?.iter().filter(|unit| unit.first + unit.count > first) {
        for (record, salt) in view.read_salted(unit)?.into_iter().filter(|(record, _)| record.seq >= first) {
            if open.is_none() || record.seq.is_multiple_of(FILE_RECORDS) {
                close(open.take(), &mut listed)?;
                open = Some(Pair {
                    records: Out::new(place, format!("records/{:012}.gz", record.seq)),
                    salts: Out::new(place, format!("salts/{:012}", record.seq)),
                    member: vec![],
                    member_pages: 0,
                });
            }
            if let Some(pair) = &mut open {
                pair.add(&record, &salt)?;
            }
        }
        step(unit.first + unit.count);
    }
    close(open, &mut listed)?;
    write_manifest(view, first, place, listed)
}

impl Pair<'_> {
    fn add(&mut self, record: &Record, salt: &Salt) -> Result<(), ExportError> {
        let at = self.member.len();
        self.member.extend([0; 4]);
        form::encode_into(record, &mut self.member);
        let length = u32::try_from(self.member.len() - at - 4).expect("a record is far below 4 GiB");
        self.member[at..at + 4].copy_from_slice(&length.to_be_bytes());
        self.salts.write(salt)?;
        if (record.seq + 1).is_multiple_of(PAGE) {
            self.member_pages += 1;
            if self.member_pages >= MEMBER_PAGES || self.member.len() >= MEMBER_BYTES {
                self.close_member()?;
            }
        }
        Ok(())
    }

    fn close_member(&mut self) -> Result<(), ExportError> {
        let mut encoder = GzEncoder::new(vec![], Compression::new(5));
        let packed = encoder.write_all(&self.member).and_then(|()| encoder.finish());
        let packed = packed.map_err(self.records.failed())?;
        self.records.write(&packed)?;
        self.member.clear();
        self.member_pages = 0;
        Ok(())
    }
}

fn close(pair: Option<Pair<'_>>, listed: &mut Vec<Listed>) -> Result<(), ExportError> {
    let Some(mut pair) = pair else { return Ok(()) };
    if !pair.member.is_empty() {
        pair.close_member()?;
    }
    listed.push(pair.records.finish()?);
    listed.push(pair.salts.finish()?);
    Ok(())
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
