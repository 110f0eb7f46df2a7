//! Keys that came before: events of one kind have the same keys in the same order, so the next key is guessed by the last.

use super::Names;
use crate::quick::Seed;
#[expect(clippy::disallowed_types, reason = "looked up by key only; their order is never read")]
use std::collections::HashMap;

/// Keys that are remembered; what comes beyond is looked up each time.
const KEYS_LIMIT: usize = 2048;
/// Bytes of the longest key that is remembered.
const KEY_BYTES: usize = 128;
/// Keys that are guessed to follow another.
const GUESSES: usize = 2;

/// Keys of events, each with what it leads to.
#[derive(Debug, Default)]
#[expect(clippy::disallowed_types, reason = "looked up by key only; their order is never read")]
pub(super) struct Memo {
    /// Whose names they lead to.
    names: u64,
    /// The first stands for the beginning of an event.
    keys: Vec<Key>,
    /// By the node from which it leads and its text.
    known: HashMap<u32, HashMap<Box<str>, usize, Seed>, Seed>,
    /// The key that came last.
    last: usize,
}

#[derive(Debug)]
struct Key {
    from: u32,
    text: Box<str>,
    to: Option<(u32, u32)>,
    /// Which keys came behind it, the last first.
    next: [usize; GUESSES],
}

impl Memo {
    /// A new event begins, which is read with these names.
    pub(super) fn begin(&mut self, names: &Names) {
        if self.names != names.mark || self.keys.is_empty() {
            self.names = names.mark;
            self.known.clear();
            self.keys.clear();
            self.keys.push(Key { from: super::NOWHERE, text: "".into(), to: None, next: [0; GUESSES] });
        }
        self.last = 0;
    }

    /// What a key leads to, as [`Names::step`] says it.
    #[inline]
    pub(super) fn step(&mut self, names: &Names, from: u32, key: &str) -> Option<(u32, u32)> {
        for guess in self.keys[self.last].next {
            let guessed = &self.keys[guess];
            if guessed.from == from && *guessed.text == *key {
                self.last = guess;
                return guessed.to;
            }
        }
        self.look_up(names, from, key)
    }

    #[cold]
    fn look_up(&mut self, names: &Names, from: u32, key: &str) -> Option<(u32, u32)> {
        let known = self.known.get(&from).and_then(|keys| keys.get(key)).copied();
        let Some(place) = known.or_else(|| self.learn(names, from, key)) else {
            return names.step(from, key);
        };
        let before = &mut self.keys[self.last].next;
        before.rotate_right(1);
        before[0] = place;
        self.last = place;
        self.keys[place].to
    }

    fn learn(&mut self, names: &Names, from: u32, key: &str) -> Option<usize> {
        if self.keys.len() >= KEYS_LIMIT || key.len() > KEY_BYTES {
            return None;
        }
        let place = self.keys.len();
        self.known.entry(from).or_default().insert(key.into(), place);
        self.keys.push(Key { from, text: key.into(), to: names.step(from, key), next: [0; GUESSES] });
        Some(place)
    }
}
