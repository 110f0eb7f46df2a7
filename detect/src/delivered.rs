//! Which records came once more: a sender that is not sure that its file arrived sends it again, and nobody failed twice.
//!
//! A record is the same when its bytes and its time are, and it comes minutes behind the first: tries within one second
//! may well have the same bytes, and come together.

use crate::memory::TOLERANCE_MS;
use model::Record;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Records that are remembered; at the bound the half that came first goes.
const LIMIT: usize = 8_192;

/// Failures and prompts that came, each with when it did, in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Delivered(BTreeMap<u64, i64>);

impl Delivered {
    /// Takes note of a record; says whether it came before already.
    pub(crate) fn is_again(&mut self, record: &Record, at: i64) -> bool {
        if record.raw.is_empty() {
            return false;
        }
        let received = record.received.as_millisecond();
        let hash: [u8; 32] =
            Sha256::new().chain_update(at.to_be_bytes()).chain_update(&record.raw).finalize().into();
        let key = u64::from_be_bytes(hash[..8].try_into().expect("8 of 32 bytes"));
        let first = self.0.entry(key).or_insert(received);
        if first.saturating_add(TOLERANCE_MS) < received {
            return true;
        }
        *first = received.min(*first);
        if self.0.len() > LIMIT {
            let mut times: Vec<i64> = self.0.values().copied().collect();
            let (_, middle, _) = times.select_nth_unstable(LIMIT / 2);
            let middle = *middle;
            // Those of the same moment go by their hash, so that there is room in any case.
            let mut room = LIMIT / 2;
            self.0.retain(|_, received| {
                let stays = *received >= middle && room > 0;
                room -= usize::from(stays);
                stays
            });
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Format, Kind, Source, Time};

    fn record(raw: &str, received: i64) -> Record {
        let time = |second| Time::from_second(second).expect("a time");
        let source = Source::new(Format::Text, "x").expect("good");
        let raw = raw.as_bytes().to_vec();
        Record {
            seq: 0,
            kind: Kind::Event,
            source,
            happened: time(0),
            received: time(received),
            raw,
            defects: vec![],
        }
    }

    #[test]
    fn the_same_bytes_count_once_more_only_when_they_come_together() {
        let mut all = Delivered::default();
        for (raw, at, received, want) in [
            ("failed", 0, 5, false),
            ("failed", 0, 5, false),
            ("failed", 0, 124, false),
            ("failed", 0, 3_600, true),
            ("failed", 1, 3_600, false),
            ("other", 0, 3_600, false),
            ("", 0, 5, false),
            ("", 0, 3_600, false),
        ] {
            assert_eq!(all.is_again(&record(raw, received), at), want, "{raw} {at} {received}");
        }
    }

    #[test]
    fn what_came_first_goes_at_the_bound() {
        let mut all = Delivered::default();
        let many = i64::try_from(3 * LIMIT).expect("small");
        for n in 0..many {
            assert!(!all.is_again(&record(&n.to_string(), n), 0));
            assert!(all.0.len() <= LIMIT);
        }
        assert!(all.is_again(&record(&(many - 1).to_string(), many + 900), 0));
        assert!(!all.is_again(&record("0", many + 900), 0));
        let mut flood = Delivered::default();
        (0..many).for_each(|n| assert!(!flood.is_again(&record(&n.to_string(), 7), 0)));
        assert!(flood.0.len() <= LIMIT);
    }
}
