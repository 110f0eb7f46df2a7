//! What the log says of itself: days and epochs that begin, silences, retention, and the end of what was kept long enough
//! (docs/formats.md §3).

use super::{Before, NewDay, SealError, Small, Vault};
use crate::days::{self, Handover};
use crate::disk::Disk;
use crate::epoch::day_of;
use crate::home::{Access, Home};
use crate::object::ObjectRef;
use crate::view::{self, OpenError};
use crate::{RETENTION_FLOOR_DAYS, rows};
use ledger::{Checkpoint, Log, PAGE, SigningKey, Tree};
use model::{Draft, Event, Fields, Kind, Time};
use segment::Row;
use serde_json::{Value, json};
use std::sync::Arc;

/// Nothing came for so long: a heartbeat is due.
const HEARTBEAT_SECONDS: i64 = 60;
/// Longest time between two records that needs no word: three heartbeats.
const SILENCE_SECONDS: i64 = 180;
const DAY_SECONDS: i64 = 86_400;
/// Names the epochs that are being ended, so that a crash in between is finished.
const ENDING_FORM: &str = "bailiwick-ending-v1";

/// Why retention stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// Shorter than the law of this program.
    #[error("{days} days are below the floor of {floor} days")]
    Floor {
        /// Asked for.
        days: u32,
        /// The floor.
        floor: u32,
    },
    /// Shorter than what is in force.
    #[error(
        "{days} days are fewer than the {have} in force; shortening takes both sides' signatures and 30 days' notice in the log"
    )]
    Shorter {
        /// Asked for.
        days: u32,
        /// In force.
        have: u32,
    },
    /// Longer than a record can say.
    #[error("{days} days are more than {limit}")]
    Long {
        /// Asked for.
        days: u32,
        /// The most.
        limit: u32,
    },
    /// It could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Records that were kept long enough and are ended now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Number of the epoch whose key was destroyed.
    pub epoch: u32,
    /// First record.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// Seq of the tombstone.
    pub tombstone: u64,
}

/// The last row, and the greatest arrival among those that were looked at with it.
type LastRow = (Row, Option<(i64, u32)>);

/// Longest retention: a century.
const RETENTION_LIMIT_DAYS: u32 = 36_525;

/// Whether a day is another one: later, or so much earlier that the clock was wrong before.
pub(super) fn is_new_day(old: i64, new: i64) -> bool {
    new > old || new < old - 1
}

fn own(body: &Value, now: Time) -> (Draft, Fields) {
    (Home::control(body, now), Fields::new())
}

/// The body of a record of the log itself.
fn body_of(row: &Row) -> Option<Value> {
    let ours = row.kind == Kind::Control.code() && row.source == rows::own_source().to_string();
    ours.then(|| serde_json::from_slice(&row.raw).ok()).flatten()
}

fn is_closed(row: &Row) -> bool {
    body_of(row).is_some_and(|b| b.get("control").and_then(Value::as_str) == Some("closed"))
}

/// The days of retention that a record of the log itself states.
pub(crate) fn days_stated(row: &Row) -> Option<u32> {
    let body = body_of(row)?;
    let days = match body.get("control")?.as_str()? {
        "opened" | "epoch" => body.get("retention_days"),
        "retention" => body.get("days"),
        _ => None,
    };
    days?.as_u64().and_then(|d| u32::try_from(d).ok()).map(|d| d.max(RETENTION_FLOOR_DAYS))
}

/// Whether a tombstone ends what was before this record: without one its key was taken away, not destroyed when its time had come.
/// Tombstones are young: they stand in the tail or in one of the last segments.
pub(crate) fn is_ended_up_to(
    begin: u64,
    access: &Access,
    segments: &[ObjectRef],
    tail: &[Row],
) -> Result<bool, OpenError> {
    let ends_here = |row: &Row| {
        body_of(row).is_some_and(|body| {
            let number = |name: &str| body.get(name).and_then(Value::as_u64);
            let end =
                number("first").zip(number("count")).and_then(|(first, count)| first.checked_add(count));
            body.get("control").and_then(Value::as_str) == Some("tombstone") && end == Some(begin)
        })
    };
    if begin == 0 || tail.iter().any(ends_here) {
        return Ok(true);
    }
    for object in segments.iter().rev() {
        if view::others_of(access, object)?.iter().any(|(_, row)| ends_here(row)) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Vault {
    /// Makes the key of a day, and the note that hands the log over to it.
    pub(super) fn hand_over(
        access: &mut Access,
        log: &Log,
        before: Option<&SigningKey>,
        now: Time,
    ) -> Result<(Handover, SigningKey), SealError> {
        let day = day_of(now);
        let by = (access.customer.as_str(), access.origin.as_str(), &access.wrap);
        let signer = days::make_key(&*access.disk, by, day, &mut **access.chance.get())?;
        let Checkpoint { size, root, .. } = log.checkpoint();
        let signed =
            Handover::sign((size, root), (&access.origin, day), signer.vkey(), (&access.signer, before));
        let handover =
            signed.map_err(|e| SealError::Log { customer: access.customer.clone(), why: e.to_string() })?;
        Ok((handover, signer))
    }

    /// How many records of the log itself come before what is appended at this time.
    pub(super) fn own_records(&self, now: Time) -> u64 {
        let each = [self.needs_day(now), self.gap(now).is_some(), self.needs_epoch(now)];
        each.into_iter().map(u64::from).sum()
    }

    /// Whether a hand-over lies there that no record announced yet.
    fn is_pending(&self) -> bool {
        self.days.last.as_ref().is_some_and(|last| last.size == self.size())
    }

    fn needs_day(&self, now: Time) -> bool {
        self.is_pending() || self.days.last.as_ref().is_none_or(|last| is_new_day(last.day, day_of(now)))
    }

    /// The record that a gap in time needs.
    fn gap(&self, now: Time) -> Option<Value> {
        let before = self.before.filter(|b| !b.closed)?;
        let word = match before.ours {
            false => "reopened",
            true if now.as_second().saturating_sub(before.received.as_second()) > SILENCE_SECONDS => {
                "silence"
            }
            true => return None,
        };
        Some(json!({"control": word, "since": before.received.to_string()}))
    }

    /// Records of the log itself that are due, and the key that signs from now on when a new day begins.
    pub(super) fn own_drafts(
        &mut self,
        now: Time,
        is_act: bool,
    ) -> Result<(Vec<(Draft, Fields)>, NewDay), SealError> {
        let mut drafts = vec![];
        let mut signer = None;
        let gap = self.gap(now);
        let needs_epoch = self.needs_epoch(now);
        if self.needs_day(now) {
            let (draft, key) = self.begin_day(now)?;
            drafts.push((draft, Fields::new()));
            signer = Some(key);
        }
        drafts.extend(gap.map(|body| own(&body, now)));
        if needs_epoch {
            drafts.push(self.begin_epoch(now, is_act)?);
        }
        Ok((drafts, signer))
    }

    fn begin_day(&mut self, now: Time) -> Result<(Draft, SigningKey), SealError> {
        let customer = self.access.customer.as_str().to_owned();
        let by = (customer.as_str(), self.access.origin.as_str(), &self.access.wrap);
        let last = self.days.last.clone();
        let signer = match last.filter(|_| self.is_pending()) {
            Some(pending) => days::read_key(&*self.access.disk, by, &pending)?,
            None => {
                let old = match &self.days.last {
                    Some(last) => Some(days::read_key(&*self.access.disk, by, last)?),
                    None => None,
                };
                let (handover, signer) = Self::hand_over(&mut self.access, &self.log, old.as_ref(), now)?;
                let failed = self.disk_failed(&days::name(&customer));
                self.days.push(&*self.access.disk, &customer, handover).map_err(failed)?;
                signer
            }
        };
        let raw = self.days.last.as_ref().map(Handover::announcement).unwrap_or_default();
        let draft = Draft {
            kind: Kind::Control,
            source: rows::own_source(),
            happened: now,
            received: now,
            raw,
            defects: vec![],
        };
        Ok((draft, signer))
    }

    /// Destroys the keys of days that are over. A hand-over that nothing announced yet needs both of its keys.
    pub(super) fn forget_old_days(&mut self) -> Result<(), SealError> {
        let mut kept: Vec<&Handover> = self.days.last.iter().collect();
        if self.is_pending() {
            kept.extend(&self.days.before);
        }
        days::destroy_others(&*self.access.disk, self.access.customer.as_str(), &kept)
            .map_err(self.disk_failed("keys"))
    }

    /// Begins the day's epoch at the next page and a journal under its key; gives the record that says so.
    fn begin_epoch(&mut self, now: Time, is_act: bool) -> Result<(Draft, Fields), SealError> {
        let first_page = self.size().div_ceil(PAGE);
        let access = &mut self.access;
        let begun = access.epochs.begin(
            &*access.disk,
            access.customer.as_str(),
            &access.key,
            (first_page, day_of(now)),
            &mut **access.chance.get(),
        )?;
        let body = json!({"control": "epoch", "epoch": begun.number, "first_page": first_page, "day": begun.day,
                          "retention_days": self.retention_days});
        if is_act {
            // On a full disk there is no room for a segment, and none of the reserve either. The journal there is stays beside the new one.
            self.writing = None;
        } else if self.writing.is_some() {
            self.roll(Small::Stay)?;
        }
        Ok(own(&body, now))
    }

    pub(super) fn note_last(&mut self, sealed: &[Event], now: Time) {
        let received = sealed.iter().map(|e| e.record.received).max().unwrap_or(now);
        let received = self.before.map_or(received, |b| b.received.max(received));
        let closed = sealed.last().is_some_and(|e| is_closed(&rows::row(&e.record)));
        self.before = Some(Before { received, closed, ours: true });
    }

    /// Reads what is in force out of the log: retention, and what the last record said.
    pub(super) fn read_orders(&mut self) -> Result<(), OpenError> {
        let last = match self.tail.last() {
            Some(last) => Some((last.clone(), self.tail.iter().map(|r| r.received).max())),
            None => self.last_segment_row()?,
        };
        self.before = last.and_then(|(row, greatest)| {
            let (seconds, nanos) = greatest?;
            let received = Time::new(seconds, i32::try_from(nanos).ok()?).ok()?;
            Some(Before { received, closed: is_closed(&row), ours: false })
        });
        if let Some(days) = self.stated_days()? {
            self.retention_days = days;
        }
        Ok(())
    }

    fn last_segment_row(&self) -> Result<Option<LastRow>, OpenError> {
        let Some(object) = self.segments.last() else { return Ok(None) };
        let reader = view::reader(&self.access, object)?;
        let damaged =
            |why: String| OpenError::Damaged { name: object.name.clone(), from: Some(object.first), why };
        let Some(block) = reader.blocks().len().checked_sub(1) else { return Ok(None) };
        let rows = reader.read_block(block).map_err(|e| damaged(e.to_string()))?;
        let greatest = rows.iter().map(|(_, r)| r.received).max();
        Ok(rows.into_iter().next_back().map(|(_, row)| (row, greatest)))
    }

    fn stated_days(&self) -> Result<Option<u32>, OpenError> {
        if let Some(days) = self.tail.iter().rev().find_map(days_stated) {
            return Ok(Some(days));
        }
        for object in self.segments.iter().rev() {
            let others = view::others_of(&self.access, object)?;
            if let Some(days) = others.iter().rev().find_map(|(_, row)| days_stated(row)) {
                return Ok(Some(days));
            }
        }
        Ok(None)
    }

    /// How many days every record is kept at least.
    #[must_use]
    pub fn retention_days(&self) -> u32 {
        self.retention_days
    }

    /// Says in the log, under the log's own signature, how long records are kept from now on. Gives the seq of the record.
    ///
    /// # Errors
    /// [`RetentionError`]: below the floor, or shorter than before; nothing is changed then.
    pub fn set_retention(&mut self, days: u32, now: Time) -> Result<u64, RetentionError> {
        let have = self.retention_days;
        if days < RETENTION_FLOOR_DAYS {
            return Err(RetentionError::Floor { days, floor: RETENTION_FLOOR_DAYS });
        }
        if days < have {
            return Err(RetentionError::Shorter { days, have });
        }
        if days > RETENTION_LIMIT_DAYS {
            return Err(RetentionError::Long { days, limit: RETENTION_LIMIT_DAYS });
        }
        let text =
            format!("bailiwick-retention v1\norigin {}\ndays {days}\nfrom {now}\n", self.access.origin);
        let note = self.access.signer.sign(&text);
        let note =
            note.map_err(|e| SealError::Log { customer: self.access.customer.clone(), why: e.to_string() })?;
        let note = String::from_utf8_lossy(&note.to_bytes()).into_owned();
        let seq = self.append_control(&json!({"control": "retention", "days": days, "note": note}), now)?;
        self.retention_days = days;
        Ok(seq)
    }

    /// Says that a program is running, when nothing came for a minute. Gives whether it had to.
    ///
    /// # Errors
    /// As [`Vault::append`].
    pub fn beat(&mut self, now: Time) -> Result<bool, SealError> {
        let quiet = |b: Before| now.as_second().saturating_sub(b.received.as_second()) >= HEARTBEAT_SECONDS;
        let due = self.before.is_some_and(quiet);
        if due {
            self.append_control(&json!({"control": "heartbeat"}), now)?;
        }
        Ok(due)
    }

    /// Ends what was kept long enough, whole epochs from the oldest on: a tombstone is sealed, the epoch's key is destroyed, its
    /// objects go. Page roots stay, so everything beside it stays provable.
    ///
    /// # Errors
    /// As [`Vault::append`]; what was begun is finished at the next opening.
    pub fn end_epochs(&mut self, now: Time) -> Result<Vec<Ended>, SealError> {
        let mut ended = vec![];
        while let Some((epoch, first, end)) = self.first_epoch() {
            let Some(until) = self.greatest_received(first, end)? else { break };
            let kept_seconds = i64::from(self.retention_days) * DAY_SECONDS;
            if now.as_second().saturating_sub(until.as_second()) < kept_seconds {
                break;
            }
            if first == end {
                self.destroy(epoch, end)?;
                continue;
            }
            let page = |seq: u64| usize::try_from(seq / PAGE).unwrap_or(usize::MAX);
            let roots = self.log.tree().page_roots()[page(first)..page(end)].to_vec();
            let root = Tree::from_parts(roots, vec![]).map(|tree| tree.root());
            let root = root.ok_or_else(|| self.no_epoch())?;
            let marker = format!("{ENDING_FORM} {epoch} {first}\n");
            let name = self.ending_name();
            self.access.disk.put(&name, marker.as_bytes()).map_err(self.disk_failed(&name))?;
            let body = json!({"control": "tombstone", "epoch": epoch, "first": first, "count": end - first,
                              "root": root.to_string(), "until": until.to_string(),
                              "retention_days": self.retention_days});
            let tombstone = self.append_control(&body, now)?;
            self.destroy(epoch, end)?;
            ended.push(Ended { epoch, first, count: end - first, tombstone });
        }
        Ok(ended)
    }

    fn ending_name(&self) -> String {
        format!("keys/{}/ending", self.access.customer)
    }

    /// The oldest epoch, if all of it lies in segments and another one follows.
    fn first_epoch(&self) -> Option<(u32, u64, u64)> {
        let (epoch, end) = self.access.epochs.ranges().next()?;
        let (first, end) = (epoch.first_page * PAGE, end? * PAGE);
        let in_segments = self.segments.last().map_or(0, ObjectRef::end);
        (end <= in_segments || first == end).then_some((epoch.number, first, end))
    }

    /// The latest arrival among records; for an empty range the time before all times.
    fn greatest_received(&self, first: u64, end: u64) -> Result<Option<Time>, SealError> {
        let mut greatest = Time::UNIX_EPOCH;
        let log = |why: String| SealError::Log { customer: self.access.customer.clone(), why };
        for object in self.segments.iter().filter(|o| o.first >= first && o.end() <= end) {
            let reader = view::reader(&self.access, object).map_err(|e| log(e.to_string()))?;
            for block in 0..reader.blocks().len() {
                let rows = reader.read_block(block).map_err(|e| log(e.to_string()))?;
                let times = rows
                    .iter()
                    .filter_map(|(_, r)| Time::new(r.received.0, i32::try_from(r.received.1).ok()?).ok());
                greatest = times.max().map_or(greatest, |t| t.max(greatest));
            }
        }
        Ok(Some(greatest))
    }

    /// Destroys the key of the oldest epoch, then removes its objects. The order matters: what lies there without its key is noise.
    fn destroy(&mut self, epoch: u32, end: u64) -> Result<(), SealError> {
        let disk = Arc::clone(&self.access.disk);
        let customer = self.access.customer.as_str().to_owned();
        let failed = self.disk_failed("keys");
        self.access.epochs.end_first(&*disk, &customer, epoch).map_err(&failed)?;
        let (gone, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.segments).into_iter().partition(|o| o.end() <= end);
        self.segments = kept;
        for object in gone {
            self.access.shelf.remove(&object.name).map_err(self.disk_failed(&object.name))?;
        }
        disk.remove(&self.ending_name()).map_err(failed)
    }

    /// Finishes an end that a crash cut short: the tombstone stands in the log, so the key has to go.
    pub(super) fn finish_ending(&mut self) -> Result<(), SealError> {
        let name = self.ending_name();
        let Ok(bytes) = self.access.disk.read(&name) else { return Ok(()) };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut words = text.split_whitespace();
        let (form, epoch) = (words.next(), words.next().and_then(|w| w.parse::<u32>().ok()));
        let oldest =
            self.first_epoch().filter(|&(number, ..)| form == Some(ENDING_FORM) && Some(number) == epoch);
        if let Some((epoch, first, end)) = oldest
            && self.has_tombstone(first, end)
        {
            return self.destroy(epoch, end);
        }
        self.access.disk.remove(&name).map_err(self.disk_failed(&name))
    }

    /// Tombstones are young: they stand in the journal or in one of the last segments.
    fn has_tombstone(&self, first: u64, end: u64) -> bool {
        let fits = |row: &Row| {
            body_of(row).is_some_and(|b| {
                let number = |name: &str| b.get(name).and_then(Value::as_u64);
                b.get("control").and_then(Value::as_str) == Some("tombstone")
                    && (number("first"), number("count")) == (Some(first), Some(end - first))
            })
        };
        let in_segments = || {
            let mut others = self.segments.iter().rev().filter_map(|o| view::others_of(&self.access, o).ok());
            others.any(|rows| rows.iter().any(|(_, row)| fits(row)))
        };
        self.tail.iter().any(fits) || in_segments()
    }
}

#[cfg(test)]
mod tests;
