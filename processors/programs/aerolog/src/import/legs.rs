//! Legs from a file: one draft rotation for each tail, whatever the legs do to one another; the checks tell.

use super::{Ids, Plan, PlannedCommand, Problem, impossible, lines};
use clap::Args;
use domain::rotation::{COMMAND_LEGS_MAX, Leg, Mode};
use domain::{AggregateId, AircraftType, AirportCode, Command, Event, FlightDesignator, Instant, InvalidValue, LegId, Registration};
use domain::{RotationId, State, airplane, rotation};
use serde::Deserialize;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Arguments {
    file: PathBuf,
    /// The rotations are called NAME and the tail
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

const COLUMNS: [&str; 6] = ["tail", "designator", "origin", "dest", "std_utc", "sta_utc"];

#[derive(Deserialize)]
struct Row {
    tail: String,
    designator: String,
    origin: String,
    dest: String,
    std_utc: String,
    sta_utc: String,
}

#[derive(Deserialize)]
struct KnownAirport {
    iata: String,
}

impl Arguments {
    pub(super) fn plan(&self) -> anyhow::Result<Plan> {
        let known = self.known_airports()?;
        let mut plan = Plan::default();
        let mut tails: BTreeMap<Registration, Vec<(u64, Leg)>> = BTreeMap::new();
        let mut seen: BTreeMap<(Registration, LegId), u64> = BTreeMap::new();
        for line in lines::read::<Row>(&self.file, &COLUMNS)? {
            plan.lines += 1;
            let reason = match line.said.and_then(|row| leg_of(&row, known.as_ref())) {
                Ok((tail, leg)) => match seen.entry((tail.clone(), leg.id.clone())) {
                    Entry::Vacant(vacant) => {
                        vacant.insert(line.number);
                        tails.entry(tail).or_default().push((line.number, leg));
                        continue;
                    }
                    Entry::Occupied(first) => format!("leg {} is in the file twice; line {} says it first", leg.id, first.get()),
                },
                Err(reason) => reason,
            };
            plan.problems.push(Problem { line: line.number, reason });
        }
        for (tail, legs) in tails {
            self.add_rotation(&mut plan, tail, legs)?;
        }
        Ok(plan)
    }

    fn known_airports(&self) -> anyhow::Result<Option<BTreeSet<String>>> {
        let Some(path) = &self.airports else { return Ok(None) };
        let mut known = BTreeSet::new();
        for line in lines::read::<KnownAirport>(path, &["iata"])? {
            match line.said {
                Ok(KnownAirport { iata }) => {
                    known.insert(iata);
                }
                // Its legs are left out as of an unknown airport.
                Err(reason) => eprintln!("{} line {}: {reason}", path.display(), line.number),
            }
        }
        Ok(Some(known))
    }

    fn add_rotation(&self, plan: &mut Plan, tail: Registration, mut legs: Vec<(u64, Leg)>) -> Result<(), InvalidValue> {
        let id = AggregateId::Rotation(RotationId::parse(&format!("{}-{tail}", self.name))?);
        if let Some(aircraft_type) = &self.aircraft_type {
            let register = airplane::Command::Register {
                aircraft_type: aircraft_type.clone(),
            };
            plan.asks.push(PlannedCommand {
                id: AggregateId::Airplane(tail.clone()),
                command: Command::Airplane(register),
                ids: Ids::FromContent,
                lines: Vec::new(),
            });
        }
        let mut ask = |command, ids, lines| {
            plan.asks.push(PlannedCommand {
                id: id.clone(),
                command: Command::Rotation(command),
                ids,
                lines,
            });
        };
        ask(rotation::Command::Create { mode: Mode::Draft }, Ids::FromContent, Vec::new());
        ask(
            rotation::Command::AssignAirplane { registration: tail },
            Ids::FromContent,
            Vec::new(),
        );
        legs.sort_by_key(|(_, leg)| leg.departure);
        for chunk in legs.chunks(usize::from(self.chunk).min(COMMAND_LEGS_MAX)) {
            let (lines, legs) = chunk.iter().cloned().unzip();
            // Whether a leg is there now is for the rotation to say: its id makes the import repeatable.
            ask(rotation::Command::AddLegs { legs }, Ids::Fresh, lines);
        }
        Ok(())
    }
}

fn leg_of(row: &Row, known: Option<&BTreeSet<String>>) -> Result<(Registration, Leg), String> {
    for code in [&row.origin, &row.dest] {
        if known.is_some_and(|known| !known.contains(code)) {
            return Err(format!("unknown airport code {code:?}"));
        }
    }
    let parse = || -> Result<(Registration, Leg), InvalidValue> {
        let (designator, departure) = (FlightDesignator::parse(&row.designator)?, Instant::parse(&row.std_utc)?);
        let (origin, destination) = (AirportCode::parse(&row.origin)?, AirportCode::parse(&row.dest)?);
        // What a leg is, as an id: the same line gives the same leg in every import.
        let id = LegId::parse(&format!("{designator}-{origin}-{}", shortest(departure)))?;
        Ok((
            Registration::parse(&row.tail)?,
            Leg {
                id,
                designator,
                origin,
                destination,
                departure,
                arrival: Instant::parse(&row.sta_utc)?,
            },
        ))
    };
    let (tail, leg) = parse().map_err(|invalid| invalid.to_string())?;
    match impossible_leg(&leg) {
        None => Ok((tail, leg)),
        Some(reason) => Err(reason),
    }
}

/// An instant without the seconds and their digits that are zero. Never to change: a file that was imported before would add its legs a second time.
fn shortest(departure: Instant) -> String {
    let text = departure.to_string();
    let text = text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.');
    format!("{}Z", text.strip_suffix(":00").unwrap_or(text))
}

/// What the domain says about the leg alone, in a draft that has no other.
fn impossible_leg(leg: &Leg) -> Option<String> {
    let id = AggregateId::Rotation(RotationId::parse("any").ok()?);
    let mut draft = State::initial(&id);
    domain::evolve(&mut draft, &Event::Rotation(rotation::Event::Created { mode: Mode::Draft }));
    let add = rotation::Command::AddLegs { legs: vec![leg.clone()] };
    impossible(&id, &draft, &Command::Rotation(add))
}

#[cfg(test)]
mod tests;
