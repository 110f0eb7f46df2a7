//! `scenario`: attacks among ordinary days, made as logs: to try detections on, and to practise.

use crate::fault::{Exit, Fault, near};
use crate::out::{Form, Out};
use clap::{Args, Subcommand};
use custody::disk::{Disk, Folder};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Arguments of `scenario`.
#[derive(Args)]
pub(crate) struct ScenarioArgs {
    #[command(subcommand)]
    verb: ScenarioVerb,
}

/// What to do with scenarios.
#[derive(Subcommand)]
enum ScenarioVerb {
    /// List the scenarios
    #[command(after_help = "Examples:\n  bailiwick scenario ls\n  bailiwick scenario ls --json")]
    Ls,
    /// Tell a scenario: its story, and what must and must not be found in it
    #[command(
        after_help = "Examples:\n  bailiwick scenario show log-cleared\n  bailiwick scenario show log-cleared --json\n\nAlso tells the scenarios whose records are checked in, which `bailiwick demo` plays."
    )]
    Show {
        /// Its name
        name: String,
    },
    /// Make the logs of a scenario, and what must be found in them
    #[command(
        after_help = "Examples:\n  bailiwick scenario make log-cleared --seed 7 --out practice\n  bailiwick scenario make spray-from-forty-sources --seed 7 --quiet-twin --out ordinary\n\nWrites DIR/CUSTOMER/SOURCE.* and DIR/expect.json. Every name, person and address in them is invented. The same seed gives\nthe same text. With --quiet (or --quiet-twin) nothing in them is an attack, and nothing may be found."
    )]
    Make {
        /// Its name
        name: String,
        /// Chance begins here: any whole number
        #[arg(long, value_name = "N")]
        seed: u64,
        /// The quiet twin: the same noise, and what only looks like the attack
        #[arg(long)]
        quiet_twin: bool,
        /// How many times the people
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(scenario::SIZE_LIMIT)))]
        size: u32,
        /// Where to write: a new or empty folder
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// Runs a verb. `--quiet`, which elsewhere says less, asks for the quiet twin here.
pub(crate) fn run(args: ScenarioArgs, out: Out) -> Result<Exit, Fault> {
    match args.verb {
        ScenarioVerb::Ls => {
            list(out);
            Ok(Exit::Ok)
        }
        ScenarioVerb::Show { name } => show(&name, out),
        ScenarioVerb::Make { name, seed, quiet_twin, size, out: to } => {
            let form = if quiet_twin || out.quiet { scenario::Form::Quiet } else { scenario::Form::Attack };
            make(&name, seed, form, size, &to, out)
        }
    }
}

fn list(out: Out) {
    match out.form {
        Form::Text => {
            let rows = scenario::list().map(|(name, about)| vec![name.into(), about.into()]);
            out.table(&["name", "about"], rows.collect());
        }
        Form::Json => {
            let all: Vec<Value> =
                scenario::list().map(|(name, about)| json!({"name": name, "about": about})).collect();
            out.document("scenarios", json!({"scenarios": all}));
        }
        Form::Jsonl => {
            scenario::list().for_each(|(name, about)| out.json_line(&json!({"name": name, "about": about})))
        }
    }
}

fn show(name: &str, out: Out) -> Result<Exit, Fault> {
    let Some(told) = scenario::told().find(|t| t.name == name) else {
        return Err(unknown(name, scenario::told().map(|t| t.name)));
    };
    let expected = told.expected;
    if out.form != Form::Text {
        let must: Vec<Value> =
            expected.must.iter().map(|m| json!({"rule": m.rule, "customers": m.customers})).collect();
        out.document(
            "scenario-story",
            json!({
                "name": name, "about": expected.about, "story": told.story, "made": told.is_made, "must": must,
                "must_not": expected.must_not,
            }),
        );
        return Ok(Exit::Ok);
    }
    let title = |rule: &str| detect::detection(rule).map_or_else(String::new, |d| format!(": {}", d.title));
    let mut text = format!("{}\nmust be found, and nothing else:\n", told.story);
    for must in &expected.must {
        text.push_str(&format!("  {}{} ({})\n", must.rule, title(&must.rule), must.customers.join(", ")));
    }
    text.push_str("must not be found, though it lies near:\n");
    for rule in &expected.must_not {
        text.push_str(&format!("  {rule}{}\n", title(rule)));
    }
    text.push_str(&if told.is_made {
        format!("\nnext: `bailiwick scenario make {name} --seed 1 --out {name}`, with `--quiet` for the quiet twin")
    } else {
        format!("\nnext: its records lie in scenarios/{name}/records of the source; `bailiwick demo` plays them")
    });
    out.prose(&text);
    Ok(Exit::Ok)
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Fault {
    let what = format!("there is no scenario `{name}`{}", near(name, known));
    Fault::usage("BW-1010", what, "`bailiwick scenario ls` lists them")
}

fn make(name: &str, seed: u64, form: scenario::Form, size: u32, to: &Path, out: Out) -> Result<Exit, Fault> {
    let Some(made) = scenario::make(name, seed, form, size) else {
        return Err(unknown(name, scenario::list().map(|(n, _)| n)));
    };
    let must: Vec<Value> =
        made.must.iter().map(|m| json!({"rule": m.rule, "customers": m.customers})).collect();
    let expect = json!({"scenario": name, "seed": seed, "must": must, "must_not": made.must_not});
    super::check::empty(to)?;
    let folder = Folder::new(to);
    for file in &made.files {
        folder.put(&format!("{}/{}", file.customer, file.name), file.text.as_bytes())?;
    }
    folder.put("expect.json", format!("{expect:#}\n").as_bytes())?;
    let records: usize = made.files.iter().map(|f| f.text.lines().count()).sum();
    match out.form {
        Form::Text => out.text(&format!("{} files with {records} records in {}", made.files.len(), crate::out::path(to))),
        _ => out.document("scenario", json!({"name": name, "seed": seed, "files": made.files.len(), "records": records, "out": crate::out::path(to)})),
    }
    Ok(Exit::Ok)
}
