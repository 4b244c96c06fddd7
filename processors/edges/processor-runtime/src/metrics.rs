//! The command processor's metrics. Labels are names from the code, never ids.

use crate::spans;
use decider::{DeadLetter, Tally};
use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};
use service::failpoints::Failpoints;
use service::{Health, State, clock};
use std::time::Duration;
use stream::processor::{BatchTimes, Observe, Point, Restored, TracedCommand, Traceparent, TransientFault};
use traces::Tracer;

const LATENCY_BUCKETS: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 60.0];
const DECIDE_TO_COMMIT: &str = "aerolog_decide_to_commit_seconds";
const APPEND_TO_COMMIT: &str = "aerolog_append_to_commit_seconds";
const PARTITIONS: &str = "partitions";

/// Counts, measures, and says whether the processor is ready.
pub(crate) struct Metrics {
    commands: IntCounterVec,
    events: IntCounter,
    dead_letters: IntCounterVec,
    transactions: IntCounterVec,
    troubles: IntCounterVec,
    decide_to_commit: Histogram,
    append_to_commit: Histogram,
    owned: IntGauge,
    stopped: IntGauge,
    failed_in_a_row: IntGauge,
    contradicted: IntGauge,
    /// By partition.
    lag: IntGaugeVec,
    restore_left: IntGauge,
    followed_records: IntCounter,
    restores: IntCounter,
    restored_records: IntCounter,
    restore_seconds: Histogram,
    cache_bytes: IntGauge,
    cache_aggregates: IntGauge,
    health: Health,
    failpoints: Failpoints,
    tracer: Tracer,
}

/// What becomes of a command, in the order of a tally.
const OUTCOMES: [&str; 5] = ["accepted", "rejected", "repeated", "forwarded", "dead_letter"];

impl Metrics {
    /// # Errors
    /// When the registry holds a metric of the same name already.
    pub(crate) fn register(registry: &Registry, health: Health, failpoints: Failpoints, tracer: Tracer) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str| registered(registry, IntCounter::new(name, help));
        let counters = |name: &str, help: &str, label: &str| registered(registry, IntCounterVec::new(Opts::new(name, help), &[label]));
        let gauge = |name: &str, help: &str| registered(registry, IntGauge::new(name, help));
        let gauges = |name: &str, help: &str, label: &str| registered(registry, IntGaugeVec::new(Opts::new(name, help), &[label]));
        let latency = |name: &str, help: &str| {
            let options = HistogramOpts::new(name, help).buckets(LATENCY_BUCKETS.to_vec());
            registered(registry, Histogram::with_opts(options))
        };
        let lag = "Offsets between the next command to decide and the end of its partition; 0 once every command is decided.";
        let stopped = "Partitions that wait for a person; /health/ready says why.";
        let failed = "Transactions that have failed since the last one that was committed.";
        let contradicted = "1 while the registry has other schemas under the ids in use: nothing is written.";
        let left = "Offsets of events and outcomes that are still to be replayed before partitions can be processed.";
        let followed = "Events and outcomes of other instances' partitions that were folded.";
        let restored = "Events and outcomes replayed in taking over.";
        let metrics = Self {
            commands: counters("aerolog_commands_total", "Commands decided, by outcome.", "outcome")?,
            events: counter("aerolog_events_total", "Events that were written.")?,
            dead_letters: counters("aerolog_dead_letters_total", "Records that are no command, by reason.", "reason")?,
            transactions: counters("aerolog_transactions_total", "Kafka transactions, by result.", "result")?,
            troubles: counters("aerolog_troubles_total", "Transient faults recovered from, by kind.", "kind")?,
            decide_to_commit: latency(DECIDE_TO_COMMIT, "From a decided batch to its committed transaction.")?,
            append_to_commit: latency(APPEND_TO_COMMIT, "From the append of a batch's oldest command to its commit.")?,
            owned: gauge("aerolog_partitions_owned", "Partitions that are processed here now.")?,
            stopped: gauge("aerolog_partitions_stopped", stopped)?,
            failed_in_a_row: gauge("aerolog_transactions_failed_in_a_row", failed)?,
            contradicted: gauge("aerolog_registry_contradicts_log", contradicted)?,
            lag: gauges("aerolog_lag_offsets", lag, "partition")?,
            restore_left: gauge("aerolog_restore_left_offsets", left)?,
            followed_records: counter("aerolog_followed_records_total", followed)?,
            restores: counter("aerolog_restores_total", "Times that partitions were taken over.")?,
            restored_records: counter("aerolog_restored_records_total", restored)?,
            restore_seconds: latency("aerolog_restore_seconds", "Time that taking partitions over took.")?,
            cache_bytes: gauge("aerolog_cache_bytes", "Aggregates in memory, about.")?,
            cache_aggregates: gauge("aerolog_cache_aggregates", "Aggregates in memory.")?,
            health,
            failpoints,
            tracer,
        };
        metrics.begin_at_zero();
        metrics.held_up(Some("waiting for the group to assign partitions"));
        Ok(metrics)
    }
}

impl Metrics {
    /// Shows every counter whose labels are known beforehand from the start: a rate over one that appears with its first increment misses that one.
    fn begin_at_zero(&self) {
        for outcome in OUTCOMES {
            self.commands.with_label_values(&[outcome]);
        }
        for reason in DeadLetter::KINDS {
            self.dead_letters.with_label_values(&[reason]);
        }
        for result in ["committed", "aborted", "in_doubt"] {
            self.transactions.with_label_values(&[result]);
        }
        for trouble in TransientFault::ALL {
            self.troubles.with_label_values(&[trouble.kind()]);
        }
    }
}

/// A collector that the registry knows from now on.
fn registered<C: Collector + Clone + 'static>(registry: &Registry, made: Result<C, prometheus::Error>) -> Result<C, prometheus::Error> {
    let collector = made?;
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

fn gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Observe for Metrics {
    fn committed(&self, tally: &Tally, latency: Duration, oldest_ms: i64) {
        let counts = [tally.accepted, tally.rejected, tally.repeated, tally.forwarded, tally.dead_letters];
        for (outcome, count) in OUTCOMES.into_iter().zip(counts) {
            self.commands.with_label_values(&[outcome]).inc_by(count);
        }
        self.events.inc_by(tally.events);
        self.transactions.with_label_values(&["committed"]).inc();
        self.decide_to_commit.observe(latency.as_secs_f64());
        let age_ms = u64::try_from(clock::unix_ms() - oldest_ms).unwrap_or(0);
        self.append_to_commit.observe(Duration::from_millis(age_ms).as_secs_f64());
    }

    fn event_traceparent(&self, traceparent: &[u8], partition: u32, offset: i64) -> Option<Traceparent> {
        spans::event_traceparent(&self.tracer, traceparent, partition, offset)
    }

    fn traced(&self, commands: &[TracedCommand<'_>], times: BatchTimes) {
        spans::record(&self.tracer, commands, times, clock::unix_ns());
    }

    fn dead_letter(&self, kind: &'static str) {
        self.dead_letters.with_label_values(&[kind]).inc();
    }

    fn trouble(&self, trouble: TransientFault) {
        self.troubles.with_label_values(&[trouble.kind()]).inc();
        match trouble {
            TransientFault::TransactionAborted => self.transactions.with_label_values(&["aborted"]).inc(),
            TransientFault::TransactionInDoubt => self.transactions.with_label_values(&["in_doubt"]).inc(),
            TransientFault::ProducerRenewed
            | TransientFault::ConsumerRenewed
            | TransientFault::Fenced
            | TransientFault::RegistryAway
            | TransientFault::RegistryForeign
            | TransientFault::RegistryDenied
            | TransientFault::SchemaAbsent
            | TransientFault::SchemasChanged
            | TransientFault::SlowEnd
            | TransientFault::Unfenced
            | TransientFault::NotOwned
            | TransientFault::StaleGeneration
            | TransientFault::EpochFenced
            | TransientFault::PartitionStopped
            | TransientFault::PartitionSetAside
            | TransientFault::CommitLost
            | TransientFault::TransactionTorn
            | TransientFault::OutcomesLost
            | TransientFault::PollGap
            | TransientFault::DomainFailed => {}
        }
    }

    fn owned(&self, partitions: usize) {
        self.owned.set(gauge(partitions));
    }

    fn lag(&self, partition: u32, offsets: i64) {
        self.lag.with_label_values(&[&partition.to_string()]).set(offsets);
    }

    fn revoked(&self, partition: u32) {
        // A partition that was never measured has no gauge to remove.
        let _never_measured = self.lag.remove_label_values(&[&partition.to_string()]);
    }

    fn restoring(&self, offsets_left: i64) {
        self.restore_left.set(offsets_left);
    }

    fn stopped(&self, partitions: usize) {
        self.stopped.set(gauge(partitions));
    }

    fn contradicted(&self, by_registry: bool) {
        self.contradicted.set(by_registry.into());
    }

    fn failed_in_a_row(&self, transactions: u32) {
        self.failed_in_a_row.set(transactions.into());
    }

    fn followed(&self, records: u64) {
        self.followed_records.inc_by(records);
    }

    fn restored(&self, restored: Restored, took: Duration) {
        self.restores.inc();
        self.restored_records.inc_by(restored.events + restored.outcomes);
        self.restore_seconds.observe(took.as_secs_f64());
    }

    fn cache(&self, bytes: usize, aggregates: usize) {
        self.cache_bytes.set(gauge(bytes));
        self.cache_aggregates.set(gauge(aggregates));
    }

    fn reached(&self, point: Point) {
        self.failpoints.reached(point.name());
    }

    fn held_up(&self, reason: Option<&str>) {
        let state = reason.map_or(State::Ready, |reason| State::Waiting(reason.to_owned()));
        self.health.set(PARTITIONS, state);
    }
}

#[cfg(test)]
mod tests;
