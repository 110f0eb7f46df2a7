//! What was written comes back; what was cut or changed is refused.

use super::*;
use crate::{BLOCK_BYTES, BLOCK_ROWS, PAGE, Writer};
use proptest::prelude::*;

fn row(kind: u8, raw: &[u8], second: i64) -> Row {
    Row {
        kind,
        source: format!("text:{}", raw.len() % 3),
        happened: (second, 5),
        received: (second + 1, 999_999_999),
        raw: raw.to_vec(),
        defects: if raw.len().is_multiple_of(2) { vec![] } else { vec!["no-time".into(), String::new()] },
    }
}

fn written(first: u64, rows: &[Row]) -> Vec<u8> {
    let mut writer = Writer::new(first);
    for row in rows {
        writer.push(row.clone()).expect("fits");
    }
    writer.finish().expect("packs")
}

fn all<R: ReadAt>(reader: &Reader<R>) -> Result<Vec<(u64, Row)>, SegmentError> {
    let mut rows = vec![];
    for block in 0..reader.blocks().len() {
        rows.extend(reader.read_block(block)?);
    }
    Ok(rows)
}

#[test]
fn blocks_hold_whole_pages_and_every_row_comes_back() {
    let rows: Vec<_> = (0..10_000u32)
        .map(|n| row(if n % 500 == 7 { 7 } else { 0 }, format!("line {n}").as_bytes(), i64::from(n)))
        .collect();
    let reader = Reader::open(written(PAGE * 3, &rows)).expect("opens");
    assert_eq!(reader.count(), 10_000);
    assert!(reader.blocks().iter().all(|b| b.first % PAGE == 0 && b.count <= BLOCK_ROWS as u64));
    assert_eq!(reader.blocks().len(), 3);
    assert_eq!(reader.others().len(), 20);
    let back = all(&reader).expect("reads");
    assert!(back.into_iter().eq((PAGE * 3..).zip(rows)));
    assert_eq!(reader.blocks()[0].happened, Some(((0, 5), (4095, 5))));
}

#[test]
fn a_block_of_large_rows_closes_at_the_next_page() {
    let rows = vec![row(0, &vec![7; BLOCK_BYTES / 100], 0); 600];
    let reader = Reader::open(written(0, &rows)).expect("opens");
    assert_eq!(reader.blocks().iter().map(|b| b.count).collect::<Vec<_>>(), [256, 256, 88]);
}

#[test]
fn a_segment_without_events_or_without_rows_reads() {
    let reader = Reader::open(written(9, &[row(7, b"x", 1)])).expect("opens");
    assert_eq!((reader.blocks()[0].happened, all(&reader).expect("reads").len()), (None, 1));
    assert_eq!(Reader::open(written(0, &[])).expect("opens").count(), 0);
}

#[test]
fn every_cut_segment_is_refused() {
    let whole = written(0, &(0..300).map(|n| row(0, b"abc", n)).collect::<Vec<_>>());
    for end in 0..whole.len() {
        assert!(Reader::open(whole[..end].to_vec()).is_err(), "cut at {end}");
    }
}

proptest! {
    #[test]
    fn any_rows_survive(
        first in 0u64..1 << 40,
        parts in prop::collection::vec((0u8..8, prop::collection::vec(any::<u8>(), 0..50), any::<i32>()), 0..400),
    ) {
        let rows: Vec<_> = parts.iter().map(|(k, raw, s)| row(*k, raw, i64::from(*s))).collect();
        let reader = Reader::open(written(first, &rows)).expect("opens");
        prop_assert!(all(&reader).expect("reads").into_iter().eq((first..).zip(rows)));
    }

    #[test]
    fn damage_never_panics(at in any::<prop::sample::Index>(), bits in 1u8..) {
        let rows: Vec<_> = (0..300).map(|n| row((n % 50 == 0).into(), b"some raw bytes", n)).collect();
        let mut bytes = written(0, &rows);
        let at = at.index(bytes.len());
        bytes[at] ^= bits;
        if let Ok(reader) = Reader::open(bytes) {
            let _ = all(&reader);
        }
    }

    #[test]
    fn noise_is_no_block(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(block::unpack(&bytes).is_err() && rows::unpack(&bytes).is_err());
    }
}

#[test]
fn the_index_names_the_blocks_of_a_word() {
    let rows: Vec<_> = (0..10_000u32)
        .map(|n| row(if n % 500 == 7 { 7 } else { 0 }, format!("common user{} only{n}", n / 3000).as_bytes(), 0))
        .collect();
    let reader = Reader::open(written(0, &rows)).expect("opens");
    let named = |text: &str| {
        let blocks = reader.candidates(&crate::query_terms(text)).expect("reads");
        blocks.iter().enumerate().filter(|(_, b)| **b).map(|(n, _)| n).collect::<Vec<_>>()
    };
    assert_eq!(named("common"), [0, 1, 2]);
    assert_eq!(named("user0"), [0]);
    assert_eq!(named("USER1 only5000"), [1]);
    assert_eq!(named("only9999"), [2]);
    assert_eq!(named("user0 only9999"), Vec::<usize>::new());
    assert_eq!(named("-"), [0, 1, 2], "nothing to look for");
    let kept = (0..10_000).filter(|n| n % 500 != 7).all(|n| named(&format!("only{n}")).contains(&(n / 4096)));
    assert!(kept);
}
