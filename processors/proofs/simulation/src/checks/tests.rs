//! Each check finds the mistake that is planted in a history that was right.

use super::*;
use crate::log::{Log, Topic};
use crate::replica::Position;
use crate::world::World;
use crate::{Bank, InMemory, Trace, Violation};
use decider::{Limits, Status};

type Judgement = fn(&History<Bank>, Limits) -> Result<(), Violation>;

/// A run that went through everything, and what is left of it.
struct Left {
    history: History<Bank>,
    states: Vec<StateAtCursor>,
    limits: Limits,
    log: Log,
    witness: (Position, u128),
}

fn left() -> Left {
    let mut world = World::<Bank, InMemory>::new(5, None, Trace::new(false));
    assert_eq!(world.run(), Ok(()));
    let states = world.states_now().unwrap();
    let history = world.history().unwrap();
    let witness = world.replicas[0].witnesses.pop().unwrap();
    Left {
        history,
        states,
        limits: world.limits,
        log: world.log,
        witness,
    }
}

#[track_caller]
fn check(judgement: Judgement, invariant: &str, plant: fn(&mut History<Bank>)) {
    let Left { mut history, limits, .. } = left();
    assert_eq!(judgement(&history, limits), Ok(()));
    plant(&mut history);
    match judgement(&history, limits) {
        Err(violation) => assert_eq!(violation.invariant, invariant, "{violation}"),
        Ok(()) => panic!("nothing is found"),
    }
}

/// The first partition, in which much has happened.
fn first(history: &mut History<Bank>) -> &mut Partition<Bank> {
    let partition = history.partitions.get_mut(&0).unwrap();
    assert!(partition.events.len() > 20 && partition.outcomes.len() > 20);
    partition
}

/// The index of the last outcome that is a decision of that kind.
fn decision(partition: &Partition<Bank>, status: Status) -> usize {
    let is = |outcome: &Outcome| outcome.status == status && !outcome.repeated;
    partition.outcomes.iter().rposition(|outcome| is(&outcome.value)).unwrap()
}

#[test]
fn a_command_without_an_outcome_is_found() {
    check(
        |history, _| commands_are_answered(history),
        "I1",
        |history| {
            let (_, id, _) = *history.acknowledged.first().unwrap();
            for partition in history.partitions.values_mut() {
                partition.outcomes.retain(|outcome| outcome.value.command_id != id);
            }
        },
    );
}

#[test]
fn a_second_decision_is_found() {
    check(commands_are_answered_once, "I2", |history| {
        let partition = first(history);
        let again = partition.outcomes[decision(partition, Status::Accepted)].clone();
        partition.outcomes.push(again);
    });
}

#[test]
fn a_repetition_that_says_something_else_is_found() {
    check(commands_are_answered_once, "I2", |history| {
        let repeated = first(history).outcomes.iter_mut().find(|outcome| outcome.value.repeated).unwrap();
        repeated.value.version += 1;
    });
}

#[test]
fn a_repetition_of_nothing_is_found() {
    check(commands_are_answered_once, "I2", |history| {
        let partition = first(history);
        let index = decision(partition, Status::Rejected);
        partition.outcomes[index].value.command_id = Uuid::from_u128(1);
        partition.outcomes[index].value.repeated = true;
    });
}

#[test]
fn a_repetition_of_another_commands_answer_is_found() {
    check(commands_are_answered_once, "I2", |history| {
        let partition = first(history);
        let repeated = partition.outcomes.iter_mut().find(|outcome| outcome.value.repeated).unwrap();
        repeated.value.fingerprint.0 += 1;
    });
}

#[test]
fn a_command_that_is_decided_though_its_id_is_taken_is_found() {
    check(commands_are_answered_once, "I2", |history| {
        let partition = history.partitions.values_mut().find_map(|partition| {
            let refused = partition.outcomes.iter_mut().find(|outcome| outcome.value.refuses_id())?;
            refused.value.rejection.as_mut()?.rule = "another".to_owned();
            Some(())
        });
        partition.unwrap();
    });
}

#[test]
fn a_resend_that_is_refused_for_its_id_is_found() {
    check(commands_are_answered_once, "I2", |history| {
        let partition = first(history);
        let repeated = partition.outcomes.iter_mut().find(|outcome| outcome.value.repeated).unwrap();
        repeated.value.repeated = false;
        repeated.value.rejection = Some(decider::Rejection {
            rule: decider::COMMAND_ID_REUSED.to_owned(),
            message: String::new(),
            facts: Vec::new(),
        });
    });
}

#[test]
fn an_id_that_is_refused_though_it_is_free_is_found() {
    check(commands_are_answered_once, "I2", |history| {
        let partition = history.partitions.values_mut().find_map(|partition| {
            let refused = partition.outcomes.iter_mut().find(|outcome| outcome.value.refuses_id())?;
            refused.value.command_id = Uuid::from_u128(1);
            Some(())
        });
        partition.unwrap();
    });
}

#[test]
fn a_missing_event_is_found() {
    check(
        |history, _| numbers_are_dense(history),
        "I3",
        |history| {
            first(history).events.remove(7);
        },
    );
}

#[test]
fn two_events_in_the_wrong_order_are_found() {
    check(
        |history, _| numbers_are_dense(history),
        "I3",
        |history| first(history).events.swap(7, 8),
    );
}

#[test]
fn a_version_that_is_skipped_is_found() {
    check(
        |history, _| numbers_are_dense(history),
        "I3",
        |history| first(history).events[7].value.version += 1,
    );
}

#[test]
fn an_outcome_without_its_events_is_found() {
    check(
        |history, _| transactions_are_whole(history),
        "I5",
        |history| {
            first(history).events.pop();
        },
    );
}

#[test]
fn an_event_without_an_outcome_is_found() {
    check(
        |history, _| transactions_are_whole(history),
        "I5",
        |history| {
            let partition = first(history);
            partition.outcomes.remove(decision(partition, Status::Accepted));
        },
    );
}

#[test]
fn an_event_of_another_transaction_than_its_outcome_is_found() {
    check(
        |history, _| transactions_are_whole(history),
        "I5",
        |history| first(history).events[7].transaction = None,
    );
}

#[test]
fn an_offset_that_goes_back_is_found() {
    check(
        |history, _| offsets_go_on(history),
        "I6",
        |history| {
            let offsets = &mut first(history).offsets;
            offsets.insert(offsets.len() - 1, 0);
        },
    );
}

#[test]
fn an_offset_behind_the_last_answer_is_found() {
    check(
        |history, _| offsets_go_on(history),
        "I6",
        |history| {
            first(history).offsets.clear();
        },
    );
}

#[test]
fn a_command_that_was_passed_over_is_found() {
    check(
        |history, _| offsets_go_on(history),
        "I6",
        |history| {
            let partition = first(history);
            let mut beyond = partition.commands.last().unwrap().clone();
            beyond.offset = *partition.offsets.last().unwrap();
            partition.commands.push(beyond);
        },
    );
}

#[test]
fn an_event_of_a_former_owner_is_found() {
    check(
        |history, _| former_owners_are_silent(history),
        "I14",
        |history| {
            let last = first(history).events.last_mut().unwrap();
            last.owned_since -= 1;
        },
    );
}

#[test]
fn an_outcome_of_a_former_owner_is_found() {
    check(
        |history, _| former_owners_are_silent(history),
        "I14",
        |history| {
            let last = first(history).outcomes.last_mut().unwrap();
            last.owned_since -= 1;
        },
    );
}

#[test]
fn a_decision_that_does_not_follow_from_the_commands_is_found() {
    check(decisions_can_be_repeated, "I7", |history| {
        let event = &mut first(history).events[7].value;
        event.event = bank_example::Event::Deposited { cents: 1_000_000 };
    });
}

#[test]
fn an_outcome_that_does_not_follow_from_the_commands_is_found() {
    check(decisions_can_be_repeated, "I7", |history| {
        let partition = first(history);
        let index = decision(partition, Status::Rejected);
        partition.outcomes[index].value.rejection.as_mut().unwrap().message.push('!');
    });
}

#[test]
fn garbage_without_a_dead_letter_is_found() {
    check(
        |history, _| dead_letters_are_single(history),
        "I13",
        |history| {
            history.dead_letters.pop();
        },
    );
}

#[test]
fn a_second_dead_letter_is_found() {
    check(
        |history, _| dead_letters_are_single(history),
        "I13",
        |history| {
            history.dead_letters.push(history.dead_letters[0].clone());
        },
    );
}

#[test]
fn a_command_that_became_a_dead_letter_is_found() {
    check(
        |history, _| dead_letters_are_single(history),
        "I13",
        |history| {
            history.garbage.pop_first();
        },
    );
}

#[test]
fn a_state_with_one_wrong_byte_is_found() {
    let mut left = left();
    assert_eq!(states_can_be_rebuilt(&left.history, left.limits, &left.states), Ok(()));
    let state = left.states.iter_mut().find(|state| state.content.len() > 20).unwrap();
    *state.content[10].1.last_mut().unwrap() ^= 1;
    let violation = states_can_be_rebuilt(&left.history, left.limits, &left.states).unwrap_err();
    assert_eq!(violation.invariant, "I8");
}

#[test]
fn a_state_that_lacks_a_key_is_found() {
    let mut left = left();
    left.states.iter_mut().find(|state| state.content.len() > 20).unwrap().content.pop();
    let violation = states_can_be_rebuilt(&left.history, left.limits, &left.states).unwrap_err();
    assert_eq!(violation.invariant, "I8");
}

#[test]
fn a_view_that_differs_at_its_position_is_found() {
    let Left { log, witness, .. } = left();
    let judge = |position: &Position, hash| views_follow_positions::<Bank>(&log, "m", &[(position.clone(), hash)]);
    let (position, hash) = witness;
    assert_eq!(judge(&position, hash), Ok(()));
    assert_eq!(judge(&position, hash ^ 1).unwrap_err().invariant, "I9");
    let mut behind = position;
    *behind.get_mut(&0).unwrap() -= 1;
    assert_eq!(judge(&behind, hash).unwrap_err().invariant, "I9");
}

#[test]
fn a_view_ahead_of_what_is_committed_is_found() {
    let Left { mut log, witness, .. } = left();
    let (mut position, _) = witness;
    assert_eq!(views_hold_what_is_committed(&log, "m", &position), Ok(()));
    let mut producer = log.init_producer("p");
    log.produce(&mut producer, Topic::Events, 0, Record::default()).unwrap();
    *position.get_mut(&0).unwrap() += 1;
    assert_eq!(views_hold_what_is_committed(&log, "m", &position).unwrap_err().invariant, "I4");
}
