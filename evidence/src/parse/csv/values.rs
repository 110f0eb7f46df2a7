//! Cells as people and their tools write them.

use crate::row::Cell;
use crate::schema::{Column, Type};
use crate::text;
use jiff::fmt::strtime;
use model::Time;

/// How numbers and instants are written in a file.
#[derive(Default)]
pub(super) struct Manner {
    /// Forms of instants, tried in order before those that are always known.
    pub(super) dates: Vec<String>,
    /// Seconds that its civil times are ahead of UTC.
    pub(super) ahead: i64,
    /// Whether `1.234,5` is a number.
    pub(super) decimal_comma: bool,
}

impl Manner {
    /// The cell of a column; nothing where the text is no such value.
    pub(super) fn cell(&self, value: &str, column: &Column) -> Option<Cell> {
        let number = || {
            if self.decimal_comma { value.replace('.', "").replace(',', ".") } else { value.to_owned() }
        };
        match column.holds {
            // Names compare without case; the schema says which columns are names.
            Type::Text if column.about.contains("lower case") => Some(Cell::Text(text::name(value))),
            Type::Text => Some(Cell::Text(value.to_owned())),
            Type::Number => number().parse::<i64>().ok().map(Cell::Number),
            Type::Fraction => number().parse::<f64>().ok().filter(|f| f.is_finite()).map(Cell::Fraction),
            Type::Truth => text::truth(value).map(Cell::from),
            Type::Instant => self.instant(value).map(Cell::from),
        }
    }

    fn instant(&self, value: &str) -> Option<Time> {
        for form in &self.dates {
            let Ok(parts) = strtime::parse(form, value) else { continue };
            if let Ok(at) = parts.to_timestamp() {
                return Some(at);
            }
            let civil = parts.to_datetime().ok().or_else(|| Some(parts.to_date().ok()?.at(0, 0, 0, 0)));
            if let Some(at) = civil.and_then(|at| jiff::tz::TimeZone::UTC.to_timestamp(at).ok()) {
                return Time::from_second(at.as_second().checked_sub(self.ahead)?).ok();
            }
        }
        // Where forms are named, a bare `01/02/2026` is never guessed at; only forms that mean one thing are left.
        text::instant(value)
    }
}

/// Windows-1252 as text. Its five holes are read as the control characters of the same number.
pub(super) fn windows_1252(raw: &[u8]) -> String {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let letter = |byte: &u8| match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        byte => char::from(*byte),
    };
    raw.iter().map(letter).collect()
}

/// How many letters must be put in, left out or changed; more than 32 letters are never near.
pub(super) fn distance(one: &str, other: &str) -> usize {
    if one.len() > 32 || other.len() > 32 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, b) in other.chars().enumerate() {
            let changed = before + usize::from(a != b);
            before = row[j + 1];
            row[j + 1] = changed.min(before + 1).min(row[j] + 1);
        }
    }
    row[row.len() - 1]
}
