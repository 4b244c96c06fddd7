//! A member that joined under the processor's own instance id and is no process: its own request, repeated, looks like that to the group.

use crate::fixture::{BankRun, brokers, settings};
use rdkafka::consumer::{BaseConsumer, Consumer};
use std::time::Duration;
use stream::processor::{Guards, TransientFault};

#[test]
fn a_processor_fenced_by_a_member_without_a_process_goes_on_once_that_session_is_over() {
    let mut run = BankRun::new("ghost");
    run.start(Guards::default(), Box::new(|_| {}));
    run.open_account(1);
    assert_eq!(run.wait_for_outcomes(1).len(), 1);
    join_and_vanish(&run);
    run.open_account(2);
    let outcomes = run.wait_for_outcomes(2);
    assert_eq!(outcomes.len(), 2);
    assert!(
        run.troubles.lock().unwrap().contains(&TransientFault::ConsumerRenewed),
        "it was not fenced"
    );
    run.stop();
}

const LOOKS_MAX: usize = 600;

/// A static member does not leave when it goes: the group keeps it until its session is over.
fn join_and_vanish(run: &BankRun) {
    let ghost: BaseConsumer = settings(&brokers()).group_consumer(run.group(), "one").create().unwrap();
    ghost.subscribe(&[&run.topology.topics.commands.name]).unwrap();
    let is_let_in = (0..LOOKS_MAX).any(|_| {
        ghost.poll(Duration::from_millis(50));
        ghost.assignment().unwrap().count() > 0
    });
    assert!(is_let_in, "the other member is not let in");
}
