//! Samples of every format, cut at every byte and spoiled in every way; the tests of one format lie below `tests/`.

mod findings;
mod hosts;
mod samples;

use crate::document::{Document, Status};
use crate::parse::{FORMATS, Hint};
use crate::read;
use crate::row::{Cell, Row};
use proptest::prelude::*;
use samples::{SAMPLES, Sample};

/// Reads a sample that has to be recognised by itself.
fn taken(name: &str, raw: &[u8], kind: Option<&str>) -> Document {
    read(raw, name, &Hint { kind, ..Hint::default() })
}

/// The text of a cell; empty when nothing is said.
fn word(row: &Row, column: &str) -> String {
    match row.cell(column).expect("a column of the table") {
        Cell::Null => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Fraction(number) => number.to_string(),
    }
}

/// The rows of one table, a few columns of each.
fn table(document: &Document, table: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let rows = document.rows.iter().filter(|r| r.table().name == table);
    rows.map(|r| columns.iter().map(|c| word(r, c)).collect()).collect()
}

fn expect(sample: &Sample) -> Document {
    let document = taken(sample.name, sample.text.as_bytes(), None);
    assert_eq!(document.format, sample.format, "{}", sample.name);
    document
}

/// Whether a row of a cut document says nothing that the whole one does not.
fn agrees(cut: &Row, whole: &Row) -> bool {
    let column = |at: usize| cut.table().columns[at].name;
    cut.table().name == whole.table().name
        && cut.cells().iter().zip(whole.cells()).enumerate().all(|(at, pair)| match pair {
            (Cell::Null, _) => true,
            // Lists grow, and of several certificates the one that ends first counts.
            (Cell::Text(cut), Cell::Text(whole)) if column(at) == "weak" => whole.contains(cut.trim()),
            (Cell::Number(cut), Cell::Number(whole)) if column(at) == "ends_at" => whole <= cut,
            (Cell::Number(cut), Cell::Number(whole)) if column(at) == "trusted" => whole <= cut,
            (cut, whole) => cut == whole,
        })
}

#[test]
fn every_sample_is_complete_and_fills_tables_of_its_kind() {
    for sample in SAMPLES {
        let document = expect(sample);
        assert_eq!(document.status, Status::Complete, "{}: {:?}", sample.name, document.defects);
        assert!(!document.rows.is_empty() && document.scope.is_some(), "{}", sample.name);
    }
    let formats: Vec<&str> = SAMPLES.iter().map(|s| s.format).collect();
    for format in FORMATS.iter().filter(|f| f.name != "csv").filter(|f| is_ours(f.name)) {
        assert!(formats.contains(&format.name), "{} has no sample", format.name);
    }
}

fn is_ours(name: &str) -> bool {
    let all =
        "nmap nessus openvas pingcastle xccdf testssl cyclonedx spdx grype trivy osv-scanner lynis lifecycle";
    all.split(' ').any(|n| n == name)
}

#[test]
fn a_cut_file_is_never_complete_and_says_nothing_new() {
    for sample in SAMPLES {
        let raw = sample.text.as_bytes();
        let whole = expect(sample);
        let solid = raw.trim_ascii_end().len();
        for end in 0..solid {
            let hint = Hint { format: Some(sample.format), ..Hint::default() };
            let cut = read(&raw[..end], sample.name, &hint);
            // A format of lines without an end of its own may be cut between two lines.
            let between = sample.lines && raw[end.saturating_sub(1)] == b'\n';
            assert!(between || cut.status != Status::Complete, "{} cut at {end}", sample.name);
            for row in &cut.rows {
                let known = whole.rows.iter().any(|w| agrees(row, w));
                assert!(known, "{} cut at {end} invents {}", sample.name, row.line());
            }
        }
    }
}

#[test]
fn much_of_a_cut_file_is_kept() {
    for sample in SAMPLES.iter().filter(|s| s.format != "xccdf" && s.format != "lifecycle") {
        let raw = sample.text.trim_end().as_bytes();
        let hint = Hint { format: Some(sample.format), ..Hint::default() };
        let cut = read(&raw[..raw.len() - 1], sample.name, &hint);
        assert!(!cut.rows.is_empty(), "{}: {:?}", sample.name, cut.status);
    }
}

#[test]
fn hostile_text_is_refused_in_every_format() {
    let deep_list = "[".repeat(200_000);
    let deep_tree = "<a>".repeat(200_000);
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><x>&b;</x>";
    let twice = "{\"a\":1,\"a\":[]}";
    let huge = format!("{{\"matches\":[{}]}}", "9".repeat(400));
    let all = [
        deep_list.as_str(),
        deep_tree.as_str(),
        bomb,
        twice,
        &huge,
        "\0\0\0",
        "<>",
        "{}",
        "[]",
        "null",
        "]",
        "\u{feff}",
    ];
    for format in FORMATS.iter().filter(|f| is_ours(f.name)) {
        for text in all {
            let hint = Hint { format: Some(format.name), ..Hint::default() };
            let document = read(text.as_bytes(), "x", &hint);
            let hard = document.rows.is_empty() && document.status != Status::Complete;
            assert!(hard, "{} took {:?}: {:?}", format.name, &text[..text.len().min(40)], document.status);
        }
    }
}

#[test]
fn entities_of_its_own_make_a_file_refused() {
    for sample in SAMPLES.iter().filter(|s| s.text.starts_with('<')) {
        let body = sample.text.split_once("?>").expect("samples are declared").1;
        let text = format!("<?xml version=\"1.0\"?><!DOCTYPE r [<!ENTITY a \"b\">]>{body}");
        let hint = Hint { format: Some(sample.format), ..Hint::default() };
        let document = read(text.as_bytes(), sample.name, &hint);
        assert!(document.status.why().is_some_and(|w| w.contains("DOCTYPE")), "{}", sample.name);
        assert!(document.rows.is_empty());
    }
}

#[test]
fn other_encodings_say_the_same() {
    for sample in SAMPLES {
        let whole = expect(sample);
        let marked = [b"\xef\xbb\xbf", sample.text.as_bytes()].concat();
        let wide: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(sample.text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for raw in [marked, wide] {
            let hint = Hint { format: Some(sample.format), ..Hint::default() };
            let other = read(&raw, sample.name, &hint);
            assert_eq!(
                (other.rows, other.status),
                (whole.rows.clone(), whole.status.clone()),
                "{}",
                sample.name
            );
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(raw in prop::collection::vec(any::<u8>(), 0..400)) {
        for format in FORMATS {
            let _ = read(&raw, "x", &Hint { format: Some(format.name), kind: Some("sbom"), ..Hint::default() });
        }
    }

    #[test]
    fn spoiled_samples_are_survived(which in 0..SAMPLES.len(), at in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 1..6)) {
        let sample = &SAMPLES[which];
        let mut raw = sample.text.as_bytes().to_vec();
        let place = at.index(raw.len());
        raw.splice(place..place, bytes);
        let _ = read(&raw, sample.name, &Hint { format: Some(sample.format), ..Hint::default() });
    }
}
