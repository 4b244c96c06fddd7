//! For how long a command id is remembered, whatever the broker's clock does.

use super::pipeline::*;
use crate::{CLOCK_STEP_MS_MAX, Cursor};
use keyvalue::Memory;
use proptest::prelude::*;

const YEAR_MS: i64 = 365 * 24 * HOUR_MS;

/// A command each half hour for that long, under ids of their own.
fn pass(pipeline: &mut Pipeline, time_ms: i64) {
    for _ in 0..time_ms / (HOUR_MS / 2) {
        pipeline.now_ms += HOUR_MS / 2 - 1;
        let id = 1_000_000 + u128::try_from(pipeline.now_ms).unwrap();
        let sent = pipeline.command(id, "c/1", add(1, 1));
        pipeline.answer(sent);
    }
}

fn is_repeated(pipeline: &mut Pipeline, id: u128) -> bool {
    let again = pipeline.command(id, "c/1", add(1, 5));
    pipeline.answer(again).repeated
}

#[test]
fn a_command_is_repeated_across_the_border_of_two_periods_and_forgotten_after_the_next() {
    let mut pipeline = Pipeline::new(LIMITS);
    pipeline.now_ms = 10 * WEEK_MS - 10;
    assert!(!is_repeated(&mut pipeline, 1));
    pass(&mut pipeline, WEEK_MS - HOUR_MS);
    assert!(is_repeated(&mut pipeline, 1));
    pass(&mut pipeline, 2 * HOUR_MS);
    assert!(!is_repeated(&mut pipeline, 1), "two periods later it is decided again");
}

#[test]
fn what_one_batch_answers_before_the_border_of_two_periods_is_found_behind_it() {
    let mut pipeline = Pipeline::new(LIMITS);
    pipeline.now_ms = 10 * WEEK_MS - HOUR_MS;
    assert!(!is_repeated(&mut pipeline, 1));
    pipeline.now_ms = 10 * WEEK_MS - 2;
    let before = pipeline.command(2, "c/1", add(1, 5));
    let after = [3, 4].map(|id| {
        pipeline.now_ms = 10 * WEEK_MS;
        pipeline.command(id, "c/1", add(1, 5))
    });
    pipeline.run(&[before, after[0].clone(), after[1].clone()]);
    assert!(is_repeated(&mut pipeline, 2));
}

#[test]
fn an_id_is_forgotten_at_the_same_command_whatever_the_batches() {
    let outcomes = |batch: usize| {
        let mut pipeline = Pipeline::new(LIMITS);
        pipeline.now_ms = 1_000 * WEEK_MS;
        let mut sent = vec![pipeline.command(1, "c/1", add(1, 1))];
        for id in 0..15 * 24 {
            pipeline.now_ms += HOUR_MS;
            sent.push(pipeline.command(100 + id, "c/1", add(1, 1)));
        }
        sent.push(pipeline.command(1, "c/1", add(1, 1)));
        for chunk in sent.chunks(batch) {
            pipeline.run(chunk);
        }
        let outcomes = pipeline.logs[&partition_of("c/1")].outcomes.iter();
        outcomes.map(|outcome| outcome.value.clone()).collect::<Vec<_>>()
    };
    let one_by_one = outcomes(1);
    assert!(
        !one_by_one.last().unwrap().repeated,
        "more than two periods later it is decided again"
    );
    for batch in [20, 500] {
        assert_eq!(outcomes(batch), one_by_one);
    }
}

#[test]
fn a_clock_that_jumps_a_year_ahead_and_back_takes_no_id_from_memory() {
    for records_ahead in [1, 500] {
        let mut pipeline = Pipeline::new(LIMITS);
        pipeline.now_ms = 1_000 * WEEK_MS + WEEK_MS / 2;
        assert!(!is_repeated(&mut pipeline, 1));
        pipeline.now_ms += YEAR_MS;
        for id in 0..records_ahead {
            assert!(!is_repeated(&mut pipeline, 2 + id));
        }
        assert!(is_repeated(&mut pipeline, 1), "while the clock is ahead");
        pipeline.now_ms -= YEAR_MS;
        assert!(is_repeated(&mut pipeline, 1), "and when it is right again");
        assert!(is_repeated(&mut pipeline, 2), "an id of the year ahead");
        pass(&mut pipeline, 6 * 24 * HOUR_MS);
        assert!(is_repeated(&mut pipeline, 1) && is_repeated(&mut pipeline, 2));
        pass(&mut pipeline, 8 * 24 * HOUR_MS);
        assert!(
            !is_repeated(&mut pipeline, 1) && !is_repeated(&mut pipeline, 2),
            "memory has a bound"
        );
    }
}

#[test]
fn a_clock_that_was_at_its_epoch_for_a_while_takes_no_id_from_memory() {
    let mut pipeline = Pipeline::new(LIMITS);
    pipeline.now_ms = 1_000 * WEEK_MS;
    assert!(!is_repeated(&mut pipeline, 1));
    pipeline.now_ms = -1;
    assert!(is_repeated(&mut pipeline, 1));
    pipeline.now_ms = 1_000 * WEEK_MS;
    assert!(is_repeated(&mut pipeline, 1));
}

#[test]
fn a_silence_counts_as_one_step_of_the_clock() {
    let mut pipeline = Pipeline::new(LIMITS);
    assert!(!is_repeated(&mut pipeline, 1));
    pipeline.now_ms += YEAR_MS;
    assert!(is_repeated(&mut pipeline, 1));
}

#[test]
fn without_a_length_of_periods_nothing_is_forgotten() {
    let mut pipeline = Pipeline::new(crate::Limits {
        remembered_ms: -1,
        ..LIMITS
    });
    assert!(!is_repeated(&mut pipeline, 1));
    pass(&mut pipeline, 3 * WEEK_MS);
    assert!(is_repeated(&mut pipeline, 1));
}

proptest! {
    /// Whatever the times of commands, the state that the outcomes make is the one that deciding has made; from the middle on, too, where
    /// older outcomes are gone.
    #[test]
    fn the_clock_comes_back_from_the_outcomes(times in proptest::collection::vec(any::<i64>(), 1..20), gone in 0_usize..20) {
        let mut pipeline = Pipeline::new(LIMITS);
        let partition = partition_of("c/1");
        for (id, time) in (1..).zip(times) {
            let mut sent = pipeline.command(id, "c/1", add(1, 1));
            sent.timestamp_ms = time;
            pipeline.answer(sent);
        }
        let log = pipeline.logs[&partition].clone();
        let mut rebuilt = Pipeline::new(LIMITS);
        for events in log.events.chunks(3) {
            let mutations = rebuilt.machine.replay_events(&rebuilt.memory, partition, events).unwrap();
            rebuilt.memory.apply(&mutations);
        }
        let kept = &log.outcomes[gone.min(log.outcomes.len() - 1)..];
        for outcomes in kept.chunks(4) {
            let mutations = rebuilt.machine.replay_outcomes(partition, outcomes).unwrap();
            rebuilt.memory.apply(&mutations);
        }
        prop_assert_eq!(rebuilt.machine.cursor(partition), pipeline.machine.cursor(partition));
        if gone == 0 {
            prop_assert_eq!(&rebuilt.memory, &pipeline.memory);
        }
    }

    /// No two commands are further apart on the clock than a step for each command between them, and it never goes back.
    #[test]
    fn the_clock_goes_on_by_bounded_steps(times in proptest::collection::vec(any::<i64>(), 2..40)) {
        let mut cursor = Cursor::default();
        cursor.tick(times[0]);
        for time in &times[1..] {
            let before = cursor;
            cursor.tick(*time);
            prop_assert!((0..=CLOCK_STEP_MS_MAX).contains(&(cursor.clock_ms - before.clock_ms)) );
            prop_assert_eq!(cursor.decided_at_ms, (*time).max(1));
        }
    }
}

#[test]
fn old_periods_are_deleted() {
    let mut pipeline = Pipeline::new(LIMITS);
    assert!(!is_repeated(&mut pipeline, 1));
    let size = |memory: &Memory| memory.iter().count();
    pass(&mut pipeline, 2 * WEEK_MS);
    let after_two = size(&pipeline.memory);
    pass(&mut pipeline, 4 * WEEK_MS);
    assert!(size(&pipeline.memory) <= after_two + 2 * 7 * 24 * 2 && size(&pipeline.memory) >= 7 * 24 * 2);
}

#[test]
fn a_clock_that_is_set_is_in_the_machine_and_in_the_state_and_nothing_else_changes() {
    let mut pipeline = Pipeline::new(LIMITS);
    assert!(!is_repeated(&mut pipeline, 1));
    let partition = partition_of("c/1");
    let before = pipeline.machine.cursor(partition).unwrap();
    let mutations = pipeline.machine.set_clock(partition, 5 * WEEK_MS, 4 * WEEK_MS).unwrap();
    pipeline.memory.apply(&mutations);
    let set = Cursor {
        decided_at_ms: 5 * WEEK_MS,
        clock_ms: 4 * WEEK_MS,
        ..before
    };
    assert_eq!(pipeline.machine.cursor(partition), Some(set));
    assert_eq!(Cursor::load(&pipeline.memory, partition).unwrap(), Some(set));
}
