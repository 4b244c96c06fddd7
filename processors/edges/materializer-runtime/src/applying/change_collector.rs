//! The changes that followers of a view receive for the events of one step, computed while the events are applied.

use super::{LocatedEvent, panic_text};
use application::{Refusal, View};
use keyvalue::{Mutation, Overlay, Read};
use query_service::EventChanges;
use std::panic::{self, AssertUnwindSafe};

/// Collects the changes of a step until one cannot be computed: then followers receive none of the step, and read its events from the log.
/// The view goes on in every case.
#[derive(Debug, Default)]
pub(crate) struct ChangeCollector {
    changes: Vec<EventChanges>,
    has_failed: bool,
}

impl ChangeCollector {
    /// Takes an event and what it changes in the view as `before` shows it.
    pub(crate) fn add<V: View>(&mut self, located: &LocatedEvent<V::Event>, mutations: &[Mutation], before: &impl Read) {
        if self.has_failed {
            return;
        }
        let reason = match panic::catch_unwind(AssertUnwindSafe(|| changes_of::<V>(located, mutations, before))) {
            Ok(Ok(changes)) => {
                self.changes.push(changes);
                return;
            }
            Ok(Err(refusal)) => format!("{refusal:?}"),
            Err(panic) => panic_text(&*panic),
        };
        let LocatedEvent { partition, offset, .. } = located;
        tracing::error!(
            partition,
            offset,
            reason,
            "the changes of an event could not be computed for the followers of the view"
        );
        self.has_failed = true;
    }

    pub(crate) fn finish(self) -> Option<Vec<EventChanges>> {
        (!self.has_failed).then_some(self.changes)
    }
}

fn changes_of<V: View>(located: &LocatedEvent<V::Event>, mutations: &[Mutation], before: &impl Read) -> Result<EventChanges, Refusal> {
    let LocatedEvent { partition, event, .. } = located;
    let mut after = Overlay::new(before);
    after.apply(mutations.to_vec());
    Ok(EventChanges {
        partition: *partition,
        sequence: event.sequence,
        event: V::change(*partition, event, before)?,
        consequences: V::consequences(*partition, event, mutations, before, &after)?,
    })
}
