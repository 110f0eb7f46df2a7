//! Which key fields a record can have at all: found in one pass over its own names, instead of asking for every key field
//! of every family of products. What is found is the same; a test holds both ways together.

use crate::vocabulary::HOSTS;
use model::Fields;

/// Key fields that one set of routes tells apart; with more, every one of them is asked.
const KEYS_LIMIT: usize = 120;

/// Sets of numbers below 128.
type Set = u128;

/// From the names at the top of a record to the key fields that may stand below them.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    /// By length of the name: the name, and what may stand there. The first [`HOSTS`] numbers are of host names.
    names: Vec<Vec<(String, Set)>>,
    is_full: bool,
}

impl Routes {
    /// Adds a key field of a family that nests its fields inside of these; the next number is its.
    pub(crate) fn add(&mut self, number: usize, field: &str, inside: &[String]) {
        if number >= KEYS_LIMIT {
            self.is_full = true;
            return;
        }
        let number = number + HOSTS.len();
        self.name(field, number);
        self.name(beginning(field), number);
        inside.iter().for_each(|outer| self.name(beginning(outer), number));
    }

    /// Adds the names of hosts.
    pub(crate) fn new() -> Self {
        let mut routes = Self::default();
        for (number, host) in HOSTS.iter().enumerate() {
            routes.name(host, number);
            routes.name(beginning(host), number);
        }
        routes
    }

    fn name(&mut self, name: &str, number: usize) {
        if self.names.len() <= name.len() {
            self.names.resize_with(name.len() + 1, Vec::new);
        }
        let list = &mut self.names[name.len()];
        match list.iter_mut().find(|(known, _)| known == name) {
            Some((_, set)) => *set |= 1 << number,
            None => list.push((name.to_owned(), 1 << number)),
        }
    }

    /// What may stand in this record.
    pub(crate) fn of(&self, fields: &Fields) -> Possible {
        if self.is_full {
            return Possible(Set::MAX, true);
        }
        let set = |name: &String| {
            let list = self.names.get(name.len()).map_or(&[][..], Vec::as_slice);
            list.iter().find(|(known, _)| known == name).map_or(0, |(_, set)| *set)
        };
        Possible(fields.keys().fold(0, |all, name| all | set(name)), false)
    }
}

/// What may stand in one record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Possible(Set, bool);

impl Possible {
    /// Everything.
    pub(crate) const ALL: Self = Self(Set::MAX, true);

    /// Whether this name of a host may.
    pub(crate) fn host(self, number: usize) -> bool {
        self.0 & (1 << number) != 0
    }

    /// Whether this key field may.
    pub(crate) fn key(self, number: usize) -> bool {
        self.1 || self.0 & (1 << (number + HOSTS.len()).min(127)) != 0
    }
}

/// The first step of a path, without the choice of a member.
fn beginning(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}
