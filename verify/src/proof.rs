//! Single records with their proof, and audits by sample (docs/formats.md §4).

use crate::checker::{Checker, Goal};
use crate::days::Days;
use crate::folder::OpenError;
use crate::heads::Head;
use crate::report::{CHANGED, KeyTrust, MISSING, OTHER, REWRITTEN, Report, Stage, clean};
use crate::words::{self, spoken};
use ledger::{Checkpoint, ProofFile, Salt, VerifierKey, commitment, leaf_hash};
use model::{Record, form};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Ends the names of proof files.
const EXTENSION: &str = "tlog-proof";
/// Largest proof file, and largest file beside it.
const FILE_LIMIT: u64 = 96 << 20;
const NOTE_LIMIT: u64 = 1 << 20;
const DAYS_LIMIT: u64 = 32 << 20;

/// What an auditor drew.
#[derive(Debug, Clone)]
pub struct Sample {
    /// How many draws.
    pub draws: u64,
    /// First record that is drawn from: what was before it was kept long enough and was ended.
    pub first: u64,
    /// The words that the draws follow from.
    pub seed: String,
}

impl Sample {
    /// The records that are drawn from a log of this size under this checkpoint (docs/formats.md §4, audit by sample).
    #[must_use]
    pub fn drawn(&self, checkpoint: &str, size: u64) -> BTreeSet<u64> {
        let first = self.first;
        let Some(many) = size.checked_sub(first).filter(|many| *many > 0) else { return BTreeSet::new() };
        let head = Sha256::new()
            .chain_update("bailiwick-sample v1\n")
            .chain_update(&self.seed)
            .chain_update("\n")
            .chain_update(checkpoint);
        let draw = |number: u64| {
            let hash = head.clone().chain_update(number.to_be_bytes()).finalize();
            first + hash[..8].iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte)) % many
        };
        (0..self.draws).map(draw).collect()
    }

    /// With which probability that many draws notice that one record in a hundred is gone.
    #[must_use]
    pub fn certainty(&self) -> f64 {
        1.0 - 0.99f64.powi(i32::try_from(self.draws).unwrap_or(i32::MAX))
    }
}

fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        Err(io::Error::other(format!("it has more than {limit} bytes")))
    } else {
        Ok(bytes)
    }
}

/// Whether a path is a proof file, by its name.
#[must_use]
pub fn is_proof(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == EXTENSION) && path.is_file()
}

/// What is checked with.
struct Bench {
    checker: Checker,
    key: Option<VerifierKey>,
    trust: KeyTrust,
    days: Option<Days>,
    heads: Vec<Checkpoint>,
}

impl Bench {
    /// `beside` is the folder where a key and the keys of days may lie.
    fn new(beside: &Path, pinned: Option<&VerifierKey>, days: Option<&Path>, heads: &[Head]) -> Self {
        let own = || {
            let line = read(&beside.join("vkey"), NOTE_LIMIT).ok()?;
            VerifierKey::parse(std::str::from_utf8(&line).ok()?.strip_suffix('\n')?).ok()
        };
        let key = pinned.cloned().or_else(own);
        let trust = match (pinned, &key) {
            (Some(_), _) => KeyTrust::Pinned,
            (None, Some(key)) => KeyTrust::Believed { fingerprint: key.fingerprint() },
            (None, None) => KeyTrust::Missing,
        };
        let mut checker = Checker::empty(key.as_ref(), key.as_ref().map(|k| k.name().to_owned()));
        if key.is_none() {
            let message = format!(
                "There is no key to check the signature with: give the log's key. {}",
                words::OTHER_NEXT
            );
            checker.findings.add(Stage::Key, MISSING, None, Some("vkey"), message);
        }
        let place = days.map_or_else(|| beside.join("days"), Path::to_path_buf);
        let read = read(&place, DAYS_LIMIT).ok();
        let days = read
            .zip(key.as_ref())
            .map(|(bytes, key)| Days::check(&bytes, key, key.name(), "days", &mut checker.findings));
        checker.heads(heads);
        let heads = checker.known.iter().map(|k| k.checkpoint.clone()).collect();
        Self { checker, key, trust, days, heads }
    }

    fn tell(&mut self, threat: &'static str, seq: Option<u64>, name: &str, what: &str) {
        let next = match threat {
            MISSING => words::MISSING_NEXT,
            OTHER => words::OTHER_NEXT,
            _ => words::CHANGED_NEXT,
        };
        let range = seq.map(|seq| (seq, seq));
        self.checker.findings.add(Stage::Records, threat, range, Some(name), format!("{what}. {next}"));
    }

    /// Checks one proof file; gives its record where all of it holds.
    fn proof(&mut self, bytes: &[u8], name: &str) -> Option<Record> {
        let file = match ProofFile::parse(bytes) {
            Ok(file) => file,
            Err(error) => {
                self.tell(CHANGED, None, name, &format!("This is no proof of a record: {error}"));
                return None;
            }
        };
        let index = file.index;
        let parts = file.extra.as_deref().and_then(|extra| extra.split_first_chunk::<16>());
        let Some((salt, bytes)) = parts else {
            self.tell(MISSING, Some(index), name, "The record itself and its salt do not stand in the proof");
            return None;
        };
        let record = match form::decode(bytes) {
            Ok(record) if record.seq == index => record,
            Ok(record) => {
                self.tell(
                    CHANGED,
                    Some(index),
                    name,
                    &format!(
                        "The proof is for record {index}, and the record in it calls itself {}",
                        record.seq
                    ),
                );
                return None;
            }
            Err(error) => {
                self.tell(
                    CHANGED,
                    Some(index),
                    name,
                    &format!("What stands in the proof is no record: {error}"),
                );
                return None;
            }
        };
        let salt: &Salt = salt;
        let key = self.key.clone()?;
        match file.verify(&leaf_hash(&commitment(salt, bytes)), std::slice::from_ref(&key)) {
            Ok(checkpoint) => self.state(&file, checkpoint, name).then_some(record),
            Err(ledger::ProofFileError::Note(error)) => {
                self.tell(
                    OTHER,
                    Some(index),
                    name,
                    &format!(
                        "The signed state in the proof is not this log's: {}",
                        clean(&error.to_string())
                    ),
                );
                None
            }
            Err(error) => {
                self.tell(
                    CHANGED,
                    Some(index),
                    name,
                    &format!("The record does not stand in the log: {}", clean(&error.to_string())),
                );
                None
            }
        }
    }

    /// The signed state of a proof: the day's signature, and other heads of the same size.
    fn state(&mut self, file: &ProofFile, checkpoint: Checkpoint, name: &str) -> bool {
        let mut held = true;
        let day = self.days.as_ref().and_then(|d| d.list.iter().rev().find(|day| day.size < checkpoint.size));
        let signed = day.map(|day| file.checkpoint.verify(std::slice::from_ref(&day.vkey)).is_ok());
        if signed == Some(false) {
            self.tell(
                REWRITTEN,
                Some(file.index),
                name,
                "The signed state in the proof lacks the signature of the key of its day",
            );
            held = false;
        }
        let other = |head: &&Checkpoint| head.size == checkpoint.size && head.root != checkpoint.root;
        if self.heads.iter().any(|head| other(&head)) {
            self.tell(OTHER, Some(file.index), name, "The signed state in the proof is not the head that you gave: two histories of one log stand side by side");
            held = false;
        }
        self.checker.goal = Some(Goal { size: checkpoint.size, root: checkpoint.root });
        self.checker.claimed = Some(checkpoint);
        held
    }

    fn finish(mut self, kind: &'static str, records: &[Record]) -> Report {
        let times = || records.iter().map(|r| r.received);
        self.checker.received = times().min().zip(times().max());
        let first = records.iter().map(|r| r.seq).min().unwrap_or(0);
        let day_checked = self.days.is_some();
        let heads = self.heads.len() as u64;
        let checkpoint = self.checker.claimed.clone();
        let mut report = self.checker.report(self.trust);
        report.kind = kind;
        report.records = records.len() as u64;
        report.first = first;
        report.heads = heads;
        report.day_keys = self.days.map_or(0, |d| d.list.len() as u64);
        report.day_checked = day_checked;
        report.checkpoint = checkpoint.filter(|_| report.findings.is_empty());
        report
    }
}

/// Checks one record with its proof. The key and the keys of days may lie beside it.
///
/// # Errors
/// [`OpenError`] when the file cannot be read.
pub fn proof(
    path: &Path,
    vkey: Option<&VerifierKey>,
    days: Option<&Path>,
    heads: &[Head],
) -> Result<Report, OpenError> {
    let shown = clean(&path.to_string_lossy());
    let bytes = read(path, FILE_LIMIT).map_err(|source| OpenError::Unreadable { path: shown, source })?;
    let beside = path.parent().unwrap_or(Path::new("."));
    let mut bench = Bench::new(beside, vkey, days, heads);
    let name = path.file_name().map_or_else(String::new, |n| clean(&n.to_string_lossy()));
    let record = bench.proof(&bytes, &name);
    let records: Vec<Record> = record.into_iter().collect();
    let mut report = bench.finish("proof", &records);
    report.shown = records.into_iter().next();
    Ok(report)
}

/// Checks the answer to an audit by sample: every record that was drawn must be there and hold, all under one signed state.
///
/// # Errors
/// [`OpenError`] when the folder cannot be read.
pub fn audit(
    path: &Path,
    sample: &Sample,
    vkey: Option<&VerifierKey>,
    heads: &[Head],
) -> Result<Report, OpenError> {
    let shown = || clean(&path.to_string_lossy());
    let entries =
        std::fs::read_dir(path).map_err(|source| OpenError::Unreadable { path: shown(), source })?;
    let mut bench = Bench::new(path, vkey, None, heads);
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".tlog-proof"))
        .take(100_001)
        .collect();
    names.sort();
    let (mut records, mut state): (Vec<Record>, Option<String>) = (vec![], None);
    for name in &names {
        let file = match read(&path.join(name), FILE_LIMIT) {
            Ok(bytes) => bytes,
            Err(error) => {
                bench.tell(MISSING, None, name, &format!("This proof cannot be read: {error}"));
                continue;
            }
        };
        let Some(record) = bench.proof(&file, name) else { continue };
        let text = bench.checker.claimed.as_ref().map(Checkpoint::text);
        if state.is_some() && state != text {
            bench.tell(OTHER, Some(record.seq), name, "This proof stands under another signed state than the others: a log can have only one at a time");
        }
        state = state.or(text);
        records.push(record);
    }
    missing(&mut bench, sample, state, &records);
    let mut report = bench.finish("audit", &records);
    report.certainty = Some(sample.certainty());
    Ok(report)
}

/// Every draw must be there.
fn missing(bench: &mut Bench, sample: &Sample, state: Option<String>, records: &[Record]) {
    let Some((text, checkpoint)) = state.zip(bench.checker.claimed.clone()) else {
        bench.tell(MISSING, None, "", "There is no proof here that holds");
        return;
    };
    if !bench.heads.is_empty() && !bench.heads.iter().any(|head| head.text() == text) {
        bench.tell(OTHER, None, "", "The proofs do not stand under the signed state that you gave: ask for the answer under that one, or draw anew");
    }
    let there: BTreeSet<u64> = records.iter().map(|r| r.seq).collect();
    for seq in sample.drawn(&text, checkpoint.size).difference(&there) {
        let what = format!("{} was drawn, and its proof is not here", spoken(*seq, *seq));
        bench.tell(MISSING, Some(*seq), "", &what);
    }
}
