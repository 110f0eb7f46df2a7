//! Days, silences, retention, and the end of what was kept long enough.

use super::*;
use crate::HomeError;
use crate::disk::{Failing, Memory};
use crate::vault::tests::{acme, all, chance, draft, fill, fresh, home, raws, time, try_all};
use ledger::Note;
use std::io;

const DAY: i64 = DAY_SECONDS;

fn look(disk: &Memory) -> Home {
    Home::look(Arc::new(disk.clone()), chance()).expect("a home")
}

/// Bodies of the records of the log itself, by their word.
fn words(disk: &Memory) -> Vec<String> {
    bodies(disk).iter().filter_map(|b| Some(b.get("control")?.as_str()?.to_owned())).collect()
}

fn bodies(disk: &Memory) -> Vec<Value> {
    let view = look(disk).view(&acme()).expect("opens");
    view.others().expect("reads").iter().filter_map(|r| serde_json::from_slice(&r.raw).ok()).collect()
}

fn run(disk: &Memory, numbers: std::ops::Range<u64>, now: i64) -> Result<(), HomeError> {
    let home = home(disk)?;
    let mut vault = home.vault(&acme())?;
    fill(&mut vault, numbers, 0, now)?;
    vault.close(time(now))?;
    Ok(())
}

fn signers(disk: &Memory) -> Vec<String> {
    let note = disk.read("vaults/acme/checkpoint").expect("there");
    Note::parse(&note).expect("a note").signatures().iter().map(|s| s.name.clone()).collect()
}

#[test]
fn each_day_has_a_key_that_dies_when_the_next_one_signs() {
    let disk = fresh();
    // Two of the days pass without a run: the old key lives until somebody comes.
    for (n, day) in (0..).zip([0, 1, 4, 5]) {
        run(&disk, n * 10..n * 10 + 10, day * DAY).expect("seals");
        let keys = disk.list("keys/acme/days").expect("lists");
        assert_eq!(keys.len(), 1, "only the day's key is there: {keys:?}");
        let date = format!("2026-11-{:02}", 1 + day);
        assert!(keys[0].contains(&date), "{keys:?} on {date}");
        assert_eq!(
            signers(&disk),
            ["northwind-it/acme/records".to_owned(), format!("northwind-it/acme/records/day/{date}")]
        );
    }
    let view = look(&disk).view(&acme()).expect("opens");
    let notes: Vec<Vec<u8>> = Note::split(view.days()).into_iter().map(<[u8]>::to_vec).collect();
    assert_eq!(notes.len(), 4);
    let parsed: Vec<Note> = notes.iter().map(|n| Note::parse(n).expect("a note")).collect();
    assert_eq!(parsed.iter().map(|n| n.signatures().len()).collect::<Vec<_>>(), [1, 2, 2, 2]);
    for pair in parsed.windows(2) {
        let vkey = pair[0].text().lines().nth(4).and_then(|l| l.strip_prefix("vkey ")).expect("a key");
        let vkey = ledger::VerifierKey::parse(vkey).expect("a key");
        pair[1].verify(&[view.vkey()]).expect("signed by the stable key");
        pair[1].verify(&[vkey]).expect("signed by the key of the day before");
    }
    // Each is announced by the record at the size that it names.
    let raws = all(&view);
    for note in &parsed {
        let size: usize =
            note.text().lines().nth(3).and_then(|l| l.split(' ').nth(1)?.parse().ok()).expect("a size");
        let text = String::from_utf8(note.to_bytes()).expect("text").replace('\n', "\\n");
        assert_eq!(
            String::from_utf8_lossy(&raws[size]),
            format!("{{\"control\":\"day-key\",\"note\":\"{text}\"}}")
        );
    }
}

#[test]
fn a_key_of_another_day_is_not_enough_for_a_checkpoint() {
    let disk = fresh();
    run(&disk, 0..10, 0).expect("seals");
    let yesterday = disk.restarted();
    run(&disk, 10..20, DAY).expect("seals");
    // Whoever kept yesterday's keys signs on with them, over the same records.
    let name = disk.list("keys/acme/days").expect("lists").remove(0);
    for old in yesterday.list("keys/acme/days").expect("lists") {
        assert_ne!(old, name);
        disk.put(&old, &yesterday.read(&old).expect("reads")).expect("puts");
    }
    let home = look(&disk);
    let access = home.access(&acme()).expect("opens");
    let days = days::Days::read(&disk, "acme").expect("reads").expect("sound");
    let by = ("acme", access.origin.as_str(), &access.wrap);
    let old = days::read_key(&disk, by, days.before.as_ref().expect("two days")).expect("kept");
    let checkpoint = home.view(&acme()).expect("opens").checkpoint().clone();
    let mut note = access.signer.sign(&checkpoint.text()).expect("signs");
    note.merge(&old.sign(&checkpoint.text()).expect("signs")).expect("merges");
    disk.put("vaults/acme/checkpoint", &note.to_bytes()).expect("puts");
    let opened = home.view(&acme()).map(drop).map_err(|e| e.to_string());
    assert!(opened.is_err_and(|e| e.contains("days")));
}

#[test]
fn silence_is_always_explained() {
    let disk = fresh();
    run(&disk, 0..1, 10).expect("seals");
    {
        // This run is killed.
        let home = home(&disk).expect("opens");
        let mut vault = home.vault(&acme()).expect("opens");
        fill(&mut vault, 1..2, 0, 5_000).expect("seals");
        assert!(!vault.beat(time(5_059)).expect("nothing to do"));
        assert!(vault.beat(time(5_060)).expect("beats"));
        fill(&mut vault, 2..3, 0, 5_200).expect("seals");
        assert_eq!(words(&disk).last().map(String::as_str), Some("heartbeat"));
        // The clock is set forward by an hour, then back.
        fill(&mut vault, 3..4, 0, 8_800).expect("seals");
        assert_eq!(words(&disk).last().map(String::as_str), Some("silence"));
        fill(&mut vault, 4..5, 0, 5_200).expect("seals");
    }
    run(&disk, 5..6, 9_000).expect("seals");
    let all = words(&disk);
    let told: Vec<&str> =
        all.iter().map(String::as_str).filter(|w| !matches!(*w, "day-key" | "epoch")).collect();
    assert_eq!(told, ["opened", "closed", "closed", "heartbeat", "silence", "reopened", "closed"]);
    let since = bodies(&disk).iter().rev().find_map(|b| b.get("since")?.as_str().map(str::to_owned));
    assert_eq!(since, Some(time(8_800).to_string()), "since the greatest arrival, not the last");
}

#[test]
fn nobody_writes_behind_the_checkpoint_without_the_tails_key() {
    let disk = fresh();
    run(&disk, 0..10, 1).expect("seals");
    run(&disk, 10..20, 2).expect("seals");
    // A run is cut off between journal and checkpoint: that frame is adopted.
    let cut = disk.restarted();
    {
        let home = home(&cut).expect("opens");
        let mut vault = home.vault(&acme()).expect("opens");
        cut.fail_from(2, Failing::NotDone);
        fill(&mut vault, 20..30, 0, 3).expect_err("the checkpoint is not written");
    }
    let honest = cut.restarted();
    drop(home(&honest).expect("opens").vault(&acme()).expect("adopts"));
    assert_eq!(raws_of(&honest).len(), 30);
    // The same frame by somebody who holds every other key.
    let cut = cut.restarted();
    let journal = cut.list("vaults/acme/journal").expect("lists").pop().expect("one");
    let mut bytes = cut.read(&journal).expect("reads");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    cut.put(&journal, &bytes).expect("puts");
    let opened = home(&cut.restarted()).expect("opens").vault(&acme()).map(drop).map_err(|e| e.to_string());
    assert!(opened.is_err_and(|e| e.contains("did not hold the tail's key")));
}

fn raws_of(disk: &Memory) -> Vec<Vec<u8>> {
    let raws = all(&look(disk).view(&acme()).expect("opens"));
    raws.into_iter().filter(|r| r.starts_with(b"record")).collect()
}

#[test]
fn a_vault_that_is_older_than_its_keys_is_not_written_to() {
    let disk = fresh();
    run(&disk, 0..10, 1).expect("seals");
    let yesterday = disk.restarted();
    run(&disk, 10..20, 2).expect("seals");
    for name in disk.list("vaults/acme").expect("lists") {
        disk.remove(&name).expect("removes");
    }
    for name in yesterday.list("vaults/acme").expect("lists") {
        disk.put(&name, &yesterday.read(&name).expect("reads")).expect("puts");
    }
    let opened = home(&disk).expect("opens").vault(&acme()).map(drop).map_err(|e| e.to_string());
    assert!(opened.is_err_and(|e| e.contains("older than its keys")));
}

#[test]
fn retention_grows_and_never_falls() {
    let disk = fresh();
    let home = home(&disk).expect("opens");
    let mut vault = home.vault(&acme()).expect("opens");
    assert_eq!(vault.retention_days(), 366);
    let before = vault.size();
    for days in [0, 30, 183] {
        let refused = vault.set_retention(days, time(1));
        assert!(matches!(refused, Err(RetentionError::Floor { floor: 184, .. })), "{days}");
    }
    assert!(matches!(vault.set_retention(184, time(1)), Err(RetentionError::Shorter { have: 366, .. })));
    assert!(matches!(vault.set_retention(40_000, time(1)), Err(RetentionError::Long { .. })));
    assert_eq!(vault.size(), before, "nothing was sealed");
    vault.set_retention(2_192, time(1)).expect("longer");
    assert_eq!(vault.retention_days(), 2_192);
    drop(vault);
    let vault = home.vault(&acme()).expect("opens");
    assert_eq!(vault.retention_days(), 2_192, "it stands in the log");
    let body = bodies(&disk).into_iter().rev().find(|b| b["control"] == "retention").expect("there");
    let note = Note::parse(body["note"].as_str().expect("text").as_bytes()).expect("a note");
    let text = note.verify(&[vault.vkey()]).expect("signed by the log");
    assert!(
        text.starts_with("bailiwick-retention v1\norigin northwind-it/acme/records\ndays 2192\n"),
        "{text}"
    );
}

/// Three days of records, then a pause as long as the retention.
fn old_vault() -> (Memory, u64) {
    let disk = fresh();
    for (n, day) in (0..3u64).zip(0..) {
        run(&disk, n * 3_000..n * 3_000 + 3_000, day * DAY + 100).expect("seals");
    }
    let size = look(&disk).view(&acme()).expect("opens").checkpoint().size;
    (disk, size)
}

#[test]
fn what_was_kept_long_enough_ends_with_a_tombstone_and_the_rest_stays_provable() {
    let (disk, _) = old_vault();
    let keys = disk.list("keys/acme/epochs").expect("lists");
    // The last page of the first day took the first records of the second.
    let late = |second: i64| time(367 * DAY + second);
    let ended = {
        let home = home(&disk).expect("opens");
        let mut vault = home.vault(&acme()).expect("opens");
        assert_eq!(vault.end_epochs(late(99)).expect("nothing yet"), [], "one second too early");
        let ended = vault.end_epochs(late(100)).expect("ends");
        vault.close(late(100)).expect("closes");
        ended
    };
    assert_eq!(ended.len(), 1);
    assert_eq!((ended[0].epoch, ended[0].first), (0, 0));
    let left = disk.list("keys/acme/epochs").expect("lists");
    assert!(!left.contains(&keys[0]) && left.contains(&keys[1]));
    let view = look(&disk).view(&acme()).expect("opens");
    assert_eq!(view.begin(), ended[0].count);
    let kept = raws_of(&disk);
    let from = 9_000 - kept.len() as u64;
    assert_eq!(kept, raws(from..9_000, 0), "everything later is there");
    assert!(from < 3_000 + 256);
    let stone = bodies(&disk).into_iter().find(|b| b["control"] == "tombstone").expect("there");
    let pages = usize::try_from(ended[0].count / PAGE).expect("small");
    let root = Tree::from_parts(view.page_roots()[..pages].to_vec(), vec![]).expect("fits").root();
    assert_eq!(stone["root"].as_str(), Some(root.to_string().as_str()));
    // The next run goes on, and the oldest pages are provable only by their roots.
    run(&disk, 9_000..9_500, 367 * DAY + 200).expect("seals");
    assert_eq!(raws_of(&disk).len() as u64, 9_500 - from);
}

#[test]
fn an_end_that_is_cut_short_is_finished_at_the_next_opening() {
    let (base, _) = old_vault();
    let now = time(369 * DAY);
    for how in [Failing::NotDone, Failing::Done] {
        for call in 0.. {
            let disk = base.restarted();
            let done = {
                let home = home(&disk).expect("opens");
                let mut vault = home.vault(&acme()).expect("opens");
                disk.fail_from(call, how);
                vault.end_epochs(now).is_ok()
            };
            let after = disk.restarted();
            drop(home(&after).expect("opens").vault(&acme()).expect("opens after the crash"));
            let view = look(&after).view(&acme()).expect("opens");
            try_all(&view).expect("everything that is kept is proved");
            let stones = words(&after).iter().filter(|w| *w == "tombstone").count();
            let gone = usize::from(view.begin() > 0);
            assert!(
                stones <= 2 && (stones > 0) == (gone > 0),
                "{how:?} at {call}: {stones} tombstones, begin {}",
                view.begin()
            );
            if done {
                assert!(call > 10);
                break;
            }
        }
    }
}

/// An event that no compressor makes small.
fn noise(n: u64) -> (Draft, Fields) {
    let (mut event, fields) = draft(n, 0);
    let mut state = n + 1;
    event.raw = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    })
    .take(30_000)
    .collect();
    event.kind = Kind::Event;
    (event, fields)
}

#[test]
fn a_full_disk_refuses_events_and_takes_acts() {
    let disk = fresh();
    run(&disk, 0..100, 1).expect("seals");
    let mut acts = 0;
    disk.limit(Some(disk.used() + 100));
    for n in 0..20 {
        let home = home(&disk).expect("opens");
        let mut vault = home.vault(&acme()).expect("opens on a full disk");
        match vault.append(vec![noise(n)], None, time(2)) {
            Err(SealError::Disk { source, .. }) => assert_eq!(source.kind(), io::ErrorKind::StorageFull),
            other => panic!("{:?}", other.map(drop)),
        }
        let mut vault = home.vault(&acme()).expect("opens again");
        let (mut act, fields) = draft(n, 0);
        act.kind = Kind::Act;
        act.raw = format!("act {n}").into_bytes();
        vault.append(vec![(act, fields)], None, time(3)).expect("an act is written all the same");
        acts += 1;
    }
    let view = look(&disk).view(&acme()).expect("opens");
    let written = view.others().expect("reads").iter().filter(|r| r.raw.starts_with(b"act ")).count();
    assert_eq!((acts, written), (20, 20));
    assert_eq!(raws_of(&disk), raws(0..100, 0), "nothing that was refused is there");
    assert!(disk.length("reserve").is_ok_and(|left| left < 256 << 10), "part of the reserve was given up");
    disk.limit(None);
    drop(home(&disk).expect("opens").vault(&acme()).expect("opens"));
    assert!(disk.length("reserve").is_ok_and(|left| left == 256 << 10), "and comes back with the room");
    run(&disk, 100..400, 4).expect("goes on");
    assert_eq!(raws_of(&disk), raws(0..400, 0));
}

#[test]
fn a_key_that_was_taken_away_ends_nothing_and_what_it_opens_stays() {
    let (base, _) = old_vault();
    let key = base.list("keys/acme/epochs").expect("lists").remove(0);
    let kept = base.read(&key).expect("reads");
    let before = raws_of(&base);
    for how in ["removed", "zeros", "empty"] {
        let disk = base.restarted();
        match how {
            "removed" => disk.remove(&key).expect("removes"),
            "zeros" => disk.put(&key, &vec![0; kept.len()]).expect("puts"),
            _ => disk.put(&key, b"").expect("puts"),
        }
        let refused = look(&disk).view(&acme()).err().expect("it is noticed").to_string();
        assert!(refused.contains("no tombstone"), "{how}: {refused}");
        assert!(run(&disk, 9_000..9_100, 4 * DAY).is_err(), "{how}: nobody writes on");
        disk.put(&key, &kept).expect("brought back");
        assert_eq!(raws_of(&disk), before, "{how}: nothing went meanwhile");
        run(&disk, 9_000..9_100, 4 * DAY).expect("goes on");
    }
}

/// Rows of this length that no segment makes small.
fn hard_rows(many: u64, length: usize) -> Vec<(Draft, Fields)> {
    let mut noise = 1_u64;
    let row = |n| {
        let (mut row, fields) = draft(n, length);
        row.raw.iter_mut().skip(12).for_each(|byte| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (noise >> 56) as u8;
        });
        (row, fields)
    };
    (0..many).map(row).collect()
}

#[test]
fn an_act_on_a_full_disk_is_kept_though_a_long_tail_waits_for_its_segment() {
    // A segment that all of the reserve would not hold, and one that would fit in.
    for length in [300, 60] {
        let disk = fresh();
        {
            let home = home(&disk).expect("opens");
            let mut vault = home.vault(&acme()).expect("opens");
            vault.append(hard_rows(2_500, length), None, time(1)).expect("seals");
        }
        for days in 400..410 {
            disk.limit(Some(disk.used()));
            let home = home(&disk).expect("opens");
            let mut vault = home.vault(&acme()).expect("opens on a full disk");
            vault.set_retention(days, time(2)).expect("an act is written all the same");
            vault.close(time(3)).expect("and what waits for room is no failure");
            let view = look(&disk).view(&acme()).expect("opens");
            assert_eq!(view.retention_days().expect("reads"), days);
            assert!(
                disk.list("vaults/acme/segments").expect("lists").is_empty(),
                "there was no room for one"
            );
        }
        assert!(disk.length("reserve").is_ok_and(|left| left > 128 << 10), "acts took little of the reserve");
        disk.limit(None);
        run(&disk, 2_500..2_600, 4).expect("goes on");
        assert!(!disk.list("vaults/acme/segments").expect("lists").is_empty(), "now there is");
        assert_eq!(raws_of(&disk).len(), 2_600);
    }
}

#[test]
fn a_journal_that_an_act_makes_due_waits_for_room_and_leaves_the_reserve_alone() {
    let disk = fresh();
    {
        let home = home(&disk).expect("opens");
        let mut vault = home.vault(&acme()).expect("opens");
        // Less than a page, so that all of it would go into a new journal and none into a segment.
        vault.append(hard_rows(200, 700), None, time(1)).expect("seals");
    }
    for n in 0..10 {
        disk.limit(Some(disk.used()));
        let home = home(&disk).expect("opens");
        let mut vault = home.vault(&acme()).expect("opens on a full disk");
        vault.roll_rows = 200;
        let (mut act, fields) = draft(n, 0);
        act.kind = Kind::Act;
        act.raw = format!("act {n}").into_bytes();
        vault.append(vec![(act, fields)], None, time(2)).expect("an act is written all the same");
        assert!(vault.is_full, "there was no room for another journal");
    }
    assert!(disk.length("reserve").is_ok_and(|left| left > 128 << 10), "acts took little of the reserve");
    let view = look(&disk).view(&acme()).expect("opens");
    assert_eq!(view.others().expect("reads").iter().filter(|r| r.raw.starts_with(b"act ")).count(), 10);
}

#[test]
fn the_first_act_of_a_day_is_kept_on_a_full_disk_though_a_long_tail_waits_for_its_segment() {
    for length in [300, 60] {
        let disk = fresh();
        {
            let home = home(&disk).expect("opens");
            let mut vault = home.vault(&acme()).expect("opens");
            vault.append(hard_rows(2_500, length), None, time(1)).expect("seals");
        }
        for (days, now) in [(400, DAY), (401, 2 * DAY), (402, 3 * DAY)] {
            disk.limit(Some(disk.used()));
            let home = home(&disk).expect("opens");
            let mut vault = home.vault(&acme()).expect("opens on a full disk");
            vault.set_retention(days, time(now)).expect("an act is written all the same");
            vault.close(time(now)).expect("and what waits for room is no failure");
            let view = look(&disk).view(&acme()).expect("opens");
            assert_eq!((view.retention_days().expect("reads"), view.doubt()), (days, None));
            assert!(
                disk.list("vaults/acme/segments").expect("lists").is_empty(),
                "there was no room for one"
            );
        }
        assert!(disk.length("reserve").is_ok_and(|left| left > 128 << 10), "acts took little of the reserve");
        let mut met = vec![];
        crate::audit(&look(&disk), &acme(), &mut |a| {
            if let crate::Audited::Damaged { path, why, .. } | crate::Audited::File { path, why, .. } = a {
                met.push(format!("{path}: {why}"));
            }
        })
        .expect("audits");
        assert_eq!(met, Vec::<String>::new());
        disk.limit(None);
        let journals = || disk.list("vaults/acme/journal").expect("lists").len();
        assert!(journals() > 1, "there was no room to take them together");
        run(&disk, 2_500..2_600, 3 * DAY + 1).expect("goes on");
        assert_eq!(journals(), 1, "those of the full days are over");
        assert!(!disk.list("vaults/acme/segments").expect("lists").is_empty(), "now there is");
        run(&disk, 2_600..2_700, 4 * DAY).expect("goes on");
        assert_eq!(raws_of(&disk).len(), 2_700);
    }
}

#[test]
fn nobody_writes_on_behind_a_changed_link_of_the_last_frame() {
    let base = fresh();
    run(&base, 0..300, 1).expect("seals");
    let journal = base.list("vaults/acme/journal").expect("lists").pop().expect("there is one");
    let bytes = base.read(&journal).expect("reads");
    for at in bytes.len() - 40..bytes.len() {
        for bit in [1, 0x80] {
            let disk = base.restarted();
            let mut changed = bytes.clone();
            changed[at] ^= bit;
            disk.put(&journal, &changed).expect("puts");
            assert!(run(&disk, 300..310, 2).is_err(), "byte {at} of {}", bytes.len());
            disk.put(&journal, &bytes).expect("puts");
            run(&disk, 300..310, 2).expect("goes on with the bytes that were written");
            assert_eq!(raws_of(&disk).len(), 310);
        }
    }
}

#[test]
fn a_lost_tail_key_is_made_anew_once_and_for_all() {
    let disk = fresh();
    run(&disk, 0..300, 1).expect("seals");
    disk.remove("keys/acme/tail.key").expect("lost");
    // Opened, and nothing written: the new key has to fit the old frame the next time as well.
    for _ in 0..2 {
        drop(home(&disk).expect("opens").vault(&acme()).expect("opens"));
    }
    run(&disk, 300..310, 2).expect("goes on");
    assert_eq!(raws_of(&disk).len(), 310);
}
