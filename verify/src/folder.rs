//! What lies in a bundle's folder: plain files only, found without following a link, bounded.

use crate::report::{CHANGED, Findings, MISSING, Stage};
use crate::words;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Most files that are looked at: a bundle of five billion records has fewer.
const FILES_LIMIT: usize = 250_000;
/// Deepest folder that is looked into; the deepest tile lies less deep.
const DEPTH_LIMIT: usize = 12;

/// Why a path is no bundle that could be looked at.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is a file.
    #[error("`{path}` is a file, and a bundle is a folder: unpack it first, then name the folder")]
    NotAFolder {
        /// The path as given, made fit for a screen.
        path: String,
    },
    /// It is not there, or may not be read.
    #[error("`{path}` cannot be read: {source}. Check the spelling, and that you may open this folder")]
    Unreadable {
        /// The path as given, made fit for a screen.
        path: String,
        /// What the machine says.
        source: io::Error,
    },
}

/// A folder and the lengths of the files in it, by their names with `/` between.
#[derive(Clone)]
pub(crate) struct Folder {
    root: PathBuf,
    pub(crate) files: BTreeMap<String, u64>,
}

impl Folder {
    /// Looks through the folder. Links and what else is no plain file become findings and are never opened.
    pub(crate) fn open(root: &Path, findings: &mut Findings) -> Result<Self, OpenError> {
        let path = || crate::clean(&root.to_string_lossy());
        let unreadable = |source| OpenError::Unreadable { path: path(), source };
        if !fs::metadata(root).map_err(unreadable)?.is_dir() {
            return Err(OpenError::NotAFolder { path: path() });
        }
        fs::read_dir(root).map_err(unreadable)?;
        let mut folder = Self { root: root.to_owned(), files: BTreeMap::new() };
        let mut todo = vec![(String::new(), root.to_owned(), 0)];
        while let Some((prefix, place, depth)) = todo.pop() {
            if let Err(error) = folder.look(&prefix, &place, depth, &mut todo, findings) {
                let message =
                    format!("A part of the bundle cannot be read: {error}. {}", words::MISSING_NEXT);
                findings.add(Stage::Manifest, MISSING, None, Some(&prefix), message);
            }
            if folder.files.len() >= FILES_LIMIT {
                let message = format!(
                    "There are more than {FILES_LIMIT} files in this folder; the rest was not looked at. {}",
                    words::CHANGED_NEXT
                );
                findings.add(Stage::Manifest, CHANGED, None, None, message);
                break;
            }
        }
        Ok(folder)
    }

    fn look(
        &mut self,
        prefix: &str,
        place: &Path,
        depth: usize,
        todo: &mut Vec<(String, PathBuf, usize)>,
        findings: &mut Findings,
    ) -> io::Result<()> {
        for entry in fs::read_dir(place)? {
            if self.files.len() + todo.len() >= FILES_LIMIT {
                break;
            }
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            // Asks about the entry itself, never about what a link points to.
            let about = fs::symlink_metadata(entry.path())?;
            if about.is_file() {
                self.files.insert(name, about.len());
            } else if about.is_dir() && depth < DEPTH_LIMIT {
                todo.push((format!("{name}/"), entry.path(), depth + 1));
            } else {
                let what = if about.is_symlink() {
                    "a link to another place"
                } else if about.is_dir() {
                    "a folder deeper than any bundle has"
                } else {
                    "no plain file"
                };
                let message = format!(
                    "This is {what}. A bundle consists of plain files only; it was not opened. {}",
                    words::CHANGED_NEXT
                );
                findings.add(Stage::Manifest, CHANGED, None, Some(&name), message);
            }
        }
        Ok(())
    }

    /// Where a file lies.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The bytes of a small file, at most `limit` and one more, by which the caller sees that there are more.
    pub(crate) fn bytes(&self, name: &str, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.place(name))?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// SHA-256 of a file.
    pub(crate) fn sha256(&self, name: &str) -> io::Result<[u8; 32]> {
        let mut file = File::open(self.place(name))?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(hash.finalize().into()),
                Ok(many) => hash.update(&buffer[..many]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
