//! Alerts as they stand in the logs: a later one of the same id replaces the earlier, parts of several customers are
//! put together for the provider.

use crate::fault::Fault;
use custody::Home;
use model::{Alert, CustomerId, Kind};
use std::collections::BTreeMap;

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

fn join(there: &mut Alert, part: Alert) {
    there.customers.extend(part.customers);
    there.customers.sort();
    there.customers.dedup();
    there.records.extend(part.records);
    there.records.sort();
    there.records.dedup();
    there.count = there.count.max(part.count);
    there.first = there.first.min(part.first);
    there.last = there.last.max(part.last);
    there.summary = format!("{}: {} customers", there.rule.title, there.customers.len());
}
