//! A block of a segment: rows shredded into templates and columns, so that like stands beside like.
//!
//! A raw is its template, which is what stands between its variables (see `split`), and its variables. Rows of one template
//! share a column for each variable; raws that are not split, or whose templates are too many, lie in a column of their own.
//!
//! ```text
//! rows, then columns in this order (see `column`): sources · happened (seconds, nanoseconds) · received (the same)
//! · defects (how many, then all texts) · template of each row (0: none) · pieces of each template · all pieces
//! · for each template, for each variable: its texts · raws without template
//! ```

use crate::bytes::put;
use crate::column::{Parts, Sink, Source, damaged, numbers, texts};
use crate::split::{Span, split};
use crate::{EVENT, Row, SegmentError};
use std::collections::BTreeMap;

/// Most rows in a block.
const ROWS_LIMIT: usize = 1 << 20;
/// Most templates in a block.
const TEMPLATES_LIMIT: usize = 4096;

/// The rows of one template.
struct Template<'a> {
    pieces: Vec<&'a [u8]>,
    /// A column for each variable.
    columns: Vec<Vec<&'a [u8]>>,
}

/// The raws of a block, taken apart.
#[derive(Default)]
struct Shredded<'a> {
    templates: Vec<Template<'a>>,
    /// Template of each row, from 1; 0 where there is none.
    of_row: Vec<i64>,
    whole: Vec<&'a [u8]>,
}

fn pieces<'a>(raw: &'a [u8], spans: &[Span]) -> Vec<&'a [u8]> {
    let mut at = 0;
    let mut pieces = Vec::with_capacity(spans.len() + 1);
    for &(from, to) in spans {
        pieces.push(&raw[at..from as usize]);
        at = to as usize;
    }
    pieces.push(&raw[at..]);
    pieces
}

fn shred(rows: &[Row]) -> Shredded<'_> {
    let mut shredded = Shredded::default();
    let mut numbers: BTreeMap<Vec<&[u8]>, usize> = BTreeMap::new();
    let mut spans = vec![];
    for row in rows {
        spans.clear();
        let raw = row.raw.as_slice();
        let number = split(raw, &mut spans).then(|| pieces(raw, &spans)).and_then(|pieces| {
            let next = numbers.len();
            match numbers.get(&pieces) {
                Some(number) => Some(*number),
                None if next >= TEMPLATES_LIMIT => None,
                None => {
                    let columns = vec![vec![]; pieces.len() - 1];
                    shredded.templates.push(Template { pieces: pieces.clone(), columns });
                    numbers.insert(pieces, next);
                    Some(next)
                }
            }
        });
        match number {
            Some(number) => {
                let columns = &mut shredded.templates[number].columns;
                for (column, &(from, to)) in columns.iter_mut().zip(&spans) {
                    column.push(&raw[from as usize..to as usize]);
                }
                shredded.of_row.push(i64::try_from(number + 1).unwrap_or(0));
            }
            None => {
                shredded.whole.push(raw);
                shredded.of_row.push(0);
            }
        }
    }
    shredded
}

/// Packs events.
pub(crate) fn pack(rows: &[Row]) -> Result<Vec<u8>, SegmentError> {
    if rows.len() > ROWS_LIMIT {
        return Err(SegmentError::Full { what: "rows in a block" });
    }
    let mut sink = Sink::new()?;
    put(&mut sink.head, rows.len() as u64);
    texts::write(&mut sink, &rows.iter().map(|r| r.source.as_bytes()).collect::<Vec<_>>())?;
    for time in [|r: &Row| r.happened, |r: &Row| r.received] {
        numbers::write(&mut sink, &rows.iter().map(|r| time(r).0).collect::<Vec<_>>())?;
        numbers::write(&mut sink, &rows.iter().map(|r| i64::from(time(r).1)).collect::<Vec<_>>())?;
    }
    let many = |n: usize| i64::try_from(n).unwrap_or(0);
    numbers::write(&mut sink, &rows.iter().map(|r| many(r.defects.len())).collect::<Vec<_>>())?;
    texts::write(&mut sink, &rows.iter().flat_map(|r| &r.defects).map(String::as_bytes).collect::<Vec<_>>())?;
    let Shredded { templates, of_row, whole } = shred(rows);
    numbers::write(&mut sink, &of_row)?;
    put(&mut sink.head, templates.len() as u64);
    numbers::write(&mut sink, &templates.iter().map(|t| many(t.pieces.len())).collect::<Vec<_>>())?;
    texts::write(&mut sink, &templates.iter().flat_map(|t| t.pieces.iter().copied()).collect::<Vec<_>>())?;
    for column in templates.iter().flat_map(|t| &t.columns) {
        texts::write(&mut sink, column)?;
    }
    texts::write(&mut sink, &whole)?;
    sink.finish()?.ok_or(SegmentError::Full { what: "bytes in a block" })
}

/// A template as it is read.
struct Read {
    pieces: Vec<Vec<u8>>,
    columns: Vec<texts::Texts>,
}

/// Unpacks what [`pack`] packed.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Vec<Row>, SegmentError> {
    let (parts, alone) = Parts::open(bytes)?;
    let mut source = parts.source(alone)?;
    let many = source.head.count(ROWS_LIMIT)?;
    let mut sources = texts::read(&mut source, many)?;
    let mut times = || -> Result<(Vec<i64>, Vec<i64>), SegmentError> {
        Ok((numbers::read(&mut source, many)?, numbers::read(&mut source, many)?))
    };
    let (happened, received) = (times()?, times()?);
    let sizes = numbers::read(&mut source, many)?;
    let total = sum(&sizes)?;
    let mut defects = texts::read(&mut source, total)?;
    let of_row = numbers::read(&mut source, many)?;
    let mut templates = read_templates(&mut source, &of_row)?;
    let mut whole = texts::read(&mut source, of_row.iter().filter(|n| **n == 0).count())?;
    if !source.is_empty() {
        return Err(damaged("a block holds more than its rows"));
    }
    let mut rows = Vec::with_capacity(many);
    for at in 0..many {
        let time = |(seconds, nanos): &(Vec<i64>, Vec<i64>)| -> Result<(i64, u32), SegmentError> {
            Ok((seconds[at], u32::try_from(nanos[at]).map_err(|_| damaged("a time"))?))
        };
        let mut text = vec![];
        sources.give(&mut text)?;
        let mut row = Row {
            kind: EVENT,
            source: utf8(text)?,
            happened: time(&happened)?,
            received: time(&received)?,
            raw: vec![],
            defects: vec![],
        };
        for _ in 0..sizes[at] {
            let mut text = vec![];
            defects.give(&mut text)?;
            row.defects.push(utf8(text)?);
        }
        let number = usize::try_from(of_row[at]).map_err(|_| damaged("a template"))?;
        match number.checked_sub(1) {
            None => whole.give(&mut row.raw)?,
            Some(number) => {
                let template = templates.get_mut(number).ok_or(damaged("a row has no such template"))?;
                template.give(&mut row.raw)?;
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

impl Read {
    fn give(&mut self, raw: &mut Vec<u8>) -> Result<(), SegmentError> {
        let Some((last, pieces)) = self.pieces.split_last() else { return Err(damaged("a template is empty")) };
        for (piece, column) in pieces.iter().zip(&mut self.columns) {
            raw.extend_from_slice(piece);
            column.give(raw)?;
        }
        raw.extend_from_slice(last);
        Ok(())
    }
}

fn sum(sizes: &[i64]) -> Result<usize, SegmentError> {
    let add = |sum: usize, size: &i64| sum.checked_add(usize::try_from(*size).ok()?).filter(|s| *s <= 1 << 28);
    sizes.iter().try_fold(0, add).ok_or(damaged("a count is over its limit"))
}

fn utf8(text: Vec<u8>) -> Result<String, SegmentError> {
    String::from_utf8(text).map_err(|_| damaged("a text is not UTF-8"))
}

fn read_templates(source: &mut Source<'_>, of_row: &[i64]) -> Result<Vec<Read>, SegmentError> {
    let many = source.head.count(TEMPLATES_LIMIT)?;
    let sizes = numbers::read(source, many)?;
    let mut texts = texts::read(source, sum(&sizes)?)?;
    let mut templates = Vec::with_capacity(many);
    let mut rows = vec![0usize; many];
    for number in of_row.iter().filter_map(|n| usize::try_from(*n).ok()?.checked_sub(1)) {
        *rows.get_mut(number).ok_or(damaged("a row has no such template"))? += 1;
    }
    for size in sizes {
        let mut pieces = vec![];
        for _ in 0..size {
            let mut piece = vec![];
            texts.give(&mut piece)?;
            pieces.push(piece);
        }
        templates.push(Read { pieces, columns: vec![] });
    }
    for (template, rows) in templates.iter_mut().zip(rows) {
        for _ in 1..template.pieces.len() {
            template.columns.push(texts::read(source, rows)?);
        }
    }
    Ok(templates)
}
