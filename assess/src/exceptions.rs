//! Exceptions as they stand in a customer's log: proposed, in force, ended, expired.

use crate::judge;
use evidence::Side;
use ledger::Sealed;
use model::{Event, Kind, Time};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Days that an exception may last, at most: twelve months.
pub const DAYS_LIMIT: i64 = 366;

/// An exception, as it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Of which check.
    pub check: String,
    /// Of which side's answer.
    pub side: Side,
    /// Of which subject; none for all.
    pub subject: Option<String>,
    /// Why.
    pub reason: String,
    /// What is done instead.
    pub compensating: String,
    /// Who approved it for the provider.
    pub provider_approval: Option<String>,
    /// Who approved it for the customer.
    pub customer_approval: Option<String>,
    /// From when.
    pub from: Time,
    /// Until when; then it ends by itself.
    pub expires: Time,
}

/// An exception with its place in the log.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its id.
    pub id: String,
    /// Its place in the log.
    pub seq: u64,
    /// What it says.
    pub exception: Exception,
    /// When somebody ended it before its time.
    pub ended: Option<Time>,
}

impl Exception {
    /// `ex-` and 12 hex digits, made of all that it says: the same exception is the same, however often it is given.
    #[must_use]
    pub fn id(&self) -> String {
        let hash = Sha256::digest(self.to_json(None).to_string());
        format!("ex-{}", hash.iter().take(6).map(|b| format!("{b:02x}")).collect::<String>())
    }

    /// Its form in a log.
    #[must_use]
    pub fn to_json(&self, id: Option<&str>) -> Value {
        json!({
            "exception": 1,
            "id": id,
            "check": self.check,
            "side": self.side.as_str(),
            "subject": self.subject,
            "reason": self.reason,
            "compensating": self.compensating,
            "provider_approval": self.provider_approval,
            "customer_approval": self.customer_approval,
            "from": self.from.to_string(),
            "expires": self.expires.to_string(),
        })
    }

    fn from_json(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            check: text("check")?,
            side: Side::from_word(&text("side")?)?,
            subject: text("subject"),
            reason: text("reason")?,
            compensating: text("compensating")?,
            provider_approval: text("provider_approval"),
            customer_approval: text("customer_approval"),
            from: text("from")?.parse().ok()?,
            expires: text("expires")?.parse().ok()?,
        })
    }

    /// Whether both sides said yes.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        self.provider_approval.is_some() && self.customer_approval.is_some()
    }
}

impl Kept {
    /// Its word on a day.
    #[must_use]
    pub fn state(&self, now: Time) -> &'static str {
        if self.ended.is_some_and(|at| at <= now) {
            "ended"
        } else if self.exception.expires <= now {
            "expired"
        } else if !self.exception.is_approved() {
            "proposed"
        } else if self.exception.from > now {
            "not-yet"
        } else {
            "in-force"
        }
    }
}

/// The end of an exception, as it stands in a log.
#[must_use]
pub fn end_json(id: &str, now: Time) -> Value {
    json!({"exception_end": 1, "id": id, "at": now.to_string()})
}

/// What one record of kind `contract` says of exceptions.
#[derive(Debug, Clone)]
enum Entry {
    Begins(String, Exception),
    Ends(String, Option<Time>),
}

/// What the records of a log say of exceptions, in their order.
#[derive(Debug, Clone, Default)]
pub struct Register {
    entries: Vec<(u64, Entry)>,
}

impl Register {
    /// Takes the body of the next record of kind `contract`. What is longer than it may be is no exception.
    pub fn take(&mut self, seq: u64, body: &[u8]) {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return };
        let Some(id) = body.get("id").and_then(Value::as_str).map(str::to_owned) else { return };
        if body.get("exception_end") == Some(&json!(1)) {
            let at = body.get("at").and_then(Value::as_str).and_then(|t| t.parse().ok());
            self.entries.push((seq, Entry::Ends(id, at)));
        } else if body.get("exception") == Some(&json!(1))
            && let Some(exception) = Exception::from_json(&body)
            && exception.expires.as_second() - exception.from.as_second() <= DAYS_LIMIT * 86_400
        {
            self.entries.push((seq, Entry::Begins(id, exception)));
        }
    }

    /// The exceptions as they stood before the record `end`, in the order of the log.
    #[must_use]
    pub fn before(&self, end: u64) -> Vec<Kept> {
        let mut kept: BTreeMap<&str, Kept> = BTreeMap::new();
        for (seq, entry) in self.entries.iter().filter(|(seq, _)| *seq < end) {
            match entry {
                Entry::Ends(id, at) => {
                    if let Some(known) = kept.get_mut(id.as_str()) {
                        known.ended = known.ended.or(*at);
                    }
                }
                Entry::Begins(id, exception) => {
                    let new =
                        || Kept { id: id.clone(), seq: *seq, exception: exception.clone(), ended: None };
                    kept.entry(id).or_insert_with(new);
                }
            }
        }
        let mut list: Vec<Kept> = kept.into_values().collect();
        list.sort_by_key(|k| k.seq);
        list
    }
}

/// Every exception of sealed records, in the order of the log.
#[must_use]
pub fn of(sealed: &[Sealed<Vec<Event>>]) -> Vec<Kept> {
    let mut register = Register::default();
    let records = sealed.iter().flat_map(|s| s.value()).map(|event| &event.record);
    records.filter(|r| r.kind == Kind::Contract).for_each(|r| register.take(r.seq, &r.raw));
    register.before(u64::MAX)
}

/// Those that both sides approved, as an answer takes them; whether they are in force on its day is the answer's to say.
#[must_use]
pub fn approved(kept: &[Kept]) -> Vec<judge::Exception> {
    let exception = |k: &Kept| judge::Exception {
        check: k.exception.check.clone(),
        side: k.exception.side,
        subject: k.exception.subject.clone(),
        reason: k.exception.reason.clone(),
        from: k.exception.from,
        expires: k.ended.map_or(k.exception.expires, |at| at.min(k.exception.expires)),
    };
    kept.iter().filter(|k| k.exception.is_approved()).map(exception).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().expect("a time")
    }

    fn kept(both: bool) -> Kept {
        let exception = Exception {
            check: "ra.msp-mfa-100".into(),
            side: Side::Provider,
            subject: Some("svc@acme.example".into()),
            reason: "old scanner".into(),
            compensating: "watched".into(),
            provider_approval: Some("N. Ortega".into()),
            customer_approval: both.then(|| "B. Lind".into()),
            from: at("2026-11-01T00:00:00Z"),
            expires: at("2027-03-01T00:00:00Z"),
        };
        Kept { id: exception.id(), seq: 7, exception, ended: None }
    }

    #[test]
    fn the_form_of_an_exception_never_changes() {
        let kept = kept(true);
        let form = concat!(
            r#"{"exception":1,"id":"ex-0","check":"ra.msp-mfa-100","side":"provider","subject":"svc@acme.example","#,
            r#""reason":"old scanner","compensating":"watched","provider_approval":"N. Ortega","customer_approval":"B. Lind","#,
            r#""from":"2026-11-01T00:00:00Z","expires":"2027-03-01T00:00:00Z"}"#
        );
        let value = kept.exception.to_json(Some("ex-0"));
        assert_eq!(value.to_string(), form);
        assert_eq!(Exception::from_json(&value).as_ref(), Some(&kept.exception));
        assert_eq!(kept.id, "ex-1ad41a7dd1c9");
    }

    #[test]
    fn an_exception_goes_from_word_to_word_and_excuses_only_with_both_approvals() {
        let whole = kept(true);
        for (day, word) in [("2026-10-31", "not-yet"), ("2026-11-01", "in-force"), ("2027-03-01", "expired")]
        {
            assert_eq!(whole.state(at(&format!("{day}T00:00:00Z"))), word, "{day}");
        }
        let half = kept(false);
        assert_eq!(half.state(at("2026-12-01T00:00:00Z")), "proposed");
        assert!(approved(&[half]).is_empty());
        let ended = Kept { ended: Some(at("2026-12-01T00:00:00Z")), ..whole };
        assert_eq!(ended.state(at("2026-11-30T00:00:00Z")), "in-force", "the past stays as it was");
        assert_eq!(ended.state(at("2026-12-01T00:00:00Z")), "ended");
        assert_eq!(approved(&[ended])[0].expires, at("2026-12-01T00:00:00Z"));
    }
}
