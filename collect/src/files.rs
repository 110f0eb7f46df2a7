//! Finds the files of a folder.

use std::io;
use std::path::{Path, PathBuf};

/// Deepest folder that is looked into.
const DEPTH_LIMIT: usize = 64;

/// What lies below a path.
#[derive(Debug, Default)]
pub struct Found {
    /// Files, each with its name relative to the path (a file itself: its own name), sorted.
    pub files: Vec<(String, PathBuf)>,
    /// Folders and files that could not be looked into, with the reason.
    pub failed: Vec<(PathBuf, io::Error)>,
}

/// Finds all files below a path, at any depth, in the order of their names. Links are not followed below the path
/// itself; what is neither file nor folder is left out.
#[must_use]
pub fn walk(path: &Path) -> Found {
    let mut found = Found::default();
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => folder(path, "", 0, &mut found),
        Ok(_) => {
            let name = path.file_name().map_or_else(|| path.to_string_lossy(), |n| n.to_string_lossy());
            found.files.push((name.into_owned(), path.to_owned()));
        }
        Err(error) => found.failed.push((path.to_owned(), error)),
    }
    found.files.sort();
    found
}

fn folder(path: &Path, prefix: &str, depth: usize, found: &mut Found) {
    if depth >= DEPTH_LIMIT {
        let deep = io::Error::other(format!("more than {DEPTH_LIMIT} folders deep"));
        return found.failed.push((path.to_owned(), deep));
    }
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => return found.failed.push((path.to_owned(), error)),
    };
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                found.failed.push((path.to_owned(), error));
                continue;
            }
        };
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => folder(&entry.path(), &format!("{name}/"), depth + 1, found),
            Ok(kind) if kind.is_file() => found.files.push((name, entry.path())),
            Ok(_) => {}
            Err(error) => found.failed.push((entry.path(), error)),
        }
    }
}
