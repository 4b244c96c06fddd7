//! A command id that was answered before gets the same answer again, and nothing else happens.

use super::pipeline::*;
use crate::Outcome;

/// The repetition of `first` at another offset, where a command is sent each millisecond.
fn repetition(first: &Outcome, command_offset: i64) -> Outcome {
    Outcome {
        command_offset,
        repeated: true,
        clock_ms: first.clock_ms + command_offset - first.command_offset,
        ..first.clone()
    }
}

#[test]
fn a_command_is_repeated_within_its_batch() {
    let mut pipeline = Pipeline::new(LIMITS);
    let sent = [7, 7, 8, 8].map(|id| pipeline.command(id, "c/1", add(1, if id == 7 { 5 } else { -9 })));
    let written = pipeline.run(&sent);
    let outcomes = outcomes(&written);
    assert_eq!(events(&written).len(), 1);
    assert_eq!(*outcomes[1], repetition(outcomes[0], 1));
    assert!(outcomes[2].rejection.is_some());
    assert_eq!(*outcomes[3], repetition(outcomes[2], 3), "a rejection is repeated with its facts");
}

#[test]
fn a_command_is_repeated_in_a_later_batch_although_the_state_has_changed() {
    let mut pipeline = Pipeline::new(LIMITS);
    let first = pipeline.command(1, "c/1", add(1, -5));
    let first = pipeline.answer(first);
    let other = pipeline.command(2, "c/1", add(1, 9));
    pipeline.run(&[other]);
    let again = pipeline.command(1, "c/1", add(1, -5));
    assert_eq!(pipeline.answer(again), repetition(&first, 2));
}

#[test]
fn a_command_is_repeated_after_a_restart() {
    let mut pipeline = Pipeline::new(LIMITS);
    let first = pipeline.command(1, "c/1", add(1, 5));
    let first = pipeline.answer(first);
    pipeline.restart();
    let again = pipeline.command(1, "c/1", add(1, 5));
    assert_eq!(pipeline.answer(again), repetition(&first, 1));
}

#[test]
fn a_command_is_repeated_after_its_outcome_was_only_replayed() {
    let mut pipeline = Pipeline::new(LIMITS);
    let sent = [(1, 5), (2, -9)].map(|(id, amount)| pipeline.command(id, "c/1", add(1, amount)));
    let written = pipeline.run(&sent);
    let firsts = outcomes(&written);
    let partition = partition_of("c/1");
    pipeline.memory = keyvalue::Memory::default();
    pipeline.restart();
    let log = pipeline.logs[&partition].clone();
    let mutations = pipeline.machine.replay_events(&pipeline.memory, partition, &log.events).unwrap();
    pipeline.memory.apply(&mutations);
    let mutations = pipeline.machine.replay_outcomes(partition, &log.outcomes).unwrap();
    pipeline.memory.apply(&mutations);
    for (offset, first, amount) in [(2, firsts[0], 5), (3, firsts[1], -9)] {
        let id = first.command_id.as_u128();
        let again = pipeline.command(id, "c/1", add(1, amount));
        assert_eq!(pipeline.answer(again), repetition(first, offset));
    }
}

#[test]
fn an_aborted_answer_is_not_remembered() {
    let mut pipeline = Pipeline::new(LIMITS);
    let sent = pipeline.command(1, "c/1", add(1, 5));
    let batch = pipeline.decide(std::slice::from_ref(&sent)).unwrap();
    pipeline.machine.aborted(batch);
    assert!(!pipeline.answer(sent).repeated);
}
