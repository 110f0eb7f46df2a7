//! Documents of evidence, their envelopes and records, and checks with their fixtures: what arrives from tools and from
//! strangers, and what is sealed of it.

use assess::fixture::Fixture;
use assess::{Check, Verdict};
use evidence::records::{Gatherer, pack};
use evidence::{Document, Envelope, FORMATS, Handed, Hint, Kind, ROWS_LIMIT, Row, Side, Status, read};
use model::{CustomerId, Time};
use std::collections::BTreeMap;

/// Bytes of one cell, as `docs/evidence.md` promises.
const CELL_BYTES: usize = 64 << 10;
/// Defects that are told one by one, and the line that counts the others.
const DEFECTS: usize = 51;

/// How the end of a format shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It is written in it: no part of a whole document passes for a whole one.
    Written,
    /// Its last line ends: a part passes for a whole one only where it ends with a line.
    Line,
    /// It does not show.
    Hidden,
}

/// A document that is said to be of a format.
pub(super) fn document(bytes: &[u8], format: &str, end: End) -> bool {
    let hint = Hint { format: Some(format), kind: kind_for(format), mapping: None };
    let document = read(bytes, "in", &hint);
    assert!(document.format == format || document.status.as_str() == "failed", "read as another format");
    sound(bytes, &document, &hint);
    if end != End::Hidden && document.status == Status::Complete {
        cut(bytes, &hint, end);
    }
    document.status == Status::Complete && !document.rows.is_empty()
}

/// The kind that must be named, for formats that have none of their own.
fn kind_for(format: &str) -> Option<&'static str> {
    let own = FORMATS.iter().find(|f| f.name == format).expect("a format of the list");
    own.kind.is_empty().then_some("accounts")
}

/// A document of which nobody says what it is.
pub(super) fn any_document(bytes: &[u8]) -> bool {
    let document = read(bytes, "in.csv", &Hint::default());
    sound(bytes, &document, &Hint::default());
    document.status == Status::Complete
}

/// A mapping file and a table, with a NUL between them.
pub(super) fn mapped(bytes: &[u8]) -> bool {
    let Some(at) = bytes.iter().position(|b| *b == 0) else { return false };
    let Ok(mapping) = std::str::from_utf8(&bytes[..at]) else { return false };
    let hint = Hint { format: None, kind: None, mapping: Some(mapping) };
    let raw = &bytes[at + 1..];
    let document = read(raw, "in.csv", &hint);
    sound(raw, &document, &hint);
    document.status == Status::Complete && !document.rows.is_empty()
}

/// What holds for every document: it is read twice the same, bounded, said in words, and comes back from the records
/// in which it is sealed.
fn sound(raw: &[u8], document: &Document, hint: &Hint<'_>) {
    let again = read(raw, if hint.format.is_some() { "in" } else { "in.csv" }, hint);
    assert_eq!(&again, document, "the same bytes give the same document");
    assert!(document.rows.len() <= ROWS_LIMIT && document.defects.len() <= DEFECTS);
    assert_eq!(document.status.why().is_none(), document.status == Status::Complete);
    assert!(document.status.why().is_none_or(|why| !why.is_empty()), "what is not whole says why");
    for row in &document.rows {
        let line = row.line();
        assert!(!line.contains('\n'), "a row is one line");
        assert_eq!(Row::from_line(&line).as_ref(), Ok(row), "a row comes back from its line");
        let long = |cell: &evidence::Cell| matches!(cell, evidence::Cell::Text(t) if t.len() > CELL_BYTES);
        assert!(!row.cells().iter().any(long), "no cell is longer than its limit");
    }
    if document.status == Status::Complete {
        let kind = Kind::named(&document.kind).expect("a whole document is of a kind");
        let fits = |row: &Row| kind.tables.contains(&row.table().name);
        assert!(document.rows.is_empty() || document.rows.iter().any(fits), "it fills a table of its kind");
    }
    sealed(raw, document);
}

fn sealed(raw: &[u8], document: &Document) {
    let customer = CustomerId::parse("acme").expect("an id");
    let at = Time::from_second(1_795_219_200).expect("within the years that there are");
    let handed = Handed {
        customer: &customer,
        side: Side::Provider,
        file: "in",
        collected: at,
        received: at,
        scope: None,
        population: None,
        covers: None,
        mapping: None,
    };
    let envelope = Envelope::new(&handed, raw, document);
    let bodies = pack(&envelope, raw, &document.rows);
    let mut gatherer = Gatherer::new(true);
    (0..).zip(&bodies).for_each(|(seq, body)| gatherer.take(seq, body));
    assert!(gatherer.odd.is_empty(), "what was sealed is no evidence: {:?}", gatherer.odd);
    let exhibit = gatherer.exhibits.pop().expect("one document");
    assert_eq!(exhibit.envelope, envelope);
    assert_eq!(exhibit.rows.iter().collect::<Vec<_>>(), document.rows);
    assert_eq!(exhibit.raw.as_deref(), Some(raw));
}

/// No part of a whole document passes for whole. Two cuts: before the last byte that says something, and in the middle.
fn cut(bytes: &[u8], hint: &Hint<'_>, end: End) {
    let last = bytes.iter().rposition(|b| *b > b' ').unwrap_or(0);
    // UTF-16 writes a line end in two bytes.
    let ends_a_line =
        |part: &[u8]| part.iter().rev().find(|b| **b != 0).is_some_and(|b| matches!(b, b'\n' | b'\r'));
    for at in [last, last / 2] {
        if end == End::Line && ends_a_line(&bytes[..at]) {
            continue;
        }
        let cut = read(&bytes[..at], "in", hint);
        assert!(cut.status != Status::Complete, "cut at {at} of {} it passes for whole", bytes.len());
    }
}

/// The form of an envelope: what is read is written as it was read.
pub(super) fn envelope(bytes: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice(bytes) else { return false };
    let Ok(envelope) = Envelope::from_json(&value) else { return false };
    assert_eq!(Envelope::from_json(&envelope.to_json()).as_ref(), Ok(&envelope));
    assert!(envelope.effective() <= envelope.collected, "a new date on an old file changes nothing");
    true
}

/// Bodies of records, with a NUL between them: what is put together is what was sealed, everything else is told.
pub(super) fn records(bytes: &[u8]) -> bool {
    let mut gatherer = Gatherer::new(true);
    let bodies: Vec<&[u8]> = bytes.split(|b| *b == 0).take(1_000).collect();
    (0..).zip(&bodies).for_each(|(seq, body)| gatherer.take(seq, body));
    assert!(gatherer.exhibits.len() + gatherer.odd.len() <= bodies.len(), "no more than came");
    for exhibit in &gatherer.exhibits {
        let raw = exhibit.raw.as_ref().expect("asked for");
        let mut again = Gatherer::new(true);
        let rows: Vec<Row> = exhibit.rows.iter().collect();
        let bodies = pack(&exhibit.envelope, raw, &rows);
        (0..).zip(&bodies).for_each(|(seq, body)| again.take(seq, body));
        assert_eq!(again.exhibits.len(), 1, "{:?}", again.odd);
        assert_eq!(again.exhibits[0].envelope, exhibit.envelope);
        assert!(again.exhibits[0].rows.iter().eq(exhibit.rows.iter()));
    }
    !gatherer.exhibits.is_empty()
}

/// A `check.toml`, perhaps of a stranger: it is refused with a reason, or answers a fixture twice the same, and without
/// evidence it is never good.
pub(super) fn check_file(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let check = match Check::parse(text) {
        Ok(check) => check,
        Err(error) => {
            assert!(!error.what.is_empty());
            return false;
        }
    };
    assert!(check.asks.ends_with('?') && !check.asked_of.is_empty() && !check.id.is_empty());
    assert_eq!(check.is_real(), !check.rules.is_empty(), "it waits, or it has a rule");
    let case = b"side = \"provider\"\nverdict = \"met\"\nnow = \"2026-11-20T12:00:00Z\"\n[[add]]\nfile = \"a.csv\"\nkind = \"sign-ins\"\nside = \"customer\"\ncollected = \"2026-11-20T06:00:00Z\"\n";
    let rows = b"account,succeeded,by_provider,requirement,at_at\nt@msp.example,1,1,multi-factor,2026-10-20T06:00:00Z\n";
    let mut fixture = fixtures(&[case, b"", rows]).pop().expect("a sound fixture");
    let parameters = BTreeMap::new();
    let answer = fixture.answer(&check, &parameters).expect("evidence loads");
    assert_eq!(fixture.answer(&check, &parameters).as_ref(), Ok(&answer));
    let counted = answer.counts.met + answer.counts.unknown;
    assert!(counted <= answer.counts.total, "nobody is counted twice");
    fixture.add[0].raw.clear();
    let without = fixture.answer(&check, &parameters).expect("evidence loads");
    assert!(!without.verdict.is_good(), "without evidence it is {}", without.verdict);
    check.is_real() && answer.verdict != Verdict::Error
}

fn fixtures(parts: &[&[u8]]) -> Vec<Fixture> {
    let names = ["fixtures/one/case.toml", "fixtures/two/case.toml", "fixtures/a.csv"];
    let files: BTreeMap<String, Vec<u8>> = names
        .iter()
        .zip(parts)
        .filter(|(_, part)| !part.is_empty())
        .map(|(name, part)| ((*name).to_owned(), part.to_vec()))
        .collect();
    Fixture::all(&files).unwrap_or_else(|(folder, error)| {
        assert!(folder.starts_with("fixtures/") && !error.0.is_empty());
        vec![]
    })
}

/// Two `case.toml` and a file beside them, with NULs between: what is read says its side, day and files, and what an
/// outsider's script gets of it names the same.
pub(super) fn case_file(bytes: &[u8]) -> bool {
    let parts: Vec<&[u8]> = bytes.splitn(3, |b| *b == 0).collect();
    let made = fixtures(&parts);
    for fixture in &made {
        let case = fixture.case();
        let files = case["add"].as_array().expect("a list");
        assert_eq!(files.len(), fixture.add.len());
        assert_eq!(case["expect"]["verdict"].as_str().and_then(Verdict::from_word), Some(fixture.verdict));
        assert_eq!(case["expect"]["side"].as_str().and_then(Side::from_word), Some(fixture.side));
        assert_eq!(case["now"].as_str().and_then(|t| t.parse().ok()), Some(fixture.now));
    }
    !made.is_empty()
}
