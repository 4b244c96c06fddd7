//! Airports from a file.

use super::{Plan, Problem};
use anyhow::Context;
use clap::Args;
use domain::{AggregateId, AirportCode, Command, InvalidValue, ZoneName, airport};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Arguments {
    file: PathBuf,
    /// The minimum ground time of every airport, in minutes
    #[arg(long, default_value_t = 30, value_name = "MINUTES")]
    minimum_ground_time: u32,
    /// Import only the airports that this CSV file of legs names; may be given several times
    #[arg(long, value_name = "FILE")]
    used_by: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Line {
    iata: String,
    name: String,
    tz: String,
}

#[derive(Deserialize)]
struct Leg {
    origin: String,
    dest: String,
}

impl Arguments {
    pub(super) fn plan(&self) -> anyhow::Result<Plan> {
        let used = used_by(&self.used_by)?;
        let mut plan = Plan::default();
        let mut reader = csv::Reader::from_path(&self.file).with_context(|| self.file.display().to_string())?;
        for (index, line) in reader.deserialize().enumerate() {
            // The header is the first line.
            let number = index as u64 + 2;
            plan.lines += 1;
            match line.map_err(|error| error.to_string()) {
                Ok(Line { iata, .. }) if !used.is_empty() && !used.contains(&iata) => {}
                Ok(line) => match self.command(&line) {
                    Ok(command) => plan.commands.push(command),
                    Err(invalid) => plan.problems.push(Problem {
                        line: number,
                        reason: invalid.to_string(),
                    }),
                },
                Err(reason) => plan.problems.push(Problem { line: number, reason }),
            }
        }
        Ok(plan)
    }

    fn command(&self, line: &Line) -> Result<(AggregateId, Command), InvalidValue> {
        let register = airport::Command::Register {
            name: line.name.clone(),
            zone: ZoneName::parse(&line.tz)?,
            minimum_ground_time_minutes: self.minimum_ground_time,
        };
        Ok((AggregateId::Airport(AirportCode::parse(&line.iata)?), Command::Airport(register)))
    }
}

/// The airports that files of legs name.
pub(super) fn used_by(files: &[PathBuf]) -> anyhow::Result<BTreeSet<String>> {
    let mut used = BTreeSet::new();
    for path in files {
        for leg in csv::Reader::from_path(path)
            .with_context(|| path.display().to_string())?
            .deserialize()
        {
            let Leg { origin, dest } = leg.with_context(|| path.display().to_string())?;
            used.extend([origin, dest]);
        }
    }
    Ok(used)
}
