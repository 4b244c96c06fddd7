//! What every process of Aerolog does alike: configuration, telemetry, health, metrics, shutdown and the clock.
//!
//! A `main.rs` calls these in this order and passes on what they return:
//!
//! ```no_run
//! # #[derive(serde::Deserialize)] struct Configuration { operations_address: std::net::SocketAddr }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let definition = service::Definition { defaults: "operations_address = \"127.0.0.1:9101\"", ..service::Definition::default() };
//! let configuration: Configuration = definition.load(None)?;
//! service::telemetry::start()?;
//! let shutdown = service::Shutdown::on_signals()?;
//! let registry = service::metrics::registry("example", env!("CARGO_PKG_VERSION"))?;
//! let health = service::Health::default();
//! let operations = service::Operations::start(configuration.operations_address, registry, health, shutdown)?;
//! // … the work, until the shutdown is requested …
//! operations.join();
//! # Ok(())
//! # }
//! ```

mod allocator;
pub mod clock;
mod configuration;
pub mod failpoints;
mod health;
pub mod metrics;
pub mod open_files;
mod operations;
mod shutdown;
pub mod telemetry;

pub use configuration::{ConfigurationError, Definition};
pub use health::{Health, State};
pub use http_server::ListenError;
pub use operations::{CONNECTIONS_MAX, Operations};
pub use shutdown::{FINISH_WAIT_MAX, Shutdown};
