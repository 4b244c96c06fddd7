//! Decoding with a schema that is learned on the way.

use super::{DecodeError, SchemaIds, decode_learning, schema_fingerprint};
use std::collections::BTreeSet;

/// The ids of known schemas.
type KnownIds = Vec<u32>;

fn decode(known: &mut KnownIds) -> Result<&'static str, DecodeError> {
    if known.contains(&7) {
        Ok("value")
    } else {
        Err(DecodeError::UnknownSchema(7))
    }
}

#[test]
fn a_value_of_a_known_schema_asks_for_none() {
    let decoded = decode_learning(&mut vec![7], decode, |_, id| Err(id));
    assert_eq!(decoded, Ok(Ok("value")));
}

#[test]
fn a_schema_that_is_missing_is_learned_and_the_value_is_decoded() {
    let mut known = KnownIds::new();
    let decoded = decode_learning(&mut known, decode, |known, id| {
        known.push(id);
        Ok::<_, String>(Ok(()))
    });
    assert_eq!((decoded, known), (Ok(Ok("value")), vec![7]));
}

#[test]
fn a_schema_that_cannot_be_had_now_is_an_error_and_one_that_cannot_be_read_a_reason() {
    let away = decode_learning(&mut KnownIds::new(), decode, |_, id| Err(format!("{id} is away")));
    assert_eq!(away, Err("7 is away".to_owned()));
    let refused = decode_learning(&mut KnownIds::new(), decode, |_, _| Ok::<_, String>(Err("no record".to_owned())));
    assert_eq!(refused, Ok(Err("no record".to_owned())));
}

#[test]
fn malformed_bytes_are_a_reason_and_no_schema_is_asked_for() {
    let malformed = |_: &mut KnownIds| Err::<(), _>(DecodeError::Malformed("too short".to_owned()));
    let decoded = decode_learning(&mut KnownIds::new(), malformed, |_, id| Err(id));
    assert_eq!(decoded, Ok(Err("too short".to_owned())));
}

#[test]
fn a_codec_that_does_not_know_what_it_has_learned_is_not_asked_for_ever() {
    let decoded = decode_learning(&mut KnownIds::new(), decode, |_, _| Ok::<_, String>(Ok(())));
    let reason = "schema id 7 is not known, though its schema was learned".to_owned();
    assert_eq!(decoded, Ok(Err(reason)));
}

#[test]
fn a_schema_fingerprint_is_sixteen_hexadecimal_digits_and_nothing_else() {
    assert_eq!(schema_fingerprint(b"0123456789abcdef"), Some(0x0123_4567_89ab_cdef));
    assert_eq!(schema_fingerprint(b"ffffffffffffffff"), Some(u64::MAX));
    for header in [
        &b""[..],
        b"1",
        b"123456789abcdef",
        b"0123456789abcdef0",
        b"0123456789abcdeg",
        b"\xff123456789abcde",
    ] {
        assert_eq!(schema_fingerprint(header), None, "{header:?}");
    }
}

#[test]
fn the_ids_of_a_reader_are_different_and_no_registry_gives_any_of_them() {
    let SchemaIds { command, event, outcome } = SchemaIds::UNKNOWN;
    let ids = BTreeSet::from([command, event, outcome]);
    assert_eq!(ids.len(), 3, "{ids:?}");
    assert!(ids.iter().all(|id| i32::try_from(*id).is_err()), "{ids:?}");
}
