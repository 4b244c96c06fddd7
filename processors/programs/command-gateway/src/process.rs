//! The parts of the process and their threads: a few take requests, one keeps the client of the log, one answers operators.

use crate::configuration::Configuration;
use crate::gateway::{Clients, Gateway};
use crate::incoming::CommandReader;
use crate::kafka::{Connector, Log, LogFailure};
use crate::metrics::Metrics;
use crate::waiting::DRAIN_WAIT_MAX;
use airline::Airline;
use bearer_tokens::Tokens;
use command_client::OutcomeDecoder;
use http_server::{ConnectionMetrics, Endpoint, EndpointError, Limits, ListenError, Origins, OriginsError, RequestMetrics};
use schemas::{AvroCodec, SchemaIds};
use service::{Health, Operations, Shutdown, clock};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use stream::registry::{Registry, RegistryError};
use stream::{Settings, SettingsError};
use topology::Topology;
use traces::{Exporter, Instance, TracesError};

const NAME: &str = "command-gateway";
/// The label of the port in metrics.
const PORT: &str = "commands";
/// What connections have beyond the time for draining, to write their answers.
const LAST_ANSWERS_WAIT: Duration = Duration::from_secs(1);

/// How long the client of the log may take to end. Brokers that are away may take longer over their answer.
const LOG_CLIENT_WAIT_MAX: Duration = Duration::from_millis(500);

/// Why the process cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    #[error(transparent)]
    Tokens(#[from] bearer_tokens::TokensError),
    #[error("http.origins: {0}")]
    Origins(#[from] OriginsError),
    #[error("a metric could not be registered: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error(transparent)]
    Traces(#[from] TracesError),
    #[error("a thread could not be started: {0}")]
    Thread(#[from] io::Error),
    #[error(transparent)]
    Log(#[from] LogFailure),
    #[error("a thread of the process panicked; the log says where")]
    Panicked,
}

/// A gateway that runs.
pub struct Process {
    http_address: SocketAddr,
    http: JoinHandle<()>,
    /// How the connector has ended.
    kept: mpsc::Receiver<Result<(), LogFailure>>,
    /// Ends the client of the log, after the last request.
    stop: Shutdown,
    operations: Operations,
    exporter: Exporter,
}

/// Starts everything. What can be seen to be wrong at once is an error here; brokers that are away are waited for.
pub fn start(configuration: &Configuration, topology: Topology, shutdown: &Shutdown) -> Result<Process, Failure> {
    let settings = Settings::new(&configuration.kafka)?;
    let registry = Registry::new(&configuration.schema_registry_url)?;
    let prometheus = service::metrics::registry(NAME, env!("CARGO_PKG_VERSION"))?;
    let metrics = Metrics::register(&prometheus)?;
    let health = Health::default();
    health.set("kafka", service::State::Waiting("the process is starting".to_owned()));
    let log = Arc::new(Log::default());
    let codec = AvroCodec::new(SchemaIds::UNKNOWN);
    let gateway = Gateway::new(
        Arc::clone(&log),
        CommandReader::new::<Airline, _>(codec.clone()),
        Duration::from_millis(configuration.commands.wait_ms),
        metrics.clone(),
        shutdown.clone(),
        Clients {
            tokens: Tokens::configured(&configuration.http.sign_in, clock::unix_ms)?,
            origins: Origins::parse(&configuration.http.origins)?,
        },
    );
    let instance = Instance::of_host(NAME, env!("CARGO_PKG_VERSION"));
    let exporter = Exporter::start(&configuration.otlp, instance, &prometheus)?;
    let gateway = gateway.traced_by(exporter.tracer());
    let requests = RequestMetrics::register(&prometheus, &gateway.labels())?;
    let connections = ConnectionMetrics::register(&prometheus, PORT)?;
    let operations = Operations::start(configuration.operations_address, prometheus, health.clone(), shutdown.clone())?;
    let (http_address, http) = serve(configuration, Arc::new(gateway.counting(requests)), connections, shutdown)?;
    let stop = Shutdown::default();
    let connector = Connector {
        settings,
        topology,
        partitions: configuration.partitions,
        decoder: Box::new(move || OutcomeDecoder::new::<Airline, _>(codec.clone(), registry.clone())),
        limits: command_client::Limits {
            commands_max: configuration.commands.waiting_max,
            outcomes_kept_max: configuration.commands.outcomes_kept_max,
        },
        health,
        metrics,
    };
    let (requested, stopping) = (shutdown.clone(), stop.clone());
    let (ended, kept) = mpsc::sync_channel(1);
    let keep = move || {
        // The receiver is gone once the process has given up waiting.
        let _sent = ended.send(connector.keep(&log, &requested, &stopping));
    };
    thread::Builder::new().name("kafka".to_owned()).spawn(keep)?;
    Ok(Process {
        http_address,
        http,
        kept,
        stop,
        operations,
        exporter,
    })
}

fn serve(
    configuration: &Configuration,
    gateway: Arc<Gateway>,
    connections: ConnectionMetrics,
    shutdown: &Shutdown,
) -> Result<(SocketAddr, JoinHandle<()>), Failure> {
    let limits = Limits {
        connections_max: configuration.http.connections_max,
        shutdown_wait_max: DRAIN_WAIT_MAX + LAST_ANSWERS_WAIT,
        ..Limits::default()
    };
    let endpoint = Endpoint {
        address: configuration.http.address,
        tls_directory: &configuration.http.tls_directory,
        takes_tokens: !configuration.http.sign_in.is_empty(),
    };
    let requested = shutdown.requested();
    Ok(endpoint.start(move |listener| http_server::serve(listener, gateway, limits, connections, requested))?)
}

impl Process {
    /// Where commands are taken.
    pub fn http_address(&self) -> SocketAddr {
        self.http_address
    }

    pub fn operations_address(&self) -> SocketAddr {
        self.operations.address()
    }

    /// Waits for the end, which the shutdown brings: requests first, then the client of the log, which they need.
    ///
    /// # Errors
    /// What made the process refuse to go on, if that is why it ended.
    pub fn join(self) -> Result<(), Failure> {
        let served = self.http.join();
        self.stop.request();
        let kept = self.kept.recv_timeout(LOG_CLIENT_WAIT_MAX);
        self.operations.join();
        // No request makes a span any more.
        drop(self.exporter);
        served.map_err(|_panic| Failure::Panicked)?;
        match kept {
            Ok(kept) => Ok(kept?),
            // It is asking brokers that do not answer, and has nothing to finish.
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => Err(Failure::Panicked),
        }
    }
}
