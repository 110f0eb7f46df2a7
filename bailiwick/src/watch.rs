//! Watches what is sealed: the detectors of each customer, the one across customers, and what was looked at already.

use crate::fault::Fault;
use custody::{Home, Vault};
use detect::{Across, Detector, Patterns, Settings, Vocabulary};
use ledger::Sealed;
use model::{Alert, CustomerId, Event, Fields, Kind, Record, Time};
use serde_json::{Value, json};
use sigma::{Compiled, EngineOptions, RuleSet};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Name of the state across customers in the home, and of its secret.
const ACROSS: &str = "across";
/// Records before the last one looked at that are read again, so that counts over time go on over a restart.
const BACK_RECORDS: u64 = 262_144;
/// How far back in time that goes at least, for alerts that still grow; correlations say what they need.
const BACK_SECONDS: i64 = 2 * 86_400;

/// All detectors of one run.
pub(crate) struct Watch<'a> {
    home: &'a Home,
    rules: Arc<Compiled>,
    thresholds: Settings,
    vocabulary: Arc<Vocabulary>,
    detectors: BTreeMap<CustomerId, Detector>,
    patterns: BTreeMap<CustomerId, Patterns>,
    across: Across,
}

/// The fields of a record, as they were when it came in.
pub(crate) fn fields(record: &Record) -> Fields {
    collect::fields(record, &crate::ingest::limits())
}

impl<'a> Watch<'a> {
    /// Watches with these rules, beside the detections over time with these thresholds.
    pub(crate) fn new(home: &'a Home, rules: RuleSet, thresholds: Settings) -> Self {
        let key = home.secret(ACROSS);
        let restored =
            home.read_state(ACROSS).and_then(|b| Across::from_bytes(key, thresholds.clone(), &b).ok());
        let across = restored.unwrap_or_else(|| Across::new(key, thresholds.clone()));
        let vocabulary = Arc::new(Vocabulary::built_in());
        let (detectors, patterns) = (BTreeMap::new(), BTreeMap::new());
        let rules = Arc::new(Compiled::new(rules, EngineOptions::default()));
        Self { home, rules, thresholds, vocabulary, detectors, patterns, across }
    }

    /// The detectors of a customer: of rules, and over time. What the latter keep between runs is read where it is
    /// sound; else they are built anew from the sealed records.
    fn of(&mut self, customer: &CustomerId) -> (&mut Detector, &mut Patterns) {
        let (home, rules, vocabulary, thresholds) =
            (self.home, &self.rules, &self.vocabulary, &self.thresholds);
        let detector = self
            .detectors
            .entry(customer.clone())
            .or_insert_with(|| Detector::over(customer.clone(), Arc::clone(rules)));
        let patterns = self.patterns.entry(customer.clone()).or_insert_with(|| {
            let mut made = Patterns::new(customer.clone(), Arc::clone(vocabulary), thresholds.clone());
            if let Some(bytes) = home.read_state(&kept(customer)) {
                let _ = made.restore(&bytes);
            }
            made
        });
        (detector, patterns)
    }

    /// Looks at what earlier runs sealed: silently as far back as windows reach, aloud at what was sealed and, after a
    /// crash, not looked at.
    pub(crate) fn catch_up(
        &mut self,
        vault: &mut Vault,
        customer: &CustomerId,
        now: Time,
    ) -> Result<(), Fault> {
        if self.detectors.contains_key(customer) {
            return Ok(());
        }
        let view = self.home.view(customer)?;
        let through = looked_through(&view.others_of(Kind::Control)?);
        let units = view.units()?;
        let newest = units.iter().filter_map(|u| u.happened).map(|(_, greatest)| greatest.as_second()).max();
        let back_seconds = self.rules.rules().look_back_seconds().unwrap_or(0).max(BACK_SECONDS);
        let mut missed = false;
        if self.of(customer).1.through() > view.checkpoint().size {
            // The state is of a log that went further than this one: it is not this log's.
            let (vocabulary, thresholds) = (Arc::clone(&self.vocabulary), self.thresholds.clone());
            let anew = Patterns::new(customer.clone(), vocabulary, thresholds);
            self.patterns.insert(customer.clone(), anew);
        }
        for unit in units {
            let end = unit.first + unit.count;
            let near = unit
                .happened
                .zip(newest)
                .is_some_and(|((_, greatest), newest)| newest - greatest.as_second() <= back_seconds);
            let back = near && end + BACK_RECORDS > through;
            let (detector, patterns) = self.of(customer);
            let unseen = end > patterns.through();
            if end <= through && !back && !unseen {
                continue;
            }
            let sealed = view.read(&unit, &fields)?;
            if end > through || back {
                detector.observe(&sealed, through);
            }
            patterns.observe(&sealed, through);
            let crossings = patterns.take_crossings();
            self.across.observe(customer, &crossings);
            missed = missed
                || sealed.value().iter().any(|e| e.record.seq >= through && e.record.kind == Kind::Event);
        }
        if missed {
            self.tell(vault, customer, now)?;
        }
        Ok(())
    }

    /// Groups that correlations closed early at their bound, and hits that they let go or that came too late.
    pub(crate) fn closed(&self) -> u64 {
        self.detectors.values().map(Detector::closed).sum()
    }

    /// Looks at what was sealed just now.
    pub(crate) fn look(&mut self, customer: &CustomerId, sealed: &Sealed<Vec<Event>>) {
        let (detector, patterns) = self.of(customer);
        detector.observe(sealed, 0);
        patterns.observe(sealed, 0);
        let crossings = patterns.take_crossings();
        self.across.observe(customer, &crossings);
    }

    /// Seals the alerts that are new, each in its customer's log.
    pub(crate) fn tell(
        &mut self,
        vault: &mut Vault,
        customer: &CustomerId,
        now: Time,
    ) -> Result<Vec<Alert>, Fault> {
        let (detector, patterns) = self.of(customer);
        let mut alerts = detector.take_alerts();
        alerts.extend(patterns.take_alerts());
        seal(vault, &alerts, now)?;
        Ok(alerts)
    }

    /// Seals what has grown, what is seen across customers, and how far was looked.
    pub(crate) fn finish(
        &mut self,
        vault: &mut Vault,
        customer: &CustomerId,
        now: Time,
    ) -> Result<Vec<Alert>, Fault> {
        let (detector, patterns) = self.of(customer);
        let mut alerts = detector.finish();
        alerts.extend(patterns.finish());
        let across = self.across.take_alerts();
        alerts.extend(
            across.iter().filter(|a| a.customers.contains(customer)).map(|a| Across::part_of(a, customer)),
        );
        seal(vault, &alerts, now)?;
        for alert in &across {
            for other in alert.customers.iter().filter(|c| *c != customer) {
                let mut vault = self.home.vault(other)?;
                let (through, through_size) =
                    (looked_through(&self.home.view(other)?.others_of(Kind::Control)?), vault.size());
                seal(&mut vault, &[Across::part_of(alert, other)], now)?;
                // Only ourselves wrote since, and the last run closed: what was looked at completely still is.
                if through + 1 >= through_size {
                    mark(&mut vault, now)?;
                }
                vault.close(now)?;
            }
        }
        mark(vault, now)?;
        let (_, patterns) = self.of(customer);
        let state = patterns.to_bytes();
        self.home.write_state(&kept(customer), &state)?;
        self.home.write_state(ACROSS, &self.across.to_bytes())?;
        alerts.extend(across.into_iter().filter(|a| !a.customers.contains(customer)));
        Ok(alerts)
    }
}

/// Name of what the detections over time of one customer keep between runs.
fn kept(customer: &CustomerId) -> String {
    format!("patterns-{customer}")
}

/// Seals alerts in their customer's log.
pub(crate) fn seal(vault: &mut Vault, alerts: &[Alert], now: Time) -> Result<(), Fault> {
    if alerts.is_empty() {
        return Ok(());
    }
    let drafts = alerts.iter().map(|a| (Home::own(Kind::Alert, &a.to_json(), now), Fields::new())).collect();
    let cursor = vault.cursor().map(<[u8]>::to_vec);
    vault.append(drafts, cursor, now)?;
    Ok(())
}

/// Writes that everything up to this record itself was looked at.
fn mark(vault: &mut Vault, now: Time) -> Result<(), Fault> {
    let through = vault.next_seq(now) + 1;
    let body = json!({"control": "detected", "through": through});
    let cursor = vault.cursor().map(<[u8]>::to_vec);
    vault.append(vec![(Home::control(&body, now), Fields::new())], cursor, now)?;
    Ok(())
}

/// Up to which record an earlier run looked.
fn looked_through(others: &[Record]) -> u64 {
    let detected = |record: &Record| -> Option<u64> {
        let body: Value = serde_json::from_slice(&record.raw).ok()?;
        (body.get("control")?.as_str()? == "detected").then(|| body.get("through")?.as_u64())?
    };
    let control = others.iter().rev().filter(|r| r.kind == Kind::Control);
    control.filter_map(detected).next().unwrap_or(0)
}
