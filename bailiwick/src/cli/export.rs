//! `export`: the bundle that `bailiwick-verify` checks without us, with the answers of an assessment for whoever asks for them.

use super::{customer_id, look, open, time};
use crate::assess::Asked;
use crate::audit::{self, Placed};
use crate::config::Config;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use crate::profile::{self, DEFAULT};
use crate::progress::Progress;
use crate::{checks, clock, feeds};
use clap::{Args, ValueEnum};
use custody::disk::{Disk, Folder};
use custody::{ExportError, Home, View};
use model::{CustomerId, Time};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub(crate) const HELP: &str = "Examples:
  bailiwick export --customer acme --to /media/usb/acme
  bailiwick-verify /media/usb/acme --vkey \"$(cat acme.vkey)\"
  bailiwick export --customer acme --since 2000000 --to /media/usb/acme-december
  bailiwick export --customer acme --audit --profile hipaa --to /media/usb/acme-audit
  bailiwick export --customer acme --format parquet --to acme.parquet

The bundle holds the records in plain form: hand it to the customer on a way that you would trust with the logs.

With --audit all checks are answered first, and the answers are sealed in the customer's log, with the checks, numbers and public
lists that they stand on. `bailiwick-verify` then computes every answer again from the evidence, and says which one differs.";

/// Arguments of `export`.
#[derive(Args)]
pub(crate) struct ExportArgs {
    /// Whose log
    #[arg(long, value_name = "ID")]
    customer: String,
    /// An empty or new folder (for Parquet: a new file)
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Only what came since: from the page on that holds this record
    #[arg(long, value_name = "SEQ", default_value_t = 0, conflicts_with = "audit")]
    since: u64,
    /// What to write: a bundle that verifies, or one Parquet file for other tools
    #[arg(long, value_enum, default_value = "bundle", conflicts_with = "audit")]
    format: ExportFormat,
    /// Answer every check first, and seal the answers for an auditor to compute again
    #[arg(long)]
    audit: bool,
    /// With --audit: whose numbers apply
    #[arg(long, value_name = "PROFILE", default_value = DEFAULT, requires = "audit")]
    profile: String,
    /// With --audit: the day; default: now
    #[arg(long, value_name = "TIME", value_parser = time, requires = "audit")]
    now: Option<Time>,
}

/// What an export is.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A folder that the customer verifies alone.
    Bundle,
    /// One file with a row for each record, fields as JSON. It proves nothing.
    Parquet,
}

/// Writes what was asked for.
pub(crate) fn run(config: &Config, args: &ExportArgs, out: Out) -> Result<Exit, Fault> {
    let customer = customer_id(&args.customer)?;
    if !args.audit {
        let home = look(&config.home.value)?;
        home.customer(&customer)?;
        let view = home.view(&customer)?;
        if args.format == ExportFormat::Parquet {
            let progress = Progress::new(out, view.checkpoint().size, false);
            return as_parquet(&view, args, &progress, out);
        }
        return bundle(&view, &customer, args, None, out);
    }
    let now = args.now.unwrap_or_else(clock::second);
    let profile = profile::named(&args.profile, now)?;
    let home = open(&config.home.value, "export --audit")?;
    home.customer(&customer)?;
    // Before anything is sealed that nobody would then get.
    if let Some(name) = first_in(&args.to) {
        return Err(ExportError::NotEmpty { name }.into());
    }
    let set = checks::armed(&config.checks.value)?;
    let feeds = feeds::of_checks(&home, &set)?;
    let asked = Asked { set: &set, profile: &profile, feeds: &feeds, now };
    let placed = audit::seal(&home, &customer, &asked)?;
    with_answers(&home, &customer, args, &placed, &asked, out)
}

fn with_answers(
    home: &Home,
    customer: &CustomerId,
    args: &ExportArgs,
    placed: &Placed,
    asked: &Asked<'_>,
    out: Out,
) -> Result<Exit, Fault> {
    let (name, now) = (asked.profile.name, asked.now);
    if out.form == Form::Text {
        out.text(&format!(
            "{} answers under {name} on {now}, sealed as {}{}; record {} closes them",
            placed.answers,
            placed.id,
            if placed.known { " before" } else { "" },
            placed.seq
        ));
    }
    let told = json!({
        "id": placed.id, "record": placed.seq, "answers": placed.answers, "known": placed.known, "profile": name, "now": now.to_string(),
    });
    bundle(&home.view_of_writer(customer)?, customer, args, Some(told), out)
}

/// A name of something in a folder; none when it is empty or not there.
fn first_in(folder: &Path) -> Option<String> {
    let entry = std::fs::read_dir(folder).ok()?.next()?;
    Some(entry.map_or_else(|_| String::new(), |e| e.file_name().to_string_lossy().into_owned()))
}

/// Writes a bundle.
fn bundle(
    view: &View,
    customer: &CustomerId,
    args: &ExportArgs,
    audit: Option<Value>,
    out: Out,
) -> Result<Exit, Fault> {
    let progress = Progress::new(out, view.checkpoint().size, false);
    let written = custody::export(view, args.since, &Folder::new(&args.to), &mut |done| progress.at(done))?;
    drop(progress);
    let vkey = view.vkey();
    match out.form {
        Form::Text => out.text(&format!(
            "{} records in {} files, {} bytes, in {}\nthe customer checks them without us:\n  bailiwick-verify {} --vkey '{vkey}'\n\
             hand over the key on another way than the bundle; its fingerprint is\n  {}",
            written.records,
            written.files,
            written.bytes,
            args.to.display(),
            args.to.display(),
            vkey.fingerprint()
        )),
        _ => out.document(
            "export",
            json!({"customer": customer.as_str(), "to": args.to.display().to_string(), "records": written.records,
                   "files": written.files, "bytes": written.bytes, "vkey": vkey.to_string(), "audit": audit}),
        ),
    }
    Ok(Exit::Ok)
}

/// Writes one Parquet file.
fn as_parquet(view: &View, args: &ExportArgs, progress: &Progress, out: Out) -> Result<Exit, Fault> {
    let size = view.checkpoint().size;
    if args.since > size {
        return Err(ExportError::Since { since: args.since, size }.into());
    }
    let name = args.to.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = args.to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let disk = Folder::new(folder);
    if name.is_empty() || args.to.exists() {
        return Err(Fault::usage(
            "BW-1012",
            format!("`{}` is there already, or is no name of a file", args.to.display()),
            "name a new file, such as acme.parquet",
        ));
    }
    let file = crate::parquet::Appending::new(&disk, &name);
    let written =
        crate::parquet::write(view, args.since, file, &crate::watch::fields, &mut |done| progress.at(done))?;
    disk.sync(&name)?;
    match out.form {
        Form::Text => out.text(&format!(
            "{written} records in {}; it proves nothing: for proofs, export a bundle",
            args.to.display()
        )),
        _ => out.document(
            "export",
            json!({"records": written, "to": args.to.display().to_string(), "format": "parquet"}),
        ),
    }
    Ok(Exit::Ok)
}
