//! Exceptions as they stand in a customer's log: proposed, in force, ended, expired.

use crate::dossier;
use assess::judge;
use evidence::Side;
use ledger::Sealed;
use model::{Event, Kind, Time};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Days that an exception may last, at most: twelve months.
pub(crate) const DAYS_LIMIT: i64 = 366;

/// An exception, as it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) check: String,
    pub(crate) side: Side,
    pub(crate) subject: Option<String>,
    pub(crate) reason: String,
    /// What is done instead.
    pub(crate) compensating: String,
    pub(crate) provider_approval: Option<String>,
    pub(crate) customer_approval: Option<String>,
    pub(crate) from: Time,
    pub(crate) expires: Time,
}

/// An exception with its place in the log.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) id: String,
    pub(crate) seq: u64,
    pub(crate) exception: Exception,
    /// When somebody ended it before its time.
    pub(crate) ended: Option<Time>,
}

impl Exception {
    /// `ex-` and 12 hex digits, made of all that it says: the same exception is the same, however often it is given.
    pub(crate) fn id(&self) -> String {
        let hash = Sha256::digest(self.to_json(None).to_string());
        format!("ex-{}", hash.iter().take(6).map(|b| format!("{b:02x}")).collect::<String>())
    }

    /// Its form in a log.
    pub(crate) fn to_json(&self, id: Option<&str>) -> Value {
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
    pub(crate) fn is_approved(&self) -> bool {
        self.provider_approval.is_some() && self.customer_approval.is_some()
    }
}

impl Kept {
    /// Its word on a day.
    pub(crate) fn state(&self, now: Time) -> &'static str {
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
pub(crate) fn end_json(id: &str, now: Time) -> Value {
    json!({"exception_end": 1, "id": id, "at": now.to_string()})
}

/// Every exception of sealed records, in the order of the log. What is longer than it may be is none.
pub(crate) fn of(sealed: &[Sealed<Vec<Event>>]) -> Vec<Kept> {
    let mut kept: BTreeMap<String, Kept> = BTreeMap::new();
    for (seq, _, body) in dossier::bodies(sealed, Kind::Contract) {
        let Some(id) = body.get("id").and_then(Value::as_str).map(str::to_owned) else { continue };
        if body.get("exception_end") == Some(&json!(1)) {
            let at: Option<Time> = body.get("at").and_then(Value::as_str).and_then(|t| t.parse().ok());
            if let Some(known) = kept.get_mut(&id) {
                known.ended = known.ended.or(at);
            }
        } else if body.get("exception") == Some(&json!(1))
            && let Some(exception) = Exception::from_json(&body)
            && exception.expires.as_second() - exception.from.as_second() <= DAYS_LIMIT * 86_400
        {
            kept.entry(id.clone()).or_insert(Kept { id, seq, exception, ended: None });
        }
    }
    let mut list: Vec<Kept> = kept.into_values().collect();
    list.sort_by_key(|k| k.seq);
    list
}

/// Those that both sides approved, as an answer takes them; whether they are in force on its day is the answer's to say.
pub(crate) fn approved(kept: &[Kept]) -> Vec<judge::Exception> {
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
