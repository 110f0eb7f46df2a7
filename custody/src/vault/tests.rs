//! A vault beside a plain list of what was acknowledged: whatever the disk does, nothing of it is lost or changed.

use super::*;
use crate::audit::{Audited, audit};
use crate::disk::{Disk, Failing, Memory};
use crate::keys::tests::Counter;
use crate::view::{ReadError, View};
use crate::{Chance, HomeError};
use ledger::VerifierKey;
use model::{Format, Kind, Source};
use std::sync::Arc;

const START: i64 = 1_793_527_200;

pub(crate) fn time(second: i64) -> Time {
    Time::from_second(START + second).expect("in range")
}

pub(crate) fn draft(n: u64, length: usize) -> (Draft, Fields) {
    let mut raw = format!("record {n} ").into_bytes();
    raw.resize(raw.len().max(length), b'x');
    let source = Source::new(Format::Text, if n.is_multiple_of(3) { "a" } else { "b" }).expect("good");
    let kind = if n % 100 == 5 { Kind::Act } else { Kind::Event };
    let at = time(i64::try_from(n % 1000).expect("small"));
    (Draft { kind, source, happened: at, received: at, raw, defects: vec![] }, Fields::new())
}

pub(crate) fn acme() -> CustomerId {
    CustomerId::parse("acme").expect("good")
}

pub(crate) fn chance() -> Box<dyn Chance> {
    Box::<Counter>::default()
}

pub(crate) fn home(disk: &Memory) -> Result<Home, HomeError> {
    Home::open(Arc::new(disk.clone()), "a test", chance())
}

pub(crate) fn fresh() -> Memory {
    let disk = Memory::new();
    let home = Home::init(Arc::new(disk.clone()), "Northwind IT", time(0), chance()).expect("fits");
    home.add_customer(&acme(), "Acme", time(0)).expect("fits");
    disk
}

pub(crate) fn try_all(view: &View) -> Result<Vec<Vec<u8>>, ReadError> {
    let mut raws = vec![];
    for unit in view.units()? {
        let sealed = view.read(&unit, &|_| Fields::new())?;
        raws.extend(sealed.into_inner().into_iter().map(|e| e.record.raw));
    }
    Ok(raws)
}

pub(crate) fn all(view: &View) -> Vec<Vec<u8>> {
    try_all(view).expect("proved")
}

/// Raw bytes of the events that stand in the vault, checked on every way there is.
fn standing(disk: &Memory) -> Vec<Vec<u8>> {
    let home = Home::look(Arc::new(disk.clone()), chance()).expect("a home");
    let view = home.view(&acme()).expect("opens");
    let raws = all(&view);
    assert_eq!(raws.len() as u64, view.checkpoint().size);
    let (mut records, mut faults) = (0, vec![]);
    audit(&home, &acme(), &mut |met| match met {
        Audited::Record { .. } => records += 1,
        Audited::Damaged { why, path, .. } | Audited::File { path, why, .. } => {
            faults.push(format!("{path}: {why}"))
        }
        Audited::Pages { first, roots, .. } => {
            let from = usize::try_from(first).expect("small");
            assert_eq!(view.page_roots()[from..from + roots.len()], *roots);
        }
        Audited::Checkpoint { .. } | Audited::Days { .. } => {}
    })
    .expect("audits");
    assert_eq!((records, faults), (view.checkpoint().size, vec![]));
    raws.into_iter().filter(|r| r.starts_with(b"record")).collect()
}

/// Rows after which a journal becomes a segment in these tests.
pub(crate) const ROLL: u64 = 1024;

pub(crate) fn fill(
    vault: &mut Vault,
    numbers: std::ops::Range<u64>,
    length: usize,
    now: i64,
) -> Result<(), SealError> {
    vault.roll_rows = usize::try_from(ROLL).expect("small");
    let batch: Vec<_> = numbers.map(|n| draft(n, length)).collect();
    let expected: Vec<_> = batch.iter().map(|(d, _)| d.raw.clone()).collect();
    let next = vault.next_seq(time(now));
    let sealed = vault.append(batch, Some(b"cursor".to_vec()), time(now))?;
    assert_eq!(
        sealed.value().iter().find(|e| e.record.raw.starts_with(b"record")).map(|e| e.record.seq),
        Some(next)
    );
    let given: Vec<_> =
        sealed.value().iter().map(|e| e.record.raw.clone()).filter(|r| r.starts_with(b"record")).collect();
    assert_eq!(given, expected);
    Ok(())
}

pub(crate) fn raws(numbers: std::ops::Range<u64>, length: usize) -> Vec<Vec<u8>> {
    numbers.map(|n| draft(n, length).0.raw).collect()
}

#[test]
fn what_was_sealed_comes_back_after_every_reopening() {
    let disk = fresh();
    let mut done = 0;
    for step in [1u64, 255, 1, 300, 4096, 7_000, 3] {
        let home = home(&disk).expect("opens");
        let mut vault = home.vault(&acme()).expect("opens");
        fill(&mut vault, done..done + step, 0, 1).expect("seals");
        done += step;
        drop(vault);
        drop(home);
        assert_eq!(standing(&disk), raws(0..done, 0), "after {done}");
    }
    let home = home(&disk).expect("opens");
    let vault = home.vault(&acme()).expect("opens");
    assert_eq!(vault.cursor(), Some(b"cursor".as_slice()));
    assert!(!disk.list("vaults/acme/segments").expect("lists").is_empty());
    let closed = vault.close(time(2)).expect("closes");
    assert_eq!(home.view(&acme()).expect("opens").checkpoint(), &closed);
}

#[test]
fn a_new_day_has_a_new_key_and_old_records_stay_readable() {
    let disk = fresh();
    let mut done = 0;
    for day in 0..5i64 {
        let home = home(&disk).expect("opens");
        let mut vault = home.vault(&acme()).expect("opens");
        for step in [100, 400] {
            fill(&mut vault, done..done + step, 0, day * 86_400).expect("seals");
            done += step;
        }
    }
    assert_eq!(standing(&disk), raws(0..done, 0));
    assert_eq!(disk.list("keys/acme/epochs").expect("lists").len(), 5);
    // The clock steps back over days: it was wrong before, or is now. No older key is taken up again.
    let home = home(&disk).expect("opens");
    let mut vault = home.vault(&acme()).expect("opens");
    fill(&mut vault, done..done + 10, 0, 0).expect("seals");
    drop((vault, home));
    assert_eq!(disk.list("keys/acme/epochs").expect("lists").len(), 6);
    assert_eq!(standing(&disk), raws(0..done + 10, 0));
}

/// Every writing call in turn fails, in every way, and from then on all do. After the restart everything that was
/// acknowledged is there, what else is there is a beginning of what was being sealed, and writing goes on.
#[test]
fn no_failing_write_loses_or_changes_an_acknowledged_record() {
    let base = fresh();
    {
        let home = home(&base).expect("opens");
        let mut vault = home.vault(&acme()).expect("opens");
        fill(&mut vault, 0..ROLL - 500, 0, 1).expect("seals");
    }
    for how in [Failing::NotDone, Failing::Half, Failing::Done] {
        for call in 0u64.. {
            let disk = base.restarted();
            let mut acknowledged = ROLL - 500;
            let failed = {
                let home = home(&disk).expect("opens");
                let mut vault = home.vault(&acme()).expect("opens");
                disk.fail_from(call, how);
                // Into a new segment in the first step, over midnight in the second.
                [(700, 1), (300, 90_000)].into_iter().any(|(many, now)| {
                    let sealed = fill(&mut vault, acknowledged..acknowledged + many, 0, now);
                    acknowledged += if sealed.is_ok() { many } else { 0 };
                    if let Err(error) = &sealed {
                        assert!(matches!(error, SealError::Disk { .. } | SealError::Key(_)), "{error}");
                        assert!(matches!(fill(&mut vault, 0..1, 0, now), Err(SealError::Closed { .. })));
                    }
                    sealed.is_err()
                })
            };
            // Even calls: the program was killed. Odd ones: the power was cut, and what was not synced is gone.
            let after = if call % 2 == 0 { disk.restarted() } else { disk.power_cut() };
            let before_writing = standing(&after);
            assert_eq!(
                before_writing[..usize::try_from(acknowledged).expect("small")],
                raws(0..acknowledged, 0)
            );
            let home = home(&after).expect("opens");
            // Opened and left: what it mended must be sound by itself.
            drop(home.vault(&acme()).expect("opens after the restart"));
            assert!(!standing(&after).is_empty(), "{how:?} at call {call}");
            let mut vault = home.vault(&acme()).expect("opens once more");
            let there = standing(&after).len() as u64;
            assert!(
                there == acknowledged || there == acknowledged + 700 || there == acknowledged + 300,
                "{there}"
            );
            fill(&mut vault, there..there + 20, 0, 90_001).expect("goes on");
            drop((vault, home));
            assert_eq!(standing(&after), raws(0..there + 20, 0), "{how:?} at call {call}");
            if !failed {
                assert!(call > 8, "the steps write more often than that");
                break;
            }
        }
    }
}

#[test]
fn every_changed_byte_of_a_vault_is_met_by_an_audit() {
    let disk = fresh();
    {
        let home = home(&disk).expect("opens");
        let mut vault = home.vault(&acme()).expect("opens");
        fill(&mut vault, 0..ROLL + 500, 0, 1).expect("seals");
        fill(&mut vault, ROLL + 500..ROLL + 800, 0, 1).expect("seals");
    }
    let sound = all(&home(&disk).expect("opens").view(&acme()).expect("opens"));
    for name in disk.list("vaults/acme").expect("lists") {
        let bytes = disk.read(&name).expect("reads");
        // Whether a checkpoint or a page root is right is the verifier's to say; here, that it is handed on.
        if name.ends_with("checkpoint") || name.ends_with("days") || name.contains("/tile/") {
            continue;
        }
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 40) {
            let changed = disk.restarted();
            let mut other = bytes.clone();
            other[at] ^= 4;
            changed.put(&name, &other).expect("puts");
            let home = Home::look(Arc::new(changed.clone()), chance()).expect("a home");
            let mut met = 0;
            audit(&home, &acme(), &mut |a| {
                met += u32::from(matches!(a, Audited::Damaged { .. } | Audited::File { .. }))
            })
            .expect("audits");
            assert!(met > 0, "byte {at} of {name}");
            // Reading either says so too, or did not need that byte; it never gives another record.
            if let Ok(Ok(raws)) = home.view(&acme()).map(|v| try_all(&v)) {
                assert_eq!(raws, sound, "byte {at} of {name}");
            }
        }
    }
}

#[test]
fn a_damaged_or_missing_key_of_a_day_is_met_by_an_audit() {
    let disk = fresh();
    let mut yesterday = vec![];
    for (n, now) in [(0, 1), (100, 90_000)] {
        let home = home(&disk).expect("opens");
        let mut vault = home.vault(&acme()).expect("opens");
        fill(&mut vault, n..n + 100, 0, now).expect("seals");
        yesterday.push(disk.list("keys/acme/days").expect("lists"));
    }
    assert_eq!(yesterday[1].len(), 1, "only the key of today is there");
    let name = &yesterday[1][0];
    let met = |disk: &Memory| {
        let home = Home::look(Arc::new(disk.clone()), chance()).expect("a home");
        let mut met = vec![];
        audit(&home, &acme(), &mut |a| {
            if let Audited::File { path, missing, .. } = a {
                met.push((path.to_owned(), missing));
            }
        })
        .expect("audits");
        met
    };
    assert_eq!(met(&disk), []);
    let bytes = disk.read(name).expect("reads");
    for at in 0..bytes.len() {
        for cut in [false, true] {
            let changed = disk.restarted();
            let mut other = if cut { bytes[..at].to_vec() } else { bytes.clone() };
            other.get_mut(at).into_iter().for_each(|byte| *byte ^= 4);
            changed.put(name, &other).expect("puts");
            // What ends a line says nothing.
            let says_the_same = cut && at + 1 == bytes.len();
            let expected = if says_the_same { vec![] } else { vec![(name.clone(), false)] };
            assert_eq!(met(&changed), expected, "byte {at}, cut: {cut}");
        }
    }
    let changed = disk.restarted();
    changed.remove(name).expect("removes");
    assert_eq!(met(&changed), [(name.clone(), true)]);
    changed.put(name, &vec![0; bytes.len()]).expect("puts");
    assert_eq!(met(&changed), [(name.clone(), false)], "destroyed before its time");
    // One that is over is destroyed in two steps, and the machine may stop between them.
    let over = yesterday[0][0].as_str();
    let left = disk.restarted();
    left.put(over, &vec![0; bytes.len()]).expect("puts");
    assert_eq!(met(&left), []);
    left.put(over, b"something else").expect("puts");
    assert_eq!(met(&left), [(over.to_owned(), false)]);
}

#[test]
fn another_customers_files_are_no_use_here() {
    let disk = fresh();
    let other = CustomerId::parse("borealis").expect("good");
    {
        let home = home(&disk).expect("opens");
        home.add_customer(&other, "Borealis", time(0)).expect("fits");
        for id in [acme(), other.clone()] {
            let mut vault = home.vault(&id).expect("opens");
            fill(&mut vault, 0..ROLL + 500, 0, 1).expect("seals");
        }
    }
    for name in disk.list("vaults/acme").expect("lists") {
        let swapped = disk.restarted();
        let foreign = swapped.read(&name.replace("acme", "borealis")).expect("the same names");
        swapped.put(&name, &foreign).expect("puts");
        let home = Home::look(Arc::new(swapped), chance()).expect("a home");
        let opened = home.view(&acme()).map_err(|e| e.to_string()).and_then(|view| {
            let units = view.units().map_err(|e| e.to_string())?;
            units
                .iter()
                .try_for_each(|u| view.read(u, &|_| Fields::new()).map(drop).map_err(|e| e.to_string()))
        });
        assert!(opened.is_err(), "{name} of another customer was believed");
    }
}

#[test]
fn a_home_belongs_to_one_process_and_says_to_which() {
    let disk = fresh();
    let first = home(&disk).expect("opens");
    match home(&disk) {
        Err(HomeError::Lock(error)) => assert!(error.to_string().contains("a test"), "{error}"),
        _ => panic!("two may not write"),
    }
    assert!(Home::look(Arc::new(disk.clone()), chance()).is_ok(), "reading goes on");
    drop(first);
    assert!(home(&disk).is_ok());
}

#[test]
fn names_that_are_taken_change_nothing() {
    let disk = fresh();
    let before = disk.writes();
    assert!(matches!(
        Home::init(Arc::new(disk.clone()), "Another", time(0), chance()),
        Err(HomeError::Exists { provider }) if provider == "Northwind IT"
    ));
    let home = home(&disk).expect("opens");
    assert!(matches!(home.add_customer(&acme(), "x", time(0)), Err(HomeError::CustomerExists { .. })));
    let missing = CustomerId::parse("nobody").expect("good");
    assert!(matches!(home.view(&missing), Err(HomeError::NoCustomer { known, .. }) if known == [acme()]));
    assert_eq!(disk.writes(), before);
}

#[test]
fn nothing_readable_lies_in_a_vault() {
    let disk = fresh();
    let home = home(&disk).expect("opens");
    let mut vault = home.vault(&acme()).expect("opens");
    fill(&mut vault, 0..ROLL + 500, 0, 1).expect("seals");
    for name in disk.list("vaults").expect("lists") {
        let bytes = disk.read(&name).expect("reads");
        assert!(
            !bytes.windows(6).any(|w| w == b"record")
                || name.ends_with("checkpoint")
                || name.ends_with("days"),
            "{name}"
        );
    }
    let _: VerifierKey = vault.vkey();
}

#[test]
fn nothing_is_sealed_of_nothing() {
    let disk = fresh();
    let home = home(&disk).expect("opens");
    let mut vault = home.vault(&acme()).expect("opens");
    assert!(matches!(vault.append(vec![], None, time(1)), Err(SealError::Empty)));
    fill(&mut vault, 0..1, 0, 1).expect("an empty batch is the caller's slip and closes nothing");
}

/// Runs of a size that become segments, and join those before them.
fn small_run(disk: &Memory, numbers: std::ops::Range<u64>) {
    let home = home(disk).expect("opens");
    let mut vault = home.vault(&acme()).expect("opens");
    let batch: Vec<_> = numbers.map(|n| draft(n, 0)).collect();
    vault.append(batch, None, time(1)).expect("seals");
    vault.close(time(1)).expect("closes");
}

#[test]
fn who_reads_is_not_disturbed_by_who_writes() {
    let disk = fresh();
    small_run(&disk, 0..3_000);
    let reader = Home::look(Arc::new(disk.clone()), chance()).expect("a home");
    let view = reader.view(&acme()).expect("opens");
    let units = view.units().expect("reads");
    // Two runs by others: what this view stands on is joined, and the journal begins anew.
    small_run(&disk, 3_000..7_000);
    small_run(&disk, 7_000..16_000);
    let segments = || disk.list("vaults/acme/segments").expect("lists").len();
    assert!(segments() > 1, "what is read is kept");
    let mut seen = 0;
    for unit in &units {
        seen += view.read(unit, &|_| Fields::new()).expect("still there").value().len();
    }
    assert_eq!(seen as u64, view.checkpoint().size);
    assert_eq!(standing(&disk), raws(0..16_000, 0), "and nothing counts twice");
    drop((view, reader));
    for _ in 0..2 {
        // Opened and left: the chain of the tail's key ends in the journal that stays.
        drop(home(&disk).expect("opens").vault(&acme()).expect("opens"));
        assert_eq!(standing(&disk), raws(0..16_000, 0));
    }
    assert_eq!(segments(), 1, "the next opening takes away what is left over");
    assert_eq!(disk.list("vaults/acme/journal").expect("lists").len(), 1);
    small_run(&disk, 16_000..16_010);
    assert_eq!(standing(&disk), raws(0..16_010, 0));
}

#[test]
fn a_writers_own_view_lasts_as_long_as_its_run() {
    let disk = fresh();
    small_run(&disk, 0..3_000);
    small_run(&disk, 3_000..7_000);
    let home = home(&disk).expect("opens");
    let mut vault = home.vault(&acme()).expect("opens");
    let view = home.view_of_writer(&acme()).expect("opens");
    let sealed = view.checkpoint().size;
    for n in 0..4 {
        fill(&mut vault, 7_000 + n * ROLL..7_000 + (n + 1) * ROLL, 0, 1).expect("seals");
    }
    let journals = disk.list("vaults/acme/journal").expect("lists").len();
    assert_eq!(journals, 1, "it waits for nobody: journals that became segments go at once");
    assert_eq!(all(&view).len() as u64, sealed, "what it reads is not joined meanwhile");
}
