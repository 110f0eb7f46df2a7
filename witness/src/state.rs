//! What a witness keeps: its own key, and of each log the key and the last checkpoint that it believed.
//!
//! ```text
//! lock                         held while a check runs
//! witness.key                  `bailiwick-witness-key-v1`, its name, 32 secret bytes in hexadecimal; for its owner only
//! logs/<origin, / as +>/vkey   the log's key, pinned
//! logs/<origin, / as +>/checkpoint   the last one believed, cosigned
//! ```
#![expect(
    clippy::disallowed_methods,
    reason = "the witness keeps its own small state, on a machine that is not the provider's"
)]

use ledger::{Checkpoint, CosignerKey, CosignerVkey, Note, SigningKey, VerifierKey};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const KEY_FORM: &str = "bailiwick-witness-key-v1";
/// Longest file that is read.
const FILE_LIMIT: u64 = 1 << 20;

/// Why the state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another check is running.
    #[error("another check is using `{folder}`")]
    Busy {
        /// Which folder.
        folder: String,
    },
    /// A file is not what was written.
    #[error(
        "`{file}` is damaged: {why}. Bring it back from a copy; without it this witness does not know what it believed"
    )]
    Damaged {
        /// Which file.
        file: String,
        /// What was met.
        why: String,
    },
    /// Somebody changed the state or the bundle meanwhile.
    #[error("the kept state or the bundle changed while the check ran; check again")]
    Changed,
    /// The machine refuses.
    #[error("`{file}` cannot be read or written: {source}")]
    Io {
        /// Which file.
        file: String,
        /// What the machine says.
        source: io::Error,
    },
}

/// What is kept of one log.
pub(crate) struct Log {
    pub(crate) vkey: VerifierKey,
    pub(crate) note: Note,
    pub(crate) size: u64,
}

/// The folder of a witness, held while this lives.
pub struct State {
    folder: PathBuf,
    key: CosignerKey,
    _lock: File,
}

fn failed(path: &Path) -> impl Fn(io::Error) -> StateError {
    let file = verify::clean(&path.to_string_lossy());
    move |source| StateError::Io { file: file.clone(), source }
}

fn damaged(path: &Path, why: impl ToString) -> StateError {
    StateError::Damaged { file: verify::clean(&path.to_string_lossy()), why: verify::clean(&why.to_string()) }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, StateError> {
    let mut bytes = vec![];
    match File::open(path) {
        Ok(file) => file.take(FILE_LIMIT).read_to_end(&mut bytes).map_err(failed(path))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(path)(error)),
    };
    Ok(Some(bytes))
}

/// Writes a whole file: it is there as it was, or as given, also after a power cut.
fn write(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let part = path.with_extension("part");
    let put = || -> io::Result<()> {
        make_folder(folder)?;
        let mut file = options().write(true).create(true).truncate(true).open(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
    };
    put().map_err(failed(path))
}

impl State {
    /// Opens a witness's folder; makes it, and its key out of `seed`, the first time. `name` is the witness's name then.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open(
        folder: &Path,
        name: &str,
        seed: impl FnOnce() -> io::Result<[u8; 32]>,
    ) -> Result<Self, StateError> {
        make_folder(folder).map_err(failed(folder))?;
        let place = folder.join("lock");
        let lock = options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&place)
            .map_err(failed(&place))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(StateError::Busy { folder: verify::clean(&folder.to_string_lossy()) });
            }
            Err(fs::TryLockError::Error(error)) => return Err(failed(&place)(error)),
        }
        let place = folder.join("witness.key");
        if read(&place)?.is_none() {
            if folder.join("logs").exists() {
                return Err(damaged(&place, "it is missing, and there are logs that this witness knows"));
            }
            let seed = Zeroizing::new(seed().map_err(failed(&place))?);
            let hex: String = seed.iter().map(|b| format!("{b:02x}")).collect();
            write(&place, format!("{KEY_FORM} {name} {}\n", *Zeroizing::new(hex)).as_bytes())?;
        }
        let bytes = Zeroizing::new(read(&place)?.unwrap_or_default());
        let key = Self::read_key(&bytes).ok_or_else(|| damaged(&place, "it holds no key"))?;
        Ok(Self { folder: folder.to_owned(), key, _lock: lock })
    }

    fn read_key(bytes: &[u8]) -> Option<CosignerKey> {
        let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
        let (name, hex) = text.strip_prefix(KEY_FORM)?.strip_prefix(' ')?.split_once(' ')?;
        let mut seed = Zeroizing::new([0u8; 32]);
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (at, byte) in seed.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
        }
        CosignerKey::from_seed(name, &seed).ok()
    }

    /// The public half of its key: what a policy names.
    #[must_use]
    pub fn vkey(&self) -> CosignerVkey {
        self.key.vkey()
    }

    fn place(&self, origin: &str) -> PathBuf {
        // An origin is three plain labels; anything else is made one here.
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '+' };
        let name: String = origin.chars().map(plain).take(200).collect();
        self.folder.join("logs").join(format!("log-{name}"))
    }

    /// What is kept of a log; `None` when it is new.
    pub(crate) fn log(&self, origin: &str) -> Result<Option<Log>, StateError> {
        let (key_file, head_file) = (self.place(origin).join("vkey"), self.place(origin).join("checkpoint"));
        let (Some(line), head) = (read(&key_file)?, read(&head_file)?) else { return Ok(None) };
        let vkey = std::str::from_utf8(&line).ok().and_then(|l| VerifierKey::parse(l.trim_end()).ok());
        let vkey = vkey
            .filter(|k| k.name() == origin)
            .ok_or_else(|| damaged(&key_file, "it is not this log's key"))?;
        let Some(head) = head else { return Ok(None) };
        let note = Note::parse(&head).map_err(|e| damaged(&head_file, e))?;
        let text = note.verify(std::slice::from_ref(&vkey)).map_err(|e| damaged(&head_file, e))?;
        let checkpoint = Checkpoint::parse(text).map_err(|e| damaged(&head_file, e))?;
        // What it cosigned itself: nobody laid another one there.
        if self.key.vkey().cosigned(&note).ok().flatten().is_none() || checkpoint.origin != origin {
            return Err(damaged(&head_file, "this witness did not cosign it"));
        }
        Ok(Some(Log { vkey, note, size: checkpoint.size }))
    }

    /// Keeps the checkpoint of a bundle that was verified, cosigned; only if what is kept is still of the size `before`.
    pub(crate) fn keep(
        &mut self,
        bundle: &Path,
        (vkey, verified): (&VerifierKey, &Checkpoint),
        before: Option<u64>,
        seconds: u64,
    ) -> Result<Note, StateError> {
        if self.log(vkey.name())?.map(|l| l.size) != before {
            return Err(StateError::Changed);
        }
        let place = bundle.join("checkpoint");
        let bytes = read(&place)?.unwrap_or_default();
        let mut note = Note::parse(&bytes).map_err(|e| damaged(&place, e))?;
        let text = note.verify(std::slice::from_ref(vkey)).map_err(|e| damaged(&place, e))?;
        // The bundle may have changed since it was verified: another state, of any size, was not looked at.
        if Checkpoint::parse(text).map_err(|e| damaged(&place, e))? != *verified {
            return Err(StateError::Changed);
        }
        let signature = self.key.cosign(&note, seconds).map_err(|e| damaged(&place, e))?;
        note.push(signature).map_err(|e| damaged(&place, e))?;
        let folder = self.place(vkey.name());
        write(&folder.join("vkey"), format!("{vkey}\n").as_bytes())?;
        write(&folder.join("checkpoint"), &note.to_bytes())?;
        Ok(note)
    }
}

/// A name for a new witness, from its key: unique without asking anybody.
#[must_use]
pub fn name_of(seed: &[u8; 32]) -> String {
    let key = SigningKey::from_seed("witness", seed).map(|k| k.vkey().fingerprint()).unwrap_or_default();
    format!("witness-{}", key.split(' ').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_that_changed_after_it_was_verified_is_not_cosigned() {
        let (folder, bundle) =
            (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let log = SigningKey::from_seed("northwind-it/acme/records", &[1; 32]).expect("good");
        let verified = Checkpoint {
            origin: "northwind-it/acme/records".into(),
            size: 1,
            root: ledger::root_of(&[ledger::leaf_hash(b"one")]),
        };
        // As long, as well signed, and another history.
        let forked = Checkpoint { root: ledger::root_of(&[ledger::leaf_hash(b"two")]), ..verified.clone() };
        let mut state = State::open(folder.path(), "customer", || Ok([5; 32])).expect("opens");
        let mut keep = |lies: &Checkpoint| {
            let note = log.sign(&lies.text()).expect("signs");
            fs::write(bundle.path().join("checkpoint"), note.to_bytes()).expect("writes");
            state
                .keep(bundle.path(), (&log.vkey(), &verified), None, 1_793_527_200)
                .map(|note| note.text().to_owned())
        };
        assert!(matches!(keep(&forked), Err(StateError::Changed)));
        assert_eq!(keep(&verified).expect("keeps"), verified.text());
    }
}
