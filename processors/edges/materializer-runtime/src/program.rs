//! The program: arguments, configuration, telemetry, and the process.

use crate::{Configuration, DEFAULTS, Failure, opening, start};
use application::Application;
use clap::Parser;
use service::open_files::{self, OpenFilesError};
use service::telemetry::{self, TelemetryError};
use service::{ConfigurationError, Shutdown};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use topology::{Topology, TopologyError};

/// Keeps views up to date from the log of events, and answers questions about them over HTTP.
///
/// Several can run, each with a state directory of its own, which may be deleted while the process is down: it comes back from the
/// log. GET /health/ready answers 200 once the views have caught up with the log. Try: curl -s http://127.0.0.1:8080/views
#[derive(Parser)]
#[command(
    name = "materializer",
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
    Topology(#[from] TopologyError),
    #[error(transparent)]
    Process(#[from] Failure),
}

/// The whole program of a materializer, from its arguments to its exit status.
pub fn main<A: Application>() -> ExitCode {
    let arguments = Arguments::parse();
    match serve::<A>(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("materializer: {error}");
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
    let store_files_max = store::OPEN_FILES_MAX.saturating_mul(opening::count::<A>());
    open_files::allow(open_files::needed(configuration.http.connections_max, store_files_max))?;
    let shutdown = Shutdown::on_signals().map_err(ProgramError::Signals)?;
    let topology = Topology::schedule_named(configuration.name::<A>(), configuration.partitions())?;
    let process = start::<A>(&configuration, topology, &shutdown)?;
    tracing::info!(
        questions = %process.http_address(),
        operations = %process.operations_address(),
        state = %configuration.state_directory.display(),
        "the materializer has started"
    );
    Ok(process.join()?)
}
