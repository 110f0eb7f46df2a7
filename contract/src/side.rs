//! Who of the two sides owes something.

use model::Side;
use serde::Deserialize;
use std::fmt;

/// Who owes a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// The provider alone.
    Provider,
    /// The customer alone.
    Customer,
    /// Both, each its own part.
    Both,
    /// Neither, and both know it.
    Nobody,
}

impl Owner {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Provider, Self::Customer, Self::Both, Self::Nobody];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Customer => "customer",
            Self::Both => "both",
            Self::Nobody => "nobody",
        }
    }

    /// The owner of a word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|owner| owner.as_str() == word)
    }

    /// Whether that side owes it, alone or with the other.
    #[must_use]
    pub fn includes(self, side: Side) -> bool {
        match self {
            Self::Both => true,
            Self::Provider => side == Side::Provider,
            Self::Customer => side == Side::Customer,
            Self::Nobody => false,
        }
    }

    /// The side that owes it alone, if one does.
    #[must_use]
    pub fn alone(self) -> Option<Side> {
        match self {
            Self::Provider => Some(Side::Provider),
            Self::Customer => Some(Side::Customer),
            Self::Both | Self::Nobody => None,
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
