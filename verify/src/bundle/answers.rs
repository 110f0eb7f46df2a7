//! The last part of a bundle's checks, once every record holds: the answers of its last assessment, computed again from the
//! sealed evidence (docs/formats.md §3, Assessments for auditors).

use super::{Bundle, NOTE_LIMIT};
use crate::answers::Assessed;
use crate::layout::{self, CHUNK, Part, SALT, TILE};
use crate::records::RECORD_LIMIT;
use crate::report::{CHANGED, Stage, clean};
use crate::sound::{Grounds, Place, member};
use crate::words;
use assess::audit::{Auditor, Difference, HELD_LIMIT, Reading, Replayed};
use flate2::bufread::GzDecoder;
use ledger::{Hash, Note, PAGE, Salt, Sealed, Standing, Tree, Unsealed, commitment, leaf_hash};
use model::{Event, Fields, form};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

/// Bytes of one page that are held, at most: 256 pieces of documents are a quarter of it.
const PAGE_BYTES: usize = 512 << 20;
/// What is said when the second reading meets other bytes than the first.
const MOVED: &str = "its files changed while they were read";
/// Version of this program.
const OURS: &str = env!("CARGO_PKG_VERSION");

/// A page of records: all of their leaves, and the records that answers stand on.
#[derive(Default)]
struct Page {
    first: u64,
    leaves: Vec<Hash>,
    events: Vec<Event>,
    bytes: usize,
}

impl Unsealed for Page {
    type Value = Vec<Event>;

    fn first(&self) -> u64 {
        self.first
    }

    fn leaf_hashes(&self) -> Vec<Hash> {
        self.leaves.clone()
    }

    fn release(self) -> Vec<Event> {
        self.events
    }
}

impl Page {
    fn take(&mut self, bytes: &[u8], salt: &Salt) -> Result<(), String> {
        self.leaves.push(leaf_hash(&commitment(salt, bytes)));
        let form = form::read(bytes).map_err(|_| MOVED)?;
        if !Grounds::are(form.kind) {
            return Ok(());
        }
        self.bytes += bytes.len();
        if self.bytes > PAGE_BYTES {
            return Err(format!("one page of its records holds more than {PAGE_BYTES} bytes"));
        }
        let record = form::decode(bytes).map_err(|_| MOVED)?;
        self.events.push(Event { record, fields: Fields::new() });
        Ok(())
    }
}

impl Bundle {
    /// Computes the last assessment again and tells what differs; none when the bundle has no assessment for auditors.
    pub(super) fn answers(&mut self) -> Option<Assessed> {
        let holds = self.checker.findings.count() == 0 && self.checker.proven;
        if !(self.closing || self.unread && holds) {
            return None;
        }
        if !holds {
            return Some(Assessed::not("the records themselves do not hold"));
        }
        let first = self.checker.first;
        if self.checker.orders.ended_to() < first {
            return Some(Assessed::not(format!(
                "records 0 to {} are not in this bundle, and answers may stand on them; check the bundle that begins at 0",
                first.saturating_sub(1)
            )));
        }
        let auditor = match self.gather() {
            Ok(auditor) => auditor,
            Err(why) => return Some(Assessed::not(why)),
        };
        let replayed = auditor.finish()?;
        if first > 0 && self.checker.orders.last_ended().is_some_and(|at| at > replayed.seq) {
            return Some(Assessed::not(
                "records that it may stand on were kept long enough and ended after it was sealed",
            ));
        }
        Some(self.tell_answers(replayed))
    }

    /// The state that every page is held against.
    fn standing(&self) -> Result<Standing, String> {
        let size = self.checker.goal.map_or(0, |goal| goal.size);
        let mut roots = vec![];
        for index in 0..layout::tiles(size) {
            let width = layout::tile_width(index, size).unwrap_or(TILE);
            let bytes = self.folder.bytes(&Part::Tile(index, width).name(), width * 32).map_err(|_| MOVED)?;
            roots.extend(bytes.as_chunks::<32>().0.iter().map(|hash| Hash(*hash)));
        }
        let open = self.checker.open.clone().ok_or(MOVED)?;
        let tree = Tree::from_parts(roots, open).ok_or(MOVED)?;
        let note = self.folder.bytes("checkpoint", NOTE_LIMIT).map_err(|_| MOVED)?;
        let note = Note::parse(&note).map_err(|_| MOVED)?;
        let (key, origin) = (self.checker.vkey().ok_or(MOVED)?, self.checker.origin.as_deref().ok_or(MOVED)?);
        Standing::verify(&note, key, origin, tree).map_err(|_| MOVED.to_owned())
    }

    /// Reads the files with grounds once more, page by page; a page is believed when it stands under the checkpoint.
    fn gather(&self) -> Result<Auditor, String> {
        let standing = self.standing()?;
        let mut auditor = Auditor::new();
        for place in &self.grounds {
            pages(place, &mut |page| {
                let sealed: Sealed<Vec<Event>> = standing.admit(page).map_err(|_| MOVED)?;
                if auditor.take(&sealed) {
                    return Ok(());
                }
                Err(format!("its documents hold more than the {HELD_LIMIT} bytes that are read here"))
            })?;
        }
        Ok(auditor)
    }

    /// Makes findings of what differs.
    fn tell_answers(&mut self, replayed: Replayed) -> Assessed {
        for document in &replayed.documents {
            if let Reading::Differs(what) = &document.reading {
                let message = format!(
                    "The document `{}` ({}, {}) was sealed with rows or an envelope that its own bytes do not give: {}. Bytes and rows lie side by side in the log, so whoever sealed them wrote something that the document does not say. {}",
                    clean(&document.file),
                    clean(&document.kind),
                    clean(&document.id),
                    clean(what),
                    words::ANSWERS_NEXT
                );
                self.wrong(document.seq, message);
            }
        }
        let seq = replayed.seq;
        let mut why_not = replayed.computed.as_ref().err().cloned();
        match &replayed.kept {
            Err(why) => {
                let message = format!(
                    "The assessment that record {seq} closes is not what an assessment must be: {}. {}",
                    clean(why),
                    words::ANSWERS_NEXT
                );
                self.wrong(seq, message);
            }
            Ok(kept) => {
                let program = clean(&kept.audit.program);
                let other = if program == OURS {
                    String::new()
                } else {
                    format!(
                        " It was computed by version {program}, this is version {OURS}: try the verifier of that version before you conclude anything."
                    )
                };
                if let Some(why) = &mut why_not {
                    *why = clean(why);
                    if program == OURS {
                        let message = format!(
                            "The assessment of record {seq} cannot be computed: {why}. {}",
                            words::ANSWERS_NEXT
                        );
                        self.wrong(seq, message);
                    }
                }
                for difference in &replayed.differences {
                    self.wrong(seq, format!("{}{other} {}", in_words(difference), words::ANSWERS_NEXT));
                }
            }
        }
        Assessed { replayed: Some(replayed), why_not }
    }

    fn wrong(&mut self, seq: u64, message: String) {
        let size = self.checker.goal.map_or(0, |goal| goal.size);
        let file = self.span(size).start(seq / CHUNK).map(|start| Part::Records(start).name());
        self.checker.findings.add(Stage::Answers, CHANGED, Some((seq, seq)), file.as_deref(), message);
    }
}

fn in_words(d: &Difference) -> String {
    let check = d.check.as_deref().map_or_else(String::new, |check| format!(", check `{}`", clean(check)));
    let what = if d.member == "verdict" { "the answer" } else { "its part" };
    let member = if d.member == "verdict" { String::new() } else { format!(" `{}`", clean(&d.member)) };
    format!(
        "Measure `{}`{check}, {} side: {what}{member} was sealed as `{}`, and the sealed evidence gives `{}`.",
        clean(&d.measure),
        clean(&d.side),
        clean(&d.was),
        clean(&d.is)
    )
}

/// Reads a records file and gives each page in which there is something that answers stand on.
fn pages(place: &Place, give: &mut dyn FnMut(Page) -> Result<(), String>) -> Result<(), String> {
    let moved = |_| MOVED.to_owned();
    let many = place.last.saturating_sub(place.first) + 1;
    let mut salts = Vec::new();
    File::open(&place.salts).and_then(|f| f.take(many * SALT).read_to_end(&mut salts)).map_err(moved)?;
    let (salts, _) = salts.as_chunks::<16>();
    let mut source = BufReader::with_capacity(1 << 16, File::open(&place.records).map_err(moved)?);
    let mut buffer = vec![0; 1 << 16];
    let mut page = Page { first: place.first, ..Page::default() };
    let (mut at, mut wrong) = (0, None);
    while !source.fill_buf().map_err(moved)?.is_empty() {
        let longest = usize::try_from(RECORD_LIMIT).unwrap_or(usize::MAX);
        let read = member(&mut GzDecoder::new(&mut source), &mut buffer, longest, |bytes| {
            let taken = salts.get(at).ok_or_else(|| MOVED.to_owned()).and_then(|salt| page.take(bytes, salt));
            at += 1;
            let next = place.first + at as u64;
            let full = next.is_multiple_of(PAGE) || next > place.last;
            let given = taken.and_then(|()| {
                if !full {
                    return Ok(());
                }
                let whole = std::mem::replace(&mut page, Page { first: next, ..Page::default() });
                if whole.events.is_empty() { Ok(()) } else { give(whole) }
            });
            given.map_err(|why| wrong = Some(why)).ok()
        });
        if read.is_none() {
            return Err(wrong.unwrap_or_else(|| MOVED.to_owned()));
        }
    }
    if at as u64 == many { Ok(()) } else { Err(MOVED.to_owned()) }
}
