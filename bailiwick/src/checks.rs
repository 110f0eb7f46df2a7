//! The checks that apply: ours, and the folders that a provider names.

use crate::evidence::bounded;
use crate::fault::{Exit, Fault, near};
use assess::{Check, CheckSet};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Bytes of one file of a check, at most: a fixture is an example, no archive.
const FILE_BYTES: usize = 16 << 20;
/// Files of one check, at most.
const FILES: usize = 1000;

/// Our checks and those below these folders, which take the place of ours of the same id.
pub(crate) fn armed(paths: &[PathBuf]) -> Result<CheckSet, Fault> {
    let mut set = assess::embedded();
    for path in paths {
        add(&mut set, path)?;
    }
    Ok(set)
}

fn add(set: &mut CheckSet, path: &Path) -> Result<(), Fault> {
    let shown = crate::out::path(path);
    if !path.exists() {
        let what = format!("there is nothing at `{shown}`");
        return Err(Fault::new(Exit::Environment, "BW-1008", what, "look for a typing mistake"));
    }
    let found = collect::walk(path);
    if let Some((place, error)) = found.failed.into_iter().next() {
        let what = format!("`{}` cannot be looked into: {error}", crate::out::path(&place));
        return Err(Fault::new(Exit::Environment, "BW-5003", what, "look at its rights"));
    }
    let refused =
        |what: String| Fault::usage("BW-1016", what, "mend the file; `bailiwick check test DIR` tries it");
    let folders: Vec<String> =
        found.files.iter().filter_map(|(n, _)| n.strip_suffix("check.toml").map(str::to_owned)).collect();
    if folders.is_empty() {
        return Err(refused(format!("`{shown}` holds no check: no check.toml is in it or below it")));
    }
    for folder in folders {
        let mut files = BTreeMap::new();
        for (name, file) in found.files.iter().filter(|(n, _)| n.starts_with(&folder)) {
            if files.len() >= FILES {
                return Err(refused(format!("`{shown}/{folder}` holds more than {FILES} files")));
            }
            files.insert(name[folder.len()..].to_owned(), bounded(file, FILE_BYTES)?);
        }
        let place = format!("{shown}/{}", folder.trim_end_matches('/'));
        set.add(place.trim_end_matches('/'), &files).map_err(|error| refused(error.to_string()))?;
    }
    Ok(())
}

/// The check of an id.
pub(crate) fn named<'a>(set: &'a CheckSet, id: &str) -> Result<&'a Check, Fault> {
    set.get(id).ok_or_else(|| {
        let what = format!("there is no check `{id}`{}", near(id, set.checks().map(|c| c.id.as_str())));
        Fault::usage("BW-1010", what, "`bailiwick check ls` lists the checks")
    })
}
