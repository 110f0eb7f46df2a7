//! What comes slowly is read as it comes: nobody waits for more to be written.

use crate::arrived;
use collect::{Input, Options, read};
use std::io::Read;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Lines that are out of the hands of whoever writes them and did not arrive yet: the first ones, by which it is found out
/// what they are, and one that may go on.
const WAITING: usize = 9;

/// A pipe into which one line is written each time somebody asks, and which knows how many of them have arrived.
struct Pipe {
    lines: Vec<String>,
    given: usize,
    /// Bytes of the next line that were given already.
    part: usize,
    taken: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.most.fetch_max(self.given - self.taken.load(Ordering::Relaxed), Ordering::Relaxed);
        let Some(line) = self.lines.get(self.given) else { return Ok(0) };
        let left = &line.as_bytes()[self.part..];
        let many = left.len().min(into.len());
        into[..many].copy_from_slice(&left[..many]);
        self.part += many;
        if self.part == line.len() {
            (self.given, self.part) = (self.given + 1, 0);
        }
        Ok(many)
    }
}

/// Reads lines one after the other; how many were held back at once.
fn held_back(name: &str, lines: Vec<String>) -> usize {
    let (many, taken, most) = (lines.len(), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let pipe = Pipe { lines, given: 0, part: 0, taken: Arc::clone(&taken), most: Arc::clone(&most) };
    let input = Input { name: name.into(), modified: None, bytes: Box::new(pipe) };
    let summary = read(input, &Options::at(arrived()), &mut |_| {
        taken.fetch_add(1, Ordering::Relaxed);
        ControlFlow::Continue(())
    });
    assert_eq!(summary.records, many as u64, "{name}: {summary:?}");
    most.load(Ordering::Relaxed)
}

#[test]
fn lines_that_trickle_arrive_as_they_come() {
    let lines = |line: fn(usize) -> String| (0..200).map(line).collect::<Vec<_>>();
    for (name, lines) in [
        (
            "auth.log",
            lines(|n| {
                format!(
                    "Nov 23 10:00:00 gate sshd[1]: Failed password for u{n} from 203.0.113.9 port 1 ssh2\n"
                )
            }),
        ),
        ("-", lines(|n| format!("2026-11-23T10:00:00Z gate app: {n}\n"))),
        ("-", lines(|n| format!("{{\"time\":\"2026-11-23T10:00:00Z\",\"n\":{n}}}\n"))),
        ("notes.txt", lines(|n| format!("something happened {n} times\n"))),
    ] {
        let most = held_back(name, lines);
        assert!(most <= WAITING, "{name}: {most} lines were held back");
    }
}
