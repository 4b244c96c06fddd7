//! The parts of the process: the views that it builds, each by itself, and the threads that answer questions about all of them.

use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::opening::{self, Updater};
use crate::shared::Shared;
use crate::writing::{APPLIED, WRITTEN};
use application::Application;
use bearer_tokens::Tokens;
use http_server::{Endpoint, Limits, Origins};
use query_service::{AsOf, AskedView, Service, TimeLimits};
use service::failpoints::Failpoints;
use service::{Health, Operations, Shutdown, State, clock};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use stream::Settings;
use stream::registry::Registry;
use topology::Topology;
use traces::{Exporter, Instance};

pub(crate) const NAME: &str = "materializer";
/// The part of the process that starts, in its health.
const PROCESS: &str = "process";

/// A materializer that runs.
pub struct Process {
    http_address: SocketAddr,
    http: JoinHandle<()>,
    operations: Operations,
    views: Vec<JoinHandle<Result<(), Failure>>>,
    exporter: Exporter,
}

/// Starts the views of an application. What can be seen to be wrong at once is an error here; brokers and a registry that are away are waited
/// for.
///
/// # Panics
/// When the application has no view.
pub fn start<A: Application>(configuration: &Configuration, topology: Topology, shutdown: &Shutdown) -> Result<Process, Failure> {
    let prometheus = service::metrics::registry(NAME, env!("CARGO_PKG_VERSION"))?;
    let health = Health::default();
    health.set(PROCESS, State::Waiting("starting".into()));
    let instance = Instance::of_host(NAME, env!("CARGO_PKG_VERSION"));
    let exporter = Exporter::start(&configuration.otlp, instance, &prometheus)?;
    let shared = Shared {
        settings: Settings::new(&configuration.kafka)?,
        topology,
        partitions: configuration.partitions,
        registry: Registry::new(&configuration.schema_registry_url)?,
        events_max: configuration.apply.events_max,
        until: until(configuration)?,
        failpoints: Arc::new(Failpoints::from_environment(&[APPLIED, WRITTEN], &prometheus)?),
        tracer: exporter.tracer(),
    };
    let (asked, updaters) = opening::open::<A>(configuration, &shared, &prometheus, &health)?;
    let operations = Operations::start(
        configuration.operations_address,
        prometheus.clone(),
        health.clone(),
        shutdown.clone(),
    )?;
    let (http_address, http) = serve(configuration, asked, &prometheus, shutdown)?;
    let views = updaters.into_iter().map(|updater| spawn(updater, shutdown.clone()));
    let views = views.collect::<Result<_, Failure>>()?;
    health.set(PROCESS, State::Ready);
    Ok(Process {
        http_address,
        http,
        operations,
        views,
        exporter,
    })
}

/// Where the views stop. Events that are decided up to a time are not known before it has passed.
fn until(configuration: &Configuration) -> Result<Option<AsOf>, Failure> {
    match &configuration.until {
        Some(AsOf::Time(time)) if time.as_millisecond() > clock::unix_ms() => Err(Failure::Until(format!(
            "views cannot be built until {time}, which is not over yet: give a time of the past"
        ))),
        until => Ok(until.clone()),
    }
}

fn spawn(updater: Updater, shutdown: Shutdown) -> Result<JoinHandle<Result<(), Failure>>, Failure> {
    Ok(thread::Builder::new().name("view".into()).spawn(move || updater(&shutdown))?)
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
        let ended: Vec<_> = self
            .views
            .into_iter()
            .map(|view| view.join().unwrap_or(Err(Failure::Panicked)))
            .collect();
        let served = self.http.join();
        self.operations.join();
        // No view makes a span any more.
        drop(self.exporter);
        served.map_err(|_panic| Failure::Panicked)?;
        ended.into_iter().collect()
    }
}

/// Answers questions on threads of their own until the shutdown.
fn serve(
    configuration: &Configuration,
    views: Vec<AskedView>,
    registry: &prometheus::Registry,
    shutdown: &Shutdown,
) -> Result<(SocketAddr, JoinHandle<()>), Failure> {
    let time_limits = TimeLimits {
        position_wait_max: Duration::from_millis(configuration.http.position_wait_ms_max),
        ..TimeLimits::default()
    };
    let limits = Limits {
        connections_max: configuration.http.connections_max,
        ..Limits::default()
    };
    let origins = Origins::parse(&configuration.http.origins)?;
    let tokens = Tokens::configured(&configuration.http.sign_in, clock::unix_ms)?;
    let service = Arc::new(Service::new(views, tokens, registry, time_limits)?.with_origins(origins));
    let endpoint = Endpoint {
        address: configuration.http.address,
        tls_directory: &configuration.http.tls_directory,
        takes_tokens: !configuration.http.sign_in.is_empty(),
    };
    let requested = shutdown.requested();
    Ok(endpoint.start(move |listener| query_service::serve(listener, service, limits, requested))?)
}
