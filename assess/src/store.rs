//! The documents as tables of a database in memory, and the queries of a check over those that it may stand on. Beside the
//! tables of the schema there is `exhibit`: the documents themselves, with side, kind, scope and the day they speak for.
//!
//! TRUST: a query may come from a stranger. It reads what was admitted and nothing else, changes nothing, knows no time,
//! no chance and no file, and ends after a bounded number of steps: whoever writes one can make its own check say `error`.

use crate::check::Check;
use crate::{agreed, networks};
use evidence::Seen;
use evidence::records::Exhibit;
use evidence::schema::{TABLES, Table, Type};
use model::Time;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::{Null, Value, ValueRef};
use rusqlite::{Connection, Statement, ToSql};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Steps of the database between two looks at the budget.
const STEPS: i32 = 10_000;
/// Looks at the budget until a query is ended: 20 thousand million steps, minutes of work.
const LOOKS: u64 = 2_000_000;
/// Rows that one query may answer with.
const ANSWER_ROWS: usize = 2_000_000;
/// Bytes of one query.
const QUERY_BYTES: i32 = 64 * 1024;

/// Rows up to which a store has small pages; to go through large ones is a quarter faster, but each table has at least one.
const ROWS_SMALL: usize = 100_000;

/// Functions whose answer is not made of their arguments alone, or that reach outside.
const SHUT: &[&str] = &[
    "random",
    "randomblob",
    "current_timestamp",
    "current_date",
    "current_time",
    "datetime",
    "date",
    "time",
    "julianday",
    "unixepoch",
    "strftime",
    "timediff",
    "load_extension",
    "readfile",
    "writefile",
    "fts3_tokenizer",
    "sqlite_version",
    "sqlite_source_id",
    "changes",
    "total_changes",
    "last_insert_rowid",
    "zeroblob",
];

/// One row of an answer: a subject, words, and the document that shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) subject: String,
    pub(crate) why: String,
    pub(crate) document: Option<usize>,
}

/// Values for `:name` in a query.
pub(crate) type Values = BTreeMap<String, Value>;

/// The tables that queries speak of, and for each of its columns whether they can read it.
pub(crate) type Asked = BTreeMap<&'static str, Vec<bool>>;

/// Of each table, the documents that have rows in it, with the first and the last of them: rows lie in the order of documents.
type Holders = BTreeMap<&'static str, BTreeMap<usize, (i64, i64)>>;

/// The tables of one dossier.
pub(crate) struct Store {
    connection: Connection,
    /// The columns that were loaded.
    loaded: Asked,
    /// Of each table that was loaded, the documents that have rows in it, and which.
    holders: Holders,
    ours: Arc<AtomicBool>,
    looks: Arc<AtomicU64>,
}

fn sql_type(holds: Type) -> &'static str {
    match holds {
        Type::Text => "text",
        Type::Fraction => "real",
        Type::Number | Type::Truth | Type::Instant => "integer",
    }
}

/// The columns of a table that are stored, in the order in which they are: what a query reads in a million rows should stand
/// in front of what is longer.
fn stored(table: &Table, asked: &[bool]) -> Vec<usize> {
    let mut stored: Vec<usize> = (0..table.columns.len()).filter(|n| asked[*n]).collect();
    stored.sort_by_key(|n| table.columns[*n].holds == Type::Text);
    stored
}

fn may(ours: &AtomicBool, context: &AuthContext<'_>) -> bool {
    if ours.load(Ordering::Relaxed) {
        return true;
    }
    match context.action {
        AuthAction::Select | AuthAction::Recursive => true,
        // Tables are seen through the views of what was admitted only.
        AuthAction::Read { table_name, .. } => !table_name.starts_with("t_") || context.accessor.is_some(),
        AuthAction::Function { function_name } => {
            !SHUT.contains(&function_name.to_ascii_lowercase().as_str())
        }
        _ => false,
    }
}

impl Store {
    /// Loads the rows of all documents, of the tables that are asked for. A column that no query can read is left out:
    /// most of a large table is text that nobody asks for.
    pub(crate) fn load(exhibits: &[Exhibit], asked: &Asked, now: Time) -> Result<Self, rusqlite::Error> {
        let mut connection = Connection::open_in_memory()?;
        let rows: usize = exhibits.iter().map(|exhibit| exhibit.rows.len()).sum();
        let page = if rows > ROWS_SMALL { 65_536 } else { 4_096 };
        connection.execute_batch(&format!(
            "pragma page_size = {page}; pragma journal_mode = off; pragma synchronous = off; pragma temp_store = memory;",
        ))?;
        for table in TABLES {
            let Some(of_table) = asked.get(table.name) else { continue };
            let stored = stored(table, of_table).into_iter().map(|n| &table.columns[n]);
            let columns: String = stored.map(|c| format!("\"{}\" {}, ", c.name, sql_type(c.holds))).collect();
            connection.execute_batch(&format!(
                "create table t_{}(doc integer, {columns}doc_side text)",
                table.name
            ))?;
        }
        connection.execute_batch(
            "create table t_exhibit(doc integer primary key, side text, kind text, scope text, at_at integer) without rowid",
        )?;
        let mut holders: Holders = asked.keys().map(|table| (*table, BTreeMap::new())).collect();
        let transaction = connection.transaction()?;
        for (number, exhibit) in exhibits.iter().enumerate() {
            for (table, rows) in insert(&transaction, number, exhibit, asked, now)? {
                holders.entry(table).or_default().insert(number, rows);
            }
        }
        transaction.commit()?;
        networks::register(&connection)?;
        let (ours, looks) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
        let own = Arc::clone(&ours);
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            if may(&own, &context) { Authorization::Allow } else { Authorization::Deny }
        }))?;
        let spent = Arc::clone(&looks);
        connection.progress_handler(STEPS, Some(move || spent.fetch_add(1, Ordering::Relaxed) > LOOKS))?;
        connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, QUERY_BYTES)?;
        // It also bounds how many tables the parts of a query may open together.
        connection.set_limit(Limit::SQLITE_LIMIT_EXPR_DEPTH, 500)?;
        connection.set_limit(Limit::SQLITE_LIMIT_COMPOUND_SELECT, 50)?;
        connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
        Ok(Self { connection, loaded: asked.clone(), holders, ours, looks })
    }

    /// Shows these documents, and no others, to the queries that follow.
    pub(crate) fn show(&self, documents: &[usize], asked: &Asked) -> Result<(), rusqlite::Error> {
        self.ours.store(true, Ordering::Relaxed);
        let mut list: Vec<String> = documents.iter().map(usize::to_string).collect();
        if list.is_empty() {
            // Of an empty list the database makes a table that nobody reads, and that our own rule refuses.
            list.push("-1".to_owned());
        }
        let mut batch = format!(
            "drop view if exists temp.exhibit; create temp view exhibit as select doc, side, kind, scope, at_at from main.t_exhibit where doc in ({});",
            list.join(",")
        );
        let shown: BTreeSet<usize> = documents.iter().copied().collect();
        for table in TABLES.iter().filter(|t| asked.contains_key(t.name)) {
            let Some(holders) = self.holders.get(table.name) else { continue };
            let of_shown = of_shown(holders, &shown);
            let Some(loaded) = self.loaded.get(table.name) else { continue };
            let columns: Vec<String> = table
                .columns
                .iter()
                .zip(loaded)
                .map(|(c, is_there)| format!("{}\"{}\"", if *is_there { "" } else { "null as " }, c.name))
                .collect();
            batch.push_str(&format!(
                "drop view if exists temp.\"{0}\"; create temp view \"{0}\" as select doc, doc_side, {1} from main.t_{0}{of_shown};",
                table.name,
                columns.join(", "),
            ));
        }
        // The queries themselves are longer than a list of documents may make ours.
        self.connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, i32::MAX)?;
        let made = self.connection.execute_batch(&batch);
        self.connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, QUERY_BYTES)?;
        self.ours.store(false, Ordering::Relaxed);
        made
    }

    /// Runs one query over what is shown. The answer is in the order of subjects, each line once.
    ///
    /// # Errors
    /// What the database says of the query.
    pub(crate) fn ask(&self, query: &str, values: &Values) -> Result<Vec<Line>, String> {
        self.looks.store(0, Ordering::Relaxed);
        let said = |error: rusqlite::Error| match error {
            rusqlite::Error::SqliteFailure(e, _) if e.code == rusqlite::ErrorCode::OperationInterrupted => {
                "the query takes more steps than it may".to_owned()
            }
            other => other.to_string(),
        };
        let mut statement = self.connection.prepare(query).map_err(said)?;
        if !(1..=3).contains(&statement.column_count()) {
            return Err("a query answers with one to three columns: subject, why, doc".to_owned());
        }
        let columns = statement.column_count();
        let mut bound: Vec<&dyn ToSql> = vec![];
        for n in 1..=statement.parameter_count() {
            let name = statement.parameter_name(n).unwrap_or("?").trim_start_matches(':').to_owned();
            bound.push(
                values
                    .get(&name)
                    .ok_or_else(|| format!("`:{name}` is neither a parameter nor `:now` or `:side`"))?,
            );
        }
        let mut rows = statement.query(&*bound).map_err(said)?;
        let mut lines = vec![];
        while let Some(row) = rows.next().map_err(said)? {
            let cell = |n: usize| {
                if n < columns { row.get_ref(n).unwrap_or(ValueRef::Null) } else { ValueRef::Null }
            };
            lines.push(Line { subject: text(cell(0)), why: text(cell(1)), document: document(cell(2)) });
            if lines.len() >= ANSWER_ROWS + ANSWER_ROWS / 4 {
                each_once(&mut lines)?;
            }
        }
        each_once(&mut lines)?;
        Ok(lines)
    }
}

/// Puts lines into their order, each of them once. A query mostly gives them in theirs, so this costs little.
fn each_once(lines: &mut Vec<Line>) -> Result<(), String> {
    lines.sort();
    lines.dedup();
    if lines.len() > ANSWER_ROWS {
        return Err(format!("the query answers with more than {ANSWER_ROWS} rows"));
    }
    Ok(())
}

fn document(value: ValueRef<'_>) -> Option<usize> {
    match value {
        ValueRef::Integer(n) => usize::try_from(n).ok(),
        other => text(other).parse().ok(),
    }
}

/// Which rows of a table are shown, of those that these documents have in it.
fn of_shown(holders: &BTreeMap<usize, (i64, i64)>, shown: &BTreeSet<usize>) -> String {
    // To ask each of a million rows for its document takes longer than most queries do themselves.
    if holders.keys().all(|document| shown.contains(document)) {
        // Named all the same, and never read: of a table of which no column is named nobody may know how many rows it has.
        return " where (doc or 1)".to_owned();
    }
    let held = || holders.iter().filter(|(document, _)| shown.contains(document));
    let list: Vec<String> = held().map(|(document, _)| document.to_string()).collect();
    let first = held().map(|(_, rows)| rows.0).min().unwrap_or(0);
    let last = held().map(|(_, rows)| rows.1).max().unwrap_or(-1);
    // Of an empty list the database makes a table that nobody reads, and that our own rule refuses.
    let list = if list.is_empty() { "-1".to_owned() } else { list.join(",") };
    format!(" where rowid between {first} and {last} and doc in ({list})")
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Real(f) => f.to_string(),
        ValueRef::Text(t) | ValueRef::Blob(t) => String::from_utf8_lossy(t).into_owned(),
    }
}

/// The tables that the queries of these checks speak of, with the columns that they can read.
pub(crate) fn asked<'c>(checks: impl IntoIterator<Item = &'c Check>) -> Asked {
    let mut asked = Asked::new();
    for (table, columns) in checks.into_iter().flat_map(|check| &check.rules).flat_map(|rule| &rule.asked) {
        let all = asked.entry(*table).or_insert_with(|| vec![false; columns.len()]);
        all.iter_mut().zip(columns).for_each(|(is_asked, here)| *is_asked |= here);
    }
    asked
}

/// The tables that these queries speak of, with the columns that they can read.
pub(crate) fn asked_by<'q>(queries: impl Iterator<Item = &'q str>) -> Asked {
    let mut asked = Asked::new();
    for query in queries {
        let words = words([query]);
        let all = takes_all(query, &words);
        for table in TABLES.iter().filter(|t| words.contains(t.name)) {
            let columns = asked.entry(table.name).or_insert_with(|| vec![false; table.columns.len()]);
            for (column, is_asked) in table.columns.iter().zip(columns) {
                *is_asked |= all || words.contains(column.name);
            }
        }
    }
    asked
}

/// The words of queries, in small letters: a table or column that a query speaks of stands there as one.
fn words<'q>(queries: impl IntoIterator<Item = &'q str>) -> BTreeSet<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let all = queries.into_iter().flat_map(|query| query.split(move |c| !word(c)));
    all.map(str::to_ascii_lowercase).collect()
}

/// Whether a query may read columns that it does not name. When in doubt it does: a comment hides what a `*` is.
fn takes_all(query: &str, words: &BTreeSet<String>) -> bool {
    let is_product = |before: &str| {
        let before = before.trim_end();
        let last = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or("");
        match before.chars().next_back() {
            Some('(' | ')') => true,
            _ => !last.is_empty() && !["select", "distinct", "all"].contains(&&*last.to_ascii_lowercase()),
        }
    };
    words.contains("natural")
        || ["--", "/*"].iter().any(|comment| query.contains(comment))
        || query.match_indices('*').any(|(at, _)| !is_product(&query[..at]))
}

/// Puts in the rows of one document; the answer is the tables that it has rows in, with its first and its last row.
fn insert(
    connection: &Connection,
    number: usize,
    exhibit: &Exhibit,
    asked: &Asked,
    now: Time,
) -> Result<BTreeMap<&'static str, (i64, i64)>, rusqlite::Error> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let envelope = &exhibit.envelope;
    connection.execute(
        "insert into t_exhibit values (?, ?, ?, ?, ?)",
        (
            number,
            envelope.side.as_str(),
            &envelope.kind,
            without_nul(&envelope.scope),
            envelope.effective().as_second(),
        ),
    )?;
    let mut sheets =
        Sheets { connection, asked, number, side: envelope.side.as_str(), open: BTreeMap::new() };
    let said = |of: &'static Table| {
        asked.get(of.name).filter(|_| !agreed::COMPUTED.contains(&of.name)).map(Vec::as_slice)
    };
    exhibit.rows.show(&said, |of, cells| sheets.write(of, cells))?;
    let computed = exhibit.rows.of("contract_text").flat_map(|text| agreed::rows(&text, now));
    for row in computed.filter(|row| asked.contains_key(row.table().name)) {
        let cells: Vec<Seen<'_>> = row.cells().iter().cloned().map(Seen::from).collect();
        sheets.write(row.table(), &cells)?;
    }
    Ok(sheets.open.into_iter().map(|(table, sheet)| (table, sheet.rows)).collect())
}

/// The tables that one document writes into.
struct Sheets<'c> {
    connection: &'c Connection,
    asked: &'c Asked,
    number: i64,
    side: &'static str,
    open: BTreeMap<&'static str, Sheet<'c>>,
}

struct Sheet<'c> {
    statement: Statement<'c>,
    /// The columns that are written.
    columns: Vec<usize>,
    /// The first row and the last one so far.
    rows: (i64, i64),
}

impl<'c> Sheets<'c> {
    fn write(&mut self, of: &'static Table, cells: &[Seen<'_>]) -> Result<(), rusqlite::Error> {
        let Some(sheet) = self.open.get_mut(of.name) else {
            let sheet = self.sheet(of)?;
            self.open.insert(of.name, sheet);
            return self.write(of, cells);
        };
        for (n, column) in sheet.columns.iter().enumerate() {
            match &cells[*column] {
                Seen::Null => sheet.statement.raw_bind_parameter(n + 2, Null)?,
                Seen::Number(v) => sheet.statement.raw_bind_parameter(n + 2, v)?,
                Seen::Fraction(v) => sheet.statement.raw_bind_parameter(n + 2, v)?,
                Seen::Text(v) => sheet.statement.raw_bind_parameter(n + 2, &*without_nul(v))?,
            }
        }
        sheet.statement.raw_execute()?;
        let place = self.connection.last_insert_rowid();
        sheet.rows = if sheet.rows.0 == 0 { (place, place) } else { (sheet.rows.0, place) };
        Ok(())
    }

    fn sheet(&self, of: &'static Table) -> Result<Sheet<'c>, rusqlite::Error> {
        let asked = self.asked.get(of.name).map_or(&[][..], Vec::as_slice);
        let columns = stored(of, asked);
        let cells = "?, ".repeat(columns.len());
        let mut statement =
            self.connection.prepare(&format!("insert into t_{} values (?, {cells}?)", of.name))?;
        statement.raw_bind_parameter(1, self.number)?;
        statement.raw_bind_parameter(columns.len() + 2, self.side)?;
        Ok(Sheet { statement, columns, rows: (0, 0) })
    }
}

/// A text as queries see it. Half of the database's functions end a text at its first NUL and half do not: a query that takes
/// a list apart word by word would never come to its end.
fn without_nul(text: &str) -> Cow<'_, str> {
    if text.as_bytes().contains(&0) {
        Cow::Owned(text.replace('\0', "\u{2400}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_over_no_document_finds_nothing_and_is_no_failure() {
        let query = "select 'nothing' where not exists (select 1 from device)";
        let asked =
            Asked::from([("device", vec![true; Table::named("device").expect("ours").columns.len()])]);
        let store = Store::load(&[], &asked, Time::UNIX_EPOCH).expect("loads");
        store.show(&[], &asked).expect("shown");
        assert_eq!(store.ask(query, &Values::new()).map(|lines| lines.len()), Ok(1));
        assert!(store.ask("select count(*) from t_device", &Values::new()).is_err(), "only what is shown");
    }

    #[test]
    fn a_query_that_may_read_columns_without_their_names_gets_all_of_them() {
        for (query, all) in [
            ("select id, count(*) from device where score * 10 > (1 + 2) * 3 and name glob '*'", true),
            ("select id, count(*) from device where score * 10 > (1 + 2) * 3", false),
            ("select * from device", true),
            ("SELECT DISTINCT\n* from device", true),
            ("select d.* from device d", true),
            ("select \"device\".* from device", true),
            ("select id, * from device", true),
            ("select --\n* from device", true),
            ("select/**/* from device", true),
            ("select id from device natural join finding", true),
        ] {
            assert_eq!(takes_all(query, &words([query])), all, "{query}");
        }
    }
}
