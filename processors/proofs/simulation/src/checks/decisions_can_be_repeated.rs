//! I7: the commands alone give the events.

use super::{History, Partition};
use crate::Violation;
use crate::scenario::Scenario;
use decider::{Codec, Cursor, Incoming, Limits, Machine, Outgoing, StepError};
use keyvalue::Memory;
use std::collections::BTreeMap;

/// Deciding the commands once more, in order, from nothing, gives exactly the events and outcomes of the log.
pub(crate) fn decisions_can_be_repeated<S: Scenario>(history: &History<S>, limits: Limits) -> Result<(), Violation> {
    for (partition, records) in &history.partitions {
        let (events, outcomes) = decide_again::<S>(*partition, records, limits)?;
        let mut codec = S::codec();
        let mut encoded = Vec::new();
        for event in &records.events {
            codec.encode_event(&event.value, &mut encoded);
        }
        if encoded != events {
            return Err(Violation::new(
                "I7",
                format!("partition {partition}: the commands give other events"),
            ));
        }
        encoded.clear();
        for outcome in &records.outcomes {
            codec.encode_outcome(&outcome.value, &mut encoded);
        }
        if encoded != outcomes {
            return Err(Violation::new(
                "I7",
                format!("partition {partition}: the commands give other outcomes"),
            ));
        }
    }
    Ok(())
}

/// The bytes of all events and of all outcomes.
fn decide_again<S: Scenario>(partition: u32, records: &Partition<S>, limits: Limits) -> Result<(Vec<u8>, Vec<u8>), Violation> {
    let (mut machine, mut codec, mut memory) = (Machine::<S::Domain>::new(limits), S::codec(), Memory::default());
    machine.open(partition, Cursor::default());
    let (mut events, mut outcomes) = (Vec::new(), Vec::new());
    let mut unreadable = BTreeMap::new();
    let mut commands = records.commands.as_slice();
    while let [command, rest @ ..] = commands {
        let incoming = Incoming {
            partition,
            offset: command.offset,
            timestamp_ms: command.timestamp_ms,
            key: command.value.key.as_deref(),
            value: command.value.value.as_deref(),
            content_type: command.value.content_type,
            forwarded: command.value.forwarded,
        };
        let batch = match machine.decide(&memory, &mut codec, &[incoming], &unreadable) {
            Ok(batch) => batch,
            Err(StepError::UnknownSchema { schema_id, .. }) => {
                unreadable.insert(schema_id, "no registry has it".to_owned());
                continue;
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
    Ok((events, outcomes))
}
