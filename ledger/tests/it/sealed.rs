//! Only what stands under a checkpoint comes out as sealed.

use ledger::{
    Hash, Log, Note, PAGE, SealError, Sealed, SigningKey, Standing, StandingError, Tree, Unsealed, leaf_hash,
};

/// Numbers, each a leaf.
#[derive(Debug, Clone, PartialEq)]
struct Numbers(u64, Vec<u64>);

impl Unsealed for Numbers {
    type Value = Vec<u64>;

    fn first(&self) -> u64 {
        self.0
    }

    fn leaf_hashes(&self) -> Vec<Hash> {
        self.1.iter().map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    fn release(self) -> Vec<u64> {
        self.1
    }
}

const ORIGIN: &str = "example.org/log";

fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[4; 32]).expect("a good name")
}

fn log() -> Log {
    Log::open(ORIGIN, Tree::new(), key()).expect("a good origin")
}

fn numbers(range: std::ops::Range<u64>) -> Numbers {
    Numbers(range.start, range.collect())
}

fn sealed(sizes: &[u64]) -> (Log, Note) {
    let mut log = log();
    let mut last = None;
    for size in sizes {
        let first = log.tree().size();
        let (sealed, note): (Sealed<Vec<u64>>, Note) = log.seal(numbers(first..first + size)).expect("seals");
        assert_eq!(
            (sealed.place().first, sealed.place().count, sealed.place().size),
            (first, *size, first + size)
        );
        assert_eq!(sealed.place().root, log.checkpoint().root);
        assert_eq!(sealed.value().len() as u64, *size);
        last = Some(note);
    }
    (log, last.expect("at least one"))
}

#[test]
fn a_batch_for_another_place_is_refused_and_changes_nothing() {
    let (mut log, _) = sealed(&[300]);
    let before = log.checkpoint();
    for first in [0, 299, 301] {
        let refused = log.seal(numbers(first..first + 5)).map(|_| ());
        assert_eq!(refused, Err(SealError::Place { first, size: 300 }));
    }
    assert_eq!(log.checkpoint(), before);
    assert!(Log::open("two\nlines", Tree::new(), key()).is_err());
}

#[test]
fn only_the_leaves_under_the_checkpoint_are_admitted() {
    let (log, note) = sealed(&[300, 400, 5]);
    let standing = Standing::verify(&note, &log.vkey(), ORIGIN, log.tree().clone()).expect("stands");
    for range in [0..256, 256..512, 0..512, 512..705, 0..705] {
        let admitted = standing.admit(numbers(range.clone())).expect("they are the sealed ones");
        assert_eq!(admitted.into_inner(), range.collect::<Vec<_>>());
    }
    for range in [1..257, 0..255, 256..511, 512..704, 512..706, 700..705] {
        assert!(matches!(standing.admit(numbers(range)), Err(StandingError::Pages { .. })));
    }
    for changed in [0u64, 255, 256, 511, 512, 704] {
        let mut batch = numbers(0..705);
        batch.1[usize::try_from(changed).expect("small")] = 9_999;
        let from = changed / PAGE * PAGE;
        let want = StandingError::Other { from, to: (from + PAGE - 1).min(704) };
        assert_eq!(standing.admit(batch).map(|_| ()), Err(want), "leaf {changed}");
    }
    let mut swapped = numbers(0..512);
    swapped.1.swap(0, 300);
    assert!(standing.admit(swapped).is_err());
}

#[test]
fn a_tree_stands_only_under_its_own_checkpoint() {
    let (log, note) = sealed(&[300]);
    let (longer, later) = sealed(&[300, 1]);
    let other = SigningKey::from_seed(ORIGIN, &[5; 32]).expect("good").vkey();
    let stands = |note: &Note, origin: &str, tree: &Tree| {
        Standing::verify(note, &log.vkey(), origin, tree.clone()).is_ok()
    };
    assert!(stands(&note, ORIGIN, log.tree()) && stands(&later, ORIGIN, longer.tree()));
    assert!(!stands(&note, ORIGIN, longer.tree()) && !stands(&later, ORIGIN, log.tree()));
    assert!(!stands(&note, "example.org/other", log.tree()));
    assert!(Standing::verify(&note, &other, ORIGIN, log.tree().clone()).is_err());
    let no_checkpoint = key().sign("bailiwick-bundle v1\norigin x\n").expect("signs");
    assert!(!stands(&no_checkpoint, ORIGIN, log.tree()), "a signed text that is no checkpoint");
}
