//! Airports from a file.

use super::{Ids, Plan, PlannedCommand, Problem, impossible, lines};
use anyhow::bail;
use clap::Args;
use domain::{AggregateId, AirportCode, Command, InvalidValue, State, ZoneName, airport};
use serde::Deserialize;
use std::collections::BTreeMap;
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
        let mut known: BTreeMap<String, u64> = BTreeMap::new();
        for line in lines::read::<Airport>(&self.file, &["iata", "name", "tz"])? {
            plan.lines += 1;
            let command = match line.said {
                Ok(Airport { iata, .. }) if !self.used_by.is_empty() && !used.contains_key(&iata) => continue,
                Ok(Airport { iata, .. }) if known.contains_key(&iata) => {
                    Err(format!("airport {iata} is in the file twice; line {} says it first", known[&iata]))
                }
                Ok(airport) => self.command(&airport).inspect(|_| {
                    known.insert(airport.iata, line.number);
                }),
                Err(reason) => Err(reason),
            };
            match command {
                Ok((id, command)) => plan.asks.push(PlannedCommand {
                    id,
                    command,
                    ids: Ids::FromContent,
                    lines: vec![line.number],
                }),
                Err(reason) => plan.problems.push(Problem { line: line.number, reason }),
            }
        }
        for (code, place) in used.iter().filter(|(code, _)| !known.contains_key(*code)) {
            eprintln!(
                "airport {code}, which {place} names, is not registered: {} has no line for it that can be used",
                self.file.display()
            );
            plan.unknown += 1;
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

/// The airports that files of legs name, each with the place that names it first.
///
/// # Errors
/// When a file names no airport at all: it is hardly the one that was meant.
pub(super) fn used_by(files: &[PathBuf]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut used = BTreeMap::new();
    for path in files {
        let mut is_named = false;
        for line in lines::read::<Leg>(path, &["origin", "dest"])? {
            let place = format!("{} line {}", path.display(), line.number);
            match line.said {
                Ok(leg) => {
                    is_named = true;
                    for code in [leg.origin, leg.dest] {
                        used.entry(code).or_insert_with(|| place.clone());
                    }
                }
                Err(reason) => eprintln!("{place}: {reason}"),
            }
        }
        if !is_named {
            bail!("{}: no line names an airport", path.display());
        }
    }
    Ok(used)
}

#[cfg(test)]
mod tests;
