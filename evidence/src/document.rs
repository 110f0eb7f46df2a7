//! What came out of one document: rows, how whole it was, and what the document says of itself.

use crate::row::Row;
use model::Time;
use std::collections::BTreeMap;

/// Rows that one document may hold.
pub const ROWS_LIMIT: usize = 5_000_000;
/// Bytes that one document may hold, packed and unpacked.
pub const BYTES_LIMIT: usize = 1 << 30;
/// Defects that are told one by one; the rest are counted.
const DEFECTS_LIMIT: usize = 50;
/// Bytes that one cell may hold; what is longer is cut there and told.
const CELL_LIMIT: usize = 64 << 10;

/// How whole a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Read to its end, and it says that it ended.
    Complete,
    /// Ended early or lacks parts: what could be read was read, and absence in it means nothing.
    Partial {
        /// What is missing, and where.
        why: String,
    },
    /// Nothing in it can be used, or it is a tool's own report that it failed.
    Failed {
        /// Why.
        why: String,
    },
}

impl Status {
    /// Its word: `complete`, `partial`, `failed`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial { .. } => "partial",
            Self::Failed { .. } => "failed",
        }
    }

    /// Why it is not complete.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Complete => None,
            Self::Partial { why } | Self::Failed { why } => Some(why),
        }
    }
}

/// What a parser read out of one document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The format, as in [`crate::FORMATS`].
    pub format: &'static str,
    /// What kind of evidence it is, as in [`crate::KINDS`].
    pub kind: String,
    /// The tool that made it, as the document says.
    pub tool: Option<String>,
    /// The tool's version, as the document says.
    pub tool_version: Option<String>,
    /// What it looked at: targets, tenant, base, repository. Two documents of one kind and scope: the newer one counts.
    pub scope: Option<String>,
    /// When the tool made it, as the document says.
    pub made: Option<Time>,
    /// The first and last instant that it speaks of.
    pub covers: Option<(Time, Time)>,
    /// How whole it is.
    pub status: Status,
    /// Its rows.
    pub rows: Vec<Row>,
    /// What was odd in it, with its place, at most 50; the last one says how many more.
    pub defects: Vec<String>,
    left_out: usize,
}

impl Document {
    /// An empty document that is complete until somebody says otherwise.
    #[must_use]
    pub fn new(format: &'static str, kind: &str) -> Self {
        Self {
            format,
            kind: kind.to_owned(),
            tool: None,
            tool_version: None,
            scope: None,
            made: None,
            covers: None,
            status: Status::Complete,
            rows: vec![],
            defects: vec![],
            left_out: 0,
        }
    }

    /// A document in which nothing can be used.
    #[must_use]
    pub fn failed(format: &'static str, kind: &str, why: impl Into<String>) -> Self {
        Self { status: Status::Failed { why: why.into() }, ..Self::new(format, kind) }
    }

    /// Adds a row; beyond [`ROWS_LIMIT`] the document is partial, and so it is when a cell is longer than 64 KiB.
    pub fn push(&mut self, mut row: Row) {
        if let Some(column) = row.shorten(CELL_LIMIT) {
            self.defect(format!("row {}: `{column}` is longer than {CELL_LIMIT} bytes", self.rows.len() + 1));
        }
        if self.rows.len() < ROWS_LIMIT {
            self.rows.push(row);
        } else {
            self.partial(format!("more than {ROWS_LIMIT} rows"));
        }
    }

    /// Says that something is missing. The first reason stays; what failed stays failed.
    pub fn partial(&mut self, why: impl Into<String>) {
        if self.status == Status::Complete {
            self.status = Status::Partial { why: why.into() };
        }
    }

    /// Says that something is odd at a place, and that it was left out: a document with such a place is partial.
    pub fn defect(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.partial(what.clone());
        self.remark(what);
    }

    /// Says that something is odd that takes nothing away.
    pub fn remark(&mut self, what: impl Into<String>) {
        if self.defects.len() < DEFECTS_LIMIT {
            self.defects.push(what.into());
        } else {
            self.left_out += 1;
            self.defects.truncate(DEFECTS_LIMIT);
            self.defects.push(format!("and {} more", self.left_out));
        }
    }

    /// Widens [`Document::covers`] by an instant.
    pub fn saw(&mut self, at: Time) {
        self.covers = Some(self.covers.map_or((at, at), |(from, to)| (from.min(at), to.max(at))));
    }

    /// How many rows of each table it has.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for row in &self.rows {
            *counts.entry(row.table().name).or_insert(0) += 1;
        }
        counts
    }
}
