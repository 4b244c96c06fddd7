//! From messages to a batch of decisions.

use super::Session;
use crate::processor::ProcessorError;
use crate::processor::wiring::Wiring;
use decider::{Batch, Incoming, StepError};

impl<W: Wiring> Session<'_, W> {
    /// `None` when the messages must be fetched again.
    pub(super) fn decide(&mut self, incoming: &[Incoming<'_>]) -> Result<Option<Batch>, ProcessorError> {
        let processor = &mut *self.processor;
        let decided = self
            .machine
            .decide(&processor.store, &mut processor.codec, incoming, self.schemas.absent());
        match decided {
            Ok(batch) => Ok(Some(batch)),
            Err(StepError::Read { error, .. }) => Err(error.into()),
            Err(error @ (StepError::DecidedOtherwise { .. } | StepError::Misplaced { .. } | StepError::Domain(_))) => {
                self.stop_deciding(&error);
                Ok(None)
            }
            // A schema that was known when its command came was forgotten since.
            Err(error @ (StepError::UnknownSchema { .. } | StepError::WentBack { .. } | StepError::NotOpen { .. })) => {
                tracing::warn!(%error, "commands are fetched again");
                Ok(None)
            }
        }
    }
}
