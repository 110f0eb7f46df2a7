//! Between a record and the row that lies in a journal or segment, and from rows to what goes under a checkpoint.

use crate::epoch::Epochs;
use ledger::{Hash, Salt, Unsealed};
use model::{Defect, Event, Fields, Format, Kind, Record, Source, Time, form};
use segment::Row;

/// The row of a record.
pub(crate) fn row(record: &Record) -> Row {
    let time = |at: Time| {
        let nanos = at.as_nanosecond();
        let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).expect("years -9999 to 9999 fit");
        (seconds, u32::try_from(nanos.rem_euclid(1_000_000_000)).expect("below a second"))
    };
    Row {
        kind: record.kind.code(),
        source: record.source.to_string(),
        happened: time(record.happened),
        received: time(record.received),
        raw: record.raw.clone(),
        defects: record.defects.iter().map(Defect::to_string).collect(),
    }
}

/// The record of a row; `None` when the row holds what no record can.
pub(crate) fn record(seq: u64, row: Row) -> Option<Record> {
    let time = |(seconds, nanos): (i64, u32)| {
        Time::from_nanosecond(i128::from(seconds) * 1_000_000_000 + i128::from(nanos)).ok()
    };
    Some(Record {
        seq,
        kind: Kind::from_code(u64::from(row.kind))?,
        source: Source::parse(&row.source).ok()?,
        happened: time(row.happened)?,
        received: time(row.received)?,
        raw: row.raw,
        defects: row.defects.iter().map(|d| Defect::parse(d)).collect(),
    })
}

/// The source of what custody and the program write themselves.
pub(crate) fn own_source() -> Source {
    Source::lossy(Format::Own, "self")
}

/// Consecutive events with the leaf hashes that put them under a checkpoint.
pub(crate) struct Batch {
    first: u64,
    events: Vec<Event>,
    leaves: Vec<Hash>,
}

/// The leaf of a record: entry and leaf hash over its canonical form.
pub(crate) fn leaf(salt: &Salt, form: &[u8]) -> Hash {
    ledger::leaf_hash(&ledger::commitment(salt, form))
}

/// Rows from which on two threads are worth it.
const TWO_THREADS_ROWS: usize = 4_096;

/// The leaves of consecutive rows, such as a whole tail when a vault is opened again; `None` when a row is no record or an epoch key is
/// missing.
pub(crate) fn leaves(first: u64, rows: &[Row], epochs: &Epochs) -> Option<Vec<Hash>> {
    let part = |first: u64, rows: &[Row]| {
        let mut leaves = Vec::with_capacity(rows.len());
        let mut bytes = vec![];
        // A page after the other, so that little is held twice.
        for (number, rows) in (0..).zip(rows.chunks(256)) {
            let from = first + number * 256;
            for ((seq, row), salt) in (from..).zip(rows).zip(epochs.salts(from, rows.len() as u64)?) {
                bytes.clear();
                form::encode_into(&record(seq, row.clone())?, &mut bytes);
                leaves.push(leaf(&salt, &bytes));
            }
        }
        Some(leaves)
    };
    if rows.len() < TWO_THREADS_ROWS {
        return part(first, rows);
    }
    let (one, two) = rows.split_at(rows.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| part(first + one.len() as u64, two));
        let mut all = part(first, one)?;
        // A panic there is ours as well.
        all.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        Some(all)
    })
}

impl Batch {
    /// Computes the leaves of consecutive records; `None` when an epoch key is missing.
    pub(crate) fn new(first: u64, events: Vec<Event>, epochs: &Epochs) -> Option<Self> {
        let salts = epochs.salts(first, events.len() as u64)?;
        let mut bytes = vec![];
        let leaves = events.iter().zip(salts).map(|(event, salt)| {
            bytes.clear();
            form::encode_into(&event.record, &mut bytes);
            leaf(&salt, &bytes)
        });
        let leaves = leaves.collect();
        Some(Self { first, events, leaves })
    }

    /// The same without fields: for proofs, not for looking.
    pub(crate) fn bare(first: u64, records: Vec<Record>, epochs: &Epochs) -> Option<Self> {
        let events = records.into_iter().map(|record| Event { record, fields: Fields::new() }).collect();
        Self::new(first, events, epochs)
    }

    pub(crate) fn leaves(&self) -> &[Hash] {
        &self.leaves
    }
}

impl Unsealed for Batch {
    type Value = Vec<Event>;

    fn first(&self) -> u64 {
        self.first
    }

    fn leaf_hashes(&self) -> Vec<Hash> {
        self.leaves.clone()
    }

    fn release(self) -> Vec<Event> {
        self.events
    }
}
