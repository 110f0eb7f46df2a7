//! When each detection fires, over what is remembered: functions of one thing that happened and of the memory.
//!
//! A finding is about marks that hang together, whatever the order in which they came: more of them never take one
//! back, and what excuses one happened longer before it than records may be late.

use crate::about::{Settings, detection};
use crate::growing::{Growing, Open, span};
use crate::marks::{Mark, Marks};
use crate::memory::{DAY_MS, Memory, TOLERANCE_MS, Tried};
use crate::policy::{Allowed, Policy};
use crate::seen::{self, Act, Outcome, Seen};
use crate::sprays::{NEVER_SEEN, NOBODYS, OLD_PASSWORDS};
use std::collections::BTreeSet;

/// Longest that a failed sign-in waits for the same account to succeed from there, before it counts as part of a
/// slow spray, in milliseconds.
const PATIENCE_MS: i64 = 600_000;
/// Failures that wait in one log.
const WAITING_LIMIT: usize = 10_000;
/// How long a source stays known for an account, in days.
pub(crate) const KNOWN_DAYS: i64 = 30;

/// How long behind a start a time service steps the clock, in milliseconds.
const STARTED_MS: i64 = 1_800_000;
/// Programs by which the host of a virtual machine sets its clock.
const HOST_CLOCKS: [&str; 4] =
    ["\\vmtoolsd.exe", "\\vboxservice.exe", "\\prl_tools_service.exe", "\\qemu-ga.exe"];

/// Why a success after failures is probably none.
pub(crate) const OLD_PASSWORD: &str =
    "the password was changed shortly before: a device may have tried the old one";
pub(crate) const DECLARED: &str = "the policy declares the source a scanner";
/// Excuses of which each voids those before it: which of them were found on the way depends on what came in first.
pub(crate) const EXCUSES: [&str; 5] = [NOBODYS, NEVER_SEEN, OLD_PASSWORDS, OLD_PASSWORD, DECLARED];

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
    /// Whether it only adds records to an alert that is open, and says nothing about how bad that is.
    pub(crate) is_more: bool,
    /// From when to when the alert holds every mark of its group with this.
    pub(crate) whole: Option<(i64, i64)>,
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

    pub(crate) fn marks<'m>(mut self, marks: impl IntoIterator<Item = &'m Mark>) -> Self {
        self.records.extend(marks.into_iter().map(|m| (m.at, m.seq)));
        self
    }
}

/// Marks that an alert comes to hold: those that it does not have yet.
pub(crate) struct Added<'m> {
    pub(crate) marks: Vec<&'m Mark>,
    /// From when to when it holds every mark with them.
    pub(crate) whole: (i64, i64),
}

impl<'m> Added<'m> {
    /// Of the marks from when to when those that an open alert lacks, and in any case that of a record.
    pub(crate) fn of(marks: &'m Marks, (from, to): (i64, i64), open: Option<&Open>, own: (i64, u64)) -> Self {
        let held = open.and_then(Open::whole).filter(|held| held.0 <= to && from <= held.1);
        let Some((begin, end)) = held else {
            return Self { marks: marks.between(from, to).iter().collect(), whole: (from, to) };
        };
        let before = if from < begin { marks.between(from, begin - 1) } else { &[] };
        let behind = if end < to { marks.between(end + 1, to) } else { &[] };
        let is_held = begin <= own.0 && own.0 <= end;
        let own = marks.between(own.0, own.0).iter().filter(|m| is_held && m.seq == own.1);
        let marks = before.iter().chain(own).chain(behind).collect();
        Self { marks, whole: (begin.min(from), end.max(to)) }
    }
}

/// What a detection looks at.
pub(crate) struct Scene<'a> {
    pub(crate) seen: &'a Seen,
    pub(crate) memory: &'a Memory,
    pub(crate) policy: &'a Policy,
    pub(crate) settings: &'a Settings,
    pub(crate) growing: &'a Growing,
}

impl Scene<'_> {
    pub(crate) fn milliseconds(&self, id: &str, name: &str) -> i64 {
        self.settings.of(id, name).saturating_mul(1000)
    }

    pub(crate) fn number(&self, id: &str, name: &str) -> usize {
        usize::try_from(self.settings.of(id, name)).unwrap_or(0)
    }

    /// The alert of a detection about a group that is open so near to a time.
    pub(crate) fn open(&self, id: &str, group: &str, at: i64, span: i64) -> Option<&Open> {
        let quiet = detection(id).map_or(0, |d| d.quiet_seconds * 1000);
        self.growing.near(id, group, at, span.min(quiet))
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

    /// A failure that was no mistake, after changes of the password: every one of them, so that it does not matter which
    /// came in first.
    pub(crate) fn after_changes(&self, tried: &Tried) -> Vec<Finding> {
        let Some(account) = self.memory.accounts.get(&tried.account) else { return vec![] };
        let within = self.milliseconds("bw.failed-after-change", "within");
        let changes = account.changes.between(tried.at.saturating_sub(within), tried.at - 1);
        let mark = Mark::new(tried.at, tried.seq, &tried.from);
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
        let mut finding = Finding::of(ID, group).marks([change, tried]);
        finding.who.insert(name.to_owned());
        finding.from.insert(tried.other.to_string());
        Some(finding)
    }

    /// What fires on a password change: failures that came in before it and happened after it.
    pub(crate) fn change(&self) -> Vec<Finding> {
        let Some(name) = self.seen.account.as_deref() else { return vec![] };
        let Some(account) = self.memory.accounts.get(name) else { return vec![] };
        let change = Mark::new(self.seen.at, self.seen.seq, "");
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
        let win = Mark::new(self.seen.at, self.seen.seq, &source);
        let mut found = self.success_after(name, &win);
        found.extend(self.dormant(name));
        found.extend(self.travel(name));
        found.extend(self.countries(name));
        found.extend(self.fatigue(name));
        found.extend(self.out_of_bounds(name));
        found
    }

    pub(crate) fn is_scanner(&self, from: &str, at: i64) -> bool {
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
        for other in countries.around(at, span).iter().filter(|m| *m.other != **country) {
            // Who lives at a border, or behind a gateway abroad, has been in both before.
            let earlier = countries.between(i64::MIN, at.min(other.at) - TOLERANCE_MS);
            let here = |m: &Mark| *m.other == **country;
            let there = |m: &Mark| {
                m.other == other.other && {
                    let until = m.at.saturating_add(span).min(at.min(other.at) - TOLERANCE_MS);
                    countries.between(m.at.saturating_sub(span), until).iter().any(here)
                }
            };
            if earlier.iter().any(there) {
                continue;
            }
            finding.records.push((other.at, other.seq));
            let within = crate::growing::span((at - other.at).abs());
            finding.numbers.insert(format!(
                "from {} and {} within {within}, which the account never did before",
                country.as_str().min(&*other.other),
                country.as_str().max(&*other.other)
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
    account.wins.between(at, at + PATIENCE_MS).iter().any(|w| *w.other == *source)
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
