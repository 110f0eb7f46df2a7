//! What is remembered of one customer: who signs in from where, what failed, which logs live. Bounded, kept as bytes
//! between runs, and made anew from the sealed records when it is lost.
//!
//! Nothing is forgotten because something newer came: a file of last month may be read after one of today. What is
//! full gives up what lies farthest in time from what comes in, so a flood pushes out only its own past.

use crate::seen::{self, Outcome, Seen};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Accounts that are remembered. Those that never signed in give way first.
pub(crate) const ACCOUNTS_LIMIT: usize = 50_000;
/// Sources that are remembered. Those from which nobody signed in give way first.
pub(crate) const SOURCES_LIMIT: usize = 50_000;
/// Failures of one account.
const FAILS_LIMIT: usize = 512;
/// Failures of one source.
const SOURCE_FAILS_LIMIT: usize = 2_048;
/// Failures of one account that one source keeps within [`SOURCE_SPAN_MS`]: more tell nothing about spraying.
const SOURCE_REPEATS: usize = 4;
const SOURCE_SPAN_MS: i64 = 600_000;
/// Sign-ins of one account or source that are remembered singly.
const WINS_LIMIT: usize = 31;
/// Prompts of one account.
const PROMPTS_LIMIT: usize = 64;
/// Password changes of one account.
const CHANGES_LIMIT: usize = 8;
/// Password changes of all accounts that are remembered together, and as many accounts as make a day of changes.
const CHANGED_LIMIT: usize = 1_000;
const CHANGES_OF_A_DAY: usize = 10;
/// Sources from which one account is known to sign in.
const KNOWN_LIMIT: usize = 15;
/// Spells of use of one source by one account.
const SPELLS_LIMIT: usize = 24;
/// Sign-ins of one account whose places are remembered.
const PLACES_LIMIT: usize = 15;
/// Gaps in the use of an account shorter than this are none, in milliseconds: the least that makes it dormant.
const GAP_MS: i64 = 7 * DAY_MS - 2 * TOLERANCE_MS;
/// Identifiers whose names are known.
const SIDS_LIMIT: usize = 50_000;
/// Failures that may be part of a slow spray.
const SLOW_LIMIT: usize = 20_000;

/// How long devices keep trying the password before the last, in milliseconds. Two days: over a night and a morning.
const STALE_MS: i64 = 2 * DAY_MS;
/// How long one of them is told from a hand that begins anew, and the longest that it rests meanwhile, in milliseconds.
const STILL_MS: i64 = 14 * DAY_MS;
const STALE_GAP_MS: i64 = DAY_MS;
/// Rights that are remembered, so that giving them again is not new.
const GRANTS_LIMIT: usize = 10_000;
/// Before the name of a mark that is about an account that nobody has.
const NOBODY: char = '?';

/// How far records may arrive out of their order without changing what is found, in milliseconds. What excuses a
/// record must have happened longer before it than that.
pub(crate) const TOLERANCE_MS: i64 = 120_000;
pub(crate) const DAY_MS: i64 = 86_400_000;

/// One record, and whom or what else it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) at: i64,
    pub(crate) seq: u64,
    /// The source of an account's mark, the account of a source's mark.
    pub(crate) other: String,
}

impl Mark {
    /// The account or source that it names, without what says that nobody has that account.
    pub(crate) fn name(&self) -> &str {
        self.other.strip_prefix(NOBODY).unwrap_or(&self.other)
    }

    /// Whether it is about an account that nobody has.
    pub(crate) fn is_nobody(&self) -> bool {
        self.other.starts_with(NOBODY)
    }
}

/// A failed sign-in of which it is not known yet whether it was only a mistake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Tried {
    pub(crate) at: i64,
    pub(crate) seq: u64,
    pub(crate) account: String,
    pub(crate) from: String,
    pub(crate) agent: Option<String>,
    pub(crate) exists: Option<bool>,
}

/// Marks in the order of their time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Marks(Vec<Mark>);

impl Marks {
    #[cfg(test)]
    pub(crate) fn all(&self) -> &[Mark] {
        &self.0
    }

    /// Puts one in. Beyond the limit the one farthest in time from it leaves.
    pub(crate) fn put(&mut self, mark: Mark, limit: usize) {
        let at = mark.at;
        let place = self.0.partition_point(|m| *m < mark);
        // Most sources have one mark and stay with it.
        if self.0.is_empty() {
            self.0.reserve_exact(1);
        }
        self.0.insert(place, mark);
        if self.0.len() > limit {
            let (first, last) = (self.0[0].at, self.0[self.0.len() - 1].at);
            if last.saturating_sub(at) > at.saturating_sub(first) {
                self.0.pop();
            } else {
                self.0.remove(0);
            }
        }
    }

    /// Those for which this holds.
    pub(crate) fn only(marks: &[Mark], holds: impl Fn(&Mark) -> bool) -> Self {
        Self(marks.iter().filter(|m| holds(m)).cloned().collect())
    }

    /// Those from `from` to `to`, both included.
    pub(crate) fn between(&self, from: i64, to: i64) -> &[Mark] {
        let start = self.0.partition_point(|m| m.at < from);
        let end = self.0.partition_point(|m| m.at <= to);
        &self.0[start..end.max(start)]
    }

    /// The marks around `at` that hang together, none further than `span` from the next.
    pub(crate) fn chain(&self, at: i64, span: i64) -> &[Mark] {
        let start = self.0.partition_point(|m| m.at < at);
        let (mut low, mut high) = (start, start);
        let mut edge = at;
        while low > 0 && edge - self.0[low - 1].at <= span {
            low -= 1;
            edge = self.0[low].at;
        }
        edge = at;
        while high < self.0.len() && self.0[high].at - edge <= span {
            edge = self.0[high].at;
            high += 1;
        }
        &self.0[low..high]
    }

    /// The last mark of the first window of this length around `at` that holds so many marks.
    /// Those no further than `span` from `at`, and not after `until`.
    pub(crate) fn around(&self, at: i64, span: i64, until: i64) -> &[Mark] {
        self.between(at.saturating_sub(span), at.saturating_add(span).min(until))
    }

    /// The first window of this length around `at` that holds so many marks.
    pub(crate) fn crowded(&self, at: i64, span: i64, many: usize) -> Option<&[Mark]> {
        let many = many.max(1);
        let around = self.around(at, span, i64::MAX);
        around
            .windows(many)
            .find(|w| w[many - 1].at - w[0].at <= span && w[0].at <= at && w[many - 1].at >= at)
    }

    /// The first window of this length around `at` in which so many different others stand.
    pub(crate) fn diverse(&self, at: i64, span: i64, many: usize) -> Option<&[Mark]> {
        Self::diverse_among(self.around(at, span, i64::MAX), at, span, many)
    }

    /// The same among marks that are given in their order.
    pub(crate) fn diverse_among(around: &[Mark], at: i64, span: i64, many: usize) -> Option<&[Mark]> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut start = 0;
        for (end, mark) in around.iter().enumerate() {
            *counts.entry(&mark.other).or_default() += 1;
            while mark.at - around[start].at > span {
                let gone = counts.entry(&around[start].other).or_default();
                *gone -= 1;
                if *gone == 0 {
                    counts.remove(around[start].other.as_str());
                }
                start += 1;
            }
            if counts.len() >= many && mark.at >= at && around[start].at <= at {
                return Some(&around[start..=end]);
            }
        }
        None
    }
}

/// A source from which an account signs in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) source: String,
    /// Within a spell there is use every day.
    spells: Spells,
}

impl Known {
    pub(crate) fn at(source: &str, at: i64) -> Self {
        Self { source: source.to_owned(), spells: Spells(vec![(at, at)]) }
    }

    fn last(&self) -> i64 {
        self.spells.last()
    }

    /// Whether it was used before then, longer ago than records may be late and not longer ago than so many days.
    fn was_used(&self, at: i64, days: i64) -> bool {
        let (from, until) = (at.saturating_sub(days.saturating_mul(DAY_MS)), at - TOLERANCE_MS);
        self.spells.touch(from, until)
    }

    fn began(&self) -> i64 {
        self.spells.first()
    }
}

/// Spells of use, in order, each with first and last time; what is no further apart than a gap is one spell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spells(Vec<(i64, i64)>);

impl Spells {
    fn first(&self) -> i64 {
        self.0.first().map_or(i64::MAX, |s| s.0)
    }

    fn last(&self) -> i64 {
        self.0.last().map_or(i64::MIN, |s| s.1)
    }

    fn touch(&self, from: i64, until: i64) -> bool {
        self.0.iter().any(|(first, last)| *first <= until && *last >= from)
    }

    /// When the spell began in which this time lies, or that ended no longer before it than a gap.
    fn began(&self, at: i64, gap: i64) -> Option<i64> {
        self.0.iter().rev().find(|s| s.0 <= at).filter(|s| at <= s.1.saturating_add(gap)).map(|s| s.0)
    }

    /// The last use not later than this; within a spell this time itself.
    fn last_until(&self, until: i64) -> Option<i64> {
        self.0.iter().rev().find(|s| s.0 <= until).map(|s| s.1.min(until))
    }

    fn used(&mut self, at: i64, gap: i64) {
        let place = self.0.partition_point(|s| s.1.saturating_add(gap) < at);
        match self.0.get_mut(place) {
            Some(spell) if spell.0.saturating_sub(gap) <= at => {
                *spell = (spell.0.min(at), spell.1.max(at));
                let end = spell.1;
                if self.0.get(place + 1).is_some_and(|next| next.0 - end <= gap) {
                    let next = self.0.remove(place + 1);
                    self.0[place].1 = next.1;
                }
            }
            _ => {
                // Nearly all have one spell and stay with it.
                self.0.reserve_exact(1);
                self.0.insert(place, (at, at));
            }
        }
        if self.0.len() > SPELLS_LIMIT {
            self.0.remove(0);
        }
    }
}

/// A sign-in whose place was told: in degrees, and from where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) at: i64,
    pub(crate) seq: u64,
    pub(crate) north: f64,
    pub(crate) east: f64,
    pub(crate) from: String,
}

/// What is known of one account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) fails: Marks,
    pub(crate) wins: Marks,
    pub(crate) prompts: Marks,
    pub(crate) changes: Marks,
    pub(crate) known: Vec<Known>,
    /// When its sign-ins failed, without gaps of a day.
    #[serde(default)]
    failing: Spells,
    /// When it was in use, without gaps of a week.
    pub(crate) spells: Spells,
    /// The last sign-ins whose place was told.
    pub(crate) places: Vec<Place>,
    /// Sign-ins whose country was told.
    #[serde(default)]
    pub(crate) countries: Marks,
    touched: u64,
}

impl Account {
    /// Whether it signed in from there before, not longer ago than so many days.
    pub(crate) fn knows(&self, source: &str, at: i64, days: i64) -> bool {
        let near = seen::network_of(source).filter(|_| seen::is_inside(source));
        let same = |k: &Known| {
            k.source == source
                || near.as_ref().is_some_and(|n| seen::network_of(&k.source).as_ref() == Some(n))
        };
        self.known.iter().any(|k| same(k) && k.was_used(at, days))
    }

    /// Whether the password was changed so shortly before that devices may still try the one before.
    pub(crate) fn is_stale(&self, at: i64) -> bool {
        !self.changes.between(at.saturating_sub(STALE_MS), at - TOLERANCE_MS).is_empty()
    }

    /// The same for devices that never stopped: with a failure every day from the days behind the change on, for a
    /// fortnight.
    pub(crate) fn may_be_stale(&self, at: i64) -> bool {
        if self.is_stale(at) {
            return true;
        }
        let began = self.failing.began(at - TOLERANCE_MS, STALE_GAP_MS);
        let changes = self.changes.between(at.saturating_sub(STILL_MS), at - TOLERANCE_MS);
        began.is_some_and(|b| changes.iter().any(|c| b <= c.at.saturating_add(STALE_MS)))
    }

    /// Whether it was at home there a day before already, not longer ago than so many days.
    pub(crate) fn is_used_to(&self, source: &str, at: i64, days: i64) -> bool {
        let since = |k: &Known| k.source == source && k.began() <= at - DAY_MS;
        self.known.iter().any(|k| since(k) && k.was_used(at, days))
    }

    /// Whether anything is known of it before this time.
    pub(crate) fn is_known(&self, at: i64) -> bool {
        self.known.iter().any(|k| k.was_used(at, i64::MAX / DAY_MS))
    }

    /// The last sign-in longer before this time than records may be late, to within a week.
    pub(crate) fn signed_in_before(&self, at: i64) -> Option<i64> {
        self.spells.last_until(at - TOLERANCE_MS)
    }

    fn won(&mut self, seen: &Seen, source: Option<&str>) {
        let mark = Mark { at: seen.at, seq: seen.seq, other: source.unwrap_or("").to_owned() };
        self.wins.put(mark, WINS_LIMIT);
        self.spells.used(seen.at, GAP_MS);
        if let Some(source) = source {
            match self.known.iter_mut().find(|k| k.source == source) {
                Some(known) => known.spells.used(seen.at, DAY_MS),
                None => self.known.push(Known::at(source, seen.at)),
            }
            if self.known.len() > KNOWN_LIMIT {
                let oldest =
                    self.known.iter().enumerate().min_by_key(|(_, k)| k.last()).map_or(0, |(at, _)| at);
                self.known.remove(oldest);
            }
        }
        if let Some(country) = &seen.country {
            self.countries.put(Mark { at: seen.at, seq: seen.seq, other: country.clone() }, WINS_LIMIT);
        }
        if let Some((north, east)) = seen.place {
            let from = source.unwrap_or("").to_owned();
            let place = Place { at: seen.at, seq: seen.seq, north, east, from };
            let spot = self.places.partition_point(|p| (p.at, p.seq) < (place.at, place.seq));
            self.places.insert(spot, place);
            if self.places.len() > PLACES_LIMIT {
                self.places.remove(0);
            }
        }
    }
}

/// What is known of one source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Source {
    /// Its failures on accounts, few of each.
    pub(crate) fails: Marks,
    /// Accounts that signed in from it, the first time of each.
    pub(crate) wins: Marks,
    touched: u64,
}

impl Source {
    /// Whether it is a place of the customer: several accounts signed in from it before.
    pub(crate) fn is_trusted(&self, at: i64) -> bool {
        self.wins.between(i64::MIN, at - TOLERANCE_MS).len() >= 3
    }

    fn failed(&mut self, mark: Mark) {
        let near = self.fails.between(mark.at - SOURCE_SPAN_MS, mark.at + SOURCE_SPAN_MS);
        if near.iter().filter(|m| m.other == mark.other).count() < SOURCE_REPEATS {
            self.fails.put(mark, SOURCE_FAILS_LIMIT);
        }
    }

    fn won(&mut self, mark: Mark) {
        // The first time of each account, whatever the order in which they come.
        if let Some(there) = self.wins.0.iter().position(|m| m.other == mark.other) {
            if self.wins.0[there].at <= mark.at {
                return;
            }
            self.wins.0.remove(there);
        }
        if self.wins.0.len() < WINS_LIMIT {
            self.wins.put(mark, WINS_LIMIT);
        }
    }
}

/// Everything that is remembered of one customer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) sources: BTreeMap<String, Source>,
    /// Failures of each log that wait for whether the same account soon signs in from there.
    pub(crate) waiting: BTreeMap<String, BTreeSet<Tried>>,
    pub(crate) slow: Marks,
    /// Password changes of all accounts.
    changed: Marks,
    sids: BTreeMap<String, String>,
    pub(crate) logs: BTreeMap<String, crate::logs::Log>,
    pub(crate) hosts: crate::logs::Hosts,
    /// Numbers that logs give their own records.
    #[serde(default)]
    pub(crate) numbers: crate::numbers::Numbers,
    /// Failures and prompts that came, so that one that comes again does not count.
    #[serde(default)]
    pub(crate) delivered: crate::delivered::Delivered,
    /// First sign-in of all: what is known of accounts is little before a day has passed.
    pub(crate) first_win: Option<i64>,
    /// Records that came so far.
    pub(crate) arrivals: u64,
    /// Networks from which the provider's accounts signed in: the first times of each.
    pub(crate) paths: BTreeMap<String, Vec<i64>>,
    /// Rights that were given, by what and to whom: the last times.
    grants: BTreeMap<String, i64>,
    touches: u64,
    /// What a bound pushed out.
    pub(crate) left_out: u64,
}

impl Memory {
    /// Gives an account that is told as an identifier its name, where it is known.
    pub(crate) fn name(&mut self, seen: &mut Seen) {
        if let (Some(sid), Some(account)) = (&seen.sid, &seen.account)
            && !account.starts_with("S-1-")
            && self.sids.len() < SIDS_LIMIT
        {
            self.sids.insert(sid.clone(), account.clone());
        }
        for name in [&mut seen.account, &mut seen.by] {
            if let Some(known) =
                name.as_ref().filter(|n| n.starts_with("S-1-")).and_then(|n| self.sids.get(n))
            {
                *name = Some(known.clone());
            }
        }
    }

    /// The name under which a failure is counted: its account, or where nobody is named the source.
    pub(crate) fn subject(seen: &Seen) -> Option<String> {
        seen.account
            .clone()
            .or_else(|| seen.from.as_ref().map(|f| format!("(no name) from {}", seen::source_of(f))))
    }

    /// Remembers a failed sign-in.
    pub(crate) fn failed(&mut self, seen: &Seen) {
        let Some(subject) = Self::subject(seen) else { return };
        let source = seen.from.as_deref().map(seen::source_of);
        let mark = |other: &str| Mark { at: seen.at, seq: seen.seq, other: other.to_owned() };
        let from = mark(source.as_deref().unwrap_or(""));
        // One line may stand for several of the same (`message repeated 5 times`).
        let account = self.account(&subject);
        for _ in 0..seen.times.clamp(1, FAILS_LIMIT as u64) {
            account.fails.put(from.clone(), FAILS_LIMIT);
        }
        account.failing.used(seen.at, STALE_GAP_MS);
        if let Some(source) = &source {
            let nobody = if seen.exists == Some(false) { NOBODY.to_string() } else { String::new() };
            let on = mark(&(nobody + &subject));
            self.source(source).failed(on);
        }
    }

    /// Remembers a sign-in.
    pub(crate) fn won(&mut self, seen: &Seen) {
        let source = seen.from.as_deref().map(seen::source_of);
        let Some(account) = &seen.account else { return };
        self.first_win = Some(self.first_win.map_or(seen.at, |f| f.min(seen.at)));
        self.account(account).won(seen, source.as_deref());
        if let Some(source) = &source {
            let mark = Mark { at: seen.at, seq: seen.seq, other: account.clone() };
            self.source(source).won(mark);
        }
    }

    /// Remembers a prompt, a password change.
    pub(crate) fn prompted(&mut self, seen: &Seen) {
        let Some(account) = &seen.account else { return };
        let word = if seen.outcome == Outcome::Success { "accepted" } else { "refused" };
        let source = seen.from.as_deref().map(seen::source_of).unwrap_or_default();
        let mark = Mark { at: seen.at, seq: seen.seq, other: format!("{word} {source}") };
        self.account(account).prompts.put(mark, PROMPTS_LIMIT);
    }

    pub(crate) fn changed(&mut self, seen: &Seen) {
        let Some(account) = &seen.account else { return };
        let mark = Mark { at: seen.at, seq: seen.seq, other: String::new() };
        self.account(account).changes.put(mark, CHANGES_LIMIT);
        let mark = Mark { at: seen.at, seq: seen.seq, other: account.clone() };
        self.changed.put(mark, CHANGED_LIMIT);
    }

    /// Whether many accounts had a new password within the day before.
    pub(crate) fn is_day_of_changes(&self, at: i64) -> bool {
        let before = self.changed.between(at.saturating_sub(DAY_MS), at - TOLERANCE_MS);
        before.iter().map(|m| &m.other).collect::<BTreeSet<_>>().len() >= CHANGES_OF_A_DAY
    }

    /// Whether so many accounts signed in, the first of them so many days before: then who they are is known.
    pub(crate) fn knows_people(&self, at: i64, days: i64, many: usize) -> bool {
        let first = at.saturating_sub(days.saturating_mul(DAY_MS));
        self.first_win.is_some_and(|f| f <= first)
            && self.accounts.values().filter(|a| a.signed_in_before(at).is_some()).nth(many - 1).is_some()
    }

    /// When the same right was given last, longer before than records may be late; takes note of this time.
    pub(crate) fn granted(&mut self, key: String, at: i64) -> Option<i64> {
        if self.grants.len() >= GRANTS_LIMIT && !self.grants.contains_key(&key) {
            self.left_out += 1;
            return None;
        }
        let last = self.grants.entry(key).or_insert(at);
        let before = Some(*last).filter(|b| *b < at - TOLERANCE_MS);
        *last = at.max(*last);
        before
    }

    pub(crate) fn slow(&mut self, mark: Mark) {
        let near = self.slow.between(mark.at - DAY_MS, mark.at + DAY_MS);
        if near.iter().filter(|m| m.other == mark.other).count() < 2 {
            self.slow.put(mark, SLOW_LIMIT);
        }
    }

    fn account(&mut self, name: &str) -> &mut Account {
        self.touches += 1;
        if !self.accounts.contains_key(name) && self.accounts.len() >= ACCOUNTS_LIMIT {
            self.left_out += make_room(&mut self.accounts, |a| (!a.spells.0.is_empty(), a.touched));
        }
        let account = self.accounts.entry(name.to_owned()).or_default();
        account.touched = self.touches;
        account
    }

    fn source(&mut self, name: &str) -> &mut Source {
        self.touches += 1;
        if !self.sources.contains_key(name) && self.sources.len() >= SOURCES_LIMIT {
            self.left_out += make_room(&mut self.sources, |s| (!s.wins.0.is_empty(), s.touched));
        }
        let source = self.sources.entry(name.to_owned()).or_default();
        source.touched = self.touches;
        source
    }
}

/// Takes out the tenth that is worth least, so that a flood does not pay for the search with each name; says how many.
fn make_room<T>(map: &mut BTreeMap<String, T>, worth: impl Fn(&T) -> (bool, u64)) -> u64 {
    let mut worths: Vec<(bool, u64)> = map.values().map(&worth).collect();
    let tenth = worths.len() / 10;
    let (_, least, _) = worths.select_nth_unstable(tenth);
    let least = *least;
    let before = map.len();
    map.retain(|_, one| worth(one) > least);
    (before - map.len()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(times: &[i64]) -> Marks {
        let mut marks = Marks::default();
        for (seq, at) in (0u64..).zip(times) {
            marks.put(Mark { at: *at, seq, other: (seq % 3).to_string() }, 100);
        }
        marks
    }

    #[test]
    fn marks_are_found_by_window_crowd_and_chain() {
        let marks = marks(&[50, 10, 20, 30, 100]);
        let times = |list: &[Mark]| list.iter().map(|m| m.at).collect::<Vec<_>>();
        assert_eq!(times(marks.all()), [10, 20, 30, 50, 100]);
        assert_eq!(times(marks.between(20, 50)), [20, 30, 50]);
        assert_eq!(times(marks.chain(30, 20)), [10, 20, 30, 50]);
        assert_eq!(times(marks.crowded(20, 20, 3).expect("three within 20")), [10, 20, 30]);
        assert_eq!(marks.crowded(100, 20, 2), None);
        assert!(marks.crowded(30, 19, 3).is_none());
        assert!(marks.diverse(20, 40, 3).is_some() && marks.diverse(100, 40, 2).is_none());
    }

    #[test]
    fn what_is_full_gives_up_what_lies_farthest_away() {
        let mut marks = marks(&[1, 2, 3, 100]);
        marks.put(Mark { at: 4, seq: 9, other: String::new() }, 4);
        assert_eq!(marks.all().iter().map(|m| m.at).collect::<Vec<_>>(), [1, 2, 3, 4]);
        marks.put(Mark { at: 200, seq: 10, other: String::new() }, 4);
        assert_eq!(marks.all().iter().map(|m| m.at).collect::<Vec<_>>(), [2, 3, 4, 200]);
    }

    #[test]
    fn a_flood_of_made_up_names_pushes_out_no_account_that_signs_in() {
        let mut memory = Memory::default();
        let seen = |account: String, seq| Seen {
            at: 1_000,
            seq,
            account: Some(account),
            from: Some("203.0.113.9".into()),
            ..Seen::default()
        };
        memory.won(&seen("eve".into(), 0));
        for seq in 1..=ACCOUNTS_LIMIT as u64 + 10 {
            memory.failed(&seen(format!("x{seq}"), seq));
        }
        assert!(memory.accounts.contains_key("eve") && memory.left_out > 0);
        assert!(memory.accounts.len() <= ACCOUNTS_LIMIT);
    }
}
