//! A quick hash for tables of short texts, with a seed of its own in each process, so that nobody can aim at a table.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Makes hashers that share one seed.
#[derive(Debug, Clone)]
pub(crate) struct Seed(u64);

impl Seed {
    /// A number that no other seed has.
    pub(crate) fn number(&self) -> u64 {
        self.0
    }
}

impl Default for Seed {
    fn default() -> Self {
        Self(RandomState::new().build_hasher().finish())
    }
}

impl BuildHasher for Seed {
    type Hasher = Quick;

    fn build_hasher(&self) -> Quick {
        Quick(self.0)
    }
}

/// Folds eight bytes at a time with one wide multiplication.
#[derive(Debug)]
pub(crate) struct Quick(u64);

/// An odd number with bits everywhere: the fraction of the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

#[expect(clippy::cast_possible_truncation, reason = "both halves of the product are taken")]
fn fold(left: u64, right: u64) -> u64 {
    let wide = u128::from(left) * u128::from(right);
    wide as u64 ^ (wide >> 64) as u64
}

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.write_u64(u64::from_le_bytes(last) ^ (rest.len() as u64) << 56);
        }
    }

    /// Only ends texts: it is the same for all.
    fn write_u8(&mut self, byte: u8) {
        self.0 ^= u64::from(byte);
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = fold(self.0 ^ word, SPREAD);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
