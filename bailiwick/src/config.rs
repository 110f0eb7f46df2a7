//! What applies: flag over environment over file over default. The only reader of the environment.
#![expect(clippy::disallowed_methods, reason = "this is the one door to the environment")]

use crate::fault::Fault;
use std::path::{Path, PathBuf};

const FILE: &str = "config.toml";

/// A setting and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) origin: String,
}

/// Everything that is settled before a command runs.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) home: Setting<PathBuf>,
    pub(crate) rules: Setting<Vec<PathBuf>>,
    pub(crate) checks: Setting<Vec<PathBuf>>,
    /// Thresholds of detections that hold for all customers.
    pub(crate) thresholds: Setting<detect::Settings>,
}

/// The settings that a file may hold: two lists of folders or files, and thresholds of detections.
const KNOWN: [&str; 3] = ["rules", "checks", "thresholds"];

/// The home: `--home`, BAILIWICK_HOME, or the folder for data of the user.
pub(crate) fn home(flag: Option<&Path>) -> Setting<PathBuf> {
    let from = |value: PathBuf, origin: &str| Setting { value, origin: origin.to_owned() };
    if let Some(flag) = flag {
        return from(flag.to_owned(), "--home");
    }
    let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    if let Some(path) = variable("BAILIWICK_HOME") {
        return from(path, "BAILIWICK_HOME");
    }
    if let Some(path) = variable("XDG_DATA_HOME").filter(|p| p.is_absolute()) {
        return from(path.join("bailiwick"), "XDG_DATA_HOME");
    }
    match variable("HOME").or_else(|| variable("USERPROFILE")) {
        Some(path) => from(path.join(".local/share/bailiwick"), "default"),
        None => from(PathBuf::from("bailiwick-home"), "default, as there is no HOME"),
    }
}

/// Where temporary folders go.
pub(crate) fn temporary() -> PathBuf {
    std::env::temp_dir()
}

/// Whether colour is wanted at all: NO_COLOR says no, whatever it holds.
pub(crate) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
}

/// Reads the configuration of a home.
pub(crate) fn read(home: Setting<PathBuf>) -> Result<Config, Fault> {
    let path = home.value.join(FILE);
    let shown = path.display().to_string();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error)
            if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) =>
        {
            let none = || Setting { value: vec![], origin: "default".into() };
            let thresholds = Setting { value: detect::Settings::default(), origin: "default".into() };
            return Ok(Config { home, rules: none(), checks: none(), thresholds });
        }
        Err(error) => return Err(error.into()),
    };
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        Fault::usage(
            "BW-1011",
            format!("`{shown}` is not TOML: {}", error.to_string().trim_end()),
            "mend the line, or move the file away",
        )
    })?;
    if let Some(unknown) = table.keys().find(|k| !KNOWN.contains(&k.as_str())) {
        let near = crate::fault::near(unknown, KNOWN);
        return Err(Fault::usage(
            "BW-1011",
            format!("`{shown}` has an unknown setting `{unknown}`{near}"),
            "known: `rules`, `checks`, `[thresholds]`",
        ));
    }
    let list = |name: &str| {
        let paths = table.get(name).map_or(Some(vec![]), |v| {
            v.as_array()?.iter().map(|p| p.as_str().map(|p| home.value.join(p))).collect::<Option<Vec<_>>>()
        });
        let wrong = || {
            let what = format!("`{name}` in `{shown}` is not a list of texts");
            Fault::usage("BW-1011", what, format!("write `{name} = [\"my-{name}\"]`"))
        };
        let origin = if table.contains_key(name) { shown.clone() } else { "default".into() };
        paths.map(|value| Setting { value, origin }).ok_or_else(wrong)
    };
    let (rules, checks) = (list("rules")?, list("checks")?);
    let thresholds = thresholds(&table, &shown)?;
    Ok(Config { home, rules, checks, thresholds })
}

/// `[thresholds]`: each line a detection's threshold and a whole number.
fn thresholds(table: &toml::Table, shown: &str) -> Result<Setting<detect::Settings>, Fault> {
    let mut value = detect::Settings::default();
    let Some(lines) = table.get("thresholds") else {
        return Ok(Setting { value, origin: "default".into() });
    };
    let wrong = |what: String| Fault::usage("BW-1011", what, "`bailiwick detect ls` lists what can be set");
    let lines = lines.as_table().ok_or_else(|| wrong(format!("`thresholds` in `{shown}` is not a table")))?;
    for (name, have) in lines {
        let have = have.as_integer();
        let have = have.ok_or_else(|| wrong(format!("`{name}` in `{shown}` is not a whole number")))?;
        value.set(name, have).map_err(|e| wrong(format!("in `{shown}`: {e}")))?;
    }
    Ok(Setting { value, origin: shown.to_owned() })
}
