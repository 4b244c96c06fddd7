//! The registry of a process's metrics, with what every process tells about itself.

mod process;
mod rocksdb;

pub use rocksdb::register_rocksdb;

use prometheus::{IntGauge, Opts, Registry, TextEncoder};

/// The content type of [`render`]'s text.
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// A registry that holds `aerolog_build_info` and the `process_*` metrics of this process.
///
/// # Errors
/// When a value cannot be a label: they are the names that the program gives itself.
pub fn registry(program: &str, version: &str) -> Result<Registry, prometheus::Error> {
    let registry = Registry::new();
    let build = Opts::new("aerolog_build_info", "Always 1; which program this is.")
        .const_label("program", program)
        .const_label("version", version);
    let build = IntGauge::with_opts(build)?;
    build.set(1);
    registry.register(Box::new(build))?;
    registry.register(Box::new(process::Process::new()?))?;
    Ok(registry)
}

/// Everything in a registry, in Prometheus' text format.
///
/// # Errors
/// When a collector gave a family without metrics or a name: a bug of that collector.
pub fn render(registry: &Registry) -> Result<String, prometheus::Error> {
    let mut text = String::new();
    TextEncoder::new().encode_utf8(&registry.gather(), &mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests;
