//! A folder of the machine. Files are for their owner only (0600, folders 0700).
#![expect(clippy::disallowed_methods, reason = "this is the one door that writes files")]

use super::{Disk, check_name};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Files that are being written lie here until they are whole.
const SCRATCH: &str = ".tmp";
const LOCK: &str = "lock";

/// A folder as a [`Disk`].
pub struct Folder {
    root: PathBuf,
}

/// Holds a lock while it lives.
pub struct Guard {
    _file: Option<File>,
    pub(super) release: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Guard {
    pub(super) fn with(release: Box<dyn FnOnce() + Send + Sync>) -> Self {
        Self { _file: None, release: Some(release) }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            release();
        }
    }
}

/// Why a lock cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else holds it.
    #[error("home is in use by {by}")]
    Held {
        /// Who, as they said themselves.
        by: String,
    },
    /// The medium failed.
    #[error("home cannot be locked")]
    Io(#[from] io::Error),
}

impl Folder {
    /// A disk rooted at this folder, which is made at the first write.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    fn at(&self, name: &str) -> io::Result<PathBuf> {
        check_name(name)?;
        Ok(self.root.join(name))
    }

    fn folder_of(path: &Path) -> io::Result<&Path> {
        path.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
    }
}

/// A folder that goes when this does: for demonstrations.
pub struct Temporary {
    path: PathBuf,
    kept: bool,
}

impl Temporary {
    /// Makes a new folder, for its owner only.
    ///
    /// # Errors
    /// What the machine says; also when there is something at this path already.
    pub fn new(path: &Path) -> io::Result<Self> {
        if path.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        make_folder(path)?;
        Ok(Self { path: path.to_owned(), kept: false })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets it stay.
    pub fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed stays in the folder for temporary files; nothing depends on it.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        make_folder(parent)?;
    }
    #[cfg_attr(not(unix), expect(unused_mut, reason = "rights are set on Unix only"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
        // A power cut may not take the new folder from its parent with all that is synced inside of it. Where a parent is not ours to
        // open, the file system's own order has to do.
        Ok(()) => match sync_folder(parent.unwrap_or(Path::new("."))) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            synced => synced,
        },
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn sync_folder(path: &Path) -> io::Result<()> {
    // Windows has no such call and needs none: its file systems journal the folder.
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

fn collect_files(folder: &Path, prefix: &str, into: &mut Vec<String>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect_files(&entry.path(), &name, into)?;
        } else {
            into.push(name);
        }
    }
    Ok(())
}

impl Disk for Folder {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.at(name)?)
    }

    fn read_range(&self, name: &str, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.at(name)?)?;
        let inside =
            offset.checked_add(length).is_some_and(|end| end <= file.metadata().map_or(0, |m| m.len()));
        if !inside {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = vec![0; usize::try_from(length).map_err(|_| io::ErrorKind::OutOfMemory)?];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        Ok(fs::metadata(self.at(name)?)?.len())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut names = vec![];
        collect_files(&self.at(folder)?, folder, &mut names)?;
        names.sort();
        Ok(names)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.at(name)?;
        let scratch = self.root.join(SCRATCH);
        make_folder(&scratch)?;
        // One process writes here, so the place in the folder is name enough.
        let part = scratch.join(name.replace('/', "+"));
        let mut file = options().write(true).create(true).truncate(true).open(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        let folder = Self::folder_of(&path)?;
        make_folder(folder)?;
        fs::rename(&part, &path)?;
        // Gone when nothing else is being written; a bundle must hold no other file than its own.
        let _ = fs::remove_dir(&scratch);
        sync_folder(folder)
    }

    fn put_soon(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.at(name)?;
        make_folder(Self::folder_of(&path)?)?;
        // In place and in one call: a few bytes of one sector.
        options().write(true).create(true).truncate(false).open(path)?.write_all(bytes)
    }

    fn append(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.at(name)?;
        make_folder(Self::folder_of(&path)?)?;
        options().append(true).create(true).open(path)?.write_all(bytes)
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        let path = self.at(name)?;
        File::open(&path)?.sync_all()?;
        sync_folder(Self::folder_of(&path)?)
    }

    fn truncate(&self, name: &str, length: u64) -> io::Result<()> {
        let file = options().write(true).open(self.at(name)?)?;
        file.set_len(length)?;
        file.sync_all()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let path = self.at(name)?;
        match fs::remove_file(&path) {
            Ok(()) => sync_folder(Self::folder_of(&path)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.at(name).ok()
    }

    fn reading(&self, name: &str) -> io::Result<Option<Guard>> {
        let file = match File::open(self.at(name)?) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // Waits only while a writer takes old files away, which is short.
        file.lock_shared()?;
        Ok(Some(Guard { _file: Some(file), release: None }))
    }

    fn unread(&self, name: &str) -> io::Result<Option<Guard>> {
        let path = self.at(name)?;
        make_folder(Self::folder_of(&path)?)?;
        let file = options().write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Guard { _file: Some(file), release: None })),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    fn lock(&self, who: &str) -> Result<Guard, LockError> {
        make_folder(&self.root)?;
        let path = self.root.join(LOCK);
        let mut file = options().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let mut by = String::new();
                file.take(400).read_to_string(&mut by)?;
                let by = by.trim().to_owned();
                return Err(LockError::Held {
                    by: if by.is_empty() { "another process".into() } else { by },
                });
            }
            Err(fs::TryLockError::Error(error)) => return Err(error.into()),
        }
        file.set_len(0)?;
        file.write_all(who.as_bytes())?;
        file.flush()?;
        Ok(Guard { _file: Some(file), release: None })
    }
}
