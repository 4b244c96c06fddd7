//! Airports from a file.

use super::{Plan, Problem, impossible, lines};
use clap::Args;
use domain::{AggregateId, AirportCode, Command, InvalidValue, State, ZoneName, airport};
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
struct Airport {
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
        let mut known = BTreeSet::new();
        for line in lines::read::<Airport>(&self.file, &["iata", "name", "tz"])? {
            plan.lines += 1;
            let command = match line.said {
                Ok(Airport { iata, .. }) if !used.is_empty() && !used.contains(&iata) => continue,
                Ok(Airport { iata, .. }) if known.contains(&iata) => Err(format!("airport {iata} is in the file twice")),
                Ok(airport) => self.command(&airport).inspect(|_| {
                    known.insert(airport.iata);
                }),
                Err(reason) => Err(reason),
            };
            match command {
                Ok(command) => plan.commands.push(command),
                Err(reason) => plan.problems.push(Problem { line: line.number, reason }),
            }
        }
        Ok(plan)
    }

    fn command(&self, airport: &Airport) -> Result<(AggregateId, Command), String> {
        let invalid = |invalid: InvalidValue| invalid.to_string();
        let id = AggregateId::Airport(AirportCode::parse(&airport.iata).map_err(invalid)?);
        let command = Command::Airport(airport::Command::Register {
            name: airport.name.clone(),
            zone: ZoneName::parse(&airport.tz).map_err(invalid)?,
            minimum_ground_time_minutes: self.minimum_ground_time,
        });
        match impossible(&id, &State::initial(&id), &command) {
            None => Ok((id, command)),
            Some(reason) => Err(reason),
        }
    }
}

/// The airports that files of legs name. What is wrong with a line is said when its legs are imported.
pub(super) fn used_by(files: &[PathBuf]) -> anyhow::Result<BTreeSet<String>> {
    let mut used = BTreeSet::new();
    for path in files {
        let legs = lines::read::<Leg>(path, &["origin", "dest"])?;
        used.extend(
            legs.into_iter()
                .filter_map(|line| line.said.ok())
                .flat_map(|leg| [leg.origin, leg.dest]),
        );
    }
    Ok(used)
}

#[cfg(test)]
mod tests;
