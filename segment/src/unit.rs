//! A block of a segment at rest: rows as templates and columns, or packed plainly where that does not hold them.
//!
//! ```text
//! 0 · rows as `block` packs them
//! 1 · head, pools, large payloads (see `column`); the head:
//!     rows; fragments: count, texts; templates without the first: count, then each: variables, then fragment and
//!     column in turn, 0 for the next new one, else its number and one
//!     columns: template of each row, source, received (seconds, nanoseconds), defects of each row, texts of defects;
//!     then the columns of variables, each as long as its templates are frequent; then the number of the column of
//!     times that `happened` stands beside and one, or 0, and its distances from them (seconds, nanoseconds)
//! ```

use crate::bytes::{Cursor, put};
use crate::column::beside::Beside;
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
/// Columns of times that a writer tries for when rows happened.
const CLOCKS_TRIED: usize = 4;
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
    write_distances(&mut sink, rows.iter().map(|r| r.received), None)?;
    let counts: Vec<i64> = rows.iter().map(|r| i64::try_from(r.defects.len()).unwrap_or(i64::MAX)).collect();
    numbers::write(&mut sink, &counts)?;
    texts::write(&mut sink, &defects)?;
    let mut beside = Beside::new(shredded.of, shredded.templates.len());
    for (column, of) in shredded.columns.iter().zip(shredded.rows) {
        let learned = texts::write_beside(&mut sink, column, &of, &beside)?;
        beside.learn(of, learned);
    }
    write_happened(&mut sink, rows, &beside)?;
    Ok(sink.finish()?.map(|packed| [&[COLUMNS], &packed[..]].concat()))
}

/// Writes when rows happened: by the distance from the times of a column, where most rows are equally far from them.
fn write_happened(sink: &mut Sink, rows: &[Row], beside: &Beside) -> std::io::Result<()> {
    let all: Vec<u32> = (0..).take(rows.len()).collect();
    let near = |&clock: &usize| {
        let times = beside.times(clock, &all).ok()?;
        let far = |(row, time): (&Row, &(i64, u32))| distance(row.happened, *time);
        let mut distances: Vec<_> = rows.iter().zip(&times).map(far).collect();
        distances.sort_unstable();
        let most = distances.chunk_by(|a, b| a == b).map(<[_]>::len).max().unwrap_or(0);
        Some((most, clock, times))
    };
    let best = beside.clocks.iter().take(CLOCKS_TRIED).filter_map(near).max_by_key(|b| b.0);
    let best = best.filter(|b| b.0 * 2 > rows.len());
    put(&mut sink.head, best.as_ref().map_or(0, |b| b.1 as u64 + 1));
    write_distances(sink, rows.iter().map(|r| r.happened), best.map(|b| b.2))
}

fn distance(time: (i64, u32), from: (i64, u32)) -> (i64, i64) {
    (time.0.wrapping_sub(from.0), i64::from(time.1) - i64::from(from.1))
}

/// Writes times by their distances from others, or from zero.
fn write_distances(
    sink: &mut Sink,
    times: impl Iterator<Item = (i64, u32)>,
    others: Option<Vec<(i64, u32)>>,
) -> std::io::Result<()> {
    let others = others.into_iter().flatten().chain(std::iter::repeat((0, 0)));
    let (seconds, nanos): (Vec<i64>, Vec<i64>) = times.zip(others).map(|(a, b)| distance(a, b)).unzip();
    numbers::write(sink, &seconds)?;
    numbers::write(sink, &nanos)
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
    let of = of.into_iter().map(|n| u32::try_from(n).ok().filter(|&n| (n as usize) < shared.templates.len()));
    let of = of.collect::<Option<Vec<u32>>>().ok_or(damaged("a row has no template"))?;
    let mut sources = texts::read(source, many)?;
    let received = times(source, vec![(0, 0); many])?;
    let counts = numbers::read(source, many)?;
    let total = counts.iter().try_fold(0usize, |sum, &n| sum.checked_add(usize::try_from(n).ok()?));
    let total = total.filter(|&t| t <= VARIABLES_OF_BLOCK).ok_or(damaged("a row has too many defects"))?;
    let mut texts = texts::read(source, total)?;
    let mut defects = given(&mut texts, total)?.into_iter();
    let mut beside = Beside::new(of.clone(), shared.templates.len());
    let mut raws = Raws::read(source, &shared, &of, &mut beside)?;
    let clock = source.head.count(shared.columns)?;
    let others = match clock.checked_sub(1) {
        Some(clock) => beside.times(clock, &(0..).take(many).collect::<Vec<_>>())?,
        None => vec![(0, 0); many],
    };
    let happened = times(source, others)?;
    let mut rows = Vec::with_capacity(many);
    let mut left = RAW_LIMIT_BYTES;
    for at in 0..many {
        let mut name = vec![];
        sources.give(&mut name)?;
        let raw = raws.next(&shared, of[at] as usize)?;
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

/// Reads times by their distances from others.
fn times(source: &mut Source<'_>, others: Vec<(i64, u32)>) -> Result<Vec<(i64, u32)>, SegmentError> {
    let seconds = numbers::read(source, others.len())?;
    let nanos = numbers::read(source, others.len())?;
    let time = |((far, nanos), other): ((i64, i64), (i64, u32))| {
        let nanos = nanos.checked_add(other.1.into()).and_then(|n| u32::try_from(n).ok());
        Ok((other.0.wrapping_add(far), nanos.ok_or(damaged("a time has too many nanoseconds"))?))
    };
    seconds.into_iter().zip(nanos).zip(others).map(time).collect()
}

/// The columns of variables while rows are put together again.
struct Raws {
    columns: Vec<Texts>,
    /// Length of the last raw of each template: the next one is about as long.
    lengths: Vec<usize>,
}

impl Raws {
    fn read(
        source: &mut Source<'_>,
        shared: &Templates,
        of: &[u32],
        beside: &mut Beside,
    ) -> Result<Self, SegmentError> {
        let mut rows = vec![0usize; shared.templates.len()];
        of.iter().for_each(|&n| rows[n as usize] += 1);
        let mut counts = vec![0usize; shared.columns];
        for (template, rows) in shared.templates.iter().zip(rows) {
            template.columns.iter().for_each(|&c| counts[c as usize] += rows);
        }
        if counts.iter().sum::<usize>() > VARIABLES_OF_BLOCK {
            return Err(damaged("a block has too many variables"));
        }
        let mut rows: Vec<Vec<u32>> = counts.into_iter().map(Vec::with_capacity).collect();
        for (row, &n) in (0..).zip(of) {
            shared.templates[n as usize].columns.iter().for_each(|&c| rows[c as usize].push(row));
        }
        let columns = rows.into_iter().map(|rows| texts::read_beside(source, rows, beside));
        let columns = columns.collect::<Result<_, _>>()?;
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
