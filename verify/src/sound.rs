//! Reads a records file in which all is as it must be, apart from the checker, so that several are read side by side. At the
//! first thing that is not, it gives up: then [`crate::records`] reads the file again and says what is wrong with it.

use crate::layout::SALT;
use crate::records::{RECORD_LEAST, RECORD_LIMIT};
use flate2::bufread::GzDecoder;
use ledger::{Hash, PAGE, Salt, commitment, leaf_hash, root_of};
use model::{Kind, Time, form};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

/// Longest record that is read here: memory is this for each thread, and such files are few.
const LONGEST: usize = 1 << 20;
/// Most bytes of what the log says of itself in one file that are kept here: years of heartbeats and days.
const OWN_LIMIT: usize = 2 << 20;
/// Unpacked bytes that are looked at together: they fit into the second cache.
const BUFFER: usize = 1 << 16;

/// Where a records file lies, and what is known of it beforehand.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) records: PathBuf,
    pub(crate) salts: PathBuf,
    /// Its first record, the first of a page.
    pub(crate) first: u64,
    /// Its last record.
    pub(crate) last: u64,
}

/// What a records file gives in which every record has its form, its number and its salt.
pub(crate) struct Sound {
    /// The leaf of each record.
    pub(crate) leaves: Vec<Hash>,
    /// The roots of its full pages.
    pub(crate) roots: Vec<Hash>,
    /// When each record arrived.
    pub(crate) received: Vec<Time>,
    /// What the log says of itself, by number.
    pub(crate) own: Vec<(u64, Vec<u8>)>,
    /// What answers stand on.
    pub(crate) grounds: Grounds,
    /// Bytes in `own`.
    own_bytes: usize,
}

/// What a records file holds that answers of an assessment stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grounds {
    /// Whether it holds records of evidence, contract or verdicts.
    pub(crate) any: bool,
    /// Whether it holds the closing record of an assessment for auditors.
    pub(crate) closing: bool,
}

impl Grounds {
    /// Whether answers stand on records of this kind.
    pub(crate) fn are(kind: Kind) -> bool {
        matches!(kind, Kind::Evidence | Kind::Contract | Kind::Verdict)
    }
}

/// Reads the file; `None` as soon as anything is not as it must be, or larger than what is read here.
pub(crate) fn read(place: &Place) -> Option<Sound> {
    let many = place.last.checked_sub(place.first)?.checked_add(1)?;
    let mut salts = Vec::new();
    File::open(&place.salts).ok()?.take(many * SALT + 1).read_to_end(&mut salts).ok()?;
    let (salts, []) = salts.as_chunks::<16>() else { return None };
    if salts.len() as u64 != many {
        return None;
    }
    let mut sound = Sound {
        leaves: Vec::with_capacity(salts.len()),
        roots: Vec::new(),
        received: Vec::with_capacity(salts.len()),
        own: Vec::new(),
        grounds: Grounds { any: false, closing: false },
        own_bytes: 0,
    };
    let mut source = BufReader::with_capacity(BUFFER, File::open(&place.records).ok()?);
    let mut buffer = vec![0; BUFFER];
    while !source.fill_buf().ok()?.is_empty() {
        // Only the last member may end within a page.
        if !(sound.leaves.len() as u64).is_multiple_of(PAGE) {
            return None;
        }
        let take = |bytes: &[u8]| sound.take(bytes, place, salts);
        member(&mut GzDecoder::new(&mut source), &mut buffer, LONGEST, take)?;
    }
    if sound.leaves.len() != salts.len() {
        return None;
    }
    let (pages, _) = sound.leaves.as_chunks::<256>();
    sound.roots = pages.iter().map(|page| root_of(page)).collect();
    Some(sound)
}

/// Unpacks a member and gives each record, of so many bytes at most, where it stands in the buffer.
pub(crate) fn member(
    unpacked: &mut impl Read,
    buffer: &mut Vec<u8>,
    longest: usize,
    mut take: impl FnMut(&[u8]) -> Option<()>,
) -> Option<()> {
    // What was unpacked and not yet taken.
    let (mut from, mut to) = (0, 0);
    loop {
        match unpacked.read(&mut buffer[to..]).ok()? {
            0 => return (from == to).then_some(()),
            many => to += many,
        }
        while let Some((length, rest)) = buffer[from..to].split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length);
            if !(RECORD_LEAST..=RECORD_LIMIT).contains(&length) {
                return None;
            }
            let length = usize::try_from(length).ok().filter(|length| *length <= longest)?;
            let Some(record) = rest.get(..length) else {
                if length + 4 > buffer.len() {
                    buffer.resize(length + 4, 0);
                }
                break;
            };
            take(record)?;
            from += 4 + length;
        }
        // Room for the rest of a record that was cut by the end of the buffer; never nothing, for a record fits.
        buffer.copy_within(from..to, 0);
        (from, to) = (0, to - from);
    }
}

impl Sound {
    /// Takes in the next record.
    fn take(&mut self, bytes: &[u8], place: &Place, salts: &[Salt]) -> Option<()> {
        let at = self.leaves.len();
        let salt = salts.get(at)?;
        let form = form::read(bytes).ok().filter(|form| form.seq == place.first + at as u64)?;
        self.leaves.push(leaf_hash(&commitment(salt, bytes)));
        self.received.push(form.received);
        if Grounds::are(form.kind) {
            self.grounds.any = true;
            self.grounds.closing |= form.kind == Kind::Verdict && assess::audit::is_closing(form.raw);
        }
        if form.is_own_control() {
            self.own_bytes += form.raw.len();
            if self.own_bytes > OWN_LIMIT {
                return None;
            }
            self.own.push((form.seq, form.raw.to_vec()));
        }
        Some(())
    }
}
