//! What the materializer tells about itself. Labels are partitions and names from the code, never ids.

use crate::view::View;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, Histogram, HistogramOpts, IntCounter, IntGauge, IntGaugeVec, Opts, Registry};
use std::sync::Arc;
use views::Check;

/// Seconds from a record's append to its visibility.
const VISIBLE_BUCKETS: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 60.0];

pub(crate) struct Metrics {
    pub(crate) events_applied: IntCounter,
    pub(crate) events_repeated: IntCounter,
    pub(crate) batches: IntCounter,
    pub(crate) append_to_visible: Histogram,
    /// By partition.
    pub(crate) lag: IntGaugeVec,
    /// By partition.
    pub(crate) sequence: IntGaugeVec,
    /// From 0 to 1.
    pub(crate) restored: Gauge,
    pub(crate) stopped: IntGauge,
    /// By partition, where it is stopped.
    pub(crate) partition_stopped: IntGaugeVec,
}

impl Metrics {
    /// # Errors
    /// When the registry holds a metric of the same name already.
    pub(crate) fn register(registry: &Registry, view: Arc<View>) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            events_applied: IntCounter::new("aerolog_view_events_applied_total", "Events that were applied to the view.")?,
            events_repeated: IntCounter::new(
                "aerolog_view_events_repeated_total",
                "Events that were skipped because the view had them already.",
            )?,
            batches: IntCounter::new("aerolog_view_batches_total", "Batches that were written to the view.")?,
            append_to_visible: Histogram::with_opts(
                HistogramOpts::new(
                    "aerolog_view_append_to_visible_seconds",
                    "Time from an event's append to the log to its visibility in the view.",
                )
                .buckets(VISIBLE_BUCKETS.to_vec()),
            )?,
            lag: IntGaugeVec::new(
                Opts::new("aerolog_view_lag_offsets", "Offsets between the view and the end of the log."),
                &["partition"],
            )?,
            sequence: IntGaugeVec::new(
                Opts::new("aerolog_view_sequence", "Sequence of the last event that is in the view."),
                &["partition"],
            )?,
            restored: Gauge::new(
                "aerolog_view_restored_ratio",
                "How much of the log as it was at the start is in the view.",
            )?,
            stopped: IntGauge::new(
                "aerolog_view_stopped",
                "1 when the view cannot go on, in some partition or at all, without a person.",
            )?,
            partition_stopped: IntGaugeVec::new(
                Opts::new(
                    "aerolog_view_partition_stopped",
                    "1 for each partition in which the view has met an event that it cannot read or apply.",
                ),
                &["partition"],
            )?,
        };
        let collectors: [Box<dyn Collector>; 10] = [
            Box::new(metrics.events_applied.clone()),
            Box::new(metrics.events_repeated.clone()),
            Box::new(metrics.batches.clone()),
            Box::new(metrics.append_to_visible.clone()),
            Box::new(metrics.lag.clone()),
            Box::new(metrics.sequence.clone()),
            Box::new(metrics.restored.clone()),
            Box::new(metrics.stopped.clone()),
            Box::new(metrics.partition_stopped.clone()),
            Box::new(LookedUp::new(view)?),
        ];
        for collector in collectors {
            registry.register(collector)?;
        }
        Ok(metrics)
    }
}

impl Metrics {
    pub(crate) fn lag_of(&self, partition: u32) -> IntGauge {
        self.lag.with_label_values(&[&partition.to_string()])
    }

    pub(crate) fn sequence_of(&self, partition: u32) -> IntGauge {
        self.sequence.with_label_values(&[&partition.to_string()])
    }
}

/// What is looked up when the metrics are asked for: the view's counts and RocksDB's own measures.
struct LookedUp {
    view: Arc<View>,
    nodes: IntGaugeVec,
    violations: IntGaugeVec,
    rocksdb: Vec<(&'static str, IntGauge)>,
}

impl LookedUp {
    fn new(view: Arc<View>) -> Result<Self, prometheus::Error> {
        let gauges = |name: &str, help: &str, label: &str| IntGaugeVec::new(Opts::new(name, help), &[label]);
        // The same names as the command processor's.
        let rocksdb = view.store().measures().into_iter().map(|(measure, _)| {
            let gauge = IntGauge::new(format!("aerolog_rocksdb_{measure}"), "As RocksDB reports it.")?;
            Ok((measure, gauge))
        });
        let rocksdb = rocksdb.collect::<Result<_, prometheus::Error>>()?;
        Ok(Self {
            view,
            nodes: gauges("aerolog_view_nodes", "Nodes of the view.", "kind")?,
            violations: gauges("aerolog_view_violations", "Violations that are in the view.", "check")?,
            rocksdb,
        })
    }
}

impl Collector for LookedUp {
    fn desc(&self) -> Vec<&Desc> {
        let counts = [&self.nodes, &self.violations].into_iter().flat_map(Collector::desc);
        counts.chain(self.rocksdb.iter().flat_map(|(_, gauge)| gauge.desc())).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let set = |gauges: &IntGaugeVec, label: &str, value: u64| {
            gauges.with_label_values(&[label]).set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        match views::ask::counts(&self.view.store().snapshot()) {
            Ok(counts) => {
                set(&self.nodes, "rotation", counts.rotations);
                set(&self.nodes, "leg", counts.legs);
                set(&self.nodes, "airplane", counts.airplanes);
                set(&self.nodes, "airport", counts.airports);
                for (check, violations) in Check::ALL.into_iter().zip(counts.violations) {
                    set(&self.violations, check.name(), violations);
                }
            }
            Err(error) => tracing::error!(%error, "the view's counts could not be read"),
        }
        for ((_, gauge), (_, value)) in self.rocksdb.iter().zip(self.view.store().measures()) {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
        let counts = [&self.nodes, &self.violations].into_iter().flat_map(Collector::collect);
        counts.chain(self.rocksdb.iter().flat_map(|(_, gauge)| gauge.collect())).collect()
    }
}
