//! One file for people: no script, nothing from outside, both sides beside each other; it reads on a phone and on paper.

use super::page::Page;
use super::picture::{self, class, sign};
use super::short::{command, short};
use super::{Past, Report, questions};
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
    short(report, &mut page);
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
            "What the alert AA22-131A asks of a provider and its customer, answered for {} (provider: {}) on {}. Numbers: {} (profile {}).",
            report.customer, report.provider, day(report.now), report.profile.1, report.profile.0
        ),
    );
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
    page.raw("</figcaption></figure>").wide("Measures in words");
    page.head(&["Measure", "Provider", "its questions", "Customer", "its questions"]).raw("<tbody>");
    for measure in &report.assessment.measures {
        page.raw("<tr><th scope=\"row\"><a href=\"#m-")
            .text(&measure.id)
            .raw("\">")
            .text(report.title(&measure.id))
            .raw("</a></th>");
        for side in Side::BOTH {
            let Some((verdict, _)) = measure.sides.get(&side) else { continue };
            let asked = questions(measure, side);
            if asked.all == 0 {
                page.raw("<td>–</td><td>not asked</td>");
                continue;
            }
            page.raw("<td>");
            word(page, *verdict);
            page.raw("</td>").element(
                "td",
                &format!("{} of {} met, {} not, {} open", asked.met, asked.all, asked.not_met, asked.open),
            );
        }
        page.raw("</tr>");
    }
    page.raw("</tbody></table></div></section>");
}

pub(super) fn of<'r>(
    report: &'r Report<'_>,
    wanted: impl Fn(Verdict) -> bool + 'r,
) -> impl Iterator<Item = (&'r Answer, &'r Check)> {
    let answers = report.assessment.answers().filter(move |a| wanted(a.verdict));
    answers.filter_map(|a| Some((a, report.set.get(&a.check)?)))
}

fn attention(report: &Report<'_>, page: &mut Page) {
    page.raw("<section id=\"attention\"><h2>What wants attention</h2>");
    let mut any = false;
    page.wide("What wants attention")
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
    page.raw("<section><h2>What nobody can say</h2><p>Missing evidence is no good news. These questions have no answer yet; each says what it lacks.</p>").wide("What nobody can say");
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

pub(super) fn anchor(answer: &Answer) -> String {
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
        page.text(&format!(" {}.", answer.why));
        if answer.counts.total > 0 {
            let c = answer.counts;
            page.text(&format!(" {} met of {}, {} unknown.", c.met, c.total, c.unknown));
        }
        page.raw("</p>").classed("p", "question", &check.asks);
        subjects(page, "Who fails", &answer.failing, answer.failing_count);
        subjects(page, "Of whom nobody can say", &answer.open, answer.counts.unknown);
        subjects(page, "Excepted for a time", &answer.excepted, answer.excepted.len() as u64);
        facts(report, answer, check, page);
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

fn facts(report: &Report<'_>, answer: &Answer, check: &Check, page: &mut Page) {
    page.raw("<dl>");
    let fact = |page: &mut Page, name: &str, text: &str| {
        if !text.is_empty() {
            page.element("dt", name).element("dd", text);
        }
    };
    fact(page, "Owed by", &answer.owed);
    grounds(answer, page);
    fact(page, "Lacks", &answer.lacking.join("; "));
    let words: Vec<String> = answer
        .words
        .iter()
        .map(|w| format!("{} {}, until {}", w.signer, w.role, w.expires.map_or_else(|| "no day".into(), day)))
        .collect();
    fact(page, "Word of", &words.join("; "));
    let parameters: Vec<String> = answer.parameters.iter().map(|(n, v)| format!("{n}: {v}")).collect();
    fact(page, "Measured against", &parameters.join("; "));
    fact(page, "Asked for by", &check.from.join("; "));
    let maps: Vec<String> = check.maps.iter().map(|(n, ids)| format!("{n}: {}", ids.join(", "))).collect();
    fact(page, "Elsewhere", &maps.join("; "));
    next(report, answer, check, page);
    page.raw("</dl>");
}

/// What an answer stands on, with the place of each document in the log.
fn grounds(answer: &Answer, page: &mut Page) {
    if answer.because.is_empty() {
        return;
    }
    page.raw("<dt>Stands on</dt><dd><ul>");
    for g in &answer.because {
        page.raw("<li>").text(&format!("{} of the {} for {}, ", g.kind, g.side, day(g.effective)));
        match g.seq {
            Some(seq) => page.text(&format!("sealed {} as record {seq}, ", day(g.received))),
            None => page.text("a public list that is not in this log, "),
        };
        page.raw("<a href=\"#").text(&g.evidence).raw("\">").text(&g.evidence).raw("</a></li>");
    }
    page.raw("</ul></dd>");
}

/// What to do next: hand in what is lacking before anything else, for nobody knows yet whether something fails.
fn next(report: &Report<'_>, answer: &Answer, check: &Check, page: &mut Page) {
    if answer.verdict.is_good() {
        return;
    }
    page.raw("<dt>Next step</dt><dd>");
    let lacks = answer.lacks(check);
    if answer.verdict == Verdict::NotMet || lacks.is_empty() {
        page.text(&check.fix).raw(" ");
    }
    if !lacks.is_empty() {
        page.text("Hand in: ");
    }
    for (side, kind) in lacks {
        page.element("code", &command(report, side, kind)).raw("<br>");
    }
    page.text("Look closer: ");
    page.element("code", &format!("bailiwick why {} --customer {}", check.id, report.customer_id))
        .raw("</dd>");
}

fn past(report: &Report<'_>, page: &mut Page) {
    page.raw("<section><h2>How it went</h2>");
    if report.history.is_empty() {
        page.raw("<p>No earlier answer was sealed for this profile.</p></section>");
        return;
    }
    page.raw("<figure>").raw(&picture::history(report)).raw("</figure>").wide("Earlier answers");
    page.head(&["Day", "not met", "met", "nobody can say"]).raw("<tbody>");
    for past in report.history {
        let many =
            |wanted: fn(Verdict) -> bool| past.verdicts.values().filter(|v| wanted(**v)).count().to_string();
        let Past { at, .. } = past;
        page.raw("<tr>").row(&day(*at)).element("td", &many(|v| v == Verdict::NotMet));
        page.element("td", &many(Verdict::is_good)).element("td", &many(Verdict::is_open)).raw("</tr>");
    }
    page.raw("</tbody></table></div></section>");
}

fn register(report: &Report<'_>, page: &mut Page) {
    page.raw("<section><h2>Evidence</h2><p>Every document in this customer's log, with the day it speaks for beside the day it arrived.</p>").wide("Evidence");
    page.head(&["Document", "Kind", "Side", "Tool", "For", "Received", "Whole?", "Record", "SHA-256"])
        .raw("<tbody>");
    for exhibit in report.exhibits {
        let e = &exhibit.envelope;
        let tool = [e.tool.as_deref(), e.tool_version.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ");
        page.raw("<tr id=\"").text(&e.id).raw("\">").row(&format!("{} {}", e.id, e.file));
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
    page.raw("<section><h2>How to check this without the provider</h2><p>This page is neither sealed nor signed: whoever hands it over could have changed it. The same answers can be sealed in the log, and computed again from the documents on a machine of your own, without network and without the provider's program. The provider writes the bundle:</p><pre>");
    page.text(&format!(
        "bailiwick export --customer {} --audit --profile {} --now {} --to audit-bundle",
        report.customer_id, report.profile.0, report.now
    ));
    page.raw("</pre><p>You verify it. KEY is the public key of this log, the line that the customer kept when the log was made; do not take it from the bundle.</p><pre>");
    page.text("bailiwick-verify audit-bundle --vkey KEY").raw("</pre>");
    page.element(
        "p",
        &format!("The documents here stand under the checkpoint of {origin}: {size} records, root {root}. A public list is named by its SHA-256 and comes with the audit bundle."),
    );
    page.raw("<p>What this cannot show: that a document told the truth about a system when it was made, and what nobody handed in. It shows that nothing was changed or taken away since, and that the answers follow from the documents.</p></section>");
}
