//! A document as records of a log: pieces of its raw bytes, pieces of its rows, and last its envelope. Without the
//! envelope the pieces say nothing, so a document that was cut off while it was being sealed is no document.

use crate::envelope::Envelope;
use crate::row::Row;
use crate::rows::Rows;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a document in one record, at most.
const PIECE_BYTES: usize = 512 * 1024;

/// A document as it lies in a log.
#[derive(Debug, Clone, PartialEq)]
pub struct Exhibit {
    /// What stands on it.
    pub envelope: Envelope,
    /// Place of the envelope in the log.
    pub seq: u64,
    /// Its rows, as the parsers of that day read them.
    pub rows: Rows,
    /// Its raw bytes; none when they were not asked for.
    pub raw: Option<Vec<u8>>,
}

/// SHA-256 as hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn piece(id: &str, what: &str, number: usize, payload: &[u8]) -> Vec<u8> {
    let mut made =
        json!({"evidence_piece": 1, "id": id, "of": what, "number": number}).to_string().into_bytes();
    made.push(b'\n');
    made.extend_from_slice(payload);
    made
}

/// The bodies of the records of kind `evidence` that hold a document, in their order.
#[must_use]
pub fn pack(envelope: &Envelope, raw: &[u8], rows: &[Row]) -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> =
        raw.chunks(PIECE_BYTES).enumerate().map(|(n, part)| piece(&envelope.id, "raw", n, part)).collect();
    let raw_pieces = bodies.len();
    let mut whole = Sha256::new();
    let mut part = String::new();
    let mut rows_pieces = 0;
    for (n, row) in rows.iter().enumerate() {
        part.push_str(&row.line());
        part.push('\n');
        if part.len() >= PIECE_BYTES || n + 1 == rows.len() {
            whole.update(part.as_bytes());
            bodies.push(piece(&envelope.id, "rows", rows_pieces, part.as_bytes()));
            rows_pieces += 1;
            part.clear();
        }
    }
    let rows_sha256: String = whole.finalize().iter().map(|b| format!("{b:02x}")).collect();
    let mut last = envelope.to_json();
    if let Some(map) = last.as_object_mut() {
        map.insert(
            "pieces".into(),
            json!({"raw": raw_pieces, "rows": rows_pieces, "rows_sha256": rows_sha256}),
        );
    }
    bodies.push(last.to_string().into_bytes());
    bodies
}

/// Pieces of one document that were met so far.
#[derive(Default)]
struct Pieces {
    raw: BTreeMap<u64, Vec<u8>>,
    rows: BTreeMap<u64, Vec<u8>>,
}

/// What the first line of a body says: a piece of a document, or its envelope.
#[derive(Debug, Clone, PartialEq)]
pub enum Head {
    /// A piece of the document of this id; whether it holds rows.
    Piece {
        /// Of which document.
        id: String,
        /// Rows, or raw bytes.
        rows: bool,
    },
    /// The envelope itself.
    Envelope(Box<Envelope>),
}

impl Head {
    /// Reads the first line of a body; none when it is no evidence of this version.
    #[must_use]
    pub fn of(body: &[u8]) -> Option<Self> {
        let line = body.split(|b| *b == b'\n').next()?;
        let head: Value = serde_json::from_slice(line).ok()?;
        if head.get("evidence_piece") != Some(&json!(1)) {
            return Envelope::from_json(&head).ok().map(|e| Self::Envelope(Box::new(e)));
        }
        let text = |name: &str| head.get(name).and_then(Value::as_str);
        Some(Self::Piece { id: text("id")?.to_owned(), rows: text("of")? == "rows" })
    }
}

/// Puts documents together again from the bodies of records of kind `evidence`, in their order.
#[derive(Default)]
pub struct Gatherer {
    with_raw: bool,
    ids: Option<BTreeSet<String>>,
    open: BTreeMap<String, Pieces>,
    /// The documents that were met whole.
    pub exhibits: Vec<Exhibit>,
    /// What was met that is no evidence of this version, with its place.
    pub odd: Vec<(u64, String)>,
}

impl Gatherer {
    /// Gathers rows, and the raw bytes too where they are asked for.
    #[must_use]
    pub fn new(with_raw: bool) -> Self {
        Self { with_raw, ..Self::default() }
    }

    /// Gathers only documents of these ids; what belongs to others is passed over.
    #[must_use]
    pub fn only(self, ids: BTreeSet<String>) -> Self {
        Self { ids: Some(ids), ..self }
    }

    fn wants(&self, id: &str) -> bool {
        self.ids.as_ref().is_none_or(|ids| ids.contains(id))
    }

    /// Takes the next body.
    pub fn take(&mut self, seq: u64, body: &[u8]) {
        if let Err(why) = self.try_take(seq, body) {
            self.odd.push((seq, why));
        }
    }

    fn try_take(&mut self, seq: u64, body: &[u8]) -> Result<(), String> {
        let end = body.iter().position(|b| *b == b'\n').unwrap_or(body.len());
        let head: Value = serde_json::from_slice(&body[..end]).map_err(|e| format!("is no JSON: {e}"))?;
        if head.get("evidence_piece") != Some(&json!(1)) {
            return self.close(seq, &head);
        }
        let id = head.get("id").and_then(Value::as_str).ok_or("a piece without `id`")?;
        if !self.wants(id) {
            return Ok(());
        }
        let number = head.get("number").and_then(Value::as_u64).ok_or("a piece without `number`")?;
        let payload = body.get(end + 1..).unwrap_or_default();
        let pieces = self.open.entry(id.to_owned()).or_default();
        match head.get("of").and_then(Value::as_str) {
            Some("raw") if self.with_raw => drop(pieces.raw.insert(number, payload.to_vec())),
            Some("raw") => {}
            Some("rows") => drop(pieces.rows.insert(number, payload.to_vec())),
            _ => return Err("a piece of something unknown".to_owned()),
        }
        Ok(())
    }

    fn close(&mut self, seq: u64, head: &Value) -> Result<(), String> {
        let envelope = Envelope::from_json(head)?;
        let pieces = self.open.remove(&envelope.id).unwrap_or_default();
        if !self.wants(&envelope.id) {
            return Ok(());
        }
        let said = |what: &str| head.get("pieces").and_then(|p| p.get(what));
        let expected = |what: &str| said(what).and_then(Value::as_u64).ok_or("an envelope without `pieces`");
        if pieces.rows.len() as u64 != expected("rows")? {
            return Err(format!("{}: pieces of its rows are missing", envelope.id));
        }
        let mut texts = Vec::with_capacity(pieces.rows.len());
        for part in pieces.rows.into_values() {
            let text =
                String::from_utf8(part).map_err(|_| format!("{}: rows that are no text", envelope.id))?;
            texts.push(text.into_boxed_str());
        }
        let mut whole = Sha256::new();
        let hashed = |pieces: &[Box<str>]| pieces.iter().for_each(|piece| whole.update(piece.as_bytes()));
        let rows = Rows::sealed(texts, hashed).map_err(|why| format!("{}: a row {why}", envelope.id))?;
        let found: String = whole.finalize().iter().map(|b| format!("{b:02x}")).collect();
        if said("rows_sha256").and_then(Value::as_str) != Some(&found) {
            return Err(format!("{}: its rows are not those that its envelope names", envelope.id));
        }
        let raw = self.with_raw.then(|| pieces.raw.into_values().flatten().collect::<Vec<u8>>());
        if raw.as_ref().is_some_and(|raw| hex(raw) != envelope.sha256) {
            return Err(format!("{}: its bytes are not those that its envelope names", envelope.id));
        }
        self.exhibits.push(Exhibit { envelope, seq, rows, raw });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::Handed;
    use crate::{Hint, read};
    use model::{CustomerId, Side};

    fn packed() -> Vec<Vec<u8>> {
        let raw = format!("name,directory,enabled\n{}", "ana@clinic.example,vpn,yes\n".repeat(60_000));
        let document = read(raw.as_bytes(), "vpn.csv", &Hint { kind: Some("accounts"), ..Hint::default() });
        let customer = CustomerId::parse("acme").expect("an id");
        let at = "2026-11-20T08:00:00Z".parse().expect("a time");
        let handed = Handed {
            customer: &customer,
            side: Side::Customer,
            file: "vpn.csv",
            collected: at,
            received: at,
            scope: None,
            population: None,
            covers: None,
            mapping: None,
        };
        pack(&Envelope::new(&handed, raw.as_bytes(), &document), raw.as_bytes(), &document.rows)
    }

    fn gathered(bodies: &[Vec<u8>]) -> Gatherer {
        let mut gatherer = Gatherer::new(true);
        (0..).zip(bodies).for_each(|(seq, body)| gatherer.take(seq, body));
        gatherer
    }

    #[test]
    fn a_document_comes_back_from_its_records() {
        let bodies = packed();
        assert!(bodies.len() > 4, "several pieces");
        let gatherer = gathered(&bodies);
        assert!(gatherer.odd.is_empty(), "{:?}", gatherer.odd);
        assert_eq!(gatherer.exhibits.len(), 1);
        assert_eq!(gatherer.exhibits[0].rows.len(), 60_000);
        assert_eq!(gatherer.exhibits[0].seq, bodies.len() as u64 - 1);
        let again = &gatherer.exhibits[0];
        assert_eq!(
            pack(
                &again.envelope,
                again.raw.as_ref().expect("asked for"),
                &again.rows.iter().collect::<Vec<_>>()
            ),
            bodies
        );
    }

    #[test]
    fn documents_that_nobody_wants_are_passed_over() {
        let bodies = packed();
        let id = gathered(&bodies).exhibits[0].envelope.id.clone();
        for (wanted, many) in [(id.as_str(), 1), ("ev-another", 0)] {
            let mut gatherer = Gatherer::new(false).only([wanted.to_owned()].into());
            (0..).zip(&bodies).for_each(|(seq, body)| gatherer.take(seq, body));
            let counts = (gatherer.exhibits.len(), gatherer.odd.len(), gatherer.open.len());
            assert_eq!(counts, (many, 0, 0), "{wanted}");
        }
    }

    #[test]
    fn a_document_without_one_of_its_records_is_none() {
        let bodies = packed();
        for left_out in 0..bodies.len() {
            let mut less = bodies.clone();
            less.remove(left_out);
            let gatherer = gathered(&less);
            assert!(gatherer.exhibits.is_empty(), "without {left_out}");
            assert_eq!(gatherer.odd.is_empty(), left_out == bodies.len() - 1, "without {left_out}");
        }
    }
}
