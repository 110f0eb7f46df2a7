//! `feed`: public lists that are used for all customers.

use super::evidence::days;
use super::{look, open, time};
use crate::clock;
use crate::dossier;
use crate::evidence::{bounded, files, kind};
use crate::fault::{Exit, Fault};
use crate::feeds;
use crate::out::{Form, Out};
use clap::{Args, Subcommand};
use evidence::{BYTES_LIMIT, Envelope};
use model::Time;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Arguments of `feed`.
#[derive(Args)]
pub(crate) struct FeedArgs {
    #[command(subcommand)]
    pub(crate) verb: FeedVerb,
}

/// What to do with feeds.
#[derive(Subcommand)]
pub(crate) enum FeedVerb {
    /// Take a newer list, for all customers
    #[command(
        after_help = "Examples:\n  bailiwick feed update known_exploited_vulnerabilities.json\n  bailiwick feed update --kind feed-lifecycle end-of-support.csv\n\nA list that is cut short, empty or older than the one there is refused: exit 3, nothing changed."
    )]
    Update {
        /// What kind of list it is; default: what the format says
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// When it was fetched; default: now
        #[arg(long, value_name = "TIME", value_parser = time)]
        collected: Option<Time>,
        /// The file
        #[arg(value_name = "PATH")]
        path: PathBuf,
    },
    /// List the lists that are used, and how old they are
    #[command(after_help = "Examples:\n  bailiwick feed ls\n  bailiwick feed ls --json")]
    Ls,
}

/// Runs a verb.
pub(crate) fn run(home: &Path, verb: FeedVerb, out: Out) -> Result<Exit, Fault> {
    match verb {
        FeedVerb::Update { kind, collected, path } => update(home, kind.as_deref(), collected, path, out),
        FeedVerb::Ls => list(home, out),
    }
}

fn update(
    home: &Path,
    kind_word: Option<&str>,
    collected: Option<Time>,
    path: PathBuf,
    out: Out,
) -> Result<Exit, Fault> {
    kind_word.map(kind).transpose()?;
    let home = open(home, "feed update")?;
    let now = clock::second();
    let at = collected.unwrap_or(now);
    let files = files(&[path], kind_word, &|_| at)?;
    let [file] = files.as_slice() else {
        return Err(Fault::usage(
            "BW-1019",
            "a feed is one file",
            "name the file, not a folder; nothing was changed",
        ));
    };
    let envelope = feeds::update(&home, file, &bounded(&file.path, BYTES_LIMIT)?, now)?;
    match out.form {
        Form::Text => out.text(&format!(
            "{} of {}, {} rows, is used for all customers from now on",
            envelope.kind,
            envelope.effective(),
            rows(&envelope)
        )),
        _ => out.document("feed", line(&envelope, true, now)),
    }
    Ok(Exit::Ok)
}

fn rows(envelope: &Envelope) -> u64 {
    envelope.rows.values().sum()
}

fn line(envelope: &Envelope, own: bool, now: Time) -> Value {
    let due = dossier::due(envelope);
    json!({
        "kind": envelope.kind, "file": envelope.file, "tool": envelope.tool, "from": if own { "home" } else { "program" },
        "effective": envelope.effective().to_string(), "age_days": days(envelope.effective(), now),
        "rows": envelope.rows, "sha256": envelope.sha256, "due": due.map(|t| t.to_string()),
        "overdue": due.is_some_and(|t| t <= now),
    })
}

fn list(home: &Path, out: Out) -> Result<Exit, Fault> {
    let home = look(home)?;
    let now = clock::second();
    let all = feeds::list(&home)?;
    let missing: Vec<&str> = feeds::kinds().filter(|k| all.iter().all(|(e, _)| e.kind != *k)).collect();
    match out.form {
        Form::Text => {
            let row = |(e, own): &(Envelope, bool)| {
                let due = dossier::due(e).map_or_else(String::new, |t| {
                    if t <= now { "overdue".into() } else { format!("in {} days", days(now, t)) }
                });
                let from = if *own { "home" } else { "program" };
                vec![
                    e.kind.clone(),
                    from.into(),
                    e.effective().to_string(),
                    format!("{} d", days(e.effective(), now)),
                    rows(e).to_string(),
                    due,
                ]
            };
            out.table(&["kind", "from", "of", "age", "rows", "due"], all.iter().map(row).collect());
            if !missing.is_empty() {
                out.say(&format!("none of: {}", missing.join(", ")));
            }
        }
        Form::Json => {
            let list: Vec<Value> = all.iter().map(|(e, own)| line(e, *own, now)).collect();
            out.document("feeds", json!({"feeds": list, "missing": missing}));
        }
        Form::Jsonl => all.iter().for_each(|(e, own)| out.json_line(&line(e, *own, now))),
    }
    Ok(Exit::Ok)
}
