//! Holds the checks from outside: every fixture gives its answer, and the laws hold over all of them.

mod agreed;
mod audit;
mod fixtures;
mod hostile;
mod laws;
mod more;
mod report;
mod scuba;

use assess::{Check, CheckSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is found of every check, in the order of their ids, on as many threads as the machine has.
fn each<T: Send>(set: &CheckSet, find: impl Fn(&Check) -> T + Sync) -> Vec<T> {
    let checks: Vec<&Check> = set.checks().collect();
    let next = AtomicUsize::new(0);
    let found = Mutex::new(vec![]);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(check) = checks.get(number) else { return };
                    let one = find(check);
                    found.lock().expect("nobody panics with it").push((number, one));
                }
            });
        }
    });
    let mut found = found.into_inner().expect("nobody panics with it");
    found.sort_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, one)| one).collect()
}
