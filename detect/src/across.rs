//! What touches several customers: a source, a network, a user agent, a tool, an account. Only the provider's side can
//! see it.
//!
//! INVARIANT: what is kept and what crosses customers is a keyed hash, a count, a time and a place in a log; never a
//! customer's text.

use crate::about::{Settings, detection};
use crate::marks::Counts;
use crate::memory::TOLERANCE_MS;
use model::{Alert, AlertDetails, AlertRule, CustomerId, RecordRef, Time};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The id of the detection of sign-ins that fail at several customers.
pub const SPRAY_ACROSS: &str = "bw.spray-across-customers";
/// The id of the detection of tools and accounts that are found at several customers.
pub const SEEN_ACROSS: &str = "bw.seen-across-customers";

/// Marks that are kept; the things that are longest quiet leave first, and are counted.
const MARKS_LIMIT: usize = 100_000;
/// Marks of one thing; the oldest leave first.
const MARKS_OF_ONE: usize = 4_096;
/// Places where somebody signs in from.
const HOMES_LIMIT: usize = 200_000;
/// Accounts that are remembered of each.
const HOME_ACCOUNTS: usize = 4;
/// Alerts that are remembered so as not to be told again.
const RAISED_LIMIT: usize = 10_000;

type Hashed = [u8; 8];

/// What one customer's records show of what may touch several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// What it is.
    pub kind: CrossingKind,
    /// The source, program or name itself. It is hashed before it leaves the customer.
    pub text: String,
    /// The source that it came from, for networks and agents.
    pub source: String,
    /// The account that it touched.
    pub account: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Place of the record in the customer's log.
    pub seq: u64,
    /// Whether it is a sign-in that succeeded: what is at home somewhere is no stranger elsewhere.
    pub is_success: bool,
}

/// Failures of one account before it signs in that are taken for mistakes, and how long before.
const MISTAKES: usize = 3;
const MISTAKE_SECONDS: i64 = 600;

/// Kinds of things that may touch several customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CrossingKind {
    /// The source of a sign-in: an address.
    Source,
    /// Its network.
    Network,
    /// What the program at the other end calls itself.
    Agent,
    /// A tool that a detection found.
    Tool,
    /// An account of the provider that a detection found.
    Account,
}

impl CrossingKind {
    const ALL: [Self; 5] = [Self::Source, Self::Network, Self::Agent, Self::Tool, Self::Account];

    fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Network => "network",
            Self::Agent => "user agent",
            Self::Tool => "tool",
            Self::Account => "account of the provider",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.word() == word)
    }

    fn is_sign_in(self) -> bool {
        matches!(self, Self::Source | Self::Network | Self::Agent)
    }
}

type Key = (CrossingKind, Hashed);

/// One failed attempt, or one thing found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    second: i64,
    customer: CustomerId,
    seq: u64,
    account: Hashed,
    source: Hashed,
}

/// What touched customers in the last days.
pub struct Across {
    key: [u8; 32],
    marks: BTreeMap<Key, BTreeSet<Mark>>,
    /// Where accounts signed in from, a few of each: when first.
    homes: BTreeMap<Key, BTreeMap<Hashed, i64>>,
    /// Marks that a bound pushed out.
    left_out: u64,
    raised: BTreeMap<String, Alert>,
    /// The id under which a thing is told, and the last second of what was told: as long as it goes on it is one alert.
    ids: BTreeMap<Key, (String, i64)>,
    /// Things with marks since the last look.
    touched: BTreeSet<Key>,
    settings: Settings,
}

/// The kept state is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("state of the detection across customers is damaged; it is built anew from what comes")]
pub struct AcrossError;

impl Across {
    /// Nothing seen yet. The key makes the hashes useless to anybody else.
    #[must_use]
    pub fn new(key: [u8; 32], settings: Settings) -> Self {
        let (marks, homes, raised, ids, touched) = Default::default();
        Self { key, marks, homes, left_out: 0, raised, ids, touched, settings }
    }

    fn hashed(&self, kind: &str, text: &str) -> Hashed {
        let inner =
            Sha256::new().chain_update(self.key).chain_update(kind).chain_update([0]).chain_update(text);
        let outer: [u8; 32] =
            Sha256::new().chain_update(self.key).chain_update(inner.finalize()).finalize().into();
        outer[..8].try_into().expect("8 of 32 bytes")
    }

    /// Takes note of what one customer's sealed records show.
    pub fn observe(&mut self, customer: &CustomerId, crossings: &[Crossing]) {
        for crossing in crossings {
            let key = (crossing.kind, self.hashed(crossing.kind.word(), &crossing.text));
            let account = self.hashed("account", &crossing.account);
            let second = crossing.at.div_euclid(1000);
            if crossing.is_success {
                self.at_home(key, customer, account, second);
                continue;
            }
            let source = self.hashed("source", &crossing.source);
            let mark = Mark { second, customer: customer.clone(), seq: crossing.seq, account, source };
            if self.is_home(&key, &account, second) {
                continue;
            }
            if self.marks.entry(key).or_default().insert(mark) {
                self.touched.insert(key);
            }
        }
        self.shrink();
    }

    /// Somebody signed in: what failed of the same account there shortly before was a mistake.
    fn at_home(&mut self, key: Key, customer: &CustomerId, account: Hashed, second: i64) {
        if let Some(marks) = self.marks.get_mut(&key) {
            let before = second - MISTAKE_SECONDS..=second;
            let is_mistake =
                |m: &Mark| m.account == account && m.customer == *customer && before.contains(&m.second);
            if marks.iter().filter(|m| is_mistake(m)).count() <= MISTAKES {
                marks.retain(|m| !is_mistake(m));
            }
        }
        if self.homes.len() >= HOMES_LIMIT && !self.homes.contains_key(&key) {
            self.left_out += 1;
            return;
        }
        let home = self.homes.entry(key).or_default();
        let first = home.entry(account).or_insert(second);
        *first = second.min(*first);
        // The earliest few, whatever the order in which they come.
        if home.len() > HOME_ACCOUNTS
            && let Some(latest) = home.iter().max_by_key(|(a, first)| (**first, **a)).map(|(a, _)| *a)
        {
            home.remove(&latest);
        }
    }

    /// Whether sign-ins from there succeeded before: of this account, or of several. A user agent with which anybody
    /// signs in says nothing about who uses it.
    fn is_home(&self, key: &Key, account: &Hashed, second: i64) -> bool {
        let Some(home) = self.homes.get(key) else { return false };
        let before = |first: &i64| *first <= second - TOLERANCE_MS / 1000;
        let many = home.values().filter(|f| before(f)).count();
        let wanted = if key.0 == CrossingKind::Agent { 1 } else { HOME_ACCOUNTS - 1 };
        many >= wanted || home.get(account).is_some_and(before)
    }

    /// Forgets what lies more than two windows before the newest of a thing, and the oldest of all beyond the bound.
    fn shrink(&mut self) {
        let keep = 2 * self.settings.of(SPRAY_ACROSS, "window").max(self.settings.of(SEEN_ACROSS, "window"));
        for key in &self.touched {
            let Some(marks) = self.marks.get_mut(key) else { continue };
            let newest = marks.last().map_or(0, |m| m.second);
            while marks.first().is_some_and(|m| newest - m.second > keep) || marks.len() > MARKS_OF_ONE {
                marks.pop_first();
            }
        }
        let kept: usize = self.marks.values().map(BTreeSet::len).sum();
        if kept <= MARKS_LIMIT {
            return;
        }
        // A tenth goes at once, so that a flood does not pay for the search with each record.
        let mut newest: Vec<(i64, Key)> =
            self.marks.iter().map(|(key, m)| (m.last().map_or(0, |m| m.second), *key)).collect();
        newest.sort_unstable();
        let mut left = kept;
        for (_, key) in newest {
            if left <= MARKS_LIMIT - MARKS_LIMIT / 10 {
                break;
            }
            let gone = self.marks.remove(&key).map_or(0, |m| m.len());
            self.left_out += gone as u64;
            left -= gone;
        }
    }

    /// Alerts that are new or have grown since the last call, each over all customers that it touches.
    pub fn take_alerts(&mut self) -> Vec<Alert> {
        let mut told = vec![];
        for key in std::mem::take(&mut self.touched) {
            let Some(marks) = self.marks.get(&key) else { continue };
            // Looked at again: the sign-in that shows that somebody is at home there may have come in after the failure.
            let strange: Vec<&Mark> =
                marks.iter().filter(|m| !self.is_home(&key, &m.account, m.second)).collect();
            let Some(mut alert) = widest(key, &strange, &self.settings) else { continue };
            let span = self.settings.of(&alert.rule.id, "window");
            let (id, last) = self.ids.entry(key).or_insert_with(|| (alert.id.clone(), i64::MIN));
            if *last != i64::MIN && alert.first.as_second() - *last > span {
                id.clone_from(&alert.id);
            }
            alert.id.clone_from(id);
            *last = alert.last.as_second().max(*last);
            if self.raised.get(&alert.id) != Some(&alert) {
                self.raised.insert(alert.id.clone(), alert.clone());
                told.push(alert);
            }
        }
        while self.raised.len() > RAISED_LIMIT {
            self.raised.pop_first();
        }
        while self.ids.len() > RAISED_LIMIT {
            self.ids.pop_first();
        }
        told.sort_by(|a, b| (a.first, &a.id).cmp(&(b.first, &b.id)));
        told
    }

    /// The state, to be kept between runs.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let hex = |h: &Hashed| h.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let mark = |m: &Mark| json!([m.second, m.customer.as_str(), m.seq, hex(&m.account), hex(&m.source)]);
        let name = |key: &Key| format!("{} {}", hex(&key.1), key.0.word());
        let marks: BTreeMap<String, Vec<Value>> =
            self.marks.iter().map(|(key, marks)| (name(key), marks.iter().map(mark).collect())).collect();
        let homes: BTreeMap<String, BTreeMap<String, i64>> = self
            .homes
            .iter()
            .map(|(key, home)| (name(key), home.iter().map(|(a, first)| (hex(a), *first)).collect()))
            .collect();
        let ids: BTreeMap<String, (&str, i64)> =
            self.ids.iter().map(|(key, (id, last))| (name(key), (id.as_str(), *last))).collect();
        let body = json!({"form": 3, "left_out": self.left_out, "marks": marks, "homes": homes, "ids": ids});
        body.to_string().into_bytes()
    }

    /// Reads what [`Across::to_bytes`] gave.
    ///
    /// # Errors
    /// [`AcrossError`] when the bytes are not that.
    pub fn from_bytes(key: [u8; 32], settings: Settings, bytes: &[u8]) -> Result<Self, AcrossError> {
        let mut made = Self::new(key, settings);
        made.read(bytes).ok_or(AcrossError)?;
        // What was raised before is not told again unless it grows.
        made.touched = made.marks.keys().copied().collect();
        made.shrink();
        made.take_alerts();
        Ok(made)
    }

    fn read(&mut self, bytes: &[u8]) -> Option<()> {
        let hashed = |text: &str| -> Option<Hashed> {
            let byte = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
            let bytes: Vec<u8> = (0..8).map(byte).collect::<Option<_>>()?;
            bytes.try_into().ok().filter(|_| text.len() == 16)
        };
        let key = |text: &str| -> Option<Key> {
            let (hash, word) = text.split_once(' ')?;
            Some((CrossingKind::of(word)?, hashed(hash)?))
        };
        let state: Value = serde_json::from_slice(bytes).ok()?;
        if state.get("form")?.as_u64()? != 3 {
            return None;
        }
        self.left_out = state.get("left_out")?.as_u64()?;
        for (name, marks) in state.get("marks")?.as_object()? {
            let mut set = BTreeSet::new();
            for mark in marks.as_array()? {
                set.insert(Mark {
                    second: mark.get(0)?.as_i64()?,
                    customer: CustomerId::parse(mark.get(1)?.as_str()?).ok()?,
                    seq: mark.get(2)?.as_u64()?,
                    account: hashed(mark.get(3)?.as_str()?)?,
                    source: hashed(mark.get(4)?.as_str()?)?,
                });
            }
            self.marks.insert(key(name)?, set);
        }
        for (name, told) in state.get("ids")?.as_object()? {
            let (id, last) = (told.get(0)?.as_str()?, told.get(1)?.as_i64()?);
            self.ids.insert(key(name)?, (id.to_owned(), last));
        }
        for (name, home) in state.get("homes")?.as_object()? {
            let mut accounts = BTreeMap::new();
            for (account, first) in home.as_object()? {
                accounts.insert(hashed(account)?, first.as_i64()?);
            }
            self.homes.insert(key(name)?, accounts);
        }
        Some(())
    }

    /// The part of an alert that may stand in one customer's log: its own records, and how many others were touched.
    #[must_use]
    pub fn part_of(alert: &Alert, customer: &CustomerId) -> Alert {
        let mut part = alert.clone();
        part.customers = vec![customer.clone()];
        part.records.retain(|r| r.customer == *customer);
        let others = alert.customers.len().saturating_sub(1);
        let others =
            if others == 1 { "1 other customer".to_owned() } else { format!("{others} other customers") };
        let here = part.records.len();
        let (one, times) =
            (word_of(alert), if here == 1 { "once".to_owned() } else { format!("{here} times") });
        part.summary = if alert.rule.id == SEEN_ACROSS {
            format!("The same {one} was found here and at {others} of the provider, within a day")
        } else {
            format!("One {one} failed to sign in here {times}, and at {others} of the provider, within a day")
        };
        if let Some(details) = &mut part.details {
            let stand = if here == 1 { "stands" } else { "stand" };
            let fires =
                details.why.iter().filter_map(|w| Some(w.split_once("; ")?.1.to_owned())).collect::<Vec<_>>();
            details.why =
                [format!("{here} of its records {stand} in this log")].into_iter().chain(fires).collect();
        }
        part
    }
}

/// What customers have in common, in the word that the alert's sentence says.
fn word_of(alert: &Alert) -> &'static str {
    let said = alert.summary.strip_prefix("One ").or_else(|| alert.summary.strip_prefix("The same "));
    let word = said
        .and_then(|rest| CrossingKind::ALL.into_iter().map(CrossingKind::word).find(|w| rest.starts_with(w)));
    word.unwrap_or("source")
}

/// The window in which a thing touched most, if that is enough: each mark comes in once and goes once.
fn widest_window<'a>(key: Key, all: &'a [&'a Mark], settings: &Settings) -> Option<&'a [&'a Mark]> {
    let id = if key.0.is_sign_in() { SPRAY_ACROSS } else { SEEN_ACROSS };
    let least = |name: &str| usize::try_from(settings.of(id, name)).unwrap_or(usize::MAX);
    let span = settings.of(id, "window");
    // A network or agent of one source alone is that source.
    let wanted_sources = if matches!(key.0, CrossingKind::Network | CrossingKind::Agent) { 2 } else { 1 };
    let wanted_accounts = if key.0.is_sign_in() { least("accounts") } else { 0 };
    let (mut customers, mut accounts, mut sources) =
        (Counts::default(), Counts::default(), Counts::default());
    let mut best: Option<&[&Mark]> = None;
    let mut start = 0;
    for (end, mark) in all.iter().enumerate() {
        customers.add(&mark.customer);
        accounts.add((&mark.customer, mark.account));
        sources.add(mark.source);
        while mark.second - all[start].second > span {
            let gone = all[start];
            customers.take(&&gone.customer);
            accounts.take(&(&gone.customer, gone.account));
            sources.take(&gone.source);
            start += 1;
        }
        let window = &all[start..=end];
        let enough = customers.len() >= least("customers")
            && accounts.len() >= wanted_accounts
            && sources.len() >= wanted_sources;
        if enough && best.is_none_or(|b| b.len() < window.len()) {
            best = Some(window);
        }
    }
    best
}

/// The alert over the window in which a thing touched most, if that is enough.
fn widest(key: Key, all: &[&Mark], settings: &Settings) -> Option<Alert> {
    let id = if key.0.is_sign_in() { SPRAY_ACROSS } else { SEEN_ACROSS };
    let about = detection(id)?;
    let least = |name: &str| usize::try_from(settings.of(id, name)).unwrap_or(usize::MAX);
    let (wanted_accounts, wanted_customers) = (least("accounts"), least("customers"));
    let span = settings.of(id, "window");
    let window = widest_window(key, all, settings)?;
    let accounts: BTreeSet<_> = window.iter().map(|m| (&m.customer, m.account)).collect();
    let customers: BTreeSet<CustomerId> = window.iter().map(|m| m.customer.clone()).collect();
    let (first, last) = (window.first()?.second, window.last()?.second);
    let hash: [u8; 32] = Sha256::new()
        .chain_update(id)
        .chain_update(key.0.word())
        .chain_update(key.1)
        .chain_update(first.to_be_bytes())
        .finalize()
        .into();
    let hex: String = hash[..6].iter().map(|b| format!("{b:02x}")).collect();
    let mut records: Vec<RecordRef> =
        window.iter().map(|m| RecordRef { customer: m.customer.clone(), seq: m.seq }).collect();
    records.sort();
    records.truncate(Alert::RECORDS_LIMIT);
    let word = key.0.word();
    let (summary, why) = if key.0.is_sign_in() {
        let thresholds = format!(
            "{wanted_accounts} accounts of {wanted_customers} customers within {} hours",
            span / 3600
        );
        (
            format!(
                "One {word} failed to sign in {} times on {} accounts of {} customers within a day",
                window.len(),
                accounts.len(),
                customers.len()
            ),
            format!("{} accounts of {} customers; it fires at {thresholds}", accounts.len(), customers.len()),
        )
    } else {
        (
            format!("The same {word} was found at {} customers within a day", customers.len()),
            format!(
                "{} customers; it fires at {wanted_customers} within {} hours",
                customers.len(),
                span / 3600
            ),
        )
    };
    Some(Alert {
        id: format!("al-{hex}"),
        rule: AlertRule {
            id: id.to_owned(),
            title: about.title.to_owned(),
            level: about.level,
            tags: about.tags.iter().map(|t| (*t).to_owned()).collect(),
            version: None,
        },
        summary,
        customers: customers.into_iter().collect(),
        records,
        count: window.len() as u64,
        first: Time::from_second(first).ok()?,
        last: Time::from_second(last).ok()?,
        is_backwards: false,
        details: Some(AlertDetails {
            why: vec![why],
            paragraph: about.paragraph.to_owned(),
            next: about.next.iter().map(|n| (*n).to_owned()).collect(),
            ..AlertDetails::default()
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: i64 = 3600;

    fn mark(of: (i64, u8, u8, u8)) -> Mark {
        let (hour, customer, account, source) = of;
        let customer = CustomerId::parse(&format!("c{customer}")).expect("good");
        Mark { second: hour * HOUR, customer, seq: 0, account: [account; 8], source: [source; 8] }
    }

    /// The plainest definition: of all windows with enough in them the first of the longest.
    fn plainest(kind: CrossingKind, all: &[&Mark], settings: &Settings) -> Option<(i64, i64, usize)> {
        let id = if kind.is_sign_in() { SPRAY_ACROSS } else { SEEN_ACROSS };
        let least = |name: &str| usize::try_from(settings.of(id, name)).expect("small");
        let is_wide = matches!(kind, CrossingKind::Network | CrossingKind::Agent);
        let mut best: Option<(i64, i64, usize)> = None;
        for (end, last) in all.iter().enumerate() {
            let start = all.iter().position(|m| last.second - m.second <= settings.of(id, "window"));
            let window = &all[start.expect("itself at least")..=end];
            let many =
                |of: &dyn Fn(&Mark) -> String| window.iter().map(|m| of(m)).collect::<BTreeSet<_>>().len();
            let enough = many(&|m| m.customer.to_string()) >= least("customers")
                && (!kind.is_sign_in()
                    || many(&|m| format!("{} {:?}", m.customer, m.account)) >= least("accounts"))
                && (!is_wide || many(&|m| format!("{:?}", m.source)) >= 2);
            if enough && best.is_none_or(|b| b.2 < window.len()) {
                best = Some((window[0].second, last.second, window.len()));
            }
        }
        best
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_widest_window_is_what_looking_at_every_window_finds(
            mut drawn in prop::collection::vec((0i64..90, 0u8..3, 0u8..4, 0u8..3), 0..24),
        ) {
            drawn.sort_unstable();
            let marks: Vec<Mark> = drawn.into_iter().map(mark).collect();
            let all: Vec<&Mark> = marks.iter().collect();
            let settings = Settings::default();
            for kind in CrossingKind::ALL {
                let found = widest_window((kind, [0; 8]), &all, &settings)
                    .map(|w| (w[0].second, w[w.len() - 1].second, w.len()));
                prop_assert_eq!(found, plainest(kind, &all, &settings), "{:?}", kind);
            }
        }
    }
}
