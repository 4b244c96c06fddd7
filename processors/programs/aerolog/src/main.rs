//! The command line: topics and schemas, commands and their outcomes, imports, checks, audits.
//!
//! Every subcommand has a file; `connection` knows where the cluster is. `command-client` sends commands and waits for answers.

mod audit;
mod check;
mod connection;
mod dead_letters;
mod decode;
mod describe;
mod import;
mod local_view;
mod migrate;
mod outcomes;
mod position;
mod query;
mod recover;
mod schemas_command;
mod send;
mod topics;
mod wait;

use clap::{Parser, Subcommand};
use connection::Connection;
use std::io::Write;
use std::process::ExitCode;

/// Work with an Aerolog flight schedule: its topics, schemas, commands, outcomes and checks.
#[derive(Parser)]
#[command(version, after_help = STATUSES)]
struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: Command,
}

const STATUSES: &str = "\
Exit status:
  0  it worked; a command was accepted, or asked for what is so already (rule nothing-to-change); a check has no difference to report
  1  it failed: the cluster, the registry or the query service cannot be used, or something differs, or what was sent is no command
  2  the arguments are wrong
  3  a command was rejected for another reason (send, outcomes); an import went to its end, but lines were left out or commands rejected
  4  no outcome is there, or none came in time; the command may still be decided later
  5  an audit has found that an invariant does not hold
  6  a recovery is needed, or there is none for a partition (recover)

First steps:
  aerolog topics apply && aerolog schemas apply
  aerolog send register-airport HNL --name Honolulu --zone Pacific/Honolulu --minimum-ground-time 30
  aerolog check ground-time";

#[derive(Subcommand)]
enum Command {
    /// Create the topics, or compare them with the topology
    #[command(subcommand)]
    Topics(topics::Action),
    /// Register the schemas, or compare the registry with them
    #[command(subcommand)]
    Schemas(schemas_command::Action),
    /// Wait until brokers, topics, the registry and schemas are there
    Wait(wait::Arguments),
    /// Import airports or legs from a CSV file; repeating an import changes nothing
    #[command(subcommand)]
    Import(import::What),
    /// Send one command and wait for its outcome
    Send(send::Arguments),
    /// Show outcomes as they come, or the one of a command id
    Outcomes(outcomes::Arguments),
    /// See why records are no commands, and send them again when they can be
    #[command(subcommand, after_long_help = dead_letters::HELP)]
    DeadLetters(dead_letters::Action),
    /// Turn what kcat wrote (kcat -C … -f '%R%s') into JSON lines
    Decode(decode::Arguments),
    /// Ask the query service what is wrong with the schedule
    Check(check::Arguments),
    /// Check that no command was lost or decided twice, and that events, outcomes and offsets fit together
    Audit(audit::Arguments),
    /// Show what was lost and the way on; with --execute, put the loss on record and go on
    Recover(recover::Arguments),
    /// Carry the log to new topics with another number of partitions
    Migrate(migrate::Arguments),
    /// Show the topics, who writes and who reads them
    Describe(describe::Arguments),
}

/// Where to look when no outcome comes.
const READINESS: &str = "Look at GET /health/ready on the operations port of each command processor (by default \
    curl -s http://127.0.0.1:9101/health/ready): it says whether one runs, and for which partition it waits, and why";

/// What a subcommand came to; errors are failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    Differs,
    Rejected,
    TimedOut,
    Violated,
    NeedsRecovery,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Fine => Self::SUCCESS,
            Verdict::Differs => Self::from(1),
            Verdict::Rejected => Self::from(3),
            Verdict::TimedOut => Self::from(4),
            Verdict::Violated => Self::from(5),
            Verdict::NeedsRecovery => Self::from(6),
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = std::env::var("AEROLOG_LOG").unwrap_or_else(|_| "warn".to_owned());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(service::telemetry::is_coloured())
        .with_target(false)
        .init();
    match run(&arguments) {
        Ok(verdict) => verdict.into(),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("aerolog: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    service::check_variables(|name| std::env::var_os(name).is_some())?;
    let connection = &arguments.connection;
    match &arguments.command {
        Command::Topics(action) => topics::run(connection, action),
        Command::Schemas(action) => schemas_command::run(connection, action),
        Command::Wait(arguments) => wait::run(connection, arguments),
        Command::Import(what) => import::run(connection, what),
        Command::Send(arguments) => send::run(connection, arguments),
        Command::Outcomes(arguments) => outcomes::run(connection, arguments),
        Command::DeadLetters(action) => dead_letters::run(connection, action),
        Command::Decode(arguments) => decode::run(connection, arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Audit(arguments) => audit::run(connection, arguments),
        Command::Recover(arguments) => recover::run(connection, arguments),
        Command::Migrate(arguments) => migrate::run(connection, arguments),
        Command::Describe(arguments) => describe::run(connection, arguments),
    }
}

/// Prints a line. `println!` would panic where nobody reads it.
fn say(line: impl std::fmt::Display) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")
}

/// Whoever read our output has had enough, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
