//! Epochs: each day's random key, and what is derived from it: salts, journal and object keys.

use crate::Chance;
use crate::disk::Disk;
use crate::keys::{self, KeyError, Secret};
use hmac::{Hmac, KeyInit, Mac};
use ledger::Salt;
use model::Time;
use sha2::Sha256;

/// Seconds of a day; epochs follow UTC days.
const DAY_SECONDS: i64 = 86_400;

/// One epoch: from a page on, until the next one begins.
pub(crate) struct Epoch {
    pub(crate) number: u32,
    pub(crate) first_page: u64,
    /// Days since 1970-01-01.
    pub(crate) day: i64,
    pub(crate) key: Secret,
}

pub(crate) fn mac(key: &Secret, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key.bytes()).expect("HMAC takes any key");
    parts.iter().for_each(|p| mac.update(p));
    mac.finalize().into_bytes().into()
}

/// The day of a time, in days since 1970-01-01.
pub(crate) fn day_of(at: Time) -> i64 {
    at.as_second().div_euclid(DAY_SECONDS)
}

impl Epoch {
    /// HKDF-Expand of RFC 5869 §2.3, one block of SHA-256.
    fn derive(&self, label: &str, origin: &str, more: &[u8]) -> Secret {
        Secret::new(mac(&self.key, &[label.as_bytes(), &[0], origin.as_bytes(), &[0], more, &[1]]))
    }

    pub(crate) fn journal_key(&self, origin: &str) -> Secret {
        self.derive("bailiwick/v1/journal", origin, &[])
    }

    pub(crate) fn object_key(&self, origin: &str) -> Secret {
        self.derive("bailiwick/v1/object", origin, &[])
    }
}

/// All epochs of a customer, in order.
pub(crate) struct Epochs {
    origin: String,
    list: Vec<Epoch>,
}

impl Epochs {
    fn folder(customer: &str) -> String {
        format!("keys/{customer}/epochs")
    }

    /// Reads every epoch key of a customer.
    pub(crate) fn read(
        disk: &dyn Disk,
        customer: &str,
        origin: &str,
        by: &[Secret],
    ) -> Result<Self, KeyError> {
        let by: Vec<&Secret> = by.iter().collect();
        let folder = Self::folder(customer);
        let names = disk.list(&folder).map_err(|source| KeyError::Io { name: folder, source })?;
        let mut list = vec![];
        for name in names {
            // One that was being destroyed when the machine stopped.
            if disk.read(&name).is_ok_and(|bytes| bytes.iter().all(|&b| b == 0)) {
                continue;
            }
            let (key, use_of) = keys::read_wrapped_by_any(disk, &name, &by, origin)?;
            let numbers: Vec<i64> = use_of.split(' ').skip(1).filter_map(|n| n.parse().ok()).collect();
            let epoch = match numbers[..] {
                [number, first_page, day] => u32::try_from(number)
                    .ok()
                    .zip(u64::try_from(first_page).ok())
                    .map(|(number, first_page)| Epoch { number, first_page, day, key }),
                _ => None,
            };
            list.push(epoch.ok_or(KeyError::Broken { name })?);
        }
        list.sort_by_key(|e| e.number);
        Ok(Self { origin: origin.to_owned(), list })
    }

    /// Begins an epoch with a fresh key at this page.
    pub(crate) fn begin(
        &mut self,
        disk: &dyn Disk,
        customer: &str,
        by: &Secret,
        (first_page, day): (u64, i64),
        chance: &mut dyn Chance,
    ) -> Result<&Epoch, KeyError> {
        // An epoch that was begun and got no record (a crash in between) gives way to the new one.
        let number = self.list.last().map_or(0, |e| e.number + 1);
        let name = Self::key_name(customer, number);
        let key = Secret::random(chance).map_err(|source| KeyError::Io { name: name.clone(), source })?;
        let use_of = format!("epoch {number} {first_page} {day}");
        keys::write_wrapped(disk, &name, (&key, by), (&use_of, &self.origin), chance)?;
        self.list.push(Epoch { number, first_page, day, key });
        Ok(self.list.last().expect("just pushed"))
    }

    /// Seq of the first record whose epoch still has its key.
    pub(crate) fn begin_seq(&self) -> u64 {
        self.list.first().map_or(0, |e| e.first_page.saturating_mul(ledger::PAGE))
    }

    /// Every epoch with the range of its pages; the last one has no end.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = (&Epoch, Option<u64>)> {
        let ends = self.list.iter().skip(1).map(|e| Some(e.first_page)).chain([None]);
        self.list.iter().zip(ends)
    }

    /// Destroys the key of the oldest epoch, which must have this number. What stood under it cannot be read again.
    pub(crate) fn end_first(&mut self, disk: &dyn Disk, customer: &str, number: u32) -> std::io::Result<()> {
        if self.list.len() > 1 && self.list[0].number == number {
            keys::destroy(disk, &Self::key_name(customer, number))?;
            self.list.remove(0);
        }
        Ok(())
    }

    fn key_name(customer: &str, number: u32) -> String {
        format!("{}/{number:08}.key", Self::folder(customer))
    }

    pub(crate) fn last(&self) -> Option<&Epoch> {
        self.list.last()
    }

    pub(crate) fn numbered(&self, number: u32) -> Option<&Epoch> {
        self.list.iter().find(|e| e.number == number)
    }

    /// The epoch that a page belongs to: the newest that begins at or before it.
    pub(crate) fn of_page(&self, page: u64) -> Option<&Epoch> {
        self.list.iter().rev().find(|e| e.first_page <= page)
    }

    /// HMAC-SHA-256 under the key of a page.
    fn keyed_for(&self, page: u64) -> Option<Hmac<Sha256>> {
        let key = self.of_page(page)?.derive("bailiwick/v1/page", &self.origin, &page.to_be_bytes());
        Some(<Hmac<Sha256> as KeyInit>::new_from_slice(key.bytes()).expect("HMAC takes any key"))
    }

    /// The salts of consecutive records from `first` on: HMAC-SHA-256(page key, be64(seq)), first 16 bytes.
    pub(crate) fn salts(&self, first: u64, count: u64) -> Option<Vec<Salt>> {
        let mut salts = Vec::with_capacity(usize::try_from(count).unwrap_or(0).min(1 << 16));
        // Keyed once a page: half of what one of these costs.
        let mut keyed: Option<(u64, Hmac<Sha256>)> = None;
        for seq in first..first.checked_add(count)? {
            let page = seq / ledger::PAGE;
            let current = match keyed.take() {
                Some((of, keyed)) if of == page => keyed,
                _ => self.keyed_for(page)?,
            };
            let full = current.clone().chain_update(seq.to_be_bytes()).finalize().into_bytes();
            salts.push(full[..16].try_into().expect("16 of 32 bytes"));
            keyed = Some((page, current));
        }
        Some(salts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Memory;
    use crate::keys::tests::Counter;

    #[test]
    fn salts_depend_on_record_epoch_and_origin_and_on_nothing_else() {
        let (disk, by, mut chance) = (Memory::new(), Secret::new([9; 32]), Counter::default());
        let mut epochs =
            Epochs::read(&disk, "acme", "p/acme/records", std::slice::from_ref(&by)).expect("none yet");
        assert!(epochs.salts(0, 1).is_none(), "no epoch, no salt");
        epochs.begin(&disk, "acme", &by, (0, 10), &mut chance).expect("fits");
        let before = epochs.salts(250, 300).expect("salts");
        epochs.begin(&disk, "acme", &by, (2, 11), &mut chance).expect("fits");
        let after = epochs.salts(250, 300).expect("salts");
        assert_eq!(before[..262], after[..262], "pages 0 and 1 keep their epoch");
        assert_ne!(before[262], after[262]);
        assert_eq!(epochs.salts(511, 2).expect("salts"), after[261..263]);
        let again = Epochs::read(&disk, "acme", "p/acme/records", std::slice::from_ref(&by)).expect("reads");
        assert_eq!(again.salts(250, 300), Some(after.clone()));
        let all: std::collections::BTreeSet<_> = after.iter().collect();
        assert_eq!(all.len(), 300, "no salt twice");
        assert!(Epochs::read(&disk, "acme", "p/other/records", std::slice::from_ref(&by)).is_err());
    }
}
