//! Backups, their checks and restores, as restic and borg tell of them.

pub(super) mod borg;
pub(super) mod restic;

/// The file's name before its first dot, lower case: the thing that the tool does not name in its own output.
fn stem(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.split('.').next().unwrap_or(file).to_lowercase()
}
