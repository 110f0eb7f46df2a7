//! The laws, over every check and fixture: less evidence never makes an answer better.

use assess::fixture::Fixture;
use assess::{Check, Verdict};
use evidence::Side;
use std::collections::BTreeMap;

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
        with("called another kind", &|f| f.add[n].kind = "images".to_owned());
    }
    made
}

fn answer(fixture: &Fixture, check: &Check) -> Verdict {
    fixture.answer(check, &BTreeMap::new()).expect("evidence loads").verdict
}

#[test]
fn less_evidence_never_makes_an_answer_good() {
    let set = assess::embedded();
    let mut complaints = vec![];
    let mut tried = 0;
    for check in set.checks() {
        for fixture in
            set.fixtures(&check.id).iter().filter(|f| !matches!(f.name.as_str(), "empty" | "truncated"))
        {
            let whole = answer(fixture, check);
            for (what, less) in less(fixture) {
                tried += 1;
                let got = answer(&less, check);
                // Losing a part of what it stood on, no answer stays good: every file of a fixture is needed.
                let better = got.is_good() && (!whole.is_good() || fixture.name == "met" || got < whole);
                // What is missing is nobody's fault, but for a list of excuses that nobody had to bring.
                let excuses = |file: &str| {
                    let kinds = fixture.add.iter().filter(|a| what.starts_with(file) && a.file == file);
                    kinds.into_iter().any(|a| check.needs.iter().any(|n| n.optional && n.kind == a.kind))
                };
                let blamed = got == Verdict::NotMet
                    && whole.is_good()
                    && !fixture.add.iter().any(|a| excuses(&a.file))
                    && !what.contains("cut")
                    && !what.contains("last byte");
                if better || blamed {
                    complaints.push(format!("{} {}: {what}: {whole} became {got}", check.id, fixture.name));
                }
            }
        }
    }
    assert!(tried > 0, "nothing was tried");
    assert!(complaints.is_empty(), "{} of {tried}:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn the_order_of_documents_changes_nothing() {
    let set = assess::embedded();
    for check in set.checks() {
        for fixture in set.fixtures(&check.id) {
            let mut turned = fixture.clone();
            turned.add.reverse();
            let same = |f: &Fixture| {
                let answer = f.answer(check, &BTreeMap::new()).expect("evidence loads");
                let names: Vec<String> =
                    answer.failing.iter().map(|s| format!("{} {}", s.name, s.why)).collect();
                (answer.verdict, answer.counts, names)
            };
            assert_eq!(same(fixture), same(&turned), "{} {}", check.id, fixture.name);
        }
    }
}
