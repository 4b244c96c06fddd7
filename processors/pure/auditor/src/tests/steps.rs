//! Checks of single steps that no short log of the bank leads to.

use super::log::{Log, PARTITIONS, REMEMBERED_MS, event, limits, of, outcome};
use crate::checks::{CheckContext, OutcomesGoOn, Redeciding, transactions_are_whole};
use crate::decoding::Decoding;
use crate::finding::Findings;
use crate::ledger::Ledger;
use crate::merging::{Found, Step};
use crate::{Counts, Options, Place, Record, Topic};
use bank_example::{Bank, Codec, Event};
use decider::{EventEnvelope, Outcome};
use keyvalue::Memory;
use std::cell::RefCell;

fn context() -> CheckContext<RefCell<Memory>> {
    CheckContext {
        ledger: Ledger::new(RefCell::new(Memory::default())),
        findings: Findings::default(),
        counts: Counts::default(),
        options: Options {
            partitions: PARTITIONS,
            drained: false,
            remembered_ms: REMEMBERED_MS,
        },
        partition: 0,
        first_command: 0,
        commands_topic: None,
        has_former: false,
        losses: Vec::new(),
        is_carried: false,
        is_same_build: false,
        decided: true,
    }
}

fn step(command_offset: i64) -> Step<Event> {
    Step {
        command_offset,
        former: false,
        command: None,
        events: Vec::new(),
        outcomes: Vec::new(),
        letter: None,
        trusted: false,
    }
}

/// An accepted outcome of the log with its event.
fn accepted() -> (Found<Outcome>, Found<EventEnvelope<Event>>) {
    let log = Log::new();
    let topics = &log.partitions[0];
    let answer = topics.outcomes.iter().find(|seen| outcome(seen).event_count == 1).unwrap();
    let fact = topics
        .events
        .iter()
        .find(|seen| event(seen).command_offset == outcome(answer).command_offset);
    let (answer, fact) = (answer, fact.unwrap());
    let answer = Found {
        record: of(answer).clone(),
        value: outcome(answer),
    };
    let fact = Found {
        record: of(fact).clone(),
        value: event(fact),
    };
    (answer, fact)
}

type Change = fn(&mut Step<Event>);

#[test]
fn the_numbers_of_two_events_end_at_those_of_their_outcome() {
    let whole = || {
        let (mut answer, fact) = accepted();
        (answer.value.event_count, answer.value.sequence, answer.value.version) = (2, 20, 8);
        let events = [(19, 7), (20, 8)].map(|(sequence, version)| {
            let mut fact = fact.clone();
            (fact.value.sequence, fact.value.version) = (sequence, version);
            fact
        });
        let mut step = step(answer.value.command_offset);
        step.outcomes.push(answer);
        step.events.extend(events);
        step
    };
    let violations = |change: Change| {
        let (mut context, mut step) = (context(), whole());
        change(&mut step);
        transactions_are_whole(&mut context, &step);
        context.findings.kept
    };
    assert_eq!(violations(|_| {}), []);
    let wrong: [Change; 5] = [
        |step| step.events[0].value.sequence += 1,
        |step| step.events[0].value.version += 1,
        |step| step.events[1].value.sequence += 1,
        |step| step.events[0].value.aggregate_id.push('!'),
        |step| step.events.swap(0, 1),
    ];
    for change in wrong {
        let found = violations(change);
        assert!(
            found.len() == 1 && found[0].what.contains("does not belong to the outcome"),
            "{found:?}"
        );
    }
}

fn answered_at(command_offset: i64, offset: i64) -> Step<Event> {
    let (mut answer, _) = accepted();
    answer.record.place.offset = offset;
    let mut step = step(command_offset);
    step.outcomes.push(answer);
    step
}

#[test]
fn the_last_command_that_is_answered_is_before_the_committed_offset_whatever_comes_after_it() {
    for offsets in [[4, 9], [9, 4]] {
        let (mut context, mut going_on) = (context(), OutcomesGoOn::default());
        for offset in offsets {
            going_on.push(&mut context, &answered_at(offset, 10 + offset));
        }
        going_on.finish(&mut context, None, Some(10));
        let before = context.findings.kept.len();
        assert_eq!(before, usize::from(offsets[0] > offsets[1]));
        going_on.finish(&mut context, None, Some(6));
        let place = context.findings.kept.last().unwrap().place.unwrap();
        assert_eq!((context.findings.kept.len(), place.offset), (before + 1, 19));
    }
    // Offsets of a deleted topic say nothing of it.
    let (mut context, mut going_on) = (context(), OutcomesGoOn::default());
    let former = Step {
        former: true,
        ..answered_at(9, 19)
    };
    going_on.push(&mut context, &former);
    going_on.push(&mut context, &answered_at(4, 24));
    going_on.finish(&mut context, None, Some(6));
    assert_eq!(context.findings.kept, []);
}

#[test]
fn records_of_one_command_that_make_two_steps_do_not_go_back() {
    let (mut context, mut going_on) = (context(), OutcomesGoOn::default());
    going_on.push(&mut context, &answered_at(5, 10));
    going_on.push(&mut context, &answered_at(5, 12));
    assert_eq!(context.findings.kept, []);
    // The first one shows that the command has been answered.
    going_on.finish(&mut context, Some(5), Some(5));
    let places: Vec<_> = context.findings.kept.iter().map(|violation| violation.place).collect();
    let first = Place {
        topic: Topic::Outcomes,
        partition: 0,
        offset: 10,
    };
    assert_eq!(places, [Some(first)]);
    going_on.push(&mut context, &answered_at(4, 14));
    assert_eq!(context.findings.kept.len(), 2);
}

/// How many commands were decided again after each of them was pushed.
fn redecided_after_each(commands: &[(&[u8], &[u8])]) -> Vec<u64> {
    let (mut context, mut redeciding) = (context(), Redeciding::<Bank>::new(limits()));
    let mut decoding = Decoding::new(Codec::default(), Box::new(|_| Ok(Err("there is none".to_owned()))));
    redeciding.begin(0);
    let push = |(offset, (key, value)): (i64, &(&[u8], &[u8]))| {
        let mut step = step(offset);
        let place = Place {
            topic: Topic::Commands,
            partition: 0,
            offset,
        };
        step.command = Some(Record {
            place,
            timestamp_ms: 1_000_000 + offset,
            key: Some(key.to_vec()),
            value: Some(value.to_vec()),
            headers: Vec::new(),
        });
        redeciding.push(&mut context, &mut decoding, step).unwrap();
        context.counts.redecided
    };
    (0..).zip(commands).map(push).collect()
}

#[test]
fn commands_are_decided_again_five_hundred_at_a_time() {
    let redecided = redecided_after_each(&[(b"account/1".as_slice(), b"no command".as_slice()); 500]);
    assert_eq!(redecided[..499], [0; 499]);
    assert_eq!(redecided[499], 500);
}

#[test]
fn commands_are_decided_again_when_their_keys_and_values_have_four_mebibytes() {
    let (key, value) = (vec![b'k'; 1 << 19], vec![b'v'; 1 << 19]);
    let redecided = redecided_after_each(&[(key.as_slice(), value.as_slice()); 4]);
    assert_eq!(redecided[..3], [0; 3]);
    assert!(redecided[3] > 0);
}
