//! Signed notes with Ed25519 (C2SP signed-note): a text that anybody with the verifier key can check.
//!
//! TRUST: none in the bytes. A note is read only in its one canonical spelling, so that no bit of it is free.

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use sha2::{Digest, Sha256};
use std::fmt;

/// Largest note, in bytes.
const NOTE_LIMIT_BYTES: usize = 1 << 20;
/// Most signatures on a note; the specification asks for at least 16.
const SIGNATURE_LIMIT: usize = 64;
/// Ed25519 in the registry of signature types.
const ED25519: u8 = 0x01;
/// Em dash and space, before each signature.
const DASH: &str = "\u{2014} ";

/// Why a note or key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a note at all.
    #[error("note is not well formed: {what}")]
    Malformed {
        /// What was met.
        what: &'static str,
    },
    /// Not a key, or not of a type that is used here.
    #[error("verifier key is not well formed: {what}")]
    Key {
        /// What was met.
        what: &'static str,
    },
    /// No signature of a known key.
    #[error("note carries no signature of `{name}`")]
    Unsigned {
        /// Name of the first key that was asked for.
        name: String,
    },
    /// A signature of a known key does not hold.
    #[error("signature of `{name}` does not hold: the text was changed, or another key signed it")]
    Forged {
        /// Name of the key.
        name: String,
    },
}

pub(crate) fn check_name(name: &str) -> Result<(), NoteError> {
    let bad = |c: char| c.is_whitespace() || c == '+' || c.is_control();
    if name.is_empty() || name.contains(bad) {
        return Err(NoteError::Key { what: "its name is empty or holds a space, plus or control character" });
    }
    Ok(())
}

fn key_id(name: &str, key: &[u8; 32]) -> u32 {
    key_id_of(name, ED25519, key)
}

/// The first four bytes of a hash over name, type and key.
pub(crate) fn key_id_of(name: &str, kind: u8, key: &[u8; 32]) -> u32 {
    let hash = Sha256::new().chain_update(name).chain_update([b'\n', kind]).chain_update(key).finalize();
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

/// A key that signs notes. No `Debug`, no `Display`; wiped when dropped.
#[derive(Clone)]
pub struct SigningKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// A key of a name and a seed of 32 secret bytes (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// [`NoteError::Key`] when the name is empty or holds a space, plus or control character.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), key: ed25519_dalek::SigningKey::from_bytes(seed) })
    }

    /// The public half.
    #[must_use]
    pub fn vkey(&self) -> VerifierKey {
        let key = self.key.verifying_key();
        VerifierKey { name: self.name.clone(), id: key_id(&self.name, key.as_bytes()), key }
    }

    pub(crate) fn verifying_key(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    pub(crate) fn sign_bytes(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).to_bytes()
    }

    /// Signs a text, which must end in a newline.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] when the text cannot be a note's.
    pub fn sign(&self, text: &str) -> Result<Note, NoteError> {
        check_text(text)?;
        let signature = self.key.sign(text.as_bytes()).to_bytes().to_vec();
        let vkey = self.vkey();
        let line = NoteSignature { name: vkey.name, id: vkey.id, signature };
        Ok(Note { text: text.to_owned(), signatures: vec![line] })
    }
}

/// The public half of a key: what a customer pins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Reads a verifier key line: `<name>+<key id>+<type and key in base64>`.
    ///
    /// # Errors
    /// [`NoteError::Key`] says what is wrong with it.
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        let wrong = |what| NoteError::Key { what };
        let mut parts = line.splitn(3, '+');
        let (name, id, key) = match (parts.next(), parts.next(), parts.next()) {
            (Some(name), Some(id), Some(key)) => (name, id, key),
            _ => return Err(wrong("it has not three parts with `+` between them")),
        };
        check_name(name)?;
        let bytes = BASE64_STANDARD.decode(key).map_err(|_| wrong("its last part is not base64"))?;
        let key = match bytes.split_first() {
            Some((&ED25519, key)) => key,
            _ => return Err(wrong("it is not of type Ed25519")),
        };
        let key: &[u8; 32] = key.try_into().map_err(|_| wrong("its key has not 32 bytes"))?;
        let made = Self {
            name: name.to_owned(),
            id: key_id(name, key),
            key: VerifyingKey::from_bytes(key).map_err(|_| wrong("its key is no point of the curve"))?,
        };
        if format!("{:08x}", made.id) != id {
            return Err(wrong("its key id is not the one of its name and key"));
        }
        Ok(made)
    }

    /// The name that signatures carry; for a log, its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn bytes(&self) -> [u8; 32] {
        *self.key.as_bytes()
    }

    /// SHA-256 of the public key, in eight groups of hexadecimal digits, to be read aloud and compared.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hash = Sha256::digest(self.key.as_bytes());
        let group = |four: &[u8]| four.iter().map(|b| format!("{b:02x}")).collect::<String>();
        hash.chunks(4).map(group).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend(self.key.as_bytes());
        write!(f, "{}+{:08x}+{}", self.name, self.id, BASE64_STANDARD.encode(bytes))
    }
}

/// One signature on a note, of any type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// Name of the key.
    pub name: String,
    /// Key id.
    pub id: u32,
    /// The bytes behind the key id.
    pub signature: Vec<u8>,
}

/// A text with signatures. Reading one says nothing yet: only [`Note::verify`] gives the text out as believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Malformed { what: "its text does not end in a newline" });
    }
    if text.chars().any(|c| c < ' ' && c != '\n') {
        return Err(NoteError::Malformed { what: "it holds a control character" });
    }
    Ok(())
}

impl Note {
    /// Reads a note in its one canonical spelling.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] says what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        let wrong = |what| NoteError::Malformed { what };
        if bytes.len() > NOTE_LIMIT_BYTES {
            return Err(wrong("it is larger than 1 MiB"));
        }
        let all = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8"))?;
        let at = all.rfind("\n\n").ok_or_else(|| wrong("no empty line stands before its signatures"))?;
        let (text, lines) = (&all[..=at], &all[at + 2..]);
        check_text(text)?;
        let body = lines.strip_suffix('\n').ok_or_else(|| wrong("its last line does not end"))?;
        let mut signatures = vec![];
        for line in body.split('\n') {
            let rest = line
                .strip_prefix(DASH)
                .ok_or_else(|| wrong("a signature line does not begin with a dash"))?;
            let (name, signature) =
                rest.split_once(' ').ok_or_else(|| wrong("a signature line has no signature"))?;
            check_name(name).map_err(|_| wrong("a signature has no good name"))?;
            let bytes = BASE64_STANDARD.decode(signature).map_err(|_| wrong("a signature is not base64"))?;
            let (id, signature) =
                bytes.split_first_chunk::<4>().ok_or_else(|| wrong("a signature is too short"))?;
            if signature.is_empty() {
                return Err(wrong("a signature is too short"));
            }
            let id = u32::from_be_bytes(*id);
            signatures.push(NoteSignature { name: name.to_owned(), id, signature: signature.to_vec() });
            if signatures.len() > SIGNATURE_LIMIT {
                return Err(wrong("it has more than 64 signatures"));
            }
        }
        let note = Self { text: text.to_owned(), signatures };
        // INVARIANT: what was read is what would be written, so no bit of it is free.
        if note.to_bytes() == bytes { Ok(note) } else { Err(wrong("it is not in its canonical spelling")) }
    }

    /// Cuts notes that lie behind each other in one file into the bytes of each: a line that is no signature, behind one that is, begins the
    /// next. Nothing is checked.
    #[must_use]
    pub fn split(bytes: &[u8]) -> Vec<&[u8]> {
        let (mut notes, mut begun, mut at, mut signed) = (vec![], 0, 0, false);
        for line in bytes.split_inclusive(|&b| b == b'\n') {
            let signature = line.starts_with(DASH.as_bytes());
            if signed && !signature {
                notes.push(&bytes[begun..at]);
                begun = at;
            }
            signed = signature;
            at += line.len();
        }
        if begun < bytes.len() {
            notes.push(&bytes[begun..]);
        }
        notes
    }

    /// The text, believed by nobody yet.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, in their order.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Takes over the signatures of another note over the same text.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] when the texts differ or there would be too many.
    pub fn merge(&mut self, other: &Self) -> Result<(), NoteError> {
        if other.text != self.text {
            return Err(NoteError::Malformed { what: "the other note has another text" });
        }
        for signature in &other.signatures {
            if !self.signatures.contains(signature) {
                self.signatures.push(signature.clone());
            }
        }
        if self.signatures.len() > SIGNATURE_LIMIT {
            return Err(NoteError::Malformed { what: "it has more than 64 signatures" });
        }
        Ok(())
    }

    /// Adds a signature, such as a cosignature.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] when there would be too many.
    pub fn push(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.len() >= SIGNATURE_LIMIT {
            return Err(NoteError::Malformed { what: "it has more than 64 signatures" });
        }
        if !self.signatures.contains(&signature) {
            self.signatures.push(signature);
        }
        Ok(())
    }

    /// The note as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = format!("{}\n", self.text);
        for line in &self.signatures {
            let mut bytes = line.id.to_be_bytes().to_vec();
            bytes.extend(&line.signature);
            out.push_str(&format!("{DASH}{} {}\n", line.name, BASE64_STANDARD.encode(bytes)));
        }
        out.into_bytes()
    }

    /// The text, if it stands under a signature of one of `keys`. Signatures of unknown keys are ignored; one of a
    /// known key that does not hold refuses the whole note.
    ///
    /// # Errors
    /// [`NoteError::Unsigned`] or [`NoteError::Forged`].
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<&str, NoteError> {
        let mut held = false;
        for line in &self.signatures {
            for key in keys.iter().filter(|k| k.name == line.name && k.id == line.id) {
                let forged = || NoteError::Forged { name: line.name.clone() };
                let signature = Signature::from_slice(&line.signature).map_err(|_| forged())?;
                key.key.verify_strict(self.text.as_bytes(), &signature).map_err(|_| forged())?;
                held = true;
            }
        }
        let name = || keys.first().map_or_else(String::new, |k| k.name.clone());
        if held { Ok(&self.text) } else { Err(NoteError::Unsigned { name: name() }) }
    }
}
