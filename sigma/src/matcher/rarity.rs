//! How rare a text is likely to be in events, told by the rules themselves: what stands in many of their texts is common.

use super::predicate::{Ask, Predicate};

/// Bytes by which texts are compared.
const WIDE: usize = 4;
/// Places of the table, as a power of two; grams that share one are counted together.
const PLACES: u32 = 16;
/// What is too short to have a gram stands almost everywhere.
const SHORT: u32 = 5_000;

/// In how many texts each few bytes stand.
#[derive(Debug)]
pub(super) struct Rarity(Vec<u32>);

impl Rarity {
    /// Counts over the texts of all predicates.
    pub(super) fn of(predicates: &[Predicate]) -> Self {
        let mut counts = vec![0u32; 1 << PLACES];
        for predicate in predicates {
            if let Ask::Text(_, text) = &predicate.ask {
                places(text).for_each(|place| counts[place] = counts[place].saturating_add(1));
            }
        }
        Self(counts)
    }

    /// In about how many texts of rules a text stands: as often as its rarest bytes.
    pub(super) fn texts_with(&self, text: &str) -> u32 {
        places(text).map(|place| self.0[place]).min().unwrap_or(SHORT)
    }
}

fn places(text: &str) -> impl Iterator<Item = usize> {
    let place = |gram: &[u8; WIDE]| super::grams::product(gram) >> (u32::BITS - PLACES);
    text.as_bytes().array_windows().map(move |gram| place(gram) as usize)
}
