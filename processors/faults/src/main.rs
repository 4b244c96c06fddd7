//! Runs rows of the fault matrix; `scripts/faults` starts the services for it.
#![allow(clippy::print_stdout)]

use anyhow::{Context, bail};
use clap::Parser;
use faults::rows::{self, Row};
use std::path::{Path, PathBuf};

/// Faults on purpose, under load, on real processes and a real broker, each ended by healing, draining and checking.
#[derive(Parser)]
#[command(
    name = "faults",
    version,
    after_help = "Exit status: 0 when everything held, 1 when something did not, 2 for wrong arguments.\n\
        Logs and state directories of what failed are kept in the folder that is named then."
)]
struct Arguments {
    /// Rows of the matrix: their numbers, their names, or `all`
    rows: Vec<String>,
    /// Say which rows there are
    #[arg(long)]
    list: bool,
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
    let rows = rows::chosen(&arguments.rows).map_err(anyhow::Error::msg)?;
    if rows.is_empty() {
        bail!("nothing to do: name rows, or all (see --help)");
    }
    std::fs::create_dir_all(&arguments.folder).context(format!("{}", arguments.folder.display()))?;
    run(&rows, &arguments.folder, arguments.seed)
}

fn list() {
    for row in rows::all() {
        println!("{:>3}  {:<32} {:<14} {}", row.number, row.name, row.needs.name(), row.what);
    }
}

fn run(rows: &[&Row], folder: &Path, seed: u64) -> anyhow::Result<()> {
    println!("seed {seed}");
    let results: Vec<_> = rows.iter().map(|row| (row, faults::run(row, folder, seed))).collect();
    println!();
    for (row, result) in &results {
        let verdict = match result {
            Ok(took) => format!("passed {:>5.1} s", took.as_secs_f64()),
            Err(_) => "FAILED".to_owned(),
        };
        println!("{:>3}  {:<32} {verdict}", row.number, row.name);
    }
    let failed = results.iter().filter(|(_, result)| result.is_err()).count();
    if failed > 0 {
        bail!("{failed} of {} rows failed", results.len());
    }
    println!("all {} rows passed", results.len());
    Ok(())
}
