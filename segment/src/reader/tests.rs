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
    assert_eq!(reader.blocks().len(), 10_000usize.div_ceil(BLOCK_ROWS));
    assert_eq!(reader.others().expect("reads").len(), 20);
    let back = all(&reader).expect("reads");
    assert!(back.into_iter().eq((PAGE * 3..).zip(rows)));
    assert_eq!(reader.blocks()[0].happened, Some(((0, 5), (BLOCK_ROWS as i64 - 1, 5))));
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

fn small() -> Vec<Row> {
    let raw = |n: i64| format!("{{\"user\": \"user{}\", \"n\": {n}, \"w\": \"x{}\"}}", n % 7, n * n);
    (0..300).map(|n| row(u8::from(n == 40) * 7, raw(n).as_bytes(), n)).collect()
}

/// Rows, how many are no events, and candidates of some terms.
type Answers = (Vec<(u64, Row)>, usize, Vec<Vec<bool>>);

/// Everything that a segment answers; an error when any answer is one.
fn answers(bytes: Vec<u8>) -> Result<Answers, SegmentError> {
    let reader = Reader::open(bytes)?;
    let found = ["user3", "x289", "absent"].map(|w| reader.candidates(crate::query_terms(w)[0]));
    let others = reader.others()?.len();
    Ok((all(&reader)?, others, found.into_iter().collect::<Result<_, _>>()?))
}

#[test]
fn every_cut_segment_is_refused() {
    let whole = written(0, &small());
    for end in 0..whole.len() {
        assert!(Reader::open(whole[..end].to_vec()).is_err(), "cut at {end}");
    }
}

#[test]
fn every_changed_byte_is_told_or_changes_nothing() {
    let whole = written(0, &small());
    let sound = answers(whole.clone()).expect("reads");
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        if let Ok(answer) = answers(changed) {
            assert!(answer == sound, "changed at {at}");
        }
    }
}

/// A table that somebody wrote with a sum that fits: whatever it says, nothing panics.
#[test]
fn a_table_that_lies_is_refused_or_answers() {
    let whole = written(0, &small());
    let sound = Reader::open(whole.clone()).expect("opens").table;
    let end = whole.len() - TAIL_BYTES;
    let length = sound.bytes().len();
    let (from, body) = (end - length, end - length..end);
    for at in body {
        for bits in [1, 2, 0x40, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[at] ^= bits;
            let check = sum(from as u64, &changed[from..end]).to_be_bytes();
            changed[end + 16..end + 24].copy_from_slice(&check);
            let _ = answers(changed);
        }
    }
    let mut more = sound;
    more.blocks[0].2 = more.blocks[0].0.count + 1;
    assert!(Table::read(&more.bytes(), from as u64).is_err());
}

#[test]
fn a_segment_without_index_denies_nothing_until_one_is_made() {
    let mut writer = Writer::without_index(0);
    let rows = small();
    rows.iter().for_each(|r| writer.push(r.clone()).expect("fits"));
    let bare = Reader::open(writer.finish().expect("packs")).expect("opens");
    let absent = crate::query_terms("absent")[0];
    assert_eq!(bare.candidates(absent).expect("reads"), [true]);
    assert!(!bare.has_index());
    let index = bare.rebuilt_index().expect("reads");
    let bare = bare.with_index(index.into());
    let whole = Reader::open(written(0, &rows)).expect("opens");
    for term in (0..300).flat_map(|n| crate::query_terms(&format!("x{} absent{n}", n * n))) {
        assert_eq!(bare.candidates(term).expect("reads"), whole.candidates(term).expect("reads"));
    }
    assert_eq!(bare.candidates(absent).expect("reads"), [false]);
}

#[test]
fn every_block_that_holds_a_term_is_a_candidate_also_for_rows_that_are_no_events() {
    let raw = |n: u32| format!("word{} only{n} {}", n % 5000, "é".repeat(n as usize % 2));
    let rows: Vec<Row> =
        (0..20_000u32).map(|n| row(u8::from(n % 997 == 0) * 3, raw(n).as_bytes(), 1)).collect();
    let reader = Reader::open(written(0, &rows)).expect("opens");
    for (number, block) in reader.blocks().iter().enumerate() {
        for seq in (block.first..block.first + block.count).step_by(13) {
            let mut found = vec![];
            crate::terms(&rows[seq as usize].raw, &mut |t| found.push(t));
            for term in found {
                assert!(reader.candidates(term).expect("reads")[number], "row {seq}");
            }
        }
    }
    let only = crate::query_terms("only19999")[0];
    assert!(reader.candidates(only).expect("reads").iter().filter(|c| **c).count() <= 2);
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
        prop_assert!(block::unpack(&bytes).is_err());
    }
}
