//! Legs from a file: one draft rotation for each tail, whatever the legs do to one another; the checks tell.

use super::{Plan, Problem};
use anyhow::Context;
use clap::Args;
use domain::rotation::{COMMAND_LEGS_MAX, Leg, Mode};
use domain::{AggregateId, AircraftType, AirportCode, Command, FlightDesignator, Instant, InvalidValue, LegId, Registration, RotationId};
use domain::{airplane, rotation};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Arguments {
    file: PathBuf,
    /// The rotations are called NAME-<tail>
    #[arg(long)]
    name: String,
    /// Register every tail as an airplane of this type
    #[arg(long, value_parser = AircraftType::parse)]
    aircraft_type: Option<AircraftType>,
    /// A CSV file with a column iata: a line that names another airport is left out
    #[arg(long, value_name = "FILE")]
    airports: Option<PathBuf>,
    /// Legs in one command
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=500))]
    chunk: u16,
}

#[derive(Deserialize)]
struct Line {
    tail: String,
    designator: String,
    origin: String,
    dest: String,
    std_utc: String,
    sta_utc: String,
}

#[derive(Deserialize)]
struct Known {
    iata: String,
}

impl Arguments {
    pub(super) fn plan(&self) -> anyhow::Result<Plan> {
        let known = self.known_airports()?;
        let mut plan = Plan::default();
        let mut tails: BTreeMap<Registration, Vec<Leg>> = BTreeMap::new();
        let mut reader = csv::Reader::from_path(&self.file).with_context(|| self.file.display().to_string())?;
        for (index, line) in reader.deserialize().enumerate() {
            // The header is the first line.
            let number = index as u64 + 2;
            plan.lines += 1;
            match line
                .map_err(|error| error.to_string())
                .and_then(|line| leg_of(&line, known.as_ref()))
            {
                Ok((tail, leg)) => {
                    let legs = tails.entry(tail).or_default();
                    if legs.iter().any(|other| other.id == leg.id) {
                        plan.problems.push(Problem {
                            line: number,
                            reason: format!("leg {} is in the file twice", leg.id),
                        });
                    } else {
                        legs.push(leg);
                    }
                }
                Err(reason) => plan.problems.push(Problem { line: number, reason }),
            }
        }
        for (tail, legs) in tails {
            self.add_rotation(&mut plan, tail, legs)?;
        }
        Ok(plan)
    }

    fn known_airports(&self) -> anyhow::Result<Option<BTreeSet<String>>> {
        let Some(path) = &self.airports else { return Ok(None) };
        let mut reader = csv::Reader::from_path(path).with_context(|| path.display().to_string())?;
        let codes: Result<BTreeSet<String>, csv::Error> = reader.deserialize().map(|line| line.map(|Known { iata }| iata)).collect();
        Ok(Some(codes.with_context(|| path.display().to_string())?))
    }

    fn add_rotation(&self, plan: &mut Plan, tail: Registration, mut legs: Vec<Leg>) -> Result<(), InvalidValue> {
        let id = AggregateId::Rotation(RotationId::parse(&format!("{}-{tail}", self.name))?);
        if let Some(aircraft_type) = &self.aircraft_type {
            let register = airplane::Command::Register {
                aircraft_type: aircraft_type.clone(),
            };
            plan.commands
                .push((AggregateId::Airplane(tail.clone()), Command::Airplane(register)));
        }
        let mut ask = |command| plan.commands.push((id.clone(), Command::Rotation(command)));
        ask(rotation::Command::Create { mode: Mode::Draft });
        ask(rotation::Command::AssignAirplane { registration: tail });
        legs.sort_by_key(|leg| leg.departure);
        for chunk in legs.chunks(usize::from(self.chunk).min(COMMAND_LEGS_MAX)) {
            ask(rotation::Command::AddLegs { legs: chunk.to_vec() });
        }
        Ok(())
    }
}

fn leg_of(line: &Line, known: Option<&BTreeSet<String>>) -> Result<(Registration, Leg), String> {
    for code in [&line.origin, &line.dest] {
        if known.is_some_and(|known| !known.contains(code)) {
            return Err(format!("unknown airport code {code:?}"));
        }
    }
    let parse = || -> Result<(Registration, Leg), InvalidValue> {
        let (designator, departure) = (FlightDesignator::parse(&line.designator)?, Instant::parse(&line.std_utc)?);
        let (origin, destination) = (AirportCode::parse(&line.origin)?, AirportCode::parse(&line.dest)?);
        // What a leg is, as an id: the same line gives the same leg in every import.
        let id = LegId::parse(&format!("{designator}-{origin}-{}", departure.to_string().replace(":00Z", "Z")))?;
        Ok((
            Registration::parse(&line.tail)?,
            Leg {
                id,
                designator,
                origin,
                destination,
                departure,
                arrival: Instant::parse(&line.sta_utc)?,
            },
        ))
    };
    parse().map_err(|invalid| invalid.to_string())
}

#[cfg(test)]
mod tests;
