//! Whole processes: how long the built program takes, and how much memory at its peak.
#![expect(
    clippy::disallowed_methods,
    reason = "a bench starts the program, looks at the clock and writes its input"
)]
#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

/// Runs of each measurement; the median is told.
pub(crate) const RUNS: usize = 3;

/// How long between two looks at a run's peak.
const LOOKS: Duration = Duration::from_millis(2);

/// One finished run.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) seconds: f64,
    pub(crate) peak_mib: f64,
}

/// Runs the program once, to its end. The clock stops when the system says that it ended; a thread of its own looks at its peak
/// meanwhile, which may miss what it took in its last moments.
pub(crate) fn run(home: &Path, words: &[&str]) -> Run {
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_bailiwick"))
        .args(words)
        .env("BAILIWICK_HOME", home)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let status = format!("/proc/{}/status", child.id());
    let (done, looking) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let peak = scope.spawn(move || {
            let mut peak_mib = 0f64;
            loop {
                peak_mib = peak_mib.max(peak_mib_so_far(&status));
                match looking.recv_timeout(LOOKS) {
                    Err(RecvTimeoutError::Timeout) => {}
                    _ => return peak_mib,
                }
            }
        });
        let ended = child.wait().expect("can be waited for");
        let seconds = begun.elapsed().as_secs_f64();
        drop(done);
        let code = ended.code().unwrap_or(-1);
        assert!(matches!(code, 0 | 1 | 3), "{words:?} ended with {code}");
        Run { seconds, peak_mib: peak.join().expect("it does not panic") }
    })
}

/// What a process took at its peak up to now; 0 when it is gone.
fn peak_mib_so_far(status: &str) -> f64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("");
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap_or(0.0);
    kib / 1024.0
}

/// The median of [`RUNS`] runs.
pub(crate) fn median(once: impl FnMut() -> Run) -> Run {
    median_of(RUNS, once)
}

/// The median of so many runs: what takes milliseconds needs more of them.
pub(crate) fn median_of(many: usize, mut once: impl FnMut() -> Run) -> Run {
    let mut runs: Vec<Run> = (0..many).map(|_| once()).collect();
    runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    runs[many / 2]
}

/// How long something in this process takes: the median of some runs.
pub(crate) fn timed(mut once: impl FnMut()) -> f64 {
    let mut all: Vec<f64> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            once();
            begun.elapsed().as_secs_f64()
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[RUNS / 2]
}

/// A new home with the customer `acme`.
pub(crate) fn home(folder: &Path, name: &str) -> PathBuf {
    let home = folder.join(name);
    if home.exists() {
        std::fs::remove_dir_all(&home).expect("removes");
    }
    run(&home, &["init", "--provider", "Bench"]);
    run(&home, &["customer", "add", "acme", "--name", "Acme"]);
    home
}

/// Events of about 400 bytes as NDJSON, the same each time.
pub(crate) fn events(path: &Path, many: u64) -> u64 {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).expect("creates"));
    let mut state = 88_172_645_463_325_252u64;
    let mut next = |below: u64| {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    for n in 0..many {
        let (second, host, user, hash) = (n / 50, next(200), next(900), (next(u64::MAX), next(u64::MAX)));
        let (day, hour, minute) = (1 + second / 86_400 % 28, second / 3600 % 24, second / 60 % 60);
        let program =
            ["svchost", "powershell", "lsass", "explorer", "teams"][usize::try_from(next(5)).expect("small")];
        writeln!(
            out,
            "{{\"time\":\"2026-10-{day:02}T{hour:02}:{minute:02}:{:02}Z\",\"Channel\":\"Security\",\"EventID\":\"{}\",\"Computer\":\"ws-{host:03}.corp.example\",\"TargetUserName\":\"user{user}\",\"NewProcessName\":\"C:\\\\Windows\\\\System32\\\\{program}.exe\",\"CommandLine\":\"C:\\\\Windows\\\\System32\\\\{program}.exe -k netsvcs -p -s Service{}\",\"Hash\":\"{:016x}{:016x}\",\"n\":{n}}}",
            second % 60, [4624, 4688, 4634, 4672][usize::try_from(next(4)).expect("small")], next(40), hash.0, hash.1
        )
        .expect("writes");
    }
    out.flush().expect("writes");
    drop(out);
    std::fs::metadata(path).expect("there").len()
}

/// Bytes of all files below a folder.
pub(crate) fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|e| if e.path().is_dir() { size(&e.path()) } else { e.metadata().map_or(0, |m| m.len()) })
        .sum()
}

/// Says what was measured.
pub(crate) fn tell(line: &str) {
    println!("{line}");
}
