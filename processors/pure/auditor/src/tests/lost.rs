//! Commands that were lost, a commands topic that was created again, and offsets that no processor has set.

use super::log::{Log, Topics};
use crate::Invariant::{I1, I7};
use crate::{Commit, Place, Record, Seen, Topic};

#[test]
fn a_log_whose_commands_topic_was_created_again_is_clean() {
    let mut log = Log::new();
    log.recreate_commands();
    log.drained = true;
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert!(verdict.counts.redecided > 50 && verdict.counts.folded > 20, "{:?}", verdict.counts);
}

#[test]
fn a_command_of_the_new_topic_is_not_answered_by_an_outcome_of_the_former_one() {
    let mut log = Log::new();
    log.recreate_commands();
    // As it was found: the first commands of the new topic were skipped, at whose offsets the former topic had others.
    let topics = &mut log.partitions[0];
    let skipped: Vec<usize> = (0..topics.outcomes.len())
        .filter(|index| {
            let record = super::log::of(&topics.outcomes[*index]);
            record.commands_topic() == Some("now") && super::log::outcome(&topics.outcomes[*index]).command_offset < 20
        })
        .collect();
    assert!(skipped.len() > 5);
    for index in skipped.iter().rev() {
        topics.outcomes.remove(*index);
    }
    log.check(I1, "has no outcome and no dead letter");
}

#[test]
fn commands_that_are_gone_before_they_were_decided_are_lost_unless_that_is_on_record() {
    let gone = |log: &mut Log| {
        let topics = &mut log.partitions[0];
        let first_kept = topics.commands.len() - 4;
        topics.begins_at = super::log::of(&topics.commands[first_kept]).place.offset;
        let undecided = topics.begins_at - 10;
        topics.commands.drain(..first_kept);
        cut(topics, undecided);
        (undecided, topics.begins_at)
    };
    let mut log = Log::new();
    gone(&mut log);
    log.check(I1, "gone from the log before they were decided");

    let mut log = Log::new();
    let (from, to) = gone(&mut log);
    log.letters.push(loss(0, "now", from, &to.to_string()));
    let verdict = log.audit();
    assert!(!verdict.by_invariant.contains_key(&I1), "{:#?}", verdict.kept);
    assert_eq!(verdict.counts.lost, 10);
    assert_eq!(verdict.losses[0].by, "ada@host");

    // A record of another partition, of another topic or of fewer commands is none of this loss.
    for (partition, topic, to) in [(1, "now", to), (0, "before", to), (0, "now", to - 1)] {
        let mut log = Log::new();
        let (from, _) = gone(&mut log);
        log.topic_id = Some("now".to_owned());
        log.letters.push(loss(partition, topic, from, &to.to_string()));
        log.check(I1, "gone from the log before they were decided");
    }
}

/// Nothing after this command was decided.
fn cut(topics: &mut Topics, undecided: i64) {
    topics.outcomes.retain(|seen| super::log::outcome(seen).command_offset < undecided);
    topics.events.retain(|seen| super::log::event(seen).command_offset < undecided);
    (topics.committed, topics.committed_after) = (undecided, undecided);
}

fn loss(partition: u32, topic_id: &str, from: i64, to: &str) -> Seen {
    let headers = [
        ("recovery", "lost-commands".to_owned()),
        ("partition", partition.to_string()),
        ("topic-id", topic_id.to_owned()),
        ("from", from.to_string()),
        ("to", to.to_owned()),
        ("by", "ada@host".to_owned()),
    ];
    Seen::Committed(Record {
        place: Place {
            topic: Topic::DeadLetters,
            partition: 0,
            offset: 1_000,
        },
        timestamp_ms: 1,
        key: None,
        value: None,
        headers: headers.map(|(name, value)| (name.to_owned(), Some(value.into_bytes()))).into(),
    })
}

#[test]
fn a_loss_without_an_end_is_on_record_and_not_counted() {
    let mut log = Log::new();
    log.letters.push(loss(0, "before", 150, "unknown"));
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert_eq!((verdict.counts.lost, verdict.losses.len()), (0, 1));
    assert_eq!(verdict.losses[0].to, None);
    assert!(!verdict.by_invariant.contains_key(&I7));
}

#[test]
fn a_record_of_the_dead_letters_is_a_loss_only_where_it_says_so_and_gives_no_reason() {
    let counts = |name: &str, value: &str| {
        let mut log = Log::new();
        let before = log.audit().counts.dead_letters;
        let mut seen = loss(0, "before", 150, "160");
        let headers = &mut super::log::of_mut(&mut seen).headers;
        headers.retain(|(header, _)| header != name);
        headers.push((name.to_owned(), Some(value.as_bytes().to_vec())));
        // Of a command that is not there, so that nothing else is said of it.
        headers.push(("offset".to_owned(), Some(b"1000000".to_vec())));
        log.letters.push(seen);
        let verdict = log.audit();
        (verdict.losses.len(), verdict.counts.lost, verdict.counts.dead_letters - before)
    };
    assert_eq!(counts("recovery", "lost-commands"), (1, 10, 0));
    assert_eq!(counts("recovery", "found-commands"), (0, 0, 1));
    // A client's record may have any header; what is put aside of it repeats them.
    assert_eq!(counts("reason", "the record has no key"), (0, 0, 1));
}

#[test]
fn what_a_deleted_topic_held_counts_as_decided_at_whatever_offset_it_was() {
    let mut log = Log::new();
    log.recreate_commands();
    for topics in &mut log.partitions {
        // The new topic has come less far than the former one.
        let is_former = |seen: &Seen| super::log::of(seen).commands_topic() == Some("before");
        topics
            .outcomes
            .retain(|seen| is_former(seen) || super::log::outcome(seen).command_offset < 20);
        topics
            .events
            .retain(|seen| is_former(seen) || super::log::event(seen).command_offset < 20);
        (topics.committed, topics.committed_after) = (20, 20);
        let former = topics.events.iter().filter(|seen| is_former(seen));
        assert!(former.map(|seen| super::log::event(seen).command_offset).max() > Some(20));
    }
    let former = log.partitions.iter().flat_map(|topics| &topics.events);
    let former = former
        .filter(|seen| super::log::of(seen).commands_topic() == Some("before"))
        .count();
    let verdict = log.audit();
    assert!(!verdict.by_invariant.contains_key(&I7), "{:#?}", verdict.kept);
    assert_eq!(verdict.counts.folded, former as u64);
    assert!(verdict.counts.redecided > 10, "{:?}", verdict.counts);
}

#[test]
fn what_the_new_topic_has_lost_tells_the_clock_after_what_the_former_one_held() {
    let mut log = Log::new();
    log.recreate_commands();
    let topics = &mut log.partitions[0];
    topics.commands.drain(..1);
    let first = super::log::of(&topics.commands[0]).place.offset;
    let is_new = |seen: &Seen| super::log::of(seen).commands_topic() == Some("now");
    let of_new = topics.outcomes.iter().filter(|seen| is_new(seen)).map(super::log::outcome);
    assert_eq!(of_new.filter(|outcome| outcome.command_offset < first).count(), 1);
    // What is decided is taken as it is, a clock that has gone back as well.
    for seen in topics.outcomes.iter_mut().filter(|seen| is_new(seen)) {
        super::log::set_outcome(seen, |outcome| outcome.clock_ms -= 1_000);
    }
    let verdict = log.audit();
    assert!(!verdict.by_invariant.contains_key(&I7), "{:#?}", verdict.kept);
}

#[test]
fn offsets_that_no_processor_has_signed_are_counted_and_no_violation() {
    let mut log = Log::new();
    let last = log.commits.last().unwrap().clone();
    for (offset, owner) in [(Some(0), ""), (None, ""), (Some(0), "aerolog-recover"), (last.offset, "three")] {
        let at = (last.at.0, log.commits.last().unwrap().at.1 + 1);
        let offset = if owner == "aerolog-recover" { last.offset } else { offset };
        log.commits.push(Commit {
            offset,
            owner: owner.to_owned(),
            at,
            ..last.clone()
        });
    }
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert_eq!(verdict.counts.unsigned_commits, 2);
}

#[test]
fn a_loss_that_is_put_on_record_again_is_counted_once_and_any_other_one_as_well() {
    let losses = |second: Seen| {
        let mut log = Log::new();
        log.letters.extend([loss(0, "before", 150, "160"), second]);
        let verdict = log.audit();
        assert!(verdict.holds(), "{:#?}", verdict.kept);
        (verdict.losses.len(), verdict.counts.lost)
    };
    assert_eq!(losses(loss(0, "before", 150, "160")), (1, 10));
    assert_eq!(losses(loss(1, "before", 150, "160")), (2, 20));
    assert_eq!(losses(loss(0, "earlier", 150, "160")), (2, 20));
    assert_eq!(losses(loss(0, "before", 151, "160")), (2, 19));
    assert_eq!(losses(loss(0, "before", 150, "161")), (2, 21));
    assert_eq!(losses(loss(0, "before", 150, "unknown")), (2, 10));
}
