//! From messages to a batch: commands are decided, and schemas that they need are fetched.

use super::{Lane, RETRY_PAUSE, UNREADABLE_KEPT, UNREADABLE_MAX};
use crate::clock::Deadline;
use crate::processor::{Observe, ProcessorError, SchemaSource, Trouble};
use decider::{Batch, Codec, Domain, Incoming, StepError};
use keyvalue::{Read, Write};
use std::collections::BTreeMap;

impl<D, C, S, R, O> Lane<'_, D, C, S, R, O>
where
    D: Domain,
    C: Codec<D>,
    S: Read + Write,
    R: SchemaSource,
    O: Observe,
{
    /// `None` when the messages must be fetched again.
    pub(super) fn decide(&mut self, incoming: &[Incoming<'_>]) -> Result<Option<Batch>, ProcessorError> {
        loop {
            let processor = &mut *self.processor;
            match self
                .machine
                .decide(&processor.store, &mut processor.codec, incoming, &self.unreadable)
            {
                Ok(batch) => return Ok(Some(batch)),
                Err(StepError::UnknownSchema { schema_id, .. }) => {
                    if !self.learn(schema_id) {
                        return Ok(None);
                    }
                }
                Err(StepError::Read { error, .. }) => return Err(error.into()),
                Err(error @ (StepError::DecidedOtherwise { .. } | StepError::Domain(_))) => {
                    self.stop_deciding(&error);
                    return Ok(None);
                }
                Err(error @ (StepError::WentBack { .. } | StepError::NotOpen { .. })) => {
                    tracing::warn!(%error, "commands are fetched again");
                    return Ok(None);
                }
            }
        }
    }

    pub(super) fn forget_unreadable(&mut self) {
        if self.unreadable_until.is_over() || self.unreadable.len() > UNREADABLE_MAX {
            self.unreadable.clear();
            self.unreadable_until = Deadline::after(UNREADABLE_KEPT);
        }
    }

    /// Makes a schema known, or known to be unreadable. `false` after a wait in which the fetched messages were dropped.
    fn learn(&mut self, schema_id: u32) -> bool {
        let mut waited = false;
        loop {
            let processor = &mut *self.processor;
            match processor.schemas.schema(schema_id) {
                Ok(Some(json)) => {
                    if let Err(reason) = processor.codec.learn(schema_id, &json) {
                        self.unreadable.insert(schema_id, reason);
                    }
                }
                Ok(None) => {
                    self.unreadable.insert(schema_id, "the registry knows no such schema".to_owned());
                }
                Err(error) => {
                    tracing::warn!(%error, schema_id, "waiting for the schema registry");
                    processor.observe.trouble(Trouble::RegistryAway);
                    processor.observe.held_up(Some("the schema registry cannot be reached"));
                    // Nothing is fetched meanwhile, so that the group can be served.
                    if !waited && self.consumer.fetch_from(&BTreeMap::new()).is_err() {
                        return false;
                    }
                    waited = true;
                    if !self.keep_alive(RETRY_PAUSE) {
                        return false;
                    }
                    continue;
                }
            }
            if waited {
                self.tell_what_holds_up();
            }
            return !waited;
        }
    }
}
