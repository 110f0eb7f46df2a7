//! Transparency logs: RFC 6962 trees, C2SP tiles, signed notes and checkpoints, proofs, and the type of what is sealed.
//!
//! Leaves are appended to a [`Tree`]; a [`Log`] signs its head as a [`Checkpoint`]; whoever knows the [`VerifierKey`]
//! can check it, and with a proof that a leaf is in it ([`proof::verify_inclusion`]) or that the log only grew
//! ([`proof::verify_consistency`]). There is no storage, no network, no server and no clock here.
//!
//! ```
//! use ledger::{Checkpoint, SigningKey, Tree, commitment, leaf_hash, proof};
//!
//! let mut tree = Tree::new();
//! for record in ["one", "two", "three"] {
//!     tree.append(leaf_hash(&commitment(&[7; 16], record.as_bytes())));
//! }
//! let key = SigningKey::from_seed("example.org/log", &[1; 32])?;
//! let head = Checkpoint { origin: "example.org/log".into(), size: tree.size(), root: tree.root() };
//! let note = key.sign(&head.text())?;
//!
//! let believed = Checkpoint::parse(note.verify(&[key.vkey()])?)?;
//! let leaf = leaf_hash(&commitment(&[7; 16], b"two"));
//! let path = tree.inclusion_proof(1, &[]).expect("there is a leaf 1");
//! proof::verify_inclusion(1, believed.size, &leaf, &path, &believed.root)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod checkpoint;
mod cosignature;
mod hash;
mod note;
mod policy;
pub mod proof;
mod proof_file;
mod sealed;
pub mod tile;
mod tree;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use cosignature::{CosignError, CosignerKey, CosignerVkey};
pub use hash::{Hash, Salt, commitment, leaf_hash, node_hash};
pub use note::{Note, NoteError, NoteSignature, SigningKey, VerifierKey};
pub use policy::{Policy, PolicyError, Unsatisfied};
pub use proof_file::{ProofFile, ProofFileError};
pub use sealed::{Log, Place, SealError, Sealed, Standing, StandingError, Unsealed};
pub use tree::{Tree, root_of};

/// Leaves in a page: one tile of C2SP tlog-tiles.
pub const PAGE: u64 = 256;
