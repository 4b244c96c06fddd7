//! A log of any application, with topics of its own, and commands for it.

use crate::cluster::unique_name;
use crate::{Cluster, LogName, PATIENCE, eventually};
use application::{Application, SchemaIds};
use decider::{Codec, Outcome};
use std::time::Duration;
use stream::reader::{Reader, Record};
use stream::writer::{Outgoing, Writer};
use topology::Topology;
use uuid::Uuid;

const POLL: Duration = Duration::from_millis(100);

pub struct Log<A: Application> {
    cluster: Cluster,
    name: String,
    topology: Topology,
    writer: Writer,
    outcomes: Reader,
    codec: A::Codec,
}

impl<A: Application> Log<A> {
    /// Creates topics that no other test has.
    pub fn new(partitions: u32) -> Self {
        let (cluster, name) = (Cluster::of_environment(), unique_name(A::NAME));
        let (settings, topology) = (cluster.settings(), cluster.create_topics(&name, partitions));
        let mut outcomes = Reader::new(&settings, &topology.topics.outcomes.name).unwrap();
        outcomes.assign_ends(partitions, PATIENCE).unwrap();
        Self {
            cluster,
            name,
            writer: Writer::new(&settings).unwrap(),
            topology,
            outcomes,
            codec: A::codec(SchemaIds::UNKNOWN),
        }
    }

    pub fn name(&self) -> LogName<'_> {
        LogName {
            cluster: &self.cluster,
            name: &self.name,
            partitions: self.topology.partitions,
        }
    }

    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Appends the value of an event to a partition, in the place of a processor.
    pub fn append_event(&self, aggregate_id: &str, partition: u32, value: &[u8]) {
        self.append(&self.topology.topics.events.name, aggregate_id, Some(partition), value);
    }

    fn append(&self, topic: &str, aggregate_id: &str, partition: Option<u32>, value: &[u8]) {
        let record = Outgoing {
            topic,
            key: Some(aggregate_id.as_bytes()),
            value: Some(value),
            headers: &[],
            tag: 0,
            partition,
        };
        self.writer.send(&record).unwrap();
        self.writer.flush(PATIENCE).unwrap();
    }

    /// Sends the value of a command, and returns its outcome with its position, as a question about it would name that.
    pub fn send(&mut self, aggregate_id: &str, command_id: Uuid, value: &[u8]) -> (Outcome, String) {
        self.append(&self.topology.topics.commands.name, aggregate_id, None, value);
        let Self { outcomes, codec, .. } = self;
        let mut found = None;
        eventually("the command has an outcome", || {
            let take = |record: &Record<'_>| {
                let outcome = codec.decode_outcome(record.value.unwrap_or_default()).unwrap();
                if outcome.command_id == command_id {
                    let position = format!("{}:{}", record.partition, outcome.sequence);
                    found = Some((outcome, position));
                }
            };
            outcomes.poll(1_000, POLL, take).unwrap();
            found.is_some()
        });
        found.unwrap()
    }
}
