//! Names of providers and customers: parsed once at the edge, then right everywhere.

use crate::Time;
use std::fmt;

/// Longest id, in bytes: one label of a host name (RFC 1035 §2.3.4), so that it can stand in a path or origin.
const ID_LIMIT_BYTES: usize = 63;
/// Longest display name, in bytes.
const NAME_LIMIT_BYTES: usize = 200;

/// Why a name is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No character at all.
    #[error("name is empty")]
    Empty,
    /// More than the limit.
    #[error("name has {have} bytes, the limit is {limit}")]
    Long {
        /// Bytes given.
        have: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A character that ids do not have.
    #[error("`{found}` cannot stand in an id: use a-z, 0-9 and `-`, beginning with a letter or digit")]
    Character {
        /// The first such character, escaped.
        found: String,
    },
}

fn id(text: &str) -> Result<String, NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > ID_LIMIT_BYTES {
        return Err(NameError::Long { have: text.len(), limit: ID_LIMIT_BYTES });
    }
    let bad = text
        .chars()
        .enumerate()
        .find(|&(place, c)| !(c.is_ascii_lowercase() || c.is_ascii_digit() || (c == '-' && place > 0)));
    match bad {
        Some((_, found)) => Err(NameError::Character { found: found.escape_debug().to_string() }),
        None => Ok(text.to_owned()),
    }
}

/// A customer's id: 1 to 63 of `a-z 0-9 -`, not beginning with `-`. It reaches from the command to the path and the
/// key, so it cannot hold a path, a space or a control character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerId(String);

impl CustomerId {
    /// Reads an id.
    ///
    /// # Errors
    /// [`NameError`] says which character or length is wrong.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        id(text).map(Self)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A provider's id, made from its name: the first part of every origin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderId(String);

impl ProviderId {
    /// Reads an id of the same form as [`CustomerId`].
    ///
    /// # Errors
    /// [`NameError`] says which character or length is wrong.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        id(text).map(Self)
    }

    /// Makes an id of a display name: `Northwind IT` becomes `northwind-it`.
    ///
    /// # Errors
    /// [`NameError::Empty`] when the name has no ASCII letter or digit at all.
    pub fn from_name(name: &str) -> Result<Self, NameError> {
        let mut made = String::new();
        for c in name.chars() {
            if c.is_ascii_alphanumeric() {
                made.push(c.to_ascii_lowercase());
            } else if !made.is_empty() && !made.ends_with('-') {
                made.push('-');
            }
        }
        made.truncate(ID_LIMIT_BYTES);
        id(made.trim_end_matches('-')).map(Self)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks a display name: not empty, at most 200 bytes, no control characters.
fn display_name(name: &str) -> Result<String, NameError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.len() > NAME_LIMIT_BYTES {
        return Err(NameError::Long { have: name.len(), limit: NAME_LIMIT_BYTES });
    }
    match name.chars().find(|c| c.is_control()) {
        Some(found) => Err(NameError::Character { found: found.escape_debug().to_string() }),
        None => Ok(name.to_owned()),
    }
}

/// The managed service provider that runs this home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its id, the first part of every origin.
    pub id: ProviderId,
    /// Its name for people.
    pub name: String,
}

impl Provider {
    /// Makes a provider of its name for people.
    ///
    /// # Errors
    /// [`NameError`] says what the name lacks.
    pub fn named(name: &str) -> Result<Self, NameError> {
        Ok(Self { id: ProviderId::from_name(name)?, name: display_name(name)? })
    }
}

/// A customer of the provider, owner of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// Its name for people.
    pub name: String,
    /// When the provider added it.
    pub since: Time,
}

impl Customer {
    /// Makes a customer.
    ///
    /// # Errors
    /// [`NameError`] says what the name lacks.
    pub fn new(id: CustomerId, name: &str, since: Time) -> Result<Self, NameError> {
        Ok(Self { id, name: display_name(name)?, since })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, good: bool) {
        assert_eq!(CustomerId::parse(text).is_ok(), good, "{text:?}");
    }

    #[test]
    fn a_customer_id_is_one_plain_label() {
        for good in ["acme", "a", "0", "a-b", "x".repeat(63).as_str()] {
            check(good, true);
        }
        for bad in ["", "-a", "A", "../acme", "a/b", "a b", "a\0", "ä", "a.b", "x".repeat(64).as_str()] {
            check(bad, false);
        }
    }

    #[test]
    fn a_provider_id_is_made_of_its_name() {
        assert_eq!(ProviderId::from_name("Northwind IT").map(|i| i.0), Ok("northwind-it".into()));
        assert_eq!(ProviderId::from_name("  Ärzte & Co. ").map(|i| i.0), Ok("rzte-co".into()));
        assert_eq!(ProviderId::from_name("日本"), Err(NameError::Empty));
        assert!(Provider::named("bad\u{1b}[2J").is_err());
    }
}
