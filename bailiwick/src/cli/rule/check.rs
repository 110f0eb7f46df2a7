//! `rule check`: what loads, what lacks something, what is refused; and what can never fire on the sources there are.

use super::supply::{Never, Supply};
use super::{Sources, as_json, read, tell_refused};
use crate::config::Config;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use clap::Args;
use serde_json::{Value, json};
use sigma::{Loaded, Refused, Rule, Unarmed};
use std::path::PathBuf;

pub(crate) const HELP: &str = "Examples:
  bailiwick rule check my-rules/
  bailiwick rule check rule.yml --json
  bailiwick rule check my-rules/ --customer acme
  bailiwick rule check my-rules/ --sources 'windows/*/sysmon,windows/*/security,proxy'

Every document is loaded, unarmed (it lacks a placeholder's value or a rule that it calls) or refused. Exit 1 when one is
refused. With `--customer` or `--sources` it also says which rules can never fire there, and why: no source delivers the
log source, the event id, or a field without which the rule cannot match. That is told, and is no reason for exit 1.";

/// Arguments of `rule check`.
#[derive(Args)]
pub(crate) struct CheckArgs {
    /// Folders or files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    sources: Sources,
}

/// Runs the verb.
pub(crate) fn run(config: &Config, args: &CheckArgs, out: Out) -> Result<Exit, Fault> {
    let loaded = sigma::load(read(&args.paths)?);
    let supply = Supply::read(&config.home.value, &args.sources, out)?;
    let asked = !matches!(supply, Supply::All);
    let judged = |rule| supply.never(rule).map(|never| (rule, never));
    let never: Vec<(&Rule, Never)> =
        if asked { loaded.rules.iter().filter_map(judged).collect() } else { vec![] };
    match out.form {
        Form::Text => text(&loaded, asked.then_some((&supply, &never[..])), out),
        _ => {
            let mut made = json!({
                "files": loaded.files, "documents": loaded.documents, "loaded": loaded.loaded,
                "unarmed": loaded.unarmed.len(),
                "refused": loaded.refused.iter().map(refused_json).collect::<Vec<_>>(),
                "unarmed_rules": loaded.unarmed.iter().map(unarmed_json).collect::<Vec<_>>(),
            });
            if asked {
                made["against"] = supply.in_words().into();
                made["never"] = never.iter().map(|(rule, never)| never_json(rule, never)).collect();
                if let Supply::Seen(seen) = &supply {
                    made["sources"] = json!(seen.by_source());
                }
            }
            out.document("rule-check", made);
        }
    }
    Ok(if loaded.refused.is_empty() { Exit::Ok } else { Exit::Findings })
}

fn refused_json(r: &Refused) -> Value {
    json!({"path": r.path, "line": r.line, "column": r.column, "code": r.code, "message": r.message})
}

fn unarmed_json(u: &Unarmed) -> Value {
    json!({"path": u.path, "id": u.id, "title": u.title, "missing": u.missing})
}

fn never_json(rule: &Rule, never: &Never) -> Value {
    let whole = as_json(rule);
    json!({
        "id": rule.id, "title": rule.title, "path": rule.path, "line": rule.line, "logsource": whole["logsource"],
        "code": never.code, "why": never.why, "fields": never.fields,
    })
}

fn text(loaded: &Loaded, against: Option<(&Supply, &[(&Rule, Never)])>, out: Out) {
    tell_refused(loaded, Out { quiet: false, ..out });
    out.text(&format!(
        "{} files, {} documents: {} loaded, {} lack something, {} refused",
        loaded.files,
        loaded.documents,
        loaded.loaded,
        loaded.unarmed.len(),
        loaded.refused.len()
    ));
    let Some((supply, never)) = against else { return };
    let of = loaded.rules.iter().filter(|r| r.kind == sigma::RuleKind::Detection).count();
    out.text(&format!("{} of {of} rules can never fire on {}", never.len(), supply.in_words()));
    if let Supply::Seen(seen) = supply {
        let rows = seen.by_source().into_iter().map(|(name, many)| vec![name, many.to_string()]).collect();
        out.table(&["log source", "records"], rows);
    }
    if !never.is_empty() {
        let row = |(rule, never): &(&Rule, Never)| {
            vec![
                rule.title.clone(),
                rule.logsource.in_short(),
                never.why.clone(),
                format!("{}:{}", rule.path, rule.line),
            ]
        };
        out.table(&["rule", "log source", "why it can never fire", "file"], never.iter().map(row).collect());
    }
}
