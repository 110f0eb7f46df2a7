//! GOLDEN: bytes of the form, kept as they were written. They are read for as long as there is this program; they
//! change only with a decision record, which adds a new one beside.

use crate::{Reader, Row, Writer};

/// A segment of two events and a control record, written once.
const SECOND: &str = include_str!("golden/second.hex");

fn rows() -> Vec<Row> {
    let row = |kind: u8, raw: &[u8], defects: &[&str]| Row {
        kind,
        source: if kind == 0 { "syslog:fw-2" } else { "bailiwick:self" }.to_owned(),
        happened: (1_793_527_200, 250_000_000),
        received: (1_793_527_201, 0),
        raw: raw.to_vec(),
        defects: defects.iter().map(|d| (*d).to_owned()).collect(),
    };
    vec![
        row(0, br#"{"user": "ada", "n": 4711, "at": "2026-11-01T10:00:00Z", "hash": "00ff17"}"#, &[]),
        row(0, br#"{"user": "bob", "n": 4712, "at": "2026-11-01T10:00:01Z", "hash": "a0ff18"}"#, &[]),
        row(0, b"link down", &["year-guessed"]),
        row(7, b"{\"control\":\"closed\"}", &[]),
        row(0, &[0, 255, 10], &[]),
    ]
}

#[test]
fn the_form_at_rest_is_still_read() {
    let digits: Vec<u8> = SECOND.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2).map(|p| std::str::from_utf8(p).expect("digits"));
    let bytes: Vec<u8> = pairs.map(|p| u8::from_str_radix(p, 16).expect("digits")).collect();
    let reader = Reader::open(bytes).expect("opens");
    let read: Vec<Row> = reader.read_block(0).expect("reads").into_iter().map(|(_, row)| row).collect();
    assert_eq!((reader.first(), read), (512, rows()));
    assert_eq!(reader.others().len(), 1);
}

#[test]
fn what_is_written_today_is_read_as_the_same() {
    let mut writer = Writer::new(512);
    rows().into_iter().for_each(|r| writer.push(r).expect("fits"));
    let bytes = writer.finish().expect("packs");
    let reader = Reader::open(bytes).expect("opens");
    assert_eq!(reader.read_block(0).expect("reads").into_iter().map(|(_, r)| r).collect::<Vec<_>>(), rows());
}

#[test]
fn todays_bytes_are_the_kept_ones() {
    let mut writer = Writer::new(512);
    rows().into_iter().for_each(|r| writer.push(r).expect("fits"));
    let hex: String = writer.finish().expect("packs").iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, SECOND.split_whitespace().collect::<String>(), "the form changed: that takes a decision record and a new golden file");
}
