//! The rows of a document that lies in a log, kept as the text in which they were sealed: as objects a million of them
//! take three times the room.

use crate::row::Row;
use std::sync::Arc;

/// Pieces of text from which on they are looked at by two threads.
const PIECES_ALONE: usize = 4;

/// Rows of a document, in their order.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    pieces: Arc<[Box<str>]>,
    count: usize,
}

impl Rows {
    /// Takes pieces of whole lines.
    ///
    /// # Errors
    /// What is wrong with the first line that is no row.
    pub(crate) fn sealed(pieces: Vec<Box<str>>) -> Result<Self, String> {
        let count = counted(&pieces)?;
        Ok(Self { pieces: pieces.into(), count })
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Every row, read from its text anew.
    pub fn iter(&self) -> impl Iterator<Item = Row> + '_ {
        self.lines().map(read)
    }

    /// The rows of the tables that are wanted; the others are passed over unread.
    pub fn of<'a>(&'a self, wanted: &'a dyn Fn(&str) -> bool) -> impl Iterator<Item = Row> + 'a {
        self.lines().filter(|line| wanted(table(line))).map(read)
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().flat_map(|piece| piece.lines())
    }
}

impl From<Vec<Row>> for Rows {
    fn from(rows: Vec<Row>) -> Self {
        let mut text = String::new();
        for row in &rows {
            text.push_str(&row.line());
            text.push('\n');
        }
        Self { pieces: vec![text.into_boxed_str()].into(), count: rows.len() }
    }
}

impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count && self.lines().eq(other.lines())
    }
}

fn read(line: &str) -> Row {
    Row::from_line(line).expect("each line was read when it was taken, or written from a row")
}

/// The name of a line's table: a line is an array that begins with it.
fn table(line: &str) -> &str {
    line.strip_prefix("[\"").and_then(|rest| rest.split('"').next()).unwrap_or("")
}

/// How many lines there are, each of them a row.
fn counted(pieces: &[Box<str>]) -> Result<usize, String> {
    if pieces.len() < PIECES_ALONE {
        return counted_alone(pieces);
    }
    let (front, back) = pieces.split_at(pieces.len() / 2);
    let (front, back) = std::thread::scope(|scope| {
        let back = scope.spawn(|| counted_alone(back));
        (counted_alone(front), back.join())
    });
    Ok(front? + back.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?)
}

fn counted_alone(pieces: &[Box<str>]) -> Result<usize, String> {
    let mut count = 0;
    for line in pieces.iter().flat_map(|piece| piece.lines()) {
        let row = Row::from_line(line)?;
        if table(line) != row.table().name {
            return Err("does not begin with its table's name as it is written here".to_owned());
        }
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        (0..100_i64)
            .map(|n| {
                if n % 3 == 0 {
                    Row::of("zone").with("name", format!("z\n\"{n}\""))
                } else {
                    Row::of("flow").with("port", n)
                }
            })
            .collect()
    }

    #[test]
    fn rows_come_back_in_their_order_and_those_of_a_table_alone() {
        let kept = Rows::from(rows());
        assert_eq!(kept.iter().collect::<Vec<_>>(), rows());
        assert_eq!(kept.len(), 100);
        let zones: Vec<Row> = kept.of(&|table| table == "zone").collect();
        assert_eq!(zones, rows().into_iter().step_by(3).collect::<Vec<_>>());
    }

    #[test]
    fn on_two_threads_the_same_is_read_and_the_first_fault_is_told() {
        let pieces: Vec<Box<str>> = rows().iter().map(|row| format!("{}\n", row.line()).into()).collect();
        assert_eq!(
            Rows::sealed(pieces.clone()),
            Ok(Rows::sealed(vec![pieces.concat().into()]).expect("rows"))
        );
        let mut broken = pieces;
        broken[60] = "{}\n".into();
        broken[7] = "[\"nope\"]\n".into();
        assert!(Rows::sealed(broken).is_err_and(|why| why.contains("nope")));
        assert!(Rows::sealed(vec![" [\"zone\"]".into()]).is_err(), "a name that would be passed over");
    }
}
