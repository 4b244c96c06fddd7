//! I13: what is no command gives exactly one dead letter.

use super::History;
use crate::Violation;
use crate::scenario::Scenario;
use std::collections::BTreeMap;

/// One dead letter with the right coordinates for each record that is no command, and none for anything else.
pub(crate) fn dead_letters_are_single<S: Scenario>(history: &History<S>) -> Result<(), Violation> {
    let mut counts = BTreeMap::new();
    for (partition, offset, reason) in &history.dead_letters {
        *counts.entry((*partition, *offset)).or_insert(0_usize) += 1;
        if !history.garbage.contains(&(*partition, *offset)) {
            return Err(Violation::new(
                "I13",
                format!("the command at {partition}/{offset} is a dead letter: {reason}"),
            ));
        }
    }
    for (partition, offset) in &history.garbage {
        let count = counts.get(&(*partition, *offset)).copied().unwrap_or(0);
        let waits = history.stopped.get(partition).is_some_and(|from| from <= offset);
        if count != usize::from(!waits) {
            return Err(Violation::new(
                "I13",
                format!("the garbage at {partition}/{offset} has {count} dead letters"),
            ));
        }
    }
    Ok(())
}
