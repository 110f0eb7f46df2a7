//! When failures on many accounts are spraying, fast or slow, and what explains them as well.

use crate::find::{Added, Finding, KNOWN_DAYS, Scene};
use crate::growing::Open;
use crate::marks::{Counts, Mark, has_others};
use crate::memory::{DAY_MS, Source, TOLERANCE_MS, Tried};
use crate::policy::Allowed;
use crate::seen;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// The same where many fail together: they are back after a long holiday.
const LONG_KNOWN_DAYS: i64 = 120;
/// How long a place is new, on its first day: accounts that signed in there for the first time, in milliseconds.
const NEW_PLACE_MS: i64 = 4 * 3_600_000;
/// Days of sign-ins after which it is known who the people are.
const LEARNED_DAYS: i64 = 7;
/// So many names that signed in before: whoever tries them has a list of the customer's people.
const KNOWN_NAMES: usize = 2;

/// Why what looks like a spray is probably none.
pub(crate) const NOBODYS: &str = "most of the names are nobody's";
pub(crate) const NEVER_SEEN: &str = "none of the names was ever seen to sign in";
pub(crate) const OLD_PASSWORDS: &str =
    "most of the passwords were changed shortly before: devices may have tried the old ones";

/// What failures of one source within a window are, from the least to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// No spray.
    Nothing,
    /// One only with names that nobody has.
    Nobodys,
    /// One, but none of the names is one of the people's, who are known: it is what the internet tries everywhere.
    NeverSeen,
    /// One only with accounts whose devices may have tried the password before.
    OldPasswords,
    /// One that nothing explains.
    Spray,
}

impl Verdict {
    fn excuse(self) -> Option<&'static str> {
        match self {
            Self::Nobodys => Some(NOBODYS),
            Self::NeverSeen => Some(NEVER_SEEN),
            Self::OldPasswords => Some(OLD_PASSWORDS),
            Self::Nothing | Self::Spray => None,
        }
    }
}

/// Failures of one source, in their order, and windows among them.
struct Windows<'a> {
    scene: &'a Scene<'a>,
    marks: &'a [Mark],
    name: &'a str,
    source: Option<&'a Source>,
    span: i64,
    many: usize,
}

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
        let fails = &self.memory.sources.get(&source)?.fails.marks;
        let span = self.milliseconds(ID, "window");
        let open = self.open(ID, &source, at, span);
        // What is severe stays so, whatever else explains what comes behind it.
        let verdict = if open.is_some_and(Open::is_severe) {
            Verdict::Spray
        } else {
            self.windows(fails.around(at, span), &source).verdict((at, i64::MAX), Verdict::Spray)
        };
        if open.is_none() && verdict == Verdict::Nothing {
            return None;
        }
        let range = fails.chain(at, span, open.and_then(Open::whole));
        let added = Added::of(fails, range, open, (at, self.seen.seq));
        let mut finding = Finding::of(ID, &source).marks(added.marks.iter().copied());
        finding.excuses.extend(verdict.excuse());
        finding.is_more = verdict == Verdict::Nothing;
        finding.whole = Some(added.whole);
        finding.who.extend(added.marks.iter().map(|m| m.other.to_string()));
        finding.from.insert(source);
        Some(finding)
    }

    /// Whether failures of a source, in their order, were a spray in any window that ends from when to when.
    pub(crate) fn was_spray(&self, marks: &[Mark], source: &str, ends: (i64, i64)) -> bool {
        self.windows(marks, source).verdict(ends, Verdict::Nobodys) > Verdict::Nothing
    }

    fn windows<'a>(&'a self, marks: &'a [Mark], name: &'a str) -> Windows<'a> {
        const ID: &str = "bw.spray-fast";
        let (span, many) = (self.milliseconds(ID, "window"), self.number(ID, "accounts"));
        Windows { scene: self, marks, name, source: self.memory.sources.get(name), span, many }
    }

    /// A failure that waited long enough and was not followed by a success.
    pub(crate) fn slow_spray(&self, tried: &Tried) -> Option<Finding> {
        const ID: &str = "bw.spray-slow";
        let (slow, span) = (&self.memory.slow.marks, self.milliseconds(ID, "window"));
        let open = self.open(ID, "", tried.at, span);
        if open.is_none() && !slow.is_diverse(tried.at, span, self.number(ID, "accounts")) {
            return None;
        }
        let around = slow.around(tried.at, span);
        let range = (around.first()?.at, around.last()?.at);
        let added = Added::of(slow, range, open, (tried.at, tried.seq));
        let mut finding = Finding::of(ID, "").marks(added.marks.iter().copied());
        for one in &added.marks {
            finding.who.insert(one.other.to_string());
            let fails = self.memory.accounts.get(&*one.other).map(|a| a.fails.between(one.at, one.at));
            let same = fails.unwrap_or(&[]).iter().find(|f| f.seq == one.seq);
            finding.from.extend(same.map(|f| f.other.to_string()));
        }
        finding.from.insert(seen::source_of(&tried.from));
        finding.from.remove("");
        finding.whole = Some(added.whole);
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

impl<'a> Windows<'a> {
    /// The worst that any window is that ends from when to when, where nothing worse than `enough` is asked for.
    ///
    /// Who was in by the end of a window had only mistyped: each window is looked at with what happened before its end.
    fn verdict(&self, (from, to): (i64, i64), enough: Verdict) -> Verdict {
        if !has_others(self.marks, self.many) {
            return Verdict::Nothing;
        }
        let mut ends = self.marks.iter().map(|m| m.at).filter(|at| from <= *at && *at <= to);
        let Some(first) = ends.next() else { return Verdict::Nothing };
        let worst = self.first(first, enough);
        let enough = enough.min(self.worst_possible(first));
        if worst >= enough || ends.all(|end| end == first) {
            return worst;
        }
        worst.max(self.later((first, to), enough))
    }

    /// What no window among the marks can exceed, by what is known of the names alone.
    fn worst_possible(&self, end: i64) -> Verdict {
        let named = self.marks.iter().filter(|m| !m.is_nobody);
        if !has_others(named, self.many) {
            Verdict::Nobodys
        } else if self.are_strangers(self.marks, end) {
            Verdict::NeverSeen
        } else {
            Verdict::Spray
        }
    }

    /// Whether fewer names than it takes ever signed in, where it is known who does.
    fn are_strangers(&self, window: &[Mark], end: i64) -> bool {
        self.scene.memory.knows_people(end, LEARNED_DAYS)
            && !has_others(window.iter().filter(|m| m.is_known), KNOWN_NAMES)
    }

    /// The window that ends at a time, from its latest marks on: most often a few of them tell.
    fn first(&self, end: i64, enough: Verdict) -> Verdict {
        let behind = self.marks.partition_point(|m| m.at <= end);
        let begin = self.marks.partition_point(|m| m.at < end.saturating_sub(self.span));
        let window = self.marks.get(begin..behind).unwrap_or(&[]);
        let need = self.need(end);
        let (mut all, mut named) = (BTreeSet::new(), BTreeSet::new());
        for mark in window.iter().rev() {
            // The names of a flood tell nothing more once there are enough of them.
            if (mark.is_nobody && all.len() >= need)
                || named.contains(&*mark.other)
                || self.counts_until(mark) < end
            {
                continue;
            }
            all.insert(&*mark.other);
            if !mark.is_nobody {
                named.insert(&*mark.other);
            }
            let is_enough = all.len() >= need && enough <= Verdict::Nobodys;
            if is_enough || named.len() >= need {
                break;
            }
        }
        self.told((all.len(), named.len(), need), window, end)
    }

    /// The worst of all windows that end from when to when: each mark comes in once and goes once.
    fn later(&self, (from, to): (i64, i64), enough: Verdict) -> Verdict {
        let (mut all, mut named) = (Counts::default(), Counts::default());
        let (mut leave, mut begin, mut worst) = (BinaryHeap::new(), 0, Verdict::Nothing);
        for (place, mark) in self.marks.iter().enumerate() {
            let end = mark.at;
            let until = self.counts_until(mark);
            if until >= end {
                all.add(&*mark.other);
                if !mark.is_nobody {
                    named.add(&*mark.other);
                }
                leave.push(Reverse((until, place)));
            }
            while let Some(Reverse((until, place))) = leave.peek().copied()
                && until < end
            {
                leave.pop();
                all.take(&&*self.marks[place].other);
                if !self.marks[place].is_nobody {
                    named.take(&&*self.marks[place].other);
                }
            }
            let is_last = self.marks.get(place + 1).is_none_or(|next| next.at > end);
            if !is_last || end < from || end > to || all.len() < self.many {
                continue;
            }
            while self.marks[begin].at < end.saturating_sub(self.span) {
                begin += 1;
            }
            let counts = (all.len(), named.len(), self.need(end));
            worst = worst.max(self.told(counts, &self.marks[begin..=place], end));
            if worst >= enough {
                break;
            }
        }
        worst
    }

    /// What a window is in which so many names failed, so many of which somebody may have, and so many are needed.
    fn told(&self, (all, named, need): (usize, usize, usize), window: &[Mark], end: i64) -> Verdict {
        if all < need {
            return Verdict::Nothing;
        }
        if named < need {
            return Verdict::Nobodys;
        }
        if self.are_strangers(window, end) {
            return Verdict::NeverSeen;
        }
        let account = |m: &Mark| self.scene.memory.accounts.get(&*m.other);
        let is_stale = |m: &Mark| account(m).is_some_and(|a| a.may_be_stale(m.at));
        let left = |m: &&Mark| !m.is_nobody && self.counts_until(m) >= end && !is_stale(m);
        if has_others(window.iter().filter(left), need) { Verdict::Spray } else { Verdict::OldPasswords }
    }

    /// How many names it takes at that time. Where at least as many as failed have just come in for the first time it is a
    /// new place of people, of whom some mistype.
    fn need(&self, end: i64) -> usize {
        let came_in = |s: &Source| s.wins.between(end.saturating_sub(NEW_PLACE_MS), end - TOLERANCE_MS).len();
        self.many.max(self.source.map_or(0, came_in) + 1)
    }

    /// Until which end of a window a failure counts: not at all where the source is one to which the account is
    /// accustomed, and not once it was in from there.
    fn counts_until(&self, mark: &Mark) -> i64 {
        let until = mark.at.saturating_add(self.span);
        let was_in = |s: &Source| !s.has_all_wins() || s.wins.names(&mark.other);
        let may_be_in = self.source.is_some_and(was_in);
        if mark.is_nobody || !(mark.is_known || may_be_in) {
            return until;
        }
        let Some(account) = self.scene.memory.accounts.get(&*mark.other) else { return until };
        if mark.is_known && account.knows(self.name, mark.at, LONG_KNOWN_DAYS) {
            return i64::MIN;
        }
        let wins = account.wins.between(mark.at, until).iter();
        let first =
            wins.filter(|w| *w.other == *self.name).map(|w| w.at.saturating_add(TOLERANCE_MS - 1)).next();
        first.map_or(until, |first| first.min(until))
    }
}
