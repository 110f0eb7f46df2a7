//! The type of what is sealed. A [`Sealed`] is made here only: by putting leaves under a new checkpoint ([`Log`]),
//! or by finding them under a verified one ([`Standing`]).

use crate::PAGE;
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::Hash;
use crate::note::{Note, NoteError, SigningKey, VerifierKey};
use crate::tree::{Tree, root_of};

/// What is to be sealed: it alone turns into a [`Sealed`], and its own leaf hashes are what goes under the checkpoint.
pub trait Unsealed {
    /// What comes out once it is sealed.
    type Value;

    /// Index of its first leaf.
    fn first(&self) -> u64;

    /// Its leaf hashes, in order.
    fn leaf_hashes(&self) -> Vec<Hash>;

    /// Gives the value; called only once its leaves stand under a checkpoint.
    fn release(self) -> Self::Value;
}

/// Where a sealed value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which log.
    pub origin: String,
    /// Index of its first leaf.
    pub first: u64,
    /// How many leaves it has.
    pub count: u64,
    /// Size of the checkpoint that it stands under.
    pub size: u64,
    /// Root of that checkpoint.
    pub root: Hash,
}

/// A value that stands under a checkpoint, with its place. Nobody outside this module can make one:
///
/// ```compile_fail
/// let place = ledger::Place { origin: "o".into(), first: 0, count: 1, size: 1, root: ledger::root_of(&[]) };
/// let forged = ledger::Sealed { value: "never sealed", place };
/// ```
///
/// The twin that compiles differs only in not making one:
/// ```
/// let place = ledger::Place { origin: "o".into(), first: 0, count: 1, size: 1, root: ledger::root_of(&[]) };
/// let honest: Option<ledger::Sealed<&str>> = None;
/// # assert!(honest.is_none() && place.first == 0);
/// ```
#[derive(Debug)]
pub struct Sealed<T> {
    value: T,
    place: Place,
}

impl<T> Sealed<T> {
    /// The value.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The value, no longer as a sealed one.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }
}

/// Why a batch was not put under a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The batch belongs to another place.
    #[error("batch begins at {first}, the log ends at {size}")]
    Place {
        /// Where the batch begins.
        first: u64,
        /// Where the log ends.
        size: u64,
    },
    /// The checkpoint cannot be signed.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// The writing side of a log.
pub struct Log {
    origin: String,
    tree: Tree,
    key: SigningKey,
    /// Signs each checkpoint beside the log's own key.
    second: Option<SigningKey>,
}

impl Log {
    /// A log with this tree, whose checkpoints `key` signs.
    ///
    /// # Errors
    /// [`NoteError`] when the origin cannot stand in a checkpoint.
    pub fn open(origin: &str, tree: Tree, key: SigningKey) -> Result<Self, NoteError> {
        let checked = Checkpoint { origin: origin.to_owned(), size: 0, root: root_of(&[]) };
        if Checkpoint::parse(&checked.text()).is_err() {
            return Err(NoteError::Malformed { what: "the origin is empty or holds a newline" });
        }
        key.sign(&checked.text())?;
        Ok(Self { origin: origin.to_owned(), tree, key, second: None })
    }

    /// From now on this key signs each checkpoint too: a key that is destroyed sooner than the log's own.
    pub fn sign_with(&mut self, second: SigningKey) {
        self.second = Some(second);
    }

    /// Puts a batch under a new checkpoint. The note must reach the disk before the value is used.
    ///
    /// # Errors
    /// [`SealError::Place`], and the log is as before. (A text that cannot be signed was refused by [`Log::open`].)
    pub fn seal<U: Unsealed>(&mut self, batch: U) -> Result<(Sealed<U::Value>, Note), SealError> {
        let (first, size) = (batch.first(), self.tree.size());
        if first != size {
            return Err(SealError::Place { first, size });
        }
        let leaves = batch.leaf_hashes();
        let count = leaves.len() as u64;
        leaves.into_iter().for_each(|leaf| self.tree.append(leaf));
        let checkpoint = self.checkpoint();
        let mut note = self.key.sign(&checkpoint.text())?;
        if let Some(second) = &self.second {
            note.merge(&second.sign(&checkpoint.text())?)?;
        }
        let Checkpoint { origin, size, root } = checkpoint;
        Ok((Sealed { value: batch.release(), place: Place { origin, first, count, size, root } }, note))
    }

    /// The checkpoint as it stands.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { origin: self.origin.clone(), size: self.tree.size(), root: self.tree.root() }
    }

    /// The tree as it stands.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The public key of the log.
    #[must_use]
    pub fn vkey(&self) -> VerifierKey {
        self.key.vkey()
    }
}

/// Why a tree or a batch does not stand under a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StandingError {
    /// The checkpoint's signature does not hold.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The signed text is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint is of another log.
    #[error("checkpoint is of `{found}`")]
    Origin {
        /// Its origin.
        found: String,
    },
    /// The tree is not the one of the checkpoint.
    #[error("records are not those of the checkpoint: it stands for {size} with another root")]
    Tree {
        /// Size of the checkpoint.
        size: u64,
    },
    /// The batch does not consist of whole pages of this tree.
    #[error("leaves {first} to {end} are not whole pages of the log")]
    Pages {
        /// First leaf.
        first: u64,
        /// Leaf behind the last.
        end: u64,
    },
    /// The leaves are others than those under the checkpoint.
    #[error("records {from} to {to} are not those that were sealed")]
    Other {
        /// First record of the page.
        from: u64,
        /// Last record of the page.
        to: u64,
    },
}

/// The reading side: a tree that stands under a verified checkpoint.
pub struct Standing {
    checkpoint: Checkpoint,
    tree: Tree,
}

impl Standing {
    /// Checks the note's signature and origin, and that the tree is the one it stands for.
    ///
    /// # Errors
    /// [`StandingError`] says what does not hold.
    pub fn verify(note: &Note, key: &VerifierKey, origin: &str, tree: Tree) -> Result<Self, StandingError> {
        let checkpoint = Checkpoint::parse(note.verify(std::slice::from_ref(key))?)?;
        if checkpoint.origin != origin {
            return Err(StandingError::Origin { found: checkpoint.origin });
        }
        if (tree.size(), tree.root()) != (checkpoint.size, checkpoint.root) {
            return Err(StandingError::Tree { size: checkpoint.size });
        }
        Ok(Self { checkpoint, tree })
    }

    /// The checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The tree.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Takes in a batch whose leaves are those under the checkpoint: whole pages, or up to the log's end.
    ///
    /// # Errors
    /// [`StandingError::Pages`] or [`StandingError::Other`].
    pub fn admit<U: Unsealed>(&self, batch: U) -> Result<Sealed<U::Value>, StandingError> {
        let first = batch.first();
        let leaves = batch.leaf_hashes();
        let size = self.tree.size();
        let end = first.checked_add(leaves.len() as u64).filter(|&end| end <= size);
        let whole = |end: &u64| first.is_multiple_of(PAGE) && (end.is_multiple_of(PAGE) || *end == size);
        let end = end
            .filter(whole)
            .ok_or(StandingError::Pages { first, end: first.saturating_add(leaves.len() as u64) })?;
        for (number, page) in (first / PAGE..).zip(leaves.chunks(256)) {
            let stored = usize::try_from(number).ok().and_then(|n| self.tree.page_roots().get(n));
            let same = match stored {
                Some(root) => root_of(page) == *root,
                None => page == self.tree.open_page(),
            };
            if !same {
                let from = number * PAGE;
                return Err(StandingError::Other { from, to: from + page.len() as u64 - 1 });
            }
        }
        let place = Place {
            origin: self.checkpoint.origin.clone(),
            first,
            count: end - first,
            size,
            root: self.checkpoint.root,
        };
        Ok(Sealed { value: batch.release(), place })
    }
}
