//! What stands beside a text in its row: the template, and the texts of columns before its own. Texts are guessed from
//! them, and times are told by their distance from one of them.

use super::damaged;
use crate::SegmentError;
use std::ops::Range;
use std::rc::Rc;

/// Columns that a writer tries as guides: those just before.
const TRIED: usize = 8;
/// Fewer texts guide nobody.
const LEAST_TEXTS: usize = 32;
/// Texts in a row by which a guide is chosen; four such stretches of a column are looked at.
const STRETCH: usize = 512;

/// What is known of the rows of a block so far.
pub(crate) struct Beside {
    /// The template of each row, and how many there are.
    templates: (Vec<u32>, usize),
    columns: Vec<Known>,
    /// Numbers of the columns that can guide.
    guides: Vec<usize>,
    /// Numbers of the columns of times.
    pub(crate) clocks: Vec<usize>,
}

/// What is known of a column: which rows have a text in it, and what these texts are.
struct Known {
    rows: Vec<u32>,
    what: Learned,
}

/// What a column has taught.
pub(crate) enum Learned {
    /// Nothing that others could use.
    Nothing,
    /// The number of the word of each text, and how many words there are.
    Words(Rc<[u32]>, usize),
    /// The time of each text, in ticks of 10^-digits seconds.
    Times(Vec<i64>, u8),
}

/// What the texts of a column are guessed from: for each a key, and how many keys there are. No keys: always the same.
pub(crate) struct Keys(Option<(Vec<u32>, usize)>);

impl Beside {
    pub(crate) fn new(templates: Vec<u32>, how_many: usize) -> Self {
        Self { templates: (templates, how_many), columns: vec![], guides: vec![], clocks: vec![] }
    }

    /// For columns that stand beside nothing.
    pub(crate) fn nothing() -> Self {
        Self::new(vec![], 0)
    }

    /// Adds the next column.
    pub(crate) fn learn(&mut self, rows: Vec<u32>, what: Learned) {
        match what {
            Learned::Words(_, words) if words > 1 && rows.len() >= LEAST_TEXTS => {
                self.guides.push(self.columns.len());
            }
            Learned::Times(..) => self.clocks.push(self.columns.len()),
            _ => {}
        }
        self.columns.push(Known { rows, what });
    }

    /// The guide from which the words of a column are guessed best, going by some of them: none, the template, or one
    /// of the columns just before.
    pub(crate) fn best_guide(&self, rows: &[u32], numbers: &[u32]) -> usize {
        if rows.len() != numbers.len() {
            return 0;
        }
        let samples: Vec<_> = sampled(rows.len()).collect();
        let misses = |guide: usize| -> Option<usize> {
            let of =
                |s: &Range<usize>| Some(self.keys(guide, &rows[s.clone()]).ok()?.misses(&numbers[s.clone()]));
            samples.iter().map(of).sum()
        };
        let alone = misses(0).unwrap_or(0);
        let near = self.guides.iter().rev().take(TRIED).map(|column| column + 2);
        let guided = [1].into_iter().chain(near).filter_map(|guide| Some((misses(guide)?, guide)));
        // A guide costs time whenever it is read.
        let best =
            guided.filter(|&(misses, guide)| misses * 16 < alone * 15 && self.keys(guide, rows).is_ok());
        best.min().map_or(0, |(_, guide)| guide)
    }

    /// The keys that a guide gives to rows: 0 gives none, 1 the template, others the column with that number and two.
    pub(crate) fn keys(&self, guide: usize, rows: &[u32]) -> Result<Keys, SegmentError> {
        let (keys, many) = match guide {
            0 => return Ok(Keys(None)),
            1 => {
                let of = |&row: &u32| self.templates.0.get(row as usize).copied();
                let keys = rows.iter().map(of).collect::<Option<Vec<u32>>>();
                (keys.ok_or(damaged("a text has no row"))?, self.templates.1)
            }
            column => {
                let column = self.columns.get(column - 2);
                let Some(Known { rows: theirs, what: Learned::Words(numbers, words) }) = column else {
                    return Err(damaged("a column is guessed from none"));
                };
                let key = |at: Option<usize>| at.and_then(|at| numbers.get(at)).map_or(0, |n| n + 1);
                (Meeting::of(theirs, rows).map(key).collect(), words + 1)
            }
        };
        // So that many small columns with a large guide cost no more than their texts.
        if many > 8 * rows.len() + 64 {
            return Err(damaged("a guide is too large"));
        }
        Ok(Keys(Some((keys, many))))
    }

    /// The times that rows have in a column; a row without one has that of the row before, the first has zero.
    pub(crate) fn times(&self, column: usize, rows: &[u32]) -> Result<Vec<(i64, u32)>, SegmentError> {
        let Some(Known { rows: theirs, what: Learned::Times(ticks, digits) }) = self.columns.get(column)
        else {
            return Err(damaged("times stand beside none"));
        };
        let scale = 10i64.pow(u32::from(*digits));
        let mut last = (0, 0);
        let time = |at: Option<usize>| {
            if let Some(&ticks) = at.and_then(|at| ticks.get(at)) {
                let rest = ticks.rem_euclid(scale) * (1_000_000_000 / scale);
                last = (ticks.div_euclid(scale), u32::try_from(rest).unwrap_or(0));
            }
            last
        };
        Ok(Meeting::of(theirs, rows).map(time).collect())
    }
}

/// Stretches of a column that stand for all of it.
fn sampled(many: usize) -> impl Iterator<Item = Range<usize>> {
    let (stretches, long) = if many > 4 * STRETCH { (4, STRETCH) } else { (1, many) };
    (0..stretches).map(move |n| {
        let from = (many - long) / 3 * n;
        from..from + long
    })
}

/// For each of some rows, where it stands among others; both ascend.
struct Meeting<'a> {
    theirs: &'a [u32],
    from: usize,
    rows: std::slice::Iter<'a, u32>,
}

impl<'a> Meeting<'a> {
    fn of(theirs: &'a [u32], rows: &'a [u32]) -> Self {
        Self { theirs, from: 0, rows: rows.iter() }
    }
}

impl Iterator for Meeting<'_> {
    type Item = Option<usize>;

    fn next(&mut self) -> Option<Self::Item> {
        let &row = self.rows.next()?;
        let ahead = &self.theirs[self.from..];
        let mut reach = 1;
        while ahead.get(reach - 1).is_some_and(|&r| r < row) {
            reach *= 2;
        }
        let near = &ahead[reach / 2..ahead.len().min(reach)];
        self.from += reach / 2 + near.partition_point(|&r| r < row);
        Some((self.theirs.get(self.from) == Some(&row)).then_some(self.from))
    }
}

const UNKNOWN: u32 = u32::MAX;

impl Keys {
    /// For each word of a column: 0 when it is the one that stood here last with the same key, 1 when it is the next
    /// new one, else its number and two.
    pub(crate) fn codes(&self, numbers: &[u32]) -> Vec<i64> {
        let mut guess = Guess::new(self);
        let (mut out, mut fresh) = (Vec::with_capacity(numbers.len()), 0);
        for (at, &number) in numbers.iter().enumerate() {
            let last = guess.at(at);
            out.push(match number {
                n if n == *last => 0,
                n if n == fresh => 1,
                n => i64::from(n) + 2,
            });
            fresh += u32::from(number == fresh);
            *last = number;
        }
        out
    }

    /// How many words are other than guessed.
    pub(crate) fn misses(&self, numbers: &[u32]) -> usize {
        let mut guess = Guess::new(self);
        let miss = |(at, &number): (usize, &u32)| std::mem::replace(guess.at(at), number) != number;
        numbers.iter().enumerate().map(miss).filter(|&m| m).count()
    }

    /// The numbers of words again.
    pub(crate) fn numbers(&self, codes: &[i64], words: usize) -> Result<Vec<u32>, SegmentError> {
        let mut guess = Guess::new(self);
        let mut fresh = 0;
        let number = |(at, &code): (usize, &i64)| {
            let last = guess.at(at);
            *last = match code {
                0 => *last,
                1 => fresh,
                n => n.checked_sub(2).and_then(|n| u32::try_from(n).ok()).unwrap_or(UNKNOWN),
            };
            fresh += u32::from(*last == fresh);
            ((*last as usize) < words).then_some(*last).ok_or(damaged("a text has no word"))
        };
        codes.iter().enumerate().map(number).collect()
    }
}

/// The word that stood last with each key.
struct Guess<'a> {
    keys: &'a Keys,
    last: Vec<u32>,
}

impl<'a> Guess<'a> {
    fn new(keys: &'a Keys) -> Self {
        let many = keys.0.as_ref().map_or(1, |k| k.1);
        Self { keys, last: vec![UNKNOWN; many.max(1)] }
    }

    fn at(&mut self, text: usize) -> &mut u32 {
        let key = self.keys.0.as_ref().and_then(|k| k.0.get(text)).map_or(0, |&k| k as usize);
        // Every key is below their number: words and templates are.
        let key = if key < self.last.len() { key } else { 0 };
        &mut self.last[key]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_word_that_follows_from_another_is_guessed() {
        let mut beside = Beside::new((0..300).map(|n| n % 3).collect(), 3);
        let rows: Vec<u32> = (0..300).collect();
        let hosts: Vec<u32> = rows.iter().map(|n| n * n % 7).collect();
        beside.learn(rows.clone(), Learned::Words(hosts.clone().into(), 7));
        let some: Vec<u32> = rows.iter().copied().filter(|n| n % 5 > 0).collect();
        let users: Vec<u32> = some.iter().map(|&n| hosts[n as usize] / 2).collect();
        assert!(beside.keys(0, &some).expect("keys").misses(&users) > 100);
        assert_eq!(beside.keys(2, &some).expect("keys").misses(&users), 4);
        assert!(beside.keys(3, &some).is_err());
        assert_eq!(beside.best_guide(&some, &users), 2);
    }

    #[test]
    fn a_large_guide_of_a_small_column_is_refused() {
        let mut beside = Beside::new(vec![0; 2000], 1);
        beside.learn(
            (0..2000).collect(),
            Learned::Words((0..2000).map(|n| n / 2).collect::<Vec<_>>().into(), 1000),
        );
        assert!(beside.keys(2, &[5, 9]).is_err());
        assert!(beside.keys(2, &(0..200).collect::<Vec<_>>()).is_ok());
    }

    proptest! {
        #[test]
        fn rows_meet_where_they_are_the_same(theirs in prop::collection::btree_set(0u32..200, 0..80), rows in prop::collection::btree_set(0u32..200, 0..80)) {
            let (theirs, rows) = (theirs.into_iter().collect::<Vec<_>>(), rows.into_iter().collect::<Vec<_>>());
            let met: Vec<_> = Meeting::of(&theirs, &rows).collect();
            prop_assert_eq!(met, rows.iter().map(|r| theirs.iter().position(|t| t == r)).collect::<Vec<_>>());
        }

        #[test]
        fn numbers_survive(pairs in prop::collection::vec((0u32..6, 0u32..9), 0..80)) {
            let (keys, words): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
            for keys in [Keys(None), Keys(Some((keys, 6)))] {
                prop_assert_eq!(keys.numbers(&keys.codes(&words), 9).expect("reads"), words.clone());
            }
        }

        #[test]
        fn strange_codes_are_refused_or_are_words(codes in prop::collection::vec(-3i64..8, 0..40)) {
            let numbers = Keys(None).numbers(&codes, 4);
            prop_assert!(numbers.is_err() || numbers.is_ok_and(|n| n.iter().all(|&n| n < 4)));
        }
    }
}
