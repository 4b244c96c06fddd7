//! Nothing is written while the registry means something else by the ids that would be written.

use super::{End, Session};
use crate::processor::wiring::Wiring;
use crate::processor::{Observe, SchemaSource, TransientFault};
use std::collections::BTreeMap;

impl<W: Wiring> Session<'_, W> {
    /// Serves the group without fetching anything for as long as the registry contradicts the log. `None` where it does not.
    pub(super) fn hold_back(&mut self) -> Option<Result<(), End>> {
        let contradiction = self.processor.schemas.contradiction();
        let was_held = std::mem::replace(&mut self.contradiction, contradiction).is_some();
        match (&self.contradiction, was_held) {
            (None, false) => None,
            (None, true) => {
                self.processor.observe.contradicted(false);
                self.tell_what_holds_up();
                Some(self.fetch_on())
            }
            (Some(reason), _) => {
                self.processor.observe.held_up(Some(reason));
                if !was_held {
                    self.processor.observe.contradicted(true);
                    self.processor.observe.trouble(TransientFault::SchemasChanged);
                    if let Err(failure) = self.consumer.fetch_from(&BTreeMap::new()) {
                        return Some(Err(End::Renew(failure.to_string())));
                    }
                }
                Some(self.idle())
            }
        }
    }
}
