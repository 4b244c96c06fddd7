//! The program: configuration and the process.

use crate::{Configuration, DEFAULTS, opening, process, start};
use application::Application;
use query_service::AsOf;
use service::{Argument, Program, Shutdown, open_files};
use std::error::Error;
use std::process::ExitCode;
use topology::Topology;

/// The whole program of a materializer, from its arguments to its exit status.
pub fn main<A: Application>() -> ExitCode {
    let program = Program {
        name: process::NAME,
        about: "Keeps views up to date from the log of events, and answers questions about them over HTTP.",
        details: "Several can run, each with a state directory of its own, which may be deleted while the process is down: it comes back from the \
                  log. GET /health/ready answers 200 once the views have caught up with the log. Try: curl -s http://127.0.0.1:8080/views",
        defaults: DEFAULTS,
        load: Configuration::load,
        argument: Some(Argument {
            name: "until",
            value: "TIME|POSITION",
            help: "Build the views up to there and no further, each in a directory of its own, to be asked with as_of",
            apply: |configuration, text| {
                configuration.until = Some(AsOf::read(text)?);
                Ok(())
            },
        }),
        serve: serve::<A>,
    };
    program.main()
}

fn serve<A: Application>(configuration: &Configuration, shutdown: &Shutdown) -> Result<(), Box<dyn Error>> {
    let store_files_max = store::OPEN_FILES_MAX.saturating_mul(opening::count::<A>());
    open_files::allow(open_files::needed(configuration.http.connections_max, store_files_max))?;
    let topology = Topology::with_prefix(application::prefix::<A>(&configuration.topic_prefix), configuration.partitions)?;
    let process = start::<A>(configuration, topology, shutdown)?;
    tracing::info!(
        questions = %process.http_address(),
        operations = %process.operations_address(),
        state = %configuration.state_directory.display(),
        "the materializer has started"
    );
    Ok(process.join()?)
}
