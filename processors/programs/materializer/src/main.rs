//! Wires the process.

use anyhow::Context;
use clap::Parser;
use materializer::{Configuration, DEFAULTS};
use service::{Shutdown, open_files};
use std::path::PathBuf;
use topology::Topology;

/// Keeps a graph of the flight schedule up to date from schedule.events, and answers questions about it over HTTP.
///
/// Several can run, each with a state directory of its own, which may be deleted while the process is down: it comes back from the
/// log. GET /health/ready answers 200 once the view has caught up with the log. Try: curl -s http://127.0.0.1:8080/position
#[derive(Parser)]
#[command(
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

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.print_defaults {
        use std::io::Write;
        return Ok(std::io::stdout().write_all(DEFAULTS.as_bytes())?);
    }
    let configuration = Configuration::load(arguments.config.as_deref())?;
    service::telemetry::start()?;
    open_files::allow(open_files::needed(configuration.http.connections_max, store::OPEN_FILES_MAX))?;
    let shutdown = Shutdown::on_signals().context("no signal handlers")?;
    let process = materializer::start(
        &configuration,
        Topology::schedule_named(&configuration.schedule, configuration.partitions())?,
        &shutdown,
    )?;
    tracing::info!(
        questions = %process.http_address(),
        operations = %process.operations_address(),
        state = %configuration.state_directory.display(),
        "the materializer has started"
    );
    Ok(process.join()?)
}
