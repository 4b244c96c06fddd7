//! The cluster's topics: looked at, compared with the topology, created from it.

use crate::advice::CLOSED_CONNECTIONS;
use crate::failure::{Failure, is_transient};
use crate::logging_context::LoggingContext;
use crate::raw::{self, TopicIdsError};
use crate::{Settings, SettingsError};
use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, NewTopic, OwnedResourceSpecifier, ResourceSpecifier, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::MetadataBroker;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use topology::{
    Difference, LiveTopic, Replication, TIMESTAMP_BOUND_MS, Timestamp, Topic, Topology, differences, in_sync_wanted, replicas_wanted,
};

/// Looks at a cluster.
pub struct Admin {
    pub(crate) settings: Settings,
    client: AdminClient<LoggingContext>,
    /// Of topics that are created; `None` where the number of brokers decides.
    replicas: Option<u32>,
}

/// Why the cluster could not be looked at or changed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("the cluster cannot be reached: {0}; is it running, and is bootstrap.servers right? {CLOSED_CONNECTIONS}")]
    Unreachable(Failure),
    #[error("topic {topic} could not be created: {code}")]
    Create { topic: String, code: RDKafkaErrorCode },
    #[error(transparent)]
    TopicIds(#[from] TopicIdsError),
    #[error("topic {0} is missing; create it with `aerolog topics apply`")]
    Missing(String),
    #[error("the cluster does not say its id")]
    NoClusterId,
}

/// What a state directory was built on: it fits nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub cluster_id: String,
    /// Name and id of each topic, in the order of the topology.
    pub topics: Vec<(String, String)>,
    pub partitions: u32,
}

impl Identity {
    /// One line for each fact, to be kept with the state.
    pub fn text(&self) -> String {
        let topics: Vec<String> = self.topics.iter().map(|(name, id)| format!("topic {name} {id}\n")).collect();
        format!("cluster {}\npartitions {}\n{}", self.cluster_id, self.partitions, topics.concat())
    }

    /// The same from the text.
    pub fn read(text: &str) -> Option<Self> {
        let (mut cluster_id, mut partitions, mut topics) = (None, None, Vec::new());
        for line in text.lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["cluster", id] => cluster_id = Some(id.to_owned()),
                ["partitions", number] => partitions = number.parse().ok(),
                ["topic", name, id] => topics.push((name.to_owned(), id.to_owned())),
                _ => return None,
            }
        }
        Some(Self {
            cluster_id: cluster_id?,
            topics,
            partitions: partitions?,
        })
    }

    /// The same cluster, with no other topics than this one.
    #[must_use]
    pub fn with_topic(mut self, topic: &str) -> Self {
        self.topics.retain(|(name, _)| name == topic);
        self
    }

    /// The same cluster, without this topic.
    #[must_use]
    pub fn without_topic(mut self, topic: &str) -> Self {
        self.topics.retain(|(name, _)| name != topic);
        self
    }

    /// Which of the topics of `other` were deleted and created again since.
    pub fn recreated_since(&self, other: &Self) -> Vec<&str> {
        let is_another = |(name, id): &&(String, String)| other.topics.iter().any(|(before, other)| before == name && other != id);
        self.topics.iter().filter(is_another).map(|(name, _)| name.as_str()).collect()
    }

    /// Why what was built on `other` does not fit here, if it does not.
    pub fn difference_from(&self, other: &Self) -> Option<String> {
        if self.cluster_id != other.cluster_id {
            return Some(format!("the cluster is {}, not {}", self.cluster_id, other.cluster_id));
        }
        let recreated = self.recreated_since(other);
        (!recreated.is_empty()).then(|| {
            format!(
                "topic {} was deleted and created again: what was built on it does not fit. Started again, the process says what follows from that",
                recreated.join(", ")
            )
        })
    }
}

const ASK_WAIT_MAX: Duration = Duration::from_secs(5);

impl Admin {
    pub fn new(settings: &Settings) -> Result<Self, AdminError> {
        let client = settings
            .admin()
            .create_with_context(LoggingContext::default())
            .map_err(|error| unreachable(&error))?;
        Ok(Self {
            settings: settings.clone(),
            client,
            replicas: None,
        })
    }

    /// Topics are created with this replication factor, however many brokers there are.
    pub fn with_replication(self, replicas: u32) -> Self {
        let replicas = Some(replicas);
        Self { replicas, ..self }
    }

    /// The topology's topics as the cluster has them; those that are missing are left out.
    pub fn live(&self, topology: &Topology) -> Result<Vec<LiveTopic>, AdminError> {
        let metadata = self
            .client
            .inner()
            .fetch_metadata(None, ASK_WAIT_MAX)
            .map_err(|error| unreachable(&error))?;
        self.settings.note_brokers(metadata.brokers().iter().filter_map(address_of));
        let brokers = u32::try_from(metadata.brokers().len()).unwrap_or(u32::MAX);
        let shape_of = |topic: &Topic| {
            let found = metadata
                .topics()
                .iter()
                .find(|found| found.name() == topic.name && found.error().is_none())?;
            let replicas = found.partitions().iter().map(|partition| partition.replicas().len()).min();
            Some(Shape {
                partitions: u32::try_from(found.partitions().len()).ok()?,
                replicas: u32::try_from(replicas?).ok()?,
                brokers,
            })
        };
        let there: Vec<(&Topic, Shape)> = topology
            .topics()
            .into_iter()
            .filter_map(|topic| Some((topic, shape_of(topic)?)))
            .collect();
        let configs = self.configs(&there)?;
        let config_of = |topic: &Topic| {
            configs
                .iter()
                .find(|config| config.specifier == OwnedResourceSpecifier::Topic(topic.name.clone()))
        };
        Ok(there
            .into_iter()
            .map(|(topic, shape)| live_topic(topic, shape, config_of(topic)))
            .collect())
    }

    /// The configurations of topics.
    fn configs(&self, topics: &[(&Topic, Shape)]) -> Result<Vec<ConfigResource>, AdminError> {
        if topics.is_empty() {
            return Ok(Vec::new());
        }
        let specifiers: Vec<ResourceSpecifier<'_>> = topics.iter().map(|(topic, _)| ResourceSpecifier::Topic(&topic.name)).collect();
        let described = block_on(self.client.describe_configs(&specifiers, &options())).map_err(|error| unreachable(&error))?;
        let configs: Result<Vec<ConfigResource>, RDKafkaErrorCode> = described.into_iter().collect();
        configs.map_err(|code| unreachable(&KafkaError::AdminOp(code)))
    }

    /// What differs between the cluster and the topology.
    pub fn check(&self, topology: &Topology) -> Result<Vec<Difference>, AdminError> {
        Ok(differences(topology, &self.live(topology)?))
    }

    /// Creates the topics that are missing, and returns their names. What is there is never changed.
    pub fn create(&self, topology: &Topology) -> Result<Vec<String>, AdminError> {
        let live = self.live(topology)?;
        let replicas = match self.replicas {
            Some(replicas) => replicas,
            None => replicas_wanted(self.brokers()?),
        };
        let in_sync_min = in_sync_wanted(replicas).to_string();
        let bound_ms = TIMESTAMP_BOUND_MS.to_string();
        let mut created = Vec::new();
        for topic in topology.topics() {
            if live.iter().any(|live| live.name == topic.name) {
                continue;
            }
            let (retention, bytes) = (topic.retention_ms.to_string(), topic.message_bytes_max.to_string());
            let partitions = topology.partitions_of(topic).cast_signed();
            let new = NewTopic::new(&topic.name, partitions, TopicReplication::Fixed(replicas.cast_signed()))
                .set("cleanup.policy", topic.cleanup.name())
                .set("retention.ms", &retention)
                .set("retention.bytes", "-1")
                .set("message.timestamp.type", topic.timestamp.name())
                .set("max.message.bytes", &bytes)
                .set("min.insync.replicas", &in_sync_min);
            let new = match topic.timestamp {
                Timestamp::LogAppendTime => new,
                Timestamp::CreateTime => new
                    .set("message.timestamp.before.max.ms", &bound_ms)
                    .set("message.timestamp.after.max.ms", &bound_ms),
            };
            let results = block_on(self.client.create_topics([&new], &options())).map_err(|error| unreachable(&error))?;
            for result in results {
                match result {
                    Ok(name) => created.push(name),
                    // Another process was quicker.
                    Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                    Err((topic, code)) => return Err(AdminError::Create { topic, code }),
                }
            }
        }
        Ok(created)
    }

    /// How many brokers there are now.
    fn brokers(&self) -> Result<u32, AdminError> {
        let metadata = self.client.inner().fetch_metadata(None, ASK_WAIT_MAX);
        let metadata = metadata.map_err(|error| unreachable(&error))?;
        Ok(u32::try_from(metadata.brokers().len()).unwrap_or(u32::MAX))
    }

    /// What a state that is built on this cluster and these topics belongs to.
    pub fn identity(&self, topology: &Topology) -> Result<Identity, AdminError> {
        let client = self.client.inner();
        let cluster_id = client.fetch_cluster_id(ASK_WAIT_MAX).ok_or(AdminError::NoClusterId)?;
        let names = topology.topics().map(|topic| topic.name.as_str());
        let ids = raw::topic_ids(client, &names, ASK_WAIT_MAX).map_err(|error| match error {
            TopicIdsError::Kafka(code) if is_transient(code) => unreachable(&KafkaError::AdminOp(code)),
            TopicIdsError::Kafka(_) | TopicIdsError::Name(_) => error.into(),
        })?;
        let mut topics = Vec::new();
        for (name, id) in names.into_iter().zip(ids) {
            topics.push((name.to_owned(), id.ok_or_else(|| AdminError::Missing(name.to_owned()))?));
        }
        Ok(Identity {
            cluster_id,
            topics,
            partitions: topology.partitions,
        })
    }
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(ASK_WAIT_MAX))
        .operation_timeout(Some(ASK_WAIT_MAX))
}

fn unreachable(error: &KafkaError) -> AdminError {
    AdminError::Unreachable(Failure::of(error))
}

/// The admin client answers through futures only; nothing else of this crate needs a runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Wake, Waker};

    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// What a topic looks like in the cluster's metadata.
#[derive(Clone, Copy)]
struct Shape {
    partitions: u32,
    /// Of the partition that has the fewest.
    replicas: u32,
    brokers: u32,
}

fn live_topic(topic: &Topic, shape: Shape, config: Option<&ConfigResource>) -> LiveTopic {
    let entry = |name: &str| config?.get(name)?.value.clone();
    LiveTopic {
        name: topic.name.clone(),
        partitions: shape.partitions,
        cleanup: entry("cleanup.policy"),
        retention_ms: entry("retention.ms").and_then(|text| text.parse().ok()),
        retention_bytes: entry("retention.bytes").and_then(|text| text.parse().ok()),
        timestamp: entry("message.timestamp.type"),
        message_bytes_max: entry("max.message.bytes").and_then(|text| text.parse().ok()),
        timestamp_before_max_ms: entry("message.timestamp.before.max.ms").and_then(|text| text.parse().ok()),
        timestamp_after_max_ms: entry("message.timestamp.after.max.ms").and_then(|text| text.parse().ok()),
        replication: Some(Replication {
            brokers: shape.brokers,
            replicas: shape.replicas,
            in_sync_min: entry("min.insync.replicas").and_then(|text| text.parse().ok()),
        }),
    }
}

/// Where a broker is; `None` where its name is no text, for which rdkafka panics.
#[expect(clippy::disallowed_methods, reason = "the panic is contained")]
fn address_of(broker: &MetadataBroker) -> Option<(String, i32)> {
    let host = catch_unwind(AssertUnwindSafe(|| broker.host().to_owned())).ok()?;
    Some((host, broker.port()))
}
