//! The frame of a program that serves until it is stopped: its arguments, configuration, log, signals and exit status.

use crate::{ConfigurationError, Shutdown, telemetry};
use clap::{Arg, Args, Command, FromArgMatches};
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What a program is, and how it runs.
pub struct Program<C> {
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// What `--help` says in addition.
    pub details: &'static str,
    /// The text of `default.toml`.
    pub defaults: &'static str,
    pub load: fn(Option<&Path>) -> Result<C, ConfigurationError>,
    /// An argument of its own, with a value, that goes before what the configuration says.
    pub argument: Option<Argument<C>>,
    pub serve: Serve<C>,
}

/// Returns once the shutdown is requested, or with the reason why the program cannot go on.
pub type Serve<C> = fn(&C, &Shutdown) -> Result<(), Box<dyn Error>>;

/// An argument that only one program has.
pub struct Argument<C> {
    pub name: &'static str,
    pub value: &'static str,
    pub help: &'static str,
    /// Changes the configuration, or says what was expected.
    pub apply: fn(&mut C, &str) -> Result<(), String>,
}

#[derive(Debug, Args)]
struct Arguments {
    /// A TOML file; what it does not say is as in --print-defaults, and AEROLOG_* variables come above it
    #[arg(long)]
    config: Option<PathBuf>,
    /// Print every key with its default and its meaning, and exit
    #[arg(long)]
    print_defaults: bool,
}

impl<C> Program<C> {
    /// The whole program, from its arguments to its exit status.
    pub fn main(&self) -> ExitCode {
        let matches = self.command().get_matches();
        let own = self.argument.as_ref().and_then(|argument| matches.get_one::<String>(argument.name));
        let result = Arguments::from_arg_matches(&matches)
            .map_err(Into::into)
            .and_then(|arguments| self.run(&arguments, own.map(String::as_str)));
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{}: {error}", self.name);
                ExitCode::FAILURE
            }
        }
    }

    fn command(&self) -> Command {
        let command = Command::new(self.name)
            .version(env!("CARGO_PKG_VERSION"))
            .about(self.about)
            .long_about(format!("{}\n\n{}", self.about, self.details))
            .after_help("Exit status: 0 after SIGTERM or Ctrl-C, 1 when it cannot run, 2 for wrong arguments.");
        let own = self.argument.as_ref().map(|argument| {
            Arg::new(argument.name)
                .long(argument.name)
                .value_name(argument.value)
                .help(argument.help)
        });
        Arguments::augment_args(command).args(own)
    }

    fn run(&self, arguments: &Arguments, own: Option<&str>) -> Result<(), Box<dyn Error>> {
        if arguments.print_defaults {
            let printed = std::io::stdout().write_all(self.defaults.as_bytes());
            return printed.map_err(|error| format!("the defaults could not be printed: {error}").into());
        }
        // Before the configuration, which warns of what it ignores.
        telemetry::start()?;
        let mut configuration = (self.load)(arguments.config.as_deref())?;
        if let (Some(argument), Some(value)) = (&self.argument, own) {
            (argument.apply)(&mut configuration, value)
                .map_err(|expected| format!("--{} {value:?}: expected {expected}", argument.name))?;
        }
        let shutdown = Shutdown::on_signals().map_err(|error| format!("no signal handlers: {error}"))?;
        (self.serve)(&configuration, &shutdown)
    }
}

#[cfg(test)]
mod tests;
