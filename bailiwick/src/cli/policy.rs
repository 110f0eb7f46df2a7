//! `customer policy`: what is ordinary for a customer, so that it raises no alert.

use super::{customer_id, look, open};
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use crate::{clock, policies};
use clap::{Args, Subcommand};
use detect::{Policy, PolicyError};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Longest policy that is read, in bytes.
const FILE_LIMIT_BYTES: u64 = 4 << 20;

const HELP: &str = "Examples:
  bailiwick customer policy show --customer acme
  bailiwick customer policy set --customer acme --reason 'contract of June' acme-policy.toml

A policy is a TOML file of lines, each with what it allows, an end and a reason:

  [[line]]
  allow = \"remote-tool\"           # or gateway, scanner, vpn-exit, maintenance, password-policy,
  what = \"AnyDesk\"                # provider-account, provider-path, provider-window, ticket, break-glass
  until = 2027-06-30T00:00:00Z
  reason = \"used by the maker of the practice software\"

  [thresholds]
  \"bw.spray-fast.accounts\" = 15

It is sealed in the customer's log and holds from there on; the one before it stays to be read.";

/// Arguments of `customer policy`.
#[derive(Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    verb: PolicyVerb,
}

/// What to do with a policy.
#[derive(Subcommand)]
enum PolicyVerb {
    /// Set the policy of a customer from a file
    #[command(after_help = HELP)]
    Set {
        /// Whose
        #[arg(long, value_name = "ID")]
        customer: String,
        /// Why, in a sentence
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Check, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// The policy, as TOML
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Show the policy of a customer
    #[command(
        after_help = "Examples:\n  bailiwick customer policy show --customer acme\n  bailiwick customer policy show --customer acme --json"
    )]
    Show {
        /// Whose
        #[arg(long, value_name = "ID")]
        customer: String,
    },
}

/// What is wrong with a policy, and what to do.
pub(crate) fn refused(error: &PolicyError) -> Fault {
    Fault::usage("BW-1022", error.to_string(), "`bailiwick customer policy set --help` shows a whole one")
}

/// Runs a verb.
pub(crate) fn run(home: &Path, args: PolicyArgs, out: Out) -> Result<Exit, Fault> {
    match args.verb {
        PolicyVerb::Set { customer, reason, dry_run, file } => {
            set(home, &customer, &reason, dry_run, &file, out)
        }
        PolicyVerb::Show { customer } => show(home, &customer, out),
    }
}

fn set(
    home: &Path,
    customer: &str,
    reason: &str,
    dry_run: bool,
    file: &Path,
    out: Out,
) -> Result<Exit, Fault> {
    let customer = customer_id(customer)?;
    let shown = file.display();
    if std::fs::metadata(file)?.len() > FILE_LIMIT_BYTES {
        let what = format!("`{shown}` is longer than {} MiB", FILE_LIMIT_BYTES >> 20);
        return Err(Fault::usage("BW-1022", what, "a policy is a short text"));
    }
    let bytes = std::fs::read(file)?;
    let text = String::from_utf8(bytes);
    let text = text
        .map_err(|_| Fault::usage("BW-1022", format!("`{shown}` is not text (UTF-8)"), "a policy is TOML"))?;
    let policy = Policy::read(&text).map_err(|e| refused(&e))?;
    if reason.trim().is_empty() {
        return Err(Fault::usage("BW-1001", "the reason is empty".to_owned(), "say why in a sentence"));
    }
    let lines = policy.lines.len();
    if dry_run {
        look(home)?.customer(&customer)?;
        out.say(&format!("{lines} lines and {} thresholds; nothing was changed", policy.thresholds.len()));
        return Ok(Exit::Ok);
    }
    let home = open(home, "customer policy set")?;
    home.customer(&customer)?;
    let seq = policies::seal(&home, &customer, &policy, reason, clock::second())?;
    match out.form {
        Form::Text => out.text(&format!(
            "{lines} lines and {} thresholds hold for {customer} from now on; record {seq} of its log says so",
            policy.thresholds.len()
        )),
        _ => out.document("policy", json!({"customer": customer.as_str(), "seq": seq, "lines": lines, "thresholds": policy.thresholds})),
    }
    Ok(Exit::Ok)
}

fn show(home: &Path, customer: &str, out: Out) -> Result<Exit, Fault> {
    let home = look(home)?;
    let customer = customer_id(customer)?;
    home.customer(&customer)?;
    let (policy, seq) = policies::current(&home, &customer)?;
    let value = serde_json::to_value(&policy).map_err(std::io::Error::other)?;
    if out.form != Form::Text {
        out.document("policy", json!({"customer": customer.as_str(), "seq": seq, "policy": value}));
        return Ok(Exit::Ok);
    }
    let Some(seq) = seq else {
        out.say(&format!("{customer} has no policy: the defaults hold (`bailiwick detect ls`)"));
        return Ok(Exit::Ok);
    };
    let now = clock::now();
    let row = |line: &detect::Line| {
        let word = serde_json::to_value(line.allow)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default();
        let state = if line.until <= now { "ended" } else { "holds" };
        vec![state.into(), word, line.what.clone(), line.until.to_string(), line.reason.clone()]
    };
    out.table(&["state", "allow", "what", "until", "reason"], policy.lines.iter().map(row).collect());
    for (name, have) in &policy.thresholds {
        out.say(&format!("{name} = {have}"));
    }
    out.say(&format!("record {seq} of the log of {customer} says so"));
    Ok(Exit::Ok)
}
