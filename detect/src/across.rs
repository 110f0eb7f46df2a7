//! One source that tries several customers. Only the provider's side can see it.
//!
//! INVARIANT: what is kept and what crosses customers is a keyed hash, a count, a time and a place in a log; never a
//! customer's text.

use ledger::Sealed;
use model::{Alert, AlertRule, CustomerId, Event, Fields, Format, Kind, Level, RecordRef, Time};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The id of the detection.
pub const SPRAY_ACROSS: &str = "bw.spray-across-customers";

/// Time that attempts are looked at together: a day.
const WINDOW_SECONDS: i64 = 86_400;
/// Different accounts on which one source fails before it is an alert.
const ACCOUNTS: usize = 5;
/// Different customers that it touches before it is an alert.
const CUSTOMERS: usize = 2;
/// Attempts that are kept; the oldest leave first, and are counted.
const MARKS_LIMIT: usize = 100_000;

type Hashed = [u8; 8];

/// One failed attempt.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    second: i64,
    customer: CustomerId,
    seq: u64,
    account: Hashed,
}

/// Attempts at all customers of the last day.
pub struct Across {
    key: [u8; 32],
    marks: BTreeMap<Hashed, BTreeSet<Mark>>,
    kept: usize,
    /// Attempts that a bound pushed out.
    left_out: u64,
    raised: BTreeMap<String, Alert>,
    /// Sources with attempts since the last look.
    touched: BTreeSet<Hashed>,
}

/// The kept state is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("state of the detection across customers is damaged; it is built anew from what comes")]
pub struct AcrossError;

impl Across {
    /// Nothing seen yet. The key makes the hashes useless to anybody else.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            key,
            marks: BTreeMap::new(),
            kept: 0,
            left_out: 0,
            raised: BTreeMap::new(),
            touched: BTreeSet::new(),
        }
    }

    fn hashed(&self, kind: &str, text: &str) -> Hashed {
        let inner =
            Sha256::new().chain_update(self.key).chain_update(kind).chain_update([0]).chain_update(text);
        let outer: [u8; 32] =
            Sha256::new().chain_update(self.key).chain_update(inner.finalize()).finalize().into();
        outer[..8].try_into().expect("8 of 32 bytes")
    }

    /// Takes note of failed sign-ins among sealed records from seq `from` on.
    pub fn observe(&mut self, customer: &CustomerId, batch: &Sealed<Vec<Event>>, from: u64) {
        for event in batch.value() {
            let record = &event.record;
            if record.kind != Kind::Event || record.seq < from {
                continue;
            }
            let Some((source, account)) = failure(record.source.format(), &event.fields) else { continue };
            let source = self.hashed("source", &source);
            let account = self.hashed("account", &account.to_lowercase());
            let mark = Mark {
                second: record.happened.as_second(),
                customer: customer.clone(),
                seq: record.seq,
                account,
            };
            if self.marks.entry(source).or_default().insert(mark) {
                self.kept += 1;
                self.touched.insert(source);
            }
        }
        self.shrink();
    }

    /// Forgets what lies more than a day before the newest of a source, and the oldest of all beyond the bound.
    fn shrink(&mut self) {
        let mut kept = 0;
        self.marks.retain(|_, marks| {
            let newest = marks.last().map_or(0, |m| m.second);
            marks.retain(|m| newest - m.second <= 2 * WINDOW_SECONDS);
            kept += marks.len();
            !marks.is_empty()
        });
        while kept > MARKS_LIMIT {
            let oldest = self.marks.iter().min_by_key(|(_, m)| m.last().map(|m| m.second)).map(|(k, _)| *k);
            let Some(gone) = oldest.and_then(|k| self.marks.remove(&k)) else { break };
            self.left_out += gone.len() as u64;
            kept -= gone.len();
        }
        self.kept = kept;
    }

    /// Alerts that are new or have grown since the last call, each over all customers that it touches.
    pub fn take_alerts(&mut self) -> Vec<Alert> {
        let mut told = vec![];
        for source in std::mem::take(&mut self.touched) {
            let Some(marks) = self.marks.get(&source) else { continue };
            if let Some(alert) = widest(&source, marks)
                && self.raised.get(&alert.id) != Some(&alert)
            {
                self.raised.insert(alert.id.clone(), alert.clone());
                told.push(alert);
            }
        }
        told.sort_by(|a, b| (a.first, &a.id).cmp(&(b.first, &b.id)));
        told
    }

    /// The state, to be kept between runs.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let hex = |h: &Hashed| h.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let mark = |m: &Mark| json!([m.second, m.customer.as_str(), m.seq, hex(&m.account)]);
        let sources: BTreeMap<String, Vec<Value>> = self
            .marks
            .iter()
            .map(|(source, marks)| (hex(source), marks.iter().map(mark).collect()))
            .collect();
        json!({"form": 1, "left_out": self.left_out, "sources": sources}).to_string().into_bytes()
    }

    /// Reads what [`Across::to_bytes`] gave.
    ///
    /// # Errors
    /// [`AcrossError`] when the bytes are not that.
    pub fn from_bytes(key: [u8; 32], bytes: &[u8]) -> Result<Self, AcrossError> {
        let mut made = Self::new(key);
        made.read(bytes).ok_or(AcrossError)?;
        made.shrink();
        // What was raised before is not told again unless it grows.
        made.touched = made.marks.keys().copied().collect();
        made.take_alerts();
        Ok(made)
    }

    fn read(&mut self, bytes: &[u8]) -> Option<()> {
        let hashed = |text: &str| -> Option<Hashed> {
            let byte = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
            let bytes: Vec<u8> = (0..8).map(byte).collect::<Option<_>>()?;
            bytes.try_into().ok().filter(|_| text.len() == 16)
        };
        let state: Value = serde_json::from_slice(bytes).ok()?;
        self.left_out = state.get("left_out")?.as_u64()?;
        for (source, marks) in state.get("sources")?.as_object()? {
            let mut set = BTreeSet::new();
            for mark in marks.as_array()? {
                set.insert(Mark {
                    second: mark.get(0)?.as_i64()?,
                    customer: CustomerId::parse(mark.get(1)?.as_str()?).ok()?,
                    seq: mark.get(2)?.as_u64()?,
                    account: hashed(mark.get(3)?.as_str()?)?,
                });
            }
            self.marks.insert(hashed(source)?, set);
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
        part.summary = format!(
            "One source failed to sign in here on several accounts, and at {others} of the provider's, within a day"
        );
        part
    }
}

/// The alert over the window of a day in which a source failed on most accounts, if that is enough.
fn widest(source: &Hashed, marks: &BTreeSet<Mark>) -> Option<Alert> {
    let all: Vec<&Mark> = marks.iter().collect();
    let mut best: Option<&[&Mark]> = None;
    let mut most = 0;
    let mut start = 0;
    for end in 0..all.len() {
        while all[end].second - all[start].second > WINDOW_SECONDS {
            start += 1;
        }
        let window = &all[start..=end];
        let accounts: BTreeSet<_> = window.iter().map(|m| (&m.customer, m.account)).collect();
        let customers: BTreeSet<_> = window.iter().map(|m| &m.customer).collect();
        if accounts.len() >= ACCOUNTS && customers.len() >= CUSTOMERS && window.len() > most {
            most = window.len();
            best = Some(window);
        }
    }
    let window = best?;
    let accounts: BTreeSet<_> = window.iter().map(|m| (&m.customer, m.account)).collect();
    let customers: BTreeSet<CustomerId> = window.iter().map(|m| m.customer.clone()).collect();
    let (first, last) = (window.first()?.second, window.last()?.second);
    let hash: [u8; 32] = Sha256::new()
        .chain_update(SPRAY_ACROSS)
        .chain_update(source)
        .chain_update(first.to_be_bytes())
        .finalize()
        .into();
    let id: String = hash[..6].iter().map(|b| format!("{b:02x}")).collect();
    let mut records: Vec<RecordRef> =
        window.iter().map(|m| RecordRef { customer: m.customer.clone(), seq: m.seq }).collect();
    records.sort();
    records.truncate(Alert::RECORDS_LIMIT);
    Some(Alert {
        id: format!("al-{id}"),
        rule: AlertRule {
            id: SPRAY_ACROSS.to_owned(),
            title: "Password spraying across customers".to_owned(),
            level: Level::Critical,
            tags: vec!["attack.credential-access".into(), "attack.t1110.003".into()],
            version: None,
        },
        summary: format!(
            "One source failed to sign in {} times on {} accounts of {} customers within a day",
            window.len(),
            accounts.len(),
            customers.len()
        ),
        customers: customers.into_iter().collect(),
        records,
        count: window.len() as u64,
        first: Time::from_second(first).ok()?,
        last: Time::from_second(last).ok()?,
        is_backwards: false,
    })
}

/// Source and account of a failed sign-in.
fn failure(format: Format, fields: &Fields) -> Option<(String, String)> {
    let text = |name: &str| match fields.get(name)? {
        Value::String(text) if !text.is_empty() && text != "-" => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    if text("action").as_deref() == Some("sign-in") && text("outcome").as_deref() == Some("failure") {
        return Some((text("src_ip")?, text("user")?));
    }
    let is_windows = format == Format::Evtx || fields.contains_key("Channel");
    if is_windows && text("EventID").as_deref() == Some("4625") {
        return Some((text("IpAddress")?, text("TargetUserName")?));
    }
    None
}
