//! Master files (RFC 1035 §5) and the lines of `dig`, which have the same form: records, directives, comments.

use super::answers::{Answers, Record};
use crate::document::Document;

/// Words that one record may have; a TXT record of 64 KiB has fewer than 300 strings.
const WORDS_LIMIT: usize = 4_096;

/// Reads all lines into the answers.
pub(super) fn read(text: &str, answers: &mut Answers, document: &mut Document) {
    let mut state = State::default();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(comment) = line.trim_start().strip_prefix(';') {
            answers.comment(comment.trim_start_matches(';').trim(), document);
            continue;
        }
        let mut words = Words::default();
        words.line(line);
        while words.open > 0 && !words.quoted && words.all.len() < WORDS_LIMIT {
            let Some((_, more)) = lines.next() else { break };
            words.line(more);
        }
        let place = number + 1;
        if words.open > 0 || words.quoted {
            document.defect(format!("line {place}: a record without its end"));
        } else if let Err(why) = state.record(&words, answers) {
            document.defect(format!("line {place}: {why}"));
        }
    }
}

/// The words of one record, over all lines that its parentheses span.
#[derive(Default)]
struct Words {
    /// Each word, and whether it stood in quotes.
    all: Vec<(String, bool)>,
    /// Whether the record begins with a blank: it has the owner of the one before.
    same_owner: bool,
    open: u32,
    quoted: bool,
}

impl Words {
    fn line(&mut self, line: &str) {
        if self.all.is_empty() && self.open == 0 {
            self.same_owner = line.starts_with([' ', '\t']);
        }
        let (mut word, mut begun, mut letters) = (String::new(), false, line.chars());
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => {
                    word.push(escaped(&mut letters));
                    begun = true;
                }
                '"' if self.quoted => {
                    self.quoted = false;
                    self.all.push((std::mem::take(&mut word), true));
                    begun = false;
                }
                '"' => {
                    self.end(&mut word, &mut begun);
                    self.quoted = true;
                }
                _ if self.quoted => word.push(letter),
                ';' => break,
                '(' | ')' => {
                    self.end(&mut word, &mut begun);
                    self.open = if letter == '(' { self.open + 1 } else { self.open.saturating_sub(1) };
                }
                _ if letter.is_whitespace() => self.end(&mut word, &mut begun),
                _ => {
                    word.push(letter);
                    begun = true;
                }
            }
        }
        if !self.quoted {
            self.end(&mut word, &mut begun);
        }
    }

    fn end(&mut self, word: &mut String, begun: &mut bool) {
        if std::mem::take(begun) {
            self.all.push((std::mem::take(word), false));
        }
    }
}

/// `\X` is X, `\DDD` the letter of that number.
fn escaped(letters: &mut std::str::Chars<'_>) -> char {
    let digits: String = letters.clone().take(3).collect();
    match digits.parse::<u8>() {
        Ok(number) if digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            letters.nth(2);
            char::from(number)
        }
        _ => letters.next().unwrap_or('\\'),
    }
}

/// What holds from line to line.
#[derive(Default)]
struct State {
    origin: Option<String>,
    owner: Option<String>,
}

impl State {
    fn record(&mut self, words: &Words, answers: &mut Answers) -> Result<(), String> {
        let Some(((first, quoted), rest)) = words.all.split_first() else { return Ok(()) };
        match first.as_str() {
            "$ORIGIN" => {
                let origin = rest.first().ok_or("`$ORIGIN` without a name")?;
                self.origin = Some(self.full(&origin.0)?);
                return Ok(());
            }
            "$TTL" => return Ok(()),
            "$INCLUDE" | "$GENERATE" => return Err(format!("`{first}` is not followed")),
            _ => {}
        }
        let rest = if words.same_owner {
            words.all.as_slice()
        } else {
            if *quoted {
                return Err("no owner".into());
            }
            self.owner = Some(self.full(first)?);
            rest
        };
        let owner = self.owner.clone().ok_or("a record before any owner")?;
        let (kind, rest) = kind(rest).ok_or("no type of a record")?;
        let Some(record) = self.made(&kind, rest)? else { return Ok(()) };
        // A transfer and a zone file name their apex in a SOA; without `$ORIGIN` relative names hang below it.
        if matches!(record, Record::Soa) && self.origin.is_none() {
            self.origin = Some(owner.clone());
        }
        answers.add(owner, record);
        Ok(())
    }

    fn made(&self, kind: &str, rest: &[(String, bool)]) -> Result<Option<Record>, String> {
        let text = |place: usize| {
            rest.get(place).map(|w| w.0.as_str()).ok_or_else(|| format!("`{kind}` without its value"))
        };
        Ok(Some(match kind {
            "SOA" => text(6).map(|_| Record::Soa)?,
            "TXT" => text(0).map(|_| Record::Txt(rest.iter().map(|w| w.0.as_str()).collect()))?,
            "MX" => {
                let preference = text(0)?.parse().map_err(|_| "`MX` without a preference")?;
                let host = text(1)?;
                Record::Mx(preference, if host == "." { String::new() } else { self.full(host)? })
            }
            "CNAME" => Record::Cname(self.full(text(0)?)?),
            "NS" => text(0).map(|_| Record::Ns)?,
            _ => Record::Other,
        }))
    }

    /// A name in full, lower case, without its last dot.
    fn full(&self, name: &str) -> Result<String, String> {
        let lower = name.to_lowercase();
        let relative = || self.origin.as_deref().ok_or_else(|| format!("`{name}` hangs below no `$ORIGIN`"));
        if lower.len() > 1_000 {
            return Err("a name that is too long".into());
        }
        match lower.strip_suffix('.') {
            Some(full) => Ok(full.to_owned()),
            None if lower == "@" => relative().map(str::to_owned),
            None => relative().map(|origin| format!("{lower}.{origin}")),
        }
    }
}

/// Skips lifetime and class, in either order, and finds the type.
fn kind(words: &[(String, bool)]) -> Option<(String, &[(String, bool)])> {
    for (place, (word, quoted)) in words.iter().enumerate().take(3) {
        let upper = word.to_ascii_uppercase();
        let lifetime = word.starts_with(|c: char| c.is_ascii_digit());
        if *quoted {
            return None;
        }
        if !lifetime && !matches!(upper.as_str(), "IN" | "CH" | "HS") {
            let is_type = upper.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            return is_type.then(|| (upper, &words[place + 1..]));
        }
    }
    None
}
