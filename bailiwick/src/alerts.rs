//! Alerts as they stand in the logs: a later one of the same id replaces the earlier, parts of several customers are
//! put together for the provider.

use crate::fault::Fault;
use custody::Home;
use model::{Alert, CustomerId, Kind, Time};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An alert that somebody has closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) at: Time,
    pub(crate) reason: String,
    /// Records of the alert when it was closed: more of them open it again.
    pub(crate) count: u64,
}

/// The act that closes an alert, as it is sealed in the log of each customer that it touches.
pub(crate) fn closing(alert: &Alert, reason: &str) -> Value {
    json!({"act": "alert close", "alert": alert.id, "reason": reason, "count": alert.count})
}

/// Which alerts of these customers were closed, by id; the newest closing counts.
pub(crate) fn closed(home: &Home, customers: &[CustomerId]) -> Result<BTreeMap<String, Closed>, Fault> {
    let mut all: BTreeMap<String, Closed> = BTreeMap::new();
    for customer in customers {
        for record in home.view(customer)?.others_of(Kind::Act)? {
            let Ok(body) = serde_json::from_slice::<Value>(&record.raw) else { continue };
            if body["act"] != "alert close" {
                continue;
            }
            let (Some(id), Some(reason)) = (body["alert"].as_str(), body["reason"].as_str()) else {
                continue;
            };
            let count = body["count"].as_u64().unwrap_or(0);
            let one = Closed { at: record.happened, reason: reason.to_owned(), count };
            match all.get(id) {
                Some(there) if there.at >= one.at => {}
                _ => {
                    all.insert(id.to_owned(), one);
                }
            }
        }
    }
    Ok(all)
}

/// All alerts of these customers, the newest last.
pub(crate) fn all(home: &Home, customers: &[CustomerId]) -> Result<Vec<Alert>, Fault> {
    let mut joined: BTreeMap<String, Alert> = BTreeMap::new();
    for customer in customers {
        let mut own: BTreeMap<String, Alert> = BTreeMap::new();
        for record in home.view(customer)?.others_of(Kind::Alert)? {
            let alert = serde_json::from_slice(&record.raw).ok().as_ref().and_then(Alert::from_json);
            own.extend(alert.map(|a| (a.id.clone(), a)));
        }
        for (id, alert) in own {
            match joined.get_mut(&id) {
                Some(there) => join(there, alert),
                None => {
                    joined.insert(id, alert);
                }
            }
        }
    }
    let mut list: Vec<Alert> = joined.into_values().collect();
    list.sort_by(|a, b| (a.first, &a.id).cmp(&(b.first, &b.id)));
    Ok(list)
}

/// Puts the part in another customer's log to what is known already.
fn join(there: &mut Alert, part: Alert) {
    let head = part.summary.split_once(" here").map(|(head, _)| head.to_owned());
    name_log(there);
    let mut part = part;
    name_log(&mut part);
    there.customers.extend(part.customers);
    there.customers.sort();
    there.customers.dedup();
    there.records.extend(part.records);
    there.records.sort();
    there.records.dedup();
    there.count = there.count.max(part.count);
    there.first = there.first.min(part.first);
    there.last = there.last.max(part.last);
    let (many, times) = (there.customers.len(), there.count);
    there.summary = match head {
        Some(head) if there.rule.id == detect::SEEN_ACROSS => {
            format!("{head} at {many} customers within a day")
        }
        Some(head) => format!("{head} {times} times at {many} customers within a day"),
        None => format!("{}: {many} customers", there.rule.title),
    };
    if let (Some(details), Some(more)) = (&mut there.details, part.details) {
        details.why.extend(more.why);
        details.why.sort();
        details.why.dedup();
    }
}

/// In a part, says whose log it counts records of.
fn name_log(alert: &mut Alert) {
    let [customer] = &alert.customers[..] else { return };
    let named = format!("in the log of {customer}");
    if let Some(details) = &mut alert.details {
        details.why.iter_mut().for_each(|why| *why = why.replace("in this log", &named));
    }
}
