//! `bailiwick-verify`: from a received bundle to an answer, on the customer's own machine.
//!
//! Reads what it is pointed to and nothing else; writes to standard output only; opens no connection.

mod args;
mod show;

use args::{Asked, Order};
use ledger::VerifierKey;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use verify::{Head, OpenError, Report, Sample};

/// All of it holds.
const GOOD: u8 = 0;
/// The command was not understood.
const USAGE: u8 = 2;
/// Something does not hold.
const BAD: u8 = 4;
/// A path could not be read.
const UNREADABLE: u8 = 5;

fn main() -> ExitCode {
    let order = match args::parse(std::env::args_os().skip(1)) {
        Ok(Asked::Check(order)) => order,
        Ok(Asked::Text(text)) => return say(&text, GOOD),
        Err(error) => {
            complain(&format!("{error}\nTry `bailiwick-verify --help`."));
            return ExitCode::from(USAGE);
        }
    };
    let key = match key(&order) {
        Ok(key) => key,
        Err((error, code)) => {
            complain(&error);
            return ExitCode::from(code);
        }
    };
    let heads = match heads(&order) {
        Ok(heads) => heads,
        Err(error) => {
            complain(&error);
            return ExitCode::from(UNREADABLE);
        }
    };
    let sample =
        order.sample.zip(order.seed.clone()).map(|(draws, seed)| Sample { draws, first: order.from, seed });
    let check = |path: &Path| match &sample {
        Some(sample) => verify::audit(path, sample, key.as_ref(), &heads),
        None if verify::is_proof(path) => verify::proof(path, key.as_ref(), order.days.as_deref(), &heads),
        None => verify::audited(path, key.as_ref(), &heads),
    };
    let answers: Vec<Answer<'_>> =
        order.paths.iter().map(|path| Answer { path, found: check(path) }).collect();
    let code = worst(&answers);
    for answer in &answers {
        if let Err(error) = &answer.found {
            complain(&error.to_string());
        }
    }
    let text = if order.json {
        format!("{:#}\n", document(&answers))
    } else if order.quiet {
        String::new()
    } else {
        let good: Vec<String> = answers
            .iter()
            .filter_map(|a: &Answer<'_>| Some(show::text(a.path, a.found.as_ref().ok()?, colour())))
            .collect();
        good.join("\n")
    };
    say(&text, code)
}

/// The other heads: checkpoint files, or bundles that hold one.
fn heads(order: &Order) -> Result<Vec<Head>, String> {
    let read = |path: &PathBuf| {
        let place = if path.is_dir() { path.join("checkpoint") } else { path.clone() };
        let name = verify::clean(&path.to_string_lossy());
        let mut note = Vec::new();
        match File::open(&place).and_then(|file| file.take(1 << 20).read_to_end(&mut note)) {
            Ok(_) => Ok(Head { name, note }),
            Err(error) => Err(format!(
                "the other head `{name}` cannot be read: {error}. Check the spelling, and that you may open it"
            )),
        }
    };
    order.heads.iter().map(read).collect()
}

/// What one path led to.
struct Answer<'a> {
    path: &'a Path,
    found: Result<Report, OpenError>,
}

/// A failed verification counts more than a path that cannot be read, and that more than all that holds.
fn worst(answers: &[Answer<'_>]) -> u8 {
    let code = |answer: &Answer<'_>| match &answer.found {
        Ok(report) if report.ok() => GOOD,
        Ok(_) => BAD,
        Err(_) => UNREADABLE,
    };
    let codes: Vec<u8> = answers.iter().map(code).collect();
    [BAD, UNREADABLE].into_iter().find(|worse| codes.contains(worse)).unwrap_or(GOOD)
}

/// One document: for one path its report, for several the sum and each report under `bundles`.
fn document(answers: &[Answer<'_>]) -> Value {
    let each: Vec<Value> = answers.iter().map(one).collect();
    if let [only] = each.as_slice() {
        return only.clone();
    }
    let findings: Vec<Value> = each
        .iter()
        .flat_map(|bundle| {
            let path = bundle["bundle"].clone();
            let of = bundle["findings"].as_array().cloned().unwrap_or_default();
            of.into_iter().map(move |mut finding| {
                finding["bundle"] = path.clone();
                finding
            })
        })
        .collect();
    json!({
        "schema": "bailiwick-verify/1",
        "ok": each.iter().all(|bundle| bundle["ok"] == true),
        "records": each.iter().filter_map(|bundle| bundle["records"].as_u64()).sum::<u64>(),
        "findings": findings,
        "bundles": each,
    })
}

fn one(answer: &Answer<'_>) -> Value {
    let mut document = match &answer.found {
        Ok(report) => report.to_json(),
        Err(error) => json!({
            "schema": "bailiwick-verify/1",
            "ok": false,
            "records": 0,
            "findings": [],
            "error": error.to_string(),
        }),
    };
    document["bundle"] = verify::clean(&answer.path.to_string_lossy()).into();
    document
}

/// The key that the caller pins: from the command line, or from a file.
fn key(order: &Order) -> Result<Option<VerifierKey>, (String, u8)> {
    let (line, whence) = match (&order.vkey, &order.vkey_file) {
        (Some(line), _) => (line.clone(), "--vkey".to_owned()),
        (None, Some(file)) => {
            let shown = verify::clean(&file.to_string_lossy());
            let read = line_of(file).map_err(|error| {
                (format!("the key file `{shown}` cannot be read: {error}. Check the spelling, and that you may open it"), UNREADABLE)
            })?;
            (read, format!("the key file `{shown}`"))
        }
        (None, None) => return Ok(None),
    };
    let wrong = |error| {
        format!(
            "{whence} gives no key: {error}. A key is one line like `northwind-it/acme/records+0a1b2c3d+AW…`; copy it whole"
        )
    };
    VerifierKey::parse(line.trim()).map(Some).map_err(|error| (wrong(error), USAGE))
}

fn line_of(file: &PathBuf) -> std::io::Result<String> {
    let mut line = String::new();
    File::open(file)?.take(4_096).read_to_string(&mut line)?;
    Ok(line)
}

/// Colour only on a terminal whose owner has not refused it.
fn colour() -> bool {
    #[expect(clippy::disallowed_methods, reason = "NO_COLOR is a promise of the command line (no-color.org)")]
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && std::io::stdout().is_terminal()
}

/// Writes the answer. A reader that hangs up early changes nothing about it.
fn say(text: &str, code: u8) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format!("the answer cannot be written: {error}"));
            ExitCode::from(if code == GOOD { UNREADABLE } else { code })
        }
        _ => ExitCode::from(code),
    }
}

fn complain(text: &str) {
    // Nobody is left to tell when this fails.
    let _ = writeln!(std::io::stderr(), "error: {text}");
}
