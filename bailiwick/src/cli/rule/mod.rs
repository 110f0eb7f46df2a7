//! `rule`: our own rules, the user's, what is wrong with them, and what they do.

mod check;
mod coverage;
mod explain;
mod list;
mod show;
mod supply;
mod trial;

use crate::config::Config;
use crate::fault::{Exit, Fault, near};
use crate::out::Out;
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

/// Which rules a verb looks at.
#[derive(Args)]
pub(crate) struct Given {
    /// More rules, beside ours and those of the configuration: folders or files
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
}

/// What sources there are.
#[derive(Args)]
pub(crate) struct Sources {
    /// Against what this customer's sealed records hold
    #[arg(long, value_name = "ID", conflicts_with = "sources")]
    pub(crate) customer: Option<String>,
    /// Against these log sources: `windows/*/sysmon,linux/*/auditd,proxy`
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) sources: Vec<String>,
}

/// What to do with rules.
#[derive(Subcommand)]
pub(crate) enum RuleVerb {
    /// List the rules that apply: ours, and those of the configuration and `--rules`
    #[command(after_help = list::HELP)]
    Ls(list::LsArgs),
    /// Check rules: what loads, what lacks something, what is refused, and what can never fire
    #[command(after_help = check::HELP)]
    Check(check::CheckArgs),
    /// Show one rule: its events, what it asks, what opens it, what it feeds
    #[command(after_help = show::HELP)]
    Show(show::ShowArgs),
    /// Tell why a rule does or does not match one event
    #[command(after_help = explain::HELP)]
    Explain(explain::ExplainArgs),
    /// Try rules on the examples kept beside them
    #[command(after_help = trial::HELP)]
    Test(trial::TestArgs),
    /// Show which techniques of ATT&CK the rules look for, on which log sources
    #[command(after_help = coverage::HELP)]
    Coverage(coverage::CoverageArgs),
}

/// Runs a verb.
pub(crate) fn run(config: &Config, verb: RuleVerb, out: Out) -> Result<Exit, Fault> {
    match verb {
        RuleVerb::Ls(args) => list::run(config, &args, out),
        RuleVerb::Check(args) => check::run(config, &args, out),
        RuleVerb::Show(args) => show::run(config, &args, out),
        RuleVerb::Explain(args) => explain::run(config, &args, out),
        RuleVerb::Test(args) => trial::run(config, &args, out),
        RuleVerb::Coverage(args) => coverage::run(config, &args, out),
    }
}

/// Whether a file beside rules holds examples, not rules.
fn is_examples(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    name.ends_with(".tests.yml") || name.ends_with(".tests.yaml")
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
            if !single && (!is_rule(&file) || is_examples(&file)) {
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

/// The rules that apply beside the detections over time: ours that tell something else, those of the configuration, and
/// more. What is refused is told, the others apply.
pub(crate) fn armed(config: &Config, more: &[PathBuf], out: Out) -> Result<RuleSet, Fault> {
    let paths: Vec<PathBuf> = config.rules.value.iter().chain(more).cloned().collect();
    let loaded = sigma::load(detect::beside_patterns().into_iter().chain(read(&paths)?));
    tell_refused(&loaded, out);
    Ok(loaded.rules)
}

/// All rules of ours, those of the configuration, and more, with what became of all documents.
fn all(config: &Config, more: &[PathBuf], out: Out) -> Result<Loaded, Fault> {
    let paths: Vec<PathBuf> = config.rules.value.iter().chain(more).cloned().collect();
    if paths.is_empty() {
        return Ok(detect::built_in());
    }
    let loaded = sigma::load(detect::built_in_files().into_iter().chain(read(&paths)?));
    tell_refused(&loaded, out);
    Ok(loaded)
}

/// The number of the rule of an id, a name, a title, a beginning of an id of eight characters or more, or a file.
fn find(loaded: &Loaded, wanted: &str) -> Result<usize, Fault> {
    let rules = &loaded.rules;
    let exact = rules.find(wanted).or_else(|| {
        let same = |r: &Rule| r.title.eq_ignore_ascii_case(wanted) || r.id.eq_ignore_ascii_case(wanted);
        rules.iter().position(same)
    });
    if let Some(number) = exact {
        return Ok(number);
    }
    if let Some(lacking) =
        loaded.unarmed.iter().find(|u| u.id == wanted || u.title.eq_ignore_ascii_case(wanted))
    {
        let what =
            format!("the rule `{}` is not armed: it lacks {}", lacking.title, lacking.missing.join(", "));
        return Err(Fault::usage(
            "BW-1010",
            what,
            "give its placeholders values, or load the rules that it calls",
        ));
    }
    let begins = |r: &Rule| wanted.len() >= 8 && r.id.starts_with(wanted);
    let is_file = |r: &Rule| r.path == wanted || Path::new(&r.path).file_name().is_some_and(|n| n == wanted);
    let near_enough: Vec<usize> =
        (0..).zip(rules.iter()).filter(|(_, r)| begins(r) || is_file(r)).map(|(n, _)| n).collect();
    match near_enough[..] {
        [one] => Ok(one),
        [] => {
            let known =
                rules.iter().flat_map(|r| [Some(r.id.as_str()), r.name.as_deref(), Some(r.title.as_str())]);
            let what = format!("there is no rule `{wanted}`{}", near(wanted, known.flatten()));
            Err(Fault::usage("BW-1010", what, "`bailiwick rule ls` lists the rules; `--rules DIR` adds more"))
        }
        [..] => {
            let which: Vec<String> =
                near_enough.iter().filter_map(|n| rules.get(*n)).take(5).map(|r| r.id.clone()).collect();
            let what = format!("`{wanted}` may be any of {} rules: {}", near_enough.len(), which.join(", "));
            Err(Fault::usage("BW-1010", what, "name one by its whole id"))
        }
    }
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
