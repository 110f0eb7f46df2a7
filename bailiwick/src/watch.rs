//! Watches what is sealed: the detectors of each customer, the one across customers, and what was looked at already.

use crate::fault::Fault;
use custody::{Home, Vault};
use detect::{Across, Detector};
use ledger::Sealed;
use model::{Alert, CustomerId, Event, Fields, Kind, Record, Time};
use serde_json::{Value, json};
use sigma::{Compiled, EngineOptions, RuleSet};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Name of the state across customers in the home, and of its secret.
const ACROSS: &str = "across";
/// Records before the last one looked at that are read again, so that counts over time go on over a restart.
const BACK_RECORDS: u64 = 65_536;
/// How far back in time that goes: the longest window of our own rules, and as much again.
const BACK_SECONDS: i64 = 2 * 86_400;

/// All detectors of one run.
pub(crate) struct Watch<'a> {
    home: &'a Home,
    rules: Arc<Compiled>,
    detectors: BTreeMap<CustomerId, Detector>,
    across: Across,
}

/// The fields of a record, as they were when it came in.
pub(crate) fn fields(record: &Record) -> Fields {
    collect::fields(record, &crate::ingest::limits())
}

impl<'a> Watch<'a> {
    /// Watches with these rules.
    pub(crate) fn new(home: &'a Home, rules: RuleSet) -> Self {
        let key = home.secret(ACROSS);
        let kept = home.read_state(ACROSS);
        let across =
            kept.and_then(|bytes| Across::from_bytes(key, &bytes).ok()).unwrap_or_else(|| Across::new(key));
        let rules = Arc::new(Compiled::new(rules, EngineOptions::default()));
        Self { home, rules, detectors: BTreeMap::new(), across }
    }

    fn detector(&mut self, customer: &CustomerId) -> &mut Detector {
        let rules = &self.rules;
        self.detectors
            .entry(customer.clone())
            .or_insert_with(|| Detector::over(customer.clone(), Arc::clone(rules)))
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
        let mut missed = false;
        for unit in units {
            let end = unit.first + unit.count;
            let near = unit
                .happened
                .zip(newest)
                .is_some_and(|((_, greatest), newest)| newest - greatest.as_second() <= BACK_SECONDS);
            let back = near && end + BACK_RECORDS > through;
            if end <= through && !back {
                continue;
            }
            let sealed = view.read(&unit, &fields)?;
            self.detector(customer).observe(&sealed, through);
            if end > through {
                missed = missed
                    || sealed.value().iter().any(|e| e.record.seq >= through && e.record.kind == Kind::Event);
                self.across.observe(customer, &sealed, through);
            }
        }
        if missed {
            self.tell(vault, customer, now)?;
        }
        Ok(())
    }

    /// Looks at what was sealed just now.
    pub(crate) fn look(&mut self, customer: &CustomerId, sealed: &Sealed<Vec<Event>>) {
        self.detector(customer).observe(sealed, 0);
        self.across.observe(customer, sealed, 0);
    }

    /// Seals the alerts that are new, each in its customer's log.
    pub(crate) fn tell(
        &mut self,
        vault: &mut Vault,
        customer: &CustomerId,
        now: Time,
    ) -> Result<Vec<Alert>, Fault> {
        let alerts = self.detector(customer).take_alerts();
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
        let mut alerts = self.detector(customer).finish();
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
        self.home.write_state(ACROSS, &self.across.to_bytes())?;
        alerts.extend(across.into_iter().filter(|a| !a.customers.contains(customer)));
        Ok(alerts)
    }
}

fn seal(vault: &mut Vault, alerts: &[Alert], now: Time) -> Result<(), Fault> {
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
