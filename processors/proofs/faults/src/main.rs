//! Runs rows of the fault matrix; `scripts/faults` starts the services for it.
#![allow(clippy::print_stdout)]

use anyhow::{Context, bail};
use clap::Parser;
use faults::nemesis::Nemesis;
use faults::rolling::Restarts;
use faults::rows::{self, Row};
use faults::{Ground, kills, nemesis, rolling};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Faults on purpose, under load, on real processes and a real broker, each ended by healing, draining and checking.
#[derive(Parser)]
#[command(
    name = "faults",
    version,
    after_help = "scripts/faults --kafka VERSION does the same on another version of Kafka (scripts/services --help lists them).\n\n\
        Exit status: 0 when everything held, 1 when something did not, 2 for wrong arguments.\n\
        Logs and state directories of what failed are kept in the folder that is named then."
)]
struct Arguments {
    /// Rows of the matrix: their numbers, their names, or `all`
    rows: Vec<String>,
    /// Say which rows there are
    #[arg(long)]
    list: bool,
    /// Kill a processor so often, at random moments and at each failpoint in turn, under load
    #[arg(long, value_name = "N")]
    kills: Option<u32>,
    /// Kill a materializer so often meanwhile
    #[arg(long, value_name = "N", requires = "kills", default_value_t = 0)]
    materializer_kills: u32,
    /// Restart three processors in turn so often, with SIGTERM and with SIGKILL, and measure the pause of each partition
    #[arg(long, value_name = "N")]
    rolling: Option<u32>,
    /// Only one of both
    #[arg(long, value_enum, requires = "rolling", default_value_t)]
    rolling_by: Restarts,
    /// Mix all faults at random for so many seconds
    #[arg(long, value_name = "SECONDS")]
    nemesis: Option<u64>,
    /// Everything that is random follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where logs and state directories are, while they are needed
    #[arg(long, env = "FAULTS_FOLDER", default_value = "faults")]
    folder: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.list {
        list();
        return Ok(());
    }
    std::fs::create_dir_all(&arguments.folder).context(format!("{}", arguments.folder.display()))?;
    let mut runs = rows::chosen(&arguments.rows)
        .map_err(anyhow::Error::msg)?
        .into_iter()
        .map(of_row)
        .collect::<Vec<_>>();
    if let Some(processor) = arguments.kills {
        let materializer = arguments.materializer_kills;
        runs.push(Run {
            name: "kills".to_owned(),
            scenario: Box::new(move |ground| kills::run(ground, kills::Kills { processor, materializer })),
        });
    }
    if let Some(seconds) = arguments.nemesis {
        let time = Duration::from_secs(seconds);
        runs.push(Run {
            name: "nemesis".to_owned(),
            scenario: Box::new(move |ground| nemesis::run(ground, Nemesis { time, broker: true })),
        });
    }
    if let Some(restarts) = arguments.rolling {
        let by = arguments.rolling_by;
        runs.push(Run {
            name: "rolling".to_owned(),
            scenario: Box::new(move |ground| rolling::run(ground, restarts, by)),
        });
    }
    if runs.is_empty() {
        bail!("nothing to do: name rows, or all (see --help)");
    }
    run(&runs, &arguments.folder, arguments.seed)
}

struct Run {
    name: String,
    scenario: Box<dyn Fn(&Ground)>,
}

fn of_row(row: &'static Row) -> Run {
    Run {
        name: row.label(),
        scenario: Box::new(row.run),
    }
}

fn list() {
    for row in rows::all() {
        println!("{:>3}  {:<32} {:<14} {}", row.number, row.name, row.needs.name(), row.what);
    }
}

fn run(runs: &[Run], folder: &Path, seed: u64) -> anyhow::Result<()> {
    // A failure is printed with its scenario.
    std::panic::set_hook(Box::new(|_| {}));
    println!("seed {seed}");
    let results: Vec<_> = runs
        .iter()
        .map(|run| (&run.name, faults::run(&run.name, &run.scenario, folder, seed)))
        .collect();
    println!();
    for (name, result) in &results {
        match result {
            Ok(took) => println!("{name:<36} passed {:>6.1} s", took.as_secs_f64()),
            Err(_) => println!("{name:<36} FAILED"),
        }
    }
    let failed = results.iter().filter(|(_, result)| result.is_err()).count();
    if failed > 0 {
        bail!("{failed} of {} failed", results.len());
    }
    println!("everything held");
    Ok(())
}
