//! Wires the process.

use anyhow::Context;
use clap::Parser;
use command_processor::{Configuration, DEFAULTS};
use service::{Health, Operations, Shutdown, State, open_files};
use std::path::PathBuf;

/// Decides the schedule's commands: reads schedule.commands, writes schedule.events and schedule.outcomes, exactly once.
///
/// Several processors share the partitions; each needs an instance_id and a state directory of its own. The state directory may be
/// deleted while the process is down: it comes back from the log.
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
    open_files::allow(open_files::needed(0, store::OPEN_FILES_MAX))?;
    let shutdown = Shutdown::on_signals().context("no signal handlers")?;
    let registry = service::metrics::registry("command-processor", env!("CARGO_PKG_VERSION"))?;
    let health = Health::default();
    // A part that nobody has spoken of is not missed: said before anybody can ask.
    health.set(command_processor::CLUSTER, State::Waiting("starting".to_owned()));
    let operations = Operations::start(configuration.operations_address, registry.clone(), health.clone(), shutdown.clone())?;
    let result = command_processor::run(&configuration, &registry, &health, &shutdown);
    shutdown.request();
    operations.join();
    Ok(result?)
}
