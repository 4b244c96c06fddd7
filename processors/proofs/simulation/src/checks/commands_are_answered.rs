//! I1: no command is lost.

use super::History;
use crate::Violation;
use crate::scenario::Scenario;
use std::collections::BTreeSet;

/// Each acknowledged command id has a committed outcome.
pub(crate) fn commands_are_answered<S: Scenario>(history: &History<S>) -> Result<(), Violation> {
    let outcomes = history.partitions.values().flat_map(|partition| &partition.outcomes);
    let answered: BTreeSet<_> = outcomes.map(|outcome| outcome.value.command_id).collect();
    match history.acknowledged.difference(&answered).next() {
        None => Ok(()),
        Some(lost) => Err(Violation::new("I1", format!("command {lost} has no outcome"))),
    }
}
