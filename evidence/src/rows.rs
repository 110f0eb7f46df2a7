//! The rows of a document that lies in a log, kept as the text in which they were sealed: as objects a million of them
//! take three times the room.

use crate::line::{Seen, read as read_cells, read_any, table};
use crate::row::Row;
use crate::schema::Table;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Pieces of text from which on they are looked at by two threads.
const PIECES_ALONE: usize = 4;

/// Rows of a document, in their order.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    pieces: Arc<[Box<str>]>,
    count: usize,
    tables: BTreeSet<&'static str>,
}

/// What is found in pieces of whole lines: how many lines, of which tables.
#[derive(Debug, Default)]
struct Found {
    count: usize,
    tables: BTreeSet<&'static str>,
}

impl Rows {
    /// Takes pieces of whole lines. `meanwhile` is done beside it, on this thread, before it helps.
    ///
    /// # Errors
    /// What is wrong with the first line that is no row.
    pub(crate) fn sealed(pieces: Vec<Box<str>>, meanwhile: impl FnOnce(&[Box<str>])) -> Result<Self, String> {
        let Found { count, tables } = looked_at(&pieces, meanwhile)?;
        Ok(Self { pieces: pieces.into(), count, tables })
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

    /// The tables that they are of.
    #[must_use]
    pub fn tables(&self) -> &BTreeSet<&'static str> {
        &self.tables
    }

    /// Every row, read from its text anew.
    pub fn iter(&self) -> impl Iterator<Item = Row> + '_ {
        self.lines().map(read)
    }

    /// The rows of a table; the others are passed over unread.
    pub fn of<'a>(&'a self, wanted: &'a str) -> impl Iterator<Item = Row> + 'a {
        let lines = self.tables.contains(wanted).then(|| self.lines()).into_iter().flatten();
        lines.filter(move |line| table(line) == wanted).map(read)
    }

    /// Shows each row of the tables of which columns are asked, in their order, as it lies in its text: a cell for each column
    /// of the table, null where it is not asked.
    ///
    /// # Errors
    /// The first one of `look`.
    pub fn show<'a, 'q, E>(
        &'a self,
        asked: &dyn Fn(&'static Table) -> Option<&'q [bool]>,
        mut look: impl FnMut(&'static Table, &[Seen<'a>]) -> Result<(), E>,
    ) -> Result<(), E> {
        let tables = self.tables.iter().filter_map(|name| Table::named(name));
        let asked: Vec<(&Table, &[bool])> = tables.filter_map(|of| Some((of, asked(of)?))).collect();
        let mut cells = vec![];
        if asked.is_empty() {
            return Ok(());
        }
        for line in self.lines() {
            let name = table(line);
            if let Some((of, columns)) = asked.iter().find(|(of, _)| of.name == name) {
                read_any(line, of, columns, &mut cells);
                look(of, &cells)?;
            }
        }
        Ok(())
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
        let tables = rows.iter().map(|row| row.table().name).collect();
        Self { pieces: vec![text.into_boxed_str()].into(), count: rows.len(), tables }
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

/// How many lines there are, and of which tables: each of them is a row.
fn looked_at(pieces: &[Box<str>], meanwhile: impl FnOnce(&[Box<str>])) -> Result<Found, String> {
    let next = AtomicUsize::new(0);
    if pieces.len() < PIECES_ALONE {
        meanwhile(pieces);
        return taken(pieces, &next).map_err(|(_, why)| why);
    }
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| taken(pieces, &next));
        meanwhile(pieces);
        (taken(pieces, &next), other.join())
    });
    match (one, other.unwrap_or_else(|panic| std::panic::resume_unwind(panic))) {
        (Ok(mut found), Ok(more)) => {
            found.count += more.count;
            found.tables.extend(more.tables);
            Ok(found)
        }
        // Pieces are taken in their order, and each is finished: the first fault is one of these two.
        (Err(one), Err(other)) => Err(one.min(other).1),
        (Err((_, why)), Ok(_)) | (Ok(_), Err((_, why))) => Err(why),
    }
}

/// Takes one piece after the other until none is left, and looks at it; or says in which one it met a fault, and which.
fn taken(pieces: &[Box<str>], next: &AtomicUsize) -> Result<Found, (usize, String)> {
    let mut found = Found::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(piece) = pieces.get(number) else { return Ok(found) };
        look_at(piece, &mut found).map_err(|why| (number, why))?;
    }
}

fn look_at(piece: &str, found: &mut Found) -> Result<(), String> {
    let mut cells = vec![];
    let mut last: Option<&Table> = None;
    let mut all = vec![];
    for line in piece.lines() {
        let name = table(line);
        if last.is_none_or(|of| of.name != name) {
            last = Table::named(name);
            found.tables.extend(last.map(|of| of.name));
            all.resize(last.map_or(0, |of| of.columns.len()), true);
        }
        if last.is_none_or(|of| read_cells(line, of, &all, &mut cells).is_none()) {
            let row = Row::from_line(line)?;
            if row.table().name != name {
                return Err("does not begin with its table's name as it is written here".to_owned());
            }
        }
        found.count += 1;
    }
    Ok(())
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
        let zones: Vec<Row> = kept.of("zone").collect();
        assert_eq!(zones, rows().into_iter().step_by(3).collect::<Vec<_>>());
        assert_eq!(kept.tables().iter().copied().collect::<Vec<_>>(), ["flow", "zone"]);
        assert_eq!(kept.of("device").count(), 0);
    }

    #[test]
    fn only_what_is_asked_is_shown_and_in_its_order() {
        let kept = Rows::from(rows());
        let flow = Table::named("flow").expect("ours");
        let port: Vec<bool> = flow.columns.iter().map(|c| c.name == "port").collect();
        let mut ports = vec![];
        let asked = |of: &'static Table| (of.name == "flow").then_some(&*port);
        let shown: Result<(), ()> = kept.show(&asked, |of, cells| {
            ports.push((of.name, cells.iter().find(|cell| **cell != Seen::Null).cloned()));
            Ok(())
        });
        assert_eq!(shown, Ok(()));
        let whole = (0..100_i64).filter(|n| n % 3 != 0).map(|n| ("flow", Some(Seen::Number(n))));
        assert_eq!(ports, whole.collect::<Vec<_>>());
        assert_eq!(kept.show(&asked, |_, _| Err("full")), Err("full"));
    }

    #[test]
    fn on_two_threads_the_same_is_read_and_the_first_fault_is_told() {
        let pieces: Vec<Box<str>> = rows().iter().map(|row| format!("{}\n", row.line()).into()).collect();
        let mut bytes = 0;
        let kept = Rows::sealed(pieces.clone(), |all| bytes = all.iter().map(|piece| piece.len()).sum());
        assert_eq!(bytes, pieces.concat().len(), "what is done meanwhile sees every piece");
        let at_once = Rows::sealed(vec![pieces.concat().into()], |_| ()).expect("rows");
        assert_eq!(kept.as_ref().map(Rows::tables), Ok(at_once.tables()));
        assert_eq!(kept, Ok(at_once));
        let mut broken = pieces;
        broken[60] = "{}\n".into();
        broken[7] = "[\"nope\"]\n".into();
        assert!(Rows::sealed(broken, |_| ()).is_err_and(|why| why.contains("nope")));
        assert!(
            Rows::sealed(vec![" [\"zone\"]".into()], |_| ()).is_err(),
            "a name that would be passed over"
        );
    }
}
