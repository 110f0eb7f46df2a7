//! When each detection fires, over what is remembered: functions of one thing that happened and of the memory.
//!
//! A finding is about marks that hang together, whatever the order in which they came: more of them never take one
//! back, and what excuses one happened longer before it than records may be late.

use crate::about::Settings;
use crate::growing::span;
use crate::memory::{Account, DAY_MS, Mark, Marks, Memory, TOLERANCE_MS, Tried};
use crate::policy::{Allowed, Policy};
use crate::seen::{self, Act, Outcome, Seen};
use std::collections::BTreeSet;

/// Longest that a failed sign-in waits for the same account to succeed from there, before it counts as part of a
/// slow spray, in milliseconds.
const PATIENCE_MS: i64 = 600_000;
/// Failures that wait in one log.
const WAITING_LIMIT: usize = 10_000;
/// Failures that a success names as what came before it.
const BEFORE: usize = 50;
/// How long a source stays known for an account, in days.
pub(crate) const KNOWN_DAYS: i64 = 30;

/// How long behind a start a time service steps the clock, in milliseconds.
const STARTED_MS: i64 = 1_800_000;
/// Programs by which the host of a virtual machine sets its clock.
const HOST_CLOCKS: [&str; 4] =
    ["\\vmtoolsd.exe", "\\vboxservice.exe", "\\prl_tools_service.exe", "\\qemu-ga.exe"];

/// Why failures on one account are probably no attack.
const OWN: &str =
    "they come from where the account is at home, or from its devices after a change of the password";

/// How many times as many failures it takes from there: a person at their desk is seen by three logs at once.
const OWN_TIMES: usize = 3;

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Finding {
    /// Which detection.
    pub(crate) id: &'static str,
    /// What makes it the same thing as another finding.
    pub(crate) group: String,
    /// Its records: when, and place in the log.
    pub(crate) records: Vec<(i64, u64)>,
    pub(crate) who: BTreeSet<String>,
    /// Those of `who` who did it, where it was done to others.
    pub(crate) by: BTreeSet<String>,
    pub(crate) from: BTreeSet<String>,
    pub(crate) what: BTreeSet<String>,
    /// Numbers that only this finding knows.
    pub(crate) numbers: BTreeSet<String>,
    /// Why it probably is no attack: as long as nothing else is found it is told at level medium at most.
    pub(crate) excuses: BTreeSet<&'static str>,
}

impl Finding {
    pub(crate) fn of(id: &'static str, group: &str) -> Self {
        Self { id, group: group.to_owned(), ..Self::default() }
    }

    pub(crate) fn with(mut self, seen: &Seen) -> Self {
        self.records.push((seen.at, seen.seq));
        self.who.extend(seen.account.clone());
        self.who.extend(seen.by.clone());
        self.by.extend(seen.by.clone());
        self.from.extend(seen.from.clone());
        self.what.extend(seen.object.clone());
        self
    }

    pub(crate) fn marks(mut self, marks: &[Mark]) -> Self {
        self.records.extend(marks.iter().map(|m| (m.at, m.seq)));
        self
    }
}

/// First and last time of the alert of a detection about a group that is open so near to a time.
pub(crate) type Near<'a> = dyn Fn(&str, &str, i64, i64) -> Option<(i64, i64)> + 'a;

/// What a detection looks at.
pub(crate) struct Scene<'a> {
    pub(crate) seen: &'a Seen,
    pub(crate) memory: &'a Memory,
    pub(crate) policy: &'a Policy,
    pub(crate) settings: &'a Settings,
    /// First and last time of an alert about this that is still open near here.
    pub(crate) open: &'a Near<'a>,
}

impl Scene<'_> {
    pub(crate) fn milliseconds(&self, id: &str, name: &str) -> i64 {
        self.settings.of(id, name).saturating_mul(1000)
    }

    pub(crate) fn number(&self, id: &str, name: &str) -> usize {
        usize::try_from(self.settings.of(id, name)).unwrap_or(0)
    }

    /// The marks of an episode around now: those that an open alert does not have yet, or all of a new one.
    pub(crate) fn episode<'m>(
        &self,
        id: &str,
        group: &str,
        marks: &'m Marks,
        span: i64,
        begins: impl Fn() -> bool,
    ) -> &'m [Mark] {
        let at = self.seen.at;
        match (self.open)(id, group, at, span) {
            Some((first, last)) if first <= at && at <= last => {
                let here = marks.between(at, at);
                let place = here.iter().position(|m| m.seq == self.seen.seq);
                let many = here.iter().filter(|m| m.seq == self.seen.seq).count();
                place.map_or(&[], |p| &here[p..p + many])
            }
            Some(_) => marks.chain(at, span),
            None if begins() => marks.chain(at, span),
            None => &[],
        }
    }

    /// Everything that fires on a failed sign-in.
    pub(crate) fn failure(&self) -> Vec<Finding> {
        let mut found = vec![];
        let Some(subject) = Memory::subject(self.seen) else { return found };
        // A name that nobody has is in no danger; whoever tries many of them is told by spraying.
        if self.seen.exists != Some(false) {
            found.extend(self.brute(&subject));
        }
        found.extend(self.spray());
        let wins = self.memory.accounts.get(&subject).map(|a| &a.wins);
        let within = self.milliseconds("bw.success-after-failures", "within");
        for win in wins.map_or(&[][..], |w| w.between(self.seen.at, self.seen.at.saturating_add(within))) {
            found.extend(self.success_after(&subject, win));
        }
        found.extend(self.given_way(within));
        found
    }

    /// Sign-ins from the source that came in before this failure and happened after it: of any account that it tried.
    fn given_way(&self, within: i64) -> Vec<Finding> {
        let source = self.seen.from.as_deref().map(seen::source_of).unwrap_or_default();
        let Some(known) = self.memory.sources.get(&source) else { return vec![] };
        let many = self.number("bw.spray-fast", "accounts");
        let (from, until) = (self.seen.at, self.seen.at.saturating_add(within));
        if known.fails.around(from, within, i64::MAX).len() < many {
            return vec![];
        }
        let mut found = vec![];
        for name in known.wins.between(i64::MIN, until).iter().map(|m| &m.other) {
            let wins = self.memory.accounts.get(name).map_or(&[][..], |a| a.wins.between(from, until));
            found.extend(wins.iter().filter(|w| w.other == source).flat_map(|w| self.success_after(name, w)));
        }
        found
    }

    fn brute(&self, subject: &str) -> Option<Finding> {
        const ID: &str = "bw.brute-force";
        if self.seen.from.as_ref().is_some_and(|f| self.policy.covers(Allowed::Scanner, f, self.seen.at)) {
            return None;
        }
        let fails = &self.memory.accounts.get(subject)?.fails;
        let at = self.seen.at;
        let strange = self.strange_fails(subject);
        let begins = || self.is_brute(&strange, at, 1) || self.is_brute(fails, at, OWN_TIMES);
        let marks = self.episode(ID, subject, fails, self.milliseconds(ID, "window"), begins);
        let marks = if marks.is_empty() || !begins() { marks } else { self.slow_or_fast(fails, marks) };
        let mut finding = Finding::of(ID, subject).marks(marks);
        if !self.is_brute(&strange, at, 1) {
            finding.excuses.insert(OWN);
        }
        finding.who.insert(subject.to_owned());
        finding.from.extend(marks.iter().filter(|m| !m.other.is_empty()).map(|m| m.other.clone()));
        (!marks.is_empty()).then_some(finding)
    }

    /// Failures around now that no device of the account explains: not from where it is at home, and those that come one
    /// by one not while devices may still have the password before.
    fn strange_fails(&self, subject: &str) -> Marks {
        let Some(account) = self.memory.accounts.get(subject) else { return Marks::default() };
        let at = self.seen.at;
        let day = self.milliseconds("bw.brute-force", "slow-window");
        let is_own = |m: &Mark| !m.other.is_empty() && account.knows(&m.other, m.at, KNOWN_DAYS);
        let around = account.fails.between(at.saturating_sub(day), at.saturating_add(day));
        let strange = Marks::only(around, |m| !is_own(m) && !self.is_scanner(&m.other, m.at));
        let (window, many) =
            (self.milliseconds("bw.brute-force", "window"), self.number("bw.brute-force", "failures"));
        if strange.crowded(at, window, many).is_some() {
            return strange;
        }
        Marks::only(strange.between(i64::MIN, i64::MAX), |m| !account.may_be_stale(m.at))
    }

    /// Of the slow form the marks of the whole day, which hang together less closely.
    fn slow_or_fast<'m>(&self, fails: &'m Marks, chain: &'m [Mark]) -> &'m [Mark] {
        let many = self.number("bw.brute-force", "failures");
        if chain.len() >= many {
            return chain;
        }
        let day = self.milliseconds("bw.brute-force", "slow-window");
        fails.between(self.seen.at.saturating_sub(day), self.seen.at.saturating_add(day))
    }

    /// Whether the failures around `at` are so many times as many as it takes, in either form.
    fn is_brute(&self, fails: &Marks, at: i64, times: usize) -> bool {
        const ID: &str = "bw.brute-force";
        let crowded = |window: &str, failures: &str| {
            let many = self.number(ID, failures).saturating_mul(times);
            fails.crowded(at, self.milliseconds(ID, window), many).is_some()
        };
        crowded("window", "failures") || crowded("slow-window", "slow-failures")
    }

    /// A failure that was no mistake, after changes of the password: every one of them, so that it does not matter which
    /// came in first.
    pub(crate) fn after_changes(&self, tried: &Tried) -> Vec<Finding> {
        let Some(account) = self.memory.accounts.get(&tried.account) else { return vec![] };
        let within = self.milliseconds("bw.failed-after-change", "within");
        let changes = account.changes.between(tried.at.saturating_sub(within), tried.at - 1);
        let mark = Mark { at: tried.at, seq: tried.seq, other: tried.from.clone() };
        changes.iter().filter_map(|change| self.tried_old(&tried.account, change, &mark)).collect()
    }

    fn tried_old(&self, name: &str, change: &Mark, tried: &Mark) -> Option<Finding> {
        const ID: &str = "bw.failed-after-change";
        let account = self.memory.accounts.get(name)?;
        let days = self.settings.of(ID, "known-days");
        let source = seen::source_of(&tried.other);
        let is_home = account.knows(&source, tried.at, days)
            || self.memory.sources.get(&source).is_some_and(|s| s.is_trusted(tried.at));
        let is_policy_day = self.policy.says(Allowed::PasswordPolicy, tried.at);
        if tried.other.is_empty() || is_home || is_policy_day || !account.is_known(tried.at) {
            return None;
        }
        // On a day on which many have new passwords the telephones of all of them are one thing.
        let group = if self.memory.is_day_of_changes(tried.at) { "" } else { name };
        let mut finding = Finding::of(ID, group).marks(&[change.clone(), tried.clone()]);
        finding.who.insert(name.to_owned());
        finding.from.insert(tried.other.clone());
        Some(finding)
    }

    /// What fires on a password change: failures that came in before it and happened after it.
    pub(crate) fn change(&self) -> Vec<Finding> {
        let Some(name) = self.seen.account.as_deref() else { return vec![] };
        let Some(account) = self.memory.accounts.get(name) else { return vec![] };
        let change = Mark { at: self.seen.at, seq: self.seen.seq, other: String::new() };
        let until = self.seen.at.saturating_add(self.milliseconds("bw.failed-after-change", "within"));
        let waits = |t: &Mark| self.memory.waiting.values().flatten().any(|w| w.seq == t.seq);
        let tried = account.fails.between(self.seen.at + 1, until).iter();
        let no_mistake = tried.filter(|t| !waits(t) && !is_answered(self.memory, name, t.at, &t.other));
        no_mistake.filter_map(|t| self.tried_old(name, &change, t)).collect()
    }

    /// Everything that fires on a sign-in.
    pub(crate) fn success(&self) -> Vec<Finding> {
        let Some(name) = self.seen.account.as_deref() else { return vec![] };
        let source = self.seen.from.as_deref().map(seen::source_of).unwrap_or_default();
        let win = Mark { at: self.seen.at, seq: self.seen.seq, other: source };
        let mut found = self.success_after(name, &win);
        found.extend(self.dormant(name));
        found.extend(self.travel(name));
        found.extend(self.countries(name));
        found.extend(self.fatigue(name));
        found.extend(self.out_of_bounds(name));
        found
    }

    fn success_after(&self, name: &str, win: &Mark) -> Vec<Finding> {
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
        let within = self.milliseconds(ID, "within");
        let (from, until) = (win.at.saturating_sub(within), win.at);
        let day = self.milliseconds("bw.brute-force", "slow-window");
        let is_own = |m: &Mark| {
            let is_stale = m.other != win.other && account.is_stale(m.at);
            is_stale
                || (!m.other.is_empty() && account.knows(&m.other, m.at, KNOWN_DAYS))
                || (m.other != win.other && self.is_scanner(&m.other, m.at))
        };
        let strange = Marks::only(account.fails.between(until.saturating_sub(day), until), |m| !is_own(m));
        let gave_way = |strange: &Marks| {
            let tried = strange.between(from, until);
            let many = tried.len() >= self.number(ID, "failures");
            tried.last().is_some_and(|last| many || self.is_brute(strange, last.at, 1))
        };
        if !gave_way(&strange) {
            return None;
        }
        let mut finding = self.signed_in(name, name, strange.between(from, until), win);
        let fresh = Marks::only(strange.between(i64::MIN, i64::MAX), |m| !account.may_be_stale(m.at));
        if !gave_way(&fresh) {
            finding
                .excuses
                .insert("the password was changed shortly before: a device may have tried the old one");
        }
        if self.is_scanner(&win.other, win.at) {
            finding.excuses.insert("the policy declares the source a scanner");
        }
        Some(finding)
    }

    /// The source tried many accounts, and this one among them: all of them are one thing.
    fn was_sprayed(&self, name: &str, win: &Mark) -> Option<Finding> {
        let within = self.milliseconds("bw.success-after-failures", "within");
        let source = self.memory.sources.get(&win.other)?;
        let window = self.milliseconds("bw.spray-fast", "window");
        let many = self.number("bw.spray-fast", "accounts");
        let tried = source.fails.between(win.at.saturating_sub(within), win.at);
        let last = tried.last()?;
        let around = source.fails.around(last.at, window, win.at);
        let declared = [Allowed::Gateway, Allowed::Scanner];
        let is_declared = declared.iter().any(|a| self.policy.covers(*a, &win.other, win.at));
        let is_spray = || self.is_spray(around, &win.other, (last.at, window, many), |_| true);
        if is_declared || !is_spray() {
            return None;
        }
        Some(self.signed_in(&format!("from {}", win.other), name, tried, win))
    }

    /// A sign-in after failures, of which it names the last.
    fn signed_in(&self, group: &str, name: &str, before: &[Mark], win: &Mark) -> Finding {
        let last = &before[before.len().saturating_sub(BEFORE)..];
        let mut finding = Finding::of("bw.success-after-failures", group).marks(last);
        finding.records.push((win.at, win.seq));
        finding.who.insert(name.to_owned());
        finding.from.insert(win.other.clone());
        finding.from.remove("");
        finding
    }

    fn is_scanner(&self, from: &str, at: i64) -> bool {
        self.policy.covers(Allowed::Scanner, from, at)
    }

    fn dormant(&self, name: &str) -> Option<Finding> {
        const ID: &str = "bw.dormant-account";
        let before = self.memory.accounts.get(name)?.signed_in_before(self.seen.at)?;
        let days = (self.seen.at - before) / DAY_MS;
        if days < self.settings.of(ID, "days") || self.policy.names(Allowed::Ticket, name, self.seen.at) {
            return None;
        }
        let mut finding = Finding::of(ID, name).with(self.seen);
        finding.numbers.insert(format!("the last sign-in before it was {days} days earlier"));
        Some(finding)
    }

    fn travel(&self, name: &str) -> Option<Finding> {
        const ID: &str = "bw.impossible-travel";
        let (north, east) = self.seen.place?;
        let is_exit = |from: &str| self.policy.covers(Allowed::VpnExit, from, self.seen.at);
        if self.seen.from.as_deref().is_some_and(is_exit) {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let (speed, least) = (self.settings.of(ID, "speed") as f64, self.settings.of(ID, "distance") as f64);
        let mut finding = Finding::of(ID, name).with(self.seen);
        let account = self.memory.accounts.get(name)?;
        let here = self.seen.from.as_deref().map(seen::source_of).unwrap_or_default();
        for place in &account.places {
            let milliseconds = (self.seen.at - place.at).abs();
            #[expect(clippy::cast_precision_loss, reason = "hours between two sign-ins")]
            let hours = milliseconds as f64 / 3_600_000.0;
            let apart = kilometres((north, east), (place.north, place.east));
            // A telephone beside the desk whose carrier comes out elsewhere does so every day.
            let used_to = |source: &str| account.is_used_to(source, self.seen.at.min(place.at), KNOWN_DAYS);
            if apart >= least && apart > speed * hours && !(used_to(&here) && used_to(&place.from)) {
                finding.records.push((place.at, place.seq));
                finding.from.extend(Some(place.from.clone()).filter(|f| !f.is_empty()));
                finding.numbers.insert(format!("{apart:.0} km in {}", span(milliseconds)));
            }
        }
        (finding.records.len() > 1).then_some(finding)
    }

    /// Two countries within the hour, where a record gives no more than a country; not for who did so before.
    fn countries(&self, name: &str) -> Option<Finding> {
        const ID: &str = "bw.impossible-travel";
        let (country, at) = (self.seen.country.as_ref()?, self.seen.at);
        let is_exit = |from: &str| self.policy.covers(Allowed::VpnExit, from, at);
        if self.seen.place.is_some() || self.seen.from.as_deref().is_some_and(is_exit) {
            return None;
        }
        let span = self.milliseconds(ID, "country-within");
        let countries = &self.memory.accounts.get(name)?.countries;
        let mut finding = Finding::of(ID, name).with(self.seen);
        for other in countries.around(at, span, i64::MAX).iter().filter(|m| m.other != *country) {
            // Who lives at a border, or behind a gateway abroad, has been in both before.
            let earlier = countries.between(i64::MIN, at.min(other.at) - TOLERANCE_MS);
            let here = |m: &Mark| m.other == *country;
            let there = |m: &Mark| {
                m.other == other.other
                    && countries.around(m.at, span, at.min(other.at) - TOLERANCE_MS).iter().any(here)
            };
            if earlier.iter().any(there) {
                continue;
            }
            finding.records.push((other.at, other.seq));
            let within = crate::growing::span((at - other.at).abs());
            finding.numbers.insert(format!(
                "from {} and {} within {within}, which the account never did before",
                country.min(&other.other),
                country.max(&other.other)
            ));
        }
        (finding.records.len() > 1).then_some(finding)
    }

    /// Prompts that were refused until one was accepted, around a prompt or a sign-in.
    pub(crate) fn fatigue(&self, name: &str) -> Option<Finding> {
        const ID: &str = "bw.mfa-fatigue";
        let account = self.memory.accounts.get(name)?;
        let window = self.milliseconds(ID, "window");
        let at = self.seen.at;
        let prompts = account
            .prompts
            .between(at, at.saturating_add(window))
            .iter()
            .filter(|m| m.other.starts_with("accepted"));
        let accepted = prompts.chain(account.wins.between(at, at.saturating_add(window)));
        let mut finding = Finding::of(ID, name);
        for one in accepted {
            let before = account.prompts.between(one.at.saturating_sub(window), one.at);
            // Who asks for a prompt from where they are at home has a telephone without network.
            let is_strange = |m: &&Mark| {
                let source = m.other.strip_prefix("refused ");
                source.is_some_and(|s| s.is_empty() || !account.knows(s, m.at, KNOWN_DAYS))
            };
            let refused: Vec<&Mark> = before.iter().filter(is_strange).collect();
            if refused.len() >= self.number(ID, "refused") {
                finding.records.extend(refused.iter().map(|m| (m.at, m.seq)));
                finding.records.push((one.at, one.seq));
            }
        }
        finding.who.insert(name.to_owned());
        finding.from.extend(self.seen.from.clone());
        (!finding.records.is_empty()).then_some(finding)
    }

    fn out_of_bounds(&self, name: &str) -> Option<Finding> {
        const ID: &str = "bw.provider-out-of-bounds";
        let (at, policy) = (self.seen.at, self.policy);
        if !(self.seen.is_providers || policy.is_providers(name, at))
            || policy.names(Allowed::BreakGlass, name, at)
        {
            return None;
        }
        let mut reasons = vec![];
        let from = self.seen.from.as_deref().unwrap_or("");
        let declares_path = policy.says(Allowed::ProviderPath, at);
        let least = self.number(ID, "path-sign-ins").max(1);
        let is_path = |times: &Vec<i64>| times.get(least - 1).is_some_and(|t| *t <= at - TOLERANCE_MS);
        let network = seen::network_of(from).unwrap_or_else(|| from.to_owned());
        let learned = self.memory.paths.values().any(is_path);
        let off_path = if declares_path {
            !policy.covers(Allowed::ProviderPath, from, at)
        } else {
            learned && !self.memory.paths.get(&network).is_some_and(is_path)
        };
        let hour = at.div_euclid(3_600_000).rem_euclid(24);
        let weekday = (at.div_euclid(DAY_MS) + 3).rem_euclid(7);
        let ordinary = (self.settings.of(ID, "from-hour")..self.settings.of(ID, "to-hour")).contains(&hour)
            && weekday < 5;
        let off_hours = policy.in_window(at).map_or(!ordinary, |inside| !inside);
        let declares_window = policy.in_window(at).is_some();
        let has_ticket = policy.names(Allowed::Ticket, name, at);
        if off_path {
            reasons.push("not from the provider's path");
        }
        if off_hours {
            reasons.push("outside the provider's hours");
        }
        if policy.asks_tickets(at) && !has_ticket {
            reasons.push("without a ticket");
        }
        // Where nothing was agreed, one oddity is the provider's own business; two together are not.
        let agreed = (declares_path && off_path)
            || (declares_window && off_hours)
            || reasons.contains(&"without a ticket");
        if has_ticket || !(agreed || (off_path && off_hours)) {
            return None;
        }
        let mut finding = Finding::of(ID, name).with(self.seen);
        finding.numbers.extend(reasons.into_iter().map(str::to_owned));
        Some(finding)
    }

    /// What fires at once: changes of rights and trust, logs that are emptied, tools.
    pub(crate) fn at_once(&self) -> Option<Finding> {
        let seen = self.seen;
        let id = match seen.act? {
            Act::Administrator => "bw.new-administrator",
            Act::Consent => "bw.new-consent",
            Act::ForwardingRule => "bw.new-forwarding-rule",
            Act::Federation => "bw.new-federation",
            Act::LogCleared | Act::LogPolicy => "bw.log-tampering",
            Act::ClockSet => {
                let jump = self.milliseconds("bw.log-tampering", "clock-jump");
                if seen.amount.is_some_and(|a| a.abs() < jump) {
                    return None;
                }
                "bw.log-tampering"
            }
            Act::Program => return self.remote_tool(),
            _ => return None,
        };
        if seen.outcome == Outcome::Failure || seen.stays_inside {
            return None;
        }
        let about = [&seen.account, &seen.object, &seen.by];
        if about.into_iter().flatten().any(|name| self.policy.names(Allowed::Ticket, name, seen.at)) {
            return None;
        }
        let host = seen.host.clone().unwrap_or_default();
        let group = if id == "bw.log-tampering" {
            host
        } else {
            seen.account.clone().or_else(|| seen.by.clone()).unwrap_or_default()
        };
        let mut finding = Finding::of(id, &group).with(seen);
        let is_own = seen.act == Some(Act::ClockSet) && self.is_own_clock();
        finding.excuses.extend(is_own.then_some("what keeps clocks set it"));
        finding.what.extend(seen.host.clone().filter(|_| id == "bw.log-tampering"));
        let object = seen.object.as_deref().unwrap_or("");
        let plain = match seen.act {
            Some(Act::LogCleared) if object.is_empty() => Some("a log was emptied".to_owned()),
            Some(Act::LogCleared) => Some(format!("a log was emptied ({object})")),
            Some(Act::LogPolicy) if object.is_empty() => {
                Some("what is logged was changed or switched off".to_owned())
            }
            Some(Act::LogPolicy) => Some(format!("what is logged was changed or switched off ({object})")),
            _ => None,
        };
        finding.numbers.extend(plain);
        let set = |by: i64| {
            format!(
                "the clock was set {} by {}",
                if by < 0 { "back" } else { "forward" },
                span(by.saturating_abs())
            )
        };
        finding.numbers.extend(seen.amount.map(set));
        Some(finding)
    }

    /// Whether a clock was set by what keeps clocks: a machine that slept, was paused or has just started takes the time
    /// from its time service or its host, however long that was.
    fn is_own_clock(&self) -> bool {
        let seen = self.seen;
        let is_service = |by: &String| ["local service", "s-1-5-19"].contains(&by.as_str());
        let is_host = |program: &String| {
            let program = program.to_lowercase();
            HOST_CLOCKS.iter().any(|p| program.ends_with(p))
        };
        let host = seen.host.as_deref().unwrap_or("");
        let has_started = || {
            let (from, until) = (seen.at.saturating_sub(STARTED_MS), seen.at - 1);
            self.memory.hosts.restarted(host, from, until)
        };
        seen.by.as_ref().is_some_and(is_service)
            || seen.object.as_ref().is_some_and(is_host)
            || (seen.object.as_ref().is_some_and(|o| o.contains("System clock was stepped")) && has_started())
    }

    fn remote_tool(&self) -> Option<Finding> {
        let name = crate::tools::tool(self.seen.object.as_deref()?)?;
        let at = self.seen.at;
        let bare = self.seen.object.as_deref().and_then(|o| o.rsplit(['\\', '/']).next()).unwrap_or("");
        let allowed = |what: &str| self.policy.names(Allowed::RemoteTool, what, at);
        if allowed(name) || allowed(bare) {
            return None;
        }
        let host = self.seen.host.clone().unwrap_or_default();
        let mut finding = Finding::of("bw.unapproved-remote-tool", name).with(self.seen);
        finding.what.insert(name.to_owned());
        finding.from = BTreeSet::from([host]);
        finding.from.remove("");
        Some(finding)
    }
}

/// Puts a failure aside until it is known whether the account then succeeded; takes out those that have waited and were
/// no mistake.
pub(crate) fn wait(memory: &mut Memory, seen: &Seen) -> Vec<Tried> {
    let waiting = memory.waiting.entry(seen.log.clone()).or_default();
    let mut done = vec![];
    while waiting.first().is_some_and(|t| t.at < seen.at - PATIENCE_MS - TOLERANCE_MS) {
        done.extend(waiting.pop_first());
    }
    if let (Outcome::Failure, Some(account), Some(from)) = (seen.outcome, &seen.account, &seen.from) {
        if waiting.len() < WAITING_LIMIT {
            let (account, from) = (account.clone(), from.clone());
            let (agent, exists) = (seen.agent.clone(), seen.exists);
            waiting.insert(Tried { at: seen.at, seq: seen.seq, account, from, agent, exists });
        } else {
            memory.left_out += 1;
        }
    }
    if waiting.is_empty() {
        memory.waiting.remove(&seen.log);
    }
    done.retain(|t| !is_answered(memory, &t.account, t.at, &seen::source_of(&t.from)));
    done
}

/// Whether the account signed in from there soon after: then the failure was a mistake.
fn is_answered(memory: &Memory, account: &str, at: i64, source: &str) -> bool {
    let Some(account) = memory.accounts.get(account) else { return false };
    account.wins.between(at, at + PATIENCE_MS).iter().any(|w| w.other == source)
}

/// The way over the ground between two places, in kilometres (haversine; mean radius 6,371 km, IUGG).
fn kilometres(one: (f64, f64), other: (f64, f64)) -> f64 {
    let (lat1, lat2) = (one.0.to_radians(), other.0.to_radians());
    let (dlat, dlon) = (lat2 - lat1, (other.1 - one.1).to_radians());
    let a = (dlat / 2.0).sin().powi(2) + lat1.cos() * lat2.cos() * (dlon / 2.0).sin().powi(2);
    2.0 * 6371.0 * a.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_over_the_ground_are_those_of_a_globe() {
        let berlin = (52.52, 13.405);
        for (place, want) in [
            (berlin, 0.0),
            ((48.8566, 2.3522), 878.0),
            ((40.7128, -74.006), 6385.0),
            ((-33.8688, 151.2093), 16_092.0),
        ] {
            let have = kilometres(berlin, place);
            assert!((have - want).abs() < 10.0, "{place:?}: {have}");
        }
    }
}
