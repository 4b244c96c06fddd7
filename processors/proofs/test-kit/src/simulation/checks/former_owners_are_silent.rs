//! I14: after a new owner's first record, no record of the old owner is ever committed.

use super::{History, Read};
use crate::simulation::Violation;
use crate::simulation::scenario::Scenario;

/// In offset order, no event and no outcome of a partition comes from an owner before the one whose record it follows.
pub(crate) fn former_owners_are_silent<S: Scenario>(history: &History<S>) -> Result<(), Violation> {
    for (partition, records) in &history.partitions {
        in_order(*partition, "event", &records.events)?;
        in_order(*partition, "outcome", &records.outcomes)?;
    }
    Ok(())
}

fn in_order<T>(partition: u32, what: &str, records: &[Read<T>]) -> Result<(), Violation> {
    match records.windows(2).find(|pair| pair[1].owned_since < pair[0].owned_since) {
        None => Ok(()),
        Some(pair) => Err(Violation::new(
            "I14",
            format!(
                "the {what} at {partition}/{} is of the owner since generation {}, but follows one of the owner since {}",
                pair[1].offset, pair[1].owned_since, pair[0].owned_since
            ),
        )),
    }
}
