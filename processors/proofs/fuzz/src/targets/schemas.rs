//! Schemas of other writers, and values that are written with them.

use super::records;
use crate::fields::split;
use crate::seeds::IDS;
use airline::Airline;
use decider::{Codec, WriterSchema};
use schemas::{AvroCodec, Schema};

/// The id under which the schema of the input is learned.
const OTHER_ID: u32 = 77;

/// Fields: the schema, one that it refers to or nothing.
pub(super) fn schema(input: &[u8]) -> bool {
    let mut fields = split(input);
    let Some(schema) = writer_schema(&mut fields) else {
        return false;
    };
    let fingerprint = Schema::fingerprint_of(&schema);
    let mut codec = AvroCodec::new(IDS);
    let learned = Codec::<Airline>::learn(&mut codec, OTHER_ID, &schema);
    assert!(fingerprint.is_ok() || learned.is_err(), "what cannot be parsed is not learned");
    fingerprint.is_ok()
}

/// Fields: the schema, one that it refers to or nothing, the body of a value.
pub(super) fn command_foreign(input: &[u8]) -> bool {
    let mut fields = split(input);
    let Some(schema) = writer_schema(&mut fields) else {
        return false;
    };
    let mut codec = AvroCodec::new(IDS);
    if Codec::<Airline>::learn(&mut codec, OTHER_ID, &schema).is_err() {
        return false;
    }
    let value = [&[0][..], &OTHER_ID.to_be_bytes(), fields.next().unwrap_or_default()].concat();
    let decoded = Codec::<Airline>::decode_command(&mut codec, None, &value);
    let is_command = decoded.is_ok_and(|envelope| records::follow(&mut codec, &envelope));
    let _event = Codec::<Airline>::decode_event(&mut codec, &value);
    let _outcome = Codec::<Airline>::decode_outcome(&mut codec, &value);
    is_command
}

fn writer_schema<'f>(fields: &mut impl Iterator<Item = &'f [u8]>) -> Option<WriterSchema> {
    let text = |field: Option<&[u8]>| std::str::from_utf8(field.unwrap_or_default()).ok().map(str::to_owned);
    let (json, reference) = (text(fields.next())?, text(fields.next())?);
    let references = if reference.is_empty() { Vec::new() } else { vec![reference] };
    Some(WriterSchema { json, references })
}
