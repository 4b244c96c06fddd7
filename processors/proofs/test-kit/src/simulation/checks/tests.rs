//! Each check finds the mistake that is planted in a history that was right.

use super::*;
use crate::simulation::log::{Log, Record, Topic};
use crate::simulation::replica::Position;
use crate::simulation::world::World;
use crate::simulation::{Chance, Generated, InMemory, Trace, Violation};
use auditor::Invariant;
use decider::{Codec, Limits, Status};
use topics_keep_their_promises::audit;
use uuid::Uuid;

type Bank = Generated<bank_example::Bank, fn(&mut Chance) -> (String, bank_example::Command)>;

fn bank() -> Bank {
    Bank::new(|chance| bank_example::any_command(|end| chance.below(end)))
}

type Judgement = fn(&History<Bank>) -> Result<(), Violation>;

/// A run that went through everything, and what is left of it.
struct Left {
    history: History<Bank>,
    states: Vec<StateAtCursor>,
    limits: Limits,
    log: Log,
    witness: (Position, u128),
}

fn left() -> Left {
    let mut world = World::<Bank, InMemory>::new(bank(), 5, None, Trace::new(false));
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

/// What the other checks judge.
#[track_caller]
fn check(judgement: Judgement, invariant: &str, plant: fn(&mut History<Bank>)) {
    let Left { mut history, .. } = left();
    assert_eq!(judgement(&history), Ok(()));
    plant(&mut history);
    match judgement(&history) {
        Err(violation) => assert_eq!(violation.invariant, invariant, "{violation}"),
        Ok(()) => panic!("nothing is found"),
    }
}

/// What the auditor judges. One mistake breaks several invariants as a rule.
#[track_caller]
fn check_topics(invariant: Invariant, plant: fn(&mut Topics)) {
    let Left { history, limits, .. } = left();
    let mut topics = history.topics;
    assert_eq!(topics_keep_their_promises::<Bank>(&topics, limits), Ok(()));
    plant(&mut topics);
    assert!(topics_keep_their_promises::<Bank>(&topics, limits).is_err());
    let verdict = audit::<Bank>(&topics, limits).unwrap();
    assert!(verdict.by_invariant.contains_key(&invariant), "{:#?}", verdict.kept);
}

/// The first partition, in which much has happened.
fn first(topics: &mut Topics) -> &mut Records {
    let records = topics.partitions.get_mut(&0).unwrap();
    records.events.retain(is_committed);
    records.outcomes.retain(is_committed);
    assert!(records.events.len() > 20 && records.outcomes.len() > 20);
    records
}

fn is_committed(seen: &Seen) -> bool {
    matches!(seen, Seen::Committed(_))
}

fn record(seen: &mut Seen) -> &mut auditor::Record {
    match seen {
        Seen::Committed(record) | Seen::Aborted(record) => record,
    }
}

fn outcome(seen: &Seen) -> Outcome {
    let (Seen::Committed(record) | Seen::Aborted(record)) = seen;
    Bank::codec().decode_outcome(record.value.as_deref().unwrap()).unwrap()
}

fn change_outcome(seen: &mut Seen, change: impl FnOnce(&mut Outcome)) {
    let mut changed = outcome(seen);
    change(&mut changed);
    let mut bytes = Vec::new();
    Bank::codec().encode_outcome(&changed, &mut bytes);
    record(seen).value = Some(bytes);
}

fn change_event(seen: &mut Seen, change: impl FnOnce(&mut EventOf<Bank>)) {
    let mut event = Bank::codec().decode_event(record(seen).value.as_deref().unwrap()).unwrap();
    change(&mut event);
    let mut bytes = Vec::new();
    Bank::codec().encode_event(&event, &mut bytes);
    record(seen).value = Some(bytes);
}

/// The index of the last outcome that is a decision of that kind.
fn decision(records: &Records, status: Status) -> usize {
    let is = |outcome: &Outcome| outcome.status == status && !outcome.repeated && !outcome.refuses_id();
    records.outcomes.iter().rposition(|seen| is(&outcome(seen))).unwrap()
}

/// An outcome of that kind, in whichever partition one is.
fn any_outcome(topics: &mut Topics, is: fn(&Outcome) -> bool) -> &mut Seen {
    let mut outcomes = topics.partitions.values_mut().flat_map(|records| &mut records.outcomes);
    outcomes.find(|seen| is_committed(seen) && is(&outcome(seen))).unwrap()
}

#[test]
fn a_command_without_an_outcome_is_found() {
    check_topics(Invariant::I1, |topics| {
        let records = first(topics);
        records.outcomes.remove(decision(records, Status::Rejected));
    });
}

#[test]
fn a_command_that_was_passed_over_is_found() {
    check_topics(Invariant::I1, |topics| {
        let committed = topics.committed(0);
        let records = first(topics);
        let mut beyond = records.commands.last().unwrap().clone();
        record(&mut beyond).place.offset = committed;
        records.commands.push(beyond);
    });
}

#[test]
fn a_second_decision_is_found() {
    check_topics(Invariant::I2, |topics| {
        let records = first(topics);
        let again = records.outcomes[decision(records, Status::Accepted)].clone();
        records.outcomes.push(again);
    });
}

#[test]
fn a_repetition_that_says_something_else_is_found() {
    check_topics(Invariant::I2, |topics| {
        change_outcome(any_outcome(topics, |outcome| outcome.repeated), |outcome| outcome.version += 1);
    });
}

#[test]
fn a_repetition_of_nothing_is_found() {
    check_topics(Invariant::I2, |topics| {
        let records = first(topics);
        let index = decision(records, Status::Rejected);
        change_outcome(&mut records.outcomes[index], |outcome| {
            outcome.command_id = Uuid::from_u128(1);
            outcome.repeated = true;
        });
    });
}

#[test]
fn a_repetition_of_another_commands_answer_is_found() {
    check_topics(Invariant::I2, |topics| {
        change_outcome(any_outcome(topics, |outcome| outcome.repeated), |outcome| {
            outcome.fingerprint.0 += 1
        });
    });
}

#[test]
fn a_command_that_is_decided_though_its_id_is_taken_is_found() {
    check_topics(Invariant::I2, |topics| {
        change_outcome(any_outcome(topics, Outcome::refuses_id), |outcome| {
            outcome.rejection.as_mut().unwrap().rule = "another".to_owned();
        });
    });
}

#[test]
fn a_resend_that_is_refused_for_its_id_is_found() {
    check_topics(Invariant::I2, |topics| {
        change_outcome(any_outcome(topics, |outcome| outcome.repeated), |outcome| {
            outcome.repeated = false;
            outcome.rejection = Some(decider::Rejection {
                rule: decider::COMMAND_ID_REUSED.to_owned(),
                message: String::new(),
                facts: Vec::new(),
            });
        });
    });
}

#[test]
fn an_id_that_is_refused_though_it_is_free_is_found() {
    check_topics(Invariant::I2, |topics| {
        change_outcome(any_outcome(topics, Outcome::refuses_id), |outcome| {
            outcome.command_id = Uuid::from_u128(1)
        });
    });
}

#[test]
fn a_missing_event_is_found() {
    check_topics(Invariant::I3, |topics| {
        first(topics).events.remove(7);
    });
}

#[test]
fn two_events_in_the_wrong_order_are_found() {
    check_topics(Invariant::I3, |topics| first(topics).events.swap(7, 8));
}

#[test]
fn a_version_that_is_skipped_is_found() {
    check_topics(Invariant::I3, |topics| {
        change_event(&mut first(topics).events[7], |event| event.version += 1)
    });
}

#[test]
fn an_outcome_without_its_events_is_found() {
    check_topics(Invariant::I5, |topics| {
        first(topics).events.pop();
    });
}

#[test]
fn an_event_without_an_outcome_is_found() {
    check_topics(Invariant::I5, |topics| {
        let records = first(topics);
        records.outcomes.remove(decision(records, Status::Accepted));
    });
}

#[test]
fn an_offset_that_goes_back_is_found() {
    check_topics(Invariant::I6, |topics| {
        let last = topics.commits.iter().rfind(|commit| commit.partition == 0).unwrap();
        let back = Commit {
            offset: Some(0),
            ..last.clone()
        };
        topics.commits.insert(topics.commits.len() - 1, back);
    });
}

#[test]
fn an_offset_behind_the_last_answer_is_found() {
    check_topics(Invariant::I6, |topics| topics.commits.retain(|commit| commit.partition != 0));
}

#[test]
fn a_decision_that_does_not_follow_from_the_commands_is_found() {
    check_topics(Invariant::I7, |topics| {
        change_event(&mut first(topics).events[7], |event| {
            event.event = bank_example::Event::Deposited { cents: 1_000_000 };
        });
    });
}

#[test]
fn an_outcome_that_does_not_follow_from_the_commands_is_found() {
    check_topics(Invariant::I7, |topics| {
        let records = first(topics);
        let index = decision(records, Status::Rejected);
        change_outcome(&mut records.outcomes[index], |outcome| {
            outcome.rejection.as_mut().unwrap().message.push('!')
        });
    });
}

#[test]
fn a_record_that_is_no_command_and_has_no_dead_letter_is_found() {
    check_topics(Invariant::I1, |topics| topics.letters.retain(|seen| !is_committed(seen)));
}

#[test]
fn a_second_dead_letter_is_found() {
    check_topics(Invariant::I13, |topics| {
        let again = topics.letters.iter().find(|seen| is_committed(seen)).unwrap().clone();
        topics.letters.push(again);
    });
}

#[test]
fn an_event_of_another_transaction_than_its_outcome_is_found() {
    check(transactions_are_whole, "I5", |history| {
        history.partitions.get_mut(&0).unwrap().events[7].transaction = None
    });
}

#[test]
fn an_event_of_a_former_owner_is_found() {
    check(former_owners_are_silent, "I14", |history| {
        let last = history.partitions.get_mut(&0).unwrap().events.last_mut().unwrap();
        last.owned_since -= 1;
    });
}

#[test]
fn an_outcome_of_a_former_owner_is_found() {
    check(former_owners_are_silent, "I14", |history| {
        let last = history.partitions.get_mut(&0).unwrap().outcomes.last_mut().unwrap();
        last.owned_since -= 1;
    });
}

#[test]
fn garbage_without_a_dead_letter_is_found() {
    check(dead_letters_are_of_garbage, "I13", |history| {
        history.dead_letters.pop();
    });
}

#[test]
fn a_command_that_became_a_dead_letter_is_found() {
    check(dead_letters_are_of_garbage, "I13", |history| {
        history.garbage.pop_first();
    });
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
