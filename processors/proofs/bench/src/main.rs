//! Measures Aerolog against its floors, on one machine and in one run: `scripts/bench` starts the services and calls this.
#![allow(clippy::print_stdout)]

mod backlog;
mod changes;
mod cluster;
mod connections;
mod drain;
mod gateway;
mod guards;
mod http;
mod latency;
mod network;
mod process;
mod questions;
mod rebuild;
mod report;
mod restart;
mod served;
mod shapes;
mod timeline;
mod traces;
mod validate;

use clap::{Parser, ValueEnum};
use cluster::Cluster;
use report::Report;
use std::path::PathBuf;

/// Measures Aerolog against its floors on a running broker and registry. Prints a table and writes JSON.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    cluster: Cluster,
    /// What to measure; everything when nothing is named
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// How often each thing is measured
    #[arg(long, default_value_t = 3)]
    repetitions: u32,
    /// Much smaller loads, to see that everything works; the figures mean little
    #[arg(long)]
    quick: bool,
    /// Where the figures go as JSON
    #[arg(long, default_value = "bench.json")]
    json: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The command processor against a loop that copies, at three sizes of a transaction
    Drain,
    /// The processor's loop with and without the guards of its transactions
    Guards,
    /// Commands per CPU-second for rotations of 10 to 10,000 legs
    Flat,
    /// The materializer against raw consuming and raw writing
    Rebuild,
    /// Questions over HTTP against a constant route, and within the process; memory
    Questions,
    /// Connections between two airports within a day, over HTTP
    Connections,
    /// 100,000 bars of a chart in one answer, over HTTP
    Timeline,
    /// From a command to its outcome and to the view, at a fixed rate
    Latency,
    /// Commands over HTTP against the same commands sent straight to Kafka
    Gateway,
    /// The view's projector for schedules of many shapes, without Kafka
    Shapes,
    /// From a start after kill -9 to the first outcome
    Restart,
    /// The command processor with spans exported for none, 1 % and all of its commands
    Traces,
    /// Events sent to 1, 100 and 1,000 subscribers of one materializer
    Changes,
}

/// What every part is given.
struct Plan {
    cluster: Cluster,
    repetitions: u32,
    quick: bool,
    work: tempfile::TempDir,
}

fn main() -> anyhow::Result<()> {
    let Arguments {
        cluster,
        parts,
        repetitions,
        quick,
        json,
    } = Arguments::parse();
    let plan = Plan {
        cluster,
        repetitions,
        quick,
        work: tempfile::tempdir()?,
    };
    let mut report = Report::new(&plan);
    for part in Part::value_variants() {
        if !parts.is_empty() && !parts.contains(part) {
            continue;
        }
        match part {
            Part::Drain => drain::drain(&plan, &mut report)?,
            Part::Guards => guards::measure(&plan, &mut report)?,
            Part::Flat => drain::flat(&plan, &mut report)?,
            Part::Rebuild => rebuild::measure(&plan, &mut report)?,
            Part::Questions => questions::measure(&plan, &mut report)?,
            Part::Connections => connections::measure(&plan, &mut report)?,
            Part::Timeline => timeline::measure(&plan, &mut report)?,
            Part::Latency => latency::measure(&plan, &mut report)?,
            Part::Gateway => gateway::measure(&plan, &mut report)?,
            Part::Shapes => shapes::measure(&plan, &mut report)?,
            Part::Restart => restart::measure(&plan, &mut report)?,
            Part::Traces => traces::measure(&plan, &mut report)?,
            Part::Changes => changes::measure(&plan, &mut report)?,
        }
    }
    report.write(&json)?;
    println!("\nThe figures are in {}.", json.display());
    Ok(())
}
