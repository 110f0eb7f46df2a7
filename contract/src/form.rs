//! The one byte form of a contract, which both sides sign. It never changes; another form gets another first line.
//!
//! A line a fact, in a fixed order; rows by their key; texts as JSON strings. Comments, order, spacing and the
//! signatures themselves are not part of it.

use crate::contract::{Contract, Party, Row};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The first line of the form.
const FIRST: &str = "bailiwick contract form 1\n";

impl Contract {
    /// The bytes that both sides sign.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = FIRST.to_owned();
        line(&mut out, "id", Some(&self.id));
        line(&mut out, "customer", Some(self.customer.as_str()));
        line(&mut out, "version", Some(&self.version.to_string()));
        line(&mut out, "valid_from", Some(&self.valid_from.to_string()));
        line(&mut out, "valid_to", self.valid_to.map(|day| day.to_string()).as_deref());
        line(&mut out, "profile", Some(&self.profile));
        for (side, party) in [("provider", &self.provider), ("customer", &self.customer_party)] {
            self::party(&mut out, side, party);
        }
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_by_key(|row| row.key());
        for row in rows {
            self::row(&mut out, row);
        }
        out.into_bytes()
    }

    /// What a signature is over: `sha256:` and the hash of [`Contract::canonical`] in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut text = "sha256:".to_owned();
        for byte in Sha256::digest(self.canonical()) {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// One fact; what is not there has no line.
fn line(out: &mut String, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        let _ = writeln!(out, "{key} {}", serde_json::Value::from(value));
    }
}

fn party(out: &mut String, side: &str, party: &Party) {
    line(out, &format!("party {side} name"), Some(&party.name));
    line(out, &format!("party {side} contact"), party.contact.as_deref());
}

fn row(out: &mut String, row: &Row) {
    line(out, "row", Some(&row.key()));
    line(out, " owed_by", Some(row.owed_by.as_str()));
    line(out, " provider", row.provider.as_deref());
    line(out, " customer", row.customer.as_deref());
    if let Some(threshold) = &row.threshold {
        line(out, " threshold", Some(&threshold.value.to_string()));
        // Only what the file says: a parameter that a later catalogue adds must not change what was signed.
        let named = threshold.parameter.filter(|_| threshold.is_named);
        line(out, " parameter", named.map(|parameter| parameter.name.as_str()));
    }
    line(out, " cadence", Some(&row.cadence));
    for check in &row.checks {
        line(out, " check", Some(check));
    }
    line(out, " remedy", row.remedy.as_deref());
    line(out, " review", Some(&row.review.to_string()));
    line(out, " not_bought", row.not_bought.then_some("true"));
}
