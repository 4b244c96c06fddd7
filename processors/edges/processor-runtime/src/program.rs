//! The program: configuration, the operations port, and the loop.

use crate::{CLUSTER, Configuration, DEFAULTS, run};
use application::Application;
use service::{Health, Operations, Program, Shutdown, State, open_files};
use std::error::Error;
use std::process::ExitCode;

pub(crate) const NAME: &str = "command-processor";

/// The whole program of a command processor, from its arguments to its exit status.
pub fn main<A: Application>() -> ExitCode {
    let program = Program {
        name: NAME,
        about: "Decides commands: reads them from their topic, and writes events and outcomes, exactly once.",
        details: "Several processors share the partitions; each needs an instance_id and a state directory of its own. The state directory may be \
                  deleted while the process is down: it comes back from the log.",
        defaults: DEFAULTS,
        load: Configuration::load,
        argument: None,
        serve: serve::<A>,
    };
    program.main()
}

fn serve<A: Application>(configuration: &Configuration, shutdown: &Shutdown) -> Result<(), Box<dyn Error>> {
    open_files::allow(open_files::needed(0, store::OPEN_FILES_MAX))?;
    let registry = service::metrics::registry(NAME, env!("CARGO_PKG_VERSION"))?;
    let health = Health::default();
    // A part that nothing is known of is not missed: said before the first question can come.
    health.set(CLUSTER, State::Waiting("starting".to_owned()));
    let operations = Operations::start(configuration.operations_address, registry.clone(), health.clone(), shutdown.clone())?;
    let result = run::<A>(configuration, &registry, &health, shutdown);
    shutdown.request();
    operations.join();
    Ok(result?)
}
