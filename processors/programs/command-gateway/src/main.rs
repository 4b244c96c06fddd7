//! Wires the process.

use command_gateway::{Configuration, DEFAULTS};
use service::{Program, Shutdown};
use std::error::Error;
use std::process::ExitCode;
use topology::Topology;

fn main() -> ExitCode {
    let program = Program {
        name: "command-gateway",
        about: "Takes commands over HTTP, writes them to schedule.commands, and answers with their outcomes.",
        details: "It keeps nothing: any number can run. GET /openapi.json says what it takes. Try:\n\
                  curl -s http://127.0.0.1:8082/rotations -H 'content-type: application/json' -d '{\"rotation_id\": \"R1\", \"mode\": \"draft\"}'",
        defaults: DEFAULTS,
        load: Configuration::load,
        argument: None,
        serve,
    };
    program.main()
}

fn serve(configuration: &Configuration, shutdown: &Shutdown) -> Result<(), Box<dyn Error>> {
    let topology = Topology::with_prefix(&configuration.topic_prefix, configuration.partitions)?;
    let process = command_gateway::start(configuration, topology, shutdown)?;
    tracing::info!(
        commands = %process.http_address(),
        operations = %process.operations_address(),
        "the command gateway has started"
    );
    Ok(process.join()?)
}
