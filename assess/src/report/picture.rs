//! Two pictures as SVG: the measures of both sides on one grid, and how each went over time. Every word in them stands in a
//! table too; a mark is told by its shape and its letter, never by its colour alone.

use super::page::{Page, escape};
use super::{Report, questions};
use crate::verdict::Verdict;
use evidence::Side;

/// Height of a line, in pixels.
const LINE: usize = 26;
/// Where the marks begin.
const LEFT: usize = 250;
/// Width of a mark.
const CELL: usize = 120;
/// Earlier answers that are drawn.
const PAST: usize = 24;

/// The class of a word, for its colour and hatch.
pub(super) fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::MetWithException => "exception",
        Verdict::NotApplicable => "none",
        Verdict::Unknown => "unknown",
        Verdict::Stale => "stale",
        Verdict::Error => "error",
        Verdict::NotMet => "notmet",
    }
}

/// The sign of a word: its shape tells what its colour tells.
pub(super) fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "✓",
        Verdict::MetWithException => "✓!",
        Verdict::NotApplicable => "–",
        Verdict::Unknown => "?",
        Verdict::Stale => "…",
        Verdict::Error => "⚠",
        Verdict::NotMet => "✗",
    }
}

const HATCH: &str = "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" class=\"ground\"/><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" class=\"stripe\"/></pattern></defs>";

/// Measures × sides.
pub(super) fn grid(report: &Report<'_>) -> String {
    let measures = &report.assessment.measures;
    let height = (measures.len() + 1) * LINE + 8;
    let mut page = Page::new();
    page.raw(&format!("<svg role=\"img\" aria-labelledby=\"grid-title\" viewBox=\"0 0 {} {height}\" xmlns=\"http://www.w3.org/2000/svg\">", LEFT + 2 * CELL + 10));
    page.raw("<title id=\"grid-title\">The seventeen measures for the provider and the customer, with how many of the questions are met; the table below says the same in words</title>").raw(HATCH);
    for (n, side) in Side::BOTH.into_iter().enumerate() {
        page.raw(&format!(
            "<text x=\"{}\" y=\"17\" class=\"head\">{}</text>",
            LEFT + n * CELL + 4,
            side.as_str()
        ));
    }
    for (row, measure) in measures.iter().enumerate() {
        let y = (row + 1) * LINE;
        page.raw(&format!("<text x=\"0\" y=\"{}\">{}</text>", y + 17, escape(report.title(&measure.id))));
        for (n, side) in Side::BOTH.into_iter().enumerate() {
            let Some((verdict, _)) = measure.sides.get(&side) else { continue };
            let asked = questions(measure, side);
            let x = LEFT + n * CELL;
            let (class, said) = match asked.all {
                0 => ("none", "– not asked".to_owned()),
                all => (class(*verdict), format!("{} {}/{all}", sign(*verdict), asked.met)),
            };
            page.raw(&format!(
                "<rect x=\"{x}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"3\" class=\"cell {class}\"/><text x=\"{}\" y=\"{}\">{said}</text>",
                y + 1, CELL - 6, LINE - 4, x + 8, y + 17
            ));
        }
    }
    page.raw("</svg>");
    page.done()
}

/// How each measure went, one column for each sealed answer.
pub(super) fn history(report: &Report<'_>) -> String {
    let past = &report.history[report.history.len().saturating_sub(PAST)..];
    let measures = &report.assessment.measures;
    let step = 18;
    let width = LEFT + past.len().max(1) * 2 * step + 20;
    let mut page = Page::new();
    page.raw(&format!(
        "<svg role=\"img\" aria-labelledby=\"past-title\" viewBox=\"0 0 {width} {}\" xmlns=\"http://www.w3.org/2000/svg\">",
        (measures.len() + 1) * LINE + 8
    ));
    page.raw("<title id=\"past-title\">Earlier answers, oldest on the left, for each day the provider above and the customer below</title>");
    for (row, measure) in measures.iter().enumerate() {
        let y = (row + 1) * LINE;
        page.raw(&format!("<text x=\"0\" y=\"{}\">{}</text>", y + 17, escape(report.title(&measure.id))));
        for (column, day) in past.iter().enumerate() {
            for (half, side) in Side::BOTH.into_iter().enumerate() {
                let Some(verdict) = day.verdicts.get(&(measure.id.clone(), side)) else { continue };
                page.raw(&format!(
                    "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"cell {}\"/><text x=\"{}\" y=\"{}\" class=\"small\">{}</text>",
                    LEFT + column * 2 * step, y + 1 + half * 12, 2 * step - 4, 11, class(*verdict),
                    LEFT + column * 2 * step + 10, y + 10 + half * 12, sign(*verdict)
                ));
            }
        }
    }
    page.raw("</svg>");
    page.done()
}
