//! Holds the plan of the house: arrows, manifests, shape of the code, papers. Each check is a function from text
//! to complaints, tried on the tree and, beside it, on a small broken example.

mod arrows;
mod exceptions;
mod papers;
mod rules;
mod scenarios;
mod shape;
mod source;

use std::path::{Path, PathBuf};

/// One file of the tree: its path from the root, with `/`, and its bytes.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> File {
        File { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
    }

    /// The text; `None` for a file that is no text.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the program's folder lies in the workspace")
        .to_owned()
}

/// Every file that git tracks or would track, sorted by path.
pub(crate) fn tree() -> Vec<File> {
    #[expect(clippy::disallowed_methods, reason = "git alone knows which files belong to the tree")]
    let git = std::process::Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git is on the path");
    assert!(git.status.success(), "git ls-files: {}", String::from_utf8_lossy(&git.stderr));
    let mut paths: Vec<&str> = std::str::from_utf8(&git.stdout)
        .expect("paths of the tree are UTF-8")
        .split('\0')
        .filter(|path| !path.is_empty())
        .collect();
    paths.sort_unstable();
    paths.dedup();
    let files: Vec<File> = paths
        .into_iter()
        .filter_map(|path| {
            Some(File { path: path.to_owned(), bytes: std::fs::read(root().join(path)).ok()? })
        })
        .collect();
    assert!(
        files.iter().any(|file| file.path == "Cargo.toml"),
        "the tree has no root manifest: nothing was looked at"
    );
    files
}

/// Fails with every complaint, one a line.
pub(crate) fn content(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{} complaints:\n- {}", complaints.len(), complaints.join("\n- "));
}

/// A broken example is noticed with these words, and its mended twin is not noticed at all.
pub(crate) fn notices(broken: Vec<String>, words: &str, mended: Vec<String>) {
    assert!(broken.iter().any(|complaint| complaint.contains(words)), "`{words}` is not in {broken:?}");
    assert!(mended.is_empty(), "the mended twin is refused: {mended:?}");
}
