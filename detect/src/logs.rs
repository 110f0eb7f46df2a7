//! How each log lives: when it writes, when it is silent, and what stops it.

use crate::about::Settings;
use crate::seen::{Act, Seen};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Records no further apart than this are one stretch of life, in milliseconds.
const STRETCH_MS: i64 = 1_800_000;
/// Stretches of one log.
const STRETCHES_LIMIT: usize = 256;
/// Logs that are watched.
pub(crate) const LOGS_LIMIT: usize = 5_000;
/// Last records of a log that an alert about its silence names.
const LAST: usize = 3;
/// Records of other logs that must come before a log is called silent, and between two looks.
pub(crate) const OTHERS: u64 = 20;
/// A log whose longest silence was shorter writes round the clock, in milliseconds.
const STEADY_MS: i64 = 6 * 3_600_000;
/// Life after which the rhythm of a log is known: of one that writes round the clock, of another.
const LEARNED_MS: [i64; 2] = [2 * 86_400_000, 9 * 86_400_000];
/// Times of a host that are remembered for each kind.
const TIMES_LIMIT: usize = 16;
const HOSTS_LIMIT: usize = 20_000;
/// How long a machine that was told to go down takes to stop its log, in milliseconds: updates are put in on the way.
const GOING_DOWN_MS: i64 = 1_800_000;
const STOPS_LIMIT: usize = 1_000;

/// One log: of one source, and within it of one host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Log {
    records: u64,
    /// Stretches in which it wrote, in order, each with first and last time.
    stretches: Vec<(i64, i64)>,
    /// The longest silence between two stretches that were given up.
    longest: i64,
    /// Its last records.
    last: Vec<(i64, u64)>,
    /// How many records of all logs had come when it wrote last.
    arrival: u64,
    /// The end for which its silence was told.
    told: Option<i64>,
}

impl Log {
    pub(crate) fn wrote(&mut self, at: i64, seq: u64, arrival: u64) {
        self.records += 1;
        self.arrival = arrival;
        let place = self.last.partition_point(|l| *l < (at, seq));
        self.last.insert(place, (at, seq));
        if self.last.len() > LAST {
            self.last.remove(0);
        }
        // The newest stretch first: that is where nearly all records go.
        if let Some(newest) = self.stretches.last_mut()
            && at >= newest.0
            && at <= newest.1.saturating_add(STRETCH_MS)
        {
            newest.1 = newest.1.max(at);
            return;
        }
        let place = self.stretches.partition_point(|s| s.1.saturating_add(STRETCH_MS) < at);
        match self.stretches.get_mut(place) {
            Some(near) if near.0.saturating_sub(STRETCH_MS) <= at => {
                (near.0, near.1) = (near.0.min(at), near.1.max(at));
                let (end, next) = (near.1, place + 1);
                if self.stretches.get(next).is_some_and(|n| n.0 - end <= STRETCH_MS) {
                    let joined = self.stretches.remove(next);
                    self.stretches[place].1 = self.stretches[place].1.max(joined.1);
                }
            }
            _ => self.stretches.insert(place, (at, at)),
        }
        if self.stretches.len() > STRETCHES_LIMIT {
            let gone = self.stretches.remove(0);
            self.longest = self.longest.max(self.stretches[0].0 - gone.1);
        }
    }

    fn silences(&self) -> impl Iterator<Item = i64> {
        self.stretches.windows(2).map(|w| w[1].0 - w[0].1)
    }

    /// How long it may be silent, once its rhythm is known, in milliseconds.
    fn may_be_silent(&self, limits: Limits) -> Option<i64> {
        let (first, last) = (self.stretches.first()?.0, self.stretches.last()?.1);
        let longest = self.silences().max().unwrap_or(0).max(self.longest);
        let steady = longest < STEADY_MS;
        let learned = LEARNED_MS[usize::from(!steady)];
        if last - first < learned {
            return None;
        }
        // Of so many gaps this is the one at the 99th percentile; shorter ones than a stretch's are not told apart.
        let mut silences: Vec<i64> = self.silences().collect();
        silences.sort_unstable_by(|a, b| b.cmp(a));
        let rank = usize::try_from(self.records / 100).unwrap_or(usize::MAX);
        let percentile = silences.get(rank).copied().unwrap_or(0);
        let margin = if steady { longest + longest / 2 } else { longest * 2 };
        Some(limits.least_ms.max(percentile.saturating_mul(limits.factor)).max(margin))
    }

    /// When it wrote last.
    pub(crate) fn end(&self) -> i64 {
        self.stretches.last().map_or(i64::MIN, |s| s.1)
    }

    /// Told of a record of another log, and how many came of all; says since when this one is silent for too long.
    pub(crate) fn compare(&mut self, at: i64, arrival: u64, limits: Limits) -> Option<Silence> {
        let end = self.stretches.last()?.1;
        let is_told = self.told == Some(end)
            || self.records < limits.learn
            || arrival.saturating_sub(self.arrival) < OTHERS;
        if is_told || at <= end.saturating_add(STRETCH_MS) {
            return None;
        }
        let allowed = self.may_be_silent(limits)?;
        if at - end <= allowed {
            return None;
        }
        self.told = Some(end);
        Some(Silence { since: end, allowed, records: self.last.clone() })
    }
}

/// The thresholds of silence, looked up once for all logs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    learn: u64,
    least_ms: i64,
    factor: i64,
}

impl Limits {
    pub(crate) fn of(settings: &Settings) -> Self {
        let of = |name| settings.of("bw.silent-source", name);
        Self {
            learn: u64::try_from(of("learn")).unwrap_or(u64::MAX),
            least_ms: of("least").saturating_mul(1000),
            factor: of("factor"),
        }
    }
}

/// A log that is silent for too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Silence {
    pub(crate) since: i64,
    pub(crate) allowed: i64,
    pub(crate) records: Vec<(i64, u64)>,
}

/// Something that writes a log has stopped; whether that was a restart shows in what follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stop {
    pub(crate) at: i64,
    pub(crate) seq: u64,
    log: String,
    pub(crate) host: String,
    pub(crate) object: Option<String>,
    pub(crate) by: Option<String>,
}

/// What is known of hosts: when they restart, when their logs start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hosts {
    excuses: BTreeMap<String, Vec<i64>>,
    stops: Vec<Stop>,
    /// Hosts of which it was seen that they tell before they go down.
    announcing: BTreeSet<String>,
}

impl Hosts {
    /// Remembers what stops, starts and restarts.
    pub(crate) fn take(&mut self, seen: &Seen) {
        let host = seen.host.clone().unwrap_or_default();
        match seen.act {
            Some(Act::LogStopped) => {
                let (log, object, by) = (seen.log.clone(), seen.object.clone(), seen.by.clone());
                self.stops.push(Stop { at: seen.at, seq: seen.seq, log, host, object, by });
                if self.stops.len() > STOPS_LIMIT {
                    self.stops.remove(0);
                }
            }
            Some(Act::LogStarted | Act::PowerCycle) => {
                if self.excuses.len() >= HOSTS_LIMIT && !self.excuses.contains_key(&host) {
                    self.excuses.pop_first();
                }
                if seen.act == Some(Act::PowerCycle) && self.announcing.len() < HOSTS_LIMIT {
                    self.announcing.insert(host.clone());
                }
                let times = self.excuses.entry(host).or_default();
                let place = times.partition_point(|t| *t < seen.at);
                times.insert(place, seen.at);
                if times.len() > TIMES_LIMIT {
                    times.remove(0);
                }
            }
            _ => {}
        }
    }

    /// Stops that no restart explains, once their log has gone on for long enough.
    pub(crate) fn decided(&mut self, log: &str, at: i64, settings: &Settings) -> Vec<Stop> {
        if self.stops.is_empty() {
            return vec![];
        }
        let restart = settings.of("bw.log-tampering", "restart") * 1000;
        let due = |stop: &Stop| {
            stop.log == log && at > stop.at.saturating_add(restart + crate::memory::TOLERANCE_MS)
        };
        let (decided, waiting): (Vec<Stop>, Vec<Stop>) =
            std::mem::take(&mut self.stops).into_iter().partition(due);
        self.stops = waiting;
        let before = GOING_DOWN_MS.max(restart);
        decided
            .into_iter()
            .filter(|s| !self.restarted(&s.host, s.at.saturating_sub(before), s.at.saturating_add(restart)))
            .collect()
    }

    /// Whether the machine, or what writes its logs, started or stopped in an orderly way in that time.
    pub(crate) fn restarted(&self, host: &str, from: i64, until: i64) -> bool {
        self.excuses.get(host).is_some_and(|times| times.iter().any(|t| (from..=until).contains(t)))
    }

    /// Whether the machine of a stop is one that goes off and comes back: it came back on two days before.
    pub(crate) fn goes_off(&self, stop: &Stop) -> bool {
        let times = self.excuses.get(&stop.host).map_or(&[][..], Vec::as_slice);
        let before = times.iter().filter(|t| **t < stop.at - crate::memory::TOLERANCE_MS);
        before.map(|t| t.div_euclid(crate::memory::DAY_MS)).collect::<BTreeSet<_>>().len() >= 2
    }

    /// Whether a stop may as well be a machine that was switched off: its log ends with every shutdown, and nothing that
    /// this host sends tells of one.
    pub(crate) fn may_be_off(&self, stop: &Stop) -> bool {
        stop.object.as_deref().is_some_and(|o| o.eq_ignore_ascii_case("security"))
            && !self.announcing.contains(&stop.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    /// A log that writes every minute of these hours of each day.
    fn log(days: i64, hours: std::ops::Range<i64>) -> Log {
        let mut log = Log::default();
        for day in 0..days {
            for minute in hours.start * 60..hours.end * 60 {
                log.wrote(day * 24 * HOUR + minute * 60_000, 0, 0);
            }
        }
        log
    }

    /// Whether it is called silent when others write on for so many hours behind its last day.
    fn silent_after(mut log: Log, hours: i64) -> bool {
        let end = log.stretches.last().expect("it wrote").1;
        let mut found = false;
        for minute in 0..hours * 60 {
            found |= log.compare(end + minute * 60_000, OTHERS, Limits::of(&Settings::default())).is_some();
        }
        found
    }

    #[test]
    fn a_log_that_writes_all_the_time_is_missed_within_hours_and_one_with_a_rhythm_within_days() {
        assert!(silent_after(log(4, 0..24), 2));
        assert!(!silent_after(log(4, 0..24), 1));
        assert!(!silent_after(log(1, 0..24), 48), "not learned yet");
        assert!(!silent_after(log(12, 8..18), 24));
        assert!(silent_after(log(12, 8..18), 40));
    }

    #[test]
    fn stretches_do_not_depend_on_the_order() {
        let times = [5, 1, 3, 200, 100, 130, 60, 61, 29];
        let mut there = Log::default();
        times.iter().for_each(|t| there.wrote(t * 60_000, 0, 0));
        let mut back = Log::default();
        times.iter().rev().for_each(|t| back.wrote(t * 60_000, 0, 0));
        assert_eq!(there.stretches, back.stretches);
        assert_eq!(there.stretches.len(), 4, "{:?}", there.stretches);
    }

    #[test]
    fn a_stop_is_excused_by_a_start_or_a_restart_of_the_same_host_only() {
        let settings = Settings::default();
        let seen = |act, at, host: &str| Seen {
            act: Some(act),
            at,
            host: Some(host.into()),
            log: "l".into(),
            ..Seen::default()
        };
        for (act, at, host, want) in [
            (Act::LogStarted, 30_000, "a", 0),
            (Act::PowerCycle, -30_000, "a", 0),
            (Act::LogStarted, 30_000, "b", 1),
            (Act::LogStarted, 900_000, "a", 1),
        ] {
            let mut hosts = Hosts::default();
            hosts.take(&seen(Act::LogStopped, 0, "a"));
            hosts.take(&seen(act, at, host));
            assert!(hosts.decided("l", 100_000, &settings).is_empty(), "too early");
            assert!(hosts.decided("other", HOUR, &settings).is_empty(), "another log's time");
            assert_eq!(hosts.decided("l", HOUR, &settings).len(), want, "{act:?} {at} {host}");
            assert!(hosts.decided("l", HOUR, &settings).is_empty(), "once");
        }
    }
}
