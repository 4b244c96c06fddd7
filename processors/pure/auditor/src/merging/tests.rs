//! How much one step holds.

use super::*;
use bank_example::{Bank, Codec as BankCodec};
use decider::{Fingerprint, Status};
use uuid::Uuid;

#[test]
fn records_of_one_command_beyond_all_reason_make_steps_of_their_own() {
    let outcome = Outcome {
        command_id: Uuid::from_u128(1),
        aggregate_id: "account/1".to_owned(),
        status: Status::Accepted,
        version: 1,
        sequence: 1,
        event_count: 0,
        command_offset: 5,
        repeated: false,
        fingerprint: Fingerprint(1),
        clock_ms: 1,
        rejection: None,
    };
    let mut value = Vec::new();
    Codec::<Bank>::encode_outcome(&mut BankCodec::default(), &outcome, &mut value);
    let outcomes = (0..GROUP_MAX as i64 + 2).map(|offset| {
        let place = Place {
            topic: crate::Topic::Outcomes,
            partition: 0,
            offset,
        };
        Ok(Seen::Committed(Record {
            place,
            timestamp_ms: 0,
            key: None,
            value: Some(value.clone()),
            headers: Vec::new(),
        }))
    });
    let mut decoding = Decoding::new(BankCodec::default(), Box::new(|_| Ok(Err("there is none".to_owned()))));
    let mut merge = Merge::new(None, std::iter::empty(), std::iter::empty(), outcomes);
    let mut sizes = Vec::new();
    while let Some(step) = merge
        .next::<Bank, _>(&mut decoding, &mut |_| panic!("every record is of a step"))
        .unwrap()
    {
        assert_eq!((step.command_offset, step.events.len()), (5, 0));
        sizes.push(step.outcomes.len());
    }
    // The one that shows that there are too many is still in the step.
    assert_eq!(sizes, [GROUP_MAX + 1, 1]);
}
