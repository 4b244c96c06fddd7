//! Load and measurements for `scripts/bench`: a backlog whose outcomes are known beforehand, and the comparison with what came out.
#![allow(clippy::print_stdout)]

mod backlog;
mod latency;
mod validate;

use clap::{Args, Parser, Subcommand};
use std::collections::BTreeMap;
use stream::Settings;
use topology::Topology;

#[derive(Parser)]
#[command(version, about = "Load for scripts/bench and the validation of its results")]
struct Arguments {
    #[command(flatten)]
    cluster: Cluster,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args, Clone)]
struct Cluster {
    #[arg(long, global = true, env = "KAFKA_BOOTSTRAP_SERVERS", default_value = "127.0.0.1:9092")]
    brokers: String,
    #[arg(long, global = true, env = "AEROLOG_SCHEDULE", default_value = "schedule")]
    schedule: String,
    #[arg(long, global = true, env = "AEROLOG_PARTITIONS", default_value_t = 8)]
    partitions: u32,
    /// Ids of the command, event and outcome schemas
    #[arg(long, global = true, value_delimiter = ',', default_values_t = [1, 2, 3])]
    schema_ids: Vec<u32>,
}

#[derive(Subcommand)]
enum Command {
    /// Write the backlog: rotations, and legs one by one, some of which are to be rejected
    Backlog(backlog::Shape),
    /// Wait until every command of the backlog has its outcome, and compare each with a plain model
    Validate(backlog::Shape),
    /// Send commands at a fixed rate and measure from each send to its committed outcome
    Latency(latency::Load),
}

impl Cluster {
    fn settings(&self) -> anyhow::Result<Settings> {
        Ok(Settings::new(&BTreeMap::from([(
            "bootstrap.servers".to_owned(),
            self.brokers.clone(),
        )]))?)
    }

    fn topology(&self) -> anyhow::Result<Topology> {
        Ok(Topology::schedule_named(&self.schedule, Some(self.partitions))?)
    }

    fn codec(&self) -> anyhow::Result<schemas::AvroCodec> {
        match self.schema_ids[..] {
            [command, event, outcome] => Ok(schemas::AvroCodec::new(schemas::SchemaIds { command, event, outcome })),
            _ => anyhow::bail!("--schema-ids takes three ids"),
        }
    }
}

fn main() -> anyhow::Result<()> {
    let Arguments { cluster, command } = Arguments::parse();
    match command {
        Command::Backlog(shape) => backlog::write(&cluster, &shape),
        Command::Validate(shape) => validate::validate(&cluster, &shape),
        Command::Latency(load) => latency::measure(&cluster, &load),
    }
}
