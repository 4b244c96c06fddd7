//! The frame of the program: its arguments, its help in the words of the application, and its exit status.

use crate::{Connection, audit, dead_letters, decode, describe, migrate, outcomes, recover, schemas_command, send, topics, wait};
use application::Application;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Subcommands that only one application has, or has in its own way: next to those that every application has.
pub trait Subcommands<A: Application>: Subcommand {
    /// Does what the arguments say.
    ///
    /// # Errors
    /// For the person who has called the program: what failed, where, and what to do.
    fn run(&self, connection: &Connection<A>) -> anyhow::Result<Verdict>;
}

/// What `--help` says in the words of the application. In each text, `{program}` stands for the name of the program, and `{prefix}` for
/// that of the application.
#[derive(Debug, Clone, Copy)]
pub struct HelpTexts {
    /// One sentence, without a full stop.
    pub about: &'static str,
    /// Below the exit statuses: where to begin.
    pub first_steps: &'static str,
}

const PLAIN: HelpTexts = HelpTexts {
    about: "Work with a log of the application {prefix}: its topics, commands, outcomes and audits",
    first_steps: "\
First steps:
  {program} topics apply && {program} schemas apply
  {program} send AGGREGATE_ID '{\"NAME\": {…}}'
  {program} audit",
};

/// `send` and `decode` for commands and events of any application.
#[derive(Subcommand)]
pub enum Plain {
    /// Send one command as JSON, and wait for its outcome
    #[command(display_order = 40)]
    Send(send::Arguments),
    /// Turn what kcat wrote (kcat -C … -f '%R%s') into JSON lines
    #[command(display_order = 70)]
    Decode(decode::Arguments),
}

impl<A: Application> Subcommands<A> for Plain {
    fn run(&self, connection: &Connection<A>) -> anyhow::Result<Verdict> {
        match self {
            Self::Send(arguments) => send::run(connection, arguments),
            Self::Decode(arguments) => decode::run(connection, arguments),
        }
    }
}

#[derive(Parser)]
#[command(version)]
struct Arguments<A: Application, S: Subcommands<A>> {
    #[command(flatten)]
    connection: Connection<A>,
    #[command(subcommand)]
    command: Command<S>,
}

#[derive(Subcommand)]
enum Command<S: Subcommand> {
    #[command(flatten)]
    Common(Common),
    #[command(flatten)]
    Own(S),
}

/// What every application has in the same way.
#[derive(Subcommand)]
enum Common {
    /// Create the topics, or compare them with the topology
    #[command(subcommand, display_order = 10)]
    Topics(topics::Action),
    /// Register the schemas, or compare the registry with them
    #[command(subcommand, display_order = 20)]
    Schemas(schemas_command::Action),
    /// Wait until brokers, topics, the registry and schemas are there
    #[command(display_order = 30)]
    Wait(wait::Arguments),
    /// Show outcomes as they come, or the one of a command id
    #[command(display_order = 50)]
    Outcomes(outcomes::Arguments),
    /// See why records are no commands, and send them again when they can be
    #[command(subcommand, after_long_help = dead_letters::HELP, display_order = 60)]
    DeadLetters(dead_letters::Action),
    /// Check that no command was lost or decided twice, and that events, outcomes and offsets fit together
    #[command(display_order = 90)]
    Audit(audit::Arguments),
    /// Show what was lost and the way on; with --execute, put the loss on record and go on
    #[command(display_order = 100)]
    Recover(recover::Arguments),
    /// Carry the log to new topics with another number of partitions
    #[command(display_order = 110)]
    Migrate(migrate::Arguments),
    /// Show the topics, who writes and who reads them
    #[command(display_order = 120)]
    Describe(describe::Arguments),
}

impl Common {
    fn run<A: Application>(&self, connection: &Connection<A>) -> anyhow::Result<Verdict> {
        match self {
            Self::Topics(action) => topics::run(connection, action),
            Self::Schemas(action) => schemas_command::run(connection, action),
            Self::Wait(arguments) => wait::run(connection, arguments),
            Self::Outcomes(arguments) => outcomes::run(connection, arguments),
            Self::DeadLetters(action) => dead_letters::run(connection, action),
            Self::Audit(arguments) => audit::run(connection, arguments),
            Self::Recover(arguments) => recover::run(connection, arguments),
            Self::Migrate(arguments) => migrate::run(connection, arguments),
            Self::Describe(arguments) => describe::run(connection, arguments),
        }
    }
}

const STATUSES: &str = "\
Exit status:
  0  it worked; a command was accepted, or asked for what is so already (rule nothing-to-change); a check has no difference to report
  1  it failed: the cluster or the registry cannot be used, something differs, what was sent is no command, or the log is another application's
  2  the arguments are wrong
  3  a command was rejected for another reason
  4  no outcome is there, or none came in time; the command may still be decided later
  5  an audit has found that an invariant does not hold
  6  a recovery is needed, or there is none for a partition (recover)";

/// Where to look when no outcome comes.
pub const READINESS: &str = "Look at GET /health/ready on the operations port of each command processor (by default \
    curl -s http://127.0.0.1:9101/health/ready): it says whether one runs, and for which partition it waits, and why";

/// What a subcommand came to; errors are failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
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

/// The whole command line of an application, from its arguments to its exit status.
pub fn main<A: Application>() -> ExitCode {
    main_with::<A, Plain>(PLAIN)
}

/// The same with subcommands of its own. `send` and `decode` are among them, where it has them: [`Plain`] shows how.
pub fn main_with<A: Application, S: Subcommands<A>>(words: HelpTexts) -> ExitCode {
    let matches = command::<A, S>(words, &name()).get_matches();
    let arguments = Arguments::<A, S>::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
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
            complain(format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run<A: Application, S: Subcommands<A>>(arguments: &Arguments<A, S>) -> anyhow::Result<Verdict> {
    service::check_variables(|name| std::env::var_os(name).is_some())?;
    match &arguments.command {
        Command::Common(common) => common.run(&arguments.connection),
        Command::Own(own) => own.run(&arguments.connection),
    }
}

fn command<A: Application, S: Subcommands<A>>(words: HelpTexts, program: &str) -> clap::Command {
    let command = Arguments::<A, S>::command()
        .bin_name(program.to_owned())
        .display_name(program.to_owned())
        .about(words.about)
        .after_help(format!("{STATUSES}\n\n{}", words.first_steps));
    in_words_of(command, &[("{program}", program), ("{prefix}", A::NAME)])
}

/// The texts of a command and its subcommands with what their placeholders stand for.
fn in_words_of(mut command: clap::Command, placeholders: &[(&str, &str)]) -> clap::Command {
    let filled = |text: Option<&clap::builder::StyledStr>| {
        let filled = |text: String| placeholders.iter().fold(text, |text, (name, value)| text.replace(name, value));
        text.map(|text| filled(text.to_string()))
    };
    if let Some(text) = filled(command.get_about()) {
        command = command.about(text);
    }
    if let Some(text) = filled(command.get_long_about()) {
        command = command.long_about(text);
    }
    if let Some(text) = filled(command.get_after_help()) {
        command = command.after_help(text);
    }
    if let Some(text) = filled(command.get_after_long_help()) {
        command = command.after_long_help(text);
    }
    command.mut_subcommands(|subcommand| in_words_of(subcommand, placeholders))
}

/// What this program is called: what it advises names it.
pub fn name() -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&path).file_stem().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "aerolog".to_owned())
}

/// Prints a line. `println!` would panic where the reader has gone.
///
/// # Errors
/// When standard output cannot be written to.
pub fn say(line: impl Display) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")
}

/// Prints a line on standard error, after the program's name.
pub fn complain(line: impl Display) {
    eprintln!("{}: {line}", name());
}

/// The reader of our output has had enough, as `head` has.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests;
