//! The command line: every command, option and page of help.

pub(crate) mod alert;
pub(crate) mod assess;
pub(crate) mod check;
pub(crate) mod contract;
pub(crate) mod customer;
pub(crate) mod demo;
pub(crate) mod detect;
pub(crate) mod doctor;
pub(crate) mod due;
pub(crate) mod evidence;
pub(crate) mod exception;
pub(crate) mod export;
pub(crate) mod feed;
pub(crate) mod hunt;
pub(crate) mod impact;
pub(crate) mod ingest;
pub(crate) mod key;
pub(crate) mod ledger;
pub(crate) mod misc;
pub(crate) mod policy;
pub(crate) mod report;
pub(crate) mod retention;
pub(crate) mod rule;
pub(crate) mod scan;
pub(crate) mod scenario;
pub(crate) mod verify;

use crate::chance::Machine;
use crate::fault::{Exit, Fault};
use clap::{Args, Parser, Subcommand, ValueEnum};
use custody::Home;
use custody::disk::Folder;
use model::{CustomerId, Time};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Sealed logs of many customers, attacks found in them, and proofs that the customer can check alone.
#[derive(Parser)]
#[command(
    name = "bailiwick",
    version,
    arg_required_else_help = true,
    max_term_width = 100,
    disable_help_subcommand = false
)]
#[command(
    after_help = "Examples:\n  bailiwick demo                                        the whole trip, with records made for it\n  bailiwick init --provider 'Northwind IT'\n  bailiwick customer add acme --name 'Acme Ltd'\n  bailiwick ingest --customer acme /var/log\n  bailiwick hunt --customer acme 'failed user:root'\n\nExit codes: 0 ok, 1 findings, 2 usage, 3 incomplete, 4 verification failed, 5 environment, 130 interrupted."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args)]
pub(crate) struct Global {
    /// The provider's home [environment: BAILIWICK_HOME; default: the user's folder for data]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    pub(crate) home: Option<PathBuf>,
    /// Answer with one JSON document
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,
    /// Answer with a line of JSON for each thing
    #[arg(long, global = true, conflicts_with = "json", help_heading = "Everywhere")]
    pub(crate) jsonl: bool,
    /// Say only what is wrong
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    pub(crate) quiet: bool,
    /// Say more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Everywhere")]
    pub(crate) verbose: u8,
    /// Colour of words on a terminal
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        help_heading = "Everywhere",
        hide_possible_values = false
    )]
    pub(crate) color: Color,
}

/// When to use colour.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a provider's home
    #[command(
        after_help = "Examples:\n  bailiwick init --provider 'Northwind IT'\n  bailiwick --home /srv/bailiwick init --provider northwind\n\nA home that exists is never touched: exit 2."
    )]
    Init(customer::InitArgs),
    /// Add, list and show customers
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  bailiwick customer add acme --name 'Acme Ltd'\n  bailiwick customer show acme --json"
    )]
    Customer(customer::CustomerArgs),
    /// Read logs, seal them in a customer's log, look for attacks
    #[command(after_help = ingest::HELP)]
    Ingest(ingest::IngestArgs),
    /// List and show what was noticed
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  bailiwick alert ls --customer acme\n  bailiwick alert show al-0123456789ab"
    )]
    Alert(alert::AlertArgs),
    /// Tell and make attacks among ordinary days, as logs, to practise on
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  bailiwick scenario ls\n  bailiwick scenario show log-cleared\n  bailiwick scenario make log-cleared --seed 7 --out practice"
    )]
    Scenario(scenario::ScenarioArgs),
    /// List and tune the detections over time, and try other thresholds on the past
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  bailiwick detect ls\n  bailiwick detect show bw.spray-fast\n  bailiwick detect replay --customer acme bw.spray-fast.accounts=5"
    )]
    Detect(detect::DetectArgs),
    /// List and check Sigma rules
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  bailiwick rule ls\n  bailiwick rule check my-rules/\n\nExit 1 when a rule is refused."
    )]
    Rule(rule::RuleArgs),
    /// Add documents of evidence, and show what there is, what changed and what is due
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  bailiwick evidence add --customer acme --side customer nmap-inside.xml\n  bailiwick evidence ls --customer acme"
    )]
    Evidence(evidence::EvidenceArgs),
    /// Answer the seventeen measures for both sides from what was sealed
    #[command(after_help = assess::HELP)]
    Assess(assess::AssessArgs),
    /// Say what one answer stands on, who fails and what to do
    #[command(
        after_help = "Examples:\n  bailiwick why ra.msp-mfa-100 --customer acme\n  bailiwick why ra.msp-mfa-100 --customer acme --side provider --now 2026-11-21 --json\n\nExit as `assess`, for this check alone."
    )]
    Why(assess::WhyArgs),
    /// List what goes stale or ends soon
    #[command(after_help = due::HELP)]
    Due(due::DueArgs),
    /// Find which customers a tool, vulnerability, supplier or account reaches
    #[command(after_help = impact::HELP)]
    Impact(impact::ImpactArgs),
    /// List, show, try and write checks
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  bailiwick check ls --measure backups\n  bailiwick check test my-checks"
    )]
    Check(check::CheckArgs),
    /// Except subjects of a check for a time, with both sides' approval
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  bailiwick exception ls --customer acme\n  bailiwick exception end ex-0123456789ab"
    )]
    Exception(exception::ExceptionArgs),
    /// Take and list public lists that are used for all customers
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  bailiwick feed update known_exploited_vulnerabilities.json\n  bailiwick feed ls"
    )]
    Feed(feed::FeedArgs),
    /// Search a customer's sealed records
    #[command(after_help = hunt::HELP)]
    Hunt(hunt::HuntArgs),
    /// Write a bundle that the customer verifies alone
    #[command(after_help = export::HELP)]
    Export(export::ExportArgs),
    /// Show a customer's log, its own records, and single records with their proof
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  bailiwick ledger show --customer acme\n  bailiwick ledger prove --customer acme --seq 4711 --to proof/"
    )]
    Ledger(ledger::LedgerArgs),
    /// Show and lengthen how long records are kept
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  bailiwick retention show --customer acme\n  bailiwick retention set --customer clinic --days 2192"
    )]
    Retention(retention::RetentionArgs),
    /// Rotate a customer's key, and put it into the customer's own hands
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  bailiwick key rotate --customer acme\n  bailiwick key escrow --customer acme --for public.key --to acme.escrow"
    )]
    Key(key::KeyArgs),
    /// Who owes what: draft, check, compare, sign, seal
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  bailiwick contract new --customer acme > acme.contract.toml\n  bailiwick contract check acme.contract.toml\n  bailiwick contract add --customer acme acme.contract.toml"
    )]
    Contract(contract::ContractArgs),
    /// Write the answer about a customer for people or programs
    #[command(after_help = report::HELP)]
    Report(report::ReportArgs),
    /// Verify vaults: every record, every byte
    #[command(
        after_help = "Examples:\n  bailiwick verify\n  bailiwick verify --customer acme --json\n\nNothing is written. Exit 4 when anything is not as it was sealed; the findings name records and file."
    )]
    Verify(verify::VerifyArgs),
    /// Run rules over files without keeping anything
    #[command(after_help = scan::HELP)]
    Scan(scan::ScanArgs),
    /// Show the whole trip in under a minute
    #[command(
        after_help = "Examples:\n  bailiwick demo\n  bailiwick demo /var/log\n\nWithout a path its records are made; with one they are the reader's own logs. It works in a temporary folder, which goes\nafterwards, and needs no network."
    )]
    Demo(demo::DemoArgs),
    /// Check home, keys, disk, clock, rules and vaults
    #[command(
        after_help = "Examples:\n  bailiwick doctor\n  bailiwick doctor --json\n\nNothing is written. Exit 1 when something wants attention, 4 when a vault is damaged, 5 when the home cannot be read."
    )]
    Doctor,
    /// Show what applies and where it comes from
    #[command(
        arg_required_else_help = true,
        after_help = "Examples:\n  bailiwick config show\n  bailiwick config show --origin"
    )]
    Config(misc::ConfigArgs),
    /// Explain an error code
    #[command(after_help = "Examples:\n  bailiwick explain BW-4002\n  bailiwick explain --json BW-1004")]
    Explain(misc::ExplainArgs),
    /// Print completions for a shell
    #[command(
        after_help = "Examples:\n  bailiwick completions bash > ~/.local/share/bash-completion/completions/bailiwick\n  bailiwick completions zsh > ~/.zfunc/_bailiwick"
    )]
    Completions(misc::CompletionsArgs),
    /// Print the manual pages, or write them to a folder
    #[command(
        after_help = "Examples:\n  bailiwick man | man -l -\n  bailiwick man --out ~/.local/share/man/man1"
    )]
    Man(misc::ManArgs),
}

/// What clap says of a command line that it refuses, or of one that asks for help.
pub(crate) fn refuse(error: &clap::Error) -> Exit {
    use clap::error::ErrorKind;
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = write!(std::io::stdout(), "{error}");
            Exit::Ok
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = write!(std::io::stderr(), "{error}");
            Exit::Usage
        }
        _ => {
            let text = crate::out::clean_lines(&error.to_string());
            let _ = writeln!(std::io::stderr(), "{text}  BW-1001: `bailiwick explain BW-1001` says more");
            Exit::Usage
        }
    }
}

/// Opens a home for writing.
pub(crate) fn open(home: &Path, doing: &str) -> Result<Home, Fault> {
    let who = format!("`bailiwick {doing}`, process {}, since {}", std::process::id(), crate::clock::now());
    Home::open(Arc::new(Folder::new(home)), &who, Box::new(Machine)).map_err(|e| at_home(e.into(), home))
}

/// Opens a home for reading.
pub(crate) fn look(home: &Path) -> Result<Home, Fault> {
    Home::look(Arc::new(Folder::new(home)), Box::new(Machine)).map_err(|e| at_home(e.into(), home))
}

/// Adds to a fault which home it is about.
fn at_home(mut fault: Fault, home: &Path) -> Fault {
    fault.what = format!("{} (home: {})", fault.what, home.display());
    fault
}

/// A customer's id as given.
pub(crate) fn customer_id(text: &str) -> Result<CustomerId, Fault> {
    CustomerId::parse(text).map_err(|error| {
        Fault::usage(
            "BW-1006",
            format!("`{text}` is no customer's id: {error}"),
            "`bailiwick customer ls` lists the customers",
        )
    })
}

/// A time as given: RFC 3339, or a date.
pub(crate) fn time(text: &str) -> Result<Time, String> {
    let date = || {
        text.parse::<jiff::civil::Date>()
            .ok()
            .and_then(|d| jiff::tz::Offset::UTC.to_timestamp(d.at(0, 0, 0, 0)).ok())
    };
    text.parse()
        .ok()
        .or_else(date)
        .ok_or_else(|| "write 2026-11-01T10:00:00Z, or a date, 2026-11-01".to_owned())
}

/// A zone as given: `+02:00`, `-0730`, `Z`.
pub(crate) fn zone(text: &str) -> Result<jiff::tz::Offset, String> {
    let wrong = || "write an offset from UTC such as +02:00, or Z".to_owned();
    if matches!(text, "Z" | "z" | "UTC" | "utc") {
        return Ok(jiff::tz::Offset::UTC);
    }
    let (sign, digits) = match text.split_at_checked(1) {
        Some(("+", rest)) => (1, rest.replace(':', "")),
        Some(("-", rest)) => (-1, rest.replace(':', "")),
        _ => return Err(wrong()),
    };
    let number: i32 = digits.parse().ok().filter(|_| digits.len() == 4).ok_or_else(wrong)?;
    jiff::tz::Offset::from_seconds(sign * (number / 100 * 60 + number % 100) * 60).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_hangs_together_and_every_command_shows_examples() {
        Cli::command().debug_assert();
        for command in Cli::command().get_subcommands() {
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("Examples:"), "{}", command.get_name());
        }
    }

    #[test]
    fn times_and_zones_are_read() {
        assert_eq!(time("2026-11-01").map(|t| t.to_string()), Ok("2026-11-01T00:00:00Z".into()));
        assert_eq!(
            time("2026-11-01T10:00:00+01:00").map(|t| t.to_string()),
            Ok("2026-11-01T09:00:00Z".into())
        );
        assert!(time("yesterday").is_err());
        assert_eq!(zone("-0730").map(|z| z.seconds()), Ok(-27_000));
        assert!(zone("Berlin").is_err() && zone("+99:99").is_err() && zone("").is_err());
    }
}
