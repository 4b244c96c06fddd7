//! Whatever a domain does wrong, it stops one partition at one command.

use super::counter::{BROKEN_ID, CALLS, Command, broken};
use super::pipeline::*;
use crate::{Call, Cursor, DomainFailure, EventEnvelope, Replay, ReplayError, Status, StepError};
use keyvalue::Memory;
use uuid::Uuid;

const ID: &str = "c/1";

/// An aggregate of another partition.
fn elsewhere() -> String {
    let mut others = (2..).map(|number| format!("c/{number}"));
    others.find(|id| partition_of(id) != partition_of(ID)).unwrap()
}

/// The command that meets a bug there.
fn breaking(pipeline: &mut Pipeline, call: Call) -> Sent {
    let id = if call == Call::EncodeOutcome { BROKEN_ID } else { 77 };
    let command = if call == Call::Load { add(1, 1) } else { Command::Break(call) };
    pipeline.command(id, ID, command)
}

fn failure(error: StepError) -> DomainFailure {
    let StepError::Domain(failure) = error else { panic!("{error}") };
    *failure
}

/// What the function is called where a domain is written.
fn function(call: Call) -> &'static str {
    match call {
        Call::DecodeCommand => "decode_command",
        Call::EncodeMeaning => "encode_meaning",
        Call::Load => "load",
        Call::Decide => "decide",
        Call::Evolve => "evolve",
        Call::Store => "store",
        Call::Size => "size_bytes",
        Call::EncodeEvent => "encode_event",
        Call::EncodeOutcome => "encode_outcome",
    }
}

/// Decides as much as can be decided, and gives the failure that ends it.
fn run_into_failure(pipeline: &mut Pipeline, sent: &[Sent]) -> (usize, DomainFailure) {
    let mut done = 0;
    loop {
        match pipeline.decide(&sent[done..]) {
            Ok(batch) => {
                let consumed = batch.consumed;
                assert!(consumed > 0, "of {} commands none is decided, and none fails", sent.len() - done);
                let mutations = pipeline.commit(&sent[done..done + consumed], batch);
                pipeline.memory.apply(&mutations);
                done += consumed;
            }
            Err(error) => return (done, failure(error)),
        }
    }
}

#[test]
fn a_failure_anywhere_stops_at_its_command_and_leaves_nothing_of_it() {
    for call in CALLS {
        let mut pipeline = Pipeline::new(LIMITS);
        if call == Call::Load {
            let unloadable = pipeline.command(5, ID, Command::Break(Call::Load));
            pipeline.run(&[unloadable]);
            pipeline.restart();
        }
        let other = elsewhere();
        let mut sent = vec![pipeline.command(1, &other, add(1, 1))];
        if call != Call::Load {
            sent.push(pipeline.command(2, ID, add(1, 1)));
        }
        let failing = breaking(&mut pipeline, call);
        sent.extend([
            failing.clone(),
            pipeline.command(3, ID, add(1, 1)),
            pipeline.command(4, &other, add(1, 1)),
        ]);
        let (done, failure) = run_into_failure(&mut pipeline, &sent);
        assert_eq!(sent[done].offset, failing.offset, "what came before is decided: {failure}");
        let expected_id = (call != Call::DecodeCommand).then(|| Uuid::from_u128(if call == Call::EncodeOutcome { BROKEN_ID } else { 77 }));
        assert_eq!(
            (
                failure.partition,
                failure.offset,
                failure.aggregate_id.as_str(),
                failure.command_id,
                failure.call
            ),
            (failing.partition, failing.offset, ID, expected_id, call)
        );
        assert!(failure.reason.contains(&format!("a bug in {}", call.name())), "{failure}");
        let text = failure.to_string();
        let beginning = format!("{}/{}: {} failed at ", failing.partition, failing.offset, function(call));
        assert!(text.starts_with(&beginning) && text.contains(ID), "{text}");
        // The same again, for as long as the partition is open.
        assert_eq!(self::failure(pipeline.decide(&sent[done..]).unwrap_err()), failure);
        // Of all partitions the log has what was decided, and the state is what the log makes.
        pipeline.machine.close(failing.partition);
        let rest: Vec<_> = sent[done..]
            .iter()
            .filter(|sent| sent.partition != failing.partition)
            .cloned()
            .collect();
        assert_eq!(events(&pipeline.run(&rest)).len(), 1, "other partitions go on");
        let mut rebuilt = Memory::default();
        for (partition, log) in pipeline.logs.clone() {
            pipeline.machine.close(partition);
            pipeline.machine.open(partition, Cursor::default());
            rebuilt.apply(&pipeline.machine.replay_events(&rebuilt, partition, &log.events).unwrap());
            rebuilt.apply(&pipeline.machine.replay_outcomes(partition, &log.outcomes).unwrap());
        }
        assert_eq!(rebuilt, pipeline.memory, "{call:?}");
    }
}

#[test]
fn a_partition_goes_on_with_the_same_command_when_the_program_can_decide_it() {
    let mut pipeline = Pipeline::new(LIMITS);
    let first = pipeline.command(1, ID, add(1, 1));
    let failing = breaking(&mut pipeline, Call::Evolve);
    run_into_failure(&mut pipeline, &[first, failing.clone()]);
    pipeline.restart();
    // As if the bug were gone: the same place holds a command that can be decided.
    let mended = Sent {
        value: Some(super::counter::command_text(77, ID, None, &add(1, 1)).into_bytes()),
        ..failing
    };
    assert_eq!(pipeline.answer(mended).version, 2);
}

#[test]
fn a_failure_in_a_replay_names_the_event_and_is_no_panic() {
    for call in [Call::Evolve, Call::Store, Call::Size] {
        let mut pipeline = Pipeline::new(LIMITS);
        let event = |offset, event| Replay {
            offset,
            timestamp_ms: 0,
            value: EventEnvelope {
                sequence: u64::try_from(offset).unwrap() + 1,
                aggregate_id: ID.to_owned(),
                version: u64::try_from(offset).unwrap() + 1,
                command_id: Uuid::from_u128(77),
                command_offset: 0,
                decided_at_ms: 0,
                event,
            },
        };
        let good = super::counter::Added { slot: 1, amount: 1 };
        let events = [event(0, good), event(1, broken(call))];
        let partition = partition_of(ID);
        match pipeline.machine.replay_events(&pipeline.memory, partition, &events) {
            Err(ReplayError::Domain(failure)) => {
                let found = (failure.partition, failure.offset, failure.command_id, failure.call);
                assert_eq!(found, (partition, 1, Some(Uuid::from_u128(77)), call));
            }
            other => panic!("{other:?}"),
        }
        // Closed and opened, the partition is what it was.
        pipeline.machine.close(partition);
        pipeline.machine.open(partition, Cursor::default());
        assert!(pipeline.machine.replay_events(&pipeline.memory, partition, &events[..1]).is_ok());
    }
}

#[test]
fn a_command_without_events_is_accepted_and_changes_nothing_but_what_is_remembered() {
    let mut pipeline = Pipeline::new(LIMITS);
    let nothing = Command::Burst { slot: 1, times: 0 };
    for (id, version) in [(1, 0), (3, 1)] {
        let sent = pipeline.command(id, ID, nothing.clone());
        let outcome = pipeline.answer(sent);
        assert_eq!((outcome.status, outcome.event_count), (Status::Accepted, 0));
        assert_eq!((outcome.version, outcome.sequence), (version, version));
        let again = pipeline.command(id, ID, nothing.clone());
        assert!(pipeline.answer(again).repeated);
        let other = pipeline.command(id + 1, ID, add(1, 1));
        pipeline.answer(other);
        pipeline.restart();
    }
    assert_eq!(pipeline.logs[&partition_of(ID)].events.len(), 2);
}

#[test]
fn a_domain_cannot_reject_by_the_rule_for_ids() {
    let mut pipeline = Pipeline::new(LIMITS);
    let sent = pipeline.command(1, ID, Command::Usurp);
    let failure = failure(pipeline.decide(&[sent]).unwrap_err());
    assert!(
        failure.call == Call::Decide && failure.reason.contains("command-id-reused"),
        "{failure}"
    );
}
