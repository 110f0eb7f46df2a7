//! From journal to segments: full pages move, small segments are taken together, a new journal begins with the rest.
//!
//! Order, so that a crash anywhere loses nothing: segments, tiles, new journal, old journal away. A segment that takes the place of
//! smaller ones is written whole before they go; whoever looks in between sees both, and takes the longer one. While somebody reads,
//! nothing goes: what is left over then, the next opening takes away.

use super::{SealError, Vault, Writing};
use crate::disk::{Disk, Guard};
use crate::home::READERS;
use crate::journal::{self, Frame, Head};
use crate::object::ObjectRef;
use crate::view;
use ledger::PAGE;
use segment::{Row, Writer};

/// What becomes of small segments before the one that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Small {
    /// They stay: this process may still read them, for what was given before.
    Stay,
    /// They are joined to it: the run is over.
    Join,
}

/// Rows of a tail that are worth a segment when a run ends.
pub(super) const WORTH_A_SEGMENT: usize = 2_048;

impl Vault {
    /// Moves the full pages of the journal into segments, one an epoch, and begins a new journal with the rest.
    pub(super) fn roll(&mut self, small: Small) -> Result<(), SealError> {
        let full = self.tail.len() / 256 * 256;
        let rest = self.tail.split_off(full);
        let mut pages = std::mem::take(&mut self.tail);
        let end = self.segments_end() + pages.len() as u64;
        let smaller = match small {
            Small::Stay => vec![],
            Small::Join => self.take_small_segments(&mut pages)?,
        };
        let mut first = end - pages.len() as u64;
        let mut pages = pages.into_iter().peekable();
        while pages.peek().is_some() {
            first = self.write_segment(first, &mut pages)?;
        }
        if let Some(_nobody_reads) = self.unread()? {
            for object in smaller.iter().filter(|o| !self.segments.iter().any(|s| s.name == o.name)) {
                self.access.shelf.remove(&object.name).map_err(self.disk_failed(&object.name))?;
            }
        }
        self.tail = rest;
        self.tail_bytes = self.tail.iter().map(|r| r.raw.len()).sum();
        let in_segments = usize::try_from(first / PAGE).unwrap_or(usize::MAX);
        self.segment_roots = self.log.tree().page_roots()[..in_segments].to_vec();
        if full > 0 {
            self.write_tiles()?;
        }
        self.next_journal(first)
    }

    /// A guard while nobody reads this home; `None` when somebody does.
    fn unread(&self) -> Result<Option<Guard>, SealError> {
        self.access.disk.unread(READERS).map_err(self.disk_failed(READERS))
    }

    fn segments_end(&self) -> u64 {
        self.segments.last().map_or(self.access.epochs.begin_seq(), ObjectRef::end)
    }

    /// Takes the rows of the last segments before those of the tail, as long as each is no longer than what follows it: so every row
    /// is written again only a few times, however small the runs are.
    fn take_small_segments(&mut self, pages: &mut Vec<Row>) -> Result<Vec<ObjectRef>, SealError> {
        let mut taken = vec![];
        let epoch = |page: u64| self.access.epochs.of_page(page).map(|e| e.number);
        let epoch_of_tail = epoch(self.segments_end() / PAGE);
        while let Some(last) = self.segments.last() {
            let rows = pages.len() as u64;
            let fits = last.count + rows <= self.roll_rows.max(pages.len()) as u64;
            if rows == 0 || last.count > rows || !fits || Some(last.epoch) != epoch_of_tail {
                break;
            }
            let log = |why: String| SealError::Log { customer: self.access.customer.clone(), why };
            let reader = view::reader(&self.access, last).map_err(|e| log(e.to_string()))?;
            let mut before = vec![];
            for block in 0..reader.blocks().len() {
                let rows = reader.read_block(block).map_err(|e| log(e.to_string()))?;
                before.extend(rows.into_iter().map(|(_, row)| row));
            }
            before.append(pages);
            *pages = before;
            taken.extend(self.segments.pop());
        }
        Ok(taken)
    }

    /// Writes the segment of the next rows that share an epoch; gives the seq behind them.
    fn write_segment(
        &mut self,
        first: u64,
        rows: &mut std::iter::Peekable<std::vec::IntoIter<Row>>,
    ) -> Result<u64, SealError> {
        let number = |page: u64| self.access.epochs.of_page(page).map(|e| e.number);
        let epoch = number(first / PAGE).ok_or_else(|| self.no_epoch())?;
        let mut writer = Writer::new(first);
        let damaged = |e: segment::SegmentError| SealError::Log {
            customer: self.access.customer.clone(),
            why: e.to_string(),
        };
        while rows.peek().is_some() && number((first + writer.count()) / PAGE) == Some(epoch) {
            for row in rows.by_ref().take(256) {
                writer.push(row).map_err(damaged)?;
            }
        }
        let object = ObjectRef::new(self.access.customer.as_str(), epoch, first, writer.count());
        let plain = writer.finish().map_err(damaged)?;
        let key = self.access.epochs.numbered(epoch).map(|e| e.object_key(&self.access.origin));
        let key = key.ok_or_else(|| self.no_epoch())?;
        let failed = self.disk_failed(&object.name);
        let bytes = object.seal(&plain, (&key, &self.access.origin), &mut **self.access.chance.get());
        self.access.shelf.put(&object.name, &bytes.map_err(&failed)?).map_err(&failed)?;
        let end = object.end();
        self.segments.push(object);
        Ok(end)
    }

    /// Writes the level-1 tiles that are not there yet, and removes the narrower ones that they replace.
    pub(super) fn write_tiles(&self) -> Result<(), SealError> {
        let customer = self.access.customer.as_str();
        let folder = view::tile_folder(customer);
        let there = self.access.shelf.list(&folder).map_err(self.disk_failed(&folder))?;
        let nobody_reads = self.unread()?;
        for (index, roots) in (0u64..).zip(self.segment_roots.chunks(256)) {
            let width = u16::try_from(roots.len()).unwrap_or(256);
            let name = format!("vaults/{customer}/{}", ledger::tile::path(1, index, width));
            if !there.contains(&name) {
                let bytes: Vec<u8> = roots.iter().flat_map(|r| r.0).collect();
                self.access.shelf.put(&name, &bytes).map_err(self.disk_failed(&name))?;
            }
            let of_index = |n: &&String| {
                let path = n.strip_prefix(&format!("vaults/{customer}/")).and_then(ledger::tile::parse_path);
                path.is_some_and(|(level, i, w)| (level, i) == (1, index) && w < width)
            };
            for narrower in there.iter().filter(|_| nobody_reads.is_some()).filter(of_index) {
                self.access.shelf.remove(narrower).map_err(self.disk_failed(narrower))?;
            }
        }
        Ok(())
    }

    /// Begins the journal of the rows behind the segments, with the cursor, and removes those before it.
    fn next_journal(&mut self, first: u64) -> Result<(), SealError> {
        let epoch = self.access.epochs.last().ok_or_else(|| self.no_epoch())?;
        let head = Head::new(self.access.customer.as_str(), epoch.number, first);
        let frame = Frame { first, cursor: self.cursor.clone(), rows: self.tail.clone() };
        let key = epoch.journal_key(&self.access.origin);
        let failed = self.disk_failed(&head.name);
        let mut bytes = head.bytes().to_vec();
        let by = (&key, self.access.origin.as_str(), &mut self.tail_key);
        let sealed = head.seal((0, None), &frame, by, &mut **self.access.chance.get());
        let (sealed, link) = sealed.map_err(&failed)?;
        bytes.extend(sealed);
        self.access.disk.put(&head.name, &bytes).map_err(&failed)?;
        if let Some(_nobody_reads) = self.unread()? {
            // Mostly one: the first act of a day begins a journal beside the one there is.
            let folder = journal::folder(self.access.customer.as_str());
            let there = self.access.disk.list(&folder).map_err(self.disk_failed(&folder))?;
            for before in there.iter().filter(|name| **name != head.name) {
                self.access.disk.remove(before).map_err(self.disk_failed(before))?;
            }
        }
        self.writing = Some(Writing { head, frames: 1, link: Some(link) });
        self.erase_tail_keys()
    }
}
