//! How much one step holds.

use super::*;
use bank_example::{Bank, Codec as BankCodec};
use decider::{Fingerprint, Status};
use uuid::Uuid;

/// An outcome of the command at this offset, of that topic where one is named.
fn outcome(command_offset: i64, topic: Option<&str>) -> Result<Seen, SourceError> {
    let outcome = Outcome {
        command_id: Uuid::from_u128(1),
        aggregate_id: "account/1".to_owned(),
        status: Status::Accepted,
        version: 1,
        sequence: 1,
        event_count: 0,
        command_offset,
        repeated: false,
        fingerprint: Fingerprint(1),
        clock_ms: 1,
        rejection: None,
    };
    let mut value = Vec::new();
    Codec::<Bank>::encode_outcome(&mut BankCodec::default(), &outcome, &mut value);
    Ok(Seen::Committed(record(crate::Topic::Outcomes, command_offset, topic, value)))
}

fn event(command_offset: i64, topic: Option<&str>) -> Result<Seen, SourceError> {
    let event = EventEnvelope {
        sequence: 1,
        aggregate_id: "account/1".to_owned(),
        version: 1,
        command_id: Uuid::from_u128(1),
        command_offset,
        decided_at_ms: 1,
        event: bank_example::Event::Closed {},
    };
    let mut value = Vec::new();
    Codec::<Bank>::encode_event(&mut BankCodec::default(), &event, &mut value);
    Ok(Seen::Committed(record(crate::Topic::Events, command_offset, topic, value)))
}

fn record(topic: crate::Topic, command_offset: i64, commands_topic: Option<&str>, value: Vec<u8>) -> Record {
    let header = |commands_topic| {
        (
            "command".to_owned(),
            Some(format!("{commands_topic}/{command_offset}/-").into_bytes()),
        )
    };
    Record {
        place: Place {
            topic,
            partition: 0,
            offset: 0,
        },
        timestamp_ms: 0,
        key: None,
        value: Some(value),
        headers: commands_topic.map(header).into_iter().collect(),
    }
}

/// Each step: of a former topic, its command offset, its events, its outcomes.
fn steps(
    events: impl Iterator<Item = Result<Seen, SourceError>>,
    outcomes: impl Iterator<Item = Result<Seen, SourceError>>,
) -> Vec<(bool, i64, usize, usize)> {
    let mut decoding = Decoding::new(BankCodec::default(), Box::new(|_| Ok(Err("there is none".to_owned()))));
    let mut merge = Merge::new(Some("now"), std::iter::empty(), events, outcomes);
    let mut next = || merge.next::<Bank, _>(&mut decoding, &mut |_| panic!("every record is of a step"));
    let steps = std::iter::from_fn(|| next().unwrap());
    steps
        .map(|step| (step.former, step.command_offset, step.events.len(), step.outcomes.len()))
        .collect()
}

#[test]
fn what_the_first_of_the_former_topics_held_is_walked_in_its_order() {
    let events = [event(3, Some("first")), event(1, Some("second")), event(0, Some("now"))];
    let outcomes = [outcome(5, Some("first")), outcome(1, Some("second")), outcome(0, None)];
    assert_eq!(
        steps(events.into_iter(), outcomes.into_iter()),
        [(true, 3, 1, 0), (true, 5, 0, 1), (true, 1, 1, 1), (false, 0, 1, 1)]
    );
}

#[test]
fn records_of_one_command_beyond_all_reason_make_steps_of_their_own() {
    let outcomes = std::iter::repeat_n(outcome(5, None), GROUP_MAX + 2);
    // The one that shows that there are too many is still in the step.
    let expected = [(false, 5, 0, GROUP_MAX + 1), (false, 5, 0, 1)];
    assert_eq!(steps(std::iter::empty(), outcomes), expected);
}
