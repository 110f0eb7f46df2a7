//! An assessment as an auditor gets it: what it was computed from beside the evidence in the log, and the answers, byte for byte.
//! It lies in the log as pieces and, last, the record that names them; what is cut off before that is no assessment.
//!
//! [`Auditor`] computes it again from sealed records alone. TRUST: nobody. Checks, parameters, lists and answers in such a set
//! are claims of whoever sealed it; what this program knows better is said beside the result.

mod differ;
mod replay;
mod set;

pub use differ::Difference;
pub use replay::{Auditor, Examined, HELD_LIMIT, Reading, Replayed};
pub use set::{KeptAudit, is_closing};

use evidence::records::Exhibit;
use model::Time;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Bytes of one piece, at most.
const PIECE_BYTES: usize = 512 * 1024;

/// What an assessment was computed from, and what came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// The profile.
    pub profile: String,
    /// The day.
    pub now: Time,
    /// The values that were used for parameters: `<check>.<parameter>`.
    pub parameters: BTreeMap<String, toml::Value>,
    /// The text of every check, by id.
    pub checks: BTreeMap<String, String>,
    /// Public lists that lie in no log.
    pub feeds: Vec<Exhibit>,
    /// Version of the parsers in the program that answered.
    pub parsers: u32,
    /// Version of that program.
    pub program: String,
    /// The answers: [`crate::assessment::Assessment::to_json`], written out.
    pub answers: Vec<u8>,
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

impl Audit {
    /// The parts that are sealed in pieces: name and bytes.
    fn parts(&self) -> [(&'static str, Vec<u8>); 3] {
        let mut checks = String::new();
        for (id, text) in &self.checks {
            checks.push_str(&json!({"id": id, "sha256": hex(text.as_bytes()), "text": text}).to_string());
            checks.push('\n');
        }
        let mut feeds = String::new();
        for feed in &self.feeds {
            feeds
                .push_str(&json!({"envelope": feed.envelope.to_json(), "rows": feed.rows.len()}).to_string());
            feeds.push('\n');
            for row in feed.rows.iter() {
                feeds.push_str(&row.line());
                feeds.push('\n');
            }
        }
        [("answers", self.answers.clone()), ("checks", checks.into_bytes()), ("feeds", feeds.into_bytes())]
    }

    fn head(&self, parts: &[(&str, Vec<u8>)]) -> Value {
        let part = |(name, bytes): &(&str, Vec<u8>)| {
            let told = json!({"pieces": bytes.chunks(PIECE_BYTES).len(), "bytes": bytes.len(), "sha256": hex(bytes)});
            ((*name).to_owned(), told)
        };
        let parameters: BTreeMap<&str, String> =
            self.parameters.iter().map(|(name, value)| (name.as_str(), value.to_string())).collect();
        json!({
            "audit": 1,
            "id": Value::Null,
            "profile": self.profile,
            "now": self.now.to_string(),
            "parameters": parameters,
            "checks": self.checks.len(),
            "feeds": self.feeds.iter().map(|f| f.envelope.sha256.as_str()).collect::<Vec<_>>(),
            "parsers": self.parsers,
            "program": self.program,
            "parts": parts.iter().map(part).collect::<serde_json::Map<_, _>>(),
        })
    }

    /// `au-` and 24 hex digits, made of all that it holds.
    #[must_use]
    pub fn id(&self) -> String {
        id_of(&self.head(&self.parts()))
    }

    /// The bodies of the records of kind `verdict` that hold it, in their order: the same assessment gives the same bytes.
    #[must_use]
    pub fn pack(&self) -> Vec<Vec<u8>> {
        let parts = self.parts();
        let mut head = self.head(&parts);
        let id = id_of(&head);
        let mut bodies = vec![];
        for (name, bytes) in &parts {
            for (number, payload) in bytes.chunks(PIECE_BYTES).enumerate() {
                let line = json!({"audit_piece": 1, "id": id, "of": name, "number": number});
                let mut body = line.to_string().into_bytes();
                body.push(b'\n');
                body.extend_from_slice(payload);
                bodies.push(body);
            }
        }
        head["id"] = id.into();
        bodies.push(head.to_string().into_bytes());
        bodies
    }
}

/// The id of a closing record whose own `id` is null.
fn id_of(head: &Value) -> String {
    format!("au-{}", &hex(head.to_string().as_bytes())[..24])
}
