//! Marks: records about one account or source in the order of their times, and which of them crowd or hang together.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Tries of one account within a stretch that stay where many are thinned: so many of the earliest, and of the latest.
const ENDS: usize = 2;
/// Tries that come between two times that they are thinned.
const BETWEEN: u32 = 64;

/// One record, and whom or what else it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) at: i64,
    pub(crate) seq: u64,
    /// The source of an account's mark, the account of a source's mark.
    pub(crate) other: Box<str>,
    /// Of a source's mark: whether the record says that nobody has that account.
    #[serde(default, skip_serializing_if = "is_not")]
    pub(crate) is_nobody: bool,
    /// Of a source's mark: whether the account had signed in before, longer ago than records may be late.
    #[serde(default, skip_serializing_if = "is_not")]
    pub(crate) is_known: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference in")]
fn is_not(flag: &bool) -> bool {
    !flag
}

impl Mark {
    pub(crate) fn new(at: i64, seq: u64, other: &str) -> Self {
        Self { at, seq, other: other.into(), is_nobody: false, is_known: false }
    }
}

/// Marks in the order of their time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Marks(Vec<Mark>);

impl Marks {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether one of them is about this other.
    pub(crate) fn names(&self, other: &str) -> bool {
        self.0.iter().any(|m| *m.other == *other)
    }

    /// Puts one in. Beyond the limit the one farthest in time from it leaves.
    pub(crate) fn put(&mut self, mark: Mark, limit: usize) {
        let at = mark.at;
        let place = self.0.partition_point(|m| *m < mark);
        // Most sources have one mark and stay with it.
        if self.0.is_empty() {
            self.0.reserve_exact(1);
        }
        self.0.insert(place, mark);
        if self.0.len() > limit {
            let (first, last) = (self.0[0].at, self.0[self.0.len() - 1].at);
            if last.saturating_sub(at) > at.saturating_sub(first) {
                self.0.pop();
            } else {
                self.0.remove(0);
            }
        }
    }

    /// Puts one in that counts only if it is the first about its other; beyond the limit the latest leaves. Whatever the
    /// order in which they come, the same stay.
    pub(crate) fn put_first(&mut self, mark: Mark, limit: usize) {
        if let Some(there) = self.0.iter().position(|m| m.other == mark.other) {
            if self.0[there].at <= mark.at {
                return;
            }
            self.0.remove(there);
        }
        let place = self.0.partition_point(|m| *m < mark);
        self.0.insert(place, mark);
        self.0.truncate(limit);
    }

    /// Those from `from` to `to`, both included.
    pub(crate) fn between(&self, from: i64, to: i64) -> &[Mark] {
        let start = self.0.partition_point(|m| m.at < from);
        let end = self.0.partition_point(|m| m.at <= to);
        &self.0[start..end.max(start)]
    }

    /// From when to when the marks around `at` hang together, none further than `span` from the next. What is `held`
    /// hangs together already, and is not walked through.
    pub(crate) fn chain(&self, at: i64, span: i64, held: Option<(i64, i64)>) -> (i64, i64) {
        let is_held = |at: i64| held.is_some_and(|(from, to)| from <= at && at <= to);
        let middle = self.0.partition_point(|m| m.at < at);
        let (mut first, mut last) = (at, at);
        for mark in self.0[..middle].iter().rev() {
            if is_held(first) || first.saturating_sub(mark.at) > span {
                break;
            }
            first = mark.at;
        }
        for mark in &self.0[middle..] {
            if is_held(last) || mark.at.saturating_sub(last) > span {
                break;
            }
            last = mark.at;
        }
        (first, last)
    }

    /// Those no further than `span` from `at`.
    pub(crate) fn around(&self, at: i64, span: i64) -> &[Mark] {
        self.between(at.saturating_sub(span), at.saturating_add(span))
    }

    /// Whether so many different others stand in a window of this length that `at` lies in.
    pub(crate) fn is_diverse(&self, at: i64, span: i64, many: usize) -> bool {
        let around = self.around(at, span);
        if !has_others(around, many) {
            return false;
        }
        let (mut counts, mut start) = (Counts::default(), 0);
        for mark in around {
            counts.add(&*mark.other);
            while mark.at.saturating_sub(around[start].at) > span {
                counts.take(&&*around[start].other);
                start += 1;
            }
            if counts.len() >= many && mark.at >= at {
                return true;
            }
        }
        false
    }
}

/// How often each of some things stands in a window that moves.
pub(crate) struct Counts<T>(BTreeMap<T, usize>);

impl<T> Default for Counts<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord> Counts<T> {
    pub(crate) fn add(&mut self, one: T) {
        *self.0.entry(one).or_default() += 1;
    }

    pub(crate) fn take(&mut self, one: &T) {
        if let Some(many) = self.0.get_mut(one) {
            *many -= 1;
            if *many == 0 {
                self.0.remove(one);
            }
        }
    }

    /// How many different ones.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Whether so many different others stand among marks at all; from the latest on, as that is where they are.
pub(crate) fn has_others<'a>(
    marks: impl IntoIterator<Item = &'a Mark, IntoIter: DoubleEndedIterator>,
    many: usize,
) -> bool {
    let (mut others, mut last) = (BTreeSet::new(), "");
    for mark in marks.into_iter().rev() {
        // Most often one account is tried again and again.
        if *mark.other != *last || others.is_empty() {
            last = &*mark.other;
            others.insert(last);
        }
        if others.len() >= many {
            return true;
        }
    }
    many == 0
}

/// Whether so many times, in their order, stand in one window of this length that has one of `from` to `to` between its
/// first and its last.
pub(crate) fn is_crowded(times: &[i64], (from, to): (i64, i64), span: i64, many: usize) -> bool {
    let many = many.max(1);
    // The first that may begin such a window, and the last.
    let low = times.partition_point(|t| *t < from).saturating_sub(many - 1);
    let high = times.partition_point(|t| *t <= to);
    times.get(low..).is_some_and(|rest| {
        let begins = high.saturating_sub(low);
        rest.windows(many)
            .take(begins)
            .any(|w| w[many - 1].saturating_sub(w[0]) <= span && w[many - 1] >= from)
    })
}

/// How many tries are kept, from how many on they are thinned, and within how long a stretch, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) limit: usize,
    pub(crate) near: usize,
    pub(crate) stretch_ms: i64,
}

/// Failed tries of many accounts. All are kept while they are few. From a number on, of those of one account in one stretch
/// of the clock only the first and the last stay: as many names as before, in any window of that length. So whoever tries
/// one account ever again pushes out none of the others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tries {
    pub(crate) marks: Marks,
    /// How many came since they were thinned.
    since: u32,
}

impl Tries {
    /// Puts one in; it stays until the next one comes at least.
    pub(crate) fn put(&mut self, mark: Mark, bounds: Bounds) {
        let (at, seq) = (mark.at, mark.seq);
        self.marks.put(mark, bounds.limit);
        self.since = self.since.saturating_add(1);
        if self.marks.len() < bounds.near || self.since < BETWEEN {
            return;
        }
        self.since = 0;
        // First where nothing comes any more that is no later than records may be: there the order of arrival is past.
        let settled = |stretch: i64| {
            let begin = stretch.saturating_mul(bounds.stretch_ms);
            at < begin.saturating_sub(crate::memory::TOLERANCE_MS)
                || at > begin.saturating_add(bounds.stretch_ms).saturating_add(crate::memory::TOLERANCE_MS)
        };
        self.thin(bounds.stretch_ms, (at, seq), settled);
        if self.marks.len() >= bounds.near {
            self.thin(bounds.stretch_ms, (at, seq), |_| true);
        }
    }

    /// Takes out what stands between the first and the last of one account in one stretch; but not the newest.
    fn thin(&mut self, stretch_ms: i64, newest: (i64, u64), may: impl Fn(i64) -> bool) {
        let stretch = |m: &Mark| m.at.div_euclid(stretch_ms.max(1));
        let mut many: BTreeMap<(i64, &str), usize> = BTreeMap::new();
        for mark in &self.marks.0 {
            *many.entry((stretch(mark), &mark.other)).or_default() += 1;
        }
        let mut stays = vec![];
        let mut before: BTreeMap<(i64, &str), usize> = BTreeMap::new();
        for mark in &self.marks.0 {
            let key = (stretch(mark), &*mark.other);
            let place = before.entry(key).or_default();
            let is_end = *place < ENDS || *place + ENDS >= many.get(&key).copied().unwrap_or(0);
            *place += 1;
            stays.push(is_end || (mark.at, mark.seq) == newest || !may(key.0));
        }
        let mut stays = stays.into_iter();
        self.marks.0.retain(|_| stays.next().unwrap_or(true));
    }

    /// Takes note that the account of a try had signed in before.
    pub(crate) fn know(&mut self, at: i64, seq: u64) {
        let start = self.marks.0.partition_point(|m| (m.at, m.seq) < (at, seq));
        self.marks.0[start..]
            .iter_mut()
            .take_while(|m| (m.at, m.seq) == (at, seq))
            .for_each(|m| m.is_known = true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marks(times: &[i64]) -> Marks {
        let mut marks = Marks::default();
        for (seq, at) in (0u64..).zip(times) {
            marks.put(Mark::new(*at, seq, &(seq % 3).to_string()), 100);
        }
        marks
    }

    fn times(list: &[Mark]) -> Vec<i64> {
        list.iter().map(|m| m.at).collect()
    }

    #[test]
    fn marks_are_found_by_window_crowd_and_chain() {
        let marks = marks(&[50, 10, 20, 30, 100]);
        assert_eq!(times(&marks.0), [10, 20, 30, 50, 100]);
        assert_eq!(times(marks.between(20, 50)), [20, 30, 50]);
        assert_eq!(marks.chain(30, 20, None), (10, 50));
        assert_eq!(marks.chain(30, 9, None), (30, 30));
        assert_eq!(marks.chain(30, 20, Some((0, 22))), (20, 50), "what is held is not walked through");
        assert_eq!(marks.chain(20, 20, Some((10, 50))), (20, 20));
        let all = times(&marks.0);
        assert!(is_crowded(&all, (20, 20), 20, 3) && is_crowded(&all, (15, 15), 20, 3));
        assert!(!is_crowded(&all, (100, 100), 20, 2) && !is_crowded(&all, (30, 30), 19, 3));
        assert!(is_crowded(&all, (100, 100), 0, 1) && !is_crowded(&all, (40, 40), 9, 1));
        assert!(!is_crowded(&[], (0, 0), 20, 1));
        assert!(marks.is_diverse(20, 40, 3) && !marks.is_diverse(100, 40, 2));
    }

    #[test]
    fn what_is_full_gives_up_what_lies_farthest_away() {
        let mut marks = marks(&[1, 2, 3, 100]);
        marks.put(Mark::new(4, 9, ""), 4);
        assert_eq!(times(&marks.0), [1, 2, 3, 4]);
        marks.put(Mark::new(200, 10, ""), 4);
        assert_eq!(times(&marks.0), [2, 3, 4, 200]);
    }

    const SMALL: Bounds = Bounds { limit: 200, near: 100, stretch_ms: 600_000 };

    fn tries(all: impl IntoIterator<Item = (i64, u64, &'static str)>) -> Tries {
        let mut tries = Tries::default();
        all.into_iter().for_each(|(at, seq, who)| tries.put(Mark::new(at, seq, who), SMALL));
        tries
    }

    #[test]
    fn tries_of_one_account_push_out_none_of_the_others_and_all_are_kept_while_they_are_few() {
        let few = tries((0..99i64).map(|n| (n * 1000, n.unsigned_abs(), "eve")));
        assert_eq!(few.marks.len(), 99);
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let others = names.into_iter().zip(0i64..).map(|(name, n)| (n * 70_000, n.unsigned_abs(), name));
        let one = (10..5_000i64).map(|n| (n * 110, n.unsigned_abs(), "eve"));
        let mut all: Vec<_> = others.chain(one).collect();
        all.sort_unstable();
        let kept = tries(all);
        assert!(kept.marks.len() < SMALL.near + 64, "{}", kept.marks.len());
        assert!(kept.marks.is_diverse(300_000, 600_000, 9));
    }

    #[test]
    fn of_many_tries_in_one_stretch_the_two_first_and_the_two_last_stay() {
        let kept = tries((0..100i64).map(|n| (n * 1000, n.unsigned_abs(), "eve")));
        assert_eq!(times(&kept.marks.0), [0, 1_000, 98_000, 99_000]);
    }

    #[test]
    fn only_the_first_mark_about_each_other_stays_and_the_latest_gives_way() {
        let mut marks = Marks::default();
        for (at, other) in [(10, "a"), (30, "b"), (5, "a"), (7, "a"), (20, "c"), (40, "d")] {
            marks.put_first(Mark::new(at, 1, other), 3);
        }
        let all: Vec<(i64, &str)> = marks.0.iter().map(|m| (m.at, &*m.other)).collect();
        assert_eq!(all, [(5, "a"), (20, "c"), (30, "b")]);
    }

    #[test]
    fn a_try_is_known_when_it_is_said_later() {
        let mut kept = tries([(5, 1, "a"), (5, 2, "b"), (6, 1, "c")]);
        kept.know(5, 2);
        assert_eq!(kept.marks.0.iter().map(|m| m.is_known).collect::<Vec<_>>(), [false, true, false]);
    }

    proptest! {
        #[test]
        fn thinned_tries_hold_as_many_names_in_every_window_of_a_stretch(
            all in prop::collection::vec((0i64..4_000_000, 0usize..4), 100..400), which in any::<prop::sample::Index>(),
        ) {
            let mut all: Vec<(i64, u64, &str)> =
                all.into_iter().zip(0..).map(|((t, who), seq)| (t, seq, ["a", "b", "c", "d"][who])).collect();
            all.sort_unstable();
            let kept = tries(all.clone());
            let mut whole = Marks::default();
            all.iter().for_each(|(t, seq, who)| whole.put(Mark::new(*t, *seq, who), 1_000));
            let at = which.get(&kept.marks.0).at;
            for many in 1..=4 {
                prop_assert_eq!(kept.marks.is_diverse(at, 600_000, many), whole.is_diverse(at, 600_000, many), "{}", many);
            }
        }

        #[test]
        fn a_crowd_is_what_looking_at_every_window_finds(mut all in prop::collection::vec(0i64..100, 0..30), at in 0i64..100, span in 0i64..40, many in 1usize..6) {
            all.sort_unstable();
            let plain = all.windows(many).any(|w| w[many - 1] - w[0] <= span && w[0] <= at && w[many - 1] >= at);
            prop_assert_eq!(is_crowded(&all, (at, at), span, many), plain);
        }
    }
}
