//! What is remembered of one customer: who signs in from where, what failed, which logs live. Bounded, kept as bytes
//! between runs, and made anew from the sealed records when it is lost.
//!
//! Nothing is forgotten because something newer came: a file of last month may be read after one of today. What is
//! full gives up what lies farthest in time from what comes in, so a flood pushes out only its own past.

use crate::marks::{Bounds, Mark, Marks, Tries};
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
const OF_SOURCE: Bounds = Bounds { limit: 2_048, near: 1_024, stretch_ms: 600_000 };
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
const OF_SLOW: Bounds = Bounds { limit: 20_000, near: 1_024, stretch_ms: DAY_MS };
/// Accounts that signed in after which it is known who the people are.
const PEOPLE: usize = 10;

/// How long devices keep trying the password before the last, in milliseconds. Two days: over a night and a morning.
const STALE_MS: i64 = 2 * DAY_MS;
/// How long one of them is told from a hand that begins anew, and the longest that it rests meanwhile, in milliseconds.
const STILL_MS: i64 = 14 * DAY_MS;
const STALE_GAP_MS: i64 = DAY_MS;
/// Rights that are remembered, so that giving them again is not new.
const GRANTS_LIMIT: usize = 10_000;

/// How far records may arrive out of their order without changing what is found, in milliseconds. What excuses a
/// record must have happened longer before it than that.
pub(crate) const TOLERANCE_MS: i64 = 120_000;
pub(crate) const DAY_MS: i64 = 86_400_000;

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

/// Where an account signs in from, of one source and what lies beside it.
pub(crate) struct Home<'a>(Vec<&'a Known>);

impl Home<'_> {
    /// Whether it signed in from there before, not longer ago than so many days.
    pub(crate) fn is_used(&self, at: i64, days: i64) -> bool {
        self.0.iter().any(|k| k.was_used(at, days))
    }
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
        self.home(source).is_used(at, days)
    }

    /// What is known of its sign-ins from there: for those who ask of many times.
    pub(crate) fn home(&self, source: &str) -> Home<'_> {
        if self.known.is_empty() {
            return Home(vec![]);
        }
        let near = seen::network_of(source).filter(|_| seen::is_inside(source));
        let same = |k: &&Known| {
            k.source == source
                || near.as_ref().is_some_and(|n| seen::network_of(&k.source).as_ref() == Some(n))
        };
        Home(self.known.iter().filter(same).collect())
    }

    /// Whether the password was changed so shortly before that devices may still try the one before.
    pub(crate) fn is_stale(&self, at: i64) -> bool {
        !self.changes.between(at.saturating_sub(STALE_MS), at - TOLERANCE_MS).is_empty()
    }

    /// The same for devices that never stopped: with a failure every day from the days behind the change on, for a
    /// fortnight.
    pub(crate) fn may_be_stale(&self, at: i64) -> bool {
        if self.changes.is_empty() {
            return false;
        }
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
        let mark = Mark::new(seen.at, seen.seq, source.unwrap_or(""));
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
            self.countries.put(Mark::new(seen.at, seen.seq, country), WINS_LIMIT);
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
    /// Its failures on accounts.
    pub(crate) fails: Tries,
    /// Accounts that signed in from it, the first time of each.
    pub(crate) wins: Marks,
    touched: u64,
}

impl Source {
    /// Whether it is a place of the customer: several accounts signed in from it before.
    pub(crate) fn is_trusted(&self, at: i64) -> bool {
        self.wins.between(i64::MIN, at - TOLERANCE_MS).len() >= 3
    }

    /// Whether every account that signed in from it stands among its sign-ins.
    pub(crate) fn has_all_wins(&self) -> bool {
        self.wins.len() < WINS_LIMIT
    }

    fn won(&mut self, mark: Mark) {
        // The first time of each account, whatever the order in which they come.
        self.wins.put_first(mark, WINS_LIMIT);
    }
}

/// Everything that is remembered of one customer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) sources: BTreeMap<String, Source>,
    /// Failures of each log that wait for whether the same account soon signs in from there.
    pub(crate) waiting: BTreeMap<String, BTreeSet<Tried>>,
    pub(crate) slow: Tries,
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
    /// The accounts that signed in first of all, each with when, in the order of these times.
    people: Vec<(i64, String)>,
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
        let from = Mark::new(seen.at, seen.seq, source.as_deref().unwrap_or(""));
        // One line may stand for several of the same (`message repeated 5 times`).
        let account = self.account(&subject);
        for _ in 0..seen.times.clamp(1, FAILS_LIMIT as u64) {
            account.fails.put(from.clone(), FAILS_LIMIT);
        }
        account.failing.used(seen.at, STALE_GAP_MS);
        let is_known = account.signed_in_before(seen.at).is_some();
        if let Some(source) = &source {
            let is_nobody = seen.exists == Some(false);
            let on = Mark { is_nobody, is_known, ..Mark::new(seen.at, seen.seq, &subject) };
            self.source(source).fails.put(on, OF_SOURCE);
        }
    }

    /// Remembers a sign-in.
    pub(crate) fn won(&mut self, seen: &Seen) {
        let source = seen.from.as_deref().map(seen::source_of);
        let Some(name) = &seen.account else { return };
        self.first_win = Some(self.first_win.map_or(seen.at, |f| f.min(seen.at)));
        self.met(name, seen.at);
        let account = self.account(name);
        let late = if seen.at < account.spells.first() {
            account.fails.between(seen.at.saturating_add(TOLERANCE_MS), i64::MAX).to_vec()
        } else {
            vec![]
        };
        account.won(seen, source.as_deref());
        // It came in behind failures that happened after it: they were of an account that is known.
        for fail in late {
            if let Some(source) = self.sources.get_mut(&*fail.other) {
                source.fails.know(fail.at, fail.seq);
            }
        }
        if let Some(source) = &source {
            self.source(source).won(Mark::new(seen.at, seen.seq, name));
        }
    }

    /// Takes note of somebody who signed in among the first, whatever the order in which they come.
    fn met(&mut self, name: &str, at: i64) {
        let is_among = self.people.len() < PEOPLE || self.people.last().is_some_and(|l| at < l.0);
        if !is_among {
            return;
        }
        match self.people.iter_mut().find(|p| p.1 == name) {
            Some(there) => there.0 = at.min(there.0),
            None => self.people.push((at, name.to_owned())),
        }
        self.people.sort_unstable();
        self.people.truncate(PEOPLE);
    }

    /// Remembers a prompt, a password change.
    pub(crate) fn prompted(&mut self, seen: &Seen) {
        let Some(account) = &seen.account else { return };
        let word = if seen.outcome == Outcome::Success { "accepted" } else { "refused" };
        let source = seen.from.as_deref().map(seen::source_of).unwrap_or_default();
        let mark = Mark::new(seen.at, seen.seq, &format!("{word} {source}"));
        self.account(account).prompts.put(mark, PROMPTS_LIMIT);
    }

    pub(crate) fn changed(&mut self, seen: &Seen) {
        let Some(account) = &seen.account else { return };
        let mark = Mark::new(seen.at, seen.seq, "");
        self.account(account).changes.put(mark, CHANGES_LIMIT);
        let mark = Mark::new(seen.at, seen.seq, account);
        self.changed.put(mark, CHANGED_LIMIT);
    }

    /// Whether many accounts had a new password within the day before.
    pub(crate) fn is_day_of_changes(&self, at: i64) -> bool {
        let before = self.changed.between(at.saturating_sub(DAY_MS), at - TOLERANCE_MS);
        before.iter().map(|m| &m.other).collect::<BTreeSet<_>>().len() >= CHANGES_OF_A_DAY
    }

    /// Whether several accounts signed in before, the first of them so many days before: then who they are is known.
    pub(crate) fn knows_people(&self, at: i64, days: i64) -> bool {
        let first = at.saturating_sub(days.saturating_mul(DAY_MS));
        self.first_win.is_some_and(|f| f <= first)
            && self.people.get(PEOPLE - 1).is_some_and(|p| p.0 <= at - TOLERANCE_MS)
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
        self.slow.put(mark, OF_SLOW);
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
            self.left_out += make_room(&mut self.sources, |s| (!s.wins.is_empty(), s.touched));
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

    fn seen(account: &str, at: i64, seq: u64) -> Seen {
        let (account, from) = (Some(account.to_owned()), Some("203.0.113.9".into()));
        Seen { at, seq, account, from, ..Seen::default() }
    }

    #[test]
    fn a_sign_in_that_comes_in_behind_later_failures_makes_their_account_known() {
        let late = |at: i64| {
            let mut memory = Memory::default();
            memory.failed(&seen("eve", DAY_MS, 1));
            memory.won(&seen("eve", at, 2));
            let tries = &memory.sources.values().next().expect("one source").fails;
            tries.marks.between(0, DAY_MS)[0].is_known
        };
        assert!(late(0) && late(DAY_MS - TOLERANCE_MS));
        assert!(!late(DAY_MS - TOLERANCE_MS + 1) && !late(DAY_MS + 1));
    }

    #[test]
    fn people_are_known_by_their_first_sign_in_also_where_it_comes_in_last() {
        let people = |memory: &mut Memory, day: i64, many: usize| {
            for n in 0..many {
                memory.won(&seen(&format!("person{n}"), day * DAY_MS, n as u64));
            }
        };
        let mut memory = Memory::default();
        people(&mut memory, 30, PEOPLE);
        assert!(!memory.knows_people(10 * DAY_MS, 7));
        people(&mut memory, 1, PEOPLE - 1);
        assert!(!memory.knows_people(10 * DAY_MS, 7), "one too few");
        people(&mut memory, 1, PEOPLE);
        assert!(memory.knows_people(10 * DAY_MS, 7) && !memory.knows_people(7 * DAY_MS, 7));
    }

    #[test]
    fn a_flood_of_made_up_names_pushes_out_no_account_that_signs_in() {
        let mut memory = Memory::default();
        memory.won(&seen("eve", 1_000, 0));
        for seq in 1..=ACCOUNTS_LIMIT as u64 + 10 {
            memory.failed(&seen(&format!("x{seq}"), 1_000, seq));
        }
        assert!(memory.accounts.contains_key("eve") && memory.left_out > 0);
        assert!(memory.accounts.len() <= ACCOUNTS_LIMIT);
    }
}
