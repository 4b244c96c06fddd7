//! I2: no command has two answers.

use super::History;
use crate::Violation;
use crate::scenario::Scenario;
use decider::Outcome;
use std::collections::BTreeMap;

/// For how long a command id is remembered at least.
const REMEMBERED_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// The first outcome of a command id is a decision, and every further one repeats it and says so.
pub(crate) fn commands_are_answered_once<S: Scenario>(history: &History<S>) -> Result<(), Violation> {
    for (partition, records) in &history.partitions {
        let mut firsts = BTreeMap::new();
        for outcome in &records.outcomes {
            let id = outcome.value.command_id;
            let at = format!("the outcome of {id} at {partition}/{}", outcome.offset);
            let broken = |what: &str| Err(Violation::new("I2", format!("{at} {what}")));
            match firsts.get(&id) {
                None if outcome.value.repeated => return broken("repeats nothing"),
                None => {
                    firsts.insert(id, outcome);
                }
                Some(first) if outcome.value.repeated => {
                    let repetition = Outcome {
                        command_offset: outcome.value.command_offset,
                        repeated: true,
                        ..first.value.clone()
                    };
                    if repetition != outcome.value {
                        return broken(&format!("differs from the first one: {:?} after {:?}", outcome.value, first.value));
                    }
                }
                Some(first) if outcome.timestamp_ms - first.timestamp_ms <= REMEMBERED_MS => return broken("is a second decision"),
                Some(_) => {
                    firsts.insert(id, outcome);
                }
            }
        }
    }
    Ok(())
}
