//! Numbers with units, and which of two asks more.

use serde::Deserialize;
use std::fmt;

/// A unit of a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Days of 24 hours.
    Days,
    /// Weeks of 7 days.
    Weeks,
    /// Calendar months, counted as the longest they can be: six are 184 days.
    Months,
    /// Calendar years, counted as the longest they can be: one is 366 days.
    Years,
    /// Days on which people work; not comparable with other times.
    WorkingDays,
    /// Parts of a hundred.
    Percent,
    /// Parts of a thousand: `995 permille` for 99.5 percent.
    Permille,
    /// Tenths of a score.
    Tenths,
    /// Attempts to sign in.
    Attempts,
    /// Characters of a password.
    Characters,
    /// Look-ups in the DNS.
    Lookups,
    /// Bits of a key.
    Bits,
    /// Sources of time.
    Sources,
    /// Changes in twelve months.
    Changes,
    /// Accounts of people or machines.
    Accounts,
    /// Sign-ins that failed.
    Failures,
    /// Programs of one purpose.
    Tools,
}

/// What two units must share to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Time,
    Share,
    Of(Unit),
}

/// Days that so many consecutive calendar months can have at most, from none to eleven.
const LONGEST_MONTHS: [u64; 12] = [0, 31, 62, 92, 123, 153, 184, 215, 245, 276, 306, 337];

impl Unit {
    /// Every unit.
    pub const ALL: [Self; 20] = [
        Self::Seconds,
        Self::Minutes,
        Self::Hours,
        Self::Days,
        Self::Weeks,
        Self::Months,
        Self::Years,
        Self::WorkingDays,
        Self::Percent,
        Self::Permille,
        Self::Tenths,
        Self::Attempts,
        Self::Characters,
        Self::Lookups,
        Self::Bits,
        Self::Sources,
        Self::Changes,
        Self::Accounts,
        Self::Failures,
        Self::Tools,
    ];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Minutes => "minutes",
            Self::Hours => "hours",
            Self::Days => "days",
            Self::Weeks => "weeks",
            Self::Months => "months",
            Self::Years => "years",
            Self::WorkingDays => "working-days",
            Self::Percent => "percent",
            Self::Permille => "permille",
            Self::Tenths => "tenths",
            Self::Attempts => "attempts",
            Self::Characters => "characters",
            Self::Lookups => "lookups",
            Self::Bits => "bits",
            Self::Sources => "sources",
            Self::Changes => "changes",
            Self::Accounts => "accounts",
            Self::Failures => "failures",
            Self::Tools => "tools",
        }
    }

    /// The unit of a word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.as_str() == word)
    }

    /// Whether numbers of both units can be compared.
    #[must_use]
    pub fn compares_with(self, other: Self) -> bool {
        self.kind() == other.kind()
    }

    fn kind(self) -> Kind {
        match self {
            Self::Seconds
            | Self::Minutes
            | Self::Hours
            | Self::Days
            | Self::Weeks
            | Self::Months
            | Self::Years => Kind::Time,
            Self::Percent | Self::Permille => Kind::Share,
            other => Kind::Of(other),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity {
    /// The number, at most [`Quantity::LIMIT`].
    pub number: u64,
    /// Its unit.
    pub unit: Unit,
}

impl Quantity {
    /// Largest number: a thousand years in seconds have less.
    pub const LIMIT: u64 = 100_000_000_000;

    /// The number in the smallest unit of its kind: seconds, permille, or its own.
    #[must_use]
    pub fn base(self) -> u64 {
        let days = |days: u64| days.saturating_mul(86_400);
        let n = self.number;
        match self.unit {
            Unit::Minutes => n.saturating_mul(60),
            Unit::Hours => n.saturating_mul(3_600),
            Unit::Days => days(n),
            Unit::Weeks => days(n.saturating_mul(7)),
            Unit::Months => days(longest_months(n)),
            Unit::Years => days(longest_months(n.saturating_mul(12))),
            Unit::Percent => n.saturating_mul(10),
            _ => n,
        }
    }

    /// The number in another unit of the same kind, rounded to the side that asks more; `None` where they cannot be
    /// compared.
    #[must_use]
    pub fn asked_in(self, unit: Unit, stricter: Stricter) -> Option<u64> {
        let down = self.in_unit(unit)?;
        let is_exact = Self { number: down, unit }.base() == self.base();
        Some(if stricter == Stricter::More && !is_exact { down.saturating_add(1) } else { down })
    }

    /// The number in another unit of the same kind, rounded down; `None` where they cannot be compared.
    #[must_use]
    pub fn in_unit(self, unit: Unit) -> Option<u64> {
        if !self.unit.compares_with(unit) {
            return None;
        }
        if self.unit == unit {
            return Some(self.number);
        }
        match unit {
            // Months and years have no one length to divide by.
            Unit::Months | Unit::Years => None,
            _ => Some(self.base() / Self { number: 1, unit }.base()),
        }
    }
}

/// Days that so many calendar months can have at most.
fn longest_months(months: u64) -> u64 {
    let (years, rest) = (months / 12, months % 12);
    let rest_days = LONGEST_MONTHS[usize::try_from(rest).unwrap_or(0)];
    // A leap day in each begun span of four years; that a century may lack one does not make the longest span shorter.
    let leap_days = if years == 0 { 0 } else { years.div_ceil(4) };
    let whole = years.saturating_mul(365).saturating_add(leap_days);
    whole.saturating_add(rest_days)
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.unit)
    }
}

/// In which direction a number asks more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stricter {
    /// A smaller number asks more: an age, a delay.
    Less,
    /// A larger number asks more: a time of keeping, a share.
    More,
}

impl Stricter {
    /// Whether the first asks less than the second. Quantities that cannot be compared are not weaker.
    #[must_use]
    pub fn is_weaker(self, this: Quantity, than: Quantity) -> bool {
        if !this.unit.compares_with(than.unit) {
            return false;
        }
        match self {
            Self::Less => this.base() > than.base(),
            Self::More => this.base() < than.base(),
        }
    }

    /// `at most` or `at least`.
    #[must_use]
    pub fn bound(self) -> &'static str {
        match self {
            Self::Less => "at most",
            Self::More => "at least",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(number: u64, unit: Unit) -> u64 {
        Quantity { number, unit }.in_unit(Unit::Days).unwrap()
    }

    #[test]
    fn months_are_as_long_as_they_can_be() {
        for (months, longest) in [(1, 31), (2, 62), (3, 92), (6, 184), (12, 366), (24, 731), (48, 1461)] {
            assert_eq!(days(months, Unit::Months), longest, "{months} months");
        }
        assert_eq!(days(2, Unit::Years), 731);
        assert_eq!(days(1, Unit::Weeks), 7);
    }

    #[test]
    fn the_longest_spans_of_months_are_those_of_the_calendar() {
        use jiff::{ToSpan, civil::date};
        let starts = (2019..2029).flat_map(|year| (1..=12).map(move |month| date(year, month, 1)));
        let starts: Vec<_> = starts.collect();
        for months in 1..=48_i32 {
            let length = |start: &jiff::civil::Date| {
                let end = start.checked_add(months.months()).unwrap();
                (end - *start).get_days()
            };
            let longest = starts.iter().map(length).max().unwrap();
            let ours = days(u64::try_from(months).unwrap(), Unit::Months);
            let theirs = u64::try_from(longest).unwrap();
            // Whole years and what is left may not both be at their longest in one calendar; never too short.
            assert!(ours >= theirs && ours - theirs <= 1, "{months} months: {ours} and {theirs}");
        }
    }

    #[test]
    fn which_of_two_is_weaker() {
        let q = |number, unit| Quantity { number, unit };
        assert!(Stricter::More.is_weaker(q(180, Unit::Days), q(6, Unit::Months)));
        assert!(!Stricter::More.is_weaker(q(6, Unit::Months), q(184, Unit::Days)));
        assert!(Stricter::Less.is_weaker(q(25, Unit::Hours), q(1, Unit::Days)));
        assert!(!Stricter::Less.is_weaker(q(995, Unit::Permille), q(100, Unit::Percent)));
        assert!(!Stricter::Less.is_weaker(q(9, Unit::Bits), q(1, Unit::Days)));
    }

    #[test]
    fn a_number_in_another_unit_asks_no_less() {
        for (number, unit, of_check, stricter, wanted) in [
            (36, Unit::Hours, Unit::Days, Stricter::Less, Some(1)),
            (36, Unit::Hours, Unit::Days, Stricter::More, Some(2)),
            (48, Unit::Hours, Unit::Days, Stricter::More, Some(2)),
            (995, Unit::Permille, Unit::Percent, Stricter::More, Some(100)),
            (6, Unit::Months, Unit::Days, Stricter::More, Some(184)),
            (3, Unit::Tools, Unit::Accounts, Stricter::Less, None),
        ] {
            let quantity = Quantity { number, unit };
            assert_eq!(quantity.asked_in(of_check, stricter), wanted, "{quantity} in {of_check}");
        }
    }

    #[test]
    fn every_unit_has_a_word_of_its_own() {
        for unit in Unit::ALL {
            assert_eq!(Unit::named(unit.as_str()), Some(unit));
        }
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        for unit in Unit::ALL {
            let largest = Quantity { number: u64::MAX, unit };
            assert!(largest.base() >= 1);
        }
    }
}
