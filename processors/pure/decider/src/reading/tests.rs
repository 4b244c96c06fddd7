//! What is read of the log, and what is not.

use super::*;
use crate::{CommandEnvelope, Fingerprint, Parts, Rejection, Representation, Status, WriterSchema};
use uuid::Uuid;

struct Nothing;

impl Domain for Nothing {
    type Command = ();
    type Event = ();
    type State = ();
    type Representation = Self;

    fn initial(_: &str) {}
    fn decide(_: &crate::Context<'_>, (): &(), (): &()) -> Result<Vec<()>, Rejection> {
        Ok(Vec::new())
    }
    fn evolve((): &mut (), (): &()) {}
}

impl Representation<Self> for Nothing {
    fn size_bytes((): &()) -> usize {
        0
    }

    fn store((): &(), (): &(), _: &mut Parts<'_>) {}

    fn load(_: &str, _: &mut dyn Iterator<Item = (&[u8], &[u8])>) -> Result<(), String> {
        Ok(())
    }

    fn command_type((): &()) -> &'static str {
        "Nothing"
    }

    fn event_type((): &()) -> &'static str {
        "Nothing"
    }
}

/// Reads the same three numbers from every value, or panics.
struct Numbers(Option<[i64; 3]>);

impl Numbers {
    fn read(&self) -> (u64, u64, i64) {
        let [sequence, version, offset] = self.0.expect("a mistake in this codec");
        (sequence.cast_unsigned(), version.cast_unsigned(), offset)
    }
}

impl Codec<Nothing> for Numbers {
    fn decode_command(&mut self, _: Option<&[u8]>, _: &[u8]) -> Result<CommandEnvelope<()>, DecodeError> {
        Err(DecodeError::UnknownSchema(1))
    }
    fn encode_meaning(&mut self, (): &(), _: &mut Vec<u8>) {}
    fn learn(&mut self, _: u32, _: &WriterSchema) -> Result<(), String> {
        Ok(())
    }
    fn encode_event(&mut self, _: &EventEnvelope<()>, _: &mut Vec<u8>) {}
    fn decode_event(&mut self, _: &[u8]) -> Result<EventEnvelope<()>, DecodeError> {
        let (sequence, version, command_offset) = self.read();
        Ok(EventEnvelope {
            sequence,
            aggregate_id: "a/1".to_owned(),
            version,
            command_id: Uuid::from_u128(1),
            command_offset,
            decided_at_ms: 0,
            event: (),
        })
    }
    fn encode_outcome(&mut self, _: &Outcome, _: &mut Vec<u8>) {}
    fn decode_outcome(&mut self, _: &[u8]) -> Result<Outcome, DecodeError> {
        let (sequence, version, command_offset) = self.read();
        Ok(Outcome {
            command_id: Uuid::from_u128(1),
            aggregate_id: "a/1".to_owned(),
            status: Status::Accepted,
            version,
            sequence,
            event_count: 0,
            command_offset,
            repeated: false,
            fingerprint: Fingerprint(1),
            clock_ms: 0,
            rejection: None,
        })
    }
}

/// Why neither an event nor an outcome is read; `None` where both are.
fn refused(numbers: Option<[i64; 3]>) -> Option<String> {
    let event = read_event::<Nothing, _>(&mut Numbers(numbers), None, b"").map(|_| ());
    let outcome = read_outcome::<Nothing, _>(&mut Numbers(numbers), None, b"").map(|_| ());
    match (event, outcome) {
        (Ok(()), Ok(())) => None,
        (Err(DecodeError::Malformed(event)), Err(DecodeError::Malformed(outcome))) => {
            assert_eq!(event.replace("decode_event", ""), outcome.replace("decode_outcome", ""));
            Some(event)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_panic_of_the_codec_is_a_record_that_cannot_be_read() {
    let reason = refused(None).unwrap();
    assert!(
        reason.starts_with("decode_event failed: it panicked: a mistake in this codec."),
        "{reason}"
    );
}

#[test]
fn numbers_that_no_log_comes_to_are_refused_by_name() {
    let most = 1 << 62;
    assert_eq!(refused(Some([most, most, most])), None);
    assert_eq!(refused(Some([1, 1, -most])), None, "a command of a log that was migrated");
    for (numbers, name) in [
        ([most + 1, 1, 1], "sequence"),
        ([1, i64::MAX, 1], "version"),
        ([1, -1, 1], "version"),
        ([1, 1, i64::MAX], "command_offset"),
        ([1, 1, i64::MIN], "command_offset"),
    ] {
        let reason = refused(Some(numbers)).unwrap();
        assert!(reason.starts_with(&format!("its {name} is ")), "{reason}");
    }
}
