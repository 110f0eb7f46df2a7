//! Checkpoints (C2SP tlog-checkpoint): origin, size and root of a log, as the text of a signed note.

use crate::hash::Hash;

/// The head of a log at a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// Why a text is no checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("checkpoint is not well formed: {what}")]
pub struct CheckpointError {
    what: &'static str,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// Reads the text in its one spelling. Extension lines are refused: nobody audits them.
    ///
    /// # Errors
    /// [`CheckpointError`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let wrong = |what| CheckpointError { what };
        let mut lines = text.split('\n');
        let mut line = || lines.next().filter(|l| !l.is_empty());
        let origin = line().ok_or_else(|| wrong("it has no origin"))?.to_owned();
        let size = line().and_then(|l| l.parse().ok()).ok_or_else(|| wrong("its size is no number"))?;
        let root =
            line().and_then(Hash::from_base64).ok_or_else(|| wrong("its root is no hash in base64"))?;
        let made = Self { origin, size, root };
        if made.text() == text { Ok(made) } else { Err(wrong("it has other lines, or another spelling")) }
    }
}
