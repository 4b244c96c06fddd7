//! Parts of a transaction without the others: Kafka can tear one (docs/decisions/0009). What is missing is written, and nothing twice.

use crate::fixture::{BankRun, brokers, events, outcomes, write};
use bank_example::{Bank, Codec, Event};
use decider::{Cursor, EventEnvelope, Fingerprint, Limits, Machine, Outcome, Replay, Status};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::sync::Arc;
use store::{Sizing, Store};
use stream::processor::{Guards, TransientFault};
use tempfile::TempDir;
use uuid::Uuid;

#[test]
fn events_without_outcomes_are_given_them() {
    let run = torn("torn-outcomes", &|run| {
        write_event(run, 1, Uuid::from_u128(2));
        commit(run, 1, 1);
    });
    assert_whole(run);
}

#[test]
fn outcomes_without_events_are_given_them() {
    let run = torn("torn-events", &|run| {
        write_outcome(run, 1);
        commit(run, 2, 2);
    });
    assert_whole(run);
}

#[test]
fn commands_that_only_the_offset_speaks_of_are_decided() {
    let run = torn("torn-answers", &|run| commit(run, 2, 2));
    assert_whole(run);
}

#[test]
fn an_offset_that_stayed_behind_is_brought_up_and_nothing_is_written_twice() {
    let run = torn("torn-offset", &|run| {
        write_event(run, 1, Uuid::from_u128(2));
        write_outcome(run, 1);
        commit(run, 1, 1);
    });
    assert_whole(run);
}

#[test]
fn what_a_follower_has_folded_of_a_torn_transaction_is_no_reason_to_go_on_from_there() {
    for is_event in [true, false] {
        let run = torn("torn-followed", &|run| {
            if is_event {
                write_event(run, 1, Uuid::from_u128(2));
            } else {
                write_outcome(run, 1);
            }
            commit(run, 2, 2);
            follow(run, &run.state);
        });
        assert_whole(run);
    }
}

#[test]
fn a_state_that_has_what_was_aborted_since_is_built_again() {
    let run = torn("torn-state", &|run| {
        let whole = BankRun::new("torn-state-whole");
        for offset in 0..2 {
            write_event(&whole, offset, Uuid::from_u128(u128::try_from(offset + 1).unwrap()));
            write_outcome(&whole, offset);
        }
        follow(&whole, &run.state);
        write_outcome(run, 1);
        commit_signed(run, 2, "answered=2 torn=1/-");
    });
    assert_whole(run);
}

#[test]
fn a_partition_whose_log_has_another_event_than_the_one_decided_is_stopped() {
    let mut run = torn("torn-otherwise", &|run| write_event(run, 1, Uuid::from_u128(77)));
    let is_stopped = std::iter::repeat_with(|| outcomes(&run.topology).len())
        .take(300)
        .inspect(|answered| assert_eq!(*answered, 1, "it has decided something"))
        .any(|_| run.troubles.lock().unwrap().contains(&TransientFault::PartitionStopped));
    assert!(is_stopped, "it goes on next to what others have written");
    run.stop();
}

/// Two commands, of which the first is answered. `plant` decides what a transaction with the second has left in the log.
fn torn(name: &str, plant: &dyn Fn(&BankRun)) -> BankRun {
    let mut run = BankRun::new(name);
    run.open_account(1);
    run.open_account(2);
    write_event(&run, 0, Uuid::from_u128(1));
    write_outcome(&run, 0);
    commit(&run, 1, 1);
    plant(&run);
    run.start(Guards::default(), Box::new(|_| {}));
    run
}

/// Every command has its event and its outcome, once, before and after a restart from the log.
fn assert_whole(mut run: BankRun) {
    run.wait_for_outcomes(2);
    run.open_account(3);
    run.wait_for_outcomes(3);
    assert!(run.troubles.lock().unwrap().contains(&TransientFault::TransactionTorn));
    run.stop();
    run.state = Arc::new(tempfile::tempdir().unwrap());
    run.troubles.lock().unwrap().clear();
    run.start(Guards::default(), Box::new(|_| {}));
    run.open_account(4);
    run.wait_for_outcomes(4);
    assert_eq!(*run.troubles.lock().unwrap(), Vec::new(), "it is mended once");
    run.stop();
    let found = events(&run.topology);
    let found: Vec<_> = found.iter().map(|event| (event.sequence, event.command_offset)).collect();
    assert_eq!(found, [(1, 0), (2, 1), (3, 2), (4, 3)]);
    let found = outcomes(&run.topology);
    let found: Vec<_> = found.iter().map(|outcome| (outcome.sequence, outcome.command_offset)).collect();
    assert_eq!(found, [(1, 0), (2, 1), (3, 2), (4, 3)]);
}

/// Brings a state up to the log, as a follower does.
fn follow(run: &BankRun, state: &TempDir) {
    let store = Store::open(state.path(), Sizing::default()).unwrap();
    let mut machine = Machine::<Bank>::new(Limits {
        partitions: 1,
        command_bytes_max: 1 << 20,
        batch_bytes_max: 1 << 20,
        cache_bytes_max: 1 << 20,
        remembered_ms: run.topology.topics.commands.retention_ms,
    });
    machine.open(0, Cursor::default());
    let events = located(events(&run.topology));
    store.apply(&machine.replay_events(&store, 0, &events).unwrap()).unwrap();
    let outcomes = located(outcomes(&run.topology));
    store.apply(&machine.replay_outcomes(0, &outcomes).unwrap()).unwrap();
}

fn located<T>(values: Vec<T>) -> Vec<Replay<T>> {
    let replay = |(offset, value)| Replay {
        offset,
        timestamp_ms: 1,
        value,
    };
    (0..).zip(values).map(replay).collect()
}

/// The event of the command at this offset, which opens an account.
fn write_event(run: &BankRun, command_offset: i64, command_id: Uuid) {
    let number = u64::try_from(command_offset + 1).unwrap();
    let event = EventEnvelope {
        sequence: number,
        aggregate_id: format!("account/{number}"),
        version: 1,
        command_id,
        command_offset,
        decided_at_ms: 0,
        event: Event::Opened { holder: "Ada".to_owned() },
    };
    let mut value = Vec::new();
    decider::Codec::<Bank>::encode_event(&mut Codec::default(), &event, &mut value);
    write(&run.topology.topics.events.name, &event.aggregate_id, &value);
}

fn write_outcome(run: &BankRun, command_offset: i64) {
    let number = u64::try_from(command_offset + 1).unwrap();
    let outcome = Outcome {
        command_id: Uuid::from_u128(u128::from(number)),
        aggregate_id: format!("account/{number}"),
        status: Status::Accepted,
        version: 1,
        sequence: number,
        event_count: 1,
        command_offset,
        repeated: false,
        fingerprint: Fingerprint::default(),
        clock_ms: 1,
        rejection: None,
    };
    let mut value = Vec::new();
    decider::Codec::<Bank>::encode_outcome(&mut Codec::default(), &outcome, &mut value);
    write(&run.topology.topics.outcomes.name, &outcome.aggregate_id, &value);
}

/// Commits an offset as an owner does.
fn commit(run: &BankRun, offset: i64, answered: i64) {
    commit_signed(run, offset, &format!("answered={answered}"));
}

fn commit_signed(run: &BankRun, offset: i64, more: &str) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers()).set("group.id", run.group());
    let consumer: BaseConsumer = config.create().unwrap();
    let mut list = TopicPartitionList::new();
    let mut element = list.add_partition(&run.topology.topics.commands.name, 0);
    element.set_offset(Offset::Offset(offset)).unwrap();
    element.set_metadata(format!("{} {more}", run.transactional_id));
    consumer.commit(&list, CommitMode::Sync).unwrap();
}
