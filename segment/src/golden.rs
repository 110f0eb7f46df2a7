//! GOLDEN: bytes of the first form, kept as they were written. They are read for as long as there is this program; they
//! change only with a decision record, which adds a new one beside.

use crate::{Reader, Row, Writer};

/// A segment of two events and a control record, written by the first version.
const FIRST: &str = include_str!("golden/first.hex");

fn rows() -> Vec<Row> {
    let row = |kind: u8, raw: &[u8], defects: &[&str]| Row {
        kind,
        source: if kind == 0 { "syslog:fw-2" } else { "bailiwick:bailiwick" }.to_owned(),
        happened: (1_793_527_200, 250_000_000),
        received: (1_793_527_201, 0),
        raw: raw.to_vec(),
        defects: defects.iter().map(|d| (*d).to_owned()).collect(),
    };
    vec![
        row(0, b"link down", &["year-guessed"]),
        row(7, b"{\"control\":\"closed\"}", &[]),
        row(0, &[0, 255, 10], &[]),
    ]
}

#[test]
fn the_first_form_is_still_read() {
    let digits: Vec<u8> = FIRST.bytes().filter(u8::is_ascii_hexdigit).collect();
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
