//! Properties of what the room `custody` reads: every file of a home, and escrows. Whatever stands there, nothing is
//! read that was not sealed, and nothing that was sealed is read as something else.

use super::changed::Change;
use custody::disk::{Disk, Memory};
use custody::{Chance, EscrowError, Home, View};
use model::{CustomerId, Draft, Fields, Format, Kind, Source, Time};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Never the same block twice.
struct Counter(u64);

impl Chance for Counter {
    fn fill(&mut self, bytes: &mut [u8]) -> std::io::Result<()> {
        for part in bytes.chunks_mut(8) {
            self.0 = self.0.wrapping_add(1);
            part.copy_from_slice(&self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[..part.len()]);
        }
        Ok(())
    }
}

pub(super) fn acme() -> CustomerId {
    CustomerId::parse("acme").expect("good")
}

pub(super) fn chance(from: u64) -> Box<dyn Chance> {
    Box::new(Counter(from))
}

fn time(day: i64) -> Time {
    Time::from_second(1_793_527_200 + day * 86_400).expect("within the years that there are")
}

fn drafts(from: u64, many: u64, day: i64) -> Vec<(Draft, Fields)> {
    let source = Source::new(Format::Text, "door").expect("good");
    let draft = |n: u64| Draft {
        kind: Kind::Event,
        source: source.clone(),
        happened: time(day),
        received: time(day),
        raw: format!("door opened, visit {n}").into_bytes(),
        defects: vec![],
    };
    (from..from + many).map(|n| (draft(n), Fields::new())).collect()
}

fn look(disk: &Memory) -> Option<View> {
    Home::look(Arc::new(disk.clone()), chance(1 << 40)).ok()?.view(&acme()).ok()
}

/// What a view gives, by seq; an error ends it.
fn records(view: &View) -> (BTreeMap<u64, Vec<u8>>, bool) {
    let mut read = BTreeMap::new();
    let Ok(units) = view.units() else { return (read, false) };
    for unit in units {
        let Ok(sealed) = view.read(&unit, &|_| Fields::new()) else { return (read, false) };
        read.extend(sealed.into_inner().into_iter().map(|event| (event.record.seq, event.record.raw)));
    }
    (read, true)
}

/// A home as it should be, and what stands in it.
pub(super) struct Sound {
    pub(super) disk: Memory,
    /// The same after its first day.
    pub(super) earlier: Memory,
    names: Vec<String>,
    records: BTreeMap<u64, Vec<u8>>,
}

/// Two days with segments, and a tail of a third.
pub(super) fn sound() -> &'static Sound {
    static MADE: OnceLock<Sound> = OnceLock::new();
    MADE.get_or_init(|| {
        let disk = Memory::new();
        let home = Home::init(Arc::new(disk.clone()), "Northwind IT", time(0), chance(0)).expect("a home");
        home.add_customer(&acme(), "Acme", time(0)).expect("a customer");
        let mut earlier = disk.restarted();
        for day in 0..2 {
            let mut vault = home.vault(&acme()).expect("opens");
            vault.append(drafts(0, 270, day), Some(b"cursor".to_vec()), time(day)).expect("seals");
            vault.close(time(day)).expect("closes");
            if day == 0 {
                earlier = disk.restarted();
            }
        }
        let mut vault = home.vault(&acme()).expect("opens");
        vault.append(drafts(2_000, 30, 2), None, time(2)).expect("seals");
        drop((vault, home));
        let disk = disk.restarted();
        let mut names = vec![];
        for folder in ["customers", "keys", "vaults"] {
            names.extend(disk.list(folder).expect("lists"));
        }
        let (records, whole) = records(&look(&disk).expect("opens"));
        assert!(whole && records.len() > 560);
        Sound { disk, earlier, names, records }
    })
}

/// One file of a home is another one: it is noticed, or what is read is what was sealed; and who writes on loses nothing
/// of it.
pub(super) fn home_file(bytes: &[u8]) -> bool {
    let sound = sound();
    let Some(change) = Change::read(bytes) else { return false };
    let name = change.chosen(&sound.names);
    let disk = sound.disk.restarted();
    let before = disk.read(name).expect("it is listed");
    let after = change.apply(&before);
    disk.put(name, &after).expect("there is room");
    if let Some(view) = look(&disk) {
        let (read, whole) = records(&view);
        assert!(
            read.iter().all(|(seq, raw)| sound.records.get(seq) == Some(raw)),
            "{name}: not what was sealed"
        );
        assert!(!whole || read == sound.records, "{name}: records went without a word");
    }
    if let Ok(home) = Home::look(Arc::new(disk.clone()), chance(1 << 41)) {
        let _ = custody::audit(&home, &acme(), &mut |_| {});
    }
    let Ok(home) = Home::open(Arc::new(disk.clone()), "a test", chance(1 << 42)) else { return false };
    let Ok(mut vault) = home.vault(&acme()) else { return false };
    if vault.append(drafts(3_000, 1, 2), None, time(2)).is_err() || vault.close(time(2)).is_err() {
        return false;
    }
    drop(home);
    let disk = disk.restarted();
    let view = Home::look(Arc::new(disk), chance(1 << 44)).map(|home| home.view(&acme()));
    let view = view
        .expect("it was open")
        .unwrap_or_else(|error| panic!("{name}: just written, and refused: {error}"));
    let (read, whole) = records(&view);
    let same = |(seq, raw): (&u64, &Vec<u8>)| read.get(seq).is_none_or(|read| read == raw);
    assert!(sound.records.iter().all(same), "{name}: what was sealed is read as something else");
    assert!(!whole || sound.records.keys().all(|seq| read.contains_key(seq)), "{name}: records went");
    after != before
}

/// A public key, an escrow and a secret key, a line each, that nobody made: nothing comes back through them.
pub(super) fn escrow(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let lines: Vec<&str> = text.splitn(3, '\n').collect();
    let [public, escrow, secret] = lines[..] else { return false };
    let disk = sound().disk.restarted();
    let home = Home::look(Arc::new(disk.clone()), chance(1 << 43)).expect("it is sound");
    let made = custody::escrow(&home, &acme(), public);
    disk.remove("keys/acme/customer.key").expect("there is one");
    let closed = |result| match result {
        Ok(()) => panic!("nobody made this escrow"),
        Err(error) => matches!(error, EscrowError::Closed),
    };
    let again = made.as_ref().is_ok_and(|made| closed(custody::restore(&home, &acme(), made, secret)));
    closed(custody::restore(&home, &acme(), escrow, secret)) && again
}
