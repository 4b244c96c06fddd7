//! The parts of the process and their threads: one reads the log, one folds it, one writes the view, a few answer questions.

use crate::configuration::Configuration;
use crate::connecting::{self, Connected, Wanted};
use crate::directory::{self, Edition};
use crate::failure::{Failure, FailureKind};
use crate::folding::{self, FOLDED_WAITING_MAX};
use crate::metrics::Metrics;
use crate::parts::{self, VIEW};
use crate::reading::{self, Decoder};
use crate::session::Session;
use crate::view::View;
use crate::writing::{APPLIED, Destination, WRITTEN, Writer};
use http_server::Limits;
use query_service::{Patience, Service};
use schemas::{AvroCodec, SchemaIds};
use service::failpoints::Failpoints;
use service::{Health, Operations, Shutdown, State};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use store::Sizing;
use stream::admin::Identity;
use stream::facts::Role;
use stream::reader::ReadFailure;
use stream::registry::Registry;
use stream::{Settings, TopicWatch};
use tokio::runtime;
use topology::Topology;

/// What is kept in the state directory.
const EDITION: Edition = Edition {
    view: views::NAME,
    version: views::VERSION,
    time_zones: views::TIME_ZONES,
};

/// Runs of events that were read and wait to be applied.
const RUNS_WAITING_MAX: usize = 2;
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);
/// Between two looks at topics that are not as they should be.
const MENDING_PAUSE: Duration = Duration::from_secs(10);

/// A materializer that runs.
pub struct Process {
    http_address: SocketAddr,
    http: JoinHandle<()>,
    operations: Operations,
    view: JoinHandle<Result<(), Failure>>,
}

/// Starts everything. What can be seen to be wrong at once is an error here; brokers and a registry that are away are waited for.
pub fn start(configuration: &Configuration, topology: Topology, shutdown: &Shutdown) -> Result<Process, Failure> {
    start_build(configuration, topology, shutdown, AvroCodec::new)
}

/// The same for a build that is not the latest, with its codec. Tests of upgrades run such builds.
pub fn start_build(
    configuration: &Configuration,
    topology: Topology,
    shutdown: &Shutdown,
    codec: fn(SchemaIds) -> AvroCodec,
) -> Result<Process, Failure> {
    let settings = Settings::new(&configuration.kafka)?;
    let registry = Registry::new(&configuration.schema_registry_url)?;
    let health = Health::default();
    health.set(VIEW, State::Waiting("the process is starting".into()));
    let view = Arc::new(open(configuration, health.clone())?);
    let prometheus = service::metrics::registry("materializer", env!("CARGO_PKG_VERSION"))?;
    let metrics = Metrics::register(&prometheus, Arc::clone(&view))?;
    let failpoints = Failpoints::from_environment(&[APPLIED, WRITTEN], &prometheus)?;
    let operations = Operations::start(
        configuration.operations_address,
        prometheus.clone(),
        health.clone(),
        shutdown.clone(),
    )?;
    let (http_address, http) = serve(configuration, Arc::clone(&view), prometheus, shutdown)?;
    let updater = ViewUpdater {
        view,
        settings,
        topology,
        partitions: configuration.partitions(),
        registry,
        codec,
        metrics,
        health,
        events_max: configuration.apply.events_max,
        failpoints,
    };
    let requested = shutdown.clone();
    let view = thread::Builder::new().name("view".into()).spawn(move || updater.run(&requested))?;
    Ok(Process {
        http_address,
        http,
        operations,
        view,
    })
}

impl Process {
    /// Where questions are answered.
    pub fn http_address(&self) -> SocketAddr {
        self.http_address
    }

    pub fn operations_address(&self) -> SocketAddr {
        self.operations.address()
    }

    /// Waits for the end, which the shutdown brings.
    ///
    /// # Errors
    /// What made the process refuse to go on, if that is why it ended.
    pub fn join(self) -> Result<(), Failure> {
        let ended = self.view.join().unwrap_or(Err(Failure::Panicked));
        let served = self.http.join();
        self.operations.join();
        served.map_err(|_panic| Failure::Panicked)?;
        ended
    }
}

fn open(configuration: &Configuration, health: Health) -> Result<View, Failure> {
    let sizing = Sizing {
        block_cache_bytes: configuration.rocksdb.block_cache_bytes,
        write_buffer_bytes: configuration.rocksdb.write_buffer_bytes,
    };
    let store = directory::open(&configuration.state_directory, EDITION, sizing)?;
    Ok(View::new(store, health)?)
}

/// Answers questions on threads of their own until the shutdown.
fn serve(
    configuration: &Configuration,
    view: Arc<View>,
    registry: prometheus::Registry,
    shutdown: &Shutdown,
) -> Result<(SocketAddr, JoinHandle<()>), Failure> {
    let address = configuration.http.address;
    let patience = Patience {
        position_wait_max: Duration::from_millis(configuration.http.position_wait_ms_max),
        ..Patience::default()
    };
    let limits = Limits {
        connections_max: configuration.http.connections_max,
        ..Limits::default()
    };
    let service = Arc::new(Service::new(view, registry, patience)?);
    let runtime = runtime::Builder::new_multi_thread().thread_name("http").enable_all().build()?;
    let listener = {
        let _inside = runtime.enter();
        http_server::listen(address)?
    };
    let bound = listener.local_addr()?;
    let requested = shutdown.requested();
    let work = move || runtime.block_on(query_service::serve(listener, service, limits, requested));
    Ok((bound, thread::Builder::new().name("http-accept".into()).spawn(work)?))
}

/// Keeps the view up to date.
struct ViewUpdater {
    view: Arc<View>,
    settings: Settings,
    topology: Topology,
    /// The number of partitions that the log must have, if the configuration says one.
    partitions: Option<u32>,
    registry: Registry,
    codec: fn(SchemaIds) -> AvroCodec,
    metrics: Metrics,
    health: Health,
    events_max: usize,
    failpoints: Failpoints,
}

impl ViewUpdater {
    /// Keeps the view until the shutdown. A view that cannot go on stays as it is and is still asked, for as long as the process
    /// lives: its position tells how old it is. Only what was wrong from the beginning ends the process; what goes wrong with the
    /// topics later is reported until an operator has repaired it.
    fn run(self, shutdown: &Shutdown) -> Result<(), Failure> {
        let followed = AtomicBool::new(false);
        loop {
            let Err(failure) = self.follow(shutdown, &followed) else {
                return Ok(());
            };
            match failure.kind() {
                FailureKind::Refuse if !followed.load(Ordering::Relaxed) => {
                    shutdown.request();
                    return Err(failure);
                }
                FailureKind::Refuse => {
                    tracing::error!(%failure, "the view stays as it is until this is repaired");
                    self.metrics.stopped.set(1);
                    self.health.set(VIEW, State::Waiting(format!("stopped: {failure}")));
                    shutdown.wait_timeout(MENDING_PAUSE);
                }
                FailureKind::Reconnect => {
                    tracing::warn!(%failure, "the log cannot be read; reconnecting");
                    self.health.set(VIEW, State::Waiting(failure.to_string()));
                    shutdown.wait_timeout(RECONNECT_PAUSE);
                }
                FailureKind::Stop | FailureKind::Restart => {
                    tracing::error!(%failure, "the view stays as it is");
                    self.metrics.stopped.set(1);
                    self.health.set(VIEW, self.condition(&failure));
                    shutdown.wait();
                    return Ok(());
                }
            }
        }
    }

    /// What an operator is told, and a restart where that helps.
    fn condition(&self, failure: &Failure) -> State {
        let reason = format!("stopped: {failure}");
        match failure.kind() {
            FailureKind::Restart => {
                if failure.is_corruption() {
                    directory::ask_for_rebuild(self.view.store());
                }
                State::Dead(reason)
            }
            FailureKind::Refuse | FailureKind::Reconnect | FailureKind::Stop => State::Waiting(reason),
        }
    }

    /// `followed` becomes true when the log was the right one.
    fn follow(&self, shutdown: &Shutdown, followed: &AtomicBool) -> Result<(), Failure> {
        let wanted = Wanted {
            settings: &self.settings,
            topology: &self.topology,
            partitions: self.partitions,
        };
        let connected = connecting::connect(&self.view, EDITION, &wanted, &self.health, shutdown)?;
        let Some(Connected {
            reader,
            progress,
            ends,
            identity,
            topology,
        }) = connected
        else {
            return Ok(());
        };
        followed.store(true, Ordering::Relaxed);
        self.forget_stopped(topology.partitions);
        let destination = Destination {
            view: &self.view,
            metrics: &self.metrics,
            health: &self.health,
            failpoints: &self.failpoints,
            topic: &topology.topics.events.name,
        };
        let writer = Writer::new(destination, progress.clone(), ends)?;
        let decoder = Decoder::new(self.codec, self.registry.clone(), self.health.clone());
        let (runs, received) = mpsc::sync_channel(RUNS_WAITING_MAX);
        let (folded, to_write) = mpsc::sync_channel(FOLDED_WAITING_MAX);
        let session = Session::new(shutdown, self.watch(topology.clone(), identity, shutdown)?);
        let followed = thread::scope(|scope| {
            let session = &session;
            let read = || reading::read(reader, decoder, self.events_max, session, runs);
            let reading = thread::Builder::new().name("log".into()).spawn_scoped(scope, read)?;
            let fold = || folding::fold(&self.view, progress, shutdown, received, folded);
            let folding = thread::Builder::new().name("fold".into()).spawn_scoped(scope, fold);
            let written = writer.write(&to_write);
            session.end();
            drop(to_write);
            let folded = folding?.join().map_err(|_panic| Failure::Panicked);
            let read = reading.join().unwrap_or(Err(Failure::Panicked));
            written.and(folded).and(read)
        });
        match (session.watch.found(), followed) {
            (Some(reason), _) => Err(Failure::Topics(reason.to_owned())),
            (None, Err(gone @ Failure::Log(ReadFailure::OutOfRange { .. }))) => {
                let another = connecting::another_log(&self.view, EDITION, &self.settings, &topology, shutdown);
                Err(another.unwrap_or(gone))
            }
            (None, followed) => followed,
        }
    }

    /// Partitions that were stopped are read again from where the view has come to: what stopped them is met again, or was mended.
    fn forget_stopped(&self, partitions: u32) {
        self.metrics.stopped.set(0);
        self.metrics.partition_stopped.reset();
        for partition in 0..partitions {
            self.health.remove(&parts::partition(partition));
        }
    }

    /// Finds out when the topics are no longer those that the view is built on, or could lose what it is to read.
    fn watch(&self, topology: Topology, identity: Identity, shutdown: &Shutdown) -> Result<TopicWatch, Failure> {
        let stopping = shutdown.clone();
        let rest = move |wait| stopping.wait_timeout(wait);
        // A view is built on events alone.
        let built_on = identity.with_topic(&self.topology.topics.events.name);
        Ok(TopicWatch::start(self.settings.clone(), topology, built_on, Role::View, rest)?)
    }
}
