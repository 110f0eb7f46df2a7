//! `doctor`: looks at everything, changes nothing.

use super::verify;
use crate::chance::Machine;
use crate::config::{Config, Setting};
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use custody::Home;
use custody::disk::Folder;
use model::Time;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Clocks before this second are wrong: 2026-01-01.
const CLOCK_FLOOR: i64 = 1_767_225_600;

struct Check {
    name: String,
    exit: Exit,
    told: String,
}

/// Runs the checks.
pub(crate) fn run(home: &Setting<PathBuf>, config: Result<Config, Fault>, out: Out) -> Result<Exit, Fault> {
    let mut checks = vec![];
    let mut add =
        |name: &str, exit: Exit, told: String| checks.push(Check { name: name.to_owned(), exit, told });
    let now = crate::clock::now();
    let clock = if now.as_second() < CLOCK_FLOOR { Exit::Findings } else { Exit::Ok };
    add("clock", clock, format!("{now}"));
    let home_path = &home.value;
    match Home::look(Arc::new(Folder::new(home_path)), Box::new(Machine)) {
        Err(error) => {
            let fault = Fault::from(error);
            add(
                "home",
                Exit::Environment,
                format!("{}: {}; {}", home_path.display(), fault.what, fault.next),
            );
        }
        Ok(home) => {
            add("home", Exit::Ok, format!("{} of {}", home_path.display(), home.provider().name));
            let (exit, told) = rights(&home_path.join("keys"));
            add("keys", exit, told);
            let (exit, told) = feeds(&home, now);
            add("feeds", exit, told);
            for customer in home.customers().unwrap_or_default() {
                let name = format!("vault {}", customer.id);
                match verify::vault(&home, &customer.id, Out { quiet: true, ..out }) {
                    Ok(report) if report.ok() => {
                        add(&name, Exit::Ok, format!("{} records, as they were sealed", report.records))
                    }
                    Ok(report) => add(
                        &name,
                        Exit::Tampered,
                        format!(
                            "{} findings; `bailiwick verify --customer {}` names them",
                            report.findings.len(),
                            customer.id
                        ),
                    ),
                    Err(fault) => add(&name, fault.exit, fault.what),
                }
            }
        }
    }
    match config {
        Ok(config) => {
            let (exit, told) = rules(&config.rules.value);
            add("rules", exit, told);
            let (exit, told) = match crate::checks::armed(&config.checks.value) {
                Ok(set) => (Exit::Ok, format!("{} checks", set.checks().count())),
                Err(fault) => (Exit::Findings, format!("{}; {}", fault.what, fault.next)),
            };
            add("checks", exit, told);
        }
        Err(fault) => add("configuration", Exit::Findings, format!("{}; {}", fault.what, fault.next)),
    }
    let worst = checks.iter().map(|c| c.exit).max().unwrap_or(Exit::Ok);
    match out.form {
        Form::Text => {
            let word = |exit: Exit| if exit == Exit::Ok { "ok" } else { "LOOK" };
            out.table(
                &["check", "state", "what"],
                checks.iter().map(|c| vec![c.name.clone(), word(c.exit).into(), c.told.clone()]).collect(),
            );
        }
        _ => {
            let list: Vec<_> = checks
                .iter()
                .map(|c| json!({"check": c.name, "ok": c.exit == Exit::Ok, "what": c.told}))
                .collect();
            out.document("doctor", json!({"ok": worst == Exit::Ok, "checks": list}));
        }
    }
    Ok(worst)
}

/// Whether the public lists that somebody brought can be read and are in time.
fn feeds(home: &Home, now: Time) -> (Exit, String) {
    let all = match crate::feeds::list(home) {
        Ok(all) => all,
        Err(fault) => return (fault.exit, format!("{}; {}", fault.what, fault.next)),
    };
    let overdue: Vec<&str> = all
        .iter()
        .filter(|(e, own)| *own && crate::dossier::due(e).is_some_and(|due| due <= now))
        .map(|(e, _)| e.kind.as_str())
        .collect();
    match (all.len(), overdue.is_empty()) {
        (many, true) => (Exit::Ok, format!("{many} lists; `bailiwick feed ls` says how old")),
        (_, false) => (
            Exit::Findings,
            format!("a newer one is due: {}; `bailiwick feed update PATH`", overdue.join(", ")),
        ),
    }
}

/// Whether the rules that apply can be used.
fn rules(paths: &[PathBuf]) -> (Exit, String) {
    let missing: Vec<String> = paths.iter().filter(|p| !p.exists()).map(|p| crate::out::path(p)).collect();
    let own = super::rule::read(paths).unwrap_or_default();
    let rules = sigma::load(detect::built_in_files().into_iter().chain(own));
    let (loaded, unarmed, refused) = (rules.loaded, rules.unarmed.len(), rules.refused.len());
    let told = format!("{loaded} loaded, {unarmed} lack something, {refused} refused");
    match (missing.is_empty(), refused) {
        (true, 0) => (Exit::Ok, told),
        (true, _) => (Exit::Findings, format!("{told}; `bailiwick rule check` says why")),
        (false, _) => (Exit::Findings, format!("{told}; not there: {}", missing.join(", "))),
    }
}

/// Whether nobody but the owner can read the keys.
#[cfg(unix)]
fn rights(keys: &Path) -> (Exit, String) {
    use std::os::unix::fs::PermissionsExt;
    let mut open = vec![];
    let mut folders = vec![keys.to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let mode = |p: &Path| std::fs::symlink_metadata(p).map_or(0o777, |m| m.permissions().mode());
        if mode(&folder) & 0o077 != 0 {
            open.push(folder.display().to_string());
        }
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                seen += 1;
                if mode(&path) & 0o077 != 0 {
                    open.push(path.display().to_string());
                }
            }
        }
    }
    match (open.is_empty(), seen) {
        (_, 0) => (Exit::Environment, format!("no keys in {}", keys.display())),
        (true, _) => {
            (Exit::Ok, format!("{seen} files, for their owner only; back them up apart from the vaults"))
        }
        (false, _) => (
            Exit::Findings,
            format!("others can read {}; use chmod 600 for files and 700 for folders", open.join(", ")),
        ),
    }
}

#[cfg(not(unix))]
fn rights(keys: &Path) -> (Exit, String) {
    (Exit::Ok, format!("{}: rights are not looked at on this system", keys.display()))
}
