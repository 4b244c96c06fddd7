//! A schedule with a network: airplanes that fly between hubs and spokes, a rotation for each airplane and day.

use crate::Plan;
use crate::backlog::Planned;
use crate::report::Report;
use crate::served::Served;
use decider::CommandEnvelope;
use domain::rotation::{Command, Leg, Mode};
use domain::{AircraftType, AirportCode, FlightDesignator, Instant, LegId, Registration, ZoneName, airplane, airport};
use uuid::Uuid;

#[derive(Clone, Copy)]
pub(crate) struct Network {
    pub(crate) airplanes: u32,
    pub(crate) days: u32,
}

pub(crate) const HUBS: u32 = 6;
pub(crate) const SPOKES: u32 = 54;
/// Of a rotation: from a hub to a spoke, to the next hub, and so on.
pub(crate) const LEGS: u32 = 6;
const MINUTE_MS: i64 = 60_000;
pub(crate) const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// 2008-01-11T05:00Z.
pub(crate) const BEGIN_MS: i64 = 1_200_027_600_000;
/// From one departure of an airplane to the next.
const CYCLE_MINUTES: i64 = 150;
const GROUND_MINUTES_MIN: u32 = 30;
const FLIGHT_NUMBERS: u32 = 9999;

impl Network {
    /// About 200,000 nodes: a month.
    pub(crate) fn of(plan: &Plan) -> Self {
        if plan.quick {
            Self { airplanes: 180, days: 4 }
        } else {
            Self { airplanes: 1000, days: 28 }
        }
    }

    /// Decides the schedule, and builds its view.
    pub(crate) fn served(self, plan: &Plan, report: &Report, name: &str) -> anyhow::Result<Served> {
        Served::start(plan, report, name, &self.commands()?)
    }

    fn commands(self) -> anyhow::Result<Vec<Planned>> {
        let mut commands = Vec::new();
        let mut number = 0;
        let mut plan = |aggregate_id: String, command: domain::Command| {
            number += 1;
            let envelope = CommandEnvelope {
                command_id: Uuid::from_u64_pair(7, number),
                aggregate_id,
                expected_version: None,
                issued_by: None,
                command,
            };
            commands.push(Planned { envelope, accepted: true });
        };
        for number in 0..HUBS + SPOKES {
            let command = airport::Command::Register {
                name: code(number),
                zone: ZoneName::parse("UTC")?,
                minimum_ground_time_minutes: GROUND_MINUTES_MIN,
            };
            plan(format!("airport/{}", code(number)), domain::Command::Airport(command));
        }
        for airplane in 0..self.airplanes {
            let aircraft_type = AircraftType::parse("763")?;
            let command = airplane::Command::Register { aircraft_type };
            plan(format!("airplane/{}", registration(airplane)), domain::Command::Airplane(command));
        }
        for day in 0..self.days {
            for airplane in 0..self.airplanes {
                let legs = (0..LEGS).map(|number| leg(airplane, day, number)).collect::<anyhow::Result<_>>()?;
                let registration = Registration::parse(&registration(airplane))?;
                for command in [
                    Command::Create { mode: Mode::Active },
                    Command::AssignAirplane { registration },
                    Command::AddLegs { legs },
                ] {
                    plan(format!("rotation/D{day}-{airplane}"), domain::Command::Rotation(command));
                }
            }
        }
        Ok(commands)
    }
}

pub(crate) fn code(airport: u32) -> String {
    let letter = |number: u32| char::from(b'A' + (number % 26) as u8);
    format!("Q{}{}", letter(airport / 26), letter(airport))
}

fn registration(airplane: u32) -> String {
    format!("N{airplane:04}")
}

fn leg(airplane: u32, day: u32, number: u32) -> anyhow::Result<Leg> {
    let hub = |number: u32| (airplane + number) % HUBS;
    // From every hub to every spoke in the course of a day, and sometimes to another hub.
    let place = (airplane / HUBS * 7 + airplane % HUBS * 5 + day * 3 + number / 2 * 11) % SPOKES;
    let spoke = if place.is_multiple_of(9) {
        hub(number / 2 + 3)
    } else {
        HUBS + place
    };
    let (origin, destination) = if number.is_multiple_of(2) {
        (hub(number / 2), spoke)
    } else {
        (spoke, hub(number / 2 + 1))
    };
    let minutes = i64::from(airplane % 36) * 5 + i64::from(number) * CYCLE_MINUTES;
    let departure = BEGIN_MS + i64::from(day) * DAY_MS + minutes * MINUTE_MS;
    let flight = airplane * LEGS + number;
    let airline = char::from(b'A' + u8::try_from(flight / FLIGHT_NUMBERS)?);
    Ok(Leg {
        id: LegId::parse(&format!("L{number}"))?,
        designator: FlightDesignator::parse(&format!("Z{airline}{}", 1 + flight % FLIGHT_NUMBERS))?,
        origin: AirportCode::parse(&code(origin))?,
        destination: AirportCode::parse(&code(destination))?,
        departure: Instant(departure),
        arrival: Instant(departure + (90 + i64::from((airplane + number) % 25)) * MINUTE_MS),
    })
}
