//! What is ordinary for a customer, as it stands in the customer's log: the newest policy counts.

use crate::fault::Fault;
use custody::Home;
use detect::Policy;
use model::{CustomerId, Fields, Kind, Time};
use serde_json::{Value, json};

/// The act that sets a policy.
const ACT: &str = "customer policy set";

/// The policy that holds, and the record that set it.
pub(crate) fn current(home: &Home, customer: &CustomerId) -> Result<(Policy, Option<u64>), Fault> {
    let acts = home.view(customer)?.others_of(Kind::Act)?;
    for record in acts.iter().rev() {
        let Ok(body) = serde_json::from_slice::<Value>(&record.raw) else { continue };
        if body["act"] == ACT
            && let Ok(policy) = serde_json::from_value(body["policy"].clone())
        {
            return Ok((policy, Some(record.seq)));
        }
    }
    Ok((Policy::default(), None))
}

/// Seals a policy in the customer's log; says in which record.
pub(crate) fn seal(
    home: &Home,
    customer: &CustomerId,
    policy: &Policy,
    reason: &str,
    now: Time,
) -> Result<u64, Fault> {
    let policy = serde_json::to_value(policy).map_err(std::io::Error::other)?;
    let body = json!({"act": ACT, "reason": reason, "policy": policy});
    let mut vault = home.vault(customer)?;
    let cursor = vault.cursor().map(<[u8]>::to_vec);
    let sealed = vault.append(vec![(Home::own(Kind::Act, &body, now), Fields::new())], cursor, now)?;
    let place = sealed.place();
    let seq = place.first + place.count - 1;
    vault.close(now)?;
    Ok(seq)
}
