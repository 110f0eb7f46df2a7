//! The threads of `scan`: one cuts inputs into parts, workers look at them, and what they saw comes back in order.

use super::look::{Look, Seen, Way};
use crate::ingest::{Input, open};
use collect::{Options, Part, Summary, split};
use sigma::Compiled;
use std::any::Any;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Workers; more are no faster where the input is cut by one thread.
const WORKERS: usize = 2;
/// Parts that wait for a worker, so that none has to sleep and be woken for each.
const WAITING: usize = 16;
/// Messages that are out at once: what memory is bounded by.
const PARTS: usize = 32;
/// Leaves that are given back together, so that who waits for one is not woken for each.
const TOGETHER: usize = 8;

/// What comes back, in the order of the inputs.
pub(crate) enum Step<'a> {
    /// A file begins.
    Begin(&'a Input),
    /// It could not be opened.
    Unopened(std::io::Error),
    /// A part of it was looked at.
    Seen(Seen),
    /// It ends.
    End(Summary),
}

/// What is to be scanned, and how.
pub(crate) struct Job<'a> {
    pub(crate) inputs: &'a [Input],
    pub(crate) options: &'a Options,
    pub(crate) compiled: &'a Arc<Compiled>,
    pub(crate) way: Way,
    pub(crate) stop: &'a AtomicBool,
}

/// A numbered message, or what a worker broke on.
type Told<'a> = Result<(u64, Step<'a>), Box<dyn Any + Send>>;

/// Scans the inputs and hands out what was met, in their order, whatever the threads do.
pub(crate) fn scan<'a>(job: &Job<'a>, each: &mut dyn FnMut(Step<'a>)) {
    let (work, parts) = sync_channel::<(u64, Part)>(WAITING);
    let parts = Mutex::new(parts);
    let (tell, told) = channel::<Told<'a>>();
    // One leave for each message that may be out; it comes back when the message was taken in order.
    let (leave, leaves) = channel();
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            let (parts, tell) = (&parts, tell.clone());
            scope.spawn(move || work_off(job, parts, &tell));
        }
        scope.spawn(move || cut_all(job, &mut Cutter { work, tell, leaves, left: PARTS, next: 0 }));
        let mut waiting = BTreeMap::new();
        let (mut next, mut owed) = (0, 0);
        for told in told {
            let (number, step) = told.unwrap_or_else(|broke| resume_unwind(broke));
            waiting.insert(number, step);
            while let Some(step) = waiting.remove(&next) {
                each(step);
                next += 1;
                owed += 1;
                // Whoever has none left has sent them all, so that there will be enough to give back.
                if owed == TOGETHER {
                    // Refused only when everything is cut.
                    let _ = leave.send(std::mem::take(&mut owed));
                }
            }
        }
    });
}

fn work_off<'a>(job: &Job<'a>, parts: &Mutex<Receiver<(u64, Part)>>, tell: &Sender<Told<'a>>) {
    let mut look = Look::new(job.compiled, job.way);
    loop {
        let taken = parts.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, part)) = taken else { return };
        let seen = catch_unwind(AssertUnwindSafe(|| look.part(&part)));
        let broke = seen.is_err();
        // Refused only when the receiver is unwinding; then the next part is the last.
        let _ = tell.send(seen.map(|seen| (number, Step::Seen(seen))));
        if broke {
            return;
        }
    }
}

/// Where the cutting thread sends what it has.
struct Cutter<'a> {
    work: SyncSender<(u64, Part)>,
    tell: Sender<Told<'a>>,
    leaves: Receiver<usize>,
    /// Leaves that are left.
    left: usize,
    /// The number of the next message.
    next: u64,
}

/// Nobody takes anything any more.
struct Gone;

impl<'a> Cutter<'a> {
    fn number(&mut self) -> Result<u64, Gone> {
        if self.left == 0 {
            self.left = self.leaves.recv().map_err(|_| Gone)?;
        }
        self.left -= 1;
        self.next += 1;
        Ok(self.next - 1)
    }

    fn step(&mut self, step: Step<'a>) -> Result<(), Gone> {
        let number = self.number()?;
        self.tell.send(Ok((number, step))).map_err(|_| Gone)
    }

    fn part(&mut self, part: Part) -> Result<(), Gone> {
        let number = self.number()?;
        self.work.send((number, part)).map_err(|_| Gone)
    }
}

fn cut_all<'a>(job: &Job<'a>, cutter: &mut Cutter<'a>) {
    for input in job.inputs {
        if cutter.step(Step::Begin(input)).is_err() {
            return;
        }
        let end = match open(input) {
            Err(error) => Step::Unopened(error),
            Ok(opened) => Step::End(split(opened, job.options, &mut |part| {
                let gone = cutter.part(part).is_err();
                let stop = gone || job.stop.load(Ordering::Relaxed);
                if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })),
        };
        if cutter.step(end).is_err() || job.stop.load(Ordering::Relaxed) {
            return;
        }
    }
}
