//! Deciding again what a torn transaction has left in part.

use super::pipeline::*;
use crate::{StepError, WholePrefix, WholePrefixSearch, Written as InTheLog};

const ID: &str = "c/1";

fn sent(pipeline: &mut Pipeline) -> Vec<Sent> {
    (1..=4).map(|id| pipeline.command(id, ID, add(1, 1))).collect()
}

/// What a machine writes that decides the last three of four commands for the first time.
fn whole() -> Vec<Written> {
    let mut pipeline = Pipeline::new(LIMITS);
    let sent = sent(&mut pipeline);
    pipeline.answer(sent[0].clone());
    let batch = pipeline.decide(&sent[1..]).unwrap();
    pipeline.written(&batch)
}

/// What it writes where the log has some of that already.
fn decided_again(is_in_the_log: impl Fn(&Written) -> bool) -> Result<Vec<Written>, StepError> {
    let mut pipeline = Pipeline::new(LIMITS);
    let sent = sent(&mut pipeline);
    pipeline.answer(sent[0].clone());
    let mut found = InTheLog::default();
    for written in whole().iter().filter(|written| is_in_the_log(written)) {
        match written {
            Written::Event(event) => found.event(event),
            Written::Outcome(outcome, _) => found.outcome(outcome),
            Written::Forward(..) | Written::DeadLetter(..) => {}
        }
    }
    pipeline.machine.already_written(partition_of(ID), found);
    let batch = pipeline.decide(&sent[1..])?;
    let written = pipeline.written(&batch);
    let mutations = pipeline.commit(&sent[1..], batch);
    pipeline.memory.apply(&mutations);
    let next = pipeline.command(9, ID, add(1, 1));
    assert_eq!(pipeline.answer(next).version, 5, "the state has all of them");
    Ok(written)
}

#[test]
fn only_what_is_missing_is_written() {
    for number in 0..64_u32 {
        let all = whole();
        assert_eq!(all.len(), 6);
        let has = |written: &Written| {
            all.iter()
                .position(|other| other == written)
                .is_some_and(|index| number >> index & 1 == 1)
        };
        let missing: Vec<_> = all.iter().filter(|written| !has(written)).cloned().collect();
        assert_eq!(decided_again(has).unwrap(), missing);
    }
}

#[test]
fn a_log_that_has_another_event_in_its_place_is_an_error() {
    let mut pipeline = Pipeline::new(LIMITS);
    let sent = sent(&mut pipeline);
    let mut found = InTheLog::default();
    for written in &whole()[..2] {
        if let Written::Event(event) = written {
            found.event(event);
        }
    }
    pipeline.machine.already_written(partition_of(ID), found);
    // The first command takes the sequence 1, the second 2 and the third 3; the log has 2 as an answer to the second.
    let batch = pipeline.decide(&sent[..2]).unwrap();
    pipeline.machine.aborted(batch);
    let otherwise = pipeline.decide(&[sent[0].clone(), sent[2].clone()]).unwrap_err();
    assert!(
        matches!(
            otherwise,
            StepError::DecidedOtherwise {
                sequence: 2,
                offset: 2,
                ..
            }
        ),
        "{otherwise}"
    );
}

fn whole_prefix(events: u64, committed: i64) -> WholePrefix {
    let mut search = WholePrefixSearch::new(events, committed);
    for written in whole() {
        if let Written::Outcome(outcome, _) = written {
            search.push(&outcome);
        }
    }
    search.whole()
}

#[test]
fn the_log_is_whole_up_to_where_its_parts_agree() {
    // The outcomes answer the commands 1 to 3, with the sequences 2 to 4.
    for (events, committed, next_command_offset, sequence) in [
        (4, i64::MAX, 4, 4),
        (9, 9, 4, 4),
        (3, 4, 3, 3),
        (2, 4, 2, 2),
        (4, 3, 3, 3),
        (3, 2, 2, 2),
        (1, 4, 0, 0),
    ] {
        let expected = WholePrefix {
            next_command_offset,
            sequence,
        };
        assert_eq!(whole_prefix(events, committed), expected, "{events} events, offset {committed}");
    }
}

#[test]
fn an_outcome_that_repeats_another_one_does_not_shorten_the_whole_prefix() {
    let mut pipeline = Pipeline::new(LIMITS);
    let mut search = WholePrefixSearch::new(2, i64::MAX);
    for id in [1, 2, 1] {
        let sent = pipeline.command(id, ID, add(1, 1));
        search.push(&pipeline.answer(sent));
    }
    let whole = WholePrefix {
        next_command_offset: 3,
        sequence: 2,
    };
    assert_eq!(search.whole(), whole);
}
