//! The checks that come with the program, and those that a provider adds.

use crate::check::{Check, CheckError};
use crate::fixture::{Fixture, FixtureError};
use std::collections::BTreeMap;

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Checks by id, each with its fixtures and its text.
#[derive(Debug, Clone, Default)]
pub struct CheckSet {
    checks: BTreeMap<String, (Check, Vec<Fixture>)>,
    texts: BTreeMap<String, String>,
}

/// Why a folder is no check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddError {
    /// Its `check.toml`.
    #[error("`{path}`: {source}")]
    Check {
        /// Which file.
        path: String,
        /// What is wrong with it.
        source: CheckError,
    },
    /// One of its fixtures.
    #[error("`{path}`: {source}")]
    Fixture {
        /// Which folder.
        path: String,
        /// What is wrong with it.
        source: FixtureError,
    },
    /// The folder does not hold what it must.
    #[error("`{path}`: {what}")]
    Folder {
        /// Which folder.
        path: String,
        /// What it lacks, and what to do.
        what: String,
    },
}

impl CheckSet {
    /// The check of an id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Check> {
        self.checks.get(id).map(|(check, _)| check)
    }

    /// Every check, in the order of ids.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.checks.values().map(|(check, _)| check)
    }

    /// The fixtures of a check, in the order of their names.
    #[must_use]
    pub fn fixtures(&self, id: &str) -> &[Fixture] {
        self.checks.get(id).map_or(&[], |(_, fixtures)| fixtures)
    }

    /// The text of every check, its `check.toml`, by id.
    #[must_use]
    pub fn texts(&self) -> &BTreeMap<String, String> {
        &self.texts
    }

    /// Adds a check from its text alone, without fixtures.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn add_text(&mut self, text: &str) -> Result<(), CheckError> {
        let check = Check::parse(text)?;
        self.texts.insert(check.id.clone(), text.to_owned());
        self.checks.insert(check.id.clone(), (check, vec![]));
        Ok(())
    }

    /// Adds a check from the files of its folder: `check.toml`, and `fixtures/<name>/case.toml` with raw files beside it or
    /// in `fixtures/`. A check of the same id is replaced: a provider may tighten ours, and its answer says whose rule it was.
    ///
    /// # Errors
    /// [`AddError`] names the file and what is wrong with it.
    pub fn add(&mut self, path: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<(), AddError> {
        let folder = |what: &str| AddError::Folder { path: path.to_owned(), what: what.to_owned() };
        let text = files.get("check.toml").ok_or_else(|| folder("holds no check.toml"))?;
        let text = std::str::from_utf8(text).map_err(|_| folder("its check.toml is not UTF-8"))?;
        let file = format!("{path}/check.toml");
        let check = Check::parse(text).map_err(|source| AddError::Check { path: file, source })?;
        let fixtures = Fixture::all(files)
            .map_err(|(name, source)| AddError::Fixture { path: format!("{path}/{name}"), source })?;
        self.texts.insert(check.id.clone(), text.to_owned());
        self.checks.insert(check.id.clone(), (check, fixtures));
        Ok(())
    }
}

/// The checks that come with the program.
///
/// # Panics
/// Never: a test reads them all.
#[must_use]
pub fn embedded() -> CheckSet {
    let mut folders: BTreeMap<String, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
    for (path, bytes) in FILES {
        let mut parts = path.splitn(3, '/');
        let (Some(measure), Some(id), Some(file)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        folders.entry(format!("{measure}/{id}")).or_default().insert(file.to_owned(), bytes.to_vec());
    }
    let mut set = CheckSet::default();
    for (path, files) in &folders {
        if let Err(error) = set.add(path, files) {
            panic!("a check of ours is none: {error}");
        }
    }
    set
}

/// The texts of the checks that come with the program, their `check.toml`, by the folder that has the check's id.
pub(crate) fn embedded_texts() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    FILES
        .iter()
        .filter_map(|(path, bytes)| Some((path.strip_suffix("/check.toml")?.rsplit('/').next()?, *bytes)))
}
