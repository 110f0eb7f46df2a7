//! Checks a bundle in the order of docs/formats.md §4: key, manifest, files, checkpoint, records, pages, root.

mod answers;
mod content;

use crate::abreast;
use crate::checker::{Checker, Goal};
use crate::folder::{Folder, OpenError};
use crate::heads::Head;
use crate::layout::{self, CHUNK, Part, Span, TILE};
use crate::manifest::{Listed, Manifest};
use crate::report::{CHANGED, Findings, KeyTrust, MISSING, OTHER, Report, Stage, clean, customer_of};
use crate::signed;
use crate::sound::Place;
use crate::words::{self, spoken};
use ledger::VerifierKey;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

/// Longest manifest that is read: the longest note there is, enough for a bundle of 200 million records.
const MANIFEST_LIMIT: u64 = 1 << 20;
/// Longest file with the keys of days: a century of them.
const DAYS_LIMIT: u64 = 32 << 20;
/// Longest checkpoint and key file.
const NOTE_LIMIT: u64 = 1 << 20;

/// Checks the bundle in a folder, under the pinned key `vkey` if there is one, else under the key that it brings.
///
/// Whatever is wrong with the bundle is a finding of the report.
///
/// # Errors
/// [`OpenError`] when the path itself cannot be opened as a folder.
pub fn bundle(path: &Path, vkey: Option<&VerifierKey>) -> Result<Report, OpenError> {
    bundle_with(path, vkey, &[])
}

/// The same, and holds the log against other heads of it: what a witness, a colleague or an older bundle has.
///
/// # Errors
/// [`OpenError`] when the path itself cannot be opened as a folder.
pub fn bundle_with(path: &Path, vkey: Option<&VerifierKey>, heads: &[Head]) -> Result<Report, OpenError> {
    bundle_on(abreast::threads(), path, vkey, heads)
}

/// The same on so many threads (at most four); the report is the same on any number of them.
///
/// # Errors
/// [`OpenError`] when the path itself cannot be opened as a folder.
pub fn bundle_on(
    threads: usize,
    path: &Path,
    vkey: Option<&VerifierKey>,
    heads: &[Head],
) -> Result<Report, OpenError> {
    let (bundle, trust) = checked(threads, path, vkey, heads)?;
    Ok(bundle.checker.report(trust))
}

/// The same as [`bundle_with`], and computes the answers of the last assessment for auditors again, where there is one and all
/// records hold: what differs becomes findings, [`Report::assessment`] says what was done.
///
/// # Errors
/// [`OpenError`] when the path itself cannot be opened as a folder.
pub fn audited(path: &Path, vkey: Option<&VerifierKey>, heads: &[Head]) -> Result<Report, OpenError> {
    let (mut bundle, trust) = checked(abreast::threads(), path, vkey, heads)?;
    let assessment = bundle.answers();
    Ok(Report { assessment, ..bundle.checker.report(trust) })
}

fn checked(
    threads: usize,
    path: &Path,
    vkey: Option<&VerifierKey>,
    heads: &[Head],
) -> Result<(Bundle, KeyTrust), OpenError> {
    let mut findings = Findings::default();
    let folder = Folder::open(path, &mut findings)?;
    let own = key(&folder, vkey, &mut findings);
    let key = vkey.cloned().or(own);
    let trust = match (vkey, &key) {
        (Some(_), _) => KeyTrust::Pinned,
        (None, Some(key)) => KeyTrust::Believed { fingerprint: key.fingerprint() },
        (None, None) => KeyTrust::Missing,
    };
    let mut checker = Checker::empty(key.as_ref(), key.as_ref().map(|key| key.name().to_owned()));
    findings.customer = checker.findings.customer.take();
    checker.findings = findings;

    let mut bundle = Bundle {
        folder,
        manifest: None,
        manifest_holds: false,
        changed: BTreeMap::new(),
        checker,
        threads,
        grounds: vec![],
        closing: false,
        unread: false,
    };
    bundle.name_of_key();
    bundle.manifest();
    bundle.files();
    bundle.days();
    bundle.checkpoint();
    bundle.checker.heads(heads);
    bundle.content();
    bundle.tell_changed();
    Ok((bundle, trust))
}

/// The bundle's own key; what is wrong with it becomes a finding.
fn key(folder: &Folder, pinned: Option<&VerifierKey>, findings: &mut Findings) -> Option<VerifierKey> {
    let name = "vkey";
    if !folder.files.contains_key(name) {
        let message = format!("The file with the log's key is missing. {}", words::MISSING_NEXT);
        findings.add(Stage::Key, MISSING, None, Some(name), message);
        return None;
    }
    let bytes = match folder.bytes(name, NOTE_LIMIT) {
        Ok(bytes) => bytes,
        Err(error) => {
            findings.add(
                Stage::Key,
                MISSING,
                None,
                Some(name),
                format!("The file with the log's key cannot be read: {error}. {}", words::MISSING_NEXT),
            );
            return None;
        }
    };
    let line = std::str::from_utf8(&bytes).ok().and_then(|text| text.strip_suffix('\n'));
    // One spelling only: what the parser would forgive is not what was written.
    let own = line.and_then(|line| VerifierKey::parse(line).ok().filter(|key| key.to_string() == line));
    match (&own, pinned) {
        (None, _) => {
            let message = format!(
                "The file with the log's key does not hold one key and nothing else. {}",
                words::CHANGED_NEXT
            );
            findings.add(Stage::Key, CHANGED, None, Some(name), message);
        }
        (Some(own), Some(pinned)) if own.to_string() != pinned.to_string() => {
            let message = format!(
                "The bundle brings another key than the one you gave. Its key is of `{}` with the fingerprint {}; yours is of `{}` with the fingerprint {}. {}",
                clean(own.name()),
                own.fingerprint(),
                clean(pinned.name()),
                pinned.fingerprint(),
                words::OTHER_NEXT,
            );
            findings.add(Stage::Key, OTHER, None, Some(name), message);
        }
        _ => {}
    }
    own
}

struct Bundle {
    folder: Folder,
    manifest: Option<Manifest>,
    /// Whether the manifest is signed and has its form.
    manifest_holds: bool,
    /// Listed files that are not what the list says, and the threat that fits.
    changed: BTreeMap<String, &'static str>,
    checker: Checker,
    threads: usize,
    /// Files with records that answers stand on.
    grounds: Vec<Place>,
    /// Whether an assessment for auditors is among the records.
    closing: bool,
    /// Whether a file was read in a way that does not tell.
    unread: bool,
}

impl Bundle {
    fn tell(
        &mut self,
        stage: Stage,
        threat: &'static str,
        range: Option<(u64, u64)>,
        path: &str,
        what: &str,
    ) {
        let next = match threat {
            MISSING => words::MISSING_NEXT,
            OTHER => words::OTHER_NEXT,
            _ => words::CHANGED_NEXT,
        };
        self.checker.findings.add(stage, threat, range, Some(path), format!("{what}. {next}"));
    }

    /// The key's name is the log's name, and that has one form.
    fn name_of_key(&mut self) {
        if let Some(origin) = self.checker.origin.clone()
            && customer_of(&origin).is_none()
        {
            let what = format!(
                "The key's name `{}` is no log's name: that reads `provider/customer/records`",
                clean(&origin)
            );
            self.tell(Stage::Key, OTHER, None, "vkey", &what);
        }
    }

    fn manifest(&mut self) {
        let name = "manifest";
        let Some(length) = self.folder.files.get(name).copied() else {
            self.tell(Stage::Manifest, MISSING, None, name, "The signed list of the bundle's files (manifest) is missing, so nobody can say whether all files are here and unchanged");
            return;
        };
        let bytes = match self.folder.bytes(name, MANIFEST_LIMIT) {
            Ok(bytes) if length <= MANIFEST_LIMIT && bytes.len() as u64 <= MANIFEST_LIMIT => bytes,
            Ok(_) => {
                self.tell(Stage::Manifest, CHANGED, None, name, "The signed list of the bundle's files (manifest) is far longer than any such list can be");
                return;
            }
            Err(error) => {
                self.tell(
                    Stage::Manifest,
                    MISSING,
                    None,
                    name,
                    &format!("The signed list of the bundle's files (manifest) cannot be read: {error}"),
                );
                return;
            }
        };
        let key = self.checker.vkey().cloned();
        let opened =
            signed::open(&bytes, key.as_ref(), signed::Kind::Manifest, name, &mut self.checker.findings);
        let Some(text) = opened.text else { return };
        let (manifest, wrong) = Manifest::read(&text);
        if let Some(line) = wrong {
            self.tell(Stage::Manifest, CHANGED, None, name, &format!("Line {line} of the list of the bundle's files (manifest) is not what it must be: the list has one exact form, and this is another"));
        }
        self.manifest_holds = opened.signed && wrong.is_none();
        if let Some((size, root)) = manifest.checkpoint {
            self.checker.goal = Some(Goal { size, root });
        }
        self.origin_of(&manifest);
        self.list_of(&manifest);
        self.manifest = Some(manifest);
    }

    fn origin_of(&mut self, manifest: &Manifest) {
        let Some(origin) = &manifest.origin else { return };
        match self.checker.origin.clone() {
            Some(expected) if expected != *origin => {
                let what = format!(
                    "The list of the bundle's files (manifest) is of the log `{}`, but the key is of the log `{}`",
                    clean(origin),
                    clean(&expected)
                );
                self.tell(Stage::Manifest, OTHER, None, "manifest", &what);
            }
            Some(_) => {}
            None => self.checker.name(origin),
        }
    }

    /// The numbers and names of the manifest must be those of a bundle of its size.
    fn list_of(&mut self, manifest: &Manifest) {
        let name = "manifest";
        let Some((size, _)) = manifest.checkpoint else { return };
        if let Some((first, count)) = manifest.records
            && (first.checked_add(count) != Some(size) || !first.is_multiple_of(ledger::PAGE))
        {
            let what = format!(
                "The list of the bundle's files (manifest) speaks of {count} records from record {first} on, which are not whole pages up to the {size} records of the signed state"
            );
            self.tell(Stage::Manifest, OTHER, None, name, &what);
        }
        let span = manifest.span(size);
        if size > layout::RECORDS_LIMIT {
            self.tell(Stage::Manifest, CHANGED, None, name, &format!("A bundle cannot hold {size} records"));
        }
        for file in manifest.files.keys() {
            if !Part::parse(file).is_some_and(|part| part.belongs(span)) {
                let what = "The list of the bundle's files (manifest) names a file that no bundle of this size has; it was not opened";
                self.tell(Stage::Manifest, CHANGED, None, file, what);
            }
        }
        let listed: BTreeSet<Part> = manifest.files.keys().filter_map(|file| Part::parse(file)).collect();
        for part in [Part::Vkey, Part::Checkpoint, Part::Days] {
            if !listed.contains(&part) {
                self.unlisted(part, None);
            }
        }
        let chunks = span.chunks();
        let range = |from, to| span.range(from).zip(span.range(to)).map(|(a, b)| (a.0, b.1));
        let records =
            listed.iter().filter_map(|p| if let Part::Records(at) = p { Some(at / CHUNK) } else { None });
        for (from, to) in gaps(records, chunks) {
            self.unlisted(Part::Records(span.start(from).unwrap_or(0)), range(from, to));
        }
        let salts =
            listed.iter().filter_map(|p| if let Part::Salts(at) = p { Some(at / CHUNK) } else { None });
        for (from, to) in gaps(salts, chunks) {
            self.unlisted(Part::Salts(span.start(from).unwrap_or(0)), range(from, to));
        }
        let tiles =
            listed.iter().filter_map(|p| if let Part::Tile(at, _) = p { Some((*at, *p)) } else { None });
        let tiles = tiles.filter(|(_, part)| part.belongs(span)).map(|(at, _)| at);
        for (from, to) in gaps(tiles, (0, layout::tiles(size))) {
            let width = layout::tile_width(from, size).unwrap_or(TILE);
            self.unlisted(Part::Tile(from, width), layout::tile_range(from, to, size));
        }
    }

    fn unlisted(&mut self, part: Part, range: Option<(u64, u64)>) {
        let whose =
            range.map_or(String::new(), |(from, to)| format!(" for {}", spoken(from, to).to_lowercase()));
        let what = format!(
            "A bundle of this size has this file{whose}, but the list of the bundle's files (manifest) does not name it"
        );
        self.tell(Stage::Manifest, MISSING, range, &part.name(), &what);
    }

    /// Every file is listed, and is what the list says.
    fn files(&mut self) {
        let Some(manifest) = &self.manifest else { return };
        let listed = manifest.files.clone();
        let there: Vec<(String, u64)> = self.folder.files.iter().map(|(n, l)| (n.clone(), *l)).collect();
        let folder = self.folder.clone();
        // Of another length is another content: there is no need to hash it.
        let hash = |(name, length): &(String, u64)| {
            listed.get(name).filter(|listed| listed.bytes == *length).map(|_| folder.sha256(name))
        };
        abreast::each(self.threads, &there, hash, |(name, length), hash| {
            match listed.get(name) {
            Some(listed) => self.file(name, *length, listed, hash),
            None if name == "manifest" => {}
            None => self.tell(Stage::Files, CHANGED, None, name, "This file is not on the signed list of the bundle's files (manifest): somebody or some program put it here"),
        }
        });
    }

    fn file(&mut self, name: &str, length: u64, listed: &Listed, hash: Option<io::Result<[u8; 32]>>) {
        let (threat, what) = if let Some(hash) = hash {
            match hash {
                Ok(hash) if hash == listed.sha256 => return,
                Ok(_) => (
                    CHANGED,
                    "Its content is not the one on the signed list of the bundle's files (manifest)"
                        .to_owned(),
                ),
                Err(error) => (MISSING, format!("It cannot be read: {error}")),
            }
        } else {
            let threat = if length < listed.bytes { MISSING } else { CHANGED };
            (
                threat,
                format!(
                    "It has {length} bytes, but {} on the signed list of the bundle's files (manifest)",
                    listed.bytes
                ),
            )
        };
        match Part::parse(name) {
            // What it costs is known once the records were read.
            Some(Part::Records(_) | Part::Salts(_) | Part::Tile(..)) => {
                self.changed.insert(name.to_owned(), threat);
            }
            _ => self.tell(Stage::Files, threat, None, name, &what),
        }
    }

    /// Which records are here, as far as the list says.
    fn span(&self, size: u64) -> Span {
        self.manifest.as_ref().map_or(Span { first: 0, size }, |m| m.span(size))
    }

    fn days(&mut self) {
        let name = "days";
        let read = self.folder.files.contains_key(name).then(|| self.folder.bytes(name, DAYS_LIMIT));
        match read {
            Some(Ok(bytes)) if bytes.len() as u64 <= DAYS_LIMIT => self.checker.days(&bytes, name),
            Some(Ok(_)) => self.tell(Stage::Checkpoint, CHANGED, None, name, "The file with the keys of days is far longer than any such file can be"),
            Some(Err(error)) => self.tell(Stage::Checkpoint, MISSING, None, name, &format!("The file with the keys of days cannot be read: {error}")),
            None => self.tell(Stage::Checkpoint, MISSING, None, name, "The file with the keys of days is missing, and with it the proof that nobody rewrote an earlier day"),
        }
    }

    fn checkpoint(&mut self) {
        let name = "checkpoint";
        if !self.folder.files.contains_key(name) {
            self.tell(
                Stage::Checkpoint,
                MISSING,
                None,
                name,
                "The signed state of the log (checkpoint) is missing, and with it the seal on its records",
            );
            return;
        }
        match self.folder.bytes(name, NOTE_LIMIT) {
            Ok(bytes) => self.checker.checkpoint(&bytes, name),
            Err(error) => self.tell(
                Stage::Checkpoint,
                MISSING,
                None,
                name,
                &format!("The signed state of the log (checkpoint) cannot be read: {error}"),
            ),
        }
        let listed = self.manifest.as_ref().and_then(|m| m.checkpoint);
        if let Some(((size, root), claimed)) = listed.zip(self.checker.claimed.clone())
            && (size, root) != (claimed.size, claimed.root)
        {
            let what = format!(
                "The signed list of files (manifest) belongs to a log of {size} records with the checksum {root}, but the signed state (checkpoint) has {} records with the checksum {}: two histories of one log stand side by side",
                claimed.size, claimed.root,
            );
            self.tell(Stage::Checkpoint, OTHER, None, name, &what);
        }
    }
}

/// The runs of numbers from `next` to `end` (not included) that are not among `there`, which is sorted.
fn gaps(there: impl Iterator<Item = u64>, (mut next, end): (u64, u64)) -> Vec<(u64, u64)> {
    let mut gaps = Vec::new();
    let from = next;
    for at in there.filter(|at| (from..end).contains(at)) {
        if at > next {
            gaps.push((next, at - 1));
        }
        next = at + 1;
    }
    if next < end {
        gaps.push((next, end - 1));
    }
    gaps
}
