//! The materializer's metrics of each of its views. Labels are views, partitions and names from the code, never ids.

use crate::kept::KeptView;
use application::View;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, Histogram, HistogramOpts, IntCounter, IntGauge, IntGaugeVec, Opts, Registry};
use std::marker::PhantomData;
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
    /// By partition, where it is stopped.
    pub(crate) partition_stopped: IntGaugeVec,
}

impl Metrics {
    /// # Errors
    /// When the registry holds the metrics of such a view already.
    pub(crate) fn register<V: View>(registry: &Registry, edition: &str, kept: Arc<KeptView>) -> Result<Self, prometheus::Error> {
        let opts = |name: &str, help: &str| Opts::new(name, help).const_label("view", edition);
        let counter = |name, help| IntCounter::with_opts(opts(name, help));
        let by_partition = |name, help| IntGaugeVec::new(opts(name, help), &["partition"]);
        let metrics = Self {
            events_applied: counter("aerolog_view_events_applied_total", "Events that were applied to the view.")?,
            events_repeated: counter(
                "aerolog_view_events_repeated_total",
                "Events that were skipped because the view had them already.",
            )?,
            batches: counter("aerolog_view_batches_total", "Batches that were written to the view.")?,
            append_to_visible: Histogram::with_opts(
                HistogramOpts::new(
                    "aerolog_view_append_to_visible_seconds",
                    "Time from an event's append to the log to its visibility in the view.",
                )
                .const_label("view", edition)
                .buckets(VISIBLE_BUCKETS.to_vec()),
            )?,
            lag: by_partition("aerolog_view_lag_offsets", "Offsets between the view and the end of the log.")?,
            sequence: by_partition("aerolog_view_sequence", "Sequence of the last event that is in the view.")?,
            restored: Gauge::with_opts(opts(
                "aerolog_view_restored_ratio",
                "How much of the log as it was at the start is in the view.",
            ))?,
            stopped: IntGauge::with_opts(opts(
                "aerolog_view_stopped",
                "1 when the view cannot go on, in some partition or at all, without a person.",
            ))?,
            partition_stopped: by_partition(
                "aerolog_view_partition_stopped",
                "1 for each partition in which the view has met an event that it cannot read or apply.",
            )?,
        };
        let measured = Arc::clone(&kept);
        service::metrics::register_rocksdb(registry, &[("view", edition)], move || measured.store().measures())?;
        let collectors: [Box<dyn Collector>; 9] = [
            Box::new(metrics.events_applied.clone()),
            Box::new(metrics.events_repeated.clone()),
            Box::new(metrics.batches.clone()),
            Box::new(metrics.append_to_visible.clone()),
            Box::new(metrics.lag.clone()),
            Box::new(metrics.sequence.clone()),
            Box::new(metrics.restored.clone()),
            Box::new(metrics.stopped.clone()),
            Box::new(metrics.partition_stopped.clone()),
        ];
        for collector in collectors {
            registry.register(collector)?;
        }
        // Collectors without a metric are all the same one to the registry, which refuses the second.
        if !V::GAUGES.is_empty() {
            registry.register(Box::new(LookedUp::<V>::new(edition, kept)?))?;
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

/// What is looked up when the metrics are asked for: the view's counts.
struct LookedUp<V> {
    kept: Arc<KeptView>,
    /// Those of [`View::GAUGES`].
    counts: Vec<IntGaugeVec>,
    view: PhantomData<fn() -> V>,
}

impl<V: View> LookedUp<V> {
    fn new(edition: &str, kept: Arc<KeptView>) -> Result<Self, prometheus::Error> {
        let counts = V::GAUGES.iter().map(|gauge| {
            let opts = Opts::new(gauge.name, gauge.help).const_label("view", edition);
            IntGaugeVec::new(opts, &[gauge.label])
        });
        Ok(Self {
            counts: counts.collect::<Result<_, prometheus::Error>>()?,
            kept,
            view: PhantomData,
        })
    }
}

impl<V: View> Collector for LookedUp<V> {
    fn desc(&self) -> Vec<&Desc> {
        self.counts.iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        match V::counts(&self.kept.store().snapshot()) {
            Ok(counts) => {
                for (gauge, values) in self.counts.iter().zip(counts) {
                    for (label, value) in values {
                        gauge.with_label_values(&[label]).set(number(value));
                    }
                }
            }
            Err(error) => tracing::error!(%error, view = application::edition::<V>(), "the view's counts could not be read"),
        }
        self.counts.iter().flat_map(Collector::collect).collect()
    }
}
