//! The law of rows: one more who fails is never good news, over every check.

use crate::each;
use assess::fixture::{Fixture, Shelf};
use assess::judge::Answer;
use assess::{Check, Verdict};
use evidence::{Cell, Row, Side};
use std::collections::BTreeMap;

/// Checks that no added row makes bad: `aa.krbtgt` fails for changes of a password that are not there, and a row more is never
/// one change less.
const NEVER_BY_ROWS: &[&str] = &["aa.krbtgt"];

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

/// Rows of a fixture by file, and what was picked.
type Picked = (&'static str, Vec<Vec<Row>>);

/// What of a bad fixture is added to a good one: the rows that speak of a subject with another name for it; the same rows as
/// they stand, for a subject whose name a check or a word of law gives; every row, for a subject that no row names.
fn picked(shelf: &mut Shelf, bad: &Fixture, subject: &str) -> Vec<Picked> {
    let all = bad.rows(shelf);
    let renamed = |row: &Row| {
        changed(row, |text| if is_of(subject, text) { format!("zz{text}") } else { text.to_owned() })
    };
    let of = |row: &&Row| row.cells().iter().filter_map(text).any(|text| is_of(subject, text));
    let its: Vec<Vec<Row>> = all.iter().map(|rows| rows.iter().filter(of).cloned().collect()).collect();
    let others: Vec<Vec<Row>> = its.iter().map(|rows| rows.iter().map(renamed).collect()).collect();
    // Elsewhere too, so that nothing that was seen at the first one's address speaks for it.
    let elsewhere = |row: &Row| match row.cell("address").and_then(text) {
        Some(_) => row.clone().with("address", "198.51.100.250".to_owned()),
        None => row.clone(),
    };
    let door = |row: &Row| match row.cell("port") {
        Some(Cell::Number(_)) => row.clone().with("port", 47_808_i64),
        _ => row.clone(),
    };
    let all_of = |change: &dyn Fn(&Row) -> Row| -> Vec<Vec<Row>> {
        others.iter().map(|rows| rows.iter().map(change).collect()).collect()
    };
    let (strangers, doors) = (all_of(&elsewhere), all_of(&door));
    vec![
        ("another", others),
        ("a stranger", strangers),
        ("another port", doors),
        ("the same", its),
        ("all rows", all),
    ]
}

/// The answer of a fixture with these rows of another one added to its files of the same kind and side.
fn with_rows(shelf: &mut Shelf, good: &Fixture, bad: &Fixture, added: &[Vec<Row>], check: &Check) -> Answer {
    let add = |place: usize, rows: &mut Vec<Row>| {
        let here = &good.add[place];
        // Where the good one is about the other side, its own documents may be those of that side.
        let is_own = |there: Side| (there == bad.side) == (here.side == good.side);
        let whose = |there: Side| there == here.side || is_own(there);
        let same =
            bad.add.iter().zip(added).filter(|(there, _)| there.kind == here.kind && whose(there.side));
        same.for_each(|(_, more)| rows.extend(more.iter().cloned()));
    };
    good.answer_changed(check, &BTreeMap::new(), &add, shelf).expect("evidence loads")
}

/// In words, what became better, if anything did.
fn better(before: &Answer, after: &Answer) -> Option<String> {
    let more = after.counts.total.saturating_sub(before.counts.total).saturating_sub(after.failing_count);
    (after.verdict < before.verdict || after.counts.met > before.counts.met + more).then(|| {
        format!("{} {:?} became {} {:?}", before.verdict, before.counts, after.verdict, after.counts)
    })
}

/// Adds every failing subject to every good fixture of its check. The answer: whether one of them made it bad, and complaints.
fn one_more_who_fails(check: &Check, fixtures: &[Fixture]) -> (usize, bool, Vec<String>) {
    let (mut tried, mut seen, mut complaints) = (0, false, vec![]);
    let mut shelf = Shelf::default();
    let answers: Vec<Answer> =
        fixtures.iter().map(|f| f.answer_from(&mut shelf, check).expect("evidence loads")).collect();
    for (bad, failing) in fixtures.iter().zip(&answers).filter(|(_, a)| a.verdict == Verdict::NotMet) {
        for subject in failing.failing.iter().take(3) {
            for (what, added) in picked(&mut shelf, bad, &subject.name) {
                if added.iter().all(Vec::is_empty) {
                    continue;
                }
                let is_good = |a: &Answer| a.verdict.is_good();
                let has_own = fixtures.iter().zip(&answers).any(|(f, a)| is_good(a) && f.side == bad.side);
                let good = |(f, a): &(&Fixture, &Answer)| is_good(a) && (f.side == bad.side || !has_own);
                for (good, before) in fixtures.iter().zip(&answers).filter(good) {
                    let after = with_rows(&mut shelf, good, bad, &added, check);
                    tried += 1;
                    seen |= after.verdict == Verdict::NotMet;
                    let at =
                        format!("{} {} with {what} `{}` of {}", check.id, good.name, subject.name, bad.name);
                    complaints.extend(better(before, &after).map(|said| format!("{at}: {said}")));
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
    let all = each(&set, |check| one_more_who_fails(check, set.fixtures(&check.id)));
    for (check, (many, seen, said)) in set.checks().zip(all) {
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
