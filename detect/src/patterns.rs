//! Patterns over time in one customer's records: what no rule about a single record sees.

use crate::about::{Settings, detection};
use crate::across::{Crossing, CrossingKind};
use crate::find::{Finding, Scene, wait};
use crate::growing::Growing;
use crate::logs::{LOGS_LIMIT, Limits, Log, OTHERS};
use crate::marks::Mark;
use crate::memory::{Memory, Tried};
use crate::policy::{Allowed, Policy};
use crate::seen::{self, Act, Outcome, Seen};
use crate::vocabulary::Vocabulary;
use ledger::Sealed;
use model::{Alert, CustomerId, Event, Kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Networks from which the provider is known to come.
const PATHS_LIMIT: usize = 1_000;
/// First times of each.
const PATH_TIMES: usize = 16;
/// How long a right that was given and told is not new, in milliseconds.
const AGAIN_MS: i64 = 30 * 86_400_000;
/// Number of the form of the kept state.
const FORM: u32 = 4;

/// What is kept between runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct State {
    form: u32,
    /// Records before this one were looked at.
    through: u64,
    memory: Memory,
    growing: Growing,
    policy: Policy,
}

/// The detections of one customer.
pub struct Patterns {
    customer: CustomerId,
    vocabulary: Arc<Vocabulary>,
    provider: Settings,
    settings: Settings,
    state: State,
    /// What may touch other customers too, since the last call.
    crossings: Vec<Crossing>,
}

/// The kept state is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the kept state of the detections is damaged or of another version; it is built anew from the sealed records"
)]
pub struct StateError;

impl Patterns {
    /// Nothing seen yet. `provider`: thresholds that hold for all customers.
    #[must_use]
    pub fn new(customer: CustomerId, vocabulary: Arc<Vocabulary>, provider: Settings) -> Self {
        let settings = provider.clone();
        let state = State { form: FORM, ..State::default() };
        Self { customer, vocabulary, provider, settings, state, crossings: vec![] }
    }

    /// Goes on where [`Patterns::to_bytes`] left off.
    ///
    /// # Errors
    /// [`StateError`] when the bytes are not that.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), StateError> {
        let state: State = serde_json::from_slice(bytes).map_err(|_| StateError)?;
        if state.form != FORM {
            return Err(StateError);
        }
        self.state = state;
        self.set_policy(self.state.policy.clone());
        Ok(())
    }

    /// The state, to be kept between runs: the same sealed records give the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.state).unwrap_or_default()
    }

    /// Records before this one were looked at.
    #[must_use]
    pub fn through(&self) -> u64 {
        self.state.through
    }

    /// Names and records that a bound pushed out of the memory.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.state.memory.left_out
    }

    /// The policy as the log has it.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.state.policy
    }

    fn set_policy(&mut self, policy: Policy) {
        self.settings = self.provider.clone();
        for (name, have) in &policy.thresholds {
            // A policy is checked before it is sealed; what an older version allowed and this one does not, does not hold.
            let _ = self.settings.set(name, *have);
        }
        self.state.policy = policy;
    }

    /// Looks at sealed records, each once. Those before `from` were told of by an earlier run.
    pub fn observe(&mut self, batch: &Sealed<Vec<Event>>, from: u64) {
        for event in batch.value() {
            let seq = event.record.seq;
            if seq < self.state.through {
                continue;
            }
            self.state.through = seq + 1;
            match event.record.kind {
                Kind::Event => {
                    let mut seen = self.vocabulary.read(event);
                    let counts = seen.outcome == Outcome::Failure || seen.act == Some(Act::Prompt);
                    if counts && self.state.memory.delivered.is_again(&event.record, seen.at) {
                        seen.act = None;
                    }
                    self.see(seen, seq < from);
                }
                Kind::Act => {
                    if let Some(policy) = policy_of(event) {
                        self.set_policy(policy);
                    }
                }
                _ => {}
            }
        }
    }

    fn see(&mut self, mut seen: Seen, known: bool) {
        self.state.memory.name(&mut seen);
        let mut found = self.live(&seen);
        let Some(act) = seen.act else { return self.tell(found, known) };
        match (act, seen.outcome) {
            (Act::SignIn, Outcome::Failure) => {
                self.state.memory.failed(&seen);
                found.extend(self.scene(&seen, |s| s.failure()));
            }
            (Act::SignIn, Outcome::Success) => {
                self.state.memory.won(&seen);
                found.extend(self.scene(&seen, |s| s.success()));
                self.learn_path(&seen);
            }
            (Act::SignIn, Outcome::Untold) => {}
            (Act::Prompt, _) => {
                self.state.memory.prompted(&seen);
                let name = seen.account.clone().unwrap_or_default();
                found.extend(self.scene(&seen, |s| s.fatigue(&name)));
            }
            (Act::PasswordChange, _) => {
                self.state.memory.changed(&seen);
                found.extend(self.scene(&seen, |s| s.change()));
            }
            _ if self.is_again(&seen, act) => {}
            _ => found.extend(self.scene(&seen, |s| s.at_once())),
        }
        self.state.memory.hosts.take(&seen);
        if act == Act::SignIn {
            self.cross_sign_in(&seen);
            for tried in wait(&mut self.state.memory, &seen) {
                self.cross_tried(&tried);
                found.extend(self.scene(&seen, |s| s.after_changes(&tried)));
                if self.scene(&seen, |s| s.may_be_slow_spray(&tried)) {
                    self.state.memory.slow(Mark::new(tried.at, tried.seq, &tried.account));
                    found.extend(self.scene(&seen, |s| s.slow_spray(&tried)));
                }
            }
        }
        self.tell(found, known);
    }

    /// Whether the same right was given to the same account by the same hand in the last weeks, and told then: roles that
    /// come and go every day are told once. While that alert may still grow it is a part of it.
    fn is_again(&mut self, seen: &Seen, act: Act) -> bool {
        let id = match act {
            Act::Administrator => "bw.new-administrator",
            Act::Consent => "bw.new-consent",
            Act::ForwardingRule => "bw.new-forwarding-rule",
            _ => return false,
        };
        if seen.outcome == Outcome::Failure {
            return false;
        }
        // The machines that carry out a directory's orders are one hand.
        let by = seen.by.as_deref().map(|b| if b.ends_with('$') || b == "system" { "(machine)" } else { b });
        let text = |of: &Option<String>| of.clone().unwrap_or_default();
        let key = [id, &text(&seen.account), &text(&seen.object), by.unwrap_or("")].join("\n");
        let before = self.state.memory.granted(key, seen.at);
        let quiet = detection(id).map_or(0, |d| d.quiet_seconds * 1000);
        before.is_some_and(|b| seen.at - b > quiet && seen.at - b <= AGAIN_MS)
    }

    fn scene<T>(&self, seen: &Seen, look: impl FnOnce(&Scene<'_>) -> T) -> T {
        let State { memory, growing, policy, .. } = &self.state;
        look(&Scene { seen, memory, policy, settings: &self.settings, growing })
    }

    fn tell(&mut self, found: Vec<Finding>, known: bool) {
        for finding in found {
            self.cross(&finding);
            if let Some(about) = detection(finding.id) {
                self.state.growing.take(&self.customer, about, finding, known);
            }
        }
    }

    /// What a sign-in shows that may touch other customers too. Addresses of the inside are of each customer alone.
    fn cross_sign_in(&mut self, seen: &Seen) {
        let (Some(from), Some(account)) = (&seen.from, &seen.account) else { return };
        let declared = [Allowed::Gateway, Allowed::Scanner];
        let is_declared = declared.iter().any(|a| self.state.policy.covers(*a, from, seen.at));
        let is_success = seen.outcome == Outcome::Success;
        let is_stranger = seen::parsed(from).is_some() && !seen::is_inside(from) && !is_declared;
        // A device that still has the password before the last is no stranger's hand.
        let is_stale = self.state.memory.accounts.get(account).is_some_and(|a| a.is_stale(seen.at));
        if !is_stranger || (!is_success && (seen.exists == Some(false) || is_stale)) {
            return;
        }
        let source = seen::source_of(from);
        let of = (account.as_str(), source.as_str(), seen.at, seen.seq);
        self.crossings.push(crossing(CrossingKind::Source, source.clone(), of, is_success));
        // Many people share a network and a program: what fails there counts when it was no mistake.
        if is_success {
            let network = seen::network_of(from).map(|n| crossing(CrossingKind::Network, n, of, true));
            let agent = seen.agent.clone().map(|a| crossing(CrossingKind::Agent, a, of, true));
            self.crossings.extend(network.into_iter().chain(agent));
        }
    }

    /// What a failure that was no mistake shows of its network and program.
    fn cross_tried(&mut self, tried: &Tried) {
        let declared = [Allowed::Gateway, Allowed::Scanner];
        let is_declared = declared.iter().any(|a| self.state.policy.covers(*a, &tried.from, tried.at));
        let is_stranger =
            seen::parsed(&tried.from).is_some() && !seen::is_inside(&tried.from) && !is_declared;
        let is_stale = self.state.memory.accounts.get(&tried.account).is_some_and(|a| a.is_stale(tried.at));
        if !is_stranger || tried.exists == Some(false) || is_stale {
            return;
        }
        let source = seen::source_of(&tried.from);
        let of = (tried.account.as_str(), source.as_str(), tried.at, tried.seq);
        let network = seen::network_of(&tried.from).map(|n| crossing(CrossingKind::Network, n, of, false));
        let agent = tried.agent.clone().map(|a| crossing(CrossingKind::Agent, a, of, false));
        self.crossings.extend(network.into_iter().chain(agent));
    }

    /// What a finding shows that may touch other customers too.
    fn cross(&mut self, finding: &Finding) {
        let (kind, texts) = match finding.id {
            "bw.unapproved-remote-tool" => (CrossingKind::Tool, BTreeSet::from([finding.group.clone()])),
            "bw.provider-out-of-bounds" => (CrossingKind::Account, BTreeSet::from([finding.group.clone()])),
            _ => return,
        };
        for text in texts {
            for (at, seq) in &finding.records {
                let (source, account, text) = (String::new(), String::new(), text.clone());
                self.crossings.push(Crossing {
                    kind,
                    text,
                    source,
                    account,
                    at: *at,
                    seq: *seq,
                    is_success: false,
                });
            }
        }
    }

    /// What may touch other customers too, since the last call.
    pub fn take_crossings(&mut self) -> Vec<Crossing> {
        std::mem::take(&mut self.crossings)
    }

    /// The life of the log that a record stands in, and of the others beside it.
    fn live(&mut self, seen: &Seen) -> Vec<Finding> {
        let memory = &mut self.state.memory;
        memory.arrivals += 1;
        let arrival = memory.arrivals;
        let name = match &seen.host {
            Some(host) => format!("{} of {host}", seen.log),
            None => seen.log.clone(),
        };
        let has_room = memory.logs.len() < LOGS_LIMIT;
        match memory.logs.get_mut(&name) {
            Some(log) => log.wrote(seen.at, seen.seq, arrival),
            None if has_room => {
                memory.logs.entry(name).or_default().wrote(seen.at, seen.seq, arrival);
            }
            None => memory.left_out += 1,
        }
        let mut found = vec![];
        // With many logs less often, so that a record costs the same with a thousand of them as with ten.
        let every = OTHERS.max(memory.logs.len() as u64 / 4);
        if arrival.is_multiple_of(every) {
            let limits = Limits::of(&self.settings);
            // Two others must have gone on: one whose clock is wrong makes nobody else silent.
            let mut ends: Vec<i64> = memory.logs.values().map(Log::end).collect();
            ends.sort_unstable_by(|a, b| b.cmp(a));
            for (name, log) in &mut memory.logs {
                let second = ends.get(if log.end() >= ends[ends.len().min(2) - 1] { 2 } else { 1 });
                let now = second.map_or(seen.at, |s| seen.at.min(*s));
                let Some(silence) = log.compare(now, arrival, limits) else { continue };
                let policy = &self.state.policy;
                if policy.names(Allowed::Maintenance, name, seen.at) {
                    continue;
                }
                let numbers = format!("silent for longer than {} minutes", silence.allowed / 60_000);
                found.push(Finding {
                    id: "bw.silent-source",
                    group: name.clone(),
                    records: silence.records,
                    what: BTreeSet::from([name.clone()]),
                    numbers: BTreeSet::from([numbers]),
                    ..Finding::default()
                });
            }
        }
        for stop in memory.hosts.decided(&seen.log, seen.at, &self.settings) {
            if self.state.policy.names(Allowed::Maintenance, &stop.host, stop.at) {
                continue;
            }
            let may_be_off = memory.hosts.may_be_off(&stop);
            if may_be_off && memory.hosts.goes_off(&stop) {
                continue;
            }
            found.push(Finding {
                id: "bw.log-tampering",
                // Desks that are switched off in the evening are one thing.
                group: if may_be_off { "(may be off)".to_owned() } else { stop.host.clone() },
                records: vec![(stop.at, stop.seq)],
                who: stop.by.clone().into_iter().collect(),
                by: stop.by.clone().into_iter().collect(),
                what: stop
                    .object
                    .clone()
                    .into_iter()
                    .chain([stop.host.clone()])
                    .filter(|w| !w.is_empty())
                    .collect(),
                numbers: BTreeSet::from([
                    "it stopped, and neither a start nor a restart of the machine followed".to_owned(),
                ]),
                excuses: may_be_off.then_some("the machine may have been switched off").into_iter().collect(),
                ..Finding::default()
            });
        }
        found.extend(self.missing(seen));
        found
    }

    /// Records that were taken out of the log before this one, by the numbers that it gives them.
    fn missing(&mut self, seen: &Seen) -> Vec<Finding> {
        let Some((channel, number)) = &seen.number else { return vec![] };
        let host = seen.host.clone().unwrap_or_default();
        let stream = format!("{} {host} {channel}", seen.log);
        let gaps = self.state.memory.numbers.take(&stream, *number, (seen.at, seen.seq), &self.settings);
        let restart = self.settings.of("bw.log-tampering", "restart").saturating_mul(1000);
        let mut found = vec![];
        for gap in gaps {
            let (from, until) = (gap.before.0.saturating_sub(restart), gap.after.0.saturating_add(restart));
            let names = |name: &str| self.state.policy.names(Allowed::Maintenance, name, gap.after.0);
            if self.state.memory.hosts.restarted(&host, from, until) || names(&host) || names(&seen.log) {
                continue;
            }
            let numbers = format!(
                "{} missing of {channel}, numbers {} to {}, between two records {} seconds apart; {} before them were whole",
                if gap.from == gap.to {
                    "1 record is".to_owned()
                } else {
                    format!("{} records are", gap.to - gap.from + 1)
                },
                gap.from,
                gap.to,
                (gap.after.0 - gap.before.0) / 1000,
                gap.run,
            );
            found.push(Finding {
                id: "bw.log-tampering",
                group: host.clone(),
                records: vec![gap.before, gap.after],
                what: [host.clone(), channel.clone()].into_iter().filter(|w| !w.is_empty()).collect(),
                numbers: BTreeSet::from([numbers]),
                ..Finding::default()
            });
        }
        found
    }

    fn learn_path(&mut self, seen: &Seen) {
        let Some(account) = &seen.account else { return };
        let is_providers = seen.is_providers || self.state.policy.is_providers(account, seen.at);
        let network = seen.from.as_deref().map(|f| seen::network_of(f).unwrap_or_else(|| f.to_owned()));
        let (true, Some(network)) = (is_providers, network) else { return };
        let paths = &mut self.state.memory.paths;
        if paths.len() >= PATHS_LIMIT && !paths.contains_key(&network) {
            return;
        }
        let times = paths.entry(network).or_default();
        let place = times.partition_point(|t| *t <= seen.at);
        times.insert(place, seen.at);
        times.truncate(PATH_TIMES);
    }

    /// Alerts that are new since the last call.
    pub fn take_alerts(&mut self) -> Vec<Alert> {
        self.state.growing.tell(&self.customer, &self.settings, false)
    }

    /// Everything that was not told as it is now.
    pub fn finish(&mut self) -> Vec<Alert> {
        self.state.growing.tell(&self.customer, &self.settings, true)
    }
}

/// Account, source, time and place in the log of what touches others.
type Touch<'a> = (&'a str, &'a str, i64, u64);

fn crossing(
    kind: CrossingKind,
    text: String,
    (account, source, at, seq): Touch<'_>,
    is_success: bool,
) -> Crossing {
    Crossing { kind, text, source: source.to_owned(), account: account.to_owned(), at, seq, is_success }
}

/// The policy that an act sets, if it does.
fn policy_of(event: &Event) -> Option<Policy> {
    let body: serde_json::Value = serde_json::from_slice(&event.record.raw).ok()?;
    (body.get("act")?.as_str()? == "customer policy set")
        .then(|| serde_json::from_value(body.get("policy")?.clone()).ok())?
}
