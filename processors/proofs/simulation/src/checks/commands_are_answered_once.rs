//! I2: no command has two answers, and no command has the answer of another one.

use super::History;
use crate::scenario::Scenario;
use crate::{REMEMBERED_MS, Violation};
use decider::{Limits, Outcome};
use std::collections::BTreeMap;

/// The first outcome of a command id of an aggregate is a decision. Every further one of the same command repeats it and says so; those of
/// other commands refuse them.
pub(crate) fn commands_are_answered_once<S: Scenario>(history: &History<S>, limits: Limits) -> Result<(), Violation> {
    for (partition, records) in &history.partitions {
        let mut firsts = BTreeMap::new();
        for outcome in &records.outcomes {
            let Outcome {
                command_id: id,
                aggregate_id,
                ..
            } = &outcome.value;
            let key = (aggregate_id, *id);
            let at = format!("the outcome of {id} of {aggregate_id} at {partition}/{}", outcome.offset);
            let broken = |what: &str| Err(Violation::new("I2", format!("{at} {what}")));
            let first: Option<&Outcome> = firsts.get(&key).copied();
            match first {
                None if outcome.value.repeated => return broken("repeats nothing"),
                None if outcome.value.refuses_id() => return broken("refuses an id that is free"),
                None => {}
                Some(first) if outcome.value.repeated => {
                    let repetition = Outcome {
                        command_offset: outcome.value.command_offset,
                        clock_ms: outcome.value.clock_ms,
                        repeated: true,
                        ..first.clone()
                    };
                    if repetition != outcome.value {
                        return broken(&format!("differs from the first one: {:?} after {first:?}", outcome.value));
                    }
                }
                Some(first) if outcome.value.refuses_id() && first.fingerprint == outcome.value.fingerprint => {
                    return broken("refuses the command that the id belongs to");
                }
                Some(_) if outcome.value.refuses_id() => {}
                Some(first) => {
                    let passed_ms = outcome.value.clock_ms - first.clock_ms;
                    if passed_ms <= limits.remembered_ms || limits.remembered_ms >= REMEMBERED_MS {
                        return broken("is a second decision");
                    }
                }
            }
            if !outcome.value.repeated && !outcome.value.refuses_id() {
                firsts.insert(key, &outcome.value);
            }
        }
    }
    Ok(())
}
