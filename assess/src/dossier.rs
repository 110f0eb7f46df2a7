//! Everything that was sealed about a customer and that an answer can stand on: documents of evidence, in their order.

use evidence::records::{Exhibit, Gatherer};
use ledger::Sealed;
use model::{Event, Kind};
use std::collections::{BTreeMap, BTreeSet};

/// A document that was read anew, with another mapping or a mended parser, takes the place of its earlier reading.
fn last_of_each(exhibits: Vec<Exhibit>) -> Vec<Exhibit> {
    let last: BTreeMap<String, u64> = exhibits.iter().map(|e| (e.envelope.id.clone(), e.seq)).collect();
    exhibits.into_iter().filter(|e| last.get(&e.envelope.id) == Some(&e.seq)).collect()
}

/// The documents of one customer's log. Made of sealed records only:
///
/// ```compile_fail
/// assess::Dossier::open(&[vec![]]); // records that nobody sealed
/// ```
///
/// The twin that compiles differs only in that:
/// ```
/// assess::Dossier::open(&[]);
/// ```
#[derive(Debug, Default)]
pub struct Dossier {
    exhibits: Vec<Exhibit>,
    odd: Vec<(u64, String)>,
}

impl Dossier {
    /// Gathers the documents out of sealed records; records of other kinds are passed over.
    #[must_use]
    pub fn open(sealed: &[Sealed<Vec<Event>>]) -> Self {
        Self::gather(sealed, Gatherer::new(false))
    }

    /// The same, with the raw bytes of every document.
    #[must_use]
    pub fn open_with_raw(sealed: &[Sealed<Vec<Event>>]) -> Self {
        Self::gather(sealed, Gatherer::new(true))
    }

    fn gather(sealed: &[Sealed<Vec<Event>>], gatherer: Gatherer) -> Self {
        let mut reading = Reading { gatherer };
        sealed.iter().for_each(|page| reading.take(page));
        reading.end()
    }

    /// The dossier of documents that were gathered out of sealed records one by one.
    pub(crate) fn of(exhibits: Vec<Exhibit>) -> Self {
        Self { exhibits: last_of_each(exhibits), odd: vec![] }
    }

    /// Adds public feeds that lie in no log (they are the same for everybody).
    pub fn add_feeds(&mut self, feeds: impl IntoIterator<Item = Exhibit>) {
        self.exhibits.extend(feeds);
    }

    /// The documents, in the order of their envelopes.
    #[must_use]
    pub fn exhibits(&self) -> &[Exhibit] {
        &self.exhibits
    }

    /// Records of kind `evidence` that are no documents of this version, with their place: they are said, and nothing stands on them.
    #[must_use]
    pub fn odd(&self) -> &[(u64, String)] {
        &self.odd
    }
}

/// A dossier that is being read page by page, so that nobody need hold them all.
pub struct Reading {
    gatherer: Gatherer,
}

impl Reading {
    /// Reads only the documents of these ids.
    #[must_use]
    pub fn only(ids: BTreeSet<String>) -> Self {
        Self { gatherer: Gatherer::new(false).only(ids) }
    }

    /// The same, with the raw bytes of every document.
    #[must_use]
    pub fn only_with_raw(ids: BTreeSet<String>) -> Self {
        Self { gatherer: Gatherer::new(true).only(ids) }
    }

    /// Takes the next sealed page; pages come in the order of the log.
    pub fn take(&mut self, page: &Sealed<Vec<Event>>) {
        let records = page.value().iter().map(|event| &event.record);
        records.filter(|r| r.kind == Kind::Evidence).for_each(|r| self.gatherer.take(r.seq, &r.raw));
    }

    /// The dossier of what was read.
    #[must_use]
    pub fn end(self) -> Dossier {
        Dossier { exhibits: last_of_each(self.gatherer.exhibits), odd: self.gatherer.odd }
    }
}
