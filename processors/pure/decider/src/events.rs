//! The events of an accepted command: encoded, and only then applied and written down, so that what no topic takes is a rejection.

use crate::aggregates::Held;
use crate::batch::{Batch, Outgoing};
use crate::{Call, Codec, Cursor, Domain, EventEnvelope, Outcome, Parts, Rejection, Representation, Represented, StepError, Written};
use std::ops::Range;

/// Value and key of an event take at most this many bytes: less than a topic with Kafka's own limit takes, with what is around them. It is a
/// constant, since the same command has to be decided in the same way wherever and whenever it is decided.
pub const EVENT_BYTES_MAX: usize = 1_000_000;

/// An event with its bytes in the batch, unless the log has it already.
pub(crate) struct Encoded<E> {
    event: E,
    value: Option<Range<usize>>,
}

/// The events of a command, or why they are not written.
type Fitting<E> = Result<Vec<Encoded<E>>, Rejection>;

/// Encodes the events that a command gives, on top of the aggregate as it is. A rejection where one of them is larger than any topic takes: then
/// nothing of them is left in the batch.
pub(crate) fn encode_events<D: Domain>(
    held: &Held<D::State>,
    codec: &mut impl Codec<D>,
    events: Vec<D::Event>,
    written: Option<&Written>,
    outcome: &mut Outcome,
    batch: &mut Batch,
) -> Result<Fitting<D::Event>, StepError> {
    let Cursor {
        sequence, decided_at_ms, ..
    } = *batch.cursor(held.partition, outcome.command_offset)?;
    let begin = batch.bytes.len();
    let mut encoded = Vec::with_capacity(events.len());
    batch.call = Call::EncodeEvent;
    for (event, number) in events.into_iter().zip(1..) {
        let envelope = EventEnvelope {
            sequence: sequence + number,
            aggregate_id: std::mem::take(&mut outcome.aggregate_id),
            version: held.version + number,
            command_id: outcome.command_id,
            command_offset: outcome.command_offset,
            decided_at_ms,
            event,
        };
        let is_written = match written {
            None => false,
            Some(written) => written.has_event(held.partition, &envelope)?,
        };
        let from = batch.bytes.len();
        if !is_written {
            codec.encode_event(&envelope, &mut batch.bytes);
        }
        let EventEnvelope { aggregate_id, event, .. } = envelope;
        let bytes = batch.bytes.len() - from + aggregate_id.len();
        outcome.aggregate_id = aggregate_id;
        if bytes > EVENT_BYTES_MAX {
            batch.bytes.truncate(begin);
            return Ok(Err(too_large(number, bytes)));
        }
        let value = (!is_written).then_some(from..batch.bytes.len());
        encoded.push(Encoded { event, value });
    }
    Ok(Ok(encoded))
}

/// Applies events to the aggregate, and writes them down: as records, as mutations, and in the outcome.
pub(crate) fn record_events<D: Domain>(
    held: &mut Held<D::State>,
    incoming: usize,
    events: Vec<Encoded<D::Event>>,
    outcome: &mut Outcome,
    batch: &mut Batch,
) -> Result<(), StepError> {
    outcome.event_count = u32::try_from(events.len()).expect("far fewer events than 2^32 come from one command");
    batch.tally.events += u64::from(outcome.event_count);
    for (Encoded { event, value }, left) in events.into_iter().zip((0..outcome.event_count).rev()) {
        batch.call = Call::Evolve;
        D::evolve(&mut held.state, &event);
        held.version += 1;
        if left == 0 || !Represented::<D>::IS_WHOLE {
            batch.call = Call::Store;
            let mut parts = Parts::new(held.partition, &outcome.aggregate_id, held.version, &mut batch.mutations);
            Represented::<D>::store(&held.state, &event, &mut parts);
            parts.finish();
        }
        if let Some(value) = value {
            batch.outgoing.push(Outgoing::Event {
                incoming,
                value,
                event_type: Represented::<D>::event_type(&event),
            });
        }
    }
    batch.call = Call::Size;
    held.bytes = Represented::<D>::size_bytes(&held.state);
    let cursor = batch.cursor(held.partition, outcome.command_offset)?;
    cursor.sequence += u64::from(outcome.event_count);
    outcome.version = held.version;
    outcome.sequence = cursor.sequence;
    Ok(())
}

fn too_large(number: u64, bytes: usize) -> Rejection {
    let message =
        format!("event {number} of the command would take {bytes} bytes; an event takes at most {EVENT_BYTES_MAX}. Ask for less at a time");
    Rejection::new("event-too-large", message)
        .fact("event", number)
        .fact("bytes", bytes)
        .fact("bytes_max", EVENT_BYTES_MAX)
}
