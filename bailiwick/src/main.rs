//! The program `bailiwick`: reads the command line, runs it, ends with its exit code.

mod alerts;
mod chance;
mod cli;
mod clock;
mod codes;
mod config;
mod fault;
mod ingest;
mod known;
mod out;
mod parquet;
mod progress;
mod run;
mod watch;

fn main() -> std::process::ExitCode {
    run::main().into()
}
