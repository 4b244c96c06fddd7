//! RocksDB's own figures of a store, read when the metrics are asked for.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntGauge, Opts, Registry};

struct Measures<L> {
    look_up: L,
    /// In the order of what is looked up.
    gauges: Vec<IntGauge>,
}

/// Registers the measures of one store: `look_up` returns them, always in one order, and `labels` tell the stores of a process apart.
///
/// # Errors
/// When the registry holds a metric of the same name and labels already.
pub fn register_rocksdb<const N: usize>(
    registry: &Registry,
    labels: &[(&str, &str)],
    look_up: impl Fn() -> [(&'static str, u64); N] + Send + Sync + 'static,
) -> Result<(), prometheus::Error> {
    let gauge = |name: &str| {
        let opts = Opts::new(format!("aerolog_rocksdb_{name}"), "As RocksDB reports it.");
        IntGauge::with_opts(labels.iter().fold(opts, |opts, (label, value)| opts.const_label(*label, *value)))
    };
    let gauges = look_up().into_iter().map(|(name, _)| gauge(name)).collect::<Result<_, _>>()?;
    registry.register(Box::new(Measures { look_up, gauges }))
}

impl<const N: usize, L: Fn() -> [(&'static str, u64); N] + Send + Sync> Collector for Measures<L> {
    fn desc(&self) -> Vec<&Desc> {
        self.gauges.iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        for (gauge, (_, value)) in self.gauges.iter().zip((self.look_up)()) {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
        self.gauges.iter().flat_map(Collector::collect).collect()
    }
}
