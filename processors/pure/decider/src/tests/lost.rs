//! Outcomes that were lost: they are written again as they were, and nothing else is.

use super::counter::Command;
use super::pipeline::*;
use crate::{Cursor, LostOutcomes, Outcome, Replay, StepError};
use keyvalue::Memory;
use proptest::prelude::*;

const ID: &str = "c/1";

/// A record of the commands topic, before it has an offset.
#[derive(Debug, Clone)]
enum Asked {
    /// Under an id of its own, or under the one of an earlier command.
    Command(u128, Command),
    /// No command: a dead letter.
    Rubbish,
}

fn asked() -> impl Strategy<Value = Vec<Asked>> {
    let command = prop_oneof![
        (1..4_u8, -3..4_i64).prop_map(|(slot, amount)| add(slot, amount)),
        (1..4_u8, 0..4_u32).prop_map(|(slot, times)| Command::Burst { slot, times }),
    ];
    let one = prop_oneof![
        6 => (1..20_u128, command).prop_map(|(id, command)| Asked::Command(id, command)),
        1 => Just(Asked::Rubbish),
    ];
    prop::collection::vec(one, 1..40)
}

fn send(pipeline: &mut Pipeline, asked: &[Asked]) -> Vec<Sent> {
    let partition = partition_of(ID);
    asked
        .iter()
        .map(|one| match one {
            Asked::Command(id, command) => pipeline.command(*id, ID, command.clone()),
            Asked::Rubbish => pipeline.record(partition, Some(ID.as_bytes()), Some(b"rubbish")),
        })
        .collect()
}

/// A pipeline on a log whose state was lost, built up to before `from`, with what the log has of the commands after it.
fn taken_over(log: &Log, from: i64, until: i64, kept: &[Replay<Outcome>]) -> Pipeline {
    let partition = partition_of(ID);
    let mut pipeline = Pipeline::new(LIMITS);
    let (before, after): (Vec<_>, Vec<_>) = log.events.iter().cloned().partition(|event| event.value.command_offset < from);
    let mutations = pipeline.machine.replay_events(&pipeline.memory, partition, &before).unwrap();
    pipeline.memory.apply(&mutations);
    let ranges = kept
        .iter()
        .map(|outcome| outcome.value.command_offset..=outcome.value.command_offset);
    let mut lost = LostOutcomes::new(from, until, ranges.collect());
    for event in &after {
        assert!(lost.event(&event.value));
    }
    lost.reached(
        log.events.last().map(|last| last.offset + 1),
        log.outcomes.last().map(|last| last.offset + 1),
    );
    let mutations = pipeline.machine.resume_at(partition, from).unwrap();
    pipeline.memory.apply(&mutations);
    let mut written = crate::Written::default();
    written.lose(lost);
    pipeline.machine.already_written(partition, written);
    pipeline.logs.insert(partition, log.clone());
    pipeline
}

/// The state that the log makes: what a processor builds that comes with nothing.
fn rebuilt(log: &Log, kept: &[Replay<Outcome>], next: i64) -> Memory {
    let partition = partition_of(ID);
    let mut pipeline = Pipeline::new(LIMITS);
    for mutations in [
        pipeline.machine.replay_events(&Memory::default(), partition, &log.events).unwrap(),
        pipeline.machine.replay_outcomes(partition, kept).unwrap(),
        pipeline.machine.resume_at(partition, next).unwrap(),
    ] {
        pipeline.memory.apply(&mutations);
    }
    pipeline.memory
}

fn values(log: &Log) -> Vec<Outcome> {
    log.outcomes.iter().map(|outcome| outcome.value.clone()).collect()
}

proptest! {
    /// All outcomes before one of them are lost; batches of any size decide the commands again.
    #[test]
    fn lost_outcomes_are_written_again_as_they_were(asked in asked(), lost in 0..40_usize, share in 1..9_usize) {
        let partition = partition_of(ID);
        let mut first = Pipeline::new(LIMITS);
        let sent = send(&mut first, &asked);
        first.run(&sent);
        let log = first.logs.get(&partition).cloned().unwrap_or_default();
        let lost = lost.min(log.outcomes.len());
        let (gone, kept) = log.outcomes.split_at(lost);
        let until = i64::try_from(sent.len()).unwrap();
        let mut second = taken_over(&log, 0, until, kept);
        second.now_ms = first.now_ms;
        let mut written = Vec::new();
        for share in sent.chunks(share) {
            written.extend(second.run(share));
        }
        let expected: Vec<_> = gone.iter().map(|outcome| Written::Outcome(outcome.value.clone(), outcome.timestamp_ms)).collect();
        prop_assert_eq!(&written, &expected, "nothing else is written");
        prop_assert_eq!(second.machine.cursor(partition).unwrap().answered, first.machine.cursor(partition).unwrap().answered);

        // In the log they come last. A state that is built from it equals the one that wrote them, and the one of before.
        let end = log.outcomes.last().map_or(0, |last| last.offset + 1);
        let again = gone.iter().zip(end..).map(|(outcome, offset)| Replay { offset, ..outcome.clone() });
        let reordered: Vec<_> = kept.iter().cloned().chain(again).collect();
        let mut state = rebuilt(&log, &reordered, until);
        let mut cursor = Cursor::load(&state, partition).unwrap().unwrap();
        let live = Cursor::load(&second.memory, partition).unwrap().unwrap();
        (cursor.next_event_offset, cursor.next_outcome_offset) = (live.next_event_offset, live.next_outcome_offset);
        state.apply(&[cursor.mutation(partition)]);
        prop_assert_eq!(&state, &second.memory);
    }

    /// What comes after is decided as if nothing had been lost.
    #[test]
    fn the_next_commands_are_decided_as_if_nothing_had_been_lost(asked in asked(), more in asked()) {
        let partition = partition_of(ID);
        let mut first = Pipeline::new(LIMITS);
        let sent = send(&mut first, &asked);
        first.run(&sent);
        let log = first.logs.get(&partition).cloned().unwrap_or_default();
        let mut second = taken_over(&log, 0, i64::try_from(sent.len()).unwrap(), &[]);
        let more = send(&mut first, &more);
        second.run(&[sent, more.clone()].concat());
        first.run(&more);
        let (first, second) = (&first.logs[&partition], &second.logs[&partition]);
        prop_assert_eq!(&first.events, &second.events);
        prop_assert_eq!(&values(first)[log.outcomes.len()..], &values(second)[2 * log.outcomes.len()..]);
    }
}

#[test]
fn what_the_log_has_of_commands_after_the_lost_ones_is_not_written_again() {
    let partition = partition_of(ID);
    let mut first = Pipeline::new(LIMITS);
    let sent = send(&mut first, &[Asked::Command(1, add(1, 1)), Asked::Rubbish]);
    first.run(&sent);
    let log = first.logs[&partition].clone();
    // Where the group's offset is lost, too, only the first command is known to have been decided; its dead letter tells of the second.
    let mut second = taken_over(&log, 0, 1, &[]);
    second.machine.written.get_mut(&partition).unwrap().letter(1);
    let written: Vec<_> = sent.chunks(1).flat_map(|one| second.run(one)).collect();
    let again = log.outcomes[0].value.clone();
    assert_eq!(written, [Written::Outcome(again, log.outcomes[0].timestamp_ms)]);
}

#[test]
fn a_command_that_repeats_one_whose_outcome_cannot_be_made_again_changes_nothing() {
    let partition = partition_of(ID);
    let mut first = Pipeline::new(LIMITS);
    let asked = [1, 2, 1].map(|id| Asked::Command(id, add(1, 1)));
    let sent = send(&mut first, &asked);
    first.run(&sent);
    let log = first.logs[&partition].clone();
    // The first command is gone from the topic, and with it what the third one repeats.
    let mut second = taken_over(&log, 1, 3, &[]);
    let written = second.run(&sent[1..]);
    let [again, repeated] = outcomes(&written)[..] else {
        panic!("{written:?}")
    };
    assert_eq!(
        *again,
        Outcome {
            clock_ms: again.clock_ms,
            ..log.outcomes[1].value.clone()
        }
    );
    assert_eq!(repeated.rejection.as_ref().unwrap().rule, crate::OUTCOME_LOST);
    assert_eq!((repeated.version, repeated.event_count), (2, 0));
    assert!(events(&written).is_empty());
    let next = second.command(9, ID, add(1, 1));
    assert_eq!(second.answer(Sent { offset: 3, ..next }).version, 3);
}

#[test]
fn events_that_do_not_follow_from_their_command_are_an_error() {
    let partition = partition_of(ID);
    let mut first = Pipeline::new(LIMITS);
    let sent = send(&mut first, &[Asked::Command(1, Command::Burst { slot: 1, times: 3 })]);
    first.run(&sent);
    let mut log = first.logs[&partition].clone();
    log.events.pop();
    let mut second = taken_over(&log, 0, 1, &[]);
    let error = second.decide(&sent).unwrap_err();
    assert!(matches!(&error, StepError::DecidedOtherwise { offset: 0, .. }), "{error}");
    assert!(
        error.to_string().contains("the log has 2 events of it where there are 3 now"),
        "{error}"
    );
}

#[test]
fn a_dead_letter_and_a_forwarded_command_that_the_log_has_are_not_written_twice() {
    let partition = partition_of(ID);
    let elsewhere = (0..)
        .map(|number| format!("c/{number}"))
        .find(|id| partition_of(id) != partition)
        .unwrap();
    let mut first = Pipeline::new(LIMITS);
    let mut sent = send(&mut first, &[Asked::Rubbish, Asked::Rubbish]);
    for id in 1..=2 {
        let command = super::counter::command_text(id, &elsewhere, None, &add(1, 1));
        sent.push(first.record(partition, Some(elsewhere.as_bytes()), Some(command.as_bytes())));
    }
    let all = first.run(&sent);
    assert_eq!(all.len(), 4);
    let mut second = Pipeline::new(LIMITS);
    let mut written = crate::Written::default();
    written.letter(0);
    written.copy(2, sent[2].key.as_deref(), sent[2].value.as_deref());
    // One that another program has put there under this name, and that is another command.
    written.copy(3, sent[3].key.as_deref(), Some(b"something else"));
    second.machine.already_written(partition, written);
    let batch = second.decide(&sent).unwrap();
    assert_eq!(second.written(&batch), [all[1].clone(), all[3].clone()]);
}
