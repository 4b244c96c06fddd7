//! From runs of events to the store, one batch for each, and what becomes visible with it.

use crate::applying::{Step, Stop};
use crate::bookkeeping::Progress;
use crate::failure::Failure;
use crate::folding::Folded;
use crate::kept::KeptView;
use crate::metrics::Metrics;
use crate::parts::{self, Condition, KAFKA, VIEW};
use crate::reading::Run;
use crate::spans::{Interval, Spans};
use service::failpoints::Failpoints;
use service::{State, clock};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::Receiver;
use std::time::Instant;

/// A batch is folded and not written: a point at which tests let a process end.
pub(crate) const APPLIED: &str = "applied";
/// A batch is written and not visible yet.
pub(crate) const WRITTEN: &str = "written";

/// Where the batches are written, and where that is shown.
#[derive(Clone, Copy)]
pub(crate) struct Destination<'p> {
    pub(crate) view: &'p KeptView,
    pub(crate) metrics: &'p Metrics,
    pub(crate) condition: &'p Condition,
    pub(crate) failpoints: &'p Failpoints,
    pub(crate) spans: &'p Spans,
    /// The topic of the events.
    pub(crate) topic: &'p str,
}

/// Writes what runs make of a view, in one thread.
pub(crate) struct Writer<'p> {
    to: Destination<'p>,
    progress: Progress,
    /// Partitions in which the view does not go on.
    stopped: BTreeSet<u32>,
    catching_up: Option<CatchingUp>,
}

/// What is left of the log as it was at the start.
struct CatchingUp {
    /// Of each partition that is not there yet, the offset to reach.
    ends: BTreeMap<u32, i64>,
    offsets_total: u64,
    events: u64,
    began: Instant,
}

impl<'p> Writer<'p> {
    pub(crate) fn new(to: Destination<'p>, progress: Progress, mut ends: BTreeMap<u32, i64>) -> Result<Self, Failure> {
        ends.retain(|partition, end| next_offset(&progress, *partition) < *end);
        let catching_up = CatchingUp {
            offsets_total: offsets_left(&ends, &progress),
            ends,
            events: 0,
            began: clock::monotonic(),
        };
        let mut writer = Self {
            to,
            progress,
            stopped: BTreeSet::new(),
            catching_up: Some(catching_up),
        };
        writer.note_progress(&[])?;
        Ok(writer)
    }

    /// Writes until no more comes.
    pub(crate) fn write<E>(mut self, folded: &Receiver<Folded<E>>) -> Result<(), Failure> {
        for folded in folded {
            self.apply(folded)?;
        }
        Ok(())
    }

    fn apply<E>(&mut self, folded: Folded<E>) -> Result<(), Failure> {
        let Folded {
            run,
            step,
            folding,
            changes,
        } = folded;
        let (run, step) = (&run, step.as_deref());
        if let Some(step) = step {
            let began_ns = folding.map(|_traced| clock::unix_ns());
            self.to.failpoints.reached(APPLIED);
            let store = self.to.view.store();
            match self.catching_up {
                // A crash costs some of the way again, which the log brings back.
                Some(_) => store.apply_unlogged(&step.mutations)?,
                None => store.apply(&step.mutations)?,
            }
            self.to.failpoints.reached(WRITTEN);
            self.progress = step.progress.clone();
            self.to.view.announce(&self.progress, changes);
            if let (Some(folding), Some(began_ns), None) = (folding, began_ns, &self.catching_up) {
                let writing = Interval::since(began_ns);
                self.to.spans.record(&run.traced, &self.progress, folding, writing);
            }
            self.count(step, run);
            if let Some(failure) = &step.failure {
                return Err(Failure::Stopped(failure.clone()));
            }
        }
        for stop in step.iter().flat_map(|step| &step.stopped).chain(&run.undecodable) {
            self.stop(stop);
        }
        self.note_progress(&run.ended)?;
        self.note_lag(run);
        Ok(())
    }

    /// The view stays as it is in one partition, and says so until a person has seen to it.
    fn stop(&mut self, stop: &Stop) {
        let Some(partition) = stop.partition() else { return };
        if !self.stopped.insert(partition) {
            return;
        }
        let topic = self.to.topic;
        tracing::error!(topic, partition, %stop, "the view does not go on in this partition; the others do");
        self.to.metrics.stopped.set(1);
        self.to
            .metrics
            .partition_stopped
            .with_label_values(&[&partition.to_string()])
            .set(1);
        self.to.condition.set(
            &parts::partition(partition),
            State::Waiting(format!("stopped: topic {topic}: {stop}")),
        );
    }

    fn count<E>(&mut self, step: &Step, run: &Run<E>) {
        let metrics = self.to.metrics;
        metrics.batches.inc();
        metrics.events_applied.inc_by(step.applied);
        metrics.events_repeated.inc_by(step.repeated);
        if step.repeated > 0 {
            tracing::warn!(repeated = step.repeated, "events were skipped because the view has them already");
        }
        match &mut self.catching_up {
            Some(catching_up) => catching_up.events += step.applied,
            None => {
                let now_ms = clock::unix_ms();
                for appended_ms in &run.appended_ms {
                    let took_ms = now_ms.saturating_sub(*appended_ms).max(0);
                    metrics.append_to_visible.observe(took_ms as f64 / 1000.0);
                }
            }
        }
        for (partition, reached) in step.progress.iter() {
            metrics.sequence_of(partition).set(reached.sequence.cast_signed());
        }
    }

    /// Looks whether the view has caught up: a partition has when its end is reached, or when Kafka says that nothing follows.
    fn note_progress(&mut self, ended: &[u32]) -> Result<(), Failure> {
        let Some(catching_up) = &mut self.catching_up else {
            return Ok(());
        };
        let (progress, stopped) = (&self.progress, &self.stopped);
        let is_ended = |partition: &u32| ended.contains(partition) && !stopped.contains(partition);
        catching_up
            .ends
            .retain(|partition, end| next_offset(progress, *partition) < *end && !is_ended(partition));
        let left = offsets_left(&catching_up.ends, progress);
        let total = catching_up.offsets_total.max(1);
        self.to.metrics.restored.set(1.0 - left as f64 / total as f64);
        if catching_up.ends.is_empty() {
            tracing::info!(
                events = catching_up.events,
                seconds = catching_up.began.elapsed().as_secs_f64(),
                position = %progress.position(),
                "the view has caught up with the log"
            );
            self.to.view.become_complete()?;
            self.catching_up = None;
            self.to.condition.set(VIEW, State::Ready);
            self.to.condition.set(KAFKA, State::Ready);
        } else {
            let percent = 100 - left.saturating_mul(100) / total;
            self.to
                .condition
                .set(VIEW, State::Waiting(format!("catching up with the log, {percent} % done")));
        }
        Ok(())
    }

    fn note_lag<E>(&self, run: &Run<E>) {
        for partition in run.ended.iter().filter(|partition| !self.stopped.contains(partition)) {
            self.to.metrics.lag_of(*partition).set(0);
        }
        for (partition, end) in &run.ends {
            let lag = (end - next_offset(&self.progress, *partition)).max(0);
            self.to.metrics.lag_of(*partition).set(lag);
        }
    }
}

fn next_offset(progress: &Progress, partition: u32) -> i64 {
    progress.get(partition).map_or(0, |reached| reached.next_offset)
}

fn offsets_left(ends: &BTreeMap<u32, i64>, progress: &Progress) -> u64 {
    ends.iter()
        .map(|(partition, end)| u64::try_from(end - next_offset(progress, *partition)).unwrap_or(0))
        .sum()
}
