//! The materializer of the first build.

use anyhow::Context;
use materializer::Configuration;
use schemas::AvroCodec;
use service::Shutdown;
use topology::Topology;

fn main() -> anyhow::Result<()> {
    let configuration = Configuration::load(None)?;
    service::telemetry::start()?;
    let shutdown = Shutdown::on_signals().context("no signal handlers")?;
    let topology = Topology::schedule_named(&configuration.schedule, Some(configuration.partitions))?;
    let process = materializer::start_build(&configuration, topology, &shutdown, AvroCodec::first)?;
    Ok(process.join()?)
}
