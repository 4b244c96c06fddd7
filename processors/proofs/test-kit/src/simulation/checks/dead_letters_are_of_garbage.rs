//! I13: what a client did not mean as a command gives a dead letter, and nothing else does. Only the clients know what they meant.

use super::History;
use crate::simulation::Violation;
use crate::simulation::scenario::Scenario;
use std::collections::BTreeMap;

/// The records with a dead letter are those that are no command, up to where their partitions have stopped.
pub(crate) fn dead_letters_are_of_garbage<S: Scenario>(history: &History<S>) -> Result<(), Violation> {
    let letters: BTreeMap<(u32, i64), &str> = history
        .dead_letters
        .iter()
        .map(|(partition, offset, reason)| ((*partition, *offset), reason.as_str()))
        .collect();
    if let Some(((partition, offset), reason)) = letters.iter().find(|(place, _)| !history.garbage.contains(place)) {
        return Err(Violation::new(
            "I13",
            format!("the command at {partition}/{offset} is a dead letter: {reason}"),
        ));
    }
    let waits = |(partition, offset): &(u32, i64)| history.stopped.get(partition).is_some_and(|from| from <= offset);
    match history.garbage.iter().find(|place| !letters.contains_key(place) && !waits(place)) {
        None => Ok(()),
        Some((partition, offset)) => Err(Violation::new(
            "I13",
            format!("the garbage at {partition}/{offset} has no dead letter"),
        )),
    }
}
