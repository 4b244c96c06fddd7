//! I7: the commands alone give the events.

use super::{History, Partition, Read};
use crate::Violation;
use crate::log::Record;
use crate::scenario::Scenario;
use decider::{Codec, Cursor, Incoming, Limits, Machine, Outgoing, StepError};
use keyvalue::Memory;
use std::collections::BTreeMap;

/// Deciding the commands once more, in order, from nothing, gives exactly the events and outcomes of the log.
pub(crate) fn decisions_can_be_repeated<S: Scenario>(history: &History<S>, limits: Limits) -> Result<(), Violation> {
    for (partition, records) in &history.partitions {
        let Again {
            events,
            outcomes,
            is_whole,
        } = decide_again::<S>(*partition, decided(history, *partition, records), limits)?;
        let differs = |log: &[u8], again: &[u8]| if is_whole { log != again } else { !log.starts_with(again) };
        let mut codec = S::codec();
        let mut encoded = Vec::new();
        for event in &records.events {
            codec.encode_event(&event.value, &mut encoded);
        }
        if differs(&encoded, &events) {
            return Err(Violation::new(
                "I7",
                format!("partition {partition}: the commands give other events"),
            ));
        }
        encoded.clear();
        for outcome in &records.outcomes {
            codec.encode_outcome(&outcome.value, &mut encoded);
        }
        if differs(&encoded, &outcomes) {
            return Err(Violation::new(
                "I7",
                format!("partition {partition}: the commands give other outcomes"),
            ));
        }
    }
    Ok(())
}

/// The commands of a partition up to where it has stopped.
fn decided<'h, S: Scenario>(history: &History<S>, partition: u32, records: &'h Partition<S>) -> &'h [Read<Record>] {
    let until = history.stopped.get(&partition).copied().unwrap_or(i64::MAX);
    let count = records.commands.partition_point(|command| command.offset < until);
    &records.commands[..count]
}

/// The bytes of all events and of all outcomes.
struct Again {
    events: Vec<u8>,
    outcomes: Vec<u8>,
    /// The domain did not fail. Where a state can be evolved and not be loaded, that depends on what was in memory.
    is_whole: bool,
}

fn decide_again<S: Scenario>(partition: u32, mut commands: &[Read<Record>], limits: Limits) -> Result<Again, Violation> {
    let (mut machine, mut codec, mut memory) = (Machine::<S::Domain>::new(limits), S::codec(), Memory::default());
    machine.open(partition, Cursor::default());
    let (mut events, mut outcomes) = (Vec::new(), Vec::new());
    let mut unreadable = BTreeMap::new();
    let mut is_whole = true;
    while let [command, rest @ ..] = commands {
        let incoming = Incoming {
            partition,
            offset: command.offset,
            timestamp_ms: command.timestamp_ms,
            key: command.value.key.as_deref(),
            value: command.value.value.as_deref(),
            content_type: command.value.content_type,
            command_type: None,
        };
        let batch = match machine.decide(&memory, &mut codec, &[incoming], &unreadable) {
            Ok(batch) => batch,
            Err(StepError::UnknownSchema { schema_id, .. }) => {
                unreadable.insert(schema_id, "no registry has it".to_owned());
                continue;
            }
            Err(StepError::Domain(_)) => {
                is_whole = false;
                break;
            }
            Err(error) => return Err(Violation::new("I7", error.to_string())),
        };
        for outgoing in &batch.outgoing {
            match outgoing {
                Outgoing::Event { value, .. } => events.extend_from_slice(batch.value(value)),
                Outgoing::Outcome { value, .. } => outcomes.extend_from_slice(batch.value(value)),
                Outgoing::Forward { .. } | Outgoing::DeadLetter { .. } => {}
            }
        }
        memory.apply(&machine.committed(batch, &BTreeMap::new()));
        commands = rest;
    }
    Ok(Again {
        events,
        outcomes,
        is_whole,
    })
}
