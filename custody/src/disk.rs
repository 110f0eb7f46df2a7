//! The one door that writes files: it syncs file and folder.
//!
//! TRUST: none. Whoever controls the disk can lose our bytes or withhold them, and we notice; they cannot read a
//! record or change a byte without `verify` naming the place.
//!
//! Names are relative paths with `/`, of plain parts; they come from us, never from records.

mod folder;
mod memory;

pub use folder::{Folder, Guard, LockError, Temporary};
pub use memory::{Failing, Memory};

use std::io;

/// Where files lie: a folder, or a twin in memory that tests can break.
pub trait Disk: Send + Sync {
    /// All bytes of a file.
    ///
    /// # Errors
    /// `NotFound` when there is none; otherwise what the medium says.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;

    /// Exactly `length` bytes of a file from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file is shorter; otherwise what the medium says.
    fn read_range(&self, name: &str, offset: u64, length: u64) -> io::Result<Vec<u8>>;

    /// Length of a file in bytes.
    ///
    /// # Errors
    /// `NotFound` when there is none; otherwise what the medium says.
    fn length(&self, name: &str) -> io::Result<u64>;

    /// Names of all files below a folder at any depth, sorted; empty when there is no such folder.
    ///
    /// # Errors
    /// What the medium says.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Writes a whole file: after it returns the file is there as given, also after a power cut; before, it is there
    /// as it was.
    ///
    /// # Errors
    /// What the medium says; the file may be there either way then.
    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Writes a small file of constant length without waiting for the medium: after a power cut it is there as it was or
    /// as given.
    ///
    /// # Errors
    /// What the medium says; the file may be there either way then.
    fn put_soon(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Adds to the end of a file, making it where there is none. Durable only after [`Disk::sync`].
    ///
    /// # Errors
    /// What the medium says; any part of the bytes may be there then.
    fn append(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Makes durable what was appended to a file, and the file's place in its folder.
    ///
    /// # Errors
    /// What the medium says; nothing may be believed about the file then.
    fn sync(&self, name: &str) -> io::Result<()>;

    /// Cuts a file to its first `length` bytes, durably.
    ///
    /// # Errors
    /// What the medium says.
    fn truncate(&self, name: &str, length: u64) -> io::Result<()>;

    /// Removes a file, durably. No error when there is none.
    ///
    /// # Errors
    /// What the medium says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Where a name lies for people and other programs, if it lies in a folder.
    fn path(&self, name: &str) -> Option<std::path::PathBuf>;

    /// Says that somebody reads: while the guard lives, nobody gets [`Disk::unread`] of the same name. `None` when there is no
    /// such file to hold on to.
    ///
    /// # Errors
    /// What the medium says.
    fn reading(&self, name: &str) -> io::Result<Option<Guard>>;

    /// Makes sure that nobody reads while the guard lives; `None` when somebody does. Makes the file where there is none.
    ///
    /// # Errors
    /// What the medium says.
    fn unread(&self, name: &str) -> io::Result<Option<Guard>>;

    /// Makes sure that nobody else writes here while the guard lives.
    ///
    /// # Errors
    /// [`LockError::Held`] says who does.
    fn lock(&self, who: &str) -> Result<Guard, LockError>;
}

/// Refuses names that could leave the folder. They are ours, so this is a second wall.
fn check_name(name: &str) -> io::Result<()> {
    let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', '\0']);
    if name.split('/').all(plain) {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("`{}` is no plain file name", name.escape_debug()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same_on(disk: &dyn Disk) {
        assert_eq!(disk.read("a/b").map_err(|e| e.kind()), Err(io::ErrorKind::NotFound));
        assert_eq!(disk.list("a").expect("lists"), Vec::<String>::new());
        disk.put("a/b", b"one").expect("puts");
        disk.put("a/b", b"two!").expect("puts again");
        disk.put_soon("a/e", b"12").expect("puts");
        disk.put_soon("a/e", b"34").expect("puts again");
        assert_eq!(disk.read("a/e").expect("reads"), b"34");
        disk.remove("a/e").expect("removes");
        disk.append("a/c/d", b"xy").expect("appends");
        disk.append("a/c/d", b"z").expect("appends");
        disk.sync("a/c/d").expect("syncs");
        assert_eq!(disk.read("a/b").expect("reads"), b"two!");
        assert_eq!(disk.read_range("a/c/d", 1, 2).expect("reads"), b"yz");
        assert_eq!(disk.read_range("a/c/d", 1, 3).map_err(|e| e.kind()), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(disk.list("a").expect("lists"), ["a/b", "a/c/d"]);
        assert_eq!(disk.list("a/c").expect("lists"), ["a/c/d"]);
        disk.truncate("a/c/d", 1).expect("cuts");
        assert_eq!(disk.length("a/c/d").expect("there"), 1);
        disk.remove("a/b").expect("removes");
        disk.remove("a/b").expect("removing nothing is fine");
        assert_eq!(disk.list("a").expect("lists"), ["a/c/d"]);
        for bad in ["../x", "/x", "a//b", "a/../b", "", "a/./b", "a\\b"] {
            assert_eq!(disk.put(bad, b"").map_err(|e| e.kind()), Err(io::ErrorKind::InvalidInput), "{bad:?}");
        }
        assert!(disk.reading("readers").expect("asks").is_none(), "there is nothing to hold on to yet");
        drop(disk.unread("readers").expect("asks").expect("nobody reads"));
        let (one, two) = (disk.reading("readers").expect("asks"), disk.reading("readers").expect("asks"));
        assert!(one.is_some() && two.is_some() && disk.unread("readers").expect("asks").is_none());
        drop(one);
        assert!(disk.unread("readers").expect("asks").is_none());
        drop(two);
        let alone = disk.unread("readers").expect("asks");
        assert!(alone.is_some());
        drop(alone);
        disk.remove("readers").expect("removes");
        let guard = disk.lock("first").expect("free");
        match disk.lock("second") {
            Err(LockError::Held { by }) => assert!(by.contains("first"), "{by}"),
            _ => panic!("two may not hold it"),
        }
        drop(guard);
        disk.lock("third").expect("free again");
    }

    #[test]
    fn a_folder_and_its_twin_in_memory_behave_alike() {
        let folder = tempfile::tempdir().expect("a folder");
        same_on(&Folder::new(folder.path()));
        same_on(&Memory::new());
    }

    #[cfg(unix)]
    #[test]
    fn files_of_a_folder_are_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Folder::new(&folder.path().join("home"));
        disk.put("keys/k", b"x").expect("puts");
        disk.append("v/j", b"x").expect("appends");
        for (name, rights) in
            [("home", 0o700), ("home/keys", 0o700), ("home/keys/k", 0o600), ("home/v/j", 0o600)]
        {
            let mode = std::fs::metadata(folder.path().join(name)).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, rights, "{name}");
        }
    }
}
