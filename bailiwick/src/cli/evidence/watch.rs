//! `evidence watch`: one pass over a folder; every file that is new there is added.

use super::{
    Exit, Fault, Given, Out, Taken, add, check_format, customer_id, files, kind, mapping, open, side, tell,
};
use crate::clock;
use crate::dossier::Index;
use crate::evidence::{File, bounded};
use clap::Args;
use evidence::{BYTES_LIMIT, Kind};
use model::Time;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Ends of names that say that a file is still being written.
const UNFINISHED: [&str; 4] = [".part", ".tmp", ".partial", ".crdownload"];

/// Arguments of `evidence watch`.
#[derive(Args)]
pub(crate) struct WatchArgs {
    /// The folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Whose log
    #[arg(long, value_name = "ID")]
    customer: String,
    /// Whose systems the documents speak of
    #[arg(long, value_name = "SIDE", value_parser = ["provider", "customer"])]
    side: String,
    /// What kind of evidence it is; default: the name of the folder, else what the format says
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// The format; default: found out
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// Which heading fills which column of a CSV file: a TOML file, or a name in the home's folder `mappings`
    #[arg(long, value_name = "FILE|NAME")]
    mapping: Option<String>,
    /// One pass; there is no other way today
    #[arg(long)]
    once: bool,
}

/// When a file was last written; never later than now.
fn written(path: &Path, now: Time) -> Time {
    let modified = std::fs::metadata(path).and_then(|m| m.modified()).ok();
    modified.and_then(|t| Time::try_from(t).ok()).map_or(now, |t| t.min(now))
}

/// Whether somebody may still be writing a file, or hides it.
fn is_finished(file: &File) -> bool {
    let name = file.name.rsplit('/').next().unwrap_or(&file.name);
    !name.starts_with('.') && !UNFINISHED.iter().any(|end| name.ends_with(end))
}

/// The kind that a folder's name says.
fn kind_of_folder(file: &File) -> Option<String> {
    let mut folders = file.name.split('/').rev().skip(1);
    folders.find(|name| Kind::named(name).is_some()).map(str::to_owned)
}

/// Runs the verb.
pub(crate) fn run(home_path: &Path, args: &WatchArgs, out: Out) -> Result<Exit, Fault> {
    let customer = customer_id(&args.customer)?;
    args.kind.as_deref().map(kind).transpose()?;
    args.format.as_deref().map(check_format).transpose()?;
    let side = side(&args.side)?;
    let home = open(home_path, "evidence watch")?;
    home.customer(&customer)?;
    if !args.folder.is_dir() {
        let what = format!("`{}` is no folder", crate::out::path(&args.folder));
        return Err(Fault::new(Exit::Environment, "BW-1008", what, "name the folder in which files arrive"));
    }
    let known: BTreeSet<(String, String)> = Index::of(&home.view_of_writer(&customer)?)?
        .envelopes
        .into_iter()
        .filter(|(_, e)| e.side == side)
        .map(|(_, e)| (e.file, e.sha256))
        .collect();
    let now = clock::now();
    let found = files(std::slice::from_ref(&args.folder), args.kind.as_deref(), &|path| written(path, now))?;
    let (mut new, mut before) = (vec![], 0u64);
    for mut file in found.into_iter().filter(is_finished) {
        let sha256: String =
            Sha256::digest(bounded(&file.path, BYTES_LIMIT)?).iter().map(|b| format!("{b:02x}")).collect();
        if known.contains(&(file.name.clone(), sha256)) {
            before += 1;
            continue;
        }
        file.kind = file.kind.take().or_else(|| kind_of_folder(&file));
        new.push(file);
    }
    let given = Given {
        customer,
        side,
        format: args.format.clone(),
        scope: None,
        population: None,
        covers: None,
        mapping: args.mapping.as_deref().map(|named| mapping(home_path, named)).transpose()?,
    };
    let taken: Vec<Taken> = if new.is_empty() { vec![] } else { add(&home, &given, &new)? };
    out.say(&format!("{} new, {before} sealed before", taken.len()));
    Ok(tell(&taken, out))
}
