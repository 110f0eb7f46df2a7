//! `ingest`: from files to sealed records and alerts.

use super::{customer_id, open, zone};
use crate::clock::{self, Stopwatch};
use crate::config::Config;
use crate::fault::{Exit, Fault};
use crate::ingest::{FileReport, Input, Job, Report, ingest, limits};
use crate::out::{Form, Out};
use crate::progress::Progress;
use crate::watch::Watch;
use clap::Args;
use collect::{Options, walk};
use model::Format;
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(crate) const HELP: &str = "Examples:
  bailiwick ingest --customer acme /var/log
  journalctl -o json | bailiwick ingest --customer acme --source journal -

Files may be packed with gzip or zstd. What was sealed before is noticed and not stored twice, also when a file has grown,
was renamed or packed. What cannot be parsed is kept raw with its defects; nothing is dropped. Ctrl-C is safe: give the
same files again to go on.

Limits: a record 1 MiB (longer ones are kept in pieces), 4,096 fields, depth 64; a packed file 1 GiB unpacked and 100 times
its size.

Exit 0 when all was read, 3 when something could not be.";

/// Arguments of `ingest`.
#[derive(Args)]
pub(crate) struct IngestArgs {
    /// Whose log
    #[arg(long, value_name = "ID")]
    pub(crate) customer: String,
    /// What the source is called; default: the file's name below the path given
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// What the files hold
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = ["auto", "evtx", "ndjson", "json", "syslog", "csv", "cloudtrail", "zeek", "text"])]
    pub(crate) format: String,
    /// More Sigma rules: folders or files, beside our own and those of the configuration
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
    /// Zone of times that name none, as an offset from UTC
    #[arg(long, value_name = "OFFSET", default_value = "Z", value_parser = zone, allow_hyphen_values = true)]
    pub(crate) zone: jiff::tz::Offset,
    /// Read and count, and keep nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Files and folders; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(config: &Config, args: &IngestArgs, out: Out) -> Result<Exit, Fault> {
    let customer = customer_id(&args.customer)?;
    let options = Options {
        format: Format::from_word(&args.format),
        source: args.source.clone(),
        arrived: clock::now(),
        zone: args.zone,
        limits: limits(),
    };
    if args.dry_run {
        super::look(&config.home.value)?.customer(&customer)?;
        let (inputs, failed, _) = inputs(&args.paths)?;
        let report = dry(&inputs, &options, failed);
        out.say("dry run: nothing is kept");
        return Ok(told(&report, 0, Duration::ZERO, out));
    }
    let home = open(&config.home.value, "ingest")?;
    home.customer(&customer)?;
    let (inputs, failed, bytes) = inputs(&args.paths)?;
    let rules = super::rule::armed(config, &args.rules, out)?;
    let mut watch = Watch::new(&home, rules, config.thresholds.value.clone());
    let stop = stop_flag();
    let progress = Progress::new(out, bytes, true);
    let begun = Stopwatch::start();
    let job = Job { customer, inputs, options, now: &clock::now, stop, progress: &|done| progress.at(done) };
    let mut report = ingest(&home, &job, &mut watch)?;
    report.files.extend(failed);
    drop(progress);
    if watch.closed() > 0 {
        out.insist(&format!(
            "correlations reached their bound {} times: what they count may be too little",
            watch.closed()
        ));
    }
    Ok(told(&report, report.alerts.len() as u64, begun.elapsed(), out))
}

/// Set by Ctrl-C: what was begun is finished, then the program ends.
pub(crate) fn stop_flag() -> &'static AtomicBool {
    static STOP: AtomicBool = AtomicBool::new(false);
    // A second handler is refused; the first does the same.
    let _ = ctrlc::set_handler(|| STOP.store(true, Ordering::Relaxed));
    &STOP
}

type Inputs = (Vec<Input>, Vec<FileReport>, u64);

/// Every file below the paths, what could not be looked into, and the bytes of all.
pub(crate) fn inputs(paths: &[PathBuf]) -> Result<Inputs, Fault> {
    let (mut inputs, mut failed, mut bytes) = (vec![], vec![], 0);
    for path in paths {
        if path == Path::new("-") {
            inputs.push(Input { shown: "-".into(), name: "stdin".into(), path: None });
            continue;
        }
        if !path.exists() {
            let what = format!("there is nothing at `{}`", path.display());
            return Err(Fault::new(Exit::Environment, "BW-1008", what, "look for a typing mistake"));
        }
        let found = walk(path);
        for (name, file) in found.files {
            bytes += file.metadata().map_or(0, |m| m.len());
            inputs.push(Input { shown: crate::out::path(&file), name, path: Some(file) });
        }
        for (place, error) in found.failed {
            let stopped = Some(format!("cannot be looked into: {error}"));
            failed.push(FileReport { path: crate::out::path(&place), stopped, ..FileReport::default() });
        }
    }
    Ok((inputs, failed, bytes))
}

/// Reads and counts.
fn dry(inputs: &[Input], options: &Options, failed: Vec<FileReport>) -> Report {
    let mut report = Report { files: failed, ..Report::default() };
    for input in inputs {
        let mut file = FileReport { path: input.shown.clone(), ..FileReport::default() };
        match crate::ingest::open(input) {
            Ok(opened) => {
                let summary = collect::read(opened, options, &mut |_| ControlFlow::Continue(()));
                report.bytes += summary.bytes;
                file.format = summary.format.map(|f| f.to_string());
                (file.records, file.unreadable) = (summary.records, summary.unreadable);
                (file.defects, file.stopped) = (summary.defects, summary.stopped);
            }
            Err(error) => file.stopped = Some(format!("cannot be opened: {error}")),
        }
        report.files.push(file);
    }
    report
}

/// Tells what became of it, and says the exit code.
fn told(report: &Report, alerts: u64, took: Duration, out: Out) -> Exit {
    let incomplete = report.is_incomplete();
    match out.form {
        Form::Text => out.text(&in_words(report, took)),
        _ => out.document("ingest", as_json(report, alerts, took)),
    }
    for file in report.files.iter().filter(|f| f.is_incomplete()).take(20) {
        let why = file.stopped.clone().unwrap_or_else(|| {
            let defects: Vec<String> =
                file.defects.iter().map(|(code, many)| format!("{many} {code}")).collect();
            defects.join(", ")
        });
        out.insist(&format!("incomplete: {}: {why}", file.path));
    }
    match (report.interrupted, incomplete) {
        (true, _) => {
            out.insist("interrupted: what was read is sealed; give the same paths again to go on");
            Exit::Interrupted
        }
        (_, true) => {
            out.say("part of this could not be read (BW-3001); all that could be is sealed, the rest is kept raw where there was anything to keep");
            Exit::Incomplete
        }
        _ => Exit::Ok,
    }
}

fn sums(report: &Report) -> (u64, u64, u64, u64) {
    (
        report.sum(|f| f.records),
        report.sum(|f| f.duplicates),
        report.sum(|f| f.unreadable),
        report.sum(FileReport::real_defects),
    )
}

fn rate(many: u64, took: Duration) -> u64 {
    let micros = took.as_micros().max(1);
    u64::try_from(u128::from(many) * 1_000_000 / micros).unwrap_or(u64::MAX)
}

fn in_words(report: &Report, took: Duration) -> String {
    let (records, duplicates, unreadable, defects) = sums(report);
    let mut lines = vec![format!(
        "{records} records sealed from {} {}, {} bytes, in {:.1} s ({} records/s)",
        report.files.len(),
        if report.files.len() == 1 { "file" } else { "files" },
        report.bytes,
        took.as_secs_f64(),
        rate(records + duplicates, took)
    )];
    if duplicates > 0 {
        lines.push(format!("{duplicates} records were sealed before and are not stored twice"));
    }
    if unreadable > 0 {
        lines.push(format!(
            "{unreadable} records are known to exist and could not be read; their bytes are kept"
        ));
    }
    if defects > 0 {
        lines.push(format!("{defects} defects; the records are kept raw with them"));
    }
    if let Some((first, last)) = report.happened {
        lines.push(format!("they happened from {first} to {last}"));
    }
    lines.push(match report.alerts.len() {
        0 => "no alerts".to_owned(),
        1 => "1 alert: `bailiwick alert ls` shows it".to_owned(),
        many => format!("{many} alerts: `bailiwick alert ls` shows them"),
    });
    lines.join("\n")
}

fn as_json(report: &Report, alerts: u64, took: Duration) -> Value {
    let (records, duplicates, unreadable, defects) = sums(report);
    let mut by_code = std::collections::BTreeMap::new();
    for (code, many) in report.files.iter().flat_map(|f| &f.defects) {
        *by_code.entry(code.clone()).or_insert(0u64) += many;
    }
    let file = |f: &FileReport| {
        json!({
            "path": f.path, "format": f.format, "records": f.records, "duplicates": f.duplicates,
            "unreadable": f.unreadable, "defects": f.real_defects(), "stopped": f.stopped,
        })
    };
    json!({
        "records": records, "duplicates": duplicates, "unreadable": unreadable, "defects": defects,
        "bytes": report.bytes, "alerts": alerts,
        "files": report.files.iter().map(file).collect::<Vec<_>>(),
        "defects_by_code": by_code,
        "sources": report.sources,
        "from": report.happened.map(|(first, _)| first.to_string()),
        "to": report.happened.map(|(_, last)| last.to_string()),
        "seconds": took.as_secs_f64(),
        "records_per_second": rate(records + duplicates, took),
        "interrupted": report.interrupted,
    })
}
