//! `rule`: our own rules, the user's, and what is wrong with them.

use crate::config::Config;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use sigma::{Loaded, Rule, RuleKind, RuleSet};
use std::path::{Path, PathBuf};

/// Largest file that is read as a rule, in bytes; the parser refuses less than that with a reason.
const FILE_LIMIT_BYTES: u64 = 8 << 20;

/// Arguments of `rule`.
#[derive(Args)]
pub(crate) struct RuleArgs {
    #[command(subcommand)]
    pub(crate) verb: RuleVerb,
}

/// What to do with rules.
#[derive(Subcommand)]
pub(crate) enum RuleVerb {
    /// List the rules that apply: ours, and those of the configuration and `--rules`
    #[command(after_help = "Examples:\n  bailiwick rule ls\n  bailiwick rule ls --rules my-rules --json")]
    Ls {
        /// More rules: folders or files
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
    /// Check rules: what loads, what lacks something, what is refused and why
    #[command(
        after_help = "Examples:\n  bailiwick rule check my-rules/\n  bailiwick rule check rule.yml --json\n\nEvery document is loaded, unarmed (it lacks a placeholder's value or a rule that it calls) or refused. Exit 1 when one is refused."
    )]
    Check {
        /// Folders or files
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
}

/// Runs a verb.
pub(crate) fn run(config: &Config, verb: RuleVerb, out: Out) -> Result<Exit, Fault> {
    match verb {
        RuleVerb::Ls { rules } => list(&armed(config, &rules, out)?, out),
        RuleVerb::Check { paths } => check(&paths, out),
    }
}

/// Reads every rule file below these paths.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>, Fault> {
    let mut files = vec![];
    for path in paths {
        if !path.exists() {
            let what = format!("there is nothing at `{}`", path.display());
            return Err(Fault::new(Exit::Environment, "BW-1008", what, "look for a typing mistake"));
        }
        let found = collect::walk(path);
        if let Some((place, error)) = found.failed.into_iter().next() {
            return Err(Fault::new(
                Exit::Environment,
                "BW-5003",
                format!("`{}` cannot be read: {error}", place.display()),
                "",
            ));
        }
        let single = path.is_file();
        for (_, file) in found.files {
            let is_rule = |p: &Path| p.extension().is_some_and(|e| e == "yml" || e == "yaml");
            if !single && !is_rule(&file) {
                continue;
            }
            let shown = file.display().to_string();
            let too_large = file.metadata().is_ok_and(|m| m.len() > FILE_LIMIT_BYTES);
            // So large a file is refused for its size alone; its beginning is enough for that.
            let bytes = if too_large { vec![b' '; 2 << 20] } else { std::fs::read(&file)? };
            files.push((shown, bytes));
        }
    }
    Ok(files)
}

/// The rules that apply beside the detections over time: ours, those of the configuration, and more. What is refused is told, the others apply.
pub(crate) fn armed(config: &Config, more: &[PathBuf], out: Out) -> Result<RuleSet, Fault> {
    let paths: Vec<PathBuf> = config.rules.value.iter().chain(more).cloned().collect();
    if paths.is_empty() {
        return Ok(sigma::load(detect::beside_patterns()).rules);
    }
    let loaded = sigma::load(detect::beside_patterns().into_iter().chain(read(&paths)?));
    tell_refused(&loaded, out);
    Ok(loaded.rules)
}

/// Tells on standard error what was refused, and how much lacks something.
pub(crate) fn tell_refused(loaded: &Loaded, out: Out) {
    for refused in &loaded.refused {
        let (path, line, column) = (&refused.path, refused.line, refused.column);
        out.insist(&format!(
            "refused: {path}:{line}:{column}: {} {}\n{}",
            refused.code, refused.message, refused.caret
        ));
    }
    for unarmed in &loaded.unarmed {
        out.detail(&format!(
            "unarmed: {}: {} lacks {}",
            unarmed.path,
            unarmed.title,
            unarmed.missing.join(", ")
        ));
    }
    if !loaded.refused.is_empty() || !loaded.unarmed.is_empty() {
        let (all, refused, unarmed) = (loaded.documents, loaded.refused.len(), loaded.unarmed.len());
        out.say(&format!(
            "rules: {} of {all} loaded, {unarmed} lack something, {refused} refused",
            loaded.loaded
        ));
    }
}

fn kind(rule: &Rule) -> &'static str {
    match rule.kind {
        RuleKind::Detection => "detection",
        RuleKind::Correlation => "correlation",
        RuleKind::Filter => "filter",
    }
}

fn as_json(rule: &Rule) -> Value {
    json!({
        "id": rule.id, "title": rule.title, "level": rule.level, "status": rule.status, "tags": rule.tags, "kind": kind(rule),
        "silent": rule.silent, "path": rule.path, "line": rule.line, "description": rule.description,
        "logsource": {"category": rule.logsource.category, "product": rule.logsource.product, "service": rule.logsource.service},
    })
}

fn list(rules: &RuleSet, out: Out) -> Result<Exit, Fault> {
    match out.form {
        Form::Text => {
            let row = |r: &Rule| {
                let level = r.level.clone().unwrap_or_else(|| "-".into());
                vec![r.id.clone(), level, kind(r).to_owned(), r.title.clone(), r.path.clone()]
            };
            out.table(&["id", "level", "kind", "title", "file"], rules.iter().map(row).collect());
        }
        Form::Json => out.document("rules", json!({"rules": rules.iter().map(as_json).collect::<Vec<_>>()})),
        Form::Jsonl => rules.iter().for_each(|r| out.json_line(&as_json(r))),
    }
    Ok(Exit::Ok)
}

fn check(paths: &[PathBuf], out: Out) -> Result<Exit, Fault> {
    let loaded = sigma::load(read(paths)?);
    let refused = |r: &sigma::Refused| json!({"path": r.path, "line": r.line, "column": r.column, "code": r.code, "message": r.message});
    let unarmed =
        |u: &sigma::Unarmed| json!({"path": u.path, "id": u.id, "title": u.title, "missing": u.missing});
    match out.form {
        Form::Text => {
            tell_refused(&loaded, Out { quiet: false, ..out });
            out.text(&format!(
                "{} files, {} documents: {} loaded, {} lack something, {} refused",
                loaded.files,
                loaded.documents,
                loaded.loaded,
                loaded.unarmed.len(),
                loaded.refused.len()
            ));
        }
        _ => out.document(
            "rule-check",
            json!({
                "files": loaded.files, "documents": loaded.documents, "loaded": loaded.loaded,
                "unarmed": loaded.unarmed.len(),
                "refused": loaded.refused.iter().map(refused).collect::<Vec<_>>(),
                "unarmed_rules": loaded.unarmed.iter().map(unarmed).collect::<Vec<_>>(),
            }),
        ),
    }
    Ok(if loaded.refused.is_empty() { Exit::Ok } else { Exit::Findings })
}
