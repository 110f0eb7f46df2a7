//! Which documents a check may stand on, for one side and day, and what its needs lack.

use crate::check::{Need, Of};
use crate::verdict::Verdict;
use evidence::records::Exhibit;
use evidence::{Kind, Side, Status};
use model::Time;
use std::collections::BTreeMap;

/// Seconds by which the clock of a tool may be ahead.
const AHEAD_SECONDS: i64 = 600;
/// The part of the asked time that a log may fall short of, as a divisor: a tenth.
const SHORT_PART: i64 = 10;

/// How far one need is met.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum State {
    /// Everything that was asked for is there.
    Whole,
    /// There is something, and it does not speak of everything.
    Part(String),
    /// There is nothing that can be used.
    Lacking(Verdict, String),
}

/// What a check may look at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Admitted {
    /// Places in the list of exhibits.
    pub(crate) documents: Vec<usize>,
    /// A state for each need, in their order.
    pub(crate) states: Vec<State>,
}

/// Chooses the documents for a check's needs.
pub(crate) fn admit(exhibits: &[Exhibit], needs: &[Need], asked: Side, now: Time) -> Admitted {
    let mut admitted = Admitted::default();
    for need in needs {
        let state = match need.of {
            Of::Asked => one(exhibits, need, Some(asked), now, &mut admitted.documents),
            Of::Only(side) => one(exhibits, need, Some(side), now, &mut admitted.documents),
            Of::Any => one(exhibits, need, None, now, &mut admitted.documents),
            Of::Both => {
                let states =
                    Side::BOTH.map(|side| one(exhibits, need, Some(side), now, &mut admitted.documents));
                states.into_iter().max_by_key(rank).unwrap_or(State::Whole)
            }
        };
        admitted.states.push(state);
    }
    admitted.documents.sort_unstable();
    admitted.documents.dedup();
    admitted
}

fn rank(state: &State) -> u8 {
    match state {
        State::Whole => 0,
        State::Part(_) => 1,
        State::Lacking(verdict, _) => 2 + *verdict as u8,
    }
}

fn whose(side: Option<Side>) -> String {
    side.map_or_else(String::new, |side| format!(" of the {side}"))
}

fn days(seconds: i64) -> String {
    if seconds % 86_400 == 0 {
        format!("{} days", seconds / 86_400)
    } else {
        format!("{} hours", seconds / 3_600)
    }
}

/// Chooses for one need and one side.
fn one(
    exhibits: &[Exhibit],
    need: &Need,
    side: Option<Side>,
    now: Time,
    documents: &mut Vec<usize>,
) -> State {
    let age = |e: &Exhibit| now.as_second() - e.envelope.effective().as_second();
    // An old date inside a document does not excuse one that was collected after the day.
    let ahead = |e: &Exhibit| e.envelope.collected.as_second() - now.as_second() > AHEAD_SECONDS;
    let all: Vec<usize> = (0..exhibits.len())
        .filter(|&n| {
            exhibits[n].envelope.kind == need.kind && side.is_none_or(|s| s == exhibits[n].envelope.side)
        })
        .collect();
    let what = format!("evidence of the kind `{}`{}", need.kind, whose(side));
    if all.is_empty() {
        return State::Lacking(Verdict::Unknown, format!("there is no {what}"));
    }
    let dated: Vec<usize> =
        all.into_iter().filter(|&n| !ahead(&exhibits[n]) && age(&exhibits[n]) >= -AHEAD_SECONDS).collect();
    if dated.is_empty() {
        return State::Lacking(Verdict::Unknown, format!("{what} is dated after the day of this answer"));
    }
    let fresh: Vec<usize> =
        dated.iter().copied().filter(|&n| age(&exhibits[n]) <= need.at_most_old).collect();
    // Of two of the same instant the one that failed is said, in whatever order they came.
    let failed = |n: usize| matches!(exhibits[n].envelope.status, Status::Failed { .. });
    let Some(&newest) =
        fresh.iter().max_by_key(|&&n| (exhibits[n].envelope.effective(), failed(n), exhibits[n].seq))
    else {
        let youngest = dated.iter().map(|&n| age(&exhibits[n])).min().unwrap_or(0);
        let mut why = format!(
            "{what} is {} old; it may be {} old",
            days(youngest / 86_400 * 86_400),
            days(need.at_most_old)
        );
        // Public lists come with the program and age with it; nobody has to wait for a new one of those.
        if need.kind.starts_with("feed-") {
            why.push_str(
                "; fetch the newest from its publisher and give it with `bailiwick feed update PATH`",
            );
        }
        return State::Lacking(Verdict::Stale, why);
    };
    let accumulates = Kind::named(&need.kind).is_some_and(Kind::accumulates);
    // What adds up may reach further back than the newest document is allowed to be old.
    let counted = if accumulates {
        let reach = need.at_most_old.max(need.covers);
        let reaches = |n: &usize| {
            let envelope = &exhibits[*n].envelope;
            let end = envelope.covers.map_or(envelope.effective(), |(_, to)| to);
            age(&exhibits[*n]) <= need.at_most_old || now.as_second() - end.as_second() <= reach
        };
        dated.into_iter().filter(reaches).collect()
    } else {
        newest_of_each_scope(exhibits, fresh)
    };
    judge(exhibits, need, &what, &counted, newest, now, documents)
}

fn newest_of_each_scope(exhibits: &[Exhibit], fresh: Vec<usize>) -> Vec<usize> {
    let mut newest: BTreeMap<(&str, Side), usize> = BTreeMap::new();
    for n in fresh {
        let envelope = &exhibits[n].envelope;
        let place = newest.entry((&envelope.scope, envelope.side)).or_insert(n);
        let age = |n: usize| (exhibits[n].envelope.effective(), exhibits[n].seq);
        if age(n) > age(*place) {
            *place = n;
        }
    }
    newest.into_values().collect()
}

fn judge(
    exhibits: &[Exhibit],
    need: &Need,
    what: &str,
    counted: &[usize],
    newest: usize,
    now: Time,
    documents: &mut Vec<usize>,
) -> State {
    let failed = |n: &usize| matches!(exhibits[*n].envelope.status, Status::Failed { .. });
    let usable: Vec<usize> = counted.iter().copied().filter(|n| !failed(n)).collect();
    let why_of = |n: usize| exhibits[n].envelope.status.why().unwrap_or_default().to_owned();
    if failed(&newest) || usable.is_empty() {
        return State::Lacking(Verdict::Error, format!("{what} is no answer: {}", why_of(newest)));
    }
    documents.extend(&usable);
    if let Some(&odd) = counted.iter().find(|&&n| exhibits[n].envelope.status != Status::Complete) {
        return State::Part(format!("{what} is not whole: {}", why_of(odd)));
    }
    if need.covers == 0 {
        return State::Whole;
    }
    let from = usable.iter().filter_map(|&n| exhibits[n].envelope.covers).map(|(from, _)| from).min();
    let covered = from.map_or(0, |from| now.as_second() - from.as_second());
    if covered < need.covers - need.covers / SHORT_PART {
        return State::Part(format!(
            "{what} covers {} of {}",
            days(covered / 86_400 * 86_400),
            days(need.covers)
        ));
    }
    State::Whole
}
