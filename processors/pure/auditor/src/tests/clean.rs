//! Histories in which everything is as it should be, though not everything is there.

use super::log::{Log, PARTITIONS, REMEMBERED_MS, limits, of, set_event};
use crate::{Auditor, Counts, Invariant, Options, Seen, Violation};
use bank_example::{Bank, Codec};
use decider::{Outcome, Status};
use keyvalue::Memory;
use std::cell::RefCell;

#[test]
fn a_clean_history_passes_and_is_counted() {
    let mut log = Log::new();
    log.drained = true;
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    let counts = verdict.counts;
    assert_eq!(counts.commands, 205, "200 were sent, and 5 of them were in the wrong partition");
    assert_eq!((counts.forwarded, counts.dead_letters, counts.pending), (5, 4, 0));
    let outcomes: Vec<Outcome> = log
        .partitions
        .iter()
        .flat_map(|topics| &topics.outcomes)
        .map(super::log::outcome)
        .collect();
    let of = |repeated: bool, status: Option<Status>| {
        let of = outcomes
            .iter()
            .filter(|outcome| outcome.repeated == repeated && status.is_none_or(|status| outcome.status == status));
        of.count() as u64
    };
    assert_eq!(counts.repeated, of(true, None));
    assert_eq!(
        (counts.accepted, counts.rejected),
        (of(false, Some(Status::Accepted)), of(false, Some(Status::Rejected)))
    );
    assert!(counts.repeated > 5 && counts.rejected > 10 && counts.accepted > 100, "{counts:?}");
    assert_eq!(counts.events, counts.accepted);
    assert_eq!(counts.outcomes, counts.accepted + counts.rejected + counts.repeated);
    assert_eq!((counts.redecided, counts.trusted, counts.sessions), (205, 0, 4));
    assert_eq!(counts.commits, 207, "two claims");
}

#[test]
fn commands_behind_the_committed_offset_are_pending_and_no_violation_unless_everything_should_be_answered() {
    let mut log = Log::new();
    let topics = &mut log.partitions[0];
    let last = topics.outcomes.pop().unwrap();
    let offset = super::log::outcome(&last).command_offset;
    if topics
        .events
        .last()
        .is_some_and(|event| super::log::event(event).command_offset == offset)
    {
        topics.events.pop();
    }
    (topics.committed, topics.committed_after) = (offset, offset);
    log.commits.clear();
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    let behind = log.partitions[0].commands.iter().filter(|seen| of(seen).place.offset >= offset);
    assert_eq!(verdict.counts.pending, behind.count() as u64);
    assert!(verdict.counts.pending > 0);
    log.drained = true;
    log.check(Invariant::I1, "though everything should have been answered");
}

#[test]
fn aborted_records_between_the_committed_ones_are_counted_and_change_nothing() {
    let mut log = Log::new();
    let topics = &mut log.partitions[1];
    let inserted = topics.events.len().div_ceil(3) as u64;
    for index in (0..topics.events.len()).rev().step_by(3) {
        // The same events were written before, by a transaction that was aborted.
        let mut record = of(&topics.events[index]).clone();
        record.place.offset -= 1;
        topics.events.insert(index, Seen::Aborted(record));
    }
    let verdict = log.audit();
    assert!(verdict.holds(), "{verdict:#?}");
    assert_eq!(verdict.counts.aborted, inserted);
}

#[test]
fn an_aborted_record_of_any_topic_is_counted_as_nothing_else() {
    let mut log = Log::new();
    let before = log.audit().counts;
    let aborted = |seen: &Seen| {
        let mut record = of(seen).clone();
        record.place.offset -= 1;
        Seen::Aborted(record)
    };
    let topics = &mut log.partitions[0];
    topics.commands.insert(7, aborted(&topics.commands[7]));
    topics.outcomes.insert(7, aborted(&topics.outcomes[7]));
    log.letters.insert(1, aborted(&log.letters[1]));
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert_eq!(verdict.counts, Counts { aborted: 3, ..before });
}

#[test]
fn progress_is_reported_after_every_thousand_steps_and_at_the_end_of_each_partition() {
    let log = Log::with(|log| {
        for _ in 0..2500 {
            log.append_command(1, b"account/1", b"no command".to_vec(), None);
        }
    });
    let mut reported = Vec::new();
    let verdict = log.audit_reporting(Codec::default(), &mut |counts| reported.push(counts.commands));
    let [first, second] = [0, 1].map(|partition| log.partitions[partition].commands.len() as u64);
    assert!(first < 1000 && second > 2000);
    assert_eq!(reported, [first, first + 1000, first + 2000, first + second]);
    assert_eq!(verdict.counts.commands, first + second);
}

#[test]
fn states_and_views_that_were_compared_are_counted_and_so_is_what_differs() {
    let options = Options {
        partitions: PARTITIONS,
        drained: true,
        remembered_ms: REMEMBERED_MS,
    };
    let schemas = Box::new(|_| Ok(Err("there is none".to_owned())));
    let store = RefCell::new(Memory::default());
    let mut auditor = Auditor::<Bank, _, _>::new(Codec::default(), schemas, store, limits(), options);
    (0..2).for_each(|_| auditor.compared_state());
    (0..3).for_each(|_| auditor.compared_view());
    assert_eq!((auditor.counts().states, auditor.counts().views), (2, 3));
    let different = Violation {
        invariant: Invariant::I8,
        partition: Some(1),
        place: None,
        what: "the state differs".to_owned(),
        records: Vec::new(),
    };
    auditor.add(different.clone());
    let verdict = auditor.finish().unwrap();
    assert_eq!((verdict.holds(), verdict.violations, verdict.kept), (false, 1, vec![different]));
}

#[test]
fn where_everything_before_a_command_is_gone_the_clock_goes_on_from_its_outcome() {
    let mut log = Log::new();
    for topics in &mut log.partitions {
        let first = of(&topics.commands[40]).place.offset;
        topics.commands.drain(..40);
        topics.outcomes.retain(|seen| super::log::outcome(seen).command_offset >= first);
        for seen in &mut topics.outcomes {
            // What is gone had a silence that did not count.
            super::log::set_outcome(seen, |outcome| outcome.clock_ms -= 900_000);
        }
    }
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert!(verdict.counts.redecided > 50, "{:?}", verdict.counts);
}

#[test]
fn where_the_first_commands_are_gone_deciding_goes_on_from_what_they_came_to() {
    let mut log = Log::new();
    for topics in &mut log.partitions {
        topics.commands.drain(..40);
    }
    log.letters.clear();
    let letters = Log::new().letters;
    log.letters.extend(letters);
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    let gone = log.partitions.iter().map(|topics| {
        let first = of(&topics.commands[0]).place.offset;
        let of_gone = topics.events.iter().filter(|seen| super::log::event(seen).command_offset < first);
        of_gone.count() as u64
    });
    assert_eq!(verdict.counts.folded, gone.sum::<u64>());
    assert!(verdict.counts.folded > 40 && verdict.counts.redecided > 50, "{:?}", verdict.counts);
    // And with another past it comes to something else.
    let of_account = super::log::event(&log.partitions[0].events[20]).aggregate_id;
    assert!(of_account.starts_with("account/"));
    set_event(&mut log.partitions[0].events[20], |event| {
        event.event = bank_example::Event::Deposited { cents: 1_000_000 };
    });
    assert!(!log.audit().holds());
}

#[test]
fn repeats_of_answers_that_are_gone_are_trusted() {
    let mut log = Log::new();
    for topics in &mut log.partitions {
        topics.commands.drain(..40);
        let first = of(&topics.commands[0]).place.offset;
        topics.outcomes.retain(|seen| super::log::outcome(seen).command_offset >= first);
    }
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert!(verdict.counts.trusted > 0, "{:?}", verdict.counts);
}

#[test]
fn commands_that_are_all_gone_after_they_were_decided_are_no_loss() {
    let mut log = Log::new();
    for topics in &mut log.partitions {
        topics.commands.clear();
        topics.begins_at = topics.committed;
    }
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert_eq!(verdict.counts.folded, verdict.counts.events);
    // One command less was decided than are gone.
    log.partitions[1].begins_at += 1;
    log.check(Invariant::I1, "are gone from the log before they were decided");
}

#[test]
fn without_the_groups_offset_the_commands_up_to_the_last_outcome_count_as_decided() {
    let mut log = Log::new();
    log.has_no_group_offset = true;
    let topics = &mut log.partitions[0];
    let last = super::log::outcome(topics.outcomes.last().unwrap()).command_offset;
    topics.outcomes.pop();
    topics.events.retain(|seen| super::log::event(seen).command_offset < last);
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert_eq!((verdict.counts.pending, verdict.counts.redecided), (1, 204));
    let lost = log.partitions[0].outcomes.len() - 5;
    log.partitions[0].outcomes.remove(lost);
    log.check(Invariant::I1, "though the committed offset is after it");
}

#[test]
fn events_that_were_not_read_of_a_command_after_the_committed_offset_tear_nothing() {
    let mut log = Log::new();
    let topics = &mut log.partitions[0];
    let event = topics.events.pop().unwrap();
    let from = super::log::event(&event).command_offset;
    // The group went on while the topics were read: what followed is in the outcomes already.
    topics.committed = from;
    log.commits.clear();
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    log.partitions[0].committed = log.partitions[0].committed_after;
    log.check(Invariant::I5, "is of 1 events, and the log has 0 of its command");
}

#[test]
fn outcomes_that_were_not_read_of_a_command_after_the_committed_offset_tear_nothing() {
    let mut log = Log::new();
    let topics = &mut log.partitions[0];
    let from = super::log::event(topics.events.last().unwrap()).command_offset;
    topics.outcomes.retain(|seen| super::log::outcome(seen).command_offset < from);
    topics.committed = from;
    log.commits.clear();
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    log.partitions[0].committed = log.partitions[0].committed_after;
    log.check(Invariant::I5, "1 events of command");
}

#[test]
fn a_command_whose_schema_was_unknown_when_it_was_read_is_not_decided_again() {
    let mut log = Log::new();
    let mut letter = log.letters[0].clone();
    let topics = &mut log.partitions[0];
    let last = super::log::outcome(&topics.outcomes.pop().unwrap()).command_offset;
    topics.events.retain(|seen| super::log::event(seen).command_offset < last);
    let record = super::log::of_mut(&mut letter);
    record.place.offset = 1_000;
    for (name, value) in [
        ("partition", "0".to_owned()),
        ("offset", last.to_string()),
        ("reason", "schema id 7: there is none".to_owned()),
    ] {
        record.headers.push((name.to_owned(), Some(value.into_bytes())));
    }
    log.letters.push(letter);
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert_eq!((verdict.counts.trusted, verdict.counts.redecided), (1, 204));
}
