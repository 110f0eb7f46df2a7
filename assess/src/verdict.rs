//! The words of an answer, and what several answers make together.

use std::fmt;

/// What we conclude about a check or a measure, for one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Every subject was looked at and is as it should be.
    Met,
    /// Met, but for subjects that both sides excepted for a time.
    MetWithException,
    /// There is nobody whom it could concern, and an inventory proves that.
    NotApplicable,
    /// Nobody can say: evidence is missing, or does not speak of everybody.
    Unknown,
    /// The evidence is older than it may be.
    Stale,
    /// The evidence is a failure of the tool that should have made it, or the check could not be computed.
    Error,
    /// At least one subject is not as it should be.
    NotMet,
}

impl Verdict {
    /// Every verdict, from the best to the one that counts first.
    pub const ALL: [Self; 7] = [
        Self::Met,
        Self::MetWithException,
        Self::NotApplicable,
        Self::Unknown,
        Self::Stale,
        Self::Error,
        Self::NotMet,
    ];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::MetWithException => "met-with-exception",
            Self::NotApplicable => "not-applicable",
            Self::Unknown => "unknown",
            Self::Stale => "stale",
            Self::Error => "error",
            Self::NotMet => "not-met",
        }
    }

    /// The verdict of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.as_str() == word)
    }

    /// Whether it is good news.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Met | Self::MetWithException | Self::NotApplicable)
    }

    /// Whether it is no answer: neither good news nor bad.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Unknown | Self::Stale | Self::Error)
    }

    /// What several verdicts make together: the worst counts, and `not-applicable` gives way to every other. Of none nobody can say.
    #[must_use]
    pub fn together(verdicts: impl IntoIterator<Item = Self>) -> Self {
        let weight = |v: &Self| if *v == Self::NotApplicable { 0 } else { 1 + *v as u8 };
        verdicts.into_iter().max_by_key(weight).unwrap_or(Self::Unknown)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many subjects there are, how many are as they should be, and of how many nobody can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// As they should be.
    pub met: u64,
    /// All.
    pub total: u64,
    /// Nobody can say.
    pub unknown: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.met += other.met;
        self.total += other.total;
        self.unknown += other.unknown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn together_the_worst_counts_and_nothing_is_unknown() {
        use Verdict::{Error, Met, MetWithException, NotApplicable, NotMet, Stale, Unknown};
        for (all, want) in [
            (vec![], Unknown),
            (vec![NotApplicable], NotApplicable),
            (vec![NotApplicable, Met], Met),
            (vec![Met, MetWithException], MetWithException),
            (vec![Met, Unknown], Unknown),
            (vec![Unknown, Stale], Stale),
            (vec![Stale, Error], Error),
            (vec![NotMet, Error, Met], NotMet),
        ] {
            assert_eq!(Verdict::together(all.clone()), want, "{all:?}");
        }
    }
}
