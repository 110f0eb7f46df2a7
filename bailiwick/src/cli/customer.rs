//! `init` and `customer`: who we are, and for whom.

use super::{customer_id, look, open};
use crate::chance::Machine;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use clap::{Args, Subcommand};
use custody::Home;
use custody::disk::Folder;
use model::{Customer, CustomerId};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// Arguments of `init`.
#[derive(Args)]
pub(crate) struct InitArgs {
    /// The provider's name, as customers know it
    #[arg(long, value_name = "NAME")]
    provider: String,
}

/// Arguments of `customer`.
#[derive(Args)]
pub(crate) struct CustomerArgs {
    #[command(subcommand)]
    pub(crate) verb: CustomerVerb,
}

/// What to do with customers.
#[derive(Subcommand)]
pub(crate) enum CustomerVerb {
    /// Add a customer: keys, an empty vault, and the first record in it
    #[command(
        after_help = "Examples:\n  bailiwick customer add acme --name 'Acme Ltd'\n  bailiwick customer add clinic-7 --name 'Clinic Seven' --json"
    )]
    Add {
        /// Its id: a-z, 0-9 and `-`, at most 63
        id: String,
        /// Its name for people
        #[arg(long, value_name = "TEXT")]
        name: String,
        /// Check, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// List the customers
    #[command(after_help = "Examples:\n  bailiwick customer ls\n  bailiwick customer ls --json")]
    Ls,
    /// Show a customer: vault, records, key and checkpoint
    #[command(
        after_help = "Examples:\n  bailiwick customer show acme\n  bailiwick customer show acme --json"
    )]
    Show {
        /// Its id
        id: String,
    },
    /// Set and show what is ordinary for a customer: tools, gateways, windows, tickets, thresholds
    #[command(arg_required_else_help = true)]
    Policy(super::policy::PolicyArgs),
}

/// Makes a home.
pub(crate) fn init(home: &Path, args: &InitArgs, out: Out) -> Result<Exit, Fault> {
    let made =
        Home::init(Arc::new(Folder::new(home)), &args.provider, crate::clock::now(), Box::new(Machine))?;
    let provider = made.provider();
    match out.form {
        Form::Text => out.text(&format!(
            "made a home for {} in {}\nits keys lie in {}: back them up apart from the vaults; without them nothing can be read\n\
             next: bailiwick customer add ID --name TEXT",
            provider.name,
            home.display(),
            home.join("keys").display()
        )),
        _ => out.document("init", json!({"provider": {"id": provider.id.as_str(), "name": provider.name}, "home": home.display().to_string()})),
    }
    Ok(Exit::Ok)
}

/// Runs a verb.
pub(crate) fn run(home: &Path, verb: CustomerVerb, out: Out) -> Result<Exit, Fault> {
    match verb {
        CustomerVerb::Add { id, name, dry_run } => add(home, &id, &name, dry_run, out),
        CustomerVerb::Ls => list(home, out),
        CustomerVerb::Policy(args) => super::policy::run(home, args, out),
        CustomerVerb::Show { id } => {
            let home = look(home)?;
            let id = customer_id(&id)?;
            show(&home, &id, out)
        }
    }
}

fn add(home: &Path, id: &str, name: &str, dry_run: bool, out: Out) -> Result<Exit, Fault> {
    let id = customer_id(id)?;
    let now = crate::clock::now();
    if dry_run {
        let home = look(home)?;
        if home.customer(&id).is_ok() {
            return Err(custody::HomeError::CustomerExists { id }.into());
        }
        let customer =
            Customer::new(id, name, now).map_err(|e| Fault::usage("BW-1006", e.to_string(), ""))?;
        out.say(&format!("would add {} ({}); nothing was changed", customer.id, customer.name));
        return Ok(Exit::Ok);
    }
    let home = open(home, "customer add")?;
    let customer = home.add_customer(&id, name, now)?;
    let vkey = home.vkey(&id)?;
    match out.form {
        Form::Text => out.text(&format!(
            "added {} ({})\nits log's public key, for the customer to keep on paper or elsewhere:\n  {vkey}\n  fingerprint {}",
            customer.id,
            customer.name,
            vkey.fingerprint()
        )),
        _ => out.document("customer", described(&home, &customer)?),
    }
    Ok(Exit::Ok)
}

fn list(home: &Path, out: Out) -> Result<Exit, Fault> {
    let home = look(home)?;
    let customers = home.customers()?;
    match out.form {
        Form::Text if customers.is_empty() => {
            out.say("no customers yet; add one with `bailiwick customer add ID --name TEXT`")
        }
        Form::Text => {
            let rows = customers.iter().map(|c| vec![c.id.to_string(), c.name.clone(), c.since.to_string()]);
            out.table(&["id", "name", "since"], rows.collect());
        }
        Form::Json => {
            let list: Vec<Value> = customers.iter().map(brief).collect();
            out.document("customers", json!({"provider": home.provider().name, "customers": list}));
        }
        Form::Jsonl => customers.iter().for_each(|c| out.json_line(&brief(c))),
    }
    Ok(Exit::Ok)
}

fn brief(customer: &Customer) -> Value {
    json!({"id": customer.id.as_str(), "name": customer.name, "since": customer.since.to_string()})
}

fn show(home: &Home, id: &CustomerId, out: Out) -> Result<Exit, Fault> {
    let customer = home.customer(id)?;
    let shown = described(home, &customer)?;
    match out.form {
        Form::Text => {
            let text = |key: &str| {
                shown
                    .pointer(key)
                    .map_or_else(String::new, |v| v.as_str().map_or(v.to_string(), str::to_owned))
            };
            let rows = [
                ("id", text("/id")),
                ("name", text("/name")),
                ("since", text("/since")),
                ("records", text("/records")),
                ("vault", text("/vault")),
                ("key", text("/vkey")),
                ("fingerprint", text("/fingerprint")),
                (
                    "checkpoint",
                    format!("{} records, root {}", text("/checkpoint/size"), text("/checkpoint/root")),
                ),
            ];
            out.table(&["what", "value"], rows.into_iter().map(|(k, v)| vec![k.to_owned(), v]).collect());
        }
        _ => out.document("customer", shown),
    }
    Ok(Exit::Ok)
}

fn described(home: &Home, customer: &Customer) -> Result<Value, Fault> {
    let view = home.view(&customer.id)?;
    let checkpoint = view.checkpoint();
    let vault = home.disk().path(&Home::vault_name(&customer.id));
    let vkey = view.vkey();
    Ok(json!({
        "id": customer.id.as_str(),
        "name": customer.name,
        "since": customer.since.to_string(),
        "vault": vault.map(|p| std::path::absolute(&p).unwrap_or(p).display().to_string()),
        "records": checkpoint.size,
        "vkey": vkey.to_string(),
        "fingerprint": vkey.fingerprint(),
        "checkpoint": {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.to_string()},
    }))
}
