//! What a log says of itself: keys of days that begin, silences, retention, and records that were ended (docs/formats.md §3).

use crate::checker::Checker;
use crate::days::Days;
use crate::report::{CHANGED, REWRITTEN, SHORTENED, SILENT, Stage};
use crate::words::{self, spoken};
use ledger::{Hash, PAGE, Tree};
use model::{Time, form::Form};
use serde_json::Value;

/// Longest time between two records that needs no word.
const SILENCE_SECONDS: i64 = 180;
/// Records are kept at least so many days, whatever a contract says.
const FLOOR_DAYS: u64 = 184;
const DAY_SECONDS: i64 = 86_400;
/// Most tombstones that are kept: more than a century of days.
const TOMBSTONES_LIMIT: usize = 40_000;

/// A time in which nothing was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Arrival of the last record before.
    pub from: Time,
    /// Arrival of the first record after.
    pub to: Time,
}

impl Silence {
    /// How long it lasted, in seconds.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.to.as_second() - self.from.as_second()
    }
}

/// Records that were kept long enough and ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// First of them.
    pub first: u64,
    /// How many.
    pub count: u64,
}

/// What is looked at of a record.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) seq: u64,
    pub(crate) received: Time,
    /// Its raw bytes, where the log itself wrote it about itself.
    pub(crate) own: Option<&'a [u8]>,
}

impl<'a> From<&Form<'a>> for Told<'a> {
    fn from(form: &Form<'a>) -> Self {
        Self { seq: form.seq, received: form.received, own: form.is_own_control().then_some(form.raw) }
    }
}

#[derive(Debug)]
struct Tombstone {
    seq: u64,
    ended: Ended,
    root: Hash,
}

#[derive(Debug)]
struct Gap {
    before: u64,
    since: Time,
    until: Time,
}

/// What was read so far.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    greatest: Option<Time>,
    last: Option<u64>,
    closed: bool,
    gap: Option<Gap>,
    pub(crate) silences: u64,
    pub(crate) longest: Option<Silence>,
    pub(crate) retention_days: Option<u64>,
    tombstones: Vec<Tombstone>,
    /// When the key of the day began that signs now.
    key_since: Option<Time>,
    pub(crate) longest_key_seconds: i64,
}

/// What is wrong with one record.
type Wrong = (&'static str, Option<(u64, u64)>, String);

impl Orders {
    /// Records are missing here: nothing can be said about the time between.
    pub(crate) fn lost(&mut self) {
        self.greatest = None;
        self.gap = None;
    }

    /// Takes in the record in its place.
    pub(crate) fn take(&mut self, record: Told<'_>, days: Option<&Days>, wrong: &mut Vec<Wrong>) {
        let body = record.own.and_then(|raw| serde_json::from_slice::<Value>(raw).ok());
        let word = body.as_ref().and_then(|b| b.get("control")).and_then(Value::as_str).unwrap_or_default();
        self.silence(record, word, wrong);
        if let Some(days) = days {
            self.day(record, word, days, wrong);
        }
        if let Some(body) = &body {
            self.order(record, word, body, wrong);
        }
        self.closed = word == "closed";
        self.last = Some(record.seq);
        self.greatest = Some(self.greatest.map_or(record.received, |g| g.max(record.received)));
    }

    fn silence(&mut self, record: Told<'_>, word: &str, wrong: &mut Vec<Wrong>) {
        if let (Some(since), Some(before)) = (self.greatest, self.last)
            && record.received.as_second() - since.as_second() > SILENCE_SECONDS
        {
            let silence = Silence { from: since, to: record.received };
            self.silences += 1;
            if self.longest.as_ref().is_none_or(|l| l.seconds() < silence.seconds()) {
                self.longest = Some(silence);
            }
            if !self.closed {
                self.gap = Some(Gap { before, since, until: record.received });
            }
        }
        let own = record.own.is_some();
        if self.gap.is_some() && own && matches!(word, "reopened" | "silence") {
            self.gap = None;
        } else if self.gap.is_some() && !own {
            self.unexplained(wrong);
        }
    }

    /// The gap is over, and nothing said why it was.
    pub(crate) fn unexplained(&mut self, wrong: &mut Vec<Wrong>) {
        let Some(Gap { before, since, until }) = self.gap.take() else { return };
        let message = format!(
            "From {since} to {until} nothing was sealed, and the log does not say why: a program that runs says every minute that it does, and one that stops or starts says so too. What happened in this time may never have been logged. Ask whoever runs the log what happened then, in writing."
        );
        wrong.push((SILENT, Some((before, before + 1)), message));
    }

    fn day(&mut self, record: Told<'_>, word: &str, days: &Days, wrong: &mut Vec<Wrong>) {
        let seq = record.seq;
        match days.announcement(seq) {
            Some(raw) if record.own == Some(raw) => {
                self.end_key(record.received);
                self.key_since = Some(record.received);
            }
            Some(_) => wrong.push((REWRITTEN, Some((seq, seq)), format!(
                "Record {seq} must announce the key of a new day and does not: records before it were changed, or put in, by somebody without the key of that day. {}",
                words::CHANGED_NEXT
            ))),
            None if word == "day-key" && days.whole => wrong.push((REWRITTEN, Some((seq, seq)), format!(
                "Record {seq} announces a key that the file with the keys of days does not have at this place. {}",
                words::CHANGED_NEXT
            ))),
            None => {}
        }
    }

    /// The key that signed until now is destroyed at this time, or still lives then.
    fn end_key(&mut self, at: Time) {
        if let Some(since) = self.key_since {
            self.longest_key_seconds = self.longest_key_seconds.max(at.as_second() - since.as_second());
        }
    }

    fn order(&mut self, record: Told<'_>, word: &str, body: &Value, wrong: &mut Vec<Wrong>) {
        let number = |name: &str| body.get(name).and_then(Value::as_u64);
        match word {
            "opened" | "epoch" => self.retention(record.seq, number("retention_days"), wrong),
            "retention" => self.retention(record.seq, number("days"), wrong),
            "tombstone" => self.tombstone(record, body, wrong),
            _ => {}
        }
    }

    fn retention(&mut self, seq: u64, days: Option<u64>, wrong: &mut Vec<Wrong>) {
        let Some(days) = days else { return };
        let least = self.retention_days.unwrap_or(FLOOR_DAYS).max(FLOOR_DAYS);
        if days < least {
            wrong.push((SHORTENED, Some((seq, seq)), format!(
                "Record {seq} says that records are kept for {days} days only; {least} days were in force, and below {FLOOR_DAYS} it may never be. Ask whoever runs the log who decided that, in writing."
            )));
        }
        self.retention_days = Some(days.max(least));
    }

    fn tombstone(&mut self, record: Told<'_>, body: &Value, wrong: &mut Vec<Wrong>) {
        let seq = record.seq;
        let number = |name: &str| body.get(name).and_then(Value::as_u64);
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let ended = number("first").zip(number("count"));
        let until = text("until").and_then(|t| t.parse::<Time>().ok());
        let root = text("root").and_then(Hash::from_base64);
        let whole = ended.filter(|(first, count)| {
            first.is_multiple_of(PAGE)
                && count.is_multiple_of(PAGE)
                && *count > 0
                && first.checked_add(*count).is_some_and(|end| end <= seq)
        });
        let (Some((first, count)), Some(until), Some(root)) = (whole, until, root) else {
            wrong.push((
                CHANGED,
                Some((seq, seq)),
                format!(
                    "Record {seq} ends records, but does not say which, or says what cannot be. {}",
                    words::CHANGED_NEXT
                ),
            ));
            return;
        };
        let days = self
            .retention_days
            .unwrap_or(FLOOR_DAYS)
            .max(number("retention_days").unwrap_or(0))
            .max(FLOOR_DAYS);
        let kept = record.received.as_second().saturating_sub(until.as_second());
        if kept < i64::try_from(days).unwrap_or(i64::MAX / DAY_SECONDS).saturating_mul(DAY_SECONDS) {
            wrong.push((SHORTENED, Some((first, first + count - 1)), format!(
                "{} were ended after {} days; they had to be kept for {days} days. Ask whoever runs the log who decided that, in writing.",
                spoken(first, first + count - 1), kept / DAY_SECONDS
            )));
        }
        if self.tombstones.len() < TOMBSTONES_LIMIT {
            self.tombstones.push(Tombstone { seq, ended: Ended { first, count }, root });
        }
    }

    /// Records that were ended, in order.
    pub(crate) fn ended(&self) -> Vec<Ended> {
        let mut ended: Vec<Ended> = self.tombstones.iter().map(|t| t.ended).collect();
        ended.sort_by_key(|e| e.first);
        ended.dedup();
        ended
    }

    /// The record that ended others last.
    pub(crate) fn last_ended(&self) -> Option<u64> {
        self.tombstones.iter().map(|t| t.seq).max()
    }

    /// Up to where tombstones cover the log from its beginning without a gap.
    pub(crate) fn ended_to(&self) -> u64 {
        self.ended().iter().fold(0, |to, e| if e.first <= to { to.max(e.first + e.count) } else { to })
    }
}

impl Checker {
    /// The last checks of what the log says of itself. `fitting` is the greatest head that this log grew out of.
    pub(crate) fn conclude_orders(&mut self, fitting: Option<u64>) {
        let mut wrong = vec![];
        self.orders.unexplained(&mut wrong);
        if let Some((_, last)) = self.received {
            self.orders.end_key(last);
        }
        let first = self.first;
        let excused = self.orders.ended_to().max(fitting.unwrap_or(0));
        if excused < first {
            wrong.push((SHORTENED, Some((excused, first - 1)), format!(
                "{} {} not here, and nothing says why: no tombstone in the log ends them, and no head that you gave reaches so far. If this is the continuation of an older bundle, give its checkpoint (--head); otherwise they were taken away.",
                spoken(excused, first - 1), words::is(excused, first - 1)
            )));
        }
        for stone in &self.orders.tombstones {
            let Ended { first, count } = stone.ended;
            let page = |seq: u64| usize::try_from(seq / PAGE).unwrap_or(usize::MAX);
            // Only of what is not here any more; the rest is proven by its records.
            let Some(roots) = self.pages.early.get(page(first)..page(first + count)) else { continue };
            if Tree::from_parts(roots.to_vec(), vec![]).map(|tree| tree.root()) != Some(stone.root) {
                wrong.push((
                    CHANGED,
                    Some((first, first + count - 1)),
                    format!(
                        "The tombstone in record {} is not that of the records {first} to {}. {}",
                        stone.seq,
                        first + count - 1,
                        words::CHANGED_NEXT
                    ),
                ));
            }
        }
        self.tell_orders(wrong);
    }

    pub(crate) fn tell_orders(&mut self, wrong: Vec<Wrong>) {
        let path = std::sync::Arc::clone(&self.path);
        for (threat, range, message) in wrong {
            self.findings.add(Stage::Orders, threat, range, Some(&*path).filter(|p| !p.is_empty()), message);
        }
    }
}
