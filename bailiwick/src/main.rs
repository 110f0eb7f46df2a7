//! The program `bailiwick`: reads the command line, runs it, ends with its exit code.

mod alerts;
mod assess;
mod audit;
mod chance;
mod checks;
mod cli;
mod clock;
mod codes;
mod config;
mod dossier;
mod evidence;
mod fault;
mod feeds;
mod ingest;
mod known;
mod out;
mod parquet;
mod policies;
mod profile;
mod progress;
mod run;
mod watch;

fn main() -> std::process::ExitCode {
    run::main().into()
}
