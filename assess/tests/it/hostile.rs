//! The laws of rows: one more who fails is never good news, and text of evidence stays text, over every check.

use assess::assessment::{Assessment, MeasureAnswer, answer_json};
use assess::fixture::Fixture;
use assess::judge::{Answer, Subject};
use assess::report::{self, Report};
use assess::{Check, CheckSet, Verdict};
use evidence::{Cell, Row};
use std::collections::BTreeMap;

/// Checks that no row of a failing subject, as [`rows_of`] finds it, made bad. For them this test says only that nothing
/// becomes better.
const NEVER_BY_ROWS: &[&str] = &[
    "aa.krbtgt",
    "bf.spray-detector-live",
    "bk.offline-immutable",
    "ct.bound",
    "ct.complete",
    "ct.conflict",
    "ct.review",
    "if.scan-outside",
    "ir.exercise",
    "ir.hardcopy",
    "ir.plan",
    "lg.netmon",
    "lg.policy",
    "lg.retention-retrieve",
    "lg.sealed",
    "lg.segregated",
    "ob.unused-service",
    "ph.consent",
    "ph.mail-hardening",
    "ta.exception",
    "ta.floor",
    "ta.profile",
    "tr.responsibility-matrix",
    "vd.scan-cadence",
];

/// What a text of evidence could break: markup, attributes, SQL, a terminal, the direction of reading, lines, templates, formulas.
const HOSTILE: &str = "=cmd|' /c calc'!a0 <script>alert(1)</script>\"><img src=x onerror='a'>'; drop table t_account; -- \u{1b}[31m\u{202e}\0\r\n{{7*7}} %s";

fn text(cell: &Cell) -> Option<&str> {
    if let Cell::Text(text) = cell { Some(text) } else { None }
}

/// A row whose texts are changed; what is no text stays.
fn changed(row: &Row, change: impl Fn(&str) -> String) -> Row {
    let columns = row.table().columns.iter().zip(row.cells());
    columns.fold(row.clone(), |made, (column, cell)| match text(cell) {
        Some(text) => made.with(column.name, change(text)),
        None => made,
    })
}

/// Whether a text names the subject, or a part of a subject that has several.
fn is_of(subject: &str, text: &str) -> bool {
    text.len() > 2
        && (subject.eq_ignore_ascii_case(text)
            || subject.split(' ').any(|part| part.eq_ignore_ascii_case(text)))
}

/// The rows of a fixture that speak of a subject, by file, with another name for it.
fn rows_of(bad: &Fixture, subject: &str) -> Vec<Vec<Row>> {
    let renamed = |row: &Row| {
        changed(row, |text| if is_of(subject, text) { format!("zz{text}") } else { text.to_owned() })
    };
    let of = |row: &&Row| row.cells().iter().filter_map(text).any(|text| is_of(subject, text));
    bad.rows().iter().map(|rows| rows.iter().filter(of).map(renamed).collect()).collect()
}

/// The answer of a fixture with these rows of another one added to its files of the same kind and side.
fn with_rows(good: &Fixture, bad: &Fixture, added: &[Vec<Row>], check: &Check) -> Answer {
    let add = |place: usize, rows: &mut Vec<Row>| {
        let here = &good.add[place];
        let same =
            bad.add.iter().zip(added).filter(|(there, _)| there.kind == here.kind && there.side == here.side);
        same.for_each(|(_, more)| rows.extend(more.iter().cloned()));
    };
    good.answer_changed(check, &BTreeMap::new(), &add).expect("evidence loads")
}

/// Adds every failing subject to every good fixture of its check. The answer: whether one of them made it bad, and complaints.
fn one_more_who_fails(check: &Check, fixtures: &[Fixture]) -> (usize, bool, Vec<String>) {
    let (mut tried, mut seen, mut complaints) = (0, false, vec![]);
    let answers: Vec<Answer> =
        fixtures.iter().map(|f| f.answer(check, &BTreeMap::new()).expect("evidence loads")).collect();
    for (bad, failing) in fixtures.iter().zip(&answers).filter(|(_, a)| a.verdict == Verdict::NotMet) {
        for subject in failing.failing.iter().take(3) {
            let added = rows_of(bad, &subject.name);
            if added.iter().all(Vec::is_empty) {
                continue;
            }
            for (good, before) in
                fixtures.iter().zip(&answers).filter(|(f, a)| a.verdict.is_good() && f.side == bad.side)
            {
                let after = with_rows(good, bad, &added, check);
                tried += 1;
                seen |= after.verdict == Verdict::NotMet;
                let more = (after.counts.total.saturating_sub(before.counts.total))
                    .saturating_sub(after.failing_count);
                let better = after.verdict < before.verdict || after.counts.met > before.counts.met + more;
                if better {
                    complaints.push(format!(
                        "{} {} with `{}` of {}: {} {:?} became {} {:?}",
                        check.id,
                        good.name,
                        subject.name,
                        bad.name,
                        before.verdict,
                        before.counts,
                        after.verdict,
                        after.counts
                    ));
                }
            }
        }
    }
    (tried, seen, complaints)
}

#[test]
fn one_more_who_fails_never_makes_an_answer_better() {
    let set = assess::embedded();
    let (mut tried, mut complaints, mut never) = (0, vec![], vec![]);
    for check in set.checks() {
        let (many, seen, said) = one_more_who_fails(check, set.fixtures(&check.id));
        tried += many;
        complaints.extend(said);
        if !seen {
            never.push(check.id.as_str());
        }
    }
    assert!(tried > 100, "only {tried} were tried");
    assert!(complaints.is_empty(), "{} of {tried}:\n{}", complaints.len(), complaints.join("\n"));
    assert_eq!(never, NEVER_BY_ROWS, "checks that no added subject made bad, of {tried} tries");
}

/// Every text of an answer that comes from evidence, changed.
fn answer_with(answer: &Answer, change: &dyn Fn(&str) -> String) -> Answer {
    let subjects = |list: &[Subject]| {
        let one = |s: &Subject| Subject {
            name: change(&s.name),
            why: change(&s.why),
            evidence: s.evidence.clone(),
        };
        list.iter().map(one).collect()
    };
    let mut made = answer.clone();
    made.why = change(&answer.why);
    (made.failing, made.open, made.excepted) =
        (subjects(&answer.failing), subjects(&answer.open), subjects(&answer.excepted));
    for word in &mut made.words {
        (word.signer, word.role) = (change(&word.signer), change(&word.role));
    }
    made
}

fn with_report<T>(set: &CheckSet, measure: &str, answer: Answer, show: impl Fn(&Report<'_>) -> T) -> T {
    let sides = BTreeMap::from([(answer.side, (answer.verdict, answer.counts))]);
    let measures = vec![MeasureAnswer { id: measure.to_owned(), sides, checks: vec![answer] }];
    show(&Report {
        provider: "North",
        customer_id: "acme",
        customer: "Acme",
        profile: ("alert-floor", String::new()),
        now: "2026-11-20T12:00:00Z".parse().expect("a time"),
        set,
        assessment: &Assessment { measures },
        history: &[],
        exhibits: &[],
        measures: BTreeMap::new(),
        checkpoint: ("log".into(), 7, "root".into()),
    })
}

/// The tags of a page with the names of their attributes, in their order.
fn tags(page: &str) -> Vec<String> {
    let mut made = vec![];
    for part in page.split('<').skip(1) {
        let (mut outside, mut quote) = (String::new(), None);
        for c in part.chars() {
            match (quote, c) {
                (None, '>') => break,
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), _) if open == c => quote = None,
                (None, _) => outside.push(c),
                (Some(_), _) => {}
            }
        }
        made.push(outside);
    }
    made
}

fn innocent(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect()
}

/// What is wrong with the reports of an answer that holds hostile text.
fn unsafe_reports(set: &CheckSet, check: &Check, answer: &Answer) -> Vec<&'static str> {
    let shown = |answer: &Answer| with_report(set, &check.measure, answer.clone(), report::html);
    let page = shown(answer);
    let harmless = answer_with(answer, &innocent);
    let csv = with_report(set, &check.measure, answer.clone(), report::csv);
    let formula = |cell: &str| cell.trim_start_matches(['"', ' ']).starts_with(['=', '+', '@']);
    let control = |text: &str| text.contains(['\u{1b}', '\u{202e}', '\0']);
    let documents = [
        with_report(set, &check.measure, answer.clone(), report::json),
        with_report(set, &check.measure, answer.clone(), report::assessment_results),
        with_report(set, &check.measure, answer.clone(), report::plan_of_action),
        answer_json(answer),
    ];
    let broken = documents.iter().any(|d| {
        let text = d.to_string();
        text.contains(['\u{1b}', '\0', '\n']) || serde_json::from_str(&text).ok().as_ref() != Some(d)
    });
    [
        (tags(&page) != tags(&shown(&harmless)), "other markup than its innocent twin"),
        (control(&page), "a control character in the page"),
        (
            csv.split("\",\"").any(formula) || csv.contains(['\u{1b}', '\0']),
            "a formula or control character in the CSV",
        ),
        (csv.lines().count() != 2, "a CSV cell that ends its line"),
        (broken, "JSON that is none, or with a control character"),
    ]
    .into_iter()
    .filter_map(|(is_wrong, what)| is_wrong.then_some(what))
    .collect()
}

#[test]
fn hostile_text_in_any_field_stays_text() {
    let set = assess::embedded();
    let long = format!("{}{HOSTILE}", "a".repeat(2_000));
    let ways: [(&str, &dyn Fn(&str) -> String); 4] = [
        ("instead", &|_| HOSTILE.to_owned()),
        ("before", &|text| format!("{HOSTILE}{text}")),
        ("behind", &|text| format!("{text}{HOSTILE}")),
        ("long", &|text| format!("{text}{long}")),
    ];
    let (mut tried, mut reached, mut complaints) = (0, 0, vec![]);
    for check in set.checks() {
        for fixture in
            set.fixtures(&check.id).iter().filter(|f| ["met", "not-met"].contains(&f.name.as_str()))
        {
            for (way, change) in ways {
                let spoil = |_: usize, rows: &mut Vec<Row>| {
                    rows.iter_mut().for_each(|row| *row = changed(row, change));
                };
                let answer = fixture.answer_changed(check, &BTreeMap::new(), &spoil).expect("evidence loads");
                tried += 1;
                let all = answer.failing.iter().chain(&answer.open);
                reached +=
                    usize::from(all.into_iter().any(|s| format!("{} {}", s.name, s.why).contains('<')));
                let mut said = unsafe_reports(&set, check, &answer);
                if answer.why.starts_with("the check could not be computed") {
                    said.push("a query that fails");
                }
                complaints.extend(
                    said.iter()
                        .map(|said| format!("{} {} {way}: {said}: {}", check.id, fixture.name, answer.why)),
                );
            }
        }
    }
    assert!(complaints.is_empty(), "{} of {tried}:\n{}", complaints.len(), complaints.join("\n"));
    assert!(tried > 900 && reached > tried / 3, "hostile text reached {reached} of {tried} answers");
}
