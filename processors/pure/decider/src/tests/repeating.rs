//! A command id that was answered before gets the same answer again, and nothing else happens.

use super::pipeline::*;
use crate::Outcome;

/// The repetition of `first` at another offset.
fn repetition(first: &Outcome, command_offset: i64) -> Outcome {
    Outcome {
        command_offset,
        repeated: true,
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
    for (offset, first) in [(2, firsts[0]), (3, firsts[1])] {
        let id = first.command_id.as_u128();
        let again = pipeline.command(id, "c/1", add(1, 0));
        assert_eq!(pipeline.answer(again), repetition(first, offset));
    }
}

#[test]
fn a_command_id_is_remembered_in_its_own_partition_whatever_the_batch() {
    let here = "c/1";
    let there = (2..)
        .map(|n| format!("c/{n}"))
        .find(|id| partition_of(id) != partition_of(here))
        .unwrap();
    let mut apart = Pipeline::new(LIMITS);
    let sent = [apart.command(1, here, add(1, 1)), apart.command(1, &there, add(1, 1))];
    let one_by_one: Vec<_> = sent.iter().flat_map(|sent| apart.run(std::slice::from_ref(sent))).collect();
    let together = Pipeline::new(LIMITS).run(&sent);
    assert_eq!(together, one_by_one);
    assert_eq!(events(&together).len(), 2);
}

#[test]
fn an_aborted_answer_is_not_remembered() {
    let mut pipeline = Pipeline::new(LIMITS);
    let sent = pipeline.command(1, "c/1", add(1, 5));
    let batch = pipeline.decide(std::slice::from_ref(&sent)).unwrap();
    pipeline.machine.aborted(batch);
    assert!(!pipeline.answer(sent).repeated);
}

#[test]
fn a_command_is_repeated_across_the_border_of_two_periods_and_forgotten_after_the_next() {
    const WEEK_MS: i64 = crate::remembered::PERIOD_MS;
    let mut pipeline = Pipeline::new(LIMITS);
    pipeline.now_ms = 10 * WEEK_MS - 10;
    let first = pipeline.command(1, "c/1", add(1, 5));
    pipeline.answer(first);
    pipeline.now_ms = 11 * WEEK_MS - 20;
    for _ in 0..2 {
        let again = pipeline.command(1, "c/1", add(1, 5));
        assert!(pipeline.answer(again).repeated);
    }
    pipeline.now_ms = 11 * WEEK_MS + 10;
    let new = pipeline.command(2, "c/1", add(1, 5));
    let late = pipeline.command(1, "c/1", add(1, 5));
    let written = pipeline.run(&[new, late]);
    assert!(!outcomes(&written)[1].repeated, "two periods later it is decided again");
}

#[test]
fn what_one_batch_answers_before_the_border_of_two_periods_is_found_behind_it() {
    const WEEK_MS: i64 = crate::remembered::PERIOD_MS;
    let mut pipeline = Pipeline::new(LIMITS);
    let start = pipeline.command(1, "c/1", add(1, 5));
    pipeline.answer(start);
    pipeline.now_ms = 10 * WEEK_MS - 2;
    let before = pipeline.command(2, "c/1", add(1, 5));
    let after = [3, 4].map(|id| {
        pipeline.now_ms = 10 * WEEK_MS;
        pipeline.command(id, "c/1", add(1, 5))
    });
    pipeline.run(&[before, after[0].clone(), after[1].clone()]);
    let again = pipeline.command(2, "c/1", add(1, 5));
    assert!(pipeline.answer(again).repeated);
}
