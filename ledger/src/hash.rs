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
    Hash(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
}

/// The hash of an inner node: `SHA-256(0x01 ‖ left ‖ right)` (RFC 6962 §2.1).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}
