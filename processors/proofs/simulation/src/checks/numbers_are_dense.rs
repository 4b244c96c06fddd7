//! I3: sequences and versions have no gap.

use super::History;
use crate::Violation;
use crate::scenario::Scenario;
use std::collections::BTreeMap;

/// In offset order, events of a partition have the sequences 1, 2, 3 …, and those of an aggregate the versions 1, 2, 3 ….
pub(crate) fn numbers_are_dense<S: Scenario>(history: &History<S>) -> Result<(), Violation> {
    let mut versions = BTreeMap::new();
    for (partition, records) in &history.partitions {
        for (sequence, event) in (1..).zip(&records.events) {
            let version = versions.entry(&event.value.aggregate_id).or_insert(0);
            *version += 1;
            if (event.value.sequence, event.value.version) != (sequence, *version) {
                return Err(Violation::new(
                    "I3",
                    format!(
                        "the event at {partition}/{} has sequence {} and version {}, where {sequence} and {version} should follow",
                        event.offset, event.value.sequence, event.value.version
                    ),
                ));
            }
        }
    }
    Ok(())
}
