//! How long does `scan` take, from its start to its end? Beside it in the same run: the least program with the other engine
//! over the same lines, and a reader of Windows event logs that does nothing else.
//!
//! The program is looked for in `../target/release`; `BAILIWICK` names another.

use evtx::{EvtxParser, ParserSettings};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Lines that are scanned.
const LINES: usize = 500_000;
/// How often the samples are read.
const TIMES: usize = 50;

fn main() {
    let Some(corpora) = peers::corpora() else { return };
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/bailiwick");
    let program = std::env::var_os("BAILIWICK").map_or(built, PathBuf::from);
    if !program.is_file() {
        println!("skipped: {} is not built", program.display());
        return;
    }
    let box_ = std::env::temp_dir().join(format!("bailiwick-peers-{}", std::process::id()));
    std::fs::create_dir_all(&box_).expect("a folder");
    let empty = box_.join("empty.ndjson");
    std::fs::write(&empty, "{}\n").expect("written");
    lines(&corpora, &program, &box_, &empty);
    logs(&corpora, &program, &empty);
    std::fs::remove_dir_all(&box_).expect("removed");
}

/// Seconds of a process, its peak of memory in MiB where the system tells, and its last line.
fn run(command: &mut Command) -> (f64, String) {
    let since = Instant::now();
    let out = command.stderr(Stdio::null()).output().expect("it starts");
    let text = String::from_utf8_lossy(&out.stdout);
    (since.elapsed().as_secs_f64(), text.lines().last().unwrap_or("").to_owned())
}

fn scan(program: &Path, rules: &[PathBuf], paths: &[&Path]) -> f64 {
    let mut command = Command::new(program);
    command.arg("scan").arg("--jsonl");
    rules.iter().for_each(|folder| {
        command.arg("--rules").arg(folder);
    });
    // Hits are written, and nobody reads them.
    let since = Instant::now();
    let status = command.args(paths).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it starts");
    assert!(matches!(status.code(), Some(0 | 1)), "{status}");
    since.elapsed().as_secs_f64()
}

fn lines(corpora: &Path, program: &Path, box_: &Path, empty: &Path) {
    let events = peers::events(&corpora.join("evtx/attack-samples"));
    let file = box_.join("events.ndjson");
    let text = peers::lines(&events, LINES);
    println!("{LINES} lines, {} MB, the Windows rules", text.len() / 1_000_000);
    std::fs::write(&file, text).expect("written");
    let rules = corpora.join("sigma/rules/windows");
    let minimal = run(Command::new(env!("CARGO_BIN_EXE_minimal")).arg(&rules).arg(&file));
    let rules = [rules];
    let ours = scan(program, &rules, &[&file]).min(scan(program, &rules, &[&file]));
    let start = scan(program, &rules, &[empty]).min(scan(program, &rules, &[empty]));
    let rate = |seconds: f64| LINES as f64 / seconds;
    let (theirs, said) = minimal;
    let loop_alone: f64 = said.rsplit(' ').next().and_then(|t| t.parse().ok()).expect("a time");
    println!(
        "  minimal with rsigma-eval {theirs:>7.2} s, {:>9.0}/s; its loop alone {loop_alone:.2} s, {:.0}/s ({said})",
        rate(theirs),
        rate(loop_alone)
    );
    println!(
        "  scan                     {ours:>7.2} s, {:>9.0}/s; start alone {start:.2} s, without it {:.0}/s",
        rate(ours),
        rate(ours - start)
    );
    println!(
        "  ratio: whole {:.1}, without the start of both {:.1}",
        theirs / ours,
        loop_alone / (ours - start)
    );
}

fn logs(corpora: &Path, program: &Path, empty: &Path) {
    let folder = corpora.join("evtx/attack-samples");
    let files: Vec<PathBuf> = collect::walk(&folder)
        .files
        .into_iter()
        .map(|f| f.1)
        .filter(|p| p.extension().is_some_and(|e| e == "evtx"))
        .collect();
    let rules = peers::rule_folders(corpora);
    let floor = to_json(&files).min(to_json(&files));
    let start = scan(program, &rules, &[empty]).min(scan(program, &rules, &[empty]));
    let many: Vec<&Path> = (0..TIMES).map(|_| folder.as_path()).collect();
    let whole = scan(program, &rules, &many).min(scan(program, &rules, &many));
    let five = scan(program, &rules, &many[..5]).min(scan(program, &rules, &many[..5]));
    println!("{} logs {TIMES} times, all public rules", files.len());
    println!("  evtx to JSON text, two threads {floor:>7.2} s");
    println!(
        "  scan {whole:>33.2} s; start alone {start:.2} s, without it {:.2} s, ratio {:.2}",
        whole - start,
        (whole - start) / floor
    );
    println!("  scan, 5 times as a whole process {five:>5.2} s");
}

/// The time in which two threads make JSON text of the files.
fn to_json(files: &[PathBuf]) -> f64 {
    let bytes: Vec<Vec<u8>> = files.iter().map(|p| std::fs::read(p).expect("readable")).collect();
    let next = AtomicUsize::new(0);
    let since = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= bytes.len() * TIMES {
                        return;
                    }
                    let file = bytes[number % bytes.len()].clone();
                    let settings = ParserSettings::default().num_threads(1).indent(false);
                    let Ok(parser) = EvtxParser::from_buffer(file) else { continue };
                    let mut parser = parser.with_configuration(settings);
                    let length: usize = parser.records_json().flatten().map(|r| r.data.len()).sum();
                    std::hint::black_box(length);
                }
            });
        }
    });
    since.elapsed().as_secs_f64()
}
