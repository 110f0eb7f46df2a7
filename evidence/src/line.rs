//! A row's line read where it lies: texts stay in the line, and nothing is made of cells that nobody asks. It knows the form
//! that [`Row::line`] writes and nothing else; whatever is odd is left to [`Row::from_line`], which also says what is wrong.

use crate::row::{self, Cell, Row};
use crate::schema::{Table, Type};
use serde_json::{Number, Value};
use std::borrow::Cow;

/// Digits of a whole number that certainly fits.
const DIGITS: usize = 18;

/// A cell as it lies in a line.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen<'l> {
    /// Not said, or not asked.
    Null,
    /// As [`Cell::Number`].
    Number(i64),
    /// As [`Cell::Fraction`].
    Fraction(f64),
    /// Text, where it can be in the line itself.
    Text(Cow<'l, str>),
}

impl From<Cell> for Seen<'_> {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Number(n) => Self::Number(n),
            Cell::Fraction(f) => Self::Fraction(f),
            Cell::Text(text) => Self::Text(Cow::Owned(text)),
        }
    }
}

/// The name of a line's table: a line is an array that begins with it.
pub(crate) fn table(line: &str) -> &str {
    line.strip_prefix("[\"").and_then(|rest| rest.split('"').next()).unwrap_or("")
}

/// Reads a line of this table into `cells`, those of its columns that are asked. `None` when it is written in any other way
/// than ours, or holds something that does not belong there.
pub(crate) fn read<'l>(line: &'l str, of: &Table, asked: &[bool], cells: &mut Vec<Seen<'l>>) -> Option<()> {
    cells.clear();
    // `["`, the name and `"`.
    let mut rest = line.get(of.name.len() + 3..)?;
    let mut columns = of.columns.iter().zip(asked);
    while let Some(after) = rest.strip_prefix(',') {
        let (column, is_asked) = columns.next()?;
        let (cell, left) = cell(after, column.holds)?;
        cells.push(if *is_asked { cell } else { Seen::Null });
        rest = left;
    }
    cells.resize(of.columns.len(), Seen::Null);
    (rest == "]").then_some(())
}

/// The same of any line that was once read whole.
pub(crate) fn read_any<'l>(line: &'l str, of: &Table, asked: &[bool], cells: &mut Vec<Seen<'l>>) {
    if read(line, of, asked, cells).is_some() {
        return;
    }
    let row = Row::from_line(line).expect("each line was read when it was taken, or written from a row");
    let all = row.cells().iter().zip(asked);
    cells.clear();
    cells.extend(all.map(|(cell, is_asked)| if *is_asked { cell.clone().into() } else { Seen::Null }));
}

/// The cell that a text begins with, and what follows it.
fn cell(text: &str, holds: Type) -> Option<(Seen<'_>, &str)> {
    match text.as_bytes().first()? {
        b'n' => Some((Seen::Null, text.strip_prefix("null")?)),
        b'"' if holds == Type::Text => {
            // A text with an escape in it is not in the line as it reads.
            let end = text.bytes().skip(1).position(|b| matches!(b, b'"' | b'\\' | 0..0x20))? + 1;
            let (said, left) = (text.get(1..end)?, text.get(end..)?.strip_prefix('"')?);
            Some((Seen::Text(Cow::Borrowed(said)), left))
        }
        b'-' | b'0'..=b'9' => {
            let end = text.bytes().position(|b| matches!(b, b',' | b']'))?;
            let (digits, left) = text.split_at_checked(end)?;
            Some((number(digits, holds)?, left))
        }
        _ => None,
    }
}

fn number<'l>(text: &str, holds: Type) -> Option<Seen<'l>> {
    let plain = text.len() <= DIGITS && text.bytes().all(|b| b.is_ascii_digit());
    let whole = plain && (text == "0" || !text.starts_with('0'));
    match holds {
        Type::Number | Type::Instant if whole => text.parse().ok().map(Seen::Number),
        Type::Truth if text == "0" || text == "1" => Some(Seen::Number(i64::from(text == "1"))),
        _ => row::cell(Value::Number(text.parse::<Number>().ok()?), holds).map(Seen::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::TABLES;
    use proptest::prelude::*;

    /// What both ways of reading make of a line.
    fn both(line: &str) -> (Option<Vec<Seen<'_>>>, Option<Vec<Seen<'static>>>) {
        let slow = Row::from_line(line).ok().filter(|row| row.table().name == table(line));
        let cells = slow.map(|row| row.cells().iter().cloned().map(Seen::from).collect());
        let quick = Table::named(table(line)).and_then(|of| {
            let mut cells = vec![];
            read(line, of, &vec![true; of.columns.len()], &mut cells).map(|()| cells)
        });
        (quick, cells)
    }

    #[test]
    fn what_is_read_where_it_lies_is_what_is_read_whole() {
        for (line, is_quick) in [
            ("[\"zone\",\"dmz\"]", true),
            ("[\"zone\"]", true),
            ("[\"zone\",null,\"ü\"]", true),
            ("[\"zone\",\"d\\u006dz\"]", false),
            ("[\"zone\",\"a\\\"b\"]", false),
            ("[\"zone\", \"dmz\"]", false),
            ("[\"zone\",\"dmz\"] ", false),
            ("[\"zone\",\"dmz\",]", false),
            ("[\"zone\",\"dmz\"", false),
            ("[\"zone\",\"d\tz\"]", false),
            ("[\"zone\",1]", false),
            ("[\"zone\"x,\"dmz\"]", false),
            ("[\"feed_epss\",\"CVE-2026-1\",0.5,1]", true),
            ("[\"feed_epss\",\"CVE-2026-1\",5e-1,1e999]", false),
            ("[\"feed_epss\",\"CVE-2026-1\",-0,18446744073709551615]", true),
            ("[\"asset\",null,null,null,9223372036854775807,-12]", true),
            ("[\"asset\",null,null,null,9223372036854775808]", false),
            ("[\"asset\",null,null,null,007]", false),
            ("[\"asset\",null,null,null,-0]", false),
            ("[\"asset\",null,null,null,1.0]", false),
            ("[\"asset\",null,null,1]", true),
            ("[\"asset\",null,null,2]", false),
            ("[\"nope\",null]", false),
        ] {
            let (quick, whole) = both(line);
            assert_eq!(quick.is_some(), is_quick, "{line}");
            assert!(quick.is_none() || quick == whole, "{line}: {quick:?}, {whole:?}");
        }
    }

    fn any_cell() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("null".to_owned()),
            any::<i64>().prop_map(|n| n.to_string()),
            (0..3_i64).prop_map(|n| n.to_string()),
            any::<f64>().prop_map(|f| Value::from(f).to_string()),
            any::<String>().prop_map(|text| Value::from(text).to_string()),
            "[-+0-9a-z.,\"\\\\\\[\\]{} ]{0,6}",
        ]
    }

    proptest! {
        #[test]
        fn of_any_line_both_ways_say_the_same_or_the_quick_one_declines(
            of in 0..TABLES.len(), cells in proptest::collection::vec(any_cell(), 0..6), end in "(]|\\]\\]|\\] )?\\]?",
        ) {
            let line = format!("[\"{}\"{}{end}", TABLES[of].name, cells.iter().map(|c| format!(",{c}")).collect::<String>());
            let (quick, whole) = both(&line);
            prop_assert!(quick.is_none() || quick == whole, "{line}: {quick:?}, {whole:?}");
        }

        #[test]
        fn a_row_without_odd_signs_is_read_where_it_lies(of in 0..TABLES.len(), texts in proptest::collection::vec("[ -!#-\\[\\]-~à-ÿ]{0,9}", 30)) {
            let mut row = Row::of(TABLES[of].name);
            for (n, column) in TABLES[of].columns.iter().enumerate().filter(|(n, _)| n % 5 != 4) {
                let (text, number) = (texts[n % 30].clone(), i64::try_from(n % 2).expect("small"));
                row = match column.holds {
                    Type::Text => row.with(column.name, text),
                    Type::Fraction => row.with(column.name, 0.5),
                    Type::Number | Type::Truth | Type::Instant => row.with(column.name, number),
                };
            }
            let line = row.line();
            let (quick, whole) = both(&line);
            prop_assert!(quick.is_some() && quick == whole, "{line}: {quick:?}, {whole:?}");
            let mut asked = vec![false; TABLES[of].columns.len()];
            asked[0] = true;
            let mut cells = vec![];
            read_any(&line, &TABLES[of], &asked, &mut cells);
            prop_assert_eq!(&cells[0], &Seen::from(row.cells()[0].clone()));
            prop_assert!(cells[1..].iter().all(|cell| *cell == Seen::Null), "what nobody asks is passed over");
        }
    }
}
