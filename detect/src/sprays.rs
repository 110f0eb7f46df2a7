//! When failures on many accounts are spraying, fast or slow, and what explains them as well.

use crate::find::{Finding, KNOWN_DAYS, Scene};
use crate::memory::{DAY_MS, Mark, Marks, TOLERANCE_MS, Tried};
use crate::policy::Allowed;
use crate::seen;
use std::collections::BTreeSet;

/// The same where many fail together: they are back after a long holiday.
const LONG_KNOWN_DAYS: i64 = 120;
/// How long a place is new, on its first day: accounts that signed in there for the first time, in milliseconds.
const NEW_PLACE_MS: i64 = 4 * 3_600_000;
/// Days of sign-ins and accounts that signed in after which it is known who the people are.
const LEARNED_DAYS: i64 = 7;
const LEARNED_ACCOUNTS: usize = 10;
/// So many names that signed in before: whoever tries them has a list of the customer's people.
const KNOWN_NAMES: usize = 2;

impl Scene<'_> {
    /// A source that fails on many accounts.
    pub(crate) fn spray(&self) -> Option<Finding> {
        const ID: &str = "bw.spray-fast";
        let from = self.seen.from.as_deref()?;
        let at = self.seen.at;
        let declared = [Allowed::Gateway, Allowed::Scanner];
        if declared.iter().any(|a| self.policy.covers(*a, from, at)) {
            return None;
        }
        let source = seen::source_of(from);
        let fails = &self.memory.sources.get(&source)?.fails;
        let span = self.milliseconds(ID, "window");
        let many = self.number(ID, "accounts");
        let any = |_: &Mark| true;
        let around = fails.around(at, span, i64::MAX);
        let marks =
            self.episode(ID, &source, fails, span, || self.is_spray(around, &source, (at, span, many), any));
        let mut finding = Finding::of(ID, &source).marks(marks);
        let excuse =
            if marks.is_empty() { None } else { self.excuse_of_spray(around, &source, (at, span, many)) };
        finding.excuses.extend(excuse);
        finding.who.extend(marks.iter().map(|m| m.name().to_owned()));
        finding.from.insert(source);
        (!marks.is_empty()).then_some(finding)
    }

    /// Why what looks like a spray is probably none: without these accounts it is none.
    fn excuse_of_spray(
        &self,
        around: &[Mark],
        source: &str,
        window: (i64, i64, usize),
    ) -> Option<&'static str> {
        let account = |m: &Mark| self.memory.accounts.get(m.name());
        let is_nobody = Mark::is_nobody;
        if !self.is_spray(around, source, window, |m| !is_nobody(m)) {
            return Some("most of the names are nobody's");
        }
        // Where people are known and none of the names is one of theirs, it is what the internet tries everywhere.
        let was_seen = |m: &&Mark| account(m).is_some_and(|a| a.signed_in_before(m.at).is_some());
        let seen: BTreeSet<&str> = around.iter().filter(was_seen).map(Mark::name).collect();
        if seen.len() < KNOWN_NAMES && self.memory.knows_people(self.seen.at, LEARNED_DAYS, LEARNED_ACCOUNTS)
        {
            return Some("none of the names was ever seen to sign in");
        }
        let is_stale = |m: &Mark| account(m).is_some_and(|a| a.may_be_stale(m.at));
        let has_left = |m: &Mark| !is_nobody(m) && !is_stale(m);
        (!self.is_spray(around, source, window, has_left)).then_some(
            "most of the passwords were changed shortly before: devices may have tried the old ones",
        )
    }

    /// Whether so many accounts failed within a window around `at`, among failures of that time in their order, for none of
    /// which the source is an accustomed one, and that did not sign in from it soon after. Where at least as many have just come in for the first time it is a new
    /// place of people, of whom some mistype. `counts` says which marks may count.
    pub(crate) fn is_spray(
        &self,
        around: &[Mark],
        source: &str,
        (at, span, many): (i64, i64, usize),
        counts: impl Fn(&Mark) -> bool,
    ) -> bool {
        if Marks::diverse_among(around, at, span, many).is_none() {
            return false;
        }
        let account = |m: &Mark| self.memory.accounts.get(&m.other);
        let is_home = |m: &Mark| account(m).is_some_and(|a| a.knows(source, m.at, LONG_KNOWN_DAYS));
        let strangers = Marks::only(around, |m| counts(m) && !is_home(m));
        if strangers.diverse(at, span, many).is_none() {
            return false;
        }
        // Who was in by the end of a window had only mistyped: each window is looked at with what happened before its end.
        let strangers = strangers.between(i64::MIN, i64::MAX);
        let ends = strangers.iter().filter(|m| m.at >= at);
        ends.map(|m| m.at).any(|end| {
            let window = strangers.iter().filter(|m| m.at <= end && m.at >= end.saturating_sub(span));
            let was_in = |m: &Mark| {
                let wins = account(m).map(|a| a.wins.between(m.at, end - TOLERANCE_MS));
                wins.unwrap_or(&[]).iter().any(|w| w.other == source)
            };
            let left: BTreeSet<&str> = window.filter(|m| !was_in(m)).map(Mark::name).collect();
            left.len() >= many && left.len() > self.came_in(source, end)
        })
    }

    /// Accounts that had signed in from a source for the first time shortly before.
    fn came_in(&self, source: &str, at: i64) -> usize {
        let known = self.memory.sources.get(source);
        known.map_or(0, |s| s.wins.between(at.saturating_sub(NEW_PLACE_MS), at - TOLERANCE_MS).len())
    }

    /// A failure that waited long enough and was not followed by a success.
    pub(crate) fn slow_spray(&self, mark: &Mark) -> Option<Finding> {
        const ID: &str = "bw.spray-slow";
        let (slow, span) = (&self.memory.slow, self.milliseconds(ID, "window"));
        let many = self.number(ID, "accounts");
        let marks = match (self.open)(ID, "", mark.at, span) {
            Some((first, last)) if first <= mark.at && mark.at <= last => std::slice::from_ref(mark),
            Some(_) => slow.between(mark.at.saturating_sub(span), mark.at.saturating_add(span)),
            None => {
                slow.diverse(mark.at, span, many)?;
                slow.between(mark.at.saturating_sub(span), mark.at.saturating_add(span))
            }
        };
        let mut finding = Finding::of(ID, "").marks(marks);
        for one in marks {
            finding.who.insert(one.other.clone());
            let fails = self.memory.accounts.get(&one.other).map(|a| a.fails.between(one.at, one.at));
            let same = fails.unwrap_or(&[]).iter().find(|f| f.seq == one.seq);
            finding.from.extend(same.map(|f| f.other.clone()).filter(|f| !f.is_empty()));
        }
        Some(finding)
    }

    /// Whether a failed sign-in may be part of a slow spray: of an account that may exist, from where nobody is at home.
    pub(crate) fn may_be_slow_spray(&self, tried: &Tried) -> bool {
        let memory = self.memory;
        let source = seen::source_of(&tried.from);
        let learned = memory.first_win.is_some_and(|first| first <= tried.at - DAY_MS);
        let is_home =
            memory.accounts.get(&tried.account).is_some_and(|a| a.knows(&source, tried.at, KNOWN_DAYS))
                || memory.sources.get(&source).is_some_and(|s| s.is_trusted(tried.at));
        let declared = [Allowed::Gateway, Allowed::Scanner];
        learned
            && tried.exists != Some(false)
            && !is_home
            && !memory.accounts.get(&tried.account).is_some_and(|a| a.may_be_stale(tried.at))
            && !self.policy.says(Allowed::PasswordPolicy, tried.at)
            && !declared.iter().any(|a| self.policy.covers(*a, &tried.from, tried.at))
    }
}
