//! The checker alone, as a vault uses it: records handed in one by one, in any company of page roots.

use crate::forge::{Recipe, door, origin, salt, short};
use ledger::{Checkpoint, Hash, SigningKey, VerifierKey, root_of};
use verify::Checker;

struct Log {
    recipe: Recipe,
    note: Vec<u8>,
    key: VerifierKey,
    roots: Vec<Hash>,
}

fn log(many: u64) -> Log {
    let recipe = Recipe::doors("acme", many);
    let leaves = recipe.leaves();
    let key = SigningKey::from_seed(&origin("acme"), &[7; 32]).expect("good");
    let head = Checkpoint { origin: origin("acme"), size: many, root: root_of(&leaves) };
    let note = key.sign(&head.text()).expect("good").to_bytes();
    let roots = leaves.as_chunks::<256>().0.iter().map(|page| root_of(page)).collect();
    Log { recipe, note, key: key.vkey(), roots }
}

impl Log {
    fn start(&self) -> Checker {
        Checker::new(&self.note, &self.key, &origin("acme"))
    }

    fn records(&self, checker: &mut Checker, range: std::ops::Range<usize>) {
        for at in range {
            checker.record(&self.recipe.forms[at], &salt("acme", at as u64), "segment-0");
        }
    }
}

#[test]
fn a_whole_log_is_content_with_page_roots_before_after_or_never() {
    for many in [0, 1, 256, 700] {
        let log = log(many);
        for when in 0..3 {
            let mut checker = log.start();
            if when == 0 {
                checker.page_roots(&log.roots, "tree");
            }
            log.records(&mut checker, 0..log.recipe.forms.len());
            if when == 1 {
                checker.page_roots(&log.roots, "tree");
            }
            let report = checker.finish();
            assert_eq!(report.findings, [], "{many} {when}");
            assert_eq!(report.records, many);
        }
    }
}

#[test]
fn what_is_damaged_is_told_once_and_the_rest_is_proven() {
    let log = log(1_000);
    let mut checker = log.start();
    checker.page_roots(&log.roots, "tree");
    log.records(&mut checker, 0..256);
    checker.damaged(256, 511, "segment-1", "A1", "A block does not open.");
    log.records(&mut checker, 512..1_000);
    let report = checker.finish();
    assert_eq!(short(&report), [("A1", Some((256, 511)), "segment-1")]);
    assert_eq!(report.records, 744);
}

#[test]
fn damage_inside_of_a_page_leaves_its_neighbours_without_proof() {
    let log = log(1_000);
    let mut checker = log.start();
    checker.page_roots(&log.roots, "tree");
    log.records(&mut checker, 0..300);
    checker.damaged(300, 309, "segment-0", "A1", "A block does not open.");
    log.records(&mut checker, 310..1_000);
    let want = [
        ("A1", Some((300, 309)), "segment-0"),
        ("A1", Some((256, 299)), "segment-0"),
        ("A1", Some((310, 511)), "segment-0"),
    ];
    assert_eq!(short(&checker.finish()), want);
}

#[test]
fn damage_that_begins_later_than_read_leaves_a_gap_that_is_told() {
    let log = log(600);
    let mut checker = log.start();
    log.records(&mut checker, 0..256);
    checker.damaged(512, 599, "segment-2", "A3", "The file ends.");
    let report = checker.finish();
    assert_eq!(
        short(&report)[..2],
        [("A3", Some((256, 511)), "segment-2"), ("A3", Some((512, 599)), "segment-2")]
    );
}

#[test]
fn a_log_that_ends_early_or_late_is_found() {
    let log = log(600);
    let mut checker = log.start();
    log.records(&mut checker, 0..599);
    assert_eq!(short(&checker.finish())[0], ("A3", Some((599, 599)), "segment-0"));

    let mut checker = log.start();
    log.records(&mut checker, 0..600);
    checker.record(&model::form::encode(&door(600)), &[0; 16], "segment-0");
    assert_eq!(short(&checker.finish()), [("A1", Some((600, 600)), "segment-0")]);
}

#[test]
fn one_wrong_page_root_accuses_the_tree_and_no_record() {
    let log = log(1_000);
    let mut checker = log.start();
    let mut roots = log.roots.clone();
    roots[1] = Hash([0; 32]);
    checker.page_roots(&roots, "tree");
    log.records(&mut checker, 0..1_000);
    assert_eq!(short(&checker.finish()), [("A1", Some((256, 511)), "tree")]);

    let mut checker = log.start();
    checker.page_roots(&log.roots[..2], "tree");
    log.records(&mut checker, 0..1_000);
    assert_eq!(short(&checker.finish()), [("A3", None, "")]);
}

#[test]
fn a_record_with_another_salt_is_another_record() {
    let log = log(600);
    let mut checker = log.start();
    checker.page_roots(&log.roots, "tree");
    log.records(&mut checker, 0..599);
    checker.record(&log.recipe.forms[599], &salt("borealis", 599), "segment-0");
    let report = checker.finish();
    assert_eq!(short(&report), [("A1", Some((0, 599)), "checkpoint")]);
}

#[test]
fn a_checkpoint_of_another_key_or_log_is_refused_at_once() {
    let log = log(3);
    let other = SigningKey::from_seed(&origin("acme"), &[8; 32]).expect("good").vkey();
    for mut checker in [
        Checker::new(&log.note, &other, &origin("acme")),
        Checker::new(&log.note, &log.key, &origin("borealis")),
    ] {
        log.records(&mut checker, 0..3);
        assert_eq!(short(&checker.finish()), [("A4", None, "checkpoint")]);
    }
    let mut checker = Checker::new(b"nothing", &log.key, &origin("acme"));
    log.records(&mut checker, 0..3);
    assert_eq!(short(&checker.finish()), [("A1", None, "checkpoint")]);
}

#[test]
fn absurd_ranges_of_damage_cost_nothing() {
    let log = log(600);
    let mut checker = log.start();
    checker.damaged(0, u64::MAX, "x", "A1", "All of it is gone, and more.");
    checker.damaged(u64::MAX, u64::MAX, "x", "A1", "And the last one.");
    checker.damaged(5, 4, "x", "A1", "And nothing.");
    log.records(&mut checker, 0..3);
    assert!(!checker.finish().ok());
}
