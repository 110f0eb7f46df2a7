//! What we noticed, and the records it stands on.

use crate::{CustomerId, Time};
use serde_json::{Value, json};

/// How bad it is (Sigma 2.1, `level`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For information.
    Informational,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Level {
    /// Every level, from the least.
    pub const ALL: [Self; 5] = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Its word in a Sigma rule.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The level of a word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.as_str() == word)
    }
}

/// The rule that an alert stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRule {
    /// Its id: a UUID for Sigma rules, a word for our own counters.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How bad a hit is.
    pub level: Level,
    /// Sigma tags, ATT&CK ids among them (`attack.t1110.003`).
    pub tags: Vec<String>,
    /// Which text of the rule it was, where that is known: `sha256:` and the hash of its file.
    pub version: Option<String>,
}

/// One record of one customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordRef {
    /// Whose log.
    pub customer: CustomerId,
    /// Its place there.
    pub seq: u64,
}

/// What we noticed. Sealed as JSON in a record of kind `alert` in the log of each customer that it touches, there
/// with that customer's records only; a later one of the same id replaces the earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its id: the same input gives the same id.
    pub id: String,
    /// The rule that fired.
    pub rule: AlertRule,
    /// Whom it touches, sorted.
    pub customers: Vec<CustomerId>,
    /// The records it stands on, sorted, at most [`Alert::RECORDS_LIMIT`]; `count` says how many there were.
    pub records: Vec<RecordRef>,
    /// How many records fired it.
    pub count: u64,
    /// When the first of them happened.
    pub first: Time,
    /// When the last of them happened.
    pub last: Time,
    /// What happened, in one sentence.
    pub summary: String,
    /// Whether it was found backwards: by a rule over records that were sealed before.
    pub is_backwards: bool,
}

impl Alert {
    /// Most records that an alert lists.
    pub const RECORDS_LIMIT: usize = 100;

    /// The form in which it is sealed and shown.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut value = json!({
            "id": self.id,
            "rule": {
                "id": self.rule.id,
                "title": self.rule.title,
                "level": self.rule.level.as_str(),
                "tags": self.rule.tags,
            },
            "customers": self.customers.iter().map(CustomerId::as_str).collect::<Vec<_>>(),
            "records": self.records.iter()
                .map(|r| json!({"customer": r.customer.as_str(), "seq": r.seq}))
                .collect::<Vec<_>>(),
            "count": self.count,
            "first": self.first.to_string(),
            "last": self.last.to_string(),
            "summary": self.summary,
        });
        // Alerts that were sealed before there was anything else to say look the same as ever.
        if let Some(version) = &self.rule.version {
            value["rule"]["version"] = version.as_str().into();
        }
        if self.is_backwards {
            value["found"] = "backwards".into();
        }
        value
    }

    /// Reads the sealed form; `None` when a part is missing or of another shape.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        let text = |v: &Value, key: &str| v.get(key)?.as_str().map(str::to_owned);
        let rule = value.get("rule")?;
        let names = value.get("customers")?.as_array()?;
        let records = value.get("records")?.as_array()?;
        Some(Self {
            id: text(value, "id")?,
            rule: AlertRule {
                id: text(rule, "id")?,
                title: text(rule, "title")?,
                level: Level::from_word(rule.get("level")?.as_str()?)?,
                tags: rule
                    .get("tags")?
                    .as_array()?
                    .iter()
                    .filter_map(|t| t.as_str().map(str::to_owned))
                    .collect(),
                version: text(rule, "version"),
            },
            customers: names.iter().map(|c| CustomerId::parse(c.as_str()?).ok()).collect::<Option<_>>()?,
            records: records
                .iter()
                .map(|r| {
                    Some(RecordRef {
                        customer: CustomerId::parse(r.get("customer")?.as_str()?).ok()?,
                        seq: r.get("seq")?.as_u64()?,
                    })
                })
                .collect::<Option<_>>()?,
            count: value.get("count")?.as_u64()?,
            first: value.get("first")?.as_str()?.parse().ok()?,
            last: value.get("last")?.as_str()?.parse().ok()?,
            summary: text(value, "summary")?,
            is_backwards: value.get("found").and_then(Value::as_str) == Some("backwards"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_survives_its_sealed_form() {
        let acme = CustomerId::parse("acme").expect("good");
        let at: Time = "2026-11-01T10:00:00.5Z".parse().expect("good");
        let alert = Alert {
            id: "a1".into(),
            rule: AlertRule {
                id: "r".into(),
                title: "t".into(),
                level: Level::High,
                tags: vec!["attack.t1110".into()],
                version: None,
            },
            customers: vec![acme.clone()],
            records: vec![RecordRef { customer: acme, seq: 7 }],
            count: 1,
            first: at,
            last: at,
            summary: "s".into(),
            is_backwards: false,
        };
        assert_eq!(Alert::from_json(&alert.to_json()), Some(alert.clone()));
        let value = alert.to_json();
        assert!(value.get("found").is_none() && value["rule"].get("version").is_none());
        let rule = AlertRule { version: Some("sha256:00".into()), ..alert.rule.clone() };
        let backwards = Alert { rule, is_backwards: true, ..alert.clone() };
        assert_eq!(Alert::from_json(&backwards.to_json()), Some(backwards));
        let mut cut = alert.to_json();
        cut.as_object_mut().expect("object").remove("count");
        assert_eq!(Alert::from_json(&cut), None);
    }
}
