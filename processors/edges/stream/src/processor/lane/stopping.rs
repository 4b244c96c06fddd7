//! A partition that must not be processed, while the others go on.

use super::{End, Lane, Phase};
use crate::processor::restore::RestoreError;
use crate::processor::{Observe, ProcessorError, SchemaSource, Trouble};
use decider::{Codec, Domain, ReplayError, StepError};
use keyvalue::{Read, Write};

/// A command that is not decided, with its topic.
#[derive(Debug, thiserror::Error)]
#[error("topic {topic}: {error}")]
struct NotDecided<'e> {
    topic: String,
    error: &'e StepError,
}

impl<D, C, S, R, O> Lane<'_, D, C, S, R, O>
where
    D: Domain,
    C: Codec<D>,
    S: Read + Write,
    R: SchemaSource,
    O: Observe,
{
    /// What is wrong with one partition keeps only that one from being processed: nothing is reset, and the others go on.
    pub(super) fn stop_partition(&mut self, error: RestoreError, partitions: &[u32]) -> Result<Result<(), End>, ProcessorError> {
        let Some(partition) = error.partition() else {
            if error.is_transient() {
                tracing::warn!(%error, "trying again");
                return Ok(self.idle());
            }
            return Err(error.into());
        };
        if matches!(error, RestoreError::Replay(ReplayError::Domain(_))) {
            self.processor.observe.trouble(Trouble::DomainFailed);
        }
        self.set_aside(partition, &error);
        self.phase = Phase::Restoring(partitions.iter().copied().filter(|other| *other != partition).collect());
        Ok(Ok(()))
    }

    /// A command that must not be decided, or that the domain fails at, keeps its partition from being processed any further.
    pub(super) fn stop_deciding(&mut self, error: &StepError) {
        let partition = match error {
            StepError::Domain(failure) => {
                self.processor.observe.trouble(Trouble::DomainFailed);
                failure.partition
            }
            StepError::DecidedOtherwise { partition, .. } => *partition,
            _ => return,
        };
        let topic = self.processor.topology.topics.commands.name.clone();
        self.set_aside(partition, &NotDecided { topic, error });
    }

    /// Closes a partition, and keeps it closed for as long as it is owned.
    pub(super) fn set_aside(&mut self, partition: u32, error: &dyn std::error::Error) {
        tracing::error!(partition, %error, "the partition is stopped; the others go on");
        self.processor.observe.trouble(Trouble::PartitionStopped);
        self.processor.observe.stopped(self.stopped.len() + 1);
        self.machine.close(partition);
        self.tears.remove(&partition);
        self.stopped.insert(partition, format!("partition {partition} is stopped: {error}"));
    }

    /// What is owned and not stopped.
    pub(super) fn processed(&self) -> Vec<u32> {
        let is_stopped = |partition: &u32| self.stopped.contains_key(partition);
        self.owned.iter().copied().filter(|partition| !is_stopped(partition)).collect()
    }
}
