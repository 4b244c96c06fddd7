//! Where the cluster and the registry are, and what follows from that.

use airline::Airline;
use anyhow::{Context, anyhow, bail};
use application::subject;
use clap::Args;
use command_client::OutcomeDecoder;
use schemas::{AvroCodec, Content, SchemaIds};
use std::collections::BTreeMap;
use std::path::PathBuf;
use stream::Settings;
use stream::admin::{Admin, AdminError};
use stream::facts::{self, FactsReader, Role};
use stream::registry::{Registry, Subject};
use topology::{Facts, Topology};

#[derive(Args, Clone)]
pub(crate) struct Connection {
    /// Brokers, as host:port,…
    #[arg(
        long,
        global = true,
        env = "KAFKA_BOOTSTRAP_SERVERS",
        default_value = "127.0.0.1:9092",
        value_name = "HOST:PORT,…"
    )]
    brokers: String,
    /// The schema registry's address
    #[arg(
        long,
        global = true,
        env = "SCHEMA_REGISTRY_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:8081",
        value_name = "URL"
    )]
    registry: String,
    /// What the names of the topics and of the processors' group begin with: one log has one
    #[arg(
        long,
        global = true,
        env = "AEROLOG_TOPIC_PREFIX",
        default_value = "schedule",
        value_name = "PREFIX"
    )]
    topic_prefix: String,
    /// Partitions of commands, events and outcomes: for `topics apply`, which begins a log with them. Everything else asks the log, and fails if
    /// this differs
    #[arg(long, global = true, env = "AEROLOG_PARTITIONS", value_name = "NUMBER")]
    partitions: Option<u32>,
    /// A file of librdkafka settings, name=value a line; the place for security.protocol, sasl.*, ssl.*. name_file=path takes the value from
    /// another file, for secrets
    #[arg(long, global = true, env = "AEROLOG_KAFKA_SETTINGS", value_name = "FILE")]
    kafka_settings: Option<PathBuf>,
}

impl Connection {
    /// The topology as it is configured, for what needs no more than the topics' names. Nothing is asked.
    pub(crate) fn topology(&self) -> anyhow::Result<Topology> {
        Ok(Topology::with_prefix(&self.topic_prefix, self.partitions)?)
    }

    /// The number of partitions that was asked for, if one was.
    pub(crate) fn partitions(&self) -> Option<u32> {
        self.partitions
    }

    /// The topology with the number of partitions that the log was begun with.
    pub(crate) fn log(&self) -> anyhow::Result<Topology> {
        Ok(self.look()?.0)
    }

    /// The same of a log that takes commands.
    pub(crate) fn open_log(&self) -> anyhow::Result<Topology> {
        let (topology, facts) = self.look()?;
        facts::allowed(&topology, &facts, Role::View)?;
        Ok(topology)
    }

    /// What the log says about itself, and its topology.
    pub(crate) fn look(&self) -> anyhow::Result<(Topology, Facts)> {
        let (settings, topology) = (self.settings()?, self.topology()?);
        let live = Admin::new(&settings)?.live(&topology)?;
        for topic in topology.topics() {
            if !live.iter().any(|live| live.name == topic.name) {
                return Err(AdminError::Missing(topic.name.clone()).into());
            }
        }
        let facts = FactsReader::new(&settings, &topology)?.read()?.clone();
        let topology = match facts.begun {
            Some(_) => facts::number(&topology, &facts, self.partitions)?,
            // Nothing was decided yet, or by a version that said nothing of it.
            None => match live.iter().find(|live| live.name == topology.topics.events.name) {
                Some(events) if self.partitions.is_none() => topology.with_partitions(events.partitions),
                Some(_) | None => topology,
            },
        };
        let topics = &topology.topics;
        for topic in [&topics.commands, &topics.events, &topics.outcomes] {
            let found = live.iter().find(|live| live.name == topic.name).map_or(0, |live| live.partitions);
            if found < topology.partitions {
                bail!(
                    "topic {} has {found} partitions, and its log has {}: see `aerolog topics check`",
                    topic.name,
                    topology.partitions
                );
            }
        }
        Ok((topology, facts))
    }

    /// What the names of the topics begin with.
    pub(crate) fn topic_prefix(&self) -> &str {
        &self.topic_prefix
    }

    /// Another log on the same cluster.
    pub(crate) fn with_prefix(&self, topic_prefix: &str, partitions: u32) -> Self {
        Self {
            topic_prefix: topic_prefix.to_owned(),
            partitions: Some(partitions),
            ..self.clone()
        }
    }

    pub(crate) fn settings(&self) -> anyhow::Result<Settings> {
        let mut table = BTreeMap::from([("bootstrap.servers".to_owned(), self.brokers.clone())]);
        if let Some(path) = &self.kafka_settings {
            let text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
            for (number, line) in text
                .lines()
                .enumerate()
                .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
            {
                let (name, value) = line
                    .split_once('=')
                    .ok_or_else(|| anyhow!("{} line {}: expected name=value", path.display(), number + 1))?;
                let (name, value) = (name.trim(), value.trim());
                match name.strip_suffix("_file") {
                    Some(plain) => {
                        let secret = std::fs::read_to_string(value).with_context(|| value.to_owned())?;
                        table.insert(plain.to_owned(), secret.trim_end_matches(['\r', '\n']).to_owned());
                    }
                    None => {
                        table.insert(name.to_owned(), value.to_owned());
                    }
                }
            }
        }
        Ok(Settings::new(&table)?)
    }

    pub(crate) fn registry(&self) -> anyhow::Result<Registry> {
        Ok(Registry::new(&self.registry)?.patient())
    }

    /// The subject of each topic with its latest schema.
    pub(crate) fn subjects(&self) -> anyhow::Result<[(Content, Subject); 3]> {
        let topology = self.topology()?;
        let topics = &topology.topics;
        let subject = |topic: &str, content: Content| {
            let (schema_json, compatibility) = (content.latest().json().to_owned(), content.compatibility().name().to_owned());
            (
                content,
                Subject {
                    name: subject(topic),
                    schema_json,
                    compatibility,
                },
            )
        };
        Ok([
            subject(&topics.commands.name, Content::Command),
            subject(&topics.events.name, Content::Event),
            subject(&topics.outcomes.name, Content::Outcome),
        ])
    }

    /// The ids of the latest schemas.
    pub(crate) fn schema_ids(&self) -> anyhow::Result<SchemaIds> {
        let registry = self.registry()?;
        let [(_, command), (_, event), (_, outcome)] = self.subjects()?;
        let id = |subject: &Subject| {
            let found = registry.id_of(subject)?;
            found.ok_or_else(|| {
                anyhow!(
                    "the registry has no schema for {}; register it with `aerolog schemas apply`",
                    subject.name
                )
            })
        };
        Ok(SchemaIds {
            command: id(&command)?,
            event: id(&event)?,
            outcome: id(&outcome)?,
        })
    }

    pub(crate) fn codec(&self) -> anyhow::Result<AvroCodec> {
        Ok(AvroCodec::new(self.schema_ids()?))
    }

    pub(crate) fn outcome_decoder(&self) -> anyhow::Result<OutcomeDecoder> {
        Ok(OutcomeDecoder::new::<Airline, _>(
            AvroCodec::new(SchemaIds::UNKNOWN),
            self.registry()?,
        ))
    }
}
