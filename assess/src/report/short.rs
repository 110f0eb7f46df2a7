//! The first screen: what is bad, who has to hand in what, and by when; and what an open answer lacks, as a next command.

use super::html::{anchor, of};
use super::page::Page;
use super::{Report, plural};
use crate::assessment::day;
use crate::check::Check;
use crate::judge::Answer;
use crate::verdict::Verdict;
use evidence::{Kind, Side};
use std::collections::BTreeMap;

/// Things of each sort that the first screen names; the rest stands below.
const FIRST: usize = 5;

/// The command that hands a kind of evidence in.
pub(super) fn command(report: &Report<'_>, side: Side, kind: &str) -> String {
    format!("bailiwick evidence add --customer {} --side {side} --kind {kind} FILE", report.customer_id)
}

/// What stands on the first screen.
pub(super) fn short(report: &Report<'_>, page: &mut Page) {
    page.raw("<section id=\"short\"><h2>In short</h2>");
    sum(report, page);
    bad(report, page);
    page.raw("<h3>Which documents would answer most</h3><ul>");
    for side in Side::BOTH {
        wanted(report, side, page);
    }
    page.raw("</ul>");
    dates(report, page);
    page.raw("</section>");
}

fn sum(report: &Report<'_>, page: &mut Page) {
    let answers: Vec<&Answer> = report.assessment.answers().collect();
    let many = |wanted: &dyn Fn(&Answer) -> bool| answers.iter().filter(|a| wanted(a)).count();
    let bad = many(&|a| a.verdict == Verdict::NotMet);
    let good = many(&|a| a.verdict.is_good());
    let open = many(&|a| a.verdict.is_open());
    let worded = many(&|a| a.verdict.is_good() && !a.words.is_empty());
    page.raw("<p class=\"sum\"><strong>").text(&format!(
        "{} asked of both sides: {bad} not as it should be, {good} as it should be, {open} that nobody can say yet.",
        plural(answers.len(), "question")
    ));
    page.raw("</strong> ");
    if open > 0 {
        page.text("What nobody can say is no good news: it may be bad and unseen. ");
    }
    if worded > 0 {
        page.text(&format!(
            "{worded} of the good answers stand on what a person signed, the others on documents that nobody signed: output of tools, and lists that people keep."
        ));
    }
    page.raw("</p><ul class=\"sum\">");
    for side in Side::BOTH {
        let tally = |wanted: fn(Verdict) -> bool| many(&|a| a.side == side && wanted(a.verdict));
        page.raw("<li>").element("strong", &report.who(side)).text(&format!(
            " ({side}): {} not met, {} met, {} open.",
            tally(|v| v == Verdict::NotMet),
            tally(Verdict::is_good),
            tally(Verdict::is_open)
        ));
        page.raw("</li>");
    }
    page.raw("</ul>");
}

fn bad(report: &Report<'_>, page: &mut Page) {
    let bad: Vec<(&Answer, &Check)> = of(report, |v| v == Verdict::NotMet).collect();
    page.raw("<h3>Not as it should be</h3>");
    if bad.is_empty() {
        page.raw("<p>Nothing that was looked at fails. Of what nobody looked at, this says nothing.</p>");
        return;
    }
    page.raw("<ol>");
    for (answer, check) in bad.iter().take(FIRST) {
        page.raw("<li><a href=\"#c-").text(&anchor(answer)).raw("\">").text(&check.title).raw("</a>");
        page.text(&format!(" does not hold at {} ({}): ", report.who(answer.side), answer.side));
        page.text(&first(answer)).text(". ").element("em", &format!("Who owes it: {}.", answer.owed));
        page.text(&format!(" Next: {}", check.fix)).raw("</li>");
    }
    page.raw("</ol>");
    if bad.len() > FIRST {
        page.raw("<p><a href=\"#attention\">")
            .text(&format!("and {} more", bad.len() - FIRST))
            .raw("</a></p>");
    }
}

/// Who fails and why, as far as one line goes.
fn first(answer: &Answer) -> String {
    match answer.failing.first() {
        Some(s) if answer.failing_count > 1 => {
            format!("{} {}, and {} more", s.name, s.why, answer.failing_count - 1)
        }
        Some(s) => format!("{} {}", s.name, s.why),
        None => answer.why.clone(),
    }
}

fn wanted(report: &Report<'_>, side: Side, page: &mut Page) {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut lacking, mut silent) = (0, 0);
    for (answer, check) in of(report, Verdict::is_open) {
        let lacks = answer.lacks(check);
        for (_, kind) in lacks.iter().filter(|(whose, _)| *whose == side) {
            *kinds.entry(kind).or_insert(0) += 1;
        }
        lacking += usize::from(lacks.iter().any(|(whose, _)| *whose == side));
        silent += usize::from(lacks.is_empty() && answer.side == side);
    }
    page.raw("<li>").element("strong", &report.who(side)).text(&format!(" ({side})"));
    if lacking == 0 && silent == 0 {
        page.text(": nothing is lacking.").raw("</li>");
        return;
    }
    let mut kinds: Vec<(&str, usize)> = kinds.into_iter().collect();
    kinds.sort_by_key(|(kind, many)| (std::cmp::Reverse(*many), *kind));
    page.text(&format!(": {} for lack of its documents", plural(lacking, "open answer")));
    if silent > 0 {
        page.text(&format!(", {silent} because the documents that are there do not tell"));
    }
    for (n, (kind, many)) in kinds.iter().take(FIRST).enumerate() {
        page.text(if n == 0 { ". Wanted first: " } else { "; " }).element("strong", kind);
        let about = Kind::named(kind).map_or("", |k| k.about);
        page.text(&format!(" ({about}; in {})", plural(*many, "answer")));
    }
    page.text(".").raw("</li>");
}

fn dates(report: &Report<'_>, page: &mut Page) {
    page.raw("<h3>By when</h3>");
    if report.dates.is_empty() {
        page.raw("<p>Nothing in the log ends or goes stale in the next 30 days.</p>");
        return;
    }
    page.raw("<ul>");
    for date in report.dates.iter().take(FIRST) {
        let days = (date.at.as_second() - report.now.as_second()).div_euclid(86_400);
        let when = match days {
            ..0 => "past".to_owned(),
            0 => "today".to_owned(),
            days => format!("in {}", plural(days.unsigned_abs() as usize, "day")),
        };
        page.raw("<li>").element("strong", &day(date.at)).text(&format!(
            " ({when}), {}: {}: {}",
            date.side.map_or_else(|| "both".to_owned(), |side| report.who(side)),
            date.means,
            date.of
        ));
        page.raw("</li>");
    }
    page.raw("</ul>");
    if report.dates.len() > FIRST {
        page.raw("<p>").text(&format!("and {} more within 30 days: ", report.dates.len() - FIRST));
        page.element("code", &format!("bailiwick due --customer {}", report.customer_id)).raw("</p>");
    }
}
