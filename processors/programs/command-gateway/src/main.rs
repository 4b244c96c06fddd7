//! Wires the process.

use anyhow::Context;
use clap::Parser;
use command_gateway::{Configuration, DEFAULTS};
use service::Shutdown;
use std::path::PathBuf;
use topology::Topology;

/// Takes commands over HTTP, writes them to schedule.commands, and answers with their outcomes.
///
/// It keeps nothing: any number can run. GET /openapi.json says what it takes. Try:
/// curl -s http://127.0.0.1:8082/rotations -H 'content-type: application/json' -d '{"rotation_id": "R1", "mode": "draft"}'
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
    service::telemetry::start()?;
    let configuration = Configuration::load(arguments.config.as_deref())?;
    let shutdown = Shutdown::on_signals().context("no signal handlers")?;
    let topology = Topology::schedule_named(&configuration.schedule, configuration.partitions())?;
    let process = command_gateway::start(&configuration, topology, &shutdown)?;
    tracing::info!(
        commands = %process.http_address(),
        operations = %process.operations_address(),
        "the command gateway has started"
    );
    Ok(process.join()?)
}
