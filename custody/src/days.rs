//! The keys of the days: each signs the checkpoints of its day beside the log's stable key, hands over to the next, and is
//! destroyed (docs/formats.md §3).
//!
//! TRUST: whoever takes every key of today can sign what comes. What lies before the last hand-over stands under a key that
//! no longer exists.

use crate::Chance;
use crate::disk::Disk;
use crate::keys::{self, KeyError, Secret};
use ledger::{Hash, Note, SigningKey, VerifierKey};
use model::Time;
use serde_json::json;
use std::io;

/// Longest file of notes that is read: more than a century of days.
const FILE_LIMIT_BYTES: u64 = 32 << 20;

/// A note that hands the log over to a day's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Handover {
    /// Size of the log before the record that announces it.
    pub(crate) size: u64,
    /// The day's key.
    pub(crate) vkey: VerifierKey,
    /// Days since 1970-01-01.
    pub(crate) day: i64,
    /// The whole signed note.
    pub(crate) note: Vec<u8>,
}

impl Handover {
    /// Signs over to a new key: by the stable key, and by the key of the day before if there is one.
    pub(crate) fn sign(
        (size, root): (u64, Hash),
        (origin, day): (&str, i64),
        vkey: VerifierKey,
        (stable, before): (&SigningKey, Option<&SigningKey>),
    ) -> Result<Self, ledger::NoteError> {
        let text = format!(
            "bailiwick-day-key v1\norigin {origin}\nday {}\nlog {size} {root}\nvkey {vkey}\n",
            date(day)
        );
        let mut note = stable.sign(&text)?;
        if let Some(before) = before {
            note.merge(&before.sign(&text)?)?;
        }
        Ok(Self { size, vkey, day, note: note.to_bytes() })
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let note = Note::parse(bytes).ok()?;
        let mut lines = note.text().lines().skip(2);
        let day = lines.next()?.strip_prefix("day ")?.parse::<jiff::civil::Date>().ok()?;
        let size = lines.next()?.strip_prefix("log ")?.split(' ').next()?.parse().ok()?;
        let vkey = VerifierKey::parse(lines.next()?.strip_prefix("vkey ")?).ok()?;
        let day = day.to_datetime(jiff::civil::Time::midnight());
        let seconds = jiff::tz::Offset::UTC.to_timestamp(day).ok()?.as_second();
        Some(Self { size, vkey, day: seconds.div_euclid(86_400), note: bytes.to_vec() })
    }

    /// The raw bytes of the record that announces it.
    pub(crate) fn announcement(&self) -> Vec<u8> {
        json!({"control": "day-key", "note": String::from_utf8_lossy(&self.note)}).to_string().into_bytes()
    }
}

/// A day, counted from 1970-01-01, as a date.
fn date(day: i64) -> jiff::civil::Date {
    let at = Time::from_second(day.saturating_mul(86_400)).unwrap_or(Time::UNIX_EPOCH);
    jiff::tz::Offset::UTC.to_datetime(at).date()
}

/// Where a vault keeps all notes, one behind the other.
pub(crate) fn name(customer: &str) -> String {
    format!("vaults/{customer}/days")
}

fn key_folder(customer: &str) -> String {
    format!("keys/{customer}/days")
}

fn key_name(customer: &str, vkey: &VerifierKey) -> String {
    // The eight hex digits behind the name; the key behind them is base64 and may hold `+` and `/` itself.
    let line = vkey.to_string();
    let id: String = line.chars().skip(vkey.name().chars().count() + 1).take(8).collect();
    let day = vkey.name().rsplit('/').next().unwrap_or_default().to_owned();
    format!("{}/{day}-{id}.key", key_folder(customer))
}

/// All hand-overs of a vault, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Days {
    bytes: Vec<u8>,
    /// The last two: what an open vault works with.
    pub(crate) last: Option<Handover>,
    pub(crate) before: Option<Handover>,
}

impl Days {
    /// Reads the file of a vault; `Err` says what is wrong with it. Signatures are the verifier's to check.
    pub(crate) fn read(disk: &dyn Disk, customer: &str) -> io::Result<Result<Self, String>> {
        let name = name(customer);
        match disk.length(&name) {
            Ok(length) if length > FILE_LIMIT_BYTES => return Ok(Err("it is far too long".into())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ok(Self::default())),
            Err(error) => return Err(error),
        }
        Ok(Self::parse(disk.read(&name)?))
    }

    fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let notes = Note::split(&bytes);
        let at = |back: usize| notes.len().checked_sub(back).map(|at| Handover::parse(notes[at]));
        let sound = |found: Option<Option<Handover>>| match found {
            Some(None) => Err("it holds something that is no note of a day's key".to_owned()),
            other => Ok(other.flatten()),
        };
        // An append that a crash cut short was never announced.
        let (last, before) = match at(1) {
            Some(None) if notes.len() > 1 => {
                return Self::parse(bytes[..bytes.len() - notes[notes.len() - 1].len()].to_vec());
            }
            last => (sound(last)?, sound(at(2))?),
        };
        Ok(Self { last, before, bytes })
    }

    /// The notes that were announced below a size of the log.
    pub(crate) fn announced(&self, size: u64) -> Vec<u8> {
        let pending = self.last.as_ref().filter(|last| last.size >= size).map_or(0, |last| last.note.len());
        self.bytes[..self.bytes.len() - pending].to_vec()
    }

    /// How many bytes of the file are sound.
    pub(crate) fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Adds a hand-over and waits for the disk.
    pub(crate) fn push(&mut self, disk: &dyn Disk, customer: &str, handover: Handover) -> io::Result<()> {
        let name = name(customer);
        disk.append(&name, &handover.note)?;
        disk.sync(&name)?;
        self.bytes.extend(&handover.note);
        self.before = self.last.replace(handover);
        Ok(())
    }
}

/// Makes the key of a day and keeps it, wrapped.
pub(crate) fn make_key(
    disk: &dyn Disk,
    (customer, origin, by): (&str, &str, &Secret),
    day: i64,
    chance: &mut dyn Chance,
) -> Result<SigningKey, KeyError> {
    let folder = key_folder(customer);
    let failed = |source| KeyError::Io { name: folder.clone(), source };
    let seed = Secret::random(chance).map_err(failed)?;
    let signer = SigningKey::from_seed(&format!("{origin}/day/{}", date(day)), seed.bytes())
        .map_err(|_| KeyError::Broken { name: folder.clone() })?;
    let name = key_name(customer, &signer.vkey());
    keys::write_wrapped(disk, &name, (&seed, by), ("day", origin), chance)?;
    Ok(signer)
}

/// The key of a hand-over.
pub(crate) fn read_key(
    disk: &dyn Disk,
    (customer, origin, by): (&str, &str, &Secret),
    handover: &Handover,
) -> Result<SigningKey, KeyError> {
    let name = key_name(customer, &handover.vkey);
    let (seed, _) = keys::read_wrapped(disk, &name, by, origin)?;
    let signer = SigningKey::from_seed(handover.vkey.name(), seed.bytes());
    signer.ok().filter(|s| s.vkey() == handover.vkey).ok_or(KeyError::Broken { name })
}

/// A file with a day's key that is not what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsound {
    pub(crate) name: String,
    pub(crate) missing: bool,
    pub(crate) why: &'static str,
}

/// Looks at every file with a day's key, for a log under a checkpoint of this size: the keys that sign from here on must be there,
/// and what is there must open. `Err` when the notes or the folder cannot be read.
pub(crate) fn unsound_keys(
    disk: &dyn Disk,
    (customer, origin, by): (&str, &str, &Secret),
    size: u64,
) -> Result<Vec<Unsound>, String> {
    let days = Days::read(disk, customer).map_err(|error| error.to_string())??;
    let mut found = vec![];
    // A hand-over that nothing announced yet needs both of its keys.
    let is_pending = days.last.as_ref().is_some_and(|last| last.size >= size);
    let signing: Vec<&Handover> = days.last.iter().chain(days.before.iter().filter(|_| is_pending)).collect();
    for handover in &signing {
        match read_key(disk, (customer, origin, by), handover) {
            Ok(_) => {}
            Err(error) => found.push(Unsound {
                name: key_name(customer, &handover.vkey),
                missing: matches!(error, KeyError::Missing { .. }),
                why: "it does not hold the key of a day that signs from here on, and nobody can write on without it",
            }),
        }
    }
    let signing: Vec<String> = signing.iter().map(|handover| key_name(customer, &handover.vkey)).collect();
    for name in disk.list(&key_folder(customer)).map_err(|error| error.to_string())? {
        // Of one that is being destroyed zeros may be left.
        let over = || disk.read(&name).is_ok_and(|bytes| bytes.iter().all(|&byte| byte == 0));
        if !signing.contains(&name) && keys::read_wrapped(disk, &name, by, origin).is_err() && !over() {
            found.push(Unsound { name, missing: false, why: "it holds no key of a day" });
        }
    }
    Ok(found)
}

/// Destroys every day's key but those named: overwritten, then removed.
pub(crate) fn destroy_others(disk: &dyn Disk, customer: &str, kept: &[&Handover]) -> io::Result<()> {
    let kept: Vec<String> = kept.iter().map(|h| key_name(customer, &h.vkey)).collect();
    for name in disk.list(&key_folder(customer))? {
        if !kept.contains(&name) {
            keys::destroy(disk, &name)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_that_lie_behind_each_other_are_told_apart() {
        let stable = SigningKey::from_seed("p/a/records", &[1; 32]).expect("good");
        let one = SigningKey::from_seed("p/a/records/day/2026-11-01", &[2; 32]).expect("good");
        let two = SigningKey::from_seed("p/a/records/day/2026-11-02", &[3; 32]).expect("good");
        let empty = ledger::root_of(&[]);
        let first =
            Handover::sign((0, empty), ("p/a/records", 20_758), one.vkey(), (&stable, None)).expect("signs");
        let second = Handover::sign((7, empty), ("p/a/records", 20_759), two.vkey(), (&stable, Some(&one)));
        let second = second.expect("signs");
        let bytes = [first.note.clone(), second.note.clone()].concat();
        assert_eq!(Note::split(&bytes), [first.note.as_slice(), second.note.as_slice()]);
        let days = Days::parse(bytes.clone()).expect("parses");
        assert_eq!((days.last.as_ref(), days.before.as_ref()), (Some(&second), Some(&first)));
        assert_eq!(days.announced(7), first.note);
        assert_eq!(days.announced(8), bytes);
        let torn = Days::parse(bytes[..bytes.len() - 30].to_vec()).expect("the first is whole");
        assert_eq!((torn.last.as_ref(), torn.length()), (Some(&first), first.note.len() as u64));
        let text = String::from_utf8(second.announcement()).expect("text");
        assert_eq!(
            text,
            format!(
                "{{\"control\":\"day-key\",\"note\":\"{}\"}}",
                String::from_utf8(second.note).expect("text").replace('\n', "\\n")
            )
        );
    }

    #[test]
    fn every_key_of_a_day_has_a_plain_file_name_of_its_own() {
        // Base64 of a key may hold any of `+`, `/` and `//`; among so many keys each of them comes.
        let keys: Vec<VerifierKey> = (0..=u16::MAX)
            .step_by(29)
            .map(|n| {
                let mut seed = [7; 32];
                seed[..2].copy_from_slice(&n.to_be_bytes());
                SigningKey::from_seed("p/a/records/day/2026-11-01", &seed).expect("good").vkey()
            })
            .collect();
        assert!(keys.iter().any(|key| key.to_string().contains("//")), "none of the hard ones is among them");
        let plain = |name: &str| {
            let rest = name.strip_prefix("keys/a/days/2026-11-01-").and_then(|n| n.strip_suffix(".key"));
            rest.is_some_and(|id| id.len() == 8 && id.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        let names: Vec<String> = keys.iter().map(|key| key_name("a", key)).collect();
        assert!(names.iter().all(|name| plain(name)), "{:?}", names.iter().find(|name| !plain(name)));
    }
}
