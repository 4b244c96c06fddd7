//! Outcomes that were lost and written again, after those of later commands.

use super::log::{Log, of, of_mut, outcome, set_outcome};
use crate::Invariant::{I1, I2, I5, I7};
use crate::{Record, Seen};
use decider::{OUTCOME_LOST, Rejection, Status};

/// In each partition, the first outcomes come last.
fn moved(first: usize) -> Log {
    let mut log = Log::new();
    log.topic_id = Some("now".to_owned());
    log.drained = true;
    for topics in &mut log.partitions {
        for seen in &mut topics.outcomes {
            let header = format!("now/{}/-", outcome(seen).command_offset).into_bytes();
            of_mut(seen).headers.push(("command".to_owned(), Some(header)));
        }
        let begin = of(&topics.outcomes[0]).place.offset;
        let end = of(topics.outcomes.last().unwrap()).place.offset + 1;
        let lost: Vec<Seen> = topics.outcomes.drain(..first).collect();
        for (offset, mut seen) in (end..).zip(lost) {
            assert!(of(&seen).place.offset >= begin);
            let record: &mut Record = of_mut(&mut seen);
            record.place.offset = offset;
            record.headers.push(("rewritten".to_owned(), Some(b"outcome-lost".to_vec())));
            record.headers.retain(|(name, _)| name != "owner");
            record.headers.push(("owner".to_owned(), Some(b"later-1".to_vec())));
            topics.outcomes.push(seen);
        }
    }
    log
}

#[test]
fn outcomes_that_were_written_again_belong_to_their_commands() {
    for first in [1, 30, 60] {
        let verdict = moved(first).audit();
        assert!(verdict.holds(), "{:#?}", verdict.kept);
        assert_eq!(verdict.counts.rewritten, 2 * first as u64);
        assert_eq!(
            (verdict.counts.trusted, verdict.counts.redecided),
            (0, 205),
            "they are known, and decided again"
        );
        assert_eq!(verdict.counts.outcomes, Log::new().audit().counts.outcomes);
    }
}

#[test]
fn what_is_wrong_with_one_is_found() {
    let last = |log: &mut Log| log.partitions[0].outcomes.pop().unwrap();
    let mut log = moved(30);
    last(&mut log);
    log.check(I1, "has no outcome and no dead letter");

    let mut log = moved(30);
    let again = last(&mut log);
    let mut twice = again.clone();
    of_mut(&mut twice).place.offset += 1;
    log.partitions[0].outcomes.extend([again, twice]);
    log.check(I2, "has 2 outcomes");

    let mut log = moved(30);
    let accepted = log.partitions[0].outcomes.iter_mut().rev();
    let mut accepted = accepted.filter(|seen| outcome(seen).event_count > 0 && !outcome(seen).repeated);
    set_outcome(accepted.next().unwrap(), |outcome| outcome.event_count += 1);
    log.check(I5, "the log has");

    let mut log = moved(30);
    let rejected = log.partitions[0].outcomes.iter_mut().rev();
    let mut rejected = rejected.filter(|seen| outcome(seen).status == Status::Rejected && !outcome(seen).repeated);
    set_outcome(rejected.next().unwrap(), |outcome| outcome.clock_ms += 1);
    log.check(I7, "gives another outcome");
}

#[test]
fn one_that_stands_in_for_what_is_unknown_is_taken_as_it_is() {
    let stand_in = |log: &mut Log| {
        let mut outcomes = log.partitions[0].outcomes.iter_mut().rev();
        let rejected = outcomes.find(|seen| outcome(seen).status == Status::Rejected && !outcome(seen).repeated);
        set_outcome(rejected.unwrap(), |outcome| {
            outcome.rejection = Some(Rejection {
                rule: OUTCOME_LOST.to_owned(),
                message: String::new(),
                facts: Vec::new(),
            });
        });
    };
    let mut log = moved(60);
    stand_in(&mut log);
    let verdict = log.audit();
    let only_of_repeats = |what: &str| what.contains("repeats") || what.contains("another outcome");
    assert!(
        verdict.kept.iter().all(|violation| only_of_repeats(&violation.what)),
        "{:#?}",
        verdict.kept
    );
    assert!(verdict.counts.trusted > 0);
    // Nothing else may give this rule.
    let mut log = moved(0);
    stand_in(&mut log);
    log.check(I7, "gives another outcome");
}

#[test]
fn stand_ins_are_known_to_later_commands_in_whatever_order_they_were_written() {
    let mut log = moved(45);
    let outcomes = &mut log.partitions[0].outcomes;
    let same =
        |one: &decider::Outcome, other: &decider::Outcome| (one.command_id, &one.aggregate_id) == (other.command_id, &other.aggregate_id);
    let all: Vec<_> = outcomes.iter().map(outcome).collect();
    let is_lost = |index: &usize| of(&outcomes[*index]).is_rewritten() && all[*index].rejection.is_some() && !all[*index].repeated;
    let is_first = |index: &usize| is_lost(index) && !all[*index].refuses_id();
    // By an outcome that was not lost.
    let is_repeated = |index: &usize| (0..all.len()).any(|other| !of(&outcomes[other]).is_rewritten() && same(&all[other], &all[*index]));
    let second = (0..all.len()).filter(is_first).rfind(is_repeated).unwrap();
    let first = (0..second).find(is_first).unwrap();
    for (index, seen) in outcomes.iter_mut().enumerate() {
        if [first, second].iter().any(|lost| same(&all[*lost], &all[index])) {
            set_outcome(seen, |outcome| {
                outcome.rejection = Some(Rejection {
                    rule: OUTCOME_LOST.to_owned(),
                    message: String::new(),
                    facts: Vec::new(),
                });
            });
        }
    }
    let offsets = [first, second].map(|index| of(&outcomes[index]).place.offset);
    outcomes.swap(first, second);
    for (index, offset) in [first, second].into_iter().zip(offsets) {
        of_mut(&mut outcomes[index]).place.offset = offset;
    }
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert_eq!(verdict.counts.trusted, 2);
}
