//! Ingest: what comes in is noticed if it was given before, sealed, then looked at, then told.
//!
//! One thread reads and parses, this one seals and looks; between them a channel of bounded length. Memory grows with
//! neither: a batch has at most [`BATCH_RECORDS`] records or [`BATCH_BYTES`] bytes.

use crate::fault::Fault;
use crate::known::{self, Known};
use crate::watch::Watch;
use collect::{Arrival, Limits, Options, Summary};
use custody::{Home, Vault};
use model::{CustomerId, Defect, Draft, Fields, Source, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Records that are sealed together at most.
const BATCH_RECORDS: usize = 4096;
/// Raw bytes that are sealed together at most.
const BATCH_BYTES: usize = 8 << 20;
/// Records that cross the channel together at most.
const PARCEL_RECORDS: usize = 256;
/// Raw bytes that cross the channel together at most.
const PARCEL_BYTES: usize = 1 << 20;
/// Parcels that may wait in the channel.
const PARCELS: usize = 8;
/// Longest that a record waits to be sealed while its source is slow.
const PATIENCE: Duration = Duration::from_millis(500);

/// Longest that a record waits to be sealed while others keep coming, in milliseconds.
const LATENESS_MS: i128 = 500;

/// What to ingest, and how.
pub(crate) struct Job<'a> {
    pub(crate) customer: CustomerId,
    /// Files to read, in order; `-` is standard input.
    pub(crate) inputs: Vec<Input>,
    pub(crate) options: Options,
    pub(crate) now: &'a (dyn Fn() -> Time + Sync),
    /// Set when the user wants to stop.
    pub(crate) stop: &'a AtomicBool,
    /// Told how many bytes were read so far.
    pub(crate) progress: &'a dyn Fn(u64),
}

/// One file or stream.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    /// As the user gave it, joined with its place in a folder.
    pub(crate) shown: String,
    /// What the source is called when the user does not say.
    pub(crate) name: String,
    /// Where it lies; `None` is standard input.
    pub(crate) path: Option<PathBuf>,
}

/// What became of one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct FileReport {
    pub(crate) path: String,
    pub(crate) format: Option<String>,
    /// Newly sealed.
    pub(crate) records: u64,
    /// Sealed by an earlier run already.
    pub(crate) duplicates: u64,
    /// Known to exist, and not readable.
    pub(crate) unreadable: u64,
    /// Defects by code, remarks about times included.
    pub(crate) defects: BTreeMap<String, u64>,
    /// What ended the reading early.
    pub(crate) stopped: Option<String>,
}

/// What became of all of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    pub(crate) files: Vec<FileReport>,
    pub(crate) bytes: u64,
    pub(crate) alerts: Vec<model::Alert>,
    pub(crate) sources: BTreeSet<String>,
    /// Least and greatest time of what was newly sealed.
    pub(crate) happened: Option<(Time, Time)>,
    pub(crate) interrupted: bool,
}

impl FileReport {
    /// Defects that are more than a remark on how a time was read.
    pub(crate) fn real_defects(&self) -> u64 {
        self.defects.iter().filter(|(code, _)| !Defect::parse(code).is_remark()).map(|(_, many)| many).sum()
    }

    /// Whether something in it could not be read.
    pub(crate) fn is_incomplete(&self) -> bool {
        let lossy = ["malformed", "cut-short", "too-deep", "too-many-fields", "too-long", "unreadable"];
        self.unreadable > 0
            || self.stopped.is_some()
            || lossy.iter().any(|code| self.defects.contains_key(*code))
    }
}

impl Report {
    pub(crate) fn sum(&self, of: impl Fn(&FileReport) -> u64) -> u64 {
        self.files.iter().map(of).sum()
    }

    /// Whether anything given could not be read.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.files.iter().any(FileReport::is_incomplete)
    }
}

/// What crosses the channel.
enum Parcel {
    Begin { input: usize },
    Arrivals(Vec<Arrival>),
    End(Box<Summary>),
}

/// Seals first, looks second, tells third.
pub(crate) fn ingest(home: &Home, job: &Job<'_>, watch: &mut Watch<'_>) -> Result<Report, Fault> {
    let now = (job.now)();
    let mut vault = home.vault(&job.customer)?;
    vault.end_epochs(now)?;
    known::close_interrupted(&mut vault, now)?;
    watch.catch_up(&mut vault, &job.customer, now)?;
    let known = Known::new(home.view_of_writer(&job.customer)?)?;
    let mut run = Run::new(job, vault, known);
    let (sender, receiver) = sync_channel(PARCELS);
    let reading: Reading<'_> = (&job.inputs, &job.options, job.stop);
    let done = std::thread::scope(|scope| {
        scope.spawn(move || read_all(reading, sender));
        // Dropping the receiver on an error stops the reader at its next parcel.
        run.take_all(receiver, watch)
    });
    done?;
    run.finish(watch)
}

/// What is to be read, how, and whether to stop.
type Reading<'a> = (&'a [Input], &'a Options, &'a AtomicBool);

fn read_all((inputs, options, stop): Reading<'_>, sender: SyncSender<Parcel>) {
    for (number, input) in inputs.iter().enumerate() {
        if sender.send(Parcel::Begin { input: number }).is_err() {
            return;
        }
        let summary = read_one(input, options, stop, &sender);
        if sender.send(Parcel::End(Box::new(summary))).is_err() || stop.load(Ordering::Relaxed) {
            return;
        }
    }
}

fn read_one(input: &Input, options: &Options, stop: &AtomicBool, sender: &SyncSender<Parcel>) -> Summary {
    let opened = match open(input) {
        Ok(opened) => opened,
        Err(error) => {
            return Summary { stopped: Some(format!("cannot be opened: {error}")), ..Summary::default() };
        }
    };
    let (mut parcel, mut bytes, mut gone) = (vec![], 0, false);
    let summary = collect::read(opened, options, &mut |arrival| {
        bytes += arrival.draft.raw.len();
        parcel.push(arrival);
        if parcel.len() >= PARCEL_RECORDS || bytes >= PARCEL_BYTES || input.path.is_none() {
            bytes = 0;
            gone = sender.send(Parcel::Arrivals(std::mem::take(&mut parcel))).is_err();
        }
        let stop = gone || stop.load(Ordering::Relaxed);
        if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if !parcel.is_empty() {
        // Refused only when the sealing side has failed, which says so itself.
        let _ = sender.send(Parcel::Arrivals(parcel));
    }
    summary
}

pub(crate) fn open(input: &Input) -> std::io::Result<collect::Input<'static>> {
    let Some(path) = &input.path else {
        let bytes = Box::new(std::io::stdin());
        return Ok(collect::Input { name: input.name.clone(), modified: None, bytes });
    };
    let file = std::fs::File::open(path)?;
    let modified = file.metadata().and_then(|m| m.modified()).ok().and_then(|t| Time::try_from(t).ok());
    Ok(collect::Input { name: input.name.clone(), modified, bytes: Box::new(file) })
}

/// The sealing side.
struct Run<'a> {
    job: &'a Job<'a>,
    vault: Vault,
    known: Known,
    report: Report,
    /// The file that is being read, and its report.
    file: Option<(known::File, FileReport, Option<Source>)>,
    batch: Vec<(Draft, Fields)>,
    batch_bytes: usize,
    /// Time of the batch, and seq of its first record; both as they will be when it is sealed.
    batch_at: Option<(Time, u64)>,
}

impl<'a> Run<'a> {
    fn new(job: &'a Job<'a>, vault: Vault, known: Known) -> Self {
        let report = Report::default();
        Self { job, vault, known, report, file: None, batch: vec![], batch_bytes: 0, batch_at: None }
    }

    fn take_all(&mut self, receiver: Receiver<Parcel>, watch: &mut Watch<'_>) -> Result<(), Fault> {
        loop {
            match receiver.recv_timeout(PATIENCE) {
                Ok(Parcel::Begin { input }) => self.begin(&self.job.inputs[input]),
                Ok(Parcel::Arrivals(arrivals)) => {
                    for arrival in arrivals {
                        self.take(arrival, watch)?;
                    }
                    // A source that trickles fills no batch; what it brought is sealed within a second.
                    let now = (self.job.now)();
                    if self
                        .batch_at
                        .is_some_and(|(since, _)| now.duration_since(since).as_millis() >= LATENESS_MS)
                    {
                        self.flush(watch)?;
                    }
                    // Also while everything that comes was given before.
                    self.beat()?;
                }
                Ok(Parcel::End(summary)) => self.end(*summary),
                Err(RecvTimeoutError::Timeout) => {
                    self.flush(watch)?;
                    self.beat()?;
                }
                Err(RecvTimeoutError::Disconnected) => return self.flush(watch),
            }
        }
    }

    /// Nothing waits to be sealed: after a minute the log says that we are there.
    fn beat(&mut self) -> Result<(), Fault> {
        if self.batch.is_empty() {
            self.vault.beat((self.job.now)())?;
        }
        Ok(())
    }

    fn begin(&mut self, input: &Input) {
        let report = FileReport { path: input.shown.clone(), ..FileReport::default() };
        self.file = Some((self.known.file(), report, None));
    }

    fn take(&mut self, arrival: Arrival, watch: &mut Watch<'_>) -> Result<(), Fault> {
        let Some((file, report, source)) = &mut self.file else { return Ok(()) };
        report.unreadable += arrival.unreadable;
        source.get_or_insert_with(|| arrival.draft.source.clone());
        if file.knows(&mut self.known, &arrival)? {
            report.duplicates += u64::from(arrival.unreadable == 0);
            return Ok(());
        }
        report.records += u64::from(arrival.unreadable == 0);
        let (_, first) = *self.batch_at.get_or_insert_with(|| {
            let now = (self.job.now)();
            (now, self.vault.next_seq(now))
        });
        file.seal_at(first + self.batch.len() as u64, arrival.identity.is_some());
        let happened = arrival.draft.happened;
        let range = self.report.happened.get_or_insert((happened, happened));
        *range = (range.0.min(happened), range.1.max(happened));
        self.batch_bytes += arrival.draft.raw.len();
        self.batch.push((arrival.draft, arrival.fields));
        if self.batch.len() >= BATCH_RECORDS || self.batch_bytes >= BATCH_BYTES {
            self.flush(watch)
        } else {
            Ok(())
        }
    }

    fn end(&mut self, summary: Summary) {
        let Some((file, mut report, source)) = self.file.take() else { return };
        report.format = summary.format.map(|f| f.to_string());
        report.defects = summary.defects;
        report.stopped = summary.stopped;
        self.report.bytes += summary.bytes;
        (self.job.progress)(self.report.bytes);
        if let Some(source) = source {
            self.report.sources.insert(source.to_string());
            if let Some(body) = file.body(&source, true) {
                // In the same batch as the file's last records, or in the next: a crash between leaves the cursor.
                let (now, _) = *self.batch_at.get_or_insert_with(|| {
                    let now = (self.job.now)();
                    (now, self.vault.next_seq(now))
                });
                self.batch.push((Home::control(&body, now), Fields::new()));
            }
        }
        self.report.files.push(report);
    }

    fn flush(&mut self, watch: &mut Watch<'_>) -> Result<(), Fault> {
        let Some((now, _)) = self.batch_at.take() else { return Ok(()) };
        self.batch_bytes = 0;
        let cursor = self.file.as_ref().and_then(|(file, _, source)| file.body(source.as_ref()?, false));
        let cursor = cursor.map(|body| body.to_string().into_bytes());
        let sealed = self.vault.append(std::mem::take(&mut self.batch), cursor, now)?;
        watch.look(&self.job.customer, &sealed);
        let alerts = watch.tell(&mut self.vault, &self.job.customer, now)?;
        self.report.alerts.extend(alerts);
        Ok(())
    }

    fn finish(mut self, watch: &mut Watch<'_>) -> Result<Report, Fault> {
        let now = (self.job.now)();
        self.report.interrupted = self.job.stop.load(Ordering::Relaxed);
        let alerts = watch.finish(&mut self.vault, &self.job.customer, now)?;
        self.report.alerts.extend(alerts);
        self.vault.close(now)?;
        Ok(self.report)
    }
}

/// The limits as they stand; one place, so that the help and the code agree.
pub(crate) fn limits() -> Limits {
    Limits::default()
}
