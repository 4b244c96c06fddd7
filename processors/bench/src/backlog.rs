//! The backlog: every rotation is created active, then legs are added to all of them in turn. About one leg in fifty cannot be added.

use crate::Cluster;
use clap::Args;
use decider::CommandEnvelope;
use domain::rotation::{Command, Leg, Mode};
use domain::{AirportCode, FlightDesignator, Instant, LegId};
use schemas::command_to_avro;
use std::time::Duration;
use stream::writer::{Outgoing, Writer};
use uuid::Uuid;

#[derive(Args, Clone, Copy)]
pub(crate) struct Shape {
    #[arg(long, default_value_t = 1000)]
    pub(crate) rotations: u32,
    /// AddLegs commands of one leg for each rotation
    #[arg(long, default_value_t = 100)]
    pub(crate) legs: u32,
}

/// One command of the backlog, and whether it is to be accepted.
pub(crate) struct Planned {
    pub(crate) envelope: CommandEnvelope<domain::Command>,
    pub(crate) accepted: bool,
}

const FIRST_DEPARTURE_MS: i64 = 1_200_000_000_000;
const HOUR_MS: i64 = 3_600_000;
/// The airports between which every airplane goes to and fro.
const STOPS: [&str; 2] = ["HNL", "KOA"];
/// Of so many legs one departs from an airport where the airplane is not.
const REJECTED_EVERY: u32 = 50;
const FLUSH_WAIT_MAX: Duration = Duration::from_secs(60);

impl Shape {
    pub(crate) fn count(&self) -> usize {
        self.rotations as usize * (self.legs as usize + 1)
    }

    /// The commands in the order in which they are written.
    pub(crate) fn commands(self) -> anyhow::Result<Vec<Planned>> {
        let mut commands = Vec::with_capacity(self.count());
        for rotation in 0..self.rotations {
            commands.push(planned(rotation, 0, Command::Create { mode: Mode::Active }, true));
        }
        // Which leg each rotation flies next decides from where it departs.
        let mut flown = vec![0_u32; self.rotations as usize];
        for number in 1..=self.legs {
            for (rotation, flown) in (0..).zip(&mut flown) {
                let wrong = *flown > 0 && (number * 7 + rotation) % REJECTED_EVERY == 0;
                let origin = if wrong { "LAX" } else { STOPS[*flown as usize % 2] };
                let legs = vec![leg(number, origin, STOPS[(*flown as usize + 1) % 2])?];
                commands.push(planned(rotation, number, Command::AddLegs { legs }, !wrong));
                *flown += u32::from(!wrong);
            }
        }
        Ok(commands)
    }
}

fn planned(rotation: u32, number: u32, command: Command, accepted: bool) -> Planned {
    let envelope = CommandEnvelope {
        command_id: Uuid::from_u64_pair(u64::from(rotation), u64::from(number)),
        aggregate_id: format!("rotation/bench-{rotation}"),
        expected_version: None,
        issued_by: None,
        command: domain::Command::Rotation(command),
    };
    Planned { envelope, accepted }
}

fn leg(number: u32, origin: &str, destination: &str) -> anyhow::Result<Leg> {
    let departure = FIRST_DEPARTURE_MS + i64::from(number) * 2 * HOUR_MS;
    Ok(Leg {
        id: LegId::parse(&format!("L{number}"))?,
        designator: FlightDesignator::parse(&format!("HA{}", 1 + number % 9998))?,
        origin: AirportCode::parse(origin)?,
        destination: AirportCode::parse(destination)?,
        departure: Instant(departure),
        arrival: Instant(departure + HOUR_MS),
    })
}

pub(crate) fn write(cluster: &Cluster, shape: &Shape) -> anyhow::Result<()> {
    let topology = cluster.topology()?;
    let writer = Writer::new(&cluster.settings()?)?;
    for Planned { envelope, .. } in shape.commands()? {
        writer.send(&Outgoing {
            topic: &topology.topics.commands.name,
            key: Some(envelope.aggregate_id.as_bytes()),
            value: Some(&command_to_avro(&envelope, cluster.schema_ids[0])),
            headers: &[],
            tag: 0,
            partition: None,
        })?;
        writer.reports(Duration::ZERO);
    }
    writer.flush(FLUSH_WAIT_MAX)?;
    println!("{}", serde_json::json!({ "commands": shape.count() }));
    Ok(())
}
