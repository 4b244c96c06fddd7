//! Commands whose schema has left the registry since they were decided.

use super::log::{Log, set_event};
use crate::Invariant;
use bank_example::{Bank, Command, Event};
use decider::{Codec, CommandEnvelope, DecodeError, EventEnvelope, Outcome, WriterSchema};

/// Reads everything but commands of a length that is a multiple of this: those are of a schema that the registry does not have any more.
const FORGOTTEN: usize = 3;

struct Forgetful(bank_example::Codec);

impl Codec<Bank> for Forgetful {
    fn decode_command(&mut self, content_type: Option<&[u8]>, value: &[u8]) -> Result<CommandEnvelope<Command>, DecodeError> {
        let command = self.0.decode_command(content_type, value)?;
        if value.len().is_multiple_of(FORGOTTEN) {
            return Err(DecodeError::UnknownSchema(7));
        }
        Ok(command)
    }

    fn encode_meaning(&mut self, command: &Command, out: &mut Vec<u8>) {
        self.0.encode_meaning(command, out);
    }

    fn learn(&mut self, schema_id: u32, schema: &WriterSchema) -> Result<(), String> {
        Codec::<Bank>::learn(&mut self.0, schema_id, schema)
    }

    fn encode_event(&mut self, event: &EventEnvelope<Event>, out: &mut Vec<u8>) {
        self.0.encode_event(event, out);
    }

    fn decode_event(&mut self, value: &[u8]) -> Result<EventEnvelope<Event>, DecodeError> {
        self.0.decode_event(value)
    }

    fn encode_outcome(&mut self, outcome: &Outcome, out: &mut Vec<u8>) {
        Codec::<Bank>::encode_outcome(&mut self.0, outcome, out);
    }

    fn decode_outcome(&mut self, value: &[u8]) -> Result<Outcome, DecodeError> {
        Codec::<Bank>::decode_outcome(&mut self.0, value)
    }
}

#[test]
fn answered_commands_whose_schema_has_left_the_registry_are_taken_as_the_log_has_them() {
    let log = Log::new();
    let verdict = log.audit_with(Forgetful(bank_example::Codec::default()));
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert!(verdict.counts.trusted > 20 && verdict.counts.redecided > 50, "{:?}", verdict.counts);
    assert_eq!(verdict.counts.trusted + verdict.counts.redecided, 205);
    // Where a command does not belong, it is forwarded without being read.
    let is_forgotten = |seen: &&crate::Seen| {
        let command = super::log::of(seen);
        let (key, value) = (command.key.as_deref().unwrap(), command.value.as_deref().unwrap());
        let is_here = topology::partition_of(key, super::log::PARTITIONS) == command.place.partition;
        is_here && value != b"no command" && value.len().is_multiple_of(FORGOTTEN)
    };
    let forgotten = log.partitions.iter().flat_map(|topics| &topics.commands).filter(is_forgotten);
    assert_eq!(verdict.counts.trusted, forgotten.count() as u64);
}

#[test]
fn what_can_be_read_is_still_decided_again_from_them() {
    let mut log = Log::new();
    let last = log.partitions[0].events.len() - 1;
    set_event(&mut log.partitions[0].events[last], |event| {
        event.event = Event::Deposited { cents: 1_000_000 };
    });
    let is_readable = |log: &Log| {
        let offset = super::log::event(&log.partitions[0].events[last]).command_offset;
        let command = log.partitions[0]
            .commands
            .iter()
            .find(|seen| super::log::of(seen).place.offset == offset);
        !super::log::of(command.unwrap())
            .value
            .as_ref()
            .unwrap()
            .len()
            .is_multiple_of(FORGOTTEN)
    };
    assert!(
        is_readable(&log),
        "the last event is of a command that cannot be read: choose another one"
    );
    let verdict = log.audit_with(Forgetful(bank_example::Codec::default()));
    let found = verdict.kept.iter().any(|violation| violation.invariant == Invariant::I7);
    assert!(found, "{:#?}", verdict.kept);
}
