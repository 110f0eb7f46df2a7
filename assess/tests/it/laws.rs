//! The laws, over every check and fixture: less evidence never makes an answer better.

use assess::fixture::Fixture;
use assess::{Check, CheckSet, Of, Verdict};
use evidence::Side;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

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

fn answer(fixture: &Fixture, check: &Check) -> Verdict {
    fixture.answer(check, &BTreeMap::new()).expect("evidence loads").verdict
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
        let whole = answer(fixture, check);
        for (what, less) in less(fixture).into_iter().filter(|(_, less)| !is_the_same(fixture, less, check)) {
            tried += 1;
            let got = answer(&less, check);
            // Losing a part of what it stood on, no answer stays good: every file of a fixture is needed.
            let better = got.is_good() && (!whole.is_good() || fixture.name == "met" || got < whole);
            // What is missing is nobody's fault, but for a list of excuses that nobody had to bring.
            let excuse = |kind: &str| check.needs.iter().any(|n| n.optional && n.kind == kind);
            let excuses = fixture.add.iter().any(|a| what.starts_with(&a.file) && excuse(&a.kind));
            let part = what.contains("cut") || what.contains("last byte");
            let blamed = got == Verdict::NotMet && whole.is_good() && !excuses && !part;
            if better || blamed {
                complaints.push(format!("{} {}: {what}: {whole} became {got}", check.id, fixture.name));
            }
        }
    }
    (complaints, tried)
}

#[test]
fn less_evidence_never_makes_an_answer_good() {
    let set = assess::embedded();
    let checks: Vec<&Check> = set.checks().collect();
    let next = AtomicUsize::new(0);
    let all = Mutex::new((vec![], 0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(check) = checks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (said, tried) = complaints(&set, check);
                    let mut all = all.lock().expect("nobody panics with it");
                    all.0.extend(said);
                    all.1 += tried;
                }
            });
        }
    });
    let (mut said, tried) = all.into_inner().expect("nobody panics with it");
    said.sort();
    assert!(tried > 10_000, "only {tried} were tried");
    assert!(said.is_empty(), "{} of {tried}:\n{}", said.len(), said.join("\n"));
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
