//! The journal: what was accepted and is not yet in a segment.
//!
//! ```text
//! "BWJRNL\0\x01"  be32 epoch  be32 0  be64 first seq                    24 bytes, bound into every frame
//! frame, frame, …    be32 length of the message, then the message (see `chunked`), its number bound into it; then its
//!                    link: be64 place in the chain of tail keys, 32 bytes of MAC (see `tail`), bound into the next frame
//! in a message:        be64 first seq, be32 length of the cursor + 1 (0: none), cursor, rows as a segment block
//! ```
//! A frame that ends too early or does not open, behind everything that a checkpoint covers, was never
//! acknowledged: a write that a crash tore. The same below a checkpoint is damage.

use crate::Chance;
use crate::chunked;
use crate::epoch::Epochs;
use crate::keys::Secret;
use crate::tail::{self, Link, Linked, TailKey};
use segment::Row;
use segment::block::{self, Unpacker};
use std::io;
use std::thread::Builder;

const MAGIC: &[u8; 8] = b"BWJRNL\0\x01";
pub(crate) const HEADER: usize = 24;
/// Bytes of frames from which on two threads are worth it.
const TWO_THREADS_BYTES: usize = 64 << 10;

/// Where a customer's journals lie.
pub(crate) fn folder(customer: &str) -> String {
    format!("vaults/{customer}/journal")
}

/// The head of a journal file: what every frame is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) name: String,
    pub(crate) epoch: u32,
    pub(crate) first: u64,
}

/// Rows that were accepted together.
pub(crate) struct Frame {
    pub(crate) first: u64,
    pub(crate) cursor: Option<Vec<u8>>,
    pub(crate) rows: Vec<Row>,
}

/// A frame as it was read, with what the tail's key says about it.
pub(crate) struct Sound {
    pub(crate) frame: Frame,
    pub(crate) link: Link,
    /// What its MAC is over.
    pub(crate) digest: [u8; 32],
}

impl Sound {
    pub(crate) fn linked(&self) -> Linked {
        let end = self.frame.first + self.frame.rows.len() as u64;
        Linked { link: self.link, digest: self.digest, end }
    }
}

/// What a journal file holds.
pub(crate) struct Journal {
    pub(crate) head: Head,
    pub(crate) frames: Vec<Sound>,
    /// Bytes up to the end of the last sound frame.
    pub(crate) sound_bytes: u64,
    /// Whether anything stands behind them.
    pub(crate) torn: bool,
}

impl Journal {
    /// Seq behind the last sound row.
    pub(crate) fn end(&self) -> u64 {
        self.frames.last().map_or(self.head.first, |s| s.frame.first + s.frame.rows.len() as u64)
    }
}

impl Head {
    pub(crate) fn new(customer: &str, epoch: u32, first: u64) -> Self {
        Self { name: format!("{}/{first:016}-{epoch}", folder(customer)), epoch, first }
    }

    pub(crate) fn bytes(&self) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(MAGIC);
        header[8..12].copy_from_slice(&self.epoch.to_be_bytes());
        header[16..].copy_from_slice(&self.first.to_be_bytes());
        header
    }

    /// The head that a name stands for; the bytes of the file must agree.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let (first, epoch) = name.rsplit('/').next()?.split_once('-')?;
        let head = Self { name: name.to_owned(), epoch: epoch.parse().ok()?, first: first.parse().ok()? };
        name.ends_with(&format!("/{:016}-{}", head.first, head.epoch)).then_some(head)
    }

    fn context(&self, origin: &str, number: u64, before: Option<&Link>) -> Vec<u8> {
        let mut context = [b"bailiwick/v1/journal".as_slice(), origin.as_bytes(), &[]].join(&0);
        context.extend(self.bytes());
        context.extend(number.to_be_bytes());
        context.extend(before.map_or([0; Link::BYTES], Link::bytes));
        context
    }

    /// The bytes of a frame, its length before it, and its link; `number` frames stand before it, the last with the link
    /// `before`.
    pub(crate) fn seal(
        &self,
        (number, before): (u64, Option<&Link>),
        frame: &Frame,
        (key, origin, tail): (&Secret, &str, &mut TailKey),
        chance: &mut dyn Chance,
    ) -> io::Result<(Vec<u8>, Link)> {
        let mut plain = frame.first.to_be_bytes().to_vec();
        let cursor = frame.cursor.as_ref().map_or(0, |c| c.len() + 1);
        plain.extend(u32::try_from(cursor).map_err(|_| io::ErrorKind::InvalidInput)?.to_be_bytes());
        plain.extend(frame.cursor.iter().flatten());
        plain.extend(block::pack(&frame.rows).map_err(io::Error::other)?);
        let message = chunked::seal(key, &self.context(origin, number, before), &plain, chance)?;
        let mut out =
            u32::try_from(message.len()).map_err(|_| io::ErrorKind::InvalidInput)?.to_be_bytes().to_vec();
        let link = tail.seal(&tail::digest(&self.bytes(), &message));
        out.extend(message);
        out.extend(link.bytes());
        Ok((out, link))
    }

    /// Reads a journal file as far as it is sound; `None` when not even its head is.
    pub(crate) fn read(self, bytes: &[u8], epochs: &Epochs, origin: &str) -> Option<Journal> {
        if bytes.get(..HEADER)? != self.bytes() {
            return None;
        }
        let key = epochs.numbered(self.epoch)?.journal_key(origin);
        let mut journal = Journal { frames: vec![], sound_bytes: HEADER as u64, torn: false, head: self };
        let (packed, rest) = apart(&bytes[HEADER..]);
        journal.torn = !rest.is_empty();
        for (packed, opened) in packed.iter().zip(open(&packed, &journal.head, &key, origin)) {
            let Some(frame) = opened.filter(|frame| journal.is_next(frame)) else {
                journal.torn = true;
                break;
            };
            journal.sound_bytes += (4 + packed.message.len() + Link::BYTES) as u64;
            journal.frames.push(frame);
        }
        Some(journal)
    }
}

/// A frame as it lies in a file, found by lengths alone.
struct Packed<'a> {
    message: &'a [u8],
    link: Link,
}

/// Takes a file apart into frames; gives what is left when no whole one follows.
fn apart(mut rest: &[u8]) -> (Vec<Packed<'_>>, &[u8]) {
    let mut packed = vec![];
    while let Some((next, behind)) = split_first(rest) {
        packed.push(next);
        rest = behind;
    }
    (packed, rest)
}

fn split_first(rest: &[u8]) -> Option<(Packed<'_>, &[u8])> {
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (message, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    // What is too short for a message opens under no key; so a file of such frames costs less room here than it takes itself.
    chunked::plain_length(message.len() as u64)?;
    let (link, rest) = rest.split_first_chunk::<{ Link::BYTES }>()?;
    Some((Packed { message, link: Link::read(link) }, rest))
}

/// Opens frames, on two threads where it is worth it: each is bound to the link of the one before, which can be read without
/// opening that one. Ends at the first that does not open.
fn open(packed: &[Packed<'_>], head: &Head, key: &Secret, origin: &str) -> Vec<Option<Sound>> {
    let part = |range: std::ops::Range<usize>| {
        let Ok(mut unpacker) = Unpacker::new() else { return vec![None] };
        let mut opened = vec![];
        for number in range {
            let before = number.checked_sub(1).map(|before| &packed[before].link);
            let context = head.context(origin, number as u64, before);
            opened.push(packed[number].open(head, key, &context, &mut unpacker));
            if opened.last().is_some_and(Option::is_none) {
                break;
            }
        }
        opened
    };
    let bytes: usize = packed.iter().map(|p| p.message.len()).sum();
    if bytes < TWO_THREADS_BYTES {
        return part(0..packed.len());
    }
    let mut sum = 0;
    let half = packed.iter().take_while(|p| {
        sum += p.message.len();
        sum <= bytes / 2
    });
    let half = half.count();
    let behind = || part(half..packed.len());
    std::thread::scope(|scope| {
        let other = Builder::new().spawn_scoped(scope, behind);
        let mut all = part(0..half);
        let other = match other {
            // A panic there is ours as well.
            Ok(other) => other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // The machine has no thread left: it takes longer.
            Err(_) => behind(),
        };
        // What stands behind one that does not open is of no use, and would get another's place.
        if all.len() == half {
            all.extend(other);
        }
        all
    })
}

impl Packed<'_> {
    fn open(&self, head: &Head, key: &Secret, context: &[u8], unpacker: &mut Unpacker) -> Option<Sound> {
        let plain = chunked::open(key, context, self.message).ok()?;
        let (first, plain) = plain.split_first_chunk::<8>()?;
        let (cursor, plain) = plain.split_first_chunk::<4>()?;
        let cursor = usize::try_from(u32::from_be_bytes(*cursor)).ok()?;
        let (cursor, rows) = match cursor.checked_sub(1) {
            None => (None, plain),
            Some(length) => plain.split_at_checked(length).map(|(c, rows)| (Some(c.to_vec()), rows))?,
        };
        let frame = Frame { first: u64::from_be_bytes(*first), cursor, rows: unpacker.unpack(rows).ok()? };
        Some(Sound { frame, link: self.link, digest: tail::digest(&head.bytes(), self.message) })
    }
}

impl Journal {
    /// Whether a frame stands behind the last one, by its rows and in the chain of the tail's keys.
    fn is_next(&self, next: &Sound) -> bool {
        // Keys of frames that were never written, or went with another journal, are passed over.
        let follows = self.frames.last().is_none_or(|s| s.link.position < next.link.position);
        next.frame.first == self.end() && follows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Memory;
    use crate::keys::tests::Counter;

    fn row(raw: &[u8]) -> Row {
        Row {
            kind: 0,
            source: "text:x".into(),
            happened: (1, 2),
            received: (3, 4),
            raw: raw.to_vec(),
            defects: vec![],
        }
    }

    #[test]
    fn a_journal_that_two_threads_open_ends_at_its_first_unsound_frame() {
        let (origin, by, mut chance) = ("p/a/records", Secret::new([3; 32]), Counter::default());
        let mut epochs = Epochs::read(&Memory::new(), "a", origin, std::slice::from_ref(&by)).expect("none");
        epochs.begin(&Memory::new(), "a", &by, (0, 1), &mut chance).expect("fits");
        let key = epochs.last().expect("begun").journal_key(origin);
        let head = Head::new("a", 0, 0);
        let mut bytes = head.bytes().to_vec();
        let mut tail = TailKey::random(None, &mut chance).expect("chance");
        let (mut starts, mut last) = (vec![], None);
        for number in 0..20u64 {
            // Noise, so that it stays large when packed.
            let mut state = number + 1;
            let noise: Vec<u8> = std::iter::repeat_with(|| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_be_bytes()[3]
            })
            .take(6_000)
            .collect();
            let frame = Frame { first: number, cursor: None, rows: vec![row(&noise)] };
            let by = (&key, origin, &mut tail);
            starts.push(bytes.len());
            let (sealed, link) = head.seal((number, last.as_ref()), &frame, by, &mut chance).expect("seals");
            bytes.extend(sealed);
            last = Some(link);
        }
        assert!(bytes.len() > TWO_THREADS_BYTES);
        let read = |bytes: &[u8]| head.clone().read(bytes, &epochs, origin).expect("its head is sound");
        let whole = read(&bytes);
        assert_eq!((whole.end(), whole.torn, whole.sound_bytes), (20, false, bytes.len() as u64));
        for (number, &start) in (0u64..).zip(&starts) {
            let mut changed = bytes.clone();
            changed[start + 200] ^= 1;
            let changed = read(&changed);
            assert_eq!((changed.end(), changed.torn), (number, true), "frame {number} changed");
            assert_eq!(changed.sound_bytes, start as u64);
            assert!(changed.frames.iter().zip(&whole.frames).all(|(a, b)| a.frame.rows == b.frame.rows));
        }
    }

    #[test]
    fn a_journal_reads_up_to_its_first_unsound_byte() {
        let (origin, by, mut chance) = ("p/a/records", Secret::new([3; 32]), Counter::default());
        let mut epochs = Epochs::read(&Memory::new(), "a", origin, std::slice::from_ref(&by)).expect("none");
        epochs.begin(&Memory::new(), "a", &by, (0, 1), &mut chance).expect("fits");
        let key = epochs.last().expect("begun").journal_key(origin);
        let head = Head::new("a", 0, 0);
        assert_eq!(Head::of_name(&head.name), Some(head.clone()));
        let mut bytes = head.bytes().to_vec();
        let mut tail = TailKey::random(None, &mut chance).expect("chance");
        let (mut ends, mut last) = (vec![], None);
        for number in 0..3u64 {
            let cursor = (number == 1).then(|| b"cursor".to_vec());
            let frame = Frame { first: number * 2, cursor, rows: vec![row(b"one"), row(&[b'x'; 40_000])] };
            let by = (&key, origin, &mut tail);
            let (sealed, link) = head.seal((number, last.as_ref()), &frame, by, &mut chance).expect("seals");
            bytes.extend(sealed);
            last = Some(link);
            ends.push(bytes.len());
        }
        let read = |bytes: &[u8]| head.clone().read(bytes, &epochs, origin);
        let whole = read(&bytes).expect("reads");
        assert_eq!((whole.end(), whole.torn, whole.sound_bytes), (6, false, bytes.len() as u64));
        assert_eq!(whole.frames[1].frame.cursor.as_deref(), Some(b"cursor".as_slice()));
        for at in (HEADER..bytes.len()).step_by(7) {
            let sound = ends.iter().filter(|&&end| end <= at).count() as u64 * 2;
            let cut = read(&bytes[..at]).expect("its head is sound");
            assert_eq!(cut.end(), sound, "cut at {at}");
            assert_eq!(cut.torn, cut.sound_bytes != at as u64);
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = read(&changed).expect("its head is sound");
            // Of the link of the last frame only the tail's key can say anything.
            let in_last_link = (bytes.len() - Link::BYTES..bytes.len()).contains(&at);
            let other_link = changed.frames.last().map(|s| s.link) != last;
            let in_link = ends.iter().any(|&end| (end - Link::BYTES..end).contains(&at));
            let ends_at_least = if in_link { sound + 2 } else { sound };
            assert!(
                if in_last_link { other_link } else { changed.torn && changed.end() <= ends_at_least },
                "changed at {at}"
            );
        }
        for at in 0..HEADER {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(read(&changed).is_none_or(|j| j.frames.is_empty()), "head changed at {at}");
        }
    }
}
