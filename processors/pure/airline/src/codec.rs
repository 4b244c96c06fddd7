//! The airline's records in Avro, and its commands in JSON.

use crate::Airline;
use decider::{Codec, CommandEnvelope, DecodeError, EventEnvelope, Identity, Outcome, WriterSchema, WrittenWith};
use domain::Event;
use schemas::{AvroCodec, Command};

impl Codec<Airline> for AvroCodec {
    fn decode_command(&mut self, content_type: Option<&[u8]>, value: &[u8]) -> Result<CommandEnvelope<Command>, DecodeError> {
        Self::decode_command(self, content_type, value)
    }

    fn identify(&mut self, content_type: Option<&[u8]>, value: &[u8]) -> Identity {
        Self::identify(self, content_type, value)
    }

    fn encode_meaning(&mut self, command: &Command, out: &mut Vec<u8>) {
        Self::encode_meaning(self, command, out);
    }

    fn missing_schema(&self, content_type: Option<&[u8]>, value: &[u8]) -> Option<u32> {
        Self::missing_schema(self, content_type, value)
    }

    fn learn(&mut self, schema_id: u32, schema: &WriterSchema) -> Result<(), String> {
        Self::learn(self, schema_id, schema)
    }

    fn encode_event(&mut self, event: &EventEnvelope<Event>, out: &mut Vec<u8>) {
        Self::encode_event(self, event, out);
    }

    fn written_with(&self) -> WrittenWith {
        Self::written_with(self)
    }

    fn decode_event(&mut self, value: &[u8]) -> Result<EventEnvelope<Event>, DecodeError> {
        Self::decode_event(self, value)
    }

    fn decode_event_of(&mut self, fingerprint: Option<u64>, value: &[u8]) -> Result<EventEnvelope<Event>, DecodeError> {
        Self::decode_event_of(self, fingerprint, value)
    }

    fn encode_outcome(&mut self, outcome: &Outcome, out: &mut Vec<u8>) {
        Self::encode_outcome(self, outcome, out);
    }

    fn decode_outcome(&mut self, value: &[u8]) -> Result<Outcome, DecodeError> {
        Self::decode_outcome(self, value)
    }

    fn decode_outcome_of(&mut self, fingerprint: Option<u64>, value: &[u8]) -> Result<Outcome, DecodeError> {
        Self::decode_outcome_of(self, fingerprint, value)
    }
}
