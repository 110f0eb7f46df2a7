//! Rows as templates and columns: what rows share stands once, what varies stands in a column with its like.
//!
//! A template is fragments with a variable between each two. Which column a variable goes to is the writer's choice and
//! written down; here: the column of the text before it, so that rows of different templates share their columns.

use crate::bytes::sum;
use crate::slots::{Found, Slots};
use crate::split::{Span, VARIABLES_LIMIT, split};

/// Most templates of a block; further rows are kept whole.
pub(crate) const TEMPLATES_LIMIT: usize = 4096;
/// Bytes before a variable that say which column it goes to.
const CONTEXT_BYTES: usize = 40;
/// Letters in them that make them say enough on their own.
const CONTEXT_LETTERS: usize = 3;

/// What rows of one shape share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    /// Numbers of its fragments: one more than columns.
    pub(crate) fragments: Vec<u32>,
    /// Numbers of the columns of its variables.
    pub(crate) columns: Vec<u32>,
}

/// Rows of a block, taken apart. Template 0 keeps a row whole, in column 0.
pub(crate) struct Shredded<'a> {
    pub(crate) fragments: Vec<&'a [u8]>,
    pub(crate) templates: Vec<Template>,
    /// The template of each row.
    pub(crate) of: Vec<u32>,
    pub(crate) columns: Vec<Vec<&'a [u8]>>,
    /// The row of each text of each column.
    pub(crate) rows: Vec<Vec<u32>>,
}

/// A row and where it varies.
struct Shape {
    row: usize,
    from: usize,
    to: usize,
    rows: usize,
}

/// What each row is: its variables, and the number of its shape (none: it is kept whole).
struct Shapes {
    spans: Vec<Span>,
    /// Number of the shape, and where its spans begin.
    of: Vec<(Option<u32>, usize)>,
    shapes: Vec<Shape>,
}

fn piece(raw: &[u8], from: u32, to: u32) -> &[u8] {
    &raw[from as usize..to as usize]
}

/// The texts between the variables of a raw.
fn between<'a>(raw: &'a [u8], spans: &[Span]) -> impl Iterator<Item = &'a [u8]> {
    let ends = spans.iter().map(|s| s.0 as usize).chain([raw.len()]);
    let begins = [0].into_iter().chain(spans.iter().map(|s| s.1 as usize));
    begins.zip(ends).map(|(from, to)| &raw[from..to])
}

fn shapes(raws: &[&[u8]]) -> Shapes {
    let mut found = Shapes { spans: vec![], of: Vec::with_capacity(raws.len()), shapes: vec![] };
    let mut slots = Slots::new();
    for (row, raw) in raws.iter().enumerate() {
        let from = found.spans.len();
        let mut number = None;
        if split(raw, &mut found.spans) && found.shapes.len() < TEMPLATES_LIMIT {
            let spans = &found.spans[from..];
            let hash = between(raw, spans).fold(spans.len() as u64, sum);
            let same = |n: u32| {
                let shape = &found.shapes[n as usize];
                let theirs = &found.spans[shape.from..shape.to];
                theirs.len() == spans.len() && between(raw, spans).eq(between(raws[shape.row], theirs))
            };
            number = match slots.find(hash, same) {
                Found::Known(n) | Found::New(n) => Some(n),
                Found::Crowded => None,
            };
            let shape = Shape { row, from, to: found.spans.len(), rows: 0 };
            match number {
                Some(n) if n as usize == found.shapes.len() => found.shapes.push(shape),
                _ => {}
            }
        }
        if let Some(n) = number {
            found.shapes[n as usize].rows += 1;
        }
        found.of.push((number, from));
    }
    found
}

/// Takes rows apart.
pub(crate) fn shred<'a>(raws: &[&'a [u8]], least_rows: usize) -> Shredded<'a> {
    let found = shapes(raws);
    let whole = Template { fragments: vec![0, 0], columns: vec![0] };
    let (fragments, templates, columns): (Vec<&[u8]>, _, _) = (vec![b""], vec![whole], vec![vec![]]);
    let mut out = Shredded { fragments, templates, of: vec![], columns, rows: vec![] };
    let mut names = Names { fragments: Slots::new(), columns: Slots::new() };
    names.fragments.find(sum(0, b""), |_| true);
    names.columns.find(0, |_| true);
    let mut kept = vec![0u32; found.shapes.len()];
    for (number, shape) in found.shapes.iter().enumerate() {
        if shape.rows < least_rows {
            continue;
        }
        let raw = raws[shape.row];
        if let Some(template) = names.template(raw, &found.spans[shape.from..shape.to], &mut out) {
            kept[number] = u32::try_from(out.templates.len()).unwrap_or(0);
            out.templates.push(template);
        }
    }
    out.rows = vec![vec![]; out.columns.len()];
    for (row, (raw, &(shape, from))) in (0..).zip(raws.iter().zip(&found.of)) {
        let number = shape.map_or(0, |n| kept[n as usize]);
        out.of.push(number);
        if number == 0 {
            out.columns[0].push(raw);
            out.rows[0].push(row);
            continue;
        }
        let template = &out.templates[number as usize];
        for (&column, &(a, b)) in template.columns.iter().zip(&found.spans[from..]) {
            out.columns[column as usize].push(piece(raw, a, b));
            out.rows[column as usize].push(row);
        }
    }
    out
}

/// Fragments and columns that were met.
struct Names {
    fragments: Slots,
    columns: Slots,
}

impl Names {
    fn template<'a>(&mut self, raw: &'a [u8], spans: &[Span], out: &mut Shredded<'a>) -> Option<Template> {
        let mut template = Template { fragments: vec![], columns: vec![] };
        let (mut key, mut seen) = (1u64, Slots::new());
        for fragment in between(raw, spans) {
            let known = self.fragments.find(sum(0, fragment), |n| out.fragments[n as usize] == fragment);
            template.fragments.push(match known {
                Found::Known(number) => number,
                Found::New(number) => {
                    out.fragments.push(fragment);
                    number
                }
                Found::Crowded => return None,
            });
            if template.columns.len() == spans.len().min(VARIABLES_LIMIT) {
                break;
            }
            let context = &fragment[fragment.len().saturating_sub(CONTEXT_BYTES)..];
            let letters = context.iter().filter(|b| b.is_ascii_alphabetic()).count();
            key = sum(if letters < CONTEXT_LETTERS { key } else { 2 }, context);
            // The same text again in one row is another column.
            while matches!(seen.find(key, |_| true), Found::Known(_)) {
                key = sum(key, b"again");
            }
            template.columns.push(match self.columns.find(key, |_| true) {
                Found::Known(number) => number,
                Found::New(number) => {
                    out.columns.push(vec![]);
                    number
                }
                Found::Crowded => return None,
            });
        }
        Some(template)
    }
}
