//! Numbers things by their hash: a table that gives up rather than grow slow when somebody chooses bad hashes.

/// Most slots that are looked at before the table gives up.
const PROBES: usize = 48;

/// What the table says of a thing.
pub(crate) enum Found {
    /// It has this number already.
    Known(u32),
    /// It is new and got this number, the next one.
    New(u32),
    /// Too many things are in its way.
    Crowded,
}

/// An open table of hashes; the things themselves stand with the caller.
pub(crate) struct Slots {
    /// Number and one, 0 when free.
    slots: Vec<u32>,
    hashes: Vec<u64>,
    shift: u32,
}

impl Slots {
    pub(crate) fn new() -> Self {
        Self { slots: vec![0; 64], hashes: vec![], shift: 64 - 6 }
    }

    pub(crate) fn into_hashes(self) -> Vec<u64> {
        self.hashes
    }

    /// The number of the thing with this hash; `same` says whether the thing of a number is the one that is meant.
    pub(crate) fn find(&mut self, hash: u64, same: impl Fn(u32) -> bool) -> Found {
        if self.hashes.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut at = self.home(hash);
        for _ in 0..PROBES {
            match self.slots[at] {
                0 => {
                    let Ok(number) = u32::try_from(self.hashes.len()) else { return Found::Crowded };
                    self.hashes.push(hash);
                    self.slots[at] = number.saturating_add(1);
                    return Found::New(number);
                }
                taken if self.hashes[taken as usize - 1] == hash && same(taken - 1) => {
                    return Found::Known(taken - 1);
                }
                _ => at = (at + 1) & mask,
            }
        }
        Found::Crowded
    }

    fn home(&self, hash: u64) -> usize {
        usize::try_from(hash.wrapping_mul(0xd6e8_feb8_6659_fd93) >> self.shift).unwrap_or(0)
    }

    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 2];
        self.shift -= 1;
        let mask = self.slots.len() - 1;
        for (number, &hash) in (1u32..).zip(&self.hashes) {
            let mut at = self.home(hash);
            while self.slots[at] != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_keep_their_numbers_while_the_table_grows() {
        let mut slots = Slots::new();
        for n in 0..10_000u64 {
            assert!(matches!(slots.find(n * n, |_| true), Found::New(number) if u64::from(number) == n));
        }
        for n in 0..10_000u64 {
            assert!(matches!(slots.find(n * n, |_| true), Found::Known(number) if u64::from(number) == n));
        }
    }

    #[test]
    fn a_thousand_things_of_one_hash_are_crowded() {
        let mut slots = Slots::new();
        let crowded = (0..1000).filter(|_| matches!(slots.find(7, |_| false), Found::Crowded)).count();
        assert_eq!(crowded, 1000 - PROBES);
    }
}
