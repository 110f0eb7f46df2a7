//! The keys of days (docs/formats.md §3): each note signed by the log's key and by the key of the day before.

use crate::report::{CHANGED, Findings, OTHER, REWRITTEN, Stage, clean};
use crate::words;
use ledger::{Hash, Note, VerifierKey};
use std::collections::BTreeMap;

/// Most notes that are read: more than a century of days.
const NOTES_LIMIT: usize = 40_000;
const TITLE: &str = "bailiwick-day-key v1";

/// One hand-over.
#[derive(Debug, Clone)]
pub(crate) struct Day {
    pub(crate) size: u64,
    pub(crate) root: Hash,
    pub(crate) day: String,
    pub(crate) vkey: VerifierKey,
}

/// All hand-overs of a log, in order, as far as they could be read.
#[derive(Debug, Default)]
pub(crate) struct Days {
    pub(crate) list: Vec<Day>,
    /// What the record at the size of each must hold.
    announced: BTreeMap<u64, Vec<u8>>,
    /// Whether all of the file could be read and believed.
    pub(crate) whole: bool,
}

/// Reads the text of a note in its one spelling.
fn read(text: &str, origin: &str) -> Option<Day> {
    let mut lines = text.lines();
    let mut line = |word: &str| lines.next()?.strip_prefix(word).map(str::to_owned);
    (line("")? == TITLE && line("origin ")? == origin).then_some(())?;
    let day = line("day ")?;
    let (size, root) = line("log ")?
        .split_once(' ')
        .map(|(size, root)| (size.parse::<u64>().ok(), Hash::from_base64(root)))?;
    let (size, root) = size.zip(root)?;
    let vkey = VerifierKey::parse(&line("vkey ")?).ok()?;
    let made = format!("{TITLE}\norigin {origin}\nday {day}\nlog {size} {root}\nvkey {vkey}\n");
    let dated = day.len() == 10 && day.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    (made == text && dated && vkey.name() == format!("{origin}/day/{day}")).then_some(Day {
        size,
        root,
        day,
        vkey,
    })
}

impl Days {
    /// Reads and checks the whole chain under the log's key.
    pub(crate) fn check(
        bytes: &[u8],
        key: &VerifierKey,
        origin: &str,
        path: &str,
        findings: &mut Findings,
    ) -> Self {
        let mut days = Self::default();
        let mut tell = |threat: &'static str, what: String| {
            let next = if threat == OTHER { words::OTHER_NEXT } else { words::CHANGED_NEXT };
            findings.add(Stage::Checkpoint, threat, None, Some(path), format!("{what}. {next}"));
        };
        let notes = Note::split(bytes);
        if notes.is_empty() || notes.len() > NOTES_LIMIT {
            tell(
                CHANGED,
                format!("The file with the keys of days holds {} notes, which cannot be", notes.len()),
            );
            return days;
        }
        for (number, bytes) in notes.into_iter().enumerate() {
            let before = days.list.last();
            let parsed = Note::parse(bytes).ok();
            let day = parsed.as_ref().and_then(|note| read(note.text(), origin));
            let (Some(note), Some(day)) = (parsed, day) else {
                tell(
                    CHANGED,
                    format!(
                        "Note {} of the keys of days is not what it must be, or is of another log",
                        number + 1
                    ),
                );
                return days;
            };
            if let Err((threat, what)) = signed(&note, &day, before, key) {
                tell(
                    threat,
                    format!("The key of {} was not handed over as it must be: {what}", clean(&day.day)),
                );
                return days;
            }
            let text = String::from_utf8_lossy(bytes).replace('\n', "\\n");
            days.announced
                .insert(day.size, format!("{{\"control\":\"day-key\",\"note\":\"{text}\"}}").into_bytes());
            days.list.push(day);
        }
        days.whole = true;
        days
    }

    /// What the record at this place must hold, if it announces a key.
    pub(crate) fn announcement(&self, seq: u64) -> Option<&[u8]> {
        self.announced.get(&seq).map(Vec::as_slice)
    }
}

fn signed(
    note: &Note,
    day: &Day,
    before: Option<&Day>,
    key: &VerifierKey,
) -> Result<(), (&'static str, String)> {
    let many = 1 + usize::from(before.is_some());
    if note.signatures().len() != many {
        return Err((
            CHANGED,
            format!("it carries {} signatures and must carry {many}", note.signatures().len()),
        ));
    }
    note.verify(std::slice::from_ref(key)).map_err(|error| (OTHER, clean(&error.to_string())))?;
    let Some(before) = before else {
        let empty = day.size == 0 && day.root == ledger::root_of(&[]);
        return if empty {
            Ok(())
        } else {
            Err((CHANGED, "the first key does not begin with an empty log".into()))
        };
    };
    if day.size <= before.size {
        return Err((CHANGED, "the log did not grow between two of them".into()));
    }
    note.verify(std::slice::from_ref(&before.vkey)).map(drop).map_err(|_| {
        (
            REWRITTEN,
            format!(
                "the key of {} before it did not sign: somebody who holds later keys only rewrote the past",
                clean(&before.day)
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_in_its_one_spelling_only() {
        let key = ledger::SigningKey::from_seed("p/a/records/day/2026-11-01", &[1; 32]).expect("good").vkey();
        let root = ledger::root_of(&[]);
        let good = format!("{TITLE}\norigin p/a/records\nday 2026-11-01\nlog 0 {root}\nvkey {key}\n");
        assert!(read(&good, "p/a/records").is_some());
        assert!(read(&good, "p/b/records").is_none());
        for (from, to) in [
            ("log 0", "log 00"),
            ("log 0", "log +0"),
            ("day 2026-11-01", "day 2026-11-02"),
            (TITLE, "v2"),
            ("vkey ", "vkey  "),
        ] {
            assert!(read(&good.replacen(from, to, 1), "p/a/records").is_none(), "{to}");
        }
        assert!(read(&format!("{good}more\n"), "p/a/records").is_none());
        assert!(read(good.trim_end(), "p/a/records").is_none());
    }
}
