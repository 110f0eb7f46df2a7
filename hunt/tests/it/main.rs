//! Hunts over a vault of several units: which are read, what is handed out of them, in which order, and when it ends.

mod backwards;
mod search;

use custody::disk::Memory;
use custody::{Chance, Home, Unit, View};
use model::{CustomerId, Draft, Fields, Format, Kind, Record, Source, Time};
use std::sync::Arc;

/// A word that every event has that stands there only to make a unit full.
const FILLER: &str = r#"{"text":"filler"}"#;
/// What `parse` puts into each event, whatever its raw says.
const ADDED: (&str, &str) = ("parser", "extra");

/// A test's randomness.
struct Counter(u8);

impl Chance for Counter {
    fn fill(&mut self, bytes: &mut [u8]) -> std::io::Result<()> {
        bytes.fill_with(|| {
            self.0 = self.0.wrapping_add(1);
            self.0
        });
        Ok(())
    }
}

fn chance() -> Box<dyn Chance> {
    Box::new(Counter(0))
}

/// So many seconds after 10:00 on 1 November 2026.
fn time(second: i64) -> Time {
    Time::from_second(1_793_527_200 + second).expect("in range")
}

fn draft(kind: Kind, second: i64, raw: &str) -> (Draft, Fields) {
    let source = Source::new(Format::Ndjson, "test").expect("good");
    let (happened, received) = (time(second), time(90_000));
    (Draft { kind, source, happened, received, raw: raw.into(), defects: vec![] }, Fields::new())
}

/// A vault with a unit for each of these, and one behind them that lies in the journal. Each holds the records named, and so
/// many that are the same everywhere, which happened when the first of the named ones did.
fn vault(units: &[&[(Kind, i64, &str)]]) -> View {
    let (disk, acme) = (Memory::new(), CustomerId::parse("acme").expect("good"));
    let home = Home::init(Arc::new(disk), "Northwind IT", time(90_000), chance()).expect("fits");
    home.add_customer(&acme, "Acme", time(90_000)).expect("fits");
    for (number, named) in units.iter().enumerate() {
        let mut vault = home.vault(&acme).expect("opens");
        let drafts = |of: &[(Kind, i64, &str)]| of.iter().map(|(k, at, raw)| draft(*k, *at, raw)).collect();
        vault.append(drafts(named), None, time(90_000)).expect("seals");
        if number + 1 == units.len() {
            break;
        }
        // Whole pages with the record that closes, fewer in each than in the one before: so none is joined to another.
        let begun = vault.size() % 256;
        let pages = 7 + units.len() as u64 - number as u64;
        let many = usize::try_from(pages * 256 - begun - 1).expect("small");
        vault
            .append(drafts(&vec![(Kind::Event, named[0].1, FILLER); many]), None, time(90_000))
            .expect("seals");
        vault.close(time(90_000)).expect("seals");
    }
    let view = home.view(&acme).expect("opens");
    assert_eq!(units_of(&view).len(), units.len());
    view
}

/// The units of a view, each with its place among them.
fn units_of(view: &View) -> Vec<Unit> {
    view.units().expect("reads")
}

/// How many records lie in some of the units.
fn count(view: &View, numbers: &[usize]) -> u64 {
    let units = units_of(view);
    numbers.iter().map(|n| units[*n].count).sum()
}

fn parse(record: &Record) -> Fields {
    let mut fields: Fields = serde_json::from_slice(&record.raw).unwrap_or_default();
    fields.insert(ADDED.0.into(), ADDED.1.into());
    fields
}

fn text(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).into_owned()
}
