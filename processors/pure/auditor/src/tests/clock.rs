//! A partition's clock, where outcomes that would tell it are gone, and the broker's clock went back and forth.

use super::log::{Log, event, of, of_mut, outcome, set_outcome};
use crate::Invariant::I7;
use crate::Seen;
use decider::CLOCK_STEP_MS_MAX;

/// The broker's clock jumps by hours and goes back by some, so that the partition's clock is another one.
fn restless(offset: i64) -> i64 {
    let hours = [0, 5, 3, 3, 4, 1, 1, 9, 2][usize::try_from(offset / 2 % 9).unwrap()];
    1_000_000 + offset * 1000 + hours * CLOCK_STEP_MS_MAX / 2
}

fn log() -> Log {
    let log = Log::with(|log| {
        for seen in log.partitions.iter_mut().flat_map(|topics| &mut topics.commands) {
            let record = of_mut(seen);
            record.timestamp_ms = restless(record.place.offset);
        }
    });
    let differs = |seen: &&Seen| outcome(seen).clock_ms != of(seen).timestamp_ms;
    let outcomes = log.partitions.iter().flat_map(|topics| &topics.outcomes);
    assert!(outcomes.filter(differs).count() > 150);
    log
}

/// Without the commands before this one, and without the outcomes before that one.
fn without(commands: usize, outcomes: usize) -> Log {
    let mut log = log();
    for topics in &mut log.partitions {
        topics.commands.drain(..commands);
        topics.outcomes.drain(..outcomes);
    }
    log
}

/// The first outcomes were lost, and those were written again whose commands are kept.
fn written_again(commands: usize, lost: usize) -> Log {
    let mut log = without(commands, 0);
    log.topic_id = Some("now".to_owned());
    for topics in &mut log.partitions {
        let first = of(&topics.commands[0]).place.offset;
        let end = of(topics.outcomes.last().unwrap()).place.offset + 1;
        let again: Vec<Seen> = topics.outcomes.drain(..lost).collect();
        let kept = again.into_iter().filter(|seen| outcome(seen).command_offset >= first);
        for (offset, mut seen) in (end..).zip(kept) {
            let record = of_mut(&mut seen);
            record.place.offset = offset;
            record.headers.push(("rewritten".to_owned(), Some(b"outcome-lost".to_vec())));
            topics.outcomes.push(seen);
        }
        for seen in &mut topics.outcomes {
            let header = format!("now/{}/-", outcome(seen).command_offset).into_bytes();
            of_mut(seen).headers.push(("command".to_owned(), Some(header)));
        }
    }
    log
}

/// Deciding again gives what the log has, as far as it has it.
fn no_violation_of_decisions(log: &Log) {
    let verdict = log.audit();
    assert!(!verdict.by_invariant.contains_key(&I7), "{:#?}", verdict.kept);
    assert!(verdict.counts.redecided > 20, "{:?}", verdict.counts);
}

#[test]
fn whatever_is_gone_from_the_beginning_of_both_topics_is_no_violation() {
    for commands in (0..80).step_by(8) {
        for outcomes in (0..=commands).step_by(5) {
            // A command in front of the first one that is kept may have no outcome.
            let log = without(commands, outcomes.saturating_sub(5));
            no_violation_of_decisions(&log);
        }
    }
}

#[test]
fn outcomes_that_were_written_again_tell_the_clock_like_others() {
    for commands in (0..60).step_by(6) {
        for lost in (0..90).step_by(9) {
            no_violation_of_decisions(&written_again(commands, lost));
        }
    }
}

#[test]
fn where_outcomes_of_commands_that_are_gone_end_before_the_first_command_the_clock_may_have_gone_on_without_them() {
    let mut log = without(40, 0);
    for topics in &mut log.partitions {
        let first = of(&topics.commands[0]).place.offset;
        topics.outcomes.retain(|seen| !(20..first).contains(&outcome(seen).command_offset));
        let events = topics.events.iter().map(|seen| event(seen).command_offset);
        assert!(events.filter(|offset| (20..first).contains(offset)).max().is_some());
    }
    no_violation_of_decisions(&log);
}

#[test]
fn where_carried_outcomes_are_gone_the_clock_goes_on_from_the_first_that_is_left() {
    let mut log = log();
    log.carry();
    for topics in &mut log.partitions {
        topics.outcomes.retain(|seen| outcome(seen).command_offset >= 0);
    }
    no_violation_of_decisions(&log);
}

/// Moves the clock of an outcome, and finds that.
fn found_where_it_differs(log: &Log, index: usize, by_ms: i64) {
    let mut log = log.clone();
    set_outcome(&mut log.partitions[0].outcomes[index], |outcome| outcome.clock_ms += by_ms);
    log.check(I7, "gives another outcome");
}

#[test]
fn a_clock_that_is_wrong_later_is_found_wherever_it_was_taken_from() {
    let mut carried = log();
    carried.carry();
    for topics in &mut carried.partitions {
        topics.outcomes.retain(|seen| outcome(seen).command_offset >= 0);
    }
    for log in [log(), without(40, 0), without(40, 20), without(40, 30), carried] {
        let last = log.partitions[0].outcomes.len() - 1;
        let fresh = |index: &usize| !outcome(&log.partitions[0].outcomes[*index]).repeated;
        for index in (last - 10..=last).filter(fresh) {
            for by_ms in [-CLOCK_STEP_MS_MAX, -1, 1, CLOCK_STEP_MS_MAX] {
                found_where_it_differs(&log, index, by_ms);
            }
        }
    }
}

#[test]
fn a_clock_that_goes_back_behind_the_last_one_that_is_known_is_found() {
    let mut log = without(40, 0);
    let topics = &mut log.partitions[0];
    let first = of(&topics.commands[0]).place.offset;
    topics.outcomes.retain(|seen| !(20..first).contains(&outcome(seen).command_offset));
    let position = |is_meant: &dyn Fn(i64) -> bool| {
        let mut outcomes = topics.outcomes.iter();
        outcomes.position(|seen| is_meant(outcome(seen).command_offset)).unwrap()
    };
    let (begin, last) = (position(&|offset| offset >= first), position(&|offset| offset >= first) - 1);
    let last_ms = outcome(&topics.outcomes[last]).clock_ms;
    // All that follow go back with it, so that nothing differs among them.
    let back_ms = outcome(&topics.outcomes[begin]).clock_ms - last_ms + 1;
    for seen in &mut topics.outcomes[begin..] {
        set_outcome(seen, |outcome| outcome.clock_ms -= back_ms);
    }
    log.check(I7, "gives another outcome");
}

#[test]
fn a_clock_that_shows_no_time_is_found_where_nothing_else_is_known() {
    let mut log = without(40, 35);
    let topics = &mut log.partitions[0];
    let first = of(&topics.commands[0]).place.offset;
    topics.outcomes.retain(|seen| outcome(seen).command_offset >= first);
    let by_ms = outcome(&topics.outcomes[0]).clock_ms;
    for seen in &mut topics.outcomes {
        set_outcome(seen, |outcome| outcome.clock_ms -= by_ms);
    }
    log.check(I7, "gives another outcome");
}

#[test]
fn a_clock_that_jumps_after_the_last_one_that_is_known_is_found() {
    let mut log = without(40, 0);
    let topics = &mut log.partitions[0];
    let first = of(&topics.commands[0]).place.offset;
    // All that follow jump with it, so that nothing differs among them.
    for seen in topics.outcomes.iter_mut().filter(|seen| outcome(seen).command_offset >= first) {
        set_outcome(seen, |outcome| outcome.clock_ms += 1);
    }
    log.check(I7, "gives another outcome");
}
