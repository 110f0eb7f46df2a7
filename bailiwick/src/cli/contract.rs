//! `contract`: who owes what, as a file that both sides sign and that every answer names.

use super::evidence::customers;
use super::{customer_id, look, open, time};
use crate::config::Config;
use crate::evidence::bounded;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use crate::{checks, clock, dossier, profile};
use assess::{CheckSet, terms};
use clap::{Args, Subcommand};
use contract::{
    CheckInfo, Contract, ContractError, Finding, FindingKind, Known, Signed, diff, findings, template,
};
use custody::Home;
use model::{CustomerId, Fields, Kind, Time};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Bytes of a contract, at most.
const FILE_BYTES: usize = 1 << 20;

/// Arguments of `contract`.
#[derive(Args)]
pub(crate) struct ContractArgs {
    #[command(subcommand)]
    pub(crate) verb: ContractVerb,
}

/// What to do with contracts.
#[derive(Subcommand)]
pub(crate) enum ContractVerb {
    /// Print a complete draft for a customer
    #[command(
        after_help = "Examples:\n  bailiwick contract new --customer acme > acme.contract.toml\n  bailiwick contract new --customer clinic --profile hipaa --from 2027-01-01 > clinic.contract.toml\n\nA row for each of the seventeen measures and each clause, with the numbers of the profile. Change what does not fit."
    )]
    New {
        /// Whose
        #[arg(long, value_name = "ID")]
        customer: String,
        /// Whose numbers apply
        #[arg(long, value_name = "PROFILE", default_value = profile::DEFAULT)]
        profile: String,
        /// First day; default: today
        #[arg(long, value_name = "TIME", value_parser = time)]
        from: Option<Time>,
    },
    /// Say what is missing, claimed twice, too weak or unproved
    #[command(
        after_help = "Examples:\n  bailiwick contract check acme.contract.toml\n  bailiwick contract check acme.contract.toml --profile hipaa --json\n\nExit 1 with findings, 2 when the file is no contract; each fault is told with line, column and caret."
    )]
    Check {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Whose numbers apply; default: the contract's own profile
        #[arg(long, value_name = "PROFILE")]
        profile: Option<String>,
        /// The day; default: now
        #[arg(long, value_name = "TIME", value_parser = time)]
        now: Option<Time>,
    },
    /// Say what changed between two versions, and whether it asks more or less
    #[command(
        after_help = "Examples:\n  bailiwick contract diff old.toml new.toml\n  bailiwick contract diff old.toml new.toml --json\n\nExit 1 when something asks less than before."
    )]
    Diff {
        /// The older one
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The newer one
        #[arg(value_name = "NEW")]
        new: PathBuf,
    },
    /// Show a contract: rows, hash, signatures; of a file, or the one in force for a customer
    #[command(
        after_help = "Examples:\n  bailiwick contract show acme.contract.toml\n  bailiwick contract show --customer acme --json > contract.json\n\nThe hash is what both sides sign. The JSON form is a copy that each side can hand in as evidence (`evidence add`)."
    )]
    Show {
        /// A file
        #[arg(value_name = "FILE", required_unless_present = "customer", conflicts_with = "customer")]
        file: Option<PathBuf>,
        /// The one in force for a customer
        #[arg(long, value_name = "ID")]
        customer: Option<String>,
        /// The day; default: now
        #[arg(long, value_name = "TIME", value_parser = time)]
        now: Option<Time>,
    },
    /// Seal a version in the customer's log: from then on every answer names who owes it
    #[command(
        after_help = "Examples:\n  bailiwick contract add --customer acme acme.contract.toml\n  bailiwick contract add --customer acme acme.contract.toml --json\n\nA version that is there already is noticed. One that only one side signed is kept as a draft, and said."
    )]
    Add {
        /// Whose
        #[arg(long, value_name = "ID")]
        customer: String,
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// List the versions in the customers' logs
    #[command(
        after_help = "Examples:\n  bailiwick contract ls\n  bailiwick contract ls --customer acme --json"
    )]
    Ls {
        /// Whose; default: everybody's
        #[arg(long, value_name = "ID")]
        customer: Option<String>,
        /// The day; default: now
        #[arg(long, value_name = "TIME", value_parser = time)]
        now: Option<Time>,
    },
}

/// Runs a verb.
pub(crate) fn run(config: &Config, verb: ContractVerb, out: Out) -> Result<Exit, Fault> {
    let set = checks::armed(&config.checks.value)?;
    match verb {
        ContractVerb::New { customer, profile, from } => new(config, &customer, &profile, from, out),
        ContractVerb::Check { file, profile, now } => check(&file, profile.as_deref(), now, &set, out),
        ContractVerb::Diff { old, new } => changes(&old, &new, &set, out),
        ContractVerb::Show { file: Some(file), now, .. } => {
            let (contract, text) = read(&file, &set)?;
            show(&contract, &text, now.unwrap_or_else(clock::second), out);
            Ok(Exit::Ok)
        }
        ContractVerb::Show { customer, now, .. } => {
            in_force(config, &customer.unwrap_or_default(), now.unwrap_or_else(clock::second), &set, out)
        }
        ContractVerb::Add { customer, file } => add(config, &customer, &file, &set, out),
        ContractVerb::Ls { customer, now } => {
            list(config, customer.as_deref(), now.unwrap_or_else(clock::second), &set, out)
        }
    }
}

/// The checks that exist, and whether anything answers them today.
fn infos(set: &CheckSet) -> Vec<CheckInfo> {
    let info =
        |c: &assess::Check| CheckInfo { id: c.id.clone(), measure: c.measure.clone(), answers: c.is_real() };
    set.checks().map(info).collect()
}

pub(super) fn parse(text: &str, set: &CheckSet) -> Result<Contract, Vec<ContractError>> {
    Contract::parse_knowing(text, &Known { checks: &infos(set), profiles: &[] })
}

fn read(path: &Path, set: &CheckSet) -> Result<(Contract, String), Fault> {
    let shown = crate::out::path(path);
    if !path.exists() {
        return Err(Fault::usage(
            "BW-1008",
            format!("there is nothing at `{shown}`"),
            "look for a typing mistake",
        ));
    }
    let bytes = bounded(path, FILE_BYTES)?;
    let next = "mend what the carets show; `bailiwick contract new` prints a draft that is whole";
    let text = String::from_utf8(bytes)
        .map_err(|_| Fault::usage("BW-1021", format!("`{shown}` is not UTF-8"), next))?;
    let contract = parse(&text, set).map_err(|errors| {
        let told: Vec<String> = errors.iter().map(|e| e.render(&shown)).collect();
        Fault::usage("BW-1021", format!("`{shown}` is no contract\n{}", told.join("\n")), next)
    })?;
    Ok((contract, text))
}

fn new(config: &Config, customer: &str, profile: &str, from: Option<Time>, out: Out) -> Result<Exit, Fault> {
    let id = customer_id(customer)?;
    let home = look(&config.home.value)?;
    let customer = home.customer(&id)?;
    let day = terms::date(from.unwrap_or_else(clock::second));
    let text = template(profile::data(profile)?, home.provider(), &customer, day);
    match out.form {
        Form::Text => out.text(text.trim_end()),
        _ => out.document("contract-draft", json!({"customer": id.as_str(), "text": text})),
    }
    Ok(Exit::Ok)
}

fn check(
    file: &Path,
    profile: Option<&str>,
    now: Option<Time>,
    set: &CheckSet,
    out: Out,
) -> Result<Exit, Fault> {
    let (contract, _) = read(file, set)?;
    let profile = profile::data(profile.unwrap_or(&contract.profile))?;
    let found = findings(&contract, profile, &infos(set), terms::date(now.unwrap_or_else(clock::second)));
    match out.form {
        Form::Text => {
            let path = crate::out::path(file);
            for f in &found {
                out.text(&format!("{path}:{}: {}: {}\n  instead: {}", f.line, f.kind.as_str(), f.sentence, f.instead));
            }
            out.text(&format!("{} findings under `{}`; checks prove {}", found.len(), profile.id, contract.bound()));
        }
        _ => out.document(
            "contract-check",
            json!({"id": contract.id, "version": contract.version, "profile": profile.id, "bound_percent": contract.bound().percent(),
                   "findings": found.iter().map(finding).collect::<Vec<_>>()}),
        ),
    }
    Ok(if found.is_empty() { Exit::Ok } else { Exit::Findings })
}

fn finding(f: &Finding) -> Value {
    json!({"kind": f.kind.as_str(), "row": f.row, "line": f.line, "sentence": f.sentence, "instead": f.instead,
           "confidence": f.confidence.map(contract::Confidence::as_str)})
}

fn changes(old: &Path, new: &Path, set: &CheckSet, out: Out) -> Result<Exit, Fault> {
    let ((old, _), (new, _)) = (read(old, set)?, read(new, set)?);
    let all = diff(&old, &new);
    match out.form {
        Form::Text if all.is_empty() => out.text("nothing changed"),
        Form::Text => {
            let shown = |v: &Option<String>| v.clone().unwrap_or_else(|| "nothing".into());
            let row = |c: &contract::Change| {
                let row = c.row.clone().unwrap_or_else(|| "head".into());
                vec![row, c.field.to_owned(), shown(&c.old), shown(&c.new), c.direction.as_str().to_owned()]
            };
            out.table(&["row", "field", "was", "is", "asks"], all.iter().map(row).collect());
        }
        _ => {
            let change = |c: &contract::Change| json!({"row": c.row, "field": c.field, "old": c.old, "new": c.new, "direction": c.direction.as_str()});
            out.document("contract-diff", json!({"changes": all.iter().map(change).collect::<Vec<_>>()}));
        }
    }
    let looser = all.iter().any(|c| c.direction == contract::Direction::Looser);
    Ok(if looser { Exit::Findings } else { Exit::Ok })
}

fn signed(contract: &Contract) -> &'static str {
    match contract.signed() {
        Signed::Both => "both sides",
        Signed::OneSide(contract::Side::Provider) => "the provider alone",
        Signed::OneSide(contract::Side::Customer) => "the customer alone",
        Signed::Not => "nobody",
    }
}

fn show(contract: &Contract, text: &str, now: Time, out: Out) {
    let sum: String = Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    match out.form {
        Form::Text => {
            let row = |r: &contract::Row| {
                let threshold = r.threshold.as_ref().map_or_else(String::new, |t| t.value.to_string());
                vec![r.key(), r.owed_by.as_str().to_owned(), threshold, r.checks.len().to_string(), r.review.to_string()]
            };
            out.table(&["row", "owed by", "threshold", "checks", "review"], contract.rows.iter().map(row).collect());
            out.text(&format!(
                "{} version {}, profile {}, from {}{}; on {} it {}\nsigned by {}; both sides sign this hash:\n  {}",
                contract.id,
                contract.version,
                contract.profile,
                contract.valid_from,
                contract.valid_to.map_or_else(String::new, |d| format!(" to {d}")),
                terms::date(now),
                if contract.holds_on(terms::date(now)) { "holds" } else { "does not hold" },
                signed(contract),
                contract.hash()
            ));
        }
        _ => out.document(
            "contract",
            json!({"bailiwick": "contract/1", "program": env!("CARGO_PKG_VERSION"), "id": contract.id, "version": contract.version,
                   "customer": contract.customer.as_str(), "profile": contract.profile, "hash": contract.hash(), "signed": signed(contract),
                   "sha256": sum, "text": text}),
        ),
    }
}

/// Every version in a customer's log, with its place.
fn versions(home: &Home, id: &CustomerId, set: &CheckSet) -> Result<Vec<(u64, Contract, String)>, Fault> {
    let sealed = dossier::pages(&home.view(id)?, Kind::Contract)?;
    let known = |(seq, text): (u64, String)| Some((seq, parse(&text, set).ok()?, text));
    Ok(terms::texts(&sealed).into_iter().filter_map(known).collect())
}

fn in_force(config: &Config, customer: &str, now: Time, set: &CheckSet, out: Out) -> Result<Exit, Fault> {
    let id = customer_id(customer)?;
    let home = look(&config.home.value)?;
    home.customer(&id)?;
    let all = versions(&home, &id, set)?;
    let history = contract::History::new(all.iter().map(|(_, c, _)| c.clone()).collect());
    let found = history.on(terms::date(now)).and_then(|c| all.iter().rev().find(|(_, known, _)| known == c));
    let Some((_, contract, text)) = found else {
        let what = format!("no contract of {id} holds on {}", terms::date(now));
        return Err(Fault::usage(
            "BW-1010",
            what,
            "`bailiwick contract new` prints a draft, `contract add` seals one",
        ));
    };
    show(contract, text, now, out);
    Ok(Exit::Ok)
}

fn add(config: &Config, customer: &str, file: &Path, set: &CheckSet, out: Out) -> Result<Exit, Fault> {
    let id = customer_id(customer)?;
    let (contract, text) = read(file, set)?;
    if contract.customer != id {
        let what = format!("the contract is of `{}`, not of `{id}`; nothing was sealed", contract.customer);
        return Err(Fault::usage("BW-1021", what, "name the customer that stands in the file"));
    }
    let home = open(&config.home.value, "contract add")?;
    home.customer(&id)?;
    let before = versions(&home, &id, set)?;
    let now = clock::second();
    let known = before.iter().find(|(_, _, there)| *there == text).map(|(seq, ..)| *seq);
    let other = before.iter().rev().find(|(_, c, _)| (&c.id, c.version) == (&contract.id, contract.version));
    if let (None, Some((seq, there, _))) = (known, other)
        && there.signed() == Signed::Both
    {
        let what = format!(
            "version {} was signed by both sides and stands in record {seq}; nothing was sealed",
            there.version
        );
        return Err(Fault::usage(
            "BW-1021",
            what,
            format!("give the new text the version {}", there.version + 1),
        ));
    }
    let seq = match known {
        Some(seq) => seq,
        None => seal(&home, &id, &contract, &text, now)?,
    };
    match out.form {
        Form::Text => out.text(&format!(
            "{} version {} of {id}, signed by {}, stands in record {seq}{}",
            contract.id,
            contract.version,
            signed(&contract),
            if known.is_some() { ", as before" } else { "" }
        )),
        _ => out.document(
            "contract-add",
            json!({"customer": id.as_str(), "id": contract.id, "version": contract.version, "signed": signed(&contract), "seq": seq, "known": known.is_some()}),
        ),
    }
    let profile = profile::data(&contract.profile)?;
    let found = findings(&contract, profile, &infos(set), terms::date(now));
    let unsigned = found.iter().any(|f| matches!(f.kind, FindingKind::Unsigned | FindingKind::OneSided));
    if unsigned {
        out.say("it is a draft until both sides sign its hash: `bailiwick contract show FILE` prints it");
    }
    if found.len() > usize::from(unsigned) {
        out.say(&format!("{} findings: `bailiwick contract check FILE` tells them", found.len()));
    }
    Ok(Exit::Ok)
}

/// Seals a version in the customer's log; the number of its record.
pub(super) fn seal(
    home: &Home,
    id: &CustomerId,
    contract: &Contract,
    text: &str,
    now: Time,
) -> Result<u64, Fault> {
    let mut vault = home.vault(id)?;
    let cursor = vault.cursor().map(<[u8]>::to_vec);
    let draft = Home::own(Kind::Contract, &terms::contract_json(contract, text), now);
    let sealed = vault.append(vec![(draft, Fields::new())], cursor, now)?;
    let seq = sealed.place().first + sealed.place().count - 1;
    vault.close(now)?;
    Ok(seq)
}

fn list(config: &Config, customer: Option<&str>, now: Time, set: &CheckSet, out: Out) -> Result<Exit, Fault> {
    let home = look(&config.home.value)?;
    let mut rows = vec![];
    for id in customers(&home, customer)? {
        rows.extend(versions(&home, &id, set)?.into_iter().map(|(seq, c, _)| (id.clone(), seq, c)));
    }
    let holds = |c: &Contract| c.holds_on(terms::date(now));
    match out.form {
        Form::Text => {
            let row = |(id, seq, c): &(CustomerId, u64, Contract)| {
                let word = if holds(c) { "holds" } else { "does not hold" };
                vec![
                    id.to_string(),
                    c.id.clone(),
                    c.version.to_string(),
                    signed(c).to_owned(),
                    word.to_owned(),
                    seq.to_string(),
                ]
            };
            out.table(
                &["customer", "contract", "version", "signed by", "today", "record"],
                rows.iter().map(row).collect(),
            );
        }
        _ => {
            let one = |(id, seq, c): &(CustomerId, u64, Contract)| json!({"customer": id.as_str(), "id": c.id, "version": c.version, "signed": signed(c), "holds": holds(c), "seq": seq, "hash": c.hash()});
            out.document("contracts", json!({"contracts": rows.iter().map(one).collect::<Vec<_>>()}));
        }
    }
    Ok(Exit::Ok)
}
