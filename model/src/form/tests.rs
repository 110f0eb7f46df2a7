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

/// Each head of a form: where it stands and how wide it is.
fn heads(bytes: &[u8]) -> Vec<(usize, usize)> {
    let (mut found, mut at) = (vec![], 0);
    while at < bytes.len() {
        let wide = match bytes[at] & 0x1f {
            0..=23 => 1,
            short => 1 + (1 << (short - 24)),
        };
        found.push((at, wide));
        let value = bytes[at + 1..at + wide].iter().fold(0usize, |v, &b| v << 8 | usize::from(b));
        let value = if wide == 1 { usize::from(bytes[at] & 0x1f) } else { value };
        at += wide;
        if matches!(bytes[at - wide] >> 5, BYTES | TEXT) {
            at += value;
        }
    }
    found
}

/// The same content with the head at `at` spelled in `wider` bytes behind the first.
fn respelled(bytes: &[u8], (at, wide): (usize, usize), wider: u32) -> Vec<u8> {
    let value = match wide {
        1 => u64::from(bytes[at] & 0x1f),
        _ => bytes[at + 1..at + wide].iter().fold(0, |v, &b| v << 8 | u64::from(b)),
    };
    let code = 24 + u8::try_from(wider.ilog2()).expect("small");
    let mut out = bytes[..at].to_vec();
    out.push(bytes[at] & 0xe0 | code);
    out.extend(&value.to_be_bytes()[8 - usize::try_from(wider).expect("small")..]);
    out.extend(&bytes[at + wide..]);
    out
}

#[test]
fn the_edges_of_time_survive_and_what_lies_beyond_is_refused() {
    for at in [Time::MIN, Time::MAX, Time::UNIX_EPOCH, Time::new(-1, 999_999_999).expect("good")] {
        let record = Record { happened: at, ..sample() };
        assert_eq!(decode(&encode(&record)), Ok(record));
    }
    let with = |seconds: &[u8], nanos: &[u8]| {
        let bytes = encode(&sample());
        let at = bytes.windows(2).position(|w| w == [0x82, 0x1a]).expect("happened is in it");
        [&bytes[..=at], seconds, nanos, &bytes[at + 11..]].concat()
    };
    let refused = Err(FormError::Shape { what: "happened", at: 18 });
    let wide = |major: u8, value: u64| [&[major << 5 | 27][..], &value.to_be_bytes()].concat();
    assert!(decode(&with(&wide(UNSIGNED, 253_402_207_200), &[0])).is_ok());
    assert_eq!(decode(&with(&wide(UNSIGNED, 253_402_207_201), &[0])), refused);
    assert!(decode(&with(&wide(NEGATIVE, 377_705_023_200), &[0])).is_ok());
    assert_eq!(decode(&with(&wide(NEGATIVE, 377_705_023_201), &[0])), refused);
    assert_eq!(decode(&with(&wide(UNSIGNED, u64::MAX), &[0])), refused);
    assert_eq!(decode(&with(&wide(NEGATIVE, u64::MAX), &[0])), refused);
    assert_eq!(
        decode(&with(&[0], &[0x1a, 0x3b, 0x9a, 0xca, 0x00])),
        refused,
        "a whole second of nanoseconds"
    );
}

proptest! {
    #[test]
    fn every_wider_head_is_refused_wherever_it_stands(record in any_record()) {
        let bytes = encode(&record);
        let found = heads(&bytes);
        // Array, version, seq, kind, source, two times of three, hash, raw, defects and each of them.
        prop_assert_eq!(found.len(), 14 + record.defects.len());
        for head in found {
            for wider in [1u32, 2, 4, 8].into_iter().filter(|w| *w as usize + 1 > head.1) {
                let other = respelled(&bytes, head, wider);
                prop_assert_eq!(decode(&other), Err(FormError::NotCanonical), "head {:?} in {} bytes", head, wider);
            }
        }
    }

    #[test]
    fn a_changed_byte_is_refused_or_is_the_canonical_form_of_another_record(
        record in any_record(), at in any::<prop::sample::Index>(), to in any::<u8>()
    ) {
        let mut bytes = encode(&record);
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(other) = decode(&bytes) {
            prop_assert_eq!(encode(&other), bytes);
        }
    }

    #[test]
    fn what_is_cut_or_followed_by_more_is_refused(record in any_record(), cut in any::<prop::sample::Index>(), more in any::<u8>()) {
        let bytes = encode(&record);
        prop_assert!(decode(&bytes[..cut.index(bytes.len())]).is_err());
        prop_assert_eq!(decode(&[&bytes[..], &[more]].concat()), Err(FormError::NotCanonical));
    }

    #[test]
    fn what_is_read_in_place_is_what_is_decoded(record in any_record()) {
        let bytes = encode(&record);
        let form = read(&bytes).expect("ours");
        prop_assert_eq!(form.seq, record.seq);
        prop_assert_eq!(form.kind, record.kind);
        prop_assert_eq!((form.format, form.name), (record.source.format(), record.source.name()));
        prop_assert_eq!((form.happened, form.received), (record.happened, record.received));
        prop_assert_eq!(form.raw, &record.raw[..]);
    }

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
