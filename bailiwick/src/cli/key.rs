//! `key`: a customer's key rotated, and put into the customer's own hands.

use super::{customer_id, look, open};
use crate::chance::Machine;
use crate::clock;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use clap::{Args, Subcommand};
use custody::EscrowError;
use custody::disk::{Disk, Folder};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Arguments of `key`.
#[derive(Args)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) verb: KeyVerb,
}

/// What to do with keys.
#[derive(Subcommand)]
pub(crate) enum KeyVerb {
    /// Make a pair of escrow keys: the customer does this, and keeps the secret one
    #[command(
        after_help = "Examples:\n  bailiwick key new --to acme-escrow/\n  cat acme-escrow/public.key\n\nThe secret key opens what is wrapped for the public one. Keep it on paper or in a safe, away from the provider."
    )]
    New {
        /// An empty or new folder
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
    /// Wrap a customer's key for the customer's public escrow key
    #[command(
        after_help = "Examples:\n  bailiwick key escrow --customer acme --for acme-escrow/public.key --to acme.escrow\n  bailiwick key restore --customer acme --from acme.escrow --secret acme-escrow/secret.key"
    )]
    Escrow {
        /// Whose key
        #[arg(long, value_name = "ID")]
        customer: String,
        /// File with the public escrow key
        #[arg(long = "for", value_name = "FILE")]
        public: PathBuf,
        /// A new file
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Bring a lost customer's key back from its escrow
    #[command(
        after_help = "Examples:\n  bailiwick key restore --customer acme --from acme.escrow --secret acme-escrow/secret.key\n  bailiwick verify --customer acme"
    )]
    Restore {
        /// Whose key
        #[arg(long, value_name = "ID")]
        customer: String,
        /// The escrow
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// File with the secret escrow key
        #[arg(long, value_name = "FILE")]
        secret: PathBuf,
    },
    /// Give a customer a new key: every epoch's key is wrapped anew, the old one opens nothing
    #[command(
        after_help = "Examples:\n  bailiwick key rotate --customer acme\n  bailiwick key escrow --customer acme --for acme-escrow/public.key --to acme-2.escrow\n\nWhat lies in the vault stays as it is. Make a new escrow afterwards: the old one opens nothing any more."
    )]
    Rotate {
        /// Whose key
        #[arg(long, value_name = "ID")]
        customer: String,
    },
}

fn fault(error: EscrowError) -> Fault {
    match error {
        EscrowError::Home(error) => error.into(),
        EscrowError::Chance(error) => error.into(),
        other => Fault::usage("BW-1014", format!("{other}"), "`bailiwick key --help` shows the whole way"),
    }
}

fn text(path: &Path) -> Result<String, Fault> {
    let read = std::fs::read(path).map_err(|e| {
        Fault::usage(
            "BW-1008",
            format!("`{}` cannot be read: {e}", path.display()),
            "name a file that is there",
        )
    })?;
    if read.len() > 1 << 16 {
        return Err(Fault::usage("BW-1014", format!("`{}` is far too long for a key", path.display()), ""));
    }
    Ok(String::from_utf8_lossy(&read).into_owned())
}

/// Runs a verb.
pub(crate) fn run(home: &Path, verb: KeyVerb, out: Out) -> Result<Exit, Fault> {
    match verb {
        KeyVerb::New { to } => {
            let place = Folder::new(&to);
            for name in ["secret.key", "public.key"] {
                if place.length(name).is_ok() {
                    return Err(Fault::usage(
                        "BW-1012",
                        format!("`{}` is there already", to.join(name).display()),
                        "name an empty or new folder",
                    ));
                }
            }
            let (secret, public) = custody::escrow_keys(&mut Machine).map_err(fault)?;
            place.put("secret.key", secret.as_bytes())?;
            place.put("public.key", public.as_bytes())?;
            told(
                out,
                "made",
                &format!("made secret.key and public.key in {}; hand over only the public one", to.display()),
                &public,
            );
        }
        KeyVerb::Escrow { customer, public, to } => {
            let home = look(home)?;
            let id = customer_id(&customer)?;
            let escrow = custody::escrow(&home, &id, &text(&public)?).map_err(fault)?;
            let (folder, name) = (
                to.parent().unwrap_or(Path::new(".")),
                to.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
            );
            let place = Folder::new(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
            if place.length(&name).is_ok() {
                return Err(Fault::usage(
                    "BW-1012",
                    format!("`{}` is there already", to.display()),
                    "name a new file",
                ));
            }
            place.put(&name, escrow.as_bytes())?;
            told(
                out,
                "escrow",
                &format!("the key of {id}, wrapped for the customer, lies in {}", to.display()),
                &to.display().to_string(),
            );
        }
        KeyVerb::Restore { customer, from, secret } => {
            let home = open(home, "key restore")?;
            let id = customer_id(&customer)?;
            custody::restore(&home, &id, &text(&from)?, &text(&secret)?).map_err(fault)?;
            told(
                out,
                "restored",
                &format!(
                    "the key of {id} is back; `bailiwick verify --customer {id}` shows that it opens everything"
                ),
                id.as_str(),
            );
        }
        KeyVerb::Rotate { customer } => {
            let home = open(home, "key rotate")?;
            let id = customer_id(&customer)?;
            let seq = custody::rotate(&home, &id, clock::now())?;
            told(
                out,
                "rotated",
                &format!("{id} has a new key; record {seq} of its log says so. Make a new escrow"),
                id.as_str(),
            );
        }
    }
    Ok(Exit::Ok)
}

fn told(out: Out, what: &str, sentence: &str, value: &str) {
    match out.form {
        Form::Text => out.text(sentence),
        _ => out.document("key", json!({"what": what, "value": value.trim()})),
    }
}
