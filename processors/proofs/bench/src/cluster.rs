//! The broker and the registry that are measured on, and fresh topics on them.

use application::subject;
use clap::Args;
use schemas::{AvroCodec, Content, SchemaIds};
use std::collections::BTreeMap;
use std::time::Duration;
use stream::Settings;
use stream::admin::Admin;
use stream::registry::{Applied, Registry, Subject};
use topology::Topology;

#[derive(Args, Clone)]
pub(crate) struct Cluster {
    #[arg(long, env = "KAFKA_BOOTSTRAP_SERVERS", default_value = "127.0.0.1:9092")]
    pub(crate) brokers: String,
    #[arg(long, env = "SCHEMA_REGISTRY_URL", default_value = "http://127.0.0.1:8081")]
    pub(crate) registry: String,
    #[arg(long, env = "AEROLOG_PARTITIONS", default_value_t = 8)]
    pub(crate) partitions: u32,
    /// The broker's process on this machine, to measure what it uses
    #[arg(long)]
    pub(crate) broker_pid: Option<u32>,
}

/// Topics that nothing else uses.
#[derive(Clone)]
pub(crate) struct Schedule {
    pub(crate) name: String,
    pub(crate) topology: Topology,
    pub(crate) ids: SchemaIds,
}

const TOPICS_WAIT_MAX: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

impl Cluster {
    pub(crate) fn settings(&self) -> anyhow::Result<Settings> {
        let brokers = ("bootstrap.servers".to_owned(), self.brokers.clone());
        Ok(Settings::new(&BTreeMap::from([brokers]))?)
    }

    /// Creates the topics of a schedule of this name and makes its schemas known.
    pub(crate) fn schedule(&self, name: &str) -> anyhow::Result<Schedule> {
        let name = format!("bench-{}-{name}", std::process::id());
        let topology = Topology::with_prefix(&name, Some(self.partitions))?;
        let admin = Admin::new(&self.settings()?)?;
        admin.apply(&topology)?;
        let began = service::clock::monotonic();
        while !admin.check(&topology)?.is_empty() {
            anyhow::ensure!(began.elapsed() < TOPICS_WAIT_MAX, "the topics of {name} did not appear");
            service::clock::rest(PAUSE);
        }
        let topics = &topology.topics;
        let ids = SchemaIds {
            command: self.register(&topics.commands.name, Content::Command)?,
            event: self.register(&topics.events.name, Content::Event)?,
            outcome: self.register(&topics.outcomes.name, Content::Outcome)?,
        };
        Ok(Schedule { name, topology, ids })
    }

    fn register(&self, topic: &str, content: Content) -> anyhow::Result<u32> {
        let applied = Registry::new(&self.registry)?.apply(&Subject {
            name: subject(topic),
            schema_json: content.latest().json().to_owned(),
            compatibility: content.compatibility().name().to_owned(),
        })?;
        match applied {
            Applied::Registered { id } | Applied::Unchanged { id } => Ok(id),
        }
    }
}

impl Schedule {
    pub(crate) fn codec(&self) -> AvroCodec {
        AvroCodec::new(self.ids)
    }
}
