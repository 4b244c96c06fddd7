//! Topics of one test, and commands for them.

use crate::{PATIENCE, variable};
use decider::CommandEnvelope;
use domain::rotation::{Command, Leg, Mode};
use domain::{AirportCode, FlightDesignator, Instant, LegId};
use schemas::{Content, SchemaIds, command_to_avro, subject};
use std::collections::BTreeMap;
use stream::Settings;
use stream::admin::Admin;
use stream::registry::{Applied, Registry, Subject};
use stream::writer::{Outgoing, Report, Writer};
use topology::Topology;
use uuid::Uuid;

pub struct Schedule {
    name: String,
    topology: Topology,
    ids: SchemaIds,
    writer: Writer,
}

impl Schedule {
    /// Creates the topics and registers the schemas of a schedule that no other test has.
    pub fn new(name: &str, partitions: u32) -> Self {
        let name = format!("{name}-{}", std::process::id());
        let topology = Topology::schedule_named(&name, Some(partitions)).unwrap();
        let settings = settings();
        Admin::new(&settings).unwrap().apply(&topology).unwrap();
        crate::eventually("the topics are known", || {
            Admin::new(&settings).unwrap().check(&topology).unwrap().is_empty()
        });
        let topics = &topology.topics;
        let ids = SchemaIds {
            command: register(&topics.commands.name, Content::Command),
            event: register(&topics.events.name, Content::Event),
            outcome: register(&topics.outcomes.name, Content::Outcome),
        };
        Self {
            name,
            topology,
            ids,
            writer: Writer::new(&settings).unwrap(),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn partitions(&self) -> u32 {
        self.topology.partitions
    }

    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    pub fn ids(&self) -> SchemaIds {
        self.ids
    }

    /// Writes commands and waits until the broker has them.
    pub fn send(&self, commands: &[CommandEnvelope<domain::Command>]) {
        for envelope in commands {
            let value = command_to_avro(envelope, self.ids.command);
            self.write(&self.record(Some(envelope.aggregate_id.as_bytes()), Some(&value), &[], None));
        }
        self.flush();
    }

    /// A record of the commands topic, whatever is in it.
    pub fn record<'r>(
        &'r self,
        key: Option<&'r [u8]>,
        value: Option<&'r [u8]>,
        headers: &'r [(&'r str, &'r [u8])],
        partition: Option<u32>,
    ) -> Outgoing<'r> {
        Outgoing {
            topic: &self.topology.topics.commands.name,
            key,
            value,
            headers,
            tag: 0,
            partition,
        }
    }

    pub fn write(&self, record: &Outgoing<'_>) {
        self.writer.send(record).unwrap();
    }

    pub fn flush(&self) {
        self.writer.flush(PATIENCE).unwrap();
        for Report { written, .. } in self.writer.reports(std::time::Duration::ZERO) {
            written.unwrap();
        }
    }
}

pub(crate) fn settings() -> Settings {
    Settings::new(&BTreeMap::from([(
        "bootstrap.servers".to_owned(),
        variable("KAFKA_BOOTSTRAP_SERVERS"),
    )]))
    .unwrap()
}

fn register(topic: &str, content: Content) -> u32 {
    let (schema_json, compatibility) = (content.latest().json.to_owned(), content.compatibility().name().to_owned());
    match Registry::new(&variable("SCHEMA_REGISTRY_URL"))
        .unwrap()
        .apply(&Subject {
            name: subject(topic),
            schema_json,
            compatibility,
        })
        .unwrap()
    {
        Applied::Registered { id } | Applied::Unchanged { id } => id,
    }
}

/// Commands for rotations `first..first + rotations`: each is created active, then gets `legs` legs, of which every tenth is refused.
pub fn load(first: u32, rotations: u32, legs: u32) -> Vec<CommandEnvelope<domain::Command>> {
    let mut commands = Vec::new();
    for number in 0..=legs {
        for rotation in first..first + rotations {
            let command = match number {
                0 => Command::Create { mode: Mode::Active },
                _ => Command::AddLegs {
                    legs: vec![leg(number, number % 10 == 0)],
                },
            };
            commands.push(envelope(rotation, number, command));
        }
    }
    commands
}

fn envelope(rotation: u32, number: u32, command: Command) -> CommandEnvelope<domain::Command> {
    CommandEnvelope {
        command_id: Uuid::from_u64_pair(u64::from(rotation), u64::from(number)),
        aggregate_id: format!("rotation/R{rotation}"),
        expected_version: None,
        issued_by: None,
        command: domain::Command::Rotation(command),
    }
}

/// To and fro between two airports; a wrong one departs where the airplane is not, and the next takes its place.
fn leg(number: u32, wrong: bool) -> Leg {
    let flown = number - 1 - (number - 1) / 10;
    let stops = ["HNL", "KOA"];
    let code = |text: &str| AirportCode::parse(text).unwrap();
    let departure = Instant(1_200_000_000_000 + i64::from(number) * 7_200_000);
    Leg {
        id: LegId::parse(&format!("L{number}")).unwrap(),
        designator: FlightDesignator::parse(&format!("HA{number}")).unwrap(),
        origin: code(if wrong { "LAX" } else { stops[flown as usize % 2] }),
        destination: code(stops[(flown as usize + 1) % 2]),
        departure,
        arrival: Instant(departure.0 + 3_600_000),
    }
}
