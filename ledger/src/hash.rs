//! Hashes of RFC 6962 §2.1, and the salted commitment that stands for a record in the tree.

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use std::fmt;

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Hash(pub [u8; 32]);

/// What hides a record behind its commitment.
pub type Salt = [u8; 16];

impl Hash {
    /// Lower-case hexadecimal.
    #[must_use]
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// Reads the base64 form; `None` when it is not exactly that of 32 bytes.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        BASE64_STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_STANDARD.encode(self.0))
    }
}

/// The entry that stands for a record: `0x01 ‖ SHA-256(salt ‖ form)`. Without the salt it confirms nothing.
#[must_use]
pub fn commitment(salt: &Salt, form: &[u8]) -> [u8; 33] {
    let mut entry = [1; 33];
    entry[1..].copy_from_slice(&Sha256::new().chain_update(salt).chain_update(form).finalize());
    entry
}

/// The hash of a leaf: `SHA-256(0x00 ‖ entry)` (RFC 6962 §2.1).
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    // A commitment fits into one block together with its padding.
    let mut block = [0; BLOCK];
    match block.get_mut(1..=entry.len()) {
        Some(room) if entry.len() <= BLOCK - 1 - PADDING => {
            room.copy_from_slice(entry);
            padded([block], 1 + entry.len())
        }
        _ => Hash(Sha256::new().chain_update([0]).chain_update(entry).finalize().into()),
    }
}

/// The hash of an inner node: `SHA-256(0x01 ‖ left ‖ right)` (RFC 6962 §2.1).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut blocks = [[0; BLOCK]; 2];
    blocks[0][0] = 1;
    blocks[0][1..33].copy_from_slice(&left.0);
    blocks[0][33..].copy_from_slice(&right.0[..31]);
    blocks[1][0] = right.0[31];
    padded(blocks, 65)
}

/// Bytes in a block of SHA-256.
const BLOCK: usize = 64;
/// The least that follows a message: one byte 0x80, and its length in bits in eight bytes (FIPS 180-4 §5.1.1).
const PADDING: usize = 9;
/// The state that SHA-256 begins with (FIPS 180-4 §5.3.3).
const BEGIN: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// SHA-256 of the first `length` bytes of some blocks; the padding, for which there is room, is written here. A tree's nodes are
/// so short that the buffer of a running hash would cost a fifth of them.
fn padded<const N: usize>(mut blocks: [[u8; BLOCK]; N], length: usize) -> Hash {
    let all = blocks.as_flattened_mut();
    all[length] = 0x80;
    let end = all.len() - 8;
    all[end..].copy_from_slice(&(length as u64 * 8).to_be_bytes());
    let mut state = BEGIN;
    sha2::block_api::compress256(&mut state, &blocks);
    let mut hash = [0; 32];
    for (to, word) in hash.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *to = word.to_be_bytes();
    }
    Hash(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_of_any_length_and_a_node_are_plain_sha_256() {
        let bytes: Vec<u8> = (0..=255).cycle().take(300).map(|b: u8| b.wrapping_mul(167) ^ 0x5a).collect();
        for many in 0..200 {
            let want = Sha256::digest([&[0], &bytes[..many]].concat());
            assert_eq!(leaf_hash(&bytes[..many]).0, *want, "{many}");
        }
        for at in 0..200 {
            let (left, right) = (&bytes[at..at + 32], &bytes[at + 40..at + 72]);
            let want = Sha256::digest([&[1], left, right].concat());
            let hash = |part: &[u8]| Hash(part.try_into().expect("32"));
            assert_eq!(node_hash(&hash(left), &hash(right)).0, *want, "{at}");
        }
    }
}
