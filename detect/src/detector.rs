//! Rules over one customer's sealed records; hits about the same thing become one alert that grows.

use ledger::Sealed;
use model::{Alert, AlertRule, CustomerId, Defect, Event, Kind, Level, Record, RecordRef, Time};
use sha2::{Digest, Sha256};
use sigma::{Compiled, Engine, EngineOptions, Hit, Observed, Rule, RuleSet, classify};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Hits of the same rule and group belong together while they are no further apart.
const QUIET_SECONDS: i64 = 3600;
/// Alerts that may be open at a time; at the bound the one that is longest quiet is closed.
const OPEN_LIMIT: usize = 10_000;
/// Records of one alert that are told apart; beyond, they are only counted.
const SEQS_LIMIT: usize = 10_000;

/// An alert that may still grow.
struct Open {
    alert: Alert,
    group: Vec<(String, String)>,
    seqs: BTreeSet<u64>,
    /// Whether it was handed out as it is now.
    told: bool,
    /// Whether it was handed out at all, or stands in the log already.
    known: bool,
}

type Key = (usize, Vec<(String, String)>);

/// Looks at one customer's records.
pub struct Detector {
    customer: CustomerId,
    engine: Engine,
    open: BTreeMap<Key, Open>,
    closed: Vec<Alert>,
}

impl Detector {
    /// A detector with these rules for one customer.
    #[must_use]
    pub fn new(customer: CustomerId, rules: RuleSet) -> Self {
        Self::over(customer, Arc::new(Compiled::new(rules, EngineOptions::default())))
    }

    /// A detector with rules that are compiled already; the detectors of all customers may share them.
    #[must_use]
    pub fn over(customer: CustomerId, rules: Arc<Compiled>) -> Self {
        Self { customer, engine: Engine::over(rules), open: BTreeMap::new(), closed: vec![] }
    }

    /// Groups that correlations closed early at their bound, and hits that they let go or that came too late.
    #[must_use]
    pub fn closed(&self) -> u64 {
        self.engine.closed()
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &RuleSet {
        self.engine.rules()
    }

    /// Looks at sealed records. Those before `from` were looked at by an earlier run: they only restore what that run
    /// knew, and what they raise is not told again.
    pub fn observe(&mut self, batch: &Sealed<Vec<Event>>, from: u64) {
        self.observe_where(batch, from, &|_| true);
    }

    /// The same for some of the records, those that `wanted` takes; the fields of the others need not be there.
    pub fn observe_where(&mut self, batch: &Sealed<Vec<Event>>, from: u64, wanted: &dyn Fn(&Record) -> bool) {
        let wanted = |e: &&Event| e.record.kind == Kind::Event && wanted(&e.record);
        for event in batch.value().iter().filter(wanted) {
            let class = classify(event.record.source.format().as_str(), &event.fields);
            let (seq, happened) = (event.record.seq, counted_at(&event.record));
            let seen = Observed { fields: &event.fields, happened, class: &class, seq };
            for hit in self.engine.observe(&seen) {
                self.take(hit, seq < from);
            }
        }
    }

    fn take(&mut self, hit: Hit, known: bool) {
        let key = (hit.rule, hit.group.clone());
        let near = |open: &Open| {
            let apart = hit.first.as_second().saturating_sub(open.alert.last.as_second());
            let before = open.alert.first.as_second().saturating_sub(hit.last.as_second());
            apart <= QUIET_SECONDS && before <= QUIET_SECONDS
        };
        if self.open.get(&key).is_some_and(|o| !near(o)) {
            self.close(&key);
        }
        if !self.open.contains_key(&key) {
            if self.open.len() >= OPEN_LIMIT {
                self.close_quietest();
            }
            let Some(rule) = self.engine.rules().get(hit.rule) else { return };
            let open = begin(&self.customer, rule, &hit, known);
            self.open.insert(key.clone(), open);
        }
        let Some(open) = self.open.get_mut(&key) else { return };
        open.grow(&self.customer, &hit);
        open.told = known;
        let sentence = self.engine.rules().get(hit.rule).map(|rule| summary(rule, open));
        open.alert.summary = sentence.unwrap_or_default();
    }

    fn close(&mut self, key: &Key) {
        if let Some(open) = self.open.remove(key)
            && !open.told
        {
            self.closed.push(open.alert);
        }
    }

    fn close_quietest(&mut self) {
        let quietest = self.open.iter().min_by_key(|(_, o)| o.alert.last).map(|(k, _)| k.clone());
        if let Some(key) = quietest {
            self.close(&key);
        }
    }

    /// Alerts that are new since the last call, and those that will not grow any more.
    pub fn take_alerts(&mut self) -> Vec<Alert> {
        let mut alerts = std::mem::take(&mut self.closed);
        for open in self.open.values_mut().filter(|o| !o.told && !o.known) {
            (open.told, open.known) = (true, true);
            alerts.push(open.alert.clone());
        }
        sorted(alerts)
    }

    /// Everything that was not told as it is now.
    pub fn finish(&mut self) -> Vec<Alert> {
        let mut alerts = std::mem::take(&mut self.closed);
        for open in self.open.values_mut().filter(|o| !o.told) {
            (open.told, open.known) = (true, true);
            alerts.push(open.alert.clone());
        }
        sorted(alerts)
    }
}

/// When a record counts: at the time it gives; one far in the future counts when it came, so that no wrong clock and no
/// liar makes all others late.
pub(crate) fn counted_at(record: &Record) -> Time {
    if record.defects.contains(&Defect::FarFuture) { record.received } else { record.happened }
}

fn sorted(mut alerts: Vec<Alert>) -> Vec<Alert> {
    alerts.sort_by(|a, b| (a.first, &a.id).cmp(&(b.first, &b.id)));
    alerts
}

fn begin(customer: &CustomerId, rule: &Rule, hit: &Hit, known: bool) -> Open {
    let first_seq = hit.seqs.first().copied().unwrap_or(0);
    let level = rule.level.as_deref().and_then(Level::from_word).unwrap_or(Level::Medium);
    let alert = Alert {
        id: made_id(&rule.id, customer, &hit.group, first_seq),
        rule: AlertRule {
            id: rule.id.clone(),
            title: rule.title.clone(),
            level,
            tags: rule.tags.clone(),
            version: None,
        },
        customers: vec![customer.clone()],
        records: vec![],
        count: 0,
        first: hit.first,
        last: hit.last,
        summary: String::new(),
        is_backwards: false,
        details: None,
    };
    Open { alert, group: hit.group.clone(), seqs: BTreeSet::new(), told: false, known }
}

impl Open {
    fn grow(&mut self, customer: &CustomerId, hit: &Hit) {
        let before = self.seqs.len();
        for seq in &hit.seqs {
            if self.seqs.len() < SEQS_LIMIT {
                self.seqs.insert(*seq);
            }
        }
        let new = (self.seqs.len() - before) as u64;
        let full = u64::from(self.seqs.len() >= SEQS_LIMIT && new == 0);
        self.alert.count = (self.alert.count + new + full).max(hit.count);
        self.alert.first = self.alert.first.min(hit.first);
        self.alert.last = self.alert.last.max(hit.last);
        let listed = self.seqs.iter().take(Alert::RECORDS_LIMIT);
        self.alert.records = listed.map(|seq| RecordRef { customer: customer.clone(), seq: *seq }).collect();
    }
}

/// The same rule, customer, group and first record give the same id, also when the input comes in two runs.
fn made_id(rule: &str, customer: &CustomerId, group: &[(String, String)], first_seq: u64) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    part(rule);
    part(customer.as_str());
    group.iter().for_each(|(name, value)| {
        part(name);
        part(value);
    });
    hash.update(first_seq.to_be_bytes());
    let full: [u8; 32] = hash.finalize().into();
    let hex: String = full[..6].iter().map(|b| format!("{b:02x}")).collect();
    format!("al-{hex}")
}

fn summary(rule: &Rule, open: &Open) -> String {
    let alert = &open.alert;
    let of: Vec<String> = open.group.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let of = if of.is_empty() { String::new() } else { format!(" ({})", of.join(", ")) };
    let records = if alert.count == 1 { "1 record".to_owned() } else { format!("{} records", alert.count) };
    let span = if alert.first == alert.last {
        format!("at {}", short(alert.first))
    } else {
        format!("from {} to {}", short(alert.first), short(alert.last))
    };
    format!("{}{of}: {records} {span}", rule.title)
}

/// To the second; the records themselves keep what is finer.
fn short(at: Time) -> String {
    Time::from_second(at.as_second()).map_or_else(|_| at.to_string(), |t| t.to_string())
}
