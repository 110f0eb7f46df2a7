//! Packs members of a bundle side by side; each comes out where it was handed in.

use flate2::{Compression, write::GzEncoder};
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, Scope};

type Answer = io::Result<Vec<u8>>;

/// A member with the way back.
struct Job {
    plain: Vec<u8>,
    give: SyncSender<Answer>,
}

/// Threads that pack, until this goes.
pub(super) struct Packer {
    jobs: Option<SyncSender<Job>>,
    threads: usize,
}

/// A member that is packed, or will be.
pub(super) enum Packed {
    Here(Answer),
    Elsewhere(Receiver<Answer>),
}

impl Packer {
    /// Begins so many threads; on a machine that has none left for us, and with less than two, all is packed where it is handed in.
    pub(super) fn new<'scope>(scope: &'scope Scope<'scope, '_>, threads: usize) -> Self {
        if threads < 2 {
            return Self { jobs: None, threads: 0 };
        }
        let (jobs, waiting) = sync_channel::<Job>(threads);
        let waiting = Arc::new(Mutex::new(waiting));
        let lane = |_: &usize| {
            let waiting = Arc::clone(&waiting);
            let run = move || {
                // The lock is held while one waits, and gone while one packs.
                let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
                while let Ok(Job { plain, give }) = next() {
                    // Nobody takes it any more when the disk failed meanwhile.
                    let _ = give.send(pack(&plain));
                }
            };
            Builder::new().spawn_scoped(scope, run).is_ok()
        };
        let threads = (0..threads).filter(lane).count();
        Self { jobs: (threads > 0).then_some(jobs), threads }
    }

    /// How many members may be on their way: enough that no thread waits for us.
    pub(super) fn ahead(&self) -> usize {
        self.threads * 2
    }

    /// Hands a member in.
    pub(super) fn pack(&self, plain: Vec<u8>) -> Packed {
        let Some(jobs) = &self.jobs else { return Packed::Here(pack(&plain)) };
        let (give, take) = sync_channel(1);
        match jobs.send(Job { plain, give }) {
            Ok(()) => Packed::Elsewhere(take),
            // All threads ended early, which is told when their scope ends.
            Err(failed) => Packed::Here(pack(&failed.0.plain)),
        }
    }
}

impl Packed {
    /// Waits for it.
    pub(super) fn take(self) -> Answer {
        match self {
            Self::Here(answer) => answer,
            // That thread panicked, which is told when its scope ends.
            Self::Elsewhere(take) => take.recv().unwrap_or_else(|_| Err(io::ErrorKind::Other.into())),
        }
    }
}

fn pack(plain: &[u8]) -> Answer {
    let mut encoder = GzEncoder::new(vec![], Compression::new(5));
    encoder.write_all(plain)?;
    encoder.finish()
}
