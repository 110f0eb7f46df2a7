//! Assessments put together again from the records of a log.

use super::{Audit, hex, id_of};
use evidence::Envelope;
use evidence::Row;
use evidence::records::Exhibit;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Names of the parts, in their order.
const PARTS: [&str; 3] = ["answers", "checks", "feeds"];
/// Checks of one assessment, at most.
const CHECKS_LIMIT: usize = 10_000;
/// Public lists of one assessment, at most.
const FEEDS_LIMIT: usize = 100;

/// An assessment with its place in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptAudit {
    /// Its id.
    pub id: String,
    /// Place of its closing record.
    pub seq: u64,
    /// What it says.
    pub audit: Audit,
}

/// Whether a body of a record of kind `verdict` closes an assessment for auditors.
#[must_use]
pub fn is_closing(body: &[u8]) -> bool {
    head_of(body).is_some_and(|head| head.get("audit_piece").is_none() && head.get("audit").is_some())
}

/// The first line of a body, if it is JSON.
fn head_of(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body.split(|b| *b == b'\n').next()?).ok()
}

type Pieces = BTreeMap<String, BTreeMap<u64, Vec<u8>>>;

/// Gathers pieces until their closing record comes.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    open: BTreeMap<String, Pieces>,
    /// The last one that was met, or why it is none.
    pub(crate) last: Option<(u64, Result<KeptAudit, String>)>,
    /// How many were met.
    pub(crate) count: u64,
    /// Bytes that are held: of open pieces and of the last one.
    pub(crate) held: u64,
    last_bytes: u64,
}

impl Sets {
    /// Takes the body of the next record of kind `verdict`; answers of the daily kind are passed over.
    pub(crate) fn take(&mut self, seq: u64, body: &[u8]) {
        let end = body.iter().position(|b| *b == b'\n').unwrap_or(body.len());
        let Some(head) = head_of(body) else { return };
        let text = |name: &str| head.get(name).and_then(Value::as_str).map(str::to_owned);
        if head.get("audit_piece") == Some(&json!(1)) {
            let number = head.get("number").and_then(Value::as_u64);
            if let (Some(id), Some(of), Some(number)) = (text("id"), text("of"), number) {
                let payload = body.get(end + 1..).unwrap_or_default().to_vec();
                // The names too: a piece that holds nothing else could fill the memory with them.
                self.held += body.len() as u64;
                self.open.entry(id).or_default().entry(of).or_default().insert(number, payload);
            }
        } else if head.get("audit").is_some() {
            self.count += 1;
            let pieces = text("id").and_then(|id| self.open.remove(&id)).unwrap_or_default();
            // The names of these pieces stay counted: a few bytes each, and never too few.
            self.held = self.held.saturating_sub(self.last_bytes);
            self.last_bytes = pieces.values().flat_map(BTreeMap::values).map(|p| p.len() as u64).sum();
            self.last = Some((seq, close(seq, head, pieces)));
        }
    }
}

fn close(seq: u64, mut head: Value, mut pieces: Pieces) -> Result<KeptAudit, String> {
    if head.get("audit") != Some(&json!(1)) {
        return Err("it has a form that this version does not know".to_owned());
    }
    let text = |head: &Value, name: &str| {
        let found = head.get(name).and_then(Value::as_str).map(str::to_owned);
        found.ok_or_else(|| format!("`{name}` is missing"))
    };
    let id = text(&head, "id")?;
    let mut whole: Vec<Vec<u8>> = vec![];
    for name in PARTS {
        let said = head.get("parts").and_then(|p| p.get(name)).cloned().unwrap_or_default();
        let there = pieces.remove(name).unwrap_or_default();
        if said.get("pieces").and_then(Value::as_u64) != Some(there.len() as u64) {
            return Err(format!("pieces of its {name} are missing"));
        }
        let bytes: Vec<u8> = there.into_values().flatten().collect();
        if said.get("sha256").and_then(Value::as_str) != Some(&hex(&bytes)) {
            return Err(format!("its {name} are not those that its closing record names"));
        }
        whole.push(bytes);
    }
    let [answers, checks, feeds]: [Vec<u8>; 3] =
        whole.try_into().map_err(|_| "it has other parts than it must have".to_owned())?;
    let audit = Audit {
        profile: text(&head, "profile")?,
        now: text(&head, "now")?.parse().map_err(|_| "`now` is no RFC 3339 time".to_owned())?,
        parameters: parameters(&head)?,
        checks: self::checks(&checks)?,
        feeds: self::feeds(&feeds)?,
        parsers: head
            .get("parsers")
            .and_then(Value::as_u64)
            .and_then(|n| n.try_into().ok())
            .ok_or("`parsers` is missing")?,
        program: text(&head, "program")?,
        answers,
    };
    head["id"] = Value::Null;
    if id_of(&head) != id {
        return Err("its id is not that of what it holds".to_owned());
    }
    Ok(KeptAudit { id, seq, audit })
}

fn parameters(head: &Value) -> Result<BTreeMap<String, toml::Value>, String> {
    let map = head.get("parameters").and_then(Value::as_object).ok_or("`parameters` is missing")?;
    let value = |(name, literal): (&String, &Value)| {
        let literal = literal.as_str()?;
        let table: toml::Table = format!("v = {literal}").parse().ok()?;
        let value = table.get("v")?.clone();
        // One writing for one value: else two assessments that are the same would have two ids.
        (value.to_string() == literal).then_some((name.clone(), value))
    };
    map.iter().map(value).collect::<Option<_>>().ok_or_else(|| "`parameters` holds no values".to_owned())
}

fn lines(bytes: &[u8], of: &str) -> Result<Vec<String>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| format!("its {of} are no text"))?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn checks(bytes: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let mut all = BTreeMap::new();
    for line in lines(bytes, "checks")? {
        let value: Value = serde_json::from_str(&line).map_err(|e| format!("a check is no JSON: {e}"))?;
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let (Some(id), Some(sha256), Some(text)) = (text("id"), text("sha256"), text("text")) else {
            return Err("a check lacks its id, hash or text".to_owned());
        };
        if hex(text.as_bytes()) != sha256 {
            return Err(format!("the text of the check `{id}` is not the one that its hash names"));
        }
        all.insert(id, text);
        if all.len() > CHECKS_LIMIT {
            return Err(format!("it has more than {CHECKS_LIMIT} checks"));
        }
    }
    Ok(all)
}

fn feeds(bytes: &[u8]) -> Result<Vec<Exhibit>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "its lists are no text".to_owned())?;
    let mut lines = text.lines();
    let mut all = vec![];
    while let Some(line) = lines.next() {
        let head: Value = serde_json::from_str(line).map_err(|e| format!("a list is no JSON: {e}"))?;
        let envelope = Envelope::from_json(head.get("envelope").unwrap_or(&Value::Null))?;
        let many =
            head.get("rows").and_then(Value::as_u64).ok_or("a list does not say how many rows it has")?;
        let mut rows = vec![];
        for _ in 0..many {
            let line =
                lines.next().ok_or_else(|| format!("rows of the list `{}` are missing", envelope.kind))?;
            rows.push(Row::from_line(line).map_err(|why| format!("a row of a list {why}"))?);
        }
        all.push(Exhibit { envelope, seq: u64::MAX, rows: rows.into(), raw: None });
        if all.len() > FEEDS_LIMIT {
            return Err(format!("it has more than {FEEDS_LIMIT} lists"));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::Sets;
    use serde_json::json;

    #[test]
    fn pieces_that_hold_nothing_but_their_names_count() {
        let mut sets = Sets::default();
        for number in 0..10 {
            let id = format!("{number}{}", "x".repeat(10_000));
            let piece = json!({"audit_piece": 1, "id": id, "of": "answers", "number": 0});
            sets.take(number, piece.to_string().as_bytes());
        }
        assert!(sets.held > 100_000, "{}", sets.held);
    }
}
