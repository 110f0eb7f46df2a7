//! A segment at rest: a plain header, then the segment as one encrypted message with random access.
//!
//! ```text
//! "BWOBJ\0\0\x01"  be32 epoch  be32 0  be64 first seq  be64 records     32 bytes, bound into the message
//! message                                                              C2SP chunked-encryption, see `chunked`
//! ```

use crate::Chance;
use crate::chunked::{self, Broken, CHUNK, Cipher, PREFIX, SEALED_CHUNK};
use crate::epoch::Epochs;
use crate::keys::Secret;
use crate::shelf::Shelf;
use ledger::PAGE;
use segment::ReadAt;
use std::io;

const MAGIC: &[u8; 8] = b"BWOBJ\0\0\x01";
pub(crate) const HEADER: usize = 32;

/// What an object's header says, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectRef {
    pub(crate) name: String,
    pub(crate) epoch: u32,
    pub(crate) first: u64,
    pub(crate) count: u64,
}

impl ObjectRef {
    /// The object of a range of records of a customer.
    pub(crate) fn new(customer: &str, epoch: u32, first: u64, count: u64) -> Self {
        Self { name: format!("{}/{first:016}-{count}", folder(customer)), epoch, first, count }
    }

    pub(crate) fn end(&self) -> u64 {
        self.first.saturating_add(self.count)
    }

    fn header(&self) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(MAGIC);
        header[8..12].copy_from_slice(&self.epoch.to_be_bytes());
        header[16..24].copy_from_slice(&self.first.to_be_bytes());
        header[24..].copy_from_slice(&self.count.to_be_bytes());
        header
    }

    /// Reads a header; `None` when it is none or belongs to another name.
    pub(crate) fn read(shelf: &dyn Shelf, name: &str) -> io::Result<Option<Self>> {
        if shelf.length(name)? < HEADER as u64 {
            return Ok(None);
        }
        let header = shelf.read_range(name, 0, HEADER as u64)?;
        let number = |at: usize| header[at..at + 8].iter().fold(0u64, |v, &b| v << 8 | u64::from(b));
        let epoch = u32::try_from(number(8) >> 32).unwrap_or(u32::MAX);
        let made = Self { name: name.to_owned(), epoch, first: number(16), count: number(24) };
        let own_name = name.ends_with(&format!("/{:016}-{}", made.first, made.count));
        Ok((header == made.header() && own_name).then_some(made))
    }

    fn context(&self, origin: &str) -> Vec<u8> {
        let mut context = [b"bailiwick/v1/segment".as_slice(), origin.as_bytes(), &[]].join(&0);
        context.extend(self.header());
        context
    }

    /// The whole object as bytes.
    pub(crate) fn seal(
        &self,
        plain: &[u8],
        (key, origin): (&Secret, &str),
        chance: &mut dyn Chance,
    ) -> io::Result<Vec<u8>> {
        let mut out = self.header().to_vec();
        out.extend(chunked::seal(key, &self.context(origin), plain, chance)?);
        Ok(out)
    }

    /// Opens the whole object, every byte of it.
    pub(crate) fn open_whole(&self, bytes: &[u8], epochs: &Epochs, origin: &str) -> Result<Vec<u8>, Broken> {
        let key = epochs.numbered(self.epoch).ok_or(Broken)?.object_key(origin);
        chunked::open(&key, &self.context(origin), bytes.get(HEADER..).ok_or(Broken)?)
    }
}

/// The objects that make up a log from `begin` on, in order; those that longer ones took the place of; and those that
/// belong to neither, because something before them is missing or they are of another log's making.
pub(crate) fn arrange(
    mut objects: Vec<ObjectRef>,
    begin: u64,
) -> (Vec<ObjectRef>, Vec<ObjectRef>, Vec<ObjectRef>) {
    objects.sort_by_key(|o| (o.first, std::cmp::Reverse(o.count)));
    let (mut kept, mut stale, mut odd): (Vec<ObjectRef>, Vec<_>, Vec<_>) = (vec![], vec![], vec![]);
    for object in objects {
        let next = kept.last().map_or(begin, ObjectRef::end);
        let whole = object.count > 0 && object.count % PAGE == 0 && object.first % PAGE == 0;
        if whole && object.first == next {
            kept.push(object);
        } else if whole && object.end() <= next {
            stale.push(object);
        } else {
            odd.push(object);
        }
    }
    (kept, stale, odd)
}

/// Where a customer's segments lie.
pub(crate) fn folder(customer: &str) -> String {
    format!("vaults/{customer}/segments")
}

/// An object whose parts are decrypted as they are asked for.
pub(crate) struct Opened<'a> {
    shelf: &'a dyn Shelf,
    name: String,
    cipher: Cipher,
    plain: u64,
    sealed: u64,
}

impl<'a> Opened<'a> {
    pub(crate) fn open(
        shelf: &'a dyn Shelf,
        object: &ObjectRef,
        epochs: &Epochs,
        origin: &str,
    ) -> io::Result<Self> {
        let broken = || io::Error::new(io::ErrorKind::InvalidData, Broken);
        let sealed = shelf.length(&object.name)?.checked_sub(HEADER as u64).ok_or_else(broken)?;
        let plain = chunked::plain_length(sealed).ok_or_else(broken)?;
        let key = epochs.numbered(object.epoch).ok_or_else(broken)?.object_key(origin);
        let prefix = shelf.read_range(&object.name, HEADER as u64, PREFIX as u64)?;
        let cipher = Cipher::open(&key, &object.context(origin), &prefix).map_err(|_| broken())?;
        Ok(Self { shelf, name: object.name.clone(), cipher, plain, sealed })
    }
}

impl ReadAt for Opened<'_> {
    fn size(&self) -> io::Result<u64> {
        Ok(self.plain)
    }

    fn read_at(&self, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let end = offset.checked_add(length).filter(|&end| end <= self.plain);
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        if length == 0 {
            return Ok(vec![]);
        }
        let (chunk, sealed_chunk) = (CHUNK as u64, SEALED_CHUNK as u64);
        let (from, to) = (offset / chunk, (end - 1) / chunk + 1);
        let begin = PREFIX as u64 + from * sealed_chunk;
        let stop = (PREFIX as u64 + to * sealed_chunk).min(self.sealed);
        let sealed = self.shelf.read_range(&self.name, HEADER as u64 + begin, stop - begin)?;
        let mut plain = Vec::with_capacity(sealed.len());
        for (number, part) in (from..).zip(sealed.chunks(SEALED_CHUNK)) {
            let opened = self.cipher.chunk(number, part);
            plain.extend(opened.map_err(|broken| io::Error::new(io::ErrorKind::InvalidData, broken))?);
        }
        let skip = usize::try_from(offset - from * chunk).map_err(|_| io::ErrorKind::InvalidData)?;
        let keep = usize::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?;
        plain.get(skip..skip + keep).map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
