//! A partition that must not be processed, while the others go on.

use super::transaction_sizing::Place;
use super::{End, IDLE_WAIT, Phase, Session};
use crate::clock::Deadline;
use crate::processor::restore::RestoreError;
use crate::processor::transaction::{FailureCause, Reason};
use crate::processor::wiring::Wiring;
use crate::processor::{Observe, ProcessorError, TransientFault};
use decider::{Incoming, ReplayError, StepError};
use std::time::Duration;

/// A command that is not decided, with its topic.
#[derive(Debug, thiserror::Error)]
#[error("topic {topic}: {error}")]
struct NotDecided<'e> {
    topic: String,
    error: &'e StepError,
}

impl<W: Wiring> Session<'_, W> {
    /// What is wrong with one partition keeps only that one from being processed: nothing is reset, and the others go on.
    pub(super) fn stop_partition(&mut self, error: RestoreError, partitions: &[u32]) -> Result<Result<(), End>, ProcessorError> {
        let Some(partition) = error.partition() else {
            if error.is_transient() {
                tracing::warn!(%error, "trying again");
                return Ok(self.idle());
            }
            if error.is_denied() {
                tracing::error!(%error, "waiting for the right to read");
                self.processor.observe.held_up(Some(&error.to_string()));
                let pause = Deadline::after(DENIED_PAUSE);
                while !pause.is_over() && self.keep_alive(IDLE_WAIT.min(pause.left())) {}
                return Ok(Ok(()));
            }
            return Err(error.into());
        };
        if matches!(error, RestoreError::Replay(ReplayError::Domain(_))) {
            self.processor.observe.trouble(TransientFault::DomainFailed);
        }
        self.set_aside(partition, &error);
        self.phase = Phase::Restoring(partitions.iter().copied().filter(|other| *other != partition).collect());
        Ok(Ok(()))
    }

    /// A command that must not be decided, or that the domain fails at, keeps its partition from being processed any further.
    pub(super) fn stop_deciding(&mut self, error: &StepError) {
        let partition = match error {
            StepError::Domain(failure) => {
                self.processor.observe.trouble(TransientFault::DomainFailed);
                failure.partition
            }
            StepError::DecidedOtherwise { partition, .. } | StepError::Misplaced { partition, .. } => *partition,
            _ => return,
        };
        let topic = self.processor.topology.topics.commands.name.clone();
        self.set_aside(partition, &NotDecided { topic, error });
    }

    /// Closes a partition, and keeps it closed for as long as it is owned.
    pub(super) fn set_aside(&mut self, partition: u32, error: &dyn std::error::Error) {
        tracing::error!(partition, %error, "the partition is stopped; the others go on");
        self.machine.close(partition);
        self.torn_transactions.remove(&partition);
        self.lost.remove(&partition);
        self.parked.remove(&partition);
        let reason = format!("partition {partition} is stopped: {error}");
        self.note_stop(partition, Stop { reason, retry: None }, TransientFault::PartitionStopped);
    }

    /// What a command brings about cannot be written: its partition waits, the others go on. Nothing is wrong with its state.
    pub(super) fn set_aside_for_a_while(&mut self, (partition, offset): Place, why: &Reason) {
        let before = self.stopped.get(&partition).and_then(|stop| stop.retry.as_ref());
        let (pause_max, trouble) = match why.cause {
            FailureCause::Refused { .. } => (REFUSED_PAUSE_MAX, TransientFault::PartitionStopped),
            FailureCause::Slow | FailureCause::Passing => (PASSING_PAUSE_MAX, TransientFault::PartitionSetAside),
        };
        let retry = Retry::after(before, pause_max);
        let topic = &self.processor.topology.topics.commands.name;
        let reason = format!(
            "partition {partition} is stopped: the answer to the command at {topic}/{partition} offset {offset} cannot be written: {}. Once that is \
             mended, the partition goes on without a restart: the command is tried again in {} s",
            why.text,
            retry.pause.as_secs()
        );
        self.note_stop_for_a_while((partition, offset), reason, retry, trouble);
    }

    /// No client with these settings can read the next command of a partition, nor what follows on it.
    pub(super) fn set_unreadable_place_aside(&mut self, (partition, offset): Place) {
        let before = self.stopped.get(&partition).and_then(|stop| stop.retry.as_ref());
        let retry = Retry::after(before, REFUSED_PAUSE_MAX);
        let topic = &self.processor.topology.topics.commands.name;
        let reason = format!(
            "partition {partition} is stopped: the batch of records at {topic}/{partition} offset {offset} cannot be decompressed into \
             receive.message.max.bytes. Set that higher in [kafka], if there is the memory for it; it is tried again in {} s",
            retry.pause.as_secs()
        );
        self.note_stop_for_a_while((partition, offset), reason, retry, TransientFault::PartitionStopped);
    }

    fn note_stop_for_a_while(&mut self, (partition, offset): Place, reason: String, retry: Retry, trouble: TransientFault) {
        tracing::error!(partition, offset, reason, "the partition is stopped; the others go on");
        let retry = Some(retry);
        self.note_stop(partition, Stop { reason, retry }, trouble);
    }

    fn note_stop(&mut self, partition: u32, stop: Stop, trouble: TransientFault) {
        self.stopped.insert(partition, stop);
        let observe = &self.processor.observe;
        observe.trouble(trouble);
        observe.stopped(self.stopped.len());
        self.tell_what_holds_up();
    }

    pub(super) fn tell_what_holds_up(&self) {
        let stopped = self.stopped.values().next().map(|stop| stop.reason.as_str());
        let reasons = [
            self.contradiction.as_deref(),
            self.denied.as_deref(),
            stopped,
            self.told_parked.as_deref(),
        ];
        self.processor.observe.held_up(reasons.into_iter().flatten().next());
    }

    /// Tells when the broker has begun to refuse the commands to this process, and when it gives them again.
    pub(super) fn look_whether_denied(&mut self) {
        let denied = self.consumer.denied();
        if denied != self.denied {
            self.denied = denied;
            self.tell_what_holds_up();
        }
    }

    /// Goes on with stopped partitions whose time has come. `true` where they are to be fetched; the phase is another one where their state has
    /// to be brought up to the log before.
    pub(super) fn try_stopped_again(&mut self) -> bool {
        let mut tried = Vec::new();
        for (partition, stop) in &mut self.stopped {
            if let Some(retry) = stop.retry.as_mut().filter(|retry| !retry.is_tried && retry.due.is_over()) {
                retry.is_tried = true;
                tried.push(*partition);
            }
        }
        if tried.is_empty() {
            return false;
        }
        tracing::info!(partitions = ?tried, "stopped partitions are tried again");
        let are_open = tried.iter().all(|partition| self.machine.cursor(*partition).is_some());
        if !are_open {
            self.restore_all();
        }
        are_open
    }

    /// Forgets of the partitions that have brought these commands, and are tried again, why they were stopped. `true` where there were any.
    pub(super) fn heal(&mut self, incoming: &[Incoming<'_>]) -> bool {
        let stopped = self.stopped.len();
        self.stopped.retain(|partition, stop| {
            let is_well = stop.is_tried() && incoming.iter().any(|record| record.partition == *partition);
            if is_well {
                tracing::info!(partition, "the stopped partition goes on");
            }
            !is_well
        });
        if self.stopped.len() < stopped {
            self.processor.observe.stopped(self.stopped.len());
        }
        self.stopped.len() < stopped
    }

    /// What is owned and not stopped, or tried again after that.
    pub(super) fn processed(&self) -> Vec<u32> {
        let is_processed = |partition: &u32| self.stopped.get(partition).is_none_or(Stop::is_tried);
        self.owned.iter().copied().filter(is_processed).collect()
    }

    /// The state of all that is processed is compared with the log again.
    pub(super) fn restore_all(&mut self) {
        for partition in &self.owned {
            self.machine.close(*partition);
        }
        self.phase = Phase::Restoring(self.processed());
    }
}

/// Why a partition is stopped.
pub(super) struct Stop {
    reason: String,
    /// `None` where it takes a person and an assignment.
    retry: Option<Retry>,
}

impl Stop {
    fn is_tried(&self) -> bool {
        self.retry.as_ref().is_some_and(|retry| retry.is_tried)
    }
}

/// When a stopped partition is tried again.
struct Retry {
    pause: Duration,
    due: Deadline,
    is_tried: bool,
}

/// Between two tries to read what the broker refuses to let this process read.
const DENIED_PAUSE: Duration = Duration::from_secs(5);
const RETRY_PAUSE_FIRST: Duration = Duration::from_secs(5);
/// A person has to mend something.
const REFUSED_PAUSE_MAX: Duration = Duration::from_secs(60);
const PASSING_PAUSE_MAX: Duration = Duration::from_secs(15);

impl Retry {
    fn after(before: Option<&Self>, pause_max: Duration) -> Self {
        let pause = before.map_or(RETRY_PAUSE_FIRST, |before| (before.pause * 2).min(pause_max));
        Self {
            pause,
            due: Deadline::after(pause),
            is_tried: false,
        }
    }
}
