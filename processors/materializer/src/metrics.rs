//! What the materializer tells about itself. Labels are partitions and names from the code, never ids.

use crate::view::View;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, Histogram, HistogramOpts, IntCounter, IntGauge, IntGaugeVec, Opts, Registry};
use std::sync::Arc;

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
            restored: Gauge::new("aerolog_view_restored_ratio", "How much of the log as it was at the start is in the view.")?,
            stopped: IntGauge::new("aerolog_view_stopped", "1 when the view cannot go on without a person.")?,
        };
        let collectors: [Box<dyn Collector>; 9] = [
            Box::new(metrics.events_applied.clone()),
            Box::new(metrics.events_repeated.clone()),
            Box::new(metrics.batches.clone()),
            Box::new(metrics.append_to_visible.clone()),
            Box::new(metrics.lag.clone()),
            Box::new(metrics.sequence.clone()),
            Box::new(metrics.restored.clone()),
            Box::new(metrics.stopped.clone()),
            Box::new(Sizes::new(view)?),
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

/// What RocksDB says about itself when it is asked, in one family by name.
struct Sizes {
    view: Arc<View>,
    measures: IntGaugeVec,
}

impl Sizes {
    fn new(view: Arc<View>) -> Result<Self, prometheus::Error> {
        let measures = IntGaugeVec::new(
            Opts::new("aerolog_rocksdb", "What RocksDB tells: bytes, estimated keys, and 1 while writes are stopped."),
            &["measure"],
        )?;
        Ok(Self { view, measures })
    }
}

impl Collector for Sizes {
    fn desc(&self) -> Vec<&Desc> {
        self.measures.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        for (name, value) in self.view.store().measures() {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            self.measures.with_label_values(&[name]).set(value);
        }
        self.measures.collect()
    }
}
