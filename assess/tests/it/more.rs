//! The law of rows: one more who fails is never good news, over every check.

use assess::fixture::Fixture;
use assess::judge::Answer;
use assess::{Check, Verdict};
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
