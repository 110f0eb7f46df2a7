//! One suite for every shelf, and what a malicious one can reach: it can lose our bytes, and nothing more.

use super::*;
use crate::audit::{Audited, audit};
use crate::disk::{Folder, Memory};
use crate::vault::tests::{ROLL, acme, all, chance, fill, fresh, raws, try_all};
use crate::{Home, SealError};

fn same_on(shelf: &dyn Shelf) {
    assert_eq!(shelf.read("a/b").map_err(|e| e.kind()), Err(io::ErrorKind::NotFound));
    assert_eq!(shelf.length("a/b").map_err(|e| e.kind()), Err(io::ErrorKind::NotFound));
    assert_eq!(shelf.list("a").expect("lists"), Vec::<String>::new());
    shelf.put("a/b", b"one").expect("puts");
    shelf.put("a/b", b"two!").expect("puts again");
    shelf.put("a/c/d", b"xyz").expect("puts");
    shelf.put("ab/c", b"").expect("puts nothing");
    assert_eq!(shelf.read("a/b").expect("reads"), b"two!");
    assert_eq!(shelf.length("ab/c").expect("there"), 0);
    assert_eq!(shelf.read_range("a/c/d", 1, 2).expect("reads"), b"yz");
    assert_eq!(shelf.read_range("a/c/d", 3, 0).expect("reads nothing"), b"");
    for (offset, length) in [(1, 3), (4, 0), (u64::MAX, 1), (1, u64::MAX)] {
        let read = shelf.read_range("a/c/d", offset, length).map_err(|e| e.kind());
        assert_eq!(read, Err(io::ErrorKind::UnexpectedEof), "{length} from {offset}");
    }
    assert_eq!(shelf.list("a").expect("lists"), ["a/b", "a/c/d"]);
    shelf.remove("a/b").expect("removes");
    shelf.remove("a/b").expect("removing nothing is fine");
    assert_eq!(shelf.list("a").expect("lists"), ["a/c/d"]);
}

#[test]
fn every_shelf_behaves_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    same_on(&Local::new(Arc::new(Folder::new(folder.path()))));
    same_on(&Local::new(Arc::new(Memory::new())));
    same_on(&Twin::new());
}

/// A home whose segments and tiles lie on a shelf of their own.
fn home(disk: &Memory, shelf: &Twin) -> Home {
    let home = Home::open(Arc::new(disk.clone()), "a test", chance()).expect("opens");
    home.on_shelf(Arc::new(shelf.clone()))
}

/// The same for reading only.
fn look(disk: &Memory, shelf: &Twin) -> Home {
    Home::look(Arc::new(disk.clone()), chance()).expect("opens").on_shelf(Arc::new(shelf.clone()))
}

/// What an audit says, and what reading gives: everything as given, or an error.
fn noticed(disk: &Memory, shelf: &Twin, given: &[Vec<u8>]) -> bool {
    let home = look(disk, shelf);
    let mut faults = 0;
    let mut pages = 0;
    audit(&home, &acme(), &mut |met| match met {
        Audited::Damaged { .. } | Audited::File { .. } => faults += 1,
        Audited::Pages { roots, .. } => pages += roots.len(),
        _ => {}
    })
    .expect("audits");
    let read =
        home.view(&acme()).map_err(|e| e.to_string()).and_then(|v| try_all(&v).map_err(|e| e.to_string()));
    match read {
        Ok(raws) => {
            let ours: Vec<_> = raws.into_iter().filter(|r| r.starts_with(b"record")).collect();
            assert_eq!(ours, given, "reading gave other records than were sealed");
            faults > 0
        }
        Err(_) => true,
    }
}

#[test]
fn whatever_a_shelf_does_to_what_it_is_given_nothing_is_believed_that_was_not_sealed() {
    let misdeeds = [
        Misdeed::Lose,
        Misdeed::Tear(0),
        Misdeed::Tear(40),
        Misdeed::Tear(2_000),
        Misdeed::Late,
        Misdeed::Forge(b"something else".to_vec()),
        Misdeed::Refuse,
        Misdeed::RefuseAndKeep,
    ];
    let base = fresh();
    let mut met = 0;
    for misdeed in misdeeds {
        for put in 0.. {
            let (disk, shelf) = (base.restarted(), Twin::new());
            shelf.plan(put, misdeed.clone());
            let mut given = 0;
            {
                let home = home(&disk, &shelf);
                let mut vault = home.vault(&acme()).expect("opens");
                for step in [ROLL, 700, ROLL, 400, ROLL, ROLL] {
                    match fill(&mut vault, given..given + step, 0, 1) {
                        Ok(()) => given += step,
                        Err(SealError::Closed { .. }) => break,
                        Err(error) => {
                            assert!(matches!(error, SealError::Disk { .. }), "{error}");
                            // Journaled and under a checkpoint before the shelf was asked.
                            given += step;
                        }
                    }
                }
            }
            let bad = noticed(&disk, &shelf, &raws(0..given, 0));
            met += u32::from(bad);
            let honest = matches!(misdeed, Misdeed::Refuse | Misdeed::RefuseAndKeep);
            assert!(!(honest && bad), "{misdeed:?} at {put}: an honest refusal loses nothing");
            if shelf.puts() <= put {
                assert!(put > 4, "more was put than that");
                break;
            }
        }
    }
    assert!(met >= 12, "lost, torn and forged segments are noticed at once, {met} were");
}

#[test]
fn what_lies_on_a_shelf_cannot_be_exchanged() {
    let (disk, shelf) = (fresh(), Twin::new());
    {
        let home = home(&disk, &shelf);
        let mut vault = home.vault(&acme()).expect("opens");
        for n in 0..4 {
            fill(&mut vault, n * ROLL..(n + 1) * ROLL, 0, 1).expect("seals");
        }
    }
    let given = raws(0..4 * ROLL, 0);
    assert!(!noticed(&disk, &shelf, &given), "all is well");
    let names = shelf.list("vaults/acme").expect("lists");
    let segments: Vec<_> = names.iter().filter(|n| n.contains("/segments/")).cloned().collect();
    assert!(segments.len() >= 3, "{names:?}");
    for name in &segments {
        let length = usize::try_from(shelf.length(name).expect("there")).expect("small");
        let bad = shelf.copied();
        bad.lose(name);
        assert!(noticed(&disk, &bad, &given), "{name} lost");
        let bad = shelf.copied();
        bad.tear(name, length - 1);
        assert!(noticed(&disk, &bad, &given), "{name} torn");
        for other in segments.iter().filter(|o| *o > name) {
            let bad = shelf.copied();
            bad.swap(name, other);
            assert!(noticed(&disk, &bad, &given), "{name} and {other} exchanged");
            let bad = shelf.copied();
            bad.forge(name, &shelf.read(other).expect("reads"));
            assert!(noticed(&disk, &bad, &given), "{other} in the place of {name}");
        }
    }
    // A lost tile costs time, and no record: the root of each page is computed from its records again.
    for name in names.iter().filter(|n| n.contains("/tile/")) {
        let bad = shelf.copied();
        bad.lose(name);
        assert_eq!(
            all(&look(&disk, &bad).view(&acme()).expect("opens")).len() as u64,
            vault_size(&disk, &shelf)
        );
        let bad = shelf.copied();
        bad.forge(name, &vec![7; usize::try_from(shelf.length(name).expect("there")).expect("small")]);
        assert!(
            look(&disk, &bad).view(&acme()).is_err(),
            "forged page roots are not those of the checkpoint"
        );
    }
}

fn vault_size(disk: &Memory, shelf: &Twin) -> u64 {
    look(disk, shelf).view(&acme()).expect("opens").checkpoint().size
}
