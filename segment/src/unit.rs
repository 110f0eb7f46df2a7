//! A block of a segment at rest: rows as templates and columns, or packed plainly where that does not hold them.
//!
//! ```text
//! 0 · rows as `block` packs them
//! 1 · head, pool, large payloads (see `column`); the head:
//!     rows; fragments: count, texts; templates without the first: count, then each: variables, then fragment and
//!     column in turn, 0 for the next new one, else its number and one; columns: count
//!     columns: template of each row, source, happened (seconds, nanoseconds), received (the same), defects of each
//!     row, texts of defects; then the columns of variables, each as long as its templates are frequent
//! ```

use crate::bytes::{Cursor, put};
use crate::column::texts::{self, Texts};
use crate::column::{Parts, Sink, Source, damaged, numbers};
use crate::split::VARIABLES_LIMIT;
use crate::templates::{Shredded, TEMPLATES_LIMIT, Template, shred};
use crate::{EVENT, Row, SegmentError, block};

const PLAIN: u8 = 0;
const COLUMNS: u8 = 1;
/// Most rows of a block in columns.
const ROWS_LIMIT: usize = 1 << 16;
/// Most variables, and most defects, of a block in columns.
const VARIABLES_OF_BLOCK: usize = 1 << 23;
/// Most bytes of all raws of a block.
const RAW_LIMIT_BYTES: usize = 1 << 30;
/// Rows that a template must have to be kept as one.
const LEAST_ROWS: usize = 1;

/// Packs events.
pub(crate) fn pack(rows: &[Row]) -> Result<Vec<u8>, SegmentError> {
    if let Some(packed) = columns(rows)?
        && unpack(&packed).is_ok_and(|back| back == rows)
    {
        return Ok(packed);
    }
    let mut out = vec![PLAIN];
    out.extend(block::pack(rows)?);
    Ok(out)
}

fn columns(rows: &[Row]) -> Result<Option<Vec<u8>>, SegmentError> {
    let raws: Vec<&[u8]> = rows.iter().map(|r| r.raw.as_slice()).collect();
    let raw_bytes: usize = raws.iter().map(|r| r.len()).sum();
    if rows.len() > ROWS_LIMIT || raw_bytes > RAW_LIMIT_BYTES || rows.iter().any(|r| r.kind != EVENT) {
        return Ok(None);
    }
    let shredded = shred(&raws, LEAST_ROWS);
    let defects: Vec<&[u8]> = rows.iter().flat_map(|r| &r.defects).map(String::as_bytes).collect();
    let variables = shredded.columns.iter().map(Vec::len).sum::<usize>();
    if variables.max(defects.len()) > VARIABLES_OF_BLOCK {
        return Ok(None);
    }
    let mut sink = Sink::new()?;
    put(&mut sink.head, rows.len() as u64);
    write_templates(&mut sink, &shredded)?;
    let of: Vec<i64> = shredded.of.iter().map(|&n| i64::from(n)).collect();
    numbers::write(&mut sink, &of)?;
    texts::write(&mut sink, &rows.iter().map(|r| r.source.as_bytes()).collect::<Vec<_>>())?;
    for time in [|r: &Row| r.happened, |r: &Row| r.received] {
        numbers::write(&mut sink, &rows.iter().map(|r| time(r).0).collect::<Vec<_>>())?;
        numbers::write(&mut sink, &rows.iter().map(|r| time(r).1.into()).collect::<Vec<_>>())?;
    }
    let counts: Vec<i64> = rows.iter().map(|r| i64::try_from(r.defects.len()).unwrap_or(i64::MAX)).collect();
    numbers::write(&mut sink, &counts)?;
    texts::write(&mut sink, &defects)?;
    for column in &shredded.columns {
        texts::write(&mut sink, column)?;
    }
    Ok(sink.finish()?.map(|packed| [&[COLUMNS], &packed[..]].concat()))
}

fn write_templates(sink: &mut Sink, shredded: &Shredded<'_>) -> std::io::Result<()> {
    put(&mut sink.head, shredded.fragments.len() as u64);
    texts::write(sink, &shredded.fragments)?;
    put(&mut sink.head, shredded.templates.len() as u64 - 1);
    // The first of each is there before any template.
    let mut next = (1, 1);
    for template in &shredded.templates[1..] {
        put(&mut sink.head, template.columns.len() as u64);
        for (at, &fragment) in template.fragments.iter().enumerate() {
            put_name(&mut sink.head, fragment, &mut next.0);
            if let Some(&column) = template.columns.get(at) {
                put_name(&mut sink.head, column, &mut next.1);
            }
        }
    }
    Ok(())
}

fn put_name(out: &mut Vec<u8>, number: u32, next: &mut u32) {
    if number == *next {
        *next += 1;
        put(out, 0);
    } else {
        put(out, u64::from(number) + 1);
    }
}

fn name(c: &mut Cursor<'_>, next: &mut u32) -> Result<u32, SegmentError> {
    let known = c.count(*next as usize)?;
    if known == 0 {
        *next = next.checked_add(1).ok_or(damaged("too many names"))?;
        return Ok(*next - 1);
    }
    u32::try_from(known - 1).map_err(|_| damaged("too many names"))
}

/// Unpacks what [`pack`] made.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Vec<Row>, SegmentError> {
    match bytes.split_first() {
        Some((&PLAIN, rest)) => block::unpack(rest),
        Some((&COLUMNS, rest)) => {
            let (parts, alone) = Parts::open(rest)?;
            let mut source = parts.source(alone)?;
            let rows = read(&mut source)?;
            if source.is_empty() { Ok(rows) } else { Err(damaged("a block has bytes behind its rows")) }
        }
        _ => Err(damaged("a block is in an unknown form")),
    }
}

struct Templates {
    fragments: Vec<Vec<u8>>,
    templates: Vec<Template>,
    columns: usize,
}

fn read_templates(source: &mut Source<'_>) -> Result<Templates, SegmentError> {
    let fragments = source.head.count(TEMPLATES_LIMIT * (VARIABLES_LIMIT + 1))?;
    let mut texts = texts::read(source, fragments)?;
    let fragments = given(&mut texts, fragments)?;
    let count = source.head.count(TEMPLATES_LIMIT)?;
    let mut templates = vec![Template { fragments: vec![0, 0], columns: vec![0] }];
    let mut next = (1, 1);
    for _ in 0..count {
        let variables = source.head.count(VARIABLES_LIMIT.min(source.head.left()))?;
        let mut template = Template { fragments: vec![], columns: vec![] };
        for at in 0..=variables {
            template.fragments.push(name(&mut source.head, &mut next.0)?);
            if at < variables {
                template.columns.push(name(&mut source.head, &mut next.1)?);
            }
        }
        templates.push(template);
    }
    if next.0 as usize != fragments.len() {
        return Err(damaged("fragments are too few or too many"));
    }
    Ok(Templates { fragments, templates, columns: next.1 as usize })
}

/// The next texts of a column, within the limit.
fn given(texts: &mut Texts, many: usize) -> Result<Vec<Vec<u8>>, SegmentError> {
    let (mut out, mut bytes) = (vec![], 0);
    for _ in 0..many {
        let mut text = vec![];
        texts.give(&mut text)?;
        bytes += text.len();
        if bytes > RAW_LIMIT_BYTES {
            return Err(damaged("texts are over their limit"));
        }
        out.push(text);
    }
    Ok(out)
}

fn utf8(text: Vec<u8>) -> Result<String, SegmentError> {
    String::from_utf8(text).map_err(|_| damaged("a text is not UTF-8"))
}

fn read(source: &mut Source<'_>) -> Result<Vec<Row>, SegmentError> {
    let many = source.head.count(ROWS_LIMIT)?;
    let shared = read_templates(source)?;
    let of = numbers::read(source, many)?;
    let of = of.into_iter().map(|n| usize::try_from(n).ok().filter(|&n| n < shared.templates.len()));
    let of = of.collect::<Option<Vec<usize>>>().ok_or(damaged("a row has no template"))?;
    let mut sources = texts::read(source, many)?;
    let happened = times(source, many)?;
    let received = times(source, many)?;
    let counts = numbers::read(source, many)?;
    let total = counts.iter().try_fold(0usize, |sum, &n| sum.checked_add(usize::try_from(n).ok()?));
    let total = total.filter(|&t| t <= VARIABLES_OF_BLOCK).ok_or(damaged("a row has too many defects"))?;
    let mut texts = texts::read(source, total)?;
    let mut defects = given(&mut texts, total)?.into_iter();
    let mut raws = Raws::read(source, &shared, &of)?;
    let mut rows = Vec::with_capacity(many);
    let mut left = RAW_LIMIT_BYTES;
    for at in 0..many {
        let mut name = vec![];
        sources.give(&mut name)?;
        let raw = raws.next(&shared, of[at])?;
        left = left.checked_sub(raw.len() + name.len()).ok_or(damaged("a block is over its limit"))?;
        let count = usize::try_from(counts[at]).unwrap_or(0);
        rows.push(Row {
            kind: EVENT,
            source: utf8(name)?,
            happened: happened[at],
            received: received[at],
            raw,
            defects: defects.by_ref().take(count).map(utf8).collect::<Result<_, _>>()?,
        });
    }
    Ok(rows)
}

fn times(source: &mut Source<'_>, many: usize) -> Result<Vec<(i64, u32)>, SegmentError> {
    let seconds = numbers::read(source, many)?;
    let nanos = numbers::read(source, many)?.into_iter();
    let nanos = nanos.map(|n| u32::try_from(n).map_err(|_| damaged("a time has too many nanoseconds")));
    seconds.into_iter().zip(nanos).map(|(s, n)| Ok((s, n?))).collect()
}

/// The columns of variables while rows are put together again.
struct Raws {
    columns: Vec<Texts>,
    /// Length of the last raw of each template: the next one is about as long.
    lengths: Vec<usize>,
}

impl Raws {
    fn read(source: &mut Source<'_>, shared: &Templates, of: &[usize]) -> Result<Self, SegmentError> {
        let mut rows = vec![0usize; shared.templates.len()];
        of.iter().for_each(|&n| rows[n] += 1);
        let mut counts = vec![0usize; shared.columns];
        for (template, rows) in shared.templates.iter().zip(rows) {
            template.columns.iter().for_each(|&c| counts[c as usize] += rows);
        }
        if counts.iter().sum::<usize>() > VARIABLES_OF_BLOCK {
            return Err(damaged("a block has too many variables"));
        }
        let columns = counts.into_iter().map(|n| texts::read(source, n)).collect::<Result<_, _>>()?;
        Ok(Self { columns, lengths: vec![0; shared.templates.len()] })
    }

    fn next(&mut self, shared: &Templates, number: usize) -> Result<Vec<u8>, SegmentError> {
        let template = &shared.templates[number];
        let mut raw = Vec::with_capacity(self.lengths[number] + 16);
        for (at, &fragment) in template.fragments.iter().enumerate() {
            raw.extend_from_slice(&shared.fragments[fragment as usize]);
            if let Some(&column) = template.columns.get(at) {
                self.columns[column as usize].give(&mut raw)?;
            }
            if raw.len() > RAW_LIMIT_BYTES {
                return Err(damaged("a row is over its limit"));
            }
        }
        self.lengths[number] = raw.len().min(1 << 12);
        Ok(raw)
    }
}

#[cfg(test)]
mod tests;
