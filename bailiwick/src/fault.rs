//! What the program says when something is wrong: what, why, what next, and with which exit code it ends.

use crate::codes;
use custody::{ExportError, HomeError, OpenError, ReadError, SealError};
use std::fmt::Write as _;

/// How the program ends. The order is the rank: where several hold, the greatest is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// All well.
    Ok,
    /// Evidence or input incomplete.
    Incomplete,
    /// Findings.
    Findings,
    /// The machine or its files.
    Environment,
    /// Tampering.
    Tampered,
    /// Ctrl-C.
    Interrupted,
    /// The command line was wrong; nothing was done.
    Usage,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Tampered => 4,
            Self::Environment => 5,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// A fault that ends a command.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) exit: Exit,
    pub(crate) code: &'static str,
    /// What failed, where and why.
    pub(crate) what: String,
    /// What to do next.
    pub(crate) next: String,
}

impl Fault {
    pub(crate) fn new(
        exit: Exit,
        code: &'static str,
        what: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { exit, code, what: what.into(), next: next.into() }
    }

    pub(crate) fn usage(code: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Exit::Usage, code, what, next)
    }

    /// What was to go to standard output did not all get there.
    pub(crate) fn unwritten(error: &std::io::Error) -> Self {
        let what = format!("standard output cannot be written: {error}; what is there is not all of it");
        Self::new(Exit::Environment, "BW-5003", what, "look at the space where it goes, then ask again")
    }

    /// The lines for standard error.
    pub(crate) fn shown(&self) -> String {
        let mut text = format!("error: {}\n", self.what);
        if !self.next.is_empty() {
            let _ = writeln!(text, "  next: {}", self.next);
        }
        let title = codes::find(self.code).map_or("", |c| c.title);
        let _ = writeln!(text, "  {}: {title}; `bailiwick explain {}` says more", self.code, self.code);
        text
    }
}

/// `; did you mean …?` when one of the known words is near to what was given; else nothing.
pub(crate) fn near<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let given = given.to_lowercase();
    let best = known.into_iter().map(|word| (strsim::damerau_levenshtein(&given, word), word)).min();
    let best = best.filter(|(distance, word)| *distance <= 2.max(word.len() / 4));
    best.map_or_else(String::new, |(_, word)| format!("; did you mean `{word}`?"))
}

/// An error with its causes, one behind the other.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            let _ = write!(text, ": {inner_text}");
        }
        cause = inner.source();
    }
    text
}

impl From<OpenError> for Fault {
    fn from(error: OpenError) -> Self {
        let what = with_causes(&error);
        match error {
            OpenError::Missing { .. } | OpenError::Damaged { .. } => Self::new(
                Exit::Tampered,
                "BW-4001",
                what,
                "run `bailiwick verify` to have every place named; do not write to this vault",
            ),
            OpenError::Key(_) => {
                Self::new(Exit::Environment, "BW-5002", what, "bring back the folder `keys` from its backup")
            }
            OpenError::Io { .. } => {
                Self::new(Exit::Environment, "BW-5003", what, "look at rights, space and the medium")
            }
        }
    }
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        Self::new(
            Exit::Tampered,
            "BW-4001",
            with_causes(&error),
            "run `bailiwick verify` to have every place named",
        )
    }
}

impl From<SealError> for Fault {
    fn from(error: SealError) -> Self {
        Self::new(
            Exit::Environment,
            "BW-5005",
            with_causes(&error),
            "give the same files again once the machine is well; what was sealed before is noticed",
        )
    }
}

impl From<ExportError> for Fault {
    fn from(error: ExportError) -> Self {
        let what = with_causes(&error);
        match error {
            ExportError::NotEmpty { .. } => Self::usage("BW-1012", what, "name an empty or new folder"),
            ExportError::Since { .. } => {
                Self::usage("BW-1010", what, "`bailiwick ledger show` says how many records there are")
            }
            ExportError::Read(error) => error.into(),
            ExportError::Sign { .. } => Self::new(Exit::Environment, "BW-5002", what, ""),
            ExportError::Disk { .. } => Self::new(
                Exit::Environment,
                "BW-5003",
                what,
                "look at rights and space, then export into a new folder",
            ),
        }
    }
}

impl From<HomeError> for Fault {
    fn from(error: HomeError) -> Self {
        let what = with_causes(&error);
        let environment = |code, next: &str| Self::new(Exit::Environment, code, what.clone(), next);
        match error {
            HomeError::Exists { .. } => Self::usage(
                "BW-1003",
                format!("{what}; nothing was changed"),
                "name another folder with `--home DIR`",
            ),
            HomeError::Missing => Self::usage(
                "BW-1002",
                what,
                "run `bailiwick init --provider NAME` first, or name the home with `--home DIR`",
            ),
            HomeError::Name { .. } => Self::usage("BW-1006", what, "use a name with a letter or digit in it"),
            HomeError::NoCustomer { id, known } => {
                let near =
                    known.iter().map(|k| (strsim::damerau_levenshtein(k.as_str(), id.as_str()), k)).min();
                let near = near
                    .filter(|(distance, _)| *distance <= 2)
                    .map(|(_, k)| format!("; did you mean `{k}`?"));
                let next = "`bailiwick customer ls` lists the customers";
                Self::usage("BW-1004", format!("{what}{}", near.unwrap_or_default()), next)
            }
            HomeError::CustomerExists { id } => Self::usage(
                "BW-1005",
                format!("{what}; nothing was changed"),
                format!("`bailiwick customer show {id}` shows it"),
            ),
            HomeError::Damaged { .. } => environment("BW-5004", "bring the file back from a backup"),
            HomeError::Lock(custody::disk::LockError::Held { .. }) => {
                environment("BW-5001", "wait until it ends; what only reads goes on meanwhile")
            }
            HomeError::Lock(custody::disk::LockError::Io(_)) | HomeError::Io { .. } => {
                environment("BW-5003", "look at rights, space and the medium")
            }
            HomeError::Key(_) => environment("BW-5002", "bring back the folder `keys` from its backup"),
            HomeError::Seal(error) => error.into(),
            HomeError::Open(error) => error.into(),
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Environment, "BW-5003", with_causes(&error), "look at rights, space and the medium")
    }
}
