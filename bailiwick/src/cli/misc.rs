//! `config`, `explain`, `completions`, `man`.

use crate::codes::{self, CODES};
use crate::config::Config;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use clap::{Args, CommandFactory, Subcommand};
use clap_complete::Shell;
use custody::disk::{Disk, Folder};
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `config`.
#[derive(Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) verb: ConfigVerb,
}

/// What to do with the configuration.
#[derive(Subcommand)]
pub(crate) enum ConfigVerb {
    /// Show what applies
    #[command(after_help = "Examples:\n  bailiwick config show\n  bailiwick config show --origin --json")]
    Show {
        /// Say where each setting comes from
        #[arg(long)]
        origin: bool,
    },
}

/// Arguments of `explain`.
#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// The code, such as BW-4002; without one all are listed
    code: Option<String>,
}

/// Arguments of `completions`.
#[derive(Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Args)]
pub(crate) struct ManArgs {
    /// Write a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Shows the configuration.
pub(crate) fn config(config: &Config, verb: ConfigVerb, out: Out) -> Result<Exit, Fault> {
    let ConfigVerb::Show { origin } = verb;
    let shown =
        |paths: &[PathBuf]| -> Vec<String> { paths.iter().map(|p| p.display().to_string()).collect() };
    let (rules, checks) = (shown(&config.rules.value), shown(&config.checks.value));
    let home = config.home.value.display().to_string();
    match out.form {
        Form::Text => {
            let row = |name: &str, value: String, from: &str| {
                let mut row = vec![name.to_owned(), value];
                row.extend(origin.then(|| from.to_owned()));
                row
            };
            let rows = vec![
                row("home", home, &config.home.origin),
                row("rules", rules.join(", "), &config.rules.origin),
                row("checks", checks.join(", "), &config.checks.origin),
            ];
            let head = if origin { &["setting", "value", "from"][..] } else { &["setting", "value"][..] };
            out.table(head, rows);
        }
        _ => out.document(
            "config",
            json!({
                "home": {"value": home, "origin": config.home.origin},
                "rules": {"value": rules, "origin": config.rules.origin},
                "checks": {"value": checks, "origin": config.checks.origin},
            }),
        ),
    }
    Ok(Exit::Ok)
}

/// Explains a code.
pub(crate) fn explain(args: &ExplainArgs, out: Out) -> Result<Exit, Fault> {
    let Some(asked) = &args.code else {
        match out.form {
            Form::Text => out.table(&["code", "means"], CODES.iter().map(|c| vec![c.code.into(), c.title.into()]).collect()),
            _ => out.document("codes", json!({"codes": CODES.iter().map(|c| json!({"code": c.code, "title": c.title})).collect::<Vec<_>>()})),
        }
        return Ok(Exit::Ok);
    };
    let Some(code) = codes::find(asked) else {
        let near =
            CODES.iter().map(|c| (strsim::damerau_levenshtein(&asked.to_uppercase(), c.code), c.code)).min();
        let near =
            near.filter(|(d, _)| *d <= 2).map_or_else(String::new, |(_, c)| format!("; did you mean `{c}`?"));
        return Err(Fault::usage(
            "BW-1010",
            format!("there is no code `{asked}`{near}"),
            "`bailiwick explain` lists the codes",
        ));
    };
    match out.form {
        Form::Text => out.text(&format!("{}: {}\n\n{}", code.code, code.title, wrapped(code.page))),
        _ => out.document("code", json!({"code": code.code, "title": code.title, "page": code.page})),
    }
    Ok(Exit::Ok)
}

/// Lines of at most 80 characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().map_or(0, |l| l.len());
        if line > 0 && line + 1 + word.len() > 80 {
            lines.push(String::new());
        }
        if let Some(last) = lines.last_mut() {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines.join("\n")
}

/// Prints completions.
pub(crate) fn completions(args: &CompletionsArgs, out: Out) -> Result<Exit, Fault> {
    let mut text = vec![];
    clap_complete::generate(args.shell, &mut super::Cli::command(), "bailiwick", &mut text);
    out.verbatim(&String::from_utf8_lossy(&text));
    Ok(Exit::Ok)
}

/// Prints the manual page, or writes one for each command.
pub(crate) fn man(args: &ManArgs, out: Out) -> Result<Exit, Fault> {
    let page = |command: clap::Command| -> Result<Vec<u8>, Fault> {
        let mut text = vec![];
        clap_mangen::Man::new(command).render(&mut text)?;
        Ok(text)
    };
    let mut command = super::Cli::command();
    command.build();
    let Some(folder) = &args.out else {
        out.verbatim(&String::from_utf8_lossy(&page(command)?));
        return Ok(Exit::Ok);
    };
    let disk = Folder::new(folder);
    let mut pages = vec![("bailiwick.1".to_owned(), page(command.clone())?)];
    for sub in command.get_subcommands().filter(|s| s.get_name() != "help") {
        let name = format!("bailiwick-{}", sub.get_name());
        // A page's name stays as long as the program runs; there are as many as commands.
        let titled = sub.clone().name(name.clone());
        pages.push((format!("{name}.1"), page(titled)?));
    }
    for (name, text) in &pages {
        disk.put(name, text)?;
    }
    out.say(&format!("{} pages written to {}", pages.len(), folder.display()));
    Ok(Exit::Ok)
}
