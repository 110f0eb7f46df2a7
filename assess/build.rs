//! Lists every file under `checks/`, so that the program carries its checks and their fixtures, and no list is kept by hand.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    println!("cargo:rerun-if-changed={}", folder.display());
    let entries = std::fs::read_dir(folder).expect("the folder of checks is there");
    for entry in entries {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a build script is told where to write by the environment")]
fn main() {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("checks");
    let mut files = vec![];
    walk(&root, &mut files);
    files.sort();
    let mut text = String::from(
        "/// Every file of `checks/`: its path there, and its bytes.\npub(crate) const FILES: &[(&str, &[u8])] = &[\n",
    );
    for file in files {
        let name = file.strip_prefix(&root).expect("found below it");
        let name = name.to_str().expect("names of checks are plain").replace('\\', "/");
        writeln!(text, "    ({name:?}, include_bytes!({:?})),", file.display().to_string())
            .expect("a string takes all");
    }
    text.push_str("];\n");
    let to = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it")).join("files.rs");
    std::fs::write(to, text).expect("cargo's own folder can be written");
}
