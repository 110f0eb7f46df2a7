//! Checks a log record by record: its form, its number, its page, and the root of all under a signed state.
//! TRUST: nobody but the key that the caller names. Memory does not grow with records once their page roots are known.

mod close;

use crate::days::{Day, Days};
use crate::heads::Known;
use crate::orders::{Orders, Told};
use crate::pages::Pages;
use crate::report::{
    CHANGED, Findings, KeyTrust, MISSING, OTHER, REWRITTEN, Report, Stage, clean, customer_of,
};
use crate::signed::{self, Kind, Opened};
use crate::sound::Sound;
use crate::words::{self, spoken};
use ledger::{Checkpoint, Hash, Note, PAGE, Salt, VerifierKey, commitment, leaf_hash, root_of};
use model::{Time, form};
use std::sync::Arc;

/// The state that the records must lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Goal {
    pub(crate) size: u64,
    pub(crate) root: Hash,
}

/// A record that calls itself another number than its place, until the next one tells why.
#[derive(Debug)]
struct Odd {
    seq: u64,
    /// Its leaf with the salt of the number that it names, and with that of its place.
    as_named: Option<Hash>,
    as_placed: Option<Hash>,
}

/// Records in a row that stand at another place than they name.
#[derive(Debug)]
struct Misplaced {
    from: u64,
    to: u64,
    seq: u64,
    path: Arc<str>,
}

/// Checks one log. Records are handed in from the first to the last; what cannot be handed in is said with
/// [`Checker::damaged`].
#[derive(Debug)]
pub struct Checker {
    pub(crate) findings: Findings,
    pub(crate) origin: Option<String>,
    /// The checkpoint, as far as it could be read, signed or not.
    pub(crate) claimed: Option<Checkpoint>,
    signed: bool,
    vkey: Option<VerifierKey>,
    pub(crate) goal: Option<Goal>,
    /// Place of the next record.
    next: u64,
    /// Numbers from here on are not believed when a record seems to stand too early.
    jump_limit: u64,
    records: u64,
    pub(crate) received: Option<(Time, Time)>,
    pub(crate) path: Arc<str>,
    odd: Option<Odd>,
    misplaced: Option<Misplaced>,
    /// Leaves of the page that is being read, and whether all of them are known.
    page: Vec<Hash>,
    whole: bool,
    /// Since which record all leaves of this page are known.
    piece: Option<u64>,
    unproven: Option<(u64, u64, Arc<str>)>,
    /// Leaves behind the last full page, once all of them are there.
    pub(crate) open: Option<Vec<Hash>>,
    pub(crate) pages: Pages,
    has_stored_pages: bool,
    /// Set when only the files of the last, open page differ from the signed list.
    pub(crate) blame_open_page: bool,
    pub(crate) proven: bool,
    /// First record that is handed in.
    pub(crate) first: u64,
    days: Option<Days>,
    /// Whether the checkpoint carries the signature of the last day's key.
    day_signs: Option<(String, Vec<u8>)>,
    pub(crate) orders: Orders,
    pub(crate) known: Vec<Known>,
    pub(crate) report_heads: u64,
}

impl Checker {
    /// Begins with a checkpoint, as its bytes stand in a file, that must be signed by `vkey` for the log `origin`.
    #[must_use]
    pub fn new(note_bytes: &[u8], vkey: &VerifierKey, origin: &str) -> Self {
        let mut checker = Self::empty(Some(vkey), Some(origin.to_owned()));
        checker.checkpoint(note_bytes, "checkpoint");
        checker
    }

    pub(crate) fn empty(vkey: Option<&VerifierKey>, origin: Option<String>) -> Self {
        let mut findings = Findings::default();
        findings.customer = origin.as_deref().and_then(customer_of).map(str::to_owned);
        Self {
            findings,
            origin,
            claimed: None,
            signed: false,
            vkey: vkey.cloned(),
            goal: None,
            next: 0,
            jump_limit: u64::MAX,
            records: 0,
            received: None,
            path: "".into(),
            odd: None,
            misplaced: None,
            page: Vec::new(),
            whole: true,
            piece: None,
            unproven: None,
            open: None,
            pages: Pages::new(),
            has_stored_pages: false,
            blame_open_page: false,
            proven: false,
            first: 0,
            days: None,
            day_signs: None,
            orders: Orders::default(),
            known: Vec::new(),
            report_heads: 0,
        }
    }

    /// Says that records are handed in from this one on, a multiple of 256; stored page roots stand for those before it. To be
    /// called before the first record or page root.
    pub fn begin(&mut self, first: u64) {
        self.first = first;
        self.next = first;
        self.pages.begin(first / PAGE);
    }

    /// Checks the notes of the keys of days, one behind the other; with them the records that announce them and the day's
    /// signature on the checkpoint. To be called before the first record.
    pub fn days(&mut self, notes: &[u8], path: &str) {
        let (Some(key), Some(origin)) = (self.vkey.clone(), self.origin.clone()) else { return };
        let days = Days::check(notes, &key, &origin, path, &mut self.findings);
        days.list.iter().for_each(|day| self.pages.want(day.size));
        self.days = Some(days);
    }

    /// The checkpoint must carry the signature of the key that was handed over to last.
    fn check_day(&mut self) {
        let (Some(days), Some((path, note))) = (&self.days, self.day_signs.take()) else { return };
        let Some(last) = days.list.last() else { return };
        let size = self.goal.map_or(0, |g| g.size);
        let held =
            Note::parse(&note).ok().is_some_and(|note| note.verify(std::slice::from_ref(&last.vkey)).is_ok());
        let announced = last.size < size || size == 0;
        let (threat, what) = match (held, announced) {
            (true, true) => return,
            (_, false) => {
                (REWRITTEN, "The last key of a day was handed over to, and no record says so".to_owned())
            }
            (false, _) => (
                REWRITTEN,
                format!(
                    "The signed state (checkpoint) does not carry the signature of the key of {}, the last day: it was signed by somebody who holds other keys only",
                    clean(&last.day)
                ),
            ),
        };
        let message = format!("{what}. {}", words::CHANGED_NEXT);
        self.findings.add(Stage::Checkpoint, threat, None, Some(&path), message);
    }

    /// At each hand-over the log must have been the one that its note names.
    fn check_handovers(&mut self) {
        let Some(days) = &self.days else { return };
        let differs = |day: &&Day| self.pages.root_at(day.size).is_some_and(|root| root != day.root);
        let Some(day) = days.list.iter().find(differs) else { return };
        let range = day.size.checked_sub(1).map(|last| (self.first.min(last), last));
        let message = format!(
            "The {} records before the key of {} began are not those that were handed over to it: somebody changed the past, and holds only keys of that day or later. {}",
            day.size,
            clean(&day.day),
            words::CHANGED_NEXT
        );
        self.findings.add(Stage::Root, REWRITTEN, range, Some("days"), message);
    }

    /// Opens the checkpoint: signature, form, origin. Its size and root become the goal where they can be believed.
    pub(crate) fn checkpoint(&mut self, note_bytes: &[u8], path: &str) {
        let Opened { text, signed } =
            signed::open(note_bytes, self.vkey.as_ref(), Kind::Checkpoint, path, &mut self.findings);
        let Some(text) = text else { return };
        self.day_signs = Some((path.to_owned(), note_bytes.to_vec()));
        let read = match Checkpoint::parse(&text) {
            Ok(read) => read,
            Err(error) => {
                let message = format!(
                    "The signed state of the log (checkpoint) has not the form that it must have: {error}. {}",
                    words::CHANGED_NEXT
                );
                self.findings.add(Stage::Checkpoint, CHANGED, None, Some(path), message);
                return;
            }
        };
        match &self.origin {
            Some(origin) if *origin != read.origin => {
                let message = format!(
                    "The signed state (checkpoint) is of the log `{}`, but the log `{}` was expected: these files belong to two different logs. {}",
                    clean(&read.origin),
                    clean(origin),
                    words::OTHER_NEXT,
                );
                self.findings.add(Stage::Checkpoint, OTHER, None, Some(path), message);
            }
            Some(_) => {}
            None => self.name(&read.origin),
        }
        if signed || self.goal.is_none() {
            self.goal = Some(Goal { size: read.size, root: read.root });
        }
        self.signed = signed;
        self.claimed = Some(read);
    }

    /// The key under which signatures are checked.
    pub(crate) fn vkey(&self) -> Option<&VerifierKey> {
        self.vkey.as_ref()
    }

    /// Takes the log's name from what could be read.
    pub(crate) fn name(&mut self, origin: &str) {
        self.origin = Some(origin.to_owned());
        self.findings.customer = customer_of(origin).map(str::to_owned);
    }

    /// Checks the next record: `form` as it stands in the file, and the salt of its place.
    pub fn record(&mut self, form: &[u8], salt: &Salt, path: &str) {
        self.record_with(form, |_| Some(*salt), path);
    }

    /// Checks the next record with the salt that `salt_of` gives for a number; without one as far as that goes, and
    /// the lost salt is the caller's finding.
    pub(crate) fn record_with(&mut self, form: &[u8], salt_of: impl Fn(u64) -> Option<Salt>, path: &str) {
        if *self.path != *path {
            self.path = path.into();
        }
        self.records += 1;
        let leaf = |number| salt_of(number).map(|salt| leaf_hash(&commitment(&salt, form)));
        match form::read(form) {
            Ok(record) => {
                self.settle(Some(record.seq));
                self.arrived(record.received);
                let as_placed = leaf(self.next);
                if record.seq == self.next {
                    self.push(as_placed);
                    self.hear((&record).into());
                } else {
                    self.odd = Some(Odd { seq: record.seq, as_named: leaf(record.seq), as_placed });
                }
            }
            Err(error) => {
                self.settle(None);
                let at = self.next;
                let message = format!(
                    "Record {at} is not what a record must be: {error}. Its content was changed or damaged. {}",
                    words::CHANGED_NEXT
                );
                self.findings.add(Stage::Records, CHANGED, Some((at, at)), Some(path), message);
                self.push(leaf(at));
            }
        }
    }

    /// Takes in the records of a file that was found sound apart from us. They are the next ones, from the first of a page on,
    /// and what comes of it is what [`Checker::record`] makes of them one by one.
    pub(crate) fn sound(&mut self, sound: &Sound, path: &str) {
        if *self.path != *path {
            self.path = path.into();
        }
        let mut own = sound.own.iter().peekable();
        for (at, (leaf, &received)) in sound.leaves.iter().zip(&sound.received).enumerate() {
            let seq = self.next;
            self.records += 1;
            self.arrived(received);
            self.push_of_page(Some(*leaf), sound.roots.get(at / 256));
            let own = own.next_if(|(number, _)| *number == seq).map(|(_, raw)| raw.as_slice());
            self.hear(Told { seq, received, own });
        }
    }

    fn arrived(&mut self, received: Time) {
        let (first, last) = self.received.unwrap_or((received, received));
        self.received = Some((first.min(received), last.max(received)));
    }

    /// Hears what a record in its place says of the log itself.
    fn hear(&mut self, told: Told<'_>) {
        let mut wrong = vec![];
        self.orders.take(told, self.days.as_ref(), &mut wrong);
        if !wrong.is_empty() {
            self.tell_orders(wrong);
        }
    }

    /// Says that the records `from` to `to` (inclusive) cannot be read, and why; goes on behind them.
    pub fn damaged(&mut self, from: u64, to: u64, path: &str, threat: &'static str, why: &str) {
        self.settle(None);
        let range = (from <= to).then_some((from, to));
        if range.is_some() && from > self.next {
            self.missing(self.next, from - 1, path);
        }
        self.findings.add(Stage::Records, threat, range, Some(path), why.to_owned());
        if range.is_some() {
            self.skip_to(to.saturating_add(1));
        }
    }

    /// Gives the stored roots of the next pages, in any number of calls, before or after their records.
    pub fn page_roots(&mut self, stored: &[Hash], path: &str) {
        self.has_stored_pages = true;
        self.pages.stored(stored, path);
    }

    /// The next `count` pages have no stored root: lost, which is the caller's finding, or in a vault not stored yet.
    pub fn lose_page_roots(&mut self, count: u64) {
        self.has_stored_pages = true;
        self.pages.lose_stored(count);
    }

    /// Place of the record that comes next.
    pub(crate) fn next(&self) -> u64 {
        self.next.saturating_add(u64::from(self.odd.is_some()))
    }

    /// Begins a file of the records `first` to `end` (not included): numbers beyond it are not believed.
    pub(crate) fn begin_file(&mut self, end: u64) {
        self.settle(None);
        self.jump_limit = end;
    }

    /// Ends the checks and answers.
    #[must_use]
    pub fn finish(mut self) -> Report {
        self.conclude();
        self.report(KeyTrust::Pinned)
    }

    pub(crate) fn report(self, key: KeyTrust) -> Report {
        let (findings, left_out) = self.findings.finish();
        Report {
            origin: self.origin.as_deref().map(clean),
            kind: "bundle",
            shown: None,
            certainty: None,
            day_checked: self.days.is_some(),
            records: self.records,
            first: self.first,
            retention_days: self.orders.retention_days,
            day_keys: self.days.map_or(0, |days| days.list.len() as u64),
            longest_key_seconds: self.orders.longest_key_seconds,
            silences: self.orders.silences,
            longest_silence: self.orders.longest.clone(),
            ended: self.orders.ended(),
            heads: self.report_heads,
            assessment: None,
            received: self.received,
            checkpoint: self.claimed.filter(|_| self.signed),
            key,
            vkey: self.vkey,
            findings,
            left_out,
        }
    }

    /// Decides about a record with an odd number, now that it is known which one `follows`.
    pub(crate) fn settle(&mut self, follows: Option<u64>) {
        let Some(Odd { seq, as_named, as_placed }) = self.odd.take() else { return };
        let limit = self.goal.map_or(self.jump_limit, |g| self.jump_limit.min(g.size));
        let goes_on = match follows {
            Some(next) => Some(next) == seq.checked_add(1),
            None => seq.checked_add(1) == Some(limit),
        };
        if goes_on && seq > self.next && seq < limit {
            let path = Arc::clone(&self.path);
            self.missing(self.next, seq - 1, &path);
            self.skip_to(seq);
            self.push(as_named);
        } else if seq < self.next && follows == Some(self.next) {
            let path = Arc::clone(&self.path);
            let message = format!(
                "Before record {} stands a record too many, which calls itself record {seq}. It was doubled or put in. {}",
                self.next,
                words::CHANGED_NEXT
            );
            self.findings.add(Stage::Records, CHANGED, Some((seq, seq)), Some(&path), message);
        } else {
            self.misplace(seq);
            self.push(as_placed);
        }
    }

    fn missing(&mut self, from: u64, to: u64, path: &str) {
        let message = format!(
            "{} {} missing: the records before and after stand next to each other. {}",
            spoken(from, to),
            words::is(from, to),
            words::MISSING_NEXT
        );
        self.findings.add(Stage::Records, MISSING, Some((from, to)), Some(path), message);
    }

    fn misplace(&mut self, seq: u64) {
        let at = self.next;
        match &mut self.misplaced {
            Some(run)
                if run.to.checked_add(1) == Some(at)
                    && run.path == self.path
                    && at.wrapping_sub(run.from) == seq.wrapping_sub(run.seq) =>
            {
                run.to = at
            }
            _ => {
                self.tell_misplaced();
                self.misplaced = Some(Misplaced { from: at, to: at, seq, path: Arc::clone(&self.path) });
            }
        }
    }

    fn tell_misplaced(&mut self) {
        let Some(Misplaced { from, to, seq, path }) = self.misplaced.take() else { return };
        let message = format!(
            "At the place of {} stands something else: the first of them calls itself record {seq}. Records were moved, doubled or put in. {}",
            spoken(from, to).to_lowercase(),
            words::CHANGED_NEXT,
        );
        self.findings.add(Stage::Records, CHANGED, Some((from, to)), Some(&path), message);
    }

    /// Puts the leaf of the record at the next place into the tree.
    fn push(&mut self, leaf: Option<Hash>) {
        self.push_of_page(leaf, None);
    }

    /// The same, where the root of the leaf's page may be at hand.
    fn push_of_page(&mut self, leaf: Option<Hash>, root: Option<&Hash>) {
        self.push_leaf(leaf, root);
        let open = if self.next.is_multiple_of(PAGE) {
            Some([].as_slice())
        } else {
            self.whole.then_some(self.page.as_slice())
        };
        let open =
            if self.goal.is_some_and(|g| self.next == g.size) { self.open.as_deref().or(open) } else { open };
        self.pages.reached(self.next, open);
    }

    fn push_leaf(&mut self, leaf: Option<Hash>, root: Option<&Hash>) {
        let at = self.next;
        self.next = at.saturating_add(1);
        if self.goal.is_some_and(|g| at >= g.size) {
            return;
        }
        if at.is_multiple_of(PAGE) {
            self.page.clear();
            self.whole = true;
            self.piece = None;
        }
        match leaf {
            Some(leaf) => {
                self.page.push(leaf);
                self.piece.get_or_insert(at);
            }
            None => self.break_page(at),
        }
        if self.next.is_multiple_of(PAGE) {
            self.close_page(root);
        } else if self.goal.is_some_and(|g| self.next == g.size) {
            if self.whole {
                self.open = Some(std::mem::take(&mut self.page));
            } else {
                self.break_page(self.next);
            }
        }
    }

    fn close_page(&mut self, root: Option<&Hash>) {
        if self.whole {
            let root = root.copied().unwrap_or_else(|| root_of(&self.page));
            self.pages.computed(root, &self.path);
        } else {
            self.break_page(self.next);
            self.pages.lose_computed(1);
        }
    }

    /// A part of this page is lost: what was read of it before `end` stands alone.
    fn break_page(&mut self, end: u64) {
        self.whole = false;
        self.page.clear();
        let Some(from) = self.piece.take() else { return };
        match &mut self.unproven {
            Some((_, to, path)) if *to + 1 == from && *path == self.path => *to = end - 1,
            _ => {
                self.tell_unproven();
                self.unproven = Some((from, end - 1, Arc::clone(&self.path)));
            }
        }
    }

    fn tell_unproven(&mut self) {
        let Some((from, to, path)) = self.unproven.take() else { return };
        let message = format!(
            "{} could be read but cannot be proven: they share a page of {PAGE} with records that are damaged or missing. {}",
            spoken(from, to),
            words::CHANGED_NEXT,
        );
        self.findings.add(Stage::Pages, CHANGED, Some((from, to)), Some(&path), message);
    }

    /// Goes on at `target`; the records between are lost.
    fn skip_to(&mut self, target: u64) {
        if target <= self.next {
            return;
        }
        self.orders.lost();
        let (page, then) = (self.next / PAGE, target / PAGE);
        let within = !self.next.is_multiple_of(PAGE);
        if within {
            self.break_page(self.next);
        }
        if then > page {
            self.pages.lose_computed(then - page);
        }
        self.next = target;
        if !target.is_multiple_of(PAGE) {
            self.page.clear();
            self.whole = false;
            self.piece = None;
        }
    }
}
