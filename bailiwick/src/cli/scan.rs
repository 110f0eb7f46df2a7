//! `scan`: rules over files, nothing kept.

mod crew;
mod look;
#[cfg(test)]
mod tests;

use self::crew::{Job, Step};
use self::look::{Found, Way};
use super::ingest::{inputs, stop_flag};
use super::zone;
use crate::clock;
use crate::fault::{Exit, Fault};
use crate::ingest::limits;
use crate::out::{Form, Listing, Out};
use crate::progress::Progress;
use clap::Args;
use collect::{Options, Summary};
use model::Format;
use serde_json::{Value, json};
use sigma::{Compiled, Engine, EngineOptions, Hit, Observed, RuleSet, Sources};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub(crate) const HELP: &str = "Examples:
  bailiwick scan /var/log
  bailiwick scan --rules my-rules --rules more/ evtx/ --jsonl

Nothing is kept and no home is needed: for trying rules, and for comparing with other tools. A correlation is told once
for what belongs together. Exit 1 with hits, 0 without, 3 when something could not be read and nothing was found.";

/// Arguments of `scan`.
#[derive(Args)]
pub(crate) struct ScanArgs {
    /// Sigma rules: folders or files; default: our own
    #[arg(long, value_name = "DIR")]
    rules: Vec<PathBuf>,
    /// Offer every event to every rule, whatever its log source says
    #[arg(long)]
    ignore_logsource: bool,
    /// What the files hold
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = ["auto", "evtx", "ndjson", "json", "syslog", "csv", "cloudtrail", "zeek", "text"])]
    format: String,
    /// Zone of times that name none, as an offset from UTC
    #[arg(long, value_name = "OFFSET", default_value = "Z", value_parser = zone, allow_hyphen_values = true)]
    zone: jiff::tz::Offset,
    /// Files and folders; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &ScanArgs, out: Out) -> Result<Exit, Fault> {
    let rules = rules(args, out)?;
    let (inputs, failed, bytes) = inputs(&args.paths)?;
    let options = Options {
        format: Format::from_word(&args.format),
        source: None,
        arrived: clock::now(),
        zone: args.zone,
        limits: limits(),
    };
    out.say("scan keeps nothing: no seal, no alert");
    // What tells log sources apart is read out of each record with what rules ask.
    let also = Sources::known().asked();
    let engine = EngineOptions { ignore_logsource: args.ignore_logsource };
    let compiled = Arc::new(Compiled::with_fields(rules, engine, &also));
    let progress = Progress::new(out, bytes, true);
    let mut scan = Scan::new(Engine::over(Arc::clone(&compiled)), out);
    for report in &failed {
        scan.incomplete += 1;
        out.insist(&format!("incomplete: {}: {}", report.path, report.stopped.as_deref().unwrap_or("")));
    }
    let stop = stop_flag();
    let job = Job { inputs: &inputs, options: &options, compiled: &compiled, way: Way::Quick, stop };
    crew::scan(&job, &mut |step| {
        scan.take(step);
        progress.at(scan.bytes);
    });
    drop(progress);
    Ok(scan.told(stop.load(Ordering::Relaxed)))
}

fn rules(args: &ScanArgs, out: Out) -> Result<RuleSet, Fault> {
    if args.rules.is_empty() {
        return Ok(detect::built_in().rules);
    }
    let loaded = sigma::load(super::rule::read(&args.rules)?);
    super::rule::tell_refused(&loaded, out);
    if loaded.rules.is_empty() {
        let what = "none of the rules given can be used".to_owned();
        return Err(Fault::usage("BW-1101", what, "`bailiwick rule check PATH` says why, for each"));
    }
    Ok(loaded.rules)
}

/// Bytes of lines that are written together.
const READY_BYTES: usize = 64 << 10;

struct Scan {
    engine: Engine,
    out: Out,
    hits: u64,
    records: u64,
    bytes: u64,
    incomplete: u64,
    /// First number of each file's records, and the file.
    begins: Vec<(u64, String)>,
    by_rule: BTreeMap<usize, u64>,
    listing: Option<Listing>,
    /// Records of the file that could not be read.
    unreadable: u64,
    /// Lines that are written together.
    ready: String,
}

impl Scan {
    fn new(engine: Engine, out: Out) -> Self {
        Self {
            engine,
            out,
            hits: 0,
            records: 0,
            bytes: 0,
            incomplete: 0,
            begins: vec![],
            by_rule: BTreeMap::new(),
            listing: (out.form == Form::Json).then(|| out.listing("scan", "hits")),
            unreadable: 0,
            ready: String::new(),
        }
    }

    fn take(&mut self, step: Step<'_>) {
        match step {
            Step::Begin(input) => {
                self.unreadable = 0;
                self.begins.push((self.records, input.shown.clone()));
            }
            Step::Unopened(error) => self.ended(Some(format!("cannot be opened: {error}"))),
            Step::Seen(seen) => {
                seen.found.iter().for_each(|found| self.found(found));
                self.write_over(0);
                self.records += seen.records;
                self.unreadable += seen.unreadable;
            }
            Step::End(Summary { bytes, stopped, .. }) => {
                self.bytes += bytes;
                let many = self.unreadable;
                self.ended(stopped.or((many > 0).then(|| format!("{many} records could not be read"))));
            }
        }
    }

    /// Ends a file; says why it is incomplete, if it is.
    fn ended(&mut self, why: Option<String>) {
        let Some(why) = why else { return };
        self.incomplete += 1;
        let path = self.begins.last().map_or("", |(_, path)| path);
        self.out.insist(&format!("incomplete: {path}: {why}"));
    }

    fn found(&mut self, found: &Found) {
        let Found { at, fields, happened, class, matched } = found;
        let event = Observed { fields, happened: *happened, class, seq: self.records + at };
        for hit in self.engine.settle(matched, &event) {
            if !hit.goes_on {
                self.tell(&hit);
                self.write_over(READY_BYTES);
            }
        }
    }

    /// Writes the lines that are ready, once they are longer than this.
    fn write_over(&mut self, bytes: usize) {
        if self.ready.len() > bytes {
            self.out.verbatim(&self.ready);
            self.ready.clear();
        }
    }

    fn place(&self, seq: u64) -> (&str, u64) {
        let at = self.begins.partition_point(|(first, _)| *first <= seq).saturating_sub(1);
        self.begins.get(at).map_or(("", seq + 1), |(first, path)| (path, seq - first + 1))
    }

    fn tell(&mut self, hit: &Hit) {
        self.hits += 1;
        *self.by_rule.entry(hit.rule).or_default() += 1;
        let Some(rule) = self.engine.rules().get(hit.rule) else { return };
        let (path, record) = self.place(hit.seqs.last().copied().unwrap_or(0));
        match self.out.form {
            Form::Text => {
                let level = rule.level.as_deref().unwrap_or("-");
                let row = [level, &rule.title, path, &record.to_string(), &hit.first.to_string()];
                let row = Out::row_of(&row);
                self.ready.push_str(&row);
            }
            _ => {
                let records: Vec<Value> = hit
                    .seqs
                    .iter()
                    .map(|s| self.place(*s))
                    .map(|(p, r)| json!({"path": p, "record": r}))
                    .collect();
                let group: serde_json::Map<String, Value> =
                    hit.group.iter().map(|(k, v)| (k.clone(), v.clone().into())).collect();
                let value = json!({
                    "rule": {"id": rule.id, "title": rule.title, "level": rule.level, "tags": rule.tags},
                    "path": path, "record": record, "happened": hit.last.to_string(),
                    "first": hit.first.to_string(), "count": hit.count, "group": group, "records": records,
                });
                match &mut self.listing {
                    Some(listing) => listing.push(&value),
                    None => self.ready.push_str(&Out::line_of(&value)),
                }
            }
        }
    }

    fn told(self, interrupted: bool) -> Exit {
        let Self { out, hits, records, incomplete, by_rule, listing, .. } = self;
        if let Some(listing) = listing {
            listing.end(&json!({"records": records, "incomplete": incomplete}));
        }
        out.say(&format!(
            "{hits} hits of {} rules in {records} records; {incomplete} files incomplete",
            by_rule.len()
        ));
        match (interrupted, hits, incomplete) {
            (true, ..) => Exit::Interrupted,
            (_, 1.., _) => Exit::Findings,
            (_, _, 1..) => Exit::Incomplete,
            _ => Exit::Ok,
        }
    }
}
