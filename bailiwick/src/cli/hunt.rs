//! `hunt`: searching one customer's sealed records, with a query or backwards with rules.

mod backwards;

use super::{customer_id, look, time};
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use crate::progress::Progress;
use crate::watch;
use clap::Args;
use hunt::{Query, Range, search};
use model::{CustomerId, Event, Time};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

pub(crate) const HELP: &str = "Examples:
  bailiwick hunt --customer acme 'failed user:root'
  bailiwick hunt --customer acme --from 2026-11-01 --last 20 'src_ip:203.0.113.0/24 -outcome:success' --jsonl
  bailiwick hunt --customer acme --rules new-rule.yml

The language:
  word  \"a phrase\"                            whole words, anywhere in a record
  part*  *part*  /regex/  *                    parts of words, anywhere
  field:value  field:\"a value\"  field:val*     the whole value, without case; * and ? stand for anything
  field:*  field:>10  field:10.0.0.0/8          is there; numbers and times; networks
  a b  a and b  a or b  not a  -a  ( )          joined
  _kind _seq _source _happened _received _defect   of the record itself

Events are looked at, other kinds only when the query names _kind. Every record is proved against the checkpoint before it
is looked at. Exit 0 with and without hits; 4 when a record cannot be proved, or the vault is not as it was left (one that was
put back to an older state, for instance): what is there is given all the same.

Backwards with --rules: Sigma rules, filters and correlations over what was sealed before. The index of each segment says
which blocks can hold the words that a rule cannot do without; only those are read. Before it starts, it says how many
records that are, and which rules tell no word and make it read all. What is found is sealed as alerts that say `found:
backwards` and the version of the rule, those that stand in the log already are not sealed twice; --no-seal only lists
them. Two spellings are matched, but not looked for by the index: numbers with an exponent (4.688e3), and the letter \u{17f}
for s; --every-record reads everything. Exit 1 with findings.";

/// Arguments of `hunt`.
#[derive(Args)]
pub(crate) struct HuntArgs {
    /// Whose log
    #[arg(long, value_name = "ID")]
    customer: String,
    /// Happened at or after this
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Time>,
    /// Happened before this
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<Time>,
    /// Only the newest hits
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    /// Hunt backwards with these Sigma rules: folders or files
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["query", "last"])]
    rules: Vec<PathBuf>,
    /// Look at every record, whatever the index says
    #[arg(long, requires = "rules", conflicts_with = "query")]
    every_record: bool,
    /// Only list what is found, seal no alert
    #[arg(long, requires = "rules", conflicts_with = "query")]
    no_seal: bool,
    /// What to look for
    #[arg(value_name = "QUERY", allow_hyphen_values = true, required_unless_present = "rules")]
    query: Option<String>,
}

/// Runs the command.
pub(crate) fn run(home: &Path, args: &HuntArgs, out: Out) -> Result<Exit, Fault> {
    let Some(query) = &args.query else { return backwards::run(home, args, out) };
    let query = Query::parse(query).map_err(|error| {
        let what = format!("query, column {}: {}\n{}", error.column, error.message, error.caret);
        Fault::usage("BW-1007", what, "`bailiwick hunt --help` shows the language")
    })?;
    let home = look(home)?;
    let customer = customer_id(&args.customer)?;
    home.customer(&customer)?;
    let view = home.view(&customer)?;
    let range = Range { from: args.from, to: args.to, last: args.last };
    let progress = Progress::new(out, view.checkpoint().size, false);
    let mut hits = 0u64;
    let mut listing = (out.form == Form::Json).then(|| out.listing("hunt", "records"));
    let added: Vec<&str> = collect::added_words().collect();
    let looked = search(
        &view,
        &query,
        &range,
        (&watch::fields, &added),
        &mut |done, _| progress.at(done),
        &mut |event| {
            hits += 1;
            match (&mut listing, out.form) {
                (Some(listing), _) => listing.push(&as_json(&event, None)),
                (None, Form::Text) => in_words(&event, out),
                (None, _) => out.json_line(&as_json(&event, None)),
            }
            // A search for nobody need not go on.
            if out.is_heard() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        },
    )?;
    drop(progress);
    if let Some(listing) = listing {
        let doubt = view.doubt();
        listing.end(&json!({"query": query.to_string(), "hits": hits, "looked_at": looked, "doubt": doubt}));
    }
    out.say(&format!("{hits} hits in {looked} records of {customer} looked at"));
    // Last, so that nobody goes without what is there: but what is not there was not looked at.
    match view.doubt() {
        None => Ok(Exit::Ok),
        Some(why) => {
            let what = format!(
                "the vault of `{customer}` is not as it was left: {why}; what was found is sealed, and more may have been"
            );
            let next = format!(
                "run `bailiwick verify --customer {customer}`, and compare with the customer's own copy"
            );
            Err(Fault::new(Exit::Tampered, "BW-4001", what, next))
        }
    }
}

/// A record as JSON; raw bytes that are no text also as base64.
pub(crate) fn as_json(event: &Event, customer: Option<&CustomerId>) -> Value {
    let record = &event.record;
    let mut value = json!({
        "seq": record.seq,
        "kind": record.kind.as_str(),
        "source": record.source.to_string(),
        "happened": record.happened.to_string(),
        "received": record.received.to_string(),
        "fields": event.fields,
        "raw": String::from_utf8_lossy(&record.raw),
        "defects": record.defects.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    if std::str::from_utf8(&record.raw).is_err() {
        value["raw_hex"] = record.raw.iter().map(|b| format!("{b:02x}")).collect::<String>().into();
    }
    if let Some(customer) = customer {
        value["customer"] = customer.as_str().into();
    }
    value
}

fn in_words(event: &Event, out: Out) {
    let record = &event.record;
    let raw = String::from_utf8_lossy(&record.raw);
    let raw: String = raw.trim_end().chars().take(2000).map(|c| if c == '\n' { ' ' } else { c }).collect();
    out.row(&[&record.seq.to_string(), &record.happened.to_string(), &record.source.to_string(), &raw]);
}
