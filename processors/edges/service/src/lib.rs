//! The parts that every process of Aerolog shares: configuration, telemetry, health, metrics, shutdown and the clock.
//!
//! A `main.rs` is a [`Program`]; what it serves with begins like this:
//!
//! ```no_run
//! # fn serve(address: std::net::SocketAddr, shutdown: &service::Shutdown) -> Result<(), Box<dyn std::error::Error>> {
//! let registry = service::metrics::registry("example", env!("CARGO_PKG_VERSION"))?;
//! let health = service::Health::default();
//! let operations = service::Operations::start(address, registry, health, shutdown.clone())?;
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
mod host;
pub mod metrics;
pub mod open_files;
mod operations;
mod program;
mod shutdown;
pub mod telemetry;

pub use configuration::{ConfigurationError, Definition, check_variables, partitions_of_log};
pub use health::{Health, State};
pub use host::host_name;
pub use http_server::ListenError;
pub use operations::{CONNECTIONS_MAX, Operations};
pub use program::{Argument, Program, Serve};
pub use shutdown::{FINISH_WAIT_MAX, Shutdown};
