//! `demo`: the whole trip in a temporary home, with records made for it or with the reader's own logs.

mod assessed;

use super::ingest::inputs;
use crate::chance::{self, Machine};
use crate::clock::{self, Stopwatch};
use crate::fault::{Exit, Fault};
use crate::ingest::{Input, Job, Report, ingest, limits};
use crate::out::{Form, Out};
use crate::progress::Progress;
use crate::watch::Watch;
use clap::Args;
use collect::Options;
use custody::Home;
use custody::disk::{Disk, Folder, Temporary};
use model::{Alert, CustomerId};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Arguments of `demo`.
#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Keep the home in this new folder, to look around in
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Your own logs: files and folders
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// A file of a scenario: scenario, customer, name, text.
type Played = (&'static str, &'static str, &'static str, &'static [u8]);

macro_rules! scenario {
    ($name:literal, $customer:literal, $file:literal) => {
        ($name, $customer, $file, include_bytes!(concat!("../../../scenarios/", $name, "/records/", $file)))
    };
}

/// What is played: every record in these files is invented.
const PLAYED: [Played; 6] = [
    scenario!("one-password-three-customers", "acme", "acme.sshd.log"),
    scenario!("one-password-three-customers", "borealis", "borealis.sshd.log"),
    scenario!("one-password-three-customers", "clinic", "clinic.sshd.log"),
    scenario!("event-log-cleared", "clinic", "clinic.security.ndjson"),
    scenario!("success-after-many-failures", "borealis", "borealis.sshd.log"),
    scenario!("success-after-many-failures", "acme", "acme.security.ndjson"),
];

/// Customers of the demonstration.
const CUSTOMERS: [(&str, &str); 3] =
    [("acme", "Acme Tools"), ("borealis", "Borealis Freight"), ("clinic", "Harbour Clinic")];

/// What was seen on the way.
#[derive(Default)]
struct Trip {
    records: u64,
    customers: usize,
    alerts: Vec<Alert>,
    incomplete: u64,
    verified: bool,
    tampered: Vec<verify::Finding>,
    flipped: String,
    /// How many answers are met, not met and open, for each customer.
    assessed: Vec<serde_json::Value>,
}

/// Runs the command.
pub(crate) fn run(args: &DemoArgs, out: Out) -> Result<Exit, Fault> {
    let own = !args.paths.is_empty();
    let begun = Stopwatch::start();
    let made = if own {
        "Demonstration with your own logs, in a temporary home; nothing leaves this machine and nothing of yours is changed."
    } else {
        "Demonstration: every record in it is made; provider, customers, people and addresses are invented."
    };
    say(out, made);
    let place = args
        .keep
        .clone()
        .unwrap_or(crate::config::temporary().join(format!("bailiwick-demo-{}", chance::name()?)));
    let mut folder = Temporary::new(&place).map_err(|error| {
        Fault::new(
            Exit::Environment,
            "BW-5003",
            format!("`{}` cannot be made: {error}", place.display()),
            "name a new folder with --keep DIR",
        )
    })?;
    if args.keep.is_some() {
        folder.keep();
    }
    let home_path = folder.path().join("home");
    let home = Home::init(
        Arc::new(Folder::new(&home_path)),
        "Demonstration Provider",
        clock::now(),
        Box::new(Machine),
    )?;
    let mut trip = Trip::default();
    if own {
        play_own(&home, &args.paths, out, &mut trip)?
    } else {
        play_made(&home, folder.path(), out, &mut trip)?;
        assessed::play(&home, folder.path(), out, &mut trip)?;
    }
    let named = prove(&home, folder.path(), out, &mut trip)?;
    if out.form == Form::Text {
        ending(args, &home_path, &trip, &named, begun.elapsed().as_secs_f64(), out);
    } else {
        out.document(
            "demo",
            json!({
                "customers": trip.customers, "records": trip.records, "alerts": trip.alerts.len(), "verified": trip.verified,
                "made": !own, "assessed": trip.assessed, "incomplete_files": trip.incomplete,
                "tampered": {"exit": if trip.tampered.is_empty() { 0 } else { Exit::Tampered.code() },
                             "file": trip.flipped,
                             "findings": trip.tampered.iter().map(super::verify::finding).collect::<Vec<_>>()},
                "seconds": begun.elapsed().as_secs_f64(),
            }),
        );
    }
    Ok(if trip.verified && !trip.tampered.is_empty() { Exit::Ok } else { Exit::Tampered })
}

fn say(out: Out, line: &str) {
    match out.form {
        Form::Text => out.text(line),
        _ => out.say(line),
    }
}

/// Ingests into one customer's log.
fn take(
    home: &Home,
    watch: &mut Watch<'_>,
    customer: &str,
    inputs: Vec<Input>,
    progress: &Progress,
) -> Result<Report, Fault> {
    static NEVER: AtomicBool = AtomicBool::new(false);
    let customer = super::customer_id(customer)?;
    let mut options = Options::at(clock::now());
    options.limits = limits();
    let job = Job {
        customer,
        inputs,
        options,
        now: &clock::now,
        stop: &NEVER,
        progress: &|done| progress.at(done),
    };
    ingest(home, &job, watch)
}

/// Plays the scenarios: their files are laid into the temporary folder and come in like any other.
fn play_made(home: &Home, folder: &Path, out: Out, trip: &mut Trip) -> Result<(), Fault> {
    let disk = Folder::new(&folder.join("records"));
    let mut watch =
        Watch::new(home, sigma::load(detect::beside_patterns()).rules, detect::Settings::default());
    let progress = Progress::new(out, PLAYED.iter().map(|p| p.3.len() as u64).sum(), true);
    for (id, name) in CUSTOMERS {
        home.add_customer(&super::customer_id(id)?, name, clock::now())?;
        let mut files = vec![];
        for (scenario, _, file, bytes) in PLAYED.iter().filter(|p| p.1 == id) {
            let path = format!("{scenario}/{file}");
            disk.put(&path, bytes)?;
            files.push(Input { shown: path.clone(), name: path.clone(), path: disk.path(&path) });
        }
        let many = files.len();
        let report = take(home, &mut watch, id, files, &progress)?;
        count(id, &report, many, out, trip);
    }
    trip.customers = CUSTOMERS.len();
    Ok(())
}

fn count(id: &str, report: &Report, files: usize, out: Out, trip: &mut Trip) {
    let records = report.sum(|f| f.records);
    trip.records += records;
    trip.incomplete += report.files.iter().filter(|f| f.is_incomplete()).count() as u64;
    say(out, &format!("  {id}: {records} records from {files} files sealed in its own encrypted log"));
}

fn play_own(home: &Home, paths: &[PathBuf], out: Out, trip: &mut Trip) -> Result<(), Fault> {
    let (inputs, failed, bytes) = inputs(paths)?;
    home.add_customer(&super::customer_id("yours")?, "Your logs", clock::now())?;
    let mut watch =
        Watch::new(home, sigma::load(detect::beside_patterns()).rules, detect::Settings::default());
    let progress = Progress::new(out, bytes, true);
    let many = inputs.len();
    let mut report = take(home, &mut watch, "yours", inputs, &progress)?;
    drop(progress);
    report.files.extend(failed);
    for file in report.files.iter().filter(|f| f.stopped.is_some()).take(5) {
        out.say(&format!("  not whole: {}: {}", file.path, file.stopped.as_deref().unwrap_or("")));
    }
    count("yours", &report, many, out, trip);
    trip.customers = 1;
    Ok(())
}

/// Exports, verifies as the customer would, flips a byte in a copy, and verifies again. Gives what to look at.
fn prove(
    home: &Home,
    folder: &Path,
    out: Out,
    trip: &mut Trip,
) -> Result<Option<(CustomerId, String)>, Fault> {
    let customers: Vec<CustomerId> = home.customers()?.into_iter().map(|c| c.id).collect();
    trip.alerts = crate::alerts::all(home, &customers)?;
    say(out, &format!("\n{} alerts:", trip.alerts.len()));
    for alert in trip.alerts.iter().rev().take(12).rev() {
        let names: Vec<&str> = alert.customers.iter().map(CustomerId::as_str).collect();
        say(out, &format!("  {:<8} {}: {}", alert.rule.level.as_str(), names.join(", "), alert.summary));
    }
    let mut ok = true;
    let mut records = 0;
    for customer in &customers {
        let view = home.view(customer)?;
        let bundle = folder.join("bundles").join(customer.as_str());
        custody::export(&view, 0, &Folder::new(&bundle), &mut |_| {})?;
        let report = verify::bundle(&bundle, Some(&view.vkey()))
            .map_err(|e| Fault::new(Exit::Environment, "BW-5003", e.to_string(), ""))?;
        ok = ok && report.ok();
        records += report.records;
    }
    trip.verified = ok;
    let word = if ok { "verified" } else { "NOT verified" };
    say(
        out,
        &format!(
            "\n{word}: {} bundles with {records} sealed records, by the customer's own program and key",
            customers.len()
        ),
    );
    let Some(first) = customers.first() else { return Ok(None) };
    // One bit, in the middle of the records, as a disk or an intruder would.
    let bundle = folder.join("bundles").join(first.as_str());
    let disk = Folder::new(&bundle);
    let name = disk.list("records")?.into_iter().next().unwrap_or_else(|| "checkpoint".to_owned());
    let mut bytes = disk.read(&name)?;
    let at = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1;
    }
    disk.put(&name, &bytes)?;
    let view = home.view(first)?;
    let report = verify::bundle(&bundle, Some(&view.vkey()))
        .map_err(|e| Fault::new(Exit::Environment, "BW-5003", e.to_string(), ""))?;
    trip.tampered = report.findings;
    trip.flipped = format!("{name}, byte {at}");
    let told = trip.tampered.iter().find(|f| f.from.is_some()).or(trip.tampered.first());
    say(
        out,
        &format!(
            "tampered: one bit of {}'s bundle flipped ({}); verification fails with exit 4:",
            first, trip.flipped
        ),
    );
    if let Some(finding) = told {
        let range =
            finding.from.zip(finding.to).map_or_else(String::new, |(a, b)| format!("records {a} to {b}: "));
        say(out, &format!("  {} {range}{}", finding.threat, finding.message));
    }
    Ok(trip.alerts.last().map(|a| (first.clone(), a.id.clone())))
}

fn ending(
    args: &DemoArgs,
    home: &Path,
    trip: &Trip,
    named: &Option<(CustomerId, String)>,
    took: f64,
    out: Out,
) {
    out.text(&format!("\n{} records in {took:.1} seconds.", trip.records));
    let Some((customer, alert)) = named else {
        return out.text(
            "Nothing was noticed. Try it with more logs, or with rules of your own: bailiwick ingest --help",
        );
    };
    if args.keep.is_some() {
        let home = home.display();
        out.text(&format!(
            "Look around:\n  bailiwick --home {home} alert show {alert}\n  bailiwick --home {home} hunt --customer {customer} 'failed'\n  bailiwick --home {home} verify"
        ));
    } else {
        out.text(
            "The temporary home is gone. To look around in it:  bailiwick demo --keep DIR\nTo begin with your own:  bailiwick init --provider NAME",
        );
    }
}
