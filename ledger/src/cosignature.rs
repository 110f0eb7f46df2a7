//! Cosignatures (C2SP tlog-cosignature, Ed25519): a witness says that at a time this was the largest consistent head it had seen.
//! Signatures of other types, ML-DSA-44 among them, are carried and say nothing here.

use crate::checkpoint::Checkpoint;
use crate::note::{Note, NoteError, NoteSignature, SigningKey, VerifierKey, check_name, key_id_of};
use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use std::fmt;

/// Ed25519 cosignatures in the registry of signature types.
const COSIGNATURE: u8 = 0x04;
/// Times beyond this are no times.
const TIME_LIMIT: u64 = i64::MAX.cast_unsigned();

/// Why a checkpoint was not cosigned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignError {
    /// The text is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] crate::CheckpointError),
    /// The time is beyond what a signature can carry.
    #[error("time {seconds} cannot stand in a cosignature")]
    Time {
        /// Seconds since 1970.
        seconds: u64,
    },
}

fn message(text: &str, seconds: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {seconds}\n{text}").into_bytes()
}

/// A witness's key. It must sign nothing but cosignatures. No `Debug`, no `Display`; wiped when dropped.
pub struct CosignerKey(SigningKey);

impl CosignerKey {
    /// A key of a name and a seed of 32 secret bytes.
    ///
    /// # Errors
    /// [`NoteError::Key`] when the name cannot stand in a signature.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        SigningKey::from_seed(name, seed).map(Self)
    }

    /// The public half.
    #[must_use]
    pub fn vkey(&self) -> CosignerVkey {
        CosignerVkey::of(self.0.vkey().name(), self.0.verifying_key())
    }

    /// Cosigns a checkpoint: adds the signature to the note. The caller has checked that it extends what was seen before.
    ///
    /// # Errors
    /// [`CosignError`] when the note is no checkpoint.
    pub fn cosign(&self, note: &Note, seconds: u64) -> Result<NoteSignature, CosignError> {
        Checkpoint::parse(note.text())?;
        if seconds > TIME_LIMIT {
            return Err(CosignError::Time { seconds });
        }
        let mut signature = seconds.to_be_bytes().to_vec();
        signature.extend(self.0.sign_bytes(&message(note.text(), seconds)));
        let vkey = self.vkey();
        Ok(NoteSignature { name: vkey.name, id: vkey.id, signature })
    }
}

/// A witness's public key: a signed-note vkey line of type 0x04.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CosignerVkey {
    name: String,
    id: u32,
    key: VerifyingKey,
}

impl CosignerVkey {
    fn of(name: &str, key: VerifyingKey) -> Self {
        Self { name: name.to_owned(), id: key_id_of(name, COSIGNATURE, key.as_bytes()), key }
    }

    /// Reads a vkey line.
    ///
    /// # Errors
    /// [`NoteError::Key`] says what is wrong with it.
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        let wrong = |what| NoteError::Key { what };
        let mut parts = line.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong("it has not three parts with `+` between them"));
        };
        check_name(name)?;
        let bytes = BASE64_STANDARD.decode(key).map_err(|_| wrong("its last part is not base64"))?;
        let key: &[u8; 32] = match bytes.split_first() {
            Some((&COSIGNATURE, key)) => key.try_into().map_err(|_| wrong("its key has not 32 bytes"))?,
            _ => return Err(wrong("it is not of type Ed25519 cosignature (0x04)")),
        };
        let key = VerifyingKey::from_bytes(key).map_err(|_| wrong("its key is no point of the curve"))?;
        let made = Self::of(name, key);
        if made.to_string() == line {
            Ok(made)
        } else {
            Err(wrong("its key id is not the one of its name and key"))
        }
    }

    /// The name that its signatures carry.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn bytes(&self) -> [u8; 32] {
        *self.key.as_bytes()
    }

    /// When this witness cosigned the checkpoint, in seconds since 1970; `None` when it did not.
    ///
    /// # Errors
    /// [`NoteError::Forged`] when a signature of its name and id does not hold.
    pub fn cosigned(&self, note: &Note) -> Result<Option<u64>, NoteError> {
        let mut latest = None;
        for line in note.signatures().iter().filter(|l| l.name == self.name && l.id == self.id) {
            let forged = || NoteError::Forged { name: line.name.clone() };
            let (seconds, signature) = line.signature.split_first_chunk::<8>().ok_or_else(forged)?;
            let seconds = u64::from_be_bytes(*seconds);
            let signature = Signature::from_slice(signature).map_err(|_| forged())?;
            let held = self.key.verify_strict(&message(note.text(), seconds), &signature);
            if seconds > TIME_LIMIT || held.is_err() {
                return Err(forged());
            }
            latest = latest.max(Some(seconds));
        }
        Ok(latest)
    }
}

impl fmt::Display for CosignerVkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![COSIGNATURE];
        bytes.extend(self.key.as_bytes());
        write!(f, "{}+{:08x}+{}", self.name, self.id, BASE64_STANDARD.encode(bytes))
    }
}

/// A key of either type, as its line says.
pub(crate) fn public_bytes(line: &str) -> Option<[u8; 32]> {
    CosignerVkey::parse(line).map(|k| k.bytes()).or_else(|_| VerifierKey::parse(line).map(|k| k.bytes())).ok()
}
