//! `report`: the answer about one customer as a file for people or programs.

use super::{customer_id, look, time};
use crate::assess::{Asked, answer, history};
use crate::config::Config;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out, json_lines};
use crate::profile::{self, DEFAULT};
use crate::{checks, clock, dossier, feeds};
use ::assess::report::{self, Past, Report};
use clap::{Args, ValueEnum};
use contract::Measure;
use custody::disk::{Disk, Folder};
use evidence::Envelope;
use evidence::records::Exhibit;
use model::Time;
use serde_json::json;
use std::path::{Path, PathBuf};

pub(crate) const HELP: &str = "Examples:
  bailiwick report --customer acme --format html --out acme.html
  bailiwick report --customer clinic --profile hipaa --format oscal-ar --out clinic-results.json

html: one file for people, no script, nothing from outside. json: everything. csv: a line for each check and side, for a
spreadsheet. oscal-ar and oscal-poam: assessment results, and plan of action and milestones (OSCAL 1.1.3).

A file that is there is replaced. Nothing is sealed. Exit as `assess`: 1 when something is not met, else 3 when something
nobody can say, else 0.";

/// Days that a report looks ahead: until the next monthly one.
const AHEAD_DAYS: i64 = 30;

/// Arguments of `report`.
#[derive(Args)]
pub(crate) struct ReportArgs {
    /// Whom
    #[arg(long, value_name = "ID")]
    customer: String,
    /// Whose numbers apply
    #[arg(long, value_name = "PROFILE", default_value = DEFAULT)]
    profile: String,
    /// The form
    #[arg(long, value_enum)]
    format: ReportFormat,
    /// The file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The day; default: now
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<Time>,
}

/// The forms of a report.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// One file for people.
    Html,
    /// Everything.
    Json,
    /// For a spreadsheet.
    Csv,
    /// OSCAL assessment results.
    OscalAr,
    /// OSCAL plan of action and milestones.
    OscalPoam,
}

/// Runs `report`.
pub(crate) fn run(config: &Config, args: &ReportArgs, out: Out) -> Result<Exit, Fault> {
    let now = args.now.unwrap_or_else(clock::second);
    let profile = profile::named(&args.profile, now)?;
    let id = customer_id(&args.customer)?;
    let home = look(&config.home.value)?;
    let customer = home.customer(&id)?;
    let set = checks::armed(&config.checks.value)?;
    let feeds = feeds::of_checks(&home, &set)?;
    let view = home.view(&id)?;
    let assessment = answer(&view, &Asked { set: &set, profile: &profile, feeds: &feeds, now })?;
    let documents = dossier::Index::of(&view)?;
    let all: Vec<_> = exhibits(&documents, &feeds);
    let past: Vec<Past> =
        history(&view, profile.name)?.into_iter().filter(|p| p.now <= now).map(|p| of_log(&p)).collect();
    let measure = |m: &Measure| (m.id.clone(), (m.title.clone(), m.question.clone()));
    let dates = super::due::soon(&home, &id, now, AHEAD_DAYS)?;
    let checkpoint = view.checkpoint();
    let report = Report {
        provider: &home.provider().name,
        customer_id: id.as_str(),
        customer: &customer.name,
        profile: (profile.name, profile.title.clone()),
        now,
        set: &set,
        assessment: &assessment,
        history: &past,
        dates: &dates,
        exhibits: &all,
        measures: Measure::all().iter().map(measure).collect(),
        checkpoint: (checkpoint.origin.clone(), checkpoint.size, checkpoint.root.to_string()),
    };
    let text = match args.format {
        ReportFormat::Html => report::html(&report),
        ReportFormat::Json => json_lines(&report::json(&report)),
        ReportFormat::Csv => report::csv(&report),
        ReportFormat::OscalAr => json_lines(&report::assessment_results(&report)),
        ReportFormat::OscalPoam => json_lines(&report::plan_of_action(&report)),
    };
    write(&args.out, text.as_bytes())?;
    let shown = crate::out::path(&args.out);
    match out.form {
        Form::Text => out.text(&format!("{} bytes in {shown}", text.len())),
        _ => out.document(
            "report-written",
            json!({"out": shown, "bytes": text.len(), "customer": id.as_str(), "profile": profile.name}),
        ),
    }
    Ok(super::assess::exit(&assessment))
}

fn of_log(past: &crate::assess::Past) -> Past {
    let words = past
        .measures
        .iter()
        .flat_map(|(id, sides)| sides.iter().map(move |(side, (v, _))| ((id.clone(), *side), *v)));
    Past { at: past.now, verdicts: words.collect() }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if name.is_empty() || path.is_dir() {
        let what = format!("`{}` is no name of a file", crate::out::path(path));
        return Err(Fault::usage("BW-1012", what, "name a file, such as acme.html"));
    }
    Folder::new(folder).put(&name, bytes).map_err(Fault::from)
}

/// Every document of the log by its envelope, and the public feeds; a report names them and needs no rows of them.
fn exhibits(documents: &dossier::Index, feeds: &[Exhibit]) -> Vec<Exhibit> {
    let bare = |seq: u64, envelope: &Envelope| Exhibit {
        envelope: envelope.clone(),
        seq,
        rows: Vec::new().into(),
        raw: None,
    };
    let of_log = documents.envelopes.iter().map(|(seq, envelope)| bare(*seq, envelope));
    of_log.chain(feeds.iter().map(|f| bare(f.seq, &f.envelope))).collect()
}
