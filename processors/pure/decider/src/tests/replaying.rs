//! Taking over a partition from the log.

use super::counter::Added;
use super::pipeline::*;
use crate::{EventEnvelope, Replay, ReplayError};
use uuid::Uuid;

const ID: &str = "c/1";

fn event(offset: i64, sequence: u64, version: u64) -> Replay<EventEnvelope<Added>> {
    Replay {
        offset,
        timestamp_ms: 0,
        value: EventEnvelope {
            sequence,
            aggregate_id: ID.to_owned(),
            version,
            command_id: Uuid::from_u128(1),
            command_offset: 0,
            decided_at_ms: 0,
            event: Added { slot: 1, amount: 1 },
        },
    }
}

fn replay(pipeline: &mut Pipeline, events: &[Replay<EventEnvelope<Added>>]) -> Result<(), ReplayError> {
    let mutations = pipeline.machine.replay_events(&pipeline.memory, partition_of(ID), events)?;
    pipeline.memory.apply(&mutations);
    Ok(())
}

#[test]
fn events_that_the_state_holds_are_skipped() {
    let mut pipeline = Pipeline::new(LIMITS);
    replay(&mut pipeline, &[event(0, 1, 1), event(1, 2, 2)]).unwrap();
    replay(&mut pipeline, &[event(0, 1, 1), event(1, 2, 2), event(5, 3, 3)]).unwrap();
    let cursor = pipeline.machine.cursor(partition_of(ID)).unwrap();
    assert_eq!((cursor.sequence, cursor.next_event_offset), (3, 6));
    let sent = pipeline.command(9, ID, add(1, 1));
    assert_eq!(pipeline.answer(sent).version, 4);
}

#[test]
fn reading_from_an_earlier_offset_does_not_take_the_cursor_back() {
    let mut pipeline = Pipeline::new(LIMITS);
    replay(&mut pipeline, &[event(0, 1, 1), event(1, 2, 2)]).unwrap();
    replay(&mut pipeline, &[event(0, 1, 1)]).unwrap();
    assert_eq!(pipeline.machine.cursor(partition_of(ID)).unwrap().next_event_offset, 2);
}

#[test]
fn a_gap_in_the_sequence_is_an_error_that_says_where() {
    let mut pipeline = Pipeline::new(LIMITS);
    let error = replay(&mut pipeline, &[event(0, 1, 1), event(4, 3, 2)]).unwrap_err();
    let partition = partition_of(ID);
    let gap = ReplayError::SequenceGap {
        partition,
        offset: 4,
        found: 3,
        expected: 2,
    };
    assert_eq!(error, gap);
}

#[test]
fn a_gap_in_the_versions_of_an_aggregate_is_an_error_that_names_it() {
    let mut pipeline = Pipeline::new(LIMITS);
    let error = replay(&mut pipeline, &[event(0, 1, 1), event(1, 2, 3)]).unwrap_err();
    let gap = ReplayError::VersionGap {
        partition: partition_of(ID),
        offset: 1,
        aggregate_id: ID.to_owned(),
        found: 3,
        expected: 2,
    };
    assert_eq!(error, gap);
}

#[test]
fn a_partition_that_was_closed_after_an_error_can_be_taken_over_again() {
    let mut pipeline = Pipeline::new(LIMITS);
    let partition = partition_of(ID);
    replay(&mut pipeline, &[event(0, 1, 1), event(4, 3, 2)]).unwrap_err();
    pipeline.machine.close(partition);
    pipeline.machine.open(partition, crate::Cursor::default());
    replay(&mut pipeline, &[event(0, 1, 1), event(1, 2, 2)]).unwrap();
    assert_eq!(pipeline.machine.cursor(partition).unwrap().sequence, 2);
}

#[test]
fn outcomes_that_the_state_holds_are_skipped() {
    let mut pipeline = Pipeline::new(LIMITS);
    let partition = partition_of(ID);
    let sent = [1, 2].map(|id| {
        pipeline.now_ms += WEEK_MS;
        pipeline.command(id, ID, add(1, 1))
    });
    pipeline.run(&sent);
    let before = pipeline.memory.clone();
    let outcomes = pipeline.logs[&partition].outcomes.clone();
    let mutations = pipeline.machine.replay_outcomes(partition, &outcomes).unwrap();
    pipeline.memory.apply(&mutations);
    assert_eq!(pipeline.memory, before);
}

#[test]
fn outcomes_move_the_command_offset_and_the_clock_on() {
    let mut pipeline = Pipeline::new(LIMITS);
    let partition = partition_of(ID);
    let sent = pipeline.command(1, ID, add(1, 1));
    pipeline.run(std::slice::from_ref(&sent));
    let outcomes = pipeline.logs[&partition].outcomes.clone();
    let mut other = Pipeline::new(LIMITS);
    other.machine.replay_outcomes(partition, &outcomes).unwrap();
    let cursor = other.machine.cursor(partition).unwrap();
    assert_eq!(
        (cursor.next_command_offset, cursor.decided_at_ms),
        (sent.offset + 1, sent.timestamp_ms)
    );
    assert_eq!(cursor.clock_ms, sent.timestamp_ms);
    assert_eq!((cursor.next_outcome_offset, cursor.sequence), (1, 0));
}

#[test]
fn commands_without_an_outcome_are_passed_over_by_the_committed_offset() {
    let mut pipeline = Pipeline::new(LIMITS);
    let mutations = pipeline.machine.resume_at(2, 17).unwrap();
    pipeline.memory.apply(&mutations);
    assert_eq!(pipeline.machine.cursor(2).unwrap().next_command_offset, 17);
    assert_eq!(
        crate::Cursor::load(&pipeline.memory, 2).unwrap(),
        pipeline.machine.cursor(2),
        "it is stored too"
    );
}

#[test]
fn a_state_ahead_of_the_committed_offset_is_an_error_that_names_both() {
    let mut pipeline = Pipeline::new(LIMITS);
    pipeline.machine.resume_at(2, 17).unwrap();
    let error = ReplayError::StateAhead {
        partition: 2,
        state: 17,
        committed: 16,
    };
    assert_eq!(pipeline.machine.resume_at(2, 16).unwrap_err(), error);
}

#[test]
fn a_partition_that_is_not_open_cannot_be_replayed() {
    let mut pipeline = Pipeline::new(LIMITS);
    pipeline.machine.close(2);
    let not_open = ReplayError::NotOpen { partition: 2 };
    assert_eq!(pipeline.machine.resume_at(2, 0).unwrap_err(), not_open);
    assert_eq!(pipeline.machine.replay_outcomes(2, &[]).unwrap_err(), not_open);
    assert_eq!(pipeline.machine.replay_events(&pipeline.memory, 2, &[]).unwrap_err(), not_open);
}

#[test]
fn an_event_of_an_aggregate_that_belongs_in_another_partition_is_refused_and_says_where_it_belongs() {
    let mut pipeline = Pipeline::new(LIMITS);
    for partition in (0..PARTITIONS).filter(|partition| *partition != partition_of(ID)) {
        let before = pipeline.machine.cursor(partition);
        let error = pipeline
            .machine
            .replay_events(&pipeline.memory, partition, &[event(7, 1, 1)])
            .unwrap_err();
        assert_eq!(error, misplaced("events", partition, 7));
        assert_eq!(pipeline.machine.cursor(partition), before);
    }
}

#[test]
fn an_outcome_of_an_aggregate_that_belongs_in_another_partition_is_refused_and_says_where_it_belongs() {
    let mut pipeline = Pipeline::new(LIMITS);
    let sent = pipeline.command(1, ID, add(1, 1));
    pipeline.run(&[sent]);
    let outcomes = pipeline.logs[&partition_of(ID)].outcomes.clone();
    for partition in (0..PARTITIONS).filter(|partition| *partition != partition_of(ID)) {
        let error = pipeline.machine.replay_outcomes(partition, &outcomes).unwrap_err();
        assert_eq!(error, misplaced("outcomes", partition, 0));
    }
}

/// A log that was decided under some number of partitions is refused under every other one that puts an aggregate elsewhere.
#[test]
fn a_log_is_refused_under_any_number_of_partitions_that_puts_an_aggregate_elsewhere() {
    for partitions in (1..40).filter(|partitions| topology::partition_of(ID.as_bytes(), *partitions) != partition_of(ID)) {
        let mut pipeline = Pipeline::new(crate::Limits { partitions, ..LIMITS });
        let error = replay(&mut pipeline, &[event(0, 1, 1)]).unwrap_err();
        assert!(matches!(error, ReplayError::Misplaced { .. }), "{partitions}: {error}");
    }
}

fn misplaced(topic: &'static str, partition: u32, offset: i64) -> ReplayError {
    ReplayError::Misplaced {
        topic,
        partition,
        offset,
        aggregate_id: ID.to_owned(),
        belongs_in: partition_of(ID),
        partitions: PARTITIONS,
    }
}

#[test]
fn outcomes_of_a_former_topic_move_the_clock_on_and_never_back_and_say_nothing_of_offsets() {
    let partition = partition_of(ID);
    let mut pipeline = Pipeline::new(LIMITS);
    let sent: Vec<_> = (1..=3).map(|id| pipeline.command(id, ID, add(1, 1))).collect();
    pipeline.run(&sent);
    let mut outcomes = pipeline.logs[&partition].outcomes.clone();
    // The last one was lost and written again after the others: its clock is the earliest.
    let earliest = outcomes[0].value.clock_ms - 1;
    outcomes[2].value.clock_ms = earliest;
    let mut other = Pipeline::new(LIMITS);
    let mutations = other.machine.replay_former_outcomes(partition, &outcomes).unwrap();
    other.memory.apply(&mutations);
    let cursor = other.machine.cursor(partition).unwrap();
    assert_eq!(cursor.next_command_offset, 0);
    assert_eq!(
        (cursor.clock_ms, cursor.decided_at_ms),
        (outcomes[1].value.clock_ms, outcomes[1].timestamp_ms)
    );
    assert_eq!(cursor.next_outcome_offset, outcomes[2].offset + 1);
    // Of two with one clock, the later one was decided later.
    let same = Replay {
        offset: outcomes[2].offset + 1,
        timestamp_ms: 77,
        value: outcomes[1].value.clone(),
    };
    other.machine.replay_former_outcomes(partition, &[same]).unwrap();
    assert_eq!(other.machine.cursor(partition).unwrap().decided_at_ms, 77);
    // They are remembered: the same command on the new topic is repeated.
    let again = other.command(1, ID, add(1, 1));
    assert!(other.answer(again).repeated);
}
