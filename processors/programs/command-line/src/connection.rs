//! Where the cluster and the registry are, and what follows from that.

use crate::foreign;
use anyhow::{Context, anyhow, bail};
use application::{Application, RecordKind, RecordSchema, SchemaIds, subject};
use clap::Args;
use command_client::OutcomeDecoder;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::path::PathBuf;
use stream::Settings;
use stream::admin::{Admin, AdminError};
use stream::facts::{self, FactsReader, Role};
use stream::registry::{Registry, Subject};
use topology::{Facts, Topology};

/// Where a log of the application is, as the arguments and the environment say.
#[derive(Args)]
pub struct Connection<A: Application> {
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
        default_value = A::NAME,
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
    #[arg(skip)]
    application: PhantomData<fn() -> A>,
}

impl<A: Application> Clone for Connection<A> {
    fn clone(&self) -> Self {
        Self {
            brokers: self.brokers.clone(),
            registry: self.registry.clone(),
            topic_prefix: self.topic_prefix.clone(),
            partitions: self.partitions,
            kafka_settings: self.kafka_settings.clone(),
            application: PhantomData,
        }
    }
}

impl<A: Application> Connection<A> {
    /// The topology as it is configured, for what needs no more than the topics' names. Nothing is asked.
    pub(crate) fn topology(&self) -> anyhow::Result<Topology> {
        Ok(Topology::with_prefix(self.topic_prefix(), self.partitions)?)
    }

    /// The number of partitions that was asked for, if one was.
    pub(crate) fn partitions(&self) -> Option<u32> {
        self.partitions
    }

    /// The topology with the number of partitions that the log was begun with.
    ///
    /// # Errors
    /// When the cluster cannot be asked, or the log is not there or has another number than the one that was asked for.
    pub fn log(&self) -> anyhow::Result<Topology> {
        Ok(self.look()?.0)
    }

    /// The same of a log that takes commands.
    pub(crate) fn open_log(&self) -> anyhow::Result<Topology> {
        let (topology, facts) = self.look()?;
        facts::allowed(&topology, &facts, Role::View)?;
        Ok(topology)
    }

    /// The same of a log whose outcomes this application reads: before a command is written to it.
    ///
    /// # Errors
    /// As those of [`Self::log`], and for a log that is closed or answers in the form of another application.
    pub fn log_to_send(&self) -> anyhow::Result<Topology> {
        let topology = self.open_log()?;
        foreign::refuse_outcomes(self, &topology)?;
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
                    "topic {} has {found} partitions, and its log has {}: see `{} topics check`",
                    topic.name,
                    topology.partitions,
                    crate::name()
                );
            }
        }
        Ok((topology, facts))
    }

    /// What the names of the topics begin with.
    pub(crate) fn topic_prefix(&self) -> &str {
        application::prefix::<A>(&self.topic_prefix)
    }

    /// Another log on the same cluster.
    pub(crate) fn with_prefix(&self, topic_prefix: &str, partitions: u32) -> Self {
        Self {
            topic_prefix: topic_prefix.to_owned(),
            partitions: Some(partitions),
            ..self.clone()
        }
    }

    /// How brokers are reached.
    ///
    /// # Errors
    /// When the file of settings cannot be read, or has one that would break a guarantee.
    pub fn settings(&self) -> anyhow::Result<Settings> {
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

    /// The schema registry, which is not asked yet.
    ///
    /// # Errors
    /// When its address is none.
    pub fn registry(&self) -> anyhow::Result<Registry> {
        Ok(Registry::new(&self.registry)?.patient())
    }

    /// The subject of each topic with every released version of its schema, the oldest first. None for an application whose values have no
    /// schema.
    pub(crate) fn subjects(&self) -> anyhow::Result<Vec<Schemas>> {
        let topology = self.topology()?;
        let of = |kind: RecordKind| {
            let versions: Vec<RecordSchema> = A::schemas().into_iter().filter(|schema| schema.kind == kind).collect();
            let latest = *versions.last()?;
            Some(Schemas {
                kind,
                name: subject(topic_of(&topology, kind)),
                versions,
                latest,
            })
        };
        Ok(RecordKind::ALL.into_iter().filter_map(of).collect())
    }

    /// The ids of the latest schemas; [`SchemaIds::UNKNOWN`] where values have none.
    ///
    /// # Errors
    /// When the registry cannot be asked, or lacks one of them.
    pub fn schema_ids(&self) -> anyhow::Result<SchemaIds> {
        let (registry, mut ids) = (self.registry()?, SchemaIds::UNKNOWN);
        for schemas in self.subjects()? {
            let found = registry.id_of(&schemas.subject(schemas.latest))?.ok_or_else(|| {
                let program = crate::name();
                anyhow!(
                    "the registry has no schema for {}; register it with `{program} schemas apply`",
                    schemas.name
                )
            })?;
            match schemas.kind {
                RecordKind::Command => ids.command = found,
                RecordKind::Event => ids.event = found,
                RecordKind::Outcome => ids.outcome = found,
            }
        }
        Ok(ids)
    }

    /// A codec that writes the ids of the registry.
    pub(crate) fn codec(&self) -> anyhow::Result<A::Codec> {
        Ok(A::codec(self.schema_ids()?))
    }

    pub(crate) fn outcome_decoder(&self) -> anyhow::Result<OutcomeDecoder> {
        Ok(OutcomeDecoder::new::<A, _>(A::codec(SchemaIds::UNKNOWN), self.registry()?))
    }
}

/// What the registry is to know of the values of one topic.
pub(crate) struct Schemas {
    pub(crate) kind: RecordKind,
    /// The subject.
    pub(crate) name: String,
    pub(crate) versions: Vec<RecordSchema>,
    pub(crate) latest: RecordSchema,
}

impl Schemas {
    /// The subject with one of the versions.
    pub(crate) fn subject(&self, schema: RecordSchema) -> Subject {
        Subject {
            name: self.name.clone(),
            schema_json: schema.json.to_owned(),
            compatibility: schema.compatibility.to_owned(),
        }
    }
}

/// The name of the topic with records of a kind.
pub(crate) fn topic_of(topology: &Topology, kind: RecordKind) -> &str {
    let topics = &topology.topics;
    match kind {
        RecordKind::Command => &topics.commands.name,
        RecordKind::Event => &topics.events.name,
        RecordKind::Outcome => &topics.outcomes.name,
    }
}
