//! `exception`: what both sides let pass for a time, sealed in the customer's log.

use super::evidence::{customers, days, side};
use super::{customer_id, look, open, time};
use crate::config::Config;
use crate::fault::{Exit, Fault, near};
use crate::out::{Form, Out};
use crate::{checks, clock, dossier};
use assess::exceptions::{DAYS_LIMIT, Exception, Kept, end_json, of};
use clap::{Args, Subcommand};
use custody::Home;
use model::{CustomerId, Fields, Kind, Time};
use serde_json::{Value, json};

/// Bytes of one text of an exception, at most.
const TEXT_BYTES: usize = 4096;

/// Arguments of `exception`.
#[derive(Args)]
pub(crate) struct ExceptionArgs {
    #[command(subcommand)]
    pub(crate) verb: ExceptionVerb,
}

/// What to do with exceptions.
#[derive(Subcommand)]
pub(crate) enum ExceptionVerb {
    /// Except subjects of a check, or all of them, for a time
    #[command(
        after_help = "Examples:\n  bailiwick exception add --customer acme --check ra.msp-mfa-100 --side provider --subject svc@acme.example --reason 'old scanner' \\\n    --compensating 'fixed address, watched' --provider-approval 'N. Ortega' --customer-approval 'B. Lind' --expires 2027-03-01\n  bailiwick exception add --customer acme --check ra.msp-mfa-100 --side provider --reason 'moving' --compensating 'watched' --expires 2027-01-15\n\nAt most twelve months. Without an approval of both sides it is kept as proposed and not in force. It ends by itself."
    )]
    Add(AddArgs),
    /// List exceptions, in force or not
    #[command(
        after_help = "Examples:\n  bailiwick exception ls --customer acme\n  bailiwick exception ls --json"
    )]
    Ls {
        /// Whose; default: everybody's
        #[arg(long, value_name = "ID")]
        customer: Option<String>,
        /// The day; default: now
        #[arg(long, value_name = "TIME", value_parser = time)]
        now: Option<Time>,
    },
    /// End an exception before its time
    #[command(
        after_help = "Examples:\n  bailiwick exception end ex-0123456789ab\n  bailiwick exception end ex-0123456789ab --customer acme"
    )]
    End {
        /// Its id
        #[arg(value_name = "ID")]
        id: String,
        /// Whose; default: whosever it is
        #[arg(long, value_name = "ID")]
        customer: Option<String>,
    },
}

/// Arguments of `exception add`.
#[derive(Args)]
pub(crate) struct AddArgs {
    /// Whose
    #[arg(long, value_name = "ID")]
    customer: String,
    /// The check
    #[arg(long, value_name = "CHECK")]
    check: String,
    /// Which side's answer
    #[arg(long, value_name = "SIDE", value_parser = ["provider", "customer"])]
    side: String,
    /// Only this subject; default: every one
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// What is done instead
    #[arg(long, value_name = "TEXT")]
    compensating: String,
    /// Who approved it for the provider
    #[arg(long, value_name = "NAME")]
    provider_approval: Option<String>,
    /// Who approved it for the customer
    #[arg(long, value_name = "NAME")]
    customer_approval: Option<String>,
    /// From when; default: now
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Time>,
    /// Until when, at most twelve months later
    #[arg(long, value_name = "TIME", value_parser = time)]
    expires: Time,
}

/// Runs a verb.
pub(crate) fn run(config: &Config, verb: ExceptionVerb, out: Out) -> Result<Exit, Fault> {
    match verb {
        ExceptionVerb::Add(args) => add(config, &args, out),
        ExceptionVerb::Ls { customer, now } => {
            list(config, customer.as_deref(), now.unwrap_or_else(clock::second), out)
        }
        ExceptionVerb::End { id, customer } => end(config, &id, customer.as_deref(), out),
    }
}

fn refused(what: impl Into<String>) -> Fault {
    Fault::usage("BW-1018", what, "`bailiwick exception add --help` shows examples; nothing was changed")
}

/// A text that says something and steers nothing.
fn said(name: &str, text: &str) -> Result<String, Fault> {
    let text = text.trim();
    if text.is_empty() || text.len() > TEXT_BYTES || text.chars().any(char::is_control) {
        return Err(refused(format!("`--{name}` says something in one line, at most {TEXT_BYTES} bytes")));
    }
    Ok(text.to_owned())
}

fn exception(args: &AddArgs, now: Time) -> Result<Exception, Fault> {
    let from = args.from.unwrap_or(now);
    if args.expires <= from {
        return Err(refused(format!("it would end ({}) before it begins ({from})", args.expires)));
    }
    if args.expires.as_second() - from.as_second() > DAYS_LIMIT * 86_400 {
        return Err(refused(format!(
            "it would last {} days; twelve months are the most",
            days(from, args.expires)
        )));
    }
    let maybe = |name: &str, text: &Option<String>| text.as_deref().map(|t| said(name, t)).transpose();
    Ok(Exception {
        check: args.check.clone(),
        side: side(&args.side)?,
        subject: maybe("subject", &args.subject)?,
        reason: said("reason", &args.reason)?,
        compensating: said("compensating", &args.compensating)?,
        provider_approval: maybe("provider-approval", &args.provider_approval)?,
        customer_approval: maybe("customer-approval", &args.customer_approval)?,
        from,
        expires: args.expires,
    })
}

fn kept(home: &Home, customer: &CustomerId) -> Result<Vec<Kept>, Fault> {
    Ok(of(&dossier::pages(&home.view(customer)?, Kind::Contract)?))
}

/// Seals a record of the contract.
fn seal(home: &Home, customer: &CustomerId, body: &Value, now: Time) -> Result<u64, Fault> {
    let mut vault = home.vault(customer)?;
    let cursor = vault.cursor().map(<[u8]>::to_vec);
    let sealed = vault.append(vec![(Home::own(Kind::Contract, body, now), Fields::new())], cursor, now)?;
    let place = sealed.place();
    let seq = place.first + place.count - 1;
    vault.close(now)?;
    Ok(seq)
}

fn add(config: &Config, args: &AddArgs, out: Out) -> Result<Exit, Fault> {
    let customer = customer_id(&args.customer)?;
    let now = clock::second();
    let exception = exception(args, now)?;
    let set = checks::armed(&config.checks.value)?;
    let check = checks::named(&set, &exception.check)?;
    if !check.asked_of.contains(&exception.side) {
        return Err(refused(format!("`{}` is not asked of the {}", check.id, exception.side)));
    }
    let home = open(&config.home.value, "exception add")?;
    home.customer(&customer)?;
    let id = exception.id();
    let before = kept(&home, &customer)?.into_iter().find(|k| k.id == id);
    let known = before.is_some();
    let kept = match before {
        Some(before) => before,
        None => {
            let seq = seal(&home, &customer, &exception.to_json(Some(&id)), now)?;
            Kept { id, seq, exception, ended: None }
        }
    };
    let state = kept.state(now);
    match out.form {
        Form::Text => out.text(&format!(
            "{} is {state}{}; record {} of the log of {customer} says so",
            kept.id,
            if known { ", as before" } else { "" },
            kept.seq
        )),
        _ => {
            let mut told = line(&customer, &kept, now);
            told["known"] = known.into();
            out.document("exception", told);
        }
    }
    if state == "proposed" {
        out.say("it is not in force: it needs an approval of both sides");
    }
    Ok(Exit::Ok)
}

fn line(customer: &CustomerId, kept: &Kept, now: Time) -> Value {
    let mut told = kept.exception.to_json(Some(&kept.id));
    told["customer"] = customer.as_str().into();
    told["seq"] = kept.seq.into();
    told["state"] = kept.state(now).into();
    told["ended"] = kept.ended.map(|t| t.to_string()).into();
    told
}

fn list(config: &Config, customer: Option<&str>, now: Time, out: Out) -> Result<Exit, Fault> {
    let home = look(&config.home.value)?;
    let mut all = vec![];
    for id in customers(&home, customer)? {
        all.extend(kept(&home, &id)?.into_iter().map(|k| (id.clone(), k)));
    }
    match out.form {
        Form::Text => {
            let row = |(customer, k): &(CustomerId, Kept)| {
                let e = &k.exception;
                let subject = e.subject.clone().unwrap_or_else(|| "every one".into());
                vec![
                    customer.to_string(),
                    k.id.clone(),
                    k.state(now).into(),
                    e.check.clone(),
                    e.side.to_string(),
                    subject,
                    e.expires.to_string(),
                    e.reason.clone(),
                ]
            };
            let head = ["customer", "id", "state", "check", "side", "subject", "expires", "reason"];
            out.table(&head, all.iter().map(row).collect());
        }
        Form::Json => {
            let list: Vec<Value> = all.iter().map(|(c, k)| line(c, k, now)).collect();
            out.document("exceptions", json!({"now": now.to_string(), "exceptions": list}));
        }
        Form::Jsonl => all.iter().for_each(|(c, k)| out.json_line(&line(c, k, now))),
    }
    Ok(Exit::Ok)
}

fn end(config: &Config, id: &str, customer: Option<&str>, out: Out) -> Result<Exit, Fault> {
    let home = open(&config.home.value, "exception end")?;
    let mut known = vec![];
    for customer in customers(&home, customer)? {
        for kept in kept(&home, &customer)? {
            if kept.id != id {
                known.push(kept.id);
                continue;
            }
            if let Some(at) = kept.ended {
                out.say(&format!("{id} was ended at {at}; nothing was changed"));
                return Ok(Exit::Ok);
            }
            let now = clock::second();
            let seq = seal(&home, &customer, &end_json(id, now), now)?;
            match out.form {
                Form::Text => out.text(&format!("{id} ends now; record {seq} of the log of {customer} says so")),
                _ => out.document("exception", json!({"id": id, "customer": customer.as_str(), "state": "ended", "ended": now.to_string(), "seq": seq})),
            }
            return Ok(Exit::Ok);
        }
    }
    let what = format!("there is no exception `{id}`{}", near(id, known.iter().map(String::as_str)));
    Err(Fault::usage("BW-1010", what, "`bailiwick exception ls` lists them"))
}
