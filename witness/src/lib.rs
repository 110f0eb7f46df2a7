//! Keeps the last state of a log that its owner believed, holds each new bundle against it, and cosigns what grew out of it.
//!
//! This is the customer's program, on the customer's machine. The provider can hand it anything; what it keeps changes only when a
//! bundle verifies, under the same key as the first time, and its log grew out of the state that is kept. So a log that shrank, was
//! set back, or was shown differently to somebody else is noticed here, whoever holds the provider's keys.
//!
//! TRUST: the key of the log, given or believed once; its own folder. Time and randomness are parameters.

mod state;

pub use state::{State, StateError, name_of};

use ledger::{CosignerVkey, Note, VerifierKey};
use std::path::Path;
use verify::{Head, KeyTrust, OpenError, Report};

/// Why nothing could be said.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The bundle cannot be opened at all.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What is kept cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// Another key is given than the one that this witness pinned.
    #[error(
        "this witness knows the log `{origin}` under the key with the fingerprint {kept}; the key given has {given}. A log does not change its key: ask the provider, by telephone or on paper"
    )]
    OtherKey {
        /// Which log.
        origin: String,
        /// Fingerprint of the pinned key.
        kept: String,
        /// Fingerprint of the given one.
        given: String,
    },
    /// The bundle does not say of which log it is, and no key was given.
    #[error("the bundle does not say of which log it is: give the log's key with --vkey")]
    Nameless,
}

/// What a check led to.
#[derive(Debug)]
pub struct Checked {
    /// What the verifier says of the bundle, the state that was kept among its heads.
    pub report: Report,
    /// Size of the log that was kept before; `None` the first time.
    pub before: Option<u64>,
    /// The checkpoint with this witness's cosignature, where it was believed.
    pub cosigned: Option<Note>,
    /// The key under which this witness cosigns.
    pub witness: CosignerVkey,
    /// Whether the key of the log was believed now, for the first time.
    pub first_sight: bool,
}

impl Checked {
    /// Whether the log grew or stayed, and verifies.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.report.ok() && self.cosigned.is_some()
    }
}

/// The key that a bundle brings.
fn own_key(bundle: &Path) -> Option<VerifierKey> {
    let bytes = std::fs::read(bundle.join("vkey")).ok().filter(|bytes| bytes.len() < 4_096)?;
    VerifierKey::parse(std::str::from_utf8(&bytes).ok()?.trim_end()).ok()
}

/// Holds a bundle against what is kept; keeps and cosigns its checkpoint when the log grew out of that or stayed. `seconds` is the
/// time of the cosignature, since 1970.
///
/// # Errors
/// [`CheckError`] when nothing could be said; a bundle that does not hold is no error, but a [`Checked`] that is not ok.
pub fn check(
    state: &mut State,
    bundle: &Path,
    vkey: Option<&VerifierKey>,
    seconds: u64,
) -> Result<Checked, CheckError> {
    let named = vkey.cloned().or_else(|| own_key(bundle)).ok_or(CheckError::Nameless)?;
    let kept = state.log(named.name())?;
    if let (Some(kept), Some(given)) = (&kept, vkey)
        && kept.vkey != *given
    {
        return Err(CheckError::OtherKey {
            origin: verify::clean(given.name()),
            kept: kept.vkey.fingerprint(),
            given: given.fingerprint(),
        });
    }
    let heads: Vec<Head> = kept
        .iter()
        .map(|k| Head { name: "what this witness kept".into(), note: k.note.to_bytes() })
        .collect();
    let pinned = kept.as_ref().map(|k| &k.vkey).or(vkey);
    let report = verify::bundle_with(bundle, pinned, &heads)?;
    let before = kept.as_ref().map(|k| k.size);
    let first_sight = kept.is_none() && !matches!(report.key, KeyTrust::Pinned);
    let mut checked = Checked { report, before, cosigned: None, witness: state.vkey(), first_sight };
    if checked.report.ok()
        && let Some(verified) = checked.report.checkpoint.clone()
    {
        let key = pinned.cloned().unwrap_or(named);
        checked.cosigned = Some(state.keep(bundle, (&key, &verified), before, seconds)?);
    }
    Ok(checked)
}
