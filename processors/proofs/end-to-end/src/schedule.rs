//! Topics of one test, and commands for them.

use crate::cluster::unique_name;
use crate::{Cluster, PATIENCE};
use airline::Airline;
use application::subject;
use decider::{Codec, CommandEnvelope};
use domain::rotation::{Command, Leg, Mode};
use domain::{AirportCode, FlightDesignator, Instant, LegId};
use schemas::{AvroCodec, Content, SchemaIds, command_to_avro};
use stream::registry::{Applied, Registry, Subject};
use stream::writer::{Outgoing, Report, Writer};
use topology::Topology;
use uuid::Uuid;

pub struct Schedule {
    cluster: Cluster,
    name: String,
    topology: Topology,
    ids: SchemaIds,
    codec: AvroCodec,
    writer: Writer,
}

impl Schedule {
    /// Creates the topics and registers the schemas of a schedule that no other test has.
    pub fn new(name: &str, partitions: u32) -> Self {
        Self::on(&Cluster::of_environment(), name, partitions)
    }

    /// The same on a cluster that the environment does not name.
    pub fn on(cluster: &Cluster, name: &str, partitions: u32) -> Self {
        Self::named(cluster, unique_name(name), partitions)
    }

    /// A schedule of exactly this name, which may be there already.
    pub fn named(cluster: &Cluster, name: String, partitions: u32) -> Self {
        let topology = cluster.create_topics(&name, partitions);
        let topics = &topology.topics;
        let registered = [
            register(cluster, &topics.commands.name, Content::Command),
            register(cluster, &topics.events.name, Content::Event),
            register(cluster, &topics.outcomes.name, Content::Outcome),
        ];
        let [command, event, outcome] = registered.each_ref().map(|versions| versions.last().unwrap().0);
        let ids = SchemaIds { command, event, outcome };
        let mut codec = AvroCodec::new(ids);
        for (id, json) in registered.into_iter().flatten() {
            Codec::<Airline>::learn(&mut codec, id, &json.into()).unwrap();
        }
        Self {
            cluster: cluster.clone(),
            name,
            topology,
            ids,
            codec,
            writer: Writer::new(&cluster.settings()).unwrap(),
        }
    }

    pub fn cluster(&self) -> &Cluster {
        &self.cluster
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

    /// Registers one more version of the schema of events, and returns its id.
    pub fn register_events(&self, schema_json: &str) -> u32 {
        register_json(&self.cluster, &self.topology.topics.events.name, Content::Event, schema_json)
    }

    /// A codec that has learned the versions before the latest.
    pub fn codec(&self) -> AvroCodec {
        self.codec.clone()
    }

    pub fn ids(&self) -> SchemaIds {
        self.ids
    }

    /// As a client that has just started: one that goes on may remember what the cluster has lost.
    pub fn renew_writer(&mut self) {
        self.writer = Writer::new(&self.cluster.settings()).unwrap();
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

/// Every version with its id, oldest first, as `aerolog schemas apply` does.
fn register(cluster: &Cluster, topic: &str, content: Content) -> Vec<(u32, &'static str)> {
    let versions = content.versions();
    versions
        .map(|released| (register_json(cluster, topic, content, released.json()), released.json()))
        .collect()
}

fn register_json(cluster: &Cluster, topic: &str, content: Content, schema_json: &str) -> u32 {
    let (schema_json, compatibility) = (schema_json.to_owned(), content.compatibility().name().to_owned());
    // A registry that has just started takes longer than a request waits for, when many tests begin at once.
    let registry = Registry::new(&cluster.registry).unwrap().patient();
    match registry
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
    let numbers = (0..=legs).flat_map(|number| (first..first + rotations).map(move |rotation| (rotation, number)));
    numbers.map(|(rotation, number)| command(rotation, number)).collect()
}

/// The command of this number for a rotation that had all before it: 0 creates it, the others add a leg each.
pub fn command(rotation: u32, number: u32) -> CommandEnvelope<domain::Command> {
    let command = match number {
        0 => Command::Create { mode: Mode::Active },
        _ => Command::AddLegs {
            legs: vec![leg(rotation, number, !is_accepted(number))],
        },
    };
    CommandEnvelope {
        // Never nil, which is no id.
        command_id: Uuid::from_u64_pair(1 + u64::from(rotation), u64::from(number)),
        aggregate_id: format!("rotation/R{rotation}"),
        expected_version: None,
        issued_by: None,
        command: domain::Command::Rotation(command),
    }
}

/// Whether the command of this number is to be accepted.
pub fn is_accepted(number: u32) -> bool {
    number == 0 || !number.is_multiple_of(10)
}

/// Two rotations in a row never share one: an airline of its own for each of 260.
fn designator(rotation: u32, number: u32) -> FlightDesignator {
    let letter = char::from(b'A' + u8::try_from(rotation % 26).unwrap());
    let digit = rotation / 26 % 10;
    FlightDesignator::parse(&format!("{letter}{digit}{}", 1 + (number - 1) % 9999)).unwrap()
}

/// To and fro between two airports; a wrong one departs where the airplane is not, and the next takes its place.
fn leg(rotation: u32, number: u32, wrong: bool) -> Leg {
    let flown = number - 1 - (number - 1) / 10;
    let stops = ["HNL", "KOA"];
    let code = |text: &str| AirportCode::parse(text).unwrap();
    let departure = Instant(1_200_000_000_000 + i64::from(number) * 7_200_000);
    Leg {
        id: LegId::parse(&format!("L{number}")).unwrap(),
        designator: designator(rotation, number),
        origin: code(if wrong { "LAX" } else { stops[flown as usize % 2] }),
        destination: code(stops[(flown as usize + 1) % 2]),
        departure,
        arrival: Instant(departure.0 + 3_600_000),
    }
}
