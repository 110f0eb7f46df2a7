//! What came of computing the answers of an assessment again, for people and in the JSON document.

use crate::report::clean;
use assess::audit::{Difference, KeptAudit, Reading, Replayed};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The last assessment for auditors in a bundle.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessed {
    /// Everything that can be said of it; none when it was not computed again.
    pub replayed: Option<Replayed>,
    /// Why it was not computed again, in words; none when it was.
    pub why_not: Option<String>,
}

impl Assessed {
    /// It is there, and was not computed again.
    pub(crate) fn not(why: impl Into<String>) -> Self {
        Self { replayed: None, why_not: Some(why.into()) }
    }

    /// The assessment as it was sealed, where that can be read.
    #[must_use]
    pub fn kept(&self) -> Option<&KeptAudit> {
        self.replayed.as_ref()?.kept.as_ref().ok()
    }

    /// How many answers have each word, by their sealed text.
    #[must_use]
    pub fn words(&self) -> BTreeMap<String, u64> {
        let all: Value =
            self.kept().and_then(|k| serde_json::from_slice(&k.audit.answers).ok()).unwrap_or_default();
        let checks = all.as_array().into_iter().flatten().filter_map(|m| m.get("checks")?.as_array());
        let mut words = BTreeMap::new();
        for word in checks.flatten().filter_map(|answer| answer.get("verdict")?.as_str()) {
            *words.entry(clean(word)).or_default() += 1;
        }
        words
    }

    /// Its part of the document.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut told = json!({"recomputed": self.why_not.is_none(), "why_not": self.why_not});
        let Some(replayed) = &self.replayed else { return told };
        let add = |told: &mut Value, more: Value| {
            if let (Value::Object(told), Value::Object(more)) = (told, more) {
                told.extend(more);
            }
        };
        add(&mut told, of_replayed(replayed));
        if let Some(kept) = self.kept() {
            add(&mut told, of_kept(kept));
            told["words"] = json!(self.words());
            told["checks"]["other"] = json!(shown(&replayed.other_checks));
            told["checks"]["absent"] = json!(replayed.absent_checks);
        }
        told
    }
}

fn shown(names: &[String]) -> Vec<String> {
    names.iter().map(|name| clean(name)).collect()
}

fn of_replayed(replayed: &Replayed) -> Value {
    let many = |of: fn(&Reading) -> bool| replayed.documents.iter().filter(|d| of(&d.reading)).count();
    json!({
        "record": replayed.seq,
        "older": replayed.older,
        "answers": replayed.computed.as_ref().ok(),
        "documents": {
            "count": replayed.documents.len(),
            "read_again": many(|r| !matches!(r, Reading::OtherParsers(_))),
            "other_parsers": many(|r| matches!(r, Reading::OtherParsers(_))),
            "differ": many(|r| matches!(r, Reading::Differs(_))),
        },
        "documents_since": replayed.later,
        "odd": replayed.odd,
        "differences": replayed.differences.iter().map(difference).collect::<Vec<_>>(),
        "differences_left_out": replayed.more,
    })
}

fn of_kept(kept: &KeptAudit) -> Value {
    let audit = &kept.audit;
    let parameters: BTreeMap<String, String> =
        audit.parameters.iter().map(|(name, value)| (clean(name), clean(&value.to_string()))).collect();
    let feed = |f: &evidence::records::Exhibit| json!({"kind": clean(&f.envelope.kind), "sha256": clean(&f.envelope.sha256), "rows": f.rows.len()});
    json!({
        "id": kept.id,
        "profile": clean(&audit.profile),
        "now": audit.now.to_string(),
        "parameters": parameters,
        "program": clean(&audit.program),
        "parsers": audit.parsers,
        "digest": Sha256::digest(&audit.answers).iter().map(|b| format!("{b:02x}")).collect::<String>(),
        "checks": {"count": audit.checks.len()},
        "feeds": audit.feeds.iter().map(feed).collect::<Vec<_>>(),
    })
}

fn difference(d: &Difference) -> Value {
    json!({
        "measure": clean(&d.measure), "check": d.check.as_deref().map(clean), "side": clean(&d.side),
        "member": clean(&d.member), "was": clean(&d.was), "is": clean(&d.is),
    })
}
