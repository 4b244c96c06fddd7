//! One bug each, as a fault would leave it in the topics.

use super::log::{Log, event, of, of_mut, outcome, set_event, set_outcome};
use crate::Invariant::{I1, I2, I3, I4, I5, I6, I7, I13, I14};
use crate::{Commit, Seen, Topic};

fn spoiled(change: impl FnOnce(&mut Log)) -> Log {
    let mut log = Log::new();
    change(&mut log);
    log
}

/// The first accepted, or the first repeated, outcome of partition 0 after the 20th.
fn find(log: &Log, wanted: impl Fn(&decider::Outcome) -> bool) -> usize {
    (20..log.partitions[0].outcomes.len())
        .find(|index| wanted(&outcome(&log.partitions[0].outcomes[*index])))
        .unwrap()
}

#[test]
fn a_lost_outcome_is_a_lost_command() {
    let log = spoiled(|log| {
        let index = find(log, |outcome| outcome.event_count == 0 && !outcome.repeated);
        log.partitions[0].outcomes.remove(index);
    });
    log.check(I1, "has no outcome and no dead letter, though the committed offset is after it");
}

#[test]
fn a_forwarded_command_that_never_came_is_lost() {
    let log = spoiled(|log| {
        for topics in &mut log.partitions {
            topics.commands.retain(|seen| of(seen).header("forwarded-from").is_none());
        }
    });
    log.check(I1, "and never came there");
}

#[test]
fn a_second_outcome_that_is_not_marked_as_repeated_is_found() {
    let log = spoiled(|log| {
        let index = find(log, |outcome| outcome.repeated);
        set_outcome(&mut log.partitions[0].outcomes[index], |outcome| outcome.repeated = false);
    });
    log.check(I2, "was decided twice");
}

#[test]
fn an_answer_that_is_repeated_to_another_command_is_found() {
    let log = spoiled(|log| {
        let refused = find(log, decider::Outcome::refuses_id);
        let id = outcome(&log.partitions[0].outcomes[refused]);
        let first = log.partitions[0]
            .outcomes
            .iter()
            .map(outcome)
            .find(|first| (first.command_id, &first.aggregate_id) == (id.command_id, &id.aggregate_id) && !first.repeated);
        let first = first.unwrap();
        set_outcome(&mut log.partitions[0].outcomes[refused], |outcome| {
            let decider::Outcome {
                command_offset,
                clock_ms,
                fingerprint,
                ..
            } = *outcome;
            *outcome = decider::Outcome {
                command_offset,
                clock_ms,
                fingerprint,
                repeated: true,
                ..first
            };
        });
    });
    log.check(I2, "which answers another command under the same id");
    log.check(I7, "gives another outcome");
    // With the fingerprint of the first command it looks like a resend, until the command itself is read.
    let log = spoiled(|log| {
        let refused = find(log, decider::Outcome::refuses_id);
        let id = outcome(&log.partitions[0].outcomes[refused]);
        let first = log.partitions[0]
            .outcomes
            .iter()
            .map(outcome)
            .find(|first| (first.command_id, &first.aggregate_id) == (id.command_id, &id.aggregate_id) && !first.repeated);
        let first = first.unwrap();
        set_outcome(&mut log.partitions[0].outcomes[refused], |outcome| {
            let decider::Outcome {
                command_offset, clock_ms, ..
            } = *outcome;
            *outcome = decider::Outcome {
                command_offset,
                clock_ms,
                repeated: true,
                ..first
            };
        });
    });
    log.check(I7, "gives another outcome");
}

#[test]
fn a_command_that_is_decided_though_its_id_is_taken_is_found() {
    let log = spoiled(|log| {
        let refused = find(log, decider::Outcome::refuses_id);
        set_outcome(&mut log.partitions[0].outcomes[refused], |outcome| {
            outcome.rejection.as_mut().unwrap().rule = "balance-below-zero".to_owned();
        });
    });
    log.check(I2, "should refuse another command under an id that is taken");
    log.check(I7, "gives another outcome");
}

#[test]
fn a_resend_that_is_refused_for_its_id_is_found() {
    let log = spoiled(|log| {
        let refused = outcome(&log.partitions[0].outcomes[find(log, decider::Outcome::refuses_id)]);
        let repeated = find(log, |outcome| outcome.repeated);
        set_outcome(&mut log.partitions[0].outcomes[repeated], |outcome| {
            outcome.repeated = false;
            outcome.rejection = refused.rejection;
        });
    });
    log.check(I2, "sent again, as another one (command-id-reused)");
}

#[test]
fn an_id_that_is_refused_though_it_is_free_is_found() {
    let log = spoiled(|log| {
        let refused = outcome(&log.partitions[0].outcomes[find(log, decider::Outcome::refuses_id)]);
        let rejected = find(log, |outcome| {
            outcome.rejection.is_some() && !outcome.repeated && !outcome.refuses_id()
        });
        set_outcome(&mut log.partitions[0].outcomes[rejected], |outcome| {
            outcome.rejection = refused.rejection
        });
    });
    log.check(I2, "which has none before it");
}

#[test]
fn an_id_of_another_aggregate_is_no_reason_to_repeat() {
    let log = spoiled(|log| {
        for topics in &mut log.partitions {
            let elsewhere = (1..topics.outcomes.len()).find(|index| {
                let found = outcome(&topics.outcomes[*index]);
                let same_id = |other: &decider::Outcome| other.command_id == found.command_id && other.aggregate_id != found.aggregate_id;
                !found.repeated && topics.outcomes[..*index].iter().any(|other| same_id(&outcome(other)))
            });
            if let Some(index) = elsewhere {
                set_outcome(&mut topics.outcomes[index], |outcome| outcome.repeated = true);
            }
        }
    });
    log.check(I2, "which has none before it");
}

#[test]
fn a_rejection_with_events_is_found() {
    let log = spoiled(|log| {
        let index = find(log, |outcome| outcome.event_count > 0 && !outcome.repeated);
        set_outcome(&mut log.partitions[0].outcomes[index], |outcome| {
            outcome.status = decider::Status::Rejected
        });
    });
    log.check(I5, "is rejected with 1 events");
}

#[test]
fn a_clock_that_does_not_follow_from_the_commands_is_found() {
    let log = spoiled(|log| set_outcome(&mut log.partitions[0].outcomes[30], |outcome| outcome.clock_ms += 1));
    log.check(I7, "gives another outcome than outcomes 0/");
}

#[test]
fn two_outcomes_of_one_command_are_found() {
    let log = spoiled(|log| {
        let mut again = log.partitions[0].outcomes[30].clone();
        of_mut(&mut again).place.offset += 1;
        log.partitions[0].outcomes.insert(31, again);
    });
    log.check(I2, "has 2 outcomes");
    log.check(I7, "gives 0 events, 1 outcomes and 0 dead letters less than the log has");
}

#[test]
fn a_repetition_that_says_something_else_is_found() {
    let log = spoiled(|log| {
        let index = find(log, |outcome| outcome.repeated);
        set_outcome(&mut log.partitions[0].outcomes[index], |outcome| outcome.version += 1);
    });
    log.check(I2, "and says something else");
}

#[test]
fn a_lost_event_is_a_gap_in_sequences_and_in_versions_and_tears_its_transaction() {
    let log = spoiled(|log| {
        log.partitions[0].events.remove(10);
    });
    log.check(I3, "has sequence 12 where 11 should follow");
    log.check(I3, "of account/");
    log.check(I5, "is of 1 events, and the log has 0 of its command");
    log.check(I7, "gives an event that the log does not have");
}

#[test]
fn a_gap_in_versions_alone_is_found() {
    let log = spoiled(|log| set_event(&mut log.partitions[0].events[10], |event| event.version += 1));
    log.check(I3, "has version");
}

#[test]
fn an_event_that_is_there_twice_is_found() {
    let log = spoiled(|log| {
        let mut again = log.partitions[0].events[10].clone();
        of_mut(&mut again).place.offset += 1;
        log.partitions[0].events.insert(11, again);
    });
    log.check(I3, "has sequence 11 where 12 should follow");
    log.check(I5, "the log has 2 of its command");
    log.check(I7, "gives 1 events, 0 outcomes and 0 dead letters less than the log has");
}

#[test]
fn events_without_an_outcome_are_a_torn_transaction() {
    let log = spoiled(|log| {
        let index = find(log, |outcome| outcome.event_count > 0 && !outcome.repeated);
        log.partitions[0].outcomes.remove(index);
    });
    log.check(I5, "have no outcome");
    log.check(I1, "has no outcome");
    let kept = log.audit().kept;
    let torn = kept.iter().find(|violation| violation.invariant == I5).unwrap();
    let command = kept.iter().find(|violation| violation.invariant == I1).unwrap();
    assert!(torn.place.is_some_and(|place| place.topic == Topic::Commands));
    assert_eq!(torn.place, command.place, "it is shown where its command is");
}

#[test]
fn an_event_without_a_decision_is_found_whatever_command_it_names() {
    let log = spoiled(|log| {
        let events = &mut log.partitions[0].events;
        let mut extra = events[5].clone();
        of_mut(&mut extra).place.offset = of(events.last().unwrap()).place.offset + 2;
        let sequence = event(events.last().unwrap()).sequence + 1;
        set_event(&mut extra, |event| event.sequence = sequence);
        events.push(extra);
    });
    log.check(I5, "have no outcome");
    log.check(I6, "after");
    log.check(I7, "where there is none or one that was answered before");
    let event = of(log.partitions[0].events.last().unwrap()).place;
    let kept = log.audit().kept;
    let torn = kept.iter().find(|violation| violation.invariant == I5).unwrap();
    assert_eq!(torn.place, Some(event), "there is no command to show");
}

#[test]
fn an_aborted_event_that_was_built_upon_is_found() {
    let log = spoiled(|log| {
        let events = &mut log.partitions[0].events;
        let record = of(&events[10]).clone();
        events[10] = Seen::Aborted(record);
    });
    log.check(I4, "which only the aborted event at events 0/20 has: it was built upon");
    log.check(I4, "answers for events that were aborted: events 0/20");
}

#[test]
fn a_repetition_of_an_aborted_answer_is_found() {
    let log = spoiled(|log| {
        let repeated = find(log, |outcome| outcome.repeated);
        let id = outcome(&log.partitions[0].outcomes[repeated]).command_id;
        let first = log.partitions[0]
            .outcomes
            .iter()
            .position(|seen| outcome(seen).command_id == id)
            .unwrap();
        let record = of(&log.partitions[0].outcomes[first]).clone();
        log.partitions[0].outcomes[first] = Seen::Aborted(record);
    });
    log.check(I4, "repeats an answer that was aborted");
    log.check(I2, "which has none before it");
}

#[test]
fn an_offset_that_goes_back_is_found() {
    let log = spoiled(|log| {
        let last = log.commits.last_mut().unwrap();
        last.offset = last.offset.map(|offset| offset - 4);
    });
    log.check(I6, "the committed offset goes back from");
}

#[test]
fn an_outcome_behind_the_committed_offset_is_found() {
    let log = spoiled(|log| {
        log.partitions[0].committed -= 2;
        log.partitions[0].committed_after -= 2;
    });
    log.check(I6, "but the committed offset is");
    let log = spoiled(|log| log.partitions[0].committed_after -= 2);
    log.check(I6, "while the topics were read");
}

#[test]
fn outcomes_out_of_order_are_found() {
    let log = spoiled(|log| log.partitions[0].outcomes.swap(30, 31));
    log.check(I6, "after");
}

#[test]
fn a_decision_that_does_not_follow_from_its_command_is_found() {
    let log = spoiled(|log| {
        set_event(&mut log.partitions[0].events[10], |event| {
            event.event = bank_example::Event::Deposited { cents: 1 };
        });
    });
    log.check(I7, "gives another event than events 0/20");
    let log = spoiled(|log| {
        let index = find(log, |outcome| outcome.rejection.is_some() && !outcome.repeated);
        set_outcome(&mut log.partitions[0].outcomes[index], |outcome| {
            outcome.rejection.as_mut().unwrap().rule.push('!');
        });
    });
    log.check(I7, "gives another outcome than outcomes 0/");
}

#[test]
fn a_dead_letter_for_a_good_command_and_a_second_one_for_a_bad_one_are_found() {
    let log = spoiled(|log| {
        let mut letter = log.letters[0].clone();
        of_mut(&mut letter).place.offset += 1;
        log.letters.push(letter);
    });
    log.check(I13, "has two dead letters");
    let log = spoiled(|log| {
        let good = outcome(&log.partitions[0].outcomes[30]).command_offset;
        let mut letter = log.letters[0].clone();
        let headers = &mut of_mut(&mut letter).headers;
        headers.push(("partition".to_owned(), Some(b"0".to_vec())));
        headers.push(("offset".to_owned(), Some(good.to_string().into_bytes())));
        log.letters.push(letter);
    });
    log.check(I13, "has a dead letter at");
    log.check(I7, "gives 0 events, 0 outcomes and 1 dead letters less than the log has");
    let log = spoiled(|log| of_mut(&mut log.letters[0]).headers.clear());
    log.check(I13, "does not say where it was found");
    log.check(I1, "has no outcome and no dead letter");
}

#[test]
fn a_former_owner_that_comes_back_is_found_by_its_outcomes() {
    let log = spoiled(|log| {
        let first = of(&log.partitions[0].outcomes[0]).headers.clone();
        of_mut(log.partitions[0].outcomes.last_mut().unwrap()).headers = first;
    });
    log.check(I14, "one/18f3a has written outcomes 0/");
}

#[test]
fn a_second_owner_that_commits_without_a_claim_is_found_by_its_offsets() {
    let log = spoiled(|log| {
        let owners = log.commits.iter().map(|commit| commit.owner.clone()).collect::<Vec<_>>();
        let claim = (1..owners.len())
            .find(|index| log.commits[*index].partition == 0 && owners[*index] == "two")
            .unwrap();
        log.commits.remove(claim);
    });
    log.check(I14, "\"two\" moved the committed offset from");
}

#[test]
fn a_committed_record_that_cannot_be_read_is_found() {
    let log = spoiled(|log| of_mut(&mut log.partitions[1].events[3]).value = Some(b"rubbish".to_vec()));
    log.check(I5, "cannot be read");
}

/// An account that belongs in partition 1.
fn account_of_partition_1() -> String {
    let mut accounts = (0..100).map(|number| format!("account/{number}"));
    accounts
        .find(|id| topology::partition_of(id.as_bytes(), super::log::PARTITIONS) == 1)
        .unwrap()
}

#[test]
fn an_event_of_an_aggregate_that_belongs_in_another_partition_is_found() {
    let log = spoiled(|log| {
        set_event(&mut log.partitions[0].events[10], |event| {
            event.aggregate_id = account_of_partition_1()
        })
    });
    log.check(I3, "which belongs in partition 1 of 2");
}

#[test]
fn an_outcome_of_an_aggregate_that_belongs_in_another_partition_is_found() {
    let log = spoiled(|log| {
        set_outcome(&mut log.partitions[0].outcomes[10], |outcome| {
            outcome.aggregate_id = account_of_partition_1()
        })
    });
    log.check(I3, "which belongs in partition 1 of 2");
}

#[test]
fn an_id_that_is_never_forgotten_is_decided_once_however_long_ago_that_was() {
    let decided_twice = |remembered_ms: i64| {
        let mut log = Log::new();
        log.remembered_ms = remembered_ms;
        let index = find(&log, |outcome| outcome.repeated);
        set_outcome(&mut log.partitions[0].outcomes[index], |outcome| outcome.repeated = false);
        log.audit().by_invariant.contains_key(&I2)
    };
    assert!(decided_twice(0));
    assert!(!decided_twice(1), "one that is forgotten after a millisecond may be decided again");
    let log = Log::new();
    let outcomes: Vec<_> = log.partitions[0].outcomes.iter().map(outcome).collect();
    let again = &outcomes[find(&log, |outcome| outcome.repeated)];
    let same = |first: &&decider::Outcome| (first.command_id, &first.aggregate_id) == (again.command_id, &again.aggregate_id);
    let after_ms = again.clock_ms - outcomes.iter().find(same).unwrap().clock_ms;
    assert!(after_ms > 1);
    assert!(!decided_twice(after_ms));
    assert!(decided_twice(after_ms + 1));
}

#[test]
fn offsets_of_different_commands_topics_are_not_compared_and_all_others_are() {
    let goes_back_by = |owner: &str, before: Option<&str>, after: Option<&str>| {
        let mut log = Log::new();
        let commit = |offset: i64, topic_id: Option<&str>| Commit {
            partition: 0,
            offset: Some(offset),
            owner: owner.to_owned(),
            topic_id: topic_id.map(str::to_owned),
            at: (3, 100 - offset),
        };
        log.commits = vec![commit(10, before), commit(5, after)];
        log.audit().by_invariant.contains_key(&I6)
    };
    let goes_back = |before, after| goes_back_by("one", before, after);
    assert!(!goes_back(Some("before"), Some("now")));
    assert!(
        !goes_back_by("aerolog-recover", Some("now"), Some("now")),
        "a recovery may take it back"
    );
    for (before, after) in [(None, None), (Some("now"), Some("now")), (Some("now"), None), (None, Some("now"))] {
        assert!(goes_back(before, after), "{before:?} {after:?}");
    }
}

#[test]
fn a_sequence_that_goes_back_is_not_taken_for_one_that_was_built_upon() {
    let log = spoiled(|log| {
        let events = &mut log.partitions[0].events;
        let mut aborted = of(&events[11]).clone();
        aborted.place.offset -= 1;
        let mut again = events[10].clone();
        of_mut(&mut again).place.offset += 1;
        events.splice(11..11, [Seen::Aborted(aborted), again]);
    });
    log.check(I3, "has sequence 11 where 12 should follow");
    assert!(!log.audit().by_invariant.contains_key(&I4));
}
