//! Reads keys of a TOML file, each with its place, and collects every fault instead of stopping at the first.

use crate::place::{Code, ContractError, ERRORS_LIMIT, Said, Text, did_you_mean, shown};
use crate::unit::Quantity;
use jiff::civil::Date;
use model::is_hidden;
use std::cell::RefCell;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Largest file, in bytes.
pub(crate) const FILE_LIMIT_BYTES: usize = 1 << 20;
/// Longest text, in bytes.
pub(crate) const TEXT_LIMIT_BYTES: usize = 4_000;
/// Most entries of a list or tables of one name.
pub(crate) const LIST_LIMIT: usize = 1_000;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

/// The text and the faults found so far.
#[derive(Debug)]
pub(crate) struct Faults<'a> {
    pub(crate) text: Text<'a>,
    found: RefCell<Vec<(usize, ContractError)>>,
}

impl<'a> Faults<'a> {
    pub(crate) fn new(text: Text<'a>) -> Self {
        Self { text, found: RefCell::default() }
    }

    /// Notes a fault; `why` and `instead` may be empty.
    pub(crate) fn say(&self, span: &Range<usize>, code: Code, what: String, why: &str, instead: String) {
        let mut found = self.found.borrow_mut();
        if found.len() < ERRORS_LIMIT {
            let said = Said { what, why: why.to_owned(), instead };
            found.push((span.start, self.text.error(span.clone(), code, said)));
        }
    }

    /// Whether no more faults are noted: what would come now is neither looked at nor compared with known words.
    pub(crate) fn is_full(&self) -> bool {
        self.found.borrow().len() >= ERRORS_LIMIT
    }

    /// What was read, if there was no fault; else the faults in the order of the file.
    pub(crate) fn done<T>(self, read: Option<T>) -> Result<T, Vec<ContractError>> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|(at, _)| *at);
        match read {
            Some(read) if found.is_empty() => Ok(read),
            _ => {
                if found.is_empty() {
                    let said = Said { what: "something is missing here".to_owned(), ..Said::default() };
                    found.push((0, self.text.error(0..0, Code::MissingKey, said)));
                }
                Err(found.into_iter().map(|(_, error)| error).collect())
            }
        }
    }
}

/// Parses a file into its top table. The answer is `None` when it is no TOML or too large.
pub(crate) fn top<'t>(faults: &Faults<'t>) -> Option<DeTable<'t>> {
    let raw = faults.text.raw;
    if raw.len() > FILE_LIMIT_BYTES {
        let what = format!("the file has {} bytes, the limit is {FILE_LIMIT_BYTES}", raw.len());
        faults.say(&(0..0), Code::TooLarge, what, "everything from outside has a bound", String::new());
        return None;
    }
    match DeTable::parse(raw) {
        Ok(table) => Some(table.into_inner()),
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            let what = shown_message(error.message());
            faults.say(&span, Code::NotToml, what, "the file must be TOML (toml.io)", String::new());
            None
        }
    }
}

/// A parser's message on one line, bounded.
fn shown_message(message: &str) -> String {
    message.chars().map(|c| if is_hidden(c) { ' ' } else { c }).take(300).collect()
}

/// Whether a key must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Must,
    May,
}

/// The keys of one table.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'f, 't> {
    pub(crate) faults: &'f Faults<'t>,
    pub(crate) table: &'f DeTable<'t>,
    /// Where the table begins, for what is missing in it.
    pub(crate) span: Range<usize>,
    /// What it is called in messages: ``the row``.
    pub(crate) name: &'static str,
}

impl<'f, 't> Fields<'f, 't> {
    /// Complains about keys that nobody reads.
    pub(crate) fn only(&self, known: &[&str]) {
        for key in self.table.keys() {
            let word: &str = key.get_ref();
            if !known.contains(&word) && !self.faults.is_full() {
                let what = format!("`{}` is not a key of {}", shown(word), self.name);
                let mut instead = did_you_mean(word, known.iter().copied());
                if instead.is_empty() {
                    instead = format!("known: {}", known.join(", "));
                }
                let why = "a key that nobody reads would change nothing, and nobody would notice";
                self.faults.say(&key.span(), Code::UnknownKey, what, why, instead);
            }
        }
    }

    fn value(&self, key: &str, need: Need) -> Option<(&'f DeValue<'t>, Range<usize>)> {
        let found = self.table.get(key);
        if found.is_none() && need == Need::Must {
            let what = format!("{} has no `{key}`", self.name);
            self.faults.say(&self.span, Code::MissingKey, what, "", format!("add `{key} = …`"));
        }
        found.map(|value| (value.get_ref(), value.span()))
    }

    fn wrong_kind(&self, key: &str, takes: &str, value: &DeValue<'_>, span: &Range<usize>) {
        let what = format!("`{key}` takes {takes}, this is {}", value.type_str());
        self.faults.say(span, Code::WrongKind, what, "", String::new());
    }

    /// A text of at least one visible character; what is hidden in it is refused.
    pub(crate) fn text(&self, key: &str, need: Need) -> Option<At<String>> {
        let (value, span) = self.value(key, need)?;
        let Some(text) = value.as_str() else {
            self.wrong_kind(key, "a text in quotes", value, &span);
            return None;
        };
        self.plain(key, text, span)
    }

    fn plain(&self, key: &str, text: &str, span: Range<usize>) -> Option<At<String>> {
        let text = text.trim();
        if text.is_empty() {
            let what = format!("`{key}` is empty");
            self.faults.say(&span, Code::BadText, what, "", "write it, or leave the key out".to_owned());
            return None;
        }
        if text.len() > TEXT_LIMIT_BYTES {
            let what = format!("`{key}` has {} bytes, the limit is {TEXT_LIMIT_BYTES}", text.len());
            self.faults.say(&span, Code::TooLarge, what, "", "put long texts into an annex".to_owned());
            return None;
        }
        if let Some(hidden) = text.chars().find(|c| *c != '\n' && is_hidden(*c)) {
            let what =
                format!("`{key}` holds the character U+{:04X}, which cannot be seen", u32::from(hidden));
            let why = "both sides sign what they see";
            self.faults.say(&span, Code::BadText, what, why, "take it out".to_owned());
            return None;
        }
        Some(At { value: text.to_owned(), span })
    }

    /// One of a few words.
    pub(crate) fn word<T>(
        &self,
        key: &str,
        need: Need,
        known: &[&str],
        named: impl Fn(&str) -> Option<T>,
    ) -> Option<At<T>> {
        let text = self.text(key, need)?;
        let found = named(&text.value);
        if found.is_none() {
            let what = format!("`{}` is no value of `{key}`", shown(&text.value));
            let guess = did_you_mean(&text.value, known.iter().copied());
            let all = format!("known: {}", known.join(", "));
            let instead = if guess.is_empty() { all } else { guess };
            self.faults.say(&text.span, Code::UnknownWord, what, "", instead);
        }
        found.map(|value| At { value, span: text.span })
    }

    /// A day, as a TOML date or in quotes.
    pub(crate) fn day(&self, key: &str, need: Need) -> Option<At<Date>> {
        let (value, span) = self.value(key, need)?;
        let text = match value {
            DeValue::Datetime(at) => at.to_string(),
            DeValue::String(text) => text.to_string(),
            other => {
                self.wrong_kind(key, "a day such as 2026-11-30", other, &span);
                return None;
            }
        };
        // Only `YYYY-MM-DD`: an instant would be another day elsewhere.
        let day = text.parse::<Date>().ok().filter(|day| day.to_string() == text);
        if day.is_none() {
            let what = format!("`{}` is not a day", shown(&text));
            let why = "a contract counts in whole days";
            self.faults.say(&span, Code::WrongDate, what, why, "write a day such as 2026-11-30".to_owned());
        }
        day.map(|value| At { value, span })
    }

    /// A whole number from 0 to [`Quantity::LIMIT`].
    pub(crate) fn number(&self, key: &str, need: Need) -> Option<At<u64>> {
        let (value, span) = self.value(key, need)?;
        let DeValue::Integer(digits) = value else {
            self.wrong_kind(key, "a whole number", value, &span);
            return None;
        };
        let number = u64::from_str_radix(digits.as_str(), digits.radix()).ok();
        let number = number.filter(|number| *number <= Quantity::LIMIT);
        if number.is_none() {
            let what = format!("`{key}` must lie between 0 and {}", Quantity::LIMIT);
            self.faults.say(&span, Code::WrongKind, what, "", String::new());
        }
        number.map(|value| At { value, span })
    }

    /// `true` or `false`.
    pub(crate) fn truth(&self, key: &str) -> Option<At<bool>> {
        let (value, span) = self.value(key, Need::May)?;
        let truth = value.as_bool();
        if truth.is_none() {
            self.wrong_kind(key, "true or false", value, &span);
        }
        truth.map(|value| At { value, span })
    }

    /// A list of texts.
    pub(crate) fn words(&self, key: &str, need: Need) -> Option<Vec<At<String>>> {
        let (value, span) = self.value(key, need)?;
        let Some(list) = value.as_array() else {
            self.wrong_kind(key, "a list of texts", value, &span);
            return None;
        };
        if list.len() > LIST_LIMIT {
            let what = format!("`{key}` has {} entries, the limit is {LIST_LIMIT}", list.len());
            self.faults.say(&span, Code::TooLarge, what, "", String::new());
            return None;
        }
        let mut words = vec![];
        for entry in list.iter() {
            match entry.get_ref().as_str() {
                Some(text) => words.extend(self.plain(key, text, entry.span())),
                None => self.wrong_kind(key, "texts", entry.get_ref(), &entry.span()),
            }
        }
        Some(words)
    }

    /// A table of that name.
    pub(crate) fn inner(&self, key: &str, name: &'static str, need: Need) -> Option<Fields<'f, 't>> {
        let (value, span) = self.value(key, need)?;
        let table = value.as_table();
        if table.is_none() {
            self.wrong_kind(key, "a table", value, &span);
        }
        table.map(|table| Fields { faults: self.faults, table, span, name })
    }

    /// All tables `[[key]]`.
    pub(crate) fn each(&self, key: &str, name: &'static str, need: Need) -> Vec<Fields<'f, 't>> {
        let Some((value, span)) = self.value(key, need) else { return vec![] };
        let Some(list) = value.as_array() else {
            let what = format!("`{key}` is written `[[{key}]]`, once for each");
            self.faults.say(&span, Code::WrongKind, what, "", String::new());
            return vec![];
        };
        if list.len() > LIST_LIMIT {
            let what = format!("there are {} of `{key}`, the limit is {LIST_LIMIT}", list.len());
            self.faults.say(&span, Code::TooLarge, what, "", String::new());
            return vec![];
        }
        let mut tables = vec![];
        for entry in list.iter() {
            let span = entry.span();
            match entry.get_ref().as_table() {
                Some(table) => tables.push(Fields { faults: self.faults, table, span, name }),
                None => self.wrong_kind(key, "tables", entry.get_ref(), &span),
            }
        }
        tables
    }
}
