//! Writes sealed records as Parquet, for any tool that is not ours: in ten years too. It proves nothing; the bundle does.
//!
//! Columns: `seq`, `kind`, `source`, `happened` and `received` (UTC, microseconds), `defects` and `fields` (JSON), `raw` (bytes).

use crate::fault::{Exit, Fault};
use custody::{Parse, View};
use model::{Defect, Event, Time};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use std::io::{self, Write};
use std::sync::Arc;

/// Records in a row group.
const GROUP: usize = 65_536;
/// Raw bytes after which a row group is closed.
const GROUP_BYTES: usize = 64 << 20;
const SCHEMA: &str = "message record {
    required int64 seq;
    required binary kind (UTF8);
    required binary source (UTF8);
    required int64 happened (TIMESTAMP(MICROS,true));
    required int64 received (TIMESTAMP(MICROS,true));
    required binary defects (JSON);
    required binary fields (JSON);
    required binary raw;
}";

fn fault(error: &ParquetError) -> Fault {
    Fault::new(
        Exit::Environment,
        "BW-5003",
        format!("the Parquet file cannot be written: {error}"),
        "look at rights and space, then export into a new file",
    )
}

/// Writes every record from `since` on; gives how many. `step` is told how many are done.
pub(crate) fn write(
    view: &View,
    since: u64,
    out: impl Write + Send,
    parse: Parse<'_>,
    step: &mut dyn FnMut(u64),
) -> Result<u64, Fault> {
    let schema = Arc::new(parse_message_type(SCHEMA).map_err(|e| fault(&e))?);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(|e| fault(&e))?;
    let (mut group, mut bytes, mut written) = (vec![], 0, 0u64);
    for unit in view.units()?.iter().filter(|u| u.first + u.count > since) {
        for event in view.read(unit, parse)?.into_inner() {
            if event.record.seq < since {
                continue;
            }
            bytes += event.record.raw.len();
            group.push(event);
            if group.len() >= GROUP || bytes >= GROUP_BYTES {
                written += group.len() as u64;
                flush(&mut writer, &mut group).map_err(|e| fault(&e))?;
                bytes = 0;
            }
        }
        step(unit.first + unit.count);
    }
    written += group.len() as u64;
    flush(&mut writer, &mut group).map_err(|e| fault(&e))?;
    writer.close().map_err(|e| fault(&e))?;
    Ok(written)
}

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    values: &[T::T],
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("the schema has fewer columns than a record".into());
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<T>().write_batch(values, None, None)?;
    column.close()
}

fn flush(
    writer: &mut SerializedFileWriter<impl Write + Send>,
    events: &mut Vec<Event>,
) -> Result<(), ParquetError> {
    if events.is_empty() {
        return Ok(());
    }
    let numbers = |of: fn(&Event) -> i64| events.iter().map(of).collect::<Vec<i64>>();
    let texts = |of: fn(&Event) -> Vec<u8>| events.iter().map(|e| ByteArray::from(of(e))).collect::<Vec<_>>();
    let mut group = writer.next_row_group()?;
    column::<Int64Type>(&mut group, &numbers(|e| i64::try_from(e.record.seq).unwrap_or(i64::MAX)))?;
    column::<ByteArrayType>(&mut group, &texts(|e| e.record.kind.as_str().into()))?;
    column::<ByteArrayType>(&mut group, &texts(|e| e.record.source.to_string().into_bytes()))?;
    column::<Int64Type>(&mut group, &numbers(|e| micros(e.record.happened)))?;
    column::<Int64Type>(&mut group, &numbers(|e| micros(e.record.received)))?;
    column::<ByteArrayType>(
        &mut group,
        &texts(|e| {
            let words: Vec<String> = e.record.defects.iter().map(Defect::to_string).collect();
            serde_json::Value::from(words).to_string().into_bytes()
        }),
    )?;
    column::<ByteArrayType>(&mut group, &texts(|e| serde_json::to_vec(&e.fields).unwrap_or_default()))?;
    column::<ByteArrayType>(&mut group, &texts(|e| e.record.raw.clone()))?;
    group.close()?;
    events.clear();
    Ok(())
}

fn micros(at: Time) -> i64 {
    at.as_microsecond()
}

/// Hands what is written on to a file of a disk that syncs, in pieces.
pub(crate) struct Appending<'a> {
    disk: &'a dyn custody::disk::Disk,
    name: String,
}

impl<'a> Appending<'a> {
    pub(crate) fn new(disk: &'a dyn custody::disk::Disk, name: &str) -> Self {
        Self { disk, name: name.to_owned() }
    }
}

impl Write for Appending<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.append(&self.name, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
