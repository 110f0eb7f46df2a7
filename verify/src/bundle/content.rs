//! The second half of a bundle's checks: records, pages and the root of all, file by file.

use super::Bundle;
use crate::abreast;
use crate::layout::{self, CHUNK, Part, SALT, Span, TILE};
use crate::records::Chunk;
use crate::report::{CHANGED, MISSING, Stage};
use crate::sound::{self, Grounds, Place, Sound};
use crate::words::{self, spoken};
use ledger::{Hash, PAGE};
use std::collections::{BTreeMap, BTreeSet};

impl Bundle {
    /// Records, pages and the root of all.
    pub(super) fn content(&mut self) {
        let Some(goal) = self.checker.goal else {
            let what = "Without the signed list (manifest) and the signed state (checkpoint) there is nothing to hold the records against, so they were not looked at";
            self.tell(Stage::Root, MISSING, None, "checkpoint", what);
            return;
        };
        let span = self.span(goal.size);
        let size = span.size;
        let parts: Vec<Part> = self
            .folder
            .files
            .keys()
            .filter_map(|name| Part::parse(name))
            .filter(|part| part.belongs(span))
            .collect();
        let records: BTreeSet<u64> = parts
            .iter()
            .filter_map(|p| if let Part::Records(at) = p { Some(*at / CHUNK) } else { None })
            .collect();
        let mut tiles: BTreeMap<u64, Part> = parts
            .iter()
            .filter_map(|p| if let Part::Tile(at, _) = p { Some((*at, *p)) } else { None })
            .collect();
        self.blame_open_page(span, &tiles);
        self.checker.begin(span.first);
        let (mut fed, (mut next, end)) = (0, span.chunks());
        let jobs: Vec<(u64, Place)> =
            records.into_iter().filter_map(|chunk| Some((chunk, self.place(chunk, span)?))).collect();
        abreast::each(
            self.threads,
            &jobs,
            |(_, place)| sound::read(place),
            |(chunk, place), sound| {
                self.lost_chunks(next, *chunk, span);
                self.feed_tiles(&mut fed, chunk + 1, size, &mut tiles);
                self.note_grounds(place, sound.as_ref());
                self.chunk(place, sound);
                next = chunk + 1;
            },
        );
        self.lost_chunks(next, end, span);
        self.feed_tiles(&mut fed, layout::tiles(size), size, &mut tiles);
        self.checker.conclude();
    }

    /// If of all files only those of the last, open page differ from a list that holds, the damage is there.
    fn blame_open_page(&mut self, span: Span, tiles: &BTreeMap<u64, Part>) {
        let size = span.size;
        let last = span.start(span.chunks().1.saturating_sub(1)).unwrap_or(0);
        let suspect = [Part::Records(last).name(), Part::Salts(last).name()];
        let tiles_hold = tiles.len() as u64 == layout::tiles(size);
        let only_last = !self.changed.is_empty() && self.changed.keys().all(|name| suspect.contains(name));
        self.checker.blame_open_page = self.manifest_holds && tiles_hold && only_last;
    }

    /// The records files from `from` up to `end` (not included) are not there.
    fn lost_chunks(&mut self, from: u64, end: u64, span: Span) {
        if from >= end {
            return;
        }
        let (Some((first, _)), Some((_, last))) = (span.range(from), span.range(end - 1)) else {
            return;
        };
        let files = if end - from == 1 {
            "The file".to_owned()
        } else {
            format!("{} files from here on", end - from)
        };
        let message = format!(
            "{files} with {} {} missing. {}",
            spoken(first, last).to_lowercase(),
            words::is(from, end - 1),
            words::MISSING_NEXT
        );
        self.checker.begin_file(first);
        self.checker.damaged(first, last, &Part::Records(first).name(), MISSING, &message);
    }

    /// Gives the checker the stored page roots of the tiles below `end`.
    fn feed_tiles(&mut self, fed: &mut u64, end: u64, size: u64, tiles: &mut BTreeMap<u64, Part>) {
        let end = end.min(layout::tiles(size));
        while *fed < end {
            let there = tiles.first_key_value().map_or(end, |(at, _)| (*at).min(end));
            if there > *fed {
                let width = layout::tile_width(*fed, size).unwrap_or(TILE);
                let range = layout::tile_range(*fed, there - 1, size);
                let pages = range.map_or(0, |(a, b)| (b - a + 1) / PAGE);
                self.tell(
                    Stage::Pages,
                    MISSING,
                    range,
                    &Part::Tile(*fed, width).name(),
                    "The file with the stored checksums of the pages of these records is missing",
                );
                self.checker.lose_page_roots(pages);
                *fed = there;
            } else if let Some((_, part)) = tiles.pop_first() {
                self.tile(part, size);
                *fed += 1;
            }
        }
    }

    fn tile(&mut self, part: Part, size: u64) {
        let Part::Tile(index, width) = part else { return };
        let name = part.name();
        let bytes = self.folder.bytes(&name, width * 32).unwrap_or_default();
        let (hashes, _) = bytes.as_chunks::<32>();
        let have = hashes.len().min(usize::try_from(width).unwrap_or(usize::MAX));
        let roots: Vec<Hash> = hashes[..have].iter().map(|hash| Hash(*hash)).collect();
        self.checker.page_roots(&roots, &name);
        let lost = width - have as u64;
        if lost > 0 {
            self.checker.lose_page_roots(lost);
        }
        if bytes.len() as u64 != width * 32 {
            let first = (index * TILE + have as u64) * PAGE;
            let range =
                layout::tile_range(index, index, size).filter(|_| lost > 0).map(|(_, last)| (first, last));
            let threat = if lost > 0 { MISSING } else { CHANGED };
            self.tell(Stage::Pages, threat, range, &name, "The file with the stored checksums of the pages of these records has not the length that it must have");
        }
    }

    /// Where a records file and its salts lie.
    fn place(&self, chunk: u64, span: Span) -> Option<Place> {
        let (first, last) = span.range(chunk)?;
        let place = |part: Part| self.folder.place(&part.name());
        Some(Place { records: place(Part::Records(first)), salts: place(Part::Salts(first)), first, last })
    }

    /// Remembers a file with records that answers stand on; one that must be read slowly may hold any.
    fn note_grounds(&mut self, place: &Place, sound: Option<&Sound>) {
        let grounds = sound.map_or(Grounds { any: true, closing: false }, |sound| sound.grounds);
        self.closing |= grounds.closing;
        self.unread |= sound.is_none();
        if grounds.any {
            self.grounds.push(place.clone());
        }
    }

    fn chunk(&mut self, place: &Place, sound: Option<Sound>) {
        let &Place { first, last, .. } = place;
        let (name, salts_name) = (Part::Records(first).name(), Part::Salts(first).name());
        let salts_alone = self.changed.contains_key(&salts_name) && !self.changed.contains_key(&name);
        let blame = if salts_alone { &salts_name } else { &name };
        if let Some(sound) = sound {
            self.checker.begin_file(last + 1);
            if self.checker.next() == first {
                self.checker.sound(&sound, blame);
                return;
            }
        }
        let salts = self.salts(&salts_name, first, last);
        let read = Chunk { file: &place.records, name: &name, first, last, salts: &salts, blame };
        if let Err(error) = read.read(&mut self.checker) {
            self.checker.begin_file(last + 1);
            let from = self.checker.next();
            let message = format!("{} cannot be read: {error}. {}", spoken(from, last), words::MISSING_NEXT);
            self.checker.damaged(from, last, &name, MISSING, &message);
        }
    }

    /// The salts of a records file. What is missing is told here.
    fn salts(&mut self, name: &str, first: u64, last: u64) -> Vec<u8> {
        let want = (last - first + 1) * SALT;
        let what = if self.folder.files.contains_key(name) {
            match self.folder.bytes(name, want) {
                Ok(mut salts) => {
                    let have = salts.len() as u64;
                    if have < want {
                        let what = format!(
                            "The file is cut short: it has {have} of {want} bytes of the salts that prove these records"
                        );
                        self.tell(Stage::Records, MISSING, Some((first + have / SALT, last)), name, &what);
                    } else if have > want {
                        self.tell(
                            Stage::Records,
                            CHANGED,
                            None,
                            name,
                            "The file has more salts than there are records",
                        );
                    }
                    salts.truncate(usize::try_from(want).unwrap_or(usize::MAX));
                    return salts;
                }
                Err(error) => {
                    format!("The file with the salts that prove these records cannot be read: {error}")
                }
            }
        } else {
            "The file with the salts that prove these records is missing".to_owned()
        };
        self.tell(Stage::Records, MISSING, Some((first, last)), name, &what);
        Vec::new()
    }

    /// For each file that is not what the list says: which records that concerns, now that they were read.
    pub(super) fn tell_changed(&mut self) {
        let Some(goal) = self.checker.goal else { return };
        let span = self.span(goal.size);
        for (name, threat) in std::mem::take(&mut self.changed) {
            let part = Part::parse(&name);
            let (within, only) = match part {
                Some(Part::Records(start) | Part::Salts(start)) => (span.range(start / CHUNK), None),
                Some(Part::Tile(index, _)) => {
                    (layout::tile_range(index, index, goal.size), Some(name.as_str()))
                }
                _ => (None, None),
            };
            let Some(within) = within else {
                self.tell(
                    Stage::Files,
                    threat,
                    None,
                    &name,
                    "It is not what the signed list of the bundle's files (manifest) says",
                );
                continue;
            };
            let span = self.checker.findings.span(within, only);
            let (range, cost) = match span {
                Some((from, to)) => (Some((from, to)), format!("This concerns {}; see below", spoken(from, to).to_lowercase())),
                None if self.checker.proven => (None, "All records in reach of this file are proven unchanged all the same; only the file differs".to_owned()),
                None => (Some(within), format!("This can concern {}", spoken(within.0, within.1).to_lowercase())),
            };
            let what = format!(
                "This file is not the one on the signed list of the bundle's files (manifest): its {} differs. {cost}",
                if threat == MISSING { "length" } else { "content" }
            );
            self.tell(Stage::Files, threat, range, &name, &what);
        }
    }
}
