//! Keys: made of chance, wrapped at rest, wiped from memory.
//!
//! The provider's key wraps each customer's key and the key that signs its log; the customer's key wraps the random
//! key of each epoch. What is derived cannot be destroyed, so epoch keys are random.
//! TRUST: whoever can read `keys/` and `vaults/` can read every record; either alone gives nothing.

use crate::chunked;
use crate::{Chance, disk::Disk};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::io;
use zeroize::{Zeroize, Zeroizing};

const PROVIDER: &str = "keys/provider.key";
const PROVIDER_WORD: &str = "bailiwick-provider-key-v1";
const WRAPPED_WORD: &str = "bailiwick-wrapped-key-v1";

/// Why a key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No such file.
    #[error("key `{name}` is missing")]
    Missing {
        /// Its place in the home.
        name: String,
    },
    /// The file is there and is not that key.
    #[error("key `{name}` does not open: changed, or of another home")]
    Broken {
        /// Its place in the home.
        name: String,
    },
    /// The disk or the machine's randomness failed.
    #[error("key `{name}` cannot be read or written")]
    Io {
        /// Its place in the home.
        name: String,
        /// What the machine said.
        source: io::Error,
    },
}

/// 32 secret bytes. No `Debug`, no `Display`; wiped when dropped.
pub(crate) struct Secret([u8; 32]);

impl Secret {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn random(chance: &mut dyn Chance) -> io::Result<Self> {
        let mut secret = Self([0; 32]);
        chance.fill(&mut secret.0)?;
        Ok(secret)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

fn read_text(disk: &dyn Disk, name: &str) -> Result<Zeroizing<String>, KeyError> {
    let bytes = disk.read(name).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => KeyError::Missing { name: name.into() },
        _ => KeyError::Io { name: name.into(), source },
    })?;
    String::from_utf8(bytes).map(Zeroizing::new).map_err(|_| KeyError::Broken { name: name.into() })
}

/// Makes the provider's key.
pub(crate) fn make_provider(disk: &dyn Disk, chance: &mut dyn Chance) -> Result<Secret, KeyError> {
    let failed = |source| KeyError::Io { name: PROVIDER.into(), source };
    let key = Secret::random(chance).map_err(failed)?;
    let line = Zeroizing::new(format!("{PROVIDER_WORD} {}\n", BASE64_STANDARD.encode(key.bytes())));
    disk.put(PROVIDER, line.as_bytes()).map_err(failed)?;
    Ok(key)
}

/// Reads the provider's key.
pub(crate) fn read_provider(disk: &dyn Disk) -> Result<Secret, KeyError> {
    let text = read_text(disk, PROVIDER)?;
    let bytes = text
        .strip_prefix(PROVIDER_WORD)
        .and_then(|rest| BASE64_STANDARD.decode(rest.trim()).ok())
        .map(Zeroizing::new);
    bytes.and_then(|b| Secret::from_slice(&b)).ok_or(KeyError::Broken { name: PROVIDER.into() })
}

fn context(use_of: &str, origin: &str) -> Vec<u8> {
    [b"bailiwick/v1/wrap".as_slice(), use_of.as_bytes(), origin.as_bytes()].join(&0)
}

/// Wraps `key` under `by` and writes it. `use_of` and `origin` are bound into it.
pub(crate) fn write_wrapped(
    disk: &dyn Disk,
    name: &str,
    (key, by): (&Secret, &Secret),
    (use_of, origin): (&str, &str),
    chance: &mut dyn Chance,
) -> Result<(), KeyError> {
    let failed = |source| KeyError::Io { name: name.into(), source };
    let wrapped = chunked::seal(by, &context(use_of, origin), key.bytes(), chance).map_err(failed)?;
    let line = format!("{WRAPPED_WORD} {use_of} {}\n", BASE64_STANDARD.encode(wrapped));
    disk.put(name, line.as_bytes()).map_err(failed)
}

/// Reads a wrapped key; gives it with the use that was bound into it.
pub(crate) fn read_wrapped(
    disk: &dyn Disk,
    name: &str,
    by: &Secret,
    origin: &str,
) -> Result<(Secret, String), KeyError> {
    read_wrapped_by_any(disk, name, &[by], origin)
}

/// The same where one of several keys wrapped it: while a key is being rotated.
pub(crate) fn read_wrapped_by_any(
    disk: &dyn Disk,
    name: &str,
    by: &[&Secret],
    origin: &str,
) -> Result<(Secret, String), KeyError> {
    let text = read_text(disk, name)?;
    let opened = text.lines().next().and_then(|line| by.iter().find_map(|by| open_line(line, by, origin)));
    opened.ok_or_else(|| KeyError::Broken { name: name.into() })
}

/// Opens one line of a file of keys.
fn open_line(line: &str, by: &Secret, origin: &str) -> Option<(Secret, String)> {
    let (use_of, wrapped) = line.strip_prefix(WRAPPED_WORD)?.trim_start().rsplit_once(' ')?;
    let wrapped = BASE64_STANDARD.decode(wrapped).ok()?;
    let plain = chunked::open(by, &context(use_of, origin), &wrapped).map(Zeroizing::new).ok()?;
    Some((Secret::from_slice(&plain)?, use_of.to_owned()))
}

/// Wraps several keys of one use into one file, a line each: the first is the one in force.
pub(crate) fn write_wrapped_list(
    disk: &dyn Disk,
    name: &str,
    (list, by): (&[&Secret], &Secret),
    (use_of, origin): (&str, &str),
    chance: &mut dyn Chance,
) -> Result<(), KeyError> {
    let failed = |source| KeyError::Io { name: name.into(), source };
    let mut lines = Zeroizing::new(String::new());
    for key in list {
        let wrapped = chunked::seal(by, &context(use_of, origin), key.bytes(), chance).map_err(failed)?;
        lines.push_str(&format!("{WRAPPED_WORD} {use_of} {}\n", BASE64_STANDARD.encode(wrapped)));
    }
    disk.put(name, lines.as_bytes()).map_err(failed)
}

/// Reads what [`write_wrapped_list`] wrote.
pub(crate) fn read_wrapped_list(
    disk: &dyn Disk,
    name: &str,
    by: &Secret,
    origin: &str,
) -> Result<Vec<Secret>, KeyError> {
    let text = read_text(disk, name)?;
    let list: Option<Vec<Secret>> = text.lines().map(|l| Some(open_line(l, by, origin)?.0)).collect();
    list.filter(|l| !l.is_empty()).ok_or_else(|| KeyError::Broken { name: name.into() })
}

/// Destroys a key at rest: overwritten, then removed. What a medium or a backup keeps of it, nobody here can reach; backups of
/// keys have to end on the same clock.
pub(crate) fn destroy(disk: &dyn Disk, name: &str) -> io::Result<()> {
    if let Ok(length) = disk.length(name) {
        let zeros = vec![0; usize::try_from(length.min(1 << 16)).unwrap_or(0)];
        disk.put_soon(name, &zeros)?;
        disk.sync(name)?;
    }
    disk.remove(name)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::disk::Memory;

    /// A test's randomness: never the same block twice.
    #[derive(Default)]
    pub(crate) struct Counter(u64);

    impl Chance for Counter {
        fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()> {
            for chunk in bytes.chunks_mut(8) {
                self.0 += 1;
                chunk.copy_from_slice(
                    &self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[..chunk.len()],
                );
            }
            Ok(())
        }
    }

    #[test]
    fn a_wrapped_key_opens_for_its_owner_origin_and_use_only() {
        let (disk, mut chance) = (Memory::new(), Counter::default());
        let (key, by) = (Secret::new([1; 32]), Secret::new([2; 32]));
        write_wrapped(&disk, "keys/a/epoch", (&key, &by), ("epoch 1 0 3", "p/a/records"), &mut chance)
            .expect("fits");
        let (back, use_of) = read_wrapped(&disk, "keys/a/epoch", &by, "p/a/records").expect("opens");
        assert_eq!((back.bytes(), use_of.as_str()), (&[1; 32], "epoch 1 0 3"));
        assert!(read_wrapped(&disk, "keys/a/epoch", &by, "p/b/records").is_err(), "another customer");
        assert!(read_wrapped(&disk, "keys/a/epoch", &key, "p/a/records").is_err(), "another owner");
        let text = String::from_utf8(disk.read("keys/a/epoch").expect("there")).expect("text");
        disk.put("keys/a/epoch", text.replace("epoch 1", "epoch 2").as_bytes()).expect("fits");
        assert!(read_wrapped(&disk, "keys/a/epoch", &by, "p/a/records").is_err(), "another use");
    }

    #[test]
    fn the_provider_key_survives_and_damage_is_named() {
        let (disk, mut chance) = (Memory::new(), Counter::default());
        assert!(matches!(read_provider(&disk), Err(KeyError::Missing { .. })));
        let key = make_provider(&disk, &mut chance).expect("fits");
        assert_eq!(read_provider(&disk).expect("opens").bytes(), key.bytes());
        disk.put(PROVIDER, b"bailiwick-provider-key-v1 AAAA\n").expect("fits");
        assert!(matches!(read_provider(&disk), Err(KeyError::Broken { .. })));
    }
}
