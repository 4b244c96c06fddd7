//! One command: accepted, rejected, at the wrong version, in the wrong partition.

use super::counter::{Added, Command, HEAVY};
use super::pipeline::*;
use crate::{EVENT_BYTES_MAX, EventEnvelope, Outcome, Rejection, Status, StepError};
use std::collections::BTreeMap;
use uuid::Uuid;

#[test]
fn an_accepted_command_gives_its_events_and_then_its_outcome() {
    let mut pipeline = Pipeline::new(LIMITS);
    let sent = pipeline.command(7, "c/1", Command::Burst { slot: 1, times: 2 });
    let written = pipeline.run(std::slice::from_ref(&sent));
    let event = |number| {
        Written::Event(EventEnvelope {
            sequence: number,
            aggregate_id: "c/1".to_owned(),
            version: number,
            command_id: Uuid::from_u128(7),
            command_offset: sent.offset,
            decided_at_ms: sent.timestamp_ms,
            event: Added { slot: 1, amount: 1 },
        })
    };
    let outcome = Outcome {
        command_id: Uuid::from_u128(7),
        aggregate_id: "c/1".to_owned(),
        status: Status::Accepted,
        version: 2,
        sequence: 2,
        event_count: 2,
        command_offset: sent.offset,
        repeated: false,
        fingerprint: pipeline.fingerprint(Command::Burst { slot: 1, times: 2 }),
        clock_ms: sent.timestamp_ms,
        rejection: None,
    };
    assert_eq!(written, [event(1), event(2), Written::Outcome(outcome, sent.timestamp_ms)]);
}

#[test]
fn a_decision_knows_the_time_the_id_and_the_version_that_it_meets_and_the_same_when_it_is_made_again() {
    let witnessed = || {
        let mut pipeline = Pipeline::new(LIMITS);
        let first = pipeline.command(1, "c/1", add(9, 5));
        pipeline.run(&[first]);
        let sent = pipeline.command(7, "c/1", Command::Witness);
        let written = pipeline.run(std::slice::from_ref(&sent));
        let amounts = events(&written).into_iter().map(|event| event.event.amount);
        (amounts.collect::<Vec<_>>(), sent.timestamp_ms)
    };
    let (amounts, timestamp_ms) = witnessed();
    assert_eq!(amounts, [timestamp_ms, 1, 7]);
    assert_eq!(witnessed().0, amounts);
}

#[test]
fn a_rejected_command_gives_only_an_outcome_at_the_version_that_it_was_decided_at() {
    let mut pipeline = Pipeline::new(LIMITS);
    let first = pipeline.command(1, "c/1", add(1, 5));
    pipeline.run(&[first]);
    let sent = pipeline.command(2, "c/1", add(1, -6));
    let written = pipeline.run(std::slice::from_ref(&sent));
    let outcome = Outcome {
        command_id: Uuid::from_u128(2),
        aggregate_id: "c/1".to_owned(),
        status: Status::Rejected,
        version: 1,
        sequence: 1,
        event_count: 0,
        command_offset: sent.offset,
        repeated: false,
        fingerprint: pipeline.fingerprint(add(1, -6)),
        clock_ms: sent.timestamp_ms,
        rejection: Some(Rejection {
            rule: "below-zero".to_owned(),
            message: "-6 is too much".to_owned(),
            facts: vec![BTreeMap::from([("sum".to_owned(), "5".to_owned())])],
        }),
    };
    assert_eq!(written, [Written::Outcome(outcome, sent.timestamp_ms)]);
}

#[test]
fn a_command_that_expects_another_version_is_rejected_with_both() {
    let mut pipeline = Pipeline::new(LIMITS);
    let wrong = pipeline.expecting(1, "c/1", Some(3), add(1, 5));
    let right = pipeline.expecting(2, "c/1", Some(0), add(1, 5));
    let stale = pipeline.expecting(3, "c/1", Some(0), add(1, 5));
    let written = pipeline.run(&[wrong, right, stale]);
    let outcomes = outcomes(&written);
    assert_eq!(
        outcomes.iter().map(|outcome| outcome.status).collect::<Vec<_>>(),
        [Status::Rejected, Status::Accepted, Status::Rejected]
    );
    let rejection = outcomes[0].rejection.as_ref().unwrap();
    assert_eq!(rejection.rule, "expected-version");
    let fact = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        rejection.facts,
        [BTreeMap::from([fact("expected_version", "3"), fact("version", "0")])]
    );
    assert_eq!(outcomes[2].version, 1);
}

#[test]
fn a_command_in_the_wrong_partition_is_forwarded_to_the_right_one_and_decided_there() {
    let mut pipeline = Pipeline::new(LIMITS);
    let right = partition_of("c/1");
    let mut sent = pipeline.command(1, "c/1", add(1, 5));
    let copy = sent.clone();
    sent.partition = (right + 1) % PARTITIONS;
    assert_eq!(pipeline.run(std::slice::from_ref(&sent)), [Written::Forward(0, right)]);
    assert_eq!(pipeline.answer(copy).status, Status::Accepted);
}

#[test]
fn a_record_before_the_next_one_to_decide_is_an_error_and_changes_nothing() {
    let mut pipeline = Pipeline::new(LIMITS);
    let first = pipeline.command(1, "c/1", add(1, 5));
    let second = pipeline.command(2, "c/1", add(1, 5));
    pipeline.run(&[first.clone(), second]);
    let partition = first.partition;
    let error = StepError::WentBack {
        partition,
        offset: 0,
        expected: 2,
    };
    assert_eq!(pipeline.decide(&[first]).unwrap_err(), error);
    let third = pipeline.command(3, "c/1", add(1, 5));
    assert_eq!(pipeline.answer(third).version, 3);
}

#[test]
fn offsets_may_be_missing_between_commands() {
    let mut pipeline = Pipeline::new(LIMITS);
    let first = pipeline.command(1, "c/1", add(1, 5));
    pipeline.command(2, "c/1", add(1, 5));
    let third = pipeline.command(3, "c/1", add(1, 5));
    assert_eq!(pipeline.run(&[first, third]).len(), 4);
    assert_eq!(pipeline.machine.cursor(partition_of("c/1")).unwrap().next_command_offset, 3);
}

#[test]
fn a_command_of_a_partition_that_is_not_open_is_an_error() {
    let mut pipeline = Pipeline::new(LIMITS);
    let sent = pipeline.command(1, "c/1", add(1, 5));
    pipeline.machine.close(sent.partition);
    let error = StepError::NotOpen {
        partition: sent.partition,
        offset: 0,
    };
    assert_eq!(pipeline.decide(&[sent]).unwrap_err(), error);
}

#[test]
fn a_decision_has_the_time_of_its_command_though_the_brokers_clock_goes_back() {
    let mut pipeline = Pipeline::new(LIMITS);
    let first = pipeline.command(1, "c/1", add(1, 5));
    let mut second = pipeline.command(2, "c/1", add(1, 5));
    second.timestamp_ms = 3;
    let written = pipeline.run(&[first.clone(), second]);
    let decided: Vec<_> = events(&written).iter().map(|event| event.decided_at_ms).collect();
    assert_eq!(decided, [first.timestamp_ms, 3]);
    assert!(matches!(written.last(), Some(Written::Outcome(outcome, 3)) if outcome.clock_ms == first.timestamp_ms));
}

#[test]
fn a_command_whose_event_no_topic_takes_is_rejected_and_nothing_of_it_is_left() {
    let mut pipeline = Pipeline::new(LIMITS);
    let bytes = |bytes: usize| add(HEAVY, i64::try_from(bytes).unwrap());
    let most = EVENT_BYTES_MAX - "c/1".len();
    let fitting = pipeline.command(1, "c/1", bytes(most));
    let heavy = pipeline.command(2, "c/1", bytes(most + 1));
    let after = pipeline.command(3, "c/1", add(1, 5));
    let batch = pipeline.decide(&[fitting.clone(), heavy.clone(), after.clone()]).unwrap();
    assert_eq!((batch.tally.accepted, batch.tally.rejected), (2, 1));
    pipeline.machine.aborted(batch);
    let written = pipeline.run(&[fitting, heavy, after]);
    assert_eq!(written.iter().filter(|record| matches!(record, Written::Event(_))).count(), 2);
    let outcomes = outcomes(&written);
    let of = |outcome: &Outcome| (outcome.status, outcome.version, outcome.sequence, outcome.event_count);
    assert_eq!(
        outcomes.iter().map(|outcome| of(outcome)).collect::<Vec<_>>(),
        [
            (Status::Accepted, 1, 1, 1),
            (Status::Rejected, 1, 1, 0),
            (Status::Accepted, 2, 2, 1)
        ]
    );
    let rejection = outcomes[1].rejection.as_ref().unwrap();
    assert_eq!(rejection.rule, "event-too-large");
    assert_eq!(rejection.facts[0]["bytes"], (EVENT_BYTES_MAX + 1).to_string());
}

#[test]
fn a_command_for_an_aggregate_whose_state_is_of_another_partition_is_refused_and_nothing_panics() {
    let mut pipeline = Pipeline::new(LIMITS);
    let elsewhere = (partition_of("c/1") + 1) % PARTITIONS;
    assert!(pipeline.machine.aggregates.touch(&pipeline.memory, elsewhere, "c/1").is_ok());
    let sent = pipeline.command(1, "c/1", add(1, 1));
    let error = StepError::Misplaced {
        partition: sent.partition,
        offset: sent.offset,
        aggregate_id: "c/1".to_owned(),
        held_in: elsewhere,
    };
    assert_eq!(pipeline.decide(&[sent]).unwrap_err(), error);
}
