//! I1: no command is lost.

use super::{History, Read};
use crate::Violation;
use crate::scenario::Scenario;
use std::collections::BTreeSet;

/// Each acknowledged command has a committed outcome of its own: an id may have been given to several.
pub(crate) fn commands_are_answered<S: Scenario>(history: &History<S>) -> Result<(), Violation> {
    let outcomes = history.partitions.values().flat_map(|partition| &partition.outcomes);
    let answered: BTreeSet<_> = outcomes
        .map(|Read { value, .. }| (value.aggregate_id.clone(), value.command_id, value.fingerprint))
        .collect();
    let waiting = history.waiting();
    match history.acknowledged.difference(&answered).find(|asked| !waiting.contains(asked)) {
        None => Ok(()),
        Some((aggregate_id, id, fingerprint)) => Err(Violation::new(
            "I1",
            format!("command {id} of {aggregate_id} with fingerprint {fingerprint} has no outcome"),
        )),
    }
}
