//! What was found, in words for people and in one JSON document.

use crate::answers::Assessed;
use crate::orders::{Ended, Silence};
use ledger::{Checkpoint, VerifierKey};
use model::{CustomerId, ProviderId, Record, Time};
use serde_json::{Value, json};

/// Most findings that a report holds. Beyond it they are counted only, so that a hostile bundle cannot fill memory.
pub const FINDINGS_LIMIT: usize = 1_000;
/// What findings about single files and records may fill, so that those about keys, list and whole are never crowded out.
const COMMON_LIMIT: usize = 900;
/// Longest piece of a stranger's text that is repeated in a message, in characters.
const SHOWN_LIMIT: usize = 200;

/// A1: something is not what it was when it was sealed.
pub(crate) const CHANGED: &str = "A1";
/// A2: somebody who holds later keys rewrote what came before.
pub(crate) const REWRITTEN: &str = "A2";
/// A5: kept shorter than it had to be.
pub(crate) const SHORTENED: &str = "A5";
/// A10: silence that the log does not explain.
pub(crate) const SILENT: &str = "A10";
/// A3: something is missing or cut short.
pub(crate) const MISSING: &str = "A3";
/// A4: two histories, or another log or key than the one expected.
pub(crate) const OTHER: &str = "A4";

/// One thing that is wrong: what, where, what it means and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The threat it belongs to: `A1` changed, `A2` rewritten with later keys, `A3` missing or cut short, `A4` another log, key or
    /// history, `A5` kept too short, `A10` unexplained silence.
    pub threat: &'static str,
    /// Whose log, where that could be read.
    pub customer: Option<String>,
    /// First record concerned, where single records are concerned.
    pub from: Option<u64>,
    /// Last record concerned, itself included.
    pub to: Option<u64>,
    /// The file concerned, inside the bundle.
    pub path: Option<String>,
    /// Sentences for people.
    pub message: String,
}

/// Where trust in the log's key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyTrust {
    /// The caller named the key: what verifies was signed by the log it means.
    Pinned,
    /// The bundle named its own key. Whoever wrote the bundle could have made one, so people must compare it.
    Believed {
        /// SHA-256 of the key in groups, to be compared with what the provider says over another way.
        fingerprint: String,
    },
    /// There was no key at all: no signature could be checked.
    Missing,
}

/// The answer for one log.
#[derive(Debug, Clone)]
pub struct Report {
    /// The log's name, `<provider>/<customer>/records`.
    pub origin: Option<String>,
    /// What was checked: `bundle`, `proof`, `audit`.
    pub kind: &'static str,
    /// The one record of a proof, where all of it holds.
    pub shown: Option<Record>,
    /// Of an audit: with which probability it notices that one record in a hundred is gone.
    pub certainty: Option<f64>,
    /// Whether the signature of the day's key was checked.
    pub day_checked: bool,
    /// How many records were read.
    pub records: u64,
    /// The first record that is here.
    pub first: u64,
    /// How many days records are kept, as the log itself says.
    pub retention_days: Option<u64>,
    /// How many keys of days there were.
    pub day_keys: u64,
    /// How long the longest-lived of them lived, in seconds.
    pub longest_key_seconds: i64,
    /// How often nothing was sealed for more than three minutes.
    pub silences: u64,
    /// The longest of these times.
    pub longest_silence: Option<Silence>,
    /// Records that were kept long enough and ended.
    pub ended: Vec<Ended>,
    /// How many other heads the log was held against.
    pub heads: u64,
    /// What came of computing the last assessment again; none where the bundle has none for auditors, or was not asked.
    pub assessment: Option<Assessed>,
    /// When the first and the last of them were received.
    pub received: Option<(Time, Time)>,
    /// The log's signed state; none where its signature does not hold.
    pub checkpoint: Option<Checkpoint>,
    /// Where trust in the key comes from.
    pub key: KeyTrust,
    /// The key under which signatures were checked.
    pub vkey: Option<VerifierKey>,
    /// What is wrong, in the order of the checks.
    pub findings: Vec<Finding>,
    /// How many more findings there were than [`FINDINGS_LIMIT`] lets stand here.
    pub left_out: u64,
}

impl Report {
    /// Whether all of it holds.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.findings.is_empty() && self.left_out == 0
    }

    /// The whole report as one document of schema `bailiwick-verify/1`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let trust = match self.key {
            KeyTrust::Pinned => "pinned",
            KeyTrust::Believed { .. } => "believed",
            KeyTrust::Missing => "missing",
        };
        json!({
            "schema": "bailiwick-verify/1",
            "kind": self.kind,
            "ok": self.ok(),
            "certainty": self.certainty,
            "record": self.shown.as_ref().map(|r| json!({
                "seq": r.seq, "kind": r.kind.as_str(), "source": clean(&r.source.to_string()), "happened": r.happened.to_string(),
                "received": r.received.to_string(), "raw": String::from_utf8_lossy(&r.raw),
            })),
            "records": self.records,
            "first": self.first,
            "retention_days": self.retention_days,
            "day_keys": {"count": self.day_keys, "longest_hours": self.longest_key_seconds / 3_600},
            "silences": {
                "count": self.silences,
                "longest_seconds": self.longest_silence.as_ref().map(Silence::seconds),
                "from": self.longest_silence.as_ref().map(|s| s.from.to_string()),
                "to": self.longest_silence.as_ref().map(|s| s.to.to_string()),
            },
            "ended": self.ended.iter().map(|e| json!({"first": e.first, "count": e.count})).collect::<Vec<_>>(),
            "heads": self.heads,
            "assessment": self.assessment.as_ref().map(Assessed::to_json),
            "origin": self.origin,
            "received": self.received.map(|(first, last)| json!({
                "first": first.to_string(),
                "last": last.to_string(),
            })),
            "checkpoint": self.checkpoint.as_ref().map(|c| json!({
                "origin": clean(&c.origin),
                "size": c.size,
                "root": c.root.to_string(),
            })),
            "key": {
                "trust": trust,
                "vkey": self.vkey.as_ref().map(ToString::to_string),
                "fingerprint": self.vkey.as_ref().map(VerifierKey::fingerprint),
            },
            "findings": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
            "findings_left_out": self.left_out,
        })
    }
}

impl Finding {
    fn to_json(&self) -> Value {
        json!({
            "threat": self.threat,
            "customer": self.customer,
            "from": self.from,
            "to": self.to,
            "path": self.path,
            "message": self.message,
        })
    }
}

/// A stranger's text, made fit for a screen: nothing in it can move a cursor, hide or turn around other text, and it
/// is never long.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::new();
    for (place, c) in text.chars().enumerate() {
        if place == SHOWN_LIMIT {
            out.push('…');
            break;
        }
        // Bidirectional and other invisible format characters can make one name look like another.
        if model::is_hidden(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// The customer in an origin `<provider>/<customer>/records`; `None` when the origin has another form.
pub(crate) fn customer_of(origin: &str) -> Option<&str> {
    let mut parts = origin.split('/');
    let (provider, customer, last) = (parts.next()?, parts.next()?, parts.next()?);
    let good = parts.next().is_none()
        && last == "records"
        && ProviderId::parse(provider).is_ok()
        && CustomerId::parse(customer).is_ok();
    good.then_some(customer)
}

/// Which check found it; findings are told in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Key,
    Manifest,
    Files,
    Checkpoint,
    Records,
    Pages,
    Root,
    Orders,
    Heads,
    Answers,
}

/// Findings as they come in, bounded.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    list: Vec<(Stage, Finding)>,
    left_out: u64,
    /// Set as soon as the log's name is known.
    pub(crate) customer: Option<String>,
}

impl Findings {
    /// Adds one. `range` is inclusive.
    pub(crate) fn add(
        &mut self,
        stage: Stage,
        threat: &'static str,
        range: Option<(u64, u64)>,
        path: Option<&str>,
        message: String,
    ) {
        let limit = match stage {
            Stage::Files | Stage::Records | Stage::Pages | Stage::Orders | Stage::Answers => COMMON_LIMIT,
            _ => FINDINGS_LIMIT,
        };
        if self.list.len() >= limit {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let finding = Finding {
            threat,
            customer: None,
            from: range.map(|r| r.0),
            to: range.map(|r| r.1),
            path: path.map(clean),
            message,
        };
        self.list.push((stage, finding));
    }

    /// The range that findings about records of `within` span together, if there is any; those of file `only` alone
    /// where one is named.
    pub(crate) fn span(&self, within: (u64, u64), only: Option<&str>) -> Option<(u64, u64)> {
        let ranges = self.list.iter().filter(|(stage, _)| matches!(stage, Stage::Records | Stage::Pages));
        ranges
            .filter(|(_, f)| only.is_none() || f.path.as_deref() == only)
            .filter_map(|(_, f)| Some((f.from?.max(within.0), f.to?.min(within.1))))
            .filter(|(from, to)| from <= to)
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// How many there are, those left out included.
    pub(crate) fn count(&self) -> u64 {
        self.list.len() as u64 + self.left_out
    }

    /// All of them in the order of the checks, and how many more there were.
    pub(crate) fn finish(mut self) -> (Vec<Finding>, u64) {
        self.list.sort_by_key(|(stage, _)| *stage);
        let customer = self.customer;
        let with = |(_, f): (Stage, Finding)| Finding { customer: customer.clone(), ..f };
        (self.list.into_iter().map(with).collect(), self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_stranger_moves_the_cursor() {
        for (given, want) in [
            ("plain ä", "plain ä"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\u{9b}31m", "a\\u{9b}31m"),
            ("x\u{202e}gz", "x\\u{202e}gz"),
            ("a\nb\u{7f}", "a\\u{a}b\\u{7f}"),
        ] {
            assert_eq!(clean(given), want);
        }
        assert_eq!(clean(&"y".repeat(5_000)).chars().count(), SHOWN_LIMIT + 1);
    }

    #[test]
    fn an_origin_names_its_customer_or_nothing() {
        assert_eq!(customer_of("northwind-it/acme/records"), Some("acme"));
        for bad in ["", "acme", "a/b/c", "a//records", "a/b/records/", "a/../records", "A/b/records"] {
            assert_eq!(customer_of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn findings_are_bounded_and_the_rest_is_counted() {
        let mut findings = Findings::default();
        for at in 0..5_000u64 {
            findings.add(Stage::Records, CHANGED, Some((at, at)), None, String::new());
        }
        findings.add(Stage::Manifest, CHANGED, None, None, "list".into());
        let (list, left_out) = findings.finish();
        assert_eq!((list.len(), left_out), (901, 4_100));
        assert_eq!(
            list[0].message, "list",
            "findings of an earlier check come first and are not crowded out"
        );
    }
}
