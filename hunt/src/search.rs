//! Runs a query over a vault, unit by unit, each proved before it is looked at.

use crate::query::Query;
use custody::{Parse, ReadError, View};
use model::{Event, Time};
use std::collections::VecDeque;
use std::ops::ControlFlow;

/// Which records are looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// Happened at or after this.
    pub from: Option<Time>,
    /// Happened before this.
    pub to: Option<Time>,
    /// Only the newest hits, by their place in the log.
    pub last: Option<usize>,
}

impl Range {
    fn holds(&self, at: Time) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    fn may_hold(&self, span: Option<(Time, Time)>) -> bool {
        // A unit without events holds acts and alerts, whose times its table does not tell.
        span.is_none_or(|(least, greatest)| {
            self.from.is_none_or(|from| from <= greatest) && self.to.is_none_or(|to| least < to)
        })
    }
}

/// Hands out every hit in the order of the log, until `each` breaks off; `step` is told how many of how many records
/// were looked at. Gives the number of records looked at.
///
/// # Errors
/// [`ReadError`] when records cannot be read, or are not those that were sealed; what was found before was handed out.
pub fn search(
    view: &View,
    query: &Query,
    range: &Range,
    parse: Parse<'_>,
    step: &mut dyn FnMut(u64, u64),
    each: &mut dyn FnMut(Event) -> ControlFlow<()>,
) -> Result<u64, ReadError> {
    let end = view.checkpoint().size;
    let mut looked = 0;
    let mut newest: VecDeque<Event> = VecDeque::new();
    for unit in view.units()? {
        step(unit.first, end);
        if !range.may_hold(unit.happened) {
            continue;
        }
        let sealed = view.read(&unit, parse)?;
        looked += unit.count;
        for event in sealed.into_inner() {
            if !range.holds(event.record.happened) || !query.matches(&event) {
                continue;
            }
            match range.last {
                None => {
                    if each(event).is_break() {
                        return Ok(looked);
                    }
                }
                Some(0) => {}
                Some(last) => {
                    if newest.len() == last {
                        newest.pop_front();
                    }
                    newest.push_back(event);
                }
            }
        }
    }
    for event in newest {
        if each(event).is_break() {
            break;
        }
    }
    Ok(looked)
}
