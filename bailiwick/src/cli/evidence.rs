//! `evidence`: documents in, with their envelope; what there is, what is in it, what changed, what is due.

mod shown;
mod watch;

pub(crate) use shown::row_json;

use super::{customer_id, look, open, time};
use crate::clock;
use crate::dossier::{self, Index};
use crate::evidence::{Given, Taken, add, check_format, files, kind, mapping};
use crate::fault::{Exit, Fault, near};
use crate::out::{Form, Out};
use clap::{Args, Subcommand};
use custody::Home;
use evidence::{Envelope, FORMATS, KINDS, Side, Status};
use model::{CustomerId, Time};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Arguments of `evidence`.
#[derive(Args)]
pub(crate) struct EvidenceArgs {
    #[command(subcommand)]
    pub(crate) verb: EvidenceVerb,
}

/// What to do with evidence.
#[derive(Subcommand)]
pub(crate) enum EvidenceVerb {
    /// Add documents: seal them with what is said of them and the rows that were read
    #[command(
        after_help = "Examples:\n  bailiwick evidence add --customer acme --side customer nmap-inside.xml\n  bailiwick evidence add --customer acme --side provider --kind accounts --collected 2026-11-20 rmm-users.csv\n\nThe side says whose systems the documents speak of. Given twice, a document is noticed and not sealed again. A document that\nended early or holds nothing is sealed too, because a collection that failed is evidence: exit 3."
    )]
    Add(AddArgs),
    /// List documents: kind, age, how whole, when a new one is due
    #[command(
        after_help = "Examples:\n  bailiwick evidence ls --customer acme\n  bailiwick evidence ls --kind backup-jobs --json\n\nKinds are due again after a time of their own (`bailiwick evidence kinds`); what is overdue answers no question any more."
    )]
    Ls {
        /// Whose; default: everybody's
        #[arg(long, value_name = "ID")]
        customer: Option<String>,
        /// Only of this kind
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// The day; default: now
        #[arg(long, value_name = "TIME", value_parser = time)]
        now: Option<Time>,
    },
    /// Show a document: its envelope, its rows, its bytes
    #[command(
        after_help = "Examples:\n  bailiwick evidence show ev-0123456789abcdef01234567 --jsonl\n  bailiwick evidence show ev-0123456789abcdef01234567 --raw --to scan.xml"
    )]
    Show(shown::ShowArgs),
    /// Compare the rows of two documents, by subject
    #[command(
        after_help = "Examples:\n  bailiwick evidence diff ev-0123456789abcdef01234567 ev-89abcdef0123456789abcdef\n  bailiwick evidence diff OLDER NEWER --json"
    )]
    Diff {
        /// The older document
        #[arg(value_name = "ID")]
        before: String,
        /// The newer document
        #[arg(value_name = "ID")]
        after: String,
        /// Whose; default: whosever it is
        #[arg(long, value_name = "ID")]
        customer: Option<String>,
    },
    /// List the kinds of evidence, and after how many days a new one is due
    #[command(after_help = "Examples:\n  bailiwick evidence kinds\n  bailiwick evidence kinds --json")]
    Kinds,
    /// List the formats that are read
    #[command(after_help = "Examples:\n  bailiwick evidence formats\n  bailiwick evidence formats --json")]
    Formats,
    /// Add every new file of a folder, once
    #[command(
        after_help = "Examples:\n  bailiwick evidence watch /srv/drop/acme --customer acme --side customer\n  bailiwick evidence watch /srv/drop/acme --customer acme --side customer --kind devices\n\nOne pass: a timer of the machine runs it again. A file is known by its name and bytes. A folder that is named after a kind\nsays the kind of the files in it. A file counts as collected when it was last written, so copy with its times."
    )]
    Watch(watch::WatchArgs),
}

/// Arguments of `evidence add`.
#[derive(Args)]
pub(crate) struct AddArgs {
    /// Whose log
    #[arg(long, value_name = "ID")]
    customer: String,
    /// Whose systems the documents speak of
    #[arg(long, value_name = "SIDE", value_parser = ["provider", "customer"])]
    side: String,
    /// What kind of evidence it is; default: what the format says
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// The format; default: found out
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// When it was collected; default: now
    #[arg(long, value_name = "TIME", value_parser = time)]
    collected: Option<Time>,
    /// What was looked at; default: what the document says, else the file's name. Of one kind and scope the newest counts
    #[arg(long, value_name = "TEXT")]
    scope: Option<String>,
    /// Where the list of everything that should be in it comes from
    #[arg(long, value_name = "REF")]
    population: Option<String>,
    /// The time that it covers; default: what the document says
    #[arg(long, value_name = "FROM/TO", value_parser = span)]
    covers: Option<(Time, Time)>,
    /// Which heading fills which column of a CSV file: a TOML file, or a name in the home's folder `mappings`
    #[arg(long, value_name = "FILE|NAME")]
    mapping: Option<String>,
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Two times with `/` between them.
fn span(text: &str) -> Result<(Time, Time), String> {
    let wrong = || "write two times with `/` between them, such as 2026-11-01/2026-11-20".to_owned();
    let (from, to) = text.split_once('/').ok_or_else(wrong)?;
    let (from, to) = (time(from)?, time(to)?);
    if from <= to { Ok((from, to)) } else { Err("the first time is later than the second".to_owned()) }
}

/// Runs a verb.
pub(crate) fn run(home: &Path, verb: EvidenceVerb, out: Out) -> Result<Exit, Fault> {
    match verb {
        EvidenceVerb::Add(args) => taken(home, &args, out),
        EvidenceVerb::Ls { customer, kind, now } => {
            list(home, customer.as_deref(), kind.as_deref(), now.unwrap_or_else(clock::now), out)
        }
        EvidenceVerb::Show(args) => shown::show(home, &args, out),
        EvidenceVerb::Diff { before, after, customer } => {
            shown::diff(home, (&before, &after), customer.as_deref(), out)
        }
        EvidenceVerb::Kinds => Ok(kinds(out)),
        EvidenceVerb::Formats => Ok(formats(out)),
        EvidenceVerb::Watch(args) => watch::run(home, &args, out),
    }
}

/// A side as the command line has checked it.
pub(crate) fn side(word: &str) -> Result<Side, Fault> {
    Side::from_word(word).ok_or_else(|| {
        Fault::usage("BW-1001", format!("`{word}` is no side"), "write `provider` or `customer`")
    })
}

fn taken(home_path: &Path, args: &AddArgs, out: Out) -> Result<Exit, Fault> {
    let customer = customer_id(&args.customer)?;
    let side = side(&args.side)?;
    args.kind.as_deref().map(kind).transpose()?;
    args.format.as_deref().map(check_format).transpose()?;
    let home = open(home_path, "evidence add")?;
    home.customer(&customer)?;
    let given = Given {
        customer,
        side,
        format: args.format.clone(),
        scope: args.scope.clone(),
        population: args.population.clone(),
        covers: args.covers,
        mapping: args.mapping.as_deref().map(|named| mapping(home_path, named)).transpose()?,
    };
    let now = clock::second();
    if args.collected.is_none() {
        out.say(&format!("collected: {now}, as nobody said when (`--collected TIME`)"));
    }
    let collected = args.collected.unwrap_or(now);
    if collected > now {
        out.say(&format!("collected {collected} is still to come: until then nothing stands on it"));
    }
    let files = files(&args.paths, args.kind.as_deref(), &|_| collected)?;
    if files.is_empty() {
        let what = "there is no file at these paths";
        return Err(Fault::usage("BW-1008", what, "name at least one file"));
    }
    let taken = add(&home, &given, &files)?;
    Ok(tell(&taken, out))
}

fn taken_json(taken: &Taken) -> Value {
    let envelope = &taken.envelope;
    json!({
        "path": taken.path,
        "id": envelope.id,
        "seq": taken.seq,
        "kind": envelope.kind,
        "format": envelope.format,
        "side": envelope.side.as_str(),
        "scope": envelope.scope,
        "collected": envelope.collected.to_string(),
        "made": envelope.made.map(|t| t.to_string()),
        "status": envelope.status.as_str(),
        "why": envelope.status.why(),
        "rows": envelope.rows,
        "defects": envelope.defects,
        "bytes": envelope.bytes,
        "sha256": envelope.sha256,
        "known": taken.known,
    })
}

/// Tells what became of the documents, and says the exit code.
fn tell(taken: &[Taken], out: Out) -> Exit {
    let files: Vec<Value> = taken.iter().map(taken_json).collect();
    match out.form {
        Form::Text => {
            let row = |t: &Taken| {
                let e = &t.envelope;
                let state = if t.known {
                    format!("{}, sealed before", e.status.as_str())
                } else {
                    e.status.as_str().into()
                };
                vec![t.path.clone(), e.kind.clone(), state, counts(e), e.id.clone(), t.seq.to_string()]
            };
            out.table(&["file", "kind", "status", "rows", "id", "record"], taken.iter().map(row).collect());
        }
        Form::Json => {
            // Of one file the words stand at the top as well.
            let mut told = if let [one] = files.as_slice() { one.clone() } else { json!({}) };
            told["files"] = files.into();
            out.document("evidence-add", told);
        }
        Form::Jsonl => files.iter().for_each(|f| out.json_line(f)),
    }
    let mut exit = Exit::Ok;
    for t in taken.iter().filter(|t| t.envelope.status != Status::Complete) {
        let why = t.envelope.status.why().unwrap_or_default();
        out.insist(&format!("{}: {}: {why}", t.envelope.status.as_str(), t.path));
        exit = Exit::Incomplete;
    }
    if exit == Exit::Incomplete {
        out.say("sealed all the same (BW-3002): a collection that failed is evidence; nothing is met on it");
    }
    exit
}

/// `12 device, 40 service`.
fn counts(envelope: &Envelope) -> String {
    let counts: Vec<String> = envelope.rows.iter().map(|(table, many)| format!("{many} {table}")).collect();
    counts.join(", ")
}

/// One customer, or all of them.
pub(crate) fn customers(home: &Home, one: Option<&str>) -> Result<Vec<CustomerId>, Fault> {
    match one {
        Some(text) => {
            let id = customer_id(text)?;
            home.customer(&id)?;
            Ok(vec![id])
        }
        None => Ok(home.customers()?.into_iter().map(|c| c.id).collect()),
    }
}

/// A document in a list.
struct Line {
    seq: u64,
    envelope: Envelope,
    /// Whether no newer one took its place.
    counts: bool,
}

fn lines(home: &Home, customer: &CustomerId, now: Time) -> Result<Vec<Line>, Fault> {
    let all = Index::of(&home.view(customer)?)?.envelopes;
    let newest = dossier::newest(all.iter().map(|(seq, e)| (*seq, e)), now);
    let counts: std::collections::BTreeSet<u64> = newest.values().copied().collect();
    Ok(all.into_iter().map(|(seq, envelope)| Line { counts: counts.contains(&seq), seq, envelope }).collect())
}

/// Whole days from one time to another; negative when it is past.
pub(crate) fn days(from: Time, to: Time) -> i64 {
    (to.as_second() - from.as_second()).div_euclid(86_400)
}

fn due_in_words(line: &Line, now: Time) -> String {
    let due = dossier::due(&line.envelope).filter(|_| line.counts);
    due.map_or_else(
        || "-".into(),
        |due| {
            if due <= now {
                format!("overdue since {} days", days(due, now))
            } else {
                format!("in {} days", days(now, due))
            }
        },
    )
}

fn line_json(line: &Line, now: Time) -> Value {
    let e = &line.envelope;
    let due = dossier::due(e);
    json!({
        "id": e.id, "customer": e.customer.as_str(), "seq": line.seq, "kind": e.kind, "side": e.side.as_str(),
        "format": e.format, "file": e.file, "tool": e.tool, "tool_version": e.tool_version, "scope": e.scope,
        "collected": e.collected.to_string(), "made": e.made.map(|t| t.to_string()), "received": e.received.to_string(),
        "age_days": days(e.effective(), now), "status": e.status.as_str(), "why": e.status.why(), "rows": e.rows,
        "newest": line.counts, "due": due.map(|t| t.to_string()),
        "due_in_days": due.map(|t| days(now, t)), "overdue": line.counts && due.is_some_and(|t| t <= now),
    })
}

fn list(
    path: &Path,
    customer: Option<&str>,
    kind_word: Option<&str>,
    now: Time,
    out: Out,
) -> Result<Exit, Fault> {
    let only = kind_word.map(kind).transpose()?;
    let home = look(path)?;
    let mut all = vec![];
    for id in customers(&home, customer)? {
        all.extend(
            lines(&home, &id, now)?.into_iter().filter(|l| only.is_none_or(|k| l.envelope.kind == k.name)),
        );
    }
    match out.form {
        Form::Text => {
            let row = |l: &Line| {
                let e = &l.envelope;
                let age = format!("{} d", days(e.effective(), now));
                let tool = e.tool.clone().unwrap_or_else(|| e.format.clone());
                vec![
                    e.customer.to_string(),
                    e.kind.clone(),
                    e.side.to_string(),
                    tool,
                    e.collected.to_string(),
                    age,
                    e.status.as_str().into(),
                    counts(e),
                    due_in_words(l, now),
                    e.id.clone(),
                ]
            };
            out.table(
                &["customer", "kind", "side", "tool", "collected", "age", "status", "rows", "due", "id"],
                all.iter().map(row).collect(),
            );
        }
        Form::Json => {
            let list: Vec<Value> = all.iter().map(|l| line_json(l, now)).collect();
            out.document("evidence", json!({"now": now.to_string(), "evidence": list}));
        }
        Form::Jsonl => all.iter().for_each(|l| out.json_line(&line_json(l, now))),
    }
    Ok(Exit::Ok)
}

fn kinds(out: Out) -> Exit {
    let told = |k: &evidence::Kind| json!({"kind": k.name, "about": k.about, "due_days": k.due_days, "tables": k.tables, "adds_up": k.accumulates()});
    match out.form {
        Form::Text => {
            let row = |k: &evidence::Kind| {
                vec![k.name.into(), k.due_days.to_string(), k.about.into(), k.tables.join(" ")]
            };
            out.table(&["kind", "due after days", "what it is", "tables"], KINDS.iter().map(row).collect());
        }
        Form::Json => {
            out.document("evidence-kinds", json!({"kinds": KINDS.iter().map(told).collect::<Vec<_>>()}))
        }
        Form::Jsonl => KINDS.iter().for_each(|k| out.json_line(&told(k))),
    }
    Exit::Ok
}

fn formats(out: Out) -> Exit {
    let told = |f: &evidence::Format| json!({"format": f.name, "kind": f.kind, "about": f.about});
    match out.form {
        Form::Text => {
            let row = |f: &evidence::Format| vec![f.name.into(), f.kind.into(), f.about.into()];
            out.table(&["format", "kind", "what it is"], FORMATS.iter().map(row).collect());
        }
        Form::Json => {
            out.document("evidence-formats", json!({"formats": FORMATS.iter().map(told).collect::<Vec<_>>()}))
        }
        Form::Jsonl => FORMATS.iter().for_each(|f| out.json_line(&told(f))),
    }
    Exit::Ok
}

/// The document of an id is not there.
fn missing(id: &str, known: &[String]) -> Fault {
    let what = format!("there is no document `{id}`{}", near(id, known.iter().map(String::as_str)));
    Fault::usage("BW-1010", what, "`bailiwick evidence ls` lists the documents")
}
