//! What the group has of a processor that was stopped.

use crate::fixture::{BankRun, brokers, settings};
use stream::inspect::Inspector;
use stream::processor::Guards;

/// Those that the coordinator has right after a processor was stopped that had decided a command.
fn members_after_the_end(name: &str, leaves_when_stopped: bool) -> Vec<String> {
    let mut run = BankRun::new(name);
    run.leaves_when_stopped = leaves_when_stopped;
    run.open_account(1);
    run.start(Guards::default(), Box::new(|_| {}));
    run.wait_for_outcomes(1);
    run.stop();
    Inspector::new(&settings(&brokers())).unwrap().members(run.group()).unwrap()
}

#[test]
fn a_processor_that_leaves_is_out_of_the_group_when_it_has_ended() {
    assert_eq!(members_after_the_end("leaves", true), Vec::<String>::new());
}

#[test]
fn one_that_does_not_leave_keeps_its_place_until_its_session_is_over() {
    assert_eq!(members_after_the_end("stays", false).len(), 1);
}
