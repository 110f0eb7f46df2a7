//! When failures on one account are brute force, and when a sign-in behind failures says that somebody got in.

use crate::find::{Added, DECLARED, Finding, KNOWN_DAYS, OLD_PASSWORD, Scene};
use crate::growing::Open;
use crate::marks::{Mark, is_crowded};
use crate::memory::{Account, Home};
use crate::policy::{Allowed, Policy};
use crate::seen;
use std::cell::LazyCell;
use std::collections::BTreeMap;

/// Why failures on one account are probably no attack.
const OWN: &str =
    "they come from where the account is at home, or from its devices after a change of the password";

/// How many times as many failures it takes from there: a person at their desk is seen by three logs at once.
const OWN_TIMES: usize = 3;

/// In which of its two forms brute force is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Fast,
    Slow,
}

/// Where the failures of one account come from: each source is looked at once.
struct Places<'a> {
    policy: &'a Policy,
    account: &'a Account,
    known: BTreeMap<&'a str, Place<'a>>,
}

/// One of them: when the account was at home there, and when the policy declared it a scanner.
struct Place<'a> {
    home: Home<'a>,
    scanner: Vec<(i64, i64)>,
}

impl<'a> Places<'a> {
    fn of(policy: &'a Policy, account: &'a Account) -> Self {
        Self { policy, account, known: BTreeMap::new() }
    }

    fn place(&mut self, source: &'a str) -> &Place<'a> {
        let new = || Place {
            home: self.account.home(source),
            scanner: self.policy.times(Allowed::Scanner, source),
        };
        self.known.entry(source).or_insert_with(new)
    }

    /// Whether the account was at home there.
    fn is_home(&mut self, mark: &'a Mark) -> bool {
        !mark.other.is_empty() && self.place(&mark.other).home.is_used(mark.at, KNOWN_DAYS)
    }

    /// Whether the policy declared it a scanner then.
    fn is_scanner(&mut self, mark: &'a Mark) -> bool {
        self.place(&mark.other).scanner.iter().any(|(from, until)| *from <= mark.at && mark.at <= *until)
    }
}

impl Scene<'_> {
    /// Failures on one account: many within minutes, or within a day.
    pub(crate) fn brute(&self, subject: &str) -> Option<Finding> {
        const ID: &str = "bw.brute-force";
        if self.seen.from.as_ref().is_some_and(|f| self.policy.covers(Allowed::Scanner, f, self.seen.at)) {
            return None;
        }
        let account = self.memory.accounts.get(subject)?;
        let at = self.seen.at;
        let window = self.milliseconds(ID, "window");
        let open = self.open(ID, subject, at, window);
        let around = account.fails.around(at, self.day());
        let least = self.number(ID, "failures").min(self.number(ID, "slow-failures"));
        if open.is_none() && around.len() < least {
            return None;
        }
        let strange = LazyCell::new(|| self.strange_fails(account));
        let own = LazyCell::new(|| around.iter().map(|m| m.at).collect::<Vec<_>>());
        let fires = |form: Form| {
            self.is_brute(&strange, (at, at), form, 1) || self.is_brute(&own, (at, at), form, OWN_TIMES)
        };
        let held = open.and_then(Open::whole);
        let chain = account.fails.chain(at, window, held);
        // In the slow form the whole day belongs to it, however loosely it hangs together.
        let day = (around.first()?.at, around.last()?.at);
        let joined = held.filter(|h| h.0 <= chain.1 && chain.0 <= h.1);
        let joined = joined.map_or(chain, |h| (h.0.min(chain.0), h.1.max(chain.1)));
        let has_more = day.0 < joined.0 || joined.1 < day.1;
        let range = if has_more && fires(Form::Slow) {
            day
        } else if open.is_some() || fires(Form::Fast) || fires(Form::Slow) {
            chain
        } else {
            return None;
        };
        let added = Added::of(&account.fails, range, open, (at, self.seen.seq));
        let mut finding = Finding::of(ID, subject).marks(added.marks.iter().copied());
        let by_strangers = |form| self.is_brute(&strange, (at, at), form, 1);
        if !open.is_some_and(Open::is_severe) && !by_strangers(Form::Fast) && !by_strangers(Form::Slow) {
            finding.excuses.insert(OWN);
        }
        finding.whole = Some(added.whole);
        finding.who.insert(subject.to_owned());
        finding.from.extend(added.marks.iter().filter(|m| !m.other.is_empty()).map(|m| m.other.to_string()));
        Some(finding)
    }

    /// How long the slow form of brute force may take.
    fn day(&self) -> i64 {
        self.milliseconds("bw.brute-force", "slow-window")
    }

    /// Times of failures around now that no device of the account explains: not from where it is at home, and those that come
    /// one by one not while devices may still have the password before.
    fn strange_fails(&self, account: &Account) -> Vec<i64> {
        let at = self.seen.at;
        let mut places = Places::of(self.policy, account);
        let around = account.fails.around(at, self.day()).iter();
        let strange: Vec<i64> =
            around.filter(|m| !places.is_home(m) && !places.is_scanner(m)).map(|m| m.at).collect();
        if self.is_brute(&strange, (at, at), Form::Fast, 1) {
            return strange;
        }
        strange.into_iter().filter(|at| !account.may_be_stale(*at)).collect()
    }

    /// Whether failures at these times are so many times as many as it takes, in a window that has one of `range` between
    /// its first and its last.
    fn is_brute(&self, times: &[i64], range: (i64, i64), form: Form, by: usize) -> bool {
        const ID: &str = "bw.brute-force";
        let (window, failures) = match form {
            Form::Fast => ("window", "failures"),
            Form::Slow => ("slow-window", "slow-failures"),
        };
        let many = self.number(ID, failures).saturating_mul(by);
        times.len() >= many && is_crowded(times, range, self.milliseconds(ID, window), many)
    }

    /// A sign-in that failures of its account or from its source say was not its owner's.
    pub(crate) fn success_after(&self, name: &str, win: &Mark) -> Vec<Finding> {
        let Some(account) = self.memory.accounts.get(name) else { return vec![] };
        // Where the account is at home its owner signs in, whoever tries it meanwhile.
        if account.knows(&win.other, win.at, KNOWN_DAYS) {
            return vec![];
        }
        [self.gave_way(name, account, win), self.was_sprayed(name, win)].into_iter().flatten().collect()
    }

    /// The account was tried until it gave way: by others than its own devices, of which one elsewhere may still have the
    /// password before.
    fn gave_way(&self, name: &str, account: &Account, win: &Mark) -> Option<Finding> {
        const ID: &str = "bw.success-after-failures";
        let (from, until) = (win.at.saturating_sub(self.milliseconds(ID, "within")), win.at);
        let mut places = Places::of(self.policy, account);
        let mut strange: Vec<&Mark> = vec![];
        for mark in account.fails.between(until.saturating_sub(self.day()), until) {
            let is_elsewhere = mark.other != win.other;
            let is_own = (is_elsewhere && account.is_stale(mark.at))
                || places.is_home(mark)
                || (is_elsewhere && places.is_scanner(mark));
            strange.extend((!is_own).then_some(mark));
        }
        let gave_way = |times: &[i64]| {
            let tried = times.len() - times.partition_point(|t| *t < from);
            let is_brute = |form| self.is_brute(times, (from, until), form, 1);
            tried >= self.number(ID, "failures").max(1)
                || (tried > 0 && (is_brute(Form::Fast) || is_brute(Form::Slow)))
        };
        if !gave_way(&strange.iter().map(|m| m.at).collect::<Vec<_>>()) {
            return None;
        }
        let tried: Vec<&Mark> = strange.iter().copied().filter(|m| m.at >= from).collect();
        let mut finding = self.signed_in(name, name, &tried, win);
        let fresh = strange.iter().map(|m| m.at).filter(|at| !account.may_be_stale(*at));
        if !gave_way(&fresh.collect::<Vec<_>>()) {
            finding.excuses.insert(OLD_PASSWORD);
        }
        if self.is_scanner(&win.other, win.at) {
            finding.excuses.insert(DECLARED);
        }
        Some(finding)
    }

    /// The source tried many accounts, and this one among them: all of them are one thing.
    fn was_sprayed(&self, name: &str, win: &Mark) -> Option<Finding> {
        let within = self.milliseconds("bw.success-after-failures", "within");
        let source = self.memory.sources.get(&*win.other)?;
        let from = win.at.saturating_sub(within);
        let tried = source.fails.marks.between(from, win.at);
        let declared = [Allowed::Gateway, Allowed::Scanner];
        let is_declared = declared.iter().any(|a| self.policy.covers(*a, &win.other, win.at));
        let window = self.milliseconds("bw.spray-fast", "window");
        let around = source.fails.marks.between(from.saturating_sub(window), win.at);
        if tried.is_empty() || is_declared || !self.was_spray(around, &win.other, (from, win.at)) {
            return None;
        }
        let tried: Vec<&Mark> = tried.iter().collect();
        Some(self.signed_in(&format!("from {}", win.other), name, &tried, win))
    }

    /// A sign-in after failures: all of them, or where an alert has the sign-in already the one that came in behind it.
    fn signed_in(&self, group: &str, name: &str, before: &[&Mark], win: &Mark) -> Finding {
        const ID: &str = "bw.success-after-failures";
        let is_told = self.open(ID, group, win.at, 0).is_some_and(|o| o.has(win.seq));
        let new = before.iter().copied().filter(|m| !is_told || m.seq == self.seen.seq);
        let mut finding = Finding::of(ID, group).marks(new);
        finding.records.push((win.at, win.seq));
        finding.who.insert(name.to_owned());
        finding.from.insert(win.other.to_string());
        finding.from.remove("");
        finding
    }

    /// Sign-ins from the source that came in before this failure and happened after it: of any account that it tried.
    pub(crate) fn given_way(&self, within: i64) -> Vec<Finding> {
        let source = self.seen.from.as_deref().map(seen::source_of).unwrap_or_default();
        let Some(known) = self.memory.sources.get(&source) else { return vec![] };
        let many = self.number("bw.spray-fast", "accounts");
        let (from, until) = (self.seen.at, self.seen.at.saturating_add(within));
        if known.wins.is_empty() || known.fails.marks.around(from, within).len() < many {
            return vec![];
        }
        let mut found = vec![];
        for name in known.wins.between(i64::MIN, until).iter().map(|m| &*m.other) {
            let wins = self.memory.accounts.get(name).map_or(&[][..], |a| a.wins.between(from, until));
            found.extend(
                wins.iter().filter(|w| *w.other == *source).flat_map(|w| self.success_after(name, w)),
            );
        }
        found
    }
}
