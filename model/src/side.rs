//! The two sides of every arrangement: who provides, and for whom.

use std::fmt;

/// Whose systems a document speaks of, whose duty a question is about, who signs, who owes.
///
/// ```
/// use model::Side;
///
/// assert_eq!(Side::from_word("provider"), Some(Side::Provider));
/// assert_eq!(Side::Provider.other().to_string(), "customer");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The managed service provider.
    Provider,
    /// The customer.
    Customer,
}

impl Side {
    /// Both sides, the provider first: the order of reports.
    pub const BOTH: [Self; 2] = [Self::Provider, Self::Customer];

    /// Its word in files, records and commands.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Customer => "customer",
        }
    }

    /// The side of a word, if it is the word of one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::BOTH.into_iter().find(|side| side.as_str() == word)
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Provider => Self::Customer,
            Self::Customer => Self::Provider,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_comes_back_from_its_word_and_from_no_other() {
        for side in Side::BOTH {
            assert_eq!(Side::from_word(side.as_str()), Some(side));
            assert_ne!(side.other(), side);
            assert_eq!(side.other().other(), side);
        }
        for word in ["", "Provider", " customer", "both", "nobody"] {
            assert_eq!(Side::from_word(word), None, "{word:?}");
        }
    }
}
