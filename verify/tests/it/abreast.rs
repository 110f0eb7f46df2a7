//! Files that are read side by side: the report is the one of reading record by record, on any number of threads.

use crate::forge::{Bundle, Recipe, control, door, gzip, salt, short};
use ledger::Hash;
use model::{Record, Time, form};
use verify::{Checker, Report};

/// Two files: the last page of the second 65,536 records, and a page and a piece of the third.
const BEGIN: u64 = 130_816;
const SIZE: u64 = 131_400;

fn at(seq: u64) -> usize {
    usize::try_from(seq).expect("small")
}

/// A log with whatever makes records count beyond their leaf: days that begin within a page, silences, lower retention.
fn eventful() -> Recipe {
    let mut recipe = Recipe::doors("acme", SIZE);
    for seq in [BEGIN + 7, BEGIN + 300] {
        let lower = control(seq, r#"{"control":"retention","days":100,"note":""}"#);
        recipe.forms[at(seq)] = form::encode(&lower);
    }
    for (behind, seq) in (BEGIN + 20..SIZE).enumerate() {
        let late = 500 * (1 + behind as i64 / 150);
        let received = Time::from_second(door(seq).received.as_second() + late).expect("in range");
        if seq != BEGIN + 300 {
            recipe.forms[at(seq)] = form::encode(&Record { received, ..door(seq) });
        }
    }
    recipe.new_day(BEGIN + 100);
    recipe.new_day(BEGIN + 256 + 33);
    recipe
}

/// The part of the log from `begin` on.
fn part(recipe: &Recipe, begin: u64) -> Bundle {
    let copy = Recipe {
        customer: recipe.customer,
        seed: recipe.seed,
        forms: recipe.forms.clone(),
        pages_in_member: 1,
        days: recipe.days.clone(),
        begin,
    };
    copy.bake()
}

/// The report, which must be the same on any number of threads.
#[track_caller]
fn report(bundle: &Bundle, what: &str) -> Report {
    let laid = bundle.lay();
    let on = |threads| {
        verify::bundle_on(threads, laid.path(), Some(&bundle.pinned()), &[]).expect("the folder is there")
    };
    let one = on(1);
    for threads in [0, 2, 3, 4, 64] {
        assert_eq!(format!("{:?}", on(threads)), format!("{one:?}"), "{what}, {threads} threads");
    }
    one
}

/// What the checker says when it is given record by record what stands in the bundle.
fn one_by_one(recipe: &Recipe, bundle: &Bundle) -> Report {
    let mut checker = Checker::new(&bundle.files["checkpoint"], &bundle.pinned(), &bundle.origin);
    checker.days(&bundle.files["days"], "days");
    checker.begin(bundle.begin);
    for (name, bytes) in bundle.files.iter().filter(|(name, _)| name.starts_with("tile/")) {
        let (hashes, _) = bytes.as_chunks::<32>();
        checker.page_roots(&hashes.iter().map(|hash| Hash(*hash)).collect::<Vec<_>>(), name);
    }
    for (seq, form) in (0..).zip(&recipe.forms).skip(at(bundle.begin)) {
        let file = (seq / 65_536 * 65_536).max(bundle.begin);
        checker.record(form, &salt("acme", seq), &format!("records/{file:012}.gz"));
    }
    checker.finish()
}

#[test]
fn what_is_sound_is_taken_over_whole_and_says_the_same_as_record_by_record() {
    let recipe = eventful();
    for begin in [BEGIN, BEGIN + 256, 0] {
        let bundle = part(&recipe, begin);
        let (read, slow) = (report(&bundle, "sound"), one_by_one(&recipe, &bundle));
        assert_eq!(format!("{read:?}"), format!("{slow:?}"), "from {begin}");
        assert!(read.silences > 1 && read.longest_key_seconds > 0 && read.day_keys == 3);
        assert!(read.findings.iter().any(|f| f.threat == "A10"), "{:?}", short(&read));
        assert!(read.findings.iter().any(|f| f.threat == "A5" && f.from == Some(BEGIN + 300)));
        assert!(read.findings.iter().all(|f| f.threat != "A1" && f.threat != "A2"), "{:?}", short(&read));
    }
    // A hand-over's root that is not the log's is seen within a page that was taken over whole.
    let mut other = eventful();
    other.forms[at(BEGIN + 80)] = form::encode(&door(BEGIN + 80));
    other.days.clone_from(&recipe.days);
    let bundle = part(&other, BEGIN);
    let read = report(&bundle, "another past");
    assert!(read.findings.iter().any(|f| f.threat == "A2"), "{:?}", short(&read));
    assert_eq!(format!("{read:?}"), format!("{:?}", one_by_one(&other, &bundle)));
}

#[test]
fn damage_is_told_the_same_on_any_number_of_threads() {
    let recipe = eventful();
    let sound = part(&recipe, BEGIN);
    let is_told = |report: &Report| report.findings.iter().any(|f| matches!(f.threat, "A1" | "A3"));
    assert!(!is_told(&report(&sound, "sound")));
    let (first, second) = (format!("records/{BEGIN:012}.gz"), "records/000000131072.gz".to_owned());
    let (salts, tile) = (format!("salts/{BEGIN:012}"), "tile/1/000".to_owned());
    let damaged = |what: &str, name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        for listed in [false, true] {
            let mut bundle = part(&recipe, BEGIN);
            change(bundle.files.get_mut(name).expect("there"));
            if listed {
                bundle.manifest();
            }
            let found = report(&bundle, what);
            assert!(is_told(&found), "{what}: {:?}", short(&found));
        }
    };
    let half = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2);
    for name in [&first, &second, &salts] {
        damaged("a bit", name, &|bytes: &mut Vec<u8>| bytes[1_000] ^= 8);
        damaged("cut", name, &half);
        damaged("nothing left", name, &|bytes: &mut Vec<u8>| bytes.clear());
        damaged("twice", name, &|bytes: &mut Vec<u8>| bytes.extend(bytes.clone()));
    }
    damaged("a stored root", &tile, &|bytes: &mut Vec<u8>| bytes[32 * 200] ^= 1);
    let packed = |forms: &[Vec<u8>]| recipe.packed(forms);
    let here = &recipe.forms[at(BEGIN)..at(BEGIN) + 256];
    damaged("one too many", &first, &|bytes: &mut Vec<u8>| {
        bytes.extend(packed(&recipe.forms[at(BEGIN) + 256..at(BEGIN) + 257]));
    });
    damaged("one missing", &first, &|bytes: &mut Vec<u8>| *bytes = packed(&here[..255]));
    damaged("one missing within", &first, &|bytes: &mut Vec<u8>| {
        *bytes = packed(&[&here[..9], &here[10..]].concat());
    });
    damaged("two changed places", &first, &|bytes: &mut Vec<u8>| {
        let mut forms = here.to_vec();
        forms.swap(254, 255);
        *bytes = packed(&forms);
    });
    damaged("another spelling", &first, &|bytes: &mut Vec<u8>| {
        let mut forms = here.to_vec();
        forms[5].splice(1..2, [0x18, 0x01]);
        *bytes = packed(&forms);
    });
    damaged("a length beyond all", &first, &|bytes: &mut Vec<u8>| *bytes = gzip(&[0xff; 4096]));
    for name in [first, second, salts, tile] {
        let mut bundle = part(&recipe, BEGIN);
        bundle.files.remove(&name);
        let found = report(&bundle, "gone");
        assert!(is_told(&found), "{name}: {:?}", short(&found));
    }
}

#[test]
fn a_member_that_ends_within_a_page_is_told_on_any_number_of_threads() {
    let recipe = Recipe::doors("acme", 65_536 + 600);
    let mut bundle = recipe.bake();
    let forms = &recipe.forms[65_536..];
    let ragged = [recipe.packed(&forms[..100]), recipe.packed(&forms[100..])].concat();
    bundle.files.insert("records/000000065536.gz".into(), ragged);
    bundle.manifest();
    assert_eq!(short(&report(&bundle, "ragged")), [("A1", None, "records/000000065536.gz")]);
}

#[test]
fn records_larger_than_what_is_read_side_by_side_verify_too() {
    let mut recipe = Recipe::doors("acme", 600);
    for (seq, bytes) in [(3, 70_000), (4, 3 << 20), (300, 1 << 20), (301, 66_000)] {
        recipe.forms[at(seq)] = form::encode(&Record { raw: vec![b'x'; bytes], ..door(seq) });
    }
    assert!(report(&recipe.bake(), "long records").ok());
    recipe.forms[4] = form::encode(&door(4));
    recipe.forms[300] = form::encode(&door(300));
    assert!(report(&recipe.bake(), "records longer than the buffer").ok());
    // More of what the log says of itself than is kept of one file.
    for seq in 0..30 {
        let long = format!(r#"{{"control":"heartbeat","note":"{}"}}"#, "x".repeat(100_000));
        recipe.forms[at(30 + seq)] = form::encode(&control(30 + seq, &long));
    }
    assert!(report(&recipe.bake(), "long heartbeats").ok());
}
