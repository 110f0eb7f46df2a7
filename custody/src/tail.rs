//! The key of the tail: what the journal holds and no checkpoint covers yet is sealed by a MAC whose key ratchets on and is
//! erased. Whoever gets hold of the keys later cannot change or add a frame before that, whatever other keys they hold.
//!
//! The file `keys/<id>/tail.key` holds the key of the next frame. It moves on after the checkpoint was written, without waiting
//! for the disk: an older state that a power cut brings back still leads to the newer keys, never the other way.

use crate::chunked;
use crate::disk::Disk;
use crate::keys::{KeyError, Secret};
use crate::{Chance, epoch};
use sha2::{Digest, Sha256};
use std::io;

/// Frames that may stand between a state and what it has to check: more than a journal holds.
const STEPS_LIMIT: u64 = 1 << 20;

/// What a frame carries behind its message: its place in the chain, and the MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) position: u64,
    pub(crate) tag: [u8; 32],
}

impl Link {
    pub(crate) const BYTES: usize = 40;

    pub(crate) fn bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&self.position.to_be_bytes());
        bytes[8..].copy_from_slice(&self.tag);
        bytes
    }

    pub(crate) fn read(bytes: &[u8; Self::BYTES]) -> Self {
        let (position, tag) = bytes.split_at(8);
        Self {
            position: u64::from_be_bytes(position.try_into().expect("8 bytes")),
            tag: tag.try_into().expect("32 bytes"),
        }
    }
}

/// What the MAC is over: head and message of a frame.
pub(crate) fn digest(head: &[u8], message: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(head).chain_update(message).finalize().into()
}

/// The key of one place in the chain.
pub(crate) struct TailKey {
    position: u64,
    key: Secret,
    /// SHA-256 of the link of the frame before, so that no bit of it is free although its key is gone.
    before: [u8; 32],
}

impl TailKey {
    fn name(customer: &str) -> String {
        format!("keys/{customer}/tail.key")
    }

    fn context(origin: &str) -> Vec<u8> {
        [b"bailiwick/v1/tail".as_slice(), origin.as_bytes()].join(&0)
    }

    /// A fresh key for the frame behind this one.
    pub(crate) fn random(last: Option<&Link>, chance: &mut dyn Chance) -> io::Result<Self> {
        let position = last.map_or(0, |last| last.position.saturating_add(1));
        let before = last.map_or([0; 32], |last| Sha256::digest(last.bytes()).into());
        Ok(Self { position, key: Secret::random(chance)?, before })
    }

    /// Reads the state; `None` when there is none.
    pub(crate) fn read(
        disk: &dyn Disk,
        customer: &str,
        origin: &str,
        by: &Secret,
    ) -> Result<Option<Self>, KeyError> {
        let name = Self::name(customer);
        let sealed = match disk.read(&name) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(KeyError::Io { name, source }),
        };
        let mut plain = chunked::open(by, &Self::context(origin), &sealed)
            .map_err(|_| KeyError::Broken { name: name.clone() })?;
        let made = plain.split_first_chunk::<8>().and_then(|(position, rest)| {
            let (before, key) = rest.split_first_chunk::<32>()?;
            let key = Secret::new(key.try_into().ok()?);
            Some(Self { position: u64::from_be_bytes(*position), key, before: *before })
        });
        zeroize::Zeroize::zeroize(&mut plain);
        made.ok_or(KeyError::Broken { name }).map(Some)
    }

    /// Wraps the state under another key, if there is one.
    pub(crate) fn rewrap(
        disk: &dyn Disk,
        customer: &str,
        origin: &str,
        (old, new): (&[Secret], &Secret),
        chance: &mut dyn Chance,
    ) -> Result<(), KeyError> {
        let name = Self::name(customer);
        if Self::read(disk, customer, origin, new).is_ok() {
            return Ok(());
        }
        for by in old {
            if let Ok(Some(state)) = Self::read(disk, customer, origin, by) {
                let failed = |source| KeyError::Io { name: name.clone(), source };
                state.write(disk, customer, (origin, new), chance).map_err(failed)?;
                return disk.sync(&name).map_err(failed);
            }
        }
        Err(KeyError::Broken { name })
    }

    /// Writes the state in the place of the one before, which is gone then.
    pub(crate) fn write(
        &self,
        disk: &dyn Disk,
        customer: &str,
        (origin, by): (&str, &Secret),
        chance: &mut dyn Chance,
    ) -> io::Result<()> {
        let mut plain = self.position.to_be_bytes().to_vec();
        plain.extend(self.before);
        plain.extend(self.key.bytes());
        let sealed = chunked::seal(by, &Self::context(origin), &plain, chance);
        zeroize::Zeroize::zeroize(&mut plain);
        disk.put_soon(&Self::name(customer), &sealed?)
    }

    /// The frame that this key is for.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    fn step(&mut self) {
        self.key = Secret::new(epoch::mac(&self.key, &[b"bailiwick/v1/ratchet", &[1]]));
        self.position += 1;
    }

    /// Seals the next frame and moves on: this key is gone then.
    pub(crate) fn seal(&mut self, digest: &[u8; 32]) -> Link {
        let link = Link { position: self.position, tag: epoch::mac(&self.key, &[digest]) };
        self.step();
        self.before = Sha256::digest(link.bytes()).into();
        link
    }

    /// Whether a frame is the one before this key: its own key is gone, its link is remembered.
    pub(crate) fn follows(&self, link: &Link) -> bool {
        let is_next = link.position.checked_add(1) == Some(self.position);
        is_next && self.before == <[u8; 32]>::from(Sha256::digest(link.bytes()))
    }

    /// Whether a frame was sealed by the key of its place, which must not lie behind us. Moves on behind it.
    pub(crate) fn admits(&mut self, link: &Link, digest: &[u8; 32]) -> bool {
        if link.position < self.position || link.position - self.position > STEPS_LIMIT {
            return false;
        }
        while self.position < link.position {
            self.step();
        }
        self.seal(digest) == *link
    }
}

/// A frame as the tail's key knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linked {
    pub(crate) link: Link,
    /// What its MAC is over.
    pub(crate) digest: [u8; 32],
    /// Seq behind its last record.
    pub(crate) end: u64,
}

/// Why the newest frames of a vault are not those that were written last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// Whether frames are gone, not changed.
    pub(crate) missing: bool,
    pub(crate) why: &'static str,
}

/// Whether anything is wrong with frames, in the order of the chain, below a checkpoint of this size. `state` must have been read
/// before all of them: a writer may be at work.
pub(crate) fn doubt(state: Result<Option<TailKey>, KeyError>, frames: &[Linked], size: u64) -> Option<Doubt> {
    let last = &frames.last()?.link;
    let Ok(Some(mut key)) = state else {
        return Some(Doubt { missing: false, why: "the key of its tail is missing or damaged" });
    };
    // A frame's key goes when a checkpoint covers the frame.
    if frames.iter().any(|frame| frame.link.position < key.position() && frame.end > size) {
        let why = "the checkpoint is older than its keys: it does not cover records that were acknowledged";
        return Some(Doubt { missing: true, why });
    }
    let sound = if last.position < key.position() {
        key.follows(last)
    } else {
        let from = key.position();
        let mut ahead = frames.iter().filter(|frame| frame.link.position >= from);
        ahead.all(|frame| key.admits(&frame.link, &frame.digest))
    };
    if sound {
        None
    } else if last.position.saturating_add(1) < key.position() {
        let why = "the vault is older than its keys: frames that were acknowledged are missing";
        Some(Doubt { missing: true, why })
    } else {
        Some(Doubt { missing: false, why: "its last frame was not sealed with the tail's key" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Memory;
    use crate::keys::tests::Counter;

    #[test]
    fn a_frame_is_admitted_at_its_place_only_and_never_by_a_later_key() {
        let mut chance = Counter::default();
        let (disk, by) = (Memory::new(), Secret::new([5; 32]));
        let two = Link { position: 2, tag: [0; 32] };
        let mut writer = TailKey::random(Some(&two), &mut chance).expect("chance");
        writer.write(&disk, "acme", ("p/acme/records", &by), &mut chance).expect("writes");
        let digests: Vec<_> = (0..4u8).map(|n| digest(b"head", &[n])).collect();
        let links: Vec<_> = digests.iter().map(|d| writer.seal(d)).collect();
        let read = || TailKey::read(&disk, "acme", "p/acme/records", &by).expect("reads").expect("there");
        let mut reader = read();
        assert!(links.iter().zip(&digests).all(|(l, d)| reader.admits(l, d)));
        assert_eq!(reader.position(), 7);
        assert!(reader.follows(&links[3]) && !reader.follows(&links[2]));
        let mut changed = links[3];
        changed.tag[31] ^= 1;
        assert!(!reader.follows(&changed));
        assert!(!reader.admits(&links[3], &digests[3]), "its key is gone");
        assert!(read().admits(&links[2], &digests[2]), "an older state leads there");
        assert!(!read().admits(&links[2], &digests[1]), "another frame");
        assert!(!read().admits(&Link { position: 4, ..links[2] }, &digests[2]), "another place");
        assert!(!read().admits(&Link { position: u64::MAX, ..links[2] }, &digests[2]), "bounded");
        assert_eq!(Link::read(&links[2].bytes()), links[2]);
        assert!(TailKey::read(&disk, "acme", "p/other/records", &by).is_err());
    }
}
