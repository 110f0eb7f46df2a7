//! The whole trip as a table of contents: the command line in, one command run, an exit code out.

use crate::cli::{self, Command, Global};
use crate::config;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use clap::Parser;
use std::io::IsTerminal;

/// Reads the command line and runs it.
pub(crate) fn main() -> Exit {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return cli::refuse(&error),
    };
    let out = out(&cli.global);
    let exit = match run(&cli.global, cli.command, out) {
        Ok(exit) => exit,
        Err(fault) => {
            out.insist(&fault.shown());
            fault.exit
        }
    };
    match crate::out::broken() {
        None => exit,
        Some(error) => {
            let fault = Fault::unwritten(error);
            out.insist(&fault.shown());
            exit.max(fault.exit)
        }
    }
}

fn run(global: &Global, command: Command, out: Out) -> Result<Exit, Fault> {
    let home = config::home(global.home.as_deref());
    let config = || config::read(home.clone());
    match command {
        Command::Init(args) => cli::customer::init(&home.value, &args, out),
        Command::Customer(args) => cli::customer::run(&home.value, args.verb, out),
        Command::Ingest(args) => cli::ingest::run(&config()?, &args, out),
        Command::Scenario(args) => cli::scenario::run(args, out),
        Command::Detect(args) => cli::detect::run(&config()?, args, out),
        Command::Alert(args) => cli::alert::run(&home.value, args.verb, out),
        Command::Rule(args) => cli::rule::run(&config()?, args.verb, out),
        Command::Evidence(args) => cli::evidence::run(&home.value, args.verb, out),
        Command::Assess(args) => cli::assess::run(&config()?, &args, out),
        Command::Why(args) => cli::assess::why(&config()?, &args, out),
        Command::Due(args) => cli::due::run(&home.value, &args, out),
        Command::Impact(args) => cli::impact::run(&home.value, &args, out),
        Command::Check(args) => cli::check::run(&config()?, args.verb, out),
        Command::Exception(args) => cli::exception::run(&config()?, args.verb, out),
        Command::Feed(args) => cli::feed::run(&home.value, args.verb, out),
        Command::Hunt(args) => cli::hunt::run(&home.value, &args, out),
        Command::Export(args) => cli::export::run(&config()?, &args, out),
        Command::Ledger(args) => cli::ledger::run(&home.value, args.verb, out),
        Command::Retention(args) => cli::retention::run(&home.value, args.verb, out),
        Command::Key(args) => cli::key::run(&home.value, args.verb, out),
        Command::Contract(args) => cli::contract::run(&config()?, args.verb, out),
        Command::Report(args) => cli::report::run(&config()?, &args, out),
        Command::Verify(args) => cli::verify::run(&home.value, &args, out),
        Command::Scan(args) => cli::scan::run(&args, out),
        Command::Demo(args) => cli::demo::run(&args, out),
        Command::Doctor => cli::doctor::run(&home, config(), out),
        Command::Config(args) => cli::misc::config(&config()?, args.verb, out),
        Command::Explain(args) => cli::misc::explain(&args, out),
        Command::Completions(args) => cli::misc::completions(&args, out),
        Command::Man(args) => cli::misc::man(&args, out),
    }
}

fn out(global: &Global) -> Out {
    let form = match (global.json, global.jsonl) {
        (_, true) => Form::Jsonl,
        (true, false) => Form::Json,
        (false, false) => Form::Text,
    };
    let color = match global.color {
        cli::Color::Always => true,
        cli::Color::Never => false,
        cli::Color::Auto => !config::no_color() && std::io::stdout().is_terminal(),
    };
    Out { form, quiet: global.quiet, verbose: global.verbose > 0, color }
}
