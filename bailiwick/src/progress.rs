//! Progress on standard error: only on a terminal, only behind the first second, with rate and time left.

use crate::clock::Stopwatch;
use crate::out::Out;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal};
use std::time::Duration;

/// Silence at the beginning: what is quicker needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar that may never be seen.
pub(crate) struct Progress {
    bar: ProgressBar,
    begun: Stopwatch,
    wanted: bool,
}

impl Progress {
    /// A bar over `total` units; `bytes` says how they are shown.
    pub(crate) fn new(out: Out, total: u64, bytes: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        let units =
            if bytes { "{bytes}/{total_bytes} {bytes_per_sec}" } else { "{human_pos}/{human_len} {per_sec}" };
        if let Ok(style) = ProgressStyle::with_template(&format!("{{bar:30}} {units}, {{eta}} left")) {
            bar.set_style(style);
        }
        Self { bar, begun: Stopwatch::start(), wanted: !out.quiet && io::stderr().is_terminal() }
    }

    /// So far.
    pub(crate) fn at(&self, done: u64) {
        if self.wanted && self.bar.is_hidden() && self.begun.elapsed() > PATIENCE {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
