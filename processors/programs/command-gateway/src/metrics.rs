//! The gateway's metrics of commands. Labels are statuses, never names from a request.

use http_server::StatusCode;
use prometheus::{IntCounterVec, IntGauge, Opts, Registry};

/// Counters over all requests, streams included.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    commands: IntCounterVec,
    pub(crate) waiting: IntGauge,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let commands = Opts::new(
            "aerolog_gateway_commands_total",
            "Commands answered, by status: 200 accepted, 202 not decided in time, 4xx refused, 503 not written or not known.",
        );
        let metrics = Self {
            commands: IntCounterVec::new(commands, &["status"])?,
            waiting: IntGauge::new("aerolog_gateway_commands_waiting", "Commands and questions that wait for outcomes.")?,
        };
        registry.register(Box::new(metrics.commands.clone()))?;
        registry.register(Box::new(metrics.waiting.clone()))?;
        Ok(metrics)
    }

    pub(crate) fn answered(&self, status: StatusCode) {
        self.commands.with_label_values(&[status.as_str()]).inc();
    }
}
