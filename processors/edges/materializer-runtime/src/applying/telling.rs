//! What those who follow a view are told of the events of one step, worked out while they are applied.

use super::{LocatedEvent, panic_text};
use application::{Refusal, View};
use keyvalue::{Mutation, Overlay, Read};
use query_service::ToldEvent;
use std::panic::{self, AssertUnwindSafe};

/// Collects what is told, until something goes wrong: then nothing of the step is, and its events are read from the log by those who follow.
/// The view goes on in every case.
#[derive(Debug, Default)]
pub(crate) struct Teller {
    told: Vec<ToldEvent>,
    has_failed: bool,
}

impl Teller {
    /// Takes an event and what it changes in the view as `before` shows it.
    pub(crate) fn tell<V: View>(&mut self, located: &LocatedEvent<V::Event>, mutations: &[Mutation], before: &impl Read) {
        if self.has_failed {
            return;
        }
        let reason = match panic::catch_unwind(AssertUnwindSafe(|| told::<V>(located, mutations, before))) {
            Ok(Ok(told)) => {
                self.told.push(told);
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
            "what an event changes could not be told to those who follow"
        );
        self.has_failed = true;
    }

    pub(crate) fn finish(self) -> Option<Vec<ToldEvent>> {
        (!self.has_failed).then_some(self.told)
    }
}

fn told<V: View>(located: &LocatedEvent<V::Event>, mutations: &[Mutation], before: &impl Read) -> Result<ToldEvent, Refusal> {
    let LocatedEvent { partition, event, .. } = located;
    let mut after = Overlay::new(before);
    after.apply(mutations.to_vec());
    Ok(ToldEvent {
        partition: *partition,
        sequence: event.sequence,
        event: V::change(*partition, event, before)?,
        consequences: V::consequences(*partition, event, mutations, before, &after)?,
    })
}
