//! The last checks of a log: how many records there are, each page, and the root of all.

use super::{Checker, Goal};
use crate::pages::{Differing, full_pages};
use crate::report::{CHANGED, MISSING, Stage};
use crate::words::{self, spoken};
use ledger::PAGE;
use std::sync::Arc;

impl Checker {
    /// The last checks: how many there are, each page, and the root of all.
    pub(crate) fn conclude(&mut self) {
        self.settle(None);
        self.check_day();
        if let Some(goal) = self.goal {
            self.check_count(goal.size);
        }
        let fitting = self.compare_heads();
        self.conclude_orders(fitting);
        self.tell_misplaced();
        self.tell_unproven();
        let Some(goal) = self.goal else { return };
        let pages = full_pages(goal.size);
        let stored_pages = self.pages.stored_pages();
        if self.has_stored_pages && stored_pages != pages {
            let message = format!(
                "There are {stored_pages} page checksums for {pages} full pages. {}",
                words::CHANGED_NEXT
            );
            let threat = if stored_pages < pages { MISSING } else { CHANGED };
            self.findings.add(Stage::Pages, threat, None, None, message);
        }
        let open = if goal.size.is_multiple_of(PAGE) { Some(Vec::new()) } else { self.open.take() };
        let computed = open.as_ref().and_then(|open| self.pages.computed_root(pages, open));
        let stored = open.as_ref().and_then(|open| self.pages.stored_root(pages, open));
        let by_records = computed == Some(goal.root);
        let by_pages = stored == Some(goal.root);
        self.proven = by_records || by_pages;
        for run in std::mem::take(&mut self.pages.differing) {
            self.tell_differing(&run, by_records, by_pages);
        }
        self.check_handovers();
        if !self.proven {
            self.tell_root(goal, computed.is_some());
        }
        // Whoever reads on needs the leaves that no page root covers.
        self.open = open;
    }

    fn check_count(&mut self, size: u64) {
        if self.next < size {
            let (from, to) = (self.next, size - 1);
            let path = Arc::clone(&self.path);
            let path = Some(&*path).filter(|p| !p.is_empty());
            let message = format!(
                "The log was signed with {size} records, but it ends before record {from}: {} {} missing. {}",
                spoken(from, to).to_lowercase(),
                words::is(from, to),
                words::MISSING_NEXT
            );
            self.findings.add(Stage::Records, MISSING, Some((from, to)), path, message);
            self.skip_to(size);
        } else if self.next > size {
            let range = (size, self.next - 1);
            let path = Arc::clone(&self.path);
            let message = format!(
                "The log was signed with {size} records, but there are more: {} stand under no signature. {}",
                spoken(range.0, range.1).to_lowercase(),
                words::CHANGED_NEXT
            );
            self.findings.add(Stage::Records, CHANGED, Some(range), Some(&path), message);
        }
    }

    fn tell_differing(&mut self, run: &Differing, by_records: bool, by_pages: bool) {
        let range = (run.first * PAGE, run.last * PAGE + PAGE - 1);
        let who = spoken(range.0, range.1);
        let (path, message) = if by_records {
            (
                &run.stored,
                format!(
                    "The stored page checksums of {} are not the right ones. The records themselves are unchanged: together they give exactly what was signed. {}",
                    who.to_lowercase(),
                    words::CHANGED_NEXT
                ),
            )
        } else if by_pages {
            (
                &run.path,
                format!(
                    "{who} are not what was signed: at least one record in each page of {PAGE} was changed, or its salt was. Records outside of damaged ranges are proven unchanged. {}",
                    words::CHANGED_NEXT
                ),
            )
        } else {
            (
                &run.path,
                format!(
                    "{who} do not give the stored checksums of their pages: either these records or the checksums were changed. {}",
                    words::CHANGED_NEXT
                ),
            )
        };
        self.findings.add(Stage::Pages, CHANGED, Some(range), Some(path), message);
    }

    /// Neither way leads to the signed root.
    fn tell_root(&mut self, goal: Goal, all_read: bool) {
        let open = goal.size - goal.size % PAGE;
        if self.blame_open_page && all_read && open < goal.size {
            let (from, to) = (open, goal.size - 1);
            let path = Arc::clone(&self.path);
            let message = format!(
                "{} are not what was signed: at least one of them was changed, or its salt was. They are the last, \
                 unfinished page; it cannot be narrowed down further. {}",
                spoken(from, to),
                words::CHANGED_NEXT
            );
            self.findings.add(Stage::Pages, CHANGED, Some((from, to)), Some(&path), message);
            return;
        }
        let (threat, range, message) = if !all_read {
            let message = format!(
                "Because parts are missing or damaged, the whole log could not be held against its signed state. \
                 What is not named above agrees with itself only. {}",
                words::MISSING_NEXT
            );
            (MISSING, None, message)
        } else if goal.size == 0 {
            let message = format!(
                "The log is empty, but its signed state is not that of an empty log. {}",
                words::CHANGED_NEXT
            );
            (CHANGED, None, message)
        } else {
            let message = format!(
                "The records do not give what was signed: taken together, all {} records lead to another checksum \
                 than the one in the signed state (checkpoint). At least one record was changed, and the rest of \
                 the files was made to fit. {}",
                goal.size,
                words::CHANGED_NEXT
            );
            (CHANGED, Some((self.first.min(goal.size - 1), goal.size - 1)), message)
        };
        self.findings.add(Stage::Root, threat, range, Some("checkpoint"), message);
    }
}
