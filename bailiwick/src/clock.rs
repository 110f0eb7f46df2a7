//! The only reader of the time.
#![expect(clippy::disallowed_methods, reason = "this is the one door to the clock")]

use model::Time;
use std::time::{Duration, Instant};

/// The time now, in UTC.
pub(crate) fn now() -> Time {
    Time::now()
}

/// The time now, in whole seconds: where it stands in an answer or an envelope, nobody reads the rest.
pub(crate) fn second() -> Time {
    let now = now();
    Time::from_second(now.as_second()).unwrap_or(now)
}

/// How long something takes, whatever the clock on the wall does meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
