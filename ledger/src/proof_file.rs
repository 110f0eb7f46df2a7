//! Proof files (C2SP tlog-proof): one entry's place in a log, offline and whole.

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::Hash;
use crate::note::{Note, NoteError, VerifierKey};
use crate::proof::{ProofError, verify_inclusion};
use base64::{Engine, prelude::BASE64_STANDARD};

const TITLE: &str = "c2sp.org/tlog-proof@v1";
/// Most hashes of a path: a log of 2^64 entries has no longer one.
const PATH_LIMIT: usize = 64;
/// Largest proof file, in bytes: the extra data may hold a record of 64 MiB.
const FILE_LIMIT_BYTES: usize = 96 << 20;

/// Why a file proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofFileError {
    /// It is no proof file in its one spelling.
    #[error("proof file is not well formed: {what}")]
    Malformed {
        /// What was met.
        what: &'static str,
    },
    /// Its checkpoint is no signed note, or not signed by this log.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Its signed text is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The path does not lead from the entry to the root.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// A proof that an entry stands in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFile {
    /// Opaque data, authenticated by nothing but what it leads to.
    pub extra: Option<Vec<u8>>,
    /// Index of the entry.
    pub index: u64,
    /// The inclusion proof, from the leaf's sibling up.
    pub path: Vec<Hash>,
    /// The checkpoint with its signatures.
    pub checkpoint: Note,
}

impl ProofFile {
    /// Reads a proof file in its one spelling.
    ///
    /// # Errors
    /// [`ProofFileError`] says what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofFileError> {
        let wrong = |what| ProofFileError::Malformed { what };
        if bytes.len() > FILE_LIMIT_BYTES {
            return Err(wrong("it is larger than 96 MiB"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8"))?;
        let (head, note) =
            text.split_once("\n\n").ok_or_else(|| wrong("no empty line stands before its checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(TITLE) {
            return Err(wrong("its first line is another one"));
        }
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            Some(data) => {
                lines.next();
                Some(BASE64_STANDARD.decode(data).map_err(|_| wrong("its extra data is not base64"))?)
            }
            None => None,
        };
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index = index.and_then(|i| i.parse().ok()).ok_or_else(|| wrong("it has no index"))?;
        let path: Option<Vec<Hash>> = lines.map(Hash::from_base64).collect();
        let path =
            path.filter(|p| p.len() <= PATH_LIMIT).ok_or_else(|| wrong("its path is no list of hashes"))?;
        let made = Self { extra, index, path, checkpoint: Note::parse(note.as_bytes())? };
        // INVARIANT: what was read is what would be written, so no bit of it is free.
        if made.to_bytes() == bytes { Ok(made) } else { Err(wrong("it is not in its one spelling")) }
    }

    /// The file as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = format!("{TITLE}\n");
        if let Some(extra) = &self.extra {
            out.push_str(&format!("extra {}\n", BASE64_STANDARD.encode(extra)));
        }
        out.push_str(&format!("index {}\n", self.index));
        for hash in &self.path {
            out.push_str(&format!("{hash}\n"));
        }
        out.push('\n');
        let mut out = out.into_bytes();
        out.extend(self.checkpoint.to_bytes());
        out
    }

    /// Checks that the leaf of this hash stands at the index under a checkpoint that one of these logs signed; gives that.
    ///
    /// # Errors
    /// [`ProofFileError`] says what does not hold.
    pub fn verify(&self, leaf: &Hash, logs: &[VerifierKey]) -> Result<Checkpoint, ProofFileError> {
        let checkpoint = Checkpoint::parse(self.checkpoint.verify(logs)?)?;
        // A key signs for the log of its own name only.
        let named = logs.iter().any(|key| {
            key.name() == checkpoint.origin && self.checkpoint.verify(std::slice::from_ref(key)).is_ok()
        });
        if !named {
            return Err(NoteError::Unsigned { name: checkpoint.origin }.into());
        }
        verify_inclusion(self.index, checkpoint.size, leaf, &self.path, &checkpoint.root)?;
        Ok(checkpoint)
    }
}
