//! Rows of the normalised tables, and the form in which they are sealed beside the raw bytes.

use crate::schema::{Table, Type};
use serde_json::Value;

/// One cell. Null means that the tool did not say.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Cell {
    /// Not said.
    #[default]
    Null,
    /// A whole number, a truth (1 or 0), or an instant (seconds since 1970 UTC).
    Number(i64),
    /// A number with a fraction; never infinite.
    Fraction(f64),
    /// Text.
    Text(String),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Cell {
    fn from(yes: bool) -> Self {
        Self::Number(i64::from(yes))
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        if number.is_finite() { Self::Fraction(number) } else { Self::Null }
    }
}

impl From<model::Time> for Cell {
    fn from(at: model::Time) -> Self {
        Self::Number(at.as_second())
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(cell: Option<T>) -> Self {
        cell.map_or(Self::Null, Into::into)
    }
}

/// One row of one table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    table: &'static Table,
    cells: Vec<Cell>,
}

impl Row {
    /// An empty row of a table of the schema.
    ///
    /// # Panics
    /// When the schema has no such table; parsers name tables in their own text, never from outside bytes.
    #[must_use]
    pub fn of(table: &'static str) -> Self {
        let table = Table::named(table).expect("parsers name tables of the schema");
        Self { table, cells: vec![Cell::Null; table.columns.len()] }
    }

    /// Sets a cell.
    ///
    /// # Panics
    /// When the table has no such column; parsers name columns in their own text.
    #[must_use]
    pub fn with(mut self, column: &'static str, cell: impl Into<Cell>) -> Self {
        let place = self.table.place(column).expect("parsers name columns of the schema");
        self.cells[place] = cell.into();
        self
    }

    /// Its table.
    #[must_use]
    pub fn table(&self) -> &'static Table {
        self.table
    }

    /// Its cells, in the order of the table's columns.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The cell of a column, if the table has it.
    #[must_use]
    pub fn cell(&self, column: &str) -> Option<&Cell> {
        self.table.place(column).map(|place| &self.cells[place])
    }

    /// Cuts texts that are longer than so many bytes, and names the first column where it did.
    pub(crate) fn shorten(&mut self, limit: usize) -> Option<&'static str> {
        let mut first = None;
        for (cell, column) in self.cells.iter_mut().zip(self.table.columns) {
            if let Cell::Text(text) = cell
                && text.len() > limit
            {
                text.truncate(text.floor_char_boundary(limit));
                first = first.or(Some(column.name));
            }
        }
        first
    }

    /// Its form in a log: a JSON array of the table's name and the cells, with no space and no line end in it.
    #[must_use]
    pub fn line(&self) -> String {
        let cells = self.cells.iter().map(|cell| match cell {
            Cell::Null => Value::Null,
            Cell::Number(n) => Value::from(*n),
            Cell::Fraction(f) => Value::from(*f),
            Cell::Text(t) => Value::from(t.as_str()),
        });
        Value::Array(std::iter::once(Value::from(self.table.name)).chain(cells).collect()).to_string()
    }

    /// Reads [`Row::line`] back. A row of an older schema may be shorter: what it lacks was not said.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn from_line(line: &str) -> Result<Self, String> {
        let Ok(Value::Array(values)) = serde_json::from_str(line) else {
            return Err("not a JSON array".into());
        };
        let mut values = values.into_iter();
        let name = values.next().and_then(|v| v.as_str().map(str::to_owned)).ok_or("names no table")?;
        let table = Table::named(&name).ok_or_else(|| format!("`{name}` is no table of the schema"))?;
        if values.len() > table.columns.len() {
            return Err(format!("has {} cells, `{name}` has {} columns", values.len(), table.columns.len()));
        }
        let mut cells = Vec::with_capacity(table.columns.len());
        for (value, column) in values.zip(table.columns) {
            cells.push(
                cell(value, column.holds)
                    .ok_or_else(|| format!("`{name}.{}` holds another type", column.name))?,
            );
        }
        cells.resize(table.columns.len(), Cell::Null);
        Ok(Self { table, cells })
    }
}

pub(crate) fn cell(value: Value, holds: Type) -> Option<Cell> {
    match (value, holds) {
        (Value::Null, _) => Some(Cell::Null),
        (Value::String(text), Type::Text) => Some(Cell::Text(text)),
        (Value::Number(n), Type::Fraction) => n.as_f64().map(Cell::Fraction),
        (Value::Number(n), Type::Truth) => n.as_i64().filter(|n| matches!(n, 0 | 1)).map(Cell::Number),
        (Value::Number(n), Type::Number | Type::Instant) => n.as_i64().map(Cell::Number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_comes_back_from_its_line() {
        let row =
            Row::of("service").with("id", "203.0.113.7/tcp/22").with("port", 22_i64).with("outside", true);
        assert_eq!(Row::from_line(&row.line()), Ok(row));
    }

    #[test]
    fn a_line_that_is_no_row_says_why() {
        for (line, why) in [
            ("{}", "not a JSON array"),
            ("[]", "names no table"),
            ("[\"nope\"]", "no table"),
            ("[\"setting\",1]", "another type"),
            ("[\"zone\",\"a\",\"b\",\"c\",\"d\",\"e\"]", "5 cells"),
            ("[\"rule\",null,null,null,null,null,null,null,null,null,null,2]", "another type"),
        ] {
            assert!(Row::from_line(line).is_err_and(|e| e.contains(why)), "{line}");
        }
        assert!(Row::from_line("[\"zone\",\"dmz\"]").is_ok(), "older rows are shorter");
    }
}
