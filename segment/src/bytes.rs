//! Variable-length integers, the cursor that reads them, and the sum that tells damage.

use crate::SegmentError;

/// Appends an unsigned integer, seven bits a byte, least first (LEB128).
pub(crate) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or(0));
}

/// Appends a signed integer, small magnitudes short (zigzag).
pub(crate) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, (value.wrapping_shl(1) ^ (value >> 63)).cast_unsigned());
}

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The sum of bytes that stands beside them, so that chance damage is told; it holds off no attacker. Part of the form:
/// begin with `seed` xor the length; for each eight bytes (least first, the last filled with zeros): xor, multiply by
/// the factor, xor with itself shifted right by 32. Each step is one to one, so no damage within one word escapes.
pub(crate) fn sum(seed: u64, bytes: &[u8]) -> u64 {
    let step = |sum: u64, word: u64| {
        let mixed = (sum ^ word).wrapping_mul(FACTOR);
        mixed ^ (mixed >> 32)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let sum = words.iter().fold(seed ^ bytes.len() as u64, |sum, word| step(sum, u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    step(sum, u64::from_le_bytes(last))
}

/// A place in bytes that are being read.
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn take(&mut self, many: usize) -> Result<&'a [u8], SegmentError> {
        let end = self.at.checked_add(many).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or(SegmentError::Damaged { what: "a part ends too early" })?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64, SegmentError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(SegmentError::Damaged { what: "an integer is over 64 bits" })
    }

    /// An integer that counts things of which each takes at least one bit here, so that no count can ask for more
    /// memory than eight times the bytes at hand.
    pub(crate) fn count(&mut self, limit: usize) -> Result<usize, SegmentError> {
        let many = self.unsigned()?;
        usize::try_from(many)
            .ok()
            .filter(|&m| m <= limit)
            .ok_or(SegmentError::Damaged { what: "a count is over its limit" })
    }

    pub(crate) fn signed(&mut self) -> Result<i64, SegmentError> {
        let value = self.unsigned()?;
        Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
    }

    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn integers_survive(a in any::<u64>(), b in any::<i64>()) {
            let mut out = vec![];
            put(&mut out, a);
            put_signed(&mut out, b);
            let mut c = Cursor::new(&out);
            prop_assert_eq!((c.unsigned().ok(), c.signed().ok(), c.left()), (Some(a), Some(b), 0));
        }
    }

    #[test]
    fn an_integer_of_65_bits_is_refused() {
        assert!(Cursor::new(&[0xff; 10]).unsigned().is_err());
        assert!(Cursor::new(&[0xff, 0xff]).unsigned().is_err());
    }
}
