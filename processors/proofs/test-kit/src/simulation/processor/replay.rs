//! Folding records of the log into a state, for a new owner and for a follower.

use crate::simulation::Violation;
use crate::simulation::log::{Stored, Topic};
use crate::simulation::place::Place;
use crate::simulation::scenario::Scenario;
use decider::{Codec, DomainFailure, Machine, Replay, ReplayError};

/// Folds committed events or outcomes of a partition into the state, and writes it in one piece; or returns where the domain fails.
pub(super) fn fold<S: Scenario>(
    machine: &mut Machine<S::Domain>,
    codec: &mut S::Codec,
    place: &mut impl Place,
    topic: Topic,
    partition: u32,
    records: &[Stored],
) -> Result<Option<DomainFailure>, Violation> {
    let broken = |error: String| Violation::new("I3", error);
    let mutations = if topic == Topic::Events {
        let decode = |stored: &Stored| {
            let value = codec.decode_event(value(stored)).map_err(|error| broken(error.to_string()))?;
            Ok(replay_of(stored, value))
        };
        let events: Vec<_> = records.iter().map(decode).collect::<Result<_, Violation>>()?;
        machine.replay_events(place, partition, &events)
    } else {
        let decode = |stored: &Stored| {
            let value = codec.decode_outcome(value(stored)).map_err(|error| broken(error.to_string()))?;
            Ok(replay_of(stored, value))
        };
        let outcomes: Vec<_> = records.iter().map(decode).collect::<Result<_, Violation>>()?;
        machine.replay_outcomes(partition, &outcomes)
    };
    let mutations = match mutations {
        Err(ReplayError::Domain(failure)) => return Ok(Some(*failure)),
        mutations => mutations.map_err(|error| broken(error.to_string()))?,
    };
    let stored = place.apply(&mutations);
    stored.map_err(|error| Violation::new("store", error.to_string())).map(|()| None)
}

fn value(stored: &Stored) -> &[u8] {
    stored.record.value.as_deref().unwrap_or_default()
}

fn replay_of<T>(stored: &Stored, value: T) -> Replay<T> {
    Replay {
        offset: stored.offset,
        timestamp_ms: stored.record.timestamp_ms,
        value,
    }
}
