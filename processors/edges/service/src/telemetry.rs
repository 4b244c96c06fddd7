//! Where a process's log lines go: to standard error, for people on a terminal and as one JSON object a line elsewhere.
//!
//! `AEROLOG_LOG` (else `RUST_LOG`) says which: `debug`, or `info,stream=trace`. WARN means that something went wrong and was
//! mended, ERROR that a person is needed.

use std::io::IsTerminal;
use std::panic;
use tracing_subscriber::EnvFilter;

const VARIABLES: [&str; 2] = ["AEROLOG_LOG", "RUST_LOG"];
const DEFAULT_FILTER: &str = "info";

/// Why no log lines can be written.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("{variable}: \"{filter}\" is not a log filter such as \"info\" or \"info,stream=debug\": {error}")]
    Filter {
        variable: &'static str,
        filter: String,
        error: tracing_subscriber::filter::ParseError,
    },
    #[error("log lines already go elsewhere: {0}")]
    Started(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Starts the log; to be called once, before there are other threads. Panics are logged from then on as well.
///
/// # Errors
/// When the environment names an impossible filter, or the log was started before.
pub fn start() -> Result<(), TelemetryError> {
    let filter = filter(|name| std::env::var(name).ok())?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        lines.with_target(false).with_ansi(is_coloured()).try_init()
    } else {
        lines.json().flatten_event(true).with_current_span(false).try_init()
    }
    .map_err(TelemetryError::Started)?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Whether text for people on standard error may have colours: on a terminal, unless NO_COLOR is set to something.
pub fn is_coloured() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !refused
}

fn filter(variable: impl Fn(&str) -> Option<String>) -> Result<EnvFilter, TelemetryError> {
    for name in VARIABLES {
        if let Some(filter) = variable(name).filter(|filter| !filter.is_empty()) {
            return EnvFilter::try_new(&filter).map_err(|error| TelemetryError::Filter {
                variable: name,
                filter,
                error,
            });
        }
    }
    Ok(EnvFilter::new(DEFAULT_FILTER))
}

fn log_panic(panic: &panic::PanicHookInfo<'_>) {
    let what = panic.payload_as_str().unwrap_or("no message");
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    let backtrace = std::backtrace::Backtrace::force_capture();
    tracing::error!(what, location, thread = thread.name().unwrap_or("unnamed"), %backtrace, "a thread panicked: this is a bug");
}

#[cfg(test)]
mod tests;
