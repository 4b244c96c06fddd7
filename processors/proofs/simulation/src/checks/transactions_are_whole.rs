//! I5: a transaction is whole.

use super::History;
use crate::Violation;
use crate::scenario::Scenario;

/// Each decision has `event_count` events with its command id and consecutive sequences up to its own, written by its transaction;
/// and no event is without a decision.
pub(crate) fn transactions_are_whole<S: Scenario>(history: &History<S>) -> Result<(), Violation> {
    for (partition, records) in &history.partitions {
        let mut events = records.events.iter();
        for outcome in records.outcomes.iter().filter(|outcome| !outcome.value.repeated) {
            for before in (0..outcome.value.event_count).rev() {
                let expected = (
                    outcome.value.sequence - u64::from(before),
                    outcome.value.command_id,
                    outcome.value.command_offset,
                    outcome.transaction,
                );
                let found = events.next().map(|event| {
                    (
                        event.value.sequence,
                        event.value.command_id,
                        event.value.command_offset,
                        event.transaction,
                    )
                });
                if found != Some(expected) {
                    let what = format!(
                        "the outcome at {partition}/{} needs event {expected:?}, not {found:?}",
                        outcome.offset
                    );
                    return Err(Violation::new("I5", what));
                }
            }
        }
        if let Some(event) = events.next() {
            return Err(Violation::new(
                "I5",
                format!("the event at {partition}/{} has no outcome", event.offset),
            ));
        }
    }
    Ok(())
}
