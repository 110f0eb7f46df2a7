//! No term that was added is ever denied; few others are granted; damage is told.

use super::*;
use crate::ReadAt;
use proptest::prelude::*;

fn built(blocks: &[Vec<u64>]) -> (Shape, Vec<u8>) {
    let mut gathered = Gathered::default();
    for (number, terms) in (0..).zip(blocks) {
        gathered.add(number, terms.iter().copied());
    }
    gathered.finish(blocks.len()).expect("fits")
}

fn asked(shape: &Shape, bytes: &Vec<u8>, term: u64) -> Result<Vec<bool>, SegmentError> {
    shape.look_up(term, |offset, length| Ok(bytes.read_at(offset, length)?))
}

fn noise(n: u64) -> u64 {
    sum(sum(n, b"term"), b"term")
}

#[test]
fn a_unique_term_costs_less_than_two_bytes_and_an_absent_one_is_seldom_granted() {
    let many = 65_536u64;
    let blocks: Vec<Vec<u64>> =
        (0..8).map(|b| (0..many / 8).map(|n| noise(b * many + n)).chain([1 << 60]).collect()).collect();
    let (shape, bytes) = built(&blocks);
    assert!(bytes.len() as u64 * 100 <= many * 175, "{} bytes", bytes.len());
    assert_eq!(asked(&shape, &bytes, 1 << 60).expect("reads"), [true; 8]);
    let wrong =
        (0..10_000).filter(|n| asked(&shape, &bytes, noise(1 << 40 | n)).expect("reads").contains(&true));
    assert!(wrong.count() < 250);
}

#[test]
fn a_term_of_a_single_block_costs_six_bits() {
    for many in [46_000u64, 65_536, 92_000] {
        let (shape, bytes) = built(&[(0..many).map(noise).collect()]);
        assert!(bytes.len() as u64 * 8 <= many * 6 + many / 4, "{} bytes", bytes.len());
        let wrong =
            (0..10_000).filter(|n| asked(&shape, &bytes, noise(1 << 40 | n)).expect("reads") == [true]);
        assert!(wrong.count() < 10_000 / 10);
    }
}

#[test]
fn an_index_of_nothing_grants_nothing() {
    let (shape, bytes) = built(&[]);
    assert!(asked(&shape, &bytes, 7).expect("reads").is_empty());
    let (shape, bytes) = built(&[vec![], vec![]]);
    assert_eq!(asked(&shape, &bytes, 7).expect("reads"), [false, false]);
}

proptest! {
    #[test]
    fn no_term_is_denied(
        blocks in prop::collection::vec(prop::collection::vec(any::<u64>(), 0..200), 1..12),
        shared in prop::collection::vec((any::<u64>(), any::<u16>()), 0..40),
    ) {
        let mut blocks = blocks;
        for (term, set) in shared {
            let chosen = blocks.iter_mut().enumerate().filter(|(n, _)| set >> n & 1 == 1);
            chosen.for_each(|(_, terms)| terms.push(term));
        }
        let (shape, bytes) = built(&blocks);
        for (number, terms) in blocks.iter().enumerate() {
            for &term in terms {
                prop_assert!(asked(&shape, &bytes, term).expect("reads")[number]);
            }
        }
    }

    #[test]
    fn a_changed_byte_is_told_or_not_met(at in any::<prop::sample::Index>(), bits in 1u8.., seed in any::<u64>()) {
        let blocks: Vec<Vec<u64>> = (0..3).map(|b| (0..400).map(|n| noise(seed ^ (b << 32 | n))).collect()).collect();
        let (shape, bytes) = built(&blocks);
        let mut changed = bytes.clone();
        changed[at.index(bytes.len())] ^= bits;
        for term in blocks.iter().flatten() {
            let before = asked(&shape, &bytes, *term).expect("reads");
            prop_assert!(asked(&shape, &changed, *term).is_ok_and(|after| after == before) || asked(&shape, &changed, *term).is_err());
        }
    }
}
