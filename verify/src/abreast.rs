//! Work done side by side, whose results come in the order of the jobs: how many threads there are changes no outcome.

use std::num::NonZeroUsize;
use std::sync::mpsc::sync_channel;
use std::thread::{self, Builder};

/// Most threads: each of them holds a few files' results, and memory stays the same on the largest machine.
const THREADS_LIMIT: usize = 4;

/// As many threads as this machine runs at once, up to the limit.
pub(crate) fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS_LIMIT)
}

/// Does `work` for each job, on up to `threads` threads beside this one, and gives each result to `done`, in order and on
/// this thread. No thread is more than two jobs ahead of what was taken from it.
pub(crate) fn each<J: Sync, R: Send>(
    threads: usize,
    jobs: &[J],
    work: impl Fn(&J) -> R + Sync,
    mut done: impl FnMut(&J, R),
) {
    let threads = threads.min(jobs.len()).min(THREADS_LIMIT);
    if threads < 2 {
        jobs.iter().for_each(|job| done(job, work(job)));
        return;
    }
    let work = &work;
    thread::scope(|scope| {
        let lane = |first: usize| {
            let (give, take) = sync_channel(1);
            let run = move || {
                let mut results = jobs.iter().skip(first).step_by(threads).map(work);
                // Nobody takes any more: this ends with a panic of the taker, and there is nothing left to do.
                let _ = results.try_for_each(|result| give.send(result));
            };
            // A machine that has no thread left for us has this one: its share is done below.
            Builder::new().spawn_scoped(scope, run).ok().map(|_| take)
        };
        let lanes: Vec<_> = (0..threads).map(lane).collect();
        for (job, lane) in jobs.iter().zip(lanes.iter().cycle()) {
            let result = match lane {
                None => work(job),
                Some(take) => match take.recv() {
                    Ok(result) => result,
                    // That thread panicked, and the scope hands the panic on.
                    Err(_) => return,
                },
            };
            done(job, result);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_however_many_threads_there_are() {
        let jobs: Vec<u32> = (0..57).collect();
        for threads in [0, 1, 2, 3, 4, 100] {
            let mut all = vec![];
            // The first jobs take longest.
            let work = |job: &u32| (0..(57 - job) * 1_000).fold(*job, |v, n| v ^ n ^ n) + 1;
            each(threads, &jobs, work, |job, result| all.push((*job, result)));
            assert_eq!(all, jobs.iter().map(|j| (*j, j + 1)).collect::<Vec<_>>(), "{threads}");
        }
    }

    #[test]
    #[should_panic = "scoped thread panicked"]
    fn a_panic_of_a_thread_is_handed_on() {
        each(2, &[0, 1, 2, 3], |job| assert_ne!(*job, 3, "as it must"), |_, ()| {});
    }
}
