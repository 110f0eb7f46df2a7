//! Which units of a vault can hold some words: asked of the index of each segment, which is made again where it is absent.

use super::{Place, ReadError, Unit, View, cause};
use crate::object::Opened;
use segment::{Reader, SegmentError};
use std::sync::Arc;

impl View {
    /// The units that can hold a record of any kind with all these terms (see [`segment::query_terms`]); those of the tail always can.
    /// A unit that holds such a record is always among them. A segment without an index is read once, and its index kept with the view.
    ///
    /// # Errors
    /// [`ReadError`] when a segment's table or index cannot be read.
    pub fn units_with(&self, terms: &[u64]) -> Result<Vec<Unit>, ReadError> {
        let mut units = self.units()?;
        if terms.is_empty() {
            return Ok(units);
        }
        let mut can = vec![];
        for number in 0..self.segments.len() {
            can.extend(self.blocks_with(number, terms)?);
        }
        let mut can = can.into_iter();
        units.retain(|unit| unit.place == Place::Tail || can.next() == Some(true));
        Ok(units)
    }

    /// All units, and for each of these terms whether the unit's events can have it, bit after bit, lowest first; those of the
    /// tail always can. `told` hears after each segment how many of how many were asked.
    ///
    /// # Errors
    /// [`ReadError`] when a segment's table or index cannot be read.
    pub fn units_by_term(
        &self,
        terms: &[u64],
        told: &mut dyn FnMut(usize, usize),
    ) -> Result<Vec<(Unit, Vec<u64>)>, ReadError> {
        let words = terms.len().div_ceil(64);
        let mut units: Vec<(Unit, Vec<u64>)> =
            self.units()?.into_iter().map(|unit| (unit, vec![0; words])).collect();
        let mut first = 0;
        for number in 0..self.segments.len() {
            let reader = self.indexed(number)?;
            let many = reader.blocks().len();
            for (at, term) in terms.iter().enumerate() {
                let here = reader.candidates(*term).map_err(|e| self.failed_index(number, &e))?;
                for (_, bits) in
                    units[first..first + many].iter_mut().zip(here).filter(|(_, here)| *here).map(|(u, _)| u)
                {
                    bits[at / 64] |= 1 << (at % 64);
                }
            }
            first += many;
            told(number + 1, self.segments.len());
        }
        units[first..].iter_mut().for_each(|(_, bits)| bits.fill(u64::MAX));
        Ok(units)
    }

    fn failed_index(&self, number: usize, error: &SegmentError) -> ReadError {
        let object = &self.segments[number];
        ReadError {
            from: object.first,
            to: object.end() - 1,
            name: object.name.clone(),
            why: format!("its index: {error}{}", cause(error)),
        }
    }

    /// A segment that can be asked for terms.
    fn indexed(&self, number: usize) -> Result<Reader<Opened<'_>>, ReadError> {
        let reader = self.reader(number)?;
        if reader.has_index() {
            return Ok(reader);
        }
        let table = self.table(number)?;
        let index = match table.index.get() {
            Some(index) => Arc::clone(index),
            None => {
                let made = Arc::new(reader.rebuilt_index().map_err(|e| self.failed_index(number, &e))?);
                Arc::clone(table.index.get_or_init(|| made))
            }
        };
        Ok(reader.with_index(index))
    }

    fn blocks_with(&self, number: usize, terms: &[u64]) -> Result<Vec<bool>, ReadError> {
        let reader = self.indexed(number)?;
        let mut blocks = vec![true; reader.blocks().len()];
        for term in terms {
            let here = reader.candidates(*term).map_err(|e| self.failed_index(number, &e))?;
            blocks.iter_mut().zip(here).for_each(|(all, here)| *all &= here);
            if !blocks.contains(&true) {
                break;
            }
        }
        Ok(blocks)
    }
}

#[cfg(test)]
mod tests {
    use crate::disk::Memory;
    use crate::object::ObjectRef;
    use crate::vault::tests::{ROLL, acme, chance, fill, fresh, home};
    use crate::view::{View, reader};
    use crate::{Home, Unit};
    use segment::{Writer, query_terms};
    use std::sync::Arc;

    /// A home whose records lie in one segment, which was sealed again as `made` says: from the bytes of the segment, and those of
    /// the same rows without an index.
    fn with_segment(made: impl Fn(Vec<u8>, Vec<u8>) -> Vec<u8>) -> Memory {
        let disk = fresh();
        let home = home(&disk).expect("opens");
        let mut vault = home.vault(&acme()).expect("opens");
        fill(&mut vault, 0..2 * ROLL, 0, 1).expect("seals");
        drop(vault);
        drop(home);
        let view = view(&disk);
        let object: &ObjectRef = &view.segments[0];
        let read = reader(&view.access, object).expect("opens");
        let (mut bare, mut indexed) = (Writer::without_index(object.first), Writer::new(object.first));
        for block in 0..read.blocks().len() {
            for (_, row) in read.read_block(block).expect("reads") {
                bare.push(row.clone()).expect("fits");
                indexed.push(row).expect("fits");
            }
        }
        let plain = made(indexed.finish().expect("packs"), bare.finish().expect("packs"));
        let key = view.access.epochs.numbered(object.epoch).expect("a key").object_key(&view.access.origin);
        let bytes = object.seal(&plain, (&key, &view.access.origin), &mut *chance()).expect("seals");
        view.access.shelf.put(&object.name, &bytes).expect("fits");
        disk
    }

    fn view(disk: &Memory) -> View {
        Home::look(Arc::new(disk.clone()), chance()).expect("a home").view(&acme()).expect("opens")
    }

    fn in_segments(view: &View, word: &str) -> Result<Vec<Unit>, crate::ReadError> {
        let units = view.units_with(&query_terms(word))?;
        Ok(units.into_iter().filter(|u| u.first < view.tail_first).collect())
    }

    #[test]
    fn an_absent_index_is_made_again_and_answers_like_the_one_that_was() {
        let bare = view(&with_segment(|_, bare| bare));
        let indexed = view(&with_segment(|indexed, _| indexed));
        assert!(!bare.reader(0).expect("opens").has_index() && indexed.reader(0).expect("opens").has_index());
        for word in ["17", "record", "900", "nobody", "x1", "absent", "none", "of", "these", "words"] {
            let answers = in_segments(&bare, word).expect("reads");
            assert_eq!(answers, in_segments(&indexed, word).expect("reads"), "{word}");
        }
        assert_eq!(in_segments(&bare, "17").expect("reads").len(), 1);
        let absent = (0..50).filter(|n| in_segments(&bare, &format!("absent{n}")).expect("reads").is_empty());
        assert!(absent.count() > 30);
    }

    /// Sealed by whoever has the keys, so that no encryption tells.
    #[test]
    fn a_damaged_index_is_noticed() {
        let disk = with_segment(|mut indexed, bare| {
            // Both begin with the same blocks; behind them stand the index and the table.
            let from = indexed.iter().zip(&bare).take_while(|(a, b)| a == b).count();
            indexed[from + 12] ^= 1;
            indexed
        });
        let view = view(&disk);
        let failed = (0..200).filter_map(|n| in_segments(&view, &format!("word{n}")).err()).next();
        let why = failed.expect("some term meets the damage").to_string();
        assert!(why.contains("its index") && why.contains("damaged"), "{why}");
    }
}
