//! The command processor of the first build.

use anyhow::Context;
use command_processor::{Build, Configuration};
use first_build::{FirstAirline, FirstCodec};
use schemas::Content;
use service::{Health, Operations, Shutdown, State};
use std::marker::PhantomData;

fn main() -> anyhow::Result<()> {
    let configuration = Configuration::load(None)?;
    service::telemetry::start()?;
    let shutdown = Shutdown::on_signals().context("no signal handlers")?;
    let registry = service::metrics::registry("command-processor", env!("CARGO_PKG_VERSION"))?;
    let health = Health::default();
    health.set(command_processor::CLUSTER, State::Waiting("starting".to_owned()));
    let operations = Operations::start(configuration.operations_address, registry.clone(), health.clone(), shutdown.clone())?;
    let build = Build {
        schema: Content::first,
        codec: FirstCodec::new,
        domain: PhantomData::<fn() -> FirstAirline>,
    };
    let result = command_processor::run_build(&configuration, &registry, &health, &shutdown, &build);
    shutdown.request();
    operations.join();
    Ok(result?)
}
