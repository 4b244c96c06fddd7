//! The program: arguments, configuration, telemetry, the operations port, and the loop.

use crate::{CLUSTER, Configuration, DEFAULTS, RunError, run};
use application::Application;
use clap::Parser;
use service::open_files::{self, OpenFilesError};
use service::telemetry::{self, TelemetryError};
use service::{ConfigurationError, Health, ListenError, Operations, Shutdown, State};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Decides commands: reads them from their topic, and writes events and outcomes, exactly once.
///
/// Several processors share the partitions; each needs an instance_id and a state directory of its own. The state directory may be
/// deleted while the process is down: it comes back from the log.
#[derive(Parser)]
#[command(
    name = "command-processor",
    version,
    after_help = "Exit status: 0 after SIGTERM or Ctrl-C, 1 when it cannot run, 2 for wrong arguments."
)]
struct Arguments {
    /// A TOML file; what it does not say is as in --print-defaults, and AEROLOG_* variables come above it
    #[arg(long)]
    config: Option<PathBuf>,
    /// Print every key with its default and its meaning, and exit
    #[arg(long)]
    print_defaults: bool,
}

/// Why the program ends with a failure.
#[derive(Debug, thiserror::Error)]
enum ProgramError {
    #[error("the defaults could not be printed: {0}")]
    Output(io::Error),
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error(transparent)]
    OpenFiles(#[from] OpenFilesError),
    #[error("no signal handlers: {0}")]
    Signals(io::Error),
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
    #[error(transparent)]
    Operations(#[from] ListenError),
    #[error(transparent)]
    Run(#[from] RunError),
}

/// The whole program of a command processor, from its arguments to its exit status.
pub fn main<A: Application>() -> ExitCode {
    let arguments = Arguments::parse();
    match serve::<A>(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("command-processor: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve<A: Application>(arguments: &Arguments) -> Result<(), ProgramError> {
    if arguments.print_defaults {
        return io::stdout().write_all(DEFAULTS.as_bytes()).map_err(ProgramError::Output);
    }
    telemetry::start()?;
    let configuration = Configuration::load(arguments.config.as_deref())?;
    open_files::allow(open_files::needed(0, store::OPEN_FILES_MAX))?;
    let shutdown = Shutdown::on_signals().map_err(ProgramError::Signals)?;
    let registry = service::metrics::registry("command-processor", env!("CARGO_PKG_VERSION"))?;
    let health = Health::default();
    // A part that nothing is known of is not missed: said before the first question can come.
    health.set(CLUSTER, State::Waiting("starting".to_owned()));
    let operations = Operations::start(configuration.operations_address, registry.clone(), health.clone(), shutdown.clone())?;
    let result = run::<A>(&configuration, &registry, &health, &shutdown);
    shutdown.request();
    operations.join();
    Ok(result?)
}
