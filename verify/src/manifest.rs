//! The text of a manifest: read leniently, so that the rest of a damaged bundle can still be checked, then held
//! against the one text that its content gives.

use crate::layout::Span;
use ledger::{Hash, PAGE};
use std::collections::BTreeMap;
use std::fmt::Write;

/// First line of every manifest of version 1.
const TITLE: &str = "bailiwick-bundle v1";

/// What could be read of a manifest.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    /// The log's name.
    pub(crate) origin: Option<String>,
    /// Size and root of the checkpoint.
    pub(crate) checkpoint: Option<(u64, Hash)>,
    /// First record and how many.
    pub(crate) records: Option<(u64, u64)>,
    /// Listed files by name.
    pub(crate) files: BTreeMap<String, Listed>,
}

/// What a manifest says of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Its length.
    pub(crate) bytes: u64,
    /// Its SHA-256.
    pub(crate) sha256: [u8; 32],
}

impl Manifest {
    /// Reads what can be read, and names the first line (from 1) that is not what it must be.
    pub(crate) fn read(text: &str) -> (Self, Option<usize>) {
        let mut read = Self::default();
        for line in text.lines() {
            read.take(line);
        }
        let line = read.first_wrong_line(text);
        (read, line)
    }

    /// Which records the bundle holds; all of them when its line says what cannot be.
    pub(crate) fn span(&self, size: u64) -> Span {
        let sound = |(first, count): &(u64, u64)| {
            first.checked_add(*count) == Some(size) && first.is_multiple_of(PAGE)
        };
        Span { first: self.records.filter(sound).map_or(0, |(first, _)| first), size }
    }

    fn take(&mut self, line: &str) {
        let Some((word, rest)) = line.split_once(' ') else { return };
        let parts: Vec<&str> = rest.splitn(4, ' ').collect();
        match (word, parts.as_slice()) {
            ("origin", [origin]) if self.origin.is_none() => self.origin = Some((*origin).to_owned()),
            ("checkpoint", [size, root]) if self.checkpoint.is_none() => {
                self.checkpoint = number(size).zip(Hash::from_base64(root));
            }
            ("records", [first, count]) if self.records.is_none() => {
                self.records = number(first).zip(number(count));
            }
            ("file", [name, bytes, hash]) => {
                if let Some((bytes, sha256)) = number(bytes).zip(sha256(hash)) {
                    self.files.entry((*name).to_owned()).or_insert(Listed { bytes, sha256 });
                }
            }
            _ => {}
        }
    }

    /// The one text of this content.
    fn text(&self) -> Option<String> {
        let (size, root) = self.checkpoint?;
        let (first, count) = self.records?;
        let origin = self.origin.as_deref()?;
        let mut out =
            format!("{TITLE}\norigin {origin}\ncheckpoint {size} {root}\nrecords {first} {count}\n");
        for (name, listed) in &self.files {
            let _ = write!(out, "file {name} {} ", listed.bytes);
            for byte in listed.sha256 {
                let _ = write!(out, "{byte:02x}");
            }
            out.push('\n');
        }
        Some(out)
    }

    fn first_wrong_line(&self, text: &str) -> Option<usize> {
        let Some(want) = self.text() else {
            // One of the first four lines could not be read: the first that lacks its word is the one.
            let starts = [TITLE, "origin ", "checkpoint ", "records "];
            let read = [true, self.origin.is_some(), self.checkpoint.is_some(), self.records.is_some()];
            let mut lines = text.lines();
            let wrong = starts.iter().zip(read).position(|(start, read)| {
                !(read && lines.next().is_some_and(|line| line.starts_with(start)))
            });
            return Some(wrong.unwrap_or(0) + 1);
        };
        if want == text {
            return None;
        }
        let same = want.split_inclusive('\n').zip(text.split_inclusive('\n')).take_while(|(a, b)| a == b);
        Some(same.count() + 1)
    }
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}

fn sha256(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    fn sample() -> String {
        let hash = "0a".repeat(32);
        format!(
            "{TITLE}\norigin n/acme/records\ncheckpoint 3 {ROOT}\nrecords 0 3\nfile checkpoint 9 {hash}\nfile vkey 7 {hash}\n"
        )
    }

    fn check(text: &str, line: Option<usize>) {
        assert_eq!(Manifest::read(text).1, line, "{text:?}");
    }

    #[test]
    fn every_other_spelling_of_a_manifest_names_its_line() {
        let good = sample();
        check(&good, None);
        check("", Some(1));
        check("\n\n\n", Some(1));
        check(&good.replace("v1", "v2"), Some(1));
        check(&good.replace("origin ", "origin  "), Some(2));
        check(&good.replace("checkpoint 3", "checkpoint 03"), Some(3));
        check(&good.replace("checkpoint 3", "checkpoint 99999999999999999999999"), Some(3));
        check(&good.replace(ROOT, "AAAA"), Some(3));
        check(&good.replace("records 0", "records +0"), Some(4));
        check(&good.replace("records 0 3\n", ""), Some(4));
        check(&good.replace("checkpoint 9 0a", "checkpoint 9 0A"), Some(5));
        check(&good.replace("vkey 7", "vkey 7 7"), Some(6));
        check(&good.replace("file vkey", "file  vkey"), Some(6));
        check(&format!("{good}extra\n"), Some(7));
        check(&good.replace("file checkpoint", "file zzz"), Some(5));
        let twice = good.lines().last().map(|l| format!("{good}{l}\n")).expect("has lines");
        check(&twice, Some(7));
        check(good.trim_end(), Some(6));
        check(&good.replace('\n', "\r\n"), Some(1));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_accepted_is_the_text_of_its_content(text in "([a-z0-9+/= \n]|file |records |checkpoint |origin ){0,200}") {
            let (read, wrong) = Manifest::read(&text);
            prop_assert_eq!(wrong.is_none(), read.text() == Some(text));
        }

        #[test]
        fn a_changed_character_is_never_the_same_manifest(at in any::<prop::sample::Index>(), c in "[ -~\n]") {
            let good = sample();
            let at = at.index(good.len());
            let changed = format!("{}{c}{}", &good[..at], &good[at + 1..]);
            let (read, wrong) = Manifest::read(&changed);
            if wrong.is_none() {
                prop_assert_eq!(read.text(), Some(changed));
            }
        }
    }
}
