//! The backlog: airports, then rotations, then legs one by one, added to all rotations in turn. About one leg in fifty cannot be
//! added, and about one in forty arrives so late that the airplane has too little time on the ground.

use crate::cluster::{Cluster, Schedule};
use decider::CommandEnvelope;
use domain::rotation::{Command, Leg, Mode};
use domain::{AirportCode, FlightDesignator, Instant, LegId, ZoneName, airport};
use schemas::command_to_avro;
use std::time::Duration;
use stream::writer::{Outgoing, Report, Writer};
use uuid::Uuid;

#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) rotations: u32,
    /// AddLegs commands of one leg each for each rotation.
    pub(crate) legs: u32,
}

/// One command of the backlog, and whether it is to be accepted.
#[derive(Clone)]
pub(crate) struct Planned {
    pub(crate) envelope: CommandEnvelope<domain::Command>,
    pub(crate) accepted: bool,
}

const FIRST_DEPARTURE_MS: i64 = 1_200_000_000_000;
const MINUTE_MS: i64 = 60_000;
/// From one departure of a rotation to the next.
const CYCLE_MINUTES: i64 = 120;
const FLIGHT_MINUTES: i64 = 60;
const LATE_FLIGHT_MINUTES: i64 = 100;
const GROUND_MINUTES_MIN: u32 = 30;
/// The airports between which every airplane goes to and fro.
const STOPS: [&str; 2] = ["HNL", "KOA"];
const ELSEWHERE: &str = "LAX";
/// Of so many legs one departs from an airport where the airplane is not.
const REJECTED_EVERY: u32 = 50;
/// Of so many legs one arrives late.
const LATE_EVERY: u32 = 40;
/// More than a rotation flies in a day, so that no designator is used twice on one.
const DESIGNATORS_PER_ROTATION: u32 = 13;
/// Rotations that share one of them have numbers of their own.
const AIRLINES: u32 = 26;
const FLUSH_WAIT_MAX: Duration = Duration::from_secs(60);

impl Shape {
    /// The commands in the order in which they are written.
    pub(crate) fn commands(self) -> anyhow::Result<Vec<Planned>> {
        let mut commands = Vec::new();
        for (number, code) in (0..).zip([STOPS[0], STOPS[1], ELSEWHERE]) {
            commands.push(registered(number, code)?);
        }
        for rotation in 0..self.rotations {
            commands.push(planned(rotation, 0, Command::Create { mode: Mode::Active }, true));
        }
        // How many legs each rotation has flown decides from where the next departs.
        let mut flown = vec![0_u32; self.rotations as usize];
        for number in 1..=self.legs {
            for (rotation, flown) in (0..).zip(&mut flown) {
                let accepted = !is_wrong(rotation, number);
                let origin = if accepted { STOPS[*flown as usize % 2] } else { ELSEWHERE };
                let legs = vec![leg(rotation, number, origin, STOPS[(*flown as usize + 1) % 2])?];
                commands.push(planned(rotation, number, Command::AddLegs { legs }, accepted));
                *flown += u32::from(accepted);
            }
        }
        Ok(commands)
    }

    /// How often an airplane of the rotation departs sooner after its arrival than the airport's ground time allows.
    pub(crate) fn short_grounds(self, rotation: u32) -> usize {
        let follows = |number: &u32| !is_wrong(rotation, *number) && !is_wrong(rotation, number + 1);
        (1..self.legs).filter(|number| is_late(rotation, *number)).filter(follows).count()
    }
}

/// Whether the leg departs from elsewhere. The first one may depart from anywhere.
fn is_wrong(rotation: u32, number: u32) -> bool {
    number > 1 && (number * 7 + rotation).is_multiple_of(REJECTED_EVERY)
}

fn is_late(rotation: u32, number: u32) -> bool {
    (number * 11 + rotation).is_multiple_of(LATE_EVERY)
}

fn registered(number: u64, code: &str) -> anyhow::Result<Planned> {
    let command = airport::Command::Register {
        name: code.to_owned(),
        zone: ZoneName::parse("Pacific/Honolulu")?,
        minimum_ground_time_minutes: GROUND_MINUTES_MIN,
    };
    let envelope = CommandEnvelope {
        command_id: Uuid::from_u64_pair(u64::MAX, number),
        aggregate_id: format!("airport/{code}"),
        expected_version: None,
        issued_by: None,
        command: domain::Command::Airport(command),
    };
    Ok(Planned { envelope, accepted: true })
}

fn planned(rotation: u32, number: u32, command: Command, accepted: bool) -> Planned {
    let envelope = CommandEnvelope {
        command_id: Uuid::from_u64_pair(1 + u64::from(rotation), u64::from(number)),
        aggregate_id: format!("rotation/{}", rotation_id(rotation)),
        expected_version: None,
        issued_by: None,
        command: domain::Command::Rotation(command),
    };
    Planned { envelope, accepted }
}

pub(crate) fn rotation_id(rotation: u32) -> String {
    format!("bench-{rotation}")
}

pub(crate) fn leg_id(number: u32) -> String {
    format!("L{number}")
}

fn leg(rotation: u32, number: u32, origin: &str, destination: &str) -> anyhow::Result<Leg> {
    let departure = FIRST_DEPARTURE_MS + i64::from(number) * CYCLE_MINUTES * MINUTE_MS;
    let minutes = if is_late(rotation, number) {
        LATE_FLIGHT_MINUTES
    } else {
        FLIGHT_MINUTES
    };
    let airline = char::from(b'A' + u8::try_from(rotation % AIRLINES)?);
    let flight = 1 + rotation / AIRLINES * DESIGNATORS_PER_ROTATION + number % DESIGNATORS_PER_ROTATION;
    Ok(Leg {
        id: LegId::parse(&leg_id(number))?,
        designator: FlightDesignator::parse(&format!("Z{airline}{flight}"))?,
        origin: AirportCode::parse(origin)?,
        destination: AirportCode::parse(destination)?,
        departure: Instant(departure),
        arrival: Instant(departure + minutes * MINUTE_MS),
    })
}

/// Writes the commands and waits until all are acknowledged.
pub(crate) fn write(cluster: &Cluster, schedule: &Schedule, commands: &[Planned]) -> anyhow::Result<()> {
    write_with(cluster, schedule, commands, |_| Vec::new())
}

/// The same, each with the headers that its number has.
pub(crate) fn write_with(
    cluster: &Cluster,
    schedule: &Schedule,
    commands: &[Planned],
    headers: impl Fn(usize) -> Vec<(&'static str, String)>,
) -> anyhow::Result<()> {
    let writer = Writer::new(&cluster.settings()?)?;
    for (number, Planned { envelope, .. }) in commands.iter().enumerate() {
        let headers = headers(number);
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let value = command_to_avro(envelope, schedule.ids.command);
        writer.send(&outgoing(schedule, &envelope.aggregate_id, &value, &headers))?;
        check(writer.reports(Duration::ZERO))?;
    }
    finish(&writer)
}

/// Queues one command.
pub(crate) fn send(writer: &Writer, schedule: &Schedule, aggregate_id: &str, value: &[u8]) -> anyhow::Result<()> {
    writer.send(&outgoing(schedule, aggregate_id, value, &[]))?;
    Ok(())
}

fn outgoing<'o>(schedule: &'o Schedule, aggregate_id: &'o str, value: &'o [u8], headers: &'o [(&'o str, &'o [u8])]) -> Outgoing<'o> {
    Outgoing {
        topic: &schedule.topology.topics.commands.name,
        key: Some(aggregate_id.as_bytes()),
        value: Some(value),
        headers,
        tag: 0,
        partition: None,
    }
}

/// Waits until what was queued is acknowledged.
pub(crate) fn finish(writer: &Writer) -> anyhow::Result<()> {
    writer.flush(FLUSH_WAIT_MAX)?;
    check(writer.reports(Duration::ZERO))
}

pub(crate) fn check(reports: Vec<Report>) -> anyhow::Result<()> {
    for report in reports {
        report.written.map_err(anyhow::Error::msg)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
