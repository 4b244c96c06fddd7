//! Batches of commands against a broker that refuses those that a test names.

use super::*;

const RECORDS_MAX: usize = 1_000;

fn commands(count: usize) -> Vec<Incoming<'static>> {
    let of = |index: usize| Incoming {
        partition: u32::try_from(index % 8).unwrap(),
        offset: i64::try_from(index / 8).unwrap(),
        timestamp_ms: 0,
        key: None,
        value: None,
        content_type: None,
        command_type: None,
    };
    (0..count).map(of).collect()
}

/// What a broker does with a transaction of these commands.
type Broker<'b> = dyn Fn(&[Incoming<'_>]) -> Option<FailureCause> + 'b;

/// How many transactions failed until all was committed or set aside, and what was set aside.
fn work_off(mut left: Vec<Incoming<'static>>, broker: &Broker<'_>) -> (u32, Vec<Place>, Duration) {
    let mut sizing = TransactionSizing::new(RECORDS_MAX);
    let (mut failures, mut aside, mut paused) = (0, Vec::new(), Duration::ZERO);
    while !left.is_empty() {
        let share = sizing.share(&left);
        assert!(share >= 1);
        match broker(&left[..share]) {
            None => {
                sizing.committed(&left[..share], Duration::from_millis(10));
                left.drain(..share);
            }
            Some(cause) => {
                failures += 1;
                assert!(failures < 10_000, "it never ends");
                match sizing.failed(&left[..share], cause) {
                    Remedy::SetAside(place) => {
                        aside.push(place);
                        left.retain(|record| record.partition != place.0);
                    }
                    Remedy::Again => paused += sizing.pause(),
                }
            }
        }
    }
    (failures, aside, paused)
}

#[test]
fn a_command_that_the_broker_names_is_tried_alone_and_its_partition_set_aside() {
    let poisoned = (3, 40);
    let broker = |batch: &[Incoming<'_>]| {
        let index = batch.iter().position(|record| place(record) == poisoned)?;
        Some(FailureCause::Refused { incoming: Some(index) })
    };
    let (failures, aside, _) = work_off(commands(4_000), &broker);
    assert_eq!((failures, aside), (2, vec![poisoned]));
}

#[test]
fn a_command_that_no_error_names_is_found_by_halving() {
    let poisoned = (5, 20);
    let broker = |batch: &[Incoming<'_>]| {
        let is_in = batch.iter().any(|record| place(record) == poisoned);
        is_in.then_some(FailureCause::Refused { incoming: None })
    };
    let (failures, aside, _) = work_off(commands(4_000), &broker);
    assert_eq!(aside, [poisoned]);
    assert!(failures <= 30, "{failures}");
}

#[test]
fn where_all_is_refused_every_partition_is_set_aside_after_few_tries() {
    let broker = |_: &[Incoming<'_>]| Some(FailureCause::Refused { incoming: None });
    let (failures, mut aside, paused) = work_off(commands(1_000), &broker);
    aside.sort_unstable();
    assert_eq!(aside, (0..8).map(|partition| (partition, 0)).collect::<Vec<_>>());
    assert!(failures <= 20, "{failures}");
    assert!(paused <= Duration::from_secs(60), "{paused:?}");
}

#[test]
fn a_partition_that_fails_for_what_may_pass_is_set_aside_and_the_others_go_on() {
    let broker = |batch: &[Incoming<'_>]| batch.iter().any(|record| record.partition == 2).then_some(FailureCause::Passing);
    let (failures, aside, _) = work_off(commands(2_000), &broker);
    assert_eq!(aside, [(2, 0)]);
    assert!(failures < 60, "{failures}");
}

#[test]
fn a_batch_follows_what_the_broker_takes_in_time_and_grows_back_slowly() {
    let takes = std::cell::Cell::new(30);
    let mut sizing = TransactionSizing::new(RECORDS_MAX);
    let backlog = commands(100_000);
    let turn = |sizing: &mut TransactionSizing| {
        let share = sizing.share(&backlog);
        if share > takes.get() {
            assert_eq!(sizing.failed(&backlog[..share], FailureCause::Slow), Remedy::Again);
        } else {
            sizing.committed(&backlog[..share], Duration::from_millis(500));
        }
        share
    };
    let shrinking: Vec<usize> = (0..7).map(|_| turn(&mut sizing)).collect();
    assert_eq!(shrinking, [1000, 500, 250, 125, 62, 31, 15]);
    let failures = (0..100).filter(|_| turn(&mut sizing) > 30).count();
    assert!(failures <= 20, "{failures} of 100");
    takes.set(RECORDS_MAX);
    (0..100).for_each(|_| {
        turn(&mut sizing);
    });
    assert_eq!(turn(&mut sizing), RECORDS_MAX);
}

#[test]
fn a_commit_that_took_long_does_not_let_the_batch_grow() {
    let mut sizing = TransactionSizing::new(RECORDS_MAX);
    let backlog = commands(2_000);
    sizing.failed(&backlog[..1_000], FailureCause::Slow);
    sizing.committed(&backlog[..500], Duration::from_secs(5));
    assert_eq!(sizing.share(&backlog), 500);
}

#[test]
fn one_failure_is_tried_again_at_once_and_the_pauses_after_it_are_bounded() {
    let mut sizing = TransactionSizing::new(RECORDS_MAX);
    let batch = commands(10);
    let mut pauses = Vec::new();
    for _ in 0..40 {
        sizing.failed(&batch, FailureCause::Passing);
        pauses.push(sizing.pause());
    }
    assert_eq!(pauses[..4], [0, 100, 200, 400].map(Duration::from_millis));
    assert_eq!(pauses[39], PAUSE_MAX);
    assert_eq!(sizing.failed_in_a_row(), 40);
    sizing.committed(&batch, Duration::ZERO);
    assert_eq!((sizing.failed_in_a_row(), sizing.pause()), (0, Duration::ZERO));
}
