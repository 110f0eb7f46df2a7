//! What a window amounts to: kept up as hits enter and leave it.

use super::{Correlation, Type};
use crate::correlation::amount::whole;
use jiff::Timestamp;

/// What one hit adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// Only itself.
    One,
    /// One of some different values, by number.
    Value(u32),
    /// An amount, in billionths.
    Amount(i128),
    /// Nothing: the field is missing, or no number.
    Nothing,
}

/// The hits of one window, added up.
#[derive(Debug, Clone)]
pub(super) enum Tally {
    Count(usize),
    /// How often each value occurs, and how many do.
    Different {
        uses: Vec<u32>,
        different: usize,
    },
    Sum {
        sum: i128,
        many: usize,
    },
    Sorted(Vec<i128>),
}

impl Tally {
    pub(super) fn of(correlation: &Correlation) -> Self {
        match correlation.kind {
            Type::EventCount if !correlation.counts_different => Self::Count(0),
            Type::EventCount | Type::ValueCount | Type::Temporal | Type::TemporalOrdered => {
                Self::Different { uses: vec![], different: 0 }
            }
            Type::Sum | Type::Average => Self::Sum { sum: 0, many: 0 },
            Type::Percentile => Self::Sorted(vec![]),
        }
    }

    pub(super) fn add(&mut self, weight: Weight) {
        match (self, weight) {
            (Self::Count(count), _) => *count += 1,
            (Self::Different { uses, different }, Weight::Value(number)) => {
                let number = number as usize;
                if uses.len() <= number {
                    uses.resize(number + 1, 0);
                }
                uses[number] += 1;
                *different += usize::from(uses[number] == 1);
            }
            (Self::Sum { sum, many }, Weight::Amount(amount)) => {
                *sum += amount;
                *many += 1;
            }
            (Self::Sorted(sorted), Weight::Amount(amount)) => {
                sorted.insert(sorted.partition_point(|a| *a < amount), amount);
            }
            _ => {}
        }
    }

    /// Takes out what was added before.
    pub(super) fn take(&mut self, weight: Weight) {
        match (self, weight) {
            (Self::Count(count), _) => *count = count.saturating_sub(1),
            (Self::Different { uses, different }, Weight::Value(number)) => {
                if let Some(uses) = uses.get_mut(number as usize).filter(|u| **u > 0) {
                    *uses -= 1;
                    *different -= usize::from(*uses == 0);
                }
            }
            (Self::Sum { sum, many }, Weight::Amount(amount)) => {
                *sum -= amount;
                *many = many.saturating_sub(1);
            }
            (Self::Sorted(sorted), Weight::Amount(amount)) => {
                if let Ok(at) = sorted.binary_search(&amount) {
                    sorted.remove(at);
                }
            }
            _ => {}
        }
    }

    /// Whether the condition holds.
    pub(super) fn meets(&self, of: &Correlation) -> bool {
        match self {
            Self::Count(count) => of.holds(whole(*count), 1),
            Self::Different { different, .. } if of.kind == Type::Temporal => of.enough(*different),
            Self::Different { different, .. } => of.holds(whole(*different), 1),
            Self::Sum { many: 0, .. } => false,
            Self::Sum { sum, many } if of.kind == Type::Average => {
                of.holds(*sum, i128::try_from(*many).unwrap_or(1))
            }
            Self::Sum { sum, .. } => of.holds(*sum, 1),
            Self::Sorted(sorted) => percentile(sorted, of.percentile).is_some_and(|(p, by)| of.holds(p, by)),
        }
    }
}

/// Thousandths of a percent in all.
pub(super) const ALL_PERCENT: u32 = 100_000;

/// Linear interpolation between the two nearest of a sorted list, as a number and what it is to be divided by.
fn percentile(sorted: &[i128], thousandths: u32) -> Option<(i128, i128)> {
    let last = sorted.len().checked_sub(1)?;
    let (all, place) = (ALL_PERCENT as usize, last * thousandths as usize);
    let (low, rest) = (place / all, place % all);
    let (low, high) = (sorted[low], sorted[last.min(low + 1)]);
    let rest = i128::try_from(rest).ok()?;
    Some((low * i128::from(ALL_PERCENT) + (high - low) * rest, i128::from(ALL_PERCENT)))
}

/// How far the rules of an ordered correlation came, step by step: for each step, when the latest run that reached it
/// began. A run takes each step with a later record than the one before.
#[derive(Debug, Clone, Default)]
pub(super) struct Steps {
    began: Vec<Option<Timestamp>>,
    /// As it was before the record that came last.
    before: Vec<Option<Timestamp>>,
    last: Option<(Timestamp, u64)>,
}

impl Steps {
    /// Takes the next hit in the order of time.
    pub(super) fn take(&mut self, rules: &[usize], rule: usize, at: (Timestamp, u64)) {
        self.began.resize(rules.len(), None);
        if self.last != Some(at) {
            self.before.clone_from(&self.began);
            self.last = Some(at);
        }
        for (step, _) in rules.iter().enumerate().filter(|(_, r)| **r == rule) {
            let run = match step {
                0 => Some(at.0),
                _ => self.before[step - 1],
            };
            self.began[step] = self.began[step].max(run);
        }
    }

    /// How many steps a run that began at or after this took.
    pub(super) fn since(&self, start: Timestamp) -> usize {
        self.began.iter().rposition(|began| began.is_some_and(|b| b >= start)).map_or(0, |step| step + 1)
    }
}
