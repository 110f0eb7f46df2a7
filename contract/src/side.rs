//! The two sides of a contract, and who of them owes something.

use serde::Deserialize;
use std::fmt;

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The managed service provider.
    Provider,
    /// The customer.
    Customer,
}

impl Side {
    /// Both, the provider first.
    pub const ALL: [Self; 2] = [Self::Provider, Self::Customer];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Customer => "customer",
        }
    }

    /// The side of a word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.as_str() == word)
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
