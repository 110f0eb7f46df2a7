//! The laws, over every check and fixture: less evidence never makes an answer better.

use crate::each;
use assess::fixture::{Fixture, Shelf};
use assess::judge::Answer;
use assess::{Check, CheckSet, Of, Verdict};
use evidence::Side;

/// Every way in which a fixture can have less evidence, with its name.
fn less(fixture: &Fixture) -> Vec<(String, Fixture)> {
    let mut made = vec![];
    for n in 0..fixture.add.len() {
        let file = fixture.add[n].file.clone();
        let mut with = |what: &str, change: &dyn Fn(&mut Fixture)| {
            let mut less = fixture.clone();
            change(&mut less);
            made.push((format!("{file} {what}"), less));
        };
        with("gone", &|f| drop(f.add.remove(n)));
        with("empty", &|f| f.add[n].raw.clear());
        with("denied", &|f| {
            f.add[n].raw = br#"{"error": {"code": "Authorization_RequestDenied", "message": "no"}}"#.to_vec()
        });
        for part in 1..8 {
            with(&format!("cut to {part} of 8"), &|f| {
                let len = f.add[n].raw.len();
                f.add[n].raw.truncate(len * part / 8);
            });
        }
        with("without its last byte", &|f| {
            f.add[n].raw.pop();
        });
        with("aged by ten years", &|f| f.add[n].collected -= jiff::SignedDuration::from_hours(87_600));
        with("dated ahead", &|f| f.add[n].collected = f.now + jiff::SignedDuration::from_hours(24 * 400));
        // A public catalogue is nobody's.
        if !fixture.add[n].kind.starts_with("feed-") {
            with("of the other side", &|f| {
                f.add[n].side = if f.add[n].side == Side::Provider { Side::Customer } else { Side::Provider };
            });
        }
        let other = if fixture.add[n].kind == "images" { "sbom" } else { "images" };
        with("called another kind", &|f| f.add[n].kind = other.to_owned());
    }
    made
}

fn answer(shelf: &mut Shelf, fixture: &Fixture, check: &Check) -> Answer {
    fixture.answer_from(shelf, check).expect("evidence loads")
}

/// Whether a changed fixture lacks nothing: a list that either side may bring was brought by the other one.
fn is_the_same(fixture: &Fixture, less: &Fixture, check: &Check) -> bool {
    let either = |kind: &str| check.needs.iter().any(|need| need.kind == kind && need.of == Of::Any);
    fixture.add.len() == less.add.len()
        && fixture.add.iter().zip(&less.add).any(|(a, b)| a.side != b.side && either(&a.kind))
}

/// What is wrong with the answers of one check when it has less to stand on, and how many it gave.
fn complaints(set: &CheckSet, check: &Check) -> (Vec<String>, usize) {
    let (mut complaints, mut tried) = (vec![], 0);
    for fixture in
        set.fixtures(&check.id).iter().filter(|f| !matches!(f.name.as_str(), "empty" | "truncated"))
    {
        let mut shelf = Shelf::default();
        let whole = answer(&mut shelf, fixture, check).verdict;
        for (what, less) in less(fixture).into_iter().filter(|(_, less)| !is_the_same(fixture, less, check)) {
            tried += 1;
            let told = answer(&mut shelf, &less, check);
            let got = told.verdict;
            // Losing a part of what it stood on, no answer stays good: every file of a fixture is needed.
            let better = got.is_good() && (!whole.is_good() || fixture.name == "met" || got < whole);
            // What is missing is nobody's fault, but for a list of excuses that nobody had to bring.
            let excuse = |kind: &str| check.needs.iter().any(|n| n.optional && n.kind == kind);
            // One that is there and cannot be read could have excused somebody.
            let absent = ["gone", "dated ahead", "of the other side", "called another kind"];
            let is_absent = absent.iter().any(|way| what.ends_with(way));
            let excuses =
                is_absent && fixture.add.iter().any(|a| what.starts_with(&a.file) && excuse(&a.kind));
            let part = what.contains("cut") || what.contains("last byte");
            let blamed = got == Verdict::NotMet && whole.is_good() && !excuses && !part;
            // Where nobody can say for lack of documents, no number may say that some are as they should be.
            let boasts = got.is_open() && !told.lacking.is_empty() && told.counts.met > 0;
            if better || blamed || boasts {
                let met = told.counts.met;
                complaints
                    .push(format!("{} {}: {what}: {whole} became {got}, {met} met", check.id, fixture.name));
            }
        }
    }
    (complaints, tried)
}

#[test]
fn less_evidence_never_makes_an_answer_good() {
    let set = assess::embedded();
    let all = each(&set, |check| complaints(&set, check));
    let tried: usize = all.iter().map(|(_, tried)| tried).sum();
    let said: Vec<String> = all.into_iter().flat_map(|(said, _)| said).collect();
    assert!(tried > 10_000, "only {tried} were tried");
    assert!(said.is_empty(), "{} of {tried}:\n{}", said.len(), said.join("\n"));
}

#[test]
fn the_order_of_documents_changes_nothing() {
    let set = assess::embedded();
    each(&set, |check| {
        for fixture in set.fixtures(&check.id) {
            let mut shelf = Shelf::default();
            let mut turned = fixture.clone();
            turned.add.reverse();
            let mut same = |f: &Fixture| {
                let answer = f.answer_from(&mut shelf, check).expect("evidence loads");
                let names: Vec<String> =
                    answer.failing.iter().map(|s| format!("{} {}", s.name, s.why)).collect();
                (answer.verdict, answer.counts, names)
            };
            assert_eq!(same(fixture), same(&turned), "{} {}", check.id, fixture.name);
        }
    });
}
