//! `bailiwick-witness`: the customer's own memory of a log, on the customer's own machine.
//!
//! Reads the bundle that it is pointed to and its own folder; writes to that folder and to standard output; opens no connection.

use ledger::VerifierKey;
use serde_json::json;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use witness::{CheckError, Checked, State, StateError};

const GOOD: u8 = 0;
const USAGE: u8 = 2;
const BAD: u8 = 4;
const UNREADABLE: u8 = 5;

const HELP: &str = "\
Remembers the last state of a log that you believed, and says whether the next one grew out of it.

It works on this machine alone: it opens no connection and writes only to its own folder. Keep that folder where your
provider cannot reach it.

Usage: bailiwick-witness check --state DIR [--vkey LINE | --vkey-file FILE] BUNDLE [--json]
       bailiwick-witness vkey --state DIR [--json]

Commands:
  check             verifies the bundle, holds it against the last state that was kept, keeps and cosigns it
  vkey              prints the key under which this witness cosigns, for policies

Options:
      --state DIR       the witness's own folder; made the first time
      --vkey LINE       the log's key, one line. The first key that is believed is kept: later bundles must have it
      --vkey-file FILE  the same, from a file
      --json            one JSON document (schema bailiwick-witness/1) instead of text
  -h, --help            this text
  -V, --version         the version

Examples:
  bailiwick-witness check --state ~/witness --vkey-file acme.vkey ./acme-2026-11
  bailiwick-witness check --state ~/witness ./acme-2026-12
      The second bundle must be of a log that grew out of the first one.

Exit codes:
  0  the log grew or stayed, and verifies; it was kept and cosigned
  2  the command was not understood, or another key was given than before
  4  it shrank, forked, or does not verify; what was kept stays
  5  a path cannot be read or written
";

#[derive(Default)]
struct Order {
    verb: String,
    state: Option<PathBuf>,
    vkey: Option<String>,
    vkey_file: Option<PathBuf>,
    bundle: Option<PathBuf>,
    json: bool,
}

fn main() -> ExitCode {
    match order(std::env::args_os().skip(1)) {
        Ok(Some(order)) => run(&order),
        Ok(None) => say(HELP, GOOD),
        Err(error) if error.is_empty() => {
            say(concat!("bailiwick-witness ", env!("CARGO_PKG_VERSION"), "\n"), GOOD)
        }
        Err(error) => complain(&format!("{error}\nTry `bailiwick-witness --help`."), USAGE),
    }
}

/// Reads the command line; `None` asks for help, an empty error for the version.
fn order(mut words: impl Iterator<Item = OsString>) -> Result<Option<Order>, String> {
    let mut order = Order::default();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        let (flag, inline) = match text.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag.to_owned(), Some(OsString::from(value))),
            _ => (text.clone(), None),
        };
        let mut value = || {
            inline.clone().or_else(|| words.next()).ok_or_else(|| format!("`{flag}` needs a value behind it"))
        };
        match flag.as_str() {
            "-h" | "--help" => return Ok(None),
            "-V" | "--version" => return Err(String::new()),
            "--json" => order.json = true,
            "--state" => order.state = Some(value()?.into()),
            "--vkey" => order.vkey = Some(value()?.to_string_lossy().into_owned()),
            "--vkey-file" => order.vkey_file = Some(value()?.into()),
            _ if text.starts_with('-') => {
                return Err(format!("there is no option `{}`", verify::clean(&text)));
            }
            _ if order.verb.is_empty() => order.verb = text,
            _ if order.bundle.is_none() => order.bundle = Some(word.into()),
            _ => return Err("one bundle at a time".into()),
        }
    }
    if order.verb.is_empty() {
        return Err("say what to do: `check` or `vkey`".into());
    }
    if !["check", "vkey"].contains(&order.verb.as_str()) {
        return Err(format!(
            "there is no command `{}`; there are `check` and `vkey`",
            verify::clean(&order.verb)
        ));
    }
    if order.state.is_none() {
        return Err("name the witness's own folder with `--state DIR`".into());
    }
    if (order.verb == "check") != order.bundle.is_some() {
        return Err("`check` takes the folder of one bundle, `vkey` none".into());
    }
    Ok(Some(order))
}

fn run(order: &Order) -> ExitCode {
    let vkey = match key(order) {
        Ok(vkey) => vkey,
        Err((error, code)) => return complain(&error, code),
    };
    let Some(folder) = &order.state else { return complain("no state", USAGE) };
    let mut state = match open(folder) {
        Ok(state) => state,
        Err(error) => return complain(&error.to_string(), UNREADABLE),
    };
    let Some(bundle) = &order.bundle else {
        let line = state.vkey();
        return say(
            &if order.json {
                format!("{:#}\n", json!({"schema": "bailiwick-witness/1", "witness": line.to_string()}))
            } else {
                format!("{line}\n")
            },
            GOOD,
        );
    };
    match witness::check(&mut state, bundle, vkey.as_ref(), seconds()) {
        Ok(checked) => {
            let code = if checked.ok() { GOOD } else { BAD };
            say(&if order.json { format!("{:#}\n", document(&checked)) } else { text(&checked) }, code)
        }
        Err(error @ (CheckError::OtherKey { .. } | CheckError::Nameless)) => {
            complain(&error.to_string(), USAGE)
        }
        // A bundle without any key says nothing that could be believed.
        Err(error) => complain(&error.to_string(), UNREADABLE),
    }
}

fn open(folder: &std::path::Path) -> Result<State, StateError> {
    let mut seed = [0; 32];
    #[expect(clippy::disallowed_methods, reason = "a new witness makes its key")]
    let filled = getrandom::fill(&mut seed).map_err(std::io::Error::other);
    State::open(folder, &witness::name_of(&seed), move || filled.map(|()| seed))
}

fn seconds() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a cosignature says when it was made")]
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

fn key(order: &Order) -> Result<Option<VerifierKey>, (String, u8)> {
    let line = match (&order.vkey, &order.vkey_file) {
        (Some(_), Some(_)) => {
            return Err(("give the key once, with `--vkey` or with `--vkey-file`".into(), USAGE));
        }
        (Some(line), None) => line.clone(),
        (None, Some(file)) => std::fs::read_to_string(file).map_err(|e| {
            (
                format!("the key file `{}` cannot be read: {e}", verify::clean(&file.to_string_lossy())),
                UNREADABLE,
            )
        })?,
        (None, None) => return Ok(None),
    };
    VerifierKey::parse(line.trim()).map(Some).map_err(|e| (format!("this is no key of a log: {e}"), USAGE))
}

fn document(checked: &Checked) -> serde_json::Value {
    let mut document = checked.report.to_json();
    document["schema"] = "bailiwick-witness/1".into();
    document["ok"] = checked.ok().into();
    document["before"] = checked.before.into();
    document["first_sight"] = checked.first_sight.into();
    document["witness"] = checked.witness.to_string().into();
    document["cosigned"] =
        checked.cosigned.as_ref().map(|n| String::from_utf8_lossy(&n.to_bytes()).into_owned()).into();
    document
}

fn text(checked: &Checked) -> String {
    let size = checked.report.checkpoint.as_ref().map_or(0, |c| c.size);
    let log = checked.report.origin.as_deref().unwrap_or("unknown");
    let mut out = match (checked.ok(), checked.before) {
        (true, Some(before)) if before == size => {
            format!("UNCHANGED: the log has {size} records, as before.\n")
        }
        (true, Some(before)) => {
            format!("GREW: from {before} to {size} records; what was there before is unchanged.\n")
        }
        (true, None) => format!("FIRST SEEN: {size} records. From now on this witness knows this log.\n"),
        (false, Some(before)) => format!(
            "NOT BELIEVED: this is no continuation of the {before} records that this witness knows. What it kept stays as it was.\n"
        ),
        (false, None) => "NOT BELIEVED: the bundle does not verify. Nothing was kept.\n".to_owned(),
    };
    out.push_str(&format!("  log           {log}\n"));
    if let Some(vkey) = &checked.report.vkey {
        out.push_str(&format!("  fingerprint   {}\n", vkey.fingerprint()));
    }
    if checked.first_sight && checked.ok() {
        out.push_str(
            "  Compare the fingerprint with the one that your provider gave you on paper or by telephone.\n",
        );
    }
    if checked.cosigned.is_some() {
        out.push_str(&format!("  cosigned by   {}\n", checked.witness.name()));
    }
    for (at, finding) in checked.report.findings.iter().enumerate() {
        let path = finding.path.as_deref().unwrap_or("");
        out.push_str(&format!("\n{}. {} {path}\n   {}\n", at + 1, finding.threat, finding.message));
    }
    out
}

/// Writes the answer. A reader that hangs up early changes nothing about it.
fn say(text: &str, code: u8) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format!("the answer cannot be written: {error}"), code.max(UNREADABLE))
        }
        _ => ExitCode::from(code),
    }
}

fn complain(text: &str, code: u8) -> ExitCode {
    // Nobody is left to tell when this fails.
    let _ = writeln!(std::io::stderr(), "error: {text}");
    ExitCode::from(code)
}
