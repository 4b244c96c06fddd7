//! The command processor of any [`Application`]: decides its commands on Kafka, exactly once.
//!
//! The loop is [`stream::processor`], the decisions are the application's; here both meet a state directory, metrics and a
//! configuration. [`main`] is the whole program.

mod configuration;
mod look_up;
mod metrics;
mod program;
mod spans;
mod state;

pub use configuration::{Configuration, DEFAULTS};
pub use program::main;
pub use state::StateError;

use application::Application;
use decider::keys;
use keyvalue::Fault;
use metrics::Metrics;
use prometheus::Registry as MetricsRegistry;
use service::failpoints::{FailpointError, Failpoints};
use service::{Health, Shutdown, State};
use std::marker::PhantomData;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use stream::admin::{Admin, Identity};
use stream::facts::{self, FactsError, Role};
use stream::processor::{Guards, Point, Processor, ProcessorError};
use stream::registry::{Registry, RegistryError};
use stream::{Settings, TopicWatch};
use topology::Topology;
use traces::{Exporter, Instance, TracesError};

/// Between two tries to reach the cluster or the registry at the start.
const START_PAUSE: Duration = Duration::from_secs(1);
/// The part of the process that finds the cluster and the registry, in its health.
pub const CLUSTER: &str = "cluster";

/// Why the processor cannot run; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Settings(#[from] stream::SettingsError),
    #[error(transparent)]
    Topology(#[from] topology::TopologyError),
    #[error(transparent)]
    Facts(#[from] FactsError),
    #[error("the topics are not as the topology says, and running could lose or reorder data:\n{0}")]
    Topics(String),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error("the registry has no schema for {0}; register it with `aerolog schemas apply`")]
    NoSchema(String),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
    #[error(transparent)]
    Failpoint(#[from] FailpointError),
    #[error(transparent)]
    Traces(#[from] TracesError),
    #[error(transparent)]
    Processor(#[from] ProcessorError),
}

/// Runs until the shutdown is requested; what is open is finished or aborted then.
pub fn run<A: Application>(
    configuration: &Configuration,
    metrics: &MetricsRegistry,
    health: &Health,
    shutdown: &Shutdown,
) -> Result<(), RunError> {
    let settings = Settings::new(&configuration.kafka)?;
    let topology = Topology::with_prefix(application::prefix::<A>(&configuration.topic_prefix), configuration.partitions)?;
    let waiting = |reason: &str| health.set(CLUSTER, State::Waiting(reason.to_owned()));

    // From here on the process is not ready until its partitions are.
    let failpoints = Failpoints::from_environment(&Point::ALL.map(Point::name), metrics)?;
    let exporter = Exporter::start(&configuration.otlp, instance(configuration), metrics)?;
    let observe = Metrics::register(metrics, health.clone(), failpoints, exporter.tracer())?;
    waiting("looking at the cluster");
    // Both take a tenth of a second.
    let (registry, found) = thread::scope(|scope| {
        let registry = scope.spawn(|| Registry::new(&configuration.schema_registry_url));
        let found = look_at_cluster(&settings, &topology, configuration.partitions, shutdown, &waiting);
        (registry.join(), found)
    });
    let registry = registry.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    let Some((topology, identity)) = found? else {
        return Ok(());
    };
    let layout = keys::layout_value(topology.topics.commands.retention_ms, A::STATE_VERSION);
    let store = Arc::new(state::open(&configuration.state_directory, configuration.rocksdb, &layout)?);
    state::bind(&store, &identity, &topology, &layout)?;
    let measured = Arc::clone(&store);
    service::metrics::register_rocksdb(metrics, &[], move || measured.measures())?;

    waiting("looking up schemas");
    let Some((ids, schemas)) = look_up::schemas::<A>(&registry, &settings, &topology, shutdown, &waiting)? else {
        return Ok(());
    };
    health.set(CLUSTER, State::Ready);
    let processor = Processor {
        settings: settings.clone(),
        configuration: stream::processor::Configuration {
            group: topology.processors_group(),
            instance_id: configuration.instance_id.clone(),
            batch_records_max: configuration.batch_records_max,
            pace: Duration::from_millis(configuration.pace_ms),
            cache_bytes_max: configuration.cache_bytes,
            warm_partitions_max: configuration.warm_partitions_max,
            leaves_when_stopped: configuration.leave_group_when_stopped,
            guards: Guards::default(),
        },
        topology,
        codec: A::codec(ids),
        store,
        schemas,
        observe,
        domain: PhantomData::<fn() -> A>,
    };
    tracing::info!(instance_id = configuration.instance_id, "taking part in the group");
    let stopping = shutdown.clone();
    // Nothing is built on dead letters.
    let built_on = identity.without_topic(&processor.topology.topics.dead_letters.name);
    let watch = TopicWatch::start(settings, processor.topology.clone(), built_on, Role::Processor, move |wait| {
        stopping.wait_timeout(wait)
    });
    let watch = watch.map_err(|error| ProcessorError::Thread(error.to_string()))?;
    let result = processor.run(&|wait| watch.found().is_some() || wait_for(shutdown, wait));
    if let Err(error) = &result
        && error.state_fault() == Some(Fault::Corrupt)
        && let Err(error) = store::ask_for_rebuild(&configuration.state_directory)
    {
        tracing::error!(%error, "the request to rebuild the state at the next start could not be written");
    }
    match watch.found() {
        Some(reason) => {
            tracing::error!(reason, "the topics are not as they were; nothing more is decided");
            Err(RunError::Topics(reason.to_owned()))
        }
        None => Ok(result?),
    }
}

/// Whose spans they are.
fn instance(configuration: &Configuration) -> Instance {
    Instance {
        name: program::NAME,
        version: env!("CARGO_PKG_VERSION"),
        id: configuration.instance_id.clone(),
    }
}

/// Whether the shutdown is requested, after at most this wait.
fn wait_for(shutdown: &Shutdown, wait: Duration) -> bool {
    if wait.is_zero() {
        shutdown.is_requested()
    } else {
        shutdown.wait_timeout(wait)
    }
}

/// Waits for the cluster, asks the log for its number of partitions, and compares the topics with the topology. `None` when the shutdown came
/// first.
fn look_at_cluster(
    settings: &Settings,
    topology: &Topology,
    configured: Option<u32>,
    shutdown: &Shutdown,
    waiting: &dyn Fn(&str),
) -> Result<Option<(Topology, Identity)>, RunError> {
    loop {
        match look(settings, topology, configured) {
            Ok(TopicsCheck::Fine(topology, identity)) => return Ok(Some((*topology, identity))),
            Ok(TopicsCheck::Differs(lines)) => return Err(RunError::Topics(lines)),
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "waiting for the cluster");
                waiting(&error.to_string());
            }
            Err(error) => return Err(error.into()),
        }
        if shutdown.wait_timeout(START_PAUSE) {
            return Ok(None);
        }
    }
}

enum TopicsCheck {
    /// The topology with the log's number of partitions.
    Fine(Box<Topology>, Identity),
    Differs(String),
}

/// A client of its own for each look: one that knows of no broker any more would not find them again.
fn look(settings: &Settings, topology: &Topology, configured: Option<u32>) -> Result<TopicsCheck, FactsError> {
    let admin = Admin::new(settings)?;
    let settled = facts::settle(settings, &admin, topology, configured, Role::Processor)?;
    if let Some(lines) = settled.fatal() {
        return Ok(TopicsCheck::Differs(lines));
    }
    for difference in settled.differences {
        tracing::warn!("{difference}");
    }
    let identity = admin.identity(&settled.topology)?;
    Ok(TopicsCheck::Fine(Box::new(settled.topology), identity))
}
