//! One file for people: no script, nothing from outside, both sides beside each other; it reads on a phone and on paper.

use super::page::Page;
use super::picture::{self, class, sign};
use super::{Past, Report};
use crate::assessment::{MeasureAnswer, day};
use crate::check::Check;
use crate::judge::{Answer, Subject};
use crate::verdict::Verdict;
use evidence::Side;

/// Failing subjects that one check names; the JSON report names more.
const NAMED: usize = 25;
const STYLE: &str = include_str!("style.css");

/// The report as one HTML file.
#[must_use]
pub fn html(report: &Report<'_>) -> String {
    let mut page = Page::new();
    page.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\"><title>");
    page.text(&format!("{} – seventeen measures – {}", report.customer, day(report.now)));
    page.raw("</title><style>").raw(STYLE).raw(
        "</style></head><body><a class=\"skip\" href=\"#attention\">Skip to what wants attention</a><main>",
    );
    heading(report, &mut page);
    overview(report, &mut page);
    attention(report, &mut page);
    open(report, &mut page);
    for measure in &report.assessment.measures {
        details(report, measure, &mut page);
    }
    past(report, &mut page);
    register(report, &mut page);
    verifying(report, &mut page);
    page.raw("</main></body></html>\n");
    page.done()
}

fn heading(report: &Report<'_>, page: &mut Page) {
    page.element("h1", &format!("{}: the seventeen measures", report.customer));
    page.element(
        "p",
        &format!(
            "Provider {}. Day {}. Profile {} ({}). Every answer stands on sealed records and can be computed again without the provider.",
            report.provider, day(report.now), report.profile.0, report.profile.1
        ),
    );
    for side in Side::BOTH {
        let tally = report.tally(side);
        let many = |v: Verdict| tally.get(&v).copied().unwrap_or(0);
        let good: u64 = Verdict::ALL.into_iter().filter(|v| v.is_good()).map(many).sum();
        let nobody: u64 = Verdict::ALL.into_iter().filter(|v| v.is_open()).map(many).sum();
        let who = if side == Side::Provider { report.provider } else { report.customer };
        page.raw("<p class=\"sum\">").element("strong", &format!("{who} ({side}): "));
        page.text(&format!(
            "{} checks are not met, {good} are, and of {nobody} nobody can say.",
            many(Verdict::NotMet)
        ));
        page.raw("</p>");
    }
}

fn word(page: &mut Page, verdict: Verdict) {
    page.raw("<span class=\"word ")
        .raw(class(verdict))
        .raw("\">")
        .text(&format!("{} {verdict}", sign(verdict)))
        .raw("</span>");
}

fn overview(report: &Report<'_>, page: &mut Page) {
    page.raw("<section><h2>At a glance</h2><figure>").raw(&picture::grid(report)).raw("<figcaption>");
    for verdict in Verdict::ALL {
        word(page, verdict);
        page.raw(" ");
    }
    page.raw("</figcaption></figure><div class=\"wide\"><table>");
    page.head(&["Measure", "Provider", "met of all", "Customer", "met of all"]).raw("<tbody>");
    for measure in &report.assessment.measures {
        page.raw("<tr><th scope=\"row\"><a href=\"#m-")
            .text(&measure.id)
            .raw("\">")
            .text(report.title(&measure.id))
            .raw("</a></th>");
        for side in Side::BOTH {
            let Some((verdict, counts)) = measure.sides.get(&side) else { continue };
            page.raw("<td>");
            word(page, *verdict);
            page.raw("</td><td>")
                .text(&format!("{} of {}, {} unknown", counts.met, counts.total, counts.unknown))
                .raw("</td>");
        }
        page.raw("</tr>");
    }
    page.raw("</tbody></table></div></section>");
}

fn of<'r>(
    report: &'r Report<'_>,
    wanted: impl Fn(Verdict) -> bool + 'r,
) -> impl Iterator<Item = (&'r Answer, &'r Check)> {
    let answers = report.assessment.answers().filter(move |a| wanted(a.verdict));
    answers.filter_map(|a| Some((a, report.set.get(&a.check)?)))
}

fn attention(report: &Report<'_>, page: &mut Page) {
    page.raw("<section id=\"attention\"><h2>What wants attention</h2>");
    let mut any = false;
    page.raw("<div class=\"wide\"><table>")
        .head(&["Check", "Side", "Why", "Who owes it", "Next step"])
        .raw("<tbody>");
    for (answer, check) in of(report, |v| v == Verdict::NotMet) {
        any = true;
        page.raw("<tr><th scope=\"row\"><a href=\"#c-")
            .text(&anchor(answer))
            .raw("\">")
            .text(&check.title)
            .raw("</a></th>");
        page.element("td", answer.side.as_str()).element("td", &answer.why);
        page.element("td", &answer.owed).element("td", &check.fix).raw("</tr>");
    }
    if !any {
        page.raw("<tr><td colspan=\"5\">Nothing that was looked at fails. What nobody can say stands below.</td></tr>");
    }
    page.raw("</tbody></table></div></section>");
}

fn open(report: &Report<'_>, page: &mut Page) {
    page.raw("<section><h2>What nobody can say</h2><p>Missing evidence is no good news. These questions have no answer yet; each says what it lacks.</p><div class=\"wide\"><table>");
    page.head(&["Check", "Side", "Answer", "What it lacks"]).raw("<tbody>");
    for (answer, check) in of(report, Verdict::is_open) {
        page.raw("<tr><th scope=\"row\"><a href=\"#c-")
            .text(&anchor(answer))
            .raw("\">")
            .text(&check.title)
            .raw("</a></th>");
        page.element("td", answer.side.as_str()).raw("<td>");
        word(page, answer.verdict);
        page.raw("</td>").element("td", &answer.why).raw("</tr>");
    }
    page.raw("</tbody></table></div></section>");
}

fn anchor(answer: &Answer) -> String {
    format!("{}-{}", answer.check, answer.side)
}

fn details(report: &Report<'_>, measure: &MeasureAnswer, page: &mut Page) {
    page.raw("<section class=\"measure\" id=\"m-")
        .text(&measure.id)
        .raw("\">")
        .element("h2", report.title(&measure.id));
    if let Some((_, question)) = report.measures.get(&measure.id) {
        page.classed("p", "question", question);
    }
    for answer in &measure.checks {
        let Some(check) = report.set.get(&answer.check) else { continue };
        page.raw("<article id=\"c-").text(&anchor(answer)).raw("\"><h3>").text(&check.title).raw(" <small>");
        page.text(&format!("{} · {}", check.id, answer.side)).raw("</small></h3><p>");
        word(page, answer.verdict);
        page.text(&format!(
            " {} met of {}, {} unknown. {}.",
            answer.counts.met, answer.counts.total, answer.counts.unknown, answer.why
        ));
        page.raw("</p>").classed("p", "question", &check.asks);
        subjects(page, "Who fails", &answer.failing, answer.failing_count);
        subjects(page, "Of whom nobody can say", &answer.open, answer.counts.unknown);
        subjects(page, "Excepted for a time", &answer.excepted, answer.excepted.len() as u64);
        facts(answer, check, page);
        page.raw("</article>");
    }
    page.raw("</section>");
}

fn subjects(page: &mut Page, title: &str, list: &[Subject], all: u64) {
    if list.is_empty() {
        return;
    }
    page.raw("<details open><summary>").text(&format!("{title} ({all})")).raw("</summary><ul>");
    for subject in list.iter().take(NAMED) {
        page.raw("<li>").element("strong", &subject.name).text(" ").text(&subject.why);
        if let Some(evidence) = &subject.evidence {
            page.text(" ").raw("<a href=\"#").text(evidence).raw("\">").text(evidence).raw("</a>");
        }
        page.raw("</li>");
    }
    let shown = list.len().min(NAMED) as u64;
    if all > shown {
        page.element("li", &format!("and {} more, in the JSON report", all - shown));
    }
    page.raw("</ul></details>");
}

fn facts(answer: &Answer, check: &Check, page: &mut Page) {
    page.raw("<dl>");
    let mut fact = |name: &str, text: String| {
        if !text.is_empty() {
            page.element("dt", name).element("dd", &text);
        }
    };
    fact("Owed by", answer.owed.clone());
    let grounds: Vec<String> = answer
        .because
        .iter()
        .map(|g| {
            let place = g.seq.map_or_else(|| "public feed".to_owned(), |seq| format!("record {seq}"));
            format!(
                "{} of {} for {}, received {} ({place}, {})",
                g.kind,
                g.side,
                day(g.effective),
                day(g.received),
                g.evidence
            )
        })
        .collect();
    fact("Stands on", grounds.join("; "));
    fact("Lacks", answer.lacking.join("; "));
    let words: Vec<String> = answer
        .words
        .iter()
        .map(|w| format!("{} {}, until {}", w.signer, w.role, w.expires.map_or_else(|| "no day".into(), day)))
        .collect();
    fact("Word of", words.join("; "));
    let parameters: Vec<String> = answer.parameters.iter().map(|(n, v)| format!("{n} {v}")).collect();
    fact("Measured against", parameters.join("; "));
    fact("Asked for by", check.from.join("; "));
    let maps: Vec<String> = check.maps.iter().map(|(n, ids)| format!("{n}: {}", ids.join(", "))).collect();
    fact("Elsewhere", maps.join("; "));
    if !answer.verdict.is_good() {
        fact("Next step", check.fix.clone());
    }
    page.raw("</dl>");
}

fn past(report: &Report<'_>, page: &mut Page) {
    page.raw("<section><h2>How it went</h2>");
    if report.history.is_empty() {
        page.raw("<p>No earlier answer was sealed for this profile.</p></section>");
        return;
    }
    page.raw("<figure>").raw(&picture::history(report)).raw("</figure><div class=\"wide\"><table>");
    page.head(&["Day", "not met", "met", "nobody can say"]).raw("<tbody>");
    for past in report.history {
        let many =
            |wanted: fn(Verdict) -> bool| past.verdicts.values().filter(|v| wanted(**v)).count().to_string();
        let Past { at, .. } = past;
        page.raw("<tr>").element("th", &day(*at)).element("td", &many(|v| v == Verdict::NotMet));
        page.element("td", &many(Verdict::is_good)).element("td", &many(Verdict::is_open)).raw("</tr>");
    }
    page.raw("</tbody></table></div></section>");
}

fn register(report: &Report<'_>, page: &mut Page) {
    page.raw("<section><h2>Evidence</h2><p>Every document in this customer's log, with the day it speaks for beside the day it arrived.</p><div class=\"wide\"><table>");
    page.head(&["Document", "Kind", "Side", "Tool", "For", "Received", "Whole?", "Record", "SHA-256"])
        .raw("<tbody>");
    for exhibit in report.exhibits {
        let e = &exhibit.envelope;
        let tool = [e.tool.as_deref(), e.tool_version.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ");
        page.raw("<tr id=\"").text(&e.id).raw("\">").element("th", &format!("{} {}", e.id, e.file));
        page.element("td", &e.kind).element("td", e.side.as_str()).element("td", &tool);
        page.element("td", &day(e.effective())).element("td", &day(e.received));
        let whole = e
            .status
            .why()
            .map_or_else(|| e.status.as_str().to_owned(), |why| format!("{}: {why}", e.status.as_str()));
        let record = if exhibit.seq == u64::MAX { "public feed".to_owned() } else { exhibit.seq.to_string() };
        page.element("td", &whole).element("td", &record).classed("td", "hash", &e.sha256).raw("</tr>");
    }
    if report.exhibits.is_empty() {
        page.raw("<tr><td colspan=\"9\">There is none: <code>bailiwick evidence add</code> brings the first.</td></tr>");
    }
    page.raw("</tbody></table></div></section>");
}

fn verifying(report: &Report<'_>, page: &mut Page) {
    let (origin, size, root) = &report.checkpoint;
    page.raw("<section><h2>How to check this without the provider</h2><p>Ask for the audit bundle and verify it on a machine of your own; the program computes every answer again, byte for byte.</p><pre>");
    page.text("bailiwick-verify audit-bundle --vkey KEY").raw("</pre>");
    page.element("p", &format!("It stands under the checkpoint of {origin}: {size} records, root {root}."))
        .raw("</section>");
}
