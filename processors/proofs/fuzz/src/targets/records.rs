//! Commands, events and outcomes in the bytes of the released schemas, and what the domain makes of them.

use crate::seeds::IDS;
use airline::Airline;
use decider::{Codec, CommandEnvelope, Context, Domain, EventEnvelope, Parts, Representation};
use keyvalue::Memory;
use schemas::{AvroCodec, Command, command_to_avro, command_to_json};
use views::Fact;

const JSON: &[u8] = b"application/json";

pub(super) fn command(input: &[u8]) -> bool {
    command_as(None, input)
}

pub(super) fn command_json(input: &[u8]) -> bool {
    command_as(Some(JSON), input)
}

fn command_as(content_type: Option<&[u8]>, input: &[u8]) -> bool {
    let mut codec = AvroCodec::new(IDS);
    let decoded = Codec::<Airline>::decode_command(&mut codec, content_type, input);
    decoded.is_ok_and(|envelope| follow(&mut codec, &envelope))
}

/// What follows from a command; `false` where it is to be refused for what it says.
pub(super) fn follow(codec: &mut AvroCodec, envelope: &CommandEnvelope<Command>) -> bool {
    let mut meaning = Vec::new();
    Codec::<Airline>::encode_meaning(codec, &envelope.command, &mut meaning);
    let id = &envelope.aggregate_id;
    let mut state = Airline::initial(id);
    let context = Context {
        aggregate_id: id,
        version: 0,
        command_id: envelope.command_id,
        decided_at_ms: 0,
    };
    if let Ok(events) = Airline::decide(&context, &state, &envelope.command) {
        let mut mutations = Vec::new();
        for (version, event) in (1..).zip(&events) {
            Airline::evolve(&mut state, event);
            Airline::store(&state, event, &mut Parts::new(0, id, version, &mut mutations));
        }
        assert_eq!(Airline::size_bytes(&state), state.size_bytes());
    }
    let Ok(command) = envelope.command.command.clone() else {
        return false;
    };
    let plain = CommandEnvelope {
        command_id: envelope.command_id,
        aggregate_id: id.clone(),
        expected_version: envelope.expected_version,
        issued_by: envelope.issued_by.clone(),
        command,
    };
    let again = Codec::<Airline>::decode_command(codec, None, &command_to_avro(&plain, IDS.command));
    assert_eq!(again.as_ref(), Ok(envelope), "a command is read from Avro as it was written");
    let json = command_to_json(&plain).to_string();
    let again = Codec::<Airline>::decode_command(codec, Some(JSON), json.as_bytes());
    assert_eq!(again.as_ref(), Ok(envelope), "a command is read from JSON as it was written");
    true
}

pub(super) fn event(input: &[u8]) -> bool {
    let mut codec = AvroCodec::new(IDS);
    let Ok(envelope) = Codec::<Airline>::decode_event(&mut codec, input) else {
        return false;
    };
    let mut bytes = Vec::new();
    Codec::<Airline>::encode_event(&mut codec, &envelope, &mut bytes);
    let again = Codec::<Airline>::decode_event(&mut codec, &bytes);
    assert_eq!(again.as_ref(), Ok(&envelope), "an event is read as it was written");
    let mut state = Airline::initial(&envelope.aggregate_id);
    Airline::evolve(&mut state, &envelope.event);
    project(&envelope);
    true
}

fn project(envelope: &EventEnvelope<domain::Event>) {
    let Ok(fact) = Fact::from_envelope(0, envelope.clone()) else {
        return;
    };
    let mut view = Memory::default();
    if let Ok(mutations) = views::project(&fact, &view) {
        view.apply(&mutations);
        super::state::ask_everything(&view);
    }
}

pub(super) fn outcome(input: &[u8]) -> bool {
    let mut codec = AvroCodec::new(IDS);
    let Ok(outcome) = Codec::<Airline>::decode_outcome(&mut codec, input) else {
        return false;
    };
    let mut bytes = Vec::new();
    Codec::<Airline>::encode_outcome(&mut codec, &outcome, &mut bytes);
    let again = Codec::<Airline>::decode_outcome(&mut codec, &bytes);
    assert_eq!(again.as_ref(), Ok(&outcome), "an outcome is read as it was written");
    true
}
