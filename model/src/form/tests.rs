//! The canonical form: golden bytes, and laws over any record and any bytes.

use super::*;
use crate::{Draft, Format};
use proptest::prelude::*;

fn sample() -> Record {
    Draft {
        kind: Kind::Event,
        source: Source::new(Format::Syslog, "fw-2").expect("good"),
        happened: "2026-11-01T10:00:00.25Z".parse().expect("good"),
        received: "2026-11-01T10:00:01Z".parse().expect("good"),
        raw: b"link down".to_vec(),
        defects: vec![Defect::YearGuessed],
    }
    .at(300)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// GOLDEN: these bytes change only with a decision record.
#[test]
fn the_form_of_a_record_never_changes() {
    let want = concat!(
        "89",
        "01",
        "19012c",
        "00",
        "6b",
        "7379736c6f673a66772d32",
        "82",
        "1a6ae70da0",
        "1a0ee6b280",
        "82",
        "1a6ae70da1",
        "00",
        "5820",
        "HASH",
        "49",
        "6c696e6b20646f776e",
        "81",
        "6c",
        "796561722d67756573736564",
    );
    let want = want.replace("HASH", &hex(&Sha256::digest(b"link down")));
    assert_eq!(hex(&encode(&sample())), want);
}

#[test]
fn another_hash_is_refused() {
    let mut bytes = encode(&sample());
    let at = bytes.windows(4).position(|w| w == b"link").expect("raw is in it");
    bytes[at] ^= 1;
    assert_eq!(decode(&bytes), Err(FormError::Hash));
}

#[test]
fn a_longer_spelling_of_the_same_record_is_refused() {
    let bytes = encode(&sample());
    let mut longer = bytes[..1].to_vec();
    longer.extend([0x18, 0x01]); // version 1 in two bytes
    longer.extend(&bytes[2..]);
    assert_eq!(decode(&longer), Err(FormError::NotCanonical));
    let mut more = bytes.clone();
    more.push(0);
    assert_eq!(decode(&more), Err(FormError::NotCanonical));
}

fn any_record() -> impl Strategy<Value = Record> {
    let time = (-377_705_023_201i64 + 93_600..=253_402_207_200 - 93_600, 0i32..1_000_000_000)
        .prop_map(|(s, n)| Time::new(s, n).expect("in range"));
    let defect = ".{0,20}".prop_map(|t| Defect::parse(&t));
    (
        any::<u64>(),
        0u64..8,
        "[^\\p{Cc}]{1,60}",
        time.clone(),
        time,
        prop::collection::vec(any::<u8>(), 0..400),
        prop::collection::vec(defect, 0..4),
        0usize..9,
    )
        .prop_map(|(seq, kind, name, happened, received, raw, defects, format)| Record {
            seq,
            kind: Kind::from_code(kind).expect("below 8"),
            source: Source::new(Format::ALL[format], &name).expect("clean"),
            happened,
            received,
            raw,
            defects,
        })
}

proptest! {
    #[test]
    fn every_record_survives_its_form(record in any_record()) {
        prop_assert_eq!(decode(&encode(&record)), Ok(record));
    }

    #[test]
    fn no_bytes_panic_and_what_is_read_is_canonical(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(record) = decode(&bytes) {
            prop_assert_eq!(encode(&record), bytes);
        }
    }

    #[test]
    fn a_changed_byte_never_gives_the_same_record(record in any_record(), at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut bytes = encode(&record);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert_ne!(decode(&bytes), Ok(record));
    }
}
