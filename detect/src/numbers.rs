//! Numbers that logs give their own records: Windows by channel and machine, journald, auditd. Where a log has never
//! lacked one, a gap says that records were taken out.
//!
//! Gaps are ordinary in a log that is filtered or lossy on its way; it shows them early and often, so a log must have run
//! without one for long before a gap counts, and for twice as long after each. Numbers that begin anew (a log that is made
//! anew, a machine that restarts) are no gap.

use crate::about::Settings;
use crate::memory::TOLERANCE_MS;
use model::Fields;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Logs whose numbers are followed.
const STREAMS_LIMIT: usize = 5_000;
/// Gaps of one log that wait for records that are late; beyond, the log is taken for a lossy one.
const HOLES_LIMIT: usize = 16;
/// After so many gaps nothing is asked of a log any more than before.
const DOUBLINGS: u32 = 20;
/// Bytes of a message in which the number of auditd is looked for.
const HEAD_BYTES: usize = 200;
/// Fields that hold the number, the channel, and what tells one numbering from the next.
const FIELDS: [(&str, &str); 4] = [
    ("EventRecordID", "Channel"),
    ("winlog.record_id", "winlog.channel"),
    ("RecordNumber", "Channel"),
    ("__SEQNUM", "__SEQNUM_ID"),
];

/// The number that a record bears, and the channel within its machine that gives them.
#[must_use]
pub(crate) fn number(fields: &Fields) -> Option<(Cow<'_, str>, u64)> {
    for (number, channel) in FIELDS {
        if let Some(found) = fields.get(number).and_then(whole) {
            let channel = fields.get(channel).and_then(Value::as_str).unwrap_or("");
            return Some((Cow::Borrowed(channel), found));
        }
    }
    if let Some(cursor) = fields.get("__CURSOR").and_then(Value::as_str) {
        let part = |name: &str| cursor.split(';').find_map(|p| p.strip_prefix(name));
        let found = u64::from_str_radix(part("i=")?, 16).ok()?;
        return Some((Cow::Borrowed(part("s=").unwrap_or("")), found));
    }
    let message = fields.get("message").or_else(|| fields.get("MESSAGE"))?.as_str()?;
    let mut end = message.len().min(HEAD_BYTES);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    // `audit(1364481363.243:24287)`: seconds, and the serial of the event, which its records share.
    let (_, behind) = message[..end].split_once("audit(")?;
    let (_, serial) = behind.split_once(')')?.0.split_once(':')?;
    Some((Cow::Borrowed("audit"), serial.parse().ok()?))
}

fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// A record at the edge of a gap: its time and place in the log.
type Edge = (i64, u64);

/// Numbers that have not come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Hole {
    from: u64,
    to: u64,
    before: Edge,
    after: Edge,
}

/// The numbers of one channel of one machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Stream {
    /// First number of the run without a gap, and the highest number of all.
    start: u64,
    high: u64,
    last: Edge,
    holes: Vec<Hole>,
    /// Gaps that were decided.
    decided: u32,
}

/// Records that are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) before: Edge,
    pub(crate) after: Edge,
    /// Records without a gap before it.
    pub(crate) run: u64,
}

impl Stream {
    fn begin(number: u64, at: i64, seq: u64) -> Self {
        Self { start: number, high: number, last: (at, seq), ..Self::default() }
    }

    fn take(&mut self, number: u64, at: i64, seq: u64) {
        if number > self.high {
            if number > self.high + 1 {
                let hole = Hole { from: self.high + 1, to: number - 1, before: self.last, after: (at, seq) };
                self.holes.push(hole);
            }
            (self.high, self.last) = (number, (at, seq));
            if self.holes.len() > HOLES_LIMIT {
                self.give_up();
            }
        } else if let Some(place) = self.holes.iter().position(|h| h.from <= number && number <= h.to) {
            self.fill(place, number, (at, seq));
        } else if at > self.last.0.saturating_add(TOLERANCE_MS) {
            // Later, and a smaller number: the numbers began anew.
            let decided = self.decided;
            *self = Self { decided, ..Self::begin(number, at, seq) };
        } else if self.decided == 0 && number < self.start {
            // The first record of all came behind the second one.
            self.start = number;
        }
    }

    /// One of the missing has come: what is left of the gap has other edges.
    fn fill(&mut self, place: usize, number: u64, edge: Edge) {
        let hole = self.holes.remove(place);
        if number < hole.to {
            self.holes.insert(place, Hole { from: number + 1, before: edge, ..hole });
        }
        if hole.from < number {
            self.holes.insert(place, Hole { to: number - 1, after: edge, ..hole });
        }
    }

    /// A log that lacks so many numbers at a time is filtered.
    fn give_up(&mut self) {
        self.decided = self.decided.saturating_add(u32::try_from(self.holes.len()).unwrap_or(u32::MAX));
        self.holes.clear();
        self.start = self.high;
    }

    /// Gaps that no late record can fill any more, and that count.
    fn decide(&mut self, at: i64, limits: Limits) -> Vec<Gap> {
        let mut found = vec![];
        while self.holes.first().is_some_and(|h| at > h.after.0.saturating_add(limits.wait_ms)) {
            let hole = self.holes.remove(0);
            let run = hole.from.saturating_sub(self.start);
            let wanted = limits.learn.saturating_mul(1 << self.decided.min(DOUBLINGS));
            let missing = hole.to - hole.from + 1;
            let pause = hole.after.0.saturating_sub(hole.before.0);
            self.start = hole.to + 1;
            self.decided = self.decided.saturating_add(1);
            if run >= wanted && missing >= limits.least && pause <= limits.pause_ms {
                found.push(Gap { from: hole.from, to: hole.to, before: hole.before, after: hole.after, run });
            }
        }
        found
    }
}

/// The thresholds of gaps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    least: u64,
    learn: u64,
    pause_ms: i64,
    wait_ms: i64,
}

impl Limits {
    pub(crate) fn of(settings: &Settings) -> Self {
        let of = |name| settings.of("bw.log-tampering", name);
        let count = |name| u64::try_from(of(name)).unwrap_or(u64::MAX);
        Self {
            least: count("gap"),
            learn: count("gap-learn"),
            pause_ms: of("gap-pause").saturating_mul(1000),
            wait_ms: of("restart").saturating_mul(1000).saturating_add(TOLERANCE_MS),
        }
    }
}

/// The numbers of all logs of one customer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Numbers {
    streams: BTreeMap<String, Stream>,
}

impl Numbers {
    /// Takes the number of a record; says which gaps of its channel are decided by now. `settings` are looked at only
    /// where something is missing.
    pub(crate) fn take(
        &mut self,
        stream: &str,
        number: u64,
        (at, seq): (i64, u64),
        settings: &Settings,
    ) -> Vec<Gap> {
        let Some(known) = self.streams.get_mut(stream) else {
            if self.streams.len() < STREAMS_LIMIT {
                self.streams.insert(stream.to_owned(), Stream::begin(number, at, seq));
            }
            return vec![];
        };
        known.take(number, at, seq);
        if known.holes.is_empty() { vec![] } else { known.decide(at, Limits::of(settings)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_read_where_products_put_them() {
        for (fields, want) in [
            (json!({"EventRecordID": "71", "Channel": "Security"}), Some(("Security", 71))),
            (json!({"EventRecordID": 71, "Channel": "Security"}), Some(("Security", 71))),
            (json!({"winlog.record_id": 9, "winlog.channel": "System"}), Some(("System", 9))),
            (json!({"RecordNumber": 9, "Channel": "System"}), Some(("System", 9))),
            (json!({"__SEQNUM": "12", "__SEQNUM_ID": "ab"}), Some(("ab", 12))),
            (json!({"__CURSOR": "s=ab;i=1f;b=cd;m=1;t=2;x=3"}), Some(("ab", 31))),
            (json!({"__CURSOR": "c1"}), None),
            (
                json!({"message": "type=USER_AUTH msg=audit(1364481363.243:24287): pid=1"}),
                Some(("audit", 24_287)),
            ),
            (json!({"message": "audit(no number"}), None),
            (json!({"message": "ä".repeat(300)}), None),
            (json!({"EventRecordID": "x"}), None),
        ] {
            let have = number(fields.as_object().expect("an object"));
            assert_eq!(have.as_ref().map(|(c, n)| (c.as_ref(), *n)), want, "{fields}");
        }
    }

    /// Gaps that are told of numbers, one a second; each with its second where that is not the next.
    fn gaps(numbers: impl IntoIterator<Item = (u64, i64)>) -> Vec<(u64, u64)> {
        let (mut all, mut found) = (Numbers::default(), vec![]);
        let mut settings = Settings::default();
        settings.set("bw.log-tampering.gap-learn", 100).expect("within");
        for (seq, (number, second)) in (0u64..).zip(numbers) {
            found.extend(all.take("x", number, (second * 1000, seq), &settings));
        }
        found.into_iter().map(|g: Gap| (g.from, g.to)).collect()
    }

    fn steady(numbers: std::ops::Range<u64>) -> impl Iterator<Item = (u64, i64)> {
        numbers.map(|n| (n, i64::try_from(n).expect("small")))
    }

    #[test]
    fn the_run_before_a_gap_is_the_same_when_its_first_record_comes_late() {
        let run = |first: [u64; 3]| {
            let (mut all, mut settings) = (Numbers::default(), Settings::default());
            settings.set("bw.log-tampering.gap-learn", 100).expect("within");
            let numbers = first.into_iter().chain(3..200).chain(203..900);
            let take = |n: u64| all.take("x", n, (i64::try_from(n).expect("small") * 1000, n), &settings);
            numbers.flat_map(take).map(|g| g.run).collect::<Vec<_>>()
        };
        assert_eq!(run([0, 1, 2]), [200]);
        assert_eq!(run([2, 0, 1]), [200]);
    }

    #[test]
    fn a_gap_counts_in_a_log_that_never_had_one_and_no_other_way() {
        let without = |gone: std::ops::Range<u64>| steady(0..1000).filter(move |(n, _)| !gone.contains(n));
        assert_eq!(gaps(steady(0..1000)), []);
        assert_eq!(gaps(without(500..503)), [(500, 502)]);
        assert_eq!(gaps(without(50..53)), [], "not learned yet");
        assert_eq!(gaps(without(990..993)), [], "late records may still come");
        let filtered = (0..3000).filter(|n| n % 7 != 3);
        assert_eq!(gaps(filtered.map(|n| (n, i64::try_from(n).expect("small")))), [], "filtered");
        let lossy = (0..30_000).filter(|n| n % 120 != 3);
        let told = gaps(lossy.map(|n| (n, i64::try_from(n).expect("small"))));
        assert!(told.len() <= 1, "a lossy line goes quiet: {told:?}");
        let paused = steady(0..500).chain((600..1100).map(|n| (n, i64::try_from(n).expect("small") + 7200)));
        assert_eq!(gaps(paused), [], "an outage of the collection");
        let anew = steady(0..500).chain((1..600).map(|n| (n, i64::try_from(n).expect("small") + 800)));
        assert_eq!(gaps(anew), [], "a restart begins anew");
        let mut late: Vec<(u64, i64)> = steady(0..1000).collect();
        let held = late.remove(400);
        late.insert(480, held);
        assert_eq!(gaps(late), [], "a late record");
        let mut twice: Vec<(u64, i64)> = steady(0..1000).collect();
        twice.extend(steady(200..900));
        assert_eq!(gaps(twice), [], "a file that is read again");
        let events = (0..1000u64).flat_map(|n| [(n, i64::try_from(n).expect("small")); 3]);
        assert_eq!(gaps(events), [], "records of one event share a number");
    }
}
