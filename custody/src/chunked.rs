//! Encryption of everything at rest: C2SP chunked-encryption v1 as Cobblestone-256 (SHA-512, AES-256-GCM).
//!
//! TRUST: the disk may hold anything. A message opens only under its key and its context, whole or in part, and a
//! changed, cut, moved or swapped byte is an error.

use crate::Chance;
use crate::keys::Secret;
use aes_gcm::aead::Aead;
use aes_gcm::{Aes256Gcm, KeyInit};
use hmac::{Hmac, Mac};
use sha2::Sha512;
use zeroize::Zeroize;

const SALT: usize = 24;
const COMMITMENT: usize = 32;
/// Salt and commitment stand before the first chunk.
pub(crate) const PREFIX: usize = SALT + COMMITMENT;
const TAG: usize = 16;
/// Plain bytes in every chunk but the last.
pub(crate) const CHUNK: usize = 16 << 10;
const INFO: &[u8] = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";

/// The message does not open: another key, another context, or other bytes than were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bytes do not open under their key: changed, cut, or of another place")]
pub(crate) struct Broken;

/// Key and nonce of one message.
pub(crate) struct Cipher {
    aead: Aes256Gcm,
    base_nonce: [u8; 12],
}

impl Cipher {
    /// HKDF-Expand of RFC 5869 §2.3 without the extract step, two blocks of SHA-512.
    fn derive(key: &Secret, salt: &[u8; SALT], context: &[u8]) -> (Self, [u8; COMMITMENT]) {
        let mac = |parts: &[&[u8]]| {
            let mut mac = <Hmac<Sha512> as KeyInit>::new_from_slice(key.bytes()).expect("HMAC takes any key");
            parts.iter().for_each(|p| mac.update(p));
            mac.finalize().into_bytes()
        };
        let one = mac(&[INFO, salt, context, &[1]]);
        let two = mac(&[&one, INFO, salt, context, &[2]]);
        let mut okm = [0u8; 128];
        okm[..64].copy_from_slice(&one);
        okm[64..].copy_from_slice(&two);
        let aead = Aes256Gcm::new_from_slice(&okm[..32]).expect("32 bytes are a key");
        let base_nonce = okm[32..44].try_into().expect("12 bytes");
        let commitment = okm[44..76].try_into().expect("32 bytes");
        okm.zeroize();
        (Self { aead, base_nonce }, commitment)
    }

    /// Begins to open a message: checks that its first bytes commit to this key and context.
    pub(crate) fn open(key: &Secret, context: &[u8], prefix: &[u8]) -> Result<Self, Broken> {
        let salt: &[u8; SALT] = prefix.first_chunk().ok_or(Broken)?;
        let (cipher, commitment) = Self::derive(key, salt, context);
        // A plain comparison is right: the commitment is public, only its equality matters.
        if prefix.get(SALT..PREFIX) == Some(&commitment) { Ok(cipher) } else { Err(Broken) }
    }

    fn nonce(&self, chunk: u64) -> [u8; 12] {
        let mut nonce = self.base_nonce;
        for (n, c) in nonce[4..].iter_mut().zip(chunk.to_be_bytes()) {
            *n ^= c;
        }
        nonce
    }

    /// Opens one chunk with its tag.
    pub(crate) fn chunk(&self, number: u64, sealed: &[u8]) -> Result<Vec<u8>, Broken> {
        self.aead.decrypt(&self.nonce(number).into(), sealed).map_err(|_| Broken)
    }
}

/// Bytes that a chunk takes at rest, its tag included.
pub(crate) const SEALED_CHUNK: usize = CHUNK + TAG;

/// Plain length of a message of this length at rest, if there can be one.
pub(crate) fn plain_length(sealed: u64) -> Option<u64> {
    let body = sealed.checked_sub(PREFIX as u64)?;
    let whole = body / SEALED_CHUNK as u64;
    let last = (body % SEALED_CHUNK as u64).checked_sub(TAG as u64)?;
    Some(whole * CHUNK as u64 + last)
}

/// Seals a message under a fresh salt.
pub(crate) fn seal(
    key: &Secret,
    context: &[u8],
    plain: &[u8],
    chance: &mut dyn Chance,
) -> std::io::Result<Vec<u8>> {
    let mut salt = [0u8; SALT];
    chance.fill(&mut salt)?;
    let (cipher, commitment) = Cipher::derive(key, &salt, context);
    let mut out = Vec::with_capacity(PREFIX + plain.len() + (plain.len() / CHUNK + 1) * TAG);
    out.extend(salt);
    out.extend(commitment);
    let chunks = plain.len() / CHUNK + 1;
    for number in 0..chunks {
        let part = &plain[number * CHUNK..plain.len().min((number + 1) * CHUNK)];
        let nonce = cipher.nonce(number as u64).into();
        let sealed = cipher.aead.encrypt(&nonce, part);
        out.extend(sealed.expect("a chunk is far below the limit of AES-GCM"));
    }
    Ok(out)
}

/// Opens a whole message.
pub(crate) fn open(key: &Secret, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Broken> {
    let length = plain_length(sealed.len() as u64).ok_or(Broken)?;
    let cipher = Cipher::open(key, context, &sealed[..PREFIX])?;
    let mut plain = Vec::with_capacity(usize::try_from(length).map_err(|_| Broken)?);
    for (number, part) in sealed[PREFIX..].chunks(SEALED_CHUNK).enumerate() {
        plain.extend(cipher.chunk(number as u64, part)?);
    }
    // The last chunk is always short, so a cut at a chunk's end shows as a length that cannot be.
    if plain.len() as u64 == length { Ok(plain) } else { Err(Broken) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::tests::Counter;

    fn round(length: usize) {
        let key = Secret::new([7; 32]);
        let plain: Vec<u8> = (0..length).map(|n| u8::try_from(n % 251).expect("small")).collect();
        let sealed = seal(&key, b"here", &plain, &mut Counter::default()).expect("chance");
        assert_eq!(plain_length(sealed.len() as u64), Some(length as u64));
        assert_eq!(open(&key, b"here", &sealed), Ok(plain));
        assert_eq!(open(&key, b"there", &sealed), Err(Broken));
        assert_eq!(open(&Secret::new([8; 32]), b"here", &sealed), Err(Broken));
        for at in (0..sealed.len()).step_by(1 + sealed.len() / 97) {
            let mut changed = sealed.clone();
            changed[at] ^= 0x40;
            assert_eq!(open(&key, b"here", &changed), Err(Broken), "byte {at} of {length}");
            assert_eq!(open(&key, b"here", &sealed[..at]), Err(Broken), "cut at {at} of {length}");
        }
    }

    #[test]
    fn a_message_opens_whole_and_only_under_its_key_and_context() {
        for length in [0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5] {
            round(length);
        }
    }

    #[test]
    fn a_message_cut_at_a_chunk_is_refused() {
        let key = Secret::new([7; 32]);
        let sealed = seal(&key, b"", &vec![1; 2 * CHUNK + 9], &mut Counter::default()).expect("chance");
        for chunks in 0..3 {
            assert_eq!(open(&key, b"", &sealed[..PREFIX + chunks * SEALED_CHUNK]), Err(Broken));
        }
        let mut swapped = sealed.clone();
        let (one, two) = swapped[PREFIX..PREFIX + 2 * SEALED_CHUNK].split_at_mut(SEALED_CHUNK);
        one.swap_with_slice(two);
        assert_eq!(open(&key, b"", &swapped), Err(Broken));
    }

    #[test]
    fn two_messages_of_the_same_text_differ() {
        let key = Secret::new([7; 32]);
        let mut chance = Counter::default();
        let one = seal(&key, b"", b"same", &mut chance).expect("chance");
        assert_ne!(one, seal(&key, b"", b"same", &mut chance).expect("chance"));
    }
}
