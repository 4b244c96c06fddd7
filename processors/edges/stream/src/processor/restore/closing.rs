//! A log that `aerolog migrate` carries elsewhere: a processor that takes partitions over must not decide anything there any more.
//!
//! The migration says that the log is closed, and then takes the transactional ids of all who have signed the group's offsets. A processor
//! signs the offsets, and then looks whether the log is closed. Whichever comes first, one of the two notices the other.

use super::RestoreError;
use crate::facts::{self, FactsReader, Role};
use crate::processor::restore::Takeover;
use crate::processor::wiring::Wiring;

impl<W: Wiring> Takeover<'_, W> {
    /// Whether commands may be decided; `false` when the log cannot be asked now.
    pub(super) fn is_open(&mut self) -> Result<bool, RestoreError> {
        let processor = &*self.processor;
        let reader = match self.readers.facts.take() {
            Some(reader) => Ok(reader),
            None => FactsReader::new(&processor.settings, &processor.topology),
        };
        let looked = reader.and_then(|mut reader| {
            facts::allowed(&processor.topology, reader.read()?, Role::Processor)?;
            self.readers.facts = Some(reader);
            Ok(())
        });
        match looked {
            Ok(()) => Ok(true),
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "whether the log is closed cannot be read yet");
                Ok(false)
            }
            Err(error) => Err(RestoreError::Facts(Box::new(error))),
        }
    }
}
