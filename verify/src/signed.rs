//! Opens a signed text: is it one, and did the log's key sign it?

use crate::report::{CHANGED, Findings, OTHER, Stage, clean};
use crate::words;
use ledger::{Note, NoteError, VerifierKey};

/// Which of the two signed texts of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The list of a bundle's files.
    Manifest,
    /// The log's state.
    Checkpoint,
}

impl Kind {
    /// What people call it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Manifest => "signed list of the bundle's files (manifest)",
            Self::Checkpoint => "signed state of the log (checkpoint)",
        }
    }

    fn stage(self) -> Stage {
        match self {
            Self::Manifest => Stage::Manifest,
            Self::Checkpoint => Stage::Checkpoint,
        }
    }
}

/// What came out.
pub(crate) struct Opened {
    /// The text, if there is one. Only believed when `signed`.
    pub(crate) text: Option<String>,
    /// Whether the key signed it.
    pub(crate) signed: bool,
}

/// Opens the bytes of a note. What is wrong becomes a finding; that there is no key at all is told elsewhere.
pub(crate) fn open(
    bytes: &[u8],
    key: Option<&VerifierKey>,
    kind: Kind,
    path: &str,
    findings: &mut Findings,
) -> Opened {
    let what = kind.words();
    let mut tell = |threat, message: String| findings.add(kind.stage(), threat, None, Some(path), message);
    let note = match Note::parse(bytes) {
        Ok(note) => note,
        Err(error) => {
            tell(
                CHANGED,
                format!("The {what} is not a signed text, or is damaged: {error}. {}", words::CHANGED_NEXT),
            );
            return Opened { text: None, signed: false };
        }
    };
    // A checkpoint may carry cosignatures; its bytes are bound by the manifest. Nothing binds a manifest's.
    if kind == Kind::Manifest && note.signatures().len() != 1 {
        tell(
            CHANGED,
            format!(
                "The {what} carries {} signatures and must carry one, the log's. {}",
                note.signatures().len(),
                words::CHANGED_NEXT
            ),
        );
    }
    let signed = match key.map(|key| (key, note.verify(std::slice::from_ref(key)).map(|_| ()))) {
        None => false,
        Some((_, Ok(()))) => true,
        Some((key, Err(NoteError::Unsigned { .. }))) => {
            let who = note.signatures().first().map_or_else(String::new, |s| clean(&s.name));
            tell(
                OTHER,
                format!(
                    "The {what} is not signed with the expected key (of `{}`, fingerprint {}), but with another one (of `{who}`). {}",
                    clean(key.name()),
                    key.fingerprint(),
                    words::OTHER_NEXT,
                ),
            );
            false
        }
        Some((_, Err(error))) => {
            tell(
                CHANGED,
                format!(
                    "The signature under the {what} does not hold, so its text was changed after it was signed, or the signature was: {}. {}",
                    clean(&error.to_string()),
                    words::CHANGED_NEXT
                ),
            );
            false
        }
    };
    Opened { text: Some(note.text().to_owned()), signed }
}
